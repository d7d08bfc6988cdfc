"""The map of the package, made from the one declaration of its layers (pyproject.toml) and each module's own docstring.

python docs/tools/layout.py            print it
python docs/tools/layout.py --write    put it into docs/code.md, between `<!-- layout -->` and `<!-- end -->`
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "senet_np"


def layers() -> list[tuple[str, str]]:
    """(path, first sentence of its docstring) of every top-level module and package, from the highest layer down."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    declared = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [_described(name) for layer in declared for name in layer.split(" | ")]


def _described(name: str) -> tuple[str, str]:
    folder = PACKAGE / name
    file, path = (folder / "__init__.py", f"{name}/") if folder.is_dir() else (folder.with_suffix(".py"), f"{name}.py")
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return path, re.split(r"(?<=[.?!])\s", " ".join(text.split()))[0].rstrip(".")


def as_markdown() -> str:
    """The map as a table."""
    rows = [f"| [`{path}`](../senet_np/{path}) | {sentence} |" for path, sentence in layers()]
    return "\n".join(["| in `senet_np/` | what is in it |", "|---|---|", *rows])


def refreshed(page: str) -> str:
    """A page's text with the map between its marks made anew."""
    return re.sub(
        r"(<!-- layout -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}\n{as_markdown()}\n\n{m[2]}", page, flags=re.S
    )


if __name__ == "__main__":
    if "--write" in sys.argv:
        page = ROOT / "docs/code.md"
        page.write_text(refreshed(page.read_text("utf-8")), "utf-8")
    else:
        print(as_markdown())
