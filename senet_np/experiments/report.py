"""The table of a comparison, made from its result lines alone: no data and no run folder is needed."""

import statistics
from typing import NamedTuple

from ..errors import SenetError
from ..files import quoted
from ..nets.describe import multiply_adds
from .comparison import Comparison
from .results import Result, read_results
from .statistics import FEWEST, Difference, paired_difference


class Arm(NamedTuple):
    """One row of the table."""

    name: str
    accuracies: dict[int, float]  # by seed, %
    parameters: int
    multiply_adds: int  # for one image
    seconds: float  # of training, median
    difference: Difference | None  # from the reference, over the seeds that both have; None for itself, or no pair


class Report(NamedTuple):
    """A comparison and its results."""

    comparison: Comparison
    arms: list[Arm]  # those that have results
    missing: int  # runs that have none yet
    n: int  # test images
    provenances: list[str]
    machines: list[str]


def make_report(comparison: Comparison) -> Report:
    """Gather what the result lines say about a comparison; there may be no arms yet."""
    found = find(comparison, read_results(comparison.results))
    if len({result.fingerprint for result in found.values()}) > 1:
        raise SenetError(f"{comparison.results} holds results on different bytes: put each into a file of its own")
    names = [name for name in comparison.arms if any(arm == name for arm, _ in found)]
    by_arm = {name: {seed: found[name, seed] for seed in comparison.seeds if (name, seed) in found} for name in names}
    return Report(
        comparison,
        [_arm(comparison, name, by_arm) for name in names],
        len(comparison.cells) - len(found),
        next((result.n for result in found.values()), 0),
        sorted({result.provenance for result in found.values()}),
        sorted({result.machine for result in found.values()}),
    )


def find(comparison: Comparison, results: list[Result]) -> dict[tuple[str, int], Result]:
    """The results that belong to a comparison, by arm and seed."""
    lines = {result.settings: result for result in results}
    return {(name, s.seed): lines[s] for name, s in comparison.cells if s in lines}


def _arm(comparison: Comparison, name: str, by_arm: dict[str, dict[int, Result]]) -> Arm:
    results = by_arm[name]
    other = {} if name == comparison.reference else by_arm.get(comparison.reference, {})
    pairs = [seed for seed in results if seed in other]
    sides = ([side[seed].accuracy for seed in pairs] for side in (results, other))
    return Arm(
        name,
        {seed: result.accuracy for seed, result in results.items()},
        next(iter(results.values())).parameters,
        multiply_adds(comparison.arms[name].build_net()),
        statistics.median(result.seconds for result in results.values()),
        paired_difference(*sides) if pairs else None,
    )


def rows(report: Report) -> list[tuple[str, ...]]:
    """The table's cells as text, the header first."""
    reference = report.comparison.reference
    figures = ("test accuracy, %", f"minus {reference}, points", "", "parameters", "multiply-adds", "s a run")
    return [("arm", "n", *figures), *(_row(arm, reference) for arm in report.arms)]


def _row(arm: Arm, reference: str) -> tuple[str, ...]:
    values = [*arm.accuracies.values()]
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    d = arm.difference
    if d is None:
        difference, verdict = "", "reference" if arm.name == reference else "no pair yet"
    else:
        single = ", ".join(f"{value:+.2f}" for value in d.values)
        difference = f"{single} (each pair)" if d.half is None else f"{d.mean:+.2f} ± {d.half:.2f}"
        verdict = d.verdict
    return (
        arm.name,
        str(len(values)),
        f"{statistics.mean(values):.2f}{spread}",
        difference,
        verdict,
        f"{arm.parameters:,}",
        f"{arm.multiply_adds / 1e6:.2f} M",
        f"{arm.seconds:.0f}",
    )


def legend(report: Report) -> str:
    """What the table's figures are, and what they were measured on."""
    c = report.comparison
    epochs = sorted({arm.epochs for arm in c.arms.values()})
    several = any(len(arm.accuracies) >= FEWEST for arm in report.arms)
    interval = ", mean ± half the 95 % interval (Student's t)" if several else ""
    missing = f" {report.missing} of {len(c.cells)} runs are still missing." if report.missing else ""
    return (
        f"{c.data} ({', '.join(report.provenances)}), {report.n:,} test images, "
        f"epochs: {' or '.join(map(str, epochs))}; n seeds, mean ± sd over them; differences paired by seed{interval}; "
        f"multiply-adds of one image; seconds of training, median. {'; '.join(report.machines)}.{missing}"
    )


def as_text(report: Report) -> str:
    """The table for a terminal."""
    table = rows(report)
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    aligned = [f"<{w}" if k in (0, 4) else f">{w}" for k, w in enumerate(widths)]  # names and verdicts on the left
    lines = ["  ".join(map(format, row, aligned)).rstrip() for row in table]
    return "\n".join([report.comparison.title, "", *lines, "", legend(report)])


def as_markdown(report: Report) -> str:
    """The table for a page."""
    header, *body = [f"| {' | '.join(row)} |" for row in rows(report)]
    command = f"python -m senet_np compare {quoted(report.comparison.path)}"
    rule = "|---|---:|---:|---:|---|---:|---:|---:|"
    return "\n".join([f"    {command}", "", header, rule, *body, "", f"*{legend(report)}*"])
