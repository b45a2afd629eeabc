"""Sections shared by several kinds of file."""

from __future__ import annotations

from typing import Literal

from config.section import REQUIRED, Section, setting
from config.values import HostName, IconUrl, KeyPath, Line, OutputPath, Word


class Network(Section):
    """The facts of the network that every process of the network must know. The same on every node."""

    name: Word = setting(REQUIRED, "Name of the network, as clients show it (NETWORK in 005).")
    server_name: HostName = setting(
        REQUIRED, "Host name of the whole network towards clients: clients see a single server."
    )
    key_file: KeyPath = setting(
        REQUIRED,
        "File with the network key (64 hexadecimal digits, mode 0600). Everybody with the file belongs to the network.",
    )
    description: Line = setting(
        "", "Description of the server in LINKS and WHOIS; empty: the name of the network.", live=True
    )
    casemapping: Literal["rfc1459", "ascii"] = setting(
        "rfc1459", "Which letters are equal in nicks and channel names: with rfc1459 also {}|^ and []\\~."
    )
    utf8_only: bool = setting(
        False,
        "Refuse lines of clients that are not UTF-8 (UTF8ONLY in 005). The same on every node; lines of before stay.",
        live=True,
    )
    icon: IconUrl = setting(
        "", "Address of a square picture of the network, shown by clients (draft/ICON in 005); empty: none.", live=True
    )


class DirectoryNetwork(Section):
    """The facts of the network that a directory must know."""

    name: Word = setting(REQUIRED, "Name of the network, the same as in the nodes' files.")
    key_file: KeyPath = setting(REQUIRED, "File with the network key, the same key as the nodes have.")


class Ring(Section):
    """The placing of groups on nodes. The same on every node: nodes with different values refuse each other."""

    distance: Literal["absolute", "circular"] = setting(
        "absolute", "How far a node is from a name: absolute is |K - J|, circular also goes round past zero."
    )
    points: int = setting(
        1, "Points of each node on the ring: more points spread the groups more evenly.", ge=1, le=256
    )
    copies: int = setting(
        2, "Nodes that hold each group, the master included: copies - 1 of these nodes may die at once.", ge=1, le=9
    )


class Log(Section):
    """The log's target, level and format."""

    level: Literal["debug", "info", "warning", "error"] = setting("info", "Least severity that is logged.", live=True)
    format: Literal["auto", "json", "console"] = setting(
        "auto", "json is a JSON object a line, console is coloured text; auto is console on a terminal, else json."
    )
    file: OutputPath | None = setting(None, "File that the log is appended to, instead of standard error.")
