"""The gradient check itself: it must pass what is right, catch what is wrong, and refuse what cannot be checked."""

import numpy as np
import pytest

from senet_np import ops, se
from senet_np.gradcheck import KinkError, check_gradients
from senet_np.gradcheck.cases import Case, op_cases, se_cases

GRADIENTS = {"conv2d": 3, "linear": 3, "batch_norm": 3, "channel_scale": 2, "se": 5}  # returned by backward; others: 1
PROMISED = [name.removesuffix("_backward") for name in vars(ops) if name.endswith("_backward")] + ["se"]
ONES = np.ones((2, 2))


def first_case(op: str) -> Case:
    return next(case for case in (*op_cases(), *se_cases()) if case.op == op)


def linear_args():
    rng = np.random.default_rng(0)
    return rng.standard_normal((3, 4)), rng.standard_normal((4, 2)), rng.standard_normal(2)


@pytest.mark.parametrize(("op", "position"), [(op, k) for op in PROMISED for k in range(GRADIENTS.get(op, 1))])
def test_a_flipped_sign_in_any_gradient_is_caught(op, position, monkeypatch):
    module, name = se if op == "se" else ops, f"{op}_backward"
    right = getattr(module, name)

    def flipped(dy, cache):
        grads = right(dy, cache)
        if not isinstance(grads, tuple):
            return -grads
        return tuple(-g if k == position and g is not None else g for k, g in enumerate(grads))

    monkeypatch.setattr(module, name, flipped)
    report = first_case(op).run()
    assert [check.ok for check in report.arguments] == [k != position for k in range(len(report.arguments))]


def test_a_gradient_of_the_wrong_shape_is_caught_before_its_numbers():
    def keeps_an_axis(dz, cache):
        return ops.global_avg_pool_backward(dz, cache)[..., None]

    report = check_gradients(ops.global_avg_pool_forward, keeps_an_axis, (np.ones((1, 2, 2, 3)),))
    assert "has shape (1, 2, 2, 3, 1), expected (1, 2, 2, 3)" in str(report)


def test_a_missing_gradient_is_caught():
    report = check_gradients(ops.linear_forward, lambda dy, c: (*ops.linear_backward(dy, c)[:2], None), linear_args())
    assert [check.ok for check in report.arguments] == [True, True, False]


def test_a_gradient_for_an_argument_that_is_none_is_caught():
    x, w, _ = linear_args()

    report = check_gradients(ops.linear_forward, lambda dy, c: (*ops.linear_backward(dy, c)[:2], dy[0]), (x, w, None))
    assert str(report.arguments[2]) == "b: backward returned a gradient, but b is None: expected None"


def test_a_gradient_of_the_wrong_dtype_is_caught():
    report = check_gradients(ops.tanh_forward, lambda dy, c: ops.tanh_backward(dy, c).astype(np.float32), (ONES,))
    assert str(report) == "WRONG x: dx has dtype float32, expected float64, the dtype of x"


def test_more_gradients_than_arguments_are_refused():
    with pytest.raises(ValueError, match="backward returns 2 gradients, forward has only 1 arguments"):
        check_gradients(ops.tanh_forward, lambda dy, cache: (dy, dy), (ONES,))


def test_a_gradient_that_is_not_a_number_is_caught():
    report = check_gradients(ops.tanh_forward, lambda dy, cache: dy * np.nan, (ONES,))
    assert report.worst == np.inf


def test_the_report_says_where_and_how_large_the_error_is():
    def one_wrong(dy, cache):
        dx = ops.tanh_backward(dy, cache)
        dx[1, 0] *= 2
        return dx

    report = check_gradients(ops.tanh_forward, one_wrong, (np.full((2, 2), 0.3),))
    assert report.arguments[0].index == (1, 0)
    assert "at [1, 0]: backward says" in str(report)


@pytest.mark.parametrize(
    ("op", "x", "options"),
    [
        ("relu", [[1.0, 1e-7]], {}),
        ("max_pool2d", [[[[1.0], [1 + 1e-7]], [[0.0], [0.0]]]], {"size": 2, "stride": 2}),
        ("global_max_pool", [[[[1.0], [1 + 1e-7]]]], {}),
    ],
)
def test_inputs_at_a_kink_are_refused(op, x, options):
    forward, backward = getattr(ops, f"{op}_forward"), getattr(ops, f"{op}_backward")
    with pytest.raises(KinkError, match=r"moving x\[0, .* by 1e-05 changes .* Draw other inputs"):
        check_gradients(forward, backward, {"x": np.array(x), **options})


def test_a_decision_that_comes_or_goes_is_a_kink_too():
    def forward(x):
        return x, [x > 0] * (1 + int(x.sum() > 1))

    with pytest.raises(KinkError):
        check_gradients(forward, lambda dy, cache: dy, (np.ones(1),))


def test_a_forward_pass_may_return_more_than_two_values_as_a_layer_does():
    assert check_gradients(lambda x: (*ops.tanh_forward(x), "state"), ops.tanh_backward, (np.ones(2),))


@pytest.mark.parametrize(
    ("k", "message"),
    [
        (np.ones(2, np.int64), r"int64, expected a float64 array: convert it with k\.astype\(np\.float64\)$"),
        (3.0, r"a float, expected a float64 array: write np\.array\(k, dtype=np\.float64\)$"),
        ([1.0, 2.0], r"a list, expected a float64 array: write np\.array\(k, dtype=np\.float64\)$"),
    ],
)
def test_what_has_no_gradient_is_refused_by_name_where_one_is_asked_for(k, message):
    with pytest.raises(ValueError, match=rf"^k is {message}"):
        check_gradients(lambda k: (np.multiply(2, k), None), lambda dy, cache: 2 * dy, {"k": k})


def test_float32_is_refused_because_its_rounding_would_drown_the_check():
    with pytest.raises(ValueError, match=r"x is float32, expected a float64 array"):
        check_gradients(ops.relu_forward, ops.relu_backward, (np.ones((2, 2), np.float32),))


def test_float32_is_refused_where_no_gradient_is_asked_for_too():
    args = {"x": np.ones((2, 3)), "w": np.ones((3, 2), np.float32), "b": None}
    with pytest.raises(ValueError, match=r"w is float32, expected a float64 array"):
        check_gradients(lambda x, w, b: (x @ w, w), lambda dy, w: dy @ w.T, args, wrt=["x"])


def test_a_backward_pass_that_changes_dy_is_refused():
    def in_place(dy, cache):
        dy *= cache.mask
        return dy

    with pytest.raises(ValueError, match="backward changed dy in place"):
        check_gradients(ops.relu_forward, in_place, (np.array([[1.0, -1.0]]),))


def test_a_tolerance_that_is_given_is_the_one_that_counts():
    x = (np.linspace(-1, 1, 5),)
    assert check_gradients(ops.tanh_forward, ops.tanh_backward, x, tolerance=1e-9)
    assert not check_gradients(ops.tanh_forward, ops.tanh_backward, x, tolerance=1e-15)


def test_arguments_that_are_none_are_passed_over_wherever_they_stand():
    u, w1, w2 = (np.random.default_rng(0).standard_normal(shape) for shape in [(2, 3, 3, 4), (4, 3), (3, 4)])
    report = check_gradients(se.se_forward, se.se_backward, (u, w1, None, w2, None))
    assert [check.name for check in report.arguments] == ["u", "w1", "w2"]


def test_arguments_without_a_name_are_counted():
    def forward(x, *others):
        return x * others[0], (x, others[0])

    report = check_gradients(forward, lambda dy, cache: (dy * cache[1], dy * cache[0]), (np.ones(2), np.ones(2)))
    assert [check.name for check in report.arguments] == ["x", "argument 1"]


def test_arguments_with_defaults_may_be_left_out():
    x, w = np.random.default_rng(0).standard_normal((2, 1, 3, 3, 1))
    assert check_gradients(ops.conv2d_forward, ops.conv2d_backward, (x, w.reshape(3, 3, 1, 1), None))


@pytest.mark.parametrize("forward", [lambda *a: ops.tanh_forward(*a), lambda x, /: ops.tanh_forward(x)])
def test_a_sequence_of_arguments_is_passed_by_position(forward):
    assert check_gradients(forward, ops.tanh_backward, (ONES,))


def test_a_list_of_gradients_is_as_good_as_a_tuple():
    assert check_gradients(ops.linear_forward, lambda dy, c: list(ops.linear_backward(dy, c)), linear_args())


def test_wrt_picks_the_arguments_and_must_name_some_that_have_gradients():
    report = check_gradients(ops.linear_forward, ops.linear_backward, linear_args(), wrt=["w"])
    assert [check.name for check in report.arguments] == ["w"]
    with pytest.raises(ValueError, match="wrt names"):
        check_gradients(ops.linear_forward, ops.linear_backward, linear_args(), wrt=["q"])


def test_the_arguments_are_not_changed():
    args = linear_args()
    before = [a.copy() for a in args]
    check_gradients(ops.linear_forward, ops.linear_backward, args)
    assert all(np.array_equal(a, b) for a, b in zip(args, before, strict=True))


def upstream_gradient(y=None, **options):
    """The dy that backward is given for an output y."""
    seen = []
    check_gradients(
        lambda x: (x if y is None else y, None), lambda dy, _: seen.append(dy), (np.ones((2, 3)),), **options
    )
    return seen[0]


def test_dy_is_not_what_everybody_draws_from_seed_0():
    assert not np.array_equal(upstream_gradient(), np.random.default_rng(0).standard_normal((2, 3)))


def test_dy_is_the_same_each_time_unless_another_generator_is_given():
    assert np.array_equal(upstream_gradient(), upstream_gradient())
    assert not np.array_equal(upstream_gradient(), upstream_gradient(rng=np.random.default_rng(7)))


def test_dy_of_a_scalar_is_a_float():
    assert type(upstream_gradient(np.float64(1))) is float


def test_a_mask_in_a_cache_that_is_a_dict_tells_of_a_kink_too():
    def forward(x):
        return np.maximum(x, 0), {"mask": x > 0}

    with pytest.raises(KinkError):
        check_gradients(forward, lambda dy, cache: dy * cache["mask"], {"x": np.array([1.0, 0.0])})


def test_arguments_given_by_name_may_be_for_keywords_alone():
    def forward(x, *, factor):
        return factor * x, factor

    assert check_gradients(forward, lambda dy, factor: factor * dy, {"x": np.ones(3), "factor": 2.0})


@pytest.mark.parametrize("size", [1e-12, 1e-9, 1e-6, 1.0])
def test_a_wrong_factor_is_caught_however_small_the_function_is(size):
    x = np.random.default_rng(0).standard_normal((2, 3))

    def report(factor):
        return check_gradients(lambda x: (size * x, None), lambda dy, cache: factor * size * dy, [x])

    assert report(1.0)
    assert not report(1.0001)


def test_a_check_that_compares_nothing_is_refused():
    with pytest.raises(ValueError, match="backward returns no gradient to compare"):
        check_gradients(lambda x, k: (x * k, None), lambda dy, cache: None, [2.0, 3])
