"""TOPIC, NAMES, INVITE, KICK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.commands.table import command, words
from gateway.edge.client.call import Call
from gateway.edge.direct.pace import may_write, refuse_target
from gateway.edge.users import hosts
from gateway.edge.users.names import names_lines, roll, send_names, send_topic
from gateway.irc import numerics as n
from gateway.irc.message import encode
from gateway.irc.names import is_valid_channel
from gateway.services.table import service
from gateway.state.channel.channel import Channel
from gateway.state.channel.messages import Invite, Kick, Knock, SetTopic
from gateway.state.channel.questions import ChannelView, Look
from gateway.state.nick.messages import NickView, Tell, Who
from gateway.state.people import Refusal
from ring.ids import GroupId


def channel_of(call: Call, name: str) -> GroupId | None:
    """Find the group of a well-formed channel name; reply 403 to any other name."""
    if is_valid_channel(name, call.edge.settings.limits.channel_len):
        return call.edge.channel(name)
    call.reply(n.ERR_NOSUCHCHANNEL, name[:64] or "*", n.TEXT[n.ERR_NOSUCHCHANNEL])
    return None


def refusal_shown(call: Call, name: str) -> Callable[[Any], None]:
    """Make a continuation that shows the outcome or the refusal. name: the channel's name as the caller wrote the
    name."""

    def answered(outcome: Any) -> None:
        if isinstance(outcome, Refusal):
            refuse(call, name, outcome)
        else:
            call.report(outcome)

    return answered


def refuse(call: Call, name: str, refusal: Refusal) -> None:
    """Show why the channel refuses the caller.

    A channel that is secret to the caller answers as a missing channel does: with the name as the caller wrote the
    name. The refusal "not in the channel" is for people only: a nick that nobody has gets 401.
    """
    if refusal.numeric == n.ERR_NOSUCHCHANNEL:
        call.reply(refusal.numeric, name, refusal.params[-1])
    elif refusal.numeric == n.ERR_USERNOTINCHANNEL:
        nick = refusal.params[0]
        home = call.edge.find_nick(nick)

        def found(view: NickView | None) -> None:
            if view is not None and view.holder is None:
                call.reply(n.ERR_NOSUCHNICK, nick[:64], n.TEXT[n.ERR_NOSUCHNICK])
            else:
                call.refuse(refusal)

        if service(call, nick) is not None:
            call.refuse(refusal)
        elif home is None:
            found(NickView(None))
        else:
            call.ask(home, Who(), found)
    else:
        call.refuse(refusal)


def followed(call: Call, group: GroupId) -> Channel | None:
    """Read the local replica of a channel, if the caller is a member; None for other callers."""
    state = call.edge.network.state(group)
    return state if isinstance(state, Channel) and call.user.uid in state.members else None


def acting(call: Call, group: GroupId, act: str, text: str) -> tuple[str, str, str | None]:
    """Return the id, the source and the account that a channel is shown for an act of the caller.

    An operator of the network who is outside is shown as the server, without a name: members see that no member acts,
    and the audit keeps the act. act, text: for the audit.
    """
    user = call.user
    if user.identity.may("channels") and group not in user.seats.rooms and group not in user.seats.joining:
        call.audit(act, group.name, text)
        return "", call.edge.settings.network.server_name, None
    return user.uid, hosts.own_source(call.connection), call.account


@command("TOPIC", 1)
def topic(call: Call) -> None:
    name, user = call.params[0], call.user
    group = channel_of(call, name)
    if group is None:
        return
    if len(call.params) > 1:
        text = call.edge.text(call.params[1], call.edge.settings.limits.topic_len)
        uid, source, account = acting(call, group, "topic", text)
        command = SetTopic(uid, source, text, user.identity.may("channels"), call.idempotency_key(), account)
        call.submit(group, command, refusal_shown(call, name))
    else:
        call.after([group], lambda: _show_topic(call, group, name))


def _show_topic(call: Call, group: GroupId, name: str) -> None:
    channel = followed(call, group)
    if channel is not None:
        if channel.topic:
            send_topic(call.edge, call.user, channel, call.send)
        else:
            call.reply(n.RPL_NOTOPIC, channel.name, n.TEXT[n.RPL_NOTOPIC])
        return

    def done(view: ChannelView | None) -> None:
        if view is None:
            call.reply(n.ERR_NOSUCHCHANNEL, name, n.TEXT[n.ERR_NOSUCHCHANNEL])
        elif view.topic:
            call.reply(n.RPL_TOPIC, view.name, view.topic)
            call.reply(
                n.RPL_TOPICWHOTIME, view.name, hosts.source(call.edge, view.topic_by), str(view.topic_at // 1000)
            )
        else:
            call.reply(n.RPL_NOTOPIC, view.name, n.TEXT[n.RPL_NOTOPIC])

    call.ask(group, Look(call.user.uid, "topic", call.user.identity.may("see")), done)


@command("NAMES", lists=(0,))
def names(call: Call) -> None:
    if not call.params:
        call.reply(n.RPL_ENDOFNAMES, "*", n.TEXT[n.RPL_ENDOFNAMES])
        return
    for name in words(call.params[0], call.edge.settings.casemap):
        if is_valid_channel(name, call.edge.settings.limits.channel_len):
            _names(call, call.edge.channel(name), name)
        else:
            call.reply(n.RPL_ENDOFNAMES, name[:64], n.TEXT[n.RPL_ENDOFNAMES])


def _names(call: Call, group: GroupId, name: str) -> None:
    def show() -> None:
        channel = followed(call, group)
        if channel is not None:
            send_names(call.edge, call.user, roll(channel, call.user.uid), call.connection.caps, call.send)
        else:
            call.ask(group, Look(call.user.uid, "names", call.user.identity.may("see")), done)

    def done(view: ChannelView | None) -> None:
        members = [(call.edge.people.newest(m.person), m.prefixes) for m in view.members] if view is not None else []
        secret = view is not None and "s" in view.modes
        shown = view.name if view is not None else name
        names_lines(call.edge, call.user, shown, secret, members, call.connection.caps, call.send)

    call.after([group], show)


@command("INVITE")
def invite(call: Call) -> None:
    if not call.params:
        for channel in call.user.seats.invites.values():
            call.reply(n.RPL_INVITELIST, channel)
        call.reply(n.RPL_ENDOFINVITELIST, n.TEXT[n.RPL_ENDOFINVITELIST])
        return
    if len(call.params) < 2:
        call.reply(n.ERR_NEEDMOREPARAMS, "INVITE", n.TEXT[n.ERR_NEEDMOREPARAMS])
        return
    nick, name = call.params[0], call.params[1]
    group = channel_of(call, name)
    if group is None:
        return
    home = call.edge.find_nick(nick)
    if home is None:
        call.reply(n.ERR_NOSUCHNICK, nick[:64] or "*", n.TEXT[n.ERR_NOSUCHNICK])
    elif not may_write(call.edge, call.user, home):
        refuse_target(call, nick)
    else:
        call.ask(home, Who(), lambda view: _invite(call, nick, group, name, view))


def _invite(call: Call, nick: str, group: GroupId, name: str, view: NickView | None) -> None:
    user = call.user
    if view is None or view.holder is None:
        call.reply(n.ERR_NOSUCHNICK, nick[:64], n.TEXT[n.ERR_NOSUCHNICK])
        return
    target = view.holder

    def done(outcome: Any) -> None:
        if outcome is not None:
            refusal_shown(call, name)(outcome)
            return
        call.reply(n.RPL_INVITING, target.nick, name)
        tell = Tell(user.person, "INVITE", encode(name), None, target.nick, idempotency_key=call.idempotency_key())
        call.submit(call.edge.nick(target.nick), tell, reached)

    def reached(outcome: Any) -> None:
        if target.away is not None:
            call.reply(n.RPL_AWAY, target.nick, target.away)

    facts = (user.uid, user.person.source, target.uid, target.nick, user.identity.may("channels"))
    call.submit(group, Invite(*facts, call.idempotency_key(), call.account), done)


@command("KNOCK", 1)
def knock(call: Call) -> None:
    name = call.params[0]
    group = channel_of(call, name)
    if group is None:
        return
    text = call.edge.text(call.params[1], call.edge.settings.limits.kick_len) if len(call.params) > 1 else ""

    def done(outcome: Any) -> None:
        if outcome is None:
            call.reply(n.RPL_KNOCKDLVR, name, n.TEXT[n.RPL_KNOCKDLVR])
        else:
            refusal_shown(call, name)(outcome)

    flood = call.edge.settings.flood
    limits = (flood.knock_every_s, flood.knocks_per_minute)
    call.submit(group, Knock(call.user.person, text, call.connection.socket.secure, *limits), done)


@command("KICK", 2, lists=(0, 1))
def kick(call: Call) -> None:
    """Kick several people from a single channel, or each person from the channel at the same place."""
    limits, user = call.edge.settings.limits, call.user
    pairs = _pairs(call)
    reason = call.params[2] if len(call.params) > 2 and call.params[2] else user.person.nick
    reason = call.edge.text(reason, limits.kick_len)
    if len(pairs) > limits.max_targets:
        call.reply(n.ERR_TOOMANYTARGETS, pairs[limits.max_targets][1][:64], n.TEXT[n.ERR_TOOMANYTARGETS])
    for number, (name, nick) in enumerate(pairs[: limits.max_targets]):
        group = channel_of(call, name)
        if group is None:
            continue
        state = call.edge.network.state(group)
        target = _member(call, state, nick) if isinstance(state, Channel) else None
        uid, source, account = acting(call, group, "kick", f"{nick[:64]}: {reason}")
        facts = (uid, source, target, nick[:64], reason, user.identity.may("channels"))
        call.submit(group, Kick(*facts, call.idempotency_key(number), account), refusal_shown(call, name))


def _pairs(call: Call) -> list[tuple[str, str]]:
    """List (channel, nick) of a KICK, each pair once: a single channel with all nicks, or several channels, each with
    the nick at the same place."""
    fold = call.edge.settings.casemap
    channels, nicks = call.params[0].split(","), call.params[1].split(",")
    named = words(call.params[0], fold)
    pairs = [(named[0], nick) for nick in nicks] if len(named) == 1 else list(zip(channels, nicks, strict=False))
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for channel, nick in pairs:
        if channel and nick:
            found.setdefault((fold(channel), fold(nick)), (channel, nick))
    return list(found.values())


def _member(call: Call, channel: Channel, nick: str) -> str | None:
    """Find the uid of the member with this nick, as this node shows the members (P10)."""
    casemap, people = call.edge.settings.casemap, call.edge.people
    folded = casemap(nick)
    return next((u for u, m in channel.members.items() if casemap(people.newest(m.person).nick) == folded), None)
