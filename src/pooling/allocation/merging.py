"""Charges and subsidies that name members which become one name this one: their weights and percents are added up."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.editing.schemas import plain_decimal
from pooling.allocation.models import Charge, Subsidy
from pooling.kernel.tables import any_of
from pooling.members.departures import Merging
from pooling.needs.merging import purchases_as_one


async def merge(session: AsyncSession, merging: Merging) -> None:
    purchases = await purchases_as_one(session, merging.ids)
    former, becomes = {one.code for one in merging.former}, merging.becomes.code
    charges = await session.execute(select(Charge).where(any_of(col(Charge.purchase_id), purchases)))
    for charge in charges.scalars():
        charge.key = renamed_key(charge.key, former, becomes)
        if isinstance(charge.scope, list):
            charge.scope = renamed(charge.scope, former, becomes)
        if charge.paid_by in former:
            charge.paid_by = becomes
    subsidies = await session.execute(select(Subsidy).where(any_of(col(Subsidy.purchase_id), purchases)))
    for subsidy in subsidies.scalars():
        if subsidy.members is not None:
            subsidy.members = renamed(subsidy.members, former, becomes)
    await session.flush()


def renamed(codes: Sequence[str], former: set[str], becomes: str) -> list[str]:
    """A list of members, in the order of codes; as it is where it names none of them."""
    if former.isdisjoint(codes):
        return list(codes)
    return sorted({becomes if code in former else code for code in codes})


def renamed_key(key: Any, former: set[str], becomes: str) -> Any:  # noqa: ANN401 - a key as JSON
    if not isinstance(key, dict):
        return key
    if "mix" in key:
        return {"mix": [{**part, "key": renamed_key(part["key"], former, becomes)} for part in key["mix"]]}
    ((kind, numbers),) = key.items()
    if former.isdisjoint(numbers):
        return key
    added: dict[str, Decimal] = {}
    for code, value in numbers.items():
        one = becomes if code in former else code
        added[one] = added.get(one, Decimal(0)) + Decimal(value)
    return {kind: {code: plain_decimal(value) for code, value in added.items()}}
