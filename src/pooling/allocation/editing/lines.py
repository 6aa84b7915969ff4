"""The lines of a purchase's costs, its charges and its subsidies, kept by its lead buyer: added, changed, removed, each
with its trace.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import charges_of, lead_of, names_of, subsidies_of
from pooling.allocation.editing.rules import check_charge, check_subsidy, doubts_of_charge, doubts_of_subsidy
from pooling.allocation.editing.schemas import ChargeIn, Known, SubsidyIn, content_of, members_named
from pooling.allocation.locking import code_for, lock_for_editing
from pooling.allocation.models import Charge, Subsidy
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.doubts import Insistence, insist
from pooling.kernel.errors import Conflict, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.versions import check_version
from pooling.members.rights import Caller
from pooling.purchases.finding import item_ids

Line = TypeVar("Line", Charge, Subsidy)
LineIn = TypeVar("LineIn", ChargeIn, SubsidyIn)


@dataclass(frozen=True)
class EditedLines(Generic[Line, LineIn]):
    """What tells charges from subsidies, which are kept alike."""

    table: type[Line]
    stored: Callable[[AsyncSession, int], Awaitable[list[Line]]]
    check: Callable[[LineIn, Known, Collection[str]], None]
    doubts: Callable[[LineIn], list[str]]
    event: str
    """With which the names of its events begin."""
    nameless: str
    """The code of a line whose name has no letter."""


CHARGES = EditedLines(Charge, charges_of, check_charge, doubts_of_charge, "charge", "frais")
SUBSIDIES = EditedLines(Subsidy, subsidies_of, check_subsidy, doubts_of_subsidy, "subsidy", "subvention")


def line_of_code(lines: Iterable[Line], code: str) -> Line:
    """The purchase's line of this code.

    Raises:
        NotFound: it has none, or it is another purchase's.
    """
    for line in lines:
        if line.code == code:
            return line
    raise NotFound


async def add_line(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    kind: EditedLines[Line, LineIn],
    command: LineIn,
    clock: Clock,
    *,
    insistence: Insistence | None = None,
) -> Line:
    """A new line, its code made from its label. The very same one sent twice is one.

    Raises:
        Forbidden, Conflict: see `lock_for_editing`.
        Invalid: see `check_charge`, `check_subsidy`.
        Doubtful: see `doubts_of_charge`, `doubts_of_subsidy`.
    """
    await lock_for_editing(session, caller, purchase_id)
    lines = await kind.stored(session, purchase_id)
    content = content_of(command)
    twin = next((line for line in lines if content_of(line) == content), None)
    if twin is not None:
        return twin
    kind.check(command, await _known(session, purchase_id, command), [line.label for line in lines])
    code = code_for(command.label, [line.code for line in lines], else_=kind.nameless)
    line = kind.table(group_id=group_of(session), purchase_id=purchase_id, code=code, **asdict(command))
    session.add(line)
    await session.flush()
    await _record(session, caller, kind, line, "added", clock, None, content_of(line))
    await _doubt(session, caller, kind, purchase_id, command, clock, insistence)
    return line


async def change_line(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    kind: EditedLines[Line, LineIn],
    code: str,
    command: LineIn,
    clock: Clock,
    *,
    shown: str | None = None,
    reason: str = "",
    insistence: Insistence | None = None,
) -> Line:
    """The line as wanted now. `shown` is the version that the person had before its eyes.

    Raises:
        Forbidden, Conflict: see `lock_for_editing`.
        NotFound: this purchase has no such line.
        ChangedMeanwhile: it is no longer what was shown.
        Invalid: see `check_charge`, `check_subsidy`.
        Doubtful: see `doubts_of_charge`, `doubts_of_subsidy`.
    """
    await lock_for_editing(session, caller, purchase_id)
    lines = await kind.stored(session, purchase_id)
    line = line_of_code(lines, code)
    before = content_of(line)
    if before == content_of(command):
        return line
    check_version(before, shown)
    kind.check(command, await _known(session, purchase_id, command), [other.label for other in lines if other != line])
    for name, value in asdict(command).items():
        setattr(line, name, value)
    await _record(session, caller, kind, line, "changed", clock, before, content_of(line), reason)
    await _doubt(session, caller, kind, purchase_id, command, clock, insistence)
    return line


async def _doubt(
    session: AsyncSession,
    caller: Caller,
    kind: EditedLines[Line, LineIn],
    purchase_id: int,
    command: LineIn,
    clock: Clock,
    insistence: Insistence | None,
) -> None:
    """Raises:
    Doubtful: the line may be a slip, and nobody insists.
    """
    at, subject = await clock.at_database(session), ("purchase", purchase_id)
    insist(session, kind.doubts(command), insistence, at=at, person_id=caller.person_id, subject=subject)


async def remove_line(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    kind: EditedLines[Line, LineIn],
    code: str,
    clock: Clock,
    *,
    shown: str | None = None,
) -> None:
    """Takes a line away.

    Raises:
        Forbidden, Conflict: see `lock_for_editing`; or a subsidy counts this charge.
        NotFound: this purchase has no such line.
        ChangedMeanwhile: it is no longer what was shown.
    """
    await lock_for_editing(session, caller, purchase_id)
    line = line_of_code(await kind.stored(session, purchase_id), code)
    before = content_of(line)
    check_version(before, shown)
    if isinstance(line, Charge):
        await _require_uncounted(session, line)
    await session.delete(line)
    await _record(session, caller, kind, line, "removed", clock, before, None)


async def _require_uncounted(session: AsyncSession, charge: Charge) -> None:
    for subsidy in await subsidies_of(session, charge.purchase_id):
        if charge.code in subsidy.charges:
            raise Conflict(
                f"La subvention «\u00a0{subsidy.label}\u00a0» compte ces frais\u00a0: "
                "retirez-les d’abord de son assiette."
            )


async def _known(session: AsyncSession, purchase_id: int, command: ChargeIn | SubsidyIn) -> Known:
    """Of the members, those that the line names."""
    members = await names_of(session, purchase_id, members_named(content_of(command)))
    lead, _ = await lead_of(session, purchase_id)
    return Known(
        members=members,
        payers={*members, lead},  # it may have paid though it does not take part
        items=list(await item_ids(session, purchase_id)),
        charges=[charge.code for charge in await charges_of(session, purchase_id)],
    )


async def _record(
    session: AsyncSession,
    caller: Caller,
    kind: EditedLines[Line, LineIn],
    line: Line,
    done: str,
    clock: Clock,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reason: str = "",
) -> None:
    record_event(
        session,
        at=await clock.at_database(session),
        person_id=caller.person_id,
        subject=("purchase", line.purchase_id),
        name=f"{kind.event}.{done}",
        reason=reason or None,
        details={"code": line.code, "before": before, "after": after},
    )
