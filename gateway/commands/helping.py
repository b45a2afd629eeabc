"""HELP and HELPOP: a text for every command (numerics 704 to 706, 524 where there is none).

Source: modern IRC client protocol, HELP message.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from gateway.commands.table import COMMANDS, command
from gateway.edge.client.call import Call
from gateway.irc import numerics as n
from gateway.irc.defcon_table import LEVELS, PEACE
from gateway.irc.mode_table import CHANNEL_TABLE, USER_TABLE, Mode

A_ROW = 10
"""The number of names in a row of the list."""


def _rows(table: Sequence[Mode]) -> list[str]:
    """Write the modes of a table in words, several modes in a row."""
    briefs = (f"{mode.letter} {mode.brief}".replace(" ", "\xa0") for mode in table)  # wrap only between modes
    return [row.replace("\xa0", " ") for row in wrap(", ".join(briefs), 110, break_on_hyphens=False)]


TEXTS: dict[str, tuple[str, ...]] = {
    "ACCEPT": (
        "ACCEPT nick[,-nick]: with your mode +g (MODE nick +g), only these people can write to you.",
        "A name stands for the nick and for the account. -nick takes a name away, ACCEPT * lists the names.",
        "The number of names is ACCEPT in 005, usually 30.",
    ),
    "ADMIN": ("ADMIN: the operators of this server, and how to reach the operators.",),
    "AUDIT": (
        "AUDIT [count] [by=name] [act=word] [target=mask] [node=name] [since=12h]: the last acts of operators.",
        "The network keeps acts on disk; masks may have * and ?. Operators only.",
    ),
    "AUTHENTICATE": (
        "AUTHENTICATE mechanism: log in with SASL PLAIN, EXTERNAL or SCRAM-SHA-256.",
        "Your client does this for you: set your account's name and password in its settings.",
    ),
    "AWAY": ("AWAY [:text]: tell people that you are away, and why. Without a text: you are back.",),
    "CAP": (
        "CAP LS 302 | LIST | REQ :names | END: which extensions of IRC your client uses.",
        "Your client does this for you when it connects.",
    ),
    "CHATHISTORY": (
        "CHATHISTORY LATEST target * limit: the last lines of a channel, or of your talk with a person.",
        "CHATHISTORY BEFORE | AFTER | AROUND target place limit: the lines before, after or around a place.",
        "CHATHISTORY BETWEEN target place place limit: the lines between two places.",
        "CHATHISTORY TARGETS time time limit: the channels and people with lines between two times.",
        "A place is timestamp=2026-11-23T09:00:00.000Z or msgid=...; `CAP REQ draft/chathistory` comes first.",
    ),
    "DLINE": (
        "DLINE [time] address [:reason]: refuse connections of an address, or of a network as 192.0.2.0/24. Operators.",
        "The ban holds on all nodes. A time is 30m, 12h, 7d or 1d12h; a number counts minutes. With none: for good.",
        "UNDLINE lifts the ban, `STATS d` lists the bans.",
    ),
    "DEFCON": (
        "DEFCON [level] [time] [:reason]: show or choose the level of defence of the network. Operators only.",
        *(f"{level} {'also ' if level < PEACE - 1 else ''}stops {what}." for level, what in LEVELS.items()),
    ),
    "CHGHOST": (
        "CHGHOST nick host: show a person by another host, until the person logs in or out. Operators only.",
        "For networks with cloaks. Bans on the address and the cloak go on to hold.",
    ),
    "CHGNAME": ("CHGNAME nick :real name: change a person's real name. Operators only.",),
    "DIE": ("DIE: stop this node. The node hands its channels to other nodes first. Operators only.",),
    "HELP": ("HELP [command]: the commands of this network, or more about one command.",),
    "INFO": ("INFO: the program of this server, and the time of its start.",),
    "INVITE": (
        "INVITE nick #channel: let a person into a channel.",
        "INVITE alone lists your invitations.",
    ),
    "ISON": ("ISON nick [nick ...]: the nicks of these that are on the network.",),
    "ISUPPORT": ("ISUPPORT: the features and limits of this network, as your client read them when it connected.",),
    "JOIN": (
        "JOIN #channel[,#channel] [key[,key]]: enter channels. A channel that does not exist is made.",
        "JOIN 0 leaves all channels.",
    ),
    "KICK": ("KICK #channel nick[,nick] [:reason]: remove people from a channel. Channel operators only.",),
    "KILL": ("KILL nick :reason: disconnect a person from the network. Operators only.",),
    "KLINE": (
        "KLINE [time] user@host [:reason]: ban people from all nodes. Operators only.",
        "The host may be an address, a network as 192.0.2.0/24, or a mask as *.example.org. ~account:name: an account.",
        "A time is 30m, 12h, 7d or 1d12h; a number counts minutes. Without a time: for good.",
        "UNKLINE lifts the ban, `STATS k` lists the bans.",
    ),
    "KNOCK": (
        "KNOCK #channel [:text]: ask the operators of a channel that you cannot enter (+i, +k, +l) for an invitation.",
        "Usually a person knocks once a minute at a channel, and all people ten times; 712 names the numbers.",
    ),
    "LINKS": ("LINKS: the servers of the network. To its users the network is one server.",),
    "LIST": (
        "LIST [#mask,...] [conditions]: the channels, with the number of people in each and the topic.",
        "Conditions: >10 more than ten people, <10 fewer, C<60 made in the last hour, T<60 topic set in the last hour.",
    ),
    "LUSERS": ("LUSERS: how many people, operators and channels there are.",),
    "MARKREAD": (
        "MARKREAD target [timestamp=...]: how far you have read a channel or a talk, for all your clients.",
        "Your client does this for you if it knows draft/read-marker.",
    ),
    "METADATA": (
        "METADATA * SET key [:value]: tell people more about you, like a display-name; without a value: no more.",
        "METADATA #channel SET key [:value]: the same for a channel. Channel operators only.",
        "METADATA target GET key [key ...], LIST or CLEAR: read keys, list all, or remove all.",
        "METADATA * SUB key [key ...], UNSUB key [key ...] or SUBS: the keys whose changes your client is sent.",
        "METADATA #channel SYNC: the keys that your client follows, of the channel and its members.",
        "Your client does this for you if it knows draft/metadata-3.",
    ),
    "MODE": (
        "MODE #channel [+-letters parameters]: show or set a channel's modes.",
        *_rows(CHANNEL_TABLE),
        "Masks of +b, +e and +I: nick!user@host, where the host may be a network such as 10.0.0.0/8; and",
        "~a:account (~a:0: nobody logged in), ~r:real?name, ~c:#channel (people in that channel cannot enter),",
        "~q:mask (only mutes), ~t:minutes:mask (ends). Combined: MODE #channel +b ~t:30:~q:~a:joe",
        "MODE nick [+-letters]: your own modes.",
        *_rows(USER_TABLE),
    ),
    "MONITOR": (
        "MONITOR + nick[,nick]: read when people come and go.",
        "MONITOR - nick[,nick] forgets nicks, C forgets all nicks, L lists the nicks, S shows the present people.",
    ),
    "MOTD": ("MOTD: the message of the day.",),
    "NAMES": ("NAMES #channel[,#channel]: the members of a channel.",),
    "NICK": ("NICK name: change your nick, in all channels at once.",),
    "CHANSERV": (
        "CHANSERV command (or CS command): speak to ChanServ, which keeps channels. `CS HELP` lists its commands.",
    ),
    "HOSTSERV": (
        "HOSTSERV command (or HS command): speak to HostServ, which gives hosts. `HS HELP` lists its commands.",
    ),
    "NICKSERV": (
        "NICKSERV command (or NS command): speak to NickServ, which keeps accounts. `NS HELP` lists its commands.",
        "Unlike `/msg NickServ`, most clients do not write this into their logs.",
    ),
    "NOTICE": (
        "NOTICE target[,target] :text: as PRIVMSG, but no program answers a notice.",
        "NOTICE $$mask :text: to everybody on the nodes whose names fit the mask, such as $$*. Operators only.",
    ),
    "OPER": (
        "OPER name [password]: become an operator of the network, with a password or the certificate of your client.",
    ),
    "PART": ("PART #channel[,#channel] [:reason]: leave channels.",),
    "PASS": (
        "PASS account:password or account@device:password, before NICK and USER: log in as with a bouncer.",
        "On a server with a password of its own, PASS takes the server's password alone.",
    ),
    "PING": ("PING text: the answer, PONG, comes after everything you sent before has reached everybody.",),
    "PONG": ("PONG text: the answer to the server's PING. Your client does this for you.",),
    "PRIVMSG": (
        "PRIVMSG target[,target] :text: say something to a channel, to its operators (@#channel), or to a person.",
        "Without an account you may usually write to 20 different people in a minute; 439 names the number.",
    ),
    "QUIT": ("QUIT [:reason]: disconnect. With ALWAYS-ON set at NickServ your account stays in its channels.",),
    "REDACT": (
        "REDACT target msgid [:reason]: delete a message of yours, or any message as operator of the channel.",
        "REDACT #channel *: delete all messages of the channel. Channel operators only.",
    ),
    "REGISTER": (
        "REGISTER * * :password makes an account with the name of your nick. No address is needed.",
        "In most clients: /quote REGISTER * * :password",
    ),
    "REHASH": ("REHASH: read this node's configuration again, and list the applied changes. Operators only.",),
    "SAJOIN": ("SAJOIN nick #channel[,#channel]: let a person enter channels, past all bars. Operators only.",),
    "SAMODE": ("SAMODE #channel [+-letters parameters]: change modes of any channel. Operators only.",),
    "SANICK": ("SANICK nick newnick: give a person another nick. Operators only.",),
    "SAPART": ("SAPART nick #channel[,#channel] [:reason]: let a person leave channels. Operators only.",),
    "SAQUIT": ("SAQUIT nick [:reason]: end a person's session. Operators only.",),
    "SILENCE": (
        "SILENCE [+mask] [-mask]: people whose private messages and invitations you do not read, and who are not told.",
        "A mask is nick!user@host, ~a:account or ~r:real?name. SILENCE alone lists your masks.",
        "The number of masks is SILENCE in 005, usually 15.",
    ),
    "SETNAME": ("SETNAME :name: change your real name.",),
    "SHUN": (
        "SHUN [time] user@host [:reason]: mute people on all nodes: they may leave, and say nothing. Operators only.",
        "Masks and times are those of KLINE. UNSHUN lifts the ban, `STATS s` lists the bans.",
    ),
    "SPAMFILTER": (
        "SPAMFILTER ADD action parts [time] pattern :reason: stop texts on all nodes. Operators only.",
        r"A pattern is a glob with *, ? and \s for a space, or a regular expression (RE2) as /buy\s+now/, in any case.",
        "Actions: block, report (to operators), kill, ban:1h (KLINE of the address).",
        "Parts: m messages, n nicks, r real names.",
        "SPAMFILTER DEL pattern deletes a filter, SPAMFILTER LIST lists the filters.",
    ),
    "STATS": (
        "STATS u | m | o: the uptime of this node, the use of commands, the names of operators.",
        "STATS k | d | x | s: the bans of the network (KLINE, DLINE, XLINE, SHUN). Operators only.",
    ),
    "TAGMSG": (
        "TAGMSG target: send tags without a text, as for typing notices. Your client does this for you.",
    ),
    "TBAN": (
        "TBAN #channel time mask: ban somebody for a time, such as 90 (minutes), 2h, 1h30m or 7d. Operators only.",
        "The same as MODE #channel +b ~t:minutes:mask. The channel takes the ban off when the time is over.",
    ),
    "TIME": ("TIME: the server's time.",),
    "TOPIC": ("TOPIC #channel [:text]: show or set the topic of a channel. An empty text removes the topic.",),
    "UBAN": (
        "UBAN ADD [KLINE|DLINE|XLINE|SHUN] [time] target [:reason]: ban an address, network, user@host or account.",
        "UBAN DEL [kind] target lifts the bans of the target. UBAN LIST [kind|mask] lists bans of all kinds.",
        "UBAN INFO nick, account, address or mask: what all nodes know, and whom a ban would hit. Operators only.",
    ),
    "UNDLINE": ("UNDLINE address: lift a DLINE. Operators only.",),
    "UNKLINE": ("UNKLINE user@host: lift a KLINE. Operators only.",),
    "UNSHUN": ("UNSHUN user@host: lift a SHUN. Operators only.",),
    "UNXLINE": ("UNXLINE name: lift an XLINE. Operators only.",),
    "USER": ("USER name 0 * :real name: your name, when you connect. Your client does this for you.",),
    "USERHOST": ("USERHOST nick [nick ...]: the user names and hosts of people.",),
    "VERIFY": ("VERIFY account code: confirm a new account. Accounts need no confirmation on this network.",),
    "VERSION": ("VERSION: the program of this server, and its features.",),
    "WALLOPS": ("WALLOPS :text: write to everybody with mode +w. Operators only.",),
    "WHO": (
        "WHO #channel or WHO mask: people, a line each. WHO #channel %tcuhnfdar,1 chooses the fields (WHOX).",
    ),
    "WHOIS": ("WHOIS nick: a person's name, address, channels and idle time.",),
    "WHOWAS": ("WHOWAS nick: the last people with a nick.",),
    "XLINE": (
        "XLINE [time] name [:reason]: ban people by real name, with * and ?, and \\s for a space. Operators only.",
        "Times are those of KLINE. UNXLINE lifts the ban, `STATS x` lists the bans.",
    ),
}  # fmt: skip
"""Command -> lines of help. The first line begins with the syntax."""

SAME = {"HELPOP": "HELP", "NS": "NICKSERV", "CS": "CHANSERV", "HS": "HOSTSERV"}
"""Command -> the command with the same text."""


@command("HELP")
def help_text(call: Call) -> None:
    topic = call.params[0].upper()[:32] if call.params and call.params[0] else "*"
    if topic == "*":
        names = sorted(COMMANDS)
        rows = [" ".join(names[start : start + A_ROW]) for start in range(0, len(names), A_ROW)]
        lines = ["Commands of this network. `HELP name` tells more about a command:", *rows]
    elif topic in COMMANDS:
        lines = [*TEXTS[SAME.get(topic, topic)]]
    else:
        call.reply(n.ERR_HELPNOTFOUND, topic, "There is no such command. HELP lists the commands")
        return
    call.reply(n.RPL_HELPSTART, topic, lines[0])
    for line in lines[1:]:
        call.reply(n.RPL_HELPTXT, topic, line)
    call.reply(n.RPL_ENDOFHELP, topic, "End of /HELP")


COMMANDS["HELPOP"] = COMMANDS["HELP"]
