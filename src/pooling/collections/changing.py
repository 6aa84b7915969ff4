"""What happens to a collection. The use cases of its subject do it, with their own rights, events and mails."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.collections.finding import SUBJECT_KEYS, Subject
from pooling.collections.models import Collection, CollectionState
from pooling.collections.rules import COLLECTION, TOO_NEAR, is_too_near
from pooling.kernel.database import group_of
from pooling.kernel.errors import Invalid


def begin_collection(session: AsyncSession, subject: Subject, closes_at: datetime, now: datetime) -> Collection:
    """The subject, which has had none yet, collects from now on.

    Raises:
        Invalid: the closing date is too near.
    """
    _refuse_too_near(closes_at, now)
    kind, id_ = subject
    collection = Collection(
        group_id=group_of(session),
        opened_at=now,
        scheduled_at=now,
        closes_at=closes_at,
    )
    setattr(collection, SUBJECT_KEYS[kind], id_)
    session.add(collection)
    return collection


def reschedule(collection: Collection, closes_at: datetime, now: datetime) -> None:
    """Another closing date, later or sooner; a closed collection is open again.

    Raises:
        Conflict: it was given up.
        Invalid: the date is too near.
    """
    if collection.state != CollectionState.OPEN:
        COLLECTION.require(collection.state, CollectionState.OPEN)
    _refuse_too_near(closes_at, now)
    collection.state, collection.closed_at = CollectionState.OPEN, None
    collection.closes_at, collection.scheduled_at = closes_at, now
    collection.revision += 1


def _refuse_too_near(closes_at: datetime, now: datetime) -> None:
    if is_too_near(closes_at, now):
        raise Invalid({"closes_at": TOO_NEAR})


def close_now(collection: Collection, now: datetime) -> None:
    """Nothing can be filed any more: since its date, however late somebody or a sweep notices.

    Raises:
        Conflict: it is not open.
    """
    COLLECTION.require(collection.state, CollectionState.CLOSED)
    collection.state, collection.closed_at = CollectionState.CLOSED, min(now, collection.closes_at)


def give_up_collection(collection: Collection | None) -> None:
    """Its subject is given up: an open collection ends with it, one that has closed stays closed."""
    if collection is not None and COLLECTION.may(collection.state, CollectionState.CANCELLED):
        collection.state = CollectionState.CANCELLED
