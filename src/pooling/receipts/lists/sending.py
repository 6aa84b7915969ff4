"""A list is sent, refused after a look, or let through: what people do; workers read and keep it meanwhile."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.exports.asking import ask_export
from pooling.kernel.database import group_of
from pooling.kernel.doubts import Doubtful, Insistence, insist
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.files import Upload, keep_file
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.purchases.models import Purchase
from pooling.purchases.permissions import may_run
from pooling.receipts.lists.effects import doubts_about
from pooling.receipts.lists.kind import KIND, Step, terms_of
from pooling.receipts.models import ListState, Receipt, ReceiptList
from pooling.receipts.noting import RECEIVING

LARGEST_LIST = limit(40_000_000, "Delivered quantities sent in a file", __name__, Readers.OPERATORS, unit=BYTES)


@dataclass(frozen=True)
class Sent:
    id: int
    again: bool
    """The same content was sent already."""


async def send_list(
    session: AsyncSession, caller: Caller, purchase_id: int, upload: Upload, received_on: date, now: datetime
) -> Sent:
    """Takes a file to be read. The same one again is the one that is there.

    Raises:
        Forbidden: the caller is not a lead buyer of the purchase.
        Conflict: the purchase receives nothing.
        Invalid: the file is empty, or the day is to come; at `fichier`, `received_on`.
    """
    purchase = await _lock(session, caller, purchase_id)
    if not upload.content:
        raise Invalid({"fichier": "Choisissez un fichier."})
    if received_on > now.date():
        raise Invalid({"received_on": "Indiquez un jour passé, ou aujourd’hui."})
    digest = await asyncio.to_thread(lambda: hashlib.sha256(upload.content).digest())
    if (known := await _same(session, purchase.id, digest)) is not None:
        return Sent(known, again=True)
    file = await keep_file(
        session, upload.name[:200], "application/octet-stream", upload.content, now, person_id=caller.person_id
    )
    sent = ReceiptList(
        group_id=group_of(session),
        purchase_id=purchase.id,
        file_id=file.id,
        sha256=digest,
        name=upload.name[:200],
        received_on=received_on,
        sent_at=now,
        sent_by=caller.person_id,
    )
    session.add(sent)
    await session.flush()
    await ask_export(session, KIND, terms_of(purchase.id, sent.id, Step.READ), caller.person_id, now, unchanging=False)
    return Sent(sent.id, again=False)


async def _same(session: AsyncSession, purchase_id: int, digest: bytes) -> int | None:
    """The list of this content; one of which every receipt was withdrawn is given up, to be sent again."""
    found = await session.execute(
        select(ReceiptList).where(
            col(ReceiptList.purchase_id) == purchase_id,
            col(ReceiptList.sha256) == digest,
            col(ReceiptList.state) != ListState.DROPPED,
        )
    )
    known: ReceiptList | None = found.scalar_one_or_none()
    if known is None:
        return None
    standing = exists().where(col(Receipt.list_id) == known.id, col(Receipt.withdrawn_at).is_(None))
    if known.state != ListState.KEPT or (await session.execute(select(standing))).scalar_one():
        return known.id
    known.state, known.kept_at = ListState.DROPPED, None
    await session.flush()
    return None


async def let_through(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    list_id: int,
    now: datetime,
    *,
    insistence: Insistence | None,
) -> None:
    """Has the good lines of a list kept as receipts.

    Raises:
        Forbidden, NotFound, Conflict: as elsewhere; it is not read, or kept already.
        Invalid: no line of it is good.
        Doubtful: it brings more than is ordered, or what seems noted already, and nobody insists.
    """
    await _lock(session, caller, purchase_id)
    one = await lock_list(session, purchase_id, list_id)
    if one.state != ListState.READ:
        raise Conflict(_WHERE_IT_STANDS[ListState(one.state)], code="list_not_read")
    found = await doubts_about(session, purchase_id, one)
    if not found.good:
        raise Invalid({"": "Aucune ligne de ce fichier ne peut être notée."})
    if insistence is not None and found.doubts and not insistence.covers(found.doubts):
        raise Doubtful(found.doubts)
    insist(session, found.doubts, insistence, at=now, person_id=caller.person_id, subject=("purchase", purchase_id))
    one.state = ListState.KEEPING
    terms = {**terms_of(purchase_id, list_id, Step.KEEP), "doubts": list(found.doubts)}
    await ask_export(session, KIND, terms, caller.person_id, now, unchanging=False)


_WHERE_IT_STANDS = {
    ListState.READING: "Ce fichier est encore lu : attendez qu’il le soit.",
    ListState.KEEPING: "Ce fichier est déjà confirmé : ses lignes sont notées en ce moment.",
    ListState.KEPT: "Ce fichier est déjà noté.",
    ListState.DROPPED: "Ce fichier est abandonné : envoyez-le de nouveau.",
    ListState.READ: "Ce fichier est lu.",
}


async def drop_list(session: AsyncSession, caller: Caller, purchase_id: int, list_id: int) -> None:
    """Nothing of it is kept; it may be sent again.

    Raises: as `let_through`.
    """
    await _lock(session, caller, purchase_id)
    one = await lock_list(session, purchase_id, list_id)
    if one.state not in (ListState.READ, ListState.READING):
        raise Conflict(_WHERE_IT_STANDS[ListState(one.state)], code="list_not_read")
    one.state = ListState.DROPPED


async def _lock(session: AsyncSession, caller: Caller, purchase_id: int) -> Purchase:
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    if purchase.state not in RECEIVING:
        raise Conflict("Cet achat ne reçoit rien, ou plus rien.", code="purchase_over")
    return purchase


async def lock_list(session: AsyncSession, purchase_id: int, list_id: int) -> ReceiptList:
    """Raises:
    NotFound: the purchase has no such list.
    """
    found = await session.execute(
        select(ReceiptList)
        .where(col(ReceiptList.id) == list_id, col(ReceiptList.purchase_id) == purchase_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    one: ReceiptList | None = found.scalar_one_or_none()
    if one is None:
        raise NotFound
    return one
