"""Noting the days that agents gave, and what one assumes of the journeys that an item replaces."""

from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.queries import member_named
from pooling.indicators.configuration import IndicatorConfiguration
from pooling.indicators.models import AgentDays, CarbonAssumption
from pooling.indicators.permissions import may_assume, may_note_for
from pooling.indicators.schemas import AssumptionIn, DaysIn
from pooling.kernel.about import keys_to
from pooling.kernel.database import group_of, one_row
from pooling.kernel.errors import Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.kernel.versions import check_version
from pooling.members.features import features_for
from pooling.members.rights import Caller
from pooling.purchases.models import Item, Purchase

DAYS_NOTED, DAYS_WITHDRAWN = "agent_days.noted", "agent_days.withdrawn"
ASSUMED, ASSUMPTION_WITHDRAWN = "indicator.assumed", "indicator.assumption_withdrawn"


async def note_days(session: AsyncSession, caller: Caller, command: DaysIn, now: datetime, today: date) -> AgentDays:
    """Raises:
    Forbidden: see `may_note_for`.
    Invalid: the day is to come, or the group has not that member, or what it is about.
    """
    member_id = await member_named(session, command.member)
    if member_id is None:
        raise Invalid({"member": "Choisissez un membre du groupe."})
    may_note_for.require(caller, member_id)
    if command.spent_on > today:
        raise Invalid({"spent_on": "Indiquez un jour passé : celui-ci est à venir."})
    subject = (await features_for(session).subjects.referred(session, [command]))[0]
    noted = AgentDays(
        group_id=group_of(session),
        member_id=member_id,
        spent_on=command.spent_on,
        days=command.days,
        what=command.what,
        noted_at=now,
        noted_by=caller.person_id,
        **keys_to(subject),
    )
    session.add(noted)
    await session.flush()
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=subject or ("group", group_of(session)),
        name=DAYS_NOTED,
        details={"member_id": member_id, "days": str(command.days), "what": command.what},
    )
    return noted


async def withdraw_days(session: AsyncSession, caller: Caller, noted_id: int, now: datetime) -> None:
    """Raises:
    NotFound: nobody noted it, or it is withdrawn already.
    Forbidden: see `may_note_for`.
    """
    noted = await one_row(session, select(AgentDays).where(col(AgentDays.id) == noted_id).with_for_update())
    may_note_for.require(caller, noted.member_id)
    await session.execute(delete(AgentDays).where(col(AgentDays.id) == noted_id))
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=noted.about or ("group", group_of(session)),
        name=DAYS_WITHDRAWN,
        details={"member_id": noted.member_id, "days": str(noted.days), "what": noted.what},
    )


async def find_item(session: AsyncSession, item_id: int) -> tuple[Item, Purchase]:
    """Raises:
    NotFound: the group has no such item.
    """
    found = await session.execute(
        select(Item, Purchase).join(Purchase, linked(Purchase.id, Item.purchase_id)).where(col(Item.id) == item_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def assumption_of(session: AsyncSession, item_id: int) -> CarbonAssumption | None:
    found = await session.execute(
        select(CarbonAssumption)
        .where(col(CarbonAssumption.item_id) == item_id)
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


def written_down(assumed: CarbonAssumption | None) -> dict[str, str]:
    """As it is compared with what somebody had before its eyes."""
    same = ("replaced", "replaced_by", "kilometres", "source")
    return {name: str(getattr(assumed, name)) for name in same} if assumed is not None else {}


async def assume(
    session: AsyncSession,
    caller: Caller,
    item_id: int,
    command: AssumptionIn,
    configuration: IndicatorConfiguration,
    now: datetime,
    *,
    shown: str | None = None,
) -> None:
    """Raises:
    NotFound: the group has no such item.
    Forbidden: see `may_assume`.
    Invalid: the configuration has no such factor, or both are the same.
    ChangedMeanwhile: somebody else has assumed otherwise since.
    """
    may_assume.require(caller)
    known = configuration.labels()
    wrong = {
        name: "Choisissez dans la liste." for name in ("replaced", "replaced_by") if getattr(command, name) not in known
    }
    if not wrong and command.replaced == command.replaced_by:
        wrong["replaced_by"] = "Choisissez un autre trajet que celui qui est remplacé."
    if wrong:
        raise Invalid(wrong)
    item, purchase = await _locked(session, item_id)
    assumed = await assumption_of(session, item_id)
    check_version(written_down(assumed), shown)
    if assumed is None:
        assumed = CarbonAssumption(group_id=group_of(session), item_id=item_id, **command.model_dump())
        session.add(assumed)
    for name, value in command.model_dump().items():
        setattr(assumed, name, value)
    assumed.noted_at, assumed.noted_by = now, caller.person_id
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase.id),
        name=ASSUMED,
        details={"item": item.name, "kilometres": command.kilometres, "source": command.source},
    )


async def withdraw_assumption(session: AsyncSession, caller: Caller, item_id: int, now: datetime) -> None:
    """Raises:
    NotFound: nothing is assumed of it.
    Forbidden: see `may_assume`.
    """
    may_assume.require(caller)
    item, purchase = await _locked(session, item_id)
    if await assumption_of(session, item_id) is None:
        raise NotFound
    await session.execute(delete(CarbonAssumption).where(col(CarbonAssumption.item_id) == item_id))
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase.id),
        name=ASSUMPTION_WITHDRAWN,
        details={"item": item.name},
    )


async def _locked(session: AsyncSession, item_id: int) -> tuple[Item, Purchase]:
    """Two people who assume of one item come one after the other."""
    item, purchase = await find_item(session, item_id)
    await session.execute(select(col(Item.id)).where(col(Item.id) == item_id).with_for_update(key_share=True))
    return item, purchase
