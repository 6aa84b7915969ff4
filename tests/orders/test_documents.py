"""What a supplier gets: the bon de commande as PDF and workbook, by mail, with what it needs to deliver and invoice."""

import io
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from factories import BUYER, LUGOS, NOW, Territory
from ordering import CLOCK, CYCLES, buyer_of, ordered, with_sites
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict, Invalid
from pooling.kernel.versions import ChangedMeanwhile
from pooling.members.entrance import caller_of
from pooling.members.models import Member
from pooling.orders import mailing
from pooling.orders.buyers import BuyerIn, describe_buyer
from pooling.orders.document import order_pdf, pdf_data, read_document, write_order_workbook
from pooling.orders.mailing import order_sent_purchases, send_asked, send_by_mail
from pooling.orders.models import Order
from web_client import SignIn, text_of

LIST = "/g/bassin/achats/AG-2027-001/commandes"
SIRET = "21330260700014"


async def one_order(session: AsyncSession, number: int = 1) -> Order:
    found = await session.execute(text("SELECT group_id, id FROM orders WHERE number = :number"), {"number": number})
    return await session.get_one(Order, tuple(found.one()), populate_existing=True)


async def describe(database: Database, territory: Territory, code: str, **said: str) -> None:
    async with database.transaction(territory.group_id) as session:
        who = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        member = await session.get_one(Member, (territory.group_id, territory.members[code]))
        await describe_buyer(session, who, member, BuyerIn(**said), NOW)


def words(value: Any) -> str:  # noqa: ANN401
    return str(value).replace("\u202f", " ").replace("\xa0", " ").replace("\\xa0", " ").replace("\\u202f", " ")


async def test_the_documents_say_what_is_needed_to_deliver_and_invoice(
    database: Database, territory: Territory
) -> None:
    await with_sites(database, territory, LUGOS, "École")
    await ordered(database, territory, mandate="procedure_only")
    await describe(
        database,
        territory,
        LUGOS,
        siret=SIRET,
        service_code="FACTURES",
        service="Finances",
        address="1 place\n33830 Lugos",
    )
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE order_lines SET engagement = '2027-BC-14'"))
        document = await read_document(session, await one_order(session), NOW)
    said = words(pdf_data(document))
    for what in (
        *("AG-2027-001-1", "Lugos", SIRET, "FACTURES", "Finances", "2027-BC-14", "99990000400014", "TVA FR"),
        *(
            "École",
            "1 rue, 33830 Lugos",
            "1 800,00 €",
            "TVA à 20 %",
            "360,00 €",
            "2 160,00 €",
            "achats@arcachon.example",
        ),
    ):
        assert what in said, what
    pdf = await order_pdf(document)
    assert pdf.startswith(b"%PDF-1.7")
    target = io.BytesIO()
    write_order_workbook(target, document)
    target.seek(0)
    book = CalamineWorkbook.from_filelike(target)
    assert book.sheet_names[:4] == ["Commande", "Livraisons", "Montants", "Contrôle"]
    assert [row[-1] for row in book.get_sheet_by_name("Contrôle").to_python()[1:]] == [0.0]
    assert "2027-BC-14" in str(book.get_sheet_by_name("Livraisons").to_python())


async def test_a_long_order_is_summed_up_and_says_where_its_places_are(
    database: Database, territory: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ordered(database, territory)
    monkeypatch.setattr("pooling.orders.document.MOST_PRINTED", 1)
    async with database.transaction(territory.group_id) as session:
        document = await read_document(session, await one_order(session), NOW)
    assert "AG-2027-001-1-v1.xlsx, qui fait partie de cette commande" in words(pdf_data(document)["summed"])
    assert pdf_data(document)["places"] == []
    assert (await order_pdf(document)).startswith(b"%PDF")


async def test_a_buyer_is_who_it_says(database: Database, territory: Territory) -> None:
    for wrong in ({"siret": "21330260700018"}, {"siret": "99990000400014"}, {"vat_number": "FR22999900004"}):
        with pytest.raises(Invalid):
            await describe(database, territory, LUGOS, **wrong)
    await describe(database, territory, LUGOS, siret=SIRET)
    async with database.transaction(territory.group_id) as session:
        who = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        member = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
        with pytest.raises(ChangedMeanwhile):
            await describe_buyer(session, who, member, BuyerIn(siret=SIRET), NOW, shown="before")


async def test_pressed_twice_it_leaves_once_with_both_files_to_be_answered_by_the_buyer(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await ordered(database, territory)
    browser = await sign_in(BUYER)
    page = f"{LIST}/1/envoi"
    for _ in range(2):
        assert (await browser.post(page, {"way": "mail"}, page=LIST)).status_code == 303
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("SELECT recipient, reply_to, subject, body_text, attachments FROM messages WHERE kind = 'order'")
        )
        (mail,) = rows.all()
        names = await session.execute(text("SELECT name FROM files WHERE id = ANY (:ids)"), {"ids": mail.attachments})
        assert sorted(names.scalars()) == ["AG-2027-001-1-v1.pdf", "AG-2027-001-1-v1.xlsx"]
    assert (mail.recipient, mail.reply_to) == (CYCLES.order_email, BUYER)
    assert "AG-2027-001-1" in mail.subject
    assert "Confirmez-le" in mail.body_text
    shown = text_of(await browser.get(f"{LIST}/1"))
    assert "commandes@cycles.example" in shown
    kept = await browser.get(f"{LIST}/1/versions/1/bon-de-commande.pdf")
    assert kept.content == (await browser.get(f"{LIST}/1/bon-de-commande.pdf")).content
    assert (await (await sign_in("referent@salles.example")).get(f"{LIST}/1/bon-de-commande.pdf")).status_code == 404
    asked = await browser.get(f"{LIST}/1/annulation")
    assert "l’apprend par courriel" in text_of(asked)
    seen = asked.text.partition('name="version" value="')[2].partition('"')[0]
    for _ in range(2):
        await browser.post(f"{LIST}/1/annulation", {"version": seen, "reason": "Rupture chez le fabricant"})
    async with database.transaction(territory.group_id) as session:
        query = "SELECT recipient, reply_to, body_text FROM messages WHERE subject LIKE 'Commande %annulée%'"
        (mail,) = (await session.execute(text(query))).all()
    assert (mail.recipient, mail.reply_to) == (CYCLES.order_email, BUYER)
    assert "ne le livrez pas" in mail.body_text
    assert "Rupture chez le fabricant" in mail.body_text


async def test_many_leave_by_the_worker_and_the_purchase_is_ordered(database: Database, territory: Territory) -> None:
    purchase_id = await ordered(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        assert await send_by_mail(session, buyer, purchase_id, CLOCK) == (0, 2)
        assert await send_by_mail(session, buyer, purchase_id, CLOCK) == (0, 0)
        assert await send_asked(session, CLOCK) == 2
        assert await send_asked(session, CLOCK) == 0
        await order_sent_purchases(session, CLOCK)
        state = await session.execute(text("SELECT state FROM purchases WHERE id = :id"), {"id": purchase_id})
        assert state.scalar_one() == "ordered"
        mails = await session.execute(text("SELECT recipient FROM messages WHERE kind = 'order' ORDER BY 1"))
        assert list(mails.scalars()) == ["commandes@cycles.example", "marches@mobilier.example"]


async def test_what_cannot_leave_by_mail_waits_and_says_why(
    database: Database, territory: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase_id = await ordered(database, territory)
    async with database.transaction(territory.group_id) as session:
        buyer = await buyer_of(session, territory)
        await session.execute(text("UPDATE suppliers SET order_email = '' WHERE name LIKE 'Mobilier%'"))
        with pytest.raises(Conflict, match="Mobilier d’Aquitaine"):
            await send_by_mail(session, buyer, purchase_id, CLOCK)
        monkeypatch.setattr(mailing, "MOST_PRINTED", 0)
        assert await send_by_mail(session, buyer, purchase_id, CLOCK, number=1) == (0, 1)
        monkeypatch.setattr(mailing, "LARGEST_MAILED", 10)
        assert await send_asked(session, FixedClock(NOW + timedelta(days=2))) == 0
        told = await session.execute(text("SELECT reason FROM events WHERE name = 'order.not_sent'"))
        assert "trop lourds" in told.scalar_one()
        order = await one_order(session)
        assert (order.state, order.asked_at) == ("draft", None)
