"""CERT, GROUP and UNGROUP: the certificates and nicks of an account."""

from __future__ import annotations

from tests.gateway.commands.accounts import Newcomer, log_in
from tests.gateway.services.asking import told, with_account
from tests.sim.net import Net

WRONG = "There is no such account, or the password is wrong."


CERTIFICATE = "ab" * 32


def test_certificates(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    last = list(net.nodes)[-1]
    assert log_in(Newcomer(net, last, certificate=CERTIFICATE), "", "", "EXTERNAL")[-1].startswith("904")
    ann.connection.socket.certificate = CERTIFICATE
    assert told(ann, "CERT ADD") == [f"{CERTIFICATE} logs in to ann."]
    assert told(ann, "CERT ADD " + ":".join(["CD"] * 32)) == ["cd" * 32 + " logs in to ann."]
    assert told(ann, "CERT list") == [CERTIFICATE, "cd" * 32]
    assert log_in(Newcomer(net, last, certificate=CERTIFICATE), "", "", "EXTERNAL")[-1].startswith("903")
    assert told(bob, "REGISTER mellon1")[0].startswith("Account bob")
    assert told(bob, f"CERT ADD {CERTIFICATE}") == ["That nick or certificate belongs to another account."]
    assert told(ann, "CERT DEL") == [f"{CERTIFICATE} does not log in to ann."]
    assert log_in(Newcomer(net, last, certificate=CERTIFICATE), "", "", "EXTERNAL")[-1].startswith("904")
    assert told(ann, "CERT LIST") == ["cd" * 32]


def test_grouped_nicks(net: Net) -> None:
    ann, bob = with_account(net, "ann", "bob")
    ann.ask("NICK anna")
    assert told(ann, "GROUP") == ["The nick anna belongs to your account."]
    assert told(bob, "IDENTIFY anna sesame") == ["You are logged in as ann."]
    assert told(bob, "LOGOUT") == ["You are logged out."]
    assert told(ann, "INFO anna")[1] == "Other nicks: anna"
    assert told(ann, "UNGROUP") == ["The nick anna does not belong to your account."]
    assert told(bob, "IDENTIFY anna sesame") == [WRONG]
    assert told(bob, "REGISTER mellon1")[0].startswith("Account bob")
    ann.ask("NICK ann")
    bob.ask("NICK anna")
    assert told(bob, "GROUP") == ["The nick anna belongs to your account."]
    assert told(ann, "UNGROUP anna") == ["The nick anna does not belong to your account."]
    assert told(bob, "INFO")[1] == "Other nicks: anna"  # what was not on ann's list is still bob's
