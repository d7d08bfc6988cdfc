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
# # 11 · Comparisons: is it better, or was it luck?
#
# **Afterwards you can** say how far one accuracy can be trusted; plan a comparison of two networks (how many seeds,
# and in pairs); compute the interval of a difference and say what it promises; and recognize four ways in which
# honest people find differences that are not there.
#
# **You need** notebook 8 (training a network); mean and variance; square roots; and what it means that two random
# numbers are independent or correlated. Standard deviation and all else is explained where it is needed.
#
# **Time:** 90 minutes to read and run, 160 with the exercises. Sections 1 to 6 are the core (65 minutes). Sections
# 7 and 8 can wait for another day.
#
# Letters: [symbols](../docs/symbols.md). In this notebook n is how many numbers a mean is taken of (images, runs or
# pairs), and p is an accuracy as a share, from 0 to 1.
#
# A network is trained once with SE and once without, and with SE its accuracy is 0.58 points higher. Is SE better,
# or was it luck? With this package ResNet-20 was trained three times with SE and three times without
# ([docs/results.md](../docs/results.md)). Between the three pairs only one thing differs: the *seed*, the number
# from which all randomness of a run comes. The accuracy with SE, minus that without:
#
# | seed 0 | seed 1 | seed 2 |
# |---:|---:|---:|
# | −0.16 points | +0.13 points | +0.58 points |
#
# Someone with one pair of runs might have reported any of the three. So part of each number is luck. How large is
# this part? It can be measured, and nearly everything in this notebook is measured or simulated in front of you.

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, IntSlider, interact

import senet_np
from senet_np.data import load_shapes
from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, ORANGE, style

np.set_printoptions(precision=2, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. Luck of the test images
#
# A test set is a sample. With other images of the same kind the same network gets another accuracy. How different?
# NumPy draws the images of `shapes`, so we can have as many as we like. We take a bundled model and 4,000 new
# images, and note for each whether it is classified correctly. Then we pretend to have fewer, and cut the 4,000
# into test sets of n images. (The next cell takes up to ten seconds.)
#
# **Predict:** From where to where do the accuracies go on 80 test sets of 50 images? And on 20 test sets of 200?
# (The model gets about half of the images right.)

# %% tags=["hide-output"]
model = senet_np.load("shapes-plain")
images, labels = load_shapes(seed=1, sizes=(1, 1, 4000)).test
right = model.run(images).argmax(axis=1) == labels  # (4000,) bool
p = right.mean()
print(f"all 4000 images: {100 * p:.1f} %")

for n in (50, 200):
    accuracies = 100 * right.reshape(-1, n).mean(axis=1)
    print(f"{len(accuracies)} test sets of {n:3} images: from {accuracies.min():.1f} to {accuracies.max():.1f} %")

# %% [markdown]
# <details><summary>Answer</summary>
#
# With 50 images from below 30 % to above 60 %, with 200 images from about 40 % to almost 60 %. It is the same
# network with the same weights. Four times as many images, and the accuracies lie about half as far apart.
#
# </details>

# %% [markdown]
# "From … to …" depends on the two most extreme test sets. A better measure uses all of them: the **standard
# deviation** (sd). It tells how far a typical number lies from the mean: the square root of the mean of the squared
# distances. (One divides by n − 1 and not by n: `ddof=1` in NumPy. The mean was computed from the same numbers, and
# that makes the distances a little too small.) If the numbers have the usual bell-shaped distribution, about two
# thirds of them lie within one sd of the mean, and 95 % within two.
#
# For an accuracy you can know this sd in advance. An image is right (1) with probability p or wrong (0), and the
# variance of such a number is p(1 − p). The mean of n independent numbers has a variance n times smaller. So the sd
# of the accuracy is
#
# $$\sqrt{\frac{p\,(1-p)}{n}}$$
#
# It is called the **standard error** of the accuracy: how far one measurement typically lies from the truth, by
# luck of the images alone.

# %%
for n in (50, 200, 500):
    accuracies = 100 * right.reshape(-1, n).mean(axis=1)
    formula = 100 * np.sqrt(p * (1 - p) / n)
    print(f"test sets of {n:3}: sd {accuracies.std(ddof=1):.2f} points, by the formula {formula:.2f}")

# %% [markdown]
# (The sd of a few test sets is a rough number too. So do not expect that the two agree in the first digit after the
# point.)
#
# **Predict:** A network gets 92 % of the 10,000 test images of CIFAR-10 right. How large is the standard error:
# nearer to 0.03, to 0.3 or to 3 points?

# %% tags=["hide-output"]
for n in (1000, 10_000, 50_000):
    print(f"92 % of {n:6,} images: standard error {100 * np.sqrt(0.92 * 0.08 / n):.2f} points")

# %% [markdown]
# <details><summary>Answer</summary>
#
# 0.27 points. So one accuracy on CIFAR-10 is uncertain by about a quarter of a point, before we even ask about the
# training. A gain of 0.4 points is only one and a half times that.
#
# </details>

# %% [markdown]
# ## 2. Luck of the run
#
# The seed decides the first weights and the order of the images. So each run has its own luck too. We train a very
# small SE net, and the same net without SE, with ten seeds each.
#
# In this package a comparison is a small text file. It is written before anything is run, so nobody can change the
# plan after seeing the results. Each network in it is called an *arm*.

# %%
FILE = """
title = "SE against none on a very small net"
data = "shapes"
seeds = 10                    # 0 to 9; or a list of them
results = "mine.jsonl"        # where the result lines are stored, beside this file
reference = "without SE"      # the arm that the others are compared with

[settings]                    # of all arms
widths = [4, 8, 8]
epochs = 3
batch_size = 16
micro_batch = 16

[arms."with SE"]              # what is special about each arm
[arms."without SE"]
se = false
"""

from senet_np.experiments.comparison import read_comparison

folder = tempfile.TemporaryDirectory()  # it is deleted at the end of this notebook
path = Path(folder.name) / "mine.toml"
path.write_text(FILE, "utf-8")
comparison = read_comparison(path)
print([(name, settings.seed) for name, settings in comparison.cells][:4], "…", len(comparison.cells), "runs")

# %% [markdown]
# `python -m senet_np compare mine.toml` would run it. Here we do the same by hand, with few images, so that it ends
# soon. You need not read every line: `make_run` trains one network, stores a line with its result, and tells which
# test images the network gets right.

# %%
from dataclasses import replace

from senet_np.experiments.results import append_result
from senet_np.model import new_model
from senet_np.settings import settings_to_json
from senet_np.train.loop import train
from senet_np.train.optimizers import make_optimizer
from senet_np.train.progress import Callback, Progress
from senet_np.tree import tree_size

dataset = load_shapes(sizes=(600, 100, 1000))  # images to train on, to validate on, to test on


def make_run(settings):
    """Train one network; append its result line; return which of the test images it gets right."""
    model = new_model(settings, dataset)
    progress = Progress(model.params, model.state, make_optimizer(settings).init(model.params))
    score = train(model, dataset, progress, Callback(), workers=1)
    line = {"settings": settings_to_json(settings), "parameters": tree_size(progress.params),
            "provenance": dataset.provenance, "fingerprint": dataset.fingerprint,
            "correct": score.correct, "n": score.n,
            "seconds": progress.seconds, "machine": "this one"}
    append_result(comparison.results, line)
    trained = replace(model, params=progress.params, state=progress.state)
    return trained.run(dataset.test.images).argmax(axis=1) == dataset.test.labels


# %% [markdown]
# The images of `shapes` were made so that a gate helps: notebook 8 showed how much.
#
# **Predict:** Which arm is ahead here, and with how many of the ten seeds? (The next cell trains twenty networks.
# It takes about half a minute, and prints one line per run.)

# %% tags=["hide-output"]
hits = {name: [] for name in comparison.arms}
for name, settings in comparison.cells:
    hits[name].append(make_run(settings))
    print(f"seed {settings.seed}, {name:10} {100 * hits[name][-1].mean():5.1f} %", flush=True)

acc_A, acc_B = (100 * np.array(hits[name]).mean(axis=1) for name in comparison.arms)  # A with SE, B without; in %

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(9, 3.8), layout="constrained")
    for x, beside, values, color, marker in ((0, -0.12, acc_B, GRAY, "s"), (1, 1.12, acc_A, ORANGE, "o")):
        axes.plot(np.full(10, x), values, marker, color=color, markersize=8)
        axes.errorbar(beside, values.mean(), values.std(ddof=1), color="black", fmt="D", capsize=4)
    axes.plot([0, 1], [acc_B, acc_A], color=BLUE, linewidth=0.8, alpha=0.6, zorder=0)
    axes.set(title="Ten seeds, two arms. A line joins the two runs of one seed; diamonds: mean ± sd",
             ylabel="test accuracy (%)", xlim=(-0.5, 1.5))
    axes.set_xticks([0, 1], ["without SE", "with SE"])
plt.show()

# %% tags=["hide-output"]
d = acc_A - acc_B
print(f"mean ± sd of ten seeds: with SE {acc_A.mean():.1f} ± {acc_A.std(ddof=1):.1f} %,",
      f"without {acc_B.mean():.1f} ± {acc_B.std(ddof=1):.1f} %")
print(f"SE is ahead with {(d > 0).sum()} of ten seeds; differences by seed: {d}")
p = acc_A.mean() / 100
print(f"sd that the luck of 1000 test images explains: {100 * np.sqrt(p * (1 - p) / 1000):.1f} points")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Two surprises. First, *without SE* is ahead, with nine of the ten seeds on our machine. Both nets have only begun
# to learn (guessing gives 10 %), and at this early point the gates do not help yet. Second, the runs differ by more
# than the luck of the test images explains. With one seed you would have reported one of these ten differences,
# from about −10 points to about 0.
#
# </details>

# %% [markdown]
# Two bundled models are the same kinds of networks, but wider, and trained on more images:

# %%
for name in ("shapes-se", "shapes-plain"):
    model = senet_np.load(name)
    print(f"{name:13} widths {model.settings.widths}, {model.metadata.data.images['train']} images,",
          f"{model.settings.epochs} epochs: {100 * model.metadata.result.accuracy:.1f} %")

# %% [markdown]
# (One run each; [docs/results.md](../docs/results.md) has ten.) There the gates decide nearly everything. So **a
# difference belongs to a budget**: to the widths, the images and the epochs. "SE helps" is not a sentence about SE
# alone. Write the budget beside each difference.
#
# See it move: `python -m senet_np explorer bundled` writes `explorer.html`. Its tab Train trains a net with SE and
# one without in front of you. Try several seeds.
#
# ## 3. Mean, standard deviation, standard error
#
# You have seen that one run is luck. So one takes the mean of several runs. But that mean is made of lucky numbers
# too. How far can it be trusted? Three numbers belong to n runs, and people often confuse the last two:
#
# - the **mean** of the n accuracies;
# - the **standard deviation** (sd), as in section 1: how far *one run* typically lies from the mean;
# - the **standard error**, sd/√n: how far *the mean* typically lies from the mean of endlessly many runs.
#
# **Predict:** What happens to each of the three if you take 300 seeds and not 3?

# %% tags=["hide-output"]
for n in (3, 10, 30, 300):
    runs = rng.normal(68, 0.3, n)  # simulated: accuracies of a net with mean 68 and sd 0.3
    sd = runs.std(ddof=1)
    print(f"n = {n:3}: mean {runs.mean():.2f}   sd {sd:.2f}   standard error {sd / np.sqrt(n):.2f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The mean comes closer to 68. The sd comes closer to its true value, 0.3, and does *not* go to 0: more runs do not
# make a single run less lucky. Only the standard error shrinks, tenfold from 3 to 300.
#
# </details>

# %% [markdown]
# ## 4. Why pairs
#
# Two runs of the *same* seed, one of each arm, may share some of their luck. What do they really share?

# %%
from senet_np.data.augment import plan_epoch
from senet_np.tree import tree_items

with_se, without = (
    dict(tree_items(arm.build_net().init(np.random.default_rng(0))[0])) for arm in comparison.arms.values()
)
for path in without:
    if path.endswith(".w"):
        print(f"{path:14} the same first weights? {np.array_equal(with_se[path], without[path])}")
order = plan_epoch(600, seed=0, epoch=0, how=None).order
print("the order of the images:", order[:8], "…, which depends on the seed alone")

# %% [markdown]
# They share the first convolution, the order of the images in every epoch, and all training and test images. They
# do not share the later weights: with SE, the block of stage 1 takes its weights from the same random generator,
# and from there on the two nets get different numbers.
#
# So we compare pair by pair: for each seed the difference d of the two accuracies. Then we take the mean of the n
# differences and its standard error, sd(d)/√n. Someone who ignores the pairs adds the variances of the two arms
# instead: $\sqrt{\mathrm{Var}(A)/n + \mathrm{Var}(B)/n}$.
#
# **Predict:** Which of the two standard errors is smaller on our ten numbers?

# %% tags=["hide-output"]
n = 10
paired_error = d.std(ddof=1) / np.sqrt(n)
unpaired_error = np.sqrt(acc_A.var(ddof=1) / n + acc_B.var(ddof=1) / n)
rho = np.corrcoef(acc_A, acc_B)[0, 1]
print(f"mean difference {d.mean():+.2f} points, correlation of the two arms {rho:+.2f}")
print(f"standard error paired {paired_error:.2f}, unpaired {unpaired_error:.2f} points")

# %% [markdown]
# <details><summary>Answer</summary>
#
# The paired one. The two arms rise and fall together: their correlation ρ (rho) is clearly above 0. What a seed
# does to both cancels in the difference:
#
# $$\mathrm{Var}(A-B) = \mathrm{Var}(A) + \mathrm{Var}(B) - 2\rho\;\mathrm{sd}(A)\,\mathrm{sd}(B)$$
#
# </details>

# %%
shared = 2 * rho * acc_A.std(ddof=1) * acc_B.std(ddof=1)
assert np.isclose(d.var(ddof=1), acc_A.var(ddof=1) + acc_B.var(ddof=1) - shared)

# %% [markdown]
# A ρ from ten pairs is itself uncertain. A simulation shows how much pairs help. In it each accuracy is a sum of
# two parts: what the seed does to both arms, and what belongs to this run alone.

# %%
def draw_pairs(trials, n, difference, sd, rho, rng):
    """Accuracies (trials, n) of two arms with the same sd, whose seeds correlate with rho."""
    seed, own_A, own_B = rng.standard_normal((3, trials, n))
    acc_A = difference + sd * (np.sqrt(rho) * seed + np.sqrt(1 - rho) * own_A)
    acc_B = sd * (np.sqrt(rho) * seed + np.sqrt(1 - rho) * own_B)
    return acc_A, acc_B


# %% [markdown]
# **Predict:** With ρ = 0.9, how many runs per arm would someone without pairs need to get the standard error of ten
# pairs: 15, 30 or 100?

# %% tags=["hide-output"]
for rho in (0, 0.3, 0.6, 0.9):
    many_A, many_B = draw_pairs(20_000, 10, 0.4, 0.3, rho, rng)
    paired = (many_A - many_B).mean(axis=1).std()  # how far the mean difference really lies from the truth
    unpaired = np.sqrt(2 * 0.3**2 / 10)
    print(f"ρ = {rho:.1f}: standard error of ten pairs {paired:.3f}, of ten and ten runs {unpaired:.3f};",
          f"as good as {10 * (unpaired / paired) ** 2:.0f} and {10 * (unpaired / paired) ** 2:.0f} runs")

# %% [markdown]
# <details><summary>Answer</summary>
#
# It takes 100. With ρ = 0.9 ten pairs are worth a hundred runs of each arm. With ρ = 0 pairs gain nothing, and they
# cost almost nothing. So always pair: the same seeds, the same images, the same settings but for one.
#
# </details>

# %% [markdown]
# ## 5. The interval
#
# We have a mean difference, and it is off by about one standard error, sometimes by two. People want a range: "the
# true difference lies between … and …". So take the mean ± some multiple of the standard error. Which multiple? We
# want a range that covers the truth in 95 of 100 comparisons. If we knew the true sd, the multiple would be 1.96.
#
# But we estimate the sd from the same few numbers. Sometimes it comes out too small, and then the range is too
# short. So the multiple must be larger. How much larger? We ask a simulation in which the truth is 0. Divide the
# size of the mean by its standard error, |mean| / (sd/√n). Which value does this ratio exceed in only 5 of 100 cases?
#
# **Predict:** This multiple for n = 10, and for n = 3.

# %% tags=["hide-output"]
from senet_np.experiments.statistics import paired_difference, t975


def simulated_t(n, trials=200_000):
    """What |mean| / standard error of n numbers stays below in 95 of 100 cases."""
    numbers = rng.standard_normal((trials, n))
    standard_errors = numbers.std(axis=1, ddof=1) / np.sqrt(n)
    return np.quantile(np.abs(numbers.mean(axis=1)) / standard_errors, 0.95)


for n in (3, 4, 5, 10, 30):
    table = f"{t975(n - 1):.2f}" if n >= 5 else "not given"
    print(f"n = {n:2}: simulated {simulated_t(n):.2f}   the package's t975(n − 1) {table}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# About 2.26 for ten numbers, and 4.3 for three. This multiple is called **Student's t** (with n − 1 degrees of
# freedom). Nobody computes it by hand: it stands in tables, and in `t975`. The fewer runs, the larger it is.
#
# </details>

# %%
assert abs(simulated_t(10) / t975(9) - 1) < 0.02

# %% [markdown]
# So the **95 % interval** of a difference is
#
# $$\text{mean}(d) \;\pm\; t_{n-1}\cdot\frac{\mathrm{sd}(d)}{\sqrt n}$$
#
# The package computes it for our ten pairs, and gives a verdict: "more" or "less" if the interval excludes 0, and
# "no difference seen" if it does not.

# %%
ours = paired_difference(acc_A, acc_B)
print(f"sd {np.std(ours.values, ddof=1):.2f}, standard error {paired_error:.2f}, t {t975(9):.2f}")
print(f"with SE minus without: {ours.mean:+.2f} ± {ours.half:.2f} points, n = 10 pairs: {ours.verdict}")

# %% [markdown]
# ### What does "95 %" mean?
#
# Not "the true difference lies in this interval with 95 %": it does, or it does not. It is a promise about the
# *method*: of many comparisons, 95 in 100 get an interval that covers the truth. We can test the promise, because
# in a simulation we know the truth. We draw 100 comparisons of five pairs each. The true difference is 0.4.

# %%
T = {3: 4.303, 4: 3.182}  # Student's t for three and four numbers, from a table, as simulated above


def half_widths(d):
    """Half the 95 % interval of each row of differences d (trials, n)."""
    n = d.shape[1]
    t = T[n] if n in T else t975(n - 1)
    return t * d.std(axis=1, ddof=1) / np.sqrt(n)


# %% [markdown]
# **Predict:** Will exactly five of these 100 intervals miss the truth? And do all intervals have about the same width?

# %% tags=["hide-output"]
many_A, many_B = draw_pairs(100, 5, 0.4, 0.5, 0.5, rng)
means, halves = (many_A - many_B).mean(axis=1), half_widths(many_A - many_B)
misses = np.abs(means - 0.4) > halves
print(f"{misses.sum()} of 100 miss; half widths from {halves.min():.2f} to {halves.max():.2f}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(10, 3.6), layout="constrained")
    for chosen, color, width in ((~misses, GRAY, 1), (misses, ORANGE, 3)):
        places = np.flatnonzero(chosen)
        axes.errorbar(places, means[chosen], halves[chosen], fmt=".", color=color, elinewidth=width)
    axes.axhline(0.4, color=BLUE, linestyle="--")
    axes.set(title="100 comparisons of five pairs. Dashed: the truth; thick orange: intervals that miss it",
             xlabel="comparison", ylabel="difference (points)")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# No, twice. Five is the mean over very many comparisons. Among these 100 two intervals miss, among the next 100 it
# may be eight: luck again. And the widths differ a lot, because each comes from the sd of only five numbers.
#
# </details>

# %% [markdown]
# **Predict:** Someone uses 1.96 for every n. In how many of 100 comparisons does the interval cover the truth if
# there are three pairs?

# %% tags=["hide-output"]
coverage = {}
for n in (3, 5, 10, 30):
    many_d = rng.normal(0.4, 0.5, (20_000, n))
    half, off = half_widths(many_d), np.abs(many_d.mean(axis=1) - 0.4)
    half_with_196 = 1.96 * many_d.std(axis=1, ddof=1) / np.sqrt(n)
    coverage[n] = (off <= half).mean()
    print(f"n = {n:2}: t covers the truth in {100 * coverage[n]:.1f} %,",
          f"1.96 in {100 * (off <= half_with_196).mean():.1f} %;",
          f"half width with t {np.median(half):.2f} (sd of the differences 0.5)")

# %% [markdown]
# <details><summary>Answer</summary>
#
# In about 81, not in 95. Student's t keeps the promise for every n. But look at the half width: with three pairs it
# is twice the sd, so only a huge difference can be seen. That is why the package shows single values below five
# pairs, and no interval.
#
# </details>

# %%
assert all(abs(share - 0.95) < 0.01 for share in coverage.values())

# %% [markdown]
# The promise has two conditions. The pairs must be independent draws of the same kind. And all our runs were tested
# on the *same* images, so the interval is about new seeds on this test set. For new images the standard error of
# section 1 comes on top, or a part of it, because both nets find the same images hard.
#
# ## 6. "No difference seen" is not "no difference"
#
# Suppose that SE is really worth 0.4 points. You run a comparison, and the interval may still include 0, by bad
# luck. How often does it exclude 0, so that you *see* the difference? This share is called the **power** of the
# comparison. From here on, sd means that of the paired differences.
#
# **Predict:** With five seeds and an sd of 0.5, in how many of 100 comparisons is the true difference of 0.4 seen?

# %% tags=["hide-output"]
def power(n, difference, sd, trials=4000):
    """The share of comparisons of n pairs whose interval excludes 0."""
    many_d = np.random.default_rng(0).normal(difference, sd, (trials, n))
    return (np.abs(many_d.mean(axis=1)) > half_widths(many_d)).mean()


seeds = [3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30]
curves = {sd: [100 * power(n, 0.4, sd) for n in seeds] for sd in (0.3, 0.5)}
for sd in curves:
    enough = next(n for n in range(3, 100) if power(n, 0.4, sd) >= 0.8)
    print(f"sd {sd}: with 5 seeds seen in {100 * power(5, 0.4, sd):.0f} of 100; for 80 of 100 it takes {enough} seeds")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
    for (sd, curve), color, marker in zip(curves.items(), (BLUE, ORANGE), "o^"):
        axes.plot(seeds, curve, marker + "-", color=color, label=f"sd of the differences {sd}")
    axes.axhline(80, color=GRAY, linestyle=":")
    axes.set(title="How often a true difference of 0.4 points is seen (dotted: 80 of 100)",
             xlabel="seeds per arm", ylabel="comparisons that see it (%)", ylim=(0, 103))
    axes.legend()
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# In about 29. So after five seeds "no difference seen" is the usual result, although there is a difference. For 80
# of 100 it takes 15 seeds.
#
# </details>

# %% [markdown]
# How many seeds, then? A rule to remember, for a true difference that is to be seen in 80 of 100 comparisons:
#
# $$n \approx 7.8\left(\frac{\mathrm{sd}}{\text{difference}}\right)^2 + 2$$
#
# (The difference has to be 1.96 + 0.84 = 2.8 standard errors, and 2.8² is 7.8. Below 0.84 sd lie 80 % of a bell
# curve. The 2 is there because t is larger than 1.96.)
#
# Public runs of others on small networks found −0.04 to +0.40 points for SE on CIFAR-10 (single runs, or the best
# accuracy of each of five runs).
#
# **Predict:** How many times as many seeds does it take to see half the difference?

# %% tags=["hide-output"]
def seeds_needed(difference, sd):
    return int(np.ceil(7.8 * (sd / difference) ** 2 + 2))


print("seeds per arm         sd 0.3    sd 0.5")
for difference in (0.4, 0.2, 0.1):
    needed = [seeds_needed(difference, sd) for sd in (0.3, 0.5)]
    found = [100 * power(n, difference, sd) for n, sd in zip(needed, (0.3, 0.5))]
    print(f"difference of {difference}: {needed[0]:10} {needed[1]:9}",
          f"    (simulated: seen in {found[0]:.0f} and {found[1]:.0f} of 100)")
    assert all(75 < share < 90 for share in found)

# %% [markdown]
# <details><summary>Answer</summary>
#
# Almost four times as many, because the difference is squared. With an sd of 0.5 a difference of 0.1 points takes
# about 200 seeds in each arm.
#
# </details>

# %% [markdown]
# What is the sd of the differences in this package's own comparisons? A published interval tells it: half the width
# is t · sd/√n. The tiny SE-CNN on CIFAR-10, four epochs, has +0.41 ± 0.24 points with n = 10
# ([docs/results.md](../docs/results.md), "SE against none, tiny SE-CNN"):

# %%
sd = 0.24 * np.sqrt(10) / t975(9)
print(f"sd of its paired differences: {sd:.2f} points")
for difference in (0.4, 0.2, 0.1):
    print(f"ten seeds see a true difference of {difference} in {100 * power(10, difference, sd):.0f} of 100")


# %% [markdown]
# So one run of each net on CIFAR-10, "SE +0.3", proves next to nothing, and three seeds prove little more. This is
# no reason to give up. Say what you know: "n = 3, no difference seen, and we could not have seen one below a
# point".
#
# Move the sliders: each row is one comparison, its dots are the n pairs and its line is the interval.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
def twenty_comparisons(n, difference, sd):
    many_d = np.random.default_rng(1).normal(difference, sd, (20, n))
    mean, half = many_d.mean(axis=1), half_widths(many_d)
    seen = np.abs(mean) > half
    with style():
        figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
        for row in range(20):
            color = ORANGE if seen[row] else GRAY
            axes.plot([mean[row] - half[row], mean[row] + half[row]], [row, row], color=color, linewidth=2)
            axes.plot(many_d[row], np.full(n, row), ".", color=BLUE, markersize=4)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set(title=f"{seen.sum()} of 20 intervals exclude 0 (orange)", xlabel="difference (points)",
                 ylabel="comparison", xlim=(-2, 3))
    plt.show()


interact(twenty_comparisons, n=IntSlider(5, 3, 30),
         difference=FloatSlider(value=0.4, min=0, max=1, step=0.1),
         sd=FloatSlider(value=0.5, min=0.1, max=1, step=0.1));

# %% [markdown]
# ## 7. Four ways to find what is not there
#
# In this section the truth is: *there is no difference at all*. An honest comparison then reports one in 5 of 100
# cases, because 95 % is not 100 %. This is called a *false alarm*. Four habits make false alarms more frequent.
#
# ### Many tables
#
# **Predict:** Someone makes twenty comparisons for a paper, all without any true difference. In how many of 100
# such papers is there at least one false alarm?

# %% tags=["hide-output"]
papers = rng.normal(0, 0.5, (2000, 20, 5))  # 2000 papers, in each twenty comparisons of five pairs
wrong = np.array([(np.abs(paper.mean(axis=1)) > half_widths(paper)).sum() for paper in papers])  # (2000,)
print(f"false alarms in a paper of twenty comparisons: {wrong.mean():.2f} on average")
print(f"papers with at least one: {100 * (wrong > 0).mean():.0f} of 100")


# %% [markdown]
# <details><summary>Answer</summary>
#
# In 64 of 100, because $1 - 0.95^{20} = 0.64$. On average there is one false alarm in each paper. Someone who shows
# only "the table with a difference" shows this one. So say how many comparisons you made. (A remedy: use intervals
# of 99.75 % for twenty comparisons. Then only about one paper in twenty has a false alarm. Its name is
# *Bonferroni*.)
#
# </details>
#
# **It happened here.** The tiny net, with and without SE, was tested on eighteen versions of the test images: as they
# are, darker, with less contrast, and so on. After five pairs, five of the eighteen intervals did not contain 0: two
# gains and three losses. Then five more pairs were trained, as planned. The two gains came again, and none of the three
# losses did ([docs/results.md](../docs/results.md), "The tiny net: ten epochs").

# %% [markdown]
# ### Looking too early
#
# "No difference yet; let us add some seeds." Start with five pairs, look after each further pair, and stop as soon
# as the interval excludes 0.
#
# **Predict:** How often does that end with a false alarm, if one goes on up to 30 seeds?

# %% tags=["hide-output"]
def first_seen(d, first=5):
    """For each row: after how many pairs the interval first excludes 0; a very large number for never."""
    seen = np.full(len(d), 10**6)
    for n in range(d.shape[1], first - 1, -1):
        part = d[:, :n]
        seen[np.abs(part.mean(axis=1)) > half_widths(part)] = n
    return seen


stopped = first_seen(rng.normal(0, 0.5, (4000, 60)))
looks = np.arange(5, 61)
rate = [100 * (stopped <= n).mean() for n in looks]
print(f"up to 30 seeds: {rate[25]:.0f} % false alarms")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
    axes.plot(looks, rate, color=ORANGE, label="look after every seed, stop when it looks good")
    axes.axhline(5, color=BLUE, linestyle="--", label="look once, when all are there")
    axes.set(title="False alarms where there is no difference",
             xlabel="number of seeds at which one gives up", ylabel="false alarms (%)", ylim=(0, None))
    axes.legend(loc="upper left")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# In more than 20 of 100 cases. Each look is another chance of being wrong, and one stops at the first. The remedy
# costs nothing: write down n before the first run. That is what `seeds = 10` in the comparison file is for.
#
# </details>
#
# **It happened here, too.** The tiny net with SE in its first two stages, and without: after five pairs the interval
# did not contain 0, +0.20 ± 0.15 points. By the rule above we would have stopped and reported a gain. But ten pairs
# were planned. After six it was +0.18 ± 0.12; in the other four, SE minus without was −0.14, 0.00, +1.17 and +0.18
# points, and the interval of all ten contains 0: +0.23 ± 0.26. This does not show that there is no gain. It shows
# that the first interval was too narrow: by chance the first differences lay close together
# ([docs/results.md](../docs/results.md), "The tiny net: ten epochs").

# %%
assert rate[25] > 10

# %% [markdown]
# ### The best seed
#
# "Our best run reaches …" Of several runs of one net the best lies above the mean.
#
# **Predict:** Look at the ten runs of section 2. How many points would "the best of ten" add to each net?

# %% tags=["hide-output"]
for name, values in (("with SE", acc_A), ("without SE", acc_B)):
    best, mean = values.max(), values.mean()
    print(f"{name:10} best of ten {best:.1f} %, mean {mean:.1f} %: {best - mean:+.1f} points")
for n in (3, 10, 30):
    best = rng.normal(0, 0.3, (20_000, n)).max(axis=1).mean()
    print(f"simulated, sd 0.3: the best of {n:2} lies {best:+.2f} points above the truth")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Several points here, about one and a half sd. With ten tries for the new net and one try for the old one, the new
# one looks better by luck alone. The more tries, the more.
#
# </details>

# %% [markdown]
# ### Choosing by the test images
#
# Epochs, learning rates and whole networks are often chosen by their test accuracy. What does that do to this
# accuracy? We watch it with our own twenty networks. Split the test images at random into two halves; choose the
# network that is best on the first half; then look at its accuracy on both. We repeat that for 2,000 splits.
#
# **Predict:** By how many points do the two accuracies of the chosen network differ on average, and which one is
# higher?

# %% tags=["hide-output"]
every_hit = np.array(hits["with SE"] + hits["without SE"])  # (20 networks, 1000 images)
on_choosing, on_other = [], []
for _ in range(2000):
    order = rng.permutation(1000)
    first, second = (100 * every_hit[:, half].mean(axis=1) for half in (order[:500], order[500:]))
    best = first.argmax()
    on_choosing.append(first[best])
    on_other.append(second[best])
gap = np.subtract(on_choosing, on_other)
print(f"the chosen network: {np.mean(on_choosing):.2f} % on the half that chose it,",
      f"{np.mean(on_other):.2f} % on the other: {gap.mean():+.2f} points")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
    axes.hist(gap, bins=np.arange(-8.1, 10, 0.4), color=ORANGE, edgecolor="white")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.axvline(gap.mean(), color=BLUE, linestyle="--", linewidth=2.5, label=f"mean {gap.mean():+.2f}")
    axes.set(title="The chosen network: its accuracy on the half that chose it, minus that on the other",
             xlabel="difference (points)", ylabel="splits of the test set")
    axes.legend()
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# The one on the half that chose it, by one or two points. The best network on a half is partly good and partly
# lucky with these images. On other images the luck is gone. So if something was *chosen* by the test images, they
# no longer *test* it. The gap is largest where the candidates are alike and the test set is small, and that is the
# usual case: thirty epochs at the end of a training hardly differ.
#
# </details>

# %%
assert gap.mean() > 0

# %% [markdown]
# In this package the epochs are followed on *validation* images, and `train` uses the test images once, at the end,
# whatever the result.
#
# ## 8. The package's table, and a checklist
#
# Our twenty result lines are stored, so the package can make its report. For its own comparisons you type:
#
#     python -m senet_np compare docs/comparisons/tiny-se.toml           # trains what is missing
#     python -m senet_np compare docs/comparisons/tiny-se.toml --report  # reports the finished runs

# %%
from senet_np.experiments.report import as_text, make_report

print(as_text(make_report(comparison)))
folder.cleanup()

# %% [markdown]
# Before the first run:
#
# | question | in the file |
# |---|---|
# | What is compared with what, and do the arms differ in one thing only? | `[arms]`; all else in `[settings]` |
# | Would more parameters alone do it? | a third arm, as "without SE, widened" in `shapes-se.toml` |
# | How many seeds, for which difference, at which sd? | `seeds`, from section 6 |
# | Which images choose (epochs, settings), and which test? | validation chooses; test once |
#
# When you report:
#
# | say | not |
# |---|---|
# | n, mean ± sd, and which of the two the ± is | "92.3 ± 0.1" |
# | the paired difference with its interval | two means |
# | every seed, in a plot | the best run |
# | "no difference seen; we could have seen 0.5 points" | "no difference" |
# | how many comparisons you made | the one with a difference |
# | data, size of the test set, epochs, parameters | "SE improves accuracy" |
#
# ## In five sentences
#
# 1. One accuracy contains two kinds of luck: that of the test images, √(p(1 − p)/n), and that of the seed, which
#    only more runs show.
# 2. The standard deviation tells how far one run lies from the mean, and the standard error, sd/√n, how far the
#    mean lies from the truth.
# 3. Compare in pairs of the same seed, because what a seed does to both arms cancels in the difference.
# 4. The interval, mean ± t · sd/√n of the paired differences, covers the truth in 95 of 100 comparisons; if it
#    includes 0 you have seen no difference, and with few seeds you could not have seen a small one.
# 5. Write down the number of seeds and the comparison before the first run, show every run, and do not choose by
#    the test images: otherwise you will find differences that are not there.
#
# ## Exercises

# %% [markdown]
# ### Exercise 11.1 · A report
#
# A report says: "ResNet-20 gets 91.7 %, with SE 92.0 %." One run each, 10,000 test images. Two questions:
#
# 1. `errors`: how many standard errors are these 0.3 points, by the luck of the test images alone? Treat the two
#    accuracies as independent. Give two significant digits.
# 2. `seeds_at_03` and `seeds_at_05`: how many seeds per arm does it take to see a true difference of 0.3 points in
#    80 of 100 comparisons, if the sd of the differences is 0.3, and if it is 0.5?
#
# <details><summary>Hint</summary>
#
# Each accuracy has a standard error (section 1). For two independent numbers the *variances* add, so the standard
# error of the difference is the root of the sum of the squares. For the second question: `seeds_needed`.
#
# </details>

# %%
errors = ...
seeds_at_03, seeds_at_05 = ..., ...

check("11.1", errors, seeds_at_03, seeds_at_05)

# %% [markdown]
# ### Exercise 11.2 · An interval by hand
#
# Five seeds, two arms (the numbers are made up):
#
# | | seed 0 | seed 1 | seed 2 | seed 3 | seed 4 |
# |---|---:|---:|---:|---:|---:|
# | with SE, % | 68.2 | 67.9 | 68.5 | 68.0 | 68.4 |
# | without SE, % | 67.8 | 67.7 | 68.0 | 67.9 | 67.9 |
#
# Compute the mean difference and half the width of its 95 % interval, from the formula of section 5. Use
# `paired_difference` only to compare. Give three significant digits; the half width is a number between 0.1 and 0.5.
# Then the verdict: "more", "less" or "no difference seen".
#
# <details><summary>Hint</summary>
#
# Five differences first. How many degrees of freedom? Remember `ddof=1`.
#
# </details>

# %%
mean_difference = ...
half_width = ...
verdict = ...

check("11.2", mean_difference, half_width, verdict)


# %% [markdown]
# ### Exercise 11.3 · One test finds them all
#
# Three people compute an interval from two arrays of ten accuracies, `acc_A` and `acc_B`. Each one changed a line
# of the right code:
#
# | | the line |
# |---|---|
# | 1 | `half = t975(n - 1) * d.std(ddof=1)` |
# | 2 | `d = np.sort(acc_A) - np.sort(acc_B)` |
# | 3 | `half = 1.96 * d.std() / np.sqrt(n)` |
#
# Do not argue: test. Write `coverage(interval)`. It draws many comparisons of ten pairs with a true difference that
# *you* chose, and returns the share of them (0 to 1) whose interval covers it. `interval(acc_A, acc_B)` returns the
# mean difference and half the width. For a right one your test must find about 0.95. Then list in `too_short` the
# numbers of those people whose intervals are too short.
#
# <details><summary>Hint</summary>
#
# `draw_pairs(2000, 10, 0.4, 0.5, 0.3, rng)` gives 2,000 comparisons, one per row. Call `interval` for each row, and
# count how often the mean lies no further from 0.4 than half the width. To find out who is who, write the three as
# functions and give them to your `coverage`.
#
# </details>

# %%
def coverage(interval):
    """The share of many comparisons whose interval covers the true difference."""
    ...


too_short = ...  # numbers of people, out of 1, 2 and 3

check("11.3", coverage, too_short)

# %% [markdown]
# ### Exercise 11.4 · Broken pairs
#
# A script reads the results of the second arm in another order: it subtracts the run of seed 1 from that of seed 0,
# the run of seed 2 from that of seed 1, and so on. All numbers are the same, and so is their mean. What does it
# cost?
#
# Simulate 10,000 comparisons of ten pairs with a true difference of 0.4, an sd of each arm of 0.5 and ρ = 0.8.
# `true_pairs` is the power (the share whose interval excludes 0) with the right pairs, `broken_pairs` the power
# with the broken ones. Two digits are enough.
#
# <details><summary>Hint</summary>
#
# `np.roll(many_B, 1, axis=1)` keeps every number and breaks every pair. `half_widths` gives the intervals of all
# rows.
#
# </details>

# %%
true_pairs = ...
broken_pairs = ...

check("11.4", true_pairs, broken_pairs)

# %% [markdown]
# ### Exercise 11.5 · The same images for both
#
# Two networks each get 92 % of the same 10,000 test images right. On 95 % of the images they agree: both right, or
# both wrong. What is the standard error of the *difference* of their accuracies, in points, by the luck of the test
# images? Give three significant digits. (If the two were independent it would be √2 · 0.2713 = 0.384.)
#
# <details><summary>Hint</summary>
#
# For each image the difference (right or wrong of one, minus that of the other) is −1, 0 or +1. Its mean is 0. So
# its variance is the mean of its square. Then divide by n and take the root, as in section 1.
#
# </details>

# %%
standard_error = ...

check("11.5", standard_error)

# %% [markdown]
# Solutions: [solutions/11_comparisons.ipynb](solutions/11_comparisons.ipynb), after you have tried.
#
# **Read next:** `senet_np/experiments/statistics.py`; [docs/results.md](../docs/results.md), the tables and what
# may be concluded from them; `docs/comparisons/*.toml`. Then write a comparison file of your own. After this
# notebook you can do assignment 4, `assignments/4_claim.ipynb`.
