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
# # Solutions to notebook 1

# %%
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from senet_np.data import load_shapes
from senet_np.data.shapes import both_skies
from senet_np.exercises import check
from senet_np.figures.style import style

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
photo = np.asarray(Image.open(path).resize((128, 150))) / 255

w = np.zeros((3, 3, 3, 3))  # three of the notebook's filters
w[:, 0, :, 0], w[:, 2, :, 0] = -1 / 9, 1 / 9  # brighter to the right
w[1, 1, :, 1] = [1, 0, -1]  # orange
w[1, 1, :, 2] = [-1, 0, 1]  # blue


def feature_maps(x, w):
    """Maps (H - 2, W - 2, filters) of an image x (H, W, C), with filters w (3, 3, C, filters)."""
    height, width = x.shape[0] - 2, x.shape[1] - 2
    maps = np.zeros((height, width, w.shape[3]))
    for p in range(3):
        for q in range(3):
            maps += x[p : p + height, q : q + width] @ w[p, q]
    return np.maximum(maps, 0)


# %% [markdown]
# **1.1** z = (2.5, 4). The gated maps are `[[0.5, 1], [1.5, 2]]` and `[[2, 0], [0, 2]]`, their sum is
# `[[2.5, 1], [1.5, 4]]`. The means of the gated maps are s·z = (1.25, 1): a gate is the same at all positions,
# so it can be taken out of the mean.

# %%
u = np.stack([np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[8.0, 0.0], [0.0, 8.0]])], axis=-1)  # (2, 2, 2)
s = np.array([0.5, 0.25])
z, x_scaled = u.mean(axis=(0, 1)), u * s
total, z_gated = x_scaled.sum(axis=-1), x_scaled.mean(axis=(0, 1))
print("z =", z, "\nsum =\n", total, "\nmeans after the gates:", z_gated)
assert check("1.1", z, total, z_gated)

# %% [markdown]
# **1.2** The weights are those of "brighter to the right" with the opposite sign, and so is the sum before the
# ReLU. The ReLU keeps only what is positive. So each map keeps what the ReLU removes from the other, and no
# position is bright in both. One map alone cannot give the other back. Together they hold the number before the
# ReLU, right − left, and its size, right + left.

# %%
left = -w[..., 0:1]


def before_relu(right_map, left_map):
    return right_map - left_map


assert check("1.2", left, before_relu)

# %%
right_map, left_map = feature_maps(photo, w[..., 0:1])[..., 0], feature_maps(photo, left)[..., 0]
assert not ((right_map > 0) & (left_map > 0)).any()
with style():
    figure, axes = plt.subplots(1, 2, figsize=(6, 3.4))
    for ax, name, shown in zip(axes, ("right", "left"), (right_map, left_map), strict=True):
        image = ax.imshow(shown, cmap="gray", vmin=0, vmax=right_map.max())
        ax.set_title(f"brighter to the {name}", fontsize=10)
        ax.axis("off")
    figure.colorbar(image, ax=list(axes), label="black: no, white: yes")
plt.show()

# %% [markdown]
# **1.3** `s[:, :, None, None]` has the shape (N, C, 1, 1), and NumPy aligns C with H. With H = C this fits, so
# row i of every map is multiplied by the gate of channel i. With H ≠ C it stops at once. So choose test shapes
# whose sizes are all different, and none of them 1. A test that compares *all* numbers finds the bug with any
# shape, if u and the gates are random. Gates that are all equal, or 0 and 1 only, hide other mistakes, and so does
# a u of ones. A test of one position, one map or a sum says nothing about the rest.


# %%
def passes(scale):
    u, s = rng.standard_normal((2, 3, 4, 5)), rng.random((2, 5))
    expected = np.zeros_like(u)
    for n in range(2):
        for c in range(5):
            expected[n, :, :, c] = u[n, :, :, c] * s[n, c]
    return np.allclose(scale(u, s), expected)


assert check("1.3", passes)

# %% [markdown]
# What her function does, on her own shapes: shut channel 2, and see what becomes 0.


# %%
def scale(u, s):
    return u * s[:, :, None, None]


u, s = rng.standard_normal((4, 6, 6, 6)), np.ones((4, 6))
s[:, 2] = 0
wrong, right = scale(u, s), u * s[:, None, None, :]
assert wrong.shape == right.shape == u.shape  # the shape tells nothing
assert (right[..., 2] == 0).all()
assert (wrong[:, 2] == 0).all()  # row 2 of all maps
assert (wrong[..., 2] != 0).any()

# %% [markdown]
# **1.4** Each of the two squares is the right one under one sky and not under the other. So the same positions
# of the orange channel need the weight 1 under one sky and the weight 0 under the other. The best fixed weight
# is 1/2, and the same holds for blue. It is a compromise that leaves half of each square. The gates leave no
# error at all.

# %%
images = both_skies(load_shapes(seed=9, sizes=(2, 1, 1)).train.images).reshape(4, 32, 32, 3) / 255
u = np.stack([feature_maps(image, w[..., 1:]) for image in images])  # (4, 30, 30, 2): orange, blue
z = u.mean(axis=(1, 2))
s = (z == z.max(axis=1, keepdims=True)).astype(float)
ground = u[:, 10:]
target = (ground * s[:, None, None, :]).sum(axis=-1)  # (4, 20, 30)

best = np.linalg.lstsq(ground.reshape(-1, 2), target.ravel(), rcond=None)[0]
print(f"best fixed weights {best}; mean squared error {((ground @ best - target) ** 2).mean():.4f}")
assert check("1.4", best)
