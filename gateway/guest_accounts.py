"""What an operator's program may have done with accounts, by way of any node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.accounts.credentials import Credentials
from gateway.edge.absent import with_absent
from gateway.edge.belongings import drop
from gateway.edge.edge import Edge
from gateway.edge.protection import owned
from gateway.edge.proving import look_up
from gateway.edge.registration import new_uid
from gateway.groups.account import Account
from gateway.groups.account_messages import (
    Accepted,
    Denied,
    Info,
    InfoView,
    LoggedIn,
    LoginView,
    Register,
    SetCredentials,
)
from gateway.irc.names import is_valid_nick
from gateway.node import NodeCore
from ring.groups.host import FAILED

PAGE = 1_000
SILENT = "whoever keeps accounts does not answer: are enough nodes up? Try again later"
UNKNOWN = "nobody answered in time: it may or may not be done; `circlet account list` tells"


class AccountsAsk(msgspec.Struct, frozen=True, tag="accounts"):
    """Which accounts do you answer for? after: the folded name of the last one told."""

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
    """created, seen: Unix ms; seen: the last login, to the hour or so."""

    name: str
    created: int
    seen: int
    nicks: tuple[str, ...]
    certificates: int
    always_on: bool | None


class Accounts(msgspec.Struct, frozen=True, tag="some_accounts"):
    """In the order of their folded names. more: ask for those after the last."""

    accounts: list[AccountFacts]
    more: bool
    last: str = ""


class Done(msgspec.Struct, frozen=True, tag="done"):
    """text: what was done."""

    text: str


class Problem(msgspec.Struct, frozen=True, tag="problem"):
    """Why there is no answer, in words."""

    text: str


Request = AccountsAsk | AddAccount | SetPassword | DropAccount
Reply = Callable[[Accounts | Done | Problem], None]


def answer(core: NodeCore, request: Request, reply: Reply) -> None:
    if not core.edge.settings.accounts.enabled:
        reply(Problem("accounts.enabled is false in its file: this network has no accounts"))
    elif isinstance(request, AccountsAsk):
        reply(_kept(core, request.after))
    elif isinstance(request, AddAccount):
        _add(core.edge, request, reply)
    elif isinstance(request, SetPassword):
        _set_password(core.edge, request, reply)
    else:
        _drop(core.edge, request, reply)


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


def _add(edge: Edge, request: AddAccount, reply: Reply) -> None:
    name = request.name

    def known(view: LoginView | None) -> None:
        if view is None:
            reply(Problem(with_absent(edge, SILENT)))
        elif view.name:
            _confirm(edge, view.name, view.life, reply, Problem(_exists(edge, name, view.name)))
        else:
            command = Register(new_uid(edge), name, request.credentials, view.life)
            edge.engine.submit(edge.account(name), command, registered)

    def registered(outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            edge.engine.note("account_registered", client=0, account=name)
            owned(edge, name)
            reply(Done(f"account {name} is there"))
        else:
            denied = f"there is an account {name} already"
            reply(Problem(denied if isinstance(outcome, Denied) else with_absent(edge, UNKNOWN)))

    if why := edge.settings.reservation(name):
        reply(Problem(f"{name} is no name for an account: {why[0].lower()}{why[1:]}"))
    elif not is_valid_nick(name, edge.settings.limits.nick_len):
        reply(Problem(f"{name[:64]!r} is no name for an account: it has to be a nick of IRC"))
    else:
        look_up(edge, name, known)


def _confirm(edge: Edge, name: str, life: str, reply: Reply, problem: Problem) -> None:
    """What was read may come from an old copy, while those who have newer ones are away (P37): does it hold?

    life: that the account is thought to have; "" if there is thought to be none.
    """

    def answered(outcome: Any) -> None:
        if outcome is FAILED or isinstance(outcome, Denied) == bool(life):
            reply(Problem(with_absent(edge, SILENT)))
        else:
            reply(problem)

    edge.engine.submit(edge.account(name), LoggedIn(life), answered)


def _exists(edge: Edge, name: str, owner: str) -> str:
    same = edge.settings.casemap(name) == edge.settings.casemap(owner)
    return f"there is an account {owner} already" if same else f"{name} is a nick of the account {owner}"


def _found(edge: Edge, name: str, reply: Reply, then: Callable[[LoginView], None]) -> None:
    """Go on with the account of that very name; a nick that is grouped to one is not enough to change it by."""

    def known(view: LoginView | None) -> None:
        if view is None:
            reply(Problem(with_absent(edge, SILENT)))
        elif not view.name and is_valid_nick(name, edge.settings.limits.nick_len):
            _confirm(edge, name, "", reply, Problem(f"there is no account {name[:64]}"))
        elif not view.name:
            reply(Problem(f"there is no account {name[:64]}"))
        elif edge.settings.casemap(view.name) != edge.settings.casemap(name):
            reply(Problem(f"{name} is a nick of the account {view.name}: name that"))
        else:
            then(view)

    look_up(edge, name, known)


def _answered(edge: Edge, reply: Reply, name: str, text: str) -> Callable[[Any], None]:
    def answered(outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            reply(Done(text))
        else:
            denied = f"account {name} has changed meanwhile: try again"
            reply(Problem(denied if isinstance(outcome, Denied) else with_absent(edge, UNKNOWN)))

    return answered


def _set_password(edge: Edge, request: SetPassword, reply: Reply) -> None:
    def found(view: LoginView) -> None:
        done = _answered(edge, reply, view.name, f"account {view.name} has another password; who is logged in stays so")
        edge.engine.submit(edge.account(view.name), SetCredentials(view.life, request.credentials), done)

    _found(edge, request.name, reply, found)


def _drop(edge: Edge, request: DropAccount, reply: Reply) -> None:
    def found(view: LoginView) -> None:
        text = f"account {view.name} is dropped, with its nicks, certificates, session and private conversations"
        done = _answered(edge, reply, view.name, text)
        drop(edge, view.name, view.life, done)

    _found(edge, request.name, reply, found)
