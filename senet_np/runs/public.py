"""Public checkpoints: weights that others trained on ImageNet, recognized by their names and put under ours.

    seresnet50           timm: SE-ResNet-50, halving in the 3×3 convolutions
    legacy_seresnet50    timm: the weights of the paper's authors, converted from Caffe
    mobilenet_v3_small   torchvision

Where such a file comes from, and how a .pth becomes one that is read here, stands in docs/interchange.md.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..data.augment import Normalizer
from ..data.dataset import Dataset, Split
from ..data.view import View
from ..errors import SenetError
from ..model import DataInfo, Metadata, Model
from ..nets.mobilenet import BLOCKS
from ..settings import make_settings
from ..tree import Tree, tree_items
from .interchange import COUNTERS, WRAPPERS, from_pytorch, pytorch_name, unfilled
from .weight_files import reading

# Mean and standard deviation of red, green and blue over ImageNet, as torchvision and timm state them; times 255.
IMAGENET = Normalizer(*(255 * np.array(c, np.float32) for c in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))))
CLASSES = Path(__file__).parents[1] / "data" / "imagenet_classes.txt"  # WordNet's synsets and names, in the usual order
MAX_NAMED = 30  # arrays that a message names

Shapes = Mapping[str, tuple[int, ...]]  # what a file declares: each array's shape by its name


class Family(NamedTuple):
    """A kind of checkpoint."""

    name: str  # as its library calls it
    library: str
    net: str  # ours, one of NETS
    marks: tuple[str, ...]  # names that are in every such file, and together in no other
    settings: Callable[[Shapes], dict[str, Any]]  # of the network, read off the shapes
    rename: Callable[[Iterable[str]], dict[str, str]]  # {their name: our name in PyTorch}, for names that are known
    view: View  # how it wants an image cut and resized

    @property
    def what(self) -> str:
        """In a sentence: "timm's seresnet50"."""
        return f"{self.library}'s {self.name}"


def read_public(path: Path) -> Model | None:
    """The network of a public checkpoint, with its weights; None where the file is none.

    Raises:
        SenetError: an array is missing, unknown or of a shape that does not fit; each is named.
    """
    with reading(path) as (arrays, _):
        arrays = _bare(arrays)
        shapes = {name: array.shape for name, array in arrays.items() if not name.endswith(COUNTERS)}
        family = recognize(shapes)
        if family is None:
            return None
        _check_groups(family, shapes)
        settings = make_settings("imagenet", {"net": family.net, **family.settings(shapes)})
        net = settings.build_net()
        trees = unfilled(net)
        names = family.rename(shapes)
        if faults := _faults(shapes, names, *trees):
            more = f"; and {len(faults) - MAX_NAMED} more" if len(faults) > MAX_NAMED else ""
            raise SenetError(f"it is like {family.what}, but {'; '.join(faults[:MAX_NAMED])}{more}: fetch it again")
        params, state = from_pytorch({ours: arrays[name] for name, ours in names.items()}, *trees)
    info = DataInfo(
        "imagenet", f"weights in the form of {family.what}", "", "", dict.fromkeys(("train", "val", "test"), 0)
    )
    metadata = Metadata(path.name, info, origin=f"weights from {path.name}")
    return Model(net, params, state, IMAGENET, _class_names(settings.classes), settings, metadata, family.view)


def _bare(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays without the prefixes of wrappers, such as "module.", and without one that all of them have."""
    bare = {WRAPPERS.sub("", name): array for name, array in arrays.items()}
    if len(bare) < len(arrays):
        return dict(arrays)
    firsts = {name.partition(".")[0] for name in bare}
    return {name.partition(".")[2]: array for name, array in bare.items()} if len(firsts) == 1 else bare


def _check_groups(family: Family, shapes: Shapes) -> None:
    """Refuse SE-ResNeXt, which has the names of SE-ResNet."""
    for name, shape in shapes.items():
        if name.endswith(".conv2.weight") and len(shape) == 4 and shape[0] != shape[1]:
            raise SenetError(
                f"it is like {family.what}, but {name} has shape {[*shape]}: grouped convolutions, as SE-ResNeXt has "
                "them, are not read"
            )


def _faults(shapes: Shapes, names: dict[str, str], params: Tree, state: Tree) -> list[str]:
    """What does not fit, array by array."""
    expected = {}
    for path, array in (*tree_items(params), *tree_items(state)):
        name, layout = pytorch_name(path, array)
        expected[name] = layout.to_pytorch(array).shape
    twice = [name for name, ours in names.items() if [*names.values()].count(ours) > 1]
    if twice:
        return [f"{' and '.join(twice[:4])} would be the same array"]
    missing = [f"{ours} is missing" for ours in expected.keys() - {*names.values()}]
    unknown = [f"{name} is unknown" for name in shapes if names.get(name) not in expected]
    other = [
        f"{name} has shape {[*shapes[name]]}, expected {[*expected[ours]]}"
        for name, ours in names.items()
        if ours in expected and _squeezed(shapes[name]) != _squeezed(expected[ours])
    ]
    return sorted(missing) + unknown + other


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without the axes of length 1 at its end: an FC may be a 1×1 convolution."""
    return tuple(shape[: max((k + 1 for k, n in enumerate(shape) if n != 1), default=0)])


def _class_names(classes: int) -> tuple[str, ...]:
    """ImageNet's names, or numbers where the network has other classes."""
    names = tuple(name for _, name in _synsets())
    return names if len(names) == classes else tuple(f"class {k}" for k in range(classes))


def _synsets() -> list[tuple[str, str]]:
    """WordNet's number and name of each class: ("n01440764", "tench"), ..."""
    lines = CLASSES.read_text("utf-8").splitlines()
    return [(number, name) for number, _, name in (line.partition(" ") for line in lines)]


def by_name(dataset: Dataset) -> Dataset:
    """A folder whose subfolders are called by WordNet's numbers, as Imagenette's are, with the names of these."""
    names = dict(_synsets())
    return replace(dataset, classes=tuple(names.get(name, name) for name in dataset.classes))


def as_imagenet(dataset: Dataset, model: Model) -> Split:
    """All images of a folder whose classes are named like ImageNet's, with the network's own labels.

    Raises:
        SenetError: a subfolder has another name.
    """
    places = {name: k for k, name in enumerate(model.classes)}
    unknown = [name for name in dataset.classes if name not in places]
    if unknown:
        raise SenetError(
            f"{dataset.origin} has classes that the network does not know: {', '.join(unknown[:5])}; name the folders "
            f"like its classes ({model.classes[0]}, ...), or, for ImageNet's, by WordNet's numbers (n01440764)"
        )
    labels = np.array([places[name] for name in dataset.classes])
    return Split(dataset.all.images, labels[dataset.all.labels])


def recognize(shapes: Shapes) -> Family | None:
    """The family that a file belongs to, by the names of its arrays; None where it is no public checkpoint."""
    return next((family for family in FAMILIES if {*family.marks} <= shapes.keys()), None)


def _resnet_settings(first: str, block: str, squeeze: str) -> Callable[[Shapes], dict[str, Any]]:
    """How to read a ResNet's widths, reduction ratio and classes; the arguments are names in the file."""

    def settings(shapes: Shapes) -> dict[str, Any]:
        widths = tuple(shapes[block.format(stage=stage)][0] for stage in range(1, 5))
        hidden, channels = shapes[squeeze][:2]
        return {"widths": widths, "reduction": channels // hidden, "classes": shapes[first][0]}

    return settings


def _by_rules(*rules: tuple[str, str]) -> Callable[[Iterable[str]], dict[str, str]]:
    """Rename by the first rule whose pattern a name begins with. Blocks are counted from 1 here, from 0 there."""

    def renamed(name: str) -> str | None:
        for pattern, ours in rules:
            if found := re.match(pattern, name):
                stage, block = (*found.groups(), "", "")[:2]
                ours = ours.format(stage=stage, block=int(block) + 1 if block else "")
                return ours + name[found.end() :]
        return None

    return lambda names: {name: ours for name in names if (ours := renamed(name))}


IN_BLOCK = r"layer([1-4])\.(\d+)\."
BRANCH, SHORTCUT = "stage{stage}.block{block}.residual.branch.", "stage{stage}.block{block}.residual.shortcut."
BLOCK_RULES = (
    *((rf"{IN_BLOCK}conv{k}\.", f"{BRANCH}{part}.conv.") for k, part in enumerate(("reduce", "conv", "expand"), 1)),
    *((rf"{IN_BLOCK}bn{k}\.", f"{BRANCH}{part}.bn.") for k, part in enumerate(("reduce", "conv", "expand"), 1)),
    (rf"{IN_BLOCK}se(?:_module)?\.", f"{BRANCH}se."),
    (rf"{IN_BLOCK}downsample\.0\.", f"{SHORTCUT}conv."),
    (rf"{IN_BLOCK}downsample\.1\.", f"{SHORTCUT}bn."),
)


def _mobilenet_names(names: Iterable[str]) -> dict[str, str]:
    """Rename torchvision's numbers: features.0 is the stem, features.1 to 11 are the blocks, features.12 comes last."""
    ours = {"features.0.0.": "stem.conv.", "features.0.1.": "stem.bn.", "classifier.0.": "head.fc1."}
    end = len(BLOCKS) + 1
    ours |= {f"features.{end}.0.": "last.conv.", f"features.{end}.1.": "last.bn.", "classifier.3.": "head.fc2."}
    names, in_stage = [*names], {}
    for k, block in enumerate(BLOCKS, start=1):
        in_stage[block.stage] = in_stage.get(block.stage, 0) + 1
        path = f"stage{block.stage}.block{in_stage[block.stage]}.branch"
        parts = ["depthwise", *(["se"] if block.se else []), "project"]
        present = {name.split(".")[3] for name in names if name.startswith(f"features.{k}.block.")}
        parts = ["expand", *parts] if len(present) > len(parts) else parts  # absent where nothing is expanded
        for number, part in enumerate(parts):
            theirs = f"features.{k}.block.{number}."
            ours |= (
                {theirs: f"{path}.se."}
                if part == "se"
                else {
                    f"{theirs}0.": f"{path}.{part}.conv.",
                    f"{theirs}1.": f"{path}.{part}.bn.",
                }
            )
    found = {name: next((prefix for prefix in ours if name.startswith(prefix)), None) for name in names}
    return {name: ours[prefix] + name.removeprefix(prefix) for name, prefix in found.items() if prefix}


FAMILIES = (
    Family(
        "seresnet50",
        "timm",
        "resnet50",
        ("conv1.weight", "layer1.0.se.fc1.weight", "layer4.2.conv3.weight", "fc.weight"),
        _resnet_settings("fc.weight", "layer{stage}.0.conv1.weight", "layer1.0.se.fc1.weight"),
        _by_rules((r"conv1\.", "stem.conv."), (r"bn1\.", "stem.bn."), (r"fc\.", "head.fc."), *BLOCK_RULES),
        View(224, share=0.95, filter="bicubic"),
    ),
    Family(
        "legacy_seresnet50",
        "timm",
        "resnet50_caffe",
        ("layer0.conv1.weight", "layer1.0.se_module.fc1.weight", "layer4.2.conv3.weight", "last_linear.weight"),
        _resnet_settings("last_linear.weight", "layer{stage}.0.conv1.weight", "layer1.0.se_module.fc1.weight"),
        _by_rules(
            (r"layer0\.conv1\.", "stem.conv."),
            (r"layer0\.bn1\.", "stem.bn."),
            (r"last_linear\.", "head.fc."),
            *BLOCK_RULES,
        ),
        View(224, share=0.875, filter="bilinear"),
    ),
    Family(
        "mobilenet_v3_small",
        "torchvision",
        "mobilenet_v3_small",
        ("features.0.0.weight", "features.1.block.1.fc1.weight", "features.12.0.weight", "classifier.3.weight"),
        lambda shapes: {"classes": shapes["classifier.3.weight"][0]},
        _mobilenet_names,
        View(224, share=0.875, filter="bilinear"),
    ),
)
PUBLIC = ", ".join(family.what for family in FAMILIES)
