"""The page of the ring as HTML: complete without scripts, bounded, and with no markup but its own."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from gateway.web import views
from gateway.web.drawing import FINEST, HUES, LABELLED, LINKS, circle, joined, mark
from gateway.web.overview import glimpse, overview
from gateway.web.page import SHOWN, make, page, parts
from gateway.web.source import sight_of
from gateway.web.sums import formula, located_part
from gateway.web.tables import duration, number, table
from gateway.web.views import with_ring
from ring.placement import SPACE, Ring, arcs, hash32
from tests.gateway.commands.stage import network, people
from tests.gateway.web.watched import Watched

NASTY = '<script>alert("x")</script>'
EMPTY = {"area", "br", "input", "link", "meta", "circle", "line", "path"}


class Balanced(HTMLParser):
    """Every element that is opened is closed, in order; what has no contents is let be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        assert not any(name == "style" or name.startswith("on") for name, _ in attrs), "the content policy forbids it"
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in EMPTY:
            return
        assert self.open and self.open[-1] == tag, (self.open, tag)
        self.open.pop()


def checked(html: str) -> Balanced:
    found = Balanced()
    found.feed(html)
    found.close()
    assert found.open == [] and len(set(found.ids)) == len(found.ids)
    return found


def a_view(count: int = 3, **more: Any) -> dict[str, Any]:
    keys = [f"127.0.0.{number}" for number in range(1, count + 1)]
    nodes = [
        {
            "name": f"node-{number}.circlet.local", "ip": key, "ring_key": key, "point": hash32(key),
            "irc": f"{key}:6667", "http": None, "version": "1", "started": 0, "alive": True, "leaving": False,
        }
        for number, key in enumerate(keys, 1)
    ]  # fmt: skip
    return {**with_ring({"network": "Circlet", "seen_by": "node-1", "nodes": nodes}, Ring(keys)), **more}


def test_the_page_of_a_node_has_everything_without_a_script() -> None:
    watched = Watched()
    people(watched.net, "ann", "bob", channel="#erlang")
    core = watched.net.nodes["n1"].core
    view = {
        **overview(glimpse(core, watched.look())),
        "happenings": [{"id": "7-1", "at": 0.0, "text": "n2 did something"}],
    }
    text = page(make({**view, "operators": True}), views.locate(sight_of(core), "#erlang"), "", "#erlang")
    found = checked(text)
    for piece in ("1310262970", "808884791", "Nothing is wrong.", "All 3 nodes are alive.", "n2 did something"):
        assert piece in text
    assert {"circle", "mark", "located", "nodes", "links", "wrong", "totals", "happenings"} <= set(found.ids)
    assert 'data-events="/events?after=7-1"' in text
    assert re.findall(r'(?:src|href)="(?!/)[^"]*"', text) == [], "nothing comes from outside"
    assert found.tags.count("script") == 2 and "token" in found.ids


def test_a_directory_knows_less_and_has_the_same_page() -> None:
    text = page(make(a_view()), None, "", "")
    found = checked(text)
    assert "data-events" not in text and "links" not in found.ids and "happenings" not in found.ids
    assert "operators" not in found.ids
    assert "127.0.0.2:6667" in text and "14.8 %" in text and "channels</dt>" not in text


@pytest.mark.parametrize("field", ["name", "ip", "irc", "version", "ring_key", "http"])
def test_no_markup_of_others_gets_through(field: str) -> None:
    view = a_view(
        wrong=[NASTY], happenings=[{"id": f"1-{NASTY}", "at": 1e300 if field == "ip" else -5.0, "text": NASTY}]
    )
    view["nodes"][1][field] = NASTY
    view["network"] = NASTY
    located = views.locate(sight_of(network(2).nodes["n1"].core), "#" + NASTY)
    located["nodes"][0]["name"] = NASTY
    assert checked(page(make(view), located, "", NASTY)).tags.count("script") == 1
    assert checked(page(make(view), None, NASTY, NASTY)).tags.count("script") == 1


def test_what_is_wrong_stands_in_words_with_its_commands() -> None:
    assert "being asked" in parts(a_view(wrong=None))["wrong"]
    assert "<code>circlet forget n</code>" in parts(a_view(wrong=["say `circlet forget n`"]))["wrong"]
    assert "wrong" not in parts(a_view())


def test_dead_and_leaving_nodes_are_named() -> None:
    view = a_view()
    view["nodes"][0] |= {"alive": False, "mastered": {"channel": 1, "nick": 0, "account": 0}, "clients": 1}
    view["nodes"][0] |= {"received_per_s": None, "sent_per_s": 2.0, "up_s": 5.0}
    view["nodes"][1]["leaving"] = True
    found = parts(view)
    assert "Not alive: node-1.circlet.local." in found["health"]
    assert ">dead<" in found["nodes"] and ">stopping<" in found["nodes"]
    assert 'class="dot dead"' in found["circle"]


def test_the_pages_of_the_living_others_are_at_hand_for_a_page_that_loses_its_node() -> None:
    view = a_view(4)
    for node in view["nodes"][:3]:
        node["http"] = f"http://{node['ip']}:8080/"
    view["nodes"][2]["alive"] = False
    view["seen_by"] = view["nodes"][0]["name"]
    link = '<a href="http://127.0.0.2:8080/" rel="noreferrer">node-2.circlet.local</a>'
    assert parts(view)["elsewhere"] == f"Pages of other nodes: {link}."
    assert f'<p id="elsewhere" hidden>Pages of other nodes: {link}.</p>' in page(make(view), None, "", "")
    assert parts(a_view(1))["elsewhere"] == ""


def test_a_thousand_nodes_with_many_points_make_no_endless_drawing() -> None:
    keys = [f"10.0.{number // 250}.{number % 250}" for number in range(1000)]
    view = a_view(1000, arcs=[list(arc) for arc in arcs(Ring(keys, "circular", 16))])
    for node, key in zip(view["nodes"], keys, strict=True):
        node["ring_key"] = key
    view["links"] = [{"from": keys[0], "to": key, "up_s": 1.0, "round_trip_ms": 1.0} for key in keys[1:]]
    drawn = circle(view)
    assert len(drawn) < 600_000 and drawn.count('class="link"') == LINKS
    assert '<text class="label' not in drawn and len(view["nodes"]) > LABELLED
    assert len(joined(view["arcs"])) <= SPACE // FINEST + 1


def test_names_of_neighbours_do_not_cover_each_other() -> None:
    view = a_view(LABELLED)
    for index, node in enumerate(view["nodes"]):
        node["point"] = SPACE // 4 + index
    lines = [float(y) for y in re.findall(r'class="label" x="[\d.]+" y="([\d.]+)"', circle(view))]
    gaps = [after - before for before, after in pairwise(lines)]
    assert len(lines) == LABELLED and min(gaps) > 10 and lines[0] > 0 and lines[-1] < 400


def test_one_node_masters_the_whole_circle() -> None:
    drawn = circle(a_view(1))
    assert checked(drawn).tags.count("path") == 1 and "100.0 % of all names" in drawn
    assert len({f"hue-{index % HUES}" for index in range(20)}) == HUES


@pytest.mark.parametrize("distance", ["absolute", "circular"])
def test_the_sum_can_be_followed(distance: str) -> None:
    located = views.locate(sight_of(network(3).nodes["n1"].core), "#erlang")
    located["distance"] = distance
    text = located_part(located, "")
    checked(text)
    assert "J = md5(&#x27;#erlang&#x27;) mod 2^32 = <strong>1310262970</strong>" in text
    assert "K = md5(&#x27;127.0.0.3&#x27;) mod 2^32 = <strong>2119147761</strong>" in text
    assert formula(distance) in text
    if distance == "circular":
        assert f"min(808884791, {SPACE - 808884791})" in text
    else:
        assert "|2119147761 − 1310262970| = <strong>808884791</strong>" in text


def test_with_several_points_the_sum_says_which_point_counts() -> None:
    located = views.locate(sight_of(network(3).nodes["n1"].core), "#erlang")
    located["nodes"][0]["K_of"] = "127.0.0.3#5"
    assert "md5(&#x27;127.0.0.3#5&#x27;)" in located_part(located, "") and "several points" in located_part(located, "")


def test_where_nobody_lives_nobody_masters() -> None:
    located = views.locate(sight_of(network(1).nodes["n1"].core), "#c")
    assert "nobody masters" in located_part({**located, "nodes": []}, "")
    assert mark({**located, "nodes": []}) and located_part(None, "") == ""
    assert located_part(None, "a < b") == '<p class="bad">a &lt; b</p>'


def test_long_lists_are_cut() -> None:
    many = [{"id": f"1-{number}", "at": 0.0, "text": f"news {number}"} for number in range(SHOWN + 5)]
    text = page(make(a_view(happenings=many)), None, "", "")
    assert text.count("<time ") == SHOWN
    located = views.locate(sight_of(network(1).nodes["n1"].core), "#c")
    assert "And 8 nodes" in located_part({**located, "nodes": located["nodes"] * 20}, "")


def test_numbers_are_short() -> None:
    times = (None, 5.9, 299, 3 * 3600 + 600, 200_000)
    assert [duration(seconds) for seconds in times] == ["–", "5 s", "4 min", "3 h 10 min", "2 d 7 h"]
    assert [number(value) for value in (None, 0.0, 12.345, 1234.5)] == ["–", "0.0", "12.3", "1234"]
    assert checked(table("T", ["a", "b"], [["1", "2"]], (1,))).tags.count("td") == 1


def test_a_page_lists_a_bounded_number_of_links_and_says_how_many_more_there_are() -> None:
    one = {"from": "127.0.0.1", "to": "127.0.0.2", "up_s": 1.0, "round_trip_ms": None}
    assert "There are 77 more links." in parts(a_view(links=[one], more_links=77))["links"]
    assert "more links" not in parts(a_view(links=[one], more_links=0))["links"]
