"""A node's happenings, to groups and peers: gathered, bounded, and without private names."""

from __future__ import annotations

from gateway.happenings import KEPT, NAMED, OF_PEERS, STARTING_S, Happenings
from ring.durations import REST_S
from ring.ids import GroupId
from ring.replication.application import Note
from tests.gateway.commands.stage import network, people, settle
from tests.gateway.web.watched import Watched
from tests.sim.net import Net


def alone() -> tuple[Net, Happenings]:
    net = network(1)
    return net, Happenings(net.nodes["n1"].core)


def test_a_takeover_names_whose_groups_they_were() -> None:
    watched = Watched()
    clients = people(watched.net, "ann", "bob", channel="#erlang")  # mastered by n3, held by n2
    clients[0].send("JOIN #hidden", "MODE #hidden +s")
    settle(*clients)
    watched.net.kill("n3")
    watched.net.run(6.0)
    watched.hear()
    takeovers = [one for one in watched.happenings["n2"].after(0) if one.event == "takeover"]
    assert [one.peer for one in takeovers] == ["127.0.0.3"]
    assert takeovers[0].groups["channel"] >= 1 and takeovers[0].longest_ms > 0
    assert "#erlang" in takeovers[0].channels and "#hidden" not in takeovers[0].channels
    dead = [one for one in watched.happenings["n1"].after(0) if one.event == "node_dead"]
    assert [(one.peer, one.left) for one in dead] == [("127.0.0.3", False)]


def test_a_hand_off_is_told_by_the_new_master() -> None:
    watched = Watched()
    people(watched.net, "ann", "bob", channel="#erlang")
    watched.net.leave("n3")
    watched.net.run(6.0)
    watched.hear()
    told = [
        one for name in ("n1", "n2") for one in watched.happenings[name].after(0) if one.event == "hand_off_received"
    ]
    assert {one.peer for one in told} == {"127.0.0.3"} and sum(one.groups.get("channel", 0) for one in told) == 1
    assert ["#erlang"] in [list(one.channels) for one in told]


def test_a_node_that_was_killed_and_one_that_left_are_told_to_be_back_once_in_their_next_life() -> None:
    watched = Watched()

    def told(name: str) -> list[tuple[str, int]]:
        watched.hear()
        found = watched.happenings[name].after(0)
        return [(one.event, one.life) for one in found if one.peer == "127.0.0.3" and one.event in OF_PEERS]

    first = watched.net.nodes["n3"].core.engine.me.number
    watched.net.kill("n3")
    watched.net.run(6.0)
    second = watched.net.start(3).core.engine.me.number
    watched.start("n3")
    watched.net.run(6.0)
    killed = [("node_dead", first), ("node_returned", second)]
    assert told("n1") == told("n2") == killed
    watched.net.leave("n3")
    watched.net.nodes["n1"].core.engine.forget("127.0.0.3", second)  # the directory is faster than the link
    watched.net.run(6.0)
    third = watched.net.start(3).core.engine.me.number
    watched.start("n3")
    watched.net.run(6.0)
    for name, gone in (("n1", "node_left"), ("n2", "node_dead")):
        assert told(name) == [*killed, ("node_leaving", second), (gone, second), ("node_returned", third)]
    assert told("n3") == [], "of others, a new life knows nothing before"


def test_a_node_that_leaves_the_list_before_its_link_is_seen_to_end_has_stopped() -> None:
    watched = Watched()
    engine = watched.net.nodes["n1"].core.engine
    life = watched.net.nodes["n3"].core.engine.me.number
    watched.net.turn(watched.net.nodes["n1"], lambda: engine.forget("127.0.0.3", life))
    watched.hear()
    found = [(one.event, one.life) for one in watched.happenings["n1"].after(0)]
    assert found == [("node_left", life)]


def test_notes_alike_that_come_together_are_one_happening() -> None:
    net, happenings = alone()
    for number in range(10_000):
        happenings.hear(Note("merge", GroupId("nick", f"n{number}"), {"took_ms": number / 100}))
    happenings.hear(Note("hand_off_received", GroupId("account", "ann"), {"peer": "127.0.0.3", "took_ms": 2.0}))
    assert happenings.after(0) == []
    net.run(1.0)
    first, second = happenings.after(0)
    assert (first.number, first.peer, first.groups, first.longest_ms) == (1, "", {"nick": 10_000}, 99.99)
    assert (second.number, second.peer, second.groups) == (2, "127.0.0.3", {"account": 1})
    assert happenings.after(1) == [second] and happenings.after(2) == []


def test_few_channels_are_named() -> None:
    net, happenings = alone()
    (ann,) = people(net, "ann")
    for number in range(NAMED + 3):
        ann.ask(f"JOIN #c{number}")
        happenings.hear(Note("merge", GroupId("channel", f"#c{number}"), {"took_ms": 1.0}))
    net.run(2 * REST_S)
    (one,) = happenings.after(0)
    assert one.groups == {"channel": NAMED + 3} and len(one.channels) == NAMED


def test_the_oldest_are_forgotten() -> None:
    net, happenings = alone()
    for number in range(KEPT + 20):
        happenings.hear(Note("node_alive", None, {"peer": f"127.0.1.{number}"}))
        net.run(1.0)
    kept = happenings.after(0)
    assert len(kept) == KEPT and kept[-1].number == KEPT + 20


def test_a_level_is_news_only_to_a_node_that_has_been_up_for_a_while() -> None:
    net, happenings = alone()
    happenings.hear(Note("level_raised", None, {"acting": 2, "before": 0}))
    net.run(STARTING_S)
    happenings.hear(Note("level_raised", None, {"acting": 3, "before": 2}))
    net.run(1.0)
    assert [one.level for one in happenings.after(0)] == [3]


def test_what_the_log_alone_is_for_is_no_happening() -> None:
    net, happenings = alone()
    happenings.hear(Note("client_registered", None, {"nick": "ann"}))
    happenings.hear(Note("stepped_down", GroupId("channel", "#c"), {}))
    net.run(1.0)
    assert happenings.after(0) == []
