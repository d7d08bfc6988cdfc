"""The command line, as a user meets it."""

import re
from pathlib import Path

import pytest

from senet_np.cli import main
from senet_np.data import load_shapes
from senet_np.runs.run import create_run, open_run

FEW = ["--data", "shapes", "--widths", "4,4,4", "--epochs", "1"]


@pytest.fixture(autouse=True)
def away_from_home(tmp_path, monkeypatch):
    """No CIFAR-10 of this machine's user is found, and nothing is written outside the test's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENET_NP_DATA", raising=False)
    for variable in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def little_data(monkeypatch, few_shapes):
    """`shapes` is small, so that every command takes moments."""
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: few_shapes)


def test_train_evaluate_and_explain_follow_each_other(tmp_path, capsys):
    narrow = ["--data", "shapes", "--widths", "4", "--epochs", "1"]  # one block: fewer figures
    assert main(["train", *narrow, "--out", "run"]) == 0
    trained = capsys.readouterr().out.splitlines()
    assert trained[0] == "data: shapes (made by NumPy)"
    assert re.fullmatch(r"test accuracy 0\.\d{4} \(\d+ of 60, shapes, made by NumPy\)", trained[-2])
    assert trained[-1].startswith("figures: ")

    assert main(["evaluate", "run"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == trained[-2]

    assert main(["explain", "run", "--out", "figures", "--image", "3", "--interventions", "20"]) == 0
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {path.name for path in (tmp_path / "run" / "plots").iterdir()} | {
        "interventions.png",
        "pruning.png",
    }
    assert {"curves.png", "gates_stage1.se.png", "scaling_stage1.se.png", "sky.png"} <= names


def test_auto_without_cifar10_trains_on_shapes_and_says_so_first_and_last(capsys):
    assert main(["train", "--widths", "4,4,4", "--epochs", "1", "--no-plots"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("data: shapes (made by NumPy), because CIFAR-10 was not found here")
    assert "shapes, made by NumPy" in lines[-1]


def test_runs_get_folders_of_their_own(tmp_path):
    for _ in range(2):
        assert main(["train", *FEW, "--no-plots"]) == 0
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert names == ["tiny-shapes-se-r4-seed0", "tiny-shapes-se-r4-seed0-2"]


def test_options_reach_the_run(tmp_path):
    options = [
        "--no-se",
        "--reduction",
        "8",
        "--batch-size",
        "20",
        "--lr",
        "0.05",
        "--optimizer",
        "adam",
        "--seed",
        "7",
    ]
    assert main(["train", *FEW, *options, "--no-plots", "--out", "run"]) == 0
    s = open_run(tmp_path / "run").settings
    assert (s.se, s.reduction, s.batch_size, s.lr, s.optimizer, s.seed) == (False, 8, 20, 0.05, "adam", 7)


def test_a_finished_run_is_not_trained_again(capsys):
    main(["train", *FEW, "--no-plots", "--out", "run"])
    capsys.readouterr()
    assert main(["train", "--out", "run", "--resume", "--no-plots"]) == 0
    assert "finished already" in capsys.readouterr().out


def test_without_se_explain_draws_the_curves_alone(capsys):
    main(["train", *FEW, "--no-se", "--no-plots", "--out", "run"])
    capsys.readouterr()
    assert main(["explain", "run"]) == 0
    out = capsys.readouterr().out
    assert "no SE blocks" in out
    assert f"figures: 1, in {Path('run', 'plots')}" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--reduction", "0"], "'0' is not a whole number from 1 to 4,096"),
        (["train", "--reduction", "four"], "'four' is not a whole number"),
        (["train", "--epochs", "1.5"], "'1.5' is not a whole number"),
        (["train", "--lr", "-1"], "'-1' is not a number above 0"),
        (["train", "--lr", "nan"], "'nan' is not a number above 0"),
        (["train", "--net", "vgg99"], "'vgg99' is not one of tiny, vgg"),
        (["train", "--data", "mnist"], "'mnist' is not one of auto, cifar10, shapes"),
        (["train", "--excite", "eca"], "unrecognized arguments: --excite"),
        (["train", "--threads", "2"], "unrecognized arguments: --threads"),
        (["train", "--data-dir", "nowhere"], "'nowhere' does not exist"),
        (["train", "--widths", "1,x"], "'1,x' is not a list of 0 to 4 whole numbers"),
        (["train", "--out", ""], "it is empty, expected a folder"),
        (["train", "--epoch", "3"], "unrecognized arguments: --epoch"),
        (["dance"], "invalid choice: 'dance'"),
        ([], "COMMAND"),
    ],
)
def test_a_senseless_word_is_one_line_and_exit_status_2(words, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    error = capsys.readouterr().err
    assert stop.value.code == 2
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["evaluate", "nowhere"],
            "nowhere holds no run (no config.json): train one with python -m senet_np train; or name",
        ),
        (["train", "--resume"], "add --out DIR"),
        (["train", "--resume", "--out", "nowhere"], "nowhere holds no run"),
        (["train", "--data", "cifar10"], "CIFAR-10 was not found"),
        (["train", *FEW, "--batch-size", "101"], "--batch-size is 101, expected at most 100"),
        (["data", "--url", "http://localhost/x"], "add --download"),
        (["data", "--download", "--url", "file:///etc/passwd", "--data-dir", "there"], "cannot be fetched"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line_and_exit_status_2(words, message, capsys):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resume", "--epochs", "9"], "--epochs is 9, but the run in run has 1"),
        (["--resume", "--no-se"], "--se is False, but the run in run has True"),
        (["--resume", "--overwrite"], "give one of them"),
        ([], "already holds a run"),
    ],
)
def test_a_run_is_not_changed_by_accident(options, message, capsys):
    main(["train", *FEW, "--no-plots", "--out", "run"])
    capsys.readouterr()
    assert main(["train", *(FEW if not options else []), "--out", "run", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_named_place_without_cifar10_is_an_error_and_not_a_stand_in(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SENET_NP_DATA", str(tmp_path))
    assert main(["train"]) == 2
    assert "SENET_NP_DATA" in capsys.readouterr().err


def test_another_data_set_than_the_runs_own_is_refused(capsys):
    main(["train", *FEW, "--no-plots", "--out", "run"])
    assert main(["evaluate", "run", "--data", "cifar10"]) == 2
    assert "trained on shapes" in capsys.readouterr().err


def test_overwriting_a_run_removes_its_figures_and_nothing_else(tmp_path):
    main(["train", *FEW, "--out", "run", "--no-plots"])
    (tmp_path / "run" / "plots").mkdir()
    for name in ("index.html", "curves.png", "gates_stage1.se.png", "mine.png"):
        (tmp_path / "run" / "plots" / name).touch()
    assert main(["train", *FEW, "--out", "run", "--overwrite", "--no-plots"]) == 0
    assert [path.name for path in (tmp_path / "run" / "plots").iterdir()] == ["mine.png"]


def test_other_bytes_than_those_of_the_training_are_noted(monkeypatch, capsys):
    main(["train", *FEW, "--no-plots", "--out", "run"])
    other = load_shapes(seed=6, sizes=(100, 60, 60))
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: other)
    assert main(["evaluate", "run"]) == 0
    assert "note: these are other bytes than those that it was trained and measured on" in capsys.readouterr().out
    assert main(["train", "--resume", "--out", "run"]) == 2
    assert "holds other bytes than the run began with" in capsys.readouterr().err


def test_a_run_that_is_not_finished_is_evaluated_with_a_note(tmp_path, capsys, few_settings, few_shapes):
    create_run(tmp_path / "run", few_settings, few_shapes)
    assert main(["evaluate", "run"]) == 0
    assert "note: run is not trained to its end (0 of 3 epochs)" in capsys.readouterr().out


def test_data_says_what_is_there(capsys):
    assert main(["data"]) == 0
    assert "CIFAR-10: not found" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["evaluate", "--help"], ["explain", "--help"]])
def test_help_shows_examples(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 0
    assert "examples:\n  senet-np" in capsys.readouterr().out


def test_a_diverging_run_says_so_and_exits_with_2(capsys):
    assert main(["train", *FEW, "--lr", "1e30", "--out", "run"]) == 2
    error = capsys.readouterr().err
    assert "the loss is" in error
    assert error.count("\n") == 1
