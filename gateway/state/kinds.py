"""The table of the kinds of groups, for the engine. Each folder beside this file has one kind."""

from __future__ import annotations

from gateway.irc.casemapping import Casemap
from gateway.irc.limits import Limits
from gateway.state.account.kind import AccountKind
from gateway.state.audit.kind import AuditKind
from gateway.state.bans.kind import BansKind
from gateway.state.channel.kind import ChannelKind
from gateway.state.channel.state import Rules
from gateway.state.conversation.kind import ConversationKind
from gateway.state.network.kind import NetworkKind
from gateway.state.nick.kind import NickKind
from gateway.state.session.kind import SessionKind
from gateway.state.throttle.kind import ThrottleKind
from ring.replication.state_machine import Kind


def kinds(
    limits: Limits, casemap: Casemap, *, keep_s: float, history_s: float = 0.0, acts: int = 1_000
) -> dict[str, Kind]:
    """Make all kinds of groups. keep_s: how long an empty channel is remembered. history_s: how long messages are kept;
    0: messages are not kept. acts: the most acts of operators that are kept."""
    rules = Rules(limits, casemap, keep_s, history_s)
    return {
        "channel": ChannelKind(rules),
        "nick": NickKind(casemap),
        "network": NetworkKind(),
        "account": AccountKind(),
        "audit": AuditKind(casemap, acts),
        "session": SessionKind(),
        "conversation": ConversationKind(history_s),
        "guard": ThrottleKind(),
        "bans": BansKind(),
    }
