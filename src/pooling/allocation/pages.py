"""A purchase's costs: who pays what, on a page and as files for finance."""

import asyncio
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation import estimate_pages, why_pages
from pooling.allocation import page as frames
from pooling.allocation.allocating import allocate_purchase, apply_rule, sees_all_costs
from pooling.allocation.case import PurchaseCase, read_purchase
from pooling.allocation.editing import pages as line_pages
from pooling.allocation.editing import weight_pages as key_pages
from pooling.allocation.editing.schemas import content_of
from pooling.allocation.excerpts import SHOWN_AT_MOST, shares_listed, warnings_listed
from pooling.allocation.figures import Labels
from pooling.allocation.key_choices import in_words
from pooling.allocation.locking import may_edit
from pooling.allocation.page import finance_of, label_of
from pooling.allocation.records import export_pages
from pooling.allocation.records import pages as record_pages
from pooling.allocation.records.downloads import FILE_NAMES, download_links, file_of, is_apart
from pooling.allocation.records.freezing import drifts_since, frozen_allocations
from pooling.allocation.records.provenance import of_estimate
from pooling.allocation.words import aid_words, beneficiaries_in_words, fctva_in_words, names_in_words, sharers_in_words
from pooling.kernel.errors import Conflict, Forbidden
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Role
from pooling.members.rights import Caller, Right
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.sharing.allocation_result import MemberResult
from pooling.sharing.shared_lines import LineKind
from pooling.sharing.statement import Statement
from pooling.sharing.tiers import line_total
from pooling.web.addresses import path_of
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import euros, percent

SECTION = frames.SECTION
DRAWN_AT_MOST = 40
"""Members in the picture; the table has more, the files all."""


@get("/achats/{reference:str}/couts", right=Right.SEE_TOTALS)
async def show_costs(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    """Who pays what: every share, or for a référent its own with the totals."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    read = await read_purchase(session, frame.purchase.id, label_of(frame), finance_of(request))
    try:
        result, refused = await apply_rule(read.case, read.labels), None
    except Conflict as conflict:
        result, refused = None, conflict.message
    sees_all = await sees_all_costs(session, caller, frame.purchase.id)
    own = None if sees_all else {code for code, id_ in read.members.items() if id_ in caller.members_as(*Role)}
    runs = caller.may(Right.RUN_PURCHASE, purchase_id=frame.purchase.id)
    apart = sees_all and result is not None and is_apart(request, result)
    return render(
        request,
        "allocation/costs.html",
        breadcrumb=[*frame.breadcrumb, Link("Coûts", None)],
        here=frame,
        base=frame.url + SECTION,
        lead=_lead(frame, read.basis),
        built=_built(read, result) if result else "",
        outdated=read.outdated,
        refused=refused,
        totals=result.totals if result else None,
        sees_all=sees_all,
        fctva=fctva_in_words(read.fctva),
        without_fctva=_without_fctva(read, result, own) if result else [],
        beneficiaries=beneficiaries_in_words(read.beneficiaries),
        files=download_links(frame.url + SECTION, apart=apart) if sees_all else [],
        workbook=export_pages.offer(frame) if apart else None,
        to_declare=_to_declare(frame, caller, read) if own is not None else [],
        edits=runs and may_edit(frame.purchase),
        runs=runs,
        charges=[_charge_row(read, place) for place in range(len(read.charges))],
        subsidies=[_subsidy_row(read, place) for place in range(len(read.subsidies))],
        warnings=warnings_listed(result, read.labels, own) if result else [],
        **await _members(session, frame, read, result, own),
    )


async def _members(
    session: AsyncSession, frame: PurchasePage, read: PurchaseCase, result: Statement | None, own: set[str] | None
) -> dict[str, Any]:
    """What the page says of members, and of what moved since the newest record."""
    records = await frozen_allocations(session, frame.purchase.id)
    moved = {}
    if records and result:
        moved = await drifts_since(session, frame.purchase.id, records[0].number, result.results)
        moved = {code: drift for code, drift in moved.items() if own is None or code in own}
    members = shares_listed(result.results if result else [], own, also=moved)
    shown = members[:SHOWN_AT_MOST]
    return {
        "records": records,
        "moved": moved,
        "gone": sorted(code for code in moved if result and code not in result),
        "members": shown,
        "hidden": len(members) - len(shown),
        "names": read.labels.members,
        "chart": [_bar(member, read.labels) for member in members[:DRAWN_AT_MOST]],
    }


_ORDERED = frozenset({PurchaseState.ORDERED, PurchaseState.DELIVERED, PurchaseState.SETTLED})


def _lead(frame: PurchasePage, basis: str) -> str:
    """What the figures are: an estimate as long as nothing is ordered."""
    if frame.purchase.state in _ORDERED:
        return f"D’après les {basis}. Seul le FCTVA reste une estimation."
    return f"Estimation, d’après les {basis}."


def _built(read: PurchaseCase, result: Statement) -> str:
    """How the total HT comes about, from the figures that other pages of the purchase show."""
    items = [line for line in result.lines if line.kind is LineKind.ITEM]
    goods = sum(line.total for line in items)
    if not goods:
        return ""
    prices = {item.id: item.unit_price for item in read.case.items}
    indicative = sum(line_total(line.quantity, prices[line.id]) for line in items)
    others = result.totals.ht - goods
    tier = (
        f" au prix des paliers atteints ({euros(indicative)} au prix indicatif, celui de la page Besoins)"
        if indicative != goods
        else " au prix indicatif, celui de la page Besoins"
    )
    shared = f", {'plus' if others > 0 else 'moins'} {euros(abs(others))} de frais et remises" if others else ""
    return f"Total HT\u00a0: {euros(goods)} d’articles{tier}{shared}."


def _to_declare(frame: PurchasePage, caller: Caller, read: PurchaseCase) -> list[Link]:
    """Where the caller's members without a share may still declare, and see what it would cost them."""
    if frame.purchase.state != PurchaseState.OPEN:
        return []
    mine, taking = set(caller.members_as(Role.REFERENT)), {need.member for need in read.case.needs}
    return [
        Link(payer.name, f"{frame.url}/besoins/{payer.code}")
        for payer in read.payers
        if payer.member_id in mine and payer.code not in taking
    ]


def _without_fctva(read: PurchaseCase, result: Statement, own: set[str] | None) -> list[str]:
    """Who gets no FCTVA whatever it takes, among those who pay and whom the caller sees."""
    return [
        read.labels.member(member.result.id)
        for member in result.members
        if not member.fctva and member.result.ht and (own is None or member.result.id in own)
    ]


def _bar(member: MemberResult, labels: Labels) -> dict[str, Any]:
    name, text = labels.member(member.id), euros(member.ttc)
    return {"label": name, "value": max(member.ttc, 0), "text": text, "detail": f"{name} paie {text} TTC."}


def _charge_row(read: PurchaseCase, place: int) -> dict[str, str]:
    charge = read.charges[place]
    return {
        "code": charge.code,
        "label": charge.label,
        "amount": euros(charge.amount_cents),
        "vat_rate": percent(charge.vat_rate / 100, 2),
        "key": in_words(charge.key),
        "scope": sharers_in_words(charge.scope, read.labels),
    }


def _subsidy_row(read: PurchaseCase, place: int) -> dict[str, str]:
    subsidy = read.subsidies[place]
    return {
        "code": subsidy.code,
        "label": subsidy.label,
        "aid": aid_words(content_of(subsidy)),
        "items": names_in_words(subsidy.items, read.labels.items, "tous les articles", none="aucun article"),
        "members": names_in_words(subsidy.members, read.labels.members, "tous les participants"),
        "public": "argent public" if subsidy.public else "argent privé",
    }


@get([f"/achats/{{reference:str}}/couts/{name}" for name in FILE_NAMES], right=Right.SEE_TOTALS)
async def download_allocation(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[Any]:
    """Today's figures as a file, for who sees every member's share."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    if not await sees_all_costs(session, caller, frame.purchase.id):
        raise Forbidden
    allocation = await allocate_purchase(session, frame.purchase.id, label_of(frame), finance_of(request))
    kind, name = path_of(request).rpartition(".")[2], f"{frame.purchase.reference}-repartition-estimee"
    if kind == "xlsx" and is_apart(request, allocation.result):
        return redirect(request, export_pages.address(frame))
    provenance = of_estimate(allocation, frame.group.name, frame.zone, services_of(request).clock.now())
    return await asyncio.to_thread(file_of, allocation, provenance, kind, name, fictional=frame.group.fictional)


ROUTES = [
    show_costs,
    download_allocation,
    *line_pages.ROUTES,
    *key_pages.ROUTES,
    *record_pages.ROUTES,
    *export_pages.ROUTES,
    *why_pages.ROUTES,
    *estimate_pages.ROUTES,
]
