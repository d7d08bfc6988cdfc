"""Marks: the right answer gets all, nothing gets none, and each typical wrong answer loses exactly what it should."""

from pathlib import Path

import answers
import jupytext
import numpy as np
import pytest
from answers import RIGHT, columns

from senet_np import ops as library
from senet_np.gradcheck.bugs import BUGS
from senet_np.grading import conv, net, ops, se
from senet_np.grading.marks import marks, set_class_seed, show_points

SOURCE = Path(__file__).parents[1] / "notebooks" / "assignments" / "source"
TABLES = {"1_ops": ops.TABLE, "3_conv": conv.TABLE, "2_se_block": se.TABLE, "4_claim": net.TABLE}
SHORT = {"global_avg_pool": "pool", "channel_scale": "scale"}
BUGS_HERE = [bug for bug in BUGS if f"{bug.op}_backward" in RIGHT["1_ops"]]


def lost(name, **wrong):
    """What is lost with some wrong answers in place of the right ones: {grade_id: points}."""
    table = TABLES[name]
    points = marks(table, {**RIGHT[name], **wrong})
    return {
        grade_id: mark.points - points[grade_id] for grade_id, mark in table.items() if points[grade_id] < mark.points
    }


def injected(op, title):
    """The backward pass with that bug."""
    return next(bug.backward for bug in BUGS if (bug.op, bug.title) == (op, title))


@pytest.mark.parametrize(("name", "hidden"), [("1_ops", 10), ("3_conv", 11), ("2_se_block", 10), ("4_claim", 11)])
def test_an_assignment_has_20_points_and_its_text_says_how_many_are_hidden(name, hidden):
    assert sum(mark.points for mark in TABLES[name].values()) == 20
    assert sum(mark.points for mark in TABLES[name].values() if mark.hidden) == hidden


@pytest.mark.parametrize("name", TABLES)
def test_the_notebooks_cells_and_the_table_agree(name):
    text = jupytext.read(SOURCE / name / f"{name}.py")
    graded = [c for c in text.cells if c.metadata.get("nbgrader", {}).get("grade") and c.cell_type == "code"]
    cells = {c.metadata["nbgrader"]["grade_id"]: c for c in graded}
    assert {grade_id: cell.metadata["nbgrader"]["points"] for grade_id, cell in cells.items()} == {
        grade_id: mark.points for grade_id, mark in TABLES[name].items()
    }
    for grade_id, cell in cells.items():
        mark = TABLES[name][grade_id]
        assert f"checks.{mark.check.__name__}({', '.join(mark.needs)})" in cell.source
        assert ("BEGIN HIDDEN TESTS" in cell.source) == mark.hidden


@pytest.mark.parametrize("name", TABLES)
def test_the_student_version_has_neither_solutions_nor_hidden_checks(name):
    text = (SOURCE.parent / f"{name}.ipynb").read_text("utf-8")
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    assert not any(f"{mark.check.__name__}(" in text for mark in TABLES[name].values() if mark.hidden)
    assert "raise NotImplementedError()" in text


@pytest.mark.parametrize("name", TABLES)
def test_the_right_answers_get_full_marks(name):
    assert lost(name) == {}


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_answer_gets_nothing(name):
    assert set(marks(TABLES[name], {}).values()) == {0}


# Assignment 1


@pytest.mark.parametrize("bug", BUGS_HERE, ids=lambda bug: bug.name)
def test_an_injected_bug_loses_backward_and_keeps_forward(bug):
    gone = lost("1_ops", **{f"{bug.op}_backward": bug.backward})
    short = SHORT.get(bug.op, bug.op)
    assert f"{short}-backward-check" in gone
    assert gone.keys() <= {f"{short}-backward-check", f"{short}-hidden"}


@pytest.mark.parametrize(
    ("wrong", "gone"),
    [
        (
            {"relu_forward": answers.relu_in_place},
            {"relu-forward-check": 1, "relu-backward-check": 1, "relu-hidden": 2},
        ),
        ({"sigmoid_forward": answers.sigmoid_by_the_book}, {"sigmoid-forward-check": 1, "sigmoid-hidden": 2}),
        ({"sigmoid_forward": answers.sigmoid_of_float64}, {"sigmoid-hidden": 2}),
        ({"linear_backward": answers.linear_backward_in_place}, {"linear-backward-check": 1, "linear-hidden": 2}),
        (
            {"channel_scale_backward": answers.scale_backward_of_one_image},
            {"scale-backward-check": 1, "scale-hidden": 2},
        ),
        ({"global_avg_pool_backward": answers.pool_backward_of_a_square}, {"pool-backward-check": 1, "pool-hidden": 2}),
        (
            {
                "relu_forward": answers.relu_that_keeps_outside,
                "relu_backward": answers.relu_backward_from_outside,
            },
            {"relu-hidden": 2},
        ),
    ],
    ids=lambda case: " and ".join(case) if isinstance(case, dict) else None,
)
def test_a_typical_wrong_answer_loses_exactly_what_it_should(wrong, gone):
    assert lost("1_ops", **wrong) == gone


@pytest.mark.parametrize("wrong", [lambda x: np.maximum(x, 0), lambda x: None, lambda x: (x, x, x)])
def test_a_forward_pass_without_its_cache_is_told_what_to_return(wrong):
    with pytest.raises(AssertionError, match=r"relu_forward returned .*, expected two things, as in `return y, cache`"):
        ops.check_relu_forward(wrong)


def test_a_message_says_what_is_there_what_was_expected_and_what_to_look_at():
    with pytest.raises(AssertionError) as error:
        ops.check_pool_backward(library.global_avg_pool_forward, lambda dz, cache: np.ones((1, 2, 2, 2)) * 4)
    assert str(error.value) == "dx[0, 0, 0, 0] is 4, expected 1. Each of the H·W positions has the share 1/(H·W)."


def test_a_wrong_answer_is_one_line_in_a_notebook_with_the_learners_own_line_if_it_stops():
    def stops(x):
        return x.no_such_thing

    with pytest.raises(AssertionError) as error:
        ops.check_relu_forward(stops)
    assert error.value._render_traceback_() == [f"Wrong: {error.value}"]
    assert "your code stops in `return x.no_such_thing`: AttributeError" in str(error.value)


def test_a_cell_without_an_answer_says_what_to_do():
    def empty(x):
        raise NotImplementedError

    with pytest.raises(AssertionError, match="empty is not written yet: replace"):
        ops.check_relu_forward(empty)


@pytest.mark.parametrize("name", TABLES)
def test_right_answers_get_all_points_whatever_seed_a_teacher_draws(name):
    try:
        for seed in range(12):
            set_class_seed(seed)
            assert lost(name) == {}, f"seed {seed}"
    finally:
        set_class_seed(None)


def test_a_wrong_verdict_gets_its_reason():
    with pytest.raises(AssertionError, match="'yes', expected 'cannot say', since all images here are drawn"):
        net.grade_verdicts_on_the_untested({**net.VERDICTS, "SE helps on photographs": "yes"})


def test_who_studies_alone_sees_all_points_and_why_some_are_lost(capsys):
    show_points(TABLES["2_se_block"], {**RIGHT["2_se_block"], "gate_backward": answers.gate_with_a_slope_everywhere})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 of 1  width-check"
    assert [line.split(":")[0] for line in lines if line.startswith("0")] == [
        "0 of 2  gate-check",
        "0 of 1  gate-hidden",
    ]
    assert lines[-1] == "17 of 20 points"
    show_points(TABLES["1_ops"], {})
    assert "0 of 1  relu-forward-check: there is no relu_forward" in capsys.readouterr().out


@pytest.mark.parametrize("missing", [lambda dy, cache: None, lambda dy, cache: np.zeros(3)])
def test_a_backward_pass_without_all_its_gradients_is_told_which_ones_it_must_return(missing):
    with pytest.raises(AssertionError, match=r"backward returned .*, expected du, dw1, db1, dw2, db2"):
        se.check_fc2(answers.block_forward, missing)


def test_an_answer_whose_parameters_have_other_names_is_right():
    assert lost("1_ops", linear_forward=lambda a, matrix, offset: library.linear_forward(a, matrix, offset)) == {}


@pytest.mark.parametrize("answer", [lambda x: exit(), lambda x: [][0], lambda x: 1 / 0])
def test_an_answer_that_ends_the_program_or_stops_is_one_sentence(answer):
    with pytest.raises(AssertionError, match="your code stops in"):
        ops.check_relu_forward(answer)


def test_a_gradient_that_broadcasting_spread_out_is_right():
    def backward(dz, cache):
        return np.broadcast_to(dz[:, None, None] / (cache.shape[1] * cache.shape[2]), cache.shape)

    assert lost("1_ops", global_avg_pool_backward=backward) == {}


# Assignment 3


@pytest.mark.parametrize(
    ("wrong", "gone"),
    [
        ({"output_size": lambda *args: float(answers.output_size(*args))}, {"size-check": 1, "size-hidden": 1}),
        ({"output_size": lambda n, k, stride, pad: (n + pad - k) // stride + 1}, {"size-check": 1, "size-hidden": 1}),
        ({"im2col": lambda x, kh, kw, stride, pad: columns(x, kh, kw, 1, pad)}, {"columns-hidden": 2}),
        ({"conv2d_backward": injected("conv2d", "stride ignored in col2im")}, {"dx-stride-hidden": 2}),
        (
            {"conv2d_backward": injected("conv2d", "padding cut off at one side")},
            {"dx-check": 2, "dx-stride-hidden": 2},
        ),
        ({"conv2d_backward": answers.conv_backward_with(dw=lambda dw: dw / 2)}, {"dw-check": 2, "dw-hidden": 2}),
        ({"conv2d_backward": answers.conv_backward_with(db=np.zeros_like)}, {"dw-check": 2, "dw-hidden": 2}),
    ],
)
def test_a_typical_wrong_convolution_loses_exactly_what_it_should(wrong, gone):
    assert lost("3_conv", **wrong) == gone


def test_a_convolution_that_turns_its_kernel_loses_its_forward_pass_and_what_rests_on_it():
    gone = lost("3_conv", conv2d_forward=answers.conv_turned)
    assert {"forward-check", "forward-hidden"} <= gone.keys()
    assert not {"size-check", "columns-check"} & gone.keys()


# Assignment 2


@pytest.mark.parametrize(
    ("wrong", "gone"),
    [
        ({"hidden_units": lambda c, r: c // r}, {"width-check": 1, "width-hidden": 1}),
        ({"hidden_units": lambda c, r: max(2, c / r)}, {"width-check": 1, "width-hidden": 1}),
        ({"hidden_units": lambda c, r: max(2, round(c / r + 0.01))}, {"width-check": 1, "width-hidden": 1}),
        (
            {"added_parameters": lambda cs, r, bias=True: sum(2 * c * c // r for c in cs)},
            {"cost-check": 1, "cost-hidden": 1},
        ),
        ({"gate_backward": answers.gate_with_a_slope_everywhere}, {"gate-check": 2, "gate-hidden": 1}),
        ({"gate_backward": answers.gate_with_a_slope_at_its_corners}, {"gate-hidden": 1}),
        (
            {"block_backward": injected("se", "squeeze path dropped")},
            {"du-check": 2, "du-hidden": 2, "special-hidden": 2},
        ),
        (
            {"block_backward": injected("se", "ReLU's mask comes too late for dw1")},
            {"fc1-check": 1, "special-hidden": 2},
        ),
        ({"block_backward": answers.block_without_biases_backward}, {"special-hidden": 2}),
        ({"block_backward": answers.block_that_pays_every_position_backward}, {"special-hidden": 2}),
    ],
)
def test_a_typical_wrong_se_block_loses_exactly_what_it_should(wrong, gone):
    assert lost("2_se_block", **wrong) == gone


@pytest.mark.parametrize("wrong", [answers.true_sigmoid_gate, answers.block_of_means, answers.block_of_the_whole_batch])
def test_the_block_of_the_notebook_or_gates_of_the_whole_batch_lose_the_forward_checks(wrong):
    assert {"forward-hidden"} <= lost("2_se_block", block_forward=wrong).keys()


# Assignment 4


@pytest.mark.parametrize(
    ("wrong", "gone"),
    [
        ({"train_step": answers.step_that_forgets_statistics}, {"step-hidden": 3}),
        ({"train_step": answers.step_without_momentum}, {"step-check": 2, "step-hidden": 3}),
        ({"accuracy": answers.accuracy_of_the_batch}, {"accuracy-check": 1, "accuracy-hidden": 1}),
        ({"accuracy_with": lambda *args: answers.accuracy(*args[:5])}, {"gates-hidden": 2}),
        ({"paired_interval": answers.unpaired_interval}, {"interval-check": 1, "interval-hidden": 2}),
        ({"paired_interval": answers.interval_by_population}, {"interval-check": 1, "interval-hidden": 2}),
        (
            {"verdicts": dict.fromkeys(net.VERDICTS, "yes")},
            {"verdicts-noise-hidden": 1, "verdicts-gates-hidden": 1, "verdicts-untested-hidden": 1},
        ),
        ({"verdicts": {**net.VERDICTS, "SE helps on photographs": "yes"}}, {"verdicts-untested-hidden": 1}),
        (
            {"accuracy_with_gates": {**RIGHT["4_claim"]["accuracy_with_gates"], "mean": 0.99}},
            {"interventions-check": 1},
        ),
        ({"results": {"se": [0.99], "plain": [0.5]}}, {"runs-check": 2}),
    ],
)
def test_a_typical_wrong_fourth_assignment_loses_exactly_what_it_should(wrong, gone):
    assert lost("4_claim", **wrong) == gone
