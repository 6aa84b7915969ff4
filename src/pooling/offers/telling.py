"""Once an offer has ended, a member's référent says how many of its agents bought."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import Clock
from pooling.kernel.database import insert_many
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.members.groups import group_zone
from pooling.members.rights import Caller, Right
from pooling.offers.models import Uptake
from pooling.offers.queries import has_ended, offer_of, uptake_of
from pooling.offers.schemas import MOST_BOUGHT
from pooling.purchases.finding import item_ids, lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.web.typography import number


async def tell_uptake(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    member_id: int,
    bought: Mapping[str, int],
    clock: Clock,
    *,
    shown: str | None = None,
) -> datetime:
    """How many agents of a member bought each item, by its code; an item that is not named, none. `shown` is the
    version that the person had before its eyes. Returns when it was told.

    Raises:
        Forbidden: the caller is not a référent of this member.
        NotFound: this member does not take part, or such a purchase asks nothing of the kind.
        Conflict: the offer has not ended, its account is over, or somebody told otherwise since.
        Invalid: an item that is not there, or a number that cannot be.
    """
    caller.require(Right.FILE_NEEDS, member_id=member_id)
    purchase = await lock_purchase(session, purchase_id)
    kind_of(purchase.kind).require(Part.UPTAKE)
    if await session.get(Participation, (caller.group_id, purchase_id, member_id)) is None:
        raise NotFound
    now = await clock.at_database(session)
    await require_ended(session, purchase, now)
    before = await uptake_of(session, purchase_id, member_id)
    if shown is not None and shown != before.version:
        raise Conflict(
            "Entre-temps, quelqu’un a dit combien d’agents ont acheté : c’est rappelé ci-dessous. Enregistrez vos "
            "nombres si ce sont eux qui conviennent.",
            code="changed_meanwhile",
        )
    items = await item_ids(session, purchase_id)
    _check(bought, items)
    mine = (col(Uptake.purchase_id) == purchase_id, col(Uptake.member_id) == member_id)
    await session.execute(delete(Uptake).where(*mine))
    place = {"purchase_id": purchase_id, "member_id": member_id, "told_at": now, "told_by": caller.person_id}
    await insert_many(
        session, Uptake, [{**place, "item_id": item, "bought": bought.get(code, 0)} for code, item in items.items()]
    )
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="offer.told",
        details={"member_id": member_id, "bought": {str(items[code]): units for code, units in bought.items()}},
    )
    return now


async def require_ended(session: AsyncSession, purchase: Purchase, now: datetime) -> None:
    """Raises:
    Conflict: the offer runs still, or its account is over.
    """
    if purchase.state == PurchaseState.DELIVERED:
        return
    today = now.astimezone(await group_zone(session)).date()
    published = purchase.state == PurchaseState.ORDERED
    if published and has_ended((await offer_of(session, purchase.id)).offer, today):
        return
    if published:
        raise Conflict(
            "L’offre court encore : vous direz combien d’agents ont acheté quand elle sera finie.", code="offer_runs"
        )
    word = kind_of(purchase.kind).word(purchase.state)
    raise Conflict(f"Dans l’état « {word} », on ne dit pas combien d’agents ont acheté.", code="offer_closed")


def _check(bought: Mapping[str, int], items: Mapping[str, int]) -> None:
    errors: dict[str, str] = {}
    for code, units in bought.items():
        if code not in items:
            errors[f"bought.{code}"] = "Cet achat n’a pas d’article de ce code."
        elif not 0 <= units <= MOST_BOUGHT:
            errors[f"bought.{code}"] = f"Indiquez un nombre entre 0 et {number(MOST_BOUGHT)}."
    if errors:
        raise Invalid(errors)
