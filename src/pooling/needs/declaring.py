"""Declarations: saving a draft, filing, giving the draft up.

All share the collection's lock, so that closing comes before or after, never between.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import Delete, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.finding import sharing_lock
from pooling.collections.rules import Collecting, accepts
from pooling.kernel.clock import Clock
from pooling.kernel.database import fetch, group_of
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.members.rights import Caller, Right
from pooling.needs.doubts import doubts_of_quantities
from pooling.needs.models import Declaration, DeclarationState
from pooling.needs.queries import stamp
from pooling.needs.schemas import DeclarationIn
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.queries import ItemShown, purchase_items

Asked = TypeVar("Asked", bound=Collecting)


@dataclass(frozen=True)
class Standing:
    """What a declaration is judged by: the member's sizes, and all of the purchase's items."""

    population: int | None
    agents: int | None
    items: Sequence[ItemShown]


class PurchaseNamed(NamedTuple):
    id: int
    reference: str
    title: str


class MemberNamed(NamedTuple):
    id: int
    code: str
    name: str


@dataclass(frozen=True)
class Place(Standing):
    """Where a participant declares: the locks are held, and this is what stands under them."""

    purchase: PurchaseNamed
    member: MemberNamed
    collection: "_Read | None"
    told: datetime
    """The moment, by the database."""
    stamp: str
    """Of the version that stands (`stamp_of`)."""
    budgets: Mapping[int, str]
    """Codes of the member's budgets, by id."""


@dataclass(frozen=True)
class Admitted(Place):
    """A declaration may be written there."""

    at: datetime
    closes_at: datetime
    """Until when its collection runs."""
    readers: Sequence[tuple[int, str, str]] = ()
    """Who else of the member is told once it is filed: ids, addresses and keys of people."""


async def save_draft(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: DeclarationIn,
    clock: Clock,
    *,
    place: Place | None = None,
) -> datetime:
    """Keeps what a référent is preparing, beside a declaration already filed. Returns when it was kept.

    Raises: as `file_declaration`.
    """
    admitted = await admit(session, caller, purchase_id, command, clock, place)
    await write_declaration(session, caller, purchase_id, command, DeclarationState.DRAFT, admitted.at, ())
    return admitted.at


async def file_declaration(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: DeclarationIn,
    clock: Clock,
    *,
    insistence: Insistence | None = None,
    place: Place | None = None,
) -> Admitted:
    """Files a member's declaration: from now on it counts, in place of the one before. `place` is where, if it was
    locked before.

    Raises:
        Forbidden: the caller is not a référent of this member.
        NotFound: this member does not take part, or no quantities are declared for such a purchase.
        Conflict: the collection is closed, decided by the database's time under the collection's lock.
        Invalid: an item of another purchase, or a most that is below the quantity.
        Doubtful: more units than the member has inhabitants, and nobody insists.
    """
    admitted = await admit(session, caller, purchase_id, command, clock, place)
    values = _written(session, caller, purchase_id, command, DeclarationState.FILED, admitted.at, admitted.items)
    details = {
        "purchase_id": purchase_id,
        "member_id": command.member_id,
        "quantities": {str(need.item_id): need.quantity for need in command.needs},
        **({"no_need": True} if command.wants_nothing else {}),
    }
    changed = {"declarations": [purchase_id]}
    (row,) = await fetch(session, _FILE, *values, json.dumps(details), RECEIPT, changed=changed)
    declaration_id: int = row["id"]
    await doubt_quantities(session, caller, purchase_id, declaration_id, command, insistence, admitted, admitted.at)
    return replace(admitted, readers=[tuple(reader) for reader in row["readers"] or ()])


async def doubt_quantities(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    declaration_id: int,
    command: DeclarationIn,
    insistence: Insistence | None,
    standing: Standing,
    at: datetime,
) -> None:
    """Raises:
    Doubtful: more units than the member has inhabitants, and nobody insists.
    """
    most = {need.item_id: max(need.quantity, need.most) for need in command.needs}
    wanted = [(item.name, item.unit, most.get(item.id, 0)) for item in standing.items]
    doubts = doubts_of_quantities(wanted, standing.population, standing.agents)
    details: dict[str, object] = {"purchase_id": purchase_id, "member_id": command.member_id}
    subject = ("declaration", declaration_id)
    insist(session, doubts, insistence, at=at, person_id=caller.person_id, subject=subject, details=details)


async def discard_draft(session: AsyncSession, caller: Caller, purchase_id: int, member_id: int, clock: Clock) -> None:
    """Gives up what was being prepared: what is filed stands as it is.

    Raises:
        Forbidden: the caller is not a référent of this member.
        NotFound: this member does not take part.
        Conflict: the collection is closed, or there is no draft.
    """
    await admit(session, caller, purchase_id, DeclarationIn(member_id=member_id), clock)
    gone = await session.execute(_drafts(purchase_id, member_id).returning(col(Declaration.id)))
    if gone.scalar_one_or_none() is None:
        raise Conflict("Il n’y a pas, ou plus, de brouillon à abandonner.", code="no_draft")


def _drafts(purchase_id: int, member_id: int) -> Delete:
    return delete(Declaration).where(
        col(Declaration.purchase_id) == purchase_id,
        col(Declaration.member_id) == member_id,
        col(Declaration.state) == DeclarationState.DRAFT,
    )


async def admit(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: DeclarationIn,
    clock: Clock,
    place: Place | None = None,
) -> Admitted:
    """What a référent's own writing goes through.

    Raises: as `file_declaration`.
    """
    caller.require(Right.FILE_NEEDS, member_id=command.member_id)
    if place is None:
        return await lock_to_declare(session, purchase_id, command, clock)
    assert (place.purchase.id, place.member.id) == (purchase_id, command.member_id), "it is this very one"
    return admitted_at(place, command, clock)


async def lock_to_declare(session: AsyncSession, purchase_id: int, command: DeclarationIn, clock: Clock) -> Admitted:
    """What every declaration goes through, whoever writes it down; the right is checked before.

    Raises: as `file_declaration`, but for the right.
    """
    return admitted_at(await _place(session, _LOCK_BY_IDS, purchase_id, command.member_id), command, clock)


async def lock_place(session: AsyncSession, reference: str, code: str) -> Place:
    """Where the participant with this code declares for the purchase of this reference.

    Raises:
        NotFound: it does not take part, or no quantities are declared for such a purchase.
    """
    return await _place(session, _LOCK_BY_NAMES, reference, code)


_LOCK = f"""
WITH locked AS MATERIALIZED (
    SELECT b.id, b.group_id, {sharing_lock("b.id")} FROM purchases b WHERE b.group_id = $1 AND {{purchase}}
)
SELECT p.purchase_id, p.member_id FROM locked
JOIN participations p ON p.group_id = locked.group_id AND p.purchase_id = locked.id
JOIN members m ON m.group_id = p.group_id AND m.id = p.member_id
WHERE p.group_id = $1 AND {{member}} FOR UPDATE OF p"""  # noqa: S608 - of texts that stand here
"""The purchase's collection with others, then the member's place alone: two people of one member file one after the
other, and the second is told. What stands under the locks is read in the next statement: this one sees what was
committed before it waited.
"""
_LOCK_BY_IDS = _LOCK.format(purchase="b.id = $2", member="p.member_id = $3")
_LOCK_BY_NAMES = _LOCK.format(purchase="b.reference = $2", member="m.code = $3")
_STANDING = """
SELECT b.id AS purchase_id, b.reference, b.title, b.kind, m.id AS member_id, m.code, m.name, m.population, m.agents,
    c.state, c.closes_at, clock_timestamp() AS told, d.state AS last_state, d.updated_at AS last_at,
    (SELECT json_object_agg(o.id, o.code) FROM budgets o WHERE o.group_id = m.group_id AND o.member_id = m.id)
        AS budgets
FROM purchases b JOIN members m ON m.group_id = b.group_id
LEFT JOIN collections c ON c.group_id = b.group_id AND c.purchase_id = b.id
LEFT JOIN LATERAL (
    SELECT l.state, l.updated_at FROM declarations l
    WHERE l.group_id = b.group_id AND l.purchase_id = b.id AND l.member_id = m.id
    ORDER BY l.updated_at DESC LIMIT 1) d ON true
WHERE b.group_id = $1 AND b.id = $2 AND m.id = $3"""


async def _place(session: AsyncSession, lock: str, purchase: int | str, member: int | str) -> Place:
    group_id = group_of(session)
    locked = await fetch(session, lock, group_id, purchase, member)
    if not locked:
        raise NotFound
    (row,) = await fetch(session, _STANDING, group_id, *locked[0])
    kind_of(row["kind"]).require(Part.NEEDS)
    return Place(
        population=row["population"],
        agents=row["agents"],
        items=await purchase_items(session, row["purchase_id"]),
        purchase=PurchaseNamed(row["purchase_id"], row["reference"], row["title"]),
        member=MemberNamed(row["member_id"], row["code"], row["name"]),
        collection=_Read(row["state"], row["closes_at"]) if row["state"] else None,
        told=row["told"],
        stamp=stamp(row["last_state"], row["last_at"]),
        budgets={int(number): code for number, code in (row["budgets"] or {}).items()},
    )


def admitted_at(place: Place, command: DeclarationIn, clock: Clock) -> Admitted:
    """Raises: as `file_declaration`, but for the right."""
    at = clock.when_told(place.told)
    collection = require_open(place.collection, at)
    if command.seen not in {None, place.stamp}:
        raise Conflict(
            "Entre-temps, une autre version de cette déclaration a été enregistrée. Comparez-la avec la vôtre, puis "
            "enregistrez celle qui convient.",
            code="changed_meanwhile",
        )
    items = {item.id for item in place.items}
    check_lines(command, items)
    check_details(command, items, set(place.budgets))
    return Admitted(**vars(place), at=at, closes_at=collection.closes_at)


class _Read(NamedTuple):
    """As much of a collection as decides whether it accepts."""

    state: str
    closes_at: datetime


def require_open(collection: Asked | None, now: datetime) -> Asked:
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


def check_details(command: DeclarationIn, items: set[int], budgets: set[int]) -> None:
    """Raises:
    Invalid: something is said of an item that this purchase does not have or twice of one, or a budget is another's.
    """
    named = [detail.item_id for detail in command.details]
    if len(set(named)) < len(named) or not items.issuperset(named):
        raise Invalid({"": "Un article indiqué ne fait pas partie de cet achat. Rechargez la page."})
    for place, detail in enumerate(command.details):
        if detail.budget_id is not None and detail.budget_id not in budgets:
            raise Invalid({f"details.{place}.budget": "Ce budget n’est pas de ce membre. Rechargez la page."})


KEEPING_PLACE = """
ON CONFLICT (group_id, declaration_id, item_id) DO UPDATE SET quantity = excluded.quantity, up_to = excluded.up_to,
    declared_at = CASE WHEN excluded.quantity > needs.quantity THEN excluded.declared_at ELSE needs.declared_at END"""
"""A line written over another keeps `declared_at` unless its quantity rises: who asks for less keeps its place, who
asks for more goes behind those already waiting.
"""
_WRITING = f"""
WITH written AS (
    INSERT INTO declarations
        (group_id, purchase_id, member_id, state, comment, updated_at, updated_by, filed_at, no_need)
    VALUES ($1, $2, $3, $4::text, $5, $6::timestamptz, $7, CASE WHEN $4::text = 'filed' THEN $6::timestamptz END,
        $4::text = 'filed' AND 0 >= ALL ($10::integer[]))
    ON CONFLICT (group_id, purchase_id, member_id, state) DO UPDATE SET comment = excluded.comment,
        updated_at = excluded.updated_at, updated_by = excluded.updated_by, filed_at = excluded.filed_at,
        no_need = excluded.no_need
    RETURNING id
), lines AS (
    INSERT INTO needs (group_id, declaration_id, item_id, quantity, up_to, declared_at)
    SELECT $1, written.id, item, quantity, most, $6::timestamptz
    FROM written, unnest($8::bigint[], $9::integer[], $10::integer[]) AS given (item, quantity, most)
    {KEEPING_PLACE}
), left_out AS (
    DELETE FROM needs USING written
    WHERE needs.group_id = $1 AND needs.declaration_id = written.id AND needs.item_id <> ALL ($8::bigint[])
), said AS (
    INSERT INTO need_details (group_id, declaration_id, item_id, note, budget_id, engagement)
    SELECT $1, written.id, item, note, budget, engagement
    FROM written, unnest($11::bigint[], $12::text[], $13::bigint[], $14::text[])
        AS given (item, note, budget, engagement)
    ON CONFLICT (group_id, declaration_id, item_id) DO UPDATE SET note = excluded.note,
        budget_id = excluded.budget_id, engagement = excluded.engagement
), said_no_more AS (
    DELETE FROM need_details d USING written
    WHERE d.group_id = $1 AND d.declaration_id = written.id AND d.item_id <> ALL ($11::bigint[])
)"""  # noqa: S608 - of texts that stand here
RECEIPT = "needs_receipt"
"""The kind of the mails that say what was filed (`receipts.py`)."""
_WRITE = f"{_WRITING} SELECT id FROM written"  # noqa: S608
_FILE = f"""{_WRITING}, drafts AS (
    DELETE FROM declarations WHERE group_id = $1 AND purchase_id = $2 AND member_id = $3 AND state = 'draft'
), told AS (
    INSERT INTO events (group_id, at, person_id, subject_kind, subject_id, name, to_state, details)
    SELECT $1, $6::timestamptz, $7, 'declaration', id, 'declaration.filed', $4::text, $15 FROM written
)
SELECT id, (
    SELECT json_agg(json_build_array(p.id, p.email, p.mail_key) ORDER BY p.id) FROM people p
    WHERE p.purged_at IS NULL AND p.id <> $7 AND p.id IN (
        SELECT m.person_id FROM memberships m
        WHERE m.group_id = $1 AND m.member_id = $3 AND m.role IN ('referent', 'finance') AND m.ended_at IS NULL)
    AND NOT EXISTS (
        SELECT FROM reminder_opt_outs o
        WHERE o.group_id = $1 AND o.person_id = p.id AND o.kind = $16 AND o.ended_at IS NULL)) AS readers
FROM written"""  # noqa: S608


async def write_declaration(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: DeclarationIn,
    state: DeclarationState,
    now: datetime,
    items: Sequence[ItemShown],
) -> int:
    """One declaration in this state, in place of the one before; its lines keep their place in the order of arrival.
    Filing answers for every item, a draft only for those that it names. Checks nothing: the use cases around it do.
    Returns its id.
    """
    values = _written(session, caller, purchase_id, command, state, now, items)
    changed = {"declarations": [purchase_id] if state == DeclarationState.FILED else []}
    (row,) = await fetch(session, _WRITE, *values, changed=changed)
    declaration_id: int = row["id"]
    return declaration_id


def _written(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    command: DeclarationIn,
    state: DeclarationState,
    now: datetime,
    items: Sequence[ItemShown],
) -> Sequence[object]:
    """What `_WRITING` is given."""
    given = {need.item_id: (need.quantity, need.most) for need in command.needs}
    if state == DeclarationState.FILED:
        given = {item.id: given.get(item.id, (0, 0)) for item in items}
    lines = list(given), [quantity for quantity, _ in given.values()], [most for _, most in given.values()]
    said = [detail for detail in command.details if detail.says_something]
    details = (
        [detail.item_id for detail in said],
        [detail.note for detail in said],
        [detail.budget_id for detail in said],
        [detail.engagement for detail in said],
    )
    where = group_of(session), purchase_id, command.member_id
    return *where, state, command.comment, now, caller.person_id, *lines, *details
