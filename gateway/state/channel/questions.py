"""Questions to a channel's master by nodes that do not follow the channel, and the answers."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.state.channel.messages import _Tagged
from gateway.state.channel.registration import Forbidden, Registration
from gateway.state.people import Person


class Look(_Tagged, frozen=True, tag=41):
    """Show the channel to the person `uid`. what: "names", "modes", "topic", "list:b" (and e, I), "who",
    "metadata" (since level 3).

    Since level 2, for operators' programs: "page:UID" asks for the next MEMBERS members with a greater uid. The name ""
    in the answer then means "no such channel", and None means that nobody has answered. Also since level 2:
    "registration", for services, asks for the registration of a channel that nobody need be in; "registration:all"
    asks for all members and bans beside.
    """

    uid: str
    what: str
    oper: bool = False


MEMBERS = 200
"""The most members in a page."""


class MemberView(msgspec.Struct, frozen=True, array_like=True):
    person: Person
    prefixes: str


class ChannelView(msgspec.Struct, frozen=True, array_like=True):
    """The asker's view of a channel. The asker gets None instead if there is no such channel for the asker."""

    NEWER: ClassVar = {"total": 2, "registration": 2, "doubtful": 2, "forbidden": 3, "metadata": 3}

    name: str
    created: int  # Unix ms
    modes: str  # e.g. "ntkl": modes with a parameter last
    params: tuple[str, ...]  # of k ("*" if the asker is neither member nor operator), l and others, if set
    topic: str
    topic_by: str
    topic_at: int  # Unix ms
    members: tuple[MemberView, ...]
    entries: tuple[tuple[str, str, int], ...] = ()  # a list's (mask, set by, Unix ms)
    is_member: bool = False
    total: int = 0  # number of all members, if the answer has a page of members
    registration: Registration | None = None  # if the question is "registration"
    doubtful: bool = False  # absent nodes may hold a registration
    forbidden: Forbidden | None = None  # if the question is "registration"
    metadata: dict[str, str] = {}  # if the question is "metadata", and no bar of the channel hides the keys


class ListRow(msgspec.Struct, frozen=True, array_like=True):
    """A line of LIST, from the channel's master."""

    name: str
    users: int
    topic: str
    created: int
    topic_at: int
    hidden: bool  # +s: shown only to members and operators
    term: int
