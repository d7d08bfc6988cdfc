"""One photo of 224×224 pixels through the networks of papers: seconds and memory, and against PyTorch."""

from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..containers import trace
from ..fast.workers import Workers
from ..nets import mobilenet_v3_small, resnet50
from ..runs.interchange import to_pytorch
from ..tree import tree_size
from .loop import mebibytes
from .nets import BenchNet, fastest
from .pytorch import LAYOUTS, PyTorch
from .timing import in_fresh_process, in_turns, timer

SIZE = 224  # pixels
NETS = (
    BenchNet("SE-ResNet-50", resnet50, {}),
    BenchNet("MobileNetV3-small", mobilenet_v3_small, {}),
)
TOLERANCE = 1e-3  # of the logits' length; both sides round in float32


class Photo:
    """A network with fresh weights, and an image of noise; always the same."""

    def __init__(self, net: BenchNet):
        rng = np.random.default_rng(0)
        self.net = net.build()
        self.trees = self.net.init(rng)
        self.x = rng.standard_normal((1, SIZE, SIZE, 3)).astype(np.float32)

    def logits(self) -> np.ndarray:
        """The forward pass in evaluation mode, layer by layer, as `Model.run` makes it."""
        y = self.x
        for step in trace(self.net, *self.trees, y):
            y = step.output
        return y


def measure(net: BenchNet, workers: int, rounds: int, pytorch: PyTorch | None) -> dict[str, Any]:
    """Seconds of each form and round, memory at the peak of a forward pass, and the ratio to PyTorch's fastest form."""
    photo = Photo(net)
    result: dict[str, Any] = {"net": net.title, "parameters": tree_size(photo.trees[0])}
    result["memory"] = in_fresh_process(_peak_memory, net)
    with Workers(1), threadpool_limits(workers, "blas"):
        timers = {"senet_np": timer(photo.logits)}
        if pytorch:
            weights, labels = to_pytorch(*photo.trees), np.zeros(1, np.int64)
            pytorch.ask("take", net.builder.__name__, net.options, weights, photo.x, labels)
            result["deviation"] = deviation(photo.logits(), pytorch.ask("logits"))
            for layout in LAYOUTS:
                timers[f"PyTorch eager, {layout}"] = partial(pytorch.ask, "forward", layout)
        result["seconds"] = in_turns(timers, rounds)
    return result | ({"eager": fastest(result["seconds"], "eager")} if pytorch else {})


def deviation(ours: np.ndarray, theirs: np.ndarray) -> float:
    """How far the logits are from PyTorch's, as a share of their length; AssertionError where that is too much."""
    share = float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))
    assert share < TOLERANCE, f"not the same mathematics as PyTorch: logits deviate by {share:.1e}"
    return share


def _peak_memory(net: BenchNet) -> float | None:
    """Resident memory of this process once it has a photo's logits, at its peak, MiB. None but on Linux."""
    Photo(net).logits()
    return mebibytes("VmHWM")
