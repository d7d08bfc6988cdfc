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
# **Afterwards you can** write the forward and the backward pass of a whole network by hand; prove the gradient of
# every parameter; train the network with a loop of a few lines; and see in the gates what the network has learned to
# look at.
#
# **You need** notebooks 2 (gradients), 5 (the SE block), 6 (convolution) and 7 (batch norm, max pooling,
# cross-entropy). Mathematics: the chain rule, mean and variance, the logarithm.
#
# **Time:** 60 minutes to read and run, 110 with the exercises.
#
# Letters: [symbols](../docs/symbols.md).
#
# There is no framework here. Each operation is a forward–backward pair that an earlier notebook derived. We import
# the pairs from `senet_np.fast`, which computes the same numbers in less time. What is new is how they are connected.

# %%
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import FloatSlider, interact

from senet_np import fast as ops
from senet_np.data import load_shapes
from senet_np.data.augment import fit_normalizer
from senet_np.data.shapes import both_skies
from senet_np.exercises import check
from senet_np.figures.style import BLUE, GRAY, ORANGE, style
from senet_np.gradcheck import check_gradients
from senet_np.tree import tree_build, tree_items, tree_map, tree_size

np.set_printoptions(precision=3, suppress=True)

# %% [markdown]
# ## 1. The parameters
#
# The network has three stages. Each stage is: convolution 3×3, batch norm, ReLU, SE block. After the first and after
# the second stage comes max pooling 2×2. At the end there are the mean over all positions and one linear layer, the
# *head*, which returns 10 logits. The convolutions have no bias: batch norm would subtract it again.
#
# We keep the parameters in a *tree*: a dict of dicts with arrays at its ends. `tree_size` counts the numbers in a
# tree, `tree_map` applies a function to each array, and `tree_items` lists pairs (path, array) with paths such as
# `"stage1.conv.w"`.
#
# The first weights are random numbers. Their variance is 2 divided by the number of inputs (He's rule, for layers with a
# ReLU after them), and half of that in the head. With it, the maps of all layers have about the same size.
#
# **Predict:** The stages have 16, 16 and 32 channels, and r = 4. Which part has the most parameters: stage 1,
# stage 2, stage 3 or the head?

# %% tags=["hide-output"]
def start(rng, widths=(16, 16, 32), r=4, dtype=np.float32):
    """A tree of first parameters."""

    def draw(inputs, *shape):
        return (rng.standard_normal(shape) * np.sqrt(2 / inputs)).astype(dtype)

    def zeros(size):
        return np.zeros(size, dtype)

    params, c_in = {}, 3
    for number, c in enumerate(widths, start=1):
        hidden = max(2, c // r)
        params[f"stage{number}"] = {
            "conv": {"w": draw(9 * c_in, 3, 3, c_in, c)},
            "bn": {"gamma": np.ones(c, dtype), "beta": zeros(c)},
            "se": {"w1": draw(c, c, hidden), "b1": zeros(hidden), "w2": draw(hidden, hidden, c), "b2": zeros(c)},
        }
        c_in = c
    params["head"] = {"w": draw(2 * c_in, c_in, 10), "b": zeros(10)}
    return params


params = start(np.random.default_rng(0))
for part in params:
    print(f"{part}: {tree_size(params[part]):6,} parameters")
print(f"in all: {tree_size(params):6,}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# Stage 3, with more than half of all parameters. A convolution has 9 · (channels in) · (channels out) weights, so the
# parameters grow with the *product* of two widths: 9 · 16 · 32 = 4,608 in stage 3. The head has few: 32 · 10 + 10.
#
# </details>
#
# ## 2. Forward, on one screen
#
# Each operation returns its output and a cache with what its backward pass needs. `bn_stats` holds fixed means and
# variances for batch norm. Without it (`None`) batch norm uses those of the batch. With `se=False` the same network
# runs without its SE blocks.
#
# **Predict:** Read the function. Which array goes into two operations? The backward pass needs one extra line because
# of it. What will this line do?


# %%
def forward(x, params, bn_stats=None, se=True):
    """Logits (N, 10) of images x (N, H, W, 3), and the caches of all stages and of the head."""
    caches = {}
    for number in (1, 2, 3):
        stage, cache = params[f"stage{number}"], {}
        given = bn_stats[number] if bn_stats else {}
        x, cache["conv"] = ops.conv2d_forward(x, stage["conv"]["w"], None)
        x, cache["bn"] = ops.batch_norm_forward(x, stage["bn"]["gamma"], stage["bn"]["beta"], **given)
        x, cache["relu"] = ops.relu_forward(x)
        if se:
            u = x
            z, cache["squeeze"] = ops.global_avg_pool_forward(u)
            a, cache["fc1"] = ops.linear_forward(z, stage["se"]["w1"], stage["se"]["b1"])
            h, cache["fc1_relu"] = ops.relu_forward(a)
            e, cache["fc2"] = ops.linear_forward(h, stage["se"]["w2"], stage["se"]["b2"])
            s, cache["sigmoid"] = ops.sigmoid_forward(e)
            x, cache["scale"] = ops.channel_scale_forward(u, s)
        if number < 3:
            x, cache["pool"] = ops.max_pool2d_forward(x, 2, 2)
        caches[number] = cache
    x, caches["mean"] = ops.global_avg_pool_forward(x)
    logits, caches["head"] = ops.linear_forward(x, params["head"]["w"], params["head"]["b"])
    return logits, caches


# %% [markdown]
# <details><summary>Answer</summary>
#
# `u`: the squeeze reads it, and the scale multiplies it. A change of u reaches the loss on two ways, so two gradients
# come back to u. The extra line **adds** them. Every other array goes into one operation only.
#
# </details>
#
# ## 3. Backward, from the last line to the first
#
# Read the forward pass from its last line upwards: each of its lines has one line in the backward pass. Find the line
# of your answer.


# %%
def backward(dlogits, params, caches, se=True):
    """The gradients of all parameters, in a tree like params."""
    grads = {}
    dx, dw, db = ops.linear_backward(dlogits, caches["head"])
    grads["head"] = {"w": dw, "b": db}
    dx = ops.global_avg_pool_backward(dx, caches["mean"])
    for number in (3, 2, 1):
        cache, stage_grads = caches[number], {}
        if number < 3:
            dx = ops.max_pool2d_backward(dx, cache["pool"])
        if se:
            dx, ds = ops.channel_scale_backward(dx, cache["scale"])
            de = ops.sigmoid_backward(ds, cache["sigmoid"])
            dh, dw2, db2 = ops.linear_backward(de, cache["fc2"])
            da = ops.relu_backward(dh, cache["fc1_relu"])
            dz, dw1, db1 = ops.linear_backward(da, cache["fc1"])
            dx = dx + ops.global_avg_pool_backward(dz, cache["squeeze"])  # the two paths meet
            stage_grads["se"] = {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2}
        dx = ops.relu_backward(dx, cache["relu"])
        dx, dgamma, dbeta = ops.batch_norm_backward(dx, cache["bn"])
        dx, dw, _ = ops.conv2d_backward(dx, cache["conv"])
        grads[f"stage{number}"] = {"conv": {"w": dw}, "bn": {"gamma": dgamma, "beta": dbeta}, **stage_grads}
    return grads


# %% [markdown]
# ## 4. Is it right?
#
# Check the gradients before you train. We take a small copy of the network in float64 and compare **every** parameter
# with finite differences (notebook 2). The loss is part of the check, so L is the number that training will lower.
#
# `check_gradients` wants its arguments by name. So we hand it the flat list of all arrays, `flat`, and build the tree
# again inside. We add small random numbers to all parameters, since zeros can hide mistakes (notebook 2).

# %%
rng = np.random.default_rng(2)
small = start(rng, widths=(3, 4, 5), r=2, dtype=np.float64)
x_small, labels_small = rng.standard_normal((4, 8, 8, 3)), np.array([0, 3, 9, 3])
flat = {path: array + 0.1 * rng.standard_normal(array.shape) for path, array in tree_items(small)}


def loss_forward(**flat):
    params = tree_build(flat)
    logits, caches = forward(x_small, params)
    loss, loss_cache = ops.softmax_cross_entropy_forward(logits, labels_small)
    return loss, (loss_cache, caches, params)


def check_net(backward):
    """The report of a gradient check of the whole network with this backward pass."""

    def loss_backward(dloss, cache):
        loss_cache, caches, params = cache
        dlogits = ops.softmax_cross_entropy_backward(dloss, loss_cache)
        grads = dict(tree_items(backward(dlogits, params, caches)))
        return tuple(grads[path] for path in flat)

    return check_gradients(loss_forward, loss_backward, flat)


report = check_net(backward)
print(report)
print(f"{sum(array.size for array in flat.values())} numbers in {len(flat)} arrays, tolerance 1e-6")
assert report

# %% [markdown]
# Is it also the network of the library? `senet_np.nets.tiny` is the same network, built of layers. We give it our
# parameters and compare the logits and every gradient.

# %%
from senet_np.nets import tiny

rng = np.random.default_rng(0)
images, labels = rng.standard_normal((8, 32, 32, 3)).astype(np.float32), rng.integers(10, size=8)
net = tiny(widths=(16, 16, 32))
_, state = net.init(rng)
theirs = {**params, "head": {"fc": params["head"]}}  # the library calls the head's linear layer "fc"

logits, caches = forward(images, params)
library, library_cache, _ = net.forward(theirs, state, images, True)
dlogits = ops.softmax_cross_entropy_backward(1.0, ops.softmax_cross_entropy_forward(logits, labels)[1])
ours = dict(tree_items(backward(dlogits, params, caches)))
for path, gradient in tree_items(net.backward(dlogits, library_cache)[1]):
    assert np.allclose(ours[path.replace("fc.", "")], gradient, rtol=1e-4, atol=1e-6)
assert np.allclose(logits, library, atol=1e-4)
print(f"logits differ by at most {np.abs(logits - library).max():.1e}; all {len(ours)} gradients agree")

# %% [markdown]
# ## 5. The loss before training
#
# The data set is `shapes` (notebook 1): each image has an orange and a blue square with different textures. The color
# of the sky tells which square to classify. There are ten textures, so ten classes.
#
# A network that knows nothing gives each of the ten classes about the same probability. The loss is cross-entropy
# (notebook 7): the mean of −log of the probability of the right class.
#
# **Predict:** How large is the loss?

# %% tags=["hide-output"]
data = load_shapes()
normalize = fit_normalizer(data.train.images)
x_train, y_train = normalize(data.train.images), data.train.labels
x_test, y_test = normalize(data.test.images[:1000]), data.test.labels[:1000]

logits, _ = forward(x_train[:256], params)
start_loss, _ = ops.softmax_cross_entropy_forward(logits, y_train[:256])
print(f"loss before training: {start_loss:.2f}")

# %% [markdown]
# <details><summary>Answer</summary>
#
# About log 10 = 2.30, because −log(1/10) = log 10. Look at this number before every training. A loss far above it
# means that the first weights are too large. A loss far below it means that the labels reach the network in some way.
#
# </details>

# %%
assert abs(start_loss - np.log(10)) < 0.7

# %% [markdown]
# ## 6. Training, in one loop
#
# One *update* changes all parameters once. It takes 32 images, computes the loss and the gradients, and then uses
# *momentum*: a velocity v keeps nine tenths of its old value and adds the new gradient, and each parameter θ moves
# along its velocity. η is the learning rate, `lr` in the code. It falls in a straight line from 0.1 to 0.
#
# $$
# v \leftarrow 0.9\,v + d\theta, \qquad \theta \leftarrow \theta - \eta\, v
# $$


# %%
def update(params, v, x, labels, lr, se=True):
    """One update: the new parameters, the new velocities, and the loss before the update."""
    logits, caches = forward(x, params, se=se)
    loss, loss_cache = ops.softmax_cross_entropy_forward(logits, labels)
    grads = backward(ops.softmax_cross_entropy_backward(1.0, loss_cache), params, caches, se)
    v = tree_map(lambda old, gradient: 0.9 * old + gradient, v, grads)
    params = tree_map(lambda theta, velocity: theta - np.float32(lr) * velocity, params, v)
    return params, v, float(loss)


# %% [markdown]
# An image must get the same answer whichever images stand beside it in the batch. So for the test, batch norm needs
# fixed means and variances (notebook 7). The library keeps running averages during training. Here we do something
# simpler: we take the means and variances of 500 training images.


# %%
def fixed_stats(params, x, se):
    """Batch norm's means and variances over one large batch."""
    _, caches = forward(x, params, se=se)
    return {number: {"mean": caches[number]["bn"].mean, "var": caches[number]["bn"].var} for number in (1, 2, 3)}


def accuracy(params, bn_stats, x, se):
    """The share of the test images x that are classified right."""
    return float(np.mean(forward(x, params, bn_stats, se)[0].argmax(axis=1) == y_test))


def without_se(params):
    return {part: {name: one for name, one in tree.items() if name != "se"} for part, tree in params.items()}


skies = [normalize(images) for images in both_skies(data.test.images[:100])]  # 100 images, orange and blue sky


def mean_gates(params, bn_stats):
    """{stage: (2, C)}: the mean gate of each channel under the orange sky and under the blue sky."""
    both = [forward(x, params, bn_stats)[1] for x in skies]
    return {number: np.array([caches[number]["sigmoid"].y.mean(axis=0) for caches in both]) for number in (1, 2, 3)}


# %% [markdown]
# The loop goes three times over the 4,000 training images. One run takes 5 to 20 seconds and prints how far it is.


# %%
def train(se, x=x_train, x_eval=x_test, epochs=3, batch=32, lr=0.1):
    """Train on x; returns the accuracy on x_eval, and the mean gates before training and after each epoch."""
    rng = np.random.default_rng(0)
    params = start(rng) if se else without_se(start(rng))
    v, done, updates = tree_map(np.zeros_like, params), 0, epochs * (len(x) // batch)
    gates = [mean_gates(params, fixed_stats(params, x[:500], se))] if se else []
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x))[: len(x) // batch * batch]
        for some in order.reshape(-1, batch):
            params, v, loss = update(params, v, x[some], y_train[some], lr * (1 - done / updates), se)
            done += 1
            if done % 50 == 0:
                print(f"  update {done:3} of {updates}: loss {loss:.2f}")
        bn_stats = fixed_stats(params, x[:500], se)
        gates += [mean_gates(params, bn_stats)] if se else []
        reached = accuracy(params, bn_stats, x_eval, se)
        print(f"epoch {epoch} of {epochs}: {100 * reached:.1f} % of the test images are right")
    return reached, gates


# %% [markdown]
# **Predict:** What percentage of the test images will the network with SE blocks get right after three epochs? And
# the same network without them? (Chance is 10 %.)

# %% tags=["hide-output"]
print("with SE")
with_se, gates = train(se=True)

# %% tags=["hide-output"]
print("without SE")
without, _ = train(se=False)

# %% [markdown]
# <details><summary>Answer</summary>
#
# About 97 % with SE and about 48 % without. The plain network recognizes textures, but it does not know which of the
# two squares to classify. A unit of its last stage sees 18 × 18 pixels; the sky (rows 0 to 4) and the squares
# (from row 19) never lie in one such window. The squeeze takes the mean over the *whole* map, so a gate knows the sky
# and can scale all positions by it.
#
# </details>

# %%
assert with_se > 0.9
assert without < 0.76  # without SE no unit sees both sky and square: at most 75 %, see senet_np/data/shapes.py

# %% [markdown]
# One command trains such a network too: `python -m senet_np train --data shapes`. Its default recipe for `shapes` is
# three epochs of 32 images with a wider network, Nesterov momentum, weight decay and a learning rate that falls along
# a cosine. Notebook 13 explains such recipes.
#
# See it move: `python -m senet_np explorer bundled`, tab Train, lets both networks learn side by side.
#
# ## 7. What do the gates look at?
#
# We gave the network the same 100 images under an orange sky and under a blue sky. In the figure a dot is one channel.
# Its mean gate under the orange sky is drawn to the right, and its mean gate under the blue sky upwards. A dot on the
# diagonal has the same gate under both skies.
#
# **Predict:** Where do the dots lie before training? After training, in which of the three stages have they left the
# diagonal?

# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
with style():
    figure, axes = plt.subplots(2, 3, figsize=(10, 6.8), sharex=True, sharey=True)
    for row, epoch, when in zip(axes, (0, 3), ("before training", "after epoch 3"), strict=True):
        for ax, number in zip(row, (1, 2, 3), strict=True):
            ax.plot([0, 1], [0, 1], color=GRAY, linewidth=0.8)
            ax.plot(*gates[epoch][number], "o", color=BLUE, markersize=8, alpha=0.6)
            ax.set_title(f"stage {number}, {when}", fontsize=13)
            ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
            ax.tick_params(labelsize=12)
        row[0].set_ylabel("mean gate, blue sky", fontsize=13)
    for ax in axes[-1]:
        ax.set_xlabel("mean gate, orange sky", fontsize=13)
plt.show()

# %% [markdown]
# <details><summary>Answer</summary>
#
# Before training all dots lie near the diagonal, around 1/2: the gate is σ of a number near 0, and random weights
# hardly use the sky. After training most channels of stages 1 and 2 have left the diagonal. Stage 3 stays on it: most
# of its gates have opened, some have closed, but they are the same under both skies. Nobody told the network that
# there is a sky: it found out, because the loss was lower that way.
#
# </details>
#
# The mean distance between the two gates of a channel, after each epoch:

# %%
print("          stage 1  stage 2  stage 3")
for epoch, both in enumerate(gates):
    apart = [np.abs(both[number][0] - both[number][1]).mean() for number in (1, 2, 3)]
    print(f"epoch {epoch}   " + "    ".join(f"{distance:.2f} " for distance in apart))
far = {number: np.abs(gates[-1][number][0] - gates[-1][number][1]) for number in (1, 2, 3)}
assert max(distances.max() for distances in far.values()) > 0.5

# %% [markdown]
# **What not to conclude.** This is one seed, and the task was built so that a gate is needed. On photographs the gain
# is small: notebook 11 shows how to measure it. And a picture of gates does not prove that the network needs them:
# notebook 9 shows how to test that.
#
# ## 8. The learning rate
#
# Of all settings, the learning rate changes most. We train a narrow network on one batch of 32 images, 60 updates,
# with three learning rates.
#
# **Predict:** How does the loss change over the 60 updates with η = 0.01, with 0.3, and with 10?


# %%
def losses_at(lr, updates=60):
    """The losses of a narrow network that learns 32 images by heart."""
    params = start(np.random.default_rng(0), widths=(8, 8, 8))
    v, losses = tree_map(np.zeros_like, params), []
    for _ in range(updates):
        params, v, loss = update(params, v, x_train[:32], y_train[:32], lr)
        losses.append(loss)
    return losses


curves = {lr: losses_at(lr) for lr in (0.01, 0.3, 10.0)}


# %% jupyter={"source_hidden": true} tags=["hide-input", "hide-output"]
def draw_losses(curves, title):
    with style():
        _, axes = plt.subplots(figsize=(8, 3.8))
        for (lr, losses), color, line in zip(curves.items(), (BLUE, ORANGE, GRAY), ("-", "--", ":")):
            axes.plot(losses, line, color=color, linewidth=2, label=f"η = {lr:.3g}")
        axes.axhline(np.log(10), color=GRAY, linewidth=0.8)
        axes.text(59.5, np.log(10), " log 10", va="center", fontsize=12)
        axes.set_xlabel("update", fontsize=12)
        axes.set_ylabel("loss", fontsize=12)
        axes.set(xlim=(0, 59.5), ylim=(0, 6), title=title)
        axes.legend(loc="upper right", fontsize=12)
    plt.show()


draw_losses(curves, "One batch of 32 images, three learning rates")

# %% [markdown]
# <details><summary>Answer</summary>
#
# With 0.01 the loss hardly moves: the updates are too short. With 0.3 it falls well below 1. With 10 it jumps, and ends
# near log 10 again. Each update goes so far that the gradient at the old place says little about the new one.
#
# </details>
#
# Try others. The slider is the power of ten, so −1 means η = 0.1. (Each new curve takes a second.)


# %% jupyter={"source_hidden": true} tags=["hide-input"]
def one_rate(power):
    draw_losses({10.0**power: losses_at(10.0**power)}, "One batch of 32 images")


_ = interact(one_rate, power=FloatSlider(value=-0.5, min=-4, max=1, step=0.25, continuous_update=False))

# %% [markdown]
# ## In five sentences
#
# 1. A network is a chain of operations: the forward pass keeps one cache for each, and the backward pass has one line
#    for each, in the opposite order.
# 2. Where an array goes into two operations, as u does in the SE block, its two gradients are added.
# 3. Before training come two checks: every gradient against finite differences, and a first loss near log 10.
# 4. Training repeats four steps, forward, loss, backward, update, and the learning rate decides whether it works.
# 5. On `shapes`, a task built for gates, the network with SE learns to use the sky, and the one without SE cannot.
#
# ## Exercises
#
# ### Exercise 8.1 · Learn 20 images by heart
#
# This is a test that you can make before any long training. Train a new network with SE (`start` with
# `np.random.default_rng(0)`) on the first 20 training images, always the same 20: 150 updates with `lr` 0.1. Give the
# list of the 150 losses. **Target:** the last loss is below 0.05.
#
# <details><summary>Hint</summary>
#
# Section 8 does nearly the same. `update` returns new parameters and new velocities: hand both to the next call.
#
# </details>

# %%
losses = ...

check("8.1", losses)

# %% [markdown]
# ### Exercise 8.2 · One line less
#
# Delete the line "the two paths meet" from a copy of `backward`. For how many and for which of the 23 arrays is the
# gradient wrong now? First predict: write down names such as `"head.w"`. Then let `check_net` tell you, and give the
# names as a list.
#
# <details><summary>Hint 1</summary>
#
# The line changes `dx`. Which gradients are computed from `dx` after this line, and which are already there?
#
# </details>
#
# <details><summary>Hint 2</summary>
#
# Copy the cell of section 3 and name the function `shorter`. In `check_net(shorter).arguments` each entry has a
# `name` and `ok`, which is True or False.
#
# </details>

# %%
names = ...

check("8.2", names)

# %% [markdown]
# ### Exercise 8.3 · Momentum by hand
#
# One parameter θ starts at 0, its velocity v at 0 too. The gradient dθ is 1 at every update, and η = 0.1. Give θ after
# three updates of section 6 (three significant digits), and the value that v approaches after very many updates.
#
# <details><summary>Hint</summary>
#
# v is 1 after the first update. For the second number: when v no longer changes, v = 0.9 v + 1.
#
# </details>

# %%
theta_after_3 = ...
v_in_the_end = ...

check("8.3", theta_after_3, v_in_the_end)

# %% [markdown]
# ### Exercise 8.4 · Without the sky
#
# Make the sky of all training and test images gray: in the normalized images, set rows 0 to 4 to 0. Train the network
# with SE on them. Give the accuracy that it reaches. Give also the number of classes between which even a perfect
# network must guess for each image.
#
# <details><summary>Hint</summary>
#
# `train(True, x, x_eval)` takes other images. Work on copies (`x_train.copy()`). Look at one image without its sky:
# what can still be recognized?
#
# </details>

# %%
accuracy_gray = ...
classes_left = ...

check("8.4", accuracy_gray, classes_left)

# %% [markdown]
# Solutions: [solutions/08_se_cnn.ipynb](solutions/08_se_cnn.ipynb), after you have tried.
#
# **Read next:** [senet_np/nets/tiny.py](../senet_np/nets/tiny.py) and
# [senet_np/layers/learned.py](../senet_np/layers/learned.py), the same network with layers;
# [senet_np/train/loop.py](../senet_np/train/loop.py), a full training loop; then notebook 9.
