"""The built site in a browser: complete, alone, and silent. `make docs` builds it; `make ci-extra` runs this."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from chromium import requested, start_chromium, wait_until
from selenium.webdriver.common.by import By

import senet_np

SITE = Path(__file__).parents[1] / "build" / "site"
PAGES = sorted(SITE.rglob("*.html"))
if not PAGES:
    pytest.skip("the site is not built: make docs", allow_module_level=True)

NARROW = ("index", "paper", "source/se", "source/index", "course/05_se_block", "gates", "api/relatives")
WITH_MATH = ("paper.html", "course/04_excitation.html", "course/05_se_block.html", "course/assignments/1_ops.html")


class Links(HTMLParser):
    """What a page points to, what it loads, and the places in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loads, self.places = [], [], {""}
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.places |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        loaded = given.get("src") or (given.get("href") if tag == "link" else None)
        if loaded:
            self.loads.append(loaded)


@pytest.fixture(scope="module")
def found():
    return {path: Links(path) for path in PAGES}


@pytest.fixture(scope="module")
def browser():
    driver = start_chromium(1300, 1000)
    yield driver
    driver.quit()


def test_every_internal_link_leads_to_a_page_and_to_a_place_on_it(found):
    dead = []
    for path, page in found.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = found.get(target)
            if not target.exists() or (
                known and target.name != "explorer.html" and unquote(parts.fragment) not in known.places
            ):
                dead.append(f"{path.relative_to(SITE)}: {link}")
    assert dead == []


def test_no_page_loads_anything_from_elsewhere(found):
    from_elsewhere = {
        load for page in found.values() for load in page.loads if urlsplit(load).scheme not in ("", "data")
    }
    assert from_elsewhere == set()


def test_every_page_opens_from_a_file_silently_and_asks_for_nothing_from_elsewhere(browser):
    for path in PAGES:
        browser.get(path.as_uri())
        assert [name for name in requested(browser) if not name.startswith(("file:", "data:", "blob:"))] == [], path
        assert browser.get_log("browser") == [], path


@pytest.mark.parametrize("name", WITH_MATH)
def test_formulas_are_set_by_the_site_itself(browser, name):
    browser.get((SITE / name).as_uri())
    wait_until(browser, "document.querySelector('mjx-container')")
    wait_until(browser, "[...document.querySelectorAll('.math')].every((math) => math.querySelector('mjx-container'))")
    assert browser.find_elements(By.CSS_SELECTOR, "mjx-merror, [data-mjx-error]") == []


def open_page(browser, name, width=1280, height=720, scheme="light"):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    browser.get("about:blank")
    browser.get((SITE / f"{name}.html").as_uri())


def bottom(browser, selector):
    return browser.execute_script(f"return document.querySelector({selector!r}).getBoundingClientRect().bottom")


def test_the_first_screen_says_what_se_is_shows_it_at_work_and_has_one_start(browser):
    open_page(browser, "index")
    assert "multiplies each channel by a number between 0 and 1" in browser.find_element(By.CLASS_NAME, "lead").text
    assert bottom(browser, ".live") < bottom(browser, ".start") <= 720
    assert len(browser.find_elements(By.CLASS_NAME, "start")) == 1
    results = [senet_np.load(name).metadata.result.accuracy for name in ("shapes-se", "shapes-plain")]
    caption = browser.find_element(By.CSS_SELECTOR, ".front .caption").text
    assert all(f"{100 * accuracy:.1f} %" in caption for accuracy in results)
    assert browser.find_elements(By.CSS_SELECTOR, 'a[href="https://arxiv.org/abs/1709.01507"]')
    assert "def se_block(u, w1, b1, w2, b2):" in browser.find_element(By.CSS_SELECTOR, ".columns pre").text


def test_the_block_on_the_front_page_computes_there(browser):
    open_page(browser, "index")
    browser.switch_to.frame(browser.find_element(By.CLASS_NAME, "live"))
    wait_until(browser, "document.body.dataset.ready")
    before = browser.find_element(By.ID, "logits").text
    browser.find_element(By.ID, "sky").click()
    assert browser.find_element(By.ID, "logits").text != before
    assert browser.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
    browser.switch_to.default_content()


def test_without_scripts_there_is_a_picture_in_its_place(browser):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, "index")
        assert browser.find_element(By.CSS_SELECTOR, ".still img").is_displayed()
        assert not browser.find_element(By.CLASS_NAME, "live").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_start_leads_to_the_tour(browser):
    open_page(browser, "index")
    browser.find_element(By.CLASS_NAME, "start").click()
    wait_until(browser, "document.body.dataset.ready")
    assert browser.find_element(By.ID, "tour-text").text.startswith("1 of 6")


def test_the_page_on_the_paper_opens_with_the_drawing_of_the_block(browser):
    open_page(browser, "paper")
    first = browser.find_element(By.CSS_SELECTOR, "article img")
    assert "Each map of U becomes one number" in first.get_attribute("alt")
    assert first.location["y"] < 720


def test_every_page_has_a_description_an_icon_and_a_card(found):
    for name in ("index", "source/se", "course/05_se_block", "paper"):
        text = (SITE / f"{name}.html").read_text("utf-8")
        assert all(word in text for word in ('name="description"', "favicon.svg", 'property="og:image"')), name
    assert (SITE / "card.png").stat().st_size > 10_000


@pytest.mark.parametrize("name", ["source/se", "source/ops/conv", "source/train/optimizers", "api/ops"])
def test_equations_of_docstrings_are_set(browser, name):
    open_page(browser, name)
    wait_until(browser, "document.body.dataset.equations")
    assert browser.find_elements(By.CSS_SELECTOR, "pre.eq[data-tex]") == []
    assert browser.find_elements(By.CSS_SELECTOR, ".eq.set svg")
    assert browser.find_elements(By.CSS_SELECTOR, "mjx-merror, [data-mjx-error]") == []


def test_no_equation_of_the_package_is_refused_by_mathjax(browser):
    everything = {tex for path in PAGES for tex in re.findall(r'data-tex="([^"]+)"', path.read_text("utf-8"))}
    open_page(browser, "source/se")
    wait_until(browser, "document.body.dataset.equations")
    script = """
        return arguments[0].filter((tex) => MathJax.tex2svg(tex).querySelector("merror, [data-mml-node=merror]"));
    """
    assert len(everything) > 30
    assert browser.execute_script(script, [html.unescape(tex) for tex in everything]) == []


def test_code_in_all_rows_of_a_source_page_begins_at_one_edge_and_lines_have_addresses(browser):
    open_page(browser, "source/se")
    edges = "return [...document.querySelectorAll('.row .code')].map((code) => code.getBoundingClientRect().left)"
    assert len({round(edge) for edge in browser.execute_script(edges)}) == 1
    source = (SITE.parents[1] / "senet_np" / "se.py").read_text("utf-8").splitlines()
    number = next(k for k, line in enumerate(source, 1) if "def se_backward" in line)
    assert browser.find_elements(By.CSS_SELECTOR, f"a#L{number}[href='#L{number}']")


def test_a_slider_of_a_notebook_moves_in_the_page(browser):
    open_page(browser, "course/05_se_block")
    shown = "return document.querySelector('.recorded .state:not([hidden])').dataset.key"
    move = """
        const slider = document.querySelector(".recorded input");
        slider.value = arguments[0];
        slider.dispatchEvent(new Event("input"));
    """
    before = browser.execute_script(shown)
    browser.execute_script(move, 0)
    assert (before, browser.execute_script(shown)) != (before, before)
    assert browser.execute_script("return document.querySelectorAll('.recorded .state:not([hidden])').length") == 1


def test_no_slider_is_left_without_its_states():
    for path in sorted((SITE / "course").glob("[01]*.html")):
        text = path.read_text("utf-8")
        assert text.count('interact</span><span class="p">(') == text.count('class="recorded'), path


def test_search_shows_the_words_around_a_hit(browser):
    browser.get(f"{(SITE / 'search.html').as_uri()}?q=bottleneck")
    wait_until(browser, "document.querySelector('.context .highlighted, p.context')", 20)
    assert "bottleneck" in browser.find_element(By.CSS_SELECTOR, "p.context").text.lower()


def test_solutions_and_assignments_do_not_stand_between_the_notebooks(browser):
    open_page(browser, "course/index")
    script = "return [...document.querySelectorAll('.sidebar-tree .current > ul > li > a')].map((a) => a.textContent)"
    assert len(browser.execute_script(script)) == len([*(SITE / "course").glob("[01]*.html")])


def test_on_paper_there_is_the_article_alone(browser):
    open_page(browser, "course/05_se_block")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = "return ['.sidebar-drawer', '.toc-drawer', '.controls'].filter((name) => "
    shown += "getComputedStyle(document.querySelector(name)).display !== 'none')"
    assert browser.execute_script(shown) == []
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "source/se", "course/05_se_block", "paper", "api/ops", "search"])
def test_axe_finds_nothing_serious(browser, name, scheme):
    axe = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed; `make ci-extra` installs it")
    open_page(browser, name, scheme=scheme)
    browser.set_script_timeout(120)
    browser.execute_script("document.querySelectorAll('iframe').forEach((frame) => frame.remove())")  # has its own test
    browser.execute_script((Path(axe.__file__).parent / "axe.min.js").read_text("utf-8"))
    run = "const done = arguments[0]; axe.run(document).then(({ violations }) => done(violations))"
    found = [v for v in browser.execute_async_script(run) if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


def test_narrow_pages_need_no_scrolling_sideways(browser):
    for name in NARROW:
        open_page(browser, name, 400, 800)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 400, name
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
