"""The tags of a client's line: relayed to the recipients, or read by the server."""

from __future__ import annotations

import pytest

from gateway.irc.clienttags import label, relayed_tags


def test_only_well_named_client_tags_are_relayed() -> None:
    sent = {
        "+typing": "active",
        "+draft/reply": "x",
        "+ex.org/a": "",
        "time": "1",
        "label": "2",
        "+": "",
        "+a b": "",
        "": "",
    }
    assert relayed_tags(sent) == {"+typing": "active", "+draft/reply": "x", "+ex.org/a": ""}
    assert relayed_tags({"label": "1"}) is None
    assert relayed_tags(None) is None


@pytest.mark.parametrize(
    ("tags", "text"),
    [(None, None), ({}, None), ({"label": ""}, None), ({"label": "a"}, "a"), ({"label": "é" * 33}, None)],
)
def test_labels(tags: dict[str, str] | None, text: str | None) -> None:
    assert label(tags) == text


def test_bytes_outside_utf8_are_replaced_in_relayed_tags() -> None:
    assert relayed_tags({"+reply": "caf\udce9"}) == {"+reply": "caf\ufffd"}


def test_a_label_of_64_bytes_is_kept_and_a_longer_label_is_dropped() -> None:
    assert label({"label": "é" * 32}) == "é" * 32
    assert label({"label": "x" * 65}) is None
    assert label({"label": "\udce9" * 64}) == "\udce9" * 64
