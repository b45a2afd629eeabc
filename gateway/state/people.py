"""Persons: the network's profile of a user. A nick's group holds the profile, and channels pass the profile on
(P28)."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import msgspec

from gateway.irc.numerics import TEXT
from ring.ids import Incarnation


class Author(NamedTuple):
    """The author of a line. source: nick!user@host. account: as registered; None without an account, or if the account
    is not known."""

    source: str
    account: str | None = None


class Person(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A user's profile at a version. Everywhere, a higher version replaces a lower version. The uid outlives nick
    changes."""

    NEWER: ClassVar = {
        "certificate": 2,
        "life": 2,
        "address": 3,
        "cloak": 3,
        "vhost": 3,
        "metadata": 3,
        "silence": 3,
        "accepts": 3,
    }

    uid: str  # network-unique; starts with a digit, so no client can claim a uid as nick
    version: int  # only the user's own group gives versions (P28)
    nick: str
    user: str
    host: str  # as shown to people
    real: str
    node: str  # ring key of the edge
    incarnation: int  # of the edge
    account: str | None = None
    away: str | None = None  # away text, None while here
    modes: str = ""  # sorted; only user modes with a meaning for other people: B R g i o x
    signon: int = 0  # Unix ms
    since: int = 0  # time of the nick's claim, Unix ms, from the nick's group: the older claim stays (P26)
    certificate: str = ""  # of a guest with a TLS certificate: a digest of the fingerprint under the uid (P29)
    life: str = ""  # the id of the registration of the account; "" without an account, and from nodes of level 1
    address: str = ""  # shown to operators alone; "" in a network without cloaks, where `host` is the address
    cloak: str = ""  # of the address (P54); "" in a network without cloaks
    vhost: str = ""  # the host that the account has instead of the cloak; "" for none
    metadata: tuple[tuple[str, str], ...] = ()  # keys and values, in the order of keys
    silence: tuple[str, ...] = ()  # masks of people whom the person does not hear in private
    accepts: tuple[str, ...] = ()  # nicks and accounts whom the person hears in spite of the mode g

    @property
    def source(self) -> str:
        """nick!user@host"""
        return f"{self.nick}!{self.user}@{self.host}"

    @property
    def known_as(self) -> str:
        """nick!user@host as shown, and after spaces the other hosts by which bans know the person
        (`gateway/irc/masks.py: sources`). A ban on any of these holds whatever is shown. Made for each message that
        bans judge."""
        if not self.cloak:
            return f"{self.nick}!{self.user}@{self.host}"
        return f"{self.nick}!{self.user}@{self.host} {self.cloak} {self.address} {self.vhost}"

    @property
    def origin(self) -> str:
        """The address, as known to operators."""
        return self.address or self.host

    @property
    def author(self) -> Author:
        return Author(self.source, self.account)

    @property
    def edge(self) -> Incarnation:
        return Incarnation(self.node, self.incarnation)


class Refusal(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """A master's refusal: the numeric, and the parameters after the client's nick, with the text last.

    E.g. Refusal("473", ("#c", "Cannot join channel (+i)")).
    """

    numeric: str
    params: tuple[str, ...]


def refused(numeric: str, *params: str) -> Refusal:
    """Make a refusal with the numeric's own text last."""
    return Refusal(numeric, (*params, TEXT[numeric]))
