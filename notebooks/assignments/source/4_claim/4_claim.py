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
# # Assignment 4: train, explain, defend a claim
#
# **What you do:** train a small SE-CNN and its twin without SE on `shapes` with five seeds each, replace the gates of the trained net, put an interval around what
# you find, and then judge which sentences your numbers support.
#
# **Rules.** Networks are layers without hidden state: `logits, cache, new_state = net.forward(params, state, x, training)` and
# `dx, grads = net.backward(dlogits, cache)`. Parameters, states and gradients are trees of arrays; `tree_map(f, tree, …)` applies a function to every array.
# Change no array in place. Of `senet_np` use what the next cell imports, and nothing else: other parts of it hold answers.
#
# **Time:** 3 hours, of which the computer needs 1 to 3 minutes. **Points:** 20 by checks (11 of them you do not see), and 5 for five sentences. **You need** notebooks 8, 9
# and 11. Letters: [symbols](../../docs/symbols.md).
#
# Write where it says `YOUR CODE HERE`, and delete the line below it.

# %%
import numpy as np

from senet_np.analysis.replace import fixed
from senet_np.containers import se_caches, trace
from senet_np.data import load_shapes
from senet_np.data.augment import fit_normalizer
from senet_np.grading import net as checks
from senet_np.nets import tiny
from senet_np.ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from senet_np.tree import tree_map

# %% [markdown]
# ## 1. One step of training (5 points)
#
# Forward, loss, backward, and one step of SGD with momentum 0.9:
#
# $$v \leftarrow 0.9\,v + g \qquad p \leftarrow p - \text{lr}\cdot v$$

# %% nbgrader={"grade": false, "grade_id": "step", "locked": false, "schema_version": 3, "solution": true, "task": false}
def train_step(net, params, state, velocity, x, labels, lr):
    """One step on one minibatch; returns loss, params, state, velocity, all of them new."""
    ### BEGIN SOLUTION
    logits, cache, state = net.forward(params, state, x, True)
    loss, loss_cache = softmax_cross_entropy_forward(logits, labels)
    _, grads = net.backward(softmax_cross_entropy_backward(1.0, loss_cache), cache)
    velocity = tree_map(lambda v, g: 0.9 * v + g, velocity, grads)
    params = tree_map(lambda p, v: p - lr * v, params, velocity)
    return loss, params, state, velocity
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "step-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_step(train_step)

# %% nbgrader={"grade": true, "grade_id": "step-hidden", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_step(train_step)
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Accuracy (2 points)
#
# With the running statistics (`training=False`): the answer to an image must not depend on which others are in the batch.

# %% nbgrader={"grade": false, "grade_id": "accuracy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def accuracy(net, params, state, x, labels):
    """Share of right answers, from 0 to 1."""
    ### BEGIN SOLUTION
    logits, _, _ = net.forward(params, state, x, False)
    return (logits.argmax(axis=1) == labels).mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "accuracy-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_accuracy(accuracy)

# %% nbgrader={"grade": true, "grade_id": "accuracy-hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_accuracy(accuracy)
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Ten runs (2 points)
#
# The loop is given; it calls your step. Fill `results`: for each arm the test accuracies of seeds 0 to 4, in that order, and keep the trained net of seed 0 with
# SE for part 4.

# %%
data = load_shapes(seed=0, sizes=(4000, 100, 500))
normalize = fit_normalizer(data.train.images)
x_train, y_train = normalize(data.train.images), data.train.labels
x_test, y_test = normalize(data.test.images), data.test.labels


def train(se, seed, epochs=4, batch=32, lr=0.1):
    """A net trained from one seed: net, params, state."""
    rng = np.random.default_rng(seed)
    net = tiny(se=se, widths=(16, 16, 32))
    params, state = net.init(rng)
    velocity = tree_map(np.zeros_like, params)
    steps = len(x_train) // batch
    for epoch in range(epochs):
        order = rng.permutation(len(x_train))
        for k in range(steps):
            rows = order[k * batch : (k + 1) * batch]
            now = lr * (1 - (epoch * steps + k) / (epochs * steps))
            _, params, state, velocity = train_step(net, params, state, velocity, x_train[rows], y_train[rows], now)
    return net, params, state

# %% nbgrader={"grade": false, "grade_id": "runs", "locked": false, "schema_version": 3, "solution": true, "task": false}
results = {"se": [], "plain": []}
trained = None  # (net, params, state) of seed 0 with SE
### BEGIN SOLUTION
for arm in results:
    for seed in range(5):
        run = train(arm == "se", seed)
        results[arm].append(accuracy(*run, x_test, y_test))
        if arm == "se" and seed == 0:
            trained = run
### END SOLUTION
print(results)

# %% nbgrader={"grade": true, "grade_id": "runs-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_runs(results)

# %% [markdown]
# ## 4. Does this net need gates that look at the image? (5 points)
#
# `logits_with(net, params, state, x, gates)` is given: it runs the same net in evaluation mode and replaces the gates of some blocks by yours: `{path: (C,)}`, the same for
# all images, or `{path: (N, C)}`, one row per image. `se_caches(cache)` finds the blocks' caches after a forward pass; `.s` are the gates.
#
# For a fair comparison, from which images must the mean gates come?

# %%
def logits_with(net, params, state, x, gates):
    """The logits (N, 10) with some blocks' gates given from outside."""
    *_, last = trace(net, params, state, x, replace=fixed(gates))  # step by step; the last output is the net's
    return last.output

# %% nbgrader={"grade": false, "grade_id": "gates", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_gates(net, params, state, x):
    """{path: (C,)}: each block's mean gate over the images x."""
    ### BEGIN SOLUTION
    _, cache, _ = net.forward(params, state, x, False)
    return {path: block.s.mean(axis=0) for path, block in se_caches(cache).items()}
    ### END SOLUTION


def accuracy_with(net, params, state, x, labels, gates):
    """Accuracy with some blocks' gates given from outside."""
    ### BEGIN SOLUTION
    return (logits_with(net, params, state, x, gates).argmax(axis=1) == labels).mean()
    ### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "gates-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
checks.check_gates(mean_gates, accuracy_with)

# %% nbgrader={"grade": true, "grade_id": "gates-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_gates(accuracy_with)
### END HIDDEN TESTS

# %% [markdown]
# Now fill `accuracy_with_gates` for the net of seed 0, in all blocks together: the accuracy on the test images with the learned gates, with ones, with the mean gates of the first 1,000
# *training* images, and with another image's gates (test image n gets those of test image n + 1, the last one those of the first).

# %% nbgrader={"grade": false, "grade_id": "interventions", "locked": false, "schema_version": 3, "solution": true, "task": false}
accuracy_with_gates = {"learned": None, "ones": None, "mean": None, "another image": None}
### BEGIN SOLUTION
net, params, state = trained
means = mean_gates(net, params, state, x_train[:1000])
_, cache, _ = net.forward(params, state, x_test, False)
shifted = {path: np.roll(block.s, -1, axis=0) for path, block in se_caches(cache).items()}
for name, gates in {
    "learned": {},
    "ones": {path: np.ones_like(s) for path, s in means.items()},
    "mean": means,
    "another image": shifted,
}.items():
    accuracy_with_gates[name] = accuracy_with(net, params, state, x_test, y_test, gates)
### END SOLUTION
print(accuracy_with_gates)

# %% nbgrader={"grade": true, "grade_id": "interventions-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_interventions(accuracy_with_gates)

# %% [markdown]
# ## 5. How sure? (3 points)
#
# Arms are paired by seed. With n differences $d_k = a_k - b_k$, their mean $\bar d$ and their standard deviation sd (over $n-1$), the 95 % interval is
# $\bar d \pm t\,\mathrm{sd}/\sqrt n$, with Student's t for $n - 1$ degrees of freedom.

# %%
T975 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}  # any table of the distribution

# %% nbgrader={"grade": false, "grade_id": "interval", "locked": false, "schema_version": 3, "solution": true, "task": false}
def paired_interval(a, b):
    """(mean difference a − b, half the width of its 95 % interval); a and b are lists of the same length."""
    ### BEGIN SOLUTION
    d = np.array(a) - np.array(b)
    return d.mean(), T975[len(d) - 1] * d.std(ddof=1) / np.sqrt(len(d))
    ### END SOLUTION


# Now print the interval of your ten runs.
### BEGIN SOLUTION
print(paired_interval(results["se"], results["plain"]))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "interval-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
checks.check_interval(paired_interval)

# %% nbgrader={"grade": true, "grade_id": "interval-hidden", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_interval(paired_interval)
### END HIDDEN TESTS

# %% [markdown]
# ## 6. What may you say? (3 points)
#
# Judge each sentence by *your numbers in this notebook alone*: `"yes"`, `"no"` or `"cannot say"`. "No" means that the sentence is wrong as it stands. "Cannot say" means that your
# numbers do not decide it. One point for the first two together, one for the next two, one for the last two.
#
# Then write below, in five sentences, what you found. Your teacher reads that, for 5 more points, one for each of these:
#
# - The sentences name the two networks that are compared, and the task.
# - They give the difference *with* its interval and the number of seeds.
# - They say which intervention shows that gates depend on the image, and why "ones" does not show it.
# - They say what was not tested.
# - They claim no more than the results show. ("SE is needed on this task only" would claim too much: you tested no other task.)

# %% nbgrader={"grade": false, "grade_id": "verdicts", "locked": false, "schema_version": 3, "solution": true, "task": false}
verdicts = {
    "here, SE is worth more than the seeds' noise": None,
    "an interval that contains 0 shows that there is no difference": None,
    "the net of seed 0 needs gates that look at the image": None,
    "a fall with gates of 1 alone would show that it does": None,
    "SE helps on photographs": None,
    "the nets of the other four seeds need such gates too": None,
}
### BEGIN SOLUTION
verdicts = {
    "here, SE is worth more than the seeds' noise": "yes",
    "an interval that contains 0 shows that there is no difference": "no",
    "the net of seed 0 needs gates that look at the image": "yes",
    "a fall with gates of 1 alone would show that it does": "no",
    "SE helps on photographs": "cannot say",
    "the nets of the other four seeds need such gates too": "cannot say",
}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "verdicts-noise-hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_verdicts_on_noise(verdicts)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "verdicts-gates-hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_verdicts_on_gates(verdicts)
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "verdicts-untested-hidden", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Graded by checks that you do not see here.
### BEGIN HIDDEN TESTS
checks.grade_verdicts_on_the_untested(verdicts)
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": true, "grade_id": "sentences", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}
# *Your five sentences:*

# %% [markdown]
# ## Before you hand it in
#
# Restart the kernel and run all cells from the top.
#
# **Alone, without a teacher?** Put these two lines into a new cell. They run the hidden checks too and say where points are lost. The five sentences
# you can judge by the list above:
#
#     from senet_np.grading.marks import show_points
#     show_points(checks.TABLE, globals())
#
# Answers to the questions on paper: [solutions/assignments.ipynb](../solutions/assignments.ipynb).
