"""IRC over WebSocket at a real node: the specification's demands, bad input, limits, origins and proxies."""

from __future__ import annotations

import signal
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.e2e.network import free_port
from tests.gateway.io.onenode import OneNode
from tests.gateway.io.stories import the_slow_one_is_cut_and_the_others_go_on
from tests.gateway.io.test_node_process import NO_FLOOD_CONTROL, no_traceback
from tests.gateway.io.webpipe import (
    BINARY,
    BINARY_PROTOCOL,
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    TEXT_PROTOCOL,
    NoUpgrade,
    WebPipe,
    WebWire,
)
from tests.patience import WITHIN_S

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("people")]


class WebNode(OneNode):
    """A node with HTTP."""

    web_port = 0

    @classmethod
    def with_web(cls, folder: Path, http: dict[str, Any] | None = None, **changes: Any) -> WebNode:
        port = free_port()
        node = cls.started(folder, http={"host": "127.0.0.1", "port": port, **(http or {})}, **changes)
        assert isinstance(node, WebNode)
        node.web_port = port
        return node

    def pipe(self, *protocols: str, **how: Any) -> WebPipe:
        return WebPipe("127.0.0.1", self.web_port, protocols, **how)

    def web(self, nick: str = "", *protocols: str, **how: Any) -> WebWire:
        """A client; registered, if given a nick."""
        wire = WebWire(self.pipe(*(protocols or (TEXT_PROTOCOL,)), **how))
        if nick:
            wire.register(nick)
        return wire


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebNode]:
    limits = {"flood": NO_FLOOD_CONTROL, "connects_per_minute": 0}
    with WebNode.with_web(tmp_path_factory.mktemp("web"), clients=limits) as made:
        yield made
        no_traceback(made)


# What the specification wants ----------------------------------------------------------------------------------------


def test_people_talk_over_both_subprotocols_and_over_tcp(node: WebNode) -> None:
    ann, bob, cat = node.web("ann", TEXT_PROTOCOL), node.web("bob", BINARY_PROTOCOL), node.client("cat")
    assert (ann.pipe.protocol, bob.pipe.protocol) == (TEXT_PROTOCOL, BINARY_PROTOCOL)
    for person in (ann, bob, cat):
        person.join("#talk")
    for person in (ann, bob, cat):
        person.send(f"PRIVMSG #talk :{person.nick} sagt grüß Gott ☺")
        person.sync()
    for person in (ann, bob, cat):
        person.sync()
    words = [f"{nick} sagt grüß Gott ☺" for nick in ("ann", "bob", "cat")]
    assert cat.heard("#talk") == words[:2]
    assert ann.heard("#talk") == words[1:]
    assert bob.heard("#talk") == [words[0], words[2]]
    for person in (ann, bob, cat):
        person.close()


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        ((TEXT_PROTOCOL, BINARY_PROTOCOL), TEXT_PROTOCOL),
        ((BINARY_PROTOCOL, TEXT_PROTOCOL), BINARY_PROTOCOL),
        (("chat", TEXT_PROTOCOL), TEXT_PROTOCOL),
        (("chat",), None),
        ((), None),
    ],
)
def test_the_clients_order_decides(node: WebNode, offered: tuple[str, ...], agreed: str | None) -> None:
    since = len(node.records)
    wire = WebWire(node.pipe(*offered))
    assert wire.pipe.protocol == agreed
    wire.register("order")
    wire.pipe.frame(BINARY if agreed != TEXT_PROTOCOL else TEXT, b"PING both")
    wire.expect("PONG .*both$")
    wire.send("QUIT")
    assert wire.close_code()[0] == 1000
    node.event("client_disconnected", since, reason="Quit")
    assert not [record for record in node.records if record["event"] == "library_message"]


def test_what_is_not_utf_8_is_replaced_in_text_and_kept_in_binary(node: WebNode) -> None:
    text, binary, raw = node.web("tex", TEXT_PROTOCOL), node.web("bin", BINARY_PROTOCOL), node.client("raw")
    for person in (text, binary, raw):
        person.join("#latin")
    raw.socket.sendall(b"PRIVMSG #latin :caf\xe9 \xff\xfe\r\n")
    raw.sync()
    text.sync()
    binary.sync()
    assert text.heard("#latin") == ["caf� ��"]
    assert binary.heard("#latin") == ["caf\udce9 \udcff\udcfe"]
    binary.pipe.frame(BINARY, b"PRIVMSG #latin :\xe9t\xe9")
    binary.sync()
    text.sync()
    assert text.heard("#latin")[-1] == "�t�"
    for person in (text, binary, raw):
        person.close()


def test_pieces_pings_and_old_line_ends(node: WebNode) -> None:
    wire = node.web("frag")
    for opcode, piece, last in ((TEXT, b"PI", False), (CONTINUATION, b"NG pi", False), (CONTINUATION, b"eces", True)):
        wire.pipe.frame(opcode, piece, last=last)
        wire.pipe.frame(PING, b"between")
    wire.expect("PONG .*pieces$")
    wire.sync()
    assert wire.pipe.pongs == [b"between"] * 3
    wire.pipe.frame(TEXT, b"PING old\r\n")
    wire.expect("PONG .*old$")
    wire.pipe.frame(TEXT, b"")
    wire.pipe.frame(TEXT, b"\n")
    wire.sync()
    wire.close()


def test_a_client_that_says_goodbye_is_answered_and_its_lines_are_heard(node: WebNode) -> None:
    bob, ann = node.client("listener"), node.web("leaver")
    bob.join("#bye")
    ann.join("#bye")
    ann.send("PRIVMSG #bye :last words")
    ann.pipe.frame(CLOSE, (1001).to_bytes(2, "big") + b"tab closed")
    opcode, payload = CLOSE + 1, b""
    while opcode != CLOSE:
        opcode, payload = ann.pipe.read_frame()
    assert int.from_bytes(payload[:2], "big") == 1000
    bob.expect("PRIVMSG #bye :last words")
    bob.expect(":leaver!~leaver@127.0.0.1 QUIT :Connection closed")
    bob.close()


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("protocol", "opcode", "payload", "code"),
    [
        (TEXT_PROTOCOL, BINARY, b"PING x", 1003),
        (BINARY_PROTOCOL, TEXT, b"PING x", 1003),
        (TEXT_PROTOCOL, TEXT, b"PRIVMSG #c :caf\xe9", 1007),
        (TEXT_PROTOCOL, TEXT, b"PRIVMSG #c :hello\r\nQUIT :smuggled", 1007),
        (BINARY_PROTOCOL, BINARY, b"PRIVMSG #c :hello\nQUIT", 1007),
        (TEXT_PROTOCOL, TEXT, b"x" * 20_000, 1009),
        (TEXT_PROTOCOL, CONTINUATION, b"PING x", 1002),
        (TEXT_PROTOCOL, 3, b"PING x", 1002),
        (TEXT_PROTOCOL, CLOSE, b"\x01", 1002),
        (TEXT_PROTOCOL, CLOSE, (5).to_bytes(2, "big"), 1002),
    ],
    ids=["binary", "text", "latin", "smuggled", "two", "huge", "continued", "reserved", "short", "code"],
)
def test_what_breaks_the_rules_ends_the_connection_with_a_code_and_words(
    node: WebNode, protocol: str, opcode: int, payload: bytes, code: int, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    watcher, wire = node.client(f"w-{name}"), node.web(name, protocol)
    watcher.join("#c")
    wire.join("#c")
    wire.pipe.frame(opcode, payload)
    found, reason = wire.close_code()
    assert found == code and len(reason) > 20
    assert watcher.expect(" QUIT ").endswith("QUIT :WebSocket error")
    assert not watcher.heard("#c")
    watcher.close()


@pytest.mark.parametrize(("opcode", "payload"), [(TEXT, b"PRIVMSG #c :bare"), (PING, b""), (CLOSE, b"")])
def test_a_frame_without_a_mask_ends_the_connection(node: WebNode, opcode: int, payload: bytes) -> None:
    name = f"bare-{opcode}"
    watcher, wire = node.client(f"w-{name}"), node.web(name)
    watcher.join("#c")
    wire.join("#c")
    wire.send("PRIVMSG #c :masked")
    wire.pipe.frame(opcode, payload, masked=False)
    found, reason = wire.close_code()
    assert found == 1002 and len(reason) > 20
    assert watcher.expect(" QUIT ").endswith("QUIT :WebSocket error")
    assert watcher.heard("#c") == ["masked"]
    watcher.close()


def test_a_long_message_in_pieces_is_bounded_too(node: WebNode) -> None:
    wire = node.web("pieces")
    wire.pipe.frame(TEXT, b"x" * 9_000, last=False)
    wire.pipe.frame(CONTINUATION, b"x" * 9_000, last=False)
    assert wire.close_code()[0] == 1009


def test_a_line_that_is_too_long_is_refused_and_the_client_stays(node: WebNode) -> None:
    wire = node.web("long")
    wire.join("#long")
    wire.send(f"PRIVMSG #long :{'x' * 600}")
    wire.expect(" 417 long ")
    wire.send(f"PRIVMSG #long :{'x' * (510 - len('PRIVMSG #long :'))}", "PRIVMSG #long :a\0b")
    wire.expect(" 421 long ")
    wire.close()


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"Upgrade": ""}, 426, "WebSocket client"),
        ({"Upgrade": "h2c"}, 426, "WebSocket client"),
        ({"Sec-WebSocket-Key": ""}, 400, "handshake"),
        ({"Sec-WebSocket-Key": "c2hvcnQ="}, 400, "handshake"),
        ({"Sec-WebSocket-Version": "99"}, 400, "handshake"),
        ({"Origin": "https://evil.example"}, 403, "http.origins"),
        ({"Origin": "null"}, 403, "http.origins"),
    ],
)
def test_a_bad_handshake_is_refused_with_words(node: WebNode, headers: dict[str, str], status: int, words: str) -> None:
    with pytest.raises(NoUpgrade) as refused:
        node.pipe(TEXT_PROTOCOL, headers=headers)
    assert refused.value.status == status and words in refused.value.error


# Limits ---------------------------------------------------------------------------------------------------------------


def test_a_client_that_does_not_read_is_cut_and_the_others_go_on(tmp_path: Path) -> None:
    limits = {"sendq": "16KiB", "flood": NO_FLOOD_CONTROL}
    with WebNode.with_web(tmp_path, clients=limits) as node:
        slow = node.web("slow", rcvbuf=4096)
        ann, bob = node.client("ann"), node.web("bob")
        the_slow_one_is_cut_and_the_others_go_on(node, slow, ann, bob)
        no_traceback(node)


def test_a_flood_is_slowed_and_its_socket_is_not_read_on(tmp_path: Path) -> None:
    """1,500 lines of 16 KB each, at 10 lines a second: node and kernels take a bounded number of these."""
    with WebNode.with_web(tmp_path, clients={"flood": {"burst": 6, "rate": 10, "queued": 20}}) as node:
        ann, bob = node.web("ann"), node.client("bob")
        ann.pipe.raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024)
        ann.pipe.raw.settimeout(2)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < 1500:
                ann.pipe.frame(TEXT, b"PING :" + b"x" * 490)
                sent += 1
        assert 6 < sent < 1000
        bob.sync()
        no_traceback(node)


def test_what_a_slowed_client_sends_meanwhile_is_read_when_its_turn_comes(tmp_path: Path) -> None:
    with WebNode.with_web(tmp_path, clients={"flood": {"burst": 6, "rate": 200, "queued": 2000}}) as node:
        ann = node.web("ann")
        for number in range(300):
            ann.send(f"PING :{number} {'x' * 400}")
        ann.expect("PONG .* :299 x")
        answered = [line for line in ann.got if " PONG " in line]
        assert [int(line.split(" :")[1].split()[0]) for line in answered[-300:]] == list(range(300))
        no_traceback(node)


def test_websockets_count_among_the_connections_of_their_address(tmp_path: Path) -> None:
    with WebNode.with_web(tmp_path, clients={"per_address": 2, "total": 3, "connects_per_minute": 100}) as node:
        ann, bob = node.web("ann"), node.client("bob")
        assert "(Too many connections from your address)" in node.connect().until_closed()
        with pytest.raises(NoUpgrade, match="429: Too many connections from your address"):
            node.web("cat")
        cat = node.web("cat", from_ip="127.0.0.2")
        with pytest.raises(NoUpgrade, match="503: This server is full"):
            node.web("dan", from_ip="127.0.0.3")
        since = len(node.records)
        ann.close()
        node.event("client_disconnected", since, reason="Connection closed")
        node.web("ann").sync()
        bob.sync()
        cat.sync()
        node.reload(clients={"per_address": 10, "total": 0, "connects_per_minute": 1})
        with pytest.raises(NoUpgrade, match="429: You connect too often"):
            for _ in range(3):
                node.web(from_ip="127.0.0.4")
        no_traceback(node)


def test_the_silent_and_the_half_open_are_cut_in_time(tmp_path: Path) -> None:
    times = {"register_timeout_s": 1, "ping_every_s": 1, "ping_timeout_s": 1}
    with WebNode.with_web(tmp_path, clients=times) as node:
        mute, ann = node.web(), node.web("ann")
        assert "(Registration timed out)" in mute.until_closed()
        assert mute.pipe.closed == (1000, "Registration timed out")
        assert "(Ping timeout: " in ann.until_closed()
        half = node.web("half")
        since = len(node.records)
        half.pipe.raw.shutdown(socket.SHUT_WR)
        node.event("client_disconnected", since)
        reset = node.web("reset")
        reset.pipe.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        since = len(node.records)
        reset.close()
        node.event("client_disconnected", since)
        node.web("half")
        node.web("reset")
        no_traceback(node)


def test_a_node_that_stops_says_where_to_go_and_closes(tmp_path: Path) -> None:
    with WebNode.with_web(tmp_path) as node:
        ann, mute = node.web("ann"), node.web()
        assert node.ended(signal.SIGTERM, WITHIN_S) == 0
        heard = ann.until_closed()
        assert "NOTICE ann :This node is stopping" in heard
        assert "ERROR :Closing Link: 127.0.0.1 (Server is shutting down)" in heard
        assert ann.pipe.closed == (1001, "Server is shutting down")
        assert mute.close_code()[0] == 1001
        no_traceback(node)


def test_a_reader_that_stands_still_does_not_keep_a_node_from_stopping(tmp_path: Path) -> None:
    with WebNode.with_web(tmp_path, clients={"flood": NO_FLOOD_CONTROL}) as node:
        slow, ann = node.web("slow", rcvbuf=4096), node.client("ann")
        for person in (slow, ann):
            person.join("#c")
        for _ in range(10):
            ann.send(*(f"PRIVMSG #c :{'x' * 400}" for _ in range(40)))
            ann.sync()
        began = time.monotonic()
        assert node.ended(signal.SIGTERM, WITHIN_S) == 0
        assert time.monotonic() - began < WITHIN_S / 2
        no_traceback(node)


# Origins and proxies --------------------------------------------------------------------------------------------------


def test_origins_are_the_nodes_and_those_of_the_configuration(tmp_path: Path) -> None:
    with WebNode.with_web(tmp_path) as node:
        own = f"http://127.0.0.1:{node.web_port}"
        node.web("same", headers={"Origin": own}).close()
        for origin in ("https://chat.example.org", f"{own}0", "http://localhost", "file://", "http://[", "x"):
            with pytest.raises(NoUpgrade, match="403"):
                node.pipe(TEXT_PROTOCOL, headers={"Origin": origin})
        assert node.reload(http={"origins": ["https://chat.example.org"]})["live"] == ["http.origins"]
        node.web("site", headers={"Origin": "https://chat.example.org"}).close()
        with pytest.raises(NoUpgrade, match="403"):
            node.pipe(TEXT_PROTOCOL, headers={"Origin": "http://chat.example.org"})
        node.reload(http={"origins": ["*"]})
        node.web("any", headers={"Origin": "null"}).close()
        no_traceback(node)


def test_a_foreign_name_that_leads_to_the_node_opens_neither_chat_nor_websocket_nor_api(tmp_path: Path) -> None:
    """DNS rebinding: Host and Origin agree, and are a stranger's."""
    with WebNode.with_web(tmp_path) as node:

        def asked(path: str, host: str) -> tuple[int, str]:
            address = f"http://127.0.0.1:{node.web_port}{path}"
            headers = {"Host": host, "Origin": f"http://{host}"}
            try:
                with urlopen(Request(address, headers=headers), timeout=WITHIN_S) as answer:
                    return answer.status, ""
            except HTTPError as refused:
                return refused.code, refused.read().decode()

        evil = f"rebound.evil.example:{node.web_port}"
        with pytest.raises(NoUpgrade, match="403"):
            node.pipe(TEXT_PROTOCOL, headers={"Host": evil, "Origin": f"http://{evil}"})
        assert asked("/chat", evil) == (421, ANY) and "http.origins" in asked("/chat", evil)[1]
        assert asked("/api/v1/channels", evil)[0] == 403
        for host in (f"localhost:{node.web_port}", f"127.0.0.1:{node.web_port}"):
            node.web("own", headers={"Host": host, "Origin": f"http://{host}"}).close()
            assert asked("/chat", host)[0] == 200
            assert asked("/api/v1/channels", host)[0] == 401
        node.reload(http={"origins": [f"http://{evil}"]})
        assert asked("/chat", evil)[0] == 200
        no_traceback(node)


def test_pages_of_the_network_may_read_the_list_of_nodes(node: WebNode) -> None:
    own = f"http://127.0.0.1:{node.web_port}"
    for origin, allowed in ((own, own), ("https://evil.example", None), ("", None)):
        asked = Request(f"{own}/nodes.json", headers={"Origin": origin} if origin else {})
        with urlopen(asked, timeout=WITHIN_S) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == allowed
            assert answer.headers["Vary"] == "Origin"


def test_a_stranger_cannot_choose_an_address_and_a_trusted_proxy_can(tmp_path: Path) -> None:
    with WebNode.with_web(tmp_path, http={"trusted_proxies": ["127.0.0.8/29"]}) as node:
        spoof = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        since = len(node.records)
        node.web("ann", headers=spoof)
        told = node.event("client_connected", since)
        assert (told["address"], told["tls"]) == ("127.0.0.1", False)
        since = len(node.records)
        bob = node.web("bob", headers={**spoof, "X-Forwarded-For": "10.9.9.9, 203.0.113.9"}, from_ip="127.0.0.9")
        told = node.event("client_connected", since)
        assert (told["address"], told["tls"]) == ("203.0.113.9", True)
        bob.send("WHOIS bob")
        assert bob.expect(" 311 ").split()[5] == "203.0.113.9"
        assert bob.expect(" (671|318) ").split()[1] == "671"
        no_traceback(node)


# A device's place in what was said ------------------------------------------------------------------------------------


def device(node: WebNode) -> WebWire:
    """The account joe, on its device "web"; lines missed by the device are played to the device."""
    wire = node.web("", BINARY_PROTOCOL)
    wire.nick = "joe"
    wire.send("CAP LS 302", "CAP REQ :sasl server-time message-tags", "AUTHENTICATE PLAIN")
    wire.expect("AUTHENTICATE ")
    wire.send("AUTHENTICATE " + b64encode(b"\0joe@web\0sesame-7391").decode())
    wire.expect(" 903 ")
    wire.send("NICK joe", "USER joe 0 * :joe", "CAP END")
    wire.expect(" 376 | 422 ")
    return wire


@pytest.mark.parametrize("end", ["goodbye", "hang-up"])
def test_a_device_that_goes_in_the_middle_of_talk_gets_each_line_once(tmp_path: Path, end: str) -> None:
    with WebNode.with_web(tmp_path, clients={"flood": NO_FLOOD_CONTROL}) as node:
        joe = node.client("joe")
        joe.send("REGISTER * * sesame-7391")
        joe.expect("REGISTER SUCCESS")
        joe.send("PRIVMSG *circlet :ALWAYS-ON on", "JOIN #c")
        joe.expect(" 366 joe #c ")
        joe.close()
        ann, said, heard = node.client("ann"), [], []
        ann.join("#c")
        for turn in range(4):
            web = device(node)
            for number in range(30):
                said.append(f"{turn} {number}")
                ann.send(f"PRIVMSG #c :{said[-1]}")
                if number == 15:
                    ann.sync()
                    web.sync()
                    since = len(node.records)
                    if end == "goodbye":
                        web.pipe.frame(CLOSE, (1000).to_bytes(2, "big"))
                    web.close()
                    node.event("client_disconnected", since)
                    heard += web.heard("#c")
            ann.sync()
        web = device(node)
        web.expect(f":{said[-1]}$")
        web.sync()
        assert [*heard, *web.heard("#c")] == said
        no_traceback(node)
