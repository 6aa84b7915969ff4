"""« Relancer »: the next planned reminder of an open collection leaves now, for those who have not filed."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.throttle import DAY, Allowance, TooMany
from pooling.collections.finding import lock_collection
from pooling.collections.rules import accepts
from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.mailroom.sending_now import kind_named
from pooling.members.rights import Caller
from pooling.needs.permissions import may_gather
from pooling.needs.reminders import DEADLINE
from pooling.outbox.occasions import occasion
from pooling.purchases.models import Purchase
from pooling.reminders.hastening import send_now
from pooling.reminders.kinds import Context, Kind
from pooling.reminders.models import Reminder, ReminderState
from pooling.reminders.planning import catch_up

RELAUNCHES = Allowance(
    "needs-relaunches", "Reminding at once those who have not declared", "a purchase", 1, DAY, __name__
)
occasion(
    "collection reminded now",
    asked_by="a lead buyer or a facilitator: « Relancer les membres sans réponse »",
    to="the référents of the members that have filed nothing",
    limit=f"{RELAUNCHES}; each reminder leaves once, now or at its date",
    where=__name__,
)


async def remind_silent(
    session: AsyncSession, caller: Caller, purchase_id: int, kinds: Sequence[Kind], context: Context, clock: Clock
) -> tuple[int, int]:
    """Sends the next reminder of this collection without waiting for its date. Returns how many leave, and how many
    mails of them are written already (the next sweep writes the others).

    Raises:
        Forbidden: the caller neither facilitates the group nor runs this purchase.
        Conflict: the collection is not open, was reminded less than a day ago, or no reminder is left.
    """
    may_gather.require(caller, await session.get_one(Purchase, (caller.group_id, purchase_id)))
    collection = await lock_collection(session, ("purchase", purchase_id), alone=False)
    now = await clock.at_database(session)
    if collection is None or not accepts(collection, now):
        raise Conflict("La collecte n’est pas ouverte : il n’y a personne à relancer.", code="collection_closed")
    try:
        await RELAUNCHES.count_here(session, purchase_id, at=now)
    except TooMany as refused:
        raise Conflict(
            "Une relance est déjà partie depuis moins d’un jour : recommencez demain.", code="already_reminded"
        ) from refused
    kind = kind_named(kinds, DEADLINE)
    assert kind is not None, "this feature brings it"
    count = written = 0
    await catch_up(session, [kind], now)  # who filed since the last sweep is not counted
    offset = await _next_offset(session, purchase_id, collection.revision)
    if offset is not None:
        which = (
            col(Reminder.subject_id) == purchase_id,
            col(Reminder.revision) == collection.revision,
            col(Reminder.offset_days) == offset,
        )
        count, due = await send_now(session, kind, which, replace(context, now=now))
        written = len(due)
    if not count:
        raise Conflict(
            "Il n’y a plus de relance à envoyer : celles qui étaient prévues avant la clôture sont parties, ou tous "
            "ont déposé. À un membre sans réponse, téléphonez : vous pouvez déposer sa déclaration pour lui.",
            code="nothing_to_send",
        )
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="collection.reminded",
        details={"purchase_id": purchase_id, "reminders": count},
    )
    return count, written


async def _next_offset(session: AsyncSession, purchase_id: int, revision: int) -> int | None:
    offset: int | None = await session.scalar(
        select(col(Reminder.offset_days))
        .where(
            col(Reminder.kind) == DEADLINE,
            col(Reminder.subject_id) == purchase_id,
            col(Reminder.revision) == revision,
            col(Reminder.state) == ReminderState.PLANNED,
        )
        .order_by(col(Reminder.due_at))
        .limit(1)
    )
    return offset
