"""What a node and a directory export, read from simulated networks."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from gateway.edge.rpc.operator_asks import WebhookRow
from gateway.status import Around, Certificate, Directory
from gateway.web.directory_source import DirectorySource
from gateway.web.health import Health, LoopLag
from gateway.web.metrics.directory import of_directory
from gateway.web.metrics.node import of_node
from gateway.web.source import Source, Vitals
from ring.histogram import Histogram
from ring.links.link import LinkState
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network, people, settle
from tests.gateway.web.samples import Samples, read
from tests.ring.membership.directory.test_leases import node
from tests.ring.membership.directory.world import World
from tests.sim.net import Net


def of(net: Net, name: str) -> Samples:
    return read(of_node(Source(net.nodes[name].core, dict)))


def test_people_and_groups_are_counted_on_their_nodes() -> None:
    net = network(3)
    people(net, "ann", "bob", "eve", channel="#erlang")  # which n3 masters
    found = [of(net, name) for name in ("n1", "n2", "n3")]
    assert [one[("circlet_clients",)] for one in found] == [1, 1, 1]
    assert [one[("circlet_channels", "master")] for one in found] == [0, 0, 1]
    assert [one[("circlet_groups", "channel", "master")] for one in found] == [0, 0, 1]
    assert sum(one[("circlet_groups", "nick", "master")] for one in found) == 3
    assert found[0][("circlet_groups", "channel", "follower")] == 1
    assert found[2][("circlet_commits_total",)] > 3


def test_messages_are_counted_and_timed() -> None:
    net = network(2)
    ann, bob = people(net, "ann", "bob", channel="#c")
    before = of(net, "n1")
    ann.send("PRIVMSG #c :one", "NOTICE #c :two", "TOPIC #c :three")
    settle(ann, bob)
    after = of(net, "n1")

    def grown(*key: str) -> float:
        return after[key] - before.get(key, 0.0)

    assert grown("circlet_messages_received_total") == 2
    assert grown("circlet_messages_sent_total") == 0  # nobody else is on this node
    assert grown("circlet_commands_total", "TOPIC") == 1
    assert grown("circlet_commit_seconds_count", "channel") == 3
    assert grown("circlet_delivery_seconds_count") == 3
    assert grown("circlet_delivery_seconds_bucket", "+Inf") == 3
    assert grown("circlet_client_received_lines_total") >= 3
    assert after[("circlet_submits_waiting",)] == after[("circlet_submit_oldest_seconds",)] == 0


def test_copies_of_messages_are_counted_where_their_readers_are() -> None:
    net = network(2)
    ann, bob, eve, joe = people(net, "ann", "bob", "eve", "joe", channel="#c")  # ann and eve on n1, the others on n2

    def sent() -> list[float]:
        return [of(net, name)[("circlet_messages_sent_total",)] for name in ("n1", "n2")]

    before = sent()
    ann.send("PRIVMSG #c :to all")
    settle(ann, bob, eve, joe)
    assert [now - then for now, then in zip(sent(), before, strict=True)] == [1, 2]
    before = sent()
    ann.send("PRIVMSG joe :to one", "INVITE joe #d", "PRIVMSG nobody :to none")
    settle(ann, bob, eve, joe)
    assert [now - then for now, then in zip(sent(), before, strict=True)] == [0, 1]


def test_accounts_and_sessions_are_counted_once_in_the_network() -> None:
    net = network(2)
    (ann,) = people(net, "ann")
    register(ann)
    settle(ann)
    for name in ("n1", "n2"):  # two clients of one session, which lives on one of the nodes
        client = Newcomer(net, name)
        client.log_in("ann", "sesame")
        client.enter("ann")
    found = [of(net, name) for name in ("n1", "n2")]
    assert [sum(one[(metric,)] for one in found) for metric in ("circlet_accounts", "circlet_sessions")] == [1, 1]
    remote = [(one[("circlet_remote_clients", "session")], one[("circlet_remote_clients", "client")]) for one in found]
    assert sorted(remote) == [(0, 1), (1, 0)]


def test_webhooks_that_fail_show(monkeypatch: pytest.MonkeyPatch) -> None:
    core = network(1).nodes["n1"].core
    well = WebhookRow("a", "#c", "https://example.org", "joe", 1, 5, 6, 2, 0, "", 0, 0)
    failing = WebhookRow("b", "#c", "https://example.org", "joe", 1, 5, 6, 7, 0, "refused", 9, 10)
    monkeypatch.setattr(core.webhooks, "rows", lambda: {"a": well, "b": failing})
    found = read(of_node(Source(core, dict)))
    assert [found[(name,)] for name in ("circlet_webhooks", "circlet_webhooks_failing")] == [2, 1]
    assert found[("circlet_webhook_messages_waiting",)] == 9


def test_a_takeover_and_a_dead_node_show() -> None:
    net = network(3)
    people(net, "ann", "bob", channel="#erlang")
    net.kill("n3")
    net.run(8)
    found = [of(net, name) for name in ("n1", "n2")]
    assert sum(one[("circlet_takeovers_total",)] for one in found) >= 1
    assert [one[("circlet_nodes", "dead")] for one in found] == [1, 1]
    assert [one[("circlet_nodes_died_total",)] for one in found] == [1, 1]
    assert found[0][("circlet_feature_level",)] == found[0][("circlet_build_feature_level",)]


def test_what_waits_for_a_silent_master_shows() -> None:
    net = network(2)
    ann, _ = people(net, "ann", "bob", channel="#go")  # which n2 masters
    net.hang("n2", 3.0)
    ann.send("PRIVMSG #go :are you there?")
    net.run(1)
    found = of(net, "n1")
    assert found[("circlet_submits_waiting",)] == 1 and 0.5 < found[("circlet_submit_oldest_seconds",)] <= 1.1
    assert found[("circlet_commands_waiting",)] == 1
    net.run(5)
    assert of(net, "n1")[("circlet_submits_waiting",)] == 0


def test_refusals_are_counted_by_reply() -> None:
    net = network(1)
    ann, _ = people(net, "ann", "bob")
    ann.ask("NICK bob", "JOIN #", "NOSUCH")
    found = of(net, "n1")
    assert found[("circlet_commands_refused_total", "433")] == 1
    assert found[("circlet_commands_refused_total", "421")] == 1
    assert found[("circlet_clients_refused_total", "per_source")] == 0
    assert found[("circlet_clients_cut_total", "flood")] == 0


def test_what_the_shells_know_is_exported() -> None:
    lag, writes = LoopLag(), Histogram()
    writes.observe(0.004)
    lag.expect(1.0)
    lag.came(3.0)
    vitals = Vitals(lag, writes, Histogram(), 10, 4096, 2, (5, 7), 11, Counter(rate=3))
    around = Around(
        [Directory("127.0.0.1:7701", "full", refused=True), Directory("127.0.0.1:7702", lease_left_s=9.5)],
        [Certificate("0.0.0.0:6697", "cert.pem", 1_800_000_000.0)],
    )
    net = network(2)
    links = {"127.0.0.2": LinkState(60.0, 0.002, 1, 2, 3), "127.0.0.9": LinkState(1.0)}
    core = net.nodes["n1"].core
    source = Source(
        core, lambda: links, around=lambda: around, vitals=lambda: vitals, health=lambda: Health(False, "slow")
    )
    found = read(of_node(source))
    assert found[("circlet_link_round_trip_seconds", "n2.sim")] == 0.002
    assert ("circlet_link_round_trip_seconds", "127.0.0.9") not in found  # not measured yet
    assert found[("circlet_link_sent_bytes_total", "n2.sim")] == 2
    assert found[("circlet_link_up_seconds", "127.0.0.9")] == 1
    assert found[("circlet_directory_lease_left_seconds", "127.0.0.1:7702")] == 9.5
    assert found[("circlet_directory_lease_left_seconds", "127.0.0.1:7701")] == 0
    assert found[("circlet_directory_refuses", "127.0.0.1:7701")] == 1
    assert found[("circlet_certificate_expiry_timestamp_seconds", "0.0.0.0:6697")] == 1_800_000_000
    assert found[("circlet_store_write_seconds_bucket", "0.005")] == 1
    assert found[("circlet_store_write_seconds_bucket", "0.0025")] == 0
    assert found[("circlet_loop_lag_seconds_sum",)] == 2
    assert found[("circlet_client_queue_bytes",)] == 12 and found[("circlet_client_queue_longest_bytes",)] == 7
    assert found[("circlet_links_refused_total", "rate")] == 3
    assert found[("circlet_healthy",)] == 0 and found[("circlet_ready",)] == 1  # the other directory lists the node
    assert found[("process_open_fds",)] > 0 and found[("process_max_fds",)] > 0
    assert found[("process_resident_memory_bytes",)] > 1_000_000


def test_no_name_of_a_channel_person_or_account_is_a_label() -> None:
    net = network(2)
    (ann,) = people(net, "zacharias", channel="#xylophone")
    register(ann)
    ann.ask("PRIVMSG nobodyatall :hi", "XYZZYPLUGH 1", "MODE #xylophone +k keyword", "NICK zebedee")
    for one in net.nodes.values():
        text = of_node(Source(one.core, dict)).text().decode().casefold()
        for name in ("zacharias", "xylophone", "nobodyatall", "xyzzyplugh", "keyword", "zebedee"):
            assert name not in text


def test_a_node_that_drains_says_so() -> None:
    net = network(2)
    core = net.nodes["n1"].core
    core.engine.leave(msgspec.structs.replace(core.engine.peers.me, leaving=True))
    found = of(net, "n1")
    assert found[("circlet_draining",)] == 1 and found[("circlet_ready",)] == 0


def test_a_directory_counts_leases_and_who_went() -> None:
    world = World()

    def found() -> Samples:
        return read(of_directory(DirectorySource(world.up[0], "1", "127.0.0.1:7701", lambda: world.now)))

    first, second = world.node(node(1)), world.node(node(2))
    world.run(1)
    assert found()[("circlet_directory_rebuilding",)] == 1
    world.node(node(1, "other", ip="127.0.0.9"))
    world.run(11)
    now = found()
    assert now[("circlet_directory_leases",)] == now[("circlet_directory_nodes_joined_total",)] == 2
    assert now[("circlet_directory_announcements_refused_total",)] >= 1
    assert now[("circlet_directory_rebuilding",)] == 0 and now[("circlet_directory_up_seconds",)] == 12
    first.core.depart()
    world.run(1)
    world.nodes.remove(second)
    world.run(15)
    world.up[0].receive(b"nonsense", ("127.0.0.9", 1), world.now)
    after = found()
    assert after[("circlet_directory_nodes_left_total", "departed")] == 1
    assert after[("circlet_directory_nodes_left_total", "expired")] == 1
    assert sum(value for name, value in after.items() if name[0] == "circlet_directory_datagrams_dropped_total") >= 1
    assert after[("circlet_directory_datagrams_received_total",)] > now[("circlet_directory_datagrams_received_total",)]
    assert after[("circlet_directory_build_info", "127.0.0.1:7701", "1")] == 1


def test_a_node_knows_how_long_its_leases_last() -> None:
    world = World(directories=2)
    member = world.node(node(1))
    assert member.core.leases_left(world.now) == [None, None]
    world.run(4)
    assert all(left is not None and 5 < left <= 10 for left in member.core.leases_left(world.now))
    world.now += 11
    assert member.core.leases_left(world.now) == [None, None]
