"""Members that become one bring their sites. Where nothing is consolidated, what each wished is added up; what is
frozen stays where it went.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import fetch, group_of, insert_many
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of
from pooling.kernel.text import search_text, sort_key
from pooling.members.departures import Departure, Merging, Tie
from pooling.members.models import Member
from pooling.needs.merging import purchases_as_one
from pooling.sharing.places import over_places
from pooling.sites.keeping import lock_sites
from pooling.sites.models import Site, SiteSplit
from pooling.sites.schemas import LONGEST_NAME
from pooling.web.typography import plural

_KEEP = """
INSERT INTO site_splits (group_id, item_id, member_id, site_id, quantity)
SELECT i.group_id, i.id, t.member_id, s.id, 1
FROM participations t
JOIN sites s ON s.group_id = t.group_id AND s.member_id = t.member_id AND s.is_main
JOIN items i ON i.group_id = t.group_id AND i.purchase_id = t.purchase_id
WHERE t.group_id = :group AND t.member_id = ANY (:former) AND t.purchase_id <> ALL (:as_one) AND NOT EXISTS (
    SELECT FROM site_splits x WHERE x.group_id = i.group_id AND x.item_id = i.id AND x.member_id = t.member_id)"""
"""What the main sites got of what is frozen: soon they are sites of another member, hardly its main one."""
_SAID = """
SELECT s.item_id, s.member_id, s.site_id, s.quantity FROM site_splits s
JOIN items i ON i.group_id = s.group_id AND i.id = s.item_id
WHERE s.group_id = $1 AND i.purchase_id = ANY ($2::bigint[]) AND s.member_id = ANY ($3::bigint[])"""
_DECLARED = """
SELECT n.item_id, d.member_id, n.quantity FROM declarations d
JOIN needs n ON n.group_id = d.group_id AND n.declaration_id = d.id
WHERE d.group_id = $1 AND d.state = 'filed'
    AND d.purchase_id = ANY ($2::bigint[]) AND d.member_id = ANY ($3::bigint[])"""
_FORGET = "DELETE FROM site_splits WHERE group_id = :group AND member_id = ANY (:members) AND item_id = ANY (:items)"


async def _no_ties(session: AsyncSession, member: Member) -> list[Tie]:  # noqa: ARG001 - as the others
    """A member that leaves keeps its sites: what it is still owed goes there."""
    return []


async def _merge_ties(session: AsyncSession, members: Sequence[Member], becomes: Member | None) -> list[Tie]:
    former = [one.id for one in members if becomes is None or one.id != becomes.id]
    found = await session.execute(
        select(col(Site.id)).where(any_of(col(Site.member_id), former), col(Site.archived_at).is_(None))
    )
    many = len(found.all())
    return [Tie(f"{plural(many, 'site de livraison suit', 'sites de livraison suivent')}.")] if many else []


async def _merge(session: AsyncSession, merging: Merging) -> None:
    everybody = [*merging.ids, merging.becomes.id]
    for member_id in sorted(everybody):
        await lock_sites(session, member_id)
    sites = list(
        (
            await session.execute(
                select(Site)
                .where(any_of(col(Site.member_id), everybody))
                .order_by(col(Site.id))
                .execution_options(populate_existing=True)
            )
        ).scalars()
    )
    if not sites:
        return
    as_one = await purchases_as_one(session, merging.ids)
    group = group_of(session)
    await session.execute(text(_KEEP), {"group": group, "former": merging.ids, "as_one": as_one})
    mains = {site.member_id: site.id for site in sites if site.is_main}
    await _add_up(session, as_one, everybody, merging.becomes.id, mains)
    await _hand_over(session, merging, sites)


async def _add_up(
    session: AsyncSession, as_one: Sequence[int], everybody: Sequence[int], becomes: int, mains: Mapping[int, int]
) -> None:
    """Of items for which somebody said where: what each declared goes where it would have gone."""
    whose = group_of(session), list(as_one), list(everybody)
    said: dict[int, dict[int, dict[int, int]]] = {}
    for item_id, member_id, site_id, quantity in await fetch(session, _SAID, *whose):
        said.setdefault(item_id, {}).setdefault(member_id, {})[site_id] = quantity
    declared: dict[int, dict[int, int]] = {}
    for item_id, member_id, quantity in await fetch(session, _DECLARED, *whose):
        declared.setdefault(item_id, {})[member_id] = quantity
    rows: list[dict[str, Any]] = []
    for item_id, wishes in said.items():
        added: Counter[int] = Counter()
        needs = declared.get(item_id) or {member_id: sum(wish.values()) for member_id, wish in wishes.items()}
        for member_id, quantity in needs.items():
            places = over_places(quantity, wishes.get(member_id, {}), mains.get(member_id))
            added.update({site_id: units for site_id, units in places.items() if site_id is not None})
        rows += [
            {"item_id": item_id, "member_id": becomes, "site_id": site_id, "quantity": units}
            for site_id, units in added.items()
        ]
    await session.execute(text(_FORGET), {"group": whose[0], "members": list(everybody), "items": list(said)})
    await insert_many(session, SiteSplit, rows)


async def _hand_over(session: AsyncSession, merging: Merging, sites: Sequence[Site]) -> None:
    """The new one's main site stays so; where it has none, the oldest of theirs that was one takes its place. Of sites
    that are called alike, theirs say whose they were.
    """
    names = {one.id: one.name for one in merging.former}
    brought = [site for site in sites if site.member_id in names]
    keeps_main = any(site.is_main and site.member_id not in names for site in sites)
    main = next((site for site in brought if site.is_main), None)
    taken = {search_text(site.name) for site in sites if site.archived_at is None and site.member_id not in names}
    for site in brought:
        former = names[site.member_id]
        if site.archived_at is None:
            site.name = _distinct(site.name, former, taken)
            site.sort_key = sort_key(site.name)
            taken.add(search_text(site.name))
        site.is_main = False
        site.member_id = merging.becomes.id
    await session.flush()
    if main is not None and not keeps_main:
        main.is_main = True
    in_use = [site.name for site in brought if site.archived_at is None]
    if in_use:
        record_event(
            session,
            at=merging.at,
            person_id=merging.by,
            subject=("member", merging.becomes.id),
            name="sites.brought",
            details={"sites": in_use},
        )


def _distinct(name: str, former: str, taken: set[str]) -> str:
    """The name, with whose it was where another one is called so."""
    wanted, number = name, 1
    while search_text(wanted) in taken:
        ending = f" ({former[:60]})" if number == 1 else f" ({former[:60]} {number})"
        wanted = name[: LONGEST_NAME - len(ending)] + ending
        number += 1
    return wanted


DEPARTURE = Departure(ties=_no_ties, merge_ties=_merge_ties, merge=_merge)
