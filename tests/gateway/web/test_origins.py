"""Whose pages may open the WebSocket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.origins import is_own, may_open

HOST = "chat.example.org:8067"
NAMES = ("chat.example.org", "irc.circlet.example")
NODES = ["https://n1.example.org/", "http://127.0.0.2:8067/", "http://[2001:db8::7]:8067/chat/"]


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "http://chat.example.org:8067",
        "https://chat.example.org:8067",
        "HTTPS://Chat.Example.Org:8067",
        "https://n1.example.org",
        "http://127.0.0.2:8067",
        "http://[2001:db8::7]:8067",
        "https://site.example",
    ],
)
def test_the_nodes_pages_and_those_of_the_operators_sites_may(origin: str | None) -> None:
    assert may_open(origin, HOST, ("https://site.example",), NODES, NAMES)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://chat.example.org",
        "http://chat.example.org:80670",
        "http://chat.example.org:8067.evil.example",
        "https://evil.example/chat.example.org:8067",
        "https://chat.example.org:8067@evil.example",
        "ftp://chat.example.org:8067",
        "http://site.example",
        "http://n1.example.org",
        "http://[",
        "chat.example.org:8067",
    ],
)
def test_others_may_not(origin: str) -> None:
    assert not may_open(origin, HOST, ("https://site.example",), NODES, NAMES)


@given(st.text(max_size=80))
def test_any_text_is_judged_and_a_star_lets_every_page_in(origin: str) -> None:
    assert may_open(origin, "", ("*",), NODES)
    assert isinstance(may_open(origin, HOST, (), NODES), bool)


def test_a_request_without_a_host_is_nobodys_same_origin() -> None:
    assert not may_open("http://", "", (), NODES)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1:8067", True),
        ("192.0.2.7", True),
        ("[2001:db8::9]:8067", True),
        ("localhost:8067", True),
        ("n1.localhost", True),
        ("Chat.Example.Org:9", True),
        ("irc.circlet.example", True),
        ("n1.example.org", True),
        ("site.example", True),
        ("rebound.evil.example:8067", False),
        ("n1.example.org:8067", False),
        ("127.0.0.1.evil.example", False),
        ("notlocalhost", False),
        ("", False),
        ("[", False),
    ],
)
def test_a_name_that_leads_to_the_node_for_one_visit_is_not_its_own(host: str, own: bool) -> None:
    assert is_own(host, ("https://site.example",), NODES, NAMES) is own
    assert may_open(f"http://{host}", host, ("https://site.example",), NODES, NAMES) is own
    assert not host.strip("[") or is_own(host, ("*",), [], ())
