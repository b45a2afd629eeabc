"""METADATA: keys with values of people and channels. Source: IRCv3 metadata (draft/metadata-3).

A person's keys are part of the person's profile (P28), and an account keeps the keys for later sessions. A channel's
keys are part of the channel's state. The keys that a client follows belong to the client's connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from gateway.commands.table import command
from gateway.edge.client.call import TOO_OLD, Call
from gateway.edge.client.lines import Line
from gateway.edge.users import metadata
from gateway.edge.users.metadata import CAPABILITY, line
from gateway.edge.users.names import roll
from gateway.edge.users.profile import change_profile
from gateway.irc import numerics as n
from gateway.irc.message import encode, is_utf8
from gateway.irc.names import is_channel, is_valid_channel
from gateway.state.account import messages as account_messages
from gateway.state.account.messages import Accepted, Denied
from gateway.state.channel.channel import Channel
from gateway.state.channel.metadata_messages import MetadataDone, SetMetadata
from gateway.state.channel.questions import ChannelView, Look
from gateway.state.metadata import folded_key
from gateway.state.nick.messages import NickView, Who
from gateway.state.people import Refusal
from ring.ids import GroupId
from ring.replication.application import FAILED

SINCE = 3
"""The feature level that profiles have metadata from."""

NOT_YOURS = "You may not change the metadata of this target"
FULL = "There are as many keys as may be"
NO_TARGET = "There is no such target, or you may not see it"


@command("METADATA", anytime=True)
def metadata_command(call: Call) -> None:
    if CAPABILITY not in call.connection.caps:
        if call.connection.user is None:
            call.reply(n.ERR_NOTREGISTERED, n.TEXT[n.ERR_NOTREGISTERED])
        else:
            call.reply(n.ERR_UNKNOWNCOMMAND, "METADATA", n.TEXT[n.ERR_UNKNOWNCOMMAND])
        return
    if len(call.params) < 2:
        call.fail("NEED_MORE_PARAMS", "Write METADATA target subcommand")
        return
    target, sub, words = call.params[0], call.params[1].upper(), call.params[2:]
    act = _SUBCOMMANDS.get(sub)
    if act is None:
        call.fail("SUBCOMMAND_INVALID", call.params[1][:32], f"Choose from {', '.join(_SUBCOMMANDS)}")
    elif sub in ("GET", "SET", "SUB", "UNSUB") and not words:
        call.fail("NEED_MORE_PARAMS", f"Write METADATA target {sub} key")
    else:
        act(call, target, words)


# Keys that the client follows -----------------------------------------------------------------------------------------


def _subscribe(call: Call, target: str, words: list[str]) -> None:
    """Follow keys, in the order of the caller's preference."""
    connection, most = call.connection, call.edge.settings.metadata.subs_max
    taken: list[str] = []
    for word in words:
        key = folded_key(word)
        if key is None:
            call.fail("KEY_INVALID", word[:64], "This is no key")
        elif key not in connection.draft.keys and len(connection.draft.keys) >= most:
            call.fail("TOO_MANY_SUBS", word, f"A client may follow {most} keys")
            break
        else:
            connection.draft.follow(key)
            taken += [key] if key not in taken else []
    _acknowledge(call, n.RPL_METADATASUBOK, taken)
    user = connection.user
    if user is not None and taken:
        server = call.edge.settings.network.server_name
        for group in user.seats.rooms:
            channel = call.edge.network.state(group)
            if isinstance(channel, Channel):
                call.send(Line(server, n.RPL_METADATASYNCLATER, (call.nick, channel.name)))
        call.edge.sessions.moved(user, call)


def _unsubscribe(call: Call, target: str, words: list[str]) -> None:
    gone: list[str] = []
    for word in words:
        key = folded_key(word)
        if key is None:
            call.fail("KEY_INVALID", word[:64], "This is no key")
        else:
            call.connection.draft.unfollow(key)
            gone.append(key)
    _acknowledge(call, n.RPL_METADATAUNSUBOK, gone)


def _subscriptions(call: Call, target: str, words: list[str]) -> None:
    _acknowledge(call, n.RPL_METADATASUBS, list(call.connection.draft.keys))


def _acknowledge(call: Call, numeric: str, keys: list[str]) -> None:
    for start in range(0, len(keys), 10):
        call.reply(numeric, *keys[start : start + 10])


# Reading --------------------------------------------------------------------------------------------------------------

Found = Callable[[str, Mapping[str, str]], None]
"""Called with the target's name and the target's keys and values."""


def _find(call: Call, target: str, found: Found) -> None:
    """Find the keys of a target, and call found; or say that there is no such target."""
    edge, user = call.edge, call.connection.user
    if user is None:
        if target == "*":
            found("*", call.connection.draft.metadata)
        else:
            call.fail("INVALID_TARGET", target[:64], "Before registration you have your own keys alone: METADATA * ...")
    elif target == "*" or edge.settings.casemap(target) == edge.settings.casemap(user.person.nick):
        call.after([user.identity.home], lambda: found(user.person.nick, dict(user.identity.pending.metadata)))
    elif is_channel(target):
        _find_channel(call, target, found)
    else:
        _find_person(call, target, found)


def _find_person(call: Call, nick: str, found: Found) -> None:
    home = call.edge.find_nick(nick)

    def known(view: NickView | None) -> None:
        if view is None or view.holder is None:
            call.fail("INVALID_TARGET", nick[:64], NO_TARGET)
        else:
            found(view.holder.nick, dict(view.holder.metadata))

    if home is None:
        known(None)
    else:
        call.ask(home, Who(), known)


def _find_channel(call: Call, name: str, found: Found) -> None:
    def known(view: ChannelView | None) -> None:
        if view is None:
            call.fail("INVALID_TARGET", name[:64], NO_TARGET)
        else:
            found(view.name, view.metadata)

    if not is_valid_channel(name, call.edge.settings.limits.channel_len):
        known(None)
        return
    group, user = call.edge.channel(name), call.user
    call.after([group], lambda: call.ask(group, Look(user.uid, "metadata", user.identity.may("see")), known))


def _get(call: Call, target: str, words: list[str]) -> None:
    def show(name: str, table: Mapping[str, str]) -> None:
        server, lines = call.edge.settings.network.server_name, []
        for word in words:
            key = folded_key(word)
            if key is None:
                call.edge.traffic.refused["KEY_INVALID"] += 1
                lines.append(Line(server, "FAIL", ("METADATA", "KEY_INVALID", word[:64], "This is no key")))
            else:
                lines.append(line(call.edge, call.nick, name, key, table.get(key)))
        call.send_batch("metadata", (name,), lines)

    _find(call, target, show)


def _list(call: Call, target: str, words: list[str]) -> None:
    def show(name: str, table: Mapping[str, str]) -> None:
        lines = [line(call.edge, call.nick, name, key, value) for key, value in table.items()]
        call.send_batch("metadata", (name,), lines)

    _find(call, target, show)


def _sync(call: Call, target: str, words: list[str]) -> None:
    """Show the followed keys of a person, or of a channel and the channel's members."""
    keys = call.connection.draft.keys

    def show(name: str, table: Mapping[str, str]) -> None:
        lines = [line(call.edge, call.nick, name, key, value) for key, value in table.items() if key in keys]
        call.send_batch("metadata", (name,), lines)

    group = call.edge.channel(target) if is_channel(target) and call.connection.user is not None else None
    channel = call.edge.network.state(group) if group is not None and group in call.user.seats.rooms else None
    if isinstance(channel, Channel):
        found = roll(channel, call.user.uid)
        lines = metadata.followed(call.edge, call.connection, call.nick, found)
        call.prepay(len(lines))
        call.send_batch("metadata", (found.name,), lines)
    else:
        _find(call, target, show)


# Writing --------------------------------------------------------------------------------------------------------------


def _set(call: Call, target: str, words: list[str]) -> None:
    key, value, most = folded_key(words[0]), words[1] if len(words) > 1 else None, call.edge.settings.metadata.value_max
    if key is None:
        call.fail("KEY_INVALID", words[0][:64], "This is no key")
    elif value is not None and not is_utf8(value):
        call.fail("INVALID_VALUE", key, "A value is UTF-8")
    elif value is not None and len(encode(value)) > most:
        call.fail("INVALID_VALUE", key, f"A value has at most {most} bytes")
    else:
        _change(call, target, key, value)


def _clear(call: Call, target: str, words: list[str]) -> None:
    _change(call, target, "", None)


def _change(call: Call, target: str, key: str, value: str | None) -> None:
    """Set a key, remove a key, or with the key "" remove all keys."""
    edge, user = call.edge, call.connection.user
    if user is None:
        if target != "*":
            call.fail("KEY_NO_PERMISSION", target[:64], key or "*", NOT_YOURS)
        else:
            _change_draft(call, key, value)
    elif edge.network.level < SINCE:
        call.notice(TOO_OLD)
    elif target == "*" or edge.settings.casemap(target) == edge.settings.casemap(user.person.nick):
        call.alone(lambda: _change_own(call, key, value))
    elif is_valid_channel(target, edge.settings.limits.channel_len):
        _change_channel(call, edge.channel(target), target, key, value)
    elif edge.find_nick(target) is None:
        call.fail("INVALID_TARGET", target[:64], NO_TARGET)
    else:
        call.fail("KEY_NO_PERMISSION", target, key or "*", NOT_YOURS)


def _changed(table: Mapping[str, str], key: str, value: str | None) -> tuple[dict[str, str], list[str]]:
    """Return the table after the change, and the keys set or removed."""
    keys = [key] if key else list(table)
    kept = {one: known for one, known in table.items() if one not in keys}
    return dict(sorted({**kept, key: value}.items())) if value is not None else kept, keys


def _answer(call: Call, target: str, key: str, keys: list[str] | tuple[str, ...], value: str | None) -> None:
    """Answer with the new value, with one line for each removed key, or for a CLEAR with a batch of these."""
    if key:
        call.send(line(call.edge, call.nick, target, key, value))
    else:
        call.send_batch("metadata", (target,), [line(call.edge, call.nick, target, one, None) for one in keys])


def _change_draft(call: Call, key: str, value: str | None) -> None:
    draft, most = call.connection.draft, call.edge.settings.metadata.keys_max
    table, keys = _changed(draft.metadata, key, value)
    if len(table) > max(most, len(draft.metadata)):
        call.fail("LIMIT_REACHED", "*", FULL)
        return
    draft.describe(table)
    _answer(call, "*", key, keys, value)


def _change_own(call: Call, key: str, value: str | None) -> None:
    """Change the account's keys first, if the caller has an account, and then the caller's profile."""
    user, most = call.user, call.edge.settings.metadata.keys_max
    before = dict(user.identity.pending.metadata)
    table, keys = _changed(before, key, value)
    if len(table) > max(most, len(before)):
        call.fail("LIMIT_REACHED", user.person.nick, FULL)
        return

    def show(outcome: object) -> None:
        if outcome is None or (not isinstance(outcome, Refusal) and outcome is not FAILED):
            _answer(call, user.person.nick, key, keys, value)
        else:
            call.report(outcome)

    def kept(outcome: object) -> None:
        if isinstance(outcome, Accepted):
            wanted = msgspec.structs.replace(user.identity.pending, metadata=tuple(table.items()))
            change_profile(call, wanted, show)
        elif isinstance(outcome, Denied):
            call.fail("LIMIT_REACHED", user.person.nick, FULL)
        else:
            call.report(outcome)

    person = user.person
    if person.account is None:
        kept(Accepted(""))
    else:
        order = account_messages.SetMetadata(person.life, key, value, most)
        call.submit(call.edge.account(person.account), order, kept)


def _change_channel(call: Call, group: GroupId, name: str, key: str, value: str | None) -> None:
    def done(outcome: object) -> None:
        if isinstance(outcome, Refusal):
            call.fail("KEY_NO_PERMISSION", name, key or "*", outcome.params[-1])
        elif isinstance(outcome, MetadataDone) and outcome.full:
            call.fail("LIMIT_REACHED", name, FULL)
        elif isinstance(outcome, MetadataDone):
            _answer(call, name, key, outcome.keys, value)
        else:
            call.report(outcome)

    user, most = call.user, call.edge.settings.metadata.keys_max
    order = SetMetadata(user.uid, key, value, most, user.identity.may("channels"), call.idempotency_key())
    call.submit(group, order, done)


_SUBCOMMANDS: dict[str, Callable[[Call, str, list[str]], None]] = {
    "GET": _get,
    "LIST": _list,
    "SET": _set,
    "CLEAR": _clear,
    "SUB": _subscribe,
    "UNSUB": _unsubscribe,
    "SUBS": _subscriptions,
    "SYNC": _sync,
}
