"""The flood mode (+F): which limit an act would break, and what the channel does then.

The master judges each act by the times of all acts before, so the act after the last allowed act is refused, however
many nodes the people are on. Members with a rank are never counted against a limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.irc import numerics as n
from gateway.irc.flood_limits import WORDS, Limit
from gateway.state.channel.messages import SERVICE, Flooded, Kicked
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.tally import is_over
from gateway.state.people import Person, Refusal
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState

PUTS_OUT: Final = "kb"
BANS: Final = "bq"
MINUTE_MS: Final = 60_000


def broken(channel: ChannelState, what: str, uid: str, at: int, text: bytes = b"") -> Limit | None:
    """Find the limit that one more act would break. what: letters of +F that count the act."""
    flood, tally = channel.flood, channel.tally
    if flood is None or tally is None:
        return None
    for letter in what:
        rate = flood.rate(letter)
        if rate is not None and is_over(tally.counted(letter, uid, text), rate, at):
            return flood.limits[letter]
    return None


def act(channel: ChannelState, limit: Limit, person: Person, at: int) -> Flooded | None:
    """Make the event of the channel's action; None if the channel has the mode already."""
    changes: tuple[ModeChange, ...] = ()
    kicked = None
    if limit.action in BANS and len(channel.lists["b"]) < channel.rules.limits.list_max:
        changes = (ModeChange(True, "b", _mask(limit, person)),)
    elif limit.action not in PUTS_OUT and limit.action not in BANS and limit.action not in channel.modes:
        changes = (ModeChange(True, limit.action),)
    if limit.action in PUTS_OUT:
        kicked = Kicked("", SERVICE, person.uid, person.nick, why(channel, limit))
    until = at + limit.minutes * MINUTE_MS
    return Flooded(changes, kicked, until) if changes or kicked is not None else None


def why(channel: ChannelState, limit: Limit) -> str:
    seconds = channel.flood.seconds if channel.flood is not None else 0
    return f"Flood: more than {limit.most} {WORDS[limit.what]} in {seconds} seconds (+F)"


def refuse_flood(channel: ChannelState, limit: Limit, person: Person, at: int, numeric: str) -> Decision:
    """Refuse the act that breaks the limit, and act."""
    text = n.TEXT[numeric] if limit.what == "j" else why(channel, limit)
    return Decision(Refusal(numeric, (channel.name, text)), act(channel, limit, person, at))


def _mask(limit: Limit, person: Person) -> str:
    who = f"~a:{person.account}" if person.account is not None else f"*!*@{person.host}"
    return f"~t:{limit.minutes}:{'~q:' if limit.action == 'q' else ''}{who}"
