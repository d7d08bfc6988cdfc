# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Solutions to notebook 6

# %%
import numpy as np

from senet_np import ops
from senet_np.exercises import check
from senet_np.gradcheck import check_gradients

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# **6.1** Sizes on paper
#
# length + 2·padding − size + 1 = length gives padding = (size − 1)/2: 2 for 5×5 and 3 for 7×7. (For an even size
# there is no such whole number.)
#
# For 32 pixels, a window of 3 and stride 4 there are (32 − 3) // 4 + 1 = 8 windows. They begin at 0, 4, 8, …, 28
# and cover three pixels each. The pixels 3, 7, 11, …, 31 are in no window. With a stride above the size there are
# holes between the windows, and here the last pixel is in a hole, too.

# %%
windows = [[i * 4 + p for p in range(3)] for i in range((32 - 3) // 4 + 1)]
never = sorted(set(range(32)) - {place for window in windows for place in window})
print(len(windows), "windows; in no window:", never)

assert check("6.1", 2, 3, len(windows), never)

# %% [markdown]
# **6.2** dw by a forward convolution
#
# $\mathrm{d}w[p,q,c,o] = \sum_{n,i,j} x_{\text{pad}}[n,i+p,j+q,c]\;\mathrm{d}y[n,i,j,o]$. A forward pass sums over
# the places (p, q) of the kernel and over its channel c. Here the sum runs over (i, j) and n. So we read dy as
# Cout kernels of Ho×Wo places with N channels, and x as Cin images with N channels. The result is Cin images of
# kh×kw positions with Cout channels.


# %%
def dw_by_convolution(x, dy):
    images = np.ascontiguousarray(x.transpose(3, 1, 2, 0))  # (Cin, H, W, N)
    kernels = np.ascontiguousarray(dy.transpose(1, 2, 0, 3))  # (Ho, Wo, N, Cout)
    found, _ = ops.conv2d_forward(images, kernels, None, 1, 1)  # (Cin, kh, kw, Cout)
    return found.transpose(1, 2, 0, 3)


assert check("6.2", dw_by_convolution)

# %% [markdown]
# **6.3** A backward pass from memory
#
# The rows of `cols` stand in the order (n, i, j). `dy.transpose(1, 2, 0, 3)` puts the images last, so its rows
# stand in the order (i, j, n). (Some courses teach an im2col with rows in that order; the line is right there.)
# dw multiplies row by row, and dx adds each row back to its window: both need the same order, and both are
# wrong. db adds up all rows, in any order, so it is right.
#
# With N = 1 the two orders are the same. So a check with a single image passes. Check a convolution with a
# batch. The adjoint test finds the mistake as well, if N is not 1: the sum of x·dx is not the sum of y·dy.


# %%
def backward_from_memory(dy, cache):
    kh, kw, _, c_out = cache.w.shape
    dy_rows = dy.transpose(1, 2, 0, 3).reshape(-1, c_out)
    dw = (cache.cols.T @ dy_rows).reshape(cache.w.shape)
    db = dy_rows.sum(axis=0) if cache.has_bias else None
    dcols = dy_rows @ cache.w.reshape(-1, c_out).T
    return ops.conv.col2im(dcols, cache.x_shape, kh, kw, cache.stride, cache.pad), dw, db


for n in (3, 1):
    shapes = {"x": (n, 5, 7, 2), "w": (3, 3, 2, 4), "b": (4,)}
    args = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    report = check_gradients(ops.conv2d_forward, backward_from_memory, args)
    print(f"N = {n}: wrong are {[argument.name for argument in report.arguments if not argument.ok]}")

x = rng.standard_normal((3, 5, 7, 2))
y, cache = ops.conv2d_forward(x, rng.standard_normal((3, 3, 2, 4)), None, 1, 1)
dy = rng.standard_normal(y.shape)
dx = backward_from_memory(dy, cache)[0]
print(f"Σ y·dy = {(y * dy).sum():.3f}   Σ x·dx = {(x * dx).sum():.3f}")

assert check("6.3", ["dx", "dw"], rng.standard_normal((1, 5, 7, 2)))

# %% [markdown]
# **6.4** How much of the image does one output see?
#
# One output is one row. If the later layers see n rows of a layer's output, these are n windows. The first begins
# at some row, the last (n − 1)·stride rows further down, and it is `size` rows long: together they cover
# (n − 1)·stride + size rows. So we walk from the last layer to the first. For `[(7, 2), (3, 2), (3, 1)]`: 3, 7, 19.
# Whoever walks from the first layer to the last gets 7, 15, 17. For the tiny net: 3, 6, 8, 16, 18. Its list is the
# same in both directions, so it cannot tell whether the direction is right.


# %%
def rows_seen(layers):
    rows = 1
    for size, stride in reversed(layers):
        rows = (rows - 1) * stride + size
    return rows


assert check("6.4", rows_seen)

# %% [markdown]
# Backward passes show the same: put a gradient of 1 on a single output, and count the rows of the image that it
# reaches. Average pooling reaches the same pixels as maximum pooling could reach.

# %%
kernel = np.ones((3, 3, 1, 1))
u, conv1 = ops.conv2d_forward(np.ones((1, 32, 32, 1)), kernel, None)
u, pool1 = ops.avg_pool2d_forward(u, 2, 2)
u, conv2 = ops.conv2d_forward(u, kernel, None)
u, pool2 = ops.avg_pool2d_forward(u, 2, 2)
u, conv3 = ops.conv2d_forward(u, kernel, None)

du = np.zeros_like(u)  # (1, 8, 8, 1)
du[0, 4, 4, 0] = 1
sides = []
for backward, cache in (
    (ops.conv2d_backward, conv3),
    (ops.avg_pool2d_backward, pool2),
    (ops.conv2d_backward, conv2),
    (ops.avg_pool2d_backward, pool1),
    (ops.conv2d_backward, conv1),
):
    du = backward(du, cache)
    du = du[0] if isinstance(du, tuple) else du
    sides.append(int(du.any(axis=(0, 2, 3)).sum()))
print("rows reached, from the last layer to the image:", sides)
assert sides == [3, 6, 8, 16, 18]
