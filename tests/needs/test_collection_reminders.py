"""Référents are reminded of what they have not filed; the lead buyer hears of the closing the morning after."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, NOW, Territory, file_needs, open_purchase
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.needs import reminders as needs
from pooling.needs.collection import close_what_is_due
from pooling.outbox.models import Message
from pooling.purchases.schemas import ItemIn
from pooling.reminders.configuration import ReminderConfiguration
from pooling.reminders.console import remind, report_lines
from pooling.reminders.sweep import sweep

BASE_URL = "http://127.0.0.1:8000"


async def run(database: Database, at: FixedClock) -> None:
    await sweep(
        database, needs.need_kinds(ReminderConfiguration({})), at, base_url=BASE_URL, chores=[close_what_is_due]
    )


async def reminded(database: Database, territory: Territory, kind: str) -> list[tuple[str, str]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Message.recipient), col(Message.body_text))
            .where(col(Message.group_id) == territory.group_id, col(Message.kind) == kind)
            .order_by(col(Message.id))
        )
        return [(recipient, body) for recipient, body in rows]


async def test_only_those_who_have_not_filed_are_reminded(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW, days=14)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=2)
    clock = FixedClock(NOW)
    await run(database, clock)
    assert await reminded(database, territory, "needs_deadline") == [], "a fortnight before"
    clock.instant = NOW + timedelta(days=7)
    await run(database, clock)
    await run(database, clock)
    told = await reminded(database, territory, "needs_deadline")
    assert sorted(recipient for recipient, _ in told) == [
        "referent@arcachon.example",
        "referent@droit.example",
        "referent@lugos.example",
    ]
    await file_needs(database, territory, purchase_id, "referent@lugos.example", clock.now(), abri=1)
    clock.instant = NOW + timedelta(days=13)
    await run(database, clock)
    later = (await reminded(database, territory, "needs_deadline"))[len(told) :]
    assert sorted(recipient for recipient, _ in later) == ["referent@arcachon.example", "referent@droit.example"]


async def test_the_lead_buyer_hears_of_the_closing_with_who_did_not_answer(
    database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW, days=1)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=1200, abri=1)
    await file_needs(database, territory, purchase_id, "referent@droit.example", NOW, arceau=34)
    clock = FixedClock(NOW + timedelta(days=1, minutes=1))
    await run(database, clock)
    assert await reminded(database, territory, "closing") == [], "closed just now; told tomorrow morning"
    clock.instant = NOW + timedelta(days=2)
    await run(database, clock)
    ((recipient, text),) = await reminded(database, territory, "closing")
    assert recipient == BUYER
    words = text.replace("\u00a0", " ").replace("\u202f", " ")
    assert words.startswith("Vous pilotez cet achat : sa collecte est close depuis le ")
    assert "2 déclarations déposées sur 5" in words
    assert "Lignes déclarées : 3" in words
    assert "Arceau posé : 1 234 arceaux" in words
    assert "Abri de 10 places : 1 abri" in words
    assert "Arcachon, Lugos" in words
    assert "Salles" not in words


async def test_the_closing_names_a_bounded_number_of_items_and_counts_the_others(
    database: Database, territory: Territory
) -> None:
    items = [ItemIn(code=f"a{n}", name=f"Article {n}", unit="pièce", unit_price=Decimal(n)) for n in range(1, 24)]
    purchase_id = await open_purchase(database, territory, NOW, days=1, items=items)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, a1=3, a23=5)
    clock = FixedClock(NOW + timedelta(days=1, minutes=1))
    await run(database, clock)
    clock.instant = NOW + timedelta(days=2)
    await run(database, clock)
    ((_, text),) = await reminded(database, territory, "closing")
    words = text.replace("\u00a0", " ")
    assert "Article 1 : 3 pièces" in words
    assert "Article 20 : 0 pièce" in words
    assert "et 3 autres articles" in words
    assert "Article 21" not in words
    assert "Lignes déclarées : 2" in words


FRIDAY = datetime(2026, 12, 4, 17, tzinfo=UTC)
MONDAY = datetime(2026, 12, 7, 8, tzinfo=UTC)


async def test_the_lead_buyer_is_told_at_once_where_the_morning_after_has_passed_during_an_outage(
    database: Database, territory: Territory
) -> None:
    """Closed on Friday evening, noticed on Monday at nine: that morning's mail is late by an hour, not by a day."""
    await open_purchase(database, territory, FRIDAY - timedelta(days=2), days=2)
    clock = FixedClock(MONDAY)
    would = await remind(
        database,
        needs.need_kinds(ReminderConfiguration({})),
        None,
        clock,
        base_url=BASE_URL,
        chores=[close_what_is_due],
        dry_run=True,
    )
    assert [(line["kind"], line["due_at"]) for line in map(json.loads, report_lines(would, as_json=True))] == [
        ("closing", "2026-12-07T07:00:00Z")
    ]
    assert await reminded(database, territory, "closing") == [], "a dry run keeps nothing, not even the closing"
    await run(database, clock)
    assert [recipient for recipient, _ in await reminded(database, territory, "closing")] == [BUYER]
