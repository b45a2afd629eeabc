"""The section about bans of the whole network."""

from __future__ import annotations

from config.section import Section, setting


class Bans(Section):
    """Bans of the network: KLINE, DLINE, XLINE, SHUN, SPAMFILTER. Best the same on every node."""

    entries_max: int = setting(
        2000,
        "The most bans of each kind (KLINE, DLINE, XLINE, SHUN) at a time. The network keeps 10,000 lifted or expired "
        "bans beside these.",
        live=True,
        ge=1,
        le=10_000,
    )
    filters_max: int = setting(100, "The most spam filters (SPAMFILTER) at a time.", live=True, ge=1, le=1000)
    reason_len: int = setting(200, "Longest reason of a ban, in bytes; longer text is cut.", live=True, ge=20, le=300)
