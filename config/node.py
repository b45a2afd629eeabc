"""The configuration of a supernode: `node-1.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from config.accounts import Accounts
from config.bans import Bans
from config.cloaks import Cloaks
from config.common import Log, Network, Ring
from config.history import History
from config.http import Http
from config.keyfile import KeyFileError, read_key
from config.metadata import Metadata
from config.mistakes import Key
from config.motd import MotdPath, MotdText, read_motd
from config.operators import Audit, Operator, OperatorClass
from config.people import Admin, Clients, Limits
from config.section import REQUIRED, Section, setting, subsection
from config.sessions import Sessions
from config.tls import Tls
from config.units import Duration, Size
from config.values import (
    BindAddress,
    DirectoryAddress,
    Endpoint,
    FolderPath,
    HostName,
    NodeAddress,
    PasswordHash,
    Port,
    ShownAddress,
    Word,
)
from config.webhooks import Webhooks
from ring.features import LEVEL, OLDEST


class Node(Section):
    """The node's identity, different on every node."""

    name: HostName = setting(
        REQUIRED,
        "Host name of this node, for operators and for the QUIT lines of a dead node. The name need not resolve.",
    )
    ip: NodeAddress = setting(REQUIRED, "IP address at which other nodes and directories' users reach this node.")
    ring_key: Word = setting(
        None,
        "Text that places the node on the ring. Nodes behind the same IP address need a key each. Default: node.ip.",
        default_factory=lambda known: known.get("ip", ""),
    )
    state_dir: FolderPath = setting(
        REQUIRED,
        "Directory for the node's data (roster, incarnation, circlet.db). Made if missing; never shared.",
    )
    feature_level: int | None = setting(
        None,
        "For tests of upgrades: act as a build of this older feature level. With none: the level of the build.",
        ge=OLDEST,
        le=LEVEL,
    )


class Listener(Section):
    """A port for IRC clients."""

    host: BindAddress = setting(REQUIRED, "IP address to listen on; 0.0.0.0 or :: for all.")
    port: Port = setting(REQUIRED, "TCP port, by custom 6667, or 6697 with TLS.")
    tls: Tls | None = setting(None, "Certificate, for a TLS listener.")


class Links(Section):
    """TCP links between nodes."""

    host: BindAddress | None = setting(None, "IP address to listen on for other nodes. With none: node.ip.")
    port: Port = setting(7600, "TCP port to listen on for other nodes.")
    heartbeat_s: Duration = setting(1, "How often a heartbeat goes over each link.", unit="seconds", ge=0.05, le=60)
    dead_after_s: Duration = setting(
        5, "Silence of a peer after which the peer counts as dead.", unit="seconds", ge=0.1, le=600
    )
    idle_close_s: Duration = setting(
        600,
        "Time without use after which a link is closed; the link opens again on demand.",
        unit="seconds",
        ge=1,
        le=86_400,
    )
    queue: Size = setting(
        16 << 20, "Output that may wait for a peer; a slower peer is cut and resynchronised.", unit="bytes",
        ge=64 << 10, le=4 << 30,
    )  # fmt: skip
    frame_max: Size = setting(4 << 20, "Longest frame accepted from a peer.", unit="bytes", ge=64 << 10, le=256 << 20)
    redial_min_s: Duration = setting(
        0.1,
        "First pause before a lost link is dialled again; the pause doubles, with jitter.",
        unit="seconds",
        ge=0.01,
        le=60,
    )
    redial_max_s: Duration = setting(5, "Longest pause between two dials.", unit="seconds", ge=0.1, le=600)

    def mistakes(self) -> Iterator[tuple[Key, str]]:
        if self.dead_after_s <= 2 * self.heartbeat_s:
            yield (
                ("dead_after_s",),
                f"{self.dead_after_s:g} is not more than twice links.heartbeat_s ({self.heartbeat_s:g}): "
                "a peer needs time to answer",
            )
        if self.idle_close_s <= self.dead_after_s:
            yield (
                ("idle_close_s",),
                f"{self.idle_close_s:g} is not more than links.dead_after_s ({self.dead_after_s:g}): "
                "a link must live long enough to be missed",
            )
        if self.redial_max_s < self.redial_min_s:
            yield ("redial_max_s",), f"{self.redial_max_s:g} is less than links.redial_min_s ({self.redial_min_s:g})"
        if self.frame_max > self.queue:
            yield (
                ("frame_max",),
                f"{self.frame_max} is more than links.queue ({self.queue}): a frame must fit the queue",
            )


class Announce(Section):
    """The node's announcements to the directories."""

    every_s: Duration = setting(
        3,
        "How often each directory hears from this node. Less than a third of the directories' lease_s is wise.",
        unit="seconds",
        ge=0.1,
        le=600,
    )


class NodeConfig(Section):
    """The file of a supernode."""

    network: Network = Field(description="The network this node belongs to. Required.")
    ring: Ring = subsection(Ring, "How groups are placed on nodes; the same on every node.")
    directories: Annotated[tuple[DirectoryAddress, ...], Field(strict=False, max_length=16)] = setting(
        (), "Directories for the node's announcements, each `ip:port`. A network of a single node needs none."
    )
    node: Node = Field(description="Who this node is. Required.")
    listeners: Annotated[tuple[Listener, ...], Field(strict=False, min_length=1, max_length=100)] = setting(
        REQUIRED, "Ports for IRC clients."
    )
    advertise: ShownAddress | None = setting(
        None, "IRC address `host:port` that people are shown for this node. With none: the first listener's."
    )
    links: Links = subsection(Links, "Links to other nodes.")
    http: Http | None = setting(
        None, "HTTP: the page of the ring, metrics, what programs ask. Without this section there is no HTTP."
    )
    announce: Announce = subsection(Announce, "How the node shows itself to the directories.")
    limits: Limits = subsection(Limits, "What names and lists may measure; the same on every node.")
    clients: Clients = subsection(Clients, "How this node treats the clients connected to it.")
    accounts: Accounts = subsection(Accounts, "Accounts of people, and what they protect.")
    cloaks: Cloaks = subsection(Cloaks, "What people are shown of each other's addresses; the same on every node.")
    history: History = subsection(History, "What was said in channels, and how long it is kept.")
    sessions: Sessions = subsection(Sessions, "What stays of people with accounts when their connections go.")
    bans: Bans = subsection(Bans, "Bans of the whole network.")
    metadata: Metadata = subsection(Metadata, "Keys with values that people set for themselves and for channels.")
    webhooks: Webhooks = subsection(Webhooks, "What is said in channels, posted to addresses that operators subscribe.")
    server_password_hash: PasswordHash | None = setting(
        None, "Hash of a password that every client must send with PASS, from `circlet hash-password`.",
        live=True, secret=True,
    )  # fmt: skip
    grace_s: Duration = setting(
        30,
        "Time for the people of a dead node to reappear elsewhere, before the QUIT.",
        unit="seconds",
        ge=0,
        le=3600,
    )
    drain_s: Duration = setting(
        10, "Longest time of a stopping node to hand its groups over.", unit="seconds", ge=0, le=600
    )
    hand_off_after_s: Duration = setting(
        1, "How long a better owner must be up before the owner gets a group.", unit="seconds", ge=0, le=600
    )
    check_every_s: Duration = setting(
        5, "How often the node checks whether another node should master a group.", unit="seconds", ge=0.1, le=600
    )
    motd: MotdText = setting("", "Message of the day, as text.", live=True)
    motd_file: MotdPath | None = setting(
        None, "Message of the day, as a UTF-8 file, read on start and SIGHUP. Set either motd or motd_file.", live=True
    )
    admin: Admin = subsection(Admin, "What /ADMIN answers.")
    operator_classes: Annotated[tuple[OperatorClass, ...], Field(strict=False, max_length=100)] = setting(
        (), "Classes of operators: what the operators of a class may do.", live=True
    )
    operators: Annotated[tuple[Operator, ...], Field(strict=False, max_length=1000)] = setting(
        (), "People who may OPER.", live=True
    )
    audit: Audit = subsection(Audit, "What operators did, and what operators are told.")
    log: Log = subsection(Log, "Where the log goes and what is in it.")

    @property
    def links_address(self) -> Endpoint:
        """The address on which the node listens for other nodes."""
        return Endpoint(self.links.host or self.node.ip, self.links.port)

    @property
    def irc_address(self) -> Endpoint:
        """The address that people are told to connect to."""
        first = self.listeners[0]
        host = self.node.ip if first.host in ("0.0.0.0", "::") else first.host
        return self.advertise or Endpoint(host, first.port)

    @property
    def http_url(self) -> str:
        """The URL of this node's pages for people; "" if there is none."""
        return self.http.shown(self.node.ip) if self.http is not None else ""

    def motd_lines(self) -> tuple[str, ...]:
        """Return the lines of the message of the day; an empty tuple if there is none. May raise, see `read_motd`."""
        text = read_motd(self.motd_file) if self.motd_file else self.motd
        return tuple(text.removesuffix("\n").split("\n")) if text else ()

    def mistakes(self) -> Iterator[tuple[Key, str]]:
        if self.node.name.lower() == self.network.server_name.lower():
            yield ("node", "name"), "is the same as network.server_name: a node needs a name of its own"
        if self.cloaks.key_file is not None and _same_text(self.cloaks.key_file, self.network.key_file):
            yield (
                ("cloaks", "key_file"),
                "is the network key: cloaks need a secret of their own, for the network key may change",
            )
        if self.motd and self.motd_file:
            yield ("motd_file",), "stands beside motd: keep one of them"
        ports = [self.links_address, *(Endpoint(each.host, each.port) for each in self.listeners)]
        for index, port in enumerate(ports[1:]):
            if port in ports[: index + 1]:
                yield ("listeners", index), f"{port} is taken by links or a listener before: choose another port"
        yield from _repeated("directories", [str(each) for each in self.directories], ())
        yield from _repeated("operators", [each.name for each in self.operators], ("name",))
        yield from _repeated("operator_classes", [each.name for each in self.operator_classes], ("name",))
        classes = {each.name for each in self.operator_classes}
        for index, one in enumerate(self.operators):
            if one.operator_class is not None and one.operator_class not in classes:
                known = ", ".join(sorted(classes)) or "there are none"
                yield (
                    ("operators", index, "operator_class"),
                    f"{one.operator_class} is no class of operator_classes ({known})",
                )


def _same_text(one: Path, other: Path) -> bool:
    """Whether the files hold the same key. A file that cannot be read is reported elsewhere."""
    try:
        return read_key(one) == read_key(other)
    except KeyFileError:
        return False


def _repeated(name: str, values: list[str], inner: Key) -> Iterator[tuple[Key, str]]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield (name, index, *inner), f"{value} stands twice: remove one"
