"""Messages of programs: incoming webhooks in channels, and operators' notices. No I/O.

A webhook's source is `NAME/hook!TOKEN@SERVER`. No nick has a "/", so nobody takes a person for a webhook, or a webhook
for a person. The form comes from IRCv3's relaymsg, so clients know the form. TOKEN is always the token's name, for any
NAME, so a channel's operators can ban the webhooks of a token (`*!builds@*`), or all webhooks (`*/hook!*@*`).
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final, NamedTuple

from gateway.admin.channels import channel_group
from gateway.admin.lists import LEVEL
from gateway.admin.procedures import Problem, Procedure, Why, need_level
from gateway.admin.sessions import service_source
from gateway.commands.operators import NETWORK
from gateway.edge.ports import EdgePort
from gateway.edge.procedures import Submit
from gateway.irc import numerics as n
from gateway.irc.format import truncate_text
from gateway.irc.limits import BODY_BYTES
from gateway.irc.names import SERVICES, is_channel, is_service, is_valid_nick
from gateway.state.channel.keys import check_of
from gateway.state.channel.machine_messages import Speak, Spoken, key_from_text, key_of_serial
from gateway.state.idempotency import IdempotencyKey
from gateway.state.network.messages import Announce
from gateway.state.nick.messages import Tell
from gateway.state.people import Person, Refusal
from ring.ids import GroupId

LINES: Final = 5
"""The number of IRC lines in a message at most."""

EVERYBODY: Final = "*"
SPEAKER: Final = "Global"
"""The service in whose name operators speak by default."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,19}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\U0010ff80-\U0010ffff]")
"""Control characters, and the characters in place of bytes outside UTF-8 (gateway/irc/message.py)."""

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Words(NamedTuple):
    """A message to send. verb: PRIVMSG or NOTICE. text: lines are separated by LF."""

    verb: str
    text: str


def speak(edge: EdgePort, token: str, name: str, channel: str, words: Words, key: str) -> Procedure[int]:
    """Let a webhook speak; return the message's time in Unix ms.

    token: the token's name. name: the webhook's name in the channel. key: the idempotency key, "" for none: a message
    with a known key is not said again, on any node.
    """
    need_level(edge, LEVEL)
    if not _NAME.fullmatch(name) or is_service(name):
        raise Problem("invalid", f"{name[:40]!r} is no name to speak by: give up to 20 letters, digits and _ . -")
    if key and not _KEY.fullmatch(key):
        raise Problem("invalid", "the Idempotency-Key is wrong: give 1 to 200 visible ASCII characters without spaces")
    group = channel_group(edge, channel)
    source = f"{name}/hook!{token}@{edge.settings.network.server_name}"
    at = 0
    for number, line in enumerate(lines_of(words, source, channel)):
        text = line.encode()
        idempotency_key = key_from_text(_digest(token, group.name, key, number)) if key else _own(edge)
        spoken = yield from _submit(
            group, Speak(f"/{token}", source, words.verb, text, idempotency_key=idempotency_key)
        )
        if spoken.check != check_of(words.verb, text):
            raise Problem("reused", "the Idempotency-Key was used for another message: give each message its own")
        at = at or spoken.at
    return at


def notice(edge: EdgePort, speaker: str, to: str, text: str) -> Procedure[str]:
    """Send an operator's notice in a service's name to EVERYBODY, a channel or a nick; return the recipients."""
    need_level(edge, LEVEL)
    if not is_service(speaker):
        names = ", ".join(sorted(SERVICES))
        raise Problem("invalid", f"{speaker[:40]!r} is no service's name: notices come from one of {names}")
    source, words = service_source(edge, speaker), Words("NOTICE", text)
    if to == EVERYBODY:
        for line in lines_of(words, source, to):
            yield Submit(NETWORK, Announce(source, "all", line))
        return "everybody"
    if is_channel(to):
        group = channel_group(edge, to)
        for line in lines_of(words, source, to):
            yield from _submit(group, Speak(f"/{speaker}", source, "NOTICE", line.encode(), False, True, _own(edge)))
        return to
    return (yield from _tell(edge, speaker, to, words))


def _tell(edge: EdgePort, speaker: str, nick: str, words: Words) -> Procedure[str]:
    if not is_valid_nick(nick, edge.settings.limits.nick_len):
        raise Problem("invalid", f"{nick[:64]!r} is neither {EVERYBODY}, for everybody, nor a channel, nor a nick")
    source = service_source(edge, speaker)
    user, _, host = source.partition("!")[2].partition("@")
    person = Person("", 0, speaker, user, host, speaker, "", 0)
    for line in lines_of(words, source, nick):
        outcome = yield Submit(edge.nick(nick), Tell(person, "NOTICE", line.encode(), None, nick, True))
        if isinstance(outcome, Refusal):
            raise Problem(
                "unknown" if outcome.numeric == n.ERR_NOSUCHNICK else "refused", f"{nick}: {outcome.params[-1]}"
            )
    return nick


def _submit(group: GroupId, command: Speak) -> Procedure[Spoken]:
    outcome = yield Submit(group, command)
    if isinstance(outcome, Refusal):
        why: Why = "unknown" if outcome.numeric == n.ERR_NOSUCHCHANNEL else "refused"
        raise Problem(why, f"{outcome.params[0]}: {outcome.params[-1]}")
    assert isinstance(outcome, Spoken)
    return outcome


def _own(edge: EdgePort) -> IdempotencyKey:
    return key_of_serial(edge.network.me, edge.next_serial())


def _digest(token: str, channel: str, key: str, line: int) -> str:
    return blake2b("\n".join((token, channel, key, str(line))).encode(), digest_size=16).hexdigest()


def lines_of(words: Words, source: str, target: str) -> list[str]:
    """Split the text into lines of IRC; long lines are split at spaces. Raises Problem.

    target: a valid name, so a line has room for text beside the name.
    """
    limit = BODY_BYTES - len(f":{source} {words.verb} {target} :".encode())
    lines: list[str] = []
    for line in words.text.replace("\r\n", "\n").rstrip("\n").split("\n"):
        if _CONTROL.search(line):
            raise Problem("invalid", "the text has control characters: give plain text, in which only a line may end")
        lines += _parted(line, limit)
    if not lines:
        raise Problem("invalid", "the text is empty: say something")
    if len(lines) > LINES:
        text = f"the text is too long: it would be {len(lines)} lines of IRC; give {LINES} of {limit} bytes at most"
        raise Problem("invalid", text)
    return lines


def _parted(line: str, limit: int) -> list[str]:
    """Split a line into parts of at most `limit` bytes, at the last space if the latter half has a space."""
    parts: list[str] = []
    while len(line.encode()) > limit:
        part = truncate_text(line, limit)
        space = part.rfind(" ")
        end = space if space > len(part) // 2 else len(part)
        parts.append(part[:end])
        line = line[end:].lstrip(" ")
    return [*parts, line] if line.strip() else parts
