"""The two small matrices of the SE blocks."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..analysis.order import similar_order
from ..tree import tree_items
from .look import PAGE, few, look
from .registry import Drawing, Sources, register
from .style import GATE_COLORS, block_panels, new_figure, percentages, rows_for, short

Matrices = Mapping[str, tuple[np.ndarray, np.ndarray]]  # by block, w1 (C, C/r) and w2 (C/r, C)


@register(
    100,
    "The two matrices",
    alt="Heat maps of W₁ and, below it, of W₂, one column per channel and one row per hidden unit, sorted so that "
    "similar ones stand side by side.",
    see="A column with the same sign in both maps is a channel that opens its own gate. Rows that look alike are "
    "hidden units that do the same work twice.",
    beware="The sorting makes groups visible and also makes some out of noise. How large a weight is depends on how "
    "large the channel is, so weights of two channels cannot be compared directly.",
)
def weights(sources: Sources) -> Iterator[Drawing]:
    """One figure of all blocks that have two FCs."""
    if sources.findings and sources.findings.hidden:
        leaves = dict(tree_items(sources.model.params))
        matrices = {path: (leaves[f"{path}.w1"], leaves[f"{path}.w2"]) for path in sources.findings.hidden}
        yield Drawing(title(matrices), "the weights alone", lambda: draw_weights(matrices))


def title(matrices: Matrices) -> str:
    """Whether a channel with a strong signal opens its own gate."""
    own = {path: float((np.einsum("ch,hc->c", w1, w2) > 0).mean()) for path, (w1, w2) in matrices.items()}
    share = percentages(own)
    return f"{share} of the channels tend to open their own gate (the diagonal of W₂W₁ is positive; ReLU ignored)"


def draw_weights(matrices: Matrices) -> Any:
    """Draw W₁ above W₂ of each block, one column per channel and one row per hidden unit, similar ones side by side.

    Dark is negative, light is positive, and the middle of the scale is 0.
    """
    matrices, percentile = few(matrices, "blocks"), look().color_percentile
    if percentile < PAGE.color_percentile:
        look().notes.append(f"colors end at the {percentile:.0f}th percentile of each matrix's sizes")
    figure = new_figure(13, 1.2 + 3.4 * rows_for(len(matrices)))
    panels = block_panels(figure, len(matrices), heights=(1, 1))
    for pair, (path, (w1, w2)) in zip(panels, matrices.items(), strict=True):
        both = w1.T, w2  # (C/r, C): what hidden units read, and what they move
        scaled = [matrix / (np.linalg.norm(matrix) or 1.0) for matrix in both]  # so that both count the same
        channels = similar_order(np.concatenate(scaled).T)
        units = similar_order(np.concatenate(scaled, axis=1))
        names = f"{short(path)}: W₁, what a hidden unit reads", "W₂: which gates it moves"
        for axes, matrix, name in zip(pair, both, names, strict=True):
            limit = (
                float(np.percentile(np.abs(matrix), percentile)) or 1.0
            )  # a few large ones would leave the rest gray
            shown = matrix[np.ix_(units, channels)]
            image = axes.imshow(shown, aspect="auto", clim=(-limit, limit), cmap=GATE_COLORS, interpolation="nearest")
            axes.set_title(name, fontsize=10)
            axes.set(xticks=[], yticks=[], ylabel="hidden unit")
            figure.colorbar(image, ax=axes, pad=0.01, label="weight")
        pair[1].set_xlabel(f"{w2.shape[1]} channels, similar ones side by side")
    return figure
