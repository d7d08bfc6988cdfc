"""Planted mistakes in the SE block: its ops are right, and what goes wrong is how their backward passes are joined.

The right one is `senet_np.se.se_backward`.
"""

# ruff: noqa: RUF059
# Names are unpacked that are not used: to strike them out would give the mistake away.

from ... import ops
from ...se import GATE, SQUEEZE
from .registry import Mistake, planter

MISTAKES: list[Mistake] = []
mistake = planter(MISTAKES)


@mistake(
    "se",
    "squeeze path dropped",
    cause="second use of a value forgotten",
    why="The block returns s·u, so du = s·dx̃ looks complete, as if the gates had come from outside and not from u.",
)
def _drops_the_squeeze(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se",
    "= for += at the fan-out",
    cause="= for +=",
    why="Every line of a backward pass is an assignment, and the last one stores the squeeze's gradient under the name "
    "du, which holds the scale's already.",
)
def _overwrites_du(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    du = SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se",
    "1/(H·W) lost",
    cause="divisor of a mean forgotten",
    why="In the forward pass the divisor hides inside mean, so on the way back only the shape is undone, and every "
    "position gets dz in full.",
)
def _loses_the_divisor(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    if cache.squeeze == "avg":
        du += dz[:, None, None, :]
    else:
        du += ops.global_max_pool_backward(dz, cache.squeeze_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se",
    "squeeze's gradient at one position",
    cause="gradient put at one position",
    why="The squeeze turns H×W into 1×1, so its gradient is put back as one pixel, and [:, 0, 0] is where a 1×1 "
    "picture has its pixel.",
)
def _fills_one_position(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    if cache.squeeze == "avg":
        du[:, 0, 0] += dz / (du.shape[1] * du.shape[2])
    else:
        du += ops.global_max_pool_backward(dz, cache.squeeze_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se",
    "σ′ missing",
    cause="non-linearity skipped",
    why="A gate has no weights and changes no shape, so nothing stops one from handing ds straight on to the second "
    "FC.",
)
def _skips_the_gate(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    dh, dw2, db2 = ops.linear_backward(ds, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    du += SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se",
    "ReLU's mask from the gradient",
    cause="mask of the wrong array",
    why="“ReLU lets through what is positive” is applied to the array at hand, and in the backward pass that is dh and "
    "not a.",
)
def _masks_by_the_gradient(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = dh * (dh > 0)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    du += SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se",
    "ReLU's mask comes too late for dw1",
    cause="gradient used before the step that changes it",
    why="As soon as dh is there the first FC's weights are settled with it, and the mask is remembered only on the way "
    "on to z.",
)
def _masks_too_late(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    _, dw1, db1 = ops.linear_backward(dh, cache.fc1_cache)
    z, w1, _ = cache.fc1_cache
    alive, _ = cache.relu_cache
    dz = (dh * alive) @ w1.T
    du += SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se",
    "bottleneck transposed",
    cause="transposed as in the paper",
    why="The paper's W₁ is h × C, so its gradient is laid out like that, while our w1 is its transpose because samples "
    "are rows.",
)
def _transposes_the_bottleneck(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, _, db1 = ops.linear_backward(da, cache.fc1_cache)
    dw1 = da.T @ cache.z
    du += SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se",
    "gate applied twice",
    cause="gradient overwritten before its second use",
    why="dx̃ is multiplied by the gates under its old name, and then the gates' own gradient is computed from the "
    "product.",
)
def _applies_the_gate_twice(dx_scaled, cache):
    u, s = cache.scale_cache
    dx_scaled = dx_scaled * s[:, None, None, :]
    du = dx_scaled
    ds = (dx_scaled * u).sum(axis=(1, 2))
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    du = du + SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se",
    "a skip connection that is not there",
    cause="path of the surrounding module added",
    why="The paper's figure of SE-ResNet shows a skip connection, and its gradient is added inside the block although "
    "the sum stands outside it.",
)
def _adds_a_skip(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    du += SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache) + dx_scaled
    return du, dw1, db1, dw2, db2
