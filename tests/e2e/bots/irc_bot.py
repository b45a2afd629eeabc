"""A bot on the library irc: logs in by SASL over TLS, joins, answers, and is back by itself.

Words: address, port, the authority's certificate, account@device, password.
"""

from __future__ import annotations

import functools
import ssl
import sys

import irc.bot
import irc.client
import irc.connection

host, port, authority, login, password = sys.argv[1:]


class Bot(irc.bot.SingleServerIRCBot):  # type: ignore[misc]
    def on_welcome(self, connection: irc.client.ServerConnection, event: irc.client.Event) -> None:
        connection.join("#room")

    def on_pubmsg(self, connection: irc.client.ServerConnection, event: irc.client.Event) -> None:
        connection.privmsg("#room", f"{connection.get_nickname()} has heard: {event.arguments[0]}")


context = ssl.create_default_context(cafile=authority)
wrap = functools.partial(context.wrap_socket, server_hostname=host)
Bot(
    [irc.bot.ServerSpec(host, int(port), password)],
    login.partition("@")[0],
    "a bot",
    recon=irc.bot.ExponentialBackoff(min_interval=1, max_interval=2),
    connect_factory=irc.connection.Factory(wrapper=wrap),
    sasl_login=login,
).start()
