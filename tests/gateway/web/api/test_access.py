"""Tokens, capabilities and limits of the API."""

from __future__ import annotations

import pytest

from gateway.web.api.access import AT_ONCE, Access, Rates, Token, hash_of, require
from gateway.web.refusal import Refused

OPS = Token("ops", hash_of("secret"), frozenset(("accounts", "kills")))
HOME = "192.0.2.7"


def refusal(access: Access, header: str | None, address: str = HOME, now: float = 0.0) -> Refused:
    with pytest.raises(Refused) as found:
        access.bearer(header, address, now)
    return found.value


def test_a_token_is_known_by_its_hash_alone() -> None:
    access = Access([OPS], Rates(60, 3))
    for header in ("Bearer secret", "bearer  secret "):
        assert access.bearer(header, HOME, 0.0) is OPS
    for header in (None, "", "Bearer", "Bearer ", "Basic secret", "secret", f"Bearer {OPS.hash}", "Bearer Secret"):
        assert refusal(Access([OPS], Rates(60, 3)), header).status == 401


def test_wrong_tokens_are_slowed_by_address_and_right_ones_are_not() -> None:
    access = Access([OPS], Rates(60, 3))
    assert [refusal(access, "Bearer x").status for _ in range(5)] == [401, 401, 401, 429, 429]
    late = refusal(access, "Bearer x")
    assert late.headers == {"Retry-After": "20"} and "wait 20 s" in str(late)
    assert access.bearer("Bearer secret", HOME, 0.0) is OPS
    assert refusal(access, "Bearer x", "192.0.2.8").status == 401
    assert refusal(access, "Bearer x", now=21.0).status == 401


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    access = Access([OPS], Rates(60, 1))
    assert refusal(access, "Bearer x", "2001:db8::1").status == 401
    assert refusal(access, "Bearer x", "2001:db8::2").status == 429
    assert refusal(access, "Bearer x", "2001:db8:0:1::1").status == 401


@pytest.mark.parametrize("by_token", [False, True])
def test_requests_are_bounded_in_a_minute_and_at_once(by_token: bool) -> None:
    access = Access([OPS], Rates(60, 3))

    def one(now: float) -> int:
        try:
            ticket = access.use(OPS, now) if by_token else access.visit(HOME, now)
        except Refused as refused:
            assert refused.headers == {"Retry-After": "1"}
            return refused.status
        ticket.release()
        return 200

    assert [one(0.0) for _ in range(17)] == [200] * 15 + [429] * 2
    assert one(1.1) == 200
    access.configure([OPS], Rates(100_000, 3))
    held = [access.use(OPS, 60.0) if by_token else access.visit(HOME, 60.0) for _ in range(AT_ONCE)]
    assert one(60.0) == 429
    held[0].release()
    assert one(60.0) == 200


def test_who_may_change_may_read_and_not_the_other_way() -> None:
    require(OPS, "accounts.read")
    require(OPS, "kills")
    require(OPS, "")
    for capability in ("sessions", "sessions.read", "speak"):
        with pytest.raises(Refused, match=f"lacks the capability {capability}: it has accounts, kills"):
            require(OPS, capability)
    with pytest.raises(Refused):
        require(OPS._replace(capabilities=frozenset(("accounts.read",))), "accounts")


def test_a_token_that_is_taken_out_of_the_file_is_unknown_from_then_on() -> None:
    access = Access([OPS], Rates(60, 3))
    access.configure([], Rates(60, 3))
    assert refusal(access, "Bearer secret").status == 401
