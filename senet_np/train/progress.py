"""What a training run carries along from step to step, and who is told about it."""

from dataclasses import dataclass
from typing import Any

from ..tree import Tree


@dataclass
class Progress:
    """How far training has come: enough to go on as if it had never stopped."""

    params: Tree
    state: Tree
    optimizer_state: Tree
    epoch: int = 0  # epochs finished
    batch: int = 0  # minibatches of the current epoch done
    loss_sum: float = 0.0  # over those minibatches
    correct: int = 0
    seconds: float = 0.0  # spent in training so far


class Callback:
    """Is told how training proceeds; this one does nothing, and is the base of those that do."""

    def on_step(self, progress: Progress, loss: float, accuracy: float) -> None:
        """After every minibatch: mean loss (nats) and accuracy over this epoch's minibatches so far."""

    def on_epoch(self, record: dict[str, Any]) -> None:
        """After every epoch and its validation: what is to be logged. All numbers in the progress are finite."""

    def should_stop(self) -> bool:
        """Before every minibatch: whether to stop here."""
        return False


class Stopped(Exception):
    """Training stopped because the callback wanted it. The progress is at the very step; its numbers are finite."""
