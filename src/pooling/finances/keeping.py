"""When a member gets FCTVA back: what its kind gets, unless it says otherwise."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.allocation.configuration import LONGEST_FCTVA_DELAY, FinanceConfiguration
from pooling.finances.models import FctvaDelay
from pooling.finances.permissions import may_say_fctva_delay
from pooling.kernel.database import group_of
from pooling.kernel.errors import Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of, linked
from pooling.kernel.versions import check_version
from pooling.members.changing import member_by_code
from pooling.members.models import Member
from pooling.members.rights import Caller

DELAY_SAID = "finances.fctva_delay_said"


async def delays_of(
    session: AsyncSession, members: Collection[int], finance: FinanceConfiguration, today: date
) -> Mapping[int, int]:
    """Years between spending and FCTVA; of a component, what its parent's kind gets."""
    parent, configured = aliased(Member), finance.fctva_delays_on(today)
    rows: Any = await session.execute(  # years are none where nobody said any: the model does not say so
        select(col(Member.id), col(FctvaDelay.years), func.coalesce(parent.category, Member.category))
        .outerjoin(parent, linked(parent.id, Member.parent_id))
        .outerjoin(FctvaDelay, linked(FctvaDelay.member_id, Member.id))
        .where(any_of(col(Member.id), members))
    )
    by_kind: dict[str, int] = {}
    found = {}
    for member, said, kind in rows:
        if said is None and kind not in by_kind:
            by_kind[kind] = configured.of_kind(kind) if configured else LONGEST_FCTVA_DELAY
        found[member] = by_kind[kind] if said is None else said
    return found


async def said_delay(session: AsyncSession, member_id: int) -> int | None:
    """What a member said of itself; None: nothing."""
    found = await session.execute(select(col(FctvaDelay.years)).where(col(FctvaDelay.member_id) == member_id))
    return found.scalar_one_or_none()


async def say_delay(
    session: AsyncSession, caller: Caller, code: str, years: int | None, now: datetime, *, shown: str | None = None
) -> None:
    """Years between spending and FCTVA; None: as its kind. `shown` is the version that the person had before its eyes.

    Raises:
        NotFound: there is no such member, or it is not the caller's to say.
        Invalid: the law knows no such delay.
        ChangedMeanwhile: it is no longer as it was shown.
    """
    member = await member_by_code(session, code)
    may_say_fctva_delay.require(caller, member)
    if years is not None and not 0 <= years <= LONGEST_FCTVA_DELAY:
        raise Invalid({"years": "Choisissez un régime de la liste."})
    await session.execute(select(col(Member.id)).where(col(Member.id) == member.id).with_for_update())
    before = await said_delay(session, member.id)
    check_version(before, shown)
    if before == years:
        return
    await session.execute(delete(FctvaDelay).where(col(FctvaDelay.member_id) == member.id))
    if years is not None:
        row = {"group_id": group_of(session), "member_id": member.id, "years": years}
        await session.execute(insert(FctvaDelay).values(**row, set_at=now, set_by=caller.person_id))
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("member", member.id),
        name=DELAY_SAID,
        change=(_written(before), _written(years)),
        details={"member_id": member.id},
    )


def _written(years: int | None) -> str:
    return "" if years is None else str(years)
