"""The lines that explain a replaced copy lead any client from the old state to the new, and say nothing more."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.views.channel_diff import Believed, differences
from gateway.irc.message import parse
from gateway.irc.modes import CHANNEL_MODES
from gateway.state.channel.channel import Channel
from gateway.state.channel.snapshot import Sitting
from gateway.state.channel.state import Member
from gateway.state.people import Person
from tests.gateway.state.cast import RULES

NICKS = ("ann", "bob", "cat", "dan", "eve")
MASKS = ("a!*@*", "b!*@*", "*!*@host")


def person(nick: str) -> Person:
    return Person(f"0{nick}", 1, nick, "user", "host", "Real", "10.0.0.1", 1)


RANKS = st.sets(st.sampled_from(CHANNEL_MODES.ranks)).map(lambda r: "".join(x for x in CHANNEL_MODES.ranks if x in r))


@st.composite
def channels(draw: Any) -> Channel:
    channel = Channel("#c", RULES)
    for nick in draw(st.sets(st.sampled_from(NICKS), min_size=1)):
        channel.members[f"0{nick}"] = Member(Sitting(person(nick), draw(RANKS), 1, 1, 1))
    channel.modes = draw(st.sets(st.sampled_from(CHANNEL_MODES.flags)))
    channel.key = draw(st.sampled_from([None, "key", "other"]))
    channel.limit = draw(st.sampled_from([None, 5, 10]))
    channel.topic = draw(st.sampled_from(["", "one", "two words"]))
    channel.topic_by = "ann!user@host"
    for letter in CHANNEL_MODES.lists:
        for mask in draw(st.sets(st.sampled_from(MASKS))):
            channel.lists[letter].add(mask, "ann", 1)
    return channel


def believed(channel: Channel) -> Believed:
    return {uid: (member.person, member.prefixes) for uid, member in channel.members.items()}


class View:
    """What a simple client believes of a channel, by the lines it reads."""

    def __init__(self, channel: Channel) -> None:
        self.members = {m.person.nick: set(m.prefixes) for m in channel.members.values()}
        self.topic = channel.topic
        self.flags = set(channel.modes)
        self.values = {"k": channel.key, "l": str(channel.limit) if channel.limit is not None else None}
        self.lists = {letter: set(entries.entries) for letter, entries in channel.lists.items()}

    def read(self, data: bytes) -> None:
        message = parse(data.rstrip(b"\r\n"))
        assert message is not None and message.source is not None
        nick = message.source.partition("!")[0]
        if message.command == "JOIN":
            assert nick not in self.members
            self.members[nick] = set()
        elif message.command == "PART":
            del self.members[nick]
        elif message.command == "TOPIC":
            self.topic = message.params[1]
        else:
            assert message.command == "MODE"
            self._modes(message.params[1], message.params[2:])

    def _modes(self, letters: str, params: list[str]) -> None:
        adding = True
        for letter in letters:
            if letter in "+-":
                adding = letter == "+"
            elif letter in CHANNEL_MODES.ranks:
                held = self.members[params.pop(0)]
                assert (letter in held) is not adding
                held.symmetric_difference_update(letter)
            elif letter in self.lists:
                self.lists[letter].symmetric_difference_update([params.pop(0)])
            elif letter == "k":
                key = params.pop(0)
                self.values["k"] = key if adding else None
            elif letter == "l":
                self.values["l"] = params.pop(0) if adding else None
            else:
                assert (letter in self.flags) is not adding
                self.flags.symmetric_difference_update(letter)
        assert not params


@given(channels(), channels())
def test_the_lines_lead_from_the_old_to_the_new(old: Channel, new: Channel) -> None:
    before, after = believed(old), believed(new)
    view = View(old)
    for line in differences("irc.example", 6, before, after, old, new):
        data = line.render(0)
        assert len(data) <= 512
        view.read(data)
    assert vars(view) == vars(View(new))


@given(channels())
def test_nothing_is_said_of_what_is_the_same(channel: Channel) -> None:
    same = believed(channel)
    assert list(differences("irc.example", 6, same, same, channel, channel)) == []
