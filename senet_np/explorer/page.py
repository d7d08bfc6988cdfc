"""The page: style, scripts and payload in one HTML file that needs nothing beside it.

The scripts in `parts/` are read in the order of SCRIPTS; they share one scope.
"""

from html import escape
from pathlib import Path

import numpy as np

from .payload import Exhibit, make_payload

PARTS = Path(__file__).parent / "parts"
SCRIPTS = ("engine.js", "unpack.js", "state.js", "draw.js", "words.js", "panels.js", "main.js")


def explorer_page(exhibits: list[Exhibit], photo: np.ndarray | None) -> str:
    """Make the page.

    Args:
        exhibits: the networks on show, in the order of the list; the first one is shown first.
        photo: a picture for all of them, (32, 32, 3) uint8; None where there is none.

    Returns:
        HTML.
    """
    data, content = make_payload(exhibits, photo)
    names = ", ".join(one.name for one in exhibits)
    filled = {
        "{title}": escape(f"Inside a Squeeze-and-Excitation network: {names}"),
        "{style}": _part("page.css"),
        "{data}": data.replace("<", "\\u003c"),  # so that no text in it can end the script element
        "{bytes}": content,
        "{script}": "\n".join(_part(name) for name in SCRIPTS),
    }
    page = _part("page.html")
    for mark, text in filled.items():
        page = page.replace(mark, text, 1)
    return page


def _part(name: str) -> str:
    return (PARTS / name).read_text("utf-8")
