"""The journal's pages: the group's, a purchase's, and both as files."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.accounts.sessions import EnteredGroup
from pooling.journal.queries import EXPORTED_AT_MOST, Filters, journal_page, purchases_to_choose
from pooling.journal.vocabulary import Vocabulary, vocabulary_of
from pooling.journal.words import EventShown
from pooling.kernel.errors import Forbidden, NotFound
from pooling.kernel.sheet_writing import Book, Column, ColumnKind, SheetTable, Value, write_csv
from pooling.members.entrance import CallerHere, EnteredGroupHere, SessionHere
from pooling.members.features import features_of
from pooling.members.rights import Caller, Right
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.finding import find_purchase
from pooling.purchases.page import PurchasePage, purchase_page
from pooling.web.addresses import path_of
from pooling.web.cursors import with_query
from pooling.web.forms import Form, form_of
from pooling.web.layout import Link, render
from pooling.web.services import services_of
from pooling.web.typography import NBSP, date_short, date_time_long, number, time_short

SECTION = "/journal"
FIELDS = ("du", "au", "type", "personne", "achat")
LARGEST_ID = 2**63 - 1
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (
    Column("Date et heure", ColumnKind.MOMENT, 20),
    Column("Qui", width=28),
    Column("Ce qui s’est passé", width=70),
    Column("Avant", width=24),
    Column("Après", width=24),
    Column("Motif", width=40),
    Column("Sujet", width=20),
    Column("Code", width=24),
    Column("Enregistré le", ColumnKind.MOMENT, 20),
)


@get("/journal", right=Right.SEE_JOURNAL)
async def show_journal(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, entered_group: EnteredGroupHere
) -> Response[str]:
    """Everything for the facilitator; for a lead buyer, its purchases."""
    base = f"/g/{entered_group.slug}"
    form = _asked(request)
    zone = ZoneInfo(entered_group.timezone)
    filters = await _filters(session, form, _words(request), zone)
    return render(
        request,
        "journal/journal.html",
        breadcrumb=[Link("À faire", base), Link("Journal", None)],
        whole=caller.may(Right.SEE_JOURNAL),
        purchases=await purchases_to_choose(session, caller),
        **await _page(request, session, caller, form, filters, zone, base + SECTION),
    )


@get("/achats/{reference:str}/journal", right=Right.SEE_JOURNAL)
async def show_purchase_journal(
    request: Request[Any, Any, Any], session: SessionHere, caller: CallerHere, reference: FromPath[str]
) -> Response[str]:
    frame = await _readable(request, session, caller, reference)
    form = _asked(request)
    filters = replace(await _filters(session, form, _words(request), frame.zone), purchase_id=frame.purchase.id)
    return render(
        request,
        "journal/purchase_journal.html",
        breadcrumb=[*frame.breadcrumb, Link("Journal", None)],
        here=frame,
        **await _page(request, session, caller, form, filters, frame.zone, frame.url + SECTION),
    )


async def _readable(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, reference: str
) -> PurchasePage:
    frame = await purchase_page(request, session, caller, reference, SECTION)
    if not caller.may(Right.SEE_JOURNAL, purchase_id=frame.purchase.id):
        raise Forbidden
    return frame


def _words(request: Request[Any, Any, Any]) -> Vocabulary:
    return vocabulary_of(features_of(request).events)


def _asked(request: Request[Any, Any, Any]) -> Form:
    return form_of({name: request.query_params.get(name, "")[:200] for name in FIELDS})


async def _filters(session: AsyncSession, form: Form, words: Vocabulary, zone: ZoneInfo) -> Filters:
    """What the address asks for. A day that is none is told at its field; nothing else can be wrong."""
    first = form.date("du") if form.value("du") else None
    last = form.date("au") if form.value("au") else None
    purchase_id = None
    if form.value("achat"):
        try:
            purchase_id = (await find_purchase(session, form.value("achat"))).id
        except NotFound:
            form.refuse("achat", "Choisissez un achat du groupe.")
    return Filters(
        since=datetime.combine(first, time(), tzinfo=zone) if first else None,
        until=datetime.combine(last + timedelta(days=1), time(), tzinfo=zone) if last else None,
        kind=form.value("type") if form.value("type") in words.kinds else "",
        person=form.value("personne"),
        purchase_id=purchase_id,
    )


async def _page(
    request: Request[Any, Any, Any],
    session: AsyncSession,
    caller: Caller,
    form: Form,
    filters: Filters,
    zone: ZoneInfo,
    url: str,
) -> dict[str, Any]:
    before = _before(request)
    events, next_id = await journal_page(session, caller, filters, _words(request), zone, before_id=before)
    kept = {name: value for name, value in form.values.items() if value}
    fictional = request.scope["state"]["group"].fictional  # its year was written in a minute
    return {
        "form": form,
        "url": url,
        "filtered": bool(kept),
        "events": [(event, _moment(event.at, zone), "" if fictional else _recorded(event, zone)) for event in events],
        "kinds": list(_words(request).kinds.items()),
        "files": [
            {"label": label, "url": with_query(f"{url}/export.{label.lower()}", kept)} for label in ("XLSX", "CSV")
        ],
        "first_url": with_query(url, kept) if before else None,
        "next_url": with_query(url, {**kept, "avant": str(next_id)}) if next_id else None,
    }


def _before(request: Request[Any, Any, Any]) -> int | None:
    typed = request.query_params.get("avant", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < len(str(LARGEST_ID)) else None


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{date_short(at.astimezone(zone).date())}{NBSP}{time_short(at, zone)}"


def _recorded(event: EventShown, zone: ZoneInfo) -> str:
    """When it was written, where that is another time."""
    return _moment(event.recorded_at, zone) if event.dated_otherwise else ""


@get(["/journal/export.csv", "/journal/export.xlsx"], right=Right.SEE_JOURNAL)
async def export_journal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    entered_group: EnteredGroupHere,
) -> Response[bytes]:
    zone = ZoneInfo(entered_group.timezone)
    filters = await _filters(session, _asked(request), _words(request), zone)
    table, cut = await _table(request, session, caller, filters, zone)
    facts = _facts(request, entered_group, zone, cut=cut)
    return _file(request, table, facts, f"{entered_group.slug}-journal", fictional=entered_group.fictional)


@get(
    ["/achats/{reference:str}/journal/export.csv", "/achats/{reference:str}/journal/export.xlsx"],
    right=Right.SEE_JOURNAL,
)
async def export_purchase_journal(
    request: Request[Any, Any, Any],
    session: SessionHere,
    caller: CallerHere,
    reference: FromPath[str],
) -> Response[bytes]:
    frame = await _readable(request, session, caller, reference)
    filters = replace(
        await _filters(session, _asked(request), _words(request), frame.zone), purchase_id=frame.purchase.id
    )
    table, cut = await _table(request, session, caller, filters, frame.zone)
    facts = {
        **_facts(request, frame.group, frame.zone, cut=cut),
        "Achat": f"{frame.purchase.reference} {frame.purchase.title}",
    }
    return _file(request, table, facts, f"{frame.purchase.reference}-journal", fictional=frame.group.fictional)


async def _table(
    request: Request[Any, Any, Any], session: AsyncSession, caller: Caller, filters: Filters, zone: ZoneInfo
) -> tuple[SheetTable, bool]:
    """And whether older events were left out."""
    events, older = await journal_page(session, caller, filters, _words(request), zone, size=EXPORTED_AT_MOST)
    return SheetTable("Journal", COLUMNS, _rows(events, zone)), older is not None


def _rows(events: list[EventShown], zone: ZoneInfo) -> Iterator[list[Value]]:
    for event in events:
        yield [
            _to_the_second(event.at, zone),
            event.who,
            f"{event.who} {event.sentence}",
            event.before,
            event.after,
            event.reason,
            event.kind,
            event.name,
            _to_the_second(event.recorded_at, zone),
        ]


def _to_the_second(at: datetime, zone: ZoneInfo) -> datetime:
    """As the group's clock showed it: spreadsheets know no zone."""
    return at.astimezone(zone).replace(tzinfo=None, microsecond=0)


def _facts(request: Request[Any, Any, Any], group: EnteredGroup, zone: ZoneInfo, *, cut: bool) -> dict[str, str]:
    """Which journal it is, from when, and what was left out."""
    asked = {name: value for name, value in _asked(request).values.items() if value}
    return {
        "Document": "Journal (extrait filtré)" if asked else "Journal",
        "Groupe": group.name,
        "Date": date_time_long(services_of(request).clock.now(), zone, with_year=True),
        **({"Étendue": f"les {number(EXPORTED_AT_MOST)} événements les plus récents"} if cut else {}),
    }


def _file(
    request: Request[Any, Any, Any], table: SheetTable, facts: Mapping[str, str], name: str, *, fictional: bool
) -> Response[bytes]:
    """The kind of file that the address ends with."""
    kind = path_of(request).rpartition(".")[2]
    notice = FICTIONAL if fictional else None
    target = io.BytesIO()
    if kind == "csv":
        write_csv(target, table, notice, facts)
        media_type = "text/csv; charset=utf-8"
    else:
        book = Book(facts, notice)
        book.add(table)
        book.save(target)
        media_type = XLSX
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(target.getvalue(), media_type=media_type, headers=headers)


ROUTES = [show_journal, show_purchase_journal, export_journal, export_purchase_journal]
