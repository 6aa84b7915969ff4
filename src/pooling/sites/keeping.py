"""Keeping a member's sites: adding one, correcting it, archiving it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.limits import Readers, limit
from pooling.kernel.text import search_text, sort_key
from pooling.kernel.versions import check_version, version_of
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.purchases.models import PurchaseState
from pooling.sites.models import Site
from pooling.sites.permissions import may_keep_sites
from pooling.sites.schemas import SiteIn

MOST_SITES = limit(200, "Sites of a member that are in use", __name__, Readers.PROGRAMS)
TOLD = ("name", "street", "postcode", "city", "opening_hours")
"""What events tell. Who receives is a person: a journal that never forgets does not name one."""
NOT_LEFT = (PurchaseState.DRAFT, PurchaseState.OPEN, PurchaseState.CLOSED)
"""Of a purchase whose order has not left: where its units go may still change."""
MEANWHILE = "Quelqu’un a changé ce site entre-temps\u00a0: vérifiez ce que vous avez tapé, puis confirmez."
LEFT = (PurchaseState.ORDERED, PurchaseState.DELIVERED, PurchaseState.SETTLED)


class SiteArchived(Conflict):
    code = "site_archived"

    def __init__(self) -> None:
        super().__init__("Ce site est archivé\u00a0: il ne change plus.")


def content_of(site: Site) -> SiteIn:
    known = {name: getattr(site, name) for name in SiteIn.model_fields if name != "main"}
    return SiteIn.model_construct(**known, main=site.is_main)


def version_of_site(site: Site) -> str:
    """What a form was filled from, to tell whether it still is so."""
    return version_of(_seen(site))


def _seen(site: Site) -> object:
    return [*content_of(site).model_dump().values(), site.archived_at is not None]


async def find_site(session: AsyncSession, member: Member, site_id: int) -> Site:
    """A site of this member, also an archived one.

    Raises:
        NotFound: it has no such site.
    """
    found = await session.execute(
        select(Site)
        .where(col(Site.id) == site_id, col(Site.member_id) == member.id)
        .execution_options(populate_existing=True)
    )
    site: Site | None = found.scalar_one_or_none()
    if site is None:
        raise NotFound
    return site


async def lock_sites(session: AsyncSession, member_id: int) -> None:
    """Until the transaction ends, one at a time says where this member is delivered."""
    await session.execute(select(col(Member.id)).where(col(Member.id) == member_id).with_for_update(key_share=True))


async def sites_in_use(session: AsyncSession, member_id: int) -> Sequence[Site]:
    """In the order in which they were made."""
    found = await session.execute(
        select(Site)
        .where(col(Site.member_id) == member_id, col(Site.archived_at).is_(None))
        .order_by(col(Site.id))
        .execution_options(populate_existing=True)
    )
    return list(found.scalars())


async def add_site(session: AsyncSession, caller: Caller, member: Member, command: SiteIn, now: datetime) -> Site:
    """Another site of a member. Its first one is its main one.

    Raises:
        Forbidden: the caller does not keep the member's sites.
        Invalid: another site has this name, or there are too many.
    """
    may_keep_sites.require(caller, member)
    await lock_sites(session, member.id)
    others = await sites_in_use(session, member.id)
    if len(others) >= MOST_SITES:
        raise Invalid({"name": f"Un membre a {MOST_SITES} sites au plus\u00a0: archivez-en un."})
    _check_name(command, others)
    site = Site(group_id=group_of(session), member_id=member.id, created_at=now, name="", sort_key="")
    _fill(site, command)
    if command.main or not others:
        await _make_main(session, site, others)
    session.add(site)
    await session.flush()
    details = {"site": site.name, "after": _told(site)}
    _record(session, caller, member, now, "site.added", details)
    return site


async def correct_site(
    session: AsyncSession,
    caller: Caller,
    member: Member,
    site_id: int,
    command: SiteIn,
    now: datetime,
    *,
    seen: str | None = None,
) -> Site:
    """Makes these the facts of a site. Orders that left keep where they went, under the address as it is corrected.

    Raises:
        Forbidden: the caller does not keep the member's sites.
        NotFound: the member has no such site.
        SiteArchived: it is archived.
        ChangedMeanwhile: it is no longer as it was `seen`.
        Invalid: another site has this name.
    """
    may_keep_sites.require(caller, member)
    await lock_sites(session, member.id)
    site = await find_site(session, member, site_id)
    check_version(_seen(site), seen, MEANWHILE)
    if site.archived_at is not None:
        raise SiteArchived
    others = [other for other in await sites_in_use(session, member.id) if other.id != site.id]
    _check_name(command, others)
    before, contact = _told(site), site.contact
    _fill(site, command)
    if command.main and not site.is_main:
        await _make_main(session, site, others)
    after = _told(site)
    differing = [name for name in after if before[name] != after[name]]
    await session.flush()
    if differing or contact != site.contact:
        sides = {
            side: {name: told[name] for name in differing} for side, told in (("before", before), ("after", after))
        }
        _record(session, caller, member, now, "site.corrected", {"site": site.name, **sides})
    return site


async def archive_site(session: AsyncSession, caller: Caller, member: Member, site_id: int, now: datetime) -> Site:
    """Takes a site out of use. What was to go there, of orders that have not left, goes to the others; where it was the
    main one, the oldest of them takes its place.

    Raises:
        Forbidden: the caller does not keep the member's sites.
        NotFound: the member has no such site.
        SiteArchived: it is archived already.
    """
    may_keep_sites.require(caller, member)
    await lock_sites(session, member.id)
    site = await find_site(session, member, site_id)
    if site.archived_at is not None:
        raise SiteArchived
    others = [other for other in await sites_in_use(session, member.id) if other.id != site.id]
    details: dict[str, object] = {"site": site.name}
    if site.is_main:
        await _keep_where_orders_went(session, site)
        site.is_main = False
        if others:
            others[0].is_main = True
            details["main"] = others[0].name
    site.archived_at = now
    await session.flush()
    freed = await session.execute(text(_FREE), {"group": site.group_id, "site": site.id, "states": list(NOT_LEFT)})
    if references := list(freed.scalars()):
        details["purchases"] = sorted(set(references))
    _record(session, caller, member, now, "site.archived", details)
    return site


_FREE = """
WITH changing AS (
    SELECT p.id, p.reference FROM purchases p
    WHERE p.group_id = :group AND p.state = ANY (:states) AND EXISTS (
        SELECT FROM items i JOIN site_splits s ON s.group_id = i.group_id AND s.item_id = i.id
        WHERE i.group_id = p.group_id AND i.purchase_id = p.id AND s.site_id = :site)
    FOR SHARE OF p) -- none of their orders leaves meanwhile
DELETE FROM site_splits s USING items i, changing
WHERE s.group_id = :group AND s.site_id = :site AND i.group_id = s.group_id AND i.id = s.item_id
    AND changing.id = i.purchase_id
RETURNING changing.reference"""


async def _make_main(session: AsyncSession, site: Site, others: Sequence[Site]) -> None:
    """The former one first gives it up: only one is the main one at any moment."""
    for other in others:
        if other.is_main:
            await _keep_where_orders_went(session, other)
            other.is_main = False
    await session.flush()
    site.is_main = True


_PIN = """
INSERT INTO site_splits (group_id, item_id, member_id, site_id, quantity)
SELECT i.group_id, i.id, t.member_id, :site, 1
FROM participations t
JOIN purchases p ON p.group_id = t.group_id AND p.id = t.purchase_id AND p.state = ANY (:left)
JOIN items i ON i.group_id = p.group_id AND i.purchase_id = p.id
WHERE t.group_id = :group AND t.member_id = :member AND NOT EXISTS (
    SELECT FROM site_splits s WHERE s.group_id = i.group_id AND s.item_id = i.id AND s.member_id = t.member_id)"""


async def _keep_where_orders_went(session: AsyncSession, main: Site) -> None:
    """Of orders that left: what nobody spoke of went to the main site, which is about to be another. One unit at the
    one place is all units there.
    """
    values = {"group": main.group_id, "member": main.member_id, "site": main.id, "left": list(LEFT)}
    await session.execute(text(_PIN), values)


def _check_name(command: SiteIn, others: Sequence[Site]) -> None:
    if search_text(command.name) in {search_text(other.name) for other in others}:
        raise Invalid({"name": "Un autre site porte déjà ce nom\u00a0: choisissez-en un qui le distingue."})


def _fill(site: Site, command: SiteIn) -> None:
    for name, value in command.model_dump(exclude={"main"}).items():
        setattr(site, name, value)
    site.sort_key = sort_key(command.name)


def _told(site: Site) -> Mapping[str, str]:
    return {**{name: getattr(site, name) for name in TOLD}, "main": "oui" if site.is_main else "non"}


def _record(
    session: AsyncSession, caller: Caller, member: Member, now: datetime, name: str, details: dict[str, Any]
) -> None:
    record_event(session, at=now, person_id=caller.person_id, subject=("member", member.id), name=name, details=details)


async def forget_contacts(session: AsyncSession, before: datetime) -> None:
    """Who received at sites that have long been archived."""
    await session.execute(
        update(Site).where(col(Site.archived_at) < before, col(Site.contact) != "").values(contact="")
    )
