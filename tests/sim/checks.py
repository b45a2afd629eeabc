"""Promises that hold once everything has healed: one function a promise, each yields the failures, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, cast

from gateway.state.channel.channel import Channel
from gateway.state.nick.nick import Nick
from ring.engine import Engine
from ring.ids import GroupId
from ring.replication.replica import Replica
from tests.sim.chaos import RING, SIDE, Person, Story
from tests.sim.history import RING as RING_GROUP
from tests.sim.history import recalled
from tests.sim.net import Node
from tests.sim.views import View

S = TypeVar("S", bound=Story)


def nothing_lost(story: Story) -> Iterator[str]:
    """Messages that the sender knows to be said were heard by everybody whose edge lived."""
    here = story.here()
    for sender in story.people:
        for text in sorted(sender.sure):
            for person in here:
                if text not in person.heard(RING) and not person.put_out:
                    yield f"{person.nick} never heard {text}"


def nothing_twice(story: Story) -> Iterator[str]:
    for person in story.people:
        private = [line.rpartition(":")[2] for line in person.got if " :private-" in line]
        for text, count in Counter([*person.heard(RING), *private]).items():
            if count > 1:
                yield f"{person.nick} heard {text} {count} times"


def own_order(story: Story) -> Iterator[str]:
    """Everybody hears one person's messages in the order said, across partitions too (P25); in private too (P32)."""
    for person in story.people:
        heard = person.heard(RING)
        private = [line.rpartition(":")[2] for line in person.got if " :private-" in line]
        for sender in story.people:
            numbers = [int(text.rpartition("-")[2]) for text in heard if text in sender.said]
            if numbers != sorted(numbers):
                yield f"{person.nick} heard {sender.nick} out of order: {numbers}"
            letters = [int(text.rpartition("-")[2]) for text in private if text.startswith(f"private-{sender.nick}-")]
            if letters != sorted(letters) and person is not sender:
                yield f"{person.nick} read {sender.nick} out of order: {letters}"


def one_order(story: Story) -> Iterator[str]:
    """Everybody hears the same order, unless logs had forked: order across a partition is not promised."""
    if story.forked:
        return
    people = [(person, person.heard(RING)) for person in story.people]
    for person, heard in people[1:]:
        first, other = people[0]
        common = {*heard} & {*other}
        if [t for t in heard if t in common] != [t for t in other if t in common]:
            yield f"{first.nick} and {person.nick} heard another order"


def settled(story: Story) -> Iterator[str]:
    """A PONG comes after everybody has heard."""
    yield from story.early


def nobody_is_cut(story: Story) -> Iterator[str]:
    for person in story.people:
        if person.node.up and person.closed is not None and "shutting down" not in person.closed:
            yield f"{person.nick} was closed: {person.closed}"


def everybody_is_answered(story: Story) -> Iterator[str]:
    for person in story.here():
        token = list(person.pings)[-1]
        if not any(token in line for line in person.got):
            yield f"{person.nick} has no PONG: {person.got[-3:]}"


def no_netsplit(story: Story) -> Iterator[str]:
    """Nobody reads a QUIT or PART of a person whose edge lived."""
    names = {nick for person in story.here() for nick in _nicks(person)}
    for person in story.here():
        for line in person.got:
            words = line.split(" ")
            leaves = len(words) > 2 and words[1] in ("QUIT", "PART", "KICK") and words[2] != SIDE
            if leaves and words[0][1:].partition("!")[0] in names:
                yield f"{person.nick} read: {line}"


def _nicks(person: Person) -> list[str]:
    """Return every nick of the person, as told by the person's own client."""
    changes = [m.params[0] for m in person.messages() if m.command == "NICK" and (m.source or "")]
    return [person.connection.draft.nick or person.nick, *[nick for nick in changes if nick.startswith(person.nick)]]


def views_agree(story: Story) -> Iterator[str]:
    """Each client shows the channel as the channel is."""
    for person in story.here():
        yield from person.reader.odd
        for view in person.reader.views.values():
            if view.inside:
                yield from _differs(person, view, _state(story, view.channel))


def _differs(person: Person, view: View, state: Channel | None) -> Iterator[str]:
    if state is None:
        yield f"nobody masters {view.channel}"
        return
    wanted = {m.person.nick: set(m.prefixes) for m in state.members.values()}
    if view.members != wanted:
        yield f"{person.nick} shows {view.members}, {view.channel} has {wanted}"
    if view.topic != state.topic:
        yield f"{person.nick} shows the topic {view.topic!r}, {view.channel} has {state.topic!r}"


def no_ban_outlives_its_time(story: Story) -> Iterator[str]:
    """The master takes a ban off when its time is over, whatever has happened to the master before."""
    state, late = _state(story, RING), (story.net.now - LATE_S) * 1000
    for mask in state.lists["b"].over(int(late)) if state is not None else ():
        yield f"{RING} still has the ban {mask}"


def everybody_is_in(story: Story) -> Iterator[str]:
    state = _state(story, RING)
    for person in story.here():
        user = person.connection.user
        if state is not None and user is not None and user.uid not in state.members:
            yield f"{person.nick} is no member of {RING}"


def _state(story: Story, channel: str) -> Channel | None:
    group = GroupId("channel", channel)
    for node in story.net.nodes.values():
        mastered = node.core.engine.replicas.masters.get(group) if node.up else None
        if mastered is not None and mastered.serving:
            return cast(Channel, mastered.replica.state)
    return None


def one_master(story: Story) -> Iterator[str]:
    masters: dict[GroupId, list[str]] = {}
    for node in story.net.nodes.values():
        if node.up:
            for group, m in node.core.engine.replicas.masters.items():
                masters.setdefault(group, []).append(node.name)
                if not m.serving:
                    yield f"{node.name} does not serve {group.name}"
                owner = node.core.engine.peers.acting(group)
                if owner != node.key:
                    yield f"{node.name} masters {group.name}, which is {owner}'s"
    for group, names in masters.items():
        if len(names) > 1:
            yield f"{group.name} is mastered by {names}"


def replicas_agree(story: Story) -> Iterator[str]:
    """Followers and holders of a group have the same entries as its master, and enough nodes hold the group."""
    up = [node for node in story.net.nodes.values() if node.up]
    for node in up:
        for group, m in node.core.engine.replicas.masters.items():
            replica = m.replica
            firsts = [first for _, first in replica.lineage]
            if firsts != sorted(firsts):
                yield f"{group.name} has terms that begin at {firsts}"
            wanted = min(story.net.engine.ring.copies, len(up))
            if len(replica.members) != wanted and not replica.state.is_collectable(node.core.engine.now_ms):
                yield f"{group.name} is held by {replica.members}, not by {wanted} nodes"
            for other in up:
                f = other.core.engine.replicas.followers.get(group)
                if f is None:
                    if other.key in replica.members and other is not node:
                        yield f"{other.name} should hold {group.name}"
                elif (f.replica.lineage, f.replica.seq) != (replica.lineage, replica.seq):
                    yield f"{other.name} has {group.name} at {f.replica.seq}, its master {node.name} at {replica.seq}"
                elif f.replica.state.snapshot() != replica.state.snapshot():
                    yield f"{other.name} has another state of {group.name} than {node.name}"


def one_nick_one_user(story: Story) -> Iterator[str]:
    holders: dict[str, str] = {}
    for node in story.net.nodes.values():
        for user in node.core.edge.users.values() if node.up else ():
            folded = node.core.edge.settings.casemap(user.person.nick)
            if folded in holders:
                yield f"{user.person.nick} is {user.uid} and {holders[folded]}"
            holders[folded] = user.uid
            state = node.core.engine.state(user.identity.home)
            if not isinstance(state, Nick) or state.holder is None or state.holder.uid != user.uid:
                home = user.identity.home.name
                yield f"{user.uid} on {node.name} goes by {user.person.nick}, and {home} says otherwise"
            elif state.holder != user.person:
                yield f"{user.uid}: its group has {state.holder}, its edge {user.person}"


def _may_lack(engine: Engine, replica: Replica, lost: set[str]) -> bool:
    """Return whether only lost nodes are in the set of a confirmed group: these nodes may have confirmed more (P36)."""
    return engine.journal.is_confirmed(replica) and bool(replica.members) and lost.issuperset(replica.members)


def nothing_waits(story: Story) -> Iterator[str]:
    """Queues are empty, nothing is under way."""
    for node in story.net.nodes.values():
        if not node.up:
            continue
        engine = node.core.engine
        lost = {*engine.peers.dead, *engine.peers.missing}  # a confirmed group waits for lost nodes with more (P36)
        waiting = {
            "submits": [g.name for g, s in engine.submits.queues.items() if s.pending or s.parked],
            "recoveries": [g.name for g, s in engine.replicas.recoveries.items() if not (lost and s.waits)],
            "hand-offs": [g.name for g in engine.roles.handoffs.outgoing],
            "behind": [g.name for g, f in engine.replicas.followers.items() if f.behind and f.tries > 2],
            "undecided": [
                g.name
                for g, m in engine.replicas.masters.items()
                if m.replica.pending and not _may_lack(engine, m.replica, lost)
            ],
            "barriers": [g.name for g, m in engine.replicas.masters.items() if m.barriers],
            "waiters": [g.name for g in engine.barriers.waiters],
            "suspects": list(engine.failure_detector.suspects),
            "lagging": [g.name for g in engine.roles.fanout.lagging],
        }
        for what, names in waiting.items():
            if names:
                yield f"{node.name}: {what}: {names}"


def nobody_is_thought_dead(story: Story) -> Iterator[str]:
    """While no node is missing and each is heard by some, none is given up (P19)."""
    if story.missed:
        return
    for node in story.net.nodes.values():
        for at, note in node.notes:
            if note.event == "node_dead":
                yield f"{node.name} gave up {note.facts['peer']} at {at - 1_700_000_000:.1f}"


def detours_hold(story: Story) -> Iterator[str]:
    """A detour around a cut is found once, and found again only when its witness is lost or the cut has ended (P19)."""
    for node in story.net.nodes.values():
        found = [at for at, note in node.notes if note.event == "relayed"]
        busiest = max((sum(begin <= at < begin + 1.0 for at in found) for begin in found), default=0)
        if busiest > len(story.net.nodes):
            yield f"{node.name} has found {busiest} detours in a second"


def no_trouble(story: Story) -> Iterator[str]:
    """Nothing was given up, nothing could not be read."""
    for node in story.net.nodes.values():
        for what, count in node.core.engine.unreadable.counts.items():
            yield f"{node.name} could not read {count.total} x {what.kind} of {what.key}"


def is_closed(node: Node) -> bool:
    """Tell whether the node knows that the last member has left a channel not open to everybody: nobody is told the
    channel's messages."""
    replica = node.core.engine.replicas.newest(RING_GROUP)
    return replica is not None and replica.state.history.closed > 0


def history_agrees(story: Story) -> Iterator[str]:
    """All nodes with disks tell alike the lines that people are sure of or have heard, once, in the order heard."""
    if story.net.disks is None:
        return
    answers = recalled(story.net, RING_GROUP)
    name, texts = next(iter(answers.items()))
    for other, told in answers.items():
        if told is None:
            yield f"{other} knows no history"
        elif told != texts:
            yield f"{other} tells {told}, {name} tells {texts}"
    if twice := [text for text, count in Counter(texts).items() if count > 1]:
        yield f"history has {twice} more than once"
    if not story.here() and any(is_closed(node) for node in story.net.nodes.values() if node.up):
        return
    known = {text for person in story.people for text in person.sure}
    known.update(text for person in story.here() for text in person.ring)
    if lacking := sorted(known - {*(texts or ())}):
        yield f"history has no {lacking}"
    for person in story.here() if not story.forked else ():
        if [text for text in texts or () if text in {*person.ring}] != person.ring:
            yield f"{person.nick} has heard another order than history has"


LATE_S = 15.0
"""A master looks at a channel within this time after a ban's end."""

CHECKS: tuple[Callable[[Story], Iterator[str]], ...] = (
    nothing_twice, own_order, one_order, settled, nobody_is_thought_dead, detours_hold, nothing_lost, nobody_is_cut,
    everybody_is_answered, no_netsplit, views_agree, no_ban_outlives_its_time, everybody_is_in, one_master,
    replicas_agree, one_nick_one_user, nothing_waits, no_trouble, history_agrees,
)  # fmt: skip


PATIENCE = 25
FINAL = (
    "nothing_twice",
    "own_order",
    "own_order_on_one_side",
    "one_order",
    "settled",
    "nobody_is_thought_dead",
    "detours_hold",
    "sent_once",
    "said_in_order",
    "webhook_once",
    "webhook_order",
    "possible",
)
"""Failures that time does not mend."""


def check(story: S, checks: Sequence[Callable[[S], Iterator[str]]] = CHECKS) -> list[str]:
    """Return all failures, each with the name of its promise, once the network has had time to mend itself."""
    named = [(promise.__name__, promise) for promise in checks]
    for _ in range(PATIENCE):
        broken = next((name for name, promise in named if any(promise(story))), None)
        if broken is None:
            return []
        if broken in FINAL:
            break
        story.wait()
    return [f"{name}: {what}" for name, promise in named for what in promise(story)]
