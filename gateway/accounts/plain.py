"""PLAIN: the client sends account and password as plain text. Source: RFC 4616."""

from __future__ import annotations

from gateway.accounts.credentials import Credentials, flaw
from gateway.accounts.steps import (
    WRONG,
    Challenge,
    Done,
    Exchange,
    NeedAccount,
    NeedCheck,
    Refused,
    check_itself,
    split_name,
)


def plain() -> Exchange:
    data: bytes = yield Challenge(b"")
    try:
        authzid, authcid, password = data.decode().split("\0")
    except ValueError:
        raise Refused("Not the form of PLAIN: [account] NUL account[@device] NUL password, in UTF-8") from None
    check_itself(authzid, authcid)
    name, device = split_name(authcid)
    problem = flaw(password)
    if problem is not None:
        raise Refused(problem)
    answer: tuple[str | None, Credentials | None] = yield NeedAccount(name)
    shown, credentials = answer
    if credentials is None:
        raise Refused(WRONG)
    fits: bool = yield NeedCheck(credentials, password)
    if not fits or shown is None:
        raise Refused(WRONG)
    return Done(shown, device)
