"""Winograd's convolution F(4×4, 3×3): 36 multiplications where the definition needs 144.

A 4×4 tile Y of the output depends on a 6×6 patch d of the padded input. Winograd found that

    Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A                      g the 3×3 kernel, ⊙ number by number

with three small constant matrices: transform patch and kernel, multiply, transform back. With channels, ⊙ becomes a
matrix product over channels, one for each of the 36 places. And Bᵀ d B is linear in d, hence one matrix, kron(Bᵀ, Bᵀ),
applied to the patch's 36 numbers. So the whole convolution is three constant linear maps around 36 matrix products:

    U = kron(G, G) w            (36, Cin·Cout)        the kernels
    V = kron(Bᵀ, Bᵀ) D          (36, tiles·Cin)       the patches D, which overlap by two pixels
    M[k] = V[k] U[k]            (tiles, Cout)         for k = 1 … 36
    Y = kron(Aᵀ, Aᵀ) M          (16, tiles·Cout)      the tiles, which lie side by side

The backward pass is the transpose of each line, in reverse order. The price is rounding: the transforms add and
subtract multiples up to 8, twice over, so float32 loses one digit more than a sum of products would.

Source: Winograd 1980; for networks Lavin and Gray 2016, whose matrices these are.
"""

from typing import NamedTuple

import numpy as np

from ..ops.arguments import check_array
from ..ops.conv import check_conv2d
from .long_rows import channel_sum
from .products import columns_product, inner_product, rows_product

TILE, PATCH = 4, 6
B_T = [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
       [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]  # fmt: skip
G = [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
     [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]]  # fmt: skip
A_T = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
MAPS = {np.dtype(t): [np.kron(m, m).astype(t) for m in (B_T, G, A_T)] for t in (np.float32, np.float64)}
TRANSPOSES = {dtype: [np.ascontiguousarray(m.T) for m in maps] for dtype, maps in MAPS.items()}
PIECE = 1 << 20  # bytes of patches at a time, so that each step finds the last one's result in the cache


class WinogradCache(NamedTuple):
    """What the backward pass needs."""

    vs: list[np.ndarray]  # V, piece by piece: for dw
    w: np.ndarray  # for dx
    x_shape: tuple[int, ...]
    has_bias: bool


def conv2d_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int = 1, pad: int = 1
) -> tuple[np.ndarray, WinogradCache]:
    """`ops.conv2d_forward` for 3×3 kernels, stride 1 and pad 1.

    In float32 and on random inputs, y is within 2e-5 of the exact result, as a share of its largest value; where large
    products cancel, it is further off. An inf or NaN spreads to its whole 4×4 tiles.

    Raises:
        ValueError: a shape, dtype, stride or pad that does not fit.

    Source: Lavin and Gray 2016, section 4.
    """
    check_conv2d(x, w, b, stride, pad)
    if (*w.shape[:2], stride, pad) != (3, 3, 1, 1):
        raise ValueError(f"w is {w.shape[0]}×{w.shape[1]}, stride {stride}, pad {pad}; expected 3×3, 1 and 1")
    c_in, c_out = w.shape[2:]
    n, height, width, down, across = *x.shape[:3], -(-x.shape[1] // TILE), -(-x.shape[2] // TILE)
    kron_b, kron_g, kron_a = MAPS[x.dtype]

    u = (kron_g @ w.reshape(9, -1)).reshape(36, c_in, c_out)
    y = np.empty((n, TILE * down, TILE * across, c_out), x.dtype)
    vs = []
    for piece in _pieces(n, down * across, u):
        patches = _gather_patches(x[piece], down, across)
        v = columns_product(kron_b, patches).reshape(36, -1, c_in)
        m = rows_product(v, u)
        tiles = _tiles(y[piece])
        tiles[...] = columns_product(kron_a, m.reshape(36, -1)).reshape(tiles.shape)
        vs.append(v)
    y = np.ascontiguousarray(y[:, :height, :width])  # where the last tiles stick out
    if b is not None:
        y += b
    return y, WinogradCache(vs, w, x.shape, b is not None)


def conv2d_backward(
    dy: np.ndarray, cache: WinogradCache, needs_input_grad: bool = True
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray | None]:
    """`ops.conv2d_backward`; dx is None where `needs_input_grad` is False.

    Derivation: a linear map y = K x has dx = Kᵀ dy, so each line of the forward pass, from the last one up, gives
        Y = kron(Aᵀ, Aᵀ) M       dM = kron(A, A) dY
        M[k] = V[k] U[k]         dV[k] = dM[k] U[k]ᵀ,    dU[k] = V[k]ᵀ dM[k]
        V = kron(Bᵀ, Bᵀ) D       dD = kron(B, B) dV
        D = patches of x         dx = the patches of dD added up where they overlap
        U = kron(G, G) w         dw = kron(Gᵀ, Gᵀ) dU
    """
    vs, w, x_shape, has_bias = cache
    n, height, width, c_in = x_shape
    c_out = w.shape[3]
    check_array("dy", dy, (n, height, width, c_out), w.dtype)
    down, across = -(-height // TILE), -(-width // TILE)
    kron_b_t, kron_g_t, kron_a_t = TRANSPOSES[dy.dtype]

    u_t = (MAPS[dy.dtype][1] @ w.swapaxes(2, 3).reshape(9, -1)).reshape(36, c_out, c_in)  # each U[k]ᵀ
    du = np.zeros(1, dy.dtype)  # (36, Cin, Cout) from the first piece on
    dx = np.empty(x_shape, dy.dtype) if needs_input_grad else None
    dy_whole = _pad_to(dy, TILE * down, TILE * across, 0)
    for piece, v in zip(_pieces(n, down * across, u_t), vs, strict=True):
        dtiles = np.ascontiguousarray(_tiles(dy_whole[piece]))
        dm = columns_product(kron_a_t, dtiles.reshape(16, -1)).reshape(36, -1, c_out)
        du_piece = inner_product(v, dm)
        du_piece += du
        du = du_piece
        if dx is not None:
            dpatches = columns_product(kron_b_t, rows_product(dm, u_t).reshape(36, -1))
            dx[piece] = _add_patches(dpatches.reshape(PATCH, PATCH, -1, down, across, c_in))[:, :height, :width]
    dw = (kron_g_t @ du.reshape(36, -1)).reshape(3, 3, c_in, c_out)
    return dx, dw, channel_sum(dy) if has_bias else None


def _gather_patches(x: np.ndarray, down: int, across: int) -> np.ndarray:
    """D[(p,q), (n,i,j,c)] = x_pad[n, 4i+p, 4j+q, c]: the patches, their 36 places outermost."""
    x_pad = _pad_to(x, TILE * down + 2, TILE * across + 2, 1)
    return _patch_view(x_pad, 0, 0, PATCH, PATCH).reshape(PATCH * PATCH, -1)  # copies


def _add_patches(dpatches: np.ndarray) -> np.ndarray:
    """The transpose of `_gather_patches`, without the border: what pixels received in several patches is added.

    A patch's first four rows lie in its own tile and the last two in the tile below, and so with columns. Within each
    of these four parts no pixel comes twice, so each can be added in one go.
    """
    _, _, n, down, across, c = dpatches.shape
    dx_pad = np.zeros((n, TILE * down + 2, TILE * across + 2, c), dpatches.dtype)
    for p in (0, TILE):
        for q in (0, TILE):
            part = dpatches[p : p + TILE, q : q + TILE]
            view = _patch_view(dx_pad, p, q, *part.shape[:2])
            view += part
    return dx_pad[:, 1:, 1:]


def _patch_view(x_pad: np.ndarray, top: int, left: int, rows: int, columns: int) -> np.ndarray:
    """View[p,q,n,i,j,c] = x_pad[n, 4i+top+p, 4j+left+q, c] for p < rows, q < columns."""
    n, height, width, c = x_pad.shape
    image, row, pixel, number = x_pad.strides
    shape = (rows, columns, n, height // TILE, width // TILE, c)
    strides = (row, pixel, image, TILE * row, TILE * pixel, number)
    return np.ndarray(shape, x_pad.dtype, x_pad, top * row + left * pixel, strides)


def _tiles(y: np.ndarray) -> np.ndarray:
    """View[p,q,n,i,j,c] = y[n, 4i+p, 4j+q, c]: the tiles, their 16 places outermost."""
    n, height, width, c = y.shape
    return y.reshape(n, height // TILE, TILE, width // TILE, TILE, c).transpose(2, 4, 0, 1, 3, 5)


def _pad_to(x: np.ndarray, height: int, width: int, before: int) -> np.ndarray:
    """x in an image of zeros, `before` pixels from its top and its left."""
    n, h, w, c = x.shape
    if (h, w) == (height, width):
        return np.ascontiguousarray(x)
    x_pad = np.zeros((n, height, width, c), x.dtype)
    x_pad[:, before : before + h, before : before + w] = x
    return x_pad


def _pieces(n: int, tiles: int, u: np.ndarray) -> list[slice]:
    """The batch in slices whose patches take up about PIECE, or as much as the kernels where these are larger."""
    patch_bytes = 36 * tiles * max(u.shape[1:]) * u.itemsize
    step = max(1, max(PIECE, u.nbytes) // patch_bytes)
    return [slice(k, k + step) for k in range(0, n, step)]
