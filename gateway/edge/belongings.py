"""What belongs to an account beside its name: grouped nicks, and certificates; and what becomes of it on a drop.

Each is a name of its own, whose group says whose it is, and stands on the account's list. The two cannot change at
once: a name that points to an account which does not list it counts for nothing, and all of this may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.edge.asks import ExpelAsk
from gateway.edge.login import Login, expel_all
from gateway.edge.proving import CERTIFICATE, look_up
from gateway.edge.registration import new_uid
from gateway.groups import account_messages as m
from gateway.groups.account_messages import Accepted, Denied, LoginView

if TYPE_CHECKING:
    from gateway.edge.edge import Edge

Done = Callable[[Any], None]
"""Accepted, Denied, or ring.groups.host.FAILED: the network did not answer in time."""


def add_nick(edge: Edge, login: Login, nick: str, done: Done) -> None:
    folded = edge.settings.casemap(nick)
    if folded == edge.settings.casemap(login.name):
        done(Accepted(login.name))
    else:
        _add(edge, login, nick, m.AddNick(login.life, folded), done)


def add_certificate(edge: Edge, login: Login, fingerprint: str, done: Done) -> None:
    """fingerprint: SHA-256 of its DER, lower-case hexadecimal."""
    _add(edge, login, CERTIFICATE + fingerprint, m.AddCertificate(login.life, fingerprint), done)


def remove_nick(edge: Edge, login: Login, nick: str, done: Done) -> None:
    _remove(edge, login, nick, m.RemoveNick(login.life, edge.settings.casemap(nick)), done)


def remove_certificate(edge: Edge, login: Login, fingerprint: str, done: Done) -> None:
    _remove(edge, login, CERTIFICATE + fingerprint, m.RemoveCertificate(login.life, fingerprint), done)


def _add(edge: Edge, login: Login, name: str, command: Any, done: Done) -> None:
    """First the name, then the list: so no account lists what another may take."""
    owner = edge.settings.casemap(login.name)

    def found(view: LoginView | None) -> None:
        if view is not None and view.name and view.life != login.life:
            done(Denied("taken"))
        else:
            alias = m.Alias(new_uid(edge), name, owner, view.life if view is not None and not view.name else "")
            edge.engine.submit(edge.account(name), alias, claimed)

    def claimed(outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            edge.engine.submit(edge.account(login.name), command, listed)
        else:
            done(outcome)

    def listed(outcome: Any) -> None:
        if isinstance(outcome, Denied):
            edge.engine.submit(edge.account(name), m.Unalias(owner))
        done(outcome)

    look_up(edge, name, found)


def _remove(edge: Edge, login: Login, name: str, command: Any, done: Done) -> None:
    def unlisted(outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            edge.engine.submit(edge.account(name), m.Unalias(edge.settings.casemap(login.name)))
        done(outcome)

    edge.engine.submit(edge.account(login.name), command, unlisted)


def drop(edge: Edge, name: str, life: str, done: Done) -> None:
    """Drop the account; its other names are free, and who is logged in to it, on any node, is not any more.

    life: of the account as its owner knows it, "" for an operator.
    """
    folded = edge.settings.casemap(name)

    def found(view: LoginView | None) -> None:
        if view is not None and view.life and not view.alias:
            edge.engine.submit(edge.account(name), m.Drop(life), lambda outcome: dropped(view, outcome))
        else:
            edge.engine.submit(edge.account(name), m.Drop(life), done)

    def dropped(view: LoginView, outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            for other in (*view.nicks, *(CERTIFICATE + fingerprint for fingerprint in view.certificates)):
                edge.engine.submit(edge.account(other), m.Unalias(folded))
            expel_all(edge, view.life)
            for node in edge.engine.live():
                if node.key != edge.record.key:
                    edge.engine.ask_node(node.key, ExpelAsk(view.life), lambda reply: None)
        done(outcome)

    edge.engine.ask(edge.account(name), m.Login(), found)
