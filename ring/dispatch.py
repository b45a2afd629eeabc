"""Which part of a node handles which message of another node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ring.duplex import Streams
from ring.history.query import HistoryQueries
from ring.history.repair import AntiEntropy
from ring.ids import Incarnation
from ring.membership.failure_detector import FailureDetector
from ring.replication.barrier import Barriers
from ring.replication.broken import StoppedGroups
from ring.replication.roles import Roles
from ring.replication.router import Router
from ring.rpc import Rpc
from ring.submitter import Submitter
from ring.watch import Watches
from ring.wire.group import Answer, Barrier, NotOwner, Question, Seen, Settled, Submit, View, Watch
from ring.wire.history import (
    FetchDigest,
    FetchedDigest,
    FetchedLines,
    FetchLines,
    HistoryAnswer,
    HistoryQuery,
    Lines,
    Read,
)
from ring.wire.node import Ask, Flow, PingReply, PingRequest, Records, Relay, Reply
from ring.wire.replication import (
    Ack,
    Append,
    Continue,
    Fetch,
    Fetched,
    Install,
    Installed,
    MergeDone,
    MergeOffer,
    Prepare,
    Promise,
    Publish,
    Replace,
    Resync,
    StaleTerm,
    Stopped,
)

Handler = Callable[[Incarnation, Any], None]
"""Takes the sender and the message."""


def handlers(
    roles: Roles,
    router: Router,
    submitter: Submitter,
    barriers: Barriers,
    watches: Watches,
    rpc: Rpc,
    stopped: StoppedGroups,
    failure_detector: FailureDetector,
    duplex: Streams,
    history: HistoryQueries,
    anti_entropy: AntiEntropy,
    on_records: Handler,
) -> dict[type, Handler]:
    """Return the handler of each type of message."""
    return {
        Submit: roles.masters.on_submit,
        Resync: roles.masters.on_resync,
        Ack: roles.masters.on_ack,
        Barrier: barriers.on_barrier,
        Settled: barriers.on_settled,
        Answer: submitter.on_answer,
        NotOwner: router.on_not_owner,
        Publish: router.on_publish,
        Continue: roles.followers.on_continue,
        Replace: roles.followers.on_replace,
        Watch: watches.on_watch,
        View: watches.on_view,
        Seen: watches.on_seen,
        Question: rpc.on_question,
        Ask: rpc.on_ask,
        Reply: rpc.on_reply,
        Prepare: roles.promises.on_prepare,
        Promise: roles.recoveries.on_promise,
        Fetch: roles.promises.on_fetch,
        Fetched: roles.recoveries.on_fetched,
        Install: router.on_install,
        Installed: roles.handoffs.on_installed,
        Records: on_records,
        Append: router.on_append,
        StaleTerm: router.on_stale_term,
        Stopped: stopped.on_stopped,
        MergeOffer: router.on_merge_offer,
        MergeDone: roles.forks.on_merge_done,
        PingRequest: failure_detector.on_ping_request,
        PingReply: failure_detector.on_ping_reply,
        Relay: failure_detector.on_relay,
        Flow: duplex.on_flow,
        HistoryQuery: history.on_query,
        HistoryAnswer: history.on_answer,
        Read: history.on_read,
        Lines: history.on_lines,
        FetchDigest: anti_entropy.on_fetch_digest,
        FetchedDigest: anti_entropy.on_fetched_digest,
        FetchLines: anti_entropy.on_fetch_lines,
        FetchedLines: anti_entropy.on_fetched_lines,
    }
