"""Pictures that go with a receipt: of what is refused, of the delivery note. Seen by whoever sees the receipt."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.attached import FilesOf
from pooling.kernel.database import group_of
from pooling.kernel.errors import Invalid
from pooling.kernel.files import LARGEST_FILE, Upload, remove_files, store_files
from pooling.kernel.limits import BYTES, Readers, limit
from pooling.kernel.tables import linked
from pooling.orders.models import Order
from pooling.purchases.models import Purchase
from pooling.purchases.rules import OVER
from pooling.receipts.models import Receipt, ReceiptPhoto

MOST_PHOTOS = limit(6, "Pictures of a receipt", __name__)
LARGEST_SENDING = limit(
    25 * 1024 * 1024, "Pictures of one form of a receipt together", __name__, Readers.OPERATORS, unit=BYTES
)
FIELD = "photos"
HINT = f"JPEG ou PNG, {LARGEST_FILE // 2**20} Mo au plus chacune, {MOST_PHOTOS} au plus."
PICTURES = ("image/png", "image/jpeg")


async def keep_photos(
    session: AsyncSession, receipt_id: int, sent: Sequence[Upload], now: datetime, *, person_id: int
) -> None:
    """Raises:
    Invalid: one is not a picture, too heavy, or they are too many; at `photos`.
    """
    if not sent:
        return
    if len(sent) > MOST_PHOTOS:
        raise Invalid({FIELD: f"Une réception a {MOST_PHOTOS} photos au plus."})
    files = await store_files(session, sent, now, person_id=person_id, field=FIELD)
    if other := next((file for file in files if file.media_type not in PICTURES), None):
        raise Invalid({FIELD: f"« {other.name} » n’est pas une photo : choisissez une image JPEG ou PNG."})
    session.add_all(ReceiptPhoto(group_id=group_of(session), receipt_id=receipt_id, file_id=file.id) for file in files)
    await session.flush()


async def move_photos(session: AsyncSession, before: int, after: int) -> None:
    """Pictures go with what stands: with the receipt that replaces theirs."""
    await session.execute(
        update(ReceiptPhoto)
        .where(col(ReceiptPhoto.receipt_id) == before)
        .values(receipt_id=after)
        .execution_options(synchronize_session=False)
    )


def photos_of(receipt_id: int) -> FilesOf:
    return FilesOf(ReceiptPhoto, {"receipt_id": receipt_id})


async def forget_photos(session: AsyncSession, before: datetime) -> None:
    """Pictures of purchases that are over: people and plates may be on them."""
    old = (
        select(col(Receipt.id))
        .join(Order, linked(Order.id, Receipt.order_id))
        .join(Purchase, linked(Purchase.id, Order.purchase_id))
        .where(col(Receipt.noted_at) < before, col(Purchase.state).in_(OVER))
    )
    gone = await session.execute(
        delete(ReceiptPhoto)
        .where(col(ReceiptPhoto.receipt_id).in_(old))
        .returning(col(ReceiptPhoto.file_id))
        .execution_options(synchronize_session=False)
    )
    await remove_files(session, set(gone.scalars()))
