"""Noting titres, payments and reminders; withdrawing what was noted wrongly."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.limits import Readers, limit
from pooling.kernel.text import Line
from pooling.kernel.versions import ChangedMeanwhile
from pooling.members.rights import Caller
from pooling.purchases.finding import lock_purchase
from pooling.recovery.models import EntryKind, RecoveryEntry
from pooling.recovery.permissions import recovers_for
from pooling.recovery.reading import accounts_of, entries_of, version_of
from pooling.sharing.money import Cents
from pooling.web.typography import euros

NOTED, WITHDRAWN = "recovery.noted", "recovery.withdrawn"
LARGEST_CENTS = 10**12
MOST_ENTRIES = limit(200, "Titres, payments and reminders of one member for a purchase", __name__, Readers.OPERATORS)
CHANGED = "Une écriture a été notée ou retirée entre-temps : relisez ce qui reste dû."
_NUMBERED = (EntryKind.TITRE, EntryKind.REDUCTION)


class EntryIn(BaseModel):
    model_config = ConfigDict(frozen=True)

    kind: EntryKind
    dated_on: date
    number: Line = Field(default="", max_length=40)
    due_on: date | None = None
    cents: int = Field(default=0, ge=0, le=LARGEST_CENTS)

    @model_validator(mode="after")
    def _only_what_counts(self) -> Self:
        """A form shows all fields: what its kind has no use for is left out."""
        if self.kind is not EntryKind.TITRE:
            object.__setattr__(self, "due_on", None)
        if self.kind is EntryKind.REMINDER:
            object.__setattr__(self, "cents", 0)
        return self


def _check(entry: EntryIn, today: date, smallest: Cents) -> None:
    wrong = {}
    if entry.kind is EntryKind.TITRE and entry.cents < smallest:
        wrong["cents"] = f"Aucun titre n’est émis au-dessous de {euros(smallest)}."
    if entry.kind is not EntryKind.REMINDER and not entry.cents:
        wrong["cents"] = "Indiquez un montant de plus de 0 €."
    if entry.kind in _NUMBERED and not entry.number:
        wrong["number"] = "Indiquez le numéro du titre."
    if entry.kind is EntryKind.TITRE and entry.due_on is None:
        wrong["due_on"] = "Indiquez l’échéance du titre."
    elif entry.due_on is not None and entry.due_on < entry.dated_on:
        wrong["due_on"] = "L’échéance vient après la date du titre."
    if entry.dated_on > today:
        wrong["dated_on"] = "Cette date n’est pas encore passée."
    if wrong:
        raise Invalid(wrong)


async def note_entry(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    debtor_id: int,
    creditor_id: int,
    command: EntryIn,
    now: datetime,
    today: date,
    *,
    seen: int | None,
    smallest: Cents,
) -> RecoveryEntry:
    """Notes it. `seen` is the version of what was shown; the same sent twice on it is noted once. Below the `smallest`
    titre, none is issued.

    Raises:
        Forbidden: the caller recovers nothing for this creditor.
        NotFound: the debtor owes it nothing, and never did.
        Invalid: something lacks, or does not go together.
        ChangedMeanwhile: something else was noted or withdrawn since.
        Conflict: more is given back than was paid, or reduced than was issued; too many are noted.
    """
    await lock_purchase(session, purchase_id)
    if not recovers_for(caller, purchase_id, creditor_id):
        raise Forbidden
    accounts = await accounts_of(session, purchase_id, today, debtor_id)
    account = next((one for one in accounts if one.creditor_id == creditor_id), None)
    if account is None:
        raise NotFound
    _check(command, today, smallest)
    entries = await entries_of(session, purchase_id, debtor_id)
    if seen is not None and seen != version_of(entries):
        last = max(entries, key=lambda one: one.id, default=None)
        if last is not None and seen == version_of(entries) - 1 and _same(last, creditor_id, command, caller):
            return last
        raise ChangedMeanwhile(CHANGED)
    if len(entries) >= MOST_ENTRIES:
        raise Conflict("Trop d’écritures sont notées pour ce membre.", code="too_many")
    if command.kind is EntryKind.REDUCTION and command.cents > account.standing.issued:
        raise Invalid({"cents": "C’est plus que les titres émis."})
    if command.kind is EntryKind.REIMBURSEMENT and command.cents > account.standing.paid:
        raise Invalid({"cents": "C’est plus que ce qui a été payé."})
    entry = RecoveryEntry(
        group_id=group_of(session),
        purchase_id=purchase_id,
        debtor_id=debtor_id,
        creditor_id=creditor_id,
        noted_at=now,
        noted_by=caller.person_id,
        **command.model_dump(),
    )
    session.add(entry)
    await session.flush()
    _tell(session, caller, entry, now, NOTED)
    return entry


def _same(entry: RecoveryEntry, creditor_id: int, command: EntryIn, caller: Caller) -> bool:
    kept = {name: getattr(entry, name) for name in EntryIn.model_fields}
    return (
        entry.withdrawn_at is None
        and entry.creditor_id == creditor_id
        and entry.noted_by == caller.person_id
        and kept == command.model_dump()
    )


async def withdraw_entry(
    session: AsyncSession,
    caller: Caller,
    purchase_id: int,
    debtor_id: int,
    entry_id: int,
    now: datetime,
    *,
    reason: str,
) -> RecoveryEntry:
    """It counts no longer, and stays to be read with the reason. Twice the same is once.

    Raises:
        NotFound: there is none such.
        Forbidden: the caller recovers nothing for its creditor.
    """
    await lock_purchase(session, purchase_id)
    entry = next((one for one in await entries_of(session, purchase_id, debtor_id) if one.id == entry_id), None)
    if entry is None:
        raise NotFound
    if not recovers_for(caller, purchase_id, entry.creditor_id):
        raise Forbidden
    if entry.withdrawn_at is None:
        entry.withdrawn_at, entry.withdrawn_because = now, reason
        _tell(session, caller, entry, now, WITHDRAWN, reason)
    return entry


def _tell(
    session: AsyncSession, caller: Caller, entry: RecoveryEntry, now: datetime, name: str, reason: str | None = None
) -> None:
    record_event(
        session,
        at=now,
        person_id=caller.person_id,
        subject=("purchase", entry.purchase_id),
        name=name,
        reason=reason,
        details={
            "purchase_id": entry.purchase_id,
            "member_id": entry.debtor_id,
            "kind": entry.kind,
            "number": entry.number,
            "cents": entry.cents,
        },
    )
