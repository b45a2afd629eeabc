"""account-tag: on every line that a person causes, as it happens and in history."""

from __future__ import annotations

import pytest

from tests.gateway.commands.accounts import log_in, register
from tests.gateway.commands.stage import OPERATOR, network, people, settle
from tests.sim.net import Client, Net

TAGS = "account-tag away-notify setname account-notify extended-join chghost invite-notify"
HISTORY = f"{TAGS} batch draft/chathistory draft/event-playback draft/message-redaction message-tags"


def stage(nodes: int) -> tuple[Net, Client, Client]:
    """ann is logged in; bob sees what she does."""
    net = network(nodes, operators=(OPERATOR,))
    ann, bob = people(net, "ann", "bob", caps=f"sasl echo-message {HISTORY}")
    assert any(line.startswith("REGISTER SUCCESS") for line in register(ann))
    bob.ask("JOIN #c", "MODE #c -t", "MODE #c +i", "INVITE ann #c")
    ann.ask("JOIN #c")
    bob.ask("MODE #c +o ann")
    settle(ann, bob)
    return net, ann, bob


def tagged(client: Client, verb: str) -> list[bool]:
    """Of each line with this verb since the lines were last read: whether it has ann's account."""
    settle(client)
    return ["account=ann" in line.split(" ")[0] for line in client.got if f" {verb} " in line and ":ann!" in line]


@pytest.mark.parametrize("nodes", [1, 3])
@pytest.mark.parametrize(
    ("verb", "line"),
    [
        ("TOPIC", "TOPIC #c :new"),
        ("MODE", "MODE #c +m"),
        ("MODE", "MODE #c +v bob"),
        ("KICK", "KICK #c bob :out"),
        ("PART", "PART #c :bye"),
        ("PART", "PART #c"),
        ("PRIVMSG", "PRIVMSG #c :hi"),
        ("NOTICE", "NOTICE #c :hi"),
        ("PRIVMSG", "PRIVMSG bob :hi"),
        ("TAGMSG", "@+a=b TAGMSG #c"),
        ("AWAY", "AWAY :tea"),
        ("SETNAME", "SETNAME :Ann"),
        ("NICK", "NICK ann2"),
        ("QUIT", "QUIT :bye"),
        ("JOIN", "PART #c"),
        ("INVITE", "INVITE cat #c"),
        ("ACCOUNT", "NS LOGOUT"),
    ],
)
def test_every_line_of_a_person_has_its_account(nodes: int, verb: str, line: str) -> None:
    net, ann, bob = stage(nodes)
    if verb == "JOIN":
        ann.ask("AWAY :tea", line)
        bob.ask("MODE #c -i", "PART #d")
        bob.got.clear()
        bob.read = 0
        line = "JOIN #c"
    if verb == "INVITE":
        net.client("n1", "cat")
    ann.send(line)
    net.run(1)
    found = tagged(bob, verb)
    assert found and all(found), bob.got
    if verb == "JOIN":
        assert tagged(bob, "AWAY") == [True]
    if verb in ("TOPIC", "MODE", "KICK", "PART", "PRIVMSG"):
        assert all(tagged(ann, verb)), ann.got


@pytest.mark.parametrize("nodes", [1, 3])
def test_history_has_the_accounts_of_then(nodes: int) -> None:
    net, ann, bob = stage(nodes)
    ann.ask("TOPIC #c :new", "MODE #c -i+m", "KICK #c bob :out", "PRIVMSG #c :hi")
    bob.ask("JOIN #c")
    ann.ask("PART #c :bye", "JOIN #c")
    ann.ask("NICK ann2", "NICK ann")
    settle(ann, bob)
    ann.quit()
    net.run(1)
    lines = bob.ask("CHATHISTORY LATEST #c * 100")
    own = [line for line in lines if ":ann!" in line or ":ann2!" in line]
    assert {line.split(" ")[2] for line in own} >= {"TOPIC", "MODE", "KICK", "PRIVMSG", "PART", "JOIN", "NICK", "QUIT"}
    assert all("account=ann" in line.split(" ")[0] for line in own), own
    others = [line for line in lines if ":bob!" in line]
    assert others and not any("account=" in line for line in others)


def test_a_guest_has_none_and_who_logs_in_later_has_it_from_then_on(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c", caps=f"sasl {TAGS}")
    assert not any("account=" in line for line in [*ann.ask("TOPIC #c :one"), *bob.sync()])
    register(ann)
    settle(ann, bob)
    bob.got.clear()
    bob.read = 0
    ann.ask("TOPIC #c :two")
    assert tagged(bob, "TOPIC") == [True]
    ann.ask("NS LOGOUT")
    ann.ask("TOPIC #c :three")
    assert tagged(bob, "TOPIC") == [True, False]
    assert log_in(ann, "ann", "sesame")[-1].split()[0] in ("903", "MODE")


def test_an_operator_s_lines_from_outside() -> None:
    net = network(3, operators=(OPERATOR,))
    ann, bob, cat = people(net, "ann", "bob", "cat", caps=f"sasl {TAGS}")
    register(ann)
    bob.ask("JOIN #c", "MODE bob +w")
    ann.ask("OPER root sesame", "TOPIC #c :mine", "MODE #c +m", "WALLOPS :hear", "KICK #c bob", "KILL cat :bye")
    net.run(1)
    for verb in ("TOPIC", "MODE", "KICK"):  # an operator outside is shown as the server, without a name or an account
        lines = [line for line in bob.got if f" {verb} #c" in line and ":irc.circlet.local" in line]
        assert lines and not any("account=" in line for line in lines), (verb, bob.got)
    for client, verbs in ((bob, ("WALLOPS",)), (cat, ("KILL",))):
        for verb in verbs:
            lines = [line for line in client.got if f" {verb} " in line and ":ann!" in line]
            assert lines and all(line.startswith("@account=ann ") for line in lines), (verb, client.got)
