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
# # 3 · Squeeze: one number per channel
#
# **Afterwards you can** compute the squeeze (Eq. 2) and its gradient; say what the mean keeps of a map and what it
# loses; choose test inputs that find the common mistakes; say why a gate needs a number from the whole image.
#
# **You need** notebooks 1 (channels, 3×3 filters, gates) and 2 (gradients and how to check them). Mathematics: the
# mean, partial derivatives, and a matrix times a vector.
#
# **Time:** 60 minutes to read and run, 105 with the exercises.
#
# Letters: [symbols](../docs/symbols.md).
#
# A gate multiplies a whole channel by one number. But the map of a channel has H·W numbers. So the first step must
# turn each map into one number. The paper (Hu et al., arXiv 1709.01507) takes the mean and calls this step the
# **squeeze**:
#
# $$
# z_c = \frac{1}{H\,W}\sum_{i=1}^{H}\sum_{j=1}^{W} u_c(i,j) \qquad\text{(Eq. 2)}
# $$
#
# Here $u_c(i,j)$ is the value of channel c in row i and column j.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, interact

import senet_np
from senet_np.data.photo import sample_photo
from senet_np.exercises import check
from senet_np.figures.style import BLUE, ORANGE, style
from senet_np.gradcheck import check_gradients
from senet_np.ops import conv2d_forward, global_avg_pool_backward, global_avg_pool_forward

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% jupyter={"source_hidden": true} tags=["hide-input"]
def draw_maps(panels, maps, titles, top):
    """Draw maps (H, W) side by side in gray, with one bar for all: 0 is black, `top` and above are white."""
    for ax, one, title in zip(panels, maps, titles, strict=True):
        image = ax.imshow(one, cmap="gray", vmin=0, vmax=top, interpolation="nearest")
        ax.set_title(title, fontsize=10)
        ax.axis("off")
    panels[0].figure.colorbar(image, ax=panels, pad=0.01, label="value of the map\n(white: high)")


# %% [markdown]
# ## 1. Eq. 2 on numbers that fit on a screen
#
# One image with 2×3 positions and two channels:

# %%
u = np.array([[[1.0, 10.0], [2.0, 10.0], [3.0, 10.0]], [[4.0, 0.0], [5.0, 0.0], [6.0, 0.0]]])[None]
print("u:", u.shape, "\nchannel 0:\n", u[0, :, :, 0], "\nchannel 1:\n", u[0, :, :, 1])

# %% [markdown]
# **Predict:** Which two numbers does the squeeze return?

# %% tags=["hide-output"]
z = u.mean(axis=(1, 2))
print("z:", z.shape, z)

# %% [markdown]
# <details><summary>Answer</summary>
#
# 3.5 and 5: the means of the two maps. The axes 1 and 2 are H and W, and the mean is taken over both. N and C stay, so
# z has the shape (N, C): one row per image, one number per channel.
#
# </details>
#
# Now real maps. The first stage of the trained network `tiny-se` makes 32 maps from the photo of notebook 1.

# %%
model = senet_np.load("tiny-se")  # trained on CIFAR-10
photo = sample_photo().small  # (32, 32, 3)
_, activations = model.run(photo[None], record=True)
u = activations.blocks["stage1.se"].u.astype(np.float64)  # the maps after the ReLU, before the gates
z, _ = global_avg_pool_forward(u)  # the library's squeeze: u.mean(axis=(1, 2)), and a cache
print("u:", u.shape, " z:", z.shape)

# %% [markdown]
# **Predict:** Is the channel with the largest z also the channel with the largest single value?

# %% tags=["hide-output"]
by_mean = z[0].argmax()
by_peak = u.max(axis=(0, 1, 2)).argmax()
print(f"largest mean: channel {by_mean};  largest single value: channel {by_peak}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. Channel 5 responds strongly, up to 8.9, but only at thin edges; at most positions it is 0. Channel 25 has no
# value above 4.8, but large areas of middle values. All 1,024 positions count alike in a mean, so channel 25 has the
# larger z. So z says *how much* of its feature a channel finds in the whole image.
#
# </details>

# %% jupyter={"source_hidden": true} tags=["hide-input"]
chosen = [by_mean, by_peak, *np.argsort(-z[0])[[4, 16, 31]]]
titles = [f"channel {c}: z = {z[0, c]:.2f}\nlargest value {u[..., c].max():.1f}" for c in chosen]
with style():
    figure, axes = plt.subplots(1, 6, figsize=(12, 2.9))
    axes[0].imshow(photo)
    axes[0].set_title("the photo", fontsize=10)
    axes[0].axis("off")
    draw_maps(axes[1:], [u[0, :, :, c] for c in chosen], titles, u[..., by_peak].max())
    figure.suptitle("A gray area counts more in z than thin white lines on black", x=0.01, ha="left")
plt.show()
assert (by_mean, by_peak) == (25, 5)
assert np.allclose(u[..., [5, 25]].max(axis=(0, 1, 2)), (8.9, 4.8), atol=0.05)
assert (u[..., 5] == 0).mean() > 0.5

# %% [markdown]
# 32·32·32 numbers have become 32.
#
# *See it move:* `python -m senet_np explorer bundled` writes `explorer.html`. Click a map of U there and see its z.
#
# ## 2. What does the mean keep?
#
# We change the maps in four ways:
#
# - **shuffled**: the positions are put in a random order;
# - **shifted**: each map moves by five columns (what leaves on the right comes in on the left);
# - **evened out**: each map gets the same value everywhere, its mean;
# - **doubled**: all values times 2.
#
# **Predict:** Which of the four change z?

# %% tags=["hide-output"]
flat = u.reshape(1, 32 * 32, 32)  # all positions in one row
changes = {
    "shuffled": rng.permutation(flat, axis=1).reshape(u.shape),
    "shifted": np.roll(u, 5, axis=2),
    "evened out": np.broadcast_to(z[:, None, None, :], u.shape),
    "doubled": 2 * u,
}
for name, changed in changes.items():
    print(f"{name:11} z changes by at most {np.abs(changed.mean(axis=(1, 2)) - z).max():.1e}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only "doubled" does. A mean adds all positions with the same weight, so it does not matter which
# value stands where. z keeps *how much*. It loses *where*, and how the values are distributed.
#
# </details>

# %% jupyter={"source_hidden": true} tags=["hide-input"]
shown = {"the map": u, **changes}
titles = [f"{name}\nz = {maps[0, :, :, by_mean].mean():.3f}" for name, maps in shown.items()]
titles[-1] += f"\n(up to {changes['doubled'][..., by_mean].max():.1f}; white from {u[..., by_mean].max():.1f} on)"
with style():
    figure, axes = plt.subplots(1, 5, figsize=(12, 3.3))
    draw_maps(axes, [maps[0, :, :, by_mean] for maps in shown.values()], titles, u[..., by_mean].max())
    figure.suptitle(f"Channel {by_mean}: the map and its first three changes have the same z", x=0.01, ha="left")
plt.show()
assert np.allclose(changes["shuffled"].mean(axis=(1, 2)), z)
assert np.allclose(changes["shifted"].mean(axis=(1, 2)), z)

# %% [markdown]
# So an SE block can decide by *what* an image shows, but not by *where* it is. (Unless the maps tell it: a filter of
# an earlier layer can respond at the border of the image only, and then this channel's mean says something about a
# place.) To recognize what is in an image, this is usually the right choice.
#
# Now suppose that the maps are larger: each value of a map is repeated 2×2 times.
#
# **Predict:** What happens to the sum of a map, and what happens to its mean?

# %% tags=["hide-output"]
small = np.maximum(rng.standard_normal((1, 16, 16, 3)), 0)
large = small.repeat(2, axis=1).repeat(2, axis=2)
print("sums:  small", small.sum(axis=(1, 2)), " large", large.sum(axis=(1, 2)))
print("means: small", small.mean(axis=(1, 2)), " large", large.mean(axis=(1, 2)))

# %% [markdown]
# <details><summary>Answer</summary>
#
# The sum becomes four times as large, and the mean stays. This is a reason to take the mean and not the sum. Notebook
# 4 multiplies z by two matrices, which were trained on numbers of a certain size. With sums, z would grow with the
# number of positions. (With means it stays of the same order. It does not stay equal: in a larger photo an edge is as
# thin as before, so a channel for edges has a smaller mean.)
#
# </details>
#
# ## 3. Backward
#
# Let L be any number that depends on z. The upstream gradient $dz = \partial L/\partial z$, (N, C), arrives from the
# layers after the squeeze. How does one entry $u[n,i,j,c]$ influence L? Only through $z[n,c]$. There it is
# multiplied by 1/(HW). So
#
# $$
# \frac{\partial z[n,c]}{\partial u[n,i,j,c]} = \frac{1}{HW}
# \qquad\Rightarrow\qquad
# du[n,i,j,c] = \frac{dz[n,c]}{HW} .
# $$
#
# In words: every position of a map gets the same share of dz. You write this function in
# [assignment 1](assignments/1_ops.ipynb). Here we use the library's.
#
# **Predict:** Add up du over all positions of a map. What is the sum?

# %% tags=["hide-output"]
u = rng.standard_normal((2, 3, 4, 5))
dz = rng.standard_normal((2, 5))
z, cache = global_avg_pool_forward(u)
du = global_avg_pool_backward(dz, cache)
print("du:", du.shape, "\nsum over positions, image 0:", du[0].sum(axis=(0, 1)))
print("dz of image 0:              ", dz[0])

# %% [markdown]
# <details><summary>Answer</summary>
#
# dz itself: HW shares of dz/(HW) add up to dz. So the squeeze passes on all of the gradient, and loses nothing.
#
# </details>
#
# Is this du right? Two checks.
#
# **The adjoint test.** (*Adjoint* is another word for the transpose.) Take one map and write it as one long column of
# HW numbers. Then the squeeze is a matrix M with one row, and all its entries are 1/(HW): $z = M u$. Backward
# multiplies by the transpose: $du = M^\top dz$. (It was the same in notebook 2: forward `x @ w`, backward `da @ w.T`.)
# Both sums below add up the same products dz · M · u, in another order:
#
# $$
# \textstyle\sum z\,dz \;=\; (Mu)\cdot dz \;=\; u\cdot(M^\top dz) \;=\; \sum u\,du ,
# $$
#
# for any u and any dz. If the two sums differ, the backward pass is wrong.
#
# **Finite differences** at every element, as in notebook 2.

# %%
print(f"Σ z·dz = {np.sum(z * dz):.12f}\nΣ u·du = {np.sum(u * du):.12f}")
print(check_gradients(global_avg_pool_forward, global_avg_pool_backward, {"x": u}))

# %% [markdown]
# ## 4. Three mistakes
#
# Here are three wrong backward passes. The first two change the right one by a factor. In the third, dz is placed on
# the wrong axes: the right place for dz (N, C) is (N, 1, 1, C), and here it becomes (1, 1, N, C).


# %%
def mistake_a(dz, cache):
    """The division by H·W is forgotten."""
    _, height, width, _ = cache.shape
    return global_avg_pool_backward(dz, cache) * (height * width)


def mistake_b(dz, cache):
    """The division is by N·H·W: a mean over all images, too."""
    return global_avg_pool_backward(dz, cache) / cache.shape[0]


def mistake_c(dz, cache):
    """The axis N of dz stands where W should be: (1, 1, N, C)."""
    _, height, width, _ = cache.shape
    return np.broadcast_to(dz[None, None, :, :] / (height * width), cache.shape)


# %% [markdown]
# We check each with inputs of four sizes (N, H, W, C): all different (2, 3, 4, 5); one image (1, 3, 4, 5); one
# position (2, 1, 1, 5); all equal (3, 3, 3, 3).
#
# **Predict:** Which of the three mistakes pass the check with one image? And with one position?

# %% tags=["hide-output"]
def finds(backward, shape):
    """Whether the check finds that `backward` is wrong; a pass that does not even run is found, too."""
    try:
        return not check_gradients(global_avg_pool_forward, backward, {"x": rng.standard_normal(shape)})
    except ValueError:
        return True


sizes = {"all different": (2, 3, 4, 5), "one image": (1, 3, 4, 5), "one position": (2, 1, 1, 5), "all 3": (3, 3, 3, 3)}
print(" " * 10 + "".join(f"{name:>15}" for name in sizes))
for backward in (mistake_a, mistake_b, mistake_c):
    row = ["found" if finds(backward, shape) else "passes" for shape in sizes.values()]
    print(f"{backward.__name__:10}" + "".join(f"{word:>15}" for word in row))

# %% [markdown]
# <details><summary>Answer</summary>
#
# One image hides B (N = 1, so the extra division changes nothing) and C (an axis of length 1 fits everywhere). One
# position hides A (H·W = 1). Sizes that all differ, and none of them 1, are the safe choice. There C does not even run.
#
# </details>

# %%
assert not any(finds(mistake, (1, 3, 4, 5)) for mistake in (mistake_b, mistake_c))
assert not finds(mistake_a, (2, 1, 1, 5))
assert all(finds(mistake, (2, 3, 4, 5)) for mistake in (mistake_a, mistake_b, mistake_c))

# %% [markdown]
# A and B multiply du by a constant factor. A network with such a mistake still trains: only the step size changes for
# this part of the gradient. Nobody notices. That is why "it trains" proves nothing.
#
# ## 5. Other squeezes
#
# The best-known alternative is the **maximum**, $z_c = \max_{i,j} u_c(i,j)$. It asks: is there *any* place where the
# channel responds strongly?
#
# **Predict:** The map is `[[1, 7, 2], [3, 0, 5]]` and dz = 1. What is du?

# %% tags=["hide-output"]
from senet_np.ops import global_max_pool_backward, global_max_pool_forward

one_map = np.array([[1.0, 7.0, 2.0], [3.0, 0.0, 5.0]])[None, :, :, None]  # (1, 2, 3, 1)
z_max, cache_max = global_max_pool_forward(one_map)
print("z =", z_max[0], " du:\n", global_max_pool_backward(np.array([[1.0]]), cache_max)[0, :, :, 0])

# %% [markdown]
# <details><summary>Answer</summary>
#
# 1 at the position of the 7, and 0 elsewhere. If the 7 becomes 7.01, z becomes 7.01. If one of the other five numbers
# changes a little, the maximum stays 7.
#
# </details>
#
# If two positions hold the maximum, there is a kink (notebook 2), and no derivative.
#
# Two more, for later: CBAM (Woo et al. 2018) computes gates from the mean *and* from the maximum. *NoSqueeze*, an
# experiment of the paper, takes no mean at all: each position computes its own gates from its own C numbers.
#
# | squeeze | top-1 error (share of images whose first guess is wrong) on ImageNet, SE-ResNet-50 (Hu et al.) |
# |---|---:|
# | ResNet-50 without SE | 23.30 % |
# | NoSqueeze: a gate for each position | 22.93 % |
# | maximum | 22.57 % |
# | mean | 22.28 % |
#
# In the paper the mean is best, and the maximum is nearly as good. Without a look at the whole image more than half of
# the gain is lost.
#
# In our own small network on CIFAR-10 the result is different. Mean and maximum show no clear difference. And
# NoSqueeze, *no squeeze at all*, is **better than the mean by 2.1 to 2.5 points**. We trained three pairs of networks,
# in each pair one with NoSqueeze and one with the mean from the same random seed, for four epochs, and found this in every pair; for an interval three pairs
# are too few ([docs/results.md](../docs/results.md)). Does this speak against the squeeze? It speaks against a general rule:
#
# - NoSqueeze does more than gate. At each position it adds two small layers, 15 % more multiplications. A network with
#   three convolutions may gain from any added layers, and one with fifty may not. This is a possible reason; no run
#   here tests it.
# - Some tasks need a number from the whole image, whatever the network gains elsewhere. Section 6 shows one.
#
# A comparison holds for its network, its data and its training (notebook 11).
#
# ## 6. Why the whole image?
#
# A 3×3 filter (notebook 1) sees 3×3 positions. Two such filters in a row see 5×5. In our tiny network, even the last
# stage sees no more than 18×18 of the 32×32 pixels (counted in
# [senet_np/data/shapes.py](../senet_np/data/shapes.py)). The squeeze sees the whole image, in any stage.
#
# An experiment: eight 3×3 filters, a ReLU, then gates. The library slides the filters (`conv2d_forward`; notebook 6
# explains it) and adds a border of zeros, so the maps are as large as the image. For the gates we take the layer of
# notebook 2, a matrix and a sigmoid, with z as its input.

# %%
filters, w_gate = rng.standard_normal((3, 3, 3, 8)) / 3, rng.standard_normal((8, 8))


def maps_and_output(image):
    """The maps u after the ReLU, and the same maps times their gates."""
    u = np.maximum(conv2d_forward(image, filters, None)[0], 0)
    z = u.mean(axis=(1, 2))
    s = 1 / (1 + np.exp(-(z @ w_gate)))
    return u, u * s[:, None, None, :]


# %% [markdown]
# We take an image of 12×12 pixels, so the maps have 12×12 = 144 positions. Now we change one pixel, in a corner.
#
# **Predict:** At how many of the 144 positions do the maps change? At how many does the output change?

# %% tags=["hide-output"]
image = rng.random((1, 12, 12, 3))
other = image.copy()
other[0, 0, 0] += 5.0  # the corner
(u_1, out_1), (u_2, out_2) = maps_and_output(image), maps_and_output(other)
changed = {"maps": (u_1 != u_2).any(axis=-1)[0], "output": (out_1 != out_2).any(axis=-1)[0]}  # (12, 12) each
for name, where in changed.items():
    print(f"{name:6} {where.sum():3} of {where.size} positions change")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The maps change at 4 positions: those are the windows that contain the corner. The output changes at all 144. The
# pixel changes z, z changes the gates, and a gate acts on the whole map.
#
# </details>

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(1, 2, figsize=(5.4, 3))
    for ax, (name, where) in zip(axes, changed.items(), strict=True):
        ax.imshow(where, cmap="gray", vmin=0, vmax=1)
        ax.set_title(f"{name}: {where.sum()} of 144", fontsize=10)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(True)
    figure.suptitle("White: positions that one corner pixel changes", x=0.01, ha="left")
plt.show()
assert [where.sum() for where in changed.values()] == [4, 144]

# %% [markdown]
# This is what the set `shapes` of notebook 1 needs. There the color of the sky says which of two squares to classify,
# and no window of the network's last maps covers both: the windows move in steps of 4 rows (rows 1 to 18, then 5 to
# 22), the sky ends in row 4, and the squares begin in row 19 or 20. The color of the sky reaches the squares only
# through z. (With NoSqueeze it could not: each position would compute its gates from what it sees itself.)
#
# Take a plain image: the upper rows are orange, the rest is blue. One channel responds to orange and one to blue.


# %%
def image_and_z(rows):
    """An image whose first `rows` rows are orange and the others blue, and z of an orange and of a blue channel."""
    image = np.zeros((32, 32, 3))
    image[:rows], image[rows:] = (1.0, 0.55, 0.1), (0.1, 0.55, 1.0)
    difference = image[..., 0] - image[..., 2]  # red minus blue
    u = np.maximum(np.stack([difference, -difference], axis=-1), 0)  # (32, 32, 2)
    return image, u.mean(axis=(0, 1))


# %% [markdown]
# **Predict:** With 16 orange rows both numbers of z are 0.45. What are they with 0, 8, and 32 orange rows?

# %% tags=["hide-output"]
for rows in (0, 8, 16, 32):
    print(f"{rows:2} orange rows: z of orange and of blue =", image_and_z(rows)[1])

# %% [markdown]
# <details><summary>Answer</summary>
#
# 0 and 0.9; 0.225 and 0.675; 0.9 and 0. z grows in proportion to the *area* of a color, wherever that area lies.
#
# </details>
#
# Move the boundary:

# %% jupyter={"source_hidden": true} tags=["hide-input"]
def move_the_boundary(rows):
    image, z = image_and_z(rows)
    with style():
        _, (left, right) = plt.subplots(1, 2, figsize=(6, 2.8))
        left.imshow(image)
        left.set_title(f"{rows} orange rows", fontsize=10)
        left.axis("off")
        right.bar(["orange", "blue"], z, color=[ORANGE, BLUE], hatch=["", "//"], edgecolor="white")
        right.set(ylim=(0, 1), ylabel="z, mean of the map")
    plt.show()


_ = interact(move_the_boundary, rows=IntSlider(value=8, min=0, max=32))

# %% [markdown]
# ## In five sentences
#
# 1. The squeeze turns each map of H×W numbers into one number, its mean: u (N, H, W, C) becomes z (N, C).
# 2. z keeps *how much* of its feature a channel finds, and loses *where* it is.
# 3. Backward, every position gets the same share, dz/(HW), and all shares of a map add up to dz.
# 4. A wrong factor does not stop training, so check the gradient, with sizes that all differ and are not 1.
# 5. Through z the whole image can influence every position, which no 3×3 filter can do.
#
# ## Exercises

# %% [markdown]
# ### Exercise 3.1 · Maps with the same mean
#
# Find two maps `a` and `b` of 2×2 numbers. Both have z = 3, and no number of `a` also stands in `b`.
#
# Then find a map `zero`, also 2×2, that has z = 0 although none of its numbers is 0. (Think about it: can this
# happen after a ReLU?)
#
# <details><summary>Hint</summary>
#
# The mean of four numbers is 3 if their sum is 12.
#
# </details>

# %%
a = ...
b = ...
zero = ...

check("3.1", a, b, zero)

# %% [markdown]
# ### Exercise 3.2 · The mean of squares
#
# Another squeeze: $z_c = \frac1{HW}\sum_{i,j} u_c(i,j)^2$. Write its forward and its backward pass.
#
# What does it measure that the mean does not? Find a map `peaked` of 4×4 numbers, none below 0. Its mean must be
# *smaller* than 1 and its mean of squares *larger* than 1. (A map of ones has 1 for both.)
#
# <details><summary>Hint for the gradient</summary>
#
# $\partial u^2/\partial u = 2u$. The rest is as in section 3. The backward pass needs u, so put it into the cache.
#
# </details>
#
# <details><summary>Hint for the map</summary>
#
# Try a map that is 0 at most positions.
#
# </details>


# %%
def forward(u):
    """z (N, C), the mean of the squares of each map of u (N, H, W, C); and a cache."""
    ...


def backward(dz, cache):
    """du (N, H, W, C)."""
    ...


peaked = ...

check("3.2", forward, backward, peaked)

# %% [markdown]
# ### Exercise 3.3 · Spot the bug
#
# Somebody has written a squeeze and a test. Both asserts pass, but the function is wrong:
#
# ```python
# def squeeze(u):
#     return u.mean(axis=(2, 3))
#
# u = np.ones((2, 8, 8, 8))
# assert squeeze(u).shape == (2, 8)                     # (N, C)
# assert np.allclose(squeeze(u), u.mean(axis=(1, 2)))
# ```
#
# - `averaged`: over which two of the axes N, H, W, C does it average? For example `"NH"`.
# - `u_test`: an array of the same shape, (2, 8, 8, 8), with which the second assert fails.
# - `shape`: another shape (N, H, W, C) for u. With it, the result of `squeeze(u)` must not have the shape (N, C).
#
# <details><summary>Hint</summary>
#
# Write the names of the axes below the numbers 0, 1, 2, 3. Two things in this u hide the bug.
#
# </details>

# %%
averaged = ...
u_test = ...
shape = ...

check("3.3", averaged, u_test, shape)

# %% [markdown]
# ### Exercise 3.4 · A test with a fixed tolerance
#
# A backward pass of the squeeze returns only zeros, which is wrong. Its author tests it like this, with dz = 1 for
# every channel and square maps (H = W):
#
# ```python
# numeric = numeric_gradient(...)  # by finite differences, right
# assert np.allclose(du, numeric, rtol=0, atol=0.005)  # |du - numeric| ≤ 0.005 everywhere
# ```
#
# - `share_8` and `share_32`: how large is the right du at one position, for maps of 8×8 and of 32×32? (Three
#   significant digits are enough, such as 0.0123 or 0.000123.)
# - `side`: from which H = W on does the wrong backward pass pass this test? Give the smallest.
#
# <details><summary>Hint</summary>
#
# The wrong du is 0. What does |du − numeric| become, as a formula with H and W? (This is trap 3 of notebook 2.)
#
# </details>

# %%
share_8 = ...
share_32 = ...
side = ...

check("3.4", share_8, share_32, side)

# %% [markdown]
# Solutions: [solutions/03_squeeze.ipynb](solutions/03_squeeze.ipynb), after you have tried.
#
# **Read next:** [senet_np/ops/pooling.py](../senet_np/ops/pooling.py), the functions of this notebook with their
# derivations. Then [assignment 1](assignments/1_ops.ipynb), where you write them yourself, and
# [notebook 4](04_excitation.ipynb), where z becomes gates.
