"""What the pages of one action share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.actions.catalogue import Catalogue
from pooling.actions.entries import whole_catalogue
from pooling.actions.keeping import find_action
from pooling.actions.models import Action, Partner
from pooling.actions.partners import find_partner
from pooling.kernel.tables import known_id
from pooling.members.group_page import GroupPage, InGroup
from pooling.web.layout import Link

ACTIONS = "/actions"
CATALOGUE = f"{ACTIONS}/catalogue"
BOARD = f"{ACTIONS}/tableau"
CALENDAR = f"{ACTIONS}/calendrier"
PARTNERS = f"{ACTIONS}/partenaires"
ONE = f"{ACTIONS}/{{action:str}}"


async def catalogue_of(here: InGroup) -> Catalogue:
    """What the group may propose from, as it stands now."""
    return await whole_catalogue(here.session, here.services.part(Catalogue))


@dataclass(frozen=True)
class OnAction(InGroup):
    """A request about the action that its address names."""

    action: Action

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), action=await find_action(here.session, here.named["action"]))


@dataclass(frozen=True)
class ActionPage(OnAction, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}{ACTIONS}/{self.action.reference}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Actions", self.base + ACTIONS), Link(self.action.title, self.url)]


@dataclass(frozen=True)
class OnPartner(InGroup):
    """A request about the partner that its address names."""

    partner: Partner

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), partner=await find_partner(here.session, known_id(here.named["partner_id"])))


@dataclass(frozen=True)
class PartnerPage(OnPartner, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}{PARTNERS}/{self.partner.id}"

    @property
    def above(self) -> Sequence[Link]:
        listed = Link("Partenaires", self.base + PARTNERS)
        return [*super().above, Link("Actions", self.base + ACTIONS), listed, Link(self.partner.name, self.url)]
