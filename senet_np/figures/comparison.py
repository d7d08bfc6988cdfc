"""A comparison: every seed a dot, the mean and its interval, and the paired differences beside them."""

import statistics
from typing import Any

from ..experiments.report import Report
from .style import BLUE, GRAY, ORANGE, add_title, new_figure


def draw_comparison(report: Report) -> Any:
    """Draw the accuracy of every run, and beside it every arm's paired difference from the reference, in points.

    `report` is from `experiments.report.make_report`, with at least one arm.
    """
    arms, c = report.arms[::-1], report.comparison  # the first arm at the top
    seeds = max(len(arm.accuracies) for arm in arms)
    epochs = " or ".join(map(str, sorted({settings.epochs for settings in c.arms.values()})))
    provenance = ", ".join(report.provenances)
    source = f"{c.data} ({provenance}), {report.n:,} test images, up to {seeds} seeds, epochs: {epochs}"
    intervals = any(arm.difference and arm.difference.half is not None for arm in arms)
    figure = new_figure(10, 1.9 + 0.5 * len(arms))
    accuracy, difference = figure.subplots(1, 2, sharey=True)
    for y, arm in enumerate(arms):
        values = [*arm.accuracies.values()]
        accuracy.plot(values, [y] * len(values), "o", color=BLUE, alpha=0.6, markersize=5, zorder=3)
        accuracy.plot(statistics.mean(values), y, "|", color=ORANGE, markersize=18, markeredgewidth=3)
        d = arm.difference
        if d is None:
            continue
        difference.plot(d.values, [y] * len(d.values), "o", color=BLUE, alpha=0.6, markersize=5, zorder=3)
        if d.half is not None:
            difference.errorbar(d.mean, y, xerr=d.half, fmt="|", color=ORANGE, markersize=18, linewidth=3)
            finding = f"{d.mean:+.2f} ± {d.half:.2f}: {d.verdict}"
            difference.annotate(finding, (d.mean, y), (0, 11), textcoords="offset points", ha="center", size=8)
    accuracy.set_yticks(range(len(arms)), [arm.name for arm in arms])
    accuracy.set(xlabel="test accuracy (%)", title="one dot per seed, the bar is their mean")
    accuracy.set_ylim(-0.6, len(arms) - 0.3)
    difference.axvline(0, color=GRAY, linewidth=1)
    title = "paired by seed" + (", with the 95 % interval" if intervals else "")
    difference.set(xlabel=f"points more than {c.reference}", title=title)
    return add_title(figure, c.title, source)
