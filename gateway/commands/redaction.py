"""REDACT: the author or an operator of the channel deletes a message. Source: IRCv3 message redaction."""

from __future__ import annotations

from typing import Any

from gateway.commands.table import command
from gateway.edge.client.call import Call
from gateway.edge.client.lines import Line
from gateway.edge.cursors.history import read_event, visible
from gateway.edge.direct.targets import is_target, resolve
from gateway.irc import numerics as n
from gateway.irc.chathistory import MAX_MSGID
from gateway.state.channel.messages import EVERYTHING, Redact, Said
from gateway.state.channel.reading import readable_since
from gateway.state.conversation import messages as conversation
from gateway.state.idempotency import Probe
from gateway.state.people import Refusal
from ring.ids import GroupId
from ring.storage.store import Line as Kept
from ring.wire.history import Mark, Query

ALL = "etohv"
"""All kinds of lines: the search must find the message, of any kind, to judge whether the caller may delete it."""


@command("REDACT", 2)
def redact(call: Call) -> None:
    """Answer REDACT target msgid [:reason]. With * as msgid, an operator erases the channel's whole history."""
    settings, target, msgid = call.edge.settings, call.params[0], call.params[1]
    reason = call.edge.text(call.params[2], settings.limits.kick_len) if len(call.params) > 2 else None
    if not settings.history.enabled or not is_target(call, target):
        call.fail("INVALID_TARGET", target[:64], "You cannot delete messages from there")
    elif not msgid or len(msgid) > MAX_MSGID or " " in msgid or msgid[0] == ":":
        call.fail("UNKNOWN_MSGID", target, msgid[:64], "There is no such message, or the message is too old")
    else:
        resolve(call, target, lambda group: _find(call, group, target, msgid, reason))


def _find(call: Call, group: GroupId | None, target: str, msgid: str, reason: str | None) -> None:
    user, login = call.user, call.connection.login
    if group is not None and group.kind == "conversation":
        _find_letter(call, group, target, msgid, reason)
        return
    channel = visible(call.edge, user, group) if group is not None else None
    if group is None or channel is None:
        call.fail("INVALID_TARGET", target, "You cannot delete messages from there")
        return

    def submit(*, own: bool) -> None:
        facts = (user.uid, user.person.source, msgid, own, reason, user.identity.may("channels"))
        call.submit(
            group, Redact(*facts, call.idempotency_key(), call.account), lambda outcome: _done(call, target, outcome)
        )

    def done(lines: list[Kept] | None) -> None:
        event = read_event(lines[0]) if lines and lines[0].msgid == msgid else None
        if isinstance(event, Said):
            submit(own=event.uid == user.uid or (login is not None and event.life == login.life))
        else:
            _find_done(call, group, target)

    if msgid == EVERYTHING:
        submit(own=False)
    else:
        since = readable_since(channel, user.uid, int(call.edge.now * 1000))
        query = Query(1, around=Mark(msgid=msgid), wanted=ALL, since=since)
        call.edge.network.recall(group, query, call.later(done))


def _find_letter(call: Call, group: GroupId, target: str, msgid: str, reason: str | None) -> None:
    """Find a message of a conversation. People may delete only their own messages there."""

    def done(lines: list[Kept] | None) -> None:
        event = read_event(lines[0]) if lines and lines[0].msgid == msgid else None
        if not isinstance(event, conversation.Said):
            _find_done(call, group, target)
        elif event.account != call.user.session.account:
            call.fail("REDACT_FORBIDDEN", target, msgid, "You are not authorised to delete this message")
        else:
            facts = (event.account, call.user.person.source, msgid, event.to, reason)
            command = conversation.Redact(*facts, call.idempotency_key(), call.account)
            call.submit(group, command, lambda outcome: _done(call, target, outcome))

    call.edge.network.recall(group, Query(1, around=Mark(msgid=msgid), wanted=ALL), call.later(done))


def _find_done(call: Call, group: GroupId, target: str) -> None:
    """Answer if the message is missing: this command may have deleted the message before, when the caller's session was
    on another node (P9)."""

    def done(outcome: Any) -> None:
        if isinstance(outcome, Refusal):
            call.fail("UNKNOWN_MSGID", target, call.params[1], "There is no such message, or the message is too old")
        elif outcome is None and "draft/message-redaction" in call.connection.caps:  # the client has not read this
            call.send(Line(call.user.person.author, "REDACT", (target, *call.params[1:3])))
        else:
            _done(call, target, outcome)

    call.submit(group, Probe(call.idempotency_key()), done)


def _done(call: Call, target: str, outcome: Any) -> None:
    """Show the outcome. A client without message-redaction reads a notice. If an operator erases a channel's history,
    all members are told anyway."""
    msgid = call.params[1]
    if isinstance(outcome, Refusal) and outcome.numeric == n.ERR_CHANOPRIVSNEEDED:
        call.fail("REDACT_FORBIDDEN", target, msgid, "You are not authorised to delete this message")
    elif isinstance(outcome, Refusal):
        call.fail("INVALID_TARGET", target, "You cannot delete messages from there")
    elif outcome is not None or msgid == EVERYTHING:
        call.report(outcome)
    elif "draft/message-redaction" not in call.connection.caps:
        call.notice(f"The message in {target} is deleted.")
