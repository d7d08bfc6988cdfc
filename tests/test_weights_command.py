"""`export` and `import`, as a user meets them: a run is written to a file, and a file becomes a run."""

import json
import tracemalloc

import numpy as np
import pytest

from senet_np.cli import main
from senet_np.figures import plan
from senet_np.nets import tiny
from senet_np.runs.interchange import load_metadata, save_weights
from senet_np.runs.run import open_run
from senet_np.tree import tree_items

SETTINGS = {
    "net": "tiny", "se": True, "reduction": 4, "squeeze": "avg", "gate": "tanh", "se_bias": True, "attention": "se",
    "position": "standard", "stages": [2], "widths": [4, 6], "classes": 10, "whitening": "none",
}  # fmt: skip
ABOUT = {"settings": SETTINGS, "data": {"name": "shapes"}, "mean": [1, 2, 3], "std": [4, 5, 6]}
OPTIONS = ["--widths", "4,6", "--stages", "2", "--gate", "tanh"]  # the same, as they are typed


@pytest.fixture
def folder(tmp_path, monkeypatch, few_shapes):
    """A place to work in, where `shapes` is small."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: few_shapes)
    return tmp_path


@pytest.fixture
def trained(folder, capsys):
    """A run, and the last line of its training."""
    assert main(["train", "--data", "shapes", *OPTIONS, "--epochs", "1", "--no-plots", "--out", "run"]) == 0
    return capsys.readouterr().out.splitlines()[-1]


def arrays(run):
    progress = run.load()
    return {path: a.tobytes() for tree in (progress.params, progress.state) for path, a in tree_items(tree)}


def save(run, path, about=None):
    """Another's file: the run's weights, saying of themselves what it likes."""
    progress = run.load()
    save_weights(path, progress.params, progress.state, {} if about is None else {"senet_np": about})


@pytest.mark.parametrize("ending", ["npz", "safetensors", "NPZ"])
def test_an_exported_run_comes_back_by_import_and_answers_the_same(folder, trained, capsys, ending):
    if ending == "safetensors":
        pytest.importorskip("safetensors.numpy")
    assert main(["export", "run", f"mine.{ending}"]) == 0
    assert main(["import", f"mine.{ending}", "--out", "there"]) == 0
    here, there = open_run(folder / "run"), open_run(folder / "there")
    assert arrays(there) == arrays(here)
    assert np.array_equal(there.normalizer, here.normalizer)

    capsys.readouterr()
    assert main(["evaluate", "there"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"note: there began with weights from mine.{ending}; 0 epochs were trained here" in lines
    assert lines[-1] == trained


def test_an_imported_run_can_be_explained_and_trained_on(folder, trained, capsys, monkeypatch):
    drawn = []

    def write_report(sources, out, notes, *_):
        drawn.extend(kind.file_name(one.block) for kind, one in plan(sources))
        return [out / "index.html"]

    monkeypatch.setattr("senet_np.cli.explain.write_report", write_report)
    main(["export", "run", "mine.npz"])
    main(["import", "mine.npz", "--out", "there"])
    assert main(["explain", "there"]) == 0
    assert {"gates_stage2.se.png", "scaling_stage2.se.png", "sky.png"} <= {*drawn}
    assert not any("stage1" in name or "curves" in name for name in drawn)
    assert main(["train", "--resume", "--out", "there", "--no-plots"]) == 0
    capsys.readouterr()
    main(["evaluate", "there"])
    assert "note: there began with weights from mine.npz; 3 epochs were trained here" in capsys.readouterr().out


def test_an_exported_file_says_what_one_has_to_know(folder, trained):
    main(["export", "run", "mine.npz"])
    about, run = json.loads(load_metadata("mine.npz")["senet_np"]), open_run(folder / "run")
    assert about["settings"] == SETTINGS
    assert (about["data"]["name"], about["data"]["provenance"]) == ("shapes", "made by NumPy")
    assert np.array_equal([about["mean"], about["std"]], run.normalizer)
    assert run.result is not None
    assert about["test"] == {name: run.result[name] for name in ("accuracy", "correct", "n")}


def test_a_run_that_is_not_tested_is_exported_without_an_accuracy(folder, trained, capsys):
    (folder / "run" / "log.jsonl").write_text("")
    assert main(["export", "run", "mine.npz"]) == 0
    assert "note: run is not trained to its end" in capsys.readouterr().out
    assert json.loads(load_metadata("mine.npz")["senet_np"])["test"] is None


def test_the_files_normalizer_is_kept_and_not_measured_again(folder, trained):
    save(open_run(folder / "run"), "theirs.npz", json.dumps(ABOUT))
    assert main(["import", "theirs.npz", "--out", "there"]) == 0
    assert np.array_equal(open_run(folder / "there").normalizer, [[1, 2, 3], [4, 5, 6]])


def test_a_file_that_says_nothing_needs_the_options_and_the_normalizer_is_measured(folder, trained):
    here = open_run(folder / "run")
    save(here, "bare.npz")
    assert main(["import", "bare.npz", "--out", "there", *OPTIONS, "--data", "shapes"]) == 0
    there = open_run(folder / "there")
    assert arrays(there) == arrays(here)
    assert there.settings.gate == "tanh"
    assert np.array_equal(there.normalizer, here.normalizer)


def test_a_file_of_version_0_1_is_imported(folder, trained):
    here = open_run(folder / "run")
    old = {name: value for name, value in SETTINGS.items() if name != "attention"} | {"excite": "fc"}
    save(here, "old.npz", json.dumps({**ABOUT, "settings": old}))
    assert main(["import", "old.npz", "--out", "there"]) == 0
    assert arrays(open_run(folder / "there")) == arrays(here)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("export nowhere mine.npz", "nowhere holds no run"),
        ("export run mine.pt", "mine.pt ends in '.pt', expected .safetensors or .npz"),
        ("import mine.npz --out run", "run already holds a run: name another folder with --out"),
        ("import mine.npz --out there --gate relu", "--gate is relu, but the file says tanh"),
        ("import mine.npz --out there --no-se", "--se is False, but the file says True"),
        ("import mine.npz --out there --data cifar10", "--data is cifar10, but the file says shapes"),
        ("import bare.npz --out there --data shapes", "bare.npz: arrays missing: stage1.se.fc1.weight, "),
        ("import bare.npz --out there --data shapes --position pre", "position is 'pre'"),
        ("import theirs.pth --out there --data shapes", "theirs.pth: it is a pickle, which can carry code"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line_and_leaves_nothing(folder, trained, capsys, words, message):
    main(["export", "run", "mine.npz"])
    save(open_run(folder / "run"), "bare.npz")
    (folder / "theirs.pth").write_bytes(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.")
    capsys.readouterr()
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (folder / "there").exists()


@pytest.mark.parametrize(
    "about",
    [
        "{",
        "[]",
        "[" * 100_000,
        json.dumps({"settings": SETTINGS}),
        json.dumps({**ABOUT, "data": {"name": ["shapes"]}}),
        json.dumps({**ABOUT, "std": [0, 1, 1]}),
        json.dumps({**ABOUT, "mean": [10**400, 0, 0]}),
        json.dumps({**ABOUT, "settings": {**SETTINGS, "gate": "x" * 1000}}),
        json.dumps({**ABOUT, "settings": {**SETTINGS, "widths": [4] * 9}}),
    ],
    ids=range(9),
)
def test_a_file_that_says_of_itself_what_cannot_be_is_refused(folder, capsys, about):
    save_weights("odd.npz", *tiny(widths=(4,)).init(np.random.default_rng(0)), {"senet_np": about})
    assert main(["import", "odd.npz", "--out", "there"]) == 2
    error = capsys.readouterr().err
    assert "odd.npz says about itself what cannot be" in error
    assert error.count("\n") == 1
    assert len(error) < 400


def test_a_file_that_claims_a_huge_net_takes_no_memory(folder, capsys):
    claim = json.dumps({**ABOUT, "settings": {**SETTINGS, "net": "resnet110", "widths": [4096] * 4}})  # 87 GB
    save_weights("huge.npz", *tiny(widths=(4,)).init(np.random.default_rng(0)), {"senet_np": claim})
    tracemalloc.start()
    status = main(["import", "huge.npz", "--out", "there"])
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (status, held < 2e7) == (2, True)
    assert "expected at most 50,000,000" in capsys.readouterr().err
