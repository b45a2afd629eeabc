"""The merge of two states of a channel after a partition (P26): commutative, associative and idempotent.

If both sides were made at the same time, both are the same channel: the last change of each setting counts, and lists
are united, without masks that were removed after the last setting. If not, somebody has made the channel anew on a
side. The older channel keeps settings and ranks, and the younger channel brings its people, without ranks: nobody can
use a partition to take a channel. A channel that was registered is older than any other, by its first registration.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from gateway.state import metadata
from gateway.state.channel.keys import merge_keys
from gateway.state.channel.registration import Registry, merge_registries
from gateway.state.channel.snapshot import INVITES, KICKS, TOMBSTONES, PutOut, Sitting, Stored
from gateway.state.channel.webhooks import merge_webhooks
from gateway.state.times import latest, newest

Row = tuple[str, str, int]  # mask, set by, Unix ms

_encode = msgspec.msgpack.Encoder().encode


def merge(a: Stored, b: Stored, key: Callable[[str], str]) -> Stored:
    """Merge two states. key: makes the key of a mask, equal for masks that are the same."""
    if _age(a) > _age(b):
        a, b = b, a
    same = _age(a) == _age(b)
    left = newest(latest(a.left, b.left), TOMBSTONES)
    members = _members(a, b, left, ranked=same)
    lifted = newest(latest(a.lifted, b.lifted), TOMBSTONES) if same else a.lifted
    registry = merge_registries(_registry(a), _registry(b))
    present = {sitting.person.uid for sitting in members}
    invited = {*a.invited, *b.invited} if same else {*a.invited}
    return Stored(
        min(a.name, b.name) if same else a.name,
        max(a.changed_at, b.changed_at),
        min(a.created, b.created) if same else a.created,
        max(a.topic, b.topic, key=lambda topic: (topic[2], topic)) if same else a.topic,
        _settings(a, b) if same else a.settings,
        members,
        _lists(a, b, lifted, key) if same else a.lists,
        sorted(invited - present)[:INVITES],
        latest(a.written, b.written) if same else a.written,
        lifted,
        left,
        max(a.erased, b.erased) if same else a.erased,
        newest(latest(a.redacted, b.redacted), TOMBSTONES),  # of either side: a msgid is unique
        max(a.closed, b.closed) if same else a.closed,
        a.spoken or b.spoken,
        newest(latest(a.forgotten, b.forgotten), TOMBSTONES),
        _kicks(a, b),
        *merge_webhooks(a.webhooks, b.webhooks, a.unsubscribed, b.unsubscribed),
        merge_keys(a.keys, b.keys),
        registry.kept,
        registry.dropped,
        registry.base,
        a.doubtful and b.doubtful,
        _params(a, b) if same else a.params,
        registry.forbidden,
        metadata.merge(a.metadata, b.metadata) if same else a.metadata,
        _lapses(a, b) if same else a.lapses,
        _hidden(a, b, present),
    )


def _registry(state: Stored) -> Registry:
    return Registry(state.registrations, state.unregistered, state.base, state.forbidden)


def _age(state: Stored) -> tuple[int, int, str]:
    """The first registration of the channel, or the time when the channel was made. An empty channel that nobody has
    registered has nothing to keep, and so counts as the youngest."""
    if state.base[1]:
        return 0, *state.base
    return (1, state.created, "") if state.created else (2, 0, "")


def _members(a: Stored, b: Stored, left: Mapping[str, int], *, ranked: bool) -> list[Sitting]:
    """Unite the members of both sides, without members that left after the last join. ranked: ranks of both sides
    count.

    A member that leaves loses the rank, even if only one side has seen the member leave. Without this rule, the merge
    of three sides would depend on the order.
    """
    found: dict[str, Sitting] = {}
    for side, counts in ((a, True), (b, ranked)):
        for sitting in side.members:
            uid = sitting.person.uid
            if left.get(uid, 0) >= sitting.joined_at:
                continue
            if not counts or left.get(uid, 0) >= sitting.ranked_in:
                sitting = msgspec.structs.replace(sitting, prefixes="", less="", ranked_at=0, ranked_in=0)
            found[uid] = _one(found[uid], sitting) if uid in found else sitting
    return [found[uid] for uid in sorted(found)]


def _one(a: Sitting, b: Sitting) -> Sitting:
    ranked = max(a, b, key=_ranked)
    # A late JOIN has an old profile.
    person = max(a.person, b.person, key=lambda person: (person.version, _encode(person)))
    return Sitting(
        person, ranked.prefixes, max(a.joined_at, b.joined_at), ranked.ranked_at, ranked.ranked_in, ranked.less
    )


def _ranked(sitting: Sitting) -> tuple[int, int, str, str]:
    return sitting.ranked_in, sitting.ranked_at, sitting.prefixes, sitting.less


def _kicks(a: Stored, b: Stored) -> dict[str, PutOut]:
    """Keep the last kick of each person, and of these the newest kicks, in the same order on all replicas."""
    found = [*a.put_out.items(), *b.put_out.items()]
    found.sort(key=lambda item: (item[1].at, item[0], _encode(item[1])))
    last = dict(found)
    return {uid: last[uid] for uid in sorted(sorted(last, key=lambda uid: (-last[uid].at, uid))[:KICKS])}


def _settings(a: Stored, b: Stored) -> tuple[str, str | None, int | None]:
    letters = ""
    for letter in sorted({*a.settings[0], *b.settings[0]}):
        if max((side.written.get(letter, 0), letter in side.settings[0]) for side in (a, b))[1]:
            letters += letter
    key = max((side.written.get("k", 0), side.settings[1] or "") for side in (a, b))[1]
    limit = max((side.written.get("l", 0), side.settings[2] or 0) for side in (a, b))[1]
    return letters, key or None, limit or None


def _params(a: Stored, b: Stored) -> dict[str, str]:
    found = {}
    for letter in sorted({*a.params, *b.params}):
        value = max((side.written.get(letter, 0), side.params.get(letter, "")) for side in (a, b))[1]
        if value:
            found[letter] = value
    return found


def _lapses(a: Stored, b: Stored) -> dict[str, int]:
    """Keep the end of each mode as the side knows it that has changed the mode last."""

    def known(side: Stored, letter: str) -> tuple[int, bool, int]:
        return side.written.get(letter, 0), letter in side.settings[0], side.lapses.get(letter, 0)

    ends = {letter: max(known(side, letter) for side in (a, b)) for letter in sorted({*a.lapses, *b.lapses})}
    return {letter: end for letter, (_, is_set, end) in ends.items() if is_set and end}


def _hidden(a: Stored, b: Stored, present: Collection[str]) -> tuple[str, ...]:
    """List the members whom no side has shown. Shown once, a member stays shown."""
    shown = {one.person.uid for side in (a, b) for one in side.members if one.person.uid not in side.hidden}
    return tuple(uid for uid in sorted(present) if uid not in shown)


def _lists(a: Stored, b: Stored, lifted: Mapping[str, int], key: Callable[[str], str]) -> dict[str, tuple[Row, ...]]:
    """Unite the lists, without removed masks. lifted: list letter and mask -> time of the removal."""
    merged = {}
    for letter in sorted({*a.lists, *b.lists}):
        rows: dict[str, Row] = {}
        for row in (*a.lists.get(letter, ()), *b.lists.get(letter, ())):
            name = key(row[0])
            if lifted.get(letter + name, 0) < row[2]:
                rows[name] = max(rows.get(name, row), row, key=lambda row: (row[2], row))
        merged[letter] = tuple(sorted(rows.values(), key=lambda row: (row[2], row)))
    return merged
