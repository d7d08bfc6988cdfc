"""The tests of the mathematics, the training and the files on every Python that is found here, with old and new NumPy.

nox -f tests/noxfile.py
"""

import json
import os
import re
import tomllib
from pathlib import Path

import nox

ROOT = Path(__file__).parents[1]
OLD, NEW = "3.11", ["3.12", "3.13", "3.14"]  # the newest of all on the oldest Python is what `make test` tries
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
OLDEST = [name.replace(">=", "==") + ".0" for name in DECLARED]  # the oldest that are declared to do
TOOLS = ["pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "safetensors"]
TESTS = (
    *(
        "ops",
        "gradients",
        "layers",
        "nets",
        "extreme_numbers",
        "fast",
        "fast_pairs",
        "workers",
        "training",
        "model",
        "load",
    ),
    *("run_folder", "old_runs", "interchange", "foreign_weights", "foreign_files", "weights_command", "bundled"),
    *("compare", "download", "paths", "photo", "drawn", "places", "archives", "untrusted_files", "user_matplotlib"),
)

LOG = os.environ.pop("SENET_NP_STRESS", None)  # where `make stress` counts; the tests below try their core alone

# Where pyenv keeps its Pythons; nox looks along the path alone.
os.environ["PATH"] += "".join(f"{os.pathsep}{folder}" for folder in sorted(Path.home().glob(".pyenv/versions/*/bin")))
nox.options.error_on_missing_interpreters = False
nox.options.envdir = str(ROOT / ".venv/nox")
nox.options.reuse_existing_virtualenvs = True


def run(session: nox.Session, *pins: str) -> None:
    """Install and test, and print what was tested."""
    session.chdir(ROOT)
    session.install("--quiet", "-e", ".", *TOOLS, *pins)
    files = [f"tests/test_{name}.py" for name in TESTS]
    command = ["python", "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", "-o", "addopts=", *files]
    last = str(session.run(*command, silent=True)).strip().splitlines()[-1]
    note(session, re.sub(r" in .*", "", last.strip("= ")))


def note(session: nox.Session, outcome: str) -> None:
    """Print what was tried with which versions, and count it."""
    program = "import sys, numpy; print(sys.version.split()[0], numpy.__version__)"
    python, numpy = str(session.run("python", "-c", program, silent=True)).split()
    session.log(f"Python {python}, NumPy {numpy}: {outcome}")
    if LOG:
        row = {"part": "platform", "session": session.name, "python": python, "numpy": numpy, "outcome": outcome}
        with open(LOG, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


@nox.session(python=NEW)
def newest(session: nox.Session) -> None:
    """The newest of everything that fits together."""
    run(session)


@nox.session(python=NEW[1:])
def course(session: nox.Session) -> None:
    """What the course needs, pinned and checked by hashes; then a notebook of it, executed."""
    session.chdir(ROOT)
    session.install("--quiet", "--require-hashes", "-r", "notebooks/requirements.lock")
    session.install("--quiet", "--no-build-isolation", "--no-deps", "-e", ".")
    session.run("jupyter", "execute", "notebooks/03_squeeze.ipynb")
    note(session, "notebook 3, from pinned packages")


@nox.session(python=OLD)
def oldest(session: nox.Session) -> None:
    """The oldest of everything that we declare."""
    run(session, *OLDEST)
