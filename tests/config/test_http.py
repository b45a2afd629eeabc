"""Where the pages of a node are, as the network is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import ConfigErrors, NodeConfig, load
from config.generate import write_network
from ring.roster import MAX_HTTP


def url(folder: Path, ip: str, http: str) -> str:
    """`http_url` of a node with this IP address and this section."""
    write_network(folder, 1, 0)
    path = folder / "node-1.yaml"
    head, _, rest = path.read_text().replace("ip: 127.0.0.1", f"ip: '{ip}'").partition("http:")
    path.write_text(f"{head}{f'http: {http}' if http else ''}\n\nclients:{rest.partition('clients:')[2]}")
    config = load(path)
    assert isinstance(config, NodeConfig)
    return config.http_url


@pytest.mark.parametrize(
    ("ip", "http", "wanted"),
    [
        ("127.0.0.1", "", ""),
        ("127.0.0.1", "{}", "http://127.0.0.1:8067/"),
        ("127.0.0.2", "{host: 127.0.0.2, port: 80}", "http://127.0.0.2:80/"),
        ("192.0.2.1", "{}", ""),  # 127.0.0.1 is another machine for each reader
        ("192.0.2.1", "{host: '::1'}", ""),
        ("192.0.2.1", "{host: 0.0.0.0}", "http://192.0.2.1:8067/"),
        ("2001:db8::7", "{host: '::'}", "http://[2001:db8::7]:8067/"),
        ("192.0.2.1", "{host: 192.0.2.9, port: 8068}", "http://192.0.2.9:8068/"),
        ("192.0.2.1", "{advertise: 'https://n1.example.org'}", "https://n1.example.org/"),
        ("192.0.2.1", "{advertise: 'https://n1.example.org:8443/'}", "https://n1.example.org:8443/"),
        ("192.0.2.1", "{advertise: 'http://[2001:DB8::7]:80/'}", "http://[2001:db8::7]:80/"),
    ],
)
def test_the_network_is_told_an_address_that_others_can_reach(tmp_path: Path, ip: str, http: str, wanted: str) -> None:
    assert url(tmp_path, ip, http) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "n1.example.org",
        "ftp://n1.example.org/",
        "https://n1.example.org/circlet/",
        "https://joe@n1.example.org/",
        "https://n1.example.org:0/",
        "https://n1.example.org:99999/",
        "https://n1 .example.org/",
        "https://[::1/",
        "https://" + "a" * MAX_HTTP + ".org/",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_none_is_refused_with_an_example(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigErrors, match=r"http\.advertise .*: a URL without a path, like https://node-1"):
        url(tmp_path, "192.0.2.1", f"{{advertise: '{text}'}}")


def test_the_longest_address_fits_a_record(tmp_path: Path) -> None:
    longest = f"https://{'a' * 59}.org:65535/"
    assert len(url(tmp_path, "192.0.2.1", f"{{advertise: '{longest}'}}")) <= MAX_HTTP
