"""The kinds of groups, for the engine. Each kind reads the commands, events and answers of the kind from links."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from gateway.irc import numerics as n
from gateway.irc.casemapping import Casemap
from gateway.irc.limits import Limits
from gateway.state.account import account
from gateway.state.account import messages as account_messages
from gateway.state.channel import channel
from gateway.state.channel import history as channel_history
from gateway.state.channel import messages as channel_messages
from gateway.state.channel.state import Rules
from gateway.state.conversation import conversation
from gateway.state.conversation import messages as conversation_messages
from gateway.state.network import messages as network_messages
from gateway.state.network import network
from gateway.state.nick import messages as nick_messages
from gateway.state.nick import nick
from gateway.state.people import Refusal
from gateway.state.session import messages as session_messages
from gateway.state.session import session
from gateway.state.throttle import messages as throttle_messages
from gateway.state.throttle import throttle
from ring.history.erased import Erased
from ring.ids import Incarnation
from ring.replication.state_machine import Durable, Kind, KindBase, State

UNJUDGED = Refusal(n.ERR_UNKNOWNERROR, ("*", "The server made a mistake with that command: nothing was changed"))
"""The outcome of a command that the program failed to judge, for kinds with refusals.

Source: Modern IRC Client Protocol, ERR_UNKNOWNERROR.
"""


@cache
def _decoder(union: Any) -> Callable[..., Any]:
    """Make the decoder of a union of structs. Without the cache, the decoders take half of the time to make a node."""
    return msgspec.msgpack.Decoder(union).decode


class _Reader(KindBase):
    """The decoders for the unions of a kind."""

    def __init__(self, command: Any, event: Any, outcome: Any, question: Any, answer: Any) -> None:
        self.read_command = _decoder(command)
        self.read_event = _decoder(event)
        self.read_outcome = _decoder(outcome)
        self.read_question = _decoder(question)
        self.read_answer = _decoder(answer)


class ChannelKind(_Reader):
    durable: Durable = "written"
    unjudged = UNJUDGED

    def __init__(self, rules: Rules) -> None:
        m = channel_messages
        super().__init__(m.Command, m.Event, m.Outcome, m.Look, m.ChannelView | None)
        self.rules = rules

    def keeps(self, event: Any) -> bool:
        return self.rules.history_s > 0 and channel_history.is_kept(event)

    def is_silent(self, state: Any) -> bool:
        """Whether the channel has no messages and no webhooks: a guest can make millions of silent channels a day."""
        return not (state.history.spoken or state.webhooks.subscriptions)

    def selects(self, state: Any, event: Any, msgid: str, at: int, wanted: str) -> bool:
        is_hook = wanted == channel_history.WEBHOOK  # an operator may read messages of a closed channel (P45)
        shown = state.history.shows(msgid, at, channel_history.authors(event), behind_doors=is_hook)
        return shown and channel_history.is_wanted(event, wanted)

    def erased(self, state: Any) -> Erased:
        gone: Erased = state.history.gone()
        return gone

    def authors(self, event: Any) -> tuple[str, ...]:
        return channel_history.authors(event)

    def recorded(self, state: Any, event: Any, origin: Incarnation, number: int) -> Any:
        return channel_history.named(event, origin, number) if state.webhooks.subscriptions else event

    def initial(self, name: str) -> State:
        return channel.Channel(name, self.rules)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return channel.restore(name, self.rules, snapshot)


class NickKind(_Reader):
    durable: Durable = "no"
    unjudged = UNJUDGED

    def __init__(self, casemap: Casemap) -> None:
        m = nick_messages
        super().__init__(m.Command, m.Event, m.Outcome, m.Who, m.NickView)
        self.casemap = casemap

    def initial(self, name: str) -> State:
        return nick.Nick(name, self.casemap)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return nick.restore(name, self.casemap, snapshot)


class NetworkKind(_Reader):
    durable: Durable = "no"
    unjudged = UNJUDGED

    def __init__(self) -> None:
        m = network_messages
        super().__init__(m.Command, m.Event, m.Outcome, None, None)

    def initial(self, name: str) -> State:
        return network.Network()

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return network.restore(snapshot)


class AccountKind(_Reader):
    durable: Durable = "confirmed"

    def __init__(self) -> None:
        m = account_messages
        super().__init__(m.Command, m.Event, m.Outcome, m.Question, m.View)

    def initial(self, name: str) -> State:
        return account.Account(name)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return account.restore(name, snapshot)


class SessionKind(_Reader):
    durable: Durable = "written"

    def __init__(self) -> None:
        m = session_messages
        super().__init__(m.Command, m.Event, m.Outcome, m.Look, m.Stored)

    def initial(self, name: str) -> State:
        return session.Session(name)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return session.restore(name, snapshot)


class ConversationKind(_Reader):
    durable: Durable = "written"
    unjudged = UNJUDGED

    def __init__(self, history_s: float) -> None:
        m = conversation_messages
        super().__init__(m.Command, m.Event, m.Outcome, None, None)
        self.history_s = history_s

    def keeps(self, event: Any) -> bool:
        return self.history_s > 0 and conversation.is_kept(event)

    def selects(self, state: Any, event: Any, msgid: str, at: int, wanted: str) -> bool:
        return state.history.shows(msgid, at, conversation.authors(event)) and conversation.is_wanted(event, wanted)

    def erased(self, state: Any) -> Erased:
        gone: Erased = state.history.gone()
        return gone

    def authors(self, event: Any) -> tuple[str, ...]:
        return conversation.authors(event)

    def initial(self, name: str) -> State:
        return conversation.Conversation(name, self.history_s)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return conversation.restore(name, self.history_s, snapshot)


class ThrottleKind(_Reader):
    durable: Durable = "no"

    def __init__(self) -> None:
        m = throttle_messages
        super().__init__(m.Command, m.Event, m.Wait, m.HowLong, m.Wait)

    def initial(self, name: str) -> State:
        return throttle.Throttle(name)

    def restore(self, name: str, snapshot: msgspec.Raw) -> State:
        return throttle.restore(name, snapshot)


def kinds(limits: Limits, casemap: Casemap, *, keep_s: float, history_s: float = 0.0) -> dict[str, Kind]:
    """Make all kinds of groups. keep_s: how long an empty channel is remembered. history_s: how long messages are kept;
    0: messages are not kept."""
    rules = Rules(limits, casemap, keep_s, history_s)
    return {
        "channel": ChannelKind(rules),
        "nick": NickKind(casemap),
        "network": NetworkKind(),
        "account": AccountKind(),
        "session": SessionKind(),
        "conversation": ConversationKind(history_s),
        "guard": ThrottleKind(),
    }
