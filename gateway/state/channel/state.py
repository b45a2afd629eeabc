"""A channel's state, and the effect of each event on the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.irc.casemapping import Casemap
from gateway.irc.limits import Limits
from gateway.irc.modes import CHANNEL_MODES
from gateway.state import metadata
from gateway.state.channel.access import ACCESS_APPLY, composed, given, see, set_rank
from gateway.state.channel.channel_settings import SETTING_APPLY
from gateway.state.channel.emptying_messages import Emptied
from gateway.state.channel.history import History
from gateway.state.channel.keys import remembered
from gateway.state.channel.lists import MaskList
from gateway.state.channel.machine_messages import SpokenKey
from gateway.state.channel.messages import (
    SERVICE,
    Flooded,
    Forgotten,
    HasQuit,
    Invited,
    Joined,
    Kicked,
    Knocked,
    Merged,
    ModesSet,
    Parted,
    Redacted,
    Said,
    TopicSet,
    Updated,
    is_ctcp,
)
from gateway.state.channel.metadata_messages import MetadataSet
from gateway.state.channel.mode_change import ModeChange
from gateway.state.channel.mode_state import ModeState, bury
from gateway.state.channel.registration import Registration, Registry
from gateway.state.channel.snapshot import INVITES, KICKS, PutOut, Sitting, Stored
from gateway.state.channel.webhook_messages import Advanced, Subscribed, Unsubscribed
from gateway.state.channel.webhooks import Webhooks
from gateway.state.people import Person
from ring.ids import Incarnation

DEFAULT_MODES = "nt"


class Member:
    """A person in the channel. prefixes: mode letters in order of rank, e.g. "ov". extra, less: see access.py."""

    __slots__ = ("extra", "joined_at", "less", "person", "prefixes", "ranked_at", "ranked_in")

    def __init__(self, sitting: Sitting) -> None:
        values = msgspec.structs.astuple(sitting)
        self.person, self.extra, self.joined_at, self.ranked_at, self.ranked_in, self.less = values
        self.prefixes = self.extra

    def sitting(self) -> Sitting:
        return Sitting(self.person, self.extra, self.joined_at, self.ranked_at, self.ranked_in, self.less)


@dataclass(frozen=True)
class Rules:
    """The network's settings for the rules of channels."""

    limits: Limits
    casemap: Casemap
    keep_s: float  # how long an empty channel is remembered
    history_s: float = 0.0  # how long an empty channel with a history is remembered


class ChannelState(ModeState):
    """The replicated state of a channel."""

    def __init__(self, folded: str, rules: Rules) -> None:
        super().__init__(rules.casemap)
        self.rules = rules
        self.name = folded  # as the first member typed the name
        self.members: dict[str, Member] = {}  # by uid
        self.subscribers: dict[Incarnation, int] = {}
        self.changed_at = 0  # Unix ms
        self.left: dict[str, int] = {}  # uid -> time when the user left or was kicked, Unix ms (P26)
        self.put_out: dict[str, PutOut] = {}  # uid -> last kick
        self.history = History()
        self.webhooks = Webhooks()
        self.keys: dict[str, SpokenKey] = {}  # idempotency key -> a machine's message
        self.register = Registry()
        self.doubtful = False  # absent nodes may hold a registration
        self._clear()

    def _clear(self) -> None:
        """Forget the settings: a channel without members is gone, and a person who makes the channel anew begins with
        default settings (P40)."""
        self.created = 0  # Unix ms
        self.topic = ""
        self.topic_by = ""
        self.topic_at = 0
        self.clear_modes()
        self.hidden: dict[str, None] = {}  # uids of members who have not spoken yet (+D)
        self.invited: dict[str, None] = {}  # uids, the oldest invitation first
        self.metadata: metadata.Kept = {}
        self.register = self.register._replace(base=(0, ""))

    @property
    def is_registered(self) -> bool:
        return bool(self.register.kept)

    @property
    def stays(self) -> bool:
        """Whether the channel keeps its settings without members: it is registered or permanent (+P)."""
        return bool(self.register.kept) or "P" in self.modes

    def apply(self, event: Any, at: int) -> bool:
        if type(event) is Said:
            self.history.spoken = True
            if self.hidden and event.verb != "TAGMSG":
                self.hidden.pop(event.uid, None)
            if self.tally is not None and event.verb != "TAGMSG":
                self.tally.said(event.uid, event.text, at, is_ctcp=is_ctcp(event.text))
            if event.idempotency_key is not None and (keys := remembered(self.keys, event, at)) is not None:
                self.keys = keys
            return False
        self.changed_at = at
        return _APPLY[type(event)](self, event, at)

    # Members ----------------------------------------------------------------------------------------------------------

    def _sit(self, edge: Incarnation) -> None:
        self.subscribers[edge] = self.subscribers.get(edge, 0) + 1

    def _rise(self, edge: Incarnation) -> None:
        left = self.subscribers[edge] - 1
        if left:
            self.subscribers[edge] = left
        else:
            del self.subscribers[edge]

    def _put(self, sitting: Sitting) -> None:
        person = sitting.person
        self.members[person.uid] = member = Member(sitting)
        if self.register.kept:
            member.prefixes = composed(given(self, person.life), member.extra, member.less)
        self._sit(person.edge)

    def _move(self, member: Member, person: Person) -> bool:
        """Change the member's profile. Returns whether the subscribers have changed."""
        before, member.person = member.person.edge, person
        if before == person.edge:
            return False
        self._rise(before)
        self._sit(person.edge)
        return True

    def _remove(self, at: int, *uids: str) -> bool:
        gone = [member for uid in uids if (member := self.members.pop(uid, None)) is not None]
        for member in gone:
            self._rise(member.person.edge)
            self.hidden.pop(member.person.uid, None)
            see(self, member.person, at)
        if gone:
            self.if_empty(at)
        return bool(gone)

    def write(self, registration: Registration) -> None:
        """Take another state of the channel's registration."""
        self.register = self.register._replace(kept=(registration, *self.register.kept[1:]))

    def if_empty(self, at: int) -> None:
        """Forget the settings of a channel that nobody is in, unless the channel stays."""
        if self.members or self.stays:
            return
        if self.key is not None or not self.modes.isdisjoint("iHRs"):
            self.history.close(at)
        self._clear()

    # Events -----------------------------------------------------------------------------------------------------------

    def _joined(self, event: Joined, at: int) -> bool:
        if self.tally is not None:
            self.tally.joined(at)
        if not self.members and not self.stays:
            self._clear()  # after a merge, an empty channel may have settings: only further merges use these (P26)
            self.name = event.name or self.name
            self.created = at
            self.take_modes(set(DEFAULT_MODES))
        person = event.person
        self.invited.pop(person.uid, None)
        self.left.pop(person.uid, None)
        member = self.members.get(person.uid)
        if member is not None:
            return self._move(member, person)
        by_access = given(self, person.life)
        extra = "".join(rank for rank in event.prefixes if rank not in by_access)
        self._put(Sitting(person, extra, at, at, at))
        if "D" in self.modes and not event.prefixes:
            self.hidden[person.uid] = None
        see(self, person, at)
        return True

    def _parted(self, event: Parted | Kicked, at: int) -> bool:
        if event.uid in self.members:
            bury(self.left, event.uid, at)
        return self._remove(at, event.uid)

    def _kicked(self, event: Kicked, at: int) -> bool:
        if event.uid in self.members:
            bury(self.put_out, event.uid, PutOut(event.source, event.reason, at, event.account), KICKS)
        return self._parted(event, at)

    def kick_of(self, uid: str) -> PutOut | None:
        """Find the kick that removed a user; None if the user left without a kick, or is a member."""
        kick = self.put_out.get(uid)
        return kick if kick is not None and self.left.get(uid) == kick.at and uid not in self.members else None

    def _emptied(self, event: Emptied, at: int) -> bool:
        if event.ends:
            self.register = self.register._replace(kept=(), dropped=at)
            self.set_flag("P", at, adding=False)
        if event.forbidden is not None:
            self.register = self.register._replace(forbidden=event.forbidden)
        for uid, _ in event.gone:
            if uid in self.members:
                bury(self.left, uid, at)
                bury(self.put_out, uid, PutOut(event.source, event.reason, at, event.account), KICKS)
        removed = self._remove(at, *(uid for uid, _ in event.gone))
        self.if_empty(at)
        return removed

    def _has_quit(self, event: HasQuit, at: int) -> bool:
        uids = [uid for uid, _ in event.gone]
        for uid in uids:
            if event.evicted:
                self.left.pop(uid, None)  # an entry from an earlier stay (P26)
            else:
                bury(self.left, uid, at)
        return self._remove(at, *uids)

    def _merged(self, event: Merged, at: int) -> bool:
        self.load(event.stored)
        return True

    def _metadata_set(self, event: MetadataSet, at: int) -> bool:
        self.metadata = metadata.changed(self.metadata, event.keys, event.value, at)
        return True

    def _topic_set(self, event: TopicSet, at: int) -> bool:
        self.topic, self.topic_by, self.topic_at = event.topic, event.source, at
        return False

    def _invited(self, event: Invited, at: int) -> bool:
        if event.opens:
            self.invited.pop(event.uid, None)
            self.invited[event.uid] = None
            if len(self.invited) > INVITES:
                del self.invited[next(iter(self.invited))]
        return False

    def _updated(self, event: Updated, at: int) -> bool:
        member = self.members.get(event.person.uid)
        if member is None:
            return False
        if self.register.kept and member.person.life != event.person.life:
            member.less, member.ranked_at = "", at
            member.prefixes = composed(given(self, event.person.life), member.extra, "")
            see(self, event.person, at)
        if self.tally is not None and event.before.nick != event.person.nick:
            self.tally.renamed(event.person.uid, at)
        moved = self._move(member, event.person)
        return (event.flooded is not None and self._flooded(event.flooded, at)) or moved

    def _flooded(self, event: Flooded, at: int) -> bool:
        for change in event.changes:
            self.set_mode(change, SERVICE, at)
            if change.letter in self.modes:
                self.lapses[change.letter] = event.until
        return event.kicked is not None and self._kicked(event.kicked, at)

    def _redacted(self, event: Redacted, at: int) -> bool:
        self.history.redact(event.msgid, at)
        return False

    def _forgotten(self, event: Forgotten, at: int) -> bool:
        self.history.forget((event.uid, event.life), at)
        return False

    def _subscribed(self, event: Subscribed, at: int) -> bool:
        self.webhooks.subscribed(event.subscription)
        return True  # tells the master to begin the delivery

    def _unsubscribed(self, event: Unsubscribed, at: int) -> bool:
        self.webhooks.unsubscribed(event.id, at)
        return True

    def _advanced(self, event: Advanced, at: int) -> bool:
        self.webhooks.advanced(event)
        return False

    def _modes_set(self, event: ModesSet, at: int) -> bool:
        for change in event.changes:
            if change.letter in CHANNEL_MODES.ranks:
                self._change_rank(change, at)
            else:
                self.set_mode(change, event.source, at)
        if self.hidden and "D" not in self.modes:
            self.hidden.clear()
        self.if_empty(at)
        return False

    def _change_rank(self, change: ModeChange, at: int) -> None:
        member = self.members.get(change.uid or "")
        if member is not None:
            set_rank(self, member, change.letter, adding=change.adding)
            member.ranked_at = at
            self.hidden.pop(member.person.uid, None)

    # Copies, questions, upkeep ----------------------------------------------------------------------------------------

    def snapshot(self) -> Stored:
        return Stored(
            self.name,
            self.changed_at,
            self.created,
            (self.topic, self.topic_by, self.topic_at),
            ("".join(sorted(self.modes)), self.key, self.limit),
            [member.sitting() for member in self.members.values()],
            {letter: entries.rows() for letter, entries in self.lists.items()},
            list(self.invited),
            self.written,
            self.lifted,
            self.left,
            *self.history.stored(),
            self.put_out,
            *self.webhooks.stored(),
            self.keys,
            self.register.kept,
            self.register.dropped,
            self.register.base,
            self.doubtful,
            self.params,
            self.register.forbidden,
            self.metadata,
            self.lapses,
            tuple(self.hidden),
        )

    def load(self, stored: Stored, *, is_new: bool = False) -> None:
        """Take a stored state. is_new: nothing has happened to this object, so that nothing has to be cleared."""
        if not is_new:
            self.members, self.subscribers = {}, {}
            self._clear()
        self.left, self.put_out, self.keys = dict(stored.left), dict(stored.put_out), dict(stored.keys)
        self.name, self.changed_at = stored.name, stored.changed_at
        self.created = stored.created
        self.topic, self.topic_by, self.topic_at = stored.topic
        modes, self.key, self.limit = stored.settings
        self.take_modes(set(modes))
        self.take_params(dict(stored.params))
        self.lapses = dict(stored.lapses)
        self.hidden = dict.fromkeys(stored.hidden)
        self.register = Registry(stored.registrations, stored.unregistered, stored.base, stored.forbidden)
        self.doubtful = stored.doubtful
        self.metadata = stored.metadata
        for sitting in stored.members:
            self._put(sitting)
        for letter, rows in stored.lists.items():
            if letter in self.lists:
                self.lists[letter] = MaskList(self.rules.casemap, rows)
        self.invited = dict.fromkeys(stored.invited)
        self.written, self.lifted = dict(stored.written), dict(stored.lifted)
        self.history = History(stored.erased, stored.redacted, stored.closed, stored.spoken, stored.forgotten)
        self.webhooks = Webhooks(stored.webhooks, stored.unsubscribed)


_APPLY: dict[type, Callable[[ChannelState, Any, int], bool]] = {
    Joined: ChannelState._joined,
    Parted: ChannelState._parted,
    Kicked: ChannelState._kicked,
    HasQuit: ChannelState._has_quit,
    TopicSet: ChannelState._topic_set,
    Invited: ChannelState._invited,
    Updated: ChannelState._updated,
    Flooded: ChannelState._flooded,
    Knocked: ChannelState.note_knock,
    ModesSet: ChannelState._modes_set,
    MetadataSet: ChannelState._metadata_set,
    Merged: ChannelState._merged,
    Redacted: ChannelState._redacted,
    Forgotten: ChannelState._forgotten,
    Emptied: ChannelState._emptied,
    Subscribed: ChannelState._subscribed,
    Unsubscribed: ChannelState._unsubscribed,
    Advanced: ChannelState._advanced,
    **ACCESS_APPLY,
    **SETTING_APPLY,
}
