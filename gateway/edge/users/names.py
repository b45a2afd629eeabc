"""Send 332, 333, 353 and 366 of a channel, as the replica here has the channel."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, NamedTuple

from gateway.edge.client.lines import Line
from gateway.edge.rpc.answers import SIGNS
from gateway.edge.users import hosts
from gateway.irc import numerics as n
from gateway.irc.format import room_for_text, rows_of
from gateway.state.channel.channel import Channel
from gateway.state.channel.veil import members_for
from gateway.state.metadata import values
from gateway.state.people import Person

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort
    from gateway.edge.users.user import User

Send = Callable[[Line], None]


class Roll(NamedTuple):
    """A channel at the moment when a newcomer is shown the channel. members: uid -> (person, rank letters)."""

    name: str
    topic: str
    topic_by: str
    topic_at: int  # Unix ms
    secret: bool
    members: dict[str, tuple[Person, str]]
    metadata: dict[str, str]


def roll(channel: Channel, viewer: str) -> Roll:
    """Copy the channel for a member, with the members whom the viewer sees. Time O(members)."""
    members = {uid: (member.person, member.prefixes) for uid, member in members_for(channel, viewer).items()}
    topic, keys = (channel.topic, channel.topic_by, channel.topic_at), values(channel.metadata)
    return Roll(channel.name, *topic, "s" in channel.modes, members, keys)


def send_topic(edge: EdgePort, user: User, channel: Channel | Roll, send: Send) -> None:
    """Send 332 and 333, or nothing if there is no topic."""
    if not channel.topic:
        return
    server, nick, by = edge.settings.network.server_name, user.person.nick, hosts.source(edge, channel.topic_by)
    send(Line(server, n.RPL_TOPIC, (nick, channel.name, channel.topic)))
    send(Line(server, n.RPL_TOPICWHOTIME, (nick, channel.name, by, str(channel.topic_at // 1000))))


def send_names(edge: EdgePort, user: User, found: Roll, caps: Container[str], send: Send) -> None:
    """Send the members of the moment of `found`, with their present nicks. caps: of the connection."""
    members = edge.people.present(found.members, edge.channel(found.name))
    names_lines(edge, user, found.name, found.secret, members, caps, send)


def _signs(ranks: str) -> str:
    return "".join([SIGNS[rank] for rank in ranks])


def names_lines(
    edge: EdgePort,
    user: User,
    channel: str,
    secret: bool,
    members: Iterable[tuple[Person, str]],
    caps: Container[str],
    send: Send,
) -> None:
    """Send the members in as few 353 as possible, then 366. members: (person, rank letters, highest first)."""
    server, nick = edge.settings.network.server_name, user.person.nick
    symbol = "@" if secret else "="
    most = None if "multi-prefix" in caps else 1
    if "userhost-in-names" in caps:
        names = [_signs(ranks[:most]) + person.source if ranks else person.source for person, ranks in members]
    else:
        names = [_signs(ranks[:most]) + person.nick if ranks else person.nick for person, ranks in members]
    for row in rows_of(names, room_for_text(server, n.RPL_NAMREPLY, nick, symbol, channel)):
        send(Line(server, n.RPL_NAMREPLY, (nick, symbol, channel, row)))
    send(Line(server, n.RPL_ENDOFNAMES, (nick, channel, n.TEXT[n.RPL_ENDOFNAMES])))
