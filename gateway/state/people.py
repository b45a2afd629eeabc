"""What the network knows of a person: the facts that a nick's group holds and that channels pass on (P28)."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import msgspec

from gateway.irc.numerics import TEXT
from ring.ids import Incarnation


class Author(NamedTuple):
    """Whose a line is. source: nick!user@host. account: as registered; None without one, or where nobody knows it."""

    source: str
    account: str | None = None


class Person(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A user's facts at one version: a higher one replaces a lower one everywhere. The uid outlives nick changes."""

    NEWER: ClassVar = {"certificate": 2}

    uid: str  # network-unique, starts with a digit so that no client can claim it as a nick
    version: int  # given by the user's own group, by nobody else (P28)
    nick: str
    user: str
    host: str
    real: str
    node: str  # ring key of the edge
    incarnation: int  # of the edge
    account: str | None = None
    away: str | None = None  # away text, None while here
    modes: str = ""  # the user modes others may see or that matter to others: B R i o (sorted)
    signon: int = 0  # Unix ms
    since: int = 0  # when its nick was claimed, Unix ms, by the nick's group: the older claim stays (P26)
    certificate: str = ""  # of a guest with a TLS certificate: a digest of the fingerprint under the uid (P29)

    @property
    def source(self) -> str:
        """nick!user@host"""
        return f"{self.nick}!{self.user}@{self.host}"

    @property
    def author(self) -> Author:
        return Author(self.source, self.account)

    @property
    def edge(self) -> Incarnation:
        return Incarnation(self.node, self.incarnation)


class Refusal(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """Why a master refused: the numeric and the parameters after the client's nick, the trailing text last.

    E.g. Refusal("473", ("#c", "Cannot join channel (+i)")).
    """

    numeric: str
    params: tuple[str, ...]


def refused(numeric: str, *params: str) -> Refusal:
    """A refusal with the numeric's own text last."""
    return Refusal(numeric, (*params, TEXT[numeric]))
