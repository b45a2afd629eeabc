"""The promises of DESIGN.md section 3, on whole networks under virtual time."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from gateway.edge.client import order
from gateway.state.channel.messages import Said
from ring import placement
from ring.ids import GroupId
from tests.settings import edge_settings
from tests.sim.net import Net
from tests.sim.views import Reader

RING = GroupId("channel", "#ring")
PATIENT = edge_settings(burst=10_000, rate=10_000, queued=10_000, per_address=0, ping_every_s=86_400)


def test_two_people_on_two_nodes_talk_through_the_master_on_a_third() -> None:
    net = Net(3)
    ann, bob = net.client("n1", "ann"), net.client("n2", "bob")
    ann.send("JOIN #erlang")
    ann.sync()
    bob.send("JOIN #erlang")
    bob.sync()
    assert ":bob!~bob@10.0.0.1 JOIN #erlang" in ann.sync()
    ann.send("PRIVMSG #erlang :hello bob")
    ann.sync()
    assert bob.heard("#erlang") == ["hello bob"]
    assert net.masters(GroupId("channel", "#erlang")) == ["n3"]


@pytest.mark.parametrize("seed", range(200))
def test_one_order_nothing_lost_nothing_twice(seed: int) -> None:
    """Loss, doubling, delay and reordering, while a node joins and leaves: all hear the same, once."""
    net = Net(2, seed)
    people = [net.client("n1", "ann"), net.client("n2", "bob"), net.client("n2", "cat", "echo-message")]
    for person in people:
        person.send("JOIN #ring")
        person.sync()
    net.loss, net.double, net.delay_s = 0.1, 0.1, (0.001, 0.2)
    said: dict[str, list[str]] = {person.nick: [] for person in people}
    for number in range(30):
        person = net.rng.choice(people)
        said[person.nick].append(f"{person.nick} {number}")
        person.send(f"PRIVMSG #ring :{person.nick} {number}")
        net.run(net.rng.uniform(0, 0.3))
        if number == 8:
            net.start(3)
        if number == 20:
            net.leave("n3")
    for person in people:
        person.sync()
    order = people[2].heard("#ring")
    assert sorted(order) == sorted(line for lines in said.values() for line in lines)
    for person in people:
        others = [line for line in order if not line.startswith(person.nick) or person.nick == "cat"]
        assert person.heard("#ring") == others
        assert [line for line in order if line.startswith(person.nick)] == said[person.nick]
        assert not [line for line in person.got if " QUIT " in line or " PART " in line or " MODE #" in line]
    assert len(net.masters(RING)) == 1


@pytest.mark.parametrize("seed", range(10))
def test_each_person_keeps_an_order_across_a_cut(seed: int) -> None:
    """P25: when two sides become one, nobody is shown a person's new line before the person's older lines."""
    net = Net(5, seed, delay_s=(0.001, 0.03))
    master, backup = owners(net)
    people = [net.client(name, f"p{name}", "echo-message") for name in net.nodes]
    for person in people:
        person.send("JOIN #ring")
        person.sync()
    said: dict[str, list[str]] = {person.nick: [] for person in people}

    def talk(rounds: int, pause_s: float) -> None:
        for _ in range(rounds):
            for person in people:
                lines = said[person.nick]
                lines.append(f"{person.nick} {len(lines)}")
                person.send(f"PRIVMSG #ring :{lines[-1]}")
                net.run(pause_s)

    talk(3, 0.02)
    third = next(name for name in net.nodes if name not in (master, backup))
    side = {net.nodes[name].key for name in (master, third)}
    net.links.isolate(side, {node.key for node in net.nodes.values()} - side)
    assert net.until(lambda: len(net.masters(RING)) == 2, 20)
    talk(10, 0.05)
    net.links.heal()
    talk(30, 0.01)
    for person in people:
        person.sync()
    net.run(5.0)
    for person in people:
        for other in people:
            assert [line for line in person.heard("#ring") if line in said[other.nick]] == said[other.nick]


@pytest.fixture
def room() -> Room:
    return Room(Net(4))


class Room:
    """Four nodes; ann, bob and cat sit in #ring on three of them, and nobody on the room's master."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.master, self.backup = owners(net)
        others = [name for name in net.nodes if name not in (self.master, self.backup)]
        self.ann = net.client(others[0], "ann", "echo-message")
        self.bob = net.client(others[1], "bob")
        self.cat = net.client(self.backup, "cat")
        self.people = [self.ann, self.bob, self.cat]
        for person in self.people:
            person.send("JOIN #ring")
            person.sync()
        for person in self.people:
            person.sync()

    def have_heard(self, text: str) -> bool:
        return all(text in person.heard("#ring") for person in self.people)

    def check_quiet(self) -> None:
        """Nobody has seen anybody come, go or change."""
        for person in self.people:
            assert not [line for line in person.lines() if line.split(" ")[1] not in ("PRIVMSG", "PONG")]


def owners(net: Net) -> tuple[str, ...]:
    """Return the names of the nodes that should master and back #ring."""
    peers = net.nodes["n1"].core.engine.peers
    keys = peers.roster.ring("absolute", 1)
    return tuple(f"n{key.rpartition('.')[2]}" for key in placement.owners(RING.name, keys, 2))


def test_nothing_is_lost_though_the_master_dies_as_soon_as_it_has_answered(room: Room) -> None:
    room.ann.send("PRIVMSG #ring :last words")
    assert room.net.until(lambda: "last words" in room.ann.heard("#ring"), 1)
    room.net.kill(room.master)
    assert room.net.until(lambda: room.have_heard("last words"), 2)
    room.check_quiet()


@pytest.mark.parametrize("after_s", [0.0, 0.002, 0.005, 0.008, 0.012, 0.02])
def test_nothing_is_lost_when_the_master_dies_with_words_on_the_way(room: Room, after_s: float) -> None:
    for number in range(5):
        room.ann.send(f"PRIVMSG #ring :{number}")
        room.bob.send(f"PRIVMSG #ring :{number}")
    room.net.run(after_s)
    room.net.kill(room.master)
    room.ann.sync()
    room.bob.sync()
    room.cat.sync()
    assert sorted(room.cat.heard("#ring")) == sorted("0123401234")
    room.check_quiet()


def test_a_killed_master_is_replaced_within_a_second(room: Room) -> None:
    room.net.kill(room.master)
    room.ann.send("PRIVMSG #ring :on we go")
    assert room.net.until(lambda: room.have_heard("on we go"), 1.0)
    assert room.net.masters(RING) == [room.backup]
    room.net.run(60)
    room.check_quiet()


def test_a_silent_master_is_replaced_a_second_after_dead_after_s(room: Room) -> None:
    room.net.kill(room.master, dark=True)
    room.ann.send("PRIVMSG #ring :on we go")
    assert room.net.until(lambda: room.have_heard("on we go"), room.net.engine.dead_after_s + 1.0)
    room.check_quiet()


def test_a_dead_backup_is_replaced(room: Room) -> None:
    (master,) = room.net.masters(RING)
    room.people.remove(room.cat)
    room.net.kill(room.backup)
    room.ann.send("PRIVMSG #ring :on we go")
    assert room.net.until(lambda: room.have_heard("on we go"), 1.0)
    replica = room.net.nodes[master].core.engine.replicas.masters[RING].replica
    assert room.net.until(
        lambda: len(replica.members) == 2 and room.net.nodes[room.backup].key not in replica.members, 2.0
    )
    room.net.kill(master)
    room.ann.send("PRIVMSG #ring :and on")
    assert room.net.until(lambda: room.have_heard("and on"), 1.0)


def test_after_a_pong_everybody_has_heard(room: Room) -> None:
    for number in range(10):
        speaker = room.people[number % 3]
        speaker.send(f"PRIVMSG #ring :{number}", f"TOPIC #ring :topic {number}", f"PRIVMSG {room.cat.nick} :p{number}")
        speaker.sync()
        for person in room.people:
            assert str(number) in person.heard("#ring") or (person is speaker and person is not room.ann)
        assert f"p{number}" in room.cat.heard("cat")


def test_one_nick_on_both_sides_of_a_cut_is_the_older_claims(room: Room) -> None:
    net = room.net
    keys = [node.key for node in net.nodes.values()]
    net.links.isolate({keys[0], keys[1]}, {keys[2], keys[3]})
    net.run(net.engine.dead_after_s + 2)
    first = net.client("n1", "zed")
    net.run(1)
    second = net.client("n3", "zed")
    for person in (first, second):
        person.send("JOIN #ring")
        person.sync()
    net.links.heal()
    net.run(10)
    assert first.nick_now == "zed" != second.nick_now
    assert first.closed is None and second.closed is None
    guest, lines = second.nick_now, second.lines()
    assert f":zed!~zed@10.0.0.1 NICK {guest}" in lines
    (notice,) = [line for line in lines if " NOTICE " in line and "zed" in line]
    assert f" NOTICE {guest} :" in notice and "another user had the nick zed before you" in notice
    assert [line for line in first.lines() if " JOIN " in line] == [f":{guest}!~zed@10.0.0.1 JOIN #ring"]
    first.send("PRIVMSG #ring :which zed is it", f"PRIVMSG {guest} :you")
    first.sync()
    assert second.heard("#ring")[-1] == "which zed is it" and second.heard(guest) == ["you"]


@pytest.mark.parametrize("seed", range(10))
def test_who_gave_way_to_a_stranger_in_a_cut_is_seen_again_when_it_heals(seed: int) -> None:
    """Alone on its node, a person comes by a nick of the other side: the nick's holder seems gone, until the heal
    (P29).
    """
    net = Net(4, seed)
    people = [net.client(name, nick) for name, nick in (("n1", "ann"), ("n2", "bob"), ("n4", "cat"))]
    for person in people:
        person.send("JOIN #ring")
        person.sync()
    others = {node.key for node in net.nodes.values() if node.name != "n4"}
    net.links.isolate({net.nodes["n4"].key}, others)
    net.run(net.engine.dead_after_s + 2)
    net.client("n4", "ann")
    people[0].send("AWAY :for tea")
    net.run(1)
    net.links.heal()
    net.run(20)
    reader = Reader("cat")
    for line in people[2].got:
        reader.read(line)
    assert {*reader.views["#ring"].members} == {"ann", "bob", "cat"} and not reader.odd


def test_two_halves_of_a_channel_become_one(room: Room) -> None:
    net = room.net
    keys = {node.key for node in net.nodes.values()}
    net.links.isolate({room.ann.node.key}, keys - {room.ann.node.key})
    net.run(net.engine.dead_after_s + 2)
    room.ann.send("PRIVMSG #ring :alone", "TOPIC #ring :by ann")
    room.cat.send("PRIVMSG #ring :together")
    for person in room.people:
        person.sync()
    assert len(net.masters(RING)) == 2
    net.links.heal()
    net.run(20)
    assert room.ann.heard("#ring")[-1] == "together" == room.bob.heard("#ring")[0]
    assert room.bob.heard("#ring")[-1] == "alone" == room.cat.heard("#ring")[-1]
    assert net.masters(RING) == [room.master]
    for person in room.people:
        assert not [line for line in person.got if " QUIT " in line or " PART " in line]
        assert "by ann" in "".join(person.ask("TOPIC #ring"))


@pytest.mark.parametrize("seed", range(4))
def test_nobody_is_shown_to_leave_where_the_other_side_of_a_cut_began_the_channel_anew(seed: int) -> None:
    """The master hears last of the other side, and has to go on with a log without its people (seed 88601255 of the
    devices).
    """
    net = Net(4, seed, edge=PATIENT)
    master, backup = owners(net)
    far = [name for name in net.nodes if name not in (master, backup)][-1]
    people = [net.client(name, f"p{name}") for name in net.nodes if name != far]
    for person in people:
        person.send("JOIN #ring")
        person.sync()
    for person in people:
        person.sync()
    for person in people:
        person.got.clear()
    there, keys = net.nodes[far].key, {node.key for node in net.nodes.values()}
    net.links.isolate({there}, keys - {there})
    net.run(net.engine.dead_after_s + 2)
    late = net.client(far, "late")
    late.send("JOIN #ring", "PRIVMSG #ring :alone")
    late.sync()
    net.links.heal()
    net.links.isolate({there}, {net.nodes[master].key})
    for number in range(10):
        people[0].send(f"PRIVMSG #ring :{number}")
        net.run(0.1)
    net.links.heal()
    net.run(20)
    assert net.masters(RING) == [master]
    for person in people:
        moves = [line for line in person.got if line.split(" ")[1] in ("JOIN", "PART", "QUIT", "353")]
        assert moves == [":late!~late@10.0.0.1 JOIN #ring"]
        assert "alone" in person.heard("#ring")
    assert late.heard("#ring") == [*map(str, range(10))]


def test_directories_may_die() -> None:
    """All directories die, for twenty minutes; a node restarted meanwhile finds its peers by its saved roster."""
    room = Room(net := Net(4, directories=2, edge=PATIENT))
    for name in list(net.directories.up):
        net.directories.kill(name)
    net.run(600)
    saved = [r for r in net.nodes[room.master].core.engine.roster.records() if r.key != net.nodes[room.master].key]
    net.kill(room.master)
    net.run(5)
    net.start(int(room.master[1:]), saved)
    net.run(600)
    room.bob.send("PRIVMSG #ring :still here")
    room.bob.sync()
    assert "still here" in room.ann.heard("#ring")
    assert net.masters(RING) == [room.master]
    for name in net.directories.names:
        net.directories.start(name)
    net.run(60)
    assert all(len(node.core.engine.roster) == 4 for node in net.nodes.values())
    room.check_quiet()


def test_a_node_that_leaves_takes_nothing_along(room: Room) -> None:
    room.net.leave(room.master)
    room.ann.send("PRIVMSG #ring :bye")
    room.ann.sync()
    assert room.have_heard("bye")
    room.net.leave(room.cat.node.name)
    room.people.remove(room.cat)
    room.ann.sync()
    room.bob.sync()
    for person in room.people:
        (left,) = [line for line in person.got if " QUIT " in line]
        assert left.startswith(":cat!") and "shutting down" in left


def test_people_of_a_dead_edge_quit_once_after_a_while(room: Room) -> None:
    net = room.net
    room.people.remove(room.cat)
    net.kill(room.cat.node.name)
    net.run(net.engine.grace_s - 2)
    room.check_quiet()
    net.run(8)
    for person in room.people:
        (left,) = [line for line in person.got if " QUIT " in line]
        assert left == ":cat!~cat@10.0.0.1 QUIT :Connection lost"


def test_a_nick_of_a_dead_edge_is_free_elsewhere_at_once(room: Room) -> None:
    net = room.net
    net.kill(room.cat.node.name)
    net.run(0.5)
    again = net.client(room.ann.node.name, "cat")
    again.send("JOIN #ring")
    again.sync()
    shown = [line for line in room.bob.sync() if line.startswith(":cat!")]
    assert [line.split(" ")[1] for line in shown] == ["QUIT", "JOIN"]


def test_a_hand_off_holds_nobody_up(room: Room) -> None:
    """Away from the leaving master, and back again: nobody waits for longer than a few round trips."""
    net = room.net
    net.delay_s = (0.004, 0.005)
    leaving = net.nodes[room.master].core.engine
    record = msgspec.structs.replace(leaving.peers.me, leaving=True)
    net.at(0.5, lambda: net.turn(net.nodes[room.master], lambda: leaving.leave(record)))
    net.at(2.0, lambda: net.kill(room.master))
    net.at(2.5, lambda: net.start(int(room.master[1:])))
    heard: list[float] = []
    for number in range(2000):
        room.ann.send(f"PRIVMSG #ring :{number}")
        net.run(0.005)
        if new := room.bob.lines():
            assert all(" PRIVMSG #ring " in line for line in new)
            heard.append(net.now)
    room.ann.sync()
    assert room.bob.heard("#ring") == [str(number) for number in range(2000)]
    assert max(later - earlier for earlier, later in pairwise(heard)) < 0.15
    moved = [
        (at, note.facts["to"])
        for node in net.nodes.values()
        for at, note in node.notes
        if note.event == "hand_off" and note.group == RING
    ]
    assert len(moved) == 1  # the other conversation is the dead node's own, which is not kept
    assert net.masters(RING) == [room.master]
    room.check_quiet()


@pytest.mark.parametrize("seed", range(5))
def test_a_ping_waits_for_what_an_earlier_one_still_waits_for(seed: int) -> None:
    """The earlier PING has taken note of the line, and holds up nobody any more: the line is not settled for all
    that.
    """
    net = Net(3, seed)
    ann, bob = net.client("n3", "ann"), net.client("n1", "bob")
    for client in (ann, bob):
        client.ask("JOIN #erlang")
    assert net.masters(GroupId("channel", "#erlang")) == ["n3"]
    for node in net.nodes.values():
        node.slow_s = 1.0
    ann.send("PRIVMSG #erlang :first", "PING one")
    assert net.until(lambda: "first" in bob.heard("#erlang"), 20)
    net.hang("n1", 3.0)  # once the acknowledgement of the first line has left
    ann.send("PRIVMSG #erlang :second")
    assert ann.connection.user is not None
    assert net.until(lambda: ann.connection.user is not None and not ann.connection.user.unsettled, 2.5)
    order.hurry(ann.connection, net.now + 1)
    ann.send("PING two")
    assert net.until(lambda: any("PONG" in line and "two" in line for line in ann.got), 30)
    assert bob.heard("#erlang") == ["first", "second"]


def test_a_master_that_comes_back_from_its_disk_takes_the_log_of_a_node_that_lived() -> None:
    """A follower without the last line finds the line in the new master's log (seed 89004431 of the devices)."""
    net = Net(3, disks=True)
    ann = net.client("n1", "ann")
    ann.send("JOIN #ring")
    bob = net.client("n2", "bob")
    bob.send("JOIN #ring", "PRIVMSG #ring :one", "PRIVMSG #ring :two")
    bob.sync()
    net.run(1.0)
    group = GroupId("channel", "#ring")
    (master,) = net.masters(group)
    net.kill(master, dark=True)
    net.run(0.3)
    net.start(int(master[1:]))
    assert net.until(lambda: net.masters(group) == [master], 10)
    log = net.nodes[master].core.engine.replicas.masters[group].replica.log
    assert [entry.event.text for entry in log if isinstance(entry.event, Said)] == [b"one", b"two"]
