"""What the facilitator's pages of reminders share: where they are, one occasion, one kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.kernel.errors import NotFound
from pooling.mailroom.occasions import TABS, OccasionShown, OccasionState, occasion_of
from pooling.mailroom.sending_now import kind_named
from pooling.mailroom.words import offset_word
from pooling.members.group_page import GroupPage, InGroup
from pooling.reminders.kinds import Kind
from pooling.web.layout import Link

SECTION = "/relances"
FAILED = "/echecs"
SETTINGS = "/reglages"
"""These two go on from it."""


@dataclass(frozen=True)
class RemindersPage(GroupPage):
    """A page of the section Relances."""

    @property
    def section_url(self) -> str:
        return self.base + SECTION

    @property
    def url(self) -> str:
        return self.section_url

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Comités", f"{self.base}/comites"), Link("Relances", self.section_url)]

    def pages(self, shown: str) -> list[Link]:
        """The lists of the section, of which this one is shown."""
        tabs = [Link(label, f"{self.section_url}?etat={tab}", tab == shown) for tab, (label, _) in TABS.items()]
        others = (("En échec", FAILED), ("Réglages", SETTINGS))
        return [*tabs, *(Link(label, self.section_url + path, path == shown) for label, path in others)]


@dataclass(frozen=True)
class OccasionPage(RemindersPage):
    """A page of the occasion that one of its reminders stands for in the address."""

    occasion: OccasionShown

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        occasion = await occasion_of(here.session, here.features.kinds, here.named["reminder_id"])
        return cls(**vars(here), occasion=occasion)

    @property
    def url(self) -> str:
        return f"{self.section_url}/{self.occasion.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link(self.title, self.url)]

    @property
    def title(self) -> str:
        return f"{self.occasion.label}, {offset_word(self.occasion.offset_days)}"

    @property
    def may_send(self) -> bool:
        """What a rule dates, such as a convocation, leaves by an act of its own."""
        kind = kind_named(self.features.kinds, self.occasion.kind)
        return kind is not None and not kind.lawful and self.occasion.counts.get(OccasionState.PLANNED, 0) > 0


@dataclass(frozen=True)
class KindPage(RemindersPage):
    """A page of a kind of reminders, as the group sets it."""

    kind: Kind

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        kind = kind_named(here.features.kinds, here.named["kind"])
        if kind is None:
            raise NotFound
        return cls(**vars(here), kind=kind)

    @property
    def url(self) -> str:
        return f"{self.settings_url}/{self.kind.name}"

    @property
    def settings_url(self) -> str:
        return self.section_url + SETTINGS

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Réglages", self.settings_url)]
