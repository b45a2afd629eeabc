"""A WebSocket of a test: what a test wants to send goes out byte for byte, good frames or bad ones."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Final, cast

from tests.gateway.io.onenode import Wire
from tests.patience import WITHIN_S

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
TEXT_PROTOCOL: Final = "text.ircv3.net"
BINARY_PROTOCOL: Final = "binary.ircv3.net"


class NoUpgrade(Exception):
    """The server has answered with a status and words instead of a WebSocket."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(f"{status}: {error}")
        self.status = status
        self.error = error


class WebPipe:
    """In the place of a socket: lines with CR LF in, lines with CR LF out, a message each."""

    def __init__(
        self,
        host: str,
        port: int,
        protocols: Sequence[str] = (TEXT_PROTOCOL,),
        headers: Mapping[str, str] | None = None,
        *,
        rcvbuf: int = 0,
        from_ip: str = "",
    ) -> None:
        """Raises NoUpgrade."""
        self.raw = socket.socket()
        if rcvbuf:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        if from_ip:
            self.raw.bind((from_ip, 0))
        self.raw.settimeout(WITHIN_S)
        self.raw.connect((host, port))
        self.closed: tuple[int, str] | None = None  # code and reason of the server's close frame
        self.pongs: list[bytes] = []
        self._rest = b""
        asked = {
            "Host": f"{host}:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            **({"Sec-WebSocket-Protocol": ", ".join(protocols)} if protocols else {}),
            **(headers or {}),
        }
        lines = [f"{name}: {value}" for name, value in asked.items() if value]
        self.raw.sendall("\r\n".join(["GET /irc HTTP/1.1", *lines, "", ""]).encode())
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        names = [line.partition(b": ") for line in head.split(b"\r\n")[1:]]
        self.headers = {name.decode().lower(): value.decode() for name, _, value in names}
        if status != 101:
            while len(self._rest) < int(self.headers["content-length"]):
                self._more()
            self.raw.close()
            raise NoUpgrade(status, json.loads(self._rest)["error"])
        self.protocol = self.headers.get("sec-websocket-protocol")

    def _more(self) -> None:
        data = self.raw.recv(65536)
        if not data:
            raise EOFError
        self._rest += data

    def _take(self, count: int) -> bytes:
        while len(self._rest) < count:
            self._more()
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def frame(self, opcode: int, payload: bytes, *, last: bool = True, masked: bool = True) -> None:
        size = len(payload)
        long = struct.pack("!H", size) if 125 < size < 65536 else struct.pack("!Q", size) if size > 125 else b""
        length = size if size < 126 else 126 if size < 65536 else 127
        head = bytes([opcode | (0x80 if last else 0), length | (0x80 if masked else 0)]) + long
        mask = os.urandom(4)
        coded = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if masked else payload
        self.raw.sendall(head + (mask if masked else b"") + coded)

    def read_frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; servers neither mask nor, here, cut messages into pieces."""
        first, second = self._take(2)
        assert first & 0x80 and not second & 0x80
        size = second
        if size > 125:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        return first & 0x0F, self._take(size)

    # As a socket has them ------------------------------------------------------------------------------------------

    def sendall(self, data: bytes) -> None:
        for line in data.split(b"\r\n")[:-1]:
            self.frame(BINARY if self.protocol == BINARY_PROTOCOL else TEXT, line)

    def recv(self, size: int) -> bytes:
        while True:
            try:
                opcode, payload = self.read_frame()
            except EOFError:
                return b""
            if opcode == CLOSE:
                code = int.from_bytes(payload[:2], "big")
                self.closed = code, payload[2:].decode()
                self.frame(CLOSE, payload[:2])
                return b""
            if opcode == PONG:
                self.pongs.append(payload)
                continue
            assert opcode == (BINARY if self.protocol == BINARY_PROTOCOL else TEXT), (opcode, payload)
            assert not payload.endswith((b"\r", b"\n"))
            return payload + b"\r\n"

    def settimeout(self, seconds: float | None) -> None:
        self.raw.settimeout(seconds)

    def close(self) -> None:
        self.raw.close()


class WebWire(Wire):
    """An IRC client over a WebSocket."""

    def __init__(self, pipe: WebPipe) -> None:
        super().__init__(cast(socket.socket, pipe))
        self.pipe = pipe

    def close_code(self) -> tuple[int, str]:
        """Read to the end; code and reason of the server's close frame."""
        self.until_closed()
        assert self.pipe.closed is not None, self.got
        return self.pipe.closed
