"""Files of named arrays that cannot carry code: .safetensors and .npz.

A safetensors file is a JSON header, which says what lies where, and then plain numbers; an .npz is a zip of
NumPy's own files. PyTorch's usual .pt is a pickle, which can run anything, and is not read. Opening a file reads what
it declares; the numbers are read one array at a time, by whoever finds that they are what is wanted.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import SenetError
from ..files import check_is_file, write_atomically

METADATA = "__metadata__"  # safetensors' own name for what is said about the arrays; .npz gets it too
TEXT_LIMIT = 4 << 20  # bytes
TO_NUMPY = {
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
}  # other dtypes keep their names


class InFile(NamedTuple):
    """An array that still lies in a file: what it is declared to be, and how to read it."""

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], np.ndarray]


Content = tuple[dict[str, InFile], dict[str, str]]  # the arrays, and what is said about them


def write_arrays(path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Write arrays under their names, all of the file or none of it.

    Args:
        path: a name that ends in .safetensors or .npz.
        arrays: {name: array}.
        metadata: what to say about them.

    Raises:
        SenetError: another ending, safetensors is not installed, or the file cannot be written.
    """
    encode, _ = _format(path)
    write_atomically(path, encode(arrays, metadata))


@contextmanager
def reading(path: Path) -> Iterator[Content]:
    """Open a file for a `with` statement; what goes wrong until its end is said in one sentence.

    Args:
        path: a name that ends in .safetensors or .npz.

    Yields:
        The arrays, not read yet, under their names; and the metadata.

    Raises:
        SenetError: the file is missing, damaged or of another kind.
    """
    _, open_file = _format(path)
    check_is_file(path)
    try:
        with open_file(path) as content:
            yield content
    except SenetError as error:
        raise SenetError(f"{path}: {error}") from error
    except FileNotFoundError:
        raise SenetError(f"{path} does not exist: name a file of weights") from None
    except Exception as error:  # zip, npy, JSON and safetensors have many ways of being damaged, with one meaning
        reason = " ".join(str(error).split())[:160]  # one line, though the file's own bytes may be quoted in it
        raise SenetError(f"{path} cannot be read as {path.suffix} ({reason}): write or fetch it again") from error


def _format(path: Path) -> tuple[Callable[..., bytes], Callable[..., Any]]:
    """How to write and how to open a file, by its ending."""
    if path.suffix == ".npz":
        return _encode_npz, open_npz
    if path.suffix != ".safetensors":
        raise SenetError(
            f"{path} ends in {path.suffix!r}, expected .safetensors or .npz: PyTorch writes the first by "
            "safetensors.torch.save_file(net.state_dict(), path)"
        )
    try:
        import safetensors.numpy  # noqa: F401  only to see whether it is there
    except ImportError:
        raise SenetError(
            'safetensors is not installed: pip install "senet_np[interchange]", or use a file that ends in .npz'
        ) from None
    return _encode_safetensors, _open_safetensors


def _encode_npz(arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    said = {METADATA: np.array(json.dumps(metadata))} if metadata else {}
    np.savez(buffer, **arrays, **said)  # pyright: ignore[reportArgumentType]
    return buffer.getvalue()


def _encode_safetensors(arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    from safetensors.numpy import save

    # It takes an array's bytes as they lie in memory, whatever the strides say: a transposed view comes out as the
    # numbers of the array behind it, in the view's shape, without a word.
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata or None)


@contextmanager
def open_npz(path: Path) -> Iterator[Content]:
    """Open an .npz for a `with` statement, as `reading` does, but whatever is wrong with it is raised as it comes."""
    with zipfile.ZipFile(path) as file:
        if {member.compress_type for member in file.infolist()} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError("it is packed in a way that NumPy does not use")  # bzip2 unpacks without a bound
        arrays = {member.removesuffix(".npy"): _declared(file, member) for member in file.namelist()}
        said = arrays.pop(METADATA, None)
        yield arrays, {} if said is None else _metadata(said)


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


def read_text(said: InFile) -> str:
    """A text that lies in a file as an array.

    Raises:
        ValueError: it is none, or a huge one.
    """
    if said.shape != () or not said.dtype.startswith("str") or int(said.dtype[3:]) > 8 * TEXT_LIMIT:
        raise ValueError(f"a text is declared as {said.dtype}{[*said.shape]}, expected one short text")
    return str(said.read())


def _metadata(said: InFile) -> dict[str, str]:
    metadata = json.loads(read_text(said))
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError(f"{METADATA} is no JSON object of texts")
    return metadata


@contextmanager
def _open_safetensors(path: Path) -> Iterator[Content]:
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        names = [*file.keys()]
        yield {name: _part(file, name) for name in names}, file.metadata() or {}


def _part(file: Any, name: str) -> InFile:
    """What the header says of one array."""
    part = file.get_slice(name)
    shape, dtype = part.get_shape(), part.get_dtype()
    return InFile(tuple(shape), TO_NUMPY.get(dtype, str(dtype)), partial(file.get_tensor, name))
