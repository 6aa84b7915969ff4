"""What the pages of one resource, and of one lending, share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.kernel.tables import known_id
from pooling.members.group_page import GroupPage, InGroup
from pooling.members.models import Member
from pooling.resources.finding import Lent, find_lending, find_resource
from pooling.resources.models import Lending, Resource
from pooling.sites.models import Site
from pooling.web.layout import Link
from pooling.web.typography import of_name

RESOURCES = "/ressources"
RESOURCE = f"{RESOURCES}/{{resource_id:int}}"
LENDINGS = f"{RESOURCES}/demandes"
LENDING = f"{LENDINGS}/{{lending_id:int}}"


@dataclass(frozen=True)
class OnResource(InGroup):
    """A request about the resource that its address names."""

    resource: Resource
    owner: Member
    site: Site

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        found = await find_resource(here.session, known_id(here.named["resource_id"]))
        return cls(**vars(here), **vars(found))


@dataclass(frozen=True)
class ResourcePage(OnResource, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}{RESOURCES}/{self.resource.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Ressources", self.base + RESOURCES), Link(self.resource.title, self.url)]


@dataclass(frozen=True)
class OnLending(InGroup):
    """A request about the lending that its address names."""

    lending: Lending
    resource: Resource
    owner: Member
    borrower: Member
    site: Site

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        found: Lent = await find_lending(here.session, known_id(here.named["lending_id"]))
        return cls(**vars(here), **vars(found))


@dataclass(frozen=True)
class LendingPage(OnLending, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}{LENDINGS}/{self.lending.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [
            *super().above,
            Link("Ressources", self.base + RESOURCES),
            Link("Demandes et accords", self.base + LENDINGS),
            Link(f"Demande {of_name(self.borrower.name)}", self.url),
        ]
