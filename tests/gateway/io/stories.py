"""Stories that hold for clients over TCP and over WebSockets alike."""

from __future__ import annotations

from tests.gateway.io.onenode import OneNode, Wire


def the_slow_one_is_cut_and_the_others_go_on(node: OneNode, slow: Wire, ann: Wire, bob: Wire) -> None:
    """node: with a sendq of 16 KiB and without flood control. slow: goes by that nick, and does not read."""
    for person in (slow, ann, bob):
        person.join("#c")
    said = [f"{number} {'x' * 380}" for number in range(2000)]
    for start in range(0, len(said), 20):
        ann.send(*(f"PRIVMSG #c :{text}" for text in said[start : start + 20]))
        ann.sync()
        bob.sync()
    assert bob.heard("#c") == said
    assert ":slow!~slow@127.0.0.1 QUIT :SendQ exceeded" in bob.got
    assert node.event("client_disconnected")["reason"] == "SendQ exceeded"
