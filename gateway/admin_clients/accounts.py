"""Requests of operators' programs about accounts. Any node of the network answers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from gateway.accounts.credentials import Credentials
from gateway.state.account.account import Account
from gateway.state.account.messages import Info, InfoView

if TYPE_CHECKING:
    from gateway.admin.procedures import Procedure
    from gateway.edge.edge import Edge
    from gateway.node import NodeCore

PAGE = 1_000


class AccountsAsk(msgspec.Struct, frozen=True, tag="accounts"):
    """Asks a node for its mastered accounts. after: the folded name of the last account of the page before."""

    after: str = ""


class AddAccount(msgspec.Struct, frozen=True, tag="add_account"):
    name: str
    credentials: Credentials


class SetPassword(msgspec.Struct, frozen=True, tag="set_password"):
    name: str
    credentials: Credentials


class DropAccount(msgspec.Struct, frozen=True, tag="drop_account"):
    name: str


class AccountFacts(msgspec.Struct, frozen=True):
    """created: Unix ms. seen: Unix ms of the last login, accurate to about an hour."""

    name: str
    created: int
    seen: int
    nicks: tuple[str, ...]
    certificates: int
    always_on: bool | None


class Accounts(msgspec.Struct, frozen=True, tag="some_accounts"):
    """One page of accounts, sorted by folded name. more: further accounts follow; ask again with after = last."""

    accounts: list[AccountFacts]
    more: bool
    last: str = ""


class Done(msgspec.Struct, frozen=True, tag="done"):
    """text: a sentence about the finished action."""

    text: str


class Problem(msgspec.Struct, frozen=True, tag="problem"):
    """text: a sentence about why the request failed."""

    text: str


Request = AccountsAsk | AddAccount | SetPassword | DropAccount
Reply = Callable[[Accounts | Done | Problem], None]


def answer(core: NodeCore, request: Request, reply: Reply) -> None:
    from gateway.admin import accounts  # operators' programs import this file, and need no core

    edge = core.edge
    if isinstance(request, AccountsAsk):
        reply(_kept(core, request.after) if edge.settings.accounts.enabled else Problem(accounts.NONE))
    elif isinstance(request, AddAccount):
        _run(edge, accounts.add(edge, request.name, request.credentials), reply)
    elif isinstance(request, SetPassword):
        _run(edge, accounts.set_password(edge, request.name, request.credentials), reply)
    else:
        _run(edge, accounts.drop(edge, request.name), reply)


def _run(edge: Edge, procedure: Procedure[str], reply: Reply) -> None:
    from gateway.admin.procedures import Problem as Trouble
    from gateway.admin.procedures import run

    run(edge, procedure, lambda said: reply(Problem(said.text) if isinstance(said, Trouble) else Done(said)))


def _kept(core: NodeCore, after: str) -> Accounts:
    found: list[tuple[str, InfoView]] = []
    for group, state, _ in core.engine.mastered("account"):
        if group.name > after and isinstance(state, Account):
            view = state.answer(Info(), core.engine.now_ms)
            if isinstance(view, InfoView) and view.name and not view.alias:
                found.append((group.name, view))
    found.sort(key=lambda item: item[0])
    page = found[:PAGE]
    return Accounts([_facts(view) for _, view in page], len(found) > PAGE, page[-1][0] if page else "")


def _facts(view: InfoView) -> AccountFacts:
    always_on = view.settings.always_on
    return AccountFacts(view.name, view.created, view.seen, view.nicks, len(view.certificates), always_on)
