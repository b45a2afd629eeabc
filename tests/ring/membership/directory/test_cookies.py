"""Cookies without memory: good for one address, for a while, and of this life of the directory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ring.membership.directory.cookies import Cookies

SLOT_S = 60.0
HERE = ("127.0.0.1", 4000)

TIMES = st.floats(0, 2**33, allow_nan=False)


@given(TIMES, st.floats(0, 3 * SLOT_S))
def test_a_cookie_is_good_for_one_slot_to_two(made: float, age: float) -> None:
    cookies = Cookies(b"secret", SLOT_S)
    good = cookies.is_good(cookies.make(HERE, made), HERE, made + age)
    slots = (made + age) // SLOT_S - made // SLOT_S
    assert good == (slots <= 1)
    assert good or age >= SLOT_S


@given(TIMES)
def test_a_cookie_of_the_future_is_not_good(now: float) -> None:
    """After a clock went back, a directory believes no cookie of the time after the new time."""
    cookies = Cookies(b"secret", SLOT_S)
    assert not cookies.is_good(cookies.make(HERE, now + 2 * SLOT_S), HERE, now)


def test_a_cookie_is_of_one_address_and_one_life() -> None:
    cookies = Cookies(b"secret", SLOT_S)
    cookie = cookies.make(HERE, 1000.0)
    assert len(cookie) == 16 and cookies.is_good(cookie, HERE, 1000.0)
    for other in (("127.0.0.1", 4001), ("127.0.0.2", 4000), ("127.0.0.14", 0), ("", 4000)):
        assert not cookies.is_good(cookie, other, 1000.0)
    assert not Cookies(b"another life", SLOT_S).is_good(cookie, HERE, 1000.0)


@given(st.binary(max_size=64))
def test_made_up_cookies_are_not_good(cookie: bytes) -> None:
    assert not Cookies(b"secret", SLOT_S).is_good(cookie, HERE, 1000.0)
