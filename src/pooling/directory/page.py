"""What a page of one authority stands on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.directory.queries import AuthorityShown, current_year, find_authorities
from pooling.kernel.errors import NotFound
from pooling.members.group_page import GroupPage, InGroup
from pooling.web.layout import Link

DIRECTORY = "/annuaire"
ABOVE = (("Membres", "/membres"), ("Ajouter", DIRECTORY))
"""What stands above an authority in the breadcrumb."""


@dataclass(frozen=True)
class OnAuthority(InGroup):
    """What an address names in the directory.

    Raises:
        NotFound: the directory does not have it.
    """

    authority: AuthorityShown
    year: int
    """Of the directory's edition."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        siren = here.named["siren"]
        found = (await find_authorities(here.session, [siren])).get(siren)
        year = await current_year(here.session)
        if found is None or year is None:
            raise NotFound
        return cls(**vars(here), authority=found, year=year)


@dataclass(frozen=True)
class AuthorityPage(OnAuthority, GroupPage):
    @property
    def url(self) -> str:
        return f"{self.base}{DIRECTORY}/{self.authority.siren}"

    @property
    def above(self) -> Sequence[Link]:
        return [
            *super().above,
            *(Link(label, self.base + path) for label, path in ABOVE),
            Link(self.authority.name, self.url),
        ]
