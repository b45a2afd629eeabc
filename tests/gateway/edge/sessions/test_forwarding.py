"""The session's node of forwarded connections: which clients are let in, and which bytes and numbers are told (P9)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.edge.accounts.proof import Login
from gateway.edge.sessions.forwarded_client import MOVED
from gateway.edge.sessions.remote import Hello, Standing
from gateway.edge.users.user import User
from gateway.state.idempotency import Speaker
from ring.wire.history import Cursor
from tests.gateway.commands.accounts import register
from tests.gateway.commands.stage import network, people
from tests.gateway.edge.client.test_outputs import ROOM
from tests.gateway.edge.sessions.streams import FAR, FakeStream

SPEAKER = Speaker(FAR, 7)
SETTLED = 41


def hello(
    session: str = "ann", *, silent: bool = True, gone: bool = False, cursors: dict[str, Cursor] | None = None
) -> bytes:
    """silent: the client goes on from the cursors, and was welcomed before."""
    standing = Standing(frozenset(), 0, Login("ann", "life", "phone"), session)
    made = Hello("10.0.0.9", True, None, standing, "ann", silent, cursors or {}, SPEAKER, SETTLED, gone)
    return msgspec.msgpack.encode(made)


class Scene:
    """ann, with a session and a client on this node; bob beside ann in #c."""

    def __init__(self) -> None:
        self.net = network(1)
        self.ann, self.bob = people(self.net, "ann", "bob", channel="#c")
        assert register(self.ann)[-1].startswith("REGISTER SUCCESS")
        self.node = self.ann.node
        self.edge: Any = self.node.core.edge
        user = self.ann.connection.user
        assert user is not None and self.edge.sessions.users["ann"] is user
        self.user: User = user

    def do(self, job: Any) -> None:
        self.net.turn(self.node, job)

    def accept(self, first: bytes, *lines: bytes) -> FakeStream:
        """A stream comes from a client's node, with its first lines in the same turn."""
        stream = FakeStream()

        def comes() -> None:
            self.edge.forwarding.accept(stream, first)
            for line in lines:
                stream.bring(line)

        self.do(comes)
        return stream


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x90"], ids=["nothing", "no MessagePack", "no fields"])
def test_an_introduction_that_cannot_be_read_ends_the_stream(scene: Scene, data: bytes) -> None:
    assert scene.accept(data).end == "unreadable" and len(scene.user.connections) == 1


def test_a_client_whose_session_is_not_here_looks_for_the_session_again(scene: Scene) -> None:
    assert scene.accept(hello("nobody")).end == MOVED
    scene.user.quitting = True
    assert scene.accept(hello()).end == MOVED


def test_a_stream_that_ends_before_the_session_is_back_brings_no_client(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[Any] = []
    monkeypatch.setattr(scene.edge.sessions, "ready", lambda account, then: waiting.append(then))
    ended, open_ = scene.accept(hello()), scene.accept(hello(), b"PRIVMSG #c :early", b"PRIVMSG #c :bird")
    ended.ended_at = 5.0
    assert len(waiting) == 2 and len(scene.user.connections) == 1
    scene.do(lambda: [then(scene.user) for then in waiting])
    assert len(scene.user.connections) == 2 and open_.end is None
    scene.bob.sync()
    assert scene.bob.heard("#c") == ["early", "bird"], "lines said meanwhile are carried out in order"


def test_a_client_goes_on_as_what_it_is_with_the_numbers_of_its_lines(scene: Scene) -> None:
    scene.accept(hello())
    connection = [*scene.user.connections][-1]
    assert connection.number < 0 and connection.address == "10.0.0.9" and connection.socket.secure
    assert connection.remote.speaker == SPEAKER and connection.device == "phone"
    assert connection.queue.line == SETTLED


def test_a_new_client_is_welcomed_and_a_client_that_goes_on_reads_nothing(scene: Scene) -> None:
    cursors = {"#c": scene.edge.network.applied_to(ROOM)}
    new, silent = scene.accept(hello(silent=False)), scene.accept(hello(cursors=cursors))
    told = b"".join(shown.data for shown in new.shown())
    assert b" 001 ann " in told and b" JOIN #c" in told
    assert b"".join(shown.data for shown in silent.shown()) == b""


def test_a_settled_line_is_told_once_also_without_bytes(scene: Scene) -> None:
    stream = scene.accept(hello())
    scene.do(lambda: stream.bring(b"PRIVMSG #c :hi"))
    scene.net.run(2.0)
    settled = [shown.settled for shown in stream.shown()]
    assert settled == sorted(set(settled)) and settled[-1] == SETTLED + 1
    parts = len(stream.parts)
    scene.do(lambda: scene.edge.forwarding.tell_last(scene.user))
    assert len(stream.parts) == parts, "nothing is new"


def test_what_a_command_has_made_of_the_client_is_told_once(scene: Scene) -> None:
    stream = scene.accept(hello())
    for _ in range(2):
        scene.do(lambda: stream.bring(b"CAP REQ :server-time"))
    news = [shown.standing for shown in stream.shown() if shown.standing is not None]
    assert [standing.caps for standing in news] == [frozenset(("server-time",))] and news[0].session == "ann"


def test_lines_of_a_client_that_is_gone_are_said_and_the_user_has_no_client_more(scene: Scene) -> None:
    stream = scene.accept(hello(gone=True), b"PRIVMSG #c :last words")
    scene.bob.sync()
    assert scene.bob.heard("#c") == ["last words"] and len(scene.user.connections) == 1
    scene.do(lambda: scene.edge.clients.cut(scene.ann.connection, "Connection closed"))
    left_at = scene.user.session.left_at
    scene.net.run(1.0)
    scene.do(lambda: stream.ended("Quit: bye"))
    assert not scene.user.quitting and scene.user.session.left_at == left_at, "the client had left before"


def test_a_client_whose_node_is_dead_is_forgotten(scene: Scene) -> None:
    stream = scene.accept(hello())
    connection = [*scene.user.connections][-1]
    scene.do(lambda: stream.ended("lost"))
    assert connection not in scene.user.connections and connection.closed == "Connection closed"
    assert connection.number not in scene.edge.clients.connections


def test_a_node_that_leaves_sends_no_client_to_itself(scene: Scene) -> None:
    stream = scene.accept(hello())
    far = [*scene.user.connections][-1]
    scene.edge.sessions.leaving = True
    for connection in (far, scene.ann.connection):
        scene.do(lambda connection=connection: scene.edge.forwarding.follow(connection, {}))
    scene.net.run(1.0)
    assert stream.end == MOVED and scene.ann.closed == "Server is shutting down"
