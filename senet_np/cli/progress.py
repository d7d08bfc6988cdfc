"""Progress that a person can watch, and a clean way to stop."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class StopFlag:
    """Becomes true when the process is asked to stop; a second Ctrl-C stops at once."""

    def __init__(self) -> None:
        self.signal: int | None = None

    @property
    def exit_status(self) -> int:
        """130 after Ctrl-C, 143 after SIGTERM, as shells count."""
        return 128 + (self.signal or signal.SIGINT)


@contextmanager
def stop_on_signals() -> Iterator[StopFlag]:
    """Turn Ctrl-C and SIGTERM into a flag that the training loop looks at before every step."""
    flag = StopFlag()

    def ask(number: int, frame: Any) -> None:
        if flag.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        flag.signal = number

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class TrainingBar:
    """A bar with loss, accuracy, images/s and time left on a terminal; one line an epoch everywhere."""

    def __init__(self, flag: StopFlag, epochs: int, images: int, already: int):
        from tqdm import tqdm

        self.flag, self.epochs, self.images = flag, epochs, images  # images: in one epoch
        self.bar = tqdm(
            total=epochs * images,
            initial=already,
            unit="img",
            unit_scale=True,
            disable=not sys.stderr.isatty(),
            dynamic_ncols=True,
            leave=False,
        )
        self.began, self.seen = time.perf_counter(), 0

    def step(self, epoch: int, images: int, loss: float, accuracy: float) -> None:
        """Move the bar."""
        self.seen += images
        self.bar.set_description(f"epoch {epoch}/{self.epochs}", refresh=False)
        self.bar.set_postfix_str(f"loss {loss:.3f}, accuracy {accuracy:.3f}", refresh=False)
        self.bar.update(images)

    def epoch(self, record: dict[str, Any]) -> None:
        """Print the epoch's line: what it came to, how fast, and how long the rest will take."""
        now = time.perf_counter()
        speed = self.seen / (now - self.began)
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
        """Whether a signal came."""
        return self.flag.signal is not None

    def close(self) -> None:
        """Take the bar away."""
        self.bar.close()


def spell_seconds(seconds: float) -> str:
    """'1 h 02 min', '3 min 05 s' or '42 s'."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
