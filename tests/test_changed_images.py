"""Networks on changed images, with gates that see the change and with gates that do not."""

from pathlib import Path

import pytest
from tools import changes, measure_changes

import senet_np
from senet_np.data import load_shapes
from senet_np.data.dataset import Split
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.train.evaluation import evaluate

PAGE = Path(__file__).parents[1] / "docs" / "gates.md"
CAST = "color cast 0.6"  # the sky decides the class, so this one misleads


@pytest.fixture(scope="module")
def few():
    images, labels = load_shapes(sizes=(10, 10, 200)).test
    return Split(images, labels)


def measured(name, few):
    with Workers(1) as workers:
        return measure_changes.measure(senet_np.load(name), few, workers, (CAST,))


def test_the_images_as_they_are_are_tested_as_evaluate_does(few):
    with Workers(1) as workers:
        expected = evaluate(senet_np.load("shapes-se"), few, workers).correct
    assert measured("shapes-se", few).own["unchanged"] == expected


def test_where_nothing_changes_both_gates_give_the_same_answers(few, monkeypatch):
    monkeypatch.setattr(measure_changes, "changed", lambda images, name: images)
    line = measured("shapes-se", few)
    assert line.blind[CAST] == line.own[CAST] == line.own["unchanged"]


def test_gates_that_do_not_see_another_sky_still_name_the_right_square(few):
    line = measured("shapes-se", few)
    assert line.blind[CAST] > line.own[CAST]


def test_a_network_without_gates_is_tested_once(few):
    assert measured("shapes-plain", few).blind == {}


def test_another_images_gates_differ_only_by_the_change(few, monkeypatch):
    model = senet_np.load("shapes-se")
    with Workers(1) as workers:
        found = measure_changes.measure_swapped(model, few, workers, (CAST,))
        monkeypatch.setattr(measure_changes, "changed", lambda images, name: images)
        still = measure_changes.measure_swapped(model, few, workers, (CAST,))
    assert found.changed != found.unchanged
    assert still.changed == still.unchanged


def test_two_lines_of_one_seed_are_refused(tmp_path, monkeypatch):
    (tmp_path / "page.md").write_text("<!-- changes net -->\n<!-- end -->\n")
    monkeypatch.setattr(changes, "read_lines", lambda: [line(True, 0, blind=50), line(True, 0, blind=50)])
    with pytest.raises(SenetError, match="two lines of one seed"):
        changes.refreshed(tmp_path / "page.md")


def line(se, seed, **own):
    counts = {name: own.get("right", 50) for name in ("unchanged", *changes.CHANGES)}
    blind = {name: own["blind"] for name in changes.CHANGES} if se else {}
    return measure_changes.Line("a net", "net", se, 1, seed, "data", 100, counts, blind, {})


def test_the_table_has_an_interval_from_five_networks_on():
    networks = [line(True, seed, right=60 + seed, blind=50) for seed in range(5)]
    assert "| noise 0.08 | – | 62.0 | 50.0 | +12.0 ± 2.0 |" in changes.table(networks)
    assert "| noise 0.08 | 50.0 | 60.5 | 50.0 | +10.0, +11.0 |" in changes.table([*networks[:2], line(False, 0)])


def test_the_page_has_the_tables_of_the_lines():
    assert changes.refreshed(PAGE) == PAGE.read_text("utf-8"), "run: python docs/tools/changes.py docs/gates.md"


def test_a_net_without_a_line_is_refused(tmp_path):
    (tmp_path / "page.md").write_text("<!-- changes cloud -->\n<!-- end -->\n")
    with pytest.raises(SenetError, match="asks for 'cloud', and no line is about it"):
        changes.refreshed(tmp_path / "page.md")
