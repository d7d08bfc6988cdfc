"""First weights that know something: convolutions that pass their input on, and kernels that whiten patches.

`layers/` draws weights at random. `pass_on` and `whiten` return trees in which some of them are replaced.
"""

import numpy as np

from ..containers import walk
from ..layers import Conv2D, FrozenConv2D, Layer
from ..tree import Tree, tree_build, tree_items

MAX_IMAGES = 5000  # enough to measure the covariance of patches on
EPS = 5e-4  # added to a variance: directions in which patches hardly vary are mostly noise


def pass_on(net: Layer, params: Tree) -> Tree:
    """Let every convolution that keeps its input's size begin as the identity, as far as it has channels for it.

    w[k//2, k//2, c, c] = 1 for c < min(Cin, Cout), and all other weights of these output channels are 0: they pass the
    input on. Output channels beyond keep the weights that were drawn.

    Args:
        net: the network.
        params: its parameters, which are left as they are.

    Returns:
        The new parameters.

    Source: Zagoruyko and Komodakis 2017 ("DiracNets"), for part of the channels as Jordan 2024 does it.
    """
    flat = dict(tree_items(params))
    for path, layer, _ in walk(net):
        if isinstance(layer, Conv2D) and layer.stride == 1 and layer.kernel_size % 2 and f"{path}.w" in flat:
            w = flat[f"{path}.w"].copy()
            c, middle = np.arange(min(w.shape[2:])), layer.kernel_size // 2
            w[..., c] = 0
            w[middle, middle, c, c] = 1
            flat[f"{path}.w"] = w
    return tree_build(flat)


def whiten(net: Layer, params: Tree, state: Tree, x: np.ndarray) -> tuple[Tree, Tree]:
    """Let the network's first convolution begin with kernels that whiten the patches of its input.

    A `FrozenConv2D` keeps them. Output channels beyond twice the numbers in a patch keep the weights that were drawn.

    Args:
        net: the network.
        params, state: its trees, which are left as they are.
        x: normalized images (N, H, W, C), some thousand.

    Returns:
        The new params and state.
    """
    path, layer = next((path, layer) for path, layer, _ in walk(net) if isinstance(layer, Conv2D))
    trees = [dict(tree_items(params)), dict(tree_items(state))]
    holder = trees[isinstance(layer, FrozenConv2D)]
    w = holder[f"{path}.w"].copy()
    channels = min(w.shape[3] // 2, layer.kernel_size**2 * x.shape[-1]) * 2
    if channels:
        w[..., :channels] = whitening_kernels(x, layer.kernel_size, channels)
    holder[f"{path}.w"] = w
    return tree_build(trees[0]), tree_build(trees[1])


def whitening_kernels(x: np.ndarray, kernel_size: int, channels: int) -> np.ndarray:
    """Kernels whose outputs on patches of x are uncorrelated, each of variance 1.

    C = mean of p pᵀ = V Λ Vᵀ,    w_k = v_k / √(λ_k + ε)    for the largest λ_k, and −w_k behind them

    p is a patch, kernel_size² · C numbers in a row; v_k and λ_k are eigenvectors and eigenvalues of the covariance C.
    Neighboring pixels are nearly alike, so a few directions hold nearly all variance; scaled like this, gradient
    descent meets all on equal terms. ReLU drops half of what a kernel finds, and the kernel's negative keeps that.

    Derivation: y_k = v_kᵀp / √(λ_k + ε), so
        mean of y_k y_l = v_kᵀ C v_l / (√… √…) = [k = l] · λ_k / (λ_k + ε) ≈ [k = l]

    Args:
        x: images of mean 0, (N, H, W, C).
        kernel_size: of a patch, pixels.
        channels: how many kernels, an even number; at most twice as many as a patch has numbers.

    Returns:
        (kernel_size, kernel_size, C, channels) float64.

    Source: Page 2019 ("How to train your ResNet 8"); in this form Jordan 2024.
    """
    size = kernel_size**2 * x.shape[-1]
    if channels % 2 or not 2 <= channels <= 2 * size:
        raise ValueError(f"channels is {channels}, expected an even number from 2 to {2 * size}: a patch has {size}")
    patches = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), axis=(1, 2))  # (N, i, j, C, p, q)
    covariance = np.zeros((size, size))
    for image_patches in np.array_split(patches, max(1, len(x) // 100)):  # a hundred images at a time, to save memory
        rows = image_patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, size)
        covariance += rows.T @ rows
    eigenvalues, eigenvectors = np.linalg.eigh(covariance / patches[..., 0, 0, 0].size)  # in rising order
    kernels = (eigenvectors / np.sqrt(eigenvalues + EPS))[:, ::-1][:, : channels // 2]
    return np.concatenate([kernels, -kernels], axis=1).reshape(kernel_size, kernel_size, x.shape[-1], channels)
