"""The journal's pages: the group's, a purchase's, and both as files."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Response, get

from pooling.journal.permissions import may_see_journal
from pooling.journal.queries import EXPORTED_AT_MOST, Filters, journal_page, purchases_to_choose
from pooling.journal.vocabulary import Vocabulary, vocabulary_of
from pooling.journal.words import EventShown
from pooling.kernel.errors import NotFound
from pooling.kernel.sheet_writing import XLSX, Column, ColumnKind, SheetTable, Value, csv_of, workbook_of
from pooling.kernel.slices import Slice
from pooling.members.group_page import GroupPage, Here
from pooling.members.rights import Right
from pooling.outbox.mail import FICTIONAL
from pooling.purchases.finding import find_purchase
from pooling.purchases.page import PurchasePage
from pooling.web.addresses import path_of
from pooling.web.cursors import pages_after, with_query
from pooling.web.downloads import download
from pooling.web.forms import Form, form_of
from pooling.web.typography import NBSP, date_short, date_time_long, number, time_short

SECTION = "/journal"
OF_PURCHASE = f"/achats/{{reference:str}}{SECTION}"
FIELDS = ("du", "au", "type", "personne", "achat")
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


@get(SECTION, right=Right.SEE_JOURNAL)
async def show_journal(here: Here[GroupPage]) -> Response[str]:
    """Everything for the facilitator; for a lead buyer, its purchases."""
    form = _asked(here)
    return here.render(
        "journal/journal.html",
        "Journal",
        whole=here.caller.may(Right.SEE_JOURNAL),
        purchases=await purchases_to_choose(here.session, here.caller),
        **await _page(here, form, await _filters(here, form)),
    )


@get(OF_PURCHASE, right=may_see_journal)
async def show_purchase_journal(here: Here[PurchasePage]) -> Response[str]:
    form = _asked(here)
    filters = replace(await _filters(here, form), purchase_id=here.purchase.id)
    return here.render("journal/purchase_journal.html", "Journal", **await _page(here, form, filters))


def _words(here: GroupPage) -> Vocabulary:
    return vocabulary_of(here.features.events)


def _asked(here: GroupPage) -> Form:
    return form_of({name: here.request.query_params.get(name, "")[:200] for name in FIELDS})


async def _filters(here: GroupPage, form: Form) -> Filters:
    """What the address asks for. A day that is none is told at its field; nothing else can be wrong."""
    first = form.date("du") if form.value("du") else None
    last = form.date("au") if form.value("au") else None
    purchase_id = None
    if form.value("achat"):
        try:
            purchase_id = (await find_purchase(here.session, form.value("achat"))).id
        except NotFound:
            form.refuse("achat", "Choisissez un achat du groupe.")
    return Filters(
        since=datetime.combine(first, time(), tzinfo=here.zone) if first else None,
        until=datetime.combine(last + timedelta(days=1), time(), tzinfo=here.zone) if last else None,
        kind=form.value("type") if form.value("type") in _words(here).kinds else "",
        person=form.value("personne"),
        purchase_id=purchase_id,
    )


async def _page(here: GroupPage, form: Form, filters: Filters) -> dict[str, Any]:
    url, zone, apres = here.url + SECTION, here.zone, here.request.query_params.get("apres", "")
    words = _words(here)
    listed = await journal_page(here.session, here.caller, filters, words, zone, Slice(apres))
    kept = {name: value for name, value in form.values.items() if value}
    fictional = here.group.fictional  # its year was written in a minute
    return {
        "form": form,
        "url": url,
        "filtered": bool(kept),
        "events": [
            (event, _moment(event.at, zone), "" if fictional else _recorded(event, zone)) for event in listed.items
        ],
        "kinds": list(words.kinds.items()),
        "files": [
            {"label": label, "url": with_query(f"{url}/export.{label.lower()}", kept)} for label in ("XLSX", "CSV")
        ],
        **pages_after(url, apres, listed, kept),
    }


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{date_short(at.astimezone(zone).date())}{NBSP}{time_short(at, zone)}"


def _recorded(event: EventShown, zone: ZoneInfo) -> str:
    """When it was written, where that is another time."""
    return _moment(event.recorded_at, zone) if event.dated_otherwise else ""


@get([f"{SECTION}/export.csv", f"{SECTION}/export.xlsx"], right=Right.SEE_JOURNAL)
async def export_journal(here: Here[GroupPage]) -> Response[bytes]:
    table, facts = await _table(here, await _filters(here, _asked(here)))
    return await _file(here, table, facts, f"{here.group.slug}-journal")


@get([f"{OF_PURCHASE}/export.csv", f"{OF_PURCHASE}/export.xlsx"], right=may_see_journal)
async def export_purchase_journal(here: Here[PurchasePage]) -> Response[bytes]:
    filters = replace(await _filters(here, _asked(here)), purchase_id=here.purchase.id)
    table, facts = await _table(here, filters)
    facts = {**facts, "Achat": f"{here.purchase.reference} {here.purchase.title}"}
    return await _file(here, table, facts, f"{here.purchase.reference}-journal")


async def _table(here: GroupPage, filters: Filters) -> tuple[SheetTable, dict[str, str]]:
    """And which journal it is, from when, and what was left out."""
    zone, words = here.zone, _words(here)
    listed = await journal_page(here.session, here.caller, filters, words, zone, Slice(size=EXPORTED_AT_MOST))
    facts = {
        "Document": "Journal (extrait filtré)" if any(_asked(here).values.values()) else "Journal",
        "Groupe": here.group.name,
        "Date": date_time_long(here.now, zone, with_year=True),
        **({"Étendue": f"les {number(EXPORTED_AT_MOST)} événements les plus récents"} if listed.next else {}),
    }
    return SheetTable("Journal", COLUMNS, _rows(listed.items, zone)), facts


def _rows(events: Sequence[EventShown], zone: ZoneInfo) -> Iterator[list[Value]]:
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


async def _file(here: GroupPage, table: SheetTable, facts: Mapping[str, str], name: str) -> Response[bytes]:
    """The kind of file that the address ends with."""
    kind = path_of(here.request).rpartition(".")[2]
    notice = FICTIONAL if here.group.fictional else None
    # Beside the event loop: it may have 50 000 lines, and others are waiting.
    write = partial(csv_of, table) if kind == "csv" else partial(workbook_of, [table])
    content = await asyncio.to_thread(write, facts, notice)
    return download(content, f"{name}.{kind}", "text/csv" if kind == "csv" else XLSX)


ROUTES = [show_journal, show_purchase_journal, export_journal, export_purchase_journal]
