"""Commands, events and questions of an account's group by which operators suspend and rename accounts. Level 3."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.account.snapshot import Life, Suspension


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    SINCE: ClassVar = 3


class Suspend(_Tagged, frozen=True, tag=69):
    """Let nobody log in to the account, or let people log in again. suspension: None for an end."""

    life: str
    suspension: Suspension | None


class Adopt(_Tagged, frozen=True, tag=70):
    """Take the name for a registration that has had another name. of: the former name, folded; an alias of `of` gives
    way. The registration keeps the id, and counts as made now: the name may have been dropped since."""

    registration: Life
    of: str


class Redirect(_Tagged, frozen=True, tag=71):
    """Make the name an alias of the account `to` (folded): the registration `life` has the name `to` now, or the name
    is an alias of `of`. alias: a new network-unique id."""

    life: str
    of: str
    to: str
    alias: str


class Suspended(_Tagged, frozen=True, tag=90):
    suspension: Suspension | None


class Adopted(_Tagged, frozen=True, tag=91):
    registration: Life


class Whole(_Tagged, frozen=True, tag=108):
    """Ask for the whole registration, to give it another name. The answer is a WholeView."""

    SINCE: ClassVar = 3


class WholeView(_Tagged, frozen=True, tag=118):
    registration: Life | None
