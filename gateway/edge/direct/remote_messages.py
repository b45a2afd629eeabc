"""Messages between two nodes about private messages of guests, each a part of a stream (direct/remote.py)."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from gateway.state.nick.messages import Reached
from gateway.state.people import Person, Refusal

AS_KNOWN: Final = 0
"""The message was shown, and the holder is as the speaker's node knows."""

OUTCOME: Final = 1
"""The answer's outcome: Reached, if the message was shown, or a refusal by the holder."""

NOT_HERE: Final = 2
"""The message was not shown, as the holder is not certainly here: ask the nick's group."""

MISTAKE: Final = 3
"""A mistake of the program: the message was not shown."""


class Opening(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first part of a stream that carries private messages of guests."""

    SINCE: ClassVar = 2


class Sent(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """A message to the holder of a nick.

    name: the folded nick. uid, version: of the holder, as the speaker's node knows. msgid, at (Unix ms): given by the
    speaker's node. floor: the number of the first message of the stream without an answer. after: the msgid of an
    event of the nick's group up to which the holder has to be shown the group; "": none.
    """

    SINCE: ClassVar = 2

    name: str
    uid: str
    version: int
    sender: Person
    verb: str
    text: bytes
    tags: dict[str, str] | None
    msgid: str
    at: int
    floor: int
    after: str = ""


class Answer(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """The answer to a message; answers come in the order of the messages. what: AS_KNOWN, OUTCOME, NOT_HERE or
    MISTAKE."""

    SINCE: ClassVar = 2

    what: int
    outcome: Reached | Refusal | None = None


OPENING: Final = msgspec.msgpack.encode(Opening())
