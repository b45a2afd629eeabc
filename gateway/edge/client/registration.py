"""From a connection to a user: the claim of the nick, then the welcome in the order that clients expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge.accounts import nick_protection
from gateway.edge.accounts.pass_login import log_in, tell_unused, wish
from gateway.edge.client.call import Call
from gateway.edge.client.welcome import welcome
from gateway.edge.procedures import run
from gateway.edge.sessions import resume
from gateway.edge.sessions.attach import attach
from gateway.edge.users.claim import claim
from gateway.edge.users.departure import depart
from gateway.edge.users.user import User
from gateway.irc import numerics as n
from gateway.state.nick.messages import Claim, Granted, NickView, Release, Who
from gateway.state.people import Person, Refusal
from ring.ids import GroupId, Incarnation
from ring.placement import hash32

if TYPE_CHECKING:
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
    """Check the password, then claim the nick, once NICK, USER and the end of negotiation are there."""
    connection, edge = call.connection, call.edge
    ready = (
        connection.draft.nick is not None and connection.draft.username is not None and not connection.draft.cap_open
    )
    if connection.user is not None or connection.proof.sasl is not None:  # the login comes first
        return
    if not ready or connection.queue.busy or connection.closed is not None:
        return
    connection.queue.busy = True
    wanted = edge.settings.server_password_hash
    login = wish(connection, edge.settings)
    if wanted is None and login is not None:
        log_in(call, login, lambda: _find_session(call))
    elif wanted is None:
        tell_unused(call)
        connection.draft.password = None  # told once, even if the nick is taken and the client tries another nick
        _find_session(call)
    else:
        edge.check_password(
            wanted, connection.draft.password or "", edge.clients.mine(lambda fits: _password_checked(call, fits))
        )


def _password_checked(call: Call, fits: bool | None) -> None:
    """Go on after the check of the password. fits: None if the check was not possible."""
    if call.connection.closed is not None:
        return
    if fits:
        _find_session(call)
        return
    if fits is None:
        call.reply(n.ERR_PASSWDMISMATCH, UNCHECKED)
        call.edge.clients.cut(call.connection, UNCHECKED)
        return
    call.reply(n.ERR_PASSWDMISMATCH, n.TEXT[n.ERR_PASSWDMISMATCH])
    call.edge.traffic.cuts["password"] += 1
    call.edge.clients.cut(call.connection, "Bad password")


def _find_session(call: Call, tries: int = TRIES) -> None:
    """Attach a logged-in client to the account's session, if there is a session, under the session's present nick."""
    edge, connection = call.edge, call.connection
    login = connection.login
    if login is None or not edge.settings.sessions.enabled:
        _may_have(call)
        return

    def go_on(session: User | Incarnation | None) -> None:
        if connection.closed is not None:
            pass
        elif isinstance(session, User):
            connection.queue.busy = False
            attach(call, session)
            edge.clients.resume(connection)
        elif session is not None:
            edge.forwarding.begin(call, session)
        else:
            _may_have(call, tries)
        call.release()

    call.hold()
    edge.sessions.find(edge.settings.casemap(login.name), go_on)


def _may_have(call: Call, tries: int = 0) -> None:
    assert call.connection.draft.nick is not None
    nick_protection.check(
        call, call.connection.draft.nick, lambda free: _claim(call, tries) if free else _give_up(call)
    )


def _give_up(call: Call) -> None:
    connection = call.connection
    connection.queue.busy = False
    connection.draft.nick = None
    call.edge.clients.resume(connection)


def _claim(call: Call, tries: int) -> None:
    """Claim the nick. tries: how often the session is looked for again if the account has the nick already."""
    edge, connection = call.edge, call.connection
    assert connection.draft.nick is not None
    found = edge.clients.mine(lambda former: _claim_as(call, tries, former))
    resume.find(edge, connection, connection.draft.nick, found)


def _claim_as(call: Call, tries: int, former: Person | None) -> None:
    """Claim the nick. former: the guest's person on a node which has died since."""
    edge, connection = call.edge, call.connection
    if connection.closed is not None:
        return
    assert connection.draft.nick is not None and connection.draft.username is not None
    record = edge.record
    uid = former.uid if former is not None else new_uid(edge)
    person = Person(
        uid,
        max(former.version + 1, int(edge.now * 1000)) if former is not None else 1,
        connection.draft.nick,
        connection.draft.username,
        connection.host,
        connection.draft.real,
        record.key,
        record.incarnation,
        account=connection.login.name if connection.login is not None else None,
        signon=int(edge.now * 1000),
        certificate=resume.mark(uid, connection),
    )
    resumes = former is not None
    claimed = edge.clients.mine(lambda outcome: _claimed(call, person, outcome, tries, resumes))
    run(edge, claim(edge, Claim(person, moves=resumes)), claimed)


def _claimed(call: Call, person: Person, outcome: Any, tries: int, resumes: bool) -> None:
    edge, connection = call.edge, call.connection
    home = edge.nick(person.nick)
    if connection.closed is not None:
        edge.network.submit(home, Release(person.uid))
        return
    if isinstance(outcome, Refusal):
        _refused(call, home, outcome, tries)
        return
    if not isinstance(outcome, Granted):
        edge.network.submit(home, Release(person.uid))
        call.reply(n.ERR_UNAVAILRESOURCE, person.nick, n.TEXT[n.ERR_UNAVAILRESOURCE])
        _give_up(call)
        return
    user = User(outcome.person, home, connection, edge.now)
    connection.user = user
    user.unsettled[home] = None  # watchers of the nick know by the first PONG
    edge.enter(user)
    edge.network.note("client_registered", client=connection.number, nick=person.nick, uid=user.uid)
    if connection.login is None:
        _welcome(call, user)
        if resumes:
            resume.take_seats(edge, user)
        return
    # The account's preferences decide about private messages: the preferences are known before 001.
    call.hold()
    connection.turn_aside()

    def begun(other: bool) -> None:
        if other and tries and connection.closed is None:
            _give_way(call, user, tries - 1)
        else:
            _welcome(call, user)
        call.release()

    edge.sessions.begin(user, edge.settings.casemap(connection.login.name), begun)


def _give_way(call: Call, user: User, tries: int) -> None:
    """Let the client go on with the account's session, though nobody answered for the session at the first search. The
    user whom the client was about to become leaves, and never was seen (P38)."""
    edge, connection = call.edge, call.connection
    connection.turn_back()
    user.detach(connection)
    connection.user = None

    def left() -> None:
        _find_session(call, tries)
        call.release()

    call.hold()
    depart(edge, user, "", done=left)


def _welcome(call: Call, user: User) -> None:
    connection, edge = call.connection, call.edge
    connection.queue.busy = False
    if connection.closed is not None or connection.user is not user:
        return
    meanwhile = connection.turn_back()
    welcome(call)
    connection.out += meanwhile
    nick_protection.watch(edge, user)
    edge.clients.resume(connection)


def _refused(call: Call, home: GroupId, refusal: Refusal, tries: int) -> None:
    """Refuse the nick. If the account has the nick, another connection was faster: look for the session again."""
    edge, connection = call.edge, call.connection
    name = connection.login.name if connection.login is not None else None

    def known(view: NickView | None) -> None:
        holder = view.holder if view is not None else None
        if tries and holder is not None and holder.account == name and connection.closed is None:
            edge.later(AGAIN_S, lambda: _find_session(call, tries - 1))
        else:
            call.refuse(refusal)
            _give_up(call)
        call.release()

    call.hold()
    if name is not None:
        edge.network.ask(home, Who(), edge.clients.mine(known))
    else:
        known(None)
