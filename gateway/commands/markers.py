"""MARKREAD. Source: IRCv3 read-marker (draft)."""

from __future__ import annotations

from gateway.commands.table import command
from gateway.edge.client.call import Call
from gateway.edge.cursors import read_markers
from gateway.edge.direct.targets import is_target
from gateway.irc import numerics as n
from gateway.irc.times import read_server_time
from gateway.state.session.messages import Look, Marker, MarkRead, Stored


@command("MARKREAD")
def markread(call: Call) -> None:
    """Answer MARKREAD target [timestamp=...]: set the read marker, or tell the read marker if there is no time."""
    user, params = call.user, call.params
    if read_markers.CAPABILITY not in call.connection.caps:
        call.reply(n.ERR_UNKNOWNCOMMAND, "MARKREAD", n.TEXT[n.ERR_UNKNOWNCOMMAND])
    elif not params or not params[0]:
        call.fail("NEED_MORE_PARAMS", "Missing parameters")
    elif not is_target(call, params[0]):
        call.fail("INVALID_PARAMS", params[0][:64], "Invalid parameters")
    elif len(params) == 1:
        call.after(user.unsettled, lambda: _tell(call, params[0]))
    else:
        _mark(call, params[0], params[1])


def _tell(call: Call, target: str) -> None:
    account, folded = _account(call), _folded(call, target)

    def looked(stored: Stored | None) -> None:
        if stored is None:
            call.fail("INTERNAL_ERROR", target, "The read timestamp is not known at the moment")
        else:
            call.send(read_markers.line(call.edge, target, stored.markers.get(folded, 0)))

    if account:
        call.ask(call.edge.sessions.group(account), Look(), looked)
    else:
        call.send(read_markers.line(call.edge, target, read_markers.marker(call.edge, call.connection, folded)))


def _account(call: Call) -> str:
    """The caller's account, folded; "" without an account. The account's session may not have begun yet."""
    return call.edge.settings.casemap(call.user.person.account or "")


def _folded(call: Call, target: str) -> str:
    return call.edge.settings.casemap(target)


def _mark(call: Call, target: str, word: str) -> None:
    edge = call.edge
    at = read_server_time(word.removeprefix("timestamp=")) if word.startswith("timestamp=") else None
    if at is None or at <= 0:
        call.fail("INVALID_PARAMS", word[:64] or "*", "Invalid parameters")
        return
    account = _account(call)
    if not account:
        call.send(read_markers.line(edge, target, read_markers.mark(edge, call.connection, _folded(call, target), at)))
        return

    def marked(outcome: object) -> None:
        if isinstance(outcome, Marker):
            call.send(read_markers.line(edge, target, outcome.at))
        else:
            call.fail("INTERNAL_ERROR", target, "The read timestamp could not be set")

    call.submit(edge.sessions.group(account), MarkRead(target, _folded(call, target), at), marked)
