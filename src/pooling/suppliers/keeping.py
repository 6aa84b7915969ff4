"""Adding a supplier, correcting what is known of it, archiving it and taking it back."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.database import group_of
from pooling.kernel.errors import Conflict, Invalid, NotFound
from pooling.kernel.events import record_event
from pooling.kernel.text import Line, clean, sort_key
from pooling.mail_addresses import WrongAddressError, read_address
from pooling.members.locking import lock_group
from pooling.members.rights import Caller
from pooling.suppliers.models import Supplier
from pooling.suppliers.numbers import compact, fault_of, french_vat_number, is_siret, siren_of
from pooling.suppliers.permissions import may_keep

LONGEST_NUMBER = 40
"""As it is typed, with its blanks."""


def _compact(value: object) -> object:
    return compact(value) if isinstance(value, str) and len(value) <= LONGEST_NUMBER else value


def _clean(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


Number = Annotated[str, BeforeValidator(_compact)]
Lines = Annotated[str, BeforeValidator(_clean)]


class SupplierIn(BaseModel):
    """A supplier as it is to be known, see `Supplier`."""

    model_config = ConfigDict(frozen=True)

    name: Line = Field(min_length=1, max_length=200)
    siret: Number = Field(default="", max_length=14)
    vat_number: Number = Field(default="", max_length=14)
    address: Lines = Field(default="", max_length=500)
    order_email: Line = Field(default="", max_length=254)
    contact: Line = Field(default="", max_length=200)
    phone: Line = Field(default="", max_length=40)
    note: Lines = Field(default="", max_length=2_000)


class SupplierChanged(Conflict):
    code = "supplier_changed"

    def __init__(self) -> None:
        super().__init__(
            "Quelqu’un a modifié ce fournisseur entre-temps\u00a0: vérifiez ce que vous avez tapé, puis confirmez."
        )


def content_of(supplier: Supplier) -> dict[str, Any]:
    return {name: getattr(supplier, name) or "" for name in SupplierIn.model_fields}


def mark_of(supplier: Supplier) -> str:
    """What a form was filled from, to tell whether it still is so."""
    return sha256(json.dumps(content_of(supplier)).encode()).hexdigest()[:16]


async def find_supplier(session: AsyncSession, supplier_id: int) -> Supplier:
    """Raises:
    NotFound: the group has no such supplier.
    """
    found = await session.get(Supplier, (group_of(session), supplier_id), populate_existing=True)
    if found is None:
        raise NotFound
    return found


async def add_supplier(session: AsyncSession, caller: Caller, command: SupplierIn, now: datetime) -> Supplier:
    """Adds a supplier.

    Raises:
        Forbidden: the caller prepares and runs no purchase.
        Invalid: a number or an address cannot be, or another supplier of the group has the name or the SIRET.
    """
    may_keep.require(caller)
    await lock_group(session)
    values = await _checked(session, command, None)
    supplier = Supplier(group_id=group_of(session), created_at=now, **values)
    session.add(supplier)
    await session.flush()
    _tell(session, caller, supplier, now, "supplier.added")
    return supplier


async def change_supplier(
    session: AsyncSession,
    caller: Caller,
    supplier_id: int,
    command: SupplierIn,
    now: datetime,
    *,
    seen: str | None = None,
) -> Supplier:
    """Makes this what is known of it. Orders that have left keep what they said.

    Raises:
        Forbidden: the caller prepares and runs no purchase.
        NotFound: the group has no such supplier.
        SupplierChanged: it is no longer as it was `seen`.
        Invalid: as in `add_supplier`.
    """
    may_keep.require(caller)
    await lock_group(session)
    supplier = await find_supplier(session, supplier_id)
    if seen is not None and seen != mark_of(supplier):
        raise SupplierChanged
    values = await _checked(session, command, supplier.id)
    changed = {
        name: [getattr(supplier, name), value]
        for name, value in values.items()
        if name != "sort_key" and getattr(supplier, name) != value
    }
    if changed:
        for name, value in values.items():
            setattr(supplier, name, value)
        _tell(session, caller, supplier, now, "supplier.changed", changed=changed)
    return supplier


async def archive_supplier(session: AsyncSession, caller: Caller, supplier_id: int, now: datetime) -> Supplier:
    """Proposes it no longer; what was bought from it stays. Done already, it is left as it is.

    Raises:
        Forbidden: the caller prepares and runs no purchase.
        NotFound: the group has no such supplier.
    """
    return await _archive(session, caller, supplier_id, now, archived=True)


async def restore_supplier(session: AsyncSession, caller: Caller, supplier_id: int, now: datetime) -> Supplier:
    """Proposes it again. Raises as `archive_supplier`."""
    return await _archive(session, caller, supplier_id, now, archived=False)


async def _archive(
    session: AsyncSession, caller: Caller, supplier_id: int, now: datetime, *, archived: bool
) -> Supplier:
    may_keep.require(caller)
    await lock_group(session)
    supplier = await find_supplier(session, supplier_id)
    if archived != (supplier.archived_at is not None):
        supplier.archived_at = now if archived else None
        _tell(session, caller, supplier, now, "supplier.archived" if archived else "supplier.restored")
    return supplier


async def _checked(session: AsyncSession, command: SupplierIn, own_id: int | None) -> dict[str, Any]:
    """The columns that this makes, all that is wrong with it told at once."""
    errors = _faults(command)
    values: dict[str, Any] = {**command.model_dump(), "siret": command.siret or None}
    try:
        values["order_email"] = read_address(command.order_email) if command.order_email else ""
    except WrongAddressError as wrong:
        errors["order_email"] = str(wrong)
    others = select(Supplier).where((col(Supplier.name) == command.name) | (col(Supplier.siret) == command.siret))
    for other in (await session.execute(others)).scalars():
        if other.id == own_id:
            continue
        field = "siret" if values["siret"] and other.siret == values["siret"] else "name"
        archived = ", archivé : reprenez-le" if other.archived_at else ""
        errors.setdefault(field, f"C’est celui d’un autre fournisseur du groupe, « {other.name} »{archived}.")
    if errors:
        raise Invalid(errors)
    return {**values, "sort_key": sort_key(command.name)}


def _faults(command: SupplierIn) -> dict[str, str]:
    """What is wrong with its numbers, by themselves and beside each other."""
    errors = {}
    if command.siret and not is_siret(command.siret):
        errors["siret"] = "Ce n’est pas un numéro SIRET : quatorze chiffres, dont une clé."
    if command.vat_number and (fault := fault_of(command.vat_number)):
        errors["vat_number"] = fault
    if not errors and command.siret and command.vat_number and siren_of(command.vat_number) != command.siret[:9]:
        errors["vat_number"] = (
            f"Ce numéro est celui d’une autre entreprise : ce SIRET donne {french_vat_number(command.siret)}."
        )
    if not command.siret and not command.vat_number:
        errors["siret"] = "Indiquez le SIRET, ou le numéro de TVA d’une entreprise étrangère."
    elif not command.siret and "vat_number" not in errors and command.vat_number.startswith("FR"):
        errors["siret"] = "Une entreprise française a un SIRET : il est sur ses devis et ses factures."
    return errors


def _tell(
    session: AsyncSession,
    caller: Caller,
    supplier: Supplier,
    now: datetime,
    name: str,
    **details: Any,  # noqa: ANN401 - what the event keeps
) -> None:
    record_event(
        session, at=now, person_id=caller.person_id, subject=("supplier", supplier.id), name=name, details=details
    )
