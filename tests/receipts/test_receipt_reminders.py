"""Reminders of deliveries: a promised day has passed, nobody has said whether goods came; they end by themselves."""

from datetime import date, timedelta

from litestar import Litestar
from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, LUGOS, NOW, SALLES, Territory
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.tables import any_of
from pooling.outbox.models import Message
from pooling.receipts.reminders import LATE, UNCONFIRMED
from pooling.reminders.sweep import sweep
from receiving import REFERENTS, line_ids, make_ordered
from web_client import SignIn, features_in

PROMISED = date(2027, 3, 8)


async def test_a_promised_day_passes(app: Litestar, database: Database, territory: Territory, sign_in: SignIn) -> None:
    """A Monday. Lugos notes a part of its delivery, Salles all of it, the lead buyer that no more will come."""
    _, order_id = await make_ordered(database, territory, promised_on=PROMISED)
    line = await line_ids(database, territory, order_id)
    kinds = [kind for kind in features_in(app).kinds if kind.name in {LATE, UNCONFIRMED}]

    async def reminded(days: int) -> dict[str, list[str]]:
        """Who got which mail since."""
        at = NOW.replace(month=3, day=8) + timedelta(days=days)
        await sweep(database, kinds, FixedClock(at), base_url="https://achats.example")
        async with database.transaction(territory.group_id) as session:
            rows = await session.execute(
                select(col(Message.id), col(Message.kind), col(Message.recipient), col(Message.body_text)).where(
                    any_of(col(Message.kind), [LATE, UNCONFIRMED]), col(Message.id).not_in(seen)
                )
            )
            found: dict[str, list[str]] = {}
            for message_id, kind, recipient, said in rows:
                seen.append(message_id)
                found.setdefault(kind, []).append(recipient)
                told.append(said.replace("\u00a0", " "))
        return {kind: sorted(people) for kind, people in found.items()}

    told: list[str] = []
    seen: list[int] = []
    assert await reminded(0) == {}, "it is promised for today"
    lugos, salles = REFERENTS[LUGOS], REFERENTS[SALLES]
    assert await reminded(1) == {LATE: sorted([BUYER, lugos, salles])}
    assert any("Lugos, Arceau : 10 arceaux" in one for one in told), told
    assert any("Arceau : 30 arceaux" in one for one in told), "of the whole order, to its buyer"

    page = "/g/bassin/achats/AG-2027-001/receptions/1"
    for email, code, units in ((lugos, LUGOS, 4), (salles, SALLES, 20)):
        noted = await (await sign_in(email)).post(
            f"{page}/membres/{code}",
            {"received_on": NOW.date().isoformat(), f"recu-{line[code, 'arceau']}": str(units)},
        )
        assert noted.status_code == 303
    assert await reminded(4) == {UNCONFIRMED: [lugos]}, "of the shelters nobody said anything"
    assert await reminded(8) == {LATE: sorted([BUYER, lugos])}
    complete = await (await sign_in(BUYER)).post(f"{page}/completion", {"reason": "Le reste n’existe plus"})
    assert complete.status_code == 303
    await reminded(8)
    assert await reminded(11) == {}
