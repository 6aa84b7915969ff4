"""Offering a resource, changing what it is, withdrawing it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.clock import LAST_DAY
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.limits import Readers, limit
from pooling.kernel.text import sort_key
from pooling.kernel.versions import check_version, version_of
from pooling.members.models import Member
from pooling.members.retiring import require_present
from pooling.members.rights import Caller
from pooling.resources.finding import Offered, find_resource, lock_resource, units_lent
from pooling.resources.models import RESOURCE, Resource, ResourceState
from pooling.resources.permissions import may_keep, may_offer
from pooling.resources.refusing import refuse_all
from pooling.resources.rules import first_lacking
from pooling.resources.schemas import ResourceIn
from pooling.resources.words import units_words
from pooling.sites.keeping import find_site, lock_sites
from pooling.sites.models import Site
from pooling.web.typography import date_long

MOST_RESOURCES = limit(200, "Resources that a member offers", __name__, Readers.PROGRAMS)
MEANWHILE = "Quelqu’un a changé cette ressource entre-temps\u00a0: vérifiez ce que vous avez tapé, puis confirmez."
TOLD = ("title", "kind", "quantity", "days", "price_cents", "conditions", "from_day", "until_day")
"""What events tell when it changes."""


class ResourceWithdrawn(Conflict):
    code = "resource_withdrawn"

    def __init__(self) -> None:
        super().__init__("Cette ressource n’est plus proposée.")


def content_of(resource: Resource) -> dict[str, Any]:
    return {name: getattr(resource, name) for name in ResourceIn.model_fields}


def version_of_resource(resource: Resource) -> str:
    """What a form was filled from, to tell whether it still is so."""
    return version_of(_seen(resource))


def _seen(resource: Resource) -> object:
    return [*content_of(resource).values(), resource.state]


async def offer_resource(
    session: AsyncSession, caller: Caller, member: Member, command: ResourceIn, now: datetime
) -> Offered:
    """Offers something of this member to the others.

    Raises:
        Forbidden: the caller does not offer in the member's name.
        Invalid: its site is not one in use of the member, another resource there is called so, or there are too many.
    """
    may_offer.require(caller, member)
    await lock_sites(session, member.id)
    await require_present(session, [member.id], "")
    offered = select(func.count()).where(
        col(Resource.member_id) == member.id, col(Resource.state) == ResourceState.OFFERED
    )
    if (await session.execute(offered)).scalar_one() >= MOST_RESOURCES:
        raise Invalid({"": f"Un membre propose {MOST_RESOURCES} ressources au plus\u00a0: retirez-en une."})
    await _check(session, member, command, None)
    resource = Resource(
        group_id=group_of(session),
        member_id=member.id,
        created_at=now,
        sort_key=sort_key(command.title),
        **command.model_dump(),
    )
    session.add(resource)
    await session.flush()
    _record(session, caller, resource, now, "resource.offered", (None, ResourceState.OFFERED))
    return await find_resource(session, resource.id)


async def change_resource(
    session: AsyncSession,
    caller: Caller,
    resource_id: int,
    command: ResourceIn,
    now: datetime,
    today: date,
    *,
    seen: str | None = None,
) -> Offered:
    """Makes this what is offered. What is agreed from today on must still be possible.

    Raises:
        Forbidden: the caller does not offer in the member's name.
        NotFound: the group has no such resource.
        ResourceWithdrawn: it is no longer offered.
        ChangedMeanwhile: it is no longer as it was `seen`.
        Invalid: as in `offer_resource`, or more is agreed on a day than would be there.
    """
    found = await find_resource(session, resource_id)
    may_keep.require(caller, found.resource)
    await lock_resource(session, resource_id)
    await lock_sites(session, found.owner.id)
    found = await find_resource(session, resource_id)
    resource = found.resource
    check_version(_seen(resource), seen, MEANWHILE)
    if resource.state != ResourceState.OFFERED:
        raise ResourceWithdrawn
    await _check(session, found.owner, command, resource)
    await _check_agreed(session, command, resource_id, today)
    before = _told(resource, found.site)
    for name, value in command.model_dump().items():
        setattr(resource, name, value)
    resource.sort_key = sort_key(command.title)
    await session.flush()
    changed = await find_resource(session, resource_id)
    after = _told(resource, changed.site)
    differing = [name for name in after if before[name] != after[name]]
    if differing:
        sides = {
            side: {name: told[name] for name in differing} for side, told in (("before", before), ("after", after))
        }
        _record(session, caller, resource, now, "resource.changed", details=sides)
    return changed


async def withdraw_resource(
    session: AsyncSession, caller: Caller, resource_id: int, reason: str, now: datetime
) -> Offered:
    """Offers it no longer. Whoever waits for an answer is refused with this reason; what is agreed stays so.

    Raises:
        Forbidden: the caller does not offer in the member's name.
        NotFound: the group has no such resource.
        Conflict: it is withdrawn already.
        Invalid: no reason is given.
    """
    found = await find_resource(session, resource_id)
    may_keep.require(caller, found.resource)
    await lock_resource(session, resource_id)
    found = await find_resource(session, resource_id)
    RESOURCE.require(found.resource.state, ResourceState.WITHDRAWN)
    if not reason:
        raise Invalid({"reason": "Dites pourquoi\u00a0: ceux qui attendent une réponse le liront."})
    RESOURCE.move(
        session,
        found.resource,
        ResourceState.WITHDRAWN,
        at=now,
        person_id=caller.person_id,
        reason=reason,
    )
    await session.flush()
    await refuse_all(session, [resource_id], reason, now, caller.person_id)
    return found


async def _check(session: AsyncSession, member: Member, command: ResourceIn, own: Resource | None) -> None:
    errors = {}
    if command.until_day is not None and command.until_day < command.from_day:
        errors["until_day"] = "Le dernier jour vient après le premier."
    try:
        site = await find_site(session, member, command.site_id)
    except NotFound:
        raise Invalid({**errors, "site_id": "Choisissez un site de ce membre."}) from None
    kept = own is not None and own.site_id == site.id
    if site.archived_at is not None and not kept:
        errors["site_id"] = "Ce site est archivé\u00a0: choisissez-en un autre."
    twin = select(col(Resource.id)).where(
        col(Resource.site_id) == site.id,
        col(Resource.sort_key) == sort_key(command.title),
        col(Resource.state) == ResourceState.OFFERED,
        col(Resource.id) != (own.id if own is not None else 0),
    )
    if (await session.execute(twin)).first() is not None:
        errors["title"] = "Ce site propose déjà une ressource de ce nom\u00a0: dites ce qui les distingue."
    if errors:
        raise Invalid(errors)


async def _check_agreed(session: AsyncSession, command: ResourceIn, resource_id: int, today: date) -> None:
    """What is agreed from today on, beside what would be offered."""
    agreed = await units_lent(session, resource_id, today, LAST_DAY)
    for day, units in agreed.items():
        if lacking := first_lacking([day], units, command.span, command.quantity, {}):
            field = "quantity" if lacking[1] else "days"
            said = f"Le {date_long(day)}, {units_words(command.kind, units)} : c’est déjà accordé."
            raise Invalid({field: f"{said} Interrompez d’abord un accord."})


def _told(resource: Resource, site: Site) -> Mapping[str, Any]:
    values = {**{name: getattr(resource, name) for name in TOLD}, "site": site.name}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _record(
    session: AsyncSession,
    caller: Caller,
    resource: Resource,
    now: datetime,
    name: str,
    change: tuple[str | None, str | None] = (None, None),
    details: Mapping[str, Any] | None = None,
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("resource", resource.id),
        name=name,
        change=change,
        details=dict(details or {}),
    )
