"""The pictures: every panel, curve, bar and dot that the numbers ask for is there."""

import numpy as np
import pytest

from senet_np.analysis.gates import BINS, summarize
from senet_np.analysis.health import diagnose
from senet_np.analysis.hidden import summarize_hidden
from senet_np.analysis.interventions import ALL, CONTROLS, Controls
from senet_np.analysis.order import similar_order
from senet_np.analysis.pruning import ORDERS, SHARES, Pruning
from senet_np.analysis.specificity import class_selectivity, variance_shares
from senet_np.containers import image_gates, se_caches
from senet_np.data.augment import fit_normalizer
from senet_np.data.photo import Picture
from senet_np.figures.gates import draw_distribution, draw_gates, draw_profiles, draw_shares
from senet_np.figures.interventions import draw_controls, draw_pruning
from senet_np.figures.one_image import _mosaic, draw_answer, draw_scaling
from senet_np.figures.style import new_figure, save, short, style
from senet_np.figures.top_images import draw_openers
from senet_np.figures.training import draw_curves, draw_moments
from senet_np.figures.weights import draw_hidden, draw_weights
from senet_np.nets import tiny

rng = np.random.default_rng(0)
LABELS = np.repeat(np.arange(10), 4)
CLASSES = [f"class {k}" for k in range(10)]
GATES = {f"stage{k}.se": rng.uniform(size=(40, 8 * k)) for k in (1, 2, 3, 4)}
STATS = {path: summarize(s, LABELS, 10) for path, s in GATES.items()}


@pytest.fixture
def picture(tmp_path):
    """Draw in the house's style, and write it: what cannot be written is no picture."""

    def picture(draw, *given):
        with style():
            figure = draw(*given, "title", "stamp")
            assert save(figure, tmp_path / "picture.png").stat().st_size > 5_000
        return figure

    return picture


def drawn(figure):
    return [axes for axes in figure.axes if axes.axison]


def test_the_heat_maps_show_the_means_and_the_spread_in_one_order(picture):
    stats = STATS["stage2.se"]
    figure = picture(draw_gates, stats, CLASSES)
    order = np.argsort(stats.overall_mean)
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    assert np.array_equal(shown[0], stats.mean[:, order])
    assert np.array_equal(shown[1], stats.sd[:, order])


def test_profiles_have_a_panel_a_block_and_the_mean_of_all_rises_in_each(picture):
    panels = drawn(picture(draw_profiles, STATS, CLASSES, [0, 3, 5]))
    assert [axes.get_title(loc="left") for axes in panels] == ["stage1", "stage2", "stage3", "stage4"]
    for axes, stats in zip(panels, STATS.values(), strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.lines}
        assert [*lines] == ["class 0", "class 3", "class 5", "all images, mean"]
        assert np.array_equal(lines["all images, mean"], np.sort(stats.overall_mean))


def test_shares_are_bars_that_fill_the_width(picture):
    shares = {path: variance_shares(stats) for path, stats in STATS.items()}
    selectivity = {path: class_selectivity(stats.mean) for path, stats in STATS.items()}
    bars, dots = drawn(picture(draw_shares, shares, selectivity))
    ends = [bar.get_x() + bar.get_width() for bar in bars.patches]
    assert ends[-4:] == pytest.approx([100] * 4)
    assert len(dots.lines) == 2 * len(GATES)


def test_controls_have_a_panel_a_place_with_the_learned_accuracy_in_each(picture):
    correct = {place: dict.fromkeys(CONTROLS, 30) for place in ("stage1.se", ALL)}
    panels = drawn(picture(draw_controls, Controls(40, 36, correct)))
    assert [axes.get_title(loc="left") for axes in panels] == ["stage1 alone", ALL]
    assert all(list(axes.lines[-1].get_xdata()) == [90.0, 90.0] for axes in panels)


def test_moments_are_a_grid_of_histograms_of_100_percent(picture):
    moments = {step: dict.fromkeys(GATES, np.full(BINS, 1 / BINS)) for step in (0, 10, 100)}
    panels = drawn(picture(draw_moments, moments, (0.0, 1.0)))
    assert len(panels) == 3 * len(GATES)
    assert all(sum(bar.get_height() for bar in axes.patches) == pytest.approx(100) for axes in panels)


def test_pruning_has_a_curve_for_each_order_and_end(picture):
    curve = np.linspace(0.9, 0.1, len(SHARES))
    found = Pruning(
        np.array(SHARES), dict.fromkeys(ORDERS, curve), dict.fromkeys(ORDERS, curve), np.stack([curve] * 5), 40
    )
    (axes,) = drawn(picture(draw_pruning, found, 0.1))
    assert len([line for line in axes.lines if not line.get_label().startswith("_")]) == 5


def test_curves_show_what_was_logged():
    records = [
        {"epoch": e, "train_loss": 1 / e, "train_accuracy": 0.1 * e, "val_loss": 2 / e, "val_accuracy": 0.2 * e}
        for e in (1, 2)
    ]
    with style():
        figure = draw_curves(records, "title", "stamp")
    assert [list(line.get_ydata()) for line in figure.axes[0].lines] == [[1, 0.5], [2, 1]]
    assert np.allclose([line.get_ydata() for line in figure.axes[1].lines], [[10, 20], [20, 40]])


def test_the_scaling_picture_shows_the_gates_of_this_image(few_shapes):
    model = tiny(widths=(4, 6, 8))
    params, state = model.init(np.random.default_rng(0))
    normalizer, picture = fit_normalizer(few_shapes.train.images), few_shapes.val.images[0]
    block = se_caches(model.forward(params, state, normalizer(picture[None]), False)[1])["stage2.se"]
    with style():
        figure = draw_scaling(picture, block, "title", "stamp")
    bars = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("excitation"))
    assert np.allclose([bar.get_height() for bar in bars.patches], block.s[0])


def test_a_mosaic_keeps_each_channels_pixels_and_frames_them():
    maps = np.random.default_rng(0).random((8, 8, 3))
    colors = np.eye(3)
    picture = _mosaic(maps, colors)
    assert np.array_equal(picture[1:9, 1:9, 0], maps[:, :, 0])
    assert np.array_equal(picture[0, 0], colors[0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"squeeze": "max"}, "squeeze: z"),
        ({"squeeze": "avg+max"}, "squeeze: z"),
        ({"squeeze": "none"}, "no squeeze; each channel's mean, which no gate sees"),
        ({"excite": "eca"}, "squeeze: z"),
        ({"gate": "tanh"}, "squeeze: z"),
    ],
    ids=str,
)
def test_one_image_is_followed_through_every_kind_of_block(few_shapes, options, words):
    model = tiny(widths=(4, 6), **options)
    params, state = model.init(np.random.default_rng(0))
    normalizer, picture = fit_normalizer(few_shapes.train.images), few_shapes.train.images[0]
    for block in se_caches(model.forward(params, state, normalizer(picture[None]), False)[1]).values():
        with style():
            figure = draw_scaling(picture, block, "title", "stamp")
        squeeze = next(axes for axes in figure.axes if axes.get_title(loc="left") == words)
        shown = {text.get_text(): axes for axes in [squeeze] for text in axes.get_legend().get_texts()}
        assert len(squeeze.patches) == len(shown) * image_gates(block).shape[1]


def test_a_distribution_shows_all_gates_and_sets_its_ends_apart(picture):
    found = {path: diagnose(stats, None) for path, stats in STATS.items()}
    panels = drawn(picture(draw_distribution, STATS, found))
    assert all(sum(bar.get_height() for bar in axes.patches) == pytest.approx(100) for axes in panels)
    assert [bar.get_hatch() for bar in panels[0].patches] == ["//", *[None] * (BINS - 2), "//"]
    assert panels[0].get_title(loc="left") == "stage1: alive"


def test_both_matrices_of_a_block_are_shown_in_one_order_of_channels_and_units(picture):
    w1, w2 = rng.standard_normal((8, 3)), rng.standard_normal((3, 8))
    upper, lower = (
        np.asarray(axes.images[0].get_array()) for axes in drawn(picture(draw_weights, {"se": (w1, w2)}))[:2]
    )
    units = [int(np.flatnonzero(np.isclose(w2.sum(axis=1), row.sum()))[0]) for row in lower]
    channels = [int(np.flatnonzero((w2[units] == column[:, None]).all(axis=0))[0]) for column in lower.T]
    assert sorted(units) == [0, 1, 2]
    assert np.array_equal(lower, w2[np.ix_(units, channels)])
    assert np.array_equal(upper, w1.T[np.ix_(units, channels)])


def test_rows_that_point_the_same_way_stand_side_by_side():
    directions = rng.standard_normal((3, 6))
    kinds = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    found = kinds[similar_order(directions[kinds] * rng.uniform(1, 2, (9, 1)) + 0.01 * rng.standard_normal((9, 6)))]
    assert np.count_nonzero(np.diff(found)) == 2


def test_hidden_units_are_sorted_by_their_class_and_dead_ones_stand_at_the_end_in_gray(picture):
    h = np.abs(rng.standard_normal((40, 5))) * 0.1
    for unit, favorite in enumerate((7, 2, 5, 0)):
        h[favorite == LABELS, unit] += 1
    h[:, 4] = 0
    figure = picture(draw_hidden, {"stage1.se": summarize_hidden(h, LABELS, 10)}, CLASSES)
    heat = next(axes.images[0].get_array() for axes in figure.axes if axes.images)
    assert heat[:, :4].argmax(axis=0).tolist() == [0, 2, 5, 7]
    assert heat.mask[:, 4].all()
    assert not heat.mask[:, :4].any()


def test_the_openers_are_the_images_of_the_largest_and_of_the_smallest_gates(picture):
    images = rng.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    gates = rng.permuted(np.tile(np.linspace(0, 1, 40)[:, None], (1, 6)), axis=0)
    rows = picture(draw_openers, images, LABELS, CLASSES, gates, [4, 1]).axes
    for axes, channel in zip(rows, (4, 1), strict=True):
        shown = np.asarray(axes.images[0].get_array())
        assert np.array_equal(shown[:, :8], images[gates[:, channel].argmax()])
        assert np.array_equal(shown[:, -10:-2], images[gates[:, channel].argmin()])
        assert f"class {LABELS[gates[:, channel].argmax()]} 1.00" in [text.get_text() for text in axes.texts]


def test_an_answer_shows_the_photo_the_classes_and_this_pictures_gates(picture):
    small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    probabilities = np.linspace(0.19, 0.01, 10)
    own = {path: s[0] for path, s in GATES.items()}
    figure = picture(draw_answer, Picture(small, small, "photo.jpg"), CLASSES, probabilities, own, STATS)
    bars = figure.axes[2]
    assert [bar.get_width() for bar in bars.patches] == pytest.approx([100 * p for p in sorted(probabilities)])
    dots = [axes.lines[0].get_ydata() for axes in figure.axes[3:] if axes.axison]
    assert all(np.array_equal(np.sort(shown), np.sort(s)) for shown, s in zip(dots, own.values(), strict=True))


def test_titles_are_broken_where_the_figure_ends():
    text = new_figure(4, 3, "a finding that takes many words to be told " * 3, "stamp").get_suptitle()
    assert max(map(len, text.split("\n"))) <= 42
    assert text.endswith("stamp")


@pytest.mark.parametrize(
    ("path", "name"),
    [("stage1.se", "stage1"), ("stage1.block2.residual.branch.se", "stage1.block2"), ("se", "se")],
)
def test_a_panel_is_named_by_where_its_block_is(path, name):
    assert short(path) == name
