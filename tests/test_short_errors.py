"""In a notebook an error of ours is one sentence: no lines of the package stand above it."""

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from senet_np import load
from senet_np.gradcheck import check_gradients
from senet_np.grading import ops as checks


def bad_answer():
    checks.check_relu_forward(lambda x: (x, x))


def bad_pair():
    check_gradients(lambda x: x, lambda dy, cache: dy, [np.ones(3)])


def kink():
    check_gradients(lambda x: (np.maximum(x, 0), x > 0), lambda dy, mask: dy * mask, [np.array([0.0, 1.0])])


def no_model():
    load("no-such-model")


@pytest.mark.parametrize("cause", [bad_answer, bad_pair, kink, no_model])
def test_an_error_that_says_it_all_stands_alone(cause, capsys):
    shell = InteractiveShell.instance()
    try:
        cause()
    except Exception:
        shell.showtraceback()
    printed = capsys.readouterr().out.strip()
    assert printed.count("\n") <= 1
    assert "Traceback" not in printed
    assert "Error: " in printed or "Wrong: " in printed
