"""The tables about operators: capabilities of classes, and snomasks. Configuration and manual follow the tables.

A command of operators names a capability (`gateway/commands/table.py: command`). To add a capability, add a line here
and the name in `config/operators.py`.
"""

from __future__ import annotations

from typing import Final

CAPABILITIES: Final[dict[str, str]] = {
    "accounts": "suspend, make, change, rename and list accounts (NickServ); ask for any account",
    "announce": "write to everybody on the network (`NOTICE $$*`)",
    "audit": "read the acts of operators (`AUDIT`)",
    "ban": "add and remove bans of the network",
    "channels": "enter and change every channel without being its operator; use ChanServ for every channel",
    "defcon": "choose the level of defence of the network",
    "die": "stop a node (`DIE`)",
    "forbid": "forbid and purge channels (ChanServ)",
    "force": "act for other people: `SAJOIN`, `SAPART`, `SAMODE`, `SANICK`, `SAQUIT`, `CHGNAME`, `CHGHOST`",
    "kill": "disconnect people (`KILL`)",
    "rehash": "read the configuration of a node again (`REHASH`)",
    "see": "see secret channels, invisible people, and facts of people that others do not see",
    "snomasks": "be told of events (`MODE nick +s`)",
    "spamfilter": "change the spam filter",
    "vhosts": "give people a displayed host (HostServ)",
    "wallops": "write to everybody with mode +w (`WALLOPS`)",
}
"""Capability -> what an operator with the capability may do."""

EVERYTHING: Final = frozenset("*")
"""The capabilities of an operator who may do everything."""

SNOMASKS: Final[dict[str, str]] = {
    "b": "bans of the network: added, removed, and met by somebody",
    "c": "clients that come and go, on your node alone, for a raid elsewhere would be thousands of lines",
    "f": "floods: clients that are cut or refused for sending, or connecting, too much",
    "k": "kills: people whom an operator disconnects",
    "l": "nodes that come and go, as your node sees them",
    "o": "other acts of operators",
    "r": "registrations of accounts and channels, made and dropped",
}
"""Letter -> the events of which an operator is told. Events of every node, but for LOCAL."""

LOCAL: Final = frozenset("cl")
"""Letters for events of the operator's own node."""
