"""An account that is its own master, and stories of commands."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from gateway.accounts.credentials import Credentials, Scram
from gateway.state.account.account import SEEN_MS, STALE_MS, Account
from gateway.state.account.messages import (
    AddCertificate,
    AddNick,
    Alias,
    Drop,
    Info,
    InfoView,
    LoggedIn,
    Login,
    LoginView,
    Register,
    RemoveCertificate,
    RemoveNick,
    SetCredentials,
    SetSettings,
    Unalias,
)

SECRET = Credentials("$argon2id$x", Scram(b"salt", 4096, b"stored", b"server"))
OTHER = Credentials("$argon2id$y")


class Stage:
    def __init__(self, *commands: Any, name: str = "joe") -> None:
        self.account = Account(name)
        self.at = 1_000
        for command in commands:
            self.do(command)

    def do(self, command: Any, after: int = 1) -> Any:
        self.at += after
        outcome, event = self.account.decide(command, self.at)
        if event is not None:
            assert self.account.apply(event, self.at) is False
        return outcome

    def meet(self, other: Stage) -> None:
        self.at = max(self.at, other.at) + 1
        event = self.account.merge(other.account, self.at)
        if event is not None:
            self.account.apply(event, self.at)

    @property
    def login(self) -> LoginView:
        view = self.account.answer(Login(), self.at)
        assert isinstance(view, LoginView)
        return view

    @property
    def info(self) -> InfoView:
        view = self.account.answer(Info(), self.at)
        assert isinstance(view, InfoView)
        return view


JOE = Register("1", "Joe", SECRET)


@st.composite
def commands(draw: Any) -> Any:
    life, secret = draw(st.sampled_from(["", "1", "2", "3"])), draw(st.sampled_from([SECRET, OTHER]))
    name = draw(st.sampled_from(["x", "y"]))
    value = draw(st.sampled_from([True, False, None]))
    nick = f"nick-{name}"  # which is no fingerprint: what is removed is remembered by its name alone
    return draw(
        st.sampled_from(
            [
                Register(life or "4", "Joe", secret),
                Alias(life or "4", "JOE", name, draw(st.sampled_from(["1", "2"]))),
                Unalias(name),
                SetCredentials(life, secret),
                AddCertificate(life, name),
                RemoveCertificate(life, name),
                AddNick(life, nick),
                RemoveNick(life, nick),
                SetSettings(life, {"always_on": value}),
                SetSettings(life, {"auto_away": value, "away_text": name}),
                LoggedIn(life),
                Drop(life),
            ]
        )
    )


STORIES = st.lists(st.tuples(st.sampled_from([1, 2, 3, STALE_MS, SEEN_MS]), commands()), max_size=8)


def played(root: Stage, story: list[tuple[int, Any]]) -> Stage:
    stage = Stage()
    stage.account.stored, stage.at = root.account.stored, root.at
    for after, command in story:
        stage.do(command, after)
    return stage
