"""`shapes` only: what the sky's color does to the gates."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..analysis.gates import collect
from ..data.shapes import both_skies
from .look import few
from .registry import Drawing, Sources, register
from .style import BLUE, ORANGE, gate_axis, new_figure, short, show_image


@register(
    140,
    "Another sky",
    alt="One image under an orange and under a blue sky, with the net's answer to each; and every block's gates "
    "under each sky, mean and spread over many images.",
    see="Only the sky is repainted, and the gates change: they carry information about the whole image to every "
    "position of it.",
    beware="The task was made for gating. It shows what a gate can do, not what it does on photographs.",
)
def sky(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks, for `shapes`."""
    if sources.findings and sources.dataset and sources.dataset.name == "shapes":
        model, images, photo = sources.model, sources.dataset.val.images, sources.photo
        skies = both_skies(images)
        collected = [collect(model, repainted, sources.workers).gates for repainted in skies]
        gates = {path: np.stack([under[path] for under in collected]) for path in collected[0]}
        index = 0
        if photo and photo.truth:  # a validation image
            index = int((images == photo.small).all(axis=(1, 2, 3)).argmax())
        answers = [model.classes[k] for k in model.run(skies[:, index]).argmax(axis=1)]
        source = f"gates over n = {len(images)} validation images, each under both skies"
        yield Drawing(title(answers, gates), source, lambda: draw_sky(skies[:, index], answers, gates))


def title(answers: Sequence[str], gates: dict[str, np.ndarray]) -> str:
    """Whether the answer changes, and how much the gates do."""
    answer = "the answer changes" if answers[0] != answers[1] else "the answer stays the same"
    change = max(float(np.abs(orange - blue).mean()) for orange, blue in gates.values())
    return f"Only the sky is repainted: {answer}; gates change by up to {change:.2f} (mean over a block's channels)"


def draw_sky(images: np.ndarray, answers: Sequence[str], gates: dict[str, np.ndarray]) -> Any:
    """Draw one image under an orange and under a blue sky, (2, H, W, 3) uint8, with the net's answer to each.

    Beside them stand every block's gates (2, n, C) of n images under both skies.
    """
    gates = few(gates, "blocks")
    figure = new_figure(12, 2.1 + 1.4 * len(gates))
    left, right = figure.subfigures(1, 2, width_ratios=(1, 3.4))
    skies = (("orange sky", ORANGE), ("blue sky", BLUE))
    for axes, image, answer, (name, color) in zip(left.subplots(2, 1), images, answers, skies, strict=True):
        show_image(axes, image, f"{name}: the net answers\n“{answer}”", color=color)
    panels = right.subplots(len(gates), 1, squeeze=False)[:, 0]
    for axes, (path, both) in zip(panels, gates.items(), strict=True):
        order = np.argsort(both[0].mean(axis=0) - both[1].mean(axis=0))
        for s, (name, color), marker in zip(both, skies, ("o", "s"), strict=True):
            mean, sd = s.mean(axis=0)[order], s.std(axis=0)[order]
            x = np.arange(len(order))
            axes.fill_between(x, mean - sd, mean + sd, color=color, alpha=0.2, linewidth=0)
            axes.plot(x, mean, marker, color=color, markersize=3.5, label=f"{name}: mean ± sd")
        low, high = gate_axis(both)
        axes.set(ylim=(low, 1.04 * high), xlim=(-0.5, len(order) - 0.5), ylabel="gate s", title=short(path))
    panels[0].legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderpad=0)
    panels[-1].set_xlabel("channels of the block, ordered by the difference between the two skies")
    return figure
