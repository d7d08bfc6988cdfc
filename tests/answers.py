"""Answers to the assignments: the right ones by assignment, and wrong ones that people hand in."""

import numpy as np

from senet_np import ops as library
from senet_np.analysis.replace import fixed
from senet_np.containers import se_caches, trace
from senet_np.grading import net, ops
from senet_np.ops.activations import SigmoidCache
from senet_np.ops.conv import im2col
from senet_np.se import hidden_width, se_backward, se_forward
from senet_np.tree import tree_map

# Assignment 1


def relu_in_place(x):
    x[x < 0] = 0
    return library.relu_forward(x)


def sigmoid_by_the_book(x):
    y = 1 / (1 + np.exp(-x))
    return y, SigmoidCache(y)


def sigmoid_of_float64(x):
    return library.sigmoid_forward(x.astype(np.float64))


def linear_backward_in_place(dy, cache):
    dx, dw, db = library.linear_backward(dy, cache)
    dy *= 0
    return dx, dw, db


def scale_backward_of_one_image(dy, cache):
    du, ds = library.channel_scale_backward(dy, cache)
    ds[:] = ds.mean(axis=0)
    return du, ds


def pool_backward_of_a_square(dz, cache):
    dx = library.global_avg_pool_backward(dz, cache)
    return dx * (dx.shape[2] / dx.shape[1])  # 1/H² in place of 1/(H·W)


kept = {}


def relu_that_keeps_outside(x):
    kept["mask"] = x > 0
    return np.maximum(x, 0), None


def relu_backward_from_outside(dy, cache):
    return dy * kept["mask"]


# Assignment 3


def output_size(length, k, stride, pad):
    return (length + 2 * pad - k) // stride + 1


def columns(x, kh, kw, stride, pad):
    return im2col(x, kh, kw, stride, pad)[0]


def conv_backward_with(**changes):
    """The library's backward pass with some of its gradients changed: {"dx": function of dx, ...}."""

    def backward(dy, cache):
        grads = dict(zip(("dx", "dw", "db"), library.conv2d_backward(dy, cache), strict=True))
        return tuple(changes.get(name, lambda grad: grad)(grad) for name, grad in grads.items())

    return backward


def conv_turned(x, w, b, stride=1, pad=1):
    return library.conv2d_forward(x, np.ascontiguousarray(w[::-1, ::-1]), b, stride, pad)


# Assignment 2


def added_parameters(channels, r, bias=True):
    widths = [(c, hidden_width(c, r)) for c in channels]
    return sum(2 * c * h + (c + h if bias else 0) for c, h in widths)


def block_forward(u, w1, b1, w2, b2):
    return se_forward(u, w1, b1, w2, b2, squeeze="max", gate="hard_sigmoid")


def block_without_biases_backward(dx_scaled, cache):
    du, dw1, db1, dw2, db2 = se_backward(dx_scaled, cache)
    return du, dw1, np.zeros(dw1.shape[1]) if db1 is None else db1, dw2, np.zeros(dw2.shape[1]) if db2 is None else db2


def block_that_pays_every_position_backward(dx_scaled, cache):
    """The mask of the maximum, which is given in full to each position that shares it."""
    du, *rest = se_backward(dx_scaled, cache)
    by_scale = dx_scaled * cache.s[:, None, None, :]
    share = (du - by_scale).sum(axis=(1, 2), keepdims=True)
    return by_scale + share * (cache.u == cache.z[:, None, None, :]), *rest


def block_of_the_whole_batch(u, w1, b1, w2, b2):
    mean = np.broadcast_to(u.mean(axis=0), u.shape).copy()
    _, cache = block_forward(mean, w1, b1, w2, b2)
    return u * cache.s[:, None, None, :], cache


def true_sigmoid_gate(u, w1, b1, w2, b2):
    return se_forward(u, w1, b1, w2, b2, squeeze="max")


def block_of_means(u, w1, b1, w2, b2):
    return se_forward(u, w1, b1, w2, b2, gate="hard_sigmoid")


def gate_with_a_slope_at_its_corners(ds, cache):
    return ds * (np.abs(cache.x) <= 3) / 6


def gate_with_a_slope_everywhere(ds, cache):
    return ds / 6


# Assignment 4


def train_step(net, params, state, velocity, x, labels, lr):
    logits, cache, state = net.forward(params, state, x, True)
    loss, loss_cache = library.softmax_cross_entropy_forward(logits, labels)
    _, grads = net.backward(library.softmax_cross_entropy_backward(1.0, loss_cache), cache)
    velocity = tree_map(lambda v, g: 0.9 * v + g, velocity, grads)
    return loss, tree_map(lambda p, v: p - lr * v, params, velocity), state, velocity


def step_that_forgets_statistics(net, params, state, velocity, x, labels, lr):
    loss, params, _, velocity = train_step(net, params, state, velocity, x, labels, lr)
    return loss, params, state, velocity


def step_without_momentum(net, params, state, velocity, x, labels, lr):
    return train_step(net, params, state, tree_map(np.zeros_like, velocity), x, labels, lr)


def accuracy(net, params, state, x, labels):
    return (net.forward(params, state, x, False)[0].argmax(axis=1) == labels).mean()


def accuracy_of_the_batch(net, params, state, x, labels):
    return (net.forward(params, state, x, True)[0].argmax(axis=1) == labels).mean()


def mean_gates(net, params, state, x):
    _, cache, _ = net.forward(params, state, x, False)
    return {path: block.s.mean(axis=0) for path, block in se_caches(cache).items()}


def accuracy_with(net, params, state, x, labels, gates):
    *_, last = trace(net, params, state, x, replace=fixed(gates))
    return (last.output.argmax(axis=1) == labels).mean()


def paired_interval(a, b):
    d = np.subtract(a, b)
    return d.mean(), {2: 4.303, 4: 2.776}[len(d) - 1] * d.std(ddof=1) / np.sqrt(len(d))


def unpaired_interval(a, b):
    sd = np.sqrt(np.var(a, ddof=1) + np.var(b, ddof=1))
    return np.mean(a) - np.mean(b), {2: 4.303, 4: 2.776}[len(a) - 1] * sd / np.sqrt(len(a))


def interval_by_population(a, b):
    mean, half = paired_interval(a, b)
    return mean, half * np.sqrt((len(a) - 1) / len(a))


RIGHT = {
    "1_ops": {name: getattr(library, name) for mark in ops.TABLE.values() for name in mark.needs},
    "3_conv": {
        "output_size": output_size,
        "im2col": columns,
        "conv2d_forward": library.conv2d_forward,
        "conv2d_backward": library.conv2d_backward,
    },
    "2_se_block": {
        "hidden_units": hidden_width,
        "added_parameters": added_parameters,
        "gate_forward": library.hard_sigmoid_forward,
        "gate_backward": library.hard_sigmoid_backward,
        "block_forward": block_forward,
        "block_backward": se_backward,
    },
    "4_claim": {
        "train_step": train_step,
        "accuracy": accuracy,
        "results": {"se": [0.99, 1.0, 0.98, 0.99, 1.0], "plain": [0.49, 0.5, 0.48, 0.51, 0.47]},
        "mean_gates": mean_gates,
        "accuracy_with": accuracy_with,
        "accuracy_with_gates": {"learned": 0.99, "ones": 0.3, "mean": 0.35, "another image": 0.5},
        "paired_interval": paired_interval,
        "verdicts": net.VERDICTS,
    },
}
