"""Gates through training: recorded at a few steps, the same for a run that was stopped and went on."""

import numpy as np
import pytest

from senet_np.errors import SenetError
from senet_np.runs.run import create_run
from senet_np.runs.snapshots import gate_moments, read_moments
from senet_np.train.loop import Stopped, train


def trained(path, settings, data, callback, stop_after=None):
    run = create_run(path, settings, data)
    if stop_after is not None:
        with pytest.raises(Stopped):
            train(run, data, run.load(), callback(stop_after), threads=1)
    train(run, data, run.load(), callback(), threads=1)
    return read_moments(path)


def test_moments_are_the_start_the_end_and_some_between():
    assert sorted(gate_moments(1000)) == [0, 3, 10, 30, 100, 300, 600, 1000]
    assert sorted(gate_moments(2)) == [0, 1, 2]


def test_gates_begin_around_a_half_and_then_spread(tmp_path, few_settings, few_shapes, callback):
    found = trained(tmp_path / "run", few_settings, few_shapes, callback)
    assert [*found] == sorted(gate_moments(18))
    first, last = ({path: gates.astype(float) for path, gates in found[step].items()} for step in (0, 18))
    assert [*first] == ["stage1.se", "stage2.se", "stage3.se"]
    assert all(gates.shape[0] == 60 and abs(gates.mean() - 0.5) < 0.1 for gates in first.values())
    assert any(not np.array_equal(first[path], last[path]) for path in first)


def test_a_run_that_was_stopped_has_the_gates_of_one_that_was_not(tmp_path, few_settings, few_shapes, callback):
    one = trained(tmp_path / "one", few_settings, few_shapes, callback)
    other = trained(tmp_path / "other", few_settings, few_shapes, callback, stop_after=7)
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[step][path], other[step][path]) for step in one for path in one[step])


def test_a_damaged_record_is_one_clear_sentence(tmp_path):
    (tmp_path / "gates").mkdir()
    (tmp_path / "gates" / "0000000.npz").write_bytes(b"PK no zip")
    with pytest.raises(SenetError, match="is damaged"):
        read_moments(tmp_path)
