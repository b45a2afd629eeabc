"""The kinds of stories: how a seed's story is told, and the promises that hold afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tests.sim.accounts import ACCOUNT_CHECKS, AccountStory
from tests.sim.bans import BAN_CHECKS, BanStory
from tests.sim.channels import CHANNEL_CHECKS, ChannelStory
from tests.sim.chaos import Story
from tests.sim.checks import CHECKS, check
from tests.sim.devices import DEVICE_CHECKS, DeviceStory
from tests.sim.registrations import REGISTRATION_CHECKS, RegistrationStory
from tests.sim.webhooks import WEBHOOK_CHECKS, WebhookStory
from tests.sim.whispers import WHISPER_CHECKS, WhisperStory


class Kind(NamedTuple):
    """option: chooses the kind on the command line."""

    story: Callable[..., Any]
    checks: Sequence[Callable[[Any], Any]]
    option: str = ""

    def tell(self, seed: int, **options: Any) -> tuple[Any, list[str]]:
        """Tell the story of this seed from beginning to end; return the failures. options: as the story takes
        options.
        """
        story = self.story(seed, **options)
        story.run()
        return story, check(story, self.checks)

    def hold(self, seed: int) -> Any:
        """Everything has to be right; returns the story."""
        story, wrong = self.tell(seed)
        replay = f"seed {seed}; replay it with: python -m tests.sim {seed}{self.option}"
        assert not wrong, "\n".join([replay, *story.faults, *wrong[:10]])
        return story


TALK = Kind(Story, CHECKS)
DEVICES = Kind(DeviceStory, DEVICE_CHECKS, " --devices")
ACCOUNTS = Kind(AccountStory, ACCOUNT_CHECKS, " --accounts")
WHISPERS = Kind(WhisperStory, WHISPER_CHECKS, " --whispers")
REGISTRATIONS = Kind(RegistrationStory, REGISTRATION_CHECKS, " --registrations")
BANS = Kind(BanStory, BAN_CHECKS, " --bans")
CHANNELS = Kind(ChannelStory, CHANNEL_CHECKS, " --channels")
WEBHOOKS = Kind(WebhookStory, WEBHOOK_CHECKS, " --webhooks")
