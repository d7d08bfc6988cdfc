"""Figures: every panel, curve, bar and dot that the numbers ask for is there. test_explain.py renders them."""

import numpy as np
import pytest
from untrained import FEW, untrained

from senet_np.analysis.gates import BINS, summarize
from senet_np.analysis.health import diagnose
from senet_np.analysis.hidden import summarize_hidden
from senet_np.analysis.interventions import ALL, INTERVENTIONS, Interventions
from senet_np.analysis.order import similar_order
from senet_np.analysis.pruning import ORDERS, SHARES, Pruning
from senet_np.analysis.specificity import class_selectivity, variance_shares
from senet_np.containers import image_gates
from senet_np.data.dataset import Split
from senet_np.data.photo import Photo
from senet_np.figures.answer import Answer, draw_answer
from senet_np.figures.curves import draw_curves
from senet_np.figures.distribution import draw_distribution
from senet_np.figures.gates import draw_gates
from senet_np.figures.hidden import draw_hidden
from senet_np.figures.interventions import draw_interventions
from senet_np.figures.profiles import draw_profiles
from senet_np.figures.pruning import draw_pruning
from senet_np.figures.registry import kinds
from senet_np.figures.scaling import _mosaic, draw_scaling
from senet_np.figures.shares import draw_shares
from senet_np.figures.sky import draw_sky
from senet_np.figures.snapshots import draw_snapshots
from senet_np.figures.style import style
from senet_np.figures.top_images import draw_top_images
from senet_np.figures.weights import draw_weights

rng = np.random.default_rng(0)
LABELS = np.repeat(np.arange(10), 4)
CLASSES = [f"class {k}" for k in range(10)]
GATES = {f"stage{k}.se": rng.uniform(size=(40, 8 * k)) for k in (1, 2, 3, 4)}
STATS = {path: summarize(s, LABELS, 10) for path, s in GATES.items()}


@pytest.fixture(autouse=True)
def in_style():
    """Every figure is drawn in the shared style."""
    with style():
        yield


def drawn(figure):
    return [axes for axes in figure.axes if axes.axison]


def test_the_heat_maps_show_the_means_and_the_spread_in_one_order():
    stats = STATS["stage2.se"]
    figure = draw_gates(stats, CLASSES)
    order = np.argsort(stats.overall_mean)
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    assert np.array_equal(shown[0], stats.mean[:, order])
    assert np.array_equal(shown[1], stats.sd[:, order])


def test_profiles_have_one_panel_per_block_and_the_mean_of_all_rises_in_each():
    panels = drawn(draw_profiles(STATS, CLASSES, [0, 3, 5]))
    assert [axes.get_title(loc="left") for axes in panels] == ["stage1", "stage2", "stage3", "stage4"]
    for axes, stats in zip(panels, STATS.values(), strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.lines}
        assert [*lines] == ["class 0", "class 3", "class 5", "all images, mean"]
        assert np.array_equal(lines["all images, mean"], np.sort(stats.overall_mean))


def test_shares_are_bars_that_fill_the_width():
    shares = {path: variance_shares(stats) for path, stats in STATS.items()}
    selectivity = {path: class_selectivity(stats.mean) for path, stats in STATS.items()}
    bars, dots = drawn(draw_shares(shares, selectivity, {"stage1.se": np.array([0.25, 0.5])}))
    ends = [bar.get_x() + bar.get_width() for bar in bars.patches]
    assert ends[-4:] == pytest.approx([100] * 4)
    assert len(dots.lines) == 2 * len(GATES)


def test_interventions_have_one_panel_per_place_with_the_learned_accuracy_in_each():
    correct = {place: dict.fromkeys(INTERVENTIONS, 30) for place in ("stage1.se", ALL)}
    panels = drawn(draw_interventions(Interventions(40, 36, correct)))
    assert [axes.get_title(loc="left") for axes in panels] == ["stage1 alone", ALL]
    assert all(list(axes.lines[-1].get_xdata()) == [90.0, 90.0] for axes in panels)


def test_snapshots_are_a_grid_of_histograms_of_100_percent():
    snapshots = {step: dict.fromkeys(GATES, np.full(BINS, 1 / BINS)) for step in (0, 10, 100)}
    panels = drawn(draw_snapshots(snapshots, (0.0, 1.0)))
    assert len(panels) == 3 * len(GATES)
    assert all(sum(bar.get_height() for bar in axes.patches) == pytest.approx(100) for axes in panels)


def test_pruning_has_a_curve_for_each_order_and_end():
    curve = np.linspace(0.9, 0.1, len(SHARES))
    found = Pruning(
        np.array(SHARES), dict.fromkeys(ORDERS, curve), dict.fromkeys(ORDERS, curve), np.stack([curve] * 5), 40
    )
    (axes,) = drawn(draw_pruning(found, 0.1))
    assert len([line for line in axes.lines if not line.get_label().startswith("_")]) == 5


def test_curves_show_what_was_logged():
    records = [
        {"epoch": e, "train_loss": 1 / e, "train_accuracy": 0.1 * e, "val_loss": 2 / e, "val_accuracy": 0.2 * e}
        for e in (1, 2)
    ]
    figure = draw_curves(records)
    assert [list(line.get_ydata()) for line in figure.axes[0].lines] == [[1, 0.5], [2, 1]]
    assert np.allclose([line.get_ydata() for line in figure.axes[1].lines], [[10, 20], [20, 40]])


def test_the_scaling_figure_shows_the_gates_of_this_image():
    image = FEW.val.images[0]
    _, activations = untrained(widths=(4, 6, 8)).run(image[None], record=True)
    figure = draw_scaling(image, activations.blocks["stage2.se"])
    bars = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("excitation"))
    assert np.allclose([bar.get_height() for bar in bars.patches], activations.gates["stage2.se"][0])


def test_a_mosaic_keeps_each_channels_pixels_and_frames_them():
    maps = np.random.default_rng(0).random((8, 8, 3))
    colors = np.eye(3)
    mosaic = _mosaic(maps, colors)
    assert np.array_equal(mosaic[1:9, 1:9, 0], maps[:, :, 0])
    assert np.array_equal(mosaic[0, 0], colors[0])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"squeeze": "max"}, "squeeze: z"),
        ({"squeeze": "avg+max"}, "squeeze: z"),
        ({"squeeze": "none"}, "no squeeze; each channel's mean, which no gate sees"),
        ({"attention": "eca"}, "squeeze: z"),
        ({"gate": "tanh"}, "squeeze: z"),
    ],
    ids=str,
)
def test_one_image_is_followed_through_every_kind_of_block(settings, words):
    image = FEW.train.images[0]
    _, activations = untrained(widths=(4, 6), **settings).run(image[None], record=True)
    for block in activations.blocks.values():
        figure = draw_scaling(image, block)
        squeeze = next(axes for axes in figure.axes if axes.get_title(loc="left") == words)
        shown = {text.get_text(): axes for axes in [squeeze] for text in axes.get_legend().get_texts()}
        assert len(squeeze.patches) == len(shown) * image_gates(block).shape[1]


def test_a_distribution_shows_all_gates_and_sets_its_ends_apart():
    health = {path: diagnose(stats, None) for path, stats in STATS.items()}
    panels = drawn(draw_distribution(STATS, health))
    assert all(sum(bar.get_height() for bar in axes.patches) == pytest.approx(100) for axes in panels)
    assert [bar.get_hatch() for bar in panels[0].patches] == ["//", *[None] * (BINS - 2), "//"]
    assert panels[0].get_title(loc="left") == "stage1: alive"


def test_both_matrices_of_a_block_are_shown_in_one_order_of_channels_and_units():
    w1, w2 = rng.standard_normal((8, 3)), rng.standard_normal((3, 8))
    upper, lower = (np.asarray(axes.images[0].get_array()) for axes in drawn(draw_weights({"se": (w1, w2)}))[:2])
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


def test_hidden_units_are_sorted_by_their_class_and_dead_ones_stand_at_the_end_in_gray():
    h = np.abs(rng.standard_normal((40, 5))) * 0.1
    for unit, favorite in enumerate((7, 2, 5, 0)):
        h[favorite == LABELS, unit] += 1
    h[:, 4] = 0
    figure = draw_hidden({"stage1.se": summarize_hidden(h, LABELS, 10)}, CLASSES)
    heat = next(axes.images[0].get_array() for axes in figure.axes if axes.images)
    assert heat[:, :4].argmax(axis=0).tolist() == [0, 2, 5, 7]
    assert heat.mask[:, 4].all()
    assert not heat.mask[:, :4].any()


def test_the_top_images_are_those_of_the_largest_and_of_the_smallest_gates():
    images = rng.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    gates = rng.permuted(np.tile(np.linspace(0, 1, 40)[:, None], (1, 6)), axis=0)
    rows = draw_top_images(Split(images, LABELS), CLASSES, gates, [4, 1]).axes
    for axes, channel in zip(rows, (4, 1), strict=True):
        shown = np.asarray(axes.images[0].get_array())
        assert np.array_equal(shown[:, :8], images[gates[:, channel].argmax()])
        assert np.array_equal(shown[:, -10:-2], images[gates[:, channel].argmin()])
        assert f"class {LABELS[gates[:, channel].argmax()]} 1.00" in [text.get_text() for text in axes.texts]


def test_an_answer_shows_the_photo_the_classes_and_this_images_gates():
    small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    probabilities = np.linspace(0.19, 0.01, 10)
    own = {path: s[0] for path, s in GATES.items()}
    figure = draw_answer(Answer(Photo(small, small, "photo.jpg"), CLASSES, probabilities, own, STATS))
    bars = figure.axes[2]
    assert [bar.get_width() for bar in bars.patches] == pytest.approx([100 * p for p in sorted(probabilities)])
    dots = [axes.lines[0].get_ydata() for axes in figure.axes[3:] if axes.axison]
    assert all(np.array_equal(np.sort(shown), np.sort(s)) for shown, s in zip(dots, own.values(), strict=True))


def test_both_skies_are_drawn_with_their_answers_and_every_blocks_gates():
    both = {path: np.stack([s, 1 - s]) for path, s in GATES.items()}
    figure = draw_sky(rng.integers(0, 256, (2, 8, 8, 3), dtype=np.uint8), ["dots", "rings"], both)
    titles = [axes.get_title() or axes.get_title(loc="left") for axes in figure.axes]
    assert titles[:2] == ["orange sky: the net answers\n“dots”", "blue sky: the net answers\n“rings”"]
    assert titles[2:] == ["stage1", "stage2", "stage3", "stage4"]
    assert np.allclose(np.sort(figure.axes[2].lines[0].get_ydata()), np.sort(GATES["stage1.se"].mean(axis=0)))


def test_every_kind_of_figure_has_its_words_and_a_place_of_its_own():
    assert all(min(map(len, (kind.name, kind.alt, kind.see, kind.beware))) > 5 for kind in kinds())
    assert len({kind.place for kind in kinds()}) == len(kinds())
    assert [kind.key for kind in kinds()][:3] == ["answer", "scaling", "curves"]
