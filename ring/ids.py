"""Name nodes, groups, terms and positions of the ring."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""The errors of decoding a peer's bytes: text that is not UTF-8 raises no MsgspecError."""


class Incarnation(NamedTuple):
    """One life of a node (P2). `number` grows with every start of the node with this ring key."""

    key: str  # ring key: by default the node's advertised IP as canonical text
    number: int

    @property
    def first_number(self) -> int:
        """Return where this life starts to number its questions. The numbers differ from those of the lives before, so
        an answer to an earlier life, which comes late over a new link, answers no question of this life."""
        return (self.number & 0xFFF) << 20


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
"""The meaning of a lost link for the peer's life (P18): "none" after a reset; "refused", the life is over; "silent",
the life may be over."""

NO_TERM = Term(0, "", 0)
