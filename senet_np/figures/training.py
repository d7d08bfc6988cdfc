"""How a run went: loss and accuracy by epoch, and the gates from the first step to the last."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..analysis.gates import BINS
from .style import BLUE, ORANGE, new_figure, short


def draw_curves(records: Sequence[dict[str, Any]], title: str, stamp: str) -> Any:
    """Loss and accuracy by epoch, on training and on validation images.

    Args:
        records: the epoch records of log.jsonl.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure with two panels.
    """
    figure = new_figure(9, 3.8, title, stamp)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [r["epoch"] for r in records]
    for axes, what, scale in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
        axes.plot(epochs, [scale * r[f"train_{what}"] for r in records], "o--", color=ORANGE, label="training")
        axes.plot(epochs, [scale * r[f"val_{what}"] for r in records], "o-", color=BLUE, label="validation")
        axes.set(xlabel="epoch", xlim=(0.5, len(epochs) + 0.5))
        axes.xaxis.get_major_locator().set_params(integer=True)
    highest = max(r[f"{split}_loss"] for r in records for split in ("train", "val"))
    loss.set(ylabel="mean cross-entropy (nats)", title="Loss", ylim=(0, 1.05 * highest))
    accuracy.set(ylabel="images classified correctly (%)", title="Accuracy", ylim=(0, 102))
    loss.legend()
    return figure


def draw_moments(
    moments: Mapping[int, Mapping[str, np.ndarray]], limits: tuple[float, float], title: str, stamp: str
) -> Any:
    """The distribution of all gates, a row a block and a column a moment of the training.

    Args:
        moments: {steps taken: {path: (BINS,) share of the gates in each bin}}.
        limits: where the first bin begins and the last one ends.
        title, stamp: see `style.new_figure`.

    Returns:
        A figure of small histograms that share their axes.
    """
    paths = [*next(iter(moments.values()))]
    figure = new_figure(1.2 + 1.6 * len(moments), 1.6 + 1.2 * len(paths), title, stamp)
    panels = figure.subplots(len(paths), len(moments), sharex=True, sharey="row", squeeze=False)
    edges = np.linspace(*limits, BINS + 1)
    for column, (step, gates) in zip(panels.T, moments.items(), strict=True):
        for axes, path in zip(column, paths, strict=True):
            axes.bar(edges[:-1], 100 * gates[path], np.diff(edges), align="edge", color=BLUE)
        column[0].set_title(f"step {step:,}", fontsize=9)
        column[-1].set_xlabel("gate s", fontsize=8)
    for axes, path in zip(panels[:, 0], paths, strict=True):
        axes.set_ylabel(f"{short(path)}\n% of gates", fontsize=8)
    return figure
