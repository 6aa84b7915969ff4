"""Who owes whom, and what a version changed, as files that are written apart where they are long."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.allocation.page import OnCosts
from pooling.allocation.records.comparing import members_compared, spool_both, write_gaps
from pooling.allocation.records.downloads import KINDS
from pooling.allocation.records.long_files import (
    LONG_FILES,
    Asked,
    LongFile,
    Terms,
    ask_long_file,
    format_asked,
    in_memory,
    purchase_of,
    record_number,
)
from pooling.allocation.records.opening import FoundRecord, find_record
from pooling.allocation.records.owing import read_debts, write_debt_rows
from pooling.exports.kinds import ExportKind, Prepared, counted
from pooling.kernel.database import group_of
from pooling.members.models import Group
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.models import Purchase

DEBTS, GAPS = "debts", "gaps"
DEBT_FILES = ("xlsx", "csv")


def debt_facts(purchase: Purchase, record: FoundRecord, group: str) -> Mapping[str, str]:
    return _facts(f"Qui doit à qui, d’après l’état n°\u00a0{record.number}", purchase, group)


def gap_facts(purchase: Purchase, record: FoundRecord, other: FoundRecord, group: str) -> Mapping[str, str]:
    return _facts(f"Écarts de l’état n°\u00a0{other.number} à l’état n°\u00a0{record.number}", purchase, group)


def _facts(document: str, purchase: Purchase, group: str) -> Mapping[str, str]:
    return {
        "Document": document,
        "Achat": f"{purchase.reference} {purchase.title}",
        "Groupe": group,
        "Devise": "EUR",
    }


def debts_name(purchase: Purchase, record: FoundRecord, kind: str) -> str:
    return f"{purchase.reference}-etat-{record.number}-dettes.{kind}"


def gaps_name(purchase: Purchase, record: FoundRecord, other: FoundRecord) -> str:
    return f"{purchase.reference}-etats-{other.number}-{record.number}.xlsx"


async def _about(session: AsyncSession, terms: Terms) -> tuple[Purchase, FoundRecord, Group]:
    purchase = await purchase_of(session, terms)
    record = await find_record(session, purchase.id, terms["record"])
    return purchase, record, await session.get_one(Group, group_of(session))


async def _debts(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:  # noqa: ARG001 - of the record's day
    (purchase, record, group), kind = await _about(session, terms), terms["format"]
    rows, facts = await read_debts(session, record), debt_facts(purchase, record, group.name)
    notice = FICTIONAL if group.fictional else None
    return Prepared(
        name=debts_name(purchase, record, kind),
        media_type=KINDS[kind],
        rows=len(rows),
        figures_at=record.frozen_at,
        write=in_memory(lambda target, progress: write_debt_rows(target, counted(rows, progress), facts, notice, kind)),
    )


async def _gaps(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:  # noqa: ARG001 - of the record's day
    purchase, record, group = await _about(session, terms)
    other = await find_record(session, purchase.id, terms["avec"])
    both = await spool_both(session, other, record)
    rows, facts = await members_compared(session, other, record), gap_facts(purchase, record, other, group.name)
    notice = FICTIONAL if group.fictional else None
    write = partial(write_gaps, both=both, facts=facts, notice=notice)
    return Prepared(
        name=gaps_name(purchase, record, other),
        media_type=KINDS["xlsx"],
        rows=len(rows),
        figures_at=record.frozen_at,
        write=in_memory(lambda target, progress: write(target, other, record, counted(rows, progress))),
    )


async def _ask_debts(here: OnCosts, asked: Asked) -> int:
    number = record_number(asked("etat"))
    await find_record(here.session, here.purchase.id, number)
    return await ask_long_file(here, DEBTS, {"record": number, "format": format_asked(asked, DEBT_FILES)})


async def _ask_gaps(here: OnCosts, asked: Asked) -> int:
    numbers = record_number(asked("etat")), record_number(asked("avec"))
    for number in numbers:
        await find_record(here.session, here.purchase.id, number)
    return await ask_long_file(here, GAPS, {"record": numbers[0], "avec": numbers[1]})


LONG_FILES[DEBTS] = LongFile(lambda _: "Qui doit à qui", _ask_debts, DEBT_FILES)
LONG_FILES[GAPS] = LongFile(lambda terms: f"Écarts avec l’état n°\u00a0{terms['avec']}", _ask_gaps, ("xlsx",))
VERSION_EXPORTS = (ExportKind(DEBTS, _debts), ExportKind(GAPS, _gaps))
