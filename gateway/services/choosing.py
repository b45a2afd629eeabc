"""Commands of NickServ and *circlet that change a person's settings."""

from __future__ import annotations

from gateway.edge.accounts.preferences import Value, choose
from gateway.edge.settings import lasts
from gateway.irc.message import clean
from gateway.services.answering import changed, login_of
from gateway.services.table import Request

SWITCH: dict[str, Value] = {"ON": True, "OFF": False, "DEFAULT": None}


def set_always_on(request: Request, word: str) -> None:
    word = clean(word).upper()
    offered, value = request.call.edge.settings.sessions, SWITCH.get(word, "")
    text = f"ALWAYS-ON is {word.lower()}."
    if not offered.enabled:
        text += " But this network keeps no sessions."
    elif isinstance(value, bool) and lasts(offered, value) != value:
        text += f" But on this network ALWAYS-ON is {'off' if value else 'on'} for everybody."
    set_choice(request, "always_on", value, text)


def set_auto_away(request: Request, text: str) -> None:
    """Change AUTO-AWAY. text: on, off, default, or an away text."""
    text = request.call.edge.text(text, request.call.edge.settings.limits.away_len)
    if text.upper() not in SWITCH:
        set_choice(request, "away_text", text, f"AUTO-AWAY says: {text}")
    else:
        set_choice(request, "auto_away", SWITCH[text.upper()], f"AUTO-AWAY is {text.lower()}.")


def set_choice(request: Request, field: str, value: Value, text: str) -> None:
    """Set a field of the account's settings. value: "" is invalid for every field, and is answered with the syntax."""
    if value == "":
        request.say(f"Syntax: {request.service.commands[field.upper().replace('_', '-')].syntax}")
    else:
        choose(request.call.edge, login_of(request), {field: value}, changed(request, text))
