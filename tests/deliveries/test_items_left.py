"""Where units of an order that has left go is settled, whatever other orders of the purchase are still drafts."""

from typing import Any

from sqlalchemy import text

from bills.scene import PURCHASE
from factories import LUGOS, Territory
from ordering import ordered, with_sites
from pooling.kernel.database import Database
from web_client import SignIn, text_of


async def test_where_an_order_that_left_goes_is_settled_while_another_is_a_draft(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    hall, school = await with_sites(database, territory, LUGOS, "Mairie", "École")
    await ordered(database, territory)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE orders SET state = 'sent', sent_at = created_at WHERE number = 1"))
        found = await session.execute(
            text("SELECT DISTINCT o.number, l.item_id FROM orders o JOIN order_lines l ON l.order_id = o.id")
        )
        items: dict[int, Any] = {number: item for number, item in found}
    referent = await sign_in("referent@lugos.example")
    path = f"{PURCHASE}/livraisons/{LUGOS}"
    page = await referent.get(path)
    assert f"part-{items[1]}-" not in page.text
    assert "La commande est partie : Mairie" in text_of(page)
    boxes = {f"part-{items[2]}-{school}": "1", f"part-{items[2]}-{hall}": "0"}
    boxes["version"] = page.text.split('name="version" value="')[1].split('"')[0]
    answer = await referent.post(path, boxes, page=path)
    assert answer.status_code == 303, text_of(answer)
