"""`explain`: everything that it draws is on its page, for runs and for bundled models, with data and without."""

import contextlib
import io
import shlex
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tools import bundle
from trained_runs import finished
from untrained import FEW, untrained

from senet_np.analysis.findings import measure
from senet_np.cli import main
from senet_np.cli.explain import first_look
from senet_np.data.photo import Photo
from senet_np.fast.workers import Workers
from senet_np.figures import Sources, draw, plan, remove_old
from senet_np.figures.look import LECTURE, PAGE
from senet_np.figures.registry import kinds
from senet_np.figures.style import STYLE
from senet_np.runs import bundled
from senet_np.runs.run import create_run, open_run
from senet_np.settings import make_settings

SMALL = make_settings("shapes", {"widths": (4, 4), "batch_size": 16, "micro_batch": 8, "epochs": 1})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small run that is trained ("run"), one that is not ("untrained"), and a bundled model ("small")."""
    folder = tmp_path_factory.mktemp("explain")
    run = finished(folder / "run", SMALL, FEW, workers=1)
    create_run(folder / "untrained", SMALL, FEW)
    with Workers(1) as workers:
        bundle.bundle(run.model(), FEW, "small", workers, folder / "bundled")
    return folder


@pytest.fixture(autouse=True)
def away_from_home(folder, tmp_path, monkeypatch):
    """No CIFAR-10 of this machine's user is found, `shapes` is small; the runs are where the command is called."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(bundled, "FOLDER", folder / "bundled")
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: FEW)
    monkeypatch.delenv("SENET_NP_DATA", raising=False)
    for variable in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))


@pytest.fixture
def reported(monkeypatch):
    """What `explain` would draw, and where: the arguments of `write_report`, which draws nothing now."""
    calls = []

    def write_report(sources, out, notes=(), *_):
        calls.append((sources, out, notes))
        return [out / "index.html"]

    monkeypatch.setattr("senet_np.cli.explain.write_report", write_report)
    return calls


class Page(HTMLParser):
    """What is on a page: figures with their words, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.figures, self.links = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "img":
            self.figures[given["src"]] = given["alt"]
        elif tag == "a":
            self.links.append(given["href"])
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def files(folder):
    return {path.name for path in Path(folder).glob("*.png")}


@pytest.fixture(scope="module")
def explained(folder):
    """Everything that `explain` draws of a run, coarsely; its page, and what it printed."""
    out = folder / "figures"
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        patch.setitem(STYLE, "savefig.dpi", 20)
        patch.setitem(STYLE, "figure.constrained_layout.use", False)
        patch.setattr("senet_np.data.load_shapes", lambda: FEW)
        assert main(["explain", str(folder / "run"), "--out", str(out)]) == 0
    text = (out / "index.html").read_text("utf-8")
    return out, text, Page(text), printed.getvalue()


def test_every_figure_is_on_the_page_with_its_words(explained):
    out, text, page, printed = explained
    assert page.open == []
    assert page.figures.keys() == files(out)
    assert all(len(alt) > 60 for alt in page.figures.values())
    assert text.count("What to see.") == text.count("What not to conclude.") == len(page.figures)
    assert all(link.startswith("#") or (out / link).exists() for link in page.links)
    assert f"figures: {len(page.figures)}, in {out}" in printed


def test_a_run_with_its_data_has_every_kind_of_figure(explained):
    blocks = ["stage1.se", "stage2.se"]
    of_blocks = {f"{key}_{block}.png" for key in ("gates", "scaling", "top_images") for block in blocks}
    of_all = {f"{kind.key}.png" for kind in kinds()} - {"gates.png", "scaling.png", "top_images.png"}
    assert files(explained[0]) == of_all | of_blocks


def test_the_words_of_every_figure_end_with_its_provenance(explained):
    assert all("shapes (made by NumPy), seed 0; " in alt for alt in explained[2].figures.values())


def test_old_figures_are_removed_and_nothing_else(tmp_path):
    drawn = {"sky.png", "gates_stage1.se.png", "controls.png", "openers_stage1.se.png", "index.html"}
    for name in (*drawn, "mine.png", "notes.html"):
        (tmp_path / name).touch()
    remove_old(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"mine.png", "notes.html"}
    remove_old(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "settings",
    [
        *({"attention": "eca"}, {"squeeze": "none"}, {"squeeze": "avg+max"}),
        *({"gate": "tanh"}, {"gate": "relu"}, {"stages": (2,)}),
    ],
    ids=str,
)
def test_every_choice_of_the_block_can_be_drawn(settings):
    model, image = untrained(widths=(4, 8), **settings), FEW.val.images[0]
    with Workers(1) as workers:
        findings = measure(model, FEW, "val", workers, reclassify=10)
        sources = Sources(model, findings, Photo(image, image, "an image", "dots"), FEW, workers)
        drawn = {kind.key for kind, drawing in plan(sources) if draw(drawing, sources)}
    absent = {"snapshots", "curves"}  # of a training
    absent |= {"weights", "hidden"} if model.settings.attention == "eca" else set()
    absent |= {"shares"} if model.settings.gate == "tanh" else set()
    assert drawn == {kind.key for kind in kinds()} - absent


def test_a_photo_of_the_users_own_is_followed_through_the_net(reported, tmp_path):
    Image.fromarray(np.full((90, 200, 3), 120, np.uint8)).save(tmp_path / "mine.jpg")
    assert main(["explain", "small", "--image", str(tmp_path / "mine.jpg")]) == 0
    sources, *_ = reported[0]
    assert (sources.photo.name, sources.photo.small.shape) == ("mine.jpg", (32, 32, 3))
    assert {"answer.png", "scaling_stage1.se.png"} <= {kind.file_name(one.block) for kind, one in plan(sources)}


@pytest.mark.parametrize(
    ("words", "look"), [([], PAGE), (["--style", "page"], PAGE), (["--style", "lecture"], LECTURE)]
)
def test_figures_are_drawn_for_a_page_or_for_a_lecture(words, look, monkeypatch):
    asked = []
    monkeypatch.setattr("senet_np.cli.explain.write_report", lambda *args: asked.append(args[3]) or ["page"])
    assert main(["explain", "small", *words]) == 0
    assert asked == [look]


def test_an_image_of_the_data_is_named_by_its_number(reported):
    assert main(["explain", "small", "--image", "7"]) == 0
    truth = FEW.classes[FEW.val.labels[7]]
    assert (reported[0][0].photo.name, reported[0][0].photo.truth) == (f"validation image 7 ({truth})", truth)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["explain", "nowhere"], "nowhere holds no run (no config.json)"),
        (["explain", "nowhere"], "or name a bundled model: small"),
        (["explain", "run", "--image", "99"], "image 99 does not exist: the validation images are numbered 0 to 59"),
        (["explain", "run", "--image", "mine.jpg"], "mine.jpg does not exist"),
        (["explain", "small", "--interventions", "5"], "small is bundled with its findings"),
        (["explain", "small", "--data", "cifar10"], "--data is cifar10, but small was trained on shapes"),
        (["evaluate", "small", "--data", "cifar10"], "--data is cifar10, but small was trained on shapes"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_one_line(capsys, words, message):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "taken").write_text("a file")
    assert main(["explain", "small", "--out", str(tmp_path / "taken")]) == 2
    error = capsys.readouterr().err
    assert "could not write the plots to" in error
    assert error.count("\n") == 1


def test_a_bundled_model_is_explained_by_its_findings_and_its_data(reported, capsys):
    assert main(["explain", "small"]) == 0
    sources, out, notes = reported[0]
    assert out == Path("explained/small")
    assert sources.findings.images == "60 test images"
    assert notes[0] == "data: shapes (made by NumPy)"
    assert notes[1].startswith("test accuracy ")
    assert notes[1] in capsys.readouterr().out
    assert {"top_images", "sky"} <= {kind.key for kind, _ in plan(sources)}


def test_a_run_is_measured_on_its_validation_images(reported):
    assert main(["explain", "run", "--interventions", "9"]) == 0
    sources, out, _ = reported[0]
    assert out == Path("run/plots")
    assert (sources.findings.images, sources.findings.interventions.n) == ("60 validation images", 9)


def test_a_run_that_is_not_finished_is_explained_as_it_is(reported):
    assert main(["explain", "untrained", "--interventions", "2"]) == 0
    assert reported[0][2][1] == "note: untrained is not trained to its end; the figures show it as it is"


def test_a_run_comes_before_a_bundled_model_of_that_name(reported, monkeypatch, folder):
    (folder / "bundled" / "untrained.npz").touch()
    assert main(["explain", "untrained", "--interventions", "2"]) == 0
    (folder / "bundled" / "untrained.npz").unlink()
    assert reported[0][1] == Path("untrained/plots")


def test_a_net_without_se_has_its_curves_and_a_sentence(reported, tmp_path, capsys):
    create_run(tmp_path / "plain", make_settings("shapes", {"se": False, "widths": (4, 4)}), FEW)
    assert main(["explain", str(tmp_path / "plain")]) == 0
    assert "no SE blocks" in capsys.readouterr().out
    sources = reported[0][0]
    epoch = {"epoch": 1} | {f"{split}_{kind}": 0.5 for split in ("train", "val") for kind in ("loss", "accuracy")}
    sources.model.metadata.epochs.append(epoch)
    assert [kind.key for kind, _ in plan(sources)] == ["curves"]


def test_after_training_what_takes_a_minute_is_left_to_explain(reported):
    first_look(open_run(Path("run")), FEW)
    sources, out, notes = reported[0]
    assert (out, sources.findings.interventions, sources.findings.pruning) == (Path("run/plots"), None, None)
    assert notes == (
        "python -m senet_np explain run adds what takes a minute: accuracy with replaced gates, and pruning",
    )
    assert {"answer", "profiles", "sky"} <= {kind.key for kind, _ in plan(sources)}


def test_a_printed_command_can_be_copied_where_a_folder_has_a_space_in_its_name(reported, folder, tmp_path):
    run = open_run(Path(shutil.copytree(folder / "run", tmp_path / "it's mine")))
    first_look(run, FEW)
    command, _, _ = reported[0][2][0].partition(" adds what takes")
    assert shlex.split(command) == ["python", "-m", "senet_np", "explain", str(run.path)]
