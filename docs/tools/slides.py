"""Build the slides of the lecture:   python docs/tools/slides.py build/slides

Draws every figure anew in a large style, from the bundled models and from the notebooks' own cells, and lets Sphinx
make reveal.js slides of docs/slides/index.md. The slides ask for nothing that is not in their folder.
"""

import argparse
import io
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import block_figure  # noqa: E402
import problem_figure  # noqa: E402
from gates import bundled_sources  # noqa: E402
from mathjax import copy_mathjax  # noqa: E402
from matplotlib.text import Text  # noqa: E402

from senet_np.figures.look import LECTURE, Look  # noqa: E402
from senet_np.figures.report import draw, plan  # noqa: E402
from senet_np.figures.style import BLUE, ORANGE, enlarge, new_figure, save, style  # noqa: E402
from senet_np.nets import NETS  # noqa: E402
from senet_np.nets.describe import added_by_se, count_parameters, multiply_adds  # noqa: E402

SLIDES = ROOT / "docs/slides"
SIZE = (15, 6.5)  # inches: 1800 × 780 of a slide's 1920 × 1080 pixels
NOTES = re.compile(r"(?<=:::\{revealjs-notes\}\n).*?(?=:::)", re.DOTALL)  # each line becomes a paragraph
LOOK = replace(LECTURE, size=SIZE, titled=False)


class Cells(NamedTuple):
    """Which cells of a notebook draw a figure."""

    notebook: str
    figures: dict[str, str]  # {a figure's name: words of the cell that draws it}
    sections: tuple[int, ...]  # that are run, after the cells before section 1
    words: tuple[str, ...] = ("",)  # a cell of a section is run if it holds one of these
    look: Look = LOOK
    dropped: str = ""  # a text of the figure that the slide's title replaces


STRIP = replace(LOOK, size=(15, 4.6))  # of a row of images
TIGHT = replace(LOOK, text=1.62)  # boxes that just hold their text
FULL = replace(LOOK, size=(15.9, 8.9), text=1.44, min_text=0)  # the whole slide; text grows by the factor of its boxes
NOTEBOOKS = (
    Cells("01_channels", {"channels": "Five filters"}, (1, 2), look=STRIP),
    Cells("01_channels", {"scale": "before and after their gates"}, (6,)),
    Cells("03_squeeze", {"squeeze": "A gray area counts more"}, (1,), look=STRIP),
    Cells("04_excitation", {"excitation": "two with ReLU, set by hand"}, (1, 3), look=STRIP),
    Cells("05_se_block", {"forward": 'draw_block("Forward'}, (1,), look=TIGHT, dropped="Forward:"),
    Cells("05_se_block", {"backward": "Two orange arrows"}, (1, 2, 3), look=FULL, dropped="Two orange"),
    Cells("05_se_block", {"forgotten": "Error of each gradient", "training": "Forgetful minus right"}, (6,)),
    Cells("09_reading_gates", {"one_image": "the gates of the photo and of"}, (1,)),
    Cells("10_any_cnn", {"inception": "Inception: around", "resnet": "A residual block"}, (1,)),
    Cells(
        "11_comparisons",
        {"luck": "100 comparisons"},
        (4, 5),
        ("def simulated_t", "def draw_pairs", "def half_widths", "many_A", "misses"),
    ),
    Cells("14_wild", {"wild": "Inverted bottleneck"}, (2,)),
)


def of_model(name: str, file: str) -> Any:
    """A figure of a bundled model's report."""
    sources = bundled_sources(name)
    drawings = {kind.file_name(one.block): one for kind, one in plan(sources)}
    return draw(drawings[file], sources)


def costs() -> Any:
    """What SE adds to the parameters and to the multiply-adds of five networks, in percent."""
    names = {"tiny": "tiny", "vgg": "VGG", "inception": "Inception", "resnet20": "ResNet-20", "resnet110": "ResNet-110"}
    shares: dict[str, list[float]] = {"parameters": [], "multiply-adds": []}
    for name in names:
        added, plain = added_by_se(NETS[name].build(se=True)), NETS[name].build(se=False)
        shares["parameters"].append(100 * added.parameters / count_parameters(plain))
        shares["multiply-adds"].append(100 * added.multiply_adds / multiply_adds(plain))
    figure = new_figure(*SIZE)
    axes = figure.subplots()
    for place, (what, color) in enumerate(zip(shares, (ORANGE, BLUE), strict=True)):
        bars = axes.barh([k + 0.4 * place for k in range(len(names))], shares[what], 0.38, color=color, label=what)
        axes.bar_label(bars, [f"{share:.2g} %" for share in shares[what]], padding=6)
    axes.set_yticks([k + 0.2 for k in range(len(names))], [*names.values()])
    axes.invert_yaxis()
    axes.set_xlabel("what SE with r = 4 adds (%)")
    axes.legend(loc="lower right")
    return enlarge(figure)


def block() -> Any:
    """The block, without its title: the slide has one."""
    figure, height = block_figure.draw(), 5.4  # inches: what stands above is the title
    (axes,) = figure.axes
    figure.set_size_inches(figure.get_figwidth(), height)
    axes.set_ylim(0, height)
    for text in axes.texts:
        if text.get_text() in NARROW:
            text.set_text(NARROW[text.get_text()])
        text.set_visible(text.get_position()[1] < height)
    return figure


NARROW = {  # so that these do not touch where they are larger
    "squeeze: the mean\nof each map, C": "squeeze:\nthe mean of\neach map, C",
    "FC, ReLU:\nC/r hidden units": "FC, ReLU:\nC/r hidden\nunits",
    "FC, sigmoid: a gate\nfrom 0 to 1, C": "FC, sigmoid:\na gate from\n0 to 1, C",
}
OWN_LAYOUT: dict[str, Callable[[], Any]] = {"problem": problem_figure.draw, "block": block}
DRAWN: dict[str, Callable[[], Any]] = {
    "costs": costs,
    "profiles": partial(of_model, "tiny-se", "profiles.png"),
    "interventions": partial(of_model, "tiny-se", "interventions.png"),
}
NAMES = {*OWN_LAYOUT, *DRAWN, *(name for cells in NOTEBOOKS for name in cells.figures)}


def write_figures(folder: Path) -> None:
    """Draw all figures of the slides into a folder."""
    for name, make in OWN_LAYOUT.items():
        save_at_its_size(make(), folder / f"{name}.png")
    with style(LOOK):
        for name, make in DRAWN.items():
            print(f"drawing {name}", flush=True)
            save(make(), folder / f"{name}.png")
        for cells in NOTEBOOKS:
            print(f"running cells of notebook {cells.notebook} for {', '.join(cells.figures)}", flush=True)
            for name, figure in drawn_by(cells):
                save(figure, folder / f"{name}.png")


def save_at_its_size(figure: Any, path: Path) -> None:
    """Save a figure whose layout depends on its size, its texts as large as they must be where it fills its place."""
    wide, high = SIZE
    shrunk = max(figure.get_figwidth() / wide, figure.get_figheight() / high)
    for text in figure.findobj(Text):
        text.set_fontsize(max(text.get_fontsize(), LOOK.min_text * shrunk))
    figure.savefig(path, dpi=LOOK.dpi / shrunk)


def drawn_by(cells: Cells) -> Iterator[tuple[str, Any]]:
    """Run cells of a notebook; the figures that are asked for, with their names."""
    space: dict[str, Any] = {"__name__": "__main__"}
    missing = set(cells.figures)
    for code in chosen_cells(cells):
        with style(cells.look), shown_figures() as figures, redirect_stdout(io.StringIO()):
            exec(compile(code, cells.notebook, "exec"), space)
            for name, words in cells.figures.items():
                if words in code and figures:
                    missing.remove(name)
                    yield name, on_slide(figures[-1], cells)
        if not missing:
            return
    raise ValueError(f"{cells.notebook} no longer draws {', '.join(sorted(missing))}")


def on_slide(figure: Any, cells: Cells) -> Any:
    """A notebook's figure, at the size of its place on a slide, with large text."""
    figure.set_size_inches(cells.look.size)
    for text in figure.findobj(Text):
        if cells.dropped and text.get_text().startswith(cells.dropped):
            text.set_text("")
    return enlarge(figure)


def chosen_cells(cells: Cells) -> Iterator[str]:
    """The code of the cells before section 1 and of the chosen sections, without sliders."""
    section = 0
    text = (ROOT / "notebooks" / f"{cells.notebook}.py").read_text("utf-8")
    for cell in text.split("\n# %%")[1:]:
        head, _, code = cell.partition("\n")
        if heading := re.search(r"^# ## (\d*)", code, re.MULTILINE):
            section = int(heading[1] or (-1 if section else 0))
        wanted = section == 0 or (section in cells.sections and any(words in code for words in cells.words))
        if wanted and "[markdown]" not in head and "interact(" not in code:
            yield code


@contextmanager
def shown_figures() -> Iterator[list[Any]]:
    """Collects the figures that are shown."""
    import matplotlib.pyplot as plt

    figures: list[Any] = []

    def show(*_: Any) -> None:
        for number in plt.get_fignums():
            figures.append(plt.figure(number))
        plt.close("all")

    before, plt.show = plt.show, show
    try:
        yield figures
    finally:
        plt.show = before


def build(out: Path, work: Path) -> int:
    """Draw the figures and build the slides into `out`, by way of `work`; Sphinx's exit status."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(SLIDES, work)
    index = work / "index.md"
    index.write_text(NOTES.sub(lambda notes: notes[0].replace("\n", "\n\n"), index.read_text("utf-8")), "utf-8")
    (work / "figures").mkdir()
    write_figures(work / "figures")
    copy_mathjax(work / "_static/mathjax.js")

    from sphinx.cmd.build import main as sphinx

    shutil.rmtree(out, ignore_errors=True)
    status = sphinx(["-b", "revealjs", "-W", "--keep-going", "-q", str(work), str(out)])
    page = (out / "index.html").read_text("utf-8") if status == 0 else ""
    if page:  # so that the speaker's view keeps their paragraphs apart
        page = page.replace('<aside class="notes">', '<aside class="notes" data-markdown>')
        (out / "index.html").write_text(page, "utf-8")
    return status


def main() -> int:
    """Build, and say where the slides are."""
    parser = argparse.ArgumentParser(description="Build the slides of the lecture.")
    parser.add_argument(
        "out", type=Path, nargs="?", default=ROOT / "build/slides", help="folder (default: build/slides)"
    )
    given, began = parser.parse_args(), time.monotonic()
    out = given.out.resolve()
    status = build(out, ROOT / "build/slides-work")
    if status == 0:
        print(f"{out / 'index.html'}: open it in a browser; S shows the notes ({time.monotonic() - began:.0f} s)")
    return status


if __name__ == "__main__":
    sys.exit(main())
