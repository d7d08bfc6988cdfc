"""The networks of senet_np once more, as a PyTorch user writes them: for weights that travel between the two.

This file needs PyTorch alone: copy it to where you work. Names and shapes in each `state_dict` are those of the files
that `senet-np export` writes, so `load_state_dict` is strict:

    import json
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file
    from pytorch_nets import build

    with safe_open("mine.safetensors", "pt") as file:
        about = json.loads(file.metadata()["senet_np"])   # settings, data, mean, std, test
    net = build(about["settings"])                        # for example TinySE(gate="tanh")
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

The choices of an SE block are keywords of every network:

    r          reduction ratio; max(2, c // r) hidden units
    squeeze    "avg", "max", "none" (a gate for each position) or "avg+max"; gate "sigmoid", "tanh" or "relu"
    bias       whether the two linear layers have biases
    excite     "fc", or "eca": one kernel that slides along the channels
    position   on a residual block: "standard", "pre", "post" or "identity"
    stages     the numbers of the stages that carry SE, from 1; empty for all

Source: Hu et al. 2019, "Squeeze-and-Excitation Networks"; Wang et al. 2020, "ECA-Net"; Woo et al. 2018, "CBAM".
"""

import torch
from torch import nn
from torch.nn import functional as F

GATES = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


class SE(nn.Module):
    """Squeeze-and-Excitation: every channel times a gate that the picture itself computes."""

    def __init__(self, c: int, r: int = 4, squeeze: str = "avg", gate: str = "sigmoid", bias: bool = True):
        super().__init__()
        hidden = max(2, c // r)
        self.fc1, self.fc2 = nn.Linear(c, hidden, bias), nn.Linear(hidden, c, bias)
        self.squeeze, self.gate = squeeze, GATES[gate]

    def excite(self, z):
        """What the gates are before their squashing: (..., c) → (..., c)."""
        return self.fc2(F.relu(self.fc1(z)))

    def forward(self, u):
        """(N, c, H, W) → (N, c, H, W)."""
        if self.squeeze == "none":  # each position decides for itself: linear layers over the last axis
            return u * self.gate(self.excite(u.movedim(1, -1))).movedim(-1, 1)
        views = {"avg": [u.mean((2, 3))], "max": [u.amax((2, 3))], "avg+max": [u.mean((2, 3)), u.amax((2, 3))]}
        s = self.gate(sum(self.excite(z) for z in views[self.squeeze]))
        return u * s[:, :, None, None]


class ECA(nn.Module):
    """Efficient channel attention: a gate listens to a few neighboring channels, about half of log₂ c, made odd."""

    def __init__(self, c: int, gate: str = "sigmoid"):
        super().__init__()
        k = c.bit_length() // 2 | 1
        self.conv, self.gate = nn.Conv1d(1, 1, k, padding=k // 2, bias=False), GATES[gate]

    def forward(self, u):
        """(N, c, H, W) → (N, c, H, W)."""
        s = self.gate(self.conv(u.mean((2, 3))[:, None]))[:, 0]
        return u * s[:, :, None, None]


class Attention:
    """What stands at a place where SE may stand: {"se": block}, or {} where none is wanted."""

    def __init__(self, se=True, excite="fc", position="standard", stages=(), gate="sigmoid", **options):
        self.se, self.excite, self.position, self.stages, self.gate = se, excite, position, stages, gate
        self.options = options  # of SE: r, squeeze, bias

    def __call__(self, stage: int, c: int, position: str = "standard") -> dict[str, nn.Module]:
        """The block for c channels at one place."""
        if not self.se or position != self.position or (self.stages and stage not in self.stages):
            return {}
        return {"se": ECA(c, self.gate) if self.excite == "eca" else SE(c, gate=self.gate, **self.options)}


def named(**layers: nn.Module) -> nn.Sequential:
    """Layers one after the other, each under its name; without any, the identity."""
    net = nn.Sequential()
    for name, layer in layers.items():
        net.add_module(name, layer)
    return net


def conv(c_in: int, c: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the picture's size at stride 1. The batch norm that follows has the bias."""
    return nn.Conv2d(c_in, c, size, stride, padding=size // 2, bias=False)


def unit(c_in: int, c: int, size: int = 3, **more: nn.Module) -> nn.Sequential:
    """Convolution, batch norm, ReLU, and what else is to follow."""
    return named(conv=conv(c_in, c, size), bn=nn.BatchNorm2d(c), relu=nn.ReLU(), **more)


def head(c: int, classes: int) -> nn.Sequential:
    """Global average pooling and a linear layer."""
    return named(pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), fc=nn.Linear(c, classes))


def pool_between(number: int, of: int) -> dict[str, nn.Module]:
    """2×2 max pooling, but not after the last stage."""
    return {"pool": nn.MaxPool2d(2)} if number < of else {}


class Net(nn.Module):
    """Stages one after the other, under their names."""

    def forward(self, x):
        """Pictures (N, 3, H, W) → logits (N, classes)."""
        for stage in self.children():
            x = stage(x)
        return x


class TinySE(Net):
    """The tiny SE-CNN: three stages of convolution, batch norm, ReLU, SE."""

    def __init__(self, se: bool = True, widths=(32, 64, 128), classes: int = 10, **choices):
        super().__init__()
        se_at, c_in = Attention(se, **choices), 3
        for k, c in enumerate(widths, start=1):
            self.add_module(f"stage{k}", unit(c_in, c, 3, **se_at(k, c), **pool_between(k, len(widths))))
            c_in = c
        self.head = head(c_in, classes)


class VGG(Net):
    """Two convolutions a stage, each with batch norm, ReLU and SE."""

    def __init__(self, se: bool = True, widths=(32, 64, 128), convs: int = 2, classes: int = 10, **choices):
        super().__init__()
        se_at, c_in = Attention(se, **choices), 3
        for k, c in enumerate(widths, start=1):
            units = {f"unit{j + 1}": unit(c if j else c_in, c, 3, **se_at(k, c)) for j in range(convs)}
            self.add_module(f"stage{k}", named(**units, **pool_between(k, len(widths))))
            c_in = c
        self.head = head(c_in, classes)


class Residual(nn.Module):
    """A branch whose output is added to its input, or to the input's projection."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module):
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x):
        """The sum."""
        return self.branch(x) + self.shortcut(x)


class ResNet(Net):
    """The residual network for CIFAR: ResNet-20 with 3 blocks a stage; 5, 7, 9 and 18 make 32, 44, 56 and 110."""

    def __init__(self, se: bool = True, widths=(16, 32, 64), blocks: int = 3, classes: int = 10, **choices):
        super().__init__()
        se_at, c_in = Attention(se, **choices), widths[0]
        self.stem = unit(3, c_in)
        for k, c in enumerate(widths, start=1):
            stage = {}
            for j in range(1, blocks + 1):
                stage[f"block{j}"] = self.block(k, c_in, c, 2 if k > 1 and j == 1 else 1, se_at)
                c_in = c
            self.add_module(f"stage{k}", named(**stage))
        self.head = head(c_in, classes)

    @staticmethod
    def block(stage: int, c_in: int, c: int, stride: int, se_at: Attention) -> nn.Sequential:
        """Two convolutions and what passes by them; SE stands at one of four places, which all are called se."""
        branch = named(
            **se_at(stage, c_in, "pre"),
            conv1=conv(c_in, c, stride=stride),
            bn1=nn.BatchNorm2d(c),
            relu=nn.ReLU(),
            conv2=conv(c, c),
            bn2=nn.BatchNorm2d(c),
            **se_at(stage, c, "standard"),
        )
        projection = {"conv": conv(c_in, c, 1, stride), "bn": nn.BatchNorm2d(c)} if stride > 1 or c_in != c else {}
        shortcut = named(**projection, **se_at(stage, c, "identity"))
        return named(residual=Residual(branch, shortcut), relu=nn.ReLU(), **se_at(stage, c, "post"))


class Concat(nn.ModuleDict):
    """Layers that see the same input, and whose outputs stand side by side along the channels."""

    def forward(self, x):
        """(N, c_in, H, W) → (N, c, H, W)."""
        return torch.cat([branch(x) for branch in self.values()], dim=1)


class Inception(Net):
    """Modules of four branches; SE weighs each module as a whole."""

    def __init__(self, se: bool = True, widths=(128, 256), modules: int = 2, classes: int = 10, **choices):
        super().__init__()
        se_at, c_in = Attention(se, **choices), widths[0] // 2
        self.stem = unit(3, c_in)
        for k, c in enumerate(widths, start=1):
            stage: dict[str, nn.Module] = {"pool": nn.MaxPool2d(2)}
            for j in range(1, modules + 1):
                stage[f"module{j}"] = named(branches=self.branches(c_in, c), **se_at(k, c))
                c_in = c
            self.add_module(f"stage{k}", named(**stage))
        self.head = head(c_in, classes)

    @staticmethod
    def branches(c_in: int, c: int) -> Concat:
        """1×1, 3×3 and 5×5 convolutions, and max pooling."""
        c3, c5 = c // 2, c // 8
        return Concat(
            {
                "one": unit(c_in, c - c3 - 2 * c5, 1),
                "three": named(reduce=unit(c_in, 3 * c // 8, 1), unit=unit(3 * c // 8, c3, 3)),
                "five": named(reduce=unit(c_in, c // 16, 1), unit=unit(c // 16, c5, 5)),
                "pool": named(pool=nn.MaxPool2d(3, stride=1, padding=1), unit=unit(c_in, c5, 1)),
            }
        )


def build(settings: dict) -> Net:
    """The network that a file's metadata describe under "settings"."""
    same = ("se", "widths", "squeeze", "gate", "excite", "position", "stages")
    options = {name: settings[name] for name in same} | {"r": settings["reduction"], "bias": settings["se_bias"]}
    kind = settings["net"]
    if kind.startswith("resnet"):
        return ResNet(blocks=(int(kind.removeprefix("resnet")) - 2) // 6, **options)
    return {"tiny": TinySE, "vgg": VGG, "inception": Inception}[kind](**options)
