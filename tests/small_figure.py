"""A small figure with an image, lines, a legend and a title; as a program, it draws one into the named file."""

import os
import sys
from pathlib import Path

import numpy as np

from senet_np.figures.style import add_title, new_figure, save, show_image, style


def draw_small(path, title="a title"):
    """Draw it, and return the bytes of the file."""
    with style():
        figure = add_title(new_figure(4, 3), title, "provenance")
        image, lines = figure.subplots(1, 2)
        show_image(image, np.arange(6).reshape(2, 3), title)
        lines.plot([1, 3, 2], label=title)
        lines.legend()
    return save(figure, path).read_bytes()


if __name__ == "__main__":
    draw_small(Path(sys.argv[1]))
    import matplotlib

    print(dict.get(matplotlib.rcParams, "backend"), matplotlib.rcParams["lines.linewidth"], os.environ["MPLBACKEND"])
