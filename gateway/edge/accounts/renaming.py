"""Give an account another name. The registration keeps its id, so that every access to a channel goes on to hold (P50).

The name's group takes the registration first, then the former name becomes a nick of the account, then the account's
other nicks and certificates are pointed to the new name. Every step may be repeated, so an operator who reads of a
failure says RENAME again. Until then both names log in to the same registration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gateway.edge.accounts.login import expel_all
from gateway.edge.accounts.verify import certificate_group, look_up
from gateway.edge.client.registration import new_uid
from gateway.edge.procedures import Ask, Procedure, Submit
from gateway.edge.rpc.asks import ExpelAsk
from gateway.edge.session_ports import ignore
from gateway.state.account.messages import Accepted, Denied, LoginView
from gateway.state.account.operator_messages import Adopt, Redirect, Whole, WholeView
from ring.replication.application import FAILED

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort


def rename(edge: EdgePort, view: LoginView, name: str) -> Procedure[Any]:
    """Returns Accepted, Denied, or FAILED without an answer in time. view: of the account."""
    old, new = edge.settings.casemap(view.name), edge.settings.casemap(name)
    other = yield from look_up(edge, name)
    whole = yield Ask(edge.account(old), Whole())
    if other is None or not isinstance(whole, WholeView):
        return FAILED
    life = whole.registration
    if (other.name and other.life != view.life) or life is None or life.id != view.life:
        return Denied("taken" if other.name else "unknown")
    nicks = {nick: at for nick, at in life.nicks.items() if nick != new} | {old: edge.network.now_ms}
    outcome = yield Submit(edge.account(new), Adopt(msgspec.structs.replace(life, name=name, nicks=nicks), old))
    if not isinstance(outcome, Accepted):
        return outcome
    outcome = yield Submit(edge.account(old), Redirect(life.id, old, new, new_uid(edge)))
    if isinstance(outcome, Accepted):
        groups = [edge.account(nick) for nick in nicks if nick != old]
        for group in (*groups, *map(certificate_group, life.certificates)):
            yield Submit(group, Redirect("", old, new, new_uid(edge)))
        expel_all(edge, life.id)
        for node in edge.network.live():
            if node.key != edge.record.key:
                edge.network.ask_node(node.key, ExpelAsk(life.id), ignore)
    return outcome
