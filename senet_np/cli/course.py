"""`senet-np course`: copy the notebooks to another folder, and say how to open them.

In a clone they lie beside the package; an installed package has them in the environment's share/ folder.
"""

import argparse
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from ..errors import SenetError
from ..files import quoted, write_atomically
from .options import add_command, new_path

HERE = Path(__file__).parents[2] / "notebooks"
INSTALLED = "share/senet_np/notebooks"
FIRST = "01_channels.ipynb"  # as good as any
GUIDE, SYMBOLS = "docs/teachers.md", "docs/symbols.md"  # beside the folder of the notebooks, in a clone and in share/
START = "START.md"
SOURCES, TEACHER = "source", "teacher"  # the assignments with their solutions; settings for nbgrader and Gradescope
WHO = {  # which folders each does not get
    "alone": {SOURCES, TEACHER},
    "student": {SOURCES, TEACHER, "solutions"},
    "teacher": set(),
}
LINK_OUT = re.compile(rb"\[([^\]\"]+)\]\((?:\.\./)+((?:docs|senet_np|README)[^)\"#]*)[^)\"]*\)")  # [text](../docs/x.md)
LINK_BESIDE = re.compile(rb"\[([^\]]+)\]\((?!https?:|#)[^)]*\)")  # of the guide: to any file
SOLUTIONS = re.compile(rb"\[([^\]\"]+)\]\((?:\.\./)?solutions/[^)\"]*\)")
EXAMPLES = """\
  senet-np course mine                        the notebooks, their solutions and the assignments, in the folder mine
  senet-np course handout --for student       the same without solutions: to hand out
  senet-np course handout --for student --wheel    and with the package, which students install from there
  senet-np course class --for teacher         also the teacher's guide, and the assignments' sources with solutions
  senet-np course mine --overwrite            the same, and replace notebooks that were changed there
"""


def add(commands: Any) -> None:
    """Declare the command."""
    command = add_command(commands, "course", run, "copy the course's notebooks to a folder", EXAMPLES)
    command.add_argument("folder", type=new_path, metavar="DIR", help="the folder to create")
    whom = "alone: with solutions; student: without; teacher: also the guide and the assignments' sources, for nbgrader"
    command.add_argument("--for", dest="who", choices=WHO, metavar="WHO", help=f"{whom} (default: alone)")
    wheel = "also the package itself, without solutions, for students to install (needs a clone, and the internet)"
    command.add_argument("--wheel", action="store_true", help=wheel)
    replaced = "replace notebooks there that differ, with the work in them"
    command.add_argument("--overwrite", action="store_true", help=replaced)


def run(args: argparse.Namespace) -> int:
    """Copy the notebooks that are missing; those that differ are replaced with --overwrite alone."""
    contents = contents_for(vars(args).get("who", "alone"))
    copied, kept = [], []
    for name, content in contents.items():
        target = args.folder / name
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
        if content.startswith(b"#!"):
            target.chmod(0o755)  # a script of Gradescope's
        copied.append(name)
    print(f"{len(copied)} of {len(contents)} files copied to {args.folder}")
    if "wheel" in vars(args):
        write_wheel(args.folder)
    for name in kept:
        print(f"kept as it is, because it was changed: {args.folder / name}")
    if kept:
        print("--overwrite replaces them")
    print(f'open them with: jupyter lab {quoted(args.folder)}   (Jupyter: pip install "senet_np[notebooks]")')
    return 0


def write_wheel(folder: Path) -> None:
    """Build the package's wheel for students, which leaves out all solutions."""
    if not (HERE.parent / "setup.py").exists():
        raise SenetError(
            "--wheel builds the package from a clone of its repository, and this one is installed: clone it"
        )
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(HERE.parent)]
    if subprocess.run(command, env={**os.environ, "SENET_NP_FOR": "student"}, check=False).returncode:
        raise SenetError("pip could not build the package (its words are above): it needs the internet, once")
    print(f"the package without solutions is in {folder}: students install it as {START} says")


def contents_for(who: str) -> dict[Path, bytes]:
    """What "alone", "student" or "teacher" get: {path in their folder: bytes}.

    A teacher's folder is one of nbgrader's: the sources of assignment X are in source/X, and its settings at the top,
    with the teacher's guide.
    """
    source, contents = find_notebooks(), {}
    for path in sorted(
        [*source.rglob("*.ipynb"), *source.glob(f"assignments/{TEACHER}/**/*.*"), *source.glob("**/run_*")]
    ):
        name = path.relative_to(source)
        if {".ipynb_checkpoints", "__pycache__", *WHO[who]} & {*name.parts}:
            continue
        if SOURCES in name.parts:
            contents[Path(*name.parts[1:])] = path.read_bytes()
        elif TEACHER in name.parts:
            contents[Path(*name.parts[2:])] = path.read_bytes()
        else:
            contents[name] = copy_of(path, "solutions" not in WHO[who])
    contents[Path(START)] = (source / START).read_bytes()
    contents[Path(Path(SYMBOLS).name)] = (source.parent / SYMBOLS).read_bytes()
    if who == "teacher":
        guide = source.parent / GUIDE
        if not guide.exists():
            raise SenetError("this copy of the package is the students' one, without solutions: use the repository's")
        contents[Path(guide.name)] = LINK_BESIDE.sub(rb"\1", guide.read_bytes())
    return contents


def copy_of(notebook: Path, with_solutions: bool = True) -> bytes:
    """The notebook's bytes; links to files that are not beside the copy become plain text."""
    content = notebook.read_bytes().replace(b"../docs/symbols.md)", b"symbols.md)")  # which lies at the top
    content = LINK_OUT.sub(_named, content)
    return content if with_solutions else SOLUTIONS.sub(b"ask your teacher", content)


def _named(link: re.Match[bytes]) -> bytes:
    """The link as text, with the file's name if the text does not give it."""
    text, path = link[1], link[2]
    return text if text.strip(b"`") in path else text + b" (" + path + b")"


def find_notebooks() -> Path:
    """The folder of the course's notebooks; SenetError where this installation has none."""
    schemes = [scheme for scheme in sysconfig.get_scheme_names() if scheme.endswith("_user")]
    roots = [sysconfig.get_path("data"), *(sysconfig.get_path("data", scheme) for scheme in schemes)]
    places = [HERE, *(Path(root) / INSTALLED for root in roots)]
    for place in places:
        if (place / FIRST).exists():
            return place
    raise SenetError(f"the notebooks are in none of {', '.join(map(str, places))}: install senet_np again")
