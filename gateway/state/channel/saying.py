"""The rules for speaking in a channel. Every message goes through this file, so the common case comes first."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gateway.irc import numerics as n
from gateway.state.channel.flood import broken, refuse_flood
from gateway.state.channel.messages import Said, Say, is_ctcp
from gateway.state.people import Person, Refusal, refused
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState, Member

TO_OPERATORS = "@"
"""The sign of what muted members say in a channel with +U."""


def decide_say(channel: ChannelState, command: Say, at: int) -> Decision:
    member = channel.members.get(command.uid)
    if member is None:
        person = command.person
        heard = _hears_outsider(channel, command, person, at)
    else:
        person = member.person
        heard = bool(member.prefixes) or not ("m" in channel.modes or is_banned(channel, person, at))
    status = command.status
    if person is None or not heard or channel.strict:
        more = _judge_more(channel, command, member, person, at, heard=heard)
        if isinstance(more, Decision):
            return more
        person, status = more
    said = Said(
        command.uid,
        command.source,
        command.verb,
        command.text,
        status,
        command.tags,
        person.account,
        "B" in person.modes,
        command.life,
        command.idempotency_key,
    )
    return Decision(None, said)


def _judge_more(
    channel: ChannelState, command: Say, member: Member | None, person: Person | None, at: int, *, heard: bool
) -> Decision | tuple[Person, str]:
    """Judge a message by all that most channels and messages do not have. heard: whether +m and the bans let the
    speaker speak. Returns the refusal; or the speaker, and the sign of those who read the message."""
    text = n.TEXT[n.ERR_CANNOTSENDTOCHAN]
    modes = channel.modes
    if heard and "M" in modes and person is not None and person.account is None and not (member and member.prefixes):
        heard, text = False, "Only people who are logged in can speak here (+M)"
    is_shown = heard or (member is not None and "U" in modes)
    if "T" in modes and command.verb == "NOTICE":
        is_shown, text = False, "This channel takes no notices (+T)"
    elif "C" in modes and is_ctcp(command.text):
        is_shown, text = False, n.TEXT[n.ERR_CANNOTSENDTOCHAN]
    if person is not None and is_shown:
        is_counted = member is not None and not member.prefixes and command.verb != "TAGMSG"
        if channel.flood is not None and is_counted:
            what = "clr" if is_ctcp(command.text) else "lr"
            limit = broken(channel, what, command.uid, at, command.text)
            if limit is not None:
                return refuse_flood(channel, limit, person, at, n.ERR_CANNOTSENDTOCHAN)
        return person, command.status if heard else TO_OPERATORS
    if member is not None or (channel.members and "s" not in modes):
        return Decision(Refusal(n.ERR_CANNOTSENDTOCHAN, (channel.name, text)), None)
    return Decision(refused(n.ERR_NOSUCHCHANNEL, channel.name), None)


def _hears_outsider(channel: ChannelState, command: Say, person: Person | None, at: int) -> bool:
    """Whether the channel takes messages of an outsider. With +S, the channel takes none: the channel does not know
    whether the outsider uses TLS."""
    if person is None or not channel.members or command.status or not channel.modes.isdisjoint("nmS"):
        return False
    if "R" in channel.modes and person.account is None:
        return False
    return not is_banned(channel, person, at)


def is_banned(channel: ChannelState, person: Person, at: int, rooms: Collection[str] | None = None) -> bool:
    """Judge a person by the bans and the exceptions of the channel. rooms: as in `MaskList.fits`."""
    return bool(channel.lists["b"].entries) and bans_source(channel, person.known_as, at, person, rooms)


def bans_source(
    channel: ChannelState, source: str, at: int, person: Person | None = None, rooms: Collection[str] | None = None
) -> bool:
    """Judge a whole nick!user@host, of a machine, or all of a person."""
    lists = channel.lists
    return lists["b"].fits(source, at, person, rooms) and not lists["e"].fits(source, at, person, rooms)
