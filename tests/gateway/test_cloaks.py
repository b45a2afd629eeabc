"""Nobody but operators sees an address: everything that clients read in long conversations is searched."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import pytest

from config.cloaks import Cloaks
from gateway.edge.cursors.history import read_event
from gateway.edge.rpc.operator_asks import Page, PageAsk
from gateway.edge.rpc.pages import page
from gateway.irc.cloaks import cloaked
from gateway.state.channel.messages import Joined
from ring.ids import GroupId
from ring.wire.history import Query
from tests.gateway.commands.accounts import Newcomer, log_in, register
from tests.gateway.commands.stage import network, settle
from tests.settings import operator, section
from tests.sim.net import Client, Net

KEY = b"k" * 32
ANN, BOB, EVE = "203.0.113.7", "2001:db8:1:2::9", "198.51.100.20"
CAPS = (
    "multi-prefix userhost-in-names extended-join account-notify away-notify chghost echo-message server-time "
    "message-tags batch labeled-response invite-notify setname draft/chathistory draft/event-playback sasl"
)
SECRETS = re.compile(r"203\.0\.113|2001:db8|198\.51\.100")


ROOT = operator("root", "sesame", "*@198.51.100.*")


def cloaks(nodes: int = 1, **changes: bool) -> Net:
    return network(nodes, operators=(ROOT,), cloak_key=KEY, cloaks=section(Cloaks, **changes))


def trio(net: Net, caps: str = CAPS) -> list[Client]:
    names = list(net.nodes)
    made = zip(("ann", "bob", "eve"), (ANN, BOB, EVE), strict=True)
    clients = [net.client(names[i % len(names)], nick, caps, at) for i, (nick, at) in enumerate(made)]
    settle(*clients)
    return clients


def host(address: str) -> str:
    return cloaked(KEY, address)


def leaks(client: Client, own: str) -> list[str]:
    """Return the lines with an address. A client may read the own address, and the mask of the own question (315)."""
    return [line for line in client.got if SECRETS.search(line.replace(own, "")) and " 315 " not in line]


@pytest.mark.parametrize("nodes", [1, 3])
def test_no_address_in_a_long_conversation(nodes: int) -> None:
    net = cloaks(nodes)
    ann, bob, eve = trio(net)
    ann.ask("JOIN #c", "TOPIC #c :hello", "MODE #c +i", "INVITE bob #c", "MONITOR + bob,eve")
    bob.ask("JOIN #c", "PRIVMSG #c :hi", "NOTICE ann :psst", "PRIVMSG ann :psst", "AWAY :tea", "SETNAME :Robert")
    ann.ask("MODE #c -i", f"MODE #c +b *!*@{host(EVE)}", "MODE #c b")
    assert any(line.startswith("474") for line in eve.ask("JOIN #c"))
    ann.ask(f"MODE #c -b *!*@{host(EVE)}")
    eve.ask("JOIN #c", "WHO #c", "WHO #c %tcuihsnfdlaor,1", "WHO *", "WHO bob", "WHOIS bob", "WHOIS bob bob")
    eve.ask("USERHOST ann bob eve", "ISON ann bob", "NAMES #c", "TOPIC #c", "LIST", "MODE #c b", "LUSERS", "STATS u")
    settle(ann, bob, eve)
    ann.ask("KICK #c eve :out", "NICK anna", "PRIVMSG eve :sorry")
    eve.ask("JOIN #c", "CHATHISTORY LATEST #c * 50", "CHATHISTORY LATEST ann * 50", "WHOWAS ann", "WHO 203.0.113.*")
    register(bob)
    bob.ask("NICK rob", "PART #c :bye")
    settle(ann, bob, eve)
    bob.send("QUIT :bye")
    net.run(2)
    settle(ann, eve)
    eve.ask("WHOWAS rob", "WHOWAS bob", "PRIVMSG *circlet :LISTCLIENTS", "CHATHISTORY LATEST #c * 50")
    assert len(eve.ask("WHO 203.0.113.0/24")) == 1, "nobody finds people by an address"
    ann.ask("WHOWAS rob", "WHOWAS bob", "CHATHISTORY LATEST #c * 50", "WHO 198.51.100.0/24", "WHOIS eve")
    settle(ann, eve)
    assert not leaks(ann, ANN)
    assert not leaks(bob, BOB)
    assert not leaks(eve, EVE)
    assert any(f"@{host(BOB)}" in line for line in ann.got)
    assert any(f":bob!~bob@{host(BOB)} JOIN #c" in line for line in ann.got)


@pytest.mark.parametrize("nodes", [1, 3])
def test_operators_see_addresses(nodes: int) -> None:
    net = cloaks(nodes)
    ann, bob, eve = trio(net, "")
    assert eve.ask("OPER root sesame")[-1].endswith("MODE eve +ow"), "the mask of the operator means the address"
    assert any(f"378 eve ann :is connecting from ~ann@{ANN} {ANN}" in line for line in eve.ask("WHOIS ann"))
    ann.ask("JOIN #c")
    settle(ann, eve)
    assert f"354 eve {ANN} {host(ANN)}" in eve.ask("WHO #c %ih")
    assert any(" ann " in line for line in eve.ask("WHO 203.0.113.0/24"))
    assert any(" bob " in line for line in eve.ask("WHO 2001:db8::/32"))
    assert not any(" bob " in line for line in ann.ask("WHO 2001:db8::/32"))
    ann.send("QUIT")
    net.run(2)
    settle(bob, eve)
    assert any(line.startswith(f"338 eve ann {ANN} ") for line in eve.ask("WHOWAS ann"))
    assert not any(ANN in line for line in bob.ask("WHOWAS ann"))


@pytest.mark.parametrize(
    ("mask", "by_operator"),
    [
        (f"*!*@{host(ANN)}", False),
        (f"*!*@*.{host(ANN).split('.', 1)[1]}", False),
        (f"*!*@{ANN}", False),
        ("*!*@203.0.113.0/24", False),
        (f"*!*@{ANN}", True),
        ("*!*@203.0.113.0/24", True),
        ("*!*@203.0.0.0/16", True),
    ],
)
def test_bans_match_the_cloak_and_the_address(mask: str, by_operator: bool) -> None:
    net = cloaks(3)
    ann, bob, eve = trio(net, "")
    eve.ask("JOIN #c", *(["OPER root sesame"] if by_operator else []), f"MODE #c +b {mask}")
    bob.ask("JOIN #c")
    assert ann.ask("JOIN #c") == ["474 ann #c :Cannot join channel (+b)"]
    (row,) = [line for line in bob.ask("MODE #c b") if line.startswith("367")]
    typed = mask if not by_operator or "/16" in mask else f"*!*@{cloaked(KEY, mask.rpartition('@')[2])}"
    assert row.split()[3] == typed, "as typed by people; the addresses of operators are not shown"
    assert host(EVE) in row.split()[4]
    eve.ask(f"MODE #c -b {mask}")
    assert not any(line.startswith("474") for line in ann.ask("JOIN #c"))


def test_the_mode_x_is_taken_off_where_the_network_allows_that() -> None:
    net = cloaks(3, optional=True)
    ann, bob, eve = trio(net)
    for one in (ann, bob, eve):
        one.ask("JOIN #c")
    settle(ann, bob, eve)
    ann.ask("MODE ann -x")
    settle(ann, bob, eve)
    assert f":ann!~ann@{host(ANN)} CHGHOST ~ann {ANN}" in "\n".join(map(plain, bob.got))
    eve.ask(f"MODE #c +b *!*@{host(ANN)}")
    ann.ask("MODE #c +b *!*@10.9.9.9")
    ann.ask("MODE ann +x")
    settle(ann, bob, eve)
    assert f":ann!~ann@{ANN} CHGHOST ~ann {host(ANN)}" in "\n".join(map(plain, bob.got))
    told = [plain(line) for line in ann.got if " 396 " in line]
    assert told == [f":irc.circlet.local 396 ann {at} :is now your displayed host" for at in (ANN, host(ANN))]
    assert not any(" 396 " in line for line in bob.got)


def test_a_ban_by_somebody_without_x_tells_no_cloak() -> None:
    """The list shows masks of people who were shown by their addresses as cloaks: nobody may use that to learn a cloak
    of an address."""
    net = cloaks(1, optional=True)
    ann = trio(net)[0]
    ann.ask("JOIN #c", "MODE ann -x", f"MODE #c +b *!*@{EVE}")
    rows = [line for line in ann.ask("MODE #c b") if " 367 " in line or line.startswith("367")]
    assert len(rows) == 1 and EVE in rows[0] and host(ANN) in rows[0] and host(EVE) not in rows[0]


def test_the_mode_x_stays_otherwise() -> None:
    net = cloaks()
    ann = trio(net, "")[0]
    assert ann.ask("MODE ann -x") == ["NOTICE ann :This network always hides addresses: the mode x stays."]
    assert ann.ask("MODE ann") == ["221 ann +x"]


def plain(line: str) -> str:
    return line.partition(" ")[2] if line.startswith("@") else line


def test_logging_in_changes_the_host() -> None:
    net = cloaks(3, account_hosts=True)
    ann, bob, eve = trio(net)
    ann.ask("JOIN #c")
    bob.ask("JOIN #c")
    register(ann)
    settle(ann, bob)
    assert f":ann!~ann@{host(ANN)} CHGHOST ~ann ann.account" in map(plain, bob.got)
    eve.ask("JOIN #c")
    bob.ask(f"MODE #c +b *!*@{host(ANN)}")
    ann.ask("PRIVMSG NickServ :LOGOUT")
    settle(ann, bob)
    assert f":ann!~ann@ann.account CHGHOST ~ann {host(ANN)}" in map(plain, bob.got)
    again = Newcomer(net, "n2", "sasl")
    log_in(again, "ann", "sesame")
    assert any("001" in line and "@ann.account" in line for line in again.enter("ann2"))


def test_programs_read_addresses_of_clients_alone() -> None:
    """The lists of the API: an operator's program with the capability sessions.read reads a client's address."""
    net = cloaks(1)
    ann, bob, _ = trio(net, "")
    ann.ask("JOIN #c", "TOPIC #c :hello")
    bob.ask("JOIN #c")
    edge = net.nodes["n1"].core.edge
    for what in ("accounts", "channels", "vhosts"):
        found = page(edge, PageAsk(what, "", 10))
        assert isinstance(found, Page) and not SECRETS.search(str(found))
    sessions = page(edge, PageAsk("sessions", "", 10))
    assert isinstance(sessions, Page) and {row.host for row in sessions.rows} == {host(ANN), host(BOB), host(EVE)}  # type: ignore[union-attr]
    assert {row.clients[0].address for row in sessions.rows} == {ANN, BOB, EVE}  # type: ignore[union-attr]


def test_webhooks_and_kept_messages_hold_no_address() -> None:
    net = cloaks(1)
    ann, bob, _ = trio(net, "")
    ann.ask("JOIN #c", "PRIVMSG #c :hi", "TOPIC #c :hello", "MODE #c +m")
    bob.ask("JOIN #c", "PART #c")
    engine, found = net.nodes["n1"].core.engine, list[object]()
    net.turn(net.nodes["n1"], lambda: engine.recall(GroupId("channel", "#c"), Query(99, wanted="et"), found.append))
    assert net.until(lambda: bool(found), 5)
    events = [read_event(line) for line in found[0]]  # type: ignore[attr-defined]
    said = [event for event in events if not isinstance(event, Joined)]
    assert len(said) == 4 and not SECRETS.search(str(said))
    assert [event.person.address for event in events if isinstance(event, Joined)] == [ANN, BOB], "for operators"


def test_old_lists_are_shown_by_cloaks_and_removed_by_these() -> None:
    """A network without cloaks gets a key: what was stored before is shown with cloaks."""
    net = network(3, operators=(ROOT,))
    ann, bob, eve = trio(net)
    ann.ask("JOIN #c", "TOPIC #c :old", f"MODE #c +b *!*@{EVE}", "PRIVMSG #c :old words")
    bob.ask("JOIN #c")
    settle(ann, bob)
    for node in net.nodes.values():
        edge = node.core.edge
        net.turn(node, partial(edge.configure, replace(edge.settings, cloak_key=KEY)))
    net.run(3)
    settle(ann, bob)
    assert f":ann!~ann@{ANN} CHGHOST ~ann {host(ANN)}" in map(plain, bob.got), "people here get cloaks"
    bob.got.clear()
    bob.read = 0
    rows = bob.ask("MODE #c b", "TOPIC #c", "CHATHISTORY LATEST #c * 50")
    assert any(f"*!*@{host(EVE)}" in line for line in rows)
    bob.ask("WHOIS ann", "WHO #c")
    settle(bob)
    assert not leaks(bob, BOB)
    assert ann.ask(f"MODE #c -b *!*@{host(EVE)}")[-1].endswith(f"MODE #c -b *!*@{host(EVE)}")
    settle(ann, bob)
    assert not leaks(bob, BOB)
    assert not any(line.startswith("474") for line in eve.ask("JOIN #c"))
    assert not any("367" in line for line in bob.ask("MODE #c b"))
