"""What nodes ask each other on behalf of people (P39). Each question carries who asks, so that +i and +s hold."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from gateway.edge.rpc.operator_asks import OperatorAsk, OperatorReply
from gateway.state.channel.messages import ListRow
from gateway.state.people import Person
from ring.wire.history import Cursor


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class ListAsk(_Tagged, frozen=True, tag=1):
    """The channels that you master. params: of LIST, as the client sent them."""

    params: tuple[str, ...]
    channels: tuple[str, ...]  # folded names of the asker's channels
    oper: bool


class DetailAsk(_Tagged, frozen=True, tag=2):
    """What you know of this user of yours."""

    uid: str
    asker: str
    channels: tuple[str, ...]
    oper: bool


class CountAsk(_Tagged, frozen=True, tag=3):
    """How many are there?"""


class FindAsk(_Tagged, frozen=True, tag=4):
    """Users of yours that match a mask of WHO."""

    mask: str
    channels: tuple[str, ...]
    oper: bool
    opers_only: bool = False


class ExpelAsk(_Tagged, frozen=True, tag=5):
    """This registration of an account is no more: nobody is logged in to it. life: its id."""

    life: str


class OwnedAsk(_Tagged, frozen=True, tag=6):
    """The nick that this user of yours goes by has come to belong to an account."""

    uid: str


class ReclaimedAsk(_Tagged, frozen=True, tag=7):
    """Level 1. This user of the asker's has the nick now: nobody else goes by the nick whose node is dead (P29)."""

    SINCE: ClassVar = 1

    uid: str
    nick: str


class SeatsAsk(_Tagged, frozen=True, tag=10):
    """In which channels that you know has this user a seat? Its node has died, and the user is here now (P29)."""

    SINCE: ClassVar = 2

    uid: str


class CameAsk(_Tagged, frozen=True, tag=8):
    """How far has this device come by what has come to its machine on your node? account: folded."""

    SINCE: ClassVar = 1

    account: str
    device: str


class LettingGoAsk(_Tagged, frozen=True, tag=9):
    """Is this user of yours about to let the nick go (P27)? nick: folded."""

    SINCE: ClassVar = 1

    uid: str
    nick: str


class LookAsk(_Tagged, frozen=True, tag=60):
    """How are you, for the page of the ring, and what has happened to you after the happening of that number?"""

    SINCE: ClassVar = 2

    incarnation: int
    after: int


Ask = ListAsk | DetailAsk | CountAsk | FindAsk


class ListReply(_Tagged, frozen=True, tag=21):
    """cut: there are more than a node answers with."""

    rows: tuple[ListRow, ...]
    cut: bool = False


class Detail(_Tagged, frozen=True, tag=22):
    """idle_s: since it last spoke. channels: with prefixes, those the asker may see. actual: address, for operators."""

    idle_s: int
    channels: tuple[str, ...]
    secure: bool
    oper: bool
    actual: str
    modes: str
    person: Person


class Counts(_Tagged, frozen=True, tag=23):
    """most: the most users of the network at once that the node knows of; a node that does not know the field ignores
    it."""

    NEWER: ClassVar = {"most": 1}

    users: int
    invisible: int
    opers: int
    unknown: int
    channels: int
    most: int = 0


class Found(_Tagged, frozen=True, tag=24):
    """cut: there are more than a node answers with."""

    people: tuple[Person, ...]
    cut: bool = False


class Expelled(_Tagged, frozen=True, tag=25):
    count: int


class Came(_Tagged, frozen=True, tag=26):
    """places: by folded channel or conversation. nodes: ring key -> incarnation, where else the device was lately."""

    SINCE: ClassVar = 1

    places: dict[str, Cursor]
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


class Looked(_Tagged, frozen=True, tag=61):
    """look: MessagePack of gateway.look.Look; "" if the node gives none."""

    SINCE: ClassVar = 2

    look: bytes


Reply = ListReply | Detail | Counts | Found | Expelled | Came | LettingGo | Seats | OperatorReply | Looked | None

read_ask = msgspec.msgpack.Decoder(
    Ask | ExpelAsk | OwnedAsk | ReclaimedAsk | CameAsk | LettingGoAsk | SeatsAsk | OperatorAsk | LookAsk
).decode
read_reply = msgspec.msgpack.Decoder(Reply).decode
