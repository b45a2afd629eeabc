"""Laws of the messages of a kind: read back as written, and read from builds with fewer or more known fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, get_args

import msgspec
import pytest

from tests.gateway.state.cast import packed


def types_of(union: Any) -> set[Any]:
    return set(get_args(union) or (union,))


def read_back(union: Any, samples: Sequence[Any]) -> None:
    """Each sample reads back unchanged, and each struct of the union has a sample and a tag of its own."""
    decode = msgspec.msgpack.Decoder(union).decode
    for sample in samples:
        assert decode(packed(sample)) == sample
    assert {type(sample) for sample in samples} == types_of(union)
    tags = [one.__struct_config__.tag for one in types_of(union)]
    assert len(tags) == len({*tags})


def read_of_other_builds(union: Any, samples: Sequence[Any]) -> None:
    """An older build leaves out the last fields, and a newer build appends fields: both are read."""
    decode = msgspec.msgpack.Decoder(union).decode
    for sample in samples:
        values = msgspec.msgpack.decode(packed(sample))
        assert decode(packed([*values, {"a field of a later build": 1}])) == sample
        fields = msgspec.structs.fields(sample)
        required = sum(field.required for field in fields)
        short = decode(packed(values[: 1 + required]))
        for field in fields[required:]:
            default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()  # type: ignore[operator]
            assert getattr(short, field.name) == default, (sample, field.name)


def refused_if_cut_or_mistyped(union: Any, samples: Sequence[Any]) -> None:
    """A message without a required field, or with a value of a wrong type, is refused."""
    decode = msgspec.msgpack.Decoder(union).decode
    for sample in samples:
        values = msgspec.msgpack.decode(packed(sample))
        required = sum(field.required for field in msgspec.structs.fields(sample))
        bad: list[Any] = [[99, *values[1:]], {"tag": values[0]}]
        if required:
            bad += [values[:required], [values[0], {7: 7.5}, *values[2:]]]
        for one in bad:
            with pytest.raises(msgspec.MsgspecError):
                decode(packed(one))


class Messages:
    """The laws as tests: a kind's test file has a subclass.

    unions: each union of messages with its samples. outcome: the type of the answers to commands. outcomes: samples of
    answers; none for a kind without answers.
    """

    unions: ClassVar[list[tuple[Any, list[Any]]]]
    outcome: ClassVar[Any] = None
    outcomes: ClassVar[list[Any]] = []

    def test_messages_read_back(self) -> None:
        for union, samples in self.unions:
            read_back(union, samples)

    def test_messages_of_builds_with_fewer_or_more_fields_are_read(self) -> None:
        for union, samples in self.unions:
            read_of_other_builds(union, samples)

    def test_messages_that_are_cut_or_mistyped_are_refused(self) -> None:
        for union, samples in self.unions:
            refused_if_cut_or_mistyped(union, samples)

    def test_outcomes_read_back(self) -> None:
        decode = msgspec.msgpack.Decoder(self.outcome).decode
        assert [decode(packed(outcome)) for outcome in self.outcomes] == self.outcomes
