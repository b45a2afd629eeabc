"""The proven account of a connection, and the state of an exchange at its beginning."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.edge.accounts.proof import Exchange, Login, Proof, Trial
from gateway.state.account.messages import LoginView


def test_a_new_client_has_proven_nothing() -> None:
    proof = Proof()
    assert (proof.login, proof.sasl, proof.verifying, proof.failures) == (None, None, False, 0)


def test_a_check_begins_and_ends_and_leaves_the_login_alone() -> None:
    proof = Proof()
    proof.take(Login("ann", "1"))
    proof.begin_check()
    assert proof.verifying and proof.login == Login("ann", "1")
    proof.end_check()
    assert not proof.verifying and proof.login == Login("ann", "1")


def test_the_login_of_another_node_replaces_the_login_here_even_with_none() -> None:
    proof = Proof()
    for login in (Login("ann", "1", "phone"), Login("Ann", "2"), None):
        proof.take(login)
        assert proof.login == login


def test_two_registrations_of_a_name_are_two_logins_and_no_device_is_the_default() -> None:
    assert Login("ann", "1") != Login("ann", "2") and Login("ann", "1").device == ""


def test_exchanges_share_no_chunks_and_wait_for_the_client_first() -> None:
    mechanism: Any = object()
    one, other = Exchange(mechanism), Exchange(mechanism)
    one.chunks.append("QQ==")
    assert other.chunks == [] and not other.waits and other.trial is None and other.view == LoginView()


def test_a_trial_without_its_steps_is_no_trial() -> None:
    class Half(Trial):
        def undo(self) -> None: ...

    with pytest.raises(TypeError, match="begin"):
        Half()  # type: ignore[abstract]
