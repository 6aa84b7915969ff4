"""What indicators are worked out from: a fixed number of statements, whatever the group and the years."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.actions.models import Action, ActionState
from pooling.committees.decisions.models import DecisionState
from pooling.committees.models import CommitteeState
from pooling.indicators.rules import Year
from pooling.kernel.database import group_of
from pooling.purchases.models import Emission
from pooling.satisfaction.rules import GOOD, Satisfaction
from pooling.sharing.money import Cents
from pooling.sharing.savings import Bought

MOST_OFFERED = 100
Purchases = Collection[int] | None
"""Those that one looks at; None: all of the group."""


class Looked(NamedTuple):
    """An action that one looks at, and the purchases that serve it."""

    action: int
    purchases: Sequence[int]


class Meeting(NamedTuple):
    """A committee that was held."""

    id: int
    title: str
    day: date
    invited: int
    present: int
    published_after: int | None
    """Days between the meeting and its minutes; None: they are not published."""


class Decided(NamedTuple):
    committee_id: int
    title: str
    day: date
    done: int
    open: int
    late: int
    """Of those that are open."""


class BoughtItem(NamedTuple):
    name: str
    bought: Bought
    source: str
    """Where its price alone comes from, and of which day; empty: it has none."""


class Paid(NamedTuple):
    """A purchase whose shares are frozen, by its last record."""

    id: int
    reference: str
    title: str
    year: int
    ht: Cents
    vat: Cents
    subsidies: Cents
    charges: Cents
    """Shared costs and discounts, before VAT."""
    items: Sequence[BoughtItem]
    members: int
    """Who pays something of it."""

    @property
    def path(self) -> str:
        return f"/achats/{self.reference}"

    @property
    def bought(self) -> list[Bought]:
        return [item.bought for item in self.items]


class Waited(NamedTuple):
    """A purchase that was delivered."""

    reference: str
    title: str
    days: int
    """From the day on which its needs were declared, in the mean, to its delivery."""


class Counted(NamedTuple):
    """Something with a number."""

    label: str
    path: str
    value: int
    more: int = 0
    note: str = ""


class Vehicles(NamedTuple):
    reference: str
    item: str
    emission: Emission
    units: int


class Assumed(NamedTuple):
    """Units of an item with what is assumed of its journeys."""

    reference: str
    item: str
    units: int
    kilometres: int
    replaced: str
    replaced_by: str
    source: str


class Contributed(NamedTuple):
    """What a partner brings to an action."""

    partner: int
    name: str
    action: str
    amount_cents: Cents
    half_days: int
    premises: str


class Spent(NamedTuple):
    """Days that agents gave, as they were noted."""

    what: str
    member: str
    day: date
    days: Decimal
    path: str
    """Of what they are about; of the member, where that is nothing."""


class Judged(NamedTuple):
    """What people thought of one thing."""

    title: str
    path: str
    day: date | None
    """Of a meeting."""
    found: Satisfaction
    comments: Sequence[str]


def _within(session: AsyncSession, year: Year, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - of a statement
    return {"group": group_of(session), "begins": year.begins, "ends": year.ends, "zone": str(year.zone), **more}


async def meetings_of(session: AsyncSession, year: Year) -> list[Meeting]:
    """By day. Guests count nowhere; those who were invited and of whom nobody ticked anything were not there."""
    rows = await session.execute(
        text("""
            SELECT c.id, c.title, CAST(c.local_start AS date), count(i.person_id), count(*) FILTER (WHERE i.present),
                CAST(c.published_at AT TIME ZONE :zone AS date) - CAST(c.local_start AS date)
            FROM committees c
            LEFT JOIN committee_invitations i ON i.group_id = c.group_id AND i.committee_id = c.id
            WHERE c.group_id = :group AND c.state = ANY(:held) AND c.starts_at >= :begins AND c.starts_at < :ends
            GROUP BY c.group_id, c.id ORDER BY c.starts_at, c.id"""),
        _within(session, year, held=[CommitteeState.HELD, CommitteeState.MINUTED]),
    )
    return [Meeting(*row) for row in rows]


async def decisions_of(session: AsyncSession, year: Year, only: Looked | None = None) -> list[Decided]:
    """Those of the year's committees, without what was dropped; those about an action, or what serves it."""
    rows = await session.execute(
        text("""
            SELECT c.id, c.title, CAST(c.local_start AS date), count(*) FILTER (WHERE d.state = :done),
                count(*) FILTER (WHERE d.state = :open), count(*) FILTER (WHERE d.state = :open AND d.due_on < :today)
            FROM decisions d JOIN committees c ON c.group_id = d.group_id AND c.id = d.committee_id
            WHERE d.group_id = :group AND d.state <> :dropped AND c.starts_at >= :begins AND c.starts_at < :ends
                AND (CAST(:action AS bigint) IS NULL OR d.action_id = :action OR d.purchase_id = ANY(:purchases))
            GROUP BY c.group_id, c.id ORDER BY c.starts_at, c.id"""),
        _within(
            session,
            year,
            today=year.today,
            done=DecisionState.DONE,
            open=DecisionState.OPEN,
            dropped=DecisionState.DROPPED,
            **_looked(only),
        ),
    )
    return [Decided(*row) for row in rows]


def _looked(only: Looked | None) -> dict[str, Any]:
    return {"action": None, "purchases": []} if only is None else {**only._asdict(), "purchases": list(only.purchases)}


_FROZEN = """
    SELECT DISTINCT ON (purchase_id) purchase_id, id, frozen_at, stated
    FROM allocations
    WHERE group_id = :group AND stated IS NOT NULL AND (CAST(:only AS bigint[]) IS NULL OR purchase_id = ANY(:only))
    ORDER BY purchase_id, number DESC"""
"""What was frozen last of the purchases that one looks at, `:only` null for all."""


async def paid(session: AsyncSession, zone: str, only: Purchases = None) -> list[Paid]:
    """Every year's, by the year in which its shares were last frozen, the latest first. Of goods and services."""
    chosen = {"group": group_of(session), "zone": zone, "only": None if only is None else list(only)}
    heads = await session.execute(
        text(f"""
            SELECT p.id, p.reference, p.title, CAST(extract(year FROM a.frozen_at AT TIME ZONE :zone) AS int),
                CAST(a.stated->'totals'->>'ht' AS bigint), CAST(a.stated->'totals'->>'vat' AS bigint),
                CAST(a.stated->'totals'->>'subsidies' AS bigint),
                (SELECT COALESCE(sum(CAST(line->>'total' AS bigint)), 0)
                 FROM jsonb_array_elements(a.stated->'lines') line WHERE line->>'kind' = 'charge'),
                (SELECT COALESCE(jsonb_agg(jsonb_build_array(a.stated->'names'->'items'->>(line->>'id'),
                        COALESCE(line->'quantity', '0'), line->'total', d.price_alone,
                        d.price_source || ', ' || to_char(d.priced_on, 'DD/MM/YYYY')) ORDER BY line->>'id'), '[]')
                 FROM jsonb_array_elements(a.stated->'lines') line
                 LEFT JOIN items i ON i.group_id = :group AND i.purchase_id = p.id AND i.code = line->>'id'
                 LEFT JOIN item_details d ON d.group_id = :group AND d.item_id = i.id
                 WHERE line->>'kind' = 'item'),
                (SELECT count(*) FROM allocation_shares s
                 WHERE s.group_id = :group AND s.allocation_id = a.id AND (s.ht <> 0 OR s.vat <> 0))
            FROM ({_FROZEN}) a JOIN purchases p ON p.group_id = :group AND p.id = a.purchase_id
            WHERE p.state <> 'cancelled'
            ORDER BY a.frozen_at DESC, p.id"""),  # noqa: S608 - a statement of ours, no input
        chosen,
    )
    return [Paid._make((*row[:8], [_bought(*values) for values in row[8]], row[9])) for row in heads]


def _bought(name: str, units: int, total: Cents, alone: object, source: str | None) -> BoughtItem:
    return BoughtItem(name, Bought(units, total, None if alone is None else Fraction(str(alone))), source or "")


async def members_of(session: AsyncSession, year: Year, only: Purchases = None) -> int:
    """Different members that pay something of a purchase of the year."""
    found = await session.execute(
        text(f"""
            SELECT count(DISTINCT s.member) FROM ({_FROZEN}) a
            JOIN purchases p ON p.group_id = :group AND p.id = a.purchase_id AND p.state <> 'cancelled'
            JOIN allocation_shares s ON s.group_id = :group AND s.allocation_id = a.id AND (s.ht <> 0 OR s.vat <> 0)
            WHERE a.frozen_at >= :begins AND a.frozen_at < :ends"""),  # noqa: S608 - a statement of ours
        _within(session, year, only=None if only is None else list(only)),
    )
    count: int = found.scalar_one()
    return count


async def delays_of(session: AsyncSession, year: Year, only: Purchases = None) -> list[Waited]:
    """Of the purchases that were delivered in the year."""
    rows = await session.execute(
        text("""
            WITH delivered AS (
                SELECT subject_id AS purchase_id, max(at) AS at FROM events
                WHERE group_id = :group AND subject_kind = 'purchase' AND name = 'purchase.delivered'
                GROUP BY subject_id)
            SELECT p.reference, p.title,
                CAST(delivered.at AT TIME ZONE :zone AS date) - CAST(to_timestamp(
                    avg(extract(epoch FROM d.filed_at))) AT TIME ZONE :zone AS date)
            FROM delivered JOIN purchases p ON p.group_id = :group AND p.id = delivered.purchase_id
            JOIN declarations d ON d.group_id = :group AND d.purchase_id = p.id AND d.state = 'filed' AND NOT d.no_need
            WHERE delivered.at >= :begins AND delivered.at < :ends AND p.state IN ('delivered', 'settled')
                AND (CAST(:only AS bigint[]) IS NULL OR p.id = ANY(:only))
            GROUP BY p.group_id, p.id, delivered.at ORDER BY delivered.at, p.id"""),
        _within(session, year, only=None if only is None else list(only)),
    )
    return [Waited(*row) for row in rows]


async def lent_of(session: AsyncSession, year: Year) -> list[Counted]:
    """Units times days that served, by resource."""
    rows = await session.execute(
        text("""
            SELECT r.title, '/ressources/' || r.id, sum(u.used), count(DISTINCT l.member_id), m.name
            FROM lending_uses u JOIN lendings l ON l.group_id = u.group_id AND l.id = u.lending_id
            JOIN resources r ON r.group_id = l.group_id AND r.id = l.resource_id
            JOIN members m ON m.group_id = r.group_id AND m.id = r.member_id
            WHERE u.group_id = :group AND u.month >= :first AND u.month <= :last
            GROUP BY r.group_id, r.id, m.group_id, m.id ORDER BY sum(u.used) DESC, r.id"""),
        {"group": group_of(session), "first": year.first, "last": year.last},
    )
    return [Counted(*row) for row in rows]


async def taken_up(session: AsyncSession, year: Year, only: Purchases = None) -> list[Counted]:
    """Agents who bought what a professional offers them, by offer, with how many had been interested. An offer is of
    the year in which it begins.
    """
    rows = await session.execute(
        text("""
            SELECT p.title, '/achats/' || p.reference,
                (SELECT COALESCE(sum(u.bought), 0) FROM uptakes u
                 WHERE u.group_id = :group AND u.purchase_id = p.id),
                (SELECT COALESCE(sum(n.quantity), 0) FROM needs n
                 JOIN declarations d ON d.group_id = :group AND d.id = n.declaration_id
                 WHERE n.group_id = :group AND d.purchase_id = p.id AND d.state = 'filed'), o.supplier
            FROM offers o JOIN purchases p ON p.group_id = :group AND p.id = o.purchase_id
            WHERE o.group_id = :group AND o.valid_from BETWEEN :first AND :last AND p.state <> 'cancelled'
                AND (CAST(:only AS bigint[]) IS NULL OR p.id = ANY(:only))
            ORDER BY o.valid_from, p.id"""),
        {
            "group": group_of(session),
            "first": year.first,
            "last": year.last,
            "only": None if only is None else list(only),
        },
    )
    return [Counted(*row) for row in rows]


_UNITS = f"""
    SELECT p.reference, i.id AS item_id, i.name, CAST(COALESCE(line->>'quantity', '0') AS int) AS units
    FROM ({_FROZEN}) a JOIN purchases p ON p.group_id = :group AND p.id = a.purchase_id AND p.state <> 'cancelled'
    CROSS JOIN LATERAL jsonb_array_elements(a.stated->'lines') line
    JOIN items i ON i.group_id = :group AND i.purchase_id = p.id AND i.code = line->>'id'
    WHERE line->>'kind' = 'item' AND a.frozen_at >= :begins AND a.frozen_at < :ends"""  # noqa: S608 - a statement of ours


async def vehicles_of(session: AsyncSession, year: Year, only: Purchases = None) -> list[Vehicles]:
    rows = await session.execute(
        text(f"""
            SELECT u.reference, u.name, d.emission, u.units FROM ({_UNITS}) u
            JOIN item_details d ON d.group_id = :group AND d.item_id = u.item_id AND d.emission <> ''
            WHERE u.units > 0 ORDER BY u.reference, u.name"""),  # noqa: S608 - a statement of ours
        _within(session, year, only=None if only is None else list(only)),
    )
    return [Vehicles(reference, item, Emission(emission), units) for reference, item, emission, units in rows]


async def assumed_of(session: AsyncSession, year: Year, only: Purchases = None) -> list[Assumed]:
    rows = await session.execute(
        text(f"""
            SELECT u.reference, u.name, u.units, c.kilometres, c.replaced, c.replaced_by, c.source FROM ({_UNITS}) u
            JOIN carbon_assumptions c ON c.group_id = :group AND c.item_id = u.item_id
            WHERE u.units > 0 ORDER BY u.reference, u.name"""),  # noqa: S608 - a statement of ours
        _within(session, year, only=None if only is None else list(only)),
    )
    return [Assumed(*row) for row in rows]


async def days_of(session: AsyncSession, year: Year, only: Looked | None = None) -> list[Spent]:
    """By day; those for an action, or what serves it."""
    rows = await session.execute(
        text("""
            SELECT d.what, m.name, d.spent_on, d.days, COALESCE('/achats/' || p.reference, '/actions/' || a.reference,
                '/actions/tours/' || r.reference, '/membres/' || m.code)
            FROM agent_days d
            JOIN members m ON m.group_id = d.group_id AND m.id = d.member_id
            LEFT JOIN purchases p ON p.group_id = d.group_id AND p.id = d.purchase_id
            LEFT JOIN actions a ON a.group_id = d.group_id AND a.id = d.action_id
            LEFT JOIN rounds r ON r.group_id = d.group_id AND r.id = d.round_id
            WHERE d.group_id = :group AND d.spent_on BETWEEN :first AND :last
                AND (CAST(:action AS bigint) IS NULL OR d.action_id = :action OR d.purchase_id = ANY(:purchases))
            ORDER BY d.spent_on, d.id"""),
        {"group": group_of(session), "first": year.first, "last": year.last, **_looked(only)},
    )
    return [Spent(*row) for row in rows]


async def contributed(session: AsyncSession, year: Year, only: Looked | None = None) -> list[Contributed]:
    """What partners bring to the actions that last in the year, agreed, under way or done: by partner. An action that
    lasts several years is in each of them; one that does not say when begins with its proposal, and goes on.
    """
    rows = await session.execute(
        text("""
            SELECT p.id, p.name, a.title, c.amount_cents, c.half_days, c.premises
            FROM contributions c JOIN actions a ON a.group_id = c.group_id AND a.id = c.action_id
            JOIN partners p ON p.group_id = c.group_id AND p.id = c.partner_id
            WHERE c.group_id = :group AND a.state IN ('agreed', 'under_way', 'done')
                AND COALESCE(a.starts_on, CAST(a.proposed_at AT TIME ZONE :zone AS date)) <= :last
                AND COALESCE(a.ends_on, :last) >= :first AND (CAST(:action AS bigint) IS NULL OR a.id = :action)
            ORDER BY p.sort_key, p.id, a.id"""),
        {
            "group": group_of(session),
            "first": year.first,
            "last": year.last,
            "zone": str(year.zone),
            "action": None if only is None else only.action,
        },
    )
    return [Contributed(*row) for row in rows]


async def serving(session: AsyncSession, action_id: int) -> Looked:
    """This action with its purchases."""
    rows = await session.execute(
        text("SELECT id FROM purchases WHERE group_id = :group AND action_id = :action ORDER BY id"),
        {"group": group_of(session), "action": action_id},
    )
    return Looked(action_id, list(rows.scalars()))


async def actions_to_look_at(session: AsyncSession, chosen: str = "") -> list[tuple[str, str]]:
    """The latest that are agreed, under way or done, and before them the one chosen: what a list offers."""
    is_chosen = col(Action.reference) == chosen
    rows = await session.execute(
        select(col(Action.reference), col(Action.title))
        .where(or_(col(Action.state).in_([ActionState.AGREED, ActionState.UNDER_WAY, ActionState.DONE]), is_chosen))
        .order_by(is_chosen.desc(), col(Action.id).desc())
        .limit(MOST_OFFERED)
    )
    return [(reference, f"{reference} · {title}") for reference, title in rows]


async def opinions_of(session: AsyncSession, year: Year, only: Purchases = None) -> list[Judged]:
    """Of the year, by what they are of."""
    rows = await session.execute(
        text("""
            SELECT COALESCE(p.title, c.title), COALESCE('/achats/' || p.reference, '/comites/' || c.id),
                CAST(c.local_start AS date), count(*),
                sum(o.first + o.second), count(*) FILTER (WHERE least(o.first, o.second) >= :good),
                COALESCE(array_agg(o.comment ORDER BY o.comment) FILTER (WHERE o.comment <> ''), '{}')
            FROM opinions o
            LEFT JOIN purchases p ON p.group_id = o.group_id AND p.id = o.purchase_id
            LEFT JOIN committees c ON c.group_id = o.group_id AND c.id = o.committee_id
            WHERE o.group_id = :group AND o.given_at >= :begins AND o.given_at < :ends
                AND (CAST(:only AS bigint[]) IS NULL OR o.purchase_id = ANY(:only))
            GROUP BY p.group_id, p.id, c.group_id, c.id ORDER BY max(o.given_at) DESC"""),
        _within(session, year, good=GOOD, only=None if only is None else list(only)),
    )
    return [
        Judged(title, path, day, Satisfaction(opinions, marks, satisfied), comments)
        for title, path, day, opinions, marks, satisfied, comments in rows
    ]


def by_year(purchases: Sequence[Paid]) -> Mapping[int, list[Paid]]:
    found: dict[int, list[Paid]] = {}
    for one in purchases:
        found.setdefault(one.year, []).append(one)
    return found
