"""Mails of recovery: titres to issue, titres to pay; each step once, until nothing is left to do."""

from datetime import date, datetime, timedelta

from litestar import Litestar
from sqlalchemy import select, text
from sqlmodel import col

from bills.scene import buy
from factories import ARCACHON, BUYER, NOW, SALLES, Territory
from pooling.allocation.records.freezing import freeze_allocation
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.tables import any_of
from pooling.members.entrance import caller_of
from pooling.outbox.models import Message
from pooling.recovery.keeping import EntryIn, note_entry
from pooling.recovery.models import EntryKind
from pooling.recovery.reminders import DUE, TO_ISSUE
from pooling.reminders.sweep import sweep
from web_client import features_in

FINANCE, OF_SALLES = "finances@arcachon.example", "referent@salles.example"
FROZEN = NOW + timedelta(days=3)


class Year:
    """What is noted, and who is mailed what, as days pass."""

    def __init__(self, app: Litestar, database: Database, territory: Territory, purchase_id: int) -> None:
        self.database, self.territory, self.purchase_id = database, territory, purchase_id
        self.kinds = [kind for kind in features_in(app).kinds if kind.name in {TO_ISSUE, DUE}]
        self.seen: list[int] = []

    async def mails(self, at: datetime) -> list[tuple[str, str]]:
        """To whom, and what is said, since the last time."""
        await sweep(self.database, self.kinds, FixedClock(at), base_url="https://achats.example")
        async with self.database.transaction(self.territory.group_id) as session:
            rows = (
                await session.execute(
                    select(col(Message.id), col(Message.recipient), col(Message.subject), col(Message.body_text))
                    .where(any_of(col(Message.kind), [TO_ISSUE, DUE]), col(Message.id).not_in(self.seen))
                    .order_by(col(Message.recipient))
                )
            ).all()
        self.seen += [row[0] for row in rows]
        return [
            (to, f"{subject}\n{said}".replace("\u00a0", " ").replace("\u202f", " ")) for _, to, subject, said in rows
        ]

    async def note(self, kind: EntryKind, debtor: str, cents: int, day: date, due_on: date | None = None) -> None:
        entry = EntryIn(kind=kind, dated_on=day, number="T-12", due_on=due_on, cents=cents)
        members, at = self.territory.members, datetime.combine(day, NOW.timetz())
        async with self.database.transaction(self.territory.group_id) as session:
            buyer = await caller_of(session, self.territory.people[BUYER], self.territory.group_id)
            whose = (session, buyer, self.purchase_id, members[debtor], members[ARCACHON])
            await note_entry(*whose, entry, at, day, seen=None, smallest=0)


async def test_until_titres_are_issued_and_paid(app: Litestar, database: Database, territory: Territory) -> None:
    bought = await buy(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await freeze_allocation(session, buyer, bought.purchase_id, "x", FixedClock(FROZEN))
    year = Year(app, database, territory, bought.purchase_id)
    assert await year.mails(FROZEN) == []
    (told,) = await year.mails(FROZEN + timedelta(days=8))
    assert told[0] == FINANCE
    assert "2 titres de recettes à émettre" in told[1]
    assert told[1].index("Salles : 1 296,00 €") < told[1].index("Lugos : 943,13 €"), "the largest first"
    assert await year.mails(FROZEN + timedelta(days=9)) == [], "once"

    issued = FROZEN.date() + timedelta(days=10)
    await year.note(EntryKind.TITRE, SALLES, 1296_00, issued, due_on=issued + timedelta(days=30))
    (told,) = await year.mails(FROZEN + timedelta(days=32))
    assert "1 titre de recettes à émettre" in told[1]
    assert "Salles" not in told[1]

    (told,) = await year.mails(FROZEN + timedelta(days=34))
    assert told[0] == OF_SALLES, "who has no finance officer"
    assert "Titre T-12 à payer" in told[1]
    assert "1 296,00 € TTC restent à payer" in told[1]
    await year.note(EntryKind.PAYMENT, SALLES, 1000_00, issued + timedelta(days=26))
    (told,) = await year.mails(FROZEN + timedelta(days=42))
    assert "échu" in told[1]
    assert "296,00 € TTC restent à payer" in told[1]
    await year.note(EntryKind.PAYMENT, SALLES, 296_00, issued + timedelta(days=33))
    assert await year.mails(FROZEN + timedelta(days=60)) == [], "it is paid"
    async with database.transaction(territory.group_id) as session:
        planned = await session.execute(
            text("SELECT state FROM reminders WHERE kind = 'titre_due' ORDER BY offset_days")
        )
        assert list(planned.scalars()) == ["sent", "sent", "not_needed"]
