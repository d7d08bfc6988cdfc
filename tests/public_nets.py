"""The real packages as judges: timm's and torchvision's own networks, with weights that are drawn, under their names.

    python tests/public_nets.py        writes fixtures/public_names.json: each network's arrays and their shapes

Nothing is downloaded. With both packages beside PyTorch, test_public_judge.py compares logits and gates; without them,
test_public.py has the names.
"""

import importlib
import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import torch

FIXTURE = Path(__file__).parent / "fixtures" / "public_names.json"
GATES = {"SEModule": ("gate", "sigmoid"), "SqueezeExcitation": ("scale_activation",)}  # what computes s, by module


def import_torchvision():
    """Import torchvision beside a PyTorch that its compiled operators were not built for: these networks need none."""
    found = importlib.util.find_spec("torchvision")
    source = (Path(found.origin).parent / "_meta_registrations.py").read_text("utf-8")
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in re.findall(r'register_fake\("torchvision::(\w+)"\)', source):
        if not torch._C._jit_get_schemas_for_operator(f"torchvision::{name}"):
            library.define(f"{name}(Tensor x) -> Tensor")
    return importlib.import_module("torchvision"), library


torchvision, _library = import_torchvision()  # before timm, which imports it too
timm = importlib.import_module("timm")


def build(name):
    """One of the networks, its weights and its batch norm's statistics drawn."""
    torch.manual_seed(0)
    mobile = name == "mobilenet_v3_small"
    net = torchvision.models.mobilenet_v3_small() if mobile else timm.create_model(name)
    draw = torch.Generator().manual_seed(1)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2, generator=draw)
            module.running_var.uniform_(0.5, 2, generator=draw)
            module.weight.data.uniform_(0.5, 1.5, generator=draw)
            module.bias.data.normal_(0, 0.2, generator=draw)
    return net.eval()


def logits_and_gates(net, x):
    """What a network computes of x (N, H, W, 3): its logits, and each SE block's gates (N, C) in their order."""
    gates, hooks = [], []
    for module in net.modules():
        for name in GATES.get(type(module).__name__, ()):
            if hasattr(module, name):
                hook = getattr(module, name).register_forward_hook(lambda m, i, s: gates.append(s.flatten(1).numpy()))
                hooks.append(hook)
    kind = torch.float64 if x.dtype == np.float64 else torch.float32
    with torch.no_grad():
        logits = net.to(kind)(torch.from_numpy(x).permute(0, 3, 1, 2)).numpy()
    for hook in hooks:
        hook.remove()
    return logits, gates


if __name__ == "__main__":
    names = ("seresnet50", "legacy_seresnet50", "mobilenet_v3_small")
    shapes = {name: {key: [*array.shape] for key, array in build(name).state_dict().items()} for name in names}
    FIXTURE.write_text(json.dumps(shapes, separators=(",", ":")) + "\n", "utf-8")
