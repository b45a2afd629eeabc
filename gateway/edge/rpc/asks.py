"""Questions between nodes on behalf of people (P39). Each question names the asker, so that +i and +s hold."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.edge.rpc.operator_asks import OperatorAsk, OperatorReply
from gateway.state.channel.questions import ListRow
from gateway.state.people import Person
from ring.wire.history import Cursor


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class ListAsk(_Tagged, frozen=True, tag=1):
    """Asks for the channels mastered by the node. params: of LIST, as the client sent the parameters.

    Since level 2 in pages: at most `limit` rows, in the order of folded names, of names after `after`. part:
    "index" asks for the rows that the node keeps of all nodes' channels (rpc/index.py), "rooms" for the asker's
    channels, by the replicas of the asker's node.
    """

    NEWER: ClassVar = {"after": 2, "limit": 2, "part": 2}

    params: tuple[str, ...]
    channels: tuple[str, ...]  # folded names of the asker's channels
    oper: bool
    after: str = ""
    limit: int = 0  # 0: all rows that one answer may hold
    part: str = ""


class DetailAsk(_Tagged, frozen=True, tag=2):
    """Asks for the facts on a user of the node."""

    uid: str
    asker: str
    channels: tuple[str, ...]
    oper: bool


class CountAsk(_Tagged, frozen=True, tag=3):
    """Asks for the numbers of users, channels and connections."""


class FindAsk(_Tagged, frozen=True, tag=4):
    """Asks for users of the node matching a mask of WHO. Since level 2 in pages, as ListAsk, in the order of ids."""

    NEWER: ClassVar = {"after": 2, "limit": 2}

    mask: str
    channels: tuple[str, ...]
    oper: bool
    opers_only: bool = False
    after: str = ""
    limit: int = 0


class ExpelAsk(_Tagged, frozen=True, tag=5):
    """Says: this registration of an account has ended, so nobody may stay logged in to the account. life: its id."""

    life: str


class SuspendedAsk(_Tagged, frozen=True, tag=68):
    """Says: an operator has suspended the account, so the account's sessions end. life: the id of the registration.
    text: for the account's clients. The answer is an Expelled."""

    SINCE: ClassVar = 3

    life: str
    text: str


class OwnedAsk(_Tagged, frozen=True, tag=6):
    """Says: the nick of this user of the node belongs to an account now."""

    uid: str


class ReclaimedAsk(_Tagged, frozen=True, tag=7):
    """Level 1. Says: a user of the asker has the nick now; no user of a dead node goes by the nick any more (P29)."""

    SINCE: ClassVar = 1

    uid: str
    nick: str


class SeatsAsk(_Tagged, frozen=True, tag=10):
    """Asks for the known channels with a seat of this user. The user has come to the asker from a dead node (P29)."""

    SINCE: ClassVar = 2

    uid: str


class DeliveredAsk(_Tagged, frozen=True, tag=8):
    """Asks how far a device has come, by lines received by the device's machine from the node. account: folded."""

    SINCE: ClassVar = 1

    account: str
    device: str


class LettingGoAsk(_Tagged, frozen=True, tag=9):
    """Asks whether this user of the node is about to let the nick go (P27). nick: folded."""

    SINCE: ClassVar = 1

    uid: str
    nick: str


class LookAsk(_Tagged, frozen=True, tag=60):
    """Asks for the state of the node, for the page of the ring, and for happenings after the one with that number."""

    SINCE: ClassVar = 2

    incarnation: int
    after: int


class SumAsk(_Tagged, frozen=True, tag=11):
    """Says the sum of the counts of the asker and of the nodes below in the tree (rpc/sums.py); asks for the sum of all
    nodes. key: the asker's ring key. nodes: how many nodes are in the sum."""

    SINCE: ClassVar = 2

    key: str
    counts: Counts
    nodes: int


class IndexAsk(_Tagged, frozen=True, tag=12):
    """Says which channels the asker masters, and asks a keeper to keep the rows (rpc/index.py). key: the asker's ring
    key. serial: 0: the keeper is to forget earlier tellings of the asker. names: folded, for each row. gone: folded
    names of channels that the asker masters no more."""

    SINCE: ClassVar = 2

    key: str
    serial: int
    names: tuple[str, ...]
    rows: tuple[ListRow, ...]
    gone: tuple[str, ...]


Ask = ListAsk | DetailAsk | CountAsk | FindAsk


class ListReply(_Tagged, frozen=True, tag=21):
    """cut: the node has more rows: after this page, or than one answer may hold."""

    rows: tuple[ListRow, ...]
    cut: bool = False


class Detail(_Tagged, frozen=True, tag=22):
    """idle_s: since the last words. channels: with prefixes, as the asker may see. actual: address, for operators."""

    idle_s: int
    channels: tuple[str, ...]
    secure: bool
    oper: bool
    actual: str
    modes: str
    person: Person


class Counts(_Tagged, frozen=True, tag=23):
    """most: the most users at once on the network, as far as the node knows; a node not knowing the field ignores the
    field."""

    NEWER: ClassVar = {"most": 1}

    users: int
    invisible: int
    opers: int
    unknown: int
    channels: int
    most: int = 0


class Found(_Tagged, frozen=True, tag=24):
    """cut: the node has more people: after this page, or than one answer may hold."""

    people: tuple[Person, ...]
    cut: bool = False


class Expelled(_Tagged, frozen=True, tag=25):
    count: int


class Delivered(_Tagged, frozen=True, tag=26):
    """cursors: by folded channel or conversation. nodes: other recent nodes of the device, ring key -> incarnation."""

    SINCE: ClassVar = 1

    cursors: dict[str, Cursor]
    nodes: dict[str, int] = {}


class LettingGo(_Tagged, frozen=True, tag=27):
    """is_here: the node has the user."""

    SINCE: ClassVar = 1

    soon: bool
    is_here: bool = True


class Seats(_Tagged, frozen=True, tag=28):
    """channels: folded names."""

    SINCE: ClassVar = 2

    channels: tuple[str, ...]


class Sums(_Tagged, frozen=True, tag=29):
    """The sum of the counts of all nodes, as the node above knows the sum. nodes: how many nodes are in the sum."""

    SINCE: ClassVar = 2

    counts: Counts
    nodes: int


class Indexed(_Tagged, frozen=True, tag=30):
    """is_known: False: the keeper lacks an earlier telling, and is to be told all."""

    SINCE: ClassVar = 2

    is_known: bool


class Looked(_Tagged, frozen=True, tag=61):
    """look: MessagePack of gateway.look.Look; "" if the node gives none."""

    SINCE: ClassVar = 2

    look: bytes


Reply = (
    ListReply
    | Detail
    | Counts
    | Found
    | Expelled
    | Delivered
    | LettingGo
    | Seats
    | OperatorReply
    | Looked
    | Sums
    | Indexed
    | None
)

read_ask = msgspec.msgpack.Decoder(
    Ask
    | ExpelAsk
    | SuspendedAsk
    | OwnedAsk
    | ReclaimedAsk
    | DeliveredAsk
    | LettingGoAsk
    | SeatsAsk
    | SumAsk
    | IndexAsk
    | OperatorAsk
    | LookAsk
).decode
read_reply = msgspec.msgpack.Decoder(Reply).decode
