"""The workbooks of a consolidation: read, consolidated and written here or, of many members, in a process apart."""

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.apart import PRELOADED
from pooling.kernel.database import group_of
from pooling.members.models import Member
from pooling.needs.consolidating import Options, consolidate_columns, consolidate_purchase, filed_needs
from pooling.needs.dealing import hashing
from pooling.needs.details import filed_details
from pooling.needs.queries import members_without_need, remarks_of
from pooling.needs.workbook import write_consolidation_workbook, write_order_workbook
from pooling.purchases.details import details_of
from pooling.purchases.models import Purchase
from pooling.purchases.queries import ItemShown, participants, purchase_items
from pooling.sites.queries import read_places

PRELOADED.add(__name__)


@dataclass(frozen=True)
class Asked:
    """A workbook as it is asked for: of one item, or (None) of all that is ordered."""

    item: ItemShown | None
    options: Options
    facts: Mapping[str, str]
    notice: str | None = None


async def item_workbook(session: AsyncSession, purchase_id: int, asked: Asked) -> bytes:
    """Who gets what of one item."""
    assert asked.item is not None, "it is of one item"
    filed = await filed_needs(session, purchase_id, item_id=asked.item.id)
    names, lead = await _names(session, purchase_id), await _lead_code(session, purchase_id)
    remarks = [(one.code, one.member, one.said) for one in await remarks_of(session, purchase_id, None)]
    result = await asyncio.to_thread(consolidate_columns, asked.item, filed.get(asked.item.id, ()), asked.options)
    target = io.BytesIO()
    said = await filed_details(session, purchase_id, item_id=asked.item.id)
    without_need = await members_without_need(session, purchase_id)
    async with hashing(session):
        delivery = asked.item.id, await read_places(session, purchase_id)
    told = (names, asked.notice, lead, asked.facts, remarks, said, without_need, delivery)
    await asyncio.to_thread(write_consolidation_workbook, target, result, *told)
    return target.getvalue()


async def order_workbook(session: AsyncSession, purchase_id: int, asked: Asked) -> bytes:
    """What is ordered of every item, for the supplier."""
    results = await consolidate_purchase(session, purchase_id, asked.options)
    order = [(item, results[item.code]) for item in await purchase_items(session, purchase_id)]
    names, lead = await _names(session, purchase_id), await _lead_code(session, purchase_id)
    target = io.BytesIO()
    details = await details_of(session, purchase_id)
    async with hashing(session):
        places = await read_places(session, purchase_id)
    told = (names, asked.notice, lead, details, places)
    await asyncio.to_thread(write_order_workbook, target, asked.facts, order, *told)
    return target.getvalue()


async def _names(session: AsyncSession, purchase_id: int) -> dict[str, str]:
    """Of those who take part, by code."""
    return {line.code: line.name for line in await participants(session, purchase_id)}


async def _lead_code(session: AsyncSession, purchase_id: int) -> str:
    purchase = await session.get_one(Purchase, (group_of(session), purchase_id))
    found = await session.execute(select(col(Member.code)).where(col(Member.id) == purchase.lead_member_id))
    return found.scalar_one()
