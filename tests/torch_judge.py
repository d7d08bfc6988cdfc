"""What PyTorch makes of all that the package computes: the same arguments, the same layout, autograd's gradients.

Needs PyTorch (2.13.0 made the fixture). `make_fixtures.py` writes down what the judge says, and `test_pytorch.py`
asks it live; no other test imports this file. Each function here has the arguments of our op's forward pass.
Transposing between our N,H,W,C and PyTorch's N,C,H,W happens inside, so autograd hands back our layout.
"""

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from senet_np.bench import pytorch_nets
from senet_np.runs.interchange import pytorch_name, to_pytorch
from senet_np.se import hidden_width
from senet_np.tree import tree_build

torch.set_num_threads(1)  # the arrays are small: threads would only wait for one another
CONSTANTS = ("mean", "var")  # float arguments that have no gradient


def nchw(x):
    return x.permute(0, 3, 1, 2).contiguous()  # some of PyTorch's convolutions refuse anything else


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def conv2d(x, w, b, stride=1, pad=1):
    return nhwc(F.conv2d(nchw(x), w.permute(3, 2, 0, 1).contiguous(), b, stride, pad))


def depthwise_conv2d(x, w, b, stride=1, pad=1):
    return nhwc(F.conv2d(nchw(x), w.permute(2, 0, 1)[:, None].contiguous(), b, stride, pad, groups=w.shape[2]))


def linear(x, w, b):
    return F.linear(x, w.T, b)


def relu(x):
    return torch.relu(x)


def sigmoid(x):
    return torch.sigmoid(x)


def tanh(x):
    return torch.tanh(x)


def hard_sigmoid(x):
    return F.relu6(x + 3) / 6  # F.hardsigmoid's own backward pass takes a float32's sixth in float64 too


def hard_swish(x):
    return F.hardswish(x)


def global_avg_pool(x):
    return F.adaptive_avg_pool2d(nchw(x), 1).flatten(1)


def global_max_pool(x):
    return F.adaptive_max_pool2d(nchw(x), 1).flatten(1)


def max_pool2d(x, size, stride, pad=0, ceil=False):
    if 2 * pad <= size:
        return nhwc(F.max_pool2d(nchw(x), size, stride, pad, ceil_mode=ceil))
    framed = F.pad(nchw(x), (pad, pad, pad, pad), value=-torch.inf)  # its own padding ends at half a window
    y = F.max_pool2d(framed, size, stride, ceil_mode=ceil)
    down, across = ((length + pad - 1) // stride + 1 for length in x.shape[1:3])  # windows that begin in the image
    return nhwc(y[:, :, :down, :across])


def avg_pool2d(x, size, stride):
    return nhwc(F.avg_pool2d(nchw(x), size, stride))


def channel_scale(u, s):
    return nhwc(nchw(u) * s[:, :, None, None])


def batch_norm(x, gamma, beta, mean=None, var=None, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1])
    return F.batch_norm(rows, mean, var, gamma, beta, training=mean is None, eps=eps).reshape(x.shape)


def softmax_cross_entropy(logits, labels, label_smoothing=0.0):
    return F.cross_entropy(logits, labels, label_smoothing=label_smoothing)


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
        *(
            conv2d,
            depthwise_conv2d,
            linear,
            relu,
            sigmoid,
            tanh,
            hard_sigmoid,
            hard_swish,
            global_avg_pool,
            global_max_pool,
            max_pool2d,
            avg_pool2d,
        ),
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


def tiny_net(params: dict[str, np.ndarray]) -> torch.nn.Module:
    """The tiny net of `bench/pytorch_nets.py` with our parameters, given by path: "stage1.conv.w" and so on."""
    widths = [array.shape[3] for path, array in sorted(params.items()) if path.endswith("conv.w")]
    hidden = [array.shape[1] for path, array in sorted(params.items()) if path.endswith("se.w1")]
    ratios = (r for r in range(1, max(widths) + 1) if hidden == [hidden_width(c, r) for c in widths])
    net = pytorch_nets.tiny(bool(hidden), widths, len(params["head.fc.b"]), reduction=next(ratios, 1))
    weights = {name: torch.from_numpy(array) for name, array in to_pytorch(tree_build(params), {}).items()}
    net = net.to(weights["head.fc.weight"].dtype)
    net.load_state_dict({**net.state_dict(), **weights})  # running statistics stay as they are
    return net


def judge_net(params: dict[str, np.ndarray], images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """One forward and backward pass in training mode, then an evaluation with the moved running statistics.

    Returns:
        "logits", "loss", "dimages", "grads/<path>", "state/<path>" and "logits in evaluation".
    """
    net, x = tiny_net(params), torch.from_numpy(images.copy()).requires_grad_()
    logits = net(nchw(x))
    loss = F.cross_entropy(logits, torch.from_numpy(labels))
    loss.backward()
    with torch.no_grad():
        evaluated = net.eval()(nchw(x))
    places = {path: pytorch_name(path, array) for path, array in params.items()}
    norms = {path.removesuffix(".gamma") for path in params if path.endswith(".gamma")}
    return {
        "logits": logits.detach().numpy(),
        "loss": loss.detach().numpy(),
        "dimages": x.grad.numpy(),
        **{f"grads/{p}": how.from_pytorch(net.get_parameter(name).grad.numpy()) for p, (name, how) in places.items()},
        **{f"state/{path}.mean": net.get_submodule(path).running_mean.numpy() for path in norms},
        **{f"state/{path}.var": net.get_submodule(path).running_var.numpy() for path in norms},
        "logits in evaluation": evaluated.numpy(),
    }


def judge_training(params: dict, images: np.ndarray, labels: np.ndarray, steps: int, lr: float) -> np.ndarray:
    """The losses of the first steps of training on one batch, each taken before its step.

    SGD as in `train/optimizers.py`: Nesterov momentum 0.9, weight decay 5e-4 on matrices and kernels alone.
    """
    net, x, y = tiny_net(params), nchw(torch.from_numpy(images)), torch.from_numpy(labels)
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
