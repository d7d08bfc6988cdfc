"""Whatever does not fit is named: for every argument of every op, and for what is handed to its backward pass."""

import inspect
import re

import numpy as np
import pytest

from senet_np import fast, ops, se, variants
from senet_np.gradcheck.cases import Case, fast_cases, op_cases, se_cases
from senet_np.ops.arguments import check_array, check_count, check_labels, check_window

FIRST = {}  # one case of every op, plain and fast; for batch norm and SE a case with every argument
for case in (*op_cases(), *fast_cases(), *se_cases()):
    args = case.draw(np.random.default_rng(0))
    if case.op not in FIRST or len(args) > len(FIRST[case.op][1]):
        FIRST[case.op] = (case, args)
BLOCK = [("u", "(N, H, W, C)"), ("w1", "(6, h)"), ("w2", "(4, 6)"), ("b1", "(4,)"), ("b2", "(6,)")]


def is_float(a):
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


ARRAYS = [
    pytest.param(case, name, id=f"{case.op} {name}")
    for case, args in FIRST.values()
    for name, a in args.items()
    if is_float(a)
]
SHAPED = [p for p in ARRAYS if p.values[0].op not in ("relu", "sigmoid", "tanh", "hard_sigmoid", "hard_swish")]
COUNTED = ("conv2d", "depthwise_conv2d", "max_pool2d", "avg_pool2d")
CASES = [pytest.param(case, id=op) for op, (case, _) in FIRST.items()]


def backward_argument(case: Case) -> str:
    """What the op calls its upstream gradient: dy, dz, dx_scaled or dloss."""
    name = f"{case.op.removeprefix('fast ').split()[0]}_backward"
    module = next(module for module in (ops, se, variants) if hasattr(module, name))
    return next(iter(inspect.signature(getattr(module, name)).parameters))


@pytest.mark.parametrize(("case", "name"), SHAPED)
def test_an_axis_too_many_is_answered_with_the_arguments_name(case, name):
    args = dict(FIRST[case.op][1])
    args[name] = args[name][None]
    with pytest.raises(ValueError, match=rf"^{name} has shape \(1, .*\), expected \("):
        case.forward(**args)


@pytest.mark.parametrize(
    ("op", "name", "layout"),
    [
        ("conv2d", "x", "(N, H, W, Cin)"),
        ("conv2d", "w", "(kh, kw, 1, Cout)"),
        ("conv2d", "b", "(2,)"),
        ("depthwise_conv2d", "x", "(N, H, W, C)"),
        ("depthwise_conv2d", "w", "(kh, kw, 2)"),
        ("depthwise_conv2d", "b", "(2,)"),
        ("linear", "x", "(N, D)"),
        ("linear", "w", "(4, M)"),
        ("global_avg_pool", "x", "(N, H, W, C)"),
        ("global_max_pool", "x", "(N, H, W, C)"),
        ("max_pool2d", "x", "(N, H, W, C)"),
        ("avg_pool2d", "x", "(N, H, W, C)"),
        ("channel_scale", "u", "(N, H, W, C)"),
        ("channel_scale", "s", "(2, 3)"),
        ("batch_norm", "x", "(N, H, W, C)"),
        ("softmax_cross_entropy", "logits", "(N, K)"),
        *((op, *pair) for op in ("se", "se_per_position", "se_avg_max") for pair in BLOCK),
        ("eca", "u", "(N, H, W, C)"),
        ("eca", "w", "(k,)"),
    ],
)
def test_the_expected_axes_are_spelled_as_in_the_docstring(op, name, layout):
    case, args = FIRST[op]
    with pytest.raises(ValueError, match=rf"^{name} has shape .*, expected {re.escape(layout)}$"):
        case.forward(**{**args, name: args[name][None]})


@pytest.mark.parametrize(("case", "name"), ARRAYS)
def test_integers_are_answered_with_the_arguments_name(case, name):
    args = dict(FIRST[case.op][1])
    args[name] = args[name].astype(int)
    with pytest.raises(ValueError, match=rf"^{name} has dtype int64, expected float"):
        case.forward(**args)


@pytest.mark.parametrize(("case", "name"), ARRAYS)
def test_a_list_is_answered_with_the_arguments_name(case, name):
    args = dict(FIRST[case.op][1])
    args[name] = args[name].tolist()
    with pytest.raises(ValueError, match=rf"^{name} is a list, expected a NumPy array of shape \("):
        case.forward(**args)


@pytest.mark.parametrize(("case", "name"), [p for p in SHAPED if p.values[1] not in ("x", "u", "logits")])
def test_a_second_dtype_is_answered_with_the_arguments_name(case, name):
    args = dict(FIRST[case.op][1])
    args[name] = args[name].astype(np.float32)
    with pytest.raises(
        ValueError, match=rf"^{name} has dtype float32, expected float64: convert it with {name}.astype"
    ):
        case.forward(**args)


@pytest.mark.parametrize("case", CASES)
def test_an_upstream_gradient_of_the_wrong_shape_is_named(case):
    y, cache = case.forward(**FIRST[case.op][1])
    with pytest.raises(ValueError, match=rf"^{backward_argument(case)} has shape \(.*, expected "):
        case.backward(np.ones((2, *y.shape)), cache)


@pytest.mark.parametrize("case", [p for p in CASES if p.values[0].op != "softmax_cross_entropy"])
def test_an_upstream_gradient_of_another_dtype_is_named(case):
    y, cache = case.forward(**FIRST[case.op][1])
    with pytest.raises(ValueError, match=rf"^{backward_argument(case)} has dtype float32, expected float64"):
        case.backward(np.ones(y.shape, np.float32), cache)


@pytest.mark.parametrize("module", [ops, fast], ids=["plain", "fast"])
@pytest.mark.parametrize("op", COUNTED)
@pytest.mark.parametrize("value", [-1, 0.5, True, None])
def test_a_count_that_is_none_is_named(op, value, module):
    forward, args = getattr(module, f"{op}_forward"), FIRST[op][1]
    for name, minimum in {"stride": 1, "size": 1, "pad": 0}.items():
        if name in inspect.signature(forward).parameters:
            with pytest.raises(ValueError, match=rf"^{name} is {value}, expected a whole number of at least {minimum}"):
                forward(**{**args, name: value})


def test_a_free_axis_takes_any_size_but_none():
    check_array("x", np.ones((2, 1)), ("N", "D"))
    with pytest.raises(ValueError, match=r"^x has shape \(2, 0\), expected \(N, D\)$"):
        check_array("x", np.ones((2, 0)), ("N", "D"))


def test_a_fixed_axis_takes_its_size_alone():
    check_array("b", np.ones(3), (3,))
    with pytest.raises(ValueError, match=r"^b has shape \(4,\), expected \(3,\)$"):
        check_array("b", np.ones(4), (3,))


def test_a_count_may_be_numpys_and_may_be_the_minimum():
    check_count("stride", np.int64(1), 1)
    with pytest.raises(ValueError, match="stride is 0"):
        check_count("stride", 0, 1)


@pytest.mark.parametrize(
    ("labels", "actual"), [([0, 1], "list"), (np.array([True, False]), "bool"), (np.array([0.0, 1.0]), "float64")]
)
def test_labels_are_integers(labels, actual):
    with pytest.raises(ValueError, match=rf"^labels is {actual}, expected an array of integers of shape \(2,\)$"):
        check_labels("labels", labels, 2, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_labels_may_have_any_integer_dtype_and_any_class(dtype):
    check_labels("labels", np.array([0, 2], dtype), 2, 3)


@pytest.mark.parametrize("labels", [[-1, 0], [0, 3]])
def test_labels_lie_between_0_and_the_last_class(labels):
    with pytest.raises(ValueError, match=r"^labels holds -?\d to \d, expected 0 to 2$"):
        check_labels("labels", np.array(labels), 2, 3)


def test_a_window_may_be_as_large_as_the_image_and_no_larger():
    check_window(3, 4, 3, 4)
    for kh, kw in ((4, 4), (3, 5)):
        with pytest.raises(
            ValueError, match=rf"^x is 3×4 \(padding included\), expected at least the window's {kh}×{kw}$"
        ):
            check_window(3, 4, kh, kw)
