"""The injected bugs: the gradient checks catch every one, and each is a bug of its own."""

import copy
import re
from collections import Counter
from contextlib import suppress
from functools import cache

import numpy as np
import pytest

from senet_np import ops, se, variants
from senet_np.cli import main
from senet_np.gradcheck import bugs
from senet_np.gradcheck.bugs import BUGS, Bug
from senet_np.gradcheck.bugs.bug import apply_diff
from senet_np.gradcheck.cases import op_cases, se_cases

PAIRS = {name.removesuffix("_backward") for m in (ops, se, variants) for name in vars(m) if name.endswith("_backward")}
RELATIVES = {"se_per_position", "se_avg_max", "eca"}
catch = cache(bugs.catch)
each_bug = pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)


def right(op):
    """A "bug" that is none."""
    return Bug(op, "none", "none", "It is right.")


def relu_bug(wrong):
    return Bug("relu", "any", "any", "It is short.", f"- return dy * cache.mask\n+ {wrong}\n")


@each_bug
def test_every_bug_is_caught(bug):
    assert catch(bug) is not None, f"{bug.name} escapes"


@pytest.mark.parametrize("op", sorted(PAIRS))
def test_a_right_backward_pass_is_not_caught(op):
    assert bugs.catch(right(op)) is None


def test_at_least_40_causes_and_no_two_alike():
    causes = Counter(bug.cause for bug in BUGS)
    assert [cause for cause, count in causes.items() if count > 1] == []
    assert len(causes) >= 40


def test_no_two_titles_of_an_op_are_alike():
    assert len({bug.name for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize(("op", "at_least"), [*((op, 2) for op in sorted(PAIRS - RELATIVES)), ("se", 6)])
def test_every_op_has_bugs(op, at_least):
    assert sum(bug.op == op for bug in BUGS) >= at_least


def test_exactly_one_bug_is_a_flipped_sign():
    flips = [bug for bug in BUGS if re.search(r"ratio -1\b(?!\.)", catch(bug).finding)]
    assert flips == [bug for bug in BUGS if bug.cause == "sign"]
    assert len(flips) == 1


@each_bug
def test_the_reason_is_one_sentence(bug):
    assert re.fullmatch(r"[^\n]{30,220}\.", bug.why)
    assert not re.search(r"[.!?] [A-Z]", bug.why)


@each_bug
def test_an_exercise_shows_the_function_alone_with_the_wrong_lines_in_it(bug):
    assert bug.source.startswith(f"def {bug.op}_backward(")
    assert not re.search('"""|#', bug.source)
    assert bug.source != right(bug.op).source
    lines = [line.strip() for line in bug.source.splitlines()]
    assert all(line[2:].strip() in lines for line in bug.diff.splitlines() if line.startswith("+ "))


@each_bug
def test_no_bug_changes_dy_or_its_cache(bug):
    case = next(case for case in (*op_cases(), *se_cases()) if case.op == bug.op)
    y, memory = case.forward(**case.draw(np.random.default_rng(0)))
    dy = np.ones_like(y)
    before = copy.deepcopy((dy, memory))
    with suppress(IndexError):  # what is caught because it raises may raise here too
        bug.backward(dy, memory)
    np.testing.assert_equal((dy, memory), before)


@pytest.mark.parametrize(("line", "count"), [("return dy", 2), ("return", 0)])
def test_the_lines_that_a_bug_replaces_stand_in_the_right_function_exactly_once(line, count):
    twice = "if dy.any():\n    return dy\nelse:\n    return dy\n"
    with pytest.raises(ValueError, match=rf"^any: {count} places .* read as follows, expected 1\n- {line}$"):
        apply_diff(f"- {line}\n+ return 2 * dy\n", twice, "any")


def test_a_change_keeps_the_indentation_of_the_lines_that_it_replaces():
    source = "def f(x):\n    for k in x:\n        a(k)\n        b(k)\n    return x\n"
    nested = apply_diff("- b(k)\n+ if k:\n+     c(k)\n", source, "any").splitlines()
    assert nested[3:5] == ["        if k:", "            c(k)"]
    assert apply_diff("- for k in x:\n- ...\n- return x\n+ pass\n", source, "any") == "def f(x):\n    pass\n"


def test_the_package_itself_stays_right():
    assert relu_bug("return 7").backward(np.ones(2), ops.relu_forward(np.ones(2))[1]) == 7
    assert ops.relu_backward(np.ones(2), ops.relu_forward(np.ones(2))[1]).tolist() == [1, 1]


def test_a_backward_pass_that_raises_is_caught():
    assert bugs.catch(relu_bug("raise ZeroDivisionError")).finding == "backward raises ZeroDivisionError"


def test_an_error_of_the_check_itself_is_not_taken_for_a_catch(monkeypatch):
    def breaks(x):
        raise ZeroDivisionError

    monkeypatch.setattr(ops, "relu_forward", breaks)
    with pytest.raises(ZeroDivisionError):
        bugs.catch(BUGS[0])


def test_an_op_without_a_case_is_refused():
    with pytest.raises(ValueError, match="there is no case of 'dropout'"):
        bugs.catch(right("dropout"))


def test_the_command_shows_every_bug_with_its_reason_and_exits_with_0(capsys):
    assert main(["gradcheck", "--bugs"]) == 0
    out = capsys.readouterr().out
    shown = " ".join(out.split())
    assert all(f"{bug.title} {catch(bug).finding} {bug.why}" in shown for bug in BUGS)
    assert out.splitlines()[-1] == f"{len(BUGS)} of {len(BUGS)} injected bugs are caught"
    assert max(map(len, out.splitlines())) <= 120


def test_the_command_takes_a_seed_and_names_what_escapes_and_exits_with_1(monkeypatch, capsys):
    monkeypatch.setattr(bugs, "BUGS", (BUGS[1], right("tanh")))
    assert main(["gradcheck", "--bugs", "--seed", "3"]) == 1
    out = capsys.readouterr().out
    assert bugs.catch(BUGS[1], seed=3).finding in out
    assert out.splitlines()[-2:] == ["1 of 2 injected bugs are caught", "  escapes: tanh: none"]
