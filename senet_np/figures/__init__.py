"""The figures, one file each: title, caption and drawing; arrays in, a Matplotlib figure out.

    sources = Sources(senet_np.load("tiny-se"), load_findings(findings_path("tiny-se")))
    write_report(sources, Path("explained"))

matplotlib is imported when a figure is drawn, not before.
"""

from .registry import Sources
from .report import draw, plan, remove_old, write_report

__all__ = ["Sources", "draw", "plan", "remove_old", "write_report"]
