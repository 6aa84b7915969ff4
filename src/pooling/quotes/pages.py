"""Quotes as the lead buyer notes them: typed, or read from the file that the supplier filled in."""

import asyncio
from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.kernel.attached import FIELD
from pooling.kernel.errors import Conflict
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.list_reading import UnreadableListError
from pooling.kernel.open_document import MEDIA_TYPE
from pooling.kernel.sheet_writing import XLSX
from pooling.kernel.tables import id_typed
from pooling.kernel.text import whole_number
from pooling.kernel.versions import version_of
from pooling.members.group_page import Here
from pooling.needs.permissions import may_see_all_needs
from pooling.needs.queries import consolidate_needs
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.page import PurchasePage
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, LotShown, purchase_items
from pooling.quotes.awarding import awards_of
from pooling.quotes.form import fields_of, read_quote, values_of
from pooling.quotes.keeping import (
    HINT,
    MOST_FILES,
    add_quote,
    attach_to_quote,
    change_quote,
    detach_from_quote,
    files_of_quote,
    remove_quote,
    require_comparing,
    require_place,
)
from pooling.quotes.page import QUOTES, SECTION, QuotePage, QuotesPage
from pooling.quotes.queries import find_quote, is_in, quotes_of
from pooling.quotes.template_file import read_template, typed_in, write_template
from pooling.quotes.words import conditions_in_words, days_in_words, tiers_in_words
from pooling.suppliers.reading import suppliers_to_choose
from pooling.web.attaching import SENDING, files_part, handed_out
from pooling.web.downloads import REVALIDATED, download
from pooling.web.forms import Form, PostedForm
from pooling.web.scanning import scan_files

ONE = f"{QUOTES}/{{quote_id:int}}"
NEW = f"{QUOTES}/nouveau"
READING = f"{QUOTES}/lecture"
TEMPLATES = {"xlsx": XLSX, "ods": MEDIA_TYPE}
LARGEST_QUOTE = limit(2_000_000, "A quote sent in a file", __name__, Readers.OPERATORS, unit=BYTES)
_AROUND = 100_000


def may_compare(here: PurchasePage) -> bool:
    """Whether the caller may change quotes here and now."""
    try:
        require_comparing(here.purchase)
    except Conflict:
        return False
    return may_run(here.caller, here.purchase)


def lots_of(items: Sequence[ItemShown]) -> list[LotShown]:
    """Those that have items."""
    return list({item.lot.number: item.lot for item in items if item.lot}.values())


@get(QUOTES, right=may_see_all_needs)
async def list_quotes(here: Here[PurchasePage]) -> Response[str]:
    items = await purchase_items(here.session, here.purchase.id)
    return here.render(
        "quotes/list.html",
        "Devis",
        quotes=await quotes_of(here.session, here.purchase.id, here.now),
        items=items,
        lots=lots_of(items),
        days=days_in_words,
        awards=await awards_of(here.session, here.purchase.id),
        may_compare=may_compare(here),
    )


@get([f"{QUOTES}/modele.{kind}" for kind in TEMPLATES], right=may_run)
async def download_template(here: Here[PurchasePage], lot: FromQuery[str] = "") -> Response[bytes]:
    """For a supplier to fill in: of the whole purchase, or of one lot."""
    kind = here.request.url.path.rpartition(".")[2]
    number = whole_number(lot, 2)
    items = [item for item in await purchase_items(here.session, here.purchase.id) if is_in(item, number)]
    totals = await consolidate_needs(here.session, here.purchase.id)
    wanted = {item.id: (totals.by_item.get(item.id, 0), totals.most_by_item.get(item.id, 0)) for item in items}
    notice = FICTIONAL if here.group.fictional else None
    content = await asyncio.to_thread(write_template, kind, here.purchase, items, wanted, notice)
    of_lot = f"-lot-{number}" if number else ""
    return download(content, f"{here.purchase.reference}-devis{of_lot}.{kind}", TEMPLATES[kind], headers=REVALIDATED)


@get(NEW, right=may_run)
async def ask_quote(
    here: Here[QuotesPage], fournisseur: FromQuery[str] = "", lot: FromQuery[str] = ""
) -> Response[str]:
    """First whose quote it is, then what it says."""
    require_comparing(here.purchase)
    form = Form(values={"supplier": fournisseur, "lot": lot, "tva": "20"})
    return await _new_page(here, form) if fournisseur else await _whose_page(here, form)


async def _whose_page(here: QuotesPage, form: Form) -> Response[str]:
    items = await purchase_items(here.session, here.purchase.id)
    return here.render(
        "quotes/whose.html",
        "Noter un devis",
        form=form,
        suppliers=await suppliers_to_choose(here.session),
        lots=[(str(lot.number), lot.called) for lot in lots_of(items)],
    )


async def _new_page(here: QuotesPage, form: Form) -> Response[str]:
    """What was typed for a supplier that cannot have a quote here is shown with the choice of another one."""
    await here.session.refresh(here.purchase)
    require_comparing(here.purchase)
    items, lot = await purchase_items(here.session, here.purchase.id), _lot(form)
    return here.render(
        "quotes/writing.html",
        "Noter un devis",
        form=form,
        items=[item for item in items if is_in(item, lot)],
        action=f"{SECTION}/nouveau",
        cancel=SECTION,
        suppliers=await suppliers_to_choose(here.session),
        lots=[(str(one.number), one.called) for one in lots_of(items)],
        is_new=True,
    )


def _lot(form: Form) -> int | None:
    return whole_number(form.value("lot"), 2)


@post(NEW, right=may_run)
async def do_quote(here: Here[QuotesPage], form: PostedForm) -> Response[Any]:
    lot = _lot(form)
    items = [item for item in await purchase_items(here.session, here.purchase.id) if is_in(item, lot)]
    command, supplier = read_quote(form, items), id_typed(form.value("supplier")) or 0
    async with form.submitted(lambda: _new_page(here, form), fields=fields_of(items), conflict=""):
        quote = await add_quote(here.session, here.caller, here.purchase.id, supplier, lot, command, here.now)
    return here.redirect(f"{SECTION}/{quote}", done="Le devis est noté.")


@post(READING, right=may_run, request_max_body_size=LARGEST_QUOTE + _AROUND, guards=[scan_files])
async def do_read(here: Here[QuotesPage], form: PostedForm) -> Response[Any]:
    """The form filled with what the file says; nothing is kept before it is sent."""
    lot, file = _lot(form), form.files.get("fichier")
    items = [item for item in await purchase_items(here.session, here.purchase.id) if is_in(item, lot)]
    values: dict[str, str] = {}
    async with form.submitted(lambda: _whose_page(here, form), conflict=""):
        require_comparing(here.purchase)
        supplier = id_typed(form.value("supplier")) or 0
        await require_place(here.session, here.purchase.id, supplier, lot, items, here.now)
        if file is None or not file.content:
            form.refuse("fichier", "Choisissez un fichier.")
            form.check()
        else:
            try:
                values = typed_in(await asyncio.to_thread(read_template, file.content), here.purchase, items)
            except UnreadableListError as unreadable:
                form.refuse("fichier", f"{str(unreadable)[:1].upper()}{str(unreadable)[1:]}")
            form.check()
    filled = Form(values={**values, "supplier": form.value("supplier"), "lot": form.value("lot"), "lu": "1"})
    looked_at = Form(values=dict(filled.values))
    read_quote(looked_at, items)
    filled.errors = looked_at.errors
    filled.status = 200
    return await _new_page(here, filled)


@get(ONE, right=may_see_all_needs)
async def show_quote(here: Here[QuotePage]) -> Response[str]:
    return await _quote_page(here, Form())


async def _quote_page(here: QuotePage, form: Form) -> Response[str]:
    found, compares = here.found, may_compare(here)
    return here.render(
        "quotes/quote.html",
        form=form,
        found=found,
        rows=[(item, found.lines.get(item.id), _sold(here, item)) for item in found.of(here.items)],
        days=days_in_words(found.quote.delivery_days),
        expired=found.quote.valid_until is not None and found.quote.valid_until < here.today,
        may_compare=compares,
        kept=files_part(here.request, found.files, MOST_FILES, HINT, changes=compares),
    )


def _sold(here: QuotePage, item: ItemShown) -> str:
    """The tiers of a line and how it is sold."""
    line = here.found.lines.get(item.id)
    if line is None:
        return ""
    said = tiers_in_words(here.found.tiers.get(item.id, ()), item.unit)
    return " ; ".join([*said, *conditions_in_words(line.pack, line.minimum, line.minimum_cents)])


@get(f"{ONE}/modification", right=may_run)
async def ask_change(here: Here[QuotePage]) -> Response[str]:
    require_comparing(here.purchase)
    command = here.found.content(here.items)
    return await _change_page(here, Form(values={**values_of(command, here.items), "version": _version(here)}))


def _version(here: QuotePage) -> str:
    return version_of(here.found.content(here.items).model_dump())


async def _change_page(here: QuotePage, form: Form) -> Response[str]:
    """The version stays the one that was shown, unless the person has just been told of a newer one."""
    await here.session.refresh(here.purchase)
    require_comparing(here.purchase)
    if form.conflict:
        found = await find_quote(here.session, here.purchase.id, here.found.id, here.now)
        form.values["version"] = version_of(found.content(here.items).model_dump())
    return here.render(
        "quotes/writing.html",
        "Modifier",
        form=form,
        items=here.found.of(here.items),
        action=f"{here.path}/modification",
        cancel=here.path,
        is_new=False,
    )


@post(f"{ONE}/modification", right=may_run)
async def do_change(here: Here[QuotePage], form: PostedForm) -> Response[Any]:
    items = here.found.of(here.items)
    command, shown = read_quote(form, items), form.value("version")
    whose = (here.session, here.caller, here.purchase.id, here.found.id)
    async with form.submitted(lambda: _change_page(here, form), fields=fields_of(items), conflict=""):
        await change_quote(*whose, command, here.now, shown=shown or None)
    return here.redirect(here.path, done="Le devis est modifié.")


@get(f"{ONE}/retrait", right=may_run)
async def ask_removal(here: Here[QuotePage]) -> Response[str]:
    require_comparing(here.purchase)
    return here.ask(
        "Retirer",
        question=f"Retirer le devis de {here.found.called}\u202f?",
        consequences=["Il n’est plus comparé.", "Le journal garde ce qu’il disait\u00a0; ses pièces sont effacées."],
        action=f"{here.path}/retrait",
        label="Retirer le devis",
        cancel=here.path,
    )


@post(f"{ONE}/retrait", right=may_run)
async def do_removal(here: Here[QuotePage]) -> Response[Any]:
    await remove_quote(here.session, here.caller, here.purchase.id, here.found.id, here.now)
    return here.redirect(SECTION, done=f"Le devis de {here.found.called} est retiré.")


@post(f"{ONE}/pieces", right=may_run, **SENDING)
async def do_attach(here: Here[QuotePage], form: PostedForm) -> Response[Any]:
    sent = form.sent(FIELD)
    async with form.submitted(lambda: _quote_page(here, form)):
        await attach_to_quote(here.session, here.caller, here.purchase.id, here.found.id, sent, here.now)
    done = "La pièce est ajoutée." if len(sent) == 1 else f"{len(sent)} pièces sont ajoutées."
    return here.redirect(here.path, done=done)


@get(f"{ONE}/pieces/{{quote_file_id:int}}", right=may_see_all_needs)
async def download_piece(here: Here[QuotePage], quote_file_id: FromPath[int]) -> Response[bytes]:
    return handed_out(*await files_of_quote(here.found.id).read(here.session, quote_file_id))


@post(f"{ONE}/pieces/{{quote_file_id:int}}/retrait", right=may_run)
async def do_detach(here: Here[QuotePage], quote_file_id: FromPath[int]) -> Response[Any]:
    whose = (here.session, here.caller, here.purchase.id, here.found.id)
    await detach_from_quote(*whose, quote_file_id, here.now)
    return here.redirect(here.path, done="La pièce est retirée.")


ROUTES = [
    list_quotes,
    download_template,
    ask_quote,
    do_quote,
    do_read,
    show_quote,
    ask_change,
    do_change,
    ask_removal,
    do_removal,
    do_attach,
    download_piece,
    do_detach,
]
