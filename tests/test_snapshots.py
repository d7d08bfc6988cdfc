"""Snapshots of the gates in training: taken at a few steps, the same for a run that was stopped and went on."""

import numpy as np
import pytest

from senet_np.errors import SenetError
from senet_np.runs.recorder import train_run
from senet_np.runs.run import create_run
from senet_np.runs.snapshots import read_snapshots, snapshot_steps
from senet_np.train.progress import Stopped


def trained(path, settings, data, callback, stop_after=None):
    run = create_run(path, settings, data)
    if stop_after is not None:
        with pytest.raises(Stopped):
            train_run(run, data, run.load(), callback(stop_after), workers=1)
    train_run(run, data, run.load(), workers=1)
    return read_snapshots(path)


def test_snapshots_are_taken_at_the_start_at_the_end_and_in_between():
    assert sorted(snapshot_steps(1000)) == [0, 3, 10, 30, 100, 300, 600, 1000]
    assert sorted(snapshot_steps(2)) == [0, 1, 2]


def test_gates_begin_around_a_half_and_then_spread(tmp_path, few_settings, few_shapes, callback):
    found = trained(tmp_path / "run", few_settings, few_shapes, callback)
    assert [*found] == sorted(snapshot_steps(18))
    first, last = ({path: gates.astype(float) for path, gates in found[step].items()} for step in (0, 18))
    assert [*first] == ["stage1.se", "stage2.se", "stage3.se"]
    assert all(gates.shape[0] == 60 and abs(gates.mean() - 0.5) < 0.1 for gates in first.values())
    assert any(not np.array_equal(first[path], last[path]) for path in first)


@pytest.mark.parametrize("stop_after", [0, 5, 7])  # 5 is the step of a snapshot
def test_a_run_that_was_stopped_has_the_gates_of_one_that_was_not(
    tmp_path, few_settings, few_shapes, callback, stop_after
):
    one = trained(tmp_path / "one", few_settings, few_shapes, callback)
    other = trained(tmp_path / "other", few_settings, few_shapes, callback, stop_after)
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[step][path], other[step][path]) for step in one for path in one[step])


def test_a_damaged_snapshot_is_one_clear_sentence(tmp_path):
    (tmp_path / "gates").mkdir()
    (tmp_path / "gates" / "0000000.npz").write_bytes(b"PK no zip")
    with pytest.raises(SenetError, match="is damaged"):
        read_snapshots(tmp_path)


def test_the_last_snapshot_is_what_the_model_computes(tmp_path, few_settings, few_shapes, callback):
    trained(tmp_path / "run", few_settings, few_shapes, callback)
    from senet_np import load

    model = load(tmp_path / "run")
    _, activations = model.run(few_shapes.val.images, record=True)
    last = model.metadata.snapshots[18]
    assert all(np.array_equal(gates.astype(np.float16), last[path]) for path, gates in activations.gates.items())
