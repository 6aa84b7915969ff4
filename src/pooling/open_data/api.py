"""Essential data of contracts, for programs."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from litestar import Response, get, put
from pydantic import Field

from pooling.allocation.page import finance_of
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.open_data.contracts import Contract
from pooling.open_data.files import JSON, data_file, members_file
from pooling.open_data.keeping import describe_contract
from pooling.open_data.page import OnContract
from pooling.open_data.pages import contracts_here
from pooling.open_data.schemas import ContractIn, ContractSaid
from pooling.procurement.page import OnProcedure
from pooling.procurement.permissions import may_plan
from pooling.purchases.api import Exact
from pooling.web.api import ApiIn, ApiOut, require_match, wants_match
from pooling.web.api_input import validated

CONTRACTS = "/purchases/{reference:str}/procedure/contracts"
ONE = f"{CONTRACTS}/{{contract_supplier:int}}/{{contract_lot:int}}"


class ContractPut(ContractSaid, ApiIn):
    """What a purchase does not know of a contract; parts are in percent, the amount in euros before VAT."""

    amount: Annotated[Decimal, Field(ge=1, lt=Decimal(10**9), max_digits=11, decimal_places=2)] | None = None
    """null: what the items that it was awarded come to."""


class ContractOut(ApiOut):
    """A contract: what is awarded to one supplier, of one lot (0: of the whole purchase)."""

    supplier_id: int
    supplier: str
    lot: int
    amount: Exact
    notified_on: date | None
    due_on: date | None
    """The last day for publishing."""
    published_on: date | None
    lacking: Sequence[str]
    """Fields of the State's format that are missing or wrong."""
    warnings: Sequence[str]


class SignedIn(ApiIn):
    member: str = Field(default="", max_length=100, description="Where each member signs: of this one, by its SIREN.")


class ContractsOut(ApiOut):
    contracts: Sequence[ContractOut]


def _out(contract: Contract, today: date) -> ContractOut:
    return ContractOut(
        supplier_id=contract.supplier_id,
        supplier=contract.supplier,
        lot=contract.lot,
        amount=Decimal(contract.amount) / 100,
        notified_on=contract.said.notified_on if contract.said else None,
        due_on=contract.due_on,
        published_on=contract.said.published_on if contract.said else None,
        lacking=contract.lacking(today),
        warnings=list(contract.warnings),
    )


@endpoint(get, CONTRACTS, right=Right.SEE_TOTALS)
async def list_contracts(here: Here[OnProcedure]) -> ContractsOut:
    """The contracts of a purchase, and what is missing to publish their essential data."""
    return ContractsOut(contracts=[_out(contract, here.today) for contract in await contracts_here(here)])


@endpoint(put, ONE, right=may_plan, tagged=True, matched=True)
async def put_contract(here: Here[OnContract], sent: ContractPut) -> ContractOut:
    """Say what a purchase does not know of a contract. For its lead buyer and those who prepare its purchases."""
    if wants_match(here.request):
        require_match(here.request, _out(here.contract, here.today))
    content = sent.model_dump(exclude={"amount"})
    command = validated(
        ContractIn, {**content, "amount_cents": None if sent.amount is None else int(sent.amount * 100)}
    )
    whose = (here.session, here.caller, here.purchase.id, here.contract.supplier_id, here.contract.lot)
    return _out(await describe_contract(*whose, command, finance_of(here), here.now), here.today)


@endpoint(get, f"{CONTRACTS}/essential-data", right=Right.SEE_TOTALS, media=JSON, conflicts=("data_incomplete",))
async def get_essential_data(here: Here[OnProcedure], asked: SignedIn) -> Response[Any]:
    """Essential data of the contracts that have all of them, in the State's format (2.0.3 and 2.0.4); where each member
    signs its own, of each member whose share the caller sees.
    """
    return await data_file(here, asked.member)


@endpoint(get, f"{CONTRACTS}/members", right=Right.SEE_TOTALS, media=JSON)
async def get_members_of_contracts(here: Here[OnProcedure]) -> Response[Any]:
    """The members of the groupement, for whom the State's format has no place."""
    return await members_file(here)


ROUTES = [list_contracts, put_contract, get_essential_data, get_members_of_contracts]
