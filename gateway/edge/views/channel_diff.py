"""Finds the fewest lines that explain to a client the step from one state of a channel to another (P16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.edge.client.lines import Line
from gateway.edge.client.rendering import put_out
from gateway.irc.modes import CHANNEL_MODES, ModeChange, render_changes
from gateway.state.channel.channel import Channel
from gateway.state.people import Person

Believed = Mapping[str, tuple[Person, str]]
"""Members of a channel as clients believe: uid -> the person as known to clients, and the rank letters."""


def differences(
    server: str, modes: int, before: Believed, after: Believed, old: Channel, new: Channel
) -> Iterator[Line]:
    """Yield PART or KICK, JOIN, TOPIC and MODE. before: the belief of the clients. after: the belief to be reached."""
    for uid, (person, _) in before.items():
        if uid not in after:
            yield gone(person, new)
    for uid, (person, _) in after.items():
        if uid not in before:
            yield Line(person.author, "JOIN", (new.name,))
    if old.topic != new.topic:
        setter = next((person for person, _ in after.values() if person.source == new.topic_by), None)
        author = setter.author if setter is not None else new.topic_by or server
        yield Line(author, "TOPIC", (new.name, new.topic))
    changes = [*_settings(old, new), *_ranks(before, after)]
    for params in render_changes(changes, modes):
        yield Line(server, "MODE", (new.name, *params))


def gone(person: Person, new: Channel) -> Line:
    """Return the line for a person no longer in the channel."""
    kick = new.kick_of(person.uid)
    return put_out(kick, person.nick, new.name) if kick is not None else Line(person.author, "PART", (new.name,))


def _settings(old: Channel, new: Channel) -> Iterator[ModeChange]:
    for letter in sorted(old.modes - new.modes):
        yield ModeChange(False, letter)
    for letter in sorted(new.modes - old.modes):
        yield ModeChange(True, letter)
    if old.key != new.key:
        yield ModeChange(new.key is not None, "k", new.key or old.key)
    if old.limit != new.limit:
        yield ModeChange(new.limit is not None, "l", str(new.limit) if new.limit is not None else None)
    for letter in sorted({*old.params, *new.params}):
        if old.params.get(letter) != new.params.get(letter):
            yield ModeChange(letter in new.params, letter, new.params.get(letter))
    for letter in CHANNEL_MODES.lists:
        gone, cursor_of = old.lists[letter].entries, new.lists[letter].entries
        for mask in gone:
            if mask not in cursor_of:
                yield ModeChange(False, letter, mask)
        for mask in cursor_of:
            if mask not in gone:
                yield ModeChange(True, letter, mask)


def _ranks(before: Believed, after: Believed) -> Iterator[ModeChange]:
    for uid, (person, ranks) in after.items():
        had = before[uid][1] if uid in before else ""
        for rank in CHANNEL_MODES.ranks:
            if (rank in had) != (rank in ranks):
                yield ModeChange(rank in ranks, rank, person.nick)
