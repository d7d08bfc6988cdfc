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
# # 5 · The whole SE block: forward, backward, and a check that finds a forgotten path
#
# **Afterwards you can** compute a Squeeze-and-Excitation block forward and backward on paper; write both passes
# down from memory; say which gradients of a network are wrong if a part of a backward pass is forgotten; and read from
# the gradients that are wrong in which line the mistake stands.
#
# **You need** notebooks 1 to 4 (channels, gradient checks, squeeze, excitation); matrix products and transposes;
# the chain rule and the product rule; in section 6, the norm of an array, a median and a standard deviation.
#
# **Time:** 115 minutes to read and run, 215 with the exercises. Sections 1 to 8 are the core: 85 minutes, 175 with
# the exercises. Sections 9 to 12 are further reading.
#
# Letters: [symbols](../docs/symbols.md).
#
# What an image shows decides which channels matter. Under an orange sky, the channel "orange" was needed, and under a
# blue sky the channel "blue" (notebook 1). An SE block makes this decision inside a network. It receives feature maps
# $U$, computes one number between 0 and 1 for each channel of each image, the *gate*, and multiplies:
#
# $$
# \underbrace{z_c = \tfrac{1}{HW}\sum_{i,j} u_c(i,j)}_{\text{squeeze (Eq. 2)}}
# \qquad
# \underbrace{s = \sigma(W_2\,\delta(W_1 z))}_{\text{excitation (Eq. 3)}}
# \qquad
# \underbrace{\tilde x_c(i,j) = s_c\, u_c(i,j)}_{\text{scale (Eq. 4)}}
# $$
#
# You know the squeeze (notebook 3) and the excitation (notebook 4): $\delta$ is ReLU and $\sigma$ is the sigmoid. New
# are the scale, and what happens when all three work together. The equations are those of Hu et al., arXiv
# 1709.01507. There z is a column, and the matrices stand on the left.
#
# As in notebook 4, one image is one row here, and the matrices stand on the right: $a = zW_1 + b_1$ and
# $e = hW_2 + b_2$. $W_1$ (C, C/r) reduces C numbers to C/r, and $W_2$ (C/r, C) computes C numbers from them again. In
# code they are `w1` and `w2`.
#
# **Where SE is used today.** SE blocks are part of MobileNetV3 and EfficientNet, two families of networks that need
# little computing, and collections of trained networks such as timm have SE versions of ResNet. Notebook 10 draws
# where the block stands in a ResNet. Notebook 14 opens two networks that many people use, SE-ResNet-50 and MobileNetV3,
# and finds the block of this notebook in them.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact

from senet_np.exercises import check
from senet_np.experiments.statistics import paired_difference
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.gradcheck import check_gradients
from senet_np.se import se_backward, se_forward

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. The block on one drawing
#
# Each box is an array with its shape, each arrow is a step. (The biases b1 and b2 belong to FC1 and FC2. They are
# left out of the drawing.)

# %% jupyter={"source_hidden": true} tags=["hide-input"]
NODES = {"u": (1.5, 4.95, "N, H, W, C"), "x_scaled": (9.45, 4.95, "N, H, W, C"), "z": (1.05, 2.7, "N, C"),
         "a": (3.3, 2.7, "N, C/r"), "h": (5.55, 2.7, "N, C/r"), "e": (7.8, 2.7, "N, C"), "s": (10.1, 2.7, "N, C"),
         "w1": (2.17, 0.65, "C, C/r"), "w2": (6.67, 0.65, "C/r, C")}  # x and y of the center in inches; shape
EDGES = [("u", "x_scaled", "scale: s · u"), ("u", "z", "squeeze:\nmean"), ("z", "a", "FC1"), ("a", "h", "ReLU"),
         ("h", "e", "FC2"), ("e", "s", "sigmoid"), ("s", "x_scaled", "scale"), ("w1", "", ""), ("w2", "", "")]


def lines(array):
    """Numbers as text: of maps (N, H, W, C) channel 0, of (1, C) a column, of a matrix all."""
    array = array[0, :, :, 0] if array.ndim == 4 else array.T if len(array) == 1 else array
    return "\n".join(" ".join(f"{number:5.2f}" for number in row) for row in array + 0.0)


def draw_node(axes, name, place, values, grads):
    """A box with name and shape, and below them the value (blue) and the gradient (orange); half its size."""
    value, grad = (lines(numbers[name]) for numbers in (values, grads)) if values else ("", "")
    head = f"{name}  {values[name].shape}" if values else f"{name}  ({NODES[name][2]})"
    head += ", channel 0" if values and values[name].ndim == 4 else ""
    columns = len(value.split("\n")[0]) + len(grad.split("\n")[0]) + 3
    width, height = 0.2 + max(0.082 * len(head), 0.084 * columns), 0.34 + 0.172 * (bool(value) + value.count("\n"))
    x, y = place[0] - width / 2, place[1] - height / 2
    axes.add_patch(plt.Rectangle((x, y), width, height, facecolor="white", edgecolor=GRAY))
    axes.text(place[0], y + height - 0.17, head, ha="center", va="center", weight="bold")
    axes.text(x + 0.08, y + 0.03, value, color=BLUE, family="monospace", va="bottom")
    axes.text(x + width - 0.08, y + 0.03, grad, color=ORANGE, family="monospace", va="bottom", ha="right")
    return width / 2, height / 2


def draw_block(title, values=None, grads=None, notes=()):
    """The block as a graph. With dicts `values` and `grads` every node shows its numbers, and gradients go back."""
    squash = 1 if values else 0.6
    with style():
        figure = plt.figure(figsize=(11, 6.2 * squash), layout="none")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 11), ylim=(0, 6.2 * squash))
        axes.axis("off")
        axes.text(0.1, 6.1 * squash, title, fontsize=13, va="top")
        place = {name: (x, y * squash) for name, (x, y, _) in NODES.items()}
        half = {name: draw_node(axes, name, place[name], values, grads) for name in NODES}
        for start, end, words in EDGES:
            (x0, y0), (x1, y1) = place[start], place.get(end, (place[start][0], place["z"][1]))
            if y0 == y1:  # to the right
                tail, tip, aside = (x0 + half[start][0], y0), (x1 - half[end][0], y1), np.array([0, 0.1])
                axes.text((tail[0] + tip[0]) / 2, y0 + 0.16, words, color=BLUE, ha="center", va="bottom")
            else:  # up or down
                x, up = (x1 if start == "u" else x0), np.sign(y1 - y0)
                tail, tip = (x, y0 + up * half[start][1]), (x, y1 - up * half.get(end, (0, 0))[1])
                aside = np.array([-0.1, 0])
                axes.text(x - 0.17, (y0 + y1) / 2, words, color=BLUE, ha="right", va="center")
            look = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", tip + aside, tail + aside, arrowprops=look | {"color": BLUE})
            if values:
                axes.annotate("", tail - aside, tip - aside, arrowprops=look | {"color": ORANGE})
        for x, y, words in notes:
            axes.text(x, y, words, color=ORANGE, family="monospace", va="center")
    plt.show()


draw_block("Forward: from u to x_scaled")

# %% [markdown]
# **Predict:** In the backward pass a gradient runs along each arrow, from its tip to its tail (the forward arrows of w1 and w2 end at FC1 and FC2). Draw these arrows
# yourself. How many of them will arrive at u, and how many will leave u? And at s?
#
# <details><summary>Answer</summary>
#
# Two arrive at u, and none leaves it: u is where the block ends in the backward pass. At s one arrives and one
# leaves. What has to be done with the two gradients that arrive at u? An experiment in section 3 answers this.
#
# </details>
#
# See it move: `python -m senet_np explorer bundled` writes explorer.html, with a real image on the way through this
# block; the tab "Backward" shows its gradients.
#
# ## 2. Forward
#
# One image, 2×2 positions, C = 4 channels: small enough to see every number. Arrays are (N, H, W, C), the channel
# last. (After a ReLU, U would have no number below 0. Here it has some, so that you see the signs.)

# %%
maps = np.array([[[3, 0], [-1, 1]], [[2, -2], [3, 2]], [[1, -2], [2, 4]], [[-1, -2], [4, 3]]], float)
u = np.stack(maps, axis=-1)[None]  # (N, H, W, C) = (1, 2, 2, 4)
for c in range(4):
    print(f"channel {c}:\n{u[0, :, :, c]}\n")

# %% [markdown]
# **Squeeze.** One number per channel.
#
# **Predict:** The four means.

# %% tags=["hide-output"]
z = u.mean(axis=(1, 2))  # (N, C)
print("z =", z)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 0.75, 1.25, 1.25 and 1: each is the sum of the map divided by H·W = 4.
#
# </details>
#
# **Excitation.** Two small matrices: 4 channels → 2 hidden units → 4 gates. The reduction ratio r is 2.
#
# **Predict:** From z and the `w1` of the next cell, compute the two numbers of `a`. Is one of them below 0, so that its
# hidden unit is off?

# %% tags=["hide-output"]
w1 = np.array([[1.0, -1.0], [0.5, 0.0], [0.0, 0.0], [-1.0, 0.5]])  # (C, C/r)
w2 = np.array([[1.0, -1.0, 0.5, 0.0], [0.0, 0.5, -0.5, 2.0]])  # (C/r, C)
b1, b2 = np.zeros(2), np.zeros(4)

a = z @ w1 + b1
h = np.maximum(a, 0)  # δ: ReLU
e = h @ w2 + b2
s = 1 / (1 + np.exp(-e))  # σ: the gates
print("a =", a, "\nh =", h, "\ne =", e, "\ns =", s)

# %% [markdown]
# <details><summary>Answer</summary>
#
# a = (0.75 + 0.625 − 1, −0.75 + 0.5) = (0.375, −0.25). The second a is below 0, so the second unit is off for this
# image: its h is 0. It sends nothing forward, and no gradient will pass through it.
#
# </details>
#
# **Scale.** Each channel times its gate. The gates (N, C) get two axes of length 1, so that one gate serves all
# positions of its channel. A sigmoid gate is below 1, so each number other than 0 becomes smaller in magnitude.
#
# How can a block help that only weakens channels? The weights of the next layer can have any size, so only the *ratio*
# between channels counts, and the gates change this ratio from image to image. (Question 1 of the
# [ten questions](../docs/questions.md) says more.)

# %%
x_scaled = u * s[:, None, None, :]
for c in range(4):
    print(f"channel {c}, gate {s[0, c]:.3f}:\n{x_scaled[0, :, :, c]}\n")

# %% [markdown]
# The package has the same pass. It also returns a *cache*: all that the backward pass will need.

# %%
x_package, cache = se_forward(u, w1, b1, w2, b2)
assert np.allclose(x_package, x_scaled)
print("cache.s =", cache.s)

# %% [markdown]
# ## 3. Backward
#
# We write da for ∂L/∂a, and so on. To start, we need the upstream gradient dX̃: the gradient that arrives from the
# layers after the block. There are no such layers here, so we make it up: any array in the shape of X̃ will do. This is
# the same as choosing the loss $L = \sum \tilde X \cdot d\tilde X$ with a fixed $d\tilde X$ (notebook 2). In code it is
# `dx_scaled`.
#
# Now read the forward pass from its last line to its first, and write down for each line what it does to a gradient.
#
# **Scale**, $\tilde x = s\,u$. By the product rule, each factor's gradient is the other factor times what arrives.
# One gate serves all positions of its channel, so its gradient is a *sum* over the positions. With n for the image, i
# and j for the position, and c for the channel:
#
# $$
# du_{\text{scale}}[n,i,j,c] = s[n,c]\;d\tilde x[n,i,j,c] \qquad
# ds[n,c] = \sum_{i,j} d\tilde x[n,i,j,c]\;u[n,i,j,c]
# $$

# %%
dx_maps = [[[-0.7, -2.3], [-0.5, -0.1]], [[-1.3, -0.2], [-0.3, 1.4]],  # channels 0 and 1
           [[-0.6, -1.2], [0.4, -0.7]], [[0, -0.7], [1, 0.4]]]  # channels 2 and 3
dx_scaled = np.stack(np.array(dx_maps), axis=-1)[None]  # of the shape of x_scaled

du_scale = dx_scaled * s[:, None, None, :]
ds = (dx_scaled * u).sum(axis=(1, 2))
print("ds =", ds)

# %% [markdown]
# **Sigmoid**, $s = \sigma(e)$, with the slope $s(1-s)$. **FC2**, $e = h W_2 + b_2$. **ReLU**: its slope is 1 where
# $a > 0$, else 0. **FC1**, $a = z W_1 + b_1$. Notebook 4 derives each of these lines.
#
# **Predict:** Which entry of `da` is 0?

# %% tags=["hide-output"]
de = ds * s * (1 - s)

dw2 = h.T @ de
db2 = de.sum(axis=0)
dh = de @ w2.T

da = dh * (a > 0)  # the mask comes from the ReLU's *input*

dw1 = z.T @ da
db1 = da.sum(axis=0)
dz = da @ w1.T
print("dh =", dh, "\nda =", da, "\ndz =", dz)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The second, because the second unit is off. The largest number of dh arrives there, 3.29, and the mask stops it.
#
# </details>
#
# **Squeeze**, $z_c$ is the mean of $u_c$: each position gets the same share of dz, 1/(H·W).

# %%
height, width = u.shape[1:3]
du_squeeze = np.broadcast_to((dz / (height * width))[:, None, None, :], u.shape)
print("channel 0 of du_scale:\n", du_scale[0, :, :, 0], "\nchannel 0 of du_squeeze:\n", du_squeeze[0, :, :, 0])

# %% [markdown]
# ### Two gradients for one array
#
# u was used **twice**, and now there are two arrays in its shape: `du_scale` and `du_squeeze`. Which of them is the
# gradient of u? Finite differences can tell us.
#
# The function `loss` below takes u twice. `u_for_maps` is multiplied by the gates, and `u_for_gates` is squeezed to
# compute the gates. We change one pixel by ±Δ and compute the slope of the loss. We do this three times: we change the
# pixel only in `u_for_maps`, then only in `u_for_gates`, then in both. In the real block there is only one u, so the
# third slope is the gradient of u.
#
# **Predict:** How does the third slope follow from the first two: is it the larger of them, their mean, their sum, or
# their product?

# %% tags=["hide-output"]
def loss(u_for_maps, u_for_gates):
    _, cache = se_forward(u_for_gates, w1, b1, w2, b2)
    return (dx_scaled * u_for_maps * cache.s[:, None, None, :]).sum()


step = np.zeros_like(u)
step[0, 1, 0, 0] = 1e-5  # Δ, at one pixel of channel 0
in_maps = (loss(u + step, u) - loss(u - step, u)) / 2e-5
in_gates = (loss(u, u + step) - loss(u, u - step)) / 2e-5
in_both = (loss(u + step, u + step) - loss(u - step, u - step)) / 2e-5
print(f"changed in the maps  {in_maps:.4f}   du_scale   at this pixel {du_scale[0, 1, 0, 0]:.4f}")
print(f"changed in the gates {in_gates:.4f}   du_squeeze at this pixel {du_squeeze[0, 1, 0, 0]:.4f}")
print(f"changed in both      {in_both:.4f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Their sum: −0.2963 − 0.0907 = −0.3870. The change is so small that its two effects do not disturb each other, so they
# add up. (This is the chain rule for a function of two arguments.) And each effect is one of our two arrays.
#
# </details>
#
# So the gradient of u is $du = du_{\text{scale}} + du_{\text{squeeze}}$. As a formula, in two lines:
#
# $$
# du_c(i,j) = \underbrace{s_c\,d\tilde x_c(i,j)}_{\text{scale}} + \underbrace{\frac{dz_c}{HW}}_{\text{squeeze}}
# $$
#
# $$
# dz_c = \sum_k ds_k\,\frac{\partial s_k}{\partial z_c} \qquad\text{(k counts channels, like c)}
# $$
#
# The second line says: $z_c$ moves the gates of *all* channels k, and $ds_k$ says how much the loss changes with each.
# You have computed this sum already. **The chain ds → de → dh → da → dz is the second line**, one step at a time.
# Divided by H·W it is the second term of du.
#
# Many people forget the second term. The rest of this notebook shows what happens then.

# %%
du = du_scale + du_squeeze

names = ["du", "dw1", "db1", "dw2", "db2"]
for name, ours, theirs in zip(names, [du, dw1, db1, dw2, db2], se_backward(dx_scaled, cache)):
    print(f"{name:4} {'equals that of the package' if np.allclose(ours, theirs) else 'DIFFERS'}")
assert np.allclose([in_maps, in_gates, in_both], [part[0, 1, 0, 0] for part in (du_scale, du_squeeze, du)])

# %% [markdown]
# Here is the drawing again, with a value (blue) and a gradient (orange) in every node. Of u and x_scaled it shows
# channel 0. Follow the orange arrows from x_scaled, where dX̃ arrives, back to u.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
values = {"u": u, "z": z, "a": a, "h": h, "e": e, "s": s, "x_scaled": x_scaled, "w1": w1, "w2": w2}
grads = {"u": du, "z": dz, "a": da, "h": dh, "e": de, "s": ds, "x_scaled": dx_scaled, "w1": dw1, "w2": dw2}
draw_block("Two orange arrows meet at u, and du is their sum (blue: value, orange: gradient)", values, grads,
           [(3.4, 4.5, "du_scale = s · dx_scaled\n" + lines(du_scale)),
            (1.3, 3.93, "du_squeeze = dz / 4\n" + lines(du_squeeze)), (0.2, 5.55, "du = du_scale + du_squeeze")])

# %% [markdown]
# Check three nodes with a pencil.
#
# - The −0.39 at the bottom left of u is −0.30 − 0.09, the sum of what the two arrows carry.
# - The gradient −1.70 of the first gate is a sum over the four positions of channel 0: 3·(−0.7) + 0·(−2.3) +
#   (−1)·(−0.5) + 1·(−0.1).
# - dw2 has a row of zeros, because the second hidden unit is off for this image, and there is no other image.
#
# The biases are not drawn. With one image, db1 equals da and db2 equals de.
#
# ## 4. The whole block on one screen
#
# Every line has been explained. Now put them together, without looking back if you can.
#
# ### Exercise 5.1 · The block from memory
#
# Write the forward pass and the backward pass of the SE block, about ten lines each. `my_forward` returns
# `x_scaled` and a cache. The cache is yours to choose: whatever your backward pass needs. `my_backward` returns the
# five gradients, in the order of the arguments: du, dw1, db1, dw2, db2.
#
# <details><summary>Hint 1</summary>
#
# Begin with the forward pass. Then cover it, and uncover its lines from the last to the first. Each line of it
# becomes one or two lines of the backward pass.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# The backward pass uses u, z, w1, the mask a > 0, h, w2 and s.
#
# </details>
#
# <details><summary>Hint 3, if only du is wrong</summary>
#
# Count the orange arrows that arrive at u in the drawing.
#
# </details>

# %%
def my_forward(u, w1, b1, w2, b2):
    """x_scaled (N, H, W, C) and a cache."""
    ...


def my_backward(dx_scaled, cache):
    """du, dw1, db1, dw2, db2: each in the shape of what it belongs to."""
    ...


check("5.1", my_forward, my_backward)

# %% [markdown]
# ## 5. Do we believe it?
#
# Our gradients agree with those of the package. This proves little, because both could make the same mistake. Finite
# differences need no backward pass at all: move one number by ±Δ and watch the loss (notebook 2). `check_gradients`
# does this for each number of each argument. It states the error as a share of the largest gradient of the array.
#
# The package's own pass first, on two images of 3×3 positions:

# %%
args = {"u": rng.standard_normal((2, 3, 3, 4)), "w1": rng.standard_normal((4, 3)), "b1": rng.standard_normal(3),
        "w2": rng.standard_normal((3, 4)), "b2": rng.standard_normal(4)}
report = check_gradients(se_forward, se_backward, args)
assert report
print(report)

# %% [markdown]
# Now a backward pass that returns only the scale's part of du.
#
# **Predict:** Which of the five gradients does the check find wrong? Is the error larger or smaller than 1 %?

# %% tags=["hide-output"]
def forgetful_backward(dx_scaled, cache):
    du, dw1, db1, dw2, db2 = se_backward(dx_scaled, cache)
    return dx_scaled * cache.s[:, None, None, :], dw1, db1, dw2, db2


report = check_gradients(se_forward, forgetful_backward, args)
report

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only du, and by 10 % of its largest value. Read the report: it gives the place of the largest error, both numbers,
# their ratio, and a hint.
# The map shows the error of every element, with one row per position and one column per channel.
#
# </details>
#
# ## 6. Which gradients go wrong in a network?
#
# A block does not stand alone. Take a small net with three stages and a last linear layer, the *head*. Each stage is
# convolution – batch norm – ReLU – SE, with max pooling between the stages. What happens inside the other layers is the
# subject of notebooks 6 and 7. Here only one thing matters: each layer hands its gradient to the layer before it. The
# images are those of notebook 1, two squares under a sky.
#
# The folded cell below builds two versions of this net: one with the right backward pass, and one whose SE blocks all
# leave out the squeeze's part of du. We call the second one *forgetful*. Two functions use them, and you need not read
# how they are written:
#
# - `gradients_of_random_net(forgetful, seed)` draws random weights, runs 32 images forward and backward, and returns
#   the gradient of each parameter, by name.
# - `train_net(forgetful, seed)` trains such a net for 160 steps and returns the loss at each step. The loss is the
#   cross-entropy of notebook 7: one number that is small where the net gives the right class a high score.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
from senet_np import ops
from senet_np.data import load_shapes
from senet_np.layers import SE
from senet_np.nets import tiny
from senet_np.tree import tree_items, tree_map  # parameters are a tree: dicts in a dict, with arrays in the end

WIDTHS = (8, 16, 32)  # channels of the three stages
train = load_shapes(sizes=(1024, 1, 1)).train
images, labels = ((train.images / 255 - 0.5) / 0.25).astype(np.float32), train.labels


class ForgetfulSE(SE):
    """An SE block whose backward pass leaves out the squeeze's part of du."""

    def backward(self, dy, cache, needs_input_grad=True):
        _, grads = super().backward(dy, cache, needs_input_grad)
        return dy * cache.s[:, None, None, :], grads


def build_net(forgetful):
    net = tiny(widths=WIDTHS)
    if forgetful:
        for stage, c in zip(net.parts.values(), WIDTHS):
            stage.parts["se"] = ForgetfulSE(c)
    return net


def loss_and_gradients(net, params, state, chosen):
    """Forward and backward for the chosen images; `state` is what batch norm remembers."""
    logits, cache, state = net.forward(params, state, images[chosen], True)
    loss, loss_cache = ops.softmax_cross_entropy_forward(logits, labels[chosen])
    dlogits = ops.softmax_cross_entropy_backward(np.float32(1), loss_cache)
    _, grads = net.backward(dlogits, cache, needs_input_grad=False)
    return loss, grads, state


def gradients_of_random_net(forgetful, seed):
    """The gradient of each parameter of a net with random weights, by name, for one batch of 32 images."""
    net = build_net(forgetful)
    params, state = net.init(np.random.default_rng(seed))
    return dict(tree_items(loss_and_gradients(net, params, state, slice(32))[1]))


def train_net(forgetful, seed, steps=160, batch=16, lr=0.1):
    """The loss of each training step."""
    net, rng = build_net(forgetful), np.random.default_rng(seed)
    params, state = net.init(rng)
    velocity, losses = tree_map(np.zeros_like, params), []
    for _ in range(steps):
        chosen = rng.integers(len(images), size=batch)
        loss, grads, state = loss_and_gradients(net, params, state, chosen)
        velocity = tree_map(lambda v, g: 0.9 * v + g, velocity, grads)  # momentum: keep 0.9 of the last step
        params = tree_map(lambda p, v: p - np.float32(lr) * v, params, velocity)
        losses.append(float(loss))
    return losses


# %% [markdown]
# For ten random nets we compare the gradients of both versions, name by name. The error is the norm of the difference,
# divided by the norm of the right gradient. (`check_gradients` looks for a single wrong number, so it takes the largest
# error and divides by the largest value. Here we ask how far the gradient as a whole is off, so we take the norm.)
#
# **Predict:** In section 5 only du was wrong, and the block stood alone. Now there are three blocks in a row. Which SE
# blocks get right gradients for their own weights: all three, only the first, only the last, or none?

# %% tags=["hide-output"]
errors = {}
for seed in range(10):  # ten random nets
    right, wrong = (gradients_of_random_net(forgetful, seed) for forgetful in (False, True))
    for name in right:
        error = np.linalg.norm(wrong[name] - right[name]) / max(np.linalg.norm(right[name]), 1e-12)
        errors.setdefault(name, []).append(error)

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
middle = {name: 100 * float(np.median(found)) for name, found in errors.items()}
with style():
    figure, axes = plt.subplots(figsize=(8, 5.6), layout="constrained")
    bars = axes.barh([*middle], [*middle.values()], color=[BLUE if ".se." in name else ORANGE for name in middle])
    axes.bar_label(bars, [f"{error:.0f} %" if error else "0: exactly right" for error in middle.values()], padding=3)
    axes.invert_yaxis()
    axes.margins(x=0.2, y=0.01)
    axes.set(title="Error of each gradient, from the first layer to the last (blue: SE blocks)",
             xlabel="% of the gradient's norm; median of ten random nets")
plt.show()
for name, found in errors.items():
    after_the_last_block = name.startswith(("stage3.se", "head"))
    assert max(found) == 0 if after_the_last_block else middle[name] > 10

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only the weights of the last block (stage3.se) and of the head after it are right. A block computes dw1, db1, dw2
# and db2 before du, so **its own mistake does not reach its own weights**. But it passes a wrong du on, to all layers
# before it. So the weights of stage2.se are wrong because stage3.se forgets, and those of stage1.se because both later
# blocks forget. After stage3.se there is no forgetful block, so its weights are right.
#
# So if you compare the gradients of one block's own weights, you find nothing. Only du shows the mistake.
#
# </details>
#
# ### Would you notice while training?
#
# Now we train the same net: ten seeds, each with the right and with the forgetful backward pass. Both nets of a seed
# start from the same weights and see the same batches, so their losses are compared in pairs. The cell prints one line
# per seed. It takes 15 seconds, and up to a minute on a slow machine.
#
# **Predict:** Does the loss of the forgetful nets still fall? Can you tell from the curves which are the forgetful
# ones?

# %% tags=["hide-output"]
curves = {False: [], True: []}  # by forgetful or not
for seed in range(10):
    for forgetful, rows in curves.items():
        rows.append(train_net(forgetful, seed))
    ends = [np.mean(rows[-1][-40:]) for rows in curves.values()]
    print(f"seed {seed}: loss of the last 40 steps: right {ends[0]:.3f}, forgetful {ends[1]:.3f}")

# %% tags=["hide-output"]
final = {forgetful: np.mean(np.array(rows)[:, -40:], axis=1) for forgetful, rows in curves.items()}
difference = paired_difference(final[True], final[False])
print(f"final loss, mean of ten seeds: right {final[False].mean():.3f}, forgetful {final[True].mean():.3f}")
print(f"difference, with its 95 % interval: {difference.mean:+.3f} ± {difference.half:.3f}; {difference.verdict}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained", width_ratios=(2, 1))
    for forgetful, rows in curves.items():
        tens = np.reshape(rows, (10, -1, 10)).mean(axis=2)  # means of ten steps
        mean, sd, x_axis = tens.mean(axis=0), tens.std(axis=0, ddof=1), np.arange(10, 161, 10)
        color, name = (ORANGE, "forgetful") if forgetful else (BLUE, "right")
        left.plot(x_axis, mean, "--" if forgetful else "-", color=color, label=name)
        left.fill_between(x_axis, mean - sd, mean + sd, color=color, alpha=0.2, linewidth=0)
    left.set(title="Mean and standard deviation of ten seeds", xlabel="training step",
             ylabel="loss (means of ten steps)")
    left.legend()
    right.axhline(0, color=GRAY, linewidth=0.8)
    right.plot(np.zeros(10), difference.values, "o", color=GRAY, alpha=0.6, label="one seed")
    right.errorbar([1], [difference.mean], [difference.half], fmt="s", color="black", capsize=6,
                   label="mean, 95 % interval")
    right.set(title="Forgetful minus right", ylabel="difference of the final loss", xlim=(-0.6, 1.6), xticks=[])
    right.legend(fontsize=9)
plt.show()
assert all(np.mean(row[:10]) - np.mean(row[-40:]) > 0.1 for rows in curves.values() for row in rows)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The loss falls in both cases, and the curves do not show which nets are forgetful. A gradient that points only
# roughly in the right direction still goes downhill. When this was written, the difference of the final loss was
# −0.001 ± 0.021 over ten seeds: no difference seen, because the interval contains 0. (Your numbers may differ a
# little.) These are short trainings: the mean loss falls only from 2.31 to 1.98. A longer one, 800 steps, is in point
# 3 below.
#
# </details>
#
# **So is the forgotten part important, or not?** Three questions must be kept apart.
#
# 1. *Is the backward pass right?* No. In the figure above, the gradients of all layers before the last block are wrong,
#    by 16 to 49 %. The gradient check of section 5 answers this question in a second. No training answers it: a loss
#    that falls does not prove that a gradient is right.
# 2. *How large is the forgotten part?* That depends on the gradient that arrives. Where a global average pool follows,
#    as after the last stage of most networks, dX̃ is the same at all positions of a channel. Then the terms of ds add
#    up, and the part does not shrink with the size of the image. The largest error stays
#    at 10 to 20 % of du's largest value, from 2×2 to 32×32 positions (measured in section 9, further reading).
# 3. *Does it harm training?* We cannot say. "No difference seen" does not mean that there is no difference. We also
#    trained five times as long, 800 steps, ten seeds each. The final losses were 0.80 and 0.90, and the difference
#    0.10 ± 0.46. The seeds differ so much that ten of them cannot show a harm of this size. Notebook 11 is about such
#    questions.
#
# So: **fix it, because it is wrong**, and do not wait for training to show it.
#
# ## 7. Nine mistakes: read the report
#
# The package keeps a collection of wrong backward passes, written as people really write them. This command lists all:
# `python -m senet_np gradcheck --bugs`. Ten of them are SE blocks. We look at nine. (The tenth is for exercise 5.5.)
#
# Here are three of them, A, B and C, in the letters of section 3. The folded cell has the function `parts`. It takes
# the arrays that section 3 used out of the package's cache: `active` is the mask a > 0, and `area` is H·W.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
def parts(cache):
    """u, z, the mask a > 0, h, s, w1, w2, and H·W."""
    u, fc1, fc2 = cache.u, cache.fc1_cache, cache.fc2_cache
    return u, cache.z, cache.relu_cache.mask, cache.h, cache.s, fc1.w, fc2.w, u.shape[1] * u.shape[2]


# %%
def backward_a(dx_scaled, cache):
    u, z, active, h, s, w1, w2, area = parts(cache)
    du_scale, ds = dx_scaled * s[:, None, None, :], (dx_scaled * u).sum(axis=(1, 2))
    dw2, db2, dh = h.T @ ds, ds.sum(axis=0), ds @ w2.T
    da = dh * active
    dw1, db1, dz = z.T @ da, da.sum(axis=0), da @ w1.T
    du_squeeze = np.broadcast_to((dz / area)[:, None, None, :], u.shape)
    return du_scale + du_squeeze, dw1, db1, dw2, db2


def backward_b(dx_scaled, cache):
    u, z, active, h, s, w1, w2, area = parts(cache)
    du_scale, ds = dx_scaled * s[:, None, None, :], (dx_scaled * u).sum(axis=(1, 2))
    de = ds * s * (1 - s)
    dw2, db2, dh = h.T @ de, de.sum(axis=0), de @ w2.T
    dw1, db1 = z.T @ dh, dh.sum(axis=0)
    da = dh * active
    dz = da @ w1.T
    du_squeeze = np.broadcast_to((dz / area)[:, None, None, :], u.shape)
    return du_scale + du_squeeze, dw1, db1, dw2, db2


def backward_c(dx_scaled, cache):
    u, z, active, h, s, w1, w2, area = parts(cache)
    du_scale, ds = dx_scaled * s[:, None, None, :], (dx_scaled * u).sum(axis=(1, 2))
    de = ds * s * (1 - s)
    dw2, db2, dh = h.T @ de, de.sum(axis=0), de @ w2.T
    da = dh * active
    dw1, db1, dz = z.T @ da, da.sum(axis=0), da @ w1.T
    du_squeeze = np.zeros_like(u)
    du_squeeze[:, 0, 0] = dz / area
    return du_scale + du_squeeze, dw1, db1, dw2, db2


# %% [markdown]
# **Predict:** What is the mistake in A, in B and in C? And which of the five gradients does each one make wrong?
#
# Keep the order of the backward pass in mind: ds, de, (dw2, db2), dh, da, (dw1, db1), dz, du. A mistake spoils
# everything that is computed from it, and nothing that was computed before it. The next cell checks all nine on images of 5×7
# positions. Some of the hidden units are active there, and some are off.

# %% tags=["hide-output"]
from senet_np.gradcheck.bugs import BUGS


def errors_of(backward, args):
    """How wrong each gradient is, as a share of its largest value; infinite if its shape is wrong."""
    return [one.worst for one in check_gradients(se_forward, backward, args).arguments]


rng_7 = np.random.default_rng(3)
odd = {"u": rng_7.standard_normal((3, 5, 7, 6)), "w1": rng_7.standard_normal((6, 4)) / 2,
       "b1": rng_7.standard_normal(4), "w2": rng_7.standard_normal((4, 6)) / 2, "b2": rng_7.standard_normal(6)}
bugs = [bug for bug in BUGS if bug.op == "se"]
bugs.pop(8)  # for exercise 5.5
table = np.array([errors_of(bug.backward, odd) for bug in bugs])  # (9 mistakes, 5 gradients)

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
MISTAKES = ["du: the scale's part alone", "du: the squeeze's part alone", "squeeze: dz not divided by H·W",
            "C · squeeze: dz at one position alone", "A · sigmoid: its slope left out",
            "ReLU: the mask dh > 0 in place of a > 0", "B · FC1: dw1 and db1 from dh, not from da",
            "FC1: dw1 transposed, (C/r, C)", "du: dx_scaled added to the two parts"]
with style():
    figure, axes = plt.subplots(figsize=(9.5, 4.3), layout="constrained")
    axes.imshow(table > 1e-6, cmap="Oranges", vmax=2, aspect="auto")
    for (row, column), error in np.ndenumerate(table):
        words = "wrong shape" if np.isinf(error) else f"{100 * error:.1f} %" if error > 1e-6 else "right"
        axes.text(column, row, words, ha="center", va="center", color=GRAY if words == "right" else "black")
    axes.set_yticks(range(9), MISTAKES)
    axes.set_xticks(range(5), names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(title="Nine mistakes, and how wrong each gradient is (% of its largest value)")
plt.show()
assert (table > 1e-6).any(axis=1).all()  # the check finds every one
for row, ours in ((4, backward_a), (6, backward_b), (3, backward_c)):
    assert np.allclose(table[row], errors_of(ours, odd))  # A, B and C are the package's

# %% [markdown]
# <details><summary>Answer</summary>
#
# - **A** leaves out the sigmoid's slope: `de` is missing. All five gradients are computed from ds in place of de, so
#   all five are wrong. Its author thought: a gate has no weights and changes no shape, so ds can go straight to FC2.
# - **B** computes dw1 and db1 from dh in place of da. The mask comes one line too late. du is right, because dz
#   is computed from da.
# - **C** puts the squeeze's gradient at one position and not at all of them. Its author thought: the squeeze turns H×W
#   positions into one, so its gradient goes back to one. Only du is wrong.
#
# Three rows show nearly the same error of du, 1.1 %. This is no accident: in du these mistakes change only the
# squeeze's part, and its largest numbers are about 1.1 % of du's largest value here. (In section 5 it was 10 %: there the
# weights are twice as large, and there are 3×3 positions instead of 5×7. Both make this part larger.)
#
# </details>
#
# This is what the check says about B. Can you read from it that da was right when dz was computed?

# %%
print(check_gradients(se_forward, backward_b, odd))

# %% [markdown]
# See it move: in the explorer, the tab "Backward" has a menu with five such mistakes.
#
# The gradients that are wrong tell you where to look:
#
# - **du alone**: da is right, because dw1 and db1 are. Four lines are left: dz, du_scale, du_squeeze and their sum.
# - **dw1 or db1, but not dw2 and db2**: de is right, because db2 is. The mistake stands after it: at dh, at the ReLU's
#   mask, or in the lines of dw1 and db1.
# - **dw1 or db1, but not du**: du is computed from dz, and dz from da. So da is right too, and only the lines of dw1
#   and db1 themselves are left. (B is of this kind.)
# - **all five**: the mistake stands early in the backward pass, at the scale or at the sigmoid.
# - **a wrong shape** is reported before any number. Broadcasting could have hidden it.
#
# **A check is only as good as its inputs.** Take the same nine mistakes, but other inputs.
#
# **Predict:** Which mistakes does a check *not* find if every image has only one position (1×1)? And which if every hidden unit is
# active for every image?

# %% tags=["hide-output"]
one_pixel = {**odd, "u": rng_7.standard_normal((3, 1, 1, 6))}
all_active = {**odd, "b1": odd["b1"] + 10}
for what, inputs in (("as above", odd), ("1×1 images", one_pixel), ("all units active", all_active)):
    passed = [name for name, bug in zip(MISTAKES, bugs) if max(errors_of(bug.backward, inputs)) < 1e-6]
    print(f"{what:16} not found: {passed or 'none'}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# At 1×1 the division by H·W = 1 changes nothing, and the one position is every position. So the two mistakes in the
# squeeze's backward pass are not found. If all units are active, the mask a > 0 changes nothing, so B is not found.
#
# </details>
#
# And if all units are *dead*, dw1 is 0 everywhere, and a pass that returns zeros would be right. The package's check
# refuses such inputs (`FlatError`). So choose sizes that all differ and are not 1, some hidden units active and some
# off, and a random dX̃.
#
# ## 8. The same block in PyTorch
#
# Most people write SE in a library that computes the backward pass by itself. In PyTorch the block has ten lines.
# Mind two differences. PyTorch's arrays are **(N, C, H, W)**, with the channels second. And `nn.Linear` keeps its
# weights as (outputs, inputs), as the paper does: its weight is the transpose of our `w1`.
#
# ```python
# class TorchSE(nn.Module):
#     def __init__(self, channels, reduction):
#         super().__init__()
#         hidden = max(2, channels // reduction)
#         self.fc1 = nn.Linear(channels, hidden)
#         self.fc2 = nn.Linear(hidden, channels)
#
#     def forward(self, u):                       # (N, C, H, W)
#         z = u.mean(dim=(2, 3))
#         s = torch.sigmoid(self.fc2(torch.relu(self.fc1(z))))
#         return u * s[:, :, None, None]
# ```
#
# | step | ours, (N, H, W, C) | PyTorch, (N, C, H, W) |
# |---|---|---|
# | squeeze | `z = u.mean(axis=(1, 2))` | `z = u.mean(dim=(2, 3))` |
# | FC1 | `a = z @ w1 + b1` | `a = fc1(z)` |
# | ReLU | `h = np.maximum(a, 0)` | `h = torch.relu(a)` |
# | FC2 | `e = h @ w2 + b2` | `e = fc2(h)` |
# | sigmoid | `s = 1 / (1 + np.exp(-e))` | `s = torch.sigmoid(e)` |
# | scale | `u * s[:, None, None, :]` | `u * s[:, :, None, None]` |
# | backward | your ten lines | `x_scaled.backward(dx_scaled)` |
#
# The last line is the reason for this notebook: PyTorch walks the drawing of section 1 backward, and adds where two
# arrows meet. Does it find our numbers? The next cell compares them, if PyTorch is installed. (You do not need it.)

# %%
import importlib.util

if importlib.util.find_spec("torch") is None:
    print("PyTorch is not installed, so nothing was compared. To install it: pip install torch")
else:
    import torch
    from torch import nn

    class TorchSE(nn.Module):
        def __init__(self, channels, reduction):
            super().__init__()
            hidden = max(2, channels // reduction)
            self.fc1 = nn.Linear(channels, hidden)
            self.fc2 = nn.Linear(hidden, channels)

        def forward(self, u):
            z = u.mean(dim=(2, 3))
            s = torch.sigmoid(self.fc2(torch.relu(self.fc1(z))))
            return u * s[:, :, None, None]

    block = TorchSE(4, 2).double()
    block.load_state_dict({"fc1.weight": torch.tensor(w1.T), "fc1.bias": torch.tensor(b1),
                           "fc2.weight": torch.tensor(w2.T), "fc2.bias": torch.tensor(b2)})
    u_torch = torch.tensor(u.transpose(0, 3, 1, 2), requires_grad=True)  # (N, H, W, C) → (N, C, H, W)
    block(u_torch).backward(torch.tensor(dx_scaled.transpose(0, 3, 1, 2)))
    theirs = [u_torch.grad.numpy().transpose(0, 2, 3, 1), block.fc1.weight.grad.numpy().T, block.fc1.bias.grad.numpy(),
              block.fc2.weight.grad.numpy().T, block.fc2.bias.grad.numpy()]
    for name, ours, other in zip(names, (du, dw1, db1, dw2, db2), theirs):
        print(f"{name:4} largest difference to PyTorch's {np.abs(ours - other).max():.0e}")
        assert np.abs(ours - other).max() < 1e-14

# %% [markdown]
# (Where PyTorch 2.13 was installed, all five gradients differed by at most 1e-16.)
#
# Can the squeeze's part be forgotten in PyTorch too? Yes, with one word: `z = u.detach().mean(dim=(2, 3))`. (A gate
# computed under `torch.no_grad()` is worse: then its FCs get no gradient at all.) The loss falls all the same. And in other people's code the block often looks
# different: `nn.AdaptiveAvgPool2d(1)` for the mean, and two 1×1 convolutions for the FCs (notebook 14).
#
# **This is the end of the core.** You can go to the five sentences and the exercises now, and come back to sections 9
# to 12 another day.
#
# ## 9. Further reading: large images hide the mistake
#
# How large is the forgotten part of du when the image grows? One draw shows little, so we draw forty blocks for
# each size and take the median. (Draws in which every hidden unit is dead are left out: there nothing is forgotten.)
#
# The upstream gradient dX̃ matters. It is *random* in a gradient check. It is *pooled* where a global average pool
# follows the block: then it is the same at every position of a channel.
#
# **Predict:** For each kind of dX̃, does the error of du shrink as the image grows?

# %% tags=["hide-output"]
def forgotten_share(side, pooled, rng):
    """Error of du without the squeeze path, as a share of du's largest value; None if all units are dead."""
    fc1, fc2 = rng.standard_normal((8, 4)) / 2, rng.standard_normal((4, 8)) / 2
    maps = np.maximum(rng.standard_normal((2, side, side, 8)), 0)
    upstream = rng.standard_normal((2, 1, 1, 8) if pooled else maps.shape)
    upstream = upstream / side**2 * np.ones_like(maps) if pooled else upstream
    _, cache = se_forward(maps, fc1, None, fc2, None)
    if not cache.h.any():
        return None
    right, scale_alone = se_backward(upstream, cache)[0], upstream * cache.s[:, None, None, :]
    return np.abs(right - scale_alone).max() / np.abs(right).max()


sides = np.array([2, 4, 8, 16, 32])
medians = {}
for kind, pooled in (("random", False), ("pooled", True)):
    shares = [[forgotten_share(side, pooled, rng) for _ in range(40)] for side in sides]
    medians[kind] = np.array([100 * np.median([x for x in row if x is not None]) for row in shares])
    print(f"{kind} dX̃:", "  ".join(f"{side}×{side} {share:.1f} %" for side, share in zip(sides, medians[kind])))

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
    axes.loglog(sides, medians["random"], "o-", color=BLUE, label="random dX̃, as in a gradient check")
    axes.loglog(sides, medians["random"][0] * 2 / sides, ":", color=BLUE, label="proportional to 1 / side")
    axes.loglog(sides, medians["pooled"], "s--", color=ORANGE, label="dX̃ from a global average pool")
    axes.set_xticks(sides, [f"{side}×{side}" for side in sides])
    axes.set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    axes.minorticks_off()
    axes.set(title="Error of du without the squeeze path", xlabel="positions of the image",
             ylabel="% of du's largest value")
    axes.legend(loc="lower left")
plt.show()
assert medians["random"][-1] < medians["random"][0] / 5 and medians["pooled"][-1] > medians["pooled"][0] / 3

# %% [markdown]
# <details><summary>Answer</summary>
#
# With a random dX̃ it shrinks, roughly like 1/side. ds is a sum of H·W terms dX̃·u with random signs, so it grows like
# $\sqrt{HW}$. The squeeze divides by HW, and $\sqrt{HW}/HW$ is 1/side. (At 32×32 the measured share, 0.4 %, lies below
# the dotted line, 0.6 %. We divide by the *largest* value of du, and the largest of many random numbers is larger
# than the largest of a few.)
#
# With a pooled dX̃ it does not shrink: 10 to 20 % at every size. All terms of ds have one sign per channel and add up,
# so both parts of du are of the size 1/(HW), and their ratio stays.
#
# So a check with a tolerance of a few percent on a large image could miss the mistake. Take small images and a
# tolerance of $10^{-6}$.
#
# </details>
#
# ## 10. Further reading: the package's pass, and what a cache costs
#
# The package writes the backward pass with one function per step. `GATE` and `SQUEEZE` are two tables of functions,
# because the package's block can also have another gate or another squeeze. Here they give the backward pass of the
# sigmoid and of the mean. Without the docstring the function is:

# %%
import inspect

print(inspect.getsource(se_backward).split('"""')[-1])

# %% [markdown]
# | line | takes from the cache | returns |
# |---|---|---|
# | `channel_scale_backward` | u (for ds) and s (for du) | `du_scale` (N, H, W, C), `ds` (N, C) |
# | `GATE[…][1]` | s: the slope is s(1 − s), so e is not needed | `de` (N, C) |
# | `linear_backward` | h (for dw2) and w2 (for dh) | `dh` (N, C/r), `dw2` (C/r, C), `db2` (C,) |
# | `relu_backward` | the mask a > 0, one byte per unit; a itself is not needed | `da` (N, C/r) |
# | `linear_backward` | z (for dw1) and w1 (for dz) | `dz` (N, C), `dw1` (C, C/r), `db1` (C/r,) |
# | `SQUEEZE[…][1]` | shape and dtype of u: the slope of a mean depends on nothing else | `du_squeeze` (N, H, W, C) |
# | `du_scale + du_squeeze` | | `du` (N, H, W, C): the two gradients that arrive at u |
#
# **Predict:** 32 images of 16×16 positions, 64 channels, r = 4, float32. How many bytes of z, mask, h and s does the
# cache hold? More or less than 1 % of u?

# %% tags=["hide-output"]
big_u = np.maximum(rng.standard_normal((32, 16, 16, 64)), 0).astype(np.float32)
fc1, fc2 = (rng.standard_normal(shape).astype(np.float32) / 8 for shape in ((64, 16), (16, 64)))
_, big = se_forward(big_u, fc1, None, fc2, None)
kept = {"z": big.z, "mask": big.relu_cache.mask, "h": big.h, "s": big.s}
print(f"u: {big_u.nbytes:,} bytes;", ", ".join(f"{name}: {array.nbytes:,}" for name, array in kept.items()))
print(f"together without u: {sum(array.nbytes for array in kept.values()):,} bytes")

# %% [markdown]
# <details><summary>Answer</summary>
#
# About 19,000 bytes, a little less than 1 % of u's two million. The one large array is u, and the cache holds u itself,
# not a copy. (The same holds for the weights w1 and w2.)
#
# </details>
#
# But this means: **nobody may change u in place** between the forward and the backward pass.

# %%
assert big.u is big_u and sum(array.nbytes for array in kept.values()) < 0.01 * big_u.nbytes

# %% [markdown]
# ## 11. Further reading: saturated gates
#
# The bias b2 moves all gates of a channel up or down. We set all of b2 to one number, and look at the size of each
# gradient.
#
# **Predict:** At b2 = 10, which of the five gradients are nearly 0? And at b2 = −10?

# %% tags=["hide-output"]
def gradient_sizes(b2):
    """Root mean square of each gradient, and the gates, with all of b2 at one number."""
    _, cache = se_forward(**{**odd, "b2": np.full(6, float(b2))})
    upstream = np.random.default_rng(0).standard_normal(odd["u"].shape)
    return {name: np.sqrt((d**2).mean()) for name, d in zip(names, se_backward(upstream, cache))}, cache.s


for b2_all in (-10, 0, 10):
    sizes, gates = gradient_sizes(b2_all)
    words = "  ".join(f"{name} {size:.1e}" for name, size in sizes.items())
    print(f"b2 = {b2_all:3}: gates {gates.min():.5f} to {gates.max():.5f}   {words}")


# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
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
        axes.set_yticks([1e-6, 1e-4, 1e-2, 1], ["0.000001", "0.0001", "0.01", "1"])
        axes.set(title="Size of the gradients when all of b2 is one number", xlabel="b2, of all channels",
                 ylabel="root mean square")
        axes.legend()
    plt.show()


saturation_figure()

# %% [markdown]
# <details><summary>Answer</summary>
#
# At b2 = 10 the four gradients of the weights are nearly 0: each carries the factor s(1 − s), which is 0.00005
# there. du is not: its scale part is s·dX̃, which is now dX̃. The block acts as if it were not there: harmless.
#
# At b2 = −10 all five are nearly 0. The gates are shut, so s·dX̃ is 0 too, and every layer before the block gets no
# gradient.
#
# </details>
#
# Move the slider:

# %%
def at_bias(b2):
    sizes, gates = gradient_sizes(b2)
    print("gates of image 0:", gates[0], "\nslopes s(1 − s): ", gates[0] * (1 - gates[0]))
    saturation_figure(b2)


interact(at_bias, b2=FloatSlider(4.0, min=-12, max=12, step=0.5));

# %% [markdown]
# ## 12. Further reading: the block as a layer
#
# In a network, something must own the parameters. `senet_np.layers.SE` is the pair of functions together with an
# `init` that draws the parameters. They go in, and their gradients come out, as a dict of arrays by name.

# %%
layer = SE(channels=6, reduction=2)
params, _ = layer.init(np.random.default_rng(0), np.float64)  # random w1 and w2, zeros for b1 and b2
y, layer_cache, _ = layer.forward(params, {}, odd["u"], True)
_, grads = layer.backward(np.ones_like(y), layer_cache)
for name, array in params.items():
    print(f"{name}: {array.shape}   gradient {grads[name].shape}")

# %% [markdown]
# The gradients have the shapes of the parameters, so a step of gradient descent is one line. Let one block learn
# something: the target t is u with channels 0 to 2 set to 0, and the loss is $\frac12\sum(\tilde x -
# t)^2$.
#
# **Predict:** What will the six gates be after 300 steps? Do they get there exactly?

# %% tags=["hide-output"]
target = odd["u"] * np.array([0, 0, 0, 1, 1, 1])
for k in range(301):
    y, layer_cache, _ = layer.forward(params, {}, odd["u"], True)
    if k % 100 == 0:
        print(f"step {k:3}: loss {0.5 * ((y - target) ** 2).sum():7.3f}   mean gates {layer_cache.s.mean(axis=0)}")
    _, grads = layer.backward(y - target, layer_cache)
    params = {name: array - 0.1 * grads[name] for name, array in params.items()}

# %% [markdown]
# <details><summary>Answer</summary>
#
# Three gates near 0 and three near 1. None gets there exactly: near 0 and 1 the slope s(1 − s) fades, so the steps
# become smaller and smaller.
#
# </details>

# %%
assert (layer_cache.s[:, :3].mean() < 0.1) and (layer_cache.s[:, 3:].mean() > 0.9)

# %% [markdown]
# ## In five sentences
#
# 1. An SE block computes one number per channel from the whole image (squeeze), turns these numbers into gates
#    between 0 and 1 (excitation), and multiplies each channel by its gate (scale).
# 2. The backward pass reads these lines from the last to the first: each line takes the gradient of its result and
#    returns the gradients of its inputs.
# 3. The input U is used twice, by the scale and by the squeeze, so two gradients arrive at it, and dU is their sum.
# 4. If the squeeze's part is forgotten, the block's own weights still get the right gradients and the loss still
#    falls, so of the block's gradients only dU shows the mistake.
# 5. Which gradients are wrong tells you where a mistake stands, because a mistake makes wrong only what is computed
#    from it.
#
# ## Exercises
#
# Exercise 5.1 stands in section 4.
#
# ### Exercise 5.2 · On paper
#
# One backward pass with a pencil, in whole numbers. There are one image, two channels of 2×2 positions, and two
# hidden units. The forward pass is done:
#
# $$
# u_0 = \begin{pmatrix}4 & 0\\ 2 & 2\end{pmatrix} \quad
# u_1 = \begin{pmatrix}1 & 3\\ 0 & 0\end{pmatrix} \quad
# W_1 = \begin{pmatrix}1 & 3\\ 2 & -7\end{pmatrix} \quad
# W_2 = \begin{pmatrix}1 & -1\\ 3 & 2\end{pmatrix} \quad b_1 = (0, 0) \quad b_2 = (-4, 4)
# $$
#
# z = (2, 1), a = (4, −1), h = (4, 0), e = (0, 0), s = (1/2, 1/2). From the layers after the block arrives
#
# $$
# d\tilde x_0 = \begin{pmatrix}2 & 4\\ -2 & 4\end{pmatrix} \quad
# d\tilde x_1 = \begin{pmatrix}2 & -2\\ 6 & 0\end{pmatrix}
# $$
#
# Check the forward numbers first. Then write the nine arrays below, in this order. (db1 and db2 are not asked: with one
# image they equal da and de.) The check names the first array that is not right.
#
# <details><summary>Hint 1: to de</summary>
#
# $ds_0$ is a sum over the four positions of channel 0. The slope of the sigmoid at s = 1/2 is 1/4.
#
# </details>
#
# <details><summary>Hint 2: from de to dz</summary>
#
# dh = de · W₂ᵀ: the first number of dh takes the first *row* of W₂, since this row says which gates hidden unit 0
# moves. dw2 has one row per hidden unit and one column per channel.
#
# </details>
#
# <details><summary>Hint 3: du</summary>
#
# Each position of channel c gets two numbers: its own $d\tilde x_c(i,j)$ times the gate, and the same share of $dz_c$.
#
# </details>

# %%
my_ds = ...  # two numbers: [., .]
my_de = ...  # two numbers
my_dw2 = ...  # [[., .], [., .]]
my_dh = ...  # two numbers
my_da = ...  # two numbers
my_dw1 = ...  # [[., .], [., .]]
my_dz = ...  # two numbers
my_du_0 = ...  # [[., .], [., .]]: channel 0
my_du_1 = ...  # [[., .], [., .]]: channel 1

check("5.2", my_ds, my_de, my_dw2, my_dh, my_da, my_dw1, my_dz, my_du_0, my_du_1)

# %% [markdown]
# ### Exercise 5.3 · Saturated
#
# This exercise uses the block of section 2 and dx_scaled of section 3. Set all four numbers of `b2` to 10. First
# estimate on paper: suppose that every e is exactly 0 with b2 = 0, and exactly 10 with b2 = 10. By what factor does
# the slope s(1 − s) change?
#
# Then compute two numbers, for the block of section 2 with `b2 = np.full(4, x)`:
#
# - `shrink`: the largest |dw1| at x = 10, divided by the largest |dw1| at x = 0 (three significant digits). It will
#   differ from your estimate. Why?
# - `best`: the x with the largest |dw1| of all (one digit after the point).
#
# <details><summary>Hint 1</summary>
#
# Write a function of x that returns `np.abs(dw1).max()`, with `se_forward` and `se_backward`.
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# For `best`, try x on a grid: `np.linspace(-4, 4, 161)`. It need not be 0: e differs from channel to channel.
#
# </details>

# %%
shrink = ...
best = ...

check("5.3", shrink, best)

# %% [markdown]
# ### Exercise 5.4 · A block that adds
#
# Change one thing about the block: it returns $\tilde x_c = u_c\,(1 + s_c)$ in place of $s_c\,u_c$. The squeeze and
# the excitation stay. So the block adds s·u to u, instead of replacing u by it.
#
# Which of these lines of the backward pass change: du_scale, ds, de, da, dz, du_squeeze? (A line changes if its
# formula changes.) Give their names in `changed`. Then write both passes. The check compares the gradients with
# finite differences.
#
# <details><summary>Hint</summary>
#
# Differentiate u·(1 + s) by u with s fixed, and by s with u fixed. Compare both with u·s.
#
# </details>

# %%
changed = ...  # a list of names out of "du_scale", "ds", "de", "da", "dz", "du_squeeze"


def plus_forward(u, w1, b1, w2, b2):
    """x_scaled = u·(1 + s), (N, H, W, C), and a cache."""
    ...


def plus_backward(dx_scaled, cache):
    """du, dw1, db1, dw2, db2."""
    ...


check("5.4", changed, plus_forward, plus_backward)

# %% [markdown]
# ### Exercise 5.5 · Spot the bug
#
# Somebody wants to save memory. This is the beginning of a backward pass. The rest is as in section 3 and is right.
# There is one bug.
#
# - `wrong`: which of the five gradients of the whole block does it make wrong?
# - `ratio`: take one image, and a channel whose gate is 0.98. What is the wrong db2 of this channel, divided by the
#   right one?
# - Then mend the function in the cell.
#
# <details><summary>Hint</summary>
#
# Write down ds, as the function computes it, in terms of the array that was passed in.
#
# </details>

# %%
wrong = ...  # a list of names out of "du", "dw1", "db1", "dw2", "db2"
ratio = ...  # a number


def scale_backward(dx_scaled, u, s):
    """du_scale (N, H, W, C) and ds (N, C)."""
    dx_scaled = dx_scaled * s[:, None, None, :]  # no second array of this size is kept
    du_scale = dx_scaled
    ds = (dx_scaled * u).sum(axis=(1, 2))
    return du_scale, ds


check("5.5", wrong, ratio, scale_backward)

# %% [markdown]
# Solutions: [solutions/05_se_block.ipynb](solutions/05_se_block.ipynb), after you have tried.
#
# ## Teach it: the block in five minutes
#
# You know the block if you can explain it. Find somebody who knows arrays but not SE (or record yourself). Draw the
# block of section 1 on paper while you speak, with empty boxes, and fill in the numbers of channel 0 as you go.
# Five minutes, no notes. Then ask the listener to do the five things on the right. One point for each that works.
#
# | | you explain | afterwards the listener can |
# |---|---|---|
# | 1 | what problem a gate solves | name an image where the channel "orange" matters, and one where it does not |
# | 2 | squeeze, excitation, scale, with their shapes | write the shape into every empty box of the drawing |
# | 3 | the forward pass for channel 0 | compute z and, with s = 1/2, x̃ for the map [[1, 3], [0, 4]] |
# | 4 | why two arrows meet at U | say which part is missing if dU is s·dX̃, and compute dU from s·dX̃ = [[1, 0], [2, −1]] and dz = 4 |
# | 5 | what a forgotten part does | say which gradients of the block stay right, and how to find the mistake |
#
# <details><summary>What the listener should find</summary>
#
# 1. Under an orange sky "orange" matters, under a blue one it does not.
# 2. U (N, H, W, C), z (N, C), h (N, C/r), s (N, C), X̃ (N, H, W, C).
# 3. z = 2 and x̃ = [[0.5, 1.5], [0, 2]].
# 4. The part through the squeeze is missing: dz/(H·W) = 1 at each position. dU = [[2, 1], [3, 0]].
# 5. All but dU: dW₁, db₁, dW₂ and db₂. A gradient check of dU finds it; the loss does not.
#
# </details>
#
# Fewer than four points: do not add words. Go back to the array where the listener stopped, and write a number into it.
#
# **Read next:** [assignments/2_se_block.ipynb](assignments/2_se_block.ipynb), where you build a block that no notebook
# shows; [docs/testing.md](../docs/testing.md), how we know that all the gradients are right. After assignment 2, read
# [senet_np/se.py](../senet_np/se.py), the same block with its derivation, and
# [senet_np/layers/blocks.py](../senet_np/layers/blocks.py), where it becomes a layer. Then
# notebook 6.
