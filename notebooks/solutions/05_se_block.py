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

from senet_np import ops
from senet_np.gradcheck import check_gradients
from senet_np.se import se_backward, se_forward

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)
names = ["du", "dw1", "db1", "dw2", "db2"]

u = rng.integers(-2, 5, size=(1, 2, 2, 4)).astype(float)  # the numbers of sections 2 and 3
w1 = np.array([[1.0, -1.0], [0.5, 0.0], [0.0, 0.0], [-1.0, 0.5]])
w2 = np.array([[1.0, -1.0, 0.5, 0.0], [0.0, 0.5, -0.5, 2.0]])
b1, b2 = np.zeros(2), np.zeros(4)
dx_scaled = rng.standard_normal(u.shape)

# %% [markdown]
# **1.** `h >= 0` is true everywhere, for a ReLU puts out nothing below 0. So the dead unit gets a gradient:
# `da` is wrong, and with it `dw1`, `db1`, `dz` and `du`. `dw2` and `db2` do not break: they lie above the
# ReLU, and were done before the mask was used.

# %%
_, cache = se_forward(u, w1, b1, w2, b2)
right = dict(zip(names, se_backward(dx_scaled, cache)))

ds = (dx_scaled * u).sum(axis=(1, 2))
de = ds * cache.s * (1 - cache.s)
z, h = cache.z, cache.h
da = (de @ w2.T) * (h >= 0)
du = dx_scaled * cache.s[:, None, None, :] + (da @ w1.T / 4)[:, None, None, :]
wrong = dict(zip(names, [du, z.T @ da, da.sum(axis=0), h.T @ de, de.sum(axis=0)]))
broken = [name for name in names if not np.allclose(wrong[name], right[name])]
print("broken:", broken)
assert broken == ["du", "dw1", "db1"]

# %% [markdown]
# **2.** All gates are almost 1 and $s(1-s) \approx 5\cdot10^{-5}$: the gates are saturated, and hardly any
# gradient reaches `w1`. The slope is largest where e is 0, so one expects the best b2 near 0. It need not
# be 0 exactly: e = h W₂ + b₂ differs from channel to channel, and `dw1` is made of a sum over channels with
# signs.

# %%
def dw1_size(bias):
    _, cache = se_forward(u, w1, b1, w2, np.full(4, float(bias)))
    return np.abs(se_backward(dx_scaled, cache)[1]).max(), cache.s


size, s = dw1_size(10)
with np.printoptions(suppress=False):
    print("1 - s =", 1 - s, "\nlargest of dw1: at b2 = 10", size, "  at b2 = 0", dw1_size(0)[0])
assert (1 - s < 1e-4).all() and size < 1e-3 * dw1_size(0)[0]

grid = np.linspace(-4, 4, 161)
best = grid[np.argmax([dw1_size(bias)[0] for bias in grid])]
print(f"dw1 is largest at b2 = {best:.2f}")
assert abs(best) < 1.5

# %% [markdown]
# **3.** All of `dz[n, c]` goes to the one position that held the channel's maximum, and nothing to the
# others. Nothing is divided: a maximum has slope 1 for the winner.

# %%
def max_backward(dx_scaled, cache):
    u, s = cache.u, cache.s
    ds = (dx_scaled * u).sum(axis=(1, 2))
    dh, dw2, db2 = ops.linear_backward(ds * s * (1 - s), cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    winner = u == cache.z[:, None, None, :]  # one position of each channel, if no two are equal
    return dx_scaled * s[:, None, None, :] + winner * dz[:, None, None, :], dw1, db1, dw2, db2


args = {"u": rng.standard_normal((2, 3, 5, 4)), "w1": rng.standard_normal((4, 3)),
        "b1": np.array([4.0, 2.0, -2.0]),  # so that some units are alive and some are not
        "w2": rng.standard_normal((3, 4)), "b2": rng.standard_normal(4)}


def max_forward(u, w1, b1, w2, b2):
    return se_forward(u, w1, b1, w2, b2, squeeze="max")


report = check_gradients(max_forward, max_backward, args)
print(report)
assert report

# %% [markdown]
# The forgotten path does not hide: ds grows with the image like $\sqrt{HW}$ and nothing divides it, so at
# the few winning positions the share grows. (Where two positions tie, `winner` would pay twice; the library
# gives all to the first.)

# %%
medians = []
for side in (2, 4, 8, 16, 32):
    shares = []
    while len(shares) < 30:
        v1, v2 = rng.standard_normal((8, 4)) / 2, rng.standard_normal((4, 8)) / 2
        maps = rng.standard_normal((2, side, side, 8))
        _, cache = se_forward(maps, v1, None, v2, None, squeeze="max")
        if cache.h.any():
            g = rng.standard_normal(maps.shape)
            du = se_backward(g, cache)[0]
            shares.append(np.abs(du - g * cache.s[:, None, None, :]).max() / np.abs(du).max())
    medians.append(np.median(shares))
    print(f"{side:2}×{side:<2}: wrong by {100 * medians[-1]:.0f} % of the largest value")
assert medians[-1] > medians[0]

# %% [markdown]
# **4.** ds is now Σ dx_scaled · s · u: one factor s too many, and a different one for each channel and
# image. So all five are wrong: dw2 and db2 through de, dw1 and db1 through da, du through the squeeze path,
# while its scale part is right. It is the row "gate applied twice". With gates close to 1 the factor is
# close to 1 and the error is of the size 1 − s: a check on such a net with a loose tolerance passes. The
# gradient check demands 1e-6, and its inputs must not saturate the gates.

# %%
def forward(u, w1, b1, w2, b2):
    z = u.mean(axis=(1, 2))
    a = z @ w1 + b1
    h = np.maximum(a, 0)
    s = 1 / (1 + np.exp(-(h @ w2 + b2)))
    return u * s[:, None, None, :], (u, z, w1, a > 0, h, w2, s)


def backward(dx_scaled, cache):
    u, z, w1, alive, h, w2, s = cache
    du_scale = dx_scaled = dx_scaled * s[:, None, None, :]
    ds = (dx_scaled * u).sum(axis=(1, 2))
    de = ds * s * (1 - s)
    da = (de @ w2.T) * alive
    du_squeeze = (da @ w1.T / (u.shape[1] * u.shape[2]))[:, None, None, :]
    return du_scale + du_squeeze, z.T @ da, da.sum(axis=0), h.T @ de, de.sum(axis=0)


report = check_gradients(forward, backward, args)
print(report)
assert [check.name for check in report.arguments if not check.ok] == ["u", "w1", "b1", "w2", "b2"]

# %%
for bias in (0, 3, 6):  # w2 small, so that b2 alone decides how far the gates are open
    open_gates = {**args, "w2": args["w2"] / 20, "b2": np.full(4, float(bias))}
    report = check_gradients(forward, backward, open_gates)
    worst = max(report.arguments, key=lambda check: check.worst)
    gates = forward(**open_gates)[1][-1]
    print(f"b2 = {bias}: gates {gates.min():.3f} to {gates.max():.3f},"
          f" worst error {worst.worst:.1e} (d{worst.name})")
    assert not report and worst.worst < 1.5 * (1 - gates.min())
