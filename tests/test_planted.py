"""The planted mistakes: the gradient checks catch every one, and each is a mistake of its own."""

import copy
import inspect
import re
from collections import Counter
from contextlib import suppress
from functools import cache

import numpy as np
import pytest

from senet_np import ops, se
from senet_np.cli import main
from senet_np.gradcheck import bugs as planted
from senet_np.gradcheck.bugs import PLANTED, Mistake
from senet_np.gradcheck.cases import op_cases, se_cases

PROMISED = [name.removesuffix("_backward") for name in vars(ops) if name.endswith("_backward")]
catch = cache(planted.catch)


def right(op):
    """A "mistake" that is none."""
    return Mistake(op, "none", "none", "It is right.", getattr(se if op == "se" else ops, f"{op}_backward"))


def by_name(mistake):
    return mistake.name


@pytest.mark.parametrize("mistake", PLANTED, ids=by_name)
def test_every_mistake_is_caught(mistake):
    assert catch(mistake) is not None, f"{mistake.name} escapes"


@pytest.mark.parametrize("op", [*PROMISED, "se"])
def test_a_right_backward_pass_is_not_caught(op):
    assert catch(right(op)) is None


def test_at_least_40_causes_and_no_two_alike():
    causes = Counter(mistake.cause for mistake in PLANTED)
    assert [cause for cause, count in causes.items() if count > 1] == []
    assert len(causes) >= 40


def test_no_two_titles_of_an_op_are_alike():
    assert len({mistake.name for mistake in PLANTED}) == len(PLANTED)


@pytest.mark.parametrize(("op", "least"), [*((op, 2) for op in PROMISED), ("se", 6)])
def test_every_op_has_mistakes(op, least):
    assert sum(mistake.op == op for mistake in PLANTED) >= least


def test_exactly_one_mistake_is_a_flipped_sign():
    flips = [m for m in PLANTED if re.search(r"ratio -1\b(?!\.)", catch(m).finding)]
    assert flips == [m for m in PLANTED if m.cause == "sign"]
    assert len(flips) == 1


@pytest.mark.parametrize("mistake", PLANTED, ids=by_name)
def test_the_reason_is_one_sentence(mistake):
    assert re.fullmatch(r"[^\n]{30,220}\.", mistake.why)
    assert not re.search(r"[.!?] [A-Z]", mistake.why)


@pytest.mark.parametrize("mistake", PLANTED, ids=by_name)
def test_an_exercise_shows_the_function_alone_under_the_name_of_its_op(mistake):
    first, *body = mistake.source.splitlines()
    assert first == f"def {mistake.op}_backward({', '.join(inspect.signature(mistake.backward).parameters)}):"
    assert body == inspect.getsource(mistake.backward).splitlines()[-len(body) :]


@pytest.mark.parametrize("mistake", PLANTED, ids=by_name)
def test_no_mistake_changes_dy_or_its_cache(mistake):
    case = next(case for case in (*op_cases(), *se_cases()) if case.op == mistake.op)
    y, memory = case.forward(**case.draw(np.random.default_rng(0)))
    dy = np.ones_like(y)
    before = copy.deepcopy((dy, memory))
    with suppress(IndexError):  # what is caught because it raises may raise here too
        mistake.backward(dy, memory)
    np.testing.assert_equal((dy, memory), before)


def test_a_backward_pass_that_raises_is_caught():
    def raises(dy, cache):
        raise ZeroDivisionError

    caught = planted.catch(Mistake("relu", "raises", "none", "It raises.", raises))
    assert caught.finding == "backward raises ZeroDivisionError"


def test_an_error_of_the_check_itself_is_not_taken_for_a_catch(monkeypatch):
    def breaks(x):
        raise ZeroDivisionError

    monkeypatch.setattr(ops, "relu_forward", breaks)
    with pytest.raises(ZeroDivisionError):
        planted.catch(PLANTED[0])


def test_an_op_without_a_case_is_refused():
    with pytest.raises(ValueError, match="there is no case of 'dropout'"):
        planted.catch(Mistake("dropout", "any", "none", "It has no case.", lambda dy, cache: dy))


def test_the_command_shows_every_mistake_with_its_reason_and_exits_with_0(capsys):
    assert main(["gradcheck", "--planted"]) == 0
    out = capsys.readouterr().out
    shown = " ".join(out.split())
    assert all(f"{m.title} {catch(m).finding} {m.why}" in shown for m in PLANTED)
    assert out.splitlines()[-1] == f"{len(PLANTED)} of {len(PLANTED)} planted mistakes are caught"
    assert max(map(len, out.splitlines())) <= 120


def test_the_command_takes_a_seed(capsys):
    assert main(["gradcheck", "--planted", "--seed", "3"]) == 0
    assert planted.catch(PLANTED[1], seed=3).finding in capsys.readouterr().out


def test_the_command_names_what_escapes_and_exits_with_1(monkeypatch, capsys):
    monkeypatch.setattr(planted, "PLANTED", (PLANTED[0], right("tanh")))
    assert main(["gradcheck", "--planted"]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "1 of 2 planted mistakes are caught",
        "  escapes: tanh: none",
    ]
