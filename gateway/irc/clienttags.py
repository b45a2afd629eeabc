"""The tags of a client's line: tags for the recipients, and the label for the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.irc.message import clean

# Source: IRCv3 message tags. A name with other characters is dropped, as a strict client cannot read such a tag.
_CLIENT_ONLY = re.compile(r"\+(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")
_LABEL_BYTES = 64


def relayed_tags(tags: Mapping[str, str] | None) -> dict[str, str] | None:
    """Keep the client-only tags ("+typing"), for the recipients; None if the line has no such tag.

    Bytes outside UTF-8 are replaced. The splitter has limited the tags to 4,094 bytes. No length check is needed here:
    an unescaped value never gets longer than before when the value is escaped again.
    """
    if not tags:
        return None
    return {key: clean(value) for key, value in tags.items() if _CLIENT_ONLY.fullmatch(key)} or None


def label(tags: Mapping[str, str] | None) -> str | None:
    """The label of the line, for the answers; None without a label of valid length. Source: IRCv3 labeled-response."""
    text = tags.get("label") if tags else None
    return text if text and len(text.encode("utf-8", "surrogateescape")) <= _LABEL_BYTES else None
