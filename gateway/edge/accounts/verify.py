"""Find the account of a name, and check whether a client may log in to the account.

Two throttles, of the account and of the address, slow wrong attempts anywhere in the network. Neither an answer nor the
time of the answer tells whether the account exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from math import inf
from typing import TYPE_CHECKING

from gateway.accounts.credentials import Credentials, made_up
from gateway.edge.accounts.proof import Trial
from gateway.edge.procedures import Ask, Do, Procedure, Sleep, Submit, Together, ask
from gateway.irc.names import is_valid_nick
from gateway.state.account.messages import Login, LoginView
from gateway.state.throttle.messages import HowLong, Take, Undo, Wait
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.client.connection import Connection
    from gateway.edge.ports import EdgePort

LEAST_S = 1.0
"""A wrong attempt is answered no sooner, so the time does not show which nodes had to be asked."""

AGAIN_S = 0.25
"""A waiting attempt asks the throttle again after this time, and whenever the wait has doubled: earlier attempts may
have turned out to be right."""

PATIENCE_S = 12.0
"""An attempt waits at most so long for an account at which too many others guess; clients give SASL 15 s."""


def look_up(edge: EdgePort, name: str) -> Procedure[LoginView | None]:
    """Find the account which has the name as account name or as grouped nick.

    Returns None if the network does not answer now. A view without a name: there is no such account; a life in such a
    view is the id of an alias which no account lists, and which a new claim may replace.
    """
    folded = edge.settings.casemap(name)
    if not is_valid_nick(folded, edge.settings.limits.nick_len):
        return LoginView()
    view: LoginView | None = yield Ask(edge.account(name), Login())
    owner = yield from _owner(edge, view)
    return owner if owner is None or owner is view or folded in owner.nicks else _free(view)


def look_up_certificate(edge: EdgePort, fingerprint: str) -> Procedure[LoginView | None]:
    """Find the account which lists the certificate. Returns the same as `look_up`."""
    view: LoginView | None = yield Ask(certificate_group(fingerprint), Login())
    owner = yield from _owner(edge, view)
    return owner if owner is None or owner is view or fingerprint in owner.certificates else _free(view)


def certificate_group(fingerprint: str) -> GroupId:
    """Return the group which names the certificate's account. No nick begins with an asterisk."""
    return GroupId("account", f"*{fingerprint}")


def _owner(edge: EdgePort, view: LoginView | None) -> Procedure[LoginView | None]:
    """Return the account that an alias names; `view` itself if the view is no alias."""
    if view is None or not view.alias:
        return view
    owner: LoginView | None = yield Ask(edge.account(view.alias), Login())
    return _free(view) if owner is not None and owner.alias else owner


def _free(view: LoginView | None) -> LoginView:
    """Return the view of an alias which the account does not list, and which counts as free."""
    return LoginView(life=view.life if view is not None else "")


def credentials_of(edge: EdgePort, name: str, view: LoginView) -> Credentials:
    """Return the credentials to check a password against; made up if no account has the name."""
    return view.credentials or made_up(edge.settings.casemap(name), edge.settings.secret)


def network_of(address: str) -> str:
    """Return the address for throttles: the /64 of an IPv6 address, as one client can have 2^64 such addresses."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Address(int(ip) >> 64 << 64)) if isinstance(ip, IPv6Address) else str(ip)


def sources_of(edge: EdgePort, connection: Connection) -> tuple[str, ...]:
    """Return the sources of the connection, as accounts remember sources: keyed hashes of the address and of the
    certificate. Nobody can read an address from the hash. Empty below feature level 1: older nodes remember none."""
    if edge.network.level < 1:
        return ()
    shown = (network_of(connection.address), connection.certificate)
    return tuple(edge.outside.keyed(one.encode()).hex() for one in shown if one)


class PasswordTrial(Trial):
    """One attempt of a connection to prove an account by a password.

    The attempt counts as wrong from the beginning. So a client gains nothing by making many attempts at once.

    First the throttle of the address lets the attempt through. Once the account is known, the throttle of the account
    does. Each source of recent logins has a separate throttle for the account. So guesses of strangers do not make the
    owner wait at such a source, and the separate throttles give strangers no further guesses.
    """

    __slots__ = ("_edge", "_guards", "_is_known", "_name", "_sources", "_taken", "began")

    def __init__(self, edge: EdgePort, connection: Connection, name: str) -> None:
        self._edge = edge
        self._name = name
        self._sources = sources_of(edge, connection)
        self._is_known = False  # whether a recent login to the account came from one of the sources
        self.began = edge.now  # moved on by each wait for a throttle: such a wait tells nothing of the account
        self._taken: dict[GroupId, int] = {}  # guards which count the attempt, and as of when
        self._guards = [GroupId("guard", f"address:{network_of(connection.address)}")]

    def begin(self) -> Procedure[None]:
        """Wait until the throttle of the address lets the attempt through."""
        yield from self._take((*self._guards,), inf)
        self.began = self._edge.now

    def meets(self, view: LoginView) -> Procedure[bool]:
        """Take the account of the name, if there is an account, and wait until the throttles of the name, and of the
        account if the account has another name, let the attempt through. Returns False if too many others have tried,
        and the attempt has waited PATIENCE_S."""
        edge, asked = self._edge, self._edge.now
        known = next((source for source in self._sources if source in view.sources), None)
        self._is_known = known is not None
        names = [self._name] if is_valid_nick(self._name, edge.settings.limits.nick_len) else []
        folded = dict.fromkeys(edge.settings.casemap(name) for name in (*names, view.name) if name)
        at = f"@{known}" if known is not None else ""
        guards = [GroupId("guard", f"account:{name}{at}") for name in folded]
        self._guards += guards
        passed = yield from self._take(guards, PATIENCE_S)
        self.began += edge.now - asked
        return passed

    def _take(self, guards: Sequence[GroupId], patience_s: float) -> Procedure[bool]:
        """Wait until all guards, in order, let the attempt through: else two attempts could block each other. Returns
        False after `patience_s` at one guard."""
        for guard in guards:
            since = self._edge.now
            while True:
                waited_s = self._edge.now - since
                wait = yield Submit(guard, Take(waited_s))
                if not isinstance(wait, Wait):  # a silent guard asks for no wait, and counts nothing
                    break
                if not wait.seconds:
                    self._taken[guard] = wait.at
                    break
                if waited_s >= patience_s:
                    return False
                yield Sleep(min(wait.seconds, max(AGAIN_S, waited_s), patience_s - waited_s))
        return True

    def check(self, credentials: Credentials, password: str) -> Procedure[bool | None]:
        """Check the password outside the event loop. Returns None if the check is not possible now."""
        fits = self._edge.outside.fits_first if self._is_known else self._edge.outside.fits
        answer: bool | None = yield Do(lambda done: fits(credentials, password, done))
        return answer

    def failed(self) -> Procedure[None]:
        """Wait until the client may be told of the wrong password, which is when the next attempt may be made."""
        waits = yield Together([ask(guard, HowLong()) for guard in self._guards])
        waits_s = [wait.seconds for wait in waits if isinstance(wait, Wait)]
        yield Sleep(max(0.0, *waits_s, self.began + LEAST_S - self._edge.now))

    def undo(self) -> None:
        """Take the attempt out of the throttles: the password was right, or could not be checked."""
        for guard, at in self._taken.items():
            self._edge.network.submit(guard, Undo(at))
        self._taken.clear()


def prove(edge: EdgePort, connection: Connection, name: str, password: str) -> Procedure[tuple[LoginView | None, bool]]:
    """Check the password of an account, for a client without SASL.

    Returns the account, or None if not proven; and whether the password could be checked at all.
    """
    trial = PasswordTrial(edge, connection, name)
    yield from trial.begin()
    view = yield from look_up(edge, name)
    fits: bool | None = None
    if view is not None and (yield from trial.meets(view)):
        fits = yield from trial.check(credentials_of(edge, name, view), password)
    if fits is None:
        trial.undo()
        return None, False
    if fits and view is not None and view.credentials is not None:
        trial.undo()
        return view, True
    yield from trial.failed()
    return None, True
