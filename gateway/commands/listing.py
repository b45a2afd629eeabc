"""LIST, from the masters of all channels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import ceil
from typing import Any, TypeVar

from gateway.commands.table import command
from gateway.edge.client import flood
from gateway.edge.client.call import Call
from gateway.edge.client.long_answer import LongAnswer
from gateway.edge.procedures import Do, Procedure, run
from gateway.edge.rpc.asks import ListAsk
from gateway.edge.rpc.gathering import Gathering, channels
from gateway.edge.slices import PART
from gateway.irc import numerics as n
from gateway.state.channel.questions import ListRow

Row = TypeVar("Row")


def names_of(call: Call) -> tuple[str, ...]:
    """List the folded names of the caller's channels."""
    return tuple(group.name for group in call.user.seats.rooms)


@command("LIST", lists=(0,))
def list_channels(call: Call) -> None:
    wait_s = _wait(call)
    if wait_s > 0:
        call.notice(f"LIST is for people who have been here for a while, or are logged in: wait {ceil(wait_s)} s.")
        call.reply(n.RPL_LISTSTART, "Channel", n.TEXT[n.RPL_LISTSTART])
        call.reply(n.RPL_LISTEND, n.TEXT[n.RPL_LISTEND])
        return
    ask = ListAsk(tuple(call.params[:2]), names_of(call), call.user.identity.may("see"))

    def begin() -> None:
        call.reply(n.RPL_LISTSTART, "Channel", n.TEXT[n.RPL_LISTSTART])
        gather(
            call,
            channels(call.edge, ask),
            partial(_show, call),
            lambda: call.reply(n.RPL_LISTEND, n.TEXT[n.RPL_LISTEND]),
        )

    call.in_turn(lambda: call.after_all(list(call.user.unsettled), begin))


def _wait(call: Call) -> float:
    """Return the seconds until the caller may list channels."""
    user = call.user
    if user.person.account is not None or user.identity.oper is not None:
        return 0.0
    return user.person.signon / 1000 + call.edge.settings.flood.list_after_s - call.edge.now


def _show(call: Call, rows: Iterable[ListRow]) -> None:
    for row in rows:
        call.reply(n.RPL_LIST, row.name, str(row.users), row.topic)


def gather(call: Call, found: Gathering[Row], show: Callable[[list[Row]], None], end: Callable[[], None]) -> None:
    """Show the rows of all nodes, as fast as the client reads. show: sends the lines of some rows. end: sends the last
    line."""
    call.worked(flood.QUESTION * found.others)
    run(call.edge, _gather(call, found, show, end))


def _gather(
    call: Call, found: Gathering[Row], show: Callable[[list[Row]], None], end: Callable[[], None]
) -> Procedure[None]:
    answer = LongAnswer(call)
    while not answer.is_over and (rows := (yield from found.next(PART))):
        answer.show(partial(show, rows))
        yield Do(answer.rest)
    answer.show(lambda: _finish(call, found, end))
    answer.end()


def _finish(call: Call, found: Gathering[Any], end: Callable[[], None]) -> None:
    say_silent(call, found.silent)
    if found.is_cut:
        call.notice("There is more than is shown: ask with a narrower mask.")
    end()


def say_silent(call: Call, silent: list[str]) -> None:
    if silent:
        call.notice(f"No answer in time from {', '.join(sorted(silent))}: the answer may be incomplete.")
