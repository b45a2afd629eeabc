"""The JSON of the operators' API, as pydantic models. The OpenAPI document is made from the models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from gateway.edge.rpc.pages import MOST
from gateway.irc.message import is_plain

T = TypeVar("T")

MAX_REASON = 200
"""Characters of a reason that the API accepts. The network cuts a longer reason by bytes, as for a KILL on IRC."""


MAX_TEXT = 4000
LINES_OF_IRC = "Plain text. Each line, and each part of a line that is too long, becomes a line of IRC; five at most."


class Shape(BaseModel):
    """The base of all models. Unknown fields are refused, so that a misspelt field is not ignored silently."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _text(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[
    int,
    PlainSerializer(_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-30T20:00:00.000Z"]}),
]
"""Unix ms; in JSON a time of RFC 3339, in UTC."""


def _plain(text: str) -> str:
    if not is_plain(text):
        raise ValueError("plain text on one line, without control characters")
    return text


Plain = Annotated[str, AfterValidator(_plain)]
"""Text that people read on a single line."""


# Questions ------------------------------------------------------------------------------------------------------------


class NoQuery(Shape):
    pass


class PageQuery(Shape):
    limit: int = Field(50, ge=1, le=MOST, description="The most items that are wanted; a page may have fewer.")
    next: Plain = Field("", max_length=300, description="`next` of the page before; without it the list begins.")


class MessageQuery(Shape):
    """The fields for a body of plain text. A body of JSON has these fields inside."""

    channel: str | None = Field(None, max_length=200, description="The channel, percent-encoded: %23builds.")
    speaker: str | None = Field(None, alias="as", max_length=100, description="The name that is shown.")


class SessionsQuery(PageQuery):
    node: Plain | None = Field(None, max_length=100, description="Only of the node with this name.")


class ReasonQuery(Shape):
    reason: Plain = Field(
        "Ended by an operator", min_length=1, max_length=MAX_REASON, description="Shown to the person."
    )


# Bodies ---------------------------------------------------------------------------------------------------------------


class NewAccount(Shape):
    name: str = Field(max_length=100, description="The account's name: a nick of IRC.", examples=["joe"])
    password: str = Field(max_length=1000, description="UTF-8.", examples=["correct horse battery"])


class NewPassword(Shape):
    password: str = Field(max_length=1000, description="UTF-8.", examples=["correct horse battery"])


class AccountChange(Shape):
    always_on: bool | None = Field(
        description="Whether the account's session stays without clients; null for the network's default."
    )


class NewKill(Shape):
    nick: str = Field(
        max_length=100, description="Nick of the user that is to leave the network.", examples=["spammer"]
    )
    reason: Plain = Field(min_length=1, max_length=MAX_REASON, description="Shown to everybody.", examples=["spam"])


class NewNotice(Shape):
    to: str = Field(
        max_length=200, description="* for everybody, or a channel, or a nick.", examples=["*", "#erlang", "joe"]
    )
    text: str = Field(min_length=1, max_length=MAX_TEXT, description=LINES_OF_IRC, examples=["Back in ten minutes"])
    speaker: str = Field(
        "Global", alias="from", max_length=100, description="A service's name, like Global, HelpServ or OperServ."
    )


class NewMessage(Shape):
    text: str = Field(min_length=1, max_length=MAX_TEXT, description=LINES_OF_IRC, examples=["Build 7 is green"])
    channel: str | None = Field(
        None, max_length=200, description="The channel; a token with one channel needs none.", examples=["#builds"]
    )
    notice: bool = Field(False, description="Say the text as NOTICE, which bots do not answer, and not as PRIVMSG.")
    speaker: str | None = Field(
        None, alias="as", max_length=100, description="The name that is shown, as NAME/hook; else the token's name."
    )


class NewWebhook(Shape):
    channel: str = Field(max_length=200, description="The channel.", examples=["#erlang"])
    url: str = Field(
        max_length=1000, description="Where to post; webhooks.allow of the node's file has to allow the address.",
        examples=["https://hooks.example.net/erlang"],
    )  # fmt: skip
    secret: str | None = Field(
        None, max_length=1000, description="What signs each request, 16 to 200 characters; without it one is made."
    )


# Answers --------------------------------------------------------------------------------------------------------------


class Error(Shape):
    """Why a request was not answered, and what would be right."""

    error: str


class Done(Shape):
    """The finished action, in words."""

    done: str


class List(Shape, Generic[T]):
    """A page of a list of the whole network."""

    items: list[T]
    next: str | None = Field(description="Where the next page begins: give it as `next`. null: this was the last page.")
    silent: list[str] = Field(description="Nodes that did not answer in time: what only these know is missing here.")


class Said(Shape):
    """The message that was said: now or, if the key was used before, at the first request."""

    channel: str
    at: Time


class TokenFacts(Shape):
    name: str
    capabilities: list[str]
    channels: list[str] = Field(description="Channels in which the token may speak, folded to lower case.")


class Account(Shape):
    name: str
    created: Time
    last_login: Time = Field(description="To the hour.")
    nicks: list[str] = Field(description="Other nicks that belong to the account, folded to lower case.")
    certificates: int = Field(description="How many TLS certificates log in to the account.")
    always_on: bool | None = Field(description="null: the network's default.")


class Device(Shape):
    device: str = Field(description="The name that the person's client gave; empty for none.")
    last_seen: Time
    channels: int = Field(description="In how many channels the network knows how far the device has read.")


class DeviceList(Shape):
    """An account's session, and the devices whose place in the history the network knows."""

    items: list[Device]
    next: None = Field(description="Always null: an account has few devices.")
    nick: str | None = Field(description="The nick of the account's session; null if the account has no session.")
    node: str | None = Field(description="The node that the session is on.")
    clients: int = Field(description="How many clients are attached.")
    always_on: bool = Field(description="Whether the session stays without clients.")


class Channel(Shape):
    name: str
    members: int
    modes: str = Field(description="Letters of the channel's modes, with a + before them.", examples=["+nt"])
    topic: str
    topic_by: str | None
    topic_at: Time | None
    created: Time


class Place(Shape):
    """A node's place for a channel's name on the ring: |K - J|, as `circlet locate` has it."""

    role: Literal["master", "backup", "next", "none"] = Field(description="none: the node is dead.")
    name: str
    ring_key: str
    K: int
    K_of: str = Field(description="The text of which K is the md5 mod 2^32: the ring key, or one of its points.")
    distance: int
    alive: bool


class Role(Shape):
    """A node's role for the channel now, and the last position of the node's copy of the channel's log."""

    node: str
    role: Literal["master", "backup", "follower"]
    term: int
    seq: int


class ChannelDetail(Channel):
    J: int = Field(description="md5(name) mod 2^32.")
    ring: list[Place] = Field(description="The nodes by their distance on the ring: who should have the channel.")
    roles: list[Role] = Field(description="The nodes that have the channel.")


class Member(Shape):
    nick: str
    user: str
    host: str
    account: str | None
    prefixes: str = Field(description="Signs of the member's ranks, highest first.", examples=["@"])
    away: str | None
    session: str = Field(description="`id` of the session.")
    node: str


class Client(Shape):
    client: int = Field(description="Number of the connection.")
    node: str = Field(description="The node that the client is connected to.")
    address: str
    tls: bool
    device: str
    connected: Time
    idle_s: int = Field(description="Seconds since the client was last heard.")


class Session(Shape):
    """A person who is on the network: a guest with a client, or an account's session with any number of clients."""

    id: str
    nick: str
    user: str
    host: str
    account: str | None
    away: str | None
    operator: str | None = Field(description="The operator's name, if the person has said OPER.")
    always_on: bool = Field(description="Whether the session stays without clients.")
    since: Time
    channels: int
    node: str = Field(description="The node that the session is on.")
    clients: list[Client]


class Webhook(Shape):
    """A subscription of an address to a channel, as the node that delivers has it."""

    id: str
    channel: str
    url: str = Field(description="Without its query.")
    by: str = Field(description="Who made the webhook.")
    created: Time
    node: str = Field(description="The node that delivers: the channel's master.")
    delivered: int = Field(description="Messages that the receiver has taken, since that node delivers.")
    last_delivered: Time | None
    backlog: int = Field(description="Messages that are known to wait for the receiver.")
    dropped: int = Field(description="Messages that were given up, since the webhook was made.")
    error: str | None = Field(description="Why the last try has failed, in words; null after a good try.")
    failing_since: Time | None
    next_try: Time | None = Field(description="When the receiver is tried again; null while all is well.")


class WebhookMade(Shape):
    """`secret` is shown here and nowhere else."""

    id: str
    channel: str
    secret: str


class Action(Shape):
    """An operator's action by way of the API. A node remembers actions since its start; its log has all."""

    at: Time
    operator: str = Field(description="The token's name.")
    what: str
    on: str
    result: str = Field(description='"done", or why it was not done, in words.')
    node: str = Field(description="The node that was used.")
