"""A file for an accounting package that is written apart where it is long."""

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounting.configuration import AccountingLayouts, Layout
from pooling.accounting.layout_files import write_booked
from pooling.accounting.reading import creditors_of, read_booked
from pooling.accounting.rows import Rows
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.page import OnCosts
from pooling.allocation.records.comparing import count_shares
from pooling.allocation.records.long_files import (
    LONG_FILES,
    Asked,
    LongFile,
    Terms,
    ask_long_file,
    purchase_of,
    record_number,
)
from pooling.allocation.records.opening import FoundRecord, find_record, workbook_rows
from pooling.exports.kinds import ExportKind, Prepared, Progress, Transliterated
from pooling.kernel.errors import NotFound
from pooling.members.features import features_for
from pooling.purchases.models import Purchase

KIND = "accounting"


def layout_name(purchase: Purchase, record: int, layout: str, creditor: str) -> str:
    return f"{purchase.reference}-etat-{record}-{layout}{f'-{creditor}' if creditor else ''}.csv"


def layout_export(layouts: AccountingLayouts) -> ExportKind:
    async def prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
        purchase, layout = await purchase_of(session, terms), layouts.layout(terms["modele"])
        creditor = terms["creancier"]
        if layout is None:  # a territory took it out of its configuration meanwhile
            raise NotFound
        record = await find_record(session, purchase.id, terms["record"])
        finance = features_for(session).configuration(FinanceConfiguration)
        booked = await read_booked(session, purchase, record, now, finance)

        def _written(progress: Progress) -> Transliterated:
            target = io.BytesIO()
            changed = write_booked(target, booked, layout, creditor, progress)
            return Transliterated(target.getvalue(), changed)

        return Prepared(
            name=layout_name(purchase, record.number, layout.name, creditor),
            media_type=f"text/csv; charset={layout.charset}",
            rows=await about_rows(session, record, layout),
            figures_at=record.frozen_at,
            write=_written,
        )

    return ExportKind(KIND, prepare)


async def about_rows(session: AsyncSession, record: FoundRecord, layout: Layout) -> int:
    """About how many rows such a file has: one for each member, or some for each."""
    if layout.rows in {Rows.MEMBERS, Rows.TITRES}:
        return await count_shares(session, record.id)
    return await workbook_rows(session, record)


async def _ask(here: OnCosts, asked: Asked) -> int:
    layout = here.services.part(AccountingLayouts).layout(asked("modele"))
    record = await find_record(here.session, here.purchase.id, record_number(asked("etat")))
    creditor = asked("creancier")
    if layout is None or (creditor and creditor not in dict(await creditors_of(here.session, record.id))):
        raise NotFound
    terms = {"record": record.number, "format": "csv", "modele": layout.name, "creancier": creditor}
    return await ask_long_file(here, KIND, {**terms, "titled": layout.title})


def _title(terms: Terms) -> str:
    titled: str = terms["titled"]
    return f"{titled} de {terms['creancier']}" if terms["creancier"] else titled


LONG_FILES[KIND] = LongFile(_title, _ask, ("csv",))
