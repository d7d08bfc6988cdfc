"""The developers' commands of docs/tools, importable for tests:   from tools import bundle, gates"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "tools"))

import bundle
import comparisons
import gates

__all__ = ["bundle", "comparisons", "gates"]
