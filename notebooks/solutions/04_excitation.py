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
from senet_np.exercises import check
from senet_np.gradcheck import check_gradients
from senet_np.layers import SE
from senet_np.nets import tiny
from senet_np.tree import tree_size

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)


def sigmoid(e):
    return 1 / (1 + np.exp(-e))


def excitation_forward(z, w1, b1, w2, b2):
    a = z @ w1 + b1
    h = np.maximum(a, 0)
    s = sigmoid(h @ w2 + b2)
    return s, (z, w1, w2, a > 0, h, s)


# %% [markdown]
# **4.1** From the last step to the first. Each sum of section 4 is a matrix product, and `x @ y` sums over the last
# index of x and the first index of y. In $\sum_c de[n,c]\,w_2[m,c]$ the sum is over c. It is the last index of de, but
# not the first of $w_2$, so $w_2$ is transposed: `de @ w2.T`. In $\sum_n h[n,m]\,de[n,c]$ the sum is over n, so h is
# transposed: `h.T @ de`.


# %%
def excitation_backward(ds, cache):
    z, w1, w2, active, h, s = cache
    de = ds * s * (1 - s)  # (N, C)
    dh, dw2, db2 = de @ w2.T, h.T @ de, de.sum(axis=0)
    da = dh * active  # (N, C/r)
    dz, dw1, db1 = da @ w1.T, z.T @ da, da.sum(axis=0)
    return dz, dw1, db1, dw2, db2


assert check("4.1", excitation_forward, excitation_backward)

# %% [markdown]
# **4.2** C = 128, r = 8: 16 hidden units, so 2 · 128 · 16 = 4,096 weights and 16 + 128 = 144 biases: 4,240. C = 16,
# r = 16: C/r would be 1, so the block has 2 hidden units; 2 · 16 · 2 = 64 weights and 2 + 16 = 18 biases: 82.

# %%
count_128, count_16 = 4240, 82

for c, r, by_hand in ((128, 8, count_128), (16, 16, count_16)):
    params, _ = SE(c, r).init(rng)
    print({name: array.shape for name, array in params.items()}, tree_size(params))
    assert tree_size(params) == by_hand
assert check("4.2", count_128, count_16)

# %% [markdown]
# **4.3** `w2.reshape(w2.shape[::-1])` has the shape of the transpose, but its numbers stand in other places. So dh is
# wrong, and everything that is computed from it: dz, dw1, db1. dw2 and db2 do not use dh, so they are right. No test of
# shapes finds this. A gradient check does, but not with one hidden unit: then `w2` has one row, and both arrays are the
# same.

# %%
small = np.arange(6).reshape(2, 3)
print("transpose\n", small.T, "\nreshaped\n", small.reshape(3, 2))


def buggy_backward(ds, cache):
    z, w1, w2, active, h, s = cache
    de = ds * s * (1 - s)
    dh, dw2, db2 = de @ w2.reshape(w2.shape[::-1]), h.T @ de, de.sum(axis=0)
    da = dh * active
    dz, dw1, db1 = da @ w1.T, z.T @ da, da.sum(axis=0)
    return dz, dw1, db1, dw2, db2


def draw(units):
    shapes = {"z": (3, 5), "w1": (5, units), "b1": (units,), "w2": (units, 5), "b2": (5,)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


# %%
wrong, units = ["dz", "dw1", "db1"], 1

report = check_gradients(excitation_forward, buggy_backward, draw(4))
print(report)
assert [f"d{one.name}" for one in report.arguments if not one.ok] == wrong

args = draw(units)
args["b1"] += 3.0  # so that the one unit is active
assert check_gradients(excitation_forward, buggy_backward, args)  # finds nothing
assert check("4.3", wrong, units)

# %% [markdown]
# **4.4** The report counted pairs of an image and a unit. With random weights, a is positive as often as negative, so
# about half of these pairs are 0. A unit that is off for half of the images is not dead: it works as a ReLU should.
# Dead means 0 for *every* image. So `(h == 0).all(axis=0)` says for each unit whether it is dead.


# %%
def share_dead(h):
    return (h == 0).all(axis=0).mean()


h_test = np.array([[1.0, 0.0], [0.0, 1.0]])

assert check("4.4", share_dead, h_test)

# %% [markdown]
# In fresh tiny networks, with 20 seeds:

# %%
net = tiny()
images = load_shapes(sizes=(64, 1, 1)).train.images
inputs = ((images / 255 - 0.5) / 0.25).astype(np.float32)
pairs, dead = [], []
for seed in range(20):
    params, state = net.init(np.random.default_rng(seed))
    _, cache, _ = net.parts["stage1"].forward(params["stage1"], state["stage1"], inputs, True)
    h = se_caches(cache)["se"].h  # (64, 8)
    pairs.append((h == 0).mean())
    dead.append(share_dead(h))
print(f"{100 * np.mean(pairs):.0f} % of the pairs are 0, {100 * np.mean(dead):.0f} % of the units are dead")
assert np.mean(dead) < np.mean(pairs)

# %% [markdown]
# **4.5** $e_k$ stands in the denominator of every $s_c$, and in the numerator of $s_k$. The quotient rule gives two
# cases:
#
# - c = k: $\partial s_k/\partial e_k = s_k - s_k^2 = s_k(1 - s_k)$, as for the sigmoid;
# - c ≠ k: $\partial s_c/\partial e_k = -s_c s_k$. These terms do not exist for the sigmoid.
#
# Summed over c: $de_k = \sum_c ds_c\,\partial s_c/\partial e_k = s_k\,ds_k - \sum_c ds_c\,s_c\,s_k =
# s_k\,(ds_k - \sum_c ds_c\,s_c)$. The sum in the bracket is the same for all k, so NumPy computes it once per image.
#
# One gate is pushed open. With the sigmoid no other moves. With softmax every other gate is pushed the opposite way,
# and all pushes add up to 0: what one gate gains, the others lose.


# %%
def softmax_forward(e):
    p = np.exp(e - e.max(axis=1, keepdims=True))
    s = p / p.sum(axis=1, keepdims=True)
    return s, s


def softmax_backward(ds, s):
    return s * (ds - (ds * s).sum(axis=1, keepdims=True))


e = rng.standard_normal((1, 5))
ds = np.array([[0.0, 0.0, -1.0, 0.0, 0.0]])
by_sigmoid = ds * sigmoid(e) * (1 - sigmoid(e))
by_softmax = softmax_backward(ds, softmax_forward(e)[1])
print("sigmoid: de =", by_sigmoid[0], "\nsoftmax: de =", by_softmax[0])
others_sigmoid, others_softmax = ((np.delete(de[0], 2) != 0).sum() for de in (by_sigmoid, by_softmax))
assert np.isclose(by_softmax.sum(), 0)

assert check("4.5", softmax_forward, softmax_backward, others_sigmoid, others_softmax)
