"""PyTorch's word on everything that the package computes: the same arguments, the same layout, autograd's gradients.

Needs PyTorch (2.13.0 made the fixture). `make_fixtures.py` writes down what the judge says, and `test_pytorch.py`
asks it live; no other test imports this file. Each twin is a function with the arguments of our op's forward pass.
Transposing between our N,H,W,C and PyTorch's N,C,H,W happens inside the twin, so autograd hands back our layout.
"""

from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)  # the arrays are small: threads would only wait for one another
CONSTANTS = ("mean", "var")  # float arguments that have no gradient


def nchw(x):
    return x.permute(0, 3, 1, 2).contiguous()  # some of PyTorch's convolutions refuse anything else


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def conv2d(x, w, b, stride=1, pad=1):
    return nhwc(F.conv2d(nchw(x), w.permute(3, 2, 0, 1).contiguous(), b, stride, pad))


def linear(x, w, b):
    return F.linear(x, w.T, b)


def relu(x):
    return torch.relu(x)


def sigmoid(x):
    return torch.sigmoid(x)


def tanh(x):
    return torch.tanh(x)


def global_avg_pool(x):
    return F.adaptive_avg_pool2d(nchw(x), 1).flatten(1)


def global_max_pool(x):
    return F.adaptive_max_pool2d(nchw(x), 1).flatten(1)


def max_pool2d(x, size, stride, pad=0):
    framed = F.pad(nchw(x), (pad, pad, pad, pad), value=-torch.inf)  # its own padding ends at half a window
    return nhwc(F.max_pool2d(framed, size, stride))


def avg_pool2d(x, size, stride):
    return nhwc(F.avg_pool2d(nchw(x), size, stride))


def channel_scale(u, s):
    return nhwc(nchw(u) * s[:, :, None, None])


def batch_norm(x, gamma, beta, mean=None, var=None, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1])
    return F.batch_norm(rows, mean, var, gamma, beta, training=mean is None, eps=eps).reshape(x.shape)


def softmax_cross_entropy(logits, labels):
    return F.cross_entropy(logits, labels)


def se(u, w1, b1, w2, b2, squeeze="avg", gate="sigmoid"):
    z = {"avg": global_avg_pool, "max": global_max_pool}[squeeze](u)
    e = linear(torch.relu(linear(z, w1, b1)), w2, b2)
    return channel_scale(u, TWINS[gate](e))


def se_per_position(u, w1, b1, w2, b2, gate="sigmoid"):
    return u * TWINS[gate](F.linear(torch.relu(F.linear(u, w1.T, b1)), w2.T, b2))


def se_avg_max(u, w1, b1, w2, b2, gate="sigmoid"):
    avg, best = (linear(torch.relu(linear(z, w1, b1)), w2, b2) for z in (global_avg_pool(u), global_max_pool(u)))
    return channel_scale(u, TWINS[gate](avg + best))


def eca(u, w, gate="sigmoid"):
    e = F.conv1d(global_avg_pool(u)[:, None], w[None, None], padding=len(w) // 2)[:, 0]
    return channel_scale(u, TWINS[gate](e))


TWINS = {
    twin.__name__: twin
    for twin in (
        *(conv2d, linear, relu, sigmoid, tanh, global_avg_pool, global_max_pool, max_pool2d, avg_pool2d),
        *(channel_scale, batch_norm, softmax_cross_entropy, se, se_per_position, se_avg_max, eca),
    )
}


def judge(op: str, args: dict[str, Any], dy: np.ndarray | None) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """What PyTorch makes of an op: y, and {"d" + name: gradient} for the upstream gradient dy.

    Args:
        op: the promised name, "conv2d", "se", ...
        args: the forward pass's arguments by name, as our op takes them.
        dy: ∂L/∂y, an array of y's shape (0-d where y is a scalar); or None for y alone.

    Returns:
        y and the gradients of all float arguments, NumPy arrays in our layout.
    """
    given = {name: torch.from_numpy(a.copy()) if isinstance(a, np.ndarray) else a for name, a in args.items()}
    leaves = {
        name: t.requires_grad_()
        for name, t in given.items()
        if isinstance(t, torch.Tensor) and t.is_floating_point() and name not in CONSTANTS
    }
    y = TWINS[op](**given)
    if dy is not None:
        y.backward(torch.from_numpy(np.array(dy)))
    return y.detach().numpy(), {f"d{name}": leaf.grad.numpy() for name, leaf in leaves.items() if dy is not None}


# The tiny net. Our names of the parameters, and PyTorch's.
NAMES = {
    "conv.w": "conv.weight",
    "bn.gamma": "bn.weight",
    "bn.beta": "bn.bias",
    "bn.mean": "bn.running_mean",
    "bn.var": "bn.running_var",
    "se.w1": "se.fc1.weight",
    "se.b1": "se.fc1.bias",
    "se.w2": "se.fc2.weight",
    "se.b2": "se.fc2.bias",
    "fc.w": "fc.weight",
    "fc.b": "fc.bias",
}


class SEBlock(nn.Module):
    """The SE block as PyTorch users write it: average squeeze, sigmoid gate, biases."""

    def __init__(self, c: int, hidden: int):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(c, hidden), nn.Linear(hidden, c)

    def forward(self, u):
        s = torch.sigmoid(self.fc2(torch.relu(self.fc1(u.mean((2, 3))))))
        return u * s[:, :, None, None]


class TinyTwin(nn.Sequential):
    """The tiny net with our weights in it; images go in as (N, H, W, 3)."""

    def __init__(self, params: dict[str, np.ndarray]):
        """Build the net whose parameters are given by path, "stage1.conv.w" and so on."""
        stages = sorted({path.split(".")[0] for path in params} - {"head"})
        layers = OrderedDict((stage, self._stage(stage, params, stage == stages[-1])) for stage in stages)
        d, classes = params["head.fc.w"].shape
        pool = nn.AdaptiveAvgPool2d(1)
        layers["head"] = nn.Sequential(OrderedDict(pool=pool, flat=nn.Flatten(), fc=nn.Linear(d, classes)))
        super().__init__(layers)
        self.to(torch.from_numpy(params["head.fc.w"]).dtype)
        with torch.no_grad():
            for path, array in params.items():
                self.get_parameter(_theirs(path)).copy_(_to_torch(array))

    @staticmethod
    def _stage(stage: str, params: dict[str, np.ndarray], last: bool) -> nn.Sequential:
        _, _, c_in, c = params[f"{stage}.conv.w"].shape
        layers = OrderedDict(conv=nn.Conv2d(c_in, c, 3, padding=1, bias=False), bn=nn.BatchNorm2d(c), relu=nn.ReLU())
        if f"{stage}.se.w1" in params:
            layers["se"] = SEBlock(*params[f"{stage}.se.w1"].shape)
        if not last:
            layers["pool"] = nn.MaxPool2d(2, 2)
        return nn.Sequential(layers)

    def forward(self, images):
        return super().forward(nchw(images))

    def ours(self, path: str, gradient: bool = False) -> np.ndarray:
        """The parameter, gradient or running statistic that stands at our path, in our layout."""
        theirs = {**dict(self.named_parameters()), **dict(self.named_buffers())}[_theirs(path)]
        return _to_ours((theirs.grad if gradient else theirs).detach())


def judge_net(params: dict[str, np.ndarray], images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """One forward and backward pass in training mode, then an evaluation with the moved running statistics.

    Returns:
        "logits", "loss", "dimages", "grads/<path>", "state/<path>" and "logits in evaluation".
    """
    net, x = TinyTwin(params), torch.from_numpy(images.copy()).requires_grad_()
    logits = net(x)
    loss = F.cross_entropy(logits, torch.from_numpy(labels))
    loss.backward()
    statistics = [f"{path[: -len('gamma')]}{name}" for path in params if "bn.gamma" in path for name in ("mean", "var")]
    with torch.no_grad():
        evaluated = net.eval()(x)
    return {
        "logits": logits.detach().numpy(),
        "loss": loss.detach().numpy(),
        "dimages": x.grad.numpy(),
        **{f"grads/{path}": net.ours(path, gradient=True) for path in params},
        **{f"state/{path}": net.ours(path) for path in statistics},
        "logits in evaluation": evaluated.numpy(),
    }


def judge_training(params: dict, images: np.ndarray, labels: np.ndarray, steps: int, lr: float) -> np.ndarray:
    """The losses of the first steps of training on one batch, each taken before its step.

    SGD as in `training/optim.py`: Nesterov momentum 0.9, weight decay 5e-4 on matrices and kernels alone.
    """
    net, x, y = TinyTwin(params), torch.from_numpy(images), torch.from_numpy(labels)
    matrices = [p for p in net.parameters() if p.ndim >= 2]
    vectors = [p for p in net.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 5e-4}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=lr, momentum=0.9, nesterov=True)
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def _theirs(path: str) -> str:
    stage, name = path.split(".", 1)
    return f"{stage}.{NAMES[name]}"


def _to_torch(array: np.ndarray) -> torch.Tensor:
    """Kernels (kh, kw, cin, cout) → (cout, cin, kh, kw); matrices transposed; vectors as they are."""
    return torch.from_numpy(array.transpose({4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[array.ndim]).copy())


def _to_ours(tensor: torch.Tensor) -> np.ndarray:
    return tensor.permute({4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[tensor.ndim]).contiguous().numpy().copy()
