"""The nicks which one user watches, and the news which the user's clients were sent."""

from __future__ import annotations

from collections.abc import Mapping

from ring.ids import GroupId
from ring.nothing import NOTHING, drop, own


class Monitoring:
    """Only gateway/edge/users writes these fields."""

    __slots__ = ("carried", "nicks", "online")

    def __init__(self) -> None:
        self.nicks: Mapping[GroupId, str] = NOTHING  # the watched nicks, as the clients spell these
        self.online: Mapping[GroupId, str] = NOTHING  # the holder of each watched nick, as last told; "" for nobody
        self.carried: Mapping[GroupId, bool | None] = NOTHING  # the same, as told on the clients' former node

    def spell(self, group: GroupId, nick: str) -> None:
        """Watch the nick, and remember the asker's spelling."""
        nicks = self.nicks = own(self.nicks)
        nicks[group] = nick

    def forget(self, group: GroupId) -> bool:
        """Watch the nick no more. Returns whether the nick was watched."""
        drop(self.online, group)
        return drop(self.nicks, group) is not None

    def carry(self, group: GroupId, online: bool | None) -> None:
        """Note the news that the clients were told on their former node."""
        carried = self.carried = own(self.carried)
        carried[group] = online

    def tell(self, group: GroupId, online: str) -> None:
        """Note that the clients are told of the holder. 731 has the last holder's spelling of the nick, or the asker's
        spelling before any holder came."""
        self.told(group, online)
        if online:
            self.spell(group, online.partition("!")[0])

    def told(self, group: GroupId, online: str) -> None:
        """Note the holder that the clients know."""
        table = self.online = own(self.online)
        table[group] = online
