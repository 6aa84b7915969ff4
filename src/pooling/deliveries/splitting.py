"""Saying how what a member gets is divided among its sites: a wish while it declares; exact once it is assigned."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.deliveries.reading import ItemSplit, MemberSplit, member_split
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.tables import any_of
from pooling.kernel.versions import ChangedMeanwhile
from pooling.members.models import Member
from pooling.members.rights import Caller
from pooling.purchases.kinds import kind_of
from pooling.purchases.models import Participation, Purchase, PurchaseState
from pooling.sites.keeping import lock_sites
from pooling.sites.models import SiteSplit
from pooling.sites.permissions import may_keep_sites
from pooling.web.typography import number, plural

Wanted = Mapping[int, int]
"""Units by the id of their site."""
MEANWHILE = (
    "Entre-temps, une autre personne a changé cette répartition, les sites ou les quantités attribuées. "
    "Comparez avec ce que vous avez tapé, puis enregistrez ce qui convient."
)


async def keep_split(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    member: Member,
    wanted: Sequence[tuple[int, Wanted]],
    now: datetime,
    *,
    seen: str | None = None,
) -> MemberSplit:
    """Divides a member's units of these items, by their ids; of items that are not named, nothing changes. `seen` is
    the version that was before somebody's eyes.

    Raises:
        Forbidden: the caller does not keep the member's sites.
        NotFound: the member does not take part.
        Conflict: members are not asked yet, or the order has left.
        ChangedMeanwhile: it is no longer as it was `seen`.
        Invalid: an item of another purchase, a site that is not in use, or units that do not add up to what is
            assigned; at `items.{place}`.
    """
    may_keep_sites.require(caller, member)
    purchase = await _lock(session, purchase_id, member)
    before = await member_split(session, purchase, member)
    if not before.may_change:
        raise _too_late_or_soon(purchase)
    if seen is not None and seen != before.version:
        raise ChangedMeanwhile(MEANWHILE)
    _check(before, wanted)
    await _write(session, member, wanted)
    after = await member_split(session, purchase, member)
    sides = _in_words(before), _in_words(after)
    if sides[0] != sides[1]:
        record_event(
            session,
            at=now,
            person_id=caller.person_id,
            subject=("purchase", purchase_id),
            name="delivery.wished" if before.consolidation is None else "delivery.split",
            details={"member_id": member.id, "before": sides[0], "after": sides[1]},
        )
    return after


async def _lock(session: AsyncSession, purchase_id: int, member: Member) -> Purchase:
    """The purchase with others, so that its order does not leave meanwhile; the member's sites alone.

    Raises:
        NotFound: the member does not take part.
    """
    found = await session.execute(
        select(Purchase)
        .where(col(Purchase.id) == purchase_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    purchase: Purchase = found.scalar_one()
    if await session.get(Participation, (group_of(session), purchase_id, member.id)) is None:
        raise NotFound
    await lock_sites(session, member.id)
    return purchase


def _too_late_or_soon(purchase: Purchase) -> Conflict:
    if purchase.state == PurchaseState.DRAFT:
        return Conflict("La collecte n’est pas encore ouverte : rien n’est demandé aux membres.", code="not_asked_yet")
    if purchase.state == PurchaseState.CANCELLED:
        return Conflict("Cet achat est annulé : rien ne sera livré.", code="order_left")
    word = kind_of(purchase.kind).word(purchase.state).lower()
    return Conflict(f"L’achat est {word} : la commande est partie, sa répartition ne change plus.", code="order_left")


def _check(split: MemberSplit, wanted: Sequence[tuple[int, Wanted]]) -> None:
    errors: dict[str, str] = {}
    known, sites = {one.item.id: one for one in split.items}, {site.id for site in split.sites}
    named: set[int] = set()
    for place, (item_id, units) in enumerate(wanted):
        one, total = known.get(item_id), sum(units.values())
        if one is None:
            errors[f"items.{place}"] = "Cet article ne fait pas partie de l’achat."
        elif one.left and not _same(one, units):
            errors[f"items.{place}"] = f"La commande de « {one.item.name} » est partie : sa répartition ne change plus."
        elif item_id in named:
            errors[f"items.{place}"] = "Cet article est indiqué deux fois."
        elif not units.keys() <= sites:
            errors[f"items.{place}"] = "Un des sites n’est pas, ou plus, un site de ce membre."
        elif one.assigned and total != one.assigned:
            owed = plural(one.assigned, one.item.unit)
            errors[f"items.{place}"] = (
                f"« {one.item.name} »\u00a0: répartissez {owed} entre les sites, il y en a {number(total)}."
            )
        named.add(item_id)
    if errors:
        raise Invalid(errors)


def _same(one: ItemSplit, units: Wanted) -> bool:
    """Whether it goes where it goes already."""
    return {site: many for site, many in units.items() if many} == {
        site.id if site else None: many for site, many in one.places if many
    }


async def _write(session: AsyncSession, member: Member, wanted: Sequence[tuple[int, Wanted]]) -> None:
    await session.execute(
        delete(SiteSplit).where(
            col(SiteSplit.member_id) == member.id, any_of(col(SiteSplit.item_id), [item_id for item_id, _ in wanted])
        )
    )
    rows: list[dict[str, Any]] = [
        {"item_id": item_id, "member_id": member.id, "site_id": site_id, "quantity": units}
        for item_id, given in wanted
        for site_id, units in given.items()
        if units
    ]
    await insert_many(session, SiteSplit, rows)


def _in_words(split: MemberSplit) -> dict[str, str]:
    """By the code of each item of which something is said: « Mairie 5, École 7 »."""
    names = {site.id: site.name for site in split.sites}
    return {
        one.item.code: ", ".join(f"{name} {one.said[site]}" for site, name in names.items() if site in one.said)
        for one in split.items
        if one.said
    }
