"""The promises of DESIGN.md section 3, on whole networks under virtual time."""

from __future__ import annotations

import pytest

from ring.ids import GroupId
from tests.sim.net import Net

RING = GroupId("channel", "#ring")


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
