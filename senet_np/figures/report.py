"""All figures of one network: which there are, what each found, and a page that shows them.

What can be drawn depends on what is there: findings alone are enough for most, pictures of the data need the
data.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..analysis.findings import Findings
from ..analysis.gates import look
from ..analysis.health import diagnose
from ..analysis.specificity import class_selectivity, variance_shares
from ..analysis.subject import Subject
from ..analysis.tables import block_table, control_table
from ..containers import image_gates, se_caches
from ..data.dataset import Dataset
from ..data.photo import Picture
from ..data.shapes import both_skies
from ..errors import SenetError
from ..fast.workers import Workers
from ..files import write_atomically
from ..ops import softmax_cross_entropy_forward
from ..runs.run import describe_settings
from ..tree import Tree, tree_items
from . import titles
from .gates import draw_distribution, draw_gates, draw_profiles, draw_shares
from .interventions import draw_controls, draw_pruning
from .one_image import draw_answer, draw_scaling
from .page import Drawn, index_page
from .sky import draw_sky
from .style import save, short, style
from .top_images import draw_openers
from .training import draw_curves, draw_moments
from .weights import draw_hidden, draw_weights

CHOSEN = (0, 3, 5, 8)  # classes in the profiles: airplane, cat, dog and ship of CIFAR-10, two pairs that are alike
OPENED = 8  # channels a block of which the extreme images are shown


class Planned(NamedTuple):
    """A figure that is not drawn yet."""

    kind: str  # a key of CAPTIONS
    block: str  # its path, or "" for a figure of the whole network
    title: str  # what it found
    on: str  # the images that it was found on
    draw: Callable[[str, str], Any]  # from title and stamp to a Matplotlib Figure

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.kind}_{self.block}.png" if self.block else f"{self.kind}.png"


def write_report(
    subject: Subject,
    found: Findings | None,
    out: Path,
    picture: Picture | None,
    dataset: Dataset | None,
    workers: Workers,
    notes: tuple[str, ...] = (),
) -> list[Path]:
    """Draw everything that can be drawn, and the page.

    Args:
        subject: the network.
        found: what was measured; None for a net without SE.
        out: the folder to write to; it is made.
        picture: which picture to follow through the blocks; None for none.
        dataset: for the images at a channel's ends and, for shapes, both skies; None to leave them out.
        workers: who computes.
        notes: sentences for the top of the page.

    Returns:
        The files that were written, the page first.

    Raises:
        SenetError: the folder cannot be written.
    """
    name = describe_settings(subject.settings)
    tables = [(f"Each block in numbers, {found.images}", block_table(found))] if found else []
    if found and found.controls:
        heading = f"Accuracy with other gates, in percent of {found.controls.n:,} images"
        tables.append((heading, control_table(found.controls)))
    try:
        out.mkdir(parents=True, exist_ok=True)
        drawn = [draw(one, subject, out) for one in plan(subject, found, picture, dataset, workers)]
        page = out / "index.html"
        write_atomically(page, index_page(name, subject.stamp, notes, tables, drawn).encode())
    except OSError as error:
        raise SenetError(f"could not write the plots to {out}: {error.strerror}; choose another with --out") from error
    return [page, *(one.file for one in drawn)]


def draw(one: Planned, subject: Subject, out: Path) -> Drawn:
    """Draw one figure and save it in a folder."""
    stamp = f"{subject.stamp}; {one.on}"
    with style():
        file = save(one.draw(one.title, stamp), out / one.name)
    return Drawn(file, one.kind, one.block, one.title, stamp)


def plan(
    subject: Subject, found: Findings | None, picture: Picture | None, dataset: Dataset | None, workers: Workers
) -> Iterator[Planned]:
    """All figures that can be drawn, in the order in which they are to be read; the arguments as for `write_report`."""
    if found and picture:
        yield from _picture(subject, found, picture)
    if subject.epochs:
        yield Planned("curves", "", titles.curves(subject.epochs), subject.sizes, partial(draw_curves, subject.epochs))
    if found:
        yield from gate_figures(subject, found)
    if found and dataset:
        yield from _openers(subject, dataset, workers)
    if found and dataset and dataset.name == "shapes":
        yield _sky(subject, dataset, picture, workers)


def gate_figures(subject: Subject, found: Findings) -> Iterator[Planned]:
    """The figures that need the findings and the weights alone."""
    blocks, on, classes = found.blocks, f"n = {found.images}", subject.classes
    if subject.settings.squeeze == "none":
        on += ", a gate being its mean over positions"
    limits = next(iter(blocks.values())).limits
    chosen = [k for k in CHOSEN if k < len(classes)]
    yield Planned("profiles", "", titles.profiles(blocks), on, partial(draw_profiles, blocks, classes, chosen))
    if limits[0] >= 0:  # a selectivity of gates that can be negative means nothing
        shares = {path: variance_shares(stats) for path, stats in blocks.items()}
        selectivity = {path: class_selectivity(stats.mean) for path, stats in blocks.items()}
        yield Planned("shares", "", titles.shares(shares), on, partial(draw_shares, shares, selectivity))
    if found.controls:
        part, drawing = _first(found.controls.n, found), partial(draw_controls, found.controls)
        yield Planned("controls", "", titles.controls(found.controls), part, drawing)
    if found.pruning:
        part, drawing = _first(found.pruning.n, found), partial(draw_pruning, found.pruning, 1 / len(classes))
        yield Planned("pruning", "", titles.pruning(found.pruning), part, drawing)
    health = {path: diagnose(stats, found.hidden.get(path)) for path, stats in blocks.items()}
    yield Planned("distribution", "", titles.distribution(health), on, partial(draw_distribution, blocks, health))
    if found.moments:
        title, drawing = titles.moments(found.moments, limits), partial(draw_moments, found.moments, limits)
        yield Planned("moments", "", title, "n = 250 validation images", drawing)
    if found.hidden:
        fcs = {path: _fcs(subject.params, path) for path in found.hidden}
        yield Planned("weights", "", titles.weights(fcs), "the weights alone", partial(draw_weights, fcs))
        yield Planned("hidden", "", titles.hidden(found.hidden), on, partial(draw_hidden, found.hidden, classes))
    for path, stats in blocks.items():
        yield Planned("gates", path, titles.one_block(path, stats), on, partial(draw_gates, stats, classes))


def _first(n: int, found: Findings) -> str:
    return f"n = {found.images}" if found.images.startswith(f"{n:,} ") else f"n = the first {n:,} of {found.images}"


def _fcs(params: Tree, path: str) -> tuple[np.ndarray, np.ndarray]:
    leaves = dict(tree_items(params))
    return leaves[f"{path}.w1"], leaves[f"{path}.w2"]


def _picture(subject: Subject, found: Findings, picture: Picture) -> Iterator[Planned]:
    """One picture's answer, and its way through every block."""
    x = subject.normalizer(picture.small[None])
    logits, cache, _ = subject.net.forward(subject.params, subject.state, x, False)
    _, (probabilities, _) = softmax_cross_entropy_forward(logits, np.zeros(1, np.int64))
    said, blocks = int(logits[0].argmax()), se_caches(cache)
    gates = {path: image_gates(block)[0] for path, block in blocks.items()}
    usual = {path: (stats.overall_mean, stats.overall_sd) for path, stats in found.blocks.items()}
    outside = np.concatenate([np.abs(s - usual[path][0]) > 2 * usual[path][1] for path, s in gates.items()])
    truth = f" to a picture of class {picture.truth}" if picture.truth else ""
    title = (
        f"The net says {subject.classes[said]} ({100 * probabilities[0, said]:.0f} %){truth}; {outside.sum()} of "
        f"{len(outside)} gates lie more than 2 sd from their mean"
    )
    drawing = partial(draw_answer, picture, subject.classes, probabilities[0], gates, found.blocks)
    yield Planned("answer", "", title, f"{picture.name}; usual: n = {found.images}", drawing)
    for path, block in blocks.items():
        s = gates[path]
        title = f"{short(path)}: one picture, {len(s)} gates from {s.min():.2f} to {s.max():.2f}"
        yield Planned("scaling", path, title, picture.name, partial(draw_scaling, picture.small, block))


def _openers(subject: Subject, dataset: Dataset, workers: Workers) -> Iterator[Planned]:
    images, labels = dataset.val
    seen = look(subject.net, subject.params, subject.state, images, subject.normalizer, workers)
    for path, gates in seen.gates.items():
        channels = np.argsort(-gates.std(axis=0), kind="stable")[:OPENED].tolist()
        title = f"{short(path)}: the images that open the {len(channels)} channels that move most, and that shut them"
        drawing = partial(draw_openers, images, labels, dataset.classes, gates, channels)
        yield Planned("openers", path, title, f"n = {len(labels):,} validation images", drawing)


def _sky(subject: Subject, dataset: Dataset, picture: Picture | None, workers: Workers) -> Planned:
    images, net = dataset.val.images, (subject.net, subject.params, subject.state)
    skies = both_skies(images)
    collected = [look(*net, sky, subject.normalizer, workers).gates for sky in skies]
    gates = {path: np.stack([under[path] for under in collected]) for path in collected[0]}
    index = 0
    if picture is not None and picture.truth:  # a validation image
        index = int((images == picture.small).all(axis=(1, 2, 3)).argmax())
    logits, _, _ = subject.net.forward(subject.params, subject.state, subject.normalizer(skies[:, index]), False)
    answers = [dataset.classes[k] for k in logits.argmax(axis=1)]
    answer = "another answer" if answers[0] != answers[1] else "the same answer"
    moved = max(float(np.abs(orange - blue).mean()) for orange, blue in gates.values())
    title = f"Only the sky is repainted: {answer}; gates move by up to {moved:.2f} (mean over the channels of a block)"
    on = f"gates over n = {len(images)} validation images, each under both skies"
    return Planned("sky", "", title, on, partial(draw_sky, skies[:, index], answers, gates))
