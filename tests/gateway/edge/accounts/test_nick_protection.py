"""A registered nick belongs to its account."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest

from config.accounts import Accounts
from gateway.edge.accounts import holdings
from gateway.edge.accounts.proof import Login
from gateway.edge.procedures import run
from gateway.irc.names import forced_nick
from gateway.state.account.messages import Accepted, Alias, Denied, Drop, LoginView
from gateway.state.account.messages import Login as AskLogin
from gateway.state.nick.messages import Claim
from tests.gateway.commands.accounts import Newcomer, log_in, register
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net
from tests.sim.unanswered import unanswered

NICKSERV = ":NickServ!NickServ@irc.circlet.local NOTICE ann :"
WARNED = NICKSERV + (
    "The nick ann belongs to an account. If the account is yours, log in within 60 seconds: "
    "/msg NickServ IDENTIFY <password>. Otherwise take another nick: /nick <new nick>."
)
LOST = NICKSERV + (
    "The nick ann belongs to an account, and you have not logged in: you are renamed. /nick <new nick> takes another; "
    "/msg NickServ IDENTIFY ann <password> logs in, and /nick ann is yours then."
)
REFUSED = "433 {} ann :Nickname belongs to an account: log in to it first, with SASL"


def protected(how: str, nodes: int) -> Net:
    """A network where ann has an account and is not there."""
    net = network(nodes, accounts=Accounts(nick_protection=how))  # type: ignore[arg-type]
    (ann,) = people(net, "ann")
    register(ann)
    ann.quit()
    net.run(2)
    return net


@pytest.fixture(params=[1, 3], ids=["one node", "three nodes"])
def renaming(request: pytest.FixtureRequest) -> Net:
    return protected("rename", request.param)


@pytest.fixture(params=[1, 3], ids=["one node", "three nodes"])
def refusing(request: pytest.FixtureRequest) -> Net:
    return protected("refuse", request.param)


def told(client: Client, *lines: str) -> list[str]:
    return [line.split(" :", 1)[1] for line in client.ask(*lines) if " NOTICE " in line]


def heard(client: Client) -> list[str]:
    return [line.removeprefix(":irc.circlet.local ") for line in client.lines()]


@pytest.mark.parametrize("comes", ["with it", "takes it later"])
def test_a_stranger_is_warned_and_renamed(renaming: Net, comes: str) -> None:
    net = renaming
    if comes == "with it":
        stranger, bob = people(net, "ann", "bob", channel="#c")
    else:
        stranger, bob = people(net, "dan", "bob", channel="#c")
        stranger.send("NICK ann")
    net.run(2)
    assert WARNED in [line.removeprefix(":irc.circlet.local ") for line in stranger.got]
    bob.lines()
    net.run(55)
    assert stranger.nick_now == "ann"
    net.run(10)
    forced = stranger.nick_now
    assert re.fullmatch("Guest[0-9]{5}", forced)
    assert heard(stranger)[-2:] == [LOST, f":ann!~{stranger.nick}@10.0.0.1 NICK {forced}"]
    assert f":ann!~{stranger.nick}@10.0.0.1 NICK {forced}" in bob.sync()
    owner = Newcomer(net, "n1")
    owner.log_in("ann", "sesame")
    assert owner.enter("ann")[0].startswith("001 ann ")
    net.run(70)
    assert owner.nick_now == "ann"
    assert not any("belongs" in line for line in owner.lines())
    stranger.ask("NICK eve")
    assert stranger.nick_now == "eve"


@pytest.mark.parametrize("protection", ["rename", "refuse"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_stranger_is_warned_and_renamed_though_nobody_answers_for_the_account_at_first(
    protection: str, times: int
) -> None:
    net = protected(protection, 3)
    with unanswered(net.nodes["n1"].core.engine, AskLogin, times):
        (stranger,) = people(net, "ann")
        net.run(20)
    assert (WARNED in [line.removeprefix(":irc.circlet.local ") for line in stranger.got]) or times == 1
    net.run(65)
    assert re.fullmatch("Guest[0-9]{5}", stranger.nick_now)


def test_who_logs_in_in_time_keeps_it(renaming: Net) -> None:
    (ann,) = people(renaming, "ann", caps="sasl")
    renaming.run(50)
    log_in(ann, "ann", "sesame")
    renaming.run(30)
    assert ann.nick_now == "ann"


def test_who_takes_another_in_time_is_left_alone(renaming: Net) -> None:
    (dan,) = people(renaming, "ann")
    renaming.run(5)
    dan.ask("NICK dan")
    renaming.run(70)
    assert dan.nick_now == "dan"


def test_an_account_that_is_dropped_meanwhile_protects_nothing(renaming: Net) -> None:
    (dan,) = people(renaming, "ann")
    core = dan.node.core
    renaming.turn(dan.node, lambda: core.engine.submit(core.edge.account("ann"), Drop("")))
    renaming.run(70)
    assert dan.nick_now == "ann"


def test_a_stranger_is_refused(refusing: Net) -> None:
    net = refusing
    stranger = Newcomer(net, "n1")
    assert stranger.enter("ann")[-1] == REFUSED.format("*")
    stranger.send("NICK dan")
    assert stranger.hear(" 221 ")[0].startswith("001 dan ")
    assert stranger.ask("NICK ann", "NICK eve", "PING x")[:1] == [REFUSED.format("dan")]
    assert stranger.nick_now == "eve"
    log_in(stranger, "ann", "sesame")
    stranger.ask("NICK Ann")
    assert stranger.nick_now == "Ann"
    stranger.ask("NICK ANN")
    assert stranger.nick_now == "ANN"


def test_who_has_another_account_is_a_stranger(refusing: Net) -> None:
    (bob,) = people(refusing, "bob")
    register(bob)
    assert bob.ask("NICK ann") == [REFUSED.format("bob")]


def test_off_is_off() -> None:
    net = protected("off", 1)
    (dan,) = people(net, "ann")
    net.run(100)
    assert dan.nick_now == "ann"
    assert not any("belongs" in line for line in dan.got)


class Owner:
    """Ann, logged in on the first node, and ann's other nicks."""

    def __init__(self, net: Net, node: str = "n1", nick: str = "ann", password: str = "sesame") -> None:
        self.net = net
        self.client = Newcomer(net, node)
        self.client.log_in(nick, password)
        self.client.enter(nick)
        login = self.client.connection.login
        assert login is not None
        self.login: Login = login

    def do(self, act: object, text: str, within_s: float = 3.0) -> object:
        outcomes: list[object] = []
        node = self.client.node
        edge = node.core.edge
        self.net.turn(node, lambda: run(edge, act(edge, self.login, text), outcomes.append))  # type: ignore[operator]
        assert self.net.until(lambda: bool(outcomes), within_s)
        return outcomes[0]


def whose(net: Net, name: str) -> LoginView:
    found: list[LoginView] = []
    node = next(node for node in net.nodes.values() if node.up)
    net.turn(node, lambda: node.core.engine.ask(node.core.edge.account(name), AskLogin(), found.append))
    assert net.until(lambda: bool(found), 5)
    return found[0]


def test_grouped_nicks_are_the_accounts(refusing: Net) -> None:
    net = refusing
    ann = Owner(net)
    for _ in range(2):
        assert ann.do(holdings.add_nick, "Annie") == Accepted("ann")
    assert ann.do(holdings.add_nick, "ANN") == Accepted("ann")  # ann's already
    assert whose(net, "ann").nicks == ("annie",)
    stranger = Newcomer(net, "n1")
    assert stranger.enter("annie")[-1].startswith("433 * annie ")
    early = Newcomer(net, "n1")
    early.send("NICK annie")
    assert register(early)[0].startswith("FAIL REGISTER ACCOUNT_EXISTS")
    grouped = Newcomer(net, "n1")
    assert grouped.log_in("annie", "sesame")[0] == "900 * *!*@10.0.0.1 ann :You are now logged in as ann"
    assert grouped.enter("annie")[0].startswith("001 ann ")  # ann's session goes on unchanged
    assert grouped.ask("NICK annie") == [":ann!~ann@10.0.0.1 NICK annie"]
    grouped.ask("NICK ann")
    grouped.quit()
    net.run(2)
    for _ in range(2):
        assert ann.do(holdings.remove_nick, "annie") == Accepted("ann")
        net.run(1)
    assert whose(net, "annie") == LoginView()
    stranger.send("NICK annie")
    assert stranger.hear(" 221 ")[0].startswith("001 annie ")


def test_anothers_name_cannot_be_grouped(refusing: Net) -> None:
    net = refusing
    (bob,) = people(net, "bob")
    register(bob)
    ann = Owner(net)
    assert ann.do(holdings.add_nick, "bob") == Denied("taken")
    assert whose(net, "ann").nicks == ()
    full = [ann.do(holdings.add_nick, f"ann{number}") for number in range(21)]
    assert full[-1] == Denied("full")
    net.run(1)
    assert whose(net, "ann20") == LoginView()


def test_whoever_died_between_the_two_steps_may_say_it_again_or_lose_it(refusing: Net) -> None:
    """The name points to the account, and the account does not list the name: such a name counts for nothing."""
    net = refusing
    node = net.nodes["n1"]
    edge = node.core.edge
    for name in ("annie", "anny"):
        net.turn(node, lambda name=name: edge.network.submit(edge.account(name), Alias(f"9-{name}", name, "ann")))
    net.run(1)
    assert whose(net, "annie").alias == "ann"
    ann = Owner(net)
    assert ann.do(holdings.add_nick, "annie") == Accepted("ann")
    assert whose(net, "ann").nicks == ("annie",)
    other = Newcomer(net, "n1")
    assert other.enter("anny")[0].startswith("001 anny ")
    assert register(other)[-1].startswith("FAIL REGISTER ACCOUNT_EXISTS anny ")  # ann may be about to list the nick
    net.run(40)
    assert register(other)[-1] == "REGISTER SUCCESS anny :Account anny is registered"


def test_a_drop_frees_all_names(refusing: Net) -> None:
    net = refusing
    ann = Owner(net)
    ann.do(holdings.add_nick, "annie")
    ann.do(holdings.add_certificate, "ab" * 32)
    assert ann.do(lambda edge, login, text: holdings.drop(edge, login.name, "wrong"), "") == Denied("unknown")
    outcome = ann.do(lambda edge, login, text: holdings.drop(edge, login.name, login.life), "")
    assert outcome == Accepted("ann")
    net.run(2)
    assert [whose(net, name) for name in ("ann", "annie", "*" + "ab" * 32)] == [LoginView()] * 3
    assert any("901 ann " in line for line in ann.client.lines())
    assert ann.client.connection.login is None
    assert ann.do(holdings.add_nick, "annie") == Denied("unknown")


def test_accounts_of_who_is_unknown_are_not_made(refusing: Net) -> None:
    """Unregistered nicks are looked up at each connection, without making a group."""
    people(refusing, "dan", "eve", "bob", "cat")
    kinds = [group for node in refusing.nodes.values() for group in node.core.engine.replicas.masters]
    assert [group.name for group in kinds if group.kind == "account"] == ["ann"]


@pytest.mark.parametrize(
    ("nick", "why"),
    [
        ("ChanServ", "That is the name of a service"),
        ("GLOBAL", "That is the name of a service"),
        ("Services", "That is the name of a service"),
        ("Guest01234", "Nicks of this form are for people that the network renames"),
        ("guest99999", "Nicks of this form are for people that the network renames"),
        ("Root[x]", "The operators of this network have reserved that name"),
    ],
)
def test_reserved_names_are_nobodys(nick: str, why: str) -> None:
    net = network(3, reserved=frozenset(["root{x}"]))
    stranger = Newcomer(net, "n1")
    stranger.send(f"NICK {nick}")
    assert stranger.hear(" 432 ")[-1] == f"432 * {nick} :{why}"
    (ann,) = people(net, "ann")
    assert ann.ask(f"NICK {nick}") == [f"432 ann {nick} :{why}"]
    assert ann.ask(f"REGISTER {nick} * sesame") == [f"FAIL REGISTER BAD_ACCOUNT_NAME {nick} :{why}"]


@pytest.mark.parametrize("nick", ["Guest", "Guest1234", "Guest123456", "xGuest12345", "Chan", "servicess"])
def test_names_like_those_are_anybodys(nick: str) -> None:
    (ann,) = people(network(1), "ann")
    ann.ask(f"NICK {nick}")
    assert ann.nick_now == nick


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_name_that_is_reserved_later_is_lost_and_the_account_stays(nodes: int) -> None:
    """As with a session of a build with fewer reserved names."""
    net = network(nodes)
    dan, bob = people(net, "dan", "bob", channel="#c")
    register(dan)
    for node in net.nodes.values():
        node.core.edge.configure(replace(node.core.edge.settings, reserved=frozenset(["dan"])))
    dan.sync(), bob.sync()
    net.run(40)
    forced = dan.nick_now
    assert re.fullmatch("Guest[0-9]{5}", forced)
    assert heard(bob) == [f":dan!~dan@10.0.0.1 NICK {forced}"]
    assert f"330 bob {forced} dan :is logged in as" in bob.ask(f"WHOIS {forced}")
    assert any(" NOTICE " in line and "reserved that name. You stay logged in" in line for line in dan.lines())
    assert bob.ask("ISON dan") == ["303 bob :"]
    assert told(dan, "PRIVMSG NickServ :GROUP")[0].startswith("Nicks of this form are for people")
    net.run(40)
    assert dan.nick_now == forced


def test_a_forced_nick_that_somebody_has_already_is_passed_over(renaming: Net) -> None:
    ann, eve = people(renaming, "ann", "eve")
    user = next(u for u in ann.node.core.edge.users.values() if u.person.nick == "ann")
    first, second = forced_nick(user.uid), forced_nick(user.uid, 1)
    other = msgspec.structs.replace(user.person, uid="0a-1-1", nick=first)
    core = eve.node.core
    renaming.turn(eve.node, lambda: core.engine.submit(core.edge.nick(first), Claim(other)))
    renaming.run(70)
    assert ann.nick_now == second
