"""The kernels of a convolution: how a network is made to use one; and each of them timed, on one core."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..fast import columns, winograd
from ..fast import conv as fast
from ..fast.workers import Workers
from ..ops import conv, reference
from .pytorch import LAYOUTS, PyTorch
from .timing import Timer, in_turns, timer


class Shape(NamedTuple):
    """A convolution of square images, padded by half its kernel."""

    c_in: int
    c_out: int
    side: int  # of the image, pixels
    size: int = 3  # of the kernel, pixels
    stride: int = 1

    def __str__(self) -> str:
        step = f", stride {self.stride}" if self.stride > 1 else ""
        return f"{self.c_in} → {self.c_out}, {self.size}×{self.size}{step}, {self.side}×{self.side} pixels"

    def flops(self, n: int) -> int:
        """Operations of y, dw and dx for n images: 3 · 2 · N·Ho·Wo · kh·kw·Cin·Cout."""
        return 6 * n * (self.side // self.stride) ** 2 * self.size**2 * self.c_in * self.c_out

    def traffic(self, n: int) -> int:
        """Bytes that must move whatever the method: x, dx, y and dy once each, w and dw likewise, in float32."""
        images = n * (self.side**2 * self.c_in + (self.side // self.stride) ** 2 * self.c_out)
        return 4 * 2 * (images + self.size**2 * self.c_in * self.c_out)


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
CHOICES: dict[str, Callable[..., Any]] = {
    "loops": lambda *shape: reference,
    "im2col": lambda *shape: conv,
    "im2col in pieces": partial(fast.choose, min_channels=1 << 30),  # never Winograd
    "Winograd": partial(fast.choose, min_channels=1),
    "chosen": fast.choose,
}
CORNER = 8  # pixels and channels that the loops get: they take as long for each multiplication of a larger image


@contextmanager
def replaced(module: Any, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """Another function in a module; `unittest.mock` would add asyncio's 3 MiB to the memory that `loop` measures."""
    before = getattr(module, name)
    setattr(module, name, function)
    try:
        yield
    finally:
        setattr(module, name, before)


using = partial(replaced, fast, "choose")  # `with using(choose)`: choose says which kernel a layer's convolution takes


def measure(shape: Shape, n: int, rounds: int, pytorch: PyTorch | None, loops: bool = True) -> dict[str, Any]:
    """Time one shape with every kernel, and PyTorch on one thread too, in turns.

    `loops` adds the plain loops, extrapolated from a corner of one image. The shape's intensity is in operations per
    byte, "rates" is {kernel: {"images_per_second", "gflops"}}.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, shape.side, shape.side, shape.c_in)).astype(np.float32)
    w = rng.standard_normal((shape.size, shape.size, shape.c_in, shape.c_out)).astype(np.float32)
    pad = shape.size // 2
    kernels = {name: choose(w.shape, shape.stride, pad) for name, choose in CHOICES.items()}
    timers: dict[str, Timer] = {
        name: timer(partial(_both_passes, kernel, x, w, shape.stride, pad))
        for kernel, name in KERNELS.items()
        if kernel in kernels.values()
    }
    if pytorch:
        for layout in LAYOUTS:
            timers[f"PyTorch, {layout}"] = partial(pytorch.ask, "convolution", x, w, shape.stride, pad, layout)
    with Workers(1):
        medians = {name: float(np.median(times)) for name, times in in_turns(timers, rounds).items()}
    rates = {name: _rate(shape, n, seconds) for name, seconds in medians.items()}
    if loops:
        small = shape._replace(c_in=min(CORNER, shape.c_in), c_out=min(CORNER, shape.c_out), side=CORNER)
        corner = x[:1, :CORNER, :CORNER, :CORNER], w[:, :, :CORNER, :CORNER]
        seconds = timer(partial(_both_passes, kernels["loops"], *corner, shape.stride, pad))()
        rates = {"loops": _rate(shape, 1, seconds * shape.flops(1) / small.flops(1))} | rates
    chosen = KERNELS[kernels["chosen"]]
    return {"shape": str(shape), "intensity": shape.flops(n) / shape.traffic(n), "chosen": chosen, "rates": rates}


def _both_passes(kernel: Any, x: np.ndarray, w: np.ndarray, stride: int, pad: int) -> None:
    y, cache = kernel.conv2d_forward(x, w, None, stride, pad)
    kernel.conv2d_backward(y, cache)


def _rate(shape: Shape, n: int, seconds: float) -> dict[str, float]:
    return {"images_per_second": n / seconds, "gflops": shape.flops(n) / seconds / 1e9}
