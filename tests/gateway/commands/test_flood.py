"""The flood mode over several nodes: the master counts exactly, and the next master ends modes set for a time."""

from __future__ import annotations

from ring.ids import GroupId
from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Client, Net

C = GroupId("channel", "#c")


def test_a_raid_from_all_nodes_stops_at_the_limit(net: Net) -> None:
    ann, *raiders = people(net, "ann", *(f"r{number}" for number in range(12)))
    ann.ask("JOIN #c", "MODE #c +F 5j#i:20")
    for raider in raiders:
        raider.send("JOIN #c")
    net.run(2)
    settle(ann)
    assert len([line for line in ann.got if " JOIN #c" in line and not line.startswith(":ann!")]) == 5
    assert [line for line in ann.got if " MODE #c +i" in line] == [":ChanServ MODE #c +i"]
    assert sum(any(f" 473 {raider.nick} " in line for line in raider.got) for raider in raiders) == 7


def test_flooders_on_different_nodes_are_each_put_out(net: Net) -> None:
    ann, bob, cat = people(net, "ann", "bob", "cat", channel="#c")
    assert ann.ask("MODE #c +F 3l:30") == [f"{source('ann')} MODE #c +F 3l:30"]
    settle(bob, cat)
    for client in (bob, cat):
        client.send(*(f"PRIVMSG #c :{client.nick} {number}" for number in range(6)))
    net.run(1)
    settle(ann, bob, cat)
    for nick in ("bob", "cat"):
        assert ann.heard("#c").count(f"{nick} 2") == 1 and f"{nick} 3" not in ann.heard("#c")
        assert any(line.startswith(f":ChanServ KICK #c {nick} :Flood: more than 3 lines") for line in ann.got)


def test_a_flooder_is_banned_for_a_time(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.ask("MODE #c +F 1l#b5:30")
    bob.ask("PRIVMSG #c :one", "PRIVMSG #c :two")
    settle(ann, bob)
    assert [line for line in ann.got if " +b " in line] == [":ChanServ MODE #c +b ~t:5:*!*@10.0.0.1"]
    assert bob.ask("JOIN #c") == ["474 bob #c :Cannot join channel (+b)"]


def test_changes_of_nick(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    ann.ask("MODE #c +F 2n#q5:60")
    for nick in ("bob1", "bob2", "bob3"):
        bob.ask(f"NICK {nick}")
    settle(ann, bob)
    assert [line for line in ann.got if " +b " in line] == [":ChanServ MODE #c +b ~t:5:~q:*!*@10.0.0.1"]
    assert bob.ask("PRIVMSG #c :hello")[-1].startswith("404 ")


def test_the_successor_of_a_dead_node_takes_the_mode_off_again() -> None:
    net = network(3)
    probe = net.client("n1", "probe")
    probe.ask("JOIN #c")
    (master,) = net.masters(C)
    probe.quit()
    net.run(1)
    first, second = sorted({*net.nodes} - {master})
    ann, bob = net.client(first, "ann"), net.client(second, "bob")
    for client in (ann, bob):
        client.ask("JOIN #c")
    ann.ask("MODE #c +F 1l#m1:60")
    bob.ask("PRIVMSG #c :one", "PRIVMSG #c :two")
    settle(ann, bob)
    assert modes_of(bob) == "+Fmnt"
    net.kill(master)
    net.run(40)
    assert modes_of(bob) == "+Fmnt"
    net.run(50)
    assert modes_of(bob) == "+Fnt"
    assert [line for line in ann.lines() if " -m" in line] == [":ChanServ MODE #c -m"]


def modes_of(client: Client) -> str:
    (line,) = [line for line in client.ask("MODE #c") if line.startswith("324 ")]
    return "+" + "".join(sorted(line.split()[3].lstrip("+")))


def test_bad_limits_are_refused(net: Net) -> None:
    (ann,) = people(net, "ann", channel="#c")
    (line,) = ann.ask("MODE #c +F 10x:5")
    assert line.startswith("696 ann #c F 10x:5 :Write limits:seconds, such as 10l,3r,5j,4n,2c:15")
