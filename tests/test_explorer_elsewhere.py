"""The explorer where browsers refuse, lack or change something: it works, or one sentence says what it needs."""

import re
from contextlib import ExitStack
from html import escape

import numpy as np
import pytest
from chromium import before_every_page, start_chromium, wait_until
from selenium.webdriver.common.by import By

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.data import make_shapes
from senet_np.explorer.page import explorer_page
from senet_np.explorer.payload import ExplorerModel
from senet_np.runs.bundled import findings_path

NEEDS = (
    "This page computes in the browser: it needs JavaScript, and Chrome or Edge 92, Firefox 113, Safari 16.4, "
    "or a later version."
)
NO_LINK = "for a link, open this page in a window of its own"
FRAMES = {
    "sandbox": '<iframe sandbox="allow-scripts" src="page.html">',
    "sandbox and srcdoc": '<iframe sandbox="allow-scripts" srcdoc="{page}">',
    "srcdoc": '<iframe srcdoc="{page}">',
    "about:blank": """<iframe></iframe><textarea hidden>{page}</textarea><script>
        frames[0].document.write(document.querySelector("textarea").value);
        frames[0].document.close();</script>""",
}
GATES = "gates=stage1.se:"
LINKS = [
    "%", "%F0%9F", "=&==;;", "net", "net=__proto__&block=constructor", "top", ":~:text=gate", "فارسی=١", "x" * 100_000,
    "image=__proto__", "image=-1", "image=3-", "image=1e9", "image=photo-sky", "image=own&pixels=%00",
    "image=own&pixels=" + "A" * 100_000, "at=s" + "9" * 400, "at=u-1", "at=x1.5", "at=h31&net=shapes-plain",
    "gates=" + ";" * 100_000, "gates=:;stage1.se", "gates=toString:0=1", GATES + "1" * 100_000, GATES + "-1=0,32=0",
    GATES + "0=" + "9" * 400, GATES + "0=NaN,1=Infinity,2=1e5,3=0x1,4=,5=1=1",
]  # fmt: skip
LACKING = ("DecompressionStream", "OffscreenCanvas", "URLSearchParams", "String.prototype.replaceAll")
POINT_AT_ALL_GATES = """for (const cell of $('s').children)
    cell.dispatchEvent(new PointerEvent('pointerover', { pointerType: 'mouse', bubbles: true }));"""
COUNT = """const write = history.replaceState.bind(history);
    window.asked = 0;
    window.limit = Infinity;
    history.replaceState = (...link) => {
        if (++asked > limit) throw new DOMException('too many', 'SecurityError');
        write(...link);
    };"""
UNAVAILABLE = """for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches'])
        Object.defineProperty(window, name, { get() { throw new DOMException('no storage', 'SecurityError'); } });
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    Object.defineProperty(navigator, 'language', { value: 'ar' });
    Object.defineProperty(document, 'hidden', { value: true });
    window.requestAnimationFrame = () => 0;"""


@pytest.fixture(scope="module")
def html():
    samples = make_shapes(2, np.random.default_rng(0))
    gated, plain = senet_np.load("shapes-se"), senet_np.load("shapes-plain")
    model = ExplorerModel(gated, load_findings(findings_path("shapes-se")), samples, samples.labels)
    return explorer_page([model, ExplorerModel(plain)])


@pytest.fixture(scope="module")
def driver():
    driver = start_chromium(1280, 900)
    yield driver
    driver.quit()


@pytest.fixture
def opened(driver, html, tmp_path):
    """Opens the page, or a changed one, after a script that takes something from the browser."""
    with ExitStack() as stack:

        def open_page(link="", before="", page=html):
            (tmp_path / "page.html").write_text(page, "utf-8")
            stack.enter_context(before_every_page(driver, before))
            driver.get("about:blank")
            driver.get(f"{(tmp_path / 'page.html').as_uri()}#{link}")
            wait_until(driver, "document.body.dataset.ready || document.getElementById('error').textContent")
            return driver

        yield open_page
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.get_log("browser")


@pytest.fixture
def works(opened, driver):
    """The same for a page that starts; at the end, nothing was written to the console."""

    def open_page(link="", before=""):
        opened(link, before)
        assert not driver.find_element(By.ID, "needs").is_displayed()
        return driver

    yield open_page
    assert driver.get_log("browser") == []


def sentence(browser):
    """What stands in place of the page; it is seen after a second."""
    needs, page = (browser.find_element(By.ID, name) for name in ("needs", "page"))
    assert (needs.get_property("hidden"), page.get_property("hidden")) == (False, True)
    return " ".join(needs.get_property("textContent").split())


def resize(browser, width, ratio=1):
    size = {"width": width, "height": 900, "deviceScaleFactor": ratio, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def tap(browser, target, end="touchEnd"):
    """A finger near the upper left corner of an element, moved a little."""
    browser.execute_script("$('block').scrollIntoView()" if target != "input" else "scrollTo(0, 0)")
    box = browser.execute_script("return $(arguments[0]).getBoundingClientRect()", target)
    for kind, moved in ("touchStart", [10]), ("touchMove", [13]), (end, []):
        points = [{"x": box["x"] + by, "y": box["y"] + by} for by in moved]
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_pointing_at_all_gates_writes_one_address(works):
    page = works(before=COUNT)
    page.execute_script("writeAddress(); asked = 0;" + POINT_AT_ALL_GATES)
    wait_until(page, "location.hash.includes('at=s31')")
    assert page.execute_script("return asked") == 1


def test_an_address_that_has_not_changed_is_not_written_again(works):
    page = works(before=COUNT)
    assert page.execute_script("for (let k = 0; k < 3; k++) writeAddress(); return asked") == 1


@pytest.mark.parametrize("limit", [0, 100])
def test_a_browser_that_refuses_the_address_is_not_asked_again_and_all_else_works(works, limit):
    page = works(before=f"{COUNT} limit = {limit}")
    page.execute_script("for (let k = 0; k < 110; k++) { pointAt('s', k % 32); writeAddress(); }" + POINT_AT_ALL_GATES)
    assert page.execute_script("return [asked, state.at.k]") == [limit + 1, 31]
    assert page.find_element(By.ID, "formula").text.startswith("FC2: e31")
    page.execute_script("$('s').children[31].click()")
    wait_until(page, "$('score').textContent.includes('with these gates')")


@pytest.mark.parametrize("frame", FRAMES)
def test_it_works_inside_another_page_and_tells_where_a_link_can_be_had(driver, html, tmp_path, frame):
    (tmp_path / "page.html").write_text(html, "utf-8")
    outside = '<!doctype html><meta charset="utf-8">' + FRAMES[frame].format(page=escape(html))
    (tmp_path / "outside.html").write_text(outside, "utf-8")
    driver.get((tmp_path / "outside.html").as_uri())
    driver.switch_to.frame(0)
    wait_until(driver, "document.body.dataset.ready")
    driver.execute_script(POINT_AT_ALL_GATES + "$('s').children[3].click(); writeAddress(); $('link').click()")
    wait_until(driver, "$('copied').textContent")
    assert driver.execute_script("return $('copied').textContent") == NO_LINK
    assert driver.execute_script("return [...state.forced['stage1.se']]") == [[3, 0]]
    driver.switch_to.default_content()
    assert driver.get_log("browser") == []


def test_it_uses_no_storage_no_clipboard_no_language_and_no_animation_frame(works):
    page = works(before=UNAVAILABLE)
    page.execute_script("$('s').children[0].click(); $('link').click()")
    wait_until(page, "$('score').textContent.includes('with these gates') && $('copied').textContent")
    assert page.find_element(By.ID, "copied").text == "the address of this page is the link"
    assert page.find_element(By.ID, "verdict").text.isascii()


@pytest.mark.parametrize("name", LACKING)
def test_a_browser_that_lacks_something_shows_what_the_page_needs_and_the_error(opened, name):
    page = opened(before=f"delete window.{name}")
    assert sentence(page).startswith(NEEDS + " It did not start: ")
    assert name.split(".")[-1] in sentence(page)


def test_a_browser_that_cannot_read_the_script_shows_what_the_page_needs(opened, html):
    page = opened(page=html.replace("const GATES", "const ?# GATES"))
    assert sentence(page).startswith(NEEDS + " It did not start: Uncaught SyntaxError")


def test_a_damaged_file_shows_an_error_and_no_empty_page(opened, html):
    page = opened(page=re.sub(r'(<script id="bytes"[^>]*>)', r"\1AAAA", html))
    assert "It did not start: " in sentence(page)


def test_without_javascript_the_page_says_what_it_needs(driver, html, tmp_path):
    (tmp_path / "page.html").write_text(html, "utf-8")
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    driver.get((tmp_path / "page.html").as_uri())
    wait_until(driver, "getComputedStyle(document.getElementById('needs')).visibility === 'visible'")
    shown = sentence(driver)
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert shown == NEEDS


def test_no_link_breaks_the_page_or_forces_a_gate_that_does_not_exist(works):
    page = works()
    for link in LINKS:
        page.execute_script("history.replaceState(null, '', '#' + arguments[0]); readLink(); showAll()", link)
        forced, finite = page.execute_script("return [anyForced(), current.logits.every(Number.isFinite)]")
        assert (forced, finite) == (False, True), link[:40]


def test_the_back_button_leads_to_the_page_as_it_was(works):
    page = works()
    page.execute_script("$('s').children[3].click(); writeAddress()")
    page.get("about:blank")
    page.back()
    wait_until(page, "document.body.dataset.ready")
    assert page.execute_script("return [...state.forced['stage1.se']]") == [[3, 0]]


def test_a_stroke_that_the_system_cancels_is_classified(works):
    page = works()
    tap(page, "input", "touchCancel")
    assert page.execute_script("return state.image") == "own"
    shown, right = page.execute_script("return [[...current.logits], [...run(state.net, state.pixels).logits]]")
    assert shown == right


def test_the_first_tap_of_a_finger_on_a_map_shows_the_formula_and_the_second_one_forces(works):
    page = works("at=s5")
    tap(page, "u")
    assert page.execute_script("return [state.at, anyForced()]") == [{"kind": "u", "k": 0}, False]
    tap(page, "u")
    assert page.execute_script("return [...state.forced['stage1.se']]") == [[0, 0]]


def test_clicks_arrive_in_a_page_that_was_translated(works):
    page = works()
    page.execute_script("""for (const text of ["#tabs :nth-child(2)", '[data-to="0"]']) {
        const button = document.querySelector(text);
        button.innerHTML = `<font><font>${button.textContent}</font></font>`;
        button.querySelector("font font").click();
    }""")
    assert page.execute_script("return [state.block, state.forced['stage2.se'].size]") == ["stage2.se", 64]


def test_a_zoomed_page_needs_no_scrolling_sideways_and_a_click_hits_its_map(works):
    page = works()
    for width, ratio, gate in (640, 2, 0), (427, 3, 1):
        resize(page, width, ratio)
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        page.execute_script("""const box = $("u").getBoundingClientRect(), x = box.left + 1.5 * box.width / 8;
            $("u").dispatchEvent(new MouseEvent("click", { clientX: x, clientY: box.top + 5 }))""")
        assert page.execute_script("return [...state.forced['stage1.se']]") == [[1, gate]]


def test_a_print_and_a_theme_of_high_contrast_keep_the_fills(works):
    page = works()
    for part in "$('s').children[0], '::before'", "document.querySelector('#logits .bar div')":
        script = f"const {{ printColorAdjust, forcedColorAdjust }} = getComputedStyle({part})"
        style = page.execute_script(f"{script}; return [printColorAdjust, forcedColorAdjust]")
        assert style == ["exact", "none"]


def test_a_print_has_the_whole_heat_map(works):
    page = works()
    resize(page, 718)  # A4 within its margins
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    width, visible = page.execute_script("return [$('heat').clientWidth, $('heat').parentElement.clientWidth]")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert width <= visible
