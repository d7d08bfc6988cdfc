"""Weights as PyTorch holds and saves them: its tensors, its wrappers, its files. Skipped without PyTorch."""

import re
import sys
from typing import Any

import numpy as np
import pytest
from small_weights import NET, assert_same, changed, drawn, refusal, refused

from senet_np.runs.interchange import from_pytorch, load_weights, to_pytorch, unfilled

torch = pytest.importorskip("torch", reason="PyTorch is not installed; `make .venv/torch` installs it")
pytorch_nets = pytest.importorskip("senet_np.bench.pytorch_nets")

NAME, MATRIX = "head.fc.weight", torch.from_numpy(to_pytorch(*drawn())["head.fc.weight"])


def state_dict():
    return {name: torch.from_numpy(array) for name, array in to_pytorch(*drawn()).items()}


def assert_taken(weights):
    assert_same(from_pytorch(weights, *unfilled(NET)), drawn())


TENSORS = {
    "that requires grad": lambda t: t.clone().requires_grad_(),
    "that is a parameter": torch.nn.Parameter,
    "of float64": lambda t: t.double(),
    "that is a transposed view": lambda t: t.T.contiguous().T,
    "that is every second number": lambda t: torch.stack([t, t], -1)[..., 0],
    "that is a negative view": lambda t: torch.complex(torch.zeros_like(t), -t).conj().imag,
    "made for inference": torch.inference_mode()(lambda t: t.clone()),
}


@pytest.mark.filterwarnings("ignore:The use of `x.T`")
@pytest.mark.parametrize("make", TENSORS.values(), ids=TENSORS)
def test_a_tensor_is_taken(make):
    assert_taken({name: make(tensor) if tensor.ndim == 2 else tensor for name, tensor in state_dict().items()})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_narrow_float_is_taken_to_the_last_bit(dtype):
    narrow = {name: tensor.to(dtype) for name, tensor in state_dict().items()}
    taken = to_pytorch(*from_pytorch(narrow, *unfilled(NET)))
    assert all(np.array_equal(array, narrow[name].float().numpy()) for name, array in taken.items())


OTHERS = {
    "meta": (lambda t: t.to("meta"), "is on PyTorch's meta device, so it has no numbers: load the weights first"),
    "sparse": (lambda t: t.to_sparse(), "cannot be read (TypeError(\"can't convert Sparse"),
    "quantized": (lambda t: torch.quantize_per_tensor(t, 0.1, 0, torch.qint8), "is of dtype qint8, expected one of"),
    "float8": (lambda t: t.to(torch.float8_e4m3fn), "is of dtype float8_e4m3fn, expected one of"),
    "complex": (lambda t: torch.complex(t, t).conj(), "is of dtype complex64, expected one of"),
    "uninitialized": (lambda t: torch.nn.UninitializedParameter(), "cannot be read (ValueError("),
}


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor", "ignore:.*quant")
@pytest.mark.parametrize(("make", "message"), OTHERS.values(), ids=OTHERS)
def test_a_tensor_without_usable_numbers_is_named(make, message):
    assert f"{NAME} {message}" in refused(changed(head__fc__weight=make(MATRIX)))


def test_tied_weights_and_a_state_dict_with_metadata_are_taken():
    module: Any = pytorch_nets.build({"net": "tiny", "widths": (4, 6)})
    module.load_state_dict(state_dict(), strict=False)
    module.stage1.bn.bias = module.stage1.bn.weight
    taken = to_pytorch(*from_pytorch(module.state_dict(), *unfilled(NET)))
    assert np.array_equal(taken["stage1.bn.bias"], taken["stage1.bn.weight"])


WRAPPERS = {
    "alone": lambda net: net,
    "parallel": torch.nn.DataParallel,
    "averaged": torch.optim.swa_utils.AveragedModel,
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_a_module_itself_is_taken_and_what_wraps_it(wrap):
    module = pytorch_nets.build({"net": "tiny", "widths": (4, 6)})
    module.load_state_dict(state_dict(), strict=False)
    assert_taken(wrap(module))
    assert_taken(wrap(module).state_dict())


def test_bfloat16_in_a_file_is_read_as_pytorch_reads_it(tmp_path):
    safetensors_torch = pytest.importorskip("safetensors.torch")
    narrow = {name: tensor.bfloat16() for name, tensor in state_dict().items()}
    safetensors_torch.save_file(narrow, tmp_path / "w.safetensors")
    taken = to_pytorch(*load_weights(tmp_path / "w.safetensors", *unfilled(NET)))
    assert all(np.array_equal(array, narrow[name].float().numpy()) for name, array in taken.items())


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("part", ["", "['state_dict']"])
def test_the_line_that_a_pickle_is_refused_with_makes_a_file_that_is_read(tmp_path, zipped, part):
    pytest.importorskip("safetensors.torch")
    path = tmp_path / "w.pth"
    torch.save({"state_dict": state_dict()} if part else state_dict(), path, _use_new_zipfile_serialization=zipped)
    line = re.search(r"safetensors\.torch\.save.*'\.safetensors'\)", refusal(load_weights, path, *unfilled(NET)))
    assert line is not None
    line = line[0].replace("weights_only=True)", f"weights_only=True){part}")  # where the message says to put it
    exec(line, {"torch": torch, "safetensors": sys.modules["safetensors"]})
    assert_same(load_weights(tmp_path / "w.pth.safetensors", *unfilled(NET)), drawn())
