"""`explain`: everything it draws is on its page, for runs and for networks of the box, with data and without."""

import contextlib
import io
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from senet_np.analysis import bundle as packing
from senet_np.cli import main
from senet_np.fast.workers import Workers
from senet_np.figures.captions import CAPTIONS
from senet_np.figures.style import STYLE
from senet_np.runs import bundled as box
from senet_np.runs.run import create_run
from senet_np.settings import make_settings
from senet_np.train.loop import train

FEW = {"widths": (4, 4, 8), "batch_size": 16, "micro_batch": 8, "epochs": 1}


def coarsely(monkeypatch):
    """Pictures in moments: what they look like, test_pictures.py looks at."""
    monkeypatch.setitem(STYLE, "savefig.dpi", 20)
    monkeypatch.setitem(STYLE, "figure.constrained_layout.use", False)


@pytest.fixture(autouse=True)
def away_from_home(tmp_path, monkeypatch, few_shapes):
    """No CIFAR-10 of this machine's user is found, `shapes` is small, pictures are coarse, all in tmp_path."""
    coarsely(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENET_NP_DATA", raising=False)
    for variable in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    for place in ("senet_np.data", "senet_np.cli.explain"):
        monkeypatch.setattr(f"{place}.load_shapes", lambda: few_shapes)


@pytest.fixture
def trained(tmp_path, few_shapes, callback):
    """Train a small net for a moment, in a folder of its own."""

    def trained(name="run", **options):
        run = create_run(tmp_path / name, make_settings("shapes", {**FEW, **options}), few_shapes)
        train(run, few_shapes, run.load(), callback(), threads=1)
        return run

    return trained


@pytest.fixture
def boxed(tmp_path, monkeypatch, trained, few_shapes):
    """A box with one small network in it."""
    monkeypatch.setattr(box, "BOX", tmp_path / "box")
    with Workers(1) as workers:
        return packing.pack(trained(), few_shapes, "small", workers, tmp_path / "box")


class Page(HTMLParser):
    """What is on a page: pictures with their words, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.pictures, self.links = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "img":
            self.pictures[given["src"]] = given["alt"]
        elif tag == "a":
            self.links.append(given["href"])
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def files(folder):
    return {path.name for path in folder.glob("*.png")}


@pytest.fixture(scope="module")
def explained(tmp_path_factory, few_shapes, callback):
    """A run with everything that `explain` draws of it, and what it said."""
    folder = tmp_path_factory.mktemp("explained")
    run = create_run(folder / "run", make_settings("shapes", FEW), few_shapes)
    train(run, few_shapes, run.load(), callback(), threads=1)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as out:
        coarsely(patch)
        patch.setattr("senet_np.data.load_shapes", lambda: few_shapes)
        assert main(["explain", str(run.path), "--out", str(folder / "pictures")]) == 0
    text = (folder / "pictures" / "index.html").read_text("utf-8")
    return folder / "pictures", text, Page(text), out.getvalue()


def test_every_figure_is_on_the_page_with_its_words(explained):
    folder, text, page, out = explained
    assert page.open == []
    assert page.pictures.keys() == files(folder)
    assert all(len(alt) > 60 for alt in page.pictures.values())
    assert text.count("What to see.") == text.count("What not to conclude.") == len(page.pictures)
    assert all(link.startswith("#") or (folder / link).exists() for link in page.links)
    assert f"figures: {len(page.pictures)}, in {folder}" in out


def test_a_run_with_its_data_has_every_kind_of_figure(explained):
    kinds = {name.partition("_")[0].removesuffix(".png") for name in files(explained[0])}
    assert kinds == CAPTIONS.keys()


def test_each_block_has_its_own_figures(explained):
    for kind in ("gates", "scaling", "openers"):
        assert {f"{kind}_stage{k}.se.png" for k in (1, 2, 3)} <= files(explained[0])


def test_the_words_of_every_figure_end_with_what_it_was_found_on(explained):
    assert all("shapes (made by NumPy), seed 0; " in alt for alt in explained[2].pictures.values())


def test_a_run_that_replaces_another_takes_its_figures_away(trained, tmp_path, few_shapes):
    run = trained()
    main(["explain", "run", "--controls", "5"])
    (tmp_path / "run" / "plots" / "mine.png").write_bytes(b"of the user's own")
    create_run(run.path, run.settings, few_shapes, overwrite=True)
    assert [path.name for path in (tmp_path / "run" / "plots").iterdir()] == ["mine.png"]


@pytest.mark.parametrize(
    "options",
    [
        {"excite": "eca"},
        {"squeeze": "none"},
        {"squeeze": "avg+max"},
        {"gate": "tanh"},
        {"gate": "relu"},
        {"stages": (2,)},
    ],
    ids=str,
)
def test_every_choice_of_the_block_can_be_explained(trained, tmp_path, options):
    trained(**options)
    assert main(["explain", "run", "--controls", "10"]) == 0
    assert len(files(tmp_path / "run" / "plots")) > 8


def test_a_photo_of_ones_own_is_answered(trained, tmp_path):
    trained()
    Image.fromarray(np.full((90, 200, 3), 120, np.uint8)).save(tmp_path / "mine.jpg")
    assert main(["explain", "run", "--image", "mine.jpg", "--controls", "10"]) == 0
    assert "mine.jpg" in (tmp_path / "run" / "plots" / "index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["explain", "nowhere"], "nowhere holds no run (no config.json)"),
        (["explain", "nowhere"], "or name a network of the box: small"),
        (["explain", "run", "--image", "99"], "image 99 does not exist: the validation images are numbered 0 to 59"),
        (["explain", "run", "--image", "mine.jpg"], "mine.jpg does not exist"),
        (["explain", "small", "--controls", "5"], "small lies in the box with its findings"),
        (["explain", "small", "--data", "cifar10"], "--data is cifar10, but small was trained on shapes"),
        (["evaluate", "small", "--data", "cifar10"], "--data is cifar10, but small was trained on shapes"),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_line(boxed, capsys, words, message):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_network_of_the_box_is_explained_from_what_lies_beside_its_weights(boxed, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("senet_np.cli.explain._data_here", lambda name, place: None)
    assert main(["explain", "small"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"test accuracy {boxed['test']['accuracy']:.4f} (")
    drawn = files(tmp_path / "explained" / "small")
    assert {"profiles.png", "shares.png", "controls.png", "pruning.png", "weights.png", "moments.png"} <= drawn
    assert "answer.png" in drawn, "the photo that Matplotlib brings"
    assert not any("openers" in name or "sky" in name for name in drawn), "pictures of the data need the data"
    page = (tmp_path / "explained" / "small" / "index.html").read_text("utf-8")
    assert "n = 60 test images" in page


def test_where_the_data_is_the_images_at_a_channels_ends_are_shown_too(boxed, tmp_path):
    assert main(["explain", "small", "--out", "here"]) == 0
    assert {"openers_stage1.se.png", "sky.png"} <= files(tmp_path / "here")


def test_the_box_says_what_evaluate_measures(boxed, capsys):
    assert main(["evaluate", "small"]) == 0
    correct = boxed["test"]["correct"]
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"test accuracy {correct / 60:.4f} ({correct} of 60, shapes, made by NumPy)"
    )


def test_a_run_in_a_folder_comes_before_a_name_of_the_box(boxed, trained, tmp_path):
    trained("small", seed=7)
    main(["explain", "small", "--controls", "5"])
    assert (tmp_path / "small" / "plots" / "index.html").exists()
    assert not (tmp_path / "explained").exists()


def test_a_net_without_se_has_its_curves_and_a_sentence(trained, tmp_path, capsys):
    trained(se=False)
    assert main(["explain", "run"]) == 0
    assert "no SE blocks" in capsys.readouterr().out
    assert files(tmp_path / "run" / "plots") == {"curves.png"}


def test_training_draws_what_takes_moments_and_leaves_the_rest_to_explain(tmp_path):
    assert main(["train", "--data", "shapes", "--widths", "4,4,4", "--epochs", "1", "--out", "run"]) == 0
    drawn = files(tmp_path / "run" / "plots")
    assert {"profiles.png", "sky.png"} <= drawn
    assert not {"controls.png", "pruning.png"} & drawn
    assert "python -m senet_np explain run adds" in (tmp_path / "run" / "plots" / "index.html").read_text("utf-8")


def test_a_folder_that_cannot_be_written_is_said_in_one_line(trained, tmp_path, capsys):
    trained()
    (tmp_path / "taken").write_text("a file")
    assert main(["explain", "run", "--out", "taken", "--controls", "5"]) == 2
    assert "could not write the plots to taken" in capsys.readouterr().err
