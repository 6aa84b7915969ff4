"""What a decision does to a collection of needs: opened, closed, its date changed, the purchase given up."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.doubts import doubts_of_closing
from pooling.kernel.clock import FIRST_DAY, LAST_DAY
from pooling.members.acts import Act, Fields, NoTerms, Order, Terms, each
from pooling.needs.cancelling import cancel_purchase
from pooling.needs.collection import (
    NOTHING_ASKED,
    close_collection,
    extend_collection,
    open_collection,
    reopen_collection,
)
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseState
from pooling.web.forms import Form
from pooling.web.typography import date_long


class Deadline(Terms):
    """Until when needs are declared, as the group's clock says it."""

    closes_on: date = Field(ge=FIRST_DAY, le=LAST_DAY)
    closes_at: time = time(18)

    @field_validator("closes_at")
    @classmethod
    def _of_the_group(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("Donnez l’heure sans fuseau : c’est celle du groupe")
        return value

    def moment(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(self.closes_on, self.closes_at, tzinfo=zone)

    @property
    def words(self) -> str:
        """`mardi 30 mars 2027 à 18 h`."""
        hour = f"{self.closes_at.hour}\u00a0h" + (f"\u00a0{self.closes_at:%M}" if self.closes_at.minute else "")
        return f"{date_long(self.closes_on)} à {hour}"


class DeadlineFields(Fields):
    template = "needs/act_deadline.html"

    def __init__(self, label: str) -> None:
        self.label = label

    async def typed(self, session: AsyncSession, terms: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG002
        return {
            "closes_on": terms.get("closes_on", ""),
            "closes_at": str(terms.get("closes_at", "18:00"))[:5],
        }

    def shown(self, form: Form) -> Mapping[str, Any]:  # noqa: ARG002
        return {"closing_label": self.label}

    async def read(self, session: AsyncSession, form: Form) -> Mapping[str, Any]:  # noqa: ARG002
        day, hour = form.date("closes_on"), form.time("closes_at")
        form.check()
        return {"closes_on": day, "closes_at": hour}


def _asking(label: str) -> Callable[[AsyncSession, int], Awaitable[Fields]]:
    async def asks(session: AsyncSession, purchase_id: int) -> Fields:  # noqa: ARG001
        return DeadlineFields(label)

    return asks


async def _doubts(session: AsyncSession, purchase_id: int, terms: Deadline, zone: ZoneInfo, now: datetime) -> list[str]:
    rows = await session.execute(
        select(col(Purchase.delivery_expected_on), col(Purchase.kind)).where(col(Purchase.id) == purchase_id)
    )
    delivery, kind = rows.one()
    if not kind_of(kind).has(Part.COLLECTION):
        return [f"{NOTHING_ASKED} La décision ne pourra pas être appliquée."]
    return doubts_of_closing(terms.moment(zone), zone, now, delivery)


def _moment(order: Order[Deadline]) -> datetime:
    return order.terms.moment(order.zone)


async def _open(order: Order[Deadline]) -> None:
    await open_collection(
        order.session, order.caller, order.subject_id, _moment(order), order.clock, reason=order.reason
    )


async def _extend(order: Order[Deadline]) -> None:
    """A collection that has closed meanwhile is opened again, as on the lead buyer's own page."""
    purchase = await lock_purchase(order.session, order.subject_id)
    act = reopen_collection if purchase.state == PurchaseState.CLOSED else extend_collection
    await act(order.session, order.caller, order.subject_id, _moment(order), order.clock, reason=order.reason)


async def _close(order: Order[NoTerms]) -> None:
    await close_collection(order.session, order.caller, order.subject_id, order.clock, reason=order.reason)


async def _cancel(order: Order[NoTerms]) -> None:
    await cancel_purchase(order.session, order.caller, order.subject_id, order.clock, reason=order.reason)


_OPENED = {"purchase.open": "la collecte est ouverte"}

OPEN = Act(
    name="open",
    label="Ouvrir la collecte",
    subject="purchase",
    possible=frozenset({PurchaseState.DRAFT}),
    terms=Deadline,
    doubts=_doubts,
    asks=_asking("Date de clôture"),
    carry_out=_open,
    says=each(lambda terms: f"Ouvrir la collecte jusqu’au {terms.words}"),
    consequences=lambda _: (
        "Les référents de tous les participants peuvent répondre ; un courriel le leur dit.",
        "La population et l’effectif de chaque participant sont figés pour la répartition des coûts.",
    ),
    did=_OPENED,
)
EXTEND = Act(
    name="extend",
    label="Changer la date de clôture",
    subject="purchase",
    possible=frozenset({PurchaseState.OPEN, PurchaseState.CLOSED}),
    terms=Deadline,
    doubts=_doubts,
    asks=_asking("Nouvelle date de clôture"),
    carry_out=_extend,
    says=each(lambda terms: f"Changer la date de clôture : {terms.words}"),
    consequences=lambda _: (
        "Tous les référents des participants reçoivent un courriel avec la nouvelle date et le texte de la décision.",
        "Ce qui est déposé reste en vigueur et peut encore être modifié.",
    ),
    did={**_OPENED, "collection.extended": "la date de clôture a changé"},
)
CLOSE = Act(
    name="close",
    label="Clôturer la collecte",
    subject="purchase",
    possible=frozenset({PurchaseState.OPEN}),
    terms=NoTerms,
    carry_out=_close,
    consequences=lambda _: (
        "Les référents ne pourront plus modifier leur réponse.",
        "Avant la date annoncée, les référents reçoivent un courriel avec le texte de la décision.",
    ),
    did={"purchase.closed": "la collecte est close"},
)
CANCEL = Act(
    name="cancel",
    label="Annuler l’achat",
    subject="purchase",
    possible=frozenset({PurchaseState.DRAFT, PurchaseState.OPEN, PurchaseState.CLOSED, PurchaseState.ORDERED}),
    terms=NoTerms,
    carry_out=_cancel,
    consequences=lambda _: (
        "Plus personne ne peut répondre ; ce qui a été déposé reste lisible.",
        "Les référents des participants reçoivent un courriel avec le texte de la décision.",
        "Une annulation ne se défait pas.",
    ),
    did={"purchase.cancelled": "l’achat est annulé"},
    danger=True,
)
