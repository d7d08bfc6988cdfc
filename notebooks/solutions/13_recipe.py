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
from senet_np.nets.initialize import whitening_kernels
from senet_np.ops import softmax_cross_entropy_forward
from senet_np.train.optimizers import SGD, Lookahead

# %% [markdown]
# **1.** With p = t the loss is −Σ t log t, the *entropy* of the target. The right class has
# t = 0.9 + 0.1/10 = 0.91, each of the nine others 0.01. No net can get below it: the target itself is
# uncertain. Only differences between losses mean something, and losses with different ε cannot be compared.

# %%
t = np.full(10, 0.01)
t[3] = 0.91
entropy = -(t * np.log(t)).sum()
loss, _ = softmax_cross_entropy_forward(np.log(t)[None], np.array([3]), label_smoothing=0.1)
print(f"entropy {entropy:.4f}, loss {loss:.4f} nats")
assert np.isclose(loss, entropy)

# %% [markdown]
# **2.** Grey images have the same number three times, so two thirds of a patch's directions have no variance. Their
# eigenvalues are 0 but for rounding, some a little below it: division gives enormous kernels, the square root gives NaN.
# ε bounds every kernel's length by 1/√ε.

# %%
grey = np.repeat(load_shapes(sizes=(100, 10, 10)).train.images[..., :1], 3, axis=-1)
x = (grey - grey.mean()) / grey.std()
patches = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3).reshape(-1, 27)
eigenvalues, eigenvectors = np.linalg.eigh(patches.T @ patches / len(patches))
with np.errstate(invalid="ignore", divide="ignore"):
    without = eigenvectors / np.sqrt(eigenvalues)
largest = np.nanmax(np.abs(np.where(np.isinf(without), np.nan, without)))
print(f"without ε: up to {largest:.0e}, {np.isnan(without).sum()} numbers are NaN")
print(f"with ε:    up to {np.abs(whitening_kernels(x, 3, 54)).max():.1f}")
assert largest > 1e4
assert np.abs(whitening_kernels(x, 3, 54)).max() < 1 / np.sqrt(5e-4)

# %% [markdown]
# **3.** A constant d is calm from the start, and slow: the first steps go far in one direction, and the slow weights lag
# behind. With a d that grows, the weights follow first and average later.


# %%
class Constant(Lookahead):
    """Lookahead with d = 0.77 from the first step on."""

    def step(self, params, grads, optimizer_state, lr, done=0.0):
        return super().step(params, grads, optimizer_state, lr, 0.999)  # below 1, which would end the run


def distances(optimizer, steps=400, seed=1):
    draw, params = np.random.default_rng(seed), {"w": np.full(20, 3.0)}
    state, found = optimizer.init(params), []
    for step in range(steps):
        noisy = {"w": params["w"] + draw.standard_normal(20)}
        params, state = optimizer.step(params, noisy, state, 0.3, (step + 1) / steps)
        found.append(np.linalg.norm(state["slow"]["w"]))
    return found


grows, constant = distances(Lookahead(SGD(0, 0))), distances(Constant(SGD(0, 0)))
for step in (20, 50, 400):
    print(f"after {step:3} steps: a d that grows {grows[step - 1]:5.2f}, constant {constant[step - 1]:5.2f}")
assert grows[49] < constant[49]
