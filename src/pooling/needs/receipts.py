"""A receipt by mail of what was filed: whoever filed can show it, and sees a wrong number the same day."""

from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import SignedIn
from pooling.accounts.throttle import DAY, Allowance, TooMany
from pooling.accounts.tokens import Holder
from pooling.kernel.database import base_url_of
from pooling.members.models import Member
from pooling.needs.declaring import Admitted
from pooling.needs.schemas import DeclarationIn
from pooling.outbox.mail import FICTIONAL, Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.purchases.models import Purchase
from pooling.reminders.kinds import Context
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
    session: AsyncSession,
    to: SignedIn | Holder,
    context: Context,
    purchase: Purchase,
    member: Member,
    command: DeclarationIn,
    filed: Admitted,
) -> None:
    """Queues the receipt of what this transaction files, to whoever files it."""
    now = filed.at
    try:
        await RECEIPTS.count_here(session, to.person_id, at=now)
    except TooMany:
        return
    needs = {need.item_id: need for need in command.needs if need.most}
    lines, total = [], Decimal(0)
    for item in filed.items:
        if item.id in needs:
            need = needs[item.id]
            up_to = f", jusqu’à {plural(need.most, item.unit)}" if need.most > need.quantity else ""
            lines.append(Fact(item.name, plural(need.quantity, item.unit) + up_to))
            total += need.quantity * item.unit_price
    zone = context.zone
    until = deadline_words(filed.closes_at, now, zone)
    moment = date_time_long(now, zone, with_year=True)
    page = f"{base_url_of(session)}/g/{context.slug}/achats/{purchase.reference}/besoins/{member.code}"
    comment = [Fact("Précisions pour l’acheteur", command.comment)] if command.comment else []
    await queue_mails(
        session,
        [
            Mail(
                kind=RECEIPT,
                recipient=to.email,
                person_id=to.person_id,
                subject=f"Déclaration {of_name(member.name)} déposée : {purchase.title}"
                if lines
                else f"Pas de besoin pour {member.name} : {purchase.title}",
                why=f"Vous avez déposé la déclaration {of_name(member.name)} le {moment} : vérifiez-la, vous pouvez la "
                f"modifier {until}."
                if lines
                else f"Vous avez répondu le {moment} que {member.name} n’a pas de besoin : vous pouvez revenir sur "
                f"cette réponse {until}.",
                button=Button("Voir la déclaration", page),
                facts=(
                    Fact("Achat", f"{purchase.title} ({purchase.reference})"),
                    *(lines or [Fact("Besoins", "Pas de besoin")]),
                    *([Fact("Total au prix indicatif, hors taxes", price(total))] if lines else []),
                    *comment,
                ),
                notice=FICTIONAL if context.fictional else None,
                thread=f"purchase-{purchase.id}",
            )
        ],
        now,
    )
