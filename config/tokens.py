"""The tokens with which programs use the operators' API of a node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import Field

from config.mistakes import Key
from config.section import REQUIRED, Section, setting
from config.values import ChannelName, TokenHash, TokenName

Capability = Literal[
    "accounts",
    "accounts.read",
    "channels",
    "sessions",
    "sessions.read",
    "notices",
    "kills",
    "actions",
    "speak",
    "webhooks",
]
"""The possible uses of a token. `accounts` includes `accounts.read`, and `sessions` includes `sessions.read`."""

CAPABILITIES: tuple[Capability, ...] = get_args(Capability)


class Token(Section):
    """A secret with which a program uses the operators' API (/api/v1), made by `circlet token new`."""

    name: TokenName = setting(
        REQUIRED, "Name of the token's user: the log and the list of actions show the name.", live=True
    )
    hash: TokenHash = setting(REQUIRED, "Hash of the token, from `circlet token new`.", live=True, secret=True)
    capabilities: Annotated[tuple[Capability, ...], Field(strict=False, min_length=1, max_length=20)] = setting(
        REQUIRED, f"Allowed uses of the token: {', '.join(CAPABILITIES)}.", live=True
    )
    channels: Annotated[tuple[ChannelName, ...], Field(strict=False, max_length=1000)] = setting(
        (), "Channels in which a token with the capability speak may speak.", live=True
    )

    def mistakes(self) -> Iterator[tuple[Key, str]]:
        if "speak" in self.capabilities and not self.channels:
            yield ("channels",), "is empty, but the capability speak is given: name the channels to speak in"
        if self.channels and "speak" not in self.capabilities:
            yield ("channels",), "names channels, but the capability speak is not given: add speak, or name none"
