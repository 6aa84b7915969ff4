"""« Relancer » : the next planned reminder of an open round leaves now, once a day at most. It goes to whom it would go
at its date: to the silent where it may be known who is, to all référents where not.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.throttle import DAY, Allowance
from pooling.collections.finding import lock_collection
from pooling.collections.reminding import allow_reminding, send_next
from pooling.collections.rules import accepts
from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.members.rights import Caller
from pooling.outbox.occasions import occasion
from pooling.reminders.kinds import Context, Kind
from pooling.rounds.finding import find_round
from pooling.rounds.permissions import may_lead
from pooling.rounds.reminders import DEADLINE

RELAUNCHES = Allowance("round-relaunches", "Reminding at once those who have not voted", "a round", 1, DAY, __name__)
occasion(
    "voters reminded now",
    asked_by="a facilitator: « Relancer », on the page of a round",
    to="the référents of the members that have not voted; all of them, where a round does not show who has",
    limit=f"{RELAUNCHES}; each reminder leaves once, now or at its date",
    where=__name__,
)


async def remind_voters(
    session: AsyncSession, caller: Caller, reference: str, kinds: Sequence[Kind], context: Context, clock: Clock
) -> tuple[int, int]:
    """Sends the next reminder of this round without waiting for its date. Returns how many leave, and how many mails of
    them are written already (the next sweep writes the others).

    Raises:
        Forbidden: the caller does not facilitate the group.
        NotFound: there is no such round.
        Conflict: it is not open, was reminded less than a day ago, or no reminder is left.
    """
    may_lead.require(caller)
    found = await find_round(session, reference)
    collection = await lock_collection(session, ("round", found.id), alone=False)
    now = await clock.at_database(session)
    if collection is None or not accepts(collection, now):
        raise Conflict("Le vote n’est pas ouvert : il n’y a personne à relancer.", code="round_not_open")
    await allow_reminding(RELAUNCHES, session, found.id, now)
    count, written = await send_next(session, collection, kinds, DEADLINE, replace(context, now=now))
    if not count:
        raise Conflict(
            "Il n’y a plus de relance à envoyer : celles qui étaient prévues avant la clôture sont parties, ou tous "
            "ont voté.",
            code="nothing_to_send",
        )
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("round", found.id),
        name="round.reminded",
        details={"reminders": count},
    )
    return count, written
