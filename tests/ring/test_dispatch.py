"""Every message has a handler, of the part that the message is about."""

from __future__ import annotations

from typing import get_args

from ring.wire.messages import Message
from tests.ring.toy import ToyNet


def test_every_message_has_a_handler_and_nothing_else_has() -> None:
    handlers = ToyNet(1).engines["127.0.0.1"]._handlers
    assert set(handlers) == set(get_args(Message))
    assert all(callable(handle) for handle in handlers.values())


def test_two_messages_share_no_handler() -> None:
    """A handler reads the fields of its message."""
    handlers = ToyNet(1).engines["127.0.0.1"]._handlers
    assert len({(id(getattr(one, "__self__", None)), one.__name__) for one in handlers.values()}) == len(handlers)
