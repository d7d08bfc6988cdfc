"""The explorer in a browser: it computes what NumPy computes, clicks do what they say, and the console is silent."""

import shutil

import numpy as np
import pytest

from senet_np.analysis.findings import load_findings
from senet_np.analysis.replace import with_gates
from senet_np.analysis.subject import Subject, of_box
from senet_np.cli import main
from senet_np.cli.explorer import ALL, FROM_THE_BOX, SAMPLES, SEED
from senet_np.containers import image_gates, se_caches
from senet_np.data import load_shapes, make_shapes
from senet_np.data.augment import Normalizer
from senet_np.data.photo import sample_photo
from senet_np.data.shapes import CLASSES, other_labels, swap_sky
from senet_np.explorer.page import explorer_page
from senet_np.explorer.payload import Exhibit
from senet_np.nets import NETS
from senet_np.runs.bundled import findings_path, pretrained
from senet_np.settings import make_settings
from senet_np.tree import tree_map

webdriver = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed; `make ci-extra` installs it")
if not shutil.which("chromedriver"):
    pytest.skip("there is no Chromium with its driver; `make ci-extra` installs them", allow_module_level=True)

from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

CLOSE = 1e-4  # between JavaScript and NumPy
VARIANTS = {
    "max": {"squeeze": "max"}, "avg+max": {"squeeze": "avg+max"}, "none": {"squeeze": "none"},
    "tanh": {"gate": "tanh"}, "relu": {"gate": "relu"}, "no bias": {"se_bias": False}, "eca": {"excite": "eca"},
    "stage 2 alone": {"stages": (2,)},
}  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "window-size=1400,2000"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})  # pyright: ignore
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "box.html"
    main(["explorer", ALL, "--out", str(path)])
    return path.as_uri()


@pytest.fixture
def show(browser, box):
    """Opens the box's page at a link, and sees at the end that nothing was said on the console or fetched."""

    def at(link=""):
        browser.get("about:blank")
        browser.get(f"{box}#{link}")
        WebDriverWait(browser, 20).until(lambda driver: driver.execute_script("return document.body.dataset.ready"))
        return browser

    yield at
    assert browser.get_log("browser") == []
    assert browser.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)") == []


def computed(browser, k, pixels, forced=None):
    """Logits and gates of the page's k-th network: {"logits": [...], "gates": {path: [...]}}."""
    script = """
        const forced = Object.fromEntries(Object.entries(arguments[2]).map(([path, gates]) => [path, new Map(gates)]));
        const { logits, blocks } = run(data.nets[arguments[0]], arguments[1], forced);
        const gates = Object.entries(blocks).map(([path, block]) => [path, [...block.s]]);
        return { logits: [...logits], gates: Object.fromEntries(gates) };
    """
    return browser.execute_script(script, k, np.asarray(pixels).ravel().tolist(), forced or {})


def by_numpy(subject, pixels, forced=None):
    """The same in NumPy; forced gates go in block by block, as each changes what the later blocks see."""
    net, x = subject.net, subject.normalizer(pixels[None])

    def look(net):
        logits, cache, _ = net.forward(subject.params, subject.state, x, False)
        return logits[0], {path: image_gates(block)[0] for path, block in se_caches(cache).items()}

    logits, own = look(net)
    gates, given = {}, {}
    for path in own:
        gates[path] = look(with_gates(net, given))[1][path].copy()
        for channel, gate in (forced or {}).get(path, []):
            gates[path][channel] = gate
        if (forced or {}).get(path):
            given[path] = gates[path]
    return look(with_gates(net, given))[0] if given else logits, gates


def agree(found, expected):
    logits, gates = expected
    np.testing.assert_allclose(found["logits"], logits, atol=CLOSE, rtol=0)
    assert found["gates"].keys() == gates.keys()
    for path, s in gates.items():
        np.testing.assert_allclose(found["gates"][path], s, atol=CLOSE, rtol=0)


def text(browser, name):
    return browser.find_element(By.ID, name).text


@pytest.mark.parametrize("name", FROM_THE_BOX)
def test_javascript_and_numpy_agree_on_logits_and_gates(show, name):
    page, subject = show(), of_box(pretrained(name))
    for pixels in (*load_shapes().test.images[:3], sample_photo().small):
        agree(computed(page, FROM_THE_BOX.index(name), pixels), by_numpy(subject, pixels))


@pytest.mark.parametrize("name", [name for name in FROM_THE_BOX if name != "tiny-plain"])
def test_they_agree_with_gates_forced_in_several_blocks(show, name):
    page, subject, pixels = show(), of_box(pretrained(name)), load_shapes().test.images[5]
    forced = {"stage1.se": [[0, 0], [7, 1]], "stage2.se": [[3, 0]], "stage3.se": [[100, 1], [101, 0]]}
    agree(computed(page, FROM_THE_BOX.index(name), pixels, forced), by_numpy(subject, pixels, forced))


def samples():
    return make_shapes(SAMPLES, np.random.default_rng(SEED))


def fresh(net, **choices):
    """An untrained network whose running moments have seen some pictures, as an exhibit."""
    rng, settings = np.random.default_rng(0), make_settings("shapes", {"net": net, **choices})
    built = settings.build_net()
    normalizer = Normalizer(np.full(3, 120, np.float32), np.full(3, 60, np.float32))
    params, state = built.init(rng)
    params = tree_map(lambda a: a + 0.02 * rng.standard_normal(a.shape).astype(a.dtype), params)
    pictures = load_shapes(sizes=(80, 1, 1)).train.images
    for start in range(0, 80, 8):
        x = normalizer(pictures[start : start + 8])
        _, _, state = built.forward(params, state, x, True)
    subject = Subject(settings, built, params, state, normalizer, tuple("0123456789"), net, "", [], {})
    return Exhibit(f"{net} {choices}", subject, None, "", None, None)


def test_every_network_and_every_choice_of_the_paper_agrees(browser, tmp_path):
    exhibits = [fresh(net) for net in NETS if net != "resnet110"]
    exhibits += [fresh("tiny", **choices) for choices in VARIANTS.values()]
    exhibits += [fresh("resnet20", position=position) for position in ("pre", "post", "identity")]
    path = tmp_path / "all.html"
    path.write_text(explorer_page(exhibits, None), "utf-8")
    browser.get(path.as_uri())
    WebDriverWait(browser, 20).until(lambda driver: driver.execute_script("return document.body.dataset.ready"))
    pixels = load_shapes().test.images[0]
    for k, one in enumerate(exhibits):
        agree(computed(browser, k, pixels), by_numpy(one.subject, pixels))
        browser.execute_script(
            "state.net = data.nets[arguments[0]]; state.block = state.net.order[0].path; showNet()", k
        )
        for kind in "uzhsx":
            browser.execute_script("state.at = { kind: arguments[0], k: 1 }; showFormula()", kind)
    assert browser.get_log("browser") == []


def test_a_click_on_a_gate_forces_it_to_0_then_to_1_then_lets_it_go(show):
    page = show("net=shapes-se&block=stage1.se&picture=0")
    learned = page.execute_script("return [...now.logits]")
    gates = page.find_elements(By.CSS_SELECTOR, "#s .cell")
    for gate in (0, 1):
        gates[13].click()
        assert f"gate of channel 13: {gate}" in gates[13].get_attribute("aria-label")
        assert f"You forced it to {gate}." in text(page, "formula")
        expected = by_numpy(of_box(pretrained("shapes-se")), samples().images[0], {"stage1.se": [[13, gate]]})
        np.testing.assert_allclose(page.execute_script("return [...now.logits]"), expected[0], atol=CLOSE)
    gates[13].click()
    assert page.execute_script("return [...now.logits]") == learned
    assert not page.find_element(By.ID, "release").is_enabled()


def test_a_click_on_a_map_is_a_click_on_its_gate(show):
    page = show("net=shapes-se&block=stage1.se&picture=0")
    page.execute_script("""const canvas = document.getElementById("u"), box = canvas.getBoundingClientRect();
        const at = { clientX: box.left + 1.5 * box.width / 8, clientY: box.top + 5 };
        canvas.dispatchEvent(new MouseEvent("click", at))""")
    assert page.execute_script("return [...state.forced['stage1.se']]") == [[1, 0]]


def test_the_samples_are_counted_again_with_forced_gates(show):
    page, subject = show("net=shapes-se&picture=0&gates=stage1.se:13=0,31=0,15=0"), of_box(pretrained("shapes-se"))
    WebDriverWait(page, 30).until(lambda driver: text(driver, "score"))
    images, labels = samples()
    forced = {"stage1.se": [[13, 0], [31, 0], [15, 0]]}
    right = sum(int(by_numpy(subject, x, forced)[0].argmax() == y) for x, y in zip(images, labels, strict=True))
    own = sum(int(by_numpy(subject, x)[0].argmax() == y) for x, y in zip(images, labels, strict=True))
    assert (
        text(page, "score") == f"Of 60 sample pictures {right} are right with these gates, {own} with the learned ones."
    )


def test_the_sky_is_repainted_as_numpy_does_it(show):
    page, images = show("net=shapes-se&picture=3"), samples().images[3:4]
    page.find_element(By.ID, "sky").click()
    assert page.execute_script("return [...state.pixels]") == swap_sky(images).ravel().tolist()
    meant = CLASSES[other_labels(SAMPLES, np.random.default_rng(SEED))[3]]
    assert text(page, "verdict").endswith(f"The right answer is {meant}.")


def test_all_gates_of_a_block_are_forced_at_once(show):
    page, subject = show("net=shapes-se&block=stage1.se&picture=0"), of_box(pretrained("shapes-se"))
    mean = load_findings(findings_path("shapes-se")).blocks["stage1.se"].mean.mean(axis=0)
    for to, gates in (("0", np.zeros(32)), ("1", np.ones(32)), ("mean", mean)):
        page.find_element(By.CSS_SELECTOR, f'#all [data-to="{to}"]').click()
        forced = page.execute_script("return [...state.forced['stage1.se']]")
        np.testing.assert_allclose([gate for _, gate in forced], gates, atol=4e-3)  # stored in 255 steps
        expected = by_numpy(subject, samples().images[0], {"stage1.se": forced})
        np.testing.assert_allclose(page.execute_script("return [...now.logits]"), expected[0], atol=CLOSE)
    address = page.execute_script("return location.hash")
    assert show(address[1:]).execute_script("return [...state.forced['stage1.se']]") == forced
    page.find_element(By.CSS_SELECTOR, '#all [data-to="learned"]').click()
    assert not page.execute_script("return anyForced()")


def test_a_network_without_se_shows_no_gates(show):
    page = show("net=shapes-se&picture=0")
    page.execute_script("const list = $('net'); list.value = 'tiny-plain'; list.dispatchEvent(new Event('change'))")
    assert "has no SE blocks" in text(page, "tabs")
    assert not page.find_element(By.ID, "s").is_displayed()


def test_a_finger_reads_first_and_forces_at_the_second_tap(show):
    page = show("net=shapes-se&block=stage1.se&picture=0&at=s0")
    tap = """const cell = $('s').children[7];
        cell.dispatchEvent(new PointerEvent('pointerdown', { pointerType: 'touch', bubbles: true }));
        cell.dispatchEvent(new MouseEvent('click', { bubbles: true }));
        return [state.at.k, anyForced()]"""
    assert page.execute_script(tap) == [7, False]
    assert page.execute_script(tap) == [7, True]


def test_a_stroke_leaves_no_gap(show):
    page = show("net=shapes-se&picture=0")
    page.execute_script("$('brush').value = '1'; $('paint').value = '#010203'; paintTo(2, 1); paintTo(2, 30)")
    row = np.array(page.execute_script("return [...state.pixels]")).reshape(32, 32, 3)[2]
    assert (row[1:31] == [1, 2, 3]).all()


def test_a_link_brings_everything_back(show):
    page = show("net=tiny-se&block=stage2.se&picture=photo")
    page.find_elements(By.CSS_SELECTOR, "#s .cell")[5].click()
    page.find_element(By.ID, "sorted").click()
    before = page.execute_script(
        "return [location.hash, [...now.logits], document.getElementById('formula').textContent]"
    )
    page = show(before[0][1:])
    assert (
        page.execute_script("return [location.hash, [...now.logits], document.getElementById('formula').textContent]")
        == before
    )
    assert "1 forced" in text(page, "tabs")


def test_a_drawing_travels_in_its_link(show):
    page = show("net=tiny-se")
    page.find_element(By.ID, "input").click()
    drawn = page.execute_script("return [location.hash, [...state.pixels]]")
    assert "picture=own" in drawn[0]
    assert show(drawn[0][1:]).execute_script("return [...state.pixels]") == drawn[1]


def test_a_link_with_nonsense_in_it_shows_the_page_all_the_same(show):
    page = show("net=no&block=x&picture=999&gates=stage1.se:9999=0,x=1;y&at=q7&sorted=%F0")
    assert page.execute_script("return [state.net.name, anyForced(), state.picture]") == [FROM_THE_BOX[0], False, "0"]
    page = show("picture=own&pixels=abc")
    assert text(page, "verdict").startswith("It says ")


def test_the_keyboard_is_enough(show):
    page = show("net=shapes-se&block=stage1.se&picture=0")
    page.find_element(By.CSS_SELECTOR, "#s .cell").send_keys(Keys.ARROW_RIGHT)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    assert page.execute_script("return [...state.forced['stage1.se']]") == [[1, 0]]
    page.find_element(By.CSS_SELECTOR, '#tabs [aria-selected="true"]').send_keys(Keys.ARROW_RIGHT)
    assert page.execute_script("return state.block") == "stage2.se"
    page.find_element(By.ID, "input").send_keys(Keys.ARROW_DOWN, Keys.SPACE)
    assert page.execute_script("return state.picture") == "own"


def test_a_picture_file_of_32_by_32_arrives_as_it_is(show, tmp_path):
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mine.png")
    page = show("net=tiny-se")
    page.find_element(By.ID, "file").send_keys(str(tmp_path / "mine.png"))
    WebDriverWait(page, 10).until(lambda driver: driver.execute_script("return state.picture") == "own")
    assert page.execute_script("return [...state.pixels]") == pixels.ravel().tolist()


def test_what_is_no_picture_is_said(show, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    page = show("net=tiny-se")
    page.find_element(By.ID, "file").send_keys(str(tmp_path / "text.png"))
    WebDriverWait(page, 10).until(lambda driver: "text.png is not a picture" in text(driver, "verdict"))


def test_the_formula_shows_the_number_that_the_network_computes(show):
    page = show("net=shapes-se&block=stage1.se&picture=0&at=h3")
    a = page.execute_script("return now.blocks['stage1.se'].a[3]")
    assert f"max(0, {a:.3f})".replace("-", "−") in text(page, "formula")
    for kind, word in {"z": "Squeeze", "s": "FC2", "x": "Scale", "u": "U, channel"}.items():
        assert text(show(f"net=shapes-se&block=stage1.se&picture=0&at={kind}3"), "formula").startswith(word)


def test_a_narrow_screen_needs_no_scrolling_sideways(show):
    page = show("net=shapes-se")
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    assert page.execute_script("return document.documentElement.scrollWidth") <= 380
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
