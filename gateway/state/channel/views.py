"""Answers of a channel to questions of nodes that do not follow the channel (P39)."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import nsmallest
from typing import TYPE_CHECKING, Final

from gateway.state import metadata
from gateway.state.channel.questions import MEMBERS, ChannelView, ListRow, Look, MemberView
from gateway.state.channel.veil import members_for

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState, Member

PAGE: Final = "page:"
REGISTRATION: Final = "registration"
EVERYTHING: Final = "registration:all"


def look(channel: ChannelState, question: Look) -> ChannelView | None:
    """Show the asker's view of the channel; None if there is no such channel, or the channel is secret (+s) to the
    asker."""
    if question.what.startswith(PAGE):
        return _page(channel, question.what.removeprefix(PAGE))
    if question.what in (REGISTRATION, EVERYTHING):
        return _registration(channel, question.uid, whole=question.what == EVERYTHING)
    is_member = question.uid in channel.members
    sees_all = is_member or question.oper
    is_there = channel.members or "P" in channel.modes
    if not is_there or ("s" in channel.modes and not sees_all):
        return None
    what, _, letter = question.what.partition(":")
    seen = channel.members if question.oper else members_for(channel, question.uid)
    return ChannelView(
        *_facts(channel, show_key=sees_all),
        _members(seen, sees_all=sees_all) if what in ("names", "who") else (),
        channel.lists[letter].rows() if what == "list" and letter in channel.lists else (),
        is_member,
        metadata=metadata.values(channel.metadata) if what == "metadata" and (sees_all or _is_open(channel)) else {},
    )


def _is_open(channel: ChannelState) -> bool:
    """Whether anybody may enter, and so may know of the channel what members know."""
    return channel.modes.isdisjoint("ips") and channel.key is None


def _registration(channel: ChannelState, uid: str, *, whole: bool) -> ChannelView:
    """Show a service the registration of the channel. The members are the asker alone, with the asker's ranks; whole:
    all members, and the bans."""
    me = channel.members.get(uid)
    shown = channel.members.values() if whole else (me,) if me is not None else ()
    return ChannelView(
        *_facts(channel, show_key=True),
        tuple(MemberView(one.person, one.prefixes) for one in shown),
        channel.lists["b"].rows() if whole else (),
        is_member=me is not None,
        total=len(channel.members),
        registration=channel.register.kept[0] if channel.register.kept else None,
        doubtful=channel.doubtful,
        forbidden=channel.register.forbidden if channel.register.is_forbidden else None,
    )


def _page(channel: ChannelState, after: str) -> ChannelView:
    """Show an operator's view of the channel, with a page of members in the order of user ids."""
    if not channel.members:
        return ChannelView("", 0, "", (), "", "", 0, ())
    uids = nsmallest(MEMBERS, (uid for uid in channel.members if uid > after))
    members = tuple(MemberView(channel.members[uid].person, channel.members[uid].prefixes) for uid in uids)
    return ChannelView(*_facts(channel, show_key=False), members, total=len(channel.members))


def _facts(channel: ChannelState, *, show_key: bool) -> tuple[str, int, str, tuple[str, ...], str, str, int]:
    """List what every view begins with: name, time of creation, modes, parameters of modes, and the topic."""
    modes, params = settings(channel, show_key=show_key)
    return channel.name, channel.created, modes, params, channel.topic, channel.topic_by, channel.topic_at


def settings(channel: ChannelState, *, show_key: bool) -> tuple[str, tuple[str, ...]]:
    """List the mode letters, modes with a parameter last, and the parameters in the same order."""
    letters, params = "".join(sorted(channel.modes)), []
    if channel.key is not None:
        letters += "k"
        params.append(channel.key if show_key else "*")
    if channel.limit is not None:
        letters += "l"
        params.append(str(channel.limit))
    for letter in sorted(channel.params):
        letters += letter
        params.append(channel.params[letter])
    return letters, tuple(params)


def _members(members: Mapping[str, Member], *, sees_all: bool) -> tuple[MemberView, ...]:
    """List the members. An asker outside the channel does not see invisible members (+i)."""
    return tuple(
        MemberView(member.person, member.prefixes)
        for member in members.values()
        if sees_all or "i" not in member.person.modes
    )


def row(channel: ChannelState, term: int) -> ListRow:
    kept = channel.register.kept
    hidden = "s" in channel.modes or bool(kept and kept[0].setting("private"))
    return ListRow(channel.name, len(channel.members), channel.topic, channel.created, channel.topic_at, hidden, term)
