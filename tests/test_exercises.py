"""Every exercise of the notebooks checks itself: right answers pass in any form, wrong ones are told what is wrong."""

import importlib
import inspect
import re
from pathlib import Path

import jupytext
import pytest

from senet_np.exercises import check, checking

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
TEXTS = {int(path.name[:2]): path for path in sorted(NOTEBOOKS.glob("*.py"))}
MODULES = checking.NOTEBOOKS


def tried(notebook):
    return importlib.import_module(f"tried_{MODULES[notebook]}").TRIED


def ask(number, answer):
    return check(number, **answer) if isinstance(answer, dict) else check(number, *answer)


ALL = [(number, case) for notebook in MODULES for number, case in tried(notebook).items()]


@pytest.mark.parametrize(("number", "case"), ALL, ids=[number for number, _ in ALL])
def test_right_answers_pass_and_wrong_ones_are_told_what_is_wrong(number, case, capsys):
    assert ask(number, case.right)
    assert ask(number, case.unexpected)
    assert len(case.wrong) >= 2
    for words, answer in case.wrong.items():
        verdict = ask(number, answer)
        assert not verdict
        assert words in verdict.message
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith(f"✓ {number}: right.")
    assert len([line for line in printed if line.startswith(("✓", "✗"))]) == 2 + len(case.wrong)


@pytest.mark.parametrize("notebook", MODULES)
def test_each_exercise_of_a_notebook_has_a_check_in_a_cell_of_its_own(notebook):
    cells = jupytext.read(TEXTS[notebook]).cells
    asked = [number for cell in cells for number in re.findall(r"^### Exercise (\d+\.\d+) ", cell.source, re.M)]
    checked = [number for cell in cells for number in re.findall(r'^check\("(\d+\.\d+)"', cell.source, re.M)]
    assert asked == [f"{notebook}.{k + 1}" for k in range(len(asked))]
    assert asked == checked == list(tried(notebook))
    assert len(asked) >= 3


@pytest.mark.parametrize("notebook", MODULES)
def test_the_solutions_of_a_notebook_pass_the_same_checks(notebook):
    text = (NOTEBOOKS / "solutions" / TEXTS[notebook].name).read_text("utf-8")
    assert re.findall(r'^assert check\("(\d+\.\d+)"', text, re.M) == list(tried(notebook))


@pytest.mark.parametrize("blank", [..., lambda x: ..., lambda x: None])
def test_an_exercise_that_is_not_answered_yet_is_no_mistake(blank):
    verdict = check("2.1", blank, blank)
    assert not verdict
    assert verdict.message == "2.1: no answer yet. Replace the ... and run the cell again."


@pytest.mark.parametrize("value", [None, 3, "forward", [1.0]])
def test_where_a_function_is_asked_for_something_else_is_named(value):
    assert "softsign is no function" in check("2.1", value, lambda dy, cache: dy).message


def test_every_notebook_has_its_exercises():
    assert {number: path.stem[3:] for number, path in TEXTS.items()} == MODULES


def test_an_exercise_that_does_not_exist_or_asks_for_something_else_is_named():
    with pytest.raises(ValueError, match=r"there is no exercise '2\.9'; notebook 2 has 2\.1"):
        check("2.9", 1)
    with pytest.raises(
        ValueError, match=r'exercise 2\.1 asks for softsign, softsign_backward: check\("2\.1", softsign, s'
    ):
        check("2.1", 1)
    with pytest.raises(ValueError, match="there is no exercise 'two'"):
        check("two", 1)


@pytest.mark.parametrize("notebook", MODULES)
def test_a_check_names_the_answers_as_the_notebook_does(notebook):
    cells = "\n\n".join(cell.source for cell in jupytext.read(TEXTS[notebook]).cells)
    for number in tried(notebook):
        call = re.search(rf'^check\("{number}", (.*?)\)$', cells, re.M | re.DOTALL)
        assert call is not None
        given = [name.split("=")[-1].strip() for name in call[1].replace("\n", " ").rstrip(", ").split(",")]
        assert given == list(inspect.signature(checking.find(number)).parameters), number
