"""JOIN and PART."""

from __future__ import annotations

from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from gateway.commands.table import command, words
from gateway.edge.client import flood
from gateway.edge.client.call import Call
from gateway.edge.client.lines import Line
from gateway.edge.sessions.detach import attach
from gateway.irc import numerics as n
from gateway.irc.message import is_utf8
from gateway.irc.names import is_channel, is_valid_channel
from gateway.state.channel.messages import Join, Part, RoomsAsked
from gateway.state.idempotency import IdempotencyKey
from gateway.state.people import Refusal

if TYPE_CHECKING:
    from gateway.edge.users.user import User
    from ring.ids import GroupId


@command("JOIN", 1, lists=(0,))
def join(call: Call) -> None:
    if call.params[0] == "0":
        for group in {**call.user.seats.rooms, **call.user.seats.joining}:
            call.submit(group, Part(call.user.uid))
        return
    keys = call.params[1].split(",") if len(call.params) > 1 else []
    # Not `words`: each key belongs to the channel at its place.
    for name, key in zip_longest(call.params[0].split(","), keys):
        if name:
            _join(call, name, key or None)


def _join(call: Call, name: str, key: str | None, *, forwarded: bool = False) -> None:
    edge, user = call.edge, call.user
    limits = edge.settings.limits
    if not is_valid_channel(name, limits.channel_len):
        numeric = n.ERR_BADCHANMASK if is_channel(name) else n.ERR_NOSUCHCHANNEL
        call.reply(numeric, name[:64], n.TEXT[numeric])
        return
    if key is not None and not is_utf8(key):  # no channel has such a key
        call.reply(n.ERR_BADCHANNELKEY, name, n.TEXT[n.ERR_BADCHANNELKEY])
        return
    # Ask the master even if the caller seems to be a member (P10): a PART may be under way.
    group = edge.channel(name)
    seats = {**user.seats.rooms, **user.seats.joining, group: None}
    if len(seats) > limits.chan_limit and not user.identity.may("channels"):
        call.reply(n.ERR_TOOMANYCHANNELS, name, n.TEXT[n.ERR_TOOMANYCHANNELS])
        return
    if group in user.session.detached:
        attach(edge, user, group)
    user.seats.begin_joining(group)
    makes = user.identity.may("channels") or flood.may_make(call.connection, edge.settings, edge.now)
    _submit(call, user, Seat(group, name, key, forwarded), makes)


class Seat(NamedTuple):
    """A channel to join. name: as the caller spells the channel. key: the channel's key, if the caller gives a key."""

    group: GroupId
    name: str
    key: str | None
    forwarded: bool = False  # another channel has sent the caller here


def _submit(call: Call, user: User, seat: Seat, makes: bool, rooms: tuple[str, ...] | None = None) -> None:
    """Submit the JOIN. makes: the caller may make the channel. rooms: as in Join."""
    secure, is_oper = call.connection.socket.secure, user.identity.may("channels")
    command = Join(
        user.person, seat.key, secure, is_oper, seat.name, makes=makes, rooms=rooms, forwarded=seat.forwarded
    )
    call.submit(seat.group, command, partial(_submitted, call, user, seat, makes))


def _submitted(call: Call, user: User, seat: Seat, makes: bool, outcome: object) -> None:
    """Report the outcome of a JOIN, or submit the JOIN once more: earlier JOINs have found existing channels, so the
    caller may make this channel after all."""
    if isinstance(outcome, RoomsAsked):
        rooms = tuple(name for name in outcome.names if call.edge.channel(name) in user.seats.rooms)
        _submit(call, user, seat, makes, rooms)
        return
    if makes and seat.group not in call.made:
        call.connection.queue.bucket.give_back()
    if isinstance(outcome, Refusal) and outcome.numeric == n.ERR_LINKCHANNEL:
        user.seats.end_joining(seat.group)
        call.refuse(outcome)
        _join(call, outcome.params[1], None, forwarded=True)
        return
    may_not_make = isinstance(outcome, Refusal) and outcome.numeric == n.ERR_UNAVAILRESOURCE
    if may_not_make and flood.may_make(call.connection, call.edge.settings, call.edge.now):
        _submit(call, user, seat, True)
        return
    user.seats.end_joining(seat.group)
    if may_not_make:
        words = "You make channels too fast: try again in a minute, or join others"
        call.reply(n.ERR_UNAVAILRESOURCE, seat.name, words)
    else:
        call.report(outcome)


@command("PART", 1, lists=(0,))
def part(call: Call) -> None:
    limit = call.edge.settings.limits.kick_len
    reason = call.edge.text(call.params[1], limit) if len(call.params) > 1 else None
    for number, name in enumerate(words(call.params[0], call.edge.settings.casemap)):
        if is_valid_channel(name, call.edge.settings.limits.channel_len):
            _part(call, name, reason, call.idempotency_key(number))
        else:
            call.reply(n.ERR_NOSUCHCHANNEL, name[:64], n.TEXT[n.ERR_NOSUCHCHANNEL])


def _part(call: Call, name: str, reason: str | None, idempotency_key: IdempotencyKey | None) -> None:
    group, user = call.edge.channel(name), call.user
    was_there = group in user.seats.rooms or group in user.seats.joining

    def done(outcome: object) -> None:
        if isinstance(outcome, Refusal):
            call.reply(outcome.numeric, name, outcome.params[-1])
        elif outcome is None and not was_there:  # the session's former node did the PART, and told no client
            call.send_to_all(Line(user.person.author, "PART", (name, *([reason] if reason is not None else []))))
        else:
            call.report(outcome)

    call.submit(group, Part(user.uid, reason, idempotency_key), done)
