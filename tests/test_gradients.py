"""Every backward pass against finite differences: the list of cases that `senet-np gradcheck` runs too."""

import pytest

from senet_np.checks.cases import Case, all_cases

CASES = {case.name: case for case in all_cases()}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_backward_is_the_derivative_of_forward(case: Case):
    report = case.run()
    assert report.ok, f"\n{report}"


def test_every_promised_op_has_a_case():
    from senet_np import ops

    promised = {name.removesuffix("_forward") for name in vars(ops) if name.endswith("_forward")} | {"se"}
    assert promised <= {case.op for case in CASES.values()}
