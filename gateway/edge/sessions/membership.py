"""What a user is to the session of an account."""

from __future__ import annotations

from collections.abc import Mapping

from ring.ids import GroupId
from ring.nothing import NOTHING


class Membership:
    """The user's part in a session, and the account's settings for the session. Only gateway/edge/sessions writes these
    fields."""

    __slots__ = (
        "absence",
        "account",
        "auto_away",
        "detached",
        "lasts",
        "left_at",
        "life",
        "looked_at",
        "playback",
    )

    def __init__(self, now: float) -> None:
        self.account = ""  # the folded name of the session's account; "" without a session
        self.life = ""  # the id of the account's registration, once known
        self.lasts = False  # the user stays without connections
        self.left_at = 0.0  # when the last connection was closed
        self.looked_at = now  # when the account's preferences were last asked for
        self.absence: str | None = None  # the away text while nothing is attached, if any
        self.auto_away = False  # the user is away because nothing is attached
        self.playback: int | None = None  # most lines of each channel in a playback; None: see attaching
        # Channels hidden from the clients; True: until somebody names the user.
        self.detached: Mapping[GroupId, bool] = NOTHING
