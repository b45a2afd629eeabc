"""Settings survive a recording, without secrets."""

from __future__ import annotations

import pytest

from config.history import ChannelHistory
from config.webhooks import Webhooks
from gateway.edge.settings import EdgeSettings
from gateway.node import NodeSettings
from gateway.recording.settings import HIDDEN, pack, pack_node, unpack, unpack_node
from gateway.webhooks.settings import WebhookSettings
from ring.ids import UNREADABLE, GroupId
from tests.settings import edge_settings, node_settings, operator, ring_settings

ERLANG = GroupId("channel", "#erlang")


def everything() -> NodeSettings:
    return node_settings(
        edge=edge_settings(
            operators=(operator("root", "$argon2id$hushed", "*@a", "*@b"),),
            server_password_hash="$argon2id$hushed",
            secret=b"hushed",
            motd=("tea", "and talk"),
            reserved=frozenset(["root", "dan"]),
            channels={"#a": ChannelHistory(name="#a", keep_days=365, keep_lines=5_000)},
            burst=7,
        ),
        engine=ring_settings(dead_after_s=2.5, keep_own_s={ERLANG: 10.0}),
        webhooks=Webhooks(allow=("10.0.0.7", "*.example.net")),
    )


def test_a_core_reads_the_same_settings_in_the_replay() -> None:
    was = everything()
    now = unpack_node(*pack_node(was))
    assert now.engine._replace(ring=was.engine.ring) == was.engine
    assert (now.engine.ring.distance, now.engine.ring.copies) == (was.engine.ring.distance, was.engine.ring.copies)
    assert now.webhooks.allow == was.webhooks.allow and now.webhooks.keep_s == was.webhooks.keep_s
    assert now.edge.flood.burst == 7 and now.edge.limits.nick_len == was.edge.limits.nick_len
    assert now.edge.casemap("A[") == was.edge.casemap("A[") and now.edge.about == was.edge.about
    assert (now.edge.motd, now.edge.reserved) == (was.edge.motd, was.edge.reserved)
    assert [(name, one.keep_days) for name, one in now.edge.channels.items()] == [("#a", 365)]
    assert now.edge.operators[0].hosts == ("*@a", "*@b")


def test_no_secret_is_in_a_recording() -> None:
    was = everything()
    packed, _ = pack_node(was)
    assert b"hushed" not in packed and b"hushed" not in pack(EdgeSettings, was.edge)
    now = unpack(EdgeSettings, pack(EdgeSettings, was.edge))
    assert (now.operators[0].password_hash, now.server_password_hash) == (HIDDEN, HIDDEN)
    assert len(now.secret) == len(was.edge.secret)


def test_settings_that_were_changed_by_hand_are_unreadable() -> None:
    packed = pack(WebhookSettings, Webhooks())
    for data in (b"", packed[:-1], packed.replace(b"backlog", b"backlot")):
        with pytest.raises(UNREADABLE):
            unpack(WebhookSettings, data)
