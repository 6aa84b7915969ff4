"""Who pays what: the result of the rule as JSON, and the files for finance."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

from litestar import Response, get
from pydantic import Field

from pooling.allocation.current import current_allocation, read_part
from pooling.allocation.page import OnCosts
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records import files_api
from pooling.allocation.records.comparing import compare_records
from pooling.allocation.records.downloads import Asked, current_file, writes_apart
from pooling.allocation.records.opening import frozen_allocations
from pooling.allocation.records.owing import debts_listed
from pooling.allocation.records.page import MOST_RECORDS, OnRecord, record_numbered
from pooling.allocation.records.workbook import BookKind, View
from pooling.kernel.errors import Conflict
from pooling.kernel.limits import Readers, limit
from pooling.kernel.open_document import MEDIA_TYPE as ODS
from pooling.kernel.sheet_writing import XLSX
from pooling.kernel.slices import Listed
from pooling.members.endpoint import endpoint
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.outbox.mail import FICTIONAL
from pooling.sharing.money import format_cents
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
    """The finance workbook. For who sees every member's share. A long one (409) is asked for at `…/files`."""
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
            "Ce classeur est trop long pour être écrit pendant que vous attendez\u00a0: demandez-le (POST "
            "…/allocation/files), ou prenez le CSV (view=detail ou view=lines), qui a tous ses chiffres.",
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


class AllocationVersionOut(ApiOut):
    """A frozen allocation."""

    number: int
    frozen_at: datetime
    ttc: str
    cause: Literal["", "invoice", "credit_note", "amendment", "costs", "other"]
    """Why it follows the one before; empty: it is the first, or nobody said."""
    reason: str


class ComparedLineOut(ApiOut):
    """What is shared of a line in both, in euros."""

    kind: str
    id: str
    before: str
    after: str


class ComparedMemberOut(ApiOut):
    """What a member pays by the later one, and what moved since the other."""

    id: str
    name: str
    ttc: str
    net: str
    ttc_moved: str
    net_moved: str


class VersionsComparedOut(ApiOut):
    number: int
    other: int
    lines: Sequence[ComparedLineOut]
    members: Sequence[ComparedMemberOut]
    """Those whom the caller sees, the largest share first."""
    next: str | None
    """The address of the next members."""


class DebtOut(ApiOut):
    """What one owes by a frozen allocation, VAT included; negative: it is given back."""

    debtor: str
    creditor: str | None
    """A member's code; null: a supplier."""
    supplier_id: int | None
    """Which supplier; null: a member is owed, or nobody said which supplier."""
    supplier: str | None
    """How it was called."""
    what: str | None
    """The code of a charge that the creditor paid; null: what suppliers invoice."""
    amount: str


class ComparedIn(PageIn):
    other: int = Field(ge=1, le=MOST_RECORDS, description="The number of the one that it is compared with.")


RECORDS = f"{PATH}/records"


@endpoint(get, RECORDS, right=Right.SEE_TOTALS)
async def list_allocation_records(here: Here[OnCosts]) -> Listed[AllocationVersionOut]:
    """The frozen allocations, the newest first, with why each was made."""
    frozen = await frozen_allocations(here.session, here.purchase.id)
    return Listed(frozen, None).each(
        lambda one: AllocationVersionOut.model_validate(
            {
                "number": one.number,
                "frozen_at": one.frozen_at,
                "ttc": format_cents(one.ttc),
                "cause": one.cause,
                "reason": one.reason,
            }
        )
    )


@endpoint(get, f"{RECORDS}/{{number:int}}/differences", right=Right.SEE_TOTALS)
async def compare_allocation_records(here: Here[OnRecord], asked: ComparedIn) -> VersionsComparedOut:
    """What a frozen allocation changed, beside another one: line by line, member by member."""
    before, after = await record_numbered(here, asked.other), here.record
    compared = await compare_records(
        here.session, before, after, asked.slice, None if here.own is None else sorted(here.own)
    )
    query = urlencode({"other": asked.other, "after": compared.members.next, "limit": asked.limit})
    return VersionsComparedOut(
        number=after.number,
        other=asked.other,
        lines=[
            ComparedLineOut(
                kind=line.kind, id=line.id, before=format_cents(line.before), after=format_cents(line.after)
            )
            for line in compared.lines
        ],
        members=[
            ComparedMemberOut(
                id=one.id,
                name=one.name,
                ttc=format_cents(one.ttc),
                net=format_cents(one.net),
                ttc_moved=format_cents(one.drift.ttc),
                net_moved=format_cents(one.drift.net),
            )
            for one in compared.members.items
        ],
        next=f"{path_of(here.request)}?{query}" if compared.members.next else None,
    )


@endpoint(get, f"{RECORDS}/{{number:int}}/debts", right=Right.SEE_TOTALS)
async def list_allocation_debts(here: Here[OnRecord], asked: PageIn) -> Listed[DebtOut]:
    """Who owes what to whom by a frozen allocation; to people of a member, what concerns it."""
    listed = await debts_listed(here.session, here.record.id, asked.slice, here.own)
    sellers = here.record.supplying.named
    return listed.each(
        lambda one: DebtOut(
            debtor=one.debtor,
            creditor=one.creditor or None,
            supplier_id=one.supplier or None,
            supplier=sellers[one.supplier].name if one.supplier in sellers else None,
            what=one.what or None,
            amount=format_cents(one.cents),
        )
    )


ROUTES: Sequence[Any] = [
    get_allocation,
    download_allocation_xlsx,
    download_allocation_ods,
    download_allocation_csv,
    download_allocation_detail,
    list_allocation_records,
    compare_allocation_records,
    list_allocation_debts,
    *files_api.ROUTES,
]
