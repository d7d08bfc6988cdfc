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
# # Solutions to notebook 8
#
# The folded cell repeats the functions of the notebook. Only `update` and `train` are a little different: they take a
# backward pass as an argument, for exercise 8.2.

# %% jupyter={"source_hidden": true} tags=["hide-input"]
import numpy as np

from senet_np import fast as ops
from senet_np.data import load_shapes
from senet_np.data.augment import fit_normalizer
from senet_np.exercises import check
from senet_np.gradcheck import check_gradients
from senet_np.tree import tree_build, tree_items, tree_map


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


data = load_shapes()
normalize = fit_normalizer(data.train.images)
x_train, y_train = normalize(data.train.images), data.train.labels
x_test, y_test = normalize(data.test.images[:1000]), data.test.labels[:1000]

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



def update(params, v, x, labels, lr, se=True, backward=backward):
    """One update: the new parameters, the new velocities, and the loss before the update."""
    logits, caches = forward(x, params, se=se)
    loss, loss_cache = ops.softmax_cross_entropy_forward(logits, labels)
    grads = backward(ops.softmax_cross_entropy_backward(1.0, loss_cache), params, caches, se)
    v = tree_map(lambda old, gradient: 0.9 * old + gradient, v, grads)
    params = tree_map(lambda theta, velocity: theta - np.float32(lr) * velocity, params, v)
    return params, v, float(loss)


def fixed_stats(params, x, se):
    """Batch norm's means and variances over one large batch."""
    _, caches = forward(x, params, se=se)
    return {number: {"mean": caches[number]["bn"].mean, "var": caches[number]["bn"].var} for number in (1, 2, 3)}


def accuracy(params, bn_stats, x, se):
    """The share of the test images x that are classified right."""
    return float(np.mean(forward(x, params, bn_stats, se)[0].argmax(axis=1) == y_test))



def train(x, x_eval, backward=backward, epochs=3, batch=32, lr=0.1):
    """The notebook's training, with SE, with any backward pass; returns the accuracy on x_eval."""
    rng = np.random.default_rng(0)
    params = start(rng)
    v, done, updates = tree_map(np.zeros_like, params), 0, epochs * (len(x) // batch)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x))[: len(x) // batch * batch]
        for some in order.reshape(-1, batch):
            params, v, loss = update(params, v, x[some], y_train[some], lr * (1 - done / updates), backward=backward)
            done += 1
        reached = accuracy(params, fixed_stats(params, x[:500], True), x_eval, True)
        print(f"epoch {epoch} of {epochs}: {100 * reached:.1f} % of the test images are right")
    return reached


# %% [markdown]
# **8.1** The loss falls to nearly 0: 8,650 parameters can learn 20 labels by heart. If it does not fall, something is
# wrong with the gradients, the labels or the learning rate. A long training would fail too, and would not show why.

# %%
params = start(np.random.default_rng(0))
v, losses = tree_map(np.zeros_like, params), []
for _ in range(150):
    params, v, loss = update(params, v, x_train[:20], y_train[:20], 0.1)
    losses.append(loss)
assert check("8.1", losses)

# %% [markdown]
# **8.2** 17 of the 23 gradients are wrong: all that are computed from `dx` after the line. The gradients of the head
# and of stage 3's SE block are computed before it, so they stay right.


# %%
def shorter(dlogits, params, caches):
    """The backward pass of the notebook without the line."""
    grads = {}
    dx, dw, db = ops.linear_backward(dlogits, caches["head"])
    grads["head"] = {"w": dw, "b": db}
    dx = ops.global_avg_pool_backward(dx, caches["mean"])
    for number in (3, 2, 1):
        cache = caches[number]
        if number < 3:
            dx = ops.max_pool2d_backward(dx, cache["pool"])
        dx, ds = ops.channel_scale_backward(dx, cache["scale"])
        de = ops.sigmoid_backward(ds, cache["sigmoid"])
        dh, dw2, db2 = ops.linear_backward(de, cache["fc2"])
        da = ops.relu_backward(dh, cache["fc1_relu"])
        _, dw1, db1 = ops.linear_backward(da, cache["fc1"])
        se = {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2}
        dx = ops.relu_backward(dx, cache["relu"])
        dx, dgamma, dbeta = ops.batch_norm_backward(dx, cache["bn"])
        dx, dw, _ = ops.conv2d_backward(dx, cache["conv"])
        grads[f"stage{number}"] = {"conv": {"w": dw}, "bn": {"gamma": dgamma, "beta": dbeta}, "se": se}
    return grads


names = [one.name for one in check_net(shorter).arguments if not one.ok]
print(len(names), "gradients are wrong:", *names)
assert check("8.2", names)

# %% [markdown]
# Does training show the mistake? Both runs take about ten seconds.

# %%
print("right gradients")
right = train(x_train, x_test)
print("without the line")
without_the_line = train(x_train, x_test, backward=lambda dlogits, params, caches, se: shorter(dlogits, params, caches))
assert min(right, without_the_line) > 0.9

# %% [markdown]
# It does not: in this run the network with wrong gradients even ends ahead. The path through the scale carries most
# of the gradient, so `dx` still points roughly in the right direction. The gradient check shows the mistake in a
# second.
#
# **8.3** v is 1, then 0.9 + 1 = 1.9, then 1.71 + 1 = 2.71. θ moves by −0.1 · (1 + 1.9 + 2.71) = −0.561. When v no
# longer changes, v = 0.9 v + 1, so v = 10. With a steady gradient, momentum 0.9 makes the updates ten times as long.

# %%
theta, v = 0.0, 0.0
for _ in range(3):
    v = 0.9 * v + 1
    theta -= 0.1 * v
assert check("8.3", theta, 10)

# %% [markdown]
# **8.4** Without the sky two textures are left, and nothing tells which one to classify. About half right is all that
# is possible. It is not 10 %, because the network can see that eight of the ten classes are not in the image.

# %%
x_gray, x_test_gray = x_train.copy(), x_test.copy()
x_gray[:, :5] = 0
x_test_gray[:, :5] = 0
reached = train(x_gray, x_test_gray)
assert check("8.4", reached, 2)
