"""A bot on the library pydle: logs in by SASL over TLS, joins, answers, and is back by itself.

Words: address, port, the authority's certificate (pydle asks the system's alone), account@device, password.
"""

from __future__ import annotations

import asyncio
import sys

import pydle

host, port, authority, login, password = sys.argv[1:]


class Bot(pydle.Client):  # type: ignore[misc]
    RECONNECT_DELAYS = (1,)
    listed = ""

    async def on_raw_cap_ls(self, params: list[str]) -> None:
        """The library asks for version 302 and takes the first line for the whole list: the node needs two lines."""
        self.listed += f" {params[-1]}"
        if params[0] != "*":
            whole, self.listed = self.listed, ""
            await super().on_raw_cap_ls([whole])

    async def connect(self, *args: object, **how: object) -> None:
        """The library gives up at the first refusal. A starting node refuses clients until it knows its network."""
        while True:
            try:
                await super().connect(*args, **how)
                return
            except OSError:
                await asyncio.sleep(0.5)

    async def on_connect(self) -> None:
        await super().on_connect()
        await self.join("#room")

    async def on_channel_message(self, target: str, by: str, message: str) -> None:
        await super().on_channel_message(target, by, message)
        # The library may pass on a message before it has taken its own nick from the welcome.
        if by != nick:
            await self.message(target, f"{nick} has heard: {message}")


nick = login.partition("@")[0]
Bot(nick, sasl_username=login, sasl_password=password).run(host, port=int(port), tls=True, tls_verify=False)
