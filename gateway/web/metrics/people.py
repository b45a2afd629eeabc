"""Metrics of clients, users and messages: numbers, traffic, refusals and times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from prometheus_client.core import Metric

from gateway.edge.traffic import Cut
from gateway.node import NodeCore
from gateway.state.account.account import Account
from gateway.status import Status
from gateway.web.metrics.families import counter, counters, gauge, gauges, histogram, histograms
from gateway.web.source import Vitals

CUTS: Final[tuple[Cut, ...]] = get_args(Cut)

ADMISSION: Final = ("rate", "per_source", "total")
"""The reasons to refuse a connection at once: too many new or open connections of the address, or too many of all."""


def people(core: NodeCore, found: Status, vitals: Vitals) -> Iterator[Metric]:
    """Measure clients, users and messages, in time O(clients + groups)."""
    edge, engine = core.edge, core.engine
    connections = edge.clients.connections.values()
    yield gauge("circlet_clients", "Connections of clients.", found.clients)
    remote = {
        "session": sum(one.remote.forwarder is not None for one in connections),
        "client": sum(one.remote.stream is not None for one in connections),
    }
    yield gauges(
        "circlet_remote_clients",
        "Clients here whose session is on another node, and clients on other nodes whose session is here.",
        "remote",
        remote,
    )
    yield gauge("circlet_users", "Registered users, with or without a client.", found.users)
    yield gauge("circlet_sessions", "Sessions of accounts that live on this node.", len(edge.sessions.users))
    mastered = (m.replica.state for group, m in engine.replicas.masters.items() if group.kind == "account")
    accounts = sum(isinstance(state, Account) and _is_registered(state) for state in mastered)
    yield gauge("circlet_accounts", "Registered accounts that this node masters.", accounts)
    yield from _traffic(core, found)
    yield from _refusals(core)
    waiting = vitals.client_queues
    yield gauge("circlet_client_queue_bytes", "What waits for clients that do not read.", sum(waiting))
    yield gauge("circlet_client_queue_longest_bytes", "The longest queue of one client.", max(waiting, default=0))
    yield gauge(
        "circlet_lines_waiting",
        "Lines of clients that the flood control holds back.",
        sum(len(one.queue.pending) for one in connections),
    )
    yield gauge(
        "circlet_commands_waiting", "Commands that wait for answers.", sum(len(one.queue.calls) for one in connections)
    )


def _is_registered(account: Account) -> bool:
    """Tell whether the account is registered and not an alias. An alias is a further nick of another account."""
    return account.life is not None and not account.life.alias


def _traffic(core: NodeCore, found: Status) -> Iterator[Metric]:
    edge, traffic = core.edge, core.edge.traffic
    yield counter("circlet_client_received_lines", "Lines that clients sent.", traffic.lines_received)
    yield counter("circlet_client_received_bytes", "Bytes that clients sent, without TLS.", traffic.bytes_received)
    yield counter("circlet_client_sent_lines", "Lines that clients were sent.", traffic.lines_sent)
    yield counter("circlet_client_sent_bytes", "Bytes that clients were sent, without TLS.", traffic.bytes_sent)
    yield counter(
        "circlet_messages_received",
        "Messages of people: PRIVMSG, NOTICE and TAGMSG that were carried out.",
        found.messages_received,
    )
    yield counter(
        "circlet_messages_sent",
        "Copies of messages that clients were sent, without echoes and history.",
        found.messages_sent,
    )
    yield counters("circlet_commands", "Commands of clients, by name.", "command", edge.used)
    yield histograms(
        "circlet_commit_seconds",
        "Time from reading a client's line to the commit of its command, by kind of group.",
        "kind",
        traffic.commits,
    )
    yield histogram(
        "circlet_delivery_seconds",
        "Time from reading a client's line to the last client of this node that is shown it.",
        traffic.deliveries,
    )


def _refusals(core: NodeCore) -> Iterator[Metric]:
    traffic = core.edge.traffic
    yield counters(
        "circlet_commands_refused", "Commands that were refused, by numeric or code.", "reply", traffic.refused
    )
    refused = {reason: core.edge.clients.admission.refused[reason] for reason in ADMISSION}
    yield counters("circlet_clients_refused", "Connections refused before their first line.", "reason", refused)
    cuts: dict[str, float] = {reason: traffic.cuts[reason] for reason in CUTS}
    yield counters("circlet_clients_cut", "Clients that the node has cut off.", "reason", cuts)
