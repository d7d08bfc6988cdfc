"""How much is tried: a core of it by `make test`, all by `make stress`, which also writes down what it counted."""

import json
import os

LOG = os.environ.get("SENET_NP_STRESS")  # the file for the counts; `make stress` sets it


def amount(core: int, stress: int) -> int:
    """How many, here and now."""
    return stress if LOG else core


def tally(part: str, **numbers: object) -> None:
    """Write a line of counts; nothing outside `make stress`."""
    if LOG:
        with open(LOG, "a", encoding="utf-8") as file:
            file.write(json.dumps({"part": part, **numbers}) + "\n")
