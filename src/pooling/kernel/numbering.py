"""Numbers without a gap: each group counts its own series, `AG-2027`, whoever asks.

The row is locked until the transaction ends: who asks at the same moment waits, and a number whose transaction is
rolled back is given to the next. What is numbered within a row that its use case has locked all the same (the decisions
of a committee, the records of a purchase) counts those that are there.
"""

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col

from pooling.kernel.database import group_of
from pooling.kernel.tables import TenantTable, in_group


class Numbering(TenantTable, table=True):
    """The last number given of a series; none is given twice, though what had it is deleted."""

    __tablename__ = "numberings"
    __table_args__ = (in_group(), CheckConstraint("last > 0", name="begins_at_one"))

    series: str = Field(primary_key=True)
    last: int


async def next_number(session: AsyncSession, series: str) -> int:
    """The next one of this series in the transaction's group, from 1."""
    counted = insert(Numbering).values(group_id=group_of(session), series=series, last=1)
    given = await session.execute(
        counted.on_conflict_do_update(
            index_elements=[col(Numbering.group_id), col(Numbering.series)], set_={"last": col(Numbering.last) + 1}
        ).returning(col(Numbering.last))
    )
    number: int = given.scalar_one()
    return number
