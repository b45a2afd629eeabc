"""Tags that clients send: what is passed on and what is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.irc.message import clean

# Source: IRCv3 message tags. The whole name is one opaque word; this keeps what a strict client could not read away.
_CLIENT_ONLY = re.compile(r"\+(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")
_LABEL_BYTES = 64


def relayed_tags(tags: Mapping[str, str] | None) -> dict[str, str] | None:
    """The client-only tags ("+typing"), which go to others unchanged but for bytes that are not UTF-8, or None.

    The splitter has held them to 4,094 bytes, and to escape what was unescaped never makes it longer.
    """
    if not tags:
        return None
    return {key: clean(value) for key, value in tags.items() if _CLIENT_ONLY.fullmatch(key)} or None


def label(tags: Mapping[str, str] | None) -> str | None:
    """The label that the answers to this line carry, if it has one. Source: IRCv3 labeled-response."""
    text = tags.get("label") if tags else None
    return text if text and len(text.encode("utf-8", "surrogateescape")) <= _LABEL_BYTES else None
