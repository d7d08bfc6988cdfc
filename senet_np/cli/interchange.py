"""`senet-np export` and `senet-np import`: a run's weights as a file for PyTorch, and such a file as a run.

What a file says about itself is one JSON text under "senet_np". It has the normalizer in it: without that the logits
would mean nothing.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from ..data import load_data
from ..data.augment import Normalizer
from ..data.view import View, read_view
from ..errors import SenetError
from ..explorer.program import named_steps
from ..files import read_text
from ..model import DataInfo, Metadata, Model, new_model
from ..runs.bundled import KEY
from ..runs.interchange import load_metadata, load_weights, save_weights, unfilled
from ..runs.old_names import current_settings
from ..runs.public import PUBLIC, read_public
from ..runs.run import alone_in, open_run, read_normalizer, write_run
from ..settings import NET_NAMES, Settings, make_settings, settings_from_json, settings_to_json
from ..tree import tree_size
from .options import add_command, add_data_options, add_settings, existing_path, new_file, new_path
from .trained import check_repeated, data_line

EXPORT = """\
  senet-np export runs/mine mine.safetensors     needs: pip install safetensors
  senet-np export runs/mine mine.npz             needs nothing
"""
IMPORT = """\
  senet-np import mine.safetensors --out runs/there                        a file that `senet-np export` wrote
  senet-np import theirs.npz --out runs/there --net resnet20 --gate tanh   a file without metadata
  senet-np import seresnet50.safetensors --out runs/se50                   timm's, torchvision's: docs/interchange.md
"""


def add(commands: Any) -> None:
    """Declare both commands."""
    command = add_command(commands, "export", run_export, "write a run's weights to a file for PyTorch", EXPORT)
    command.add_argument("folder", type=Path, metavar="RUN", help="the run's folder")
    command.add_argument("file", type=new_file, metavar="FILE", help="ends in .safetensors or .npz")

    command = add_command(commands, "import", run_import, "make a run from weights in a file", IMPORT)
    command.add_argument("file", type=existing_path, metavar="FILE", help="a .safetensors or .npz file")
    command.add_argument("--out", type=new_path, metavar="RUN", required=True, help="the run's folder, to be created")
    help_text = "a text file with the names of the classes, one a line, in the order of the network's outputs"
    command.add_argument("--class-names", type=existing_path, metavar="TXT", help=help_text)
    add_data_options(command, "what the file says, else as for train")
    add_settings(command, NET_NAMES)


def run_export(args: argparse.Namespace) -> int:
    """Write the weights, and what one has to know to use them."""
    run = open_run(args.folder)
    progress, result = run.load(), run.result
    settings = settings_to_json(run.settings)
    about = {
        "settings": {name: settings[name] for name in NET_NAMES},
        "data": {"name": run.data.name, "provenance": run.data.provenance, "classes": run.classes},
        "view": [*run.view],
        "mean": run.normalizer.mean.tolist(),
        "std": run.normalizer.std.tolist(),
        "test": result and {name: result[name] for name in ("accuracy", "correct", "n")},
        "program": named_steps(run.settings.build_net(), progress.params, progress.state),  # for the explorer's page
    }
    save_weights(args.file, progress.params, progress.state, {KEY: json.dumps(about)})
    if result is None and not run.imported:
        print(f"note: {run.path} is not trained to its end ({progress.epoch} of {run.settings.epochs} epochs)")
    print(f"{run.settings.describe()}: {tree_size(progress.params):,} parameters written to {args.file}")
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Check the weights first; then make the run's folder, and put them there."""
    given, file, out = vars(args), args.file, args.out
    if (out / "config.json").exists():
        raise SenetError(f"{out} already holds a run: name another folder with --out")
    about, model = _read_about(file), None
    if about:
        check_repeated(given, ("data", *NET_NAMES), about.settings, "the file says", "leave the option out")
        model = None if about.settings.data in ("cifar10", "shapes") else _without_data(file, about)
    elif model := read_public(file):
        check_repeated(given, NET_NAMES, model.settings, "the file's network has", "leave the option out")
        if "data" in given:
            raise SenetError(f"{file} holds {model.metadata.data.provenance}: leave --data out, and give it to explain")
    whose = "the file's"
    if model is None:
        model, whose = _with_data(file, about, given)
    if "class_names" in given:
        model = replace(model, classes=_read_names(given["class_names"], model))
    with alone_in(out):
        write_run(out, model, imported=file.name)
    settings, what = model.settings, f"{tree_size(model.params):,} parameters in {out}"
    if settings.data in ("cifar10", "shapes"):
        print(f"{settings.describe()}: {what}, the normalizer is {whose}")
    else:
        print(f"{settings.describe()}, {model.metadata.data.provenance}: {what}; images: {model.view.words}")
    return 0


def _read_names(path: Path, model: Model) -> tuple[str, ...]:
    """The names of a network's classes, from a text file; public weights do not say them."""
    if model.settings.data != "imagenet":
        raise SenetError(f"--class-names is for public weights; these know their classes: {', '.join(model.classes)}")
    try:
        names = tuple(
            line.strip() for line in read_text(path, 1 << 20).removeprefix("\ufeff").splitlines() if line.strip()
        )
    except (OSError, UnicodeDecodeError) as error:
        raise SenetError(f"{path} cannot be read as text ({error}): save the names as UTF-8") from None
    if len(names) != model.settings.classes or len({*names}) < len(names) or not "".join(names).isprintable():
        raise SenetError(
            f"{path} has {len(names)} names, {len({*names})} of them different, and the network "
            f"{model.settings.classes} classes: write one printable name a line"
        )
    return names


class About(NamedTuple):
    """What a file says about itself."""

    settings: Settings  # of the network, and the data set's name; the others are defaults
    normalizer: Normalizer
    provenance: str
    classes: tuple[str, ...]
    view: View


def _without_data(file: Path, about: About) -> Model:
    """The model of a file that was trained on a folder or on ImageNet, which need not be here."""
    if len(about.classes) != about.settings.classes:
        raise SenetError(f"{file} names {len(about.classes)} of {about.settings.classes} classes: export the run again")
    net = about.settings.build_net()
    params, state = load_weights(file, *unfilled(net))
    info = DataInfo(about.settings.data, about.provenance, "", "", dict.fromkeys(("train", "val", "test"), 0))
    metadata = Metadata(file.name, info, origin=f"weights from {file.name}")
    return Model(net, params, state, about.normalizer, about.classes, about.settings, metadata, about.view)


def _with_data(file: Path, about: About | None, given: dict[str, Any]) -> tuple[Model, str]:
    """The model on the data set that the file or the user names; and whose normalizer it has."""
    requested = about.settings.data if about else given.get("data", "auto")
    dataset = load_data(requested, given.get("data_dir"))
    print(data_line(dataset, requested))
    named = {name: given[name] for name in NET_NAMES if name in given}
    settings = about.settings if about else make_settings(dataset.name, {"classes": len(dataset.classes), **named})
    try:
        params, state = load_weights(file, *unfilled(settings.build_net()))
    except SenetError as error:
        if about or named:
            raise
        raise SenetError(
            f"{file} does not say which network it holds, and no public one that is known ({PUBLIC}); as the default, "
            f"the tiny SE-CNN: {error}"
        ) from None
    changes = {"params": params, "state": state} | ({"normalizer": about.normalizer} if about else {})
    whose = "the file's" if about else "measured on the training images"
    return replace(new_model(settings, dataset), **changes), whose


def _read_about(file: Path) -> About | None:
    """What a file declares; None where it declares nothing."""
    text = load_metadata(file).get(KEY)
    if text is None:
        return None
    try:
        about = json.loads(text)
        data, declared = about["data"], current_settings(about["settings"])
        defaults = settings_to_json(make_settings(data["name"], {"net": declared["net"]}))
        settings = settings_from_json({**defaults, **{name: declared[name] for name in NET_NAMES}})
        view = read_view(about["view"]) if "view" in about else View(settings.image_size)
        settings = replace(settings, image_size=view.size)
        classes = tuple(str(name) for name in data.get("classes", ()))
        return About(settings, read_normalizer(about), str(data.get("provenance", "")), classes, view)
    except (SenetError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise SenetError(f"{file} says about itself what cannot be ({error!r:.200}): export the run again") from error
