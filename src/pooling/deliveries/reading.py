"""What is assigned, and where it goes: of one member, or of all, a page of members at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import fetch, group_of
from pooling.kernel.slices import Listed, Slice
from pooling.kernel.tables import any_of, linked
from pooling.kernel.versions import version_of
from pooling.members.features import features_for
from pooling.members.models import Member
from pooling.members.queries import MEMBERS_BY_NAME
from pooling.needs.consolidating import FrozenConsolidation, current_consolidation
from pooling.needs.dealing import hashing
from pooling.needs.models import Assignment
from pooling.needs.queries import declarations_of_member, latest_of
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.purchases.queries import ItemShown, purchase_items
from pooling.sites.keeping import NOT_LEFT
from pooling.sites.queries import Place, SiteShown, read_places

NAMED_AT_MOST = 12


class Delivery(NamedTuple):
    """What goes to one place: units by item id. `site` is None where the member has not said where."""

    code: str
    member: str
    site: SiteShown | None
    units: Mapping[int, int]
    takes_part: bool = True
    """Not who leads a purchase of which it only keeps the surplus."""


async def deliveries_listed(
    session: AsyncSession, purchase_id: int, consolidation_id: int, wanted: Slice, *, item_id: int | None = None
) -> Listed[Sequence[Delivery]]:
    """Those who get something, of any item or of this one, in French order, each with its places."""
    meant = [col(Assignment.consolidation_id) == consolidation_id, col(Assignment.quantity) > 0]
    if item_id is not None:
        meant.append(col(Assignment.item_id) == item_id)
    gets = exists().where(linked(Assignment.member_id, Member.id), *meant)
    takes_part = exists().where(
        linked(Participation.member_id, Member.id), col(Participation.purchase_id) == purchase_id
    )
    listed = await MEMBERS_BY_NAME.read(
        session, select(col(Member.id), col(Member.code), col(Member.name), takes_part).where(gets), wanted
    )
    members = [member_id for member_id, *_ in listed.items]
    units: dict[int, dict[int, int]] = {}
    lines = await session.execute(
        select(col(Assignment.member_id), col(Assignment.item_id), col(Assignment.quantity)).where(
            any_of(col(Assignment.member_id), members), *meant
        )
    )
    for member_id, item, quantity in lines:
        units.setdefault(member_id, {})[item] = quantity
    places = await read_places(session, purchase_id, members)

    def each(row: tuple[Any, ...]) -> Sequence[Delivery]:
        member_id, code, name, takes_part = row
        return [Delivery(code, name, site, got, takes_part) for site, got in places.lines(code, units[member_id])]

    return listed.each(each)


_ASSIGNED = """
SELECT m.code, m.name, array_agg(a.item_id) AS items, array_agg(a.quantity) AS units
FROM assignments a JOIN members m ON m.group_id = a.group_id AND m.id = a.member_id
WHERE a.group_id = $1 AND a.consolidation_id = $2 AND a.quantity > 0
GROUP BY m.group_id, m.id ORDER BY m.sort_key, m.id"""


async def all_deliveries(session: AsyncSession, purchase_id: int, consolidation_id: int) -> Iterator[Delivery]:
    """Everybody's, in French order: three statements, worked out as they are asked for."""
    async with hashing(session):
        rows = await fetch(session, _ASSIGNED, group_of(session), consolidation_id)
        places = await read_places(session, purchase_id)
    return (
        Delivery(code, member, site, got)
        for code, member, items, units in rows
        for site, got in places.lines(code, dict(zip(items, units, strict=True)))
    )


async def assigned_units(session: AsyncSession, consolidation_id: int, member_id: int | None = None) -> dict[int, int]:
    """By item id, of this member or of all."""
    statement = (
        select(col(Assignment.item_id), func.sum(col(Assignment.quantity)))
        .where(col(Assignment.consolidation_id) == consolidation_id)
        .group_by(col(Assignment.item_id))
    )
    if member_id is not None:
        statement = statement.where(col(Assignment.member_id) == member_id)
    return {item_id: int(units) for item_id, units in await session.execute(statement)}


_NOWHERE = """
WITH whole AS (
    SELECT member_id FROM sites WHERE group_id = $1 AND is_main AND street <> '' AND postcode <> '' AND city <> ''),
said AS (
    SELECT s.item_id, s.member_id, bool_or(site.street = '' OR site.postcode = '' OR site.city = '') AS incomplete
    FROM site_splits s JOIN sites site ON site.group_id = $1 AND site.id = s.site_id
    WHERE s.group_id = $1 GROUP BY s.item_id, s.member_id),
doubtful AS (
    -- what nobody spoke of goes to the main site, where there is one
    SELECT member_id FROM assignments
    WHERE group_id = $1 AND consolidation_id = $2 AND quantity > 0
        AND member_id NOT IN (SELECT member_id FROM whole) AND member_id NOT IN (SELECT member_id FROM said)
    GROUP BY member_id
    UNION
    SELECT a.member_id FROM assignments a
    LEFT JOIN said ON said.item_id = a.item_id AND said.member_id = a.member_id
    WHERE a.group_id = $1 AND a.consolidation_id = $2 AND a.quantity > 0
        AND a.member_id IN (SELECT member_id FROM said)
        AND COALESCE(said.incomplete, a.member_id NOT IN (SELECT member_id FROM whole)))
SELECT m.name, count(*) OVER () AS many
FROM doubtful d JOIN members m ON m.group_id = $1 AND m.id = d.member_id
ORDER BY m.sort_key, m.id LIMIT $3"""


async def without_address(session: AsyncSession, consolidation_id: int) -> tuple[Sequence[str], int]:
    """Members that get something at a place whose address is not whole: the first ones by name, and how many."""
    async with hashing(session):
        rows = await fetch(session, _NOWHERE, group_of(session), consolidation_id, NAMED_AT_MOST)
    return [row["name"] for row in rows], rows[0]["many"] if rows else 0


@dataclass(frozen=True)
class ItemSplit:
    """How a member's units of an item are divided."""

    item: ItemShown
    declared: int | None
    """None: nothing is declared, not even in a draft."""
    assigned: int | None
    """None: no consolidation counts."""
    said: Mapping[int, int]
    """What was wished, or said, by the id of the site."""
    places: Sequence[Place]
    """Where the assigned units go."""
    left: bool = False
    """Its order has left: where it goes is settled."""

    @property
    def by_rule(self) -> bool:
        """Nobody has said it to the unit."""
        return bool(self.assigned) and sum(self.said.values()) != self.assigned


@dataclass(frozen=True)
class MemberSplit:
    consolidation: FrozenConsolidation | None
    sites: Sequence[SiteShown]
    """In use."""
    items: Sequence[ItemSplit]
    state: str
    """Of the purchase."""

    @property
    def may_change(self) -> bool:
        """While members declare, and until the order leaves."""
        return self.state in NOT_LEFT and self.state != PurchaseState.DRAFT

    @cached_property
    def version(self) -> str:
        """Stands for what was shown; travels in the form, hidden."""
        frozen = self.consolidation.id if self.consolidation else 0
        said = [[one.item.id, one.left, *sorted(one.said.items())] for one in self.items]
        return version_of([frozen, sorted(site.id for site in self.sites), said])

    @property
    def asked(self) -> Sequence[ItemSplit]:
        """Of which there is something to divide: what is assigned; before, what is declared or already wished."""
        if self.consolidation is not None:
            return [one for one in self.items if one.assigned]
        return [one for one in self.items if one.declared or one.said] or self.items


async def member_split(session: AsyncSession, purchase: Purchase, member: Member) -> MemberSplit:
    """How a member's units are divided, as it stands now."""
    frozen = await current_consolidation(session, purchase.id)
    assigned = await assigned_units(session, frozen.id, member.id) if frozen else {}
    latest = latest_of(await declarations_of_member(session, purchase.id, member.id))
    places = await read_places(session, purchase.id, [member.id])
    left = await features_for(session).items_left(session, purchase.id, member.id)
    return MemberSplit(
        frozen,
        places.in_use(member.code),
        [
            ItemSplit(
                item,
                latest.quantities.get(item.id, 0) if latest else None,
                assigned.get(item.id, 0) if frozen else None,
                places.said.get((member.code, item.id), {}),
                places.of(member.code, item.id, assigned.get(item.id, 0)),
                item.id in left,
            )
            for item in await purchase_items(session, purchase.id)
        ],
        purchase.state,
    )
