# pyright: reportMissingImports=false
"""PyTorch's side of the benchmark: what `PyTorch.ask` can call. Imported in a process of its own only."""

import time
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from . import pytorch_nets

FORMATS = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}

_nets: dict[tuple[str, str], Any] = {}  # {("eager" or "compiled", layout): the network that was taken over}
_minibatch: tuple[torch.Tensor, torch.Tensor]  # x (N, 3, H, W) and labels (N,)


def begin(threads: int) -> str:
    """Compute with that many threads; returns PyTorch's version."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    return torch.__version__


def take(
    builder: str, options: dict[str, Any], weights: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray
) -> None:
    """Take over a network of `pytorch_nets`, its weights, and a minibatch x (N, H, W, 3)."""
    global _minibatch
    _minibatch = torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(labels)
    _nets.clear()
    for layout, memory_format in FORMATS.items():
        net = getattr(pytorch_nets, builder)(**options).to(_minibatch[0].dtype)
        net.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        _nets["eager", layout] = net.to(memory_format=memory_format)
    torch._dynamo.reset()  # or its limit of recompilations, met by the last network, would hold this one back


def gradients(micro_batch: int) -> tuple[float, dict[str, np.ndarray]]:
    """The loss, and the gradients under PyTorch's names and in its layout."""
    loss, _ = _step("eager", "contiguous", micro_batch)
    learned = _nets["eager", "contiguous"]
    return loss, {name: p.grad.numpy() for name, p in learned.named_parameters() if p.requires_grad}


def step(kind: str, layout: str, micro_batch: int) -> float:
    """The seconds of one training step."""
    return _step(kind, layout, micro_batch)[1]


def logits() -> np.ndarray:
    """The logits of the minibatch in evaluation mode, (N, K)."""
    return _forward("contiguous")[0].numpy()


def forward(layout: str) -> float:
    """The seconds of one forward pass in evaluation mode."""
    return _forward(layout)[1]


def convolution(x: np.ndarray, w: np.ndarray, stride: int, pad: int, layout: str) -> float:
    """The seconds of one convolution, forward and backward."""
    images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=FORMATS[layout]).requires_grad_()
    kernel = torch.from_numpy(w).permute(3, 2, 0, 1).contiguous(memory_format=FORMATS[layout]).requires_grad_()
    dy = torch.ones_like(F.conv2d(images, kernel, None, stride, pad))
    began = time.perf_counter()
    F.conv2d(images, kernel, None, stride, pad).backward(dy)
    return time.perf_counter() - began


def _forward(layout: str) -> tuple[torch.Tensor, float]:
    """Logits and seconds."""
    net, x = _nets["eager", layout].eval(), _minibatch[0].contiguous(memory_format=FORMATS[layout])
    with torch.inference_mode():
        began = time.perf_counter()
        return net(x), time.perf_counter() - began


def _step(kind: str, layout: str, micro_batch: int) -> tuple[float, float]:
    """Forward, loss, backward, in the pieces that `train.loop.gradients` makes; mean loss, and seconds."""
    if (kind, layout) not in _nets:
        _nets[kind, layout] = torch.compile(_nets["eager", layout], dynamic=False)
    net, x, labels = _nets[kind, layout], _minibatch[0].contiguous(memory_format=FORMATS[layout]), _minibatch[1]
    began, mean, count = time.perf_counter(), 0.0, -(-len(labels) // micro_batch)
    net.zero_grad(set_to_none=True)
    for images, right in zip(x.tensor_split(count), labels.tensor_split(count), strict=True):
        loss = F.cross_entropy(net(images), right, reduction="sum") / len(labels)
        loss.backward()
        mean += loss.item()
    return mean, time.perf_counter() - began
