"""A node and a directory for which every metric has a value in every label."""

from __future__ import annotations

from collections import Counter

from gateway.status import Around, Certificate, Directory
from gateway.web.directory_source import DirectorySource
from gateway.web.health import LoopLag
from gateway.web.metrics.directory import of_directory
from gateway.web.metrics.exporter import Exporter
from gateway.web.metrics.node import of_node
from gateway.web.source import Source, Vitals
from ring.histogram import Histogram
from ring.links.link import LinkState
from tests.gateway.commands.stage import network, people
from tests.ring.membership.directory.world import World


def node() -> Exporter:
    net = network(3)
    ann, *_ = people(net, "ann", "bob", channel="#c")
    ann.ask("NICK anna", "JOIN #", "PRIVMSG #c :hi")
    core = net.nodes["n1"].core
    core.engine.counters["unreadable"] += 1
    links = {"127.0.0.2": LinkState(60.0, 0.002), "127.0.0.3": LinkState(60.0, 0.003)}
    around = Around([Directory("127.0.0.1:7701", lease_left_s=9.0)], [Certificate("0.0.0.0:6697", "cert.pem", 2e9)])
    vitals = Vitals(LoopLag(), Histogram(), Histogram(), links_refused=Counter(rate=1))
    return of_node(Source(core, lambda: links, around=lambda: around, vitals=lambda: vitals))


def directory() -> Exporter:
    world = World()
    world.up[0].receive(b"nonsense", ("127.0.0.9", 1), world.now)
    return of_directory(DirectorySource(world.up[0], "1", "127.0.0.1:7701", lambda: world.now))
