"""The terms of an offer are written by the purchase's lead buyer, before it is published and while it runs."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import insert_many
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of
from pooling.kernel.text import clean
from pooling.members.rights import Caller
from pooling.offers.models import Offer, OfferPrice
from pooling.offers.queries import OfferShown, offer_of
from pooling.offers.schemas import LARGEST_PRICE, OfferIn
from pooling.purchases.finding import item_ids, lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import PurchaseState
from pooling.purchases.permissions import may_run
from pooling.web.typography import date_short, euros

_WRITABLE = frozenset({PurchaseState.DRAFT, PurchaseState.OPEN, PurchaseState.CLOSED, PurchaseState.ORDERED})


async def keep_offer(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: OfferIn,
    now: datetime,
    *,
    shown: str | None = None,
) -> OfferShown:
    """Writes down the whole of the offer. `shown` is the version that the person had before its eyes.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        NotFound: such a purchase has no offer.
        Conflict: the offer has ended or was given up, or somebody else wrote it since.
        Invalid: it ends before it begins, or prices an item that is not there; once it is published, something lacks.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    kind_of(purchase.kind).require(Part.OFFER)
    if purchase.state not in _WRITABLE:
        word = kind_of(purchase.kind).word(purchase.state).lower()
        raise Conflict(f"Cette offre est {word} : ses conditions ne changent plus.", code="offer_closed")
    before = await offer_of(session, purchase_id)
    if shown is not None and shown != before.version:
        raise Conflict(
            "Une autre personne a modifié cette offre depuis que vous l’avez ouverte.", code="changed_meanwhile"
        )
    items = await item_ids(session, purchase_id)
    _check(command, items, published=purchase.state == PurchaseState.ORDERED)
    former = _said(before, items)
    offer = before.offer
    if command.valid_until != offer.valid_until:
        offer.scheduled_at, offer.revision = now, offer.revision + (offer.valid_until is not None)
    offer.supplier, offer.conditions = clean(command.supplier), clean(command.conditions)
    offer.claiming = clean(command.claiming)
    offer.valid_from, offer.valid_until = command.valid_from, command.valid_until
    session.add(offer)
    await session.flush()
    prices = {items[code]: cents for code, cents in command.prices.items()}
    await session.execute(delete(OfferPrice).where(any_of(col(OfferPrice.item_id), items.values())))
    await insert_many(session, OfferPrice, [{"item_id": item, "cents": cents} for item, cents in prices.items()])
    after = OfferShown(offer, prices)
    present = _said(after, items)
    if changed := {name: [former[name], present[name]] for name in present if former[name] != present[name]}:
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("purchase", purchase_id),
            name="offer.written",
            details={"changed": changed},
        )
    return after


def _check(command: OfferIn, items: dict[str, int], *, published: bool) -> None:
    errors: dict[str, str] = {}
    if command.valid_from and command.valid_until and command.valid_until < command.valid_from:
        errors["valid_until"] = "L’offre ne peut pas finir avant d’avoir commencé."
    for code, cents in command.prices.items():
        if code not in items:
            errors[f"prices.{code}"] = "Cet achat n’a pas d’article de ce code."
        elif not 0 <= cents <= LARGEST_PRICE:
            errors[f"prices.{code}"] = "Indiquez un prix entre 0 et 1 000 000 €."
    if published:
        errors |= _lacking(command, items)
    if errors:
        raise Invalid(errors)


def _lacking(command: OfferIn, items: dict[str, int]) -> dict[str, str]:
    """What a published offer has to say."""
    needed = {
        "supplier": (command.supplier, "L’offre est publiée : dites qui la fait."),
        "claiming": (command.claiming, "L’offre est publiée : dites comment en profiter."),
        "valid_until": (command.valid_until, "L’offre est publiée : dites jusqu’à quand."),
    }
    lacking = {name: sentence for name, (said, sentence) in needed.items() if not said}
    unpriced = {
        f"prices.{code}": "L’offre est publiée : dites le prix." for code in items if code not in command.prices
    }
    return lacking | unpriced


def _said(shown: OfferShown, items: dict[str, int]) -> dict[str, str | None]:
    """What the journal compares."""
    offer: Offer = shown.offer
    codes = {item: code for code, item in items.items()}
    prices = {codes[item]: euros(cents) for item, cents in shown.prices.items()}
    return {
        "supplier": offer.supplier or None,
        "valid_from": date_short(offer.valid_from) if offer.valid_from else None,
        "valid_until": date_short(offer.valid_until) if offer.valid_until else None,
        "conditions": offer.conditions or None,
        "claiming": offer.claiming or None,
        "prices": " ; ".join(f"{code} : {prices[code]}" for code in items if code in prices) or None,
    }
