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
# # 9 · What it learned: reading gates without fooling yourself
#
# **Afterwards you can** look at a figure of gates and say what it shows and what it does not show; split the variance
# of a block's gates into channel, class and image; replace gates and measure whether the network needs gates that
# depend on the image; and name the comparison that a claim about gates lacks.
#
# **You need** notebooks 3 to 5 (the SE block) and 8 (the SE-CNN, the data set `shapes`). Mathematics: mean, variance,
# standard deviation, histograms.
#
# **Time:** 60 minutes to read and run, 110 with the exercises.
#
# Letters: [symbols](../docs/symbols.md).
#
# We read networks that come with the package. Each was trained once, so with one seed. `tiny-se` and `resnet20-se`
# learned CIFAR-10 (a JPEG-recompressed copy), 32×32 photos of ten classes. `shapes-se` learned the images that NumPy
# draws. Beside the weights lie the *findings*: what was measured on all test images. So you need no data set here.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, interact

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.data.photo import sample_photo
from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.runs.bundled import findings_path

np.set_printoptions(precision=3, suppress=True)

model = senet_np.load("tiny-se")
found = load_findings(findings_path("tiny-se"))
test, twin = model.metadata.result, senet_np.load("tiny-plain").metadata.result
print(f"tiny-se:    {100 * test.correct / test.n:.2f} % of {test.n:,} test images are right")
print(f"tiny-plain: {100 * twin.correct / twin.n:.2f} %")
print("mean gates by (class, channel):", {path: stats.mean.shape for path, stats in found.blocks.items()})

# %% [markdown]
# `tiny-plain` is the *twin* of `tiny-se`: the same network without SE blocks, trained in the same way. Keep its
# accuracy in mind. It must stand beside every claim about what the gates are good for.
#
# ## 1. One image is not enough
#
# Most figures of SE on the web show the gates of one image. Here is such a figure. The image is the photo of a person
# that comes with Matplotlib; it belongs to none of the ten classes.

# %%
photo = sample_photo()
_, activations = model.run(photo.small[None], record=True)
s_photo = activations.gates["stage3.se"][0]  # (C,) the gates of the last block

# %% jupyter={"source_hidden": true} tags=["hide-input"]
with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2), width_ratios=(1, 4), layout="constrained")
    left.imshow(photo.small)
    left.axis("off")
    right.bar(range(len(s_photo)), s_photo, width=1, color=BLUE)
    right.set_title("One image: its 128 gates in stage 3", fontsize=13)
    right.set_xlabel("channel", fontsize=12)
    right.set_ylabel("gate s", fontsize=12)
    right.set_ylim(0, 1)
plt.show()

# %% [markdown]
# The tall bars look like the important channels. We compare them with the gates of the 10,000 test images: for each
# channel the mean gate and its standard deviation (sd). The channels are sorted by their mean gate.
#
# **Predict:** Most bars are tall. Are these gates large for this photo in particular, or for most images?

# %%
last = found.blocks["stage3.se"]
order = np.argsort(last.overall_mean)
mean, sd = last.overall_mean[order], last.overall_sd[order]

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(10, 3.8), layout="constrained")
    band = np.maximum(mean - sd, 0), np.minimum(mean + sd, 1)
    axes.fill_between(range(128), *band, color=GRAY, alpha=0.3, label="10,000 images, mean ± sd")
    axes.plot(mean, color="black", label="their mean")
    axes.plot(s_photo[order], "o", markersize=4, color=ORANGE, label="the photo")
    axes.set_title("Stage 3: the gates of the photo and of 10,000 images", fontsize=13)
    axes.set_xlabel("channel, sorted by mean gate", fontsize=12)
    axes.set_ylabel("gate s", fontsize=12)
    axes.set_ylim(0, 1.01)
    axes.legend(loc="lower right", fontsize=12)
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# For most images. More than half of the 128 channels have a mean gate above 0.95 and little spread. They are nearly
# open for almost *every* image, so their tall bars say little about this photo.
#
# </details>
#
# A gate that is the same for every image is not attention. It is a constant, and a constant could be multiplied once
# into the weights beside it. What can tell something about an image is the *distance* of its gate from the
# usual one, compared with the spread.
#
# **Rule 1.** "The weight of a channel" is a distribution, not a number. Show the mean *and* the spread.

# %%
print(f"{(last.overall_mean > 0.95).sum()} of 128 channels have a mean gate above 0.95")

# %% [markdown]
# ## 2. Class means are not enough either
#
# The next figure that people make: they average the gates over the images of each class. Then they say "channel c is
# the ship channel". We look for the best such channel. The *class selectivity index* compares the largest class mean
# of a channel with the mean of all other classes:
#
# $$
# \frac{\mu_{\max}-\mu_{\text{rest}}}{\mu_{\max}+\mu_{\text{rest}}}
# $$
#
# It is 0 if a gate treats all classes alike, and 1 if it is open for one class alone. Here is the channel of stage 3
# with the largest index.

# %%
from senet_np.analysis.specificity import class_selectivity

c = int(class_selectivity(last.mean).argmax())
favorite = int(last.mean[:, c].argmax())
print(f"channel {c}")
rows = zip(model.classes, last.mean[:, c], last.sd[:, c])
for name, gate, spread in sorted(rows, key=lambda row: -row[1]):
    print(f"{name:10}  mean {gate:.2f}   sd {spread:.2f}")

# %% [markdown]
# The automobiles have the largest mean gate. So we use the channel as a detector: we call an image "automobile" if the
# gate of this channel is above 0.95. One in ten test images is an automobile.
#
# **Predict:** What percentage of the images that we call "automobile" are automobiles?

# %% tags=["hide-output"]
counts = last.counts.astype(float)  # (class, channel, 20 bins): histograms; the last bin is 0.95 to 1
inside = counts[favorite, c]
outside = counts[:, c].sum(axis=0) - inside
called, right = inside[-1] + outside[-1], inside[-1]
print(f"{called:,.0f} images have a gate above 0.95; {100 * right / called:.0f} % of them are automobiles")

# %% [markdown]
# <details><summary>Answer</summary>
#
# About a third. The means of trucks and ships are nearly as large, and each class has a spread. The gate says something
# about the class, for 34 % is more than 10 %. But the channel is not "the automobile channel".
#
# </details>

# %% jupyter={"source_hidden": true} tags=["hide-input"]
with style():
    figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
    edges = np.linspace(0, 1, 21)[:-1]
    for bars, color, hatch, label in ((outside, GRAY, "", "all other classes"), (inside, ORANGE, "//", "automobile")):
        share = 100 * bars / bars.sum()
        axes.bar(edges, share, 0.05, align="edge", color=color, alpha=0.6, hatch=hatch, label=label)
    axes.set_title(f"Channel {c}: the means of the classes differ, and the images overlap", fontsize=13)
    axes.set_xlabel("gate s", fontsize=12)
    axes.set_ylabel("% of the images", fontsize=12)
    axes.legend(fontsize=12)
plt.show()

# %% [markdown]
# One number for the overlap is the *AUC*. Draw one image of the class and one of the other classes. The AUC is the
# chance that the image of the class has the larger gate (a tie counts one half). 0.5 is pure chance, 1 is certain. We
# compute it from the two histograms.


# %%
def auc(inside, outside):
    """How often a draw from `inside` is above a draw from `outside`; both are counts, one for each bin."""
    inside, outside = inside / inside.sum(), outside / outside.sum()
    below = np.cumsum(outside) - outside  # the share of `outside` in lower bins
    return float(inside @ (below + outside / 2))


print(f"channel {c}, automobile against all others: AUC {auc(inside, outside):.2f}")

# %% [markdown]
# Move the slider to see any channel of stage 3 with all ten classes: one row per class, bright where many images are.
# Look for a channel that is open for one class alone.


# %% jupyter={"source_hidden": true} tags=["hide-input"]
def channel_by_class(channel):
    with style():
        figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
        share = 100 * counts[:, channel] / counts[:, channel].sum(axis=1, keepdims=True)
        image = axes.imshow(share, aspect="auto", cmap="gray", vmin=0, extent=(0, 1, 9.5, -0.5))
        axes.set_yticks(range(10), model.classes, fontsize=12)
        axes.set_title(f"channel {channel} of stage 3", fontsize=13)
        axes.set_xlabel("gate s", fontsize=12)
        figure.colorbar(image, label="% of the images of the class")
    plt.show()


interact(channel_by_class, channel=IntSlider(c, 0, 127));

# %% [markdown]
# **Rule 2.** Beside the mean of each class, show the spread inside the class.
#
# ## 3. How much of a gate depends on the class? One number per block
#
# Take two gates of one block, from two images. Why can they differ? There are three reasons: they belong to different
# channels; or to the same channel, but to images of different classes; or to different images of the same class.
#
# The variance of all gates of a block splits into exactly these three parts (the law of total variance):
#
# $$
# \text{variance of all gates} =
# \underbrace{\text{variance of the channel means}}_{\text{which channel}} +
# \underbrace{\text{variance of the class means}}_{\text{which class}} +
# \underbrace{\text{variance of the images}}_{\text{which image}}
# $$
#
# The second part is computed inside each channel, the third inside each channel and class, and both are averaged.
#
# **Predict:** In which of the three blocks of `tiny-se` does the class explain the largest share of the variance, and
# in which the smallest?


# %% tags=["hide-output"]
def shares(stats):
    """The shares of channel, class and image in the variance of a block's gates."""
    weight = stats.images / stats.images.sum()  # each class's share of the images
    overall = weight @ stats.mean  # (C,) the channel means
    channel = overall.var()
    by_class = (weight @ (stats.mean - overall) ** 2).mean()
    image = (weight @ stats.sd**2).mean()
    return np.array([channel, by_class, image]) / (channel + by_class + image)


print("tiny-se      channel   class    image")
for path, stats in found.blocks.items():
    print(f"{path:11}", "  ".join(f"{100 * share:5.1f} %" for share in shares(stats)))

# %% [markdown]
# <details><summary>Answer</summary>
#
# The largest share is in stage 3, 21 %. The smallest is in stage 2, 2 %, and not in stage 1, which has 5 %. In every
# block the channel explains most: the part of a gate that is the same for all images.
#
# </details>
#
# The paper says, looking at its Figure 6, that gates are general in early blocks and class-specific in late ones. Now
# this is a number, so it can be true or false. Here are two more networks. Read each column from top to bottom.

# %%
from senet_np.analysis.specificity import variance_shares

for name in ("resnet20-se", "shapes-se"):
    print(f"{name:14} class")
    for path, stats in load_findings(findings_path(name)).blocks.items():
        assert np.allclose(shares(stats), variance_shares(stats)[:3])
        print(f"{path.replace('.residual.branch', ''):14} {100 * shares(stats)[1]:4.1f} %")

# %% [markdown]
# In each of these networks the last block has the largest share of class. In two of them the share goes up and down on
# the way there.
# Three networks with one seed each are three cases and not a law.
#
# ## 4. Does it matter? Replace the gates
#
# A share tells what gates depend on. It does not tell what the network *needs*. To learn that, one has to intervene:
# replace the gates of a block by others and classify again. We can do it here on `shapes`, because NumPy draws the
# images. `predict` runs a network with gates that we give.

# %%
from senet_np.analysis.replace import predict
from senet_np.data import load_shapes
from senet_np.data.shapes import swap_sky
from senet_np.fast.workers import Workers

shapes, shapes_twin = senet_np.load("shapes-se"), senet_np.load("shapes-plain")
images, labels = load_shapes(sizes=(1, 1, 500)).test


def accuracy(gates):
    """The share of right answers when the gates of some blocks are given: {path: (C,) or (N, C)}."""
    return float((predict(shapes, images, Workers(1), gates) == labels).mean())


_, activations = shapes.run(images, record=True)
learned = activations.gates  # {path: (N, C)}
assert accuracy(learned) == accuracy({})  # the network's own gates: nothing changes
without_se = (shapes_twin.run(images).argmax(axis=1) == labels).mean()
print(f"learned gates {100 * accuracy({}):.1f} %    the twin trained without SE {100 * without_se:.1f} %")

# %% [markdown]
# Two replacements, in one block at a time. *Ones*: all gates are 1. *Mean*: each channel has its mean gate, the same
# for every image.
#
# **Predict:** In which of the three blocks does "mean" cost accuracy? Does "ones" cost as much as "mean", less, or
# more?

# %% tags=["hide-output"]
for path, s in learned.items():
    ones, mean = np.ones(s.shape[1], np.float32), s.mean(axis=0)
    print(f"{path}:  ones {100 * accuracy({path: ones}):5.1f} %    mean {100 * accuracy({path: mean}):5.1f} %")
print(f"for comparison: the twin trained without SE {100 * without_se:.1f} %")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Only stage 2 needs gates that look at the image: with mean gates the network is as helpless as its twin without SE. In
# stages 1 and 3 mean gates cost nothing. In stage 1, ones cost 36 points although mean gates cost nothing. So that fall
# has nothing to do with looking at the image: the later layers have never seen maps that large.
#
# </details>
#
# **Ones** change two things at once: the gates no longer depend on the image, and the maps are larger than in training.
# **Mean** keeps the size and changes only the first. So compare with "mean".
#
# The same was measured for `tiny-se`, on all 10,000 test images of CIFAR-10, and is stored in the findings. You know
# from section 3 how much of the gates' variance the class explains in each block: 5, 2 and 21 %.
#
# **Predict:** In which block of `tiny-se` do mean gates cost the most accuracy, and in which the least?

# %% tags=["hide-output"]
place_names = {"stage1.se": "stage 1", "stage2.se": "stage 2", "stage3.se": "stage 3", "all blocks": "all"}
result = found.interventions
print(f"{'right, %':33}" + "".join(f"{name:>9}" for name in place_names.values()))
print(f"{'learned':33}" + 4 * f"{100 * result.learned / result.n:9.1f}")
for name in result.correct["all blocks"]:
    row = [100 * result.correct[place][name] / result.n for place in place_names]
    print(f"{name.removesuffix(' (oracle)'):33}" + "".join(f"{value:9.1f}" for value in row))
print(f"{'the twin trained without SE':33}" + 4 * f"{100 * twin.correct / twin.n:9.1f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Most in stage 1 (4.3 points), least in stage 3 (less than half a point). The block with the most class-specific
# gates is the one whose gates matter least: even ones do nearly as well there. In the early blocks the class explains
# little, but the network needs each image's own gates; the mean gates of the image's class do not replace them.
#
# </details>
#
# What the rows mean: "shuffled" gives each channel the gate of a different image. "Another image" gives all gates of
# one other image. The last row is another network, so it is the same in all columns. The standard error of a share p
# of n images is √(p (1 − p) / n): here 0.4 points.

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    left.bar(range(3), [100 * shares(stats)[1] for stats in found.blocks.values()], 0.6, color=ORANGE, hatch="//")
    left.set_title("class share of the gates' variance", fontsize=13)
    left.set_ylabel("%", fontsize=12)
    left.set_xticks(range(3), [*place_names.values()][:3], fontsize=12)
    kept = [100 * result.correct[place]["mean"] / result.n for place in place_names]
    right.axhline(100 * result.learned / result.n, color=BLUE, label="learned gates")
    right.axhline(100 * twin.correct / twin.n, color="black", linestyle=":", label="twin trained without SE")
    right.plot(range(4), kept, "o", markersize=12, color=BLUE, label="mean gates in this block")
    right.set_title("accuracy with mean gates", fontsize=13)
    right.set_ylabel("right, %", fontsize=12)
    right.set(ylim=(65, 78), xlim=(-0.4, 3.4))
    right.set_xticks(range(4), place_names.values(), fontsize=12)
    right.legend(fontsize=12, loc="lower left")
plt.show()

# %% [markdown]
# Two warnings before you conclude anything:
#
# - "Needs" is about *this trained network*. With mean gates in all blocks it loses 9 points, but the twin, which had to
#   do without gates from the start, is only 0.4 points behind. So the 9 points are not what SE is worth.
# - It is one network and one seed. In `resnet20-se` no block alone costs a whole point (a twin of it is not in the
#   package). Exercise 9.4 asks whether other networks agree about the stages.
#
# So the figure that many people show, with separate classes in the last block, is *not* the figure that shows what
# the gates do in this network.
#
# **Rule 3.** What gates depend on is one question, and what the network needs is another one. The second takes an
# intervention, and beside the intervention stands the twin trained without SE.
#
# See it move: `python -m senet_np explorer bundled`, network tiny-se, stage 1, all gates at "1" or at "their averages".
#
# ## 5. Better gates?
#
# Look again at stage 3 in the table. With the mean gates of the image's *true* class 77.6 % are right. With the learned
# gates it is 76.2 %, and the twin without SE has 75.8 %.
#
# **Predict:** Has somebody found better gates?
#
# <details><summary>Answer</summary>
#
# No. These gates were chosen with the help of the right answer, and they can pass it on to the network. Such an
# intervention is called an *oracle*: it knows what it should find out. The fair comparison takes the class that the
# network itself predicts in a first run: 76.1 %, no better than the learned gates.
#
# </details>
#
# ## 6. Is a small gate an unimportant channel?
#
# If it were so, one could remove the channels with the smallest mean gates (this is called *pruning*). We switch off a
# share of the channels in every block, in three orders: smallest mean gate first; smallest *signal* first, the mean of
# |s·u|; and at random, five times.
#
# **Predict:** Which order costs the least accuracy? Is "smallest mean gate" better than random?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
pruning = found.pruning
with style():
    figure, axes = plt.subplots(figsize=(9, 4.2), layout="constrained")
    percent = 100 * pruning.shares
    band = 100 * pruning.random.min(axis=0), 100 * pruning.random.max(axis=0)
    axes.fill_between(percent, *band, color=GRAY, alpha=0.3, label="at random, worst to best of 5")
    axes.plot(percent, 100 * pruning.lowest["mean gate"], "o-", color=BLUE, label="smallest mean gate first")
    axes.plot(percent, 100 * pruning.lowest["mean |s·u|"], "^--", color=ORANGE, label="smallest signal |s·u| first")
    axes.axhline(100 * twin.correct / twin.n, color="black", linestyle=":", label="twin trained without SE")
    axes.set_title("tiny-se with channels switched off", fontsize=13)
    axes.set_xlabel("channels switched off, %", fontsize=12)
    axes.set_ylabel("right, %", fontsize=12)
    axes.set_ylim(0, 80)
    axes.legend(fontsize=12)
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Up to 30 %, the order by the signal costs least by far. The order by the mean gate is no better than random. The next
# layer sees the product s·u, not the gate: a channel with gate 0.3 and large values can carry more than one with gate 1
# and small values. (With half of the channels off, every order ruins the network, which was not trained again.)
#
# This is `tiny-se`. In `sprint-se` the channels with the smallest gates are needed most, in `shapes-se` least
# ([docs/gates.md](../docs/gates.md)).
#
# </details>
#
# ## 7. A checklist
#
# | Claim | What is missing |
# |---|---|
# | "The weight of channel 17 is 0.92." | the spread over images |
# | "Channel 17 is the ship channel." | the spread inside the class, the overlap |
# | "Late gates are class-specific, so SE helps there." | an intervention |
# | "With gates of 1 the accuracy falls, so attention matters." | the comparison with *mean* gates |
# | "Without its gates the network loses 9 points, so SE is worth 9 points." | the twin trained without SE |
# | "With the mean gates of the class it even improves." | it was told the class |
# | "Small gates: remove these channels." | random orders, the signal |
# | "SE improves the network by 0.4 points." | more seeds: notebook 11 |
#
# ## In five sentences
#
# 1. A gate is a function of the image, so show its mean and its spread, and compare an image with what is usual.
# 2. The variance of a block's gates splits into channel, class and image; in our networks the channel explains most in
#    nearly every block.
# 3. What gates depend on is not what the network needs: to learn that, replace the gates, and prefer the mean to ones.
# 4. Beside each intervention stands the twin trained without SE, since a network can depend on gates that it could have
#    done without.
# 5. Gates that were chosen with the right answer are an oracle, and a small gate alone does not show that a channel is
#    useless.
#
# ## Exercises
#
# ### Exercise 9.1 · Is there a class channel?
#
# For each of the 128 channels of stage 3, compute the AUC of its own favorite class (the one with the largest mean gate
# in this channel) against all other classes. Give an array (128,). Look at it: is any AUC above 0.9? Does the channel
# with the largest class selectivity have the largest AUC? (Two digits are enough.)
#
# <details><summary>Hint</summary>
#
# A loop over the channels with the lines of section 2. `last.mean.argmax(axis=0)` are all 128 favorites.
#
# </details>

# %%
aucs = ...

check("9.1", aucs)

# %% [markdown]
# ### Exercise 9.2 · A report
#
# A report says: "We gave each image of `shapes` the mean gates of its class. 100 % are still right. So the gates of
# this network depend on nothing but the class." This is its code, and the number is right:
#
# ```python
# s = learned["stage1.se"]
# means = np.stack([s[labels == label].mean(axis=0) for label in range(10)])
# accuracy({"stage1.se": means[labels]})
# ```
#
# Give two things. First, gates `{path: (500, C)}` that are built in the same way (each image has the mean gates of its
# class) and with which *less than 60 %* are right. Second, the gates of a comparison that the report lacks: for the
# block of the report, `{path: (C,)}`. They know neither the image nor its class, and they have the usual size, so they
# change nothing else. Compute the accuracy with them too.
#
# <details><summary>Hint</summary>
#
# `learned` has three blocks. And read rule 3 and the sentence about **mean** again.
#
# </details>

# %%
gates = ...  # {path: array}, as accuracy takes them
comparison = ...  # {path: array}

check("9.2", gates, comparison)

# %% [markdown]
# ### Exercise 9.3 · The gates of the other sky
#
# `swap_sky(images)` are the same 500 images with the other sky: the right answer is then the other square. Record the
# gates of these images. Then classify the *original* images, and in one block at a time use the recorded gates. Give
# the three accuracies for stages 1, 2 and 3. First predict: with the gates of the other sky, what will the network
# answer? (The twin without SE has 51.2 % on these images.)
#
# <details><summary>Hint</summary>
#
# `shapes.run(..., record=True)` records gates, as in section 4. `accuracy` classifies the original images.
#
# </details>

# %%
accuracies = ...  # for stages 1, 2 and 3

check("9.3", accuracies)

# %% [markdown]
# ### Exercise 9.4 · Do other networks agree?
#
# `tiny-se-r2`, `tiny-se` (r = 4), `tiny-se-r8` and `tiny-se-r16` differ in the reduction ratio. All have the same twin,
# `tiny-plain`. Load the findings of each. Print, for mean gates, how many points are lost in stage 1, 2, 3 alone and in
# all blocks. Print the accuracy with learned gates too. Then give two lists of names: the networks in which *stage 1*
# loses more than the two other stages; and the networks that are *worse* than their twin, although they lose several
# points with mean gates in all blocks.
#
# <details><summary>Hint</summary>
#
# `load_findings(findings_path(name)).interventions` is what section 4 calls `result`: `result.learned`, `result.n` and
# `result.correct[place]["mean"]`.
#
# </details>

# %%
stage_1_most = ...
below_twin = ...

check("9.4", stage_1_most, below_twin)

# %% [markdown]
# Solutions: [solutions/09_reading_gates.ipynb](solutions/09_reading_gates.ipynb), after you have tried.
#
# **Read next:** [docs/gates.md](../docs/gates.md), all of this with every figure;
# [senet_np/analysis/interventions.py](../senet_np/analysis/interventions.py); then notebook 10, the same block in other
# networks.
