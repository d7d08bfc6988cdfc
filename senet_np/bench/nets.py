"""A training step (forward, loss, backward, all gradients) of four networks: step by step, and against PyTorch."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from ..containers import Sequential
from ..fast.workers import Workers
from ..layers import Conv2D, FrozenConv2D, Layer
from ..nets import resnet, sprint, tiny
from ..nets.describe import describe
from ..runs.interchange import to_pytorch
from ..train.loop import Gradients, gradients
from ..tree import Tree, tree_map, tree_size
from .convs import CHOICES, using
from .pytorch import PyTorch
from .timing import in_turns, median_seconds, ratio, timer

TOLERANCE = {np.float64: 1e-10, np.float32: 5e-3}  # the largest difference from PyTorch, as a share
MAX_MICRO_BATCH = 32  # images: the fastest number with two processes, or hardly slower, for each of the nets


class BenchNet(NamedTuple):
    """A network to time; in `pytorch_nets.py` its opponent's builder has the same name and takes the same options."""

    title: str
    builder: Callable[..., Sequential]
    options: dict[str, Any]

    def build(self) -> Sequential:
        """The network, without parameters."""
        return self.builder(**self.options)


NETS = {
    "tiny": BenchNet("tiny SE-CNN", tiny, {}),
    "sprint": BenchNet("sprint SE-CNN", sprint, {}),
    "resnet20": BenchNet("SE-ResNet-20", resnet, {}),
    "wide": BenchNet(
        "wide SE-ResNet (64/128/256, one block per stage)", resnet, {"widths": (64, 128, 256), "blocks": 1}
    ),
}


def step_arguments(net: Layer, batch: int) -> tuple[Layer, Tree, Tree, np.ndarray, np.ndarray]:
    """What `gradients` takes first: net, fresh params and state, a minibatch of noise and labels; always the same."""
    rng = np.random.default_rng(0)
    params, state = net.init(rng)
    x = rng.standard_normal((batch, 32, 32, 3)).astype(np.float32)
    return net, params, state, x, rng.integers(10, size=batch)


def default_micro_batch(batch: int, workers: int) -> int:
    """A piece for each worker, of up to MAX_MICRO_BATCH images."""
    return min(MAX_MICRO_BATCH, -(-batch // workers))


def convolution_flops(net: Layer, batch: int) -> int:
    """Additions and multiplications that the definition needs for all convolutions of one training step.

    Three products per convolution, y, dw and dx; no dx for the first one that learns, and of a frozen one y alone. A
    kernel may need fewer; rates always count these.
    """
    rows = [row for row in describe(net) if isinstance(row.layer, Conv2D)]
    y = sum(row.multiply_adds for row in rows)
    first, *others = [row.multiply_adds for row in rows if not isinstance(row.layer, FrozenConv2D)]
    return 2 * batch * (y + first + 2 * sum(others))


def rungs(net: BenchNet, batch: int, micro_batch: int, workers: int, rounds: int, loops: bool) -> dict[str, float]:
    """Images per second on the way from loops to the chosen path, each rung on top of the last one.

    To be called in a fresh process, as the first `with Workers` makes the C library keep freed memory for good.
    Micro-batches begin at the rung with threads. `loops` adds the plain loops: some 10 s for one image in the tiny net.
    """
    found, this_thread = {}, Workers(1)
    arguments = layer, params, state, x, labels = step_arguments(net.build(), batch)

    def rate(kernel: str, pool: Workers, piece: int) -> float:
        with using(CHOICES[kernel]):  # processes are forked in here, so they have it too
            return batch / median_seconds(partial(gradients, *arguments, piece, pool), rounds)

    with threadpool_limits(1, "blas"):
        if loops:
            with using(CHOICES["loops"]):
                step = partial(gradients, layer, params, state, x[:1], labels[:1], 1, this_thread)
                found["plain loops (one image)"] = 1 / timer(step)()
        for kernel in ("im2col", "im2col in pieces"):
            found[kernel] = rate(kernel, this_thread, batch)
    with this_thread:
        found["+ freed memory kept"] = rate("im2col in pieces", this_thread, batch)
    upper = [(f"+ {workers} threads", "im2col in pieces", False)]
    if Workers(workers).processes and workers > 1:
        upper.append(("+ a process each", "im2col in pieces", True))
    upper.append(("+ Winograd wherever it can", "Winograd", True))
    upper.append(("+ Winograd where it is faster: the chosen path", "chosen", True))
    for rung, kernel, processes in upper:
        with Workers(workers, processes) as pool:
            found[rung] = rate(kernel, pool, micro_batch)
    return found


def duel(
    net: BenchNet, batch: int, micro_batch: int, workers: int, rounds: int, pytorch: PyTorch | None, compiled: bool
) -> dict[str, Any]:
    """Our step against PyTorch's in all its forms, in turns; PyTorch has as many threads as we have workers.

    Seconds of each form and round, the deviations from PyTorch, and the ratios to the fastest of its forms.
    """
    arguments = step_arguments(net.build(), batch)
    result: dict[str, Any] = {
        "batch": batch,
        "micro_batch": micro_batch,
        "parameters": tree_size(arguments[1]),
        "gflop": convolution_flops(arguments[0], batch) / 1e9,
    }
    with Workers(workers) as pool:
        timers = {"senet_np": timer(partial(gradients, *arguments, micro_batch, pool))}
        if pytorch:
            result["deviation"] = same_mathematics(net, batch, micro_batch, pool, pytorch)
            timers |= pytorch.forms(batch, micro_batch, compiled)
            result["not available"] = pytorch.failures
        result["seconds"] = seconds = in_turns(timers, rounds)
    kinds = [kind for kind in ("eager", "compiled") if any(kind in name for name in seconds)]
    return result | {kind: fastest(seconds, kind) for kind in kinds}


def fastest(seconds: dict[str, list[float]], kind: str) -> dict[str, Any]:
    """The fastest of PyTorch's forms of a kind, and how many times as long as ours it takes."""
    name = min((form for form in seconds if kind in form), key=lambda form: float(np.median(seconds[form])))
    return {"fastest": name, **ratio(seconds[name], seconds["senet_np"])}


def same_mathematics(net: BenchNet, batch: int, micro_batch: int, pool: Workers, pytorch: PyTorch) -> dict[str, float]:
    """Compare loss and gradients with PyTorch's over the same micro-batches, before anything is timed.

    In float64 every parameter's gradient must agree. In float32, where both sides round, a few ReLUs are open on one
    side only, and a few maxima are found in other places, which moves the small gradients around them by a percent:
    there the gradient as a whole must agree, to 5e-3 (the sprint net's, which pools before its ReLU, to 1.5e-3).
    Deviations are shares: of the loss, of the whole gradient's length, of a parameter's largest gradient.
    """
    deviations = {}
    layer, params, state, x, labels = step_arguments(net.build(), batch)
    for dtype in (np.float64, np.float32):  # the last one stays there and is timed
        trees, x = (tree_map(dtype, params), tree_map(dtype, state)), x.astype(dtype)
        pytorch.ask("take", net.builder.__name__, net.options, to_pytorch(*trees), x, labels)
        ours = gradients(layer, *trees, x, labels, micro_batch, pool)
        loss, gradient, worst = compare(ours, *pytorch.ask("gradients", micro_batch))
        deviations |= {f"loss, {dtype.__name__}": loss, f"gradient, {dtype.__name__}": gradient}
        if dtype is np.float64:
            deviations["worst parameter, float64"] = worst
    agree = all(value < TOLERANCE[np.float32 if "32" in what else np.float64] for what, value in deviations.items())
    assert agree, f"not the same mathematics as PyTorch: {deviations}"
    return deviations


def compare(ours: Gradients, loss: float, grads: dict[str, np.ndarray]) -> tuple[float, float, float]:
    """Deviations from PyTorch of the loss, of the gradient as one vector, and of the worst parameter, as shares."""
    named = to_pytorch(ours.grads, {})
    assert named.keys() == grads.keys(), f"gradients of {sorted(named.keys() ^ grads.keys())} are on one side only"
    one, other = (np.concatenate([side[name].ravel() for name in named]) for side in (named, grads))
    worst = max(float(np.abs(named[name] - g).max() / (np.abs(g).max() or 1)) for name, g in grads.items())
    return abs(ours.loss - loss) / abs(loss), float(np.linalg.norm(one - other) / np.linalg.norm(other)), worst
