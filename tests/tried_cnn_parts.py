"""Answers to the exercises of notebook 7, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

TARGET = np.full(10, 0.01)
TARGET[3] = 0.91
LOSS = -np.sum(TARGET * np.log(TARGET))
LOGITS = np.log(TARGET)
TIE = np.arange(16.0).reshape(1, 4, 4, 1)
TIE[0, 0, :2, 0] = 9


def mean(x):
    return x.mean(axis=tuple(range(x.ndim - 1)))


def short_dx(dy, x_hat, inv_std, gamma):
    return gamma * inv_std * (dy - mean(dy) - x_hat * mean(dy * x_hat))


def dx_through_a_matrix(dy, x_hat, inv_std, gamma):
    """Channel by channel, by the whole matrix of derivatives."""
    rows, hats = dy.reshape(-1, dy.shape[-1]), x_hat.reshape(-1, dy.shape[-1])
    m, columns = len(rows), []
    for c in range(dy.shape[-1]):
        jacobian = np.eye(m) - 1 / m - np.outer(hats[:, c], hats[:, c]) / m
        columns.append(gamma[c] * inv_std[c] * jacobian @ rows[:, c])
    return (np.stack(columns, axis=1).reshape(dy.shape).tolist(),)


def layer_norm_forward(x, gamma, beta, ddof=0, eps=1e-5):
    centered = x - x.mean(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt(x.var(axis=1, keepdims=True, ddof=ddof) + eps)
    return gamma * centered * inv_std + beta, (centered * inv_std, inv_std, gamma)


def layer_norm_backward(dy, cache):
    x_hat, inv_std, gamma = cache
    dx_hat = dy * gamma
    along = x_hat * (dx_hat * x_hat).mean(axis=1, keepdims=True)
    dx = inv_std * (dx_hat - dx_hat.mean(axis=1, keepdims=True) - along)
    return dx, (dy * x_hat).sum(axis=0), dy.sum(axis=0)


def beside_the_root(x, gamma, beta):
    centered = x - x.mean(axis=1, keepdims=True)
    return gamma * centered / (x.std(axis=1, keepdims=True) + 1e-5) + beta, None


def writes_into_x(x, gamma, beta):
    x -= x.mean(axis=1, keepdims=True)
    return layer_norm_forward(x, gamma, beta)


def loops_forward(x, gamma, beta):
    rows = [gamma * (row - row.mean()) / np.sqrt((row**2).mean() - row.mean() ** 2 + 1e-5) + beta for row in x]
    return np.array(rows), {"x": x, "gamma": gamma}


def loops_backward(dy, cache):
    _, kept = layer_norm_forward(cache["x"], cache["gamma"], 0)
    return list(layer_norm_backward(dy, kept))


def over_the_batch(x, gamma, beta):
    return gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5) + beta, None


def wrong_layer_norm(dy, cache):
    _, dgamma, dbeta = layer_norm_backward(dy, cache)
    return dy * cache[2] * cache[1], dgamma, dbeta


TRIED = {
    "7.1": Tried(
        right=(short_dx,),
        unexpected=(dx_through_a_matrix,),
        wrong={
            "does the function return it?": (lambda dy, x_hat, inv_std, gamma: print(end=""),),
            "short_dx is no function": (None,),
            "expected (7, 5)": (lambda dy, x_hat, inv_std, gamma: gamma,),
            "dx is 0 everywhere, and this dy is random": (lambda dy, *rest: 0 * dy,),
            "dx must hold finite numbers": (lambda dy, *rest: np.nan * dy,),
            "dx is 'dx', expected numbers": (lambda dy, *rest: "dx",),
            "must add up to 0": (lambda dy, x_hat, inv_std, gamma: gamma * inv_std * dy,),
            "must be nearly 0": (lambda dy, x_hat, inv_std, gamma: gamma * inv_std * (dy - mean(dy)),),
            "times what it should be": (lambda dy, *rest: short_dx(dy, *rest) / len(dy),),
            "right pattern": (lambda dy, x_hat, inv_std, gamma: short_dx(dy, x_hat, inv_std, 1),),
            "for dy of shape (5, 3, 7, 11)": (
                lambda dy, x_hat, inv_std, gamma: gamma * inv_std * (dy - dy.mean(0) - x_hat * (dy * x_hat).mean(0)),
            ),
            "is wrong by up to": (lambda dy, *rest: short_dx(dy[::-1], *rest),),
        },
    ),
    "7.2": Tried(
        right=(layer_norm_forward, layer_norm_backward),
        unexpected=(loops_forward, loops_backward),
        wrong={
            "layer_norm_backward is no function": (layer_norm_forward, None),
            "layer_norm_forward returned ndarray, expected two things": (lambda *args: args[0], layer_norm_backward),
            "layer_norm_forward changed its argument number 1": (writes_into_x, layer_norm_backward),
            "y has shape (4,), expected (4, 4)": (lambda x, gamma, beta: (x[0], None), layer_norm_backward),
            "y must hold finite numbers": (lambda x, gamma, beta: (x * np.nan, None), layer_norm_backward),
            "depends on its neighbors": (over_the_batch, layer_norm_backward),
            "divides by C − 1": (lambda x, gamma, beta: layer_norm_forward(x, gamma, beta, 1), layer_norm_backward),
            "What are the mean and the variance": (lambda x, gamma, beta: (x - 1, None), layer_norm_backward),
            "whose variance is 4e-06, y[0] is -1. Which ε": (
                lambda *args: layer_norm_forward(*args, eps=0),
                layer_norm_backward,
            ),
            "y[0] is -0.9988. Which ε": (lambda *args: layer_norm_forward(*args, eps=1e-8), layer_norm_backward),
            "y[0] is -0.06312. Which ε": (lambda *args: layer_norm_forward(*args, eps=1e-3), layer_norm_backward),
            "belongs under the root": (beside_the_root, layer_norm_backward),
            "backward returned 1 gradient, expected dx, dgamma, dbeta": (
                layer_norm_forward,
                lambda dy, cache: layer_norm_backward(dy, cache)[0],
            ),
            "WRONG x": (layer_norm_forward, wrong_layer_norm),
            "dgamma has shape": (
                layer_norm_forward,
                lambda dy, cache: (layer_norm_backward(dy, cache)[0], (dy * cache[0]).sum(1), dy.sum(0)),
            ),
        },
    ),
    "7.3": Tried(
        right=(np.zeros((1, 4, 4, 1)),),
        unexpected=(TIE[0, :, :, 0].tolist(),),
        wrong={
            "has shape (1, 2, 2, 1), expected (1, 4, 4, 1)": (np.zeros((1, 2, 2, 1)),),
            "has shape (16,), expected (1, 4, 4, 1)": (np.zeros(16),),
            "has shape (1, 1, 16, 1), expected": (np.zeros((1, 1, 16, 1)),),
            "has shape (2, 4, 2, 1), expected": (np.zeros((2, 4, 2, 1)),),
            "x_revealing is a dictionary": ({"x": 0},),
            "finite": (np.full((1, 4, 4, 1), -np.inf),),
            "exactly once": (np.arange(16.0).reshape(1, 4, 4, 1),),
            "did random numbers never give?": (np.random.default_rng(0).standard_normal((1, 4, 4, 1)),),
        },
    ),
    "7.4": Tried(
        right=(LOGITS, 0.500),
        unexpected=((np.round(float(logit), 2) for logit in LOGITS), np.array([0.5])),
        wrong={
            "best_logits has shape (3,), expected (10,)": (LOGITS[:3], LOSS),
            "best_logits must hold finite numbers": (np.where(np.arange(10) == 3, 0, -np.inf), LOSS),
            "best_logits is 'log t', expected numbers": ("log t", LOSS),
            "share of 0.900, where dlogits is -0.010": (np.log(np.where(np.arange(10) == 3, 0.9, 0.1 / 9)), LOSS),
            "smallest_loss must hold finite numbers": (LOGITS, np.nan),
            "smallest_loss holds 10 numbers, expected one": (LOGITS, -LOGITS * TARGET),
            "share of 0.100": (np.zeros(10), LOSS),
            "share of 1.000": (100 * np.eye(10)[3], 0),
            "some wrong classes more": (np.arange(10), LOSS),
            "would need a share of 1": (LOGITS, 0),
            "right class's share alone": (LOGITS, 0.0943),
            "ten equal logits": (LOGITS, np.log(10)),
            "base 2": (LOGITS, LOSS / np.log(2)),
            "sign": (LOGITS, -LOSS),
            "smallest_loss is not: it is 0.7. Put p into the formula": (LOGITS, 0.7),
        },
    ),
}
