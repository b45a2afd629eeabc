"""Extended bans and TBAN: what people read, from every node, and after the death of the channel's node."""

from __future__ import annotations

import pytest

from gateway.commands.modes import read_minutes
from ring.ids import GroupId
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Client, Net

C = GroupId("channel", "#c")
SERVER_BAN_ENDS = ":ChanServ MODE #c -b "


def refused(client: Client, line: str, numeric: str) -> bool:
    lines = client.ask(line)
    return bool(lines) and lines[-1].startswith(f"{numeric} ")


def news(client: Client) -> list[str]:
    return [line for line in client.sync() if not line.startswith("PING ")]


def set_mask(net: Net, ann: Client, letter: str, mask: str, *others: Client) -> None:
    assert ann.ask(f"MODE #c +{letter} {mask}") == [f"{source('ann')} MODE #c +{letter} {mask}"]
    settle(*others)


def test_a_ban_of_an_account_holds_whatever_the_nick_and_the_address(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    register(bob)
    ann.ask("JOIN #c")
    set_mask(net, ann, "b", "~a:bob", bob, cat)
    bob.ask("NICK robert")
    assert bob.ask("JOIN #c") == ["474 robert #c :Cannot join channel (+b)"]
    assert not refused(cat, "JOIN #c", "474")
    set_mask(net, ann, "e", "~a:B*", bob, cat)
    assert not refused(bob, "JOIN #c", "474")
    assert ann.ask("MODE #c b")[0].startswith("367 ann #c ~a:bob ann!~ann@10.0.0.1 17")


def test_logging_in_may_be_what_a_channel_asks_for(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    set_mask(net, ann, "b", "~q:~a:0", bob)
    assert refused(bob, "PRIVMSG #c :hello", "404")
    register(bob)
    assert not refused(bob, "PRIVMSG #c :hello", "404")


def test_a_mute_lets_people_in(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c")
    assert ann.ask("MODE #c +b ~quiet:bob") == [f"{source('ann')} MODE #c +b ~q:bob!*@*"]
    settle(bob)
    assert not refused(bob, "JOIN #c", "474")
    assert refused(bob, "PRIVMSG #c :hello", "404")
    assert ann.ask("MODE #c -b ~q:bob")[-1] == f"{source('ann')} MODE #c -b ~q:bob!*@*"
    assert not refused(bob, "PRIVMSG #c :hello", "404")


def test_a_real_name(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("JOIN #c")
    set_mask(net, ann, "b", "~r:BOB?r*l", bob, cat)
    assert refused(bob, "JOIN #c", "474") and not refused(cat, "JOIN #c", "474")


def test_people_of_another_channel(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("JOIN #c")
    set_mask(net, ann, "b", "~c:#raid", bob, cat)
    bob.ask("JOIN #RAID")
    assert refused(bob, "JOIN #c", "474") and not refused(cat, "JOIN #c", "474")
    bob.ask("PART #raid")
    assert bob.ask("JOIN #c")[0] == f"{source('bob')} JOIN #c"
    bob.ask("JOIN #raid")
    assert not refused(bob, "PRIVMSG #c :hello", "404")  # judged on entering alone


def test_a_channel_whose_people_need_no_invitation(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat")
    ann.ask("JOIN #c", "MODE #c +i")
    set_mask(net, ann, "I", "~c:#friends", bob, cat)
    bob.ask("JOIN #friends")
    assert not refused(bob, "JOIN #c", "473") and refused(cat, "JOIN #c", "473")


def test_a_ban_ends_when_its_time_is_over(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c")
    assert ann.ask("TBAN #c 2 bob") == [f"{source('ann')} MODE #c +b ~t:2:bob!*@*"]
    settle(bob)
    net.run(100)
    assert refused(bob, "JOIN #c", "474")
    net.run(25)
    assert news(ann) == [f"{SERVER_BAN_ENDS}~t:2:bob!*@*"]
    assert not refused(bob, "JOIN #c", "474")
    assert ann.ask("MODE #c b") == ["368 ann #c :End of channel ban list"]


def test_a_ban_for_a_time_that_is_set_again_begins_anew(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", "TBAN #c 1m bob")
    net.run(40)
    assert ann.ask("TBAN #c 1 BOB") == [f"{source('ann')} MODE #c +b ~t:1:BOB!*@*"]
    net.run(40)
    assert news(ann) == [] and refused(bob, "JOIN #c", "474")
    net.run(30)
    assert news(ann) == [f"{SERVER_BAN_ENDS}~t:1:bob!*@*"]


def test_the_successor_of_a_dead_node_takes_the_ban_off() -> None:
    net = network(3)
    master = master_of(net)
    ann, bob = (
        net.client(name, nick) for name, nick in zip(sorted({*net.nodes} - {master}), ("ann", "bob"), strict=True)
    )
    ann.ask("JOIN #c", "TBAN #c 1 eve", "TBAN #c 9 joe")
    bob.ask("JOIN #c")
    net.kill(master)
    net.run(90)
    for client in (ann, bob):
        assert [line for line in client.lines() if " MODE #c -" in line] == [f"{SERVER_BAN_ENDS}~t:1:eve!*@*"]
    assert [line.split()[3] for line in bob.ask("MODE #c b")[:-1]] == ["~t:9:joe!*@*"]


def master_of(net: Net) -> str:
    client = net.client("n1", "probe")
    client.ask("JOIN #c")
    (master,) = net.masters(C)
    client.quit()
    net.run(1)
    return master


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90", 90), ("90m", 90), ("1h30m", 90), ("2D", 2880), ("1w", 10_080), ("", 0), ("x", 0), ("-5", 0), ("0", 0)],
)
def test_times(text: str, minutes: int) -> None:
    assert read_minutes(text) == minutes


@pytest.mark.parametrize("line", ["TBAN #c x bob", "TBAN #c 0 bob", "TBAN #c 999999h bob", "TBAN #c 5 ~x:bob"])
def test_bad_bans_for_a_time(net: Net, line: str) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert refused(ann, line, "696")
    assert refused(bob, "TBAN #c 5 ann", "482")
    assert refused(ann, "TBAN nowhere 5 bob", "403")
    assert refused(ann, "TBAN #c 5", "461")


def test_an_older_network_refuses_extended_bans() -> None:
    net = Net(2, level=2)
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert refused(ann, "MODE #c +b ~a:bob", "696")
    assert ann.ask("TBAN #c 5 bob")[-1].endswith("try again once all nodes are upgraded.")
    assert bob.sync() == []
