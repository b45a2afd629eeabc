"""From a connection to a user: the claim of the nick, then the welcome in the order that clients expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge import protection
from gateway.edge.answers import modes_of, recent_counts
from gateway.edge.call import Call
from gateway.edge.user import User
from gateway.groups.nick_messages import Claim, Granted, Release
from gateway.groups.people import Person, Refusal
from gateway.irc import numerics as n
from gateway.irc.isupport import isupport
from gateway.irc.times import server_time
from ring.placement import hash32

if TYPE_CHECKING:
    from gateway.edge.edge import Edge

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"


def new_uid(edge: Edge) -> str:
    """Unique in the network; the leading digit keeps it apart from every nick (P27)."""
    record = edge.record
    return f"0{base36(hash32(record.key))}-{base36(record.incarnation)}-{base36(edge.next_serial())}"


def try_register(call: Call) -> None:
    """Once NICK, USER and the end of negotiation are there: the password, then the claim."""
    connection, edge = call.connection, call.edge
    ready = connection.nick is not None and connection.username is not None and not connection.cap_open
    if connection.user is not None or connection.sasl is not None:  # who it is comes first
        return
    if not ready or connection.busy or connection.closed is not None:
        return
    connection.busy = True
    wanted = edge.settings.server_password_hash
    if wanted is None:
        _may_have(call)
    else:
        edge.check_password(wanted, connection.password or "", lambda fits: _password_checked(call, fits))


def _password_checked(call: Call, fits: bool) -> None:
    if call.connection.closed is not None:
        return
    if fits:
        _may_have(call)
        return
    call.reply(n.ERR_PASSWDMISMATCH, n.TEXT[n.ERR_PASSWDMISMATCH])
    call.edge.cut(call.connection, "Bad password")


def _may_have(call: Call) -> None:
    assert call.connection.nick is not None
    protection.check(call, call.connection.nick, lambda free: _claim(call) if free else _give_up(call))


def _give_up(call: Call) -> None:
    connection = call.connection
    connection.busy = False
    connection.nick = None
    call.edge.resume(connection)


def _claim(call: Call) -> None:
    edge, connection = call.edge, call.connection
    assert connection.nick is not None and connection.username is not None
    record = edge.record
    person = Person(
        new_uid(edge),
        1,
        connection.nick,
        connection.username,
        connection.host,
        connection.real,
        record.key,
        record.incarnation,
        account=connection.login.name if connection.login is not None else None,
        signon=int(edge.now * 1000),
    )
    edge.engine.submit(edge.nick(person.nick), Claim(person), lambda outcome: _claimed(call, person, outcome))


def _claimed(call: Call, person: Person, outcome: Any) -> None:
    edge, connection = call.edge, call.connection
    connection.busy = False
    home = edge.nick(person.nick)
    if connection.closed is not None:
        edge.engine.submit(home, Release(person.uid))
        return
    if not isinstance(outcome, Granted):
        if isinstance(outcome, Refusal):
            call.refuse(outcome)
        else:
            edge.engine.submit(home, Release(person.uid))
            call.reply(n.ERR_UNAVAILRESOURCE, person.nick, n.TEXT[n.ERR_UNAVAILRESOURCE])
        _give_up(call)
        return
    user = User(outcome.person, home, connection, edge.now)
    connection.user = edge.users[user.uid] = user
    edge.people.add(user.person)
    edge.engine.note("client_registered", client=connection.number, nick=person.nick, uid=user.uid)
    welcome(call)
    protection.watch(edge, user)
    edge.resume(connection)


def welcome(call: Call) -> None:
    """001 to 005, LUSERS, the message of the day, 221."""
    edge, user = call.edge, call.user
    settings, person = edge.settings, user.person
    call.reply(n.RPL_WELCOME, f"Welcome to the {settings.network_name} Network, {person.source}")
    call.reply(n.RPL_YOURHOST, f"Your host is {edge.record.name}, running version {settings.version}")
    call.reply(n.RPL_CREATED, f"This server was created {server_time(settings.created * 1000)}")
    call.reply(n.RPL_MYINFO, settings.server_name, settings.version, "BRiorw", "CHIQRSbehiklmnostv", "Ibehklov")
    send_isupport(call)
    send_lusers(call, recent_counts(edge))
    send_motd(call)
    call.reply(n.RPL_UMODEIS, modes_of(user))


def send_isupport(call: Call) -> None:
    settings = call.edge.settings
    history = settings.history.query_max if settings.history.enabled else 0
    for tokens in isupport(settings.limits, settings.network_name, settings.casemap.name, history=history):
        call.reply(n.RPL_ISUPPORT, *tokens, n.TEXT[n.RPL_ISUPPORT])


def send_lusers(call: Call, counts: list[Any]) -> None:
    """The whole network, as one server: 251 to 255, 265, 266. counts: of every node, this one's first."""
    users = sum(c.users for c in counts)
    invisible = sum(c.invisible for c in counts)
    opers = sum(c.opers for c in counts)
    unknown = sum(c.unknown for c in counts)
    channels = sum(c.channels for c in counts)
    here = counts[0].users
    edge = call.edge
    edge.most_here, edge.most = max(edge.most_here, here), max(edge.most, users)
    call.reply(n.RPL_LUSERCLIENT, f"There are {users - invisible} users and {invisible} invisible on 1 servers")
    if opers:
        call.reply(n.RPL_LUSEROP, str(opers), n.TEXT[n.RPL_LUSEROP])
    if unknown:
        call.reply(n.RPL_LUSERUNKNOWN, str(unknown), n.TEXT[n.RPL_LUSERUNKNOWN])
    if channels:
        call.reply(n.RPL_LUSERCHANNELS, str(channels), n.TEXT[n.RPL_LUSERCHANNELS])
    call.reply(n.RPL_LUSERME, f"I have {users} clients and 1 servers")
    call.reply(
        n.RPL_LOCALUSERS, str(here), str(edge.most_here), f"Current users on this node {here}, max {edge.most_here}"
    )
    call.reply(n.RPL_GLOBALUSERS, str(users), str(edge.most), f"Current global users {users}, max {edge.most}")


def send_motd(call: Call) -> None:
    settings = call.edge.settings
    if settings.motd is None:
        call.reply(n.ERR_NOMOTD, n.TEXT[n.ERR_NOMOTD])
        return
    call.reply(n.RPL_MOTDSTART, f"- {settings.server_name} Message of the day - ")
    for line in settings.motd:
        call.reply(n.RPL_MOTD, f"- {line}")
    call.reply(n.RPL_ENDOFMOTD, n.TEXT[n.RPL_ENDOFMOTD])
