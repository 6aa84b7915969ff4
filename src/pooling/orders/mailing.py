"""Orders leave by mail, with their documents. One that people wait for leaves at once; more of them, or a long one, are
asked for: the worker makes their documents and sends them, as many each minute as it manages.

What was asked for is a column of the order, and each leaves in the transaction that says so: whoever is killed
meanwhile loses nothing and sends nothing twice. The worker locks orders alone, never their purchase, which others lock
first.
"""

import asyncio
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, enumerated
from pooling.kernel.events import record_event
from pooling.kernel.files import keep_file
from pooling.kernel.limits import Readers, limit
from pooling.kernel.sheet_writing import XLSX
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Group
from pooling.members.rights import Caller
from pooling.orders.document import (
    MOST_PRINTED,
    PDF,
    OrderDocument,
    order_pdf,
    read_document,
    write_order_workbook,
)
from pooling.orders.making import lock_ordering
from pooling.orders.models import Order, OrderLine, OrderState, OrderVersion
from pooling.orders.reading import find_order, tally_of, version_now
from pooling.orders.rules import ORDER
from pooling.orders.sending import lock_waiting, order_purchase, require_ready
from pooling.outbox.mail import FICTIONAL, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase, PurchaseState
from pooling.suppliers.models import Supplier
from pooling.web.pdf import Unprintable
from pooling.web.typography import date_long, euros

MAILED = occasion(
    "order",
    asked_by="a lead buyer, who sends orders",
    to="the suppliers",
    limit="one for each version of an order, and one where it is cancelled",
    where=__name__,
)
LARGEST_MAILED = limit(
    10 * 1024 * 1024, "Documents of an order that a mail carries", __name__, Readers.OPERATORS, unit="bytes"
)
SENDING_FOR = timedelta(seconds=40)
"""How long the worker makes documents at a time: reminders are due meanwhile."""
AT_MOST = 500


async def send_by_mail(
    session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock, *, number: int | None = None
) -> tuple[int, int]:
    """Sends an order, by its number, or (None) all that wait. Returns how many have left, and how many the worker is
    to send: what has left already, or is asked for, does not leave again.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the purchase is not closed, or already delivered; deliberations are lacking; drafts are outdated; a
            supplier has no address for orders; the documents are too large for a mail.
        Unprintable: the document cannot be set.
    """
    purchase = await lock_ordering(session, caller, purchase_id)
    waiting = await lock_waiting(session, purchase_id, number)
    if not waiting:
        return 0, 0
    await require_ready(session, purchase, waiting)
    ids = [order_id for order_id, _ in waiting]
    await _require_addresses(session, ids)
    if len(ids) == 1 and await _is_short(session, ids[0]):
        order = await session.get_one(Order, (group_of(session), ids[0]), populate_existing=True)
        if order.asked_at is None:
            await _mail(session, order, caller.person_id, clock)
            await order_purchase(session, caller, purchase, clock)
            return 1, 0
    asked = await session.execute(
        update(Order)
        .where(any_of(col(Order.id), ids), col(Order.asked_at).is_(None))
        .values(asked_at=await clock.at_database(session), asked_by=caller.person_id)
        .returning(col(Order.id))
        .execution_options(synchronize_session=False)
    )
    return 0, len(asked.all())


async def _require_addresses(session: AsyncSession, orders: Sequence[int]) -> None:
    lacking = await session.execute(
        select(col(Supplier.name))
        .join(Order, linked(Order.supplier_id, Supplier.id))
        .where(any_of(col(Order.id), orders), col(Supplier.order_email) == "")
        .order_by(col(Supplier.name))
        .distinct()
    )
    if names := list(lacking.scalars()):
        raise Conflict(
            f"Sans adresse électronique pour les commandes : {enumerated(names)}. Complétez la fiche du fournisseur, "
            "ou notez que la commande est partie autrement.",
            code="no_order_email",
        )


async def _is_short(session: AsyncSession, order_id: int) -> bool:
    most = select(col(OrderLine.id)).where(col(OrderLine.order_id) == order_id).limit(MOST_PRINTED + 1)
    counted = await session.execute(select(func.count()).select_from(most.subquery()))
    return counted.scalar_one() <= MOST_PRINTED


async def _mail(session: AsyncSession, order: Order, person_id: int | None, clock: Clock) -> None:
    """A locked order leaves: its documents are kept as they are sent.

    Raises:
        Conflict: they are too large.
        Unprintable: the document cannot be set.
    """
    now = await clock.at_database(session)
    version = await version_now(session, order)
    version.sent_at, version.sent_by = now, person_id
    document = await read_document(session, order, now)
    pdf = await order_pdf(document)
    workbook = await asyncio.to_thread(workbook_bytes, document)
    if len(pdf) + len(workbook) > LARGEST_MAILED:
        raise Conflict(
            f"Les documents de la commande {order.reference} sont trop lourds pour un courriel : téléchargez-les, "
            "transmettez-les autrement, puis notez que la commande est partie.",
            code="too_large_to_mail",
        )
    files = [
        await keep_file(session, f"{document.name}.pdf", PDF, pdf, now),
        await keep_file(session, f"{document.name}.xlsx", XLSX, workbook, now),
    ]
    version.pdf_id, version.workbook_id = (file.id for file in files)
    version.sent_how = document.supplier.order_email
    order.sent_at = order.sent_at or now
    order.asked_at = order.asked_by = None
    details = {"how": document.supplier.order_email, "version": version.number}
    ORDER.move(session, order, OrderState.SENT, at=now, person_id=person_id, details=details)
    sender = await _sender(session, person_id)
    await queue_mails(session, [_written(document, sender, tuple(file.id for file in files))], now)


def workbook_bytes(document: OrderDocument) -> bytes:
    target = io.BytesIO()
    write_order_workbook(target, document)
    return target.getvalue()


async def _sender(session: AsyncSession, person_id: int | None) -> tuple[str, str]:
    """Whom the supplier answers: who sent it."""
    found = await session.execute(select(col(Person.name), col(Person.email)).where(col(Person.id) == person_id))
    row = found.one_or_none()
    return (row[0], row[1]) if row else ("", "")


def _written(document: OrderDocument, sender: tuple[str, str], files: tuple[int, ...]) -> Mail:
    order, version, purchase = document.order, document.version, document.purchase
    again = version.number > 1
    wanted = order.promised_on or purchase.delivery_expected_on
    facts = (
        Fact("Référence à rappeler", order.reference),
        Fact("Acheteur", document.buyer.name),
        Fact("Total", f"{euros(document.totals.ttc)} TTC"),
        Fact("Livraison promise" if order.promised_on else "Livraison souhaitée", date_long(wanted) if wanted else ""),
        Fact("Ce qui change", "\n".join(document.changes)),
        Fact("Raison", version.reason),
    )
    return Mail(
        kind=MAILED,
        recipient=document.supplier.order_email,
        subject=f"Bon de commande {order.reference}{f', version {version.number}' if again else ''} : "
        f"{document.buyer.name}",
        why=(
            f"Le bon de commande {order.reference} a changé : la version {version.number}, ci-jointe, remplace la "
            "précédente. Confirmez-la en répondant à ce courriel."
            if again
            else f"{document.buyer.name} vous passe commande : le bon de commande {order.reference} est ci-joint. "
            "Confirmez-le, avec la date de livraison, en répondant à ce courriel."
        ),
        paragraphs=("Rappelez sa référence sur vos bons de livraison et vos factures.",),
        facts=tuple(fact for fact in facts if fact.value),
        contact=" – ".join(part for part in sender if part),
        notice=FICTIONAL if document.fictional else None,
        attachments=files,
        reply_to=sender[1:] if sender[1] else (),
        thread=f"order-{order.id}",
    )


async def mailed_to(session: AsyncSession, order_id: int) -> str:
    """The address that an order last left to by mail; empty: it left otherwise, or not at all."""
    mailed = (col(OrderVersion.order_id) == order_id, col(OrderVersion.pdf_id).is_not(None))
    latest = select(col(OrderVersion.sent_how)).where(*mailed).order_by(col(OrderVersion.number).desc()).limit(1)
    return await session.scalar(latest) or ""


async def tell_cancelled(session: AsyncSession, order: Order, person_id: int | None, now: datetime) -> None:
    """A supplier that has an order by mail learns by mail that it is cancelled, and why."""
    address = await mailed_to(session, order.id)
    shown = await find_order(session, order.purchase_id, order.number) if address else None
    group = await session.get(Group, group_of(session))
    if shown is None or group is None:
        return
    sender = await _sender(session, person_id)
    mail = Mail(
        kind=MAILED,
        recipient=shown.supplier.order_email or address,
        subject=f"Commande {order.reference} annulée : {shown.buyer}",
        why=f"{shown.buyer} annule le bon de commande {order.reference} : ne le livrez pas, ne le facturez pas. "
        "Confirmez l’annulation en répondant à ce courriel.",
        facts=(
            Fact("Référence", order.reference),
            Fact("Acheteur", shown.buyer),
            Fact("Raison", order.cancelled_because),
        ),
        contact=" – ".join(part for part in sender if part),
        notice=FICTIONAL if group.fictional else None,
        reply_to=sender[1:] if sender[1] else (),
        thread=f"order-{order.id}",
    )
    await queue_mails(session, [mail], now)


_ASKED = """
    SELECT id FROM orders WHERE group_id = :group AND asked_at IS NOT NULL AND id > :after
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"""


async def send_asked(session: AsyncSession, clock: Clock) -> int:
    """A chore: sends orders that are asked for, as many as it manages in a while. One that cannot leave by mail waits
    again for its lead buyer, who sees it among those that have not left.
    """
    begun, last, sent = clock.now(), 0, 0
    asked = {"group": group_of(session)}
    for _ in range(AT_MOST):
        last = (await session.execute(text(_ASKED), {**asked, "after": last})).scalar_one_or_none() or 0
        if not last:
            break
        order = await session.get_one(Order, (group_of(session), last), populate_existing=True)
        person_id = order.asked_by
        try:
            async with session.begin_nested():
                await _mail(session, order, person_id, clock)
            sent += 1
        except (Conflict, Unprintable) as refused:
            await session.refresh(order)
            order.asked_at = order.asked_by = None
            record_event(
                session,
                at=await clock.at_database(session),
                person_id=None,
                subject=("order", order.id),
                name="order.not_sent",
                reason=refused.message,
            )
        await session.flush()
        if clock.now() - begun > SENDING_FOR:
            break
    return sent


async def order_sent_purchases(session: AsyncSession, clock: Clock) -> None:
    """A chore: purchases whose last order the worker sent are ordered, in the name of who asked for it."""
    waiting: Any = (
        select(col(Purchase.id))
        .where(
            col(Purchase.state) == PurchaseState.CLOSED,
            select(Order)
            .where(linked(Order.purchase_id, Purchase.id), col(Order.state) != OrderState.CANCELLED)
            .exists(),
            ~select(Order).where(linked(Order.purchase_id, Purchase.id), col(Order.state) == OrderState.DRAFT).exists(),
        )
        .order_by(col(Purchase.id))
    )
    for purchase_id in list((await session.execute(waiting)).scalars()):
        purchase = await lock_purchase(session, purchase_id)
        tally = await tally_of(session, purchase_id)
        latest = (
            select(col(OrderVersion.sent_by))
            .join(Order, linked(Order.id, OrderVersion.order_id))
            .where(col(Order.purchase_id) == purchase_id, col(OrderVersion.sent_by).is_not(None))
            .order_by(col(OrderVersion.sent_at).desc())
            .limit(1)
        )
        person_id = (await session.execute(latest)).scalar_one_or_none()
        if tally.left and person_id is not None:
            await order_purchase(session, Caller(person_id, group_of(session), ()), purchase, clock)
