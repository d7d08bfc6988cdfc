"""Update tables and figures about changed images:   python docs/tools/changes.py docs/gates.md

Between `<!-- changes tiny -->` and `<!-- end -->` stand the figure and the table of all lines about that net in
docs/comparisons/changes.jsonl, and after `<!-- changes swapped -->` the table of changes_swapped.jsonl beside it.
docs/tools/measure_changes.py writes both files.
"""

import statistics
from functools import partial
from pathlib import Path
from typing import Any

from blocks import main, replace_blocks
from measure_changes import STRONG, UNCHANGED, Line, read_lines, read_swapped

from senet_np.data.changes import CHANGES
from senet_np.errors import SenetError
from senet_np.experiments.statistics import paired_difference
from senet_np.figures.style import BLUE, GRAY, ORANGE, add_title, new_figure, save, style

KINDS = ("contrast", "color cast", "brightness", "blur", "noise")  # a panel each
HOW = "means over the seeds; differences by seed, from five seeds on their mean ± half the 95 % interval (Student's t)"
OWN, BLIND, PLAIN = "with SE, own gates", "with SE, gates of the unchanged image", "trained without SE"


def refreshed(path: Path, figures: bool = False) -> str:
    """The page's text with every table made anew, and on demand the figures in the page's folder."""

    def block(net: str) -> str:
        if net == "swapped":
            return swapped_table()
        lines = [line for line in read_lines() if line.net == net]
        if not any(line.se for line in lines):
            raise SenetError(f"{path} asks for {net!r}, and no line is about it: run docs/tools/measure_changes.py")
        if len({(line.se, line.seed) for line in lines}) < len(lines):
            raise SenetError(f"{net!r} has two lines of one seed in changes.jsonl: take one out")
        if figures:
            with style():
                save(draw(lines), path.parent / path.stem / f"changes-{net}.png")
        at = headline(lines)
        alt = f"Accuracy by the strength of five changes, with own gates, unchanged gates and without SE. {at}"
        how = f"; {HOW}" if sum(line.se for line in lines) > 1 else ""
        return f"**{at}**\n\n![{alt}]({path.stem}/changes-{net}.png)\n\n{table(lines)}\n\n*{source(lines)}{how}*"

    return replace_blocks(path.read_text("utf-8"), "changes", block)


def accuracies(lines: list[Line], name: str) -> dict[str, dict[int, float]]:
    """Percent correct under one change, by kind of gates and by seed."""
    found: dict[str, dict[int, float]] = {OWN: {}, BLIND: {}, PLAIN: {}}
    for line in lines:
        found[OWN if line.se else PLAIN][line.seed] = 100 * line.own[name] / line.n
        if line.se:
            found[BLIND][line.seed] = 100 * (line.own if name == UNCHANGED else line.blind)[name] / line.n
    return found


def headline(lines: list[Line]) -> str:
    """The figure in one sentence: what it shows at a contrast where the images can still be recognized."""
    name = "contrast -0.6"
    mean = {kind: statistics.mean(values.values()) for kind, values in accuracies(lines, name).items() if values}
    plain = f", {mean[PLAIN]:.1f} % without SE" if PLAIN in mean else ""
    own, blind = (f"{mean[kind]:.1f} %" for kind in (OWN, BLIND))
    return f"Contrast reduced to 40 %: {own} correct, {blind} if the gates do not see the change{plain}."


def table(lines: list[Line]) -> str:
    """A row for each change."""
    rows = [
        f"| test images | {PLAIN}, % | {OWN}, % | unchanged image's gates, % | gain if gates see the change, points |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in (UNCHANGED, *CHANGES):
        found = accuracies(lines, name)
        means = [f"{statistics.mean(found[k].values()):.1f}" if found[k] else "–" for k in (PLAIN, OWN, BLIND)]
        d = paired_difference([*found[OWN].values()], [*found[BLIND].values()])
        mean, *each = (f"{value:+z.1f}" for value in (d.mean, *d.values))  # z: no −0.0
        said = "" if name == UNCHANGED else ", ".join(each) if d.half is None else f"{mean} ± {d.half:.1f}"
        rows.append(f"| {name} | {' | '.join(means)} | {said} |")
    return "\n".join(rows)


def swapped_table() -> str:
    """What another image's gates are worth more if that image is changed, too."""
    found = [*read_swapped()]
    networks = [line.network for line in found]
    lines = sorted(found, key=lambda line: (networks.index(line.network), line.seed))
    rows = [f"| network | seed | {' | '.join(STRONG)} |", "|---|---:|" + "---:|" * len(STRONG)]
    for line in lines:
        points = (100 * (line.changed[name] - line.unchanged[name]) / line.n for name in STRONG)
        rows.append(f"| {line.network} | {line.seed} | {' | '.join(f'{value:+.1f}' for value in points)} |")
    counts = " or ".join(sorted({f"{line.n:,}" for line in lines}))
    return "\n".join([*rows, "", f"*Points more with another image's gates under the same change; n = {counts}*"])


def source(lines: list[Line]) -> str:
    """What was measured."""
    with_se, plain = ([line for line in lines if line.se is se] for se in (True, False))
    seeds = "; ".join(
        f"{some[0].network}, seed{'s' * (len(some) > 1)} {', '.join(str(line.seed) for line in some)}"
        for some in (with_se, plain)
        if some
    )
    several = " or ".join(sorted({f"{line.n:,}" for line in lines}))
    epochs = " or ".join(sorted({f"{line.epochs} epochs" for line in lines}))
    return f"{seeds}; {lines[0].data}, {epochs}; n = {several} test images"


def draw(lines: list[Line]) -> Any:
    """Accuracy by strength: a panel for each kind of change, a line for each kind of gates, a dot for each network."""
    figure = new_figure(11, 3.4)
    for ax, kind in zip(figure.subplots(1, len(KINDS), sharey=True), KINDS, strict=True):
        strengths = {UNCHANGED: 0.0, **{name: s for name, (_, s) in CHANGES.items() if name.startswith(kind)}}
        names = sorted(strengths, key=lambda name: strengths[name])
        xs = [strengths[name] for name in names]
        for label, color, form in ((PLAIN, GRAY, ":"), (BLIND, ORANGE, "--"), (OWN, BLUE, "-")):
            values = [[*accuracies(lines, name)[label].values()] for name in names]
            if all(values):
                ax.plot(xs, [statistics.mean(some) for some in values], form, color=color, label=label, linewidth=2)
                for x, some in zip(xs, values, strict=True):
                    ax.plot([x] * len(some), some, "o", color=color, alpha=0.5, markersize=3.5)
        ax.set_xticks(ticks := xs if len(xs) < 5 else xs[::2], [f"{x:g}".replace("-", "−") for x in ticks])
        ax.set(title=kind, xlabel="strength")
        ax.grid(axis="y", alpha=0.3)
    figure.axes[0].set_ylabel("test accuracy (%)")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return add_title(figure, headline(lines).removesuffix("."), source(lines))


if __name__ == "__main__":
    main("Update a page's tables and figures about changed images.", partial(refreshed, figures=True))
