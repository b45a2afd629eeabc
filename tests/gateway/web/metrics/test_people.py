"""Metrics of clients: people, messages, accounts, sessions and refusals."""

from __future__ import annotations

from gateway.web.metrics.node import of_node
from gateway.web.source import Source
from tests.gateway.commands.accounts import Newcomer, register
from tests.gateway.commands.stage import network, people, settle
from tests.gateway.web.samples import Samples, read
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


def test_refusals_are_counted_by_reply() -> None:
    net = network(1)
    ann, _ = people(net, "ann", "bob")
    ann.ask("NICK bob", "JOIN #", "NOSUCH")
    found = of(net, "n1")
    assert found[("circlet_commands_refused_total", "433")] == 1
    assert found[("circlet_commands_refused_total", "421")] == 1
    assert found[("circlet_clients_refused_total", "per_source")] == 0
    assert found[("circlet_clients_cut_total", "flood")] == 0
