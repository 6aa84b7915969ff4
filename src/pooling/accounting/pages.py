"""Statements of a frozen allocation and its files for accounting packages, as pages and downloads."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy import and_, select
from sqlmodel import col

from pooling.accounting.configuration import AccountingLayouts
from pooling.accounting.layout_export import KIND as LAYOUT_KIND
from pooling.accounting.layout_export import about_rows, layout_name
from pooling.accounting.layout_files import write_layout_file
from pooling.accounting.mailing import ask_statements, mailing_of
from pooling.accounting.models import StatementMail
from pooling.accounting.page import ACCOUNTING, STATEMENTS
from pooling.accounting.reading import creditors_of, has_statement, read_booked
from pooling.accounting.rows import Rows
from pooling.accounting.statement import PDF, statement_pdf
from pooling.accounting.statement_export import KIND, count_statements
from pooling.allocation.models import AllocationShare
from pooling.allocation.page import OnCosts
from pooling.allocation.permissions import may_see_every_share, may_see_share
from pooling.allocation.records.downloads import writes_apart
from pooling.allocation.records.long_files import offer_of
from pooling.allocation.records.opening import FoundRecord, find_record
from pooling.allocation.records.page import RecordPage, RecordSharePage
from pooling.exports.pages import TRANSLITERATED
from pooling.exports.zips import parts_of, which
from pooling.kernel.apart import apart
from pooling.kernel.database import group_of
from pooling.kernel.errors import NotFound
from pooling.kernel.files import file_with_content
from pooling.kernel.slices import Order, Slice
from pooling.kernel.tables import any_of, linked
from pooling.members.features import Part
from pooling.members.group_page import Here
from pooling.purchases.permissions import may_run
from pooling.purchases.size import has_many
from pooling.recovery.reading import has_titres
from pooling.web.cursors import pages_after
from pooling.web.downloads import download, streamed
from pooling.web.typography import date_time_long, of_name, plural

CSV = "text/csv"
TITLE = "Relevés"
_BY_NAME = Order(col(AllocationShare.name), col(AllocationShare.member), size=50)


async def record_part(here: RecordPage) -> Part:
    """On the page of the record: statements and files for those who see every share, else the own ones."""
    url = here.url + here.path
    own = [] if here.own is None else sorted(here.own)
    mailed = await here.session.execute(
        select(col(StatementMail.member)).where(
            col(StatementMail.allocation_id) == here.record.id,
            any_of(col(StatementMail.member), own),
            col(StatementMail.sent_at).is_not(None),
        )
    )
    return Part(
        "accounting/record_part.html",
        {
            "sees_all": here.sees_all,
            "statements_url": f"{url}/releves",
            "own": await _with_statement(here, own) if own else [],
            "mailed": set(mailed.scalars()) if own else set(),
            "has_titres": here.sees_all and await has_titres(here.session, here.purchase.id),
            "layouts": await _layouts(here, f"{url}/comptabilite") if here.sees_all else [],
        },
    )


async def _with_statement(here: RecordPage, members: Sequence[str]) -> list[tuple[str, str]]:
    """Of these members, by their codes, those that have one, each with « de » before its name."""
    share = AllocationShare
    rows = await here.session.execute(
        select(col(share.member), col(share.name))
        .where(col(share.allocation_id) == here.record.id, any_of(col(share.member), members))
        .where(has_statement(here.record))
        .order_by(col(share.name), col(share.member))
    )
    return [(code, of_name(name)) for code, name in rows]


async def _layouts(here: RecordPage, url: str) -> list[dict[str, Any]]:
    """The files; those of titres for each member that is owed something. One that is long has a button instead."""
    creditors = await creditors_of(here.session, here.record.id)
    offered: list[dict[str, Any]] = []
    for layout in here.services.part(AccountingLayouts).accounting:
        long = writes_apart(here.request, await about_rows(here.session, here.record, layout))
        of = creditors if layout.rows is Rows.TITRES else [("", "")]
        for code, name in of:
            asked = urlencode({"creancier": code}) if code else ""
            asks = {"etat": here.record.number, "modele": layout.name, "creancier": code}
            offered.append(
                {
                    "title": f"{layout.title} {of_name(name)}" if len(of) > 1 else layout.title,
                    "url": f"{url}/{layout.name}{'?' if asked else ''}{asked}",
                    "offer": offer_of(here, LAYOUT_KIND, asks, ["csv"]) if long else None,
                }
            )
    return offered


@get(STATEMENTS, right=may_see_every_share)
async def show_statements(here: Here[RecordPage], apres: FromQuery[str] = "") -> Response[str]:
    """Each member's, who was sent what and when, and the button that sends."""
    (count, without), mailing = (
        await count_statements(here.session, here.record),
        await mailing_of(here.session, here.record),
    )
    listed = await _BY_NAME.read(
        here.session,
        select(col(AllocationShare.name), col(AllocationShare.member), StatementMail)
        .outerjoin(
            StatementMail,
            and_(
                linked(StatementMail.allocation_id, AllocationShare.allocation_id),
                col(StatementMail.member) == col(AllocationShare.member),
                col(StatementMail.sent_at).is_not(None),
            ),
        )
        .where(col(AllocationShare.allocation_id) == here.record.id, has_statement(here.record)),
        Slice(apres),
    )
    url = f"{here.url}{here.path}/releves"
    return here.render(
        "accounting/statements.html",
        TITLE,
        number_shown=here.record.number,
        url=url,
        parts=[
            {"label": _part_label(part, count), "offer": offer_of(here, KIND, _asks(here, part), ())}
            for part in parts_of(count)
        ],
        without=without,
        mailing=mailing,
        may_send=may_run.allows(here.caller, here.purchase),
        statements=[
            {"member": name, "file": f"{url}/{member}", "mail": mail and _mailed(here, url, mail)}
            for name, member, mail in listed.items
        ],
        **pages_after(url, apres, listed),
    )


def _mailed(here: RecordPage, url: str, mail: StatementMail) -> dict[str, str]:
    """What was sent of a member's, when and to whom."""
    return {
        "number": mail.number,
        "file": f"{url}/envoyes/{mail.member}",
        "at": date_time_long(mail.sent_at, here.zone) if mail.sent_at else "",
        "to": ", ".join(one["email"] for one in mail.recipients),
    }


def _asks(here: RecordPage, part: int) -> dict[str, object]:
    return {"etat": here.record.number, "part": part}


def _part_label(part: int, count: int) -> str:
    if len(parts_of(count)) == 1:
        return f"Préparer le ZIP ({plural(count, 'relevé')})"
    return f"Préparer le ZIP des relevés {which(part, count)}"


@post(f"{STATEMENTS}/envoi", right=may_run)
async def do_send(here: Here[RecordPage]) -> Response[Any]:
    asked = await ask_statements(here.session, here.caller, here.purchase.id, here.record.number, here.now)
    done = (
        f"{plural(asked, 'relevé part', 'relevés partent')} dans les minutes qui viennent."
        if asked
        else "Tous les relevés étaient déjà demandés : aucun ne part deux fois."
    )
    return here.redirect(f"{here.path}/releves", done=done)


@get(f"{STATEMENTS}/envoyes/{{member:str}}", right=may_see_share)
async def download_sent(here: Here[RecordSharePage]) -> Response[bytes]:
    """A statement as it was mailed."""
    key = (group_of(here.session), here.record.id, here.member)
    mail = await here.session.get(StatementMail, key)
    if mail is None or mail.file_id is None:
        raise NotFound
    file, content = await file_with_content(here.session, mail.file_id)
    return download(content, file.name, file.media_type)


@get(f"{STATEMENTS}/{{member:str}}", right=may_see_share)
async def download_statement(here: Here[RecordSharePage]) -> Response[bytes]:
    """A member's statement: its own people's, anybody's for who sees every share."""
    return await statement_file(here, here.record, here.member, here.now)


async def statement_file(here: OnCosts, record: FoundRecord, member: str, now: datetime) -> Response[bytes]:
    booked = await read_booked(here.session, here.purchase, record, now, here.finance, only=member)
    entry = next(booked.entries(), None)
    if entry is None:
        raise NotFound
    return download(await asyncio.to_thread(statement_pdf, booked, entry), f"{entry.number}.pdf", PDF)


@get(f"{ACCOUNTING}/{{layout:str}}", right=may_see_every_share)
async def download_layout(
    here: Here[RecordPage], layout: FromPath[str], creancier: FromQuery[str] = ""
) -> Response[Any]:
    """The record as a file for an accounting package; titres are those of the lead, or of another member."""
    named = here.services.part(AccountingLayouts).layout(layout)
    if named is not None and writes_apart(here.request, await about_rows(here.session, here.record, named)):
        return here.redirect(here.path)
    return await layout_file(here, here.record.number, layout, creancier)


async def layout_file(here: OnCosts, number: int, named: str, creditor: str = "") -> Response[Any]:
    """It says in a header how many of its values had to be transliterated.

    Raises:
        NotFound: there is no such layout or record, or nothing is owed to this creditor.
    """
    layout = here.services.part(AccountingLayouts).layout(named)
    if layout is None:
        raise NotFound
    record = await find_record(here.session, here.purchase.id, number)
    record.told()
    if creditor and creditor not in dict(await creditors_of(here.session, record.id)):
        raise NotFound
    file = NamedTemporaryFile(prefix="pooling-")  # noqa: SIM115 - it is gone once it is sent
    given = (file.name, here.purchase.id, number, layout, creditor, here.now, here.finance)
    try:
        if await has_many(here.session, here.purchase.id):
            changed = await apart(here.session, write_layout_file, *given)
        else:
            changed = await write_layout_file(here.session, *given)
    except BaseException:
        file.close()
        raise
    name = layout_name(here.purchase, number, layout.name, creditor)
    answer = streamed(file, name, CSV, encoding=layout.charset)
    answer.headers[TRANSLITERATED] = str(changed)
    return answer


ROUTES = [
    show_statements,
    do_send,
    download_sent,
    download_statement,
    download_layout,
]
