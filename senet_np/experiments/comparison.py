"""A comparison file (TOML) says which networks are trained how often, and what is compared with what:

title = "SE against none on the tiny SE-CNN"
data = "cifar10"              # or "shapes", or a folder of images, from here
seeds = 10                    # 0 to 9; or a list of them
results = "cifar10.jsonl"     # where the result lines are stored, beside this file; without this line FILE.jsonl
reference = "without SE"      # the arm that the others are compared with; without this line the first
measure = ["tta", "changes"]  # also test with test-time augmentation, and on changed images; may be left out

[settings]                    # of all arms: the options of `train`, dashes as underscores
epochs = 4

[arms."with SE"]              # what is special about each arm
[arms."without SE"]
se = false
"""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..data import DATA_SETS
from ..data.folder import list_images
from ..errors import SenetError
from ..files import read_text
from ..settings import NAMES, Settings, make_settings

TEXTS, TABLES = ("title", "data", "results", "reference"), ("settings", "arms")
KEYS: dict[str, Any] = {**dict.fromkeys(TEXTS, str), "seeds": (int, list), "measure": list}
KEYS |= dict.fromkeys(TABLES, dict)
OPTIONAL = {"reference", "settings", "measure", "results"}
MEASURES = ("tta", "changes")
ARM_NAMES = [name for name in NAMES if name not in ("data", "seed")]  # settings that may differ between arms
SEED = Settings.__dataclass_fields__["seed"].metadata["allowed"]  # what a seed may be
MAX_SEEDS, MAX_ARMS, MAX_BYTES = 1000, 100, 1 << 20  # the last: of a file


@dataclass(frozen=True)
class Comparison:
    """What a comparison file says."""

    path: Path
    title: str
    data: str
    seeds: tuple[int, ...]
    results: Path
    reference: str
    arms: dict[str, Settings]  # by name; the seed in them has no meaning
    measure: tuple[str, ...] = ()  # of MEASURES

    @property
    def cells(self) -> list[tuple[str, Settings]]:
        """Every arm with every seed, seed by seed: if it is stopped, there are whole pairs."""
        return [(name, replace(arm, seed=seed)) for seed in self.seeds for name, arm in self.arms.items()]


def read_comparison(path: Path) -> Comparison:
    """Read a comparison file (TOML); every arm's settings are complete."""
    try:
        content = tomllib.loads(read_text(path, MAX_BYTES))
    except OSError as error:
        raise SenetError(f"could not read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, or not TOML
        raise SenetError(f"{path} is not a TOML file: {error}") from error

    for name in [*content, *(KEYS.keys() - OPTIONAL)]:
        if name not in KEYS or name not in content:
            needed = ", ".join(key for key in KEYS if key not in OPTIONAL)
            may = ", ".join(key for key in KEYS if key in OPTIONAL)
            has = "has" if name in content else "lacks"
            raise SenetError(f"{path} {has} {name!r}, expected {needed}; {may} may be left out")
        if not isinstance(content[name], KEYS[name]) or isinstance(content[name], bool):
            raise SenetError(f"{path}: {name} is {content[name]!r}, which is not the kind of value that belongs there")
    title, data, arms = content["title"], content["data"], content["arms"]
    if data not in DATA_SETS and not (data.strip() and (path.parent / data).is_dir()):
        raise SenetError(f"{path}: data is {data!r}, expected {' or '.join(DATA_SETS)}, or a folder of images")
    shared = dict(content.get("settings", {}))
    if data not in DATA_SETS:
        data = (path.parent / data).resolve().as_posix()
        shared["classes"] = len(list_images(Path(data))[0])
    if not 2 <= len(arms) <= MAX_ARMS:
        raise SenetError(f"{path} has {len(arms)} arms, expected 2 to {MAX_ARMS}: something to compare")
    if not all(map(str.isprintable, [title, *arms])):
        raise SenetError(f"{path}: the title or an arm's name holds what cannot be printed")
    reference = str(content.get("reference", next(iter(arms))))
    if reference not in arms:
        raise SenetError(f"{path}: reference is {reference!r}, expected the name of an arm: {[*arms]}")
    settings = {name: _arm(path, name, data, shared, special) for name, special in arms.items()}
    if len(set(settings.values())) < len(settings):
        raise SenetError(f"{path} has two arms of the same settings: their runs would be the same")
    seeds, measure = _seeds(path, content["seeds"]), content.get("measure", [])
    if not all(what in MEASURES for what in measure):
        raise SenetError(f"{path}: measure is {measure}, expected a list of {', '.join(MEASURES)}")
    return Comparison(
        path,
        title,
        data,
        seeds,
        path.parent / content.get("results", f"{path.stem}.jsonl"),
        reference,
        settings,
        (*measure,),
    )


def _seeds(path: Path, given: int | list[Any]) -> tuple[int, ...]:
    seeds = given if isinstance(given, list) else [*range(min(given, MAX_SEEDS + 1))]
    possible = all(map(SEED.allows, seeds))
    if not possible or not 1 <= len(set(seeds)) == len(seeds) <= MAX_SEEDS:
        raise SenetError(f"{path}: seeds is {given}, expected how many (1 to {MAX_SEEDS}), or a list of distinct ones")
    return tuple(seeds)


def _arm(path: Path, name: str, data: str, common: dict[str, Any], special: Any) -> Settings:
    if not isinstance(special, dict):
        raise SenetError(f"{path}: arm {name!r} is {special!r}, expected a table of settings, which may be empty")
    given = {**common, **special}
    for option in given:
        if option not in ARM_NAMES:
            expected = ", ".join(sorted(ARM_NAMES))
            raise SenetError(f"{path}: arm {name!r} has the setting {option!r}, expected one of {expected}")
    try:
        settings = make_settings(data, given)
        settings.build_net()
    except SenetError as error:
        raise SenetError(f"{path}: arm {name!r}: {error}") from error
    return settings
