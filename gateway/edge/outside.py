"""What the edge asks of the outside: slow work, chance, secrets, and the process. The shell sets the callables."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING

from gateway.accounts.credentials import Credentials
from gateway.accounts.scram import Proves, is_proof
from gateway.edge.rpc.operator_asks import WebhookRow
from gateway.edge.settings import Rehashed
from gateway.irc.cloaks import cloaked

if TYPE_CHECKING:
    from gateway.edge.client.answer_port import AnswerPort


class Outside:
    """The callables of a node without a shell: no password can be checked.

    check_password, fits, fits_first, make_credentials: slow, so carried out outside the event loop; done(None): no
    result can be had now. fits_first: before strangers. webhooks: delivered by this node, by id. proves: judges a proof
    of SCRAM. keyed: 8 bytes that only the network's nodes can make of the data. cloaked: the cloak of an address
    (gateway/irc/cloaks.py). look: as in gateway.look.
    """

    __slots__ = (
        "check_password", "cloaked", "die", "fits", "fits_first", "keyed", "look", "make_credentials", "proves",
        "random_bytes", "rehash", "webhooks",
    )  # fmt: skip

    def __init__(self, edge: AnswerPort) -> None:
        self.check_password: Callable[[str, str, Callable[[bool | None], None]], None] = lambda _h, _p, done: done(None)
        self.fits: Callable[[Credentials, str, Callable[[bool | None], None]], None] = lambda _c, _p, done: done(None)
        self.fits_first: Callable[[Credentials, str, Callable[[bool | None], None]], None] = (
            lambda credentials, password, done: self.fits(credentials, password, done)
        )
        self.make_credentials: Callable[[str, Callable[[Credentials | None], None]], None] = lambda _p, done: done(None)
        self.webhooks: Callable[[], dict[str, WebhookRow]] = dict
        self.random_bytes: Callable[[int], bytes] = lambda count: edge.network.rng.randbytes(count)
        self.proves: Proves = is_proof
        self.keyed: Callable[[bytes], bytes] = lambda data: _keyed(edge.settings.secret, data)
        self.cloaked: Callable[[str], str] = lambda text: cloaked(edge.settings.cloak_key, text)
        self.rehash: Callable[[], Rehashed] = Rehashed
        self.die: Callable[[], None] = lambda: None
        self.look: Callable[[int, int], bytes] = lambda _incarnation, _after: b""


def _keyed(secret: bytes, data: bytes) -> bytes:
    return blake2b(data, digest_size=8, key=secret[: blake2b.MAX_KEY_SIZE]).digest()
