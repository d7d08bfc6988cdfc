"""`senet-np course`: copy the notebooks to another folder, and say how to open them.

In a clone they lie beside the package; an installed package has them in the environment's share/ folder.
"""

import argparse
import re
import sysconfig
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..files import quoted, write_atomically
from .options import add_command, new_path

HERE = Path(__file__).parents[2] / "notebooks"
INSTALLED = "share/senet_np/notebooks"
FIRST = "01_channels.ipynb"  # as good as any
SOURCES = "source"  # of the assignments, with their solutions
LINK_OUT = re.compile(rb"\[([^\]\"]+)\]\((?:\.\./)+(?:docs|senet_np|README)[^)\"]*\)")  # [text](../docs/results.md)
EXAMPLES = """\
  senet-np course mine                 the notebooks and their solutions, in the folder mine
  senet-np course mine --overwrite     the same, and replace notebooks that were changed there
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "course", run, "copy the course's notebooks to a folder", EXAMPLES)
    command.add_argument("folder", type=new_path, metavar="DIR", help="the folder to create")
    replaced = "replace notebooks there that differ, with the work in them"
    command.add_argument("--overwrite", action="store_true", help=replaced)


def run(args: argparse.Namespace) -> int:
    """Copy the notebooks that are missing; those that differ are replaced with --overwrite alone."""
    source = find_notebooks()
    found = [path.relative_to(source) for path in source.rglob("*.ipynb")]
    notebooks = sorted(path for path in found if not {".ipynb_checkpoints", SOURCES} & {*path.parts})
    copied, kept = [], []
    for name in notebooks:
        content, target = copy_of(source / name), args.folder / name
        if target.exists() and target.read_bytes() == content:
            continue
        if target.exists() and "overwrite" not in vars(args):
            kept.append(name)
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SenetError(f"could not make {target.parent}: {error.strerror}; name another folder") from error
        write_atomically(target, content)
        copied.append(name)
    print(f"{len(copied)} of {len(notebooks)} notebooks copied to {args.folder}")
    for name in kept:
        print(f"kept as it is, because it was changed: {args.folder / name}")
    if kept:
        print("--overwrite replaces them")
    print(f'open them with: jupyter lab {quoted(args.folder)}   (Jupyter: pip install "senet_np[notebooks]")')
    return 0


def copy_of(notebook: Path) -> bytes:
    """The notebook's bytes; links to files of the project, which are not beside a copy, become plain text."""
    return LINK_OUT.sub(rb"\1", notebook.read_bytes())


def find_notebooks() -> Path:
    """The folder of the course's notebooks; SenetError where this installation has none."""
    schemes = [scheme for scheme in sysconfig.get_scheme_names() if scheme.endswith("_user")]
    roots = [sysconfig.get_path("data"), *(sysconfig.get_path("data", scheme) for scheme in schemes)]
    places = [HERE, *(Path(root) / INSTALLED for root in roots)]
    for place in places:
        if (place / FIRST).exists():
            return place
    raise SenetError(f"the notebooks are in none of {', '.join(map(str, places))}: install senet_np again")
