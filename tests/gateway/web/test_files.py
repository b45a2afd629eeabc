"""Files of our own pages, from memory: the right kind, and not sent again to a browser that has the file."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.web.files import KINDS, answer, file, load


@pytest.mark.parametrize(("folder", "names"), [("ring", {"page.js", "page.css"}), ("chat", {"index.html"})])
def test_every_file_of_a_folder_is_loaded_with_its_kind(folder: str, names: set[str]) -> None:
    found = load(folder)
    assert names <= {*found}
    for name, one in found.items():
        assert one.kind == KINDS[name.rpartition(".")[2]] and one.contents


def test_the_tag_changes_with_the_contents() -> None:
    one, same, other = file(b"a", "text/css"), file(b"a", "text/css"), file(b"b", "text/css")
    assert one.tag == same.tag != other.tag
    assert one.tag.startswith('"') and one.tag.endswith('"')


def test_a_browser_with_the_file_is_sent_nothing_and_another_all() -> None:
    one = file(b"body {}", KINDS["css"])
    fresh = answer(make_mocked_request("GET", "/"), one, "default-src 'none'")
    assert (fresh.status, fresh.body, fresh.content_type) == (200, b"body {}", "text/css")
    known = answer(make_mocked_request("GET", "/", headers={"If-None-Match": one.tag}), one, "default-src 'none'")
    assert (known.status, known.body) == (304, None)
    for response in (fresh, known):
        assert response.headers["Content-Security-Policy"] == "default-src 'none'"
        assert response.headers["ETag"] == one.tag and response.headers["Cache-Control"] == "no-cache"
    old = answer(make_mocked_request("GET", "/", headers={"If-None-Match": '"old"'}), one, "x")
    assert old.status == 200
