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
# # 5 · The whole SE block: the fan-out, the sum of two gradients, a check that finds the forgotten path
#
# **Afterwards you can** compute a Squeeze-and-Excitation block forward and backward on paper and write both
# passes down on one screen; say why its input receives *two* gradients and which gradients go wrong when one
# is forgotten; prove with finite differences that a backward pass is right, and read from the gradients that
# are wrong in which line the mistake stands.
#
# **You need** notebooks 3 and 4 (squeeze and excitation), matrix products and the chain rule. **Time:** 60
# minutes.
#
# A convolution mixes channels with weights that are the same for every image, and sees only a small window.
# But what the whole image shows often decides which channels matter: under water, a detector of wheels
# can be ignored. An SE block looks at the whole feature map $U$ (in a real net, what a convolution and a
# ReLU have just put out) and multiplies each channel by a number between 0 and 1, the *gate*, which it
# computes from the image itself:
#
# $$
# \underbrace{z_c = \tfrac{1}{HW}\sum_{i,j} u_c(i,j)}_{\text{squeeze (Eq. 2)}}
# \qquad
# \underbrace{s = \sigma(W_2\,\delta(W_1 z))}_{\text{excitation (Eq. 3)}}
# \qquad
# \underbrace{\tilde x_c = s_c\, u_c}_{\text{scale (Eq. 4)}}
# $$
#
# $\delta$ is ReLU, $\sigma$ the sigmoid; $W_1$ and $W_2$ are two fully connected layers (FC), each with a
# bias in our code. The first squeezes C numbers into C/r and the second spreads them out again: r, the
# reduction ratio, keeps the block small. The equations are those of Hu et al., arXiv 1709.01507. In our
# code samples are rows, `z @ w1`, so `w1` is the transpose of the paper's $W_1$.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact

from senet_np.figures.style import BLUE, GRAY, ORANGE, style

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. The block on one drawing
#
# Names stand for arrays, arrows for steps. *Before you look: which array is used twice? What must then
# happen at its place in the backward pass?*

# %%
PLACES = {"u": (0, 1), "z": (1, 0), "a": (2.2, 0), "h": (3.4, 0), "e": (4.6, 0), "s": (5.8, 0),
          "x_scaled": (6.8, 1)}
SHAPES = {"u": "N,H,W,C", "z": "N,C", "a": "N,h", "h": "N,h", "e": "N,C", "s": "N,C", "x_scaled": "N,H,W,C"}
STEPS = [  # from, to, the step forward, what it does to a gradient
    ("u", "x_scaled", "scale: s · u", "du_scale = s · dx_scaled"),
    ("u", "z", "squeeze:\nmean", "du_squeeze =\ndz / (H·W)"),
    ("z", "a", "FC1\n@ w1 + b1", "@ w1ᵀ"), ("a", "h", "ReLU", "times\n[a > 0]"),
    ("h", "e", "FC2\n@ w2 + b2", "@ w2ᵀ"), ("e", "s", "sigmoid", "times\ns(1 − s)"),
    ("s", "x_scaled", "scale", "Σ over H, W\nof dx_scaled · u"),
]


# %%
def draw_block(axes, backward):
    color, prefix = (ORANGE, "d") if backward else (BLUE, "")
    for name, (x, y) in PLACES.items():
        axes.text(x, y, f"{prefix}{name}\n({SHAPES[name]})", ha="center", va="center", fontsize=9,
                  bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": GRAY})
    for start, end, forth, back in STEPS:
        (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
        tip, tail = ((x0, y0), (x1, y1)) if backward else ((x1, y1), (x0, y0))
        arrow = {"arrowstyle": "-|>", "color": color, "shrinkA": 26, "shrinkB": 26}
        axes.annotate("", tip, tail, arrowprops=arrow)
        side = {"z": "right", "x_scaled": "left"}.get(end, "center") if y0 != y1 else "center"
        dx, dy = {"right": (-0.16, -0.08), "left": (0.16, -0.08), "center": (0, 0.13)}[side]
        words = back if backward else forth
        axes.text((x0 + x1) / 2 + dx, (y0 + y1) / 2 + dy, words, color=color, fontsize=9, ha=side)
    axes.set(xlim=(-0.8, 7.8), ylim=(-0.3, 1.3))
    axes.axis("off")


# %%
with style():
    figure, (above, below) = plt.subplots(2, 1, figsize=(10, 6), layout="constrained")
    draw_block(above, backward=False)
    draw_block(below, backward=True)
    above.set_title("Forward: u goes two ways")
    below.set_title("Backward: two gradients arrive at u, and are added")
    below.text(-0.3, 1.22, "du = du_scale + du_squeeze", ha="left", fontsize=10, weight="bold", color=ORANGE)
plt.show()

# %% [markdown]
# ## 2. Forward
#
# One image, 2 × 2 positions, 4 channels: small enough to see every number. Arrays are (N, H, W, C), the
# channel last.

# %%
u = rng.integers(-2, 5, size=(1, 2, 2, 4)).astype(float)
for c in range(4):
    print(f"channel {c}:\n{u[0, :, :, c]}\n")

# %% [markdown]
# **Squeeze.** *Predict the four means before you run the cell.*

# %%
z = u.mean(axis=(1, 2))  # (N, C): one number per channel
print("z =", z)

# %% [markdown]
# **Excitation.** Two small matrices: 4 channels → 2 hidden units → 4 gates. Two is C/r for r = 2.

# %%
w1 = np.array([[1.0, -1.0], [0.5, 0.0], [0.0, 0.0], [-1.0, 0.5]])  # (C, h)
w2 = np.array([[1.0, -1.0, 0.5, 0.0], [0.0, 0.5, -0.5, 2.0]])  # (h, C)
b1, b2 = np.zeros(2), np.zeros(4)

a = z @ w1 + b1
h = np.maximum(a, 0)  # δ: ReLU
e = h @ w2 + b2
s = 1 / (1 + np.exp(-e))  # σ: the gates
print("a =", a, "\nh =", h, "\ne =", e, "\ns =", s)

# %% [markdown]
# Look at `h`: is a hidden unit dead (0) for this image? A dead unit passes nothing on and, in a moment, no
# gradient back.
#
# **Scale.** Each channel times its gate. A sigmoid gate can only make a channel smaller in magnitude.

# %%
x_scaled = u * s[:, None, None, :]
for c in range(4):
    print(f"channel {c}, gate {s[0, c]:.3f}:\n{x_scaled[0, :, :, c]}\n")

# %% [markdown]
# The library does the same, and keeps what the backward pass will need in a cache:

# %%
from senet_np.se import se_backward, se_forward

x_library, cache = se_forward(u, w1, b1, w2, b2)
assert np.allclose(x_library, x_scaled)
print("cache.s =", cache.s)

# %% [markdown]
# ## 3. Backward
#
# We write $\mathrm{d}a$ for $\partial L/\partial a$. Suppose the rest of the network gave us
# $\mathrm{d}\tilde X$. Here it is a fixed random array $G$, as if the loss were
# $L = \sum \tilde X \cdot G$. We read the forward pass upwards.
#
# **Scale**, $\tilde x = s\,u$: a product, so each factor's gradient is the other factor times what arrives.
# One gate served all positions of its channel, so its gradient is a *sum* over them.

# %%
dx_scaled = rng.standard_normal(x_scaled.shape)

du_scale = dx_scaled * s[:, None, None, :]
ds = (dx_scaled * u).sum(axis=(1, 2))
print("ds =", ds)

# %% [markdown]
# **Sigmoid**: $\sigma' = s(1-s)$. **FC2**, $e = h W_2 + b_2$. **ReLU**: only where $a > 0$. **FC1**,
# $a = z W_1 + b_1$. (Each is derived in notebook 4.) *Predict which entries of* `da` *are 0.*

# %%
de = ds * s * (1 - s)

dw2 = h.T @ de
db2 = de.sum(axis=0)
dh = de @ w2.T

da = dh * (a > 0)  # the mask comes from the ReLU's *input*

dw1 = z.T @ da
db1 = da.sum(axis=0)
dz = da @ w1.T
print("da =", da, "\ndz =", dz)

# %% [markdown]
# **Squeeze**, $z_c$ = mean of $u_c$: every position has the same share, $1/(HW)$.

# %%
height, width = u.shape[1:3]
du_squeeze = np.broadcast_to((dz / (height * width))[:, None, None, :], u.shape)
print(du_squeeze[0, :, :, 0])

# %% [markdown]
# ### The sum that everyone forgets
#
# $U$ was used **twice**: the scale multiplied it, and the squeeze averaged it. A change of $u$ reaches the
# loss on both ways. Written out, with $L = \sum_{k,i',j'} G_k(i',j')\,s_k\,u_k(i',j')$ and the product
# rule:
#
# $$
# \frac{\partial L}{\partial u_c(i,j)} =
# \underbrace{G_c(i,j)\,s_c}_{\text{scale: this place, this channel}} +
# \underbrace{\sum_k \Big(\sum_{i',j'} G_k u_k\Big)\,\frac{\partial s_k}{\partial z_c}\cdot\frac{1}{HW}}_{\text{squeeze: through } z_c
# \text{ to the gates of all channels } k}
# $$
#
# The bracket is ds. So one pixel moves every gate a little, and each gate moves its whole channel.

# %%
du = du_scale + du_squeeze

names = ["du", "dw1", "db1", "dw2", "db2"]
same = {}
for name, ours, library in zip(names, [du, dw1, db1, dw2, db2], se_backward(dx_scaled, cache)):
    same[name] = np.allclose(ours, library)
    print(f"{name:4} {'equals the library' if same[name] else 'DIFFERS'}")
assert all(same.values())


# %% [markdown]
# The two ways can be walked one at a time. The loss gets u twice: once for the maps, once for the gates; we
# move one pixel in the first, in the second, in both.
#
# *Predict how the three slopes are related.*

# %%
def loss(u_for_maps, u_for_gates):
    _, cache = se_forward(u_for_gates, w1, b1, w2, b2)
    return (dx_scaled * u_for_maps * cache.s[:, None, None, :]).sum()


step = np.zeros_like(u)
step[0, 1, 0, 0] = 1e-5  # one pixel of channel 0
maps = (loss(u + step, u) - loss(u - step, u)) / 2e-5
gates = (loss(u, u + step) - loss(u, u - step)) / 2e-5
both = (loss(u + step, u + step) - loss(u - step, u - step)) / 2e-5
print(f"moved in the maps {maps:.4f}   du_scale   {du_scale[0, 1, 0, 0]:.4f}")
print(f"in the gates      {gates:.4f}   du_squeeze {du_squeeze[0, 1, 0, 0]:.4f}")
print(f"in both           {both:.4f}   du         {du[0, 1, 0, 0]:.4f}")
assert np.allclose([maps, gates, both], [du_scale[0, 1, 0, 0], du_squeeze[0, 1, 0, 0], du[0, 1, 0, 0]])


# %% [markdown]
# ## 4. The whole block on one screen
#
# Now without help. Put two empty functions into a new cell, `my_forward(u, w1, b1, w2, b2)` that returns
# `x_scaled, cache`, and `my_backward(dx_scaled, cache)` that returns the five gradients, and write them;
# under ten lines each. The cache is yours to choose: whatever the backward pass needs.
#
# Then compare with these.

# %%
def my_forward(u, w1, b1, w2, b2):
    z = u.mean(axis=(1, 2))  # (N, C)
    a = z @ w1 + b1  # (N, h)
    h = np.maximum(a, 0)
    s = 1 / (1 + np.exp(-(h @ w2 + b2)))  # (N, C)
    return u * s[:, None, None, :], (u, z, w1, a > 0, h, w2, s)


def my_backward(dx_scaled, cache):
    u, z, w1, alive, h, w2, s = cache
    du_scale = dx_scaled * s[:, None, None, :]
    ds = (dx_scaled * u).sum(axis=(1, 2))  # (N, C)
    de = ds * s * (1 - s)
    da = (de @ w2.T) * alive  # (N, h)
    dz = da @ w1.T  # (N, C)
    du_squeeze = (dz / (u.shape[1] * u.shape[2]))[:, None, None, :]  # the same at every position
    return du_scale + du_squeeze, z.T @ da, da.sum(axis=0), h.T @ de, de.sum(axis=0)


# %%
ours = my_backward(dx_scaled, my_forward(u, w1, b1, w2, b2)[1])
assert all(np.allclose(one, other) for one, other in zip(ours, se_backward(dx_scaled, cache)))
print([gradient.shape for gradient in ours])

# %% [markdown]
# ## 5. The library's pair, line by line
#
# `senet_np/se.py` does the same with the ops of `senet_np/ops/`, each with its own backward pass. Here is its
# backward pass without the docstring:

# %%
import inspect

print(inspect.getsource(se_backward).split('"""')[-1])

# %% [markdown]
# | line | takes from the cache | gives |
# |---|---|---|
# | `channel_scale_backward` | u (for ds) and s (for du) | `du_scale` (N, H, W, C), `ds` (N, C) |
# | `GATE[gate][1]` | s: the slope is s(1 − s), e is not needed | `de` (N, C) |
# | `linear_backward` | h (for dw2) and w2 (for dh) | `dh` (N, h), `dw2` (h, C), `db2` (C,) |
# | `relu_backward` | the mask a > 0, one byte for each unit; a itself is not needed | `da` (N, h) |
# | `linear_backward` | z (for dw1) and w1 (for dz) | `dz` (N, C), `dw1` (C, h), `db1` (h,) |
# | `SQUEEZE[squeeze][1]` | the shape and dtype of u: a mean forgets everything but how many it averaged | `du_squeeze` (N, H, W, C) |
# | `du_scale + du_squeeze` | | `du` (N, H, W, C): the two gradients that arrive at u |
#
# *Predict: how much memory does the cache of a block take for 32 images of 16×16 positions and 64 channels,
# besides u itself?*

# %%
big_u = np.maximum(rng.standard_normal((32, 16, 16, 64)), 0).astype(np.float32)
big_w1, big_w2 = (rng.standard_normal(shape).astype(np.float32) / 8 for shape in ((64, 16), (16, 64)))
_, big = se_forward(big_u, big_w1, None, big_w2, None)

for name, value in big._asdict().items():
    parts = value if isinstance(value, tuple) else (value,)
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    words = [f"{array.shape} {array.dtype} {array.nbytes:,} bytes" for array in arrays]
    print(f"{name:14}", "; ".join(words) or parts)

# %%
assert big.u is big_u and big.scale_cache.u is big_u  # no copy: the cache holds the array itself
assert big.z is big.fc1_cache.x and big.h is big.fc2_cache.x
assert big.s is big.gate_cache.y and big.s is big.scale_cache.s
small = [big.z, big.relu_cache.mask, big.h, big.s]
print(f"u {big_u.nbytes:,} bytes; what the block adds: {sum(array.nbytes for array in small):,} bytes")

# %% [markdown]
# `u`, `z`, `h` and `s` stand at the end once more under their own names, for people who want to look at them:
# they are the same arrays, not copies. Not kept are a, e and x_scaled: no line needs them. The one large
# array is u, and the layer before keeps that anyway. But note: as the cache holds u itself, **nobody may
# change u in place** between forward and backward.
#
# ## 6. Do we believe it?
#
# That ours equals the library proves little: both could make the same mistake. Finite differences use the
# *forward* pass alone: move one number by $\pm\varepsilon$ and watch the loss. The error is given as a share of
# the largest gradient of the array.
#
# *Predict: will a backward pass that forgets the squeeze path be caught? By how much is it wrong?*

# %%
from senet_np.gradcheck import check_gradients

args = {"u": rng.standard_normal((2, 3, 3, 4)), "w1": rng.standard_normal((4, 3)),
        "b1": rng.standard_normal(3), "w2": rng.standard_normal((3, 4)), "b2": rng.standard_normal(4)}

report = check_gradients(my_forward, my_backward, args)
assert report and check_gradients(se_forward, se_backward, args)
print(report)


# %%
def forgetful_backward(dx_scaled, cache):
    du, dw1, db1, dw2, db2 = se_backward(dx_scaled, cache)
    du_scale_only = dx_scaled * cache.s[:, None, None, :]
    return du_scale_only, dw1, db1, dw2, db2


report = check_gradients(se_forward, forgetful_backward, args)
assert not report
report

# %% [markdown]
# Only `u` is wrong. Read the report: the place, both numbers, their ratio and a hint; the map shows the
# error of every element, (N·H·W) rows by C columns.
#
# ### The larger the image, the better it hides
#
# How large is the forgotten part when the image grows? One draw shows little, so we take the median of
# thirty, and draw again where every hidden unit is dead: there the forgotten path carries nothing, and the
# check would be blind.
#
# Two kinds of G. *Random*, as in a gradient check. And *pooled*, as it comes from a global average pool
# behind the block: the same at every position of a channel. *Predict for each: does the error shrink as the
# image grows?*

# %%
def forgotten_share(side, pooled, rng):
    """Error of du without the squeeze path, as a share of du's largest value; None if all units are dead."""
    w1, w2 = rng.standard_normal((8, 4)) / 2, rng.standard_normal((4, 8)) / 2
    u = np.maximum(rng.standard_normal((2, side, side, 8)), 0)
    g = rng.standard_normal((2, 1, 1, 8) if pooled else u.shape)
    g = g / side**2 * np.ones_like(u) if pooled else g
    _, cache = se_forward(u, w1, None, w2, None)
    if not cache.h.any():
        return None
    right, forgotten = se_backward(g, cache)[0], g * cache.s[:, None, None, :]
    return np.abs(right - forgotten).max() / np.abs(right).max()


sides = (2, 4, 8, 16, 32)
medians = {}
for pooled in (False, True):
    shares = [[forgotten_share(side, pooled, rng) for _ in range(40)] for side in sides]
    medians[pooled] = np.array([np.median([x for x in row if x is not None][:30]) for row in shares])
    words = [f"{side}×{side} {100 * share:.1f} %" for side, share in zip(sides, medians[pooled])]
    print(f"{'pooled' if pooled else 'random'} G:", "  ".join(words))

# %%
with style():
    figure, axes = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
    axes.loglog(sides, 100 * medians[False], "o-", color=BLUE, label="G random, as in a gradient check")
    law = 100 * medians[False][0] * sides[0] / np.array(sides)
    axes.loglog(sides, law, ":", color=BLUE, label="1 / side")
    axes.loglog(sides, 100 * medians[True], "s--", color=ORANGE, label="G from a global average pool")
    axes.set_xticks(sides, [f"{side}×{side}" for side in sides])
    axes.set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    axes.minorticks_off()
    axes.set(title="Large images hide the mistake from a random G, not from a pooled one",
             xlabel="positions of the image", ylabel="du is wrong by\n(% of its largest value)")
    axes.legend(loc="lower left")
plt.show()
assert medians[False][-1] < medians[False][0] / 5 and medians[True][-1] > medians[True][0] / 3

# %% [markdown]
# Why. ds is a sum of H·W terms G·u. If G is random, they have random signs, so ds grows like $\sqrt{HW}$;
# the squeeze divides by HW, and $\sqrt{HW}/HW$ is 1/side. The scale's part stays as it is. A check with a
# tolerance of a few per cent, on a large image, would let the mistake through. Ours demands $10^{-6}$
# and takes small images.
#
# If G is the same everywhere, $G = g/(HW)$, all terms pull in one direction: ds = g·z, the forgotten part
# is of the order g/(HW), and so is the scale's part s·g/(HW). Their ratio does not depend on the size of
# the image. In a real network the truth lies somewhere between; the next section measures it.
#
# ## 7. Which gradients go wrong?
#
# *Predict, for a net with two stages (convolution – batch norm – ReLU – SE) and a linear head, both SE
# blocks forgetful: which parameters still get the right gradient? The blocks' own? All of them?*

# %%
from senet_np import ops
from senet_np.data import load_shapes
from senet_np.layers import SE
from senet_np.nets import tiny
from senet_np.tree import tree_items, tree_map


class ForgetfulSE(SE):
    """An SE layer whose backward pass drops the squeeze path."""

    def backward(self, dy, cache, needs_input_grad=True):
        _, grads = super().backward(dy, cache, needs_input_grad)
        return dy * cache.s[:, None, None, :], grads


def small_net(widths, forgetful):
    net = tiny(widths=widths)
    if forgetful:
        for stage, c in zip(net.parts.values(), widths):
            stage.parts["se"] = ForgetfulSE(c)
    return net


# %%
train = load_shapes(sizes=(1024, 1, 1)).train
images, labels = ((train.images / 255 - 0.5) / 0.25).astype(np.float32), train.labels


def gradients(net, params, state, x, labels):
    logits, cache, state = net.forward(params, state, x, True)
    loss, loss_cache = ops.softmax_cross_entropy_forward(logits, labels)
    dlogits = ops.softmax_cross_entropy_backward(np.float32(1), loss_cache)
    _, grads = net.backward(dlogits, cache, needs_input_grad=False)
    return loss, grads, state


right_net, wrong_net = (small_net((8, 16), forgetful) for forgetful in (False, True))
errors = {}
for seed in range(10):  # ten random nets
    params, state = right_net.init(np.random.default_rng(seed))
    right, wrong = (dict(tree_items(gradients(net, params, state, images[:32], labels[:32])[1]))
                    for net in (right_net, wrong_net))
    for path in right:
        error = np.linalg.norm(wrong[path] - right[path]) / max(np.linalg.norm(right[path]), 1e-12)
        errors.setdefault(path, []).append(error)

# %%
middle = {path: float(np.median(values)) for path, values in errors.items()}
with style():
    figure, axes = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
    axes.barh([*middle], 100 * np.array([*middle.values()]), color=ORANGE, hatch="//", edgecolor="white")
    for k, value in enumerate(middle.values()):
        words = " 0: exactly right" if value == 0 else f" {100 * value:.0f} %"
        axes.text(100 * value, k, words, va="center", fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.2)
    axes.set(title="Only what lies behind the last forgetful block gets the right gradient",
             xlabel="gradient wrong by (% of its norm; median of ten random nets)")
plt.show()
for path, values in errors.items():
    behind = path.startswith(("stage2.se", "head"))
    assert max(values) == 0 if behind else middle[path] > 0.01

# %% [markdown]
# **No weight of a block is affected by its own forgotten path**: dw1, db1, dw2, db2 are done before du is put
# together, and are right to the last bit. What suffers is everything *before* the block, and that includes
# other SE blocks: stage1.se lies before stage2.se. So comparing the gradients of one block's own weights,
# the first thing one thinks of, finds nothing. Only du does.
#
# Would you notice while training? *Predict: does the loss of the forgetful net still fall?*

# %%
def train_net(net, seed, steps=200, batch=16, rate=0.1):
    rng = np.random.default_rng(seed)
    params, state = net.init(rng)
    speed, losses = tree_map(np.zeros_like, params), []
    for _ in range(steps):
        chosen = rng.integers(len(images), size=batch)
        loss, grads, state = gradients(net, params, state, images[chosen], labels[chosen])
        speed = tree_map(lambda v, g: 0.9 * v + g, speed, grads)
        params = tree_map(lambda p, v: p - np.float32(rate) * v, params, speed)
        losses.append(float(loss))
    return np.array(losses).reshape(-1, 10).mean(axis=1)  # means of ten steps


curves = {}
for forgetful in (False, True):
    curves[forgetful] = [train_net(small_net((8, 16, 32), forgetful), seed) for seed in range(3)]

# %%
with style():
    figure, axes = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
    for forgetful, losses in curves.items():
        look = {"color": ORANGE, "linestyle": "--"} if forgetful else {"color": BLUE}
        for k, curve in enumerate(losses):
            label = ("squeeze path forgotten" if forgetful else "right") if k == 0 else None
            axes.plot(10 * np.arange(1, len(curve) + 1), curve, label=label, **look)
    axes.set(title="Wrong gradients, and the loss falls all the same", xlabel="training step",
             ylabel="loss on shapes\n(mean of ten steps)")
    axes.legend(title="three seeds each")
plt.show()
for forgetful, losses in curves.items():
    words = [f"{curve[0]:.2f} → {curve[-1]:.2f}" for curve in losses]
    print("forgotten" if forgetful else "right    ", words)
assert all(curve[-1] < curve[0] - 0.2 for losses in curves.values() for curve in losses)

# %% [markdown]
# A gradient that points roughly the right way still goes downhill, and from a curve one cannot tell.
# (Whether the right one ends better takes longer runs and more seeds than these: notebook 11. That is a
# question about training; whether the backward pass is *right* is not, and it has an answer in a second.)
#
# ## 8. Ten mistakes, and what catches each
#
# The package holds seventy wrong backward passes of seventy different causes, written as people write them
# (`python -m senet_np gradcheck --bugs` lists all). Ten are about putting the SE block together: every
# op is right, and something between them is not. Here are three. *Find the mistake in each before you run
# the next cell.*

# %%
from senet_np.gradcheck.bugs import BUGS, catch

bugs = [bug for bug in BUGS if bug.op == "se"]
for letter, k in zip("ABC", (4, 6, 3)):
    print(f"--- {letter}\n{bugs[k].source}")

# %% [markdown]
# Which of the five gradients does each of them spoil? Think of the order of the backward pass: ds, de,
# (dw2, db2), dh, da, (dw1, db1), dz, du. A mistake spoils what comes after it, and nothing before.

# %%
def spoiled(backward, args):
    """By how much each gradient is wrong: {name: worst scaled error}, infinite for a wrong shape."""
    report = check_gradients(se_forward, backward, args)
    return {check.name: check.worst for check in report.arguments}


# %%
rng_8 = np.random.default_rng(3)
odd = {"u": rng_8.standard_normal((3, 5, 7, 6)), "w1": rng_8.standard_normal((6, 4)) / 2,
       "b1": rng_8.standard_normal(4), "w2": rng_8.standard_normal((4, 6)) / 2,
       "b2": rng_8.standard_normal(6)}
alive = se_forward(**odd)[1].h > 0
assert alive.any() and not alive.all()  # some units alive, some dead
table = np.array([[*spoiled(bug.backward, odd).values()] for bug in bugs])  # (10, 5)
assert (table > 1e-6).any(axis=1).all()  # every bug is caught

# %%
with style():
    figure, axes = plt.subplots(figsize=(9, 4.4), layout="constrained")
    axes.imshow(table > 1e-6, cmap="Oranges", vmax=2, aspect="auto")
    for (row, column), error in np.ndenumerate(table):
        words = "wrong shape" if np.isinf(error) else f"{error:.0e}" if error > 1e-6 else "right"
        color = GRAY if words == "right" else "black"
        axes.text(column, row, words, ha="center", va="center", fontsize=9, color=color)
    axes.set_yticks(range(10), [bug.title for bug in bugs])
    axes.set_xticks(range(5), names)
    axes.tick_params(length=0)
    axes.set(title="The wrong gradients show where the mistake stands (worst error)")
plt.show()

# %% [markdown]
# Read the table like this.
#
# - **du alone**: everything up to dz is right. The mistake stands where du is put together: the squeeze's
#   backward pass, or the sum.
# - **dw1 or db1, but not dw2 and db2**: between FC2 and FC1, so the ReLU's mask; or FC1 itself. If du is
#   *right* beside a wrong dw1, then da was right when dz was made, and wrong when dw1 was.
# - **all five**: high up, at the gate or at the scale.
# - **a wrong shape** is reported before any number. Broadcasting would have hidden it.
#
# What the authors of A, B and C thought, and what the package's own check reports for each:

# %%
for letter, k in zip("ABC", (4, 6, 3)):
    print(f"{letter}: {bugs[k].title}. {bugs[k].why}\n   caught by {catch(bugs[k]).finding}\n")

# %% [markdown]
# **A check is only as good as its inputs.** *Predict which mistakes survive on images of one single
# position; and which if every hidden unit is alive in every image.*

# %%
one_pixel = {**odd, "u": rng_8.standard_normal((3, 1, 1, 6))}
all_alive = {**odd, "b1": odd["b1"] + 10}
for what, inputs in (("odd images", odd), ("1×1 images", one_pixel), ("all units alive", all_alive)):
    passed = [bug.title for bug in bugs if max(spoiled(bug.backward, inputs).values()) < 1e-6]
    print(f"{what:16} survive: {passed or 'none'}")


# %% [markdown]
# At 1×1 there is no 1/(H·W) to lose. With all units alive a mask changes nothing, so it does not matter
# when it is applied. If all units are *dead*, all of dw1 is 0 and anything that returns zeros would pass; the
# library's check refuses such inputs (`FlatError`). Hence: odd images, some units alive and some dead, a
# random G.
#
# ## 9. Saturated gates
#
# The bias b2 moves all gates of a channel up or down. Set all of b2 to one number and watch the gradients.
#
# *Predict: at b2 = 10, which of the five gradients are nearly 0? And at b2 = −10?*

# %%
def gradient_sizes(b2):
    """Root mean square of each gradient, and the gates, with all of b2 at one number."""
    _, cache = se_forward(**{**odd, "b2": np.full(6, float(b2))})
    g = np.random.default_rng(0).standard_normal(odd["u"].shape)
    sizes = {name: np.sqrt((d**2).mean()) for name, d in zip(names, se_backward(g, cache))}
    return sizes, cache.s


# %%
def saturation_figure(marked=None):
    biases = np.linspace(-12, 12, 25)
    sizes = [gradient_sizes(b2)[0] for b2 in biases]
    with style():
        figure, axes = plt.subplots(figsize=(7.5, 3.3), layout="constrained")
        looks = (("du", BLUE, "-"), ("dw1", ORANGE, "--"), ("dw2", GRAY, "-."), ("db2", "black", ":"))
        for name, color, line in looks:
            axes.semilogy(biases, [row[name] for row in sizes], line, color=color, label=name)
        if marked is not None:
            axes.axvline(marked, color=GRAY, alpha=0.4, linewidth=4)
        axes.set(title="Open gates stop the block's own learning, shut gates stop du too",
                 xlabel="b2, of all channels", ylabel="size of the gradient\n(root mean square)")
        axes.legend()
    plt.show()


saturation_figure()

# %%
for b2_all in (-10, 0, 10):
    sizes, gates = gradient_sizes(b2_all)
    words = [f"{name} {size:.1e}" for name, size in sizes.items()]
    print(f"b2 = {b2_all:3}: gates {gates.min():.5f} to {gates.max():.5f}  ", "  ".join(words))


# %% [markdown]
# All four weights' gradients carry the factor s(1 − s), which is gone at either end. du differs: its scale
# part is s·G. With gates open all the way, du is G itself, and the block is as if it were not there:
# harmless. With gates shut all the way du is 0 too, and every layer before it gets nothing. Move the
# slider:

# %%
def at_bias(b2):
    sizes, gates = gradient_sizes(b2)
    print("gates of image 0:", gates[0], "\nslopes s(1 − s): ", gates[0] * (1 - gates[0]))
    saturation_figure(b2)


interact(at_bias, b2=FloatSlider(4.0, min=-12, max=12, step=0.5));

# %% [markdown]
# ## 10. The block as a layer
#
# A network wants something that owns parameters. `senet_np.layers.SE` is the pair of functions with an
# `init`, and nothing else; it stores nothing during a pass. What it learns goes in and out as a *tree*, a
# nested dict of arrays.

# %%
layer = SE(channels=6, reduction=2)
params, state = layer.init(np.random.default_rng(0), np.float64)
x_scaled, cache, _ = layer.forward(params, state, odd["u"], True)
du, grads = layer.backward(np.ones_like(x_scaled), cache)
for path, array in tree_items(params):
    print(f"{path}: {array.shape}   gradient {grads[path].shape}")
assert {k: v.shape for k, v in grads.items()} == {k: v.shape for k, v in params.items()}
print("state:", state, "  hidden units: max(2, 6 // 2) =", params["w1"].shape[1])

# %% [markdown]
# Because grads has the shape of params, a step of gradient descent is one line for any net. *Predict: what
# happens to the loss $\frac12\sum(\tilde x - t)^2$ if the targets t are the maps with channels 0 to 2 left
# out?*

# %%
target = odd["u"] * np.array([0, 0, 0, 1, 1, 1])
for k in range(301):
    x_scaled, cache, _ = layer.forward(params, {}, odd["u"], True)
    loss_k = 0.5 * ((x_scaled - target) ** 2).sum()
    if k % 100 == 0:
        print(f"step {k:3}: loss {loss_k:7.3f}   mean gates {cache.s.mean(axis=0)}")
    _, grads = layer.backward(x_scaled - target, cache)
    params = tree_map(lambda p, g: p - 0.1 * g, params, grads)
assert (cache.s[:, :3].mean() < 0.1) and (cache.s[:, 3:].mean() > 0.9)

# %% [markdown]
# Three gates shut and three open, and none reaches its end: the slope fades on the way.
#
# In a network, layers stand under names, and so do their params, grads and caches. One function finds the
# blocks' caches in whatever net:

# %%
from senet_np.containers import se_caches

net = tiny(widths=(8, 16))
params, state = net.init(np.random.default_rng(0))
print([path for path, _ in tree_items(params) if ".se." in path])
_, net_cache, _ = net.forward(params, state, images[:4], False)
for path, block in se_caches(net_cache).items():
    print(f"{path}: z {block.z.shape}, gates {block.s.shape}, mean {block.s.mean():.2f}")

# %% [markdown]
# ## 11. Try it
#
# 1. Replace `(a > 0)` by `(h >= 0)` in the ReLU's backward pass of section 3 and run down to the
#    comparison. Which gradients break, and why not the others?
#
#    <details><summary>Hint</summary>
#
#    Where is `h >= 0` true? And which gradients are computed before the mask is used?
#
#    </details>
#
# 2. Set `b2` of section 2 to `np.full(4, 10.0)`. What are the gates, and `1 - s`? What happens to `dw1`,
#    and why? (Print them with `np.set_printoptions(suppress=False)`.) With which single number, in place of
#    10, is `dw1` largest?
#
#    <details><summary>Hint</summary>
#
#    $s(1-s)$ at e = 10; and section 9.
#
#    </details>
#
# 3. With `squeeze="max"` in `se_forward`, work out what $\mathrm{d}U_{\text{squeeze}}$ is now, write it,
#    and check the whole block. How does the forgotten path's share change with the image's size, for a
#    random G?
#
#    <details><summary>Hint</summary>
#
#    Which positions have a share in a maximum? `z == u` in the right shapes finds them. And which division
#    is gone?
#
#    </details>
#
# 4. *Spot the bug.* This backward pass saves an array: it multiplies dx_scaled by s once and uses it twice.
#    Which of the five gradients are wrong? Which row of the table in section 8 looks like it? And why did
#    its author not notice on a trained net whose gates were all close to 1?
#
#    ```python
#    def backward(dx_scaled, cache):
#        u, z, w1, alive, h, w2, s = cache
#        du_scale = dx_scaled = dx_scaled * s[:, None, None, :]
#        ds = (dx_scaled * u).sum(axis=(1, 2))
#        de = ds * s * (1 - s)
#        da = (de @ w2.T) * alive
#        du_squeeze = (da @ w1.T / (u.shape[1] * u.shape[2]))[:, None, None, :]
#        return du_scale + du_squeeze, z.T @ da, da.sum(axis=0), h.T @ de, de.sum(axis=0)
#    ```
#
#    <details><summary>Hint</summary>
#
#    What is ds, written in the original dx_scaled? Which factor is too many, and how large is it?
#
#    </details>
#
# Solutions: [solutions/05_se_block.ipynb](solutions/05_se_block.ipynb)
#
# **Read next:** [senet_np/se.py](../senet_np/se.py), the same with its derivation; then
# [senet_np/layers/blocks.py](../senet_np/layers/blocks.py), where the block becomes a layer, and
# [docs/testing.md](../docs/testing.md), how we know that all the gradients are right; then train one with
# `python -m senet_np train`, and notebook 8.
