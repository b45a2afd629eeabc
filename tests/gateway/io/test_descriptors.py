"""The limit of open files: raised as far as the system allows, and room for clients within the limit."""

from __future__ import annotations

import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.io import descriptors
from gateway.io.descriptors import RESERVE, UNLIMITED, raise_limit, room


@given(st.integers(0, 1 << 20), st.integers(0, 100_000))
def test_clients_have_at_least_half_of_the_limit(limit: int, pages: int) -> None:
    assert limit // 2 <= room(limit, pages) <= limit
    assert room(limit) >= room(limit, pages)


@pytest.mark.parametrize(("limit", "pages", "clients"), [(65_536, 0, 65_280), (65_536, 1_000, 64_280), (400, 0, 300)])
def test_the_reserve_and_the_pages_are_kept_back(limit: int, pages: int, clients: int) -> None:
    assert room(limit, pages) == clients
    assert limit - room(limit) <= RESERVE


class System:
    """Limits of a process, and whether the process may raise the soft limit."""

    def __init__(self, soft: int, hard: int, may_raise: bool) -> None:
        self.limits = (soft, hard)
        self.may_raise = may_raise

    def getrlimit(self, _what: int) -> tuple[int, int]:
        return self.limits

    def setrlimit(self, _what: int, limits: tuple[int, int]) -> None:
        if not self.may_raise:
            raise ValueError("not allowed")
        self.limits = limits


@pytest.mark.parametrize(
    ("soft", "hard", "may_raise", "limit"),
    [
        (1_024, 4_096, True, 4_096),
        (1_024, 4_096, False, 1_024),
        (4_096, 4_096, False, 4_096),
        (1_024, resource.RLIM_INFINITY, True, UNLIMITED),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_the_system_allows(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, may_raise: bool, limit: int
) -> None:
    system = System(soft, hard, may_raise)
    monkeypatch.setattr(descriptors.resource, "getrlimit", system.getrlimit)
    monkeypatch.setattr(descriptors.resource, "setrlimit", system.setrlimit)
    assert raise_limit() == limit
