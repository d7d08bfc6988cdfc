"""The page: style, scripts and payload in one HTML file that needs nothing beside it.

The scripts in `parts/` are read in the order of SCRIPTS; they share one scope.
"""

from html import escape
from pathlib import Path

from .payload import ExplorerModel, make_payload

PARTS = Path(__file__).parent / "parts"
SCRIPTS = [
    "engine",
    "backward",
    "unpack",
    "state",
    "draw",
    "formulas",
    "views",
    "panels",
    "heat",
    "samples",
    "paint",
    "files",
]
SCRIPTS += ["terms", "tour", "train", "main"]
TRAINER = ["trainer_ops", "trainer"]  # the text of the workers of the Train tab


def explorer_page(models: list[ExplorerModel]) -> str:
    """The page as HTML: the models stand in their order, the first one is shown first."""
    data, content = make_payload(models)
    names = ", ".join(shown.name for shown in models)
    texts = {
        "{title}": escape(f"Inside a Squeeze-and-Excitation network: {names}"),
        "{style}": _part("page.css"),
        "{data}": data.replace("<", "\\u003c"),  # so that no text in it can end the script element
        "{bytes}": content,
        "{trainer}": "\n".join(_part(f"{name}.js") for name in TRAINER),
        "{script}": "\n".join(_part(f"{name}.js") for name in SCRIPTS),
    }
    page = _part("page.html")
    for mark, text in texts.items():
        page = page.replace(mark, text, 1)
    return page


def _part(name: str) -> str:
    return (PARTS / name).read_text("utf-8")
