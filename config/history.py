"""The section about message history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from config.mistakes import Key
from config.section import REQUIRED, Section, setting
from config.units import Size


class ChannelHistory(Section):
    """A channel with a retention of its own."""

    name: Annotated[str, Field(min_length=2, max_length=200)] = setting(
        REQUIRED, 'The channel, e.g. "#erlang": in quotes, for # begins a comment.'
    )
    keep_days: int = setting(
        REQUIRED, "Days after which messages there are forgotten.", ge=1, le=36_500,
    )  # fmt: skip
    keep_lines: int = setting(100_000, "Lines kept of the channel.", ge=100, le=100_000_000)


class History(Section):
    """The kept history of channels and private conversations. Best the same on every node."""

    enabled: bool = setting(True, "Whether messages in channels are kept on disk, and shown on request.")
    private: bool = setting(
        True,
        "Whether private messages of an account are kept: with other accounts, if both agree, and with guests.",
        live=True,
    )
    keep_days: int = setting(30, "Days after which a message is forgotten.", ge=1, le=36_500)
    keep_lines: int = setting(
        100_000, "Lines kept of each channel and conversation, JOIN and MODE included; older lines are forgotten.",
        ge=100, le=100_000_000,
    )  # fmt: skip
    founder_min_days: int = setting(
        1,
        "The least days to which the founder of a registered channel may bound its history (ChanServ SET HISTORY); the "
        "most days are keep_days.",
        live=True,
        ge=1,
        le=36_500,
    )
    max_size: Size = setting(
        20 << 30,
        "Size of circlet.db beyond which the oldest lines of all channels and conversations are forgotten early, 0 for "
        "no limit. Accounts, sessions and the states of channels stay.",
        live=True,
        unit="bytes",
        ge=0,
        le=900 << 30,
    )
    channels: Annotated[tuple[ChannelHistory, ...], Field(strict=False, max_length=1000)] = setting(
        (), "Channels with a retention of their own."
    )
    query_max: int = setting(
        100, "Lines for a client at a time (CHATHISTORY in 005); the client asks again for more.",
        live=True, ge=10, le=1_000,
    )  # fmt: skip

    def mistakes(self) -> Iterator[tuple[Key, str]]:
        names = [one.name for one in self.channels]
        for index, name in enumerate(names):
            if not name.startswith("#"):
                yield ("channels", index, "name"), f"{name} is no channel: a name that begins with #"
            elif name in names[:index]:
                yield ("channels", index, "name"), f"{name} stands twice: remove one"
