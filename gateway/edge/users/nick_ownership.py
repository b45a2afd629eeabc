"""Check local users against the groups of nicks, and act when a group no longer names the user as holder (P26, P27).

After a partition the older claim keeps the nick. The other user is renamed to `Guest` and five digits, a form for which
nobody can ask, and a notice says why. The same happens to the user of an old session if the nick has become a reserved
name. If the network gave up a user while this node was away, the user claims the nick again.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.edge.client.lines import Line
from gateway.edge.procedures import Do, Procedure, Settle, Submit, run
from gateway.edge.sessions import resume
from gateway.edge.slices import PART, Slices
from gateway.edge.views.nick import show_update
from gateway.irc.names import forced_nick, is_guest_nick
from gateway.state.channel.messages import Update
from gateway.state.nick.messages import Claim, Granted, Moved, Release
from gateway.state.nick.nick import Nick
from gateway.state.people import Refusal
from ring.ids import GroupId
from ring.replication.application import EventId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User


def check(edge: EdgePort, group: GroupId) -> None:
    """Check the users here of a nick, because the nick's group has changed or is no longer followed here."""
    for user in edge.nick_owners.of(group):
        check_user(edge, user)


def check_user(edge: EdgePort, user: User) -> None:
    """Check whether the nick's group still names the user; if not, rename the user or claim the nick again."""
    renames = edge.nick(user.person.nick) != user.identity.home
    if user.quitting or user.identity.reclaiming or renames:
        return
    busy = user.connection is not None and user.connection.queue.busy
    if not busy and not is_guest_nick(user.person.nick) and (why := edge.settings.reservation(user.person.nick)):
        text = f"{why}. You stay logged in. Take another nick with /NICK."
        run(edge, _rename(edge, user, text, releases=user.identity.home))
        return
    state = edge.network.state(user.identity.home)
    if isinstance(state, Nick) and state.holder is not None:
        if state.holder.uid != user.uid:
            run(edge, _rename(edge, user, _taken(user)))
            return
        if state.holder.edge == edge.network.me:
            user.claimed(state.holder.since)
            return
    run(edge, _reclaim(edge, user))


def check_all(edge: EdgePort) -> Slices[None]:
    """Check all users of this node; to be done from time to time (P30)."""
    for number, user in enumerate(list(edge.users.values()), 1):
        if edge.users.get(user.uid) is user:
            check_user(edge, user)
        if number % PART == 0:
            yield


def _reclaim(edge: EdgePort, user: User) -> Procedure[None]:
    """Claim the nick again. If the session's group says so, the user is here although the nick names another node."""
    moves = False
    while True:
        user.identity.reclaiming = True
        outcome = yield Submit(user.identity.home, Claim(user.person, moves=moves))
        user.identity.reclaiming = False
        if user.quitting or user.uid not in edge.users:
            return
        if isinstance(outcome, Granted):
            _adopt(edge, user, outcome)
            return
        if not isinstance(outcome, Moved) or not (user.session.account or user.person.certificate):
            yield from _rename(edge, user, _taken(user))
            return
        if not user.session.account:
            resume.moved(edge, user)
            return
        yield Do(lambda done: edge.sessions.confirm(user, lambda: done(None)))
        moves = True


def _taken(user: User) -> str:
    nick = user.person.nick
    return f"While the network was in parts, another user had the nick {nick} before you. Take another nick with /NICK."


def _rename(edge: EdgePort, user: User, text: str, *, releases: GroupId | None = None) -> Procedure[None]:
    """Give the user a forced nick. The nick's group becomes the user's own, and continues the profile's version (P28).

    text: the notice to the user. releases: the group of the former nick, if the user still holds the former nick.
    """
    outcome: Any = None
    for tries in count():
        before = user.person
        person = msgspec.structs.replace(before, nick=forced_nick(user.uid, tries), version=before.version + 1)
        user.identity.reclaiming = True
        edge.nick_owners.move(user, edge.nick(person.nick))
        outcome = yield Submit(user.identity.home, Claim(person))
        user.identity.reclaiming = False
        if user.quitting or user.uid not in edge.users:
            edge.network.submit(edge.nick(person.nick), Release(user.uid))
            return
        if not isinstance(outcome, Refusal):
            break
    _adopt(edge, user, outcome if isinstance(outcome, Granted) else Granted(person))
    user.send(Line(edge.settings.network.server_name, "NOTICE", (user.person.nick, text)))
    if releases is not None:  # once nobody knows the user by the former nick any more (P27)
        yield Settle([*user.seats.channels])
        yield Submit(releases, Release(user.uid, True))


def _adopt(edge: EdgePort, user: User, granted: Granted) -> None:
    user.person = user.identity.pending = granted.person
    show_update(edge, granted.person, EventId("", int(edge.now * 1000)))
    for room in user.seats.channels:
        user.unsettled[room] = None
        edge.network.submit(room, Update(granted.person))
