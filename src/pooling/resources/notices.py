"""What is mailed about lendings: to the référents of the member that offers, or of the one that asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from pooling.accounts.models import Person
from pooling.accounts.throttle import DAY, Allowance
from pooling.kernel.database import base_url_of, group_of
from pooling.kernel.tables import any_of, linked
from pooling.members.models import Group, Member, Membership, Role
from pooling.outbox.mail import FICTIONAL, Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.resources.models import Lending, LendingState, Resource
from pooling.resources.rules import Span
from pooling.resources.words import price_words, span_words, units_words
from pooling.sites.models import Site
from pooling.web.typography import date_long, of_name

MAILS = Allowance(
    "resource-mails", "Requests for resources, answers and ends that the other member is told of", "a person", 100, DAY,
    __name__,
)  # fmt: skip
NOTICE = occasion(
    "resource_notice",
    asked_by="a référent, who asks for a resource, answers, takes back or ends",
    to="the référents of the other member; where it has none, the facilitators",
    limit=f"{MAILS}; withdrawing a resource tells whoever waits, a member that leaves those it had to do with",
    where=__name__,
)


@dataclass(frozen=True)
class _Told:
    """Somebody to tell of a lending, and what of."""

    person_id: int
    email: str
    lending: Lending
    resource: Resource
    owner: str
    borrower: str
    place: str

    @property
    def what(self) -> str:
        return f"{units_words(self.resource.kind, self.lending.units)}, {self.resource.title}"

    @property
    def when(self) -> str:
        return span_words(Span(self.lending.first_day, self.lending.last_day, self.lending.days))


@dataclass(frozen=True)
class _Words:
    subject: str
    why: str
    button: str


async def tell_asked(session: AsyncSession, lending_id: int, now: datetime) -> None:
    """Those who answer."""
    await _tell(session, [lending_id], now, _asked, owner=True)


async def tell_answered(session: AsyncSession, lendings: Sequence[int], now: datetime) -> None:
    """Those who asked."""
    await _tell(session, lendings, now, _answered, owner=False)


async def tell_taken_back(session: AsyncSession, lendings: Sequence[int], now: datetime) -> None:
    """Those who would have answered."""
    await _tell(session, lendings, now, _taken_back, owner=True)


async def tell_ended(session: AsyncSession, lendings: Sequence[int], now: datetime) -> None:
    """Both sides: whoever ends it has it in writing too."""
    await _tell(session, lendings, now, _ended, owner=True)
    await _tell(session, lendings, now, _ended, owner=False)


def _asked(told: _Told) -> _Words:
    return _Words(
        f"{told.borrower} demande {told.what}",
        f"{told.borrower} demande {told.what}, que propose {told.owner} : répondez avant le "
        f"{date_long(told.lending.first_day)}.",
        "Répondre à la demande",
    )


def _answered(told: _Told) -> _Words:
    if told.lending.state == LendingState.AGREED:
        return _Words(
            f"Accordé : {told.what}",
            f"{told.owner} accorde à {told.borrower} ce qui était demandé : {told.what}. Vous n’avez rien à faire.",
            "Voir l’accord",
        )
    return _Words(
        f"Refusé : {told.what}",
        f"{told.owner} ne peut pas prêter à {told.borrower} ce qui était demandé : {told.what}.",
        "Voir la réponse",
    )


def _taken_back(told: _Told) -> _Words:
    return _Words(
        f"Demande retirée : {told.what}",
        f"{told.borrower} ne demande plus {told.what} : vous n’avez plus à répondre.",
        "Voir la demande",
    )


def _ended(told: _Told) -> _Words:
    last = told.lending.ends_on
    until = "n’aura pas lieu" if last < told.lending.first_day else f"se termine le {date_long(last)}"
    return _Words(
        f"Accord interrompu : {told.what}",
        f"Ce que {told.owner} prête à {told.borrower} {until}, avant la date prévue.",
        "Voir l’accord",
    )


async def _tell(
    session: AsyncSession,
    lendings: Sequence[int],
    now: datetime,
    write: Callable[[_Told], _Words],
    *,
    owner: bool,
) -> None:
    """In a fixed number of statements, whatever their number."""
    if not lendings:
        return
    group = await session.get(Group, group_of(session))
    assert group is not None, "the transaction was opened for it"
    base = f"{base_url_of(session)}/g/{group.slug}/ressources/demandes"
    await queue_mails(
        session,
        [
            _mail(told, write(told), f"{base}/{told.lending.id}", fictional=group.fictional)
            for told in await _readers(session, lendings, owner=owner)
        ],
        now,
    )


def _mail(told: _Told, words: _Words, url: str, *, fictional: bool) -> Mail:
    lending = told.lending
    facts = (
        Fact("Ressource", f"{told.resource.title} – {told.place}"),
        Fact("Proposée par", told.owner),
        Fact("Demandée par", told.borrower),
        Fact("Quand", told.when),
        Fact("Pour quoi", lending.purpose),
        Fact("Prix", price_words(lending.price_cents)),
    )
    return Mail(
        kind=NOTICE,
        recipient=told.email,
        person_id=told.person_id,
        subject=words.subject,
        why=words.why,
        paragraphs=(f"Raison donnée : {lending.reason}",) if lending.reason else (),
        button=Button(words.button, url),
        facts=tuple(fact for fact in facts if fact.value),
        contact=f"Les référents {of_name(told.borrower)} et {of_name(told.owner)} sont sur les pages de ces membres.",
        notice=FICTIONAL if fictional else None,
        thread=f"lending-{lending.id}",
    )


async def _readers(session: AsyncSession, lendings: Sequence[int], *, owner: bool) -> list[_Told]:
    """The référents of this side; the facilitators where it has none."""
    lender, borrower, held = aliased(Member), aliased(Member), aliased(Membership)
    side = Resource.member_id if owner else Lending.member_id
    has_referent = (
        select(col(held.id))
        .where(linked(held.member_id, side), col(held.role) == Role.REFERENT, col(held.ended_at).is_(None))
        .exists()
    )
    referent = and_(linked(Membership.member_id, side), col(Membership.role) == Role.REFERENT)
    facilitator = and_(col(Membership.role) == Role.FACILITATOR, ~has_referent)
    rows = await session.execute(
        select(
            col(Person.id),
            col(Person.email),
            Lending,
            Resource,
            col(lender.name),
            col(borrower.name),
            case((col(Site.city) == "", col(Site.name)), else_=col(Site.name) + ", " + col(Site.city)),
        )
        .select_from(Lending)
        .join(Resource, linked(Resource.id, Lending.resource_id))
        .join(Site, linked(Site.id, Resource.site_id))
        .join(lender, linked(lender.id, Resource.member_id))
        .join(borrower, linked(borrower.id, Lending.member_id))
        .join(Membership, and_(or_(referent, facilitator), col(Membership.ended_at).is_(None)))
        .join(Person, col(Person.id) == Membership.person_id)
        .where(any_of(col(Lending.id), lendings), col(Person.purged_at).is_(None))
        .order_by(col(Lending.id), col(Person.id))
    )
    return [_Told(*row) for row in rows]
