"""Where the time of a training step goes, op by op, on one core."""

import cProfile
import pstats

from ..fast.workers import Workers
from ..train.step import gradients
from .nets import Problem

GROUPS = {
    "convolutions": ("conv2d_forward", "conv2d_backward"),
    "batch norm": ("batch_norm_forward", "batch_norm_backward"),
    "SE blocks": ("se_forward", "se_backward"),
    "ReLU": ("relu_forward", "relu_backward"),
    "max pooling": ("max_pool2d_forward", "max_pool2d_backward"),
}
WHERE = {"convolutions": "fast/conv.py", "SE blocks": "senet_np/se.py"}  # else: any file of ops
STEPS = 3


def measure(problem: Problem, micro_batch: int) -> dict[str, float]:
    """Milliseconds of one training step by group of ops, in one thread; what is in none of them is "all else".

    A ReLU inside an SE block counts as SE.
    """
    profile = cProfile.Profile(builtins=False)
    with Workers(1) as workers:
        gradients(*problem, micro_batch, workers)
        for _ in range(STEPS):
            profile.runcall(gradients, *problem, micro_batch, workers)
    stats = pstats.Stats(profile)
    inclusive = {(path.replace("\\", "/"), name): times for (path, _, name), times in stats.stats.items()}  # type: ignore[attr-defined]

    def milliseconds(group: str) -> float:
        total = 0.0
        for (path, name), (_, _, _, seconds, callers) in inclusive.items():
            if name in GROUPS[group] and WHERE.get(group, "/ops/") in path:
                inside_se = sum(c[3] for (_, _, caller), c in callers.items() if caller in GROUPS["SE blocks"])
                total += seconds - inside_se
        return 1000 * total / STEPS

    found = {group: milliseconds(group) for group in GROUPS}
    whole = 1000 * stats.total_tt / STEPS  # type: ignore[attr-defined]
    return found | {"all else": whole - sum(found.values())}
