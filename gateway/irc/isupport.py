"""The tokens of 005: the features and limits of this network."""

from __future__ import annotations

from gateway.irc import extbans
from gateway.irc.casemapping import CasemapName
from gateway.irc.limits import Limits
from gateway.irc.modes import CHANNEL_MODES, ModeSpec
from gateway.irc.names import CHANTYPES, STATUS_SIGNS

_TOKENS_A_LINE = 13


def isupport(
    limits: Limits,
    network: str,
    casemapping: CasemapName,
    spec: ModeSpec = CHANNEL_MODES,
    history: int = 0,
    *,
    silences: int = 15,
    accepts: int = 30,
    utf8_only: bool = False,
    icon: str = "",
) -> list[list[str]]:
    """List the tokens, at most 13 a line. A token promises a behaviour, so only features that work have a token.

    history: the most lines of an answer to CHATHISTORY; 0 without CHATHISTORY. utf8_only: bytes outside UTF-8 are
    refused, and else pass through. silences, accepts: the most entries of these lists of a person. icon:
    address of the network's picture; "" for none (IRCv3 network-icon).
    """
    targets = limits.max_targets
    tokens = [
        f"NETWORK={_escape(network)}",
        f"CASEMAPPING={casemapping}",
        f"CHANTYPES={CHANTYPES}",
        f"CHANMODES={spec.lists},{spec.always},{spec.when_set},{spec.flags}",
        f"PREFIX=({spec.ranks}){spec.signs}",
        f"STATUSMSG={STATUS_SIGNS}",
        f"MODES={limits.modes}",
        f"MAXLIST={','.join(f'{letter}:{limits.list_max}' for letter in spec.lists)}",
        "EXCEPTS=e",
        "INVEX=I",
        f"EXTBAN={extbans.PREFIX},{extbans.LETTERS}",
        "ACCOUNTEXTBAN=a,account",
        f"NICKLEN={limits.nick_len}",
        f"USERLEN={limits.user_len}",
        f"HOSTLEN={limits.host_len}",
        f"CHANNELLEN={limits.channel_len}",
        f"TOPICLEN={limits.topic_len}",
        f"KICKLEN={limits.kick_len}",
        f"AWAYLEN={limits.away_len}",
        f"KEYLEN={limits.key_len}",
        f"NAMELEN={limits.real_len}",
        f"CHANLIMIT={CHANTYPES}:{limits.chan_limit}",
        f"TARGMAX=PRIVMSG:{targets},NOTICE:{targets},TAGMSG:{targets},KICK:{targets},WHOIS:1,JOIN:,PART:,NAMES:,LIST:",
        f"MONITOR={limits.monitor}",
        f"SILENCE={silences}",
        "CALLERID=g",
        f"ACCEPT={accepts}",
        "KNOCK",
        "WHOX",
        "SAFELIST",
        "ELIST=CMNTU",
        "BOT=B",
    ]
    if history:
        tokens += [f"CHATHISTORY={history}", "MSGREFTYPES=msgid,timestamp"]
    if utf8_only:
        tokens.append("UTF8ONLY")
    if icon:
        tokens.append(f"draft/ICON={_escape(icon)}")
    return [tokens[start : start + _TOKENS_A_LINE] for start in range(0, len(tokens), _TOKENS_A_LINE)]


def _escape(value: str) -> str:
    return value.replace("\\", "\\x5C").replace(" ", "\\x20").replace("=", "\\x3D")
