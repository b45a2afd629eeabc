"""The recorded calls into a node's core and out of the core, and the doors that record these calls.

While a node is recorded, the shell gets a door in place of each part of the core. A door lets reads through. For a call
in INPUTS, the door first records the call and then makes the call. A node without a recording has no doors, and pays
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final, Protocol, cast

import msgspec

from gateway.accounts.credentials import Credentials
from gateway.edge.client.connection import Connection
from gateway.edge.cursors.delivery import Receipts
from gateway.edge.settings import EdgeSettings
from gateway.node import NodeCore
from gateway.recording import fillers
from gateway.recording.settings import pack
from gateway.recording.tape import Answered, Call, Pulled, Record, Sent
from gateway.webhooks.settings import WebhookSettings
from ring.ids import GroupId, Incarnation
from ring.roster import NodeRecord
from ring.storage.store import Line, StoreError
from ring.wire.codec import encode, packed
from ring.wire.log import raw
from ring.wire.messages import Message

DIGEST: Final = 6
HELD: Final = 16 * 1024
"""Bytes of an unfinished line that are held back until the line ends: more than any line may have."""

_ENDS: Final = re.compile(rb"([\r\n]+)")

PARTS: Final = frozenset((
    "webhooks", "edge", "edge.clients", "edge.outside",
    "engine", "engine.peers", "engine.levels", "engine.journal", "engine.stopped",
))  # fmt: skip

Absences = list[tuple[NodeRecord, float]]

INPUTS: Final[dict[str, Any]] = {
    "attend": tuple[()],
    "roster_changed": tuple[
        tuple[tuple[NodeRecord, ...], tuple[NodeRecord, ...], tuple[NodeRecord, ...], tuple[str, ...]], tuple[str, ...]
    ],
    "edge.tick": tuple[float],
    "edge.clients.connect": tuple[int, str, bool, float, str | None],
    "edge.clients.feed": tuple[int, bytes],
    "edge.clients.carry_on": tuple[()],
    "edge.clients.take_outputs": tuple[()],
    "edge.clients.ended": tuple[int, str],
    "edge.clients.lost": tuple[int, str],
    "edge.clients.gone": tuple[int, str],
    "edge.configure": tuple[bytes],  # of settings.pack
    "edge.clients.close_all": tuple[str],
    "engine.begin": tuple[float],
    "engine.tick": tuple[()],
    "engine.carry_on": tuple[int],
    "engine.drain": tuple[()],
    "engine.ask_node": tuple[str, bytes],  # as the page of the ring does
    "engine.linked": tuple[NodeRecord],
    "engine.lost": tuple[str, int, str],
    "engine.heard": tuple[Incarnation],
    "engine.receive": tuple[Incarnation, bytes],
    "engine.learn": tuple[tuple[NodeRecord, ...]],
    "engine.leave": tuple[NodeRecord],
    "engine.peers.remember": tuple[Absences, dict[str, int], dict[str, int], tuple[str, ...]],
    "engine.levels.rise": tuple[int],
    "engine.journal.load": tuple[GroupId, bytes, Line | None],
    "engine.journal.take": tuple[()],
    "engine.journal.written": tuple[int],
    "engine.journal.hurry": tuple[()],
    "engine.journal.on": tuple[bool],
    "engine.journal.trouble": tuple[str],
    "engine.stopped.stop": tuple[GroupId, str],
    "request": tuple[bytes],
    "webhooks.tick": tuple[()],
    "webhooks.answered": tuple[int, int, float],
    "webhooks.failed": tuple[int, str, bool],
    "webhooks.configure": tuple[bytes, bytes],
}
"""The types of the recorded arguments, by the path of the call."""

SET: Final = frozenset(("engine.journal.on", "engine.journal.trouble"))
"""Inputs that are assigned."""

FOREIGN: Final = frozenset((
    "engine.submit", "engine.ask", "engine.recall", "engine.watch", "engine.unwatch",
    "engine.settle", "engine.give_up", "edge.clients.cut",
))  # fmt: skip
"""Calls from HTTP with a continuation of the shell. A recording cannot hold a continuation, so the recording ends."""

ANSWERS: Final[dict[str, Any]] = {
    "edge.outside.check_password": bool | None,
    "edge.outside.fits": bool | None,
    "edge.outside.fits_first": bool | None,
    "edge.outside.make_credentials": Credentials | None,
    "engine.read_store": list[Line] | str,
    "engine.work_store": int | str,
}
"""Calls of the core to the outside with later answers. A StoreError is recorded as text."""

REHASH: Final = "edge.outside.rehash"
LOOK: Final = "edge.outside.look"
RANDOM: Final = "edge.outside.random_bytes"
SECRET: Final = ("edge.outside.proves", "edge.outside.keyed", "edge.outside.cloaked")
"""Judging a proof of SCRAM, and digests with the network's secrets. All need secrets that no recording has."""


class Writer(Protocol):
    """Takes records. texts: whether messages are recorded without fillers."""

    texts: bool

    def write(self, record: Record) -> None: ...

    def end(self, reason: str) -> None:
        """Stop recording. reason: in words."""
        ...


def digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=DIGEST).digest()


def drained(out: dict[str, list[Message]], *, texts: bool) -> Sent:
    """Return digests of a turn's messages to peers."""
    sent = [(key, digest(fillers.packed(encode(messages), texts=texts))) for key, messages in out.items() if messages]
    return Sent(tuple(key for key, _ in sent), tuple(one for _, one in sent))


def taken(outputs: list[tuple[Connection, bytes]], *, texts: bool) -> Sent:
    """Return the digests of a turn's bytes to clients."""
    to, digests = [], []
    for connection, data in outputs:
        closed = b"\0closed" if connection.closed is not None else b""
        to.append(str(connection.number))
        digests.append(digest(fillers.shown(data, texts=texts) + closed))
    return Sent(tuple(to), tuple(digests))


class Lines:
    """Cuts a client's bytes into parts of whole lines, because fillers need whole lines. Of a line over the limits only
    the length is recorded.
    """

    def __init__(self) -> None:
        self._rest = b""

    def part(self, data: bytes, *, texts: bool) -> bytes:
        whole = self._rest + data
        end = max(whole.rfind(b"\n"), whole.rfind(b"\r")) + 1
        if len(whole) - end > HELD:
            self._rest = b""
            return b"x" * len(whole)
        self._rest = whole[end:]
        parts = _ENDS.split(whole[:end])
        return b"".join(part if i % 2 else fillers.client_line(part, texts=texts) for i, part in enumerate(parts))


class Recorder:
    """Stands between the shell and one core."""

    def __init__(self, core: NodeCore, writer: Writer) -> None:
        self._core = core
        self._writer = writer
        self._lines: dict[int, Lines] = {}
        self._asked = 0
        for path in SECRET:
            name = path.removeprefix("edge.outside.")
            setattr(core.edge.outside, name, self.outcall(path, getattr(core.edge.outside, name)))

    @property
    def door(self) -> NodeCore:
        """The door that the shell gets in place of the core."""
        return cast(NodeCore, _Door(self._core, "", self))

    def receipts(self, receipts: Receipts) -> Receipts:
        return _Receipts(receipts, self._writer)

    def end(self, reason: str) -> None:
        """Stop recording. reason: in words."""
        self._writer.end(reason)

    def request(self, payload: bytes) -> NodeCore:
        """Record an admin client's question; return the core, which answers the question."""
        self.note("request", (fillers.packed(payload, texts=False),))
        return self._core

    def note(self, path: str, args: tuple[Any, ...]) -> None:
        self._writer.write(Call(path, raw(args)))

    def call(self, path: str, method: Callable[..., Any], args: tuple[Any, ...], facts: dict[str, Any]) -> Any:
        """Record the call, make the call, and record the outputs of the call."""
        if path in FOREIGN:
            self._writer.end(f"a program asked the node by HTTP for something that recordings cannot hold ({path})")
            return method(*args, **facts)
        texts = self._writer.texts
        self.note(path, self._plain(path, args, facts))
        result = method(*args, **facts)
        if path == "engine.drain":
            self._writer.write(drained(result, texts=texts))
        elif path == "edge.clients.take_outputs":
            self._writer.write(taken(result, texts=texts))
        elif path == "edge.clients.lost":
            self._lines.pop(args[0].number, None)
        return result

    def _plain(self, path: str, args: tuple[Any, ...], facts: dict[str, Any]) -> tuple[Any, ...]:
        """Return the arguments in the form of INPUTS."""
        texts = self._writer.texts
        match path:
            case "edge.clients.connect":
                return (*args, facts["secure"], facts["now"], facts.get("certificate"))
            case "edge.clients.feed":
                number = args[0].number
                return number, self._lines.setdefault(number, Lines()).part(args[1], texts=texts)
            case "edge.configure":
                return (pack(EdgeSettings, args[0]),)
            case "webhooks.answered":
                return (*args, 0.0)[:3]
            case "webhooks.failed":
                return (*args, facts.get("refused", False))
            case "webhooks.configure":
                return pack(WebhookSettings, args[0]), pack(EdgeSettings, args[1])
            case "engine.ask_node":
                return args[0], fillers.packed(packed(args[1]), texts=texts)
            case "engine.receive":
                return args[0], fillers.packed(args[1], texts=texts)
            case "engine.journal.load":
                group, data, last = args
                return group, fillers.packed(data, texts=texts), self._line(last) if last is not None else None
            case "engine.learn" | "engine.peers.remember":
                return tuple(list(arg) if not isinstance(arg, dict) else arg for arg in args)
            case "engine.stopped.stop":
                return args[0], repr(args[1])
            case "roster_changed":
                news, linked = args
                return (*news[:3], sorted(news.departed)), sorted(linked)
        return tuple(arg.number if isinstance(arg, Connection) else arg for arg in args)

    def _line(self, line: Line) -> Line:
        return msgspec.structs.replace(line, event=fillers.packed(line.event, texts=self._writer.texts))

    # What the core asks of the outside ------------------------------------------------------------------------------

    def outcall(self, path: str, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the callable that the core gets in place of the method."""
        if path in ANSWERS:
            return lambda *args: self._ask(path, method, args)
        if path in (RANDOM, REHASH, LOOK, *SECRET):
            return lambda *args: self._pull(method(*args))
        return method

    def _ask(self, path: str, method: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._asked += 1
        number, done = self._asked, args[-1]

        def answered(result: Any) -> None:
            self._writer.write(Answered(number, path, raw(self._answer(result))))
            done(result)

        method(*args[:-1], answered)

    def _answer(self, result: Any) -> Any:
        if isinstance(result, StoreError):
            return str(result)
        if isinstance(result, list):
            return [self._line(line) for line in result]
        if isinstance(result, Credentials):
            return msgspec.Raw(fillers.packed(msgspec.msgpack.encode(result), texts=False))
        return result

    def _pull(self, value: Any) -> Any:
        self._writer.write(Pulled(value))
        return value


class _Receipts:
    """Records the socket's counts of bytes that have come to the client."""

    def __init__(self, receipts: Receipts, writer: Writer) -> None:
        self._receipts = receipts
        self._writer = writer

    @property
    def written(self) -> int:
        written = self._receipts.written
        self._writer.write(Pulled(written))
        return written

    def arrived(self) -> int:
        arrived = self._receipts.arrived()
        self._writer.write(Pulled(arrived))
        return arrived


class _Door:
    """Stands for a part of the core, as the module's docstring explains."""

    __slots__ = ("_part", "_path", "_recorder")

    def __init__(self, part: Any, path: str, recorder: Recorder) -> None:
        object.__setattr__(self, "_part", part)
        object.__setattr__(self, "_path", path)
        object.__setattr__(self, "_recorder", recorder)

    def __getattr__(self, name: str) -> Any:
        value, path = getattr(self._part, name), f"{self._path}{name}"
        if path == "edge.network":
            return _Door(value, "engine.", self._recorder)
        if path in PARTS:
            return _Door(value, f"{path}.", self._recorder)
        if (path in INPUTS and path not in SET) or path in FOREIGN:
            return lambda *args, **facts: self._recorder.call(path, value, args, facts)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        path = f"{self._path}{name}"
        if path in SET:
            self._recorder.note(path, (value,))
        elif path in ANSWERS or path in (RANDOM, REHASH, LOOK):
            value = self._recorder.outcall(path, value)
        setattr(self._part, name, value)
