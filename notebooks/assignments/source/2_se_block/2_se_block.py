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
# # Assignment 2: the SE block
#
# **What you build:** the Squeeze-and-Excitation block, forward and backward, and the count of what it costs.
#
#       U ──────────────────────────────────────┐
#       │ squeeze   z_c = mean of u_c           │
#       z                                       │
#       │ excite    s = σ(δ(z W₁ + b₁) W₂ + b₂) │
#       s ──────────────────────────────────────┴── scale   x̃_c = s_c · u_c ──▶ X̃
#
# **Rules that the checks hold you to.** As in assignment 1: change no argument, dtype in is dtype out, keep nothing outside the cache. Samples are rows:
# `w1` is (C, h), `w2` is (h, C). You may use your own functions of assignment 1 (copy them into a cell), or NumPy alone. `senet_np.se` is what you have to
# write; look at it when you are done.
#
# **Time:** 3 hours. **Points:** 20, of which 10 are given by checks that you do not see. Notebooks 3 to 5 of the course prepare you.
#
# Write where it says `YOUR CODE HERE`, and take away the line below it.

# %%
import numpy as np

from senet_np.grading import se as checks

# %% [markdown]
# ## 1. How many hidden units? (2 points)
#
# The first FC squeezes C numbers into C/r, rounded down. With one hidden unit all gates would rise and fall together, so never take fewer than 2.

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
# **On paper first:** without biases, and where r divides C, show that a block adds $2C^2/r$. That is the paper's Eq. 5. In which stage of a network do nearly all of the added
# parameters lie, and why?

# %% nbgrader={"grade": false, "grade_id": "cost", "locked": false, "schema_version": 3, "solution": true, "task": false}
def added_parameters(channels, r, bias=True):
    """How many parameters SE adds; `channels` lists C of each block."""
    ### BEGIN SOLUTION
    total = 0
    for c in channels:
        h = hidden_units(c, r)
        total += 2 * c * h + (c + h if bias else 0)
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
# ## 3. Forward (4 points)
#
# $$z_c = \tfrac{1}{HW}\sum_{i,j} u_c(i,j) \qquad s = \sigma(\delta(z W_1 + b_1) W_2 + b_2) \qquad \tilde x_c = s_c\,u_c$$
#
# A bias may be `None`. Write the backward pass in the same cell; it belongs to part 4, so for now it may return `None`.
#
# ## 4. Backward (12 points)
#
# Read the forward pass upwards. Write down for each line what arrives, and what it hands on:
#
# | line | gradient |
# |---|---|
# | x̃ = s·u | du_scale = ?, ds_c = a sum over ? |
# | s = σ(e) | de = ds · ? |
# | e = h W₂ + b₂ | dh, dw2, db2: assignment 1 |
# | h = δ(a) | da = dh · ? |
# | a = z W₁ + b₁ | dz, dw1, db1 |
# | z_c = mean of u_c | du_squeeze = ? |
#
# **Then look at the drawing above:** how many arrows leave U? How many gradients arrive there?

# %% nbgrader={"grade": false, "grade_id": "block", "locked": false, "schema_version": 3, "solution": true, "task": false}
def se_forward(u, w1, b1, w2, b2):
    """x_scaled (N, H, W, C), cache."""
    ### BEGIN SOLUTION
    z = u.mean(axis=(1, 2))
    a = z @ w1 if b1 is None else z @ w1 + b1
    h = np.maximum(a, 0)
    e = h @ w2 if b2 is None else h @ w2 + b2
    t = np.exp(-np.abs(e))
    s = (np.where(e >= 0, 1, t) / (1 + t)).astype(u.dtype)
    return u * s[:, None, None, :], (u, w1, b1 is not None, w2, b2 is not None, z, a, h, s)
    ### END SOLUTION


def se_backward(dx_scaled, cache):
    """du, dw1, db1, dw2, db2, each of the shape of what it belongs to; db1 and db2 are None where there is no bias."""
    ### BEGIN SOLUTION
    u, w1, has_b1, w2, has_b2, z, a, h, s = cache
    du_scale = dx_scaled * s[:, None, None, :]
    ds = (dx_scaled * u).sum(axis=(1, 2))
    de = ds * s * (1 - s)
    dh, dw2, db2 = de @ w2.T, h.T @ de, de.sum(axis=0) if has_b2 else None
    da = dh * (a > 0)
    dz, dw1, db1 = da @ w1.T, z.T @ da, da.sum(axis=0) if has_b1 else None
    du_squeeze = dz[:, None, None, :] / (u.shape[1] * u.shape[2])
    return du_scale + du_squeeze, dw1, db1, dw2, db2
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "forward-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_forward(se_forward)

# %% nbgrader={"grade": true, "grade_id": "forward-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_forward(se_forward)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "fc2-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_fc2(se_forward, se_backward)

# %% nbgrader={"grade": true, "grade_id": "fc1-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_fc1(se_forward, se_backward)

# %% nbgrader={"grade": true, "grade_id": "du-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_du(se_forward, se_backward)

# %% nbgrader={"grade": true, "grade_id": "du-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_du(se_forward, se_backward)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "special-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_special(se_forward, se_backward)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "care-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_care(se_forward, se_backward)
### END HIDDEN TESTS

# %% [markdown]
# ## Before you hand it in
#
# Restart the kernel and run all cells from the top. Then read `senet_np/se.py` beside your own. Take the line out in which two gradients are added, and run the checks again: which
# of them see it? Would a check with a tolerance of one per cent have seen it on an image of 32×32?
#
# **Read next:** assignment 4, a whole network.
