"""The client's node of a forwarded connection: unsettled lines are kept, and the session is found again (P9, P38)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.edge.accounts.proof import Login
from gateway.edge.cursors.delivery import Sent
from gateway.edge.sessions import forwarded_client
from gateway.edge.sessions.forwarded_client import AGAIN_S, MOVED, TRIES, ForwardedClient, give, standing_of
from gateway.edge.sessions.remote import Hello, Shown, Standing
from gateway.edge.sessions.unsettled import BYTES
from gateway.edge.users.user import User
from gateway.state.idempotency import Speaker
from ring.ids import Term
from ring.wire.history import Cursor
from tests.gateway.commands.accounts import Newcomer
from tests.gateway.commands.stage import network
from tests.gateway.edge.sessions.streams import FAR, FakeStream

LOGIN = Login("Ann", "life", "phone")


def cursor(seq: int) -> Cursor:
    return Cursor(seq, 1_000 + seq, Term(1, "k", 1))


class Scene:
    """A client here whose session is on the node `FAR`. streams: opened so far. looks: searches for the session."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.net = network(1)
        self.client = Newcomer(self.net, "n1", caps="")
        self.node = self.net.nodes["n1"]
        self.edge: Any = self.node.core.edge
        self.connection = self.client.connection
        self.connection.proof.take(LOGIN)
        self.streams: list[FakeStream] = []
        self.looks: list[Any] = []
        monkeypatch.setattr(self.edge.network, "open_stream", self._open)
        monkeypatch.setattr(self.edge.sessions, "find", lambda account, then: self.looks.append((account, then)))
        self.forwarder = ForwardedClient(self.edge, self.connection, None)
        self.connection.remote.forwarder = self.forwarder
        self.forwarder.open(FAR)

    def _open(self, owner: Any, first: bytes) -> FakeStream:
        assert owner == FAR
        self.streams.append(FakeStream(first))
        return self.streams[-1]

    def hello(self) -> Hello:
        """The introduction on the newest stream."""
        return msgspec.msgpack.decode(self.streams[-1].first, type=Hello)

    def do(self, job: Any) -> None:
        self.net.turn(self.node, job)

    def show(self, data: bytes = b"", settled: int = 0, standing: Standing | None = None, **cursors: Cursor) -> None:
        names = {f"#{name}": one for name, one in cursors.items()}
        part = msgspec.msgpack.encode(Shown(data, names, settled, standing))
        self.do(lambda: self.streams[-1].bring(part))

    def end(self, reason: str) -> None:
        self.do(lambda: self.streams[-1].ended(reason))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_the_session_s_node_is_told_who_comes_and_from_which_line_on(scene: Scene) -> None:
    hello = scene.hello()
    assert (hello.standing.session, hello.standing.login, hello.silent, hello.gone) == ("ann", LOGIN, False, False)
    assert (hello.nick, hello.settled, hello.speaker) == (
        "*",
        scene.connection.queue.line,
        scene.connection.remote.speaker,
    )


def test_a_client_that_has_said_lines_here_is_the_same_speaker_and_counts_on(scene: Scene) -> None:
    scene.connection.remote.speaker = Speaker(FAR, 9)
    scene.connection.queue.go_on_from(7)
    again = ForwardedClient(scene.edge, scene.connection, None)
    assert (again.speaker, again.unsettled.settled) == (Speaker(FAR, 9), 7)


def test_lines_that_are_not_settled_are_said_again_on_the_next_stream(scene: Scene) -> None:
    start = scene.connection.queue.line
    for line in (b"one", b"two", b"three"):
        scene.forwarder.send(line)
    assert scene.streams[0].parts == [b"one", b"two", b"three"]
    scene.show(settled=start + 1, c=cursor(3))
    scene.end("lost")
    scene.net.run(0.1)
    ((account, found),) = scene.looks
    assert account == "ann"
    scene.do(lambda: found(FAR))
    assert scene.streams[1].parts == [b"two", b"three"]
    assert (scene.hello().settled, scene.hello().silent) == (start + 1, True)
    assert scene.hello().cursors == {"#c": cursor(3)}


def test_bytes_go_to_the_client_and_a_part_that_cannot_be_read_is_passed_over(scene: Scene) -> None:
    scene.client.lines()
    scene.do(lambda: scene.streams[0].bring(b"\xc1"))
    scene.show(b":irc PRIVMSG ann :hi\r\n")
    assert scene.client.lines() == [":irc PRIVMSG ann :hi"] and scene.streams[0].end is None


def test_a_client_has_what_it_was_sent_once_its_machine_has_the_bytes(scene: Scene) -> None:
    class Socket:
        written, came = 0, 0

        def arrived(self) -> int:
            return self.came

    socket = scene.connection.delivery.receipts = Socket()
    scene.do(lambda: scene.streams[0].bring(msgspec.msgpack.encode(Shown(b"x\r\n", {"#c": cursor(3)}, 0))))
    socket.written = 3
    assert scene.forwarder.owes and scene.forwarder.delivered_now() == {}
    socket.came = 3
    assert scene.forwarder.delivered_now() == {"#c": cursor(3)} and not scene.forwarder.owes
    assert scene.streams[0].uses() == 1


def test_where_the_client_is_counts_as_news_once_its_session_is_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P38: before the forwarding, the node noted these cursors as told, and told nobody (device story 99651541)."""
    ring = cursor(5)
    scene.connection.delivery.cursors = {"#ring": Sent(ring, ring)}
    scene.forwarder.was_sent({"#ring": ring})
    monkeypatch.setattr(
        forwarded_client,
        "go_on",
        lambda edge, connection, user, cursors: edge.sessions.cursors.sent(connection, cursors),
    )
    scene.show()
    scene.end(MOVED)
    ((account, then),) = scene.looks
    user = User.__new__(User)
    scene.do(lambda: then(user))
    assert account == "ann" and scene.edge.sessions.cursors.fresh(scene.connection) == {"#ring": ring}


def test_what_the_client_has_become_counts_here_too(scene: Scene) -> None:
    standing = Standing(frozenset(("server-time",)), 302, Login("Bea", "other"), "bea")
    scene.show(standing=standing)
    assert standing_of(scene.connection, "bea") == standing and scene.forwarder.account == "bea"
    give(Standing(frozenset(), 0, None, ""), scene.edge, scene.connection)
    assert standing_of(scene.connection, "") == Standing(frozenset(), 302, None, ""), "a known version stays known"


def test_a_client_that_says_too_much_is_not_read_until_lines_are_settled(scene: Scene) -> None:
    scene.forwarder.send(b"x" * BYTES)
    assert scene.connection.queue.busy
    scene.show()
    assert scene.connection.queue.busy
    scene.show(settled=scene.connection.queue.line + 1)
    assert not scene.connection.queue.busy


def test_the_lines_of_a_client_that_has_gone_are_settled_before_the_stream_ends(scene: Scene) -> None:
    scene.show()
    scene.forwarder.send(b"last")
    scene.do(lambda: scene.edge.clients.cut(scene.connection, "Ping timeout"))
    assert scene.forwarder in scene.edge.forwarding.lingering and scene.streams[0].end is None
    scene.show(settled=scene.forwarder.unsettled.settled + 1)
    assert not scene.edge.forwarding.lingering and scene.streams[0].end == "Ping timeout"


def test_a_session_that_is_nowhere_is_given_up_after_so_many_looks(scene: Scene) -> None:
    scene.show()
    scene.end(MOVED)
    for look in range(TRIES + 1):
        scene.net.run(AGAIN_S + 0.2)
        assert len(scene.looks) == look + 1 and scene.client.closed is None
        scene.do(lambda look=look: scene.looks[look][1](None))
    assert scene.client.closed == "Your session cannot be reached: connect again"


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("killed", "Killed (root (spam))"),
        ("no account", "The node that you were on is gone: connect again"),
        ("leaving", "Server is shutting down"),
    ],
)
def test_a_client_without_a_session_to_go_on_with_is_closed(scene: Scene, case: str, reason: str) -> None:
    scene.show()
    if case == "no account":
        scene.forwarder.account = ""
    scene.edge.sessions.leaving = case == "leaving"
    scene.end(reason if case == "killed" else "lost")
    scene.net.run(1.0)
    assert scene.client.closed == reason and not scene.looks
