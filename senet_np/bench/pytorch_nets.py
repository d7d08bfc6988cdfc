# pyright: reportMissingImports=false
"""The networks of senet_np in PyTorch, for weights that travel between the two. The benchmark's opponents are the same.

This file needs PyTorch alone: copy it to where you work. Names and shapes in each `state_dict` are those of the files
that `senet-np export` writes, so `load_state_dict` is strict:

    import json
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file
    from pytorch_nets import build

    with safe_open("mine.safetensors", "pt") as file:
        about = json.loads(file.metadata()["senet_np"])   # settings, data, mean, std, test
    net = build(about["settings"])                        # for example tiny(gate="tanh")
    net.load_state_dict(load_file("mine.safetensors"))
    net.eval()                                            # running statistics, as in `senet-np evaluate`

    mean, std = torch.tensor(about["mean"]), torch.tensor(about["std"])
    x = (images - mean) / std                             # (N, 32, 32, 3), pixel values 0 to 255, red-green-blue
    logits = net(x.permute(0, 3, 1, 2))                   # channels before rows and columns: NHWC → NCHW

From an .npz instead, without safetensors:

    file = dict(numpy.load("mine.npz"))
    about = json.loads(json.loads(str(file.pop("__metadata__")))["senet_np"])
    net = build(about["settings"])
    net.load_state_dict({name: torch.from_numpy(array) for name, array in file.items()})

The settings of the attention blocks are keywords of every network:

    attention  "se", or "eca": one kernel that slides along the channels
    reduction  reduction ratio r: max(2, C // r) hidden units
    squeeze    "avg", "max", "none" (a gate for each position) or "avg+max"
    gate       "sigmoid", "tanh", "relu" or "hard_sigmoid"
    se_bias    whether the two linear layers have biases
    position   on a residual block: "standard", "pre", "post" or "identity"
    stages     the numbers of the stages that carry a block, from 1; empty for all

Source: Hu et al. 2019, "Squeeze-and-Excitation Networks"; Wang et al. 2020, "ECA-Net"; Woo et al. 2018, "CBAM".
"""

from collections import OrderedDict
from functools import partial
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

GATES = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "hard_sigmoid": F.hardsigmoid}


class SE(nn.Module):
    """Squeeze-and-Excitation: every channel times a gate that is computed from the image itself."""

    def __init__(self, channels, reduction=4, squeeze="avg", gate="sigmoid", se_bias=True):
        super().__init__()
        hidden = max(2, channels // reduction)
        self.fc1, self.fc2 = nn.Linear(channels, hidden, se_bias), nn.Linear(hidden, channels, se_bias)
        self.squeeze, self.gate = squeeze, GATES[gate]

    def excitation(self, z):
        """Two linear layers over the last axis, (..., C) → (..., C); the gate function comes after."""
        return self.fc2(F.relu(self.fc1(z)))

    def forward(self, u):
        """(N, C, H, W) → (N, C, H, W)."""
        if self.squeeze == "none":  # each position has its own gates
            return u * self.gate(self.excitation(u.movedim(1, -1))).movedim(-1, 1)
        means = [u.mean((2, 3))] if "avg" in self.squeeze else []
        maxima = [u.amax((2, 3))] if "max" in self.squeeze else []
        first, *second = (self.excitation(z) for z in means + maxima)
        s = self.gate(sum(second, first))
        return u * s[:, :, None, None]


class ECA(nn.Module):
    """Efficient channel attention: a gate depends on a few neighboring channels, about half of log₂ C, made odd."""

    def __init__(self, channels, gate="sigmoid"):
        super().__init__()
        k = channels.bit_length() // 2 | 1
        self.conv, self.gate = nn.Conv1d(1, 1, k, padding=k // 2, bias=False), GATES[gate]

    def forward(self, u):
        """(N, C, H, W) → (N, C, H, W)."""
        s = self.gate(self.conv(u.mean((2, 3))[:, None]))[:, 0]
        return u * s[:, :, None, None]


def block(stage, channels, at="standard", se=True, attention="se", position="standard", stages=(), **options):
    """What stands at a place where a block may stand: {"se": block}, or {} where none is wanted."""
    if not se or at != position or (stages and stage not in stages):
        return {}
    return {"se": ECA(channels, options.get("gate", "sigmoid")) if attention == "eca" else SE(channels, **options)}


class Residual(nn.Module):
    """A branch whose output is added to its input, or to the input's projection."""

    def __init__(self, branch, shortcut):
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x):
        """y = branch(x) + shortcut(x)."""
        return self.branch(x) + self.shortcut(x)


def named(**layers):
    """Layers one after the other, each under its name; without any, the identity."""
    return nn.Sequential(OrderedDict(layers))


def conv(c_in, c, kernel_size=3, stride=1):
    """A convolution that keeps the image's size at stride 1. The batch norm that follows has the bias."""
    return nn.Conv2d(c_in, c, kernel_size, stride, padding=kernel_size // 2, bias=False)


def unit(c_in, c, kernel_size=3, **more):
    """Convolution, batch norm, ReLU, and what else is to follow."""
    return named(conv=conv(c_in, c, kernel_size), bn=nn.BatchNorm2d(c), relu=nn.ReLU(), **more)


def head(c, classes):
    """Global average pooling and a linear layer."""
    return named(pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), fc=nn.Linear(c, classes))


def tiny(se=True, widths=(32, 64, 128), classes=10, **attention):
    """The tiny SE-CNN: three stages of convolution, batch norm, ReLU, SE."""
    attach, stages = partial(block, se=se, **attention), {}
    for k, (c_in, c) in enumerate(pairwise((3, *widths)), start=1):
        pool = {"pool": nn.MaxPool2d(2)} if k < len(widths) else {}
        stages[f"stage{k}"] = unit(c_in, c, 3, **attach(k, c), **pool)
    return named(**stages, head=head(widths[-1], classes))


def vgg(se=True, widths=(32, 64, 128), convs=2, classes=10, **attention):
    """Two convolutions per stage, each with batch norm, ReLU and SE."""
    attach, stages = partial(block, se=se, **attention), {}
    for k, (c_in, c) in enumerate(pairwise((3, *widths)), start=1):
        pool = {"pool": nn.MaxPool2d(2)} if k < len(widths) else {}
        units = {f"unit{j + 1}": unit(c if j else c_in, c, 3, **attach(k, c)) for j in range(convs)}
        stages[f"stage{k}"] = named(**units, **pool)
    return named(**stages, head=head(widths[-1], classes))


def sprint(se=True, widths=(64, 192, 192), classes=10, frozen=True, **attention):
    """A frozen first convolution, then stages of two convolutions; each stage pools right after its first one."""
    attach = partial(block, se=se, **attention)
    stem = {"conv": conv(3, 32).requires_grad_(False), "relu": nn.ReLU()}
    stages = {"stem": named(**stem) if frozen else unit(3, 32)}
    for k, (c_in, c) in enumerate(pairwise((32, *widths)), start=1):
        first = {"conv1": conv(c_in, c), "pool": nn.MaxPool2d(2), "bn1": nn.BatchNorm2d(c), "relu1": nn.ReLU()}
        second = {"conv2": conv(c, c), "bn2": nn.BatchNorm2d(c), "relu2": nn.ReLU()}
        stages[f"stage{k}"] = named(**first, **second, **attach(k, c))
    return named(**stages, head=head(widths[-1], classes))


def resnet(se=True, widths=(16, 32, 64), blocks=3, classes=10, **attention):
    """The residual network for CIFAR: ResNet-20 with 3 blocks per stage; 5, 7, 9 and 18 make 32, 44, 56 and 110."""
    attach, stages = partial(block, se=se, **attention), {}
    for k, (c_in, c) in enumerate(pairwise((widths[0], *widths)), start=1):
        first = residual_block(k, c_in, c, 2 if k > 1 else 1, attach)
        others = {f"block{j}": residual_block(k, c, c, 1, attach) for j in range(2, blocks + 1)}
        stages[f"stage{k}"] = named(block1=first, **others)
    return named(stem=unit(3, widths[0]), **stages, head=head(widths[-1], classes))


def residual_block(stage, c_in, c, stride, attach):
    """Two convolutions and the shortcut; the attention block stands at one of four places, and is called se at each."""
    branch = named(
        **attach(stage, c_in, "pre"),
        conv1=conv(c_in, c, stride=stride),
        bn1=nn.BatchNorm2d(c),
        relu=nn.ReLU(),
        conv2=conv(c, c),
        bn2=nn.BatchNorm2d(c),
        **attach(stage, c, "standard"),
    )
    projection = {"conv": conv(c_in, c, 1, stride), "bn": nn.BatchNorm2d(c)} if stride > 1 or c_in != c else {}
    shortcut = named(**projection, **attach(stage, c, "identity"))
    return named(residual=Residual(branch, shortcut), relu=nn.ReLU(), **attach(stage, c, "post"))


def inception(se=True, widths=(128, 256), modules=2, classes=10, **attention):
    """Modules of four branches; SE weighs each module as a whole."""
    attach, stages = partial(block, se=se, **attention), {}
    for k, (c_in, c) in enumerate(pairwise((widths[0] // 2, *widths)), start=1):
        first = named(branches=Branches(c_in, c), **attach(k, c))
        others = {f"module{j}": named(branches=Branches(c, c), **attach(k, c)) for j in range(2, modules + 1)}
        stages[f"stage{k}"] = named(pool=nn.MaxPool2d(2), module1=first, **others)
    return named(stem=unit(3, widths[0] // 2), **stages, head=head(widths[-1], classes))


class Branches(nn.ModuleDict):
    """1×1, 3×3 and 5×5 convolutions and max pooling of the same input, concatenated along the channels."""

    def __init__(self, c_in, c):
        c3, c5 = c // 2, c // 8
        super().__init__()
        self["one"] = unit(c_in, c - c3 - 2 * c5, 1)
        self["three"] = named(reduce=unit(c_in, 3 * c // 8, 1), unit=unit(3 * c // 8, c3))
        self["five"] = named(reduce=unit(c_in, c // 16, 1), unit=unit(c // 16, c5, 5))
        self["pool"] = named(pool=nn.MaxPool2d(3, stride=1, padding=1), unit=unit(c_in, c5, 1))

    def forward(self, x):
        """(N, C_in, H, W) → (N, C, H, W)."""
        return torch.cat([branch(x) for branch in self.values()], dim=1)


def build(settings):
    """The network that a file's metadata describe under "settings"."""
    options = dict(settings)
    net = options.pop("net")
    if "excite" in options:  # as version 0.1 wrote it
        options["attention"] = {"fc": "se", "eca": "eca"}[options.pop("excite")]
    whitening = options.pop("whitening", "frozen")
    if net == "sprint":
        return sprint(frozen=whitening == "frozen", **options)
    if net.startswith("resnet"):
        return resnet(blocks=(int(net.removeprefix("resnet")) - 2) // 6, **options)
    return {"tiny": tiny, "vgg": vgg, "inception": inception}[net](**options)
