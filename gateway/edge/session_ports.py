"""The borders of a session's parts: cursors, arrivals, takeover, sessions, forwarding (ports.py has the theory)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gateway.edge.client.connection import Connection
from gateway.edge.rpc.asks import Delivered, DeliveredAsk
from gateway.edge.sessions.remote import Forwarder
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.state.account.messages import InfoView
from gateway.state.session.messages import Device, Stored
from ring.ids import GroupId, Incarnation
from ring.wire.history import Cursor

if TYPE_CHECKING:
    from gateway.edge.client.call import Call

Run = Callable[[], None]
Then = Callable[[User | Incarnation | None], None]
"""Takes a session: the user, if on this node; another node with the session; None if there is no session."""


def nothing() -> None:
    """Do nothing: nobody waits."""


def ignore(_: Any) -> None:
    """Do nothing: nobody waits for the answer."""


class CursorsPort(ABC):
    """How far each device has read (cursors/cursors.py). telling: number of reports to sessions' groups under way."""

    telling: int

    @abstractmethod
    def changed(self, user: User) -> dict[str, dict[str, Cursor]]: ...

    @abstractmethod
    def mark(self, user: User, group: GroupId) -> None: ...

    @abstractmethod
    def sent(self, connection: Connection, cursors: Mapping[str, Cursor]) -> None: ...

    @abstractmethod
    def left(self, user: User, connection: Connection) -> None: ...

    @abstractmethod
    def forget(self, account: str) -> None: ...

    @abstractmethod
    def forget_device(self, user: User, device: str, done: Callable[[bool], None]) -> None: ...

    @abstractmethod
    def tell(self, account: str, cursors: dict[str, dict[str, Cursor]], then: Run = nothing) -> None: ...

    @abstractmethod
    def delivered(self, account: str, device: str) -> dict[str, Cursor]: ...

    @abstractmethod
    def fresh(self, connection: Connection) -> dict[str, Cursor]: ...

    @abstractmethod
    def cursor_of(self, user: User, connection: Connection, group: GroupId) -> Cursor | None: ...

    @abstractmethod
    def written(self, connections: Iterable[Connection], groups: Iterable[GroupId]) -> None: ...

    @abstractmethod
    def knows(self, user: User, device: str) -> bool: ...

    @abstractmethod
    def seen(self, user: User, device: str) -> float: ...

    @abstractmethod
    def device(self, user: User, device: str) -> Device | None: ...


class ArrivalsPort(ABC):
    """How far each device has received on the client's node (cursors/arrivals.py)."""

    @abstractmethod
    def opened(self, forwarder: Forwarder) -> None: ...

    @abstractmethod
    def ended(self, forwarder: Forwarder) -> None: ...

    @abstractmethod
    def remember(self, account: str, device: str, cursors: Mapping[str, Cursor]) -> None: ...

    @abstractmethod
    def inquire(self, user: User, connection: Connection) -> None: ...

    @abstractmethod
    def note(self, user: User) -> None: ...

    @abstractmethod
    def answer(self, ask: DeliveredAsk) -> Delivered: ...

    @abstractmethod
    def news(self, account: str) -> dict[str, dict[str, int]]: ...

    @abstractmethod
    def moved_from(self, account: str, node: Incarnation) -> None: ...


class TakeoverPort(ABC):
    """Sessions on the way to this node (sessions/takeover.py)."""

    @abstractmethod
    def clients(self, user: User) -> int: ...

    @abstractmethod
    def returning(self, account: str) -> dict[str, str]: ...

    @abstractmethod
    def come_back(self, user: User, group: GroupId, name: str) -> None: ...


class SessionsPort(ABC):
    """The sessions of accounts on this node (sessions/sessions.py). users: by folded account. leaving: the node is."""

    users: dict[str, User]
    leaving: bool
    cursors: CursorsPort
    arrivals: ArrivalsPort
    takeover: TakeoverPort

    @abstractmethod
    def group(self, account: str) -> GroupId: ...

    @abstractmethod
    def find(self, account: str, then: Then) -> None: ...

    @abstractmethod
    def look(self, account: str, then: Callable[[Stored | None], None]) -> None: ...

    @abstractmethod
    def ready(self, account: str, then: Then) -> None: ...

    @abstractmethod
    def confirm(self, user: User, here: Run) -> None: ...

    @abstractmethod
    def ask_whether_here(self, user: User, attached: int, then: Callable[[Any], None]) -> None: ...

    @abstractmethod
    def is_over(self, owner: Incarnation) -> bool: ...

    @abstractmethod
    def check(self, account: str) -> None: ...

    @abstractmethod
    def begin(self, user: User, account: str, then: Callable[[bool], None] = ignore) -> None: ...

    @abstractmethod
    def once_begun(self, user: User, then: Run) -> None: ...

    @abstractmethod
    def is_unsure(self, user: User) -> bool: ...

    @abstractmethod
    def once_known(self, user: User, then: Run) -> None: ...

    @abstractmethod
    def adopt(self, user: User, account: str, then: Run = nothing) -> None: ...

    @abstractmethod
    def look_up(self, user: User, then: Run = nothing) -> None: ...

    @abstractmethod
    def know(self, user: User, view: InfoView) -> None: ...

    @abstractmethod
    def expel(self, life: str) -> None: ...

    @abstractmethod
    def release(self, user: User) -> None: ...

    @abstractmethod
    def arrive(self, user: User, room: Room) -> None: ...

    @abstractmethod
    def is_returning(self, user: User, group: GroupId) -> bool: ...

    @abstractmethod
    def stays(self, user: User, *, quits: bool) -> bool: ...

    @abstractmethod
    def attached(self, user: User) -> None: ...

    @abstractmethod
    def mind_absence(self, user: User) -> None: ...

    @abstractmethod
    def describe(self, user: User, metadata: Mapping[str, str]) -> None: ...

    @abstractmethod
    def leave(self, user: User, text: str | None) -> None: ...

    @abstractmethod
    def ended(self, user: User) -> None: ...

    @abstractmethod
    def let_go(self, user: User) -> None: ...

    @abstractmethod
    def has_gone(self, uid: str) -> bool: ...

    @abstractmethod
    def moved(self, user: User, call: Call | None = None) -> None: ...

    @abstractmethod
    def shown(self, group: GroupId) -> str: ...


class ForwardingPort(ABC):
    """Both ends of forwarded connections, from the client's node to the session's (sessions/forwarding.py). lingering:
    forwarders whose client has gone before all lines were settled."""

    lingering: dict[Forwarder, None]

    @abstractmethod
    def begin(self, call: Call, owner: Incarnation) -> None: ...

    @abstractmethod
    def follow(self, connection: Connection, cursors: dict[str, Cursor]) -> None: ...

    @abstractmethod
    def move(self, connection: Connection, reason: str) -> None: ...

    @abstractmethod
    def tell(self, connection: Connection) -> None: ...

    @abstractmethod
    def flush(self) -> None: ...

    @abstractmethod
    def tell_last(self, user: User) -> None: ...
