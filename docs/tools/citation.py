"""CITATION.cff with the package's version and the project's address:   python docs/tools/citation.py --write"""

import re
import sys
import tomllib
from pathlib import Path

import senet_np

ROOT = Path(__file__).parents[2]
FILE = ROOT / "CITATION.cff"


def refreshed(text: str) -> str:
    """The file with its version and its address as they are now."""
    address = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["senet_np"]["address"]
    for name, value in {"version": senet_np.__version__, "repository-code": f'"{address}"'}.items():
        text = re.sub(rf"^{name}: .*$", f"{name}: {value}", text, flags=re.MULTILINE)
    return text


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(refreshed(FILE.read_text("utf-8")), "utf-8")
    else:
        print(refreshed(FILE.read_text("utf-8")), end="")
