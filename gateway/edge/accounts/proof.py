"""The account which a connection has proven, and the attempts to prove an account."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Any, NamedTuple, TypeAlias, TypeVar

from gateway.accounts.credentials import Credentials
from gateway.accounts.steps import Mechanism
from gateway.state.account.messages import LoginView

T = TypeVar("T")

Steps: TypeAlias = Generator[Any, Any, T]
"""A procedure (edge/procedures.py), as this file sees it."""


class Login(NamedTuple):
    """A proven account. name: of the account, as registered. life: id of the registration.

    device: the part of the login name after "@"; "" for none.
    """

    name: str
    life: str
    device: str = ""


class Trial(ABC):
    """One attempt to prove an account (accounts/verify.py). began: Unix seconds, moved by each wait for a throttle."""

    __slots__ = ()

    began: float

    @abstractmethod
    def begin(self) -> Steps[None]: ...

    @abstractmethod
    def meets(self, view: LoginView) -> Steps[bool]: ...

    @abstractmethod
    def check(self, credentials: Credentials, password: str) -> Steps[bool | None]: ...

    @abstractmethod
    def failed(self) -> Steps[None]: ...

    @abstractmethod
    def undo(self) -> None: ...


class Exchange:
    """One SASL exchange. waits: the exchange waits for the network or for a thread, not for the client."""

    __slots__ = ("chunks", "mechanism", "trial", "view", "waits")

    def __init__(self, mechanism: Mechanism) -> None:
        self.mechanism = mechanism
        self.chunks: list[str] = []
        self.waits = False
        self.trial: Trial | None = None
        self.view = LoginView()


class Proof:
    """The account that a client has proven, and the attempts to prove an account. login: None without an account. sasl:
    the exchange under way. verifying: a password is being checked. failures: number of failed SASL exchanges. vhost:
    the host of the account at the login, "" for none."""

    __slots__ = ("failures", "login", "sasl", "verifying", "vhost")

    def __init__(self) -> None:
        self.login: Login | None = None
        self.sasl: Exchange | None = None
        self.verifying = False
        self.failures = 0
        self.vhost = ""

    def begin_check(self) -> None:
        self.verifying = True

    def end_check(self) -> None:
        self.verifying = False

    def meet(self, view: LoginView) -> None:
        """Remember facts of the account that the client is about to log in to."""
        self.vhost = view.vhost

    def take(self, login: Login | None) -> None:
        """Take the client's login as another node knows the login."""
        self.login = login
