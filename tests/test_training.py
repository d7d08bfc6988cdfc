"""Training: it learns, it repeats itself exactly, it can be stopped anywhere, and says where numbers ran away."""

from dataclasses import replace

import numpy as np
import pytest
from trained_runs import arrays_of, assert_same_bits, finished

from senet_np.data import load_shapes
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.model import new_model
from senet_np.runs.recorder import train_run
from senet_np.runs.run import create_run, open_run
from senet_np.settings import make_settings
from senet_np.train.diagnosis import DivergedError
from senet_np.train.evaluation import evaluate
from senet_np.train.loop import train
from senet_np.train.optimizers import make_optimizer
from senet_np.train.progress import Callback, Progress, Stopped


def start(model):
    """The progress of a model that is not trained yet."""
    return Progress(model.params, model.state, make_optimizer(model.settings).init(model.params))


def without_times(records):
    return [{name: value for name, value in record.items() if name != "seconds"} for record in records]


def broken(model, path, value):
    """Progress in which one array of the parameters holds `value` everywhere."""
    progress = start(model)
    *parents, name = path.split(".")
    tree = progress.params
    for parent in parents:
        tree = tree[parent]
    tree[name] = np.full_like(tree[name], value)
    return progress


@pytest.fixture
def undisturbed(tmp_path, few_settings, few_shapes):
    return finished(tmp_path / "undisturbed", few_settings, few_shapes)


def test_training_teaches_the_network_to_see():
    data = load_shapes(sizes=(2000, 300, 300))
    model = new_model(make_settings("shapes", {"batch_size": 16, "widths": (16, 16, 32)}), data)
    with Workers(1) as workers:
        before = evaluate(model, data.test, workers)
    assert before.accuracy < 0.25
    assert train(model, data, start(model), Callback()).accuracy > 0.75


def test_training_needs_no_folder_and_changes_no_model(few_settings, few_shapes):
    model = new_model(few_settings, few_shapes)
    before = arrays_of(start(model))
    train(model, few_shapes, start(model), Callback())
    assert all(np.array_equal(array, before[path]) for path, array in arrays_of(start(model)).items())


def test_the_same_seed_gives_the_same_weights_bit_for_bit(tmp_path, undisturbed, few_settings, few_shapes):
    again = finished(tmp_path / "again", few_settings, few_shapes)
    assert_same_bits(again.load(), undisturbed.load())


def test_another_seed_gives_other_weights(tmp_path, undisturbed, few_settings, few_shapes):
    other = finished(tmp_path / "other", replace(few_settings, seed=1), few_shapes)
    assert not np.array_equal(other.load().params["head"]["fc"]["w"], undisturbed.load().params["head"]["fc"]["w"])


RECIPES = {
    "sgd": {"optimizer": "sgd", "lr": 0.01},
    "adam": {"optimizer": "adam", "lr": 0.01},
    "sprint": {"net": "sprint", "whitening": "frozen", "init": "identity", "lookahead": True, "label_smoothing": 0.2,
               "flip": "alternating", "border": "reflect", "schedule": "triangle", "bn_bias_lr": 64, "lr": 0.01},
}  # fmt: skip


STOPS = [[1], [6], [7, 2], [1, 1, 1, 9], [17]]


@pytest.mark.parametrize(
    ("recipe", "stops"),
    [(name, stops) for name in ("sgd", "adam") for stops in STOPS] + [("sprint", [7, 2]), ("sprint", [17])],
)
def test_a_run_that_was_stopped_ends_bit_identical(tmp_path, few_settings, few_shapes, callback, recipe, stops):
    settings = replace(few_settings, **RECIPES[recipe])
    undisturbed = finished(tmp_path / "undisturbed", settings, few_shapes)
    create_run(tmp_path / "stopped", settings, few_shapes)
    for stop_after in stops:
        run = open_run(tmp_path / "stopped")
        with pytest.raises(Stopped):
            train_run(run, few_shapes, run.load(), callback(stop_after))
    run = open_run(tmp_path / "stopped")
    train_run(run, few_shapes, run.load())
    assert_same_bits(run.load(), undisturbed.load())
    assert without_times(run.records) == without_times(undisturbed.records)


def test_the_callback_is_told_of_every_step_and_epoch(few_settings, few_shapes):
    class Notes(Callback):
        steps, epochs = [], []

        def on_step(self, progress, loss, accuracy):
            self.steps.append((progress.epoch, progress.batch))

        def on_epoch(self, record):
            self.epochs.append(record["epoch"])

    model = new_model(few_settings, few_shapes)
    train(model, few_shapes, start(model), Notes())
    assert Notes.steps == [(epoch, batch) for epoch in range(3) for batch in range(1, 7)]
    assert Notes.epochs == [1, 2, 3]


def test_an_incomplete_last_minibatch_is_dropped(undisturbed):
    assert undisturbed.records[0]["step"] == 100 // 16


def test_fewer_images_than_a_minibatch_are_refused(few_settings, few_shapes):
    model = new_model(replace(few_settings, batch_size=101), few_shapes)
    with pytest.raises(SenetError, match="minibatch 0 of 101 images, and there are 100 images"):
        train(model, few_shapes, start(model), Callback())


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_place(tmp_path, few_settings, few_shapes):
    run = create_run(tmp_path / "wild", replace(few_settings, lr=1e30), few_shapes)
    expected = r"at step \d+, at a learning rate of .*layer stage.*smaller --lr; the last checkpoint, .*, is kept"
    with pytest.raises(DivergedError, match=expected):
        train_run(run, few_shapes, run.load())
    assert all(np.isfinite(a).all() for a in arrays_of(run.load()).values())


def test_a_stop_saves_nothing_that_is_not_finite(tmp_path, few_settings, few_shapes, callback):
    run = create_run(tmp_path / "wild", few_settings, few_shapes)
    progress = run.load()
    progress.params["stage2"]["se"]["w2"] = np.full_like(progress.params["stage2"]["se"]["w2"], np.inf)
    with pytest.raises(DivergedError, match=r"parameter stage2\.se\.w2 is not finite after step 0, .* is kept"):
        train_run(run, few_shapes, progress, callback(stop_after=0))
    assert all(np.isfinite(a).all() for a in arrays_of(run.load()).values())


@pytest.mark.parametrize(
    ("net", "path"),
    [
        ("tiny", "stage2.se.w2"),
        ("resnet20", "stage1.block2.residual.branch.bn2.gamma"),
        ("resnet20", "stage2.block1.residual.shortcut.conv.w"),
        ("inception", "stage1.module1.branches.three.unit.conv.w"),
    ],
)
def test_a_parameter_that_is_not_finite_is_named_with_its_very_layer(few_shapes, net, path):
    settings = make_settings("shapes", {"net": net, "widths": (16, 16), "batch_size": 4, "micro_batch": 2})
    model = new_model(settings, few_shapes)
    layer, _, name = path.rpartition(".")
    with pytest.raises(DivergedError, match=rf": parameter {name} of layer {layer}, after the last update"):
        train(model, few_shapes, broken(model, path, np.nan), Callback())


def test_an_output_that_overflows_is_blamed_on_its_layer_inside_a_residual_block(few_shapes):
    settings = make_settings("shapes", {"net": "resnet20", "widths": (4, 4), "batch_size": 4, "micro_batch": 2})
    model = new_model(settings, few_shapes)
    progress = broken(model, "stage1.block2.residual.branch.bn2.gamma", 3e38)
    with pytest.raises(DivergedError, match=r": the output of layer stage1\.block2\.residual\.branch\.bn2\."):
        train(model, few_shapes, progress, Callback())


def test_a_run_on_the_first_images_never_sees_the_others(tmp_path, few_settings, few_shapes):
    settings = replace(few_settings, train_images=40)
    run = finished(tmp_path / "some", settings, few_shapes)
    alone = finished(tmp_path / "alone", replace(few_settings), few_shapes.with_first(40))
    assert_same_bits(run.load(), alone.load())
    assert run.data.images["train"] == 40
    assert run.records[-2]["step"] == few_settings.epochs * (40 // few_settings.batch_size)
