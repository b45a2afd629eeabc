"""What is kept of a person, and how to have it forgotten: STORED, PRIVATE and FORGET, said to *circlet."""

from __future__ import annotations

from typing import Any

from gateway.edge.history import read_event, story
from gateway.edge.targets import is_target, resolve
from gateway.groups import conversation_messages as talk
from gateway.groups.account_messages import Info, InfoView
from gateway.groups.channel_messages import Redact, Said
from gateway.groups.people import Refusal
from gateway.groups.session import Session
from gateway.irc.message import clean
from gateway.irc.times import server_time
from gateway.services.answering import LATER, changed, login_of
from gateway.services.choosing import SWITCH
from gateway.services.circlet import CIRCLET
from gateway.services.table import Request
from ring.groups.host import FAILED
from ring.ids import GroupId
from ring.store import Line as Kept
from ring.wire import Mark, Query

ALL = "etohv"
PAGE = 500
MOST = 20
"""So many pages are searched at a time."""


@CIRCLET.command("STORED", "what this network keeps of you, for how long, and how to forget it", login=True)
def stored(request: Request) -> None:
    request.call.ask(request.call.edge.account(login_of(request).name), Info(), lambda view: _tell(request, view))


def _tell(request: Request, view: InfoView | None) -> None:
    edge, user = request.call.edge, request.call.user
    if view is None:
        request.say(LATER)
        return
    state = edge.engine.state(edge.sessions.group(user.session))
    kept, history = (state.stored if isinstance(state, Session) else None), edge.settings.history
    own = (
        f"{len(view.nicks)} other nicks, {len(view.certificates)} certificates, what you have SET and a password's hash"
    )
    request.say(
        f"Account {view.name}, since {server_time(view.created)}: {own}. Until you /msg NickServ DROP it.",
        f"Devices: {len(kept.devices) if kept is not None else 0}, and how far each has read; 180 days after it was "
        "last seen. DEVICES FORGET <device>",
    )
    if not history.enabled:
        request.say("What is said is not kept here.")
        return
    limits = f"{history.keep_days} days, and {history.keep_lines} lines of each, at most"
    names = " ".join(sorted(edge.sessions.shown(group) for group in user.rooms)) or "none"
    request.say(f"What you say in channels ({names}): {limits}. FORGET <channel> deletes your own.")
    talks = " ".join(sorted(one.other for one in edge.talks.of(user).values())) or "none"
    private = "kept with who wants that, too" if user.keeps else "not kept"
    request.say(f"Private messages are {private}: {limits}. FORGET <nick> deletes your own. With: {talks}")


@CIRCLET.command(
    "PRIVATE <on|off|default>",
    "whether your private messages are kept, if the other wants that, too",
    words=(1, 1),
    login=True,
)
def private(request: Request) -> None:
    word, user = clean(request.words[0]).upper(), request.call.user
    value = SWITCH.get(word, "")
    if isinstance(value, bool | None):
        request.call.edge.talks.choose(user, value, changed(request, f"PRIVATE is {word.lower()}."))
    else:
        request.say(f"Syntax: {request.service.commands['PRIVATE'].syntax}")


@CIRCLET.command(
    "FORGET <channel|nick>",
    "deletes what you yourself have said there, from all disks",
    "What people have seen already cannot be taken back.",
    words=(1, 1),
    login=True,
)
def forget(request: Request) -> None:
    target = clean(request.words[0])
    if not request.call.edge.settings.history.enabled or not is_target(request.call, target):
        request.say("That is neither a channel that you are in nor somebody whom you have talked to.")
    else:
        resolve(request.call, target, lambda group: Forgetting(request, group, target).go_on())


class Forgetting:
    """Page by page, from the last message back."""

    def __init__(self, request: Request, group: GroupId | None, target: str) -> None:
        self.request = request
        self.group = group
        self.target = target
        self.before: Mark | None = None
        self.pages = 0
        self.deleted = 0
        self.refused = False

    def go_on(self) -> None:
        call, group = self.request.call, self.group
        found = story(call.edge, call.user, group) if group is not None else None
        if group is None or found is None:
            self.request.say("That is neither a channel that you are in nor somebody whom you have talked to.")
            return
        query = found.narrowed(Query(PAGE, before=self.before), frozenset({"message-tags"}))
        call.edge.engine.recall(group, query, call.later(self._arrived))

    def _arrived(self, lines: list[Kept] | None) -> None:
        if lines is None:
            self.request.say(f"{LATER} Deleted so far: {self.deleted}.")
            return
        for line in lines:
            self._delete(line)
        self.pages += 1
        if len(lines) == PAGE and self.pages < MOST:
            self.before = Mark(seq=lines[0].seq)
            self.go_on()
        else:
            self.request.call.after(self.request.call.user.unsettled, self._done)

    def _delete(self, line: Kept) -> None:
        call, event, account = self.request.call, read_event(line), self.request.call.user.session
        command: Any = None
        if isinstance(event, Said) and (
            event.uid == call.user.uid or (account and event.account == login_of(self.request).name)
        ):
            command = Redact(call.user.uid, call.user.person.source, line.msgid, True, None, False)
        elif isinstance(event, talk.Said) and event.account == account:
            command = talk.Redact(account, call.user.person.source, line.msgid, event.to, None)
        if command is not None and self.group is not None:
            self.deleted += 1
            call.submit(self.group, command, self._answered)

    def _answered(self, outcome: Any) -> None:
        if outcome is FAILED or isinstance(outcome, Refusal):
            self.deleted -= 1

    def _done(self) -> None:
        more = " There may be more: say it again." if self.pages == MOST else ""
        self.request.say(f"Deleted: {self.deleted} of your messages in {self.target}.{more}")
