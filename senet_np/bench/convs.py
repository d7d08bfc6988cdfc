"""Single convolutions, forward and backward, on one core: every kernel, and PyTorch, at the shapes that networks have."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..fast import columns, winograd
from ..fast.workers import Workers
from ..ops import conv
from .kernels import CHOICES
from .pytorch import LAYOUTS, PyTorch
from .timing import Timer, in_turns, timer


class Shape(NamedTuple):
    """A convolution of square pictures, padded by half its kernel."""

    c_in: int
    c_out: int
    side: int  # of the picture, pixels
    size: int = 3  # of the kernel, pixels
    stride: int = 1

    def __str__(self) -> str:
        step = f", stride {self.stride}" if self.stride > 1 else ""
        return f"{self.c_in} → {self.c_out}, {self.size}×{self.size}{step}, {self.side}×{self.side} pixels"

    def flops(self, n: int) -> int:
        """Operations of y, dw and dx for n pictures: 3 · 2 · N·Ho·Wo · kh·kw·Cin·Cout."""
        return 6 * n * (self.side // self.stride) ** 2 * self.size**2 * self.c_in * self.c_out

    def traffic(self, n: int) -> int:
        """Bytes that must move whatever the method: x, dx, y and dy once each, w and dw likewise, in float32."""
        pictures = n * (self.side**2 * self.c_in + (self.side // self.stride) ** 2 * self.c_out)
        return 4 * 2 * (pictures + self.size**2 * self.c_in * self.c_out)


SHAPES = (
    Shape(3, 32, 32),
    Shape(16, 16, 32),
    Shape(32, 64, 16),
    Shape(64, 64, 32),
    Shape(64, 128, 32, stride=2),
    Shape(128, 128, 16),
    Shape(256, 256, 8),
    Shape(64, 128, 32, size=1, stride=2),
)
KERNELS = {conv: "im2col", columns: "im2col in pieces", winograd: "Winograd"}
CORNER = 8  # pixels and channels that the loops get: they take as long for each multiplication of a larger picture


def measure(shape: Shape, n: int, rounds: int, pytorch: PyTorch | None, loops: bool = True) -> dict[str, Any]:
    """Time one shape with every kernel, in turns.

    Args:
        shape: the convolution.
        n: pictures.
        rounds: how often each is timed.
        pytorch: the opponent, on one thread too; or None.
        loops: whether to time the plain loops, on a corner of one picture.

    Returns:
        The shape, its arithmetic intensity (operations a byte), which kernel the chooser takes, and
        {kernel: {"images_per_second", "gflops"}}; those of the loops are worked out from the corner.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, shape.side, shape.side, shape.c_in)).astype(np.float32)
    w = rng.standard_normal((shape.size, shape.size, shape.c_in, shape.c_out)).astype(np.float32)
    pad = shape.size // 2
    kernels = [choose(w.shape, shape.stride, pad) for choose in CHOICES.values()]
    timers: dict[str, Timer] = {
        name: timer(partial(_both_passes, kernel, x, w, shape.stride, pad))
        for kernel, name in KERNELS.items()
        if kernel in kernels
    }
    if pytorch:
        for layout in LAYOUTS:
            timers[f"PyTorch, {layout}"] = partial(pytorch.ask, "convolution", x, w, shape.stride, pad, layout)
    with Workers(1):
        medians = {name: float(np.median(times)) for name, times in in_turns(timers, rounds).items()}
    rates = {name: _rate(shape, n, seconds) for name, seconds in medians.items()}
    chosen = KERNELS[CHOICES["chosen"](w.shape, shape.stride, pad)]
    if loops:
        small = shape._replace(c_in=min(CORNER, shape.c_in), c_out=min(CORNER, shape.c_out), side=CORNER)
        corner = x[:1, :CORNER, :CORNER, :CORNER], w[:, :, :CORNER, :CORNER]
        seconds = timer(partial(_both_passes, CHOICES["loops"](), *corner, shape.stride, pad))()
        rates = {"loops": _rate(shape, 1, seconds * shape.flops(1) / small.flops(1))} | rates
    return {"shape": str(shape), "intensity": shape.flops(n) / shape.traffic(n), "chosen": chosen, "rates": rates}


def _both_passes(kernel: Any, x: np.ndarray, w: np.ndarray, stride: int, pad: int) -> None:
    y, cache = kernel.conv2d_forward(x, w, None, stride, pad)
    kernel.conv2d_backward(y, cache)


def _rate(shape: Shape, n: int, seconds: float) -> dict[str, float]:
    return {"images_per_second": n / seconds, "gflops": shape.flops(n) / seconds / 1e9}
