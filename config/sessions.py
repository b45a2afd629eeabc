"""The section about sessions, which keep a person in the network without a connection."""

from __future__ import annotations

from typing import Literal

from config.section import Section, setting


class Sessions(Section):
    """The sessions of people with accounts. Best the same on every node."""

    enabled: bool = setting(
        True, "Whether a second client of an account joins the session of the first, and sessions outlive nodes."
    )
    always_on: Literal["off", "opt-in", "opt-out", "mandatory"] = setting(
        "opt-in",
        "People who stay in their channels without a connection: nobody (off), accounts with ALWAYS-ON on (opt-in), "
        "accounts without ALWAYS-ON off (opt-out), or every account (mandatory).",
        live=True,
    )
    expire_days: int = setting(30, "Days without a login after which such a user leaves.", live=True, ge=1, le=3650)
    auto_away: bool = setting(True, "Whether somebody without a connection is shown as away.", live=True)
