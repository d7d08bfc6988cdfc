"""The Train tab: its gradients are NumPy's, both networks learn the same images, and what they learn can be opened."""

import json

import numpy as np
import pytest
from chromium import wait_until
from selenium.webdriver.common.by import By

from senet_np.nets import tiny
from senet_np.ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from senet_np.tree import tree_build, tree_items

CLOSE = 1e-4  # of an array's largest value, between JavaScript and NumPy in float32
WORKER = """const worker = new Function("onmessage", "postMessage", "performance", $("trainer").textContent
    + "; return { makeImages, randomFrom, newParams, forward, lossAndGradients, repainted, adamStep }")();"""
PATIENCE = 150  # seconds, on a machine that does other things too


@pytest.fixture
def page(browser, explorer):
    """The Train tab, with both workers ready; at the end the console is silent."""
    browser.get("about:blank")
    browser.get(f"{explorer}#mode=train")
    wait_until(browser, "document.body.dataset.ready && training.latest.se && training.latest.plain", PATIENCE)
    yield browser
    assert browser.get_log("browser") == []


def click(page, name):
    page.find_element(By.ID, name).click()


def choose(page, name, value):
    page.execute_script(
        "$(arguments[0]).value = arguments[1]; $(arguments[0]).dispatchEvent(new Event('change'))", name, value
    )


@pytest.mark.parametrize("se", [True, False], ids=["with SE", "without SE"])
def test_loss_and_every_gradient_are_numpys(page, se):
    script = """const p = worker.newParams(3, arguments[0], 4);
        const { x, labels } = worker.makeImages(6, worker.randomFrom(7), 0.1);
        const shift = (value, k, array) => value + 0.05 * Math.sin(k + array.length);
        for (const array of Object.values(p)) array.set(array.map(shift));
        const { loss, grads } = worker.lossAndGradients(x, labels, p);
        const plain = (tree) => Object.fromEntries(Object.entries(tree).map(([name, array]) => [name, [...array]]));
        return JSON.stringify({ x: [...x], labels: [...labels], loss, p: plain(p), grads: plain(grads) })"""
    found = json.loads(page.execute_script(WORKER + script, se))
    net = tiny(se=se, widths=(8, 16), classes=4)
    drawn, state = net.init(np.random.default_rng(0))
    shapes = {path: array.shape for path, array in tree_items(drawn)}
    assert {name: len(values) for name, values in found["p"].items()} == {
        path: int(np.prod(shape)) for path, shape in shapes.items()
    }
    params = tree_build({path: np.float32(found["p"][path]).reshape(shape) for path, shape in shapes.items()})
    logits, cache, _ = net.forward(params, state, np.float32(found["x"]).reshape(-1, 16, 16, 3), True)
    loss, loss_cache = softmax_cross_entropy_forward(logits, np.array(found["labels"]))
    assert np.isclose(found["loss"], loss, rtol=1e-5)
    for path, gradient in tree_items(net.backward(softmax_cross_entropy_backward(1.0, loss_cache), cache)[1]):
        largest = np.abs(gradient).max()
        np.testing.assert_allclose(found["grads"][path], gradient.ravel(), rtol=0, atol=CLOSE * largest)


def test_the_sky_names_the_square_and_no_unit_sees_both(page):
    script = """const { x, labels, others } = worker.makeImages(40, worker.randomFrom(1), 0);
        const again = worker.repainted(worker.repainted(x));
        return JSON.stringify({ x: [...x], labels: [...labels], others: [...others], again: [...again] })"""
    found = json.loads(page.execute_script(WORKER + script))
    images = np.array(found["x"]).reshape(40, 16, 16, 3)
    assert np.array_equal(found["again"], found["x"])
    assert all(one != other for one, other in zip(found["labels"], found["others"], strict=True))
    colored = np.abs(images[..., 0] - images[..., 2]).max(axis=(0, 2)) > 0.1
    sky, ground = np.flatnonzero(colored[:5]).max(), 5 + np.flatnonzero(colored[5:]).min()
    assert ground - sky >= 8, "a unit of the last stage sees 8×8 pixels"


def test_with_se_it_learns_what_without_se_it_cannot(page):
    click(page, "train-run")
    wait_until(page, "training.latest.se.accuracy > 0.85 && training.latest.plain.images > 3000", PATIENCE)
    click(page, "train-run")
    assert page.execute_script("return training.latest.plain.accuracy") < 0.75
    assert page.find_elements(By.CSS_SELECTOR, "#wrong-plain .wrong")
    orange, blue = np.array(page.execute_script("return training.latest.se.gates.map((gates) => gates[1])"))
    assert np.abs(orange - blue).max() > 0.2
    right = page.execute_script("openTrained(); return training.latest.se.right.reduce((a, b) => a + b)")
    assert page.execute_script("return [state.net.name, state.mode, SIZE]") == ["trained here", "forward", 16]
    wait_until(page, "$('score').textContent.includes('without SE')", 30)
    assert page.find_element(By.ID, "score").text.startswith(f"{right} of 24 sample images")


def test_the_same_seed_takes_the_same_steps_and_another_one_others(page):
    def first_loss(seed):
        choose(page, "train-seed", seed)
        wait_until(page, "training.latest.se?.images === 0 && training.latest.plain?.images === 0", PATIENCE)
        click(page, "train-step")
        wait_until(page, "training.latest.se.images === 32 && training.latest.plain.images === 32", PATIENCE)
        return page.execute_script("return [training.latest.se.loss, training.latest.plain.loss]")

    assert first_loss(5) == first_loss(5) != first_loss(6)


def test_r_sets_the_number_of_hidden_units(page):
    for r, hidden in ((1, [8, 16]), (8, [2, 2])):
        choose(page, "train-r", r)
        wait_until(page, "training.latest.se", PATIENCE)
        widths = "return [1, 2].map((k) => training.latest.se.p[`stage${k}.se.b1`].length)"
        assert page.execute_script(widths) == hidden


def test_another_tab_pauses_the_training(page):
    click(page, "train-run")
    page.find_element(By.CSS_SELECTOR, '[data-mode="forward"]').click()
    assert page.execute_script("return training.running") is False
    assert page.find_element(By.ID, "block").is_displayed()
    assert not page.find_element(By.ID, "train").is_displayed()


def test_the_tab_needs_no_scrolling_sideways_on_a_phone(page):
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 400
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
