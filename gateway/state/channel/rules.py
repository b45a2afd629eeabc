"""The rules of a channel: each function judges a command against the state, and changes nothing (P10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.irc import numerics as n
from gateway.irc.flood_limits import Limit
from gateway.irc.mode_params import Rate
from gateway.irc.modes import CHANNEL_MODES
from gateway.state import metadata
from gateway.state.channel.access import composed, given, moves
from gateway.state.channel.access_rules import ACCESS_DECIDE, rank_by_access
from gateway.state.channel.channel_settings import SETTING_DECIDE, akick_of, may_set_topic
from gateway.state.channel.emptying_rules import EMPTYING_DECIDE
from gateway.state.channel.flood import act, broken, refuse_flood
from gateway.state.channel.machine_messages import Speak
from gateway.state.channel.machines import decide_speak
from gateway.state.channel.messages import (
    EVERYTHING,
    SERVICE,
    Evict,
    Forget,
    Forgotten,
    HasLeft,
    HasQuit,
    Invite,
    Invited,
    Join,
    Joined,
    Kick,
    Kicked,
    Knock,
    Knocked,
    Lapse,
    ModesSet,
    Outdated,
    Part,
    Parted,
    Quit,
    Redact,
    Redacted,
    RoomsAsked,
    Say,
    SetModes,
    SetTopic,
    TopicSet,
    Update,
    Updated,
)
from gateway.state.channel.metadata_messages import MetadataDone, MetadataSet, SetMetadata
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.modes import decide_modes
from gateway.state.channel.ranks import HELPERS, OPERATORS, is_above
from gateway.state.channel.registration import INVITERS, KICKERS, RECOVERERS
from gateway.state.channel.saying import decide_say, is_banned
from gateway.state.channel.tally import is_over
from gateway.state.channel.targets import find_target
from gateway.state.channel.upkeep_rules import UPKEEP_DECIDE
from gateway.state.channel.webhook_messages import Advance, Subscribe, Unsubscribe
from gateway.state.channel.webhook_rules import decide_advance, decide_subscribe, decide_unsubscribe
from gateway.state.idempotency import Probe, decide_probe
from gateway.state.people import Person, Refusal, refused
from ring.replication.state_machine import Decision

if TYPE_CHECKING:
    from gateway.state.channel.state import ChannelState, Member

NOTHING = Decision(None, None)

MOST_LAPSED = 100
"""The most masks that a single event takes off."""


def refuse(channel: ChannelState, numeric: str) -> Decision:
    return Decision(refused(numeric, channel.name), None)


def refuse_outsider(channel: ChannelState) -> Decision:
    """Refuse a command of an outsider. A secret channel (+s) answers an outsider as a missing channel does."""
    is_seen = channel.members and "s" not in channel.modes
    return refuse(channel, n.ERR_NOTONCHANNEL if is_seen else n.ERR_NOSUCHCHANNEL)


def rank_of(channel: ChannelState, uid: str, *, override: bool = False) -> str | None:
    """Find the highest rank letter of a user: "" for a plain member, None for an outsider. An override counts as the
    highest rank in every channel."""
    if override and (channel.members or "P" in channel.modes):
        return CHANNEL_MODES.ranks[0]
    member = channel.members.get(uid)
    return None if member is None else member.prefixes[:1]


def _entitled(channel: ChannelState, command: Kick | Invite | SetModes, flags: str) -> str | Decision:
    """Find the rank by which the caller acts, or the refusal. flags: any of these entitles an account for which
    ChanServ speaks."""
    if command.life:
        return rank_by_access(channel, command.life, flags, override=command.override)
    rank = rank_of(channel, command.by, override=command.override)
    return refuse_outsider(channel) if rank is None else rank


# Coming and going -----------------------------------------------------------------------------------------------------


def decide_join(channel: ChannelState, command: Join, at: int) -> Decision:
    member = channel.members.get(command.person.uid)
    if member is not None:
        # If the session has moved, the person may have a newer profile.
        moves = member.person.edge != command.person.edge
        return decide_update(channel, Update(command.person), at) if moves else NOTHING
    if command.returns and command.person.uid in channel.left:
        return Decision(HasLeft(channel.kick_of(command.person.uid)), None)
    if channel.register.is_forbidden:
        return Decision(Refusal(n.ERR_FORBIDDENCHANNEL, (channel.name, forbidden_text(channel))), None)
    if not channel.members and not channel.stays:
        if not command.makes:
            return refuse(channel, n.ERR_UNAVAILRESOURCE)
        # While absent nodes may hold a registration, nobody has a rank.
        return Decision(None, Joined(command.person, "" if channel.doubtful else "o", command.name or channel.name))
    akick = None if command.override else akick_of(channel, command.person, at)
    if akick is not None:
        text = f"You are kept out of this channel ({akick.reason or 'AKICK'})"
        return Decision(Refusal(n.ERR_BANNEDFROMCHAN, (channel.name, text)), None)
    passes = command.override or command.returns
    if not passes and command.rooms is None and (asked := rooms_asked(channel)):
        return Decision(RoomsAsked(asked), None)
    bar = None if passes else _bar(channel, command, at)
    if bar is not None:
        return _turn_away(channel, bar, forwarded=command.forwarded)
    limit = None if passes or channel.flood is None else _raid(channel, command.person, at)
    if limit is not None:
        numeric = n.ERR_NEEDREGGEDNICK if limit.action == "R" else n.ERR_INVITEONLYCHAN
        return refuse_flood(channel, limit, command.person, at, numeric)
    return Decision(None, Joined(command.person, given(channel, command.person.life)))


def _raid(channel: ChannelState, person: Person, at: int) -> Limit | None:
    """Find the limit of joins that one more person would break. Invited people, operators by access, and with the
    action +R people with an account, may come."""
    if person.uid in channel.invited or "o" in given(channel, person.life):
        return None
    limit = broken(channel, "j", person.uid, at)
    return None if limit is not None and limit.action == "R" and person.account is not None else limit


def _turn_away(channel: ChannelState, bar: str, *, forwarded: bool) -> Decision:
    """Refuse a JOIN, or send the person to another channel. forwarded: another channel has sent the person here."""
    letter = "L" if bar == n.ERR_CHANNELISFULL and "L" in channel.params else "f"
    other = channel.params.get(letter)
    if other is None or forwarded or channel.rules.casemap(other) == channel.rules.casemap(channel.name):
        return refuse(channel, bar)
    return Decision(Refusal(n.ERR_LINKCHANNEL, (channel.name, other, n.TEXT[n.ERR_LINKCHANNEL])), None)


def forbidden_text(channel: ChannelState) -> str:
    known = channel.register.forbidden
    reason = known.reason if known is not None else ""
    return f"Operators of the network forbid this channel ({reason or 'no reason'})"


def _bar(channel: ChannelState, command: Join, at: int) -> str | None:
    """Find the reason why the person may not join; None if the person may join.

    An invitation passes +i (Modern IRC Client Protocol) and bans (RFC 2811, 4.3.1), and as on many networks +k and +l,
    since members who may invite may also unset +k and +l. No invitation passes +R and +S: these describe the channel.
    The access of an account that enters as operator passes as an invitation does: the channel may be empty.
    """
    person, modes, rooms = command.person, channel.modes, command.rooms or ()
    if "S" in modes and not command.secure:
        return n.ERR_SECUREONLYCHAN
    if "R" in modes and person.account is None:
        return n.ERR_NEEDREGGEDNICK
    if person.uid in channel.invited or "o" in given(channel, person.life):
        return None
    if channel.key is not None and command.key != channel.key:
        return n.ERR_BADCHANNELKEY
    rate, tally = channel.join_rate, channel.tally
    if rate is not None and tally is not None and is_over(tally.joins, rate, at):
        return n.ERR_THROTTLE
    if channel.limit is not None and len(channel.members) >= channel.limit:
        return n.ERR_CHANNELISFULL
    if "i" in modes and not channel.lists["I"].fits(person.known_as, at, person, rooms):
        return n.ERR_INVITEONLYCHAN
    return n.ERR_BANNEDFROMCHAN if is_banned(channel, person, at, rooms) else None


def rooms_asked(channel: ChannelState) -> tuple[str, ...]:
    """List the folded names of the channels by which masks of the channel judge people who enter."""
    fold = channel.rules.casemap
    return tuple(sorted({fold(name) for entries in channel.lists.values() for name in entries.rooms_asked}))


def decide_part(channel: ChannelState, command: Part, at: int) -> Decision:
    member = channel.members.get(command.uid)
    if member is None:
        return refuse_outsider(channel)
    person = member.person
    return Decision(None, Parted(command.uid, person.source, command.reason, command.idempotency_key, person.account))


def decide_update(channel: ChannelState, command: Update, at: int) -> Decision:
    member = channel.members.get(command.person.uid)
    if member is None:
        return NOTHING
    if command.person.version <= member.person.version:  # P28
        is_elsewhere = command.moves and command.person.edge != member.person.edge
        return Decision(Outdated(member.person.version), None) if is_elsewhere else NOTHING
    flooded = None
    if channel.flood is not None and not member.prefixes and command.person.nick != member.person.nick:
        limit = broken(channel, "n", command.person.uid, at)
        flooded = act(channel, limit, command.person, at) if limit is not None else None
    return Decision(None, Updated(command.person, member.person, _by_login(channel, member, command.person), flooded))


def _by_login(channel: ChannelState, member: Member, now: Person) -> tuple[ModeChange, ...]:
    """List the changes of ranks of a member who has logged in to an account, or out."""
    if not channel.is_registered or member.person.life == now.life:
        return ()
    after = composed(given(channel, now.life), member.extra, "")
    return moves(now, member.prefixes, after)


def decide_quit(channel: ChannelState, command: Quit, at: int) -> Decision:
    member = channel.members.get(command.uid)
    if member is None:
        return NOTHING
    return Decision(None, _quit({command.uid: member}, command.reason, command.lost))


def decide_evict(channel: ChannelState, command: Evict, at: int) -> Decision:
    edges = set(command.edges)
    gone = {uid: member for uid, member in channel.members.items() if member.person.edge in edges}
    return Decision(None, _quit(gone, command.reason, True)) if gone else NOTHING


def _quit(gone: Mapping[str, Member], reason: str, evicted: bool) -> HasQuit:
    sources = tuple((uid, member.person.source) for uid, member in gone.items())
    accounts = tuple(member.person.account for member in gone.values())
    return HasQuit(sources, reason, evicted, accounts if any(accounts) else ())


# With rank ------------------------------------------------------------------------------------------------------------


def decide_topic(channel: ChannelState, command: SetTopic, at: int) -> Decision:
    rank = rank_of(channel, command.by, override=command.override)
    if rank is None:
        return refuse_outsider(channel)
    if not command.override and not may_set_topic(channel, command.by):
        return Decision(Refusal(n.ERR_CHANOPRIVSNEEDED, (channel.name, "The topic is locked (ChanServ)")), None)
    if "t" in channel.modes and rank not in HELPERS:
        return refuse(channel, n.ERR_CHANOPRIVSNEEDED)
    return Decision(None, TopicSet(command.by, command.source, command.topic, command.idempotency_key, command.account))


def decide_kick(channel: ChannelState, command: Kick, at: int) -> Decision:
    rank = _entitled(channel, command, KICKERS)
    if isinstance(rank, Decision):
        return rank
    if rank not in HELPERS:
        return refuse(channel, n.ERR_CHANOPRIVSNEEDED)
    uid = find_target(channel, command.uid, command.nick)
    if uid is None:
        return Decision(refused(n.ERR_USERNOTINCHANNEL, command.nick, channel.name), None)
    target = channel.members[uid]
    if "Q" in channel.modes and not command.override:
        return Decision(Refusal(n.ERR_CHANOPRIVSNEEDED, (channel.name, "Nobody can be kicked here (+Q)")), None)
    if is_above(target.prefixes[:1], rank):
        return refuse(channel, n.ERR_CHANOPRIVSNEEDED)
    facts = (command.by, command.source, uid, target.person.nick, command.reason)
    return Decision(None, Kicked(*facts, command.idempotency_key, command.account))


def decide_invite(channel: ChannelState, command: Invite, at: int) -> Decision:
    rank = _entitled(channel, command, INVITERS)
    if isinstance(rank, Decision):
        return rank
    if command.uid in channel.members:
        return Decision(refused(n.ERR_USERONCHANNEL, command.nick, channel.name), None)
    opens = rank in HELPERS
    if "i" in channel.modes and not opens:
        return refuse(channel, n.ERR_CHANOPRIVSNEEDED)
    facts = (command.by, command.source, command.uid, command.nick)
    return Decision(None, Invited(*facts, opens, command.idempotency_key, command.account))


def decide_knock(channel: ChannelState, command: Knock, at: int) -> Decision:
    """Pass a knock on to the operators, if an invitation would let the person in."""
    person = command.person
    if person.uid in channel.members:
        return refuse(channel, n.ERR_KNOCKONCHAN)
    if not channel.members or "s" in channel.modes:
        return refuse(channel, n.ERR_NOSUCHCHANNEL)
    bar = _bar(channel, Join(person, secure=command.secure), at)
    if bar is None:
        return refuse(channel, n.ERR_CHANOPEN)
    if bar not in (n.ERR_INVITEONLYCHAN, n.ERR_BADCHANNELKEY, n.ERR_CHANNELISFULL):
        return refuse(channel, bar)
    if is_banned(channel, person, at, ()) or akick_of(channel, person, at) is not None:
        return refuse(channel, n.ERR_BANNEDFROMCHAN)
    since = at - channel.knocked.get(person.uid, 0)
    if is_over(channel.knocks, Rate(max(command.most, 1), 60), at) or since < command.every_s * 1000:
        limits = f"one from you in {command.every_s:g} seconds, {command.most} a minute from all people"
        return Decision(Refusal(n.ERR_TOOMANYKNOCK, (channel.name, f"{n.TEXT[n.ERR_TOOMANYKNOCK]}: {limits}")), None)
    return Decision(None, Knocked(person.uid, person.source, command.text, person.account))


def decide_redact(channel: ChannelState, command: Redact, at: int) -> Decision:
    rank = rank_of(channel, command.by, override=command.override)
    if rank is None:
        return refuse_outsider(channel)
    own = command.own and command.msgid != EVERYTHING
    if not own and rank not in (OPERATORS if command.msgid == EVERYTHING else HELPERS):
        return refuse(channel, n.ERR_CHANOPRIVSNEEDED)
    facts = (command.by, command.source, command.msgid, command.reason)
    return Decision(None, Redacted(*facts, command.idempotency_key, command.account))


def decide_forget(channel: ChannelState, command: Forget, at: int) -> Decision:
    """Delete the caller's messages. The caller need not be a member: people may always delete their own messages."""
    is_there = channel.members or channel.history.spoken
    return Decision(None, Forgotten(command.uid, command.life)) if is_there else NOTHING


def decide_lapse(channel: ChannelState, command: Lapse, at: int) -> Decision:
    """Take off what has ended: the master gives itself this command."""
    changes = [ModeChange(False, letter, mask) for letter, masks in channel.lists.items() for mask in masks.over(at)]
    changes += [ModeChange(False, letter) for letter, end in sorted(channel.lapses.items()) if end <= at]
    return Decision(None, ModesSet("", SERVICE, tuple(changes[:MOST_LAPSED]))) if changes else NOTHING


def decide_set_modes(channel: ChannelState, command: SetModes, at: int) -> Decision:
    only_bans = all(change.letter == "b" for change in command.changes)
    rank = _entitled(channel, command, KICKERS if only_bans else RECOVERERS)
    return rank if isinstance(rank, Decision) else decide_modes(channel, command, rank)


def decide_metadata(channel: ChannelState, command: SetMetadata, at: int) -> Decision:
    """Set or remove keys: for members with rank. Source: IRCv3 metadata."""
    rank = rank_of(channel, command.by, override=command.override)
    if rank is None:
        return refuse_outsider(channel)
    if rank not in HELPERS:
        return refuse(channel, n.ERR_CHANOPRIVSNEEDED)
    present = metadata.values(channel.metadata)
    if command.value is not None and command.key not in present and len(present) >= min(command.most, metadata.KEYS):
        return Decision(MetadataDone((), full=True), None)
    keys: tuple[str, ...] = (command.key,) if command.key else tuple(present)
    if all(present.get(key) == command.value for key in keys):
        return Decision(MetadataDone(() if command.value is None else keys), None)
    return Decision(MetadataDone(keys), MetadataSet(command.by, keys, command.value, command.idempotency_key))


DECIDE: dict[type, Callable[[ChannelState, Any, int], Decision]] = {
    Join: decide_join,
    Part: decide_part,
    Say: decide_say,
    Speak: decide_speak,
    SetTopic: decide_topic,
    SetModes: decide_set_modes,
    Lapse: decide_lapse,
    SetMetadata: decide_metadata,
    Kick: decide_kick,
    Invite: decide_invite,
    Knock: decide_knock,
    Update: decide_update,
    Quit: decide_quit,
    Evict: decide_evict,
    Redact: decide_redact,
    Forget: decide_forget,
    Probe: decide_probe,
    Subscribe: decide_subscribe,
    Unsubscribe: decide_unsubscribe,
    Advance: decide_advance,
    **ACCESS_DECIDE,
    **SETTING_DECIDE,
    **UPKEEP_DECIDE,
    **EMPTYING_DECIDE,
}
