"""LIST: the channels of all nodes, once each."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.commands.listing import _show
from gateway.state.channel.questions import ListRow
from tests.gateway.commands.stage import network, people
from tests.sim.net import Net


def test_list(net: Net) -> None:
    ann, bob = people(net, "ann", "bob")
    ann.ask("JOIN #c,#d,#s", "TOPIC #d :about d", "MODE #s +s")
    bob.ask("JOIN #c")
    assert bob.ask("LIST") == [
        "321 bob Channel :Users  Name",
        "322 bob #c 2 :",
        "322 bob #d 1 :about d",
        "323 bob :End of /LIST",
    ]
    assert [line.split()[2] for line in ann.ask("LIST")[1:-1]] == ["#c", "#d", "#s"]
    assert [line.split()[2] for line in bob.ask("LIST >1")[1:-1]] == ["#c"]
    assert [line.split()[2] for line in bob.ask("LIST #d*,#x")[1:-1]] == ["#d"]
    assert [line.split()[2] for line in bob.ask("LIST !*c")[1:-1]] == ["#d"]
    assert len(bob.ask("LIST C>60")) == 2


class Caller:
    """Remembers the answers of a call."""

    def __init__(self) -> None:
        self.edge = network(1).nodes["n1"].core.edge
        self.answers: list[tuple[str, ...]] = []

    def reply(self, *words: str) -> None:
        self.answers.append(words)

    def notice(self, text: str) -> None:
        self.answers.append(("NOTICE", text))


@pytest.mark.parametrize("step", [1, -1])
def test_the_row_of_the_higher_term_counts_when_two_nodes_master_a_channel(step: int) -> None:
    """P39"""
    rows = [ListRow("#C", 9, "old", 1, 1, False, 3), ListRow("#c", 2, "new", 1, 1, False, 4)]
    replies = [SimpleNamespace(rows=[row], cut=False) for row in rows]
    caller: Any = Caller()
    _show(caller, replies[::step], [])
    assert [words for words in caller.answers if words[0] == "322"] == [("322", "#c", "2", "new")]


def test_missing_answers_and_missing_rows_are_said() -> None:
    caller: Any = Caller()
    _show(caller, [SimpleNamespace(rows=[], cut=True)], ["n3", "n2"])
    assert [words[1] for words in caller.answers if words[0] == "NOTICE"] == [
        "No answer in time from n2, n3: the answer may be incomplete.",
        "There is more than is shown: ask with a narrower mask.",
    ]
    assert caller.answers[-1] == ("323", "End of /LIST")


def test_a_secret_channel_is_listed_for_its_members_alone(net: Net) -> None:
    ann, bob = people(net, "ann", "bob", channel="#c")
    (cat,) = people(net, "cat")
    ann.ask("MODE #c +s")
    for client, count in ((ann, 1), (bob, 1), (cat, 0)):
        assert sum(line.startswith("322 ") for line in client.ask("LIST")) == count
