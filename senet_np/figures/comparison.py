"""A comparison: every seed a dot, the mean and its interval, and the paired differences beside them.

A second figure has the same for what else was measured: views and changed images. Where arms are trained for different
lengths, a third shows what each length brings.
"""

import statistics
from typing import Any

from ..experiments.report import TESTS, Report
from ..experiments.statistics import Difference, paired_difference
from .style import BLUE, GRAY, ORANGE, add_title, new_figure

ARM_COLORS = (ORANGE, BLUE, GRAY)
MAX_MEASURED_ARMS = 3  # more could not be told apart


def draw_comparison(report: Report) -> Any:
    """Draw the accuracy of every run, and beside it every arm's paired difference from the reference, in points.

    `report` is from `experiments.report.make_report`, with at least one arm.
    """
    arms, c = report.arms[::-1], report.comparison  # the first arm at the top
    intervals = any(arm.difference and arm.difference.half is not None for arm in arms)
    figure = new_figure(10, 1.9 + 0.5 * len(arms))
    accuracy, difference = figure.subplots(1, 2, sharey=True)
    for y, arm in enumerate(arms):
        values = [*arm.accuracies.values()]
        accuracy.plot(values, [y] * len(values), "o", color=BLUE, alpha=0.6, markersize=5, zorder=3)
        accuracy.plot(statistics.mean(values), y, "|", color=ORANGE, markersize=18, markeredgewidth=3)
        if arm.difference:
            _draw_difference(difference, y, arm.difference, f": {arm.difference.verdict}")
    accuracy.set_yticks(range(len(arms)), [arm.name for arm in arms])
    accuracy.set(xlabel="test accuracy (%)", title="one dot per seed, the bar is their mean")
    accuracy.set_ylim(-0.6, len(arms) - 0.3)
    difference.axvline(0, color=GRAY, linewidth=1)
    title = "paired by seed" + (", with the 95 % interval" if intervals else "")
    difference.set(xlabel=f"points more than {c.reference}", title=title)
    return add_title(figure, c.title, _source(report))


def draw_measured(report: Report) -> Any:
    """Draw the mean accuracy of every arm on views and changed images, and the first arm's paired differences.

    `report` is from `experiments.report.make_report`, and has the reference arm and another one with measured results.
    """
    c = report.comparison
    arms = [arm for arm in report.arms if arm.measured][:MAX_MEASURED_ARMS]
    reference = next(arm for arm in arms if arm.name == c.reference)
    other = next(arm for arm in arms if arm.name != c.reference)
    names = [*reference.measured][::-1]
    figure = new_figure(10, 2 + 0.33 * len(names))
    accuracy, difference = figure.subplots(1, 2, sharey=True)
    for arm, color in zip(arms, ARM_COLORS, strict=False):
        means = [statistics.mean(arm.measured[name].values()) for name in names]
        accuracy.plot(means, range(len(names)), "o", color=color, label=arm.name, markersize=6)
    for y, name in enumerate(names):
        pairs = [seed for seed in other.measured[name] if seed in reference.measured[name]]
        if pairs:
            sides = ([arm.measured[name][seed] for seed in pairs] for arm in (other, reference))
            _draw_difference(difference, y, paired_difference(*sides))
    accuracy.set_yticks(range(len(names)), [TESTS.get(name, name) for name in names])
    accuracy.set(xlabel="test accuracy (%), mean over the seeds", ylim=(-0.6, len(names) - 0.3))
    accuracy.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(arms))
    difference.axvline(0, color=GRAY, linewidth=1)
    difference.set(xlabel=f"{other.name}:\npoints more than {c.reference}, paired by seed")
    return add_title(figure, f"{c.title}: averaged over views, and on changed images", _source(report))


def draw_lengths(report: Report) -> Any:
    """Draw accuracy over the time of training: every run a dot, and a line through the means of the arms.

    `report` is from `experiments.report.make_report`; its arms differ in their number of epochs.
    """
    c, arms = report.comparison, sorted(report.arms, key=lambda arm: arm.seconds)
    minutes = [arm.seconds / 60 for arm in arms]
    figure = new_figure(7.5, 4.2)
    ax = figure.subplots()
    series = {"test images as they are": ("unchanged", BLUE), TESTS["tta"]: ("tta", ORANGE)}
    for label, (name, color) in series.items():
        found = [arm.measured.get(name) or (arm.accuracies if name == "unchanged" else {}) for arm in arms]
        drawn = [(x, [*values.values()]) for x, values in zip(minutes, found, strict=True) if values]
        if drawn:
            ax.plot([x for x, _ in drawn], [statistics.mean(ys) for _, ys in drawn], color=color, label=label)
        for x, ys in drawn:
            ax.plot([x] * len(ys), ys, "o", color=color, alpha=0.6, markersize=5)
    ax.set_xscale("log")
    words = [f"{x:.3g} min\nepochs: {c.arms[arm.name].epochs}" for x, arm in zip(minutes, arms, strict=True)]
    ax.set_xticks(minutes, words)
    ax.set_xticks([], minor=True)
    ax.set(ylabel="test accuracy (%)", xlabel=f"training, median ({'; '.join(report.machines)})")
    ax.legend(loc="lower right")
    return add_title(figure, c.title, _source(report))


def _source(report: Report) -> str:
    c, provenance = report.comparison, ", ".join(report.provenances)
    seeds = max(len(arm.accuracies) for arm in report.arms)
    epochs = " or ".join(map(str, sorted({settings.epochs for settings in c.arms.values()})))
    return f"{c.data} ({provenance}), {report.n:,} test images, up to {seeds} seeds, epochs: {epochs}"


def _draw_difference(ax: Any, y: float, d: Difference, more: str = "") -> None:
    """Every pair a dot; from five on also the mean and its interval."""
    ax.plot(d.values, [y] * len(d.values), "o", color=BLUE, alpha=0.6, markersize=5, zorder=3)
    if d.half is not None:
        ax.errorbar(d.mean, y, xerr=d.half, fmt="|", color=ORANGE, markersize=18 if more else 9, linewidth=3)
        finding = f"{d.mean:+.2f} ± {d.half:.2f}{more}"
        where = (0, 11) if more else (0, 6)
        ax.annotate(finding, (d.mean, y), where, textcoords="offset points", ha="center", size=8 if more else 7)
