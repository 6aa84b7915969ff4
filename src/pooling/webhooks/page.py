"""What the pages of one webhook share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.accounts.second_factor import SecretBox
from pooling.kernel.tables import known_id
from pooling.members.group_page import GroupPage, InGroup
from pooling.web.layout import Link
from pooling.webhooks.delivering import PURPOSE
from pooling.webhooks.keeping import find_webhook
from pooling.webhooks.models import Webhook

WEBHOOKS = "/webhooks"
ONE = f"{WEBHOOKS}/{{webhook_id:int}}"


def box_of(here: InGroup) -> SecretBox:
    return SecretBox(here.services.secret_key, PURPOSE)


@dataclass(frozen=True)
class WebhookPage(GroupPage):
    """A page of the webhook that its address names."""

    webhook: Webhook

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), webhook=await find_webhook(here.session, known_id(here.named["webhook_id"])))

    @property
    def url(self) -> str:
        return f"{self.base}{WEBHOOKS}/{self.webhook.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Webhooks", self.base + WEBHOOKS), Link(self.webhook.label, self.url)]
