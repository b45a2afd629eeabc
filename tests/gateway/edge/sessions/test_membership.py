"""A user without a session, until the session's parts say otherwise."""

from __future__ import annotations

import pytest

from gateway.edge.sessions.membership import Membership
from ring.ids import GroupId


def test_a_newcomer_is_no_session_and_leaves_with_the_last_connection() -> None:
    one = Membership(7.5)
    assert (one.account, one.life, one.lasts, one.left_at) == ("", "", False, 0.0)
    assert one.looked_at == 7.5, "the account is looked at again only CHECK_S after the user has come"


def test_without_preferences_nobody_is_set_away_and_playback_is_left_to_the_client() -> None:
    one = Membership(0.0)
    assert one.absence is None and not one.auto_away and one.playback is None


def test_two_users_detach_channels_apart() -> None:
    first, second = Membership(0.0), Membership(0.0)
    first.detached = {GroupId("channel", "#c"): True}
    assert second.detached == {}


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(AttributeError):
        Membership(0.0).acount = "ann"  # type: ignore[attr-defined]
