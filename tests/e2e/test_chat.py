"""People chat in browsers, beside people with other clients; and a node dies under one of them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.e2e.browser import PHONE, WIDE, Browser
from tests.e2e.chat import Chat
from tests.e2e.network import Client, Network
from tests.e2e.test_page import address

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("chat")]

REFUSED = r"WebSocket connection to|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE"
"""Words of Chromium's log about a dead node."""

MARKUP = "<img src=x onerror=alert(1)><b>bold</b><script>document.title='taken'</script>"


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Network]:
    """Three nodes without flood control."""
    net = Network(tmp_path / "net", hasty=True)
    try:
        yield net
    finally:
        net.stop()


def member(network: Network, number: int, nick: str) -> Client:
    client = network.client(number, nick, "echo-message message-tags server-time")
    client.send("JOIN #erlang")
    client.expect(f" 366 {nick} #erlang ")
    return client


def test_people_talk_in_browsers_and_over_tcp(hasty: Network, open_browser: Callable[[], Browser]) -> None:
    raw = member(hasty, 3, "raw")
    ann, bob = Chat(open_browser(), address(hasty, 1)), Chat(open_browser(), address(hasty, 2))
    for chat, nick in ((ann, "ann"), (bob, "bob")):
        chat.enter(nick)
        chat.entered(nick)
    ann.page.expect("#members", r"(?s)@\s*raw\s+ann\s+bob")
    ann.say("hello from a browser ☺")
    raw.expect("PRIVMSG #erlang :hello from a browser ☺")
    bob.hears("hello from a browser ☺")
    ann.has_said("hello from a browser ☺")
    bob.say("/me waves")
    raw.expect("PRIVMSG #erlang :\x01ACTION waves\x01")
    ann.hears("waves")
    raw.send("PRIVMSG #erlang :ann: over TCP", "TOPIC #erlang :about \x02rings\x02")
    ann.hears("ann: over TCP")
    ann.page.expect("#topic", "about rings")
    assert [kind for _, words, kind in ann.lines() if words == "ann: over TCP"] == ["line message mention"]

    # What a person types is seen, and what is a command or markup harms nobody.
    ann.press("wri")
    raw.expect(r"\+typing=active.* TAGMSG #erlang")
    bob.page.expect("#typing", "ann is typing")
    raw.send(f"PRIVMSG #erlang :{MARKUP}", "PRIVMSG #erlang :\x0304red\x0f https://example.org/a_(b). \x07\x1b[31m")
    ann.hears(MARKUP)
    ann.hears("red https://example.org/a_(b). [31m")
    for chat in (ann, bob):
        assert chat.page.run("return document.querySelectorAll('#log img, #log script, #log b').length") == 0
        link = chat.page.driver.find_elements(By.CSS_SELECTOR, "#log a")[-1]
        assert link.get_attribute("href") == "https://example.org/a_(b)"
        assert "noopener" in str(link.get_attribute("rel"))
        assert chat.page.run("return document.title") != "taken"

    # A private conversation, and unread lines until it is looked at.
    raw.send("PRIVMSG ann :psst")
    ann.page.expect("#buffers", r"raw\s+1\s+unread")
    ann.page.click("[data-buffer=raw]")
    ann.hears("psst")
    ann.page.until(lambda: not ann.page.driver.find_elements(By.CSS_SELECTOR, "#buffers .badge"), "all to be read")
    ann.say("psst yourself")
    raw.expect("PRIVMSG raw :psst yourself")

    # Keys: completion, what was written before, other buffers.
    ann.press(Keys.ALT, Keys.ARROW_UP, Keys.NULL)
    ann.page.expect("#name", "^#erlang$")
    ann.page.fill("#text", "bo").send_keys(Keys.TAB)
    assert ann.value() == "bob: "
    ann.press("hi", Keys.ENTER)
    bob.hears("bob: hi")
    ann.press(Keys.ARROW_UP)
    assert ann.value() == "bob: hi"
    ann.say("/nosuch thing")
    ann.page.expect("#log .error", "no command /nosuch")
    ann.say("/part")
    raw.expect(":ann!.* PART #erlang")
    assert "#erlang" not in ann.buffers()
    for name in hasty.processes:
        assert "Traceback" not in hasty.log(name)


def test_when_a_node_is_killed_its_people_move_and_miss_nothing(
    hasty: Network, open_browser: Callable[[], Browser]
) -> None:
    raw = member(hasty, 3, "raw")
    ann, bob = Chat(open_browser(), address(hasty, 1)), Chat(open_browser(), address(hasty, 2))
    for chat, nick in ((ann, "ann"), (bob, "bob")):
        chat.enter(nick)
        chat.entered(nick)
    said = []

    def says(client: Client, count: int, what: str) -> None:
        for number in range(count):
            said.append(f"{what} {number}")
            client.send(f"PRIVMSG #erlang :{what} {number}")
        client.sync()

    says(raw, 5, "before")
    ann.say("my own before")
    said.append("my own before")
    ann.has_said("my own before")
    ann.page.expect("#me", "on node-1")
    hasty.terminate("node-1", signal.SIGKILL)
    says(raw, 130, "meanwhile")  # more than one page of history
    ann.page.expect("#me", "on node-[23]")
    says(raw, 5, "after")
    ann.hears("after 4")
    ann.page.until(lambda: len(ann.heard()) >= len(said), "all lines", lambda: str(ann.heard()))
    assert ann.heard() == said
    ann.say("my own after")
    ann.has_said("my own after")
    raw.expect("PRIVMSG #erlang :my own after")
    bob.hears("my own after")
    assert bob.heard() == [*said, "my own after"]
    ann.page.expect("#me", "^You are ann on ")
    ann.page.forgive(REFUSED)


def test_a_node_that_stops_in_order_sends_its_people_on(hasty: Network, open_browser: Callable[[], Browser]) -> None:
    raw, ann = member(hasty, 3, "raw"), Chat(open_browser(), address(hasty, 1))
    ann.enter("ann")
    ann.entered("ann")
    assert hasty.terminate("node-1") == 0
    ann.page.expect("#me", "on node-[23]")
    ann.page.expect("#members", "ann")
    raw.send("PRIVMSG #erlang :welcome back")
    ann.hears("welcome back")
    assert ann.heard() == ["welcome back"]
    ann.page.forgive(REFUSED)


def test_older_lines_come_when_the_person_scrolls_up(hasty: Network, open_browser: Callable[[], Browser]) -> None:
    raw = member(hasty, 3, "raw")
    said = [f"line {number}" for number in range(230)]
    raw.send(*(f"PRIVMSG #erlang :{text}" for text in said))
    raw.sync()
    ann = Chat(open_browser(), address(hasty, 2))
    ann.enter("ann")
    ann.hears("line 229")
    assert ann.heard() == said[-50:]

    def up() -> bool:
        ann.page.run("document.getElementById('scroll').scrollTop = 0")
        return "line 0" in ann.heard()

    ann.page.until(up, "the first line", lambda: str(ann.heard()[:3]))
    assert ann.heard() == said
    ann.page.run("document.getElementById('scroll').scrollTop = 1e9")
    raw.send("PRIVMSG #erlang :the end")
    ann.hears("the end")
    ann.page.until(
        lambda: ann.page.run(
            "const s = document.getElementById('scroll'); return s.scrollHeight - s.scrollTop - s.clientHeight < 40"
        ),
        "the end to be in sight",
    )


def test_an_account_logs_in_and_its_password_is_stored_nowhere(
    hasty: Network, open_browser: Callable[[], Browser]
) -> None:
    joe = hasty.client(1, "joe", "draft/read-marker message-tags server-time echo-message draft/account-registration")
    joe.send("REGISTER * * sesame-7391")
    joe.expect("REGISTER SUCCESS")
    joe.send("JOIN #erlang")
    joe.expect(" 366 ")
    chat = Chat(open_browser(), address(hasty, 2))
    chat.enter("joe", password="wrong")
    chat.page.expect("#trouble", "Login failed")
    chat.enter("joe", password="sesame-7391")
    chat.entered("joe")
    joe.send("PRIVMSG #erlang :from my other client")
    chat.hears("from my other client")
    chat.say("from the browser")
    joe.expect(":joe!.* PRIVMSG #erlang :from the browser")
    joe.expect(r"MARKREAD #erlang timestamp=")
    assert "sesame" not in chat.stored() and "joe" in chat.stored()
    hasty.terminate("node-2", signal.SIGKILL)
    chat.page.expect("#me", "^You are joe on node-[13]")
    joe.send("PRIVMSG #erlang :still there?")
    chat.hears("still there?")
    assert chat.heard() == ["from my other client", "from the browser", "still there?"]
    chat.page.forgive(REFUSED)


def test_it_is_readable_on_a_phone_and_by_a_screen_reader(hasty: Network, open_browser: Callable[[], Browser]) -> None:
    raw, page = member(hasty, 3, "raw"), open_browser()
    chat = Chat(page, address(hasty, 1))
    page.emulate(PHONE)
    chat.enter("ann")
    page.until(lambda: page.run("return document.getElementById('me').textContent.startsWith('You are ann')"), "ann")
    raw.send(f"PRIVMSG #erlang :{'wide' * 100}", "TOPIC #erlang :a topic " + "that is long " * 20)
    chat.hears("wide" * 100)
    for size in (PHONE, WIDE):
        for dark in (False, True):
            page.emulate(size, dark=dark)
            assert page.overflow() == 0
    page.emulate(PHONE)
    assert not page.find("#sidebar").is_displayed()
    for button, drawer in (("#show-buffers", "#sidebar"), ("#show-people", "#people")):
        page.click(button)
        assert page.find(drawer).is_displayed() and page.overflow() == 0
        assert page.find(button).get_attribute("aria-expanded") == "true"
        page.find("body").send_keys(Keys.ESCAPE)
        assert not page.find(drawer).is_displayed()
    assert page.find("#log").get_attribute("role") == "log"
    nameless = (
        "return [...document.querySelectorAll('#app button, #app input, #app textarea')].filter(e => !e.hidden &&"
    )
    nameless += " !(e.textContent.trim() || e.getAttribute('aria-label'))).map(e => e.outerHTML)"
    assert page.run(nameless) == []


def test_with_no_node_left_the_chat_waits_and_comes_back(hasty: Network, open_browser: Callable[[], Browser]) -> None:
    chat = Chat(open_browser(), address(hasty, 1))
    chat.enter("ann")
    chat.entered("ann")
    for number in (1, 2, 3):
        hasty.terminate(f"node-{number}", signal.SIGKILL)
    chat.page.expect("#status", "No node of the network answers|Connecting|Moving")
    chat.say("nobody hears this")
    chat.page.expect("#log .error", "no connection now")
    for number in (1, 2, 3):
        hasty.start(f"node-{number}")
    for number in (1, 2, 3):
        hasty.wait_open(number)
    chat.page.expect("#me", "^You are ann_* on ")
    chat.say("there you are")
    chat.has_said("there you are")
    chat.page.forgive(REFUSED)
