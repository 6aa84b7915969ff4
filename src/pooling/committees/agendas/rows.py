"""The rows of an agenda: in order, by id, forgotten. For use cases that have locked their committee."""

from collections.abc import Sequence

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.committees.agendas.files import forget_files_of_items
from pooling.committees.models import AgendaItem, Difficulty, DifficultyState
from pooling.kernel.database import group_of, one_row
from pooling.kernel.errors import Conflict
from pooling.kernel.tables import any_of


async def order_of(session: AsyncSession, committee_id: int) -> list[int]:
    """The ids of the agenda's items, in order."""
    return [item.id for item in await items_of(session, committee_id)]


async def number_in(session: AsyncSession, order: Sequence[int]) -> None:
    """Numbers the items from 1 in this order. For a caller that has locked their committee."""
    await session.execute(
        text(
            "UPDATE agenda_items SET position = wanted.place "
            "FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS wanted(id, place) "
            "WHERE agenda_items.group_id = :group AND agenda_items.id = wanted.id "
            "AND agenda_items.position <> wanted.place"
        ),
        {"ids": list(order), "group": group_of(session)},
    )


async def items_of(session: AsyncSession, committee_id: int) -> list[AgendaItem]:
    rows = await session.execute(
        select(AgendaItem)
        .where(col(AgendaItem.committee_id) == committee_id)
        .order_by(col(AgendaItem.position), col(AgendaItem.id))
        .execution_options(populate_existing=True)
    )
    return list(rows.scalars())


async def item_of(session: AsyncSession, committee_id: int, item_id: int) -> AgendaItem:
    return await one_row(
        session, select(AgendaItem).where(col(AgendaItem.committee_id) == committee_id, col(AgendaItem.id) == item_id)
    )


async def require_removable(session: AsyncSession, items: Sequence[AgendaItem]) -> None:
    difficulties = [item.difficulty_id for item in items if item.difficulty_id is not None]
    open_ones = select(col(Difficulty.id)).where(
        any_of(col(Difficulty.id), difficulties), col(Difficulty.state) == DifficultyState.RAISED
    )
    if (await session.execute(open_ones.limit(1))).first():
        raise Conflict(
            "Cette difficulté reste à l’ordre du jour jusqu’à ce qu’elle soit réglée : dites comment elle l’est.",
            code="difficulty_open",
        )


async def forget_items(session: AsyncSession, item_ids: Sequence[int]) -> None:
    await forget_files_of_items(session, item_ids)
    await session.execute(delete(AgendaItem).where(any_of(col(AgendaItem.id), item_ids)))
