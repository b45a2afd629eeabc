"""The lines that lead from one state of a channel to another: the fewest that explain it to a client (P16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.edge.client.lines import Line
from gateway.edge.client.rendering import put_out
from gateway.irc.modes import CHANNEL_MODES, ModeChange, render_changes
from gateway.state.channel.channel import Channel
from gateway.state.people import Person

Believed = Mapping[str, tuple[Person, str]]
"""Who clients believe to be in a channel: uid -> the person as they know it, and its rank letters."""


def differences(
    server: str, modes: int, before: Believed, after: Believed, old: Channel, new: Channel
) -> Iterator[Line]:
    """PART or KICK, JOIN, TOPIC and MODE. before, after: what the clients believe, and are to believe."""
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
    """Who is not in the channel any more."""
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
    for letter in CHANNEL_MODES.lists:
        gone, come = old.lists[letter].entries, new.lists[letter].entries
        for mask in gone:
            if mask not in come:
                yield ModeChange(False, letter, mask)
        for mask in come:
            if mask not in gone:
                yield ModeChange(True, letter, mask)


def _ranks(before: Believed, after: Believed) -> Iterator[ModeChange]:
    for uid, (person, ranks) in after.items():
        had = before[uid][1] if uid in before else ""
        for rank in CHANNEL_MODES.ranks:
            if (rank in had) != (rank in ranks):
                yield ModeChange(rank in ranks, rank, person.nick)
