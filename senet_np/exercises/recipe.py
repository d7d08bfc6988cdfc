"""Exercises of notebook 13: the pieces of the recipe."""

import math
from typing import Any

import numpy as np

from ..grading.marks import Answer, Array, Wrong, require
from ..ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from . import reading
from .checking import exercise

NATS = 0.866_9  # what is left of the smoothed loss where p = t, for a share of 0.2 and ten classes
MAX_NUMBERS = 2_000_000  # of the images of 13.3: their patches hold nine times as many
AFTER_50, AT_THE_END = 2.5, 0.6  # distances that the slow weights shall reach
STEPS = 400


@exercise("13.1")
def least_loss(lowest_loss: Any) -> str:
    """−Σ t log t."""
    value = reading.number(lowest_loss, "lowest_loss")
    said = f"lowest_loss is {value:.3g}"
    require(not np.isclose(value, -NATS, rtol=0.01), f"{said}: a loss is never below 0. Look at the sign.")
    require(not np.isclose(value, NATS / np.log(2), rtol=0.01), f"{said}, in bits; nats need the natural log.")
    alone = (-np.log(0.82), -0.82 * np.log(0.82))
    require(not np.isclose(value, alone, atol=2e-3).any(), f"{said}: the sum goes over all ten classes.")
    zero = f"{said}. That would need a target that is 1 for one class. What is the target of the nine others here?"
    require(value != 0, zero)
    advice = "Write down t for the right class and for the nine others, and put t in for p."
    require(np.isclose(value, NATS, rtol=0.01), f"{said}, which is not right. {advice}")
    return "This is the entropy of the target; so losses with different smoothing cannot be compared."


@exercise("13.2")
def smoothed_gradient(smoothed_backward: Answer) -> str:
    """dlogits of the smoothed cross-entropy."""
    rng = np.random.default_rng(0)
    for classes, alpha in (([0, 3, 3, 1, 2, 4, 1], 0.2), ([4, 0, 2], 0.0), ([1], 0.7)):
        logits, right_labels = rng.standard_normal((len(classes), 5)), np.array(classes)
        _, cache = softmax_cross_entropy_forward(logits, right_labels, alpha)
        right = softmax_cross_entropy_backward(1.0, cache)
        p, labels = cache.p.copy(), right_labels.copy()
        answer = smoothed_backward(p, labels, alpha)
        for name, given, before in (("p", p, cache.p), ("labels", labels, right_labels)):
            require(np.array_equal(given, before), f"smoothed_backward changed {name}: work on a copy")
        require(answer is not None, "smoothed_backward(p, labels, alpha) is None: does the function return it?")
        answer = answer[0] if isinstance(answer, tuple) and len(answer) == 1 else answer
        case = f"alpha {alpha}, {len(p)} image{'s' * (len(p) != 1)}"
        _compare(reading.numbers(answer, f"{case}: dlogits"), right, cache, case)
    return "It is still p − t, divided by N: only the target t is another one."


def _compare(answer: Array, right: Array, cache: Any, case: str) -> None:
    require(answer.shape == right.shape, f"{case}: dlogits has shape {answer.shape}, expected {right.shape}")
    if np.allclose(answer, right, rtol=1e-4, atol=1e-7):
        return
    n = len(right)
    hard = cache.p.copy()
    hard[np.arange(n), cache.labels] -= 1
    patterns = {
        "the sign is turned": -right,
        "it is too large by a factor: the loss is a mean over the images": n * right,
        "that is the gradient without smoothing": hard / n,
        "that is the gradient without smoothing, and without the mean over the images": hard,
    }
    found = [words for words, wrong in patterns.items() if np.allclose(answer, wrong, rtol=1e-4, atol=1e-7)]
    rows = "Its rows add up to 0, as they must" if np.allclose(answer.sum(axis=1), 0) else "Its rows should add up to 0"
    one = tuple(map(int, np.unravel_index(np.abs(answer - right).argmax(), right.shape)))
    numbers = f"dlogits{[*one]} is {answer[one]:.4g}, expected {right[one]:.4g}. {rows}"
    raise Wrong(f"{case}: {found[0] if found else numbers}.")


@exercise("13.3")
def useless_kernels(bad_images: Any) -> str:
    """Images for which kernels without the small constant are useless."""
    shape = bad_images.shape if isinstance(bad_images, np.ndarray) else ()
    few = "bad_images has shape {}: a few images are enough, 100 of 32×32 pixels or less"
    require(math.prod(shape) <= MAX_NUMBERS, few.format(shape))
    x = reading.numbers(bad_images, "bad_images")
    require(x.size <= MAX_NUMBERS, few.format(x.shape))
    require(x.ndim == 4 and x.shape[3] == 3, f"bad_images has shape {x.shape}, expected (N, H, W, 3)")
    small = f"bad_images of {x.shape[1]}×{x.shape[2]} pixels have no patch of 3×3"
    require(min(x.shape[1:3]) >= 3, small)
    patches = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    rows = patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 27)
    eigenvalues, eigenvectors = np.linalg.eigh(rows.T @ rows / len(rows))
    kernels = eigenvectors / np.sqrt(eigenvalues)
    largest = np.abs(kernels).max()  # NaN where one is
    least = f"the smallest variance of a direction is {eigenvalues.min():.2g}"
    require(not largest <= 1000, f"for these images no weight is above {largest:.3g}: {least}.")
    return "Some direction has hardly any variance, and is divided by its root. The constant bounds every kernel."


@exercise("13.4")
def averaging(keep: Answer) -> str:
    """A share `keep` that follows first and averages later."""
    for step in range(1, STEPS + 1):
        _share(keep, step / STEPS)
    paths = np.array([_distances(keep, seed) for seed in range(1, 9)])  # (8, 400)
    early, late = paths[:, 49].mean(), paths[:, -20:].mean()
    found = f"after 50 steps {early:.2f} (at most {AFTER_50}), at the end {late:.2f} (at most {AT_THE_END})"
    require(early <= AFTER_50 or late > AT_THE_END, f"{found}. Calm at the end, but what do the first steps need?")
    require(late <= AT_THE_END or early > AFTER_50, f"{found}. Quick at first, but what calms the last steps?")
    require(early <= AFTER_50 and late <= AT_THE_END, f"{found}. Draw the distances: the start and the end differ.")
    return f"First follow, later average: {early:.2f} after 50 steps, {late:.2f} at the end (means of 8 seeds)."


def _share(keep: Answer, done: float) -> float:
    """What `keep` returns: a share, from 0 to 1."""
    call, answer = f"keep({done:g})", keep(done)
    require(answer is not None, f"{call} is None: does each branch have a `return`?")
    share = reading.number(answer, call)
    require(0 <= share <= 1, f"{call} is {share:.3g}, expected a share from 0 to 1")
    return share


def _distances(keep: Answer, seed: int) -> list[float]:
    draw, fast, slow, found = np.random.default_rng(seed), np.full(20, 3.0), np.full(20, 3.0), []
    for step in range(1, STEPS + 1):
        fast = fast - 0.3 * (fast + draw.standard_normal(20))
        if step % 5 == 0:
            share = _share(keep, step / STEPS)
            fast = slow = share * slow + (1 - share) * fast
        found.append(float(np.linalg.norm(slow)))
    return found
