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
# # 1 · What a channel is, and why weigh it
#
# **Afterwards you can** read an image as an array of channels; make new channels from it with small
# filters, and look at those that a trained network has made; say why a channel matters for one image and
# not for another; and weigh channels with gates, one number each.
#
# **You need** NumPy arrays: shapes, slices, and `axis` in a sum. **Time:** 30 minutes.
#
# Lines in italics ask you to predict. Do it before you run the next cell: a guess that turns out wrong is
# remembered better than a sentence that was read.

# %%
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import Dropdown, FloatSlider, interact
from PIL import Image

import senet_np
from senet_np.data import load_shapes
from senet_np.data.photo import sample_photo
from senet_np.data.shapes import both_skies, swap_sky
from senet_np.figures.style import style

np.set_printoptions(precision=3, suppress=True)
images, labels = load_shapes(sizes=(1, 1, 4)).test  # four small images, drawn by NumPy

# %% [markdown]
# Where this course leads: two lines load a trained network, which comes with the package, and let it
# classify four images.

# %%
model = senet_np.load("shapes-se")
logits, activations = model.run(images, record=True)

# %% [markdown]
# `logits` has ten numbers for each image, one for each class that the network knows; the largest is its
# answer. `activations` has everything that was computed on the way: *channels*, and for each channel of
# each image a number between 0 and 1, its *gate*.

# %%
for n in range(4):
    answer, right = model.classes[logits[n].argmax()], model.classes[labels[n]]
    print(f"image {n}: the answer is {answer!r}, right is {right!r}; four gates:", activations.gates["stage1.se"][n, :4])

# %% [markdown]
# This notebook explains both words, channel and gate. Now from the beginning.


# %%
def show(axes, image, title, **options):
    """Draw one image without ticks: colors as they are, a single map in cividis, dark is low."""
    if image.ndim == 2:
        options = {"cmap": "cividis", **options}
    axes.imshow(image, **options)
    axes.set_title(title, fontsize=10)
    axes.axis("off")


# %% [markdown]
# ## 1. An image is three channels
#
# Here is a photo (it comes with Matplotlib), made small so that everything is quick.

# %%
path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
photo = np.asarray(Image.open(path).resize((128, 150))) / 255  # numbers from 0 to 1
print("shape (H, W, C):", photo.shape)
print("the pixel in row 20, column 110:", photo[20, 110])

# %% [markdown]
# H rows, W columns, and at each position three numbers: how much red, green and blue light. All the red
# numbers together, `photo[..., 0]`, are one **channel**: a map of H×W numbers that answers one question at
# every position. Here: how much red is there?
#
# *Predict: the background is blue, the left edge shows a flag with red and white stripes. In which of the
# three maps is the background brightest? Where will a white star be bright?*

# %%
with style():
    figure, axes = plt.subplots(1, 4, figsize=(10, 3.4))
    show(axes[0], photo, "the photo")
    for c, name in enumerate(("red", "green", "blue")):
        show(axes[c + 1], photo[..., c], f"channel {c}: {name}", vmin=0, vmax=1)
    figure.suptitle("Each channel is a map; white is high in all three", x=0.01, ha="left")
plt.show()

# %% [markdown]
# A channel alone has no color. It is a table of numbers, and dark to bright is how we draw them. Nothing
# was lost by taking the image apart:

# %%
red, green, blue = photo[..., 0], photo[..., 1], photo[..., 2]  # (H, W) each
assert np.array_equal(np.stack([red, green, blue], axis=-1), photo)
print("rows 60 to 62, columns 100 to 103 of the channel blue:")
print(blue[60:63, 100:104])

# %% [markdown]
# The channel stands last in the shape. Several images of one size are stacked in front: (N, H, W, C).
# Other libraries write (N, C, H, W). Both hold the same numbers; this course has channels last everywhere.
#
# ## 2. Channels of our own
#
# Red, green and blue are what a camera measures. We may ask something else. Is it orange here? Does it
# become brighter from left to right? A small **filter** answers such a question: it takes a window of 3×3
# positions, multiplies each of its 27 numbers by a weight, and adds up. Slide it over the image, and the
# answers form a new map.
#
# Five filters. `w` has the shape (rows of the window, columns of the window, channels in, channels out).

# %%
names = ["gray, blurred", "brighter to the right", "brighter below", "orange", "blue"]
w = np.zeros((3, 3, 3, 5))
w[:, :, :, 0] = 1 / 27  # the mean of all 27 numbers
w[:, 0, :, 1], w[:, 2, :, 1] = -1 / 9, 1 / 9  # mean of the right column minus mean of the left one
w[0, :, :, 2], w[2, :, :, 2] = -1 / 9, 1 / 9  # the lower row minus the upper one
w[1, 1, :, 3] = [1, 0, -1]  # at the middle alone: red minus blue
w[1, 1, :, 4] = [-1, 0, 1]  # blue minus red

# %% [markdown]
# The answer at one position, by hand:

# %%
window = photo[19:22, 109:112]  # (3, 3, 3), around the pixel in row 20, column 110
for k, name in enumerate(names):
    print(f"{name:22} {(window * w[..., k]).sum():+.3f}")

# %% [markdown]
# And at all positions. `photo[p:p + height, q:q + width]` is the image moved by (p, q), so place (p, q)
# of the window meets all positions at once. `@` sums over the channels. A number below 0 means "no" and is
# set to 0: that is a ReLU, and a network does it too.


# %%
def feature_maps(x, w):
    """Maps (H - 2, W - 2, filters) of an image x (H, W, C), with filters w (3, 3, C, filters)."""
    height, width = x.shape[0] - 2, x.shape[1] - 2  # the window must fit in
    maps = np.zeros((height, width, w.shape[3]))
    for p in range(3):
        for q in range(3):
            maps += x[p : p + height, q : q + width] @ w[p, q]  # (height, width, C) @ (C, filters)
    return np.maximum(maps, 0)


u = feature_maps(photo, w)
print("photo", photo.shape, "→ feature maps", u.shape)
assert np.allclose(u[19, 109], [max((window * w[..., k]).sum(), 0) for k in range(5)])

# %% [markdown]
# *Predict for each of the five maps: is the background bright in it? The face? The collar's edges, both or
# one of them?*

# %%
with style():
    figure, axes = plt.subplots(1, 5, figsize=(11, 3.2))
    for c, name in enumerate(names):
        show(axes[c], u[..., c], f"{c}: {name}", vmin=0)
    figure.suptitle("Five filters, five channels: each answers its own question", x=0.01, ha="left")
plt.show()

# %% [markdown]
# Again an array (H, W, C), now with C = 5. Such maps are called **feature maps**, and each is a channel.
# The word has not changed its meaning: one question, answered at every position.
#
# What slides and adds here is a *convolution*; notebook 6 takes it apart. And as the result has channels
# again, the next filters can ask about *those*: is there orange to the left of blue? That is all that is
# meant by a deep network.

# %% [markdown]
# ## 3. Channels that nobody made by hand
#
# In a network the weights of the filters are not written down by a person. They start as random numbers and
# are changed step by step until the network's answers are right: that is training. `tiny-se` was trained
# to tell ten kinds of things apart in images of 32×32 pixels (CIFAR-10), and it is bundled with the
# package. It has three stages of filters. We give it the photo and look at the maps that the filters of
# each stage make: `activations.blocks` has one entry per stage, and `u` are its maps.
#
# *Predict: will you find channels like our five among those of the first stage? And in the last one?*

# %%
small = sample_photo().small  # (32, 32, 3): the middle of the photo
_, activations = senet_np.load("tiny-se").run(small[None], record=True)
stages = [block.u[0] for block in activations.blocks.values()]  # maps (H, W, C) after each ReLU
for number, maps in enumerate(stages, start=1):
    print(f"stage {number}: {maps.shape[2]:3} channels of {maps.shape[0]}×{maps.shape[1]} positions")

# %%
with style():
    figure, axes = plt.subplots(3, 7, figsize=(10, 5))
    for number, (row, maps) in enumerate(zip(axes, stages, strict=True), start=1):
        show(row[0], small, "its input")
        spread = maps.std(axis=(0, 1))  # (C,): how much there is to see in each map
        for ax, c in zip(row[1:], np.argsort(-spread)[:6], strict=True):
            show(ax, maps[..., c], f"stage {number}: no. {c}", vmin=0)
    figure.suptitle("Early channels answer simple questions, late ones have no names", x=0.01, ha="left")
plt.show()

# %% [markdown]
# (The six maps of each stage that vary most.) In the first stage there are maps of blue and of edges.
# Nobody programmed them: they are useful for nearly any task. In the third, one position stands for a patch
# of the image, and a channel has no name, only a number. That is normal. A channel needs no name to be
# used: the next layer takes it, times a weight.
#
# ## 4. Why weigh channels?
#
# Those weights are fixed once training is over. The same channel counts as much for this image as for
# that one. Is that right?
#
# Here is a task where it is not. In the set `shapes` each image holds two squares, an orange and a blue
# one, with different textures, under a sky that is orange or blue. The right answer is the texture of the
# square that has *the color of the sky*. Take two such images, each under both skies, and our filters
# for orange and for blue.
#
# *Predict: under which sky does the blue channel help to find the answer, and under which sky does it
# mislead?*

# %%
drawn = both_skies(load_shapes(sizes=(2, 1, 1)).train.images)  # (2 skies, 2 images, 32, 32, 3)
scenes = drawn.reshape(4, 32, 32, 3)  # two under an orange sky, then the same two under a blue one
u = np.stack([feature_maps(image, w[..., 3:]) for image in scenes / 255])  # (N, H, W, C) = (4, 30, 30, 2)
print("maps (N, H, W, C):", u.shape, "  C = 2: orange, blue")

# %% [markdown]
# A layer that comes next adds the channels up, each times a weight. With *fixed* weights, whatever they
# are, it gets the same squares under both skies. *Predict the largest difference below the sky, for a
# thousand random pairs of weights.*

# %%
rng = np.random.default_rng(0)
ground = u[:, 10:]  # (4, 20, 30, 2): everything below the sky
differences = []
for weights in rng.standard_normal((1000, 2)):
    mixed = ground @ weights  # (4, 20, 30): one map per image
    differences.append(np.abs(mixed[:2] - mixed[2:]).max())  # the same image, sky against sky
print("largest difference:", max(differences))
assert max(differences) == 0

# %% [markdown]
# Of course: the ground is the same under both skies, and so are the weights. What we want is a weight that
# depends on the image. Where could it come from? From one number per channel: how much of it is there in
# the *whole* image, sky included?

# %%
z = u.mean(axis=(1, 2))  # (N, C): the mean of each map
s = (z == z.max(axis=1, keepdims=True)).astype(float)  # 1 for the channel of which there is more, else 0
for name, mean, gates in zip(("orange sky", "orange sky", "blue sky", "blue sky"), z, s, strict=True):
    print(f"{name:10}   means: orange, blue {mean}   weights {gates}")

# %% [markdown]
# There are an orange and a blue square in each image, so what tips the balance is the sky. Now weigh.
# *Predict what is left below each sky.*

# %%
weighed = u * s[:, None, None, :]  # each map times its image's number for it

with style():
    figure, axes = plt.subplots(2, 5, figsize=(10, 4.4))
    for row, n in zip(axes, (0, 2), strict=True):
        show(row[0], scenes[n], f"{'orange' if n == 0 else 'blue'} sky")
        show(row[1], u[n, ..., 0], "channel orange", vmin=0, vmax=1)
        show(row[2], u[n, ..., 1], "channel blue", vmin=0, vmax=1)
        show(row[3], u[n].sum(axis=-1), "sum, same weights", vmin=0, vmax=1)
        show(row[4], weighed[n].sum(axis=-1), "sum, weighed", vmin=0, vmax=1)
    figure.suptitle("Weights that depend on the image leave the right square", x=0.01, ha="left")
plt.show()

# %%
many = both_skies(load_shapes(seed=1, sizes=(1, 1, 250)).test.images) / 255  # (2, 250, 32, 32, 3)
z_many = np.array([[feature_maps(p, w[..., 3:]).mean(axis=(0, 1)) for p in sky] for sky in many])
found = z_many.argmax(axis=2) == np.array([[0], [1]])  # orange is 0, blue is 1
print(f"the sky's color read from two means: right for {found.sum()} of {found.size} images")
assert found.all()

# %% [markdown]
# Does it matter in a real network? Two of the bundled models were trained alike on `shapes`. One has blocks
# that weigh channels image by image, the other has none. *Predict: the one without can recognize textures
# as well as the other. It cannot know which square to classify. What will its accuracy be?*


# %%
def answers(name, images):
    """Which of the ten textures the bundled model of that name predicts for each image."""
    return senet_np.load(name).run(images).argmax(axis=1)


fresh, labels = load_shapes(seed=1, sizes=(1, 1, 500)).test
predicted = {name: answers(name, fresh) for name in ("shapes-se", "shapes-plain")}
for name, answer in predicted.items():
    test = senet_np.load(name).metadata.result
    print(f"{name:12} {100 * (answer == labels).mean():.2f} % of 500 fresh images are right;", end="")
    print(f" when it was trained: {100 * test.accuracy:.2f} % of {test.n:,}")
assert (predicted["shapes-se"] == labels).mean() > 0.95
assert (predicted["shapes-plain"] == labels).mean() < 0.6

# %% [markdown]
# About half. Does the one without recognize nothing, or does it take the wrong square? With the sky
# repainted, the other square is the right one, so the better network's answer *then* is the other texture.
# *Predict how many of the wrong answers are just that.*

# %%
other = answers("shapes-se", swap_sky(fresh))
wrong = predicted["shapes-plain"] != labels
swapped = predicted["shapes-plain"][wrong] == other[wrong]
print(f"{wrong.sum()} wrong answers; {swapped.sum()} of them are the other square's texture")
assert swapped.mean() > 0.8

# %% [markdown]
# It recognizes the textures and cannot tell which one to choose. (One training run each; ten of each are in
# [docs/results.md](../docs/results.md).)
#
# Be careful with what this shows. The set was *built* so that weighing is needed: no filter of these nets
# sees the sky and a square at once, so the color of the sky has no other way to reach the squares. In
# photographs the gain is much smaller, and notebook 11 shows how to measure such things.
#
# ## 5. A gate is one number for one channel
#
# We call such a number a **gate**, s. It is between 0 and 1: at 0 the gate is shut and the channel is gone,
# at 1 it is open and the channel passes as it is, and in between it passes weaker.
#
# $$
# \tilde x_c(i,j) = s_c\,u_c(i,j)
# $$
#
# One number for each channel c, the same at all positions (i, j). In NumPy this is one product. The shapes
# are lined up from the right, so (H, W, C) times (C,) gives each channel its own number.
#
# *Predict the three maps.*

# %%
u_tiny = np.array([[[1.0, 10.0, 5.0], [2.0, 20.0, 5.0]], [[3.0, 30.0, 5.0], [4.0, 40.0, 5.0]]])  # (2, 2, 3)
s_tiny = np.array([1.0, 0.1, 0.0])  # (C,): open, nearly shut, shut
x_tiny = u_tiny * s_tiny
for c in range(3):
    print(f"channel {c}, gate {s_tiny[c]}:  {u_tiny[..., c].tolist()}  →  {x_tiny[..., c].tolist()}")
assert x_tiny.shape == u_tiny.shape

# %% [markdown]
# In a batch each image has its own gates, s (N, C). Then the two axes of positions have to be put in by
# hand, or NumPy would line up N with a row of pixels: `u * s[:, None, None, :]`, as in section 4.
#
# Back to the photo and its five maps, each divided by its largest value so that all count alike. Their sum
# is what a next layer with equal weights would see. *Predict the sum if the gate of "blue" is shut; and if
# only those of the two edges are open.*

# %%
maps = feature_maps(photo, w)  # (148, 126, 5)
maps = maps / maps.max(axis=(0, 1))
settings = {
    "all open": [1, 1, 1, 1, 1],
    "blue at 0.5": [1, 1, 1, 1, 0.5],
    "blue shut": [1, 1, 1, 1, 0],
    "edges alone": [0, 1, 1, 0, 0],
}
with style():
    figure, axes = plt.subplots(1, 4, figsize=(10, 3.9), layout="constrained")
    for ax, (name, gates) in zip(axes, settings.items(), strict=True):
        show(ax, (maps * np.array(gates)).sum(axis=-1), f"{name}\ns = {gates}", vmin=0, vmax=2)
    figure.suptitle("Five numbers decide what is left to see", x=0.01, ha="left")
plt.show()

# %% [markdown]
# Move one gate. The others stay open.


# %%
def one_gate(channel, gate):
    gates = np.ones(5)
    gates[names.index(channel)] = gate
    with style():
        _, axes = plt.subplots(1, 2, figsize=(5.5, 3.6))
        show(axes[0], maps[..., names.index(channel)] * gate, f"{channel},\ntimes {gate:.2f}", vmin=0, vmax=1)
        show(axes[1], (maps * gates).sum(axis=-1), f"sum of all five\ns = {gates}", vmin=0, vmax=2)
    plt.show()


slider = FloatSlider(0.3, min=0, max=1, step=0.05)
_ = interact(one_gate, channel=Dropdown(options=names, value="blue"), gate=slider)

# %% [markdown]
# Note what a gate cannot do. It has one number for a whole map, so it cannot keep the blue of the
# background and drop the blue of the flag. It selects *what* counts, never *where*.
#
# ## 6. Gates of a trained network
#
# Back to `model`, which is `shapes-se`. Its first stage has 32 channels with a gate each, and the network has
# learned how to set them. We give it the images of section 4 and look for the gates that the sky moves most.

# %%
_, activations = model.run(scenes, record=True)
block = activations.blocks["stage1.se"]
u_net, s_net = block.u, block.s  # maps (4, 32, 32, 32) and gates (4, 32)
change = s_net[2:].mean(axis=0) - s_net[:2].mean(axis=0)  # (32,): blue sky minus orange sky
order = np.argsort(change)
print("             orange sky     blue sky")
for c in (*order[:3], *order[-3:]):
    print(f"channel {c:2}  {s_net[:2, c]}  {s_net[2:, c]}")

# %% [markdown]
# Three gates that a blue sky shuts, three that it opens. (Under the orange sky both images have the same
# gates: there they come from a bias alone, and the blue sky moves them away from it. Notebook 4 shows how.)
# Now their maps. *Predict what channels 26 and 15 respond to: orange, or blue?*

# %%
with style():
    figure, axes = plt.subplots(2, 7, figsize=(11.5, 3.9))
    for row, n in zip(axes, (0, 2), strict=True):
        show(row[0], scenes[n], f"{'orange' if n == 0 else 'blue'} sky")
        for k, c in enumerate((26, 15, 25)):
            top = u_net[..., c].max()
            show(row[1 + 2 * k], u_net[n, ..., c], f"channel {c}", vmin=0, vmax=top)
            show(row[2 + 2 * k], u_net[n, ..., c] * s_net[n, c], f"times {s_net[n, c]:.2f}", vmin=0, vmax=top)
    figure.suptitle("The same squares, the same maps of them, different gates", x=0.01, ha="left")
plt.show()

# %% [markdown]
# Each channel has the same map of the squares in both rows; the gate differs. Channel 26 responds to orange,
# and a blue sky shuts it. Channel 15 responds to blue, and a blue sky opens it. Nobody told the network
# which channels to weigh, nor that there is such a thing as a sky.
#
# But look at channel 25. It responds to blue as well, and the blue sky *shuts* it. So a shut gate does not
# mean "not wanted": the next layer may count a channel *against* a class, and 32 channels share the work.
# How to read gates without fooling yourself is notebook 9.
#
# ## 7. Where do the numbers come from?
#
# In section 4 we wrote a rule: take the mean of each map, compare, open the larger. A
# Squeeze-and-Excitation (SE) block is such a rule with weights in place of "compare", so that it can be
# learned:
#
# - **squeeze**: one number per channel, the mean of its map, z (N, C);
# - **excitation**: two small matrices, with a ReLU between them and a sigmoid at the end, turn the C means
#   into C gates between 0 and 1, s (N, C);
# - **scale**: each channel times its gate.
#
# All of it is computed from the image itself, and all of it has a derivative, so the two matrices are
# trained together with the filters. The block takes maps (N, H, W, C) and gives maps of the same shape: it
# fits behind any layer. It comes from Hu, Shen, Albanie, Sun and Wu, arXiv 1709.01507.
#
# The way from here:
#
# | notebook | what it answers |
# |---|---|
# | 01_channels | what is weighed, and why |
# | 06_convolution | how filters make channels, forward and backward |
# | 02_gradients | what a gradient is, and how to prove that yours is right |
# | 03_squeeze | one number per channel: which one? |
# | 04_excitation | from these numbers to gates: two matrices, ReLU, sigmoid |
# | 05_se_block | the whole block, and the gradient that everybody forgets |
# | 08_se_cnn | a network with SE blocks, trained on your machine |
# | 09_reading_gates | what the gates have learned, and what not to conclude from them |
# | 10_any_cnn | the same block on VGG, ResNet, Inception |
# | 11_comparisons | is it better? seeds, intervals |
# | 12_speed | why it is fast enough |
# | 13_recipe | from 76 to 90 %: what makes a small net learn fast |
# | 14_wild | SE in ResNet-50 and MobileNetV3, and on your own images |
#
# ## 8. Try it
#
# 1. On paper: u has two channels of 2×2 positions, `[[1, 2], [3, 4]]` and `[[8, 0], [0, 8]]`, and s = (0.5,
#    0.25). What are the means z, the gated maps, and their sum? Which z do the gated maps have?
#
#    <details><summary>Hint</summary>
#
#    A mean of numbers that are all multiplied by s is s times their mean.
#
#    </details>
#
# 2. Write a filter "brighter to the left" and draw its map of the photo. How does it relate to "brighter to
#    the right"? Why does one need both, if one is the other with its sign turned?
#
#    <details><summary>Hint</summary>
#
#    `left = -w[..., 1:2]` has the shape (3, 3, 3, 1) that `feature_maps` takes. Think of what the ReLU
#    throws away.
#
#    </details>
#
# 3. *Spot the bug.* A colleague comes from a library with channels first and writes the scale like this.
#    She tests it on maps of shape (4, 6, 6, 6): it runs, and the shape of the result is right. What does it
#    do? Which test finds it, and which other shape would have been enough?
#
#    ```python
#    def scale(u, s):  # u (N, H, W, C), s (N, C)
#        return u * s[:, :, None, None]
#    ```
#
#    <details><summary>Hint</summary>
#
#    Set s to 0 for one channel and 1 for the others. Which numbers of the result are 0?
#
#    </details>
#
# 4. What is the *best* one can do with fixed weights in section 4? The target is the map of the right
#    square, `(ground * s[:, None, None, :]).sum(axis=-1)`. Find the two fixed weights with the smallest
#    mean squared error over all four images. Predict them first.
#
#    <details><summary>Hint</summary>
#
#    `np.linalg.lstsq(ground.reshape(-1, 2), target.ravel(), rcond=None)[0]`. Each square is the right one
#    under one of the two skies.
#
#    </details>
#
# Solutions: [solutions/01_channels.ipynb](solutions/01_channels.ipynb)
#
# **Read next:** [senet_np/data/shapes.py](../senet_np/data/shapes.py), how the images of the task are
# drawn and why a net without gates must fail on them; the first figure of [README.md](../README.md), which
# you can now read; then notebook 6, how filters make channels.
