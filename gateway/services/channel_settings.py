"""ChanServ's commands about settings of a channel, and about people who are kept out (AKICK)."""

from __future__ import annotations

import re
from typing import Final

from gateway.edge.settings import EdgeSettings
from gateway.irc.masks import normalise_mask
from gateway.irc.message import clean
from gateway.irc.times import server_time
from gateway.services.answering import login_of
from gateway.services.chanserv import CHANSERV, NOT_DONE, UNSUPPORTED, answered, is_oper, look, on_channel
from gateway.services.table import Request
from gateway.state.channel.questions import ChannelView
from gateway.state.channel.registration import Registration
from gateway.state.channel.registration_messages import SetAkick, SetSetting
from ring.ids import GroupId

SINCE_HISTORY: Final = 3
"""The feature level of HISTORY and READERS, and of locked keys and limits."""

GUARDED: Final = (
    "GUARD is always on here. ChanServ sits in no channel: topic, modes, bans and accesses of a registered channel "
    "stay while nobody is in the channel, and act on every node. MLOCK locks modes, AKICK keeps people out."
)
READERS: Final = {"ALL": "", "JOIN": "join", "ACCESS": "access"}
SWITCH: Final = {"ON": "on", "OFF": ""}
_TIME = re.compile(r"([0-9]{1,5})([smhd])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _set(request: Request, channel: GroupId, name: str, value: str, text: str) -> None:
    command = SetSetting(login_of(request).life, name, value, is_oper(request))
    request.call.submit(channel, command, answered(request, text))


def fitting(request: Request, text: str) -> str | None:
    """Return the text as it is kept; None after an answer about a text that is too long."""
    edge = request.call.edge
    most = edge.settings.accounts.channel_text_max
    if len(text.encode(errors="surrogateescape")) > most:
        request.say(f"A text has {most} bytes at most.")
        return None
    return edge.text(text, most)


@on_channel(
    "SET <channel> <TOPICLOCK|PRIVATE|ENTRYMSG|HISTORY|READERS|GUARD> <on|off|value>",
    "change a setting of your channel",
    "TOPICLOCK: only accounts with the flag t change the topic. PRIVATE: LIST hides the channel. ENTRYMSG: a text for "
    "everybody who enters, or off.",
    "HISTORY: days after which messages are forgotten (7), or off: as long as the network keeps messages. READERS: who "
    "may read messages from before the own JOIN: all (everybody in the channel), access (accounts with access), or "
    "join (nobody).",
    "GUARD is always on: ChanServ sits in no channel, and guards registered channels without.",
    words=(3, 100),
    login=True,
)
def change_setting(request: Request, channel: GroupId) -> None:
    name, value = clean(request.words[1]).upper(), " ".join(request.words[2:])
    word = clean(value).upper()
    if name == "ENTRYMSG":
        text = "" if word == "OFF" else fitting(request, value)
        if text is not None:
            _set(request, channel, "entrymsg", text, f"ENTRYMSG is {text or 'off'}.")
    elif name in ("TOPICLOCK", "PRIVATE") and word in SWITCH:
        _set(request, channel, name.lower(), SWITCH[word], f"{name} is {word.lower()}.")
    elif name == "GUARD" and word in SWITCH:
        request.say(GUARDED)
    elif name in ("HISTORY", "READERS") and request.call.edge.network.level < SINCE_HISTORY:
        request.say(UNSUPPORTED)
    elif name == "READERS" and word in READERS:
        _set(request, channel, "readers", READERS[word], f"READERS is {word.lower()}.")
    elif name == "HISTORY" and (word == "OFF" or (word.isascii() and word.isdecimal())):
        _set_history(request, channel, "" if word == "OFF" else str(int(word[:9])))
    else:
        request.say(f"Syntax: {CHANSERV.commands['SET'].syntax}")


def _set_history(request: Request, channel: GroupId, days: str) -> None:
    """Let messages be kept for so many days. days: "" for the network's retention."""
    edge = request.call.edge
    least, most = edge.settings.history.founder_min_days, retention(edge.settings, channel)
    if not edge.settings.history.enabled:
        request.say("This network keeps no messages.")
    elif days and not least <= int(days) <= most:
        request.say(f"HISTORY is {least} to {most} days, or off.")
    else:
        _set(request, channel, "history", days, f"HISTORY is {days + ' days' if days else 'off'}.")


def retention(settings: EdgeSettings, channel: GroupId) -> int:
    """The days for which the network keeps messages of the channel."""
    own = settings.channels.get(channel.name)
    return own.keep_days if own is not None else settings.history.keep_days


@on_channel(
    "MLOCK <channel> <modes|off> [key] [limit]",
    "lock modes of your channel, such as +nt-i: nobody changes locked modes",
    "A key and a limit stand behind the modes, in their order: +kl-i sesame 50. Lists of masks are not locked.",
    words=(2, 4),
    login=True,
)
def lock_modes(request: Request, channel: GroupId) -> None:
    word = clean(request.words[1])
    value = "" if word.upper() == "OFF" else " ".join([word, *map(clean, request.words[2:])])
    if not {"k", "l"}.isdisjoint(word) and value and request.call.edge.network.level < SINCE_HISTORY:
        request.say(UNSUPPORTED)
        return
    _set(request, channel, "mlock", value, f"MLOCK is {value or 'off'}.")


@on_channel(
    "AKICK <channel> <ADD|DEL|LIST> [mask] [time] [reason]",
    "keep people out of your channel by mask, such as *!*@10.0.0.0/8",
    "A time is 30m, 12h or 7d; without a time for ever. People with access are not kept out.",
    words=(2, 100),
    login=True,
)
def akick(request: Request, channel: GroupId) -> None:
    verb, more = clean(request.words[1]).upper(), request.words[2:]
    if verb == "LIST" and not more:
        _list(request, channel)
    elif verb in ("ADD", "DEL") and more and (verb == "ADD" or len(more) == 1):
        _write(request, channel, clean(more[0]), more[1:], gone=verb == "DEL")
    else:
        request.say(f"Syntax: {CHANSERV.commands['AKICK'].syntax}")


def _write(request: Request, channel: GroupId, mask: str, more: list[str], *, gone: bool) -> None:
    edge, login = request.call.edge, login_of(request)
    time = _TIME.fullmatch(clean(more[0]).lower()) if more else None
    until = int((edge.now + int(time[1]) * _UNITS[time[2]]) * 1000) if time is not None else 0
    reason, whole = fitting(request, " ".join(more[1:] if time is not None else more)), normalise_mask(mask)
    if reason is not None:
        most = edge.settings.accounts.channel_akicks_max
        command = SetAkick(login.life, login.name, whole, reason, until, gone, is_oper(request), most)
        text = f"{whole} is kept out no longer." if gone else f"{whole} is kept out."
        request.call.submit(channel, command, answered(request, text))


def _list(request: Request, channel: GroupId) -> None:
    life = login_of(request).life

    def found(view: ChannelView, known: Registration) -> None:
        if "A" not in known.flags(life) and not is_oper(request):
            request.say(NOT_DONE["access"])
            return
        now = request.call.edge.now * 1000
        rows = [one for one in known.akicks.values() if not one.gone and (not one.until or now < one.until)]
        for one in rows:
            until = f" until {server_time(one.until)}" if one.until else ""
            request.say(f"{one.mask}{until}, by {one.by}: {one.reason or 'no reason'}")
        request.say(f"People kept out of {view.name}: {len(rows)} masks")

    look(request, channel, found)
