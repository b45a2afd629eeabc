"""Tell the clients of a stopping node about other nodes, before the node closes the connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.edge.client.lines import Line

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort

ADDRESSES = 5
"""Most addresses in a NOTICE: so many addresses fit a line, and a person needs no more."""


def say_where_to_go(edge: EdgePort, connection: Connection) -> None:
    """Send a NOTICE with the addresses of other nodes which stay."""
    user = connection.user
    nick = user.person.nick if user is not None else connection.draft.nick or "*"
    connection.turn_back()
    connection.show(
        Line(edge.settings.network.server_name, "NOTICE", (nick, words(other_addresses(edge, connection.number))))
    )


def words(addresses: list[str]) -> str:
    """Return the text. The browser chat knows the first words, and shows its own (gateway/web/chat/handlers.js)."""
    if not addresses:
        return "This node is stopping, and no other node of the network is up: try again later."
    return f"This node is stopping. Other nodes of the network: {', '.join(addresses)}. Connect to one of them."


def other_addresses(edge: EdgePort, number: int) -> list[str]:
    """Return the IRC addresses of live nodes which stay, at most ADDRESSES.

    number: of the connection; each connection is told another node first, or all clients would go to one node.
    """
    network = edge.network
    stay = set(network.staying())
    found = [record.irc for record in network.live() if record.irc and record.key in stay]
    start = number % len(found) if found else 0
    return [*found[start:], *found[:start]][:ADDRESSES]
