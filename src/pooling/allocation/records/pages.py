"""Freezing an allocation, and opening those that were frozen."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.allocation.case import label_of
from pooling.allocation.current import Current, consistently
from pooling.allocation.excerpts import warned_first, warnings_listed
from pooling.allocation.listing import Summary, current_shares, list_shares, names_of_shares, record_shares, sum_up
from pooling.allocation.page import COSTS, SECTION, CostsPage
from pooling.allocation.permissions import may_process, may_see_every_share, may_see_share
from pooling.allocation.records import export_pages, version_pages
from pooling.allocation.records.changed import changed_since
from pooling.allocation.records.downloads import (
    FILE_NAMES,
    Asked,
    asked_in,
    download_links,
    record_file,
    writes_apart,
)
from pooling.allocation.records.freezing import (
    RECORDED,
    SHARED,
    FiguresMoved,
    Why,
    fingerprint,
    freeze_allocation,
    last_number,
)
from pooling.allocation.records.opening import open_record, workbook_rows
from pooling.allocation.records.page import RECORD, ProcessedPage, RecordPage, RecordSharePage
from pooling.allocation.records.processing import members_to_process, process_record, processed_by
from pooling.allocation.records.version_job import VERSION, ask_freezing, freezing_under_way
from pooling.allocation.records.workbook_export import record_of
from pooling.allocation.records.workbook_file import BOOKS
from pooling.allocation.why_pages import why_page
from pooling.allocation.words import CAUSES
from pooling.exports.asking import find_export
from pooling.exports.models import UNDER_WAY, ExportState
from pooling.exports.pages import NOT_BEGUN
from pooling.kernel.doubts import LONGEST_REASON
from pooling.kernel.slices import Slice
from pooling.members.features import Changed
from pooling.members.group_page import Here
from pooling.members.rights import Right
from pooling.purchases.models import PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import successors
from pooling.purchases.size import has_many
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.typography import date_time_long, euros, plural

FREEZING = f"{COSTS}/gel"
GONE = "une personne partie"


async def _freezing_page(here: CostsPage, form: Form) -> Response[str]:
    """The figures as they would be frozen; the hidden fingerprint stands for them."""

    async def read(current: Current) -> tuple[Current, Summary]:
        return current, await sum_up(here.session, current_shares(here.purchase.id))

    current, summary = await consistently(here.session, here.purchase.id, here.finance, read)
    allocation = current.told()
    last = await last_number(here.session, here.purchase.id)
    totals = allocation.result.totals
    changed = await changed_since(here, last) if last else []
    if changed and "cause" not in form.values:
        form.values["cause"] = changed[0].cause
        said = [one.said for one in changed if one.cause == changed[0].cause]
        form.values["reason"] = ", ".join(said)[:LONGEST_REASON]
    form.values["version"] = fingerprint(current.fingerprint, last)
    consequences = [
        f"Quantités retenues\u00a0: {allocation.basis}.",
        f"{plural(summary.listed, 'membre')}\u00a0: {euros(totals.ht)} HT, {euros(totals.ttc)} TTC.",
        f"Reste à charge\u00a0: {euros(totals.net)} après subventions et FCTVA estimé.",
        f"L’état portera le n°\u00a0{last + 1}. Il ne changera plus, quoi qu’il arrive ensuite à l’achat.",
    ]
    if here.purchase.state in {PurchaseState.DRAFT, PurchaseState.OPEN}:
        consequences.append("À vérifier\u00a0: la collecte n’est pas close, les quantités peuvent encore changer.")
    if not totals.ttc:
        consequences.append("À vérifier\u00a0: le total est de 0\u00a0€.")
    if allocation.result.warnings:
        found = plural(len(allocation.result.warnings), "point à vérifier", "points à vérifier")
        consequences.append(f"{found} sur l’autofinancement\u00a0: voir la page des coûts.")
    consequences += [f"À vérifier\u00a0: {said}" for said in await here.features.freezing_doubts(here)]
    return here.ask(
        "Figer la répartition",
        question="Figer la répartition des coûts\u202f?",
        consequences=consequences,
        action=f"{SECTION}/gel",
        label=f"Figer l’état n°\u00a0{last + 1}",
        cancel=SECTION,
        form=form,
        danger=False,
        template="allocation/freezing.html",
        causes=list(CAUSES.items()) if last else [],
        changed=_listed(changed),
        last=last,
    )


def _listed(changed: Sequence[Changed]) -> str:
    """« facture F-12 de Mobilier urbain, quantités ou prix ajustés »."""
    return ", ".join(one.said for one in changed)


@get(FREEZING, right=may_run)
async def show_question(here: Here[CostsPage]) -> Response[Any]:
    under_way = await freezing_under_way(here.session, here.purchase.id)
    return here.redirect(f"{SECTION}/gel/{under_way}") if under_way else await _freezing_page(here, Form())


@post(FREEZING, right=may_run)
async def do_freezing(here: Here[CostsPage], form: PostedForm) -> Response[Any]:
    whose, label = (here.session, here.caller, here.purchase.id), label_of(here.purchase)
    cause = form.choice("cause", list(CAUSES)) if form.value("cause") else ""
    why = Why(cause, form.reason())
    if form.has_errors:
        raise Redisplay(await _freezing_page(here, form))
    shown = form.value("version")
    if await has_many(here.session, here.purchase.id):
        export_id = await ask_freezing(*whose, here.now, shown, why)
        return here.redirect(f"{SECTION}/gel/{export_id}", rings="export")
    try:
        frozen = await freeze_allocation(*whose, label, here.clock, finance=here.finance, shown=shown, why=why)
    except FiguresMoved as moved:
        form.refuse("", moved.message)
        raise Redisplay(await _freezing_page(here, form)) from moved
    done = f"L’état de répartition n°\u00a0{frozen.number} est figé."
    return here.redirect(f"{SECTION}/etats/{frozen.number}", done=done)


@get(f"{FREEZING}/{{freezing_id:int}}", right=may_run)
async def show_freezing(here: Here[CostsPage], freezing_id: FromPath[int]) -> Response[Any]:
    """How far the worker is with freezing many members' shares; then the record, or why there is none."""
    export, _ = await find_export(here.session, VERSION, freezing_id, {"purchase": here.purchase.id})
    if (number := record_of(export)) is not None:
        return here.redirect(f"{SECTION}/etats/{number}")
    if export.state in UNDER_WAY:
        return here.render(
            "allocation/frozen_apart.html",
            "Figer la répartition",
            job_title="La répartition est en train d’être figée",
            job_label="Avancement",
            costs_url=here.url + SECTION,
            job_done=export.rows_done,
            job_total=100,
            job_text=_far_said(export.rows_done) if export.state == ExportState.WRITING else NOT_BEGUN,
        )
    form = Form({name: export.terms[name] for name in Why._fields})
    form.refuse("", export.reason or "")
    return await _freezing_page(here, form)


def _far_said(percent: int) -> str:
    if percent < SHARED:
        return "Les parts se calculent"
    return "L’état s’écrit" if percent < RECORDED else "Les parts des membres s’écrivent"


@get(RECORD, right=Right.SEE_TOTALS)
async def show_record(here: Here[RecordPage], apres: FromQuery[str] = "") -> Response[str]:
    """A frozen allocation as it was: every share, or for a référent its own with the totals."""
    record, shares, own = here.record, record_shares(here.record.id), here.own
    stated = record.told()
    listed = await list_shares(here.session, shares, Slice(apres), own)
    summary = await sum_up(here.session, shares, own)
    warned = await names_of_shares(here.session, shares, warned_first(stated.result, own))
    apart = here.sees_all and writes_apart(here.request, await workbook_rows(here.session, record))
    url = here.url + here.path
    return here.render(
        "allocation/record.html",
        number_shown=record.number,
        successors=await successors(here.session, here.purchase.id),
        frozen=f"Figé {date_time_long(record.frozen_at, here.zone, with_year=True)}, par {record.by or GONE}.",
        because=record.why,
        basis=stated.basis,
        totals=stated.result.totals,
        members=listed.items,
        hidden=summary.listed - len(listed.items),
        why=url,
        sees_all=here.sees_all,
        files=download_links(url, apart=apart) if here.sees_all else [],
        offer=export_pages.offer(here, record.number) if apart else None,
        warnings=warnings_listed(stated.result, replace(stated.labels, members=warned), own),
        record_parts=await here.features.record_parts(here),
        **pages_after(url, apres, listed),
        **await _processing(here),
    )


async def _processing(here: RecordPage) -> dict[str, Any]:
    """For a member's finance: whether the record is still to be dealt with, or who did and when."""
    done = await processed_by(here.session, here.caller, here.purchase.id, here.record.number)
    return {
        "to_process": bool(await members_to_process(here.session, here.caller, here.purchase.id, here.record.number)),
        "processed": f"{date_time_long(done[0], here.zone, with_year=True)}, par {done[1]}" if done else None,
    }


@post(f"{RECORD}/traitement", right=may_process)
async def do_processing(here: Here[ProcessedPage]) -> Response[Any]:
    await process_record(here.session, here.caller, here.purchase.id, here.record.number, here.now)
    return here.redirect(here.path, done=f"L’état n°\u00a0{here.record.number} est marqué comme traité.")


@get(f"{RECORD}/{{member:str}}", right=may_see_share)
async def show_record_why(here: Here[RecordSharePage]) -> Response[str]:
    """All of a member's frozen figures explained: its own people's, anybody's for who sees all costs."""
    return why_page(here, await open_record(here.session, here.record, [here.member]), here.link)


@get([f"{RECORD}/{name}" for name in FILE_NAMES], right=may_see_every_share)
async def download_record(here: Here[RecordPage]) -> Response[Any]:
    """A frozen allocation as a file, exactly as frozen, for who sees every member's share."""
    session, record = here.session, here.record
    day = record.frozen_at.astimezone(here.zone).date().isoformat()
    (kind, view), name = asked_in(here.request), f"{here.purchase.reference}-etat-{record.number}-{day}"
    if kind in BOOKS and writes_apart(here.request, await workbook_rows(session, record)):
        return here.redirect(export_pages.path(record.number))
    return await record_file(here, record, Asked.by(here, kind, view), name)


ROUTES = [
    *(show_question, do_freezing, show_freezing, show_record, do_processing, show_record_why, download_record),
    *version_pages.ROUTES,
]
