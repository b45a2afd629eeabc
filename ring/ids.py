"""The names of things on the ring: nodes, groups, terms and positions."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding a peer's bytes may raise: text that is not UTF-8 is no MsgspecError."""


class Incarnation(NamedTuple):
    """One life of a node (P2). `number` grows with every start of the node with this ring key."""

    key: str  # ring key: by default the node's advertised IP as canonical text
    number: int


class GroupId(NamedTuple):
    """A replicated object on the ring (P1). Tables are keyed by both; the ring hashes the name alone."""

    kind: str  # "channel", "nick", "network", "account", "session", "conversation", "guard"
    name: str  # casefolded


class Term(NamedTuple):
    """A master's term over a group (P3): ordered as a tuple, so that two terms are never equal."""

    number: int
    key: str  # the master's ring key
    incarnation: int


class Position(NamedTuple):
    """Names an event of a group for ever (P3)."""

    term: Term
    seq: int


Evidence = Literal["none", "refused", "silent"]
"""What a lost link says of the peer's life (P18): a reset nothing, a refused connection that it is over, silence that
it may be."""

NO_TERM = Term(0, "", 0)
