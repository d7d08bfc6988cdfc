"""Replaced gates: what each intervention puts in their place, and what it does to the answers."""

import numpy as np
import pytest
from untrained import untrained

from senet_np.analysis.interventions import ALL, INTERVENTIONS, measure, replacements
from senet_np.analysis.replace import FixedGates, fixed, predict
from senet_np.data.dataset import Split
from senet_np.fast.workers import Workers
from senet_np.nets import inception, resnet, tiny

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (30, 16, 16, 3), dtype=np.uint8)
LABELS = np.repeat(np.arange(10), 3)
NETS = {
    "tiny": tiny(widths=(4, 8)),
    "resnet": resnet(widths=(4, 8), blocks=1),
    "inception": inception(widths=(16,), modules=1),
}


@pytest.mark.parametrize("name", NETS)
def test_with_its_own_gates_a_network_gives_the_same_answers(name):
    model = untrained(NETS[name])
    logits, activations = model.run(IMAGES, record=True)
    assert np.array_equal(model.run(IMAGES, replace=fixed(activations.gates)), logits)


@pytest.mark.parametrize("name", NETS)
def test_with_other_gates_in_one_block_it_gives_others(name):
    model = untrained(NETS[name])
    logits, activations = model.run(IMAGES, record=True)
    for path, s in activations.gates.items():
        changed = model.run(IMAGES, replace={path: FixedGates(0 * s)})
        assert np.abs(changed - logits).max() > 1e-3 * np.abs(logits).max(), path


def test_one_row_of_gates_stands_for_all_images():
    model = untrained(NETS["tiny"])
    row = rng.uniform(size=4).astype(np.float32)
    logits = [model.run(IMAGES, replace={"stage1.se": FixedGates(s)}) for s in (row, np.tile(row, (30, 1)))]
    assert np.array_equal(*logits)


def test_fixed_gates_scale_the_gradient_and_learn_nothing():
    u, dy, s = rng.standard_normal((2, 3, 3, 4)), rng.standard_normal((2, 3, 3, 4)), rng.uniform(size=4)
    layer = FixedGates(s)
    du, grads = layer.backward(dy, layer.forward({}, {}, u, True)[1])
    assert np.allclose(du, s * dy)
    assert grads == {}


def test_images_of_several_batches_get_their_own_rows_of_gates():
    model = untrained(NETS["tiny"])
    images = rng.integers(0, 256, (260, 8, 8, 3), dtype=np.uint8)
    rows = {"stage1.se": rng.uniform(size=(260, 4)).astype(np.float32)}
    with Workers(1) as workers:
        predicted = predict(model, images, workers, rows)
    last = model.run(images[-10:], replace=fixed({"stage1.se": rows["stage1.se"][-10:]}))
    assert np.array_equal(predicted[-10:], last.argmax(axis=1))


def test_a_block_that_the_network_lacks_cannot_be_replaced():
    model = untrained(tiny(se=False, widths=(4, 8)))
    with Workers(1) as workers, pytest.raises(ValueError, match=r"replace names \['stage1.se'\], expected paths"):
        predict(model, IMAGES, workers, {"stage1.se": np.ones(4)})


def make_replacements():
    gates = rng.uniform(size=(30, 5))
    means, overall, predicted = rng.uniform(size=(10, 5)), rng.uniform(size=5), rng.integers(10, size=30)
    return gates, means, overall, predicted, replacements(gates, means, overall, LABELS, predicted)


def source_of(gates, rows):
    """Which image each row of gates is from."""
    return np.array([int(np.flatnonzero((gates == row).all(axis=1))[0]) for row in rows])


def test_means_are_those_of_the_classes_in_their_names():
    _, means, overall, predicted, new = make_replacements()
    assert np.array_equal(new["mean"], overall)
    assert np.array_equal(new["mean of the predicted class"], means[predicted])
    assert np.array_equal(new["mean of the true class (oracle)"], means[LABELS])


def test_another_images_gates_are_of_the_class_in_the_name():
    gates, *_, new = make_replacements()
    same = source_of(gates, new["another image, same class (oracle)"])
    other = source_of(gates, new["another image, other class"])
    assert (LABELS[same] == LABELS).all()
    assert (same != np.arange(30)).all()
    assert (LABELS[other] != LABELS).all()
    assert sorted(other) == sorted(same) == list(range(30)), "each image is used once, so that means are kept"


def test_shuffling_keeps_each_channels_values_and_breaks_the_rows():
    gates, *_, new = make_replacements()
    assert np.array_equal(np.sort(new["shuffled"], axis=0), np.sort(gates, axis=0))
    assert not any((gates == row).all(axis=1).any() for row in new["shuffled"])


def test_interventions_are_counted_for_each_block_and_for_all():
    model = untrained(NETS["tiny"])
    logits, activations = model.run(IMAGES, record=True)
    training = {p: (np.tile(s.mean(axis=0), (10, 1)), s.mean(axis=0)) for p, s in activations.gates.items()}
    with Workers(1) as workers:
        counts = measure(model, Split(IMAGES, LABELS), activations.gates, training, workers)
    assert (counts.n, counts.learned) == (30, (logits.argmax(axis=1) == LABELS).sum())
    assert [*counts.correct] == ["stage1.se", "stage2.se", ALL]
    assert all([*one] == [*INTERVENTIONS] for one in counts.correct.values())
    assert counts.correct[ALL]["mean"] == counts.correct[ALL]["mean of the true class (oracle)"]  # equal gates here


def test_rows_of_gates_for_more_images_than_a_batch_are_refused_in_run():
    model = untrained(NETS["tiny"])
    images = rng.integers(0, 256, (500, 8, 8, 3), dtype=np.uint8)
    for rows in (250, 500):
        with pytest.raises(ValueError, match=r"500 images, and a layer in `replace` has rows for one batch, of 250"):
            model.run(images, replace=fixed({"stage1.se": np.ones((rows, 4), np.float32)}))


def test_another_number_of_rows_than_of_images_is_refused():
    model = untrained(NETS["tiny"])
    with pytest.raises(ValueError, match=r"the gates have shape \(29, 4\), expected \(4,\), or \(30, 4\)"):
        model.run(IMAGES, replace=fixed({"stage1.se": np.ones((29, 4), np.float32)}))


def test_where_one_class_has_most_images_the_other_classs_gates_are_still_of_another_class():
    labels = np.repeat([0, 1, 2], [70, 20, 10])
    gates = np.arange(100.0)[:, None]
    new = replacements(gates, np.zeros((3, 1)), np.zeros(1), labels, labels)
    other = new["another image, other class"][:, 0].astype(int)
    assert (labels[other] != labels).all()
