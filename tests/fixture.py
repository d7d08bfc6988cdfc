"""What PyTorch computed, from tests/fixtures, and how our results are compared with it.

`fixtures/make_fixtures.py` asked PyTorch and says how the files are laid out. Nothing here needs PyTorch.
"""

import inspect
from pathlib import Path

import numpy as np

from senet_np.nets import tiny
from senet_np.ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from senet_np.train.optimizers import SGD
from senet_np.tree import tree_build, tree_items, tree_map


def load(name):
    """{key: array} of one file."""
    with np.load(Path(__file__).parent / "fixtures" / f"{name}.npz") as file:
        return dict(file)


OPS, SE, NETS = load("ops"), load("se"), load("tiny_net")


def cases(fixture):
    """The names of a file's cases."""
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


def stored_net(case, dtype):
    """The net of a case: (net, params, state, stored)."""
    stored = only(NETS, case, dtype)
    params = tree_build(stored, "params/")
    widths = [params[name]["conv"]["w"].shape[3] for name in params if name != "head"]
    net = tiny(se="se" in params["stage1"], reduction=2, widths=widths)
    fresh, state = net.init(np.random.default_rng(0), dtype)
    assert tree_map(np.shape, fresh) == tree_map(np.shape, params)
    return net, params, state, stored


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
    optimizer_state = optimizer.init(params)
    for _ in range(steps):
        logits, cache, state = net.forward(params, state, images, True)
        loss, loss_cache = softmax_cross_entropy_forward(logits, labels)
        _, grads = net.backward(softmax_cross_entropy_backward(1.0, loss_cache), cache)
        params, optimizer_state = optimizer.step(params, grads, optimizer_state, lr)
        losses.append(loss)
    return np.array(losses)
