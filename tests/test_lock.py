"""The course's packages are pinned with hashes, and the pins are what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "notebooks/requirements.lock").read_text("utf-8")
PINS = re.findall(r"^([\w.-]+)==(\S+)(?: ; ([^\\\n]+))?((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", LOCK, re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
NEEDED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["notebooks"]]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def test_every_line_of_the_requirements_is_a_pin_with_hashes_or_says_what_for():
    lines = [line for line in LOCK.splitlines() if not line.startswith(("    #", "    --hash=sha256:"))]
    assert len(lines) == len(PINS) > 50
    assert "http:" not in LOCK
    assert "https:" not in LOCK


@pytest.mark.parametrize("needed", NEEDED)
def test_what_the_course_needs_is_pinned_as_new_as_is_needed(needed):
    name, least = needed.split(">=")
    versions = [version for pinned, version, _, _ in PINS if pinned == name]
    assert versions
    assert all(numbers(version) >= numbers(least) for version in versions)
