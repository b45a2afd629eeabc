"""The certificate of an HTTPS listener: read again, and kept if the new files are no pair."""

from __future__ import annotations

import ssl
import time
from pathlib import Path

import pytest
import trustme

from gateway.web.certificate import HttpsContext


def pair(folder: Path, name: str) -> tuple[str, str]:
    made = trustme.CA().issue_cert(f"{name}.example")
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    made.cert_chain_pems[0].write_to_path(str(cert))
    made.private_key_pem.write_to_path(str(key))
    return str(cert), str(key)


def test_a_pair_is_read_and_its_end_is_known(tmp_path: Path) -> None:
    context = HttpsContext(*pair(tmp_path, "one"))
    assert isinstance(context.context, ssl.SSLContext) and context.ends > time.time()


def test_after_a_bad_pair_the_old_pair_stays(tmp_path: Path) -> None:
    context = HttpsContext(*pair(tmp_path, "one"))
    (cert, key), (_, other) = pair(tmp_path, "two"), pair(tmp_path, "three")
    before = context.ends
    for bad in ((cert, other), (cert, str(tmp_path / "nowhere")), (key, cert)):
        with pytest.raises((OSError, ssl.SSLError)):
            context.reload(*bad)
        assert context.ends == before
    context.reload(cert, key)


def test_without_a_pair_there_is_no_context(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    with pytest.raises((OSError, ssl.SSLError)):
        HttpsContext(str(empty), str(empty))
