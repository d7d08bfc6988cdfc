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
# # Solutions to notebook 7

# %%
import numpy as np

from senet_np import ops
from senet_np.exercises import check

np.set_printoptions(precision=3, suppress=True)

# %% [markdown]
# **7.1** Batch norm in one line
#
# With $v_i = \hat x_i/t$ we get $dt = \frac1t\sum_i d\hat x_i\,\hat x_i$ and
# $d\sigma^2 = -\frac12 t^2 \sum_i d\hat x_i\,\hat x_i$. Both paths to v together:
#
# $$
# dv_i = t\,d\hat x_i + \tfrac2m\,\tfrac{\hat x_i}{t}\,d\sigma^2
# = t\,\big(d\hat x_i - \hat x_i\cdot\text{mean}(d\hat x\cdot\hat x)\big)
# $$
#
# Both paths to x together: $dx_i = dv_i - \text{mean}(dv)$. As the mean of $\hat x$ is 0, the mean of dv is
# $t\cdot\text{mean}(d\hat x)$:
#
# $$
# dx_i = t\,\big(d\hat x_i - \text{mean}(d\hat x) - \hat x_i\cdot\text{mean}(d\hat x\cdot\hat x)\big)
# $$
#
# In words: dx is $d\hat x$ without its mean and without its part along $\hat x$. It has to be so. If the same number is
# added to all x of a channel, no y changes. If all x of a channel are multiplied by one factor, no y changes either
# (apart from ε). dx must not point in these two directions.


# %%
def short_dx(dy, x_hat, inv_std, gamma):
    axes = tuple(range(dy.ndim - 1))
    return gamma * inv_std * (dy - dy.mean(axis=axes) - x_hat * (dy * x_hat).mean(axis=axes))


assert check("7.1", short_dx)

# %% [markdown]
# **7.2** Layer norm
#
# The formula for dx is the same, with means over the channels of one image. γ comes before these means now: it differs
# from channel to channel, so it cannot stand in front of the bracket. γ and β are still used by all images, so their
# gradients are still sums over the batch.


# %%
def layer_norm_forward(x, gamma, beta, eps=1e-5):
    centered = x - x.mean(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt((centered**2).mean(axis=1, keepdims=True) + eps)  # (N, 1)
    x_hat = centered * inv_std
    return gamma * x_hat + beta, (x_hat, inv_std, gamma)


def layer_norm_backward(dy, cache):
    x_hat, inv_std, gamma = cache
    dx_hat = dy * gamma
    along = (dx_hat * x_hat).mean(axis=1, keepdims=True)
    dx = inv_std * (dx_hat - dx_hat.mean(axis=1, keepdims=True) - x_hat * along)
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


assert check("7.2", layer_norm_forward, layer_norm_backward)

# %% [markdown]
# **7.3** An input that reveals it
#
# Any x with a tie. In a window of four equal numbers, `==` finds all four, and each of them gets the whole dy. That is
# wrong: if all four rise by a small step, y rises by this step, and not by four steps. Random numbers have no ties. But
# after a ReLU, windows of four zeros are common, and so are white areas in a photo.


# %%
def pool_backward(dy, x):
    y, _ = ops.max_pool2d_forward(x, 2, 2)
    y_large, dy_large = (array.repeat(2, axis=1).repeat(2, axis=2) for array in (y, dy))
    return (x == y_large) * dy_large


dy = np.array([[1.0, 2], [3, 4]])[None, :, :, None]
x_revealing = np.arange(16.0).reshape(1, 4, 4, 1)
x_revealing[0, :2, :2, 0] = 7  # one window with a tie
print("sum of dy", dy.sum(), "  sum of dx", pool_backward(dy, x_revealing).sum())

assert check("7.3", x_revealing)

# %% [markdown]
# **7.4** The smallest loss
#
# The gradient is p − t, so it is 0 where p = t: 0.91 for the right class, 0.01 for the others. The softmax of log t is
# t, and any number may be added to all logits. The smallest loss is
# −0.91 · log 0.91 − 9 · 0.01 · log 0.01 ≈ 0.500. Without smoothing it is 0, but no finite logits reach it: the net can
# always win a little by growing its logits further. With smoothing this stops where p = t.

# %%
target = np.full(10, 0.1 / 10)
target[3] += 1 - 0.1
best_logits = np.log(target)
loss, cache = ops.softmax_cross_entropy_forward(best_logits[None], np.array([3]), label_smoothing=0.1)
print(f"loss {loss:.4f}, largest gradient {np.abs(ops.softmax_cross_entropy_backward(1.0, cache)).max():.0e}")

assert check("7.4", best_logits, loss)
