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
# # Assignment 1: five operations, forward and backward
#
# **What you build:** ReLU, sigmoid, a fully connected layer, global average pooling and channel scaling: all that an SE block
# is made of. Each is a pair of functions:
#
#     y, cache = op_forward(inputs...)
#     dinputs... = op_backward(dy, cache)
#
# `dy` is $\partial L/\partial y$, the gradient that arrives from the layers after the op; `dx` is $\partial L/\partial x$, of the shape of `x`.
# You choose what the cache holds: what the backward pass needs, and nothing else.
#
# **Rules.** The checks test them. Change no argument: not `x`, not `dy`. The result has the dtype of the input, float32 or float64.
# Keep nothing outside the cache: a second forward pass may run before the first backward pass. Arrays are (N, H, W, C) with the channel last, or (N, D).
# Use NumPy, and functions that you wrote yourself. Do not use `senet_np`: it contains what you are to write, and a part that uses it gets no points. (The visible
# checks do not notice it.) The one exception is `check_gradients`, for testing.
#
# **Time:** 2 hours. **Points:** 20. In each part two points are given by checks that you see, and two by checks that you do not see. Hidden checks test
# the rules above, other shapes and extreme inputs. **You need** notebooks 2 and 3, and NumPy. Letters: [symbols](../../docs/symbols.md).
#
# Write where it says `YOUR CODE HERE`, and delete the line below it.

# %%
import numpy as np

from senet_np.grading import ops as checks

# %% [markdown]
# ## 1. ReLU (4 points)
#
# $$y = \max(x, 0) \qquad \mathrm{d}x = \mathrm{d}y \cdot [x > 0]$$
#
# At 0 itself the slope is not defined; we take 0.

# %% nbgrader={"grade": false, "grade_id": "relu", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relu_forward(x):
    """y = max(x, 0), elementwise; returns y, cache."""
    ### BEGIN SOLUTION
    return np.maximum(x, 0), x > 0
    ### END SOLUTION


def relu_backward(dy, cache):
    """Returns dx, of the shape and dtype of x."""
    ### BEGIN SOLUTION
    return dy * cache
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "relu-forward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_relu_forward(relu_forward)

# %% nbgrader={"grade": true, "grade_id": "relu-backward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_relu_backward(relu_forward, relu_backward)

# %% nbgrader={"grade": true, "grade_id": "relu-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_relu(relu_forward, relu_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Sigmoid (4 points)
#
# $$y = \sigma(x) = \frac{1}{1 + \exp(-x)}$$
#
# **On paper first:** show that $\sigma'(x) = y\,(1 - y)$. How large is it at $x = 0$, and where $|x|$ is large? (This is the gate of an
# SE block: where the gate is almost 0 or 1, almost no gradient passes.)
#
# `np.exp(1000)` overflows. Write the function so that it works for inputs of any size: $\sigma(-1000)$ is 0, $\sigma(1000)$ is 1.

# %% nbgrader={"grade": false, "grade_id": "sigmoid", "locked": false, "schema_version": 3, "solution": true, "task": false}
def sigmoid_forward(x):
    """y = 1 / (1 + exp(-x)), elementwise, without overflow; returns y, cache."""
    ### BEGIN SOLUTION
    power = np.exp(-np.abs(x))  # at most 1
    y = np.where(x >= 0, 1, power) / (1 + power)
    return y.astype(x.dtype), y.astype(x.dtype)
    ### END SOLUTION


def sigmoid_backward(dy, cache):
    """Returns dx."""
    ### BEGIN SOLUTION
    y = cache
    return dy * y * (1 - y)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "sigmoid-forward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_sigmoid_forward(sigmoid_forward)

# %% nbgrader={"grade": true, "grade_id": "sigmoid-backward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_sigmoid_backward(sigmoid_forward, sigmoid_backward)

# %% nbgrader={"grade": true, "grade_id": "sigmoid-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_sigmoid(sigmoid_forward, sigmoid_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. A fully connected layer (4 points)
#
# Samples are rows: `x` is (N, D), `w` is (D, M), `b` is (M,).
#
# $$y_{nm} = \sum_d x_{nd}\,w_{dm} + b_m$$
#
# **On paper first:** write $\partial L/\partial w_{dm}$ as a sum over all outputs that $w_{dm}$ enters. Over which index is the sum? Which product of
# two matrices is that, and which of them is transposed? The same for $x_{nd}$ and $b_m$. Then compare the shapes: `dw` must be (D, M).

# %% nbgrader={"grade": false, "grade_id": "linear", "locked": false, "schema_version": 3, "solution": true, "task": false}
def linear_forward(x, w, b):
    """y = x w + b; returns y (N, M), cache."""
    ### BEGIN SOLUTION
    return x @ w + b, (x, w)
    ### END SOLUTION


def linear_backward(dy, cache):
    """Returns dx (N, D), dw (D, M), db (M,)."""
    ### BEGIN SOLUTION
    x, w = cache
    return dy @ w.T, x.T @ dy, dy.sum(axis=0)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "linear-forward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_linear_forward(linear_forward)

# %% nbgrader={"grade": true, "grade_id": "linear-backward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_linear_backward(linear_forward, linear_backward)

# %% nbgrader={"grade": true, "grade_id": "linear-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_linear(linear_forward, linear_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Global average pooling: the squeeze (4 points)
#
# One number per channel and image (the paper's Eq. 2):
#
# $$z_{nc} = \frac{1}{H W} \sum_{i,j} x_{nijc}$$
#
# In the backward pass every position gets the same share of $\mathrm{d}z_{nc}$. How large is it? Images need not be square.

# %% nbgrader={"grade": false, "grade_id": "pool", "locked": false, "schema_version": 3, "solution": true, "task": false}
def global_avg_pool_forward(x):
    """z (N, C), the mean of each channel over H and W of x (N, H, W, C); returns z, cache."""
    ### BEGIN SOLUTION
    return x.mean(axis=(1, 2)), x.shape
    ### END SOLUTION


def global_avg_pool_backward(dz, cache):
    """Returns dx (N, H, W, C)."""
    ### BEGIN SOLUTION
    n, height, width, channels = cache
    share = dz / (height * width)
    return np.broadcast_to(share[:, None, None, :], cache).copy()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "pool-forward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_pool_forward(global_avg_pool_forward)

# %% nbgrader={"grade": true, "grade_id": "pool-backward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_pool_backward(global_avg_pool_forward, global_avg_pool_backward)

# %% nbgrader={"grade": true, "grade_id": "pool-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_pool(global_avg_pool_forward, global_avg_pool_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Channel scaling (4 points)
#
# Each channel of each image is multiplied by its gate (the paper's Eq. 4):
#
# $$y_{nijc} = s_{nc}\, u_{nijc}$$
#
# The gradient of one factor of a product is the other factor times the upstream gradient. But one gate multiplies *all* positions of its channel.
# What follows for `ds`?

# %% nbgrader={"grade": false, "grade_id": "scale", "locked": false, "schema_version": 3, "solution": true, "task": false}
def channel_scale_forward(u, s):
    """y = s u, with u (N, H, W, C) and s (N, C); returns y, cache."""
    ### BEGIN SOLUTION
    return u * s[:, None, None, :], (u, s)
    ### END SOLUTION


def channel_scale_backward(dy, cache):
    """Returns du (N, H, W, C), ds (N, C)."""
    ### BEGIN SOLUTION
    u, s = cache
    return dy * s[:, None, None, :], (dy * u).sum(axis=(1, 2))
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "scale-forward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_scale_forward(channel_scale_forward)

# %% nbgrader={"grade": true, "grade_id": "scale-backward-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_scale_backward(channel_scale_forward, channel_scale_backward)

# %% nbgrader={"grade": true, "grade_id": "scale-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_scale(channel_scale_forward, channel_scale_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## Before you hand it in
#
# Restart the kernel and run all cells from the top. Every visible check should print a line.
#
# **Alone, without a teacher?** Put these two lines into a new cell. They run the hidden checks too and say where points are lost:
#
#     from senet_np.grading.marks import show_points
#     show_points(checks.TABLE, globals())
#
# Answers to the questions on paper: [solutions/assignments.ipynb](../solutions/assignments.ipynb).
#
# **After you have handed it in:** read `activations.py`, `linear.py`, `pooling.py` and `scale.py` in `senet_np/ops/`, and compare: what does the library keep
# in its caches that you do not, or the other way round?
#
# **Next:** notebook 4, the excitation; after notebook 5, assignment 2.
