"""Files of named arrays that cannot carry code: .safetensors and .npz.

A safetensors file is a JSON header, which says what lies where, and then plain numbers; an .npz is a zip of NumPy's own
files. PyTorch's usual .pt is a pickle, which can run anything, and is not read. Opening a file reads what it declares;
the caller checks that, and then reads the numbers, one array at a time.
"""

import io
import json
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
TO_NUMPY = {"F16": "float16", "F32": "float32", "F64": "float64"}  # other dtypes keep their names


class InFile(NamedTuple):
    """An array in a file, not read yet: its declared shape and dtype, and how to read it."""

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], np.ndarray]


Content = tuple[dict[str, InFile], dict[str, str]]  # the arrays under their names, not read yet; and the metadata


def write_arrays(path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Write arrays under their names, and texts about them, all of the file or none of it; see `save_weights`."""
    if _is_npz(path):
        write_npz(path, arrays | ({METADATA: np.array(json.dumps(metadata))} if metadata else {}))
    else:
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
    open_file = _open_npz if _is_npz(path) else _open_safetensors
    check_is_file(path)
    try:
        with open_file(path) as content:
            yield content
    except SenetError as error:
        raise SenetError(f"{path}: {error}") from error
    except FileNotFoundError:
        raise SenetError(f"{path} does not exist: {if_missing}") from None
    except Exception as error:  # zip, npy, JSON and safetensors have many ways of being damaged, with one meaning
        reason = " ".join(str(error).split())[:160]  # one line, though the file's own bytes may be quoted in it
        raise SenetError(f"{path} cannot be read as {path.suffix} ({reason}): {if_damaged}") from error


def _is_npz(path: Path) -> bool:
    """Whether a file is an .npz by its ending, and not a .safetensors; SenetError for any other."""
    if path.suffix not in (".npz", ".safetensors"):
        raise SenetError(
            f"{path} ends in {path.suffix!r}, expected .safetensors or .npz: PyTorch writes the first by "
            "safetensors.torch.save_file(net.state_dict(), path)"
        )
    if path.suffix == ".safetensors" and find_spec("safetensors") is None:
        raise SenetError(
            'safetensors is not installed: pip install "senet_np[interchange]", or use a file that ends in .npz'
        )
    return path.suffix == ".npz"


@contextmanager
def _open_npz(path: Path) -> Iterator[Content]:
    with zipfile.ZipFile(path) as file:
        if {member.compress_type for member in file.infolist()} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError("it is packed in a way that NumPy does not use")  # bzip2 unpacks without a bound
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


@contextmanager
def _open_safetensors(path: Path) -> Iterator[Content]:
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        arrays = {}
        for name in [*file.keys()]:
            part = file.get_slice(name)
            shape, dtype = tuple(part.get_shape()), str(part.get_dtype())
            arrays[name] = InFile(shape, TO_NUMPY.get(dtype, dtype), partial(file.get_tensor, name))
        yield arrays, file.metadata() or {}
