"""The page of the ring in a browser: a person's view while nodes die, in two sizes, light and dark."""

from __future__ import annotations

import json
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from gateway.web.api.access import hash_of
from tests.e2e.browser import PHONE, WIDE, Browser
from tests.e2e.network import Network
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("page")]

CONTRAST = """
const channels = (colour) => colour.match(/[0-9.]+/g).map(Number);
const light = (colour) => {
  const linear = (c) => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const [r, g, b] = channels(colour).map((c) => linear(c / 255));
  return .2126 * r + .7152 * g + .0722 * b;
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if ((channels(colour)[3] ?? 1) === 1) return colour;
  }
  return "rgb(255, 255, 255)";
};
const found = [];
for (const element of document.querySelectorAll("body *")) {
  const text = [...element.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.data.trim()).join("");
  if (!text || !element.getClientRects().length || element.closest("title")) continue;
  const style = getComputedStyle(element);
  const [a, b] = [light(element.closest("svg") ? style.fill : style.color), light(behind(element))];
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < 4.5) found.push(`${text}: ${ratio.toFixed(2)}`);
}
return found;
"""
"""Texts with a contrast below 4.5:1 to the background. Source: WCAG 2.2, 1.4.3."""


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A network left by these tests as found."""
    net = Network(tmp_path_factory.mktemp("calm") / "net")
    try:
        yield net
    finally:
        net.stop()


def address(network: Network, number: int = 1) -> str:
    """Where the page of a node is."""
    text = (network.folder / f"node-{number}.yaml").read_text()
    found = re.search(r"^http:.*\n(?:  .*\n)*?  port: (\d+)", text, re.M)
    assert found is not None, text
    return f"http://127.0.0.{number}:{found[1]}/"


def watching(page: Browser, url: str) -> None:
    """Open the page, and wait until the page is told of events."""
    page.open(url)
    page.expect("#live", "as it happens")
    page.expect("#health", "All 3 nodes are alive")
    page.expect("#wrong", "Nothing is wrong")


def test_a_takeover_is_seen_as_it_happens(network: Network, open_browser: Callable[[], Browser]) -> None:
    ann = network.client(1, "ann")
    ann.send("JOIN #erlang")  # node-3 masters the channel
    ann.expect(" 366 ")
    ann.sync()
    page = open_browser()
    watching(page, address(network))
    page.run("window.isTheSamePage = true")
    page.fill("#name", "#Erlang").send_keys(Keys.ENTER)
    page.expect("#located", r"node-3\S* masters #erlang")
    page.expect("#located", r"\|2119147761 − 1310262970\| = 808884791")
    page.expect("#mark text", "#erlang")
    page.until(lambda: len(page.driver.find_elements("css selector", ".link")) == 3, "three links")
    page.expect("#links", r"\d ms")
    assert page.driver.current_url.endswith("/?name=%23Erlang"), "the address can be passed on"

    def talking() -> bool:
        ann.send(*["PRIVMSG #erlang :hello"] * 5)
        ann.sync()
        return re.search(r"messages in per s\n(0\.[1-9]|[1-9])", page.text("#totals")) is not None

    page.until(talking, "the rate of messages")

    network.terminate("node-3", signal.SIGKILL)
    page.expect("#happenings", r"node-3\S* is dead")
    page.expect("#happenings", r"node-2\S* took over .*#erlang.* from node-3")
    page.expect("#health", r"Not alive: node-3")
    page.expect("#nodes", r"node-3\S*\s+dead")
    page.expect("#wrong", r"think node-3\S* dead")
    page.expect("#located", r"node-2\S* masters #erlang")
    page.until(lambda: len(page.driver.find_elements("css selector", ".link")) == 1, "one link")
    assert page.driver.find_elements("css selector", ".dot.dead")
    assert page.run("return window.isTheSamePage"), "nobody has loaded the page again"

    network.start("node-3")
    network.wait_open(3)
    page.expect("#happenings", r"(?m)^\d\d:\d\d:\d\d node-3\S* is back")
    page.expect("#health", "All 3 nodes are alive")
    page.expect("#located", r"node-3\S* masters #erlang")
    page.expect("#wrong", "Nothing is wrong")
    page.expect("#happenings", r"node-2\S* handed .*#erlang.* to node-3")
    assert network.terminate("node-3") == 0
    page.expect("#happenings", r"node-3\S* handed .*#erlang.* to node-2")
    page.expect("#happenings", r"node-3\S* has stopped")
    assert page.text("#happenings").count("is stopping") == 1


def test_a_page_whose_node_dies_says_so_and_goes_on_when_it_is_back(
    network: Network, open_browser: Callable[[], Browser]
) -> None:
    page = open_browser()
    watching(page, address(network))
    network.terminate("node-1", signal.SIGKILL)
    page.expect("#live", "lost its node")
    page.expect("#health", "Unknown: which nodes are alive")
    page.expect("#wrong", "Unknown: whether anything is wrong")
    page.expect("#elsewhere", r"Pages of other nodes: node-2\S*, node-3\S*\.")
    network.start("node-1")
    network.wait_open(1)
    page.expect("#live", "as it happens")
    page.expect("#health", "All 3 nodes are alive")
    page.expect("#wrong", "Nothing is wrong")
    assert not page.find("#elsewhere").is_displayed()
    page.forgive("/events.*ERR_")


def test_it_is_readable_by_everybody(calm: Network, open_browser: Callable[[], Browser]) -> None:
    """On a phone, in the dark, without a mouse."""
    page = open_browser()
    watching(page, address(calm))
    page.fill("#name", f"#{'a-very-long-name-' * 6}").send_keys(Keys.ENTER)
    page.expect("#located", "masters")
    for size in (WIDE, PHONE):
        for dark in (False, True):
            page.emulate(size, dark=dark)
            assert page.run("return innerWidth") == size[0]
            assert page.run("return matchMedia('(prefers-color-scheme: dark)').matches") is dark
            assert page.overflow() == 0
            assert page.run(CONTRAST) == []
    page.run("document.querySelector('#name').focus()")
    names = []
    for _ in range(3):
        names.append(page.driver.switch_to.active_element.accessible_name)
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert names == ["Name", "Locate", "node-1.circlet.local"], "a link to the page of each node comes next"
    assert page.find("#circle svg").accessible_name.startswith("The ring of 3 nodes")
    assert page.find("#happenings").get_attribute("aria-live") == "polite"
    assert page.find("#nodes table").aria_role == "table" and page.find("#nodes tbody th").aria_role == "rowheader"


def test_a_name_that_cannot_be_is_refused_with_words(calm: Network, open_browser: Callable[[], Browser]) -> None:
    page = open_browser()
    watching(page, address(calm))
    page.run("document.querySelector('#name').maxLength = 1000")
    page.fill("#name", "a" * 600).send_keys(Keys.ENTER)
    page.expect("#located", "longer than 512 bytes")
    page.fill("#name", "<img src=x onerror=alert(1)>").send_keys(Keys.ENTER)
    page.expect("#located", "masters <img src=x onerror=alert")
    assert not page.driver.find_elements("css selector", "#located img, #mark img")


def test_without_scripts_all_is_there(calm: Network, open_browser: Callable[[], Browser]) -> None:
    page = open_browser()
    watching(page, address(calm))
    page.emulate(scripts=False)
    page.open(address(calm))
    assert "Load the page again" in page.text("#live")
    page.fill("#name", "#erlang").send_keys(Keys.ENTER)
    page.expect("#located", r"\|2119147761 − 1310262970\| = 808884791")
    for id_, words in (
        ("nodes", "node-2"),
        ("links", "round trip"),
        ("wrong", "Nothing is wrong"),
        ("totals", "channels"),
    ):
        assert words in page.text(f"#{id_}")


def with_token(network: Network, token: str, *capabilities: str) -> None:
    """Node 1 takes the token from now on."""
    path = network.folder / "node-1.yaml"
    lines = [
        "  tokens:",
        "  - name: sue",
        f"    hash: {hash_of(token)}",
        f"    capabilities: [{', '.join(capabilities)}]",
    ]
    path.write_text(
        re.sub(r"^http:.*\n", lambda found: found[0] + "\n".join(lines) + "\n", path.read_text(), flags=re.M)
    )
    network.processes["node-1"].send_signal(signal.SIGHUP)


def test_operators_see_accounts_channels_sessions_and_what_was_done(
    calm: Network, open_browser: Callable[[], Browser]
) -> None:
    token = "circlet-" + "t" * 40
    with_token(calm, token, "accounts", "channels", "sessions.read", "actions")
    bob = calm.client(2, "bob")
    bob.send("JOIN #ops", "MODE #ops +s", "TOPIC #ops :<b>secret</b>")
    bob.sync()
    page = open_browser()
    watching(page, address(calm))
    page.fill("#token", "not the token").send_keys(Keys.ENTER)
    page.expect("#token-says", "without spaces")
    page.fill("#token", "not-the-token").send_keys(Keys.ENTER)
    page.expect("#token-says", "the token is not known here")
    assert not page.driver.find_elements("css selector", "#lists button")
    page.forgive("/api/v1/token .*401")

    page.until(lambda: json_of(calm, "GET", "/token", token).get("name") == "sue", "the token to be known")
    json_of(calm, "POST", "/accounts", token, {"name": "joe", "password": "correct horse"})
    page.fill("#token", token).send_keys(Keys.ENTER)
    page.expect("#token-says", "This is the token sue")
    page.expect("#list", "joe")
    for name, words in (
        ("channels", r"#ops\s+1 .*<b>secret</b>"),
        ("sessions", r"bob.*node-2"),
        ("actions", r"sue.*joe"),
    ):
        page.driver.find_element("xpath", f"//div[@id='lists']/button[.='{name}']").click()
        page.expect("#list", words)
    assert token not in page.driver.current_url and "#ops" not in page.text("#happenings")
    page.emulate(PHONE)
    assert page.overflow() == 0 and page.run(CONTRAST) == []
    page.driver.refresh()
    page.expect("#token-says", "This is the token sue")
    page.click("#forget")
    page.expect("#token-says", "forgotten")
    assert page.run("return sessionStorage.length") == 0 and page.text("#list") == ""


def json_of(network: Network, method: str, path: str, token: str, body: object = None) -> dict[str, Any]:
    """The answer of node 1's API."""
    request = urllib.request.Request(
        f"{address(network)}api/v1{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        return json.load(refused)
