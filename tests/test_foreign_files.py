"""Files of weights as others write and name them are read; what is none is told with what to do."""

import io
import json
import struct
import zipfile
from typing import Any

import numpy as np
import pytest
from small_weights import NET, assert_same, drawn, refusal

from senet_np.runs.interchange import load_weights, save_weights, to_pytorch, unfilled

WEIGHTS: dict[str, Any] = to_pytorch(*drawn())


def saved(path, ending):
    """The net's weights in a file that has another name than its content."""
    if ending == ".safetensors":
        pytest.importorskip("safetensors.numpy")
    save_weights(path.with_suffix(ending), *drawn())
    return path.with_suffix(ending).rename(path)


@pytest.mark.parametrize("name", ["W.NPZ", "W.SafeTensors"])
def test_an_ending_in_upper_case_is_written_and_read(tmp_path, name):
    if "Safe" in name:
        pytest.importorskip("safetensors.numpy")
    save_weights(tmp_path / name, *drawn())
    assert_same(load_weights(tmp_path / name, *unfilled(NET)), drawn())


@pytest.mark.parametrize("name", ["w.npz", "w.safetensors", "w", "w.bin", "w.npz (1)"])
@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
def test_a_file_is_what_its_first_bytes_say_whatever_its_name(tmp_path, name, ending):
    assert_same(load_weights(saved(tmp_path / name, ending), *unfilled(NET)), drawn())


def test_a_prefix_in_a_file_is_taken_off(tmp_path):
    np.savez(tmp_path / "w.npz", **{f"module.{name}": array for name, array in WEIGHTS.items()})
    assert_same(load_weights(tmp_path / "w.npz", *unfilled(NET)), drawn())


def a_zip(member):
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as file:
        file.writestr(member, b"\x80\x02}q\0.")
    return buffer.getvalue()


PICKLE, NEITHER = "it is a pickle, which can carry code", "it is neither .safetensors nor .npz: write the weights again"
LEGACY, HDF5 = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02", b"\x89HDF\r\n\x1a\n" + bytes(90)
OTHERS = [
    *((name, a_zip("w/data.pkl"), PICKLE) for name in ("w.pt", "w.pth", "w.ckpt", "w.bin", "w.npz", "w.safetensors")),
    *((name, LEGACY, PICKLE) for name in ("w.pt", "w.safetensors")),
    *((name, HDF5, NEITHER) for name in ("w.h5", "w.npz")),
    ("w.onnx", b"\x08\x07\x12\x07pytorch", NEITHER),
    ("w.npy", b"\x93NUMPY\1\0", NEITHER),
    ("w.pkl", b"\x80\4}.", NEITHER),
    ("w", b"", NEITHER),
    *(
        (name, b"\x1f\x8b\x08" + bytes(20), "it is packed by gzip: unpack it first")
        for name in ("w.npz.gz", "w.safetensors")
    ),
    ("w.safetensors", b"<!DOCTYPE html><html>", "it is a web page: fetch the file itself"),
    (
        "w.safetensors",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a",
        "it is a pointer of Git LFS, without the numbers",
    ),
    ("w.zip", a_zip("w.safetensors"), "it is a zip with 'w.safetensors' in it, expected NumPy's arrays: unpack it"),
]


@pytest.mark.parametrize(("name", "content", "message"), OTHERS, ids=[f"{n}, {c[:4]!r}" for n, c, _ in OTHERS])
def test_what_is_no_file_of_weights_is_told_with_what_to_do(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    assert refusal(load_weights, tmp_path / name, *unfilled(NET)).startswith(f"{tmp_path / name}: {message}")


def test_a_missing_file_is_told_as_missing_whatever_its_name(tmp_path):
    assert "w.pt does not exist: name a file" in refusal(load_weights, tmp_path / "w.pt", *unfilled(NET))


def write_bfloat16(path, **shapes):
    """A .safetensors of the net's weights as bfloat16, the upper halves of float32; shapes may be false."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    numbers = b""
    for name, array in WEIGHTS.items():
        halves = (np.ascontiguousarray(array).view("<u4") >> 16).astype("<u2").tobytes()
        shape, offsets = [*shapes.get(name, array.shape)], [len(numbers), len(numbers) + len(halves)]
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": offsets}
        numbers += halves
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + numbers)


def test_bfloat16_in_a_safetensors_file_is_read_to_the_last_bit(tmp_path):
    pytest.importorskip("safetensors.numpy")
    write_bfloat16(tmp_path / "w.safetensors")
    taken = to_pytorch(*load_weights(tmp_path / "w.safetensors", *unfilled(NET)))
    for name, array in WEIGHTS.items():
        assert np.array_equal(taken[name].view("u4"), array.view("u4") & 0xFFFF0000)


def test_bfloat16_of_another_shape_is_refused_unread(tmp_path, monkeypatch):
    pytest.importorskip("safetensors.numpy")
    monkeypatch.setattr("senet_np.runs.weight_files._read_bfloat16", pytest.fail)
    write_bfloat16(tmp_path / "w.safetensors", **{"stage1.conv.weight": (3, 4, 3, 3)})
    message = refusal(load_weights, tmp_path / "w.safetensors", *unfilled(NET))
    assert "stage1.conv.weight has shape [3, 4, 3, 3], expected [4, 3, 3, 3]" in message
