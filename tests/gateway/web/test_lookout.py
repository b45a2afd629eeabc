"""One page's view of all nodes."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.status import Status
from gateway.web.lookout import OLD_S, SILENT_S, _Seen
from gateway.web.overview import LISTED, _counted, glimpse, links, overview
from gateway.web.views import by_name
from tests.gateway.commands.stage import people
from tests.gateway.web.watched import Watched
from tests.sim.net import Net


def test_every_node_says_how_it_is() -> None:
    watched = Watched()
    clients = people(watched.net, "ann", "bob", "cat", "dan", channel="#erlang")
    for client in clients:
        client.ask("PRIVMSG #erlang :hello")
    lookout = watched.look()
    statuses = [lookout.status(f"127.0.0.{number}") for number in (1, 2, 3)]
    assert [status.clients if status is not None else None for status in statuses] == [2, 1, 1]
    assert lookout.judge()() == []
    received, sent = zip(*[(one.messages_received, one.messages_sent) for one in statuses if one], strict=True)
    assert min(received) > 0 and min(sent) > 0
    view = overview(glimpse(watched.net.nodes["n1"].core, lookout))
    assert [node["name"] for node in view["nodes"]] == ["n1.sim", "n2.sim", "n3.sim"]
    assert sum(node["mastered"]["channel"] for node in view["nodes"]) == 1
    assert sum(node["mastered"]["nick"] for node in view["nodes"]) == 4
    assert sum(node["share"] for node in view["nodes"]) == 1.0
    assert {node["hue"] for node in view["nodes"]} == {0, 1, 2}


def test_a_dead_node_masters_nothing_and_its_takeover_is_told_by_the_node_that_took_over() -> None:
    watched = Watched()
    people(watched.net, "ann", channel="#erlang")
    watched.look()
    watched.net.kill("n3")
    watched.net.run(6.0)
    watched.hear()
    lookout = watched.look("n1")
    events = [(key, one.event) for key, one in lookout.take_news()]
    assert ("127.0.0.2", "takeover") in events and ("127.0.0.1", "node_dead") in events
    assert lookout.take_news() == []
    watched.look("n1")
    assert lookout.take_news() == [], "each is told once"
    view = overview(glimpse(watched.net.nodes["n1"].core, lookout))
    shares = {node["name"]: (node["alive"], node["share"]) for node in view["nodes"]}
    assert shares["n3.sim"] == (False, 0.0) and shares["n1.sim"][1] + shares["n2.sim"][1] == 1.0
    assert "clients" not in next(node for node in view["nodes"] if node["name"] == "n3.sim")
    wrong = lookout.judge()()
    assert wrong is not None and any("think n3.sim dead" in line for line in wrong)


def test_a_nick_counts_while_somebody_has_the_nick() -> None:
    watched = Watched()
    ann, bob, _cat = people(watched.net, "ann", "bob", "cat")
    ann.ask("NICK ann-away")
    ann.ask("NICK ann-back")
    bob.send("QUIT")
    watched.net.run(3.0)
    lookout = watched.look()
    view = overview(glimpse(watched.net.nodes["n1"].core, lookout))
    assert sum(node["mastered"]["nick"] for node in view["nodes"]) == 2
    statuses = [status for key in ("127.0.0.1", "127.0.0.2", "127.0.0.3") if (status := lookout.status(key))]
    groups = sum(status.mastered.get("nick", 0) for status in statuses)
    assert groups > 2, "the groups of free nicks are there"
    assert sum(_counted(replace(status, nicks=None), "nick") for status in statuses) == groups, "of an older build"


def test_nodes_keep_their_colours_while_a_node_goes_and_comes_back() -> None:
    watched = Watched()
    core, lookout = watched.net.nodes["n1"].core, watched.look()

    def hues() -> dict[str, int]:
        return {node["name"]: node["hue"] for node in overview(glimpse(core, lookout))["nodes"]}

    before = hues()
    assert sorted(before.values()) == [0, 1, 2]
    watched.net.kill("n3")
    watched.net.run(6.0)
    assert hues() == before, "dead"
    watched.net.start(3)
    watched.net.run(6.0)
    life = watched.net.nodes["n3"].core.engine.me.number
    watched.net.leave("n3")
    core.engine.forget("127.0.0.3", life)
    assert hues() == {name: before[name] for name in ("n1.sim", "n2.sim")}, "gone in order"
    watched.net.start(3)
    watched.net.run(6.0)
    assert hues() == before, "back"


def test_a_node_that_hangs_is_told_of_until_it_counts_as_dead() -> None:
    watched = Watched()
    watched.look()
    watched.net.nodes["n3"].hung = True
    node, lookout = watched.net.nodes["n1"], watched.lookouts["n1"]
    told: list[str] = []
    for _ in range(12):
        watched.net.turn(node, lambda: lookout.ask(lambda: None))
        watched.net.run(1.0)
        told += lookout.judge()() or []
    assert any("n3.sim" in line for line in told)


def test_nobody_is_asked_twice_at_once_however_many_pages_are_loaded() -> None:
    watched = Watched()
    node, lookout = watched.net.nodes["n1"], watched.lookouts["n1"]
    watched.net.run(1.0)
    done: list[int] = []
    for number in range(500):
        watched.net.turn(node, lambda number=number: lookout.ask(lambda: done.append(number)))
    assert len(node.core.engine.rpc.open) == 2
    assert watched.net.until(lambda: len(done) == 500, 5.0), "all have their answer"


def test_at_a_lower_feature_level_the_page_knows_its_own_node() -> None:
    watched = Watched()
    watched.net = Net(2, level=1)
    for name in watched.net.nodes:
        watched.start(name)
    lookout = watched.look("n1")
    assert lookout.status("127.0.0.1") is not None and lookout.status("127.0.0.2") is None
    assert lookout.judge()() == [
        "at the network's feature level 1, nodes do not tell each other how they are: upgrade all"
    ]


def test_what_was_said_long_ago_is_not_shown() -> None:
    watched = Watched(1)
    lookout = watched.look()
    assert lookout.status("127.0.0.1") is not None
    watched.net.run(OLD_S + 1)
    assert lookout.status("127.0.0.1") is None and lookout.rates("127.0.0.1") is None and SILENT_S < OLD_S


def test_rates_are_those_of_the_last_seconds() -> None:
    watched = Watched(1)
    look = watched.lookouts["n1"]._own.look(0, 0)
    seen = _Seen()
    for second in range(21):  # 10 messages a second, then 100
        count = 10 * min(second, 10) + 100 * max(second - 10, 0)
        status = replace(look.status, messages_received=count, messages_sent=2 * count)
        seen.take(replace(look, status=status), float(second))
    assert seen.rates() == (100.0, 200.0)


def test_a_link_is_shown_once_with_what_either_end_measured() -> None:
    watched = Watched(2)
    one, two = (watched.lookouts[name]._own.look(0, 0).status for name in ("n1", "n2"))
    one = replace(one, links={"127.0.0.2": 5.0, "127.0.0.9": 1.0})
    two = replace(two, links={"127.0.0.1": 6.0}, round_trips={"127.0.0.1": 0.0015})
    assert links({"127.0.0.1": one, "127.0.0.2": two, "127.0.0.3": None}) == (
        [{"from": "127.0.0.1", "to": "127.0.0.2", "up_s": 5.0, "round_trip_ms": 1.5}],
        0,
    )


def test_a_roster_that_the_nodes_agree_on_is_kept_once() -> None:
    watched = Watched()
    lookout = watched.look()
    first, *others = [lookout.status(f"127.0.0.{number}") for number in (1, 2, 3)]
    assert first is not None and len(first.roster) == 3
    assert all(other is not None and other.roster is first.roster for other in others)
    watched.net.kill("n3")
    watched.net.run(20.0)
    assert [line for line in watched.look().judge()() or [] if "n3" in line]


def test_of_many_links_the_first_are_shown_and_the_others_counted() -> None:
    base = Watched(1).lookouts["n1"]._own.look(0, 0).status
    keys = [f"127.0.0.{number}" for number in range(1, 61)]
    statuses: dict[str, Status | None] = {
        key: replace(base, links={other: 1.0 for other in keys if other != key}) for key in keys
    }
    shown, more = links(statuses)
    assert len(shown) == LISTED and more == 60 * 59 // 2 - LISTED
    assert [shown[0]["from"], shown[0]["to"]] == keys[:2]


def test_names_are_sorted_as_people_count() -> None:
    names = ["node-10", "node-2", "1", "b", "node-2.b", "0" * 30, ""]
    assert sorted(names, key=by_name) == ["", "b", "node-2", "node-2.b", "node-10", "0" * 30, "1"]
