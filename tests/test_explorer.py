"""The explorer's page as Python makes it: small, complete, alone. What it computes is tested in a browser."""

import json
import re

import numpy as np
import pytest

from senet_np.cli import main
from senet_np.cli.explorer import ALL, SAMPLES, SEED, SHOWN
from senet_np.containers import Sequential
from senet_np.data import make_shapes
from senet_np.explorer.images import drawings
from senet_np.explorer.page import PARTS
from senet_np.explorer.payload import Packer
from senet_np.explorer.program import compile_net
from senet_np.layers import BatchNorm
from senet_np.nets import NETS

MAX_BYTES = 3_000_000
# Of each, Chrome 92, Firefox 113 or Safari 16.4 knows nothing: the page names these versions.
TOO_NEW = (
    r"structuredClone|hasOwn|groupBy|findLast|fromAsync|withResolvers|\.(toSorted|toReversed|toSpliced|with|roundRect)\("
    r"|\bstatic \{|/v\b|:has\(|@(container|layer|scope|starting-style)|color-mix|\binert\b|popover|text-wrap|^\s*&"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "bundled.html"
    assert main(["explorer", ALL, "--out", str(path)]) == 0
    return path.read_text("utf-8")


def data_of(page):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_is_under_three_megabytes_and_all_its_marks_are_filled(page):
    assert len(page.encode()) < MAX_BYTES
    assert not re.search(r"\{(title|style|data|bytes|script)\}", page)


def test_the_page_names_no_address(page):
    without_weights = re.sub(r'"text/plain">.*?</script>', "", page)
    assert not re.findall(r"https?:|//[a-z]|@import|url\(", without_weights)


@pytest.mark.parametrize("part", sorted(PARTS.iterdir()), ids=lambda part: part.name)
def test_a_part_uses_nothing_newer_than_the_browsers_that_the_page_names(part):
    assert not re.search(TOO_NEW, part.read_text("utf-8"), re.MULTILINE)


def test_the_page_shows_the_promised_networks(page):
    assert [net["name"] for net in data_of(page)["nets"]] == [*SHOWN]


def test_the_images_are_those_that_numpy_draws_and_drawings_whose_sources_are_named(page):
    data = data_of(page)
    shown = {net["name"]: net["samples"] for net in data["nets"]}
    assert {name for name, samples in shown.items() if samples} == {"shapes-se", "shapes-plain"}
    assert shown["shapes-se"]["labels"] == make_shapes(SAMPLES, np.random.default_rng(SEED)).labels.tolist()
    assert len(data["sources"]) == len(data["drawings"]["labels"]) == len(drawings().labels)
    assert all("public domain" in source for source in data["sources"])


@pytest.mark.parametrize("name", NETS)
def test_every_network_has_a_program_that_takes_only_earlier_values(name):
    net = NETS[name].build(**({"widths": (8, 8, 8, 8)} if name.startswith("resnet50") else {}))
    program = compile_net(net, *net.init(np.random.default_rng(0)))
    assert all(max(step["in"]) <= k for k, step in enumerate(program.steps))
    assert program.steps[-1]["op"] == "linear"


def test_batch_norm_becomes_one_factor_and_one_term():
    rng, layer = np.random.default_rng(0), BatchNorm(3)
    params = {"bn": {"gamma": rng.standard_normal(3), "beta": rng.standard_normal(3)}}
    state = {"bn": {"mean": rng.standard_normal(3), "var": rng.random(3) + 0.1}}
    net, x = Sequential([("bn", layer)]), rng.standard_normal((2, 4, 4, 3))
    factor, term = compile_net(net, params, state).arrays
    np.testing.assert_allclose(x * factor + term, net.forward(params, state, x, False)[0], atol=1e-12)


def test_a_layer_without_an_instruction_is_named():
    with pytest.raises(TypeError, match=r"other is a object"):
        compile_net(Sequential([("other", object())]), {}, {})  # pyright: ignore


def test_arrays_are_packed_without_loss_and_as_small_as_that_allows():
    packer = Packer()
    exact, fine = np.array([0.5, -2.0], np.float32), np.array([0.1], np.float32)
    assert packer.put(exact) == {"at": 0, "shape": [2], "type": "f2"}
    assert packer.put(fine) == {"at": 4, "shape": [1], "type": "f4"}
    assert packer.put(np.arange(3, dtype=np.uint8)) == {"at": 8, "shape": [3], "type": "u1"}
    halves = np.frombuffer(packer.parts[0], np.uint8).reshape(2, 2).T.tobytes()  # the first bytes, then the second ones
    assert np.frombuffer(halves, "<f2").tolist() == [0.5, -2.0]


def test_a_run_becomes_a_page_of_its_own(tmp_path, few_shapes, monkeypatch):
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: few_shapes)
    run, out = tmp_path / "mine", tmp_path / "mine.html"
    small = ["--data", "shapes", "--widths", "4,4", "--epochs", "1", "--no-plots", "--out", str(run)]
    assert main(["train", *small]) == 0
    assert main(["explorer", str(run), "--out", str(out)]) == 0
    [net] = data_of(out.read_text("utf-8"))["nets"]
    assert net["name"] == "mine"
    assert net["provenance"] == "tiny SE-CNN, r = 4, shapes (made by NumPy), seed 0"
    assert net["result"].startswith("test accuracy ")
    assert net["images_measured"] == "400 images"  # under both skies
    assert net["interventions"]["n"] == 60
    assert len(net["blocks"]) == 2


def test_a_run_comes_with_its_plain_twin(tmp_path, few_shapes, monkeypatch):
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: few_shapes)
    small = ["train", "--data", "shapes", "--widths", "4,4", "--epochs", "1", "--no-plots"]
    for name, more in (("mine", []), ("plain", ["--no-se"])):
        assert main([*small, "--out", str(tmp_path / name), *more]) == 0
    assert main(["explorer", str(tmp_path / "mine"), "--out", str(tmp_path / "mine.html")]) == 0
    nets = data_of((tmp_path / "mine.html").read_text("utf-8"))["nets"]
    assert [(net["name"], net["twin"]) for net in nets] == [("mine", "plain"), ("plain", "")]


def test_arrays_that_are_equal_are_packed_once():
    packer = Packer()
    first, again = packer.put(np.arange(5.0)), packer.put(np.arange(5.0))
    assert (first, len(packer.parts)) == (again, 1)


def test_a_network_that_does_not_exist_is_one_line(capsys):
    assert main(["explorer", "nothing-here"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
