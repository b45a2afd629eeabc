"""What nodes ask each other on behalf of operators' programs (gateway/admin). Level 2.

Lists come in pages: the rows whose key is greater than `after`, in the order of their keys. So a list can be read from
all nodes at once, and no answer is long.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

What = Literal["accounts", "channels", "sessions", "actions", "roles", "webhooks"]


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class PageAsk(_Tagged, frozen=True, tag=40):
    """What do you answer for? what: accounts and channels that the node masters, sessions of its people, actions of
    operators that used the node, the node's role in a channel, or the webhooks that the node delivers; another word is
    answered with no rows.

    of: the key of the only row that is wanted.
    """

    SINCE: ClassVar = 2

    what: str
    after: str
    limit: int
    of: str = ""


class EndAsk(_Tagged, frozen=True, tag=41):
    """End the session of this user of yours, or, with a client's number, that client's connection alone."""

    SINCE: ClassVar = 2

    uid: str
    client: int  # 0: the session, with all of its clients
    reason: str


class ChosenAsk(_Tagged, frozen=True, tag=42):
    """The account's settings have changed: a node with the account's session acts on the change. account: folded."""

    SINCE: ClassVar = 2

    account: str


# Rows: `key` is the row's place in the list ---------------------------------------------------------------------------


class AccountRow(_Tagged, frozen=True, tag=50):
    """key: the folded name. created, seen: Unix ms; seen: the last login, to the hour."""

    SINCE: ClassVar = 2

    key: str
    name: str
    created: int
    seen: int
    nicks: tuple[str, ...]
    certificates: int
    always_on: bool | None


class ChannelRow(_Tagged, frozen=True, tag=51):
    """key: the folded name. modes: letters. created, topic_at: Unix ms. term: the number of the master's term."""

    SINCE: ClassVar = 2

    key: str
    name: str
    members: int
    modes: str
    topic: str
    topic_by: str
    topic_at: int
    created: int
    term: int


class ClientRow(_Tagged, frozen=True, tag=52):
    """A connection of a session. number: of the connection on the session's node. node: ring key of the node that the
    client is connected to. opened: Unix seconds. idle_s: since it was last heard."""

    SINCE: ClassVar = 2

    number: int
    node: str
    address: str
    secure: bool
    device: str
    opened: int
    idle_s: int


class SessionRow(_Tagged, frozen=True, tag=53):
    """A person who is on the network, with or without a client. key: the uid. lasts: the session stays without clients.
    signon: Unix ms. channels: how many."""

    SINCE: ClassVar = 2

    key: str
    nick: str
    user: str
    host: str
    account: str | None
    away: str | None
    operator: str | None
    lasts: bool
    signon: int
    channels: int
    clients: tuple[ClientRow, ...]


class ActionRow(_Tagged, frozen=True, tag=54):
    """What an operator did. key: sorts the newest first. at: Unix ms. result: "done", or why not, in words."""

    SINCE: ClassVar = 2

    key: str
    at: int
    operator: str
    what: str
    on: str
    result: str


class RoleRow(_Tagged, frozen=True, tag=55):
    """What the node is to a channel: its master, a backup, or a follower with members. key: the folded channel name.
    term, seq: the position up to which the node has the channel's log."""

    SINCE: ClassVar = 2

    key: str
    role: str
    term: int
    seq: int


class WebhookRow(_Tagged, frozen=True, tag=56):
    """A webhook, from the delivering node. key: the id. url: without query. by, made: the maker and the time.

    delivered: messages, since the node serves the channel; delivered_at: the last one. backlog: messages that are known
    to wait. dropped: messages that were given up, since the webhook was made. error: why the last try has failed, "" if
    it has not; failing_since: since when all have; retry_at: when the next comes. Times in Unix ms, 0: never.
    """

    SINCE: ClassVar = 2

    key: str
    channel: str
    url: str
    by: str
    made: int
    delivered: int
    delivered_at: int
    backlog: int
    dropped: int
    error: str
    failing_since: int
    retry_at: int


Row = AccountRow | ChannelRow | SessionRow | ActionRow | RoleRow | WebhookRow


class Page(_Tagged, frozen=True, tag=45):
    """upto: the key up to which the list was read; "" if that was all. A row may have gone meanwhile, so the last row
    does not tell."""

    SINCE: ClassVar = 2

    rows: tuple[Row, ...]
    upto: str


class Ended(_Tagged, frozen=True, tag=46):
    """nick: of the user whose session or client was ended; "" if there is none here."""

    SINCE: ClassVar = 2

    nick: str


class Heeded(_Tagged, frozen=True, tag=47):
    SINCE: ClassVar = 2


OperatorAsk = PageAsk | EndAsk | ChosenAsk
OperatorReply = Page | Ended | Heeded
