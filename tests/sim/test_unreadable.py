"""What a node cannot read stops nobody else (P42)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.state.channel.messages import SetTopic, TopicSet
from ring.ids import GroupId
from ring.placement import owners
from ring.wire.codec import encode
from ring.wire.node import Records
from tests.sim.net import Client, Net, Node

RING = GroupId("channel", "#ring")


class Room:
    """Five nodes, and a person in #ring on each: by what their nodes are to the channel."""

    def __init__(self) -> None:
        self.net = net = Net(5)
        (master,) = self._join(net)
        replica = net.nodes[master].core.engine.replicas.masters[RING].replica
        backup = next(node for node in net.nodes.values() if node.key in replica.members and node.name != master)
        self.master, self.backup = net.nodes[master], backup
        self.followers = [node for node in net.nodes.values() if node not in (self.master, backup)]

    def _join(self, net: Net) -> list[str]:
        self.people = {name: net.client(name, f"p{name}") for name in net.nodes}
        for person in self.people.values():
            person.send("JOIN #ring")
            person.sync()
        self.people["n1"].send("MODE #ring -t")  # anybody may set the topic
        self.people["n1"].sync()
        return net.masters(RING)

    def person(self, node: Node) -> Client:
        return self.people[node.name]

    def others(self, node: Node) -> list[Client]:
        return [person for name, person in self.people.items() if name != node.name]


@pytest.fixture
def room() -> Room:
    return Room()


def cannot_read(node: Node, method: str, kind: type[Any]) -> None:
    """From now on the node's build does not know this struct of a channel."""
    channel: Any = node.core.engine.kinds["channel"]
    read: Callable[[msgspec.Raw], Any] = getattr(channel, method)

    def reads(raw: msgspec.Raw) -> Any:
        value = read(raw)
        if isinstance(value, kind):
            raise msgspec.ValidationError("an unknown tag")
        return value

    setattr(channel, method, reads)


def notes(node: Node, event: str) -> list[dict[str, Any]]:
    return [dict(note.facts) for _, note in node.notes if note.event == event]


def test_an_event_that_one_follower_cannot_read_stops_its_replica_alone(room: Room) -> None:
    one = room.followers[0]
    cannot_read(one, "read_event", TopicSet)
    speaker = room.person(room.followers[1])
    speaker.send("TOPIC #ring :new", "PRIVMSG #ring :after")
    speaker.sync(within_s=6.0)
    for person in room.others(one):
        person.sync(within_s=1.0)
        assert person is speaker or person.heard("#ring") == ["after"]
        assert person is speaker or any(" TOPIC #ring :new" in line for line in person.got)
    assert room.person(one).heard("#ring") == []
    assert {(n["peer"], n["message"]) for n in notes(one, "unreadable")} <= {
        (room.master.key, "Publish"),
        (room.master.key, "Continue"),
    }
    assert [(n["where"], n["peer"]) for n in notes(one, "group_broken")] == [("read", room.master.key)]
    assert all(not notes(node, "group_broken") for node in room.net.nodes.values() if node is not one)
    speaker.send("PRIVMSG #ring :at once")  # nobody waits for the node any more
    speaker.sync(within_s=0.5)


def test_a_backup_that_cannot_read_a_command_is_replaced(room: Room) -> None:
    cannot_read(room.backup, "read_command", SetTopic)
    speaker = room.person(room.followers[0])
    speaker.send("TOPIC #ring :new", "PRIVMSG #ring :after")
    speaker.sync(within_s=8.0)
    for person in room.others(room.backup):
        person.sync(within_s=1.0)
        assert person is speaker or person.heard("#ring") == ["after"]
    replica = room.master.core.engine.replicas.masters[RING].replica
    assert room.backup.key not in replica.members and len(replica.members) == 2
    assert notes(room.backup, "unreadable")[0]["message"] == "Append"
    room.net.kill(room.master.name)  # and the new backup has it all
    room.net.run(8.0)
    speaker.send("TOPIC #ring")
    assert any(" 332 " in line and line.endswith(":new") for line in speaker.sync())


def test_a_command_that_its_master_cannot_read_fails_soon(room: Room) -> None:
    cannot_read(room.master, "read_command", SetTopic)
    speaker = room.person(room.followers[0])
    speaker.sync()
    speaker.send("TOPIC #ring :new", "PRIVMSG #ring :after")
    lines = speaker.sync(within_s=2.0)
    assert any("nothing was changed" in line for line in lines)
    for person in room.people.values():
        person.sync()
        assert person is speaker or person.heard("#ring") == ["after"]
    assert notes(room.master, "unreadable")[0]["message"] == "Submit"
    assert not notes(room.master, "group_broken")


def test_an_unknown_message_does_not_hide_those_beside_it() -> None:
    net = Net(2)
    node, other = net.nodes["n1"], net.nodes["n2"]
    leaving = msgspec.structs.replace(other.core.engine.peers.me, leaving=True)
    strange = [99, ["channel", "#ring"], "?"]
    known = msgspec.msgpack.decode(encode([Records([leaving])]))
    net.deliver(other.id, node, msgspec.msgpack.encode([strange, *known]))
    record = node.core.engine.peers.roster.get(other.key)
    assert record is not None and record.leaving
    (note,) = notes(node, "unreadable")
    assert (note["peer"], note["message"]) == (other.key, "message 99")


def test_what_cannot_be_read_is_noted_once_a_minute_with_its_number() -> None:
    net = Net(2)
    node, other = net.nodes["n1"], net.nodes["n2"]
    for _ in range(50):
        net.deliver(other.id, node, b"\xc1")
        net.run(2.0)
    assert [note["times"] for note in notes(node, "unreadable")] == [1, 30]
    (count,) = node.core.engine.unreadable.counts.values()
    assert count.total == 50


def test_a_backup_that_does_not_know_the_kind_of_group_is_replaced() -> None:
    net = Net(4)
    ring = net.nodes["n1"].core.engine.peers.ring
    placed = {f"#c{n}": owners(f"#c{n}", ring, 2) for n in range(99)}
    name, backup = next((name, keys[1]) for name, keys in placed.items() if keys[0] == "127.0.0.1")
    node = next(node for node in net.nodes.values() if node.key == backup)
    del node.core.engine.kinds["channel"]  # type: ignore[attr-defined]
    ann = net.client("n1", "ann", "echo-message")
    ann.send(f"JOIN {name}", f"PRIVMSG {name} :hello")
    ann.sync(within_s=6.0)
    assert ann.heard(name) == ["hello"]
    mastered = net.nodes["n1"].core.engine.replicas.masters[GroupId("channel", name)]
    assert backup not in mastered.replica.members
    assert notes(node, "unreadable")
