"""Three suppliers' quotes for the e-bikes, and what they are judged by. Suppliers and prices are fictional."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.demo.suppliers import SUPPLIERS
from pooling.demo.territory import BUYER, Demonstration
from pooling.kernel.database import Database
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.purchases.models import Purchase
from pooling.purchases.schemas import TierIn
from pooling.quotes.judging import CriterionIn, MarkIn, keep_criteria, keep_marks
from pooling.quotes.keeping import add_quote
from pooling.quotes.models import CriterionKind
from pooling.quotes.schemas import QuoteIn, QuoteLineIn
from pooling.suppliers.models import Supplier

E_BIKES = "Vélos à assistance électrique"
CYCLES, MOBILIER, STAENDER = (supplier.name for supplier in SUPPLIERS[:3])
FICTIONAL = "Devis fictif de la démonstration."


def _quotes(now: datetime) -> list[tuple[str, int | None, QuoteIn, str, str]]:
    """Supplier, lot, what it offers, its mark for the environment and why."""
    valid = (now + timedelta(days=60)).date()
    tier = TierIn(from_quantity=30, unit_price=Decimal(1745))
    return [
        (
            CYCLES,
            None,
            QuoteIn(
                lines=(
                    QuoteLineIn(item="vae", unit_price=Decimal(1860), tiers=(tier,), code="CB-VAE-500"),
                    QuoteLineIn(item="cargo", unit_price=Decimal(4690), code="CB-CARGO-2"),
                ),
                delivery_cents=45_000,
                delivery_days=45,
                valid_until=valid,
                reference="D-1207 (fictif)",
                note=FICTIONAL,
            ),
            "16",
            "Atelier de réparation à 15 km, pièces garanties dix ans.",
        ),
        (
            MOBILIER,
            None,
            QuoteIn(
                lines=(
                    QuoteLineIn(item="vae", unit_price=Decimal("1798.5"), pack=5, code="MU-441"),
                    QuoteLineIn(item="cargo", unit_price=Decimal(4950), minimum_cents=2_000_000, code="MU-460"),
                ),
                delivery_days=30,
                valid_until=valid,
                reference="2026-0418 (fictif)",
                note=FICTIONAL,
            ),
            "11",
            "Emballages repris, réparation par envoi.",
        ),
        (
            STAENDER,
            1,
            QuoteIn(
                lines=(QuoteLineIn(item="vae", unit_price=Decimal(1690), pack=10, minimum=20, code="FB-E500"),),
                delivery_cents=98_000,
                delivery_days=70,
                valid_until=valid,
                reference="AN-88 (fictif)",
                note=FICTIONAL,
            ),
            "9",
            "Transport par route depuis Fribourg, aucun engagement sur les pièces.",
        ),
    ]


CRITERIA = (
    CriterionIn(kind=CriterionKind.PRICE, weight=Decimal(60)),
    CriterionIn(kind=CriterionKind.ENVIRONMENT, label="Durée de vie et réparation", weight=Decimal(25)),
    CriterionIn(kind=CriterionKind.DELAY, weight=Decimal(15)),
)


async def make_quotes(database: Database, territory: Demonstration, now: datetime) -> None:
    at = now - timedelta(days=4)
    async with database.transaction(territory.group_id) as session:
        purchase_id = (
            await session.execute(select(col(Purchase.id)).where(col(Purchase.title) == E_BIKES))
        ).scalar_one()
        buyer = Caller(
            territory.people[BUYER], territory.group_id, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase_id),)
        )
        suppliers = await _suppliers(session)
        await keep_criteria(session, buyer, purchase_id, CRITERIA, at)
        for place, (name, lot, command, mark, reason) in enumerate(_quotes(now)):
            then = at + timedelta(hours=place)
            quote = await add_quote(session, buyer, purchase_id, suppliers[name], lot, command, then)
            marks = {2: MarkIn(mark=Decimal(mark), reason=reason)}
            await keep_marks(session, buyer, purchase_id, quote, marks, then)


async def _suppliers(session: AsyncSession) -> Mapping[str, int]:
    rows = await session.execute(select(col(Supplier.name), col(Supplier.id)))
    return {name: supplier for name, supplier in rows}
