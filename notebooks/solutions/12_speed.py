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
# # Solutions to notebook 12

# %%
import numpy as np

from senet_np.exercises import check
from senet_np.gradcheck import check_gradients

rng = np.random.default_rng(0)

# %% [markdown]
# **12.1** The squeeze does one addition for each number that it reads, which has 4 bytes: nearly 1/4. The scale does
# one multiplication for each number that it reads and writes: nearly 1/8. Both lie far under the slope of the roof,
# so memory limits them. FC1 moves only a few kilobytes and costs next to nothing. Papers that count operations see
# hardly more than the one multiplication per number of the scale, next to hundreds of the convolution. The clock sees
# that u is read twice more and written once more.

# %%
n, height, width, c, r = 32, 16, 16, 64, 4
u_size, z_size, a_size, w1_size = n * height * width * c, n * c, n * c // r, c * c // r

squeeze = u_size / (4 * (u_size + z_size))
fc1 = 2 * n * w1_size / (4 * (z_size + w1_size + a_size))
scale = u_size / (4 * (u_size + z_size + u_size))
most_bytes = "scale"

print(f"operations per byte: squeeze {squeeze:.3f}, FC1 {fc1:.2f}, scale {scale:.3f}")
print(f"bytes: squeeze {4 * (u_size + z_size):,}, FC1 {4 * (z_size + w1_size + a_size):,}, scale {8 * u_size:,}")
assert check("12.1", squeeze, fc1, scale, most_bytes)

# %% [markdown]
# **12.2** The old version has two faults. All of A runs before all of B, so a machine that gets warm makes B slower.
# And it divides the slowest run of one by the fastest run of the other: A against itself never gives less than 1. In
# turns the slowdown cancels within each round, and the median ignores a few interrupted runs. The run without a clock
# before each timed one fills the cache, and takes the time that a first run needs.


# %%
def compare(time_a, time_b):
    """How many times as fast A is as B."""
    ratios = []
    for _ in range(20):
        time_a()  # not counted
        a = time_a()
        time_b()
        ratios.append(time_b() / a)
    return np.median(ratios)


assert check("12.2", compare)

# %% [markdown]
# **12.3** The old step takes 0.60 + 0.25 + 0.15 = 1. With the faster batch norm it takes 0.60 + 0.25/4 + 0.15 =
# 0.8125. If SE took no time at all, 0.85 would be left. For a step of 1/2 the convolutions may take only 0.10 in
# place of 0.60, so they must become six times as fast.

# %%
norm_faster = 1 / (0.60 + 0.25 / 4 + 0.15)
se_free = 1 / 0.85
convolutions_needed = 0.60 / (0.50 - 0.25 - 0.15)
print(f"{norm_faster:.3f}, {se_free:.3f}, {convolutions_needed:.1f}")
assert check("12.3", norm_faster, se_free, convolutions_needed)

# %% [markdown]
# **12.4** Each line of the forward pass is linear in d and in g, so the backward pass has the transpose of each:
#
# $$
# dm = A\,dy, \qquad d\hat d = dm \odot \hat g, \qquad d\hat g = dm \odot \hat d, \qquad dd = B\,d\hat d, \qquad
# dg = G^\top d\hat g .
# $$

# %%
B_T = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], float)
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
A_T = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], float)


def winograd_forward(d, g):
    d_hat, g_hat = B_T @ d, G @ g
    m = d_hat * g_hat
    return A_T @ m, (d_hat, g_hat)


def winograd_backward(dy, cache):
    d_hat, g_hat = cache
    dm = A_T.T @ dy
    return B_T.T @ (dm * g_hat), G.T @ (dm * d_hat)  # dd, dg


print(check_gradients(winograd_forward, winograd_backward, {"d": rng.standard_normal(4), "g": rng.standard_normal(3)}))
assert check("12.4", winograd_forward, winograd_backward)

# %% [markdown]
# **12.5** There are four pieces. Two workers do two each. Of three workers one has to do a second piece, and the
# others wait for it: the whole takes as long as with two. Four workers do one piece each. Of eight workers four have
# nothing to do.

# %%
pieces = 128 // 32
times_as_fast = [pieces / -(-pieces // workers) for workers in (1, 2, 3, 4, 8)]
print(times_as_fast)
assert check("12.5", times_as_fast)
