"""Questions between nodes on behalf of operators' programs (gateway/admin). Level 2.

Lists come in pages: rows in the order of keys, starting after the key `after`. So a list can be read from all nodes at
once, and no answer is long.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

What = Literal["accounts", "channels", "sessions", "actions", "roles", "webhooks", "vhosts"]


class _Tagged(msgspec.Struct, frozen=True, array_like=True):
    pass


class PageAsk(_Tagged, frozen=True, tag=40):
    """Asks for a page of a list of the node.

    what: accounts and channels mastered by the node, sessions of its people, actions of operators who used the node,
    the node's role in a channel, webhooks delivered by the node, or vhosts: requests for hosts by accounts mastered by
    the node; another word is answered with no rows. of: the key of the only row wanted.
    """

    SINCE: ClassVar = 2

    what: str
    after: str
    limit: int
    of: str = ""


class EndAsk(_Tagged, frozen=True, tag=41):
    """Asks to end the session of a user of the node, or only the connection with this client's number."""

    SINCE: ClassVar = 2

    uid: str
    client: int  # 0: the session, with all of its clients
    reason: str


class ForceAsk(_Tagged, frozen=True, tag=98):
    """Asks the node of a user to act for the user: an operator wants it. The answer is a Forced.

    act: join (text: a channel), part (a channel, more: the reason), nick, name (real name), host.
    """

    SINCE: ClassVar = 3

    uid: str
    act: str
    text: str
    more: str = ""


class ChosenAsk(_Tagged, frozen=True, tag=42):
    """Says: the account's settings have changed. The node of the session acts on the change. account: folded."""

    SINCE: ClassVar = 2

    account: str


# Rows: `key` is the row's place in the list ---------------------------------------------------------------------------


class AccountRow(_Tagged, frozen=True, tag=50):
    """key: the folded name. created, seen: Unix ms; seen: the last login, to the hour."""

    SINCE: ClassVar = 2
    NEWER: ClassVar = {"suspended": 3}

    key: str
    name: str
    created: int
    seen: int
    nicks: tuple[str, ...]
    certificates: int
    always_on: bool | None
    suspended: bool = False


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
    """A connection of a session. number: of the connection on the session's node. node: ring key of the client's node.
    opened: Unix seconds. idle_s: since the last line of the client."""

    SINCE: ClassVar = 2

    number: int
    node: str
    address: str
    secure: bool
    device: str
    opened: int
    idle_s: int


class SessionRow(_Tagged, frozen=True, tag=53):
    """A person on the network, with or without a client. key: the uid. lasts: the session stays without clients.
    signon: Unix ms. channels: the number of channels."""

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
    """An action of an operator. key: sorts the newest first. at: Unix ms. result: "done", or the failure in words."""

    SINCE: ClassVar = 2

    key: str
    at: int
    operator: str
    what: str
    on: str
    result: str


class RoleRow(_Tagged, frozen=True, tag=55):
    """The node's role in a channel: master, backup, or follower with members. key: the folded channel name. term, seq:
    the position up to which the node has the channel's log."""

    SINCE: ClassVar = 2

    key: str
    role: str
    term: int
    seq: int


class WebhookRow(_Tagged, frozen=True, tag=56):
    """A webhook, from the delivering node. key: the id. url: without query. by, made: the maker and the time.

    delivered: messages, since the node serves the channel; delivered_at: time of the last. backlog: messages known to
    wait. dropped: messages given up, since the webhook was made. error: the failure of the last try, "" after success;
    failing_since: time of the first failure in a row; retry_at: time of the next try. Times in Unix ms, 0: never.
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


class VhostRow(_Tagged, frozen=True, tag=72):
    """A request for a host that waits for an operator. key: the folded name of the account. active: the present host,
    "" for none. at: of the request, Unix ms."""

    SINCE: ClassVar = 3

    key: str
    name: str
    wanted: str
    active: str
    at: int


Row = AccountRow | ChannelRow | SessionRow | ActionRow | RoleRow | WebhookRow | VhostRow


class Page(_Tagged, frozen=True, tag=45):
    """upto: the key up to which the list was read; "" at the end of the list. A row may have gone meanwhile, so the key
    of the last row does not serve."""

    SINCE: ClassVar = 2

    rows: tuple[Row, ...]
    upto: str


class Ended(_Tagged, frozen=True, tag=46):
    """nick: of the user of the ended session or client; "" if the node has no such user or client."""

    SINCE: ClassVar = 2

    nick: str


class Forced(_Tagged, frozen=True, tag=103):
    """why: why nothing was done, in words; "" if the user's node has done so."""

    SINCE: ClassVar = 3

    why: str


class Heeded(_Tagged, frozen=True, tag=47):
    SINCE: ClassVar = 2


OperatorAsk = PageAsk | EndAsk | ForceAsk | ChosenAsk
OperatorReply = Page | Ended | Forced | Heeded
