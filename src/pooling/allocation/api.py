"""Who pays what: the result of the rule as JSON, and the files for finance."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from litestar import Response, get
from pydantic import Field

from pooling.allocation.current import current_allocation, read_part
from pooling.allocation.page import OnCosts
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records.downloads import Asked, current_file, writes_apart
from pooling.allocation.records.workbook import BookKind, View
from pooling.allocation.records.workbook_file import XLSX
from pooling.kernel.errors import Conflict
from pooling.kernel.limits import Readers, limit
from pooling.kernel.open_document import MEDIA_TYPE as ODS
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.outbox.mail import FICTIONAL
from pooling.web.addresses import path_of
from pooling.web.api import ApiIn, ApiOut, PageIn

CSV, JSON = "text/csv", "application/json"
REFUSALS = (
    *("no_basis", "missing_weight", "percent_sum", "invoice_mismatch"),
    *("unknown_member", "unknown_item", "unknown_charge"),
)
LONG_WORKBOOK = "long_workbook"
MOST_MEMBERS = limit(500, "Members in an answer that says who pays what", __name__, Readers.PROGRAMS)
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
    """In the order of their codes; those after them are at `next`."""
    items: Mapping[str, PooledItemOut]
    totals: TotalsOut
    warnings: Sequence[WarningOut]
    next: str | None
    """The address of the next members, with the same totals; null where these are the last."""


class MembersIn(PageIn):
    """Which of the members."""

    limit: int = Field(default=MOST_MEMBERS, ge=1, le=MOST_MEMBERS, description="How many members at most.")


class CsvIn(ApiIn):
    view: View = Field(
        default="summary",
        description="A row per member, every figure with its key, or all that finance books (detail).",
    )


@endpoint(get, PATH, right=Right.SEE_TOTALS, conflicts=REFUSALS, tagged=True)
async def get_allocation(here: Here[OnCosts], asked: MembersIn) -> AllocationOut:
    """Who pays what: every share, or for a référent its own with the totals."""
    allocation, following = await read_part(here.session, here.purchase.id, here.finance, asked.slice, here.own)
    result = allocation.result.to_json()
    if here.own is not None:
        result["warnings"] = [
            {"code": warning.code, "member": warning.member}
            for warning in allocation.result.warnings
            if warning.member in here.own
        ]
    about = {"notice": _notice(here), "basis": allocation.basis, "complete": here.sees_all}
    query = urlencode({"after": following, "limit": asked.limit})
    return AllocationOut.model_validate(
        {**result, **about, "next": f"{path_of(here.request)}?{query}" if following else None}
    )


def _notice(here: OnCosts) -> str | None:
    return FICTIONAL if here.group.fictional else None


@endpoint(get, f"{PATH}.xlsx", right=may_see_every_share, media=XLSX, conflicts=(*REFUSALS, LONG_WORKBOOK))
async def download_allocation_xlsx(here: Here[OnCosts]) -> Response[Any]:
    """The finance workbook. For who sees every member's share. A long one (409) is prepared from the page of costs."""
    return await _book(here, "xlsx")


@endpoint(get, f"{PATH}.ods", right=may_see_every_share, media=ODS, conflicts=(*REFUSALS, LONG_WORKBOOK))
async def download_allocation_ods(here: Here[OnCosts]) -> Response[Any]:
    """The same as an OpenDocument spreadsheet."""
    return await _book(here, "ods")


async def _book(here: OnCosts, kind: BookKind) -> Response[Any]:
    current = await current_allocation(here.session, here.purchase.id, here.finance)
    current.told()
    if writes_apart(here.request, current.workbook_rows):
        raise Conflict(
            "Ce classeur est trop long pour être écrit pendant que vous attendez\u00a0: demandez-le depuis la page des "
            "coûts de l’achat, ou prenez le CSV (view=detail ou view=lines), qui a tous ses chiffres.",
            code=LONG_WORKBOOK,
        )
    return await _file(here, Asked.by(here, kind))


@endpoint(get, f"{PATH}.csv", right=may_see_every_share, media=CSV, conflicts=REFUSALS)
async def download_allocation_csv(here: Here[OnCosts], asked: CsvIn) -> Response[Any]:
    """The same figures as CSV, as a French spreadsheet opens it. For who sees every member's share.

    A fictional group's has a last column `Remarque` that says so.
    """
    return await _file(here, Asked.by(here, "csv", asked.view))


@endpoint(get, f"{PATH}/detail.json", right=may_see_every_share, media=JSON, conflicts=REFUSALS)
async def download_allocation_detail(here: Here[OnCosts]) -> Response[Any]:
    """All that finance books, a line per member and item, charge or adjustment: the columns of the CSV's `detail` as
    one JSON file, amounts as text. For who sees every member's share.
    """
    return await _file(here, Asked.by(here, "json", "detail"))


async def _file(here: OnCosts, asked: Asked) -> Response[Any]:
    return await current_file(here, asked, f"{here.purchase.reference}-repartition-estimee")


ROUTES: Sequence[Any] = [
    get_allocation,
    download_allocation_xlsx,
    download_allocation_ods,
    download_allocation_csv,
    download_allocation_detail,
]
