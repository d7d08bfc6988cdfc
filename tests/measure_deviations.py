"""The table of docs/testing.md: for each op, its worst error against finite differences and against PyTorch.

    python tests/measure_deviations.py

About a minute, on one core. PyTorch need not be there: its results are in the fixtures.
"""

import platform
from collections import defaultdict

import numpy as np
from fixture import NETS, OPS, SE, cases, check_op, deviation, only, our_pass, stored_net

from senet_np import fast, ops, se
from senet_np.gradcheck.cases import all_cases

SEEDS = 5
Worst = defaultdict[str, float]


def gradient_errors() -> tuple[Worst, Worst]:
    """{op: worst scaled error}, {op: gradients checked}, over all seeds, cases and arguments."""
    worst: Worst = defaultdict(float)
    count: Worst = defaultdict(float)
    for case in all_cases():
        for seed in range(SEEDS):
            for argument in case.run(seed).arguments:
                worst[case.op] = max(worst[case.op], argument.worst)
                count[case.op] += argument.errors.size
    return worst, count


def pytorch_deviations(dtype: type) -> Worst:
    """{op: worst deviation from PyTorch}, over the fixture's cases and results, forward and backward."""
    worst: Worst = defaultdict(float)
    for module, prefix, fixture in ((ops, "", OPS), (fast, "fast ", OPS), (se, "", SE)):
        for case in cases(fixture):
            op = case.split()[0]
            deviations = check_op(op, module, only(fixture, case, dtype))
            worst[prefix + op] = max(worst[prefix + op], *deviations.values())
    for case in cases(NETS):
        net, params, state, stored = stored_net(case, dtype)
        ours = our_pass(net, params, state, stored["images"], stored["labels"])
        worst["tiny net"] = max(worst["tiny net"], *(deviation(a, stored[name]) for name, a in ours.items()))
    return worst


def main() -> None:
    """Print the table."""
    errors, count = gradient_errors()
    single, double = pytorch_deviations(np.float32), pytorch_deviations(np.float64)
    print(f"NumPy {np.__version__}, Python {platform.python_version()}, {platform.machine()}, seeds 0 to {SEEDS - 1}\n")
    print("| op | gradients checked | worst error | PyTorch, float32 | PyTorch, float64 |")
    print("|---|---:|---:|---:|---:|")
    for op, error in errors.items():
        judged = f"{single[op]:.1e} | {double[op]:.1e}" if op in single else "|"
        print(f"| {op} | {count[op]:,.0f} | {error:.1e} | {judged} |")


if __name__ == "__main__":
    main()
