"""Check local users against the groups of nicks, and act when a group no longer names the user as holder (P26, P27).

After a partition the older claim keeps the nick. The other user is renamed to `Guest` and five digits, a form for which
nobody can ask, and a notice says why. The same happens to the user of an old session if the nick has become a reserved
name. If the network gave up a user while this node was away, the user claims the nick again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gateway.edge.client.lines import Line
from gateway.edge.sessions import resume
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
    if (
        user.quitting or user.identity.reclaiming or edge.nick(user.person.nick) != user.identity.home
    ):  # a rename is under way
        return
    busy = user.connection is not None and user.connection.queue.busy
    if not busy and not is_guest_nick(user.person.nick) and (why := edge.settings.reservation(user.person.nick)):
        _rename(edge, user, f"{why}. You stay logged in. Take another nick with /NICK.", releases=user.identity.home)
        return
    state = edge.network.state(user.identity.home)
    if isinstance(state, Nick) and state.holder is not None:
        if state.holder.uid != user.uid:
            _rename(edge, user, _taken(user))
            return
        if state.holder.edge == edge.network.me:
            user.claimed(state.holder.since)
            return
    _claim(edge, user)


def check_all(edge: EdgePort) -> None:
    """Check all users of this node; to be called from time to time (P30)."""
    for user in list(edge.users.values()):
        check_user(edge, user)


def _claim(edge: EdgePort, user: User, *, moves: bool = False) -> None:
    user.identity.reclaiming = True
    edge.network.submit(
        user.identity.home, Claim(user.person, moves=moves), lambda outcome: _claimed(edge, user, outcome)
    )


def _claimed(edge: EdgePort, user: User, outcome: Any) -> None:
    user.identity.reclaiming = False
    if user.quitting or user.uid not in edge.users:
        return
    if isinstance(outcome, Granted):
        _adopt(edge, user, outcome)
    elif isinstance(outcome, Moved) and user.session.account:
        edge.sessions.confirm(user, lambda: _claim(edge, user, moves=True))
    elif isinstance(outcome, Moved) and user.person.certificate:
        resume.moved(edge, user)
    else:
        _rename(edge, user, _taken(user))


def _taken(user: User) -> str:
    nick = user.person.nick
    return f"While the network was in parts, another user had the nick {nick} before you. Take another nick with /NICK."


def _rename(edge: EdgePort, user: User, text: str, *, releases: GroupId | None = None, tries: int = 0) -> None:
    """Give the user a forced nick. The nick's group becomes the user's own, and continues the facts' version (P28).

    text: the notice to the user. releases: the group of the former nick, if the user still holds the former nick.
    """
    before = user.person
    person = msgspec.structs.replace(before, nick=forced_nick(user.uid, tries), version=before.version + 1)
    user.identity.reclaiming = True
    edge.nick_owners.move(user, edge.nick(person.nick))

    def claimed(outcome: Any) -> None:
        user.identity.reclaiming = False
        if user.quitting or user.uid not in edge.users:
            edge.network.submit(edge.nick(person.nick), Release(user.uid))
            return
        if isinstance(outcome, Refusal):
            _rename(edge, user, text, releases=releases, tries=tries + 1)
            return
        _adopt(edge, user, outcome if isinstance(outcome, Granted) else Granted(person))
        user.send(Line(edge.settings.server_name, "NOTICE", (user.person.nick, text)))
        if releases is not None:  # once nobody knows the user by the former nick any more (P27)
            edge.network.settle([*user.seats.rooms], lambda: edge.network.submit(releases, Release(user.uid, True)))

    edge.network.submit(user.identity.home, Claim(person), claimed)


def _adopt(edge: EdgePort, user: User, granted: Granted) -> None:
    user.person = user.identity.pending = granted.person
    show_update(edge, granted.person, EventId("", int(edge.now * 1000)))
    for room in {**user.seats.rooms, **user.seats.joining}:
        user.unsettled[room] = None
        edge.network.submit(room, Update(granted.person))
