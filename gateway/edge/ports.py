"""The borders between the parts of the edge: abstract classes by which a part asks another part or the node.

Theory of operation. No part knows the class of another part, and none knows `Edge` (edge.py), which composes the parts.
A part is given an `EdgePort`, and reaches the other parts through the abstract classes of this page. So the border
of each part stands here, and the files of the parts form no circle. The ports are abstract base classes, since a call
through a base class costs nothing more. The docstrings of the methods stand with the implementations.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from gateway.edge.ban_ports import BansPort
from gateway.edge.client.answer_port import AnswerPort, ResumingPort
from gateway.edge.client.connection import Connection
from gateway.edge.client.outputs import Outputs
from gateway.edge.client.texts import Texts
from gateway.edge.client.turns import Turns
from gateway.edge.outside import Outside
from gateway.edge.rpc.actions import Actions
from gateway.edge.rpc.asks import Counts, IndexAsk, Indexed, ReclaimedAsk, SumAsk, Sums
from gateway.edge.session_ports import ForwardingPort, Run, SessionsPort
from gateway.edge.slices import Slices
from gateway.edge.users.known_people import People
from gateway.edge.users.nick_owners import NickOwners
from gateway.edge.users.rooms import Room
from gateway.edge.users.user import User
from gateway.irc.format import truncate_text
from gateway.irc.message import clean, storable
from gateway.irc.names import is_nick
from gateway.irc.splitter import Item
from gateway.state.account.messages import InfoView
from gateway.state.channel.questions import ListRow
from gateway.state.conversation.conversation import Party
from gateway.state.idempotency import IdempotencyKey
from gateway.state.nick.messages import Reached, Tell
from gateway.state.people import Person, Refusal
from gateway.state.session.messages import KnownConversation
from ring.ids import GroupId, Incarnation
from ring.roster import NodeRecord

if TYPE_CHECKING:
    from gateway.edge.client.call import Call


class ConversationsPort(ABC):
    """The conversations of this node's sessions (direct/conversations.py)."""

    rooms: dict[GroupId, Room]

    @abstractmethod
    def keeps(self, user: User) -> bool: ...

    @abstractmethod
    def allows(self, chosen: bool | None) -> bool: ...

    @abstractmethod
    def keeps_with_guests(self) -> bool: ...

    @abstractmethod
    def party(self, user: User) -> Party: ...

    @abstractmethod
    def of(self, user: User) -> dict[GroupId, KnownConversation]: ...

    @abstractmethod
    def with_account(self, user: User, account: str) -> GroupId | None: ...

    @abstractmethod
    def with_guest_called(self, user: User, nick: str) -> GroupId | None: ...

    @abstractmethod
    def enter(self, user: User) -> list[GroupId]: ...

    @abstractmethod
    def choose(self, user: User, keep: bool | None, done: Callable[[Any], None]) -> None: ...

    @abstractmethod
    def reconcile(self) -> Slices[None]: ...

    @abstractmethod
    def know(self, user: User, view: InfoView) -> None: ...

    @abstractmethod
    def leave(self, user: User) -> None: ...

    @abstractmethod
    def forget(self, account: str, life: str) -> None: ...


class LocalMessagesPort(ABC):
    """Private messages between guests of this node (direct/local.py)."""

    @abstractmethod
    def tell(self, call: Call, home: GroupId, tell: Tell) -> Reached | Refusal | None: ...


class TalkPort(ABC):
    """Plain messages to channels (client/talk.py)."""

    @abstractmethod
    def relay(self, connection: Connection, line: bytes) -> bool: ...


class RemoteMessagesPort(ABC):
    """Private messages between guests of two nodes (direct/remote.py)."""

    @abstractmethod
    def is_news(self, msgid: str) -> bool: ...


class DirectMessagesPort(ABC):
    """Private messages under way (direct/messages.py)."""

    local: LocalMessagesPort
    remote: RemoteMessagesPort

    @abstractmethod
    def tell(self, call: Call, home: GroupId, tell: Tell, done: Callable[[Any], None]) -> None: ...

    @abstractmethod
    def relay(self, connection: Connection, line: bytes) -> bool: ...

    @abstractmethod
    def in_conversation(self, user: User, idempotency_key: IdempotencyKey | None) -> bool: ...

    @abstractmethod
    def when_sent(self, user: User, run: Run) -> None: ...


class ReclaimingPort(ABC):
    """Nicks which users of this node have got from users of dead nodes (users/reclaim.py)."""

    @abstractmethod
    def claimed(self, uid: str, nick: str) -> None: ...

    @abstractmethod
    def hear(self, ask: ReclaimedAsk) -> None: ...


class OversightPort(ABC):
    """The audit of operators' acts, and notices for operators (oversight/oversight.py)."""

    @abstractmethod
    def record(
        self, operator: str, nick: str, act: str, target: str, reason: str, letter: str, done: Callable[[Any], None]
    ) -> None: ...

    @abstractmethod
    def tell(self, letter: str, text: str) -> None: ...

    @abstractmethod
    def listen(self, user: User) -> None: ...


class MonitorPort(ABC):
    """The holders of monitored nicks, as the masters of the nicks' groups say (users/monitor.py)."""

    @abstractmethod
    def once_known(self, group: GroupId, done: Callable[[str], None]) -> None: ...

    @abstractmethod
    def now(self, group: GroupId) -> str: ...

    @abstractmethod
    def learn(self, group: GroupId, person: Person | None) -> Person | None: ...

    @abstractmethod
    def forget(self, group: GroupId) -> None: ...


class ClientsPort(ResumingPort):
    """The connections of this node (client/clients.py). connections: by number; for a client of another node, a number
    below zero."""

    connections: dict[int, Connection]
    outputs: Outputs[Connection]
    turns: Turns

    @property
    @abstractmethod
    def texts(self) -> Texts:
        """The lines that all clients are sent alike, by the present settings."""

    @abstractmethod
    def carry(self, connection: Connection) -> None: ...

    @abstractmethod
    def read(self, connection: Connection, line: bytes) -> None: ...

    @abstractmethod
    def handle(self, connection: Connection, line: Item) -> None: ...

    @abstractmethod
    def cut(self, connection: Connection, reason: str) -> None: ...

    @abstractmethod
    def gone(self, connection: Connection, reason: str) -> None: ...

    @abstractmethod
    def hang_up(self, connection: Connection, reason: str) -> None: ...

    @abstractmethod
    def leave_if_done(self, connection: Connection) -> None: ...

    @abstractmethod
    def mine(self, done: Callable[[Any], None]) -> Callable[[Any], None]: ...


class CensusPort(ABC):
    """Counts of people in the network (rpc/census.py). most: highest number of users at once, as far as the living
    nodes have seen."""

    most: int

    @property
    @abstractmethod
    def asks_all(self) -> bool: ...

    @abstractmethod
    def recent(self, mine: Counts | None = None) -> list[Counts]: ...

    @abstractmethod
    def add_up(self, ask: SumAsk) -> Sums: ...

    @abstractmethod
    def uncounted(self) -> int: ...

    @abstractmethod
    def is_nearly_large(self, lacking: int) -> bool: ...

    @abstractmethod
    def counted(self, counts: Iterable[Counts]) -> None: ...

    @abstractmethod
    def channels(self) -> Slices[int]: ...


class CataloguePort(ABC):
    """The names of this node's channels and people, in order (rpc/catalogue.py)."""

    channels: NamesPort
    people: NamesPort


class IndexPort(ABC):
    """The index of all channels of a large network (rpc/index.py). names: of the channels that this node keeps."""

    names: NamesPort

    @abstractmethod
    def keepers(self) -> tuple[str, ...]: ...

    @abstractmethod
    def take(self, ask: IndexAsk) -> Indexed: ...

    @abstractmethod
    def row(self, name: str) -> ListRow | None: ...


class NamesPort(ABC):
    """Sorted names of one kind."""

    @abstractmethod
    def after(self, name: str) -> Slices[tuple[list[str], int]]: ...


STORABLE_LEVEL = 1
"""From this feature level on, texts of people keep their bytes that are not UTF-8."""


class EdgePort(AnswerPort):
    """The edge of a node, as its parts and the commands see the edge."""

    record: NodeRecord
    # What is here
    users: dict[str, User]
    nick_owners: NickOwners
    rooms: dict[GroupId, Room]
    people: People
    monitors: dict[GroupId, dict[str, User]]
    # What was counted
    actions: Actions
    used: Counter[str]
    # For the next flush
    told: dict[GroupId, None]
    # Parts
    outside: Outside
    clients: ClientsPort
    bans: BansPort
    census: CensusPort
    catalogue: CataloguePort
    index: IndexPort
    sessions: SessionsPort
    conversations: ConversationsPort
    direct: DirectMessagesPort
    talk: TalkPort
    forwarding: ForwardingPort
    reclaim: ReclaimingPort
    monitored_nicks: MonitorPort
    oversight: OversightPort

    # Names

    @property
    @abstractmethod
    def now(self) -> float: ...

    def channel(self, name: str) -> GroupId:
        return GroupId("channel", self.settings.casemap(name))

    def nick(self, name: str) -> GroupId:
        return GroupId("nick", self.settings.casemap(name))

    def find_nick(self, text: str) -> GroupId | None:
        """Return the group of a typed nick, in any case of letters; None if nobody may have such a nick."""
        group = self.nick(text)
        return group if is_nick(group.name, self.settings.limits.nick_len) else None

    def account(self, name: str) -> GroupId:
        return GroupId("account", self.settings.casemap(name))

    def text(self, text: str, limit: int) -> str:
        """Return a person's text as links and disks carry the text, at most `limit` bytes. Bytes other than UTF-8 are
        kept; while the network acts below STORABLE_LEVEL, such bytes are replaced."""
        return truncate_text(storable(text) if self.network.level >= STORABLE_LEVEL else clean(text), limit)

    @abstractmethod
    def next_serial(self) -> int: ...

    @abstractmethod
    def lives(self, node: Incarnation) -> bool: ...

    # Timers and continuations

    @abstractmethod
    def later(self, seconds: float, job: Run) -> None: ...

    # Users

    @abstractmethod
    def depart(self, user: User, reason: str) -> None: ...

    # Other nodes

    @abstractmethod
    def asked(self, node: Incarnation, body: Any) -> Any: ...
