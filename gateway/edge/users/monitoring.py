"""The nicks which one user watches, and the news which the user's clients were sent."""

from __future__ import annotations

from ring.ids import GroupId


class Monitoring:
    """Only gateway/edge/users writes these fields."""

    __slots__ = ("carried", "nicks", "online")

    def __init__(self) -> None:
        self.nicks: dict[GroupId, str] = {}  # the watched nicks, as the clients spell these
        self.online: dict[GroupId, str] = {}  # the holder of each watched nick, as last told; "" for nobody
        self.carried: dict[GroupId, bool | None] = {}  # the same, as told on the clients' former node

    def spell(self, group: GroupId, nick: str) -> None:
        """Watch the nick, and remember the asker's spelling."""
        self.nicks[group] = nick

    def tell(self, group: GroupId, online: str) -> None:
        """Note that the clients are told of the holder. 731 has the last holder's spelling of the nick, or the asker's
        spelling before any holder came."""
        self.online[group] = online
        if online:
            self.nicks[group] = online.partition("!")[0]
