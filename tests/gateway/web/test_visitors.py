"""The limits of the API count by the address of a proxy's client."""

from __future__ import annotations

from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.gateway.io.test_websocket import WebNode
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]


def status(node: WebNode, client: str) -> int:
    """What a request with a wrong token is answered with. client: the address that the proxy tells."""
    headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": client}
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"http://127.0.0.1:{node.web_port}/api/v1/channels", headers=headers), timeout=WITHIN_S)
    return refused.value.code


def test_pages_are_limited_by_the_client_of_a_trusted_proxy_and_the_limit_is_told(tmp_path: Path) -> None:
    with WebNode.with_web(tmp_path, {"pages_per_minute": 8, "trusted_proxies": ["127.0.0.1"]}) as node:

        def page(client: str = "", path: str = "/nodes.json") -> int:
            headers = {"X-Forwarded-For": client} if client else {}
            try:
                with urlopen(
                    Request(f"http://127.0.0.1:{node.web_port}{path}", headers=headers), timeout=WITHIN_S
                ) as got:
                    return int(got.status)
            except HTTPError as refused:
                assert refused.headers["Retry-After"] == "8"
                return refused.code

        assert [page("203.0.113.9") for _ in range(3)] == [200, 200, 429]
        assert page("203.0.113.9", "/metrics") == page("203.0.113.10") == 200
        assert [page() for _ in range(20)] == [200] * 20
        assert node.reload(http={"pages_per_minute": 0, "trusted_proxies": ["127.0.0.1"]})["live"] == [
            "http.pages_per_minute"
        ]
        assert [page("203.0.113.9") for _ in range(5)] == [200] * 5


@pytest.mark.parametrize(("proxies", "stranger"), [(["127.0.0.1"], 401), ([], 429)])
def test_wrong_tokens_are_counted_by_the_client_of_a_trusted_proxy(
    tmp_path: Path, proxies: list[str], stranger: int
) -> None:
    with WebNode.with_web(tmp_path, {"failures_per_minute": 2, "trusted_proxies": proxies}) as node:
        assert [status(node, "203.0.113.9") for _ in range(3)] == [401, 401, 429]
        assert status(node, "203.0.113.10") == stranger
