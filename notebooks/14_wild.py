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
# **Afterwards you can** find the SE block in the two networks where most people meet it, and say what differs
# from one to the other; derive the hard sigmoid's backward pass; load public weights and follow one photo
# through 16 blocks; and train a network with SE on a folder of your own images.
#
# **You need** notebooks 5 (the block) and 10 (where it attaches). **Time:** 40 minutes.
#
# So far the networks were small and the images 32×32. SE was made for others: the paper's SE-ResNet-50 sees
# 224×224 pixels and tells 1,000 classes apart, and MobileNetV3, built for phones, has SE in nearly every
# block. Does what you know still hold there?

# %%
import ast
import inspect
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from senet_np import se
from senet_np.cli import main
from senet_np.data import View
from senet_np.data.photo import sample_photo
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.layers import SE
from senet_np.nets import mobilenet_v3_small, resnet50, tiny
from senet_np.nets.describe import describe, equation_5

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. The same ten lines
#
# These lines compute SE in this whole package. Without its docstring, `se_forward` is:

# %%
source = inspect.getsource(se.se_forward).splitlines()
docstring = ast.parse("\n".join(source)).body[0].body[0]
print("\n".join(source[docstring.end_lineno:]))

# %% [markdown]
# No other code is in the networks that follow. What differs are four choices: how many hidden units, which
# gate function, biases or none, and where in the network. *Before you run the cell: which of the two large
# networks has the larger reduction ratio, and why?*

# %%
nets = {
    "tiny SE-CNN": (tiny(), (32, 32, 3)),
    "SE-ResNet-50": (resnet50(), (224, 224, 3)),
    "MobileNetV3-small": (mobilenet_v3_small(), (224, 224, 3)),
}
rows = {name: describe(net, image) for name, (net, image) in nets.items()}
blocks = {name: [row for row in some if isinstance(row.layer, SE)] for name, some in rows.items()}

for name, some in blocks.items():
    print(f"\n{name}: {len(some)} blocks")
    for row in some:
        h, w, c = row.shape
        block = row.layer
        ratio = c / block.hidden
        print(f"  {row.path:39} {h:3}×{w:<3}  C = {c:4}  h = {block.hidden:3}  C/h = {ratio:4.1f}  {block.gate}")

# %% [markdown]
# | | tiny SE-CNN | SE-ResNet-50 | MobileNetV3-small |
# |---|---|---|---|
# | hidden units h | C/4 | C/16 | about C/4, a multiple of 8 |
# | gate | sigmoid | sigmoid | hard sigmoid |
# | biases of the FCs | yes | yes (the paper's text drops them, its released weights have them) | yes |
# | which maps it gates | what each ReLU gives | the expanded ones, at the end of the branch | the expanded ones, in the middle of the branch |
#
# ## 2. Where it stands, and what it costs
#
# A **bottleneck** of ResNet-50 computes on few channels and goes back to many: 256 → 64 → 64 → 256. SE gates
# the many, just before the sum. MobileNetV3 turns the bottleneck around: 40 → 240 → 240 → 40. Its shortcut
# carries the few channels, and SE gates the many in the middle, where the depthwise convolution works.


# %%
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
    axes.set(xlim=(-0.5, last + 1.1), ylim=(-2.8, 3.8), title=title)
    axes.axis("off")


with style():
    figure, (upper, lower) = plt.subplots(2, 1, figsize=(8.5, 6), layout="constrained")
    draw(upper, "Bottleneck (ResNet-50): SE at the end of the branch, on many channels",
         [("x", 256), ("1×1", 64), ("3×3", 64), ("1×1", 256), ("SE", 256)])
    draw(lower, "Inverted bottleneck (MobileNetV3): SE in the middle, on many channels",
         [("x", 40), ("1×1", 240), ("depthwise\n5×5", 240), ("SE", 240), ("1×1", 40)])
plt.show()

# %% [markdown]
# Both rules say the same: **SE stands where the channels are many.** There it has most to choose from, and there
# it costs most: 2·C²/r weights in each block (Eq. 5). *Predict: which share of SE-ResNet-50's SE parameters
# lies in its last stage? And which share of all its multiply-adds is SE's?*

# %%
for name, some in rows.items():
    parameters, products = (sum(getattr(row, what) for row in some) for what in ("parameters", "multiply_adds"))
    mine, mine_products = (sum(getattr(row, what) for row in blocks[name]) for what in ("parameters", "multiply_adds"))
    last = sum(row.parameters for row in blocks[name] if row.path.startswith(blocks[name][-1].path.split(".")[0]))
    print(f"{name:18} {parameters:10,} parameters, SE {mine / parameters:5.1%}, of which in the last stage {last / mine:4.0%};"
          f"  {products / 1e6:6,.0f} million multiply-adds, SE {mine_products / products:.2%}")

paper = equation_5([row.shape[-1] for row in blocks["SE-ResNet-50"]], 16)
print(f"\nEq. 5 for SE-ResNet-50, without biases: {paper:,.0f}")
assert paper == sum(row.layer.channels * row.layer.hidden * 2 for row in blocks["SE-ResNet-50"])

# %% [markdown]
# A tenth more parameters, and hardly a multiplication more: that is how the paper could put SE into every block.
# (Time is more than multiplications: every gated map is read and written once more.) Most of these parameters are in
# the last stage, and leaving those blocks out cost the paper less than 0.1 % in error (its section 4).
#
# ## 3. A gate without an exponential
#
# Phones dislike exponentials. MobileNetV3's gate is a straight line with two corners:
#
# $$s = \min(1, \max(0, e/6 + 1/2))$$
#
# *Derive ds/de, and say what a gate at e = 4 can learn.*

# %%
from senet_np import ops

e = np.linspace(-7, 7, 281)
ds = np.ones_like(e)
pairs = {"sigmoid": (ops.sigmoid_forward, ops.sigmoid_backward, BLUE, "-"),
         "hard sigmoid": (ops.hard_sigmoid_forward, ops.hard_sigmoid_backward, ORANGE, "--")}
with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for name, (forward, backward, color, line) in pairs.items():
        s, cache = forward(e)
        left.plot(e, s, line, color=color, label=name)
        right.plot(e, backward(ds, cache), line, color=color, label=name)
    left.set(title="Nearly the same gate", xlabel="e", ylabel="gate s")
    right.set(title="The hard one stops learning at ±3", xlabel="e", ylabel="ds/de")
    left.legend()
plt.show()

# %% [markdown]
# Between −3 and 3 the slope is 1/6, outside it is 0. So a gate at e = 4 learns nothing from this image: it is open,
# and no gradient reaches the FCs through it. And unlike the sigmoid it really reaches 0 and 1: it can switch a
# channel *off*.
#
# ## 4. Public weights
#
# The weights that others trained on 1.3 million photographs are files of arrays under names. This package
# reads three of them: timm's `seresnet50`, timm's `legacy_seresnet50` (the weights of the paper's authors), and
# torchvision's `mobilenet_v3_small`. Where to fetch them, and the three lines that make a `.safetensors` of a
# `.pth`, is in [docs/interchange.md](../docs/interchange.md).
#
# Put the files into the folder of this notebook, under the names below. **Without them** the next cells use
# *random* weights: all shapes are right, and what the numbers say about the photo means nothing.

# %%
from senet_np.runs.public import read_public

FILES = ("seresnet50.safetensors", "mobilenet_v3_small.safetensors")  # fetched by you
models = {name: read_public(Path(name)) if Path(name).exists() else None for name in FILES}
photo = sample_photo(View(224, share=0.875, filter="bilinear"))  # it comes with Matplotlib
x = ((photo.small / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)).astype(np.float32)[None]

with style():
    figure, axes = plt.subplots(figsize=(2.6, 2.6), layout="constrained")
    axes.imshow(photo.small)
    axes.set_title("224×224 pixels", fontsize=10)
    axes.axis("off")
plt.show()

# %% [markdown]
# Shorter side to 256 pixels, then the middle 224×224; x is normalized as ImageNet's images usually are, by the
# mean and the standard deviation of each color. A loaded model brings its own numbers for all of that.

# %%
from senet_np.containers import trace


def gates_by_block(name, model):
    """{block's path: (C,)} for the photo, and whether the weights mean anything."""
    if model:
        own = sample_photo(model.view).small  # cut as this model wants it
        logits, activations = model.run(own[None], record=True)
        p = ops.softmax_cross_entropy_forward(logits, np.array([0]))[1].p[0]
        print(f"{name}:", ", ".join(f"{model.classes[k]} {p[k]:.0%}" for k in p.argsort()[::-1][:5]))
        return {path: s[0] for path, s in activations.gates.items()}, "weights from your file"
    net = resnet50() if name.startswith("seresnet") else mobilenet_v3_small()
    # Batch norm takes its means from the photo itself, as it has no others yet.
    steps = trace(net, *net.init(np.random.default_rng(0)), x, training=True)
    return {step.node.path: step.cache.s[0] for step in steps if isinstance(step.node.layer, SE)}, "RANDOM WEIGHTS"


found = {name: gates_by_block(name, model) for name, model in models.items()}

with style():
    figure, all_axes = plt.subplots(2, 1, figsize=(9, 5.6), layout="constrained")
    for axes, (name, (gates, weights)) in zip(all_axes, found.items(), strict=True):
        for k, s in enumerate(gates.values()):
            axes.plot(k + np.linspace(-0.35, 0.35, len(s)), np.sort(s), ".", color=BLUE, markersize=3)
        axes.set(title=f"{name.removesuffix('.safetensors')}, one photo, {weights}", ylabel="gate s", ylim=(-0.02, 1.02))
        axes.set_xticks(range(len(gates)), [path.split(".residual")[0].split(".branch")[0] for path in gates],
                        rotation=40, ha="right", fontsize=8)
plt.show()
for name, (_, weights) in found.items():
    print(f"{name}: {weights}")

# %% [markdown]
# Each column is a block, each dot a channel, sorted. With random weights the dots say nothing about the photo, but
# something about every fresh block: all gates lie around 1/2. Its second FC is small, so e is near 0 and
# σ(0) = 1/2. That is what *every* SE network begins with. Training spreads them.
#
# *In the fresh SE-ResNet-50 every gate is exactly 1/2. Why there, and not in MobileNetV3?* In ResNet-50 the block
# stands right behind batch norm. Batch norm has just subtracted each channel's mean over positions, and with one
# photo in the batch this is the very mean that the squeeze takes: z = 0, for every channel. In MobileNetV3 a
# non-linearity lies between the two. (With more images, each differs from the batch's mean, and z from 0.)
#
# One photo is no finding (notebook 9). With a folder of photographs for each class, one command draws what the
# paper's Figure 6 shows, the mean gate of each channel for each class, block by block, **on the paper's own
# network**, with the spread and the class share beside it:
#
#     python -m senet_np import seresnet50.safetensors --out runs/se50
#     python -m senet_np explain runs/se50 --data imagenette/
#
# ## 5. Your own images, in five minutes
#
# A folder with a subfolder for each class is all that it takes:
#
#     mine/cat/*.jpg
#     mine/dog/*.jpg
#
# Here we draw some, of odd sizes: four kinds of pattern, 200 images each. Put your own folder's name in place of
# `folder`, and leave the drawing out.

# %%
PATTERNS = {
    "rings": lambda x, y: np.hypot(x, y),
    "stripes": lambda x, y: x,
    "checks": lambda x, y: np.pi * ((np.sin(x) > 0) ^ (np.sin(y) > 0)) - np.pi / 2,
    "star": lambda x, y: 8 * np.arctan2(y, x),
}


def picture(kind, rng):
    """An image of its kind, somewhere, turned, in two colors of its own."""
    height, width = rng.integers(50, 110, size=2)
    y, x = np.mgrid[:height, :width] - rng.uniform(0.3, 0.7, (2, 1, 1)) * np.array([height, width])[:, None, None]
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(0.4, 0.8)
    turned = pitch * (x * np.cos(angle) + y * np.sin(angle)), pitch * (y * np.cos(angle) - x * np.sin(angle))
    bright = (np.sin(PATTERNS[kind](*turned)) > 0)[..., None]
    one, other = rng.uniform(0, 255, (2, 3))
    return (np.where(bright, one, other) + rng.normal(0, 12, (height, width, 3))).clip(0, 255).astype(np.uint8)


place = Path(tempfile.mkdtemp())
folder = place / "mine"
for kind in PATTERNS:
    (folder / kind).mkdir(parents=True)
    for k in range(200):
        Image.fromarray(picture(kind, rng)).save(folder / kind / f"{k:03}.png")

main(["data", "--data", str(folder), "--sheet", str(place / "sheet.png")])


def show(file, width=8):
    """A figure that a command has written."""
    image = plt.imread(file)
    plt.figure(figsize=(width, width * image.shape[0] / image.shape[1]), layout="constrained")
    plt.imshow(image)
    plt.axis("off")
    plt.show()


show(place / "sheet.png")

# %% [markdown]
# The sheet shows what the network will see: 32×32 pixels, cut from the middle. Always look at it first. Is the
# thing that tells the classes apart still there at this size? If not, `--image-size 64`.
#
# Now train, test and explain; on the command line each is `python -m senet_np` and these words. (Half the usual
# widths, to be quick.) *Predict the
# accuracy after 10 epochs of 640 images; chance is 25 %.*

# %%
run = str(place / "run")
main(["train", "--data", str(folder), "--epochs", "10", "--widths", "16,32,64", "--out", run, "--no-plots"])
main(["evaluate", run])

from senet_np.runs.run import open_run

assert open_run(Path(run)).result["accuracy"] > 0.8

# %% [markdown]
# `python -m senet_np explain` draws nineteen figures of the run. One of them, its gates by class:

# %%
import senet_np
from senet_np.analysis.findings import measure
from senet_np.data import load_data
from senet_np.fast.workers import Workers
from senet_np.figures.profiles import draw_profiles

model, data = senet_np.load(run), load_data(str(folder))
found_gates = measure(model, data, "val", Workers(1), thorough=False)
with style():
    figure = draw_profiles(found_gates.blocks, data.classes, range(4))
    figure.suptitle(f"Mean gate of each channel for four patterns, {found_gates.images}", x=0.01, ha="left")
figure

# %% [markdown]
# Read it with notebook 9 in mind: the mean *and* the spread, over few images. A tenth of each class was set aside
# for the test, 20 images; of 80 in all, one more or less is 1.25 points. And there is no twin without SE here: that
# the network is right says nothing about what SE is worth (notebook 11).
#
# **What not to conclude.** A network that starts from random weights needs some hundred images of each class.
# With fewer, what it gets right says more about colors and backgrounds than about cats.
#
# ## Try it
#
# 1. MobileNetV3's hidden widths are multiples of 8. Compute h for C = 96, 240 and 120 by hand, then with
#    `se.hidden_width(c, 4, multiple=8)`. For which block of the table above is C/h farthest from 4?
#
#    <details><summary>Hint</summary>
#
#    C // 4, then the nearest multiple of 8. The first block has 16 channels.
#
#    </details>
#
# 2. *Spot the bug.* Somebody loads the weights of the paper's authors into `resnet50()`, the network of timm's
#    `seresnet50`. Every array fits, nothing complains, and accuracy is poor. Compare `resnet50(caffe=True)` and
#    `resnet50()` with the same random weights: do the logits differ, and where in the network do they begin to?
#
#    <details><summary>Hint</summary>
#
#    `trace` both and compare the outputs path by path. Read the head of `nets/resnet50.py` for what `caffe` means.
#
#    </details>
#
# 3. Write the hard sigmoid's backward pass from its definition and prove it with `check_gradients`. At which x must
#    finite differences go wrong, and by how much?
#
#    <details><summary>Hint</summary>
#
#    A central difference across a corner sees half of one slope and half of the other.
#
#    </details>
#
# 4. Move SE out of the middle of MobileNetV3's block to its end, behind the last 1×1 convolution. How many parameters
#    would its SE blocks have then? Count by Eq. 5, with r = 4, from the table in `senet_np/nets/mobilenet.py`.
#
#    <details><summary>Hint</summary>
#
#    `from senet_np.nets.mobilenet import BLOCKS`; each has `expanded` and `channels`.
#
#    </details>
#
# Solutions: [solutions/14_wild.ipynb](solutions/14_wild.ipynb)
#
# **Read next:** `senet_np/nets/resnet50.py` and `senet_np/nets/mobilenet.py`, each on one screen; [docs/images.md](../docs/images.md)
# for everything about folders.
#
# That was the last notebook. To use what you have learned: `assignments/4_claim.ipynb`, or SE in a network of your own.
