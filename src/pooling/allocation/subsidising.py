"""Subsidies of a purchase, kept by its lead buyer: added, changed, removed, each with its trace."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import charges_of, plain, subsidies_of
from pooling.allocation.charging import Known, known_to
from pooling.allocation.editing import (
    check_codes,
    check_label,
    check_version,
    code_for,
    found,
    lock_for_editing,
    refuse_all,
)
from pooling.allocation.models import Subsidy
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.events import record_event
from pooling.members.rights import Caller


@dataclass(frozen=True)
class SubsidyIn:
    """A subsidy as its lead buyer wants it: a rate in percent with its caps, or an amount. Amounts are in cents."""

    label: str
    rate: Decimal | None = None
    amount_cents: int | None = None
    cap_per_unit_cents: int | None = None
    cap_total_cents: int | None = None
    items: list[str] | None = None
    charges: list[str] = field(default_factory=list)
    members: list[str] | None = None
    public: bool = True


def content_of(subsidy: Subsidy | SubsidyIn) -> dict[str, Any]:
    """What a subsidy says, for versions and for events."""
    names = ("label", "amount_cents", "cap_per_unit_cents", "cap_total_cents", "items", "charges", "members", "public")
    rate = None if subsidy.rate is None else plain(subsidy.rate)
    return {name: getattr(subsidy, name) for name in names} | {"rate": rate}


def check_subsidy(command: SubsidyIn, known: Known, charges: Collection[str], others: Collection[str] = ()) -> None:
    """Whether the subsidy can be kept.

    Raises:
        Invalid: one French sentence for each field to mend.
    """
    errors: dict[str, str] = {}
    check_label(command.label, others, errors, same="Une autre subvention porte ce nom\u00a0: choisissez-en un autre.")
    if (command.rate is None) == (command.amount_cents is None):
        errors["kind"] = "Choisissez un taux ou un montant."
    if not known.items and not command.charges:
        errors["charges"] = "Cet achat n’a pas d’article\u00a0: cochez les frais que la subvention compte."
    empty, gone = (
        "Cochez au moins un article, ou «\u00a0Tous les articles\u00a0».",
        "Un des articles cochés n’existe plus.",
    )
    if command.items is not None and (command.items or not command.charges):
        check_codes(command.items, known.items, errors, "items", empty=empty, gone=gone)
    gone = "Un des frais cochés n’existe plus."
    check_codes(command.charges or None, charges, errors, "charges", empty="", gone=gone)
    empty, gone = "Cochez au moins un membre.", "Un des membres cochés ne participe plus à cet achat."
    check_codes(command.members, known.members, errors, "scope", empty=empty, gone=gone)
    refuse_all(errors)


async def add_subsidy(
    session: AsyncSession, caller: Caller, purchase_id: int, command: SubsidyIn, clock: Clock
) -> Subsidy:
    """A new subsidy, its code made from its label. The very same one sent twice is one.

    Raises:
        Forbidden, Conflict: see `lock_for_editing`.
        Invalid: see `check_subsidy`.
    """
    await lock_for_editing(session, caller, purchase_id)
    subsidies = await subsidies_of(session, purchase_id)
    twin = next((subsidy for subsidy in subsidies if content_of(subsidy) == content_of(command)), None)
    if twin is not None:
        return twin
    await _check(session, purchase_id, command, [subsidy.label for subsidy in subsidies])
    code = code_for(command.label, [subsidy.code for subsidy in subsidies], else_="subvention")
    subsidy = Subsidy(group_id=group_of(session), purchase_id=purchase_id, code=code, **asdict(command))
    session.add(subsidy)
    await session.flush()
    await _record(session, caller, purchase_id, clock, "subsidy.added", code, None, content_of(subsidy))
    return subsidy


async def change_subsidy(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    code: str,
    command: SubsidyIn,
    clock: Clock,
    *,
    shown: str | None = None,
) -> Subsidy:
    """The subsidy as wanted now. `shown` is the version that the person had before its eyes.

    Raises:
        Forbidden, Conflict: see `lock_for_editing`.
        NotFound: this purchase has no such subsidy.
        ChangedMeanwhile: it is no longer what was shown.
        Invalid: see `check_subsidy`.
    """
    await lock_for_editing(session, caller, purchase_id)
    subsidies = await subsidies_of(session, purchase_id)
    subsidy = found(subsidies, code)
    before = content_of(subsidy)
    if before == content_of(command):
        return subsidy
    check_version(before, shown)
    await _check(session, purchase_id, command, [other.label for other in subsidies if other != subsidy])
    for name, value in asdict(command).items():
        setattr(subsidy, name, value)
    await _record(session, caller, purchase_id, clock, "subsidy.changed", code, before, content_of(subsidy))
    return subsidy


async def remove_subsidy(
    session: AsyncSession, caller: Caller, purchase_id: int, code: str, clock: Clock, *, shown: str | None = None
) -> None:
    """Takes a subsidy away.

    Raises:
        Forbidden, Conflict: see `lock_for_editing`.
        NotFound: this purchase has no such subsidy.
        ChangedMeanwhile: it is no longer what was shown.
    """
    await lock_for_editing(session, caller, purchase_id)
    subsidy = found(await subsidies_of(session, purchase_id), code)
    check_version(content_of(subsidy), shown)
    await session.delete(subsidy)
    await _record(session, caller, purchase_id, clock, "subsidy.removed", code, content_of(subsidy), None)


async def _check(session: AsyncSession, purchase_id: int, command: SubsidyIn, others: Collection[str]) -> None:
    charges = [charge.code for charge in await charges_of(session, purchase_id)]
    check_subsidy(command, await known_to(session, purchase_id), charges, others)


async def _record(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    clock: Clock,
    name: str,
    code: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    record_event(
        session,
        at=await clock.at_database(session),
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name=name,
        details={"code": code, "before": before, "after": after},
    )
