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
# # Solutions to notebook 13

# %%
import numpy as np

from senet_np.data import load_shapes
from senet_np.exercises import check
from senet_np.gradcheck import check_gradients
from senet_np.nets.initialize import whitening_kernels
from senet_np.ops import softmax_cross_entropy_forward

rng = np.random.default_rng(0)

# %% [markdown]
# **13.1** With p = t the loss is −Σ t log t, the *entropy* of the target. The right class has t = 0.8 + 0.2/10 =
# 0.82, and each of the nine others has 0.02. No net can get below this loss, because the target itself is uncertain.
# So only differences between losses mean something, and losses with different α cannot be compared.

# %%
t = np.full(10, 0.02)
t[3] = 0.82
lowest_loss = -(t * np.log(t)).sum()
loss, _ = softmax_cross_entropy_forward(np.log(t)[None], np.array([3]), label_smoothing=0.2)
print(f"entropy {lowest_loss:.4f}, loss {loss:.4f} nats")
assert np.isclose(lowest_loss, loss)
assert check("13.1", lowest_loss)

# %% [markdown]
# **13.2** With $\log p_k = l_k - \log\sum_j \exp(l_j)$ and $\sum_k t_k = 1$,
#
# $$
# L = -\sum_k t_k\,l_k + \log\sum_j \exp(l_j), \qquad
# \frac{\partial L}{\partial l_k} = -t_k + \frac{\exp(l_k)}{\sum_j \exp(l_j)} = p_k - t_k .
# $$
#
# The mean over the batch divides by N. Only t has changed since notebook 7.


# %%
def smoothed_backward(p, labels, alpha):
    n, classes = p.shape
    t = np.full((n, classes), alpha / classes)
    t[np.arange(n), labels] += 1 - alpha
    return (p - t) / n


def forward(logits):
    loss, cache = softmax_cross_entropy_forward(logits, np.array([0, 3, 3, 1]), label_smoothing=0.2)
    return loss, cache


def backward(dloss, cache):
    return (dloss * smoothed_backward(cache.p, cache.labels, cache.label_smoothing),)


print(check_gradients(forward, backward, {"logits": rng.standard_normal((4, 5))}))
assert check("13.2", smoothed_backward)

# %% [markdown]
# **13.3** Gray images have the same number three times, so a patch has only 9 different numbers, and 18 of its 27
# directions have no variance. Their eigenvalues are 0 except for rounding, and some are a little below 0. The
# division gives huge kernels, and the square root gives NaN. With the constant no kernel is longer than 1/√0.0005 ≈
# 45.

# %%
gray = np.repeat(load_shapes(sizes=(100, 10, 10)).train.images[..., :1], 3, axis=-1)
bad_images = (gray - gray.mean()) / gray.std()

patches = np.lib.stride_tricks.sliding_window_view(bad_images, (3, 3), axis=(1, 2))
patches = patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 27)
eigenvalues = np.linalg.eigvalsh(patches.T @ patches / len(patches))
print(f"{(eigenvalues > 1e-9).sum()} directions with variance; smallest eigenvalue {eigenvalues.min():.1e}")
print(f"largest weight with the constant: {np.abs(whitening_kernels(bad_images, 3, 54)).max():.1f}")
assert np.abs(whitening_kernels(bad_images, 3, 54)).max() < 1 / np.sqrt(5e-4)
assert check("13.3", bad_images)

# %% [markdown]
# **13.4** A large constant such as 0.9 is calm, but slow: after 50 steps the slow weights have moved only ten times,
# and each time they kept nine tenths of what they were. A small one follows at once and stays noisy. So `keep` must
# grow during the run, and further than to 0.77. A straight line to 0.95 reaches both targets.


# %%
def descent(keep, steps=400, seed=1):
    draw, found = np.random.default_rng(seed), []
    fast = slow = np.full(20, 3.0)
    for step in range(1, steps + 1):
        fast = fast - 0.3 * (fast + draw.standard_normal(20))
        if step % 5 == 0:
            share = keep(step / steps)
            fast = slow = share * slow + (1 - share) * fast
        found.append(np.linalg.norm(slow))
    return np.array(found)


def keep(done):
    return 0.95 * done


for name, one in (("0", lambda done: 0), ("0.9", lambda done: 0.9), ("0.95·done", keep)):
    paths = np.array([descent(one, seed=seed) for seed in range(1, 9)])
    print(f"keep = {name:10} after 50 steps {paths[:, 49].mean():.2f}, at the end {paths[:, -20:].mean():.2f}")
assert check("13.4", keep)
