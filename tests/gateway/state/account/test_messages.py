"""The messages of an account, with samples of each: read back, and read from other builds."""

from __future__ import annotations

from typing import Any

from gateway.accounts.credentials import Credentials, Scram
from gateway.state.account import messages as a
from gateway.state.account import operator_messages as o
from gateway.state.account.snapshot import Heard, Life, Settings, Stored, Suspension, Vhost
from tests.gateway.state.reading import Messages

SECRET = Credentials("$argon2id$x", Scram(b"\xff", 4096, b"", b"\x00"))

COMMANDS: list[Any] = [
    a.AddChannel("1", "#c", 20),
    a.RemoveChannel("1", "#c"),
    a.Register("1", "Joe", SECRET, "0"),
    a.Alias("1", "Joe2", "joe", "0"),
    a.Unalias("joe"),
    a.SetCredentials("1", SECRET),
    a.AddCertificate("1", "ab"),
    a.RemoveCertificate("1", "ab"),
    a.AddNick("1", "joe2"),
    a.RemoveNick("1", "joe2"),
    a.SetSettings("1", {"always_on": True, "away_text": None}),
    a.SetMetadata("1", "url", "x", 20),
    a.SetMetadata("1", "", None, 20),
    a.SetHeard("1", Heard(("bob!*@*",), ("cat",))),
    a.LoggedIn("1"),
    a.LoggedIn("1", ("ab", "cd")),
    a.Drop("1"),
    a.Drop("1", ends=True),
    o.Suspend("1", Suspension(5, "spam", "root")),
    o.Suspend("1", None),
    o.Adopt(Life(5, "1", "Joe", SECRET), "joe2"),
    o.Redirect("1", "joe2", "joe", "7"),
    a.ChangeVhost("1", "request", "joe.example"),
    a.ChangeVhost("", "reject", "joe.example", "root", "no"),
]

EVENTS: list[Any] = [
    a.ChannelAdded("#c"),
    a.ChannelRemoved("#c"),
    a.Registered("1", "Joe", SECRET),
    a.Dropped(),
    a.Dropped(ends=True),
    a.Unaliased(),
    a.CredentialsSet(SECRET),
    a.CertificateAdded("ab"),
    a.CertificateRemoved("ab"),
    a.NickAdded("joe2"),
    a.NickRemoved("joe2"),
    a.SettingsSet({"always_on": True}),
    a.MetadataSet(("url",), "x"),
    a.HeardSet(Heard(("bob!*@*",), ())),
    a.Seen(),
    a.SeenFrom(("ab", "cd")),
    o.Adopted(Life(5, "1", "Joe", SECRET)),
    o.Suspended(Suspension(5, "spam", "root")),
    a.VhostChanged(Vhost("joe.example", "", 7, "root", "")),
    a.Merged(Stored((Life(5, "1", "Joe", SECRET, "", {"ab": 6}, {}, {"joe2": 7}, Settings(True), {}, 8),), 4)),
]

OUTCOMES: list[Any] = [a.Accepted("Joe"), a.Denied("full")]


class TestMessages(Messages):
    unions = [(a.Command, COMMANDS), (a.Event, EVENTS)]
    outcome = a.Outcome
    outcomes = [*OUTCOMES, None]
