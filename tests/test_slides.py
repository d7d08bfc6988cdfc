"""The slides of the lecture: enough of them, each with a title, few words and notes; and figures for a large room."""

import re
import sys
from pathlib import Path

import pytest
from matplotlib.text import Text
from PIL import Image

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.data import load_shapes
from senet_np.data.photo import sample_photo
from senet_np.figures.look import LECTURE, MIN_LECTURE_TEXT, few, look
from senet_np.figures.registry import Sources, kinds
from senet_np.figures.report import draw, plan
from senet_np.figures.style import style
from senet_np.runs.bundled import findings_path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "tools"))

import slides  # noqa: E402

TEXT = (ROOT / "docs/slides/index.md").read_text("utf-8")
DECK = [part.partition("\n") for part in re.split(r"^##? ", TEXT, flags=re.MULTILINE)[1:]]
EACH = pytest.mark.parametrize(("title", "body"), [pytest.param(title, body, id=title) for title, _, body in DECK])
NOTES = re.compile(r":::\{revealjs-notes\}\n(.*?):::", re.DOTALL)
FIGURE = re.compile(r"!\[([^\]]*)\]\(figures/(\w+)\.png\)")
VERBS = (
    " lets need is are computes becomes turn decides fits draw meet find spoils show keeps stands costs say do gained "
    "tell contain carry "
)


def test_the_lecture_has_20_to_25_slides_for_two_times_90_minutes():
    minutes = [int(NOTES.search(body)[1].split()[0]) for _, _, body in DECK]
    pause = 1 + next(k for k, (title, *_) in enumerate(DECK) if title.startswith("Exercise"))
    assert 20 <= len(DECK) <= 25
    assert all(70 <= sum(part) <= 90 for part in (minutes[:pause], minutes[pause:]))


@EACH
def test_a_slide_has_a_sentence_as_its_title_and_few_words(title, body):
    shown = re.sub(r"\$\$.*?\$\$|```.*?```", "", FIGURE.sub("", NOTES.sub("", body)), flags=re.DOTALL)
    assert any(f" {word} " in VERBS for word in title.split())
    assert len(re.findall(r"[\w+−.,±]*\w[\w+−.,±]*", f"{title} {shown}")) <= 60


@EACH
def test_a_slide_has_notes_that_begin_with_its_minutes(title, body):
    assert re.match(r"\d+ minutes[,. ]", NOTES.search(body)[1])
    assert 3 <= len(NOTES.search(body)[1].splitlines()) <= 6


@EACH
def test_a_slide_has_at_most_one_figure_with_words_for_those_who_cannot_see_it(title, body):
    assert [len(alt) > 30 for alt, _ in FIGURE.findall(body)] in ([], [True])


def test_the_slides_show_every_figure_that_the_program_draws_and_no_other():
    assert {name for _, name in FIGURE.findall(TEXT)} == slides.NAMES


@pytest.mark.parametrize("cells", slides.NOTEBOOKS, ids=lambda cells: next(iter(cells.figures)))
def test_the_notebooks_still_have_the_cells_that_draw_the_slides_figures(cells):
    code = "\n".join(slides.chosen_cells(cells))
    assert [words for words in (*cells.figures.values(), *cells.words) if words not in code] == []


def test_a_class_is_asked_on_most_slides():
    assert sum("Ask" in NOTES.search(body)[1] for _, _, body in DECK) > len(DECK) / 2


def test_the_code_on_a_slide_is_that_of_the_readme():
    def lines(path):
        block = re.search(r"def se_block.*?return .*?$", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)[0]
        return [line.partition("#")[0].rstrip() for line in block.splitlines()]

    assert lines(ROOT / "docs/slides/index.md") == lines(ROOT / "README.md")


def test_the_slides_ask_for_nothing_that_is_not_in_their_folder(tmp_path, monkeypatch):
    pytest.importorskip("sphinx_revealjs", reason="it belongs to the extra docs")
    monkeypatch.setattr(slides, "write_figures", write_small_figures)
    assert slides.build(tmp_path / "out", tmp_path / "work") == 0
    page = (tmp_path / "out/index.html").read_text("utf-8")
    asked = re.findall(r'(?:src|href)="([^"?]+)', page)
    assert len(asked) > len(slides.NAMES)
    assert [name for name in asked if not (tmp_path / "out" / name).is_file()] == []
    assert page.count('<aside class="notes" data-markdown>') == len(DECK)


def write_small_figures(folder):
    for name in slides.NAMES:
        Image.new("RGB", (16, 9)).save(folder / f"{name}.png")


def test_every_figure_has_large_text_in_lecture_style():
    model, photo, data = senet_np.load("shapes-se"), sample_photo(), load_shapes(sizes=(1, 60, 1))
    sources = Sources(model, load_findings(findings_path("shapes-se")), photo, data)
    drawings = {kind.key: one for kind, one in plan(sources)}  # of one block each
    assert drawings.keys() == {kind.key for kind in kinds()}
    for key, one in drawings.items():
        figure = draw(one, sources, LECTURE)
        sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
        assert tuple(figure.get_size_inches()) == (16, 9), key
        assert min(sizes) >= MIN_LECTURE_TEXT >= 16, key


@pytest.mark.parametrize("key", ["profiles", "interventions", "distribution"])
def test_nine_blocks_become_three_panels_and_the_title_says_so(key):
    sources = Sources(senet_np.load("resnet20-se"), load_findings(findings_path("resnet20-se")))
    (one,) = [one for kind, one in plan(sources) if kind.key == key]
    figure = draw(one, sources, LECTURE)
    assert len([axes for axes in figure.axes if axes.axison]) == 3
    assert re.search(r"3 of\s\d+\s(blocks|panels)\sshown", figure.get_suptitle())


def test_few_keeps_the_first_and_the_last_and_leaves_short_lists_alone():
    nine = dict.fromkeys(range(9))
    with style(LECTURE):
        assert [*few(nine, "blocks")] == [0, 4, 8]
        assert [*few({"a": 1}, "blocks")] == ["a"]
        assert look().notes == ["3 of 9 blocks shown"]
    assert [*few(nine, "blocks")] == [*nine]
