"""What links carry of each kind reads back as it was, and what they should not carry is refused."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
import pytest

from contrib.house.measure import ROOT
from gateway.accounts.credentials import Credentials, Scram
from gateway.irc.limits import Limits
from gateway.state.account import messages as a
from gateway.state.account.snapshot import Life, Settings, Stored
from gateway.state.channel import machine_messages as m
from gateway.state.channel import messages as c
from gateway.state.channel import webhook_messages as h
from gateway.state.channel.channel import Channel
from gateway.state.channel.snapshot import PutOut
from gateway.state.channel.state import Rules
from gateway.state.conversation import messages as t
from gateway.state.kinds import kinds
from gateway.state.network import messages as w
from gateway.state.nick import messages as k
from gateway.state.nick.nick import Nick
from gateway.state.once import Once, Repeat, Sayer
from gateway.state.people import Refusal
from gateway.state.session import messages as s
from gateway.state.throttle import messages as g
from tests.gateway.state.cast import ANN, BOB, CASEMAP, packed, plus

WORDS = {"guard": "throttle"}
"""The page's word, where links and disks carry an older word."""

KINDS = kinds(Limits(), CASEMAP, keep_s=60.0)

SECRET = Credentials("$argon2id$x", Scram(b"\xff", 4096, b"", b"\x00"))

REPEAT = Repeat(Once(Sayer(ANN.edge, 3), 5))
COMMANDS: dict[str, list[Any]] = {
    "channel": [
        c.Join(ANN, "sesame", True, False, "#C"),
        c.Part("1", "bye"),
        c.Say("1", "a!b@c", "PRIVMSG", b"\xff", "@", {"+x": "y"}, ANN, "0x"),
        c.SetTopic("1", "a!b@c", "t"),
        c.SetModes("1", "a!b@c", (plus("o", "Bob", "2"), plus("m"))),
        c.Kick("1", "a!b@c", None, "Bob", "why"),
        c.Invite("1", "a!b@c", "2", "Bob"),
        c.Update(ANN),
        c.Quit("1", "bye"),
        c.Evict((ANN.edge,), "a.example b.example"),
        c.Redact("1", "a!b@c", "abc-1.2-3", True, "why"),
        c.Forget("1", "0x"),
        h.Subscribe("h1", "https://a.example/", "secret", "root"),
        h.Unsubscribe("h1", "root"),
        h.Advance("h1", s.Cursor(7, 8), 2, 1),
        m.Speak("1", "a!b@c", "PRIVMSG", b"hi", once=m.once_for("key")),
        REPEAT,
    ],
    "nick": [
        k.Claim(ANN, True),
        k.Change(ANN),
        k.Release("1", True),
        k.Tell(ANN, "NOTICE", b"\xff", None, "Bob", True),
        k.Kill("1", "a!b@c", "why"),
        k.Evict("1"),
    ],
    "network": [w.Attend("10.0.0.1", 7), w.Announce("a!b@c", "all", "x"), w.Evict((ANN.edge,)), w.Raise(1)],
    "account": [
        a.Register("1", "Joe", SECRET, "0"),
        a.Alias("1", "Joe2", "joe", "0"),
        a.Unalias("joe"),
        a.SetCredentials("1", SECRET),
        a.AddCertificate("1", "ab"),
        a.RemoveCertificate("1", "ab"),
        a.AddNick("1", "joe2"),
        a.RemoveNick("1", "joe2"),
        a.SetSettings("1", {"always_on": True, "away_text": None}),
        a.LoggedIn("1"),
        a.LoggedIn("1", ("ab", "cd")),
        a.Drop("1"),
    ],
    "session": [
        s.Take(ANN, ANN.edge),
        s.Report("1", ANN.edge, ANN, {"#c": "#C"}, True, 2, {"phone": {"#c": s.Cursor(7, 8)}}),
        s.End("1", ANN.edge),
        s.Abandon(ANN.edge),
        s.ForgetDevice("phone"),
        s.Reached({"phone": {"#c": s.Cursor(7, 8)}}),
        s.Converse("ann 1,bob 2", "bob"),
        s.ForgetAll(),
        s.MarkRead("#C", "#c", 5),
        s.Detach("#c", True),
        s.Keep("1", ANN.edge, s.Kept("root", True, {"bob": True, "cat": None}, {"#d": "#D"})),
        s.NoteKick("#c", s.Kick("#C", "b!b@c", "why", 5, s.Cursor(7, 8))),
    ],
    "conversation": [
        t.Sit("ann", t.Seat("1", ANN.edge, 5)),
        t.Leave("1", ANN.edge),
        t.Evict(ANN.edge),
        t.Say("1", "ann", "a!b@c", "PRIVMSG", b"\xff", "Bob", "Ann", {"+x": "y"}, True),
        t.Redact("ann", "a!b@c", "abc-1.2-3", "Bob", "why"),
        t.Forget("ann"),
        REPEAT,
    ],
    "guard": [g.Take(1.5), g.Undo(5)],
}

EVENTS: dict[str, list[Any]] = {
    "channel": [
        c.Joined(ANN, "o", "#C"),
        c.Parted("1", "a!b@c"),
        c.Said("1", "a!b@c", "TAGMSG", b"", "", {"+x": ""}, "ann", True, "0x"),
        c.TopicSet("1", "a!b@c", ""),
        c.ModesSet("1", "a!b@c", (plus("o", "Bob", "2"),)),
        c.Kicked("1", "a!b@c", "2", "Bob", "why"),
        c.Invited("1", "a!b@c", "2", "Bob", True),
        c.Updated(ANN, BOB),
        c.HasQuit((("1", "a!b@c"),), "bye"),
        c.Redacted("1", "a!b@c", c.EVERYTHING),
        c.Forgotten("1", "0x"),
        h.Subscribed(h.Subscription("h1", "https://a.example/", "secret", "root", 5, s.Cursor(7, 8))),
        h.Unsubscribed("h1", "root"),
        h.Advanced("h1", s.Cursor(7, 8), 2, 1),
        c.Merged(Channel("#c", Rules(Limits(), CASEMAP, 60.0)).snapshot()),
    ],
    "nick": [
        k.Claimed(ANN),
        k.Changed(ANN),
        k.Released("1"),
        k.Told(ANN, "PRIVMSG", b"hi", None, "2"),
        k.Merged(Nick("ann", CASEMAP).snapshot()),
        k.Killed("1", "a!b@c", "why"),
    ],
    "network": [
        w.Attended("10.0.0.1", 7),
        w.Announced("a!b@c", "all", "x"),
        w.Evicted((("10.0.0.1", 7),)),
        w.Merged((("10.0.0.1", 7),)),
        w.Raised(1, (("10.0.0.1", 7),)),
    ],
    "account": [
        a.Registered("1", "Joe", SECRET),
        a.Dropped(),
        a.Unaliased(),
        a.CredentialsSet(SECRET),
        a.CertificateAdded("ab"),
        a.CertificateRemoved("ab"),
        a.NickAdded("joe2"),
        a.NickRemoved("joe2"),
        a.SettingsSet({"always_on": True}),
        a.Seen(),
        a.SeenFrom(("ab", "cd")),
        a.Merged(Stored((Life(5, "1", "Joe", SECRET, "", {"ab": 6}, {}, {"joe2": 7}, Settings(True), {}, 8),), 4)),
    ],
    "session": [
        s.Changed(ANN, {"#c": "#C"}, True, 1, 5, 0, {"phone": s.Device(5, {"#c": s.Cursor(7, 8)})}),
        s.DeviceForgotten("phone"),
        s.Conversing("ann 1,bob 2", "bob"),
        s.AllForgotten(),
        s.Marked("#C", "#c", 5),
        s.DetachedSet("#c", False, True),
        s.KeptSet(s.Kept("root", True, {"bob": True, "cat": None}, {"#d": "#D"})),
        s.KickNoted("#c", s.Kick("#C", "b!b@c", "why", 5, s.Cursor(7, 8))),
        s.Merged(s.Stored(ANN)),
    ],
    "conversation": [
        t.Sat("ann", t.Seat("1", ANN.edge, 5)),
        t.Left(("ann",)),
        t.Said("1", "ann", "a!b@c", "TAGMSG", b"", "Bob", None, {"+x": "y"}),
        t.Redacted("ann", "a!b@c", "abc-1.2-3", "Bob"),
        t.Forgotten("ann"),
        t.Merged(t.Stored({"ann": t.Seat("1", ANN.edge, 5)}, 6, 7, {"abc-1.2-3": 8})),
    ],
    "guard": [g.Taken(), g.Undone(5), g.Merged((3, 5))],
}

MODULES: dict[str, Any] = {
    "channel": c,
    "nick": k,
    "network": w,
    "account": a,
    "session": s,
    "guard": g,
    "conversation": t,
}
REFUSAL = Refusal("482", ("#c", "You're not channel operator"))


@pytest.mark.parametrize("kind", KINDS)
def test_commands_and_events_read_back(kind: str) -> None:
    for command in COMMANDS[kind]:
        assert KINDS[kind].read_command(packed(command)) == command
    for event in EVENTS[kind]:
        assert KINDS[kind].read_event(packed(event)) == event
    union = MODULES[kind].Command
    assert {type(command) for command in COMMANDS[kind]} == set(get_args(union) or (union,))
    assert {type(event) for event in EVENTS[kind]} == set(get_args(MODULES[kind].Event))


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("channel", None),
        ("channel", REFUSAL),
        ("channel", c.ModesDone((REFUSAL,))),
        ("nick", k.Granted(ANN)),
        ("nick", k.Moved()),
        ("nick", k.Reached(ANN)),
        ("nick", REFUSAL),
        ("network", None),
        ("account", a.Accepted("Joe")),
        ("account", a.Denied("full")),
        ("account", None),
        ("session", s.Taken(s.Stored(ANN))),
        ("session", s.Elsewhere(ANN.edge)),
        ("session", s.Present("1")),
        ("session", s.Marker(5)),
        ("nick", k.Reached(ANN, True)),
        ("conversation", None),
        ("conversation", REFUSAL),
        ("channel", c.HasLeft(PutOut("a!b@c", "why", 5))),
        ("channel", h.NotSubscribed("full")),
        ("channel", m.Spoken(5, 6)),
        ("guard", g.Wait(1.5, 4, 5)),
    ],
)
def test_outcomes_read_back(kind: str, outcome: Any) -> None:
    assert KINDS[kind].read_outcome(packed(outcome)) == outcome


@pytest.mark.parametrize("kind", KINDS)
def test_states_are_made_and_made_again(kind: str) -> None:
    state = KINDS[kind].initial("x")
    copy = KINDS[kind].restore("x", packed(state.snapshot()))
    assert copy.snapshot() == state.snapshot()
    assert not state.subscribers


def test_questions_and_answers_read_back() -> None:
    channel, nick = KINDS["channel"], KINDS["nick"]
    assert channel.read_question(packed(c.Look("1", "names"))) == c.Look("1", "names")
    state = channel.initial("#c")
    state.apply(c.Joined(ANN, "o", "#C"), 1)
    view = state.answer(c.Look("1", "names"), 2)
    assert channel.read_answer(packed(view)) == view
    assert channel.read_answer(packed(None)) is None
    assert nick.read_question(packed(k.Who())) == k.Who()
    seen = k.NickView(ANN, (k.Past(BOB, 5),))
    assert nick.read_answer(packed(seen)) == seen
    account, guard = KINDS["account"], KINDS["guard"]
    for question in (a.Login(), a.Info()):
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
