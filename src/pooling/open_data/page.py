"""What the pages of essential data share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.allocation.page import finance_of
from pooling.members.group_page import InGroup
from pooling.open_data.contracts import Contract, contract_of
from pooling.procurement.page import OnProcedure, ProcedurePage
from pooling.web.layout import Link

DATA = "/procedure/donnees"


async def _named(about: OnProcedure) -> Contract:
    whose = (about.named["contract_supplier"], about.named["contract_lot"])
    return await contract_of(about.session, about.purchase, *whose, finance_of(about), about.now)


@dataclass(frozen=True)
class OnContract(OnProcedure):
    """A program's request about one contract."""

    contract: Contract

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await OnProcedure.load(here)
        return cls(**vars(about), contract=await _named(about))


@dataclass(frozen=True)
class DataPage(ProcedurePage):
    """A page of a purchase's essential data."""

    @property
    def above(self) -> Sequence[Link]:
        return [*super().above, Link("Données essentielles", self.url + DATA)]


@dataclass(frozen=True)
class ContractPage(DataPage):
    """The page of one contract."""

    contract: Contract

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        about = await DataPage.load(here)
        return cls(**vars(about), contract=await _named(about))
