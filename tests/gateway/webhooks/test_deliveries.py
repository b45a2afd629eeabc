"""The deliveries of a node: couriers by subscription, rows for operators, and the headers of a request."""

from __future__ import annotations

import pytest

from gateway.webhooks.message import KEY, SIGNATURE
from ring.ids import GroupId
from tests.gateway.webhooks.test_courier import ALLOWED, CHANNEL, GROUP, URL, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_only_channels_with_a_subscription_have_couriers(stage: Stage) -> None:
    stage.ann.ask("JOIN #d")
    for group in (GroupId("channel", "#d"), GroupId("nick", "ann"), GroupId("channel", "#nowhere")):
        stage.desk.mastering(group)
    assert [*stage.desk.couriers] == [GROUP] and [*stage.desk.couriers[GROUP]] == [stage.made.id]


def test_a_second_check_keeps_the_courier(stage: Stage) -> None:
    courier = stage.courier
    stage.desk.mastering(GROUP)
    assert stage.courier is courier and not courier.closed


def test_a_row_tells_of_failures_only_while_the_receiver_fails(stage: Stage) -> None:
    stage.say("one")
    stage.answer(500)
    row = stage.desk.rows()[stage.made.id]
    assert (row.channel, row.delivered, row.backlog) == (CHANNEL, 0, 1)
    assert "500" in row.error and 0 < row.failing_since < row.retry_at
    assert stage.posted(2.0)
    stage.answer(200)
    row = stage.desk.rows()[stage.made.id]
    assert (row.delivered, row.backlog, row.error, row.failing_since, row.retry_at) == (1, 0, "", 0, 0)
    assert row.delivered_at == pytest.approx(stage.net.now * 1000, abs=5000)


def test_a_request_has_the_address_the_limit_and_the_signed_headers(stage: Stage) -> None:
    stage.say("one")
    (post,) = stage.receiver.posts
    assert (post.url, post.time_limit_s) == (URL, ALLOWED.time_limit_s)
    assert {*post.headers} == {"Content-Type", "User-Agent", KEY, SIGNATURE}
    assert "sesame" not in repr(post) and stage.made.secret not in repr(post)


@pytest.mark.parametrize(("status", "is_done"), [(199, False), (200, True), (299, True), (300, False)])
def test_any_2xx_is_a_delivery(stage: Stage, status: int, is_done: bool) -> None:
    stage.say("one")
    stage.answer(status)
    assert (stage.courier.delivered, stage.courier.failures) == ((1, 0) if is_done else (0, 1))


def test_an_answer_to_no_request_is_refused(stage: Stage) -> None:
    with pytest.raises(KeyError):
        stage.desk.answered(99, 200)
