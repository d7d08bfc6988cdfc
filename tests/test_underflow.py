"""Numbers too small to store become 0, as they should; nobody who asks NumPy to raise on every error hears of it."""

from dataclasses import replace

import numpy as np
import pytest
from pairs import cast, for_every

from senet_np import load, ops
from senet_np.data import load_shapes
from senet_np.explorer.payload import Packer
from senet_np.gradcheck import cases, check_gradients
from senet_np.model import new_model
from senet_np.settings import make_settings
from senet_np.train.loop import train
from senet_np.train.optimizers import OPTIMIZERS
from senet_np.train.progress import Callback, Progress
from senet_np.tree import tree_items, tree_map

CASES = [*cases.op_cases(), *cases.fast_cases()]
CASES += [case for case in (*cases.layer_cases(), *cases.net_cases()) if "evaluation" not in case.note]
FLOAT64 = ("FrozenConv2D layer", "sprint net")  # their state has kernels, which are float64 in a case
EVERY = [(case, t) for case in CASES for t in (np.float64, np.float32) if t is np.float64 or case.op not in FLOAT64]


@pytest.fixture(autouse=True)
def every_error_raises():
    with np.errstate(all="raise"):
        yield


@for_every({f"{case.name}, {dtype.__name__}, {k}": (case, dtype) for k, (case, dtype) in enumerate(EVERY)})
def test_a_pair_takes_inputs_of_every_size(case_and_dtype):
    case, dtype = case_and_dtype
    for size in (1, 10, 30, 100, 300, 1000):
        args = cast(case.draw(np.random.default_rng(0)), dtype)
        name = next(name for name in ("x", "u", "logits") if name in args)
        args[name] *= dtype(size)
        y, cache = case.forward(**args)
        grads = case.backward(np.random.default_rng(1).standard_normal(np.shape(y)).astype(dtype)[()], cache)
        assert all(np.isfinite(g).all() for g in (grads if isinstance(grads, tuple) else (grads,)) if g is not None)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sigmoid_and_a_loss_take_logits_from_minus_1000_to_1000(dtype):
    logits = np.linspace(-1000, 1000, 2001, dtype=dtype)
    y, cache = ops.sigmoid_forward(logits)
    assert (y[0], y[1000], y[-1]) == (0, 0.5, 1)
    assert np.isfinite(ops.sigmoid_backward(np.full_like(y, 1e-3), cache)).all()
    pairs = np.stack([logits, 0 * logits], axis=1)
    loss, cache = ops.softmax_cross_entropy_forward(pairs, np.arange(2001) % 2)
    assert np.isclose(loss, 250, rtol=1e-2)
    assert np.isfinite(ops.softmax_cross_entropy_backward(1e-3, cache)).all()


@pytest.mark.parametrize("squeeze", ["avg", "none"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_net_with_saturated_gates_and_logits_trains(optimizer, squeeze):
    dataset = load_shapes(seed=5, sizes=(64, 16, 16))
    given = {"optimizer": optimizer, "squeeze": squeeze, "widths": (4, 8), "epochs": 2}
    model = new_model(make_settings("shapes", given), dataset)
    params = tree_map(lambda p: 30 * p if p.ndim == 2 else p, model.params)  # of the FCs
    start = OPTIMIZERS[optimizer]().init(params)
    score = train(model, dataset, Progress(params, model.state, start), Callback(), workers=1)
    assert np.isfinite(score.loss)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_optimizer_state_of_a_dead_unit_fades_away(optimizer, dtype):
    params, grads = {"b": np.ones(3, dtype)}, {"b": np.array([1, 1e-30, 0], dtype)}
    rule = OPTIMIZERS[optimizer]()
    state = rule.init(params)
    for step in range(8000):
        params, state = rule.step(params, grads if step < 3 else {"b": np.zeros(3, dtype)}, state, 1e-3)
    first = next(array for _, array in tree_items(state))
    assert np.abs(first).max() < 1e-300 if dtype == np.float64 else np.abs(first).max() < 1e-40


@pytest.mark.parametrize("record", [False, True])
def test_a_model_with_saturated_gates_runs(record):
    model = load("tiny-se")
    params = tree_map(lambda p: 100 * p if p.ndim == 2 else p, model.params)  # of the FCs
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    found = replace(model, params=params).run(images, record=record)
    assert np.isfinite(found[0] if record else found).all()


def test_the_explorer_packs_numbers_that_are_too_small_or_too_large_for_float16():
    assert Packer().put(np.array([1e-30, 1e30], np.float32))["type"] == "f4"


def test_a_gradient_check_takes_saturated_gates():
    assert check_gradients(ops.sigmoid_forward, ops.sigmoid_backward, [np.array([-720.0, -710.0, 0.5, 720.0])])
