"""A WebSocket client that sends much without a line lets other clients go first."""

from __future__ import annotations

import asyncio
from collections import deque
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import WSMessage, WSMsgType

from gateway.edge.client.queue import CommandQueue
from gateway.io.websocket import WebSocketClient
from gateway.web.forwarded import Client

FRAMES = 500


class Response:
    """Every frame of the client has come already: nothing waits for the network."""

    ws_protocol = None

    def __init__(self, kind: WSMsgType, data: Any) -> None:
        self.coming = deque([WSMessage(kind, data, "")] * FRAMES + [WSMessage(WSMsgType.CLOSE, 1000, "")])
        self.pongs = 0

    async def receive(self) -> WSMessage:
        return self.coming.popleft()

    async def pong(self, data: bytes) -> None:
        self.pongs += 1

    async def close(self, **_: Any) -> bool:
        return True


async def turns_of_others(response: Response) -> int:
    """How often another task has a turn while the client is served."""
    connection = SimpleNamespace(queue=CommandQueue(), closed=None, number=1)
    core = SimpleNamespace(engine=SimpleNamespace(peers=SimpleNamespace(me=SimpleNamespace(leaving=False))))
    node = SimpleNamespace(connected=lambda *_, **__: connection, disconnected=lambda *_: None, core=core)
    request = SimpleNamespace(protocol=SimpleNamespace(transport=None))
    client = WebSocketClient(cast(Any, node), cast(Any, request), cast(Any, response), cast(Any, None))
    serving, turns = asyncio.create_task(client.run(Client("192.0.2.1", secure=False))), 0
    while not serving.done():
        await asyncio.sleep(0)
        turns += 1
    serving.result()
    return turns


@pytest.mark.parametrize(
    ("kind", "data"), [(WSMsgType.PING, b"x"), (WSMsgType.PONG, b""), (WSMsgType.TEXT, ""), (WSMsgType.TEXT, "\r\n")]
)
def test_after_each_frame_without_a_line_others_have_a_turn(kind: WSMsgType, data: Any) -> None:
    response = Response(kind, data)
    assert asyncio.run(turns_of_others(response)) >= FRAMES
    assert response.pongs == (FRAMES if kind is WSMsgType.PING else 0)
