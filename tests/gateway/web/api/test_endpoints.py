"""The table of the API's endpoints: one of each kind, and the methods of an address."""

from __future__ import annotations

import pytest

from config.tokens import CAPABILITIES
from gateway.web.api.api import ENDPOINTS
from gateway.web.api.endpoints import BASE, PATH, methods_of


def test_no_two_endpoints_have_the_same_method_and_address_or_the_same_name() -> None:
    assert len({(one.method, one.path) for one in ENDPOINTS}) == len(ENDPOINTS)
    assert len({one.operation for one in ENDPOINTS}) == len(ENDPOINTS)


def test_every_endpoint_needs_a_known_capability_and_describes_its_path() -> None:
    for one in ENDPOINTS:
        assert one.can in (*CAPABILITIES, "")
        for part in one.path.split("/"):
            if part.startswith("{"):
                assert part.strip("{}") in PATH


def test_whatever_changes_something_needs_a_capability() -> None:
    assert [one.path for one in ENDPOINTS if not one.can and one.method != "GET"] == []


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/accounts", ["GET", "POST"]),
        ("/accounts/joe", ["DELETE", "GET", "PATCH"]),
        ("/accounts/joe/password", ["PUT"]),
        ("/kills", ["POST"]),
        ("/accounts/", []),
        ("/accounts/joe/nothing", []),
        ("/nothing", []),
        ("", []),
    ],
)
def test_an_address_has_its_methods(path: str, methods: list[str]) -> None:
    assert methods_of(BASE + path) == methods
