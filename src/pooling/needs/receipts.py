"""A receipt by mail of what was filed: whoever filed can show it, and sees a wrong number the same day."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.throttle import DAY, Allowance, TooMany
from pooling.collections.models import Collection
from pooling.kernel.database import base_url_of
from pooling.kernel.tables import linked, same_group
from pooling.members.models import Group, Member
from pooling.members.rights import Caller
from pooling.needs.schemas import DeclarationIn
from pooling.outbox.mail import FICTIONAL, Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.purchases.models import Item, Purchase
from pooling.web.typography import date_time_long, deadline_words, of_name, plural, price

RECEIPTS = Allowance("declaration-receipts", "Receipts of declarations", "a person", 100, DAY, __name__)
RECEIPT = occasion(
    "needs_receipt",
    asked_by="a référent, who files a declaration",
    to="that référent",
    limit=f"{RECEIPTS}; further declarations are filed without one",
    where=__name__,
)


async def send_receipt(
    session: AsyncSession, caller: Caller, purchase_id: int, command: DeclarationIn, now: datetime
) -> None:
    """Queues the receipt of what this transaction files."""
    try:
        await RECEIPTS.count_here(session, caller.person_id, at=now)
    except TooMany:
        return
    found = await session.execute(
        select(Purchase, col(Collection.closes_at), Member, Person, Group)
        .join(Collection, linked(Collection.purchase_id, Purchase.id))
        .join(Member, and_(same_group(Member, Purchase), col(Member.id) == command.member_id))
        .join(Person, col(Person.id) == caller.person_id)
        .join(Group, col(Group.id) == Purchase.group_id)
        .where(col(Purchase.id) == purchase_id)
    )
    purchase, closes_at, member, person, group = found.one()
    items = await session.execute(
        select(col(Item.id), col(Item.name), col(Item.unit), col(Item.unit_price))
        .where(col(Item.purchase_id) == purchase_id)
        .order_by(col(Item.position), col(Item.id))
    )
    needs = {need.item_id: need for need in command.needs if need.most}
    lines, total = [], Decimal(0)
    for item_id, name, unit, unit_price in items:
        if item_id in needs:
            need = needs[item_id]
            up_to = f", jusqu’à {plural(need.most, unit)}" if need.most > need.quantity else ""
            lines.append(Fact(name, plural(need.quantity, unit) + up_to))
            total += need.quantity * unit_price
    zone = group.zone
    until = deadline_words(closes_at, now, zone)
    page = f"{base_url_of(session)}/g/{group.slug}/achats/{purchase.reference}/besoins/{member.code}"
    comment = [Fact("Précisions pour l’acheteur", command.comment)] if command.comment else []
    await queue_mails(
        session,
        [
            Mail(
                kind=RECEIPT,
                recipient=person.email,
                person_id=person.id,
                subject=f"Déclaration {of_name(member.name)} déposée : {purchase.title}",
                why=f"Vous avez déposé la déclaration {of_name(member.name)} le "
                f"{date_time_long(now, zone, with_year=True)} : vérifiez-la, vous pouvez la modifier {until}.",
                button=Button("Voir la déclaration", page),
                facts=(
                    Fact("Achat", f"{purchase.title} ({purchase.reference})"),
                    *(lines or [Fact("Besoins", "Aucun besoin")]),
                    *([Fact("Total au prix indicatif, hors taxes", price(total))] if lines else []),
                    *comment,
                ),
                notice=FICTIONAL if group.fictional else None,
                thread=f"purchase-{purchase.id}",
            )
        ],
        now,
    )
