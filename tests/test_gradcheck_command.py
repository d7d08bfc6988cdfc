"""`senet-np gradcheck`: one line for every argument, and a clear verdict at the end."""

import pytest

from senet_np import ops
from senet_np.cli import gradcheck, main
from senet_np.gradcheck import cases
from senet_np.layers import SE


@pytest.fixture(autouse=True)
def few_cases(monkeypatch):
    """The ops and one layer; `test_gradients.py` runs all."""
    assert gradcheck.all_cases is cases.all_cases
    few = [*cases.op_cases(), cases.layer_case("SE layer", "", SE(8, reduction=2), (3, 3, 2, 8))]
    monkeypatch.setattr(gradcheck, "all_cases", lambda: few)


def test_every_gradient_has_a_line_and_the_status_is_0(capsys):
    assert main(["gradcheck"]) == 0
    out = capsys.readouterr().out
    assert out.count(" ok\n") > 50
    assert "WRONG" not in out
    assert out.endswith("\nevery gradient agrees with finite differences to 1e-06 of its largest value\n")


def test_a_wrong_gradient_is_named_by_op_and_argument_and_the_status_is_1(monkeypatch, capsys):
    right = ops.channel_scale_backward

    def wrong(dy, cache):
        du, ds = right(dy, cache)
        return du, -ds

    monkeypatch.setattr(ops, "channel_scale_backward", wrong)
    assert main(["gradcheck"]) == 1
    out = capsys.readouterr().out
    assert "\n2 wrong:\n  channel_scale, argument s: worst error" in out


def test_a_pass_that_raises_is_wrong_and_the_others_are_checked_all_the_same(monkeypatch, capsys):
    def raises(dy, cache):
        raise KeyError("w")

    monkeypatch.setattr(ops, "relu_backward", raises)
    assert main(["gradcheck"]) == 1
    out = capsys.readouterr().out
    assert "WRONG: KeyError: 'w'" in out
    assert out.count(" ok\n") > 50
    assert out.endswith("\n1 wrong:\n  relu\n")
