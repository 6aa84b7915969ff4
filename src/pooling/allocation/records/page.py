"""What the pages of a frozen allocation have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.allocation.page import COSTS, SECTION, CostsPage, OnCosts, SharePage
from pooling.allocation.records.opening import FoundRecord, find_record
from pooling.allocation.records.processing import paying_for
from pooling.kernel.errors import NotFound
from pooling.members.group_page import InGroup
from pooling.web.layout import Link

RECORD = f"{COSTS}/etats/{{number:int}}"
MOST_RECORDS = 1_000_000
"""Beyond, a number is no record's."""


@dataclass(frozen=True)
class OnRecord(OnCosts):
    """A program's request about a frozen allocation."""

    record: FoundRecord

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        costs = await OnCosts.load(here)
        return cls(**vars(costs), record=await record_numbered(costs, here.named["number"]))


async def record_numbered(here: OnCosts, number: int) -> FoundRecord:
    """Raises:
    NotFound: the purchase has none of this number.
    """
    if not 0 < number <= MOST_RECORDS:
        raise NotFound
    return await find_record(here.session, here.purchase.id, number)


@dataclass(frozen=True)
class RecordPage(CostsPage):
    """A page of a frozen allocation, by its number."""

    record: FoundRecord

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        costs = await CostsPage.load(here)
        return cls(**vars(costs), record=await record_numbered(costs, here.named["number"]))

    @property
    def path(self) -> str:
        """Of the record, from the purchase on."""
        return f"{SECTION}/etats/{self.record.number}"

    @property
    def link(self) -> Link:
        return Link(f"État n°\u00a0{self.record.number}", self.url + self.path)

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, self.link]


@dataclass(frozen=True)
class RecordSharePage(SharePage, RecordPage):
    """A page about one member's share of a frozen allocation."""


@dataclass(frozen=True)
class ProcessedPage(RecordPage):
    """A page of a frozen allocation for who deals with it."""

    paying: Sequence[int]
    """The members that take part and whose finance the caller is."""

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        record = await RecordPage.load(here)
        return cls(**vars(record), paying=await paying_for(record.session, record.caller, record.purchase.id))
