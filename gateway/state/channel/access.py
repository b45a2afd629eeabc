"""The effect of a channel's registration on the state: the founder, and the ranks of members by access (P50).

A member's ranks are the ranks that the access gives (`given`), without the ranks taken by MODE (`less`), and with the
ranks given by MODE (`extra`). What the access gives follows from the state alone, so no merge has to know of it. While
absent nodes may hold a registration, no access gives a rank (`ChannelState.doubtful`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.irc.modes import CHANNEL_MODES
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.ranks import BY_ACCESS
from gateway.state.channel.registration import Holder, bounded
from gateway.state.channel.registration_messages import AccessSet, Doubted, HolderSet, Registered, Unregistered
from gateway.state.channel.upkeep_messages import HistoryTrimmed, Sighted
from gateway.state.people import Person

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState, Member

SEEN_MS: Final = 60_000
"""The precision of the time when an account with access was last in a registered channel."""

_replace = msgspec.structs.replace


def composed(given: str, extra: str, less: str) -> str:
    """List the ranks of a member, the highest first."""
    return "".join(rank for rank in CHANNEL_MODES.ranks if (rank in given and rank not in less) or rank in extra)


def given(channel: ChannelState, life: str) -> str:
    """List the ranks that the access gives to the account."""
    kept = channel.register.kept
    return kept[0].ranks(life) if kept and not channel.doubtful else ""


def rerank(channel: ChannelState) -> None:
    """Compute the ranks of all members anew. O(members)."""
    for member in channel.members.values():
        member.prefixes = composed(given(channel, member.person.life), member.extra, member.less)


def set_rank(channel: ChannelState, member: Member, letter: str, *, adding: bool) -> None:
    """Note that MODE has given or taken a rank."""
    by_access = given(channel, member.person.life)
    member.extra, member.less = member.extra.replace(letter, ""), member.less.replace(letter, "")
    if adding and letter not in by_access:
        member.extra = composed("", member.extra + letter, "")
    elif not adding and letter in by_access:
        member.less = composed("", member.less + letter, "")
    member.prefixes = composed(by_access, member.extra, member.less)


def moves(person: Person, before: str, after: str) -> tuple[ModeChange, ...]:
    """List the changes from some ranks of the person to others."""
    return tuple(
        ModeChange(rank in after, rank, person.nick, person.uid)
        for rank in CHANNEL_MODES.ranks
        if (rank in before) != (rank in after)
    )


def see(channel: ChannelState, person: Person, at: int) -> None:
    """Remember when an account with access was in the channel, to SEEN_MS."""
    kept = channel.register.kept
    if kept and at - kept[0].seen >= SEEN_MS and kept[0].flags(person.life):
        channel.write(_replace(kept[0], seen=at))


# Events ---------------------------------------------------------------------------------------------------------------


def _reset(channel: ChannelState, at: int, *lives: str) -> None:
    """Let the access of these accounts decide the ranks of their members, and forget what MODE has given and taken."""
    for member in channel.members.values():
        if member.person.life and member.person.life in lives:
            member.extra, member.less, member.ranked_at = "", "", at


def _registered(channel: ChannelState, event: Registered, at: int) -> bool:
    was, made = channel.register, event.registration
    channel.register = was._replace(kept=(made,), base=was.base if was.base[1] else made.key)
    _reset(channel, at, made.founder.life)
    rerank(channel)
    return True


def _unregistered(channel: ChannelState, event: Unregistered, at: int) -> bool:
    """Members keep the ranks, but for the ranks that only an access gives."""
    for member in channel.members.values():
        member.extra = "".join(rank for rank in member.prefixes if rank not in BY_ACCESS)
        member.less, member.ranked_at = "", at
    channel.register = channel.register._replace(kept=(), dropped=at)
    rerank(channel)
    channel.if_empty(at)
    return True


def _access_set(channel: ChannelState, event: AccessSet, at: int) -> bool:
    if channel.register.kept:
        known = channel.register.kept[0]
        channel.write(_replace(known, access=bounded({**known.access, event.target: event.access})))
        _reset(channel, at, event.target)
        rerank(channel)
    return False


def _holder_set(channel: ChannelState, event: HolderSet, at: int) -> bool:
    if channel.register.kept:
        known = channel.register.kept[0]
        if event.role == "founder":
            _reset(channel, at, known.founder.life, event.holder.life)
            heir = known.successor.life == event.holder.life
            left = Holder("", "", at) if heir else known.successor
            channel.write(_replace(known, founder=event.holder, successor=left))
        else:
            channel.write(_replace(known, successor=event.holder))
        rerank(channel)
    return False


def _sighted(channel: ChannelState, event: Sighted, at: int) -> bool:
    if channel.register.kept:
        channel.write(_replace(channel.register.kept[0], seen=at))
    return False


def _history_trimmed(channel: ChannelState, event: HistoryTrimmed, at: int) -> bool:
    channel.history.trim(event.before)
    return False


def _doubted(channel: ChannelState, event: Doubted, at: int) -> bool:
    channel.doubtful = not event.over
    for change in event.changes:
        member = channel.members.get(change.uid or "")
        if member is not None and not channel.register.kept:
            set_rank(channel, member, change.letter, adding=change.adding)
            member.ranked_at = at
    rerank(channel)
    return False


ACCESS_APPLY: Final[Mapping[type, Callable[[Any, Any, int], bool]]] = {
    Registered: _registered,
    Unregistered: _unregistered,
    AccessSet: _access_set,
    HolderSet: _holder_set,
    Doubted: _doubted,
    Sighted: _sighted,
    HistoryTrimmed: _history_trimmed,
}
