from __future__ import annotations

import pytest

from tests.gateway.commands.stage import network, people, settle, source
from tests.sim.net import Net


def test_the_first_makes_the_channel_and_the_second_finds_it(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    assert ann.ask("JOIN #Erlang") == [
        f"{source('ann')} JOIN #Erlang",
        "353 ann = #Erlang :@ann",
        "366 ann #Erlang :End of /NAMES list",
    ]
    ann.ask("TOPIC #erlang :let it crash")
    assert bob.ask("JOIN #ERLANG") == [
        f"{source('bob')} JOIN #Erlang",
        "332 bob #Erlang :let it crash",
        f"333 bob #Erlang {source('ann')[1:]} {int(net.now)}",
        "353 bob = #Erlang :@ann bob",
        "366 bob #Erlang :End of /NAMES list",
    ]
    assert ann.sync() == [f"{source('bob')} JOIN #Erlang"]
    assert bob.ask("JOIN #erlang") == []


def test_several_with_keys(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #a,#b,#c", "MODE #b +k key")
    joined = [line for line in bob.ask("JOIN #a,#b,,#c x,key") if " JOIN " in line]
    assert joined == [f"{source('bob')} JOIN #{c}" for c in "abc"]
    assert bob.ask("PART #a,#b :so long") == [f"{source('bob')} PART #{c} :so long" for c in "ab"]
    assert ann.sync()[-2:] == [f"{source('bob')} PART #{c} :so long" for c in "ab"]
    assert bob.ask("JOIN #b,#b wrong,key")[0] == "475 bob #b :Cannot join channel (+k)"


def test_join_zero_leaves_all_even_those_just_asked_for(net: Net) -> None:
    (ann,) = people(net, "ann", channel="#a")
    lines = ann.ask("JOIN #b", "JOIN 0")
    assert {line for line in lines if " PART " in line} == {f"{source('ann')} PART #{c}" for c in "ab"}
    assert ann.ask("PRIVMSG #b :hello?") == ["403 ann #b :No such channel"]


def test_leave_and_come_back_in_one_packet(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    assert [line.split()[1] for line in bob.ask("PART #c", "JOIN #c")][:2] == ["PART", "JOIN"]
    assert ann.sync() == [f"{source('bob')} PART #c", f"{source('bob')} JOIN #c"]


@pytest.mark.parametrize(
    ("modes", "join", "numeric"),
    [
        ("+i", "JOIN #c", "473"),
        ("+k key", "JOIN #c", "475"),
        ("+k key", "JOIN #c kex", "475"),
        ("+l 1", "JOIN #c", "471"),
        ("+b *!*@10.0.0.1", "JOIN #c", "474"),
        ("+R", "JOIN #c", "477"),
        ("+S", "JOIN #c", "489"),
    ],
)
def test_barred(net: Net, modes: str, join: str, numeric: str) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", f"MODE #c {modes}")
    (line,) = bob.ask(join)
    assert line.startswith(f"{numeric} bob #c :")
    assert ann.sync() == []


def test_an_invitation_passes_plus_i(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", "MODE #c +i")
    assert ann.ask("INVITE bob #c") == ["341 ann bob #c"]
    assert bob.sync() == [f"{source('ann')} INVITE bob #c"]
    assert bob.ask("INVITE") == ["336 bob #c", "337 bob :End of /INVITE list"]
    assert bob.ask("JOIN #c")[0] == f"{source('bob')} JOIN #c"
    assert bob.ask("INVITE") == ["337 bob :End of /INVITE list"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("JOIN", "461 ann JOIN :Not enough parameters"),
        ("JOIN :", "461 ann JOIN :Not enough parameters"),
        ("JOIN ,,,", "461 ann JOIN :Not enough parameters"),
        ("JOIN ann", "403 ann ann :No such channel"),
        ("JOIN #a\x07b", "476 ann #a\x07b :Bad Channel Mask"),
        ("JOIN #" + "x" * 64, "476 ann #" + "x" * 63 + " :Bad Channel Mask"),
        ("PART", "461 ann PART :Not enough parameters"),
        ("PART #nowhere", "403 ann #nowhere :No such channel"),
        ("PART ann", "403 ann ann :No such channel"),
    ],
)
def test_bad_names(net: Net, line: str, answer: str | None) -> None:
    (ann,) = people(net, "ann")
    assert ann.ask(line) == ([answer] if answer else [])


def test_part_of_a_channel_one_is_not_in(net: Net) -> None:
    _, bob = people(net, "ann", "bob")
    people(net, "cat", channel="#c")
    assert bob.ask("PART #C") == ["442 bob #C :You're not on that channel"]


def test_at_most_so_many_channels() -> None:
    net = network(1, {"chan_limit": 3})
    (ann,) = people(net, "ann")
    lines = ann.ask("JOIN #1,#2,#3,#4")
    assert "405 ann #4 :You have joined too many channels" in lines
    assert len([line for line in lines if " JOIN " in line]) == 3
    assert ann.ask("JOIN #1") == []
    ann.ask("PART #1")
    assert ann.ask("JOIN #4")[0] == f"{source('ann')} JOIN #4"


def test_a_hundred_channels_in_one_line_are_all_joined(net: Net) -> None:
    (ann,) = people(net, "ann")
    names = [f"#{n}" for n in range(100)]
    lines = ann.ask("JOIN " + ",".join(names))
    assert {line.split()[2] for line in lines if " JOIN " in line} == set(names)
    assert len(ann.ask("PART " + ",".join(names))) == 100


def test_extended_join_and_away_notify(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", caps="extended-join away-notify")
    ann.ask("JOIN #c")
    bob.ask("AWAY :tea")
    assert bob.ask("JOIN #c")[0] == f"{source('bob')} JOIN #c * :bob real"
    assert ann.sync() == [f"{source('bob')} JOIN #c * :bob real", f"{source('bob')} AWAY :tea"]


def test_the_channel_is_gone_with_its_last_member(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c", "MODE #c +k key", "TOPIC #c :old", "PART #c")
    lines = bob.ask("JOIN #c")
    assert lines == [f"{source('bob')} JOIN #c", "353 bob = #c :@bob", "366 bob #c :End of /NAMES list"]
    assert bob.ask("MODE #c")[0] == "324 bob #c +nt"
    settle(ann, bob)
    assert ann.ask("MODE #c")[0] == "324 ann #c +nt"


def test_a_client_may_do_without_names(net: Net) -> None:
    """Source: IRCv3 no-implicit-names: NAMES is answered as ever."""
    ann, bob = people(net, "ann", "bob", channel="#c")
    bob.ask("PART #c", "CAP REQ no-implicit-names")
    assert [line.split(" ", 2)[1] for line in bob.ask("JOIN #c")] == ["JOIN"]
    assert [line.split(" ", 1)[0] for line in bob.ask("NAMES #c")] == ["353", "366"]
    assert [line.split(" ", 1)[0] for line in ann.ask("PART #c", "JOIN #c")][-2:] == ["353", "366"]
