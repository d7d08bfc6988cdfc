"""The settings of a run: everything that, with the data and the machine, decides its outcome to the last bit.

Each is declared once, here or in `nets/attention.py`. The command line, config.json and comparison files read it there.
"""

from dataclasses import dataclass, fields
from typing import Any

from .containers import Sequential
from .errors import SenetError
from .files import quoted
from .nets import NETS
from .nets.attention import AttentionSettings
from .options import Flag, NameOrFolder, Number, OneOf, Whole, Wholes, setting

# What differs by data set. A flipped texture is another texture, and images of `shapes` cost nothing: no augmentation.
PHOTOS: dict[str, Any] = {
    "epochs": 10,
    "batch_size": 64,
    "micro_batch": 32,
    "lr": 0.2,
    "schedule": "triangle",
    "weight_decay": 2.5e-4,
    "bn_bias_lr": 16,
    "lookahead": True,
    "augment": True,
    "flip": "alternating",
    "shift": 2,
    "border": "reflect",
}
FOLDER = {**PHOTOS, "epochs": 20, "batch_size": 32, "micro_batch": 16}  # which is smaller than CIFAR-10 as a rule
DEFAULTS: dict[str, dict[str, Any]] = {
    "cifar10": PHOTOS,
    "shapes": {"epochs": 3, "batch_size": 32, "micro_batch": 16, "augment": False},
    "imagenet": {"classes": 1000, "image_size": 224},  # of imported weights: nothing here is trained on it
}
# What differs by network. What each piece of the recipe is worth stands in docs/results.md.
SPRINT: dict[str, Any] = {
    "batch_size": 256,
    "micro_batch": 64,
    "lr": 0.375,
    "schedule": "triangle",
    "momentum": 0.85,
    "weight_decay": 1.33e-3,
    "bn_bias_lr": 64,
    "lookahead": True,
    "label_smoothing": 0.2,
    "flip": "alternating",
    "shift": 2,
    "border": "reflect",
    "init": "identity",
    "whitening": "frozen",
}
RECIPES: dict[tuple[str, str], dict[str, Any]] = {  # by data set and network; docs/choices.md lists them all
    ("cifar10", "sprint"): {**SPRINT, "epochs": 16},
    ("shapes", "sprint"): {**SPRINT, "epochs": 5},
}
ADAM: dict[str, Any] = {"lr": 3e-3, "bn_bias_lr": 1}  # which makes all steps alike, and so has no need of more for β
VARIES = "the data set's and the network's"


@dataclass(frozen=True)
class Settings(AttentionSettings):
    """All settings of a run: those of the attention blocks, and these."""

    data: str = setting("shapes", NameOrFolder((*DEFAULTS,)), "data set, or a folder of images")
    net: str = setting("tiny", OneOf((*NETS,)), "network")
    se: bool = setting(True, Flag(), "with or without SE blocks", "with")
    widths: tuple[int, ...] = setting((32, 64, 128), Wholes(0, 4, 1, 4096), "channels of each stage", "the network's")
    classes: int = setting(10, Whole(2, 100_000), "number of classes", "the data set's")
    image_size: int = setting(32, Whole(8, 1024), "height and width of an image, pixels", "the data set's")
    train_images: int = setting(0, Whole(0, 10**9), "train on the first N training images only; 0 for all")
    epochs: int = setting(3, Whole(1, 100_000), "passes over the training images", VARIES)
    batch_size: int = setting(32, Whole(2, 100_000), "images per update", VARIES)
    micro_batch: int = setting(16, Whole(2, 100_000), "images that go through the network at once", VARIES)
    lr: float = setting(0.1, Number(0, above=True), "peak learning rate", f"{VARIES}; {ADAM['lr']:g} with adam")
    schedule: str = setting("cosine", OneOf(("cosine", "triangle")), "how the learning rate falls", VARIES)
    optimizer: str = setting("sgd", OneOf(("sgd", "adam")), "sgd (with Nesterov momentum) or adam")
    momentum: float = setting(0.9, Number(0, below=1), "momentum of sgd", VARIES)
    weight_decay: float = setting(5e-4, Number(0), "weight decay", VARIES)
    bn_bias_lr: float = setting(1, Number(0), "learning rate of batch norm's biases, as a multiple of --lr", VARIES)
    lookahead: bool = setting(False, Flag(), "return to slowly moving average weights every five steps", VARIES)
    label_smoothing: float = setting(0, Number(0, below=1), "share of a label spread over all classes", VARIES)
    augment: bool = setting(False, Flag(), "flip and shift the training images at random", "on, but for shapes")
    flip: str = setting("random", OneOf(("random", "alternating")), "flip at random, or in every other epoch", VARIES)
    shift: int = setting(4, Whole(0, 16), "shift training images by up to N pixels", VARIES)
    border: str = setting("black", OneOf(("black", "reflect")), "the new border of a shifted image", VARIES)
    init: str = setting("normal", OneOf(("normal", "identity")), "initial weights: random, or an identity map", VARIES)
    whitening: str = setting(
        "none",
        OneOf(("none", "init", "frozen")),
        "a first convolution that whitens the images: never, at the start only (init), or fixed (frozen)",
        VARIES,
    )
    seed: int = setting(0, Whole(0, 2**32 - 1), "where all random numbers start")

    def build_net(self) -> Sequential:
        """The network, without parameters; SenetError where settings do not go together."""
        kind, options = NETS[self.net], {name: getattr(self, name) for name in ("se", "classes", *ATTENTION)}
        if kind.frozen:
            options["frozen"] = self.whitening == "frozen"
        elif self.whitening == "frozen":
            able = ", ".join(name for name, net in NETS.items() if net.frozen)
            raise SenetError(f"whitening is 'frozen', and {self.net} trains all convolutions: choose {able}, or 'init'")
        if kind.defaults["widths"]:
            options["widths"] = self.widths
        if bool(self.widths) != bool(kind.defaults["widths"]):
            expected = f"for example {kind.defaults['widths']}" if kind.defaults["widths"] else "none: leave them out"
            raise SenetError(f"widths are {[*self.widths]}, expected of {self.net} {expected}")
        try:
            return kind.build(**options)
        except ValueError as error:
            raise SenetError(str(error)) from error

    def describe(self) -> str:
        """The network in a few words: "tiny SE-CNN, r = 4"."""
        if not self.se:
            return f"{self.net} CNN without SE"
        block = self.attention.upper()
        words = [f"{self.net} {block}-CNN"] + ([f"r = {self.reduction}"] if block == "SE" else [])
        if (self.squeeze, self.gate) != ("avg", "sigmoid"):
            words += [self.squeeze, self.gate]
        if not self.se_bias:
            words.append("no bias")
        if self.position != "standard":
            words.append(f"position {self.position}")
        if self.stages:
            words.append("in stage " + " and ".join(map(str, self.stages)))
        return ", ".join(words)

    @property
    def image(self) -> tuple[int, int, int]:
        """Height, width (pixels) and colors of an image."""
        return self.image_size, self.image_size, 3

    @property
    def command(self) -> str:
        """The command that trains with these settings: what is not the default, spelled out."""
        usual = make_settings(self.data, {"net": self.net})
        words = ["python -m senet_np train --data", quoted(self.data), "--net", self.net]
        for name in NAMES:
            option, value = name.replace("_", "-"), getattr(self, name)
            if value == getattr(usual, name):
                continue
            if isinstance(value, bool):
                words.append(f"--{option}" if value else f"--no-{option}")
            else:
                text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
                words.append(f"--{option} {text}")
        return " ".join(words)


ATTENTION = tuple(declared.name for declared in fields(AttentionSettings))
NET_NAMES = ("net", "se", *ATTENTION, "widths", "classes", "whitening")  # the settings that a network is built from
NAMES = ("data", *NET_NAMES, *(one.name for one in fields(Settings) if one.name not in ("data", *NET_NAMES)))


def make_settings(data: str, given: dict[str, Any]) -> Settings:
    """Fill in what is not given: the defaults of the data set and of the network, and what differs with Adam."""
    unknown = sorted(given.keys() - {*NAMES})
    if unknown:
        raise SenetError(f"there is no setting {unknown[0]!r}, expected one of {', '.join(sorted(NAMES))}")
    defaults = dict(DEFAULTS.get(data, FOLDER))
    net = given.get("net", "tiny")
    if net in [*NETS]:
        defaults |= {**NETS[net].defaults, **RECIPES.get((data, net), {})}
    if given.get("optimizer") == "adam":
        defaults |= ADAM
    return _settings({**defaults, **given, "data": data})


def settings_to_json(settings: Settings) -> dict[str, Any]:
    """The settings as plain JSON values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(settings).items()}


def settings_from_json(values: Any) -> Settings:
    """The inverse of `settings_to_json`; SenetError if a setting is missing or unknown, or its value not allowed."""
    if not isinstance(values, dict) or values.keys() != {*NAMES}:
        actual = sorted(values) if isinstance(values, dict) else type(values).__name__
        raise SenetError(f"the settings are {actual}, expected exactly {sorted(NAMES)}")
    return _settings(values)


def _settings(values: dict[str, Any]) -> Settings:
    try:
        return Settings(**values)
    except ValueError as error:
        raise SenetError(f"setting {error}") from error
