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
# **Afterwards you can** look at a figure of gates and say what it shows and what it does not; split the variance of a
# block's gates into channel, class and image; replace gates and measure whether the network needs gates that depend on
# the image; and name the baseline that a claim about gates lacks.
#
# **You need** notebooks 3 to 5, and what a variance is. **Time:** 45 minutes.
#
# We read bundled models: trained once, seed 0. `tiny-se` and `resnet20-se` learned CIFAR-10 (a JPEG-recompressed copy),
# `shapes-se` the images that NumPy draws. Bundled with the weights are the *findings*, what was measured on all test
# images, so no data set is needed here.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, interact

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.runs.bundled import findings_path

np.set_printoptions(precision=3, suppress=True)

model = senet_np.load("tiny-se")
found = load_findings(findings_path("tiny-se"))
test = model.metadata.result
print(f"{model.provenance}: {test.correct:,} of {test.n:,} test images are right")
print({path: stats.mean.shape for path, stats in found.blocks.items()}, "(classes, channels)")

# %% [markdown]
# ## 1. One image is no finding
#
# Most figures of SE on the web show this: one image, its gates, done. Our image is the photo of a person that comes
# with Matplotlib, of none of the ten classes.
#
# *Predict: which of these channels would you call important?*

# %%
from senet_np.data.photo import sample_photo

photo = sample_photo()
_, activations = model.run(photo.small[None], record=True)
s_photo = activations.gates["stage3.se"][0]  # (C,) the gates of the last block

with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 2.8), width_ratios=(1, 4), layout="constrained")
    left.imshow(photo.small)
    left.axis("off")
    right.bar(range(len(s_photo)), s_photo, width=1, color=BLUE)
    right.set(title="One image: its 128 gates in stage 3", xlabel="channel", ylabel="gate s", ylim=(0, 1))
plt.show()

# %% [markdown]
# Tall bars look important. But what is a *usual* gate for each channel? Compare with 10,000 images.

# %%
last = found.blocks["stage3.se"]
order = np.argsort(last.overall_mean)
mean, sd = last.overall_mean[order], last.overall_sd[order]

with style():
    figure, axes = plt.subplots(figsize=(10, 3), layout="constrained")
    axes.fill_between(range(128), mean - sd, np.minimum(mean + sd, 1), color=GRAY, alpha=0.3, label="10,000 images, ± 1 sd")
    axes.plot(mean, color="black", label="their mean")
    axes.plot(s_photo[order], ".", color=ORANGE, label="the photo")
    axes.set(title="What is usual: half of the channels are open for every image", xlabel="channel, sorted by mean gate",
             ylabel="gate s", ylim=(0, 1))
    axes.legend(loc="lower right")
plt.show()
print(f"{(last.overall_mean > 0.95).sum()} of 128 channels have a mean gate above 0.95")

# %% [markdown]
# The tall bars are mostly channels that are open for *everything*. A gate that is the same for every image is no
# attention: it is a constant, and a constant could be folded into the next convolution (notebook 4). What can tell
# something about this image is how far its gate lies from the usual one.
#
# **Rule 1.** The "weight of a channel" is a distribution, not a number. Show mean *and* spread.

# %% [markdown]
# ## 2. Class means are no finding either
#
# The next step that people take: average the gates of each class, and say "channel c is the ship channel". Here is the
# channel of stage 3 whose gate prefers one class most, by the class selectivity index
# $(\mu_{\max}-\mu_{\text{rest}})/(\mu_{\max}+\mu_{\text{rest}})$.

# %%
from senet_np.analysis.specificity import class_selectivity

c = int(class_selectivity(last.mean).argmax())
favorite = int(last.mean[:, c].argmax())
for name, gate, spread in sorted(zip(model.classes, last.mean[:, c], last.sd[:, c]), key=lambda row: -row[1]):
    print(f"{name:10}  mean {gate:.2f}   sd {spread:.2f}")

# %% [markdown]
# *Predict: you get the gate of this channel for one image. How often would you be right if you guessed from it whether
# the image is of the favorite class?*
#
# The findings hold a histogram of every channel's gate for every class: `counts[k, c]`, 20 bins. From two histograms one
# can compute how often a random image of the favorite class has a larger gate than a random image of another class
# (ties count one half). That number is known as AUC: 0.5 is chance, 1 is certain.

# %%
def auc(inside, outside):
    """How often a draw from `inside` exceeds a draw from `outside`; both are counts by bin."""
    p, q = inside / inside.sum(), outside / outside.sum()
    below = np.cumsum(q) - q  # share of `outside` in lower bins
    return float(p @ (below + q / 2))


inside = last.counts[favorite, c].astype(float)
outside = last.counts[:, c].sum(axis=0) - inside
print(f"channel {c}, {model.classes[favorite]} against all others: AUC {auc(inside, outside):.2f}")

with style():
    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    edges = np.linspace(0, 1, 21)
    for counts, color, hatch, label in ((outside, GRAY, "", "all other classes"), (inside, ORANGE, "//", model.classes[favorite])):
        axes.bar(edges[:-1], 100 * counts / counts.sum(), 0.05, align="edge", color=color, alpha=0.6, hatch=hatch, label=label)
    axes.set(title=f"Channel {c}: the classes' means differ, and the images overlap", xlabel="gate s",
             ylabel="% of the class's images")
    axes.legend()
plt.show()


# %% [markdown]
# Move the slider: every channel of stage 3, all ten classes. Look for a channel that responds to one class alone.

# %%
def channel_by_class(channel):
    with style():
        figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
        shares = last.counts[:, channel] / last.counts[:, channel].sum(axis=1, keepdims=True)
        image = axes.imshow(100 * shares, aspect="auto", cmap="cividis", extent=(0, 1, 9.5, -0.5))
        axes.set_yticks(range(10), model.classes)
        axes.set(title=f"channel {channel} of stage 3", xlabel="gate s")
        figure.colorbar(image, label="% of the class's images")
    plt.show()


interact(channel_by_class, channel=IntSlider(c, 0, 127));

# %% [markdown]
# **Rule 2.** Beside every mean of a class stands the spread within the class.

# %% [markdown]
# ## 3. How much of a gate belongs to the class? One number per block
#
# The paper reads from its Figure 6 that gates are generic early and class-specific late. "Reads from a figure" can be
# turned into a number. Take all gates of a block, $s_{n,c}$, and split their variance by the law of total variance, twice:
#
# $$\operatorname{Var}(s) =
# \underbrace{\operatorname{Var}_c(\mathbb E[s\,|\,c])}_{\text{which channel}} +
# \underbrace{\mathbb E_c\big[\operatorname{Var}_k(\mathbb E[s\,|\,c,k])\big]}_{\text{which class}} +
# \underbrace{\mathbb E_{c,k}\big[\operatorname{Var}(s\,|\,c,k)\big]}_{\text{which image of the class}}$$
#
# *Predict for `tiny-se`: which block has the largest share of class, and which the smallest?*

# %%
def shares(stats):
    weight = stats.images / stats.images.sum()  # (K,) the classes are equally frequent here
    overall = weight @ stats.mean  # (C,)
    channel = overall.var()
    class_ = (weight @ (stats.mean - overall) ** 2).mean()
    image = (weight @ stats.sd**2).mean()
    return np.array([channel, class_, image]) / (channel + class_ + image)


print("tiny-se      channel  class  image")
for path, stats in found.blocks.items():
    print(f"{path:12}", "  ".join(f"{100 * share:5.1f} %" for share in shares(stats)))

# %%
from senet_np.analysis.specificity import variance_shares

for stats in found.blocks.values():
    assert np.allclose(shares(stats), variance_shares(stats)[:3])

for name in ("resnet20-se", "shapes-se"):
    print(f"\n{name:40} class share")
    for path, stats in load_findings(findings_path(name)).blocks.items():
        print(f"{path:40} {100 * shares(stats)[1]:5.1f} %")

# %% [markdown]
# Is it "early generic, late specific"? Look at each column from top to bottom, the exceptions included. Three networks,
# one seed each, are three cases, no law.
#
# A caution that the numbers themselves suggest: the *largest* part everywhere is "which channel", the part that is the
# same for every image.

# %% [markdown]
# ## 4. Does it matter? Replace the gates
#
# Shares tell what gates depend on. They do not tell what the network *needs*. For that one has to intervene: replace a
# block's gates by others and classify again. On `shapes` we can do it here, for NumPy draws the images.

# %%
from senet_np.analysis.replace import predict
from senet_np.data import load_shapes
from senet_np.fast.workers import Workers

shapes = senet_np.load("shapes-se")
images, labels = (array[:500] for array in load_shapes().test)


def accuracy(gates):
    """Share of right answers with some blocks' gates given from outside: {path: (C,) or (N, C)}."""
    return (predict(shapes, images, Workers(1), gates) == labels).mean()


_, activations = shapes.run(images, record=True)
learned = activations.gates  # {path: (N, C)}
print(f"learned gates            {100 * accuracy({}):5.1f} %")
assert accuracy(learned) == accuracy({})  # its own gates, handed back: nothing changes

# %% [markdown]
# *Predict, for each block: what if every channel's gate is 1? And what if it is the channel's mean, the same for every
# image?*

# %%
for path, s in learned.items():
    ones, mean = np.ones(s.shape[1], np.float32), s.mean(axis=0)
    print(f"{path}:  ones {100 * accuracy({path: ones}):5.1f} %    mean {100 * accuracy({path: mean}):5.1f} %")

# %% [markdown]
# "Ones" is a bad intervention by itself: the later layers have never seen maps that large, so a fall tells little about
# attention. "Mean" keeps the sizes and removes only what depends on the image. Compare the two.
#
# For `tiny-se` the same was measured on all 10,000 test images of CIFAR-10, and is in the findings:

# %%
counts = found.interventions
print(f"{'':38}" + "  ".join(f"{place:>10}" for place in counts.correct))
print(f"{'learned':38}" + "  ".join(f"{100 * counts.learned / counts.n:9.1f}%" for _ in counts.correct))
for name in counts.correct["all blocks"]:
    print(f"{name:38}" + "  ".join(f"{100 * place[name] / counts.n:9.1f}%" for place in counts.correct.values()))

# %% [markdown]
# Put this table beside the shares of section 3. Stage 3, whose gates are the most class-specific of all, is the block in
# which they matter least: ones do nearly as well as the learned gates. In the early stages the class explains little, yet
# the network needs gates that look at the image: each image's own, and not its class's mean. The standard error of a
# share of 10,000 images is below half a point.
#
# So the figure that everyone prints, classes apart in the last block, is *not* the figure that shows what SE is good for
# in this network.

# %%
with style():
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    kept = [100 * counts.correct[path]["mean"] / counts.n for path in found.blocks]
    class_ = [100 * shares(stats)[1] for stats in found.blocks.values()]
    lost = [100 * counts.learned / counts.n - value for value in kept]
    x_axis = np.arange(3)
    axes.bar(x_axis - 0.2, class_, 0.4, color=ORANGE, hatch="//", edgecolor="white", label="class share of the gates' variance (%)")
    axes.bar(x_axis + 0.2, lost, 0.4, color=BLUE, label="accuracy lost with mean gates (points)")
    axes.set_xticks(x_axis, ["stage 1", "stage 2", "stage 3"])
    axes.set(title="The most class-specific block is needed least")
    axes.legend()
plt.show()

# %% [markdown]
# **Rule 3.** What gates depend on is one question, what the network needs is another. The second takes an intervention,
# and the intervention takes a baseline to compare with.

# %% [markdown]
# ## 5. The oracle's trap
#
# Look again at stage 3 in the table: with the mean gate of the image's *true* class more images are right than with the
# learned gates. Has someone found better gates?
#
# *Think first.*
#
# No. Those gates were chosen by the answer. An intervention that is given the class can pass it on to the network through
# the gates; it is an oracle, not a fair comparison. The fair one takes the class that the network itself predicts in a
# first pass. That is why both are in the table, and one is called "oracle".

# %% [markdown]
# ## 6. Is a small gate an unimportant channel?
#
# If it were, switching off the channels of the smallest mean gates would cost less than switching off any others.

# %%
pruning = found.pruning
with style():
    figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
    percent = 100 * pruning.shares
    axes.fill_between(percent, 100 * pruning.random.min(axis=0), 100 * pruning.random.max(axis=0), color=GRAY, alpha=0.3,
                      label="at random, worst to best of 5")
    axes.plot(percent, 100 * pruning.lowest["mean gate"], "o-", color=BLUE, label="smallest mean gate first")
    axes.plot(percent, 100 * pruning.lowest["mean |s·u|"], "^--", color=ORANGE, label="smallest signal |s·u| first")
    axes.set(title="The signal tells which channels can go, the gate does not", xlabel="channels switched off (%)",
             ylabel="right (%)", ylim=(0, None))
    axes.legend()
plt.show()

# %% [markdown]
# The gate is a factor; what the next layer sees is the product $s_c u_c$. A channel of gate 0.3 with large values can
# carry more than one of gate 1 with small ones.

# %% [markdown]
# ## 7. A checklist
#
# | Claim | What it lacks |
# |---|---|
# | "The weight of channel 17 is 0.92." | the spread over images |
# | "Channel 17 is the ship channel." | the spread within the class; the overlap |
# | "Late gates are class-specific, so SE helps there." | an intervention |
# | "With gates of 1 accuracy falls, so attention matters." | the baseline with *mean* gates |
# | "With the class's mean gates it even improves." | it was given the class |
# | "Small gates: prune these channels." | random orders; the signal |
# | "SE improves the network by 0.4 points." | seeds, pairs, an interval: notebook 11 |
#
# ## Try it
#
# 1. For every channel of stage 3, compute the AUC of its favorite class. How many are above 0.9, and does the channel of
#    the largest class selectivity have the largest AUC?
#
#    <details><summary>Hint</summary>
#
#    Loop over `c`; `favorite` is `last.mean[:, c].argmax()`. Selectivity compares means and ignores the spread.
#
#    </details>
#
# 2. *Spot the bug.* A report says: "With class-wise mean gates, accuracy on `shapes` stays at its height, so gates depend on
#    nothing but the class." Its code is below. What is wrong, and what does the fair version give?
#
#    ```python
#    s = learned["stage1.se"]
#    means = np.stack([s[labels == k].mean(axis=0) for k in range(10)])
#    accuracy({"stage2.se": means[labels]})
#    ```
#
#    <details><summary>Hint</summary>
#
#    Two things: where the gates come from and where they go to; and how the label reached the network.
#
#    </details>
#
# 3. Shuffle: give each image of `shapes` the gates of another one, block by block. Then shuffle each *channel* by itself.
#    Which destroys more, and what does the second keep that the first keeps too?
#
#    <details><summary>Hint</summary>
#
#    `s[rng.permutation(len(s))]`, and `rng.permuted(s, axis=0)`. Means and spreads of each channel stay; ask what does not.
#
#    </details>
#
# 4. `tiny-se-r2`, `tiny-se-r8` and `tiny-se-r16` are bundled too. Does the class share of stage 3, or what is lost with mean
#    gates, change with r? What would you need before you say that it does?
#
#    <details><summary>Hint</summary>
#
#    Each is one run. Notebook 11.
#
#    </details>
#
# Solutions: [solutions/09_reading_gates.ipynb](solutions/09_reading_gates.ipynb)
#
# **Read next:** [docs/gates.md](../docs/gates.md), all of this with every figure; `senet_np/analysis/interventions.py`; then
# notebook 10, the same block on other networks.
