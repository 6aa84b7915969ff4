"""Needs from a list, one line per member and item: files the whole declaration of every member it names."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.finding import lock_collection
from pooling.kernel.changes import changing
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.events import record_event
from pooling.kernel.list_reading import BadLine, Line, read_list, told_to_nobody, without_blanks
from pooling.kernel.tables import any_of, linked
from pooling.kernel.text import whole_number
from pooling.members.models import Member
from pooling.needs.dealing import hashing
from pooling.needs.declaring import KEEPING_PLACE, require_open
from pooling.needs.models import Need
from pooling.purchases.finding import find_purchase, item_ids
from pooling.purchases.kinds import kind_of
from pooling.purchases.kinds.parts import Part
from pooling.purchases.models import Participation

COLUMNS = {
    "member": ("membre", "siren", "code", "member"),
    "item": ("article", "item", "code article"),
    "quantity": ("quantité", "quantity"),
    "up_to": ("maximum", "jusqu’à", "up_to"),
}
LARGEST = 1_000_000
BATCH = 50_000


@dataclass(frozen=True, slots=True)
class _Needs:
    """The good lines of a list, column by column: each goes to the database as one array."""

    members: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    quantities: list[int] = field(default_factory=list)
    most: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.members)


@dataclass(frozen=True, slots=True)
class _Written:
    """Lines of declarations that go to the database, column by column."""

    declarations: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    quantities: list[int] = field(default_factory=list)
    most: list[int] = field(default_factory=list)

    def add(self, declaration: int, item: int, quantity: int, most: int) -> None:
        self.declarations.append(declaration)
        self.items.append(item)
        self.quantities.append(quantity)
        self.most.append(most)

    def __len__(self) -> int:
        return len(self.items)


def read_needs(path: Path, told: Callable[[str], None] = told_to_nobody) -> list[Line]:
    return read_list(path, COLUMNS, required=("member", "item", "quantity"), told=told)


async def import_needs(
    session: AsyncSession,
    reference: str,
    lines: Sequence[Line],
    clock: Clock,
    *,
    skip_bad: bool = False,
    progress: Callable[[int], None] = lambda written: None,  # noqa: ARG005
) -> tuple[int, list[BadLine]]:
    """Files the needs of a list, all in the transaction; returns how many lines, and those refused. With bad lines
    and without `skip_bad`, nothing is written. `progress` is told the number of lines written.

    Raises:
        NotFound: the group has no purchase of this reference, or members declare no quantities for it.
        Conflict: its collection is not open.
    """
    purchase = await find_purchase(session, reference)
    kind_of(purchase.kind).require(Part.NEEDS)
    collection = await lock_collection(session, ("purchase", purchase.id), alone=True)
    now = await clock.at_database(session)
    require_open(collection, now)
    members = await _participants(session, purchase.id)
    needs, bad = _check(lines, members, await item_ids(session, purchase.id))
    if (bad and not skip_bad) or not needs:
        return 0, bad
    named = set(needs.members)
    async with hashing(session):  # what follows too
        declarations = await _declare(session, purchase.id, sorted(named), now)
        refused = {line.number for line in bad}
        partial = (
            {members.get(without_blanks(line["member"])) for line in lines if line.number in refused} if bad else set()
        )
        filed = [declarations[member] for member in needs.members]
        standing = await _standing(session, sorted(declarations.values()))
        whole = {declarations[member] for member in named - partial}
        new, other = _differences(_Written(filed, needs.items, needs.quantities, needs.most), standing, whole)
        await _write(session, new, now, "", progress)
        await _write(session, other, now, KEEPING_PLACE, progress)
        progress(len(needs))
        await _mark_no_need(session, purchase.id, sorted(declarations.values()))
    record_event(
        session,
        at=now,
        person_id=None,
        subject=("purchase", purchase.id),
        name="needs.imported",
        details={"lines": len(needs), "members": len(named)},
    )
    return len(needs), bad


async def _participants(session: AsyncSession, purchase_id: int) -> dict[str, int]:
    rows = await session.execute(
        select(col(Member.code), col(Member.id))
        .select_from(Participation)
        .join(Member, linked(Member.id, Participation.member_id))
        .where(col(Participation.purchase_id) == purchase_id)
    )
    return {code: member_id for code, member_id in rows}


def _check(lines: Sequence[Line], members: dict[str, int], items: dict[str, int]) -> tuple[_Needs, list[BadLine]]:
    needs, bad = _Needs(), list[BadLine]()
    seen: dict[tuple[int, int], int] = {}
    for line in lines:
        need = _need(line, members, items)
        if isinstance(need, str):
            bad.append(BadLine(line.number, need))
            continue
        member_id, item_id, quantity, most = need
        first = seen.setdefault((member_id, item_id), line.number)
        if first != line.number:
            bad.append(BadLine(line.number, f"même membre et même article qu’à la ligne {first}"))
            continue
        needs.members.append(member_id)
        needs.items.append(item_id)
        needs.quantities.append(quantity)
        needs.most.append(most)
    return needs, bad


def _need(line: Line, members: dict[str, int], items: dict[str, int]) -> tuple[int, int, int, int] | str:
    """What the line says (member, item, quantity, most), or why it cannot be taken."""
    member, item, typed, most_typed, _ = line.values
    member_id = members.get(member) or members.get(without_blanks(member))
    item_id = items.get(item) or items.get(item.lower())
    if member_id is None:
        return f"« {member} » ne participe pas à cet achat" if member else "le membre manque"
    if item_id is None:
        return f"« {item} » n’est pas un article de cet achat" if item else "l’article manque"
    if not typed:
        return "la quantité manque"
    quantity = _whole(typed)
    if not 0 <= quantity <= LARGEST:
        return f"la quantité « {typed} » n’est pas un nombre entier entre 0 et 1 000 000"
    most = _whole(most_typed) if most_typed else quantity
    if not quantity <= most <= LARGEST:
        return f"le maximum « {most_typed} » n’est pas un nombre entier entre {quantity} et 1 000 000"
    return member_id, item_id, quantity, most


@lru_cache(maxsize=10_000)
def _whole(typed: str) -> int:
    """The number typed, −1 when it is none."""
    number = whole_number(without_blanks(typed), 9)
    return -1 if number is None else number


async def _declare(session: AsyncSession, purchase_id: int, members: Sequence[int], now: datetime) -> dict[int, int]:
    """A filed declaration for each member, new or renewed: declaration ids by member id."""
    rows = await session.execute(
        text("""
            WITH filed AS (
                INSERT INTO declarations (group_id, purchase_id, member_id, state, comment, updated_at, filed_at)
                SELECT :group, :purchase, member_id, 'filed', '', :now, :now
                FROM unnest(CAST(:members AS bigint[])) AS named (member_id)
                ON CONFLICT (group_id, purchase_id, member_id, state) DO UPDATE SET
                    updated_at = excluded.updated_at, filed_at = excluded.filed_at, updated_by = NULL, no_need = false
                RETURNING member_id, id)
            SELECT array_agg(member_id), array_agg(id) FROM filed"""),
        {"group": group_of(session), "purchase": purchase_id, "members": members, "now": now},
        execution_options=changing(declarations=[purchase_id]),
    )
    return dict(zip(*rows.one(), strict=True))


async def _standing(session: AsyncSession, declarations: Sequence[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """What these declarations say: quantity and most by declaration and item."""
    columns = col(Need.declaration_id), col(Need.item_id), col(Need.quantity), col(Need.up_to)
    rows = await session.execute(
        select(*map(func.array_agg, columns)).where(any_of(col(Need.declaration_id), declarations))
    )
    ids, items, quantities, most = (column or () for column in rows.one())
    return dict(zip(zip(ids, items, strict=True), zip(quantities, most, strict=True), strict=True))


def _differences(
    filed: _Written, standing: dict[tuple[int, int], tuple[int, int]], whole: AbstractSet[int]
) -> tuple[_Written, _Written]:
    """The lines that stand nowhere yet, and those that change what stands; what stands as it is filed is not written
    again. An item that the file leaves out of a declaration made before is no longer needed; but not where one of the
    member's lines was refused (`whole`: the others), since it may have been about that item. Takes out of `standing`
    what is filed.
    """
    if not standing:
        return filed, _Written()
    new, other = _Written(), _Written()
    for line in zip(filed.declarations, filed.items, filed.quantities, filed.most, strict=True):
        stood = standing.pop(line[:2], None)
        if stood is None:
            new.add(*line)
        elif stood != line[2:]:
            other.add(*line)
    for (declaration, item), (_, most) in standing.items():
        if most > 0 and declaration in whole:
            other.add(declaration, item, 0, 0)
    return new, other


async def _mark_no_need(session: AsyncSession, purchase_id: int, declarations: Sequence[int]) -> None:
    """Those of these that now want nothing answer that there is no need."""
    await session.execute(
        text("""
            UPDATE declarations d SET no_need = true
            WHERE d.group_id = :group AND d.id = ANY (CAST(:declarations AS bigint[])) AND NOT EXISTS (
                SELECT FROM needs n WHERE n.group_id = :group AND n.declaration_id = d.id AND n.up_to > 0)"""),
        {"group": group_of(session), "declarations": declarations},
        execution_options=changing(declarations=[purchase_id]),
    )


async def _write(
    session: AsyncSession, lines: _Written, now: datetime, on_conflict: str, progress: Callable[[int], None]
) -> None:
    """Joins nothing: of rows that the same transaction has just written PostgreSQL knows too little to choose how."""
    for start in range(0, len(lines), BATCH):
        end = min(start + BATCH, len(lines))
        await session.execute(
            text(f"""
                INSERT INTO needs (group_id, declaration_id, item_id, quantity, up_to, declared_at)
                SELECT :group, given.*, :now
                FROM unnest(CAST(:declarations AS bigint[]), CAST(:items AS bigint[]), CAST(:quantities AS int[]),
                    CAST(:most AS int[])) AS given
                {on_conflict}"""),  # noqa: S608 - no input
            {
                "group": group_of(session),
                "declarations": lines.declarations[start:end],
                "items": lines.items[start:end],
                "quantities": lines.quantities[start:end],
                "most": lines.most[start:end],
                "now": now,
            },
            execution_options=changing(needs=lines.declarations[:1]),  # all are of one purchase
        )
        progress(end)
