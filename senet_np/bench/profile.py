"""Where the time of a training step goes, op by op, on one core."""

import cProfile
import pstats

from ..fast.workers import Workers
from ..layers import Layer
from ..train.loop import gradients
from .nets import step_arguments

GROUPS = {  # the op's name, and the file that the layers take it from; SE's code is that of se.py
    "convolutions": ("conv2d", "/fast/conv.py"),
    "batch norm": ("batch_norm", "/fast/norm.py"),
    "SE blocks": ("se", "/senet_np/se.py"),
    "ReLU": ("relu", "/ops/activations.py"),
    "max pooling": ("max_pool2d", "/fast/pooling.py"),
}
STEPS = 3


def measure(net: Layer, batch: int, micro_batch: int) -> dict[str, float]:
    """Milliseconds of one training step by group of ops, in one thread; what is in none of them is "all else".

    A ReLU inside an SE block counts as SE.
    """
    profile, arguments = cProfile.Profile(builtins=False), step_arguments(net, batch)
    with Workers(1) as pool:
        gradients(*arguments, micro_batch, pool)
        for _ in range(STEPS):
            profile.runcall(gradients, *arguments, micro_batch, pool)
    stats = pstats.Stats(profile)
    found = dict.fromkeys(GROUPS, 0.0)
    for (path, _, name), (_, _, _, seconds, callers) in stats.stats.items():  # type: ignore[attr-defined]
        for group, (op, file) in GROUPS.items():
            if name in (f"{op}_forward", f"{op}_backward") and path.replace("\\", "/").endswith(file):
                inside_se = sum(times[3] for (_, _, caller), times in callers.items() if caller.startswith("se_"))
                found[group] += 1000 * (seconds - inside_se) / STEPS
    return found | {"all else": 1000 * stats.total_tt / STEPS - sum(found.values())}  # type: ignore[attr-defined]
