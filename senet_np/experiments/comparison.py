"""A comparison: a small TOML file that says which networks are trained how often, and what is held against what.

title = "SE against none on the tiny SE-CNN"
data = "cifar10"              # or "shapes"
seeds = 10                    # 0 to 9; or a list of them
results = "cifar10.jsonl"     # where the result lines are kept, beside this file; several files may share it
reference = "without SE"      # the arm that the others are held against; without this line the first

[settings]                    # of all arms: the options of `train`, dashes as underscores
epochs = 4

[arms."with SE"]              # what is special about each arm
[arms."without SE"]
se = false
"""

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..files import read_text
from ..nets import NETS
from ..settings import DEFAULTS, Settings, make_settings, settings_from_json, settings_to_json

TEXTS, TABLES = ("title", "data", "results", "reference"), ("settings", "arms")
KEYS: dict[str, Any] = {**dict.fromkeys(TEXTS, str), "seeds": (int, list), **dict.fromkeys(TABLES, dict)}
OPTIONAL = {"reference", "settings"}
OURS = {"data", "seed"}  # settings that a comparison decides for all its arms
MOST_SEEDS, MOST_ARMS, MOST = 1000, 100, 1 << 20  # MOST: bytes of a file


@dataclass(frozen=True)
class Comparison:
    """What a comparison file says."""

    path: Path
    title: str
    data: str
    seeds: tuple[int, ...]
    results: Path
    reference: str
    arms: dict[str, Settings]  # by name; the seed in them stands for none

    @property
    def cells(self) -> list[tuple[str, Settings]]:
        """Every arm with every seed, seed by seed: were it stopped, whole pairs would be there."""
        return [(name, replace(arm, seed=seed)) for seed in self.seeds for name, arm in self.arms.items()]


def read_comparison(path: Path) -> Comparison:
    """Read a comparison file.

    Args:
        path: the TOML file.

    Returns:
        What it says, every arm's settings complete.

    Raises:
        SenetError: the file cannot be read, or something in it makes no sense.
    """
    try:
        said = tomllib.loads(read_text(path, MOST))
    except OSError as error:
        raise SenetError(f"could not read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, or not TOML
        raise SenetError(f"{path} is not a TOML file: {error}") from error

    for name in [*said, *(KEYS.keys() - OPTIONAL)]:
        if name not in KEYS or name not in said:
            raise SenetError(f"{path} {'has' if name in said else 'lacks'} {name!r}, expected {', '.join(KEYS)}")
        if not isinstance(said[name], KEYS[name]) or isinstance(said[name], bool):
            raise SenetError(f"{path}: {name} is {said[name]!r}, which is not the kind of value that belongs there")
    if said["data"] not in DEFAULTS:
        raise SenetError(f"{path}: data is {said['data']!r}, expected one of {', '.join(DEFAULTS)}")
    if not 2 <= len(said["arms"]) <= MOST_ARMS:
        raise SenetError(f"{path} has {len(said['arms'])} arms, expected 2 to {MOST_ARMS}: something to compare")
    if not all(map(str.isprintable, [said["title"], *said["arms"]])):
        raise SenetError(f"{path}: the title or an arm's name holds what cannot be printed")
    reference = str(said.get("reference", next(iter(said["arms"]))))
    if reference not in said["arms"]:
        raise SenetError(f"{path}: reference is {reference!r}, expected the name of an arm: {[*said['arms']]}")
    common = said.get("settings", {})
    arms = {name: _arm(path, name, said["data"], common, special) for name, special in said["arms"].items()}
    if len(set(arms.values())) < len(arms):
        raise SenetError(f"{path} has two arms of the same settings: their runs would be the same")
    return Comparison(
        path,
        said["title"],
        said["data"],
        _seeds(path, said["seeds"]),
        path.parent / said["results"],
        reference,
        arms,
    )


def _seeds(path: Path, said: int | list[Any]) -> tuple[int, ...]:
    seeds = said if isinstance(said, list) else [*range(min(said, MOST_SEEDS + 1))]
    whole = all(type(seed) is int and seed >= 0 for seed in seeds)
    if not whole or not 1 <= len(set(seeds)) == len(seeds) <= MOST_SEEDS:
        raise SenetError(f"{path}: seeds is {said}, expected how many (1 to {MOST_SEEDS}), or a list of distinct ones")
    return tuple(seeds)


def _arm(path: Path, name: str, data: str, common: dict[str, Any], special: Any) -> Settings:
    if not isinstance(special, dict):
        raise SenetError(f"{path}: arm {name!r} is {special!r}, expected a table of settings, which may be empty")
    options = {**common, **special}
    known = sorted({field.name for field in fields(Settings)} - OURS)
    for option in options:
        if option not in known:
            raise SenetError(f"{path}: arm {name!r} has the setting {option!r}, expected one of {', '.join(known)}")
    if options.get("net", "tiny") not in [*NETS]:
        raise SenetError(f"{path}: arm {name!r} has the net {options['net']!r}, expected one of {', '.join(NETS)}")
    try:
        settings = settings_from_json(settings_to_json(make_settings(data, options)))  # which checks every value
        settings.build_net()
    except SenetError as error:
        raise SenetError(f"{path}: arm {name!r}: {error}") from error
    return settings
