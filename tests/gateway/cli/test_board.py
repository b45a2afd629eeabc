"""What `circlet top` makes of the nodes' answers, of keys, and of terminals of all sizes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from rich.console import Console

from gateway.admin_clients.requests import Problem
from gateway.cli.board import SORTS, Board
from gateway.load import Busy, Load
from gateway.trace import Progress, Traced, TracedTerm
from tests.gateway.test_findings import well

NAMES = {"127.0.0.1": "node-1.circlet.local", "127.0.0.2": "node-2.circlet.local"}
ONE, TWO = NAMES


def load(key: str, at: float = 100.0, lines: int = 0, channels: list[Busy] | None = None, **facts: Any) -> Load:
    status = well("a").status
    assert status is not None
    status = msgspec.structs.replace(status, name=NAMES[key], ring_key=key, **facts)
    return Load(at, status, 5, lines, 2 * lines, 1000 * lines, 3000 * lines, 64_000_000, channels or [])


def shown(board: Board, width: int = 160, height: int = 40) -> list[str]:
    console = Console(width=width, height=height, color_system=None)
    with console.capture() as capture:
        console.print(board.picture(width, height))
    lines = capture.get().splitlines()
    assert all(len(line.rstrip()) <= width for line in lines)
    return [" ".join(line.split()) for line in lines]


@pytest.fixture
def board() -> Board:
    made = Board(NAMES)
    made.heard(ONE, load(ONE, channels=[Busy("#a", 3, 0.5, 90, 1, 0), Busy("#z", 9, 0.0, 5, 1, 4)]))
    made.heard(TWO, load(TWO, channels=[Busy("#m", 1, 7.0, 20, 1, 1)]))
    return made


def test_rates_are_between_two_looks(board: Board) -> None:
    assert board.nodes[ONE].rates is None
    board.heard(ONE, load(ONE, 102.0, lines=20))
    rates = board.nodes[ONE].rates
    assert rates is not None and rates == (10.0, 20.0, 10_000.0, 30_000.0)
    row = next(line for line in shown(board) if line.startswith("node-1"))
    assert row.split()[:4] == ["node-1.circlet.local", "0", "10.0", "20.0"] and "64 MB" in row


def test_a_node_that_began_anew_has_no_rates_yet(board: Board) -> None:
    board.heard(ONE, load(ONE, 102.0, lines=20, incarnation=77))
    assert board.nodes[ONE].rates is None


def test_a_node_that_dies_stays_with_no_answer_and_comes_back(board: Board) -> None:
    board.heard(TWO, Problem("connection refused"))
    lines = shown(board)
    assert "node-2.circlet.local no answer" in lines and not any("#m" in line for line in lines)
    board.heard(TWO, load(TWO))
    assert not any("no answer" in line for line in shown(board))


@pytest.mark.parametrize(
    ("sort", "names"), [("rate", "#m #a #z"), ("members", "#z #a #m"), ("name", "#a #m #z"), ("lag", "#z #m #a")]
)
def test_channels_are_sorted(board: Board, sort: str, names: str) -> None:
    board.sort = sort
    assert " ".join(channel.busy.name for channel in board.channel_rows()) == names
    heads = [line.split()[0] for line in shown(board) if line.startswith("#")]
    assert " ".join(heads) == names


def test_keys_sort_choose_show_alone_and_end(board: Board) -> None:
    assert not board.press("s") and board.sort == SORTS[1]
    for _ in range(3):
        board.press("s")
    assert board.sort == SORTS[0]
    for _ in range(9):
        board.press("down")
    assert board.chosen == 2
    board.press("up")
    board.press("enter")
    assert board.traced_channel == "#a"
    board.press("esc")
    assert board.traced_channel is None
    board.press("tab")
    board.press("enter")
    assert (board.pane, board.detail, board.traced_channel) == ("nodes", ONE, None)
    assert not board.press("x") and not board.press("") and board.press("q")


def test_keys_on_an_empty_board_do_nothing() -> None:
    board = Board({})
    for key in ("up", "down", "enter", "esc", "tab", "enter", "s", "down"):
        assert not board.press(key)
    assert board.detail is None and shown(board)


def test_a_channel_alone_shows_every_nodes_part_in_it(board: Board) -> None:
    board.press("enter")
    term = TracedTerm(5, ONE, 1, "first")
    progress = [Progress(TWO, 19, 20, True, True)]
    board.traced(ONE, Traced(NAMES[ONE], ONE, "master", ONE, 1, 20, 20, 3, [term], progress))
    board.traced(TWO, Problem("silent for 3 s"))
    lines = shown(board)
    assert "#m on role term entries acknowledged" in lines
    assert "node-1.circlet.local master 5 20 node-2.circlet.local 19" in lines
    assert "node-2.circlet.local no answer: silent for 3 s" in lines


def test_a_node_alone_shows_its_links_and_what_is_wrong_with_it(board: Board) -> None:
    board.press("tab")
    board.press("enter")
    board.heard(ONE, load(ONE, round_trips={TWO: 0.0021}, links={TWO: 7.5}, store="the disk is full"))
    lines = shown(board)
    assert "node-2.circlet.local 7.5 s 2.1 ms" in lines and "store: the disk is full" in lines
    board.heard(ONE, Problem("it hung up"))
    assert "does not answer: it hung up" in shown(board)


@pytest.mark.parametrize("width", [20, 40, 79, 80, 117, 118, 300])
@pytest.mark.parametrize("height", [0, 5, 24, 100])
def test_it_fits_every_terminal(board: Board, width: int, height: int) -> None:
    board.heard(TWO, Problem("connection refused"))
    assert any("node" in line for line in shown(board, width, height))
    board.press("enter")
    assert shown(board, width, height)


def test_a_short_terminal_shows_the_rows_around_the_chosen_one() -> None:
    board = Board(NAMES)
    board.heard(ONE, load(ONE, channels=[Busy(f"#c{number:02}", 1, 0.0, 1, 0, 0) for number in range(50)]))
    for _ in range(30):
        board.press("down")
    lines = [line for line in shown(board, 100, 20) if line.startswith("#c")]
    assert len(lines) < 15 and any(line.startswith("#c30") for line in lines)
