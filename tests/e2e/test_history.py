"""What was said, asked for on any node: while one is dead, and after all were."""

from __future__ import annotations

import re
import signal

import pytest

from tests.e2e.network import Client, Network

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]

CAPS = "batch server-time message-tags draft/chathistory draft/message-redaction"


def joined(network: Network, number: int, nick: str) -> Client:
    client = network.client(number, nick, CAPS)
    client.send("JOIN #erlang")
    client.expect(f" 366 {nick} #erlang ")
    return client


def history(client: Client, line: str = "LATEST #erlang * 100") -> dict[str, str]:
    """msgid -> text of each line, in order."""
    client.send(f"CHATHISTORY {line}")
    begin = re.search(r"BATCH \+(\w+) chathistory", client.expect("BATCH .* chathistory|FAIL"))
    assert begin is not None, client.got[-1]
    client.expect(f"BATCH -{begin[1]}$")
    found = [re.match(rf"@batch={begin[1]};.*msgid=([^ ;]+).* PRIVMSG \S+ :(.*)", line) for line in client.got]
    return {match[1]: match[2] for match in found if match}


def test_history_outlives_nodes(network: Network) -> None:
    people = [joined(network, number, f"p{number}") for number in (1, 2, 3)]
    for number in range(30):
        people[number % 3].send(f"PRIVMSG #erlang :{number}")
        people[number % 3].sync()
    whole = history(people[0])
    assert list(whole.values()) == [str(number) for number in range(30)]
    assert all(history(person) == whole for person in people)
    pages: dict[str, str] = {}
    while page := history(people[1], f"BEFORE #erlang msgid={next(iter(pages))} 7" if pages else "LATEST #erlang * 7"):
        pages = page | pages
    assert pages == whole

    network.terminate("node-3", signal.SIGKILL)  # the channel's master
    people[0].send("PRIVMSG #erlang :30")
    people[0].sync()
    (last,) = history(people[1], "LATEST #erlang * 1").items()
    whole[last[0]] = last[1]
    assert last[1] == "30" and history(people[1]) == whole
    network.start("node-3")
    network.wait_open(3)
    assert history(joined(network, 3, "again")) == whole

    second = list(whole)[1]
    people[0].send(f"REDACT #erlang {second} :no")
    people[1].expect(f"REDACT #erlang {second} no$")
    del whole[second]
    assert history(people[1]) == whole
    for number in (1, 2, 3):
        network.terminate(f"node-{number}")
    for number in (1, 2, 3):
        network.start(f"node-{number}")
    for number in (1, 2, 3):
        network.wait_open(number)
        assert history(joined(network, number, f"later{number}")) == whole
    for name in network.processes:
        assert "Traceback" not in network.log(name), network.log(name)
