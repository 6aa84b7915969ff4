"""A purchase in preparation is corrected, or deleted if nothing hangs on it yet."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid, enumerated
from pooling.kernel.events import record_event
from pooling.kernel.files import AttachedFile, forget_files
from pooling.kernel.tables import any_of
from pooling.kernel.text import clean
from pooling.members.adding import members_by_code
from pooling.members.features import features_for
from pooling.members.granting import renew_sessions
from pooling.members.groups import group_zone
from pooling.members.locking import lock_group
from pooling.members.models import Member, Membership
from pooling.members.retiring import require_present
from pooling.members.rights import Caller, Right
from pooling.purchases.adding import add_participants, members_chosen
from pooling.purchases.doubts import doubts_of_purchase
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.kind import Kind
from pooling.purchases.kinds.parts import HELD, Part
from pooling.purchases.models import Item, Lot, Participation, PriceTier, Purchase, PurchaseState
from pooling.purchases.permissions import may_edit
from pooling.purchases.schemas import CorrectionIn
from pooling.web.typography import date_short


async def correct_purchase(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: CorrectionIn,
    now: datetime,
    *,
    insistence: Insistence | None = None,
) -> Purchase:
    """Another title, lead member, day of delivery or other participants; who goes on taking part keeps its weight.

    Raises:
        Forbidden: the caller neither prepares nor runs this purchase, or may not give it this lead member.
        Conflict: its collection was opened already.
        Invalid: the lead member or a participant is not in the group, or its items do not go with its kind.
        Doubtful: another day of delivery may be a slip.
    """
    purchase = await _in_preparation(session, caller, purchase_id)
    codes = await members_by_code(session)
    if command.lead_member not in codes:
        raise Invalid({"lead_member": "Le pilote doit être membre du groupe."})
    lead_id = codes[command.lead_member]
    if lead_id != purchase.lead_member_id:
        caller.require(Right.PREPARE_PURCHASE, member_id=lead_id)
        await require_present(session, [lead_id], "lead_member")
    kind = kind_of(command.kind or purchase.kind)
    await _require_nothing_lost(session, purchase, kind)
    former = await _terms(session, purchase)
    if command.delivery_expected_on != purchase.delivery_expected_on:
        today = now.astimezone(await group_zone(session)).date()
        doubts = doubts_of_purchase((), command.delivery_expected_on, today)
        insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=("purchase", purchase_id))
    purchase.title, purchase.description = clean(command.title), clean(command.description)
    purchase.lead_member_id, purchase.delivery_expected_on = lead_id, command.delivery_expected_on
    purchase.kind = kind.name
    await session.flush()
    if kind.unit:
        of_it = update(Item).where(col(Item.purchase_id) == purchase_id)
        await session.execute(of_it.values(unit=kind.unit).execution_options(synchronize_session=False))
    present = await _terms(session, purchase)
    changed: dict[str, object] = {
        name: [former[name], present[name]] for name in present if former[name] != present[name]
    }
    if not command.same_participants:
        changed |= await _take_part(session, purchase_id, await members_chosen(session, command.participants, codes))
    if changed:
        _tell(session, caller, purchase, "purchase.corrected", now, {"changed": changed})
    return purchase


async def delete_purchase(session: AsyncSession, caller: Caller, purchase_id: int, now: datetime) -> None:
    """Takes a purchase in preparation away with what it was prepared with, and its lead buyers' roles.

    Whatever else points at it (a charge, a record, a committee's decision) keeps it: its foreign key says so.

    Raises:
        Forbidden: the caller neither prepares nor runs this purchase.
        Conflict: its collection was opened already, or something else hangs on it.
    """
    purchase = await _in_preparation(session, caller, purchase_id)
    await lock_group(session)
    _tell(
        session, caller, purchase, "purchase.deleted", now, {"reference": purchase.reference, "title": purchase.title}
    )
    await session.flush()
    items = select(col(Item.id)).where(col(Item.purchase_id) == purchase_id)
    try:
        async with session.begin_nested():
            await session.execute(delete(PriceTier).where(col(PriceTier.item_id).in_(items)))
            await forget_files(session, col(AttachedFile.purchase_id) == purchase_id)
            for table in (Item, Lot, Participation):
                await session.execute(delete(table).where(col(table.purchase_id) == purchase_id))
            buyers = await session.execute(
                delete(Membership)
                .where(col(Membership.purchase_id) == purchase_id)
                .returning(col(Membership.person_id))
            )
            people = sorted(set(buyers.scalars()))
            await session.execute(delete(Purchase).where(col(Purchase.id) == purchase_id))
    except IntegrityError as held:
        raise Conflict(
            "Des frais, une subvention, une procédure, un état figé, une difficulté ou un point de comité se "
            "rattachent à cet achat : retirez-les d’abord, ou annulez l’achat.",
            code="purchase_in_use",
        ) from held
    await renew_sessions(session, people)


async def _in_preparation(session: AsyncSession, caller: Caller, purchase_id: int) -> Purchase:
    purchase = await lock_purchase(session, purchase_id)
    may_edit.require(caller, purchase)
    if purchase.state != PurchaseState.DRAFT:
        raise Conflict(
            "Cet achat n’est plus en préparation : il ne se modifie plus ainsi, et ne se supprime plus.",
            code="not_in_preparation",
        )
    return purchase


async def _require_nothing_lost(session: AsyncSession, purchase: Purchase, kind: Kind) -> None:
    """Raises:
    Invalid: the purchase has something of a part that this kind has not.
    """
    holds = {part: told for part, told in features_for(session).purchase_holdings.items() if not kind.has(part)}
    if not holds:
        return
    asked = select(*(told() for told in holds.values())).select_from(Purchase).where(col(Purchase.id) == purchase.id)
    found = (await session.execute(asked)).one()
    held = [HELD[Part(part)] for part, is_held in zip(holds, found, strict=True) if is_held]
    if held:
        raise Invalid({"kind": f"Cet achat a {enumerated(held)} : effacez-les d’abord, ou préparez un autre achat."})


async def _take_part(session: AsyncSession, purchase_id: int, chosen: Sequence[int]) -> dict[str, object]:
    """Those chosen take part and nobody else. Returns who left and who joined, for the journal."""
    rows = await session.execute(
        select(col(Participation.member_id)).where(col(Participation.purchase_id) == purchase_id)
    )
    present = set(rows.scalars())
    left, joined = present - set(chosen), set(chosen) - present
    await session.execute(
        delete(Participation).where(
            col(Participation.purchase_id) == purchase_id, any_of(col(Participation.member_id), left)
        )
    )
    await add_participants(session, purchase_id, sorted(joined))
    told = {"left": await _names(session, left), "joined": await _names(session, joined)}
    return {what: [None, names] for what, names in told.items() if names}


async def _names(session: AsyncSession, members: set[int]) -> str:
    found = await session.execute(
        select(col(Member.name)).where(any_of(col(Member.id), members)).order_by(col(Member.sort_key), col(Member.id))
    )
    return ", ".join(found.scalars())


async def _terms(session: AsyncSession, purchase: Purchase) -> dict[str, object]:
    """What the journal compares, in words that stay when a member is renamed."""
    lead = await session.scalar(select(col(Member.name)).where(col(Member.id) == purchase.lead_member_id))
    day: date | None = purchase.delivery_expected_on
    return {
        "title": purchase.title,
        "kind": kind_of(purchase.kind).label,
        "description": purchase.description,
        "lead_member": lead,
        "delivery": date_short(day) if day else None,
    }


def _tell(
    session: AsyncSession, caller: Caller, purchase: Purchase, name: str, now: datetime, details: dict[str, object]
) -> None:
    record_event(
        session, at=now, person_id=caller.person_id, subject=("purchase", purchase.id), name=name, details=details
    )
