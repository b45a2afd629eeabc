"""Add and remove grouped nicks and certificates of an account, and free all of these when the account is dropped.

A grouped nick or a certificate has a group of its own. This group names the account, and the account's group lists the
nick or the certificate. The two groups cannot change at the same moment. So a nick or a certificate counts for nothing
unless the account lists the nick or the certificate, and every step may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gateway.edge.accounts.identity import Login
from gateway.edge.accounts.login import expel_all
from gateway.edge.accounts.verify import Found, certificate_group, look_up, look_up_certificate
from gateway.edge.client.registration import new_uid
from gateway.edge.rpc.asks import ExpelAsk
from gateway.state.account import messages as m
from gateway.state.account.messages import Accepted, Denied, LoginView
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

Done = Callable[[Any], None]
"""Takes Accepted, Denied, or ring.replication.application.FAILED if the network did not answer in time."""


def add_nick(edge: EdgePort, login: Login, nick: str, done: Done) -> None:
    folded = edge.settings.casemap(nick)
    if folded == edge.settings.casemap(login.name):
        done(Accepted(login.name))
        return
    add = m.AddNick(login.life, folded)
    look_up(edge, nick, _adding(edge, login, edge.account(nick), nick, add, done))


def add_certificate(edge: EdgePort, login: Login, fingerprint: str, done: Done) -> None:
    """Add a certificate to the account. fingerprint: SHA-256 of the certificate's DER, lower-case hexadecimal."""
    add, group = m.AddCertificate(login.life, fingerprint), certificate_group(fingerprint)
    look_up_certificate(edge, fingerprint, _adding(edge, login, group, group.name, add, done))


def remove_nick(edge: EdgePort, login: Login, nick: str, done: Done) -> None:
    _remove(edge, login, edge.account(nick), m.RemoveNick(login.life, edge.settings.casemap(nick)), done)


def remove_certificate(edge: EdgePort, login: Login, fingerprint: str, done: Done) -> None:
    _remove(edge, login, certificate_group(fingerprint), m.RemoveCertificate(login.life, fingerprint), done)


def _adding(edge: EdgePort, login: Login, group: GroupId, name: str, add: Any, done: Done) -> Found:
    """Claim the name first, then extend the account's list, so no account lists a name which another may take."""
    owner = edge.settings.casemap(login.name)

    def found(view: LoginView | None) -> None:
        if view is not None and view.name and view.life != login.life:
            done(Denied("taken"))
        else:
            over = view.life if view is not None and not view.name else ""
            edge.network.submit(group, m.Alias(new_uid(edge), name, owner, over), claimed)

    def claimed(outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            edge.network.submit(edge.account(login.name), add, listed)
        else:
            done(outcome)

    def listed(outcome: Any) -> None:
        if isinstance(outcome, Denied):
            edge.network.submit(group, m.Unalias(owner))
        done(outcome)

    return found


def _remove(edge: EdgePort, login: Login, group: GroupId, remove: Any, done: Done) -> None:
    def unlisted(outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            edge.network.submit(group, m.Unalias(edge.settings.casemap(login.name)))
        done(outcome)

    edge.network.submit(edge.account(login.name), remove, unlisted)


def drop(edge: EdgePort, name: str, life: str, done: Done) -> None:
    """Drop the account, free the account's other names, and log out the users of the account on every node.

    life: id of the registration which the owner wants to drop; "" if an operator drops the account.
    """
    folded = edge.settings.casemap(name)

    def found(view: LoginView | None) -> None:
        if view is not None and view.life and not view.alias:
            edge.network.submit(edge.account(name), m.Drop(life), lambda outcome: dropped(view, outcome))
        else:
            edge.network.submit(edge.account(name), m.Drop(life), done)

    def dropped(view: LoginView, outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            for group in (*map(edge.account, view.nicks), *map(certificate_group, view.certificates)):
                edge.network.submit(group, m.Unalias(folded))
            edge.conversations.forget(folded, view.life)
            expel_all(edge, view.life)
            for node in edge.network.live():
                if node.key != edge.record.key:
                    edge.network.ask_node(node.key, ExpelAsk(view.life), lambda reply: None)
        done(outcome)

    edge.network.ask(edge.account(name), m.Login(), found)
