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
# # Solutions to notebook 11

# %%
import numpy as np

from senet_np.experiments.statistics import t975

np.set_printoptions(precision=2, suppress=True)
rng = np.random.default_rng(0)


# %%
def draw_pairs(trials, n, difference, sd, rho):
    """Accuracies (trials, n) of two arms with the same sd, whose seeds correlate with rho."""
    seed, own_a, own_b = rng.standard_normal((3, trials, n))
    a = difference + sd * (np.sqrt(rho) * seed + np.sqrt(1 - rho) * own_a)
    b = sd * (np.sqrt(rho) * seed + np.sqrt(1 - rho) * own_b)
    return a, b


def intervals(d):
    """Mean difference and half the 95 % interval of each row of d (trials, n)."""
    n = d.shape[1]
    return d.mean(axis=1), t975(n - 1) * d.std(axis=1, ddof=1) / np.sqrt(n)


def seen(d):
    mean, half = intervals(d)
    return (np.abs(mean) > half).mean()


# %% [markdown]
# **1.** Each accuracy has a standard error of about 0.27 points; the variances add, so the difference of
# two independent ones has √2 times that. 0.3 points are less than one standard error, from the sample of
# images alone; the spread of the runs, about which one run each tells nothing, comes on top. (The two nets were
# tested on the same images, which helps: exercise 4.)

# %%
p = 0.92
one = 100 * np.sqrt(p * (1 - p) / 10_000)
two = np.sqrt(2) * one
print(f"one accuracy ± {one:.2f}, the difference ± {two:.2f}: 0.3 points are {0.3 / two:.1f} of them")
assert 0.3 < two

for sd in (0.3, 0.5):
    n = int(np.ceil(7.8 * (sd / 0.3) ** 2 + 2))
    share = seen(rng.normal(0.3, sd, (5000, n)))
    print(f"sd {sd}: {n} seeds per arm; simulated, they see it in {100 * share:.0f} of 100")
    assert 0.75 < share < 0.9

# %% [markdown]
# **2.** **A** takes the sd where the standard error belongs: the interval is √n too wide. It covers the
# truth far too often, and true differences are called "no difference seen". Who only fears false alarms
# never notices.
#
# **B** sorts, so the best run of one arm is compared with the best of the other. The pairs are gone, and the
# differences of two sorted lists are far too much alike: their sd is too small, the interval too short, and
# differences are found that are not there. The mean does not change, which is why it looks innocent.
#
# Both show in the coverage, with a truth that we know.

# %%
truth, n = 0.0, 10
a, b = draw_pairs(20_000, n, truth, 0.5, 0.3)
ways = {"right": intervals(a - b), "A": intervals(a - b), "B": intervals(np.sort(a) - np.sort(b))}
ways["A"] = (ways["A"][0], ways["A"][1] * np.sqrt(n))
coverage = {way: (np.abs(mean - truth) <= half).mean() for way, (mean, half) in ways.items()}
print("covers the truth:", {way: f"{100 * share:.1f} %" for way, share in coverage.items()})
assert abs(coverage["right"] - 0.95) < 0.01 and coverage["A"] > 0.999 and coverage["B"] < 0.85
assert np.allclose(ways["B"][0], ways["right"][0])  # sorting does not move the mean

# %% [markdown]
# **C** chooses the epoch by the test images and then reports their accuracy: too high, always in the same
# direction. With epochs that are all equally good the whole gain is chance. Choosing by validation images
# and reporting the test accuracy of that epoch has no such bias. (Here the epochs' noise is drawn
# independently; real epochs at the end of a training share most of their right and wrong images, so their
# bias is smaller, but it never changes its sign.)

# %%
epochs, p = 30, 0.87
test = rng.binomial(10_000, p, (5000, epochs)) / 10_000
validation = rng.binomial(5000, p, (5000, epochs)) / 5000
by_test = test.max(axis=1)
by_validation = np.take_along_axis(test, validation.argmax(axis=1)[:, None], axis=1)[:, 0]
print(f"chosen by test: {100 * (by_test.mean() - p):+.2f} points above the truth;",
      f"chosen by validation: {100 * (by_validation.mean() - p):+.2f}")
assert by_test.mean() - p > 0.005 and abs(by_validation.mean() - p) < 0.0005

# %% [markdown]
# **3.** The numbers are the same, the arms' means and sds are the same, and the mean difference does not
# change. Only what the seed does to both no longer cancels, and the sd of the differences grows from
# $\mathrm{sd}\sqrt{2(1-\rho)}$ to $\mathrm{sd}\sqrt2$.

# %%
a, b = draw_pairs(20_000, 10, 0.4, 0.5, 0.8)
broken = np.roll(b, 1, axis=1)
for name, d in (("true pairs", a - b), ("broken pairs", a - broken)):
    print(f"{name:12} sd of the differences {d.std():.2f}, seen in {100 * seen(d):.0f} of 100")
assert seen(a - b) > seen(a - broken) + 0.3
assert np.allclose((a - b).mean(axis=1), (a - broken).mean(axis=1))

# %% [markdown]
# **4.** Per image the difference is 0 where both are right or both wrong, +1 or −1 where one alone is
# right: on 5 % of the images. With mean 0 its variance is the mean of its square, 0.05. So the standard
# error is √(0.05/10,000), less than if the two were independent: most of the images are hard or easy for
# both, and that cancels.

# %%
difference = rng.choice([-1, 0, 1], p=[0.025, 0.95, 0.025], size=(1000, 10_000))
simulated = 100 * difference.mean(axis=1).std()
formula = 100 * np.sqrt(0.05 / 10_000)
print(f"standard error of the difference: {formula:.3f} points, simulated {simulated:.3f};",
      f"if independent {100 * np.sqrt(2 * 0.92 * 0.08 / 10_000):.3f}")
assert abs(simulated / formula - 1) < 0.1
