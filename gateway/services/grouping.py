"""NickServ: the certificates and further nicks of an account."""

from __future__ import annotations

import re

from gateway.edge.accounts.holdings import add_certificate, add_nick, remove_certificate, remove_nick
from gateway.edge.procedures import run
from gateway.irc.message import clean
from gateway.irc.names import is_valid_nick
from gateway.services.answering import changed, later, login_of
from gateway.services.nickserv import NICKSERV, NOT_YOURS
from gateway.services.table import Request
from gateway.state.account.messages import Info, InfoView

_FINGERPRINT = re.compile("[0-9a-f]{64}")


@NICKSERV.command(
    "CERT <ADD|LIST|REMOVE> [fingerprint]",
    "change or list the TLS client certificates that log in to your account with SASL EXTERNAL",
    "A fingerprint is 64 hexadecimal digits: the SHA-256 of the certificate.",
    "Without a fingerprint, ADD and REMOVE mean the certificate of your connection.",
    words=(1, 2),
    login=True,
)
def cert(request: Request) -> None:
    verb, *given = (clean(word) for word in request.words)
    call, proven = request.call, login_of(request)
    fingerprint = given[0].replace(":", "").lower() if given else call.connection.certificate
    if verb.upper() == "LIST" and not given:
        call.ask(call.edge.account(proven.name), Info(), lambda view: _list(request, view))
    elif verb.upper() not in ("ADD", "REMOVE", "DEL"):
        request.say(f"Syntax: {request.service.commands['CERT'].syntax}")
    elif fingerprint is None:
        request.say("Your client has shown no certificate: name its fingerprint.")
    elif not _FINGERPRINT.fullmatch(fingerprint):
        request.say("A fingerprint is 64 hexadecimal digits: SHA-256 of the certificate.")
    elif verb.upper() == "ADD":
        done = changed(request, f"{fingerprint} logs in to {proven.name}.")
        run(call.edge, add_certificate(call.edge, proven, fingerprint), done)
    else:
        done = changed(request, f"{fingerprint} does not log in to {proven.name}.")
        run(call.edge, remove_certificate(call.edge, proven, fingerprint), done)


def _list(request: Request, view: InfoView | None) -> None:
    if view is None:
        request.say(later(request))
    elif view.life != login_of(request).life:
        request.say(NOT_YOURS)
    else:
        request.say(*(view.certificates or ("Your account has no certificates.",)))


@NICKSERV.command("GROUP", "add your present nick to your account", login=True)
def group(request: Request) -> None:
    call, nick = request.call, request.call.nick
    if not is_valid_nick(nick, call.edge.settings.limits.nick_len):
        request.say("Nobody can own that nick: take another nick first, with /NICK.")
    elif why := call.edge.settings.reservation(nick):
        request.say(f"{why}: take another nick first, with /NICK.")
    else:
        done = changed(request, f"The nick {nick} belongs to your account.")
        run(call.edge, add_nick(call.edge, login_of(request), nick), done)


@NICKSERV.command(
    "UNGROUP [nick]", "remove a nick from your account", "Without a nick: your present nick.", words=(0, 1), login=True
)
def ungroup(request: Request) -> None:
    call, proven, fold = request.call, login_of(request), request.call.edge.settings.casemap
    nick = clean(request.words[0]) if request.words else call.nick
    if fold(nick) == fold(proven.name):
        request.say("That is the name of the account itself: DROP gives it up.")
    elif not is_valid_nick(fold(nick), call.edge.settings.limits.nick_len):
        request.say("There is no such nick.")
    else:
        done = changed(request, f"The nick {nick} does not belong to your account.")
        run(call.edge, remove_nick(call.edge, proven, nick), done)
