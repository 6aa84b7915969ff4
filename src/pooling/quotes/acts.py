"""What a committee's decision does to the quotes of a purchase: it takes some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.errors import Invalid
from pooling.kernel.tables import any_of, id_typed, linked
from pooling.members.acts import Act, Fields, Order, Terms
from pooling.purchases.models import Item, PurchaseState
from pooling.quotes.awarding import award, doubts_of
from pooling.quotes.comparing import Comparison, compare
from pooling.quotes.models import Quote
from pooling.quotes.schemas import MOST_LINES
from pooling.suppliers.models import Supplier
from pooling.web.forms import Form
from pooling.web.typography import euros

LABEL = "Retenir des devis"


class Taken(Terms):
    """The quote of each item that is awarded, by the item's code."""

    items: Mapping[str, int] = Field(min_length=1, max_length=MOST_LINES)


@dataclass(frozen=True)
class TakenFields(Fields):
    """A choice of quotes for each item."""

    found: Comparison

    template = "quotes/act_terms.html"

    async def typed(self, session: AsyncSession, terms: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG002
        kept = terms.get("items", {})
        return {_field(item.id): str(kept[item.code]) for item in self.found.items if item.code in kept}

    def shown(self, form: Form) -> Mapping[str, Any]:  # noqa: ARG002
        return {"offered": [(_field(item.id), item.name, self._options(item.code)) for item in self.found.items]}

    def _options(self, code: str) -> list[tuple[str, str]]:
        return [
            (str(quote.id), f"{quote.called} : {euros(self.found.baskets[quote.id].lines[code].total)}")
            for quote, offer in zip(self.found.quotes, self.found.offers, strict=True)
            if code in offer.lines
        ]

    def labels(self) -> Mapping[str, str]:
        return {_field(item.id): item.name for item in self.found.items}

    async def read(self, session: AsyncSession, form: Form) -> Mapping[str, Any]:  # noqa: ARG002
        taken = {}
        for item in self.found.items:
            name = _field(item.id)
            if form.value(name):
                form.choice(name, [value for value, _ in self._options(item.code)])
                taken[item.code] = id_typed(form.value(name)) or 0
        form.check()
        if not taken:
            first = _field(self.found.items[0].id) if self.found.items else ""
            raise Invalid({first: "Choisissez un devis pour au moins un article."})
        return {"items": taken}


def _field(item_id: int) -> str:
    return f"retenu-{item_id}"


async def _asked(session: AsyncSession, purchase_id: int) -> Fields:
    now = (await session.execute(select(func.now()))).scalar_one()
    return TakenFields(await compare(session, purchase_id, now))


async def _says(session: AsyncSession, effects: Sequence[tuple[int, Taken]]) -> list[str]:
    """`Retenir : Arceau posé chez Cycles`."""
    quotes = {quote for _, terms in effects for quote in terms.items.values()}
    sold = await session.execute(
        select(col(Quote.id), col(Supplier.name))
        .join(Supplier, linked(Supplier.id, Quote.supplier_id))
        .where(any_of(col(Quote.id), quotes))
    )
    suppliers = {quote: name for quote, name in sold}
    named = await session.execute(
        select(col(Item.purchase_id), col(Item.code), col(Item.name)).where(
            any_of(col(Item.purchase_id), {purchase for purchase, _ in effects})
        )
    )
    names = {(purchase, code): name for purchase, code, name in named}
    said = []
    for purchase, terms in effects:
        by_supplier: dict[str, list[str]] = {}
        for code, quote in terms.items.items():
            by_supplier.setdefault(suppliers.get(quote, "un devis retiré"), []).append(
                names.get((purchase, code), code)
            )
        said.append(f"{LABEL} : " + " ; ".join(f"{', '.join(of)} chez {name}" for name, of in by_supplier.items()))
    return said


async def _doubts(
    session: AsyncSession, purchase_id: int, terms: Taken, zone: ZoneInfo, now: datetime
) -> Sequence[str]:
    found = await compare(session, purchase_id, now)
    offers = {offer.id: offer for offer in found.offers}
    known = {code: quote for code, quote in terms.items.items() if quote in offers and code in offers[quote].lines}
    gone = [] if known == dict(terms.items) else ["Un devis retenu n’est plus là, ou ne propose plus l’article."]
    return [*gone, *doubts_of(found, known, now.astimezone(zone).date())]


async def _carry_out(order: Order[Taken]) -> None:
    await award(order.session, order.caller, order.subject_id, order.terms.items, order.clock, reason=order.reason)


AWARD = Act(
    name="award",
    label=LABEL,
    subject="purchase",
    possible=frozenset({PurchaseState.CLOSED}),
    terms=Taken,
    asks=_asked,
    carry_out=_carry_out,
    says=_says,
    doubts=_doubts,
    consequences=lambda _: (
        "Les articles prennent les prix, les lots et les paliers des devis retenus.",
        "Leurs livraisons entrent dans les frais de l’achat.",
        "Si les quantités commandées peuvent changer, la consolidation est à figer de nouveau.",
    ),
    did={"award.chosen": "les fournisseurs sont retenus"},
    incomplete="Précisez quels devis la décision retient.",
)
