"""A headless Chromium for the tests that need one; a test file that imports this is skipped where there is none."""

import shutil
from contextlib import contextmanager

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed; `make ci-extra` installs it")
if not shutil.which("chromedriver"):
    pytest.skip("there is no Chromium with its driver; `make ci-extra` installs them", allow_module_level=True)

from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402


def start_chromium(width, height):
    """A driver whose console messages can be read; call its quit() at the end."""
    options = webdriver.ChromeOptions()
    for flag in ("headless=new", "no-sandbox", "disable-gpu", f"window-size={width},{height}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})  # pyright: ignore
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


@contextmanager
def before_every_page(browser, script):
    """Within this, a script runs in each page before the page's own ones."""
    added = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    yield
    browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def wait_until(browser, condition, seconds=20):
    """Wait until a JavaScript expression is true."""
    script = f"return {condition}"
    WebDriverWait(browser, seconds, poll_frequency=0.05).until(lambda driver: driver.execute_script(script))


def requested(browser):
    """The addresses of everything that the page has fetched."""
    return browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
