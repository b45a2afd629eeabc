"""NICK of a registered user (P27): claim the new nick, change the record, tell the channels, let the old nick go."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.edge.client.call import Call, Token
from gateway.edge.users.claim import claim
from gateway.irc import numerics as n
from gateway.state.nick.messages import Change, Claim, Granted, Release
from gateway.state.people import Refusal
from ring.ids import GroupId


def rename(call: Call, nick: str) -> None:
    """The user's further lines wait until it is done; what it said before is settled first (P28)."""
    edge, user = call.edge, call.user
    target = edge.nick(nick)
    call.connection.busy = True
    call.hold()
    user.claims = target
    if target == user.home:  # a change of case only
        edge.engine.settle(list(user.unsettled), lambda: _change(call, nick, target))
        return
    person = msgspec.structs.replace(user.wanted, nick=nick)
    edge.engine.settle(
        list(user.unsettled),
        lambda: claim(edge, Claim(person, True), lambda outcome: _claimed(call, nick, target, outcome)),
    )


def _claimed(call: Call, nick: str, target: GroupId, outcome: Any) -> None:
    if isinstance(outcome, Granted) and not call.user.quitting:
        call.user.wanted = msgspec.structs.replace(call.user.wanted, since=outcome.person.since)
        _change(call, nick, target)
        return
    call.edge.engine.submit(target, Release(call.user.uid))
    if isinstance(outcome, Refusal):
        call.refuse(outcome)
    else:
        call.reply(n.ERR_UNAVAILRESOURCE, nick, n.TEXT[n.ERR_UNAVAILRESOURCE])
    _done(call)


def _change(call: Call, nick: str, target: GroupId) -> None:
    """The user's own group gives the facts their version; applying that tells the channels (views/nick.py)."""
    user = call.user
    before, user.wanted = user.wanted.nick, msgspec.structs.replace(user.wanted, nick=nick)
    token = Token(call, lambda outcome: _changed(call, target, before, outcome))
    call.edge.engine.submit(user.home, Change(user.wanted), token)


def _changed(call: Call, target: GroupId, before: str, outcome: Any) -> None:
    edge, user = call.edge, call.user
    if not isinstance(outcome, Granted):
        user.wanted = msgspec.structs.replace(user.wanted, nick=before)
        edge.engine.submit(target, Release(user.uid))
        call.reply(n.ERR_UNAVAILRESOURCE, user.person.nick, n.TEXT[n.ERR_UNAVAILRESOURCE])
        _done(call)
    elif target == user.home:
        _done(call)
    else:
        # Every channel has committed it and every follower applied it before the old nick is free.
        edge.engine.settle([*user.rooms, user.home], lambda: _confirm(call, target))


def _confirm(call: Call, target: GroupId) -> None:
    edge, user = call.edge, call.user
    if user.quitting:
        edge.engine.submit(target, Release(user.uid))
        _done(call)
        return
    old = user.home
    edge.nick_owners.move(user, target)
    edge.engine.submit(target, Claim(user.person), lambda outcome: _confirmed(call, outcome))
    # Who watches either nick knows by then, too (P33).
    edge.engine.submit(old, Release(user.uid, True), lambda _: edge.engine.settle([old, target], lambda: _done(call)))


def _confirmed(call: Call, outcome: Any) -> None:
    if isinstance(outcome, Granted):
        call.user.claimed(outcome.person.since)


def _done(call: Call) -> None:
    call.user.claims = None
    call.connection.busy = False
    call.release()
    call.edge.clients.resume(call.connection)
