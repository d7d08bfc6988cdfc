"""Convolutions, pooling, channel_scale and batch_norm as plain loops."""

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


def depthwise_conv2d_forward(x, w, b, stride=1, pad=1):
    """Convolution in which channel c meets the kernel of channel c alone."""
    n, height, width, channels = x.shape
    kh, kw, _ = w.shape
    h_out, w_out = (height + 2 * pad - kh) // stride + 1, (width + 2 * pad - kw) // stride + 1
    y = np.zeros((n, h_out, w_out, channels), x.dtype)
    for m, i, j, c in np.ndindex(y.shape):
        total = 0.0 if b is None else b[c]
        for p, q in np.ndindex(kh, kw):
            row, col = i * stride + p - pad, j * stride + q - pad
            if 0 <= row < height and 0 <= col < width:
                total += x[m, row, col, c] * w[p, q, c]
        y[m, i, j, c] = total
    return y, (x, w, b, stride, pad)


def depthwise_conv2d_backward(dy, cache):
    """Each product x·w sends dy·w to x and dy·x to w."""
    x, w, b, stride, pad = cache
    _, height, width, _ = x.shape
    kh, kw, _ = w.shape
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), None if b is None else np.zeros_like(b)
    for m, i, j, c in np.ndindex(dy.shape):
        if db is not None:
            db[c] += dy[m, i, j, c]
        for p, q in np.ndindex(kh, kw):
            row, col = i * stride + p - pad, j * stride + q - pad
            if 0 <= row < height and 0 <= col < width:
                dx[m, row, col, c] += dy[m, i, j, c] * w[p, q, c]
                dw[p, q, c] += dy[m, i, j, c] * x[m, row, col, c]
    return dx, dw, db


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


def _windows_along(length, size, stride, pad, ceil):
    """How many windows fit; with ceil, one more for what they leave over, if it begins before the image ends."""
    n = (length + 2 * pad - size) // stride + 1
    left_over = (length + 2 * pad - size) % stride
    return n + 1 if ceil and left_over and n * stride < length + pad else n


def max_pool2d_forward(x, size, stride, pad=0, ceil=False):
    """The largest value of each window."""
    n, height, width, c = x.shape
    x = np.pad(x, ((0, 0), (pad, pad + size), (pad, pad + size), (0, 0)), constant_values=-np.inf)
    y = np.zeros((n, *(_windows_along(length, size, stride, pad, ceil) for length in (height, width)), c), x.dtype)
    for n, i, j, c in np.ndindex(y.shape):
        y[n, i, j, c] = x[_first_best(x, [(n, row, col, c) for row, col in _window(i, j, size, stride)])]
    return y, (x, size, stride, pad)


def max_pool2d_backward(dy, cache):
    """All of each window's gradient for its winner."""
    x, size, stride, pad = cache
    dx = np.zeros_like(x)
    for n, i, j, c in np.ndindex(dy.shape):
        dx[_first_best(x, [(n, row, col, c) for row, col in _window(i, j, size, stride)])] += dy[n, i, j, c]
    return dx[:, pad : x.shape[1] - pad - size, pad : x.shape[2] - pad - size]


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
