"""The checkers can fail: each way to break the program on purpose is caught within a few seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, NamedTuple

import pytest

from gateway.edge.cursors.arrivals import Arrivals
from gateway.edge.cursors.cursors import Cursors
from gateway.edge.cursors.history import ChannelStory
from gateway.edge.cursors.playback import Playback
from gateway.edge.direct.conversations import Conversations
from gateway.edge.direct.remote import RemoteMessages
from gateway.edge.direct.remote_ends import Incoming
from gateway.edge.sessions.unsettled import UnsettledLines
from gateway.state.account.account import Account
from gateway.state.bans.bans import Bans
from gateway.state.bans.kind import BansKind
from gateway.state.channel import merge as channel_merge
from gateway.state.channel import registration
from gateway.state.channel import state as channel_state
from gateway.state.channel.kind import ChannelKind
from gateway.state.channel.messages import Joined
from gateway.state.channel.registration import Registry, merge_registries
from gateway.state.channel.state import ChannelState
from gateway.webhooks import deliveries
from gateway.webhooks.courier import Courier
from ring.duplex import Stream
from ring.engine import Engine
from ring.ids import GroupId, Incarnation, Term
from ring.links.connector import Abandon, Connector, Down, Outcome
from ring.links.hello import Role
from ring.membership.failure_detector import FailureDetector
from ring.replication import merge, people
from ring.replication.backups import Backups
from ring.replication.barrier import Barriers
from ring.replication.client_log import ClientLog
from ring.replication.fanout import Fanout
from ring.replication.follower import Followers
from ring.replication.maintenance import Maintenance
from ring.replication.master import Masters
from ring.replication.merge import Merges
from ring.replication.progress import Master
from ring.replication.promises import Promises
from ring.replication.replica import Replica
from ring.replication.replicas import Follower
from ring.replication.returning import CatchUp
from ring.replication.roles import Roles
from ring.replication.safety import Safety
from ring.replication.silent import SilentNodes
from ring.roster import NodeRecord
from ring.storage.journal import Journal
from ring.submitter import Submitter
from ring.wire.log import Entry, RawEntry
from ring.wire.node import PingReply
from tests.sim.faults import (
    Crash,
    Cut,
    Dark,
    Fault,
    HalfHeal,
    Hang,
    Leave,
    Lossy,
    OneWay,
    PairCut,
    PowerCut,
    Reset,
    Slow,
)
from tests.sim.kinds import ACCOUNTS, BANS, CHANNELS, DEVICES, REGISTRATIONS, TALK, WEBHOOKS, WHISPERS, Kind

SEEDS = 400


def publish_before_the_backup(patch: pytest.MonkeyPatch) -> None:
    """P12: an entry is committed though the holders lack the entry."""

    def append(self: Masters, m: Master, command: Any) -> None:
        for backup in m.backups:
            backup.held = 10**9
        original(self, m, command)

    original = Masters.append
    patch.setattr(Masters, "append", append)
    patch.setattr(Fanout, "append", lambda self, m, command: None)
    patch.setattr(Fanout, "send_pending", lambda self, m, backup: None)


def skip_an_ack(patch: pytest.MonkeyPatch) -> None:
    """P33: a PONG does not wait for the followers."""
    patch.setattr(Barriers, "settled_to", lambda self, m: m.replica.seq)


def answer_barriers_at_once(patch: pytest.MonkeyPatch) -> None:
    """P34: nor for what was said."""
    patch.setattr(Barriers, "settle", lambda self, groups, done: done())


def settle_without_private_messages(patch: pytest.MonkeyPatch) -> None:
    """P34: a PONG waits for channels, and not for the nicks that were sent private messages."""

    def settle(self: Barriers, groups: Iterable[GroupId], done: Callable[[], None]) -> None:
        original(self, [group for group in groups if group.kind != "nick"], done)

    original = Barriers.settle
    patch.setattr(Barriers, "settle", settle)


def accept_any_higher_number(patch: pytest.MonkeyPatch) -> None:
    """P6: the number after a missing number is accepted, and so the missing number never."""

    def accept(self: Masters, m: Master, origin: Incarnation, number: int, floor: int, command: Any) -> None:
        if number > m.expected(origin, floor):
            self._take(m, origin, number, floor, command)
        else:
            original(self, m, origin, number, floor, command)

    original = Masters.accept
    patch.setattr(Masters, "accept", accept)


def forget_the_counters(patch: pytest.MonkeyPatch) -> None:
    """P8: the next master does not know the numbers accepted before."""

    def serve(self: Roles, replica: Replica, term: Term) -> None:
        replica.client_logs.clear()
        original(self, replica, term)

    def begin(self: Backups, m: Master) -> None:
        begin_as_it_is(self, m)
        m.ahead = {}

    original, begin_as_it_is = Roles.serve, Backups.begin
    patch.setattr(Roles, "serve", serve)
    patch.setattr(Backups, "begin", begin)


def forget_origins_that_are_only_silent(patch: pytest.MonkeyPatch) -> None:
    """P8: a node thought dead for a moment starts anew, and its repeats count twice."""

    def remember(self: Replica, origin: Incarnation, entry: Entry) -> None:
        self.client_logs[origin] = ClientLog()
        original(self, origin, entry)

    def expected(self: Master, origin: Incarnation, floor: int) -> int:
        return floor

    original = Replica.remember
    patch.setattr(Replica, "remember", remember)
    patch.setattr(Master, "expected", expected)


def apply_across_gaps(patch: pytest.MonkeyPatch) -> None:
    """P16: a follower applies each entry on arrival, even if earlier entries are missing."""

    def apply(self: Followers, f: Follower, entries: list[RawEntry]) -> None:
        for entry in entries:
            if entry.seq > f.replica.seq:
                f.replica.seq = entry.seq - 1
        original(self, f, entries)

    original = Followers._apply
    patch.setattr(Followers, "_apply", apply)


def take_silence_for_death(patch: pytest.MonkeyPatch) -> None:
    """P19: nobody else is asked."""
    patch.setattr(FailureDetector, "suspect", lambda self, node: self.node.died(node))


def believe_a_dial_from_before_the_last_word(patch: pytest.MonkeyPatch) -> None:
    """P18: a dial into a cut counts as silence, though the peer has made a link since; and only a new link ends a
    suspicion.
    """

    def link_up(self: Connector, connection: int, role: Role, peer: NodeRecord, now: float) -> list[Any]:
        dial = self.dials.get(peer.key)
        effects = [effect for effect in up(self, connection, role, peer, now) if not isinstance(effect, Abandon)]
        if dial is not None and role == "listener":
            self.dials[peer.key] = dial
        return effects

    def dial_failed(self: Connector, number: int, outcome: Outcome, reason: str, now: float) -> list[Any]:
        dial = next((dial for dial in self.dials.values() if dial.number == number), None)
        effects = failed(self, number, outcome, reason, now)
        if dial is not None and dial.record.key in self.links and outcome != "other":
            effects.append(Down(dial.record.id, outcome, reason, None))
        return effects

    def linked(self: Engine, record: NodeRecord) -> None:
        linked_as_it_is(self, record)
        heard(self, record.id)

    def heard_only(self: Engine, peer: Incarnation) -> None:
        self._heard_at[peer.key] = (peer.number, self.now)

    up, failed, heard, linked_as_it_is = Connector.link_up, Connector.dial_failed, Engine.heard, Engine.linked
    patch.setattr(Connector, "link_up", link_up)
    patch.setattr(Connector, "dial_failed", dial_failed)
    patch.setattr(Engine, "linked", linked)
    patch.setattr(Engine, "heard", heard_only)


def flap_between_witnesses(patch: pytest.MonkeyPatch) -> None:
    """P19: the last node to say yes is the witness, and everybody is asked all the time."""

    def on_ping_reply(self: FailureDetector, sender: Incarnation, message: PingReply) -> None:
        suspect = self.suspects.get(message.node.key)
        if suspect is not None and message.lately:
            suspect.asked[sender.key] = None
        original(self, sender, message)

    original = FailureDetector.on_ping_reply
    patch.setattr(FailureDetector, "on_ping_reply", on_ping_reply)
    patch.setattr(FailureDetector, "_has_witness", lambda self, suspect: False)


def serve_on_after_a_stop(patch: pytest.MonkeyPatch) -> None:
    """P20 and P22: a stopped node serves on, and is not told otherwise."""
    patch.setattr(Engine, "_was_stopped", lambda self, seconds: None)
    patch.setattr(Roles, "yield_to", lambda self, m, key: None)


def answer_at_once_after_a_stop(patch: pytest.MonkeyPatch) -> None:
    """P20: a stopped node says "all is settled" before the node has the lines said meanwhile."""
    patch.setattr(CatchUp, "begin", lambda self: None)


def merge_nothing(patch: pytest.MonkeyPatch) -> None:
    """P25: the other side's words are dropped."""
    patch.setattr(Merges, "take_in", lambda self, m, theirs: None)


def merge_everything_again(patch: pytest.MonkeyPatch) -> None:
    """P25: lines of one side are shown again with the lines of the other side."""
    for module in (merge, people):
        patch.setattr(module, "knows_since", lambda replica, fork, accepted=False: lambda entry: False)


def send_before_the_logs_agree(patch: pytest.MonkeyPatch) -> None:
    """P25: an edge sends people's next lines to a master without the earlier lines."""
    patch.setattr(Followers, "holds_back", lambda self, group, target: False)


def take_the_oldest_replica(patch: pytest.MonkeyPatch) -> None:
    """P21: a takeover takes the master's own replica, not the newest."""

    def held(self: Promises, *words: Any) -> Any:
        found = original(self, *words)
        return type(found)(found.group, found.role, (), 0) if found.role == "copy" else found

    original = Promises._held
    patch.setattr(Promises, "_held", held)


def replace_no_backup(patch: pytest.MonkeyPatch) -> None:
    """P13: the set of holders stays the same, whichever holder dies."""
    patch.setattr(Backups, "arrange", lambda self, m, spent=False: None)


def send_nothing_again(patch: pytest.MonkeyPatch) -> None:
    """P6: a command lost on its way to the master stays lost."""
    patch.setattr(Submitter, "tick", lambda self: None)
    patch.setattr(Submitter, "resend", lambda self, group: None)


def believe_a_dead_edge_at_once(patch: pytest.MonkeyPatch) -> None:
    """P31: members of a silent node quit without a grace."""
    patch.setattr(Maintenance, "_is_gone", lambda self, edge: not self._port.peers.is_current(edge))


# Devices -------------------------------------------------------------------------------------------------------------


def forget_where_devices_are(patch: pytest.MonkeyPatch) -> None:
    """P38: each device comes as if for the first time."""
    patch.setattr(Cursors, "of", lambda self, user, device, group: None)


def take_what_is_applied_for_shown(patch: pytest.MonkeyPatch) -> None:
    """P38: a carried client is taken to have the lines on their way to the client."""
    patch.setattr(Cursors, "_delivered", Cursors._all)


def ask_nowhere_what_has_come(patch: pytest.MonkeyPatch) -> None:
    """P38: the device's former node is not asked how much has come to the device there."""
    patch.setattr(Arrivals, "inquire", lambda self, user, connection: None)


def play_the_newest_first(patch: pytest.MonkeyPatch) -> None:
    """P38: everything comes once, in another order."""
    shown = ChannelStory.shown
    patch.setattr(ChannelStory, "shown", lambda self, caps, lines: shown(self, caps, [*lines][::-1]))


def play_nothing(patch: pytest.MonkeyPatch) -> None:
    """P38: a returning device is told only the lines said from then on."""
    patch.setattr(Playback, "_tell", lambda self, name, lines: None)


def talk_through_the_nick(patch: pytest.MonkeyPatch) -> None:
    """P32: private messages are not kept, and nobody has the messages said while away."""
    patch.setattr(Conversations, "keeps", lambda self, user: False)


def show_again_what_came_directly(patch: pytest.MonkeyPatch) -> None:
    """P49: the nick's group, too, shows a message in doubt, though the message came."""
    patch.setattr(RemoteMessages, "is_news", lambda self, msgid: True)
    patch.setattr(RemoteMessages, "_note_shown", lambda self, msgid: None)


def show_what_follows_a_refusal(patch: pytest.MonkeyPatch) -> None:
    """P49: a direct message overtakes the message before, sent by way of the nick's group."""

    class Forgetful(dict[tuple[str, str], int]):
        def __setitem__(self, pair: tuple[str, str], number: int) -> None:
            """Remember no refused message."""

    whole = Incoming.__init__

    def begin(self: Incoming, stream: Stream) -> None:
        whole(self, stream)
        self.refused = Forgetful()

    patch.setattr(Incoming, "__init__", begin)


def forget_what_was_said_to_a_session_elsewhere(patch: pytest.MonkeyPatch) -> None:
    """P9: when a session's node dies, commands not yet carried out there die too."""
    patch.setattr(UnsettledLines, "add", lambda self, line: None)


# Accounts ------------------------------------------------------------------------------------------------------------


def start_alone(patch: pytest.MonkeyPatch) -> None:
    """P36: a node serves the replica of a single disk, though other nodes may have newer replicas."""
    patch.setattr(SilentNodes, "may_have_more", lambda self, group, recovery, mine: False)


def register_whoever_is_missing(patch: pytest.MonkeyPatch) -> None:
    """P37: anybody may take a name as soon as none of the running nodes has the name."""
    patch.setattr(SilentNodes, "may_be_held", lambda self, group, heard: False)


def start_with_nothing(patch: pytest.MonkeyPatch) -> None:
    """P35: the disk's content is not read."""
    patch.setattr(Journal, "load", lambda self, group, data, last: None)


def confirm_what_is_not_written(patch: pytest.MonkeyPatch) -> None:
    """P35: an answer does not wait for the disks."""
    patch.setattr(Journal, "held_to", lambda self, replica: replica.head)
    patch.setattr(Safety, "is_safe", lambda self, m, command: True)


def forget_who_was_dropped(patch: pytest.MonkeyPatch) -> None:
    """P37: a dropped account leaves nothing, and an old replica brings the account back."""
    patch.setattr(Account, "is_collectable", lambda self, at: self.life is None)


def confirm_registrations_that_are_not_written(patch: pytest.MonkeyPatch) -> None:
    """P51: the answer to a change of a channel's registration does not wait for the disks."""
    patch.setattr(Journal, "waits", lambda self, replica, command: self.is_confirmed(replica))
    patch.setattr(ChannelKind, "is_confirmed_by", lambda self, state, event: False)


def bring_dropped_registrations_back(patch: pytest.MonkeyPatch) -> None:
    """P50: a drop leaves nothing, and a side that missed the drop brings the registration back."""

    def merged(a: Registry, b: Registry) -> Registry:
        return merge_registries(a._replace(dropped=0), b._replace(dropped=0))

    patch.setattr(channel_merge, "merge_registries", merged)


def confirm_bans_that_are_not_written(patch: pytest.MonkeyPatch) -> None:
    """P55: the answer to a change of the list of bans does not wait for the disks."""
    patch.setattr(BansKind, "confirms", lambda self, state, command: "no")
    patch.setattr(BansKind, "is_confirmed_by", lambda self, state, event: False)


def bring_lifted_bans_back(patch: pytest.MonkeyPatch) -> None:
    """P55: a lifted ban leaves nothing, and a side that missed the change brings the ban back."""
    original = Bans.apply

    def apply(self: Bans, event: Any, at: int) -> bool:
        changed = original(self, event, at)
        self.entries = {key: entry for key, entry in self.entries.items() if not entry.is_lifted}
        return changed

    patch.setattr(Bans, "apply", apply)


def forget_bans_on_channels(patch: pytest.MonkeyPatch) -> None:
    """P50: a side that has not heard of an operator's ban on the channel, or of its end, decides by chance."""

    def merged(a: Registry, b: Registry) -> Registry:
        return merge_registries(a, b)._replace(forbidden=None)

    patch.setattr(channel_merge, "merge_registries", merged)


def bring_removed_channel_bans_back(patch: pytest.MonkeyPatch) -> None:
    """P26: a removed mask leaves nothing, and a side that missed the removal brings the mask back."""
    whole = channel_merge._lists
    patch.setattr(channel_merge, "_lists", lambda a, b, lifted, key: whole(a, b, {}, key))


def keep_the_bans_of_one_side(patch: pytest.MonkeyPatch) -> None:
    """P26: the masks that the other side has set are lost."""
    patch.setattr(channel_merge, "_lists", lambda a, b, lifted, key: a.lists)


def bring_removed_akicks_back(patch: pytest.MonkeyPatch) -> None:
    """P50: an AKICK that was removed leaves nothing."""
    original = registration._last_written

    def united(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
        kept = [{name: one for name, one in side.items() if not getattr(one, "gone", False)} for side in (a, b)]
        return original(*kept)

    patch.setattr(registration, "_last_written", united)


def keep_the_modes_of_one_side(patch: pytest.MonkeyPatch) -> None:
    """P26: the modes with a parameter go to one side, and not to the last writer."""
    patch.setattr(channel_merge, "_params", lambda a, b: a.params)


def make_whoever_enters_an_operator(patch: pytest.MonkeyPatch) -> None:
    """P50: a person who enters a registered channel without operators is an operator, whatever the access says."""
    whole = ChannelState._joined

    def joined(self: ChannelState, event: Joined, at: int) -> bool:
        if not any("o" in member.prefixes for member in self.members.values()):
            event = event.__class__(event.person, "o", event.name)
        return whole(self, event, at)

    patch.setitem(channel_state._APPLY, Joined, joined)


# Webhooks -------------------------------------------------------------------------------------------------------------


def make_a_key_for_each_request(patch: pytest.MonkeyPatch) -> None:
    """P46: a message posted again has another key."""
    numbers = count()
    patch.setattr(deliveries, "key_of", lambda line, said: str(next(numbers)))


def know_messages_by_their_positions(patch: pytest.MonkeyPatch) -> None:
    """P46: a message told to both sides of a partition has two keys."""
    patch.setattr(deliveries, "key_of", lambda line, said: line.msgid)


def go_on_from_the_end(patch: pytest.MonkeyPatch) -> None:
    """Break P47: the next node to serve the group delivers only messages from then on."""

    def start(self: Courier) -> None:
        found = self.desk.engine.ahead(self.group, self.cursor, "w", 0)
        assert found is not None
        self.cursor = found.end

    patch.setattr(Courier, "_start", start)


def take_no_answer_for_a_good_one(patch: pytest.MonkeyPatch) -> None:
    """P45: every posted message counts as delivered."""

    def failed(self: Courier, reason: str, after_s: float = 0.0) -> None:
        self.answered()

    patch.setattr(Courier, "failed", failed)


class Break(NamedTuple):
    """do: break the program. faults: these show the break. promises: a seed has to find one of these broken. first:
    seed to try.
    """

    do: Callable[[pytest.MonkeyPatch], None]
    faults: Sequence[type[Fault]]
    promises: Sequence[str]
    kind: Kind = TALK
    first: int = 0


BREAKS = [
    Break(publish_before_the_backup, (Crash, Dark), ("nothing_lost",), first=72),
    Break(skip_an_ack, (Lossy, Slow), ("settled",)),
    Break(answer_barriers_at_once, (Lossy, Slow), ("settled",)),
    Break(settle_without_private_messages, (Lossy, Slow), ("settled",), first=34),
    Break(accept_any_higher_number, (Lossy,), ("nothing_lost", "own_order")),
    Break(forget_the_counters, (Crash, Dark, Lossy), ("nothing_twice",), first=68),
    Break(forget_origins_that_are_only_silent, (Lossy, Reset), ("nothing_twice", "own_order")),
    Break(apply_across_gaps, (Lossy, Reset), ("nothing_lost", "replicas_agree")),
    Break(take_silence_for_death, (PairCut,), ("nobody_is_thought_dead",)),
    Break(believe_a_dial_from_before_the_last_word, (PairCut, HalfHeal), ("nothing_waits",)),
    Break(flap_between_witnesses, (PairCut,), ("detours_hold",)),
    Break(serve_on_after_a_stop, (Hang, Cut), ("one_master", "replicas_agree", "nothing_lost", "views_agree"), first=2),
    Break(answer_at_once_after_a_stop, (Hang,), ("settled",), first=69),
    Break(merge_nothing, (Cut,), ("nothing_lost",)),
    Break(merge_everything_again, (Cut,), ("nothing_twice",)),
    Break(send_before_the_logs_agree, (Cut,), ("own_order",), first=33),
    Break(
        take_the_oldest_replica,
        (Crash, Dark),
        ("nothing_lost", "views_agree", "everybody_is_in", "no_netsplit"),
        first=302,
    ),
    Break(replace_no_backup, (Dark, Crash), ("everybody_is_answered", "replicas_agree", "nothing_lost")),
    Break(send_nothing_again, (Lossy, Crash), ("nothing_lost", "everybody_is_answered", "nothing_waits")),
    Break(believe_a_dead_edge_at_once, (Hang,), ("no_netsplit",)),
    Break(forget_where_devices_are, (Reset,), ("sent_once", "sent_in_order"), DEVICES),
    Break(take_what_is_applied_for_shown, (Crash, Dark, Reset), ("sent_in_order",), DEVICES),
    Break(ask_nowhere_what_has_come, (OneWay, PairCut), ("sent_once",), DEVICES, 1060),
    Break(play_the_newest_first, (Reset,), ("sent_in_order",), DEVICES),
    Break(play_nothing, (Reset,), ("sent_in_order",), DEVICES),
    Break(talk_through_the_nick, (Reset,), ("sent_in_order",), DEVICES),
    Break(show_again_what_came_directly, (Cut,), ("nothing_twice",), WHISPERS),
    Break(show_what_follows_a_refusal, (Lossy,), ("own_order_on_one_side",), WHISPERS),
    Break(forget_what_was_said_to_a_session_elsewhere, (Leave,), ("said_once",), DEVICES),
    Break(start_alone, (PowerCut,), ("accounts_agree", "possible"), ACCOUNTS),
    Break(register_whoever_is_missing, (PowerCut,), ("accounts_agree", "possible"), ACCOUNTS),
    Break(start_with_nothing, (PowerCut,), ("accounts_agree", "possible"), ACCOUNTS),
    Break(confirm_what_is_not_written, (PowerCut,), ("accounts_agree", "possible"), ACCOUNTS),
    Break(forget_who_was_dropped, (PowerCut,), ("accounts_agree", "possible"), ACCOUNTS, 12),
    Break(confirm_registrations_that_are_not_written, (PowerCut,), ("registration_agrees", "possible"), REGISTRATIONS),
    Break(bring_dropped_registrations_back, (Cut,), ("registration_agrees", "possible"), REGISTRATIONS),
    Break(confirm_bans_that_are_not_written, (PowerCut,), ("bans_agree", "possible"), BANS),
    Break(bring_lifted_bans_back, (Cut,), ("bans_agree", "possible"), BANS),
    Break(forget_bans_on_channels, (Cut,), ("registration_agrees", "possible"), REGISTRATIONS),
    Break(bring_removed_channel_bans_back, (Cut,), ("channel_bans_hold",), CHANNELS),
    Break(keep_the_bans_of_one_side, (Cut,), ("channel_bans_hold",), CHANNELS),
    Break(bring_removed_akicks_back, (Cut,), ("channel_bans_hold",), CHANNELS, 69),
    Break(keep_the_modes_of_one_side, (Cut,), ("channel_modes_hold",), CHANNELS),
    Break(make_whoever_enters_an_operator, (Cut,), ("ranks_are_given",), CHANNELS),
    Break(make_whoever_enters_an_operator, (Cut,), ("ranks_by_access",), REGISTRATIONS),
    Break(make_a_key_for_each_request, (Crash, Dark), ("webhook_once",), WEBHOOKS),
    Break(know_messages_by_their_positions, (Cut,), ("webhook_once",), WEBHOOKS),
    Break(go_on_from_the_end, (Crash, Dark), ("webhook_whole",), WEBHOOKS),
    Break(take_no_answer_for_a_good_one, (Slow,), ("webhook_whole",), WEBHOOKS),
]


@pytest.mark.parametrize("broken", BREAKS, ids=[broken.do.__name__ for broken in BREAKS])
def test_a_broken_program_is_caught(monkeypatch: pytest.MonkeyPatch, broken: Break) -> None:
    broken.do(monkeypatch)
    found: set[str] = set()
    for seed in range(broken.first, broken.first + SEEDS):
        try:
            found |= {wrong.partition(":")[0] for wrong in broken.kind.tell(seed, kinds=broken.faults)[1]}
        except AssertionError as problem:  # the network itself notices impossible states
            found.add(f"assertion: {problem}"[:200])
            return
        if found & {*broken.promises}:
            return
    pytest.fail(f"not caught in {SEEDS} seeds; other checks that failed: {sorted(found)}")
