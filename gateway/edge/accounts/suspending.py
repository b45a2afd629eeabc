"""Suspend accounts: nobody logs in, and the account's sessions end on every node.

The suspension is in the account's group, on disk as the password is (P35), and every login reads the group. The
operator's node tells the other nodes to end the sessions. A node that is not told, for example on another side of a
partition, learns of the suspension when the node looks at the logins of the node's clients again (`login.py: watch`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.edge.procedures import Procedure, Submit
from gateway.edge.rpc.asks import SuspendedAsk
from gateway.edge.session_ports import ignore
from gateway.irc.times import server_time
from gateway.state.account.messages import Accepted, LoginView
from gateway.state.account.operator_messages import Suspend
from gateway.state.account.snapshot import Suspension

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

SUSPENDED = "Account suspended"
"""Why the account's user leaves, as other people read it."""


def words(name: str, suspension: Suspension) -> str:
    """Tell somebody why the account cannot be used."""
    until = f" until {server_time(suspension.until)}" if suspension.until else ""
    reason = f": {suspension.reason}" if suspension.reason else ""
    return f"The account {name} is suspended{until}{reason}"


def refusal(view: LoginView) -> str:
    """Return why nobody may log in to the account; "" if the account is not suspended."""
    return words(view.name, view.suspension) if view.suspension is not None else ""


def suspend(edge: EdgePort, view: LoginView, suspension: Suspension | None) -> Procedure[Any]:
    """Suspend the account, or end the suspension. Returns Accepted, Denied, or FAILED without an answer in time."""
    outcome = yield Submit(edge.account(view.name), Suspend(view.life, suspension))
    if isinstance(outcome, Accepted) and suspension is not None:
        text = words(view.name, suspension)
        end_sessions(edge, view.life, text)
        for node in edge.network.live():
            if node.key != edge.record.key:
                edge.network.ask_node(node.key, SuspendedAsk(view.life, text), ignore)
    return outcome


def end_sessions(edge: EdgePort, life: str, text: str) -> int:
    """End the sessions of the account on this node, and disconnect all clients; return the number of clients."""
    logins = [one for one in edge.clients.connections.values() if one.login is not None and one.login.life == life]
    here = [one for one in logins if one.closed is None and one.remote.forwarder is None]
    users = {one.user.uid: one.user for one in here if one.user is not None}
    users |= {user.uid: user for user in edge.users.values() if user.session.life == life}
    for user in users.values():
        edge.depart(user, SUSPENDED)
    for connection in here:
        edge.clients.cut(connection, text)
    return len(here)
