"""The rules of the commands about a whole channel: CLEAR and RECOVER by access, PURGE and FORBID by operators (P10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from gateway.state.channel.access_rules import rank_by_access
from gateway.state.channel.channel_settings import locked
from gateway.state.channel.emptying_messages import Clear, Emptied, Forbid, Purge, Recover
from gateway.state.channel.lists import MaskList
from gateway.state.channel.messages import ModesSet
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.ranks import OPERATORS, is_above
from gateway.state.channel.registration import RECOVERERS, Forbidden
from gateway.state.channel.registration_messages import Done, NotDone
from gateway.state.people import Person
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState, Member


def decide_clear(channel: ChannelState, command: Clear, at: int) -> Decision:
    rank = rank_by_access(channel, command.life, RECOVERERS, override=command.override)
    if isinstance(rank, Decision):
        return rank
    known = channel.register.kept[0]
    if command.what == "users":
        strangers = [one for one in channel.members.values() if not known.flags(one.person.life)]
        out = [one for one in strangers if one.person.uid != command.uid and not is_above(one.prefixes[:1], rank)]
        return _done(channel, len(out), Emptied(command.source, command.reason, _names(out)) if out else None)
    if command.what == "bans":
        changes = tuple(ModeChange(False, "b", mask) for mask, _, _ in channel.lists["b"].rows())
    else:
        ops = [one for one in channel.members.values() if "o" in one.prefixes]
        changes = tuple(_op(one, adding=False) for one in ops if "o" not in known.ranks(one.person.life))
    return _done(channel, len(changes), ModesSet("", command.source, changes) if changes else None)


def decide_recover(channel: ChannelState, command: Recover, at: int) -> Decision:
    """Judge RECOVER. The count of the answer is 1 for a member, 0 for a person outside. Locked modes stay."""
    rank = rank_by_access(channel, command.life, RECOVERERS, override=command.override)
    if isinstance(rank, Decision):
        return rank
    if any(letter in OPERATORS for one in channel.members.values() for letter in one.prefixes):
        return Decision(NotDone("operator"), None)
    member, lock = channel.members.get(command.person.uid), locked(channel).modes
    is_set = {"i": "i" in channel.modes, "k": channel.key is not None, "l": channel.limit is not None}
    changes = [
        ModeChange(False, letter, channel.key if letter == "k" else None)
        for letter in "ikl"
        if is_set[letter] and letter not in lock
    ]
    changes += [ModeChange(False, "b", mask) for mask in _matching(channel, command.person, at)]
    changes += [_op(member, adding=True)] if member is not None else []
    event = ModesSet("", command.source, tuple(changes)) if changes else None
    return _done(channel, 1 if member is not None else 0, event)


def _matching(channel: ChannelState, person: Person, at: int) -> list[str]:
    """List the bans that match the person."""
    casemap, rows = channel.rules.casemap, channel.lists["b"].rows()
    return [row[0] for row in rows if MaskList(casemap, (row,)).fits(person.known_as, at, person, ())]


def decide_purge(channel: ChannelState, command: Purge, at: int) -> Decision:
    if not channel.members and not channel.register.kept:
        return Decision(NotDone("unregistered"), None)
    people = _names(channel.members.values())
    return _done(channel, len(people), Emptied(command.source, command.reason, people, command.account, ends=True))


def decide_forbid(channel: ChannelState, command: Forbid, at: int) -> Decision:
    if command.over:
        known = channel.register.forbidden
        if known is None or known.gone:
            return _done(channel, 0, None)
        return _done(channel, 0, Emptied(command.source, "", forbidden=Forbidden("", command.by, at, gone=True)))
    people, forbidden = _names(channel.members.values()), Forbidden(command.reason, command.by, at)
    event = Emptied(command.source, command.reason, people, command.account, ends=True, forbidden=forbidden)
    return _done(channel, len(people), event)


def _op(member: Member, *, adding: bool) -> ModeChange:
    return ModeChange(adding, "o", member.person.nick, member.person.uid)


def _names(members: Iterable[Member]) -> tuple[tuple[str, str], ...]:
    return tuple((one.person.uid, one.person.nick) for one in members)


def _done(channel: ChannelState, count: int, event: Any) -> Decision:
    return Decision(Done(channel.name, count), event)


EMPTYING_DECIDE: Final[Mapping[type, Callable[[Any, Any, int], Decision]]] = {
    Clear: decide_clear,
    Recover: decide_recover,
    Purge: decide_purge,
    Forbid: decide_forbid,
}
