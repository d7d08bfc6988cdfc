"""A headless Chromium for the tests that need one; a test file that imports this is skipped where there is none."""

import shutil

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


def wait_until(browser, condition, seconds=20):
    """Wait until a JavaScript expression is true."""
    WebDriverWait(browser, seconds).until(lambda driver: driver.execute_script(f"return {condition}"))


def requested(browser):
    """The addresses of everything that the page has fetched."""
    return browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
