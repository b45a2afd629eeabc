"""What a merge notes of two logs."""

from __future__ import annotations

from ring.groups.copy import Copy
from ring.groups.merging import _also
from ring.ids import GroupId, Incarnation, Term
from ring.wire import Command, Entry
from tests.ring.groups.toy import ToyKind

ONE, TWO = Term(1, "a", 1), Term(2, "b", 1)
EDGE = Incarnation("c", 1)


def test_a_line_that_waits_here_is_said_there_and_brought_from_there_has_two_names() -> None:
    """Its edge has asked this side, too, as the partition ended, before the other side offered what it has."""
    kind = ToyKind()
    here, there = (Copy(GroupId("channel", "#c"), kind, kind.fresh("#c"), ((term, 1),)) for term in (TWO, ONE))
    there.advance(Entry(1, 1_000, EDGE, 7, 7, ["ok"], ["say", "x"]))
    name = there.stamp_of(there.log[0])
    here.pending.append(Command(5, 1_001, EDGE, 7, 7, ["say", "x"]))
    here.pending.append(Command(6, 1_002, EDGE, 7, 0, ["say", "x"], told=(name.msgid, name.at)))
    assert _also(here, there, 0) == ((name.msgid, here.stamp(5, 1_001).msgid),)
