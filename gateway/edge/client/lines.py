"""One event, rendered once per capability variant, so a message to a thousand members is cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.irc.format import format_body, format_tags, format_text
from gateway.irc.times import server_time
from gateway.state.people import Author

# Bits of a connection's variant: the negotiated capabilities that change how an event's line looks.
TIME = 1  # server-time
TAGS = 2  # message-tags: msgid and client-only tags
ACCOUNT = 4  # account-tag


class Line:
    """A line on its way to clients.

    source: the sender. A person's line has an Author, which includes the account for `account-tag`; a line of the
    server or of a service has a name alone. `at`: Unix ms, 0 for none. `tags`: client-only tags of the sender.
    """

    __slots__ = ("account", "at", "bot", "command", "msgid", "params", "rendered", "source", "tags")

    def __init__(
        self,
        source: Author | str | None,
        command: str,
        params: Sequence[str],
        *,
        at: int = 0,
        msgid: str = "",
        tags: Mapping[str, str] | None = None,
        bot: bool = False,
    ) -> None:
        self.source: str | None
        self.account: str | None
        self.source, self.account = source if isinstance(source, Author) else (source, None)
        self.command = command
        self.params = params
        self.at = at
        self.msgid = msgid
        self.tags = tags
        self.bot = bot
        self.rendered: dict[int, bytes] = {}

    def render(self, variant: int, extra: Mapping[str, str | None] | None = None) -> bytes:
        """Return the line's bytes for connections of this variant. `extra`: tags (label, batch) for this call alone."""
        if extra is None and (done := self.rendered.get(variant)) is not None:
            return done
        tags: dict[str, str | None] = dict(extra) if extra else {}
        if variant & TIME and self.at:
            tags["time"] = server_time(self.at)
        if variant & ACCOUNT and self.account:
            tags["account"] = self.account
        if variant & TAGS:
            if self.msgid:
                tags["msgid"] = self.msgid
            if self.bot:
                tags["bot"] = None
            if self.tags:
                tags.update(self.tags)
        data = format_tags(tags) + self.body() if tags else self.body()
        if extra is None:
            self.rendered[variant] = data
        return data

    def body(self) -> bytes:
        """Return the line without tags."""
        return format_body(self.source, self.command, self.params)


class TextLine(Line):
    """A person's PRIVMSG or NOTICE, rendered from the bytes of the text to the same bytes as a Line with the text."""

    __slots__ = ("text",)

    def __init__(
        self,
        source: Author | str,
        command: str,
        target: str,
        text: bytes,
        *,
        at: int,
        msgid: str,
        tags: Mapping[str, str] | None,
        bot: bool,
    ) -> None:
        self.source, self.account = source if isinstance(source, Author) else (source, None)
        self.command = command
        self.params = (target,)
        self.at = at
        self.msgid = msgid
        self.tags = tags
        self.bot = bot
        self.rendered = {}
        self.text = text

    def body(self) -> bytes:
        assert self.source is not None
        return format_text(self.source, self.command, self.params[0], self.text)
