"""UBAN: one command over all bans, and what the network knows of somebody."""

from __future__ import annotations

import pytest

from tests.gateway.commands.stage import settle
from tests.gateway.commands.test_bans import come, opered, told
from tests.gateway.commands.test_defence import notice


def test_a_target_finds_its_kind() -> None:
    _, root = opered()
    assert told(root, "UBAN ADD 1h 192.0.2.0/24 :one") == "DLINE 192.0.2.0/24 added, for 1h."
    assert told(root, "UBAN ADD *@*.example.org :two") == "KLINE *@*.example.org added, for good."
    assert told(root, "UBAN ADD 2d joe :three") == "KLINE ~account:joe added, for 2d."
    assert told(root, r"UBAN ADD XLINE *buy\sme* :four") == r"XLINE *buy\sme* added, for good."
    assert told(root, "UBAN ADD SHUN 10m tom :five") == "SHUN ~account:tom added, for 10m."
    assert told(root, "UBAN ADD KLINE 192.0.2.7 :six") == "KLINE *@192.0.2.7 added, for good."
    settle(root)
    rows = notice(root, "UBAN LIST")
    assert [row.split(",")[0] for row in rows[:-1]] == [
        "KLINE *@*.example.org", "KLINE *@192.0.2.7", "KLINE ~account:joe", "DLINE 192.0.2.0/24", r"XLINE *buy\sme*",
        "SHUN ~account:tom",
    ]  # fmt: skip
    assert rows[-1] == "6 bans." and rows[0].endswith("for good, by root(root): two")
    assert len(notice(root, "UBAN LIST KLINE")) == 4 and len(notice(root, "UBAN LIST *192.0.2.*")) == 3
    assert told(root, "UBAN DEL joe") == "KLINE ~account:joe lifted."
    assert told(root, "UBAN DEL DLINE 192.0.2.0/24") == "DLINE 192.0.2.0/24 lifted."
    assert told(root, "UBAN DEL 192.0.2.7") == "KLINE *@192.0.2.7 lifted."
    assert told(root, "UBAN DEL 192.0.2.7").startswith("There is no ban of 192.0.2.7.")


@pytest.mark.parametrize("line", ["UBAN x", "UBAN ADD", "UBAN DEL", "UBAN INFO", "UBAN ADD KLINE"])
def test_bad_input(line: str) -> None:
    _, root = opered(1)
    assert told(root, line).startswith("Say UBAN ADD ")


def test_info_asks_all_nodes_and_tells_whom_a_ban_would_hit() -> None:
    net, root = opered()
    bob, cat = come(net, "n2", "bob", "192.0.2.7"), come(net, "n3", "cat", "192.0.2.7")
    bob.ask("REGISTER * * :sesame")
    told(root, "SHUN cat!x@y")
    told(root, "SHUN *cat@192.0.2.7 :hush")
    settle(root, bob, cat)
    rows = notice(root, "UBAN INFO Bob")
    assert rows == [
        "bob!~bob@192.0.2.7, address 192.0.2.7, account bob, real name bob, on n2.sim",
        "DLINE 192.0.2.7 would hit 2 people: bob, cat",
        "KLINE ~account:bob would hit 1 people: bob",
        "End of UBAN INFO.",
    ]
    rows = notice(root, "UBAN INFO 192.0.2.0/24")
    assert sorted(rows)[1:4] == [
        "End of UBAN INFO.",
        "bob!~bob@192.0.2.7, address 192.0.2.7, account bob, real name bob, on n2.sim",
        "cat falls under SHUN *cat@192.0.2.7, for good, by root(root): hush",
    ]
    assert "DLINE 192.0.2.0/24 would hit 2 people: bob, cat" in rows
    rows = notice(root, "UBAN INFO ~account:bob")
    assert "KLINE ~account:bob would hit 1 people: bob" in rows
    assert notice(root, "UBAN INFO nobody") == ["KLINE ~account:nobody would hit 0 people", "End of UBAN INFO."]
