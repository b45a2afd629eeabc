"""Find the account of a name, and check whether a client may log in to the account.

Two throttles, of the account and of the address, slow wrong attempts anywhere in the network. Neither an answer nor the
time of the answer tells whether the account exists.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

from gateway.accounts.credentials import Credentials, made_up
from gateway.edge.accounts.exchange import Trial
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

Found = Callable[[LoginView | None], None]
"""Takes the view of the account, or None if the network does not answer now. A view without a name: there is no such
account; a life in such a view is the id of an alias which no account lists, and which a new claim may replace."""


def look_up(edge: EdgePort, name: str, done: Found) -> None:
    """Find the account which has the name as account name or as grouped nick."""
    folded = edge.settings.casemap(name)
    if is_valid_nick(folded, edge.settings.limits.nick_len):
        _follow(edge, edge.account(name), lambda view: folded in view.nicks, done)
    else:
        done(LoginView())


def look_up_certificate(edge: EdgePort, fingerprint: str, done: Found) -> None:
    """Find the account which lists the certificate."""
    _follow(edge, certificate_group(fingerprint), lambda view: fingerprint in view.certificates, done)


def certificate_group(fingerprint: str) -> GroupId:
    """Return the group which names the certificate's account. No nick begins with an asterisk."""
    return GroupId("account", f"*{fingerprint}")


def _follow(edge: EdgePort, group: GroupId, is_listed: Callable[[LoginView], bool], done: Found) -> None:
    def found(view: LoginView | None) -> None:
        if view is None or not view.alias:
            done(view)
            return
        stale = LoginView(life=view.life)

        def owner(view: LoginView | None) -> None:
            """Treat an alias as free if the account does not list the alias."""
            done(view if view is None or (is_listed(view) and not view.alias) else stale)

        edge.network.ask(edge.account(view.alias), Login(), edge.clients.mine(owner))

    edge.network.ask(group, Login(), edge.clients.mine(found))


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
    return tuple(edge.keyed(one.encode()).hex() for one in shown if one)


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

    def begin(self, then: Callable[[], None]) -> None:
        """Call `then` once the throttle of the address lets the attempt through."""

        def taken() -> None:
            self.began = self._edge.now
            then()

        self._take((*self._guards,), self._edge.now, taken)

    def meets(self, view: LoginView, then: Callable[[], None], refused: Callable[[], None]) -> None:
        """Take the account of the name, if there is an account; call `then` once the throttles of the name, and of the
        account if the account has another name, let the attempt through. refused: too many others have tried, and the
        attempt has waited PATIENCE_S."""
        edge, asked = self._edge, self._edge.now
        known = next((source for source in self._sources if source in view.sources), None)
        self._is_known = known is not None
        names = [self._name] if is_valid_nick(self._name, edge.settings.limits.nick_len) else []
        folded = dict.fromkeys(edge.settings.casemap(name) for name in (*names, view.name) if name)
        at = f"@{known}" if known is not None else ""
        guards = [GroupId("guard", f"account:{name}{at}") for name in folded]
        self._guards += guards

        def taken() -> None:
            self.began += edge.now - asked
            then()

        self._take((*guards,), asked, taken, refused)

    def _take(
        self,
        guards: tuple[GroupId, ...],
        since: float,
        then: Callable[[], None],
        refused: Callable[[], None] | None = None,
    ) -> None:
        """Call `then` once all guards, in order, let the attempt through: else two attempts could block each other."""
        if not guards:
            then()
            return
        guard, waited_s = guards[0], self._edge.now - since

        def answered(wait: Any) -> None:
            if isinstance(wait, Wait) and wait.seconds:
                if refused is not None and waited_s >= PATIENCE_S:
                    refused()
                    return
                again_s = min(wait.seconds, max(AGAIN_S, waited_s))
                if refused is not None:
                    again_s = min(again_s, PATIENCE_S - waited_s)
                self._edge.later(again_s, lambda: self._take(guards, since, then, refused))
                return
            if isinstance(wait, Wait):  # a silent guard asks for no wait, and counts nothing
                self._taken[guard] = wait.at
            self._take(guards[1:], self._edge.now, then, refused)

        self._edge.network.submit(guard, Take(waited_s), self._edge.clients.mine(answered))

    def check(self, credentials: Credentials, password: str, done: Callable[[bool | None], None]) -> None:
        """Check the password outside the event loop. done(None): the check is not possible now."""
        fits = self._edge.fits_first if self._is_known else self._edge.fits
        fits(credentials, password, self._edge.clients.mine(done))

    def failed(self, then: Callable[[], None]) -> None:
        """Call `then` when the client may be told of the wrong password, which is when the next attempt may be made."""
        waits_s: list[float] = []

        def known(wait: Any) -> None:
            waits_s.append(wait.seconds if isinstance(wait, Wait) else 0.0)
            if len(waits_s) == len(self._guards):
                self._edge.later(max(*waits_s, self.began + LEAST_S - self._edge.now), then)

        for guard in self._guards:
            self._edge.network.ask(guard, HowLong(), self._edge.clients.mine(known))

    def undo(self) -> None:
        """Take the attempt out of the throttles: the password was right, or could not be checked."""
        for guard, at in self._taken.items():
            self._edge.network.submit(guard, Undo(at))
        self._taken.clear()


Proven = Callable[[LoginView | None, bool], None]
"""Takes the account, or None if not proven; and whether the password could be checked at all."""


def prove(edge: EdgePort, connection: Connection, name: str, password: str, done: Proven) -> None:
    """Check the password of an account, for a client without SASL."""
    trial = PasswordTrial(edge, connection, name)

    def found(view: LoginView | None) -> None:
        if view is None:
            unknown()
        else:
            trial.meets(view, lambda: check(view), unknown)

    def unknown() -> None:
        trial.undo()
        done(None, False)

    def check(view: LoginView) -> None:
        trial.check(credentials_of(edge, name, view), password, lambda fits: checked(view, fits))

    def checked(view: LoginView, fits: bool | None) -> None:
        if fits is None:
            unknown()
        elif fits and view.credentials is not None:
            trial.undo()
            done(view, True)
        else:
            trial.failed(lambda: done(None, True))

    trial.begin(lambda: look_up(edge, name, found))
