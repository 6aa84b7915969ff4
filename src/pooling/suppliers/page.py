"""What the pages of one supplier share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pooling.kernel.tables import known_id
from pooling.members.group_page import GroupPage, InGroup
from pooling.suppliers.keeping import find_supplier
from pooling.suppliers.models import Supplier
from pooling.web.layout import Link

SUPPLIERS = "/fournisseurs"


@dataclass(frozen=True)
class OnSupplier(InGroup):
    """A request about the supplier that its address names."""

    supplier: Supplier

    @classmethod
    async def load(cls, here: InGroup) -> Self:
        return cls(**vars(here), supplier=await find_supplier(here.session, known_id(here.named["supplier_id"])))


@dataclass(frozen=True)
class SupplierPage(OnSupplier, GroupPage):
    """A page of it."""

    @property
    def url(self) -> str:
        return f"{self.base}{SUPPLIERS}/{self.supplier.id}"

    @property
    def above(self) -> Sequence[Link]:
        return [
            *super().above,
            Link("Fournisseurs", self.base + SUPPLIERS),
            Link(self.supplier.name, self.url),
        ]
