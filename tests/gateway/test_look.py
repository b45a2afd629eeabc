"""A node's answers to the pages of other nodes, and the private parts that the answers leave out."""

from __future__ import annotations

import msgspec
import pytest

from gateway import look
from gateway.edge.rpc.asks import Looked
from gateway.happenings import Happenings
from gateway.look import Looks, public
from gateway.status import Around, Certificate, Webhook, status
from ring.durations import REST_S
from ring.links.link import LinkState
from ring.replication.application import Note
from tests.gateway.commands.stage import network, people


def test_another_node_reads_what_is_packed() -> None:
    net = network(2)
    people(net, "ann", channel="#irc")
    core = net.nodes["n1"].core
    happenings = Happenings(core)
    happenings.hear(Note("node_alive", None, {"peer": "127.0.0.2"}))
    net.run(2 * REST_S)
    looks = Looks(core, lambda: {"127.0.0.2": LinkState(3.0, 0.002)}, Around, happenings)
    found = look.read(Looked(looks.packed(0, 0)))
    assert found is not None and [one.event for one in found.happenings] == ["node_alive"]
    assert (found.status.name, found.status.clients) == ("n1.sim", 1)
    assert found.status.links == {"127.0.0.2": 3.0} and found.status.round_trips == {"127.0.0.2": 0.002}
    assert sum(found.status.mastered.values()) == len(core.engine.replicas.masters) > 0
    assert looks.look(core.engine.me.number, 1).happenings == []
    assert len(looks.look(core.engine.me.number - 1, 1).happenings) == 1, "an earlier life's numbers mean nothing"


def test_one_status_does_for_all_who_ask_in_the_same_second() -> None:
    net = network(1)
    looks = Looks(net.nodes["n1"].core, dict, Around, Happenings(net.nodes["n1"].core))
    first = looks.look(0, 0).status
    assert looks.look(0, 0).status is first
    net.run(1.0)
    assert looks.look(0, 0).status is not first


@pytest.mark.parametrize("reply", [None, Looked(b""), Looked(b"\xc1"), Looked(msgspec.msgpack.encode({"status": 7}))])
def test_what_cannot_be_read_is_no_look(reply: object) -> None:
    assert look.read(reply) is None


def test_files_and_private_names_stay_here() -> None:
    found = status(network(1).nodes["n1"].core, {})
    secret = msgspec.structs.replace(
        found,
        store="/var/lib/circlet/groups.db: no space",
        stopped=["account:ann", "channel:#c"],
        certificates=[Certificate("127.0.0.1:6697", "/etc/keys/cert.pem", 1.0)],
        webhooks_failing=[Webhook("aa11", "#secret", "a.example", "a.example resolves to 10.0.0.1", 1.0, 7, 0)],
    )
    shown = public(secret)
    assert shown.stopped == ["account", "channel"] and shown.certificates[0].file == "cert.pem"
    assert shown.webhooks_failing == [Webhook("aa11", "a channel", "its receiver", "its log says why", 1.0, 7, 0)]
    assert shown.store == "its log says why" and public(found) == found
