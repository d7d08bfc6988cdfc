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
# # Assignment 2: an SE block of your own
#
# **What you build:** an SE block that no notebook shows, forward and backward, and the count of what it costs. Two steps differ from the block of notebook 5:
# the squeeze is the **maximum** of each map, and the gate is the **hard sigmoid** of MobileNetV3, three straight lines.
#
#       U ───────────────────────────────────────────┐
#       │ squeeze   z_c = largest value of u_c       │
#       z                                            │
#       │ excite    s = g(ReLU(z W₁ + b₁) W₂ + b₂)   │
#       s ───────────────────────────────────────────┴── scale   x̃_c = s_c · u_c ──▶ X̃
#
# **Rules.** Change no argument. The result has the dtype of the input, float32 or float64 (NumPy makes float64 where float32 meets an array of float64 or of whole
# numbers; `array.astype(u.dtype)` converts). Keep nothing outside the cache: a second forward pass may run before the first
# backward pass. Samples are rows: `w1` is (C, C/r), `w2` is (C/r, C). Use NumPy, and functions that you wrote yourself. Do not use `senet_np`: it contains
# what you are to write, and a part that uses it gets no points. (The visible checks do not notice it.) The one exception is `check_gradients`, for testing. Look at [senet_np/se.py](../../senet_np/se.py) when you are done.
#
# **You need** notebooks 3 to 5; assignment 1 is a good warm-up, but not needed. **Time:** 3 hours. **Points:** 20, of which 10 are given by checks that you do not see. Letters: [symbols](../../docs/symbols.md).
#
# Write where it says `YOUR CODE HERE`, and delete the line below it.

# %%
import numpy as np

from senet_np.grading import se as checks

# %% [markdown]
# ## 1. How many hidden units? (2 points)
#
# The first fully connected layer reduces C numbers to C/r, rounded down. With one hidden unit all gates would rise and fall together, so never take fewer than 2.

# %% nbgrader={"grade": false, "grade_id": "width", "locked": false, "schema_version": 3, "solution": true, "task": false}
def hidden_units(channels, r):
    """How many hidden units a block of `channels` channels has, a whole number."""
    ### BEGIN SOLUTION
    return max(2, channels // r)
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "width-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_width(hidden_units)

# %% nbgrader={"grade": true, "grade_id": "width-hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_width(hidden_units)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. What does it cost? (2 points)
#
# Count the numbers that the blocks of a network add: both matrices of each block and, if `bias`, both bias vectors.
#
# **On paper first:** without biases, and where r divides C, show that a block adds $2C^2/r$. That is one block's part of the paper's Eq. 5. In which stage of a network do nearly
# all of the added parameters lie, and why?

# %% nbgrader={"grade": false, "grade_id": "cost", "locked": false, "schema_version": 3, "solution": true, "task": false}
def added_parameters(channels, r, bias=True):
    """How many parameters SE adds; `channels` lists C of each block."""
    ### BEGIN SOLUTION
    total = 0
    for c in channels:
        units = hidden_units(c, r)
        total += 2 * c * units + (c + units if bias else 0)
    return total
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "cost-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_cost(added_parameters)

# %% nbgrader={"grade": true, "grade_id": "cost-hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_cost(added_parameters)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. The gate (3 points)
#
# $$g(e) = \min\big(1, \max(0, \tfrac{e}{6} + \tfrac12)\big)$$
#
# It needs no exponential, so it is cheap on phones. **On paper first:** draw it. Where are its two corners? What is its slope left of them, between them, right of them? At a corner there is
# no slope: take 0. What happens to the learning of a gate that has reached 1?

# %% nbgrader={"grade": false, "grade_id": "gate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gate_forward(e):
    """s = min(1, max(0, e/6 + 1/2)), elementwise; returns s, cache."""
    ### BEGIN SOLUTION
    return np.clip(e / 6 + e.dtype.type(0.5), 0, 1), e
    ### END SOLUTION


def gate_backward(ds, cache):
    """Returns de."""
    ### BEGIN SOLUTION
    e = cache
    return ds * (np.abs(e) < 3) / 6
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "gate-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_gate(gate_forward, gate_backward)

# %% nbgrader={"grade": true, "grade_id": "gate-hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_gate(gate_forward, gate_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## 4. The block, forward (4 points)
#
# $$z_c = \max_{i,j} u_c(i,j) \qquad s = g(\mathrm{ReLU}(z W_1 + b_1)\, W_2 + b_2) \qquad \tilde x_c = s_c\,u_c$$
#
# A bias may be `None`. Write the backward pass in the same cell. It belongs to part 5. Until then its checks say that it is not written yet.
#
# ## 5. The block, backward (9 points)
#
# Read the forward pass from its last line to its first. Fill this table on paper: what each line receives, and what it returns.
#
# | line | gradient |
# |---|---|
# | x̃ = s·u | du_scale = ?, ds_c = a sum over ? |
# | s = g(e) | de = ? |
# | e = h W₂ + b₂ | dh, dw2, db2 (notebook 4) |
# | h = ReLU(a) | da = ? |
# | a = z W₁ + b₁ | dz, dw1, db1 |
# | z_c = largest value of u_c | du_squeeze = ? Which positions get something, and how much? |
#
# After a ReLU a whole map may be 0. Then all its positions share the maximum. You may choose how they share `dz`, but their shares must add up to one.
#
# **Then look at the drawing above:** how many lines leave U? How many gradients arrive there?

# %% nbgrader={"grade": false, "grade_id": "block", "locked": false, "schema_version": 3, "solution": true, "task": false}
def block_forward(u, w1, b1, w2, b2):
    """x_scaled (N, H, W, C), cache."""
    ### BEGIN SOLUTION
    z = u.max(axis=(1, 2))
    a = z @ w1 if b1 is None else z @ w1 + b1
    h = np.maximum(a, 0)
    e = h @ w2 if b2 is None else h @ w2 + b2
    s, gate_cache = gate_forward(e)
    return u * s[:, None, None, :], (u, w1, b1 is not None, w2, b2 is not None, z, a, h, gate_cache, s)
    ### END SOLUTION


def block_backward(dx_scaled, cache):
    """du, dw1, db1, dw2, db2, each of the shape of what it belongs to; db1 and db2 are None where there is no bias."""
    ### BEGIN SOLUTION
    u, w1, has_b1, w2, has_b2, z, a, h, gate_cache, s = cache
    du_scale = dx_scaled * s[:, None, None, :]
    ds = (dx_scaled * u).sum(axis=(1, 2))
    de = gate_backward(ds, gate_cache)
    dh, dw2, db2 = de @ w2.T, h.T @ de, de.sum(axis=0) if has_b2 else None
    da = dh * (a > 0)
    dz, dw1, db1 = da @ w1.T, z.T @ da, da.sum(axis=0) if has_b1 else None
    largest = u == z[:, None, None, :]
    shares = largest / largest.sum(axis=(1, 2), keepdims=True)
    du_squeeze = (shares * dz[:, None, None, :]).astype(u.dtype)
    return du_scale + du_squeeze, dw1, db1, dw2, db2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "forward-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_forward(block_forward)

# %% nbgrader={"grade": true, "grade_id": "forward-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_forward(block_forward)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "fc2-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_fc2(block_forward, block_backward)

# %% nbgrader={"grade": true, "grade_id": "fc1-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_fc1(block_forward, block_backward)

# %% nbgrader={"grade": true, "grade_id": "du-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_du(block_forward, block_backward)

# %% nbgrader={"grade": true, "grade_id": "du-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_du(block_forward, block_backward)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "special-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_special(block_forward, block_backward)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "care-hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_care(block_forward, block_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## Before you hand it in
#
# Restart the kernel and run all cells from the top. Then return `du_scale` alone as `du`, without `du_squeeze`, and run the checks again. Which checks find the mistake? Undo it. How would the
# pattern of wrong elements differ if the squeeze were a mean?
#
# **Alone, without a teacher?** Put these two lines into a new cell. They run the hidden checks too and say where points are lost:
#
#     from senet_np.grading.marks import show_points
#     show_points(checks.TABLE, globals())
#
# Answers to the questions on paper: [solutions/assignments.ipynb](../solutions/assignments.ipynb).
#
# **Next:** notebook 6, the convolution, then assignment 3.
