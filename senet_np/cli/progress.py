"""Progress on the terminal, and a clean way to stop."""

import errno
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import current_thread, main_thread
from typing import Any

from ..settings import Settings
from ..train.progress import Callback, Progress

SILENT = 10.0  # seconds; a first epoch that takes longer is announced
# Signals that mean stop, and handlers that stay: None is not Python's and could not be put back; nohup ignores SIGHUP.
KEPT = {"SIGINT": (None,), "SIGTERM": (None,), "SIGHUP": (None, signal.SIG_IGN)}


@contextmanager
def stop_on_signals() -> Iterator[list[int]]:
    """Collect Ctrl-C, SIGTERM and SIGHUP in a list, which training reads before every step.

    A second Ctrl-C stops at once. Outside the main thread, where Python sets no handlers, the list stays empty.
    """
    received: list[int] = []

    def receive(number: int, frame: Any) -> None:
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)

    before = {}
    try:
        for number in signal.Signals if current_thread() is main_thread() else ():
            if number.name in KEPT and signal.getsignal(number) not in KEPT[number.name]:
                before[number] = signal.signal(number, receive)
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Terminal:
    """A stream; if it goes to a terminal that is closed meanwhile, what is written from then on is dropped."""

    def __init__(self, stream: Any):
        self.stream, self.dropped = stream, errno.EIO if stream.isatty() else None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.stream, name)
        return partial(self._attempt, found) if name in ("write", "flush", "reconfigure") else found

    def _attempt(self, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        try:
            return method(*args, **named)
        except OSError as error:
            if error.errno != self.dropped:
                raise


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
        bar = type("Bar", (tqdm,), {"monitor_interval": 0})  # without a thread that would stay in the process
        self.bar = bar(total=self.epochs * self.images, initial=done, disable=not sys.stderr.isatty(), **options)
        self.began, self.seen, self.estimated = time.perf_counter(), 0, False

    def on_step(self, progress: Progress, loss: float, accuracy: float) -> None:
        self.seen += self.size
        self.bar.set_description(f"epoch {progress.epoch + 1}/{self.epochs}", refresh=False)
        self.bar.set_postfix_str(f"loss {loss:.3f}, accuracy {accuracy:.3f}", refresh=False)
        self.bar.update(self.size)
        passed = time.perf_counter() - self.began
        if not self.estimated and passed > SILENT:
            self.estimated = True
            left = spell_seconds((self.epochs * self.images - self.seen) * passed / self.seen)
            with self.bar.external_write_mode(file=sys.stdout):
                print(f"{self.seen / passed:.1f} images/s at first: about {left} to go", flush=True)

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
