"""People with questions to NickServ."""

from __future__ import annotations

from tests.gateway.commands.accounts import ANSWERED_S
from tests.gateway.commands.stage import people
from tests.sim.net import Client, Net


def told(client: Client, text: str) -> list[str]:
    """Return NickServ's answers, however long NickServ thinks."""
    client.lines()
    client.send(f"NS {text}")
    assert client.net.until(lambda: any(":NickServ!" in line for line in client.got[client.read :]), ANSWERED_S)
    lines = client.sync()
    return [line.split(" :", 1)[1] for line in lines if line.startswith(":NickServ!NickServ@irc.circlet.local NOTICE ")]


def with_account(net: Net, *nicks: str) -> list[Client]:
    """The first person has an account of the nick and is logged in."""
    clients = people(net, *nicks)
    assert told(clients[0], "REGISTER sesame") == [f"Account {nicks[0]} is registered, and you are logged in to it."]
    return clients
