"""The training loop, which reads as the algorithm.

For every minibatch: forward, loss, backward, update. After every epoch: a look at the validation images, a
line in the log, a checkpoint. At the end, and only then: the test images.
"""

import time
from typing import Any, Protocol

import numpy as np

from ..data.augment import plan_epoch, take_batch
from ..data.dataset import Dataset
from ..errors import SenetError
from ..fast.workers import Workers
from ..runs.checkpoint import Progress
from ..runs.run import Run
from ..runs.snapshots import gate_moments, record_gates
from ..tree import tree_items
from .diagnosis import diverged
from .evaluation import evaluate
from .optimizers import learning_rate
from .step import gradients


class Callback(Protocol):
    """Who looks on while a run trains: a progress bar, a test."""

    def step(self, epoch: int, images: int, loss: float, accuracy: float) -> None:
        """After every minibatch: mean loss and accuracy so far in this epoch."""
        ...

    def epoch(self, record: dict[str, Any]) -> None:
        """After every epoch: what was logged."""
        ...

    def should_stop(self) -> bool:
        """Asked before every minibatch: whether to save and stop here."""
        ...


class Stopped(Exception):
    """The run was asked to stop, and everything is saved."""


def train(
    run: Run, dataset: Dataset, progress: Progress, callback: Callback, threads: int | None = None
) -> dict[str, Any]:
    """Train from `progress` to the end of the run, and test once.

    Args:
        run: the run's folder and settings.
        dataset: what to train on; the one that the run was created with.
        progress: `run.start()`, or `run.load()` to go on. Changed as the run proceeds.
        callback: told about every step and epoch, and asked whether to stop.
        threads: how many micro-batches at the same time; None for as many as there are cores. It changes no result.

    Returns:
        The record of the test result.

    Raises:
        Stopped: the callback wanted it; the checkpoint holds the very step.
        DivergedError: the loss is not finite; the checkpoint is the last good one.
    """
    settings, net, optimizer = run.settings, run.settings.build_net(), run.settings.build_optimizer()
    normalizer = run.normalizer
    images, labels = dataset.train
    size = settings.batch_size
    batches = len(labels) // size  # an incomplete last batch is dropped
    if not batches or progress.batch > batches:
        raise SenetError(
            f"{run.path} stands at minibatch {progress.batch} of {settings.batch_size} images, and there are "
            f"{len(labels):,} images: train again"
        )
    steps = settings.epochs * batches
    moments = gate_moments(steps) if settings.se else {}

    with Workers(threads) as workers:
        while progress.epoch < settings.epochs:
            plan = plan_epoch(len(labels), settings.seed, progress.epoch, settings.augment)
            while progress.batch < batches:
                step = progress.epoch * batches + progress.batch
                if callback.should_stop():
                    _check_finite(run, dataset, progress, net, step, steps)
                    run.save(progress)
                    raise Stopped
                if step in moments:
                    record_gates(run, net, progress, dataset.val.images, step)
                began = time.perf_counter()
                pixels, index = take_batch(images, plan, progress.batch * size, size)
                x, y = normalizer(pixels), labels[index]
                lr = learning_rate(step, steps, settings.lr)

                with np.errstate(over="ignore", invalid="ignore"):  # a loss that is not finite is dealt with below
                    now = gradients(net, progress.params, progress.state, x, y, settings.micro_batch, workers)
                    if not np.isfinite(now.loss):
                        raise diverged(net, progress.params, progress.state, x, step + 1, lr, now.loss)
                    params, memory = optimizer.step(progress.params, now.grads, progress.memory, lr)

                progress.params, progress.state, progress.memory = params, now.state, memory
                progress.batch += 1
                progress.loss_sum += now.loss
                progress.correct += now.correct
                progress.seconds += time.perf_counter() - began
                done = progress.batch
                callback.step(progress.epoch + 1, size, progress.loss_sum / done, progress.correct / (done * size))
            callback.epoch(_finish_epoch(run, dataset, progress, net, batches, workers))

        if steps in moments:
            record_gates(run, net, progress, dataset.val.images, steps)
        score = evaluate(net, progress.params, progress.state, dataset.test, normalizer, workers)
    return run.log("result", test_loss=score.loss, accuracy=score.accuracy, correct=score.correct, n=score.n)


def _finish_epoch(
    run: Run, dataset: Dataset, progress: Progress, net: Any, batches: int, workers: Workers
) -> dict[str, Any]:
    """Validate, log, save; then set the counters to the next epoch's start."""
    settings = run.settings
    done, steps = (progress.epoch + 1) * batches, settings.epochs * batches
    _check_finite(run, dataset, progress, net, done, steps)
    score = evaluate(net, progress.params, progress.state, dataset.val, run.normalizer, workers)
    record = run.log(
        "epoch",
        epoch=progress.epoch + 1,
        step=done,
        lr=learning_rate(done - 1, steps, settings.lr),
        train_loss=progress.loss_sum / batches,
        train_accuracy=progress.correct / (batches * settings.batch_size),
        val_loss=score.loss,
        val_accuracy=score.accuracy,
        seconds=progress.seconds,
    )
    progress.epoch += 1
    progress.batch, progress.loss_sum, progress.correct = 0, 0.0, 0
    run.save(progress)
    return record


def _check_finite(run: Run, dataset: Dataset, progress: Progress, net: Any, done: int, steps: int) -> None:
    """Nothing but finite numbers goes into a checkpoint, so that there is always one to go back to."""
    trees = (progress.params, progress.state, progress.memory)
    if not all(np.isfinite(array).all() for tree in trees for _, array in tree_items(tree)):
        x = run.normalizer(dataset.val.images[: run.settings.batch_size])
        lr = learning_rate(max(done - 1, 0), steps, run.settings.lr)
        raise diverged(net, progress.params, progress.state, x, done, lr, float("nan"))
