"""Purity: what a pair returns depends on the values of its arguments alone, and nothing is mutated.

Not on their memory layout, nor on whether they may be written to, nor on what ran before or runs at the same time.
Checked for plain and fast pairs, layers and networks.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier, Semaphore

import numpy as np
import pytest
from pairs import LAYOUTS, arrays_in, cast, for_every, run, same

import senet_np
from senet_np import ops
from senet_np.gradcheck.cases import Case, fast_cases, layer_case, layer_cases, net_cases, op_cases, se_cases
from senet_np.nets import tiny

PACKAGE = str(Path(senet_np.__file__).parent)
OPS = {case.name: case for case in (*op_cases(), *fast_cases(), *se_cases())}
ALL = OPS | {case.name: case for case in (*layer_cases(), *net_cases())}
WIDER = layer_case("tiny net", "wider", tiny(widths=(16, 16, 32)), (4, 16, 16, 3))  # wide enough to meet in the BLAS
every_op, every_case = for_every(OPS), for_every(ALL)

# The only ops whose result is part of their cache: their slope is y·(1 − y) and 1 − y², so y is all that they keep.
# It is by design, and it means: who changes such a y in place changes the backward pass.
KEEP_THEIR_RESULT = {"sigmoid", "tanh"}
# Terms are summed in another order where memory lies otherwise: some units in the last place of the largest value, or
# of 1. Measured: 1.5e-15.
ROUNDING = 1e-14


def draw(case: Case, seed: int = 0, dtype: type = np.float64):
    """Arguments by name, and an upstream gradient: (args, dy)."""
    rng = np.random.default_rng(seed)
    args = cast(case.draw(rng), dtype)
    return args, np.asarray(rng.standard_normal(np.shape(case.forward(**args)[0])), dtype)


def many_runs(case: Case, args, dy, rounds=50):
    """What `run` returns, again and again."""
    return [run(case, args, dy) for _ in range(rounds)]


def gradients(case: Case, dy, cache):
    """All gradients as a list of arrays."""
    return [*arrays_in((case.backward(dy, cache),))]


@every_case
def test_nothing_that_comes_in_is_changed(case: Case):
    args, dy = draw(case)
    before = [a.copy() for a in arrays_in((args, dy))]
    run(case, args, dy)
    assert same([*arrays_in((args, dy))], before)


@every_op
def test_float32_stays_float32(case: Case):
    assert {a.dtype for a in run(case, *draw(case, dtype=np.float32))} == {np.dtype(np.float32)}


@every_case
def test_the_same_input_gives_the_same_output_bit_for_bit(case: Case):
    args, dy = draw(case)
    assert same(run(case, args, dy), run(case, args, dy))


@every_case
def test_a_backward_pass_can_be_run_twice_from_one_cache(case: Case):
    args, dy = draw(case)
    cache = case.forward(**args)[1]
    first = [a.copy() for a in gradients(case, dy, cache)]
    assert same(gradients(case, dy, cache), first)


@every_case
def test_two_passes_do_not_disturb_each_other(case: Case):
    problems = [draw(case, seed) for seed in (0, 1)]
    alone = [run(case, *problem)[1:] for problem in problems]
    caches = [case.forward(**args)[1] for args, _ in problems]  # forward A, forward B, backward A, backward B
    mixed = [gradients(case, dy, cache) for (_, dy), cache in zip(problems, caches, strict=True)]
    assert all(map(same, mixed, alone))


@every_case
def test_read_only_inputs_give_the_same_result(case: Case):
    args, dy = draw(case)
    expected = run(case, args, dy)
    for array in arrays_in((args, dy)):
        array.setflags(write=False)
    assert same(run(case, args, dy), expected)


@every_case
def test_a_gradient_may_be_written_into(case: Case):
    args, dy = draw(case)
    assert all(grad.flags.writeable for grad in gradients(case, dy, case.forward(**args)[1]))


@every_case
def test_another_memory_layout_gives_the_same_result_to_rounding(case: Case):
    args, dy = draw(case)
    expected = run(case, args, dy)
    for layout in LAYOUTS:
        laid_out = {name: layout(a) if isinstance(a, np.ndarray) and a.ndim else a for name, a in args.items()}
        pairs = zip(run(case, laid_out, layout(dy) if dy.ndim else dy), expected, strict=True)
        assert all(np.abs(ours - plain).max() <= ROUNDING * max(1, np.abs(plain).max()) for ours, plain in pairs), (
            layout
        )


@every_case
def test_a_result_shares_no_memory_with_the_arguments(case: Case):
    args, _ = draw(case)
    y, _ = case.forward(**args)
    assert not any(np.shares_memory(y, a) for a in arrays_in(args))


# A cache holds these arguments themselves and no copies: whoever changes one in place between the two passes changes
# the gradient. Nothing in the package does; an optimizer makes new parameters.
BORROWED = {
    **{
        "conv2d": {"w"},
        "depthwise_conv2d": {"w"},
        "hard_sigmoid": {"x"},
        "hard_swish": {"x"},
        "linear": {"x", "w"},
        "channel_scale": {"u", "s"},
        "se": {"u", "w1", "w2"},
    },
    **{"batch_norm": {"gamma", "mean", "var"}, "softmax_cross_entropy": {"labels"}},
    **{"se_per_position": {"u", "w1", "w2"}, "se_avg_max": {"u", "w1", "w2"}, "eca": {"u", "w"}},
    **{"conv2d in pieces": {"x", "w"}, "conv2d by Winograd": {"w"}},  # fast conv2d is one of these, or the plain one
}


@for_every({name: case for name, case in OPS.items() if case.op != "fast conv2d"})
def test_a_cache_borrows_the_stated_arguments_and_no_others(case: Case):
    args, _ = draw(case)
    kept = [*arrays_in((case.forward(**args)[1],))]
    arrays = {name: a for name, a in args.items() if isinstance(a, np.ndarray)}
    borrowed = {name for name, a in arrays.items() if any(np.shares_memory(a, other) for other in kept)}
    assert borrowed == BORROWED.get(case.op.removeprefix("fast "), set()) & arrays.keys()


@every_op
def test_a_result_is_not_part_of_the_cache_but_for_sigmoid_and_tanh(case: Case):
    args, _ = draw(case)
    y, cache = case.forward(**args)
    shared = any(np.shares_memory(y, a) for a in arrays_in(cache))
    assert shared == (case.op in KEEP_THEIR_RESULT)


@every_case
def test_gradients_share_no_memory_with_the_arguments_the_cache_or_one_another(case: Case):
    args, dy = draw(case)
    cache = case.forward(**args)[1]
    grads = gradients(case, dy, cache)
    for k, grad in enumerate(grads):
        assert not any(np.shares_memory(grad, other) for other in (*arrays_in((args, dy, cache)), *grads[:k]))


def at_once(jobs):
    """Run each job in a thread of its own, all begun at the same moment."""
    barrier = Barrier(len(jobs), timeout=30)

    def start(job):
        barrier.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [*pool.map(start, jobs)]


def line_by_line(jobs):
    """Run two jobs in two threads that take turns at every line of the package: what could meet does meet."""
    turn, finished = [Semaphore(1), Semaphore(0)], [False, False]

    def start(me):
        def trace(frame, event, _):
            if not frame.f_code.co_filename.startswith(PACKAGE):
                return None
            if event == "line" and not finished[1 - me]:
                turn[1 - me].release()
                assert turn[me].acquire(timeout=30)
            return trace

        assert turn[me].acquire(timeout=30)
        sys.settrace(trace)
        try:
            return jobs[me]()
        finally:
            sys.settrace(None)
            finished[me] = True
            turn[1 - me].release()

    with ThreadPoolExecutor(2) as pool:
        return [*pool.map(start, (0, 1))]


def test_line_by_line_makes_meet_what_could_meet():
    shared = np.zeros(1)  # a workspace as it should not be

    def forward(x):
        shared[:] = x
        return ops.relu_forward(x)[0] + shared, None

    def job(value):
        return forward(np.array([value]))[0][0]

    assert line_by_line([partial(job, 1.0), partial(job, 2.0)]) == [3.0, 4.0]


@every_case
def test_two_threads_that_take_turns_line_by_line_do_not_disturb_each_other(case: Case):
    problems = [draw(case, seed) for seed in (0, 1)]
    alone = [run(case, *problem) for problem in problems]
    together = line_by_line([partial(run, case, *problem) for problem in problems])
    assert all(map(same, together, alone))


@for_every(ALL | {"a wider net": WIDER})
def test_two_threads_at_once_do_not_disturb_each_other(case: Case):
    problems = [draw(case, seed) for seed in (0, 1)]
    alone = [run(case, *problem) for problem in problems]
    together = at_once([partial(many_runs, case, *problem) for problem in problems])
    assert all(same(result, expected) for results, expected in zip(together, alone, strict=True) for result in results)


def test_a_check_of_every_case_names_those_that_fail():
    def check(number):
        assert number > 1, "too small"

    with pytest.raises(AssertionError, match=r"'b': ['\"]too small"):
        for_every({"a": 2, "b": 1})(check)()
