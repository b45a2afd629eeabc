"""Commands about a whole channel, by access or by operators of the network, and their event: many people go at once.

`life`, `account` and `override` are as in registration_messages.py, and `source` is the author that people read.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from gateway.state.channel.registration import Forbidden
from gateway.state.people import Person


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    SINCE: ClassVar = 3


class Clear(_Tagged, frozen=True, tag=17):
    """Put out all people without access (but the caller, uid), take all bans away, or take the rank of operators whose
    access does not give the rank. reason: of the kicks."""

    life: str
    what: Literal["users", "bans", "ops"]
    source: str
    uid: str
    reason: str = ""
    override: bool = False


class Recover(_Tagged, frozen=True, tag=18):
    """Open a channel without operators to the person, and make the person operator if the person is a member."""

    life: str
    source: str
    person: Person
    override: bool = False


class Purge(_Tagged, frozen=True, tag=19):
    """By an operator of the network: end the registration, and put everybody out."""

    source: str
    reason: str
    account: str | None = None


class Forbid(_Tagged, frozen=True, tag=20):
    """By an operator of the network: as Purge, and nobody enters or registers the channel from now on. by: the
    operator's name. over: people may enter and register again."""

    source: str
    reason: str
    by: str
    account: str | None = None
    over: bool = False


class Emptied(_Tagged, frozen=True, tag=39):
    """People were put out. gone: (uid, nick) of each. ends: the registration has ended. forbidden: what is known of a
    ban on the channel itself from now on; None: as before."""

    source: str
    reason: str
    gone: tuple[tuple[str, str], ...] = ()
    account: str | None = None
    ends: bool = False
    forbidden: Forbidden | None = None


EmptyingCommand = Clear | Recover | Purge | Forbid
EmptyingEvent = Emptied
