"""LIST, from the masters of all channels."""

from __future__ import annotations

from typing import Any

from gateway.commands.table import command
from gateway.edge.client.call import Call
from gateway.edge.rpc.asks import ListAsk
from gateway.irc import numerics as n
from gateway.state.channel.questions import ListRow


def names_of(call: Call) -> tuple[str, ...]:
    """List the folded names of the caller's channels."""
    return tuple(group.name for group in call.user.seats.rooms)


@command("LIST", lists=(0,))
def list_channels(call: Call) -> None:
    params = tuple(call.params[:2])
    ask = ListAsk(params, names_of(call), call.user.identity.oper is not None)
    call.after_all(
        list(call.user.unsettled), lambda: call.gather(ask, lambda replies, silent: _show(call, replies, silent))
    )


def _show(call: Call, replies: list[Any], silent: list[str]) -> None:
    """Show the rows. If two nodes master a channel for a moment, the row of the higher term counts (P39)."""
    rows: dict[str, ListRow] = {}
    for reply in replies:
        for row in reply.rows:
            folded = call.edge.settings.casemap(row.name)
            if folded not in rows or rows[folded].term < row.term:
                rows[folded] = row
    call.reply(n.RPL_LISTSTART, "Channel", n.TEXT[n.RPL_LISTSTART])
    for folded in sorted(rows):
        row = rows[folded]
        call.reply(n.RPL_LIST, row.name, str(row.users), row.topic)
    say_silent(call, silent)
    say_cut(call, replies)
    call.reply(n.RPL_LISTEND, n.TEXT[n.RPL_LISTEND])


def say_cut(call: Call, replies: list[Any]) -> None:
    """Tell the caller if rows are missing: a node answers with a bounded number of rows."""
    if any(reply.cut for reply in replies):
        call.notice("There is more than is shown: ask with a narrower mask.")


def say_silent(call: Call, silent: list[str]) -> None:
    if silent:
        call.notice(f"No answer in time from {', '.join(sorted(silent))}: the answer may be incomplete.")
