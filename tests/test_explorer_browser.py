"""The explorer in a browser: it computes what NumPy computes, clicks do what they say, and the console is silent."""

import numpy as np
import pytest
from chromium import requested, start_chromium, wait_until
from in_numpy import CLOSE, assert_same, by_numpy
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from untrained import with_statistics

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.cli.explorer import SAMPLES, SEED, SHOWN
from senet_np.data import make_shapes
from senet_np.data.shapes import CLASSES, other_labels, swap_sky
from senet_np.explorer.images import drawings
from senet_np.explorer.page import explorer_page
from senet_np.explorer.payload import ExplorerModel
from senet_np.nets import NETS
from senet_np.runs.bundled import findings_path

VARIANTS = [
    *({"squeeze": squeeze} for squeeze in ("max", "avg+max", "none")),
    *({"gate": gate} for gate in ("tanh", "relu", "hard_sigmoid")),
    {"se_bias": False}, {"attention": "eca"}, {"stages": (2,)},
    *({"net": "resnet20", "position": position} for position in ("pre", "post", "identity")),
]  # fmt: skip
SHAPES = "net=shapes-se&block=stage1.se&image=0"


@pytest.fixture(scope="module")
def browser():
    driver = start_chromium(1400, 2000)
    yield driver
    driver.quit()


@pytest.fixture
def load(browser, explorer):
    """Loads the page of the bundled models at a link; at the end, nothing was written to the console or fetched."""

    def load_at(link=""):
        browser.get("about:blank")
        browser.get(f"{explorer}#{link}")
        wait_until(browser, "document.body.dataset.ready")
        return browser

    yield load_at
    assert browser.get_log("browser") == []
    assert requested(browser) == []


@pytest.fixture
def show(browser, explorer, load):
    """The same, but a page that is already loaded only changes its link, which is quicker."""

    def show_at(link=""):
        if not browser.current_url.startswith(explorer):
            return load(link)
        # The address keeps its place: a click on a link whose address is there already would change nothing.
        browser.execute_script(
            "history.replaceState(null, '', '#' + arguments[0]); dispatchEvent(new Event('hashchange'))", link
        )
        return browser

    return show_at


def computed(browser, k, pixels, forced=None):
    """Logits and gates of the page's k-th network: {"logits": [...], "gates": {path: [...]}}."""
    script = """
        const forced = Object.fromEntries(Object.entries(arguments[2]).map(([path, gates]) => [path, new Map(gates)]));
        const { logits, blocks } = run(data.nets[arguments[0]], arguments[1], forced);
        const gates = Object.entries(blocks).map(([path, block]) => [path, [...block.s]]);
        return { logits: [...logits], gates: Object.fromEntries(gates) };
    """
    return browser.execute_script(script, k, np.asarray(pixels).ravel().tolist(), forced or {})


def text(browser, name):
    return browser.find_element(By.ID, name).text


def link_of(browser):
    """The address as it will be when nothing changes for a while."""
    return browser.execute_script("writeAddress(); return location.hash.slice(1)")


def forced_in(browser, path):
    return browser.execute_script("return [...state.forced[arguments[0]]]", path)


@pytest.fixture(scope="module")
def shapes_se():
    return senet_np.load("shapes-se")


@pytest.fixture(scope="module")
def samples():
    return make_shapes(SAMPLES, np.random.default_rng(SEED))


@pytest.mark.parametrize("name", SHOWN)
def test_javascript_and_numpy_agree_on_logits_and_gates(show, few_shapes, name):
    page, model = show(), senet_np.load(name)
    for pixels in (*few_shapes.test.images[:3], drawings().images[0]):
        assert_same(computed(page, SHOWN.index(name), pixels), by_numpy(model, pixels))


@pytest.mark.parametrize("name", [name for name in SHOWN if not name.endswith("plain")])
def test_they_agree_with_gates_forced_in_several_blocks(show, few_shapes, name):
    page, model, pixels = show(), senet_np.load(name), few_shapes.test.images[5]
    forced = {"stage1.se": [[0, 0], [7, 1]], "stage2.se": [[3, 0]], "stage3.se": [[100, 1], [101, 0]]}
    assert_same(computed(page, SHOWN.index(name), pixels, forced), by_numpy(model, pixels, forced))


def test_every_network_and_every_choice_of_the_paper_agrees(browser, few_shapes, tmp_path):
    narrow = {name: {"widths": (4, 4, 8, 8)} for name in NETS if name.startswith("resnet50")}
    choices = [{"net": net, **narrow.get(net, {})} for net in NETS if net != "resnet110"] + VARIANTS
    models = [with_statistics(few_shapes, settings) for settings in choices]
    path = tmp_path / "all.html"
    path.write_text(explorer_page([ExplorerModel(model) for model in models]), "utf-8")
    browser.get(path.as_uri())
    wait_until(browser, "document.body.dataset.ready")
    pixels = few_shapes.test.images[0]
    for k, model in enumerate(models):
        assert_same(computed(browser, k, pixels), by_numpy(model, pixels))
        browser.execute_script(
            "state.net = data.nets[arguments[0]]; state.block = state.net.blockSteps[0].path; showNet()", k
        )
        for kind in "uzhsx":
            browser.execute_script("state.at = { kind: arguments[0], k: 1 }; showFormula()", kind)
    assert browser.get_log("browser") == []


def test_a_click_on_a_gate_forces_it_to_0_then_to_1_then_releases_it(show, shapes_se, samples):
    page = show(SHAPES)
    learned = page.execute_script("return [...current.logits]")
    gates = page.find_elements(By.CSS_SELECTOR, "#s .cell")
    for gate in (0, 1):
        gates[13].click()
        assert f"gate of channel 13: {gate}" in gates[13].get_attribute("aria-label")
        assert f"Now forced to {gate}." in text(page, "formula")
        expected = by_numpy(shapes_se, samples.images[0], {"stage1.se": [[13, gate]]})
        np.testing.assert_allclose(page.execute_script("return [...current.logits]"), expected[0], atol=CLOSE)
    gates[13].click()
    assert page.execute_script("return [...current.logits]") == learned
    assert not page.execute_script("return anyForced()")


def test_a_click_on_a_map_is_a_click_on_its_gate(show):
    page = show(SHAPES)
    page.execute_script("""const canvas = document.getElementById("u"), box = canvas.getBoundingClientRect();
        const at = { clientX: box.left + 1.5 * box.width / 8, clientY: box.top + 5 };
        canvas.dispatchEvent(new MouseEvent("click", at))""")
    assert forced_in(page, "stage1.se") == [[1, 0]]


def test_the_samples_are_counted_again_with_forced_gates(show, shapes_se, samples):
    page, forced = show(f"{SHAPES}&gates=stage1.se:13=0,31=0,15=0"), {"stage1.se": [[13, 0], [31, 0], [15, 0]]}
    wait_until(page, "$('score').textContent.includes('without SE')", 30)
    correct, learned, plain = (
        sum(int(by_numpy(model, x, gates)[0].argmax() == y) for x, y in zip(*samples, strict=True))
        for model, gates in ((shapes_se, forced), (shapes_se, None), (senet_np.load("shapes-plain"), None))
    )
    expected = (
        f"{correct} of 60 sample images are classified correctly with these gates, {learned} with the learned ones. "
        f"Trained without SE: {plain}."
    )
    assert text(page, "score") == expected


def test_the_sky_is_repainted_as_numpy_does_it(show, samples):
    page = show("net=shapes-se&image=3")
    page.find_element(By.ID, "sky").click()
    assert page.execute_script("return [...state.pixels]") == swap_sky(samples.images[3:4]).ravel().tolist()
    correct = CLASSES[other_labels(SAMPLES, np.random.default_rng(SEED))[3]]
    assert text(page, "verdict").endswith(f"The correct answer is {correct}.")


def test_all_gates_of_a_block_are_forced_at_once(show, load, shapes_se, samples):
    page = show(SHAPES)
    mean = load_findings(findings_path("shapes-se")).blocks["stage1.se"].mean.mean(axis=0)
    for to, gates in (("0", np.zeros(32)), ("1", np.ones(32)), ("mean", mean)):
        page.find_element(By.CSS_SELECTOR, f'#force-all [data-to="{to}"]').click()
        forced = forced_in(page, "stage1.se")
        np.testing.assert_allclose([gate for _, gate in forced], gates, atol=4e-3)  # stored in 255 steps
        expected = by_numpy(shapes_se, samples.images[0], {"stage1.se": forced})
        np.testing.assert_allclose(page.execute_script("return [...current.logits]"), expected[0], atol=CLOSE)
    assert forced_in(load(link_of(page)), "stage1.se") == forced
    page.find_element(By.CSS_SELECTOR, '#force-all [data-to="learned"]').click()
    assert not page.execute_script("return anyForced()")


def test_a_network_without_se_shows_no_gates(show):
    page = show(SHAPES)
    page.execute_script("const list = $('net'); list.value = 'tiny-plain'; list.dispatchEvent(new Event('change'))")
    assert "has no SE blocks" in text(page, "tabs")
    assert not page.find_element(By.ID, "s").is_displayed()


def test_the_first_tap_of_a_finger_shows_the_formula_and_the_second_one_forces(show):
    page = show(f"{SHAPES}&at=s0")
    tap = """const cell = $('s').children[7];
        cell.dispatchEvent(new PointerEvent('pointerdown', { pointerType: 'touch', bubbles: true }));
        cell.dispatchEvent(new MouseEvent('click', { bubbles: true }));
        return [state.at.k, anyForced()]"""
    assert page.execute_script(tap) == [7, False]
    assert page.execute_script(tap) == [7, True]


def test_a_stroke_leaves_no_gap(show):
    page = show(SHAPES)
    page.execute_script("$('brush').value = '1'; $('paint').value = '#010203'; paintTo(2, 1); paintTo(2, 30)")
    row = np.array(page.execute_script("return [...state.pixels]")).reshape(32, 32, 3)[2]
    assert (row[1:31] == [1, 2, 3]).all()


def test_a_link_brings_everything_back(show, load):
    everything = "return [[...current.logits], $('formula').textContent, $('sorted').checked]"
    page = show("net=tiny-se&block=stage2.se&image=2")
    page.find_elements(By.CSS_SELECTOR, "#s .cell")[5].click()
    page.find_element(By.ID, "sorted").click()
    before, link = page.execute_script(everything), link_of(page)
    page = load(link)
    assert (page.execute_script(everything), link_of(page)) == (before, link)
    assert "stage2 (1)" in text(page, "tabs")


def test_a_drawing_travels_in_its_link(show, load):
    page = show("net=tiny-se")
    page.find_element(By.ID, "input").click()
    drawn, link = page.execute_script("return [...state.pixels]"), link_of(page)
    assert "image=own" in link
    assert load(link).execute_script("return [...state.pixels]") == drawn


def test_a_link_with_nonsense_in_it_shows_the_page_all_the_same(load, show):
    page = load("net=no&block=x&image=999&gates=stage1.se:9999=0,x=1;y&at=q7&sorted=%F0")
    assert page.execute_script("return [state.net.name, anyForced(), state.image]") == [SHOWN[0], False, "6"]
    page = show("image=own&pixels=abc")
    assert text(page, "verdict").startswith("Its answer: ")


def test_a_link_of_version_0_1_shows_its_image(show):
    assert show("net=shapes-se&picture=3-sky").execute_script("return state.image") == "3-sky"


def test_the_keyboard_is_enough(show):
    page = show(SHAPES)
    page.find_element(By.CSS_SELECTOR, "#s .cell").send_keys(Keys.ARROW_RIGHT)
    page.switch_to.active_element.send_keys(Keys.ENTER)
    assert forced_in(page, "stage1.se") == [[1, 0]]
    page.find_element(By.CSS_SELECTOR, '#tabs [aria-selected="true"]').send_keys(Keys.ARROW_RIGHT)
    assert page.execute_script("return state.block") == "stage2.se"
    page.find_element(By.ID, "input").send_keys(Keys.ARROW_DOWN, Keys.SPACE)
    assert page.execute_script("return state.image") == "own"


def test_an_image_file_of_32_by_32_arrives_as_it_is(show, tmp_path):
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mine.png")
    page = show("net=tiny-se&image=2")
    page.find_element(By.ID, "file").send_keys(str(tmp_path / "mine.png"))
    wait_until(page, "state.image === 'own'", 10)
    assert page.execute_script("return [...state.pixels]") == pixels.ravel().tolist()


def test_a_file_that_is_no_image_is_refused_by_name(show, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    page = show("net=tiny-se")
    page.find_element(By.ID, "file").send_keys(str(tmp_path / "text.png"))
    wait_until(page, "$('verdict').textContent.includes('text.png')", 10)
    assert "text.png is not an image" in text(page, "verdict")


def test_the_formula_shows_the_number_that_the_network_computes(show):
    page = show(f"{SHAPES}&at=h3")
    a = page.execute_script("return current.blocks['stage1.se'].a[3]")
    assert f"max(0, {a:.3f})".replace("-", "−") in text(page, "formula")
    for kind, word in {"z": "Squeeze", "s": "FC2", "x": "Scale", "u": "U, channel"}.items():
        assert text(show(f"{SHAPES}&at={kind}3"), "formula").startswith(word)


def test_a_narrow_screen_needs_no_scrolling_sideways(show):
    page = show("net=shapes-se")
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    assert page.execute_script("return document.documentElement.scrollWidth") <= 380
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
