"""Where webhooks may be posted to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from gateway.webhooks.addresses import URL_MAX, Allow, host_of, read_url, shown


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://hooks.example.net/x", "hooks.example.net"),
        ("https://Hooks.Example.NET.:8443/x?y=1", "hooks.example.net"),
        ("https://127.0.0.1:8080", "127.0.0.1"),
        ("http://[2001:db8::1]/x", "2001:db8::1"),
        ("http://localhost/", "localhost"),
    ],
)
def test_good_addresses(url: str, host: str) -> None:
    assert read_url(url).host == host


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "printable"),
        ("http://a b/", "printable"),
        ("http://bücher.example/", "printable"),
        ("http://a.example/" + "x" * URL_MAX, "printable"),
        ("ftp://a.example/", "begin with http"),
        ("//a.example/", "begin with http"),
        ("hooks.example.net", "begin with http"),
        ("http://", "name a host"),
        ("http:///path", "name a host"),
        ("http://user:pw@a.example/", "user or password"),
        ("http://@a.example/", "user or password"),
        ("http://a.example/#top", "fragment"),
        ("http://a.example:0/", "port 0"),
        ("http://a.example:99999/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("http://127.1/", "name a host"),
        ("http://2130706433/", "name a host"),
        ("http://0x7f.1/", "name a host"),
        ("http://[v1.example]/", "name a host"),
        ("http://a.example\\@127.0.0.1/", "user or password"),
        ("http://a..example/", "name a host"),
        ("http://-a.example/", "name a host"),
        ("http://%61.example/", "name a host"),
    ],
)
def test_bad_addresses_are_refused_with_words(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_url(url)


def permits(entries: tuple[str, ...], host: str, address: str) -> bool:
    return Allow(entries).permits(host, ip_address(address))


def test_nothing_is_allowed_by_itself() -> None:
    allow = Allow(node="node-1.example.net")
    assert "the file of node-1.example.net does not allow a.example: add `- a.example` there" in allow.why_not(
        read_url("http://a.example/")
    )
    assert "does not allow 1.1.1.1" in allow.why_not(read_url("http://1.1.1.1/"))
    assert not allow.permits("a.example", ip_address("1.1.1.1"))


def test_a_name_that_is_listed_may_lead_to_public_addresses_only() -> None:
    entries = ("hooks.example.net",)
    assert Allow(entries).why_not(read_url("https://HOOKS.example.net/x")) == ""
    assert permits(entries, "hooks.example.net", "1.1.1.1") and permits(entries, "hooks.example.net", "2606:4700::1")
    for inside in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "::1", "fe80::1", "fc00::1",
                   "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "::7f00:1", "::a00:1",
                   "224.0.1.1", "ff0e::1"):  # fmt: skip
        assert not permits(entries, "hooks.example.net", inside), inside
    assert permits(entries, "hooks.example.net", "64:ff9b::101:101"), "1.1.1.1, by a translator"
    assert not permits(entries, "other.example.net", "1.1.1.1")
    assert "does not allow" in Allow(entries).why_not(read_url("http://a.hooks.example.net/"))


def test_a_star_stands_for_names_below() -> None:
    allow = Allow(("*.example.net",))
    assert allow.why_not(read_url("http://a.b.example.net/")) == ""
    for other in ("http://example.net/", "http://aexample.net/", "http://example.net.evil.org/"):
        assert allow.why_not(read_url(other)), other


def test_a_network_allows_its_addresses_under_any_name() -> None:
    entries = ("127.0.0.0/8", "10.1.2.3", "fd00::/8")
    assert permits(entries, "a.example", "127.0.0.9") and permits(entries, "a.example", "::ffff:127.0.0.9")
    assert permits(entries, "10.1.2.3", "10.1.2.3") and permits(entries, "x", "fd00::7")
    assert not permits(entries, "a.example", "10.1.2.4") and not permits(entries, "a.example", "1.1.1.1")
    assert Allow(entries).why_not(read_url("http://a.example/")) == "", "known only once the name is resolved"
    assert Allow(entries).why_not(read_url("http://10.1.2.4/"))


def test_a_refusal_tells_a_listed_name_from_another() -> None:
    allow, inside = Allow(("hooks.example.net",)), (ip_address("10.0.0.1"),)
    assert "10.0.0.1, which is not public" in allow.refusal("hooks.example.net", inside)
    assert "does not allow a.example" in allow.refusal("a.example", inside)


def test_what_is_shown_of_an_address() -> None:
    assert shown("https://a.example/x?token=1") == "https://a.example/x?..."
    assert shown("https://a.example/x") == "https://a.example/x"
    assert host_of("https://a.example/secret/path?x") == "a.example"
