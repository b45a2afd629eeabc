"""Machines (webhooks) that speak in a channel: bans and modes against machines, and idempotency keys.

A machine speaks like a member without rank. The machine's token lists the channel, so +n, +R and +S do not stop the
machine. A ban on the machine's source stops the machine, and so does +m, unless an exception (+e) matches the source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.irc import numerics as n
from gateway.state.channel.keys import check_of
from gateway.state.channel.machine_messages import KEY_MS, Speak, Spoken, key_of
from gateway.state.channel.messages import Said
from gateway.state.channel.saying import bans_source
from gateway.state.people import Refusal
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState


def decide_speak(channel: ChannelState, command: Speak, at: int) -> Decision:
    known = channel.keys.get(key_of(command.idempotency_key))
    if known is not None and at - known.at < KEY_MS:
        return Decision(Spoken(known.at, known.check), None)
    if not channel.members:
        return Decision(Refusal(n.ERR_NOSUCHCHANNEL, (channel.name, "nobody is in the channel")), None)
    why = "" if command.override else _stopped(channel, command.source, at)
    if why:
        return Decision(Refusal(n.ERR_CANNOTSENDTOCHAN, (channel.name, why)), None)
    said = Said(
        command.uid,
        command.source,
        command.verb,
        command.text,
        bot=command.bot,
        idempotency_key=command.idempotency_key,
    )
    return Decision(Spoken(at, check_of(command.verb, command.text)), said)


def _stopped(channel: ChannelState, source: str, at: int) -> str:
    """Say in words why the machine may not speak; "" if the machine may speak."""
    if bans_source(channel, source, at):
        return f"a ban of the channel matches {source}"
    if "m" in channel.modes and not channel.lists["e"].fits(source, at, None, None):
        return f"the channel is moderated (+m): MODE +e with a mask that matches {source} lets you speak"
    return ""
