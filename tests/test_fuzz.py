"""Hypothesis changes good files in ways that nobody thought of: what reads them gives a result or one of our errors.

The budget is fixed: some examples for each reader by `make test`, thousands by `make stress`.
"""

import io
import pickle
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from good_files import IMAGES, link, make_good_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tally import amount, tally

from senet_np.cli.main import build_parser
from senet_np.data.photo import read_photo
from senet_np.data.pickles import load_batch_pickle
from senet_np.errors import SenetError
from senet_np.experiments.comparison import read_comparison
from senet_np.experiments.results import read_results
from senet_np.runs.interchange import load_weights
from senet_np.runs.run import open_run

EXAMPLES = settings(max_examples=amount(25, 8000), deadline=None, database=None, suppress_health_check=[*HealthCheck])

# An edit: where (a share of the length), how many bytes go (perhaps all that follow), and what comes in their place.
MARKS = (b"PK\3\4", b"PK\1\2", b"PK\5\6", b"\x93NUMPY", b"{", b"}", b'"', b"NaN", b"-1", b"1e999")
PIECES = st.binary(max_size=12) | st.sampled_from([*MARKS, b"\xff" * 8, b"\0" * 8, b"[" * 99])
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40) | st.just(1 << 30), PIECES), min_size=1, max_size=6)

READERS = {
    "run/checkpoint.npz": lambda path: open_run(path.parent).load(),
    "run/config.json": lambda path: open_run(path.parent),
    "run/log.jsonl": lambda path: open_run(path.parent).records,
    "weights.npz": lambda path: load_weights(path, *TREES),
    "weights.safetensors": lambda path: load_weights(path, *TREES),
    "comparison/c.toml": read_comparison,
    "comparison/r.jsonl": read_results,
    "data_batch_1": lambda path: load_batch_pickle(path.read_bytes(), path.name),
    **{f"image.{ending}": read_photo for ending in IMAGES},
}
TREES = []


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A folder of good files."""
    place = tmp_path_factory.mktemp("good")
    make_good_files(place)
    progress = open_run(place / "run").load()
    TREES[:] = progress.params, progress.state
    (place / "data_batch_1").write_bytes(pickle.dumps({b"data": np.zeros((2, 3), np.uint8), b"labels": [1, 2]}, 3))
    return place


@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")  # Pillow's and pickletools'
@pytest.mark.parametrize("name", READERS)
def test_a_file_that_was_edited_anyhow_is_read_or_refused(good, tmp_path, name):
    path, tried, refusals = link(good, name, tmp_path), [], []
    content = path.read_bytes()
    READERS[name](path)  # or the edits would prove nothing
    path.unlink()

    @EXAMPLES
    @given(EDITS)
    def fuzz(edits):
        edited = content
        for share, gone, piece in edits:
            at = int(share * len(edited))
            edited = edited[:at] + piece + edited[at + gone :]
        path.write_bytes(edited)
        tried.append(edits)
        try:
            READERS[name](path)
        except SenetError as error:
            refusals.append(str(error))

    fuzz()
    assert "\n" not in "".join(refusals)
    tally("fuzzing", loader=name, tried=len(tried), refused=len(refusals))


COMMANDS = ("train", "evaluate", "explain", "compare", "export", "import", "describe", "data", "explorer")
OPTIONS = ("--epochs", "--lr", "--net", "--seed", "--out", "--widths", "--stages")
WORDS = st.sampled_from(COMMANDS + OPTIONS) | st.text(max_size=8) | st.integers().map(str) | st.floats().map(str)


@EXAMPLES
@given(st.lists(WORDS, max_size=6))
def test_any_words_are_understood_or_refused_with_status_2(words):
    status = 0
    with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        try:
            build_parser().parse_args(words)
        except SystemExit as leaving:
            status = leaving.code
    assert status in (0, 2)
