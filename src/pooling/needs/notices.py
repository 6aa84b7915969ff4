"""What référents are told at once, by mail: a collection opens, moves or closes, an amendment changes their units."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.throttle import DAY, Allowance
from pooling.kernel.database import base_url_of, group_of
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Group, Member, Membership
from pooling.needs.asked import Asked, asked_of
from pooling.needs.reminder_queries import referent_of_participant
from pooling.outbox.mail import FICTIONAL, Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.asking import Asking
from pooling.purchases.kinds.steps import Step
from pooling.purchases.models import Participation, Purchase
from pooling.web.typography import date_time_long, deadline_words, of_name

Lines = Mapping[str, tuple[str, str]]
"""By item name, what was and what is."""

NOTICES = Allowance(
    "needs-notices", "Acts on a collection that référents are told of", "a purchase", 300, DAY, __name__
)
NOTICE = occasion(
    "needs_notice",
    asked_by="a lead buyer, who opens, extends, closes early, reopens or cancels a collection, amends or shares out; "
    "a lead buyer or a facilitator, who files for a member that telephoned",
    to="the référents of the members concerned",
    limit=str(NOTICES),
    where=__name__,
)


@dataclass(frozen=True)
class Referent:
    """Somebody to tell, about one member."""

    person_id: int
    email: str
    member_id: int
    member_code: str
    member: str


@dataclass(frozen=True)
class Notice:
    """What a notice is written from."""

    purchase: Purchase
    group: Group
    base_url: str
    """Without a slash at its end."""
    now: datetime
    asked: Asked
    closes_at: datetime | None = None
    """Until when its declarations may be changed."""
    reason: str = ""
    """Why, as the lead buyer wrote it."""

    @property
    def zone(self) -> ZoneInfo:
        return self.group.zone

    @property
    def title(self) -> str:
        return f"{self.purchase.title} ({self.purchase.reference})"

    def url(self, path: str = "") -> str:
        return f"{self.base_url}/g/{self.group.slug}/achats/{self.purchase.reference}{path}"

    @property
    def asking(self) -> Asking | None:
        """What is asked of members; None: nothing is of a purchase of this kind."""
        return kind_of(self.purchase.kind).asking

    @property
    def answer(self) -> str:
        """What a member files: « déclaration »."""
        return self.asking.answer if self.asking else ""

    def said(self, words: str, to: Referent) -> str:
        """Words of the purchase's kind, about this member."""
        return words.format(member=to.member, of_member=of_name(to.member), until=self.until)

    @cached_property
    def _asked(self) -> tuple[Fact, ...]:
        return self.asked.facts(self.title)

    @cached_property
    def until(self) -> str:
        return deadline_words(self.closes_at, self.now, self.zone) if self.closes_at else ""

    def mail(self, to: Referent, subject: str, why: str, button: str, path: str | None = None, /, **facts: str) -> Mail:
        """A mail about this member's declaration, which its button leads to, or to another page of the purchase; in
        the frame that all notices share.
        """
        if path is None:
            path = f"{self.asking.section}/{to.member_code}" if self.asking else ""
        return Mail(
            kind=NOTICE,
            recipient=to.email,
            person_id=to.person_id,
            subject=subject,
            why=why,
            paragraphs=(f"Raison donnée : {self.reason}",) if self.reason else (),
            button=Button(button, self.url(path)),
            facts=(*self._asked, *(Fact(label, value) for label, value in facts.items())),
            reply_to=self.asked.buyers,
            notice=FICTIONAL if self.group.fictional else None,
            thread=f"purchase-{self.purchase.id}",
        )


async def tell_referents(
    session: AsyncSession,
    purchase: Purchase,
    now: datetime,
    write: Callable[[Notice, Referent], Mail],
    *,
    closes_at: datetime | None = None,
    reason: str = "",
    members: Sequence[int] | None = None,
) -> int:
    """Queues a mail for every référent of those who take part (or of these members); returns how many.

    Raises:
        TooMany: they were told of too many acts on this purchase today.
    """
    await NOTICES.count_here(session, purchase.id, at=now)
    group = await session.get(Group, group_of(session))
    assert group is not None, "the transaction was opened for it"
    asked = (await asked_of(session, [purchase.id]))[purchase.id]
    notice = Notice(purchase, group, base_url_of(session), now, asked, closes_at, reason)
    referents = await _referents(session, purchase.id, members)
    await queue_mails(session, (write(notice, referent) for referent in referents), now)
    return len(referents)


async def _referents(session: AsyncSession, purchase_id: int, members: Sequence[int] | None) -> list[Referent]:
    statement = (
        select(col(Person.id), col(Person.email), col(Member.id), col(Member.code), col(Member.name))
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .join(Membership, referent_of_participant())
        .join(Person, col(Person.id) == Membership.person_id)
        .where(col(Participation.purchase_id) == purchase_id, col(Person.purged_at).is_(None))
        .order_by(col(Member.sort_key), col(Person.id))
    )
    if members is not None:
        statement = statement.where(any_of(col(Member.id), members))
    return [Referent(*row) for row in await session.execute(statement)]


def opened(notice: Notice, to: Referent) -> Mail:
    asking = notice.asking
    assert asking is not None, "it has opened"
    return notice.mail(
        to,
        f"{notice.said(asking.invites, to)} : {notice.purchase.title}",
        f"Vous êtes référent {of_name(to.member)} : {notice.said(asking.asks, to)}",
        asking.act,
    )


def extended(notice: Notice, to: Referent) -> Mail:
    return notice.mail(
        to,
        f"Nouvelle date pour répondre, {notice.until} : {notice.purchase.title}",
        f"La date pour répondre a changé : déposez la {notice.answer} {of_name(to.member)} {notice.until}.",
        f"Voir la {notice.answer}",
    )


def filed_for(author: str, asked_by: str, lines: Mapping[str, str]) -> Callable[[Notice, Referent], Mail]:
    """By item name, what was filed in the name of a member that telephoned."""

    def write(notice: Notice, to: Referent) -> Mail:
        return notice.mail(
            to,
            f"Déclaration déposée pour {to.member} : {notice.purchase.title}",
            f"{author} a déposé la déclaration {of_name(to.member)} à la demande de {asked_by}, par téléphone : "
            f"vérifiez-la, vous pouvez la modifier {notice.until}.",
            "Voir la déclaration",
            **(lines or {"Déclaré": "pas de besoin"}),
        )

    return write


def closed_early(notice: Notice, to: Referent) -> Mail:
    return notice.mail(
        to,
        f"Collecte close avant la date : {notice.purchase.title}",
        f"La collecte est close depuis {date_time_long(notice.now, notice.zone)}, avant la date annoncée. "
        f"La {notice.answer} {of_name(to.member)} ne peut plus être modifiée ; en cas de besoin, "
        "adressez-vous à l’acheteur pilote.",
        f"Voir la {notice.answer}",
    )


def reopened(notice: Notice, to: Referent) -> Mail:
    return notice.mail(
        to,
        f"Collecte rouverte, {notice.until} : {notice.purchase.title}",
        f"Vous pouvez de nouveau modifier la {notice.answer} {of_name(to.member)}, {notice.until}.",
        f"Modifier la {notice.answer}",
    )


def cancelled(notice: Notice, to: Referent) -> Mail:
    unasked = f" : {notice.said(notice.asking.unasked, to)}" if notice.asking else ""
    return notice.mail(
        to,
        f"Achat annulé : {notice.purchase.title}",
        f"Cet achat groupé est annulé{unasked}. Vous n’avez rien à faire.",
        "Voir l’achat",
    )


def stepped(step: Step) -> Callable[[Notice, Referent], Mail]:
    """That the purchase has come so far, in the words of its kind."""

    def write(notice: Notice, to: Referent) -> Mail:
        subject = f"{step.subject} : {notice.purchase.title}"
        return notice.mail(to, subject, notice.said(step.tells, to), step.button, step.path)

    return write


def reassigned(units: Mapping[int, Lines] | None, declared: Mapping[int, Lines]) -> Callable[[Notice, Referent], Mail]:
    """By member id: what changes in the units assigned (None: nothing is assigned yet), and in the declarations that
    the lead buyer amended.
    """

    def write(notice: Notice, to: Referent) -> Mail:
        assigned = (units or {}).get(to.member_id, {})
        if to.member_id not in declared:
            return notice.mail(
                to,
                f"Quantités modifiées pour {to.member} : {notice.purchase.title}",
                "La consolidation de cet achat a été modifiée : voici les quantités "
                f"{of_name(to.member)} qui changent. Vous n’avez rien à faire si elles vous conviennent.",
                "Voir la déclaration",
                **_in_words(assigned),
            )
        amended = _in_words(declared[to.member_id], ", déclaré") or {"Déclaré": "pas de besoin"}
        unmoved = {"Unités attribuées": "inchangées"} if units is not None and not assigned else {}
        return notice.mail(
            to,
            f"Déclaration modifiée pour {to.member} : {notice.purchase.title}",
            f"L’acheteur pilote a modifié la déclaration {of_name(to.member)} après la clôture : voici ce qui change. "
            "Vous n’avez rien à faire si cela vous convient.",
            "Voir la déclaration",
            **amended,
            **_in_words(assigned, ", attribué"),
            **unmoved,
        )

    return write


def adjusted(lines: Mapping[int, Lines]) -> Callable[[Notice, Referent], Mail]:
    """By member id: what changes in what it takes and at what it is paid, after the order left."""

    def write(notice: Notice, to: Referent) -> Mail:
        return notice.mail(
            to,
            f"Quantités ou prix ajustés pour {to.member} : {notice.purchase.title}",
            f"Ce qui est attribué dans cet achat est ajusté à ce que chacun prend vraiment : voici ce qui change pour "
            f"{to.member}. Sa part suit.",
            "Voir la déclaration",
            **_in_words(lines.get(to.member_id, {})),
        )

    return write


def _in_words(lines: Lines, what: str = "") -> dict[str, str]:
    return {f"{item}{what}": f"{now} au lieu de {former}" for item, (former, now) in lines.items()}
