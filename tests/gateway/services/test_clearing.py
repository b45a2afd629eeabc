"""ChanServ's CLEAR and RECOVER: by the flag R, on one node and on three."""

from __future__ import annotations

import pytest

from gateway.services.chanserv import NOT_DONE
from gateway.services.table import NOT_LOGGED_IN
from tests.gateway.commands.stage import OPERATOR, network, people, settle
from tests.gateway.services.test_chanserv import cast, ranks, told
from tests.sim.net import Net


@pytest.fixture(params=[1, 3])
def net(request: pytest.FixtureRequest) -> Net:
    return network(request.param, operators=(OPERATOR,))


def test_clear_users(net: Net) -> None:
    ann, bob, eve = cast(net)
    (dan,) = people(net, "dan")
    dan.ask("JOIN #c")
    told(ann, "FLAGS #c bob +r")
    assert told(eve, "CLEAR #c USERS") == [NOT_LOGGED_IN]
    assert told(bob, "CLEAR #c USERS") == [NOT_DONE["access"]]
    assert told(ann, "CLEAR #c SINGING") == ["Syntax: CLEAR <channel> <USERS|BANS|OPS>"]
    assert told(ann, "CLEAR #other USERS") == [NOT_DONE["unregistered"]]
    assert told(ann, "CLEAR #c USERS") == ["People put out: 2"]
    settle(ann, bob, eve)
    assert ranks(ann) == {"~ann", "bob"}
    assert any("KICK #c eve :(ann) The channel is cleared" in line for line in bob.got)
    assert told(ann, "CLEAR #c USERS") == ["People put out: 0"]


def test_clear_bans_and_ops(net: Net) -> None:
    ann, bob, eve = cast(net)
    ann.ask("MODE #c +bb x!*@* y!*@*", "MODE #c +o eve")
    told(ann, "FLAGS #c bob AOP")
    settle(ann, bob, eve)
    assert ranks(ann) == {"~ann", "@bob", "@eve"}
    assert told(bob, "CLEAR #c BANS") == [NOT_DONE["access"]]
    assert told(bob, "CLEAR #c OPS") == [NOT_DONE["access"]]
    assert told(ann, "CLEAR #c BANS") == ["Bans taken away: 2"]
    assert told(ann, "CLEAR #c OPS") == ["Operators who lost the rank: 1"]
    settle(ann, bob, eve)
    assert ranks(ann) == {"~ann", "@bob", "eve"}, "the access of bob stays"
    assert not any(line.startswith("367 ") for line in ann.ask("MODE #c b"))


def test_recover_from_inside(net: Net) -> None:
    ann, bob, eve = cast(net)
    told(ann, "FLAGS #c bob +R")
    assert told(bob, "RECOVER #c") == [NOT_DONE["operator"]]
    assert told(bob, "RECOVER #other") == [NOT_DONE["unregistered"]]
    ann.ask("MODE #c +il 3", "PART #c")
    assert told(bob, "RECOVER #c") == ["#c is recovered."]
    settle(bob, eve)
    assert ranks(eve) == {"@bob", "eve"}
    assert bob.ask("MODE #c")[0] == "324 bob #c +nt"


def test_recover_from_outside(net: Net) -> None:
    ann, bob, eve = cast(net)
    bob.ask("PART #c")
    assert told(bob, "RECOVER #c") == [NOT_DONE["access"]]
    told(ann, "FLAGS #c bob +R")
    ann.ask("MODE #c +ikb sesame bob!*@*", "PART #c")
    assert bob.ask("JOIN #c")[-1].startswith("47")
    assert told(bob, "RECOVER #c")[0] == "#c is recovered."
    settle(bob, eve)
    assert "JOIN #c" in " ".join(bob.ask("JOIN #c"))
    assert bob.ask("MODE #c")[0] == "324 bob #c +nt"
    assert told(bob, "RECOVER #c") == ["#c is recovered."]
    settle(bob, eve)
    assert ranks(eve) == {"@bob", "eve"}
