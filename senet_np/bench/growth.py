"""How cost grows: the tiny SE-CNN's training step with the batch, with the width, and with the workers."""

from functools import partial
from typing import Any

from ..fast.workers import Workers
from ..nets import tiny
from ..train.loop import gradients
from .nets import default_micro_batch, step_arguments
from .timing import median_seconds, timer

BATCHES = tuple(2**k for k in range(11))  # 1 to 1024
WIDTHS = (1, 2, 4)  # times 32/64/128 channels
WORKERS = (1, 2)


def measure(batches: tuple[int, ...], seconds: float) -> list[dict[str, Any]]:
    """Images per second at every batch: one record for each width and number of workers.

    Each point is timed for about as many seconds, at least two steps. Micro-batches are the same whatever the workers,
    so that one and two compute the same numbers.
    """
    curves = []
    for width in WIDTHS:
        net = tiny(widths=tuple(width * c for c in (32, 64, 128)))
        for workers in WORKERS:
            rates = []
            with Workers(workers) as pool:
                for batch in batches:
                    micro_batch = default_micro_batch(batch, max(WORKERS))
                    step = partial(gradients, *step_arguments(net, batch), micro_batch, pool)
                    rounds = min(max(int(seconds / timer(step)() / 2), 1), 25)
                    rates.append(batch / median_seconds(step, rounds))
            curves.append({"width": width, "workers": workers, "batches": [*batches], "images_per_second": rates})
    return curves
