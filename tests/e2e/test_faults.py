"""No machine's death is noticed: processes killed, stopped and cut off, while people on the others talk."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Network
from tests.e2e.partition import partition, unanswered
from tests.e2e.talk import CHANNEL, Talk

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("network")]

MASTER, BACKUP, OTHER = 3, 2, 1  # of #erlang, in a network of three


@pytest.fixture
def five(tmp_path: Path) -> Iterator[Network]:
    net = Network(tmp_path / "net", nodes=5, directories=2)
    try:
        yield net
    finally:
        net.stop()


def no_traceback(network: Network) -> None:
    for name in network.processes:
        assert "Traceback" not in network.log(name), network.log(name)


def test_the_master_is_killed(network: Network) -> None:
    talk = Talk(network, OTHER, BACKUP)
    network.terminate(f"node-{MASTER}", signal.SIGKILL)
    talk.round()
    talk.on_for(2)
    talk.check()
    assert not talk.quits()
    network.start(f"node-{MASTER}")
    network.wait_open(MASTER)
    talk.on_while(lambda: '"hand_off"' not in network.log(f"node-{BACKUP}"))
    talk.check()
    assert not talk.quits()
    no_traceback(network)


def test_the_master_is_killed_with_people_on_it_right_after_they_spoke(network: Network) -> None:
    """The others hear every line echoed to its sender, though the sender's edge is gone."""
    talk = Talk(network, OTHER, MASTER)
    last = talk.without(MASTER)
    sure = []
    for number in range(20):
        last.send(f"PRIVMSG {CHANNEL} :last-{number}")
        last.expect(f"PRIVMSG {CHANNEL} :?last-{number}$")
        sure.append(f"last-{number}")
    network.terminate(f"node-{MASTER}", signal.SIGKILL)
    talk.round()
    (person,) = talk.people.values()
    assert [line for line in person.heard(CHANNEL) if line.startswith("last")] == sure
    no_traceback(network)


def test_the_backup_is_killed(network: Network) -> None:
    talk = Talk(network, OTHER, MASTER)
    network.terminate(f"node-{BACKUP}", signal.SIGKILL)
    talk.on_for(2)
    talk.check()
    assert not talk.quits()
    no_traceback(network)


def test_an_edge_is_killed_and_its_nick_is_free_elsewhere_at_once(network: Network) -> None:
    talk = Talk(network, OTHER, BACKUP, MASTER)
    gone = talk.without(OTHER)  # held: the socket must not be closed before the node dies
    network.terminate(f"node-{OTHER}", signal.SIGKILL)
    gone.close()
    talk.round()
    again = network.client(MASTER, f"p{OTHER}", "echo-message")
    again.send(f"JOIN {CHANNEL}")
    again.expect(f" 366 p{OTHER} {CHANNEL} ")
    again.sync()
    for person in talk.people.values():
        person.sync()
        shown = [line for line in person.got if f":p{OTHER}!" in line and (" QUIT " in line or " JOIN " in line)]
        assert [line.split(" ")[1] for line in shown][-2:] == ["QUIT", "JOIN"]
        assert shown[-2].endswith(" QUIT :Connection lost")  # no two host names: such a QUIT is no netsplit
    no_traceback(network)


def test_two_of_five_are_killed_one_after_the_other(five: Network) -> None:
    located = five.circlet("locate", CHANNEL, "--config", str(five.folder / "node-1.yaml"), "--json").stdout
    first, second, *rest = (int(key) for key in _nearest(located))
    talk = Talk(five, *rest)
    for number in (first, second):
        five.terminate(f"node-{number}", signal.SIGKILL)
        talk.on_for(2)
    talk.check()
    assert not talk.quits()
    no_traceback(five)


def _nearest(located: str) -> list[str]:
    return [row["ring_key"].rpartition(".")[2] for row in json.loads(located)["nodes"]]


def test_the_master_is_stopped_for_fifteen_seconds(network: Network) -> None:
    talk = Talk(network, OTHER, BACKUP)
    process = network.processes[f"node-{MASTER}"]
    process.send_signal(signal.SIGSTOP)
    try:
        talk.on_for(15)
    finally:
        process.send_signal(signal.SIGCONT)
    talk.on_while(lambda: '"was_stopped"' not in network.log(f"node-{MASTER}"))
    talk.on_for(3)
    talk.check()
    assert not talk.quits()
    no_traceback(network)


def test_a_partition_for_twelve_seconds_heals(network: Network) -> None:
    """Each side talks on; afterwards everybody has heard everything, and nobody was seen to leave."""
    talk = Talk(network, 1, 2, 3)
    with partition(network.link_port, [1], [2, 3]):
        talk.on_for(12)
        talk.people[1].send(f"TOPIC {CHANNEL} :from the small side")
        talk.people[1].sync()
    logs = [f"node-{number}" for number in (1, 2, 3)]
    talk.on_while(lambda: not any(f'"merge", "group": "channel:{CHANNEL}"' in _flat(network, name) for name in logs))
    talk.round()  # new lines come after the lines brought by the merge
    talk.check(one_order=False)
    assert talk.looks(talk.people[3])["332"] == [f"{CHANNEL} :from the small side"]
    assert not talk.quits()
    no_traceback(network)


def _flat(network: Network, name: str) -> str:
    """Return the log with `event` and `group` side by side, whatever stands between the two."""
    records = [json.loads(line) for line in network.log(name).splitlines() if line.startswith("{")]
    return "\n".join(f'"{record["event"]}", "group": "{record.get("group")}"' for record in records)


def test_a_cut_between_two_nodes_splits_nothing(network: Network) -> None:
    """The third node hears both: traffic goes through the third node, and nobody takes anything over (P19)."""
    talk = Talk(network, 1, 2, 3)
    with partition(network.link_port, [1], [3]):
        talk.on_while(lambda: '"relayed"' not in network.log("node-1"))
        talk.on_for(4)
        talk.check()
    talk.on_for(2)
    talk.check()
    for number in (1, 2, 3):
        assert not _given_up(network, number)
        assert network.log(f"node-{number}").count('"relayed"') <= 1
    no_traceback(network)


def test_a_dial_that_outlives_a_cut_kills_nobody(network: Network) -> None:
    """Of issue 19: node 3's dial to node 2 goes into a cut and stays unanswered, while node 2's dial makes the link.
    Then node 1, the witness of any suspicion left, is started again (P18).
    """
    talk = Talk(network, 2, 3)
    with unanswered(network.link_port, 3, 2):
        with partition(network.link_port, [2], [3]):
            talk.on_for(11)
        talk.on_while(lambda: "127.0.0.2" not in _ups_after_the_cut(network, 3))
        talk.on_for(8)  # by then, the dial into the cut would have failed
        talk.check()
        network.terminate("node-1", signal.SIGKILL)
        network.start("node-1")
        network.wait_open(1)
        talk.on_for(8)
    talk.check()
    assert not talk.quits()
    for number in (2, 3):
        assert _given_up(network, number) <= {"127.0.0.1"}
    no_traceback(network)


def _records(network: Network, number: int) -> list[dict[str, object]]:
    lines = network.log(f"node-{number}").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def _ups_after_the_cut(network: Network, number: int) -> set[object]:
    """Return ring keys of the nodes linked with the node since its first detour."""
    records = _records(network, number)
    begin = next((n for n, record in enumerate(records) if record["event"] == "relayed"), len(records))
    return {record["peer"] for record in records[begin:] if record["event"] == "link_up"}


def _given_up(network: Network, number: int) -> set[object]:
    return {record["peer"] for record in _records(network, number) if record["event"] == "node_dead"}


def test_all_directories_are_killed_and_a_node_restarts_meanwhile(network: Network) -> None:
    talk = Talk(network, OTHER, BACKUP)
    names = [name for name in network.processes if name.startswith("directory")]
    for name in names:
        network.terminate(name, signal.SIGKILL)
    talk.on_for(2)
    network.terminate(f"node-{MASTER}", signal.SIGKILL)
    talk.on_for(1)
    network.start(f"node-{MASTER}")  # the node has only the saved roster
    network.wait_open(MASTER)
    talk.on_while(lambda: '"hand_off"' not in network.log(f"node-{BACKUP}"))
    back = talk.people[MASTER] = network.client(MASTER, f"p{MASTER}", "echo-message")
    talk.said.clear()  # newcomers have not heard the lines before
    back.send(f"JOIN {CHANNEL}")
    back.expect(f" 366 {back.nick} {CHANNEL} ")
    talk.on_for(1)
    for name in names:
        network.start(name)
    talk.on_while(lambda: len(_listed(network)) < 3)
    talk.check()
    assert not talk.quits()
    no_traceback(network)


def _listed(network: Network) -> list[object]:
    answer = network.circlet("nodes", "--config", str(network.folder / "node-1.yaml"), "--json").stdout
    return list(json.loads(answer or "[]"))


def test_all_nodes_are_restarted_one_after_the_other_under_load(network: Network) -> None:
    talk = Talk(network, 1, 2, 3)
    for number in (1, 2, 3):
        talk.without(number)
        network.processes[f"node-{number}"].send_signal(signal.SIGTERM)
        talk.on_while(lambda n=number: network.processes[f"node-{n}"].poll() is None)
        assert network.processes[f"node-{number}"].returncode == 0
        network.start(f"node-{number}")
        network.wait_open(number)
        talk.check()
        quits = {line.split("!")[0] for line in talk.quits()}
        assert quits <= {f":p{other}" for other in range(1, number + 1)}
        person = talk.people[number] = network.client(number, f"p{number}", "echo-message")
        person.send(f"JOIN {CHANNEL}")
        person.expect(f" 366 p{number} {CHANNEL} ")
        talk.said.clear()  # newcomers have not heard the lines before
        for other in talk.people.values():
            other.got.clear()
            other._seen = 0
        talk.on_for(1)
    talk.check()
    no_traceback(network)


@pytest.mark.parametrize("stopped", [MASTER, BACKUP, OTHER])
def test_a_client_of_a_stopped_node_has_its_pong_after_what_was_said_meanwhile(network: Network, stopped: int) -> None:
    """The client's PING waits in the socket, and is the first input read when the node goes on (P20)."""
    others = [number for number in (MASTER, BACKUP, OTHER) if number != stopped]
    there = network.client(stopped, "ann")
    here = [network.client(number, f"bob{number}") for number in others]
    for client in (there, *here):
        client.send(f"JOIN {CHANNEL}")
        client.sync()
    process = network.processes[f"node-{stopped}"]
    process.send_signal(signal.SIGSTOP)
    try:
        there.send("PING waited")
        said = []
        for client in here:  # each person has a PONG once the node is given up
            for number in range(10):
                said.append(f"{client.nick}-{number}")
                client.send(f"PRIVMSG {CHANNEL} :{said[-1]}")
            client.sync()
    finally:
        process.send_signal(signal.SIGCONT)
    there.expect("PONG .*waited")
    assert sorted(text for text in there.heard(CHANNEL) if text in said) == sorted(said)
    assert '"catch_up_failed"' not in network.log(f"node-{stopped}")  # the masters have answered before settle_max_s
    no_traceback(network)


@pytest.mark.parametrize("victim", [1, 2, 3])
def test_one_dead_node_stops_no_registration(network: Network, victim: int) -> None:
    """With one of three nodes killed, accounts are made, changed and logged in to on both others (P37)."""
    old = network.client(victim, "old")
    old.send("REGISTER * * :sesame-0")
    old.expect("REGISTER SUCCESS old")
    network.terminate(f"node-{victim}", signal.SIGKILL)
    old.close()
    for number in (1, 2, 3):
        if number == victim:
            continue
        nick = f"new{number}"
        client = network.client(number, nick)
        client.send("REGISTER * * :sesame-1")
        client.expect(f"REGISTER SUCCESS {nick}")
        client.send("PRIVMSG NickServ :SET ALWAYS-ON on")
        client.expect("ALWAYS-ON is on")
        client.send("PRIVMSG NickServ :PASSWD sesame-1 sesame-2")
        client.expect("Your password is changed")
        client.send("PRIVMSG NickServ :SET ALWAYS-ON off")
        client.expect("ALWAYS-ON is off")
        again = network.client(number, f"again{number}")
        again.send("PRIVMSG NickServ :IDENTIFY old sesame-0")
        again.expect(" 900 ")
    network.start(f"node-{victim}")
    network.wait_open(victim)
    back = network.client(victim, "back")
    back.send("PRIVMSG NickServ :IDENTIFY new1 sesame-2" if victim != 1 else "PRIVMSG NickServ :IDENTIFY new2 sesame-2")
    back.expect(" 900 ")
    no_traceback(network)
