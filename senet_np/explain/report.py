"""All pictures of a run, written to a folder.

Floor 4.
"""

from pathlib import Path

import numpy as np

from ..compose import image_gates, se_caches
from ..data.dataset import Dataset
from ..data.shapes import both_skies
from ..errors import SenetError
from ..training.checkpoint import Progress
from ..training.run import Run, describe
from .gates import collect_gates, summarise
from .pictures import draw_curves, draw_gates, draw_scaling, draw_sky
from .style import save, style


def explain_run(run: Run, progress: Progress, dataset: Dataset, out: Path, index: int = 0) -> list[Path]:
    """Draw training curves, gates by class, one image before and after scaling and, for shapes, both skies.

    Everything is measured on the validation images, so that looking costs the test set nothing.

    Args:
        run: the run.
        progress: its checkpoint.
        dataset: the data that it was trained on.
        out: the folder to write to; it is made.
        index: which validation image to follow through the blocks.

    Returns:
        The files that were written; only the curves for a net without SE.

    Raises:
        SenetError: index is not that of a validation image, or the folder cannot be written.
    """
    labels = dataset.val.labels
    if not 0 <= index < len(labels):
        raise SenetError(f"image {index} does not exist: the validation images are numbered 0 to {len(labels) - 1}")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with style():
            files = [*_curves(run, out), *_gates(run, progress, dataset, out)]
            files += _scaling(run, progress, dataset, out, index)
            return files + (_sky(run, progress, dataset, out, index) if dataset.name == "shapes" else [])
    except OSError as error:
        raise SenetError(f"could not write the plots to {out}: {error.strerror}; choose another with --out") from error


def _curves(run: Run, out: Path) -> list[Path]:
    epochs = [record for record in run.records if record["kind"] == "epoch"]
    if not epochs:
        return []
    last = epochs[-1]
    title = f"Validation accuracy {100 * last['val_accuracy']:.1f} % after epoch {last['epoch']}"
    images = run.data["images"]
    stamp = f"{_stamp(run, run.data['stamp'])}, {images['train']} training and {images['val']} validation images"
    return [save(draw_curves(epochs, title, stamp), out / "curves.png")]


def _gates(run: Run, progress: Progress, dataset: Dataset, out: Path) -> list[Path]:
    net, (images, labels) = run.settings.build_net(), dataset.val
    collected = collect_gates(net, progress.params, progress.state, images, run.normaliser)
    files = []
    for path, gates in collected.items():
        stats = summarise(gates, labels, len(dataset.classes))
        between = float(np.nanstd(stats.mean, axis=0).mean())
        within = float(np.nanmean(stats.sd))
        more, less = ("images of one class", within), ("the classes' means", between)
        if between > within:
            more, less = less, more
        title = (
            f"{path}: the {len(stats.overall_mean)} gates differ more between {more[0]} (sd {more[1]:.3f})\n"
            f"than between {less[0]} (sd {less[1]:.3f}); both averaged over channels"
        )
        stamp = f"{_stamp(run, dataset.stamp)}, n = {len(labels)} validation images"
        files.append(save(draw_gates(stats, dataset.classes, title, stamp), out / f"gates_{path}.png"))
    return files


def _scaling(run: Run, progress: Progress, dataset: Dataset, out: Path, index: int) -> list[Path]:
    net, picture = run.settings.build_net(), dataset.val.images[index]
    logits, cache, _ = net.forward(progress.params, progress.state, run.normaliser(picture[None]), False)
    truth, said = dataset.classes[dataset.val.labels[index]], dataset.classes[int(logits[0].argmax())]
    files = []
    for path, block in se_caches(cache).items():
        s = image_gates(block)[0]
        title = f"{path}: one image, {len(s)} gates from {s.min():.2f} to {s.max():.2f} ({truth}; the net says {said})"
        figure = draw_scaling(picture, block, title, f"{_stamp(run, dataset.stamp)}, validation image {index}")
        files.append(save(figure, out / f"scaling_{path}.png"))
    return files


def _sky(run: Run, progress: Progress, dataset: Dataset, out: Path, index: int) -> list[Path]:
    net, images = run.settings.build_net(), dataset.val.images
    skies = both_skies(images)
    collected = [collect_gates(net, progress.params, progress.state, sky, run.normaliser) for sky in skies]
    gates = {path: np.stack([under[path] for under in collected]) for path in collected[0]}
    if not gates:
        return []
    logits, _, _ = net.forward(progress.params, progress.state, run.normaliser(skies[:, index]), False)
    answers = [dataset.classes[k] for k in logits.argmax(axis=1)]
    answer = "another answer" if answers[0] != answers[1] else "the same answer"
    moved = max(float(np.abs(orange - blue).mean()) for orange, blue in gates.values())
    title = f"Only the sky is repainted: {answer}; gates move by up to {moved:.2f} (mean over the channels of a block)"
    stamp = f"{_stamp(run, dataset.stamp)}; gates over n = {len(images)} validation images, each under both skies"
    return [save(draw_sky(skies[:, index], answers, gates, title, stamp), out / "sky.png")]


def _stamp(run: Run, bytes_: str) -> str:
    origin = f"weights from {run.data['imported']}" if "imported" in run.data else f"seed {run.settings.seed}"
    return f"{describe(run)}, {run.data['name']} ({bytes_}), {origin}"
