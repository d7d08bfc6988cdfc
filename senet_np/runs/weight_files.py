"""Files of named arrays that cannot carry code: .safetensors and .npz.

A safetensors file is a JSON header, which says what lies where, and then plain numbers; an .npz is a zip of NumPy's own
files. PyTorch's usual .pt is a pickle, which can run anything, and is not read. What a file is, its first bytes say.
Opening it reads what it declares; the caller checks that, and then reads the numbers, one array at a time.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import SenetError
from ..files import check_is_file, write_atomically

METADATA = "__metadata__"  # safetensors' own name for texts about the arrays; .npz gets it too
MAX_TEXT_BYTES = 4 << 20
TO_NUMPY = {"F16": "float16", "F32": "float32", "F64": "float64", "BF16": "bfloat16"}  # others keep their names

PICKLE = (
    "it is a pickle, which can carry code, and is not read: safetensors.torch.save_file(torch.load({path!r}, "
    "map_location='cpu', weights_only=True), {path!r} + '.safetensors') in Python writes a file that is; if it holds "
    "more than weights, put the name of their part behind torch.load(...), such as ['state_dict']"
)
NEITHER = (
    "it is neither .safetensors nor .npz: write the weights again, by safetensors.torch.save_file(net.state_dict(), "
    "path) in PyTorch, or under PyTorch's names by numpy.savez(path, **arrays)"
)
SIGNS = {  # how a file begins → what it is; or why it is not read, and what to do
    rb".{8}\{": ".safetensors",  # the header's length, the header
    rb"PK": ".npz",  # a zip
    rb"\x80\x02\x8a\x0al\xfc": PICKLE,  # of PyTorch before version 1.6; later ones are zips
    rb"\x89HDF": NEITHER,
    rb"\x1f\x8b": "it is packed by gzip: unpack it first",
    rb"<": "it is a web page: fetch the file itself",
    rb"version https://git-lfs": "it is a pointer of Git LFS, without the numbers: fetch them by git lfs pull",
}


class InFile(NamedTuple):
    """An array in a file, not read yet: its declared shape and dtype, and how to read it."""

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], np.ndarray]


Content = tuple[dict[str, InFile], dict[str, str]]  # the arrays under their names, not read yet; and the metadata


def write_arrays(path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Write arrays under their names, and texts about them, all of the file or none of it; see `save_weights`."""
    ending = path.suffix.lower()
    if ending not in OPEN:
        raise SenetError(f"{path} ends in {path.suffix!r}, expected .safetensors or .npz: name such a file")
    if ending == ".npz":
        write_npz(path, arrays | ({METADATA: np.array(json.dumps(metadata))} if metadata else {}))
    else:
        _check_installed()
        from safetensors.numpy import save

        # It takes an array's bytes as they lie in memory, whatever the strides say: a transposed view comes out as the
        # numbers of the array behind it, in the view's shape, without a word.
        contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        write_atomically(path, save(contiguous, metadata or None))


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an .npz, all of it or nothing."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # pyright: ignore[reportArgumentType]
    write_atomically(path, buffer.getvalue())


@contextmanager
def reading(
    path: Path, if_missing: str = "name a file of weights", if_damaged: str = "write or fetch it again"
) -> Iterator[Content]:
    """Open a .safetensors or .npz for a `with` statement; whatever goes wrong until its end becomes a SenetError."""
    check_is_file(path)
    kind = path.suffix
    try:
        kind = _kind(path)
        with OPEN[kind](path) as content:
            yield content
    except SenetError as error:
        raise SenetError(f"{path}: {error}") from error
    except FileNotFoundError:
        raise SenetError(f"{path} does not exist: {if_missing}") from None
    except Exception as error:  # zip, npy, JSON and safetensors have many ways of being damaged, with one meaning
        reason = " ".join(str(error).split())[:160]  # one line, though the file's own bytes may be quoted in it
        raise SenetError(f"{path} cannot be read as {kind} ({reason}): {if_damaged}") from error


def _kind(path: Path) -> str:
    """What a file is by its first bytes, or else by its ending: ".safetensors" or ".npz"; SenetError if neither."""
    with open(path, "rb") as file:
        head = file.read(32)
    by_name = path.suffix.lower() if path.suffix.lower() in OPEN else NEITHER
    kind = next((kind for sign, kind in SIGNS.items() if re.match(sign, head, re.DOTALL)), by_name)
    if kind not in OPEN:
        raise SenetError(kind.format(path=str(path)))
    return kind


@contextmanager
def _open_npz(path: Path) -> Iterator[Content]:
    with zipfile.ZipFile(path) as file:
        if {member.compress_type for member in file.infolist()} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError("it is packed in a way that NumPy does not use")  # bzip2 unpacks without a bound
        others = [member for member in file.namelist() if not member.endswith(".npy")]
        if any(member.endswith("data.pkl") for member in others):
            raise SenetError(PICKLE.format(path=str(path)))
        if others:
            raise SenetError(f"it is a zip with {others[0][:80]!a} in it, expected NumPy's arrays: unpack it first")
        arrays = {member.removesuffix(".npy"): _declared(file, member) for member in file.namelist()}
        metadata = json.loads(read_text(arrays.pop(METADATA))) if METADATA in arrays else {}
        if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
            raise ValueError(f"{METADATA} is no JSON object of texts")
        yield arrays, metadata


def _declared(file: zipfile.ZipFile, member: str) -> InFile:
    """What a member's header says."""
    with file.open(member) as stream:
        if np.lib.format.read_magic(stream) != (1, 0):  # later versions are for arrays with named fields
            raise ValueError(f"{member[:80]!r} is no plain array")
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    return InFile(shape, dtype.name, partial(_read_member, file, member))


def _read_member(file: zipfile.ZipFile, member: str) -> np.ndarray:
    with file.open(member) as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def read_text(declared: InFile) -> str:
    """A text that lies in a file as an array; ValueError if it is none, or a huge one."""
    short = declared.dtype.startswith("str") and int(declared.dtype[3:]) <= 8 * MAX_TEXT_BYTES
    if declared.shape != () or not short:
        raise ValueError(f"a text is declared as {declared.dtype}{[*declared.shape]}, expected one short text")
    return str(declared.read())


def _check_installed() -> None:
    if find_spec("safetensors") is None:
        advice = 'pip install "senet_np[interchange]", or use an .npz file'
        raise SenetError(f"safetensors is not installed: {advice}")


@contextmanager
def _open_safetensors(path: Path) -> Iterator[Content]:
    _check_installed()
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        arrays = {}
        for name in [*file.keys()]:
            part = file.get_slice(name)
            shape, dtype = tuple(part.get_shape()), str(part.get_dtype())
            read = partial(_read_bfloat16, path, name, shape) if dtype == "BF16" else partial(file.get_tensor, name)
            arrays[name] = InFile(shape, TO_NUMPY.get(dtype, dtype), read)
        yield arrays, file.metadata() or {}


def _read_bfloat16(path: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Read what NumPy has no dtype for: each number is the upper half of a float32."""
    with open(path, "rb") as file:  # the length of the header, the header, the numbers
        length = int.from_bytes(file.read(8), "little")
        start, end = json.loads(file.read(length))[name]["data_offsets"]
        file.seek(8 + length + start)
        halves = np.frombuffer(file.read(end - start), "<u2")
    return (halves.astype(np.uint32) << 16).view(np.float32).reshape(shape)


OPEN = {".npz": _open_npz, ".safetensors": _open_safetensors}
