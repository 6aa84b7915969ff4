"""Answering an invitation: yes, no, or by proxy; and the answers that lose their ground.

Everything here holds the committee's row: two people who mandate the same one at once, or mandate somebody who just
then says no, come one after the other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.throttle import DAY, Allowance
from pooling.committees.attendance_rules import NOT_CLOSED
from pooling.committees.invitations.proxy_mails import PROXY, Mandate, tell_given, tell_void
from pooling.committees.locking import lock_to_write, locked_committee, record_change, require_to_come
from pooling.committees.models import Answer, Committee, Invitation
from pooling.committees.queries import holds_a_role
from pooling.committees.rules import TO_COME
from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Membership
from pooling.members.rights import Caller
from pooling.outbox.occasions import occasion
from pooling.outbox.returned import CalendarReply

MOST_PROXIES = 1
"""How many one person may hold: as in a municipal council (code général des collectivités territoriales, L2121-20)."""
PROXIES_GIVEN = Allowance("proxies", "Proxies given", "a person", 20, DAY, __name__)
PROXIES_NOTED = Allowance("proxies-noted", "Proxies noted for others", "whoever notes them", 500, DAY, __name__)
occasion(
    PROXY,
    asked_by="whoever is invited to a committee; its secretary or a facilitator, who notes answers",
    to="who bears the proxy; who gave it, once it is void",
    limit=f"{PROXIES_GIVEN}; {PROXIES_NOTED}",
    where=tell_given.__module__,
)
CALENDAR_ANSWERS: Mapping[str, Answer] = {"ACCEPTED": Answer.YES, "DECLINED": Answer.NO}
"""What RFC 5545 calls them. Whoever comes perhaps has not answered."""
MOVED = "La réunion a été déplacée entre-temps : vérifiez la nouvelle date ci-dessus, puis répondez de nouveau."
NOT_INVITED = "Vous n’êtes pas invité à ce comité : il n’y a pas de réponse à donner."


async def answer_invitation(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    answer: Answer,
    clock: Clock,
    *,
    proxy_id: int | None = None,
    seen: datetime | None = None,
) -> Committee:
    """Keeps the caller's answer, which may be changed until the meeting starts. Who holds its proxy is told; so are
    those whose proxy it makes void, since their holder will not come. `seen` is the date that the question was asked
    for.

    Raises:
        NotFound: there is no such committee.
        Conflict: it is no longer to come.
        Forbidden: the caller is not invited.
        Invalid: nobody, or somebody who cannot hold the proxy, is named; or the meeting was moved meanwhile.
    """
    committee = await locked_committee(session, committee_id)
    now = await clock.at_database(session)
    own = await _invitation(session, committee_id, caller.person_id)
    if own is None:
        raise Forbidden(NOT_INVITED)
    require_to_come(committee, now)
    if seen is not None and seen != committee.starts_at:
        raise Invalid({"answer": MOVED})
    await _keep(session, caller, committee, own, answer, proxy_id, now)
    return committee


async def answer_by_calendar(
    session: AsyncSession, caller: Caller, committee_id: int, reply: CalendarReply, clock: Clock
) -> bool:
    """Keeps what the caller's calendar program answers. Whether it was kept: not where it speaks of another date, was
    said before what stands, or repeats it (to a calendar, who gives a proxy declines).
    """
    committee = await locked_committee(session, committee_id)
    now = await clock.at_database(session)
    own = await _invitation(session, committee_id, caller.person_id)
    answer = CALENDAR_ANSWERS.get(reply.status)
    if own is None or answer is None or committee.state not in TO_COME or committee.starts_at <= now:
        return False
    if reply.sequence != committee.revision - 1 or (own.answered_at is not None and own.answered_at >= reply.said_at):
        return False
    if own.answer == answer or (own.answer == Answer.PROXY and answer is Answer.NO):
        return False
    await _keep(session, caller, committee, own, answer, None, now)
    return True


async def note_answer(
    session: AsyncSession,
    caller: Caller,
    committee_id: int,
    person_id: int,
    answer: Answer,
    clock: Clock,
    *,
    proxy_id: int | None = None,
) -> None:
    """Writes down what somebody invited said by phone or in passing, until the minutes are published: on the day the
    secretary catches up. Those concerned are told as if the person had answered.

    Raises:
        NotFound: there is no such committee, or that person is not invited.
        Forbidden: the caller neither manages committees nor is its secretary.
        Conflict: its minutes are published, or it was cancelled.
        Invalid: nobody, or somebody who cannot hold the proxy, is named.
    """
    committee = await lock_to_write(session, caller, committee_id)
    now = await clock.at_database(session)
    invitation = await _invitation(session, committee_id, person_id)
    if invitation is None:
        raise NotFound
    if committee.state not in NOT_CLOSED:
        raise Conflict("Les réponses se notent jusqu’à la publication du compte-rendu.", code="attendance_closed")
    await _keep(session, caller, committee, invitation, answer, proxy_id, now)


async def _keep(
    session: AsyncSession,
    caller: Caller,
    committee: Committee,
    invitation: Invitation,
    answer: Answer,
    proxy_id: int | None,
    now: datetime,
) -> None:
    """What the invited person answers, said by itself or noted by the caller."""
    person_id = invitation.person_id
    wanted = proxy_id if answer is Answer.PROXY else None
    if (invitation.answer, invitation.proxy_id) == (answer, wanted):
        return
    if answer is Answer.PROXY:
        await _check_proxy(session, committee.id, person_id, proxy_id)
    noted = person_id != caller.person_id
    if wanted:
        await (PROXIES_NOTED if noted else PROXIES_GIVEN).count_here(session, caller.person_id, at=now)
    before = invitation.answer
    invitation.answer, invitation.proxy_id, invitation.answered_at = str(answer), wanted, now
    invitation.noted_by = caller.person_id if noted else None
    details: dict[str, object] = {"person_id": person_id} if noted else {}
    if wanted:
        details["proxy_id"] = wanted
    name = "answer_noted" if noted else "answered"
    record_change(session, caller, committee, name, now, change=(before, str(answer)), details=details)
    await session.flush()
    if answer is not Answer.YES:
        await void_proxies(session, committee, person_id, now)
    if wanted:
        await tell_given(session, committee, await mandates(session, committee.id, giver_id=person_id), now)


async def _invitation(session: AsyncSession, committee_id: int, person_id: int) -> Invitation | None:
    found = await session.execute(
        select(Invitation)
        .where(col(Invitation.committee_id) == committee_id, col(Invitation.person_id) == person_id)
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def _check_proxy(session: AsyncSession, committee_id: int, person_id: int, proxy_id: int | None) -> None:
    """Whether this person can hold one more proxy.

    Raises:
        Invalid: nobody is named, or not somebody who can.
    """
    if proxy_id is None:
        raise Invalid({"proxy": "Indiquez la personne qui reçoit le pouvoir."})
    if proxy_id == person_id:
        raise Invalid({"proxy": "Personne ne se donne pouvoir à soi-même : choisissez quelqu’un d’autre."})
    other = aliased(Invitation)
    held = (
        select(func.count())
        .select_from(other)
        .where(
            col(other.committee_id) == committee_id,
            col(other.proxy_id) == proxy_id,
            col(other.person_id) != person_id,
        )
        .scalar_subquery()
    )
    found = await session.execute(
        select(col(Person.name), col(Invitation.answer), held)
        .join(Invitation, col(Invitation.person_id) == col(Person.id))
        .where(col(Invitation.committee_id) == committee_id, col(Person.id) == proxy_id, holds_a_role(col(Person.id)))
    )
    row = found.first()
    if row is None:
        raise Invalid({"proxy": "Choisissez une des personnes invitées à ce comité."})
    refusal = _why_not(*row)
    if refusal:
        raise Invalid({"proxy": f"{refusal} : choisissez une autre personne."})


def _why_not(name: str, answer: str | None, proxies: int) -> str | None:
    """Why somebody who answered so, and bears so many proxies, cannot bear another."""
    if answer == Answer.NO:
        return f"{name} a répondu ne pas venir"
    if answer == Answer.PROXY:
        return f"{name} a déjà donné pouvoir, qui ne se transmet pas, et ne viendra pas"
    if proxies >= MOST_PROXIES:
        return f"{name} porte déjà un pouvoir, et une personne n’en porte qu’un"
    return None


async def mandates(
    session: AsyncSession, committee_id: int, *, giver_id: int | None = None, holder_id: int | None = None
) -> list[Mandate]:
    """The proxies given by or to somebody."""
    giver, holder = aliased(Person), aliased(Person)
    statement = (
        select(col(giver.id), col(giver.name), col(giver.email), col(holder.id), col(holder.name), col(holder.email))
        .select_from(Invitation)
        .join(giver, col(giver.id) == col(Invitation.person_id))
        .join(holder, col(holder.id) == col(Invitation.proxy_id))
        .where(col(Invitation.committee_id) == committee_id)
        .order_by(col(giver.id))
    )
    if giver_id is not None:
        statement = statement.where(col(Invitation.person_id) == giver_id)
    if holder_id is not None:
        statement = statement.where(col(Invitation.proxy_id) == holder_id)
    return [Mandate(*row) for row in await session.execute(statement)]


async def void_proxies(session: AsyncSession, committee: Committee, holder_id: int, now: datetime) -> None:
    """Takes back the answers of those who gave this person their proxy, and tells them."""
    lost = await mandates(session, committee.id, holder_id=holder_id)
    if lost:
        await _void(session, committee.id, [mandate.giver_id for mandate in lost])
        await tell_void(session, committee, lost, now)


async def void_answers(session: AsyncSession, committee_id: int) -> None:
    """Takes back every answer: they were given for another date."""
    await _void(session, committee_id, None)


async def _void(session: AsyncSession, committee_id: int, people: Sequence[int] | None) -> None:
    statement = (
        update(Invitation)
        .where(col(Invitation.committee_id) == committee_id, col(Invitation.answer).is_not(None))
        .values(answer=None, proxy_id=None, answered_at=None, noted_by=None)
    )
    if people is not None:
        statement = statement.where(any_of(col(Invitation.person_id), people))
    await session.execute(statement, execution_options={"synchronize_session": False})


async def void_lost_proxies(session: AsyncSession, clock: Clock) -> int:
    """A chore: whoever gave a proxy to somebody who has left the group since is asked again. Returns how many lost
    their holder.
    """
    now = clock.now()
    rows = await session.execute(
        select(col(Invitation.committee_id), col(Invitation.proxy_id))
        .join(Committee, linked(Committee.id, Invitation.committee_id))
        .where(
            col(Committee.state).in_([str(state) for state in TO_COME]),
            col(Committee.starts_at) > now,
            col(Invitation.proxy_id).is_not(None),
            ~exists().where(col(Membership.person_id) == col(Invitation.proxy_id), col(Membership.ended_at).is_(None)),
        )
        .distinct()
    )
    lost = [(committee_id, holder_id) for committee_id, holder_id in rows if holder_id is not None]
    for committee_id, holder_id in lost:  # a few a year: they came and left between two meetings
        await void_proxies(session, await locked_committee(session, committee_id), holder_id, now)
    return len(lost)
