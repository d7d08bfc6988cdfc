"""The findings as tables: a row a block, a row a control, and a row a network of the box.

The same rows stand in index.html and, as Markdown, in docs/gates.md.
"""

from ..figures.style import short
from ..runs.bundled import findings_path, names, pretrained
from ..runs.run import describe_settings
from .findings import Findings, load_findings
from .health import diagnose
from .interventions import ALL, CONTROLS, Controls
from .specificity import class_selectivity, variance_shares

Table = list[list[str]]  # the first row is the head


def block_table(found: Findings) -> Table:
    """One row a block: where the variance of its gates comes from, and whether it is alive.

    Args:
        found: the network's.

    Returns:
        The rows; shares in percent.
    """
    head = ["block", "channels", "mean gate", "sd over images", "channel, %", "class, %", "image, %"]
    rows = [[*head, "class selectivity", "shut, %", "open, %", "hidden units (dead)", "verdict"]]
    for path, stats in found.blocks.items():
        shares, health = variance_shares(stats), diagnose(stats, found.hidden.get(path))
        selectivity = class_selectivity(stats.mean).mean() if stats.limits[0] >= 0 else None
        rows.append(
            [
                short(path),
                f"{stats.mean.shape[1]}",
                f"{stats.overall_mean.mean():.2f}",
                f"{stats.overall_sd.mean():.3f}",
                *(f"{100 * share:.1f}" for share in shares[:3]),
                "–" if selectivity is None else f"{selectivity:.3f}",
                f"{100 * health.shut:.1f}",
                f"{100 * health.open:.1f}",
                f"{health.units} ({health.dead_units})" if health.units else "–",
                health.verdict.partition(":")[0],
            ]
        )
    return rows


def box_table() -> Table:
    """One row for each network in the box.

    Returns:
        The rows: what it is, how good it is, and its gates in a few numbers.
    """
    rows = [["name", "network", "data", "test accuracy, %", "the same with mean gates, %", "class share by block, %"]]
    for name in names():
        this = pretrained(name)
        test, means, classes = this.about["test"], "–", "–"
        if this.settings.se:
            found = load_findings(findings_path(name))
            classes = ", ".join(f"{100 * variance_shares(stats).class_:.0f}" for stats in found.blocks.values())
            if found.controls:
                means = f"{100 * found.controls.correct[ALL]['mean'] / found.controls.n:.2f}"
        accuracy = f"{100 * test['correct'] / test['n']:.2f} ({test['correct']:,} of {test['n']:,})"
        data = f"{this.settings.data} ({this.about['data']['stamp']})"
        rows.append([f"`{name}`", describe_settings(this.settings), data, accuracy, means, classes])
    return rows


def control_table(found: Controls) -> Table:
    """One row a control: accuracy with it in each block alone, and in all.

    Args:
        found: the network's.

    Returns:
        The rows, in percent.
    """
    places = [*found.correct]
    rows = [["gates", *(place if place == ALL else f"{short(place)} alone" for place in places)]]
    rows.append(["learned", *(f"{100 * found.learned / found.n:.2f}" for _ in places)])
    for control in CONTROLS:
        rows.append([control, *(f"{100 * found.correct[place][control] / found.n:.2f}" for place in places)])
    return rows
