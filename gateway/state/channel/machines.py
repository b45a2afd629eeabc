"""Machines (webhooks) that speak in a channel: bans and modes against machines, and idempotency keys.

A machine speaks like a member without rank. The machine's token lists the channel, so +n, +R and +S do not stop the
machine. A ban on the machine's source stops the machine, and so does +m, unless an exception (+e) matches the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from zlib import crc32

from gateway.irc import numerics as n
from gateway.state.channel.machine_messages import KEY_MS, KEYS, Speak, Spoken, SpokenKey, key_of
from gateway.state.channel.messages import Said
from gateway.state.people import Refusal
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.channel import Channel


def decide_speak(channel: Channel, command: Speak, at: int) -> Decision:
    known = channel.keys.get(key_of(command.once))
    if known is not None and at - known.at < KEY_MS:
        return Decision(Spoken(known.at, known.check), None)
    if not channel.members:
        return Decision(Refusal(n.ERR_NOSUCHCHANNEL, (channel.name, "nobody is in the channel")), None)
    why = "" if command.override else _stopped(channel, command.source)
    if why:
        return Decision(Refusal(n.ERR_CANNOTSENDTOCHAN, (channel.name, why)), None)
    said = Said(command.uid, command.source, command.verb, command.text, bot=command.bot, once=command.once)
    return Decision(Spoken(at, check_of(command.verb, command.text)), said)


def _stopped(channel: Channel, source: str) -> str:
    """Why the machine may not speak, in words; "" if it may."""
    excepted = channel.lists["e"].matches(source)
    if channel.lists["b"].matches(source) and not excepted:
        return f"a ban of the channel matches {source}"
    if "m" in channel.modes and not excepted:
        return f"the channel is moderated (+m): MODE +e with a mask that matches {source} lets you speak"
    return ""


def check_of(verb: str, text: bytes) -> int:
    """Tells whether a repeated key came with the same words."""
    return crc32(text, crc32(verb.encode()))


def remembered(keys: Mapping[str, SpokenKey], event: Said, at: int) -> dict[str, SpokenKey] | None:
    """The keys with that of the event; None if the event has none."""
    key = key_of(event.once)
    if not key:
        return None
    fresh = {name: one for name, one in keys.items() if at - one.at < KEY_MS and name != key}
    fresh[key] = SpokenKey(at, check_of(event.verb, event.text))
    return _bounded(fresh)


def merge_keys(a: Mapping[str, SpokenKey], b: Mapping[str, SpokenKey]) -> dict[str, SpokenKey]:
    """What either side has said was said; of one key the first time counts (P26)."""
    both = {key: min((side[key] for side in (a, b) if key in side), key=_order) for key in sorted({*a, *b})}
    return _bounded(both)


def _bounded(keys: Mapping[str, SpokenKey]) -> dict[str, SpokenKey]:
    newest = sorted(keys, key=lambda key: (-keys[key].at, key))[:KEYS]
    return {key: keys[key] for key in sorted(newest)}


def _order(one: SpokenKey) -> tuple[int, int]:
    return one.at, one.check
