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

# The block of sections 2 and 3 (for 5.3).
maps = np.array([[[3, 0], [-1, 1]], [[2, -2], [3, 2]], [[1, -2], [2, 4]], [[-1, -2], [4, 3]]], float)
u = np.stack(maps, axis=-1)[None]
w1 = np.array([[1.0, -1.0], [0.5, 0.0], [0.0, 0.0], [-1.0, 0.5]])
w2 = np.array([[1.0, -1.0, 0.5, 0.0], [0.0, 0.5, -0.5, 2.0]])
b1, b2 = np.zeros(2), np.zeros(4)
dx_maps = [[[-0.7, -2.3], [-0.5, -0.1]], [[-1.3, -0.2], [-0.3, 1.4]],  # channels 0 and 1
           [[-0.6, -1.2], [0.4, -0.7]], [[0, -0.7], [1, 0.4]]]  # channels 2 and 3
dx_scaled = np.stack(np.array(dx_maps), axis=-1)[None]

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
    u, z, w1, active, h, w2, s = cache
    du_scale = dx_scaled * s[:, None, None, :]
    ds = (dx_scaled * u).sum(axis=(1, 2))  # (N, C)
    de = ds * s * (1 - s)
    da = (de @ w2.T) * active  # (N, C/r)
    dz = da @ w1.T  # (N, C)
    du_squeeze = (dz / (u.shape[1] * u.shape[2]))[:, None, None, :]  # the same at every position
    return du_scale + du_squeeze, z.T @ da, da.sum(axis=0), h.T @ de, de.sum(axis=0)


assert check("5.1", my_forward, my_backward)

# %% [markdown]
# **5.2** Line by line:
#
# - $ds_0 = 2\cdot4 + 4\cdot0 - 2\cdot2 + 4\cdot2 = 12$ and $ds_1 = 2\cdot1 - 2\cdot3 + 6\cdot0 + 0\cdot0 = -4$.
# - The slope is $\frac12\cdot\frac12 = \frac14$, so de = (3, −1). With one image db2 is the same.
# - dw2 = hᵀ de: row m is $h_m$ times de. The second row is 0, because the second unit is off.
# - dh = de W₂ᵀ: $3\cdot1 + (-1)(-1) = 4$ and $3\cdot3 + (-1)\cdot2 = 7$.
# - da = (4, 0): the mask stops the 7. With one image db1 is the same.
# - dw1 = zᵀ da: row c is $z_c$ times da.
# - dz = da W₁ᵀ: $4\cdot1 + 0\cdot3 = 4$ and $4\cdot2 + 0\cdot(-7) = 8$.
# - du: half of dX̃ at each position, plus 4/4 = 1 in channel 0, and plus 8/4 = 2 in channel 1.

# %%
my_ds = [12, -4]
my_de = [3, -1]
my_dw2 = [[12, -4], [0, 0]]
my_dh = [4, 7]
my_da = [4, 0]
my_dw1 = [[8, 0], [4, 0]]
my_dz = [4, 8]
my_du_0 = [[2, 3], [0, 3]]
my_du_1 = [[3, 1], [5, 2]]

u_paper = np.stack([[[4.0, 0], [2, 2]], [[1, 3], [0, 0]]], axis=-1)[None]  # the package agrees
dx_paper = np.stack([[[2.0, 4], [-2, 4]], [[2, -2], [6, 0]]], axis=-1)[None]
w1_paper, w2_paper = np.array([[1.0, 3], [2, -7]]), np.array([[1.0, -1], [3, 2]])
_, cache = se_forward(u_paper, w1_paper, np.zeros(2), w2_paper, np.array([-4.0, 4]))
by_package = se_backward(dx_paper, cache)
by_hand = [np.stack([my_du_0, my_du_1], axis=-1)[None], my_dw1, my_da, my_dw2, my_de]
assert all(np.allclose(ours, theirs) for ours, theirs in zip(by_hand, by_package))

assert check("5.2", my_ds, my_de, my_dw2, my_dh, my_da, my_dw1, my_dz, my_du_0, my_du_1)

# %% [markdown]
# **5.3** The estimate: at e = 10 the slope is $s(1-s) \approx 4.5\cdot10^{-5}$, and at e = 0 it is 1/4. The ratio is
# $1.8\cdot10^{-4}$. The gates are saturated, and hardly any gradient reaches `w1`.
#
# The block has $1.02\cdot10^{-4}$. The reason: e is not exactly 10, because h W₂ is added to b2. Here e = (10.375,
# 9.625, 10.188, 10), so each channel has another slope. dw1 is a sum over the channels, and channel 0 has the largest
# term. Its slope is $\exp(-0.375) = 0.69$ times that at e = 10. Channel 1 has the opposite sign and a larger slope. At
# x = 0 such differences are small, because the slope hardly changes near e = 0.
#
# The slope is largest at e = 0, so one expects the best b2 near 0. It is not exactly 0, for the same reason.

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
# One of the mistakes of section 7 adds dX̃ to du. In this block it would be right.

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
# through de, dw1 and db1 through da, and du through its squeeze part. (Its scale part is right.) This is the tenth
# mistake of the package's collection. db2 of one image is de, so it is wrong by the same factor: 0.98.
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
    u, z, w1, active, h, w2, s = cache
    du_scale = dx_scaled = dx_scaled * s[:, None, None, :]
    de = (dx_scaled * u).sum(axis=(1, 2)) * s * (1 - s)
    da = (de @ w2.T) * active
    du_squeeze = (da @ w1.T / (u.shape[1] * u.shape[2]))[:, None, None, :]
    return du_scale + du_squeeze, z.T @ da, da.sum(axis=0), h.T @ de, de.sum(axis=0)


for bias in (0, 3, 6):  # w2 is small, so that b2 alone decides how far the gates are open
    open_gates = {**args, "w2": args["w2"] / 20, "b2": np.full(4, float(bias))}
    report = check_gradients(my_forward, thrifty_backward, open_gates)
    gates = my_forward(**open_gates)[1][-1]
    print(f"b2 = {bias}: gates {gates.min():.3f} to {gates.max():.3f}, worst error {report.worst:.1e}")
    assert not report and report.worst < 1.5 * (1 - gates.min())
