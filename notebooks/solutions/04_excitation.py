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
# # Solutions to notebook 4

# %%
import numpy as np

from senet_np.containers import se_caches
from senet_np.data import load_shapes
from senet_np.gradcheck import check_gradients
from senet_np.layers import SE
from senet_np.nets import tiny
from senet_np.tree import tree_size

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# **1.** C = 128, r = 8: h = 16, so 2 · 128 · 16 = 4,096 weights and 16 + 128 = 144 biases, 4,240 in all. C
# = 16, r = 16: C // r would be 1, so h = 2; 2 · 16 · 2 = 64 weights and 2 + 16 = 18 biases, 82 in all.

# %%
for c, r, by_hand in ((128, 8, 4240), (16, 16, 82)):
    params, _ = SE(c, r).init(rng)
    print({name: array.shape for name, array in params.items()}, tree_size(params))
    assert tree_size(params) == by_hand

# %% [markdown]
# **2.** `w2.reshape(w2.shape[::-1])` has the shape of the transpose, and every number in another place. So
# dh is wrong, and with it all that lies below: dz, dw1, db1. dw2 and db2 do not use dh and are right: the
# bug sits between the last right gradient and the first wrong one, read from the top. No shape test finds
# it, and neither does a run with h = 1, where both are the same. The gradient check does.

# %%
small = np.arange(6).reshape(2, 3)
print("transpose\n", small.T, "\nreshaped\n", small.reshape(3, 2))


def excitation_forward(z, w1, b1, w2, b2):
    a = z @ w1 + b1
    h = np.maximum(a, 0)
    s = 1 / (1 + np.exp(-(h @ w2 + b2)))
    return s, (z, w1, w2, a > 0, h, s)


def buggy_backward(ds, cache):
    z, w1, w2, alive, h, s = cache
    de = ds * s * (1 - s)
    dh, dw2, db2 = de @ w2.reshape(w2.shape[::-1]), h.T @ de, de.sum(axis=0)
    da = dh * alive
    dz, dw1, db1 = da @ w1.T, z.T @ da, da.sum(axis=0)
    return dz, dw1, db1, dw2, db2


def draw(h):
    shapes = {"z": (3, 5), "w1": (5, h), "b1": (h,), "w2": (h, 5), "b2": (5,)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


# %%
report = check_gradients(excitation_forward, buggy_backward, draw(4))
print(report)
assert [check.name for check in report.arguments if not check.ok] == ["z", "w1", "b1"]

args = draw(1)
args["b1"] += 3.0  # so that the one unit is alive
assert check_gradients(excitation_forward, buggy_backward, args)  # h = 1 hides it

# %% [markdown]
# **3.** It measured the share of (image, unit) pairs that are 0. For random weights that is about a half,
# by symmetry, whatever else is true: a unit that is 0 for half of the images is not dead, it is a working
# ReLU. Dead means 0 for *every* image: `(h == 0).all(axis=0)`. The two numbers answer different questions,
# and in another draw of the weights they may lie closer or further apart.

# %%
net = tiny()
images = load_shapes(sizes=(64, 1, 1)).train.images
x = ((images / 255 - 0.5) / 0.25).astype(np.float32)
pairs, units = [], []
for seed in range(20):
    params, state = net.init(np.random.default_rng(seed))
    stage1 = {name: tree["stage1"] for name, tree in (("params", params), ("state", state))}
    _, cache, _ = net.parts["stage1"].forward(stage1["params"], stage1["state"], x, True)
    h = se_caches(cache)["se"].h  # (64, 8)
    pairs.append((h == 0).mean())
    units.append((h == 0).all(axis=0).mean())
print(f"20 seeds: {100 * np.mean(pairs):.0f} % of the pairs are 0,"
      f" {100 * np.mean(units):.0f} % of the units are dead")
assert np.mean(units) < np.mean(pairs)

# %% [markdown]
# **4.** With $s_c = e^{e_c} / \sum_k e^{e_k}$, $\partial s_c/\partial e_k = s_c([c = k] - s_k)$. Summed
# over c: $\mathrm{d}e_k = s_k(\mathrm{d}s_k - \sum_c \mathrm{d}s_c\, s_c)$.

# %%
def softmax_gate_forward(e):
    p = np.exp(e - e.max(axis=1, keepdims=True))
    s = p / p.sum(axis=1, keepdims=True)
    return s, s


def softmax_gate_backward(ds, s):
    return s * (ds - (ds * s).sum(axis=1, keepdims=True))


e = rng.standard_normal((3, 5))
report = check_gradients(softmax_gate_forward, softmax_gate_backward, [e])
print(report)
assert report

# %% [markdown]
# One gate is pushed open. With the sigmoid no other moves. With softmax every other gate is pushed the
# opposite way, and all pushes add up to 0: what one gains the others lose.

# %%
ds = np.zeros((1, 5))
ds[0, 2] = -1.0
s = 1 / (1 + np.exp(-e[:1]))
by_sigmoid = ds * s * (1 - s)
by_softmax = softmax_gate_backward(ds, softmax_gate_forward(e[:1])[0])
print("sigmoid: de =", by_sigmoid[0], "\nsoftmax: de =", by_softmax[0])
assert (by_sigmoid[0] != 0).sum() == 1
assert (by_softmax[0] != 0).all() and np.isclose(by_softmax.sum(), 0)
