"""A mail to oneself, to see whether mails arrive."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.throttle import HOUR, Allowance
from pooling.members.rights import Caller, Right
from pooling.outbox.mail import Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails

TRIALS = Allowance("mail-trials", "Trial mails", "a facilitator", 10, HOUR, __name__)
TRIAL_MAIL = occasion(
    "mail_trial",
    asked_by="a facilitator: « M’envoyer un courriel d’essai »",
    to="the facilitator who asks",
    limit=str(TRIALS),
    where=__name__,
)


async def queue_trial(session: AsyncSession, caller: Caller, email: str, now: datetime) -> None:
    """Writes down a mail to the caller's own address.

    Raises:
        Forbidden: the caller does not look after the group's mails.
        TooMany: the caller asked for too many in an hour.
    """
    caller.require(Right.MANAGE_REMINDERS)
    await TRIALS.count_here(session, caller.person_id, at=now)
    mail = Mail(
        kind=TRIAL_MAIL,
        recipient=email,
        person_id=caller.person_id,
        subject="Courriel d’essai",
        why="Vous avez demandé ce courriel pour vérifier que l’envoi fonctionne : vous n’avez rien à faire.",
        urgent=True,
    )
    await queue_mails(session, [mail], now)
