"""The account's state machine: one name, one owner; the account's holdings; the account after a partition."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from gateway.state.account.account import SEEN_MS, STALE_MS, TOMBSTONE_MS, restore
from gateway.state.account.messages import (
    Accepted,
    AddCertificate,
    AddNick,
    Alias,
    Denied,
    Drop,
    LoggedIn,
    LoginView,
    Register,
    RemoveCertificate,
    RemoveNick,
    SetCredentials,
    SetSettings,
    Unalias,
)
from gateway.state.account.snapshot import CERTIFICATES, NICKS, Settings
from tests.gateway.state.account.stage import JOE, OTHER, SECRET, STORIES, Stage, played
from tests.gateway.state.cast import packed

PRINT = "ab" * 32


def test_a_name_is_registered_once() -> None:
    stage = Stage()
    assert stage.login == LoginView()
    assert stage.do(JOE) == Accepted("Joe")
    assert stage.do(JOE) == Accepted("Joe")  # a requester without an answer asks again
    assert stage.do(Register("2", "joe", OTHER)) == Denied("taken")
    assert stage.do(Alias("3", "joe", "ann")) == Denied("taken")
    assert stage.login == LoginView("Joe", "1", "", SECRET)
    assert stage.info.created == 1_001


@pytest.mark.parametrize(
    "command",
    [
        SetCredentials("2", OTHER),
        AddCertificate("2", PRINT),
        RemoveCertificate("2", PRINT),
        AddNick("2", "joe2"),
        RemoveNick("2", "joe2"),
        SetSettings("2", {"always_on": True}),
        LoggedIn("2"),
        Drop("2"),
    ],
)
def test_nothing_is_done_for_who_is_not_logged_in_to_this_very_account(command: Any) -> None:
    for stage in (Stage(), Stage(JOE), Stage(JOE, Drop("1")), Stage(Alias("2", "Joe", "ann"))):
        before = stage.account.snapshot()
        assert stage.do(command) == Denied("unknown")
        assert stage.account.snapshot() == before


def test_what_an_account_has() -> None:
    stage = Stage(JOE)
    assert stage.do(SetCredentials("1", OTHER)) == Accepted("Joe")
    for _ in range(2):  # each step may be said twice
        assert stage.do(AddCertificate("1", PRINT)) == Accepted("Joe")
        assert stage.do(AddNick("1", "joe2")) == Accepted("Joe")
        assert stage.do(SetSettings("", {"always_on": True, "away_text": "later"})) == Accepted("Joe")
    assert stage.login == LoginView("Joe", "1", "", OTHER, (PRINT,), ("joe2",))
    assert stage.info.settings == Settings(always_on=True, away_text="later")
    for _ in range(2):
        assert stage.do(RemoveCertificate("1", PRINT)) == Accepted("Joe")
        assert stage.do(RemoveNick("1", "joe2")) == Accepted("Joe")
        assert stage.do(SetSettings("1", {"away_text": None})) == Accepted("Joe")
    assert stage.login == LoginView("Joe", "1", "", OTHER)
    assert stage.info.settings == Settings(always_on=True)


def test_it_may_have_so_many() -> None:
    stage = Stage(JOE)
    for number in range(CERTIFICATES):
        assert stage.do(AddCertificate("1", f"{number:064}")) == Accepted("Joe")
    assert stage.do(AddCertificate("1", PRINT)) == Denied("full")
    for number in range(NICKS):
        assert stage.do(AddNick("1", f"joe{number}")) == Accepted("Joe")
    assert stage.do(AddNick("1", "joker")) == Denied("full")
    assert stage.do(AddNick("1", "joe0")) == Accepted("Joe")


@pytest.mark.parametrize(
    "changes", [{"colour": "red"}, {"always_on": "yes"}, {"away_text": 5}, {"away_text": "x" * 401}, {"always_on": 1}]
)
def test_settings_that_are_none(changes: dict[str, Any]) -> None:
    stage = Stage(JOE)
    assert stage.do(SetSettings("1", changes)) == Denied("invalid")
    assert stage.info.settings == Settings()


def test_a_login_is_remembered_to_the_hour() -> None:
    stage = Stage(JOE)
    first = stage.info.seen
    stage.do(LoggedIn("1"), 1000)
    assert stage.info.seen == first
    stage.do(LoggedIn("1"), SEEN_MS)
    assert stage.info.seen == stage.at


def test_a_dropped_name_may_be_registered_anew() -> None:
    stage = Stage(JOE, AddNick("1", "joe2"))
    assert stage.do(Drop("1")) == Accepted("Joe")
    assert stage.login == LoginView()
    assert not stage.account.is_collectable(stage.at)
    assert stage.account.is_collectable(stage.at + TOMBSTONE_MS + 1)
    assert stage.do(Drop("1")) == Denied("unknown")
    assert stage.do(Register("2", "JOE", OTHER)) == Accepted("JOE")
    assert stage.login == LoginView("JOE", "2", "", OTHER)
    assert stage.do(Drop("1")) == Denied("unknown")


def test_an_alias_that_is_on_no_list_may_be_taken_after_a_while() -> None:
    """The claiming node may have died between the two steps."""
    stage = Stage(Alias("1", "Joe2", "joe"), name="joe2")
    assert stage.login == LoginView("Joe2", "1", "joe")
    assert stage.do(Alias("2", "Joe2", "joe")) == Accepted("Joe2")
    assert stage.login.life == "1"
    assert stage.do(Alias("3", "Joe2", "ann", "1")) == Denied("taken")
    assert stage.do(Alias("3", "Joe2", "ann", "0"), STALE_MS) == Denied("taken")
    assert stage.do(Alias("3", "Joe2", "ann", "1")) == Accepted("Joe2")
    assert stage.login == LoginView("Joe2", "3", "ann")
    assert stage.do(Unalias("joe")) is None
    assert stage.login.alias == "ann"
    assert stage.do(Register("4", "joe2", OTHER, "3"), STALE_MS + 1) == Accepted("joe2")
    assert stage.login.credentials == OTHER
    assert stage.do(Register("5", "joe2", SECRET, "4"), STALE_MS + 1) == Denied("taken")  # no alias


def test_an_alias_leaves_nothing_behind() -> None:
    stage = Stage(Alias("1", "Joe2", "joe"), Unalias("joe"))
    assert stage.login == LoginView()
    assert stage.account.is_collectable(stage.at + TOMBSTONE_MS)


def test_of_two_registrations_the_older_stays() -> None:
    here, there = Stage(), Stage()
    there.do(Register("2", "JOE", OTHER), 10)
    here.do(JOE, 20)
    here.meet(there)
    assert here.login == LoginView("JOE", "2", "", OTHER)
    assert here.do(SetCredentials("1", SECRET)) == Denied("unknown")


def test_a_drop_beats_what_is_older_and_nothing_younger() -> None:
    here, there = Stage(JOE), Stage(JOE)
    here.do(Drop("1"), 50)
    there.do(SetCredentials("1", OTHER), 10)
    there.meet(here)
    assert there.login == LoginView()
    anew = Stage(JOE, Drop("1"))
    anew.do(Register("2", "joe", OTHER), 100)
    here.meet(anew)
    assert here.login.life == "2"


def test_the_newest_decision_stays_field_by_field() -> None:
    here, there = (Stage(JOE, AddCertificate("1", PRINT), SetSettings("1", {"always_on": True})) for _ in range(2))
    here.do(SetCredentials("1", OTHER), 5)
    there.do(SetSettings("1", {"always_on": None, "auto_away": True}), 10)
    there.do(RemoveCertificate("1", PRINT))
    there.do(AddNick("1", "joe2"))
    here.meet(there)
    assert here.login == LoginView("Joe", "1", "", OTHER, (), ("joe2",))
    assert here.info.settings == Settings(auto_away=True)


@given(STORIES, STORIES)
def test_the_event_of_a_merge_makes_the_state(first: Any, second: Any) -> None:
    here, there = played(Stage(), first), played(Stage(), second)
    here.meet(there)
    there.meet(here)
    assert here.account.merge(there.account, here.at) is None
    assert here.account.snapshot() == there.account.snapshot()


@given(STORIES)
def test_a_copy_is_the_same(story: Any) -> None:
    account = played(Stage(), story).account
    copy = restore("joe", packed(account.snapshot()))
    assert copy.snapshot() == account.snapshot()
    assert copy.view() == account.view()
    assert not copy.subscribers
    assert not copy.maintenance(10**15, lambda edge: True)
