"""PyTorch's side of the benchmark. Imported in a process of its own only; the one place in the package that may.

`twin` builds from any network of ours the modules that a PyTorch user would write for it.
"""

import time
from collections import OrderedDict
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional as F  # pyright: ignore[reportMissingImports]

from .. import containers as compose
from .. import layers, ops
from ..tree import Tree, tree_items

FORMATS = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}
LEAVES = {"w": "weight", "b": "bias", "gamma": "weight", "beta": "bias"} | {
    f"{kind}{k}": f"fc{k}.{name}" for kind, name in (("w", "weight"), ("b", "bias")) for k in (1, 2)
}


class Residual(nn.Module):
    """y = branch(x) + shortcut(x)."""

    def __init__(self, parts: dict[str, nn.Module]):
        super().__init__()
        self.branch = parts["branch"]
        self.shortcut = parts.get("shortcut", nn.Identity())

    def forward(self, x: Any) -> Any:
        """The sum."""
        return self.branch(x) + self.shortcut(x)


class SE(nn.Module):
    """The block as PyTorch users write it: average squeeze, two linear layers, sigmoid."""

    def __init__(self, c: int, hidden: int, bias: bool):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(c, hidden, bias), nn.Linear(hidden, c, bias)

    def forward(self, u: Any) -> Any:
        """Every channel times its gate."""
        s = torch.sigmoid(self.fc2(F.relu(self.fc1(u.mean((2, 3))))))
        return u * s[:, :, None, None]


def twin(layer: Any) -> nn.Module:
    """The PyTorch module that computes what a layer of ours computes, with parameters of its own."""
    match layer:
        case compose.Sequential():
            return nn.Sequential(OrderedDict((name, twin(child)) for name, child in layer.layers.items()))
        case compose.Residual():
            return Residual({name: twin(part) for name, part in layer.parts.items()})
        case layers.Conv2D():
            pad = layer.size // 2
            return nn.Conv2d(layer.c_in, layer.c_out, layer.size, layer.stride, pad, bias=layer.bias)
        case layers.BatchNorm():
            return nn.BatchNorm2d(layer.c, layer.eps, layer.momentum)
        case layers.Linear():
            return nn.Linear(layer.d, layer.m, layer.bias)
        case layers.SE() if (layer.squeeze, layer.gate) == ("avg", "sigmoid"):
            return SE(layer.fc1.d, layer.fc1.m, layer.fc1.bias)
        case layers.Function() if layer.op_forward is ops.relu_forward:
            return nn.ReLU()
        case layers.Function() if layer.op_forward is ops.max_pool2d_forward:
            return nn.MaxPool2d(**{"kernel_size": layer.options["size"], "stride": layer.options["stride"]})
        case layers.Function() if layer.op_forward is ops.global_avg_pool_forward:
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    raise ValueError(f"there is no PyTorch twin of {layer!r}")


class Side:
    """What can be asked for over the line."""

    def begin(self, threads: int) -> str:
        """Compute with that many threads; returns PyTorch's version."""
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        return torch.__version__

    def take(self, net: Any, params: Tree, state: Tree, x: np.ndarray, labels: np.ndarray) -> None:
        """Take over a network of ours with its parameters, and a minibatch."""
        self.layer, self.params = net, dict(tree_items(params))
        self.x, self.labels = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels)
        self.built: dict[tuple[str, str], nn.Module] = {}
        torch._dynamo.reset()  # or its limit of recompilations, met by the last network, would hold this one back

    def gradients(self, micro_batch: int) -> tuple[float, dict[str, np.ndarray]]:
        """Loss, and gradients under our names and in our layout."""
        net = self._net("eager", "contiguous")
        loss = _step(net, self.x, self.labels, micro_batch)
        grads = {path: _to_ours(net.get_parameter(_theirs(path)).grad) for path in self.params}
        return loss, grads

    def step(self, kind: str, layout: str, micro_batch: int) -> float:
        """The seconds of one training step."""
        net, x = self._net(kind, layout), self.x.contiguous(memory_format=FORMATS[layout])
        began = time.perf_counter()
        _step(net, x, self.labels, micro_batch)
        return time.perf_counter() - began

    def convolution(self, x: np.ndarray, w: np.ndarray, stride: int, pad: int, layout: str) -> float:
        """The seconds of one convolution, forward and backward."""
        images = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=FORMATS[layout]).requires_grad_()
        kernel = torch.from_numpy(w.transpose(3, 2, 0, 1).copy()).contiguous(memory_format=FORMATS[layout])
        kernel.requires_grad_()
        dy = torch.ones_like(F.conv2d(images, kernel, None, stride, pad))
        began = time.perf_counter()
        F.conv2d(images, kernel, None, stride, pad).backward(dy)
        return time.perf_counter() - began

    def _net(self, kind: str, layout: str) -> nn.Module:
        if (kind, layout) not in self.built:
            net = twin(self.layer).to(self.x.dtype)
            with torch.no_grad():
                for path, array in self.params.items():
                    net.get_parameter(_theirs(path)).copy_(_to_theirs(array))
            net = net.to(memory_format=FORMATS[layout])  # pyright: ignore[reportCallIssue]
            self.built[kind, layout] = torch.compile(net, dynamic=False) if kind == "compiled" else net  # pyright: ignore
        return self.built[kind, layout]


def _step(net: nn.Module, x: Any, labels: Any, micro_batch: int) -> float:
    """Forward, loss, backward, in pieces of `micro_batch`; returns the mean loss."""
    net.zero_grad(set_to_none=True)
    total = 0.0
    for start in range(0, len(labels), micro_batch):
        piece = slice(start, start + micro_batch)
        loss = F.cross_entropy(net(x[piece]), labels[piece], reduction="sum") / len(labels)
        loss.backward()
        total += loss.item()
    return total


def _theirs(path: str) -> str:
    *parents, leaf = path.split(".")
    return ".".join((*parents, LEAVES[leaf]))


def _to_theirs(array: np.ndarray) -> Any:
    """Kernels (kh, kw, cin, cout) → (cout, cin, kh, kw); matrices transposed; vectors as they are."""
    return torch.from_numpy(array.transpose({4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[array.ndim]).copy())


def _to_ours(tensor: Any) -> np.ndarray:
    return tensor.permute({4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[tensor.ndim]).contiguous().numpy().copy()
