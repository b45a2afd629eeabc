"""Add and remove grouped nicks and certificates of an account, and free all of these when the account is dropped.

A grouped nick or a certificate has a group of its own. This group names the account, and the account's group lists the
nick or the certificate. The two groups cannot change at the same moment. So a nick or a certificate counts for nothing
unless the account lists the nick or the certificate, and every step may be repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge.accounts.channels import bereave
from gateway.edge.accounts.login import expel_all
from gateway.edge.accounts.proof import Login
from gateway.edge.accounts.verify import certificate_group, look_up, look_up_certificate
from gateway.edge.client.registration import new_uid
from gateway.edge.procedures import Ask, Procedure, Submit
from gateway.edge.rpc.asks import ExpelAsk
from gateway.edge.session_ports import ignore
from gateway.state.account import messages as m
from gateway.state.account.messages import Accepted, Denied, LoginView
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

# The procedures return Accepted, Denied, or ring.replication.application.FAILED if the network did not answer in time.


def add_nick(edge: EdgePort, login: Login, nick: str) -> Procedure[Any]:
    folded = edge.settings.casemap(nick)
    if folded == edge.settings.casemap(login.name):
        return Accepted(login.name)
    view = yield from look_up(edge, nick)
    return (yield from _add(edge, login, view, edge.account(nick), nick, m.AddNick(login.life, folded)))


def add_certificate(edge: EdgePort, login: Login, fingerprint: str) -> Procedure[Any]:
    """Add a certificate to the account. fingerprint: SHA-256 of the certificate's DER, lower-case hexadecimal."""
    view, group = (yield from look_up_certificate(edge, fingerprint)), certificate_group(fingerprint)
    return (yield from _add(edge, login, view, group, group.name, m.AddCertificate(login.life, fingerprint)))


def remove_nick(edge: EdgePort, login: Login, nick: str) -> Procedure[Any]:
    command = m.RemoveNick(login.life, edge.settings.casemap(nick))
    return (yield from _remove(edge, login, edge.account(nick), command))


def remove_certificate(edge: EdgePort, login: Login, fingerprint: str) -> Procedure[Any]:
    command = m.RemoveCertificate(login.life, fingerprint)
    return (yield from _remove(edge, login, certificate_group(fingerprint), command))


def _add(edge: EdgePort, login: Login, view: LoginView | None, group: GroupId, name: str, add: Any) -> Procedure[Any]:
    """Claim the name first, then extend the account's list, so no account lists a name which another may take."""
    owner = edge.settings.casemap(login.name)
    if view is not None and view.name and view.life != login.life:
        return Denied("taken")
    over = view.life if view is not None and not view.name else ""
    claimed = yield Submit(group, m.Alias(new_uid(edge), name, owner, over))
    if not isinstance(claimed, Accepted):
        return claimed
    outcome = yield Submit(edge.account(login.name), add)
    if isinstance(outcome, Denied):
        edge.network.submit(group, m.Unalias(owner))
    return outcome


def _remove(edge: EdgePort, login: Login, group: GroupId, remove: Any) -> Procedure[Any]:
    outcome = yield Submit(edge.account(login.name), remove)
    if isinstance(outcome, Accepted):
        edge.network.submit(group, m.Unalias(edge.settings.casemap(login.name)))
    return outcome


def drop(edge: EdgePort, name: str, life: str) -> Procedure[Any]:
    """Drop the account, free the account's other names, and log out the users of the account on every node.

    life: id of the registration which the owner wants to drop; "" if an operator drops the account.
    """
    folded = edge.settings.casemap(name)
    view: LoginView | None = yield Ask(edge.account(name), m.Login())
    outcome = yield Submit(edge.account(name), m.Drop(life, ends=True))
    if isinstance(outcome, Accepted) and view is not None and view.life and not view.alias:
        edge.oversight.tell("r", f"Account {name} dropped")
        for group in (*map(edge.account, view.nicks), *map(certificate_group, view.certificates)):
            edge.network.submit(group, m.Unalias(folded))
        edge.conversations.forget(folded, view.life)
        bereave(edge, view.life, view.channels)
        expel_all(edge, view.life)
        for node in edge.network.live():
            if node.key != edge.record.key:
                edge.network.ask_node(node.key, ExpelAsk(view.life), ignore)
    return outcome
