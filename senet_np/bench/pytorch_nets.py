# pyright: reportMissingImports=false, reportArgumentType=false
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
    reduction  reduction ratio r: max(2, C // r) hidden units; in MobileNetV3 a multiple of 8
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

    def __init__(self, channels, reduction=4, squeeze="avg", gate="sigmoid", se_bias=True, multiple=1):
        super().__init__()
        hidden = round_width(max(2, channels // reduction), multiple)
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


def round_width(channels, multiple):
    """The nearest multiple of a number, itself at least; the next one up where that is less than nine tenths."""
    rounded = max(multiple, int(channels + multiple / 2) // multiple * multiple)
    return rounded if rounded >= 0.9 * channels else rounded + multiple


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


def unit(c_in, c, kernel_size=3, stride=1, **more):
    """Convolution, batch norm, ReLU, and what else is to follow."""
    return named(conv=conv(c_in, c, kernel_size, stride), bn=nn.BatchNorm2d(c), relu=nn.ReLU(), **more)


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


def resnet50(se=True, widths=(64, 128, 256, 512), blocks=(3, 4, 6, 3), classes=1000, caffe=False, **attention):
    """The residual network of bottlenecks; with `caffe`, as the authors of SE have it."""
    attach = partial(block, se=se, **{"reduction": 16, **attention})
    pool = nn.MaxPool2d(3, 2, ceil_mode=True) if caffe else nn.MaxPool2d(3, 2, padding=1)
    stages, c_in = {"stem": unit(3, widths[0], 7, 2, pool=pool)}, widths[0]
    for k, (width, count) in enumerate(zip(widths, blocks, strict=True), start=1):
        stage = {}
        for j in range(1, count + 1):
            stage[f"block{j}"] = bottleneck(k, c_in, width, 2 if k > 1 and j == 1 else 1, caffe, attach)
            c_in = 4 * width
        stages[f"stage{k}"] = named(**stage)
    return named(**stages, head=head(c_in, classes))


def bottleneck(stage, c_in, width, stride, caffe, attach):
    """1×1, 3×3 and 1×1 convolutions and the shortcut."""
    c, (first, second) = 4 * width, (stride, 1) if caffe else (1, stride)
    branch = named(
        **attach(stage, c_in, "pre"),
        reduce=unit(c_in, width, 1, first),
        conv=unit(width, width, 3, second),
        expand=named(conv=conv(width, c, 1), bn=nn.BatchNorm2d(c)),
        **attach(stage, c, "standard"),
    )
    projection = {"conv": conv(c_in, c, 1, stride), "bn": nn.BatchNorm2d(c)} if stride > 1 or c_in != c else {}
    shortcut = named(**projection, **attach(stage, c, "identity"))
    return named(residual=Residual(branch, shortcut), relu=nn.ReLU(), **attach(stage, c, "post"))


MOBILE = (  # stage, kernel size, channels inside, channels behind, with SE, non-linearity, stride
    (1, 3, 16, 16, True, nn.ReLU, 2),
    (2, 3, 72, 24, False, nn.ReLU, 2),
    (2, 3, 88, 24, False, nn.ReLU, 1),
    (3, 5, 96, 40, True, nn.Hardswish, 2),
    (3, 5, 240, 40, True, nn.Hardswish, 1),
    (3, 5, 240, 40, True, nn.Hardswish, 1),
    (3, 5, 120, 48, True, nn.Hardswish, 1),
    (3, 5, 144, 48, True, nn.Hardswish, 1),
    (4, 5, 288, 96, True, nn.Hardswish, 2),
    (4, 5, 576, 96, True, nn.Hardswish, 1),
    (4, 5, 576, 96, True, nn.Hardswish, 1),
)


def mobilenet_v3_small(se=True, classes=1000, widths=(), **attention):
    """MobileNetV3-small, which has widths of its own."""

    def norm_unit(conv, c, **act):
        return named(conv=conv, bn=nn.BatchNorm2d(c, eps=1e-3, momentum=0.01), **act)

    stem, stages, c_in = norm_unit(conv(3, 16, 3, 2), 16, act=nn.Hardswish()), {}, 16
    for k, size, inside, c, gated, act, stride in MOBILE:
        depthwise = nn.Conv2d(inside, inside, size, stride, size // 2, groups=inside, bias=False)
        branch = {"expand": norm_unit(conv(c_in, inside, 1), inside, act=act())} if inside != c_in else {}
        branch |= {"depthwise": norm_unit(depthwise, inside, act=act())}
        branch |= block(k, inside, se=se and gated, multiple=8, **{"gate": "hard_sigmoid", **attention})
        branch = named(**branch, project=norm_unit(conv(inside, c, 1), c))
        stage = stages.setdefault(f"stage{k}", {})
        summed = stride == 1 and c_in == c
        stage[f"block{len(stage) + 1}"] = Residual(branch, named()) if summed else named(branch=branch)
        c_in = c
    last = norm_unit(conv(c_in, 576, 1), 576, act=nn.Hardswish())
    fc = {"fc1": nn.Linear(576, 1024), "act": nn.Hardswish(), "fc2": nn.Linear(1024, classes)}
    tail = named(pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), **fc)
    return named(stem=stem, **{name: named(**stage) for name, stage in stages.items()}, last=last, head=tail)


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
    if net.startswith("resnet50"):
        return resnet50(caffe=net == "resnet50_caffe", **options)
    if net.startswith("resnet"):
        return resnet(blocks=(int(net.removeprefix("resnet")) - 2) // 6, **options)
    return {"tiny": tiny, "vgg": vgg, "inception": inception, "mobilenet_v3_small": mobilenet_v3_small}[net](**options)
