"""ChanServ's commands about people: by the flags of an access, on one node and on three."""

from __future__ import annotations

import pytest

from gateway.irc.extbans import WRONG
from gateway.services.chanserv import NOT_DONE
from gateway.services.moderating import NO_NICK
from gateway.services.table import NOT_LOGGED_IN
from tests.gateway.commands.stage import OPERATOR, network, settle
from tests.gateway.services.test_chanserv import cast, ranks, told
from tests.sim.net import Net


@pytest.fixture(params=[1, 3])
def net(request: pytest.FixtureRequest) -> Net:
    return network(request.param, operators=(OPERATOR,))


def test_kick(net: Net) -> None:
    ann, bob, eve = cast(net)
    assert told(eve, "KICK #c bob") == [NOT_LOGGED_IN]
    assert told(bob, "KICK #c eve") == [NOT_DONE["access"]]
    told(ann, "FLAGS #c bob +r")
    assert told(bob, "KICK #c ann") == [NOT_DONE["access"]]
    assert told(bob, "KICK #c nobody") == [NO_NICK]
    assert told(bob, "KICK #other eve") == [NOT_DONE["unregistered"]]
    assert told(bob, "KICK #c")[0] == "Syntax: KICK <channel> <nick> [reason]"
    assert told(bob, "KICK #c eve too loud") == ["eve is put out."]
    settle(ann, bob, eve)
    assert any(line.startswith(":ChanServ!") and "KICK #c eve :(bob) too loud" in line for line in ann.got)
    assert ranks(ann) == {"~ann", "bob"}
    assert told(bob, "KICK #c eve") == ["eve: They aren't on that channel"]


def test_ban_and_unban(net: Net) -> None:
    ann, bob, eve = cast(net)
    assert told(bob, "BAN #c eve") == [NOT_DONE["access"]]
    assert told(bob, "UNBAN #c eve") == [NOT_DONE["access"]]
    told(ann, "FLAGS #c bob +r")
    assert told(bob, "BAN #c bad!*@*") == ["bad!*@* is banned."]
    assert told(bob, "BAN #c nobody") == ["nobody!*@* is banned."]
    (answer,) = told(bob, "BAN #c eve")
    host = answer.removeprefix("*!*@").split(" ")[0]
    assert answer == f"*!*@{host} is banned."
    eve.ask("PART #c")
    assert eve.ask("JOIN #c")[-1].startswith("474 ")
    assert f"The ban *!*@{host} matches." in told(ann, "WHY #c eve")
    assert told(bob, "BAN #c ~x:x!*@*") == [f"#c: {WRONG}"]
    assert told(bob, "UNBAN #c eve") == [f"Bans taken away: *!*@{host}"]
    assert told(bob, "UNBAN #c bad!*@*") == ["Bans taken away: bad!*@*"]
    assert told(bob, "UNBAN #c") == ["Bans taken away: none"]
    assert told(bob, "UNBAN #c nobody") == [NO_NICK]
    assert "JOIN #c" in " ".join(eve.ask("JOIN #c"))


def test_invite_and_getkey(net: Net) -> None:
    ann, bob, eve = cast(net)
    assert told(ann, "GETKEY #c") == ["#c has no key."]
    ann.ask("MODE #c +ik sesame")
    bob.ask("PART #c")
    eve.ask("PART #c")
    assert told(bob, "GETKEY #c") == [NOT_DONE["access"]]
    assert told(bob, "INVITE #c") == [NOT_DONE["access"]]
    told(ann, "FLAGS #c bob +i")
    assert told(bob, "GETKEY #c") == ["The key of #c is sesame"]
    assert told(bob, "INVITE #c nobody") == [NO_NICK]
    assert told(bob, "INVITE #c eve") == ["eve is invited."]
    settle(ann, bob, eve)
    assert any(line.startswith(":ChanServ!") and line.endswith("INVITE eve #c") for line in eve.got)
    assert told(bob, "INVITE #c") == ["bob is invited."]
    for one in (bob, eve):
        assert "JOIN #c" in " ".join(one.ask("JOIN #c"))
    assert told(bob, "INVITE #c eve") == ["eve: is already on channel"]


def test_why(net: Net) -> None:
    ann, bob, _ = cast(net)
    assert told(ann, "WHY #c") == ["ann is logged in as ann, the founder."]
    assert told(bob, "WHY #c") == ["bob is logged in as bob, who has no access."]
    assert told(bob, "WHY #c ann") == [NOT_DONE["access"]]
    told(ann, "FLAGS #c bob AOP")
    assert told(ann, "WHY #c bob") == ["bob is logged in as bob: flags AOhiortv, by ann; ranks on entering: o."]
    told(ann, "AKICK #c ADD eve!*@* go away")
    assert told(bob, "WHY #c eve") == [
        "eve is not logged in: no access counts.",
        "Kept out by AKICK eve!*@*, by ann: go away",
    ]
    assert told(bob, "WHY #c nobody") == [NO_NICK]
    assert told(bob, "WHY #other") == [NOT_DONE["unregistered"]]
