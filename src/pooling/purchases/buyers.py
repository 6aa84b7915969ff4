"""A purchase's lead buyers: named by the lead member's référent, or by the facilitator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.errors import NotFound
from pooling.members.inviting import BUYERS, InvitationIn, give_roles
from pooling.members.locking import lock_group
from pooling.members.mails import Sender
from pooling.members.membership import find_membership, take_role
from pooling.members.models import Membership, Role
from pooling.members.rights import Caller
from pooling.purchases.models import Purchase
from pooling.purchases.permissions import may_name_buyers
from pooling.reminders.kinds import Context


@dataclass(frozen=True)
class BuyerShown:
    membership_id: int
    person_id: int
    name: str
    email: str
    function: str


async def buyers_of(session: AsyncSession, purchase_id: int) -> Sequence[BuyerShown]:
    rows = await session.execute(
        select(col(Membership.id), col(Person.id), col(Person.name), col(Person.email), col(Person.function))
        .join(Person, col(Person.id) == col(Membership.person_id))
        .where(
            col(Membership.role) == Role.LEAD_BUYER,
            col(Membership.purchase_id) == purchase_id,
            col(Membership.ended_at).is_(None),
        )
        .order_by(col(Membership.id))
    )
    return [BuyerShown(*row) for row in rows]


async def name_buyer(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    email: str,
    name: str,
    function: str,
    sender: Sender,
    context: Context,
) -> None:
    """Somebody buys in the lead member's name from now on, and is told by mail.

    Raises:
        Forbidden: the caller is neither a référent of the lead member nor the facilitator.
        Invalid: it is a buyer of this purchase already.
        TooMany: the caller named too many today.
    """
    may_name_buyers.require(caller, purchase)
    await BUYERS.count_here(session, caller.person_id, at=context.now)
    buyer = InvitationIn(email, name, Role.LEAD_BUYER, function, purchase_id=purchase.id)
    of_what = f"{purchase.reference} « {purchase.title} »"
    await give_roles(session, caller.person_id, [buyer], sender, context, of_what=of_what)


async def remove_buyer(
    session: AsyncSession, caller: Caller, purchase: Purchase, membership_id: int, now: datetime
) -> None:
    """From the next request on, this person runs the purchase no more.

    Raises:
        Forbidden: the caller is neither a référent of the lead member nor the facilitator.
        NotFound: there is no such buyer (any more).
    """
    may_name_buyers.require(caller, purchase)
    await lock_group(session)
    buyer = next((one for one in await buyers_of(session, purchase.id) if one.membership_id == membership_id), None)
    if buyer is None:
        raise NotFound
    held = await find_membership(session, buyer.person_id, membership_id)
    await take_role(session, caller.person_id, held, now)
