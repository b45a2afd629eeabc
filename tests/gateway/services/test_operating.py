"""NickServ's commands for operators: accounts are suspended, made, changed and listed, from every node."""

from __future__ import annotations

import pytest

from config.accounts import Accounts
from gateway.services.table import NO_OPERATOR
from gateway.state.account.account import Account, restore
from gateway.state.account.messages import Accepted, Denied, Dropped, Registered
from gateway.state.account.operator_messages import Adopt
from gateway.state.account.snapshot import Life
from tests.gateway.commands.accounts import Newcomer, log_in
from tests.gateway.commands.stage import OPERATOR, network, people
from tests.gateway.services.asking import told, with_account
from tests.gateway.state.cast import packed
from tests.settings import operator, operator_class
from tests.sim.net import Client, Net


@pytest.fixture(params=[1, 3])
def net(request: pytest.FixtureRequest) -> Net:
    return network(request.param, operators=(OPERATOR,))


def root(net: Net) -> Client:
    client = net.client(list(net.nodes)[-1], "root")
    assert client.ask("OPER root sesame")[0].startswith("381")
    return client


def refused(net: Net, name: str = "ann") -> str:
    """Return why SASL refuses the account."""
    (line,) = [one for one in log_in(Newcomer(net, "n1"), name, "sesame") if one.startswith("904")]
    return line.partition(": ")[2]


def test_a_suspended_account_ends_its_sessions_and_nobody_logs_in(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    oper = root(net)
    assert told(oper, "SUSPEND ANN 2h spam and more")[0].endswith(": spam and more.")
    net.run(1)
    assert ann.closed is not None and "The account ann is suspended until " in ann.got[-1]
    assert ann.got[-1].endswith(": spam and more)")
    assert refused(net).endswith(": spam and more") and refused(net).startswith("The account ann is suspended until ")
    assert told(bob, "IDENTIFY ann sesame")[0].startswith("The account ann is suspended")
    assert told(oper, "INFO ann")[0].startswith("The account ann is suspended until ")
    assert told(oper, "UNSUSPEND ann") == ["The account ann is not suspended any more."]
    assert told(oper, "UNSUSPEND ann") == ["The account ann is not suspended."]
    assert log_in(Newcomer(net, "n1"), "ann", "sesame")[-1].startswith("903")
    acts = [line.partition("Z ")[2].partition(" by ")[0] for line in oper.ask("AUDIT") if "Z " in line]
    assert acts[-2:] == ["suspend ann", "unsuspend ann"]


def test_a_suspension_ends_by_itself(net: Net) -> None:
    with_account(net, "ann", "bob")
    told(root(net), "SUSPEND ann 30m")
    assert refused(net)
    net.run(1_801)
    assert log_in(Newcomer(net, "n1"), "ann", "sesame")[-1].startswith("903")


def test_pass_and_certificates_are_refused_too(net: Net) -> None:
    (ann, _) = with_account(net, "ann", "bob")
    told(ann, f"CERT ADD {'ab' * 32}")
    told(root(net), "SUSPEND ann gone")
    one = Newcomer(net, "n1", certificate="ab" * 32)
    assert any(line.startswith("904") for line in log_in(one, "", "", "EXTERNAL"))
    other = Newcomer(net, "n1", caps="")
    other.send("PASS ann:sesame", "NICK ann2", "USER a 0 * :a")
    assert any(line.startswith("464 ") and "is suspended: gone" in line for line in other.hear("464 "))


def test_accounts_are_made_though_nobody_may_register() -> None:
    net = network(3, operators=(OPERATOR,), accounts=Accounts(registration="closed"))
    oper = root(net)
    assert told(oper, "SAREGISTER joe short") == ["A password needs 6 bytes or more."]
    assert told(oper, "SAREGISTER no,nick sesame") == ["An account's name has to be a nick."]
    assert told(oper, "SAREGISTER NickServ sesame") == ["That is the name of a service."]
    assert told(oper, "SAREGISTER joe sesame") == ["Account joe is registered."]
    assert told(oper, "SAREGISTER JOE sesame") == ["There is an account joe already."]
    assert log_in(Newcomer(net, "n1"), "joe", "sesame")[-1].startswith("903")
    assert "saregister joe by root" in "".join(oper.ask("AUDIT 1"))


def test_operators_change_passwords_and_settings(net: Net) -> None:
    with_account(net, "ann", "bob")
    oper = root(net)
    assert told(oper, "SASET ann PASSWORD mellon99") == ["The account ann has another password."]
    assert log_in(Newcomer(net, "n1"), "ann", "mellon99")[-1].startswith("903")
    assert told(oper, "SASET ann ALWAYS-ON on") == ["ALWAYS-ON of the account ann is on."]
    assert "ALWAYS-ON: on" in "".join(told(oper, "INFO ann"))
    syntax = "Syntax: SASET <account> <PASSWORD|ALWAYS-ON|AUTO-AWAY> <value>"
    assert told(oper, "SASET ann ALWAYS-ON maybe") == [syntax] == told(oper, "SASET ann EMAIL x@y")
    assert told(oper, "SASET ann PASSWORD short") == ["A password needs 6 bytes or more."]
    assert told(oper, "SASET nobody PASSWORD mellon99") == ["There is no such account."]


def test_accounts_are_listed_by_mask_and_state(net: Net) -> None:
    with_account(net, "ann", "cat")
    with_account(net, "bob")
    oper = root(net)
    told(oper, "SUSPEND bob")
    listed = told(oper, "LIST *")
    assert [line.partition(",")[0] for line in listed] == ["ann", "bob", "Accounts: 2."]
    assert listed[1].endswith(", suspended")
    assert [line.partition(",")[0] for line in told(oper, "LIST A?n")] == ["ann", "Accounts: 1."]
    assert [line.partition(",")[0] for line in told(oper, "LIST * suspended")] == ["bob", "Accounts: 1."]
    assert told(oper, "LIST * UNSEEN 30d") == ["Accounts: 0."]
    net.run(7_200)  # the clients answer no PING meanwhile
    oper = root(net)
    assert len(told(oper, "LIST * UNSEEN 1h")) == 3
    for bad in ("LIST * x", "LIST * UNSEEN", "LIST * UNSEEN x"):
        assert told(oper, bad) == ["Syntax: LIST <mask> [SUSPENDED] [UNSEEN time]"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("SUSPEND", "Syntax: SUSPEND <account> [time] [reason]"),
        ("SUSPEND ann 0m", "Syntax: SUSPEND <account> [time] [reason]"),
        ("SUSPEND nobody", "There is no such account."),
        ("SUSPEND \x03", "There is no such account."),
        ("UNSUSPEND", "Syntax: UNSUSPEND <account>"),
        ("SAREGISTER joe", "Syntax: SAREGISTER <account> <password>"),
        ("LIST", "Syntax: LIST <mask> [SUSPENDED] [UNSEEN time]"),
    ],
)
def test_bad_input(net: Net, text: str, answer: str) -> None:
    with_account(net, "ann", "bob")
    assert told(root(net), text)[0] == answer


def test_operators_need_the_capability(net: Net) -> None:
    (_, bob) = with_account(net, "ann", "bob")
    for text in (
        "SUSPEND ann",
        "UNSUSPEND ann",
        "SAREGISTER joe sesame",
        "SASET ann PASSWORD sesame",
        "LIST *",
        "RENAME ann x",
    ):
        assert told(bob, text) == [NO_OPERATOR]
    helper = operator("helper", "sesame", operator_class="helpers")
    (ann,) = people(network(1, operators=(helper,), operator_classes=(operator_class("helpers", "kill"),)), "ann")
    ann.ask("OPER helper sesame")
    assert told(ann, "LIST *") == ["Your class of operators does not have the capability accounts."]


def test_below_level_3_nobody_is_suspended() -> None:
    net = network(2, operators=(OPERATOR,), level=2)
    ann, _ = with_account(net, "ann", "bob")
    assert told(root(net), "SUSPEND ann") == ["The network does not support this yet."]
    assert ann.closed is None


def test_a_renamed_account_keeps_nicks_certificates_and_accesses(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    told(ann, f"CERT ADD {'ab' * 32}")
    ann.ask("NICK ann2")
    ann.nick = "ann2"
    told(ann, "GROUP")
    ann.ask("JOIN #c", "CS REGISTER #c")
    oper = root(net)
    assert told(oper, "RENAME ann Anna") == ["The account ann has the name Anna now."]
    net.run(1)
    assert any(" 901 " in line for line in ann.sync())
    for name in ("anna", "ann", "ann2"):
        one = Newcomer(net, "n1")
        assert any(" Anna " in line for line in log_in(one, name, "sesame") if line.startswith("900")), name
        one.send("QUIT")
    one = Newcomer(net, "n1", certificate="ab" * 32)
    assert any(line.startswith("903") for line in log_in(one, "", "", "EXTERNAL"))
    one.enter("new")
    one.ask("JOIN #c")
    assert "~new" in "".join(one.ask("NAMES #c")), "the founder's access is by the id of the registration"
    assert told(oper, "INFO anna")[0].startswith("Account Anna, registered")
    assert "rename ann by root" in "".join(oper.ask("AUDIT act=rename"))
    assert told(bob, "REGISTER sesame") == ["Account bob is registered, and you are logged in to it."]
    assert told(oper, "RENAME anna bob") == ["That nick or certificate belongs to another account."]
    assert told(oper, "RENAME anna ANNA") == ["The account has the name Anna already."]
    assert told(oper, "RENAME anna NickServ") == ["That is the name of a service."]
    assert told(oper, "RENAME anna no,nick") == ["An account's name has to be a nick."]
    assert told(oper, "RENAME anna ann2") == ["The account Anna has the name ann2 now."]
    assert log_in(Newcomer(net, "n1"), "anna", "sesame")[-1].startswith("903")


def test_the_name_of_a_dropped_account_is_taken_and_a_merge_keeps_it() -> None:
    """The name was dropped after the registration: the registration counts as made at the rename."""
    account = Account("bob")
    account.apply(Registered("2", "bob", None), 10)
    account.apply(Dropped(), 20)
    old = restore("bob", packed(account.snapshot()))
    command = Adopt(Life(5, "1", "Bob"), "ann")
    decision = account.decide(command, 30)
    assert decision.outcome == Accepted("Bob")
    account.apply(decision.event, 30)
    assert account.decide(command, 31) == (Accepted("Bob"), None)
    assert account.decide(Adopt(Life(5, "3", "Bob"), "cat"), 31).outcome == Denied("taken")
    assert account.merge(old, 40) is None
    old.apply(old.merge(account, 40), 40)
    assert old.life is not None and (old.life.id, old.life.created) == ("1", 30)
