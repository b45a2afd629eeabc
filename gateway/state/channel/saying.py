"""The rules for speaking in a channel. Every message goes through this file, so the common case comes first."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gateway.irc import numerics as n
from gateway.state.channel.messages import Said, Say
from gateway.state.people import Person, refused
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState

CTCP = b"\x01"
_ACTION = (b"ACTION", b"ACTION\x01")


def decide_say(channel: ChannelState, command: Say, at: int) -> Decision:
    member = channel.members.get(command.uid)
    if member is None:
        person = command.person
        heard = _hears_outsider(channel, command, person, at)
    else:
        person = member.person
        heard = bool(member.prefixes) or not (command.status or "m" in channel.modes or is_banned(channel, person, at))
    if person is None or not heard or (command.text[:1] == CTCP and "C" in channel.modes and not _is_action(command)):
        is_seen = member is not None or (channel.members and "s" not in channel.modes)
        numeric = n.ERR_CANNOTSENDTOCHAN if is_seen else n.ERR_NOSUCHCHANNEL
        return Decision(refused(numeric, channel.name), None)
    said = Said(
        command.uid,
        command.source,
        command.verb,
        command.text,
        command.status,
        command.tags,
        person.account,
        "B" in person.modes,
        command.life,
        command.idempotency_key,
    )
    return Decision(None, said)


def _hears_outsider(channel: ChannelState, command: Say, person: Person | None, at: int) -> bool:
    """Whether the channel takes messages of an outsider. With +S, the channel takes none: the channel does not know
    whether the outsider uses TLS."""
    if person is None or not channel.members or command.status or not channel.modes.isdisjoint("nmS"):
        return False
    if "R" in channel.modes and person.account is None:
        return False
    return not is_banned(channel, person, at)


def _is_action(command: Say) -> bool:
    return command.text[1:].split(b" ", 1)[0] in _ACTION


def is_banned(channel: ChannelState, person: Person, at: int, rooms: Collection[str] | None = None) -> bool:
    """Judge a person by the bans and the exceptions of the channel. rooms: as in `MaskList.fits`."""
    return bool(channel.lists["b"].entries) and bans_source(channel, person.known_as, at, person, rooms)


def bans_source(
    channel: ChannelState, source: str, at: int, person: Person | None = None, rooms: Collection[str] | None = None
) -> bool:
    """Judge a whole nick!user@host, of a machine, or all of a person."""
    lists = channel.lists
    return lists["b"].fits(source, at, person, rooms) and not lists["e"].fits(source, at, person, rooms)
