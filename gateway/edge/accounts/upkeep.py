"""Look after the registered channels that this node serves, again and again (P52).

Theory of operation. One pass looks at every registered channel served here, a few channels a second, and the next pass
begins PASS_S after the last. A look gives the channel the commands that are due. The channel's master judges each
command again, so a look may be repeated, and two nodes may look at one channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.state.account.messages import Ended, EndedView
from gateway.state.channel import reading
from gateway.state.channel.channel import Channel
from gateway.state.channel.registration import Registration
from gateway.state.channel.registration_messages import Bereave
from gateway.state.channel.upkeep_messages import Expire, TrimHistory
from gateway.state.channel.upkeep_rules import is_untrimmed, is_unused
from ring.ids import GroupId

if TYPE_CHECKING:
    from gateway.edge.ports import EdgePort

PASS_S: Final = 300.0
"""Time between two passes."""

SINCE: Final = 3
"""The feature level of the commands."""

AT_ONCE: Final = 20
"""Channels looked at in one turn."""

TURN_S: Final = 1.0


class Upkeep:
    """Look after registered channels. `Upkeep` alone writes all fields."""

    def __init__(self, edge: EdgePort) -> None:
        self.edge = edge
        self.waiting: list[GroupId] = []
        self._next = 0.0
        self._passes = 0

    def tick(self, now: float) -> None:
        """Look at the next channels, or begin the next pass when the pass is due."""
        if now < self._next:
            return
        network = self.edge.network
        if not self._next or network.level < SINCE:
            self._next = now + PASS_S
        elif self.waiting:
            for group in self.waiting[-AT_ONCE:]:
                self._look(group)
            del self.waiting[-AT_ONCE:]
            self._next = now + (TURN_S if self.waiting else PASS_S)
        else:
            self._passes += 1
            served = network.mastered("channel")
            self.waiting = [group for group, state, _ in served if isinstance(state, Channel) and state.is_registered]
            self._next = now + (TURN_S if self.waiting else PASS_S)

    def _look(self, group: GroupId) -> None:
        network = self.edge.network
        served = network.serves(group)
        if served is None or not isinstance(served[0], Channel) or not served[0].is_registered:
            return
        channel = served[0]
        if is_untrimmed(channel, network.now_ms):
            network.submit(group, TrimHistory())
        days = self.edge.settings.accounts.channel_expire_days
        before = network.now_ms - days * int(reading.DAY_MS)
        if days and is_unused(channel, before):
            network.submit(group, Expire(before))
        for account in self._asked_about(channel.register.kept[0]):
            self._ask(group, *account)

    def _asked_about(self, known: Registration) -> list[tuple[str, str]]:
        """List accounts (life, name) to ask about in this pass: the founder, the successor, and one of the others."""
        others = sorted((life, one.name) for life, one in known.present.items())
        found = [(known.founder.life, known.founder.name), (known.successor.life, known.successor.name)]
        found += [others[self._passes % len(others)]] if others else []
        return [(life, name) for life, name in found if life]

    def _ask(self, group: GroupId, life: str, name: str) -> None:
        """Tell the channel if the account is gone. A node that died in the midst of a drop has told nobody."""
        network = self.edge.network

        def known(view: EndedView | None) -> None:
            if view is not None and view.is_ended:
                network.submit(group, Bereave(life))

        network.ask(self.edge.account(name), Ended(life), known)
