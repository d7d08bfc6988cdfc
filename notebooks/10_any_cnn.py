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
# **Afterwards you can** say where SE attaches to any CNN, and what its gates can see there; write the
# backward passes of a sum and of a concatenation by hand and prove them; count what SE adds to a network
# before you build it, and say in which stage it sits; and read the gates of nine blocks of a trained ResNet
# without fooling yourself.
#
# **You need** notebooks 5 (the block) and 9 (reading gates). **Time:** 45 minutes.
#
# An SE block takes feature maps U (N, H, W, C) and gives back maps of the same shape. So it fits behind any
# layer. The question is where it should stand. The paper (Hu et al., arXiv 1709.01507) answers for three
# families of networks.

# %%
import inspect

import matplotlib.pyplot as plt
import numpy as np

import senet_np
from senet_np.figures.style import BLUE, GRAY, ORANGE, short, style
from senet_np.nets import NETS, inception, resnet, vgg
from senet_np.nets.attention import POSITIONS
from senet_np.nets.describe import describe

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)


# %%
def draw(axes, boxes, arrows):
    """boxes: {name: (x, y, text)}; SE is orange. arrows: (from, to), straight from box to box."""
    shapes = {}
    for name, (x, y, text) in boxes.items():
        color, width = (ORANGE, 2.5) if name.startswith("se") else (GRAY, 1)
        look = {"boxstyle": "round", "facecolor": "white", "edgecolor": color, "linewidth": width}
        words = axes.text(x, y, text, ha="center", va="center", fontsize=9, bbox=look)
        shapes[name] = words.get_bbox_patch()
    for start, end in arrows:
        look = {"arrowstyle": "-|>", "color": GRAY, "patchA": shapes[start], "patchB": shapes[end]}
        axes.annotate("", boxes[end][:2], boxes[start][:2], arrowprops=look)
    axes.set(xlim=(-0.5, max(x for x, _, _ in boxes.values()) + 0.5))
    axes.axis("off")


def show_code(thing, word):
    """The lines of our own source that hold a word."""
    print("\n".join(line.strip() for line in inspect.getsource(thing).splitlines() if word in line))


# %% [markdown]
# ## 1. Where it attaches
#
# **VGG** is a chain. SE stands after each convolution's non-linearity.
#
# *Predict: can a channel's z be negative there?*

# %%
show_code(vgg, "attach(number")
with style():
    figure, axes = plt.subplots(figsize=(9, 1.2), layout="constrained")
    names = ["x", "conv 3×3", "BN", "ReLU", "SE", "next conv"]
    boxes = {name.lower(): (k, 0, name) for k, name in enumerate(names)}
    draw(axes, boxes, [*zip([*boxes][:-1], [*boxes][1:])])
    axes.set(title="VGG: after each ReLU", ylim=(-0.6, 0.6))
plt.show()

# %% [markdown]
# `attach(number, c)` gives `[("se", block)]`, or nothing where the network is to have none: one line serves
# both. Run images through the first unit and look at z.

# %%
from senet_np.containers import se_caches
from senet_np.data import load_shapes

images = load_shapes(sizes=(8, 1, 1)).train.images.astype(np.float32) / 127.5 - 1  # (8, 32, 32, 3)
net = vgg(widths=(8, 16, 32))
for row in describe(net)[:5]:
    print(f"{row.path:20} {row.what:28} {row.shape}")

_, cache, _ = net.forward(*net.init(rng), images, True)
z = se_caches(cache)["stage1.unit1.se"].z  # (N, C)
print(f"\nz from {z.min():.3f} to {z.max():.3f}")
assert (z >= 0).all()

# %% [markdown]
# z is a mean of a ReLU's output, so it is never negative: it measures how much of a channel's feature there
# is.
#
# **Inception** has no single convolution that the block could belong to. SE takes the module as a whole:
# after the concatenation, so that the gates of all four branches are computed from all four.

# %%
show_code(inception, "attach(number")
with style():
    figure, axes = plt.subplots(figsize=(9, 3), layout="constrained")
    boxes = {"x": (0, 1.5, "x"), "join": (4, 1.5, "concatenate"), "se": (5, 1.5, "SE"),
             "out": (6, 1.5, "next")}
    branches = {"one": ["conv 1×1"], "three": ["conv 1×1", "conv 3×3"], "five": ["conv 1×1", "conv 5×5"],
                "pool": ["max-pool", "conv 1×1"]}
    arrows = [("join", "se"), ("se", "out")]
    for y, (name, steps) in zip((3, 2, 1, 0), branches.items()):
        places = [f"{name}{k}" for k in range(len(steps))]
        xs = (1.9,) if len(steps) == 1 else (1.3, 2.5)
        boxes |= {place: (x, y, step) for place, x, step in zip(places, xs, steps)}
        arrows += [*zip(["x", *places], [*places, "join"])]
    draw(axes, boxes, arrows)
    axes.set(title="Inception: around the whole module, after the concatenation", ylim=(-0.5, 3.5))
plt.show()

# %% [markdown]
# **ResNet** adds a branch to its input, y = branch(x) + shortcut(x). SE stands on the branch, as its
# last step before the sum (the paper's Figure 3): what passes by on the shortcut is never gated. Three
# other places are natural, and the paper tries them in its section 6.5: *pre*, on the branch before its
# first convolution; *post*, after the sum and its ReLU; *identity*, on the shortcut.
#
# *Before you look: at which of the four places can z be negative? Which two see the very same maps?*

# %%
show_code(inspect.getmodule(resnet), "attach(stage")
with style():
    figure, axes = plt.subplots(figsize=(11, 3), layout="constrained")
    boxes = {"x": (0, 0.5, "x"), "se pre": (1, 1, "SE\npre"), "conv1": (2.2, 1, "conv BN\nReLU"),
             "conv2": (3.3, 1, "conv BN"), "se standard": (4.4, 1, "SE\nstandard"),
             "se identity": (2.2, 0, "SE\nidentity"), "plus": (5.5, 0.5, "+"), "relu": (6.2, 0.5, "ReLU"),
             "se post": (7, 0.5, "SE\npost"), "y": (7.8, 0.5, "y")}
    order = ["x", "se pre", "conv1", "conv2", "se standard", "plus", "relu", "se post", "y"]
    draw(axes, boxes, [*zip(order[:-1], order[1:]), ("x", "se identity"), ("se identity", "plus")])
    axes.set(title="A residual block: four places, and a network has SE at one of them", ylim=(-0.5, 1.5))
plt.show()

# %% [markdown]
# ## 2. Backward through a sum
#
# Two of these networks need a backward pass that notebook 5 did not have. First the residual block, for an
# identity shortcut:
#
# $$y = f(x) + x$$
#
# x goes two ways, as u did in the SE block. Along the branch $\partial L/\partial x$ is what the branch's
# own backward pass makes of dy. Along the shortcut $\partial y/\partial x = 1$, so dy arrives as it is. *x
# fans out: its gradients add.*
#
# $$\mathrm{d}x = f'(\mathrm{d}y) + \mathrm{d}y$$
#
# Here f is a convolution and an SE block, and $f'(\mathrm{d}y)$ stands for `branch.backward(dy, …)`.

# %%
from senet_np.containers import Concat, Residual, Sequential
from senet_np.gradcheck import check_gradients
from senet_np.layers import SE, Conv2D

branch = Sequential([("conv", Conv2D(4, 4, bias=False)), ("se", SE(4, reduction=2))])
params, state = branch.init(rng, np.float64)
x = rng.standard_normal((2, 5, 3, 4))


def residual_forward(x):
    f, cache, _ = branch.forward(params, state, x, True)
    return f + x, cache


def residual_backward(dy, cache):
    dx_branch, _ = branch.backward(dy, cache)
    dx_shortcut = dy  # the identity hands dy on as it is
    return dx_branch + dx_shortcut  # x fanned out: its two gradients add


# %% [markdown]
# *Predict: which of the two gradients would you miss more, if you forgot it?*

# %%
report = check_gradients(residual_forward, residual_backward, [x])
print(report)
assert report

block = Residual(branch)  # the library's
dy = rng.standard_normal(x.shape)
_, cache, _ = block.forward({"branch": params}, {}, x, True)
dx, grads = block.backward(dy, cache)
assert np.allclose(dx, residual_backward(dy, cache["branch"]))

dx_branch, _ = branch.backward(dy, cache["branch"])
sizes = [np.linalg.norm(part) for part in (dx, dx_branch, dy)]
print("size of dx {:.1f}, of the branch's part {:.1f}, of the shortcut's part, dy, {:.1f}".format(*sizes))


# %% [markdown]
# The branch's part is the smaller one here: gates of about 1/2 halve what comes back through it. Without dy
# most of the gradient would be missing.
#
# ### What the shortcut carries through nine blocks
#
# A sum hands dy on undamped, however many sums there are. With SE that depends on the place. Put nine
# blocks in a row and mute their branches (the last batch norm's gamma is 0), so that only the shortcuts
# carry anything.
#
# *Predict for the four places: how large is dx behind nine blocks, as a share of dy? At the start gates are
# about 1/2.*

# %%
from senet_np.tree import tree_build, tree_items

x = np.abs(rng.standard_normal((4, 6, 6, 16)))  # above 0: no ReLU shuts
dy = rng.standard_normal(x.shape)

for position in POSITIONS:
    stage = resnet(widths=(16,), blocks=9, position=position).parts["stage1"]
    params, state = stage.init(np.random.default_rng(0), np.float64)
    muted = {path: 0 * array if path.endswith("bn2.gamma") else array for path, array in tree_items(params)}
    _, cache, _ = stage.forward(tree_build(muted), state, x, True)
    dx, _ = stage.backward(dy, cache)
    print(f"{position:9} size of dx / size of dy = {np.linalg.norm(dx) / np.linalg.norm(dy):.4f}")
    assert np.allclose(dx, dy) == (position in ("standard", "pre"))
print(f"\n(1/2) to the 9th = {0.5**9:.4f}")

# %% [markdown]
# On the branch (standard, pre) SE leaves the shortcut alone. On the shortcut, or behind the sum, every
# block multiplies the identity by its gates.
#
# It is tempting to conclude which place must be best. Hold that thought until section 6: the branches were
# mute, a network can learn to open its gates, and an argument about the first step of the training is no
# measurement of the last.

# %% [markdown]
# ## 3. Backward through a concatenation
#
# An Inception module puts the outputs of its branches side by side:
#
# $$y = [f_1(x),\, f_2(x),\, \dots]$$
#
# Channel c of y belongs to one branch. So dy is *split* at the same channels, each branch gets its own
# part, and x, which all of them saw, receives the *sum*:
#
# $$\mathrm{d}x = \sum_k f_k'(\mathrm{d}y_k)$$
#
# Splitting and adding are each other's mirror: what fans out forward adds backward, and what is joined
# forward is split backward.

# %%
parts = {"one": Conv2D(4, 2, kernel_size=1), "three": Conv2D(4, 3, kernel_size=3)}  # 2 and 3 channels
params, _ = Sequential([*parts.items()]).init(rng, np.float64)
x = rng.standard_normal((2, 5, 3, 4))


def branches_forward(x):
    ys, caches = [], {}
    for name, part in parts.items():
        y, caches[name], _ = part.forward(params[name], {}, x, True)
        ys.append(y)
    return np.concatenate(ys, axis=-1), caches  # (N, H, W, 2 + 3)


def branches_backward(dy, caches):
    dy_one, dy_three = dy[..., :2], dy[..., 2:]  # each its own channels
    dx_one, _ = parts["one"].backward(dy_one, caches["one"])
    dx_three, _ = parts["three"].backward(dy_three, caches["three"])
    return dx_one + dx_three  # x fanned out to both


# %%
report = check_gradients(branches_forward, branches_backward, [x])
print(report)
assert report

module = Concat(parts)
y, cache, _ = module.forward(params, {}, x, True)
dy = rng.standard_normal(y.shape)
dx, _ = module.backward(dy, cache)
assert np.allclose(dx, branches_backward(dy, cache.parts))
print("the library splits dy at channel", cache.ends)

# %% [markdown]
# The test has branches of 2 and 3 channels on purpose. With 2 and 2 a backward pass that mixes up their
# order would still fit in every shape.

# %% [markdown]
# ## 4. What it costs
#
# One block has two matrices, C×h and h×C with h = C/r, and two biases: about $2C^2/r$ numbers. A network
# with $N_s$ blocks of $C_s$ channels in stage s has (the paper's Eq. 5, which counts no biases)
#
# $$\frac{2}{r}\sum_s N_s\,C_s^2$$
#
# `describe` runs an image through the network and counts. *Predict: is SE's share of a network's
# parameters larger than its share of the multiply-adds, or smaller?*

# %%
from senet_np.nets.describe import added_by_se, count_parameters, equation_5, multiply_adds

print("           blocks   parameters: net, SE, share       Eq. 5  biases     multiply-adds: net, SE, share")
for name in ("tiny", "vgg", "inception", "resnet20", "resnet110"):
    with_se, plain = NETS[name].build(se=True), NETS[name].build(se=False)
    added, n, m = added_by_se(with_se), count_parameters(plain), multiply_adds(plain)
    paper = equation_5(added.channels, reduction=4)
    print(f"{name:10} {len(added.channels):6}",
          f"{n:14,} {added.parameters:8,} {100 * added.parameters / n:5.1f} %",
          f"{paper:9,.0f} {added.biases:7,}",
          f"{m / 1e6:13.1f} M {added.multiply_adds:9,} {100 * added.multiply_adds / m:5.2f} %")
    assert count_parameters(with_se) == n + added.parameters  # nothing but the blocks is new
    assert added.parameters == paper + added.biases

# %% [markdown]
# In parameters SE costs from a few per cent to a fifth (most on Inception, whose convolutions are largely
# 1×1 and so have few weights of their own); in multiply-adds less than one per cent. A convolution's
# weights are used at every position, those of SE once per image.
#
# **Where does it sit?** From stage to stage C doubles and H·W falls to a quarter. *Predict: how does each
# of the two costs, 2C²/r parameters and 2C·h + H·W·C multiply-adds, change from stage to stage?*

# %%
def by_stage(name):
    """{stage: (parameters, multiply-adds)} of a network's SE blocks."""
    found = {}
    for row in describe(NETS[name].build(se=True)):
        if isinstance(row.layer, SE):
            stage = row.path.split(".")[0]
            found[stage] = np.add(found.get(stage, (0, 0)), (row.parameters, row.multiply_adds))
    return found


# %%
costs = {name: by_stage(name) for name in ("tiny", "vgg", "resnet20", "inception")}
with style():
    figure, panels = plt.subplots(1, 2, figsize=(10, 2.6), sharey=True, layout="constrained")
    looks = {"stage1": (GRAY, ""), "stage2": (BLUE, ".."), "stage3": (ORANGE, "//")}
    for k, (axes, what) in enumerate(zip(panels, ("parameters", "multiply-adds"))):
        for name, stages in costs.items():
            total, left = sum(cost[k] for cost in stages.values()), 0
            for stage, cost in stages.items():
                color, hatch = looks[stage]
                share = 100 * cost[k] / total
                axes.barh(name, share, left=left, color=color, hatch=hatch, edgecolor="white",
                          label=stage if name == "tiny" else None)
                left += share
        axes.set(title=f"added {what}", xlabel="share of what SE adds (%)", xlim=(0, 100))
    panels[0].invert_yaxis()  # the first network at the top; both panels share the axis
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
    figure.suptitle("SE's parameters are mostly in the last stage, its multiply-adds are not")
plt.show()

# %%
for name, stages in costs.items():
    parameters = np.array([cost[0] for cost in stages.values()])
    share = parameters[-1] / parameters.sum()
    print(f"{name:10} added parameters by stage {parameters}, of which the last has {100 * share:.0f} %")
    assert share > 0.7

# %% [markdown]
# Parameters grow with C²: twice the channels, four times the numbers. With as many blocks in each of three
# stages the last has 16 of 1 + 4 + 16 parts. The multiply-adds are mostly the scaling's, H·W·C, and that
# halves from stage to stage.
#
# The paper reports the same of its ResNet-50. Eq. 5 is enough to check it:

# %%
stages_of_resnet50 = [(256, 3), (512, 4), (1024, 6), (2048, 3)]  # channels, blocks; the paper's r is 16
by_stages = np.array([equation_5([c] * n, reduction=16) for c, n in stages_of_resnet50])
print("added, by stage:", by_stages.astype(int), f" in all {by_stages.sum() / 1e6:.2f} million")
print("share of each stage, %:", 100 * by_stages / by_stages.sum())
resnet50 = 25.6e6  # its parameters without SE, about
print(f"SE adds {100 * by_stages.sum() / resnet50:.1f} % to ResNet-50,",
      f"without the last stage's blocks {100 * by_stages[:-1].sum() / resnet50:.1f} %")

# %% [markdown]
# The paper (section 4) reports this too: most of the added parameters come from the last stage, and leaving its
# blocks out costs less than 0.1 % in error on ImageNet, while the overhead falls from about 10 % to about
# 4 %.

# %% [markdown]
# ## 5. One block, four places: what does it see?
#
# The gates are a function of z, and z is the mean of whatever stands in front of the block. To see that
# nothing else differs, we give four small residual networks the same weights: each array is taken from one
# bank by its name. (w1 is four times as large as fresh ones are, so that gates which differ can be seen to
# differ.)

# %%
def residual_net(position):
    return resnet(widths=(6,), blocks=1, reduction=1, position=position)


def name_of(path):
    return tuple(path.split(".")[-2:])  # ("conv1", "w"), wherever in the network it stands


bank = {name_of(path): array for path, array in tree_items(residual_net("standard").init(rng)[0])}
bank["se", "w1"] = 4 * bank["se", "w1"]
blocks = {}
for position in POSITIONS:
    net = residual_net(position)
    fresh, state = net.init(rng)
    params = tree_build({path: bank[name_of(path)] for path, _ in tree_items(fresh)})
    logits, cache, _ = net.forward(params, state, images, True)
    [(path, block)] = se_caches(cache).items()
    blocks[position] = block
    print(f"{position:9} {path:37} first logits {logits[0, :4]}")

# %% [markdown]
# *Predict: for which place is the mean of z over the batch 0 in every channel? For which is z never
# negative?*

# %%
for position, block in blocks.items():
    print(f"{position:9} z of image 4 {block.z[4]}\n{'':9} s of image 4 {block.s[4]}\n")

assert np.allclose(blocks["standard"].z.mean(axis=0), 0, atol=1e-6)  # behind a batch norm with beta = 0
assert all((blocks[position].z >= 0).all() for position in ("pre", "post", "identity"))  # behind a ReLU
assert np.array_equal(blocks["pre"].s, blocks["identity"].s)

# %%
with style():
    figure, panels = plt.subplots(2, 4, figsize=(10, 4.6), sharex=True, sharey=True, layout="constrained")
    limit = max(np.abs(block.z).max() for block in blocks.values())
    for column, (position, block) in zip(panels.T, blocks.items()):
        top = column[0].imshow(block.z, cmap="cividis", vmin=-limit, vmax=limit, aspect="auto")
        low = column[1].imshow(block.s, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        column[0].set_title(position)
        column[1].set_xlabel("channel")
    panels[0, 0].set_ylabel("image")
    panels[1, 0].set_ylabel("image")
    figure.colorbar(top, ax=panels[0], label="z")
    figure.colorbar(low, ax=panels[1], label="gate s")
    figure.suptitle("The same weights at four places: different z, so different gates")
plt.show()

# %% [markdown]
# *Standard* is the odd one. The batch norm in front of it has removed the mean, so in training z measures how
# far *this* image lies from the batch, with both signs. *Pre*, *post* and *identity* stand behind a ReLU.
#
# *Pre* and *identity* see the same maps and compute the same gates. But one multiplies the branch by them
# and the other the shortcut, so the logits differ. What a gate *is* and what it is *for* are two questions.

# %% [markdown]
# ## 6. Which place is best?
#
# On ImageNet, with ResNet-50, the paper found these top-1 errors (its section 6.5; one network each):

# %%
paper = {"no SE": 23.30, "standard": 22.28, "pre": 22.23, "post": 22.78, "identity": 22.20}
for place, error in paper.items():
    print(f"{place:9} {error:.2f} %   {error - paper['standard']:+.2f} points against standard")
assert min(paper, key=paper.get) == "identity"
standard_error = 100 * np.sqrt(0.2228 * (1 - 0.2228) / 50_000)  # of one accuracy on 50,000 validation images
print(f"\nstandard error of each figure: {standard_error:.2f} points")

# %% [markdown]
# Take the argument of section 2, that a gated shortcut must hurt: *identity* has the smallest error of all.
# *Post*, which gates everything, is the one that loses. And between standard, pre and identity the
# differences are smaller than the standard error that the number of images alone brings (notebook 11,
# section 1). So: standard, pre and identity cannot be told apart by these figures, and post looks worse.
#
# We ran it on ResNet-20 and CIFAR-10 (`docs/comparisons/resnet20-position.toml`: three seeds, three epochs).
# *Predict with section 2 which two places lose.* There it is *post* and *identity*, each in all three pairs, so
# on *identity* the small net contradicts the large one: [docs/results.md](../docs/results.md) shows how far,
# and how little three seeds and three epochs prove.

# %% [markdown]
# ## 7. Nine blocks that learned
#
# The bundled `resnet20-se`: SE-ResNet-20, trained on CIFAR-10 (a JPEG-recompressed copy), one run, seed 0.
# First the paper's Figure 6 for it: one panel per block, each channel's mean gate for four classes. Cat and
# dog, airplane and ship were chosen beforehand as two pairs that are alike.
#
# *Predict from the paper's reading, "generic early, class-specific late": in which panels do the colored
# lines leave the black one?*

# %%
from senet_np.analysis.findings import load_findings
from senet_np.figures.profiles import draw_profiles, title
from senet_np.figures.style import add_title
from senet_np.runs.bundled import findings_path

trained = senet_np.load("resnet20-se")
found = load_findings(findings_path("resnet20-se"))
chosen = [trained.classes.index(name) for name in ("cat", "dog", "airplane", "ship")]
with style():
    figure = draw_profiles(found.blocks, trained.classes, chosen)
    add_title(figure, title(found.blocks), f"resnet20-se, {found.images}")  # a sentence made of the numbers
figure

# %% [markdown]
# The gray band is the spread over images: wide in some blocks where the lines lie together. A mean alone
# would have hidden that. Now the numbers: what share of the variance of a block's gates belongs to the
# class (notebook 9, section 3), and what the network loses when the gates of that block, and only of that
# block, no longer look at the image.

# %%
from senet_np.analysis.specificity import variance_shares

counts, singly = found.interventions, 0
print("block           mean gate  channel  class   image   accuracy lost with mean gates")
for path, stats in found.blocks.items():
    channel, class_, image, _ = variance_shares(stats)
    lost = 100 * (counts.learned - counts.correct[path]["mean"]) / counts.n
    singly += lost
    parts = "".join(f"{100 * share:6.1f} %" for share in (channel, class_, image))
    print(f"{short(path):15} {stats.mean.mean():9.2f} {parts} {lost:+8.2f} points")
together = 100 * (counts.learned - counts.correct["all blocks"]["mean"]) / counts.n
print(f"the nine losses summed {singly:+.2f} points; all nine blocks at once {together:+.2f} points,"
      f" of {100 * counts.learned / counts.n:.1f} %")

# %% [markdown]
# Read it with the cautions of notebook 9.
#
# - *Early generic, late specific?* The last block has by far the largest class share. On the way there it
#   goes up and down: the last block of each of the first two stages is almost the same for all classes.
# - *Late means important?* No block alone costs a whole point, and the last one hardly anything. All at
#   once cost more than the nine single losses summed: the blocks stand in for each other.
# - *The last block* has a mean gate near 1. How much of what its classes do is one common shift of all
#   gates, up or down?

# %%
print("share of the classes' variance that is a common shift of all channels")
for path, stats in found.blocks.items():
    apart = stats.mean - stats.overall_mean  # (classes, C): each class's mean gates against the usual ones
    shift = apart.mean(axis=1, keepdims=True)  # (classes, 1): the same for all channels
    print(f"{short(path):15} {100 * (shift**2).mean() / (apart**2).mean():5.1f} %")

# %% [markdown]
# In the last block nearly all of it is: the class does not choose *channels* there, it turns the whole
# branch up or down. The paper saw the like in the last block of its SE-ResNet-50: one pattern for all
# classes, up to its scale. A class share alone does not show it: it is as large whether 64 channels each
# carry something different, or all carry the same one number.
#
# And all of it is one network, one seed. Whether SE helped it at all is not visible in any figure of
# gates: for that one needs the twin without SE, several seeds, and notebook 11.
#
# ## Try it
#
# 1. `vgg(position="pre")` is refused. Why? And compare what SE adds to `resnet20` with Eq. 5 for r = 4, 8
#    and 16 (leave out the biases: `se_bias=False`). At which r do they differ, and whose count is larger?
#
#    <details><summary>Hint</summary>
#
#    Look at `hidden_width` in `senet_np/se.py`: what would h be for 16 channels at r = 16?
#
#    </details>
#
# 2. Write the backward pass of a residual block whose *shortcut* is an SE block and whose branch is a
#    convolution (the position *identity*), and check it.
#
#    <details><summary>Hint</summary>
#
#    The shortcut has a backward pass of its own now, and it is no longer dy.
#
#    </details>
#
# 3. *Spot the bug.* A residual block with two branches, y = x + a(x) + b(x). What is wrong with this
#    backward pass? With one branch its dx is right: why, and what does `check_gradients` still report?
#
#    ```python
#    def backward(dy, caches):
#        dx = dy                                   # what the identity hands on
#        for part, cache in zip(parts, caches):    # and all that x fanned out to
#            dx += part.backward(dy, cache)[0]
#        return dx
#    ```
#
#    <details><summary>Hint</summary>
#
#    How many arrays are there? Print `dx is dy`.
#
#    </details>
#
# 4. Section 2 muted the branches. Do it again with gates that are open (set every `se.b2` to 4), and with
#    the branches on. What becomes of *post* and *identity*?
#
#    <details><summary>Hint</summary>
#
#    `path.endswith("se.b2")` in the loop over `tree_items(params)`. σ(4) is close to 1.
#
#    </details>
#
# Solutions: [solutions/10_any_cnn.ipynb](solutions/10_any_cnn.ipynb)
#
# **Read next:** `senet_np/containers.py`, the three containers; `senet_np/nets/resnet.py`;
# [docs/gates.md](../docs/gates.md), where `resnet20-se` stands beside the others; then notebook 11, when a
# difference is one.
