"""What the pages of a purchase's papers share, and the calls of programs about them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from pooling.allocation.page import finance_of
from pooling.conventions.parties import Party
from pooling.conventions.texts import ConventionTexts
from pooling.conventions.writing import MOST_NAMED, Papers, deliberation_of, read_papers, share_of, shares_now
from pooling.documents.document import Document
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.members.models import Group
from pooling.procurement.page import OnProcedure, ProcedurePage
from pooling.web.layout import Link

CONVENTION = "/procedure/convention"


async def papers_of(here: OnProcedure, among: Collection[str] | None = None, most: int = MOST_NAMED) -> Papers:
    """Of who signs, as many as the convention names, or those `among` these SIREN."""
    return await read_papers(
        here.session,
        here.assessed,
        await here.session.get_one(Group, group_of(here.session)),
        here.services.part(ConventionTexts),
        here.configuration,
        finance_of(here),
        most=most,
        among=among,
    )


async def deliberation_for(here: OnProcedure, papers: Papers, party: Party) -> Document:
    """Raises:
    Conflict: as `require_written`.
    """
    stated = await shares_now(here.session, papers, finance_of(here), [party])
    return deliberation_of(papers, party, share_of(stated, party))


@dataclass(frozen=True)
class OnDeliberation(OnProcedure):
    """A program's request about the deliberation of one member."""

    papers: Papers
    party: Party

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnProcedure.load(here)
        papers, party = await _party_named(about)
        return cls(**vars(about), papers=papers, party=party)

    @property
    def member_id(self) -> int:
        return self.party.member_id


@dataclass(frozen=True)
class ConventionPage(ProcedurePage):
    """A page of the convention, and of what goes with it."""

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Convention", self.url + CONVENTION)]


@dataclass(frozen=True)
class DeliberationPage(ConventionPage):
    """A page of one member's deliberation."""

    papers: Papers
    party: Party

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await ConventionPage.load(here)
        papers, party = await _party_named(about)
        return cls(**vars(about), papers=papers, party=party)

    @property
    def member_id(self) -> int:
        return self.party.member_id

    @property
    def path(self) -> str:
        return f"{CONVENTION}/deliberations/{self.party.siren}"


async def _party_named(about: OnProcedure) -> tuple[Papers, Party]:
    """Raises:
    NotFound: the member that the address names does not sign: it takes no part, or is a unit.
    """
    siren = about.named["member"]
    papers = await papers_of(about, among=[siren])
    party = next((one for one in papers.parties.named if one.siren == siren), None)
    if party is None:
        raise NotFound
    return papers, party
