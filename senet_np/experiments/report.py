"""The table of a comparison, made from its result lines alone: no data and no run folder is needed."""

import statistics
from typing import NamedTuple

from ..errors import SenetError
from ..files import quoted
from ..nets.describe import multiply_adds
from .comparison import Comparison
from .results import Result, read_results
from .statistics import FEWEST, Difference, paired_difference

TESTS = {"tta": "test-time augmentation"}  # what a measured result is called


class Arm(NamedTuple):
    """One row of the table."""

    name: str
    accuracies: dict[int, float]  # by seed, %
    parameters: int
    multiply_adds: int  # for one image
    seconds: float  # of training, median
    difference: Difference | None  # from the reference, over the seeds that both have; None for itself, or no pair
    measured: dict[str, dict[int, float]]  # accuracies by seed, %, also of "unchanged" images; empty if not tested


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
    accuracies, references = ({seed: result.accuracy for seed, result in side.items()} for side in (results, other))
    measured: dict[str, dict[int, float]] = {}
    for seed, result in results.items():
        for what, correct in ({"unchanged": result.correct} | result.measured if result.measured else {}).items():
            measured.setdefault(what, {})[seed] = 100 * correct / result.n
    return Arm(
        name,
        accuracies,
        next(iter(results.values())).parameters,
        multiply_adds(comparison.arms[name].build_net(), comparison.arms[name].image),
        statistics.median(result.seconds for result in results.values()),
        _over_pairs(accuracies, references),
        measured,
    )


def _over_pairs(accuracies: dict[int, float], reference: dict[int, float]) -> Difference | None:
    """The difference of two arms over the seeds that both have; None if there are none."""
    pairs = [seed for seed in accuracies if seed in reference]
    return paired_difference([accuracies[s] for s in pairs], [reference[s] for s in pairs]) if pairs else None


def rows(report: Report) -> list[tuple[str, ...]]:
    """The table's cells as text, the header first."""
    reference = report.comparison.reference
    figures = ("test accuracy, %", f"minus {reference}, points", "", "parameters", "multiply-adds", "s a run")
    return [("arm", "n", *figures), *(_row(arm, reference) for arm in report.arms)]


def _row(arm: Arm, reference: str) -> tuple[str, ...]:
    difference, verdict = _in_words(arm.difference)
    if arm.difference is None:
        verdict = "reference" if arm.name == reference else "no pair yet"
    return (
        arm.name,
        str(len(arm.accuracies)),
        _mean_and_spread(arm.accuracies),
        difference,
        verdict,
        f"{arm.parameters:,}",
        f"{arm.multiply_adds / 1e6:.2f} M",
        f"{arm.seconds:.0f}",
    )


def measured_rows(report: Report) -> list[tuple[str, ...]]:
    """The cells of the second table, the header first: what else was tested; empty where that is nothing.

    One column for the reference's accuracies, and one for each other arm's differences from them.
    """
    reference = report.comparison.reference
    base = next((arm for arm in report.arms if arm.name == reference and arm.measured), None)
    if base is None:
        return []
    others = [arm for arm in report.arms if arm.name != reference]
    table = [("test images", f"{reference}, %", *(f"{arm.name} minus {reference}, points" for arm in others))]
    for what, accuracies in base.measured.items():
        differences = (_over_pairs(arm.measured.get(what, {}), accuracies) for arm in others)
        table.append((TESTS.get(what, what), _mean_and_spread(accuracies), *map(_in_one_cell, differences)))
    return table


def _in_one_cell(difference: Difference | None) -> str:
    """A difference, with "more" or "less" if that may be said."""
    value, verdict = _in_words(difference)
    return f"{value} {verdict}" if verdict in ("more", "less") else value


def _mean_and_spread(accuracies: dict[int, float]) -> str:
    values = [*accuracies.values()]
    if not values:
        return ""
    return f"{statistics.mean(values):.2f}" + (f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else "")


def _in_words(d: Difference | None) -> tuple[str, str]:
    """A difference and what may be said of it."""
    if d is None:
        return "", ""
    mean, *values = (f"{value:+z.2f}" for value in (d.mean, *d.values))  # z: no −0.00
    return f"{', '.join(values)} (each pair)" if d.half is None else f"{mean} ± {d.half:.2f}", d.verdict


def legend(report: Report) -> str:
    """What the table's figures are, and what they were measured on."""
    c = report.comparison
    epochs = sorted({arm.epochs for arm in c.arms.values()})
    several = any(len(arm.accuracies) >= FEWEST for arm in report.arms)
    interval = ", mean ± half the 95 % interval (Student's t)" if several else ""
    second = several and measured_rows(report)
    marks = ' In the second table "more" and "less": the interval does not contain 0.' if second else ""
    missing = f" {report.missing} of {len(c.cells)} runs are still missing." if report.missing else ""
    return (
        f"{c.data} ({', '.join(report.provenances)}), {report.n:,} test images, "
        f"epochs: {' or '.join(map(str, epochs))}; n seeds, mean ± sd over them; differences paired by seed{interval}; "
        f"multiply-adds of one image; seconds of training, median. {', or '.join(report.machines)}.{marks}{missing}"
    )


def as_text(report: Report) -> str:
    """The table for a terminal."""
    lines = [*_aligned(rows(report), (0, 4)), ""]
    if also := measured_rows(report):
        lines += [*_aligned(also, (0, *range(2, len(also[0])))), ""]
    return "\n".join([report.comparison.title, "", *lines, legend(report)])


def _aligned(table: list[tuple[str, ...]], left: tuple[int, ...]) -> list[str]:
    """Lines with the cells of a column below each other: names and verdicts, the columns `left`, on the left."""
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    aligned = [f"<{w}" if k in left else f">{w}" for k, w in enumerate(widths)]
    return ["  ".join(map(format, row, aligned)).rstrip() for row in table]


def as_markdown(report: Report) -> str:
    """The table for a page."""
    command = f"python -m senet_np compare {quoted(report.comparison.path)}"
    lines = [*_ruled(rows(report), "|---|---:|---:|---:|---|---:|---:|---:|"), ""]
    if also := measured_rows(report):
        lines += [*_ruled(also, "|---|---:|" + "---|" * (len(also[0]) - 2)), ""]
    return "\n".join([f"    {command}", "", *lines, f"*{legend(report)}*"])


def _ruled(table: list[tuple[str, ...]], rule: str) -> list[str]:
    header, *body = [f"| {' | '.join(row)} |" for row in table]
    return [header, rule, *body]
