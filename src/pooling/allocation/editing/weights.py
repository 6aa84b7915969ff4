"""The weights that a group gives to those who take part in a purchase, kept by its lead buyer until it opens."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.case import Payer, payers_of
from pooling.allocation.editing.schemas import plain_decimal
from pooling.allocation.locking import lock_for_editing
from pooling.kernel.changes import changing
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.kernel.versions import check_version
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.purchases.models import Participation, Purchase, PurchaseState


def weights_editable(purchase: Purchase) -> bool:
    """Until key values are frozen, when the collection first opens."""
    return purchase.state == PurchaseState.DRAFT and purchase.keys_frozen_at is None


def weights_of(payers: Sequence[Payer]) -> dict[str, str]:
    """The weights given, by member code, as the rule writes them."""
    return {payer.code: plain_decimal(payer.weight) for payer in payers if payer.weight is not None}


async def weights_given(session: AsyncSession, purchase_id: int) -> dict[str, str]:
    """The same, read by themselves."""
    found = await session.execute(
        select(col(Member.code), col(Participation.weight))
        .join(Participation, linked(Participation.member_id, Member.id))
        .where(col(Participation.purchase_id) == purchase_id, col(Participation.weight).is_not(None))
        .order_by(col(Member.sort_key), col(Member.id))
    )
    return {code: plain_decimal(weight) for code, weight in found if weight is not None}


async def give_weights(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    weights: Mapping[str, str],
    clock: Clock,
    *,
    shown: str | None = None,
) -> None:
    """These weights and no other: a member left out has none. Two statements, whatever their number.

    Raises:
        Forbidden: the caller does not run the purchase.
        Conflict: key values are frozen.
        Invalid: somebody named does not take part.
        ChangedMeanwhile: the weights are no longer those shown.
    """
    purchase = await lock_for_editing(session, caller, purchase_id)
    if not weights_editable(purchase):
        raise Conflict("Les clés de répartition sont figées depuis l’ouverture de la collecte.", code="keys_frozen")
    payers = await payers_of(session, purchase_id)
    before = weights_of(payers)
    if before == dict(weights):
        return
    check_version(before, shown)
    ids = {payer.code: payer.member_id for payer in payers}
    if not weights.keys() <= ids.keys():
        raise Invalid({"weights": "Un des membres désignés ne participe plus à cet achat."})
    await session.execute(
        text(
            "UPDATE participations p SET weight = given.weight FROM unnest(CAST(:members AS bigint[]), "
            "CAST(:weights AS numeric[])) AS given(member_id, weight) WHERE p.group_id = :group "
            "AND p.purchase_id = :purchase AND p.member_id = given.member_id"
        ),
        {
            "group": group_of(session),
            "purchase": purchase_id,
            "members": list(ids.values()),
            "weights": [Decimal(weights[code]) if code in weights else None for code in ids],
        },
        execution_options=changing(participations=[purchase_id]),
    )
    record_event(
        session,
        at=await clock.at_database(session),
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="weights.given",
        details={"before": before, "after": dict(weights)},
    )
