"""Hypothesis changes good files in ways that nobody thought of: what reads them gives a result or one of our errors.

The budget is fixed: some examples for each loader by `make test`, thousands by `make stress`.
"""

import io
import json
import pickle
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tally import amount, tally

from senet_np.cli.options import build_parser
from senet_np.data.photo import read_photo
from senet_np.data.pickles import load_batch_pickle
from senet_np.errors import SenetError
from senet_np.experiments.comparison import read_comparison
from senet_np.nets import NETS
from senet_np.runs.checkpoint import Progress, load_checkpoint, save_checkpoint
from senet_np.runs.interchange import load_weights, save_weights
from senet_np.runs.run import open_run
from senet_np.settings import Settings, settings_to_json

EXAMPLES = amount(25, 8000)
NET = NETS["tiny"].build(True, (2, 2, 3), r=2)
PARAMS, STATE = NET.init(np.random.default_rng(0))
LIKE = Progress(PARAMS, STATE, {})

# An edit: where (a share of the length), how many bytes go, and what comes in their place.
MARKS = (b"PK\3\4", b"PK\1\2", b"PK\5\6", b"\x93NUMPY", b"{", b"}", b'"', b"NaN", b"-1", b"1e999")
PIECES = st.binary(max_size=12) | st.sampled_from([*MARKS, b"\xff" * 8, b"\0" * 8, b"[" * 99])
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), PIECES), min_size=1, max_size=6)


def edited(good: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for share, gone, piece in edits:
        at = int(share * len(good))
        good = good[:at] + piece + good[at + gone :]
    return good


def a_checkpoint(path):
    save_checkpoint(path, LIKE)
    return path.read_bytes()


def weights(path):
    save_weights(path, PARAMS, STATE, {"senet_np": "{}"})
    return path.read_bytes()


def a_picture(path):
    noise = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    Image.fromarray(noise).save(path, path.suffix[1:])
    return path.read_bytes()


def a_comparison(path):
    head = b'title = "t"\ndata = "shapes"\nseeds = [1, 2]\nresults = "r"\n'
    return head + b"[settings]\nlr = 0.1\n[arms.a]\n[arms.b]\nse = false\n"


def a_configuration(path):
    data = {"name": "shapes", "stamp": "s", "origin": "o", "fingerprint": "f", "mean": [1, 1, 1], "std": [2, 2, 2]}
    data |= {"classes": [*"abcdefghij"], "images": dict.fromkeys(("train", "val", "test"), 9)}
    return json.dumps({"settings": settings_to_json(Settings()), "data": data}).encode()


def a_batch(path):
    return pickle.dumps({b"data": np.zeros((2, 3), np.uint8), b"labels": [1, 2]}, 3)


LOADERS = {
    "checkpoint.npz": (a_checkpoint, lambda path: load_checkpoint(path, LIKE)),
    "weights.npz": (weights, lambda path: load_weights(path, PARAMS, STATE)),
    "weights.safetensors": (weights, lambda path: load_weights(path, PARAMS, STATE)),
    "picture.png": (a_picture, read_photo),
    "picture.jpeg": (a_picture, read_photo),
    "picture.gif": (a_picture, read_photo),
    "picture.bmp": (a_picture, read_photo),
    "picture.tiff": (a_picture, read_photo),
    "comparison.toml": (a_comparison, read_comparison),
    "config.json": (a_configuration, lambda path: open_run(path.parent)),
    "data_batch_1": (a_batch, lambda path: load_batch_pickle(path.read_bytes(), path.name)),
}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")  # Pillow's and pickletools'
@pytest.mark.parametrize("name", LOADERS)
def test_a_file_that_was_edited_anyhow_is_read_or_refused(tmp_path, name):
    make, read = LOADERS[name]
    path, refused, lines = tmp_path / name, [0, 0], set()
    good = make(path)

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(EDITS)
    def fuzz(edits):
        path.write_bytes(edited(good, edits))
        refused[1] += 1
        try:
            read(path)
        except SenetError as error:
            refused[0] += 1
            lines.add(str(error).count("\n"))

    path.write_bytes(good)
    read(path)  # or the edits would prove nothing
    fuzz()
    assert lines <= {0}
    tally("fuzzing", loader=name, tried=refused[1], refused=refused[0])


COMMANDS = ("train", "evaluate", "explain", "compare", "export", "import", "describe", "data", "explorer")
OPTIONS = ("--epochs", "--lr", "--net", "--seed", "--out", "--widths", "--stages")
WORDS = st.sampled_from(COMMANDS + OPTIONS) | st.text(max_size=8) | st.integers().map(str) | st.floats().map(str)


@settings(max_examples=EXAMPLES, deadline=None, database=None)
@given(st.lists(WORDS, max_size=6))
def test_any_words_are_understood_or_refused_with_status_2(words):
    status = 0
    with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        try:
            build_parser().parse_args(words)
        except SystemExit as leaving:
            status = leaving.code
    assert status in (0, 2)
