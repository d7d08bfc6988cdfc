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
# # Solutions to notebook 5

# %%
import numpy as np

from senet_np.exercises import check
from senet_np.gradcheck import check_gradients
from senet_np.se import se_backward, se_forward

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)
names = ["du", "dw1", "db1", "dw2", "db2"]

# The block of sections 2 and 3.
maps = np.array([[[3, 0], [-1, 1]], [[2, -2], [3, 2]], [[1, -2], [2, 4]], [[-1, -2], [4, 3]]], float)
u = np.stack(maps, axis=-1)[None]
w1 = np.array([[1.0, -1.0], [0.5, 0.0], [0.0, 0.0], [-1.0, 0.5]])
w2 = np.array([[1.0, -1.0, 0.5, 0.0], [0.0, 0.5, -0.5, 2.0]])
b1, b2 = np.zeros(2), np.zeros(4)
g_maps = [[[-0.7, -2.3], [-0.5, -0.1]], [[-1.3, -0.2], [-0.3, 1.4]], [[-0.6, -1.2], [0.4, -0.7]], [[0, -0.7], [1, 0.4]]]
dx_scaled = np.stack(np.array(g_maps), axis=-1)[None]

# %% [markdown]
# **5.1** Each line of the forward pass, read from the last to the first, becomes one or two lines of the backward
# pass. The last line adds the two gradients that arrive at u.

# %%
def my_forward(u, w1, b1, w2, b2):
    z = u.mean(axis=(1, 2))  # (N, C)
    a = z @ w1 + b1  # (N, C/r)
    h = np.maximum(a, 0)
    s = 1 / (1 + np.exp(-(h @ w2 + b2)))  # (N, C)
    return u * s[:, None, None, :], (u, z, w1, a > 0, h, w2, s)


def my_backward(dx_scaled, cache):
    u, z, w1, alive, h, w2, s = cache
    du_scale = dx_scaled * s[:, None, None, :]
    ds = (dx_scaled * u).sum(axis=(1, 2))  # (N, C)
    de = ds * s * (1 - s)
    da = (de @ w2.T) * alive  # (N, C/r)
    dz = da @ w1.T  # (N, C)
    du_squeeze = (dz / (u.shape[1] * u.shape[2]))[:, None, None, :]  # the same at every position
    return du_scale + du_squeeze, z.T @ da, da.sum(axis=0), h.T @ de, de.sum(axis=0)


assert check("5.1", my_forward, my_backward)

# %% [markdown]
# **5.2** `h >= 0` is true everywhere, because a ReLU never returns a number below 0. So the dead unit gets a
# gradient: `da` is wrong, and with it `dw1`, `db1`, `dz` and `du`. `dw2` and `db2` stay right: they are computed
# before the mask is used.
#
# The two masks agree only if every unit is alive. With b1 = (10, 10) both numbers of a are above 0.

# %%
def five(b1, mask):
    _, cache = se_forward(u, w1, b1, w2, b2)
    de = (dx_scaled * u).sum(axis=(1, 2)) * cache.s * (1 - cache.s)
    da = (de @ w2.T) * mask(cache.h)
    du = dx_scaled * cache.s[:, None, None, :] + (da @ w1.T / 4)[:, None, None, :]
    return [du, cache.z.T @ da, da.sum(axis=0), cache.h.T @ de, de.sum(axis=0)]


for bias in (np.zeros(2), np.full(2, 10.0)):
    pairs = zip(names, five(bias, lambda h: h > 0), five(bias, lambda h: h >= 0))
    print(f"b1 = {bias}: wrong are {[name for name, right, other in pairs if not np.allclose(right, other)]}")

assert check("5.2", ["du", "dw1", "db1"], [10, 10])

# %% [markdown]
# **5.3** All gates are almost 1, and $s(1-s) \approx 5\cdot10^{-5}$ is about 5,000 times smaller than 1/4. The
# gates are saturated, and hardly any gradient reaches `w1`. With the block's own e, which is not 0 for every
# channel, the factor is about 10,000.
#
# The slope is largest where e is 0, so one expects the best b2 near 0. It is not exactly 0, because
# e = h W₂ + b₂ differs from channel to channel, and `dw1` is a sum over channels with signs.

# %%
def largest_dw1(x):
    _, cache = se_forward(u, w1, b1, w2, np.full(4, float(x)))
    return np.abs(se_backward(dx_scaled, cache)[1]).max()


shrink = largest_dw1(10) / largest_dw1(0)
grid = np.linspace(-4, 4, 161)
best = grid[np.argmax([largest_dw1(x) for x in grid])]
print(f"shrink = {shrink:.2e}, best = {best:.2f}")

assert check("5.3", shrink, best)

# %% [markdown]
# **5.4** Only `du_scale` changes. The slope of u(1 + s) by u is 1 + s, where it was s. Its slope by s is u, as
# before, so ds is the same, and so is everything that is computed from ds. In other words, x̃ = u + s·u: u goes
# *three* ways now, and the third hands dX̃ back as it is.
#
# One of the ten mistakes of section 7 adds dX̃ to du. In this block it would be right.

# %%
def plus_forward(u, w1, b1, w2, b2):
    x_scaled, cache = my_forward(u, w1, b1, w2, b2)
    return u + x_scaled, cache


def plus_backward(dx_scaled, cache):
    du, *others = my_backward(dx_scaled, cache)
    return du + dx_scaled, *others


args = {"u": rng.standard_normal((2, 3, 5, 4)), "w1": rng.standard_normal((4, 3)), "b1": rng.standard_normal(3),
        "w2": rng.standard_normal((3, 4)), "b2": rng.standard_normal(4)}
print(check_gradients(plus_forward, plus_backward, args))

assert check("5.4", ["du_scale"], plus_forward, plus_backward)

# %% [markdown]
# **5.5** The name `dx_scaled` stands for another array after the first line. So ds is Σ dx_scaled · s · u: it has
# one factor s too many, a different one for each channel and image. All five gradients are wrong: dw2 and db2
# through de, dw1 and db1 through da, and du through its squeeze part. (Its scale part is right.) db2 of one image
# is de, so it is wrong by the same factor: 0.98.
#
# Two mends. Keep both arrays under two names, or compute ds *before* the array is overwritten. The second saves the
# memory too.

# %%
wrong = ["du", "dw1", "db1", "dw2", "db2"]
ratio = 0.98


def scale_backward(dx_scaled, u, s):
    ds = (dx_scaled * u).sum(axis=(1, 2))  # before the name stands for something else
    dx_scaled = dx_scaled * s[:, None, None, :]
    return dx_scaled, ds


assert check("5.5", wrong, ratio, scale_backward)

# %% [markdown]
# How wrong are the five gradients if the gates are nearly open? About as wrong as 1 − s.

# %%
def thrifty_backward(dx_scaled, cache):
    u, z, w1, alive, h, w2, s = cache
    du_scale = dx_scaled = dx_scaled * s[:, None, None, :]
    de = (dx_scaled * u).sum(axis=(1, 2)) * s * (1 - s)
    da = (de @ w2.T) * alive
    du_squeeze = (da @ w1.T / (u.shape[1] * u.shape[2]))[:, None, None, :]
    return du_scale + du_squeeze, z.T @ da, da.sum(axis=0), h.T @ de, de.sum(axis=0)


for bias in (0, 3, 6):  # w2 is small, so that b2 alone decides how far the gates are open
    open_gates = {**args, "w2": args["w2"] / 20, "b2": np.full(4, float(bias))}
    report = check_gradients(my_forward, thrifty_backward, open_gates)
    gates = my_forward(**open_gates)[1][-1]
    print(f"b2 = {bias}: gates {gates.min():.3f} to {gates.max():.3f}, worst error {report.worst:.1e}")
    assert not report and report.worst < 1.5 * (1 - gates.min())
