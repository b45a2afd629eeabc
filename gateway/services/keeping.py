"""STORED, PRIVATE and FORGET of *circlet: show, limit and delete the data that the network keeps of a person."""

from __future__ import annotations

from collections.abc import Callable

from gateway.edge.direct.targets import is_target, resolve
from gateway.edge.ports import EdgePort
from gateway.irc.message import clean
from gateway.irc.times import server_time
from gateway.services.answering import LATER, changed, login_of
from gateway.services.choosing import SWITCH
from gateway.services.circlet import CIRCLET
from gateway.services.table import Request
from gateway.state.account.messages import Info, InfoView
from gateway.state.channel import messages as channel
from gateway.state.channel.channel import Channel
from gateway.state.conversation import messages as conversation
from gateway.state.session.messages import Stored
from gateway.state.session.session import Session
from ring.ids import GroupId
from ring.replication.application import FAILED

UNKNOWN = "That is neither a channel nor a person with whom you have talked."


@CIRCLET.command(
    "STORED", "tell which data the network keeps of you, for how long, and how to delete the data", login=True
)
def stored(request: Request) -> None:
    request.call.ask(request.call.edge.account(login_of(request).name), Info(), lambda view: _tell(request, view))


def _tell(request: Request, view: InfoView | None) -> None:
    edge, user = request.call.edge, request.call.user
    if view is None:
        request.say(LATER)
        return
    state, history = edge.network.state(edge.sessions.group(user.session.account)), edge.settings.history
    kept, days = (state.stored if isinstance(state, Session) else Stored()), edge.settings.sessions.expire_days
    own = f"{len(view.nicks)} other nicks, {len(view.certificates)} certificates, your settings and a password hash"
    request.say(
        f"Account {view.name}, since {server_time(view.created)}: {own}. Kept until you /msg NickServ DROP.",
        f"Session: your nick, channels and away text, and the last kicks. Kept until the session ends, or for "
        f"{days} days without you. To delete: ALWAYS-ON off, then /quit.",
        f"Devices: {len(kept.devices)}, and how far each device has read. Kept for 180 days after the device was last "
        f"seen. To delete: DEVICES FORGET <device>. Also kept: {len(kept.markers)} read markers and "
        f"{len(user.session.detached)} detached channels.",
        "Wrong passwords, by account and address: kept for 15 minutes, in memory. Your logins: the last 10 addresses "
        "and certificates, as digests. Kept until you /msg NickServ DROP.",
    )
    if not history.enabled:
        request.say("This network keeps no messages.")
        return
    limits = f"{history.keep_days} days, and {history.keep_lines} lines of each, at most"
    own_limits = {
        name: f" ({one.keep_days} days, {one.keep_lines} lines)" for name, one in edge.settings.channels.items()
    }
    rooms = (edge.sessions.shown(one) + (_bound(edge, one) or own_limits.get(one.name, "")) for one in user.seats.rooms)
    names = " ".join(sorted(rooms))
    request.say(f"What you say in channels: {limits}. FORGET <channel> deletes your own. You are in: {names or 'none'}")
    others = (f"{one.nick} (guest)" if one.nick else one.other for one in edge.conversations.of(user).values())
    conversations = ", ".join(sorted(others)) or "none"
    private = "kept, with guests and with accounts of the same choice" if user.privacy.keeps else "not kept"
    request.say(f"Private messages are {private}: {limits}. FORGET <nick> deletes your own. With: {conversations}")


def _bound(edge: EdgePort, group: GroupId) -> str:
    """Tell the days for which the founder of a channel lets messages be kept; "" without a bound."""
    state = edge.network.state(group)
    kept = state.register.kept if isinstance(state, Channel) else ()
    return f" ({days} days)" if kept and (days := kept[0].setting("history")) else ""


@CIRCLET.command(
    "PRIVATE <on|off|default>",
    "choose whether your private messages are kept: with guests, and with accounts of the same choice",
    words=(1, 1),
    login=True,
)
def private(request: Request) -> None:
    word, user = clean(request.words[0]).upper(), request.call.user
    value = SWITCH.get(word, "")
    if isinstance(value, bool | None):
        request.call.edge.conversations.choose(user, value, changed(request, f"PRIVATE is {word.lower()}."))
    else:
        request.say(f"Syntax: {request.service.commands['PRIVATE'].syntax}")


@CIRCLET.command(
    "FORGET <channel|nick>",
    "delete your own messages there, from all disks",
    "Messages that people have seen already cannot be taken back.",
    words=(1, 1),
    login=True,
)
def forget(request: Request) -> None:
    call, target = request.call, clean(request.words[0])
    if not call.edge.settings.history.enabled or not is_target(call, target):
        request.say(UNKNOWN)
    else:
        resolve(call, target, lambda group: _forget(request, group, target))


def _forget(request: Request, group: GroupId | None, target: str) -> None:
    """Delete the person's messages. The person need not be in the channel: people may always delete their own
    messages."""

    def done(where: str) -> Callable[[object], None]:
        return lambda outcome: request.say(LATER if outcome is FAILED else f"What you have said {where} is deleted.")

    if group is None:
        request.say(UNKNOWN)
    elif group.kind == "conversation":
        request.call.submit(group, conversation.Forget(request.call.user.session.account), done(f"to {target}"))
    else:
        request.call.submit(group, channel.Forget(request.call.user.uid, login_of(request).life), done(f"in {target}"))
