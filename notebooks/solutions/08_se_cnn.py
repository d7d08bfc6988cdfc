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
# The net is the library's here, which notebook 8 has shown to be the same one.

# %%
import numpy as np

from senet_np import ops
from senet_np.data import load_shapes
from senet_np.data.augment import fit_normalizer
from senet_np.gradcheck import check_gradients
from senet_np.layers import SE
from senet_np.nets import tiny
from senet_np.tree import tree_build, tree_items, tree_map

data = load_shapes()
normalize = fit_normalizer(data.train.images)
x_train, y_train = normalize(data.train.images), data.train.labels
x_test, y_test = normalize(data.test.images[:1000]), data.test.labels[:1000]


def train(net, batches, lr=0.1):
    """Parameters and state after SGD with momentum on a list of (x, labels), and the losses."""
    p, state = net.init(np.random.default_rng(0))
    v, losses = tree_map(np.zeros_like, p), []
    for n, (x, labels) in enumerate(batches):
        logits, cache, state = net.forward(p, state, x, True)
        loss, loss_cache = ops.softmax_cross_entropy_forward(logits, labels)
        _, grads = net.backward(ops.softmax_cross_entropy_backward(1.0, loss_cache), cache, needs_input_grad=False)
        v = tree_map(lambda old, g: 0.9 * old + g, v, grads)
        rate = np.float32(lr * (1 - n / len(batches)))
        p = tree_map(lambda theta, moving, rate=rate: theta - rate * moving, p, v)
        losses.append(float(loss))
    return p, state, losses


def epochs(x, count, batch=32):
    rng = np.random.default_rng(0)
    orders = (rng.permutation(len(x))[: len(x) // batch * batch].reshape(-1, batch) for _ in range(count))
    return [(x[some], y_train[some]) for order in orders for some in order]


def accuracy(net, p, state, x):
    return np.mean(net.forward(p, state, x, False)[0].argmax(axis=1) == y_test)


# %% [markdown]
# **1.** The loss goes to nearly 0, with SE and without: 20 images can be learned by heart. If it does
# not, something is wrong with the gradients, the labels or the learning rate, and a long training would
# only hide what.

# %%
for with_se in (True, False):
    losses = train(tiny(se=with_se, widths=(8, 16, 32)), [(x_train[:20], y_train[:20])] * 150, lr=0.2)[2]
    print(f"SE {with_se!s:5}: loss {losses[0]:.2f} → {losses[-1]:.4f}")
    assert losses[-1] < 0.1

# %% [markdown]
# **2.** Here the backward pass of the SE layer returns the scale's part of du alone: that is the forgotten path.


# %%
class ForgetfulSE(SE):
    """An SE layer whose backward pass drops the squeeze path."""

    def backward(self, dy, cache, needs_input_grad=True):
        _, grads = super().backward(dy, cache, needs_input_grad)
        return dy * cache.s[:, None, None, :], grads


def forgetful(widths, reduction=4):
    net = tiny(widths=widths, reduction=reduction)
    for stage, c in zip(net.parts.values(), widths, strict=False):
        stage.parts["se"] = ForgetfulSE(c, reduction)
    return net


net, wrong_net = tiny(widths=(3, 4, 5), reduction=2), forgetful((3, 4, 5), reduction=2)
rng = np.random.default_rng(3)  # a draw in which no SE block is dead
params, state = net.init(rng, np.float64)
flat = {path: array + 0.1 * rng.standard_normal(array.shape) for path, array in tree_items(params)}
x_small, labels_small = rng.standard_normal((4, 8, 8, 3)), np.array([0, 3, 9, 3])
state = tree_map(lambda a: a.astype(np.float64), state)


def check(net):
    def forward(**flat):
        logits, cache, _ = net.forward(tree_build(flat), state, x_small, True)
        loss, loss_cache = ops.softmax_cross_entropy_forward(logits, labels_small)
        return loss, (loss_cache, cache)

    def backward(dloss, cache):
        loss_cache, net_cache = cache
        dlogits = ops.softmax_cross_entropy_backward(dloss, loss_cache)
        grads = dict(tree_items(net.backward(dlogits, net_cache)[1]))
        return tuple(grads[path] for path in flat)

    return check_gradients(forward, backward, flat)


assert check(net)
report = check(wrong_net)
wrong = [check.name for check in report.arguments if not check.ok]
print(f"wrong with the forgotten path: {len(wrong)} of {len(flat)} parameters:\n{wrong}")
assert not any(name.startswith(("head", "stage3.se")) for name in wrong)
assert "stage3.conv.w" in wrong

# %% [markdown]
# What lies behind the last u (its SE block, the head) is right; everything before it is wrong. And
# training?

# %%
widths = (16, 16, 32)
for name, net in {"right gradient": tiny(widths=widths), "forgotten path": forgetful(widths)}.items():
    p, state, _ = train(net, epochs(x_train, 3))
    print(f"{name}: {100 * accuracy(net, p, state, x_test):.1f} % after 3 epochs")

# %% [markdown]
# It trains, and after these three epochs it may even be ahead. (What lies before a block misses only what
# its channels do through the gates; the path through the scale, the larger share, is there.) Accuracy does
# not reveal the mistake. The check reveals it in a second, and by name.
#
# **3.** Without the sky two answers are left, the textures of the two squares, and nothing tells which one. So
# about half is what can be reached: not 10 %.


# %%
def gray_sky(x):
    x = x.copy()
    x[:, :5] = 0
    return x


net = tiny(widths=(8, 16, 32))
p, state, _ = train(net, epochs(gray_sky(x_train), 2, batch=16))
reached = accuracy(net, p, state, gray_sky(x_test))
print(f"without the sky: {100 * reached:.1f} %")
assert 0.3 < reached < 0.6
