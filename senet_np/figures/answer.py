"""One image, the network's answer, and the image's gates beside the usual ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..analysis.gates import GateStatistics
from ..data.photo import Photo
from ..model import Model
from ..ops import softmax_cross_entropy_forward
from .look import few
from .registry import Drawing, Sources, register
from .style import (
    BLUE,
    ORANGE,
    block_panels,
    draw_band,
    gate_axis,
    new_figure,
    rows_for,
    shared_legend,
    short,
    show_image,
)


class Answer(NamedTuple):
    """A network's answer to one image, with the image's gates."""

    photo: Photo
    classes: Sequence[str]  # all classes' names
    probabilities: np.ndarray  # (classes,) the softmax of the logits
    gates: Mapping[str, np.ndarray]  # this image's, by block, (C,)
    usual: Mapping[str, GateStatistics]  # over many images, by block; empty where none were measured

    @property
    def best(self) -> list[tuple[Any, float]]:
        """The classes of the highest probabilities, and these, the highest first."""
        return [(self.classes[k], float(self.probabilities[k])) for k in self.probabilities.argsort()[::-1][:SHOWN]]


SHOWN = 10  # classes in the figure


@register(
    10,
    "The network's answer",
    alt="The image, the image as the net sees it, the probability of each class, and this image's gates as dots over "
    "the band of usual gates, one panel per block.",
    see="Dots outside the gray band, where there is one, are gates that this image opens or shuts more than images "
    "usually do.",
    beware="The net knows only its own classes and has to choose one of them, so a high probability does not mean that "
    "the image is of that class; an image unlike those it learned from gets an answer too.",
)
def answer(sources: Sources) -> Iterator[Drawing]:
    """One figure, for the image that is followed through the network."""
    if sources.photo and sources.model.settings.se:
        one = ask(sources.model, sources.photo, sources.findings.blocks if sources.findings else {})
        usual = f"; usual: {sources.images()}" if one.usual else ""
        yield Drawing(title(one), f"{one.photo.name}{usual}", lambda: draw_answer(one))


def ask(model: Model, photo: Photo, usual: Mapping[str, GateStatistics]) -> Answer:
    """A network's answer to a photo."""
    logits, activations = model.run(photo.small[None], record=True)
    _, softmax = softmax_cross_entropy_forward(logits, np.zeros(1, np.int64))
    return Answer(photo, model.classes, softmax.p[0], {path: s[0] for path, s in activations.gates.items()}, usual)


def title(one: Answer) -> str:
    """The answer, and how many gates are unusual."""
    (name, probability), *_ = one.best
    truth = f" for an image of class {one.photo.truth}" if one.photo.truth else ""
    percent = "below 1" if probability < 0.01 else f"{100 * probability:.0f}"
    answer = f"The net answers {name} ({percent} %){truth}"
    if not one.usual:
        return answer
    unusual = [np.abs(s - one.usual[p].overall_mean) > 2 * one.usual[p].overall_sd for p, s in one.gates.items()]
    counted = f"{sum(map(np.count_nonzero, unusual))} of {sum(map(len, unusual))}"
    return f"{answer}; {counted} gates lie more than 2 sd from their mean"


def draw_answer(one: Answer) -> Any:
    """Draw an image, the network's answer to it, and its gates beside the usual ones."""
    photo = one.photo
    gates = few(one.gates, "blocks")
    down = rows_for(len(gates))
    figure = new_figure(12, 3.8 + 2.4 * down)
    above, below = figure.subfigures(2, 1, height_ratios=(2.9, 0.5 + 2.4 * down))
    whole, small, bars = above.subplots(1, 3, width_ratios=(1.2, 1, 1.6))
    show_image(whole, photo.shown, photo.name, fontsize=9)
    show_image(small, photo.small, "as the net sees it, {}×{} pixels".format(*photo.small.shape), fontsize=9)
    names, probabilities = zip(*one.best[::-1], strict=True)
    bars.barh(range(len(names)), [100 * p for p in probabilities], color=BLUE)
    bars.set_yticks(range(len(names)), names, fontsize=8)
    complete = len(one.classes) <= SHOWN
    bars.set(
        title="the net's answer", xlabel="probability (%)", xlim=(0, 100 if complete else 105 * max(probabilities))
    )
    panels = block_panels(below, len(gates))[:, 0]
    for axes, (path, s) in zip(panels, gates.items(), strict=True):
        usual = one.usual.get(path)
        order = np.argsort(usual.overall_mean if usual else s)
        if usual:
            draw_band(axes, usual, order, label="all images, ± 2 sd", sds=2)
        else:
            axes.set_ylim(*gate_axis(s))
        size = min(3, 700 / len(s))  # points: thousands of larger dots would hide the band
        axes.plot(s[order], "o", color=ORANGE, markersize=size, label="this image")
        axes.set(title=short(path), xlabel=f"channel, sorted by {'mean gate' if usual else 'gate'}", ylabel="gate s")
    shared_legend(below, panels[0], 2)
    return figure
