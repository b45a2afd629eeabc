"""Hosts that accounts have instead of a cloak: requests of owners, and decisions of operators (HostServ).

The account's group keeps the request and the host, so a request is on the disks of the group's holders before the
answer (P35). The list of requests is asked of all nodes: each node lists the accounts that the node masters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.edge.procedures import AskNode, Procedure, Submit, Together
from gateway.edge.rpc.operator_asks import ChosenAsk, Page, PageAsk, VhostRow
from gateway.state.account.messages import Accepted, ChangeVhost

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

MOST: Final = 100
"""A list of requests has at most so many rows of each node."""


def change(edge: EdgePort, account: str, command: ChangeVhost) -> Procedure[Any]:
    """Change the account's host, and have the account's user shown by the host. account: the name.

    Returns Accepted, Denied, or ring.replication.application.FAILED if the network did not answer in time.
    """
    outcome = yield Submit(edge.account(account), command)
    if isinstance(outcome, Accepted) and command.what in ("activate", "off"):
        yield from _ask_all(edge, ChosenAsk(edge.settings.casemap(account)))
    return outcome


def requests(edge: EdgePort) -> Procedure[tuple[list[VhostRow], list[str], bool]]:
    """Return the requests that wait, the oldest first; the names of nodes that did not answer; and whether there are
    more requests."""
    nodes = edge.network.live()
    pages = yield from _ask_all(edge, PageAsk("vhosts", "", MOST))
    silent = [node.name for node, page in zip(nodes, pages, strict=True) if page is None]
    found = {row.key: row for page in pages if isinstance(page, Page) for row in page.rows if isinstance(row, VhostRow)}
    more = any(page.upto for page in pages if isinstance(page, Page))
    return sorted(found.values(), key=lambda row: (row.at, row.key)), silent, more


def _ask_all(edge: EdgePort, body: Any) -> Procedure[list[Any]]:
    answers: list[Any] = yield Together([_ask(node.key, body) for node in edge.network.live()])
    return answers


def _ask(key: str, body: Any) -> Procedure[Any]:
    return (yield AskNode(key, body))
