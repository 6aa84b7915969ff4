"""Lists of suppliers."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.slices import Listed, Order, Slice
from pooling.kernel.tables import folded_column
from pooling.kernel.text import folded_words
from pooling.suppliers.models import Supplier

_BY_NAME = Order(col(Supplier.sort_key), col(Supplier.id))
MOST_CHOSEN_FROM = 500


async def suppliers_listed(
    session: AsyncSession, wanted: Slice, *, search: str = "", archived: bool = False
) -> Listed[Supplier]:
    """By name, those whose name or numbers have every word searched; the archived ones stand in a list of their own."""
    numbers = func.coalesce(col(Supplier.siret), "") + " " + col(Supplier.vat_number)
    known = folded_column(col(Supplier.name) + " " + numbers)
    statement = select(Supplier).where(
        col(Supplier.archived_at).is_not(None) if archived else col(Supplier.archived_at).is_(None),
        *(known.contains(word, autoescape=True) for word in folded_words(search)),
    )
    return (await _BY_NAME.read(session, statement, wanted)).each(lambda row: row[0])


async def suppliers_to_choose(session: AsyncSession) -> list[tuple[str, str]]:
    """Ids and names of those that are not archived, in French order, for a list to choose from."""
    rows = await session.execute(
        select(col(Supplier.id), col(Supplier.name))
        .where(col(Supplier.archived_at).is_(None))
        .order_by(col(Supplier.sort_key), col(Supplier.id))
        .limit(MOST_CHOSEN_FROM)
    )
    return [(str(supplier), name) for supplier, name in rows]
