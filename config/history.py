"""The section about what was said: whether it is kept, and for how long."""

from __future__ import annotations

from config.section import Section, setting


class History(Section):
    """What was said, for those who read it later. The same on every node is wise."""

    enabled: bool = setting(True, "Whether what is said in channels is kept on disk, and shown to who asks.")
    private: bool = setting(
        True, "Whether what two people with accounts say to each other is kept, if both want that.", live=True
    )
    keep_days: int = setting(30, "Days after which it is forgotten.", ge=1, le=36_500)
    keep_lines: int = setting(
        100_000, "Lines kept of each channel and conversation, JOIN and MODE among them; older ones are forgotten.",
        ge=100, le=100_000_000,
    )  # fmt: skip
    query_max: int = setting(
        100, "Lines that a client gets at a time (CHATHISTORY in 005); it asks again for more.",
        live=True, ge=10, le=1_000,
    )  # fmt: skip
