"""Suppliers for programs."""

from datetime import datetime

from litestar import get, post, put
from pydantic import Field

from pooling.accounts.idempotency import Made
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here, InGroup
from pooling.members.rights import Right
from pooling.suppliers import keeping
from pooling.suppliers.keeping import LONGEST_NUMBER, SupplierIn, mark_of
from pooling.suppliers.models import Supplier
from pooling.suppliers.numbers import french_vat_number
from pooling.suppliers.page import OnSupplier
from pooling.suppliers.permissions import may_keep
from pooling.suppliers.reading import suppliers_listed
from pooling.web.api import ApiIn, ApiOut, PageIn, require_match, wants_match
from pooling.web.api_input import validated
from pooling.web.forms import longest_of

ONE = "/suppliers/{supplier_id:int}"


class SupplierOut(ApiOut):
    id: int
    name: str
    siret: str | None
    """Null: the company is not French."""
    vat_number: str
    """As it was typed, or as the SIRET gives it."""
    address: str
    order_email: str
    """Where orders are sent; empty: unknown."""
    contact: str
    phone: str
    note: str
    archived_at: datetime | None
    """Since when it is no longer proposed."""


class SupplierPut(ApiIn):
    """A supplier as it is to be known: a SIRET, or the VAT number of a company that is not French."""

    name: str = Field(min_length=1, max_length=longest_of(SupplierIn, "name"))
    siret: str = Field(default="", max_length=LONGEST_NUMBER)
    vat_number: str = Field(default="", max_length=LONGEST_NUMBER)
    address: str = Field(default="", max_length=longest_of(SupplierIn, "address"))
    order_email: str = Field(default="", max_length=longest_of(SupplierIn, "order_email"))
    contact: str = Field(default="", max_length=longest_of(SupplierIn, "contact"))
    phone: str = Field(default="", max_length=longest_of(SupplierIn, "phone"))
    note: str = Field(default="", max_length=longest_of(SupplierIn, "note"))


class SuppliersAsked(PageIn):
    q: str = Field(default="", max_length=200, description="Words of the name, SIRET or VAT number.")
    archived: bool = Field(default=False, description="Those that are no longer proposed, in place of the others.")


def _out(supplier: Supplier) -> SupplierOut:
    values = {name: getattr(supplier, name) for name in SupplierOut.model_fields}
    if supplier.siret and not supplier.vat_number:
        values["vat_number"] = french_vat_number(supplier.siret)
    return SupplierOut(**values)


@endpoint(get, "/suppliers", right=Right.SEE_GROUP)
async def list_suppliers(here: Here[InGroup], asked: SuppliersAsked) -> Listed[SupplierOut]:
    """The group's suppliers, in French order."""
    listed = await suppliers_listed(here.session, asked.slice, search=asked.q, archived=asked.archived)
    return listed.each(_out)


@endpoint(post, "/suppliers", right=may_keep, status=201, once=True)
async def add_supplier(here: Here[InGroup], sent: SupplierPut) -> Made[SupplierOut]:
    """Add a supplier. For those who prepare or run purchases."""
    supplier = await keeping.add_supplier(here.session, here.caller, _command(sent), here.now)
    return Made(_out(supplier), f"{here.api_url}/suppliers/{supplier.id}")


@endpoint(get, ONE, right=Right.SEE_GROUP, tagged=True)
async def get_supplier(here: Here[OnSupplier]) -> SupplierOut:
    """A supplier."""
    return _out(here.supplier)


@endpoint(put, ONE, right=may_keep, conflicts=("supplier_changed",), tagged=True, matched=True)
async def change_supplier(here: Here[OnSupplier], sent: SupplierPut) -> SupplierOut:
    """Correct what is known of a supplier. Orders that have left keep what they said."""
    seen = None
    if wants_match(here.request):
        require_match(here.request, _out(here.supplier))
        seen = mark_of(here.supplier)
    command, which = _command(sent), here.supplier.id
    return _out(await keeping.change_supplier(here.session, here.caller, which, command, here.now, seen=seen))


@endpoint(post, f"{ONE}/archive", right=may_keep)
async def archive_supplier(here: Here[OnSupplier]) -> SupplierOut:
    """Propose it no longer; what was bought from it stays."""
    return _out(await keeping.archive_supplier(here.session, here.caller, here.supplier.id, here.now))


@endpoint(post, f"{ONE}/restore", right=may_keep)
async def restore_supplier(here: Here[OnSupplier]) -> SupplierOut:
    """Propose it again."""
    return _out(await keeping.restore_supplier(here.session, here.caller, here.supplier.id, here.now))


def _command(sent: SupplierPut) -> SupplierIn:
    return validated(SupplierIn, sent.model_dump())


ROUTES = [list_suppliers, add_supplier, get_supplier, change_supplier, archive_supplier, restore_supplier]
