"""The same pairs as plain loops over single numbers: slow, obviously right, and what everything else is tested by.

Names, arguments and results are those of `senet_np.ops`; the docstrings stand there. Nothing is checked
here and nothing is clever: each backward pass walks the same loops as its forward pass and sends the gradient of
each output number to each input number that it was made of.
"""

import math

import numpy as np


def conv2d_forward(x, w, b, stride=1, pad=1):
    """Convolution, one multiplication at a time."""
    n, height, width, c_in = x.shape
    kh, kw, _, c_out = w.shape
    h_out, w_out = (height + 2 * pad - kh) // stride + 1, (width + 2 * pad - kw) // stride + 1
    y = np.zeros((n, h_out, w_out, c_out), x.dtype)
    for m, i, j, o in np.ndindex(y.shape):
        total = 0.0 if b is None else b[o]
        for p, q, c in np.ndindex(kh, kw, c_in):
            row, col = i * stride + p - pad, j * stride + q - pad
            if 0 <= row < height and 0 <= col < width:  # outside lies padding, which is 0
                total += x[m, row, col, c] * w[p, q, c, o]
        y[m, i, j, o] = total
    return y, (x, w, b, stride, pad)


def conv2d_backward(dy, cache):
    """Each product x·w sends dy·w to x and dy·x to w."""
    x, w, b, stride, pad = cache
    _, height, width, c_in = x.shape
    kh, kw, _, _ = w.shape
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), None if b is None else np.zeros_like(b)
    for m, i, j, o in np.ndindex(dy.shape):
        if db is not None:
            db[o] += dy[m, i, j, o]
        for p, q, c in np.ndindex(kh, kw, c_in):
            row, col = i * stride + p - pad, j * stride + q - pad
            if 0 <= row < height and 0 <= col < width:
                dx[m, row, col, c] += dy[m, i, j, o] * w[p, q, c, o]
                dw[p, q, c, o] += dy[m, i, j, o] * x[m, row, col, c]
    return dx, dw, db


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
    """1 / (1 + e^−x), by way of whichever exponential is small."""
    return _each(lambda v: 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v)), x), x


def sigmoid_backward(dy, cache):
    """Slope e^−|x| / (1 + e^−|x|)², straight from the quotient rule (it is an even function)."""
    return _each(lambda d, v: d * math.exp(-abs(v)) / (1 + math.exp(-abs(v))) ** 2, dy, cache)


def tanh_forward(x):
    """The hyperbolic tangent of each number."""
    return _each(math.tanh, x), x


def tanh_backward(dy, cache):
    """Slope 1 − tanh²."""
    return _each(lambda d, v: d * (1 - math.tanh(v) ** 2), dy, cache)


def global_avg_pool_forward(x):
    """The sum over all positions, divided by how many they are."""
    z = np.zeros((x.shape[0], x.shape[3]), x.dtype)
    for n, i, j, c in np.ndindex(x.shape):
        z[n, c] += x[n, i, j, c] / (x.shape[1] * x.shape[2])
    return z, x


def global_avg_pool_backward(dz, cache):
    """An equal share for every position."""
    dx = np.zeros_like(cache)
    for n, i, j, c in np.ndindex(dx.shape):
        dx[n, i, j, c] = dz[n, c] / (dx.shape[1] * dx.shape[2])
    return dx


def _first_best(x, places):
    """The first of the places that holds the largest value."""
    best = places[0]
    for place in places[1:]:
        if x[place] > x[best]:
            best = place
    return best


def global_max_pool_forward(x):
    """The largest value of each channel."""
    n, height, width, c = x.shape
    z = np.zeros((n, c), x.dtype)
    for m, k in np.ndindex(z.shape):
        z[m, k] = x[_first_best(x, [(m, i, j, k) for i, j in np.ndindex(height, width)])]
    return z, x


def global_max_pool_backward(dz, cache):
    """All of the gradient for the winner."""
    x = cache
    dx = np.zeros_like(x)
    for m, k in np.ndindex(dz.shape):
        dx[_first_best(x, [(m, i, j, k) for i, j in np.ndindex(x.shape[1:3])])] += dz[m, k]
    return dx


def _window(i, j, size, stride):
    """The pixels (row, column) of window (i, j), in row order."""
    return [(i * stride + p, j * stride + q) for p, q in np.ndindex(size, size)]


def _pooled_shape(x, size, stride):
    n, height, width, c = x.shape
    return n, (height - size) // stride + 1, (width - size) // stride + 1, c


def max_pool2d_forward(x, size, stride, pad=0):
    """The largest value of each window."""
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), constant_values=-np.inf)
    y = np.zeros(_pooled_shape(x, size, stride), x.dtype)
    for n, i, j, c in np.ndindex(y.shape):
        y[n, i, j, c] = x[_first_best(x, [(n, row, col, c) for row, col in _window(i, j, size, stride)])]
    return y, (x, size, stride, pad)


def max_pool2d_backward(dy, cache):
    """All of each window's gradient for its winner."""
    x, size, stride, pad = cache
    dx = np.zeros_like(x)
    for n, i, j, c in np.ndindex(dy.shape):
        dx[_first_best(x, [(n, row, col, c) for row, col in _window(i, j, size, stride)])] += dy[n, i, j, c]
    return dx[:, pad : x.shape[1] - pad, pad : x.shape[2] - pad]


def avg_pool2d_forward(x, size, stride):
    """The mean of each window."""
    y = np.zeros(_pooled_shape(x, size, stride), x.dtype)
    for n, i, j, c in np.ndindex(y.shape):
        y[n, i, j, c] = sum(x[n, row, col, c] for row, col in _window(i, j, size, stride)) / size**2
    return y, (x, size, stride)


def avg_pool2d_backward(dy, cache):
    """An equal share of each window's gradient for each of its pixels."""
    x, size, stride = cache
    dx = np.zeros_like(x)
    for n, i, j, c in np.ndindex(dy.shape):
        for row, col in _window(i, j, size, stride):
            dx[n, row, col, c] += dy[n, i, j, c] / size**2
    return dx


def channel_scale_forward(u, s):
    """Each number times its channel's gate."""
    x_scaled = np.zeros_like(u)
    for n, i, j, c in np.ndindex(u.shape):
        x_scaled[n, i, j, c] = u[n, i, j, c] * s[n, c]
    return x_scaled, (u, s)


def channel_scale_backward(dx_scaled, cache):
    """Each product u·s sends dx̃·s to u and dx̃·u to s."""
    u, s = cache
    du, ds = np.zeros_like(u), np.zeros_like(s)
    for n, i, j, c in np.ndindex(u.shape):
        du[n, i, j, c] += dx_scaled[n, i, j, c] * s[n, c]
        ds[n, c] += dx_scaled[n, i, j, c] * u[n, i, j, c]
    return du, ds


def batch_norm_forward(x, gamma, beta, mean=None, var=None, eps=1e-5):
    """Channel by channel: mean, variance, then every number."""
    batch, c = mean is None or var is None, x.shape[-1]
    rows = x.reshape(-1, c)
    y = np.zeros_like(rows)
    if mean is None or var is None:
        mean = np.array([sum(rows[:, k]) / len(rows) for k in range(c)], x.dtype)
        var = np.array([sum((v - mean[k]) ** 2 for v in rows[:, k]) / len(rows) for k in range(c)], x.dtype)
    for r, k in np.ndindex(y.shape):
        y[r, k] = gamma[k] * (rows[r, k] - mean[k]) / math.sqrt(var[k] + eps) + beta[k]
    return y.reshape(x.shape), (x, gamma, batch, mean, var, eps)


def batch_norm_backward(dy, cache):
    """The Jacobian in full: how each output moves with each input of its channel, summed over the outputs.

    ∂y_r/∂x_t = γ/σ · ([r = t] − 1/m − x̂_r x̂_t / m) where mean and var come from the batch, γ/σ · [r = t] elsewhere.
    """
    x, gamma, batch, mean, var, eps = cache
    c = x.shape[-1]
    rows, dy_rows = x.reshape(-1, c), dy.reshape(-1, c)
    m = len(rows)
    dx, dgamma, dbeta = np.zeros_like(rows), np.zeros_like(gamma), np.zeros_like(gamma)
    for k in range(c):
        std = math.sqrt(var[k] + eps)
        x_hat = [(v - mean[k]) / std for v in rows[:, k]]
        for r in range(m):
            dgamma[k] += dy_rows[r, k] * x_hat[r]
            dbeta[k] += dy_rows[r, k]
            for t in range(m):
                moved = (r == t) - ((1 + x_hat[r] * x_hat[t]) / m if batch else 0)
                dx[t, k] += dy_rows[r, k] * gamma[k] / std * moved
    return dx.reshape(x.shape), dgamma, dbeta


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
