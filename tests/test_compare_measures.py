"""What a comparison measures beside the test images: averaged over views, and on changed images."""

import pytest
from small_comparison import line, write_comparison

from senet_np.cli import main
from senet_np.data.changes import CHANGES
from senet_np.errors import SenetError
from senet_np.experiments.report import TESTS, as_markdown, as_text, make_report, measured_rows
from senet_np.experiments.results import append_result, read_results
from senet_np.experiments.runner import Job, run_job
from senet_np.figures.comparison import draw_lengths, draw_measured
from senet_np.figures.style import style
from senet_np.model import Result


def measured(comparison, tta):
    """A report on lines that no run has made: accuracy 80 % everywhere, with views as given by arm."""
    for name, settings in comparison.cells:
        more = {"measured": {"tta": 10 * tta[name][settings.seed], "blur 1": 700}}
        append_result(comparison.results, line(settings, 80, **more))
    return make_report(comparison)


@pytest.fixture
def job(tmp_path, monkeypatch, few_shapes):
    """One run of a comparison, on few images."""
    monkeypatch.setattr("senet_np.experiments.runner._load", lambda *_: few_shapes)
    return Job(write_comparison(tmp_path).cells[0][1], tmp_path / "runs", None, 1, few_shapes.fingerprint)


def test_a_run_is_also_tested_on_views_and_changed_images(tmp_path, job, monkeypatch):
    def count(model, split, workers, tta=False):  # in place of evaluate: tells which images it was given
        return Result(60 if tta else int(split.images.mean() // 10), 60)

    monkeypatch.setattr("senet_np.experiments.runner.evaluate", count)
    record = run_job(job._replace(measure=("tta", "changes")))
    found = record["measured"]
    assert [*found] == ["tta", *CHANGES]
    assert found["brightness -0.3"] < found["blur 1"] < found["brightness +0.3"] < found["tta"] == 60
    append_result(tmp_path / "r.jsonl", record)
    assert read_results(tmp_path / "r.jsonl")[0].measured == record["measured"]


def test_a_run_of_which_nothing_more_is_wanted_says_nothing_more(job):
    assert "measured" not in run_job(job)


def test_a_comparison_file_says_what_is_measured(tmp_path):
    assert write_comparison(tmp_path).measure == ()
    assert write_comparison(tmp_path, "seeds", 'measure = ["tta"]\nseeds').measure == ("tta",)


def test_an_unknown_measure_is_one_clear_sentence(tmp_path):
    with pytest.raises(SenetError, match=r"measure is \['speed'\], expected a list of tta, changes"):
        write_comparison(tmp_path, "seeds", 'measure = ["speed"]\nseeds')


def test_the_second_table_pairs_what_was_measured(tmp_path):
    tta = {"with SE": [82, 83, 84, 83, 83], "without SE": [81, 82, 83, 82, 82]}
    report = measured(write_comparison(tmp_path, seeds=5), tta)
    header, unchanged, views, blur = measured_rows(report)
    assert header == ("test images", "without SE, %", "with SE minus without SE, points")
    assert unchanged[:2] == ("unchanged", "80.00 ± 0.00")
    assert views[1:] == ("82.00 ± 0.71", "+1.00 ± 0.00 more")
    assert blur == ("blur 1", "70.00 ± 0.00", "+0.00 ± 0.00")
    assert "82.00 ± 0.71" in as_text(report)
    assert '"more" and "less": the interval does not contain 0' in as_text(report)
    assert "| blur 1 | 70.00 ± 0.00 |" in as_markdown(report)


def test_with_too_few_pairs_the_second_table_lists_them_and_says_no_more(tmp_path):
    tta = {"with SE": [82, 83, 84], "without SE": [81, 82, 84]}
    report = measured(write_comparison(tmp_path, seeds=3), tta)
    assert measured_rows(report)[2] == ("test-time augmentation", "82.33 ± 1.53", "+1.00, +1.00, +0.00 (each pair)")
    assert "more" not in as_text(report)


def test_without_measured_lines_there_is_no_second_table(tmp_path):
    comparison = write_comparison(tmp_path)
    append_result(comparison.results, line(comparison.cells[0][1], 80))
    assert measured_rows(make_report(comparison)) == []


@pytest.mark.parametrize("wrong", [{"tta": 1001}, {"tta": -1}, {"tta": 0.5}, {"\x1b[2J": 1}, [1]])
def test_a_measured_number_that_cannot_be_is_refused(tmp_path, wrong):
    comparison = write_comparison(tmp_path)
    append_result(comparison.results, line(comparison.cells[0][1], 80, measured=wrong))
    with pytest.raises(SenetError, match="line 1 is not a result"):
        read_results(comparison.results)


def test_the_second_figure_draws_each_pair_of_each_test(tmp_path):
    tta = {"with SE": [82, 83, 84, 83, 83], "without SE": [81, 82, 82, 82, 82]}
    report = measured(write_comparison(tmp_path, seeds=5), tta)
    with style():
        accuracy, difference = draw_measured(report).axes
    assert [label.get_text() for label in accuracy.get_yticklabels()] == ["blur 1", TESTS["tta"], "unchanged"]
    drawn = [line for line in difference.lines if len(line.get_xdata()) == 5]
    assert [sorted(line.get_xdata().tolist()) for line in drawn] == [[0] * 5, [1, 1, 1, 1, 2], [0] * 5]


def test_the_command_draws_both_figures(tmp_path, capsys):
    comparison = write_comparison(tmp_path, seeds=1)
    measured(comparison, {"with SE": [82], "without SE": [81]})
    assert main(["compare", str(comparison.path), "--report", "--plot", str(tmp_path / "x.png")]) == 0
    assert f"figure in {tmp_path / 'x-measured.png'}" in capsys.readouterr().out
    assert (tmp_path / "x-measured.png").stat().st_size > 10_000


def test_the_third_figure_draws_accuracy_over_the_length_of_training(tmp_path):
    comparison = write_comparison(tmp_path, "se = false", "epochs = 4")
    for name, settings in comparison.cells:
        accuracy, seconds = (70, 60.0) if name == "with SE" else (80, 240.0)
        more = {"seconds": seconds, "measured": {"tta": 10 * accuracy + 50}}
        append_result(comparison.results, line(settings, accuracy, **more))
    with style():
        (ax,) = draw_lengths(make_report(comparison)).axes
    means = [line for line in ax.lines if line.get_label() in ("test images as they are", TESTS["tta"])]
    assert [mean.get_xydata().tolist() for mean in means] == [[[1, 70], [4, 80]], [[1, 75], [4, 85]]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1 min\nepochs: 1", "4 min\nepochs: 4"]
