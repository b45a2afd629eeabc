"""*playback, as bouncers give it."""

from __future__ import annotations

import re

import pytest

from gateway.irc.times import read_server_time
from gateway.services import playback
from tests.gateway.commands.stage import network, people
from tests.gateway.commands.talking import parsed, said, talk
from tests.sim.net import Net


def test_playback_as_bouncers_give_it(net: Net) -> None:
    ann, bob = talk(net, 4, "server-time znc.in/playback")
    ann.ask("JOIN #d", "PRIVMSG #d :elsewhere")
    lines = ann.ask("PRIVMSG *playback :play #c 0")
    assert said(lines) == list("0123") and all(line.startswith("@time=") for line in lines)
    assert said(ann.ask("PRIVMSG *playback :PLAY * 0")) == [*"0123", "elsewhere"]
    at = [read(line) for line in lines]
    assert said(bob.ask(f"PRIVMSG *Playback :play #c,#nope {at[1]}")) == ["2", "3"]
    assert said(bob.ask(f"PRIVMSG *playback :play #* 0 {at[1]}")) == ["0", "1"]
    assert bob.ask(f"PRIVMSG *playback :play * {at[3]}") == []
    assert said(bob.ask("PRIVMSG *playback :list")) == [f"#C {at[0]} {at[3]}"]
    ann.ask("CAP REQ batch")
    assert re.fullmatch(r"BATCH \+\w+ znc.in/playback #C", ann.ask("PRIVMSG *playback :play #c 0")[0])
    ann.ask("CAP REQ draft/chathistory")
    assert re.fullmatch(r"BATCH \+\w+ chathistory #C", ann.ask("PRIVMSG *playback :play #c 0")[0])


def test_playback_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playback, "MOST", 3)
    monkeypatch.setattr(playback, "ALL", 5)
    (ann,) = people(network(1), "ann", caps="znc.in/playback")
    for name in ("#a", "#b", "#c"):
        ann.ask(f"JOIN {name}", *(f"PRIVMSG {name} :{name}{number}" for number in range(4)))
    *lines, more = ann.ask("PRIVMSG *playback :play * 0")
    assert said(lines) == ["#a1", "#a2", "#a3", "#b2", "#b3"]
    assert said([more]) == ["There is more: ask for #c and what comes after it by name."]


def read(line: str) -> str:
    """The line's time as seconds since 1970."""
    ms = read_server_time((parsed(line).tags or {})["time"])
    assert ms is not None
    return f"{ms // 1000}.{ms % 1000:03d}"


@pytest.mark.parametrize(
    "text",
    ["", "help", "play", "play * 0 0 0", "play * x", "play * -1", "clear *", "list a b", "\x01VERSION\x01", "é"],
)
def test_anything_else_is_answered_with_help(net: Net, text: str) -> None:
    ann, _ = talk(net, 1, "znc.in/playback")
    answer = ann.ask(f"PRIVMSG *playback :{text}")
    assert answer if text else answer == ["412 ann :No text to send"]
    assert ann.ask(f"NOTICE *playback :{text}") == []
