"""The messages of a channel, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

from config.people import Limits
from gateway.state.channel import emptying_messages as e
from gateway.state.channel import machine_messages as m
from gateway.state.channel import messages as c
from gateway.state.channel import registration as g
from gateway.state.channel import registration_messages as r
from gateway.state.channel import upkeep_messages as u
from gateway.state.channel import webhook_messages as h
from gateway.state.channel.channel import Channel
from gateway.state.channel.metadata_messages import MetadataDone, MetadataSet, SetMetadata
from gateway.state.channel.snapshot import PutOut
from gateway.state.channel.state import Rules
from gateway.state.idempotency import IdempotencyKey, Probe, Speaker
from gateway.state.people import Refusal
from gateway.state.session import messages as s
from tests.gateway.state.cast import ANN, BOB, CASEMAP, minus, plus
from tests.gateway.state.reading import Messages

REPEAT = Probe(IdempotencyKey(Speaker(ANN.edge, 3), 5))

REFUSAL = Refusal("482", ("#c", "You're not channel operator"))

COMMANDS: list[Any] = [
    c.Join(ANN, "sesame", True, False, "#C"),
    c.Part("1", "bye"),
    c.Say("1", "a!b@c", "PRIVMSG", b"\xff", "@", {"+x": "y"}, ANN, "0x"),
    c.SetTopic("1", "a!b@c", "t"),
    SetMetadata("1", "url", "x", 20),
    SetMetadata("1", "", None, 20),
    c.SetModes("1", "a!b@c", (plus("o", "Bob", "2"), plus("m"))),
    c.Kick("1", "a!b@c", None, "Bob", "why"),
    c.Invite("1", "a!b@c", "2", "Bob"),
    c.SetModes("", "a!b@c", (plus("b", "x!*@*"),), life="l1"),
    c.Kick("", "a!b@c", "2", "Bob", "why", life="l1"),
    c.Invite("", "a!b@c", "2", "Bob", life="l1"),
    c.Update(ANN),
    c.Update(ANN, moves=True),
    c.Quit("1", "bye"),
    c.Evict((ANN.edge,), "a.example b.example"),
    c.Redact("1", "a!b@c", "abc-1.2-3", True, "why"),
    c.Forget("1", "0x"),
    c.Join(ANN, rooms=("#d",)),
    c.Lapse(),
    c.Knock(ANN, "please", True),
    h.Subscribe("h1", "https://a.example/", "secret", "root"),
    h.Unsubscribe("h1", "root"),
    h.Advance("h1", s.Cursor(7, 8), 2, 1),
    m.Speak("1", "a!b@c", "PRIVMSG", b"hi", idempotency_key=m.key_from_text("key")),
    REPEAT,
    r.Register("r1", "1", "l1", "ann"),
    r.Unregister("l1", "r1"),
    r.SetAccess("l1", "ann", "l2", "bob", "Oo"),
    r.Bereave("l1"),
    r.SetHolder("l1", "founder", "l2", "bob"),
    r.GiveRank("l1", "ChanServ!ChanServ@irc.example", True, "o", "2", "Bob", "ann"),
    r.Doubt(over=True),
    r.SetSetting("l1", "mlock", "+nt"),
    r.SetAkick("l1", "ann", "x!*@*", "why", 9),
    e.Clear("l1", "users", "a!b@c", "1", "why"),
    e.Recover("l1", "a!b@c", ANN),
    e.Purge("a!b@c", "why"),
    e.Forbid("a!b@c", "why", "root"),
    u.TrimHistory(),
    u.Expire(9),
]

EVENTS: list[Any] = [
    c.Joined(ANN, "o", "#C"),
    c.Parted("1", "a!b@c"),
    c.Said("1", "a!b@c", "TAGMSG", b"", "", {"+x": ""}, "ann", True, "0x"),
    c.TopicSet("1", "a!b@c", ""),
    MetadataSet("1", ("url",), None),
    c.ModesSet("1", "a!b@c", (plus("o", "Bob", "2"),)),
    c.Kicked("1", "a!b@c", "2", "Bob", "why"),
    c.Invited("1", "a!b@c", "2", "Bob", True),
    c.Updated(ANN, BOB),
    c.HasQuit((("1", "a!b@c"),), "bye"),
    c.Redacted("1", "a!b@c", c.EVERYTHING),
    c.Forgotten("1", "0x"),
    c.Knocked("1", "a!b@c", "please", "ann"),
    c.Flooded((plus("m"),), c.Kicked("", "ChanServ", "1", "Ann", "Flood"), 5),
    c.Updated(ANN, BOB, (), c.Flooded((plus("b", "x!*@*"),))),
    h.Subscribed(h.Subscription("h1", "https://a.example/", "secret", "root", 5, s.Cursor(7, 8))),
    h.Unsubscribed("h1", "root"),
    h.Advanced("h1", s.Cursor(7, 8), 2, 1),
    r.Registered(g.Registration("r1", 5, g.Holder("l1", "ann", 5)), (plus("q", "Ann", "1"),)),
    r.Unregistered((minus("q", "Ann", "1"),)),
    r.AccessSet("l2", g.Access("Oo", "bob", "ann", 6), (plus("o", "Bob", "2"),)),
    r.HolderSet("successor", g.Holder("l2", "bob", 7)),
    r.SettingSet("mlock", g.Setting("+m", 7), (plus("m"),)),
    r.AkickSet("x!*@*", g.Akick("x!*@*", "why", "ann", 7, 9)),
    r.Doubted(False, (minus("o", "Bob", "2"),)),
    u.HistoryTrimmed(9),
    u.Sighted(),
    e.Emptied("a!b@c", "why", (("1", "Ann"),), ends=True, forbidden=g.Forbidden("why", "root", 7)),
    c.Merged(Channel("#c", Rules(Limits(), CASEMAP, 60.0)).snapshot()),
]

OUTCOMES: list[Any] = [
    REFUSAL,
    c.ModesDone((REFUSAL,)),
    MetadataDone(("url",)),
    c.HasLeft(PutOut("a!b@c", "why", 5)),
    c.Outdated(7),
    c.RoomsAsked(("#d", "#e")),
    h.NotSubscribed("full"),
    m.Spoken(5, 6),
    r.Done("#c"),
    r.NotDone("doubt"),
]


class TestMessages(Messages):
    unions = [(c.Command, COMMANDS), (c.Event, EVENTS)]
    outcome = c.Outcome
    outcomes = [*OUTCOMES, None]
