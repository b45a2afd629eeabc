"""The rules of a registered channel: who may register the channel, change accesses, and give ranks by access."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.irc.modes import CHANNEL_MODES
from gateway.state.channel.access import composed, given, moves
from gateway.state.channel.messages import ModesSet
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.ranks import BY_ACCESS, is_above
from gateway.state.channel.registration import FLAGS, FOUNDER_RANKS, Access, Holder, Registration, ranks_of
from gateway.state.channel.registration_messages import (
    AccessSet,
    Bereave,
    Done,
    Doubt,
    Doubted,
    GiveRank,
    HolderSet,
    NotDone,
    Register,
    Registered,
    SetAccess,
    SetHolder,
    Unregister,
    Unregistered,
)
from gateway.state.channel.targets import find_target
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState

NOTHING = Decision(None, None)


def _not(why: Any) -> Decision:
    return Decision(NotDone(why), None)


def _known(channel: ChannelState) -> Registration | None:
    return channel.register.kept[0] if channel.register.kept else None


def _changes(channel: ChannelState, after: Callable[[str], str | None]) -> tuple[ModeChange, ...]:
    """List the changes of ranks where the access decides the ranks anew. after(life): the ranks from now on; None where
    the account's ranks stay."""
    found: tuple[ModeChange, ...] = ()
    for member in channel.members.values():
        ranks = after(member.person.life) if member.person.life else None
        if ranks is not None:
            found += moves(member.person, member.prefixes, ranks)
    return found


def decide_register(channel: ChannelState, command: Register, at: int) -> Decision:
    known, member = _known(channel), channel.members.get(command.uid)
    if known is not None:
        return Decision(Done(channel.name), None) if known.id == command.id else _not("registered")
    if channel.doubtful or channel.register.is_forbidden:
        return _not("doubt" if channel.doubtful else "forbidden")
    if not command.override and (member is None or "o" not in member.prefixes):
        return _not("rank")
    if not channel.members:
        return _not("rank")
    founder = Holder(command.life, command.account, at)
    changes = _changes(channel, lambda life: FOUNDER_RANKS if life == command.life else None)
    return Decision(Done(channel.name), Registered(Registration(command.id, at, founder), changes))


def decide_unregister(channel: ChannelState, command: Unregister, at: int) -> Decision:
    known = _known(channel)
    if known is None or command.id not in ("", known.id):
        return _not("unregistered")
    if not command.override and (command.life != known.founder.life or channel.doubtful):
        return _not("doubt" if channel.doubtful else "access")
    return Decision(Done(channel.name), drop(channel))


def drop(channel: ChannelState) -> Unregistered:
    """End the registration: members lose the ranks that only an access gives."""
    changes: tuple[ModeChange, ...] = ()
    for member in channel.members.values():
        changes += moves(member.person, member.prefixes, "".join(r for r in member.prefixes if r not in BY_ACCESS))
    return Unregistered(changes)


def decide_access(channel: ChannelState, command: SetAccess, at: int) -> Decision:
    known, flags = _known(channel), "".join(sorted(set(command.flags)))
    if known is None:
        return _not("unregistered")
    if not set(flags) <= set(FLAGS) or not command.target:
        return _not("flags")
    before, mine = known.flags(command.target), set(known.flags(command.life))
    changed = set(before) ^ set(flags)
    removes_own = command.target == command.life and bool(command.life) and not flags
    may = "f" in mine and set(before) <= mine and changed <= mine
    if command.target == known.founder.life or not (may or removes_own or command.override):
        return _not("access")
    if channel.doubtful:
        return _not("doubt")
    if before == flags:
        return Decision(Done(channel.name), None)
    if not before and len(known.present) >= command.most:
        return Decision(NotDone("full", command.most), None)
    access = Access(flags, command.name, command.account, at)
    changes = _changes(channel, lambda life: ranks_of(flags) if life == command.target else None)
    return Decision(Done(channel.name), AccessSet(command.target, access, changes))


def decide_bereave(channel: ChannelState, command: Bereave, at: int) -> Decision:
    known = _known(channel)
    if known is None or not command.life:
        return NOTHING
    if command.life == known.founder.life:
        heir = known.successor
        if not heir.life:
            return Decision(None, drop(channel))
        return Decision(None, _holder_set(channel, known, "founder", heir.life, heir.name, at))
    if command.life == known.successor.life:
        return Decision(None, _holder_set(channel, known, "successor", "", "", at))
    if not known.flags(command.life):
        return NOTHING
    access = Access("", known.access[command.life].name, "", at)
    changes = _changes(channel, lambda life: "" if life == command.life else None)
    return Decision(None, AccessSet(command.life, access, changes))


def decide_holder(channel: ChannelState, command: SetHolder, at: int) -> Decision:
    known = _known(channel)
    if known is None:
        return _not("unregistered")
    if command.life != known.founder.life and not command.override:
        return _not("access")
    if channel.doubtful:
        return _not("doubt")
    if not command.target and command.role == "founder":
        return _not("flags")
    if getattr(known, command.role).life == command.target:
        return Decision(Done(channel.name), None)
    return Decision(Done(channel.name), _holder_set(channel, known, command.role, command.target, command.name, at))


def _holder_set(channel: ChannelState, known: Registration, role: Any, life: str, name: str, at: int) -> HolderSet:
    holder = Holder(life, name, at)
    if role != "founder":
        return HolderSet(role, holder)
    after = msgspec.structs.replace(known, founder=holder)
    touched = (life, known.founder.life)
    return HolderSet(role, holder, _changes(channel, lambda one: after.ranks(one) if one in touched else None))


def decide_rank(channel: ChannelState, command: GiveRank, at: int) -> Decision:
    """Give or take a rank as MODE does. Nobody takes a rank of a member whose access gives a higher rank than the
    caller's."""
    known = _known(channel)
    if known is None:
        return _not("unregistered")
    if command.letter not in "ohv":
        return _not("flags")
    if not command.override and (channel.doubtful or command.letter not in known.flags(command.life)):
        return _not("doubt" if channel.doubtful else "access")
    uid = find_target(channel, command.uid, command.nick)
    if uid is None:
        return _not("nobody")
    member, mine = channel.members[uid], "q" if command.override else given(channel, command.life)[:1]
    is_own = member.person.life == command.life
    if not command.adding and not is_own and is_above(member.prefixes[:1], mine):
        return _not("access")
    if (command.letter in member.prefixes) == command.adding:
        return Decision(Done(channel.name), None)
    change = ModeChange(command.adding, command.letter, member.person.nick, uid)
    return Decision(Done(channel.name), ModesSet("", command.source, (change,), None, command.account))


def rank_by_access(channel: ChannelState, life: str, flags: str, *, override: bool) -> str | Decision:
    """Find the rank by which ChanServ acts for the account; a refusal without any of the flags. The flag R acts as an
    operator at least, and every other flag as a half-operator at least."""
    known = _known(channel)
    if known is None:
        return _not("doubt" if channel.doubtful else "unregistered")
    if override:
        return CHANNEL_MODES.ranks[0]
    held = known.flags(life)
    if channel.doubtful or not set(held) & set(flags):
        return _not("doubt" if channel.doubtful else "access")
    return composed(given(channel, life), "o" if "R" in held else "h", "")[0]


def decide_doubt(channel: ChannelState, command: Doubt, at: int) -> Decision:
    """Begin a doubt, or end the doubt: an access gives its ranks again, and a channel that nobody has registered has an
    operator again, the member who has been there for longest."""
    if channel.doubtful is not command.over:
        return NOTHING
    known = _known(channel)
    changes: tuple[ModeChange, ...] = ()
    for member in channel.members.values():
        by_access = known.ranks(member.person.life) if known is not None and command.over else ""
        changes += moves(member.person, member.prefixes, composed(by_access, member.extra, member.less))
    if known is None and command.over and channel.members and not any(m.prefixes for m in channel.members.values()):
        first = min(channel.members.values(), key=lambda member: (member.joined_at, member.person.uid))
        changes = (ModeChange(True, "o", first.person.nick, first.person.uid),)
    return Decision(None, Doubted(command.over, changes))


ACCESS_DECIDE: Final[Mapping[type, Callable[[Any, Any, int], Decision]]] = {
    Register: decide_register,
    Unregister: decide_unregister,
    SetAccess: decide_access,
    Bereave: decide_bereave,
    SetHolder: decide_holder,
    GiveRank: decide_rank,
    Doubt: decide_doubt,
}
