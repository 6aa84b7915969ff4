"""« Où en est ma commande ? »: what a member reads of its orders on the purchase's page."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from factories import LUGOS, SALLES, Territory
from ordering import CLOCK, LATER, REFERENTS, buyer_of, ordered
from pooling.home.whereabouts import Whereabouts
from pooling.kernel.database import Database
from pooling.orders.models import Order, OrderLine
from pooling.orders.sending import say_sent
from pooling.receipts.models import Receipt, ReceiptLine
from web_client import SignIn, text_of

PARIS, TODAY = ZoneInfo("Europe/Paris"), date(2027, 3, 30)
SENT_AT = datetime(2027, 3, 1, 9, tzinfo=UTC)


def whereabouts(**known: object) -> Whereabouts:
    facts: dict[str, object] = {
        "member": "Lugos", "number": 1, "reference": "AG-2027-001-1", "state": "sent", "supplier": "Cycles",
        "sent_at": SENT_AT, "promised_on": None, "completed_at": None, "ordered": 6, "accepted": 0, "refused": 0,
        "received_on": None,
    }  # fmt: skip
    facts |= known
    missing = int(str(facts["ordered"])) - int(str(facts["accepted"]))
    return Whereabouts(**facts, missing=missing)  # type: ignore[arg-type]


ARRIVED = {"received_on": date(2027, 3, 29)}


@pytest.mark.parametrize(
    ("known", "word", "said"),
    [
        ({"state": "draft", "sent_at": None}, "En préparation", "la commande n’est pas encore partie."),
        ({}, "Commandée", "commandée le lundi 1er mars 2027 ; le fournisseur n’a pas encore dit quand il livre."),
        (
            {"state": "confirmed", "promised_on": date(2027, 4, 6)},
            "Commandée",
            "commandée le lundi 1er mars 2027 ; promise pour le mardi 6 avril 2027.",
        ),
        (
            {"promised_on": date(2027, 3, 29)},
            "En retard",
            "commandée le lundi 1er mars 2027 ; promise pour le lundi 29 mars 2027.",
        ),
        (
            {**ARRIVED, "state": "confirmed", "accepted": 4, "refused": 1},
            "En partie arrivée",
            (
                "commandée le lundi 1er mars 2027 ; 4 sur 6 unités reçues, le lundi 29 mars 2027 ; "
                "1 refusée à l’arrivée ; 2 encore attendues."
            ),
        ),
        (
            {**ARRIVED, "accepted": 6, "promised_on": date(2027, 3, 1)},
            "Arrivée",
            "commandée le lundi 1er mars 2027 ; 6 sur 6 unités reçues, le lundi 29 mars 2027.",
        ),
        (
            {**ARRIVED, "accepted": 5, "completed_at": SENT_AT},
            "Arrivée",
            "commandée le lundi 1er mars 2027 ; 5 sur 6 unités reçues, le lundi 29 mars 2027.",
        ),
    ],
)
def test_where_an_order_is(known: dict[str, object], word: str, said: str) -> None:
    one = whereabouts(**known)
    assert one.tag(TODAY)[1] == word
    assert one.said(PARIS).replace("\u00a0", " ") == said


async def arrive(session: AsyncSession, territory: Territory, withdrawn_at: datetime | None) -> None:
    """Four racks for Lugos, and one that is scratched."""
    order = (await session.execute(select(Order).where(col(Order.number) == 1))).scalar_one()
    line = select(OrderLine).where(
        col(OrderLine.order_id) == order.id, col(OrderLine.member_id) == territory.members[LUGOS]
    )
    order_line = (await session.execute(line)).scalar_one()
    receipt = Receipt(
        group_id=territory.group_id,
        order_id=order.id,
        received_on=date(2027, 3, 2),
        noted_at=LATER,
        withdrawn_at=withdrawn_at,
        withdrawn_because="Erreur" if withdrawn_at else "",
    )
    session.add(receipt)
    await session.flush()
    of_it = {"group_id": territory.group_id, "receipt_id": receipt.id, "order_line_id": order_line.id}
    session.add(ReceiptLine(**of_it, accepted=4, refused=1, reason="Rayé"))
    await session.flush()


async def test_each_member_reads_where_its_own_order_is(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await ordered(database, territory)
    page = "/g/bassin/achats/AG-2027-001"
    referent = await sign_in(REFERENTS[LUGOS])
    before = text_of(await referent.get(page))
    assert "Où en sont mes commandes ?" in before
    assert before.count("La commande n’est pas encore partie.") == 2
    async with database.transaction(territory.group_id) as session:
        await say_sent(session, await buyer_of(session, territory), purchase_id, CLOCK, how="Par courrier")
        for withdrawn in (LATER, None):  # what was taken back counts for nothing
            await arrive(session, territory, withdrawn)
    shown = text_of(await referent.get(page))
    assert "En partie arrivée AG-2027-001-1 , Cycles du Bassin, pour Lugos" in shown
    assert "4 sur 10 unités reçues, le mardi 2 mars 2027 ; 1 refusée à l’arrivée ; 6 encore attendues." in shown
    other = text_of(await (await sign_in(REFERENTS[SALLES])).get(page))
    assert "Où en est ma commande ?" in other
    assert "reçues" not in other
    assert "ma commande" not in text_of(await (await sign_in("observation@bassin.example")).get(page))
