"""The first lines for a new user, in the order which clients expect."""

from __future__ import annotations

from typing import Any

from gateway.edge.client.call import Call
from gateway.edge.client.lines import Line
from gateway.edge.rpc.answers import modes_of
from gateway.edge.users import metadata
from gateway.edge.users.powers import grant_unasked
from gateway.irc import numerics as n


def welcome(call: Call) -> None:
    """Send 001 to 005, LUSERS, the message of the day, 221, and 381 to an operator by certificate."""
    call.lead()
    edge, user = call.edge, call.user
    settings, person = edge.settings, user.person
    call.reply(n.RPL_WELCOME, f"Welcome to the {settings.network.name} Network, {person.source}")
    call.reply_all(edge.clients.texts.greeting)
    send_isupport(call)
    send_lusers(call, edge.census.recent())
    send_motd(call)
    call.reply(n.RPL_UMODEIS, modes_of(user))
    if metadata.CAPABILITY in call.connection.caps:
        mine = user.identity.pending.metadata
        call.send_batch("metadata", (call.nick,), [metadata.line(edge, call.nick, call.nick, *one) for one in mine])
    grant_unasked(call)


def send_isupport(call: Call) -> None:
    """Send 005, as a batch to a client that knows such batches. Source: IRCv3 extended-isupport."""
    features = call.edge.clients.texts.features
    if "draft/extended-isupport" not in call.connection.caps or "batch" not in call.connection.caps:
        call.reply_all(features)
        return
    server = call.edge.settings.network.server_name
    lines = [Line(server, numeric, (call.nick, *params)) for numeric, *params in features.replies]
    call.send_batch("draft/isupport", (), lines)


def send_lusers(call: Call, counts: list[Any]) -> None:
    """Send 251 to 255, 265 and 266: the whole network as one server, alike from every node. counts: of every node."""
    users = sum(c.users for c in counts)
    invisible = sum(c.invisible for c in counts)
    opers = sum(c.opers for c in counts)
    unknown = sum(c.unknown for c in counts)
    channels = sum(c.channels for c in counts)
    most = max(call.edge.census.most, users, *(c.most for c in counts))
    call.reply(n.RPL_LUSERCLIENT, f"There are {users - invisible} users and {invisible} invisible on 1 servers")
    if opers:
        call.reply(n.RPL_LUSEROP, str(opers), n.TEXT[n.RPL_LUSEROP])
    if unknown:
        call.reply(n.RPL_LUSERUNKNOWN, str(unknown), n.TEXT[n.RPL_LUSERUNKNOWN])
    if channels:
        call.reply(n.RPL_LUSERCHANNELS, str(channels), n.TEXT[n.RPL_LUSERCHANNELS])
    call.reply(n.RPL_LUSERME, f"I have {users} clients and 1 servers")
    call.reply(n.RPL_LOCALUSERS, str(users), str(most), f"Current local users {users}, max {most}")
    call.reply(n.RPL_GLOBALUSERS, str(users), str(most), f"Current global users {users}, max {most}")


def send_motd(call: Call) -> None:
    if not call.edge.settings.motd:
        call.reply(n.ERR_NOMOTD, n.TEXT[n.ERR_NOMOTD])
    else:
        call.reply_all(call.edge.clients.texts.motd)
