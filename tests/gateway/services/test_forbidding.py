"""PURGE and FORBID of ChanServ, for operators of the network: on one node and on three."""

from __future__ import annotations

import pytest

from gateway.services.chanserv import NOT_DONE
from gateway.services.forbidding import NOT_OPERATOR
from tests.gateway.commands.stage import OPERATOR, network, people, settle
from tests.gateway.services.test_chanserv import cast, ranks, told
from tests.sim.net import Client, Net


@pytest.fixture(params=[1, 3])
def net(request: pytest.FixtureRequest) -> Net:
    return network(request.param, operators=(OPERATOR,))


def oper(net: Net) -> Client:
    (root,) = people(net, "root")
    root.ask("OPER root sesame")
    return root


def test_a_channel_is_purged(net: Net) -> None:
    ann, bob, eve = cast(net)
    root = oper(net)
    told(ann, "FLAGS #c bob AOP")
    assert told(ann, "PURGE #c") == [NOT_OPERATOR]
    assert told(root, "PURGE #other") == [NOT_DONE["unregistered"]]
    assert told(root, "PURGE #c enough") == ["#c is purged; people put out: 3"]
    settle(ann, bob, eve)
    for one in (ann, bob, eve):
        assert any(f"KICK #c {one.nick} enough" in line or f"KICK #c {one.nick} :enough" in line for line in one.got)
    assert told(ann, "INFO #c") == [NOT_DONE["unregistered"]]
    eve.ask("JOIN #c")
    bob.ask("JOIN #c")
    settle(bob, eve)
    assert ranks(eve) == {"@eve", "bob"}, "the channel is as any other"
    assert any(" purge " in line or "purge #c" in line for line in root.ask("AUDIT"))


def test_a_channel_is_forbidden(net: Net) -> None:
    ann, bob, eve = cast(net)
    root = oper(net)
    assert told(ann, "FORBID #c why") == [NOT_OPERATOR]
    assert told(root, "FORBID #c")[0].startswith("Syntax: FORBID ")
    assert told(root, "FORBID #c bad things") == ["#c is forbidden; people put out: 3"]
    settle(ann, bob, eve)
    refusal = "#c :Operators of the network forbid this channel (bad things)"
    for one in (ann, bob, eve):
        assert one.ask("JOIN #c")[-1] == f"448 {one.nick} {refusal}"
    assert told(ann, "INFO #c")[0].startswith("Forbidden by root, ") and "bad things" in told(ann, "INFO #c")[0]
    assert root.ask("JOIN #c")[-1] == f"448 root {refusal}"
    assert told(root, "FORBID #c off") == ["#c may be entered again."]
    assert told(root, "FORBID #c off") == ["#c may be entered again."]
    assert told(root, "FORBID #new never made") == ["#new is forbidden; people put out: 0"]
    assert eve.ask("JOIN #new")[-1].startswith("448 eve #new :")
    eve.ask("JOIN #c")
    assert ranks(eve) == {"@eve"}
    assert told(ann, "INFO #c") == [NOT_DONE["unregistered"]]
