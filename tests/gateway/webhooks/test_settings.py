"""The configuration has every setting that deliveries read, with values that deliveries can use."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.webhooks import Webhooks
from gateway.webhooks.settings import WebhookSettings


def test_the_configuration_has_every_setting() -> None:
    settings: WebhookSettings = Webhooks()
    assert {*WebhookSettings.__annotations__} <= {*Webhooks.model_fields}
    assert settings.allow == ()  # without a configuration nothing is posted anywhere


@pytest.mark.parametrize("name", ["backlog", "time_limit_s", "at_once"])
def test_no_bound_may_be_zero(name: str) -> None:
    assert getattr(Webhooks(), name) > 0
    with pytest.raises(ValidationError):
        Webhooks.model_validate({name: 0})
