"""Shows events of local users' nicks: messages, new profiles, KILL; and news of watched nicks (MONITOR)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gateway.edge.accounts import nick_protection
from gateway.edge.client.call import Call
from gateway.edge.client.connection import deliver
from gateway.edge.client.lines import Line
from gateway.edge.users import departure, metadata
from gateway.edge.views.veil import witnesses
from gateway.irc import numerics as n
from gateway.irc.message import decode
from gateway.state.channel.messages import LOST, Update
from gateway.state.nick.messages import Called, Changed, Killed, Told
from gateway.state.people import Author, Person
from ring.ids import GroupId
from ring.replication.application import EventId

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User


def applied(edge: EdgePort, group: GroupId, event: Any, stamp: EventId, call: Call | None) -> None:
    if isinstance(event, Told):
        _told(edge, event, stamp)
    elif isinstance(event, Changed):
        _changed(edge, group, event, stamp, call)
    elif isinstance(event, Killed):
        _killed(edge, group, event)
    elif isinstance(event, Called):
        _called(edge, event)


def _told(edge: EdgePort, event: Told, stamp: EventId) -> None:
    user = edge.users.get(event.uid)
    if user is None or user.quitting:
        return
    if event.msgid and not edge.direct.remote.is_news(event.msgid):
        return  # P49: the message came directly, and its speaker's node did not hear so
    if event.verb == "INVITE":
        channel = decode(event.text)
        user.seats.invite(edge.channel(channel), channel)
    shown = EventId(event.msgid or stamp.msgid, event.at or stamp.at)
    show_message(edge, user, event.sender, event.verb, event.text, event.tags, shown)


def show_message(
    edge: EdgePort, user: User, sender: Person, verb: str, text: bytes, tags: dict[str, str] | None, stamp: EventId
) -> None:
    """Show a private message or an invitation to all clients of a user here."""
    sender = edge.people.newest(sender)
    line = Line(
        edge.people.author_of(sender),
        verb,
        (user.person.nick,) if verb == "TAGMSG" else (user.person.nick, decode(text)),
        at=stamp.at,
        msgid=stamp.msgid,
        tags=tags,
        bot="B" in sender.modes,
    )
    given = user.send(line, needs="message-tags" if verb == "TAGMSG" else "")
    if verb != "INVITE":
        edge.traffic.messages_sent += given


def _called(edge: EdgePort, event: Called) -> None:
    user = edge.users.get(event.uid)
    if user is not None and not user.quitting:
        show_call(edge, user, event.sender)


def show_call(edge: EdgePort, user: User, sender: Person) -> None:
    """Tell the user, who hears only accepted people, that the sender has written."""
    if user.privacy.is_call_due(sender.uid, edge.now, edge.settings.flood.caller_id_every_s):
        source = edge.people.author_of(sender).source
        who = (user.person.nick, sender.nick, source.partition("!")[2], n.TEXT[n.RPL_UMODEGMSG])
        user.send(Line(edge.settings.network.server_name, n.RPL_UMODEGMSG, who))


def _changed(edge: EdgePort, group: GroupId, event: Changed, stamp: EventId, call: Call | None) -> None:
    """Show a new profile here, and tell the channels: the user's own group has numbered the profile (P28)."""
    user = edge.users.get(event.person.uid)
    if user is None or event.person.edge != edge.network.me:
        return  # to a side of a partition, the user may be on another node
    if event.person.version < user.person.version:  # an old event told again, of a former nick
        return
    renamed = user.person.nick != event.person.nick
    known = (user.person.account, user.person.real, user.person.host)
    user.person = event.person
    if known != (user.person.account, user.person.real, user.person.host):
        edge.bans.enter(user)
    show_update(edge, event.person, stamp, call)
    for room in user.seats.channels:
        user.unsettled[room] = None
        edge.network.submit(room, Update(event.person), None, group)
    if renamed:
        nick_protection.watch(edge, user)
        edge.reclaim.claimed(user.uid, user.person.nick)


def show_update(edge: EdgePort, person: Person, stamp: EventId, call: Call | None = None) -> None:
    """Show a newer profile once to everybody here who sees the person anywhere. call: the person's own command."""
    before = edge.people.learn(person)
    if before is None:
        return
    show_clashes(edge, stamp)  # first, so that no client reads of a nick already in use
    _show_change(edge, before, edge.people.newest(person), stamp, call)
    show_heirs(edge, stamp)


def show_heirs(edge: EdgePort, stamp: EventId) -> None:
    """Show people by their nicks again, if the people had given way to a person now gone from the nick."""
    edge.people.inherit()
    show_clashes(edge, stamp)


def show_clashes(edge: EdgePort, stamp: EventId) -> None:
    """Show two people clashing under one nick: the yielding person is shown to go, or under the uid (P29)."""
    clashes, edge.people.clashes = edge.people.clashes, []
    for clash in clashes:
        person = clash.before
        if clash.gone:  # by the nick known to clients, whatever the newest nick is
            _show_quit(edge, person.uid, person.author, LOST, stamp)
        else:
            _show_change(edge, person, edge.people.newest(person), stamp)


def show_quit(edge: EdgePort, uid: str, author: Author, reason: str, stamp: EventId) -> None:
    """Show the first news of a person's leaving to everybody here who sees the person anywhere (P28)."""
    _show_quit(edge, uid, edge.people.author(uid, *author), reason, stamp)


def _show_quit(edge: EdgePort, uid: str, author: Author, reason: str, stamp: EventId) -> None:
    groups = edge.people.quits(uid, edge.now)
    if groups:
        line = Line(author, "QUIT", (reason,), at=stamp.at, msgid=stamp.msgid)
        deliver(line, _audience(edge, groups, uid))


def _audience(edge: EdgePort, groups: Iterable[GroupId], uid: str) -> dict[Connection, None]:
    found: dict[Connection, None] = {}
    for group in groups:
        room = edge.rooms.get(group)
        if room is not None:
            found.update(room.connections if not room.unseen else dict.fromkeys(witnesses(edge, room, uid)))
    return found


def _show_change(edge: EdgePort, before: Person, person: Person, stamp: EventId, call: Call | None = None) -> None:
    audience = _audience(edge, edge.people.groups(person.uid), person.uid)
    user = edge.users.get(person.uid)
    if user is not None:
        audience.update(dict.fromkeys(user.connections))
    own = call.connection if call is not None else None
    if before.metadata != person.metadata:
        others = [connection for connection in audience if connection is not own]
        metadata.show_changes(edge, others, person.nick, dict(before.metadata), dict(person.metadata))
    for capability, line in _differences(before, person, stamp):
        able = [c for c in audience if not capability or capability in c.caps]
        if capability == "away-notify" and user is not None:
            able = [c for c in able if c not in user.connections]  # AWAY is answered by 305 and 306
        deliver(line, able, skip=own)
        if call is not None and own in able:
            call.send(line)
    if user is not None and before.host != person.host:
        shown = (person.nick, person.host, n.TEXT[n.RPL_VISIBLEHOST])
        line = Line(edge.settings.network.server_name, n.RPL_VISIBLEHOST, shown)
        deliver(line, user.connections, skip=own)
        if call is not None:
            call.send(line)


def show_to_watchers(edge: EdgePort, group: GroupId, before: Person, person: Person) -> None:
    """Show a new profile of a watched nick's holder to the watchers which do not see the holder in a channel. Source:
    IRCv3 extended-monitor."""
    seen = _audience(edge, edge.people.groups(person.uid), person.uid)
    watchers = {
        connection: None
        for user in edge.monitors.get(group, {}).values()
        if user.uid != person.uid
        for connection in user.connections
        if connection not in seen and "extended-monitor" in connection.caps
    }
    if before.metadata != person.metadata:
        metadata.show_changes(edge, watchers, person.nick, dict(before.metadata), dict(person.metadata))
    for capability, line in _differences(before, person, EventId("", edge.network.now_ms)):
        if capability:  # the nick's own change is the news of MONITOR
            deliver(line, [c for c in watchers if capability in c.caps])


def _differences(before: Person, now: Person, stamp: EventId) -> list[tuple[str, Line]]:
    """Return (capability needed, line). CHGHOST goes to able clients only: QUIT and JOIN would be a lie."""
    source, lines = before.source, []

    def line(capability: str, command: str, *params: str) -> None:
        lines.append(
            (capability, Line(Author(source, before.account), command, params, at=stamp.at, msgid=stamp.msgid))
        )

    if (before.user, before.host) != (now.user, now.host):
        line("chghost", "CHGHOST", now.user, now.host)
        source = f"{before.nick}!{now.user}@{now.host}"
    if before.nick != now.nick:
        line("", "NICK", now.nick)
        source = now.source
    if before.real != now.real:
        line("setname", "SETNAME", now.real)
    if before.account != now.account:
        line("account-notify", "ACCOUNT", now.account or "*")
    if before.away != now.away:
        line("away-notify", "AWAY", *([now.away] if now.away is not None else []))
    return lines


def _killed(edge: EdgePort, group: GroupId, event: Killed) -> None:
    user = edge.users.get(event.uid)
    if user is None or user.quitting:
        return
    user.send(Line(Author(event.source, event.account), "KILL", (user.person.nick, event.reason)))
    oper = event.source.partition("!")[0]
    departure.kill(edge, user, f"Killed ({oper} ({event.reason}))", group)
