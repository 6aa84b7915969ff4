"""What référents are told at once, by mail: a round opens, its date moves, it closes early or is given up.

All of those who may vote are written to, whether or not they have: whom a mail reaches tells nothing of the ballots.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.throttle import DAY, Allowance
from pooling.kernel.database import base_url_of, group_of
from pooling.kernel.tables import linked
from pooling.members.models import Group, Member, Membership, Role
from pooling.outbox.mail import FICTIONAL, Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.rounds.models import Round, RoundVoter
from pooling.web.typography import deadline_words, of_name, plural

NOTICES = Allowance("round-notices", "Acts on a round that référents are told of", "a round", 50, DAY, __name__)
NOTICE = occasion(
    "round_notice",
    asked_by="a facilitator, who opens a round, moves its date, closes it early or gives it up",
    to="the référents of the members that may vote",
    limit=str(NOTICES),
    where=__name__,
)


@dataclass(frozen=True)
class Referent:
    """Somebody to tell, once whatever the number of its members."""

    person_id: int
    email: str
    member: str
    """The first of its members by name."""
    members: int

    @property
    def votes_for(self) -> str:
        others = f" et {plural(self.members - 1, 'autre membre', 'autres membres')}" if self.members > 1 else ""
        return f"{of_name(self.member)}{others}"


@dataclass(frozen=True)
class Notice:
    found: Round
    group: Group
    url: str
    now: datetime
    closes_at: datetime | None = None
    reason: str = ""

    @property
    def until(self) -> str:
        assert self.closes_at is not None, "it is open"
        return deadline_words(self.closes_at, self.now, self.group.zone)

    def mail(self, to: Referent, subject: str, why: str, button: str) -> Mail:
        facts = [Fact("Tour", f"{self.found.title} ({self.found.reference})")]
        if self.closes_at is not None:
            facts.append(Fact("Clôture", self.until))
        return Mail(
            kind=NOTICE,
            recipient=to.email,
            person_id=to.person_id,
            subject=f"{subject} : {self.found.title}",
            why=why,
            paragraphs=(f"Raison donnée : {self.reason}",) if self.reason else (),
            button=Button(button, self.url),
            facts=tuple(facts),
            notice=FICTIONAL if self.group.fictional else None,
            thread=f"round-{self.found.id}",
        )


async def tell_referents(
    session: AsyncSession,
    found: Round,
    now: datetime,
    write: Callable[[Notice, Referent], Mail],
    *,
    closes_at: datetime | None = None,
    reason: str = "",
) -> int:
    """Queues a mail for everybody who votes for a member; returns how many.

    Raises:
        TooMany: they were told of too many acts on this round today.
    """
    await NOTICES.count_here(session, found.id, at=now)
    group = await session.get(Group, group_of(session))
    assert group is not None, "the transaction was opened for it"
    url = f"{base_url_of(session)}/g/{group.slug}/actions/tours/{found.reference}"
    notice = Notice(found, group, url, now, closes_at, reason)
    rows = await session.execute(
        select(
            col(Person.id),
            col(Person.email),
            func.min(col(Member.name)),
            func.count(),
        )
        .select_from(RoundVoter)
        .join(Member, linked(Member.id, RoundVoter.member_id))
        .join(
            Membership,
            and_(
                linked(Membership.member_id, RoundVoter.member_id),
                col(Membership.role) == Role.REFERENT,
                col(Membership.ended_at).is_(None),
            ),
        )
        .join(Person, col(Person.id) == Membership.person_id)
        .where(col(RoundVoter.round_id) == found.id, col(Person.purged_at).is_(None))
        .group_by(col(Person.id), col(Person.email))
        .order_by(col(Person.id))
    )
    referents = [Referent(*row) for row in rows]
    await queue_mails(session, (write(notice, referent) for referent in referents), now)
    return len(referents)


def opened(notice: Notice, to: Referent) -> Mail:
    return notice.mail(
        to,
        f"Votez {notice.until}",
        f"Le groupe classe ses prochaines actions : votez au nom {to.votes_for}, {notice.until}.",
        "Voter",
    )


def extended(notice: Notice, to: Referent) -> Mail:
    return notice.mail(
        to,
        f"Nouvelle date pour voter, {notice.until}",
        f"La date pour voter au nom {to.votes_for} a changé : vous pouvez voter ou corriger votre bulletin "
        f"{notice.until}.",
        "Voir le tour",
    )


def closed_early(notice: Notice, to: Referent) -> Mail:
    return notice.mail(
        to,
        "Vote clos avant la date",
        f"Le vote est clos avant la date annoncée : le bulletin {to.votes_for} ne change plus. "
        "Le résultat est en ligne.",
        "Voir le résultat",
    )


def cancelled(notice: Notice, to: Referent) -> Mail:
    return notice.mail(
        to,
        "Tour abandonné",
        "Ce tour de priorisation est abandonné : vous n’avez plus à voter.",
        "Voir le tour",
    )
