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
# # 11 · Comparisons: seeds, intervals, when a difference is one
#
# **Afterwards you can** say how far one accuracy can be trusted; plan a comparison of two networks: how
# many seeds, paired how; compute its interval in five lines and say what the interval does and does not
# claim; and name four ways in which honest people find differences that are not there.
#
# **You need** notebook 8 (training), and what a mean and a standard deviation (sd) are. **Time:** 45
# minutes.
#
# "SE improves accuracy by 0.4 points." Against what, on which images, how often tried? Everything here is
# measured or simulated in front of you.

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, IntSlider, interact

import senet_np
from senet_np.data import load_shapes
from senet_np.figures.style import BLUE, GRAY, ORANGE, style

np.set_printoptions(precision=2, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. A test set is a sample
#
# `shapes` images are drawn by NumPy, so there are as many as we like. Take a bundled model and 4,000 fresh
# images, and note for each whether it is classified correctly. Then pretend that we had been given fewer:
# cut them into test sets of n.
#
# *Predict: how far do the accuracies on test sets of 50 lie apart? And on 200?*

# %%
model = senet_np.load("shapes-plain")
images, labels = load_shapes(seed=1, sizes=(1, 1, 4000)).test
right = model.run(images).argmax(axis=1) == labels  # (4000,) bool
p = right.mean()
print(f"all 4000: {100 * p:.1f} %")

for n in (50, 200, 500):
    accuracies = 100 * right.reshape(-1, n).mean(axis=1)
    expected = 100 * np.sqrt(p * (1 - p) / n)
    print(f"test sets of {n:3}: from {accuracies.min():.1f} to {accuracies.max():.1f} %,",
          f"sd {accuracies.std(ddof=1):.2f}, √(p(1 − p)/n) = {expected:.2f} points")

# %% [markdown]
# Same network, same weights. Each image is a draw that is right with probability p. One draw has variance
# p(1 − p), the mean of n independent ones has p(1 − p)/n, so its sd, the **standard error** of an accuracy,
# is
#
# $$\sqrt{\frac{p(1-p)}{n}}$$
#
# *Predict: an accuracy of 92 % on the 10,000 test images of CIFAR-10. Is 0.4 points more than its standard
# error?*

# %%
for n in (1000, 2000, 10_000, 50_000):
    print(f"92 % of {n:6,}: ± {100 * np.sqrt(0.92 * 0.08 / n):.2f} points")

# %% [markdown]
# ## 2. A run is a draw, too
#
# The seed decides the first weights and the order of the images. Train a very small SE net and its twin
# without SE, with ten seeds each. In this package a comparison is a small file that defines all of that; it is
# written before anything is run.

# %%
FILE = """
title = "SE against none on a very small net"
data = "shapes"
seeds = 10                    # 0 to 9; or a list of them
results = "mine.jsonl"        # where the result lines are stored, beside this file
reference = "without SE"      # what the other arms are compared with

[settings]                    # of all arms
widths = [4, 8, 8]
epochs = 3
batch_size = 16
micro_batch = 16

[arms."with SE"]              # what is special about each
[arms."without SE"]
se = false
"""

from senet_np.experiments.comparison import read_comparison

folder = tempfile.TemporaryDirectory()  # it is gone at the end of this notebook
path = Path(folder.name) / "mine.toml"
path.write_text(FILE, "utf-8")
comparison = read_comparison(path)
print([(name, settings.seed) for name, settings in comparison.cells][:4], "…", len(comparison.cells), "runs")

# %% [markdown]
# From here on we do by hand what `python -m senet_np compare mine.toml` does. We take few images, so that it
# ends soon.
#
# *Predict: the task was built for gating. Which net will be ahead, and with how many of ten seeds?*

# %%
from dataclasses import replace

from senet_np.experiments.results import append_result
from senet_np.model import new_model
from senet_np.settings import settings_to_json
from senet_np.train.loop import train
from senet_np.train.optimizers import make_optimizer
from senet_np.train.progress import Callback, Progress
from senet_np.tree import tree_size

dataset = load_shapes(sizes=(600, 100, 1000))  # to train on, to validate on, to test on


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


# %%
hits = {name: [] for name in comparison.arms}
for name, settings in comparison.cells:
    hits[name].append(make_run(settings))

a, b = (100 * np.array(hits[name]).mean(axis=1) for name in comparison.arms)  # accuracies by seed, %
print("with SE   ", a, "\nwithout SE", b)

# %%
with style():
    figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
    for x, beside, values, color, marker in ((0, -0.12, b, GRAY, "s"), (1, 1.12, a, ORANGE, "o")):
        axes.plot(np.full(10, x), values, marker, color=color, markersize=7)
        axes.errorbar(beside, values.mean(), values.std(ddof=1), color="black", fmt="D", capsize=4)
    axes.plot([0, 1], [b, a], color=BLUE, linewidth=0.8, alpha=0.6, zorder=0)
    ahead = (a > b).sum()
    axes.set(title=f"SE is ahead with {ahead} of ten seeds (lines: the same seed; diamonds: mean ± sd)",
             ylabel="test accuracy (%)", xlim=(-0.5, 1.5))
    axes.set_xticks([0, 1], ["without SE", "with SE"])
plt.show()

# %%
d = a - b
print(f"mean ± sd of ten seeds: with SE {a.mean():.1f} ± {a.std(ddof=1):.1f} %,",
      f"without {b.mean():.1f} ± {b.std(ddof=1):.1f} %")
print(f"differences by seed: {d}")
print(f"one seed alone could have given anything from {d.min():+.1f} to {d.max():+.1f} points")
p = a.mean() / 100
explained = 100 * np.sqrt(p * (1 - p) / 1000)
print(f"what the sample of 1000 test images explains of a spread: {explained:.1f} points")

# %% [markdown]
# With one seed you would have reported one of those ten differences. The spread is larger than the number
# of test images explains: runs differ. (Both nets have hardly begun to learn: chance is 10 %.)
#
# And look at the sign. Most people expect SE ahead: the task was built for it. The same two kinds of networks
# are bundled at their usual size, trained on more images:

# %%
for name in ("shapes-se", "shapes-plain"):
    model = senet_np.load(name)
    print(f"{name:13} widths {model.settings.widths}, {model.metadata.data.images['train']} images,",
          f"{model.settings.epochs} epochs: {100 * model.metadata.result.accuracy:.1f} %")

# %% [markdown]
# (One run each; for ten of each see [docs/results.md](../docs/results.md).) **A difference belongs to a
# budget.** In our few steps of a very small net the gates gain nothing; in more steps of a larger one they
# decide everything. "SE helps" is not a sentence about SE alone. Write down widths, images and epochs
# with every difference, and do not carry it to others.
#
# ## 3. Mean, sd, standard error
#
# Three numbers that are often mixed up. For n runs with accuracies $a_i$:
#
# - the **mean** $\bar a$;
# - the **sd** $\sqrt{\sum_i(a_i-\bar a)^2/(n-1)}$: how far *a run* lies from the mean. More runs do not
#   make it smaller;
# - the **standard error** sd/√n: how far *the mean* lies from what endless runs would give. More runs do.
#
# *Predict what becomes of each when you go from 3 seeds to 300.*

# %%
for n in (3, 10, 30, 300):
    runs = rng.normal(68, 0.3, n)  # accuracies as of a net of sd 0.3
    sd = runs.std(ddof=1)
    print(f"n = {n:3}: mean {runs.mean():.2f}   sd {sd:.2f}   standard error {sd / np.sqrt(n):.2f}")

# %% [markdown]
# ## 4. Why pairs
#
# Both arms of our comparison ran with the seeds 0 to 9. What do two runs of one seed have in common? Look,
# and do not believe:

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
print("and the order of the images:", order[:8], "…, which depends on the seed alone")

# %% [markdown]
# The SE block of stage 1 draws its weights from the same generator, so from there on the two nets draw
# different numbers. They share the first convolution, the order of the images in every epoch, and all
# training and test images. As far as a lucky order helps both, their accuracies rise and fall together,
# with a correlation ρ. For the difference of a pair
#
# $$
# \operatorname{Var}(a-b) =
# \operatorname{Var}(a) + \operatorname{Var}(b) - 2\rho\,\mathrm{sd}(a)\,\mathrm{sd}(b)
# $$
#
# Whoever does not pair has the first two terms alone. *Predict: which interval is narrower on our ten
# numbers?*

# %%
n = 10
paired_error = np.sqrt((a - b).var(ddof=1) / n)
unpaired_error = np.sqrt(a.var(ddof=1) / n + b.var(ddof=1) / n)
rho = np.corrcoef(a, b)[0, 1]
print(f"mean difference {(a - b).mean():+.2f}, ρ = {rho:+.2f};",
      f"standard error paired {paired_error:.2f}, unpaired {unpaired_error:.2f} points")
shared = 2 * rho * a.std(ddof=1) * b.std(ddof=1)
assert np.isclose((a - b).var(ddof=1), a.var(ddof=1) + b.var(ddof=1) - shared)

# %% [markdown]
# ρ from ten pairs is itself a rough number. How much pairing buys when the noise is really shared shows a
# simulation: each run is a constant, plus what its seed does to both arms, plus what is its own.

# %%
def draw_pairs(trials, n, difference, sd, rho, rng):
    """Accuracies (trials, n) of two arms with the same sd, whose seeds correlate with rho."""
    seed, own_a, own_b = rng.standard_normal((3, trials, n))
    a = difference + sd * (np.sqrt(rho) * seed + np.sqrt(1 - rho) * own_a)
    b = sd * (np.sqrt(rho) * seed + np.sqrt(1 - rho) * own_b)
    return a, b


for rho in (0, 0.3, 0.6, 0.9):
    many_a, many_b = draw_pairs(20_000, 10, 0.4, 0.3, rho, rng)
    spread = (many_a - many_b).mean(axis=1).std()  # how far the mean difference really strays
    unpaired = np.sqrt(2 * 0.3**2 / 10)  # by the unpaired formula
    print(f"ρ = {rho:.1f}: the mean of ten pairs strays by {spread:.3f}, of ten and ten by {unpaired:.3f}")

# %% [markdown]
# With ρ = 0.9 one needs a tenth of the seeds. With ρ = 0 pairing costs little: a slightly larger t. So
# pair: same seeds, same images, same settings but for one. And never sort the two lists (exercise 2).
#
# ## 5. The interval, in five lines
#
# The mean of n differences strays by about sd/√n. But sd is estimated from the same few numbers: sometimes
# too small, and then the interval is too short just when it matters. How much wider must it be? Ask a
# simulation where the truth is 0: how large does |mean| / (sd/√n) become in 95 of 100 cases?
#
# *Predict: with many numbers it is 1.96. And with 10? With 3?*

# %%
from senet_np.experiments.statistics import paired_difference, t975


def simulated_t(n, trials=200_000):
    x = rng.standard_normal((trials, n))
    return np.quantile(np.abs(x.mean(axis=1)) / (x.std(axis=1, ddof=1) / np.sqrt(n)), 0.95)


for n in (3, 4, 5, 10, 30):
    table = f"{t975(n - 1):.2f}" if n >= 5 else "not given"
    print(f"n = {n:2}: simulated {simulated_t(n):.2f}   t975 {table}")
assert abs(simulated_t(10) / t975(9) - 1) < 0.02


# %% [markdown]
# That is Student's t with n − 1 degrees of freedom. The interval:

# %%
def t_interval(a, b):
    d = np.subtract(a, b)  # pair by pair
    n = len(d)
    standard_error = d.std(ddof=1) / np.sqrt(n)
    half = t975(n - 1) * standard_error
    return d.mean(), half


mean, half = t_interval(a, b)
library = paired_difference(a, b)
assert np.allclose((mean, half), (library.mean, library.half))
print(f"with SE minus without: {mean:+.2f} ± {half:.2f} points, n = 10 pairs: {library.verdict}")

# %% [markdown]
# **What does "95 %" mean?** Not "the true difference lies in here with 95 %": it does or it does not. It is
# a promise about the method: of many comparisons 95 in 100 get an interval that covers the truth. Is it
# kept? Here the true difference is 0.4.

# %%
many_a, many_b = draw_pairs(100, 5, 0.4, 0.5, 0.5, rng)
with style():
    figure, axes = plt.subplots(figsize=(9, 3.2), layout="constrained")
    missed = 0
    for k, (mean, half) in enumerate(map(t_interval, many_a, many_b)):
        misses = abs(mean - 0.4) > half
        missed += misses
        color, width = (ORANGE, 3) if misses else (GRAY, 1)
        axes.plot([k, k], [mean - half, mean + half], color=color, linewidth=width)
        axes.plot(k, mean, ".", color=color)
    axes.axhline(0.4, color=BLUE, linestyle="--")
    axes.set(title=f"100 comparisons of 5 pairs: {missed} intervals miss the truth (dashed)",
             xlabel="comparison", ylabel="difference (points)")
plt.show()


# %%
T = {3: 4.303, 4: 3.182}  # below five pairs the library gives none; from a table, as simulated above


def half_widths(d):
    n = d.shape[1]
    t = T[n] if n < 5 else t975(n - 1)
    return t * d.std(axis=1, ddof=1) / np.sqrt(n)


for n in (3, 5, 10, 30):
    d = rng.normal(0.4, 0.5, (20_000, n))
    half = half_widths(d)
    with_z = 1.96 * d.std(axis=1, ddof=1) / np.sqrt(n)
    off = np.abs(d.mean(axis=1) - 0.4)
    print(f"n = {n:2}: t covers the truth in {100 * (off <= half).mean():.1f} %, 1.96 in",
          f"{100 * (off <= with_z).mean():.1f} %; half an interval is {np.median(half):.2f} wide (sd 0.5)")
    assert abs((off <= half).mean() - 0.95) < 0.01

# %% [markdown]
# With three pairs half the interval is more than twice the sd: a difference has to be huge to be seen. That
# is why this package shows the single values below five pairs, and no interval.
#
# The promise has conditions. The pairs are independent draws of the same kind. And all our runs were tested
# on the *same* images: the interval is about new seeds on this test set. For new images there is the
# standard error of section 1, of which a difference keeps a part (both nets find the same images hard).
#
# ## 6. "No difference seen" is not "no difference"
#
# Suppose that SE is really worth 0.4 points. How often will our interval exclude 0? That is the **power**
# of the comparison. From here on, sd is that of the paired differences.
#
# *Predict: with 5 seeds and an sd of 0.5, in how many of 100 comparisons is the true difference seen?*

# %%
def power(n, difference, sd, trials=4000):
    d = np.random.default_rng(0).normal(difference, sd, (trials, n))
    return (np.abs(d.mean(axis=1)) > half_widths(d)).mean()


seeds = [3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30]
with style():
    figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
    for sd, color, marker in ((0.3, BLUE, "o"), (0.5, ORANGE, "^")):
        curve = [100 * power(n, 0.4, sd) for n in seeds]
        axes.plot(seeds, curve, marker + "-", color=color, label=f"sd of the differences {sd}")
    axes.axhline(80, color=GRAY, linestyle=":")
    axes.set(title="Five seeds easily miss a true difference of 0.4 points",
             xlabel="seeds", ylabel="comparisons that see it (%)", ylim=(0, 103))
    axes.legend()
plt.show()

for sd in (0.3, 0.5):
    enough = next(n for n in range(3, 100) if power(n, 0.4, sd) >= 0.8)
    five = 100 * power(5, 0.4, sd)
    print(f"sd {sd}: with 5 seeds seen in {five:.0f} of 100; for 80 of 100 it takes {enough} seeds")


# %% [markdown]
# A rule to remember. For 80 of 100 the difference δ must be 1.96 + 0.84 standard errors away from 0 (0.84:
# below that lie 80 % of a normal distribution). From $\delta = 2.8\,\mathrm{sd}/\sqrt n$ follows
#
# $$n \approx 7.8\,(\mathrm{sd}/\delta)^2 + 2$$
#
# where the 2 stands for t being larger than 1.96. Half the difference needs four times the seeds.
#
# Public re-runs of SE on networks of ResNet-20's size on CIFAR-10 find +0.1 to +0.4 points, sometimes less
# than 0. What does it take to settle such a thing?

# %%
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
# What is the sd of the differences in our own comparisons? A published interval tells: half = t·sd/√n. The
# first table of [docs/results.md](../docs/results.md) has +0.41 ± 0.24 points with n = 10 (tiny SE-CNN,
# CIFAR-10, 4 epochs):

# %%
sd = 0.24 * np.sqrt(10) / t975(9)
print(f"sd of its paired differences: {sd:.2f} points")
for difference in (0.4, 0.2, 0.1):
    print(f"ten seeds see a true difference of {difference} in {100 * power(10, difference, sd):.0f} of 100")


# %% [markdown]
# So one run of each on CIFAR-10, "SE +0.3", is compatible with nearly everything, and three seeds are not
# much better. That is no reason to give up, but to say "n = 3, no difference seen, and we could not have
# seen one below …".
#
# Move the sliders: each row is one comparison, its dots the n pairs and its line the interval.

# %%
def twenty_comparisons(n, difference, sd):
    d = np.random.default_rng(1).normal(difference, sd, (20, n))
    mean, half = d.mean(axis=1), half_widths(d)
    seen = np.abs(mean) > half
    with style():
        figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
        for k in range(20):
            color = ORANGE if seen[k] else GRAY
            axes.plot([mean[k] - half[k], mean[k] + half[k]], [k, k], color=color, linewidth=2)
            axes.plot(d[k], np.full(n, k), ".", color=BLUE, markersize=4)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set(title=f"{seen.sum()} of 20 intervals exclude 0", xlabel="difference (points)",
                 ylabel="comparison", xlim=(-2, 3))
    plt.show()


interact(twenty_comparisons, n=IntSlider(5, 3, 30),
         difference=FloatSlider(value=0.4, min=0, max=1, step=0.1),
         sd=FloatSlider(value=0.5, min=0.1, max=1, step=0.1));

# %% [markdown]
# ## 7. Four ways to find what is not there
#
# From here on the truth is: *no difference at all*. An honest test at 95 % is wrong 5 times in 100.
#
# **Many tables.** *Predict: of twenty comparisons without any difference, how many will report "more" or
# "less"? And in how many papers of twenty tables is at least one?*

# %%
d = rng.normal(0, 0.5, (2000, 20, 5))  # 2000 papers of 20 tables of 5 pairs
wrong = np.array([(np.abs(paper.mean(axis=1)) > half_widths(paper)).sum() for paper in d])  # (2000,)
print(f"wrong verdicts in a paper of twenty tables: {wrong.mean():.2f} on average")
print(f"papers with at least one: {100 * (wrong > 0).mean():.0f} of 100;  1 − 0.95²⁰ = {1 - 0.95**20:.2f}")


# %% [markdown]
# Whoever shows only the table with a difference shows this one. State how many you looked at. (Twenty tests
# at 99.75 % make one wrong paper in 20: Bonferroni.)
#
# **Peeking.** "Not significant yet, let us add some seeds." Start with 5 pairs, look after each further
# one, stop when the interval excludes 0.
#
# *Predict: how often does that end in "a difference", if one goes on up to 30 seeds?*

# %%
def first_seen(d, first=5):
    """For each row: after how many pairs the interval first excludes 0, or a large number for never."""
    seen = np.full(len(d), 10**6)
    for n in range(d.shape[1], first - 1, -1):
        part = d[:, :n]
        seen[np.abs(part.mean(axis=1)) > half_widths(part)] = n
    return seen


# %%
stopped = first_seen(rng.normal(0, 0.5, (4000, 60)))
looks = np.arange(5, 61)
rate = [100 * (stopped <= n).mean() for n in looks]
with style():
    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    axes.plot(looks, rate, color=ORANGE, label="look after every seed, stop when it looks good")
    axes.axhline(5, color=BLUE, linestyle="--", label="look once, when all are there")
    axes.set(title="Peeking: the longer one may go on, the surer one finds a difference that is not there",
             xlabel="most seeds that one would run", ylabel="false alarms (%)", ylim=(0, None))
    axes.legend(loc="upper left")
plt.show()
print(f"up to 30 seeds: {rate[25]:.0f} % false alarms")
assert rate[25] > 10

# %% [markdown]
# The remedy costs nothing: write down n before the first run. That is what `seeds = 10` in the comparison
# file is for.
#
# **The best seed.** Of k runs of one and the same net the best lies above the mean; the more runs, the
# more.
#
# *Predict from the ten runs above: how much would "the best of ten" add to each net?*

# %%
for name, values in (("with SE", a), ("without SE", b)):
    best, mean = values.max(), values.mean()
    print(f"{name:10} best of ten {best:.1f} %, mean {mean:.1f} %: {best - mean:+.1f} points")
for k in (3, 10, 30):
    best = rng.normal(0, 0.3, (20_000, k)).max(axis=1).mean()
    print(f"simulated, sd 0.3: the best of {k:2} lies {best:+.2f} points above the truth")

# %% [markdown]
# Ten tries for the new net and one for the old, and the old one is "beaten", by sd alone.
#
# **Choosing by the test set.** The same with epochs, learning rates, architectures: whatever is chosen *by*
# the test images is no longer tested by them. We can watch it with our own runs. Split the test images at
# random into halves A and B; choose the best of the twenty networks by A; look at it on B, which nobody has
# chosen by.

# %%
every_hit = np.array(hits["with SE"] + hits["without SE"])  # (20 networks, 1000 images)
shown, fair = [], []
for _ in range(2000):
    order = rng.permutation(1000)
    on_a, on_b = (100 * every_hit[:, half].mean(axis=1) for half in (order[:500], order[500:]))
    best = on_a.argmax()
    shown.append(on_a[best])
    fair.append(on_b[best])
gap = np.subtract(shown, fair)

# %%
with style():
    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    axes.hist(gap, bins=np.arange(-8.1, 10, 0.4), color=ORANGE, edgecolor="white")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.axvline(gap.mean(), color=BLUE, linestyle="--", label=f"mean {gap.mean():+.2f}")
    axes.set(title="The network that was chosen by half A looks better on A than on B",
             xlabel="accuracy of the chosen one on A minus that on B (points)",
             ylabel="splits of the test set")
    axes.legend()
plt.show()
print(f"chosen by A: {np.mean(shown):.2f} % on A, {np.mean(fair):.2f} % on B: {gap.mean():+.2f} points")
assert gap.mean() > 0

# %% [markdown]
# The gap is large where the candidates are alike and the test set is small. That is the usual case at the
# end of a training: thirty epochs that hardly differ. In this package the epochs are followed on
# validation images, and `train` uses the test images once, at the end, whatever the result.
#
# ## 8. The table that the package makes, and a checklist
#
# Our result lines are stored, so the report of `compare` can be made. For the package's own comparisons:
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
# ## Try it
#
# 1. A report says: ResNet-20 91.7 %, with SE 92.0 %, one run each, 10,000 test images. How many standard
#    errors is that, if the two accuracies were independent? How many seeds would you ask for, to see a true
#    0.3 points at an sd of 0.3, and of 0.5?
#
#    <details><summary>Hint</summary>
#
#    The variances of two independent numbers add. Then `seeds_needed`.
#
#    </details>
#
# 2. *Spot the bugs.* Three scripts, each with one mistake. What is wrong, which way does it push the
#    result, and which check shows it?
#
#    ```python
#    half = t975(n - 1) * (a - b).std(ddof=1)                    # A
#    d = np.sort(a) - np.sort(b)                                 # B
#    best = max(range(epochs), key=lambda e: test_accuracy[e])   # C
#    print(test_accuracy[best])
#    ```
#
#    <details><summary>Hint</summary>
#
#    Check A and B by coverage: simulate, with a known truth, how often the interval covers it. For C draw
#    the accuracies of 30 epochs that are all equally good.
#
#    </details>
#
# 3. What do broken pairs cost? Give `draw_pairs` a difference of 0.4, an sd of 0.5 and a ρ of 0.8, and
#    compare the power of ten true pairs with the power when seed 0 is paired with seed 1, seed 1 with seed
#    2 and so on.
#
#    <details><summary>Hint</summary>
#
#    `np.roll(b, 1, axis=1)` keeps every number and breaks every pair.
#
#    </details>
#
# 4. Two networks, both 92 % right on 10,000 images, agree on 95 % of the images about being right or wrong.
#    What is the standard error of the difference of their accuracies on new images? Is it more or less than
#    √2 times 0.27?
#
#    <details><summary>Hint</summary>
#
#    Per image the difference is −1, 0 or 1. What is its variance if the mean is 0?
#
#    </details>
#
# Solutions: [solutions/11_comparisons.ipynb](solutions/11_comparisons.ipynb)
#
# **Read next:** `senet_np/experiments/statistics.py`; [docs/results.md](../docs/results.md) with
# the tables and what may be concluded from them; `docs/comparisons/*.toml`. Then write a comparison file of
# your own.
