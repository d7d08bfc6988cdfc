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
# **Afterwards you can** compute the gates of Eq. 3 by hand; write the backward pass of the excitation; say what two
# matrices with a ReLU can do that one weight per channel or one C×C matrix cannot; say what the reduction ratio r
# costs.
#
# **You need** notebooks 1 (channels and gates), 2 (gradients and how to check them) and 3 (the squeeze: where z comes
# from). Mathematics: matrix products, the chain rule, and the rank of a matrix (section 3 says what it is). Sections
# 7 to 9 also use variance, the Jacobian, correlation and probability.
#
# **Time:** 140 minutes to read and run, 225 with the exercises. Sections 1 to 6 are the core: 80 minutes, 165 with the
# exercises. Sections 7 to 9, under the heading "Further", can wait.
#
# Letters: [symbols](../docs/symbols.md).
#
# The squeeze has left one number per channel, z (N, C). The **excitation** turns it into one gate per channel, s (N,
# C):
#
# $$
# s = \sigma(W_2\,\delta(W_1 z)) \qquad\text{(Eq. 3; Hu et al., arXiv 1709.01507)}
# $$
#
# $\delta$ is ReLU and $\sigma$ the sigmoid, $\sigma(e) = 1/(1+\exp(-e))$. The paper writes z as a column, so its
# matrices stand on the left.
#
# **From here on, one image is one row, and the matrices stand on the right:** $a = zW_1 + b_1$ and $e = hW_2 + b_2$.
# Our $W_1$ (C, C/r) and $W_2$ (C/r, C) are the transposes of the paper's. In code they are `w1` and `w2`. Each step has
# its own letter:
#
# | step | code | shape |
# |---|---|---|
# | FC1, the first fully connected layer | `a = z @ w1 + b1` | (N, C/r) |
# | ReLU | `h = np.maximum(a, 0)` | (N, C/r) |
# | FC2, the second fully connected layer | `e = h @ w2 + b2` | (N, C) |
# | sigmoid | `s = sigmoid(e)` | (N, C) |
#
# FC1 reduces the C numbers to C/r, and FC2 makes C numbers again. The C/r numbers h in the middle are the **hidden
# units**, and r is the **reduction ratio**.

# %%
import matplotlib.pyplot as plt
import numpy as np

import senet_np
from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.gradcheck import check_gradients

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)


def sigmoid(e):
    return 1 / (1 + np.exp(-e))


# %% [markdown]
# ## 1. Eq. 3, step by step
#
# A task for a gate, from notebook 1: each image of the set `shapes` has an orange and a blue square under a sky that is
# orange or blue. The color of the sky says which square to classify. We take two such images, each under both skies.
#
# In notebook 1 there were two channels, orange and blue, and each of them saw its square *and* its sky. The channels
# of a deeper layer are more special: one may respond to a texture in a color, another one to a plain area. We make such
# channels by hand. We take the maps of orange and blue, and cut them at the sky's edge: rows 0 to 4 are the sky, and
# the other rows are the ground. This gives four channels: orange in the sky, blue in the sky, orange on the ground, and
# blue on the ground.

# %%
from senet_np.data import load_shapes
from senet_np.data.shapes import both_skies

scenes = both_skies(load_shapes(sizes=(2, 1, 1)).train.images)  # (2 skies, 2 images, 32, 32, 3)
scenes = scenes.reshape(4, 32, 32, 3) / 255
orange = scenes[..., 0] - scenes[..., 2]  # red minus blue: above 0 for orange, below 0 for blue
sky = np.arange(32)[:, None] < 5  # rows 0 to 4: cut by hand
u = np.stack([orange * sky, -orange * sky, orange * ~sky, -orange * ~sky], axis=-1)
u = np.maximum(u, 0)  # (4, 32, 32, 4)

z = u.mean(axis=(1, 2))  # the squeeze
print("z =           orange blue  orange blue\n              sky    sky   square square")
for name, row in zip(("orange sky, 0", "orange sky, 1", "blue sky, 0", "blue sky, 1"), z):
    print(f"{name:13}", row)

# %% [markdown]
# We set the two matrices by hand. There are two hidden units:

# %%
w1 = np.array([[10.0, 0.0], [0.0, 10.0], [0.0, 0.0], [0.0, 0.0]])  # (C, C/r) = (4, 2)
w2 = np.array([[0.0, 0.0, 3.0, -3.0], [0.0, 0.0, -3.0, 3.0]])  # (C/r, C)
b1, b2 = np.zeros(2), np.zeros(4)

# %% [markdown]
# **Predict:** Take an image under the orange sky. Is each of its four values of e positive, negative or 0? Which of
# its gates are above one half?

# %% tags=["hide-output"]
a = z @ w1 + b1
h = np.maximum(a, 0)
e = h @ w2 + b2
s = sigmoid(e)
print("a =\n", a, "\ne =\n", e, "\ns =\n", s)

# %% [markdown]
# <details><summary>Answer</summary>
#
# e is 0, 0, positive, negative. Hidden unit 0 reads the orange sky. It opens the gate of the orange square and shuts
# the gate of the blue one. Unit 1 reads the blue sky and does the opposite. The first two gates are 1/2: nothing
# moves them, and σ(0) = 1/2.
#
# </details>
#
# So the gates of the squares follow the sky, although the channels of the squares contain no sky.
#
# ## 2. Why not one weight per channel?
#
# The cheapest gate would use only the mean of its own channel: $s_c = \sigma(v_c z_c + b_c)$. Each channel has one
# learned weight $v_c$ and one learned bias $b_c$. That takes 2C numbers and no matrix. Here we set all $v_c$ to 30 and
# all $b_c$ to −2.
#
# **Predict:** Look at the table of z in section 1. Which of the four gates change when the sky changes from orange to
# blue and the squares stay the same?

# %% tags=["hide-output"]
s_own = sigmoid(30 * z - 2)
print("s_own =       orange blue  orange blue\n              sky    sky   square square")
for name, row in zip(("orange sky, 0", "blue sky, 0"), s_own[[0, 2]]):
    print(f"{name:13}", row)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only the gates of the two sky channels. But the gates of the *squares* have to change with the sky, and they do not.
# The squares are the same under both skies, so z of their channels is the same number. Whatever v and b we choose, the
# same number gives the same gate.
#
# </details>

# %%
assert np.array_equal(s_own[:2, 2:], s_own[2:, 2:])  # the squares: orange sky against blue sky

# %% [markdown]
# To be honest: with the two channels of notebook 1, one weight per channel is enough. There "orange" saw its sky, too,
# so its mean was about 0.15 to 0.25 under the orange sky and 0.05 to 0.14 under the blue one. So its own mean already
# showed the color of the sky. A channel that responds only to a texture in a color has the same mean under both skies.
#
# **If a channel's own mean does not show what its gate should depend on, the gate must be computed from other
# channels, too.** For that we need matrices.
#
# ## 3. Why not one C×C matrix?
#
# One matrix, $e = z W + b$ with W (C, C), also sees all channels. Our two matrices differ from it in three ways.
#
# **Size.** One matrix has C² weights. Two have $2\,C\cdot C/r$. For r ≥ 3 the two have fewer.
#
# **Rank.** Take a few rows, multiply each by a number, and add them up: that is a mixture of these rows. How many rows
# do you need, so that every row of an array is a mixture of them? The smallest such number is its **rank**. We draw
# 200 random z with C = 16, and random matrices with C/r = 4.
#
# **Predict:** What is the rank of e (200, 16) with one matrix (16, 16)? And with two matrices, without and with the
# ReLU?

# %% tags=["hide-output"]
z_many = rng.standard_normal((200, 16))
w1_many, w2_many, w_full = (rng.standard_normal(shape) for shape in ((16, 4), (4, 16), (16, 16)))
rank = np.linalg.matrix_rank
print("one matrix:                ", rank(z_many @ w_full))
print("two matrices, without ReLU:", rank(z_many @ w1_many @ w2_many))
print("two matrices, with ReLU:   ", rank(np.maximum(z_many @ w1_many, 0) @ w2_many))

# %% [markdown]
# <details><summary>Answer</summary>
#
# 16, 4, 4. With two matrices, the row e of each image is a mixture of the four rows of $W_2$. The ReLU changes how
# much of each row is in the mixture, but it does not add a row. So all 16 gates of an image are computed from the
# same four numbers, h. This is the price of the smaller size. People call such a narrow middle a **bottleneck**.
#
# </details>
#
# **Nonlinearity.** Suppose a gate should open when two channels *differ*, no matter which one is larger. We look at
# $z = (t, -t)$. The gate should be high at both ends of t and low at t = 0.
#
# **Predict:** Which of these can do it: one matrix and a bias; two matrices without a ReLU; two matrices with a ReLU?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
t = np.linspace(-1.5, 1.5, 61)
z_line = np.stack([t, -t], axis=1)  # (61, 2)

e_one = z_line @ (2 * rng.standard_normal((2, 8))) + rng.standard_normal(8)  # eight random single matrices
other = np.random.default_rng(1)
e_two = z_line @ other.standard_normal((2, 2)) @ (2 * other.standard_normal((2, 8))) + other.standard_normal(8)
w_left, w_right = np.array([[0.5, -0.5], [-0.5, 0.5]]), np.array([[4.0], [4.0]])
e_relu = np.maximum(z_line @ w_left, 0) @ w_right - 2

with style():
    figure, panels = plt.subplots(1, 3, figsize=(10.5, 3.2), sharey=True)
    titles = ("one matrix, random", "two without ReLU, random", "two with ReLU, set by hand")
    for axes, e_line, title in zip(panels, (e_one, e_two, e_relu), titles):
        axes.plot(t, sigmoid(e_line), color=BLUE, linewidth=2.5 if e_line.shape[1] == 1 else 1)
        axes.set(xlabel="t", ylim=(0, 1))
        axes.set_title(title, fontsize=10)
    panels[0].set_ylabel("gate s for z = (t, −t)")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only with a ReLU. With one matrix, e is a straight line in t, so e(0) lies halfway between e(t) and e(−t): it cannot
# be below both. Two matrices without a ReLU are one matrix, $z(W_1W_2)$, and no better. The random ones are only
# examples, but this holds for all of them. With a ReLU, two hidden units are enough: |t| = ReLU(t) + ReLU(−t).
#
# </details>

# %%
assert np.allclose(e_relu[:, 0], 4 * (np.abs(t) - 0.5))
for e_line in (e_one, e_two):
    assert np.allclose((e_line[0] + e_line[-1]) / 2, e_line[30])  # the middle is the mean of both ends

# %% [markdown]
# The paper makes two demands on the gate (its section 3.2). It must be able to learn a nonlinear interaction between
# channels: we have just seen one. And several channels must be able to be emphasized at once: that is section 5.
#
# ## 4. Backward
#
# The upstream gradient ds = ∂L/∂s arrives at the gates. We go from the last step to the first.
#
# **Sigmoid.** $s = \dfrac{1}{1+\exp(-e)}$. The quotient rule gives the first step. Then we split the fraction into two:
#
# $$
# \frac{\mathrm{d}s}{\mathrm{d}e} = \frac{\exp(-e)}{(1+\exp(-e))^2}
# = \underbrace{\frac{1}{1+\exp(-e)}}_{s}\cdot\underbrace{\frac{\exp(-e)}{1+\exp(-e)}}_{1-s} = s\,(1-s)
# $$
#
# The second factor is $1-s$, because both factors have the same denominator and add up to
# $\frac{1+\exp(-e)}{1+\exp(-e)} = 1$.
#
# **FC2.** We write n for the image, c for the channel and m for the hidden unit: m counts from 0 to C/r − 1. Then
# $e[n,c] = \sum_m h[n,m]\,w_2[m,c] + b_2[c]$. An entry of h is used by all c. A weight is used by all images n. So the
# chain rule gives sums (notebook 2 has the same layer):
#
# $$
# dh[n,m] = \sum_c de[n,c]\,w_2[m,c] \qquad
# dw_2[m,c] = \sum_n h[n,m]\,de[n,c] \qquad
# db_2[c] = \sum_n de[n,c]
# $$
#
# **ReLU.** The slope is 1 where $a > 0$, and 0 elsewhere. Where $a > 0$ we say: the hidden unit is **active** for this
# image. Elsewhere it is **off** for this image.
#
# **FC1** is FC2 with other letters: $a[n,m] = \sum_c z[n,c]\,w_1[c,m] + b_1[m]$.


# %%
def excitation_forward(z, w1, b1, w2, b2):
    a = z @ w1 + b1  # (N, C/r)
    h = np.maximum(a, 0)
    s = sigmoid(h @ w2 + b2)  # (N, C)
    return s, (z, w1, w2, a > 0, h, s)


# %% [markdown]
# ### Exercise 4.1 · The backward pass
#
# Write it now. Each gradient has the shape of what it belongs to: `dw1` (C, C/r), `db1` (C/r,), and so on.
#
# <details><summary>Hint</summary>
#
# Five lines: first `de` from `ds`. Then `dh`, `dw2`, `db2` from `de`. Then `da` from `dh`. Then `dz`, `dw1`, `db1`.
#
# Write each sum as a matrix product. `x @ y` sums over the last index of x and the first index of y. `.T` exchanges
# the two indices of a matrix. Example: $dh[n,m]$ sums over c. In `de` the index c stands last, as it should. In `w2` it
# stands last, too, but it must stand first: so transpose `w2`. In the end compare the shapes.
#
# </details>


# %%
def excitation_backward(ds, cache):
    """Returns dz, dw1, db1, dw2, db2."""
    ...


check("4.1", excitation_forward, excitation_backward)

# %% [markdown]
# Our version is in the folded cell below. Open it when yours passes. The rest of the notebook uses ours, so you can go
# on without an answer.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
def our_backward(ds, cache):
    z, w1, w2, active, h, s = cache
    de = ds * s * (1 - s)  # (N, C)
    dh, dw2, db2 = de @ w2.T, h.T @ de, de.sum(axis=0)
    da = dh * active  # (N, C/r)
    dz, dw1, db1 = da @ w1.T, z.T @ da, da.sum(axis=0)
    return dz, dw1, db1, dw2, db2


shapes = {"z": (3, 5), "w1": (5, 4), "b1": 4, "w2": (4, 5), "b2": 5}
args = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
print(check_gradients(excitation_forward, our_backward, args))

# %% [markdown]
# Back to the matrices of section 1. Suppose that the loss falls when the gate of the orange square grows, and only for
# image 0, which has an orange sky. Then ds is −1 at [0, 2] and 0 elsewhere.
#
# **Predict:** Which rows of dz are not 0? Which hidden unit gets a gradient: which columns of dw1 are not 0?

# %% tags=["hide-output"]
ds = np.zeros((4, 4))
ds[0, 2] = -1.0
s, cache = excitation_forward(z, w1, b1, w2, b2)
dz, dw1, db1, dw2, db2 = our_backward(ds, cache)
print("dz =\n", dz, "\ndw1 =\n", dw1, "\ndw2 =\n", dw2)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Row 0 of dz, since images do not mix. Column 0 of dw1: only unit 0 is active under the orange sky. In this column,
# *every* channel with z above 0 has an entry. So the weights of the squares, still 0, start to learn, too.
#
# </details>
#
# For an image where a hidden unit is off, no gradient passes through it. That is normal: another image can switch it
# on. But a unit that is 0 for *every* image gets no gradient at all, and its weights do not change any more. Only such
# a unit is called **dead**.
#
# *See it move:* the tab **Backward** of the explorer (`python -m senet_np explorer bundled`) shows these gradients, and
# what five common bugs do to them.
#
# ### Where the gradient becomes small
#
# The slope of the sigmoid, s(1 − s), is at most 1/4, at e = 0. For large e it is close to exp(−e).
#
# Take one gate and forget the rest of the network. Let ds = 1 all the time, so the gate is pushed toward 0. One step
# with learning rate 1 is e ← e − s(1 − s). From e = 2 it takes 12 steps until s ≤ 1/2.
#
# **Predict:** How many steps does it take from e = 6?


# %% tags=["hide-output"]
def steps_to_half(e):
    """Steps of gradient descent with ds = 1 and learning rate 1 until σ(e) is at most one half."""
    steps = 0
    while e > 0:
        e -= sigmoid(e) * (1 - sigmoid(e))
        steps += 1
    return steps


steps = {start: steps_to_half(float(start)) for start in range(1, 9)}
print(steps)

# %% [markdown]
# <details><summary>Answer</summary>
#
# More than 400. The slope at e is about exp(−e), so it takes about exp(e) steps to move e by 1. If e starts further out
# by 1, the way back takes about exp(1) ≈ 2.7 times as many steps.
#
# </details>

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 3.4))
    axis = np.linspace(-10, 10, 201)
    left.plot(axis, sigmoid(axis), color=BLUE, label="gate s = σ(e)")
    left.plot(axis, sigmoid(axis) * (1 - sigmoid(axis)), "--", color=ORANGE, label="slope s(1 − s)")
    left.set(title="Far from e = 0 the slope is almost 0", xlabel="e", ylabel="s, and ds/de")
    left.legend(loc="upper left")
    right.plot(steps.keys(), np.exp([*steps]), color=GRAY, label="exp(e)")
    right.plot(steps.keys(), steps.values(), "o", color=BLUE, label="counted")
    right.set(title="The number of steps grows like exp(e)", xlabel="e at the start",
              ylabel="steps until s ≤ 1/2", yscale="log")
    right.legend(loc="upper left")
plt.show()
assert steps[6] > 400
assert 1 - sigmoid(np.float32(17)) == 0  # in float32 the slope is exactly 0 from about e = 17 on

# %% [markdown]
# A gate far from one half is called **saturated**. It still acts on its channel, but it hardly learns. In float32 it
# stops learning altogether near e = 17, because s is rounded to exactly 1.
#
# ## 5. Why sigmoid?
#
# **Sigmoid or softmax?** Softmax divides the exponentials of an image by their sum: $s_c = \exp(e_c)/\sum_k \exp(e_k)$.
# So its gates are positive and add up to 1. We take e from the last block of `tiny-se`, which was trained on CIFAR-10,
# for a photo of a person, and apply both functions to it.
#
# **Predict:** How many of the 128 gates are above one half with the sigmoid? How many can be with softmax?

# %% tags=["hide-output"]
from senet_np.data.photo import sample_photo

model = senet_np.load("tiny-se")
_, activations = model.run(sample_photo().small[None], record=True)
block, learned = activations.blocks["stage3.se"], model.params["stage3"]["se"]
e_photo = (block.h @ learned["w2"] + learned["b2"])[0]  # (C,)

s_sigmoid = sigmoid(e_photo)
s_softmax = np.exp(e_photo - e_photo.max())  # minus the largest, so that nothing overflows
s_softmax /= s_softmax.sum()
for name, gates in (("sigmoid", s_sigmoid), ("softmax", s_softmax)):
    print(f"{name}: {(gates > 0.5).sum():3} gates above 1/2, largest {gates.max():.3f}, sum {gates.sum():5.1f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# 121 with the sigmoid. With softmax at most one can be, and here none is. Their sum is 1, so the mean gate is 1/C for
# every image, and one channel can open only while others shut.
#
# </details>
#
# For one image, several channels may matter. With the sigmoid they need not compete.
#
# **Sigmoid, tanh or ReLU?** A tanh gate can be below 0, and then it turns the sign of its channel. A ReLU gate has no
# upper limit. And it is exactly 0 wherever e is negative, which happens often in a fresh block (section 7 counts it).
# There its slope is 0, too, so it learns nothing from this image. The sigmoid starts near one half, where its slope is
# largest.
#
# What this is worth, in the paper (its section 6.3) and in ours ([docs/results.md](../docs/results.md), "The gate").
# Ours is the tiny network after 4 epochs on a JPEG-recompressed copy of CIFAR-10, the first five seeds of ten.

# %%
paper = {"sigmoid": 22.28, "tanh": 23.00, "ReLU": 23.47, "no SE": 23.30}  # ResNet-50 on ImageNet
ours = {"sigmoid": (68.14, 0.11), "tanh": (67.24, 0.25), "ReLU": (66.55, 0.46), "no SE": (67.85, 0.25)}
print("         paper: top-1 error   ours: test accuracy, mean ± sd of 5 seeds")
for gate, error in paper.items():
    print(f"{gate:8}      {error:5.2f} %            {ours[gate][0]:5.2f} ± {ours[gate][1]:.2f} %")

# %% [markdown]
# Careful: the first column counts errors (low is good), the second counts right answers (high is good). In both the
# sigmoid is best, then comes tanh, then ReLU. In both a ReLU gate is worse than no SE block at all. For tanh the two
# disagree: in the paper it is a little better than no SE, in our network it is worse (67.24 against 67.85 %).
#
# **What may you say about this in a talk?** "On a small net with short trainings, SE gained 0.41 ± 0.24 points (ten
# pairs of runs, 95 % interval). Trained longer, to 80 %, no difference was seen (−0.04 ± 0.26, ten pairs), but 3.66 ±
# 1.03 on test images with 40 % of the contrast. On a net that was trained to 89 %, no difference was seen: 0.00 ± 0.25
# (five pairs, [docs/results.md](../docs/results.md)). A gate for each position, without a squeeze, was better than SE
# by 2.1 to 2.5 points (tiny net, three seeds). The paper's gains are for larger networks and longer trainings." Our
# numbers do not contradict the paper's, and they do not confirm them.
#
# ## 6. What r costs
#
# A block has two matrices with C·C/r weights each. All blocks of a network together have
#
# $$
# \frac2r\sum_{\text{blocks}} C^2 \qquad\text{(Eq. 5)}
# $$
#
# weights. Our tiny network has three blocks, with 32, 64 and 128 channels, and r = 4.
#
# **Predict:** What share of these weights is in the last block?

# %% tags=["hide-output"]
from senet_np.nets import tiny
from senet_np.nets.describe import added_by_se, count_parameters, equation_5

weights = {c: 2 * c * c // 4 for c in (32, 64, 128)}
print(weights, f" last block: {weights[128] / sum(weights.values()):.0%}")

deep = [256] * 3 + [512] * 4 + [1024] * 6 + [2048] * 3  # C of each block of SE-ResNet-50, where r = 16
total, last = equation_5(deep, 16), equation_5(deep[-3:], 16)
print(f"SE-ResNet-50: {total:,.0f}, of them {last / total:.0%} in its last three blocks")

# %% [markdown]
# <details><summary>Answer</summary>
#
# About three quarters. C enters squared, so the late, wide blocks cost most.
#
# </details>
#
# SE-ResNet-50 has 2.5 million such weights, on top of about 25 million: a tenth more. In *multiply-adds* the block is
# cheap, because its matrices are used once per image, not once per position: 0.26 % more, says the paper.
#
# The library counts what is really there. It differs from Eq. 5 in two ways. There are biases. And C/r is rounded
# down, but a block never gets fewer than two hidden units (section 9 says why).

# %%
plain = count_parameters(tiny(se=False))
print("  r   hidden units     Eq. 5   counted   share of the network without SE")
for r in (1, 2, 4, 8, 16, 32, 64):
    added = added_by_se(tiny(reduction=r))
    by_equation = equation_5((32, 64, 128), r)
    share = 100 * added.parameters / plain
    print(f"{r:3}   {str(added.hidden):14} {by_equation:8,.0f}  {added.parameters:8,}   {share:5.1f} %")

# %% [markdown]
# And what does a smaller r (more hidden units) gain? The paper (its section 6.1), and ours
# ([docs/results.md](../docs/results.md), "The reduction ratio"):

# %%
paper_r = {2: 22.29, 4: 22.25, 8: 22.26, 16: 22.28, 32: 22.72}  # top-1 error, %
ours_r = {2: (68.60, 0.28), 4: (68.14, 0.11), 8: (67.86, 0.21), 16: (67.44, 0.29)}  # accuracy, %, 5 seeds
rows = [(f"r = {r:2}", error, ours_r.get(r)) for r, error in paper_r.items()]
for name, error, found in [*rows, ("no SE ", paper["no SE"], ours["no SE"])]:
    accuracy = "{:.2f} ± {:.2f} %".format(*found) if found else "not run"
    print(f"{name}   paper: error {error:.2f} %   ours: accuracy {accuracy}")

# %% [markdown]
# In the paper r hardly matters up to 16, and every r is better than no SE. In our network r matters: the smaller r, the
# higher the mean. With r = 8 our network is about equal to the one without any SE block (67.86 against 67.85 %), and
# with r = 16 it is below it (67.44 %). These are means of five seeds; with ten seeds the network without SE has 67.62 %.
#
# Why do the two differ? Perhaps because of the number of hidden units. A stage of ResNet-50 has 256 to 2,048 channels,
# so r = 16 leaves 16 to 128 hidden units. Our stages keep 2, 4 and 8. With so few units, many gates depend on the same
# few numbers. These runs do not prove that this is the cause.
#
# **What may you say?** "On our small net with short trainings and five seeds, SE with r = 4 gains 0.29 ± 0.26 points
# (95 % interval; 0.41 ± 0.24 with ten seeds). Against r = 4, r = 2 gains 0.46 ± 0.39 more, r = 8 shows no difference (−0.28 ± 0.32), and r = 16 loses
# 0.70 ± 0.39 ([docs/results.md](../docs/results.md))."
#
# **How to choose r for your own net?** In a small net, take as many hidden units as you can afford: r = 4 is a good
# start. In a wide net take r = 16, as the paper does. This is a rule of thumb, and no run here proves it.
#
# *Short of time? Go on with "In five sentences" and the exercises.*
#
# ## Further
#
# ### 7. Biases, and where the gates start
#
# The paper leaves out both biases in its ablations. Its released models have them, and so does our block by default.
# What do they do? Take a block without biases.
#
# **Predict:** What are its gates for a black image, z = 0? And what happens to e if z becomes three times as large?

# %% tags=["hide-output"]
w1_some, w2_some = rng.standard_normal((16, 4)), rng.standard_normal((4, 16))
z_some = np.abs(rng.standard_normal(16))


def e_without_biases(z):
    return np.maximum(z @ w1_some, 0) @ w2_some


print("gates at z = 0:", sigmoid(e_without_biases(0 * z_some))[:6], "…")
print("e(3z) / e(z):  ", (e_without_biases(3 * z_some) / e_without_biases(z_some))[:6], "…")

# %% [markdown]
# <details><summary>Answer</summary>
#
# All gates are 1/2, and e becomes three times as large. So without biases the gates depend on how bright the features
# are. With `b2`, a channel has a usual gate, σ(b2), and the image only moves it from there. `b1` sets how large the
# sum must be before a hidden unit becomes active. Biases are cheap: C/r + C numbers per block.
#
# </details>
#
# **The start.** A fresh block has random weights. We give it maps as after a ReLU, and try the three gates of section
# 5.
#
# **Predict:** How many gates are below 0, and how many are exactly 0, for each of the three?

# %% tags=["hide-output"]
from senet_np.layers import SE

u_fresh = np.maximum(rng.standard_normal((64, 8, 8, 32)), 0)
for gate in ("sigmoid", "tanh", "relu"):
    layer = SE(32, reduction=4, gate=gate)
    params, _ = layer.init(np.random.default_rng(0), np.float64)
    _, fresh, _ = layer.forward(params, {}, u_fresh, True)
    below, zero = 100 * (fresh.s < 0).mean(), 100 * (fresh.s == 0).mean()
    print(f"{gate:8} mean |s| {np.abs(fresh.s).mean():.2f}   below 0: {below:3.0f} %   exactly 0: {zero:3.0f} %")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Sigmoid: none and none, all gates start near one half. Tanh: about half are below 0 (here 60 %), because e is positive
# as often as negative. ReLU: the same gates are exactly 0.
#
# </details>
#
# **How far from one half?** We can compute the spread of the gates. The **variance** is the mean squared distance from
# the mean. Four rules are enough. Variances of independent numbers add up. If a number is multiplied by a constant k,
# its variance is multiplied by k². Where the mean is 0, the variance is the mean of the squares. And the mean of a
# product of independent numbers, $h^2 w^2$ for example, is the product of their means.
#
# Our block draws all weights independently, with mean 0: those of `w1` with variance 2/C, those of `w2` with variance
# 1/(C/r). The biases are 0. Take z as given, and go step by step:
#
# 1. $a_m = \sum_c z_c\,w_1[c,m]$. Each term has the variance $z_c^2\cdot\frac2C$, and the terms are independent. So
#    $\operatorname{Var}(a_m) = \frac2C\sum_c z_c^2$.
# 2. $h_m = \max(a_m, 0)$. $a_m$ is positive as often as negative, with the same squares on both sides. The ReLU keeps
#    the squares of the positive half, so the mean of $h_m^2$ is $\frac12\operatorname{Var}(a_m) = \frac1C\sum_c z_c^2$.
# 3. $e_c = \sum_m h_m\,w_2[m,c]$ has C/r terms, with mean 0. Each has the variance (mean of $h_m^2$) · 1/(C/r). C/r such terms add
#    up to C/r · 1/(C/r) = 1 times the mean of $h_m^2$.
#
# $$
# \operatorname{Var}(e_c) = \frac1C\sum_c z_c^2 \qquad\text{: the mean of the squares of z}
# $$
#
# In the tiny network z is about 0.4 at the start. So the variance of e is about 0.4², and its spread (the square root)
# is about 0.4. The slope of the sigmoid is 1/4 at 0, so the gates have a spread of about 0.4/4 = 0.1.
#
# We look at a fresh tiny network and 64 images. First z: how much does it differ from image to image?

# %%
from senet_np.containers import se_caches

fresh_net = tiny()
images = load_shapes(sizes=(64, 1, 1)).train.images
inputs = ((images / 255 - 0.5) / 0.25).astype(np.float32)
params, state = fresh_net.init(np.random.default_rng(0))
_, net_cache, _ = fresh_net.forward(params, state, inputs, True)
for path, one in se_caches(net_cache).items():
    between = one.z.std(axis=0).mean()
    print(f"{path}: mean z {one.z.mean():.2f}; z of one channel differs between images by ± {between:.2f}")

# %% [markdown]
# So one image has about the same z as another, up to ± 0.1. By how much does e differ, then? Where z is so similar,
# nearly the same hidden units are active. Then the *difference* of two e comes from the difference of the two z
# through the same matrices, so the three steps hold for it, too. Roughly, e differs as much as z does.
#
# **Predict:** All gates of a block together have a spread of 0.06 to 0.10. Take one channel: by how much do its gates differ between
# images? By about 0.1 too, by about 0.02, or by less than 0.001?

# %% tags=["hide-output"]
for path, one in se_caches(net_cache).items():
    print(f"{path}: all gates {one.s.mean():.2f} ± {one.s.std():.2f}; "
          f"of one channel, between images, ± {one.s.std(axis=0).mean():.3f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# By about 0.02. z differs by 0.1, so e differs by about 0.1, and the slope 1/4 makes 0.025 of it. The larger spread
# lies between the *channels*, which have different random weights. **A fresh SE block is nearly a factor of 1/2.**
#
# </details>
#
# Now eight fresh SE blocks in a row, and nothing between them.
#
# **Predict:** By which factor do eight blocks together multiply the maps: about 1/2, 1/8, 1/16 or 1/256?

# %% tags=["hide-output"]
maps = u_fresh
for number in range(1, 9):
    layer = SE(32, reduction=4)
    params, _ = layer.init(np.random.default_rng(number), np.float64)
    maps, _, _ = layer.forward(params, {}, maps, True)
    print(f"after block {number}: {maps.mean() / u_fresh.mean():.4f} of the mean")

# %% [markdown]
# <details><summary>Answer</summary>
#
# About (1/2)⁸ = 1/256, or 0.4 %. The gradient on its way back is halved about eight times, too.
#
# </details>
#
# Real networks have a layer in between that restores the size: batch norm (notebook 7). Note what follows for reading
# gates later. A gate of 0.5 says nothing about a channel: all gates started there. And a gate that is the same for
# every image is a constant factor, which the next layer can undo.
#
# ### 8. What trained matrices do
#
# **Which channel moves which gate?** The derivatives $\partial e_c/\partial z_k$ say it. There are C·C of them, and the
# table of all of them is called the **Jacobian**. With one weight per channel, only its diagonal is not 0. For two
# matrices we use the chain rule: $z_k$ influences $e_c$ through every hidden unit m.
#
# $$
# \frac{\partial e_c}{\partial z_k} = \sum_m w_1[k,m]\,[a_m > 0]\,w_2[m,c]
# $$
#
# Here $[a_m > 0]$ is 1 if hidden unit m is active for this image, and 0 if it is off.


# %%
def jacobian(z_one, w1, b1, w2):
    """(C, C): row k, column c says how z_k moves e_c."""
    active = z_one @ w1 + b1 > 0
    return (w1 * active) @ w2


# %% [markdown]
# **Predict:** We take the two matrices of section 1 again. Is their Jacobian the same under both skies?

# %% tags=["hide-output"]
print("one weight per channel, for example:\n", np.diag(rng.standard_normal(4)))
print("two matrices, orange sky:\n", jacobian(z[0], w1, b1, w2))
print("two matrices, blue sky:\n", jacobian(z[2], w1, b1, w2))

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. Under the orange sky, only unit 0 is active, and only the orange sky (row 0) moves gates. Under the blue sky it is
# unit 1 and row 1. So the ReLU chooses, image by image, which channels the gates depend on.
#
# </details>
#
# **Trained matrices.** The figure shows both matrices of the three blocks of `tiny-se`. In every picture a row is a
# hidden unit and a column is a channel. For this, $W_1$ (C, C/r) is drawn transposed, and $W_2$ (C/r, C) as it is. Both
# pictures of a block have the same order of rows and columns.
#
# **Predict:** Do all hidden units have weights of about the same size?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
from senet_np.analysis.findings import load_findings
from senet_np.figures.style import add_title
from senet_np.figures.weights import draw_weights
from senet_np.runs.bundled import findings_path

found = load_findings(findings_path("tiny-se"))
trees = {path: model.params[path.split(".")[0]]["se"] for path in found.blocks}
pairs = {path: (tree["w1"], tree["w2"]) for path, tree in trees.items()}
with style():
    figure = add_title(draw_weights(pairs), "The two matrices of each block", model.provenance)
    for axes in figure.axes:
        title = axes.get_title(loc="left")
        if "W₁" in title:
            axes.set_title(title.replace("W₁,", "W₁ (transposed),"), fontsize=10)
        elif "W₂" in title:
            axes.set_title("W₂, which gates it moves", fontsize=10)
figure

# %% tags=["hide-output"]
for path, (w1_trained, w2_trained) in pairs.items():
    strength = np.linalg.norm(w1_trained, axis=0) * np.linalg.norm(w2_trained, axis=1)  # one number per hidden unit
    strong = (strength > 0.1 * strength.max()).sum()
    print(f"{path}: {strong} of {len(strength)} units have more than a tenth of the strongest one's strength; "
          f"{found.hidden[path].dead.sum()} are dead: 0 for every one of 10,000 test images")

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. In each block a little less than half of the units (3 of 8, 7 of 16, 15 of 32) reach a tenth of the strongest
# one's strength. The others stay below it. During training, weight decay shrinks weights that are not used. It does
# not follow that fewer units would have been enough: which units would be used was not known at the start, and section
# 6 shows what fewer units cost here.
#
# </details>
#
# **Does a channel open or shut its own gate?** If a unit reads channel k with a positive weight and moves gate k with a
# positive weight, then channel k opens its own gate. That is the diagonal of the Jacobian. We weight each
# unit by the share of test images for which it is active. For comparison we take each channel with the gate of
# *another* one, at random.
#
# **Predict:** What sign does the mean of the diagonal have in the first block, and in the last?

# %% tags=["hide-output"]
for path, (w1_trained, w2_trained) in pairs.items():
    moves = (w1_trained * found.hidden[path].overall_active) @ w2_trained  # (C, C): how z_k (row) moves e_c (column)
    diagonal, c = np.diag(moves), len(moves)
    others = [moves[np.arange(c), rng.permutation(c)].mean() for _ in range(2000)]
    print(f"{path}: mean of the diagonal {diagonal.mean():+.3f}, {100 * (diagonal > 0).mean():3.0f} % above 0; "
          f"random pairs {np.mean(others):+.3f} ± {np.std(others):.3f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Negative in the first two blocks: a channel that is strong in an image shuts its own gate, like an automatic volume
# control. Positive in the last block. But there a channel moves the gate of another channel up,
# too, by more than half as much as its own.
#
# </details>
#
# This is one network with one seed. In `shapes-se` it is different. There the mean of the diagonal is below that of
# the random pairs in the first block, and above it in the second and third. The number after ± says how much the mean
# of random pairs varies. In all three blocks the difference is two to three times as large as this number.
#
# ### 9. Why at least two hidden units?
#
# Take a block with one hidden unit.
#
# **Predict:** What is the correlation between e of channel 0 and e of another channel, over many images?

# %% tags=["hide-output"]
e_single = np.maximum(z_many @ w1_many[:, :1], 0) @ w2_many[:1]  # (200, 16)
print("correlations of channel 0 with channels 1 to 5:", np.corrcoef(e_single.T)[0, 1:6])

# %% [markdown]
# <details><summary>Answer</summary>
#
# Always 1 or −1. Every $e_c$ is the same number h times a weight (plus a bias). So all gates move along one line,
# whatever the image shows.
#
# </details>

# %%
assert np.allclose(np.abs(np.corrcoef(e_single.T)), 1)

# %% [markdown]
# There is a second reason. If *all* units of a block are dead, then dw1, db1 and dw2 are 0. Only b2 learns, and the
# gates are constants.
#
# For one image and random `w1` with `b1` = 0, each unit is off with probability 1/2. With two units, both are off with
# probability 1/4. To be dead, a unit must be off for every image, and we take 64 images.
#
# **Predict:** We draw 4,000 fresh blocks with two hidden units. In which share of them are both units dead: 1/4, about
# 1/10, or nearly 0? Remember how much z differs between images at the start (section 7).

# %% tags=["hide-output"]
z_start = se_caches(net_cache)["stage1.se"].z  # (64, 32): what the first block of the fresh network sees
draws = 4000
for units in (1, 2, 4, 8, 16):
    w = np.random.default_rng(units).standard_normal((32, draws * units)).astype(np.float32)
    active = (z_start @ w > 0).reshape(64, draws, units)
    all_off = ~active.any(axis=2)  # (64, draws): whether all units are off for an image
    one_unit = (~active.any(axis=0)).mean()
    name = "units:" if units > 1 else "unit: "
    print(f"{units:2} {name} all off for one image {100 * all_off.mean():5.2f} %, all dead "
          f"{100 * all_off.all(axis=0).mean():5.2f} %;  a single unit is dead: {100 * one_unit:.0f} %")

# %% [markdown]
# <details><summary>Answer</summary>
#
# About one in ten. (With one unit it is one in three, with eight units none.) The share is so large because the 64
# images have similar z at the start: a unit that is off for one image is often off for the next.
#
# </details>
#
# Such a block cannot learn from these images, unless the layers before it move z. Look at the last column, too: about
# a third of the single units are dead, for every number of units. This holds for this block (stage 1) and these 64
# images. It is no general number: for 64 random z of the same signs (|normal|), which differ much more, about 5 % are dead. Of
# eight units, about five stay alive here. Of two, perhaps none does. So our block never has fewer than two units, and r = 4 is our default
# for small networks.
#
# ## In five sentences
#
# 1. The excitation turns C means into C gates: FC1 reduces them to C/r hidden units, and after a ReLU, FC2 and a
#    sigmoid make C numbers between 0 and 1.
# 2. A gate must see *other* channels to depend on the rest of the image, and the ReLU makes this dependence nonlinear.
# 3. The bottleneck needs 2C²/r weights in place of C², but then all C gates depend on the same C/r numbers.
# 4. Backward, little gradient passes a gate far from one half, and none passes a hidden unit that is off.
# 5. The sigmoid starts at one half and lets several channels be open at once, which softmax does not.
#
# ## Exercises
#
# (Exercise 4.1 is in section 4.)

# %% [markdown]
# ### Exercise 4.2 · Count the parameters
#
# By hand: how many parameters does an SE block with C = 128 and r = 8 have, with biases? And one with C = 16 and r = 16?
#
# <details><summary>Hint</summary>
#
# How many hidden units has each block? Section 6 has the rule. Then write down the shapes of `w1`, `b1`, `w2`, `b2`.
#
# </details>

# %%
count_128 = ...
count_16 = ...

check("4.2", count_128, count_16)

# %% [markdown]
# ### Exercise 4.3 · Spot the bug
#
# This backward pass runs, and all shapes are right:
#
# ```python
# def excitation_backward(ds, cache):
#     z, w1, w2, active, h, s = cache
#     de = ds * s * (1 - s)
#     dh, dw2, db2 = de @ w2.reshape(w2.shape[::-1]), h.T @ de, de.sum(axis=0)
#     da = dh * active
#     dz, dw1, db1 = da @ w1.T, z.T @ da, da.sum(axis=0)
#     return dz, dw1, db1, dw2, db2
# ```
#
# - `wrong`: which of the five gradients that it returns are wrong? A list of names.
# - `units`: a gradient check with a certain number of hidden units finds nothing. Which number? (Any number may be
#   tried here, 1 too.)
#
# <details><summary>Hint</summary>
#
# Write down `np.arange(6).reshape(2, 3)`, its transpose, and the same six numbers reshaped to (3, 2). What uses a
# wrong array is wrong itself.
#
# </details>

# %%
wrong = ...
units = ...

check("4.3", wrong, units)

# %% [markdown]
# ### Exercise 4.4 · How many units are dead?
#
# A report says: "In the first block of a fresh network, half of the hidden units are dead: `(h == 0).mean()` is 0.5."
# `h` has the shape (images, hidden units). Section 4 says what dead means.
#
# - Write `share_dead(h)`: the share of units that are dead, from 0 to 1.
# - Give an `h_test`, a small array, for which the formula of the report gives 1/2 or more, although no unit is dead.
#
# <details><summary>Hint</summary>
#
# What does `(h == 0).mean()` count: units, or something else? Try it with two images and two units.
#
# </details>


# %%
def share_dead(h):
    """The share of the hidden units, from 0 to 1, that are dead for the images of h (images, hidden units)."""
    ...


h_test = ...

check("4.4", share_dead, h_test)

# %% [markdown]
# ### Exercise 4.5 · A softmax gate
#
# Write a softmax gate, forward and backward, for e (N, C): $s_c = \exp(e_c)/\sum_k \exp(e_k)$, for each image by
# itself.
#
# Then use it. C = 5, and ds is −1 for one gate and 0 for the four others. For how many of those *four others* is de not
# 0, with the sigmoid and with your softmax?
#
# <details><summary>Hint 1: what does one number of e move?</summary>
#
# Take two gates: $s_0 = \exp(e_0)/(\exp(e_0)+\exp(e_1))$ and $s_1 = \exp(e_1)/(\exp(e_0)+\exp(e_1))$. Suppose that
# $e_0$ grows. What happens to $s_0$, and what to $s_1$? So $de_0$ is a sum of two terms:
# $de_0 = ds_0\,\frac{\partial s_0}{\partial e_0} + ds_1\,\frac{\partial s_1}{\partial e_0}$.
#
# </details>
#
# <details><summary>Hint 2: the two derivatives</summary>
#
# $e_k$ stands in the denominator of *every* $s_c$, and in the numerator of one. Use the quotient rule for
# $\partial s_c/\partial e_k$ in two cases, c = k and c ≠ k. Write both results with $s_c$ and $s_k$ alone.
#
# </details>
#
# <details><summary>Hint 3: all gates at once</summary>
#
# $de_k = \sum_c ds_c\,\partial s_c/\partial e_k$. Put in both cases.
#
# Step 1. Multiply out the term with c = k: it gives two parts. One of them looks like the terms of the other channels,
# so move it to them. Now there is a sum over *all* c, and one part is left over.
#
# Step 2. Take the common factor $s_k$ out of the whole. Look at the sum that remains: is there still a k in it? If not,
# it is one number per image. In NumPy: a sum over the channels with `keepdims=True`.
#
# </details>


# %%
def softmax_forward(e):
    """s (N, C), and a cache."""
    ...


def softmax_backward(ds, cache):
    """de (N, C)."""
    ...


others_sigmoid = ...
others_softmax = ...

check("4.5", softmax_forward, softmax_backward, others_sigmoid, others_softmax)

# %% [markdown]
# Solutions: [solutions/04_excitation.ipynb](solutions/04_excitation.ipynb), after you have tried.
#
# **Read next:** [senet_np/ops/activations.py](../senet_np/ops/activations.py) and
# [senet_np/ops/linear.py](../senet_np/ops/linear.py), the same steps with their derivations. Then notebook 5: the gates
# are multiplied with the maps, and the block is complete.
