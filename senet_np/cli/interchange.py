"""`senet-np export` and `senet-np import`: a run's weights as a file for PyTorch, and such a file as a run.

What a file says about itself is one JSON text under "senet_np". Without the normalizer in it the logits would
mean nothing: a net answers only pictures that were normalized as those that it learned from.
"""

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..data import load_data
from ..errors import SenetError
from ..runs.interchange import load_metadata, load_weights, save_weights, unfilled
from ..runs.run import MOST_PARAMETERS, alone_in, create_run, describe, open_run
from ..settings import Settings, make_settings, settings_from_json, settings_to_json
from ..tree import tree_size
from .data import data_line
from .options import add_command, add_data_options, add_net_options, existing_path, new_file, new_path

KEY = "senet_np"
NET = ("net", "se", "reduction", "squeeze", "gate", "se_bias", "excite", "position", "stages", "widths")
EXPORT = """\
  senet-np export runs/mine mine.safetensors     needs: pip install "senet_np[interchange]"
  senet-np export runs/mine mine.npz             needs nothing
"""
IMPORT = """\
  senet-np import mine.safetensors --out runs/there                        a file that `senet-np export` wrote
  senet-np import theirs.npz --out runs/there --net resnet20 --gate tanh   one that says nothing about its net
"""


class About(NamedTuple):
    """What a file says about its weights."""

    settings: Settings  # those of the network and the name of the data are the file's, the others are usual
    normalizer: dict[str, list[float]]  # mean and std of each color, pixel values


def add(commands: Any) -> None:
    """Declare both commands."""
    command = add_command(commands, "export", run_export, "write a run's weights to a file for PyTorch", EXPORT)
    command.add_argument("folder", type=Path, metavar="RUN", help="the run's folder")
    command.add_argument("file", type=new_file, metavar="FILE", help="ends in .safetensors or .npz")

    command = add_command(commands, "import", run_import, "make a run of weights that came from elsewhere", IMPORT)
    command.add_argument("file", type=existing_path, metavar="FILE", help="ends in .safetensors or .npz")
    command.add_argument("--out", type=new_path, metavar="RUN", required=True, help="the run's folder; it is made")
    add_data_options(command, "what the file says, else as for train")
    add_net_options(command)


def run_export(args: argparse.Namespace) -> int:
    """Write the weights, and what one has to know to use them."""
    this = open_run(args.folder)
    progress, result = this.load(), this.result
    settings = settings_to_json(this.settings)
    about = {
        "settings": {name: settings[name] for name in NET},
        "data": {name: this.data.get(name) for name in ("name", "stamp", "classes")},
        "mean": this.data["mean"],
        "std": this.data["std"],
        "test": result and {name: result[name] for name in ("accuracy", "correct", "n")},
    }
    save_weights(args.file, progress.params, progress.state, {KEY: json.dumps(about)})
    if result is None:
        print(f"note: {this.path} is not trained to its end ({progress.epoch} of {this.settings.epochs} epochs)")
    print(f"{describe(this)}: {tree_size(progress.params):,} parameters written to {args.file}")
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Check the weights first; then make the run's folder, and put them there."""
    given, file, out = vars(args), args.file, args.out
    if (out / "config.json").exists():
        raise SenetError(f"{out} already holds a run: name another folder with --out")
    about = _about(file)
    if about:
        _check_options(given, about.settings)
    asked = about.settings.data if about else given.get("data", "auto")
    dataset = load_data(asked, given.get("data_dir"))
    print(data_line(dataset, asked))
    options = {name: given[name] for name in NET if name in given}
    settings = about.settings if about else make_settings(dataset.name, options)
    like = unfilled(settings.build_net())
    if tree_size(like[0]) > MOST_PARAMETERS:
        raise SenetError(f"that network has {tree_size(like[0]):,} parameters, expected at most {MOST_PARAMETERS:,}")
    params, state = load_weights(file, *like)
    said = {"imported": file.name, **(about.normalizer if about else {})}
    with alone_in(out):
        this = create_run(out, settings, dataset, weights=(params, state), said=said)
    whose = "measured on the training images" if about is None else "the file's"
    print(f"{describe(this)}: {tree_size(params):,} parameters in {out}, the normalizer is {whose}")
    return 0


def _about(file: Path) -> About | None:
    """What a file says about its weights; None where it says nothing."""
    text = load_metadata(file).get(KEY)
    if text is None:
        return None
    try:
        said = json.loads(text)
        usual = settings_to_json(make_settings(said["data"]["name"], {}))
        settings = settings_from_json({**usual, **{name: said["settings"][name] for name in NET}})
        with np.errstate(over="ignore"):
            colors = np.array([said["mean"], said["std"]], np.float64).astype(np.float32)
        sound = colors.shape == (2, 3) and np.isfinite(colors).all() and (colors[1] > 0).all()
        if not sound or len(settings.widths) > 4:
            raise ValueError("mean, std or widths")
    except (SenetError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise SenetError(f"{file} says about itself what cannot be ({error!r:.200}): export the run again") from error
    mean, std = colors.tolist()
    return About(settings, {"mean": mean, "std": std})


def _check_options(given: dict[str, Any], said: Settings) -> None:
    """Options may repeat what the file says, and not contradict it."""
    for name in ("data", *NET):
        came, says = given.get(name), getattr(said, name)
        if came not in (None, says) and (name, came) != ("data", "auto"):
            option = "--" + name.replace("_", "-")
            raise SenetError(f"{option} is {came}, but the file says {says}: leave the option out")
