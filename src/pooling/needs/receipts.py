"""A receipt by mail of what was filed: whoever filed can show it, and sees a wrong number the same day. The member's
other référents and finance officers receive it too, unless they do without.
"""

from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import SignedIn
from pooling.accounts.throttle import DAY, Allowance, TooMany
from pooling.accounts.tokens import Holder
from pooling.kernel.database import base_url_of
from pooling.needs.declaring import RECEIPT, Admitted
from pooling.needs.schemas import DeclarationIn
from pooling.outbox.mail import FICTIONAL, Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.reminders.kinds import Context, CopiedMail
from pooling.web.typography import date_time_long, deadline_words, of_name, plural, price

RECEIPTS = Allowance("declaration-receipts", "Receipts of declarations", "a person", 100, DAY, __name__)
occasion(
    RECEIPT,
    asked_by="a référent, who files a declaration",
    to="that référent, and the member's other référents and finance officers who do not do without",
    limit=f"{RECEIPTS}; further declarations are filed without one",
    where=__name__,
)
COPIES = CopiedMail(
    RECEIPT,
    "Déclaration déposée par un collègue",
    "Les référents et les agents des finances du membre : ce qui vient d’être déposé en son nom.",
)


async def send_receipt(
    session: AsyncSession,
    to: SignedIn | Holder,
    context: Context,
    command: DeclarationIn,
    filed: Admitted,
) -> None:
    """Queues the receipt of what this transaction files, to whoever files it and to the others of the member."""
    now, purchase, member = filed.at, filed.purchase, filed.member
    try:
        await RECEIPTS.count_here(session, to.person_id, at=now)
    except TooMany:
        return
    own, others = _words(to.name or to.email, command, filed, context)
    facts = tuple(_facts(command, filed))
    of_member = of_name(member.name)

    def mail(person_id: int, email: str, why: str, unsubscribe_url: str | None = None) -> Mail:
        return Mail(
            kind=RECEIPT,
            recipient=email,
            person_id=person_id,
            subject=f"Pas de besoin pour {member.name} : {purchase.title}"
            if command.wants_nothing
            else f"Déclaration {of_member} déposée : {purchase.title}",
            why=why,
            button=Button(
                "Voir la déclaration",
                f"{base_url_of(session)}/g/{context.slug}/achats/{purchase.reference}/besoins/{member.code}",
            ),
            facts=facts,
            notice=FICTIONAL if context.fictional else None,
            thread=f"purchase-{purchase.id}",
            unsubscribe_url=unsubscribe_url,
        )

    copies = [mail(who, email, others, context.refusal_url(RECEIPT, key)) for who, email, key in filed.readers]
    await queue_mails(session, [mail(to.person_id, to.email, own), *copies], now)


def _words(by: str, command: DeclarationIn, filed: Admitted, context: Context) -> tuple[str, str]:
    """The first line for whoever filed, and for the others of the member."""
    member = filed.member
    until = deadline_words(filed.closes_at, filed.at, context.zone)
    moment = date_time_long(filed.at, context.zone, with_year=True)
    if command.wants_nothing:
        answered = f"le {moment} que {member.name} n’a pas de besoin"
        return (
            f"Vous avez répondu {answered} : vous pouvez revenir sur cette réponse {until}.",
            f"{by} a répondu {answered} : cette réponse peut changer {until}.",
        )
    did = f"déposé la déclaration {of_name(member.name)} le {moment}"
    return (
        f"Vous avez {did} : vérifiez-la, vous pouvez la modifier {until}.",
        f"{by} a {did} : elle peut être modifiée {until}.",
    )


def _facts(command: DeclarationIn, filed: Admitted) -> Iterator[Fact]:
    """The purchase, each line with what is said of it, the total, what is told to the buyer."""
    yield Fact("Achat", f"{filed.purchase.title} ({filed.purchase.reference})")
    needs = {need.item_id: need for need in command.needs if need.most}
    said = {detail.item_id: detail for detail in command.details}
    total = Decimal(0)
    for item in filed.items:
        need, detail = needs.get(item.id), said.get(item.id)
        lines = []
        if need is not None:
            up_to = f", jusqu’à {plural(need.most, item.unit)}" if need.most > need.quantity else ""
            lines.append(plural(need.quantity, item.unit) + up_to)
            total += need.quantity * item.unit_price
        if detail is not None:
            budget = filed.budgets.get(detail.budget_id or 0, "")
            lines += [detail.note, f"budget {budget}" if budget else ""]
            lines.append(f"engagement {detail.engagement}" if detail.engagement else "")
        if lines:
            yield Fact(item.name, "\n".join(filter(None, lines)))
    if needs:
        yield Fact("Total au prix indicatif, hors taxes", price(total))
    else:
        yield Fact("Besoins", "Pas de besoin")
    if command.comment:
        yield Fact("Précisions pour l’acheteur", command.comment)
