"""Freezing an allocation, and opening those that were frozen."""

import asyncio
from collections.abc import Collection
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.allocating import own_codes, sees_all_costs
from pooling.allocation.case import label_of
from pooling.allocation.current import Current, consistently, paying_members
from pooling.allocation.excerpts import SHOWN_AT_MOST, shares_listed, warnings_listed
from pooling.allocation.page import SECTION, finance_of, trail
from pooling.allocation.records import export_pages
from pooling.allocation.records.downloads import FILE_NAMES, download_links, file_of, is_apart
from pooling.allocation.records.freezing import (
    FiguresMoved,
    OpenedRecord,
    fingerprint,
    freeze_allocation,
    last_number,
    open_record,
)
from pooling.allocation.records.processing import members_to_process, process_record, processed_by
from pooling.allocation.records.provenance import of_record
from pooling.allocation.why_pages import why_page
from pooling.kernel.errors import Forbidden, NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Caller, Right
from pooling.purchases.models import PurchaseState
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.web.addresses import path_of
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import date_time_long, euros, plural

PATH = "/achats/{reference:str}/couts"
MOST_RECORDS = 1_000_000
"""Beyond, a number in an address is no record's."""


async def _led(request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str) -> PurchasePage:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    caller.require(Right.RUN_PURCHASE, purchase_id=frame.purchase.id)
    return frame


async def _freezing_page(
    request: Request[Any, Any, Any], session: AsyncSession, frame: PurchasePage, form: Form
) -> Response[str]:
    """The figures as they would be frozen; the hidden fingerprint stands for them."""

    async def read(current: Current) -> tuple[Current, int]:
        return current, await paying_members(session, frame.purchase.id)

    current, paying = await consistently(session, frame.purchase.id, finance_of(request), read)
    allocation = current.told()
    last = await last_number(session, frame.purchase.id)
    totals = allocation.result.totals
    form.values["version"] = fingerprint(current.fingerprint, last)
    consequences = [
        f"Quantités retenues\u00a0: {allocation.basis}.",
        f"{plural(paying, 'membre')}\u00a0: {euros(totals.ht)} HT, {euros(totals.ttc)} TTC.",
        f"Reste à charge\u00a0: {euros(totals.net)} après subventions et FCTVA estimé.",
        f"L’état portera le n°\u00a0{last + 1}. Il ne changera plus, quoi qu’il arrive ensuite à l’achat.",
    ]
    if frame.purchase.state in {PurchaseState.DRAFT, PurchaseState.OPEN}:
        consequences.append("À vérifier\u00a0: la collecte n’est pas close, les quantités peuvent encore changer.")
    if not totals.ttc:
        consequences.append("À vérifier\u00a0: le total est de 0\u00a0€.")
    if allocation.result.warnings:
        found = plural(len(allocation.result.warnings), "point à vérifier", "points à vérifier")
        consequences.append(f"{found} sur l’autofinancement\u00a0: voir la page des coûts.")
    return render(
        request,
        "allocation/removal.html",
        breadcrumb=trail(frame, "Figer la répartition"),
        form=form,
        question="Figer la répartition des coûts\u202f?",
        consequences=consequences,
        action_url=f"{frame.url}{SECTION}/gel",
        action_label=f"Figer l’état n°\u00a0{last + 1}",
        cancel_url=frame.url + SECTION,
    )


@get(f"{PATH}/gel", right=Right.RUN_PURCHASE)
async def ask_freezing(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await _led(request, session, caller, reference)
    return await _freezing_page(request, session, frame, Form())


@post(f"{PATH}/gel", right=Right.RUN_PURCHASE)
async def do_freezing(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await _led(request, session, caller, reference)
    try:
        record = await freeze_allocation(
            session,
            caller,
            frame.purchase.id,
            label_of(frame.purchase),
            services_of(request).clock,
            finance=finance_of(request),
            shown=form.value("version"),
        )
    except FiguresMoved as moved:
        form.refuse("", moved.message)
        raise Redisplay(await _freezing_page(request, session, frame, form)) from moved
    done = f"L’état de répartition n°\u00a0{record.number} est figé."
    return redirect(request, f"{frame.url}{SECTION}/etats/{record.number}", done=done)


@get(f"{PATH}/etats/{{number:int}}", right=Right.SEE_TOTALS)
async def show_record(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    number: FromPath[int],
) -> Response[str]:
    """A frozen allocation as it was: every share, or for a référent its own with the totals."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    sees_all = await sees_all_costs(session, caller, frame.purchase.id)
    own = None if sees_all else await own_codes(session, caller)
    record = await _record(session, frame, number, own)
    allocation = record.allocation
    members = shares_listed(allocation.result.results, own)
    url = f"{frame.url}{SECTION}/etats/{number}"
    by = record.shown.by or "une personne partie"
    apart = sees_all and is_apart(request, allocation.result)
    return render(
        request,
        "allocation/record.html",
        breadcrumb=trail(frame, f"État n°\u00a0{number}"),
        here=frame,
        number_shown=number,
        frozen=f"Figé {date_time_long(record.shown.frozen_at, frame.zone, with_year=True)}, par {by}.",
        basis=allocation.basis,
        totals=allocation.result.totals,
        members=members[:SHOWN_AT_MOST],
        hidden=max(len(members) - SHOWN_AT_MOST, 0),
        names=allocation.labels.members,
        why=url,
        sees_all=sees_all,
        files=download_links(url, apart=apart) if sees_all else [],
        offer=export_pages.offer(frame, number) if apart else None,
        warnings=warnings_listed(allocation.result, allocation.labels, own),
        **await _processing(session, caller, frame, number),
    )


async def _processing(session: AsyncSession, caller: Caller, frame: PurchasePage, number: int) -> dict[str, Any]:
    """For a member's finance: whether the record is still to be dealt with, or who did and when."""
    done = await processed_by(session, caller, frame.purchase.id, number)
    return {
        "to_process": bool(await members_to_process(session, caller, frame.purchase.id, number)),
        "processed": f"{date_time_long(done[0], frame.zone, with_year=True)}, par {done[1]}" if done else None,
    }


@post(f"{PATH}/etats/{{number:int}}/traitement", right=Right.SEE_ALL_COSTS)
async def do_processing(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,  # noqa: ARG001 - for its token
    reference: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    if not 0 < number <= MOST_RECORDS:
        raise NotFound
    await process_record(session, caller, frame.purchase.id, number, services_of(request).clock.now())
    done = f"L’état n°\u00a0{number} est marqué comme traité."
    return redirect(request, f"{frame.url}{SECTION}/etats/{number}", done=done)


async def _record(
    session: AsyncSession, frame: PurchasePage, number: int, only: Collection[str] | None = None
) -> OpenedRecord:
    if not 0 < number <= MOST_RECORDS:
        raise NotFound
    return await open_record(session, frame.purchase.id, number, only)


@get(f"{PATH}/etats/{{number:int}}/{{member:str}}", right=Right.SEE_TOTALS)
async def show_record_why(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    number: FromPath[int],
    member: FromPath[str],
) -> Response[str]:
    """All of a member's frozen figures explained: its own people's, anybody's for who sees all costs."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    sees_all = await sees_all_costs(session, caller, frame.purchase.id)
    if not (sees_all or member in await own_codes(session, caller)):
        raise NotFound
    record = await _record(session, frame, number, [member])
    url = f"{frame.url}{SECTION}/etats/{number}"
    back = Link(f"État n°\u00a0{number}", url)
    return why_page(request, frame, record.allocation, member, [*trail(frame, "")[:-1], back], back)


@get([f"{PATH}/etats/{{number:int}}/{name}" for name in FILE_NAMES], right=Right.SEE_TOTALS)
async def download_record(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    number: FromPath[int],
) -> Response[Any]:
    """A frozen allocation as a file, exactly as frozen, for who sees every member's share."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    if not await sees_all_costs(session, caller, frame.purchase.id):
        raise Forbidden
    record = await _record(session, frame, number)
    day = record.shown.frozen_at.astimezone(frame.zone).date().isoformat()
    kind, name = path_of(request).rpartition(".")[2], f"{frame.purchase.reference}-etat-{number}-{day}"
    if kind == "xlsx" and is_apart(request, record.allocation.result):
        return redirect(request, export_pages.address(frame, number))
    provenance = of_record(record, frame.group.name, frame.zone)
    return await asyncio.to_thread(
        file_of, record.allocation, provenance, kind, name, fictional=frame.group.fictional, result=record.result
    )


ROUTES = [ask_freezing, do_freezing, show_record, do_processing, show_record_why, download_record]
