"""Metrics of the node's own health."""

from __future__ import annotations

from collections import Counter

from gateway.status import Around, Certificate, Directory
from gateway.web.health import Health, LoopLag
from gateway.web.metrics.node import of_node
from gateway.web.source import Source, Vitals
from ring.histogram import Histogram
from ring.links.link import LinkState
from tests.gateway.commands.stage import network
from tests.gateway.web.samples import read


def test_what_the_shells_know_is_exported() -> None:
    lag, writes = LoopLag(), Histogram()
    writes.observe(0.004)
    lag.expect(1.0)
    lag.came(3.0)
    vitals = Vitals(lag, writes, Histogram(), 10, 4096, 2, (5, 7), 11, Counter(rate=3))
    around = Around(
        [Directory("127.0.0.1:7701", "full", refused=True), Directory("127.0.0.1:7702", lease_left_s=9.5)],
        [Certificate("0.0.0.0:6697", "cert.pem", 1_800_000_000.0)],
    )
    net = network(2)
    links = {"127.0.0.2": LinkState(60.0, 0.002, 1, 2, 3), "127.0.0.9": LinkState(1.0)}
    core = net.nodes["n1"].core
    source = Source(
        core, lambda: links, around=lambda: around, vitals=lambda: vitals, health=lambda: Health(False, "slow")
    )
    found = read(of_node(source))
    assert found[("circlet_link_round_trip_seconds", "n2.sim")] == 0.002
    assert ("circlet_link_round_trip_seconds", "127.0.0.9") not in found  # not measured yet
    assert found[("circlet_link_sent_bytes_total", "n2.sim")] == 2
    assert found[("circlet_link_up_seconds", "127.0.0.9")] == 1
    assert found[("circlet_directory_lease_left_seconds", "127.0.0.1:7702")] == 9.5
    assert found[("circlet_directory_lease_left_seconds", "127.0.0.1:7701")] == 0
    assert found[("circlet_directory_refuses", "127.0.0.1:7701")] == 1
    assert found[("circlet_certificate_expiry_timestamp_seconds", "0.0.0.0:6697")] == 1_800_000_000
    assert found[("circlet_store_write_seconds_bucket", "0.005")] == 1
    assert found[("circlet_store_write_seconds_bucket", "0.0025")] == 0
    assert found[("circlet_loop_lag_seconds_sum",)] == 2
    assert found[("circlet_client_queue_bytes",)] == 12 and found[("circlet_client_queue_longest_bytes",)] == 7
    assert found[("circlet_links_refused_total", "rate")] == 3
    assert found[("circlet_healthy",)] == 0 and found[("circlet_ready",)] == 1  # the other directory lists the node
    assert found[("process_open_fds",)] > 0 and found[("process_max_fds",)] > 0
    assert found[("process_resident_memory_bytes",)] > 1_000_000
