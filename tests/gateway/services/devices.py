"""Devices of an account, and what *circlet answers."""

from __future__ import annotations

from tests.gateway.commands.accounts import ANSWERED_S, Newcomer
from tests.sim.net import Client, Net

CAPS = "sasl server-time message-tags draft/message-redaction"


def told(client: Client, text: str) -> list[str]:
    client.lines()
    client.send(f"PRIVMSG *circlet :{text}")
    assert client.net.until(lambda: any(":*circlet!" in line for line in client.got[client.read :]), ANSWERED_S)
    client.sync()
    answers = [line for line in client.got if ":*circlet!circlet@irc.circlet.local NOTICE " in line]
    found = [line.split(" :", 1)[1] for line in answers[client.answers :]]  # type: ignore[attr-defined]
    client.answers = len(answers)  # type: ignore[attr-defined]
    return found


def device(net: Net, node: str, name: str = "") -> Newcomer:
    client = Newcomer(net, node, CAPS)
    client.answers = 0  # type: ignore[attr-defined]
    got = client.log_in(f"ann@{name}" if name else "ann", "sesame")
    assert got[-1].startswith("903"), got
    assert any(line.startswith("221 ") for line in client.enter("ann"))
    return client
