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
# # 3 · Squeeze: one number per channel
#
# **Afterwards you can** compute the squeeze of Eq. 2 and its backward pass, say what the mean keeps and
# what it throws away, recognize the three mistakes that everybody makes in it, and say why a gate needs a
# number from the whole image.
#
# **You need** notebooks 1 (channels) and 2 (gradients and how to check them). **Time:** 40 minutes.
#
# A gate weighs a whole channel by one number, so before anything can be decided a channel's map, H×W
# numbers, has to become one number. The paper (Hu et al., arXiv 1709.01507) takes the mean:
#
# $$
# z_c = \frac{1}{H\,W}\sum_{i=1}^{H}\sum_{j=1}^{W} u_c(i,j) \qquad\text{(Eq. 2)}
# $$

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import IntSlider, interact

import senet_np
from senet_np.data.photo import sample_photo
from senet_np.figures.style import BLUE, GRAY, ORANGE, style

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(0)

# %% [markdown]
# ## 1. Eq. 2 on numbers that fit on a screen
#
# One image, 2×3 positions, two channels. *Predict z before you run the cell.*

# %%
u = np.array([[[1.0, 10.0], [2.0, 10.0], [3.0, 10.0]], [[4.0, 0.0], [5.0, 0.0], [6.0, 0.0]]])[None]
print("u:", u.shape, " channel 0:", u[0, :, :, 0].tolist(), " channel 1:", u[0, :, :, 1].tolist())
z = u.mean(axis=(1, 2))  # over H and W; N and C stay
print("z:", z.shape, z)

# %% [markdown]
# The axes are what matters: `(1, 2)` are H and W. N and C stay, so z is (N, C): one row for each image.
#
# Now on real feature maps: those that the first stage of a trained network (the bundled `tiny-se`) makes from
# a photo. *Predict: will the largest z belong to the channel whose map has the brightest spot?*

# %%
model = senet_np.load("tiny-se")  # trained on CIFAR-10
photo = sample_photo().small  # (32, 32, 3)
_, activations = model.run(photo[None], record=True)
u = activations.blocks["stage1.se"].u.astype(np.float64)  # (1, 32, 32, 32): the first block's input, after the ReLU
z = u.mean(axis=(1, 2))

by_mean, by_peak = z[0].argmax(), u.max(axis=(0, 1, 2)).argmax()
print("U:", u.shape, " z:", z.shape)
print("largest mean: channel", by_mean, "  largest single value: channel", by_peak)
assert np.allclose(z, senet_np.ops.global_avg_pool_forward(u)[0])

# %%
order = np.argsort(-z[0])
with style():
    figure, axes = plt.subplots(1, 6, figsize=(11, 2.6))
    axes[0].imshow(photo)
    axes[0].set_title("the photo")
    for ax, c in zip(axes[1:], order[[0, 3, 8, 16, 31]], strict=True):
        ax.imshow(u[0, :, :, c], cmap="cividis", vmin=0, vmax=u.max())
        ax.set_title(f"no. {c}: z = {z[0, c]:.2f}", fontsize=10)
    for ax in axes:
        ax.axis("off")
    figure.suptitle("Each map becomes one number: how much of it there is", x=0.01, ha="left")
    plt.show()

# %% [markdown]
# z measures *how much* there is of what the channel detects, over the whole image, and one bright spot hardly
# changes a mean of 1,024 positions: a map that is gray all over beats it. So the two channels differ.
# 32 · 32 · 32 numbers have become 32.
#
# ## 2. What is kept, and what is lost
#
# *Predict for each of these whether z changes: the image's positions are shuffled; the map is shifted by
# five columns (what leaves at the right comes in at the left); one bright spot is spread over the whole
# map; everything is doubled.*

# %%
flat = u.reshape(1, -1, 32)
changes = {
    "shuffled": rng.permutation(flat, axis=1).reshape(u.shape),
    "shifted": np.roll(u, 5, axis=2),
    "spread evenly": np.broadcast_to(z[:, None, None, :], u.shape),
    "doubled": 2 * u,
}
for name, v in changes.items():
    print(f"{name:14} z changes by at most {np.abs(v.mean(axis=(1, 2)) - z).max():.1e}")
assert np.allclose(changes["shuffled"].mean(axis=(1, 2)), z)
assert np.allclose(changes["spread evenly"].mean(axis=(1, 2)), z)

# %%
c = by_mean
with style():
    figure, axes = plt.subplots(1, 4, figsize=(9, 3.1), layout="constrained")
    for ax, (name, v) in zip(axes, {"the map": u, **changes}.items(), strict=False):
        ax.imshow(v[0, :, :, c], cmap="cividis", vmin=0, vmax=u[..., c].max())
        ax.set_title(f"{name}\nz = {v[0, :, :, c].mean():.3f}", fontsize=10)
        ax.axis("off")
    figure.suptitle(f"Four maps of channel {c} that the squeeze cannot tell apart", x=0.01, ha="left")
    plt.show()

# %% [markdown]
# *Where* is lost, and how it is distributed; *how much* is kept. So what an SE block decides can depend on
# what an image holds and never on where. That is a choice: for recognizing things it is mostly the right
# one.
#
# **Why the mean and not the sum?** *Predict what happens to both if the same net is given an image of
# twice the height and width.*

# %%
small = np.maximum(rng.standard_normal((1, 16, 16, 3)), 0)
large = small.repeat(2, axis=1).repeat(2, axis=2)  # the same image, each pixel 2×2
print("sums  small:", small.sum(axis=(1, 2)), "  large:", large.sum(axis=(1, 2)))
print("means small:", small.mean(axis=(1, 2)), "  large:", large.mean(axis=(1, 2)))
assert np.allclose(small.mean(axis=(1, 2)), large.mean(axis=(1, 2)))

# %% [markdown]
# The matrices that come next (notebook 4) were trained on numbers of one size. With the mean they may be
# used on images of another.
#
# ## 3. Backward
#
# Let L be any number that depends on z, and $dz = \partial L/\partial z$, (N, C), what comes from above.
# Which way does one entry $u[n,i,j,c]$ reach L? Only by $z[n,c]$, and there it stands with the factor
# 1/(HW):
#
# $$
# \frac{\partial z[n,c]}{\partial u[n,i,j,c]} = \frac{1}{HW}
# \qquad\Rightarrow\qquad
# du[n,i,j,c] = \frac{dz[n,c]}{HW} .
# $$
#
# In words: each position gets the same share. *Predict the shape of du, and what its sum over positions
# is.*


# %%
def squeeze_forward(u):
    return u.mean(axis=(1, 2)), u.shape


def squeeze_backward(dz, shape):
    share = dz / (shape[1] * shape[2])  # (N, C)
    return np.broadcast_to(share[:, None, None, :], shape)  # the same at every position


u = rng.standard_normal((2, 3, 4, 5))
dz = rng.standard_normal((2, 5))  # random, so that no two entries are alike
z, shape = squeeze_forward(u)
du = squeeze_backward(dz, shape)
print("du:", du.shape, "  one position, image 0:", du[0, 1, 2], "\ndz / 12:", dz[0] / 12)
assert np.allclose(du.sum(axis=(1, 2)), dz)

# %% [markdown]
# Two proofs. First, the squeeze is linear: a matrix times u. Backward multiplies by the same matrix transposed
# (notebook 6 builds one), and so these two sums must agree for any u and dz:
#
# $$
# \sum z \cdot dz = \sum u \cdot du .
# $$
#
# Second, finite differences at every element, as in notebook 2.

# %%
from senet_np.gradcheck import check_gradients

print(f"⟨z, dz⟩ = {np.sum(z * dz):.12f}\n⟨u, du⟩ = {np.sum(u * du):.12f}")
assert np.isclose(np.sum(z * dz), np.sum(u * du))
report = check_gradients(squeeze_forward, squeeze_backward, {"u": u})
print(report)
assert report

# %% [markdown]
# ## 4. Three mistakes
#
# - **A**: the division is forgotten.
# - **B**: the division is by N·H·W, "the mean over everything", as batch norm has it.
# - **C**: dz is put on the wrong axes, so that images or channels are mixed up. It only runs where sizes
#   happen to agree, or are 1.
#
# *Predict for each: does a net with it still train? Does a check with N = 1 find it? With H = W = 1? With N
# = H = W = C?*


# %%
def forgotten(dz, shape):  # A
    return np.broadcast_to(dz[:, None, None, :], shape)


def over_the_batch(dz, shape):  # B
    return np.broadcast_to(dz[:, None, None, :] / (shape[0] * shape[1] * shape[2]), shape)


def wrong_axes(dz, shape):  # C
    return np.broadcast_to(dz[None, None, :, :] / (shape[1] * shape[2]), shape)


def found(backward, shape):
    """True if the check finds something, False if it passes."""
    try:
        return not check_gradients(squeeze_forward, backward, {"u": rng.standard_normal(shape)})
    except ValueError:  # the shapes do not even fit
        return True


shapes = {"(2, 3, 4, 5)": (2, 3, 4, 5), "N = 1": (1, 3, 4, 5), "H = W = 1": (2, 1, 1, 5), "N=H=W=C=3": (3, 3, 3, 3)}
print(f"{'':16}" + "".join(f"{name:>14}" for name in shapes))
for backward in (forgotten, over_the_batch, wrong_axes):
    row = ["found" if found(backward, shape) else "-" for shape in shapes.values()]
    print(f"{backward.__name__:16}" + "".join(f"{word:>14}" for word in row))
assert all(found(backward, (2, 3, 4, 5)) for backward in (forgotten, over_the_batch, wrong_axes))

# %% [markdown]
# One image hides two of the three, one position hides the first. Sizes that all differ, and none of which
# is 1, are the safe choice: there C does not even run. A and B change the gradient by a constant factor: a
# net with them trains, with another step size for what lies before the block, and nobody notices. That is
# why "it trains" proves nothing.
#
# ## 5. The other squeezes
#
# **Maximum.** $z_c = \max_{i,j} u_c(i,j)$: is there *any* place where the channel answers strongly?
#
# *Predict du: which positions get a share?*

# %%
from senet_np.ops import global_max_pool_backward, global_max_pool_forward

v = np.array([[1.0, 7.0, 2.0], [3.0, 0.0, 5.0]])[None, :, :, None]  # (1, 2, 3, 1)
z_max, cache_max = global_max_pool_forward(v)
print("z =", z_max[0], "  du:\n", global_max_pool_backward(np.array([[1.0]]), cache_max)[0, :, :, 0])

# %% [markdown]
# Near this u, z *is* the 7, so its place gets everything. If two places hold the maximum there is a kink:
# moving either up moves z, moving either down does not, so there is no derivative. The library gives all to
# the first; a finite difference gives each side half. A check on such an input would blame a correct pass,
# which is why ours refuses it (`KinkError`).

# %%
from senet_np.gradcheck import KinkError

tied = np.zeros((1, 2, 2, 1))
try:
    check_gradients(global_max_pool_forward, global_max_pool_backward, {"x": tied})
except KinkError as error:
    print("KinkError:", str(error).split(". ")[0])

# %% [markdown]
# **Both.** CBAM (Woo et al. 2018) sends mean and maximum through the *same* two matrices and adds the
# results before the sigmoid.
#
# **None.** What if nothing is averaged, and each position computes gates for itself from its own C numbers?
# The paper tried it as *NoSqueeze*. The gates then are (N, H, W, C), and the two matrices are 1×1
# convolutions. (Matrices that turn z into gates are the subject of notebook 4. Until then, only what they are
# given matters.)
#
# | squeeze | top-1 error on ImageNet, SE-ResNet-50 (Hu et al.) |
# |---|---:|
# | none at all, ResNet-50 without SE | 23.30 % |
# | NoSqueeze: a gate for each position | 22.93 % |
# | maximum | 22.57 % |
# | mean | 22.28 % |
#
# So there the mean is best, the maximum nearly as good, and without a look at the whole image much of the
# gain is gone. On our own small net the order is different: [docs/results.md](../docs/results.md) has the
# table, and why that does not prove the contrary.

# %%
from senet_np.se import se_forward
from senet_np.variants import se_per_position_forward

u = np.maximum(rng.standard_normal((2, 4, 4, 8)), 0)
w1, w2 = rng.standard_normal((8, 2)), rng.standard_normal((2, 8))
_, whole = se_forward(u, w1, None, w2, None)
_, each = se_per_position_forward(u, w1, None, w2, None)
print("gates with the squeeze:", whole.s.shape, "  without:", each.s.shape)
moved = np.roll(u, 1, axis=2)
_, whole_moved = se_forward(moved, w1, None, w2, None)
assert np.allclose(whole.s, whole_moved.s)  # where things are makes no difference

# %% [markdown]
# ## 6. Why the whole image?
#
# A 3×3 convolution sees 3×3 positions. Two of them, one after the other, see 5×5; with pooling between them
# more, but in the tiny net a unit of the last stage still sees no more than 18×18 pixels of 32×32 (counted
# in [senet_np/data/shapes.py](../senet_np/data/shapes.py)). The squeeze sees everything, at any depth.
#
# *Predict: one pixel in the corner of the image changes. Which positions of the first convolution's maps
# change? Which after the SE block?*

# %%
from senet_np.ops import conv2d_forward

x = rng.random((1, 12, 12, 3))
w = rng.standard_normal((3, 3, 3, 8)) / 3
other = x.copy()
other[0, 0, 0] += 5.0  # the corner


def maps_and_output(x):
    u = np.maximum(conv2d_forward(x, w, None)[0], 0)
    return u, se_forward(u, w1, None, w2, None)[0]


(u_1, out_1), (u_2, out_2) = maps_and_output(x), maps_and_output(other)
touched = {"after the convolution": (u_1 != u_2), "after the SE block": (out_1 != out_2)}
for name, different in touched.items():
    print(f"{name:22} {different.any(axis=-1).sum():3} of {12 * 12} positions differ")

with style():
    figure, axes = plt.subplots(1, 2, figsize=(6, 3.1))
    for ax, (name, different) in zip(axes, touched.items(), strict=True):
        ax.imshow(different[0].any(axis=-1), cmap="cividis", vmin=0, vmax=1)
        ax.set_title(name, fontsize=10)
        ax.axis("off")
    figure.suptitle("Bright: moved by one pixel in the corner", x=0.01, ha="left")
    plt.show()
assert touched["after the convolution"].any(axis=-1).sum() == 4

# %% [markdown]
# In `shapes` the sky decides which of two squares to classify, and no unit sees both. The color of the sky
# reaches the squares through z. Move the boundary of an orange sky down and watch z of two channels made by
# hand, one that responds to orange and one to blue. First four settings side by side:


# %%
def image_and_z(rows):
    """An image whose first `rows` rows are orange and whose rest is blue; its two channels' means."""
    image = np.zeros((32, 32, 3))
    image[:rows], image[rows:] = (1.0, 0.55, 0.1), (0.1, 0.55, 1.0)
    difference = image[..., 0] - image[..., 2]  # red minus blue
    u = np.maximum(np.stack([difference, -difference], axis=-1), 0)  # (32, 32, 2): orange, blue
    return image, u.mean(axis=(0, 1))


def draw(panels, rows):
    image, z = image_and_z(rows)
    panels[0].imshow(image)
    panels[0].set_title(f"{rows} rows of orange", fontsize=10)
    panels[0].axis("off")
    panels[1].bar(["orange", "blue"], z, color=[ORANGE, BLUE], hatch=["", "//"], edgecolor="white")
    panels[1].set(ylim=(0, 1), ylabel="z, mean of the map")


with style():
    figure, axes = plt.subplots(2, 4, figsize=(9, 4.6))
    for column, rows in enumerate((0, 5, 16, 32)):
        draw(axes[:, column], rows)
    figure.suptitle("z moves in proportion to the area, wherever it lies", x=0.01, ha="left")
    plt.show()


# %%
def move_the_boundary(rows):
    with style():
        _, panels = plt.subplots(1, 2, figsize=(6, 2.8))
        draw(panels, rows)
        panels[1].axhline(0.9 * rows / 32, color=GRAY, linewidth=1)
        plt.show()


_ = interact(move_the_boundary, rows=IntSlider(value=5, min=0, max=32))

# %% [markdown]
# ## Try it
#
# 1. Two maps of 2×2 with z = 3 in which no number is the same as in the other. And a map whose mean is 0
#    and which is not 0 anywhere: what would the block know of it? Why is that hardly a worry *after a
#    ReLU*?
#
#    <details><summary>Hint</summary>
#
#    Which signs can numbers have after a ReLU?
#
#    </details>
#
# 2. Write the backward pass of the squared mean over positions, $z_c = \frac1{HW}\sum_{i,j} u_c(i,j)^2$,
#    and check it. How does it differ from the mean in what it measures?
#
#    <details><summary>Hint</summary>
#
#    $\partial u^2/\partial u = 2u$. Compare a map of all ones with one that is 2 at a quarter of its
#    positions.
#
#    </details>
#
# 3. *Spot the bug.* Somebody tests a squeeze that takes the mean over the channels, not over the positions.
#    All asserts pass. Which mistake is in the function, and why do the tests miss it?
#
#    ```python
#    def squeeze(u):
#        return u.mean(axis=(2, 3))
#
#    u = np.ones((2, 8, 8, 8))
#    assert squeeze(u).shape == (2, 8)
#    assert np.allclose(squeeze(u), u.mean(axis=(1, 2)))
#    ```
#
#    <details><summary>Hint</summary>
#
#    Write down which axis is which. Then find two things in this u that hide it.
#
#    </details>
#
# 4. Average squeeze, 8×8 positions. How large is a position's share of dz, and how large in a map of 32×32?
#    Which of the two gradients that reach U in an SE block, by the scale or by the squeeze, is then the
#    smaller one, and what does that mean for a check with a loose tolerance?
#
#    <details><summary>Hint</summary>
#
#    Notebook 5 adds both. A mistake in a term that is a hundredth of the whole is a mistake of a percent.
#
#    </details>
#
# Solutions: [solutions/03_squeeze.ipynb](solutions/03_squeeze.ipynb)
#
# **Read next:** [senet_np/ops/pooling.py](../senet_np/ops/pooling.py), the pairs of this notebook with
# their derivations; [assignments/1_ops.ipynb](assignments/1_ops.ipynb), where you write them; and
# [notebook 4](04_excitation.ipynb), where z becomes gates.
