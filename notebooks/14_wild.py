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
# # 14 · SE in the wild: ResNet-50, MobileNetV3, and your own images
#
# **Afterwards you can** find the SE block in two networks that many people use, and say what differs between them;
# compute with a gate that needs no exponential; follow one photo through the gates of a large network; and train a
# network with SE on a folder of your own images.
#
# **You need** notebook 5 (the SE block). You may come here directly from notebook 5, because the SE block is the same
# few lines in every network. Each other layer is explained in one sentence where you meet it, and notebooks 6 to 11
# explain them fully. Mathematics: the chain rule and the product rule.
#
# **Time:** 50 minutes to read and run, 95 with the exercises.
#
# Letters: [symbols](../docs/symbols.md).
#
# In this course the networks are small and the images have 32×32 pixels. The paper's SE-ResNet-50 works on 224×224
# pixels and distinguishes 1,000 classes. MobileNetV3-small was built for phones and has SE in nine of its eleven blocks. Is what
# you know still true there?

# %%
import ast
import inspect
import tempfile
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from senet_np import ops, se
from senet_np.cli import main
from senet_np.data import View
from senet_np.data.photo import sample_photo
from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.layers import SE
from senet_np.nets import mobilenet_v3_small, resnet50, tiny
from senet_np.nets.describe import describe, equation_5

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. The same few lines
#
# These lines compute SE in the whole package. Here is `se_forward` without its docstring:

# %%
source = inspect.getsource(se.se_forward).splitlines()
docstring = ast.parse("\n".join(source)).body[0].body[0]
print("\n".join(source[docstring.end_lineno :]))

# %% [markdown]
# All networks in this notebook use this function. What differs are four choices: how many hidden units, which gate
# function, with biases or without, and where in the network.
#
# **Predict:** SE-ResNet-50 has up to 2,048 channels, MobileNetV3-small up to 576. Which of the two has the larger
# reduction ratio C/hidden, and why?

# %% tags=["hide-output"]
nets = {
    "tiny SE-CNN": (tiny(), (32, 32, 3)),
    "SE-ResNet-50": (resnet50(), (224, 224, 3)),
    "MobileNetV3-small": (mobilenet_v3_small(), (224, 224, 3)),
}
rows = {name: describe(net, image) for name, (net, image) in nets.items()}  # one row per layer
blocks = {name: [row for row in some if isinstance(row.layer, SE)] for name, some in rows.items()}

for name, some in blocks.items():
    print(f"\n{name}: {len(some)} blocks")
    alike = Counter((row.path.split(".")[0], row.shape, row.layer.hidden, row.layer.gate) for row in some)
    for (stage, (height, width, c), hidden, gate), count in alike.items():
        size = f"{count} × SE on {height}×{width}"
        print(f"  {stage}  {size:16}  C = {c:4}  hidden {hidden:3}  C/hidden = {c / hidden:4.1f}  {gate}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# SE-ResNet-50: 16 in every block, against about 4 in MobileNetV3. Many channels leave enough hidden units: 2,048 / 16
# = 128. MobileNetV3's first block has 16 channels, and with r = 16 one single hidden unit would be left for all
# gates.
#
# </details>
#
# | | tiny SE-CNN | SE-ResNet-50 | MobileNetV3-small |
# |---|---|---|---|
# | hidden units | C/4 | C/16 | about C/4, a multiple of 8 |
# | gate | sigmoid | sigmoid | hard sigmoid (section 3) |
# | biases of the FCs | yes | yes (the paper's ablations drop them, its released weights have them) | yes |
#
# **Elsewhere.** The library torchvision builds MobileNetV3, EfficientNet and RegNetY with one class,
# `SqueezeExcitation`. In EfficientNet it stands where it stands in MobileNetV3. RegNetY is RegNetX plus SE. In such
# code the two FCs are often written as 1×1 convolutions. A 1×1 convolution multiplies the channels of each pixel by
# one matrix. On a map of one pixel this is FC1:

# %%
z, w1, b1 = rng.standard_normal((2, 8)), rng.standard_normal((8, 2)), rng.standard_normal(2)
a_by_convolution, _ = ops.conv2d_forward(z[:, None, None, :], w1[None, None], b1, 1, 0)  # (N, 1, 1, C/r)
assert np.allclose(a_by_convolution[:, 0, 0, :], z @ w1 + b1)

# %% [markdown]
# ## 2. Where it stands, and what it costs
#
# The layers around the block, in a sentence each:
#
# - A **convolution** computes each output channel at each position from *all* input channels in a small window, such
#   as 3×3 pixels (notebook 6).
# - A **1×1 convolution** has a window of one pixel. So it only mixes channels. Networks use it to change their
#   number.
# - A **depthwise convolution** has a larger window, but each channel sees only itself.
# - A **shortcut** adds the input of a block to the output of its other layers, which are called the branch (notebook
#   10).
#
# A **bottleneck** of ResNet-50 computes on few channels and returns to many: 256 → 64 → 64 → 256. MobileNetV3 turns
# this around: 40 → 240 → 240 → 40. Here the shortcut carries the few channels.
#
# **Predict:** SE works on the many channels in both. Where in the branch does it stand in each?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
def draw(axes, title, steps):
    """steps: (name, channels); the height of a box is its number of channels, on a logarithmic scale."""
    for k, (name, channels) in enumerate(steps):
        height, color = np.log2(channels) - 3, ORANGE if name == "SE" else GRAY
        axes.add_patch(plt.Rectangle((k - 0.35, -height / 2), 0.7, height, facecolor="white", edgecolor=color,
                                     linewidth=2.5 if name == "SE" else 1.2))
        axes.text(k, 0, f"{name}\n{channels}", ha="center", va="center", fontsize=9)
    last = len(steps) - 1
    top = (np.log2(steps[0][1]) - 3) / 2
    axes.plot([0, 0, last + 0.7], [top, 3.4, 3.4], color=GRAY)  # the shortcut
    axes.annotate("", (last + 0.7, 0.35), (last + 0.7, 3.45), arrowprops={"arrowstyle": "-|>", "color": GRAY})
    for k in range(last + 1):
        axes.annotate("", (k + 0.62, 0), (k + 0.34, 0), arrowprops={"arrowstyle": "-|>", "color": GRAY})
    axes.text(last + 0.7, 0, "+", fontsize=18, ha="center", va="center")
    axes.text(0.1, 3.5, "shortcut", fontsize=9, color=GRAY, va="bottom")
    axes.set(xlim=(-0.5, last + 1.1), ylim=(-2.8, 4.2), title=title)
    axes.axis("off")


with style():
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(8.5, 6), layout="constrained")
    draw(upper, "Bottleneck (ResNet-50): SE at the end of the branch",
         [("x", 256), ("1×1", 64), ("3×3", 64), ("1×1", 256), ("SE", 256)])
    draw(lower, "Inverted bottleneck (MobileNetV3): SE in the middle of the branch",
         [("x", 40), ("1×1", 240), ("depthwise\n5×5", 240), ("SE", 240), ("1×1", 40)])
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# In ResNet-50 at the end, just before the sum. In MobileNetV3 in the middle, after the depthwise convolution. (Each
# box is a layer with its number of channels; batch norm and the non-linearities are left out.)
#
# </details>
#
# Where the channels are many, there are most to choose from, and SE has most parameters: two matrices with 2·C²/r
# weights in each block (the paper's Eq. 5 adds them up over all blocks). A **multiply-add** is one multiplication with its
# addition.
#
# **Predict:** The last stage of SE-ResNet-50 has 3 of its 16 blocks. Which share of all SE parameters lies there? And
# which share of all multiply-adds of the network belongs to SE?

# %% tags=["hide-output"]
def totals(rows):
    """Parameters and multiply-adds of some layers."""
    rows = [*rows]
    return [sum(getattr(row, what) for row in rows) for what in ("parameters", "multiply_adds")]


for name, some in rows.items():
    (parameters, products), (se_parameters, se_products) = totals(some), totals(blocks[name])
    last_stage = blocks[name][-1].path.split(".")[0]
    last, _ = totals(row for row in blocks[name] if row.path.startswith(last_stage))
    print(f"{name:18} {parameters:10,} parameters, SE has {se_parameters / parameters:5.1%};", end=" ")
    print(f"of these the last stage has {last / se_parameters:.0%}")
    print(f"{'':18} {products / 1e6:10,.0f} million multiply-adds, SE has {se_products / products:.2%}")

paper = equation_5([row.shape[-1] for row in blocks["SE-ResNet-50"]], 16)
print(f"\nEq. 5 for SE-ResNet-50, without biases: {paper:,.0f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# 62 % of SE's parameters are in the last stage, since 2·C²/r grows with the square of C. SE has 9 % of all
# parameters, and only 0.2 % of the multiply-adds: its matrices run once per image, and those of a convolution run at
# every position. More than two thirds of this 0.2 % are the scale, one multiplication for each number of U. (Time is more than multiply-adds. Every gated map is read and written once more.)
#
# </details>

# %%
assert paper == sum(row.layer.channels * row.layer.hidden * 2 for row in blocks["SE-ResNet-50"])

# %% [markdown]
# So the paper could put SE into every block. It also reports that leaving out the blocks of the last stage costs less
# than 0.1 % in top-5 error (its section 4), and saves most of the parameters.
#
# ## 3. A gate without an exponential
#
# A sigmoid needs an exponential. MobileNetV3 avoids exponentials. Its gate, the **hard sigmoid**, is a straight line
# with two corners:
#
# $$s = \min(1, \max(0, e/6 + 1/2))$$
#
# **Predict:** What is ds/de, for small e and for large e? And what can a gate at e = 4 learn from an image?

# %% tags=["hide-output"]
e = np.linspace(-7, 7, 281)
ds = np.ones_like(e)  # upstream gradient of 1, so that de is the slope
curves = {}
for name, forward, backward in (
    ("sigmoid", ops.sigmoid_forward, ops.sigmoid_backward),
    ("hard sigmoid", ops.hard_sigmoid_forward, ops.hard_sigmoid_backward),
):
    s, cache = forward(e)
    curves[name] = s, backward(ds, cache)
    at_0, at_4 = (int(np.argmin(np.abs(e - place))) for place in (0, 4))
    print(f"{name:13} e = 0: s = {s[at_0]:.3f}, slope {curves[name][1][at_0]:.3f};", end="   ")
    print(f"e = 4: s = {s[at_4]:.3f}, slope {curves[name][1][at_4]:.3f}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for (name, (s, slope)), color, line in zip(curves.items(), (BLUE, ORANGE), ("-", "--")):
        left.plot(e, s, line, color=color, label=name)
        right.plot(e, slope, line, color=color, label=name)
    left.set(title="Two gates", xlabel="e", ylabel="gate s")
    right.set(title="Their slopes", xlabel="e", ylabel="ds/de")
    left.legend()
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Between −3 and 3 the slope is 1/6, and outside it is 0. So a gate at e = 4 is fully open and learns nothing from
# this image: no gradient reaches the FCs through it. The sigmoid still has a small slope there. On the other hand,
# the hard sigmoid really reaches 0 and 1, so it can switch a channel *off*.
#
# </details>
#
# ## 4. Public weights
#
# Others have trained these networks on 1.3 million photographs. Their weights are files of arrays with names. This
# package reads three of them: timm's `seresnet50`, timm's `legacy_seresnet50` (the weights of the paper's authors),
# and torchvision's `mobilenet_v3_small`. [docs/interchange.md](../docs/interchange.md) says where to find them, and
# has the three lines that turn a `.pth` file into a `.safetensors` file.
#
# Put the files into the folder of this notebook, under the names below. **Without them** the next cells use *random*
# weights. Then all shapes are right, but the gates say nothing about the photo.

# %%
from senet_np.runs.public import read_public

FILES = ("seresnet50.safetensors", "mobilenet_v3_small.safetensors")  # fetched by you
models = {name: read_public(Path(name)) if Path(name).exists() else None for name in FILES}
photo = sample_photo(View(224, share=0.875, filter="bilinear"))  # it comes with Matplotlib
x = ((photo.small / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)).astype(np.float32)[None]

# %% jupyter={"source_hidden": true} tags=["hide-input"]
with style():
    figure, axes = plt.subplots(figsize=(2.6, 2.6), layout="constrained")
    axes.imshow(photo.small)
    axes.set_title("The photo, 224×224 pixels", fontsize=10)
    axes.axis("off")
plt.show()

# %% [markdown]
# The shorter side was resized to 256 pixels, and the middle 224×224 were cut out. x is normalized as images of
# ImageNet usually are: minus the mean of each color, divided by its standard deviation. (A loaded model brings its
# own numbers for all of this.)
#
# `trace` runs a network and returns one step per layer, with the layer's path, output and cache.
#
# **Predict:** Before any training, with random weights, around which value do the gates of all blocks lie?

# %% tags=["hide-output"]
from senet_np.containers import trace


def gates_by_block(name, model):
    """{block's path: gates (C,)} for the photo, and where the weights come from."""
    if model:
        own = sample_photo(model.view).small  # cut as this model needs it
        logits, activations = model.run(own[None], record=True)
        p = ops.softmax_cross_entropy_forward(logits, np.array([0]))[1].p[0]
        print(f"{name}:", ", ".join(f"{model.classes[k]} {p[k]:.0%}" for k in p.argsort()[::-1][:5]))
        return {path: s[0] for path, s in activations.gates.items()}, "weights from your file"
    net = resnet50() if name.startswith("seresnet") else mobilenet_v3_small()
    # training=True: batch norm takes its means from this photo, since there are no others yet.
    steps = trace(net, *net.init(np.random.default_rng(0)), x, training=True)
    return {step.node.path: step.cache.s[0] for step in steps if isinstance(step.node.layer, SE)}, "random weights"


found = {name: gates_by_block(name, model) for name, model in models.items()}
for name, (gates, weights) in found.items():
    every = np.concatenate([*gates.values()])
    print(f"{name}, {weights}: {len(gates)} blocks, gates from {every.min():.3f} to {every.max():.3f}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, all_axes = plt.subplots(2, 1, figsize=(9, 5.6), layout="constrained")
    for axes, (name, (gates, weights)) in zip(all_axes, found.items(), strict=True):
        for k, s in enumerate(gates.values()):
            axes.plot(k + np.linspace(-0.35, 0.35, len(s)), np.sort(s), ".", color=BLUE, markersize=3)
        axes.set(title=f"{name.removesuffix('.safetensors')}, one photo, {weights}", ylabel="gate s",
                 ylim=(-0.02, 1.02))
        axes.set_xticks(range(len(gates)), [path.split(".residual")[0].split(".branch")[0] for path in gates],
                        rotation=40, ha="right", fontsize=8)
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Around 1/2. The weights of FC2 are small at first, so e is near 0, and both gate functions give 1/2 for e = 0. Training spreads the gates. (In the figure each column is a block and each dot
# is a channel, sorted by its gate. With weights from a file the gates are spread.)
#
# </details>
#
# In the SE-ResNet-50 with random weights every gate is 1/2, up to rounding. There the block stands directly after a **batch
# norm**, which subtracts from each channel its mean over all positions and all images of the batch (notebook 7). Here
# the batch is one photo.
#
# **Predict:** What is z, then? And why is it different in MobileNetV3, where a non-linearity stands between batch
# norm and SE?
#
# <details><summary>Answer</summary>
#
# The squeeze takes the very mean that batch norm has just subtracted. So z = 0 in every channel. New biases are 0, so
# e = 0 as well. In MobileNetV3 the non-linearity changes the mean after batch norm, so z is not 0. (With several
# images in the batch, batch norm subtracts their common mean. Then each image differs from it, and z is not 0 in
# ResNet-50 either.)
#
# </details>
#
# One photo is no finding. If you have the weights and a folder of photographs with one subfolder per class, two
# commands draw what the paper's Figure 6 shows, *on a network of the paper's kind*: the mean gate of each channel for
# each class, block by block. (`legacy_seresnet50.safetensors` has the weights of the paper's authors.) Notebook 9 explains how to read it.
#
#     python -m senet_np import seresnet50.safetensors --out runs/se50
#     python -m senet_np explain runs/se50 --data imagenette/
#
# ## 5. Your own images, in five minutes
#
# All you need is a folder with one subfolder per class:
#
#     mine/cat/*.jpg
#     mine/dog/*.jpg
#
# Here we draw some images, of different sizes: four kinds of pattern, 200 images each (about ten seconds). To use
# your own images, write `folder = Path("mine")` and leave the drawing out.

# %%
PATTERNS = {
    "rings": lambda x, y: np.hypot(x, y),
    "stripes": lambda x, y: x,
    "checks": lambda x, y: np.pi * ((np.sin(x) > 0) ^ (np.sin(y) > 0)) - np.pi / 2,
    "star": lambda x, y: 8 * np.arctan2(y, x),
}


def picture(kind, rng):
    """An image of its kind: somewhere, turned, in two colors of its own."""
    height, width = rng.integers(50, 110, size=2)
    y, x = np.mgrid[:height, :width] - rng.uniform(0.3, 0.7, (2, 1, 1)) * np.array([height, width])[:, None, None]
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(0.4, 0.8)
    turned = pitch * (x * np.cos(angle) + y * np.sin(angle)), pitch * (y * np.cos(angle) - x * np.sin(angle))
    bright = (np.sin(PATTERNS[kind](*turned)) > 0)[..., None]
    one, other = rng.uniform(0, 255, (2, 3))
    return (np.where(bright, one, other) + rng.normal(0, 12, (height, width, 3))).clip(0, 255).astype(np.uint8)


temporary = tempfile.TemporaryDirectory()  # it is gone when the notebook ends
place = Path(temporary.name)
folder = place / "mine"
for kind in PATTERNS:
    print("drawing", kind)
    (folder / kind).mkdir(parents=True)
    for k in range(200):
        Image.fromarray(picture(kind, rng)).save(folder / kind / f"{k:03}.png")

_ = main(["data", "--data", str(folder), "--sheet", str(place / "sheet.png")])

# %% jupyter={"source_hidden": true} tags=["hide-input"]
sheet = plt.imread(place / "sheet.png")
plt.figure(figsize=(8, 8 * sheet.shape[0] / sheet.shape[1]), layout="constrained")
plt.imshow(sheet)
plt.axis("off")
plt.show()

# %% [markdown]
# The sheet shows what the network will see: 32×32 pixels, cut from the middle. Always look at it first. Can you still
# see what distinguishes the classes at this size? If not, use `--image-size 64`.
#
# Now train and test. On the command line these are `python -m senet_np` and the same words. We take half the usual
# numbers of channels, so that it takes about a quarter of a minute.
#
# **Predict:** Which accuracy will it reach after 10 epochs (passes over the 640 training images)? Guessing gives 25
# %.

# %% tags=["hide-output"]
run = str(place / "run")
main(["train", "--data", str(folder), "--epochs", "10", "--widths", "16,32,64", "--out", run, "--no-plots"])
_ = main(["evaluate", run])

# %% [markdown]
# <details><summary>Answer</summary>
#
# About 90 %: such patterns are easy for convolutions. The colors say nothing here, since each image has its own.
#
# </details>

# %%
from senet_np.runs.run import open_run

assert open_run(Path(run)).result["accuracy"] > 0.8

# %% [markdown]
# `python -m senet_np explain` draws nineteen figures of such a run. Here is one of them: the mean gate of each
# channel for each class.
#
# **Predict:** In which of the three blocks do the classes differ most?

# %% tags=["hide-output"]
import senet_np
from senet_np.analysis.findings import measure
from senet_np.data import load_data
from senet_np.fast.workers import Workers

model, data = senet_np.load(run), load_data(str(folder))
findings = measure(model, data, "val", Workers(1), thorough=False)
for path, block in findings.blocks.items():
    print(f"{path:10} sd of the four classes' mean gates, averaged over channels: {block.mean.std(axis=0).mean():.3f}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
from senet_np.figures.profiles import draw_profiles

with style():
    figure = draw_profiles(findings.blocks, data.classes, range(4))
    figure.suptitle(f"Mean gate of each channel for four patterns, {findings.images}", x=0.01, ha="left")
figure

# %% [markdown]
# <details><summary>Answer</summary>
#
# In the last block here. That is one run and one data set, so do not expect it everywhere.
#
# </details>
#
# Read the figure with care (notebook 9). Look at the mean *and* at the gray band, the spread over images. The test
# has 20 images of each class, 80 in all, so one image more or less is 1.25 points of accuracy. And this network has
# no twin without SE: that it classifies well says nothing about what SE is worth (notebook 11).
#
# See it move: `python -m senet_np explorer runs/mine` writes a page about a network of your own, where you can follow
# an image through its blocks.
#
# **What not to conclude.** A network that starts from random weights needs many images, at least some hundreds of
# each class by our experience. With few, a high accuracy may come from colors and backgrounds alone.
#
# ## In five sentences
#
# 1. SE is the same few lines in every network; hidden units, gate function, biases and place are what differs.
# 2. It stands where the channels are many: at the end of a bottleneck's branch, in the middle of an inverted one.
# 3. It adds about a tenth to the parameters of ResNet-50, most of them in the last stage, and hardly any
#    multiply-adds.
# 4. The hard sigmoid needs no exponential and can switch a channel off, but outside of −3 to 3 it
#    learns nothing from that image.
# 5. For your own images you need a folder per class and some hundreds of images in each, and before you say that SE
#    helped, a twin without SE.
#
# ## Exercises

# %% [markdown]
# ### Exercise 14.1 · Hidden units in eights
#
# MobileNetV3 rounds its numbers of hidden units. The rule: take C // 4 and the nearest multiple of 8. If this is less
# than nine tenths of C // 4, take the next multiple of 8. Compute the number of hidden units for C = 72, 88 and 200,
# by hand. Give a list of three numbers.
#
# <details><summary>Hint</summary>
#
# 72 // 4 = 18. Which multiple of 8 is nearest? Is it less than 16.2?
#
# </details>

# %%
hidden = ...  # for C = 72, 88 and 200

check("14.1", hidden)

# %% [markdown]
# ### Exercise 14.2 · Hard swish
#
# In place of ReLU, MobileNetV3 often uses the **hard swish**: y = x · hard sigmoid of x. Write its forward and
# backward pass. The check compares them with finite differences.
#
# <details><summary>Hint</summary>
#
# x stands in two factors: use the product rule. The slope of the hard sigmoid is 1/6 between −3 and 3, else 0. At
# exactly −3 and 3 there is no derivative, and you may choose.
#
# </details>


# %%
def forward(x):
    """y and a cache."""
    ...


def backward(dy, cache):
    """dx."""
    ...


check("14.2", forward, backward)

# %% [markdown]
# ### Exercise 14.3 · Every array fits
#
# Somebody loads the weights of the paper's authors into `resnet50()`. Every array fits, no error appears, and the
# accuracy is poor. `resnet50(caffe=True)` is the network as the authors built it. Give both the same random weights
# and the same image. What is the path of the first layer whose output differs?
#
# <details><summary>Hint</summary>
#
# Call `trace(net, params, state, x_small)` for both and compare `step.output`, layer by layer. The path is
# `step.node.path`. Outputs may differ in shape, too.
#
# </details>

# %%
small = {"widths": (4, 4, 8, 8), "classes": 10}  # so that it is quick
ours, theirs = resnet50(**small), resnet50(**small, caffe=True)
params, state = ours.init(rng)  # for both
x_small = rng.standard_normal((1, 64, 64, 3)).astype(np.float32)

first = ...  # a path, such as "stem.conv"

check("14.3", first)

# %% [markdown]
# ### Exercise 14.4 · SE at the end?
#
# MobileNetV3 has SE in the middle of its blocks, on the expanded channels. Move it to the end, after the last 1×1
# convolution. How many parameters do all SE blocks have together: in the middle, and at the end? Count with Eq. 5, r
# = 4, no biases and no rounding.
#
# <details><summary>Hint</summary>
#
# `from senet_np.nets.mobilenet import BLOCKS`: one row per block, with the fields `expanded`, `channels` (at its end)
# and `se`. `equation_5(list of C, r)` adds up 2·C²/r.
#
# </details>

# %%
middle = ...
end = ...

check("14.4", middle, end)

# %% [markdown]
# Solutions: [solutions/14_wild.ipynb](solutions/14_wild.ipynb), after you have tried.
#
# **Read next:** [senet_np/nets/resnet50.py](../senet_np/nets/resnet50.py) and
# [senet_np/nets/mobilenet.py](../senet_np/nets/mobilenet.py), each on one screen; [docs/images.md](../docs/images.md)
# for everything about folders of images.
#
# This is the last notebook. To use what you have learned: assignment 4, where you defend a claim about SE, or SE in
# a network of your own.
