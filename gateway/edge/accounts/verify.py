"""Whose is a name, and is somebody who says so really that account?

Wrong tries are slowed by two throttles, of the account and of the address, wherever in the network they are made. No
answer tells whether the account exists, nor does its time.
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
"""A wrong try is answered no sooner: what had to be asked, and of whom, does not show."""

AGAIN_S = 0.25
"""A try that has to wait asks again after that time, and whenever it has waited twice as long: those before it may have
turned out to be right."""

PATIENCE_S = 12.0
"""So long a try waits for an account at which too many others guess; clients give SASL 15 s."""

Found = Callable[[LoginView | None], None]
"""A view without a name: there is no such account; its life is then that of an alias that no account lists, to be taken
over. None: whoever knows does not answer now."""


def look_up(edge: EdgePort, name: str, done: Found) -> None:
    """The account that has the name, as its own or as one of its nicks."""
    folded = edge.settings.casemap(name)
    if is_valid_nick(folded, edge.settings.limits.nick_len):
        _follow(edge, edge.account(name), lambda view: folded in view.nicks, done)
    else:
        done(LoginView())


def look_up_certificate(edge: EdgePort, fingerprint: str, done: Found) -> None:
    """The account that lists the certificate."""
    _follow(edge, certificate_group(fingerprint), lambda view: fingerprint in view.certificates, done)


def certificate_group(fingerprint: str) -> GroupId:
    """Says whose a certificate is. No nick begins like that."""
    return GroupId("account", f"*{fingerprint}")


def _follow(edge: EdgePort, group: GroupId, is_listed: Callable[[LoginView], bool], done: Found) -> None:
    def found(view: LoginView | None) -> None:
        if view is None or not view.alias:
            done(view)
            return
        stale = LoginView(life=view.life)

        def owner(view: LoginView | None) -> None:
            """An alias that its account does not list is nobody's."""
            done(view if view is None or (is_listed(view) and not view.alias) else stale)

        edge.engine.ask(edge.account(view.alias), Login(), edge.clients.mine(owner))

    edge.engine.ask(group, Login(), edge.clients.mine(found))


def credentials_of(edge: EdgePort, name: str, view: LoginView) -> Credentials:
    """What a password is checked against: made up where nobody has the name."""
    return view.credentials or made_up(edge.settings.casemap(name), edge.settings.secret)


def network_of(address: str) -> str:
    """Whom a throttle is for: who has one IPv6 address has 2^64 of them."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    return str(IPv6Address(int(ip) >> 64 << 64)) if isinstance(ip, IPv6Address) else str(ip)


def sources_of(edge: EdgePort, connection: Connection) -> tuple[str, ...]:
    """From where the connection comes, as accounts remember it: its address and its certificate, which nobody can read
    out of that. Nothing before the network acts at level 1, whose nodes remember it."""
    if edge.engine.level < 1:
        return ()
    shown = (network_of(connection.address), connection.certificate)
    return tuple(edge.keyed(one.encode()).hex() for one in shown if one)


class PasswordTrial(Trial):
    """One try of a connection to prove that it is an account.

    It counts as a wrong one from its beginning: of many at once, no more are made than could be one after the other.

    First the throttle of the address lets the try through, then, once the account is known, that of the account. From
    where somebody has logged in to the account lately, the account has a throttle of its own: strangers who guess make
    its owner wait nowhere, and have no more guesses there.
    """

    __slots__ = ("_edge", "_guards", "_is_known", "_name", "_sources", "_taken", "began")

    def __init__(self, edge: EdgePort, connection: Connection, name: str) -> None:
        self._edge = edge
        self._name = name
        self._sources = sources_of(edge, connection)
        self._is_known = False  # whether somebody has logged in to the account from there lately
        self.began = edge.now  # after all waiting, which tells nothing of the account
        self._taken: dict[GroupId, int] = {}  # where it counts, and as of when
        self._guards = [GroupId("guard", f"address:{network_of(connection.address)}")]

    def begin(self, then: Callable[[], None]) -> None:
        """Go on once the address's throttle lets it."""

        def taken() -> None:
            self.began = self._edge.now
            then()

        self._take((*self._guards,), self._edge.now, taken)

    def meets(self, view: LoginView, then: Callable[[], None], refused: Callable[[], None]) -> None:
        """It is that account's, or nobody's: go on once the throttles let it of the name, and of the account where that
        has another. refused: too many have tried, and it waits no longer."""
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
        """Go on once each of these has let it: one after the other, or two tries would wait for each other."""
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
            if isinstance(wait, Wait):  # one that does not answer asks for no wait, and counts nothing
                self._taken[guard] = wait.at
            self._take(guards[1:], self._edge.now, then, refused)

        self._edge.engine.submit(guard, Take(waited_s), self._edge.clients.mine(answered))

    def check(self, credentials: Credentials, password: str, done: Callable[[bool | None], None]) -> None:
        """Does the password fit? Off the loop; done(None): that cannot be found out now."""
        fits = self._edge.fits_first if self._is_known else self._edge.fits
        fits(credentials, password, self._edge.clients.mine(done))

    def failed(self, then: Callable[[], None]) -> None:
        """It was wrong: go on when that may be said, which is when the next may be made."""
        waits_s: list[float] = []

        def known(wait: Any) -> None:
            waits_s.append(wait.seconds if isinstance(wait, Wait) else 0.0)
            if len(waits_s) == len(self._guards):
                self._edge.later(max(*waits_s, self.began + LEAST_S - self._edge.now), then)

        for guard in self._guards:
            self._edge.engine.ask(guard, HowLong(), self._edge.clients.mine(known))

    def undo(self) -> None:
        """It was right, or nobody could say: it counts no more."""
        for guard, at in self._taken.items():
            self._edge.engine.submit(guard, Undo(at))
        self._taken.clear()


Proven = Callable[[LoginView | None, bool], None]
"""(the account, or None if it is not proven; whether that could be found out at all)"""


def prove(edge: EdgePort, connection: Connection, name: str, password: str, done: Proven) -> None:
    """Is this the account's password? For who has no SASL."""
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
