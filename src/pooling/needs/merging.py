"""Members that become one take part as one in what is not consolidated yet: what they declared is added up, item by
item. What is consolidated keeps them apart, under their names.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.models import Collection
from pooling.kernel.changes import changing
from pooling.kernel.database import fetch, group_of
from pooling.kernel.events import record_events
from pooling.kernel.tables import any_of, linked
from pooling.members.departures import Merging, Tie
from pooling.members.models import Member
from pooling.needs.consolidating import still_counts
from pooling.needs.models import ConsolidationRecord, Declaration
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.purchases.rules import OVER
from pooling.web.typography import number

DRAFT_WAITS = "son référent le dépose ou l’abandonne, ou la collecte se clôt, puis recommencez."


def goes_on_as_one() -> ColumnElement[bool]:
    """Of purchases: that nothing in them is consolidated."""
    consolidated = exists().where(
        linked(ConsolidationRecord.purchase_id, Purchase.id),
        linked(Collection.purchase_id, Purchase.id),
        still_counts(),
    )
    return or_(
        col(Purchase.state).in_((PurchaseState.DRAFT, PurchaseState.OPEN)),
        and_(col(Purchase.state) == PurchaseState.CLOSED, ~consolidated),
    )


async def purchases_as_one(session: AsyncSession, members: Sequence[int]) -> list[int]:
    """Those in which one of these members takes part, and that go on with what it becomes."""
    taking_part = exists().where(
        linked(Participation.purchase_id, Purchase.id), any_of(col(Participation.member_id), members)
    )
    rows = await session.execute(
        select(col(Purchase.id)).where(goes_on_as_one(), taking_part).order_by(col(Purchase.id))
    )
    return list(rows.scalars())


_STANDING = """
SELECT p.id, p.reference, p.title, p.kind, p.state, bool_or(d.state = 'draft' AND p.state = 'open') AS drafts,
    array_agg(DISTINCT m.name) FILTER (WHERE f.id IS NULL) AS silent, count(DISTINCT f.id) AS filed
FROM purchases p
JOIN participations t ON t.group_id = p.group_id AND t.purchase_id = p.id AND t.member_id = ANY ($2::bigint[])
JOIN members m ON m.group_id = t.group_id AND m.id = t.member_id
LEFT JOIN declarations d ON d.group_id = t.group_id AND d.purchase_id = p.id AND d.member_id = t.member_id
LEFT JOIN declarations f ON f.group_id = t.group_id AND f.purchase_id = p.id AND f.member_id = t.member_id
    AND f.state = 'filed'
WHERE p.group_id = $1 AND p.id = ANY ($3::bigint[])
GROUP BY p.group_id, p.id ORDER BY p.id"""
_ADDED = """
SELECT d.purchase_id, i.name, sum(n.quantity) AS quantity,
    string_agg(m.name || ' : ' || n.quantity, ', ' ORDER BY m.sort_key) AS of_each
FROM declarations d
JOIN needs n ON n.group_id = d.group_id AND n.declaration_id = d.id
JOIN items i ON i.group_id = n.group_id AND i.id = n.item_id
JOIN members m ON m.group_id = d.group_id AND m.id = d.member_id
WHERE d.group_id = $1 AND d.purchase_id = ANY ($3::bigint[]) AND d.member_id = ANY ($2::bigint[]) AND d.state = 'filed'
    AND n.up_to > 0
GROUP BY d.purchase_id, i.id, i.name, i.position ORDER BY d.purchase_id, i.position, i.id"""


async def merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
    """Purchase by purchase: what adds up, who has not answered; and those that keep the members apart."""
    former = [one.id for one in members]
    ids = [*former, *([becomes.id] if becomes else [])]
    purchases = await purchases_as_one(session, former)
    added: dict[int, list[str]] = {}
    for purchase_id, name, quantity, of_each in await fetch(session, _ADDED, group_of(session), ids, purchases):
        added.setdefault(purchase_id, []).append(f"{name} : {number(quantity)} ({of_each})")
    found = []
    for row in await fetch(session, _STANDING, group_of(session), ids, purchases):
        link = row["reference"], f"/achats/{row['reference']}"
        title = f"« {row['title']} » ({kind_of(row['kind']).word(row['state']).lower()})"
        if row["drafts"]:
            said = f"Un brouillon attend pour {title} : {DRAFT_WAITS}"
            found.append(Tie(said, keeps=True, label=link[0], path=f"{link[1]}/besoins"))
            continue
        sums = " ; ".join(added.get(row["id"], []))
        odd = ""
        if row["silent"] and row["filed"]:
            odd = f"Pour {title}, {', '.join(row['silent'])} n’a rien déposé : seuls comptent les besoins des autres."
        found.append(
            Tie(
                f"{title} : une seule participation. {f'{sums}.' if sums else ''}".strip(),
                label=link[0],
                path=link[1],
                odd=odd,
            )
        )
    return [*found, *await _apart(session, former, purchases)]


async def _apart(session: AsyncSession, former: Sequence[int], purchases: Sequence[int]) -> list[Tie]:
    rows = await session.execute(
        select(col(Purchase.reference), col(Purchase.title), col(Purchase.kind), col(Purchase.state))
        .where(
            exists().where(
                linked(Participation.purchase_id, Purchase.id), any_of(col(Participation.member_id), former)
            ),
            col(Purchase.state).not_in(OVER),
            ~any_of(col(Purchase.id), purchases),
        )
        .order_by(col(Purchase.id))
    )
    return [
        Tie(
            f"« {title} » ({kind_of(kind).word(state).lower()}) garde les anciens membres, leurs quantités "
            "et leurs parts ; les personnes de l’ensemble y ont accès.",
            label=reference,
            path=f"/achats/{reference}",
        )
        for reference, title, kind, state in rows
    ]


_TAKE_PART = """
INSERT INTO participations AS t (group_id, purchase_id, member_id, budget_id, population, agents, weight, takes_part)
SELECT p.group_id, p.purchase_id, CAST(:becomes AS bigint),
    (SELECT b.id FROM budgets b JOIN budgets o ON o.group_id = b.group_id AND o.code = b.code
        WHERE b.group_id = p.group_id AND b.member_id = :becomes AND o.id = min(p.budget_id)),
    CASE WHEN count(p.population) = count(*) THEN sum(p.population) END,
    CASE WHEN count(p.agents) = count(*) THEN sum(p.agents) FILTER (WHERE p.takes_part IS NOT FALSE) END, sum(p.weight),
    bool_or(p.takes_part) -- one that takes part is enough
FROM participations p
WHERE p.group_id = :the_group AND p.purchase_id = ANY (CAST(:purchases AS bigint[]))
    AND p.member_id = ANY (CAST(:everybody AS bigint[]))
GROUP BY p.group_id, p.purchase_id
ON CONFLICT (group_id, purchase_id, member_id) DO UPDATE SET budget_id = coalesce(t.budget_id, excluded.budget_id),
    population = excluded.population, agents = excluded.agents, weight = excluded.weight,
    takes_part = excluded.takes_part"""
_DECLARE = """
WITH theirs AS (
    SELECT d.id, d.group_id, d.purchase_id, d.comment, d.no_need, d.filed_at, m.name, m.sort_key
    FROM declarations d JOIN members m ON m.group_id = d.group_id AND m.id = d.member_id
    WHERE d.group_id = :the_group AND d.purchase_id = ANY (CAST(:purchases AS bigint[]))
        AND d.member_id = ANY (CAST(:everybody AS bigint[])) AND d.state = 'filed'
), written AS (
    INSERT INTO declarations AS t (group_id, purchase_id, member_id, state, comment, updated_at, filed_at, no_need)
    SELECT group_id, purchase_id, CAST(:becomes AS bigint), 'filed',
        coalesce(string_agg(name || ' : ' || comment, E'\\n' ORDER BY sort_key) FILTER (WHERE comment <> ''), ''),
        :at, max(filed_at), bool_and(no_need)
    FROM theirs GROUP BY group_id, purchase_id
    ON CONFLICT (group_id, purchase_id, member_id, state) DO UPDATE SET comment = excluded.comment,
        updated_at = excluded.updated_at, updated_by = NULL, filed_at = excluded.filed_at,
        no_need = excluded.no_need
    RETURNING t.id, t.purchase_id
)
INSERT INTO needs (group_id, declaration_id, item_id, quantity, up_to, declared_at)
SELECT n.group_id, written.id, n.item_id, sum(n.quantity), sum(n.up_to), max(n.declared_at)
FROM theirs JOIN needs n ON n.group_id = theirs.group_id AND n.declaration_id = theirs.id
JOIN written ON written.purchase_id = theirs.purchase_id
GROUP BY n.group_id, written.id, n.item_id
ON CONFLICT (group_id, declaration_id, item_id) DO UPDATE SET quantity = excluded.quantity, up_to = excluded.up_to,
    declared_at = excluded.declared_at"""
"""The latest of their places in the order of arrival: nobody else is overtaken."""


_SAID = """
WITH lines AS (
    SELECT d.group_id, d.purchase_id, n.item_id, m.name, m.sort_key, coalesce(s.note, '') AS note,
        coalesce(s.engagement, '') AS engagement, coalesce(b.code, '') AS code, b.label
    FROM declarations d
    JOIN members m ON m.group_id = d.group_id AND m.id = d.member_id
    JOIN needs n ON n.group_id = d.group_id AND n.declaration_id = d.id AND n.up_to > 0
    LEFT JOIN need_details s ON s.group_id = d.group_id AND s.declaration_id = d.id AND s.item_id = n.item_id
    LEFT JOIN budgets b ON b.group_id = s.group_id AND b.id = s.budget_id
    WHERE d.group_id = :the_group AND d.purchase_id = ANY (CAST(:purchases AS bigint[]))
        AND d.member_id = ANY (CAST(:everybody AS bigint[])) AND d.state = 'filed'
)
SELECT purchase_id, item_id,
        CASE WHEN count(DISTINCT code) = 1
            THEN coalesce(string_agg(name || ' : ' || note, ' ; ' ORDER BY sort_key) FILTER (WHERE note <> ''), '')
            ELSE string_agg(name || ' : ' || concat_ws(', ', nullif(note, ''), coalesce(label, 'son budget')), ' ; '
                ORDER BY sort_key) END AS note,
        CASE WHEN count(DISTINCT code) = 1 THEN min(code) END AS code,
        coalesce(string_agg(DISTINCT engagement, ', ') FILTER (WHERE engagement <> ''), '') AS engagement
FROM lines GROUP BY purchase_id, item_id"""
"""What each said of its line, as they stand apart; where their budgets differ, they are told in words."""
_SAY = """
INSERT INTO need_details (group_id, declaration_id, item_id, note, budget_id, engagement)
SELECT t.group_id, t.id, said.item_id, said.note, b.id, said.engagement
FROM unnest(CAST(:of AS bigint[]), CAST(:items AS bigint[]), CAST(:notes AS text[]), CAST(:codes AS text[]),
    CAST(:engagements AS text[])) AS said (purchase_id, item_id, note, code, engagement)
JOIN declarations t ON t.group_id = :the_group AND t.purchase_id = said.purchase_id AND t.member_id = :becomes
    AND t.state = 'filed'
LEFT JOIN budgets b ON b.group_id = t.group_id AND b.member_id = t.member_id AND b.code = said.code
WHERE said.note <> '' OR b.id IS NOT NULL OR said.engagement <> ''
ON CONFLICT (group_id, declaration_id, item_id) DO UPDATE SET note = excluded.note, budget_id = excluded.budget_id,
    engagement = excluded.engagement"""


async def merge(session: AsyncSession, merging: Merging) -> None:
    """Takes part once in place of all. No draft could still be filed: `merge_ties` has looked."""
    purchases = await purchases_as_one(session, merging.ids)
    values = {
        "the_group": group_of(session),
        "purchases": purchases,
        "becomes": merging.becomes.id,
        "everybody": [*merging.ids, merging.becomes.id],
    }
    await session.execute(text(_TAKE_PART), values, execution_options=changing(participations=purchases))
    apart = {name: values[name] for name in ("the_group", "purchases", "everybody")}
    said = (await session.execute(text(_SAID), apart)).all()
    changed = changing(declarations=purchases)
    await session.execute(text(_DECLARE), {**values, "at": merging.at}, execution_options=changed)
    columns = zip(*said, strict=True) if said else ((),) * 5
    named = dict(zip(("of", "items", "notes", "codes", "engagements"), map(list, columns), strict=True))
    await session.execute(text(_SAY), {"the_group": values["the_group"], "becomes": values["becomes"], **named})
    for table in (Declaration, Participation):
        await session.execute(
            delete(table)
            .where(any_of(col(table.member_id), merging.ids), any_of(col(table.purchase_id), purchases))
            .execution_options(synchronize_session=False)
        )
    told = {"former": merging.names, "member_id": merging.becomes.id}
    await record_events(
        session,
        at=merging.at,
        person_id=merging.by,
        kind="purchase",
        name="purchase.members_merged",
        each=dict.fromkeys(purchases, told),
    )
