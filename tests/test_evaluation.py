"""Evaluation, and test-time augmentation: logits averaged over mirrored and shifted images."""

from dataclasses import replace

import numpy as np

from senet_np.cli import main
from senet_np.data import load_shapes
from senet_np.data.dataset import Split
from senet_np.fast.workers import Workers
from senet_np.runs.load import load
from senet_np.train.evaluation import evaluate, views


def test_six_views_and_their_weights():
    x = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 3), dtype=np.uint8)
    weights, images = zip(*views(x), strict=True)
    assert weights == (1 / 4, 1 / 4, 1 / 8, 1 / 8, 1 / 8, 1 / 8)
    assert np.array_equal(images[0], x)
    assert all(np.array_equal(b, a[:, :, ::-1]) for a, b in zip(images[::2], images[1::2], strict=True))
    assert np.array_equal(images[2][:, 1:, 1:], x[:, :-1, :-1])  # down and right
    assert np.array_equal(images[4][:, :-1, :-1], x[:, 1:, 1:])  # up and left
    assert np.array_equal(images[2][:, 0, 1:], x[:, 1, :-1])  # the border reflects


def test_the_averaged_score_is_that_of_the_averaged_logits():
    model, rng = load("shapes-se"), np.random.default_rng(1)
    images, labels = rng.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8), rng.integers(10, size=20)
    logits = sum(weight * model.run(np.ascontiguousarray(view)) for weight, view in views(images))
    with Workers(1) as workers:
        score = evaluate(model, Split(images, labels), workers, tta=True)
    assert score.correct == (logits.argmax(axis=1) == labels).sum()


def test_an_image_that_looks_alike_from_all_sides_scores_as_without():
    model = load("shapes-se")
    split = Split(np.full((3, 32, 32, 3), 90, np.uint8), np.array([0, 1, 2]))
    with Workers(1) as workers:
        assert np.isclose(evaluate(model, split, workers).loss, evaluate(model, split, workers, tta=True).loss)


def test_the_command_prints_the_averaged_result_with_the_plain_one_behind(capsys, monkeypatch):
    few = load_shapes()
    few = replace(few, test=Split(*(array[:200] for array in few.test)))
    monkeypatch.setattr("senet_np.cli.evaluate.load_data_of", lambda *_: few)
    assert main(["evaluate", "shapes-se", "--tta"]) == 0
    *_, averaged, plain = capsys.readouterr().out.splitlines()
    assert averaged.startswith("over six views of each image, mirrored and shifted: test accuracy ")
    assert averaged.endswith("; without them:")
    assert plain.startswith("test accuracy 1.0000 (200 of 200")
