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

from senet_np.exercises import check
from senet_np.gradcheck import check_gradients
from senet_np.ops import global_avg_pool_backward, global_avg_pool_forward

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# **3.1** There are many; here is one choice. The map of +1 and −1 has z = 0, so the block cannot tell it from a map
# of zeros. After a ReLU no number is below 0, and a mean of 0 means that all numbers are 0. Where no ReLU comes
# before the squeeze, it can happen.

# %%
a = np.array([[1.0, 2.0], [4.0, 5.0]])
b = np.array([[0.0, 0.0], [0.0, 12.0]])
zero = np.array([[1.0, -1.0], [-1.0, 1.0]])

assert check("3.1", a, b, zero)

# %% [markdown]
# **3.2** One position's share of dz is $2u/(HW)$. The mean of squares counts few strong responses more than many weak
# ones. Here one position of 16 holds an 8: the mean is 8/16 = 0.5, and the mean of squares is 64/16 = 4.


# %%
def forward(u):
    return (u**2).mean(axis=(1, 2)), u


def backward(dz, u):
    return 2 * u * dz[:, None, None, :] / (u.shape[1] * u.shape[2])


peaked = np.zeros((4, 4))
peaked[0, 0] = 8.0

print(check_gradients(forward, backward, {"u": rng.standard_normal((2, 3, 4, 5))}))
assert check("3.2", forward, backward, peaked)

# %% [markdown]
# **3.3** The axes 2 and 3 are W and C. So the function averages over columns and *channels*, and returns one number per
# row of the image. The shape is right because H = C = 8, and the values are right because every number of u is 1. Sizes
# that all differ and random numbers show the mistake at once.


# %%
def squeeze(u):
    return u.mean(axis=(2, 3))


averaged = "WC"
u_test = rng.standard_normal((2, 8, 8, 8))
shape = (2, 3, 4, 5)

assert squeeze(u_test).shape == (2, 8)  # still looks right
assert not np.allclose(squeeze(u_test), u_test.mean(axis=(1, 2)))
assert squeeze(np.ones(shape)).shape != (2, 5)
assert check("3.3", averaged, u_test, shape)

# %% [markdown]
# **3.4** One position gets 1/(HW) of dz: 1/64 and 1/1024. The test passes when $1/S^2 \le 0.005$, so $S^2 \ge 200$.
# As 14² = 196 and 15² = 225, that is from S = 15 on. The gradient at one position becomes smaller when the map
# becomes larger, but the tolerance stays. `check_gradients` measures the error as a share of the largest value of the
# gradient, so it finds zeros at any size.

# %%
share_8, share_32, side = 1 / 8**2, 1 / 32**2, 15

for size in (14, 15):
    u = rng.standard_normal((1, size, size, 2))
    right = global_avg_pool_backward(np.ones((1, 2)), global_avg_pool_forward(u)[1])
    passes = np.allclose(np.zeros_like(u), right, rtol=0, atol=0.005)
    print(f"{size}×{size}: one share is {right.flat[0]:.5f}, and the test {'passes' if passes else 'fails'}")
assert not check_gradients(global_avg_pool_forward, lambda dz, cache: np.zeros(cache.shape), {"x": u})
assert check("3.4", share_8, share_32, side)
