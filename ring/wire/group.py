"""Define the messages between a node and the master of a group: commands, barriers, watches and questions.

Commands, outcomes, views and questions belong to the group's kind. Here they stay encoded (`Raw`); the kind reads them.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ring.ids import GroupId, Term
from ring.roster import NodeRecord


class GroupMessage(msgspec.Struct, frozen=True, array_like=True):
    group: GroupId


# Submit and answer ----------------------------------------------------------------------------------------------------


class Submit(GroupMessage, frozen=True, tag=1):
    """Edge to master: submit command `number` of this origin. floor: the origin's lowest unanswered number (P6)."""

    number: int
    floor: int
    command: msgspec.Raw


class Answer(GroupMessage, frozen=True, tag=2):
    """Master to edge: answer a command. The answer has position (term, seq) and time `at`.

    follows: the edge follows the group, and so shows the answer once the edge has applied `seq` (P11).
    """

    number: int
    term: Term
    seq: int
    at: int
    follows: bool
    outcome: msgspec.Raw


class NotOwner(GroupMessage, frozen=True, tag=3):
    """Say that the sender is not the group's owner: the master in the sender's view, and the records behind the
    view."""

    master: str
    records: tuple[NodeRecord, ...]


# Barriers -------------------------------------------------------------------------------------------------------------


class Barrier(GroupMessage, frozen=True, tag=9):
    """Edge to master: ask for a word once command `number` and all before are settled. floor: the lowest unanswered
    number."""

    number: int
    floor: int


class Settled(GroupMessage, frozen=True, tag=10):
    """Master to edge: the command `number`, and all before, are settled."""

    number: int


# Watches --------------------------------------------------------------------------------------------------------------


class Watch(GroupMessage, frozen=True, tag=11):
    """Ask for the group's view for the next minute, as soft state (P15). on=False: no longer."""

    on: bool


class View(GroupMessage, frozen=True, tag=12):
    """Master to watcher: show a view. (term, seq) orders the views; data belongs to the kind."""

    term: Term
    seq: int
    data: msgspec.Raw


class Seen(GroupMessage, frozen=True, tag=42):
    """Watcher to master: the view of this position has been shown."""

    SINCE: ClassVar = 1

    term: Term
    seq: int


# Questions ------------------------------------------------------------------------------------------------------------


class Question(GroupMessage, frozen=True, tag=13):
    """Ask a group's master, from a node that does not follow the group."""

    id: int
    question: msgspec.Raw
