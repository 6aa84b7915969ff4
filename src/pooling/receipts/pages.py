"""The pages of what a purchase received: order by order, member by member, receipt by receipt."""

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from pooling.kernel.slices import Slice
from pooling.members.group_page import Here
from pooling.purchases.permissions import may_run
from pooling.receipts.arrival_form import (
    ALL_CAME,
    blank_form,
    fill_in,
    form_of_receipt,
    places,
    read_arrival,
)
from pooling.receipts.noting import RECEIVING, correct_receipt, note_receipt, withdraw_receipt
from pooling.receipts.page import ARRIVALS, SECTION, MemberReceiptPage, OrderPage, ReceiptPage, ReceiptsPage
from pooling.receipts.permissions import (
    may_complete,
    may_correct,
    may_note,
    may_see_member_receipts,
    may_see_receipt,
    may_see_receipts,
)
from pooling.receipts.photos import FIELD as PHOTOS
from pooling.receipts.photos import HINT, LARGEST_SENDING, photos_of
from pooling.receipts.queries import (
    LineShown,
    Noted,
    delivered_of,
    latest_of_order,
    lines_of,
    members_listed,
    noted_listed,
    orders_listed,
    receipts_listed,
    sums_of,
)
from pooling.receipts.schemas import MOST_LINES
from pooling.receipts.shown import delivery_shown, noted_shown, receipts_shown, total_shown
from pooling.receipts.taking import differing_lines
from pooling.receipts.words import REFUSED_WHY
from pooling.web.attaching import handed_out
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, Redisplay
from pooling.web.scanning import scan_files
from pooling.web.typography import date_short

RECEIPTS = f"/achats/{{reference:str}}{SECTION}"
ORDER = f"{RECEIPTS}/{{order_number:int}}"
MEMBER = f"{ORDER}/membres/{{member:str}}"
RECEIPT = f"/achats/{{reference:str}}{ARRIVALS}/{{receipt_id:int}}"
_AROUND = 1024 * 1024
WITH_PHOTOS: dict[str, Any] = {"request_max_body_size": LARGEST_SENDING + _AROUND, "guards": [scan_files]}
_BY_HAND = MOST_LINES
"""Lines of a receipt that its correction shows at once."""


@get(RECEIPTS, right=may_see_receipts)
async def show_receipts(here: Here[ReceiptsPage], apres: FromQuery[str] = "") -> Response[str]:
    """What came of each order that has left, and what was noted last."""
    listed = await orders_listed(here.session, here.purchase.id, Slice(apres), members=here.seen)
    delivered = await delivered_of(here.session, [order.id for order in listed.items])
    latest = await receipts_listed(here.session, here.purchase.id, Slice(), members=here.seen)
    sums = await sums_of(here.session, [receipt.id for receipt in latest.items], here.seen)
    return here.render(
        "receipts/overview.html",
        orders=[delivery_shown(here, order, delivered[order.id]) for order in listed.items],
        receipts=receipts_shown(here, latest.items, sums),
        differing=await differing_lines(here.session, here.purchase) if may_run(here.caller, here.purchase) else None,
        by_file=may_run(here.caller, here.purchase) and here.purchase.state in RECEIVING,
        **pages_after(here.url + SECTION, apres, listed),
    )


@get(ORDER, right=may_see_receipts)
async def show_order(here: Here[OrderPage], apres: FromQuery[str] = "") -> Response[str]:
    """What came of an order: where, and what is due; for a lead buyer at a desk, the boxes of all its places."""
    return await _order_page(here, None, apres)


async def _order_page(here: OrderPage, form: Form | None, after: str) -> Response[str]:
    lines, pages = await _lines_of_order(here, after)
    delivered = (await delivered_of(here.session, [here.order.id]))[here.order.id]
    notes = may_run(here.caller, here.purchase) and here.purchase.state in RECEIVING
    shown = form or blank_form(here.today, await latest_of_order(here.session, here.order.id))
    return here.render(
        "receipts/order.html",
        form=shown,
        status=form.status if form and form.has_errors else 200,
        order=delivery_shown(here, here.order, delivered),
        places=places(lines, shown),
        notes=notes,
        adjusts=may_run(here.caller, here.purchase) and here.purchase.state in RECEIVING,
        completes=may_complete(here.caller, here.purchase, here.order.buyer_id) and here.purchase.state in RECEIVING,
        after=after,
        **_form_facts(),
        **pages,
    )


async def _lines_of_order(here: OrderPage, after: str) -> tuple[list[LineShown], dict[str, Any]]:
    """Those of a slice of its members; of the caller's own, where it does not see all."""
    path = here.url + here.order_path
    if here.seen is not None:
        return await lines_of(here.session, here.order.id, members=here.seen), {"first_url": None, "next_url": None}
    members = await members_listed(here.session, here.order.id, Slice(after))
    return await lines_of(here.session, here.order.id, members=members.items), pages_after(path, after, members)


def _form_facts() -> dict[str, Any]:
    return {"hint": HINT, "reasons": REFUSED_WHY, "all_came": ALL_CAME}


@post(ORDER, right=may_run, **WITH_PHOTOS)
async def do_note_order(here: Here[OrderPage], form: PostedForm) -> Response[Any]:
    after = form.value("apres")
    lines, _ = await _lines_of_order(here, after)
    await _note(here, form, lines, lambda: _order_page(here, form, after))
    return here.redirect(here.order_path, done="C’est noté.")


@get(MEMBER, right=may_see_member_receipts)
async def show_member(here: Here[MemberReceiptPage], apres: FromQuery[str] = "") -> Response[str]:
    """What one member receives of an order; for its référents, the boxes in which they note it."""
    return await _member_page(here, None, apres)


async def _member_page(here: MemberReceiptPage, form: Form | None, after: str = "") -> Response[str]:
    lines = await lines_of(here.session, here.order.id, members=[here.member.id])
    listed = await receipts_listed(
        here.session, here.purchase.id, Slice(after), members=[here.member.id], order_id=here.order.id
    )
    sums = await sums_of(here.session, [receipt.id for receipt in listed.items], [here.member.id])
    delivered = (await delivered_of(here.session, [here.order.id]))[here.order.id]
    shown = form or blank_form(here.today, await latest_of_order(here.session, here.order.id))
    return here.render(
        "receipts/member.html",
        here.member.name,
        form=shown,
        status=form.status if form and form.has_errors else 200,
        order=delivery_shown(here, here.order, delivered),
        member=here.member,
        places=places(lines, shown),
        total=total_shown(lines),
        notes=may_note(here.caller, here.purchase, here.member) and here.purchase.state in RECEIVING,
        receipts=receipts_shown(here, listed.items, sums),
        **_form_facts(),
        **pages_after(here.url + here.path, after, listed),
    )


@post(MEMBER, right=may_note, **WITH_PHOTOS)
async def do_note_member(here: Here[MemberReceiptPage], form: PostedForm) -> Response[Any]:
    lines = await lines_of(here.session, here.order.id, members=[here.member.id])
    await _note(here, form, lines, lambda: _member_page(here, form))
    return here.redirect(here.path, done="C’est noté.")


async def _note(here: OrderPage, form: Form, lines: Sequence[LineShown], page: Callable[[], Any]) -> None:
    """Notes what the form says; or shows it again with what is due filled in.

    Raises:
        Redisplay: something is to mend, or the boxes were to be filled in.
    """
    if form.value(ALL_CAME) == "1":
        fill_in(form, lines)
        raise Redisplay(await page())
    command, fields = read_arrival(form, lines, here.caller.person_id)
    async with form.submitted(page, fields=fields, conflict=""):
        await note_receipt(
            here.session, here.caller, here.purchase.id, here.order.id, command, here.now, here.zone,
            insistence=form.insistence(), photos=form.sent(PHOTOS),
        )  # fmt: skip


@get(RECEIPT, right=may_see_receipt)
async def show_receipt(here: Here[ReceiptPage], apres: FromQuery[str] = "") -> Response[str]:
    listed = await noted_listed(here.session, here.receipt.id, Slice(apres), members=here.seen)
    correctable = (
        may_correct(here.caller, here.purchase, here.concerned)
        and here.receipt.withdrawn_at is None
        and here.purchase.state in RECEIVING
    )
    return here.render(
        "receipts/receipt.html",
        receipt=receipts_shown(here, [here.receipt], await sums_of(here.session, [here.receipt.id], here.seen))[0],
        lines=noted_shown(listed.items),
        photos=await photos_of(here.receipt.id).listed(here.session),
        correctable=correctable,
        **pages_after(here.url + here.path, apres, listed),
    )


@get(f"{RECEIPT}/photos/{{photo_id:int}}", right=may_see_receipt)
async def download_photo(here: Here[ReceiptPage], photo_id: FromPath[int]) -> Response[bytes]:
    return handed_out(*await photos_of(here.receipt.id).read(here.session, photo_id))


@get(f"{RECEIPT}/correction", right=may_correct)
async def ask_correction(here: Here[ReceiptPage]) -> Response[str]:
    return await _correction_page(here, None)


async def _correction_page(here: ReceiptPage, form: Form | None) -> Response[str]:
    noted, lines = await _to_correct(here)
    shown = form or form_of_receipt(here.receipt, noted)
    return here.render(
        "receipts/correction.html",
        "Corriger",
        form=shown,
        status=form.status if form and form.has_errors else 200,
        receipt=here.receipt,
        places=places(lines, shown),
        too_long=not lines,
        **_form_facts(),
    )


async def _to_correct(here: ReceiptPage) -> tuple[Sequence[Noted], list[LineShown]]:
    """What it says, and all lines of the order for its members; none where they are too many to be shown."""
    noted = (await noted_listed(here.session, here.receipt.id, Slice(size=_BY_HAND))).items
    lines = await lines_of(here.session, here.receipt.order_id, members=list(here.concerned)[: _BY_HAND + 1])
    return noted, lines if len(lines) <= _BY_HAND else []


@post(f"{RECEIPT}/correction", right=may_correct, **WITH_PHOTOS)
async def do_correct(here: Here[ReceiptPage], form: PostedForm) -> Response[Any]:
    _, lines = await _to_correct(here)
    command, fields = read_arrival(form, lines, here.caller.person_id)
    reason = form.reason(required="Dites pourquoi vous corrigez : les autres le liront.")
    async with form.submitted(lambda: _correction_page(here, form), fields=fields, conflict=""):
        kept = await correct_receipt(
            here.session, here.caller, here.purchase.id, here.receipt.id, command, here.now, here.zone,
            reason=reason, insistence=form.insistence(), photos=form.sent(PHOTOS),
        )  # fmt: skip
    return here.redirect(f"{ARRIVALS}/{kept.id}", done="La réception est corrigée.")


@get(f"{RECEIPT}/retrait", right=may_correct)
async def ask_withdrawal(here: Here[ReceiptPage]) -> Response[str]:
    return _withdrawal_page(here, Form())


def _withdrawal_page(here: ReceiptPage, form: Form) -> Response[str]:
    return here.ask(
        "Retirer",
        template="receipts/because.html",
        form=form,
        question=f"Retirer la réception du {date_short(here.receipt.received_on)} ?",
        consequences=(
            "Elle reste visible, avec votre raison, et ne compte plus.",
            "Ce qu’elle disait reçu est de nouveau attendu.",
        ),
        action=f"{here.path}/retrait",
        label="Retirer",
        cancel=here.path,
    )


@post(f"{RECEIPT}/retrait", right=may_correct)
async def do_withdraw(here: Here[ReceiptPage], form: PostedForm) -> Response[Any]:
    reason = form.reason()

    async def page() -> Response[str]:
        return _withdrawal_page(here, form)

    async with form.submitted(page, conflict=""):
        await withdraw_receipt(here.session, here.caller, here.purchase.id, here.receipt.id, here.now, reason=reason)
    return here.redirect(here.path, done="La réception est retirée.")


ROUTES = [
    show_receipts, show_order, do_note_order, show_member, do_note_member, show_receipt, download_photo,
    ask_correction, do_correct, ask_withdrawal, do_withdraw,
]  # fmt: skip
