"""From the configured tokens to what the API of operators is told, and the warning about the network between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import structlog
import trustme
from structlog.testing import capture_logs

from config import load_node
from config.keyfile import create_key
from gateway.io.tokens import tokens
from gateway.web.api.access import Rates, hash_of


@pytest.mark.parametrize(
    ("host", "tls", "given", "warns"),
    [
        ("127.0.0.1", False, True, False),
        ("::1", False, True, False),
        ("0.0.0.0", False, True, True),
        ("192.0.2.7", False, True, True),
        ("0.0.0.0", True, True, False),
        ("0.0.0.0", False, False, False),
    ],
)
def test_tokens_that_others_may_read_are_warned_of(
    tmp_path: Path, host: str, tls: bool, given: bool, warns: bool
) -> None:
    create_key(tmp_path / "network.key")
    leaf = trustme.CA().issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(tmp_path / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    token = {"name": "ci", "hash": hash_of("x"), "capabilities": ["speak"], "channels": ["#Builds"]}
    http = {"host": host, "tokens": [token] if given else [], "requests_per_minute": 7}
    if tls:
        http["tls"] = {"cert": "cert.pem", "key": "key.pem"}
    config = {
        "network": {"name": "Circlet", "server_name": "irc.circlet.local", "key_file": "network.key"},
        "node": {"name": "node-1.circlet.local", "ip": "127.0.0.1", "state_dir": "state"},
        "listeners": [{"host": "127.0.0.1", "port": 6667}],
        "http": http,
    }
    (tmp_path / "node.yaml").write_text(json.dumps(config))
    with capture_logs() as logs:
        made, rates = tokens(load_node(tmp_path / "node.yaml"), structlog.get_logger())
    assert rates == Rates(7, 10)
    assert [one.channels for one in made] == ([frozenset(("#builds",))] if given else [])
    assert [entry["event"] for entry in logs] == (["tokens_without_tls"] if warns else [])
    assert hash_of("x") not in str(logs)
