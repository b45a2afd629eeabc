"""Makes the calls of a recording on a new core, and names the first different output."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from gateway.admin_clients.requests import answer
from gateway.edge.client.connection import Connection
from gateway.edge.settings import EdgeSettings, Rehashed
from gateway.node import NodeCore
from gateway.recording.doors import ANSWERS, INPUTS, LOOK, RANDOM, REHASH, SECRET, drained, taken
from gateway.recording.settings import unpack, unpack_node
from gateway.recording.tape import Answered, BadTape, Call, End, Header, Pulled, Record, Sent
from gateway.webhooks.settings import WebhookSettings
from ring.ids import UNREADABLE
from ring.links.admission import Admission, Limits, Ticket
from ring.membership.directory.view import RosterChanged
from ring.replication.guarded import GroupBroken
from ring.storage.store import StoreError


class Differs(Exception):
    """The new core acts differently than the recorded core. The text names the difference."""


class _Over(Exception):
    """The recording ends here, perhaps in the middle of a call. The text has the reason, in words."""


CUT = "the recording ends here"


class Outcome(NamedTuple):
    """turns: the number of replayed turns. ended: the reason for the end of the replay, in words. differs: the first
    difference, or "". crash: the traceback of the exception that ended the recorded process.
    """

    turns: int
    calls: int
    last: float  # Unix seconds of the node's clock
    ended: str
    differs: str = ""
    crash: str = ""


def replay(header: Header, records: Iterator[Record]) -> Outcome:
    """Replay a recording. Raises BadTape."""
    return _Replay(header, records).run()


class _Receipts:
    def __init__(self, pull: Callable[[], Any]) -> None:
        self._pull = pull

    @property
    def written(self) -> int:
        return int(self._pull())

    def arrived(self) -> int:
        return int(self._pull())


class _Replay:
    def __init__(self, header: Header, records: Iterator[Record]) -> None:
        self._records = records
        self._next = self._read()  # None: the file ends here. BadTape: the rest of the file cannot be read
        self._texts = header.texts
        self._started = header.started
        self._turns = self._calls = self._asked = 0
        self._waiting: dict[int, Callable[[Any], None]] = {}
        self._connections: dict[int, Connection] = {}
        self._doing = "the start"
        settings = unpack_node(header.settings, header.keep_own)
        self.core = NodeCore(header.record, settings, random.Random(header.seed))
        for path in (*ANSWERS, RANDOM, REHASH, LOOK, *SECRET):
            part, _, name = path.rpartition(".")
            setattr(attrgetter(part)(self.core), name, self._outside(path))

    def run(self) -> Outcome:
        try:
            while True:
                self._follow(self._take())
        except _Over as over:
            return self._outcome(str(over))
        except Differs as problem:
            return self._outcome("the core went another way", str(problem))
        except BadTape:
            raise
        except Exception as problem:
            trace = traceback.format_exc()
            if self._next is None:
                return self._outcome(CUT, crash=trace)
            return self._outcome("the core went another way", f"the core raises {type(problem).__name__}\n{trace}")

    def _outcome(self, ended: str, differs: str = "", crash: str = "") -> Outcome:
        if differs:
            after = self.core.engine.now - self._started
            differs = f"turn {self._turns}, {after:.3f} s after the start, in {self._doing}: {differs}"
        return Outcome(self._turns, self._calls, self.core.engine.now, ended, differs, crash)

    # Records --------------------------------------------------------------------------------------------------------

    def _read(self) -> Record | BadTape | None:
        try:
            return next(self._records, None)
        except BadTape as problem:
            return problem

    def _take(self) -> Record:
        """Return the next record. At the end of the file, raise at each call: the core guards some calls, and would
        hide a single exception."""
        record = self._next
        if isinstance(record, BadTape):
            raise record
        if record is None:
            raise _Over(CUT)
        if isinstance(record, End):
            raise _Over(record.reason)
        self._next = self._read()
        return record

    def _follow(self, record: Record) -> None:
        if isinstance(record, Call):
            self._call(record)
        elif isinstance(record, Answered):
            self._answer(record)
        else:
            raise Differs(f"the core does not ask for what it asked for when it was recorded ({_words(record)})")

    def _call(self, call: Call) -> None:
        wanted = INPUTS.get(call.path)
        if wanted is None:
            raise BadTape(f"a record calls {call.path!r}, which this build does not know")
        try:
            args = msgspec.msgpack.decode(call.args, type=wanted)
        except UNREADABLE as problem:
            raise BadTape(f"the arguments of {call.path} cannot be read: {problem}") from problem
        self._calls += 1
        self._doing = call.path
        self._perform(call.path, args)

    def _perform(self, path: str, args: tuple[Any, ...]) -> None:
        core, engine, edge = self.core, self.core.engine, self.core.edge
        match path:
            case "edge.clients.connect":
                number, address, secure, now, certificate = args
                ticket = Ticket(Admission(Limits()), address)
                connection = edge.clients.connect(
                    number, address, secure=secure, now=now, certificate=certificate, ticket=ticket
                )
                connection.delivery.take_receipts(_Receipts(self._pull))
                self._connections[number] = connection
            case "edge.clients.take_outputs":
                self._compare(taken(edge.clients.take_outputs(), texts=self._texts))
            case "edge.clients.feed" | "edge.clients.ended" | "edge.clients.lost" | "edge.clients.gone":
                getattr(edge.clients, path.rpartition(".")[2])(self._connection(args[0]), args[1])
            case "edge.configure":
                edge.configure(unpack(EdgeSettings, args[0]))
            case "engine.ask_node":
                engine.ask_node(args[0], edge.application.read_ask(msgspec.Raw(args[1])), lambda reply: None)
            case "engine.drain":
                self._drain()
            case "engine.journal.load":
                try:
                    engine.journal.load(*args)
                except (GroupBroken, *UNREADABLE, KeyError):
                    return  # the shell continued, too
            case "engine.journal.on":
                (engine.journal.on,) = args
            case "engine.journal.trouble":
                (engine.journal.trouble,) = args
            case "engine.stopped.stop":
                engine.stopped.stop(args[0], Exception(args[1]))
            case "roster_changed":
                (added, changed, removed, departed), linked = args
                core.roster_changed(RosterChanged(added, changed, removed, frozenset(departed)), linked)
            case "webhooks.failed":
                core.webhooks.failed(args[0], args[1], refused=args[2])
            case "webhooks.configure":
                core.webhooks.configure(unpack(WebhookSettings, args[0]), unpack(EdgeSettings, args[1]))
            case "request":
                answer(core, {}, args[0], lambda reply: None)
            case _:
                target: Any = core
                for name in path.split("."):
                    target = getattr(target, name)
                target(*args)

    def _drain(self) -> None:
        """End the turn: the shell takes all output for peers, and reads the rest."""
        engine, edge = self.core.engine, self.core.edge
        out = engine.drain()
        self._compare(drained(out, texts=self._texts))
        self._turns += 1
        edge.clients.relieved.clear()
        engine.levels.refused.clear()
        engine.notes.clear()
        self.core.webhooks.wants.clear()

    def _connection(self, number: int) -> Connection:
        connection = self._connections.get(number)
        if connection is None:
            raise BadTape(f"a record is of client {number}, who never came")
        return connection

    def _compare(self, now: Sent) -> None:
        was = self._take()
        if not isinstance(was, Sent):
            raise Differs(f"the core sends now, and then it did not ({_words(was)})")
        if was == now:
            return
        then, here = dict(zip(was.to, was.digests, strict=False)), dict(zip(now.to, now.digests, strict=False))
        if was.to != now.to:
            raise Differs(f"something goes to {_names(now.to)}, and then it went to {_names(was.to)}")
        other = [to for to in then if here[to] != then[to]]
        raise Differs(f"{_names(tuple(other))} is sent something else")

    # What the core asks of the outside ------------------------------------------------------------------------------

    def _outside(self, path: str) -> Callable[..., Any]:
        if path in (RANDOM, LOOK, *SECRET):
            return lambda *args: self._pull()
        if path == REHASH:
            return self._rehash
        return lambda *args: self._ask(args[-1])

    def _pull(self) -> Any:
        """Return the outside's recorded answer to the core."""
        record = self._take()
        if not isinstance(record, Pulled):
            raise Differs(f"the core asks for something that it did not ask for then ({_words(record)})")
        return record.value

    def _rehash(self) -> Rehashed:
        """Replay a REHASH: the shell configured the core before the shell answered."""
        while isinstance(self._next, Call):
            self._follow(self._take())
        return Rehashed(*(tuple(names) for names in self._pull().values()))

    def _ask(self, done: Callable[[Any], None]) -> None:
        self._asked += 1
        self._waiting[self._asked] = done
        if isinstance(self._next, Answered) and self._next.number == self._asked:
            self._follow(self._take())  # the answer came at once

    def _answer(self, record: Answered) -> None:
        done, wanted = self._waiting.pop(record.number, None), ANSWERS.get(record.kind)
        if wanted is None:
            raise BadTape(f"an answer is of {record.kind!r}, which this build does not know")
        if done is None:
            raise Differs(f"the core does not ask what it asked then ({record.kind})")
        try:
            value = msgspec.msgpack.decode(record.value, type=wanted)
        except UNREADABLE as problem:
            raise BadTape(f"an answer of {record.kind} cannot be read: {problem}") from problem
        self._doing = f"the answer of {record.kind}"
        done(StoreError(value) if isinstance(value, str) else value)


def _words(record: Record) -> str:
    return f"{record.path} was next" if isinstance(record, Call) else f"{type(record).__name__} was next"


def _names(to: tuple[str, ...]) -> str:
    return ", ".join(f"client {one}" if one.isdecimal() else f"node {one}" for one in to) or "nobody"
