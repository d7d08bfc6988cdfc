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
# # Solutions to notebook 3

# %%
import numpy as np

from senet_np.gradcheck import check_gradients
from senet_np.ops import global_avg_pool_backward, global_avg_pool_forward
from senet_np.se import se_backward, se_forward

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# **1.** For example these two. A map of +1 and −1 in equal parts has z = 0: to the block it looks like a
# map of zeros. After a ReLU no number is below 0, so a mean of 0 means that all are 0. (Where the block
# comes after batch norm without a ReLU, as on a residual branch, it can happen.)

# %%
a, b = np.array([[1.0, 2.0], [4.0, 5.0]]), np.array([[0.0, 0.0], [0.0, 12.0]])
assert a.mean() == b.mean() == 3
assert not np.isin(a, b).any()
assert np.array([[1.0, -1.0], [-1.0, 1.0]]).mean() == 0


# %% [markdown]
# **2.** Each position's share is 2u/(HW) times dz. The squared mean prefers few strong answers to many weak
# ones: all ones give 1 in both; 2 at a quarter of the positions gives a mean of 1/2 and a squared mean of
# 1.


# %%
def forward(u):
    return (u**2).mean(axis=(1, 2)), u


def backward(dz, u):
    return 2 * u * dz[:, None, None, :] / (u.shape[1] * u.shape[2])


report = check_gradients(forward, backward, {"u": rng.standard_normal((2, 3, 4, 5))})
print(report)
assert report

ones, few = np.ones((1, 4, 4, 1)), np.zeros((1, 4, 4, 1))
few[0, :2, :2] = 2.0
print("mean:", ones.mean(), few.mean(), "  squared mean:", (ones**2).mean(), (few**2).mean())
assert (ones**2).mean() == (few**2).mean() == 1

# %% [markdown]
# **3.** Axes 2 and 3 are W and C: it averages over columns and *channels*, and returns a number for each
# row. The shape is right because H = C = 8, and the values because all of u is 1. Sizes that differ and
# random numbers show it at once.


# %%
def squeeze(u):
    return u.mean(axis=(2, 3))


u = rng.standard_normal((2, 8, 8, 8))
assert squeeze(u).shape == (2, 8)  # still looks right
assert not np.allclose(squeeze(u), u.mean(axis=(1, 2)))
assert squeeze(rng.standard_normal((2, 3, 4, 5))).shape != (2, 5)

# %% [markdown]
# **4.** 1/64 and 1/1024. The squeeze's gradient is shared among all positions, so at each of them it is the
# smaller of the two, and the larger the map, the smaller. A tolerance of a percent would let it be wrong,
# or missing.

# %%
for size in (8, 32):
    u = np.maximum(rng.standard_normal((2, size, size, 8)), 0)
    w1, w2 = rng.standard_normal((8, 8)), rng.standard_normal((8, 8))
    dx_scaled = rng.standard_normal(u.shape)
    _, cache = se_forward(u, w1, None, w2, None)
    du = se_backward(dx_scaled, cache)[0]
    by_scale = dx_scaled * cache.s[:, None, None, :]
    share = np.abs(du - by_scale).mean() / np.abs(du).mean()
    one = global_avg_pool_backward(np.ones((2, 8)), global_avg_pool_forward(u)[1])[0, 0, 0, 0]
    print(
        f"{size}×{size}: a position gets {one:.6f} of dz; the squeeze's part of du is {100 * share:.2f} % of the whole"
    )
    assert one == 1 / size**2
    assert 0.0005 < share < 0.5
