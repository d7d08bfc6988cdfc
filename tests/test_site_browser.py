"""The built site in a browser: complete, alone, and silent. `make docs` builds it; `make ci-extra` runs this."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from chromium import requested, start_chromium, wait_until
from selenium.webdriver.common.by import By

SITE = Path(__file__).parents[1] / "build" / "site"
PAGES = sorted(SITE.rglob("*.html"))
if not PAGES:
    pytest.skip("the site is not built: make docs", allow_module_level=True)

NARROW = ("index", "paper", "source/se", "source/index", "course/06_se_block", "gates", "api/relatives")
WITH_MATH = ("paper.html", "course/05_excitation.html", "course/06_se_block.html", "course/assignments/1_ops.html")


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


def test_a_newcomer_sees_a_first_plot_within_two_clicks(browser):
    browser.get((SITE / "index.html").as_uri())
    browser.find_element(By.CSS_SELECTOR, "a.go").click()
    wait_until(browser, "document.body.dataset.ready")
    assert browser.execute_script("return document.getElementById('heat').width") > 0
    browser.get((SITE / "index.html").as_uri())
    link = browser.find_element(By.LINK_TEXT, "What the gates learned")
    browser.execute_script("arguments[0].click()", link)  # Selenium's own click does not wait for a smooth scroll
    assert len(browser.find_elements(By.CSS_SELECTOR, "article img")) >= 5


def test_narrow_pages_need_no_scrolling_sideways(browser):
    narrow = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    for name in NARROW:
        browser.get((SITE / f"{name}.html").as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 400, name
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
