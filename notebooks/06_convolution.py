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
# # 6 · Convolution forward and backward, from loops to one matrix product
#
# **Afterwards you can** write a convolution with any stride and padding, first as six loops and then as one
# matrix product; say how large its output is and what it costs; derive all three gradients, dx in two ways;
# and test a backward pass with one line, with finite differences, and with inputs that do not hide
# mistakes.
#
# **You need** notebook 1 (channels, filters), matrix products, and the chain rule. **Time:** 60 minutes.
#
# A convolutional network spends nearly all of its multiplications on this one operation. Its backward pass
# is one that many people use every day and have never written.

# %%
import textwrap
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, IntSlider, interact
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from senet_np import ops
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.gradcheck import check_gradients
from senet_np.gradcheck.bugs import BUGS
from senet_np.nets import tiny
from senet_np.nets.describe import describe
from senet_np.ops import reference

np.set_printoptions(precision=3, suppress=True, linewidth=110)
rng = np.random.default_rng(0)

path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
photo = np.asarray(Image.open(path).resize((128, 150))) / 255  # (150, 128, 3), from 0 to 1

# %% [markdown]
# ## 1. Six loops
#
# A kernel w slides over an image x. At each place it multiplies the numbers that it covers by its weights,
# adds them up, and adds a bias. Before that, `pad` rows and columns of zeros are put around the image;
# the kernel moves on by `stride` pixels at a time:
#
# $$
# y[i,j,o] = b[o] + \sum_{p,q,c} x_{\text{pad}}[\,i\cdot\text{stride}+p,\; j\cdot\text{stride}+q,\; c\,]\;
# w[p,q,c,o]
# $$
#
# | letter | counts | up to |
# |---|---|---|
# | i, j | rows and columns of the output | Ho, Wo |
# | o | channels of the output, one for each kernel | Cout |
# | p, q | rows and columns of the kernel | kh, kw |
# | c | channels of the input | Cin |
#
# Six letters, six loops. A crop of the photo, 6×7 pixels: the left edge of the white collar. Two kernels:
# the mean of the window, and "is it brighter to the right".

# %%
x = photo[96:102, 48:55]  # (6, 7, 3)
w = np.zeros((3, 3, 3, 2))  # (kh, kw, Cin, Cout)
w[..., 0] = 1 / 27
w[:, 0, :, 1], w[:, 2, :, 1] = -1 / 9, 1 / 9
b = np.array([0.0, 0.5])
print("x, its mean over the colors:\n", x.mean(axis=2), sep="")


# %%
def conv_loops(x, w, b, stride=1, pad=0):
    """y (Ho, Wo, Cout) of one image x (H, W, Cin)."""
    kh, kw, c_in, c_out = w.shape
    x_pad = np.pad(x, ((pad, pad), (pad, pad), (0, 0)))
    h_out = (x_pad.shape[0] - kh) // stride + 1
    w_out = (x_pad.shape[1] - kw) // stride + 1
    y = np.zeros((h_out, w_out, c_out))
    for i, j, o in np.ndindex(h_out, w_out, c_out):  # three loops: which output
        y[i, j, o] = b[o]
        for p, q, c in np.ndindex(kh, kw, c_in):  # three loops: what it sees
            y[i, j, o] += x_pad[i * stride + p, j * stride + q, c] * w[p, q, c, o]
    return y


# %% [markdown]
# *Predict the shape of y for stride 1 without padding, and where y of the second kernel is largest.*

# %%
y = conv_loops(x, w, b)
print("shape:", y.shape)
print("kernel 0, the mean of a window:\n", y[..., 0], sep="")
print("kernel 1, brighter to the right, plus 0.5:\n", y[..., 1], sep="")
assert np.isclose(y[0, 0, 0], x[:3, :3].mean())

# %% [markdown]
# A word on the name. In mathematics a convolution turns the kernel by 180° before it slides; along one axis
# that is
#
# $$
# \sum_p x[i-p]\,w[p]
# $$
#
# Ours does not turn it, and strictly speaking it is a cross-correlation. Deep-learning libraries do it so
# and call it convolution. Remember it: the turn comes back in section 6.
#
# ## 2. How large is the output?
#
# Along one axis: `length` pixels and `pad` zeros at either end. Window i covers the places i·stride to
# i·stride + k − 1. It fits if its last place exists:
#
# $$
# i\cdot\text{stride} + k - 1 \le \text{length} + 2\,\text{pad} - 1
# \quad\Longleftrightarrow\quad i \le \frac{\text{length} + 2\,\text{pad} - k}{\text{stride}}
# $$
#
# i starts at 0, so the number of windows is one more than the largest i, rounded down.


# %%
def output_size(length, k, stride, pad):
    return (length + 2 * pad - k) // stride + 1


for length, k, stride, pad in np.ndindex(12, 5, 4, 3):
    length, k, stride = length + 5, k + 1, stride + 1  # none of them is 0
    fits = [i for i in range(40) if i * stride + k <= length + 2 * pad]  # try them all
    assert len(fits) == output_size(length, k, stride, pad)

# %% [markdown]
# *Predict for a line of 6 pixels and k = 3: how many windows are there with stride 1 and no padding, with
# padding 1, with stride 2 and no padding, with stride 2 and padding 1? Which pixel is never seen in one of
# the four?*

# %%
with style():
    figure, axes = plt.subplots(2, 2, figsize=(9, 4), layout="constrained")
    for ax, (stride, pad) in zip(axes.ravel(), ((1, 0), (1, 1), (2, 0), (2, 1)), strict=True):
        n = output_size(6, 3, stride, pad)
        for place in range(-pad, 6 + pad):
            words, color, line = (place, "black", "-") if 0 <= place < 6 else ("0", GRAY, ":")
            ax.text(place, 0, words, ha="center", va="center", color=color)
            ax.add_patch(plt.Rectangle((place - 0.5, -0.5), 1, 1, fill=False, edgecolor=GRAY, ls=line))
        for i in range(n):
            left = i * stride - pad - 0.4
            ax.plot([left, left + 2.8], [1 + 0.5 * i] * 2, color=BLUE, linewidth=3)
        ax.set(xlim=(-1.7, 6.7), ylim=(-0.7, 4), title=f"stride {stride}, padding {pad}: {n} windows")
        ax.axis("off")
    figure.suptitle("Windows of 3 on a line of 6 pixels (dotted: zeros)", x=0.01, ha="left")
plt.show()

# %% [markdown]
# With stride 2 and no padding the last pixel is in no window. It does not affect the output, and its
# gradient will be 0. Padding 1 with k = 3 and stride 1 keeps the size: that is the default of this package.
#
# On the photo, the kernel "brighter to the right" with three strides. *Predict the sizes.*

# %%
with style():
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.8), layout="constrained")
    for ax, stride in zip(axes, (1, 2, 4), strict=True):
        answer, _ = ops.conv2d_forward(photo[None], w, None, stride, 1)  # (1, Ho, Wo, 2): the library's
        assert answer.shape[1:3] == (output_size(150, 3, stride, 1), output_size(128, 3, stride, 1))
        ax.imshow(answer[0, ..., 1], cmap="cividis", vmin=-0.4, vmax=0.4)
        ax.set_title(f"stride {stride}: {answer.shape[1]}×{answer.shape[2]}", fontsize=10)
    figure.suptitle("A stride of s leaves one output in s×s", x=0.01, ha="left")
plt.show()

# %% [markdown]
# (Yellow: brighter to the right; dark: brighter to the left; gray: 0. The edge along the left and the right
# border is one, too: the photo is brighter than the zeros of the padding.)
#
# ## 3. Windows as rows
#
# The three inner loops multiply a window by a kernel and add up. That is a dot product of two lists of
# kh·kw·Cin numbers. So write each window out as a *row* of a matrix, and each kernel as a *column* of
# another. Then all dot products together are one matrix product.
#
# First the windows. To see every number, take an image of 4×4 with the numbers 0 to 15, one channel, and a
# window of 2×2. *Predict row 4 of the matrix. And how often does the number 5 occur in it?*

# %%
x_small = np.arange(16.0).reshape(1, 4, 4, 1)  # (N, H, W, C)
windows = sliding_window_view(x_small, (2, 2), axis=(1, 2))  # (N, Ho, Wo, C, kh, kw)
print("x:\n", x_small[0, :, :, 0], "\nwindows:", windows.shape, sep="")
cols_small = windows.transpose(0, 1, 2, 4, 5, 3).reshape(9, 4)  # rows (n, i, j), columns (p, q, c)
print("cols:\n", cols_small, sep="")

# %% [markdown]
# `sliding_window_view` copies nothing: it is the same memory, read with other steps. The `reshape` after it
# has to copy, because in memory there is no place where 5 stands four times. A stride means to take every
# stride-th window. This function is known as **im2col**:


# %%
def im2col(x, kh, kw, stride, pad):
    """cols (N·Ho·Wo, kh·kw·C): row (n, i, j) holds what output (i, j) of image n sees."""
    x_pad = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = sliding_window_view(x_pad, (kh, kw), axis=(1, 2))[:, ::stride, ::stride]
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kh * kw * x.shape[3])


for stride, pad in ((1, 0), (1, 1), (2, 0), (3, 2)):
    library, _ = ops.conv.im2col(photo[None, :20, :17], 3, 2, stride, pad)
    assert np.array_equal(im2col(photo[None, :20, :17], 3, 2, stride, pad), library)

# %% [markdown]
# ## 4. One matrix product
#
# The kernels as columns: `w.reshape(-1, c_out)` has kh·kw·Cin rows in the order (p, q, c), the same order
# as the columns of `cols`. *That the two orders agree is all there is to it*; if they do not, all shapes
# fit and all numbers are wrong.
#
# $$
# Y = X_{\text{cols}}\,W + b \qquad (N H_o W_o \times C_{out}) = (N H_o W_o \times k_h k_w C_{in})
# (k_h k_w C_{in} \times C_{out})
# $$


# %%
def conv2d_forward(x, w, b, stride=1, pad=1):
    """y (N, Ho, Wo, Cout) of images x (N, H, W, Cin), and a cache."""
    kh, kw, _, c_out = w.shape
    h_out, w_out = output_size(x.shape[1], kh, stride, pad), output_size(x.shape[2], kw, stride, pad)
    cols = im2col(x, kh, kw, stride, pad)
    y = cols @ w.reshape(-1, c_out)
    if b is not None:
        y = y + b
    return y.reshape(x.shape[0], h_out, w_out, c_out), (cols, w, x.shape, stride, pad, b is not None)


# %% [markdown]
# Equal to the loops, to the library, and to the library's own loops (`senet_np/ops/reference/`)?

# %%
for stride, pad in ((1, 0), (1, 1), (2, 1), (3, 2)):
    ours, _ = conv2d_forward(x[None], w, b, stride, pad)
    assert np.allclose(ours[0], conv_loops(x, w, b, stride, pad))
    assert np.allclose(ours, ops.conv2d_forward(x[None], w, b, stride, pad)[0])
    assert np.allclose(ours, reference.conv2d_forward(x[None], w, b, stride, pad)[0])
    print(f"stride {stride}, padding {pad}: y {ours.shape}, all four agree")

# %% [markdown]
# **What it costs.** Each of the N·Ho·Wo·Cout outputs takes kh·kw·Cin multiply-adds. The library counts the
# same for one image of 32×32 in the tiny net of this course. *Predict: the image gets smaller from
# stage to stage, the channels get more. Which of the three convolutions costs most?*

# %%
total = sum(row.multiply_adds for row in describe(tiny()))
c_in = 3
for row in describe(tiny()):
    if row.what.startswith("conv"):
        h_out, w_out, c_out = row.shape
        count = h_out * w_out * c_out * 3 * 3 * c_in
        assert count == row.multiply_adds
        product = f"{h_out}·{w_out}·{c_out} outputs × 3·3·{c_in}"
        print(f"{row.path}: {product} = {count:9,}, {count / total:.0%} of the net")
        c_in = c_out

# %% [markdown]
# Half the height, half the width, twice the channels in and out: a factor of 1/4 for the positions and 4
# for the channels. Stages 2 and 3 cost the same, and the three convolutions are nearly all of the net.
#
# The price of im2col is memory: `cols` holds each number up to kh·kw times.

# %%
big = rng.standard_normal((128, 16, 16, 32)).astype(np.float32)  # what stage 2 gets, for 128 images
big_cols = im2col(big, 3, 3, 1, 1)
print(f"x {big.nbytes / 1e6:.1f} MB, cols {big_cols.nbytes / 1e6:.1f} MB")
assert big_cols.nbytes == 9 * big.nbytes

# %% [markdown]
# How to have the product without the memory is a question of notebook 12.
#
# ## 5. Backward, step by step
#
# We write dy for $\partial L/\partial y$: the rest of the network gives us, for each output number, how the
# loss L moves with it. Wanted are db, dw and dx. We read the forward pass upwards, one step at a time: the
# bias, then the product, then im2col.
#
# Three images of odd sizes, and a random dy.

# %%
x = rng.standard_normal((3, 5, 7, 2))  # (N, H, W, Cin)
w, b = rng.standard_normal((3, 3, 2, 4)), rng.standard_normal(4)
stride, pad = 2, 1
y, (cols, *_) = conv2d_forward(x, w, b, stride, pad)
dy = rng.standard_normal(y.shape)
dy_rows = dy.reshape(-1, 4)  # (N·Ho·Wo, Cout): as Y before its reshape
print("y", y.shape, "  cols", cols.shape, "  dy_rows", dy_rows.shape)

# %% [markdown]
# **db.** $y[n,i,j,o] = b[o] + \dots$: each bias is added at all positions of all images, each time with
# slope 1. What is used many times collects the sum of what comes back:
#
# $$
# \mathrm{d}b[o] = \sum_{n,i,j} \mathrm{d}y[n,i,j,o]
# $$
#
# **dw.** In $Y = X_{\text{cols}}W$, written out, $Y[r,o] = \sum_k X_{\text{cols}}[r,k]\,W[k,o]$. The weight
# $W[k,o]$ stands in all rows r of column o, with slope $X_{\text{cols}}[r,k]$:
#
# $$
# \mathrm{d}W[k,o] = \sum_r X_{\text{cols}}[r,k]\,\mathrm{d}Y[r,o]
# \qquad\text{that is}\qquad \mathrm{d}W = X_{\text{cols}}^\top\,\mathrm{d}Y
# $$
#
# **dcols.** The same formula read for the other factor: $X_{\text{cols}}[r,k]$ stands in all columns o of
# row r, with slope $W[k,o]$:
#
# $$
# \mathrm{d}X_{\text{cols}}[r,k] = \sum_o \mathrm{d}Y[r,o]\,W[k,o]
# \qquad\text{that is}\qquad \mathrm{d}X_{\text{cols}} = \mathrm{d}Y\,W^\top
# $$
#
# *Predict the three shapes.*

# %%
db = dy_rows.sum(axis=0)
dw = (cols.T @ dy_rows).reshape(w.shape)
dcols = dy_rows @ w.reshape(-1, 4).T
print("db", db.shape, "  dw", dw.shape, "  dcols", dcols.shape)
right = ops.conv2d_backward(dy, ops.conv2d_forward(x, w, b, stride, pad)[1])  # dx, dw, db of the library
assert np.allclose(dw, right[1])
assert np.allclose(db, right[2])

# %% [markdown]
# **dx.** What is left is the backward pass of im2col. It did no arithmetic: it *copied* each pixel to every
# row whose window covers it. If a number is copied, each copy moves the loss, and a change of the number
# changes all of its copies. So its gradient is the sum over its copies:
#
# $$
# \mathrm{d}x_{\text{pad}}[n,r,t,c] =
# \sum_{\substack{i,p:\; i\cdot\text{stride}+p=r\\ j,q:\; j\cdot\text{stride}+q=t}}
# \mathrm{d}X_{\text{cols}}[(n,i,j),(p,q,c)]
# $$
#
# As a program: put each entry of dcols back to where it was copied from, and *add*. That is **col2im**. For
# a fixed place (p, q) in the window, the pixels of all windows are one slice with a step, and no two of
# them are the same pixel. So two short loops do it, over the kh·kw places, not over the pixels.


# %%
def col2im(dcols, x_shape, kh, kw, stride, pad):
    """dx of x's shape: every entry of dcols is added where im2col copied it from."""
    n, height, width, c = x_shape
    h_out, w_out = output_size(height, kh, stride, pad), output_size(width, kw, stride, pad)
    windows = dcols.reshape(n, h_out, w_out, kh, kw, c)
    dx_pad = np.zeros((n, height + 2 * pad, width + 2 * pad, c), dcols.dtype)
    for p in range(kh):
        rows = slice(p, p + stride * h_out, stride)  # rows at place p of their window
        for q in range(kw):
            dx_pad[:, rows, q : q + stride * w_out : stride] += windows[:, :, :, p, q]
    return dx_pad[:, pad : pad + height, pad : pad + width]  # the gradient of the padding is not needed


# %% [markdown]
# On the 4×4 image with the window of 2×2, let dcols be all ones. *Predict what col2im makes of it.*

# %%
print(col2im(np.ones((9, 4)), (1, 4, 4, 1), 2, 2, 1, 0)[0, :, :, 0])

# %% [markdown]
# It counts: a corner stands in one window, an edge in two, the inside in four. Now put together:


# %%
def conv2d_backward(dy, cache):
    """dx, dw and db (None where b was None)."""
    cols, w, x_shape, stride, pad, has_bias = cache
    kh, kw, _, c_out = w.shape
    dy_rows = dy.reshape(-1, c_out)
    dw = (cols.T @ dy_rows).reshape(w.shape)
    db = dy_rows.sum(axis=0) if has_bias else None
    dcols = dy_rows @ w.reshape(-1, c_out).T
    return col2im(dcols, x_shape, kh, kw, stride, pad), dw, db


ours = conv2d_backward(dy, conv2d_forward(x, w, b, stride, pad)[1])
loops = reference.conv2d_backward(dy, reference.conv2d_forward(x, w, b, stride, pad)[1])
for name, one, two, three in zip(("dx", "dw", "db"), ours, right, loops, strict=True):
    assert np.allclose(one, two)
    assert np.allclose(one, three)
    print(f"{name} {one.shape}: equal to the library and to its loops")

# %% [markdown]
# ## 6. dx is a convolution, too
#
# Here is the other way to see it. One axis, one channel, stride 1, no padding:
#
# $$
# y[i] = \sum_p x[i+p]\,w[p]
# $$
#
# The pixel x[r] stands in y[i] with the weight w[p] where i + p = r, so
#
# $$
# \mathrm{d}x[r] = \sum_p \mathrm{d}y[r-p]\,w[p]
# $$
#
# with dy taken as 0 outside. Compare: forward the index *grows* with p, backward it *falls*. To make it
# grow, count p from the other end, $p' = k-1-p$:
#
# $$
# \mathrm{d}x[r] = \sum_{p'} \mathrm{d}y[\,r-(k-1)+p'\,]\;w[\,k-1-p'\,]
# $$
#
# *Predict dx for w = (1, 2, 3) and a dy that is 1 at i = 1 and 0 elsewhere.*

# %%
x_line, w_line = rng.standard_normal(5), np.array([1.0, 2.0, 3.0])
y_line = np.correlate(x_line, w_line, "valid")  # NumPy's name for what we do forward
assert np.allclose(y_line, [x_line[i : i + 3] @ w_line for i in range(3)])
dy_line = np.array([0.0, 1.0, 0.0])
dx_line = sum(dy_line[i] * np.pad(w_line, (i, 2 - i)) for i in range(3))  # each output adds its kernel
dy_padded = np.pad(dy_line, 2)  # k - 1 zeros at each end
assert np.allclose(dx_line, [dy_padded[r : r + 3] @ w_line[::-1] for r in range(5)])  # the last formula
assert np.allclose(dx_line, np.convolve(dy_line, w_line, "full"))  # the convolution of mathematics
print("dx:", dx_line)

# %% [markdown]
# The last formula is a forward convolution again: of dy with k − 1 zeros at each end (a *full*
# convolution), and with the kernel **flipped**. Three more things for the general case. In two dimensions
# both axes are flipped, which is a turn by 180°. The channels change roles: dy has Cout of them and dx has
# Cin. And with a stride, the outputs that were left out are zeros between the rows and columns of dy.
#
# *Predict: a kernel of which form can be flipped without anyone noticing? (Section 10 has the answer.)*


# %%
def dx_by_convolution(dy, w, x_shape, stride, pad):
    """dx for a square kernel: dy spread out, convolved with the flipped kernel, the padding cut off."""
    n, height, width, _ = x_shape
    k = w.shape[0]
    spread = np.zeros((n, height + 2 * pad - k + 1, width + 2 * pad - k + 1, w.shape[3]), dy.dtype)
    spread[:, ::stride, ::stride] = dy  # as if the stride had been 1
    flipped = w[::-1, ::-1].transpose(0, 1, 3, 2)  # (kh, kw, Cout, Cin)
    dx_pad, _ = conv2d_forward(spread, flipped, None, 1, k - 1)
    return dx_pad[:, pad : pad + height, pad : pad + width]


# %%
for stride, pad in ((1, 0), (1, 1), (2, 1), (3, 0), (3, 2)):
    y, cache = conv2d_forward(x, w, b, stride, pad)
    dy = rng.standard_normal(y.shape)
    by_adding, _, _ = conv2d_backward(dy, cache)
    assert np.allclose(dx_by_convolution(dy, w, x.shape, stride, pad), by_adding)
    print(f"stride {stride}, padding {pad}: both ways give the same dx")

# %% [markdown]
# Two ways, one gradient. The first *scatters*: it walks over dy and adds to dx. The second *gathers*: it
# walks over dx and collects from dy. Adding the columns back does the flip by itself. If you flip *and* add
# back, the kernel is turned twice: section 10.
#
# ## 7. A test in one line
#
# Without the bias, y is linear in x: there is a matrix A with y = A x, x and y written as long lists. We
# can build it: column r is what an image with a single 1 at pixel r gives. *Predict, for an image of 5×5,
# a kernel of 3×3 and stride 1: how many rows and columns has A? How many of its entries are not 0?*

# %%
w_one = np.arange(1.0, 10).reshape(3, 3, 1, 1)
single = np.eye(25).reshape(25, 5, 5, 1)  # 25 images, each with one pixel lit
a = conv2d_forward(single, w_one, None, 1, 0)[0].reshape(25, 9).T  # (9 outputs, 25 pixels)
print("A:", a.shape, "  not 0:", np.count_nonzero(a), "= 9 outputs × 9 weights")
print("column of pixel (2, 2):", a[:, 2 * 5 + 2])

with style():
    figure, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
    image = ax.imshow(np.where(a == 0, np.nan, a), cmap="cividis")
    figure.colorbar(image, label="weight w (1 to 9)")
    ax.set_xticks(range(25), [f"{r // 5},{r % 5}" for r in range(25)], rotation=90, fontsize=8)
    ax.set_yticks(range(9), [f"{i // 3},{i % 3}" for i in range(9)], fontsize=8)
    ax.set(
        title="Convolution as a matrix: each row is the same kernel, moved",
        xlabel="pixel (row, column) of x",
        ylabel="output (i, j)",
    )
plt.show()

# %% [markdown]
# A row shows what an output sees, a column shows which outputs a pixel touches. The pixel (2, 2) in the
# middle touches all nine. Its column, read downwards, is the kernel from 9 to 1: flipped.
#
# With L = Σ y·dy, which is ⟨A x, dy⟩, the gradient of x is $A^\top \mathrm{d}y$. Hence for *any* x and dy
#
# $$
# \langle A x,\ \mathrm{d}y\rangle = \langle x,\ A^\top\mathrm{d}y\rangle
# $$
#
# Forward and backward are each other's transpose, also called **adjoint**. That is a test: two random
# arrays, one forward pass, one backward pass, two numbers that must be equal. No finite differences, and it
# works at full size. As y is linear in w as well (for a fixed x), ⟨w, dw⟩ must be the same number once
# more.

# %%
dy_one = rng.standard_normal((1, 3, 3, 1))
_, cache = conv2d_forward(rng.standard_normal((1, 5, 5, 1)), w_one, None, 1, 0)
dx_one, _, _ = conv2d_backward(dy_one, cache)
assert np.allclose(dx_one.ravel(), a.T @ dy_one.ravel())  # backward multiplies with A transposed

wide, kernels = rng.standard_normal((2, 150, 128, 3)), rng.standard_normal((5, 5, 3, 8))
for stride, pad in ((1, 2), (3, 1)):
    y, cache = conv2d_forward(wide, kernels, None, stride, pad)
    dy = rng.standard_normal(y.shape)
    dx, dw, _ = conv2d_backward(dy, cache)
    numbers = [(y * dy).sum(), (wide * dx).sum(), (kernels * dw).sum()]
    print("⟨y, dy⟩ = {:.9f}   ⟨x, dx⟩ = {:.9f}   ⟨w, dw⟩ = {:.9f}".format(*numbers))
    assert np.allclose(numbers, numbers[0], rtol=1e-9)

# %% [markdown]
# Know its limits. It tells right from wrong, but not where the mistake is. It needs a linear step: not for a ReLU or a
# sigmoid. And it compares backward with forward only: if both compute something else than you meant, they
# agree. That is true of the next check too, and is why section 4 compared with loops.
#
# ## 8. Finite differences on everything
#
# `check_gradients` moves each number of x, w and b by ±10⁻⁵, measures how L = Σ y·dy changes for a random
# dy, and compares that with the result of the backward pass. Errors are shares of the largest value of that
# gradient (notebook 2 takes the check apart).

# %%
shapes = {"x": (2, 5, 7, 3), "w": (3, 2, 3, 4), "b": (4,)}
odd = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
for stride, pad in ((1, 0), (1, 1), (2, 1), (3, 2)):
    report = check_gradients(conv2d_forward, conv2d_backward, {**odd, "stride": stride, "pad": pad})
    assert report
    errors = ", ".join(f"{check.name} {check.worst:.0e}" for check in report.arguments)
    print(f"stride {stride}, padding {pad}: worst errors {errors}")

# %% [markdown]
# ## 9. Which outputs does a pixel touch?
#
# With a stride not all pixels are equal. *Predict for a kernel of 3×3 and stride 2: how many outputs can a
# pixel touch? Is it the same number for all?*


# %%
def touched(row, column, k, stride, pad, shape=(8, 9)):
    """Which outputs see pixel (row, column): bool (Ho, Wo)."""
    lit = np.zeros((1, *shape, 1))
    lit[0, row, column] = 1
    y, _ = conv2d_forward(lit, np.ones((k, k, 1, 1)), None, stride, pad)
    return y[0, :, :, 0] > 0


# %%
def draw_touched(axes, row, column, k, stride, pad, shape=(8, 9)):
    """The image with its pixel (orange), and on it the centers of all outputs (filled: touched)."""
    seen = touched(row, column, k, stride, pad, shape)
    axes.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, color=ORANGE))
    for i, j in np.ndindex(seen.shape):
        y_center, x_center = (at * stride - pad + (k - 1) / 2 for at in (i, j))
        fill = "full" if seen[i, j] else "none"
        axes.plot(x_center, y_center, "o", color=BLUE, fillstyle=fill, markersize=9)
    axes.set(xlim=(-1.2, shape[1] + 0.2), ylim=(shape[0] + 0.2, -1.2), aspect="equal")
    axes.hlines(np.arange(shape[0] + 1) - 0.5, -0.5, shape[1] - 0.5, color=GRAY, linewidth=0.6)
    axes.vlines(np.arange(shape[1] + 1) - 0.5, -0.5, shape[0] - 0.5, color=GRAY, linewidth=0.6)
    axes.axis("off")
    axes.set_title(f"pixel ({row}, {column}) touches {seen.sum()}", fontsize=10)


# %%
with style():
    figure, axes = plt.subplots(1, 3, figsize=(9.5, 3.4), layout="constrained")
    for ax, (row, column) in zip(axes, ((4, 4), (4, 3), (3, 5)), strict=True):
        draw_touched(ax, row, column, k=3, stride=2, pad=1)
    figure.suptitle("3×3, stride 2, padding 1: a pixel touches 1, 2 or 4 outputs (filled)", x=0.01, ha="left")
plt.show()

# %%
y, cache = conv2d_forward(np.zeros((1, 8, 9, 1)), np.ones((3, 3, 1, 1)), None, 2, 1)
fan_out, _, _ = conv2d_backward(np.ones_like(y), cache)  # with all weights and all dy 1, dx counts
print("outputs that each pixel touches:\n", fan_out[0, :, :, 0].astype(int), sep="")

# %% [markdown]
# Backward, dx at a pixel is a sum over just these outputs. If their dy are of a size, pixels that touch
# four get more gradient than pixels that touch one: a chessboard in dx, made by the geometry alone. Move
# the pixel, and look at stride = k.


# %%
def look(row, column, k, stride, pad):
    with style():
        _, ax = plt.subplots(figsize=(4, 3.4), layout="constrained")
        draw_touched(ax, row, column, k, stride, pad)
    plt.show()


_ = interact(
    look,
    row=IntSlider(4, 0, 7),
    column=IntSlider(4, 0, 8),
    k=IntSlider(3, 1, 5),
    stride=Dropdown(options=[1, 2, 3, 4], value=2),
    pad=Dropdown(options=[0, 1, 2], value=1),
)

# %% [markdown]
# With stride 3 and k = 3 each pixel touches one output, or none: the windows lie side by side and never
# overlap. That is the trap of the next section.
#
# ## 10. Six mistakes, and the inputs that hide them
#
# The first is the most common: `=` where `+=` belongs. It runs, and all shapes are right.


# %%
def overwriting_backward(dy, cache):
    """As conv2d_backward, with = in place of += in col2im."""
    _cols, w, (n, height, width, c), stride, pad, _has_bias = cache
    _, dw, db = conv2d_backward(dy, cache)
    (kh, kw, _, c_out), (h_out, w_out) = w.shape, dy.shape[1:3]
    windows = (dy.reshape(-1, c_out) @ w.reshape(-1, c_out).T).reshape(n, h_out, w_out, kh, kw, c)
    dx_pad = np.zeros((n, height + 2 * pad, width + 2 * pad, c))
    for p in range(kh):
        rows = slice(p, p + stride * h_out, stride)
        for q in range(kw):
            dx_pad[:, rows, q : q + stride * w_out : stride] = windows[:, :, :, p, q]
    return dx_pad[:, pad : pad + height, pad : pad + width], dw, db


# %% [markdown]
# *Predict for a kernel of 3×3: is it caught with stride 1, 2, 3? By how much is dx wrong?*

# %%
shapes = {"x": (2, 7, 8, 3), "w": (3, 3, 3, 4), "b": (4,)}
plain = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
for stride in (1, 2, 3):
    report = check_gradients(conv2d_forward, overwriting_backward, {**plain, "stride": stride, "pad": 0})
    h_out, w_out = output_size(7, 3, stride, 0), output_size(8, 3, stride, 0)
    counts = col2im(np.ones((h_out * w_out, 9)), (1, 7, 8, 1), 3, 3, stride, 0)
    word = "passes" if report else f"caught, dx wrong by {report.arguments[0].worst:.0%} of its largest value"
    print(f"stride {stride}: a pixel is in up to {counts.max():.0f} windows; {word}")
    assert bool(report) == (counts.max() == 1)

# %% [markdown]
# The check's own report for stride 2:

# %%
print(check_gradients(conv2d_forward, overwriting_backward, {**plain, "stride": 2, "pad": 0}))

# %% [markdown]
# With stride = kernel size each pixel stands in one window at most. Then `=` and `+=` do the same, and the
# check is right to pass: *on these inputs* the backward pass is correct. Whoever writes a convolution for
# 2×2 patches with stride 2, tests it, and later uses it with 3×3 and stride 1 has a tested bug.
#
# Two more, from the bugs that the package injects into itself (`python -m senet_np gradcheck --bugs` lists
# seventy). *Find the mistake in each before you run the next cell, and say which inputs would hide it.*

# %%
bugs = {bug.title: bug for bug in BUGS if bug.op == "conv2d"}
for title in ("kernel turned twice", "padding cut off at one side"):
    print("-" * 30, bugs[title].source, sep="\n")

# %%
for bug in bugs.values():
    print(textwrap.fill(f"{bug.title}: {bug.why}", 100), end="\n\n")

# %% [markdown]
# The first is the flip of section 6 done on top of adding back. Now all six, against six kinds of inputs.
# *Predict for each row the columns in which it passes. One row has none.*

# %%
wrong = {"= in place of +=": overwriting_backward, **{title: bug.backward for title, bug in bugs.items()}}
x = plain["x"]
turned = plain["w"] + plain["w"][::-1, ::-1]  # looks the same after half a turn
settings = {  # x, w, stride, pad
    "3×2,\nstride 2,\npadding 1": (x, plain["w"][:, :2], 2, 1),
    "3×3,\nstride 1,\npadding 1": (x, plain["w"], 1, 1),
    "3×3,\nstride 3,\nno padding": (x, plain["w"], 3, 0),
    "symmetric\n3×3, str. 2,\npadding 1": (x, turned, 2, 1),
    "one channel\nin, 3×3, str. 2,\npadding 1": (x[..., :1], plain["w"][:, :, :1], 2, 1),
    "1×1,\nstride 1,\nno padding": (x, plain["w"][:1, :1], 1, 0),
}


def worst_error(backward, x, w, stride, pad):
    args = {"x": x, "w": w, "b": plain["b"], "stride": stride, "pad": pad}
    return max(check.worst for check in check_gradients(conv2d_forward, backward, args).arguments)


table = [[worst_error(backward, *inputs) for inputs in settings.values()] for backward in wrong.values()]
table = np.array(table)  # (6 mistakes, 6 kinds of inputs)
assert (table[:, 0] > 1e-6).all()  # the odd inputs catch all six
assert ((table < 1e-6).sum(axis=1) > 0).sum() == 5  # and five of the six pass somewhere

# %%
with style():
    figure, axes = plt.subplots(figsize=(10, 3.8), layout="constrained")
    axes.imshow(table > 1e-6, cmap="Oranges", vmax=2, aspect="auto")
    for (row, column), error in np.ndenumerate(table):
        words = "wrong shape" if np.isinf(error) else f"caught: {error:.1g}" if error > 1e-6 else "passes"
        color = GRAY if words == "passes" else "black"
        axes.text(column, row, words, ha="center", va="center", fontsize=9, color=color)
    axes.set_yticks(range(6), list(wrong))
    axes.set_xticks(range(6), list(settings), fontsize=9)
    axes.tick_params(length=0)
    axes.set(title="Only odd inputs catch all six (worst error of any gradient)")
plt.show()

# %% [markdown]
# Read the columns. The odd one on the left catches everything: windows that overlap, a kernel that is not
# square and has no symmetry, a stride that is not 1, padding, several channels in and out. The symmetric
# kernel looks the same after half a turn, so nobody sees that it was turned. Each of the other columns is
# what one might try first because it is simple, and each hides something; a 1×1 kernel hides nearly
# everything. **Choose inputs in which nothing is equal by accident.**
#
# ## 11. Try it
#
# 1. On paper: which padding keeps the size for kernels of 5×5 and of 7×7 at stride 1? And how many windows
#    are there, and which pixels does no window touch, for a line of 32 pixels, k = 3, stride 4, no padding?
#
#    <details><summary>Hint</summary>
#
#    length + 2·pad − k + 1 = length. For the second, write down the first and the last place of each
#    window.
#
#    </details>
#
# 2. dw is a convolution, too: of x with dy as its kernel. For stride 1, write dw with one call of
#    `conv2d_forward` and some transposes, and check it.
#
#    <details><summary>Hint</summary>
#
#    dw[p,q,c,o] = Σ x_pad[n, i+p, j+q, c] · dy[n, i, j, o]. What is summed over plays the part of (p, q, c)
#    of a forward pass: i, j are the places in the "kernel", and n is its "channel".
#
#    </details>
#
# 3. *Spot the bug.* The line for dcols was written in a hurry. All shapes are right. Which of the gradients
#    are wrong, which test finds it, and for which Cout does it not matter?
#
#    ```python
#    dcols = dy_rows @ w.reshape(c_out, -1)
#    ```
#
#    <details><summary>Hint</summary>
#
#    Write down a 3×2 matrix, its transpose, and the same six numbers reshaped to 2×3.
#
#    </details>
#
# 4. Put layers on top of each other, and a late unit sees much of the image. `senet_np/data/shapes.py`
#    says: a unit of the tiny net's last stage sees 18×18 pixels (conv 3×3, pool 2×2, conv 3×3, pool 2×2,
#    conv 3×3). Prove it with *backward* passes: kernels of ones, and a dy that is 1 at a single unit.
#
#    <details><summary>Hint</summary>
#
#    `ops.avg_pool2d_forward(x, 2, 2)` and its backward pass reach the same pixels as a max-pool could.
#    Count the rows of dx that are not 0.
#
#    </details>
#
# Solutions: [solutions/06_convolution.ipynb](solutions/06_convolution.ipynb)
#
# **Read next:** [senet_np/ops/conv.py](../senet_np/ops/conv.py), the same in the library, with its checks;
# [senet_np/ops/reference/images.py](../senet_np/ops/reference/images.py), the loops that everything is tested by;
# [docs/testing.md](../docs/testing.md), which inputs a check needs; then assignment 3, where you write it
# without help, and notebook 2, what the gradient check does.
