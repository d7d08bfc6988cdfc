"""`senet-np gradcheck`: one line for every argument, and a clear verdict at the end."""

from senet_np import ops
from senet_np.cli import main


def test_every_gradient_has_a_line_and_the_status_is_0(capsys):
    assert main(["gradcheck"]) == 0
    out = capsys.readouterr().out
    assert out.count(" ok\n") > 100
    assert "WRONG" not in out


def test_a_wrong_gradient_is_named_by_op_and_argument_and_the_status_is_1(monkeypatch, capsys):
    right = ops.channel_scale_backward

    def wrong(dy, cache):
        du, ds = right(dy, cache)
        return du, -ds

    monkeypatch.setattr(ops, "channel_scale_backward", wrong)
    assert main(["gradcheck"]) == 1
    assert "channel_scale, argument s: worst error" in capsys.readouterr().out
