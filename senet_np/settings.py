"""The settings of a run: all that decides its outcome, in one flat record.

Each data set has its own defaults, so that `train` without options does something sensible on both.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from .containers import Sequential
from .errors import SenetError
from .nets import EXCITE, NETS, POSITIONS
from .se import GATE
from .train.optimizers import OPTIMIZERS, Optimizer
from .variants import BLOCKS


@dataclass(frozen=True)
class Settings:
    """Everything that, with the data and the machine, decides a run's weights to the last bit."""

    data: str = "shapes"  # "cifar10" or "shapes"
    net: str = "tiny"
    se: bool = True
    reduction: int = 4  # r
    squeeze: str = "avg"
    gate: str = "sigmoid"
    se_bias: bool = True  # whether the SE blocks' FCs have biases
    excite: str = "fc"  # or "eca"
    position: str = "standard"  # of the SE block, on residual networks
    stages: tuple[int, ...] = ()  # which carry SE blocks; empty for all
    widths: tuple[int, ...] = (32, 64, 128)  # channels of each stage
    epochs: int = 3
    batch_size: int = 32
    micro_batch: int = 16  # at most how many images go through the net at a time: batch norm normalizes over them
    lr: float = 0.1  # peak learning rate
    optimizer: str = "sgd"
    weight_decay: float = 5e-4
    augment: bool = False  # flip and pad-and-crop
    seed: int = 0

    def build_net(self) -> Sequential:
        """The network, without parameters.

        Raises:
            SenetError: options that do not go together.
        """
        choices = {name: getattr(self, name) for name in ("squeeze", "gate", "excite", "position", "stages")}
        try:
            return NETS[self.net].build(self.se, self.widths, r=self.reduction, bias=self.se_bias, **choices)
        except ValueError as error:
            raise SenetError(str(error)) from error

    def build_optimizer(self) -> Optimizer:
        """The optimizer, without memory."""
        return OPTIMIZERS[self.optimizer](weight_decay=self.weight_decay)


DEFAULTS: dict[str, dict[str, Any]] = {
    # A texture is not the same texture after a flip, and pictures are made, not scarce: no augmentation.
    "shapes": {"epochs": 3, "batch_size": 32, "micro_batch": 16, "augment": False},
    "cifar10": {"epochs": 10, "batch_size": 64, "micro_batch": 32, "augment": True},
}


def make_settings(data: str, given: dict[str, Any]) -> Settings:
    """Fill in what was not given: the data set's and the network's defaults, and Adam's lower learning rate."""
    defaults = {**DEFAULTS[data], "widths": NETS[given.get("net", "tiny")].widths}
    if given.get("optimizer") == "adam":
        defaults["lr"] = 3e-3
    return Settings(**{**defaults, **given, "data": data})


def _one_of(choices: Iterable[str]) -> tuple[Callable[[Any], bool], str]:
    return (lambda value: value in choices), f"one of {sorted(choices)}"


# Settings that runs of version 0.1 do not have, and what these were trained with.
LATER: dict[str, Any] = {"se_bias": True, "excite": "fc", "position": "standard", "stages": []}

# What a setting of the right type may be; the command line asks for the same.
SENSIBLE: dict[str, tuple[Callable[[Any], bool], str]] = {
    "data": _one_of(DEFAULTS),
    "net": _one_of(NETS),
    "squeeze": _one_of(BLOCKS),
    "gate": _one_of(GATE),
    "excite": _one_of(EXCITE),
    "position": _one_of(POSITIONS),
    "stages": (lambda numbers: all(type(k) is int and k >= 1 for k in numbers), "stage numbers from 1"),
    "optimizer": _one_of(OPTIMIZERS),
    "reduction": (lambda r: 1 <= r <= 1 << 20, "1 or more"),
    "widths": (lambda w: w and all(type(c) is int and 1 <= c <= 4096 for c in w), "channel counts from 1 to 4096"),
    "epochs": (lambda e: 1 <= e <= 100_000, "1 to 100,000"),
    "batch_size": (lambda b: 2 <= b <= 100_000, "2 to 100,000"),
    "micro_batch": (lambda m: 2 <= m <= 100_000, "2 to 100,000"),
    "lr": (lambda lr: 0 < lr <= sys.float_info.max, "a number above 0"),
    "weight_decay": (lambda w: 0 <= w <= sys.float_info.max, "a number of 0 or more"),
    "seed": (lambda seed: 0 <= seed < 1 << 63, "0 or more"),
}


def settings_to_json(settings: Settings) -> dict[str, Any]:
    """The settings as plain JSON values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()}


def settings_from_json(values: Any) -> Settings:
    """The settings of a config.json.

    Raises:
        SenetError: a setting is missing, unknown or of the wrong type.
    """
    expected = {f.name: type(f.default) for f in fields(Settings)}
    if isinstance(values, dict):
        values = {**LATER, **values}
    if not isinstance(values, dict) or values.keys() != expected.keys():
        came = sorted(values) if isinstance(values, dict) else type(values).__name__
        raise SenetError(f"the settings hold {came}, expected exactly {sorted(expected)}")
    for name in ("widths", "stages"):
        if not isinstance(values[name], list):
            raise SenetError(f"setting {name} is {values[name]!r}, expected a list such as [1, 2]")
        values[name] = tuple(values[name])
    for name, kind in expected.items():
        allowed = (int, float) if kind is float else (kind,)
        if type(values[name]) not in allowed:
            raise SenetError(f"setting {name} is {values[name]!r}, expected a value of type {kind.__name__}")
    for name, (sensible, expectation) in SENSIBLE.items():
        if not sensible(values[name]):
            raise SenetError(f"setting {name} is {values[name]!r}, expected {expectation}")
    return Settings(**values)
