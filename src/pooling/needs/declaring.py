"""Declarations: saving a draft, filing, giving the draft up.

All share the collection's lock, so that closing comes before or after, never between.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.finding import lock_collection
from pooling.collections.models import Collection
from pooling.collections.rules import accepts
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of, insert_many
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.members.models import Member
from pooling.members.rights import Caller, Right
from pooling.needs.doubts import doubts_of_quantities
from pooling.needs.models import Declaration, DeclarationState, Need
from pooling.needs.queries import declarations_of_member, stamp_of
from pooling.needs.schemas import DeclarationIn
from pooling.purchases.finding import item_ids
from pooling.purchases.models import Participation
from pooling.purchases.queries import purchase_items


async def save_draft(
    session: AsyncSession, caller: Caller, purchase_id: int, command: DeclarationIn, clock: Clock
) -> datetime:
    """Keeps what a référent is preparing, beside a declaration already filed. Returns when it was kept.

    Raises: as `file_declaration`.
    """
    now = await _admit(session, caller, purchase_id, command, clock)
    await write_declaration(session, caller, purchase_id, command, DeclarationState.DRAFT, now)
    return now


async def file_declaration(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: DeclarationIn,
    clock: Clock,
    *,
    insistence: Insistence | None = None,
) -> datetime:
    """Files a member's declaration: from now on it counts, in place of the one before. Returns when.

    Raises:
        Forbidden: the caller is not a référent of this member.
        NotFound: this member does not take part.
        Conflict: the collection is closed, decided by the database's time under the collection's lock.
        Invalid: an item of another purchase, or a most that is below the quantity.
        Doubtful: more units than the member has inhabitants, and nobody insists.
    """
    now = await _admit(session, caller, purchase_id, command, clock)
    declaration_id = await write_declaration(session, caller, purchase_id, command, DeclarationState.FILED, now)
    await session.execute(_drafts(purchase_id, command.member_id))
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("declaration", declaration_id),
        name="declaration.filed",
        change=(None, DeclarationState.FILED),
        details={
            "purchase_id": purchase_id,
            "member_id": command.member_id,
            "quantities": {str(need.item_id): need.quantity for need in command.needs},
        },
    )
    await doubt_quantities(session, caller, purchase_id, declaration_id, command, insistence, now)
    return now


async def doubt_quantities(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    declaration_id: int,
    command: DeclarationIn,
    insistence: Insistence | None,
    now: datetime,
) -> None:
    """Raises:
    Doubtful: more units than the member has inhabitants, and nobody insists.
    """
    member = await session.get(Member, (group_of(session), command.member_id))
    assert member is not None, "it takes part"
    most = {need.item_id: max(need.quantity, need.most) for need in command.needs}
    wanted = [(item.name, item.unit, most.get(item.id, 0)) for item in await purchase_items(session, purchase_id)]
    doubts = doubts_of_quantities(wanted, member.population, member.agents)
    details: dict[str, object] = {"purchase_id": purchase_id, "member_id": command.member_id}
    subject = ("declaration", declaration_id)
    insist(session, doubts, insistence, at=now, person_id=caller.person_id, subject=subject, details=details)


async def discard_draft(session: AsyncSession, caller: Caller, purchase_id: int, member_id: int, clock: Clock) -> None:
    """Gives up what was being prepared: what is filed stands as it is.

    Raises:
        Forbidden: the caller is not a référent of this member.
        NotFound: this member does not take part.
        Conflict: the collection is closed, or there is no draft.
    """
    await _admit(session, caller, purchase_id, DeclarationIn(member_id=member_id), clock)
    gone = await session.execute(_drafts(purchase_id, member_id).returning(col(Declaration.id)))
    if gone.scalar_one_or_none() is None:
        raise Conflict("Il n’y a pas, ou plus, de brouillon à abandonner.", code="no_draft")


def _drafts(purchase_id: int, member_id: int) -> Delete:
    return delete(Declaration).where(
        col(Declaration.purchase_id) == purchase_id,
        col(Declaration.member_id) == member_id,
        col(Declaration.state) == DeclarationState.DRAFT,
    )


async def _admit(
    session: AsyncSession, caller: Caller, purchase_id: int, command: DeclarationIn, clock: Clock
) -> datetime:
    caller.require(Right.FILE_NEEDS, member_id=command.member_id)
    _, now = await lock_to_declare(session, purchase_id, command, clock)
    return now


async def lock_to_declare(
    session: AsyncSession, purchase_id: int, command: DeclarationIn, clock: Clock
) -> tuple[Collection, datetime]:
    """What every declaration goes through, whoever writes it down; the right is checked before. Returns the purchase's
    collection, locked with others, and the moment by the database.

    Raises: as `file_declaration`, but for the right.
    """
    collection = await lock_collection(session, ("purchase", purchase_id), alone=False)
    now = await clock.at_database(session)
    collection = require_open(collection, now)
    taking_part = (group_of(session), purchase_id, command.member_id)
    # Locks the member's place: two people of one member file one after the other, and the second is told.
    if await session.get(Participation, taking_part, with_for_update=True, populate_existing=True) is None:
        raise NotFound
    await refuse_when_changed(session, purchase_id, command)
    check_lines(command, set((await item_ids(session, purchase_id)).values()))
    return collection, now


def require_open(collection: Collection | None, now: datetime) -> Collection:
    """The collection, if it takes declarations at this moment.

    Raises:
        Conflict: it does not.
    """
    if collection is None or not accepts(collection, now):
        raise Conflict(
            "La collecte est close : cette déclaration n’a pas été enregistrée. "
            "Pour une modification, c’est l’acheteur pilote qui peut la faire.",
            code="collection_closed",
        )
    return collection


async def refuse_when_changed(session: AsyncSession, purchase_id: int, command: DeclarationIn) -> None:
    """Raises:
    Conflict: somebody wrote another version since the person saw it.
    """
    if command.seen is None:
        return
    if command.seen != stamp_of(await declarations_of_member(session, purchase_id, command.member_id)):
        raise Conflict(
            "Entre-temps, une autre version de cette déclaration a été enregistrée. Comparez-la avec la vôtre, puis "
            "enregistrez celle qui convient.",
            code="changed_meanwhile",
        )


def check_lines(command: DeclarationIn, items: set[int]) -> None:
    """Raises:
    Invalid: an item that this purchase does not have, named twice, or a most below the quantity.
    """
    errors: dict[str, str] = {}
    if len({need.item_id for need in command.needs}) < len(command.needs):
        errors[""] = "Un article est indiqué deux fois."
    for place, need in enumerate(command.needs):
        if need.item_id not in items:
            errors[""] = "Un article indiqué ne fait pas partie de cet achat. Rechargez la page."
        if need.up_to is not None and need.up_to < need.quantity:
            errors[f"needs.{place}.up_to"] = "Le maximum accepté ne peut pas être inférieur à la quantité."
    if errors:
        raise Invalid(errors)


async def write_declaration(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: DeclarationIn,
    state: DeclarationState,
    now: datetime,
) -> int:
    """One declaration in this state, in place of the one before; its lines keep their place in the order of arrival.
    Filing answers for every item, a draft only for those that it names. Checks nothing: the use cases around it do.
    Returns its id.
    """
    filed_at = now if state == DeclarationState.FILED else None
    values: dict[str, Any] = {
        "comment": command.comment,
        "updated_at": now,
        "updated_by": caller.person_id,
        "filed_at": filed_at,
    }
    upsert = (
        insert(Declaration)
        .values(
            group_id=group_of(session),
            purchase_id=purchase_id,
            member_id=command.member_id,
            state=state,
            **values,
        )
        .on_conflict_do_update(index_elements=["group_id", "purchase_id", "member_id", "state"], set_=values)
        .returning(col(Declaration.id))
    )
    declaration_id: int = (await session.execute(upsert)).scalar_one()
    given = {need.item_id: need for need in command.needs}
    items: Iterable[int] = given
    if state == DeclarationState.FILED:
        items = (await item_ids(session, purchase_id)).values()
    else:
        await session.execute(
            delete(Need).where(col(Need.declaration_id) == declaration_id, col(Need.item_id).not_in(given))
        )
    await write_needs(
        session,
        [
            {
                "declaration_id": declaration_id,
                "item_id": item,
                "quantity": given[item].quantity if item in given else 0,
                "up_to": given[item].most if item in given else 0,
                "declared_at": now,
            }
            for item in items
        ],
    )
    return declaration_id


KEEPING_PLACE = (
    "ON CONFLICT (group_id, declaration_id, item_id) DO UPDATE SET "
    "quantity = excluded.quantity, up_to = excluded.up_to, declared_at = CASE "
    "WHEN excluded.quantity > needs.quantity THEN excluded.declared_at ELSE needs.declared_at END"
)
"""A line written over one that stands keeps `declared_at` unless its quantity rises: who asks for less keeps its place,
who asks for more goes behind those already waiting.
"""


async def write_needs(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Writes lines over those that stand, which keep their place."""
    await insert_many(session, Need, rows, on_conflict=KEEPING_PLACE)
