"""How often an address may ask for public paths."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from config.http import DirectoryHttp, Http, HttpListener
from gateway.web import visits
from gateway.web.refusal import Refused
from gateway.web.visits import Visits

FOUR_AT_ONCE = 16
"""Requests a minute."""

BEHIND_PROXY = Http.model_validate({"pages_per_minute": FOUR_AT_ONCE, "trusted_proxies": ["127.0.0.0/8"]})


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The present time, in seconds."""
    clock = [1000.0]
    monkeypatch.setattr(visits.time, "monotonic", lambda: clock[0])
    return clock


def asks(judge: Visits, client: str, path: str = "/") -> bool:
    """Whether the request is answered."""
    request = make_mocked_request("GET", path, headers={"X-Forwarded-For": client}).clone(remote="127.0.0.1")
    try:
        judge.judge(request)
    except Refused as refused:
        assert refused.status == 429 and refused.headers == {"Retry-After": "4"}
        assert client in str(refused) and str(FOUR_AT_ONCE) in str(refused)
        return False
    return True


def test_an_address_that_asks_too_often_is_refused_and_others_are_not(standing_clock: list[float]) -> None:
    judge = Visits(BEHIND_PROXY)
    assert [asks(judge, "203.0.113.9") for _ in range(6)] == [True] * 4 + [False] * 2
    assert asks(judge, "203.0.113.10")
    standing_clock[0] += 4.0
    assert [asks(judge, "203.0.113.9") for _ in range(2)] == [True, False]


def test_monitors_count_apart_and_the_api_and_the_websocket_not_at_all() -> None:
    judge = Visits(BEHIND_PROXY)
    assert [asks(judge, "203.0.113.9", "/chat/main.js") for _ in range(5)][-1] is False
    for path in ("/irc", "/api/v1/channels"):
        assert all(asks(judge, "203.0.113.9", path) for _ in range(20))
    assert [asks(judge, "203.0.113.9", "/metrics") for _ in range(5)] == [True] * 4 + [False]


@pytest.mark.parametrize("config", [Http(pages_per_minute=1), DirectoryHttp(pages_per_minute=1)])
def test_this_machine_has_no_limit(config: HttpListener) -> None:
    judge = Visits(config)
    assert all(asks(judge, "203.0.113.9") for _ in range(100)), "nobody's header is believed"


def test_a_proxy_that_names_no_client_has_no_limit_and_zero_is_none() -> None:
    judge = Visits(Http.model_validate({"pages_per_minute": 1, "trusted_proxies": ["127.0.0.1", "192.0.2.7"]}))
    assert all(asks(judge, "192.0.2.7") for _ in range(100))
    judge.configure(BEHIND_PROXY.model_copy(update={"pages_per_minute": 0}))
    assert all(asks(judge, "203.0.113.9") for _ in range(2000))
    judge.configure(BEHIND_PROXY)
    assert False in [asks(judge, "203.0.113.9") for _ in range(5)]
