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
# **Afterwards you can** say what each piece of a modern training recipe does and why; compute the kernels of a
# whitening convolution; derive the gradient of a smoothed loss; and say which runs would show what a piece is worth.
#
# **You need** notebooks 2 (gradients), 6 (convolution), 7 (batch norm, cross-entropy), 8 (training the SE-CNN) and 11
# (comparisons). Mathematics: variance and covariance, the eigenvectors of a symmetric matrix, logarithms, and the
# best fit by least squares.
#
# **Time:** 55 minutes to read and run, 110 with the exercises. The sections are independent: you can read them on
# different evenings.
#
# Letters: [symbols](../docs/symbols.md).
#
# Trained in a plain way, the tiny SE-CNN classifies 76 % of the test photographs of CIFAR-10 correctly. Trained by
# another recipe, in as many steps, it reaches 80 % (seed 0 of each). A net with ten times as many multiply-adds
# (one multiplication with its addition), trained for sixteen epochs instead of ten and with more pieces, reaches 89 %. If it may look at
# six views of each image, it reaches 90 % (means of five seeds; [docs/results.md](../docs/results.md)):
#
#     python -m senet_np train --data cifar10 --net sprint
#
# What is in this recipe? Each piece fits into a few lines and has a section here. The images in this notebook are
# `shapes`, which NumPy draws, so that you can work offline. The pieces were made for photographs.
#
# **Sources.** Whitening and the fast biases: Page 2019. Identity weights: Zagoruyko and Komodakis 2017. Label smoothing:
# Szegedy et al. 2016. Lookahead: Zhang et al. 2019. Alternating flips, the growing decay of lookahead and the six views:
# Jordan 2024. [docs/choices.md](../docs/choices.md) lists all options with their sources.

# %%
import matplotlib.pyplot as plt
import numpy as np

from senet_np.data import load_shapes
from senet_np.data.augment import fit_normalizer
from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, ORANGE, style

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)
images = load_shapes(sizes=(400, 10, 10)).train.images
x = fit_normalizer(images)(images)  # every color: mean 0, standard deviation 1
print(x.shape, x.dtype)

# %% [markdown]
# ## 1. Whitening: a first convolution that nobody trains
#
# A pixel looks like its neighbors. So the 27 numbers of a patch of 3×3 pixels and 3 colors repeat each other. How
# much? Take all patches of all images, one per row of a matrix. Their covariance is a 27×27 matrix. Its eigenvectors
# are the **directions** in which patches differ independently. The eigenvalue is the variance in this direction.
#
# **Predict:** Which share of the whole variance lies in the first direction, the one with the largest variance? And
# what do patches differ in, along this direction?

# %% tags=["hide-output"]
patches = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))  # (N, i, j, color, p, q)
patches = patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 27).astype(np.float64)
covariance = patches.T @ patches / len(patches)  # the means are 0, up to 0.02
eigenvalues, eigenvectors = np.linalg.eigh(covariance)
eigenvalues, eigenvectors = eigenvalues[::-1], eigenvectors[:, ::-1]  # the largest first

share = eigenvalues.cumsum() / eigenvalues.sum()
print(f"share of the variance: direction 1 {share[0]:.0%}; first five {share[4]:.0%}; first sixteen {share[15]:.1%}")
for k in (0, 1):
    print(f"direction {k + 1}, mean weight of red, green, blue:", eigenvectors[:, k].reshape(9, 3).mean(axis=0))

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(7, 3))
    axes.semilogy(range(1, 28), eigenvalues, "o-", color=BLUE)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="direction", ylabel="variance", title="The variance of 3×3 patches in its 27 directions")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# 43 % in the first direction. Red and blue have opposite signs in it: patches differ most in whether they are rather
# red or rather blue, since the skies of `shapes` are orange or blue. In photographs the first direction is lightness,
# and it holds even more: 78 % on CIFAR-10. The last directions, fine noise, have less than a thousandth of the first
# variance.
#
# </details>
#
# This is a problem for gradient descent. It has one learning rate for all directions. If the rate is small enough for
# the first direction, it is slow in the others.
#
# The remedy: divide each direction by its standard deviation, before the net sees it. With $v_k$ an eigenvector of
# the covariance and $\lambda_k$ its eigenvalue, use the kernels
#
# $$
# w_k = \frac{v_k}{\sqrt{\lambda_k + 0.0005}} .
# $$
#
# The small constant 0.0005 (`EPS` in [senet_np/nets/initialize.py](../senet_np/nets/initialize.py)) becomes important
# in exercise 13.3. A convolution with these kernels is called a **whitening** convolution.
#
# **Predict:** Output k of this convolution is $y_k = w_k^\top \text{patch}$. What is the mean of $y_k\,y_l$ over all
# patches, for k = l and for k ≠ l? (An eigenvector satisfies $\text{covariance}\cdot v_k = \lambda_k v_k$.)

# %% tags=["hide-output"]
from senet_np.nets.initialize import whitening_kernels
from senet_np.ops import conv2d_forward

kernels = whitening_kernels(x, kernel_size=3, channels=32)  # 16 kernels, and the negative of each
y, _ = conv2d_forward(x.astype(np.float64), kernels, None, stride=1, pad=0)
outputs = y[..., :16].reshape(-1, 16)
products = outputs.T @ outputs / len(outputs)  # (16, 16): the mean of y_k · y_l
print("k = l: ", products.diagonal())
print(f"k ≠ l: at most {np.abs(products - np.diag(products.diagonal())).max():.1e}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6))
    left.imshow(np.abs(covariance), vmin=0, vmax=1, cmap="gray")
    left.set(title="27 numbers of a patch", xlabel="number", ylabel="number")
    shown = right.imshow(np.abs(products), vmin=0, vmax=1, cmap="gray")
    right.set(title="16 outputs of the convolution", xlabel="output k", ylabel="output l")
    right.set_xticks(range(0, 16, 5))
    figure.colorbar(shown, ax=(left, right), label="mean product, absolute\n(white: 1)")
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Nearly 1 for k = l, and 0 for k ≠ l. The mean of $y_k y_l$ is $w_k^\top\,\text{covariance}\; w_l$, and the
# covariance only multiplies $v_l$ by $\lambda_l$. Eigenvectors are orthogonal and of length 1. So nothing is left for
# k ≠ l, and $\lambda_k / (\lambda_k + 0.0005)$ for k = l. The outputs do not repeat each other, and all have about
# the same variance.
#
# </details>

# %%
assert share[0] > 0.3
assert np.abs(products - np.eye(16)).max() < 0.02

# %% [markdown]
# A ReLU follows, and drops the negative half of every output. So each kernel comes with its negative, which keeps the
# other half. No label was needed for any of this, so these kernels are not trained. The layer has no backward pass,
# which saves time in every step.
#
# ## 2. Begin with identity weights
#
# Random convolutions mix their input before they know which mixture is good. How much of a pixel's 16 numbers can
# still be read off the 16 numbers at the same position after six of them? The measure R²: the share of the input's
# variance that the best linear map from position to position restores. (A map that also sees the neighbors restores
# more.)
#
# A kernel whose middle is the identity matrix, and that is 0 elsewhere, passes its input on. The ReLU changes
# nothing, since the input has been through a ReLU already. So with such **identity weights** R² is 1.
#
# **Predict:** How large is R² after one random 3×3 convolution with ReLU, and after six?


# %% tags=["hide-output"]
def restored(features, target):
    """R² of the best linear map (least squares) from features (m, C) to target (m, C)."""
    features = np.c_[features, np.ones(len(features))]
    rest = target - features @ np.linalg.lstsq(features, target, rcond=None)[0]
    return 1 - rest.var(axis=0).sum() / target.var(axis=0).sum()


def depth_by_depth(first_weights, channels=16, depth=6):
    maps = np.maximum(y[:40, ..., :channels], 0)
    target, found = maps.reshape(-1, channels), []
    for _ in range(depth):
        maps, _ = conv2d_forward(maps, first_weights(channels), None)
        maps = np.maximum(maps, 0)
        found.append(restored(maps.reshape(-1, channels), target))
    return found


def random_weights(c):
    return rng.standard_normal((3, 3, c, c)) * np.sqrt(2 / (9 * c))


def identity_weights(c):
    w = np.zeros((3, 3, c, c))
    w[1, 1] = np.eye(c)
    return w


random, identity = depth_by_depth(random_weights), depth_by_depth(identity_weights)
for k in range(6):
    print(f"R² after convolution {k + 1}: random {random[k]:.2f}, identity {identity[k]:.2f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# About 0.3 after one, and about 0.1 after six. With identity weights, training can start from the image itself
# and add what helps. It does not have to undo a random mixture first.
#
# </details>

# %%
assert random[-1] < 0.5 < identity[-1]

# %% [markdown]
# The option is `--init identity`. Where a convolution has more output channels than input channels, the other output
# channels stay random.
#
# ## 3. Label smoothing: less than certain
#
# Cross-entropy always asks for more. At a probability of 0.99 for the right class it still has a gradient, and the
# logits (the scores before the softmax) grow and grow. The remedy: ask for less than certainty. Let α be a small
# share. The target of the right class is no longer 1. The share α is spread evenly over all K classes:
#
# $$
# L = -\sum_k t_k \log p_k, \qquad t_k = (1 - \alpha)\,[k = \text{label}] + \frac{\alpha}{K}
# $$
#
# Here $p_k$ is the softmax's probability of class k, and [k = label] is 1 for the right class and 0 for the others.
# The option is `--label-smoothing`.
#
# **Predict:** Draw L over the logit of the right class, while the nine other logits stay at 0: once for α = 0, once
# for α = 0.2. What shape has each curve?

# %% tags=["hide-output"]
from senet_np.ops import softmax_cross_entropy_forward

margins = np.linspace(-2, 10, 200)
rows = np.zeros((len(margins), 10))
rows[:, 0] = margins
curves = {
    alpha: [softmax_cross_entropy_forward(row[None], np.array([0]), label_smoothing=alpha)[0] for row in rows]
    for alpha in (0.0, 0.2)
}
for alpha, losses in curves.items():
    print(f"α = {alpha:g}, loss at logits −2, 0, 2 … 10:", np.array(losses)[np.searchsorted(margins, range(-2, 11, 2))])

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(7, 3.2))
    for (alpha, losses), color, line in zip(curves.items(), (GRAY, BLUE), (":", "-")):
        axes.plot(margins, losses, line, color=color, label=f"α = {alpha:g}")
    axes.axvline(margins[np.argmin(curves[0.2])], color=BLUE, linewidth=0.8)
    axes.set(xlabel="logit of the right class, the others 0", ylabel="loss (nats)")
    axes.set_title("Loss of one image with and without label smoothing")
    axes.legend()
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# For α = 0 the curve never stops falling. For α = 0.2 it has a lowest point, and rises again: there the net is too sure.
# The lowest point lies where the probabilities equal the targets, p = t. With ten classes $t$ is 0.82 and 0.02, so
# the logit is log(0.82/0.02) = 3.71.
#
# </details>

# %%
lowest = margins[np.argmin(curves[0.2])]
right, other = 0.8 + 0.2 / 10, 0.2 / 10  # the targets
print(f"lowest loss at a logit of {lowest:.2f}; p = t at {np.log(right / other):.2f}")
assert abs(lowest - np.log(right / other)) < 0.1

# %% [markdown]
# The gradient stays simple. You will derive it in exercise 13.2.
#
# ## 4. Lookahead: average where the steps jump around
#
# The gradient of a minibatch is right on average and wrong each time. So near the minimum the weights do not stand
# still. They jump around it, and only a smaller learning rate calms them. What if we use an average of the places
# where they have been?
#
# Lookahead keeps two copies of the weights. The fast ones follow the gradient. Every five steps the slow ones move a
# part of the way to the fast ones, and the fast ones return to them:
#
# $$
# \text{slow} \leftarrow \text{keep}\cdot\text{slow} + (1 - \text{keep})\cdot\text{fast}, \qquad
# \text{fast} \leftarrow \text{slow}
# $$
#
# The share that the slow weights keep grows from 0 to 0.77 during the training: $0.95^5 \cdot \text{done}^3$, where
# `done` is the share of the training that is over. With keep = 0 there is no averaging.
#
# **Predict:** A bowl, ½‖w‖², with its minimum at 0; 400 steps with noisy gradients. How do the distances from the
# minimum compare at the start, and at the end?


# %% tags=["hide-output"]
def descent(keep, steps=400, seed=1):
    """Distances of the slow weights from the minimum; `keep` is a function of the share `done`."""
    draw, found = np.random.default_rng(seed), []
    fast = slow = np.full(20, 3.0)
    for step in range(1, steps + 1):
        noisy_gradient = fast + draw.standard_normal(20)  # the gradient of ½‖w‖² is w
        fast = fast - 0.3 * noisy_gradient
        if step % 5 == 0:
            share = keep(step / steps)
            fast = slow = share * slow + (1 - share) * fast
        found.append(np.linalg.norm(slow))
    return np.array(found)


def lookahead(done):
    return 0.95**5 * done**3


plain, averaged = descent(lambda done: 0.0), descent(lookahead)
for name, path in (("no averaging", plain), ("lookahead", averaged)):
    print(f"{name:13} after 50 steps {path[49]:.2f};   mean of the last 20 steps {path[-20:].mean():.2f}")

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(figsize=(7, 3))
    axes.plot(plain, color=GRAY, label="no averaging, every 5 steps")
    axes.plot(averaged, color=BLUE, label="lookahead")
    axes.set(xlabel="step", ylabel="distance from the minimum", title="The same noise, two ways", ylim=(0, 6))
    axes.legend()
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# At the start there is no difference: keep is near 0, and the slow weights follow at once. At the end lookahead is at
# about half the distance. Its slow weights are an average over many steps, and in an average the noise cancels in
# part.
#
# </details>

# %%
from senet_np.train.optimizers import SGD, Lookahead

optimizer, params = Lookahead(SGD(momentum=0, weight_decay=0)), {"w": np.full(20, 3.0)}  # the library's
draw, state = np.random.default_rng(1), optimizer.init(params)
for step in range(1, 401):
    noisy = {"w": params["w"] + draw.standard_normal(20)}
    params, state = optimizer.step(params, noisy, state, 0.3, step / 400)
assert np.isclose(np.linalg.norm(params["w"]), averaged[-2])  # its last step returns the slow weights as they are
assert averaged[-20:].mean() < plain[-20:].mean()

# %% [markdown]
# ## 5. Rates, biases, borders, flips: four small pieces
#
# - **A triangle.** The learning rate rises for a quarter of the run, and then falls in a straight line. So it is
#   large for most of the run and small at the end.
# - **Fast biases of batch norm.** The bias β of a channel decides which part of the channel the ReLU lets
#   through. In a short training it gets a learning rate that is 64 times as large as that of the weights (16 times for
#   the tiny net), so that it can move far enough in the few steps.
# - **Reflected borders.** A shifted image needs pixels from outside. Black pixels would make an edge that no photo
#   has. So the image is mirrored at its border.
# - **Alternating flips.** Images are mirrored left to right, so that the net sees both sides. Usually chance decides
#   in each epoch (one pass over all images). Here an image that was mirrored in one epoch is not mirrored in the
#   next.
#
# **Predict:** If chance decides in each epoch, how many of all images show both sides within two epochs? And with
# alternating flips?

# %% tags=["hide-output"]
from senet_np.data.augment import Augmentation, plan_epoch
from senet_np.train.schedule import cosine, triangle

both_sides = {}
for flip in ("random", "alternating"):
    first, second = (plan_epoch(10_000, 0, epoch, Augmentation(flip)).flips for epoch in (0, 1))
    both_sides[flip] = np.mean(first != second)
print({flip: f"{part:.0%} of the images show both sides in two epochs" for flip, part in both_sides.items()})

# %% [markdown]
# <details><summary>Answer</summary>
#
# One half with chance: in the second epoch, each image shows the same side again with probability 1/2. All of them
# with alternating flips.
#
# </details>

# %% jupyter={"source_hidden": true} tags=["hide-input"]
assert both_sides["alternating"] == 1
with style():
    figure, axes = plt.subplots(figsize=(7, 2.8))
    for schedule, color in ((cosine, GRAY), (triangle, BLUE)):
        axes.plot([schedule(step, 1000, 1.0) for step in range(1000)], color=color, label=schedule.__name__)
    axes.set(xlabel="step of 1,000", ylabel="learning rate / peak", title="Two schedules of the learning rate")
    axes.legend()
plt.show()

# %% [markdown]
# ## 6. Six views of a photo
#
# The net may look more than once. `evaluate --tta` (test-time augmentation) uses six views of each image: the image
# as it is, shifted by one pixel in two ways, and these three mirrored. It averages the logits of the six views, the two that are not shifted with double weight, so
# mistakes of single views cancel in part. It costs six passes, and it is not a property of the net. So it is an
# option, and its result always stands next to the result without it:
#
#     python -m senet_np evaluate runs/mine --tta
#
# ## 7. What is each piece worth?
#
# A piece that sounds right may be worth nothing *here*. To find out, leave out one piece at a time and compare in
# pairs (notebook 11). The file `docs/comparisons/sprint-pieces.toml` plans ten arms with three seeds each, all three
# epochs long. The next cell prints the results of the runs that are finished, and a line if there are none. (If you
# work in a copy of the course, look at `docs/results.md` on the site.)

# %%
from pathlib import Path

comparisons = Path("../docs/comparisons")
if comparisons.exists():
    from senet_np.experiments.comparison import read_comparison
    from senet_np.experiments.report import as_text, make_report

    report = make_report(read_comparison(comparisons / "sprint-pieces.toml"))
    print(as_text(report) if report.arms else "None of the thirty runs is finished yet.")
else:
    print("docs/comparisons is not here.")

# %% [markdown]
# As long as these runs are missing, we know only this: all changes together took the tiny net from 76 % (one run) to
# 80 % (the mean of several). These are the pieces of sections 4 and 5, a higher learning rate, a smaller weight decay
# and smaller shifts; the sprint net uses all pieces ([docs/choices.md](../docs/choices.md)). Nobody has measured here
# which change made the difference. And three pairs will give no interval (notebook 11), so they can show only large
# differences.
#
# **What not to conclude.** Such numbers belong to one net and one length of training. For example, label smoothing
# helps a net that begins to learn its images by heart. A net that is too small for its task has other problems.
#
# ## In five sentences
#
# 1. Whitening kernels divide each direction of the patches by its standard deviation, need no labels, and stay
#    untrained.
# 2. With identity weights a convolution first passes its input on, so training starts from the image and not from a
#    random mixture.
# 3. Label smoothing moves a share α of the target to all classes, so the loss has a lowest point and the logits stop
#    growing.
# 4. Lookahead lets slow weights first follow and later average the fast ones, so noise cancels at the end.
# 5. Whether a piece helps must be measured by leaving it out, in pairs of runs, on the net and the length of training
#    in question.
#
# ## Exercises

# %% [markdown]
# ### Exercise 13.1 · The loss that is left
#
# A net reaches its target exactly: p = t, with α = 0.2 and K = 10 classes. Which loss is left, in nats (natural
# logarithm)? Compute it by hand or with NumPy. Target: correct to two significant digits.
#
# <details><summary>Hint</summary>
#
# First the ten targets: one of the right class, and nine that are equal. They add up to 1. Then put t in for p in L.
#
# </details>

# %%
lowest_loss = ...

check("13.1", lowest_loss)

# %% [markdown]
# ### Exercise 13.2 · The gradient of the smoothed loss
#
# The loss of a batch is the mean of L over its N images. Derive its gradient with respect to the logits $l_k$ and
# write it as a function of the probabilities. The check tries several batches and several α.
#
# <details><summary>Hint</summary>
#
# $\log p_k = l_k - \log\sum_j \exp(l_j)$. Put this into L, and use that all $t_k$ together are 1. The result for α =
# 0 is the one of notebook 7.
#
# </details>


# %%
def smoothed_backward(p, labels, alpha):
    """dlogits (N, K) of the mean smoothed loss; p (N, K) is the softmax of the logits, labels (N,) the classes."""
    ...


check("13.2", smoothed_backward)

# %% [markdown]
# ### Exercise 13.3 · Images that break it
#
# Somebody writes the whitening kernels without the small constant, and tests them on the images of this notebook:
#
# ```python
# def kernels_of(images):
#     patches = np.lib.stride_tricks.sliding_window_view(images.astype(float), (3, 3), axis=(1, 2))
#     patches = patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 27)
#     eigenvalues, eigenvectors = np.linalg.eigh(patches.T @ patches / len(patches))
#     return eigenvectors / np.sqrt(eigenvalues)
# ```
#
# On these images all is well. Find images (N, H, W, 3) for which the result is useless: it has a number that is not
# finite, or a weight above 1,000. The images themselves must be finite. A hundred images are more than enough.
#
# <details><summary>Hint</summary>
#
# What is divided by what? Think of images in which a patch can be described with fewer than 27 numbers, exactly.
#
# </details>

# %%
bad_images = ...

check("13.3", bad_images)

# %% [markdown]
# ### Exercise 13.4 · A better lookahead
#
# Write another `keep(done)` for the bowl of section 4. Targets, as means over 8 seeds: after 50 of 400 steps the slow
# weights are at most 2.5 from the minimum, and over the last 20 steps at most 0.6. (The recipe's own `lookahead`
# reaches 1.93 and 0.85.)
#
# <details><summary>Hint</summary>
#
# Try constants first with `descent`: 0, 0.5, 0.9. Which is good at the start, which at the end? `keep` may depend on
# `done` in any way.
#
# </details>


# %%
def keep(done):
    """The share of themselves that the slow weights keep, 0 to 1; `done` is the share of the run that is over."""
    ...


check("13.4", keep)

# %% [markdown]
# Solutions: [solutions/13_recipe.ipynb](solutions/13_recipe.ipynb), after you have tried.
#
# **Read next:** [senet_np/nets/sprint.py](../senet_np/nets/sprint.py), the net that reaches 89 %;
# [senet_np/nets/initialize.py](../senet_np/nets/initialize.py); [docs/results.md](../docs/results.md), which says
# what SE is worth on this net. Then notebook 14: networks that many people use.
