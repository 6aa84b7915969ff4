"""The contracts of a purchase, as its awards make them, with what is known and what was said of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.allocation.configuration import FinanceConfiguration
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import NotFound
from pooling.members.models import Member
from pooling.open_data.decp import Environmental, Known, Procedure, due_on, faults_of, warnings_of, written
from pooling.open_data.models import ContractData
from pooling.open_data.schemas import ContractIn
from pooling.orders.buyers import buyer_shown
from pooling.procurement.models import Environment, ProcurementPlan
from pooling.procurement.reading import estimate_of, plan_of
from pooling.purchases.models import Purchase
from pooling.sharing.money import Cents

_CONTRACTS = """
WITH contracts AS (
    SELECT a.group_id, a.purchase_id, a.supplier_id, COALESCE(l.number, 0) AS lot, COALESCE(l.title, '') AS lot_title,
        COALESCE(l.cpv, '') AS lot_cpv, array_agg(i.id) AS ids, array_agg(i.code ORDER BY i.position, i.id) AS items,
        array_agg(COALESCE(d.cpv, '') ORDER BY i.position, i.id) AS cpvs
    FROM awards a
    JOIN items i ON i.group_id = a.group_id AND i.id = a.item_id
    LEFT JOIN lots l ON l.group_id = i.group_id AND l.id = i.lot_id
    LEFT JOIN item_details d ON d.group_id = i.group_id AND d.item_id = i.id
    WHERE a.group_id = $1 AND a.purchase_id = $2
    GROUP BY a.group_id, a.purchase_id, a.supplier_id, l.number, l.title, l.cpv
)
SELECT c.*, s.name AS supplier, s.siret, s.vat_number, s.address,
    (SELECT count(DISTINCT q.supplier_id) FROM quotes q
        WHERE q.group_id = c.group_id AND q.purchase_id = c.purchase_id AND (q.lot IS NULL OR q.lot = c.lot)
            AND (q.sealed_until IS NULL OR q.sealed_until <= $3)) AS offers,
    -- Each item of an order is rounded by itself, as the order is.
    (SELECT sum(round(one.unit_price * one.units * 100))::bigint FROM (
        SELECT t.unit_price, (SELECT sum(n.quantity) FROM order_lines n
            WHERE n.group_id = t.group_id AND n.order_id = t.order_id AND n.item_id = t.item_id) AS units
        FROM orders o JOIN order_items t ON t.group_id = o.group_id AND t.order_id = o.id
        WHERE o.group_id = c.group_id AND o.purchase_id = c.purchase_id AND o.supplier_id = c.supplier_id
            AND o.state <> 'cancelled' AND t.item_id = ANY (c.ids)) one) AS ordered
FROM contracts c
JOIN suppliers s ON s.group_id = c.group_id AND s.id = c.supplier_id
ORDER BY c.lot, s.sort_key, c.supplier_id"""
_OF_CODE: Mapping[str, Procedure] = {
    "dispense": Procedure.NONE,
    "adapted": Procedure.ADAPTED,
    "adapted_notice": Procedure.ADAPTED,
}
"""By the configuration's codes; a formalised procedure may be several."""


@dataclass(frozen=True)
class Contract:
    supplier_id: int
    lot: int
    supplier: str
    supplier_address: str
    known: Known
    said: ContractIn | None
    defaults: Mapping[str, Any]
    """What a form begins with, where nothing was said."""

    @property
    def title(self) -> str:
        return f"{self.supplier}, lot {self.lot}" if self.lot else self.supplier

    @property
    def path(self) -> str:
        return f"{self.supplier_id}/{self.lot}"

    @property
    def amount(self) -> Cents:
        kept = self.said.amount_cents if self.said else None
        return self.known.amount if kept is None else kept

    @property
    def due_on(self) -> date | None:
        return due_on(self.said.notified_on) if self.said else None

    @property
    def warnings(self) -> Sequence[str]:
        return warnings_of(self.known, self.said) if self.said else ()

    def data(self, on: date) -> dict[str, Any] | None:
        """In the State's format; None until somebody said what is asked."""
        return written(self.known, self.said, on) if self.said else None

    def lacking(self, on: date) -> list[str]:
        """The fields that are missing or wrong, by their names in the format."""
        data = self.data(on)
        return ["dateNotification"] if data is None else faults_of(data)


async def contracts_of(
    session: AsyncSession, purchase: Purchase, finance: FinanceConfiguration, now: datetime
) -> list[Contract]:
    """A fixed number of statements."""
    plan = await plan_of(session, purchase.id)
    _, worth, _ = await estimate_of(session, plan, 0, finance)
    rows = await fetch(session, _CONTRACTS, group_of(session), purchase.id, now)
    found = await session.execute(
        select(ContractData)
        .where(col(ContractData.purchase_id) == purchase.id)
        .execution_options(populate_existing=True)  # one may just have been written
    )
    said = {(row.supplier_id, row.lot): said_in(row) for row in found.scalars()}
    buyer = await buyer_shown(session, purchase.lead_member_id)
    lead = await session.get_one(Member, (group_of(session), purchase.lead_member_id))
    return [
        Contract(
            supplier_id=row["supplier_id"],
            lot=row["lot"],
            supplier=row["supplier"],
            supplier_address=row["address"],
            known=_known(row, purchase, plan, buyer.siret, worth, alone=len(rows) == 1),
            said=said.get((row["supplier_id"], row["lot"])),
            defaults=_defaults(row, place, purchase, plan, lead, alone=len(rows) == 1),
        )
        for place, row in enumerate(rows, 1)
    ]


def said_in(row: ContractData) -> ContractIn:
    return ContractIn.model_validate(
        {**row.said, "notified_on": row.notified_on, "amount_cents": row.amount_cents, "published_on": row.published_on}
    )


def _known(
    row: Mapping[str, Any],
    purchase: Purchase,
    plan: ProcurementPlan,
    buyer: str,
    worth: Mapping[str, Cents],
    *,
    alone: bool,
) -> Known:
    """What is ordered, or else what needs come to; a framework that one supplier has counts at its maximum."""
    together = row["ordered"] or sum(worth.get(code, 0) for code in row["items"])
    framework = plan.maximum_cents is not None
    most = max(zip(row["items"], row["cpvs"], strict=True), key=lambda one: worth.get(one[0], 0))
    return Known(
        buyer=buyer,
        title=f"{purchase.title} – {row['lot_title']}" if row["lot"] else purchase.title,
        cpv=row["lot_cpv"] or most[1] or next((cpv for cpv in row["cpvs"] if cpv), ""),
        framework=framework,
        holder=row["siret"] or row["vat_number"],
        holder_kind="SIRET" if row["siret"] else "TVA",
        amount=plan.maximum_cents if alone and plan.maximum_cents is not None else together * (1 + plan.renewals),
    )


def _defaults(
    row: Mapping[str, Any], place: int, purchase: Purchase, plan: ProcurementPlan, lead: Member, *, alone: bool
) -> dict[str, Any]:
    environmental = [Environmental.CLAUSE]
    if plan.environment != Environment.UNDECIDED:
        environmental.append(Environmental.CRITERION)
    insee = lead.insee or ""
    return {
        "identifier": purchase.reference if alone else f"{purchase.reference}-{place}",
        "procedure": str(_OF_CODE.get(plan.procedure, "")),
        "offers": str(row["offers"] or ""),
        "place": insee[:3] if insee.startswith("97") else insee[:2],
        "environmental": [str(one) for one in environmental],
    }


async def contract_of(
    session: AsyncSession, purchase: Purchase, supplier_id: int, lot: int, finance: FinanceConfiguration, now: datetime
) -> Contract:
    """Raises:
    NotFound: nothing of this lot is awarded to this supplier.
    """
    for contract in await contracts_of(session, purchase, finance, now):
        if (contract.supplier_id, contract.lot) == (supplier_id, lot):
            return contract
    raise NotFound
