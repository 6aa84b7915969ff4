"""Consolidation: what the needs add up to, how the lead buyer shares what does not fit, who gets what, freezing."""

import asyncio
import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.errors import Forbidden, NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.models import Member
from pooling.members.rights import Caller, Right
from pooling.needs.consolidating import (
    ConsolidationOptions,
    FrozenConsolidation,
    Options,
    consolidate_purchase,
    consolidation_case,
    filed_needs,
    latest_consolidation,
    order_outlook,
)
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.queries import REMARKS_AT_MOST, coverage, remarks_of, silent_members
from pooling.needs.workbook import write_consolidation_workbook, write_order_workbook
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage, led_purchase, purchase_page
from pooling.purchases.queries import ItemShown, participants, purchase_items
from pooling.sharing.comparison import compare_tolerance, next_tier_outlook
from pooling.sharing.consolidation import consolidate
from pooling.sharing.consolidation_case import IncompletePack, Rationing
from pooling.sharing.consolidation_result import Consolidation
from pooling.web.addresses import query_of
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import NBSP, date_time_long, euros, plural, price

SECTION = "/consolidation"
SHOWN_AT_MOST = 200
"""Members on an item's page; the workbook has them all."""
CURRENCY = "EUR"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

RULES = (
    (Rationing.PROPORTIONAL, "En proportion des demandes"),
    (Rationing.FIRST_COME, "Dans l’ordre d’arrivée des déclarations"),
    (Rationing.MAX_MIN, "Une unité chacun à son tour"),
)
PACKS = (
    (IncompletePack.ROUND_DOWN, "Commander des lots entiers, sans dépasser ce que chacun accepte"),
    (IncompletePack.ROUND_UP, "Compléter le dernier lot : le pilote garde le surplus"),
)
TOLERANCES = (
    ("oui", "Oui, si le total baisse"),
    ("non", "Non, seulement pour compléter un lot ou atteindre le minimum"),
)
STATUSES = {
    "ok": ("done", "Commande possible"),
    "nothing_declared": ("neutral", "Aucun besoin"),
    "minimum_not_reached": ("overdue", "Minimum non atteint"),
    "below_one_pack": ("overdue", "Moins d’un lot"),
}


def read_options(given: Mapping[str, str], items: list[ItemShown]) -> Options:
    """The choices of the form, as the page's address or the posted form carries them; anything else is the default."""
    rules = {str(rule): rule for rule, _ in RULES}
    packs = {str(pack): pack for pack, _ in PACKS}
    return {
        item.code: ConsolidationOptions(
            rules.get(given.get(f"regle-{item.code}", ""), Rationing.PROPORTIONAL),
            packs.get(given.get(f"lot-{item.code}", ""), IncompletePack.ROUND_DOWN),
            given.get(f"tolerance-{item.code}", "oui") != "non",
        )
        for item in items
    }


def written_options(options: Options) -> dict[str, str]:
    """Options as the form's fields write them."""
    written: dict[str, str] = {}
    for code, chosen in options.items():
        written[f"regle-{code}"] = str(chosen.rule)
        written[f"lot-{code}"] = str(chosen.incomplete_pack)
        written[f"tolerance-{code}"] = "oui" if chosen.use_tolerance_for_tier else "non"
    return written


async def _seen(request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str) -> PurchasePage:
    """The frame, for who may see everybody's needs.

    Raises:
        Forbidden: the caller may not.
    """
    frame = await purchase_page(request, session, caller, reference, SECTION)
    if not caller.may(Right.SEE_ALL_NEEDS, purchase_id=frame.purchase.id):
        raise Forbidden
    return frame


@get("/achats/{reference:str}/consolidation", right=Right.SEE_ALL_NEEDS)
async def show_consolidation(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    """What would be ordered of each item with what is filed, and the effect of another choice before it is made."""
    frame = await _seen(request, session, caller, reference)
    return await _page(request, session, caller, frame, Form())


async def _page(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, frame: PurchasePage, form: Form
) -> Response[str]:
    items = await purchase_items(session, frame.purchase.id)
    frozen = await latest_consolidation(session, frame.purchase.id)
    given = form.values or dict(request.query_params)
    chosen = any(name.startswith("regle-") for name in given)
    current = frozen if frozen and frozen.counts else None
    options = read_options(given, items) if chosen or current is None else current.options
    results = await order_outlook(session, frame.purchase.id, options)
    runs = caller.may(Right.RUN_PURCHASE, purchase_id=frame.purchase.id)
    state = frame.purchase.state
    form.values = {**written_options(options), **form.values}
    return render(
        request,
        "needs/consolidation.html",
        breadcrumb=[*frame.breadcrumb, Link("Consolidation", None)],
        here=frame,
        form=form,
        items={item.code: item for item in items},
        results=results,
        outlooks={code: next_tier_outlook(result) for code, result in results.items()},
        coverage=await coverage(session, frame.purchase.id),
        silent=await silent_members(session, frame.purchase.id) if state == PurchaseState.OPEN else [],
        remarks=await remarks_of(session, frame.purchase.id),
        remarks_at_most=REMARKS_AT_MOST,
        frozen=frozen,
        total=euros(sum(result.total for result in results.values())),
        may_close=runs and state == PurchaseState.OPEN,
        may_reopen=runs and state == PurchaseState.CLOSED,
        may_freeze=runs and state == PurchaseState.CLOSED,
        fields=written_options(options),
        query=urlencode(written_options(options)),
        files=_files(frame, options) if items else [],
        rules=RULES,
        packs=PACKS,
        tolerances=TOLERANCES,
        tier_steps={item.code: _steps(item) for item in items},
        statuses=STATUSES,
    )


def _files(frame: PurchasePage, options: Options) -> list[dict[str, str]]:
    query = urlencode(written_options(options))
    return [{"label": "Commande XLSX", "url": f"{frame.url}{SECTION}/commande.xlsx?{query}"}]


def _steps(item: ItemShown) -> list[dict[str, Any]]:
    return [
        {"threshold": 0, "price": price(item.unit_price)},
        *({"threshold": threshold, "price": price(tier)} for threshold, tier in item.tiers),
    ]


@get("/achats/{reference:str}/consolidation/{item:str}", right=Right.SEE_ALL_NEEDS)
async def show_item(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    item: FromPath[str],
) -> Response[str]:
    """Who gets what of one item and what it costs each, with and without tolerance for a price tier."""
    frame = await _seen(request, session, caller, reference)
    frozen = await latest_consolidation(session, frame.purchase.id)
    shown, options = await _item(request, session, frame, item, frozen)
    case = consolidation_case(shown, (await filed_needs(session, frame.purchase.id)).get(shown.id, []), options)
    names = {line.code: line.name for line in await participants(session, frame.purchase.id)}
    lead_code = await _lead_code(session, frame)
    compared = compare_tolerance(case, lead_code)
    declared = {need.member: (need.firm, need.up_to) for need in case.needs}
    lines = [line for line in compared.members if line.member in declared or line.with_tolerance.units]
    lines.sort(key=lambda line: (-abs(line.more_units), names.get(line.member, line.member)))
    return render(
        request,
        "needs/item.html",
        breadcrumb=[*frame.breadcrumb, Link("Consolidation", frame.url + SECTION), Link(shown.name, None)],
        remarks=await remarks_of(session, frame.purchase.id),
        remarks_at_most=REMARKS_AT_MOST,
        here=frame,
        item=shown,
        outdated=frozen.outdated if frozen else "",
        chosen=options[shown.code],
        rule=dict(RULES)[options[shown.code].rule],
        compared=compared,
        orders=[
            _order("À commander sans viser de palier", compared.without, shown),
            _order("À commander en visant un palier", compared.with_tolerance, shown),
        ],
        lines=lines[:SHOWN_AT_MOST],
        hidden=max(len(lines) - SHOWN_AT_MOST, 0),
        names=names,
        declared=declared,
        lead_code=lead_code,
        files=[{"label": "XLSX", "url": f"{frame.url}{SECTION}/{shown.code}/consolidation.xlsx?{query_of(request)}"}],
    )


def _order(label: str, result: Consolidation, item: ItemShown) -> dict[str, str]:
    """A key figure: the units, their cost, and how much of the tolerances they take."""
    used = f", dont {plural(result.tolerance_used, item.unit)} de tolérance" if result.tolerance_used else ""
    return {"label": label, "value": plural(result.order, item.unit), "note": f"{euros(result.total)} HT{used}"}


async def _item(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    frame: PurchasePage,
    code: str,
    frozen: FrozenConsolidation | None,
) -> tuple[ItemShown, Options]:
    items = await purchase_items(session, frame.purchase.id)
    found = next((item for item in items if item.code == code), None)
    if found is None:
        raise NotFound
    given = dict(request.query_params)
    if frozen is not None and frozen.counts and f"regle-{code}" not in given:
        return found, {found.code: ConsolidationOptions(), **frozen.options}
    return found, read_options(given, items)


async def _lead_code(session: AsyncSession, frame: PurchasePage) -> str:
    lead = await session.get(Member, (frame.purchase.group_id, frame.purchase.lead_member_id))
    return lead.code if lead else ""


def _facts(
    request: Request[Any, Any, Any],
    frame: PurchasePage,
    document: str,
    frozen: FrozenConsolidation | None,
    options: Options,
) -> dict[str, str]:
    """Where a file's figures come from: what was frozen, or an attempt that nothing keeps."""
    if frozen is not None and frozen.counts and options == frozen.options:
        frozen_at = date_time_long(frozen.frozen_at, frame.zone, with_year=True)
        basis, dated = f"consolidation n°{NBSP}{frozen.number}", f"figée {frozen_at}"
    else:
        now = date_time_long(services_of(request).clock.now(), frame.zone, with_year=True)
        basis, dated = "quantités déclarées à ce jour", f"chiffres du {now}, qui peuvent encore changer"
    return {
        "Document": document,
        "Achat": f"{frame.purchase.reference} {frame.purchase.title}",
        "Groupe": frame.group.name,
        "Quantités": basis,
        "Date": dated,
        "Devise": CURRENCY,
    }


@get("/achats/{reference:str}/consolidation/{item:str}/consolidation.xlsx", right=Right.SEE_ALL_NEEDS)
async def download_item(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    item: FromPath[str],
) -> Response[bytes]:
    frame = await _seen(request, session, caller, reference)
    frozen = await latest_consolidation(session, frame.purchase.id)
    shown, options = await _item(request, session, frame, item, frozen)
    case = consolidation_case(shown, (await filed_needs(session, frame.purchase.id)).get(shown.id, []), options)
    names = {line.code: line.name for line in await participants(session, frame.purchase.id)}
    target = io.BytesIO()
    notice = FICTIONAL if frame.group.fictional else None
    lead = await _lead_code(session, frame)
    result = await asyncio.to_thread(consolidate, case)
    remarks = [(one.code, one.member, one.said) for one in await remarks_of(session, frame.purchase.id, None)]
    document = f"Consolidation de l’article « {shown.name} »"
    facts = _facts(request, frame, document, frozen, options)
    await asyncio.to_thread(write_consolidation_workbook, target, result, names, notice, lead, facts, remarks)
    name = f"{frame.purchase.reference}-{shown.code}-consolidation.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(target.getvalue(), media_type=XLSX, headers=headers)


@get("/achats/{reference:str}/consolidation/commande.xlsx", right=Right.SEE_ALL_NEEDS)
async def download_order(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[bytes]:
    """The order of all items as one file, for the supplier."""
    frame = await _seen(request, session, caller, reference)
    items = await purchase_items(session, frame.purchase.id)
    frozen, given = await latest_consolidation(session, frame.purchase.id), dict(request.query_params)
    chosen = any(name.startswith("regle-") for name in given)
    options = read_options(given, items) if chosen or not (frozen and frozen.counts) else frozen.options
    results = await consolidate_purchase(session, frame.purchase.id, options)
    names = {line.code: line.name for line in await participants(session, frame.purchase.id)}
    order = [(item, results[item.code]) for item in items]
    facts = _facts(request, frame, "Commande", frozen, options)
    notice = FICTIONAL if frame.group.fictional else None
    target, lead = io.BytesIO(), await _lead_code(session, frame)
    await asyncio.to_thread(write_order_workbook, target, facts, order, names, notice, lead)
    headers = {"Content-Disposition": f'attachment; filename="{frame.purchase.reference}-commande.xlsx"'}
    return Response(target.getvalue(), media_type=XLSX, headers=headers)


@post("/achats/{reference:str}/consolidation", right=Right.RUN_PURCHASE)
async def do_freeze(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await led_purchase(request, session, caller, reference, SECTION)
    items = await purchase_items(session, frame.purchase.id)
    reason, options = form.lines("reason", longest=500), read_options(form.values, items)
    number = 0
    with form.redisplayed():
        form.check()
        record = await freeze_consolidation(
            session, caller, frame.purchase.id, services_of(request).clock, options=options, reason=reason
        )
        number = record.number
    if form.has_errors:
        raise Redisplay(await _page(request, session, caller, frame, form))
    return redirect(request, f"{frame.url}{SECTION}", done=f"La consolidation n° {number} est figée.")


ROUTES = [show_consolidation, show_item, download_item, download_order, do_freeze]
