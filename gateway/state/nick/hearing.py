"""Which private messages the holder of a nick hears: user modes R and g, and the lists of SILENCE and ACCEPT.

The lists are part of the person's profile, which the group of the nick numbers and holds, and the account's session
keeps beside: so a takeover, a rename and a merge take the lists along, and the later profile counts (P28).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gateway.irc import numerics as n
from gateway.irc.casemapping import Casemap
from gateway.irc.extbans import read
from gateway.irc.masks import match_source
from gateway.state.people import Person, Refusal

CALLER_ID: Final = "g"
"""The user mode of people who hear only people on their list of ACCEPT."""

NOT_HEARD: Final = frozenset("Rg")


class Hearing(NamedTuple):
    """refusal: for the sender. is_shown: the message is shown. calls: the holder is told of the sender."""

    refusal: Refusal | None = None
    is_shown: bool = True
    calls: bool = False


HEARD: Final = Hearing()
SILENCED: Final = Hearing(None, False)
"""Whoever is silenced is not told."""


def hears_all(holder: Person) -> bool:
    """Whether the holder hears everybody: nearly all people do."""
    return not holder.silence and NOT_HEARD.isdisjoint(holder.modes)


def hearing(holder: Person, sender: Person, verb: str, fold: Casemap) -> Hearing:
    """Judge a private message or an invitation."""
    if hears_all(holder) or sender.uid == holder.uid:
        return HEARD
    if "o" not in sender.modes and is_silenced(holder, sender, fold):
        return SILENCED
    refusal = refusal_of(holder, sender)
    if refusal is not None:
        return Hearing(refusal, False)
    if CALLER_ID in holder.modes and verb != "INVITE" and not is_accepted(holder, sender, fold):
        if verb == "TAGMSG":
            return SILENCED
        return Hearing(Refusal(n.ERR_TARGUMODEG, (holder.nick, n.TEXT[n.ERR_TARGUMODEG])), False, True)
    return HEARD


def refusal_of(holder: Person, sender: Person) -> Refusal | None:
    """Return why the holder of a nick reads no private messages of the sender (+R); None if the holder reads them."""
    if "R" in holder.modes and sender.account is None and sender.uid != holder.uid:
        text = "They hear only people who are logged in to an account (+R)"
        return Refusal(n.ERR_NEEDREGGEDNICK, (holder.nick, text))
    return None


def is_silenced(holder: Person, sender: Person, fold: Casemap) -> bool:
    return any(fits(mask, sender, fold) for mask in holder.silence)


def fits(mask: str, person: Person, fold: Casemap) -> bool:
    """Whether a mask of SILENCE fits a person: nick!user@host, or an extended ban of an account or a real name."""
    found = read(mask)
    if found is not None:
        return found.fits(person.known_as, person.account, person.real, (), fold)
    return any(match_source(mask, source, fold) for source in person.known_as.split(" "))


def is_accepted(holder: Person, sender: Person, fold: Casemap) -> bool:
    """Whether the holder's list has the sender: the account of a person who is logged in, or the nick."""
    names = {fold(sender.nick), *([fold(sender.account)] if sender.account is not None else [])}
    return "o" in sender.modes or not names.isdisjoint(map(fold, holder.accepts))
