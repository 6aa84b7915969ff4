"""A workbook that is written apart: asking for it, seeing how far it is, downloading it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.allocation.page import SECTION, trail
from pooling.allocation.records.workbook_export import ask_workbook, find_workbook, latest_workbooks, record_of
from pooling.exports.asking import file_of
from pooling.exports.models import Export
from pooling.exports.pages import Around, Offer, export_asked, export_download, export_page
from pooling.kernel.errors import NotFound
from pooling.members.entrance import CallerHere, SessionHere
from pooling.members.rights import Right
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.web.forms import PostedForm
from pooling.web.layout import Link, render
from pooling.web.services import services_of
from pooling.web.typography import date_short, date_time_long, time_short

PATH = "/achats/{reference:str}/couts/classeurs"
TITLE = "Classeur de la répartition"
MOST_RECORDS = 1_000_000
"""Beyond, a number is no record's."""


def address(frame: PurchasePage, record: int | None = None) -> str:
    """Where a workbook is asked for, and those that are kept are found."""
    return f"{frame.url}{SECTION}/classeurs" + (f"?etat={record}" if record else "")


def offer(frame: PurchasePage, record: int | None = None) -> Offer:
    return Offer(address(frame), {"etat": record} if record else {}, address(frame, record))


def figures_text(frame: PurchasePage, export: Export) -> str:
    """Which figures it holds."""
    at = date_time_long(export.figures_at, frame.zone, with_year=True) if export.figures_at else None
    record = record_of(export)
    if record is not None:
        return f"État n°\u00a0{record}" + (f", figé {at}" if at else "")
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
    exports = await latest_workbooks(session, caller, frame.purchase.id)
    record = _record(etat)
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
                "size": size,
            }
            for export, size in exports
        ],
        record=record,
        offer=offer(frame, record),
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
    export_id = await ask_workbook(session, caller, frame.purchase.id, now, record=record)
    return export_asked(request, f"{address(frame)}/{export_id}")


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
    export, size = await find_workbook(session, caller, frame.purchase.id, export_id)
    record = record_of(export)
    around = Around(
        title=TITLE,
        of=f"{frame.purchase.reference} – {frame.purchase.title}",
        figures=figures_text(frame, export),
        breadcrumb=[*trail(frame, TITLE)[:-1], Link("Classeurs", address(frame)), Link(TITLE, None)],
        back=Link("Revenir aux coûts", frame.url + SECTION + (f"/etats/{record}" if record else "")),
        file_url=f"{address(frame)}/{export.id}/repartition.xlsx",
        offer=offer(frame, record),
        zone=frame.zone,
        changes=record is None,
    )
    return export_page(request, export, size, around)


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
    export, _ = await find_workbook(session, caller, frame.purchase.id, export_id)
    return export_download(*await file_of(session, export))


ROUTES = [show_exports, do_ask, show_export, download_export]
