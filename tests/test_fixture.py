"""What PyTorch said: every op, the SE block and a narrow tiny net against the fixture, forward and backward.

`fixtures/make_fixtures.py` asked PyTorch and says how the files are laid out. Nothing here needs PyTorch.
"""

import inspect
from pathlib import Path

import numpy as np
import pytest

from senet_np import ops, se
from senet_np.nets import tiny
from senet_np.ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from senet_np.train.optimizers import SGD
from senet_np.tree import tree_build, tree_items, tree_map


def load(name):
    """{key: array} of one file."""
    with np.load(Path(__file__).parent / "fixtures" / f"{name}.npz") as file:
        return dict(file)


OPS, SE, NETS = load("ops"), load("se"), load("tiny_net")

# As a share of an array's largest value. Both sides sum some dozens of terms, in different orders, and rounding stays
# within a few units in the last place (float32: 1.2e-7, float64: 2.2e-16) for each op on the way. Worst, measured with
# three kinds of matrix kernels: ops 1.5e-6 (batch norm) and 1.8e-15 (SE); nets 1.4e-5 and 1.6e-14, both for a bias
# inside SE whose terms cancel; losses 1.0e-7 and 2.2e-16.
OP_TOLERANCE = {np.float32: 5e-6, np.float64: 1e-14}
NET_TOLERANCE = {np.float32: 5e-5, np.float64: 1e-13}
# What is asked of the losses is 1e-3 and 1e-5. But weight decay forgotten moves them by no more than 4e-5, and so:
LOSS_TOLERANCE = {np.float32: 1e-6, np.float64: 2e-15}


def cases(fixture):
    return [*dict.fromkeys(key.split("/")[0] for key in fixture if "/" in key)]


def only(fixture, case, dtype):
    """The arrays of one case under their own names, the floats among them in the dtype."""
    arrays = {key.removeprefix(f"{case}/"): a for key, a in fixture.items() if key.startswith(f"{case}/")}
    return {name: a.astype(dtype) if a.dtype.kind == "f" else a for name, a in arrays.items()}


def deviation(ours, theirs):
    """Largest difference, as a share of the largest value; shapes and dtypes must be the same."""
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def arguments(forward, stored):
    """The arguments that a case has for an op; one without a default that is not stored is None."""
    names = inspect.signature(forward).parameters.items()
    plain = {name: a.item() if a.ndim == 0 else a for name, a in stored.items()}
    return {name: plain.get(name) for name, p in names if name in plain or p.default is p.empty}


def check_op(op, module, stored):
    """Run one case; {result: deviation}, forward and backward."""
    forward, backward = getattr(module, f"{op}_forward"), getattr(module, f"{op}_backward")
    args = arguments(forward, stored)
    y, cache = forward(**args)
    grads = backward(stored["dy"], cache)
    grads = dict(zip(args, grads if isinstance(grads, tuple) else (grads,), strict=False))
    ours = {"y": y, **{f"d{name}": grad for name, grad in grads.items() if grad is not None}}
    assert ours.keys() | {"dy"} == {name for name in stored if name == "y" or name.startswith("d")}
    return {name: deviation(ours[name], stored[name]) for name in ours}


def our_pass(net, params, state, images, labels):
    """What `judge_net` in torch_judge.py returns, by our net."""
    logits, cache, new_state = net.forward(params, state, images, True)
    loss, loss_cache = softmax_cross_entropy_forward(logits, labels)
    dimages, grads = net.backward(softmax_cross_entropy_backward(1.0, loss_cache), cache)
    return {
        **{"logits": logits, "loss": loss, "dimages": dimages},
        **dict(tree_items(grads, "grads/")),
        **dict(tree_items(new_state, "state/")),
        "logits in evaluation": net.forward(params, new_state, images, False)[0],
    }


def our_losses(net, params, state, images, labels, steps, lr):
    """What `judge_training` in torch_judge.py returns, by our net and optimizer."""
    optimizer, losses = SGD(), []
    memory = optimizer.init(params)
    for _ in range(steps):
        logits, cache, state = net.forward(params, state, images, True)
        loss, loss_cache = softmax_cross_entropy_forward(logits, labels)
        _, grads = net.backward(softmax_cross_entropy_backward(1.0, loss_cache), cache)
        params, memory = optimizer.step(params, grads, memory, lr)
        losses.append(loss)
    return np.array(losses)


def stored_net(case, dtype):
    """The net of a case: (net, params, state, stored)."""
    stored = only(NETS, case, dtype)
    params = tree_build(stored, "params/")
    widths = [params[name]["conv"]["w"].shape[3] for name in params if name != "head"]
    net = tiny(se="se" in params["stage1"], r=2, widths=widths)
    fresh, state = net.init(np.random.default_rng(0), dtype)
    assert tree_map(np.shape, fresh) == tree_map(np.shape, params)
    return net, params, state, stored


every_dtype = pytest.mark.parametrize("dtype", OP_TOLERANCE)


@every_dtype
@pytest.mark.parametrize("case", cases(OPS))
def test_an_op_equals_pytorch(case, dtype):
    deviations = check_op(case.split()[0], ops, only(OPS, case, dtype))
    assert max(deviations.values()) <= OP_TOLERANCE[dtype], deviations


@every_dtype
@pytest.mark.parametrize("case", cases(SE))
def test_the_se_block_equals_pytorch(case, dtype):
    deviations = check_op("se", se, only(SE, case, dtype))
    assert max(deviations.values()) <= OP_TOLERANCE[dtype], deviations


@every_dtype
@pytest.mark.parametrize("case", cases(NETS))
def test_the_tiny_net_equals_pytorch(case, dtype):
    net, params, state, stored = stored_net(case, dtype)
    ours = our_pass(net, params, state, stored["images"], stored["labels"])
    deviations = {name: deviation(result, stored[name]) for name, result in ours.items()}
    assert max(deviations.values()) <= NET_TOLERANCE[dtype], deviations


@every_dtype
@pytest.mark.parametrize("case", cases(NETS))
def test_the_first_ten_losses_equal_pytorchs(case, dtype):
    net, params, state, stored = stored_net(case, dtype)
    theirs = NETS[f"{case}/losses"]
    ours = our_losses(net, params, state, stored["images"], stored["labels"], len(theirs), float(stored["lr"]))
    assert len(theirs) == 10
    assert np.abs(ours / theirs - 1).max() <= LOSS_TOLERANCE[dtype]


def test_every_op_is_in_the_fixture():
    promised = {name.removesuffix("_forward") for name in vars(ops) if name.endswith("_forward")}
    assert promised == {case.split()[0] for case in cases(OPS)}


def test_the_se_block_is_in_the_fixture_in_every_form():
    forms = {f"se {z}, {gate}, {bias}" for z in se.SQUEEZE for gate in se.GATE for bias in ("biases", "no biases")}
    assert forms == set(cases(SE))


@pytest.mark.parametrize("case", cases(SE))
def test_some_hidden_units_of_the_fixture_are_alive_and_some_dead(case):
    alive, _ = se.se_forward(**arguments(se.se_forward, only(SE, case, np.float64)))[1].relu_cache
    assert alive.any()
    assert not alive.all()
