"""The course of a training: loss and accuracy by epoch."""

from collections.abc import Iterator, Sequence
from typing import Any

from .registry import Drawing, Sources, register
from .style import BLUE, ORANGE, new_figure


@register(
    30,
    "Training",
    alt="Loss and accuracy by epoch, on training and validation images.",
    see="Whether training has converged: where both curves are flat, more epochs would change little.",
    beware="One run says nothing about another seed. And where training images are flipped and cropped, as on "
    "CIFAR-10, the two curves are not measured on the same kind of images.",
)
def curves(sources: Sources) -> Iterator[Drawing]:
    """One figure, for a model with a log of its training."""
    model, epochs = sources.model, sources.model.metadata.epochs
    if epochs:
        yield Drawing(title(epochs), model.sizes, lambda: draw_curves(epochs))


def title(epochs: Sequence[dict[str, Any]]) -> str:
    """The last validation accuracy."""
    last = epochs[-1]
    return f"Validation accuracy {100 * last['val_accuracy']:.1f} % after epoch {last['epoch']}"


def draw_curves(records: Sequence[dict[str, Any]]) -> Any:
    """Draw loss and accuracy by epoch in two panels, from the epoch records of log.jsonl."""
    figure = new_figure(9, 3.8)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [r["epoch"] for r in records]
    for axes, measure, scale in ((loss, "loss", 1), (accuracy, "accuracy", 100)):
        axes.plot(epochs, [scale * r[f"train_{measure}"] for r in records], "o--", color=ORANGE, label="training")
        axes.plot(epochs, [scale * r[f"val_{measure}"] for r in records], "o-", color=BLUE, label="validation")
        axes.set(xlabel="epoch", xlim=(0.5, len(epochs) + 0.5))
        axes.xaxis.get_major_locator().set_params(integer=True)
    highest = max(r[f"{split}_loss"] for r in records for split in ("train", "val"))
    loss.set(ylabel="mean cross-entropy (nats)", title="Loss", ylim=(0, 1.05 * highest))
    accuracy.set(ylabel="correctly classified images (%)", title="Accuracy", ylim=(0, 102))
    loss.legend()
    return figure
