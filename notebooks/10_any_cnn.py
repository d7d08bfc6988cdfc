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
# # 10 · The same block on VGG, ResNet, Inception
#
# **Afterwards you can** say where an SE block stands in three kinds of networks, and what its gates see there;
# write the backward passes of a sum and of a concatenation; count what SE adds to a network before you build it;
# and read the gates of a trained ResNet, block by block.
#
# **You need** notebooks 5 (the SE block), 6 (convolution), 7 (batch norm, max pooling) and 9 (shares of a variance,
# mean gates in place of learned ones); the chain rule; and the norm of an array, the square root of its sum of
# squares.
#
# **Time:** 75 minutes to read and run, 150 with the exercises. Sections 1 to 4 are the core (45 minutes). Sections
# 5 to 7 can wait for another day.
#
# Letters: [symbols](../docs/symbols.md).
#
# An SE block takes feature maps U (N, H, W, C) and returns maps of the same shape. So it fits after any layer. But
# a network has many layers: after which of them should it stand? The paper (Hu et al., arXiv 1709.01507) gives an
# answer for three families of networks.

# %%
import matplotlib.pyplot as plt
import numpy as np

import senet_np
from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, ORANGE, short, style
from senet_np.nets import NETS, inception, resnet, vgg
from senet_np.nets.attention import POSITIONS
from senet_np.nets.describe import describe

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)


# %% jupyter={"source_hidden": true} tags=["hide-input"]
def draw(title, boxes, arrows, height):
    """boxes: {name: (x, y, text)}; SE is orange. arrows: (from, to), straight from box to box."""
    with style():
        figure, axes = plt.subplots(figsize=(11, height), layout="constrained")
        drawn = {}
        for name, (x, y, text) in boxes.items():
            color, width = (ORANGE, 3) if name.startswith("SE") else (GRAY, 1.2)
            look = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": color, "linewidth": width}
            words = axes.text(x, y, text, ha="center", va="center", fontsize=13, bbox=look)
            drawn[name] = words.get_bbox_patch()
        for start, end in arrows:
            look = {"arrowstyle": "-|>,head_width=0.3,head_length=0.6", "color": GRAY, "linewidth": 1.5,
                    "patchA": drawn[start], "patchB": drawn[end]}
            axes.annotate("", boxes[end][:2], boxes[start][:2], arrowprops=look)
        rows = [y for _, y, _ in boxes.values()]
        axes.set(xlim=(-0.4, max(x for x, _, _ in boxes.values()) + 0.5), ylim=(min(rows) - 0.5, max(rows) + 0.5))
        axes.set_title(title, fontsize=14)
        axes.axis("off")
    plt.show()


# %% [markdown]
# ## 1. Where it attaches
#
# **VGG** is a chain: convolutions one after the other, each with its batch norm (BN) and its ReLU. SE stands after
# the ReLU.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
names = ["x", "conv 3×3", "BN", "ReLU", "SE", "next conv"]
draw("VGG: after each ReLU", {name: (place, 0, name) for place, name in enumerate(names)},
     [*zip(names[:-1], names[1:])], height=1.5)

# %% [markdown]
# `describe` lists the layers of a network, with the shape of what each returns for one image. Look for the SE
# block:

# %%
net = vgg(widths=(8, 16, 32))
for row in describe(net)[:5]:
    print(f"{row.path:20} {row.what:28} {row.shape}")

# %% [markdown]
# In `SE 8→2→8` you see the two fully connected layers: FC1 reduces 8 numbers to C/r = 8/4 = 2 hidden units, and FC2
# returns 8 again.
#
# **Predict:** Can a channel's z be negative at this place?

# %% tags=["hide-output"]
from senet_np.containers import se_caches
from senet_np.data import load_shapes

images = load_shapes(sizes=(8, 1, 1)).train.images.astype(np.float32) / 127.5 - 1  # (8, 32, 32, 3)
_, cache, _ = net.forward(*net.init(rng), images, True)
z = se_caches(cache)["stage1.unit1.se"].z  # (N, C)
print(f"z from {z.min():.3f} to {z.max():.3f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. z is the mean of what a ReLU returns, and a ReLU returns no negative numbers. So z tells *how much* of a
# channel's feature is in the image.
#
# </details>

# %%
assert (z >= 0).all()

# %% [markdown]
# **Inception** reads the same maps with several kinds of kernels at once. Four branches stand side by side, and
# their outputs are joined along the channels (concatenated). This is one *module*. To which of its convolutions
# should an SE block belong? To none of them alone: SE takes the module as a whole and stands after the
# concatenation. So the gates of all four branches are computed from all four.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
boxes = {"x": (0, 1.5, "x"), "join": (4, 1.5, "concatenate"), "SE": (5.1, 1.5, "SE"),
         "next": (6.1, 1.5, "next\nmodule")}
arrows = [("join", "SE"), ("SE", "next")]
branches = [["conv 1×1"], ["conv 1×1", "conv 3×3"], ["conv 1×1", "conv 5×5"], ["max-pool", "conv 1×1"]]
for y, texts in zip((3, 2, 1, 0), branches):
    places = [f"{y}.{number}" for number in range(len(texts))]
    boxes |= {place: (x, y, text) for place, x, text in zip(places, (1.9,) if len(texts) == 1 else (1.2, 2.6), texts)}
    arrows += [*zip(["x", *places], [*places, "join"])]
draw("Inception: around the whole module, after the concatenation (each conv has its BN and ReLU)", boxes, arrows, 3.8)

# %% [markdown]
# **ResNet** has a way around its convolutions. In each *residual block* the input x goes two ways: through a
# *branch* of two convolutions, and past them on the *shortcut*. Then the two are added: y = branch(x) +
# shortcut(x). Mostly the shortcut returns x as it is. Only where the branch changes the shape does it hold a 1×1
# convolution.
#
# Four places for SE are natural, and they have names:
#
# | place | where the block stands |
# |---|---|
# | *standard* | on the branch, as its last step before the sum (the paper's Figure 3) |
# | *pre* | on the branch, before its first convolution |
# | *post* | after the sum and its ReLU |
# | *identity* | on the shortcut |

# %% jupyter={"source_hidden": true} tags=["hide-input"]
boxes = {"x": (0, 0.5, "x"), "SE pre": (1, 1, "SE\npre"), "conv1": (2.1, 1, "conv, BN,\nReLU"),
         "conv2": (3.3, 1, "conv,\nBN"), "SE standard": (4.5, 1, "SE\nstandard"),
         "SE identity": (2.75, 0, "SE\nidentity"), "plus": (5.5, 0.5, "+"), "relu": (6.2, 0.5, "ReLU"),
         "SE post": (7, 0.5, "SE\npost"), "y": (7.8, 0.5, "y")}
order = ["x", "SE pre", "conv1", "conv2", "SE standard", "plus", "relu", "SE post", "y"]
draw("A residual block: four places, and a network has SE at one of them", boxes,
     [*zip(order[:-1], order[1:]), ("x", "SE identity"), ("SE identity", "plus")], height=3.8)

# %% [markdown]
# **Predict:** Take four networks, each with SE at one of the four places, and give all four blocks the same
# weights. Which two blocks compute exactly the same gates? And do the two networks then return the same logits?

# %% [markdown]
# <details><summary>Answer</summary>
#
# *Pre* and *identity*: both see x, so z is the same, and with the same weights the gates are the same. The logits
# are not: *pre* multiplies what goes into the branch, *identity* what goes along the shortcut. Section 5 measures
# it.
#
# </details>

# %% [markdown]
# ## 2. Backward through a sum
#
# Two of these networks need a backward pass that you have not met yet. First the residual block, with a shortcut
# that returns x as it is:
#
# $$y = \mathrm{branch}(x) + x$$
#
# x goes two ways, as U does in the SE block. So two gradients arrive at x. One comes along the branch: its own
# backward pass makes $\mathrm{d}x_\text{branch}$ from dy. The other comes along the shortcut, where
# $\partial y/\partial x = 1$, so it is dy itself. *x is used twice, so its two gradients are added:*
#
# $$\mathrm{d}x = \mathrm{d}x_\text{branch} + \mathrm{d}y$$
#
# In the cell the branch is a convolution and an SE block.

# %%
from senet_np.containers import Concat, Residual, Sequential
from senet_np.gradcheck import check_gradients
from senet_np.layers import SE, Conv2D

branch = Sequential([("conv", Conv2D(4, 4, bias=False)), ("se", SE(4, reduction=2))])
params, state = branch.init(rng, np.float64)
x = rng.standard_normal((2, 5, 3, 4))


def residual_forward(x):
    y_branch, cache, _ = branch.forward(params, state, x, True)
    return y_branch + x, cache


def residual_backward(dy, cache):
    dx_branch, _ = branch.backward(dy, cache)
    dx_shortcut = dy  # along the shortcut nothing changes dy
    return dx_branch + dx_shortcut  # x went two ways: its two gradients are added


report = check_gradients(residual_forward, residual_backward, [x])
print(report)
assert report

# %% [markdown]
# The library's container `Residual` does the same:

# %%
block = Residual(branch)
dy = rng.standard_normal(x.shape)
_, cache, _ = block.forward({"branch": params}, {}, x, True)
dx, grads = block.backward(dy, cache)
assert np.allclose(dx, residual_backward(dy, cache["branch"]))

# %% [markdown]
# **Predict:** Which of the two arrays in the sum is larger here, `dx_branch` or `dx_shortcut`? Think of what the
# gates of a fresh SE block do to a gradient.

# %% tags=["hide-output"]
dx_branch, _ = branch.backward(dy, cache["branch"])
for name, array in (("dx", dx), ("dx_branch", dx_branch), ("dx_shortcut", dy)):
    print(f"norm of {name:11} {np.linalg.norm(array):5.1f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# `dx_shortcut` is larger. Fresh gates are about 1/2, so they halve the gradient that goes back through the branch.
# The shortcut changes nothing. A backward pass that forgets dy loses most of the gradient.
#
# </details>

# %% [markdown]
# ### What the shortcut carries through nine blocks
#
# A residual network has many such sums in a row. How much of dy arrives at the first block? To see what the
# shortcuts alone carry, we silence the branches: the last batch norm of each branch gets γ = 0, so the branch
# returns 0.

# %%
from senet_np.tree import tree_build, tree_items

x_deep = np.abs(rng.standard_normal((4, 6, 6, 16)))  # above 0, so that no ReLU sets anything to 0
dy_deep = rng.standard_normal(x_deep.shape)


def mute(path, array):
    """The parameters of silent branches: γ = 0 in the last batch norm, all else as it was."""
    return 0 * array if path.endswith("bn2.gamma") else array


def share_that_arrives(position, change):
    """Norm of dx / norm of dy for nine residual blocks, after each array of parameters went through `change`."""
    stage = resnet(widths=(16,), blocks=9, position=position).parts["stage1"]
    params, state = stage.init(np.random.default_rng(0), np.float64)
    params = tree_build({path: change(path, array) for path, array in tree_items(params)})
    _, cache, _ = stage.forward(params, state, x_deep, True)
    dx, _ = stage.backward(dy_deep, cache)
    return np.linalg.norm(dx) / np.linalg.norm(dy_deep)


# %% [markdown]
# **Predict:** For each of the four places: which share of dy arrives in front of the nine blocks? Fresh gates are
# about 1/2.

# %% tags=["hide-output"]
arrives = {position: share_that_arrives(position, mute) for position in POSITIONS}
for position, share in arrives.items():
    print(f"{position:9} norm of dx / norm of dy = {share:.4f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# All of it for *standard* and *pre*: there SE stands on the branch, and the shortcut passes dy on unchanged through
# any number of sums. For *post* and *identity* each block multiplies the shortcut by its gates. Nine factors of one
# half make $(1/2)^9 = 0.002$.
#
# </details>

# %%
assert np.allclose([arrives["standard"], arrives["pre"]], 1)
assert max(arrives["post"], arrives["identity"]) < 0.01

# %% [markdown]
# Now it is tempting to say which places must be best. But the branches were silent. And a network can learn to open
# its gates. An argument about the first step of a training is no measurement of the last one. Section 6 has
# measurements.

# %% [markdown]
# ## 3. Backward through a concatenation
#
# An Inception module puts the outputs of its branches side by side:
#
# $$y = [\mathrm{branch}_1(x),\ \mathrm{branch}_2(x),\ \dots]$$
#
# Each channel of y belongs to one branch. So dy is *split* at the same channels, and each branch gets its own part.
# All branches used x, so their gradients are *added*:
#
# $$\mathrm{d}x = \mathrm{d}x_1 + \mathrm{d}x_2 + \dots$$
#
# A rule to remember: **what is used twice forward is added backward; what is joined forward is split backward.**

# %%
parts = {"one": Conv2D(4, 2, kernel_size=1), "three": Conv2D(4, 3, kernel_size=3)}  # return 2 and 3 channels
params, _ = Sequential([*parts.items()]).init(rng, np.float64)
x = rng.standard_normal((2, 5, 3, 4))


def branches_forward(x):
    ys, caches = [], {}
    for name, part in parts.items():
        y, caches[name], _ = part.forward(params[name], {}, x, True)
        ys.append(y)
    return np.concatenate(ys, axis=-1), caches  # (N, H, W, 2 + 3)


def branches_backward(dy, caches):
    dy_one, dy_three = dy[..., :2], dy[..., 2:]  # to each its own channels
    dx_one, _ = parts["one"].backward(dy_one, caches["one"])
    dx_three, _ = parts["three"].backward(dy_three, caches["three"])
    return dx_one + dx_three  # both used x


report = check_gradients(branches_forward, branches_backward, [x])
print(report)
assert report

# %%
module = Concat(parts)  # the library's
y, cache, _ = module.forward(params, {}, x, True)
dy = rng.standard_normal(y.shape)
dx, _ = module.backward(dy, cache)
assert np.allclose(dx, branches_backward(dy, cache.parts))
print("the library splits dy at channel", cache.ends)

# %% [markdown]
# **Predict:** Suppose that a backward pass confuses the branches: it gives the first channels of dy to `three` and
# the last ones to `one`. Our branches return 2 and 3 channels. Does the mistake stop with an error? And would it if
# both returned 2 channels?

# %% tags=["hide-output"]
try:
    parts["three"].backward(dy[..., :2], cache.parts["three"])
except ValueError as error:
    print("2 and 3 channels:", error)

twins = {"one": Conv2D(4, 2, kernel_size=1), "three": Conv2D(4, 2, kernel_size=3)}
twin_params, _ = Sequential([*twins.items()]).init(rng, np.float64)
_, twin_cache, _ = Concat(twins).forward(twin_params, {}, x, True)
dx_twin, _ = twins["three"].backward(dy[..., :2], twin_cache.parts["three"])
print("2 and 2 channels: no error, and dx has the right shape", dx_twin.shape)

# %% [markdown]
# <details><summary>Answer</summary>
#
# With 2 and 3 channels it stops, because the shapes do not fit. With 2 and 2 every shape fits, and only the numbers
# are wrong. So test with sizes that are all different.
#
# </details>

# %% [markdown]
# ## 4. What it costs
#
# One block has two matrices, (C, C/r) and (C/r, C): $2C^2/r$ numbers, and a few biases. The paper's Eq. 5 adds the
# matrices of all blocks and leaves the biases out:
#
# $$\frac{2}{r}\sum_{\text{blocks}} C^2$$
#
# (The paper groups the blocks of equal C into stages, so its sum runs over stages.) `describe` sends one image
# through the network and counts two things: parameters, and *multiply-adds*, one multiplication with its addition.
# SE's *share* below is what it adds, divided by what the network has without it.
#
# **Predict:** Which is larger: SE's share of the parameters, or SE's share of the multiply-adds?

# %% tags=["hide-output"]
from senet_np.nets.describe import added_by_se, count_parameters, equation_5, multiply_adds

print("           blocks   parameters: net, SE, share       Eq. 5  biases     multiply-adds: net, SE, share")
for name in ("tiny", "vgg", "inception", "resnet20", "resnet110"):
    with_se, plain = NETS[name].build(se=True), NETS[name].build(se=False)
    added, weights, products = added_by_se(with_se), count_parameters(plain), multiply_adds(plain)
    paper = equation_5(added.channels, reduction=4)
    print(f"{name:10} {len(added.channels):6}",
          f"{weights:14,} {added.parameters:8,} {100 * added.parameters / weights:5.1f} %",
          f"{paper:9,.0f} {added.biases:7,}",
          f"{products / 1e6:13.1f} M {added.multiply_adds:9,} {100 * added.multiply_adds / products:5.2f} %")
    assert count_parameters(with_se) == weights + added.parameters  # nothing but the blocks is new
    assert added.parameters == paper + added.biases

# %% [markdown]
# <details><summary>Answer</summary>
#
# The share of the parameters: from 3 % to 20 %. In multiply-adds SE costs less than one per cent. The reason: a
# convolution uses its weights at every position of the image, SE uses its own once per image. Inception's share of
# parameters is the largest because many of its convolutions are 1×1 and so have few weights.
#
# </details>

# %% [markdown]
# **In which stage do these costs arise?** From stage to stage C doubles, and H·W falls to a quarter. A block costs
# $2C^2/r$ parameters, and $2C^2/r + H\,W\,C$ multiply-adds: the two matrices once, the scaling at every position.
#
# **Predict:** How do the parameters of a block change from stage to stage? And its multiply-adds?

# %% tags=["hide-output"]
def by_stage(name):
    """{stage: (parameters, multiply-adds)} of a network's SE blocks."""
    found = {}
    for row in describe(NETS[name].build(se=True)):
        if isinstance(row.layer, SE):
            stage = row.path.split(".")[0]
            found[stage] = np.add(found.get(stage, (0, 0)), (row.parameters, row.multiply_adds))
    return found


costs = {name: by_stage(name) for name in ("tiny", "vgg", "resnet20", "inception")}
for name, stages in costs.items():
    parameters, products = np.transpose([*stages.values()])
    print(f"{name:10} parameters {parameters}, {100 * parameters[-1] / parameters.sum():.0f} % in the last stage;",
          f"multiply-adds {products}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, panels = plt.subplots(1, 2, figsize=(11, 3), sharey=True, layout="constrained")
    looks = {"stage1": (GRAY, ""), "stage2": (BLUE, ".."), "stage3": (ORANGE, "//")}
    for axes, shares, what in zip(panels, (0, 1), ("parameters", "multiply-adds")):
        for name, stages in costs.items():
            numbers = np.array([cost[shares] for cost in stages.values()])
            left = 0
            for stage, share in zip(stages, 100 * numbers / numbers.sum()):
                color, hatch = looks[stage]
                axes.barh(name, share, left=left, color=color, hatch=hatch, edgecolor="white",
                          label=stage if name == "tiny" else None)
                left += share
        axes.set(title=f"where SE adds its {what}", xlabel="share of what SE adds (%)", xlim=(0, 100))
    panels[0].invert_yaxis()  # the first network at the top; both panels share the axis
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# The parameters grow fourfold, because they grow with C². With three stages of as many blocks each, the last one
# has 16 of 1 + 4 + 16 = 21 parts, about three quarters.
#
# The multiply-adds have two parts. Those of the scaling fall by half: H·W falls to a quarter and C doubles. Those
# of the matrices grow fourfold. In early stages the maps are large, so the scaling decides, and the sum falls. In
# late stages the matrices count more. Then the sum falls more slowly, and on Inception it rises.
#
# </details>

# %%
assert all(stages[max(stages)][0] > 0.7 * sum(cost[0] for cost in stages.values()) for stages in costs.values())

# %% [markdown]
# The paper says the same of its ResNet-50. Eq. 5 is enough to check it:

# %%
stages_of_resnet50 = [(256, 3), (512, 4), (1024, 6), (2048, 3)]  # channels, blocks; the paper's r is 16
stage_counts = np.array([equation_5([channels] * blocks, reduction=16) for channels, blocks in stages_of_resnet50])
print("added, by stage:", stage_counts.astype(int), f" in all {stage_counts.sum() / 1e6:.2f} million")
print("share of each stage, %:", 100 * stage_counts / stage_counts.sum())
resnet50 = 25.6e6  # its parameters without SE, about
print(f"SE adds {100 * stage_counts.sum() / resnet50:.1f} % to ResNet-50,",
      f"without the last stage's blocks {100 * stage_counts[:-1].sum() / resnet50:.1f} %")

# %% [markdown]
# That is a way to save parameters. The paper (its section 4) leaves out the blocks of the last stage: the overhead
# falls from about 10 % to about 4 %, and the top-5 error on ImageNet rises by less than 0.1 %.

# %% [markdown]
# ## 5. One block, four places: what does it see?
#
# The gates are a function of z, and z is the mean of the maps that enter the block. So the place decides what the
# gates see. To see the effect of the place alone, we give four small residual networks the same weights: each array
# comes from one collection, by its name. (W₁ is made four times as large as usual, so that the gates differ
# visibly.)

# %%
def residual_net(position):
    return resnet(widths=(6,), blocks=1, reduction=1, position=position)


def name_of(path):
    return tuple(path.split(".")[-2:])  # ("conv1", "w"), wherever in the network it stands


collection = {name_of(path): array for path, array in tree_items(residual_net("standard").init(rng)[0])}
collection["se", "w1"] = 4 * collection["se", "w1"]
blocks, logits = {}, {}
for position in POSITIONS:
    net = residual_net(position)
    fresh, state = net.init(rng)
    params = tree_build({path: collection[name_of(path)] for path, _ in tree_items(fresh)})
    logits[position], cache, _ = net.forward(params, state, images, True)  # 8 images, in training mode
    [(path, blocks[position])] = se_caches(cache).items()
    print(f"{position:9} {path}")

# %% [markdown]
# **Predict:** At which of the four places is z never negative? And at which is the mean of z over the eight images
# 0, in every channel?

# %% tags=["hide-output"]
for position, block in blocks.items():
    print(f"{position:9} smallest z {block.z.min():+.3f}   means of z over the images {block.z.mean(axis=0) + 0.0}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, panels = plt.subplots(2, 4, figsize=(11, 5), sharex=True, sharey=True, layout="constrained")
    limit = max(np.abs(block.z).max() for block in blocks.values())
    for column, (position, block) in zip(panels.T, blocks.items()):
        top = column[0].imshow(block.z, cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="auto")
        low = column[1].imshow(block.s, cmap="gray", vmin=0, vmax=1, aspect="auto")
        column[0].set_title(position)
        column[1].set_xlabel("channel")
    for axes in panels[:, 0]:
        axes.set_ylabel("image")
    figure.colorbar(top, ax=panels[0], label="z: purple below 0,\norange above 0")
    figure.colorbar(low, ax=panels[1], label="gate s: dark = shut,\nbright = open")
    figure.suptitle("One block, the same weights, four places")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# z is never negative at *pre*, *post* and *identity*: the maps there come from a ReLU. At *standard* the maps come
# from a batch norm. In training a fresh one gives each channel mean 0 over images and positions, so z has mean 0
# over the images. There z tells how far *this* image lies from the others of its batch, above (orange) or below
# (purple).
#
# </details>

# %%
assert np.allclose(blocks["standard"].z.mean(axis=0), 0, atol=1e-6)
assert all((blocks[position].z >= 0).all() for position in ("pre", "post", "identity"))
assert np.array_equal(blocks["pre"].s, blocks["identity"].s)  # the question of section 1
print("first logits: pre", logits["pre"][0, :4], " identity", logits["identity"][0, :4])

# %% [markdown]
# *Pre* and *identity* compute the same gates, and the logits differ. So what a gate *sees* and what it *multiplies*
# are two questions.

# %% [markdown]
# ## 6. Which place is best?
#
# The paper compared the four places on ImageNet with ResNet-50 (its section 6.5; one network each). It gives the
# *top-1 error*: the share of images whose most probable class is wrong, so lower is better.
#
# **Predict:** By the argument of section 2, which two places should have the largest errors?

# %% [markdown]
# <details><summary>Answer</summary>
#
# | | no SE | standard | pre | post | identity |
# |---|---:|---:|---:|---:|---:|
# | top-1 error, % | 23.30 | 22.28 | 22.23 | 22.78 | 22.20 |
#
# By the argument: *post* and *identity*, where the gates multiply the shortcut. *Post* is indeed the worst of the
# four. But *identity* has the smallest error of all, so here the argument fails.
#
# Do not read too much into the small differences. Each error was measured on 50,000 images, and with 50,000 others
# it would move by about 0.2 points (notebook 11, section 1). So these numbers cannot order *standard*, *pre* and
# *identity*.
#
# </details>

# %% [markdown]
# The same comparison was made with this package: ResNet-20 on CIFAR-10, three seeds, three epochs
# (`docs/comparisons/resnet20-position.toml`). For each seed, all networks see the images in the same order.
#
# **Predict:** Which places lose against *standard* there, in a short training of a small network?

# %% [markdown]
# <details><summary>Answer</summary>
#
# | test accuracy minus that of *standard*, points | seed 0 | seed 1 | seed 2 |
# |---|---:|---:|---:|
# | pre | +1.06 | −0.62 | −1.17 |
# | post | −2.57 | −5.21 | −2.85 |
# | identity | −4.46 | −3.57 | −3.77 |
# | without SE | +0.16 | −0.13 | −0.58 |
#
# *Post* and *identity*, with each of the three seeds. So on *identity* the small network contradicts the large one.
# In a short training the argument of section 2 may still hold, because the gates have had little time to open. That
# is a guess that fits, and no run here tests it. [docs/results.md](../docs/results.md) has all the numbers.
#
# </details>

# %% [markdown]
# ## 7. Nine blocks that learned
#
# `resnet20-se` comes with the package: an SE-ResNet-20 that was trained once, with seed 0, on CIFAR-10 (a
# JPEG-recompressed copy). We draw the paper's Figure 6 for it: one panel per block, and in it each channel's mean
# gate for four classes. Cat and dog, airplane and ship were chosen in advance, as two pairs of similar classes.
#
# The paper describes its own figure like this: early gates are *generic* (much the same for all classes), late
# gates are *class-specific*.
#
# **Predict:** If that holds here, in which panels do the colored lines leave the black one, the mean of all images?

# %% tags=["hide-output"]
from senet_np.analysis.findings import load_findings
from senet_np.figures.profiles import draw_profiles
from senet_np.figures.style import add_title
from senet_np.runs.bundled import findings_path

trained = senet_np.load("resnet20-se")
found = load_findings(findings_path("resnet20-se"))
chosen = [trained.classes.index(name) for name in ("cat", "dog", "airplane", "ship")]
with style():
    figure = draw_profiles(found.blocks, trained.classes, chosen)
    add_title(figure, "Mean gates of four classes, block by block", f"resnet20-se, {found.images}")
figure

# %% [markdown]
# <details><summary>Answer</summary>
#
# One would expect: hardly in stage 1, most in stage 3. The last block fits. Before it there is no steady growth: in
# stage2.block1 and stage2.block2 the lines leave the black one too, and in stage2.block3 they lie on it again.
#
# </details>

# %% [markdown]
# The gray band is the spread over images. In several blocks, such as stage2.block1, it reaches further than the
# lines of the classes. There the gates look at the image, and only partly at its class. A figure of means alone
# would hide that.
#
# Now two kinds of numbers per block. First, which share of the variance of its gates belongs to the channel, to the
# class and to the image (notebook 9, section 3). Second, how much accuracy is lost when its gates no longer look at
# the image, and each channel gets its mean gate.
#
# **Predict:** Which block loses most accuracy with mean gates: the one with the largest class share?

# %% tags=["hide-output"]
from senet_np.analysis.specificity import variance_shares

counts, sum_of_losses = found.interventions, 0
print("block           mean gate  channel  class   image   accuracy lost with mean gates")
for path, stats in found.blocks.items():
    shares = "".join(f"{100 * share:6.1f} %" for share in variance_shares(stats)[:3])  # channel, class, image
    lost = 100 * (counts.learned - counts.correct[path]["mean"]) / counts.n
    sum_of_losses += lost
    print(f"{short(path):15} {stats.mean.mean():9.2f} {shares} {lost:+8.2f} points")
together = 100 * (counts.learned - counts.correct["all blocks"]["mean"]) / counts.n
print(f"the nine losses added up {sum_of_losses:+.2f} points; all nine blocks at once {together:+.2f} points,",
      f"of {100 * counts.learned / counts.n:.1f} %")

# %% [markdown]
# <details><summary>Answer</summary>
#
# No. The last block has by far the largest class share, 37 %, and costs next to nothing. The most costly one is
# stage2.block1, with less than a point. All nine blocks at once cost more than the nine single losses added up. So
# if one block stops looking at the image, the others seem to replace part of its work.
#
# </details>

# %% [markdown]
# In the figure the last block looks special: each class's line is the black line moved up or down. To *move all
# channels together* is less than to choose channels.
#
# **Predict:** In the last block, which part of the differences between classes is such a common shift of all
# channels?

# %% tags=["hide-output"]
print("share of the classes' variance that is a common shift of all channels")
for path, stats in found.blocks.items():
    apart = stats.mean - stats.overall_mean  # (classes, C): each class's mean gates minus the usual ones
    shift = apart.mean(axis=1, keepdims=True)  # (classes, 1): the same for all channels
    print(f"{short(path):15} {100 * (shift**2).mean() / (apart**2).mean():5.1f} %")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Nearly all of it, 97 %. In this block the class does not choose *channels*: it turns the whole branch up or down.
# The paper saw something similar in the last block of its SE-ResNet-50: one pattern for all classes, up to its
# scale. A class share alone cannot show this. It is as large when 64 channels carry 64 different things as when all
# carry one.
#
# </details>

# %% [markdown]
# All of this is one network and one seed. No figure of gates shows whether SE helped it at all. For that you need
# the same network without SE, and several seeds: notebook 11.
#
# See it move: `python -m senet_np explorer resnet20-se` writes `explorer.html`, with the nine blocks of this
# network.
#
# ## In five sentences
#
# 1. An SE block returns the shape that it was given, so it can stand after any layer: after each ReLU of a VGG,
#    after the concatenation of an Inception module, on the branch of a residual block before the sum.
# 2. What is used twice in the forward pass gets the sum of two gradients, and what is joined is split again.
# 3. A block costs $2C^2/r$ parameters and biases, so most parameters are in the last stage; in multiply-adds it
#    costs less than one per cent.
# 4. The place decides what z measures and what the gates multiply: after a ReLU z is never negative, after a batch
#    norm it has both signs, and gates on the shortcut shrink what a fresh network carries from block to block.
# 5. An argument about the first step does not tell which place is best, and a figure of gates does not tell whether
#    SE helped: both need measurements.
#
# ## Exercises

# %% [markdown]
# ### Exercise 10.1 · Count before you build
#
# Write a function that counts the parameters that SE adds to a residual network of this package, without building
# it. The network has `blocks` residual blocks in each stage; `widths` are the channels of its stages; SE stands at
# the place *standard*. Count everything that SE learns. For `widths=(16, 32, 64)`, `blocks=3` and `r=4` the table
# of section 4 has 8,484.
#
# <details><summary>Hint</summary>
#
# Four arrays per block: `w1`, `b1`, `w2`, `b2`. Their shapes are on the [symbols](../docs/symbols.md) sheet, and so
# is the rule for the number of hidden units, which matters when r is large and C is small.
#
# </details>

# %%
def added_parameters(widths, blocks, r):
    """The number of parameters that SE adds to resnet(widths=widths, blocks=blocks, reduction=r)."""
    ...


check("10.1", added_parameters)


# %% [markdown]
# ### Exercise 10.2 · A gate on the shortcut
#
# Write the backward pass of a residual block of the place *identity*: y = branch(x) + shortcut(x), where `shortcut`
# is an SE block. Both layers have `backward(dy, cache)`, which returns the gradient of the layer's input and a dict
# with those of its parameters. Return dx.
#
# <details><summary>Hint</summary>
#
# Draw the two ways of x. What does each layer on a way do to dy on the way back?
#
# </details>

# %%
def identity_backward(dy, branch, branch_cache, shortcut, shortcut_cache):
    """dx, (N, H, W, C)."""
    ...


check("10.2", identity_backward)


# %% [markdown]
# ### Exercise 10.3 · Keep the input
#
# DenseNet, another family of networks, keeps its input and puts new channels beside it: y = [x, layer(x)]. x has C
# channels, `layer` returns some more. Write the backward pass.
#
# <details><summary>Hint</summary>
#
# It needs both halves of the rule in section 3: something is joined, and something is used twice. C is the number
# of channels of x, so it tells where y is joined.
#
# </details>

# %%
def dense_backward(dy, C, layer, cache):
    """dx, (N, H, W, C), for y = [x, layer(x)]."""
    ...


check("10.3", dense_backward)

# %% [markdown]
# ### Exercise 10.4 · Spot the bug
#
# A residual block with two branches: y = x + first(x) + second(x). This is its backward pass:
#
# ```python
# def sum_backward(dy, parts, caches):
#     dx = dy                                     # along the shortcut
#     for part, cache in zip(parts, caches):      # and along each branch
#         dx += part.backward(dy, cache)[0]
#     return dx
# ```
#
# Its dx is right for a block with *one* branch, and wrong for two. Find out why, and write it correctly. `parts` is
# a list of layers, `caches` the list of their caches. (The function above has a fault with one branch as well, only
# dx does not show it.)
#
# <details><summary>Hint</summary>
#
# Call the function above with two convolutions, and print `dy.sum()` in each round of the loop.
#
# </details>

# %%
def sum_backward(dy, parts, caches):
    """dx for y = x + parts[0](x) + parts[1](x) + …"""
    ...


check("10.4", sum_backward)

# %% [markdown]
# ### Exercise 10.5 · Open the gates
#
# Section 2 silenced the branches and left the gates at about 1/2. Two numbers:
#
# 1. `share`: what `share_that_arrives` returns for the place *identity* when the branches are silent and every
#    `se.b2` is filled with 4. Estimate it first: σ(4) = 0.982, and there are nine blocks. Then measure it, and give
#    the measured number with three significant digits.
# 2. `below_one`: now leave all parameters as they are, so the branches work and gates are about 1/2. At how many of
#    the four places is the share below 1?
#
# <details><summary>Hint</summary>
#
# `share_that_arrives` takes a function like `mute`. Write another one: paths of the biases end with `"se.b2"`, and
# `np.full_like(array, 4)` is an array of fours of the same shape. For the second number the function returns each
# array as it is.
#
# </details>

# %%
share = ...
below_one = ...

check("10.5", share, below_one)

# %% [markdown]
# Solutions: [solutions/10_any_cnn.ipynb](solutions/10_any_cnn.ipynb), after you have tried.
#
# **Read next:** `senet_np/containers.py`, the three containers; `senet_np/nets/resnet.py`;
# [docs/gates.md](../docs/gates.md), which shows `resnet20-se` beside the other networks. Then notebook 11: how to
# tell a difference from luck.
