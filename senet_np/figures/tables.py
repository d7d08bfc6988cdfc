"""The findings as tables: one row per block, one row per intervention. In index.html and in docs/gates.md."""

from ..analysis.findings import Findings
from ..analysis.health import diagnose
from ..analysis.interventions import ALL, Interventions
from ..analysis.specificity import class_selectivity, variance_shares
from ..model import Result
from .style import short

Table = list[list[str]]  # the first row is the head


def block_table(findings: Findings) -> Table:
    """One row per block: where the variance of its gates comes from (in percent), and whether it is alive.

    The class's share has its 95 % interval over images, where that was measured.
    """
    head = ["block", "channels", "mean gate", "sd over images", "channel, %", "class, %", "image, %"]
    rows = [[*head, "class selectivity", "shut, %", "open, %", "hidden units (dead)", "verdict"]]
    for path, stats in findings.blocks.items():
        shares, health = variance_shares(stats), diagnose(stats, findings.hidden.get(path))
        selectivity = class_selectivity(stats.mean).mean() if stats.limits[0] >= 0 else None
        class_share, image_share = (f"{100 * share:.1f}" if stats.spread_known else "–" for share in shares[1:3])
        if path in findings.class_shares and stats.spread_known:
            class_share += " ({:.1f} to {:.1f})".format(*100 * findings.class_shares[path])
        rows.append(
            [
                short(path),
                f"{stats.mean.shape[1]}",
                f"{stats.overall_mean.mean():.2f}",
                f"{stats.overall_sd.mean():.3f}",
                f"{100 * shares.channel:.1f}",
                class_share,
                image_share,
                "–" if selectivity is None else f"{selectivity:.3f}",
                f"{100 * health.shut:.1f}",
                f"{100 * health.open:.1f}",
                f"{health.units} ({health.dead_units})" if health.units else "–",
                health.verdict,
            ]
        )
    return rows


def intervention_table(counts: Interventions, twin: Result | None = None) -> Table:
    """One row per intervention: the accuracy (in percent) with it in each block alone, and in all.

    The last row is the accuracy of `twin` on the same images: the same network, trained without SE.
    """
    n, places = counts.n, counts.correct
    rows = [["gates", *(place if place == ALL else f"{short(place)} alone" for place in places)]]
    rows.append(["learned", *(f"{100 * counts.learned / n:.2f}" for _ in places)])
    for name in counts.names:
        rows.append([name, *(f"{100 * correct[name] / n:.2f}" for correct in places.values())])
    if twin:
        rows.append(["trained without SE", *(f"{100 * twin.accuracy:.2f}" for _ in places)])
    return rows
