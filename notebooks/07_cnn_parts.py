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
# # 7 · The other parts of a CNN: batch norm, max pooling, cross-entropy
#
# **Afterwards you can** say which problem each of the three parts solves; derive and check their backward passes;
# say why batch norm computes differently in training and in evaluation; and say which loss a net starts with.
#
# **You need** notebooks 2 (gradients), 3 (the global maximum), 5 (gradients of two paths are added) and 6
# (windows); mean and variance; the logarithm and the exponential function. Letters: [symbols](../docs/symbols.md).
#
# **Time:** 40 minutes to read and run, 80 with the exercises.
#
# Notebook 8 builds a whole network. Besides convolutions and SE blocks it needs these three parts.

# %%
import matplotlib.pyplot as plt
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from senet_np import ops
from senet_np.exercises import check
from senet_np.figures.style import BLUE, ORANGE, style
from senet_np.gradcheck import check_gradients
from senet_np.gradcheck.bugs import BUGS

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. Batch norm keeps numbers at one size
#
# **The problem.** Take ten layers, each a matrix product and a ReLU. Draw the weights so that on average
# the outputs neither grow nor shrink from layer to layer.
#
# **Predict:** All weights are doubled. By which factor do the outputs of the last layer grow?

# %% tags=["hide-output"]
x = rng.standard_normal((256, 64))
weights = [rng.standard_normal((64, 64)) * np.sqrt(2 / 64) for _ in range(10)]
doubled = [2 * w for w in weights]


def spread(weights, normalize=lambda x: x):
    """The standard deviation of what the last layer returns."""
    y = x
    for w in weights:
        y = np.maximum(normalize(y @ w), 0)
    return y.std()


one, two = spread(weights), spread(doubled)
print(f"outputs {one:.2f}, with doubled weights {two:.2f}: {two / one:.0f} times as large")

# %% [markdown]
# <details><summary>Answer</summary>
#
# By $2^{10} = 1024$: each layer doubles its output and gives it to the next layer, which doubles it again.
#
# </details>
#
# Training changes the weights, and gradients grow and shrink in the same way. Then no learning rate fits all
# layers. **Batch norm** gives the numbers of each channel the mean 0 and the variance 1. It computes the mean μ
# and the variance σ² over all m = N·H·W numbers of the channel in the batch:
#
# $$
# \hat x = \frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}} \qquad\qquad y = \gamma\,\hat x+\beta
# $$
#
# The scale γ and the shift β are learned, one of each per channel. They start at 1 and 0. With them the net can
# choose another size where it needs one. ε = 0.00001 prevents a division by 0 where a channel is constant.


# %%
def batch_norm_forward(x, gamma, beta, eps=1e-5):
    """y of x, (N, H, W, C) or (N, C), and a cache."""
    axes = tuple(range(x.ndim - 1))  # all but the channel
    centered = x - x.mean(axis=axes)
    inv_std = 1 / np.sqrt((centered**2).mean(axis=axes) + eps)  # (C,)
    x_hat = centered * inv_std
    return gamma * x_hat + beta, (centered, inv_std, x_hat, gamma)


# %% [markdown]
# **Predict:** γ = 1 and β = 0. What is y for a channel with the four numbers 1, 1, 3, 3? What for 10, 10, 30, 30?
# With batch norm in the ten layers, by which factor do their outputs grow if all weights are doubled?

# %% tags=["hide-output"]
for numbers in ([1.0, 1, 3, 3], [10.0, 10, 30, 30]):
    print(numbers, "→", batch_norm_forward(np.array(numbers)[:, None], 1, 0)[0].ravel())
one, two = (spread(some, lambda x: batch_norm_forward(x, 1, 0)[0]) for some in (weights, doubled))
print(f"ten layers: outputs {one:.2f}, with doubled weights {two:.2f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# −1, −1, 1, 1 for both: the means are 2 and 20, the variances 1 and 100. Batch norm removes any positive factor, so the ten
# layers grow by the factor 1. It also removes any number that is added to a whole channel. So a convolution
# before batch norm needs no bias.
#
# </details>
#
# **Backward.** Take one channel, and let i count its m numbers. We write $v_i = x_i - \mu$ (`centered`) and
# $t = (\sigma^2+\varepsilon)^{-1/2}$ (`inv_std`). On the left are the steps of the forward pass, the last one first:
#
# $$
# \begin{aligned}
# y_i &= \gamma\,\hat x_i + \beta: & d\beta &= \textstyle\sum_i dy_i, \quad d\gamma = \sum_i dy_i\,\hat x_i, \quad
# d\hat x_i = \gamma\,dy_i\\
# \hat x_i &= t\,v_i: & dt &= \textstyle\sum_i d\hat x_i\,v_i, \quad dv_i = t\,d\hat x_i &&\text{(first path)}\\
# t &= (\sigma^2+\varepsilon)^{-1/2}: & d\sigma^2 &= -\tfrac12\,t^3\,dt
# &&\text{since } (a^{-1/2})' = -\tfrac12 a^{-3/2}\\
# \sigma^2 &= \tfrac1m\textstyle\sum_i v_i^2: & dv_i &= \tfrac2m\,v_i\,d\sigma^2 &&\text{(second path)}\\
# v_i &= x_i-\mu: & d\mu &= -\textstyle\sum_i dv_i, \quad dx_i = dv_i &&\text{(first path)}\\
# \mu &= \tfrac1m\textstyle\sum_i x_i: & dx_i &= \tfrac1m\,d\mu &&\text{(second path)}
# \end{aligned}
# $$
#
# v is used twice, in $\hat x$ and in σ². x is used twice, in v and in μ. Both times the two gradients are added.


# %%
def batch_norm_backward(dy, cache):
    """dx, dgamma, dbeta: the derivative of each step, the last step first."""
    centered, inv_std, x_hat, gamma = cache
    axes, m = tuple(range(dy.ndim - 1)), dy.size // dy.shape[-1]
    dbeta, dgamma, dx_hat = dy.sum(axis=axes), (dy * x_hat).sum(axis=axes), gamma * dy
    dinv_std = (dx_hat * centered).sum(axis=axes)
    dvar = -0.5 * inv_std**3 * dinv_std
    dcentered = inv_std * dx_hat + 2 / m * centered * dvar  # two paths
    dmean = -dcentered.sum(axis=axes)
    return dcentered + dmean / m, dgamma, dbeta  # two paths


maps = rng.standard_normal((3, 4, 5, 2))  # (N, H, W, C)
gamma, beta, dy = np.array([2.0, 0.5]), np.array([0.1, -0.3]), rng.standard_normal(maps.shape)
ours = batch_norm_backward(dy, batch_norm_forward(maps, gamma, beta)[1])
_, cache = ops.batch_norm_forward(maps, gamma, beta)  # the library's
assert all(map(np.allclose, ours, ops.batch_norm_backward(dy, cache)))
print(check_gradients(batch_norm_forward, batch_norm_backward, {"x": maps, "gamma": gamma, "beta": beta}))

# %% [markdown]
# **Predict:** What is dx if dy is all ones? Does a check with this dy find a wrong factor in dx?

# %% tags=["hide-output"]
ones = np.ones_like(maps)
dx_random, dx_ones = (ops.batch_norm_backward(some, cache)[0] for some in (dy, ones))
bugs = [bug for bug in BUGS if bug.op == "batch_norm"]  # mistakes that the package puts into its backward pass
bugs = [bug for bug in bugs if not np.allclose(bug.backward(dy, cache)[0], dx_random, rtol=1e-7)]
hidden = [bug.title for bug in bugs if np.allclose(bug.backward(ones, cache)[0], dx_ones, atol=1e-9)]
print(f"largest dx: {np.abs(dx_ones).max():.0e}\n{len(bugs)} mistakes in dx; dy = ones hides:", *hidden, sep="\n  ")

# %% [markdown]
# <details><summary>Answer</summary>
#
# dx is 0, for any x. With dy = ones, L is the sum of y. The $\hat x$ of a channel always add up to 0, so this sum is
# m·β, whatever x is. Any factor times 0 is 0, so most mistakes stay hidden. Softmax has the same trap: its outputs
# add up to 1 (notebook 2). Always check with a random dy.
#
# </details>
#
# **Training and evaluation.** μ and σ² come from the batch. So the result for an image depends on its neighbors
# in the batch. That hardly disturbs training. But whoever uses the net wants one answer for one image.
#
# **Predict:** A channel without positions: each image has one number. One image stands in a batch with large
# neighbors, then with small ones, then alone. What is y alone, for γ = 1 and β = 0?

# %% tags=["hide-output"]
image = np.array([[4.0]])
neighbors = {"large": 6 + rng.random((7, 1)), "small": rng.random((7, 1)), "none": np.zeros((0, 1))}
for name, others in neighbors.items():
    y, _ = batch_norm_forward(np.concatenate([image, others]), 1, 0)
    print(f"neighbors {name}: y of the image {y[0, 0]:6.3f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# 0, or β in general, for every image: the mean of a single number is the number itself. The image is lost. Beside
# large numbers it looks small, and beside small ones large.
#
# </details>
#
# Therefore batch norm keeps **running** averages of the mean and of the variance while it trains. After each batch,
# running ← 0.9 · running + 0.1 · batch. In evaluation it uses them in place of μ and σ². They are constants, so the
# result depends on this image alone. The backward pass then has one path only: dx = γ·dy / √(running variance + ε).
#
# Below, the channel has the true mean 3. Its running mean starts at 0.
#
# **Predict:** After about how many batches is it within 10 % of the true mean?

# %% tags=["hide-output"]
mean, var = np.zeros(1), np.ones(1)
for n in range(1, 61):
    batch = 3 + 2 * rng.standard_normal((32, 1))
    mean = 0.9 * mean + 0.1 * batch.mean(axis=0)
    var = 0.9 * var + 0.1 * batch.var(axis=0)
    if n in (1, 10, 20, 30, 60):
        print(f"batch {n:2}: its mean {batch.mean():.2f}, running mean {mean[0]:.2f}, running variance {var[0]:.2f}")
for name, others in neighbors.items():
    y, _ = ops.batch_norm_forward(np.concatenate([image, others]), np.ones(1), np.zeros(1), mean, var)
    print(f"evaluation, neighbors {name}: y of the image {y[0, 0]:.3f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# After about 22. Each batch leaves nine tenths of the distance, and $0.9^{22} \approx 0.1$. Before that, evaluation
# uses wrong numbers: a net that is good in training and bad in evaluation may have seen too few batches.
#
# </details>
#
# ## 2. Max pooling makes maps smaller
#
# **The problem.** All later layers compute at each of the H×W positions. But for the class of an image it rarely
# matters at which pixel exactly a pattern stands. If one number stands for each 2×2 window, the next layer computes a
# quarter, and each of its outputs sees more of the image. Which number? The mean of a window makes a single strong
# number weak. The maximum keeps it.
#
# **Backward.** As for the global maximum (notebook 3): near this x, y *is* the largest number of its window. The slope
# is 1 for this number and 0 for the others. So the winner of a window gets the window's whole dy. A pixel that wins in
# several windows gets the sum, as in col2im (notebook 6). The cache holds the winner's place, p·size + q.


# %%
def max_pool_forward(x, size, stride):
    windows = sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    windows = windows.reshape(*windows.shape[:4], -1)  # (N, Ho, Wo, C, size²)
    return windows.max(axis=-1), (windows.argmax(axis=-1), x.shape, size, stride)


def max_pool_backward(dy, cache):
    winner, shape, size, stride = cache
    dx, (h_out, w_out) = np.zeros(shape), dy.shape[1:3]
    for p in range(size):
        for q in range(size):
            pixels = dx[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride]  # a view of dx
            pixels += dy * (winner == p * size + q)
    return dx


y, cache = max_pool_forward(maps, 3, 1)
dy = rng.standard_normal(y.shape)
assert np.allclose(max_pool_backward(dy, cache), ops.max_pool2d_backward(dy, ops.max_pool2d_forward(maps, 3, 1)[1]))
print(check_gradients(max_pool_forward, max_pool_backward, {"x": maps, "size": 3, "stride": 1}))

# %% [markdown]
# **Predict:** What is dx for this x and dy with windows of 2×2 and stride 2? And with windows of 3×3 and stride 1?

# %% tags=["hide-output"]
x = np.array([[1.0, 2, 0, 3],
              [4.0, 9, 1, 0],
              [0.0, 5, 2, 6],
              [7.0, 1, 3, 8]])[None, :, :, None]  # fmt: skip
dy = np.array([[1.0, 2], [3, 4]])[None, :, :, None]
for size, stride in ((2, 2), (3, 1)):
    dx = max_pool_backward(dy, max_pool_forward(x, size, stride)[1])
    print(f"{size}×{size}, stride {stride}: dx\n{dx[0, :, :, 0]}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# With 2×2 the winners are 9, 3, 7 and 8. They get 1, 2, 3 and 4. With 3×3 all four windows hold the 9. It wins in each
# of them and gets 1 + 2 + 3 + 4 = 10.
#
# </details>
#
# **Ties.** If two numbers of a window are both the largest, there is a kink (notebook 2): y rises if one of them
# rises, but does not fall if one of them falls. There is no derivative. The code takes the first one, as `argmax`
# does. Ties are common: after a ReLU, many windows hold four zeros.
#
# ## 3. Softmax and cross-entropy turn numbers into a loss
#
# **The problem.** The last layer returns K numbers for each image, one per class: the **logits** l. They can have any
# size and sign. We need one number, the loss, that is small if the right class has the largest logit. Its gradient
# must be large as long as the answer is wrong. **Softmax** makes shares p that add up to 1. The **cross-entropy** is
# −log of the right class's share:
#
# $$
# p_k = \frac{\exp(l_k)}{\sum_j \exp(l_j)} \qquad\qquad
# L = -\log p_{\text{label}} = -l_{\text{label}} + \log \textstyle\sum_j \exp(l_j)
# $$
#
# L is 0 if the right class has the share 1, and grows without limit as its share goes to 0. For a batch, take the mean.
# The code first subtracts each row's largest logit. That changes no p, and exp cannot overflow.
#
# **Backward**, for one image. Let $S = \sum_j \exp(l_j)$. Each logit goes into S. The right one also stands alone in L:
#
# $$
# \begin{aligned}
# L &= -l_{\text{label}} + \log S: & dS &= 1/S, \quad dl_{\text{label}} = -1 &&\text{(first path, right class only)}\\
# S &= \textstyle\sum_j \exp(l_j): & dl_k &= \exp(l_k)\,dS = p_k &&\text{(second path)}
# \end{aligned}
# $$
#
# Added: the gradient is p, minus 1 at the right class. The mean over N images divides it by N.


# %%
def cross_entropy_forward(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)  # (N, K)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean(), (np.exp(log_p), labels)


def cross_entropy_backward(dloss, cache):
    p, labels = cache
    dlogits = p.copy()
    dlogits[np.arange(len(labels)), labels] -= 1
    return dloss * dlogits / len(labels)


logits, labels = rng.standard_normal((4, 5)), np.array([0, 3, 1, 3])
ours = cross_entropy_backward(1.0, cross_entropy_forward(logits, labels)[1])
library = ops.softmax_cross_entropy_backward(1.0, ops.softmax_cross_entropy_forward(logits, labels)[1])
assert np.allclose(ours, library)
print(check_gradients(cross_entropy_forward, cross_entropy_backward, {"logits": logits, "labels": labels}))

# %% [markdown]
# **Predict:** A net with ten classes knows nothing: all its logits are equal. What is its loss? What is dlogits?

# %% tags=["hide-output"]
loss, cache = cross_entropy_forward(np.zeros((1, 10)), np.array([3]))
print(f"loss {loss:.4f}, dlogits {cross_entropy_backward(1.0, cache)[0]}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Each class has the share 1/10, so L = −log(1/10) = log 10 ≈ 2.30. dlogits is 0.1 − 1 = −0.9 at the right class and
# 0.1 at the others. **The first loss of a net with ten classes should be near 2.30.** If it is far above,
# the first weights of the last layer are too large; notebook 8 says more.
#
# </details>
#
# Why the logarithm? $(1 - p_{\text{label}})^2$ is also small if the answer is right. Take three classes, and let the
# two wrong ones have the logit 0.
#
# **Predict:** The right class has the logit −10, so the answer is very wrong. What slope has each of the two losses?

# %%
logit = np.linspace(-10, 10, 201)  # of the right class
p = np.exp(logit) / (np.exp(logit) + 2)
curves = {"−log p": (-np.log(p), p - 1), "(1 − p)²": ((1 - p) ** 2, -2 * (1 - p) ** 2 * p)}  # loss, slope

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, panels = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
    for (name, pair), look in zip(curves.items(), ({"color": BLUE}, {"color": ORANGE, "ls": "--"}), strict=True):
        for ax, curve, title in zip(panels, pair, ("loss", "slope of the loss"), strict=True):
            ax.plot(logit, curve, linewidth=2, label=name, **look)
            ax.set(xlabel="logit of the right class", title=title)
    panels[0].legend()
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# The slope of −log p is p − 1, nearly −1. The slope of (1 − p)² is nearly 0, since softmax is flat there: a net that is
# very wrong would hardly learn.
#
# </details>
#
# ## In five sentences
#
# 1. Batch norm gives each channel of a batch mean 0 and variance 1, and then a learned scale γ and shift β, so that
#    the size of the numbers does not depend on the size of the weights.
# 2. x reaches y directly, through the mean and through the variance, and its gradient is the sum over these paths.
# 3. In training the mean and the variance come from the batch, and in evaluation from running averages, so that an
#    image's result does not depend on its neighbors.
# 4. Max pooling keeps the largest number of each window, and the winner gets the window's whole gradient.
# 5. Softmax and cross-entropy turn logits into a loss whose gradient is p, minus 1 at the right class, and which is
#    log K for a net that knows nothing: 2.30 for ten classes.
#
# ## Exercises

# %% [markdown]
# ### Exercise 7.1 · Batch norm in one line
#
# The library's cache keeps `x_hat`, `inv_std` and `gamma`, but not `centered`. Write dx from these three and dy, in as
# few lines as you can. It should work for (N, C) and (N, H, W, C).
#
# <details><summary>Hint</summary>
#
# Put the lines for dt, dσ² and dv into one another, with $v = \hat x/t$. Then take the mean of dv.
#
# </details>


# %%
def short_dx(dy, x_hat, inv_std, gamma):
    """dx of batch norm in training."""
    ...


check("7.1", short_dx)

# %% [markdown]
# ### Exercise 7.2 · Layer norm
#
# *Layer norm* takes the mean and the variance over the channels of **each image**, not over the batch. γ and β still
# have one number per channel. Write both passes for x of shape (N, C). ε = 0.00001 stands under the root, as in batch
# norm.
#
# <details><summary>Hint</summary>
#
# The steps are the same. Over which axis go the sums for dx, and over which those for dγ and dβ? Use `keepdims=True`.
#
# </details>


# %%
def layer_norm_forward(x, gamma, beta):
    """y, cache."""
    ...


def layer_norm_backward(dy, cache):
    """dx, dgamma, dbeta."""
    ...


check("7.2", layer_norm_forward, layer_norm_backward)

# %% [markdown]
# ### Exercise 7.3 · An input that reveals it
#
# Somebody writes max pooling for 2×2 windows and stride 2 without storing the winners. It passes every check with
# random x. But each window hands its gradient on exactly once, so the sum of dx must be the sum of dy. Find an
# `x_revealing` of shape (1, 4, 4, 1) for which it is not.
#
# <details><summary>Hint</summary>
#
# How many pixels of one window can the comparison `==` pick?
#
# </details>


# %%
def pool_backward(dy, x):
    y, _ = max_pool_forward(x, 2, 2)
    y_large, dy_large = (array.repeat(2, axis=1).repeat(2, axis=2) for array in (y, dy))  # as large as x
    return (x == y_large) * dy_large


x_revealing = ...

check("7.3", x_revealing)

# %% [markdown]
# ### Exercise 7.4 · The smallest loss
#
# With *label smoothing* a share α of the target is spread evenly over all K classes: $t_k = \alpha/K$, plus 1 − α at
# the right class. The loss is $-\sum_k t_k \log p_k$, and dlogits is p − t. Take K = 10, α = 0.1 and the right class 3.
# For which ten logits is the loss smallest, and how small is it? (Three significant digits will do for all of them.)
#
# <details><summary>Hint</summary>
#
# At the smallest loss the gradient is 0. What is p then? And which logits have this p?
#
# </details>

# %%
best_logits = ...
smallest_loss = ...

check("7.4", best_logits, smallest_loss)

# %% [markdown]
# Solutions: [solutions/07_cnn_parts.ipynb](solutions/07_cnn_parts.ipynb), after you have tried.
#
# **Read next:** [norm.py](../senet_np/ops/norm.py), [pooling.py](../senet_np/ops/pooling.py) and
# [loss.py](../senet_np/ops/loss.py), the same in the library; then notebook 8, a whole network.
