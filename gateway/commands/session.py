"""CAP, PASS, NICK, USER, PING, PONG, QUIT: the connection between client and server."""

from __future__ import annotations

from collections.abc import Callable

from gateway.accounts.steps import account_of
from gateway.commands.table import command
from gateway.edge.accounts.nick_protection import check
from gateway.edge.accounts.sasl import abort
from gateway.edge.client.call import Call
from gateway.edge.client.capabilities import change, implied, lines, listed, offered, variant
from gateway.edge.client.lines import Line
from gateway.edge.client.registration import try_register
from gateway.edge.procedures import Procedure, run
from gateway.edge.users.departure import bow_out
from gateway.edge.users.rename import rename
from gateway.edge.users.rooms import counted, uncounted
from gateway.edge.users.user import User
from gateway.irc import numerics as n
from gateway.irc.names import clean_user, is_valid_nick
from ring.ids import GroupId

MAX_QUIT = 255


@command("CAP", 1, anytime=True)
def cap(call: Call) -> None:
    """Negotiate capabilities. Source: IRCv3 capability negotiation."""
    connection, registered = call.connection, call.connection.user is not None
    offer = offered(call.edge.settings)
    sub = call.params[0].upper()
    if sub == "LS":
        asked = call.params[1] if len(call.params) > 1 else ""
        version = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 301
        connection.draft.negotiate(version, registers_later=not registered)
        connection.caps |= implied(connection.draft.cap_version)
        _cap(call, "LS", listed(offer, version), version)
    elif sub == "LIST":
        _cap(call, "LIST", sorted(connection.caps), connection.draft.cap_version)
    elif sub == "REQ":
        connection.draft.negotiate(registers_later=not registered)
        asked = call.params[1] if len(call.params) > 1 else ""
        caps = change(connection.caps, asked, offer, implied(connection.draft.cap_version))
        if caps is not None:
            connection.negotiate(caps, variant(caps))
        _cap(call, "NAK" if caps is None else "ACK", asked.split(), connection.draft.cap_version)
    elif sub == "END":
        connection.draft.end_negotiation()
        if connection.proof.sasl is not None and not connection.proof.sasl.waits:  # the client has given the login up
            abort(call)
        if not registered:
            try_register(call)
    else:
        call.reply(n.ERR_INVALIDCAPCMD, sub[:32], n.TEXT[n.ERR_INVALIDCAPCMD])


def _cap(call: Call, sub: str, names: list[str], version: int) -> None:
    for line in lines(call.edge.settings.network.server_name, call.nick, sub, names, version):
        call.send(line)


@command("PASS", 1, anytime=True, raw=True)
def password(call: Call) -> None:
    if call.connection.user is not None:
        call.reply(n.ERR_ALREADYREGISTERED, n.TEXT[n.ERR_ALREADYREGISTERED])
    else:
        call.connection.draft.give_password(call.params[0])


@command("NICK", anytime=True)
def nick(call: Call) -> None:
    connection = call.connection
    if not call.params or not call.params[0]:
        call.reply(n.ERR_NONICKNAMEGIVEN, n.TEXT[n.ERR_NONICKNAMEGIVEN])
        return
    wanted = call.params[0]
    if not is_valid_nick(wanted, call.edge.settings.limits.nick_len):
        call.reply(n.ERR_ERRONEUSNICKNAME, wanted[:64] or "*", n.TEXT[n.ERR_ERRONEUSNICKNAME])
    elif why := call.edge.settings.reservation(wanted):
        call.reply(n.ERR_ERRONEUSNICKNAME, wanted, why)
    elif connection.user is None:
        connection.draft.name(wanted)
        try_register(call)
    else:
        call.alone(lambda: _rename(call, wanted))


def _rename(call: Call, wanted: str) -> None:
    if call.user.person.nick != wanted:
        call.connection.queue.pause()
        call.hold()
        run(call.edge, _check_and_rename(call, wanted))


def _check_and_rename(call: Call, wanted: str) -> Procedure[None]:
    connection = call.connection
    if (yield from check(call, wanted)):
        rename(call, wanted)
    elif connection.closed is None:
        connection.queue.unpause()
        call.edge.clients.resume(connection)
    call.release()


@command("USER", 4, anytime=True)
def user(call: Call) -> None:
    connection, limits = call.connection, call.edge.settings.limits
    if connection.user is not None:
        call.reply(n.ERR_ALREADYREGISTERED, n.TEXT[n.ERR_ALREADYREGISTERED])
        return
    if not call.params[0] or not call.params[3]:
        call.reply(n.ERR_NEEDMOREPARAMS, "USER", n.TEXT[n.ERR_NEEDMOREPARAMS])
        return
    name = account_of(call.params[0])  # users of bouncers write account@device or account/device
    connection.draft.introduce(
        "~" + clean_user(name, limits.user_len - 1),
        call.edge.text(call.params[3], limits.real_len),
        call.params[0] if name != call.params[0] else "",
    )
    try_register(call)


@command("PING", anytime=True)
def ping(call: Call) -> None:
    """Answer PONG once all earlier lines are answered, committed, and applied by every live follower (P34)."""
    if not call.params or not call.params[0]:
        call.reply(n.ERR_NOORIGIN, n.TEXT[n.ERR_NOORIGIN])
        return
    server = call.edge.settings.network.server_name
    line = Line(server, "PONG", (server, call.params[0]))
    user = call.connection.user
    if user is None:
        call.in_turn(lambda: call.send(line))
        return

    def settle(then: Callable[[], None]) -> None:
        """Wait until the caller's groups are settled. Include the groups that an earlier PING still waits for: these
        groups are not settled yet, and the earlier PING may not hold up the connection any more."""
        groups = list({**dict.fromkeys(user.settling), **user.unsettled})
        user.unsettled = {}
        if groups:
            for group in groups:
                user.settling = counted(user.settling, group)
            call.edge.network.settle(groups, lambda: _settled(user, groups))
        call.after_all(groups, then)

    def answered() -> None:
        """Settle again. Earlier commands that ask a question first (KILL, INVITE) have submitted by now."""
        settle(lambda: _pong(call, line))

    settle(lambda: call.in_turn(answered))


def _pong(call: Call, line: Line) -> None:
    """Send the PONG, in this turn after the lines for all other clients (P34)."""
    call.send(line)
    call.connection.go_last()


def _settled(user: User, groups: list[GroupId]) -> None:
    for group in groups:
        user.settling = uncounted(user.settling, group)


@command("PONG", anytime=True)
def pong(call: Call) -> None:
    """Tell the playback that the client has read so far. Any line proves that the client is alive, so PONG has no other
    effect."""
    reader = call.connection.delivery.reader
    if reader is not None and call.params:
        reader.answered(call.params[-1])


@command("QUIT", anytime=True)
def leave(call: Call) -> None:
    """Leave, after the answers to all earlier lines."""
    text = call.edge.text(call.params[0], MAX_QUIT) if call.params and call.params[0] else ""
    reason = f"Quit: {text}" if text else "Client quit"

    def go() -> None:
        call.hold()
        bow_out(call.edge, call.connection, reason, call.release)

    call.alone(go)
