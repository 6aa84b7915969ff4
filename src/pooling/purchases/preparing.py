"""A purchase is prepared: by the facilitator, or by a référent or the purchasing staff of the member that leads it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Invalid, enumerated
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of
from pooling.mail_addresses import kept_address
from pooling.members.adding import members_by_code
from pooling.members.features import Copied, features_for
from pooling.members.granting import grant_roles
from pooling.members.groups import group_zone
from pooling.members.locking import lock_group
from pooling.members.models import Membership, Role
from pooling.members.rights import Caller, Right
from pooling.purchases.adding import add_purchase, purchase_errors
from pooling.purchases.doubts import doubts_of_purchase
from pooling.purchases.finding import find_purchase
from pooling.purchases.models import Purchase
from pooling.purchases.queries import participants, purchase_items
from pooling.purchases.schemas import PurchaseIn
from pooling.purchases.serving import action_meant


async def prepare_purchase(
    session: AsyncSession,
    caller: Caller,
    command: PurchaseIn,
    now: datetime,
    *,
    lead_buyers: Sequence[str] = (),
    like: str = "",
    insistence: Insistence | None = None,
) -> Purchase:
    """A new purchase in preparation. `lead_buyers` are e-mail addresses of people of the group: they will run it.
    `like` is the reference of a purchase whose charges and subsidies it begins with.

    Raises:
        NotFound: there is no purchase that it could be like.
        Forbidden: the caller is neither the facilitator nor a référent or the purchasing staff of the lead member.
        Invalid: the lead member, a participant or a lead buyer is not in the group, or two items have one code.
        Doubtful: a date, a VAT rate or a price may be a slip.
    """
    members = await members_by_code(session)
    if command.lead_member in members:
        caller.require(Right.PREPARE_PURCHASE, member_id=members[command.lead_member])
    await lock_group(session)
    buyers = await check_purchase(session, command, lead_buyers)
    purchase = await add_purchase(session, command, now, caller.person_id)
    today = now.astimezone(await group_zone(session)).date()
    doubts = doubts_of_purchase(command.items, command.delivery_expected_on, today)
    insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=("purchase", purchase.id))
    if like:
        await _take_over(session, caller, purchase, await find_purchase(session, like), now)
    await grant_roles(
        session,
        [(person, Role.LEAD_BUYER, None, purchase.id) for person in buyers],
        now,
        granted_by=caller.person_id,
    )
    return purchase


async def _take_over(session: AsyncSession, caller: Caller, purchase: Purchase, model: Purchase, now: datetime) -> None:
    """What other features keep of the model; its items and terms came with the form."""
    before, after = await _codes_by_name(session, model.id), await _codes_by_name(session, purchase.id)
    copied = Copied(
        model_id=model.id,
        purchase_id=purchase.id,
        items={code: after[name] for name, code in before.items() if name in after},
        members=frozenset(line.code for line in await participants(session, purchase.id)),
    )
    await features_for(session).copy(session, copied)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase.id),
        name="purchase.copied",
        details={"reference": model.reference, "title": model.title},
    )


async def _codes_by_name(session: AsyncSession, purchase_id: int) -> dict[str, str]:
    return {item.name: item.code for item in await purchase_items(session, purchase_id)}


async def check_purchase(session: AsyncSession, command: PurchaseIn, lead_buyers: Sequence[str]) -> list[int]:
    """The people who will run it.

    Raises:
        Invalid: as `prepare_purchase`, all at once.
    """
    errors, buyers = purchase_errors(command, await members_by_code(session)), []
    try:
        buyers = await _people(session, lead_buyers)
    except Invalid as unknown:
        errors |= unknown.errors
    try:
        await action_meant(session, command.action)
    except Invalid as unknown:
        errors |= unknown.errors
    if errors:
        raise Invalid(errors)
    return buyers


async def _people(session: AsyncSession, emails: Sequence[str]) -> list[int]:
    wanted = {kept_address(email) for email in emails}
    if not wanted:
        return []
    rows = await session.execute(
        select(col(Person.email), col(Person.id))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(any_of(col(Person.email), wanted), col(Membership.ended_at).is_(None))
        .distinct()
    )
    known = {email: person_id for email, person_id in rows}
    unknown = sorted(wanted - set(known))
    if unknown:
        raise Invalid({"lead_buyers": f"Ces personnes ne sont pas du groupe : {enumerated(unknown)}."})
    return sorted(known.values())
