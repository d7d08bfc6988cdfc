"""A network with its weights and all that belongs to it: what is trained, evaluated, looked into and drawn.

    model = senet_np.load("tiny-se")
    logits = model.run(images)
    logits, activations = model.run(images, record=True)

`load` finds bundled pretrained models and runs; `new_model` makes an untrained one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, overload

import numpy as np

from .containers import BlockCache, image_gates, trace
from .data.augment import Normalizer, fit_normalizer
from .data.dataset import Dataset
from .data.view import SMALL, View
from .errors import SenetError
from .layers import Layer
from .nets.initialize import MAX_IMAGES, pass_on, whiten
from .se import SECache
from .settings import Settings
from .tree import Tree

Array = np.ndarray
Layers = dict[str, Layer]  # by path
BATCH = 250  # images of 32×32: fixed, as another number would round differently


def batches(images: Array) -> list[slice]:
    """Cut images (n, H, W, 3) into batches: BATCH of 32×32 pixels each, and of larger ones as many fewer."""
    size = min(BATCH, max(1, BATCH * 32 * 32 // (images.shape[1] * images.shape[2])))
    return [slice(start, start + size) for start in range(0, len(images), size)]


@dataclass(frozen=True)
class DataInfo:
    """The data that a model was trained on."""

    name: str  # "cifar10" or "shapes"
    provenance: str  # "official bytes", "made by NumPy", ...
    origin: str  # the folder that it was read from, or what made it; "" where that is not known
    fingerprint: str  # hex digest
    images: dict[str, int]  # how many: "train", "val" and "test"


@dataclass(frozen=True)
class Result:
    """A test result: `correct` of `n` images."""

    correct: int
    n: int

    @property
    def accuracy(self) -> float:
        """Share of the images that were classified correctly."""
        return self.correct / self.n


@dataclass(frozen=True)
class Metadata:
    """Where a model comes from, and what was measured on it."""

    name: str  # "tiny-se", or the run's folder
    data: DataInfo
    result: Result | None = None  # on the test images, once training is finished
    epochs: list[dict[str, Any]] = field(default_factory=list)  # what the log says of each epoch
    snapshots: dict[int, dict[str, Array]] = field(default_factory=dict)  # {step: {block's path: gates (n, C)}}
    origin: str = ""  # "seed 0", or "weights from x.npz"
    command: str = ""  # that trains such a model
    finished: bool = False  # whether it is trained to its end


@dataclass(frozen=True)
class Activations:
    """What was computed inside a network on the way to its logits."""

    outputs: dict[str, Array]  # every layer's output under its path
    blocks: dict[str, BlockCache]  # every SE or ECA block's cache; empty where there was more than one batch
    gates: dict[str, Array]  # {block's path: (N, C)}, one row per image
    hidden: dict[str, Array]  # {block's path: (N, C/r)}, one row per image; no entry for ECA


@dataclass(frozen=True)
class Model:
    """A network, its weights, and what one has to know to use them; `dataclasses.replace` makes variations."""

    net: Layer
    params: Tree
    state: Tree
    normalizer: Normalizer  # from pixels to the net's input
    classes: tuple[str, ...]
    settings: Settings
    metadata: Metadata
    view: View = SMALL  # how a photo is made to fit

    @overload
    def run(self, images: Array, record: Literal[False] = False, replace: Layers | None = None) -> Array: ...
    @overload
    def run(self, images: Array, record: Literal[True], replace: Layers | None = None) -> tuple[Array, Activations]: ...
    def run(self, images: Array, record: bool = False, replace: Layers | None = None) -> Any:
        """Classify images in evaluation mode, a batch at a time.

        Args:
            images: (N, H, W, 3) uint8, at least one.
            record: whether to keep what every layer computes.
            replace: {path: layer that runs there instead}, with the parameters at that path.

        Returns:
            logits (N, K) float32; with `record` also the activations.

        Raises:
            ValueError: images that are none; a layer with something for each image of one batch, and more images.
        """
        shape, dtype = np.shape(images), getattr(images, "dtype", type(images).__name__)
        if len(shape) != 4 or shape[-1] != 3 or dtype != np.uint8 or 0 in shape:
            raise ValueError(f"images is {dtype}{[*shape]}, expected uint8 (N, H, W, 3) with at least one image")
        pieces = batches(images)
        if len(pieces) > 1 and any(getattr(layer, "for_one_batch", False) for layer in (replace or {}).values()):
            raise ValueError(
                f"there are {len(images)} images, and a layer in `replace` has rows for one batch, of {pieces[0].stop} "
                "at most: use senet_np.analysis.replace.predict"
            )
        inputs = (self.normalizer(images[piece]) for piece in pieces)
        with np.errstate(under="ignore"):  # behind a gate near 0, numbers too small to store become 0
            if not record:
                return np.concatenate([self._logits(x, replace) for x in inputs])
            logits, parts = zip(*(self._recorded(x, replace) for x in inputs), strict=True)
        return np.concatenate(logits), _join(parts)

    def _logits(self, x: Array, replace: Layers | None) -> Array:
        for step in trace(self.net, self.params, self.state, x, replace=replace):
            x = step.output
        return x

    def _recorded(self, x: Array, replace: Layers | None) -> tuple[Array, Activations]:
        outputs, blocks = {}, {}
        for step in trace(self.net, self.params, self.state, x, replace=replace):
            outputs[step.node.path] = x = step.output
            if isinstance(step.cache, BlockCache):
                blocks[step.node.path] = step.cache
        gates = {path: image_gates(block) for path, block in blocks.items()}
        hidden = {path: hidden_units(block) for path, block in blocks.items() if isinstance(block, SECache)}
        return x, Activations(outputs, blocks, gates, hidden)

    @property
    def provenance(self) -> str:
        """Network, data and seed: "tiny SE-CNN, r = 4, cifar10 (not the official bytes), seed 0"."""
        data = self.metadata.data
        what = data.provenance if data.name == "imagenet" else f"{data.name} ({data.provenance})"
        return f"{self.settings.describe()}, {what}, {self.metadata.origin}"

    @property
    def sizes(self) -> str:
        """How many images it learned from: "45,000 training and 5,000 validation images"."""
        images = self.metadata.data.images
        return f"{images['train']:,} training and {images['val']:,} validation images"


def new_model(settings: Settings, dataset: Dataset, name: str = "new") -> Model:
    """An untrained model: its parameters drawn from the settings' seed, its normalizer measured on the dataset."""
    dataset = dataset.with_first(settings.train_images)
    net, normalizer = settings.build_net(), fit_normalizer(dataset.train.images)
    params, state = net.init(np.random.default_rng(settings.seed))
    check_fits(net, params, state, dataset.view.size)
    if settings.init == "identity":
        params = pass_on(net, params)
    if settings.whitening != "none":
        params, state = whiten(net, params, state, normalizer(dataset.train.images[:MAX_IMAGES]))
    images = {split: len(getattr(dataset, split).labels) for split in ("train", "val", "test")}
    data = DataInfo(dataset.name, dataset.provenance, dataset.origin, dataset.fingerprint, images)
    metadata = Metadata(name, data, origin=f"seed {settings.seed}", command=settings.command)
    return Model(net, params, state, normalizer, dataset.classes, settings, metadata, dataset.view)


def check_fits(net: Layer, params: Tree, state: Tree, side: int) -> None:
    """Refuse a network through which images of that size do not pass, as its pooling leaves nothing of them."""
    try:
        net.forward(params, state, np.zeros((1, side, side, 3), np.float32), False)
    except ValueError as error:
        raise SenetError(f"this network takes no images of {side}×{side} pixels ({error}): make them larger") from error


def hidden_units(block: SECache) -> Array:
    """The hidden units of each image, δ(W₁z + b₁), (N, C/r), not negative.

    The mean over positions where each position has its own; the sum of both where the block squeezes twice, as the
    second FC adds them up.
    """
    n, h = len(block.s), block.h
    return h[:n] + h[n:] if block.squeeze == "avg+max" else h.reshape(n, -1, h.shape[1]).mean(axis=1)


def _join(parts: Sequence[Activations]) -> Activations:
    """The activations of several batches, one behind the other."""
    if len(parts) == 1:
        return parts[0]

    def joined(name: str) -> dict[str, Array]:
        return {path: np.concatenate([getattr(part, name)[path] for part in parts]) for path in getattr(parts[0], name)}

    return Activations(joined("outputs"), {}, joined("gates"), joined("hidden"))
