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
# matrix product; say how large its output is and what it costs; derive its three gradients; and choose test
# inputs that do not hide a mistake.
#
# **You need** notebooks 1 (channels, filters), 2 (gradients and how to check them), 3 (the adjoint test) and 5
# (gradients of two paths are added); matrix products and the transpose of a matrix; the chain rule.
# Letters: [symbols](../docs/symbols.md).
#
# **Time:** 110 minutes to read and run, 195 with the exercises. Sections 1 to 5 and 8 are the core: 80 minutes to
# read and run, 155 with the exercises. Sections 6 and 7 look at the same gradient in two other ways. No exercise
# needs them; you can read them on another evening.
#
# A convolutional network spends nearly all of its multiplications on this one operation. Many people use its
# backward pass every day and have never written it.

# %%
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from senet_np import ops
from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, style
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
# A convolution looks for one small pattern at every place of an image. The pattern is a **kernel** w, a small
# array of weights. It slides over the image x. At each place it multiplies the numbers that it covers by its
# weights, adds the products, and adds a bias. Two settings:
#
# - **padding** (`pad` in the code): how many rows and columns of zeros are put around the image first;
# - **stride**: how many pixels the kernel moves from one place to the next.
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
# Six letters, six loops. Our x is a crop of a photo, 6×7 pixels: the left edge of a white collar. Our w holds
# two kernels. The first takes the mean of its window. The second compares the window's right column with its
# left column.

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
# **Predict:** What is the shape of y for stride 1 without padding? And at which position is the output of the second
# kernel largest?

# %% tags=["hide-output"]
y = conv_loops(x, w, b)
print("shape:", y.shape)
print("first kernel:\n", y[..., 0], "\nsecond kernel:\n", y[..., 1], sep="")

# %% [markdown]
# <details><summary>Answer</summary>
#
# (4, 5, 2). A window of 3 rows fits at 4 places in 6 rows, a window of 3 columns at 5 places in 7 columns, and
# there are two kernels. The second kernel measures "brighter to the right". Its largest number stands at row 3,
# column 2: that window has the dark cloth in its left column and the collar in its right column.
#
# </details>
#
# A word on the name. In mathematics a convolution turns the kernel by 180° before it slides. Along one axis:
#
# $$
# \sum_p x[i-p]\,w[p]
# $$
#
# Ours does not turn it. Strictly speaking it is a *cross-correlation*, but all deep-learning libraries call it
# a convolution. We meet the turn again in section 7.
#
# ## 2. How large is the output?
#
# Take one axis: `length` pixels, `pad` zeros at each end, and a window of `size` pixels. Window i covers the
# places from i·stride to i·stride + size − 1. It fits if its last place exists:
#
# $$
# i\cdot\text{stride} + \text{size} - 1 \le \text{length} + 2\,\text{pad} - 1
# \quad\Longleftrightarrow\quad i \le \frac{\text{length} + 2\,\text{pad} - \text{size}}{\text{stride}}
# $$
#
# The largest possible i is the fraction on the right, rounded down. Since i starts at 0, there is one more window
# than this number. In Python, `//` divides and rounds down:


# %%
def output_size(length, size, stride, pad):
    return (length + 2 * pad - size) // stride + 1


for length, size, stride, pad in np.ndindex(12, 5, 4, 3):
    length, size, stride = length + 5, size + 1, stride + 1  # none of them is 0
    fits = [i for i in range(40) if i * stride + size <= length + 2 * pad]  # try them all
    assert len(fits) == output_size(length, size, stride, pad)

# %% [markdown]
# **Predict:** A line has 8 pixels and the window has 3. How many windows are there with stride 1 and no
# padding, with stride 1 and padding 1, with stride 2 and no padding, with stride 2 and padding 1? In one of the
# four cases a pixel is in no window: which pixel?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    heights = {"height_ratios": (5.7, 3.7)}
    figure, axes = plt.subplots(2, 2, figsize=(10, 4.8), layout="constrained", gridspec_kw=heights)
    for ax, (stride, pad) in zip(axes.ravel(), ((1, 0), (1, 1), (2, 0), (2, 1)), strict=True):
        count = output_size(8, 3, stride, pad)
        for place in range(-pad, 8 + pad):
            words, line = (place, "-") if 0 <= place < 8 else ("", ":")
            ax.text(place, 0, words, ha="center", va="center", fontsize=12)
            ax.add_patch(plt.Rectangle((place - 0.5, -0.5), 1, 1, fill=False, edgecolor=GRAY, ls=line))
        for i in range(count):
            left = i * stride - pad - 0.4
            ax.plot([left, left + 2.8], [1 + 0.5 * i] * 2, color=BLUE, linewidth=3)
        ax.set(xlim=(-1.7, 8.7), ylim=(-0.7, 5 if stride == 1 else 3))
        ax.set_title(f"stride {stride}, padding {pad}: {count} windows")
        ax.axis("off")
    figure.suptitle("Windows of 3 (blue) on a line of 8 pixels (dotted: padding)", x=0.01, ha="left")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# 6, 8, 3 and 4. With stride 2 and no padding, pixel 7 is in no window: the next window would need a pixel 8.
# Pixel 7 does not affect the output, so its gradient will be 0. A window of 3 with padding 1 and stride 1 keeps
# the size; that is the default of this package.
#
# </details>
#
# Now the second kernel on the whole photo, 150×128 pixels, with padding 1.
#
# **Predict:** How large is the output with strides 1, 2 and 4?

# %%
answers = {}
for stride in (1, 2, 4):
    y, _ = ops.conv2d_forward(photo[None], w, None, stride, 1)  # (1, Ho, Wo, 2): the library's
    answers[stride] = y[0, ..., 1]  # of the second kernel

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(1, 3, figsize=(10, 4), layout="constrained")
    for ax, (stride, answer) in zip(axes, answers.items(), strict=True):
        image = ax.imshow(answer, cmap="gray", vmin=-0.4, vmax=0.4)
        ax.set_title(f"stride {stride}: {answer.shape[0]}×{answer.shape[1]}")
    figure.colorbar(image, label="white: brighter to the right\nblack: brighter to the left")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# 150×128, 75×64 and 38×32. A stride of 2 leaves about one output in 4, a stride of 4 about one in 16.
#
# </details>
#
# See it move: `python -m senet_np explorer bundled` writes explorer.html. U is what the convolutions of a trained
# net return there (after a ReLU).
#
# ## 3. Windows as rows
#
# Six loops are slow in Python. Look at the three inner loops: they multiply a window by a kernel and add. That
# is a dot product of two lists of kh·kw·Cin numbers. So we write each window as a *row* of a matrix, and each
# kernel as a *column* of another matrix. Then one matrix product computes all the dot products.
#
# First the windows. To see every number, we take an image of 4×4 with the numbers 0 to 15, one channel, and a
# window of 2×2.
#
# **Predict:** What stands in row 4 of the matrix? (The first row is row 0.) And how often does the number 5
# occur in the matrix?

# %% tags=["hide-output"]
x_small = np.arange(16.0).reshape(1, 4, 4, 1)  # (N, H, W, C)
windows = sliding_window_view(x_small, (2, 2), axis=(1, 2))  # (N, Ho, Wo, C, kh, kw)
cols_small = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 4)  # rows (n, i, j), columns (p, q, c)
print("x:\n", x_small[0, :, :, 0], "\nwindows: ", windows.shape, "\nmatrix:\n", cols_small, sep="")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Row 4 is the window in the middle: 5, 6, 9, 10. The number 5 occurs four times, since four windows cover it.
#
# </details>
#
# `sliding_window_view` copies nothing: it only reads the same memory in another order. The `reshape` after it
# has to copy, because the 5 stands once in memory and four times in the matrix. A stride means: take only every
# stride-th window. The whole function is known as **im2col**, "image to columns", although we write rows.


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
# Now the kernels. `w.reshape(-1, c_out)` has one column per kernel, and kh·kw·Cin rows in the order (p, q, c).
# The columns of `cols` stand in the same order. **The two orders must agree.** If they do not, all shapes fit
# and all numbers are wrong.
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
# We compare it with our six loops, with the library, and with the library's own loops
# (`senet_np/ops/reference/`):

# %%
for stride, pad in ((1, 0), (1, 1), (2, 1), (3, 2)):
    ours, _ = conv2d_forward(x[None], w, b, stride, pad)
    assert np.allclose(ours[0], conv_loops(x, w, b, stride, pad))
    assert np.allclose(ours, ops.conv2d_forward(x[None], w, b, stride, pad)[0])
    assert np.allclose(ours, reference.conv2d_forward(x[None], w, b, stride, pad)[0])
    print(f"stride {stride}, padding {pad}: y {ours.shape}, all four agree")

# %% [markdown]
# **What it costs.** Each of the N·Ho·Wo·Cout outputs takes kh·kw·Cin multiplications. The tiny net of this
# course has three convolutions of 3×3. From stage to stage the image gets half as high and half as wide. The
# channels go from 3 to 32, then to 64, then to 128. The first convolution sees 32×32 positions.
#
# **Predict:** Which of the three convolutions costs most? What share of the net's multiplications do the three
# take together?

# %% tags=["hide-output"]
total = sum(row.multiply_adds for row in describe(tiny()))  # the library's count, for one image
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
# <details><summary>Answer</summary>
#
# Stages 2 and 3 cost the same, 45 % each. There are a quarter of the positions (half the height, half the
# width) and four times as many products at each (twice the channels in, twice the channels out). Stage 1 is
# cheap, because an image has only 3 channels. The three together are 99 % of the net.
#
# </details>
#
# The price of im2col is memory: `cols` holds each number up to kh·kw times. Here is what stage 2 gets for 128
# images:

# %%
big = rng.standard_normal((128, 16, 16, 32)).astype(np.float32)
print(f"x {big.nbytes / 1e6:.1f} MB, cols {im2col(big, 3, 3, 1, 1).nbytes / 1e6:.1f} MB")

# %% [markdown]
# Notebook 12 shows how to compute the product with less memory.
#
# ## 5. Backward, step by step
#
# We write dy for ∂L/∂y, as in notebook 2. The layers after this one give it to us. We need db, dw and dx. We
# walk through the forward pass from its last step to its first: the bias, the product, im2col.
#
# We take three images of 5×7 pixels, so that height and width differ, and a random dy.

# %%
x = rng.standard_normal((3, 5, 7, 2))  # (N, H, W, Cin)
w, b = rng.standard_normal((3, 3, 2, 4)), rng.standard_normal(4)
stride, pad = 2, 1
y, (cols, *_) = conv2d_forward(x, w, b, stride, pad)
dy = rng.standard_normal(y.shape)
dy_rows = dy.reshape(-1, 4)  # (N·Ho·Wo, Cout): as Y before its reshape
print("y", y.shape, "  cols", cols.shape, "  dy_rows", dy_rows.shape)

# %% [markdown]
# The product and the bias are `x @ w + b`, as in notebook 2, with `cols` in place of x. So we know the three
# gradients. They are written out here once more, with the reason for each sum.
#
# **db.** The bias b[o] is added at all positions of all images, each time with slope 1. A number that is used
# many times gets the sum of the gradients from all its uses:
#
# $$
# \mathrm{d}b[o] = \sum_{n,i,j} \mathrm{d}y[n,i,j,o]
# $$
#
# **dw.** The weight w[p,q,c,o] is used at all positions of all images as well. At each it multiplies one number
# of x, and this number is its slope there:
#
# $$
# \mathrm{d}w[p,q,c,o] = \sum_{n,i,j} X_{\text{cols}}[(n,i,j),(p,q,c)]\;\mathrm{d}y[n,i,j,o]
# \qquad\text{that is}\qquad \mathrm{d}W = X_{\text{cols}}^\top\,\mathrm{d}Y
# $$
#
# **dcols.** An entry of `cols` stands in one row, (n, i, j). There it is multiplied by the weights of all
# kernels o:
#
# $$
# \mathrm{d}X_{\text{cols}}[(n,i,j),(p,q,c)] = \sum_o \mathrm{d}y[n,i,j,o]\;w[p,q,c,o]
# \qquad\text{that is}\qquad \mathrm{d}X_{\text{cols}} = \mathrm{d}Y\,W^\top
# $$
#
# **Predict:** What are the shapes of db, dw and dcols?

# %% tags=["hide-output"]
db = dy_rows.sum(axis=0)
dw = (cols.T @ dy_rows).reshape(w.shape)
dcols = dy_rows @ w.reshape(-1, 4).T
print("db", db.shape, "  dw", dw.shape, "  dcols", dcols.shape)
_, dw_library, db_library = ops.conv2d_backward(dy, ops.conv2d_forward(x, w, b, stride, pad)[1])
assert np.allclose(dw, dw_library)
assert np.allclose(db, db_library)

# %% [markdown]
# <details><summary>Answer</summary>
#
# (4,), (3, 3, 2, 4) and (36, 18). A gradient always has the shape of what it belongs to: b, w and cols.
#
# </details>
#
# **dx.** What is left is the backward pass of im2col. It did no arithmetic. It only *copied* each pixel into
# all rows whose window covers this pixel. If a pixel changes, all its copies change. So the gradient of the
# pixel is the sum of the gradients of its copies, as for u in notebook 5, which was used twice. In words for a program: begin
# with zeros, then for every entry of dcols
#
# $$
# \mathrm{d}x_{\text{pad}}[\,n,\;i\cdot\text{stride}+p,\;j\cdot\text{stride}+q,\;c\,]
# \;\mathrel{+}=\;\mathrm{d}X_{\text{cols}}[(n,i,j),(p,q,c)]
# $$
#
# This is known as **col2im**. The code needs only two short loops, over the kh·kw places (p, q) of the window.
# For one such place, the pixels of all windows are one slice of dx_pad with a step.


# %%
def col2im(dcols, x_shape, kh, kw, stride, pad):
    """dx of x's shape: every entry of dcols is added where im2col copied it from."""
    n, height, width, c = x_shape
    h_out, w_out = output_size(height, kh, stride, pad), output_size(width, kw, stride, pad)
    windows = dcols.reshape(n, h_out, w_out, kh, kw, c)
    dx_pad = np.zeros((n, height + 2 * pad, width + 2 * pad, c), dcols.dtype)
    for p in range(kh):
        rows = slice(p, p + stride * h_out, stride)  # the h_out rows at place p of their window
        for q in range(kw):
            dx_pad[:, rows, q : q + stride * w_out : stride] += windows[:, :, :, p, q]
    return dx_pad[:, pad : pad + height, pad : pad + width]  # the gradient of the padding is not needed


# %% [markdown]
# Take again the 4×4 image and the window of 2×2.
#
# **Predict:** What does col2im return if dcols is all ones?

# %% tags=["hide-output"]
print(col2im(np.ones((9, 4)), (1, 4, 4, 1), 2, 2, 1, 0)[0, :, :, 0])

# %% [markdown]
# <details><summary>Answer</summary>
#
# It counts the windows that cover each pixel: 1 for a corner, 2 for the other pixels of the border, 4 inside.
#
# </details>
#
# Now we put the backward pass together. We compare it with the library and with the library's own loops, and we
# check it by finite differences (notebook 2).


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
library = ops.conv2d_backward(dy, ops.conv2d_forward(x, w, b, stride, pad)[1])
loops = reference.conv2d_backward(dy, reference.conv2d_forward(x, w, b, stride, pad)[1])
for name, one, two, three in zip(("dx", "dw", "db"), ours, library, loops, strict=True):
    assert np.allclose(one, two)
    assert np.allclose(one, three)
    print(f"{name} {one.shape}: equal to the library and to its loops")

# %%
shapes = {"x": (2, 5, 7, 3), "w": (3, 2, 3, 4), "b": (4,)}
unequal = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
for stride, pad in ((1, 0), (1, 1), (2, 1), (3, 2)):
    report = check_gradients(conv2d_forward, conv2d_backward, {**unequal, "stride": stride, "pad": pad})
    assert report
    errors = ", ".join(f"{argument.name} {argument.worst:.0e}" for argument in report.arguments)
    print(f"stride {stride}, padding {pad}: worst errors {errors}")

# %% [markdown]
# ## 6. A test in one line
#
# Finite differences are slow: they need two forward passes for each number. The adjoint test of notebook 3 needs
# one forward pass and one backward pass in all. Here we see why it works for a convolution.
#
# Without the bias, y is a **linear** function of x: if x doubles, y doubles, and the y of a sum of two images
# is the sum of their y. Every linear function is a matrix times a list of numbers. So there is a matrix M with
#
# $$
# y_m = \sum_t M_{mt}\,x_t
# $$
#
# where t counts all pixels of x, written as one long list, and m counts all outputs.
#
# **Predict:** How many rows and columns does M have for an image of 5×5, one kernel of 3×3, stride 1, no padding? How
# many of its entries are not 0?

# %% tags=["hide-output"]
w_one = np.arange(1.0, 10).reshape(3, 3, 1, 1)  # the weights 1 to 9
x_one = np.zeros((5, 5, 1))
single = np.eye(x_one.size).reshape(-1, *x_one.shape)  # images in which one pixel is 1 and all others are 0
matrix = conv2d_forward(single, w_one, None, 1, 0)[0].reshape(len(single), -1).T
print("M:", matrix.shape, "  entries that are not 0:", np.count_nonzero(matrix))

# %% [markdown]
# <details><summary>Answer</summary>
#
# 9 rows, one for each output, and 25 columns, one for each pixel. Each output sees 9 pixels, so 81 entries are
# not 0.
#
# </details>
#
# How did the cell build M? Column t of M is the y of an image in which pixel t is 1 and all others are 0. So we
# took one such image for each pixel, and wrote each y as a column.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
with style():
    figure, ax = plt.subplots(figsize=(10, 4), layout="constrained")
    image = ax.imshow(np.where(matrix == 0, np.nan, matrix), cmap="cividis")
    figure.colorbar(image, label="weight (1 to 9); empty: 0", shrink=0.7)
    ax.set_xticks(range(25), [f"{t // 5},{t % 5}" for t in range(25)], rotation=90)
    ax.set_yticks(range(9), [f"{m // 3},{m % 3}" for m in range(9)])
    ax.set(title="A convolution as a matrix: each row is the same kernel, moved",
           xlabel="pixel (row, column) of x", ylabel="output (i, j)")  # fmt: skip
plt.show()

# %% [markdown]
# A row shows what one output sees. A column shows which outputs one pixel touches.
#
# Now the gradient. Pixel t stands in the output $y_m$ with the factor $M_{mt}$. So
#
# $$
# \mathrm{d}x_t = \sum_m M_{mt}\,\mathrm{d}y_m \qquad\text{that is}\qquad \mathrm{d}x = M^\top\,\mathrm{d}y
# $$
#
# Forward, an output adds up its row of the table. Backward, a pixel adds up its column of the same table. That
# is what the transpose means: the same weights, read the other way. For functions of whole arrays people also
# say **adjoint**: the backward pass of a linear step is the adjoint of its forward pass.
#
# All products $\mathrm{d}y_m\,M_{mt}\,x_t$ can be added row by row or column by column. The sum is the same:
#
# $$
# \underbrace{\sum_m \mathrm{d}y_m \sum_t M_{mt}\,x_t}_{\textstyle\sum y\cdot\mathrm{d}y} \;=\;
# \underbrace{\sum_t x_t \sum_m M_{mt}\,\mathrm{d}y_m}_{\textstyle\sum x\cdot\mathrm{d}x}
# $$
#
# This is the **adjoint test**: for *any* x and any dy, the sum of y·dy equals the sum of x·dx. It needs no
# matrix, and it works at full size. For a fixed x, y is a linear function of w as well. So the sum of w·dw must
# be the same number.

# %%
wide, kernels = rng.standard_normal((2, 150, 128, 3)), rng.standard_normal((5, 5, 3, 8))
for stride, pad in ((1, 2), (3, 1)):
    y, cache = conv2d_forward(wide, kernels, None, stride, pad)
    dy = rng.standard_normal(y.shape)
    dx, dw, _ = conv2d_backward(dy, cache)
    sums = [(y * dy).sum(), (wide * dx).sum(), (kernels * dw).sum()]
    print("Σ y·dy = {:.9f}   Σ x·dx = {:.9f}   Σ w·dw = {:.9f}".format(*sums))
    assert np.allclose(sums, sums[0], rtol=1e-9)

# %% [markdown]
# The test has limits. It says that something is wrong, but not where. It does not work for every step: for a
# sigmoid the two sums differ, although the gradient is right. (For a ReLU they agree: each number is multiplied
# by 1 or by 0, forward and backward.) And the test compares backward with forward only: if both compute
# something that you did not mean, they agree. Finite differences have this last limit too. That is why section
# 4 compared the forward pass with loops.
#
# ## 7. dx is a convolution, too
#
# Books often write dx in another way. We begin with numbers, on one axis: x has 5 pixels, w is (1, 2, 3),
# stride 1, no padding. There are three outputs:
#
# $$
# \begin{aligned}
# y[0] &= 1\,x[0] + 2\,x[1] + 3\,x[2]\\
# y[1] &= \phantom{1\,x[0] + {}} 1\,x[1] + 2\,x[2] + 3\,x[3]\\
# y[2] &= \phantom{1\,x[0] + 2\,x[1] + {}} 1\,x[2] + 2\,x[3] + 3\,x[4]
# \end{aligned}
# $$
#
# **Predict:** Let dy be (1, 10, 100). What is dx?

# %% tags=["hide-output"]
w_line, dy_line = np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 100.0])
dx_line = np.zeros(5)
for i in range(3):
    dx_line[i : i + 3] += dy_line[i] * w_line  # col2im, on one axis
print("dx:", dx_line)

# %% [markdown]
# <details><summary>Answer</summary>
#
# (1, 12, 123, 230, 300). Read the columns of the three equations: x[2] stands in y[0] with the weight 3, in
# y[1] with 2 and in y[2] with 1, so dx[2] = 3·1 + 2·10 + 1·100 = 123.
#
# </details>
#
# Now slide a kernel of three weights over dy, with two zeros at each end: (0, 0, 1, 10, 100, 0, 0). This is a
# forward convolution, and it has five windows.
#
# **Predict:** With which order of the weights 1, 2 and 3 are its results the five numbers of dx?

# %% tags=["hide-output"]
dy_padded = np.pad(dy_line, 2)
for weights in ([1, 2, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]):
    print(weights, "→", np.array([dy_padded[t : t + 3] @ weights for t in range(5)]))

# %% [markdown]
# <details><summary>Answer</summary>
#
# With (3, 2, 1). The window in the middle is (1, 10, 100), and 3·1 + 2·10 + 1·100 = 123.
#
# </details>
#
# So with stride 1 and no padding, dx is a convolution of dy, with kh − 1 zeros at each end, and with the kernel
# **flipped**. In two dimensions both axes are flipped, which is a turn by 180°. With several channels, Cin and Cout of w
# also change places. (With another stride, zeros come between the numbers of dy, too.)
#
# Here is the same as a formula. The window of output i begins at pixel i. So pixel t stands at place t − i of this
# window, and its weight in y[i] is w[t − i]. The gradient of x[t] adds up all outputs that use x[t]:
#
# $$
# \mathrm{d}x[t] = \sum_i \mathrm{d}y[i]\;w[t-i]
# $$
#
# The sum goes over those i for which the kernel has a place t − i. Take t = 2 in the example. For i = 0, 1, 2 the
# weights are w[2], w[1], w[0]. So the index of dy goes up, and the index of w goes down. That is the flip. (It is
# also the convolution of mathematics, from section 1.)
#
# Two ways, one gradient. The convolution walks over dx and *collects from* dy. col2im walks over dy and *adds
# to* dx, and needs no flip: it puts each number back where it came from.
#
# ## 8. Inputs that hide mistakes
#
# How many windows see a pixel depends on the stride. Take an image of 8×9, a kernel of 3×3 and no padding.
#
# **Predict:** With strides 1, 2 and 3, in how many windows can a pixel stand? Is it the same number for all
# pixels?

# %%
counts = {}
for stride in (1, 2, 3):
    outputs = output_size(8, 3, stride, 0) * output_size(9, 3, stride, 0)
    counts[stride] = col2im(np.ones((outputs, 9)), (1, 8, 9, 1), 3, 3, stride, 0)[0, :, :, 0]

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.6), layout="constrained")
    for ax, (stride, count) in zip(axes, counts.items(), strict=True):
        image = ax.imshow(count, cmap="gray", vmin=0, vmax=9)
        for (row, column), number in np.ndenumerate(count):
            color = "black" if number > 4 else "white"
            ax.text(column, row, f"{number:.0f}", ha="center", va="center", color=color)
        ax.set(title=f"stride {stride}", xticks=[], yticks=[])
    figure.colorbar(image, label="windows that see the pixel\n(white: many)", shrink=0.8)
    figure.suptitle("Windows of 3×3 that see each pixel of an image of 8×9", x=0.01, ha="left")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Stride 1: 9 inside, fewer near the border. Stride 2: 1, 2 or 4, in a pattern, and 0 in the last row. Stride 3:
# 1, or 0 where no window fits; the windows lie side by side. dx at a pixel is a sum over just these windows, so
# the figure shows how many terms each sum has. With stride 2, the sum of one pixel has 4 terms and that of its
# neighbor has 2 or 1, only because of their positions. (The figure does not show how large the sums are.)
#
# </details>
#
# The most common mistake in col2im is `=` where `+=` belongs. It runs, and all shapes are right.


# %%
def overwriting_backward(dy, cache):
    """As conv2d_backward, with = in place of += in col2im."""
    _, w, (n, height, width, c), stride, pad, _ = cache
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
# **Predict:** A kernel of 3×3. Does a gradient check find this mistake with stride 1, with stride 2, with
# stride 3?

# %% tags=["hide-output"]
shapes = {"x": (2, 7, 8, 3), "w": (3, 3, 3, 4), "b": (4,)}
plain = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
for stride in (1, 2, 3):
    report = check_gradients(conv2d_forward, overwriting_backward, {**plain, "stride": stride, "pad": 0})
    error = report.arguments[0].worst
    print(f"stride {stride}:", "passes" if report else f"found, dx is off by {error:.0%} of its largest value")

# %% [markdown]
# <details><summary>Answer</summary>
#
# With strides 1 and 2 it is found. With stride 3 it passes: each pixel stands in one window at most, so `=` and
# `+=` do the same. The check is right: *on these inputs* the backward pass is correct. Suppose you write a
# convolution for patches of 2×2 with stride 2, test it, and later use it with 3×3 and stride 1. Then the
# gradient is wrong, although the code has passed its test.
#
# </details>
#
# The package puts mistakes like this one into its own backward passes, to test its tests. Here are five more
# for a convolution. `+` marks the wrong line, `-` the right one (in col2im written in one line). Two names need a
# sentence. *Kernel turned twice*: col2im needs no turn of the kernel by 180°, so a turn is one too many (section 7
# says why books have one). *dw read channel first*: its rows are taken in the order (c, p, q), not (p, q, c).
#
# ```diff
#   kernel turned twice
# - dcols = dy_rows @ w.reshape(-1, c_out).T
# + dcols = dy_rows @ w[::-1, ::-1].reshape(-1, c_out).T
#
#   db summed over the images alone
# - db = dy_rows.sum(axis=0)
# + db = dy.sum(axis=0)
#
#   dw read channel first
# - dw = (cols.T @ dy_rows).reshape(w.shape)
# + dw = (dy_rows.T @ cols).reshape(c_out, x_shape[3], kh, kw).transpose(2, 3, 1, 0)
#
#   padding cut off at one side (in col2im)
# - return dx_pad[:, pad : pad + height, pad : pad + width]
# + return dx_pad[:, :height, :width]
#
#   stride ignored in col2im
# - dx_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] += windows[:, :, :, p, q]
# + dx_pad[:, p : p + h_out, q : q + w_out] += windows[:, :, :, p, q]
# ```
#
# We check these five, and `=` in place of `+=`, with six kinds of inputs:
#
# | | kernel | stride | padding | special |
# |---|---|---|---|---|
# | A | 3×2 | 2 | 1 | |
# | B | 3×3 | 1 | 1 | |
# | C | 3×3 | 3 | 0 | |
# | D | 3×3 | 2 | 1 | a turn by 180° does not change the kernel |
# | E | 3×3 | 2 | 1 | one input channel |
# | F | 1×1 | 1 | 0 | |
#
# **Predict:** Which of A to F hide "kernel turned twice"? And which hide "dw read channel first"?

# %%
bugs = [bug for bug in BUGS if bug.op == "conv2d"]
wrong = {"= in place of +=": overwriting_backward, **{bug.title: bug.backward for bug in bugs}}
x, w = plain["x"], plain["w"]
inputs = {  # x, w, stride, pad
    "A": (x, w[:, :2], 2, 1),
    "B": (x, w, 1, 1),
    "C": (x, w, 3, 0),
    "D": (x, w + w[::-1, ::-1], 2, 1),
    "E": (x[..., :1], w[:, :, :1], 2, 1),
    "F": (x, w[:1, :1], 1, 0),
}


def worst_error(backward, x, w, stride, pad):
    args = {"x": x, "w": w, "b": plain["b"], "stride": stride, "pad": pad}
    return max(argument.worst for argument in check_gradients(conv2d_forward, backward, args).arguments)


table = np.array([[worst_error(backward, *some) for some in inputs.values()] for backward in wrong.values()])

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(10, 3.6), layout="constrained")
    axes.imshow(table > 1e-6, cmap="Oranges", vmax=2, aspect="auto")
    for (row, column), error in np.ndenumerate(table):
        words = "wrong shape" if np.isinf(error) else f"found: {error:.1g}" if error > 1e-6 else "passes"
        axes.text(column, row, words, ha="center", va="center", color=GRAY if words == "passes" else "black")
    axes.set_yticks(range(6), list(wrong))
    axes.set_xticks(range(6), list(inputs))
    axes.tick_params(length=0)
    axes.set_title("Worst error of any gradient, as a share of its largest value")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# "Kernel turned twice" is hidden by D, where a turned kernel is the same kernel, and by F, where there is
# nothing to turn. "dw read channel first" is hidden by E and F: with one channel, or with one place in the
# kernel, channel first and channel last are the same order.
#
# Now look at the columns. A finds all six mistakes, F only one. In A the windows overlap, the kernel is not
# square and has no symmetry, the stride is not 1, there is padding, and there are several channels in and out.
# Each of B to F is something that one tries first because it is simple, and each hides at least one mistake.
#
# </details>

# %%
assert (table[:, 0] > 1e-6).all()
assert ((table[:, 1:] < 1e-6).sum(axis=0) > 0).all()  # each of the others lets at least one pass

# %% [markdown]
# **Choose inputs in which nothing is equal by accident.**
#
# ## In five sentences
#
# 1. A convolution computes a dot product of a kernel and a window, for every window of the image; along an axis
#    there are (length + 2·padding − size) // stride + 1 windows.
# 2. im2col writes each window as a row of a matrix, so that the whole convolution is one matrix product plus a
#    bias; the price is memory, up to kh·kw times the image.
# 3. So dw and db are those of a matrix product plus a bias: each weight and each bias is used at all positions,
#    and its gradient is the sum over them.
# 4. im2col copies each pixel into several rows, so its backward pass, col2im, adds up the gradients of the
#    copies.
# 5. A gradient check finds a mistake only if its inputs do not hide it, so choose windows that overlap, a kernel
#    that is not square and has no symmetry, and several images and channels.
#
# ## Exercises
#
# Write your answer in place of `...` and run the cell: `check` says whether it is right.

# %% [markdown]
# ### Exercise 6.1 · Sizes on paper
#
# Which padding keeps the size of an image with a kernel of 5×5 and stride 1? Which with a kernel of 7×7?
#
# Then take a line of 32 pixels, numbered 0 to 31, a window of 3, stride 4 and no padding. How many windows are
# there? Which pixels are in no window? (A list of their numbers.)
#
# <details><summary>Hint</summary>
#
# The first two: length + 2·padding − size + 1 = length. For the list, write down the first and the last place of
# each window.
#
# </details>

# %%
padding_5 = ...
padding_7 = ...
windows = ...
never = ...

check("6.1", padding_5, padding_7, windows, never)

# %% [markdown]
# ### Exercise 6.2 · dw by a forward convolution
#
# The gradient dw is itself the result of a convolution: x is the image, and dy is the kernel. Compute it. One call
# of `conv2d_forward` and some transposes are enough; other ways are accepted as well. Stride 1, padding 1. Your
# function must return dw with the shape (kh, kw, Cin, Cout). The kernels may have any size, not only 3×3: kh and
# kw follow from the shapes of x and dy.
#
# <details><summary>Hint 1</summary>
#
# $\mathrm{d}w[p,q,c,o] = \sum_{n,i,j} x_{\text{pad}}[n,\,i+p,\,j+q,\,c]\;\mathrm{d}y[n,i,j,o]$. Compare with the
# forward pass: what is summed over there, and what is summed over here?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# i, j are now the places in the "kernel", n is the "channel of the input", and c counts the "images". An example
# in numbers: 2 images of 5×6 pixels with 7 channels, and 4 kernels of 3×3.
#
# | | its own shape | the call sees it as | shape in the call |
# |---|---|---|---|
# | x | (N, H, W, Cin) = (2, 5, 6, 7) | 7 images of 5×6 with 2 channels | (7, 5, 6, 2) |
# | dy | (N, Ho, Wo, Cout) = (2, 5, 6, 4) | 4 kernels of 5×6 with 2 channels | (5, 6, 2, 4) |
# | dw | (kh, kw, Cin, Cout) = (3, 3, 7, 4) | the output for 7 images, with 4 channels | (7, 3, 3, 4) |
#
# The 3 comes from section 2: with padding 1 there are 5 + 2 − 5 + 1 = 3 windows of 5 rows, and 6 + 2 − 6 + 1 = 3
# windows of 6 columns.
#
# </details>


# %%
def dw_by_convolution(x, dy):
    """dw (kh, kw, Cin, Cout) of images x (N, H, W, Cin), for stride 1 and padding 1."""
    ...


check("6.2", dw_by_convolution)

# %% [markdown]
# ### Exercise 6.3 · A backward pass from memory
#
# Somebody wrote the function below from memory. All shapes are right, but not all gradients.
#
# Which of dx, dw and db are wrong? (A list of names.) And what would hide it? Give an array `x_hiding` (N, H,
# W, Cin) with which a gradient check of this function passes, for any kernels of 3×3, stride 1 and no padding.
# The images must have at least 4×4 pixels. The array may hold 2,000 numbers at most.
#
# <details><summary>Hint 1</summary>
#
# One line is not as in section 5. Print what it makes of `dy = np.arange(8.0).reshape(2, 2, 2, 1)`, and what
# the right line makes of it.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Each row belongs to one output (n, i, j). For which lengths of these three axes is the order of the rows the
# same?
#
# </details>


# %%
def backward_from_memory(dy, cache):
    cols, w, x_shape, stride, pad, has_bias = cache
    kh, kw, _, c_out = w.shape
    dy_rows = dy.transpose(1, 2, 0, 3).reshape(-1, c_out)
    dw = (cols.T @ dy_rows).reshape(w.shape)
    db = dy_rows.sum(axis=0) if has_bias else None
    dcols = dy_rows @ w.reshape(-1, c_out).T
    return col2im(dcols, x_shape, kh, kw, stride, pad), dw, db


wrong_gradients = ...
x_hiding = ...

check("6.3", wrong_gradients, x_hiding)

# %% [markdown]
# ### Exercise 6.4 · How much of the image does one output see?
#
# If layers stand one after the other, one output of the last layer sees a large part of the image. Write
# `rows_seen(layers)`: how many rows of the image one output sees, far from the border. `layers` is a list of
# pairs (size, stride), the layer next to the image first; a pooling layer is such a pair, too.
#
# Target: 19 rows for `[(7, 2), (3, 2), (3, 1)]`. Many large nets begin like this: a convolution of 7×7 with stride
# 2, a pooling of 3×3 with stride 2, and a convolution of 3×3. Then try the tiny net,
# `[(3, 1), (2, 2), (3, 1), (2, 2), (3, 1)]`. Notebook 3 gave its number: 18 rows.
#
# <details><summary>Hint</summary>
#
# Start at the end: one output is one row. If the layers after a layer see n rows of its output, how many rows of
# its input do these n windows cover together? Draw n = 3 windows of size 3 with stride 2.
#
# </details>


# %%
def rows_seen(layers):
    """How many rows of the image one output of the last layer sees."""
    ...


check("6.4", rows_seen)

# %% [markdown]
# Solutions: [solutions/06_convolution.ipynb](solutions/06_convolution.ipynb), after you have tried.
#
# **Read next:** [senet_np/ops/conv.py](../senet_np/ops/conv.py), the same in the library, with its checks;
# [senet_np/ops/reference/images.py](../senet_np/ops/reference/images.py), the loops that everything is tested
# by; then assignment 3, where you write a convolution without help, and notebook 7, the other parts of a CNN.
