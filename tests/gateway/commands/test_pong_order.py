"""The lines that a PONG covers are written before the PONG, also in one turn of the node (P34)."""

from __future__ import annotations

from tests.sim.net import Net


def test_in_one_turn_others_are_written_to_before_whoever_is_sent_the_pong() -> None:
    """Seed 99800113: the speaker had something to read already, and came first."""
    net = Net(1)
    node = net.nodes["n1"]
    speaker, hearer = net.client("n1", "speaker", "echo-message"), net.client("n1", "hearer")
    for client in (speaker, hearer):
        client.send("JOIN #c")
        client.sync()
    edge = node.core.edge
    written: list[tuple[int, bytes]] = []

    def turn() -> None:
        edge.clients.feed(speaker.connection, b"PRIVMSG #c :hello\r\nPING now\r\n")
        written.extend((connection.number, data) for connection, data in edge.clients.take_outputs())

    net.turn(node, turn)
    assert [number for number, _ in written] == [hearer.connection.number, speaker.connection.number]
    assert b"PONG" in written[-1][1] and b"hello" in written[0][1]
