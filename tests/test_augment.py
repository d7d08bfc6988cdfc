"""Augmentation: planned by (seed, epoch), and only ever a shift and a flip."""

import numpy as np

from senet_np.data.augment import Augmentation, EpochPlan, fit_normalizer, plan_epoch, take_batch


def images(n=6):
    return np.random.default_rng(0).integers(1, 256, size=(n, 8, 10, 3), dtype=np.uint8)


RANDOM, ALTERNATING = Augmentation(), Augmentation("alternating", 2, "reflect")
PAD = RANDOM.shift


def plan(flips, shifts, how=RANDOM):
    return EpochPlan(np.arange(len(flips)), how, np.array(flips), np.array(shifts))


def test_a_plan_depends_on_seed_and_epoch_alone():
    a, b = (plan_epoch(50, seed=1, epoch=2, how=RANDOM) for _ in range(2))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    for other in (plan_epoch(50, 1, 3, RANDOM), plan_epoch(50, 2, 2, RANDOM)):
        assert not np.array_equal(other.order, a.order)


def test_the_order_is_the_same_with_and_without_augmentation():
    assert np.array_equal(plan_epoch(50, 1, 2, RANDOM).order, plan_epoch(50, 1, 2, None).order)


def test_an_epoch_visits_every_image_once():
    assert sorted(plan_epoch(50, 0, 0, None).order) == list(range(50))


def test_without_shift_or_flip_the_image_stays():
    x = images(2)
    batch, index = take_batch(x, plan([False, False], [[PAD, PAD], [PAD, PAD]]), 0, 2)
    assert np.array_equal(batch, x)
    assert np.array_equal(index, [0, 1])


def test_a_flip_mirrors_left_and_right():
    x = images(1)
    assert np.array_equal(take_batch(x, plan([True], [[PAD, PAD]]), 0, 1)[0], x[:, :, ::-1])


def test_a_shift_moves_the_image_and_fills_with_black():
    x = images(1)
    batch, _ = take_batch(x, plan([False], [[PAD + 2, PAD - 3]]), 0, 1)
    assert np.array_equal(batch[:, :-2, 3:], x[:, 2:, :-3])
    assert not batch[:, -2:].any()
    assert not batch[:, :, :3].any()


def test_a_reflecting_border_shows_the_image_mirrored_at_its_edge():
    x = images(1)
    batch, _ = take_batch(x, plan([False], [[0, 4]], ALTERNATING), 0, 1)
    assert np.array_equal(batch[:, 2:, :-2], x[:, :-2, 2:])
    assert np.array_equal(batch[:, :2, :-2], x[:, 2:0:-1, 2:])  # the edge itself is not doubled
    assert np.array_equal(batch[:, 2:, -2:], x[:, :-2, -2:-4:-1])


def test_alternating_flips_show_both_sides_of_every_image_in_two_epochs():
    first, second, third = (plan_epoch(50, 1, epoch, ALTERNATING).flips for epoch in (0, 1, 2))
    assert np.array_equal(first, ~second)
    assert np.array_equal(first, third)
    assert 10 < first.sum() < 40


def test_alternating_flips_leave_order_and_seeded_shifts_as_they_are():
    a, b = (plan_epoch(50, 1, 3, RANDOM._replace(flip=flip)) for flip in ("random", "alternating"))
    assert np.array_equal(a.order, b.order)
    assert np.array_equal(a.shifts, b.shifts)


def test_a_shift_reaches_every_place_and_no_further():
    shifts = plan_epoch(500, 1, 0, ALTERNATING).shifts
    assert {*shifts.ravel().tolist()} == {0, 1, 2, 3, 4}


def test_each_image_keeps_its_own_flip_and_shift_in_any_batch():
    x, p = images(6), plan_epoch(6, 0, 0, RANDOM)
    whole = take_batch(x, p, 0, 6)[0]
    parts = np.concatenate([take_batch(x, p, start, 2)[0] for start in (0, 2, 4)])
    assert np.array_equal(whole, parts)


def test_normalized_training_images_have_mean_0_and_deviation_1():
    x = images(200)
    out = fit_normalizer(x)(x)
    assert out.dtype == np.float32
    assert np.allclose(out.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    assert np.allclose(out.std(axis=(0, 1, 2)), 1, atol=1e-4)


def test_one_color_everywhere_does_not_divide_by_zero():
    assert np.isfinite(fit_normalizer(np.full((2, 4, 4, 3), 9, np.uint8))(images(1))).all()
