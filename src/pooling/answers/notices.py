"""What is mailed about answers: a receipt to whoever answers, a notice to référents of a member answered for."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import SignedIn
from pooling.accounts.throttle import TooMany
from pooling.accounts.tokens import Holder
from pooling.answers.schemas import AnswerIn
from pooling.answers.words import in_words
from pooling.kernel.database import base_url_of
from pooling.members.models import Member
from pooling.needs.notices import Notice, Referent
from pooling.needs.receipts import RECEIPTS
from pooling.outbox.mail import FICTIONAL, Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.purchases.models import Purchase
from pooling.reminders.kinds import Context
from pooling.web.typography import date_time_long, deadline_words, of_name

ANSWER = occasion(
    "answer_receipt",
    asked_by="a référent, who says whether its member takes part",
    to="that référent",
    limit=f"{RECEIPTS}; further answers are kept without one",
    where=__name__,
)


def answered_for(author: str, asked_by: str, command: AnswerIn) -> Callable[[Notice, Referent], Mail]:
    """What was answered in the name of a member that telephoned."""

    def write(notice: Notice, to: Referent) -> Mail:
        return notice.mail(
            to,
            f"Réponse donnée pour {to.member} : {notice.purchase.title}",
            f"{author} a répondu pour {to.member} à la demande de {asked_by}, par téléphone : vérifiez-le, vous pouvez "
            f"changer cette réponse {notice.until}.",
            "Voir la réponse",
            Réponse=in_words(command.takes_part, command.agents),
        )

    return write


async def send_receipt(
    session: AsyncSession,
    to: SignedIn | Holder,
    context: Context,
    purchase: Purchase,
    member: Member,
    command: AnswerIn,
    *,
    at: datetime,
    closes_at: datetime,
) -> None:
    """Queues the receipt of what this transaction answers, to whoever answers."""
    try:
        await RECEIPTS.count_here(session, to.person_id, at=at)
    except TooMany:
        return
    until = deadline_words(closes_at, at, context.zone)
    page = f"{base_url_of(session)}/g/{context.slug}/achats/{purchase.reference}/participation/{member.code}"
    comment = [Fact("Précisions pour l’acheteur", command.comment)] if command.comment else []
    mail = Mail(
        kind=ANSWER,
        recipient=to.email,
        person_id=to.person_id,
        subject=f"Réponse {of_name(member.name)} enregistrée : {purchase.title}",
        why=f"Vous avez répondu pour {member.name} le {date_time_long(at, context.zone, with_year=True)} : "
        f"vérifiez-le, vous pouvez changer cette réponse {until}.",
        button=Button("Voir la réponse", page),
        facts=(
            Fact("Achat", f"{purchase.title} ({purchase.reference})"),
            Fact("Réponse", in_words(command.takes_part, command.agents)),
            *comment,
        ),
        notice=FICTIONAL if context.fictional else None,
        thread=f"purchase-{purchase.id}",
    )
    await queue_mails(session, [mail], at)
