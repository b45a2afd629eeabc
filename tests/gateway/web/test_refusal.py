"""Errors for requests that cannot be answered."""

from __future__ import annotations

import pytest

from gateway.web.refusal import BadRequest, Refused, Unknown


@pytest.mark.parametrize(
    ("refused", "status"),
    [(BadRequest("give a name"), 400), (Unknown("give a name"), 503), (Refused(418, "give a name"), 418)],
)
def test_each_refusal_has_a_status_and_words(refused: Refused, status: int) -> None:
    assert (refused.status, str(refused), refused.headers) == (status, "give a name", {})
    with pytest.raises(Refused, match="give a name"):
        raise refused


def test_headers_are_of_one_refusal_alone() -> None:
    given = {"Retry-After": "5"}
    refused = Refused(429, "wait", given)
    given["Retry-After"] = "9"
    assert refused.headers == {"Retry-After": "5"}
    assert Refused(429, "wait").headers is not Refused(429, "wait").headers
