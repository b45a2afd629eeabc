"""The section about metadata: keys with values that people set for themselves and for channels."""

from __future__ import annotations

from config.section import Section, setting


class Metadata(Section):
    """Keys with values of people and channels (draft/metadata-3). Best the same on every node."""

    enabled: bool = setting(True, "Whether clients are offered METADATA.", live=True)
    keys_max: int = setting(20, "Keys of a person, an account or a channel.", live=True, ge=1, le=100)
    value_max: int = setting(300, "Longest value, in bytes of UTF-8.", live=True, ge=10, le=400)
    subs_max: int = setting(50, "Keys that a client may follow.", live=True, ge=1, le=200)
