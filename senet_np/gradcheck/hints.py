"""What a wrong gradient tells about the mistake behind it, as an experienced colleague would read it.

The hints are guesses from the pattern of the error. The first that fits is given; none is better than a wrong one.
"""

from collections.abc import Mapping

import numpy as np

CLOSE = 1e-4  # how well a pattern has to fit, as a share of the largest value
CELL = "width: 1em; height: 1em; border: 1px solid #ddd"


def find_hint(analytic: np.ndarray, numeric: np.ndarray, factors: Mapping[str, float]) -> str:
    """Guess the mistake from the gradient of a backward pass and that of finite differences; "" where no pattern fits.

    `factors` are numbers that a mistake may have multiplied or divided by, by name: {"H·W": 12, "N": 3}.
    """
    largest = max(float(np.abs(analytic).max()), float(np.abs(numeric).max()))

    def same(a: np.ndarray, b: np.ndarray) -> bool:
        return a.shape == b.shape and bool(np.abs(a - b).max() <= CLOSE * largest)

    def flat(a: np.ndarray) -> bool:
        return same(a, np.broadcast_to(a[:, :1, :1], a.shape))

    if not np.isfinite(analytic).all():
        return "it is not finite: look for a division by zero or an overflow"
    if same(analytic, 0 * analytic):
        return "backward returns zeros: is the path from the output to this argument cut?"
    if same(numeric, 0 * numeric):
        return "the output does not depend on this argument here, so its gradient is zero"
    if same(-analytic, numeric):
        return "every element has the wrong sign"
    also = " or ".join(name for name, f in factors.items() if f == 2)
    also = f" (2 is also {also})" if also else ""
    if same(analytic, 2 * numeric):
        return f"every element is twice too large: is something counted twice, or not averaged?{also}"
    if same(2 * analytic, numeric):
        return f"every element is half of what it should be: is a path forgotten, or averaged, not summed?{also}"
    for factor in sorted({f for f in factors.values() if f != 1}):
        names = " or ".join(name for name, f in factors.items() if f == factor)
        if same(analytic, factor * numeric):
            return f"every element is {factor:g} ({names}) times too large: is something counted twice or not averaged?"
        if same(factor * analytic, numeric):
            return f"every element is {factor:g} ({names}) times too small: is something averaged twice, or not summed?"
    if analytic.ndim == 2 and same(analytic.T, numeric):
        return "it is the transpose of the right gradient"
    if analytic.ndim == 4 and (same(analytic[:, ::-1, ::-1], numeric) or same(analytic[::-1, ::-1], numeric)):
        return "it is the right gradient turned by 180°"
    missing = numeric - analytic
    wrong = np.abs(missing) > CLOSE * largest
    if not wrong.any():
        return "it is almost right: is a small constant (eps, weight decay) left out, or float32 used inside?"
    if analytic.ndim == 4 and not flat(numeric) and flat(missing):
        return "what is missing is the same at every position of a channel: a path through an average is forgotten"
    if same(analytic[wrong], 0 * analytic[wrong]):
        return f"{wrong.sum()} of {wrong.size} elements are zero and should not be: a mask too strict, or = for +=?"
    if same(numeric[wrong], 0 * numeric[wrong]):
        return f"{wrong.sum()} of {wrong.size} elements should be zero: is a mask missing, or of the wrong array?"
    return ""


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
