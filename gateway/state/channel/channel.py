"""The state machine of a channel: the state (state.py), the rules (rules.py), and the merge of two sides (merge.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.state.channel import views
from gateway.state.channel.channel_settings import akick_of
from gateway.state.channel.merge import merge
from gateway.state.channel.messages import LOST, SERVICE, Evict, Join, Kick, Lapse, Merged, Quit, Said, Update
from gateway.state.channel.questions import ChannelView, ListRow, Look
from gateway.state.channel.rules import DECIDE
from gateway.state.channel.snapshot import Stored
from gateway.state.channel.state import ChannelState, Rules
from ring.ids import Incarnation
from ring.replication.state_machine import Decision

TOMBSTONE_S = 400 * 24 * 3600.0


class Channel(ChannelState):
    """The state machine of a channel."""

    def decide(self, command: Any, at: int) -> Decision:
        return DECIDE[type(command)](self, command, at)

    def precommands(self, command: Any, dead: Callable[[Incarnation], bool]) -> list[Any]:
        """Make a member on a dead node quit if another person comes with the member's nick: the other person has the
        nick now (P29)."""
        if (type(command) is not Join and type(command) is not Update) or not any(map(dead, self.subscribers)):
            return []
        person, casemap = command.person, self.rules.casemap
        return [
            Quit(uid, LOST, lost=True)
            for uid, member in self.members.items()
            if uid != person.uid and dead(member.person.edge) and casemap(member.person.nick) == casemap(person.nick)
        ]

    def is_message(self, event: Any) -> bool:
        return type(event) is Said

    def merge(self, other: Channel, at: int) -> Merged | None:
        mine = self.snapshot()
        both = merge(mine, other.snapshot(), self.lists["b"].key)
        return Merged(both) if _comparable(both) != _comparable(mine) else None

    def answer(self, question: Look, at: int) -> ChannelView | None:
        """Show the asker's view of the channel; None if there is no such channel, or the channel is secret to the asker
        (+s)."""
        return views.look(self, question)

    def row(self, term: int) -> ListRow:
        return views.row(self, term)

    def maintenance(self, at: int, gone: Callable[[Incarnation], bool]) -> list[Evict | Kick | Lapse]:
        out = [Kick("", SERVICE, uid, *self._why(uid, at), override=True) for uid in self._kept_out(at)]
        lapse, end = list[Lapse](), self.next_end()
        if end is not None and end <= at:
            lapse = [Lapse()]
        return [*(Evict((edge,), LOST) for edge in self.subscribers if gone(edge)), *out, *lapse]

    def _kept_out(self, at: int) -> list[str]:
        """List the members that an akick or an operator of the network keeps out: the akick was added while the members
        were in the channel, or a partition has healed."""
        if self.register.is_forbidden:
            return [*self.members]
        if not self.register.kept or not self.register.kept[0].akicks:
            return []
        return [uid for uid, member in self.members.items() if akick_of(self, member.person, at) is not None]

    def _why(self, uid: str, at: int) -> tuple[str, str]:
        person, forbidden = self.members[uid].person, self.register.forbidden
        if forbidden is not None and not forbidden.gone:
            return person.nick, forbidden.reason
        akick = akick_of(self, person, at)
        return person.nick, akick.reason if akick is not None else ""

    def is_collectable(self, at: int) -> bool:
        if self.webhooks.subscriptions or self.members or self.stays or self.register.is_forbidden:
            return False
        return at - self.changed_at > self._keep_ms

    @property
    def _keep_ms(self) -> float:
        """How long the channel is kept after its last member has gone. A dropped registration is remembered for as long
        as an account is: an old replica that comes back must not bring the registration back (P37)."""
        dropped = TOMBSTONE_S if self.register.dropped or self.register.forbidden is not None else 0.0
        return max(self.rules.keep_s, self.rules.history_s if self.history.spoken else 0.0, dropped) * 1000

    def next_change(self, at: int) -> int | None:
        if self.members or self.stays:
            return self.next_end()
        if self.register.is_forbidden:
            return None
        return self.changed_at + int(self._keep_ms) + 1

    def next_end(self) -> int | None:
        """Return when the next mask or mode that ends is to be taken off, Unix ms."""
        ends = [end for entries in self.lists.values() if entries.entries and (end := entries.next_end()) is not None]
        return min((*ends, *self.lapses.values()), default=None)


_stored = msgspec.msgpack.Decoder(Stored)


def restore(folded: str, rules: Rules, snapshot: msgspec.Raw) -> Channel:
    """Raises msgspec.MsgspecError."""
    stored = _stored.decode(snapshot)
    channel = Channel(folded, rules)
    channel.load(stored, is_new=True)
    return channel


def _comparable(stored: Stored) -> Stored:
    """Sort the parts of a state, so that states which differ only in the order of events are equal."""
    return msgspec.structs.replace(
        stored,
        members=sorted(stored.members, key=lambda sitting: sitting.person.uid),
        lists={letter: tuple(sorted(rows)) for letter, rows in sorted(stored.lists.items())},
        invited=sorted(stored.invited),
        spoken=False,  # each replica learns `spoken` from the messages
    )
