"""NickServ's commands for operators of the network: SUSPEND, UNSUSPEND, SAREGISTER, SASET, RENAME, LIST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.accounts.credentials import Credentials
from gateway.edge.accounts.nick_protection import owned
from gateway.edge.accounts.preferences import Value
from gateway.edge.accounts.register import unfit
from gateway.edge.accounts.renaming import rename
from gateway.edge.accounts.suspending import suspend, words
from gateway.edge.accounts.verify import look_up
from gateway.edge.client.registration import new_uid
from gateway.edge.procedures import run
from gateway.edge.rpc.operator_asks import AccountRow, ChosenAsk, Page, PageAsk
from gateway.edge.rpc.pages import MOST
from gateway.irc.masks import match
from gateway.irc.message import clean
from gateway.irc.names import is_valid_nick
from gateway.irc.times import read_duration, server_time
from gateway.services.answering import changed, later
from gateway.services.choosing import SWITCH
from gateway.services.nickserv import NICKSERV
from gateway.services.table import Request
from gateway.state.account.messages import Accepted, LoginView, Register, SetCredentials, SetSettings
from gateway.state.account.operator_messages import Adopt, Suspend
from gateway.state.account.snapshot import Suspension

NO_ACCOUNT: Final = "There is no such account."
TOO_OLD: Final = "The network does not support this yet."
SHOWN: Final = 100
"""Accounts that LIST shows at once."""
ROUNDS: Final = 25
"""Pages of all nodes that LIST reads at once, each with MOST accounts of a node."""


def find(request: Request, then: Callable[[LoginView], None]) -> None:
    """Find the account that the first word names, by its name or a nick, and go on if there is such an account."""
    call = request.call

    def found(view: LoginView | None) -> None:
        if view is None:
            request.say(later(request))
        elif not view.name:
            request.say(NO_ACCOUNT)
        else:
            then(view)

    run(call.edge, look_up(call.edge, clean(request.words[0])), call.later(found))


def acted(request: Request, act: str, target: str, reason: str, text: str) -> Callable[[Any], None]:
    """Make a continuation for a change of an account: keeps the act in the audit, and tells the operator."""
    told = changed(request, text)

    def done(outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            request.call.audit(act, target, reason)
        told(outcome)

    return request.call.later(done)


@NICKSERV.command(
    "SUSPEND <account> [time] [reason]",
    "let nobody log in to an account, and end its sessions",
    "A time is 30m, 12h or 7d; without a time for ever. Operators only.",
    words=(1, 100),
    capability="accounts",
)
def suspend_account(request: Request) -> None:
    call, edge = request.call, request.call.edge
    seconds = read_duration(clean(request.words[1])) if len(request.words) > 1 else None
    reason = edge.text(" ".join(request.words[1 if seconds is None else 2 :]), 200)
    until = edge.network.now_ms + seconds * 1000 if seconds is not None else 0

    def found(view: LoginView) -> None:
        suspension = Suspension(until, reason, call.user.identity.oper or "")
        text = f"{words(view.name, suspension)}."
        run(edge, suspend(edge, view, suspension), acted(request, "suspend", view.name, reason, text))

    if edge.network.level < Suspend.SINCE:
        request.say(TOO_OLD)
    elif seconds == 0:
        request.say(f"Syntax: {NICKSERV.commands['SUSPEND'].syntax}")
    else:
        find(request, found)


@NICKSERV.command(
    "UNSUSPEND <account>", "let people log in to the account again", "Operators only.", words=(1, 1),
    capability="accounts",
)  # fmt: skip
def unsuspend(request: Request) -> None:
    edge = request.call.edge

    def found(view: LoginView) -> None:
        if view.suspension is None:
            request.say(f"The account {view.name} is not suspended.")
        else:
            text = f"The account {view.name} is not suspended any more."
            run(edge, suspend(edge, view, None), acted(request, "unsuspend", view.name, "", text))

    find(request, found)


@NICKSERV.command(
    "SAREGISTER <account> <password>",
    "make an account for somebody",
    "Works though accounts.registration is closed. Operators only.",
    words=(2, 2),
    capability="accounts",
)
def register_for(request: Request) -> None:
    call, edge, name = request.call, request.call.edge, clean(request.words[0])
    password, settings = request.words[1], request.call.edge.settings

    def found(view: LoginView | None) -> None:
        if view is None:
            request.say(later(request))
        elif view.name:
            request.say(f"There is an account {view.name} already.")
        else:
            edge.outside.make_credentials(password, call.later(lambda made: hashed(view, made)))

    def hashed(view: LoginView, made: Credentials | None) -> None:
        if made is None:
            request.say("The password cannot be stored now: try again later.")
            return
        command = Register(new_uid(edge), name, made, view.life)
        call.submit(edge.account(name), command, registered)

    def registered(outcome: Any) -> None:
        if isinstance(outcome, Accepted):
            edge.network.note("account_registered", client=call.connection.number, account=name)
            owned(edge, name)
        acted(request, "saregister", name, "", f"Account {name} is registered.")(outcome)

    if why := settings.reservation(name):
        request.say(f"{why}.")
    elif not is_valid_nick(name, settings.limits.nick_len):
        request.say("An account's name has to be a nick.")
    elif problem := unfit(settings.accounts, password):
        request.say(f"{problem[1]}.")
    else:
        run(edge, look_up(edge, name), call.later(found))


@NICKSERV.command(
    "SASET <account> <PASSWORD|ALWAYS-ON|AUTO-AWAY> <value>",
    "change an account for its owner",
    "ALWAYS-ON and AUTO-AWAY are on, off or default. Clients that are logged in stay logged in. Operators only.",
    words=(3, 3),
    capability="accounts",
)
def set_for(request: Request) -> None:
    call, edge = request.call, request.call.edge
    what, value = clean(request.words[1]).upper(), request.words[2]
    switch = clean(value).upper()

    def found(view: LoginView) -> None:
        if what == "PASSWORD":
            edge.outside.make_credentials(value, call.later(lambda made: hashed(view, made)))
        else:
            field, chosen = what.lower().replace("-", "_"), SWITCH[switch]
            set_choice(view, {field: chosen})

    def hashed(view: LoginView, made: Credentials | None) -> None:
        if made is None:
            request.say("The password cannot be stored now: try again later.")
            return
        text = f"The account {view.name} has another password."
        call.submit(
            edge.account(view.name),
            SetCredentials(view.life, made),
            acted(request, "saset", view.name, "PASSWORD", text),
        )

    def set_choice(view: LoginView, changes: dict[str, Value]) -> None:
        text = f"{what} of the account {view.name} is {switch.lower()}."
        done = acted(request, "saset", view.name, f"{what} {switch}", text)

        def answered(outcome: Any) -> None:
            if isinstance(outcome, Accepted):
                for node in edge.network.live():
                    edge.network.ask_node(node.key, ChosenAsk(edge.settings.casemap(view.name)), lambda _: None)
            done(outcome)

        call.submit(edge.account(view.name), SetSettings(view.life, changes), answered)

    problem = unfit(edge.settings.accounts, value) if what == "PASSWORD" else None
    if problem is not None:
        request.say(f"{problem[1]}.")
    elif what == "PASSWORD" or (what in ("ALWAYS-ON", "AUTO-AWAY") and switch in SWITCH):
        find(request, found)
    else:
        request.say(f"Syntax: {NICKSERV.commands['SASET'].syntax}")


@NICKSERV.command(
    "RENAME <account> <name>",
    "give an account another name; the former name stays as a nick of the account",
    "Accesses to channels stay. Clients are logged out, and private conversations stay under the former name. "
    "Operators only.",
    words=(2, 2),
    capability="accounts",
)
def rename_account(request: Request) -> None:
    edge, name = request.call.edge, clean(request.words[1])

    def found(view: LoginView) -> None:
        if edge.settings.casemap(view.name) == edge.settings.casemap(name):
            request.say(f"The account has the name {view.name} already.")
        else:
            text = f"The account {view.name} has the name {name} now."
            run(edge, rename(edge, view, name), acted(request, "rename", view.name, name, text))

    if edge.network.level < Adopt.SINCE:
        request.say(TOO_OLD)
    elif why := edge.settings.reservation(name):
        request.say(f"{why}.")
    elif not is_valid_nick(name, edge.settings.limits.nick_len):
        request.say("An account's name has to be a nick.")
    else:
        find(request, found)


class _Listing:
    """LIST under way: reads the accounts of all nodes in pages, in the order of folded names."""

    def __init__(self, request: Request, mask: str, unseen_s: int, *, suspended: bool) -> None:
        self.request, self.mask, self.suspended = request, mask, suspended
        now = request.call.edge.network.now_ms
        self.before = now - unseen_s * 1000 if unseen_s else None  # no login since then; None: whenever it was
        self.found: list[AccountRow] = []
        self.rounds = 0

    def go_on(self, after: str) -> None:
        self.rounds += 1
        self.request.call.gather(PageAsk("accounts", after, MOST), self._take)

    def _take(self, replies: list[Any], silent: list[str]) -> None:
        pages = [reply for reply in replies if isinstance(reply, Page)]
        ends = [page.upto for page in pages if page.upto]
        end = min(ends) if ends else None
        rows = {row.key: row for page in pages for row in page.rows if isinstance(row, AccountRow)}
        shown = [rows[key] for key in sorted(rows) if end is None or key <= end]
        self.found += filter(self._fits, shown)
        if end is None or silent or self.rounds >= ROUNDS or len(self.found) >= SHOWN:
            self._show(end, silent)
        else:
            self.go_on(end)

    def _fits(self, row: AccountRow) -> bool:
        casemap = self.request.call.edge.settings.casemap
        return (
            any(match(self.mask, name, casemap) for name in (row.name, *row.nicks))
            and (row.suspended or not self.suspended)
            and (self.before is None or row.seen <= self.before)
        )

    def _show(self, end: str | None, silent: list[str]) -> None:
        say = self.request.say
        for row in self.found[:SHOWN]:
            nicks = f", nicks: {' '.join(row.nicks)}" if row.nicks else ""
            marks = ", suspended" if row.suspended else ""
            say(f"{row.name}, registered {server_time(row.created)}, last login {server_time(row.seen)}{nicks}{marks}")
        if silent:
            say(f"No answer came from {', '.join(silent)}: accounts of these nodes may be missing.")
        more = " There are more: give a narrower mask." if len(self.found) > SHOWN or end is not None else ""
        say(f"Accounts: {min(len(self.found), SHOWN)}.{more}")


@NICKSERV.command(
    "LIST <mask> [SUSPENDED] [UNSEEN time]",
    "list accounts by name or nick, such as joe* or *",
    "SUSPENDED: suspended accounts alone. UNSEEN 90d: accounts without a login for so long. Operators only.",
    words=(1, 4),
    capability="accounts",
)
def list_accounts(request: Request) -> None:
    mask, *words_ = (clean(word) for word in request.words)
    suspended, unseen_s = False, 0
    while words_:
        word = words_.pop(0).upper()
        seconds = read_duration(words_.pop(0)) if word == "UNSEEN" and words_ else None
        if word == "SUSPENDED":
            suspended = True
        elif seconds is not None:
            unseen_s = seconds
        else:
            request.say(f"Syntax: {NICKSERV.commands['LIST'].syntax}")
            return
    _Listing(request, mask, unseen_s, suspended=suspended).go_on("")
