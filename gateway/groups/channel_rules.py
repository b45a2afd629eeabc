"""Who may do what in a channel: each command judged against the state, changing nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.groups.channel_messages import (
    Evict,
    HasQuit,
    Invite,
    Invited,
    Join,
    Joined,
    Kick,
    Kicked,
    Part,
    Parted,
    Quit,
    Said,
    Say,
    SetModes,
    SetTopic,
    TopicSet,
    Update,
    Updated,
)
from gateway.groups.channel_modes import decide_modes
from gateway.groups.people import Person, refused
from gateway.irc import numerics as n
from gateway.irc.modes import CHANNEL_MODES
from ring.groups.machine import Decision

if TYPE_CHECKING:
    from gateway.groups.channel import Channel, Member

NOTHING = Decision(None, None)
CTCP = b"\x01"
ACTION = b"\x01ACTION"


def decide_join(channel: Channel, command: Join, at: int) -> Decision:
    if command.person.uid in channel.members:
        return NOTHING
    if not channel.members:
        return Decision(None, Joined(command.person, "o", command.name or channel.name))
    numeric = None if command.override else _bar(channel, command)
    if numeric is not None:
        return Decision(refused(numeric, channel.name), None)
    return Decision(None, Joined(command.person))


def _bar(channel: Channel, command: Join) -> str | None:
    """Why the person may not join. An invitation passes +i, +l, +k and bans, as the reference has it for +i."""
    person, modes = command.person, channel.modes
    if "S" in modes and not command.secure:
        return n.ERR_SECUREONLYCHAN
    if "R" in modes and person.account is None:
        return n.ERR_NEEDREGGEDNICK
    if person.uid in channel.invited:
        return None
    if channel.key is not None and command.key != channel.key:
        return n.ERR_BADCHANNELKEY
    if channel.limit is not None and len(channel.members) >= channel.limit:
        return n.ERR_CHANNELISFULL
    if "i" in modes and not channel.lists["I"].masks.matches(person.source):
        return n.ERR_INVITEONLYCHAN
    if is_banned(channel, person):
        return n.ERR_BANNEDFROMCHAN
    return None


def is_banned(channel: Channel, person: Person) -> bool:
    lists = channel.lists
    if not lists["b"].entries:
        return False
    return lists["b"].masks.matches(person.source) and not lists["e"].masks.matches(person.source)


def decide_part(channel: Channel, command: Part, at: int) -> Decision:
    member = channel.members.get(command.uid)
    if member is None:
        return Decision(_not_in(channel), None)
    return Decision(None, Parted(command.uid, member.person.source, command.reason))


def _not_in(channel: Channel) -> Any:
    return refused(n.ERR_NOTONCHANNEL if channel.members else n.ERR_NOSUCHCHANNEL, channel.name)


def decide_say(channel: Channel, command: Say, at: int) -> Decision:
    member = channel.members.get(command.uid)
    if not _may_say(channel, member, command):
        numeric = n.ERR_CANNOTSENDTOCHAN if channel.members else n.ERR_NOSUCHCHANNEL
        return Decision(refused(numeric, channel.name), None)
    person = member.person if member is not None else command.person
    bot = person is not None and "B" in person.modes
    return Decision(
        None,
        Said(
            command.uid,
            command.source,
            command.verb,
            command.text,
            command.status,
            command.tags,
            person.account if person is not None else None,
            bot,
        ),
    )


def _may_say(channel: Channel, member: Member | None, command: Say) -> bool:
    modes = channel.modes
    if not channel.members:
        return False
    if command.text[:1] == CTCP and "C" in modes and not command.text.startswith(ACTION):
        return False
    if member is not None:
        if member.prefixes:
            return True
        if command.status or "m" in modes:
            return False
        return not is_banned(channel, member.person)
    person = command.person
    if "n" in modes or "m" in modes or command.status or person is None:
        return False
    if ("R" in modes and person.account is None) or "S" in modes:
        return False
    return not is_banned(channel, person)


def decide_topic(channel: Channel, command: SetTopic, at: int) -> Decision:
    member = channel.members.get(command.by)
    if member is None and not (command.override and channel.members):
        return Decision(_not_in(channel), None)
    if "t" in channel.modes and not command.override and not _rank(member, "oh"):
        return Decision(refused(n.ERR_CHANOPRIVSNEEDED, channel.name), None)
    return Decision(None, TopicSet(command.by, command.source, command.topic))


def _rank(member: Member | None, letters: str) -> bool:
    return member is not None and any(letter in member.prefixes for letter in letters)


def decide_kick(channel: Channel, command: Kick, at: int) -> Decision:
    member = channel.members.get(command.by)
    if member is None and not (command.override and channel.members):
        return Decision(_not_in(channel), None)
    if not command.override and not _rank(member, "oh"):
        return Decision(refused(n.ERR_CHANOPRIVSNEEDED, channel.name), None)
    uid = command.uid if command.uid in channel.members else find_member(channel, command.nick)
    if uid is None:
        return Decision(refused(n.ERR_USERNOTINCHANNEL, command.nick, channel.name), None)
    target = channel.members[uid]
    outranked = _rank(target, "oh") and not _rank(member, "o")
    if not command.override and (outranked or "Q" in channel.modes):
        return Decision(refused(n.ERR_CHANOPRIVSNEEDED, channel.name), None)
    return Decision(None, Kicked(command.by, command.source, uid, target.person.nick, command.reason))


def find_member(channel: Channel, nick: str) -> str | None:
    """The uid of the member who has this nick now, as the master knows it."""
    folded = channel.rules.casemap(nick)
    return next((uid for uid, m in channel.members.items() if channel.rules.casemap(m.person.nick) == folded), None)


def decide_invite(channel: Channel, command: Invite, at: int) -> Decision:
    member = channel.members.get(command.by)
    if not channel.members:
        return Decision(refused(n.ERR_NOSUCHCHANNEL, channel.name), None)
    if member is None and not command.override:
        return Decision(refused(n.ERR_NOTONCHANNEL, channel.name), None)
    if command.uid in channel.members:
        return Decision(refused(n.ERR_USERONCHANNEL, command.nick, channel.name), None)
    if "i" in channel.modes and not command.override and not _rank(member, "oh"):
        return Decision(refused(n.ERR_CHANOPRIVSNEEDED, channel.name), None)
    return Decision(None, Invited(command.by, command.source, command.uid, command.nick))


def decide_update(channel: Channel, command: Update, at: int) -> Decision:
    member = channel.members.get(command.person.uid)
    if member is None or command.person.version <= member.person.version:  # P28
        return NOTHING
    return Decision(None, Updated(command.person, member.person))


def decide_quit(channel: Channel, command: Quit, at: int) -> Decision:
    member = channel.members.get(command.uid)
    if member is None:
        return NOTHING
    return Decision(None, HasQuit(((command.uid, member.person.source),), command.reason))


def decide_evict(channel: Channel, command: Evict, at: int) -> Decision:
    edges = set(command.edges)
    gone = tuple((uid, m.person.source) for uid, m in channel.members.items() if tuple(m.person.edge) in edges)
    return Decision(None, HasQuit(gone, command.reason)) if gone else NOTHING


def decide_set_modes(channel: Channel, command: SetModes, at: int) -> Decision:
    member = channel.members.get(command.by)
    if not channel.members:
        return Decision(refused(n.ERR_NOSUCHCHANNEL, channel.name), None)
    if member is None and not command.override:
        return Decision(refused(n.ERR_NOTONCHANNEL, channel.name), None)
    rank = CHANNEL_MODES.ranks[0] if command.override else (member.prefixes[:1] if member is not None else "")
    return decide_modes(channel, command, rank)


DECIDE: dict[type, Callable[[Channel, Any, int], Decision]] = {
    Join: decide_join,
    Part: decide_part,
    Say: decide_say,
    SetTopic: decide_topic,
    SetModes: decide_set_modes,
    Kick: decide_kick,
    Invite: decide_invite,
    Update: decide_update,
    Quit: decide_quit,
    Evict: decide_evict,
}
