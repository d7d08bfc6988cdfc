"""A training step (forward, loss, backward, all gradients) of three networks: rung by rung, and against PyTorch."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from ..fast.workers import Workers
from ..layers import Layer
from ..nets import resnet, tiny
from ..ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from ..train.step import Gradients, gradients
from ..tree import Tree, tree_items, tree_map, tree_size
from .kernels import CHOICES, convolution_flops, using
from .pytorch import PyTorch
from .timing import in_turns, ratio, timer

NETS: dict[str, Callable[[], Layer]] = {
    "tiny": tiny,
    "resnet20": resnet,
    "wide": lambda: resnet(widths=(64, 128, 256), blocks=1),
}
NAMES = {"tiny": "tiny SE-CNN", "resnet20": "SE-ResNet-20", "wide": "wide SE-ResNet (64/128/256, one block a stage)"}
TOLERANCE = 1e-3  # the largest difference from PyTorch, as a share
MOST = 32  # images in a micro-batch: what is fastest with two processes, or hardly slower, for each of the nets


class Problem(NamedTuple):
    """A network with fresh parameters, and a minibatch of noise."""

    net: Layer
    params: Tree
    state: Tree
    x: np.ndarray
    labels: np.ndarray


def make_problem(net: Layer, batch: int) -> Problem:
    """Parameters and minibatch, always the same."""
    rng = np.random.default_rng(0)
    params, state = net.init(rng)
    x = rng.standard_normal((batch, 32, 32, 3)).astype(np.float32)
    return Problem(net, params, state, x, rng.integers(10, size=batch))


def default_micro_batch(batch: int, threads: int) -> int:
    """A piece for each worker, of up to MOST images."""
    return min(MOST, -(-batch // threads))


def rungs_before(problem: Problem, rounds: int, loops: bool) -> dict[str, float]:
    """The lower rungs of the way from loops to the path that is chosen: the network as it stands, on one core.

    To be measured before anything has called `keep_freed_memory`, which is for good.

    Args:
        problem: what to compute.
        rounds: how often each rung is timed.
        loops: whether to time the plain loops too, on one image: some 20 s for the tiny net.

    Returns:
        {rung: images a second}.
    """
    found = {}
    with threadpool_limits(1, "blas"):
        if loops:
            one = problem._replace(x=problem.x[:1], labels=problem.labels[:1])
            with using(CHOICES["loops"]):
                found["plain loops (one image)"] = 1 / timer(lambda: whole_batch(one))()
        found["im2col"] = _rate("im2col", lambda: whole_batch(problem), problem, rounds)
        found["im2col in pieces"] = _rate("im2col in pieces", lambda: whole_batch(problem), problem, rounds)
    return found


def rungs_after(problem: Problem, micro_batch: int, threads: int, rounds: int) -> dict[str, float]:
    """The upper rungs: freed memory kept, micro-batches over threads, over processes, Winograd.

    Args:
        problem, rounds: as for `rungs_before`.
        micro_batch: how many images go through the net at a time.
        threads: how many of them at the same time.

    Returns:
        {rung: images a second} (processes where the system allows them), each on top of the last.
    """
    found = {}
    with Workers(1):  # keeps freed memory
        found["+ freed memory kept"] = _rate("im2col in pieces", lambda: whole_batch(problem), problem, rounds)
    rungs = [(f"+ {threads} threads", "im2col in pieces", False)]
    if Workers(threads).processes and threads > 1:
        rungs.append(("+ a process each", "im2col in pieces", True))
    rungs += [
        ("+ Winograd wherever it can", "Winograd", True),
        ("+ Winograd where it pays: the chosen path", "chosen", True),
    ]
    for rung, kernel, processes in rungs:
        with using(CHOICES[kernel]), Workers(threads, processes) as workers:  # each is forked with its kernels
            found[rung] = _rate(kernel, partial(gradients, *problem, micro_batch, workers), problem, rounds)
    return found


def _rate(kernel: str, job: Callable[[], Any], problem: Problem, rounds: int) -> float:
    """Images a second with a choice of kernels; the median of the rounds."""
    with using(CHOICES[kernel]):
        return len(problem.labels) / float(np.median(in_turns({"job": timer(job)}, rounds)["job"]))


def whole_batch(problem: Problem) -> None:
    """A training step with the whole minibatch in one piece, in this thread."""
    net, params, state, x, labels = problem
    logits, cache, _ = net.forward(params, state, x, True)
    _, loss_cache = softmax_cross_entropy_forward(logits, labels)
    net.backward(softmax_cross_entropy_backward(1.0, loss_cache), cache, needs_input_grad=False)


def duel(
    problem: Problem, micro_batch: int, threads: int, rounds: int, pytorch: PyTorch | None, compiled: bool
) -> dict[str, Any]:
    """Our step against PyTorch's in all its forms, in turns.

    Args:
        problem: what to compute.
        micro_batch: how many images batch norm sees at a time.
        threads: of each side.
        rounds: how often each is timed.
        pytorch: the opponent, or None.
        compiled: whether torch.compile enters too.

    Returns:
        Seconds of each form and round, the deviations from PyTorch, and the ratios to the fastest of its forms.

    Raises:
        AssertionError: loss or a gradient differs from PyTorch's.
    """
    with Workers(threads) as workers:
        timers = {"senet_np": timer(lambda: gradients(*problem, micro_batch, workers))}
        result: dict[str, Any] = {
            "batch": len(problem.labels),
            "micro_batch": micro_batch,
            "parameters": tree_size(problem.params),
            "gflop": convolution_flops(*problem[:4]) / 1e9,
        }
        if pytorch:
            result["deviation"] = same_mathematics(problem, micro_batch, workers, pytorch)
            timers |= pytorch.forms(len(problem.labels), micro_batch, compiled)
            result["not available"] = pytorch.excuses
        seconds = in_turns(timers, rounds)
    result["seconds"] = seconds
    for kind in ("eager", "compiled"):
        forms = [name for name in seconds if kind in name]
        if forms:
            fastest = min(forms, key=lambda name: float(np.median(seconds[name])))
            result[kind] = {"fastest": fastest, **ratio(seconds[fastest], seconds["senet_np"])}
    return result


def same_mathematics(problem: Problem, micro_batch: int, workers: Workers, pytorch: PyTorch) -> dict[str, float]:
    """Loss and gradients against PyTorch's over the same micro-batches, before anything is timed.

    In float64 every parameter's gradient must agree. In float32, where both sides round, a ReLU here and there is
    open on one side only, which moves the small gradients of its neighborhood by a percent: there the gradient as a
    whole must agree.

    Returns:
        The deviations, as shares: of the loss, of the whole gradient's length, of a parameter's largest gradient.

    Raises:
        AssertionError: one of them is TOLERANCE or more.
    """
    exact = problem._replace(
        params=tree_map(np.float64, problem.params),
        state=tree_map(np.float64, problem.state),
        x=problem.x.astype(np.float64),
    )
    deviations = {}
    for precision, p in (("float64", exact), ("float32", problem)):  # the last stays there and is timed
        pytorch.ask("take", *p)
        loss, gradient, worst = compare(gradients(*p, micro_batch, workers), *pytorch.ask("gradients", micro_batch))
        deviations |= {f"loss, {precision}": loss, f"gradient, {precision}": gradient}
        if p is exact:
            deviations["worst parameter, float64"] = worst
    assert max(deviations.values()) < TOLERANCE, f"not the same mathematics as PyTorch: {deviations}"
    return deviations


def compare(ours: Gradients, loss: float, grads: dict[str, np.ndarray]) -> tuple[float, float, float]:
    """Deviations of the loss, of the gradient as one vector, and of the worst parameter, as shares."""
    flat = dict(tree_items(ours.grads))
    assert flat.keys() == grads.keys(), f"gradients of {sorted(flat.keys() ^ grads.keys())} are on one side only"
    one, other = (np.concatenate([side[path].ravel() for path in flat]) for side in (flat, grads))
    worst = max(float(np.abs(flat[path] - g).max() / (np.abs(g).max() or 1)) for path, g in grads.items())
    return abs(ours.loss - loss) / abs(loss), float(np.linalg.norm(one - other) / np.linalg.norm(other)), worst
