"""Who pays what: the result of the rule as JSON, and the files for finance."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.params import FromPath
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.allocation.allocating import StatedPurchase, own_codes, sees_all_costs
from pooling.allocation.current import read_current
from pooling.allocation.page import finance_of
from pooling.allocation.records.downloads import is_apart
from pooling.allocation.records.provenance import Provenance, of_estimate
from pooling.allocation.records.workbook import write_allocation_csv
from pooling.allocation.records.workbook_file import XLSX, allocation_xlsx
from pooling.kernel.errors import Conflict, Forbidden
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.finding import find_purchase
from pooling.web.api import ApiIn, ApiOut, Operation, json_answer
from pooling.web.api_input import read_query
from pooling.web.downloads import download
from pooling.web.services import services_of

CSV = "text/csv"
REFUSALS = (
    *("no_basis", "missing_weight", "percent_sum", "invoice_mismatch"),
    *("unknown_member", "unknown_item", "unknown_charge"),
)
LONG_WORKBOOK = "long_workbook"
PATH = "/purchases/{reference:str}/allocation"


class ItemShareOut(ApiOut):
    quantity: int
    ht: str


class MemberShareOut(ApiOut):
    """What one member pays. Amounts are euros as text, exact to the cent; mappings are by code."""

    id: str
    items: Mapping[str, ItemShareOut]
    charges: Mapping[str, str]
    adjustment: str
    ht: str
    vat: str
    ttc: str
    vat_by_rate: Mapping[str, str]
    subsidies: Mapping[str, str]
    fctva: str
    net: str


class PooledItemOut(ApiOut):
    quantity: int
    unit_price: str
    ht: str


class TotalsOut(ApiOut):
    ht: str
    vat: str
    ttc: str
    subsidies: str
    fctva: str
    net: str


class WarningOut(ApiOut):
    code: Literal["over_subsidised", "self_financing_below_20"]
    member: str


class AllocationOut(ApiOut):
    """The result of the rule. `complete` is false for who sees its own members only: totals are always the group's."""

    notice: str | None
    """That the figures are fictional, in French; null in a group that is not."""
    case: str
    basis: str
    """Which quantities are shared, in French."""
    complete: bool
    members: Sequence[MemberShareOut]
    items: Mapping[str, PooledItemOut]
    totals: TotalsOut
    warnings: Sequence[WarningOut]


class CsvIn(ApiIn):
    view: Literal["summary", "lines"] = Field(
        default="summary", description="A row per member, or every figure with its key."
    )


@get(
    PATH,
    right=Right.SEE_TOTALS,
    api=Operation("get_allocation", AllocationOut, conflicts=REFUSALS, tagged=True),
)
async def get_allocation(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    reference: FromPath[str],
) -> Response[Any]:
    """Who pays what: every share, or for a référent its own with the totals."""
    purchase = await find_purchase(session, reference)
    complete = await sees_all_costs(session, caller, purchase.id)
    own = None if complete else await own_codes(session, caller)
    allocation = await read_current(session, purchase.id, finance_of(request), own)
    result = allocation.result.to_json()
    if own is not None:
        result["warnings"] = [
            {"code": warning.code, "member": warning.member}
            for warning in allocation.result.warnings
            if warning.member in own
        ]
    notice = FICTIONAL if entered_group.fictional else None
    about = {"notice": notice, "basis": allocation.basis, "complete": complete}
    return json_answer(AllocationOut.model_validate({**result, **about}), tagged=True)


async def _whole(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str
) -> StatedPurchase:
    """The allocation for who sees all of it.

    Raises:
        Forbidden: the caller sees its own part only.
    """
    purchase = await find_purchase(session, reference)
    if not await sees_all_costs(session, caller, purchase.id):
        raise Forbidden
    return await read_current(session, purchase.id, finance_of(request))


@get(
    f"{PATH}.xlsx",
    right=Right.SEE_TOTALS,
    api=Operation("download_allocation_xlsx", media=XLSX, conflicts=(*REFUSALS, LONG_WORKBOOK)),
)
async def download_xlsx(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    reference: FromPath[str],
) -> Response[bytes]:
    """The finance workbook. For who sees every member's share. A long one (409) is prepared from the page of costs."""
    allocation = await _whole(request, session, caller, reference)
    if is_apart(request, allocation.result):
        raise Conflict(
            "Ce classeur est trop long pour être écrit pendant que vous attendez\u00a0: demandez-le depuis la page des "
            "coûts de l’achat, ou prenez le CSV (view=lines), qui a tous ses chiffres.",
            code=LONG_WORKBOOK,
        )
    target = io.BytesIO()
    provenance = _provenance(request, entered_group, allocation)
    await asyncio.to_thread(allocation_xlsx, target, allocation, provenance, fictional=entered_group.fictional)
    return _file(target, f"{reference}-repartition-estimee.xlsx", XLSX)


@get(
    f"{PATH}.csv",
    right=Right.SEE_TOTALS,
    api=Operation("download_allocation_csv", media=CSV, query=CsvIn, conflicts=REFUSALS),
)
async def download_csv(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
    reference: FromPath[str],
) -> Response[bytes]:
    """The same figures as CSV, as a French spreadsheet opens it. For who sees every member's share.

    A fictional group's has a last column `Remarque` that says so.
    """
    view = read_query(request, CsvIn).view
    allocation = await _whole(request, session, caller, reference)
    target = io.BytesIO()
    notice = FICTIONAL if entered_group.fictional else None
    provenance = _provenance(request, entered_group, allocation)
    await asyncio.to_thread(
        write_allocation_csv, target, allocation.result, allocation.labels, view, notice, provenance
    )
    return _file(target, f"{reference}-repartition-estimee.csv", CSV)


def _provenance(request: Request[Any, Any, Any], group: EnteredGroup, allocation: StatedPurchase) -> Provenance:
    return of_estimate(allocation, group.name, ZoneInfo(group.timezone), services_of(request).clock.now())


def _file(target: io.BytesIO, name: str, media: str) -> Response[bytes]:
    return download(target.getvalue(), name, media)


ROUTES: Sequence[Any] = [get_allocation, download_xlsx, download_csv]
