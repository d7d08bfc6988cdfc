"""MathJax from an installed package, so that equations are set without the internet."""

import importlib.util
import shutil
from pathlib import Path


def copy_mathjax(path: Path) -> None:
    """Copy the script that sets equations as SVG, all in one file."""
    found = importlib.util.find_spec("sphinx-mathjax-offline")
    assert found is not None, "sphinx-mathjax-offline is not installed: it belongs to the extra docs"
    assert found.submodule_search_locations is not None
    shutil.copy(Path(found.submodule_search_locations[0]) / "static/mathjax/tex-svg.js", path)
