"""A local user and the group of its nick: what to do when the group no longer says that the user holds it (P26, P27).

After a partition the older claim keeps the nick; the other user is renamed to `Guest` and five digits, a form that
nobody can ask for, and told why. So is the user of an old session whose nick has become a reserved name. A user whom
the network gave up while this node was away claims its nick again.
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
    """The group has changed, or is followed here no more: does it still name its user here?"""
    for user in edge.nick_owners.of(group):
        check_user(edge, user)


def check_user(edge: EdgePort, user: User) -> None:
    """Does the group of its nick still name it?"""
    if user.quitting or user.homeless or edge.nick(user.person.nick) != user.home:  # it is on its way to another
        return
    busy = user.connection is not None and user.connection.queue.busy
    if not busy and not is_guest_nick(user.person.nick) and (why := edge.settings.reservation(user.person.nick)):
        _rename(edge, user, f"{why}. You are logged in as ever; /NICK takes another nick.", releases=user.home)
        return
    state = edge.engine.state(user.home)
    if isinstance(state, Nick) and state.holder is not None:
        if state.holder.uid != user.uid:
            _rename(edge, user, _taken(user))
            return
        if state.holder.edge == edge.engine.me:
            user.claimed(state.holder.since)
            return
    _claim(edge, user)


def check_all(edge: EdgePort) -> None:
    """Now and then, for all (P30)."""
    for user in list(edge.users.values()):
        check_user(edge, user)


def _claim(edge: EdgePort, user: User, *, moves: bool = False) -> None:
    user.homeless = True
    edge.engine.submit(user.home, Claim(user.person, moves=moves), lambda outcome: _claimed(edge, user, outcome))


def _claimed(edge: EdgePort, user: User, outcome: Any) -> None:
    user.homeless = False
    if user.quitting or user.uid not in edge.users:
        return
    if isinstance(outcome, Granted):
        _adopt(edge, user, outcome)
    elif isinstance(outcome, Moved) and user.session:
        edge.sessions.confirm(user, lambda: _claim(edge, user, moves=True))
    elif isinstance(outcome, Moved) and user.person.certificate:
        resume.moved(edge, user)
    else:
        _rename(edge, user, _taken(user))


def _taken(user: User) -> str:
    nick = user.person.nick
    return f"While the network was parted, {nick} was another's by an older claim. /NICK takes a new one."


def _rename(edge: EdgePort, user: User, text: str, *, releases: GroupId | None = None, tries: int = 0) -> None:
    """The user's own group is now that of a nick that nobody can ask for; its facts go on from their version (P28).

    text: what the user is told. releases: the group of the nick that the user still holds, if it does.
    """
    before = user.person
    person = msgspec.structs.replace(before, nick=forced_nick(user.uid, tries), version=before.version + 1)
    user.homeless = True
    edge.nick_owners.move(user, edge.nick(person.nick))

    def claimed(outcome: Any) -> None:
        user.homeless = False
        if user.quitting or user.uid not in edge.users:
            edge.engine.submit(edge.nick(person.nick), Release(user.uid))
            return
        if isinstance(outcome, Refusal):
            _rename(edge, user, text, releases=releases, tries=tries + 1)
            return
        _adopt(edge, user, outcome if isinstance(outcome, Granted) else Granted(person))
        user.send(Line(edge.settings.server_name, "NOTICE", (user.person.nick, text)))
        if releases is not None:  # once nobody knows the user by that nick any more (P27)
            edge.engine.settle([*user.rooms], lambda: edge.engine.submit(releases, Release(user.uid, True)))

    edge.engine.submit(user.home, Claim(person), claimed)


def _adopt(edge: EdgePort, user: User, granted: Granted) -> None:
    user.person = user.wanted = granted.person
    show_update(edge, granted.person, EventId("", int(edge.now * 1000)))
    for room in {**user.rooms, **user.joining}:
        user.unsettled[room] = None
        edge.engine.submit(room, Update(granted.person))
