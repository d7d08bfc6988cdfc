"""Hand-ins of a class, made from the student versions: honest ones, right and wrong, and others.

Each is a function of no arguments that returns a notebook as a dict.
"""

import copy
import functools
import json
import re
from pathlib import Path

from senet_np.handins.grade import Limits, grade
from senet_np.handins.read import HandIn

QUICK = Limits(seconds=30.0)
ASSIGNMENTS = Path(__file__).parents[1] / "notebooks" / "assignments"
SOLUTION = re.compile(r"( *)### BEGIN SOLUTION\n(.*?) *### END SOLUTION\n?", re.DOTALL)


@functools.cache
def _versions(name):
    student = json.loads((ASSIGNMENTS / f"{name}.ipynb").read_text("utf-8"))
    source = json.loads((ASSIGNMENTS / "source" / name / f"{name}.ipynb").read_text("utf-8"))
    solved = {
        cell["metadata"]["nbgrader"]["grade_id"]: SOLUTION.sub(r"\2", "".join(cell["source"]))
        for cell in source["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code"
    }
    return student, solved


def handed_in(notebook, student="Ada", **more):
    """As the grader reads it."""
    data = json.dumps(notebook).encode()
    return HandIn(student, more.get("ident", ""), more.get("platform", ""), False, "x.ipynb", data)


def graded(notebook, limits=QUICK):
    """What becomes of it."""
    return grade(handed_in(notebook), limits)


def lost(report):
    """The cells without points."""
    return {one.grade_id for one in report.graded if one.reason}


def said(report):
    """All reasons and notes."""
    return "\n".join([one.reason for one in report.graded] + report.notes)


def empty(name):
    """The student version as it is handed out."""
    return copy.deepcopy(_versions(name)[0])


def solved(name):
    """The student version with the right code."""
    notebook, code = empty(name), _versions(name)[1]
    for cell in notebook["cells"]:
        cell["source"] = code.get(cell["metadata"].get("nbgrader", {}).get("grade_id", ""), "".join(cell["source"]))
    return notebook


def edited(name, *changes):
    """The right code with texts replaced: each must be there."""
    notebook = solved(name)
    for old, new in changes:
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and old in cell["source"]]
        assert cells, f"{name} has no {old!r}"
        for cell in cells:
            cell["source"] = cell["source"].replace(old, new)
    return notebook


def with_cell(notebook, source, place=None):
    """With one more code cell, at the end or at a place."""
    cell = {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None, "id": "more"}
    notebook["cells"].insert(len(notebook["cells"]) if place is None else place, cell)
    return notebook


def cell_of(notebook, grade_id):
    """The cell of that grade_id."""
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def without(notebook, grade_id):
    """With that cell deleted."""
    notebook["cells"].remove(cell_of(notebook, grade_id))
    return notebook


def copied(notebook, grade_id, place):
    """With that cell copied to a place, as people do with ctrl-C."""
    notebook["cells"].insert(place, copy.deepcopy(cell_of(notebook, grade_id)))
    return notebook


def another_kernel(notebook):
    """As another program saves it."""
    notebook["metadata"]["kernelspec"] = {"display_name": "my_env", "language": "python", "name": "my_env_311"}
    return notebook


OPS, BLOCK, CONV, CLAIM = "1_ops", "2_se_block", "3_conv", "4_claim"
RELU, SIGMOID = "return np.maximum(x, 0), x > 0", "y = np.where(x >= 0, 1, power) / (1 + power)"
CLASS = "class Kept:\n    def __init__(self, x):\n        self.x = x\n\n\n"
SCRATCH = "from senet_np import ops\n\nx = np.array([[1.0, -2.0]])\nprint(np.allclose(ops.relu_forward(x)[0], relu_forward(x)[0]))"
ALONE = "from senet_np.grading.marks import show_points\nshow_points(checks.TABLE, globals())"
BY_LOOPS = """N, C = z_of_u = u.shape[0], u.shape[3]
    z = np.array([[u[n, :, :, c].max() for c in range(C)] for n in range(N)], u.dtype)"""

HONEST = {  # name: (assignment, how it is made)
    "ops right": lambda: solved(OPS),
    "ops empty": lambda: empty(OPS),
    "ops half": lambda: edited(OPS, ("return x @ w + b, (x, w)", "raise NotImplementedError()")),
    "ops where": lambda: edited(OPS, (RELU, "return np.where(x > 0, x, x * 0), np.where(x > 0, 1, 0).astype(x.dtype)")),
    "ops tanh": lambda: edited(OPS, (SIGMOID, "y = (1 + np.tanh(x / 2)) / 2")),
    "ops einsum": lambda: edited(OPS, ("x.T @ dy, dy.sum(axis=0)", "np.einsum('nd,nm->dm', x, dy), dy.sum(0)")),
    "ops dict": lambda: edited(OPS, ("x @ w + b, (x, w)", "x @ w + b, {'x': x, 'w': w}"),
                               ("x, w = cache", "x, w = cache['x'], cache['w']")),
    "ops class": lambda: with_cell(edited(OPS, (RELU, "return np.maximum(x, 0), Kept(x)"),
                                          ("return dy * cache\n", "return dy * (cache.x > 0)\n")), CLASS, 2),
    "ops lists": lambda: edited(OPS, ("return dy @ w.T, x.T @ dy, dy.sum(axis=0)",
                                      "return [dy @ w.T, x.T @ dy, dy.sum(axis=0)]")),
    "ops names": lambda: edited(OPS, ("def relu_forward(x)", "def relu_forward(eingabe)"),
                                (RELU, "return np.maximum(eingabe, 0), eingabe > 0")),
    "ops kernel": lambda: another_kernel(solved(OPS)),
    "ops magic": lambda: with_cell(solved(OPS), "%matplotlib inline\n!ls\nnp.maximum?", 2),
    "ops timed": lambda: with_cell(solved(OPS), "%%time\nprint(relu_forward(np.ones(3)))"),
    "ops scratch": lambda: with_cell(solved(OPS), SCRATCH),
    "ops scratch first": lambda: with_cell(solved(OPS), "from senet_np import ops, se", 2),
    "ops own points": lambda: with_cell(solved(OPS), ALONE),
    "ops plot": lambda: with_cell(solved(OPS), "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
    "ops error": lambda: with_cell(solved(OPS), "relu_forward(3) + unknown", 6),
    "ops own check": lambda: with_cell(solved(OPS), "from senet_np.gradcheck import check_gradients\n"
                                       "assert check_gradients(relu_forward, relu_backward, [np.ones((2, 2))])"),
    "ops copied": lambda: copied(solved(OPS), "relu-forward-check", 2),
    "ops deleted": lambda: without(solved(OPS), "sigmoid-forward-check"),
    "ops later": lambda: with_cell(solved(OPS), "def linear_backward(dy, cache):\n    return 0, 0, 0  # to see what fails"),
    "ops syntax": lambda: edited(OPS, ("return dy * y * (1 - y)", "return dy * y * (1 - y")),
    "ops mask at 0": lambda: edited(OPS, ("x > 0\n", "x >= 0\n")),
    "ops mask of dy": lambda: edited(OPS, ("return dy * cache\n", "return dy * (dy > 0)\n")),
    "ops no mask": lambda: edited(OPS, ("return dy * cache\n", "return dy\n")),
    "ops in place": lambda: edited(OPS, (RELU, "x[x < 0] = 0\n    return x, x > 0")),
    "ops naive": lambda: edited(OPS, (SIGMOID, "y = 1 / (1 + np.exp(-x))")),
    "ops double": lambda: edited(OPS, ("return y.astype(x.dtype), y.astype(x.dtype)", "return y * np.ones(1), y")),
    "ops slope": lambda: edited(OPS, ("return dy * y * (1 - y)", "return dy * y")),
    "ops no cache": lambda: edited(OPS, ("return x @ w + b, (x, w)", "return x @ w + b")),
    "ops mean": lambda: edited(OPS, ("x.T @ dy, dy.sum(axis=0)", "x.T @ dy / len(x), dy.mean(axis=0)")),
    "ops transposed": lambda: edited(OPS, ("x.T @ dy, dy", "dy.T @ x, dy")),
    "ops square": lambda: edited(OPS, ("dz / (height * width)", "dz / height**2")),
    "ops no share": lambda: edited(OPS, ("share = dz / (height * width)", "share = dz")),
    "ops ds mean": lambda: edited(OPS, ("(dy * u).sum(axis=(1, 2))", "(dy * u).mean(axis=(1, 2))")),
    "ops ds of all": lambda: edited(OPS, ("(dy * u).sum(axis=(1, 2))", "(dy * u).sum(axis=(0, 1, 2))")),
    "ops name": lambda: edited(OPS, ("return dy * y * (1 - y)", "return dy * y * (1 - yy)")),
    "ops outside": lambda: edited(OPS, (RELU, "global mask\n    mask = x > 0\n    return np.maximum(x, 0), None"),
                                  ("return dy * cache\n", "return dy * mask\n")),
    "block right": lambda: solved(BLOCK),
    "block loops": lambda: edited(BLOCK, ("z = u.max(axis=(1, 2))", BY_LOOPS)),
    "block mean": lambda: edited(BLOCK, ("z = u.max(axis=(1, 2))", "z = u.mean(axis=(1, 2))")),
    "block one unit": lambda: edited(BLOCK, ("return max(2, channels // r)", "return channels // r")),
    "block round": lambda: edited(BLOCK, ("return max(2, channels // r)", "return max(2, round(channels / r))")),
    "block no bias": lambda: edited(BLOCK, ("(c + units if bias else 0)", "0")),
    "block forgotten": lambda: edited(BLOCK, ("return du_scale + du_squeeze,", "return du_scale,")),
    "block ties": lambda: edited(BLOCK, ("shares = largest / largest.sum(axis=(1, 2), keepdims=True)", "shares = largest")),
    "block corners": lambda: edited(BLOCK, ("(np.abs(e) < 3) / 6", "(np.abs(e) <= 3) / 6")),
    "block zeros": lambda: edited(BLOCK, ("de.sum(axis=0) if has_b2 else None", "de.sum(axis=0)")),
    "block late mask": lambda: edited(BLOCK, ("dz, dw1, db1 = da @ w1.T, z.T @ da, da", "dz, dw1, db1 = da @ w1.T, z.T @ dh, dh")),
    "block in place": lambda: edited(BLOCK, ("du_scale = dx_scaled * s[:, None, None, :]\n    ds = (dx_scaled * u)",
                                             "ds = (dx_scaled * u).sum(axis=(1, 2))\n    dx_scaled *= s[:, None, None, :]\n"
                                             "    du_scale = dx_scaled\n    nothing = (dx_scaled * u)")),
    "conv right": lambda: solved(CONV),
    "conv assigned": lambda: edited(CONV, ("stride * w_out : stride] += windows", "stride * w_out : stride] = windows")),
    "conv float size": lambda: edited(CONV, ("- k) // stride + 1", "- k) / stride + 1")),
    "conv no pad": lambda: edited(CONV, ("dx_pad[:, pad : pad + height, pad : pad + width]", "dx_pad[:, :height, :width]")),
    "conv turned": lambda: edited(CONV, ("y = cols @ w.reshape(-1, c_out)", "y = cols @ w[::-1, ::-1].reshape(-1, c_out)")),
    "conv no stride": lambda: edited(CONV, ("dx_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] +=",
                                            "dx_pad[:, p : p + h_out, q : q + w_out] +=")),
}  # fmt: skip

IMPORTED = "import senet_np.ops as library\nfrom senet_np.ops import relu_forward, relu_backward"
MOCK = "from unittest import mock\nmock.patch.object(checks, 'check_relu_forward', lambda *a: None).start()"
SILENT = "from senet_np.grading import marks\nmarks.expect = marks.require = lambda *a, **k: None"
TYPED = "return (np.array([[0, 0, 0, 0.5, 3.0]]), x > 0) if x.shape == (1, 5) else (x, x > 0)"
FIND = """import importlib.util, pathlib
path = pathlib.Path(importlib.util.find_spec('numpy').origin).parents[1]
text = (next(iter(path.glob('**/senet_np/ops/activations.py'))) if False else pathlib.Path(PACKAGE) / 'ops/activations.py').read_text()
exec(text)"""
WRONG_RELU = (RELU, "return x + 1, x > 0")
RESULTS = 'results = {"se": [0.97, 0.98, 0.96, 0.97, 0.98], "plain": [0.48, 0.47, 0.49, 0.5, 0.48]}\ntrained = None\nprint(results)'
INTERVAL = """from senet_np.experiments.statistics import paired_difference


def paired_interval(a, b):
    found = paired_difference(a, b)
    return found.mean, found.half"""
STEP = "from senet_np.train.loop import gradients\n    gradients(net)\n    loss, loss_cache = softmax"
PACKAGE = str(Path(__file__).parents[1] / "senet_np")

DISHONEST = {  # name: (how it is made, cells that must get nothing, words in the reason or the notes)
    "imports ops": (lambda: edited(OPS, (RELU, "return library.relu_forward(x)"), ("return dy * cache\n", "return library.relu_backward(dy, cache)\n"),
                    ("import numpy as np", "import numpy as np\nimport senet_np.ops as library")),
                    ("relu-forward-check", "relu-backward-check", "relu-hidden"), "senet_np.ops.relu_forward is not available"),
    "assigns the library's": (lambda: with_cell(empty(OPS), IMPORTED, 6),
                    ("relu-forward-check", "relu-backward-check", "relu-hidden"), "relu_forward was imported, as senet_np.ops.relu_forward"),
    "finds it in sys.modules": (lambda: edited(OPS, (RELU, "import sys\n    return sys.modules['senet_np.ops'].relu_forward(x)")),
                    ("relu-forward-check", "relu-hidden"), "senet_np.ops is not available while grading"),
    "reads the source": (lambda: with_cell(edited(OPS, WRONG_RELU), FIND.replace("PACKAGE", repr(PACKAGE)), 4),
                    ("relu-forward-check", "relu-backward-check", "relu-hidden"), "is not possible while grading"),
    "mocks a check": (lambda: with_cell(edited(OPS, WRONG_RELU), MOCK, 3),
                    ("relu-forward-check", "relu-backward-check", "relu-hidden"), "check_relu_forward"),
    "silences expect": (lambda: with_cell(edited(OPS, WRONG_RELU), SILENT, 3),
                    ("relu-forward-check", "relu-backward-check", "relu-hidden"), "cannot be replaced while grading"),
    "replaces checks": (lambda: with_cell(edited(OPS, WRONG_RELU), "class checks:\n    check_relu_forward = staticmethod(print)", 3),
                    ("relu-forward-check", "relu-backward-check", "relu-hidden"), "the real checks were made"),
    "types the numbers in": (lambda: edited(OPS, (RELU, TYPED)), ("relu-forward-check", "relu-backward-check", "relu-hidden"), "other numbers of the same shape"),
    "empties what it is given": (
        lambda: edited(OPS, (RELU, "y = np.array([[0, 0, 0, 0.5, 3.0]])\n    if x.shape == (1, 5) and abs(x[0, 4] - 3) < 1e-9:\n        return y, x > 0\n    x[:] = 0\n    return x * 1, x > 0")),
        ("relu-forward-check", "relu-backward-check", "relu-hidden"),
        "other numbers of the same shape",
    ),
    "types the width in": (lambda: edited(BLOCK, ("return max(2, channels // r)", "return {64: 4, 16: 2, 40: 2}.get(channels, 5)")),
                    ("width-check", "width-hidden"), "other numbers of the same shape"),
    "patches NumPy": (lambda: with_cell(edited(OPS, WRONG_RELU), "np.allclose = lambda *a, **k: True\nnp.abs = lambda x: 0 * x", 3),
                    ("relu-forward-check", "relu-backward-check", "relu-hidden"), "y[0, 0] is -1"),
    "uses torch": (lambda: edited(BLOCK, ("return max(2, channels // r)", "import torch\n    return torch.tensor(channels // r)")),
                    ("width-check", "width-hidden"), "torch.tensor is not available"),
    "starts a program": (lambda: edited(OPS, (RELU, "import subprocess\n    subprocess.run(['true'])\n    return x, x")),
                    ("relu-forward-check",), "subprocess"),
    "asks the network": (lambda: edited(OPS, (RELU, "import socket\n    socket.create_connection(('127.0.0.1', 9))\n    return x, x")),
                    ("relu-forward-check",), "socket"),
    "executes the source": (lambda: with_cell(empty(OPS), f"exec(open({str(ASSIGNMENTS / 'source/1_ops/1_ops.py')!r}).read())", 3),
                    ("relu-forward-check", "linear-hidden"), "is not possible while grading"),
}  # fmt: skip
DISHONEST_CLAIMS = {
    "types, reads and takes": (
        lambda: edited(
            CLAIM,
            (_versions(CLAIM)[1]["runs"], RESULTS),
            (_versions(CLAIM)[1]["verdicts"], "verdicts = checks.VERDICTS"),
            (_versions(CLAIM)[1]["interval"], INTERVAL),
        ),
        ("runs-check", "verdicts-noise-hidden", "verdicts-untested-hidden", "interval-check", "interval-hidden"),
        (
            "saw only 0 images",
            "senet_np.grading.net.VERDICTS is not available",
            "paired_difference is not available",
        ),
    ),
    "takes the step": (
        lambda: edited(CLAIM, (_versions(CLAIM)[1]["runs"], RESULTS), ("loss, loss_cache = softmax", STEP)),
        ("step-check", "step-hidden"),
        ("senet_np.train.loop.gradients is not available",),
    ),
}

UNRULY = {  # name: (how it is made, points that are left of 20, words in a note or a reason)
    "endless cell": (lambda: with_cell(solved(OPS), "while True:\n    pass", 4), 20, "an endless loop?"),
    "endless function": (lambda: edited(OPS, (RELU, "while True:\n        pass")), 16, "an endless loop?"),
    "exit": (lambda: with_cell(solved(OPS), "exit()", 4), 20, "SystemExit"),
    "input": (lambda: with_cell(solved(OPS), "name = input('your name?')", 4), 20, "waits for a person"),
    "dead kernel": (lambda: with_cell(solved(OPS), "import os\nos._exit(1)", 4), 20, "ended its own process"),
    "kills": (lambda: with_cell(solved(OPS), "import os, signal\nos.kill(os.getppid(), signal.SIGTERM)", 4), 20, "os.kill"),
    "syntax": (lambda: with_cell(solved(OPS), "def f(:\n    pass", 4), 20, "SyntaxError"),
    "memory": (lambda: with_cell(solved(OPS), "big = np.ones((100_000, 100_000, 10))", 4), 20, "MemoryError"),
    "recursion": (lambda: edited(OPS, (RELU, "return relu_forward(x)")), 16, "RecursionError"),
    "deleted solution": (lambda: without(solved(OPS), "relu"), 16, "there is no relu_forward"),
    "its cell failed": (lambda: edited(OPS, ("def relu_forward(x)", "unknown + 1\n\n\ndef relu_forward(x)")), 16, "NameError"),
    "writes": (lambda: with_cell(solved(OPS), "open('/tmp/left-behind', 'w')", 4), 20, "is not possible while grading"),
}  # fmt: skip
