"""The pictures of what was found: every panel, curve and bar that the numbers ask for is there."""

import numpy as np
import pytest

from senet_np.explain.controls import ALL, CONTROLS, Controls
from senet_np.explain.findings import draw_controls, draw_moments, draw_profiles, draw_pruning, draw_shares
from senet_np.explain.gates import summarise
from senet_np.explain.pruning import ORDERS, SHARES, Pruning
from senet_np.explain.specificity import class_selectivity, variance_shares
from senet_np.explain.style import save, style

rng = np.random.default_rng(0)
LABELS = np.repeat(np.arange(10), 4)
CLASSES = [f"class {k}" for k in range(10)]
GATES = {f"stage{k}.se": rng.uniform(size=(40, 8 * k)) for k in (1, 2, 3, 4)}
STATS = {path: summarise(s, LABELS, 10) for path, s in GATES.items()}


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


def test_profiles_have_a_panel_a_block_and_the_mean_of_all_rises_in_each(picture):
    panels = drawn(picture(draw_profiles, STATS, CLASSES, [0, 3, 5]))
    assert [axes.get_title(loc="left") for axes in panels] == [*GATES]
    for axes, stats in zip(panels, STATS.values(), strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.lines}
        assert [*lines] == ["class 0", "class 3", "class 5", "all images, mean"]
        assert np.array_equal(lines["all images, mean"], np.sort(stats.overall_mean))


def test_shares_are_bars_that_fill_the_width(picture):
    shares = {path: variance_shares(s, LABELS) for path, s in GATES.items()}
    selectivity = {path: class_selectivity(stats.mean) for path, stats in STATS.items()}
    bars, dots = drawn(picture(draw_shares, shares, selectivity))
    ends = [bar.get_x() + bar.get_width() for bar in bars.patches]
    assert ends[-4:] == pytest.approx([100] * 4)
    assert len(dots.lines) == 2 * len(GATES)


def test_controls_have_a_panel_a_place_with_the_learned_accuracy_in_each(picture):
    correct = {place: dict.fromkeys(CONTROLS, 30) for place in ("stage1.se", ALL)}
    panels = drawn(picture(draw_controls, Controls(40, 36, correct)))
    assert [axes.get_title(loc="left") for axes in panels] == ["stage1.se alone", ALL]
    assert all(list(axes.lines[-1].get_xdata()) == [90.0, 90.0] for axes in panels)


def test_moments_are_a_grid_of_histograms_of_100_percent(picture):
    moments = {step: {path: s.astype(np.float16) for path, s in GATES.items()} for step in (0, 10, 100)}
    panels = drawn(picture(draw_moments, moments))
    assert len(panels) == 3 * len(GATES)
    assert all(sum(bar.get_height() for bar in axes.patches) == pytest.approx(100) for axes in panels)


def test_pruning_has_a_curve_for_each_order_and_end(picture):
    curve = np.linspace(0.9, 0.1, len(SHARES))
    found = Pruning(
        np.array(SHARES), dict.fromkeys(ORDERS, curve), dict.fromkeys(ORDERS, curve), np.stack([curve] * 5), 40
    )
    (axes,) = drawn(picture(draw_pruning, found, 0.1))
    assert len([line for line in axes.lines if not line.get_label().startswith("_")]) == 5
