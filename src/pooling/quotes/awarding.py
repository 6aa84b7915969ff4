"""Choosing: items go to the suppliers whose quotes are taken, with their prices, packs, tiers and delivery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.case import charges_of
from pooling.allocation.editing.lines import CHARGES, add_line, change_line, remove_line
from pooling.allocation.editing.schemas import ChargeIn
from pooling.allocation.models import PARTICIPANTS, Charge
from pooling.kernel.clock import Clock
from pooling.kernel.database import insert_many
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.events import record_event
from pooling.kernel.tables import linked
from pooling.members.features import features_for
from pooling.members.groups import group_zone
from pooling.members.rights import Caller
from pooling.needs.consolidating import current_consolidation
from pooling.purchases.models import Item
from pooling.purchases.pricing import Priced, reprice_items
from pooling.purchases.queries import ItemShown
from pooling.quotes.asking import awaited_until
from pooling.quotes.comparing import Comparison, compare
from pooling.quotes.keeping import differing, lock_comparing
from pooling.quotes.models import Award
from pooling.quotes.queries import QuoteShown
from pooling.quotes.rules import Choice, least_units
from pooling.sharing.money import Cents
from pooling.suppliers.models import Supplier
from pooling.web.typography import date_short, date_time_long, price

DELIVERY_KEY = "amount"
"""How a delivery is shared at first: by what each pays of the items that come with it. The lead buyer may change it."""


@dataclass(frozen=True)
class Awarded:
    """Which supplier an item goes to."""

    item_id: int
    code: str
    item: str
    supplier_id: int
    supplier: str
    quote_id: int | None
    chosen_at: datetime
    reason: str


async def awards_of(session: AsyncSession, purchase_id: int) -> list[Awarded]:
    """In the order of the items."""
    rows = await session.execute(
        select(
            col(Item.id),
            col(Item.code),
            col(Item.name),
            col(Supplier.id),
            col(Supplier.name),
            col(Award.quote_id),
            col(Award.chosen_at),
            col(Award.reason),
        )
        .select_from(Award)
        .join(Item, linked(Item.id, Award.item_id))
        .join(Supplier, linked(Supplier.id, Award.supplier_id))
        .where(col(Award.purchase_id) == purchase_id)
        .order_by(col(Item.position), col(Item.id))
    )
    return [Awarded(*row) for row in rows]


async def award(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    choice: Choice,
    clock: Clock,
    *,
    reason: str,
    insistence: Insistence | None = None,
) -> bool:
    """Awards each of these items, by its code, to the supplier of this quote, and no other item: prices, packs, tiers
    and minimums become the quote's, its delivery a charge. Returns whether the consolidation is to be looked at and
    frozen (again): none counts.

    Raises:
        Forbidden, NotFound, Conflict: as `lock_comparing`; suppliers may still answer; something stands on the awards
            or on a charge.
        Invalid: nobody says why, nothing is chosen, or a quote does not offer an item.
        Doubtful: a quote is no longer valid, or leaves somebody without what it needs, and nobody insists.
    """
    purchase = await lock_comparing(session, caller, purchase_id)
    await _require_free(session, purchase_id)
    now = await clock.at_database(session)
    await _require_date_past(session, purchase_id, now)
    found = await compare(session, purchase_id, now)
    _check(found, choice, reason)
    today = now.astimezone(await group_zone(session)).date()
    insist(
        session,
        doubts_of(found, choice, today),
        insistence,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
    )
    before = await awards_of(session, purchase_id)
    quotes = {quote.id: quote for quote in found.quotes}
    items = {item.code: item for item in found.items}
    former = {one.item: f"{one.supplier}, {price(items[one.code].unit_price)}" for one in before}
    prices = {items[code].id: priced_by(quotes[quote], items[code], found) for code, quote in choice.items()}
    await reprice_items(session, purchase, prices, now)
    chosen = [
        {"item_id": items[code].id, "supplier_id": quotes[quote].quote.supplier_id, "quote_id": quote}
        for code, quote in choice.items()
    ]
    said = {"purchase_id": purchase_id, "chosen_at": now, "chosen_by": caller.person_id, "reason": reason}
    await _replace_awards(session, purchase_id, [{**said, **one} for one in chosen])
    await _charge_deliveries(session, caller, purchase_id, found, choice, clock)
    present = {
        items[code].name: f"{quotes[quote].supplier}, {price(prices[items[code].id].unit_price)}"
        for code, quote in choice.items()
    }
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="award.chosen",
        reason=reason,
        details={"changed": differing(former, present)},
    )
    await session.flush()
    return await current_consolidation(session, purchase_id) is None


async def _replace_awards(session: AsyncSession, purchase_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    await session.execute(delete(Award).where(col(Award.purchase_id) == purchase_id))
    await insert_many(session, Award, rows)
    await session.flush()


async def _require_date_past(session: AsyncSession, purchase_id: int, now: datetime) -> None:
    until = await awaited_until(session, purchase_id, now)
    if until is not None:
        shown = date_time_long(until, await group_zone(session))
        raise Conflict(
            f"Les fournisseurs peuvent répondre jusqu’au {shown}\u00a0: attendez pour choisir.", code="offers_awaited"
        )


async def _require_free(session: AsyncSession, purchase_id: int) -> None:
    for holds in features_for(session).award_holds:
        if said := await holds(session, purchase_id):
            raise Conflict(said, code="awards_held")


def _check(found: Comparison, choice: Choice, reason: str) -> None:
    offers, codes = {offer.id: offer for offer in found.offers}, {item.code for item in found.items}
    errors = {}
    for code, quote in choice.items():
        if code not in codes:
            errors[f"items.{code}"] = "Cet achat n’a pas d’article de ce code."
        elif quote not in offers or code not in offers[quote].lines:
            errors[f"items.{code}"] = "Ce devis ne propose pas cet article."
    if not choice:
        errors["items"] = "Choisissez un devis pour au moins un article."
    if not reason:
        errors["reason"] = "Dites pourquoi\u00a0: les fournisseurs qui ne sont pas retenus peuvent le demander."
    if errors:
        raise Invalid(errors)


def doubts_of(found: Comparison, choice: Choice, today: date) -> list[str]:
    """What had better be looked at before this is chosen."""
    doubts = []
    for quote in found.quotes:
        ends = quote.quote.valid_until
        if quote.id in choice.values() and ends is not None and ends < today:
            doubts.append(f"Le devis de {quote.called} n’est plus valable depuis le {date_short(ends)}.")
    basket = found.basket(choice)
    names = {item.code: item.name for item in found.items}
    lacking = [names[code] for code, line in basket.lines.items() if not line.covers]
    lacking += [
        item.name for item, one in zip(found.items, found.wanted, strict=True) if one.firm and one.code not in choice
    ]
    if lacking:
        doubts.append(f"Tout ce qui est demandé ne serait pas commandé\u00a0: {', '.join(lacking)}.")
    return doubts


def priced_by(quote: QuoteShown, item: ItemShown, found: Comparison) -> Priced:
    """The item as this quote sells it; its smallest amount as the units that come to it."""
    line = quote.lines[item.id]
    (offer,) = [offer for offer in found.offers if offer.id == quote.id]
    least = least_units(offer.lines[item.code])
    return Priced(
        line.unit_price, tuple(quote.tiers.get(item.id, ())), line.pack, line.minimum if least is None else least
    )


@dataclass(frozen=True)
class Delivery:
    """What the delivery of one quote comes to, and what comes with it."""

    quote: QuoteShown
    amount: Cents
    items: Sequence[str]

    @property
    def label(self) -> str:
        return f"Livraison ({self.quote.called})"


def deliveries_of(found: Comparison, choice: Choice) -> list[Delivery]:
    """Those that are paid by this choice."""
    return [
        Delivery(quote, quote.quote.delivery_cents, [code for code, of in choice.items() if of == quote.id])
        for quote in found.quotes
        if quote.id in choice.values() and quote.quote.delivery_cents
    ]


async def _charge_deliveries(
    session: AsyncSession, caller: Caller, purchase_id: int, found: Comparison, choice: Choice, clock: Clock
) -> None:
    """A charge for each delivery; of an earlier choice, those that go on keep their key, the others go."""
    charges = {charge.code: charge for charge in await charges_of(session, purchase_id)}
    paid = {delivery.quote.id: delivery for delivery in deliveries_of(found, choice)}
    for quote in found.quotes:
        charge = charges.get(quote.quote.charge_code)
        if quote.id not in paid:
            if charge is not None:
                await remove_line(session, caller, purchase_id, CHARGES, charge.code, clock)
            quote.quote.charge_code = ""
    for delivery in paid.values():
        quote_ = delivery.quote.quote
        charge = charges.get(quote_.charge_code)
        if charge is None:
            line = await add_line(session, caller, purchase_id, CHARGES, _charge_in(delivery, None), clock)
            quote_.charge_code = line.code
        else:
            await change_line(session, caller, purchase_id, CHARGES, charge.code, _charge_in(delivery, charge), clock)


def _charge_in(delivery: Delivery, charge: Charge | None) -> ChargeIn:
    command = ChargeIn(
        label=delivery.label,
        amount_cents=delivery.amount,
        vat_rate=Decimal(delivery.quote.quote.delivery_vat_rate),
        key=DELIVERY_KEY,
        scope=PARTICIPANTS,
        items=list(delivery.items),
    )
    if charge is None:
        return command
    by_items = charge.items is not None or charge.key == DELIVERY_KEY
    return replace(
        command,
        label=charge.label,
        key=charge.key,
        scope=charge.scope,
        items=command.items if by_items else None,
        fctva=charge.fctva,
    )


def all_to(found: Comparison, quote_id: int) -> dict[str, int]:
    """All that a quote offers, of what is needed."""
    return {
        one.code: quote_id
        for one in found.wanted
        for offer in found.offers
        if offer.id == quote_id and one.code in offer.lines
    }


def chosen_before(found: Comparison, awards: Sequence[Awarded]) -> Mapping[str, int]:
    known = {quote.id for quote in found.quotes}
    return {one.code: one.quote_id for one in awards if one.quote_id is not None and one.quote_id in known}
