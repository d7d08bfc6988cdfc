"""The explorer's first screen, its two directions and its tour, as a user meets them."""

from pathlib import Path

import numpy as np
import pytest
from chromium import wait_until
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import senet_np

ROOT = Path(__file__).parents[1]
GATES = "current.blocks[state.block].s"
VISIBLE = ["input", "sky", "tabs", "formula", "u", "z", "h", "s", "x", "bypass", "hint", "verdict", "logits", "score"]


@pytest.fixture
def page(browser, explorer):
    """The page as it opens at 1280×720; at the end the console is silent."""
    resize(browser, 1280, 720)
    browser.get("about:blank")
    browser.get(explorer)
    wait_until(browser, "document.body.dataset.ready")
    yield browser
    assert browser.get_log("browser") == []


def resize(browser, width, height):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def click(page, name):
    page.find_element(By.CSS_SELECTOR, name).click()


def test_image_block_and_answer_stand_on_the_first_screen_without_scrolling(page):
    wait_until(page, "$('score').textContent")
    boxes = page.execute_script("return arguments[0].map((id) => $(id).getBoundingClientRect().bottom)", VISIBLE)
    assert max(boxes) <= 720, dict(zip(VISIBLE, boxes, strict=True))
    assert page.execute_script("return document.documentElement.scrollWidth") <= 1280


def test_it_opens_on_gates_that_open_and_shut_and_on_hidden_units_that_are_alive(page):
    for _ in range(2):  # under either sky
        s = np.array(page.execute_script(f"return [...{GATES}]"))
        alive = np.array(page.execute_script("return [...current.blocks[state.block].h]")) > 0
        assert (s < 0.2).mean() > 0.15
        assert (s > 0.8).mean() > 0.1
        assert alive.mean() > 0.25
        click(page, "#sky")


def test_repainting_the_sky_moves_everything_and_what_moves_flashes(page):
    read = f"return [...{GATES}, ...current.logits]"
    before = page.execute_script(read)
    click(page, "#sky")
    assert np.abs(np.subtract(before, page.execute_script(read))).max() > 0.5
    assert page.execute_script("return $('s').getAnimations({ subtree: true }).length") > 10


def test_nothing_flashes_where_the_system_asks_for_less_motion(page):
    reduce = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", reduce)
    click(page, "#sky")
    running = page.execute_script("return $('s').getAnimations({ subtree: true }).length")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert running == 0


def test_the_twin_without_se_answers_beside_it(page):
    assert page.find_element(By.ID, "logits").text.startswith("% with SE without SE")
    shown = page.execute_script("""const twin = data.nets.find((net) => net.name === "shapes-plain");
        const p = softmax(run(twin, state.pixels).logits).map((share) => (100 * share).toFixed(0));
        return [p, [...$("logits").querySelectorAll("tbody tr")].map((row) => row.cells[4].textContent)]""")
    assert shown[0] == shown[1]


def test_the_table_of_gates_has_the_skies_for_its_rows(page):
    assert page.execute_script("return state.net.rows") == ["orange sky", "blue sky"]
    assert "orange sky" in page.find_element(By.ID, "heat-value").text


def test_backward_turns_the_drawing_around_and_shows_where_two_arrows_meet(page):
    click(page, '[data-mode="backward"]')
    page.execute_script("pointAt('u', 5); showFormula()")
    formula = page.find_element(By.ID, "formula").text
    assert formula.startswith("Two arrows meet")
    place = page.execute_script("return largestPlace(gradients, 5)")
    assert np.isclose(place["scaled"] + place["squeezed"], place["sum"], rtol=1e-5)
    for kind, start in {"z": "FC1: dz5", "h": "FC2: dh5", "s": "Scale: ds5", "x": "dX̃ comes"}.items():
        page.execute_script("state.at = { kind: arguments[0], k: 5 }; showFormula()", kind)
        assert page.find_element(By.ID, "formula").text.startswith(start)


def test_a_bug_says_what_it_changes_and_the_link_brings_it_back(page, explorer):
    click(page, '[data-mode="backward"]')
    page.execute_script(
        "const list = $('bug'); list.value = 'squeeze path dropped'; list.dispatchEvent(new Event('change'))"
    )
    hint = page.find_element(By.ID, "hint").text
    off = page.execute_script("return offBy(gradients.du, rightGradients.du)")
    assert off > 0.01
    assert f"dU by {100 * off:.1f} %, dW1 by 0.0 %, dW2 by 0.0 %" in hint
    link = page.execute_script("return stateToLink()")
    page.get("about:blank")
    page.get(explorer + link)
    wait_until(page, "document.body.dataset.ready")
    assert page.find_element(By.ID, "hint").text == hint


@pytest.mark.parametrize(("bug", "kind", "struck", "name"), [
    ("σ′ missing", "s", "·s(1 − s)", "de"),
    ("squeeze path dropped", "u", "+ dz", "du"),
    ("1/(H·W) lost", "u", "/(16·16)", "du"),
])  # fmt: skip
def test_the_formula_of_a_bug_strikes_out_what_is_missing_and_gives_the_right_number(page, bug, kind, struck, name):
    click(page, '[data-mode="backward"]')
    page.execute_script("state.bug = arguments[0]; state.at = { kind: arguments[1], k: 5 }; showAll()", bug, kind)
    assert page.find_element(By.CSS_SELECTOR, "#formula del").text.startswith(struck)
    read = "const g = rightGradients, { at } = largestPlace(gradients, 5);"
    read += "return number(arguments[0] === 'de' ? g.de[5] : g.du.data[at])"
    right = page.execute_script(read, name)
    assert f"(without the bug: {right})" in page.find_element(By.ID, "formula").text


def test_the_page_opens_on_an_image_that_average_gates_turn_into_the_other_square(page):
    click(page, '#force-all [data-to="mean"]')
    pressed = page.execute_script("return [...$('force-all').children].map((b) => b.getAttribute('aria-pressed'))")
    assert pressed == ["false", "true", "false", "false"]
    top = "return state.net.classes.indexOf($('logits').querySelector('.top td').textContent)"
    other = page.execute_script("return state.net.repainted[Number(state.image)]")
    assert page.execute_script(top) == other
    click(page, '#force-all [data-to="learned"]')
    assert page.execute_script(top) != other


def test_the_tour_has_six_steps_and_leaves_everything_as_it_was(page):
    before = page.execute_script("return stateToLink()")
    click(page, "#tour-start")
    for step in range(1, 7):
        assert page.find_element(By.ID, "tour-text").text.startswith(f"{step} of 6")
        assert page.find_elements(By.CSS_SELECTOR, ".toured")
        if step == 6:
            wait_until(page, "$('score').textContent.includes('without SE')", 30)
            assert int(page.find_element(By.ID, "score").text.split()[0]) < 45
            assert page.find_elements(By.CSS_SELECTOR, "#samples .wrong")
        page.switch_to.active_element.send_keys(Keys.ENTER)
    assert not page.find_element(By.ID, "tour").is_displayed()
    assert page.execute_script("return stateToLink()") == before


def test_escape_ends_the_tour(page):
    click(page, "#tour-start")
    page.switch_to.active_element.send_keys(Keys.ENTER, Keys.ESCAPE)
    assert not page.find_element(By.ID, "tour").is_displayed()
    assert not page.find_elements(By.CSS_SELECTOR, ".toured")


def test_the_block_is_ten_stops_of_the_keyboard_away(page):
    page.find_element(By.TAG_NAME, "body").click()
    page.execute_script("document.activeElement.blur()")
    in_block = []
    for _ in range(10):
        page.switch_to.active_element.send_keys(Keys.TAB)
        in_block.append(page.execute_script("return $('block').contains(document.activeElement)"))
    assert any(in_block)


def test_arrow_keys_move_among_the_images(page):
    page.find_element(By.CSS_SELECTOR, '#samples [aria-pressed="true"]').send_keys(Keys.ARROW_RIGHT)
    assert page.execute_script("return state.image") == "7"


def test_a_phone_stacks_the_block_keeps_the_formula_in_view_and_has_targets_for_a_finger(page):
    resize(page, 400, 800)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 400
    sizes = """return [...document.querySelectorAll("button, select, .button, .cell")].filter((e) => e.offsetParent)
        .map((e) => e.getBoundingClientRect()).map(({ width, height }) => Math.min(width, height))"""
    assert min(page.execute_script(sizes)) >= 43.5
    page.execute_script("$('x').scrollIntoView({ block: 'end' })")
    top, bottom = page.execute_script("const b = $('formula').getBoundingClientRect(); return [b.top, b.bottom]")
    assert 0 <= top < bottom <= 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mode", ["forward", "backward", "train"])
def test_axe_finds_nothing(page, mode, scheme):
    axe = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed; `make ci-extra` installs it")
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    click(page, f'[data-mode="{mode}"]')
    page.execute_script((Path(axe.__file__).parent / "axe.min.js").read_text("utf-8"))
    run = "const done = arguments[0]; axe.run(document).then(({ violations }) => done(violations))"
    found = [(one["impact"], one["id"], one["nodes"][0]["html"]) for one in page.execute_async_script(run)]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert found == []


def test_a_dark_system_gets_a_dark_page(page):
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    color = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert max(int(part) for part in color[4:-1].split(",")) < 60


@pytest.mark.parametrize(("mode", "words"), [("forward", "Squeeze. Each map"), ("backward", "dz. The gradient")])
def test_every_term_says_what_it_is(page, mode, words):
    click(page, f'[data-mode="{mode}"]')
    click(page, '.what[data-term="z"]')
    assert page.find_element(By.ID, "formula").text.startswith(words)
    assert len(page.find_elements(By.CSS_SELECTOR, ".what")) == 5
    assert not page.find_elements(By.CSS_SELECTOR, "#formula a"), "there is no site around this page"


def test_within_the_site_terms_lead_to_the_course_and_the_source(page):
    links = page.execute_script("return [TERMS, TERMS_BACKWARD].flatMap((terms) => Object.values(terms))")
    for _, _, course, source in links:
        assert (ROOT / course.replace("course/", "notebooks/").replace(".html", ".ipynb")).exists()
        assert (ROOT / source.replace("source/", "senet_np/").replace(".html", ".py")).exists()
    page.execute_script("document.body.dataset.site = ''")
    click(page, '.what[data-term="s"]')
    hrefs = [link.get_attribute("href") for link in page.find_elements(By.CSS_SELECTOR, "#formula a")]
    assert hrefs[0].endswith("course/04_excitation.html")
    assert hrefs[1].endswith("source/se.html")


def test_the_table_of_replaced_gates_ends_with_the_network_that_never_had_any(page):
    page.execute_script("state.net = data.nets.find(({ name }) => name === 'tiny-se'); showNet()")
    rows = page.find_elements(By.CSS_SELECTOR, "#interventions tbody tr")
    result = senet_np.load("tiny-plain").metadata.result
    last = rows[-1].get_attribute("textContent")
    assert last.startswith("trained without SE")
    assert f"{100 * result.accuracy:.1f}" in last


@pytest.mark.parametrize("part", ["s", "z", "heat", "logits"])
def test_on_paper_the_bars_are_there(page, part):
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = page.find_element(By.ID, part).is_displayed()
    filled = page.execute_script("return getComputedStyle(document.body).printColorAdjust")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert (shown, filled) == (True, "exact")


def test_a_click_on_any_gate_leaves_it_under_the_pointer(page):
    place = "return [...document.querySelectorAll('#s .cell')].map((cell) => cell.getBoundingClientRect().top)"
    before = page.execute_script(place)
    for k in (0, 18, 63):
        click(page, f'#s .cell[data-k="{k}"]')
        assert page.execute_script(place) == before


def test_on_a_phone_the_tour_shows_what_it_speaks_of(page):
    resize(page, 400, 800)
    click(page, "#tour-start")
    for marked in ("u", "h", "s", "x"):
        top, bottom = page.execute_script(
            "const box = $(arguments[0]).getBoundingClientRect(); return [box.top, box.bottom]", marked
        )
        assert 0 < (top + bottom) / 2 < 800, marked
        assert page.execute_script("return $('tour').getBoundingClientRect().bottom") <= 800
        click(page, "#tour-next")


def test_the_site_around_the_page_chooses_light_or_dark(page):
    page.execute_script("document.body.dataset.site = ''; localStorage.setItem('theme', 'dark'); showTheme()")
    dark = page.execute_script("return document.documentElement.dataset.theme")
    page.execute_script("localStorage.removeItem('theme'); delete document.body.dataset.site; showTheme()")
    assert (dark, page.execute_script("return document.documentElement.dataset.theme")) == ("dark", "light")
