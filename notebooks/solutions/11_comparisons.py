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

from senet_np.exercises import check
from senet_np.experiments.statistics import paired_difference, t975

np.set_printoptions(precision=2, suppress=True)
rng = np.random.default_rng(0)


# %%
def draw_pairs(trials, n, difference, sd, rho, rng):
    """Accuracies (trials, n) of two arms with the same sd, whose seeds correlate with rho; as in the notebook."""
    seed, own_A, own_B = rng.standard_normal((3, trials, n))
    acc_A = difference + sd * (np.sqrt(rho) * seed + np.sqrt(1 - rho) * own_A)
    acc_B = sd * (np.sqrt(rho) * seed + np.sqrt(1 - rho) * own_B)
    return acc_A, acc_B


def half_widths(d):
    """Half the 95 % interval of each row of differences d (trials, n)."""
    n = d.shape[1]
    return t975(n - 1) * d.std(axis=1, ddof=1) / np.sqrt(n)


def power_of(d):
    """The share of rows whose interval excludes 0."""
    return (np.abs(d.mean(axis=1)) > half_widths(d)).mean()


# %% [markdown]
# **11.1** Each accuracy has a standard error of about 0.27 points. The variances add, so the difference of two
# independent ones has √2 times that. 0.3 points are less than one such standard error. The luck of the seeds comes
# on top, and one run each tells nothing about it. (The two nets were tested on the same images, which helps:
# exercise 11.5.)

# %%
p_plain, p_se = 0.917, 0.920
variances = [p * (1 - p) / 10_000 for p in (p_plain, p_se)]
error_of_difference = 100 * np.sqrt(sum(variances))
errors = 0.3 / error_of_difference
print(f"standard error of the difference {error_of_difference:.2f} points: 0.3 points are {errors:.2f} of them")

seeds_at_03, seeds_at_05 = (int(np.ceil(7.8 * (sd / 0.3) ** 2 + 2)) for sd in (0.3, 0.5))
for sd, n in ((0.3, seeds_at_03), (0.5, seeds_at_05)):
    share = power_of(rng.normal(0.3, sd, (5000, n)))
    print(f"sd {sd}: {n} seeds per arm; simulated, they see it in {100 * share:.0f} of 100")
    assert 0.75 < share < 0.9
assert check("11.1", errors, seeds_at_03, seeds_at_05)

# %% [markdown]
# **11.2** Five differences, so four degrees of freedom, and t is 2.776. The interval excludes 0.

# %%
acc_A = np.array([68.2, 67.9, 68.5, 68.0, 68.4])
acc_B = np.array([67.8, 67.7, 68.0, 67.9, 67.9])
d = acc_A - acc_B
mean_difference = d.mean()
half_width = t975(4) * d.std(ddof=1) / np.sqrt(5)
verdict = "more"
print(f"{mean_difference:.2f} ± {half_width:.2f}")
assert np.isclose(half_width, paired_difference(acc_A, acc_B).half)
assert check("11.2", mean_difference, half_width, verdict)

# %% [markdown]
# **11.3** *Person 1* takes the sd where the standard error belongs, so the interval is √n times too wide. It covers
# the truth far too often, and true differences are reported as "no difference seen". Someone who fears only false
# alarms never notices.
#
# *Person 2* sorts, so the best run of one arm is compared with the best of the other. The pairs are gone, and the
# differences of two sorted lists are far too much alike. Their sd is too small and the interval too short. The mean
# does not change, so the mistake is hard to see.
#
# *Person 3* takes 1.96, which is right for very many numbers, and an sd that divides by n. Both make the interval a
# little too short.
#
# None of the three stops with an error, and all results look reasonable. Only a test with a known truth shows the
# mistakes.

# %%
def coverage(interval):
    many_A, many_B = draw_pairs(2000, 10, 0.4, 0.5, 0.3, rng)
    covered = 0
    for acc_A, acc_B in zip(many_A, many_B):
        mean, half = interval(acc_A, acc_B)
        covered += abs(mean - 0.4) <= half
    return covered / 2000


def person_1(acc_A, acc_B):
    d = acc_A - acc_B
    return d.mean(), t975(len(d) - 1) * d.std(ddof=1)


def person_2(acc_A, acc_B):
    d = np.sort(acc_A) - np.sort(acc_B)
    return d.mean(), t975(len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))


def person_3(acc_A, acc_B):
    d = acc_A - acc_B
    return d.mean(), 1.96 * d.std() / np.sqrt(len(d))


def right(acc_A, acc_B):
    done = paired_difference(acc_A, acc_B)
    return done.mean, done.half


shares = {interval.__name__: coverage(interval) for interval in (right, person_1, person_2, person_3)}
print({name: f"{100 * share:.1f} %" for name, share in shares.items()})
too_short = [2, 3]
assert check("11.3", coverage, too_short)

# %% [markdown]
# **11.4** The numbers are the same, and so are the means and the sds of the arms. But what the seed does to both no
# longer cancels, so the sd of the differences grows from $\mathrm{sd}\sqrt{2(1-\rho)}$ to $\mathrm{sd}\sqrt2$.
# Nearly all comparisons saw the difference, now about one in four does.

# %%
many_A, many_B = draw_pairs(20_000, 10, 0.4, 0.5, 0.8, rng)
rolled_B = np.roll(many_B, 1, axis=1)
true_pairs, broken_pairs = power_of(many_A - many_B), power_of(many_A - rolled_B)
for name, d, share in (("true", many_A - many_B, true_pairs), ("broken", many_A - rolled_B, broken_pairs)):
    print(f"{name:6} pairs: sd of the differences {d.std():.2f}, seen in {100 * share:.0f} of 100")
assert np.allclose((many_A - many_B).mean(axis=1), (many_A - rolled_B).mean(axis=1))
assert check("11.4", true_pairs, broken_pairs)

# %% [markdown]
# **11.5** For each image the difference is 0 where both are right or both are wrong, and +1 or −1 where only one is
# right: on 5 % of the images. With mean 0 its variance is the mean of its square, 0.05. So the standard error is
# √(0.05/10,000). It is less than for two independent networks, because most images are easy or hard for both, and
# that cancels.

# %%
standard_error = 100 * np.sqrt(0.05 / 10_000)
difference = rng.choice([-1, 0, 1], p=[0.025, 0.95, 0.025], size=(1000, 10_000))
simulated = 100 * difference.mean(axis=1).std()
print(f"standard error of the difference: {standard_error:.3f} points, simulated {simulated:.3f};",
      f"if independent {100 * np.sqrt(2 * 0.92 * 0.08 / 10_000):.3f}")
assert abs(simulated / standard_error - 1) < 0.1
assert check("11.5", standard_error)
