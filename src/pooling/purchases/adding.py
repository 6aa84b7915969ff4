"""Purchases: preparing them, finding one under a lock, changing their state."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of, insert_many
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid, enumerated
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, forget_files
from pooling.kernel.numbering import next_number
from pooling.kernel.tables import any_of
from pooling.kernel.text import clean
from pooling.members.adding import members_by_code
from pooling.members.models import Budget, Member
from pooling.members.retiring import require_present
from pooling.members.rights import Caller
from pooling.purchases.details import write_details
from pooling.purchases.doubts import doubts_of_items
from pooling.purchases.finding import item_ids, lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Item, Participation, PriceTier, Purchase, PurchaseState
from pooling.purchases.permissions import may_edit
from pooling.purchases.schemas import ItemIn, PurchaseIn
from pooling.purchases.serving import action_meant

NO_ITEMS = "Ce qui est acheté ainsi n’a pas d’article : effacez-les, ou choisissez d’acheter « Des articles »."


async def add_purchase(session: AsyncSession, command: PurchaseIn, now: datetime, person_id: int | None) -> Purchase:
    """A new purchase in preparation, with its items and those who may take part (by default every member of the
    group that has no units of its own: a university takes part through its components).

    Raises:
        Invalid: the lead member or a participant is not in the group, two items have one code, or its kind has none.
    """
    codes = await members_by_code(session)
    if errors := purchase_errors(command, codes):
        raise Invalid(errors)
    await require_present(session, [codes[command.lead_member]], "lead_member")
    action_id = await action_meant(session, command.action)
    purchase = Purchase(
        group_id=group_of(session),
        reference=await _next_reference(session, now),
        title=clean(command.title),
        description=clean(command.description),
        kind=command.kind,
        lead_member_id=codes[command.lead_member],
        delivery_expected_on=command.delivery_expected_on,
        created_at=now,
        action_id=action_id,
    )
    session.add(purchase)
    await session.flush()
    await _write_items(session, purchase, command.items)
    await add_participants(session, purchase.id, await members_chosen(session, command.participants, codes))
    record_event(
        session,
        at=now,
        person_id=person_id,
        subject=("purchase", purchase.id),
        name="purchase.prepared",
        change=(None, purchase.state),
        details={
            "reference": purchase.reference,
            "title": purchase.title,
            **({"action_id": action_id} if action_id else {}),
        },
    )
    return purchase


def purchase_errors(command: PurchaseIn, codes: Mapping[str, int]) -> dict[str, str]:
    """All that is wrong with it in a group of these members, by field."""
    errors: dict[str, str] = {}
    if command.lead_member not in codes:
        errors["lead_member"] = "Le pilote doit être membre du groupe."
    if len({item.code for item in command.items}) < len(command.items):
        errors["items"] = "Deux articles portent le même code."
    if command.items and not kind_of(command.kind).has(Part.ITEMS):
        errors["kind"] = NO_ITEMS
    if unknown := sorted(set(command.participants or ()) - set(codes)):
        errors["participants"] = f"Pas membre du groupe : {enumerated(unknown)}."
    return errors


async def _next_reference(session: AsyncSession, now: datetime) -> str:
    """`AG-2026-003`, never one that a deleted purchase had."""
    series = f"AG-{now.year}"
    return f"{series}-{await next_number(session, series):03d}"


_STAYS = ", ".join(
    f"{column} = EXCLUDED.{column}"
    for column in ("position", "name", "description", "unit", "unit_price", "vat_rate", "fctva", "pack", "minimum")
)


async def _write_items(session: AsyncSession, purchase: Purchase, items: Sequence[ItemIn]) -> None:
    """These items with their tiers; one that is there already stays, and with it what hangs on it. A kind may count all
    of its items in one unit.
    """
    purchase_id, counted = purchase.id, kind_of(purchase.kind).unit
    own = {"unit": counted} if counted else {}
    await insert_many(
        session,
        Item,
        [
            {"purchase_id": purchase_id, "position": position, **item.model_dump(exclude={"tiers", "details"}), **own}
            for position, item in enumerate(items, start=1)
        ],
        on_conflict=f"ON CONFLICT (group_id, purchase_id, code) DO UPDATE SET {_STAYS}",
    )
    ids = await item_ids(session, purchase_id)
    await write_details(session, {ids[item.code]: item.details for item in items if item.details is not None})
    await insert_many(
        session,
        PriceTier,
        [{"item_id": ids[item.code], **tier.model_dump()} for item in items for tier in item.tiers],
    )


async def rewrite_items(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    items: Sequence[ItemIn],
    now: datetime,
    *,
    insistence: Insistence | None = None,
) -> None:
    """Other items for a purchase in preparation, in place of those it has; one whose code stays keeps its details and
    its files.

    Raises:
        Forbidden: the caller neither prepares nor runs this purchase.
        Conflict: its collection was opened already.
        Invalid: two items have one code, or its kind has none.
        Doubtful: a VAT rate or a price may be a slip.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_edit.require(caller, purchase)
    if purchase.state != PurchaseState.DRAFT:
        raise Conflict("Les articles ne changent plus une fois la collecte ouverte.", code="not_in_preparation")
    if items and not kind_of(purchase.kind).has(Part.ITEMS):
        raise Invalid({"": NO_ITEMS})
    if len({item.code for item in items}) < len(items):
        raise Invalid({"items": "Deux articles portent le même nom."})
    former = await item_ids(session, purchase_id)
    await session.execute(delete(PriceTier).where(any_of(col(PriceTier.item_id), former.values())))
    gone = [former[code] for code in former.keys() - {item.code for item in items}]
    await forget_files(session, any_of(col(AttachedFile.item_id), gone))
    await session.execute(delete(Item).where(any_of(col(Item.id), gone)))
    await _write_items(session, purchase, items)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="purchase.items_changed",
        details={"before": sorted(former), "after": [item.code for item in items]},
    )
    doubts = doubts_of_items(items)
    insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=("purchase", purchase_id))


async def members_chosen(
    session: AsyncSession, participants: Sequence[str] | None, codes: Mapping[str, int]
) -> list[int]:
    """Who takes part: the members of these codes, or every member that has no units of its own.

    Raises:
        Invalid: one of them is not in the group.
    """
    if participants is None:
        here = col(Member.retired_on).is_(None)
        parents = select(col(Member.parent_id)).where(col(Member.parent_id).is_not(None), here)
        members = (await session.execute(select(col(Member.id)).where(here, col(Member.id).not_in(parents)))).scalars()
        return sorted(members)
    unknown = sorted(set(participants) - set(codes))
    if unknown:
        raise Invalid({"participants": f"Pas membre du groupe : {enumerated(unknown)}."})
    return sorted({codes[code] for code in participants})


async def add_participants(session: AsyncSession, purchase_id: int, members: Sequence[int]) -> None:
    """These members take part, each on its first budget, if it has one.

    Raises:
        Invalid: one of them has left the group.
    """
    await require_present(session, members, "participants")
    budgets = await session.execute(
        select(col(Budget.member_id), func.min(col(Budget.id)))
        .where(any_of(col(Budget.member_id), members))
        .group_by(col(Budget.member_id))
    )
    budget_of = {member_id: budget_id for member_id, budget_id in budgets}
    await insert_many(
        session,
        Participation,
        [{"purchase_id": purchase_id, "member_id": member, "budget_id": budget_of.get(member)} for member in members],
    )
