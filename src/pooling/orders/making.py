"""Making a purchase's orders, set by set: who buys what from whom, and where it goes.

Orders of 35 000 members are made in a few statements; nothing of it is read into this process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import Clock
from pooling.kernel.database import fetch, group_of
from pooling.kernel.errors import Conflict, enumerated
from pooling.kernel.events import record_event
from pooling.members.rights import Caller
from pooling.needs.consolidating import FrozenConsolidation, Terms, current_consolidation, terms_of
from pooling.needs.dealing import hashing
from pooling.orders.charging import Charged, charges_to_order
from pooling.orders.rules import each_buys
from pooling.procurement.reading import plan_of
from pooling.purchases.finding import lock_purchase
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Purchase, PurchaseState
from pooling.purchases.permissions import may_run
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.sharing.money import format_decimal

ORDERING = (PurchaseState.CLOSED, PurchaseState.ORDERED)
"""Of a purchase whose orders may be made: also anew, for what a cancelled order does not bring."""

_TO_ORDER = """
    ordered AS (
        SELECT DISTINCT l.item_id, l.member_id FROM orders o
        JOIN order_lines l ON l.group_id = o.group_id AND l.order_id = o.id
        WHERE o.group_id = :group AND o.purchase_id = :purchase AND o.state IN ('sent', 'confirmed')),
    to_order AS (
        SELECT a.item_id, a.member_id, CAST(a.quantity AS bigint) AS quantity, w.supplier_id,
            CASE WHEN :each_buys THEN a.member_id END AS buyer_id
        FROM assignments a
        LEFT JOIN ordered USING (item_id, member_id)
        JOIN awards w ON w.group_id = a.group_id AND w.purchase_id = :purchase AND w.item_id = a.item_id
        WHERE a.group_id = :group AND a.consolidation_id = :consolidation AND a.quantity > 0
            AND ordered.item_id IS NULL)"""
"""What is assigned and in no order that has left. Buyers, if any, are compared as numbers, none of which is 0: `IS NOT
DISTINCT FROM` cannot be hashed, and each of 35 000 would be held against each.
"""
_UNAWARDED = """
SELECT i.name FROM items i
WHERE i.group_id = $1 AND i.purchase_id = $2
    AND EXISTS (SELECT FROM assignments a WHERE a.group_id = $1 AND a.consolidation_id = $3 AND a.item_id = i.id
        AND a.quantity > 0)
    AND NOT EXISTS (SELECT FROM awards w WHERE w.group_id = $1 AND w.purchase_id = $2 AND w.item_id = i.id)
ORDER BY i.position, i.id"""
_DRAFTS = "SELECT id FROM orders WHERE group_id = :group AND purchase_id = :purchase AND state = 'draft'"
_EMPTY = (
    """UPDATE orders SET asked_at = NULL, asked_by = NULL
    WHERE group_id = :group AND purchase_id = :purchase AND state = 'draft' AND asked_at IS NOT NULL""",
    f"DELETE FROM order_lines WHERE group_id = :group AND order_id IN ({_DRAFTS})",  # noqa: S608 - ours
    f"DELETE FROM order_items WHERE group_id = :group AND order_id IN ({_DRAFTS})",  # noqa: S608 - ours
    f"DELETE FROM order_charges WHERE group_id = :group AND order_id IN ({_DRAFTS})",  # noqa: S608 - ours
)
_UNWANTED = f"""
    WITH {_TO_ORDER}
    SELECT o.id FROM orders o
    LEFT JOIN (SELECT DISTINCT supplier_id, buyer_id FROM to_order) w
        ON w.supplier_id = o.supplier_id AND COALESCE(w.buyer_id, 0) = COALESCE(o.member_id, 0)
    WHERE o.group_id = :group AND o.purchase_id = :purchase AND o.state = 'draft' AND w.supplier_id IS NULL"""  # noqa: S608 - ours
_FORGET = (
    "DELETE FROM order_versions WHERE group_id = :group AND order_id = ANY (:orders)",
    "DELETE FROM orders WHERE group_id = :group AND id = ANY (:orders)",
)
_BEGIN = f"""
    WITH {_TO_ORDER},
    wanted AS (
        SELECT w.supplier_id, w.buyer_id,
            (SELECT COALESCE(max(number), 0) FROM orders WHERE group_id = :group AND purchase_id = :purchase)
                + row_number() OVER (ORDER BY s.sort_key, s.id, m.sort_key, m.id) AS number
        FROM (SELECT DISTINCT supplier_id, buyer_id FROM to_order) w
        JOIN suppliers s ON s.group_id = :group AND s.id = w.supplier_id
        LEFT JOIN members m ON m.group_id = :group AND m.id = w.buyer_id
        LEFT JOIN orders o ON o.group_id = :group AND o.purchase_id = :purchase AND o.state = 'draft'
            AND o.supplier_id = w.supplier_id AND COALESCE(o.member_id, 0) = COALESCE(w.buyer_id, 0)
        WHERE o.id IS NULL),
    begun AS (
        INSERT INTO orders (group_id, purchase_id, supplier_id, member_id, number, reference, state, version,
            supplier_reference, over_percent, under_percent, created_at, completed_because, cancelled_because)
        SELECT :group, :purchase, supplier_id, buyer_id, number, :reference || '-' || number, 'draft', 1, '', 0, 0,
            :now, '', ''
        FROM wanted
        RETURNING id)
    INSERT INTO order_versions (group_id, order_id, number, made_at, made_by, reason, sent_how, changes)
    SELECT :group, id, 1, :now, :person, '', '', '[]' FROM begun"""  # noqa: S608 - ours
_ITEMS = f"""
    WITH {_TO_ORDER}
    INSERT INTO order_items (group_id, order_id, item_id, position, code, name, unit, supplier_code, unit_price,
        vat_rate)
    SELECT :group, o.id, i.item_id, i.position, i.code, i.name, i.unit, COALESCE(q.code, ''), i.unit_price,
        i.vat_rate
    FROM (SELECT DISTINCT supplier_id, buyer_id, item_id FROM to_order) w
    JOIN orders o ON o.group_id = :group AND o.purchase_id = :purchase AND o.state = 'draft'
        AND o.supplier_id = w.supplier_id AND COALESCE(o.member_id, 0) = COALESCE(w.buyer_id, 0)
    JOIN unnest(CAST(:items AS bigint[]), CAST(:positions AS integer[]), CAST(:codes AS text[]),
            CAST(:names AS text[]), CAST(:units AS text[]), CAST(:prices AS numeric[]), CAST(:rates AS numeric[]))
        AS i (item_id, position, code, name, unit, unit_price, vat_rate) USING (item_id)
    LEFT JOIN awards a ON a.group_id = :group AND a.purchase_id = :purchase AND a.item_id = i.item_id
    LEFT JOIN quote_lines q ON q.group_id = :group AND q.quote_id = a.quote_id AND q.item_id = i.item_id"""  # noqa: S608 - ours
_CHARGED = """
    charged AS (
        SELECT o.id AS order_id, c.position, c.code, c.label, c.amount_cents, c.vat_rate
        FROM unnest(CAST(:suppliers AS bigint[]), CAST(:buyers AS bigint[]), CAST(:positions AS integer[]),
            CAST(:codes AS text[]), CAST(:labels AS text[]), CAST(:cents AS bigint[]), CAST(:rates AS numeric[]))
            AS c (supplier_id, buyer_id, position, code, label, amount_cents, vat_rate)
        JOIN orders o ON o.group_id = :group AND o.purchase_id = :purchase AND o.state = 'draft'
            AND o.supplier_id = c.supplier_id AND COALESCE(o.member_id, 0) = COALESCE(c.buyer_id, 0)
        WHERE NOT EXISTS (
            SELECT FROM orders had
            JOIN order_charges x ON x.group_id = had.group_id AND x.order_id = had.id AND x.code = c.code
            WHERE had.group_id = :group AND had.purchase_id = :purchase AND had.state IN ('sent', 'confirmed')
                AND had.supplier_id = o.supplier_id AND COALESCE(had.member_id, 0) = COALESCE(o.member_id, 0)))"""
"""What drafts say of charges, but for those that an order has that has left."""
_CHARGES = f"""
    WITH {_CHARGED}
    INSERT INTO order_charges (group_id, order_id, code, position, label, amount_cents, vat_rate)
    SELECT :group, order_id, code, position, label, amount_cents, vat_rate FROM charged"""  # noqa: S608 - ours
_CHARGED_OTHERWISE = f"""
    WITH {_CHARGED},
    drawn AS (
        SELECT order_id, x.position, code, label, amount_cents, vat_rate FROM order_charges x
        JOIN orders o ON o.group_id = x.group_id AND o.id = x.order_id
        WHERE o.group_id = :group AND o.purchase_id = :purchase AND o.state = 'draft')
    SELECT EXISTS (SELECT * FROM charged EXCEPT SELECT * FROM drawn)
        OR EXISTS (SELECT * FROM drawn EXCEPT SELECT * FROM charged)"""  # noqa: S608 - ours
_PLACED = """
    wished AS (
        SELECT t.item_id, t.member_id, t.quantity, s.site_id, s.quantity AS wish, sum(s.quantity) OVER whole AS total
        FROM to_order t
        JOIN site_splits s ON s.group_id = :group AND s.item_id = t.item_id AND s.member_id = t.member_id
        WINDOW whole AS (PARTITION BY t.item_id, t.member_id)),
    floored AS (
        SELECT *, div(quantity * wish, total) AS units, quantity * wish % total AS rest FROM wished),
    ranked AS (
        SELECT *, quantity - sum(units) OVER (PARTITION BY item_id, member_id) AS missing,
            row_number() OVER (PARTITION BY item_id, member_id ORDER BY rest DESC, wish DESC, site_id) AS place
        FROM floored),
    placed AS (
        SELECT item_id, member_id, site_id, units + CASE WHEN place <= missing THEN 1 ELSE 0 END AS units FROM ranked
        UNION ALL
        SELECT t.item_id, t.member_id, main.id, t.quantity FROM to_order t
        LEFT JOIN (SELECT DISTINCT item_id, member_id FROM wished) said USING (item_id, member_id)
        LEFT JOIN sites main ON main.group_id = :group AND main.member_id = t.member_id AND main.is_main
        WHERE said.item_id IS NULL)"""
"""Its lines, as `sharing.places` divides a member's units, by largest remainder; a test compares them."""
_LINES = f"""
    WITH {_TO_ORDER},
{_PLACED},
    said AS (
        SELECT d.member_id, s.item_id, s.engagement FROM declarations d
        JOIN need_details s ON s.group_id = d.group_id AND s.declaration_id = d.id
        WHERE d.group_id = :group AND d.purchase_id = :purchase AND d.state = 'filed' AND s.engagement <> '')
    INSERT INTO order_lines (group_id, order_id, item_id, member_id, site_id, quantity, engagement)
    SELECT :group, o.id, p.item_id, p.member_id, p.site_id, p.units, COALESCE(said.engagement, '')
    FROM placed p
    JOIN to_order t USING (item_id, member_id)
    JOIN orders o ON o.group_id = :group AND o.purchase_id = :purchase AND o.state = 'draft'
        AND o.supplier_id = t.supplier_id AND COALESCE(o.member_id, 0) = COALESCE(t.buyer_id, 0)
    JOIN members m ON m.group_id = :group AND m.id = p.member_id
    LEFT JOIN said ON said.item_id = p.item_id AND said.member_id = p.member_id
    WHERE p.units > 0
    ORDER BY o.id, m.sort_key, m.id, p.site_id, p.item_id"""  # noqa: S608 - ours
_STALE = f"""
    WITH {_TO_ORDER},
{_PLACED},
    meant AS (
        SELECT t.supplier_id, t.buyer_id, item_id, member_id, p.site_id, CAST(p.units AS bigint) AS quantity
        FROM placed p JOIN to_order t USING (item_id, member_id) WHERE p.units > 0),
    drawn AS (
        SELECT o.supplier_id, o.member_id AS buyer_id, l.item_id, l.member_id, l.site_id,
            CAST(l.quantity AS bigint) AS quantity
        FROM orders o JOIN order_lines l ON l.group_id = o.group_id AND l.order_id = o.id
        WHERE o.group_id = :group AND o.purchase_id = :purchase AND o.state = 'draft')
    SELECT EXISTS (SELECT * FROM meant EXCEPT SELECT * FROM drawn)
        OR EXISTS (SELECT * FROM drawn EXCEPT SELECT * FROM meant)
        OR EXISTS (
            SELECT FROM orders o
            JOIN order_items i ON i.group_id = o.group_id AND i.order_id = o.id
            JOIN unnest(CAST(:items AS bigint[]), CAST(:prices AS numeric[]), CAST(:rates AS numeric[]))
                AS now (item_id, unit_price, vat_rate) ON now.item_id = i.item_id
            WHERE o.group_id = :group AND o.purchase_id = :purchase AND o.state = 'draft'
                AND (i.unit_price, i.vat_rate) <> (now.unit_price, now.vat_rate))"""  # noqa: S608 - ours


async def make_orders(session: AsyncSession, caller: Caller, purchase_id: int, clock: Clock) -> int:
    """Makes the orders of all that is assigned and in none that has left; drafts are made again as things stand now.
    Returns how many drafts there are.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the purchase is not closed, or already delivered; no consolidation counts; an item has no supplier.
    """
    purchase = await lock_ordering(session, caller, purchase_id)
    basis = await _basis(session, purchase_id)
    lacking = await unawarded_items(session, purchase_id, basis.frozen.id)
    if lacking:
        raise Conflict(f"Dites d’abord à quel fournisseur vont : {enumerated(lacking)}.", code="not_awarded")
    now = await clock.at_database(session)
    await _write(session, caller, purchase, basis, now)
    many = await _count_drafts(session, purchase_id)
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name="orders.made",
        details={"orders": many, "consolidation": basis.frozen.number},
    )
    return many


@dataclass(frozen=True)
class _Basis:
    """What orders are made from."""

    purchase_id: int
    frozen: FrozenConsolidation
    items: Sequence[ItemShown]
    terms: Sequence[Terms]
    """Of each item: what one unit costs at the quantity that all order together."""
    each_buys: bool
    what: Mapping[str, object]

    @property
    def priced(self) -> dict[str, object]:
        return {
            "items": [item.id for item in self.items],
            "prices": [_decimal(one.unit_price) for one in self.terms],
            "rates": [_decimal(one.vat_rate) for one in self.terms],
        }


async def _basis(session: AsyncSession, purchase_id: int) -> _Basis:
    """Raises:
    Conflict: no consolidation counts.
    """
    frozen = await current_consolidation(session, purchase_id)
    if frozen is None:
        raise Conflict("Figez d’abord la consolidation : elle dit ce qui est commandé.", code="not_consolidated")
    items = await purchase_items(session, purchase_id)
    each = each_buys((await plan_of(session, purchase_id)).mandate)
    what = {
        "group": group_of(session),
        "purchase": purchase_id,
        "consolidation": frozen.id,
        "each_buys": each,
    }
    terms = await terms_of(session, frozen, items)
    return _Basis(purchase_id, frozen, items, [terms[item.id] for item in items], each, what)


async def _write(session: AsyncSession, caller: Caller, purchase: Purchase, basis: _Basis, now: datetime) -> None:
    what = basis.what
    whose = {name: what[name] for name in ("group", "purchase")}
    async with hashing(session):
        for statement in _EMPTY:
            await session.execute(text(statement), whose)
        unwanted = list((await session.execute(text(_UNWANTED), what)).scalars())
        for statement in _FORGET:
            await session.execute(text(statement), {"group": what["group"], "orders": unwanted})
        begun = {**what, "reference": purchase.reference, "now": now, "person": caller.person_id}
        await session.execute(text(_BEGIN), begun)
        columns = {
            "positions": list(range(len(basis.items))),
            "codes": [item.code for item in basis.items],
            "names": [item.name for item in basis.items],
            "units": [item.unit for item in basis.items],
        }
        await session.execute(text(_ITEMS), {**what, **basis.priced, **columns})
        await session.execute(text(_LINES), what)
        await session.execute(text(_CHARGES), {**whose, **await _charges(session, basis)})


async def _charges(session: AsyncSession, basis: "_Basis") -> dict[str, object]:
    """What suppliers will invoice beside items, as the statements above take it.

    Raises:
        Conflict: nobody can say who bears how much of it.
    """
    found = await charges_to_order(session, basis.purchase_id, each_buys=basis.each_buys)
    names = ("suppliers", "buyers", "positions", "codes", "labels", "cents", "rates")
    columns = zip(*found, strict=True) if found else ([] for _ in Charged._fields)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}


async def require_fresh(session: AsyncSession, purchase_id: int) -> None:
    """Drafts say what is assigned, where to and at what price as it stands now; the purchase is locked.

    Raises:
        Conflict: they do not, or no consolidation counts.
    """
    basis = await _basis(session, purchase_id)
    charges = {**await _charges(session, basis), "group": basis.what["group"], "purchase": purchase_id}
    async with hashing(session):
        stale = (await session.execute(text(_STALE), {**basis.what, **basis.priced})).scalar_one()
        stale = stale or (await session.execute(text(_CHARGED_OTHERWISE), charges)).scalar_one()
    if stale:
        raise Conflict(
            "Les quantités, les lieux, les prix, les frais ou les fournisseurs ont changé depuis que ces commandes "
            "sont préparées : refaites les brouillons, relisez-les, puis envoyez-les.",
            code="drafts_outdated",
        )


def _decimal(value: Fraction) -> Decimal:
    return Decimal(format_decimal(value))


async def lock_ordering(session: AsyncSession, caller: Caller, purchase_id: int) -> Purchase:
    """The purchase, locked alone by its lead buyer, while its orders are made and sent.

    Raises:
        Forbidden: the caller is not a lead buyer of this purchase.
        Conflict: the purchase is not closed yet, or already delivered.
    """
    purchase = await lock_purchase(session, purchase_id)
    may_run.require(caller, purchase)
    kind_of(purchase.kind).require(Part.ORDERS)
    if purchase.state not in ORDERING:
        word = kind_of(purchase.kind).word(purchase.state).lower()
        raise Conflict(f"L’achat est dans l’état « {word} » : ses commandes ne se font pas.", code="not_ordering")
    return purchase


async def unawarded_items(session: AsyncSession, purchase_id: int, consolidation_id: int) -> list[str]:
    """Names of the items that somebody gets and that no supplier was chosen for."""
    rows = await fetch(session, _UNAWARDED, group_of(session), purchase_id, consolidation_id)
    return [row["name"] for row in rows]


async def _count_drafts(session: AsyncSession, purchase_id: int) -> int:
    counted = await session.execute(
        text("SELECT count(*) FROM orders WHERE group_id = :group AND purchase_id = :purchase AND state = 'draft'"),
        {"group": group_of(session), "purchase": purchase_id},
    )
    many: int = counted.scalar_one()
    return many
