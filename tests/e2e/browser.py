"""A headless Chromium for tests. Chromium and its driver are Debian's: `make clients` installs both.

Nothing is downloaded, no name is looked up, each browser has an empty profile, and an error of a script fails the test.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.patience import WITHIN_S

WIDE: Final = (1280, 800)
PHONE: Final = (390, 844)
"""Width and height in CSS pixels."""

CHROMIUM: Final = "/usr/bin/chromium"
DRIVER: Final = "/usr/bin/chromedriver"

FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.*, EXCLUDE localhost",
)  # fmt: skip

LOOK_EVERY_S: Final = 0.05

T = TypeVar("T")


class Browser:
    """One browser with one page. `driver` is selenium's, for everything not here."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver
        self._errors: list[str] = []

    def open(self, url: str) -> None:
        self.driver.get(url)

    def emulate(self, size: tuple[int, int] = WIDE, *, dark: bool = False, scripts: bool = True) -> None:
        """size: of the page; at the width of PHONE, the page is shown as on a phone."""
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})

    def find(self, css: str) -> WebElement:
        """Wait for the first element that matches."""
        return self.until(lambda: self.driver.find_elements(By.CSS_SELECTOR, css), f"{css} to appear")[0]

    def text(self, css: str) -> str:
        """Return the visible text of the first element that matches."""
        return self.find(css).text

    def expect(self, css: str, pattern: str) -> str:
        """Wait until the text of an element matches the regular expression; return the text. A failure shows the text
        found.
        """

        def matching() -> str:
            found = [element.text for element in self.driver.find_elements(By.CSS_SELECTOR, css)]
            return next((text for text in found if re.search(pattern, text)), "")

        return self.until(matching, f"{pattern!r} in {css}", lambda: self.text("body"))

    def fill(self, css: str, text: str) -> WebElement:
        """Type into a field, in the place of its content; press a key with `send_keys` of the answer."""
        field = self.find(css)
        field.clear()
        field.send_keys(text)
        return field

    def click(self, css: str) -> None:
        self.find(css).click()

    def run(self, script: str, *arguments: Any) -> Any:
        """Return the value of the body of a JavaScript function."""
        return self.driver.execute_script(script, *arguments)

    def until(self, condition: Callable[[], T], wanted: str, instead: Callable[[], str] = str) -> T:
        """Look until the condition is true; return its value. instead: tells the state found, for the failure."""
        wait = WebDriverWait(self.driver, WITHIN_S, LOOK_EVERY_S, [StaleElementReferenceException])
        try:
            return wait.until(lambda _: condition())
        except Exception as problem:
            raise AssertionError(f"waited for {wanted}; there is {instead()!r}; log: {self.errors()}") from problem

    def overflow(self) -> int:
        """CSS pixels by which the page is wider than its window: with more than 0 a person has to scroll sideways."""
        return int(self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def errors(self) -> list[str]:
        """Return the errors in the browser's log since the start: of scripts, of the content policy, of requests."""
        log = self.driver.get_log("browser")
        self._errors += [entry["message"] for entry in log if entry["level"] == "SEVERE"]
        return self._errors

    def forgive(self, pattern: str) -> None:
        """Forget the matching errors so far: the test caused these, for example by killing a node."""
        self._errors = [message for message in self.errors() if not re.search(pattern, message)]

    def picture(self, path: Path) -> None:
        """A screenshot of the whole page, as PNG."""
        size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": {**size, "x": 0, "y": 0, "scale": 1}}
        )
        path.write_bytes(b64decode(shot["data"]))


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser until the end of the block. profile: a folder, not yet there."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, ChromeService(DRIVER))
    try:
        made = Browser(driver)
        made.emulate()
        yield made
    finally:
        driver.quit()
