"""The training loop, which reads as the algorithm: for every minibatch forward, loss, backward, update.

After every epoch the validation images are classified; at the end, and only then, the test images.
"""

import time
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ..data.augment import Augmentation, plan_epoch, take_batch
from ..data.dataset import Dataset
from ..errors import SenetError
from ..fast.workers import Workers
from ..layers import Layer
from ..model import Model
from ..ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from ..tree import Tree, tree_map
from .diagnosis import check_finite, diverged
from .evaluation import Score, evaluate
from .optimizers import make_optimizer
from .progress import Callback, Progress, Stopped
from .schedule import SCHEDULES


@np.errstate(under="ignore")  # what is too small to store becomes 0, as it should
def train(model: Model, dataset: Dataset, progress: Progress, callback: Callback, workers: int | None = None) -> Score:
    """Train from `progress` to the end, and return the score on the test images.

    Args:
        model: its network, settings and normalizer; the weights are those of `progress`.
        dataset: what to train on.
        progress: where to begin; changed as training proceeds.
        callback: is told about every step and epoch, and asked whether to stop.
        workers: how many micro-batches at a time; None for as many as are allowed. Affects speed only.

    Raises:
        Stopped: the callback wanted it.
        DivergedError: a number is no longer finite.
    """
    settings, optimizer = model.settings, make_optimizer(model.settings)
    dataset = dataset.with_first(settings.train_images)
    (images, labels), size = dataset.train, settings.batch_size
    batches = len(labels) // size  # an incomplete last minibatch is dropped
    if not batches or progress.batch > batches:
        raise SenetError(
            f"training stands at minibatch {progress.batch} of {size} images, and there are {len(labels):,} images: "
            "train again"
        )
    steps = settings.epochs * batches
    rate = partial(SCHEDULES[settings.schedule], steps=steps, peak=settings.lr)
    how = Augmentation(settings.flip, settings.shift, settings.border) if settings.augment else None
    with Workers(workers) as pool:
        while progress.epoch < settings.epochs:
            plan = plan_epoch(len(labels), settings.seed, progress.epoch, how)
            while progress.batch < batches:
                step = progress.epoch * batches + progress.batch
                if callback.should_stop():
                    check_finite(progress, step, rate(max(step - 1, 0)))
                    raise Stopped
                began = time.perf_counter()
                pixels, index = take_batch(images, plan, progress.batch * size, size)
                x, y, lr = model.normalizer(pixels), labels[index], rate(step)

                with np.errstate(over="ignore", invalid="ignore"):  # a loss that is not finite is dealt with here
                    weights = progress.params, progress.state
                    now = gradients(model.net, *weights, x, y, settings.micro_batch, pool, settings.label_smoothing)
                    if not np.isfinite(now.loss):
                        raise diverged(model.net, progress, x, step + 1, lr, now.loss)
                    share = (step + 1) / steps
                    updated = optimizer.step(progress.params, now.grads, progress.optimizer_state, lr, share)

                (progress.params, progress.optimizer_state), progress.state = updated, now.state
                progress.batch += 1
                progress.loss_sum += now.loss
                progress.correct += now.correct
                progress.seconds += time.perf_counter() - began
                callback.on_step(progress, *_means(progress, size))

            done = (progress.epoch + 1) * batches
            check_finite(progress, done, rate(done - 1))
            score = evaluate(replace(model, params=progress.params, state=progress.state), dataset.val, pool)
            loss, accuracy = _means(progress, size)
            record = {"epoch": progress.epoch + 1, "step": done, "lr": rate(done - 1)}
            record |= {"train_loss": loss, "train_accuracy": accuracy}
            record |= {"val_loss": score.loss, "val_accuracy": score.accuracy, "seconds": progress.seconds}
            progress.epoch += 1
            progress.batch, progress.loss_sum, progress.correct = 0, 0.0, 0
            callback.on_epoch(record)
        return evaluate(replace(model, params=progress.params, state=progress.state), dataset.test, pool)


def _means(progress: Progress, size: int) -> tuple[float, float]:
    """Mean loss and accuracy of this epoch's minibatches so far."""
    return progress.loss_sum / progress.batch, progress.correct / (progress.batch * size)


class Gradients(NamedTuple):
    """What one minibatch tells."""

    loss: float  # mean cross-entropy, nats
    correct: int  # how many images were classified correctly
    grads: Tree  # ∂loss/∂parameter
    state: Tree  # the new state: batch norm's running statistics


def gradients(
    net: Layer,
    params: Tree,
    state: Tree,
    x: np.ndarray,
    labels: np.ndarray,
    micro_batch: int,
    pool: Workers,
    label_smoothing: float = 0.0,
) -> Gradients:
    """Loss and gradients of a minibatch x (N, H, W, 3) with labels (N,), cut into micro-batches.

    L = (1/N) Σ_n ℓ_n = Σ_k (N_k/N) L_k,    so    ∂L/∂θ = Σ_k (N_k/N) ∂L_k/∂θ      over the micro-batches k

    Each micro-batch, of at most `micro_batch` images, goes through the net in one worker; batch norm normalizes within
    it. How the minibatch is cut does not depend on the number of workers, and what they return is added in order: so
    that number affects no bit. Where training diverges the loss is not finite.
    """
    n = len(labels)
    count = -(-n // micro_batch)
    given = net, params, state, n, label_smoothing
    parts = pool.map(_micro_batch, given, np.array_split(x, count), np.array_split(labels, count))
    grads = tree_map(lambda *g: sum(g[1:], g[0]), *(part.grads for part in parts))
    new_state = tree_map(_mean, *(part.state for part in parts))
    return Gradients(sum(part.loss for part in parts), sum(part.correct for part in parts), grads, new_state)


def _mean(first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """The mean of arrays; of equal ones, as frozen kernels are, to the last bit what they are."""
    if all(np.array_equal(first, other) for other in others):
        return first.copy()  # it may lie in memory that the workers use again
    return sum(others, first) / first.dtype.type(1 + len(others))


def _micro_batch(
    net: Layer, params: Tree, state: Tree, n: int, label_smoothing: float, x: np.ndarray, labels: np.ndarray
) -> Gradients:
    """What one micro-batch adds to a minibatch of n images."""
    share = len(labels) / n
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # each thread has its own
        logits, cache, new_state = net.forward(params, state, x, True)
        loss, loss_cache = softmax_cross_entropy_forward(logits, labels, label_smoothing)
        _, grads = net.backward(softmax_cross_entropy_backward(share, loss_cache), cache, needs_input_grad=False)
    return Gradients(share * float(loss), int((logits.argmax(axis=1) == labels).sum()), grads, new_state)
