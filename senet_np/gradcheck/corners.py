"""Does a gradient disagree because it is wrong, or because the function has a corner there and no derivative?

At a corner the slopes to the left and to the right, (L(x) − L(x − h)) / h and (L(x + h) − L(x)) / h, differ by a jump.
Where the function is smooth, they differ by its curvature times h: with a third of the step, by a third. So a smaller
step tells one from the other, however steep the function is.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .report import TOLERANCE, ArgumentCheck

LossAt = Callable[[tuple[int, ...], Any], float]  # L with one element of an argument at a value
PARTS = (3, 9)  # of the step: a corner near x ± h/3 may look smooth to the first, one near x ± h/9 to the second
MAX_WRONG = 30  # elements that are wrong and not at a corner: enough to know


def look_closer(
    check: ArgumentCheck, x: np.ndarray, loss_at: LossAt, step: float, noise: float
) -> tuple[ArgumentCheck, str]:
    """A failed check without its elements at corners, and a sentence about the worst of them ("" if there is none).

    Elements that disagree are looked at from the worst on, until the rest agrees or MAX_WRONG are truly wrong. One that
    agrees better with a smaller step, as where the curvature is large or jumps, gets the better number. If only corners
    disagree, but by more than the slopes jump there, taken together, something else is wrong: nothing is left out.
    """
    if check.ok or check.analytic is None or check.numeric is None:
        return check, ""
    numeric, compared = check.numeric.copy(), np.array(np.broadcast_to(check.compared, x.shape))
    wrong, sentence, unexplained = np.zeros(x.shape, bool), "", 0.0
    rest = replace(check, numeric=numeric, compared=compared)  # sees what changes in both
    while wrong.sum() < MAX_WRONG:
        errors = np.where(wrong, 0, rest.errors)
        index = tuple(map(int, np.unravel_index(errors.argmax(), x.shape)))
        if errors[index] < max(TOLERANCE, check.tolerance):  # below TOLERANCE lies rounding
            break
        left, right, better, smooth = _slopes(loss_at, index, x[index], step, noise)
        error, jump = abs(check.analytic[index] - numeric[index]), abs(right - left)
        if not smooth:
            compared[index] = False
            unexplained += error - jump
            sentence = sentence or (
                f"{check.name}{list(index)} is {x[index]:.9g}, and the function has a corner here: draw other inputs "
                f"(within ±{step:g} the slope of L jumps from {left:.4g} to {right:.4g})"
            )
        elif error > noise and abs(check.analytic[index] - better) < error / 2:
            numeric[index] = better
        else:
            wrong[index] = True
    return (rest, sentence) if wrong.any() or unexplained <= 0 else (check, "")


def _slopes(
    loss_at: LossAt, index: tuple[int, ...], here: Any, step: float, noise: float
) -> tuple[float, float, float, bool]:
    """L's slopes to the left and to the right over a step, its slope over a ninth of it, and whether it is smooth."""
    middle, slopes = loss_at(index, here), []
    for part in (1, *PARTS):
        down, up = here - step / part, here + step / part
        slopes.append(((middle - loss_at(index, down)) / (here - down), (loss_at(index, up) - middle) / (up - here)))
    jump, *smaller = (abs(right - left) for left, right in slopes)
    # Where the step is a part, the noise is as many times larger.
    smooth = all(abs(p * j - jump) <= max(jump / 2, p * p * noise) for p, j in zip(PARTS, smaller, strict=True))
    return *slopes[0], sum(slopes[-1]) / 2, smooth
