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
# **1.** z = (2.5, 4). The gated maps are `[[0.5, 1], [1.5, 2]]` and `[[2, 0], [0, 2]]`, their sum is
# `[[2.5, 1], [1.5, 4]]`. The means of the gated maps are s·z = (1.25, 1): a gate is the same at all
# positions, so it can be taken out of the mean.

# %%
u = np.stack([np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[8.0, 0.0], [0.0, 8.0]])], axis=-1)  # (2, 2, 2)
s = np.array([0.5, 0.25])
z, x_scaled = u.mean(axis=(0, 1)), u * s
print("z =", z, "\nsum =\n", x_scaled.sum(axis=-1), "\nmeans after the gates:", x_scaled.mean(axis=(0, 1)))
assert np.allclose(x_scaled.sum(axis=-1), [[2.5, 1], [1.5, 4]])
assert np.allclose(x_scaled.mean(axis=(0, 1)), s * z)

# %% [markdown]
# **2.** The weights are those of "brighter to the right" with the sign turned, and so is the sum before the
# ReLU. But the ReLU keeps only what is positive: each of the two maps shows what is missing in the other,
# and no position is bright in both. One map alone cannot give the other back. Together they hold the
# difference itself, right − left, and its size, right + left.

# %%
right, left = feature_maps(photo, w[..., 0:1])[..., 0], feature_maps(photo, -w[..., 0:1])[..., 0]
brightness = photo.sum(axis=-1)  # (150, 128)
columns = sum(brightness[p : p + 148] for p in range(3))  # (148, 128): three rows added up
difference = (columns[:, 2:] - columns[:, :-2]) / 9  # the filter without the ReLU
assert np.allclose(right - left, difference)
assert np.allclose(right + left, np.abs(difference))
assert not ((right > 0) & (left > 0)).any()

with style():
    _, axes = plt.subplots(1, 2, figsize=(6, 3.4))
    for ax, name, map_ in zip(axes, ("right", "left"), (right, left), strict=True):
        ax.imshow(map_, cmap="cividis", vmin=0)
        ax.set_title(f"brighter to the {name}", fontsize=10)
        ax.axis("off")
plt.show()

# %% [markdown]
# **3.** `s[:, :, None, None]` has the shape (N, C, 1, 1), and NumPy lines up C with H. With H = C that
# fits, so row i of every map is multiplied by the gate of channel i. With H ≠ C it would have stopped at
# once: pick test shapes whose sizes are all different, and none of them 1. A test with values finds it in
# any shape: shut one gate, and see that just that channel is 0.


# %%
def scale(u, s):
    return u * s[:, :, None, None]


u, s = rng.standard_normal((4, 6, 6, 6)), np.ones((4, 6))
s[:, 2] = 0  # channel 2 is to vanish
wrong, good = scale(u, s), u * s[:, None, None, :]
assert wrong.shape == good.shape == u.shape  # the shape tells nothing
assert (good[..., 2] == 0).all()
assert (good[..., [0, 1, 3, 4, 5]] != 0).all()
assert (wrong[:, 2] == 0).all()
assert (wrong[..., 2] != 0).any()

try:
    scale(rng.standard_normal((4, 5, 7, 6)), s)
except ValueError as error:
    print("other sizes:", error)

# %% [markdown]
# **4.** Each of the two squares is the right one under one sky and not under the other. So for the orange
# channel the same positions want weight 1 under one sky and weight 0 under the other: the best fixed weight
# is 1/2, and the same holds for blue. The best fixed rule hedges, and what it leaves is half of each square.
# The gates leave no error at all.

# %%
drawn = both_skies(load_shapes(sizes=(2, 1, 1)).train.images)
images = drawn.reshape(4, 32, 32, 3) / 255
u = np.stack([feature_maps(image, w[..., 1:]) for image in images])  # (4, 30, 30, 2): orange, blue
z = u.mean(axis=(1, 2))
s = (z == z.max(axis=1, keepdims=True)).astype(float)
ground = u[:, 10:]
target = (ground * s[:, None, None, :]).sum(axis=-1)  # (4, 20, 30)

best = np.linalg.lstsq(ground.reshape(-1, 2), target.ravel(), rcond=None)[0]
error = ((ground @ best - target) ** 2).mean()
nothing = (target**2).mean()
print(f"best fixed weights {best}; mean squared error {error:.4f}, with weights of 0 it is {nothing:.4f}")
assert np.allclose(best, 0.5, atol=0.01)
