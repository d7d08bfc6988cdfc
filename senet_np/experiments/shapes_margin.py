"""Does SE beat its absence on `shapes`? Three nets, several seeds, paired.

Floor 4.   python -m senet_np.experiments.shapes_margin --seeds 5

The third net has no SE but wider stages, so that it has at least as many parameters as the one with SE: what it
still lacks cannot be parameters. Runs that are already in the folder are not repeated.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

import numpy as np

from ..data import load_shapes
from ..training.loop import train
from ..training.run import create_run, open_run
from ..training.settings import make_settings
from ..tree import tree_size

ARMS: dict[str, dict[str, Any]] = {
    "SE, r = 4": {"se": True},
    "without SE": {"se": False},
    "without SE, widened": {"se": False, "widths": (34, 68, 135)},
}

# 97.5 % points of Student's t with n − 1 degrees of freedom, for n pairs; Source: any table of the distribution.
STUDENT_T = {5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}


class _Silent:
    def step(self, epoch: int, images: int, loss: float, accuracy: float) -> None:
        """Nothing to show."""

    def epoch(self, record: dict[str, Any]) -> None:
        """Nothing to show."""

    def stop_wanted(self) -> bool:
        """Never."""
        return False


def measure(folder: Path, options: dict[str, Any], seed: int) -> tuple[float, int]:
    """Train one net, unless its run is there already: (test accuracy, number of parameters)."""
    if not (folder / "config.json").exists():
        create_run(folder, make_settings("shapes", {**options, "seed": seed}), load_shapes())
    run = open_run(folder)
    result = run.result or train(run, load_shapes(), run.load(), _Silent())
    return result["accuracy"], tree_size(run.load().params)


def paired_difference(a: list[float], b: list[float]) -> tuple[float, float]:
    """Mean of a − b, and the half-width of its 95 % interval (Student's t over the pairs)."""
    differences = np.subtract(a, b)
    half = STUDENT_T[len(a)] * float(differences.std(ddof=1)) / len(a) ** 0.5
    return float(differences.mean()), half


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(description="SE against no SE on `shapes`, paired by seed.")
    parser.add_argument("--seeds", type=int, default=5, choices=sorted(STUDENT_T))
    parser.add_argument("--out", type=Path, default=Path("runs/shapes-margin"))
    args = parser.parse_args()

    accuracies: dict[str, list[float]] = {name: [] for name in ARMS}
    sizes: dict[str, int] = {}
    for seed in range(args.seeds):
        for number, (name, options) in enumerate(ARMS.items()):
            accuracy, sizes[name] = measure(args.out / f"arm{number}-seed{seed}", options, seed)
            accuracies[name].append(100 * accuracy)
            print(f"seed {seed}  {name:20} test accuracy {100 * accuracy:6.2f} %", flush=True)

    print(f"\nshapes (made by NumPy), n = {args.seeds} seeds, 2000 test images, default settings")
    print(f"{'net':20} {'parameters':>10}  {'test accuracy, mean ± sd':>24}  SE minus this, 95 % interval")
    with_se = accuracies["SE, r = 4"]
    for name, values in accuracies.items():
        line = f"{name:20} {sizes[name]:10,}  {statistics.mean(values):14.2f} ± {statistics.stdev(values):.2f} %"
        if values is not with_se:
            mean, half = paired_difference(with_se, values)
            line += f"    {mean:+.2f} ± {half:.2f} points"
        print(line)


if __name__ == "__main__":
    main()
