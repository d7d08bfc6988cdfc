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
# # Assignment 3: the convolution
#
# **What you build:** a convolution of any stride and padding, forward and backward, as one matrix product. Nearly all multiplications of a CNN
# are in convolutions, and most people have never written the backward pass of one.
#
# **The plan.** `im2col` writes every window of the image as a row of a matrix. Then the whole layer is one matrix product, and you know its
# backward pass from assignment 1. What remains is to add the rows of a gradient to the places from which they were copied.
#
# **Rules.** As in assignment 1: change no argument, dtype in is dtype out, keep nothing outside the cache. Use NumPy, and functions that you wrote yourself. Do not
# use `senet_np` but for `check_gradients`: a part that uses it gets no points, though the visible checks do not notice it.
# Arrays are (N, H, W, C), kernels (kh, kw, Cin, Cout). Loops over images, rows or columns of pixels are not needed: two short loops,
# over the kh × kw places of the kernel, do.
#
# **Time:** 3 hours. **Points:** 20, of which 11 are given by checks that you do not see. **You need** notebook 6. Letters: [symbols](../../docs/symbols.md).
#
# Write where it says `YOUR CODE HERE`, and delete the line below it.

# %%
import numpy as np

from senet_np.grading import conv as checks

# %% [markdown]
# ## 1. How many windows fit? (2 points)
#
# A line of `length` pixels gets `pad` zeros at each end. A window of `k` pixels starts at the left end and moves by `stride` pixels as long as it fits.
#
# **On paper first:** draw length 6, k = 3, stride 2, pad 0 on squared paper. Which pixel does no window touch?

# %% nbgrader={"grade": false, "grade_id": "size", "locked": false, "schema_version": 3, "solution": true, "task": false}
def output_size(length, k, stride, pad):
    """How many windows there are, a whole number."""
    ### BEGIN SOLUTION
    return (length + 2 * pad - k) // stride + 1
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "size-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_size(output_size)

# %% nbgrader={"grade": true, "grade_id": "size-hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_size(output_size)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Windows as rows (4 points)
#
# $$\text{cols}[(n,i,j),\,(p,q,c)] = x_{\text{pad}}[n,\; i\cdot\text{stride}+p,\; j\cdot\text{stride}+q,\; c]$$
#
# A row is an output position, a column one of the kh·kw·C numbers that it sees. For a fixed place $(p, q)$ of the window, all positions together
# are one slice of `x_pad` with a step: so the body of your two loops is one such slice.

# %% nbgrader={"grade": false, "grade_id": "columns", "locked": false, "schema_version": 3, "solution": true, "task": false}
def im2col(x, kh, kw, stride, pad):
    """cols (N·Ho·Wo, kh·kw·C) of x (N, H, W, C), in x's dtype."""
    ### BEGIN SOLUTION
    n, height, width, c = x.shape
    h_out, w_out = output_size(height, kh, stride, pad), output_size(width, kw, stride, pad)
    x_pad = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    cols = np.empty((n, h_out, w_out, kh, kw, c), x.dtype)
    for p in range(kh):
        for q in range(kw):
            cols[:, :, :, p, q] = x_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride]
    return cols.reshape(n * h_out * w_out, kh * kw * c)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "columns-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_columns(im2col)

# %% nbgrader={"grade": true, "grade_id": "columns-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_columns(im2col)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Forward (4 points)
#
# $$y[n,i,j,o] = b[o] + \sum_{p,q,c} x_{\text{pad}}[n,\, i\cdot\text{stride}+p,\, j\cdot\text{stride}+q,\, c]\; w[p,q,c,o]$$
#
# Which matrix do you multiply `cols` with? `b` may be `None`. Write the backward pass in the same cell; it belongs to parts 4 and 5, so for now it
# may return zeros.
#
# ## 4. Backward: dw and db (4 points)
#
# **On paper first:** with $Y = X_{\text{cols}} W + b$ this is the fully connected layer of assignment 1. What is summed over for $\mathrm{d}b$?
#
# ## 5. Backward: dx (6 points)
#
# First $\mathrm{d}X_{\text{cols}} = \mathrm{d}Y\,W^\top$. Then: `im2col` *copied* each pixel into up to kh·kw rows. A number that was copied gets the *sum* of its copies'
# gradients. So walk over the same slices as in part 2, and add. At the end cut the padding off.
#
# **Think:** why `+=`? For which kernels and strides would `dx[slice] = ...` be right as well? What is the gradient of a pixel that no window touched?

# %% nbgrader={"grade": false, "grade_id": "convolution", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conv2d_forward(x, w, b, stride=1, pad=1):
    """y (N, Ho, Wo, Cout), cache."""
    ### BEGIN SOLUTION
    kh, kw, _, c_out = w.shape
    n, height, width, _ = x.shape
    cols = im2col(x, kh, kw, stride, pad)
    y = cols @ w.reshape(-1, c_out)
    if b is not None:
        y = y + b
    y = y.reshape(n, output_size(height, kh, stride, pad), output_size(width, kw, stride, pad), c_out)
    return y, (cols, w, x.shape, stride, pad, b is not None)
    ### END SOLUTION


def conv2d_backward(dy, cache):
    """dx of x's shape, dw of w's shape, db (Cout,) or None where b was None."""
    ### BEGIN SOLUTION
    cols, w, (n, height, width, c), stride, pad, has_bias = cache
    kh, kw, _, c_out = w.shape
    _, h_out, w_out, _ = dy.shape
    dy_rows = dy.reshape(-1, c_out)
    dw = (cols.T @ dy_rows).reshape(w.shape)
    db = dy_rows.sum(axis=0) if has_bias else None
    windows = (dy_rows @ w.reshape(-1, c_out).T).reshape(n, h_out, w_out, kh, kw, c)
    dx_pad = np.zeros((n, height + 2 * pad, width + 2 * pad, c), dy.dtype)
    for p in range(kh):
        for q in range(kw):
            dx_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] += windows[:, :, :, p, q]
    return dx_pad[:, pad : pad + height, pad : pad + width], dw, db
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "forward-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_forward(conv2d_forward)

# %% nbgrader={"grade": true, "grade_id": "forward-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_forward(conv2d_forward)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "dw-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_dw(conv2d_forward, conv2d_backward)

# %% nbgrader={"grade": true, "grade_id": "dw-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_dw(conv2d_forward, conv2d_backward)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "dx-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_dx(conv2d_forward, conv2d_backward)

# %% nbgrader={"grade": true, "grade_id": "dx-stride-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_dx(conv2d_forward, conv2d_backward)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "care-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_care(conv2d_forward, conv2d_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## Before you hand it in
#
# Restart the kernel and run all cells from the top. How much memory do your `cols` need for 128 images of 32×32×64?
#
# **Alone, without a teacher?** Put these two lines into a new cell. They run the hidden checks too and say where points are lost:
#
#     from senet_np.grading.marks import show_points
#     show_points(checks.TABLE, globals())
#
# Answers to the questions on paper: [solutions/assignments.ipynb](../solutions/assignments.ipynb).
#
# **After you have handed it in:** read `senet_np/ops/conv.py`, and compare. `senet_np/fast/columns.py` is about the memory that `cols` needs.
#
# **Next:** notebook 7, the other parts of a CNN.
