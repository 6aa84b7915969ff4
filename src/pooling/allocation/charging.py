"""Charges of a purchase, kept by its lead buyer: added, changed, removed, each with its trace."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.case import charges_of, payers_of, plain, subsidies_of
from pooling.allocation.editing import (
    check_codes,
    check_label,
    check_version,
    code_for,
    found,
    lock_for_editing,
    refuse_all,
)
from pooling.allocation.keys import OF_ITEMS, KeyChoice, choice_of, choices_in, for_the_rule, gap_sentence, parts_of
from pooling.allocation.models import Charge
from pooling.kernel.clock import Clock
from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict
from pooling.kernel.events import record_event
from pooling.members.rights import Caller
from pooling.purchases.service import item_ids
from pooling.sharing.errors import RuleError
from pooling.sharing.key_reading import read_key


@dataclass(frozen=True)
class ChargeIn:
    """A charge as its lead buyer wants it. `scope` and `items` None mean all; codes are those of the purchase."""

    label: str
    amount_cents: int
    vat_rate: Decimal
    key: Any
    scope: list[str] | None = None
    items: list[str] | None = None
    fctva: bool = False


@dataclass(frozen=True)
class Known:
    """What a charge or a subsidy of this purchase may name."""

    members: Collection[str]
    items: Collection[str]


def content_of(charge: Charge | ChargeIn) -> dict[str, Any]:
    """What a charge says, for versions and for events."""
    names = ("label", "amount_cents", "key", "scope", "items", "fctva")
    return {name: getattr(charge, name) for name in names} | {"vat_rate": plain(charge.vat_rate)}


def check_charge(command: ChargeIn, known: Known, others: Collection[str] = ()) -> None:
    """Whether the charge can be kept. Whether its key gives anybody a weight is another matter: needs may still come.

    Raises:
        Invalid: one French sentence for each field to mend.
    """
    errors: dict[str, str] = {}
    check_label(command.label, others, errors, same="D’autres frais portent ce nom\u00a0: choisissez-en un autre.")
    empty, gone = "Cochez au moins un membre.", "Un des membres cochés ne participe plus à cet achat."
    check_codes(command.scope, known.members, errors, "scope", empty=empty, gone=gone)
    empty, gone = "Cochez au moins un article.", "Un des articles cochés n’existe plus."
    check_codes(command.items, known.items, errors, "items", empty=empty, gone=gone)
    _check_key(command.key, known, errors)
    if not errors:
        try:
            read_key(for_the_rule(command.key, {}, known.members), "key")
        except (RuleError, ValueError):
            errors["key"] = "Choisissez une des clés proposées."
    refuse_all(errors)


def _check_key(key: Any, known: Known, errors: dict[str, str]) -> None:  # noqa: ANN401
    parts = parts_of(key)
    if choice_of(key) is KeyChoice.MIX:
        gap = gap_sentence(percent or "0" for percent, _ in parts)
        if gap:
            errors.setdefault("mix", gap)
    if not known.items and choices_in(key) & OF_ITEMS:
        errors.setdefault("key", "Cet achat n’a pas d’article\u00a0: choisissez une autre clé.")
    for _, part in parts:
        if choice_of(part) is KeyChoice.PERCENTS:
            _check_members(part["percents"], known, errors, "percents", gap_sentence(part["percents"].values()))
        if choice_of(part) is KeyChoice.WEIGHTS:
            weighed = any(weight.strip("0.") for weight in part["weights"].values())
            refused = None if weighed else "Donnez un poids à au moins un membre."
            _check_members(part["weights"], known, errors, "weights", refused)


def _check_members(
    numbers: Mapping[str, str], known: Known, errors: dict[str, str], name: str, refused: str | None
) -> None:
    if refused:
        errors.setdefault(name, refused)
    elif not numbers.keys() <= set(known.members):
        errors.setdefault(name, "Un des membres désignés ne participe plus à cet achat.")


async def known_to(session: AsyncSession, purchase_id: int) -> Known:
    payers = await payers_of(session, purchase_id)
    return Known([payer.code for payer in payers], list(await item_ids(session, purchase_id)))


async def add_charge(
    session: AsyncSession, caller: Caller, purchase_id: int, command: ChargeIn, clock: Clock
) -> Charge:
    """A new charge, its code made from its label. The very same one sent twice is one.

    Raises:
        Forbidden, Conflict: see `lock_for_editing`.
        Invalid: see `check_charge`.
    """
    await lock_for_editing(session, caller, purchase_id)
    charges = await charges_of(session, purchase_id)
    twin = next((charge for charge in charges if content_of(charge) == content_of(command)), None)
    if twin is not None:
        return twin
    check_charge(command, await known_to(session, purchase_id), [charge.label for charge in charges])
    code = code_for(command.label, [charge.code for charge in charges], else_="frais")
    charge = Charge(group_id=group_of(session), purchase_id=purchase_id, code=code, **asdict(command))
    session.add(charge)
    await session.flush()
    await _record(session, caller, purchase_id, clock, "charge.added", code, None, content_of(charge))
    return charge


async def change_charge(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    code: str,
    command: ChargeIn,
    clock: Clock,
    *,
    shown: str | None = None,
    reason: str = "",
) -> Charge:
    """The charge as wanted now. `shown` is the version that the person had before its eyes.

    Raises:
        Forbidden, Conflict: see `lock_for_editing`.
        NotFound: this purchase has no such charge.
        ChangedMeanwhile: it is no longer what was shown.
        Invalid: see `check_charge`.
    """
    await lock_for_editing(session, caller, purchase_id)
    charges = await charges_of(session, purchase_id)
    charge = found(charges, code)
    before = content_of(charge)
    if before == content_of(command):
        return charge
    check_version(before, shown)
    check_charge(command, await known_to(session, purchase_id), [other.label for other in charges if other != charge])
    for name, value in asdict(command).items():
        setattr(charge, name, value)
    await _record(session, caller, purchase_id, clock, "charge.changed", code, before, content_of(charge), reason)
    return charge


async def remove_charge(
    session: AsyncSession, caller: Caller, purchase_id: int, code: str, clock: Clock, *, shown: str | None = None
) -> None:
    """Takes a charge away.

    Raises:
        Forbidden, Conflict: see `lock_for_editing`; or a subsidy counts this charge.
        NotFound: this purchase has no such charge.
        ChangedMeanwhile: it is no longer what was shown.
    """
    await lock_for_editing(session, caller, purchase_id)
    charge = found(await charges_of(session, purchase_id), code)
    check_version(content_of(charge), shown)
    counting: Sequence[str] = [s.label for s in await subsidies_of(session, purchase_id) if code in s.charges]
    if counting:
        raise Conflict(
            f"La subvention «\u00a0{counting[0]}\u00a0» compte ces frais\u00a0: retirez-les d’abord de son assiette."
        )
    await session.delete(charge)
    await _record(session, caller, purchase_id, clock, "charge.removed", code, content_of(charge), None)


async def _record(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    clock: Clock,
    name: str,
    code: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reason: str = "",
) -> None:
    record_event(
        session,
        at=await clock.at_database(session),
        person_id=caller.person_id,
        subject=("purchase", purchase_id),
        name=name,
        reason=reason or None,
        details={"code": code, "before": before, "after": after},
    )
