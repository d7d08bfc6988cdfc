"""What the pattern of a wrong gradient tells: what is known from the numbers, and a cause only where they show it.

Different mistakes leave the same pattern: a hint that names one of them sends the others' authors the wrong way. So
most hints say where the error lies and how large it is. The first that fits is given; none is better than a wrong one.
"""

import math
from collections.abc import Mapping

import numpy as np

CLOSE = 1e-4  # how well a pattern has to fit, as a share of the largest value
MOST = 0.75  # of the elements: where more are wrong, the rest may be right by chance
CELL = "width: 1em; height: 1em; border: 1px solid #ddd"
OF_A_PATH = ": that path is missing, has a wrong factor, or begins with a wrong gradient"
SAME_EVERYWHERE = (
    "the error is the same at every position of a channel, so it comes through a mean over positions (in an SE block: "
    f"the squeeze){OF_A_PATH}"
)

WRONG_PLACES = (
    "in each map the errors add up to 0: every map gets the right sum, but wrongly distributed over its positions"
)


def find_hint(analytic: np.ndarray, numeric: np.ndarray, factors: Mapping[str, float]) -> str:
    """Say what the error of a gradient looks like, beside that of finite differences; "" where no pattern fits.

    `factors` are numbers that a mistake may have multiplied or divided by, by name: {"H·W": 12, "N": 3}.
    """
    largest = max(float(np.abs(analytic).max()), float(np.abs(numeric).max()))

    def same(a: np.ndarray, b: np.ndarray) -> bool:
        return a.shape == b.shape and bool(np.abs(a - b).max() <= CLOSE * largest)

    if not np.isfinite(analytic).all():
        return "it is not finite: look for a division by zero or an overflow"
    if same(analytic, 0 * analytic):
        return "backward returns zeros for it, and it should not"
    if same(numeric, 0 * numeric):
        return "the output does not depend on this argument here, so its gradient is zero"
    if same(-analytic, numeric):
        return "every element has the wrong sign"
    for factor in sorted({2.0, *factors.values()} - {1}):
        names = " or ".join(name for name, f in factors.items() if f == factor != 2)  # a 2 has many causes
        known = f"{factor:g} times too %s" + (f" ({factor:g} is {names} here)" if names else "")
        for size, a, b in (("large", analytic, factor * numeric), ("small", factor * analytic, numeric)):
            if same(a, b):
                return f"every element is {known % size}"
    if analytic.ndim == 2 and same(analytic.T, numeric):
        return "it is the transpose of the right gradient"
    if analytic.ndim == 4 and (same(analytic[:, ::-1, ::-1], numeric) or same(analytic[::-1, ::-1], numeric)):
        return "it is the right gradient turned by 180°"
    wrong = np.abs(numeric - analytic) > CLOSE * largest
    if not wrong.any():
        return f"it is right to {-np.log10(CLOSE):.0f} digits: a small term is wrong, or float32 was used on the way"
    if analytic.ndim == 4 and analytic[0, ..., 0].size > 1:
        flat = [same(a, np.broadcast_to(a[:, :1, :1], a.shape)) for a in (numeric, numeric - analytic)]
        if flat == [False, True]:
            return SAME_EVERYWHERE
        if not flat[0] and np.abs((numeric - analytic).sum(axis=(1, 2))).max() <= CLOSE * largest:
            return WRONG_PLACES
    return _where(analytic, numeric, wrong)


def _where(analytic: np.ndarray, numeric: np.ndarray, wrong: np.ndarray) -> str:
    """Which elements are wrong, if that sets them apart."""
    some, positions = f"{wrong.sum()} of {wrong.size} elements are", wrong.shape[1:-1]
    maps = wrong.size / math.prod(positions)
    if not analytic[wrong].any():
        return f"{some} zero and should not be; the others are right"
    if np.abs(numeric[wrong]).max() <= CLOSE * np.abs(analytic).max():
        return f"{some} not zero and should be; the others are right"
    if wrong.ndim == 4 and min(positions) > 1 and np.all(wrong.sum(axis=(1, 2)) <= 1) and 2 * wrong.sum() > maps:
        return f"{some} wrong, never two in one map, as if through a maximum over positions{OF_A_PATH}"
    if wrong.ndim == 4 and min(positions) > 2 and not wrong[:, 1:-1, 1:-1].any():
        return f"{some} wrong, all of them at the border"
    return f"{some} wrong; the others are right" if wrong.mean() < MOST else ""


def guess_factors(arguments: Mapping[str, object]) -> dict[str, float]:
    """Numbers that these arguments' gradients are often too large or too small by: {name: number}, from the shapes."""
    found: dict[str, float] = {}
    shape = next((a.shape for a in arguments.values() if isinstance(a, np.ndarray) and a.ndim in (2, 4)), ())
    if len(shape) == 4:
        n, h, w, c = shape
        found |= {"H·W": h * w, "N": n, "N·H·W": n * h * w, "C": c, "H": h, "W": w}
    elif len(shape) == 2:
        found |= {"the number of rows": shape[0], "the number of columns": shape[1]}
    size = arguments.get("size")
    if isinstance(size, int):
        found |= {"size²": size * size, "size": size}
    return found


def heat_map_html(errors: np.ndarray, limit: float) -> str:
    """An array of errors as an HTML table, white below `limit` and darker by its logarithm above; for notebooks.

    More than two axes are laid out as rows of the last. At most 40 rows and columns are shown, around the largest.
    """
    rows = errors.reshape(-1, errors.shape[-1] if errors.ndim else 1)
    limit = min(limit, 0.9)  # the colors have to lie somewhere
    place = np.unravel_index(rows.argmax(), rows.shape)
    top, left = (max(0, min(int(k) - 20, size - 40)) for k, size in zip(place, rows.shape, strict=True))
    shown = rows[top : top + 40, left : left + 40]
    # 0 (white) up to the limit, 1 (full color) at an error as large as the gradient itself
    depths = np.log(np.clip(shown, limit, 1) / limit) / -np.log(limit)
    html = ""
    for row, row_depths in zip(shown, depths, strict=True):
        html += '<tr style="background: white">'  # notebooks stripe their tables
        for error, depth in zip(row, row_depths, strict=True):
            html += f'<td style="{CELL}; background: rgba(213, 94, 0, {depth:.2f})" title="{error:.1e}"></td>'
        html += "</tr>"
    axes = "columns: the last axis; rows: all others. " if errors.ndim > 1 else ""
    html += f"</table><p>{axes}White: right; the darker, the more digits are wrong (a logarithm of the error).</p>"
    if shown.shape != rows.shape:
        height, width = shown.shape
        html += f"<p>rows {top} to {top + height - 1}, columns {left} to {left + width - 1} of {rows.shape}</p>"
    return f'<table style="border-collapse: collapse">{html}'
