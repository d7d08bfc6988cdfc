"""A comparison of two small arms, and result lines for it that no run has made."""

from pathlib import Path

from senet_np.experiments.comparison import Comparison, read_comparison
from senet_np.experiments.results import append_result
from senet_np.settings import settings_to_json

FILE = """
title = "SE against none"
data = "shapes"
seeds = {seeds}
results = "mine.jsonl"
reference = "without SE"
[settings]
epochs = 1
widths = [4, 4]
[arms."with SE"]
[arms."without SE"]
se = false
"""


def write_comparison(folder: Path, before: str = "", after: str = "", seeds: int = 2) -> Comparison:
    """Write a comparison file, with something in it replaced, and read it."""
    path = folder / "mine.toml"
    text = FILE.format(seeds=seeds)
    assert before in text
    path.write_text(text.replace(before, after, 1) if before else text, "utf-8")
    return read_comparison(path)


def line(settings, accuracy, fingerprint="f", **more):
    """A result line, of 1,000 test images."""
    return {
        "settings": settings_to_json(settings), "provenance": "s", "fingerprint": fingerprint, "correct": 10 * accuracy,
        "n": 1000, "parameters": 7, "seconds": 1.5, "machine": "m", **more,
    }  # fmt: skip


def fill(comparison, accuracies):
    """Result lines for each arm: its accuracies by seed, in whole percent."""
    for name, settings in comparison.cells:
        if settings.seed < len(accuracies[name]):
            append_result(comparison.results, line(settings, accuracies[name][settings.seed]))
