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
from senet_np.gradcheck import check_gradients

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# **1.** length + 2·pad − k + 1 = length gives pad = (k − 1)/2: 2 for 5×5 and 3 for 7×7. (For an even k
# there is no such whole number.) For 32 pixels, k = 3, stride 4 there are (32 − 3) // 4 + 1 = 8 windows,
# which begin at 0, 4, 8, …, 28 and cover three pixels each. The pixels 3, 7, 11, …, 31 are in no window:
# with a stride above k there are holes between the windows, and here the last pixel is in a hole, too.

# %%
for k, pad in ((5, 2), (7, 3)):
    assert (32 + 2 * pad - k) // 1 + 1 == 32

places = [[i * 4 + p for p in range(3)] for i in range((32 - 3) // 4 + 1)]
never = sorted(set(range(32)) - {place for window in places for place in window})
print(len(places), "windows; never seen:", never)
assert len(places) == 8
assert never == list(range(3, 32, 4))

# %% [markdown]
# **2.** In $\mathrm{d}w[p,q,c,o] = \sum_{n,i,j} x_{\text{pad}}[n,i+p,j+q,c]\;\mathrm{d}y[n,i,j,o]$ the sum
# runs over (i, j) as over the places of a kernel and over n as over the channels. So x is read as Cin
# images with N channels, dy as Cout kernels of Ho×Wo with N channels. The result has Cin images of
# kh×kw positions with Cout channels.

# %%
x, w = rng.standard_normal((3, 5, 7, 2)), rng.standard_normal((3, 3, 2, 4))
y, cache = ops.conv2d_forward(x, w, None, 1, 1)
dy = rng.standard_normal(y.shape)
as_images = x.transpose(3, 1, 2, 0)  # (Cin, H, W, N)
as_kernels = dy.transpose(1, 2, 0, 3)  # (Ho, Wo, N, Cout)
found, _ = ops.conv2d_forward(np.ascontiguousarray(as_images), np.ascontiguousarray(as_kernels), None, 1, 1)
dw = found.transpose(1, 2, 0, 3)  # (Cin, kh, kw, Cout) → (kh, kw, Cin, Cout)
print("dw", dw.shape)
assert np.allclose(dw, ops.conv2d_backward(dy, cache)[1])

# %% [markdown]
# **3.** `w.reshape(-1, c_out).T` swaps rows and columns; `w.reshape(c_out, -1)` fills the same numbers, in
# their old order, into a matrix of the swapped shape. dcols is wrong, and so is dx. dw and db do not use
# dcols, and are right. The gradient check finds it, and reports that only x is wrong; the adjoint test finds
# it too, as ⟨x, dx⟩ differs from ⟨y, dy⟩. With Cout = 1 both are the same row, so a test with one kernel
# would pass.


# %%
def hurried_backward(dy, cache):
    kh, kw, _, c_out = cache.w.shape
    dy_rows = dy.reshape(-1, c_out)
    dw = (cache.cols.T @ dy_rows).reshape(cache.w.shape)
    db = dy_rows.sum(axis=0) if cache.has_bias else None
    dcols = dy_rows @ cache.w.reshape(c_out, -1)
    return ops.conv.col2im(dcols, cache.x_shape, kh, kw, cache.stride, cache.pad), dw, db


for c_out in (4, 1):
    args = {"x": x, "w": rng.standard_normal((3, 3, 2, c_out)), "b": rng.standard_normal(c_out)}
    report = check_gradients(ops.conv2d_forward, hurried_backward, args)
    print(f"Cout = {c_out}: wrong are {[check.name for check in report.arguments if not check.ok]}")
    assert [check.ok for check in report.arguments] == [c_out == 1, True, True]

y, cache = ops.conv2d_forward(x, w, None, 1, 1)
dx = hurried_backward(dy, cache)[0]
print(f"⟨y, dy⟩ = {(y * dy).sum():.3f}   ⟨x, dx⟩ = {(x * dx).sum():.3f}")
assert not np.isclose((y * dy).sum(), (x * dx).sum())

# %% [markdown]
# **4.** Backward, one unit of the last convolution reaches 3×3 positions; each of them is a pool of 2×2, so
# 6×6; a convolution adds one at each side, 8×8; a pool doubles, 16×16; a convolution adds one at each side,
# 18×18. The arrays show the same. (A unit near the border reaches fewer, as part of its window is padding.)

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
