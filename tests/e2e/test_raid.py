"""A community's evening with irssi and WeeChat: bans by account and by network, a knock, and a raid over three nodes.

Cloaks are on, as `circlet init` writes: ann, who looks with irssi, and bob, with WeeChat, read nobody's address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.network import Client
from tests.e2e.terminal import Terminal, irssi, weechat
from tests.e2e.test_bans import Operated, operator, refused

pytestmark = [pytest.mark.e2e, pytest.mark.clients, pytest.mark.xdist_group("people")]

RAIDERS = 200
LINES = 2
ENTER = 7
NETWORK = "127.0.6.0/24"
"""The raiders' addresses, 127.0.6.1 to 127.0.6.200."""


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Operated]:
    net = Operated(tmp_path / "net", hasty=True)
    try:
        net.wait_level()
        yield net
    finally:
        net.stop()


@pytest.fixture
def people(network: Operated, tmp_path: Path) -> Iterator[tuple[Terminal, Terminal]]:
    """ann has irssi on node 1, bob WeeChat on node 2. Both have accounts; ann has registered #c."""
    started: list[Terminal] = []
    try:
        started.append(ann := irssi(tmp_path, "ann", "127.0.0.1", network.port))
        started.append(bob := weechat(tmp_path, "bob", "127.0.0.2", network.port))
        ann.sees(r"Mode change \[\+i\S*\] for user ann")
        ann.type("/set cmd_queue_speed 10msec", f"/rawlog open {tmp_path}/ann/raw", "/quote NS REGISTER correct-horse")
        ann.sees("Account ann is registered")
        bob.sees("End of /MOTD command")
        bob.type("/quote NS REGISTER correct-horse")
        bob.sees("Account bob is registered")
        ann.type("/join #c")
        ann.sees(r"Total of 1 nicks \[1 ops")
        ann.type("/quote CS REGISTER #c")
        ann.sees(r"ServerMode/#c \[\+q ann\]")
        yield ann, bob
    finally:
        for person in started:
            person.close()


def raider(network: Operated, number: int, nick: str = "") -> Client:
    """One of the raiders, who are spread over three nodes; not registered yet."""
    host = f"127.0.0.{number % 3 + 1}"
    client = Client(host, network.port, nick or f"r{number}", registers=False, from_ip=f"127.0.6.{number}")
    client.send(f"NICK {client.nick}", f"USER {client.nick} 0 * :raider")
    return client


def bans_and_a_knock(network: Operated, ann: Terminal, bob: Terminal) -> None:
    eve = raider(network, 1, "eve")
    eve.expect(" 221 ")
    ann.type("/mode #c +b ~a:bob", f"/mode #c +b *!*@{NETWORK}")
    ann.sees(r"mode/#c \[\+b ~a:bob\] by ann")
    ann.sees(rf"mode/#c \[\+b \*!\*@{NETWORK}\] by ann")
    eve.send("JOIN #c")
    eve.expect(" 474 eve #c ")
    bob.type("/nick robert", "/join #c")  # the account counts, not the nick
    bob.sees(r"Cannot join channel \(\+b\)")
    ann.type("/mode #c -b+i ~a:bob")
    ann.sees(r"mode/#c \[-b\+i ~a:bob\] by ann")
    bob.type("/quote KNOCK #c :it was not me")
    bob.sees("Your KNOCK has been delivered")
    ann.type("/window 1")
    ann.sees("has asked for an invite: it was not me")
    ann.type("/window 2")
    eve.send("KNOCK #c :let me in")
    eve.expect(" 474 eve #c ")
    ann.type("/invite robert #c")
    bob.sees("ann .*invited|invited .*by ann")
    bob.type("/join #c")
    ann.sees(r"robert \[\S+\] has joined #c")
    ann.type(f"/mode #c -bi *!*@{NETWORK}")
    ann.sees(r"mode/#c \[-bi ")
    eve.close()


def count(witness: Client, pattern: str, after: int) -> int:
    """How many of the lines that a member has read since then match."""
    return sum(1 for line in witness.got[after:] if re.search(pattern, line))


def floods(raiders: list[Client], witness: Client, ann: Terminal) -> None:
    """Each says a line too many. Then all come again, and the seventh is the last."""
    ann.type(f"/mode #c +F {LINES}l:3600")
    witness.expect(r" MODE #c \+F 2l:3600")
    for one in raiders:
        one.send("JOIN #c")
    for one in raiders:
        one.expect(rf" 366 {one.nick} #c ")
    for one in raiders:
        one.send(*(f"PRIVMSG #c :spam {number}" for number in range(LINES + 2)))
    for one in raiders:
        one.expect(rf" KICK #c {one.nick} :Flood: more than {LINES} lines in 3600 seconds")
    witness.sync()
    for number, shown in enumerate((1, 1, 0, 0)):
        assert count(witness, rf":r\d+!\S+ PRIVMSG #c :spam {number}$", 0) == shown * RAIDERS
    assert count(witness, r" KICK #c r\d+ :Flood", 0) == RAIDERS
    before = len(witness.got)
    ann.type("/mode #c -F", f"/mode #c +F {ENTER}j#i:3600")  # counts anew
    witness.expect(rf" MODE #c \+F {ENTER}j#i:3600")
    for one in raiders:
        one.send("JOIN #c")
    entered = ["366" in one.expect(rf" (366|473) {one.nick} #c ").split(" ")[1] for one in raiders]
    witness.sync()
    assert entered.count(True) == count(witness, r":r\d+!\S+ JOIN ", before) == ENTER
    assert count(witness, r" MODE #c \+i", before) == 1


def defended(network: Operated, raiders: list[Client], witness: Client) -> None:
    root = operator(network, 3, "root")
    root.send("DEFCON 3 1h :raid")
    root.expect("The network is at DEFCON 3 for 1h")
    guest = raider(network, 201)
    guest.expect(r"^ERROR :Closing Link: \S+ \(The network takes people with an account alone")
    root.send("DEFCON 5", f"DLINE 1h {NETWORK} :raid")
    root.expect(rf"DLINE {NETWORK} added")
    for one in raiders:
        one.expect(r"^ERROR :Closing Link: \S+ \(D-lined: raid\)")
        one.close()
    for number in (1, 2, 3):
        assert refused(network, number, "127.0.6.9") == "ERROR :Closing Link: 127.0.6.9 (D-lined: raid)\r\n"
    for _ in range(ENTER):
        witness.expect(r"^:r\d+!\S+ QUIT :.*D-lined: raid")


def test_a_raid_is_stopped_and_nobody_reads_an_address(
    network: Operated, people: tuple[Terminal, Terminal], tmp_path: Path
) -> None:
    ann, bob = people
    bans_and_a_knock(network, ann, bob)
    witness = network.client(2, "cat")
    witness.send("JOIN #c")
    witness.expect(" 366 cat #c ")
    raiders = [raider(network, number) for number in range(1, RAIDERS + 1)]
    for one in raiders:
        one.expect(" 221 ")
    floods(raiders, witness, ann)
    defended(network, raiders, witness)
    witness.send("PRIVMSG #c :that was the raid")
    ann.sees("< cat> that was the raid")
    bob.sees("cat .* that was the raid")
    ann.type("/window 1", "/whois robert", "/whois cat")
    ann.sees("End of WHOIS", 2)
    raw = [
        line for line in (tmp_path / "ann" / "raw").read_text(errors="replace").splitlines() if line.startswith(">> ")
    ]
    logs = [path.read_text(errors="replace") for path in (tmp_path / "bob").rglob("*#c.weechatlog")]
    assert sum(" PRIVMSG #c :spam" in line for line in raw) == LINES * RAIDERS
    assert logs
    for text in [*raw, *logs, *witness.got]:
        assert "127.0." not in text.replace(NETWORK, ""), text
