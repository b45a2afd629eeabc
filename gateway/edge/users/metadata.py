"""Shows metadata of people and channels to connections that follow the keys. Source: IRCv3 metadata.

A change is shown as the numerics 761 (the value) and 766 (removed), to each connection with the capability and the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from gateway.edge.client.lines import Line
from gateway.edge.users.names import Roll
from gateway.irc import numerics as n
from gateway.state.people import Person

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort

CAPABILITY: Final = "draft/metadata-3"

MOST: Final = 200
"""The most lines that a client which enters a channel is sent unasked: the client asks for more with SYNC."""

Send = Callable[[Line], None]


def line(edge: EdgePort, reader: str, target: str, key: str, value: str | None) -> Line:
    """Make the line 761 or, for a key without a value, 766. reader: the reader's nick."""
    server = edge.settings.network.server_name
    if value is None:
        return Line(server, n.RPL_KEYNOTSET, (reader, target, key, n.TEXT[n.RPL_KEYNOTSET]))
    return Line(server, n.RPL_KEYVALUE, (reader, target, key, "*", value))


def follows(connection: Connection) -> bool:
    return bool(connection.draft.keys) and CAPABILITY in connection.caps


def show_changes(
    edge: EdgePort,
    readers: Iterable[Connection],
    target: str,
    before: Mapping[str, str],
    now: Mapping[str, str],
) -> None:
    """Show the difference of two tables to the readers that follow the keys."""
    changes = [(key, now.get(key)) for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
    for reader in readers:
        if follows(reader) and reader.user is not None:
            for key, value in changes:
                if key in reader.draft.keys:
                    reader.show(line(edge, reader.user.person.nick, target, key, value))


def show_person(edge: EdgePort, readers: Iterable[Connection], person: Person) -> None:
    """Show the metadata of a person who has come into sight."""
    if person.metadata:
        show_changes(edge, readers, person.nick, {}, dict(person.metadata))


def followed(edge: EdgePort, connection: Connection, reader: str, found: Roll) -> list[Line]:
    """List the metadata of a channel and of its members, as far as the connection follows the keys."""
    people = [edge.people.newest(person) for person, _ in found.members.values()]
    tables = [(found.name, found.metadata), *((one.nick, dict(one.metadata)) for one in people if one.metadata)]
    return [
        line(edge, reader, target, key, value)
        for target, table in tables
        for key, value in table.items()
        if key in connection.draft.keys
    ]


def greet(edge: EdgePort, connection: Connection, reader: str, found: Roll, send: Send) -> None:
    """Show a channel's metadata to a connection that enters; in a large channel, tell the client to ask later."""
    if not follows(connection):
        return
    lines = followed(edge, connection, reader, found)
    if len(lines) > MOST:
        send(Line(edge.settings.network.server_name, n.RPL_METADATASYNCLATER, (reader, found.name)))
        return
    for one in lines:
        send(one)
