"""NICK of a registered user (P27): claim the new nick, change the record, tell the channels, let the old nick go."""

from __future__ import annotations

import msgspec

from gateway.edge.client.call import Call
from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Procedure, Settle, Submit, run
from gateway.edge.users.claim import claim
from gateway.edge.users.user import User
from gateway.irc import numerics as n
from gateway.state.nick.messages import Change, Claim, Granted, Release
from gateway.state.people import Refusal, refused
from ring.ids import GroupId


def rename(call: Call, nick: str) -> None:
    """Rename the caller. The caller's earlier commands are settled first, and further lines wait for the end (P28)."""
    call.connection.queue.pause()
    call.hold()
    run(call.edge, _rename(call, nick))


def _rename(call: Call, nick: str) -> Procedure[None]:
    yield from _take(call, nick)
    call.user.identity.renaming = None
    call.connection.queue.unpause()
    call.release()
    call.edge.clients.resume(call.connection)


def _take(call: Call, nick: str) -> Procedure[None]:
    edge, user = call.edge, call.user
    target = edge.nick(nick)
    user.identity.renaming = target
    changes_case, wanted = target == user.identity.home, msgspec.structs.replace(user.identity.pending, nick=nick)
    yield Settle(list(user.unsettled))
    if not changes_case:
        outcome = yield from claim(edge, Claim(wanted, True))
        if not isinstance(outcome, Granted) or user.quitting:
            edge.network.submit(target, Release(user.uid))
            refusal = outcome if isinstance(outcome, Refusal) else refused(n.ERR_UNAVAILRESOURCE, nick)
            call.refuse(refusal)
            return
        user.identity.change(since=outcome.person.since)
    # The user's own group numbers the profile; the applied change tells the channels (views/nick.py).
    before = user.identity.pending.nick
    user.identity.change(nick=nick)
    outcome = yield Submit(user.identity.home, Change(user.identity.pending), call)
    if not isinstance(outcome, Granted):
        user.identity.change(nick=before)
        edge.network.submit(target, Release(user.uid))
        call.refuse(refused(n.ERR_UNAVAILRESOURCE, user.person.nick))
    elif target != user.identity.home:
        # Every channel has committed the change, and every follower has applied it, before the old nick is free.
        yield Settle([*user.seats.channels, user.identity.home])
        yield from _let_go(edge, user, target)


def _let_go(edge: EdgePort, user: User, target: GroupId) -> Procedure[None]:
    """Make the new nick's group the user's own group, and free the old nick."""
    if user.quitting:
        edge.network.submit(target, Release(user.uid))
        return
    old = user.identity.home
    edge.nick_owners.move(user, target)
    run(edge, _confirm(user, target))
    yield Submit(old, Release(user.uid, True))
    yield Settle([old, target])  # whoever watches one of the nicks knows by then, too (P33)


def _confirm(user: User, target: GroupId) -> Procedure[None]:
    outcome = yield Submit(target, Claim(user.person))
    if isinstance(outcome, Granted):
        user.claimed(outcome.person.since)
