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
# # 13 · From 76 to 90 %: what makes a small net learn fast
#
# **Afterwards you can** say what each piece of a modern training recipe does and why; compute the kernels
# of a whitening convolution; derive the gradient of a smoothed loss; and ask of every piece what it is
# worth, in points and with an interval.
#
# **You need** notebooks 2 (gradients), 8 (the SE-CNN) and 11 (comparisons), and eigenvectors of a
# symmetric matrix. **Time:** 40 minutes, 80 with the exercises.
#
# Trained plainly, the tiny SE-CNN gets 76 % of the photographs of CIFAR-10 right. Trained by another recipe, in
# as much time, it gets 80 % (one run each, seed 0). A net with ten times its multiply-adds, by the same recipe
# carried further, gets 89 %, and 90 % if it may look at six views of each (means of three seeds):
#
#     python -m senet_np train --data cifar10 --net sprint
#
# Each piece of the recipe fits into a few lines, and has a section here. The pictures are `shapes`, which NumPy
# draws anywhere; the pieces were made for photographs.

# %%
import matplotlib.pyplot as plt
import numpy as np

from senet_np.data import load_shapes
from senet_np.data.augment import fit_normalizer
from senet_np.figures.style import BLUE, GRAY, ORANGE, style

rng = np.random.default_rng(0)
images = load_shapes(sizes=(400, 10, 10)).train.images
x = fit_normalizer(images)(images)  # every color: mean 0, standard deviation 1
print(x.shape, x.dtype)

# %% [markdown]
# ## 1. Whitening: a first convolution that nobody trains
#
# A pixel looks like its neighbors. So a patch of 3×3 pixels, 27 numbers, holds far fewer than 27 things to
# know. *Predict: of the variance of all patches, which share lies in their one most common direction?*

# %%
patches = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))  # (N, i, j, color, p, q)
patches = patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 27).astype(np.float64)
covariance = patches.T @ patches / len(patches)
eigenvalues, eigenvectors = np.linalg.eigh(covariance)
eigenvalues, eigenvectors = eigenvalues[::-1], eigenvectors[:, ::-1]  # the largest first

with style():
    figure, axes = plt.subplots(figsize=(7, 3))
    axes.semilogy(range(1, 28), eigenvalues, "o-", color=BLUE)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="direction", ylabel="variance of the patches", title="A few directions hold nearly everything")
    plt.show()
share = eigenvalues.cumsum() / eigenvalues.sum()
print(f"first direction: {share[0]:.0%}; first five: {share[4]:.0%}; first sixteen: {share[15]:.0%}")
assert eigenvalues[0] / eigenvalues.sum() > 0.3

# %% [markdown]
# The first direction is "the whole patch is lighter or darker". (In photographs it holds even more, 78 % on
# CIFAR-10: these images here have textures.) Fine edges lie in directions of a thousandth of its variance. Gradient
# descent has one learning rate for all of them: small enough for the first, it is slow in the others.
#
# So divide each direction by its standard deviation. With v_k an eigenvector of the covariance and λ_k its
# eigenvalue, the kernels
#
# $$
# w_k = \frac{v_k}{\sqrt{\lambda_k + \varepsilon}}
# $$
#
# give outputs that are uncorrelated, each of variance 1 (*why? Write down the mean of* $y_k y_l$). ε keeps
# directions in which nothing happens from being blown up. And because a ReLU would drop half of every
# output, each kernel comes with its negative. Nothing of this needs a label, so nothing of it is trained:
# the layer has no backward pass at all, and the whole net saves that time.

# %%
from senet_np.nets.initialize import whitening_kernels
from senet_np.ops import conv2d_forward

kernels = whitening_kernels(x, kernel_size=3, channels=32)  # 16 and their negatives
y, _ = conv2d_forward(x.astype(np.float64), kernels, None, stride=1, pad=0)


def correlation(rows):
    """The mean of the products of each two columns, divided by their sizes: all means are about 0."""
    moments = rows.T @ rows / len(rows)
    sizes = np.sqrt(moments.diagonal())
    return moments / np.outer(sizes, sizes)


before, after = correlation(patches), correlation(y[..., :16].reshape(-1, 16))

with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6))
    left.imshow(np.abs(before), vmin=0, vmax=1, cmap="cividis")
    left.set(title="27 numbers of a patch", xlabel="number", ylabel="number")
    shown = right.imshow(np.abs(after), vmin=0, vmax=1, cmap="cividis")
    right.set(title="16 outputs of the whitening kernels", xlabel="output")
    figure.colorbar(shown, ax=(left, right), label="correlation, absolute")
    plt.show()
assert np.abs(after - np.eye(16)).max() < 1e-6

# %% [markdown]
# ## 2. Begin as nothing: identity weights
#
# Random convolutions mix their input before they know what for. Six of them in a row, and what arrives has
# little to do with the image. A kernel whose middle is the identity matrix passes its input on; training can
# start from the image itself and add what helps.
#
# *Predict: how similar is the output of six random convolutions with ReLU to their input?* (Similar: the
# share of the input's variance that a linear map of the output can restore.)


# %%
def restored(features, target):
    """R² of the best linear map from features (m, C) to target (m, K)."""
    features = np.c_[features, np.ones(len(features))]
    rest = target - features @ np.linalg.lstsq(features, target, rcond=None)[0]
    return 1 - rest.var(axis=0).sum() / target.var(axis=0).sum()


def depth_by_depth(first_weights, channels=16, depth=6):
    a = np.maximum(y[:100, ..., :channels], 0)
    target, shares = a.reshape(-1, channels), []
    for _ in range(depth):
        a, _ = conv2d_forward(a, first_weights(channels), None)
        a = np.maximum(a, 0)
        shares.append(restored(a.reshape(-1, channels), target))
    return shares


def random_weights(c):
    return rng.standard_normal((3, 3, c, c)) * np.sqrt(2 / (9 * c))


def identity_weights(c):
    w = np.zeros((3, 3, c, c))
    w[1, 1] = np.eye(c)
    return w


random, identity = depth_by_depth(random_weights), depth_by_depth(identity_weights)
for k in range(6):
    print(f"after {k + 1} convolutions: random {random[k]:.2f}, identity {identity[k]:.2f}")
assert random[-1] < 0.5 < identity[-1]

# %% [markdown]
# Where a convolution has more output channels than input channels, the others stay random: `--init identity`.
#
# ## 3. Label smoothing: sure enough
#
# Cross-entropy is never satisfied: at a probability of 0.99 for the right class it still asks for more, and the
# logits grow. Move a share ε of the target away from the right class and spread it over all K:
#
# $$
# L = -\sum_k t_k \log p_k, \qquad t_k = (1 - \varepsilon)\,[k = \text{label}] + \frac{\varepsilon}{K}
# $$
#
# *Predict the shape of L over the right class's logit (the others at 0), for ε = 0 and for ε = 0.2.*

# %%
from senet_np.ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward

margins = np.linspace(-2, 10, 200)
with style():
    figure, axes = plt.subplots(figsize=(7, 3.2))
    for smoothing, color, line in ((0.0, GRAY, ":"), (0.2, BLUE, "-")):
        rows = np.zeros((len(margins), 10))
        rows[:, 0] = margins
        losses = [softmax_cross_entropy_forward(row[None], np.array([0]), smoothing)[0] for row in rows]
        axes.plot(margins, losses, line, color=color, label=f"ε = {smoothing:g}")
        if smoothing:
            best = margins[int(np.argmin(losses))]
            axes.axvline(best, color=color, linewidth=0.8)
    axes.set(xlabel="logit of the right class, the others 0", ylabel="loss (nats)")
    axes.set_title(f"With smoothing the loss has a bottom: at {best:.1f}")
    axes.legend()
    plt.show()
exact = np.log(10 * (1 - 0.2) / 0.2 + 1)  # set p = t, and solve for the logit
print(f"lowest at {best:.2f}; p = t at {exact:.2f}")
assert abs(best - exact) < 0.1

# %% [markdown]
# Its gradient is as simple as before, p − t in place of p − onehot. Derive it (the t_k add up to 1), and check it:

# %%
from senet_np.gradcheck import check_gradients

arguments = {"logits": rng.standard_normal((4, 5)), "labels": np.array([0, 3, 3, 1]), "label_smoothing": 0.2}
report = check_gradients(softmax_cross_entropy_forward, softmax_cross_entropy_backward, arguments)
print(report)
assert report

# %% [markdown]
# ## 4. Lookahead: where the steps hop around
#
# The gradient of a minibatch is right on average and wrong each time. Near the minimum the weights therefore do
# not stand still, they hop around it, and only a smaller learning rate calms them. An average of where they have been is calm at
# once. Every five steps the slow weights move a part of the way to the fast ones, and these return to them:
#
# $$
# \text{slow} \leftarrow d\,\text{slow} + (1 - d)\,\text{fast}, \qquad \text{fast} \leftarrow \text{slow}
# $$
#
# d grows from 0 to 0.77 over the training: first follow, later average.
#
# *Predict: a bowl with its minimum at 0, steps with noise, 400 steps. Which of the two ends closer to 0?*

# %%
from senet_np.train.optimizers import SGD, Lookahead


def distances(optimizer, steps=400, seed=1):
    """How far from the minimum the weights are, or the slow ones where there are any: a noisy descent into a bowl."""
    draw, params = np.random.default_rng(seed), {"w": np.full(20, 3.0)}
    state, found = optimizer.init(params), []
    for step in range(steps):
        noisy = {"w": params["w"] + draw.standard_normal(20)}  # the gradient of ½‖w‖² is w
        params, state = optimizer.step(params, noisy, state, 0.3, (step + 1) / steps)
        found.append(np.linalg.norm(state.get("slow", params)["w"]))
    return found


plain, slow = (distances(o) for o in (SGD(0, 0), Lookahead(SGD(0, 0))))
with style():
    figure, axes = plt.subplots(figsize=(7, 3))
    axes.plot(plain, color=GRAY, label="gradient descent")
    axes.plot(slow, color=BLUE, label="slow weights of lookahead")
    axes.set(xlabel="step", ylabel="distance from the minimum", title="The same noise, less hopping", ylim=(0, 8))
    axes.legend()
    plt.show()
last = {name: np.mean(d[-20:]) for name, d in (("plain", plain), ("lookahead", slow))}
print({name: round(float(d), 2) for name, d in last.items()})
assert last["lookahead"] < last["plain"]

# %% [markdown]
# ## 5. Rates, borders, flips: the small change
#
# - **A triangle.** The learning rate climbs for a quarter of the run and then falls in a line: long at useful rates, calm at the end.
# - **Batch norm's biases 64 times as fast.** A bias β decides which share of its channel a ReLU lets through. It is one
#   number against thousands in its kernel, so it moves little; and a run of twenty epochs has no time to wait.
# - **Reflected borders.** A shifted image needs pixels from outside. Black ones are an edge that no photo has.
# - **Alternating flips.** Mirrored by chance, half of all images show the same side in two epochs. Take turns instead.

# %%
from senet_np.data.augment import Augmentation, plan_epoch
from senet_np.train.schedule import cosine, triangle

seen = {}
for flip in ("random", "alternating"):
    first, second = (plan_epoch(10_000, 0, epoch, Augmentation(flip)).flips for epoch in (0, 1))
    seen[flip] = np.mean(first != second)
print({flip: f"{share:.0%} of the images show both sides in two epochs" for flip, share in seen.items()})
assert seen["alternating"] == 1

with style():
    figure, axes = plt.subplots(figsize=(7, 2.8))
    for schedule, color in ((cosine, GRAY), (triangle, BLUE)):
        axes.plot([schedule(step, 1000, 1.0) for step in range(1000)], color=color, label=schedule.__name__)
    axes.set(xlabel="step of 1,000", ylabel="learning rate / peak", title="Two ways up and down")
    axes.legend()
    plt.show()

# %% [markdown]
# ## 6. Six views of a photo
#
# The net may look twice. `evaluate --tta` (test-time augmentation) averages the logits over each image as it is, shifted
# by a pixel both ways, and all three mirrored: mistakes of the single views cancel in part. It costs six
# passes, and it is no property of the net. So it is an option, and its result never stands alone:
#
#     python -m senet_np evaluate runs/mine --tta
#
# ## 7. What each piece is worth
#
# A piece that sounds right may be worth nothing *here*. So each was left out in turn, in paired runs (notebook 11). These are the result
# lines of the package; if you work in a copy of the course, find the table in `docs/results.md` on the site.

# %%
from pathlib import Path

comparisons = Path("../docs/comparisons")
if comparisons.exists():
    from senet_np.experiments.comparison import read_comparison
    from senet_np.experiments.report import as_text, make_report

    report = make_report(read_comparison(comparisons / "sprint-pieces.toml"))
    print(as_text(report) if report.arms else "no results yet")
else:
    print("docs/comparisons is not here")

# %% [markdown]
# Read it as notebook 11 taught: three pairs give no interval, and differences below half a point mean
# nothing here.
#
# **What not to conclude.** These numbers belong to this net and this length of training. Label smoothing helps
# a net that begins to know its images by heart; one that is too small for its task has other troubles.
#
# ## Try it
#
# 1. *By hand.* ε = 0.1, K = 10, p = t. Which loss is left? Why is it not 0, and how is it called?
#
#    <details><summary>Hint</summary>
#
#    Put t in for p. −Σ t log t has a name in information theory.
#
#    </details>
#
# 2. *Spot the bug.* `whiten = eigenvectors / np.sqrt(eigenvalues)`, without ε, applied to images in which all three colors
#    are equal. What happens?
#
#    <details><summary>Hint</summary>
#
#    How many directions have any variance, and by what are the others divided?
#
#    </details>
#
# 3. In section 4, try lookahead with a constant d of 0.77 from the first step on. What is better and what is worse than with a d that grows?
#
#    <details><summary>Hint</summary>
#
#    Write a small class that inherits from `Lookahead` and calls its `step` with a constant `done`.
#
#    </details>
#
# Solutions: [solutions/13_recipe.ipynb](solutions/13_recipe.ipynb)
#
# **Read next:** [`senet_np/nets/sprint.py`](../senet_np/nets/sprint.py), the net; `senet_np/nets/initialize.py`;
# [docs/results.md](../docs/results.md) for what SE is worth on it; then notebook 14, the networks that the world uses.
