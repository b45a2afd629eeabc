"""SCRAM-SHA-256: the vector of RFC 7677, another library's client against this server, and everything malformed."""

from __future__ import annotations

import random
from base64 import b64encode

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scramp import ScramClient, ScramException
from scramp.utils import saslprep

from gateway.accounts.credentials import Credentials, Scram, made_up, scram_keys
from gateway.accounts.mechanisms import start
from gateway.accounts.scram import scram
from gateway.accounts.steps import Challenge, Done, Failed, Mechanism, NeedAccount, Step

FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SALT = bytes.fromhex("5b6d99689d12358eeca04b141236fa81")
PENCIL = Credentials("", scram_keys("pencil", SALT, 4096))
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
FINAL = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="


def exchange() -> Mechanism:
    return Mechanism(scram(NONCE))


def test_the_example_of_the_rfc() -> None:
    server = exchange()
    assert server.feed(FIRST) == NeedAccount("user")
    assert server.account("User", PENCIL) == Challenge(SERVER_FIRST)
    assert server.feed(FINAL) == Challenge(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    assert server.feed(b"") == Done("User", None)


def log_in(password: str, credentials: Credentials, shown: str | None, name: str = "joe", seed: int = 0) -> Step:
    """Run the whole exchange with the client of another library. A client without trust in the server raises an
    exception.
    """
    client = ScramClient(["SCRAM-SHA-256"], name, password)
    server = start("SCRAM-SHA-256", fingerprint=None, random_bytes=random.Random(seed).randbytes)
    assert server is not None
    step = server.feed(client.get_client_first().encode())
    assert isinstance(step, NeedAccount)
    step = server.account(shown, credentials)
    assert isinstance(step, Challenge)
    client.set_server_first(step.data.decode())
    step = server.feed(client.get_client_final().encode())
    if isinstance(step, Failed):
        with pytest.raises(ScramException):
            client.set_server_final(step.said.decode())
        return step
    assert isinstance(step, Challenge)
    client.set_server_final(step.data.decode())
    return server.feed(b"")


def can_be_said(password: str) -> bool:
    """Return whether the other library's client can prepare the password to anything."""
    try:
        return saslprep(password) != ""
    except ScramException:
        return False


passwords = st.text(min_size=1, max_size=20).filter(can_be_said)


@given(passwords, passwords, st.binary(min_size=16, max_size=16), st.integers(0, 2**32))
@settings(max_examples=60)
def test_the_right_password_always_gets_in_and_another_never(right: str, wrong: str, salt: bytes, seed: int) -> None:
    kept = Credentials("", scram_keys(right, salt, 4096))
    assert log_in(right, kept, "joe", "joe@desk", seed) == Done("joe", "desk")
    assume(saslprep(right) != saslprep(wrong))
    assert isinstance(log_in(wrong, kept, "joe", seed=seed), Failed)


def test_who_does_not_exist_goes_to_the_end_and_fails_alike() -> None:
    wrong = log_in("guess", PENCIL, "joe")
    unknown = log_in("guess", made_up("nobody", b"secret"), None)
    assert isinstance(wrong, Failed) and unknown == wrong


def test_what_is_made_up_is_never_proven_even_by_who_knows_the_keys() -> None:
    assert isinstance(log_in("pencil", PENCIL, None), Failed)


def test_an_account_without_keys_fails() -> None:
    server = exchange()
    server.feed(FIRST)
    assert isinstance(server.account("joe", Credentials("")), Failed)


def test_a_client_that_could_bind_the_channel_may_say_so() -> None:
    server = exchange()
    assert server.feed(b"y,,n=user,r=abc") == NeedAccount("user")


def test_names_are_unescaped_and_extensions_are_passed_over() -> None:
    assert exchange().feed(b"n,,n=a=2Cb=3Dc@x,r=abc,z=more") == NeedAccount("a,b=c")


def test_who_logs_in_may_name_itself_and_nobody_else() -> None:
    assert exchange().feed(b"n,a=User,n=user@desk,r=abc") == NeedAccount("user")
    step = exchange().feed(b"n,a=root,n=user,r=abc")
    assert isinstance(step, Failed) and "another account" in step.reason


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"p=tls-unique,,n=user,r=abc", b"channel-binding-not-supported"),
        (b"n,,m=x,n=user,r=abc", b"extensions-not-supported"),
        (b"n,,n=us=2Der,r=abc", b"invalid-username-encoding"),
        (b"n,a==,n=user,r=abc", b"invalid-username-encoding"),
        (b"n,,n=us\xff,r=abc", b"invalid-encoding"),
        (b"n,,n=user,r=", b"other-error"),
        (b"n,,n=user,r=a b", b"other-error"),
        (b"n,,r=abc,n=user", b"other-error"),
        (b"n,n=user,r=abc", b"other-error"),
        (b"x,,n=user,r=abc", b"other-error"),
        (b"n,,n=user", b"other-error"),
        (b"n,,n=user,r=abc,", b"other-error"),
        (b"", b"other-error"),
    ],
)
def test_a_first_message_out_of_form_is_refused(first: bytes, said: bytes) -> None:
    step = exchange().feed(first)
    assert isinstance(step, Failed) and step.said == b"e=" + said and step.reason


PROOF = FINAL.rpartition(b",p=")[2]
WITH_NONCE = FINAL.rpartition(b",p=")[0].partition(b",")[2]


@pytest.mark.parametrize(
    ("final", "said"),
    [
        (FINAL.replace(b"biws", b"eSws"), b"channel-bindings-dont-match"),
        (FINAL.replace(b"biws", b"biw"), b"invalid-encoding"),
        (FINAL.replace(b"rOpr", b"rOpq"), b"other-error"),
        (FINAL.replace(b"hNlF$k0,", b"hNlF$k,"), b"other-error"),
        (FINAL.replace(b"p=dHzb", b"p=dHza"), b"invalid-proof"),
        (FINAL.replace(PROOF, b"dHzb"), b"invalid-proof"),
        (FINAL.replace(PROOF, b"====" + PROOF), b"invalid-encoding"),
        (FINAL.replace(b",p=", b",z=1,p="), b"invalid-proof"),
        (FINAL + b",z=1", b"other-error"),
        (WITH_NONCE + b",p=" + PROOF, b"other-error"),
        (b"c=biws," + WITH_NONCE, b"other-error"),
        (b"\xff", b"invalid-encoding"),
        (b"", b"other-error"),
    ],
)
def test_a_final_message_out_of_form_is_refused(final: bytes, said: bytes) -> None:
    server = exchange()
    server.feed(FIRST)
    server.account("user", PENCIL)
    step = server.feed(final)
    assert isinstance(step, Failed) and step.said == b"e=" + said


def test_the_last_word_is_empty() -> None:
    server = exchange()
    server.feed(FIRST)
    server.account("user", PENCIL)
    server.feed(FINAL)
    assert isinstance(server.feed(b"more"), Failed)


def test_a_proof_serves_once() -> None:
    """Another exchange has another nonce."""
    server = Mechanism(scram("other"))
    server.feed(FIRST)
    server.account("user", PENCIL)
    assert isinstance(server.feed(FINAL), Failed)


parts = st.sampled_from([b"n,,", b"y,,", b"p=", b"a=", b"n=", b"r=", b"c=", b"p=", b"=2C", b"=", b",", b"biws", b"m="])


@given(st.lists(parts | st.binary(max_size=8)).map(b"".join), st.lists(parts | st.binary(max_size=8)).map(b"".join))
def test_no_bytes_raise(first: bytes, final: bytes) -> None:
    server = exchange()
    assert isinstance(server.feed(first), NeedAccount | Failed)
    server = exchange()
    server.feed(FIRST)
    server.account("user", PENCIL)
    assert isinstance(server.feed(final), Failed)


def test_the_keys_alone_do_not_get_anybody_in() -> None:
    """A thief of the stored key still lacks the client's key."""
    assert isinstance(PENCIL.scram, Scram)
    stolen = b64encode(PENCIL.scram.stored_key)
    server = exchange()
    server.feed(FIRST)
    server.account("user", PENCIL)
    assert isinstance(server.feed(FINAL.replace(PROOF, stolen)), Failed)
