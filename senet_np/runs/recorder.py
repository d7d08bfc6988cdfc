"""Training in a run's folder: every epoch is logged, and the run can go on from its last checkpoint."""

from dataclasses import replace
from typing import Any

from ..data.dataset import Dataset
from ..model import Metadata, Model
from ..train.diagnosis import DivergedError
from ..train.loop import train
from ..train.progress import Callback, Progress, Stopped
from .run import Run
from .snapshots import save_snapshot, snapshot_steps


class Recorder(Callback):
    """Logs every epoch, saves checkpoints, takes snapshots of the gates; and passes everything on to `inner`."""

    def __init__(self, run: Run, dataset: Dataset, progress: Progress, inner: Callback):
        self.run, self.dataset, self.progress, self.inner = run, dataset, progress, inner
        net, metadata = run.settings.build_net(), Metadata(run.path.as_posix(), run.data)
        weights = progress.params, progress.state
        self.model = Model(net, *weights, run.normalizer, run.classes, run.settings, metadata, run.view)
        self.batches = len(dataset.train.labels) // run.settings.batch_size
        self.steps = snapshot_steps(run.settings.epochs * self.batches) if run.settings.se else set()

    def take_snapshot(self) -> None:
        """Record the gates if this is one of the steps at which they are recorded."""
        now = self.progress
        step = now.epoch * self.batches + now.batch
        if step in self.steps:
            model = replace(self.model, params=now.params, state=now.state)
            save_snapshot(self.run.path, step, model, self.dataset.val.images)

    def on_step(self, progress: Progress, loss: float, accuracy: float) -> None:
        self.take_snapshot()
        self.inner.on_step(progress, loss, accuracy)

    def on_epoch(self, record: dict[str, Any]) -> None:
        record = self.run.log("epoch", **record)
        self.run.save(self.progress)
        self.inner.on_epoch(record)

    def should_stop(self) -> bool:
        return self.inner.should_stop()


def train_run(
    run: Run, dataset: Dataset, progress: Progress, callback: Callback | None = None, workers: int | None = None
) -> dict[str, Any]:
    """Train a run from `progress`, which `run.load()` gives, to its end; test once, log the result and return it.

    The arguments are those of `train.loop.train`; the data set is the one that the run was created with.

    Raises:
        Stopped: the callback wanted it; the checkpoint holds the very step.
        DivergedError: a number is no longer finite; the checkpoint is the last good one.
    """
    dataset = dataset.with_first(run.settings.train_images)
    run.forget_records_after(progress)
    recorder = Recorder(run, dataset, progress, callback or Callback())
    recorder.take_snapshot()
    try:
        score = train(recorder.model, dataset, progress, recorder, workers)
    except Stopped:
        run.save(progress)
        raise
    except DivergedError as error:
        raise DivergedError(f"{error}; the last checkpoint, from before, is kept") from error
    return run.log("result", test_loss=score.loss, accuracy=score.accuracy, correct=score.correct, n=score.n)
