"""Marks: the right answer gets all, nothing gets none, and each typical wrong answer loses exactly what it should."""

from pathlib import Path

import jupytext
import numpy as np
import pytest

from senet_np import ops as library
from senet_np.analysis.replace import with_gates
from senet_np.containers import se_caches
from senet_np.gradcheck.bugs import PLANTED
from senet_np.grading import conv, net, ops, se
from senet_np.grading.marks import marks
from senet_np.ops.conv import im2col
from senet_np.se import hidden_width, se_backward, se_forward
from senet_np.tree import tree_map

RIGHT = {name: getattr(library, name) for mark in ops.TABLE.values() for name in mark.needs}
SOURCE = Path(__file__).parents[1] / "notebooks" / "assignments" / "source"
SHORT = {"global_avg_pool": "pool", "channel_scale": "scale"}
PLANTED_HERE = [one for one in PLANTED if f"{one.op}_backward" in RIGHT]


def output_size(length, k, stride, pad):
    return (length + 2 * pad - k) // stride + 1


def columns(*given):
    return im2col(*given)[0]


def added_parameters(channels, r, bias=True):
    widths = [(c, hidden_width(c, r)) for c in channels]
    return sum(2 * c * h + (c + h if bias else 0) for c, h in widths)


RIGHT_CONV = {
    "output_size": output_size,
    "im2col": columns,
    "conv2d_forward": library.conv2d_forward,
    "conv2d_backward": library.conv2d_backward,
}
RIGHT_SE = {
    "hidden_units": hidden_width,
    "added_parameters": added_parameters,
    "se_forward": se_forward,
    "se_backward": se_backward,
}


def lost(table, right, **wrong):
    """What is lost with some wrong answers in place of the right ones: {grade_id: points}."""
    got = marks(table, {**right, **wrong})
    return {grade_id: mark.points - got[grade_id] for grade_id, mark in table.items() if got[grade_id] < mark.points}


ASSIGNMENTS = {"1_ops": ops, "2_conv": conv, "3_se_block": se, "4_claim": net}


@pytest.mark.parametrize(("name", "hidden"), [("1_ops", 10), ("2_conv", 11), ("3_se_block", 10), ("4_claim", 11)])
def test_an_assignment_has_20_points_and_its_text_says_how_many_are_hidden(name, hidden):
    table = ASSIGNMENTS[name].TABLE
    assert sum(mark.points for mark in table.values()) == 20
    assert sum(mark.points for mark in table.values() if mark.hidden) == hidden


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_notebooks_cells_and_the_table_agree(name):
    text = jupytext.read(SOURCE / name / f"{name}.py")
    cells = {c.metadata["nbgrader"]["grade_id"]: c for c in text.cells if c.metadata.get("nbgrader", {}).get("grade")}
    table = ASSIGNMENTS[name].TABLE
    assert {grade_id: cell.metadata["nbgrader"]["points"] for grade_id, cell in cells.items()} == {
        grade_id: mark.points for grade_id, mark in table.items()
    }
    for grade_id, cell in cells.items():
        mark = table[grade_id]
        assert f"checks.{mark.check.__name__}({', '.join(mark.needs)})" in cell.source
        assert ("BEGIN HIDDEN TESTS" in cell.source) == mark.hidden


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_student_version_has_neither_solutions_nor_hidden_checks(name):
    text = (SOURCE.parent / f"{name}.ipynb").read_text("utf-8")
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    assert not any(f"{mark.check.__name__}(" in text for mark in ASSIGNMENTS[name].TABLE.values() if mark.hidden)
    assert "raise NotImplementedError()" in text


def test_the_librarys_own_functions_get_full_marks():
    assert lost(ops.TABLE, RIGHT) == {}
    assert lost(conv.TABLE, RIGHT_CONV) == {}
    assert lost(se.TABLE, RIGHT_SE) == {}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_an_empty_answer_gets_nothing(name):
    assert set(marks(ASSIGNMENTS[name].TABLE, {}).values()) == {0}


@pytest.mark.parametrize("mistake", PLANTED_HERE, ids=lambda mistake: mistake.name)
def test_a_planted_mistake_loses_backward_and_keeps_forward(mistake):
    gone = lost(ops.TABLE, RIGHT, **{f"{mistake.op}_backward": mistake.backward})
    short = SHORT.get(mistake.op, mistake.op)
    assert f"{short}-backward-check" in gone
    assert gone.keys() <= {f"{short}-backward-check", f"{short}-hidden"}


def relu_in_place(x):
    x[x < 0] = 0
    return x, x > 0


def sigmoid_by_the_book(x):
    y = 1 / (1 + np.exp(-x))
    return y, y


def sigmoid_of_float64(x):
    y, cache = library.sigmoid_forward(x.astype(np.float64))
    return y, cache


def linear_backward_in_place(dy, cache):
    dx, dw, db = library.linear_backward(dy, cache)
    dy *= 0
    return dx, dw, db


def scale_backward_of_one_image(dy, cache):
    du, ds = library.channel_scale_backward(dy, cache)
    ds[:] = ds.mean(axis=0)
    return du, ds


def pool_backward_of_a_square(dz, cache):
    dx = library.global_avg_pool_backward(dz, cache)
    return dx * (dx.shape[2] / dx.shape[1])  # 1/H² in place of 1/(H·W)


kept = {}


def relu_that_keeps_outside(x):
    kept["mask"] = x > 0
    return np.maximum(x, 0), None


def relu_backward_from_outside(dy, cache):
    return dy * kept["mask"]


@pytest.mark.parametrize(
    ("wrong", "gone"),
    [
        ({"relu_forward": relu_in_place}, {"relu-backward-check": 1, "relu-hidden": 2}),
        ({"sigmoid_forward": sigmoid_by_the_book}, {"sigmoid-hidden": 2}),
        ({"sigmoid_forward": sigmoid_of_float64}, {"sigmoid-hidden": 2}),
        ({"linear_backward": linear_backward_in_place}, {"linear-backward-check": 1, "linear-hidden": 2}),
        ({"channel_scale_backward": scale_backward_of_one_image}, {"scale-backward-check": 1, "scale-hidden": 2}),
        ({"global_avg_pool_backward": pool_backward_of_a_square}, {"pool-backward-check": 1, "pool-hidden": 2}),
        (
            {"relu_forward": relu_that_keeps_outside, "relu_backward": relu_backward_from_outside},
            {"relu-hidden": 2},
        ),
    ],
    ids=lambda case: " and ".join(case) if isinstance(case, dict) else None,
)
def test_a_typical_wrong_answer_loses_exactly_what_it_should(wrong, gone):
    assert lost(ops.TABLE, RIGHT, **wrong) == gone


@pytest.mark.parametrize("wrong", [lambda x: np.maximum(x, 0), lambda x: None, lambda x: (x, x, x)])
def test_a_forward_pass_without_its_cache_is_told_what_to_return(wrong):
    with pytest.raises(AssertionError, match=r"relu_forward returned .*, expected two things, as in `return y, cache`"):
        ops.check_relu_forward(wrong)


def test_a_message_says_what_came_what_was_expected_and_what_to_look_at():
    with pytest.raises(AssertionError) as error:
        ops.check_pool_backward(library.global_avg_pool_forward, lambda dz, cache: np.ones((1, 2, 2, 2)) * 4)
    assert str(error.value) == "dx[0, 0, 0, 0] is 4, expected 1. Each of the H·W positions has the share 1/(H·W)."


def conv_backward_with(**changes):
    """The library's backward pass with some of its gradients changed: {"dx": function of dx, ...}."""

    def backward(dy, cache):
        grads = dict(zip(("dx", "dw", "db"), library.conv2d_backward(dy, cache), strict=True))
        return tuple(changes.get(name, lambda grad: grad)(grad) for name, grad in grads.items())

    return backward


def conv_turned(x, w, b, stride=1, pad=1):
    return library.conv2d_forward(x, np.ascontiguousarray(w[::-1, ::-1]), b, stride, pad)


def planted(op, title):
    return next(one.backward for one in PLANTED if (one.op, one.title) == (op, title))


@pytest.mark.parametrize(
    ("wrong", "gone"),
    [
        ({"output_size": lambda *given: float(output_size(*given))}, {"size-hidden": 1}),
        ({"output_size": lambda n, k, stride, pad: (n + pad - k) // stride + 1}, {"size-check": 1, "size-hidden": 1}),
        ({"im2col": lambda x, kh, kw, s, p: columns(x, kh, kw, 1, p)}, {"columns-hidden": 2}),
        ({"conv2d_backward": planted("conv2d", "stride ignored in the folding")}, {"dx-stride-hidden": 2}),
        (
            {"conv2d_backward": planted("conv2d", "padding cut off at one side")},
            {"dx-check": 2, "dx-stride-hidden": 2},
        ),
        ({"conv2d_backward": conv_backward_with(dw=lambda dw: dw / 2)}, {"dw-check": 2, "dw-hidden": 2}),
        ({"conv2d_backward": conv_backward_with(db=np.zeros_like)}, {"dw-check": 2, "dw-hidden": 2}),
    ],
)
def test_a_typical_wrong_convolution_loses_exactly_what_it_should(wrong, gone):
    assert lost(conv.TABLE, RIGHT_CONV, **wrong) == gone


def test_a_convolution_that_turns_its_kernel_loses_its_forward_pass_and_what_rests_on_it():
    gone = lost(conv.TABLE, RIGHT_CONV, conv2d_forward=conv_turned)
    assert {"forward-check", "forward-hidden"} <= gone.keys()
    assert not {"size-check", "columns-check"} & gone.keys()


def se_without_biases_backward(dx_scaled, cache):
    du, dw1, db1, dw2, db2 = se_backward(dx_scaled, cache)
    return du, dw1, np.zeros(dw1.shape[1]) if db1 is None else db1, dw2, np.zeros(dw2.shape[1]) if db2 is None else db2


def se_of_the_whole_batch(u, w1, b1, w2, b2):
    mean = np.broadcast_to(u.mean(axis=0), u.shape).copy()
    _, cache = se_forward(mean, w1, b1, w2, b2)
    return u * cache.s[:, None, None, :], cache


@pytest.mark.parametrize(
    ("wrong", "gone"),
    [
        ({"hidden_units": lambda c, r: c // r}, {"width-check": 1, "width-hidden": 1}),
        ({"hidden_units": lambda c, r: max(2, round(c / r + 0.01))}, {"width-hidden": 1}),
        ({"added_parameters": lambda cs, r, bias=True: sum(2 * c * c // r for c in cs)}, {"cost-hidden": 1}),
        ({"se_backward": planted("se", "squeeze path dropped")}, {"du-check": 2, "du-hidden": 2}),
        ({"se_backward": planted("se", "1/(H·W) lost")}, {"du-check": 2, "du-hidden": 2}),
        ({"se_backward": planted("se", "ReLU's mask comes too late for dw1")}, {"fc1-check": 2, "special-hidden": 2}),
        ({"se_backward": se_without_biases_backward}, {"special-hidden": 2}),
    ],
)
def test_a_typical_wrong_se_block_loses_exactly_what_it_should(wrong, gone):
    assert lost(se.TABLE, RIGHT_SE, **wrong) == gone


def test_gates_of_the_whole_batch_lose_the_hidden_forward_check():
    assert "forward-hidden" in lost(se.TABLE, RIGHT_SE, se_forward=se_of_the_whole_batch)


def train_step(model, params, state, velocity, x, labels, lr):
    logits, cache, state = model.forward(params, state, x, True)
    loss, loss_cache = library.softmax_cross_entropy_forward(logits, labels)
    _, grads = model.backward(library.softmax_cross_entropy_backward(1.0, loss_cache), cache)
    velocity = tree_map(lambda v, g: 0.9 * v + g, velocity, grads)
    return loss, tree_map(lambda p, v: p - lr * v, params, velocity), state, velocity


def step_that_forgets_statistics(model, params, state, velocity, x, labels, lr):
    loss, params, _, velocity = train_step(model, params, state, velocity, x, labels, lr)
    return loss, params, state, velocity


def step_without_momentum(model, params, state, velocity, x, labels, lr):
    loss, params, state, _ = train_step(model, params, state, tree_map(np.zeros_like, velocity), x, labels, lr)
    return loss, params, state, velocity


def accuracy(model, params, state, x, labels):
    return (model.forward(params, state, x, False)[0].argmax(axis=1) == labels).mean()


def accuracy_of_the_batch(model, params, state, x, labels):
    return (model.forward(params, state, x, True)[0].argmax(axis=1) == labels).mean()


def mean_gates(model, params, state, x):
    _, cache, _ = model.forward(params, state, x, False)
    return {path: block.s.mean(axis=0) for path, block in se_caches(cache).items()}


def accuracy_with(model, params, state, x, labels, gates):
    return accuracy(with_gates(model, gates), params, state, x, labels)


def paired_interval(a, b):
    d = np.subtract(a, b)
    return d.mean(), {2: 4.303, 4: 2.776}[len(d) - 1] * d.std(ddof=1) / np.sqrt(len(d))


def unpaired_interval(a, b):
    sd = np.sqrt(np.var(a, ddof=1) + np.var(b, ddof=1))
    return np.mean(a) - np.mean(b), {2: 4.303, 4: 2.776}[len(a) - 1] * sd / np.sqrt(len(a))


def interval_by_population(a, b):
    mean, half = paired_interval(a, b)
    return mean, half * np.sqrt((len(a) - 1) / len(a))


RIGHT_NET = {
    "train_step": train_step,
    "accuracy": accuracy,
    "results": {"se": [0.99, 1.0, 0.98], "plain": [0.49, 0.5, 0.48]},
    "mean_gates": mean_gates,
    "accuracy_with": accuracy_with,
    "control": {"learned": 0.99, "ones": 0.3, "mean": 0.35, "another image": 0.5},
    "paired_interval": paired_interval,
    "verdicts": net.VERDICTS,
}


@pytest.mark.parametrize(
    ("wrong", "gone"),
    [
        ({}, {}),
        ({"train_step": step_that_forgets_statistics}, {"step-hidden": 3}),
        ({"train_step": step_without_momentum}, {"step-check": 2, "step-hidden": 3}),
        ({"accuracy": accuracy_of_the_batch}, {"accuracy-check": 1, "accuracy-hidden": 1}),
        ({"accuracy_with": lambda *given: accuracy(*given[:5])}, {"gates-hidden": 2}),
        ({"paired_interval": unpaired_interval}, {"interval-check": 1, "interval-hidden": 2}),
        ({"paired_interval": interval_by_population}, {"interval-check": 1, "interval-hidden": 2}),
        ({"verdicts": dict.fromkeys(net.VERDICTS, "yes")}, {"verdicts-hidden": 3}),
        ({"control": {**RIGHT_NET["control"], "mean": 0.99}}, {"controls-check": 1}),
        ({"results": {"se": [0.99], "plain": [0.5]}}, {"runs-check": 2}),
    ],
)
def test_a_typical_wrong_fourth_assignment_loses_exactly_what_it_should(wrong, gone):
    assert lost(net.TABLE, RIGHT_NET, **wrong) == gone
