"""Non-linearities, linear and softmax_cross_entropy as plain loops."""

import math

import numpy as np


def linear_forward(x, w, b):
    """A matrix product, one multiplication at a time."""
    y = np.zeros((x.shape[0], w.shape[1]), x.dtype)
    for n, m in np.ndindex(y.shape):
        y[n, m] = sum(x[n, d] * w[d, m] for d in range(x.shape[1])) + (0 if b is None else b[m])
    return y, (x, w, b)


def linear_backward(dy, cache):
    """Each product x·w sends dy·w to x and dy·x to w."""
    x, w, b = cache
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), None if b is None else np.zeros_like(b)
    for n, m in np.ndindex(dy.shape):
        if db is not None:
            db[m] += dy[n, m]
        for d in range(x.shape[1]):
            dx[n, d] += dy[n, m] * w[d, m]
            dw[d, m] += dy[n, m] * x[n, d]
    return dx, dw, db


def _each(f, *arrays):
    """Apply a function of numbers to every element."""
    y = np.zeros_like(arrays[0])
    for i in np.ndindex(y.shape):
        y[i] = f(*(a[i] for a in arrays))
    return y


def relu_forward(x):
    """What is positive stays."""
    return _each(lambda v: v if v > 0 else 0, x), x


def relu_backward(dy, cache):
    """Where the input was positive the gradient passes."""
    return _each(lambda d, v: d if v > 0 else 0, dy, cache)


def sigmoid_forward(x):
    """1 / (1 + exp(−x)), by way of whichever exponential is small."""
    return _each(lambda v: 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v)), x), x


def sigmoid_backward(dy, cache):
    """Slope exp(−|x|) / (1 + exp(−|x|))², straight from the quotient rule (it is an even function)."""
    return _each(lambda d, v: d * math.exp(-abs(v)) / (1 + math.exp(-abs(v))) ** 2, dy, cache)


def tanh_forward(x):
    """The hyperbolic tangent of each number."""
    return _each(math.tanh, x), x


def tanh_backward(dy, cache):
    """Slope 1 − tanh²."""
    return _each(lambda d, v: d * (1 - math.tanh(v) ** 2), dy, cache)


def _hard_sigmoid(x):
    return 0 if x < -3 else 1 if x > 3 else x / 6 + 1 / 2


def hard_sigmoid_forward(x):
    """A line from 0 at −3 to 1 at 3, and level beyond."""
    return _each(_hard_sigmoid, x), x


def hard_sigmoid_backward(dy, cache):
    """The slope is a sixth between the corners, and 0 elsewhere."""
    return _each(lambda d, x: d / 6 if -3 < x < 3 else 0, dy, cache)


def hard_swish_forward(x):
    """Each number times its hard sigmoid."""
    return _each(lambda x: x * _hard_sigmoid(x), x), x


def hard_swish_backward(dy, cache):
    """The slope is 0 below the corners, x/3 + 1/2 between them, and 1 above."""
    return _each(lambda d, x: 0 if x < -3 else d if x > 3 else d * (x / 3 + 1 / 2), dy, cache)


def softmax_cross_entropy_forward(logits, labels, label_smoothing=0.0):
    """Each class's share of the target times −log of its probability, added up, and averaged over the rows."""
    p = np.zeros_like(logits)
    for n, k in np.ndindex(p.shape):
        p[n, k] = 1 / sum(math.exp(other - logits[n, k]) for other in logits[n])
    target = np.zeros_like(p)
    for n, k in np.ndindex(p.shape):
        target[n, k] = label_smoothing / p.shape[1] + (1 - label_smoothing if k == labels[n] else 0)
    loss = -sum(target[n, k] * math.log(p[n, k]) for n, k in np.ndindex(p.shape) if target[n, k]) / len(labels)
    return logits.dtype.type(loss), (p, target)


def softmax_cross_entropy_backward(dloss, cache):
    """Probability minus target."""
    p, target = cache
    dlogits = np.zeros_like(p)
    for n, k in np.ndindex(p.shape):
        dlogits[n, k] = dloss * (p[n, k] - target[n, k]) / len(p)
    return dlogits
