"""What links carry of each kind reads back as it was, and what they should not carry is refused."""

from __future__ import annotations

import importlib
import re
from typing import Any

import msgspec
import pytest

from config.people import Limits
from contrib.house.measure import ROOT
from gateway.state.account import messages as a
from gateway.state.channel import messages as c
from gateway.state.channel.questions import Look
from gateway.state.kinds import kinds
from gateway.state.nick import messages as k
from gateway.state.session import messages as s
from gateway.state.throttle import messages as g
from tests.gateway.state.cast import ANN, BOB, CASEMAP, packed

WORDS = {"guard": "throttle"}
"""The word of the page and of folders, where links and disks carry an older word."""

KINDS = kinds(Limits(), CASEMAP, keep_s=60.0)
SAMPLES = {
    kind: importlib.import_module(f"tests.gateway.state.{WORDS.get(kind, kind)}.test_messages") for kind in KINDS
}
"""The samples of each kind; without samples, a kind fails here."""

COMMANDS: dict[str, list[Any]] = {kind: samples.COMMANDS for kind, samples in SAMPLES.items()}
EVENTS: dict[str, list[Any]] = {kind: samples.EVENTS for kind, samples in SAMPLES.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_commands_and_events_read_back(kind: str) -> None:
    for command in COMMANDS[kind]:
        assert KINDS[kind].read_command(packed(command)) == command
    for event in EVENTS[kind]:
        assert KINDS[kind].read_event(packed(event)) == event


@pytest.mark.parametrize("kind", KINDS)
def test_states_are_made_and_made_again(kind: str) -> None:
    state = KINDS[kind].initial("x")
    copy = KINDS[kind].restore("x", packed(state.snapshot()))
    assert copy.snapshot() == state.snapshot()
    assert not state.subscribers


def test_questions_and_answers_read_back() -> None:
    channel, nick = KINDS["channel"], KINDS["nick"]
    assert channel.read_question(packed(Look("1", "names"))) == Look("1", "names")
    state = channel.initial("#c")
    state.apply(c.Joined(ANN, "o", "#C"), 1)
    view = state.answer(Look("1", "names"), 2)
    assert channel.read_answer(packed(view)) == view
    assert channel.read_answer(packed(None)) is None
    assert nick.read_question(packed(k.Who())) == k.Who()
    seen = k.NickView(ANN, (k.Past(BOB, 5),))
    assert nick.read_answer(packed(seen)) == seen
    account, guard = KINDS["account"], KINDS["guard"]
    for question in (a.Login(), a.Info(), a.Ended("1")):
        assert account.read_question(packed(question)) == question
        view = account.initial("joe").answer(question, 2)
        assert account.read_answer(packed(view)) == view
    session = KINDS["session"]
    assert session.read_question(packed(s.Look())) == s.Look()
    assert session.read_answer(packed(session.initial("joe").answer(s.Look(), 2))) == s.Stored()
    assert guard.read_question(packed(g.HowLong())) == g.HowLong()
    assert guard.read_answer(packed(g.Wait(2.0, 5))) == g.Wait(2.0, 5)


SENSE = [
    ("network", "state", []),  # nobody attends
    ("account", "state", []),  # nobody has the name
    ("session", "state", []),  # nor a session
    ("guard", "state", []),  # and nobody has failed
    ("guard", "state", [1]),
    ("guard", "command", [1]),
    ("guard", "command", [1, [], []]),  # from a later version
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("junk", [None, 7, "x", [], [1], [99, "x"], {"a": 1}, [1, [], []]])
def test_junk_is_refused(kind: str, junk: Any) -> None:
    reads = {
        "command": KINDS[kind].read_command,
        "event": KINDS[kind].read_event,
        "state": lambda raw: KINDS[kind].restore("x", raw),
    }
    for what, read in reads.items():
        if (kind, what, junk) in SENSE:
            continue
        with pytest.raises(msgspec.MsgspecError):
            read(packed(junk))


def test_the_page_of_rules_names_every_kind() -> None:
    (sentence,) = re.findall(r"kind being ([^.]+)\.", (ROOT / "ring/PROTOCOL.md").read_text())
    assert {*re.split(r", (?:or )?| or ", sentence)} == {WORDS.get(kind, kind) for kind in KINDS}
