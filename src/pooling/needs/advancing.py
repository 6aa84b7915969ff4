"""The steps of a purchase that its lead buyer takes by hand, each in the words of its kind; référents are told."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.errors import Conflict
from pooling.members.features import features_for
from pooling.members.rights import Caller
from pooling.needs import notices
from pooling.needs.notices import tell_referents
from pooling.purchases.finding import lock_with_collection
from pooling.purchases.kinds import kind_of, life_of
from pooling.purchases.kinds.steps import Fact, Step
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import takes_part


async def advance_purchase(
    session: AsyncSession, caller: Caller, purchase_id: int, state: PurchaseState, clock: Clock
) -> Step:
    """Takes the purchase to the state that its kind has next. `state` says which one is meant: two presses of the
    button make one step.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: this is not its next step, or what must be so before is not yet.
    """
    purchase, _ = await lock_with_collection(session, purchase_id)
    may_run.require(caller, purchase)
    kind = kind_of(purchase.kind)
    kind.life.require(purchase.state, state)
    step = kind.next_step(purchase.state)
    if step is None or step.state != state:
        raise Conflict("Cette étape ne se fait pas à la main.", code="transition_refused")
    if lacking := await lacking_fact(session, purchase_id, step):
        raise Conflict(await lacking_said(session, purchase_id, lacking), code="not_ready")
    await take_step(session, caller, purchase, step, await clock.at_database(session))
    return step


async def take_step(session: AsyncSession, caller: Caller, purchase: Purchase, step: Step, now: datetime) -> None:
    """Moves a locked purchase on, and tells the référents where its kind says so."""
    state = step.state
    life_of(purchase).move(session, purchase, state, at=now, person_id=caller.person_id, name=step.event)
    if step.subject:
        members = await _taking_part(session, purchase.id)
        await tell_referents(session, purchase, now, notices.stepped(step), members=members)


async def lacking_fact(session: AsyncSession, purchase_id: int, step: Step) -> Fact | None:
    """The first of what must be so before this step and is not; None: it may be taken."""
    if not step.facts:
        return None
    told = [features_for(session).purchase_facts[fact.name]() for fact in step.facts]
    found = (await session.execute(select(*told).select_from(Purchase).where(col(Purchase.id) == purchase_id))).one()
    return next((fact for fact, is_so in zip(step.facts, found, strict=True) if not is_so), None)


async def fact_lacking(session: AsyncSession, purchase_id: int, fact: Fact) -> bool:
    """Whether it is not so of this purchase."""
    told = features_for(session).purchase_facts[fact.name]()
    found = await session.execute(select(told).select_from(Purchase).where(col(Purchase.id) == purchase_id))
    return not found.scalar_one()


async def lacking_said(session: AsyncSession, purchase_id: int, fact: Fact) -> str:
    """Why a step is refused, with who or what is lacking where a feature says it."""
    says = features_for(session).purchase_lacking.get(fact.name)
    return f"{fact.lacking} {await says(session, purchase_id)}" if says else fact.lacking


async def _taking_part(session: AsyncSession, purchase_id: int) -> list[int]:
    found = await session.execute(
        select(col(Participation.member_id)).where(col(Participation.purchase_id) == purchase_id, takes_part())
    )
    return list(found.scalars())
