"""What a user brings to the explorer: images and networks, opened, dropped or pasted; and the page in another one."""

import json

import numpy as np
import pytest
from chromium import wait_until
from in_numpy import assert_same, by_numpy
from selenium.webdriver.common.by import By
from untrained import FEW, untrained, with_statistics

import senet_np
from senet_np.cli import main
from senet_np.explorer.images import drawings
from senet_np.nets import NETS
from senet_np.runs.interchange import save_weights
from senet_np.runs.run import write_run

NETWORKS = [{"net": net} for net in NETS if not net.startswith(("resnet50", "resnet110"))]
NETWORKS += [{"se_bias": False, "squeeze": "none"}, {"attention": "eca"}]
GIVE = """
    const file = new File([Uint8Array.from(arguments[0])], arguments[1]), transfer = new DataTransfer();
    transfer.items.add(file);
    const kind = arguments[2], event = kind === "drop" ? new DragEvent(kind, { dataTransfer: transfer, bubbles: true })
      : new ClipboardEvent(kind, { clipboardData: transfer, bubbles: true });
    document.body.dispatchEvent(event);
"""


@pytest.fixture(scope="module")
def page(browser, explorer):
    browser.get(explorer)
    wait_until(browser, "document.body.dataset.ready")
    return browser


def exported(model, folder, ending=".npz"):
    """A model as `senet-np export` writes it."""
    write_run(folder / "run", model)
    assert main(["export", str(folder / "run"), str(folder / f"mine{ending}")]) == 0
    return folder / f"mine{ending}"


def opened(page, path):
    """Open a file by the button; what the page says about it."""
    page.execute_script("$('verdict').textContent = ''")
    page.find_element(By.ID, "file").send_keys(str(path))
    wait_until(page, "$('verdict').textContent")
    return page.find_element(By.ID, "verdict").text


def shown(page):
    """Logits and gates of the network and the image that are shown."""
    script = """
        const { logits, blocks } = run(state.net, state.pixels);
        const gates = Object.entries(blocks).map(([path, block]) => [path, [...block.s]]);
        return { pixels: [...state.pixels], logits: [...logits], gates: Object.fromEntries(gates) };
    """
    return page.execute_script(script)


@pytest.mark.parametrize("settings", NETWORKS, ids=str)
def test_an_exported_network_computes_in_the_page_what_it_computes_here(page, tmp_path, settings):
    model = with_statistics(FEW, settings)
    opened(page, exported(model, tmp_path))
    found = shown(page)
    pixels = np.array(found["pixels"], np.uint8).reshape(32, 32, 3)
    assert_same(found, by_numpy(model, pixels))
    assert page.find_element(By.ID, "net").get_attribute("value") == "mine.npz"


def test_a_safetensors_file_is_read_too(page, tmp_path):
    model = with_statistics(FEW, {})
    opened(page, exported(model, tmp_path, ".safetensors"))
    found = shown(page)
    assert_same(found, by_numpy(model, np.array(found["pixels"], np.uint8).reshape(32, 32, 3)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a network", "is not a network that this page can read"),
        ({}, "it is not a file that `senet-np export` of this version wrote"),
        ({"program": [], "view": [224, 0.875, "bilinear"]}, "its images have 224×224 pixels"),
        ({"program": [{"op": "linear", "path": "fc", "in": [0], "w": "fc.weight"}]}, "fc.weight is missing"),
    ],
)
def test_a_file_that_is_no_such_network_is_refused_in_a_sentence(page, tmp_path, content, message):
    path = tmp_path / "mine.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        model = untrained(widths=(4,))
        about = {"data": {"name": "shapes", "classes": []}, "mean": [0] * 3, "std": [1] * 3, **content}
        save_weights(path, model.params, model.state, {"senet_np": json.dumps(about)})
    assert message in opened(page, path)
    assert page.find_element(By.ID, "net").get_attribute("value")


def test_texts_in_a_file_do_not_become_html(page, tmp_path):
    model = untrained(widths=(4,))
    path = exported(model, tmp_path)
    with np.load(path) as file:
        arrays = dict(file)
    metadata = json.loads(str(arrays.pop("__metadata__")))
    about = json.loads(metadata["senet_np"])
    about["data"]["classes"] = ['<img src=x onerror="document.body.id=1">'] * 10
    np.savez(path, __metadata__=np.array(json.dumps({"senet_np": json.dumps(about)})), **arrays)
    opened(page, path)
    assert page.find_elements(By.CSS_SELECTOR, "#logits img") == []
    assert "img src=x" in page.find_element(By.ID, "logits").text


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_an_image_is_dropped_or_pasted_anywhere_on_the_page(page, tmp_path, kind):
    from PIL import Image

    Image.fromarray(np.full((50, 40, 3), (200, 30, 10), np.uint8)).save(tmp_path / "red.png")
    page.execute_script("chooseImage('0'); showAll()")
    page.execute_script(GIVE, [*(tmp_path / "red.png").read_bytes()], "red.png", kind)
    wait_until(page, "state.image === 'own'")
    assert page.execute_script("return [...state.pixels.slice(0, 3)]") == [200, 30, 10]


def test_networks_for_cifar10_open_on_drawings_of_their_own_classes(page):
    page.execute_script("state.net = data.nets.find((net) => net.name === 'tiny-se'); chooseImage('0'); showNet()")
    wait_until(page, "$('score').textContent.includes('without SE')", 30)
    split = drawings()
    model = senet_np.load("tiny-se")
    right = (model.run(split.images).argmax(1) == split.labels).sum()
    words = page.find_element(By.ID, "score").text
    assert words.startswith(f"{right} of {len(split.labels)} sample images are classified correctly")
    assert {*split.labels.tolist()} == {*range(10)}
    assert "The correct answer is airplane" in page.find_element(By.ID, "verdict").text
    assert len(page.find_elements(By.CSS_SELECTOR, "#sources li")) == len(split.labels)


def test_inside_another_page_there_are_image_block_and_answer_alone(browser, explorer):
    browser.get("about:blank")
    browser.get(f"{explorer}#mini")
    wait_until(browser, "document.body.dataset.ready")
    visible = "return ['input', 'sky', 'z', 'h', 's', 'x', 'logits', 'formula', 'samples', 'net', 'heat', 'link']"
    visible += ".filter((id) => $(id).offsetParent !== null)"
    assert browser.execute_script(visible) == ["input", "sky", "z", "h", "s", "x", "logits"]
    before = browser.find_element(By.ID, "logits").text
    browser.find_element(By.ID, "sky").click()
    assert browser.find_element(By.ID, "logits").text != before


def test_inside_a_page_on_a_phone_there_are_image_gates_and_answer(browser, explorer):
    size = {"width": 370, "height": 590, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get("about:blank")
        browser.get(f"{explorer}#mini")
        wait_until(browser, "document.body.dataset.ready")
        visible = "return ['input', 'sky', 'z', 'h', 's', 'x', 'logits'].filter((id) => $(id).offsetParent !== null)"
        assert browser.execute_script(visible) == ["input", "sky", "s", "logits"]
        bottom = browser.execute_script("return $('score').getBoundingClientRect().bottom")
        assert bottom <= size["height"], "all of it is seen without scrolling"
        assert browser.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_link_begins_the_tour(browser, explorer):
    browser.get("about:blank")
    browser.get(f"{explorer}#tour")
    wait_until(browser, "document.body.dataset.ready")
    assert browser.find_element(By.ID, "tour-text").text.startswith("1 of 6")
