"""A person in the chat, in a browser."""

from __future__ import annotations

import re
from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.e2e.browser import Browser

LINES = """
return [...document.querySelectorAll("#log .line")].map(row => [
  row.querySelector(".nick")?.textContent ?? "", row.querySelector(".words").textContent, row.className])
"""


class Chat:
    """The chat at a node, as seen by its person."""

    def __init__(self, page: Browser, url: str) -> None:
        """url: of the node's page."""
        self.page = page
        self.url = url

    def enter(self, nick: str, channel: str = "#erlang", *, password: str = "") -> None:
        self.page.open(f"{self.url}chat{channel}")
        self.page.fill("#nick", nick)
        if password:
            if not self.page.find("#password").is_displayed():
                self.page.click("#login summary")
            self.page.fill("#password", password)
        self.page.click("#enter button[type=submit]")

    def entered(self, nick: str) -> None:
        """Wait until the person is on the network, and in the channel."""
        self.page.expect("#me", f"^You are {re.escape(nick)} on ")
        self.page.expect("#members", f"(^|\n)@?{re.escape(nick)}($|\n)")

    def say(self, text: str) -> None:
        field = self.page.fill("#text", text)
        field.send_keys(Keys.ENTER)

    def press(self, *keys: str) -> None:
        self.page.find("#text").send_keys(*keys)

    def lines(self) -> list[tuple[str, str, str]]:
        """Nick, words and classes of each line."""
        return [(nick, words, kind) for nick, words, kind in self.page.run(LINES)]

    def heard(self) -> list[str]:
        """Return people's messages, in order."""
        return [words for nick, words, _ in self.lines() if nick]

    def hears(self, text: str) -> None:
        self.page.until(lambda: text in self.heard(), f"{text!r} to be said", lambda: str(self.lines()))

    def has_said(self, text: str) -> None:
        """Wait until the network has confirmed the person's own line."""

        def confirmed() -> bool:
            return any(
                words == text and "sending" not in kind and "unsure" not in kind for _, words, kind in self.lines()
            )

        self.page.until(confirmed, f"{text!r} to be confirmed", lambda: str(self.lines()))

    def buffers(self) -> list[str]:
        return [one.text for one in self.page.driver.find_elements(By.CSS_SELECTOR, "#buffers .label")]

    def stored(self) -> str:
        """Return all data kept by the browser for this site."""
        return str(self.page.run("return JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"))

    def value(self) -> Any:
        """Return the text of the field."""
        return self.page.run("return document.getElementById('text').value")
