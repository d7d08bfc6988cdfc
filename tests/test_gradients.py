"""Every backward pass against finite differences: the list of cases that `senet-np gradcheck` runs too."""

import numpy as np
import pytest
from pairs import arrays_in, for_every

from senet_np import ops, se
from senet_np.gradcheck import TOLERANCE
from senet_np.gradcheck.cases import Case, all_cases
from senet_np.gradcheck.directions import check_directions
from senet_np.nets import tiny

CASES = {case.name: case for case in all_cases()}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_backward_is_the_derivative_of_forward(case: Case):
    report = case.run(seed=2)  # whose draws can nearly all be checked at once: another would do, and take longer
    assert report.ok, f"\n{report}"


@for_every(CASES)
def test_a_backward_pass_is_linear_in_dy_bit_for_bit(case: Case):
    # Multiplied by a power of two all roundings stay the same. Whatever clips, flushes or adds shows.
    rng = np.random.default_rng(0)
    y, cache = case.forward(**case.draw(rng))
    dy = rng.standard_normal(np.shape(y))
    once = [*arrays_in((case.backward(dy, cache),))]
    for power in (2.0**-40, 2.0**40):
        scaled = [*arrays_in((case.backward(power * dy, cache),))]
        assert all(np.array_equal(power * a, b) for a, b in zip(once, scaled, strict=True)), power


def test_every_promised_op_has_a_case():
    promised = {name.removesuffix("_forward") for name in vars(ops) if name.endswith("_forward")} | {"se"}
    assert promised <= {case.op for case in CASES.values()}


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("with_se", [True, False], ids=["SE", "no SE"])
def test_at_full_width_the_tiny_net_agrees_along_a_hundred_directions(with_se, training):
    assert check_directions(tiny(with_se), (2, 8, 8, 3), training=training) < TOLERANCE


def test_one_wrong_gradient_deep_in_a_net_shows_along_random_directions(monkeypatch):
    right = ops.sigmoid_backward
    monkeypatch.setitem(se.GATE, "sigmoid", (ops.sigmoid_forward, lambda dy, cache: 1.01 * right(dy, cache)))
    assert check_directions(tiny(), (2, 8, 8, 3), directions=5) > TOLERANCE


def test_a_case_whose_true_gradient_is_zero_everywhere_is_refused():
    nothing = Case("relu", "all dead", ops.relu_forward, ops.relu_backward, lambda rng: {"x": -rng.random((2, 3)) - 1})
    with pytest.raises(AssertionError, match="none of 50 draws could be checked"):
        nothing.run()
