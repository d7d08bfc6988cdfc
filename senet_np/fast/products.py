"""Matrix products in blocks that the BLAS likes.

OpenBLAS multiplies in two ways. A large matrix is first packed, copied into another order, which pays off
where every number is used often enough; a product of up to a million multiplications is computed where it lies. A
convolution with few channels is a tall and narrow product, in which a packed number is used 16 or 32 times and no
more: there a hundred small products are faster than a large one. Measured on one core: 8192×144 by 144×16 at 89
GFLOP/s in one piece, 120 in blocks of 128 rows (OpenBLAS 0.3.31, AVX-512).
"""

import numpy as np

MAX_UNPACKED = 1_000_000  # multiplications: up to here OpenBLAS packs nothing
MAX_COLUMNS = 64  # where there are more, packing pays off
MIN_ROWS = 16  # of a block that is worth its call


def rows_product(a: np.ndarray, w: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """a @ w, block by block of a's rows.

    Args:
        a: (M, K), or a stack of such: (B, M, K).
        w: (K, N), or (B, K, N).
        out: where to write the result, contiguous; None for a new array.

    Returns:
        (M, N), or (B, M, N).
    """
    *stack, m, k = a.shape
    n = w.shape[-1]
    size = _block(m, k * n)
    if size == m or n > MAX_COLUMNS:
        return np.matmul(a, w, out=out)
    out = np.empty((*stack, m, n), a.dtype) if out is None else out
    blocks = (*stack, m // size, size)
    np.matmul(a.reshape(*blocks, k), w[..., None, :, :], out=out.reshape(*blocks, n))
    return out


def columns_product(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """a (P, Q) @ x (Q, X), block by block of x's columns; (P, X)."""
    (p, q), length = a.shape, x.shape[1]
    size = _block(length, p * q)
    out = np.empty((p, length), x.dtype)
    np.matmul(a, x.reshape(q, -1, size).swapaxes(0, 1), out=out.reshape(p, -1, size).swapaxes(0, 1))
    return out


def inner_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """aᵀ b, the products of blocks of rows added up.

    Args:
        a: (M, K), or a stack of such: (B, M, K).
        b: (M, N), or (B, M, N).

    Returns:
        (K, N), or (B, K, N).
    """
    *stack, m, k = a.shape
    n = b.shape[-1]
    size = _block(m, k * n)
    if size == m or n > MAX_COLUMNS:
        return np.swapaxes(a, -1, -2) @ b
    blocks = (*stack, m // size, size)
    return (a.reshape(*blocks, k).swapaxes(-1, -2) @ b.reshape(*blocks, n)).sum(axis=-3)


def _block(length: int, multiplications_each: int) -> int:
    """The largest power of two that divides `length` and keeps a block small; `length` where there is none."""
    size = 1
    while length % (2 * size) == 0 and 2 * size * multiplications_each <= MAX_UNPACKED:
        size *= 2
    return size if size >= MIN_ROWS else length
