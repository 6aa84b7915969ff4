"""What the mails of a collection say of the purchase: its items with their price, who asks, whom to write to."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Member, Membership, Role
from pooling.needs.reminder_queries import NAMED_AT_MOST
from pooling.outbox.mail import Fact
from pooling.purchases.models import Item, Purchase
from pooling.web.typography import plural, price


@dataclass(frozen=True)
class Asked:
    lead: str
    """The member that buys for all."""
    items: tuple[str, ...] = ()
    """Each with its price, in the purchase's order."""
    buyers: tuple[str, ...] = ()
    """Addresses of the lead buyers."""

    def facts(self, title: str) -> tuple[Fact, ...]:
        shown = self.items[:NAMED_AT_MOST]
        more = len(self.items) - len(shown)
        listed = [*shown, *([f"et {plural(more, 'autre article', 'autres articles')}"] if more else [])]
        return (
            Fact("Achat", title),
            *([Fact("Articles, prix indicatif hors taxes", "\n".join(listed))] if listed else []),
            Fact("Demandé par", self.lead),
        )


async def asked_of(session: AsyncSession, purchases: Collection[int]) -> dict[int, Asked]:
    """Of each of these purchases, in three statements whatever their number."""
    leads = await session.execute(
        select(col(Purchase.id), col(Member.name))
        .join(Member, linked(Member.id, Purchase.lead_member_id))
        .where(any_of(col(Purchase.id), purchases))
    )
    items = await session.execute(
        select(col(Item.purchase_id), col(Item.name), col(Item.unit), col(Item.unit_price))
        .where(any_of(col(Item.purchase_id), purchases))
        .order_by(col(Item.position), col(Item.id))
    )
    buyers = await session.execute(
        select(col(Membership.purchase_id), col(Person.email))
        .join(Person, and_(col(Person.id) == col(Membership.person_id), col(Person.purged_at).is_(None)))
        .where(
            any_of(col(Membership.purchase_id), purchases),
            col(Membership.role) == Role.LEAD_BUYER,
            col(Membership.ended_at).is_(None),
        )
        .order_by(col(Person.email))
    )
    listed: dict[int, list[str]] = {}
    for purchase_id, name, unit, unit_price in items:
        listed.setdefault(purchase_id, []).append(f"{name} : {price(unit_price)} par {unit}")
    addresses: dict[int, list[str]] = {}
    for led_id, email in buyers:
        if led_id is not None:
            addresses.setdefault(led_id, []).append(email)
    return {
        purchase_id: Asked(lead, tuple(listed.get(purchase_id, ())), tuple(addresses.get(purchase_id, ())))
        for purchase_id, lead in leads
    }
