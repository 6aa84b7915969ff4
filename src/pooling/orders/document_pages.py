"""The documents of an order: handed out at once, or written apart where they are long; what has left, as it left."""

import asyncio
import io
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from pooling.allocation.records.downloads import writes_apart
from pooling.exports.asking import ask_export, file_of, find_export
from pooling.exports.pages import Around, Offer, export_asked, export_download, export_page
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.files import file_with_content
from pooling.kernel.sheet_writing import XLSX
from pooling.members.group_page import Here
from pooling.needs.permissions import may_see_all_needs
from pooling.orders.document import PDF, order_pdf, read_document
from pooling.orders.document_export import FORMATS, KIND, all_lines, write_lines
from pooling.orders.mailing import workbook_bytes
from pooling.orders.models import Order, OrderVersion
from pooling.orders.page import ORDERS, SECTION, OrderPage
from pooling.orders.permissions import may_see_document
from pooling.orders.reading import count_lines, version_now
from pooling.purchases.page import PurchasePage
from pooling.web.downloads import download
from pooling.web.forms import PostedForm
from pooling.web.layout import Link
from pooling.web.typography import date_time_long

ONE = f"{ORDERS}/{{order_number:int}}"
NAME = "bon-de-commande"
LINES = f"{ORDERS}/lignes"
APART = "Ce fichier est long : demandez-le sur la page des commandes, il se prépare à part."


@get([f"{ONE}/{NAME}.{kind}" for kind in FORMATS], right=may_see_document)
async def download_document(here: Here[OrderPage]) -> Response[bytes]:
    """What was sent, where it was sent from here; else the order as it stands."""
    kind = here.request.url.path.rpartition(".")[2]
    version = await version_now(here.session, here.order)
    kept = version.pdf_id if kind == "pdf" else version.workbook_id
    if kept is not None:
        return await _kept(here, kept)
    if writes_apart(here.request, await count_lines(here.session, here.purchase.id, here.order.id)):
        raise Conflict(APART, code="written_apart")
    document = await read_document(here.session, here.order, here.now)
    if kind == "pdf":
        return download(await order_pdf(document), f"{document.name}.pdf", PDF)
    return download(await asyncio.to_thread(workbook_bytes, document), f"{document.name}.xlsx", XLSX)


async def _kept(here: OrderPage, file_id: int) -> Response[bytes]:
    file, content = await file_with_content(here.session, file_id)
    return download(content, file.name, file.media_type)


@get([f"{ONE}/versions/{{version:int}}/{NAME}.{kind}" for kind in FORMATS], right=may_see_document)
async def download_version(here: Here[OrderPage], version: FromPath[int]) -> Response[bytes]:
    """A version as it was mailed."""
    kind = here.request.url.path.rpartition(".")[2]
    key = (group_of(here.session), here.order.id, version)
    found = await here.session.get(OrderVersion, key) if 0 < version <= here.order.version else None
    kept = found and (found.pdf_id if kind == "pdf" else found.workbook_id)
    if not kept:
        raise NotFound
    return await _kept(here, kept)


@post(f"{ONE}/documents", right=may_see_document)
async def do_ask_document(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    kind = form.value("format") if form.value("format") in FORMATS else "xlsx"
    terms = {"purchase": here.purchase.id, "order": here.order.id, "format": kind}
    export_id = await ask_export(here.session, KIND, terms, here.caller.person_id, here.now, unchanging=False)
    return export_asked(here.request, f"{here.url}{here.order_path}/documents/{export_id}")


@get(f"{ONE}/documents/{{order_export_id:int}}", right=may_see_document)
async def show_document(here: Here[OrderPage], order_export_id: FromPath[int]) -> Response[str]:
    """How far it is; once it is ready, the download."""
    export, size = await find_export(here.session, KIND, order_export_id, {"order": here.order.id})
    path = f"{here.url}{here.order_path}"
    kind = export.terms["format"]
    return export_page(here.request, export, size, _around(here, here.order, path, kind, order_export_id))


def _around(here: PurchasePage, order: Order | None, path: str, kind: str, export_id: int) -> Around:
    title = f"Bon de commande {order.reference}" if order else "Lignes des commandes"
    return Around(
        title=title,
        of=f"{here.purchase.reference} – {here.purchase.title}",
        figures=f"En {kind.upper()}, au {date_time_long(here.now, here.zone)}",
        breadcrumb=here.crumbs(*([] if order else [("Commandes", SECTION)]), title),
        back=Link("Revenir à la commande" if order else "Revenir aux commandes", path),
        file_url=f"{path}/documents/{export_id}/fichier",
        offer=Offer(f"{path}/documents", {"format": kind}, path),
        zone=here.zone,
        changes=True,
    )


@get(f"{ONE}/documents/{{order_export_id:int}}/fichier", right=may_see_document)
async def download_apart(here: Here[OrderPage], order_export_id: FromPath[int]) -> Response[bytes]:
    export, _ = await find_export(here.session, KIND, order_export_id, {"order": here.order.id})
    return export_download(*await file_of(here.session, export))


@get([f"{LINES}.{kind}" for kind in ("csv", "xlsx")], right=may_see_all_needs)
async def download_lines(here: Here[PurchasePage]) -> Response[bytes]:
    """Every line of every order."""
    kind = here.request.url.path.rpartition(".")[2]
    if writes_apart(here.request, await count_lines(here.session, here.purchase.id)):
        raise Conflict(APART, code="written_apart")
    lines, target = await all_lines(here.session, here.purchase, here.now), io.BytesIO()
    await asyncio.to_thread(write_lines, target, lines, kind)
    return download(target.getvalue(), f"{lines.name}.{kind}", XLSX if kind == "xlsx" else "text/csv")


@post(f"{ORDERS}/documents", right=may_see_all_needs)
async def do_ask_lines(here: Here[PurchasePage]) -> Response[Any]:
    terms = {"purchase": here.purchase.id, "order": None, "format": "xlsx"}
    export_id = await ask_export(here.session, KIND, terms, here.caller.person_id, here.now, unchanging=False)
    return export_asked(here.request, f"{here.url}{SECTION}/documents/{export_id}")


@get(f"{ORDERS}/documents/{{lines_export_id:int}}", right=may_see_all_needs)
async def show_lines(here: Here[PurchasePage], lines_export_id: FromPath[int]) -> Response[str]:
    export, size = await find_export(here.session, KIND, lines_export_id, _of_all(here))
    path = f"{here.url}{SECTION}"
    return export_page(here.request, export, size, _around(here, None, path, "xlsx", lines_export_id))


@get(f"{ORDERS}/documents/{{lines_export_id:int}}/fichier", right=may_see_all_needs)
async def download_lines_apart(here: Here[PurchasePage], lines_export_id: FromPath[int]) -> Response[bytes]:
    export, _ = await find_export(here.session, KIND, lines_export_id, _of_all(here))
    return export_download(*await file_of(here.session, export))


def _of_all(here: PurchasePage) -> dict[str, Any]:
    return {"purchase": here.purchase.id, "order": None}


ROUTES = [
    download_document,
    download_version,
    do_ask_document,
    show_document,
    download_apart,
    download_lines,
    do_ask_lines,
    show_lines,
    download_lines_apart,
]
