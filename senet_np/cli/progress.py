"""Progress on the terminal, and a clean way to stop."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..settings import Settings
from ..train.progress import Callback, Progress


@contextmanager
def stop_on_signals() -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM in a list, which training reads before every step; a second Ctrl-C stops at once."""
    received: list[int] = []

    def receive(number: int, frame: Any) -> None:
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class TrainingBar(Callback):
    """A bar with loss, accuracy, images/s and time left on a terminal; everywhere one line per epoch.

    Any of the received signals stops the training. `images` is how many there are to train on.
    """

    def __init__(self, signals: list[int], settings: Settings, images: int, progress: Progress):
        from tqdm import tqdm

        self.signals, self.epochs, self.size = signals, settings.epochs, settings.batch_size
        self.images = images // self.size * self.size  # in one epoch
        done = progress.epoch * self.images + progress.batch * self.size
        options: dict[str, Any] = {"unit": "img", "unit_scale": True, "dynamic_ncols": True, "leave": False}
        self.bar = tqdm(total=self.epochs * self.images, initial=done, disable=not sys.stderr.isatty(), **options)
        self.began, self.seen = time.perf_counter(), 0

    def on_step(self, progress: Progress, loss: float, accuracy: float) -> None:
        self.seen += self.size
        self.bar.set_description(f"epoch {progress.epoch + 1}/{self.epochs}", refresh=False)
        self.bar.set_postfix_str(f"loss {loss:.3f}, accuracy {accuracy:.3f}", refresh=False)
        self.bar.update(self.size)

    def on_epoch(self, record: dict[str, Any]) -> None:
        speed = self.seen / (time.perf_counter() - self.began)
        left = (self.epochs - record["epoch"]) * self.images / max(speed, 1)
        line = (
            f"epoch {record['epoch']:>{len(str(self.epochs))}}/{self.epochs}"
            f"  loss {record['train_loss']:.3f}  accuracy {record['train_accuracy']:.3f}"
            f"  |  validation: loss {record['val_loss']:.3f}  accuracy {record['val_accuracy']:.3f}"
            f"  |  {speed:.0f} images/s, {spell_seconds(left)} left"
        )
        with self.bar.external_write_mode(file=sys.stdout):
            print(line, flush=True)

    def should_stop(self) -> bool:
        return bool(self.signals)


def spell_seconds(seconds: float) -> str:
    """Seconds in words: "1 h 02 min", "3 min 05 s" or "42 s"."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
