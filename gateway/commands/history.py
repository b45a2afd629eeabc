"""CHATHISTORY. Source: IRCv3 chathistory."""

from __future__ import annotations

from collections.abc import Callable

from gateway.commands.table import command
from gateway.edge.client import flood
from gateway.edge.client.call import Call
from gateway.edge.client.lines import Line
from gateway.edge.cursors.history import Story, recall, story
from gateway.edge.direct.targets import is_target, resolve
from gateway.irc import numerics as n
from gateway.irc.chathistory import Problem, Reference, Request, parse_request
from gateway.irc.times import server_time
from ring.ids import GroupId
from ring.storage.store import Line as Kept
from ring.wire.history import Mark, Query

NOT_RETRIEVED = "Messages could not be retrieved"


@command("CHATHISTORY", 1)
def chathistory(call: Call) -> None:
    settings = call.edge.settings
    if "draft/chathistory" not in call.connection.caps:
        call.reply(n.ERR_UNKNOWNCOMMAND, "CHATHISTORY", n.TEXT[n.ERR_UNKNOWNCOMMAND])
        return
    request = parse_request(call.params, settings.history.query_max)
    if isinstance(request, Problem):
        call.fail(request.code, *request.context)
    elif request.sub == "TARGETS":
        call.prepay(request.limit)
        call.in_turn(lambda: call.after(call.user.unsettled, lambda: _targets(call, request)))
    elif not is_target(call, request.target):
        call.fail("INVALID_TARGET", request.sub, request.target[:64], NOT_RETRIEVED)
    else:  # in turn: a client with many requests waits, and nobody else has to wait
        call.prepay(request.limit)
        call.in_turn(lambda: resolve(call, request.target, lambda group: _lines(call, group, request)))


def _lines(call: Call, group: GroupId | None, request: Request) -> None:
    found = story(call.edge, call.user, group) if group is not None else None
    if group is None or found is None:
        call.fail("INVALID_TARGET", request.sub, request.target[:64], NOT_RETRIEVED)
        return
    caps = call.connection.caps
    name = found.title(()) if group.kind == "channel" else request.target

    def done(lines: list[Kept] | None) -> None:
        if lines is None:
            call.fail("MESSAGE_ERROR", request.sub, request.target[:64], NOT_RETRIEVED)
        else:
            call.send_batch("chathistory", (name,), found.shown(caps, lines))

    call.worked(flood.RECALL)
    recall(call.edge, call.user, _readable(caps), group, _query(request), call.later(done))


def _readable(caps: frozenset[str]) -> frozenset[str]:
    """Choose the capabilities for a reply. Without event-playback, a reply has only PRIVMSG and NOTICE.

    Source: IRCv3 chathistory.
    """
    return caps if "draft/event-playback" in caps else caps - {"message-tags"}


def _query(request: Request) -> Query:
    first = _mark(request.references[0])
    if request.sub == "BEFORE":
        return Query(request.limit, before=first)
    if request.sub == "AFTER":
        return Query(request.limit, False, first)
    if request.sub == "AROUND":
        return Query(request.limit, around=first)
    if request.sub == "BETWEEN":
        return Query(request.limit, False, first, _mark(request.references[1]), between=True)
    return Query(request.limit, after=first)


def _mark(reference: Reference | None) -> Mark | None:
    return None if reference is None else Mark(at=reference.at, msgid=reference.msgid)


# TARGETS --------------------------------------------------------------------------------------------------------------


def _targets(call: Call, request: Request) -> None:
    """List the caller's channels and conversations with the last message between two times, the oldest message
    first."""
    found: list[tuple[int, str]] = []
    times = [reference.at or 0 for reference in request.references if reference is not None]
    backwards = times[0] > times[1]
    stories = {group: of for group in groups_of(call) if (of := story(call.edge, call.user, group))}
    open_ = len(stories)
    call.worked(flood.RECALL * open_)

    def answer() -> None:
        ordered = sorted(found)
        counted = ordered[-request.limit :] if backwards else ordered[: request.limit]
        lines = [_target(call, name, at) for at, name in counted]
        call.send_batch("draft/chathistory-targets", (), lines)

    def one(of: Story) -> Callable[[list[Kept] | None], None]:
        def arrived(lines: list[Kept] | None) -> None:
            nonlocal open_
            open_ -= 1
            found.extend((line.at, of.title([line])) for line in lines or () if min(times) < line.at < max(times))
            if not open_:
                answer()

        return arrived

    if not stories:
        answer()
    for group, of in stories.items():
        recall(call.edge, call.user, _readable(call.connection.caps), group, Query(1), call.later(one(of)))


def groups_of(call: Call) -> list[GroupId]:
    """List the groups that may hold history for the caller: channels and conversations."""
    return [*call.user.seats.rooms, *call.edge.conversations.of(call.user)]


def _target(call: Call, name: str, at: int) -> Line:
    return Line(call.edge.settings.network.server_name, "CHATHISTORY", ("TARGETS", name, server_time(at)))
