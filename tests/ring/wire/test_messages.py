"""The list of messages names every message of the files by theme."""

from __future__ import annotations

import importlib
import pkgutil
from typing import get_args

import msgspec
import pytest

import ring.wire
from ring.wire.codec import decode, encode
from ring.wire.messages import Message
from tests.levels.make import sample

MESSAGES = get_args(Message)


def tagged() -> set[type[msgspec.Struct]]:
    """The structs of `ring.wire` with a tag."""
    modules = [importlib.import_module(f"ring.wire.{one.name}") for one in pkgutil.iter_modules(ring.wire.__path__)]
    values = [value for module in modules for value in vars(module).values()]
    structs = [one for one in values if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    return {one for one in structs if one.__struct_config__.tag is not None}


def test_a_struct_with_a_tag_is_a_message() -> None:
    assert tagged() == set(MESSAGES)


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_a_message_is_read_as_it_was_written(kind: type[msgspec.Struct]) -> None:
    message = sample(msgspec.inspect.type_info(kind))
    (read,) = decode(encode([message]))
    assert type(read) is kind
    assert encode([read]) == encode([message])
