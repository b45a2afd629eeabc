"""List the messages between nodes: one list of these messages per link and tick (P41).

No rule relies on a message arriving: a timer repeats every message, or asks for the message again. Each theme has a
file of its own; a tag is unique among all of these files.
"""

from __future__ import annotations

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

Message = (
    Submit
    | Answer
    | NotOwner
    | Barrier
    | Settled
    | Watch
    | View
    | Seen
    | Question
    | Publish
    | Resync
    | Continue
    | Replace
    | Ack
    | Append
    | StaleTerm
    | Stopped
    | Prepare
    | Promise
    | Fetch
    | Fetched
    | Install
    | Installed
    | MergeOffer
    | MergeDone
    | Ask
    | Reply
    | Records
    | PingRequest
    | PingReply
    | Relay
    | Flow
    | HistoryQuery
    | HistoryAnswer
    | Read
    | Lines
    | FetchDigest
    | FetchedDigest
    | FetchLines
    | FetchedLines
)
