"""Rows of all nodes are merged page by page: each name once, in order, and the better row of two."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.edge.procedures import AskNode, Together
from gateway.edge.rpc import gathering
from gateway.edge.rpc.asks import FindAsk, Found, ListAsk, ListReply
from gateway.edge.rpc.gathering import channels, people
from gateway.state.channel.questions import ListRow
from tests.gateway.edge.doubles import Double
from tests.gateway.state.cast import ANN

Rows = dict[str, list[ListRow]]


def row(name: str, term: int = 1) -> ListRow:
    return ListRow(name, 1, f"topic of {term}", 1, 1, False, term)


def edge_of(nodes: list[str], level: int = 2) -> Any:
    records = [Double(key=key, name=f"{key}.sim") for key in nodes]
    return Double(
        network=Double(level=level, live=lambda: records),
        settings=Double(casemap=str.lower),
        census=Double(asks_all=True),
    )


def page(rows: list[ListRow], ask: ListAsk) -> ListReply:
    """Answer as a node does."""
    later = sorted((one for one in rows if one.name.lower() > ask.after), key=lambda one: one.name.lower())
    most = ask.limit or len(later)
    return ListReply(tuple(later[:most]), len(later) > most)


def gathered(found: Any, answer: Any, most: int = 7) -> list[Any]:
    """Gather to the end. answer(key, ask): what a node says."""
    result = []
    while True:
        steps = found.next(most)
        try:
            step = next(steps)
            while True:
                assert isinstance(step, Together)
                for fetch in step.procedures:
                    ask = next(fetch)
                    assert isinstance(ask, AskNode)
                    with pytest.raises(StopIteration):
                        fetch.send(answer(ask.key, ask.body))
                step = steps.send(None)
        except StopIteration as end:
            if not end.value:
                return result
            result += end.value


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("most", [1, 7])
def test_rows_come_in_order_once_each_whatever_the_pages(size: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "PAGE", size)
    nodes: Rows = {
        "a": [row("#B", 3), row("#d"), row("#f", 1)],
        "b": [row("#b", 2), row("#c"), row("#F", 2), row("#x")],
        "c": [row("#a"), row("#f", 3), row("#x", 4)],
        "d": [],
    }
    found = channels(edge_of([*nodes]), ListAsk((), (), False))
    rows = gathered(found, lambda key, ask: page(nodes[key], ask), most)
    names = [(one.name, one.term) for one in rows]
    assert names == [("#a", 1), ("#B", 3), ("#c", 1), ("#d", 1), ("#f", 3), ("#x", 4)]
    assert found.silent == [] and not found.is_cut


def test_a_silent_node_is_named_and_the_rest_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "PAGE", 1)
    rows = {"a": [row("#a"), row("#b")], "b": [row("#c"), row("#d")]}

    def answer(key: str, ask: ListAsk) -> ListReply | None:
        return None if key == "b" and ask.after else page(rows[key], ask)  # b is silent after the first page

    found = channels(edge_of(["a", "b"]), ListAsk((), (), False))
    assert [one.name for one in gathered(found, answer)] == ["#a", "#b", "#c"]
    assert found.silent == ["b.sim"]


def test_nodes_without_pages_answer_at_once_and_say_what_is_missing() -> None:
    rows = [row("#b"), row("#a")]
    asked: list[ListAsk] = []

    def answer(key: str, ask: ListAsk) -> ListReply:
        asked.append(ask)
        return ListReply(tuple(rows), key == "b")

    found = channels(edge_of(["a", "b"], level=1), ListAsk((), (), False))
    assert [one.name for one in gathered(found, answer)] == ["#a", "#b"]
    assert found.is_cut and asked == [ListAsk((), (), False)] * 2


def test_of_a_person_on_two_nodes_the_newer_profile_counts() -> None:
    newer = msgspec.structs.replace(ANN, version=ANN.version + 1, nick="ann2")
    replies = {"a": Found((ANN,)), "b": Found((newer,))}
    found = people(edge_of(["b", "a"]), FindAsk("*", (), False))
    assert gathered(found, lambda key, ask: replies[key]) == [newer]
