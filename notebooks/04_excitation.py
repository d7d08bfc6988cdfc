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
# # 4 · Excitation: two small matrices, ReLU, sigmoid, and what r costs
#
# **Afterwards you can** compute the gates of Eq. 3 by hand and give every gradient of the two FCs; say what
# the bottleneck can express that one weight per channel and one C×C matrix cannot; say where gates start,
# where gradients vanish, and what the reduction ratio r costs.
#
# **You need** notebook 3 (the squeeze: where z comes from), matrix products and the chain rule. **Time:**
# 60 minutes for sections 1 to 5 and 8, the core; sections 6, 7, 9 and 10 (biases, initialization, rank, trained
# matrices) are an evening of their own.
#
# The squeeze has left one number per channel, z (N, C). The excitation turns it into one gate per channel,
# s (N, C):
#
# $$
# s = \sigma(W_2\,\delta(W_1 z)) \qquad\text{(Eq. 3)}
# $$
#
# $\delta$ is ReLU, $\sigma$ the sigmoid. The paper is Hu et al., arXiv 1709.01507. In our code samples are
# rows, so `w1` (C, h) is the transpose of the paper's $W_1$, and h is C/r. Each step has its own letter:
# `a = z @ w1 + b1`, `h = δ(a)`, `e = h @ w2 + b2`, `s = σ(e)`.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, interact

import senet_np
from senet_np.figures.style import BLUE, GRAY, ORANGE, style

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)


def sigmoid(e):
    return 1 / (1 + np.exp(-e))


# %% [markdown]
# ## 1. Eq. 3, step by step
#
# A task for a gate. In the set `shapes` each image holds an orange and a blue square under a sky that is
# orange or blue; the sky's color tells which square to classify. Take two such images, each under both
# skies, and four channels that a convolution could have found: orange sky, blue sky, orange on the ground,
# blue on the ground.

# %%
from senet_np.data import load_shapes
from senet_np.data.shapes import both_skies

scenes = both_skies(load_shapes(sizes=(2, 1, 1)).train.images)  # (2 skies, 2 images, 32, 32, 3)
x = scenes.reshape(4, 32, 32, 3) / 255
warm = x[..., 0] - x[..., 2]  # red minus blue: above 0 is orange, below 0 is blue
sky = np.arange(32)[:, None] < 5  # the sky is rows 0 to 4
maps = [warm * sky, -warm * sky, warm * ~sky, -warm * ~sky]
u = np.maximum(np.stack(maps, axis=-1), 0)  # (4, 32, 32, 4)

z = u.mean(axis=(1, 2))  # (N, C): the squeeze
print("          orange  blue   orange blue\n          sky     sky    square square")
for name, row in zip(("orange 0", "orange 1", "blue 0", "blue 1"), z):
    print(f"{name:9}", row)

# %% [markdown]
# We set the two matrices by hand: hidden unit 0 is computed from the orange sky and unit 1 from the blue one.
# Unit 0 opens the channel of the orange square and shuts that of the blue one; unit 1 does the opposite.
#
# *Predict the sign of each entry of* `e` *for the image under an orange sky, and from it which gates are
# open.*

# %%
w1 = np.array([[10.0, 0.0], [0.0, 10.0], [0.0, 0.0], [0.0, 0.0]])  # (C, h) = (4, 2)
w2 = np.array([[0.0, 0.0, 3.0, -3.0], [0.0, 0.0, -3.0, 3.0]])  # (h, C)
b1, b2 = np.zeros(2), np.zeros(4)

a = z @ w1 + b1  # (N, h): C numbers become h
h = np.maximum(a, 0)  # δ
e = h @ w2 + b2  # (N, C): h numbers become C again
s = sigmoid(e)  # (N, C): the gates
print("a =\n", a, "\ne =\n", e, "\ns =\n", s)

# %% [markdown]
# The gates of the last two channels follow the sky, which those channels do not contain. The first two gates
# are 1/2: nothing moves them, and $\sigma(0) = 1/2$.

# %% [markdown]
# ## 2. Why not one weight per channel?
#
# The cheapest gate would be computed from its own channel alone: $s_c = \sigma(v_c z_c + b_c)$, 2C numbers and
# no matrix.
#
# *Predict: can any choice of v and b give the square channels different gates under the other sky?*

# %%
own = [sigmoid(v * z + b) for v, b in rng.standard_normal((1000, 2, 4)) * 20]  # 1000 choices
moved = max(np.abs(gates[:2, 2:] - gates[2:, 2:]).max() for gates in own)  # the same image, sky against sky
print(f"largest change of the square channels' gates between skies, of 1000 choices: {moved:.1e}")
assert moved == 0

# %% [markdown]
# The squares are the same under both skies, so z is the same there, and so is every function of it. **A
# gate that is to depend on what the image shows elsewhere must be computed from other channels too.**
#
# Which input moves which gate is written in the Jacobian $\partial e_c/\partial z_k$. With one weight per
# channel it is diagonal. For the two matrices it follows from the chain rule, with 1 for a hidden unit that
# is alive ($a_j > 0$) and 0 for one that is not:
#
# $$
# \frac{\partial e_c}{\partial z_k} = \sum_j w_1[k,j]\,[a_j > 0]\,w_2[j,c]
# $$

# %%
def jacobian(z_one, w1, b1, w2):
    """(C, C): row k, column c is how z_k moves e_c."""
    alive = z_one @ w1 + b1 > 0
    return (w1 * alive) @ w2


print("one weight per channel:\n", np.diag(rng.standard_normal(4)))
print("bottleneck, under an orange sky:\n", jacobian(z[0], w1, b1, w2))
print("the same, under a blue sky:\n", jacobian(z[2], w1, b1, w2))

# %% [markdown]
# Everything off the diagonal is new. And the matrix is different under the other sky: through the ReLU the
# block chooses which channels its gates depend on.

# %% [markdown]
# ## 3. Why not one C×C matrix?
#
# $e = z W + b$ with one W (C×C) can see all channels. The bottleneck differs from it in three ways.
#
# **It is smaller.** One matrix costs $C^2$; two cost $2\,C\cdot C/r$. From r = 3 on that is less.

# %%
C = 128
for r in (1, 2, 4, 8, 16):
    print(f"C = {C}, r = {r:2}:  one C×C matrix {C * C:6,}   two of C×{C // r:<3} {2 * C * (C // r):6,}")

# %% [markdown]
# **It has rank h.** All C values of e are mixtures of h numbers. *Predict the ranks of a, h, e for C = 16
# and h = 4. Does the ReLU change them?*

# %%
z_many = rng.standard_normal((200, 16))  # (N, C)
v1, v2, full = rng.standard_normal((16, 4)), rng.standard_normal((4, 16)), rng.standard_normal((16, 16))
a_many = z_many @ v1
h_many = np.maximum(a_many, 0)
rank = np.linalg.matrix_rank
print("rank of  z", rank(z_many), "  one matrix: e", rank(z_many @ full))
print("without the ReLU:  a", rank(a_many), "  e", rank(a_many @ v2))
print("with the ReLU:     h", rank(h_many), "  e", rank(h_many @ v2))
assert rank(z_many @ full) == 16 and rank(h_many @ v2) == rank(a_many @ v2) == 4

# %% [markdown]
# The ReLU adds no rank: sixteen gates still share four numbers. That is the price. What it adds is a
# *bend*: which of the hidden units are alive differs from image to image, and with them the Jacobian.

# %%
alive = a_many > 0  # (N, h)
ranks = [rank(jacobian(z_one, v1, 0, v2)) for z_one in z_many]
assert ranks == alive.sum(axis=1).tolist()  # one image: as many directions as units that are alive
different = len(np.unique(alive, axis=0))
print(f"{different} different Jacobians among 200 images; without the ReLU it is one for all")

# %% [markdown]
# **It can bend.** A gate that shall open when two channels *differ*, whichever is the larger, needs e to be
# high at both ends and low in the middle. For one matrix, with $z = (t, -t)$, e is a straight line in t, so
# $e(0)$ is the mean of $e(t)$ and $e(-t)$: it cannot lie below both. Two matrices without a ReLU are one
# matrix, $z(W_1W_2)$, and no better. With the ReLU, $|t| = \delta(t) + \delta(-t)$ takes two hidden units.
#
# *Predict the curve of the gate with* $e = 4\,(|t| - \frac12)$.

# %%
t = np.linspace(-1.5, 1.5, 61)
z_line = np.stack([t, -t], axis=1)  # (61, 2)
u1, u2 = np.array([[0.5, -0.5], [-0.5, 0.5]]), np.array([[4.0], [4.0]])  # units: δ(t) and δ(-t)
bent = np.maximum(z_line @ u1, 0) @ u2 - 2
assert np.allclose(bent[:, 0], 4 * (np.abs(t) - 0.5))
straight = z_line @ (2 * rng.standard_normal((2, 8))) + rng.standard_normal(8)  # eight single matrices
assert np.allclose((straight[0] + straight[-1]) / 2, straight[30])  # e(0) is the mean of both ends

with style():
    figure, axes = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
    axes.plot(t, sigmoid(straight), color=GRAY, linewidth=1, alpha=0.7)
    axes.plot([], [], color=GRAY, label="one matrix, eight draws")
    axes.plot(t, sigmoid(bent), color=BLUE, linewidth=2.5, label="two matrices with a ReLU")
    axes.set(title="One matrix cannot open a gate at both ends, two with a ReLU can",
             xlabel="t, where z = (t, −t)", ylabel="gate s", ylim=(0, 1))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# The paper's own two wishes for the gate (section 3.2): it must be able to learn a nonlinear interaction
# between channels, and one that is not mutually exclusive, so that several channels can be emphasized at
# once. The second is the subject of section 5.

# %% [markdown]
# ## 4. Backward
#
# We write $\mathrm{d}a$ for $\partial L/\partial a$, and start from $\mathrm{d}s$.
#
# **Sigmoid.** Write x for its argument, since e is the number of the exponential here. With $s = (1+e^{-x})^{-1}$,
# $\;\frac{\mathrm{d}s}{\mathrm{d}x} = e^{-x}(1+e^{-x})^{-2} = s\cdot\frac{e^{-x}}{1+e^{-x}} = s(1-s)$. So
# `de = ds * s * (1 - s)`.
#
# **FC.** In indices, $e[n,c] = \sum_j h[n,j]\,w_2[j,c] + b_2[c]$. Each entry of h meets all c, each weight
# meets all n:
#
# $$
# \mathrm{d}h[n,j] = \sum_c \mathrm{d}e[n,c]\,w_2[j,c] \qquad
# \mathrm{d}w_2[j,c] = \sum_n h[n,j]\,\mathrm{d}e[n,c] \qquad
# \mathrm{d}b_2[c] = \sum_n \mathrm{d}e[n,c]
# $$
#
# As matrices: `de @ w2.T`, `h.T @ de`, `de.sum(axis=0)`. The shapes leave no other choice.
#
# **ReLU.** 1 where $a > 0$, else 0: `da = dh * (a > 0)`. **FC1** is FC2 with other letters.

# %%
def excitation_forward(z, w1, b1, w2, b2):
    a = z @ w1 + b1  # (N, h)
    h = np.maximum(a, 0)
    s = sigmoid(h @ w2 + b2)  # (N, C)
    return s, (z, w1, w2, a > 0, h, s)


def excitation_backward(ds, cache):
    z, w1, w2, alive, h, s = cache
    de = ds * s * (1 - s)  # (N, C)
    dh, dw2, db2 = de @ w2.T, h.T @ de, de.sum(axis=0)
    da = dh * alive  # (N, h)
    dz, dw1, db1 = da @ w1.T, z.T @ da, da.sum(axis=0)
    return dz, dw1, db1, dw2, db2


# %% [markdown]
# With the sky's matrices, suppose that the loss falls when the gate of the orange square grows, for the
# first image only. *Predict which rows of* `dz` *and which entries of* `dw1` *are not 0. Which hidden
# unit can learn from this image?*

# %%
ds = np.zeros((4, 4))
ds[0, 2] = -1.0
s, cache = excitation_forward(z, w1, b1, w2, b2)
dz, dw1, db1, dw2, db2 = excitation_backward(ds, cache)
print("dz =\n", dz, "\ndw1 =\n", dw1, "\ndw2 =\n", dw2)

# %% [markdown]
# Only unit 0 was alive under the orange sky, so only its column of `dw1` and its row of `dw2` move. But its
# column of `dw1` has an entry for *every* channel that was not 0: the squares' weights, 0 so far, start to
# learn too.
#
# Do we believe it? Two opinions: the sums as loops, and finite differences.

# %%
de = ds * s * (1 - s)
loops = np.zeros((2, 4))
for n in range(4):
    for j in range(2):
        for c in range(4):
            loops[j, c] += cache[4][n, j] * de[n, c]  # cache[4] is h
assert np.allclose(loops, dw2)

# %%
from senet_np.gradcheck import check_gradients

args = {"z": rng.standard_normal((3, 5)), "w1": rng.standard_normal((5, 4)), "b1": rng.standard_normal(4),
        "w2": rng.standard_normal((4, 5)), "b2": rng.standard_normal(5)}
report = check_gradients(excitation_forward, excitation_backward, args)
assert report
print(report)

# %% [markdown]
# ### Where gradients vanish
#
# Three factors stand in the way down: $s(1-s)$, the mask $[a>0]$, and z itself in `z.T @ da`. The first is
# at most 1/4, at s = 1/2.
#
# *Predict: a gate stands at e = 6, and the gradient from the rest of the net keeps pushing it shut (ds = 1,
# learning rate 1). How many steps until it is below one half? From e = 2 it takes about a dozen.*
#
# Gradient descent on e alone is $e \leftarrow e - s(1-s)$. In small steps,
# $\mathrm{d}e/\mathrm{d}t = -s(1-s)$, and since $\frac1{s(1-s)} = 2 + e^{x} + e^{-x}$ at $e = x$, the time
# from x down to 0 is $2x + e^{x} - e^{-x}$, its integral.

# %%
def steps_to_half(e):
    """Gradient steps, of learning rate 1 with ds = 1, until σ(e) is at most one half."""
    steps = 0
    while e > 0:
        e -= sigmoid(e) * (1 - sigmoid(e))
        steps += 1
    return steps


starts = np.arange(1, 9)
steps = np.array([steps_to_half(float(e)) for e in starts])
formula = 2 * starts + np.exp(starts) - np.exp(-starts)
assert np.allclose(steps, formula, rtol=0.1, atol=2)
print(dict(zip(starts.tolist(), steps.tolist())))

# %%
with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
    e_axis = np.linspace(-10, 10, 201)
    left.plot(e_axis, sigmoid(e_axis), color=BLUE, label="gate s = σ(e)")
    left.plot(e_axis, sigmoid(e_axis) * (1 - sigmoid(e_axis)), "--", color=ORANGE, label="slope s(1 − s)")
    left.set(title="At either end the slope is gone …", xlabel="e", ylabel="s, and ds/de")
    left.legend(loc="upper left")
    right.plot(starts, formula, color=GRAY, label="2e + exp(e) − exp(−e)")
    right.plot(starts, steps, "o", color=BLUE, label="counted")
    right.set(title="… and each unit of e makes the way back e times longer", xlabel="e at the start",
              ylabel="steps until s ≤ 1/2", yscale="log")
    right.legend(loc="upper left")
plt.show()

# %% [markdown]
# A gate far out is **saturated**: it still acts on its channel, but it hardly learns. In float32 it even stops
# learning altogether:

# %%
from senet_np.ops import sigmoid_backward, sigmoid_forward

for value in (10, 16, 17, 20):
    s_32, kept = sigmoid_forward(np.array([value], np.float32))
    slope = sigmoid_backward(np.ones(1, np.float32), kept)
    print(f"e = {value}:  1 − s = {1 - s_32[0]:.1e}   slope {slope[0]:.1e}")
assert slope[0] == 0

# %% [markdown]
# ## 5. Why sigmoid?
#
# **Not softmax.** Softmax makes the gates of an image add up to 1. Then channels compete: one can open only
# while others shut. Here are real numbers: the gates of the last block of `tiny-se` (bundled, trained on
# CIFAR-10) for a photo of a person.
#
# *Predict: how many of its 128 gates are above one half? And how many can be, with softmax?*

# %%
from senet_np.data.photo import sample_photo

model = senet_np.load("tiny-se")
_, activations = model.run(sample_photo().small[None], record=True)
block, learned = activations.blocks["stage3.se"], model.params["stage3"]["se"]
e_photo = (block.h @ learned["w2"] + learned["b2"])[0]  # (C,)

soft = np.exp(e_photo - e_photo.max())
soft /= soft.sum()
assert np.allclose(sigmoid(e_photo), block.s[0], atol=1e-5)
print(f"sigmoid: {(block.s > 0.5).sum():3} gates above 1/2, sum {block.s.sum():5.1f}")
print(f"softmax: {(soft > 0.5).sum():3} gates above 1/2, sum {soft.sum():5.1f}, largest {soft.max():.3f}")

# %% [markdown]
# Several channels may matter for one image, and need not compete. With softmax at most one gate can be above
# one half, and the mean gate is 1/C whatever the image shows.
#
# **Not tanh or ReLU.** Both are options of our block. Look at where they start: a fresh block, maps as
# after a ReLU.
#
# *Predict for each: the mean size of a gate, and how many gates have a slope of 0.*

# %%
from senet_np.layers import SE

u_fresh = np.maximum(rng.standard_normal((64, 8, 8, 32)), 0)
for gate in ("sigmoid", "tanh", "relu"):
    layer = SE(32, reduction=4, gate=gate)
    params, _ = layer.init(np.random.default_rng(0), np.float64)
    _, fresh, _ = layer.forward(params, {}, u_fresh, True)
    print(f"{gate:8} mean |s| {np.abs(fresh.s).mean():.2f}   below 0: {100 * (fresh.s < 0).mean():3.0f} %"
          f"   exactly 0: {100 * (fresh.s == 0).mean():3.0f} %")

# %% [markdown]
# A tanh gate starts around 0 to either side: at first the block lets little through, and about half of the
# gates turn their channel's sign. A ReLU gate starts at exactly 0 for about half of the channels, where its
# slope is 0 too: such a gate passes nothing on and learns nothing from this image; and it has no upper bound.
# The sigmoid starts at one half with its largest slope, and can neither turn a sign nor enlarge.
#
# What it is worth, in the paper's ablation (section 6.3) and in ours (`docs/results.md`, "The gate"):

# %%
paper = {"sigmoid": 22.28, "tanh": 23.00, "ReLU": 23.47, "no SE": 23.30}  # ResNet-50 on ImageNet
ours = {"sigmoid": (68.14, 0.11), "tanh": (67.24, 0.25), "ReLU": (66.55, 0.46), "no SE": (67.85, 0.25)}  # docs/results.md
print("         paper: top-1 error   ours: test accuracy, mean ± sd of 5 seeds")
for gate, error in paper.items():
    print(f"{gate:8}      {error:5.2f} %            {ours[gate][0]:5.2f} ± {ours[gate][1]:.2f} %")

# %% [markdown]
# (Ours: tiny net, 4 epochs, a JPEG-recompressed copy of CIFAR-10.) Mind that one column counts errors and
# the other right answers. The order sigmoid, tanh, ReLU is the same in both. A ReLU gate is worse than no
# SE block at all, in both; a tanh gate is so here, and in the paper it is a little better than none.

# %% [markdown]
# ## 6. With or without biases?
#
# The paper drops both biases for its ablations (section 6), its released models keep them, and so does our
# default. What do they do? Without them the excitation before the sigmoid is homogeneous: for $k > 0$,
# $e(kz) = k\,e(z)$.
#
# *Predict the gates of a black image (z = 0) without biases.*

# %%
layer = SE(16, reduction=4, se_bias=False)
params, _ = layer.init(np.random.default_rng(0), np.float64)
z_some = np.abs(rng.standard_normal((1, 16)))


def e_without(z):
    return np.maximum(z @ params["w1"], 0) @ params["w2"]


assert np.allclose(e_without(3 * z_some), 3 * e_without(z_some))
print("gates at z = 0:", sigmoid(e_without(0 * z_some))[0, :6], "…")

# %% [markdown]
# So the usual state of a channel cannot be set apart from the image: at z = 0 every gate is 1/2, and the
# brighter the features, the further out the gates. With `b2` a channel can be open or shut as a rule,
# $\sigma(b_2)$, and the rest is what is special about the image; `b1` moves the point from which a hidden unit
# is above 0. They cost h + C numbers per block, against 2·C·h.

# %% [markdown]
# ## 7. At the start all gates are around one half
#
# Our block draws $w_1 \sim N(0, 2/C)$ and $w_2 \sim N(0, 1/h)$, biases 0. Then for a given z, e is a sum of
# h terms of mean 0, and its variance can be followed through:
#
# $$
# \operatorname{Var}(a_j) = \tfrac2C\sum_c z_c^2 \qquad
# \mathbb E[h_j^2] = \tfrac12\operatorname{Var}(a_j) \qquad
# \operatorname{Var}(e_c) = \tfrac1h\sum_j \mathbb E[h_j^2] = \tfrac1C\sum_c z_c^2
# $$
#
# (a is symmetric about 0, so half of its square survives the ReLU.) After batch norm and a ReLU a channel
# is about $\max(0, \text{normal})$, whose mean is 0.40. So e has a spread of about 0.4, and $\sigma(e)$ one
# of about $0.4\cdot\frac14 = 0.1$. *Is it so?*

# %%
from senet_np.containers import se_caches
from senet_np.nets import tiny

fresh_net = tiny()
images = load_shapes(sizes=(64, 1, 1)).train.images
x = ((images / 255 - 0.5) / 0.25).astype(np.float32)
params, state = fresh_net.init(np.random.default_rng(0))
_, net_cache, _ = fresh_net.forward(params, state, x, True)
for path, block in se_caches(net_cache).items():
    print(f"{path}: mean z {block.z.mean():.2f}, gates {block.s.mean():.2f} ± {block.s.std():.2f}; "
          f"of one channel, between images, ± {block.s.std(axis=0).mean():.3f}")
    assert abs(block.s.mean() - 0.5) < 0.05

# %% [markdown]
# Around one half, as derived; and nearly the same for every image, for their z hardly differ yet. **A fresh
# SE block is nearly a factor of 1/2.**
#
# *Predict: what is left of a signal after eight such blocks? And of the gradient that comes back?*
#
# We stack eight times conv – ReLU, with and without SE, with and without batch norm after the convolution.
# (He's initialization keeps the size of a signal through conv – ReLU, give or take what a 16×16 image
# loses at its padded border.)

# %%
from senet_np.containers import Sequential
from senet_np.layers import BatchNorm, Conv2D, ReLU


def stack(se, bn, blocks=8, c=32):
    parts = [("conv", Conv2D(c, c, bias=False))]
    parts += [("bn", BatchNorm(c))] if bn else []
    parts += [("relu", ReLU())] + ([("se", SE(c))] if se else [])
    return Sequential([(f"block{k + 1}", Sequential(parts)) for k in range(blocks)])


def sizes(net, x):
    """Root mean square after each block, and of the gradient at the input for a random dy of size 1."""
    params, state = net.init(np.random.default_rng(1))
    y, cache, _ = net.forward(params, state, x, True)
    dx, _ = net.backward(np.random.default_rng(2).standard_normal(y.shape).astype(np.float32), cache)
    found = []
    for name, layer in net.parts.items():
        x, _, _ = layer.forward(params[name], state.get(name, {}), x, True)
        found.append(np.sqrt((x**2).mean()))
    return np.array(found), np.sqrt((dx**2).mean())


# %%
u0 = np.maximum(rng.standard_normal((8, 16, 16, 32)), 0).astype(np.float32)
lines = {}
for bn in (False, True):
    for se in (False, True):
        lines[se, bn], at_input = sizes(stack(se, bn), u0)
        name = f"{'with' if se else 'without'} SE, {'with' if bn else 'without'} batch norm"
        print(f"{name:32} last block {lines[se, bn][-1]:.4f}   gradient at the input {at_input:.4f}")

# %%
with style():
    figure, axes = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
    for (se, bn), values in lines.items():
        look = ("o" if se else "s") + ("-" if bn else "--")
        axes.plot(range(1, 9), values, look, color=BLUE if se else GRAY,
                  label=f"{'with' if se else 'no'} SE, {'batch norm' if bn else 'no batch norm'}")
    axes.set(title="Fresh gates halve the signal at each block, unless a norm undoes it", xlabel="block",
             ylabel="root mean square of the output", yscale="log")
    axes.legend(loc="lower left")
plt.show()

# %% [markdown]
# Without batch norm each SE block costs a factor of about two, for the signal forward and for the gradient
# backward. With batch norm in the next layer the factor is divided out again: only the last block's half is
# left, and the gradient is of the same order with SE and without. This is why SE is put into networks with
# batch norm without a second thought. On a residual branch, the paper's place in a ResNet, the signal
# also has the shortcut, which passes no gate. In a net without normalization one would start with $b_2$ above 0, and pay
# with slope.
#
# Note what follows for reading gates later: a gate of 0.5 is no verdict about a channel, it is where
# everybody started; and a factor that is the same for every image is no attention, as the next layer can
# undo it.

# %% [markdown]
# ## 8. What r costs
#
# Two matrices per block, C×h and h×C, with h = C/r. A net whose stage s has $N_s$ blocks of $C_s$ channels
# pays
#
# $$
# \frac2r\sum_s N_s\,C_s^2 \qquad\text{(Eq. 5)}
# $$
#
# *Predict for the tiny net (32, 64, 128 channels, r = 4): which share of it stands in the last block?*

# %%
from senet_np.nets.describe import added_by_se, count_parameters, equation_5

added = added_by_se(tiny(reduction=4))
print(added)
assert equation_5(added.channels, 4) == added.parameters - added.biases
print(f"last block: {equation_5([128], 4) / equation_5(added.channels, 4):.0%} of Eq. 5")

deep = [256] * 3 + [512] * 4 + [1024] * 6 + [2048] * 3  # SE-ResNet-50's blocks, r = 16
total, last = equation_5(deep, 16), equation_5(deep[-3:], 16)
print(f"SE-ResNet-50, r = 16: {total:,.0f}, of them {last / total:.0%} in its last three blocks")

# %% [markdown]
# C enters squared, so the late, wide blocks cost nearly everything. The paper's SE-ResNet-50 pays those 2.5
# million on top of some 25 million, a tenth more. In multiply-adds the block is cheap, as its matrices run
# once per image and not once per position: the paper counts 0.26 % for SE-ResNet-50.
#
# The library counts what is really there. It differs from Eq. 5 in the biases, and because h = max(2, C //
# r): a block never gets fewer than two hidden units.

# %%
plain = count_parameters(tiny(se=False))
ratios = (1, 2, 4, 8, 16, 32, 64)
counted = [added_by_se(tiny(reduction=r)) for r in ratios]
by_equation = [equation_5((32, 64, 128), r) for r in ratios]
print("  r   hidden units      Eq. 5   counted   share of the net without SE")
for r, a_r, eq in zip(ratios, counted, by_equation):
    share = 100 * a_r.parameters / plain
    print(f"{r:3}   {str(a_r.hidden):14} {eq:8,.0f}  {a_r.parameters:8,}   {share:5.1f} %")


# %%
def cost_figure(marked=None):
    with style():
        figure, axes = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
        axes.loglog(ratios, by_equation, "s--", color=GRAY, label="Eq. 5")
        axes.loglog(ratios, [a_r.parameters for a_r in counted], "o-", color=BLUE,
                    label="counted: biases, h ≥ 2")
        if marked is not None:
            axes.axvline(marked, color=ORANGE, linewidth=3, alpha=0.6, label=f"r = {marked}")
        axes.set_xticks(ratios, ratios)
        axes.minorticks_off()
        axes.set(title="Twice the r is half the price, until biases and two units are left",
                 xlabel="reduction ratio r", ylabel="parameters added\nto the tiny net")
        axes.legend()
    plt.show()


cost_figure()


# %% [markdown]
# Move the slider: what each block is at this r.

# %%
def at_r(r):
    blocks = added_by_se(tiny(reduction=r))
    for c, units in zip(blocks.channels, blocks.hidden):
        note = "   (C // r would be below 2)" if c // r < 2 else ""
        print(f"{c:3} → {units:3} → {c:3}   {2 * c * units:6,} weights + {c + units:3} biases{note}")
    print(f"together {blocks.parameters:,}: {100 * blocks.parameters / plain:.1f} % on top of {plain:,}")
    cost_figure(r)


interact(at_r, r=IntSlider(4, 1, 64));

# %% [markdown]
# What one gets for it. The paper, section 6.1, and `docs/results.md`, "The reduction ratio" (both tables as
# in section 5):

# %%
paper_r = {2: 22.29, 4: 22.25, 8: 22.26, 16: 22.28, 32: 22.72}  # top-1 error, %
ours_r = {2: (68.60, 0.28), 4: (68.14, 0.11), 8: (67.86, 0.21), 16: (67.44, 0.29)}  # accuracy, %, 5 seeds
for r, error in paper_r.items():
    accuracy = "{:.2f} ± {:.2f} %".format(*ours_r[r]) if r in ours_r else "not run"
    print(f"r = {r:2}   paper: error {error:.2f} %   ours: accuracy {accuracy}")

# %% [markdown]
# In the paper r hardly matters up to 16; here it does. A stage of ResNet-50 has 256 to 2,048 channels, so
# at r = 16 it keeps 16 to 128 hidden units, and our first stage keeps 2. What counts is how many gates
# share how few units.

# %% [markdown]
# ## 9. Why at least two hidden units, and better more
#
# **One unit ties all gates to one number.** With h = 1, $e_c = h\,w_2[c] + b_2[c]$: whatever the image
# shows, all gates move along one line. *Predict the correlation between any two columns of e.*

# %%
e_one = np.maximum(z_many @ v1[:, :1], 0) @ v2[:1]  # (200, 16), one hidden unit
print("correlations of channel 0 with the others:", np.corrcoef(e_one.T)[0, 1:6], "…")
assert np.allclose(np.abs(np.corrcoef(e_one.T)), 1)

# %% [markdown]
# **A unit can be dead.** One that is 0 for an image passes no gradient for it; one that is 0 for *every*
# image learns nothing at all. If all units of a block are dead for all images, dw1, db1 and dw2 are 0: only
# b2 learns, and the block is a constant.
#
# For one image and random $w_1$ with $b_1 = 0$, the sign of $a_j = z\cdot w_1[:,j]$ is a fair coin, as
# $w_1$ and $-w_1$ are equally likely. All h units are dead with probability $2^{-h}$. But images share
# their z at the start, nearly: a unit that is dead for one is likely to be dead for the next.
#
# *Predict: how many of 4,000 fresh blocks with h = 2 are dead for all of 64 images?*

# %%
z_start = se_caches(net_cache)["stage1.se"].z  # (64, 32): what the first block of the fresh net sees
widths, draws = (1, 2, 4, 8, 16), 4000
one_image, all_images, one_unit = [], [], []
for units in widths:
    w = np.random.default_rng(units).standard_normal((32, draws * units)).astype(np.float32)
    active = (z_start @ w > 0).reshape(64, draws, units)
    dead = ~active.any(axis=2)  # (64, draws): all units 0
    one_image.append(dead.mean())
    all_images.append(dead.all(axis=0).mean())
    one_unit.append((~active.any(axis=0)).mean())
    print(f"h = {units:2}: all units dead for one image {100 * one_image[-1]:5.2f} %"
          f"  (2^-h {100 * 0.5**units:5.2f} %)   for all 64 {100 * all_images[-1]:5.2f} %")
print(f"single units dead for all 64 images: {100 * min(one_unit):.0f} to {100 * max(one_unit):.0f} %")
assert np.allclose(one_image, [0.5**units for units in widths], atol=0.03)

# %%
with style():
    figure, axes = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
    x_axis = np.arange(len(widths))
    axes.bar(x_axis - 0.2, 100 * np.array(one_image), 0.4, color=GRAY, label="for one image")
    bars = axes.bar(x_axis + 0.2, 100 * np.array(all_images), 0.4, color=BLUE, hatch="//", edgecolor="white",
                    label="for all of 64 images: cannot learn")
    axes.bar_label(bars, [f"{100 * share:.1f}" for share in all_images], fontsize=9)
    coins = [100 * 0.5**units for units in widths]
    axes.plot(x_axis, coins, "_", color="black", markersize=28, label="$2^{-h}$")
    axes.set_xticks(x_axis, widths)
    axes.set(title="With two hidden units a fresh block is often dead, with eight hardly ever",
             xlabel="hidden units h", ylabel="% of 4,000 fresh blocks\nwith all units dead")
    axes.legend()
plt.show()

# %% [markdown]
# With two units one block in ten cannot learn from any of these images, with one it is one in three.
# (Convolutions before it go on learning and may move z until a unit is above 0; the block itself can do
# nothing for it.) That is one more reason for h ≥ 2, and for r = 4 as the default of small nets: at r = 16 a
# 16-channel stage would have one unit.
#
# The last line is worth a second look: a third of the units of a *healthy* block are dead from the first
# step, whatever h is. With eight units that leaves five, with two it may leave none.

# %% [markdown]
# ## 10. What trained matrices look like
#
# W₁ above W₂ for the three blocks of `tiny-se`; a row is a hidden unit, a column a channel, and both
# matrices of a block have the same order. *Predict: do all hidden units work equally hard?*

# %%
from senet_np.analysis.findings import load_findings
from senet_np.figures.style import add_title
from senet_np.figures.weights import draw_weights
from senet_np.runs.bundled import findings_path

found = load_findings(findings_path("tiny-se"))
learned = {path: model.params[path.split(".")[0]]["se"] for path in found.blocks}
pairs = {path: (tree["w1"], tree["w2"]) for path, tree in learned.items()}
with style():
    figure = add_title(draw_weights(pairs), "A few hidden units read and move much, the others hardly anything",
                       model.provenance)
figure

# %%
for path, (t1, t2) in pairs.items():
    strength = np.linalg.norm(t1, axis=0) * np.linalg.norm(t2, axis=1)  # (h,) of each unit's share in W1 W2
    strong = (strength > 0.1 * strength.max()).sum()
    print(f"{path}: {strong} of {len(strength)} units have more than a tenth of the strongest one's strength;"
          f" {found.hidden[path].dead.sum()} are 0 in every one of 10,000 test images")

# %% [markdown]
# Weight decay shrinks what is not used, so idle units fade to gray. Does it follow that h could have been
# smaller? Not from this: which units would be used was not known before, and section 8 shows what a smaller
# h cost here.
#
# **Does a channel open or shut its own gate?** If a unit reads channel k with one sign and moves gate k
# with the same sign, then channel k opens itself. Summed over units that is the diagonal of $W_1 W_2$. A
# unit counts as often as it is active, so we weigh by the share of test images in which it is above 0. The
# comparison: each channel with the gate of *another* one, drawn at random.
#
# *Predict the sign of the diagonal, in the first block and in the last. Does a strong channel open its own
# gate, or shut it?*

# %%
for path, (t1, t2) in pairs.items():
    own = (t1 * found.hidden[path].overall_active) @ t2  # (C, C): how z_k (row) moves e_c (column)
    diagonal, c = np.diag(own), len(own)
    others = [own[np.arange(c), rng.permutation(c)].mean() for _ in range(2000)]
    above = 100 * (diagonal > 0).mean()
    print(f"{path}: mean of the diagonal {diagonal.mean():+.3f}, {above:3.0f} % above 0;"
          f" random pairs {np.mean(others):+.3f} ± {np.std(others):.3f}")

# %% [markdown]
# Compare each diagonal with the spread of its random pairs. In this network the first two blocks work like
# a volume control: a channel that is strong in an image shuts its own gate. In the last block it is the
# other way round, but there channels open each other's gates too, nearly as much. The signs mean more than
# the sizes, for how large a weight is depends on how large its channel is. And this is one network of one
# seed: put `shapes-se` in place of `tiny-se`, and the diagonals of its first two blocks lie two to three
# spreads from the random pairs, one of them below and the other one above.

# %% [markdown]
# ## 11. Try it
#
# 1. By hand: how many parameters has the SE block of C = 128 channels at r = 8, biases included? And of C =
#    16 at r = 16? Check with `tree_size` (`senet_np.tree`) on the params of `SE(channels, reduction)`.
#
#    <details><summary>Hint</summary>
#
#    Two matrices, C·h each, and h + C biases. In the second case h is not C // r.
#
#    </details>
#
# 2. *Spot the bug.* A colleague's backward pass of the excitation runs, and all shapes are right. Which
#    line is wrong, which of the five gradients suffer, and what finds it?
#
#    ```python
#    def excitation_backward(ds, cache):
#        z, w1, w2, alive, h, s = cache
#        de = ds * s * (1 - s)
#        dh, dw2, db2 = de @ w2.reshape(w2.shape[::-1]), h.T @ de, de.sum(axis=0)
#        da = dh * alive
#        dz, dw1, db1 = da @ w1.T, z.T @ da, da.sum(axis=0)
#        return dz, dw1, db1, dw2, db2
#    ```
#
#    <details><summary>Hint</summary>
#
#    Write down a 2×3 matrix, its transpose, and the same six numbers reshaped to 3×2.
#
#    </details>
#
# 3. *Spot the bug in a measurement.* A report says: "In the first block of a fresh tiny net half of the
#    hidden units are dead: `(h == 0).mean()` is about 0.5." What did it measure? How many units are dead?
#
#    <details><summary>Hint</summary>
#
#    A unit is dead if it is 0 for every image. Along which axis do you have to ask `all`?
#    `block.h` is h.
#
#    </details>
#
# 4. Write a softmax gate, forward and backward, for rows e (N, C), and prove it with `check_gradients`.
#    Then compare its de with that of the sigmoid when only one gate is pushed open (ds is −1 there and 0
#    elsewhere): which others move?
#
#    <details><summary>Hint</summary>
#
#    ∂s_c/∂e_k = s_c ([c = k] − s_k), so de_k = s_k (ds_k − Σ_c ds_c s_c).
#
#    </details>
#
# Solutions: [solutions/04_excitation.ipynb](solutions/04_excitation.ipynb)
#
# **Read next:** [senet_np/ops/activations.py](../senet_np/ops/activations.py) and
# [senet_np/ops/linear.py](../senet_np/ops/linear.py), the same with their derivations;
# [docs/results.md](../docs/results.md), "The gate" and "The reduction ratio", with intervals; then notebook
# 5, where the gates meet the maps again.
