"""From a connection to a user: the claim of the nick, then the welcome in the order that clients expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.accounts import nick_protection
from gateway.edge.accounts.pass_login import log_in, tell_unused, wish
from gateway.edge.bans.words import banned, told
from gateway.edge.client.call import Call
from gateway.edge.client.welcome import welcome
from gateway.edge.procedures import Ask, Do, Procedure, Sleep, run
from gateway.edge.sessions import resume
from gateway.edge.sessions.attach import attach
from gateway.edge.users import hosts
from gateway.edge.users.claim import claim
from gateway.edge.users.departure import depart
from gateway.edge.users.entering import enter
from gateway.edge.users.user import User
from gateway.irc import numerics as n
from gateway.irc.defcon_table import NO_CONNECTIONS, NO_GUESTS
from gateway.state.nick.messages import Claim, Granted, NickView, Release, Who
from gateway.state.people import Person, Refusal
from ring.ids import GroupId, Incarnation
from ring.placement import hash32

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort

TRIES = 4
AGAIN_S = 0.5
"""Number of further searches for a session, and the time before each search."""

UNCHECKED = "The password cannot be checked now: try again later"

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"


def new_uid(edge: EdgePort) -> str:
    """Return an id which is unique in the network; the leading digit keeps the id apart from every nick (P27)."""
    record = edge.record
    return f"0{base36(hash32(record.key))}-{base36(record.incarnation)}-{base36(edge.next_serial())}"


def try_register(call: Call) -> None:
    """Begin the registration once NICK, USER and the end of negotiation are there."""
    connection = call.connection
    ready = (
        connection.draft.nick is not None and connection.draft.username is not None and not connection.draft.cap_open
    )
    if connection.user is not None or connection.proof.sasl is not None:  # the login comes first
        return
    if not ready or connection.queue.busy or connection.closed is not None:
        return
    connection.queue.pause()
    run(call.edge, _register(call))


def _register(call: Call) -> Procedure[None]:
    """Check the password, then attach the client to the account's session, or make the client a new user.

    The call is held except for the claim of the nick: a label is answered before the claim.
    """
    call.hold()
    goes_on = (yield from _let_in(call)) and not _is_banned(call)
    call.release()
    for tries in reversed(range(TRIES + 1)) if goes_on else ():
        call.hold()
        goes_on = not (yield from _attach(call)) and not _is_shut_out(call) and (yield from _may_have(call))
        call.release()
        seeks = tries > 0 and call.edge.settings.sessions.enabled
        if not goes_on or not (yield from _enter(call, seeks)):
            return


def _let_in(call: Call) -> Procedure[bool]:
    """Check the network's password, or log the client in by PASS. A refused client is told why and cut.

    Returns whether the registration goes on.
    """
    edge, connection = call.edge, call.connection
    wanted, given = edge.settings.server_password_hash, connection.draft.password or ""
    if wanted is None:
        login = wish(connection, edge.settings)
        if login is not None:
            return (yield from log_in(call, login))
        tell_unused(call)
        connection.draft.password = None  # told once, even if the nick is taken and the client tries another nick
        return True
    fits: bool | None = yield Do(lambda done: edge.outside.check_password(wanted, given, done))
    if connection.closed is not None:
        return False
    if fits is None:
        call.reply(n.ERR_PASSWDMISMATCH, UNCHECKED)
        edge.clients.cut(connection, UNCHECKED)
    elif not fits:
        call.reply(n.ERR_PASSWDMISMATCH, n.TEXT[n.ERR_PASSWDMISMATCH])
        edge.traffic.cuts["password"] += 1
        edge.clients.cut(connection, "Bad password")
    return bool(fits)


def _is_banned(call: Call) -> bool:
    """Refuse a client that falls under a ban of the network, by name, address or account. Returns whether so."""
    edge, connection = call.edge, call.connection
    entry = edge.bans.of_connection(connection) or edge.bans.of_names(connection)
    if entry is None:
        return False
    call.reply(n.ERR_YOUREBANNEDCREEP, banned(entry))
    edge.clients.cut(connection, told(entry))
    return True


def _is_shut_out(call: Call) -> bool:
    """Refuse a client that the network's level of defence (DEFCON) refuses. Returns whether so."""
    edge, connection = call.edge, call.connection
    level = edge.bans.defcon
    if level > NO_GUESTS or (level > NO_CONNECTIONS and connection.login is not None):
        return False
    if connection.certificate and any(connection.certificate in one.certificates for one in edge.settings.operators):
        return False
    why = "takes no new connections now" if level <= NO_CONNECTIONS else "takes people with an account alone: log in"
    call.reply(n.ERR_YOUREBANNEDCREEP, f"The network {why} (DEFCON {level})")
    edge.clients.cut(connection, f"The network {why} (DEFCON {level})")
    return True


def _attach(call: Call) -> Procedure[bool]:
    """Attach a logged-in client to the account's session, if there is a session, under the session's present nick.

    Returns whether the registration ends here.
    """
    edge, connection = call.edge, call.connection
    login = connection.login
    if login is None or not edge.settings.sessions.enabled:
        return False
    account = edge.settings.casemap(login.name)
    session: User | Incarnation | None = yield Do(lambda done: edge.sessions.find(account, done))
    if connection.closed is not None:
        return True
    if isinstance(session, User):
        connection.queue.unpause()
        attach(call, session)
        edge.clients.resume(connection)
    elif session is not None:
        edge.forwarding.begin(call, session)
    return session is not None


def _may_have(call: Call) -> Procedure[bool]:
    connection = call.connection
    assert connection.draft.nick is not None
    may = yield from nick_protection.check(call, connection.draft.nick)
    if not may and connection.closed is None:
        _give_up(call)
    return may


def _give_up(call: Call) -> None:
    connection = call.connection
    connection.queue.unpause()
    connection.draft.nick = None
    call.edge.clients.resume(connection)


def _enter(call: Call, seeks: bool) -> Procedure[bool]:
    """Claim the nick, and let the user in. seeks: look for the account's session again if the account turns out to have
    the nick or a session already.

    Returns whether the account's session has to be looked for again.
    """
    edge, connection = call.edge, call.connection
    assert connection.draft.nick is not None
    former = yield from resume.find(edge, connection, connection.draft.nick)
    if connection.closed is not None:
        return False
    person = _new_person(edge, connection, former)
    outcome = yield from claim(edge, Claim(person, moves=former is not None))
    home = edge.nick(person.nick)
    if connection.closed is not None:
        edge.network.submit(home, Release(person.uid))
        return False
    if isinstance(outcome, Refusal):
        return (yield from _refused(call, home, outcome, seeks))
    if not isinstance(outcome, Granted):
        edge.network.submit(home, Release(person.uid))
        call.reply(n.ERR_UNAVAILRESOURCE, person.nick, n.TEXT[n.ERR_UNAVAILRESOURCE])
        _give_up(call)
        return False
    user = User(outcome.person, home, connection, edge.now)
    user.identity.want(hosts.kept(outcome.person, person))
    connection.user = user
    user.unsettled[home] = None  # watchers of the nick know by the first PONG
    enter(edge, user)
    edge.network.note("client_registered", client=connection.number, nick=person.nick, uid=user.uid)
    edge.oversight.tell("c", f"Client connecting: {person.source} ({connection.address})")
    if connection.login is not None:
        return (yield from _begin_session(call, user, edge.settings.casemap(connection.login.name), seeks))
    _welcome(call, user)
    if former is not None:
        user.privacy.forget_positions()
        resume.take_seats(edge, user)
    return False


def _new_person(edge: EdgePort, connection: Connection, former: Person | None) -> Person:
    """former: the guest's person on a node which has died since."""
    draft, record, login = connection.draft, edge.record, connection.login
    assert draft.nick is not None and draft.username is not None
    uid = former.uid if former is not None else new_uid(edge)
    person = Person(
        uid,
        max(former.version + 1, int(edge.now * 1000)) if former is not None else 1,
        draft.nick,
        draft.username,
        connection.socket.host,
        draft.real,
        record.key,
        record.incarnation,
        away=draft.away,
        metadata=tuple(sorted(draft.metadata.items())),
        signon=int(edge.now * 1000),
        certificate=resume.mark(uid, connection),
    )
    person = hosts.cloak(edge, person)
    return person if login is None else hosts.as_account(edge, person, login.name, login.life, connection.proof.vhost)


def _begin_session(call: Call, user: User, account: str, seeks: bool) -> Procedure[bool]:
    """Make the user the account's session. The account's preferences decide about private messages: the preferences are
    known before 001.

    If the account has a session by now, though nobody answered for the session at the first search, the client goes on
    with that session. The user whom the client was about to become leaves, and never was seen (P38). Returns whether
    the session has to be looked for again.
    """
    edge, connection = call.edge, call.connection
    call.hold()
    connection.turn_aside()
    other: bool = yield Do(lambda done: edge.sessions.begin(user, account, done))
    gives_way = other and seeks and connection.closed is None
    if gives_way:
        connection.turn_back()
        user.detach(connection)
        connection.user = None
        yield Do(lambda done: depart(edge, user, "", done=lambda: done(None)))
    else:
        _welcome(call, user)
    call.release()
    return gives_way


def _welcome(call: Call, user: User) -> None:
    connection, edge = call.connection, call.edge
    connection.queue.unpause()
    if connection.closed is not None or connection.user is not user:
        return
    meanwhile = connection.turn_back()
    welcome(call)
    connection.out += meanwhile
    nick_protection.watch(edge, user)
    edge.clients.resume(connection)


def _refused(call: Call, home: GroupId, refusal: Refusal, seeks: bool) -> Procedure[bool]:
    """Refuse the nick. If the account has the nick, another connection was faster: the session is looked for again.

    Returns whether this is so.
    """
    connection = call.connection
    call.hold()
    if connection.login is not None and seeks:
        view: NickView | None = yield Ask(home, Who())
        holder = view.holder if view is not None else None
        if holder is not None and holder.account == connection.login.name and connection.closed is None:
            call.release()
            yield Sleep(AGAIN_S)
            return True
    call.refuse(refusal)
    _give_up(call)
    call.release()
    return False
