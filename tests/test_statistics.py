"""What several seeds may say: intervals that keep their promise."""

import numpy as np
import pytest

from senet_np.experiments.statistics import paired_difference, t975


def test_the_interval_is_the_one_of_the_textbook():
    found = paired_difference([4.0, 6.0, 5.0, 9.0, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.values == (3.0, 4.0, 2.0, 5.0, 1.0)
    assert found.mean == 3.0
    assert found.half == pytest.approx(2.776 * np.sqrt(2.5) / np.sqrt(5))


def test_with_fewer_than_five_pairs_there_is_no_interval():
    found = paired_difference([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0])
    assert found.half is None
    assert found.verdict == "too few seeds to say"


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0.0, "no difference seen"), (0.9, "no difference seen"), (2.1, "more"), (-2.1, "less")]
)
def test_the_verdict_is_no_difference_where_the_interval_covers_0(shift, verdict):
    noise = np.array([-1.0, 1.0, -0.5, 0.5, 0.0])  # its half interval is 0.98
    assert paired_difference(noise + shift, np.zeros(5)).verdict == verdict


def test_what_a_seed_does_to_both_sides_cancels_out():
    seeds = np.array([0.0, 30.0, -20.0, 10.0, 5.0])
    assert paired_difference(np.add(seeds, [1.0, 1.1, 0.9, 1.0, 1.0]), seeds).half < 0.2


def test_students_t_falls_towards_the_normal_distributions_point():
    points = [t975(degrees) for degrees in range(4, 200)]
    assert points == sorted(points, reverse=True)
    assert points[-1] == pytest.approx(1.972, abs=3e-3)  # 199 degrees, from a table


def test_95_of_100_intervals_cover_the_truth():
    rng = np.random.default_rng(0)
    found = [paired_difference(rng.normal(0.3, 1, 5), np.zeros(5)) for _ in range(4000)]
    covered = np.mean([abs(d.mean - 0.3) <= d.half for d in found])
    assert covered == pytest.approx(0.95, abs=0.011)  # three standard errors of such a share


def test_below_the_tables_first_row_there_is_no_value():
    with pytest.raises(ValueError, match="degrees is 3, expected at least 4"):
        t975(3)
