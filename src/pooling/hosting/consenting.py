"""What a group lets out: said by its facilitator, and taken back as easily."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.hosting.models import GroupSharing
from pooling.hosting.snapshots import snapshot_of
from pooling.kernel.database import group_of
from pooling.kernel.events import record_event
from pooling.kernel.versions import OF_A_PAGE, check_version
from pooling.members.groups import group_zone
from pooling.members.rights import Caller, Right

LONGEST_INTRODUCTION = 2000
CONSENT_CHANGED = "group.sharing_changed"


class ConsentIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    compared: bool = False
    public: bool = False
    introduction: str = Field(default="", max_length=LONGEST_INTRODUCTION)


async def consent_of(session: AsyncSession) -> ConsentIn:
    """What the transaction's group lets out; nothing where nobody has said."""
    sharing = (await session.execute(select(GroupSharing))).scalar_one_or_none()
    return ConsentIn() if sharing is None else _said(sharing)


def _said(sharing: GroupSharing) -> ConsentIn:
    return ConsentIn(compared=sharing.compared, public=sharing.public, introduction=sharing.introduction)


async def consent(
    session: AsyncSession, caller: Caller, command: ConsentIn, now: datetime, *, shown: str | None = None
) -> None:
    """Lets out what is said from now on, with figures of this moment; what is not is gone at once.

    Raises:
        Forbidden: the caller does not manage the group.
        ChangedMeanwhile: somebody else has said otherwise since.
    """
    caller.require(Right.MANAGE_GROUP)
    await session.execute(
        insert(GroupSharing).values(group_id=group_of(session), changed_at=now).on_conflict_do_nothing()
    )
    found = await session.execute(
        select(GroupSharing)
        .where(col(GroupSharing.group_id) == group_of(session))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    sharing = found.scalar_one()
    before = _said(sharing)
    check_version(before.model_dump(), shown, OF_A_PAGE)
    if before != command:
        was, said = before.model_dump(), command.model_dump()
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("group", group_of(session)),
            name=CONSENT_CHANGED,
            details={"changed": {name: [was[name], said[name]] for name in said if was[name] != said[name]}},
        )
    today = now.astimezone(await group_zone(session)).date()
    lets_out = command.compared or command.public
    # Read before anything of the row changes: it holds a snapshot only while it consents.
    sharing.snapshot = (await snapshot_of(session, today)).model_dump() if lets_out else None
    sharing.snapshot_on = today if lets_out else None
    sharing.compared, sharing.public, sharing.introduction = command.compared, command.public, command.introduction
    sharing.changed_at, sharing.changed_by = now, caller.person_id
