"""Needs from a list, one line per member and item: files the whole declaration of every member it names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import ARRAY, BigInteger, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.collections.finding import lock_collection
from pooling.kernel.clock import Clock
from pooling.kernel.database import insert_many
from pooling.kernel.events import record_event
from pooling.kernel.list_reading import BadLine, Line, read_list, told_to_nobody, without_blanks
from pooling.kernel.tables import linked
from pooling.members.models import Member
from pooling.needs.declaring import require_open, write_needs
from pooling.needs.models import Declaration, DeclarationState, Need
from pooling.purchases.finding import find_purchase, item_ids
from pooling.purchases.models import Participation

COLUMNS = {
    "member": ("membre", "siren", "code", "member"),
    "item": ("article", "item", "code article"),
    "quantity": ("quantité", "quantity"),
    "up_to": ("maximum", "jusqu’à", "up_to"),
}
LARGEST = 1_000_000
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class _Need:
    member_id: int
    item_id: int
    quantity: int
    up_to: int


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
        NotFound: the group has no purchase of this reference.
        Conflict: its collection is not open.
    """
    purchase = await find_purchase(session, reference)
    collection = await lock_collection(session, ("purchase", purchase.id), alone=True)
    now = await clock.at_database(session)
    require_open(collection, now)
    members = await _participants(session, purchase.id)
    needs, bad = _check(lines, members, await item_ids(session, purchase.id))
    if (bad and not skip_bad) or not needs:
        return 0, bad
    declarations = await _declare(session, purchase.id, sorted({need.member_id for need in needs}), now)
    left_out = {line.number for line in bad}
    partial = (
        {members.get(without_blanks(line["member"])) for line in lines if line.number in left_out} if bad else set()
    )
    whole = {declaration for member, declaration in declarations.items() if member not in partial}
    await _withdraw(session, needs, declarations, whole, now)
    await _write(session, needs, declarations, now, progress)
    record_event(
        session,
        at=now,
        person_id=None,
        subject=("purchase", purchase.id),
        name="needs.imported",
        details={"lines": len(needs), "members": len(declarations)},
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


def _check(lines: Sequence[Line], members: dict[str, int], items: dict[str, int]) -> tuple[list[_Need], list[BadLine]]:
    needs: list[_Need] = []
    bad: list[BadLine] = []
    seen: dict[tuple[int, int], int] = {}
    for line in lines:
        need = _need(line, members, items)
        if isinstance(need, _Need):
            first = seen.setdefault((need.member_id, need.item_id), line.number)
            if first == line.number:
                needs.append(need)
            else:
                bad.append(BadLine(line.number, f"même membre et même article qu’à la ligne {first}"))
        else:
            bad.append(BadLine(line.number, need))
    return needs, bad


def _need(line: Line, members: dict[str, int], items: dict[str, int]) -> _Need | str:
    """What the line says, or why it cannot be taken."""
    member_id, item_id = members.get(without_blanks(line["member"])), items.get(line["item"].lower())
    if member_id is None:
        return f"« {line['member']} » ne participe pas à cet achat" if line["member"] else "le membre manque"
    if item_id is None:
        return f"« {line['item']} » n’est pas un article de cet achat" if line["item"] else "l’article manque"
    if not line["quantity"]:
        return "la quantité manque"
    quantity = _whole(line["quantity"])
    if not 0 <= quantity <= LARGEST:
        return f"la quantité « {line['quantity']} » n’est pas un nombre entier entre 0 et 1 000 000"
    up_to = _whole(line["up_to"]) if line["up_to"] else quantity
    if not quantity <= up_to <= LARGEST:
        return f"le maximum « {line['up_to']} » n’est pas un nombre entier entre {quantity} et 1 000 000"
    return _Need(member_id, item_id, quantity, up_to)


def _whole(typed: str) -> int:
    """The number typed, −1 when it is none."""
    digits = without_blanks(typed)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else -1  # noqa: PLR2004


async def _declare(session: AsyncSession, purchase_id: int, members: Sequence[int], now: datetime) -> dict[int, int]:
    """A filed declaration for each member, new or renewed: declaration ids by member id."""
    await insert_many(
        session,
        Declaration,
        [
            {
                "purchase_id": purchase_id,
                "member_id": member,
                "state": str(DeclarationState.FILED),
                "comment": "",
                "updated_at": now,
                "filed_at": now,
            }
            for member in members
        ],
        on_conflict="ON CONFLICT (group_id, purchase_id, member_id, state) DO UPDATE SET "
        "updated_at = excluded.updated_at, filed_at = excluded.filed_at, updated_by = NULL",
    )
    rows = await session.execute(
        select(col(Declaration.member_id), col(Declaration.id)).where(
            col(Declaration.purchase_id) == purchase_id, col(Declaration.state) == DeclarationState.FILED
        )
    )
    named = set(members)
    return {member_id: declaration_id for member_id, declaration_id in rows if member_id in named}


async def _withdraw(
    session: AsyncSession, needs: Sequence[_Need], declarations: dict[int, int], whole: set[int], now: datetime
) -> None:
    """An item that the file leaves out of a declaration made before is no longer needed; but not where one of the
    member's lines was refused, since it may have been about that item.
    """
    given = {(declarations[need.member_id], need.item_id) for need in needs}
    stale = await session.execute(
        select(col(Need.declaration_id), col(Need.item_id)).where(
            col(Need.declaration_id) == any_(cast(sorted(whole), ARRAY(BigInteger))),
            col(Need.quantity) > 0,
        )
    )
    await write_needs(
        session,
        [
            {"declaration_id": declaration, "item_id": item, "quantity": 0, "up_to": 0, "declared_at": now}
            for declaration, item in stale
            if (declaration, item) not in given
        ],
    )


async def _write(
    session: AsyncSession,
    needs: Sequence[_Need],
    declarations: dict[int, int],
    now: datetime,
    progress: Callable[[int], None],
) -> None:
    for start in range(0, len(needs), BATCH):
        batch = needs[start : start + BATCH]
        await write_needs(
            session,
            [
                {
                    "declaration_id": declarations[need.member_id],
                    "item_id": need.item_id,
                    "quantity": need.quantity,
                    "up_to": need.up_to,
                    "declared_at": now,
                }
                for need in batch
            ],
        )
        progress(start + len(batch))
