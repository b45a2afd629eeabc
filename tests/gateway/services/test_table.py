"""Names that are spoken to like people, and that nobody goes by."""

from __future__ import annotations

import pytest

from config.accounts import Accounts
from config.history import History
from gateway import services
from gateway.irc.names import is_service, is_valid_nick
from gateway.services.table import SERVICES
from tests.gateway.commands.accounts import Newcomer
from tests.gateway.commands.stage import network, people
from tests.sim.net import Client, Net


def told(client: Client, *lines: str) -> list[str]:
    """What the services say to this."""
    return [line.split(" :", 1)[1] for line in client.ask(*lines) if " NOTICE " in line]


def test_each_command_has_help_that_fits_its_line() -> None:
    assert services.__all__
    for service in SERVICES.values():
        assert is_service(service.name) or not is_valid_nick(service.name, 30)
        for name, command in service.commands.items():
            assert name == name.upper() and command.help and command.words[0] <= command.words[1]
            assert len(command.syntax) + len(command.help[0]) < 300 and max(map(len, command.help)) < 300


@pytest.mark.parametrize("name", ["NickServ", "*playback"])
def test_help_is_made_from_the_table(net: Net, name: str) -> None:
    (ann,) = people(net, "ann")
    service = SERVICES[name.lower()]
    first, *rows, last = ann.ask(f"PRIVMSG {name} :help")
    assert first == f":{service.source(net.edge)} NOTICE ann :{name}: {service.about}"
    assert [row.split(" :", 1)[1].split(" ")[0].rstrip(":") for row in rows] == list(service.commands)
    assert last.endswith("HELP <command> explains a command.")
    for verb, command in service.commands.items():
        assert told(ann, f"PRIVMSG {name.upper()} :HELP {verb.lower()}") == [f"Syntax: {command.syntax}", *command.help]
    assert told(ann, f"PRIVMSG {name} :help help")[0] == "Syntax: HELP [command]"
    assert told(ann, f"PRIVMSG {name} :help nonsense") == [
        f"There is no help on NONSENSE. HELP lists the commands of {name}."
    ]


@pytest.mark.parametrize("name", ["NickServ", "*playback"])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("nonsense", "Unknown command NONSENSE. HELP lists the commands of {}."),
        ("a\x02b\x7f c", "Unknown command A?B?. HELP lists the commands of {}."),
        ("\udcff\udcfe", "Unknown command \ufffd\ufffd. HELP lists the commands of {}."),
        ("x" * 400, "Unknown command " + "X" * 32 + ". HELP lists the commands of {}."),
        ("\x01VERSION\x01", "{} understands no CTCP. HELP lists its commands."),
    ],
)
def test_what_a_service_does_not_know(net: Net, name: str, text: str, answer: str) -> None:
    (ann,) = people(net, "ann")
    assert told(ann, f"PRIVMSG {name} :{text}") == [answer.format(name)]
    assert ann.ask(f"NOTICE {name} :{text}") == []
    assert ann.ask(f"PRIVMSG {name} :   ")[0].endswith(SERVICES[name.lower()].about)


def test_nickserv_is_a_command_too(net: Net) -> None:
    (ann,) = people(net, "ann")
    wanted = ann.ask("PRIVMSG nickserv :help logout")
    assert wanted == ann.ask("NICKSERV help logout") == ann.ask("NS :help logout") == ann.ask("ns HELP :LOGOUT")
    assert ann.ask("NS") == ann.ask("NICKSERV :") == ann.ask("PRIVMSG NickServ HELP")


def test_nobody_goes_by_a_services_nick(net: Net) -> None:
    (ann,) = people(net, "ann")
    assert ann.ask("NICK nickSERV") == ["432 ann nickSERV :That is the name of a service"]
    assert ann.ask("NICK *playback") == ["432 ann *playback :Erroneus nickname"]
    newcomer = Newcomer(net, "n1")
    newcomer.send("NICK NickServ")
    assert newcomer.got[-1].endswith("432 * NickServ :That is the name of a service")
    assert newcomer.enter("bob")[-1] == "221 bob +"


@pytest.mark.parametrize(
    ("line", "numerics"),
    [
        ("WHOIS nickserv", ["311", "312", "318"]),
        ("WHOIS x *playback", ["311", "312", "318"]),
        ("WHOWAS NickServ", ["406", "369"]),
        ("ISON NickServ *playback", ["303"]),
        ("USERHOST NickServ *playback", ["302"]),
        ("MONITOR + NickServ,*playback", ["730", "730"]),
        ("INVITE NickServ #c", ["401"]),
        ("KICK #c NickServ", ["441"]),
        ("MODE #c +o NickServ", ["441"]),
        ("WHO NickServ", ["352", "315"]),
        ("WHO nickserv %tna,5", ["354", "315"]),
        ("WHO NickServ o", ["315"]),
        ("MONITOR + *Circlet", ["730"]),
        ("TAGMSG NickServ", []),
    ],
)
def test_other_commands_take_it_as_they_should(net: Net, line: str, numerics: list[str]) -> None:
    (ann,) = people(net, "ann", channel="#c", caps="message-tags echo-message")
    assert [answer.split(" ")[0] for answer in ann.ask(line)] == numerics


def test_a_watched_service_neither_comes_nor_goes(net: Net) -> None:
    (ann,) = people(net, "ann")
    assert len(ann.ask("MONITOR + NickServ,*circlet")) == 2
    net.run(15)
    assert not [line for line in ann.sync() if " 731 " in line]
    assert [line.split()[0] for line in ann.ask("MONITOR S")] == ["730", "730"]
    assert ann.ask("MONITOR L")[0] == "732 ann NickServ,*circlet"
    assert ann.ask("MONITOR - nickserv,*CIRCLET", "MONITOR L") == ["733 ann :End of MONITOR list"]


def test_what_is_said_to_a_service_is_not_echoed(net: Net) -> None:
    (ann,) = people(net, "ann", caps="echo-message labeled-response batch")
    assert not [line for line in ann.ask("PRIVMSG NickServ :HELP LOGOUT") if "PRIVMSG" in line]
    assert "labeled-response" in ann.ask("@label=7 PRIVMSG NickServ :HELP LOGOUT")[0]


def test_a_network_without_it_has_no_such_service() -> None:
    net = network(1, accounts=Accounts(enabled=False), history=History(enabled=False))
    (ann,) = people(net, "ann")
    assert ann.ask("PRIVMSG NickServ :help") == ["401 ann NickServ :No such nick/channel"]
    assert ann.ask("PRIVMSG *playback :help") == ["401 ann *playback :No such nick/channel"]
    assert ann.ask("NS help") == ["421 ann NS :Unknown command"]
