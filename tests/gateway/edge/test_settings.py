"""The settings of an edge: which sessions stay, and which names nobody may have."""

from __future__ import annotations

import dataclasses

import pytest

from config.sessions import Sessions
from gateway.edge.settings import lasts
from gateway.irc.casemapping import Casemap
from tests.settings import edge_settings, edge_with

SETTINGS = edge_settings(reserved=frozenset(["root{"]), casemap=Casemap("rfc1459"))


@pytest.mark.parametrize(
    ("always_on", "no_choice", "chosen_on", "chosen_off"),
    [
        ("off", False, False, False),
        ("opt-in", False, True, False),
        ("opt-out", True, True, False),
        ("mandatory", True, True, True),
    ],
)
def test_whether_a_session_stays_without_connections(
    always_on: str, no_choice: bool, chosen_on: bool, chosen_off: bool
) -> None:
    settings = Sessions(always_on=always_on)  # type: ignore[arg-type]
    assert [lasts(settings, choice) for choice in (None, True, False)] == [no_choice, chosen_on, chosen_off]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("NickServ", "the name of a service"),
        ("chanserv", "the name of a service"),
        ("Guest00042", "for people that the network renames"),
        ("ROOT[", "The operators of this network have reserved"),
    ],
)
def test_reserved_names_are_refused_in_words(name: str, why: str) -> None:
    assert why in SETTINGS.reservation(name)


@pytest.mark.parametrize("name", ["ann", "guest", "Guest0042", "roots", "serv"])
def test_other_names_are_anybody_s(name: str) -> None:
    assert SETTINGS.reservation(name) == ""


def test_the_network_has_a_description_also_without_a_setting() -> None:
    assert SETTINGS.about == "Circlet"
    assert edge_with(SETTINGS, description="tea and talk").about == "tea and talk"


def test_settings_are_replaced_whole_and_never_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SETTINGS.total = 5  # type: ignore[misc]
