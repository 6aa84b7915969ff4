"""A purchase's recovery as a file that is written apart where it is long."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.page import OnCosts
from pooling.allocation.records.long_files import (
    LONG_FILES,
    Asked,
    LongFile,
    ask_long_file,
    format_asked,
    in_memory,
    purchase_of,
)
from pooling.exports.kinds import ExportKind, Prepared, counted
from pooling.kernel.database import group_of
from pooling.members.models import Group
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.models import Purchase
from pooling.recovery.reading import all_accounts
from pooling.recovery.workbook import KINDS, account_rows, write_account_rows
from pooling.web.typography import date_time_long

KIND = "recovery"


def recovery_facts(purchase: Purchase, group: Group | EnteredGroup, now: datetime) -> Mapping[str, str]:
    return {
        "Document": "Recouvrement",
        "Achat": f"{purchase.reference} {purchase.title}",
        "Groupe": group.name,
        "Date": date_time_long(now, group.zone, with_year=True),
    }


def recovery_name(purchase: Purchase, kind: str) -> str:
    return f"{purchase.reference}-recouvrement.{kind}"


def recovery_export(finance: FinanceConfiguration) -> ExportKind:
    async def prepare(session: AsyncSession, terms: Mapping[str, Any], now: datetime) -> Prepared:
        purchase, kind = await purchase_of(session, terms), terms["format"]
        group = await session.get_one(Group, group_of(session))
        today = now.astimezone(group.zone).date()
        accounts, smallest = await all_accounts(session, purchase.id, today), finance.smallest_titre_on(today)
        facts, notice = recovery_facts(purchase, group, now), FICTIONAL if group.fictional else None
        return Prepared(
            name=recovery_name(purchase, kind),
            media_type=KINDS[kind],
            rows=len(accounts),
            figures_at=now,
            write=in_memory(
                lambda target, progress: write_account_rows(
                    target, counted(account_rows(accounts, smallest), progress), kind, facts, notice
                )
            ),
        )

    return ExportKind(KIND, prepare)


async def _ask(here: OnCosts, asked: Asked) -> int:
    return await ask_long_file(here, KIND, {"format": format_asked(asked, tuple(KINDS))})


LONG_FILES[KIND] = LongFile(lambda _: "Recouvrement", _ask, tuple(KINDS))
