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
# **Afterwards you can** read an image as an array of channels; make new channels with small filters, and look
# at those of a trained network; say why a channel matters for one image and not for another; and weigh channels
# with gates, one number each.
#
# **You need** NumPy arrays: shapes, slices, `axis` in a mean, and `@` (the matrix product). The mathematics is
# sums and means; exercise 1.4 uses a mean squared error.
#
# **Time:** 65 minutes to read and run, 110 with the exercises.
#
# Letters: [symbols](../docs/symbols.md).
#
# A line that starts with **Predict:** asks you a question. Write down your guess, run the next cell, and only
# then open the folded answer. A wrong guess is useful: you remember what surprised you.
#
# Cells that only draw are folded: click on the three dots (or on the bar) to see their code. The `.ipynb` files
# are the course. (In a clone of the repository, a `.py` file beside each has the same text.)

# %% [markdown]
# ## The problem
#
# A convolutional network searches an image with **filters**. Each filter looks for one feature at every
# position: a color, an edge, a texture. Training chooses the filters. After training they are the same for
# every image, and so are the weights with which the features count.
#
# But which features matter depends on the image. The picture below (run the next two cells) shows a task that
# was built to make this clear. Each image has a sky and two squares, an orange one and a blue one. The task is
# to name the texture of the square that has *the color of the sky*. Both images have the same squares; only the
# sky differs. Under the orange sky the orange square matters, and the blue square misleads. Under the blue sky
# it is the other way round.
#
# So the network should weigh its features anew for each image. A **Squeeze-and-Excitation block** (SE block)
# does that: it looks at the whole image and computes one number between 0 and 1 for each feature. This course
# builds the block. This notebook explains what it weighs, and why.

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
from senet_np.exercises import check
from senet_np.figures.style import style

np.set_printoptions(precision=3, suppress=True)
scenes = both_skies(load_shapes(seed=9, sizes=(2, 1, 1)).train.images).reshape(4, 32, 32, 3)
SKIES = ("orange sky", "orange sky", "blue sky", "blue sky")  # two images, then the same two again


# %% jupyter={"source_hidden": true} tags=["hide-input"]
NO_YES, LARGEST = "black: no\nwhite: yes", "black: 0\nwhite: largest"


def draw(rows, title="", top=None, bar="black: 0\nwhite: much"):
    """Each row is a list of (title, picture): images in their colors, maps in gray with one bar per row."""
    height, width = rows[0][0][1].shape[:2]
    with style():
        side = min(1.9, 9.5 / len(rows[0]))  # of a panel, inches
        size = (side * len(rows[0]) + 1, (side * height / width + 0.4) * len(rows) + 0.4)
        figure, axes = plt.subplots(len(rows), len(rows[0]), figsize=size, squeeze=False)
        for line, panels in zip(axes, rows, strict=True):
            white = top or max(picture.max() for _, picture in panels if picture.ndim == 2)
            for ax, (name, picture) in zip(line, panels, strict=True):
                shown = ax.imshow(picture, cmap="gray", vmin=0, vmax=white)
                ax.set_title(name, fontsize=10)
                ax.axis("off")
            ruler = figure.colorbar(shown, ax=list(line), label=bar, aspect=12, pad=0.01)
            ruler.set_ticks([0, white], labels=["0", f"{white:.2g}"])
        figure.suptitle(title, x=0.01, ha="left")
    plt.show()


def problem(n, answer, orange, blue):
    red_minus_blue = scenes[n, ..., 0] / 255 - scenes[n, ..., 2] / 255
    maps = np.maximum(red_minus_blue, 0), np.maximum(-red_minus_blue, 0)
    names = (f"right answer:\n{answer}", f"Where is it orange?\nThis {orange}.", f"Where is it blue?\nThis {blue}.")
    return [*zip(names, (scenes[n], *maps), strict=True)]


draw(
    [problem(0, "broad columns", "matters", "misleads"), problem(2, "falling lines", "misleads", "matters")],
    "The filters are the same, but the feature that matters depends on the image",
    bar=NO_YES,
)

# %% [markdown]
# ## 1. An image is three channels
#
# Now from the beginning. Here is a photo (it comes with Matplotlib), made small so that everything is quick.

# %%
path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
picture = Image.open(path).resize((128, 150))
photo = np.asarray(picture) / 255  # numbers from 0 to 1
print("shape (H, W, C):", photo.shape)
print("the pixel in row 20, column 110:", photo[20, 110])
picture.resize((256, 300))  # shown larger

# %% [markdown]
# There are H rows and W columns. At each position there are three numbers: how much red, green and blue light.
# All the red numbers together, `photo[..., 0]`, are one **channel**: a map of H×W numbers that answers one
# question at every position. Here the question is: how much red is there? Bright means much, and dark means
# little.
#
# **Predict:** The flag has white stars, the background is blue, and the face is not blue. In which of the three
# maps are the stars bright? Is the face black in the map of blue?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
maps = [(f"channel {c}: {name}", photo[..., c]) for c, name in enumerate(("red", "green", "blue"))]
draw([[("the photo", photo), *maps]], "A photo and its three channels", top=1)

# %% [markdown]
# <details><summary>Answer</summary>
#
# The stars are bright in all three: white light has much red, much green and much blue. The face is gray in the
# map of blue, not black: skin reflects blue light too, only less than red. The map answers "how much blue light
# is there?", not "does this look blue?". For the second question we need another channel (section 2).
#
# </details>
#
# A channel alone has no color. It is a table of numbers, and we draw it from black to white. Taking the image
# apart loses nothing:

# %%
red, green, blue = photo[..., 0], photo[..., 1], photo[..., 2]  # (H, W) each
assert np.array_equal(np.stack([red, green, blue], axis=-1), photo)
print("rows 60 to 62, columns 100 to 103 of the channel blue:")
print(blue[60:63, 100:104])

# %% [markdown]
# The channels are the last axis of the shape. Several images of one size are stacked in front: (N, H, W, C).
# Other libraries write (N, C, H, W). Both hold the same numbers; this course has the channels last everywhere.
#
# ## 2. Channels of our own
#
# Red, green and blue are what a camera measures. We can ask other questions. Does it look orange here? Does it
# become brighter from left to right? A small **filter** answers such a question. It takes a window of 3×3
# positions, multiplies each of the 27 numbers in it by a weight, and adds them up. Slide it over the image, and
# the answers form a new map.
#
# Here are five filters. `w` has the shape (rows of the window, columns of the window, channels in, channels
# out).

# %%
names = ["gray, blurred", "brighter to the right", "brighter below", "orange", "blue"]
w = np.zeros((3, 3, 3, 5))
w[:, :, :, 0] = 1 / 27  # the mean of all 27 numbers
w[:, 0, :, 1], w[:, 2, :, 1] = -1 / 9, 1 / 9  # mean of the right column minus mean of the left column
w[0, :, :, 2], w[2, :, :, 2] = -1 / 9, 1 / 9  # mean of the lower row minus mean of the upper row
w[1, 1, :, 3] = [1, 0, -1]  # only the middle: red minus blue
w[1, 1, :, 4] = [-1, 0, 1]  # only the middle: blue minus red

# %% [markdown]
# The answers at one position:

# %%
window = photo[19:22, 109:112]  # (3, 3, 3), around the pixel in row 20, column 110
for k, name in enumerate(names):
    print(f"{name:22} {(window * w[..., k]).sum():+.3f}")

# %% [markdown]
# Now all positions of the window at once. The window must fit into the image, so the map is two rows and two
# columns smaller: it has `height` rows and `width` columns. Take one of the nine places of the window, row p and column q. While the
# window slides over the image, this place passes over the numbers `x[p : p + height, q : q + width]`. We
# multiply this slice by the weights of the place; `@` also sums over the channels. The sum of the nine results
# is the map. Last, a number below 0 means "no" and becomes 0. This is a **ReLU**, and a network uses it too.


# %%
def feature_maps(x, w):
    """Maps (H - 2, W - 2, filters) of an image x (H, W, C), with filters w (3, 3, C, filters)."""
    height, width = x.shape[0] - 2, x.shape[1] - 2
    maps = np.zeros((height, width, w.shape[3]))
    for p in range(3):
        for q in range(3):
            maps += x[p : p + height, q : q + width] @ w[p, q]  # (height, width, C) @ (C, filters)
    return np.maximum(maps, 0)


u = feature_maps(photo, w)
print("photo", photo.shape, "→ feature maps", u.shape)
# The window around pixel (20, 110) begins at (19, 109): this is its position in the maps.
assert np.allclose(u[19, 109], [max((window * w[..., k]).sum(), 0) for k in range(5)])

# %% [markdown]
# **Predict:** The collar is a white V on a dark jacket. In the map of filter 1, "brighter to the right", which
# edges of the V are bright? And which of these is black in the map of filter 3, "orange": the face, the red
# part of the flag, the white collar?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
titles = [f"{c}: {name}".replace(" to", "\nto") for c, name in enumerate(names)]
panels = zip(titles, np.moveaxis(u / u.max(axis=(0, 1)), -1, 0), strict=True)
draw([[*panels]], "Five filters, five channels", bar=LARGEST)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only the edges where dark changes to bright on the way to the right. At the other edges the answer is
# negative, and the ReLU sets it to 0. In the map "orange" only the collar is black: white has as much blue as
# red. The face and the red part are not orange, but the filter asks only for more red than blue. A person gives
# a filter its name; the weights say what it really asks.
#
# </details>
#
# The result is an array (H, W, C) again, now with C = 5. Such maps are called **feature maps**, and each of
# them is a channel. The word means the same as before: one question, answered at every position.
#
# To slide a filter and add up is a *convolution*; notebook 6 explains it in detail. Since the result has
# channels again, the next filters can ask about *those*: is there orange to the left of blue? Filters on top of
# filters make a deep network.

# %% [markdown]
# ## 3. Channels that nobody wrote by hand
#
# In a network no person writes the weights of the filters. They start as random numbers, and training changes
# them step by step until the network's answers are right. `tiny-se` was trained to tell ten kinds of things
# apart in images of 32×32 pixels (CIFAR-10), and it comes with the package. It has three stages of filters. We
# give it the photo. Then `activations.blocks` has one entry for each stage, and its `u` holds the feature maps.

# %%
small = sample_photo().small  # (32, 32, 3): the middle of the photo
_, activations = senet_np.load("tiny-se").run(small[None], record=True)
stages = [block.u[0] for block in activations.blocks.values()]  # maps (H, W, C) after each ReLU
for number, maps in enumerate(stages, start=1):
    print(f"stage {number}: {maps.shape[2]:3} channels of {maps.shape[0]}×{maps.shape[1]} positions")

# %% [markdown]
# We draw six maps of each stage, those that vary most over the photo.
#
# **Predict:** In which stages will you find maps that look like ours, such as "blue" or an edge? In which can
# you no longer say what a channel asks?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
rows = []
for number, maps in enumerate(stages, start=1):
    varied = np.argsort(-maps.std(axis=(0, 1)))[:6]  # the six with the largest standard deviation
    shown = [(f"stage {number}:\nchannel {c}", maps[..., c] / maps[..., c].max()) for c in varied]
    rows.append([("the photo", small), *shown])
draw(rows, "Six channels of each stage of tiny-se", bar=LARGEST)

# %% [markdown]
# <details><summary>Answer</summary>
#
# In stage 1 two maps are bright on the blue background and black on the face. The other four are black with thin
# white lines, where the brightness changes sharply: at the collar, and at the stripes of the flag. No person
# programmed them; they are useful for nearly any task. In stage 2 a few are still readable. In stage 3 each
# position stands for a large patch of the photo, and a channel has no name, only a number. This is normal. A
# channel needs no name to be useful: the next layer multiplies it by a weight and adds it up.
#
# </details>

# %% [markdown]
# ## 4. Why weigh channels?
#
# Back to the task of the first picture, with the squares and the sky. We use two images, each under both skies,
# and our two filters for orange and blue.

# %%
u = np.stack([feature_maps(image, w[..., 3:]) for image in scenes / 255])  # (N, H, W, C) = (4, 30, 30, 2)
ground = u[:, 10:]  # (4, 20, 30, 2): only rows far below the sky, which ends in row 4
print("maps (N, H, W, C):", u.shape, "  C = 2: orange, blue")

# %% [markdown]
# The next layer multiplies each channel by a weight and adds the channels up, at each position. The result is a
# new map, which we call the sum. Below the sky, the sum should show the right square only: the orange square under the
# orange sky, and the blue square under the blue sky. So the sum must be different under the two skies, at the
# positions of the squares.
#
# We try 1000 random pairs of fixed weights. With each pair we compute the sum of each image under the orange sky
# and under the blue sky. We compare the two at every position below the sky.
#
# **Predict:** For how many of the 1000 pairs is there a position below the sky at which the two sums differ?

# %% tags=["hide-output"]
rng = np.random.default_rng(0)
differences = []
for weights in rng.standard_normal((1000, 2)):
    sums = ground @ weights  # (4, 20, 30): the sum over the channels, one map per image
    differences.append(np.abs(sums[:2] - sums[2:]).max())  # orange sky minus blue sky, the largest at any position
print("pairs with a difference:", np.count_nonzero(differences), "  largest difference:", max(differences))

# %% [markdown]
# <details><summary>Answer</summary>
#
# For none. Below the sky the two images have the same pixels, so they have the same maps; and the weights are
# fixed. The same numbers times the same weights give the same sum. No choice of two fixed weights can help.
#
# </details>
#
# So we need weights that depend on the image. Where could they come from? A simple idea: from one number per
# channel, the mean of its map.
#
# **Predict:** Each image has an orange square and a blue square of the same size, with different textures. For
# each of the four images: which mean is larger, that of the channel orange or that of the channel blue?

# %% tags=["hide-output"]
z = u.mean(axis=(1, 2))  # (N, C): the mean of each map
for name, mean in zip(SKIES, z, strict=True):
    print(f"{name:10}   mean of orange, of blue: {mean}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Under an orange sky the mean of orange, and under a blue sky the mean of blue. The textures make one square a
# little brighter than the other. But a mean counts the *whole* map, sky included: a strip of 4 rows and 30
# columns in full color. (The sky has 5 rows of 32 pixels. The maps begin one pixel further in.) That decides.
#
# </details>
#
# Now the rule is easy: give the channel with the larger mean the weight 1, and the other channel the weight 0.
# In the code below, `s` has one row of weights for each image. The last column of the picture shows the weighted
# sum.

# %%
s = (z == z.max(axis=1, keepdims=True)).astype(float)  # (N, C): 1 for the larger mean, else 0
weighted = u * s[:, None, None, :]  # (N, H, W, C): each map times the number of its image and channel
for name, weights in zip(SKIES, s, strict=True):
    print(f"{name:10}   weights for orange, for blue: {weights}")

# %% jupyter={"source_hidden": true} tags=["hide-input"]
rows = []
for n in (0, 2):
    panels = [(SKIES[n], scenes[n]), ("channel orange", u[n, ..., 0]), ("channel blue", u[n, ..., 1])]
    panels += [("sum,\nsame weights", u[n].sum(axis=-1)), ("sum,\nweighted", weighted[n].sum(axis=-1))]
    rows.append(panels)
draw(rows, "Below the sky, weights that depend on the image leave the right square", bar=NO_YES)

# %% [markdown]
# The rule worked for four images. Does it always? We make 250 new images, and paint each once with an orange sky
# and once with a blue one.
#
# **Predict:** For how many of these 2 · 250 = 500 images will the rule take the wrong color?

# %% tags=["hide-output"]
many = both_skies(load_shapes(seed=1, sizes=(1, 1, 250)).test.images) / 255  # (2, 250, 32, 32, 3)
z_many = np.array([[feature_maps(image, w[..., 3:]).mean(axis=(0, 1)) for image in sky] for sky in many])
found = z_many.argmax(axis=2) == np.array([[0], [1]])  # orange is 0, blue is 1
print(f"wrong for {(~found).sum()} of {found.size} images")

# %% [markdown]
# <details><summary>Answer</summary>
#
# For none. Two means per image are enough to read the color of the sky, even though the mean forgets *where* the
# color is.
#
# </details>
#
# Does this matter in a trained network? Two of the bundled models were trained on this task in the same way.
# `shapes-se` has SE blocks. `shapes-plain` has none.


# %%
def answers(name, images):
    """Which of the ten textures the bundled model of that name predicts for each image."""
    return senet_np.load(name).run(images).argmax(axis=1)


fresh, labels = load_shapes(seed=1, sizes=(1, 1, 500)).test
predicted = {name: answers(name, fresh) for name in ("shapes-se", "shapes-plain")}
for name, answer in predicted.items():
    print(f"{name:12} {100 * (answer == labels).mean():5.1f} % of {len(fresh)} new images are right")

# %% [markdown]
# The plain network is right for about half of the images. There are ten textures, so pure guessing would be
# right for 10 %. What does the plain network know, and what does it not know? Its wrong answers tell us.
#
# For that we need the texture of the *other* square, the one with the wrong color. The set gives only the texture
# of the right square. So we use a trick. We paint the sky in the other color and change nothing else. In this new
# image the other square is the right one. `shapes-se` is nearly always right, so its answer to the new image is
# the texture of the other square.
#
# **Predict:** Of all the wrong answers of `shapes-plain`, about what share is the texture of the other square:
# 1 in 9 (any wrong texture is as likely), about a half, or nearly all?

# %% tags=["hide-output"]
other = answers("shapes-se", swap_sky(fresh))
wrong = predicted["shapes-plain"] != labels
swapped = predicted["shapes-plain"][wrong] == other[wrong]
print(f"{wrong.sum()} wrong answers; {swapped.sum()} of them are the texture of the other square")

# %% [markdown]
# <details><summary>Answer</summary>
#
# All of them. The plain network recognizes both textures, but it cannot tell which square to choose. With two
# squares, a guess is right half of the time. (This is one training run of each network; ten of each are in
# [docs/results.md](../docs/results.md).)
#
# </details>
#
# ### Why adding is not enough
#
# Why can the plain network not use the sky? Each number in its last maps sees a window of 18×18 pixels of the
# image (exercise 6.4 computes the 18). The windows move in steps of 4 rows: one covers the rows 1 to 18, and the next one the rows 5 to 22. The
# sky ends in row 4, and the squares begin in row 19 or 20. The first window sees the sky and no square, the second
# one a square and no sky. So no window sees both
# ([senet_np/data/shapes.py](../senet_np/data/shapes.py) draws the images so).
#
# But the network does not end there. Its last two steps are the mean over *all* positions, and a weighted sum for
# each texture, its score. They do see everything. Still, they only *add*. So the score of each texture has two
# parts:
#
# $$
# \text{score} = \text{a number from the squares} + \text{a number from the sky}
# $$
#
# The sky can only give a texture a bonus. The bonus is the same whichever square has this texture. To see why
# this fails, take two textures, rows and dots. Then there are two pairs of squares, and two skies:
#
# | right answer | orange sky | blue sky |
# |---|---|---|
# | rows on orange, dots on blue | rows | dots |
# | dots on orange, rows on blue | dots | rows |
#
# Let D be the score of rows minus the score of dots. The network says "rows" if D > 0. Both scores are a number
# from the squares plus a number from the sky, so D is such a sum too. Call its number from the squares A1 for the
# first pair and A2 for the second one. Call its number from the sky B1 for orange and B2 for blue. Then the four
# images have these four D:
#
# | D | orange sky | blue sky |
# |---|---|---|
# | rows on orange, dots on blue | A1 + B1 | A1 + B2 |
# | dots on orange, rows on blue | A2 + B1 | A2 + B2 |
#
# In the next cell we draw A1, A2, B1 and B2 at random, 10,000 times, and count the right answers.
#
# **Predict:** At most how many of the four answers can be right at the same time: 1, 2, 3 or 4?

# %% tags=["hide-output"]
right_sign = np.array([[1, -1], [-1, 1]])  # the table above: +1 where "rows" is right, -1 where "dots" is right
A = rng.standard_normal((10_000, 2, 1))  # A1 above A2
B = rng.standard_normal((10_000, 1, 2))  # B1 beside B2
D = A + B  # (10_000, 2, 2): each A plus each B, the second table, for each draw
right_answers = (np.sign(D) == right_sign).sum(axis=(1, 2))  # of the four images, for each draw
for count in range(5):
    print(f"{count} of 4 right: {(right_answers == count).sum():5} of 10,000 draws")

# %% [markdown]
# <details><summary>Answer</summary>
#
# 3 at best. An example: A1 = 0, A2 = −2, B1 = 1, B2 = −1. Then D is 1 and −1 for the first pair (rows, dots: both
# right), and −1 and −3 for the second (dots, dots: the last one is wrong).
#
# Four cannot be right. The two images with the answer "rows" stand in opposite corners of the table, and so do the
# two images with the answer "dots". Add up the two D of each answer:
#
# (A1 + B1) + (A2 + B2) = (A1 + B2) + (A2 + B1)
#
# The two sums are equal, because both hold the same four numbers. But the sum of "rows", on the left, would have
# to be above 0, and the sum of "dots", on the right, below 0.
#
# So at most 3 of 4 images, 75 %, can be right. The plain network reaches only 48 %: its training has found no more
# than the guess between the textures of the two squares, which is right about half of the time.
#
# </details>
#
# A gate *multiplies*. Let each square add +1 to D if it has rows, and −1 if it has dots, times the gate of its
# color:
#
# $$
# D = s_\text{orange}\cdot(\pm 1) + s_\text{blue}\cdot(\pm 1)
# $$
#
# With the gates (1, 0) under the orange sky and (0, 1) under the blue one, D is 1 and −1 for the first pair, and
# −1 and 1 for the second: all four are right.
#
# Be careful with what this shows. The set was *built* so that weighing is necessary. In photographs the gain is
# much smaller. Notebook 11 shows how to measure it.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
# What the answers above say, checked.
assert max(differences) == 0
assert found.all()
assert (predicted["shapes-se"] == labels).mean() > 0.95
assert 0.4 < (predicted["shapes-plain"] == labels).mean() < 0.6
assert right_answers.max() == 3
assert swapped.mean() > 0.9

# %% [markdown]
# ## 5. A gate is one number for one channel
#
# We call such a number a **gate**, s. It lies between 0 and 1. At 0 the gate is shut, and the channel is gone.
# At 1 it is open, and the channel passes as it is. In between the channel passes weaker.
#
# $$
# \tilde x_c(i,j) = s_c\,u_c(i,j)
# $$
#
# There is one number for each channel c, the same at all positions (i, j). In NumPy this is one product. NumPy
# aligns shapes from the right, so (H, W, C) times (C,) gives each channel its own number. A small example has
# three channels of 2×2 positions: `[[1, 2], [3, 4]]`, `[[10, 20], [30, 40]]` and `[[5, 5], [5, 5]]`. The gates
# are 1, 0.1 and 0.
#
# **Predict:** What are the three maps after the gates?

# %% tags=["hide-output"]
u_tiny = np.array([[[1.0, 10.0, 5.0], [2.0, 20.0, 5.0]], [[3.0, 30.0, 5.0], [4.0, 40.0, 5.0]]])  # (2, 2, 3)
s_tiny = np.array([1.0, 0.1, 0.0])  # (C,)
x_tiny = u_tiny * s_tiny
for c in range(3):
    print(f"channel {c}, gate {s_tiny[c]}:  {u_tiny[..., c].tolist()}  →  {x_tiny[..., c].tolist()}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# `[[1, 2], [3, 4]]`, `[[1, 2], [3, 4]]` and zeros. After the gates the first two maps are equal: a gate of 0.1
# makes a channel ten times weaker, and it keeps the pattern in the map.
#
# </details>
#
# In a batch each image has its own gates, s (N, C). Then we must add two axes of size 1 for the positions, so
# that (N, C) becomes (N, 1, 1, C): `u * s[:, None, None, :]`, as in section 4. Without them NumPy would align N
# with the columns of the map.
#
# Now move a gate yourself. The next cell shows one of the maps of the photo times its gate, and the sum of all
# maps. The gate of "gray, blurred" is 0 here, because that map shows everything. All other gates
# are 1. (Each map was divided by its largest value, so that all count alike.)
#
# **Predict:** The background is blue, and so is a part of the flag. Is there a gate for "blue" that removes the
# background from the sum and keeps the blue of the flag?

# %% tags=["hide-output"]
maps = feature_maps(photo, w)  # (148, 126, 5)
maps = maps / maps.max(axis=(0, 1))


def one_gate(channel, gate):
    c, gates = names.index(channel), np.array([0.0, 1, 1, 1, 1])
    gates[c] = gate
    gated = maps * gates
    draw([[(f"{channel}\ntimes {gate:.2f}", gated[..., c]), ("the sum\nof the maps", gated.sum(axis=-1))]], top=1, bar="black: 0\nwhite: 1 and more")


slider = FloatSlider(0.6, min=0, max=1, step=0.05)
_ = interact(one_gate, channel=Dropdown(options=names[1:], value="blue"), gate=slider)

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. At 0 the background is gone from the sum, and the blue of the flag is gone too. A gate is one number for a
# whole map, so both become weaker together. A gate selects *what* counts, never *where*.
#
# </details>

# %% [markdown]
# ## 6. Gates of a trained network
#
# Now the gates that a network has learned. The second stage of `shapes-se` has 64 channels with a gate each. We
# give it the four images of section 4 and print the gates of three channels.

# %%
model = senet_np.load("shapes-se")
_, activations = model.run(scenes, record=True)
block = activations.blocks["stage2.se"]
u_net, s_net = block.u, block.s  # maps (4, 16, 16, 64) and gates (4, 64)
print("              orange sky     blue sky")
for c in (16, 58, 23):
    print(f"channel {c}:  {s_net[:2, c]}  {s_net[2:, c]}")

# %% [markdown]
# The gates of channels 16 and 58 are open under the orange sky and nearly shut under the blue one. The gate of
# channel 23 does the opposite. Next we draw their maps, before and after the gates, under both skies.
#
# **Predict:** Each of the three channels responds to one of the two squares. Which channel responds to
# which square? And when only the sky changes: do the squares in the maps *before* the gates change?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
rows = []
for n in (0, 2):
    panels = [(SKIES[n], scenes[n])]
    for c in (16, 58, 23):
        share = u_net[n, ..., c] / u_net[..., c].max()
        panels += [(f"channel {c}", share), (f"times {s_net[n, c]:.2f}", share * s_net[n, c])]
    rows.append(panels)
draw(rows, "Three channels of stage 2, before and after their gates", top=1, bar=LARGEST)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Channels 16 and 58 respond to orange, channel 23 to blue. Before the gates the squares are nearly the same in
# both rows, because each position sees only a small window. After the gates one color is left: the gates do what
# our rule did. No person told the network which channels to weigh, or that there is a sky.
#
# </details>
#
# The same in numbers. The maps have 16×16 positions, and each stands for 2×2 pixels of the image. In the first
# image the squares lie in the rows from 10 on: the orange one in columns 0 to 6, and the blue one in columns 9 to 15.

# %%
on_orange = u_net[0, 10:, :7].mean(axis=(0, 1))  # (64,): the mean of each channel over the orange square
on_blue = u_net[0, 10:, 9:].mean(axis=(0, 1))
for c in (16, 58, 23):
    print(f"channel {c}: mean on the orange square {on_orange[c]:.2f}, on the blue square {on_blue[c]:.2f}")
assert (on_orange > 5 * on_blue)[[16, 58]].all()
assert on_blue[23] > 5 * on_orange[23]

# %% [markdown]
# We chose three clear channels. Many of the 64 are less clear, and a gate alone does not tell what the next
# layer does with its channel. Notebook 9 shows how to test what gates do.

# %% [markdown]
# ## 7. Where do the gates come from?
#
# In section 4 we wrote a rule by hand: take the mean of each map, compare, open the larger one. An SE block is
# such a rule with weights in place of "compare", so that training can find the rule:
#
# - **squeeze**: one number per channel, the mean of its map: z (N, C);
# - **excitation**: two small matrices turn the C means into C gates between 0 and 1: s (N, C);
# - **scale**: each channel times its gate.
#
# Everything is computed from the image itself. The matrices are trained together with the filters. The block
# takes maps (N, H, W, C) and returns maps of the same shape, so it fits behind any layer. It comes from Hu,
# Shen, Albanie, Sun and Wu, arXiv 1709.01507.
#
# Notebook 2 shows how to compute gradients that you can trust, and notebooks 3 to 5 build the block from its
# three parts. The rest of the course puts it into networks, trains them and measures what it is worth:
# [what comes where](../docs/course.md).
#
# See it move: `python -m senet_np explorer bundled` writes `explorer.html`. Repaint the sky there, and watch
# the gates.
#
# ## In five sentences
#
# 1. A channel is a map of numbers that answers one question at every position; an image has three channels, and
#    a layer of a network has many.
# 2. A filter makes a new channel: it multiplies the numbers in a small window by weights, adds them up, and
#    slides over all positions.
# 3. After training, filters and weights are the same for every image, but which channels matter depends on the
#    image.
# 4. A gate is one number between 0 and 1 that multiplies a whole channel of one image: it selects what counts,
#    not where.
# 5. An SE block computes the gates from the image itself: squeeze takes the mean of each map, excitation turns
#    the means into gates, and scale multiplies each map by its gate.

# %% [markdown]
# ## Exercises
#
# Replace the `...` and run the cell: it says whether your answer is right, and if not, what to look at.

# %% [markdown]
# ### Exercise 1.1 · Gates on paper
#
# u has two channels of 2×2 positions, `[[1, 2], [3, 4]]` and `[[8, 0], [0, 8]]`. The gates are s = (0.5, 0.25).
# With a pencil, find the means z of the two channels; the sum of the two gated maps; and the means of the gated
# maps.
#
# <details><summary>Hint</summary>
#
# For the last part you need no new sums: if all numbers are multiplied by s, what happens to their mean?
#
# </details>

# %%
z_paper = ...  # two numbers
total = ...  # [[., .], [., .]]: the sum of the two gated maps
z_gated = ...  # two numbers: the means of the gated maps
check("1.1", z_paper, total, z_gated)

# %% [markdown]
# ### Exercise 1.2 · The other direction
#
# Write a filter "brighter to the left": the mean of the left column minus the mean of the right column. Give it
# the shape (3, 3, 3, 1), then you can look at its map: `draw([[("left", feature_maps(photo, left)[..., 0])]])`.
# (The check accepts (3, 3, 3) too, and weights that are rounded to three significant digits.)
#
# The ReLU has set the negative numbers of the map "brighter to the right" to 0. Can the map of your filter
# bring them back? Write a function that takes both maps and returns the numbers of "brighter to the right" as
# they were *before* the ReLU.
#
# <details><summary>Hint for the filter</summary>
#
# `w[..., 1:2]` is the filter "brighter to the right" with the shape (3, 3, 3, 1). What does each weight of
# yours have to be?
#
# </details>
#
# <details><summary>Hint for the function</summary>
#
# Take one position. If the number before the ReLU was 0.3, what do the two maps have there? And if it was −0.3?
#
# </details>

# %%
left = ...  # an array (3, 3, 3, 1), or (3, 3, 3)


def before_relu(right_map, left_map):
    """The numbers of "brighter to the right" before the ReLU, from the two maps after it."""
    ...


check("1.2", left, before_relu)

# %% [markdown]
# ### Exercise 1.3 · A test that finds the bug
#
# A colleague comes from a library with the channels first. She writes the scale of a batch like this:
#
# ```python
# def scale(u, s):  # u (N, H, W, C), s (N, C)
#     return u * s[:, :, None, None]
# ```
#
# She tests it with u of shape (4, 6, 6, 6) and s of shape (4, 6). It runs, and the shape of the result is
# right. But the numbers are wrong. Write a better test: a function `passes(scale)` that returns True if a
# function `scale` is right, and False if it is wrong. We try it on her function, on other wrong ones, and on
# right ones. If `scale` stops with an error inside your test, that counts as found.
#
# <details><summary>Hint</summary>
#
# Make your own small u and s. Which result do you expect, from loops or from section 5? Compare the numbers,
# not the shapes.
#
# </details>
#
# <details><summary>Second hint, if a wrong function still passes</summary>
#
# If all gates are equal, or 0 or 1, or if there is only one image, many mistakes do not show. Draw u and s at
# random. And compare every number of the result: a function can be right at one position, or have the right
# sum, and be wrong elsewhere.
#
# </details>


# %%
def passes(scale):
    """True if scale(u, s), for u (N, H, W, C) and s (N, C), returns each map times its gate."""
    ...


check("1.3", passes)

# %% [markdown]
# ### Exercise 1.4 · The best fixed weights
#
# Section 4 showed that no fixed weights leave only the right square. Which are the *best* fixed weights? The
# target is the sum with the right weights, `(ground * s[:, None, None, :]).sum(axis=-1)`. Find the two fixed
# weights with the smallest mean squared error, `((ground @ weights - target) ** 2).mean()`, over all four
# images. Guess them first. An error of ±0.02 is fine.
#
# <details><summary>Hint</summary>
#
# Try all pairs from a grid, in two loops. Or let NumPy solve it in one line:
# `np.linalg.lstsq(ground.reshape(-1, 2), target.ravel(), rcond=None)[0]` returns the weights with the smallest
# squared error.
#
# </details>

# %%
target = (ground * s[:, None, None, :]).sum(axis=-1)  # (4, 20, 30)
best = ...  # two numbers: the weight of orange, the weight of blue
check("1.4", best)

# %% [markdown]
# Solutions: [solutions/01_channels.ipynb](solutions/01_channels.ipynb), after you have tried.
#
# **Read next:** [senet_np/data/shapes.py](../senet_np/data/shapes.py): how the images of the task are drawn,
# and why a network without gates must fail on them. Then notebook 2.
