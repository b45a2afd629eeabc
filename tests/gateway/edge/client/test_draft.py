"""The words of a client before registration."""

from __future__ import annotations

from gateway.edge.client.draft import Draft


def test_a_negotiation_has_the_highest_version_that_was_named() -> None:
    draft = Draft()
    for version in (302, 0, 301):
        draft.negotiate(version, registers_later=False)
    assert draft.cap_version == 302 and not draft.cap_open


def test_the_registration_waits_for_the_end_of_a_negotiation_begun_before() -> None:
    draft = Draft()
    draft.negotiate(302, registers_later=True)
    draft.negotiate(registers_later=False)
    assert draft.cap_open
    draft.end_negotiation()
    assert not draft.cap_open


def test_the_words_are_kept() -> None:
    draft = Draft()
    draft.name("ann")
    draft.introduce("~ann", "Ann", "ann@phone")
    draft.give_password("sesame")
    assert (draft.nick, draft.username, draft.real, draft.claimed, draft.password) == (
        "ann", "~ann", "Ann", "ann@phone", "sesame",
    )  # fmt: skip
