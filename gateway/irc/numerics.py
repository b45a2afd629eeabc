"""The numerics of Circlet, and the texts (last parameters) that never change.

Source: Modern IRC Client Protocol, "Numerics"; RFC 2812, section 5; IRCv3 MONITOR and SASL.
"""

from __future__ import annotations

from typing import Final

# Registration
RPL_WELCOME: Final = "001"
RPL_YOURHOST: Final = "002"
RPL_CREATED: Final = "003"
RPL_MYINFO: Final = "004"
RPL_ISUPPORT: Final = "005"

# Operators
RPL_SNOMASK: Final = "008"

# The server
RPL_STATSCOMMANDS: Final = "212"
RPL_STATSKLINE: Final = "216"
RPL_ENDOFSTATS: Final = "219"
RPL_UMODEIS: Final = "221"
RPL_STATSSHUN: Final = "223"
RPL_STATSDLINE: Final = "225"
RPL_STATSUPTIME: Final = "242"
RPL_STATSOLINE: Final = "243"
RPL_STATSXLINE: Final = "247"
RPL_LUSERCLIENT: Final = "251"
RPL_LUSEROP: Final = "252"
RPL_LUSERUNKNOWN: Final = "253"
RPL_LUSERCHANNELS: Final = "254"
RPL_LUSERME: Final = "255"
RPL_ADMINME: Final = "256"
RPL_ADMINLOC1: Final = "257"
RPL_ADMINLOC2: Final = "258"
RPL_ADMINEMAIL: Final = "259"
RPL_TRYAGAIN: Final = "263"
RPL_LOCALUSERS: Final = "265"
RPL_GLOBALUSERS: Final = "266"
RPL_VERSION: Final = "351"
RPL_LINKS: Final = "364"
RPL_ENDOFLINKS: Final = "365"
RPL_INFO: Final = "371"
RPL_MOTD: Final = "372"
RPL_ENDOFINFO: Final = "374"
RPL_MOTDSTART: Final = "375"
RPL_ENDOFMOTD: Final = "376"
RPL_YOUREOPER: Final = "381"
RPL_REHASHING: Final = "382"
RPL_TIME: Final = "391"
RPL_HELPSTART: Final = "704"
RPL_HELPTXT: Final = "705"
RPL_ENDOFHELP: Final = "706"

# People
RPL_AWAY: Final = "301"
RPL_USERHOST: Final = "302"
RPL_ISON: Final = "303"
RPL_UNAWAY: Final = "305"
RPL_NOWAWAY: Final = "306"
RPL_SILELIST: Final = "271"
RPL_ENDOFSILELIST: Final = "272"
RPL_ACCEPTLIST: Final = "281"
RPL_ENDOFACCEPT: Final = "282"
ERR_ACCEPTFULL: Final = "456"
ERR_ACCEPTEXIST: Final = "457"
ERR_ACCEPTNOT: Final = "458"
ERR_SILELISTFULL: Final = "511"
ERR_TARGUMODEG: Final = "716"
RPL_TARGNOTIFY: Final = "717"
RPL_UMODEGMSG: Final = "718"
RPL_WHOISREGNICK: Final = "307"
RPL_WHOISUSER: Final = "311"
RPL_WHOISSERVER: Final = "312"
RPL_WHOISOPERATOR: Final = "313"
RPL_WHOWASUSER: Final = "314"
RPL_ENDOFWHO: Final = "315"
RPL_WHOISIDLE: Final = "317"
RPL_ENDOFWHOIS: Final = "318"
RPL_WHOISCHANNELS: Final = "319"
RPL_WHOISACCOUNT: Final = "330"
RPL_WHOISBOT: Final = "335"
RPL_WHOISACTUALLY: Final = "338"
RPL_WHOREPLY: Final = "352"
RPL_WHOSPCRPL: Final = "354"
RPL_ENDOFWHOWAS: Final = "369"
RPL_WHOISHOST: Final = "378"
RPL_WHOISMODES: Final = "379"
RPL_VISIBLEHOST: Final = "396"
RPL_WHOISSECURE: Final = "671"
RPL_MONONLINE: Final = "730"
RPL_MONOFFLINE: Final = "731"
RPL_MONLIST: Final = "732"
RPL_ENDOFMONLIST: Final = "733"
ERR_MONLISTFULL: Final = "734"
RPL_WHOISKEYVALUE: Final = "760"
RPL_KEYVALUE: Final = "761"
RPL_KEYNOTSET: Final = "766"
RPL_METADATASUBOK: Final = "770"
RPL_METADATAUNSUBOK: Final = "771"
RPL_METADATASUBS: Final = "772"
RPL_METADATASYNCLATER: Final = "774"

# Channels
RPL_LISTSTART: Final = "321"
RPL_LIST: Final = "322"
RPL_LISTEND: Final = "323"
RPL_CHANNELMODEIS: Final = "324"
RPL_CREATIONTIME: Final = "329"
RPL_NOTOPIC: Final = "331"
RPL_TOPIC: Final = "332"
RPL_TOPICWHOTIME: Final = "333"
RPL_INVITELIST: Final = "336"
RPL_ENDOFINVITELIST: Final = "337"
RPL_INVITING: Final = "341"
RPL_INVEXLIST: Final = "346"
RPL_ENDOFINVEXLIST: Final = "347"
RPL_EXCEPTLIST: Final = "348"
RPL_ENDOFEXCEPTLIST: Final = "349"
RPL_NAMREPLY: Final = "353"
RPL_ENDOFNAMES: Final = "366"
RPL_KNOCK: Final = "710"
RPL_KNOCKDLVR: Final = "711"
ERR_TOOMANYKNOCK: Final = "712"
ERR_CHANOPEN: Final = "713"
ERR_KNOCKONCHAN: Final = "714"
RPL_BANLIST: Final = "367"
RPL_ENDOFBANLIST: Final = "368"

# Refusals
ERR_UNKNOWNERROR: Final = "400"
ERR_NOSUCHNICK: Final = "401"
ERR_NOSUCHSERVER: Final = "402"
ERR_NOSUCHCHANNEL: Final = "403"
ERR_CANNOTSENDTOCHAN: Final = "404"
ERR_TOOMANYCHANNELS: Final = "405"
ERR_WASNOSUCHNICK: Final = "406"
ERR_TOOMANYTARGETS: Final = "407"
ERR_NOORIGIN: Final = "409"
ERR_INVALIDCAPCMD: Final = "410"
ERR_NORECIPIENT: Final = "411"
ERR_NOTEXTTOSEND: Final = "412"
ERR_INPUTTOOLONG: Final = "417"
ERR_UNKNOWNCOMMAND: Final = "421"
ERR_NOMOTD: Final = "422"
ERR_NOADMININFO: Final = "423"
ERR_NONICKNAMEGIVEN: Final = "431"
ERR_ERRONEUSNICKNAME: Final = "432"
ERR_NICKNAMEINUSE: Final = "433"
ERR_UNAVAILRESOURCE: Final = "437"
ERR_USERNOTINCHANNEL: Final = "441"
ERR_TARGETTOOFAST: Final = "439"
ERR_NOTONCHANNEL: Final = "442"
ERR_USERONCHANNEL: Final = "443"
ERR_NOTREGISTERED: Final = "451"
ERR_NEEDMOREPARAMS: Final = "461"
ERR_ALREADYREGISTERED: Final = "462"
ERR_PASSWDMISMATCH: Final = "464"
ERR_YOUREBANNEDCREEP: Final = "465"
ERR_INVALIDUSERNAME: Final = "468"
ERR_LINKCHANNEL: Final = "470"
ERR_CHANNELISFULL: Final = "471"
ERR_UNKNOWNMODE: Final = "472"
ERR_INVITEONLYCHAN: Final = "473"
ERR_BANNEDFROMCHAN: Final = "474"
ERR_BADCHANNELKEY: Final = "475"
ERR_BADCHANMASK: Final = "476"
ERR_NEEDREGGEDNICK: Final = "477"
ERR_FORBIDDENCHANNEL: Final = "448"
ERR_BANLISTFULL: Final = "478"
ERR_THROTTLE: Final = "480"
ERR_NOPRIVILEGES: Final = "481"
ERR_SECUREONLYCHAN: Final = "489"
ERR_CHANOPRIVSNEEDED: Final = "482"
ERR_CANTKILLSERVER: Final = "483"
ERR_NOOPERHOST: Final = "491"
ERR_UMODEUNKNOWNFLAG: Final = "501"
ERR_USERSDONTMATCH: Final = "502"
ERR_HELPNOTFOUND: Final = "524"
ERR_INVALIDKEY: Final = "525"
ERR_INVALIDMODEPARAM: Final = "696"
ERR_NOPRIVS: Final = "723"

# Accounts
RPL_LOGGEDIN: Final = "900"
RPL_LOGGEDOUT: Final = "901"
ERR_NICKLOCKED: Final = "902"
RPL_SASLSUCCESS: Final = "903"
ERR_SASLFAIL: Final = "904"
ERR_SASLTOOLONG: Final = "905"
ERR_SASLABORTED: Final = "906"
ERR_SASLALREADY: Final = "907"
RPL_SASLMECHS: Final = "908"

TEXT: Final[dict[str, str]] = {
    RPL_ISUPPORT: "are supported by this server",
    RPL_ENDOFSTATS: "End of /STATS report",
    RPL_LUSEROP: "operator(s) online",
    RPL_LUSERUNKNOWN: "unknown connection(s)",
    RPL_LUSERCHANNELS: "channels formed",
    RPL_ADMINME: "Administrative info",
    RPL_TRYAGAIN: "Please wait a while and try again.",
    RPL_ENDOFLINKS: "End of /LINKS list",
    RPL_ENDOFINFO: "End of INFO list",
    RPL_ENDOFMOTD: "End of /MOTD command.",
    RPL_YOUREOPER: "You are now an IRC operator",
    RPL_REHASHING: "Rehashing",
    RPL_UNAWAY: "You are no longer marked as being away",
    RPL_NOWAWAY: "You have been marked as being away",
    RPL_ENDOFSILELIST: "End of Silence List",
    RPL_ENDOFACCEPT: "End of /ACCEPT list",
    ERR_TARGETTOOFAST: "You write to too many people",
    ERR_ACCEPTFULL: "Accept list is full",
    ERR_ACCEPTEXIST: "is already on your accept list",
    ERR_ACCEPTNOT: "is not on your accept list",
    ERR_SILELISTFULL: "Your silence list is full",
    ERR_TARGUMODEG: "is in +g mode (server-side ignore)",
    RPL_TARGNOTIFY: "has been informed that you messaged them",
    RPL_UMODEGMSG: "is messaging you, and you have user mode +g set: ACCEPT the nick to hear it",
    RPL_KNOCK: "has asked for an invite",
    RPL_KNOCKDLVR: "Your KNOCK has been delivered",
    ERR_TOOMANYKNOCK: "Too many KNOCKs",
    ERR_CHANOPEN: "Channel is open",
    ERR_KNOCKONCHAN: "You are already on that channel",
    RPL_WHOISREGNICK: "has identified for this nick",
    RPL_WHOISOPERATOR: "is an IRC operator",
    RPL_ENDOFWHO: "End of WHO list",
    RPL_WHOISIDLE: "seconds idle, signon time",
    RPL_ENDOFWHOIS: "End of /WHOIS list",
    RPL_WHOISACCOUNT: "is logged in as",
    RPL_WHOISBOT: "is a bot",
    RPL_WHOISACTUALLY: "Is actually using host",
    RPL_ENDOFWHOWAS: "End of WHOWAS",
    RPL_VISIBLEHOST: "is now your displayed host",
    RPL_WHOISSECURE: "is using a secure connection",
    RPL_ENDOFMONLIST: "End of MONITOR list",
    RPL_KEYNOTSET: "key not set",
    ERR_MONLISTFULL: "Monitor list is full.",
    RPL_LISTSTART: "Users  Name",
    RPL_LISTEND: "End of /LIST",
    RPL_NOTOPIC: "No topic is set",
    RPL_ENDOFINVITELIST: "End of /INVITE list",
    RPL_ENDOFINVEXLIST: "End of Channel Invite Exception List",
    RPL_ENDOFEXCEPTLIST: "End of channel exception list",
    RPL_ENDOFNAMES: "End of /NAMES list",
    RPL_ENDOFBANLIST: "End of channel ban list",
    ERR_NOSUCHNICK: "No such nick/channel",
    ERR_NOSUCHSERVER: "No such server",
    ERR_NOSUCHCHANNEL: "No such channel",
    ERR_CANNOTSENDTOCHAN: "Cannot send to channel",
    ERR_TOOMANYCHANNELS: "You have joined too many channels",
    ERR_WASNOSUCHNICK: "There was no such nickname",
    ERR_TOOMANYTARGETS: "Too many targets",
    ERR_NOORIGIN: "No origin specified",
    ERR_INVALIDCAPCMD: "Invalid CAP command",
    ERR_NOTEXTTOSEND: "No text to send",
    ERR_INPUTTOOLONG: "Input line was too long",
    ERR_UNKNOWNCOMMAND: "Unknown command",
    ERR_NOMOTD: "MOTD File is missing",
    ERR_NOADMININFO: "No administrative info available",
    ERR_NONICKNAMEGIVEN: "No nickname given",
    ERR_ERRONEUSNICKNAME: "Erroneus nickname",
    ERR_NICKNAMEINUSE: "Nickname is already in use",
    ERR_UNAVAILRESOURCE: "Nick/channel is temporarily unavailable",
    ERR_USERNOTINCHANNEL: "They aren't on that channel",
    ERR_NOTONCHANNEL: "You're not on that channel",
    ERR_USERONCHANNEL: "is already on channel",
    ERR_NOTREGISTERED: "You have not registered",
    ERR_NEEDMOREPARAMS: "Not enough parameters",
    ERR_ALREADYREGISTERED: "You may not reregister",
    ERR_PASSWDMISMATCH: "Password incorrect",
    ERR_YOUREBANNEDCREEP: "You are banned from this server.",
    ERR_INVALIDUSERNAME: "Your username is not valid",
    ERR_LINKCHANNEL: "Forwarding to another channel",
    ERR_THROTTLE: "Cannot join channel (+j): too many people join, try again in a minute",
    ERR_CHANNELISFULL: "Cannot join channel (+l)",
    ERR_UNKNOWNMODE: "is unknown mode char to me",
    ERR_INVITEONLYCHAN: "Cannot join channel (+i)",
    ERR_BANNEDFROMCHAN: "Cannot join channel (+b)",
    ERR_BADCHANNELKEY: "Cannot join channel (+k)",
    ERR_SECUREONLYCHAN: "Cannot join channel (+S): you are not using TLS",
    ERR_BADCHANMASK: "Bad Channel Mask",
    ERR_NEEDREGGEDNICK: "Cannot join channel (+R)",
    ERR_BANLISTFULL: "Channel list is full",
    RPL_SNOMASK: "Server notice mask",
    ERR_NOPRIVILEGES: "Permission Denied- You're not an IRC operator",
    ERR_CHANOPRIVSNEEDED: "You're not channel operator",
    ERR_CANTKILLSERVER: "You cant kill a server!",
    ERR_NOOPERHOST: "No O-lines for your host",
    ERR_UMODEUNKNOWNFLAG: "Unknown MODE flag",
    ERR_USERSDONTMATCH: "Cant change mode for other users",
    ERR_HELPNOTFOUND: "No help available on this topic",
    ERR_INVALIDKEY: "Key is not well-formed",
    ERR_NOPRIVS: "Insufficient oper privileges.",
    RPL_LOGGEDOUT: "You are now logged out",
    ERR_NICKLOCKED: "You must use a nick assigned to you",
    RPL_SASLSUCCESS: "SASL authentication successful",
    ERR_SASLFAIL: "SASL authentication failed",
    ERR_SASLTOOLONG: "SASL message too long",
    ERR_SASLABORTED: "SASL authentication aborted",
    ERR_SASLALREADY: "You have already authenticated using SASL",
    RPL_SASLMECHS: "are available SASL mechanisms",
}
