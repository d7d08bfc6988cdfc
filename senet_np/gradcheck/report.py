"""What a gradient check found: one line for each argument, and a heat map in a notebook."""

from dataclasses import dataclass
from html import escape

import numpy as np

from .hints import heat_map_html

TOLERANCE = 1e-6
# Smaller gradients are compared absolutely, to MIN_SCALE · TOLERANCE; where Σ|y| is below 1, this is multiplied by it.
MIN_SCALE = 1e-3


@dataclass(frozen=True)
class ArgumentCheck:
    """What was found for one argument: the backward pass's gradient beside the numerical one."""

    name: str
    analytic: np.ndarray | None  # what the backward pass returned, and
    numeric: np.ndarray | None  # (L(+Δ) − L(−Δ)) / 2Δ, element by element; None where a `problem` came first
    problem: str = ""  # wrong shape, missing gradient, ...
    hint: str = ""  # what the pattern of the error suggests
    tolerance: float = TOLERANCE
    scale: float = MIN_SCALE  # the smallest that errors are a share of
    compared: np.ndarray | bool = True  # where they are compared: a sample, or what does not lie at a corner

    @property
    def errors(self) -> np.ndarray:
        """|analytic − numeric|, scaled by the largest value of either array; what is not finite is infinitely wrong.

        What is not compared counts as 0.
        """
        if self.analytic is None or self.numeric is None:
            return np.array(np.inf)
        finite = np.isfinite(self.analytic) & np.isfinite(self.numeric)
        a, n = (np.where(finite & self.compared, gradient, 0) for gradient in (self.analytic, self.numeric))
        largest = max(np.abs(a).max(), np.abs(n).max(), self.scale)
        with np.errstate(under="ignore"):
            return np.where(finite | np.logical_not(self.compared), np.abs(a - n) / largest, np.inf)

    @property
    def worst(self) -> float:
        """The largest scaled error."""
        return float(self.errors.max())

    @property
    def index(self) -> tuple[int, ...]:
        """Where the largest error is."""
        return tuple(int(i) for i in np.unravel_index(self.errors.argmax(), self.errors.shape))

    @property
    def ok(self) -> bool:
        """Whether the gradient is right."""
        return not self.problem and self.worst < self.tolerance

    def __str__(self) -> str:
        if self.problem:
            return f"{self.name}: {self.problem}"
        line = f"{self.name}: worst error {self.worst:.1e}"
        if not np.all(self.compared):
            line += f" ({np.sum(self.compared):,} of {np.size(self.compared):,} elements)"
        if self.ok or self.analytic is None or self.numeric is None:
            return line
        a, n = self.analytic[self.index], self.numeric[self.index]
        ratio = f"ratio {a / n:.4g}" if n else "no ratio"
        line += f" at {list(self.index)}: backward says {a:.6g}, finite differences say {n:.6g} ({ratio})"
        return f"{line}\n      hint: {self.hint}" if self.hint else line


@dataclass(frozen=True)
class Report:
    """The checks of all arguments. True where all are right; printed, it says which is not, and where."""

    arguments: tuple[ArgumentCheck, ...]
    unchecked: tuple[str, ...] = ()  # float arrays that backward returns no gradient for

    @property
    def ok(self) -> bool:
        """Whether every gradient is right."""
        return all(argument.ok for argument in self.arguments)

    @property
    def worst(self) -> float:
        """The largest scaled error of all arguments."""
        return max(argument.worst for argument in self.arguments)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [f"{'ok   ' if argument.ok else 'WRONG'} {argument}" for argument in self.arguments]
        if self.unchecked:
            lines.append(f"not checked, as backward returns nothing for it: {', '.join(self.unchecked)}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """In a notebook: the same text, and for each wrong gradient a heat map of where it is wrong."""
        html = f'<pre style="font-family: monospace">{escape(str(self))}</pre>'
        for a in self.arguments:
            if not a.ok and not a.problem:
                html += f"<p>error of d{escape(a.name)}, largest at {list(a.index)}</p>"
                html += "" if np.all(a.compared) else "<p>What was not compared is white, too.</p>"
                html += heat_map_html(a.errors, a.tolerance)
        return html
