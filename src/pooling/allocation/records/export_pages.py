"""A workbook that is written apart: asking for it, seeing how far it is, downloading it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.params import FromPath, FromQuery

from pooling.allocation.models import UNDER_WAY, Export, ExportState
from pooling.allocation.page import SECTION, trail
from pooling.allocation.records.asking import KEPT, ask_export, content_of, find_export, latest_exports
from pooling.allocation.records.workbook_file import XLSX
from pooling.kernel.errors import NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.web.forms import PostedForm
from pooling.web.layout import Link, redirect, render
from pooling.web.services import services_of
from pooling.web.typography import date_long, date_short, date_time_long, number, time_short

PATH = "/achats/{reference:str}/couts/classeurs"
TITLE = "Classeur de la répartition"
MOST_RECORDS = 1_000_000
"""Beyond, a number is no record's."""


def address(frame: PurchasePage, record: int | None = None) -> str:
    """Where a workbook is asked for, and those that are kept are found."""
    return f"{frame.url}{SECTION}/classeurs" + (f"?etat={record}" if record else "")


def offer(frame: PurchasePage, record: int | None = None) -> dict[str, Any]:
    """What `export_offer.html` asks with."""
    return {"url": address(frame), "record": record, "days": KEPT.days}


def figures_text(frame: PurchasePage, export: Export) -> str:
    """Which figures it holds."""
    at = date_time_long(export.figures_at, frame.zone, with_year=True) if export.figures_at else None
    if export.record is not None:
        return f"État n°\u00a0{export.record}" + (f", figé {at}" if at else "")
    return f"Chiffres du {at}" if at else "Chiffres du moment où il sera écrit"


@get(PATH, right=Right.SEE_TOTALS)
async def show_exports(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    etat: FromQuery[str] = "",
) -> Response[str]:
    """Offers to prepare a workbook, and lists those that are kept."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    exports = await latest_exports(session, caller, frame.purchase.id)
    return render(
        request,
        "allocation/exports.html",
        breadcrumb=trail(frame, "Classeurs"),
        here=frame,
        exports=[
            {
                "url": f"{address(frame)}/{export.id}",
                "figures": figures_text(frame, export),
                "asked_on": date_short(export.asked_at.astimezone(frame.zone)),
                "asked_at": time_short(export.asked_at, frame.zone),
                "state": export.state,
                "size": export.size,
            }
            for export in exports
        ],
        workbook=offer(frame, _record(etat)),
    )


def _record(typed: str) -> int | None:
    """The number of a record in an address or a hidden field; empty: the figures of the moment.

    Raises:
        NotFound: it cannot be one.
    """
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) < len(str(MOST_RECORDS))):
        raise NotFound
    return int(typed)


@post(PATH, right=Right.SEE_TOTALS)
async def do_ask(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    form: PostedForm,
    reference: FromPath[str],
) -> Response[Any]:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    record = _record(form.value("etat"))
    now = services_of(request).clock.now()
    export_id = await ask_export(session, caller, frame.purchase.id, now, record=record)
    answer = redirect(request, f"{address(frame)}/{export_id}")
    # Once the answer has left, the row is committed: a bell that rang earlier would wake who finds nothing.
    answer.background = BackgroundTask(services_of(request).bell.ring, "export")
    return answer


@get(f"{PATH}/{{export_id:int}}", right=Right.SEE_TOTALS)
async def show_export(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    export_id: FromPath[int],
) -> Response[str]:
    """How far it is; once it is ready, the download."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    export = await find_export(session, caller, frame.purchase.id, export_id)
    shown: dict[str, Any] = {
        "breadcrumb": [*trail(frame, TITLE)[:-1], Link("Classeurs", address(frame)), Link(TITLE, None)],
        "costs_url": frame.url + SECTION + (f"/etats/{export.record}" if export.record else ""),
        "purchase": f"{frame.purchase.reference} – {frame.purchase.title}",
    }
    if export.state in UNDER_WAY:
        begun = export.state == ExportState.WRITING and export.rows_total > 0
        return render(
            request,
            "allocation/export_progress.html",
            job_title=TITLE,
            job_label=figures_text(frame, export),
            job_done=min(export.rows_done, export.rows_total),
            job_total=export.rows_total or 1,
            job_text=_rows_text(export) if begun else "Le travail commence dans la minute.",
            **shown,
        )
    assert export.ended_at is not None
    return render(
        request,
        "allocation/export.html",
        title=TITLE,
        export=export,
        figures=figures_text(frame, export),
        asked_at=date_time_long(export.asked_at, frame.zone, with_year=True),
        kept_until=date_long((export.ended_at + KEPT).astimezone(frame.zone).date()),
        file_url=f"{address(frame)}/{export.id}/repartition.xlsx",
        workbook=offer(frame, export.record),
        **shown,
    )


def _rows_text(export: Export) -> str:
    return f"{number(min(export.rows_done, export.rows_total))} lignes écrites sur {number(export.rows_total)}"


@get(f"{PATH}/{{export_id:int}}/repartition.xlsx", right=Right.SEE_TOTALS)
async def download_export(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
    export_id: FromPath[int],
) -> Response[bytes]:
    """The workbook, for who still sees every member's share."""
    frame = await purchase_page(request, session, caller, reference, SECTION)
    export = await find_export(session, caller, frame.purchase.id, export_id)
    name = f"{frame.purchase.reference}-" + (f"etat-{export.record}" if export.record else "repartition-estimee")
    return Response(
        await content_of(session, export),
        media_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"', "Cache-Control": "private, no-cache"},
    )


ROUTES = [show_exports, do_ask, show_export, download_export]
