"""People with the real irssi and WeeChat, on different nodes, in a channel that a third one masters."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.network import Network
from tests.e2e.terminal import Terminal, irssi, weechat

pytestmark = [pytest.mark.e2e, pytest.mark.clients, pytest.mark.xdist_group("people")]


class Room(NamedTuple):
    """ann uses irssi on node 1, bob WeeChat on node 2; both look at #erlang, which node 3 masters. ann is operator."""

    network: Network
    ann: Terminal
    bob: Terminal


@pytest.fixture
def room(network: Network, tmp_path: Path) -> Iterator[Room]:
    people = []
    try:
        people.append(ann := irssi(tmp_path, "ann", "127.0.0.1", network.port))
        people.append(bob := weechat(tmp_path, "bob", "127.0.0.2", network.port))
        ann.sees(r"Mode change \[\+i\] for user ann")
        ann.type("/join #erlang")
        ann.sees(r"Total of 1 nicks \[1 ops")
        bob.sees("End of /MOTD command")
        bob.type("/join #erlang")
        bob.sees(r"Channel #erlang: 2 nicks \(1 op, ")
        ann.sees(r"bob \[~\S+\] has joined #erlang")
        yield Room(network, ann, bob)
    finally:
        for person in people:
            person.close()


def test_they_talk_and_each_sees_each_line_once(room: Room) -> None:
    _, ann, bob = room
    ann.type("hello bob")
    bob.sees(r"@ann \| hello bob$|@ann \| hello bob ")
    bob.type("hello ann", "/me waves")
    ann.sees("< bob> hello ann")
    ann.sees(r"\* bob waves")
    ann.type("/me nods")
    bob.sees(r"\* \| ann nods")
    ann.sees("<@ann> hello bob")
    ann.type("/topic all about rings")
    bob.sees('ann has (set|changed) topic .*"all about rings"')
    ann.sees("ann changed the topic of #erlang to: all about rings")
    ann.type("/names")
    ann.sees(r"\[@ann\] \[ bob\]")
    ann.type("/msg bob only for you")
    bob.sees(r"3\.\s+ann")
    bob.type("/buffer ann")
    bob.sees(r"ann \| only for you")
    bob.type("got it")
    ann.type("/window 3")
    ann.sees("<bob> got it")


def test_operators_do_their_work(room: Room) -> None:
    _, ann, bob = room
    ann.type("/op bob")
    ann.sees(r"mode/#erlang \[\+o bob\] by ann")
    bob.sees(r"Mode #erlang \[\+o bob\] by ann")
    ann.type("/deop bob", "/kick bob too loud")
    ann.sees(r"bob was kicked from #erlang by ann \[too loud\]")
    bob.sees(r"ann has kicked bob \(too loud\)")
    bob.type("/join #erlang")
    ann.sees("bob .* has joined #erlang", 2)
    ann.type("/ban bob!*@*", "/kick bob")
    bob.sees(r"Mode #erlang \[\+b bob!\*@\*\] by ann")
    bob.sees("ann has kicked bob", 2)
    bob.type("/join #erlang")
    bob.sees(r"Cannot join channel \(\+b\)")
    ann.type("/unban bob!*@*", "/mode #erlang b")
    ann.sees(r"mode/#erlang \[-b bob!\*@\*\] by ann")
    bob.type("/join #erlang")
    ann.sees("bob .* has joined #erlang", 3)
    bob.type("/topic mine")
    bob.sees("You're not (a )?channel operator")


def test_they_learn_about_each_other(room: Room) -> None:
    _, ann, bob = room
    bob.type("/nick robert")
    ann.sees("bob is now known as robert")
    bob.type("/away -all at lunch", "/buffer irc.server.127.0.0.2")
    bob.sees("You have been marked as being away")
    ann.type("/whois robert", "/window 1")
    for line in (r"robert \[~\S+\.ip\]", "channels : #erlang", "away +: at lunch", "End of WHOIS"):
        ann.sees(line)
    bob.type("/whois ann")
    bob.sees(r"\[ann\] \(~\S+\.ip\)")
    bob.sees(r"\[ann\] @#erlang")
    bob.sees(r"\[ann\] End of /?WHOIS")
    ann.type("/clear", "/list -yes", "/who #erlang")
    ann.sees(r"#erlang 2 ")
    ann.sees(r"#erlang\s+ann\s+H@ ")
    ann.sees(r"#erlang\s+robert\s+G ")
    ann.type("/whois nobody")
    ann.sees("There is no such nick nobody")


def test_a_node_restarts_and_its_people_are_back(room: Room) -> None:
    network, ann, bob = room
    bob.type("/set irc.server_default.autoreconnect_delay 2", "/buffer #erlang")
    ann.type("/topic kept while away")
    bob.sees("kept while away", 2)
    assert network.terminate("node-2") == 0
    ann.sees(r"bob .* has quit \[.*[Ss]hutting down")
    network.start("node-2")
    ann.sees("bob .* has joined #erlang", 2)
    bob.type("/buffer #erlang", "I am back")
    ann.sees("< bob> I am back")
    ann.type("welcome back")
    bob.sees(r"@ann \| welcome back")
    bob.sees("kept while away", 3)


def test_the_master_is_killed_and_nobody_sees_anything(room: Room) -> None:
    network, ann, bob = room
    ann.type("before")
    bob.sees(r"@ann \| before")
    network.terminate("node-3", signal.SIGKILL)
    for number in range(3):
        ann.type(f"ann says {number}")
        bob.type(f"bob says {number}")
    for number in range(3):
        bob.sees(rf"@ann \| ann says {number}")
        ann.sees(rf"< bob> bob says {number}")
    ann.type("/topic a new master took it")
    bob.sees("a new master took it", 2)
    for person in (ann, bob):
        person.shows_no("quit|split|lost|disconnect|has left|mode/|Mode ")
    network.start("node-3")
    network.wait_open(3)
    bob.type("and after")
    ann.sees("< bob> and after")
