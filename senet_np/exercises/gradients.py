"""Exercises of notebook 2: gradients that one can trust."""

import numpy as np

from ..grading.marks import Answer, expect, expect_gradients, require
from .checking import exercise


@exercise("2.1")
def softsign(forward: Answer, backward: Answer) -> str:
    """y = x / (1 + |x|), forward and backward."""
    y, _ = forward(np.array([[3.0, -1.0, 0.0]]))
    expect(y, np.array([[0.75, -0.5, 0.0]]), "y")
    x = np.random.default_rng(0).standard_normal((3, 4))
    expect_gradients(forward, backward, {"x": x})
    _, cache = forward(np.zeros((1, 2)))
    slope = np.asarray(backward(np.ones((1, 2)), cache))
    require(np.allclose(slope, 1), f"away from 0 dx is right; at x = 0 it is {slope.flat[0]:.3g}. Compare both sides.")
    return "At 0 the slope is the same from both sides, so there is no kink."
