"""Suppliers are asked for their quotes until a date, and answer on a page of their own behind a mailed link. What they
offer there is sealed: until that date nobody sees it, nor that it is there.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.accounts.throttle import DAY, Allowance
from pooling.kernel.clock import Clock
from pooling.kernel.database import base_url_of, group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid, enumerated
from pooling.kernel.events import record_event
from pooling.kernel.limits import limit
from pooling.kernel.tables import any_of, linked
from pooling.kernel.text import clean
from pooling.members.mails import Sender
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.outbox.mail import Button, Fact, Mail
from pooling.outbox.occasions import occasion
from pooling.outbox.queueing import queue_mails
from pooling.purchases.models import Purchase
from pooling.purchases.queries import purchase_items
from pooling.quotes.keeping import MOST_QUOTES, lock_comparing
from pooling.quotes.keys import hashed, hashed_code
from pooling.quotes.models import Consultation, Quote, QuoteKey, QuoteRequest
from pooling.quotes.queries import is_in
from pooling.reminders.kinds import Context
from pooling.suppliers.models import Supplier
from pooling.web.typography import date_time_long

READABLE = limit(timedelta(days=30), "After the date for offers, a supplier reads its own for", __name__)
LONGEST_WAIT = timedelta(days=400)
ASKS = Allowance("quote-asks", "Mails that ask suppliers for quotes", "a person", 200, DAY, __name__)
ASKED = occasion(
    "quotes.asked",
    asked_by="a lead buyer of the purchase",
    to="the supplier’s address for orders",
    limit=f"{ASKS}",
    where=__name__,
)


_ANSWERED = "Si vous avez déjà répondu, il n’y a rien à faire."


class AskIn(BaseModel):
    """Whom to ask, for the purchase or one lot, until when, in which words."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    suppliers: tuple[int, ...] = Field(default=(), max_length=MOST_QUOTES)
    lot: int | None = Field(default=None, ge=1, le=99)
    offers_until: datetime
    message: str = Field(default="", max_length=2_000)


@dataclass(frozen=True)
class Asked:
    """A supplier that was asked; not whether it answered."""

    id: int
    supplier_id: int
    supplier: str
    email: str
    lot: int | None
    asked_at: datetime


async def consultation_of(session: AsyncSession, purchase_id: int) -> Consultation | None:
    return await session.get(Consultation, (group_of(session), purchase_id), populate_existing=True)


async def asked_of(session: AsyncSession, purchase_id: int) -> list[Asked]:
    """In French order."""
    rows = await session.execute(
        select(
            col(QuoteRequest.id),
            col(Supplier.id),
            col(Supplier.name),
            col(QuoteRequest.email),
            col(QuoteRequest.lot),
            col(QuoteRequest.asked_at),
        )
        .select_from(QuoteRequest)
        .join(Supplier, linked(Supplier.id, QuoteRequest.supplier_id))
        .where(col(QuoteRequest.purchase_id) == purchase_id)
        .order_by(col(Supplier.sort_key), col(QuoteRequest.id))
    )
    return [Asked(*row) for row in rows]


async def awaited_until(session: AsyncSession, purchase_id: int, now: datetime) -> datetime | None:
    """Until when suppliers may still answer; None: they may not, or nobody was asked."""
    consultation = await consultation_of(session, purchase_id)
    return consultation.offers_until if consultation and now < consultation.offers_until else None


async def ask_quotes(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: AskIn,
    sender: Sender,
    context: Context,
    clock: Clock,
) -> int:
    """Mails a link and a code to each of these suppliers; one that was asked before gets others. A later date than the
    one that was said is told to all that were asked. Returns how many mails leave.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_comparing`; the date that was said is past.
        Invalid: the date is past or earlier than the one that was said, a supplier is unknown or has no address, nobody
            is asked.
        TooMany: more mails in a day than one may send.
    """
    purchase = await lock_comparing(session, caller, purchase_id)
    now = await clock.at_database(session)
    consultation = await consultation_of(session, purchase_id)
    former = consultation.offers_until if consultation else None
    _check_date(command.offers_until, former, now)
    suppliers = await _suppliers(session, command.suppliers)
    await _require_lot(session, purchase_id, command.lot)
    consultation = await _keep_consultation(session, purchase_id, consultation, command)
    known = {(one.supplier_id, one.lot): one for one in await asked_of(session, purchase_id)}
    if len(known) + len(suppliers) > MOST_QUOTES:
        raise Invalid({"suppliers": f"Demandez {MOST_QUOTES} devis au plus."})
    unknown = [supplier for supplier in suppliers if (supplier.id, command.lot) not in known]
    await _keep_requests(session, caller, purchase_id, unknown, command.lot, now)
    put_off_from = former if former != command.offers_until else None
    if put_off_from:
        await _seal_until(session, purchase_id, command.offers_until)
    wanted = {(supplier.id, command.lot) for supplier in suppliers}
    asked = await asked_of(session, purchase_id)
    told = [one for one in asked if put_off_from or (one.supplier_id, one.lot) in wanted]
    if not told:
        raise Invalid({"suppliers": "Choisissez au moins un fournisseur."})
    put_off = [_put_off(put_off_from, context)] if put_off_from else []
    news = {one.id: (*put_off, _ANSWERED) for one in known.values()}
    await _mail(session, caller, purchase, consultation, told, sender, context, now, news)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="quote.asked",
        details={
            "changed": {
                "fournisseurs": [None, enumerated([one.supplier for one in told])],
                "réponses jusqu’au": [
                    date_time_long(put_off_from, context.zone) if put_off_from else None,
                    date_time_long(command.offers_until, context.zone),
                ],
            }
        },
    )
    return len(told)


def _check_date(until: datetime, former: datetime | None, now: datetime) -> None:
    if former is not None and former <= now:
        raise Conflict("La date des offres est passée\u00a0: ce qui a été reçu est ouvert.", code="offers_opened")
    if until <= now:
        raise Invalid({"offers_until": "Choisissez une date à venir."})
    if former is not None and until < former:
        raise Invalid({"offers_until": "Cette date a été dite aux fournisseurs\u00a0: elle ne peut qu’être repoussée."})
    if until > now + LONGEST_WAIT:
        raise Invalid({"offers_until": "Choisissez une date à moins d’un an."})


async def _require_lot(session: AsyncSession, purchase_id: int, lot: int | None) -> None:
    if lot is not None and not any(is_in(item, lot) for item in await purchase_items(session, purchase_id)):
        raise Invalid({"lot": "Cet achat n’a pas d’article dans ce lot."})


async def _keep_consultation(
    session: AsyncSession, purchase_id: int, consultation: Consultation | None, command: AskIn
) -> Consultation:
    """Until when suppliers may answer, and what they are told."""
    if consultation is None:
        consultation = Consultation(
            group_id=group_of(session), purchase_id=purchase_id, offers_until=command.offers_until
        )
    consultation.offers_until, consultation.message = command.offers_until, clean(command.message)
    session.add(consultation)
    await session.flush()
    return consultation


async def _keep_requests(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    suppliers: Sequence[Supplier],
    lot: int | None,
    now: datetime,
) -> None:
    rows = [
        {
            "purchase_id": purchase_id,
            "supplier_id": supplier.id,
            "lot": lot,
            "email": supplier.order_email,
            "asked_at": now,
            "asked_by": caller.person_id,
        }
        for supplier in suppliers
    ]
    await insert_many(session, QuoteRequest, rows)


async def _seal_until(session: AsyncSession, purchase_id: int, until: datetime) -> None:
    """What was offered already stays sealed as long as the others may answer."""
    await session.execute(
        update(Quote)
        .where(col(Quote.purchase_id) == purchase_id, col(Quote.sealed_until).is_not(None))
        .values(sealed_until=until)
    )


def _put_off(former: datetime, context: Context) -> str:
    return f"La réponse était attendue le {date_time_long(former, context.zone)} : la date est repoussée."


async def _suppliers(session: AsyncSession, ids: Sequence[int]) -> list[Supplier]:
    rows = await session.execute(
        select(Supplier).where(any_of(col(Supplier.id), sorted(set(ids))), col(Supplier.archived_at).is_(None))
    )
    found = list(rows.scalars())
    if len(found) < len(set(ids)):
        raise Invalid({"suppliers": "Choisissez des fournisseurs du groupe."})
    if without := [one.name for one in found if not one.order_email]:
        raise Invalid({"suppliers": f"Sans adresse électronique, complétez leur fiche\u00a0: {enumerated(without)}."})
    return found


async def remind_asked(
    session: AsyncSession, caller: Caller, purchase_id: int, sender: Sender, context: Context, clock: Clock
) -> int:
    """Mails the date again to all that were asked, whether or not they answered: whom a reminder leaves out would be
    known to have answered. Returns how many.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_comparing`; nobody was asked, or the date is past.
        TooMany: more mails in a day than one may send.
    """
    purchase = await lock_comparing(session, caller, purchase_id)
    now = await clock.at_database(session)
    consultation, told = await consultation_of(session, purchase_id), await asked_of(session, purchase_id)
    if consultation is None or not told or consultation.offers_until <= now:
        raise Conflict("Personne n’est attendu\u00a0: il n’y a rien à rappeler.", code="offers_opened")
    consultation.reminded_at = now
    news = {one.id: (_ANSWERED,) for one in told}
    await _mail(session, caller, purchase, consultation, told, sender, context, now, news)
    record_event(session, at=now, person_id=caller.person_id, subject=("purchase", purchase_id), name="quote.reminded")
    return len(told)


async def _mail(
    session: AsyncSession,
    caller: Caller,
    purchase: Purchase,
    consultation: Consultation,
    told: Sequence[Asked],
    sender: Sender,
    context: Context,
    now: datetime,
    news: Mapping[int, Sequence[str]],
) -> None:
    """A new key for each: the ones before go on, in the browsers that they were opened in too. Who was asked before is
    reminded of it, and told these `news`.
    """
    await ASKS.count_here(session, caller.person_id, at=now, times=len(told))
    lead = await session.get_one(Member, (group_of(session), purchase.lead_member_id))
    keys, mails = [], []
    for one in told:
        token, code = secrets.token_urlsafe(32), f"{secrets.randbelow(10**8):08d}"
        keys.append(
            {
                "token_hash": hashed(token),
                "request_id": one.id,
                "code_hash": hashed_code(hashed(token), code),
                "attempts": 0,
                "made_at": now,
            }
        )
        link = f"{base_url_of(session)}/offre/{context.slug}/{token}"
        said = news.get(one.id, ())
        mails.append(_request_mail(purchase, lead.name, consultation, one, link, code, sender, context, said))
    await insert_many(session, QuoteKey, keys)
    await queue_mails(session, mails, now)


def _request_mail(
    purchase: Purchase,
    buyer: str,
    consultation: Consultation,
    asked: Asked,
    link: str,
    code: str,
    sender: Sender,
    context: Context,
    news: Sequence[str],
) -> Mail:
    """With `news` it goes to who was asked before."""
    until = date_time_long(consultation.offers_until, context.zone)
    of_lot = f", lot n°\u00a0{asked.lot}" if asked.lot else ""
    return Mail(
        kind=ASKED,
        recipient=asked.email,
        subject=f"{'Rappel : devis' if news else 'Demande de devis, réponse'} avant le {until} : "
        f"{purchase.title}{of_lot}",
        why=f"{context.group_name} vous demande un devis : remplissez-le en ligne avant le {until}. "
        f"Sur la page, tapez le code {code[:4]} {code[4:]}.",
        paragraphs=(
            *((consultation.message,) if consultation.message else ()),
            "Vous pouvez modifier votre offre jusqu’à cette date. Personne ne la voit avant, pas même nous.",
            *news,
        ),
        button=Button("Remplir le devis", link),
        facts=(
            Fact("Acheteur", buyer),
            Fact("Achat", f"{purchase.reference} {purchase.title}{of_lot}"),
            Fact("Réponse avant le", until),
        ),
        reply_to=(sender.email,),
        notice=context.notice,
        thread=f"quote-request-{asked.id}",
        expires_at=consultation.offers_until,
    )
