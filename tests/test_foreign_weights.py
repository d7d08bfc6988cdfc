"""Weights as others save them are taken if nothing is lost; what cannot be taken is named, with advice that helps."""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from small_weights import NET, assert_same, changed, drawn, refused

from senet_np.runs.interchange import from_pytorch, to_pytorch, unfilled

WEIGHTS = to_pytorch(*drawn())
BIAS = WEIGHTS["head.fc.bias"]


class Tensor:
    """In place of PyTorch's: it gives its numbers to `float` and then `numpy(force=True)` alone."""

    is_meta = False

    def __init__(self, array, dtype="float32"):
        self.array, self.shape, self.dtype = array, array.shape, f"torch.{dtype}"

    def detach(self):
        raise RuntimeError("as `numpy` does it")

    def __array__(self, *_, **__):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad")

    def float(self):
        assert self.dtype.startswith(("torch.float", "torch.bfloat"))
        return Tensor(self.array)

    def numpy(self, force=False):
        assert (force, self.dtype) == (True, "torch.float32")
        return self.array


def prefixed(prefix):
    return {prefix + name: array for name, array in WEIGHTS.items()}


def assert_taken(weights):
    assert_same(from_pytorch(weights, *unfilled(NET)), drawn())


# ---- arrays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_a_tensor_with_gradients_or_on_another_device_is_taken(dtype):
    assert_taken({name: Tensor(array, dtype) for name, array in WEIGHTS.items()})


def test_numbers_too_small_for_float32_become_0_whatever_numpy_is_set_to():
    with np.errstate(all="raise"):
        params, _ = from_pytorch(changed(head__fc__bias=np.full(10, 1e-310)), *unfilled(NET))
    assert not params["head"]["fc"]["b"].any()


def test_a_list_of_numbers_is_taken():
    assert_taken({name: array.tolist() for name, array in WEIGHTS.items()})


def test_a_meta_tensor_is_named_as_it_has_no_numbers():
    tensor = Tensor(BIAS)
    tensor.is_meta = True
    message = "head.fc.bias is on PyTorch's meta device, so it has no numbers: load the weights first"
    assert refused(changed(head__fc__bias=tensor)) == message


class OnADevice:
    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion is not allowed.\nPlease use `.get()`")


@pytest.mark.parametrize(
    ("array", "reason"),
    [([[1.0], [1.0, 2.0]], "inhomogeneous"), (OnADevice(), r"not allowed.\nPlease use `.get()`")],
    ids=["ragged list", "GPU array"],
)
def test_what_does_not_become_an_array_is_named_with_the_reason(array, reason):
    message = refused(changed(head__fc__bias=array))
    assert message.startswith("head.fc.bias cannot be read (")
    assert reason in message


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        *((Tensor(BIAS, dtype), dtype) for dtype in ("qint8", "int64", "bool", "complex64", "float8_e4m3fn")),
        (BIAS.astype(np.int8), "int8"),
        ([1] * 10, "int64"),
        (BIAS.astype(np.float16).view("V2"), "void16"),  # as NumPy saves JAX's bfloat16
        (BIAS.astype(object), "object"),
        (None, "object"),
        ("text", "str"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_float_is_named_by_its_dtype_and_never_converted(array, dtype):
    message = refused({**WEIGHTS, "head.fc.bias": array})
    assert message.startswith(f"head.fc.bias is of dtype {dtype}")
    assert message.endswith("'float64']: save it as float32, from before any quantization")


# ---- shapes ---------------------------------------------------------------------------------------------------------


def test_an_fc_stored_as_a_1x1_convolution_is_taken():
    assert_taken({name: array[..., None, None] if array.ndim == 2 else array for name, array in WEIGHTS.items()})


def test_a_1x1_convolution_stored_as_a_matrix_is_taken():
    kernel = np.arange(6, dtype=np.float32).reshape(2, 3)
    params, _ = from_pytorch({"conv.weight": kernel}, {"conv": {"w": np.empty((1, 1, 3, 2))}}, {})
    assert np.array_equal(params["conv"]["w"][0, 0], kernel.T)


def test_a_vector_stored_as_a_column_and_a_number_without_axes_are_taken():
    assert_taken(changed(head__fc__bias=BIAS[:, None]))
    params, _ = from_pytorch({"fc.bias": np.float32(3)}, {"fc": {"b": np.empty(1)}}, {})
    assert params["fc"]["b"].tolist() == [3]


@pytest.mark.parametrize("shape", [(1, 10), (10, 2), (5, 2), (), (11,)], ids=str)
def test_a_shape_that_differs_in_more_than_ones_at_its_end_is_refused(shape):
    message = refused(changed(head__fc__bias=np.ones(shape, "f4")))
    assert f"head.fc.bias has shape {[*shape]}, expected [10]" in message


def test_where_the_axes_lie_otherwise_the_advice_is_to_turn_them():
    kernel = WEIGHTS["stage1.conv.weight"].transpose(2, 3, 1, 0)  # as TensorFlow has it
    message = refused(changed(stage1__conv__weight=kernel))
    assert "has shape [3, 3, 3, 4], expected [4, 3, 3, 3]: turn its axes into PyTorch's order, or choose" in message


# ---- names ----------------------------------------------------------------------------------------------------------

PREFIXES = ["_orig_mod.", "module.", "model.", "net.", "module._orig_mod.", "_fsdp_wrapped_module.", "_forward_module."]


@pytest.mark.parametrize("prefix", [*PREFIXES, "ema.", "student.backbone.", "stage1."])
def test_a_prefix_of_all_names_is_taken_off(prefix):
    assert_taken(prefixed(prefix))


@pytest.mark.parametrize("wrapper", ["module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"])
def test_a_wrapper_around_a_part_of_the_net_is_taken_off(wrapper):
    assert_taken({name.replace("conv.", f"conv.{wrapper}."): array for name, array in WEIGHTS.items()})


def test_a_prefix_that_the_nets_own_names_share_stays():
    net = {"fc": {"w": np.empty((2, 3)), "b": np.empty(3)}}
    weights = {"fc.weight": np.ones((3, 2)), "fc.bias": np.ones(3)}
    for prefix in ("", "model.", "fc."):
        params, _ = from_pytorch({prefix + name: array for name, array in weights.items()}, net, {})
        assert np.array_equal(params["fc"]["w"], np.ones((2, 3)))


@pytest.mark.parametrize("counter", ["n_averaged", "module.stage1.bn.num_batches_tracked"])
def test_counters_are_left_out_before_a_prefix_is_looked_for(counter):
    assert_taken({counter: np.array(7), **prefixed("module.")})


def test_what_is_missing_under_a_prefix_is_named_alone():
    weights = {name: array for name, array in prefixed("model.").items() if name != "model.stage1.conv.weight"}
    assert refused(weights).startswith("arrays missing: stage1.conv.weight (1 of 20): ")


def test_only_a_few_names_are_listed_and_the_others_counted():
    message = refused({f"layer{k}": BIAS for k in range(50)})
    assert "missing: stage1.conv.weight, stage1.bn.weight, stage1.bn.bias (20 of 20); " in message
    assert "unknown: 'layer0', 'layer1', 'layer2' (50): choose the network" in message


def test_a_name_that_can_be_anything_is_quoted_and_cut():
    assert refused(changed(**{"é\n" * 999: BIAS})).startswith(r"arrays unknown: '\xe9\n\xe9")
    assert len(refused(changed(**{"é\n" * 999: BIAS}))) < 500


@pytest.mark.parametrize("change", [str.upper, lambda name: name.replace(".", "/"), lambda name: f"a/{name}"])
def test_names_that_differ_in_case_separators_or_a_prefix_are_to_be_renamed(change):
    message = refused({change(name): array for name, array in WEIGHTS.items()})
    assert f"rename '{change('stage1.conv.weight')}' to stage1.conv.weight, and others likewise" in message


def test_a_prefix_that_one_name_lacks_is_not_taken_off():
    message = refused({"loss.weight": BIAS, **prefixed("model.")})
    assert "unknown: 'loss.weight', 'model.stage1.conv.weight'" in message
    assert "rename 'model.stage1.conv.weight' to stage1.conv.weight" in message


def test_names_that_would_become_one_are_not_unwrapped():
    message = refused({**WEIGHTS, "module.head.fc.bias": BIAS})
    assert "arrays unknown: 'module.head.fc.bias' (1)" in message
    assert message.endswith("or leave out what it can do without")


# ---- what is saved around weights -----------------------------------------------------------------------------------


class Module:
    def state_dict(self):
        return prefixed("model.")


OPTIMIZER = {"state": {0: {"exp_avg": BIAS}, 1: {"exp_avg": BIAS}}, "param_groups": [{"lr": 0.1}]}


@pytest.mark.parametrize(
    "checkpoint",
    [
        {"state_dict": WEIGHTS, "epoch": 3},
        {"optimizer": OPTIMIZER, "model": prefixed("module."), "epoch": 3},
        {"app": {"model": {"state_dict": OrderedDict(WEIGHTS)}, "optim": OPTIMIZER}},
        {"model": Module()},
        Module(),
    ],
    ids=["state_dict", "model and optimizer", "nested", "a module in a dict", "a module"],
)
def test_the_weights_in_a_checkpoint_are_found(checkpoint):
    assert_taken(checkpoint)


def test_two_parts_that_would_fit_are_named():
    message = refused({"model": WEIGHTS, "model_ema": prefixed("module."), "epoch": 3})
    assert message.startswith("weights['model'] and weights['model_ema'] hold the network's weights, expected one")


def test_in_a_checkpoint_of_another_net_its_names_are_listed_and_not_the_checkpoints():
    message = refused({"epoch": 3, "model": {f"conv{k}.weight": BIAS for k in range(9)}, "optimizer": OPTIMIZER})
    assert "unknown: 'conv0.weight', 'conv1.weight', 'conv2.weight' (9)" in message


@pytest.mark.parametrize("weights", [None, [BIAS], "weights.pt", Path("weights.npz")], ids=repr)
def test_what_holds_no_names_is_refused(weights):
    assert refused(weights).endswith(f"{type(weights).__name__}, expected {{name: array}}: give a state_dict")


def test_names_that_are_no_texts_are_unknown():
    assert "unknown: '0' (1)" in refused({0: BIAS})
