"""History is exact from any node: during and after takeovers, hand-offs and partitions, and over restarts."""

from __future__ import annotations

import msgspec
import pytest

from config.common import Ring
from gateway.state.channel.messages import Forget
from ring.history import query, repair
from ring.storage.store import Line, Range
from ring.wire.history import Mark, Query
from tests.sim.chaos import SETTINGS
from tests.sim.history import RING, recall, told
from tests.sim.net import Client, Net


def everything(net: Net, name: str) -> list[str]:
    return told(recall(net, name, Query(4000)))


def check_alike(net: Net) -> list[str]:
    """All nodes answer alike: everything at once, and page by page in both directions."""
    up = [node.name for node in net.nodes.values() if node.up]
    answers = [recall(net, name, Query(4000)) for name in up]
    assert all(answer == answers[0] for answer in answers)
    whole = answers[0]
    assert whole is not None
    for name in up[:2]:
        for newest in (True, False):
            walked: list[Line] = []
            mark: Mark | None = None
            while page := recall(net, name, Query(7, newest, **{"before" if newest else "after": mark})):
                walked = page + walked if newest else walked + page
                mark = Mark(msgid=page[0 if newest else -1].msgid)
            assert walked == whole
    assert len({line.msgid for line in whole}) == len(whole)
    return told(whole)


class Talk:
    """Nodes with disks, a person on each, all in #ring. said: the texts heard by everybody."""

    def __init__(
        self, nodes: int = 4, seed: int = 0, keep_s: float = 0.0, directories: int = 0, copies: int = 2
    ) -> None:
        engine = SETTINGS._replace(keep_s=keep_s, ring=Ring(copies=copies))
        self.net = Net(nodes, seed, engine=engine, disks=True, directories=directories)
        self.people = {name: self.join(name) for name in self.net.nodes}
        self.said: list[str] = []

    def join(self, name: str) -> Client:
        client = self.net.client(name, f"p{name}{self.net.serial}", "echo-message")
        client.send("JOIN #ring")
        client.sync()
        return client

    def say(self, count: int, *names: str) -> None:
        here = [self.people[name] for name in names or self.people if self.people[name].node.up]
        for number in range(count):
            person = here[number % len(here)]
            self.said.append(f"{person.nick}-{len(self.said)}")
            person.send(f"PRIVMSG #ring :{self.said[-1]}")
            person.sync()

    def back(self, *names: str) -> None:
        """The people of these nodes, by default of all, come again."""
        for name in names or list(self.net.nodes):
            self.people[name] = self.join(name)

    def power_cut(self) -> None:
        """Cut the power of all nodes at once; then start all again."""
        net = self.net
        for name in list(net.nodes):
            net.kill(name)
        for number in range(1, len(net.nodes) + 1):
            net.start(number)
        net.run(10)

    @property
    def master(self) -> str:
        (name,) = self.net.masters(RING)
        return name


def test_every_node_gives_the_same_answer() -> None:
    talk = Talk()
    talk.say(20)
    assert check_alike(talk.net) == talk.said


def test_what_was_just_said_is_there_at_once() -> None:
    """The lines may not be on any disk yet."""
    talk = Talk()
    for name in talk.net.nodes:
        talk.say(1, name)
        assert everything(talk.net, name)[-1] == talk.said[-1]


def test_after_the_log_was_trimmed_the_disks_have_it() -> None:
    talk = Talk()
    talk.say(10)
    talk.net.run(120)
    talk.say(1)
    talk.net.run(5)
    assert len(talk.net.nodes[talk.master].core.engine.replicas.masters[RING].replica.log) == 1
    assert check_alike(talk.net) == talk.said


@pytest.mark.parametrize("seed", range(10))
def test_a_takeover_loses_nothing_of_it(seed: int) -> None:
    talk = Talk(seed=seed)
    net = talk.net
    talk.say(10)
    net.run(net.rng.uniform(0, 40))
    talk.say(10)
    master = talk.master
    last = next(person for name, person in talk.people.items() if name != master)
    last.send("PRIVMSG #ring :last words")
    assert net.until(lambda: "last words" in last.heard("#ring"), 2)
    net.kill(master)
    asker = last.node.name
    assert everything(net, asker) == [*talk.said, "last words"]  # a node with the line finds it, whichever node answers
    talk.said.append("last words")
    net.run(5)
    talk.say(5)
    assert check_alike(net) == talk.said
    net.start(int(master[1:]))
    net.run(10)
    talk.back(master)
    talk.say(5)
    assert check_alike(net) == talk.said


@pytest.mark.parametrize("seed", range(5))
def test_a_hand_off_takes_it_along_or_finds_it(seed: int) -> None:
    """Every node in turn leaves, and comes back: each time the group moves."""
    talk = Talk(seed=seed)
    net = talk.net
    for name in list(net.nodes):
        talk.say(8)
        net.run(60)
        net.leave(name)
        assert everything(net, talk.master) == talk.said
        talk.say(4)
        net.start(int(name[1:]))
        net.run(8)
        talk.back(name)
        assert check_alike(net) == talk.said


@pytest.mark.parametrize("seed", range(5))
def test_what_was_said_while_its_master_was_away_is_found_elsewhere(seed: int) -> None:
    talk = Talk(4, seed)
    net = talk.net
    talk.say(8)
    first, second = holders(talk)
    net.leave(first)
    talk.say(8)
    net.run(60)
    talk.say(8)
    net.run(3)
    net.start(int(first[1:]))
    assert net.until(lambda: net.masters(RING) == [first], 10)
    net.kill(second)
    assert check_alike(net) == talk.said


@pytest.mark.parametrize("seed", range(20))
def test_what_somebody_has_heard_is_in_it_though_the_master_dies_at_once(seed: int) -> None:
    talk = Talk(4, seed)
    net = talk.net
    talk.say(4)
    first, second = holders(talk)
    listener = next(person for name, person in talk.people.items() if name not in (first, second))
    net.delay_s = (0.001, 0.1)
    talk.people[first].send("PRIVMSG #ring :last words")
    assert net.until(lambda: "last words" in listener.heard("#ring"), 2)
    net.kill(first)
    assert everything(net, second) == [*talk.said, "last words"]


@pytest.mark.parametrize("seed", range(10))
def test_after_a_partition_heals_both_sides_are_in_it(seed: int) -> None:
    talk = Talk(5, seed)
    net = talk.net
    talk.say(10)
    net.run(50)
    names = list(net.nodes)
    net.rng.shuffle(names)
    few, many = names[:2], names[2:]
    net.links.isolate({net.nodes[name].key for name in few}, {net.nodes[name].key for name in many})
    net.run(SETTINGS.dead_after_s + 2)
    here, there = everything(net, few[0]), everything(net, many[0])
    assert set(here) <= set(talk.said) and set(there) <= set(talk.said)
    assert talk.said in (here, there)  # two of five nodes have each line: one side may lack the lines of both disks
    before = list(talk.said)
    for _ in range(6):
        talk.say(1, few[0])
        talk.say(1, many[0])
    net.links.heal()
    net.run(25)
    whole = check_alike(net)
    assert whole[:10] == before and sorted(whole) == sorted(talk.said)
    net.run(100)
    assert check_alike(net) == whole


@pytest.mark.parametrize("seed", range(5))
def test_who_came_late_to_one_side_of_a_partition_does_not_speak_for_it(seed: int) -> None:
    """The node has the end of its side's log only, and no disk here has more of the log: the other side's master
    has.
    """
    talk = Talk(5, seed)
    net = talk.net
    talk.say(4)
    first, second = holders(talk)
    late = next(name for name in net.nodes if name not in (first, second))
    talk.people[late].send("PART #ring")
    talk.people[late].sync()
    apart(net, second)
    net.run(SETTINGS.dead_after_s + 2)
    talk.say(4, first)
    talk.people[late].send("JOIN #ring")
    talk.people[late].sync()
    talk.say(2, first)
    talk.say(2, second)
    net.links.heal()
    apart(net, late)
    net.run(6)
    net.links.heal()
    net.run(25)
    assert sorted(check_alike(net)) == sorted(talk.said)


def apart(net: Net, name: str) -> None:
    net.links.isolate({net.nodes[name].key}, {node.key for node in net.nodes.values() if node.name != name})


def test_a_network_that_starts_again_has_it() -> None:
    talk = Talk(3)
    net = talk.net
    talk.say(10)
    net.run(3)
    talk.power_cut()
    talk.back()
    talk.say(3)
    assert check_alike(net) == talk.said


@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_in_whatever_order_its_nodes_start_it_has_it(first: int) -> None:
    """A node that starts alone knows nothing of the channel, or little; people talk there all the same."""
    talk = Talk(4)
    net = talk.net
    talk.say(10)
    net.run(70)
    talk.say(5)
    net.run(3)
    for name in list(net.nodes):
        net.kill(name)
    roster = [node.core.engine.peers.me for node in net.nodes.values()]
    talk.people = {}
    for number in [first, *(number for number in (1, 2, 3, 4) if number != first)]:
        net.start(number, roster)
        net.run(8)
        talk.back(f"n{number}")
        talk.say(3)
    net.run(20)
    assert sorted(check_alike(net)) == sorted(talk.said)


def test_a_channel_that_nobody_comes_back_to_for_a_while_still_has_it() -> None:
    """The channel's replica on disk may be from before the first word."""
    talk = Talk(3)
    net = talk.net
    net.run(3)
    talk.say(5)
    net.run(3)
    talk.power_cut()
    net.run(300)
    talk.back()
    assert check_alike(net) == talk.said


def test_a_power_cut_right_after_a_takeover_takes_nothing_that_was_written() -> None:
    """Lines of a term unknown to all disks would be nobody's."""
    talk = Talk()
    net = talk.net
    talk.say(5)
    net.kill(talk.master)
    assert net.until(lambda: len(net.masters(RING)) == 1, 10)
    talk.say(5)
    net.run(0.05)
    talk.power_cut()
    talk.back()
    assert check_alike(net) == talk.said


def test_without_backups_a_node_that_comes_back_finds_what_was_said_since_it_died() -> None:
    """The log's lineage names the master that held the group meanwhile, though no other node was there to be told."""
    talk = Talk(nodes=3, copies=1)
    net = talk.net
    talk.say(6)
    net.run(0.2)
    first = talk.master
    net.kill(first)
    assert net.until(lambda: len(net.masters(RING)) == 1, 10)
    talk.say(6)
    net.run(0.2)
    for name in net.nodes:
        net.kill(name)
    for name in sorted(net.nodes, key=first.__eq__):  # the first master comes last
        net.start(int(name[1:]))
        net.run(1)
    net.run(10)
    assert check_alike(net) == talk.said


@pytest.mark.parametrize("seed", range(5))
def test_a_node_that_starts_again_at_once_has_what_changed_last(seed: int) -> None:
    """Lines are written sooner than replicas: a node must not take its state for as new as its lines."""
    talk = Talk(3, seed)
    net = talk.net
    talk.say(4)
    net.run(3)
    first, second = holders(talk)
    talk.people["n1"].send("TOPIC #ring :new", "MODE #ring +b troll!*@*", "PRIVMSG #ring :so")
    talk.people["n1"].sync()
    net.run(net.rng.uniform(0, 0.5))
    net.kill(second)
    net.start(int(second[1:]))
    net.run(5)
    states = []
    for name in (first, second):
        engine = net.nodes[name].core.engine
        held = engine.replicas.masters.get(RING) or engine.replicas.followers.get(RING)
        assert held is not None
        states.append(msgspec.msgpack.encode(held.replica.state.snapshot()))
    assert states[0] == states[1]
    net.kill(first)
    net.run(5)
    assert any("new" in line for line in talk.people["n1" if first != "n1" else "n2"].ask("TOPIC #ring"))


def test_a_disk_that_cannot_be_read_is_done_without() -> None:
    talk = Talk(3)
    talk.say(5)
    talk.net.run(100)
    talk.net.broken.add(talk.master)
    assert check_alike(talk.net) == talk.said
    talk.net.broken.update(talk.net.nodes)
    talk.say(2)
    assert recall(talk.net, "n1", Query(5)) is None  # rather than half of the history
    talk.net.broken.clear()
    talk.net.run(1)
    assert check_alike(talk.net) == talk.said


def test_a_group_that_nobody_answers_for_is_answered_with_none() -> None:
    talk = Talk(2)
    talk.say(1)
    other = next(name for name in talk.net.nodes if name != talk.master)
    talk.net.loss = 1.0
    assert recall(talk.net, other, Query(5)) is None


def test_of_many_questions_a_few_are_open_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "AT_ONCE", 3)
    talk = Talk(3)
    talk.say(4)
    node, got, opened = talk.net.nodes["n1"], [], []
    engine = node.core.engine

    def answered(lines: list[Line] | None) -> None:
        opened.append(len(engine.history.open))
        got.append(told(lines))

    for _ in range(20):
        talk.net.turn(node, lambda: engine.recall(RING, Query(100), answered))
    assert len(engine.history.open) == 3
    assert talk.net.until(lambda: len(got) == 20, 10)
    assert max(opened) <= 3 and all(said == talk.said for said in got)


def test_a_msgid_that_nobody_knows_is_answered_with_none() -> None:
    talk = Talk(2)
    talk.say(3)
    for msgid in ("", "x", "-", "a-b-1", "a-b-zz", "9" * 5000):
        assert recall(talk.net, "n1", Query(5, before=Mark(msgid=msgid))) is None


# Deletion and retention -----------------------------------------------------------------------------------------------


ERASED_S = 2.0
"""All deleted texts are erased within this time on running nodes."""


def on_disks(net: Net) -> set[str]:
    """Return the texts on any disk, or traced there."""
    assert net.disks is not None
    found = (disk.lines(Range(RING, None, None, 10_000, True)) + disk.traces for disk in net.disks.values())
    return {text for lines in found for text in told(lines)}


def test_what_is_deleted_is_erased_from_all_disks() -> None:
    talk = Talk(3)
    net = talk.net
    talk.say(6)
    lines = recall(net, "n1", Query(100))
    assert lines is not None
    talk.people["n1"].send(f"REDACT #ring {lines[1].msgid}", f"REDACT #ring {lines[4].msgid} :why")
    talk.people["n1"].sync()
    left = [text for text in talk.said if text not in told([lines[1], lines[4]])]
    assert check_alike(net) == left
    net.run(ERASED_S)
    assert on_disks(net) == {*left}
    for name in list(net.nodes):  # sets change, logs are written down anew
        net.kill(name)
        net.run(6)
        net.start(int(name[1:]))
        net.run(6)
    assert on_disks(net) == {*left}
    assert check_alike(net) == left


def test_all_that_was_said_is_erased_from_all_disks() -> None:
    talk = Talk(3)
    net = talk.net
    talk.say(6)
    net.run(30)
    talk.say(6)
    talk.people["n1"].send("REDACT #ring *")
    talk.people["n1"].sync()
    assert check_alike(net) == []
    net.run(ERASED_S)
    assert on_disks(net) == set()
    talk.say(2)
    net.run(1)
    assert check_alike(net) == talk.said[-2:]
    assert on_disks(net) == {*talk.said[-2:]}


@pytest.mark.parametrize("seed", range(5))
def test_all_that_somebody_has_said_is_erased_from_all_disks(seed: int) -> None:
    """However many the texts are, and from a node that was away, too."""
    talk = Talk(4, seed)
    net = talk.net
    talk.say(12)
    net.run(1)
    away = net.rng.choice(holders(talk))
    net.kill(away)
    net.run(5)
    here = next(person for person in talk.people.values() if person.node.up)
    uid = next(uid for uid, user in here.node.core.edge.users.items() if user.person.nick == here.nick)
    net.turn(here.node, lambda: here.node.core.engine.submit(RING, Forget(uid, "nobody"), None))
    net.run(1)
    talk.say(4)
    left = [text for number, text in enumerate(talk.said) if number >= 12 or not text.startswith(f"{here.nick}-")]
    assert check_alike(net) == left
    net.start(int(away[1:]))
    net.run(15)
    assert check_alike(net) == left
    assert on_disks(net) == {*left}


@pytest.mark.parametrize("seed", range(10))
def test_what_one_side_of_a_partition_deletes_is_deleted(seed: int) -> None:
    talk = Talk(4, seed)
    net = talk.net
    talk.say(8)
    lines = recall(net, "n1", Query(100))
    assert lines is not None
    operator = talk.people["n1"]
    others = {node.key for node in net.nodes.values()} - {operator.node.key}
    net.links.isolate({operator.node.key}, others)
    net.run(SETTINGS.dead_after_s + 2)
    talk.say(3, "n2", "n3")
    operator.send(f"REDACT #ring {lines[2].msgid}")
    operator.sync()
    net.links.heal()
    net.run(25)
    left = [text for text in talk.said if text not in told([lines[2]])]
    assert sorted(check_alike(net)) == sorted(left)
    net.run(ERASED_S)
    assert on_disks(net) == {*left}


def test_what_is_too_old_is_shown_to_nobody_wherever_it_still_is() -> None:
    talk = Talk(3, keep_s=100.0)
    talk.say(5)
    talk.net.run(60)
    talk.say(5)
    talk.net.run(60)
    assert check_alike(talk.net) == talk.said[5:]


@pytest.mark.parametrize(("own_s", "left"), [(50.0, 0), (1_000.0, 10)])
def test_a_channel_may_have_a_retention_of_its_own(own_s: float, left: int) -> None:
    talk = Talk(3, keep_s=100.0)
    for node in talk.net.nodes.values():
        settings = node.core.engine.settings
        node.core.engine.settings = settings._replace(keep_own_s={RING: own_s})
    talk.say(5)
    talk.net.run(60)
    talk.say(5)
    talk.net.run(60)
    assert check_alike(talk.net) == talk.said[len(talk.said) - left :]


# Replicas of it
# ---------------------------------------------------------------------------------------------------------


def holders(talk: Talk) -> list[str]:
    """The master first."""
    members = talk.net.nodes[talk.master].core.engine.replicas.masters[RING].replica.members
    return sorted((f"n{key.rpartition('.')[2]}" for key in members), key=lambda name: name != talk.master)


def on_disk(net: Net, name: str) -> list[str]:
    assert net.disks is not None
    return told(net.disks[name].lines(Range(RING, None, None, 10_000, True)))


@pytest.mark.parametrize("seed", range(5))
def test_who_holds_a_channel_comes_to_have_all_of_it(seed: int) -> None:
    """Nodes leave and come back: in the end both holders of the channel have everything on disk, though one disk is
    lost.
    """
    talk = Talk(4, seed)
    net = talk.net
    for name in list(net.nodes):
        talk.say(8)
        net.run(40)
        net.leave(name)
        talk.say(4)
        net.run(10)
        net.start(int(name[1:]))
        net.run(10)
        talk.back(name)
    net.run(10)
    assert len(holders(talk)) == 2
    for name in holders(talk):
        assert on_disk(net, name) == talk.said
    assert net.disks is not None
    lost = talk.master
    net.kill(lost)
    del net.disks[lost]
    net.run(10)
    net.start(int(lost[1:]))
    net.run(20)
    assert lost in holders(talk) and on_disk(net, lost) == talk.said
    talk.back(lost)
    assert check_alike(net) == talk.said


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("in_order", [True, False])
def test_who_comes_back_does_not_serve_what_it_has_on_disk_before_it_knows_the_network(
    seed: int, in_order: bool
) -> None:
    """The node would think itself alone, and the lines of both sides would have to be merged."""
    talk = Talk(4, seed, directories=1)
    net = talk.net
    for name in list(net.nodes):
        talk.say(8)
        net.run(0.5)
        (net.leave if in_order else net.kill)(name)
        net.run(10)
        talk.say(4)
        net.start(int(name[1:]))
        net.run(10)
        talk.back(name)
    talk.say(4)
    assert not any(node.core.engine.noted["merge"] for node in net.nodes.values())
    assert check_alike(net) == talk.said


def test_a_long_history_is_taken_over_page_by_page_while_people_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "PAGE", 7)
    talk = Talk(3)
    net = talk.net
    talk.say(100)
    net.run(60)
    talk.say(100)
    net.run(3)
    assert net.disks is not None
    first, second = holders(talk)
    net.kill(second)
    del net.disks[second]
    net.run(6)
    net.start(int(second[1:]))
    for _ in range(50):
        talk.say(1, first)
        net.run(0.3)
    net.run(10)
    assert holders(talk) == [first, second]
    assert on_disk(net, second) == on_disk(net, first) == talk.said
