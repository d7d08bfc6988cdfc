"""The developers' commands of docs/tools, importable for tests:   from tools import bundle, gates"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "docs" / "tools"))

import bundle
import changes
import comparisons
import gates
import measure_changes

__all__ = ["bundle", "changes", "comparisons", "gates", "measure_changes"]
