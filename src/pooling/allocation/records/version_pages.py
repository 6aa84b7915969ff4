"""What a frozen allocation changed, beside another one, and who owes whom by it."""

from collections.abc import Mapping, Sequence
from tempfile import NamedTemporaryFile
from typing import Any

from litestar import Response, get
from litestar.params import FromQuery

from pooling.allocation.listing import ShareCompared, names_of_shares, record_shares
from pooling.allocation.permissions import may_see_every_share
from pooling.allocation.records.comparing import compare_member, compare_records, count_shares, write_comparison
from pooling.allocation.records.downloads import KINDS, writes_apart
from pooling.allocation.records.long_files import offer_of
from pooling.allocation.records.opening import FoundRecord, frozen_allocations
from pooling.allocation.records.owing import (
    count_debts,
    debts_listed,
    names_of_owing,
    netted_between,
    owed_to,
    write_debts,
)
from pooling.allocation.records.page import RECORD, RecordPage, record_numbered
from pooling.allocation.records.version_exports import (
    DEBT_FILES,
    debt_facts,
    debts_name,
    gap_facts,
    gaps_name,
)
from pooling.allocation.records.version_exports import DEBTS as DEBTS_KIND
from pooling.allocation.records.version_exports import GAPS as GAPS_KIND
from pooling.kernel.apart import apart
from pooling.kernel.errors import NotFound
from pooling.kernel.slices import Slice
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.size import has_many
from pooling.sharing.money import Cents
from pooling.web.addresses import path_of
from pooling.web.cursors import pages_after, with_query
from pooling.web.downloads import streamed
from pooling.web.typography import euros

GAPS = f"{RECORD}/ecarts"
DEBTS = f"{RECORD}/dettes"
NETTED_AT_MOST = 200


async def _other(here: RecordPage, wanted: int) -> FoundRecord:
    """The one that it is compared with: the one before, where none is named.

    Raises:
        NotFound: there is none such.
    """
    number = wanted or here.record.number - 1
    if number == here.record.number:
        raise NotFound
    return await record_numbered(here, number)


@get(GAPS, right=Right.SEE_TOTALS)
async def show_gaps(
    here: Here[RecordPage], avec: FromQuery[int] = 0, membre: FromQuery[str] = "", apres: FromQuery[str] = ""
) -> Response[str]:
    """Line by line, then member by member; or one member, line by line."""
    other = await _other(here, avec)
    path = f"{here.url}{here.path}/ecarts"
    query = {"avec": str(other.number)}
    facts: dict[str, Any] = {
        "other": other.number,
        "others": [
            (one.number, one.number)
            for one in await frozen_allocations(here.session, here.purchase.id)
            if one.number != here.record.number
        ],
        "path": path,
    }
    if membre:
        if here.own is not None and membre not in here.own:
            raise NotFound
        lines = await compare_member(here.session, other, here.record, membre)
        names = {
            **await names_of_shares(here.session, record_shares(other.id), [membre]),
            **await names_of_shares(here.session, record_shares(here.record.id), [membre]),
        }
        if not names:
            raise NotFound
        return here.render(
            "allocation/gaps.html",
            "Écarts",
            one_member=names[membre],
            lines=lines,
            members=[],
            total=None,
            first_url=None,
            next_url=None,
            files=[],
            offer=None,
            **facts,
        )
    compared = await compare_records(
        here.session, other, here.record, Slice(apres), None if here.own is None else sorted(here.own)
    )
    return here.render(
        "allocation/gaps.html",
        "Écarts",
        one_member="",
        lines=compared.lines,
        members=[
            (one.name, with_query(path, {**query, "membre": one.id}), _compared_cells(one))
            for one in compared.members.items
        ],
        total=_compared_cells(compared.all_members) if here.sees_all else None,
        gap=euros(compared.all_members.drift.ttc),
        **_offered(
            here,
            [{"label": "XLSX", "url": f"{path}.xlsx?avec={other.number}"}],
            GAPS_KIND,
            {"etat": here.record.number, "avec": other.number},
            ("xlsx",),
            rows=await count_shares(here.session, here.record.id),
        ),
        **facts,
        **pages_after(path, apres, compared.members, query),
    )


def _compared_cells(one: ShareCompared) -> Sequence[str]:
    """What it pays and bears by either, each with what lies between."""
    gaps = one.drift
    return [
        *(euros(one.ttc_before), euros(one.ttc), _gap(gaps.ttc)),
        *(euros(one.net_before), euros(one.net), _gap(gaps.net)),
    ]


def _gap(cents: Cents) -> str:
    return euros(cents) if cents else "–"


@get(f"{GAPS}.xlsx", right=may_see_every_share)
async def download_gaps(here: Here[RecordPage], avec: FromQuery[int] = 0) -> Response[Any]:
    """The same of everybody as a workbook."""
    other = await _other(here, avec)
    if writes_apart(here.request, await count_shares(here.session, here.record.id)):
        return here.redirect(f"{here.path}/ecarts?avec={other.number}")
    facts = gap_facts(here.purchase, here.record, other, here.group.name)
    given = (other, here.record, facts, FICTIONAL if here.group.fictional else None)
    return await _written(here, write_comparison, given, gaps_name(here.purchase, here.record, other), "xlsx")


def _offered(
    here: RecordPage,
    files: Sequence[Mapping[str, str]],
    kind: str,
    asks: Mapping[str, object],
    formats: Sequence[str],
    *,
    rows: int,
) -> dict[str, Any]:
    """Everybody's file: a download, or where it is long the button that asks for it."""
    if not here.sees_all:
        return {"files": [], "offer": None}
    if not writes_apart(here.request, rows):
        return {"files": files, "offer": None}
    return {"files": [], "offer": offer_of(here, kind, asks, formats)}


async def _written(here: RecordPage, write: Any, given: Sequence[Any], name: str, kind: str) -> Response[Any]:  # noqa: ANN401
    """A file of a record. Of many members it is written in a process apart."""
    file = NamedTemporaryFile(prefix="pooling-")  # noqa: SIM115 - it is gone once it is sent
    try:
        if await has_many(here.session, here.purchase.id):
            await apart(here.session, write, file.name, *given)
        else:
            await write(here.session, file.name, *given)
    except BaseException:
        file.close()
        raise
    return streamed(file, name, KINDS[kind])


@get(DEBTS, right=Right.SEE_TOTALS)
async def show_debts(here: Here[RecordPage], apres: FromQuery[str] = "") -> Response[str]:
    """Who owes what to whom; what two members owe each other they may set off."""
    listed = await debts_listed(here.session, here.record.id, Slice(apres), here.own)
    charges, sellers = here.record.told().labels.charges, here.record.supplying.named
    path = f"{here.url}{here.path}/dettes"
    mutual = await netted_between(here.session, here.record.id, NETTED_AT_MOST, here.own)
    owed = await owed_to(here.session, here.record.id) if here.sees_all else []
    codes = {code for one in mutual for code in (one.debtor, one.creditor)} | {one.creditor for one in owed} - {""}
    names = await names_of_owing(here.session, here.record.id, codes) if codes else {}
    return here.render(
        "allocation/debts.html",
        "Qui doit à qui",
        path=path,
        debts=[
            (
                one.debtor_name,
                one.creditor_name or (sellers[one.supplier].name if one.supplier in sellers else "les fournisseurs"),
                charges.get(one.what, one.what) or "factures des fournisseurs",
                euros(one.cents),
            )
            for one in listed.items
        ],
        owed=[
            (
                names.get(one.creditor, one.creditor)
                or (sellers[one.supplier].name if one.supplier in sellers else "Fournisseurs"),
                one.debtors,
                euros(one.cents),
            )
            for one in owed
        ],
        netted=[
            (
                *(names.get(code, code) for code in (one.debtor, one.creditor)),
                *(euros(cents) for cents in (one.owes, one.is_owed, one.balance)),
            )
            for one in mutual
        ],
        netted_at_most=NETTED_AT_MOST,
        **_offered(
            here,
            [{"label": kind.upper(), "url": f"{path}.{kind}"} for kind in DEBT_FILES],
            DEBTS_KIND,
            {"etat": here.record.number},
            DEBT_FILES,
            rows=sum(one.debtors for one in owed),
        ),
        **pages_after(path, apres, listed),
    )


@get([f"{DEBTS}.{kind}" for kind in DEBT_FILES], right=may_see_every_share)
async def download_debts(here: Here[RecordPage]) -> Response[Any]:
    """The same of everybody as a workbook or CSV."""
    kind = path_of(here.request).rpartition(".")[2]
    if writes_apart(here.request, await count_debts(here.session, here.record.id)):
        return here.redirect(f"{here.path}/dettes")
    facts = debt_facts(here.purchase, here.record, here.group.name)
    given = (here.record, facts, FICTIONAL if here.group.fictional else None, kind)
    return await _written(here, write_debts, given, debts_name(here.purchase, here.record, kind), kind)


ROUTES = [show_gaps, download_gaps, show_debts, download_debts]
