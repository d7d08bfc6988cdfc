"""Comparisons: what a file may say, runs that are trained once, and a table that claims no more than it may."""

from functools import partial
from pathlib import Path

import pytest
from small_comparison import fill, line, write_comparison
from tools import comparisons

from senet_np.cli import main
from senet_np.errors import SenetError
from senet_np.experiments.comparison import read_comparison
from senet_np.experiments.report import as_markdown, as_text, make_report
from senet_np.experiments.results import append_result, read_results


@pytest.fixture
def write(tmp_path):
    """Write a comparison file, with something in it replaced, and read it."""
    return partial(write_comparison, tmp_path)


def test_every_arm_meets_every_seed_pair_by_pair(write):
    cells = [(name, settings.seed, settings.se) for name, settings in write().cells]
    assert cells == [(name, seed, name == "with SE") for seed in (0, 1) for name in ("with SE", "without SE")]


def test_seeds_may_be_a_list(write):
    assert write("seeds = 2", "seeds = [7, 3]").seeds == (7, 3)


def test_without_a_reference_it_is_the_first_arm(write):
    assert write('reference = "without SE"', "").reference == "with SE"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("title", "titel", "'titel', expected title"),
        ('title = "SE against none"', "", "lacks 'title'"),
        ('title = "SE against none"', "title = 3", "title is 3"),
        ('"shapes"', '"mnist"', "data is 'mnist', expected cifar10 or shapes, or a folder"),
        ("seeds = 2", "seeds = 0", "seeds is 0"),
        ("seeds = 2", "seeds = -1", "seeds is -1"),
        ("seeds = 2", "seeds = true", "seeds is True"),
        ("seeds = 2", "seeds = 99999999999", "seeds is 99999999999"),
        ("seeds = 2", "seeds = [1, 1]", "list of distinct ones"),
        ("seeds = 2", 'seeds = ["a"]', "seeds is"),
        ('"without SE"', '"none"', "reference is 'none', expected the name of an arm"),
        ('[arms."without SE"]\nse = false', "", "has 1 arms, expected 2 to 100"),
        ("se = false", "se = true", "has two arms of the same settings"),
        ("epochs = 1", "stages = 2", "setting stages is 2, expected a list of"),
        ("epochs = 1", "epoch = 1", "setting 'epoch', expected one of"),
        ("epochs = 1", "epochs = 0", "setting epochs is 0, expected a whole number from 1 to 100,000"),
        ("epochs = 1", 'epochs = "1"', "setting epochs is '1', expected a whole number"),
        ("epochs = 1", "seed = 1", "setting 'seed', expected one of"),
        ("epochs = 1", 'net = "lenet"', "setting net is 'lenet', expected one of tiny"),
        ("epochs = 1", "net = []", "setting net is"),
        ("epochs = 1", 'excite = "eca"', "the setting 'excite', expected one of attention"),
        ("seeds = 2", "seeds = [4294967296]", "seeds is"),
        ("epochs = 1", 'position = "pre"', "position is 'pre', which is a place on a residual block"),
        ("epochs = 1", "stages = [9]", "stages are"),
        ("epochs = 1", "epochs = 1979-05-27", "setting epochs"),
        ("se = false", "se = false\nse = true", "is not a TOML file"),
    ],
)
def test_what_makes_no_sense_is_one_clear_sentence(write, before, after, message):
    with pytest.raises(SenetError, match=message) as caught:
        write(before, after)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_one_clear_sentence(tmp_path):
    path = tmp_path / "picture.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SenetError, match="is not a TOML file"):
        read_comparison(path)


def test_result_lines_come_back_as_they_were_written(write):
    comparison = write()
    fill(comparison, {"with SE": [60, 61], "without SE": [50, 55]})
    found = [(r.settings.se, r.settings.seed, r.accuracy) for r in read_results(comparison.results)]
    assert found == [(True, 0, 60.0), (False, 0, 50.0), (True, 1, 61.0), (False, 1, 55.0)]


def test_a_line_that_was_cut_off_is_left_out_and_the_next_one_is_whole(write):
    comparison = write()
    fill(comparison, {"with SE": [60], "without SE": [50]})
    whole = comparison.results.read_bytes()
    comparison.results.write_bytes(whole[:-20])
    assert len(read_results(comparison.results)) == 1
    append_result(comparison.results, line(comparison.cells[1][1], 50))
    assert comparison.results.read_bytes() == whole


@pytest.mark.parametrize("damage", ["[]", "{}", "3", "no JSON", "[" * 99999, '{"settings": 3}'])
def test_a_line_that_is_no_result_is_named_by_its_number(write, damage):
    comparison = write()
    fill(comparison, {"with SE": [60], "without SE": []})
    with open(comparison.results, "a", encoding="utf-8") as file:
        file.write(damage + "\n")
    with pytest.raises(SenetError, match="line 2 is not a result"):
        read_results(comparison.results)


def test_a_line_of_version_0_1_is_read(write):
    comparison = write()
    old = line(comparison.cells[0][1], 50)
    old["stamp"] = old.pop("provenance")
    old["settings"]["excite"] = {"se": "fc"}[old["settings"].pop("attention")]
    append_result(comparison.results, old)
    (result,) = read_results(comparison.results)
    assert (result.settings, result.provenance) == (comparison.cells[0][1], "s")


@pytest.mark.parametrize("wrong", [{"correct": 1001}, {"n": 0, "correct": 0}, {"correct": 1.5}, {"provenance": None}])
def test_a_result_of_senseless_numbers_is_refused(write, wrong):
    comparison = write()
    append_result(comparison.results, line(comparison.cells[0][1], 50, **wrong))
    with pytest.raises(SenetError, match=r"line 1 is not a result \(it holds "):
        read_results(comparison.results)


def test_with_five_pairs_the_table_gives_an_interval_and_a_verdict(write):
    comparison = write(seeds=5)
    fill(comparison, {"with SE": [60, 62, 61, 63, 64], "without SE": [50, 51, 52, 53, 54]})
    text = as_text(make_report(comparison))
    assert "62.00 ± 1.58" in text
    assert "+10.00 ± 0.88" in text
    assert " more " in text


def test_with_fewer_pairs_it_gives_the_values_alone(write):
    comparison = write()
    fill(comparison, {"with SE": [60, 62], "without SE": [50, 51]})
    text = as_text(make_report(comparison))
    assert "+10.00, +11.00 (each pair)" in text
    assert "too few seeds to say" in text


def test_where_the_interval_covers_0_the_table_says_that_no_difference_was_seen(write):
    comparison = write(seeds=5)
    fill(comparison, {"with SE": [60, 62, 61, 63, 64], "without SE": [61, 61, 62, 62, 64]})
    assert "no difference seen" in as_text(make_report(comparison))


def test_a_difference_that_rounds_to_0_has_no_minus(write):
    comparison = write(seeds=1)
    for correct, (_, settings) in enumerate(comparison.cells, start=60_000):
        append_result(comparison.results, line(settings, 60, n=100_000, correct=correct))
    assert "+0.00 (each pair)" in as_text(make_report(comparison))


def test_only_seeds_that_both_arms_have_are_paired(write):
    comparison = write()
    fill(comparison, {"with SE": [60, 62], "without SE": [50]})
    report = make_report(comparison)
    assert report.arms[0].difference.values == (10.0,)
    assert report.missing == 1
    assert "1 of 4 runs are still missing" in as_text(report)


def test_results_on_different_bytes_are_not_compared(write):
    comparison = write()
    for k, (_, settings) in enumerate(comparison.cells):
        append_result(comparison.results, line(settings, 50, fingerprint=f"{k}"))
    with pytest.raises(SenetError, match="results on different bytes"):
        make_report(comparison)


def test_the_page_has_the_command_and_as_many_cells_in_each_row(write):
    comparison = write()
    fill(comparison, {"with SE": [60, 62], "without SE": [50, 51]})
    page = as_markdown(make_report(comparison))
    assert f"python -m senet_np compare {comparison.path.as_posix()}" in page
    assert {row.count("|") for row in page.splitlines() if row.startswith("|")} == {9}


def test_a_figure_that_fails_costs_the_figure_and_one_sentence(write, capsys, monkeypatch):
    def fail(report):
        raise RuntimeError("a font is missing")

    comparison = write()
    fill(comparison, {"with SE": [60, 62], "without SE": [50, 51]})
    monkeypatch.setattr("senet_np.figures.comparison.draw_comparison", fail)
    assert main(["compare", str(comparison.path)]) == 0
    shown = capsys.readouterr()
    assert "too few seeds to say" in shown.out
    assert (
        shown.err == f"warning: no figure in {comparison.path.with_suffix('.png')} (RuntimeError: a font is missing)\n"
    )


def test_the_report_alone_needs_no_run(write, capsys):
    comparison = write()
    fill(comparison, {"with SE": [60, 62], "without SE": [50, 51]})
    assert main(["compare", str(comparison.path), "--report", "--markdown"]) == 0
    assert "| with SE | 2 |" in capsys.readouterr().out


def test_without_cifar10_the_sentence_says_what_a_comparison_can_do(write, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SENET_NP_DATA", str(tmp_path))
    assert main(["compare", str(write('"shapes"', '"cifar10"').path)]) == 2
    assert 'write data = "shapes" into the file' in capsys.readouterr().err


def test_without_results_the_report_says_so(write, capsys):
    assert main(["compare", str(write().path), "--report"]) == 0
    assert "no results yet" in capsys.readouterr().out


def test_the_published_tables_are_those_of_the_result_lines(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])
    page = Path("docs/results.md")
    assert comparisons.refreshed(page) == page.read_text("utf-8"), (
        "run: python docs/tools/comparisons.py docs/results.md"
    )


def test_a_page_keeps_what_was_written_by_hand(write):
    comparison = write()
    fill(comparison, {"with SE": [60, 62], "without SE": [50, 51]})
    page = comparison.path.with_name("page.md")
    page.write_text("Before.\n<!-- compare mine.toml -->\nold\n<!-- end -->\nAfter.\n", "utf-8")
    text = comparisons.refreshed(page)
    assert text.startswith("Before.\n<!-- compare mine.toml -->\n")
    assert text.endswith("<!-- end -->\nAfter.\n")
    assert "| with SE | 2 |" in text
    assert "old" not in text
