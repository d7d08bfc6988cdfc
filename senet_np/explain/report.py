"""All pictures of a run, written to a folder.

Floor 4.
"""

from pathlib import Path

from ..data.dataset import Dataset
from ..errors import SenetError
from ..layers import se_caches
from ..training.checkpoint import Progress
from ..training.run import Run, describe
from .gates import collect_gates, summarise
from .pictures import draw_curves, draw_gates, draw_scaling
from .style import save, style


def explain_run(run: Run, progress: Progress, dataset: Dataset, out: Path, index: int = 0) -> list[Path]:
    """Draw training curves, gates by class, and one image before and after scaling.

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
            return [
                *_curves(run, out),
                *_gates(run, progress, dataset, out),
                *_scaling(run, progress, dataset, out, index),
            ]
    except OSError as error:
        raise SenetError(f"could not write the plots to {out}: {error.strerror}; choose another with --out") from error


def _curves(run: Run, out: Path) -> list[Path]:
    epochs = [record for record in run.records if record["kind"] == "epoch"]
    if not epochs:
        return []
    last = epochs[-1]
    title = f"{describe(run)}: validation accuracy {100 * last['val_accuracy']:.1f} % after epoch {last['epoch']}"
    images = run.data.get("images", {})
    stamp = f"{_stamp(run)}, {images.get('train')} training and {images.get('val')} validation images"
    return [save(draw_curves(epochs, title, stamp), out / "curves.png")]


def _gates(run: Run, progress: Progress, dataset: Dataset, out: Path) -> list[Path]:
    net, (images, labels) = run.settings.build_net(), dataset.val
    collected = collect_gates(net, progress.params, progress.state, images, run.normaliser)
    files = []
    for path, gates in collected.items():
        stats = summarise(gates, labels, len(dataset.classes))
        between = float(stats.mean.std(axis=0).mean())
        within = float(stats.sd.mean())
        title = (
            f"Gates of {path}: {len(stats.overall_mean)} channels, mean {stats.overall_mean.mean():.2f}\n"
            f"sd between classes {between:.3f}, between images of one class {within:.3f} (averages over channels)"
        )
        figure = draw_gates(
            stats, dataset.classes, title, f"{describe(run)}, {_stamp(run)}, n = {len(labels)} validation images"
        )
        files.append(save(figure, out / f"gates_{path}.png"))
    return files


def _scaling(run: Run, progress: Progress, dataset: Dataset, out: Path, index: int) -> list[Path]:
    net, picture = run.settings.build_net(), dataset.val.images[index]
    logits, cache, _ = net.forward(progress.params, progress.state, run.normaliser(picture[None]), False)
    truth, said = dataset.classes[dataset.val.labels[index]], dataset.classes[int(logits[0].argmax())]
    files = []
    for path, block in se_caches(cache).items():
        s = block.s[0]
        title = f"{path}: one image, {len(s)} gates from {s.min():.2f} to {s.max():.2f} ({truth}; the net says {said})"
        figure = draw_scaling(picture, block, title, f"{describe(run)}, {_stamp(run)}, validation image {index}")
        files.append(save(figure, out / f"scaling_{path}.png"))
    return files


def _stamp(run: Run) -> str:
    return f"{run.data['name']} ({run.data['stamp']}), seed {run.settings.seed}"
