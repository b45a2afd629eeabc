"""The tables of modes. 004, 005, HELP, the parser of MODE and the manual (contrib/docs/users.md) read these tables.

The effect of a mode is in the rules of channels and nicks and in the commands: search there for the letter.
tests/gateway/commands/test_mode_table.py has a story of each letter.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["list", "always", "when_set", "flag", "rank"]
"""The kinds of channel modes in CHANMODES and PREFIX of 005: a list of masks; a parameter to set and to unset; a
parameter to set only; no parameter; a rank of a member. Modes of users are flags."""


class Mode(NamedTuple):
    """brief: words for HELP. meaning: a sentence for the manual. halfop: whether half-operators may change the mode.
    sign: the sign of a rank, before the nick. since: the feature level of the network that knows the mode."""

    letter: str
    kind: Kind
    brief: str
    meaning: str
    halfop: bool = True
    sign: str = ""
    since: int = 0


CHANNEL_TABLE = (
    Mode("q", "rank", "founder", "The member is the founder of the registered channel (ChanServ).", False, "~"),
    Mode("a", "rank", "protected", "Operators cannot kick the member or take a rank (ChanServ).", False, "&"),
    Mode("o", "rank", "operator", "An operator of the channel may change everything in the channel.", False, "@"),
    Mode("h", "rank", "half-operator", "A half-operator may kick, invite, and change some modes.", False, "%"),
    Mode("v", "rank", "voice", "The member may speak in a moderated channel, and though a ban matches.", True, "+"),
    Mode("b", "list", "bans", "People who match a ban cannot enter; plain members who match a ban cannot speak."),
    Mode("e", "list", "exceptions from bans", "Bans do not apply to people who match an exception."),
    Mode("I", "list", "masks that need no invitation", "People who match the mask need no invitation (`+i`)."),
    Mode("k", "always", "key", "People need the key to enter."),
    Mode("l", "when_set", "limit", "The channel has at most so many members."),
    Mode(
        "F",
        "when_set",
        "flood limits",
        "People who say, join or change too much are stopped.",
        False,
        since=3,
    ),
    Mode("L", "when_set", "overflow channel", "When `+l` is reached, people are sent to that channel.", False, since=3),
    Mode("f", "when_set", "forward", "People who cannot enter are sent to that channel.", False, since=3),
    Mode("j", "when_set", "join rate", "At most so many people enter in so many seconds (`5:10`).", False, since=3),
    Mode("C", "flag", "no CTCP but actions", "CTCP requests are refused; `/me` works.", False),
    Mode("D", "flag", "delayed joins", "Nobody sees a new plain member before it speaks.", False, since=3),
    Mode("H", "flag", "hidden past", "Members can read only what was said after they entered.", False),
    Mode("M", "flag", "logged-in speakers", "Plain members need an account to speak.", False, since=3),
    Mode(
        "P",
        "flag",
        "permanent",
        "The channel stays without members. Founders set the mode.",
        False,
        since=3,
    ),
    Mode("Q", "flag", "no kicks", "Nobody can be kicked.", False),
    Mode("R", "flag", "logged-in people only", "Only people who are logged in to an account can enter.", False),
    Mode("S", "flag", "TLS only", "Only people whose connection uses TLS can enter.", False),
    Mode("T", "flag", "no notices", "Nobody can send notices to the channel.", False, since=3),
    Mode("U", "flag", "seen by operators", "Operators of the channel read what muted members say.", False, since=3),
    Mode("i", "flag", "by invitation", "Only invited people can enter."),
    Mode("m", "flag", "moderated", "Only members with a rank can speak."),
    Mode("n", "flag", "no messages from outside", "Only members can speak."),
    Mode("s", "flag", "secret", "The channel is hidden from people who are not in the channel."),
    Mode("t", "flag", "topic by operators", "Only operators and half-operators can change the topic."),
    Mode("u", "flag", "auditorium", "Plain members see only members with a rank, and themselves.", False, since=3),
)
"""All modes of channels. The ranks stand first, the highest rank first."""

USER_TABLE = (
    Mode("B", "flag", "bot", "You are a bot: WHOIS, WHO and the tag `bot` of your messages say so."),
    Mode("R", "flag", "private messages from logged-in people only", "Only logged-in people can write to you."),
    Mode("g", "flag", "caller id", "Only people whom you ACCEPT can write to you.", since=3),
    Mode("i", "flag", "invisible", "WHO and WHOIS show less of you to people without a channel in common."),
    Mode("o", "flag", "operator of the network", "OPER sets the mode; you can take the mode off."),
    Mode("r", "flag", "logged in", "The network sets the mode while you are logged in."),
    Mode("s", "flag", "notices for operators", "For operators: you read notices. `/mode NICK +s kb` chooses letters."),
    Mode("w", "flag", "announcements of operators", "You read the WALLOPS of operators."),
    Mode("x", "flag", "address hidden", "People read a cloak instead of your address."),
)
"""All modes of users."""


def myinfo() -> tuple[str, str, str]:
    """The last parameters of 004: user modes, channel modes, and the channel modes with a parameter."""
    users = (mode.letter for mode in USER_TABLE)
    channels = (mode.letter for mode in CHANNEL_TABLE)
    with_param = (mode.letter for mode in CHANNEL_TABLE if mode.kind != "flag")
    return "".join(sorted(users)), "".join(sorted(channels)), "".join(sorted(with_param))
