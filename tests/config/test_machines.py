"""The files of a network of several machines."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config import DirectoryConfig, NodeConfig, load
from config.generate import InitError
from config.machines import MAX_NAME, addresses, check_name, network_name, write_machines

NAME = "irc.example.net"
FOUR = ["192.0.2.1", "192.0.2.2", "2001:db8::7", "192.0.2.4"]


def node(folder: Path, number: int) -> NodeConfig:
    config = load(folder / f"machine-{number}" / f"node-{number}.yaml")
    assert isinstance(config, NodeConfig)
    return config


def test_each_machine_has_a_folder_with_all_that_the_machine_needs(tmp_path: Path) -> None:
    machines = write_machines(tmp_path, FOUR, NAME)
    assert [(one.ip, one.has_directory) for one in machines] == list(zip(FOUR, [True, True, True, False], strict=True))
    for one in machines:
        config = node(tmp_path, one.number)
        assert config.node.name == f"node-{one.number}.{NAME}" and config.node.ip == one.ip
        assert (config.network.name, config.network.server_name) == ("example.net", NAME)
        assert config.irc_address == (one.ip, 6667) and config.links_address == (one.ip, 7600)
        assert [str(each) for each in config.directories] == ["192.0.2.1:7700", "192.0.2.2:7700", "[2001:db8::7]:7700"]
        assert config.node.state_dir == Path(f"/var/lib/circlet/node-{one.number}")
        assert config.http is not None and config.http.address == ("127.0.0.1", 8067) and config.http_url == ""
        assert (one.folder / f"directory-{one.number}.yaml").exists() is one.has_directory
    third = load(tmp_path / "machine-3" / "directory-3.yaml")
    assert isinstance(third, DirectoryConfig) and third.address == ("2001:db8::7", 7700)
    assert third.http is not None and third.http.address == ("127.0.0.1", 8073)


def test_the_key_is_shared_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    write_machines(tmp_path, FOUR, NAME)
    keys = [tmp_path / f"machine-{number}" / "network.key" for number in (1, 2, 3, 4)]
    assert len({key.read_text() for key in keys}) == 1
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_a_trial_on_this_machine_keeps_its_state_beside_the_files(tmp_path: Path) -> None:
    write_machines(tmp_path, ["127.0.0.11", "127.0.0.12"], NAME)
    second = node(tmp_path, 2)
    assert second.node.state_dir == tmp_path / "machine-2" / "state" / "node-2"
    assert second.http_url == "http://127.0.0.12:8067/"
    assert (second.clients.per_address, second.clients.total) == (0, 500), "as on a local network"


def test_nothing_is_overwritten_and_nothing_written(tmp_path: Path) -> None:
    mine = tmp_path / "machine-2" / "node-2.yaml"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(InitError, match=r"already holds machine-2/node-2\.yaml: nothing is overwritten"):
        write_machines(tmp_path, FOUR, NAME)
    assert mine.read_text() == "mine" and not (tmp_path / "machine-1").exists()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1", ["192.0.2.1"]),
        (" 192.0.2.1 , 2001:DB8:0::7", ["192.0.2.1", "2001:db8::7"]),
        ("10.0.0.1,fd00::2", ["10.0.0.1", "fd00::2"]),
        ("127.0.0.11,::1", ["127.0.0.11", "::1"]),
    ],
)
def test_addresses_are_read_in_any_spelling(text: str, found: list[str]) -> None:
    assert addresses(text) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "an address is missing"),
        ("192.0.2.1,,192.0.2.2", "an address is missing"),
        ("192.0.2.1,node-2", "node-2 is not an IP address"),
        ("192.0.2.256", "is not an IP address"),
        ("192.0.2.1:6667", "without brackets, port or name"),
        ("[2001:db8::7]", "without brackets, port or name"),
        ("192.0.2.1,192.0.2.2,192.0.2.1", "192.0.2.1 stands twice"),
        ("2001:db8::7,2001:DB8:0::7", "2001:db8::7 stands twice"),
        ("0.0.0.0", "no address of one machine"),
        ("224.0.0.1", "no address of one machine"),
        ("fe80::1", "not all machines can use"),
        ("fe80::1%eth0", "is not an IP address"),
        ("::ffff:192.0.2.1", "not all machines can use"),
        ("192.0.2.1,127.0.0.1", "127.0.0.1 is reached from its own machine only"),
        (",".join(f"10.0.{n // 250}.{n % 250}" for n in range(251)), "found 251 addresses: 1 to 250"),
    ],
)
def test_addresses_that_will_not_do_are_refused_with_words(text: str, words: str) -> None:
    with pytest.raises(InitError, match=words):
        addresses(text)


@pytest.mark.parametrize(
    "name", ["", "irc", "irc.example.1", "-irc.example.net", "a" * 47 + ".net", "irc.exa mple.net"]
)
def test_a_name_that_will_not_do_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(InitError, match=r"a host name like irc\.example\.net"):
        check_name(name)


def test_the_longest_name_makes_names_of_nodes(tmp_path: Path) -> None:
    longest = check_name("a" * (MAX_NAME - 4) + ".net")
    ips = [f"10.0.0.{number}" for number in range(1, 251)]
    write_machines(tmp_path, ips, longest)
    assert node(tmp_path, 250).node.name == f"node-250.{longest}"


@pytest.mark.parametrize(
    ("name", "network"),
    [("irc.example.net", "example.net"), ("chat.example.net", "chat.example.net"), ("irc.net", "irc.net")],
)
def test_the_network_is_called_after_its_name(name: str, network: str) -> None:
    assert network_name(name) == network
