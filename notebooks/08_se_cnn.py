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
# # 8 · The tiny SE-CNN, forward and backward on one screen
#
# **Afterwards you can** write a whole network's forward and backward pass by hand, prove the gradient of
# every parameter, train it, and watch its gates leave 1/2 and learn to depend on the image.
#
# **You need** notebooks 2 (gradients), 5 (the SE block) and 6 (convolution). **Time:** 60 minutes.
#
# Nothing here is a layer or a framework. Each op is one of the pairs that the earlier notebooks derived
# (imported from `senet_np.fast`, which computes the same in less time); what is new is only the wiring.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact

from senet_np import fast as ops
from senet_np.data import load_shapes
from senet_np.data.augment import fit_normalizer
from senet_np.data.shapes import both_skies
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.gradcheck import check_gradients
from senet_np.tree import tree_build, tree_items, tree_map, tree_size

np.set_printoptions(precision=3, suppress=True)

# %% [markdown]
# ## 1. The parameters
#
# Three stages, and in each of them: convolution 3×3, batch norm, ReLU, SE block. Between stages, max
# pooling 2×2. At the end the mean over positions and one linear layer, 10 logits. Convolutions have no
# bias, since batch norm would subtract it.
#
# *Predict: with stages of 16, 16 and 32 channels and r = 4, which part has most parameters?*


# %%
def start(rng, widths=(16, 16, 32), r=4, dtype=np.float32):
    """Parameters, drawn by He's rule: a variance of 2 over the number of inputs."""
    draw = lambda inputs, *shape: (rng.standard_normal(shape) * np.sqrt(2 / inputs)).astype(dtype)
    zeros, p, c_in = lambda n: np.zeros(n, dtype), {}, 3
    for k, c in enumerate(widths, start=1):
        hidden = max(2, c // r)
        p[f"stage{k}"] = {
            "conv": {"w": draw(9 * c_in, 3, 3, c_in, c)},
            "bn": {"gamma": np.ones(c, dtype), "beta": zeros(c)},
            "se": {"w1": draw(c, c, hidden), "b1": zeros(hidden), "w2": draw(hidden, hidden, c), "b2": zeros(c)},
        }
        c_in = c
    p["head"] = {"w": draw(2 * c_in, c_in, 10), "b": zeros(10)}
    return p


p = start(np.random.default_rng(0))
for part in p:
    print(f"{part}: {tree_size(p[part]):6,} parameters")
print(f"in all:  {tree_size(p):6,}")

# %% [markdown]
# ## 2. Forward, on one screen
#
# Each op returns its output and a cache, what its backward pass will need. `average` holds running means
# for batch norm; None means: take the batch's own.


# %%
def forward(x, p, average=None, se=True):
    """Logits (N, 10) of images x (N, H, W, 3), and all caches."""
    caches = {}
    for k in (1, 2, 3):
        q, c = p[f"stage{k}"], {}
        a = average[k] if average else {}
        x, c["conv"] = ops.conv2d_forward(x, q["conv"]["w"], None)
        x, c["bn"] = ops.batch_norm_forward(x, q["bn"]["gamma"], q["bn"]["beta"], **a)
        u, c["relu"] = ops.relu_forward(x)
        if se:
            z, c["squeeze"] = ops.global_avg_pool_forward(u)
            a, c["fc1"] = ops.linear_forward(z, q["se"]["w1"], q["se"]["b1"])
            h, c["delta"] = ops.relu_forward(a)
            e, c["fc2"] = ops.linear_forward(h, q["se"]["w2"], q["se"]["b2"])
            s, c["sigma"] = ops.sigmoid_forward(e)
            x, c["scale"] = ops.channel_scale_forward(u, s)  # u is used a second time
        else:
            x = u
        if k < 3:
            x, c["pool"] = ops.max_pool2d_forward(x, 2, 2)
        caches[k] = c
    x, caches["mean"] = ops.global_avg_pool_forward(x)
    logits, caches["head"] = ops.linear_forward(x, p["head"]["w"], p["head"]["b"])
    return logits, caches


# %% [markdown]
# ## 3. Backward, the same screen from below
#
# Read the forward pass from the last line up; each of its lines has one line here. Only one place needs
# thought: u went two ways, into the squeeze and into the scale. So two gradients come back to it and are
# **added**. *Predict which line that is before you read on.*


# %%
def backward(dlogits, p, caches, se=True):
    """Gradients, a tree like p."""
    grads = {}
    dx, dw, db = ops.linear_backward(dlogits, caches["head"])
    grads["head"] = {"w": dw, "b": db}
    dx = ops.global_avg_pool_backward(dx, caches["mean"])
    for k in (3, 2, 1):
        c, g = caches[k], {}
        if k < 3:
            dx = ops.max_pool2d_backward(dx, c["pool"])
        if se:
            du, ds = ops.channel_scale_backward(dx, c["scale"])
            de = ops.sigmoid_backward(ds, c["sigma"])
            dh, dw2, db2 = ops.linear_backward(de, c["fc2"])
            da = ops.relu_backward(dh, c["delta"])
            dz, dw1, db1 = ops.linear_backward(da, c["fc1"])
            du = du + ops.global_avg_pool_backward(dz, c["squeeze"])  # the two paths meet
            g["se"] = {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2}
        else:
            du = dx
        dx = ops.relu_backward(du, c["relu"])
        dx, dgamma, dbeta = ops.batch_norm_backward(dx, c["bn"])
        dx, dw, _ = ops.conv2d_backward(dx, c["conv"])
        grads[f"stage{k}"] = {"conv": {"w": dw}, "bn": {"gamma": dgamma, "beta": dbeta}, **g}
    return grads


# %% [markdown]
# ## 4. Is it right?
#
# Never train what has not been checked. A small copy, float64, and finite differences at **every**
# parameter. The labels go in with the loss, so L is the very number that training will lower.

# %%
rng = np.random.default_rng(2)
small = start(rng, widths=(3, 4, 5), r=2, dtype=np.float64)
x_small, labels_small = rng.standard_normal((4, 8, 8, 3)), np.array([0, 3, 9, 3])
flat = {path: array + 0.1 * rng.standard_normal(array.shape) for path, array in tree_items(small)}


def loss_forward(**flat):
    logits, caches = forward(x_small, tree_build(flat))
    loss, loss_cache = ops.softmax_cross_entropy_forward(logits, labels_small)
    return loss, (loss_cache, caches, flat)


def loss_backward(dloss, cache):
    loss_cache, caches, flat = cache
    dlogits = ops.softmax_cross_entropy_backward(dloss, loss_cache)
    grads = dict(tree_items(backward(dlogits, tree_build(flat), caches)))
    return tuple(grads[path] for path in flat)


report = check_gradients(loss_forward, loss_backward, flat)
print(report)
print(f"{sum(array.size for array in flat.values())} parameters, tolerance 1e-6")
assert report

# %% [markdown]
# And is it the network of the library? `senet_np.nets.tiny` is the same net made of layers. Give it our
# parameters, and compare logits and every gradient.

# %%
from senet_np.nets import tiny

rng = np.random.default_rng(0)
images, labels = rng.standard_normal((8, 32, 32, 3)).astype(np.float32), rng.integers(10, size=8)
net = tiny(widths=(16, 16, 32))
_, state = net.init(rng)
theirs = {**p, "head": {"fc": p["head"]}}  # the library's head holds its linear layer under "fc"

logits, caches = forward(images, p)
library, library_cache, _ = net.forward(theirs, state, images, True)
dlogits = ops.softmax_cross_entropy_backward(1.0, ops.softmax_cross_entropy_forward(logits, labels)[1])
ours = dict(tree_items(backward(dlogits, p, caches)))
for path, gradient in tree_items(net.backward(dlogits, library_cache)[1]):
    assert np.allclose(ours[path.replace("fc.", "")], gradient, rtol=1e-4, atol=1e-6)
assert np.allclose(logits, library, atol=1e-4)
print(f"logits differ by at most {np.abs(logits - library).max():.1e}; all {len(ours)} gradients agree")

# %% [markdown]
# ## 5. Before training: what must the loss be?
#
# A net that knows nothing gives each of ten classes 1/10. *Predict the loss.* (It is the mean of −log of
# the probability of the right class.)

# %%
data = load_shapes()
normalize = fit_normalizer(data.train.images)
x_train, y_train = normalize(data.train.images), data.train.labels
x_test, y_test = normalize(data.test.images), data.test.labels

logits, _ = forward(x_train[:256], p)
loss, _ = ops.softmax_cross_entropy_forward(logits, y_train[:256])
print(f"loss at the start {loss:.2f}, log 10 = {np.log(10):.2f}")
assert abs(loss - np.log(10)) < 0.7

# %% [markdown]
# A loss far above it would mean weights that are too large; far below, that the labels leak in somewhere.
# The task is `shapes`: two squares, and a sky whose color tells which one to classify (notebook 1).
#
# ## 6. Training, in one loop
#
# Momentum: the velocity v keeps nine tenths of the past at each step, and the parameters move along it. The
# learning rate falls in a line to 0.
#
# $$
# v \leftarrow 0.9\,v + g, \qquad \theta \leftarrow \theta - \text{lr}\cdot v
# $$


# %%
def accuracy(p, average, x, labels, se):
    return np.mean(forward(x, p, average, se)[0].argmax(axis=1) == labels)


def step(p, v, x, labels, lr, se=True):
    """One step of SGD with momentum: the new p and v, and the loss before the step."""
    logits, caches = forward(x, p, se=se)
    loss, loss_cache = ops.softmax_cross_entropy_forward(logits, labels)
    grads = backward(ops.softmax_cross_entropy_backward(1.0, loss_cache), p, caches, se)
    v = tree_map(lambda old, g: 0.9 * old + g, v, grads)
    return tree_map(lambda theta, moving: theta - np.float32(lr) * moving, p, v), v, loss


# %% [markdown]
# For evaluation batch norm needs fixed means. The library keeps running ones; here we take those of the
# first 500 training images, which is simpler.


# %%
def fixed_averages(p, x, se=True):
    """Batch norm's means and variances over a large batch, for evaluation."""
    _, caches = forward(x, p, se=se)
    return {k: {"mean": caches[k]["bn"].mean, "var": caches[k]["bn"].var} for k in (1, 2, 3)}


def without_se(p):
    return {part: {name: a for name, a in q.items() if name != "se"} for part, q in p.items()}


skies = [normalize(images) for images in both_skies(data.test.images[:100])]  # the same 100 images twice


def mean_gates(p, average):
    """{stage: (2, C)}: mean gate of each channel under the orange sky and under the blue one."""
    both = [forward(x, p, average)[1] for x in skies]
    return {k: np.array([caches[k]["sigma"].y.mean(axis=0) for caches in both]) for k in (1, 2, 3)}


def train(se, epochs=3, batch=32, lr=0.1, seed=0):
    rng = np.random.default_rng(seed)
    p = start(rng) if se else without_se(start(rng))
    v, gates, n = tree_map(np.zeros_like, p), [], 0
    steps = epochs * (len(x_train) // batch)
    for epoch in range(epochs + 1):
        average = fixed_averages(p, x_train[:500], se)
        gates.append(mean_gates(p, average) if se else None)
        if epoch:
            print(
                f"epoch {epoch}: loss {np.mean(losses):.3f}, test {100 * accuracy(p, average, x_test, y_test, se):.1f} %"
            )
        if epoch == epochs:
            return p, average, gates
        losses, order = [], rng.permutation(len(x_train))
        for some in order[: len(order) // batch * batch].reshape(-1, batch):
            p, v, loss = step(p, v, x_train[some], y_train[some], lr * (1 - n / steps), se)
            losses.append(loss)
            n += 1


# %% [markdown]
# *Predict both accuracies: with the SE blocks, and for the same net without them.*

# %%
print("with SE")
p_se, average_se, gates = train(se=True)

# %%
print("without SE")
p_plain, average_plain, _ = train(se=False)

# %%
final = {
    "with SE": accuracy(p_se, average_se, x_test, y_test, True),
    "without": accuracy(p_plain, average_plain, x_test, y_test, False),
}
print({name: f"{100 * a:.1f} %" for name, a in final.items()})
assert final["with SE"] > 0.9
assert final["without"] < 0.76  # no net without SE can pass 75 % here: see data/shapes.py

# %% [markdown]
# The plain net is no worse at textures. It cannot know which square to classify, since none of its units sees
# both the sky and a square.
#
# ## 7. Watch the gates
#
# The same 100 images under an orange sky and under a blue one. A dot is a channel: to the right its mean
# gate under the orange sky, upwards under the blue one. On the diagonal the sky makes no difference.
#
# *Predict where all dots lie before training, and in which stage they leave the diagonal.*

# %%
with style():
    figure, axes = plt.subplots(3, 4, figsize=(9, 7.2), sharex=True, sharey=True)
    for row, k in zip(axes, (1, 2, 3), strict=True):
        for ax, epoch in zip(row, (0, 1, 2, 3), strict=True):
            ax.plot([0, 1], [0, 1], color=GRAY, linewidth=0.8)
            ax.plot(*gates[epoch][k], "o", color=BLUE, markersize=5, alpha=0.6)
            ax.set_title(f"stage {k}, epoch {epoch}", fontsize=10)
            ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        row[0].set_ylabel("under blue")
    for ax in axes[-1]:
        ax.set_xlabel("mean gate, orange sky")
    figure.suptitle("From one half to a gate that follows the sky", x=0.01, ha="left")
    plt.show()

far = {k: np.abs(gates[-1][k][0] - gates[-1][k][1]) for k in (1, 2, 3)}
print(
    "channels whose gate the sky moves by more than 0.2:", {k: f"{(d > 0.2).sum()} of {d.size}" for k, d in far.items()}
)
assert max(d.max() for d in far.values()) > 0.5

# %% [markdown]
# Before training the gates lie around 1/2 (σ of something small), and near the diagonal. After it many channels
# of stages 1 and 2 have different gates under the two skies: nearly open or nearly shut under the orange one,
# about half open under the blue one. Nobody told the net that there is a sky.
#
# **What not to conclude.** One seed, and a task that was built for gating. On photographs the gain is
# small; notebook 11 shows how to measure it, and notebook 9 how to read gates there.
#
# ## 8. The learning rate
#
# The number that matters most. One batch of 32 images, 60 steps, three learning rates.
#
# *Predict the three curves.*


# %%
def losses_at(lr, steps=60):
    """The losses of a narrow net that is to learn 32 images by heart."""
    p = start(np.random.default_rng(0), widths=(8, 8, 8))
    v, losses = tree_map(np.zeros_like, p), []
    for _ in range(steps):
        p, v, loss = step(p, v, x_train[:32], y_train[:32], lr)
        losses.append(float(loss))
    return losses


with style():
    figure, axes = plt.subplots(figsize=(7, 3.6))
    for lr, color, line in ((0.01, GRAY, ":"), (0.3, BLUE, "-"), (10.0, ORANGE, "--")):
        axes.plot(losses_at(lr), line, color=color, label=f"lr = {lr:g}")
    axes.axhline(np.log(10), color=GRAY, linewidth=0.8)
    axes.set(xlabel="step", ylabel="loss (nats)", ylim=(0, 6))
    axes.set_title("Too small hardly moves, too large stays about log 10")
    axes.legend(loc="upper right")
    plt.show()

# %% [markdown]
# Move it (as a power of ten):


# %%
def draw_losses(power):
    with style():
        _, axes = plt.subplots(figsize=(6, 3))
        axes.plot(losses_at(10.0**power), color=BLUE)
        axes.axhline(np.log(10), color=GRAY, linewidth=0.8)
        axes.set(xlabel="step", ylabel="loss (nats)", ylim=(0, 6), title=f"lr = {10.0**power:.3g}")
        plt.show()


_ = interact(draw_losses, power=FloatSlider(value=-0.5, min=-4, max=1, step=0.25, continuous_update=False))

# %% [markdown]
# ## Try it
#
# 1. *Overfit one batch.* Before any long training: 20 images, 150 steps. What must the loss become? Do
#    it, with SE and without.
#
#    <details><summary>Hint</summary>
#
#    `step` in a loop on `x_train[:20]`. A net with thousands of parameters can learn 20 labels by heart.
#
#    </details>
#
# 2. *Spot the bug.* In `backward`, drop the second path: delete the line "the two paths meet". Predict:
#    does the check of section 4 find it, and in which parameters? Does the net still train, and to which
#    accuracy?
#
#    <details><summary>Hint</summary>
#
#    dz reaches only what lies *before* u. Which stage has nothing before it but one convolution?
#
#    </details>
#
# 3. Remove the sky: train with images whose rows 0 to 4 are gray. What accuracy can be reached, and why
#    not 10 %?
#
#    <details><summary>Hint</summary>
#
#    `x[:, :5] = 0` after normalizing. Without the sky, how many answers are left?
#
#    </details>
#
# Solutions: [solutions/08_se_cnn.ipynb](solutions/08_se_cnn.ipynb)
#
# **Read next:** [senet_np/nets/tiny.py](../senet_np/nets/tiny.py),
# [senet_np/layers/learned.py](../senet_np/layers/learned.py), the same with layers;
# [senet_np/train/loop.py](../senet_np/train/loop.py), what a real training loop has besides; then
# notebook 9.
