"""A purchase is prepared in the pages, item by item, and opened by its lead buyer."""

from factories import ARCACHON, LUGOS, NOW, SALLES, Territory, make_purchase
from pooling.accounts.people import ensure_people
from pooling.kernel.database import Database
from pooling.purchases.finding import find_purchase
from pooling.purchases.queries import participants, purchase_items
from web_client import SignIn, text_of

PAGE = "/g/bassin/achats/nouveau"
FILLED = {
    "title": "Vélos",
    "lead_member": ARCACHON,
    "lead_buyers": "referent@arcachon.example",
    "participation": "all",
    "delivery": "30/09/2027",
    "lignes": "3",
    "nom-1": "VAE de service",
    "unite-1": "vélo",
    "prix-1": "1 900,50",
    "tva-1": "20",
    "lot-1": "5",
    "paliers-1": "30 : 1 790 ; 60 : 1690,25",
    "fctva-1": "1",
    "nom-2": "Antivol",
    "prix-2": "40",
    "tva-2": "5,5",
}


async def test_the_facilitator_prepares_and_the_buyer_opens(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    facilitator = await sign_in("animation@bassin.example")
    assert "Préparer un achat" in text_of(await facilitator.get("/g/bassin/achats"))
    answer = await facilitator.post(PAGE, FILLED, page=PAGE)
    assert answer.headers["location"] == "/g/bassin/achats/AG-2027-001"
    async with database.transaction(territory.group_id) as session:
        purchase = await find_purchase(session, "AG-2027-001")
        bike, lock = await purchase_items(session, purchase.id)
        who = [line.code for line in await participants(session, purchase.id)]
    assert (bike.code, str(bike.unit_price), bike.pack, bike.fctva) == ("vae-de-service", "1900.5000", 5, True)
    assert [(quantity, str(price)) for quantity, price in bike.tiers] == [(30, "1790.0000"), (60, "1690.2500")]
    assert (lock.name, str(lock.vat_rate), lock.unit) == ("Antivol", "5.50", "unité")
    assert sorted(who) == sorted([ARCACHON, LUGOS, SALLES, "UFR-DROIT", "UFR-SANTE"]), (
        "the university by its components"
    )
    buyer = await sign_in("referent@arcachon.example")
    assert "Ouvrir la collecte des besoins" in text_of(await buyer.get("/g/bassin"))


async def test_bad_input_is_told_at_the_field_and_kept(territory: Territory, sign_in: SignIn) -> None:
    facilitator = await sign_in("animation@bassin.example")
    wrong = {**FILLED, "title": "", "prix-1": "gratuit", "paliers-1": "beaucoup", "tva-2": "200", "lead_buyers": "x"}
    answer = await facilitator.post(PAGE, wrong, page=PAGE)
    assert answer.status_code == 422
    for field in ("title", "prix-1", "paliers-1", "tva-2", "lead_buyers"):
        assert f'id="erreur-champ-{field}"' in answer.text, field
    assert 'value="gratuit"' in answer.text
    for tiers in ("1 : 999999999999999", "1 : 2 ; " * 51, "1" + " " * 5000 + "x", "123456789 : 1", "1 : 1,23456"):
        answer = await facilitator.post(PAGE, {**FILLED, "paliers-1": tiers}, page=PAGE)
        assert 'id="erreur-champ-paliers-1"' in answer.text, tiers[:20]
    assert 'value="VAE de service"' in answer.text


async def test_more_rows_are_added_without_losing_what_was_typed(territory: Territory, sign_in: SignIn) -> None:
    facilitator = await sign_in("animation@bassin.example")
    answer = await facilitator.post(PAGE, {**FILLED, "ajouter": "1"}, page=PAGE)
    assert 'name="nom-6"' in answer.text
    assert 'value="VAE de service"' in answer.text
    assert 'value="Vélos"' in answer.text


async def test_a_referent_prepares_only_what_its_own_member_leads(territory: Territory, sign_in: SignIn) -> None:
    lugos = await sign_in("referent@lugos.example")
    assert (await lugos.post(PAGE, FILLED, page=PAGE)).status_code == 403
    own = {**FILLED, "lead_member": LUGOS, "lead_buyers": ""}
    assert (await lugos.post(PAGE, own, page=PAGE)).status_code == 303


async def test_items_change_until_the_collection_opens(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    facilitator, page = await sign_in("animation@bassin.example"), "/g/bassin/achats/AG-2027-001/articles"
    assert 'value="Arceau posé"' in (await facilitator.get(page)).text
    items = {"lignes": "1", "nom-1": "Abri", "prix-1": "14000", "tva-1": "20"}
    assert (await facilitator.post(page, items, page=page)).status_code == 303
    async with database.transaction(territory.group_id) as session:
        purchase = await find_purchase(session, "AG-2027-001")
        assert [item.name for item in await purchase_items(session, purchase.id)] == ["Abri"]


async def test_purchasing_staff_prepares_and_edits_only_what_its_member_leads(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Invited by a list; no purchase exists yet."""
    facilitator = await sign_in("animation@bassin.example")
    pasted = {"liste": "marches@lugos.example ; Service des marchés ; ; achats ; Lugos"}
    listed = "/g/bassin/personnes/liste"
    assert (await facilitator.post(listed, pasted, page=listed)).status_code == 303

    async with database.transaction() as session:
        named = await ensure_people(session, [("marches@lugos.example", "", "")], NOW)
    territory.people.update(named)
    staff = await sign_in("marches@lugos.example")
    assert "Préparer un achat" in text_of(await staff.get("/g/bassin/achats"))
    assert '<option value="213300098"' not in (await staff.get(PAGE)).text, "Arcachon is not its to lead"
    own = {**FILLED, "lead_member": LUGOS, "lead_buyers": "marches@lugos.example"}
    made = await staff.post(PAGE, own, page=PAGE)
    assert made.headers["location"] == "/g/bassin/achats/AG-2027-001"
    items = "/g/bassin/achats/AG-2027-001/articles"
    changed = {"lignes": "1", "nom-1": "Abri", "prix-1": "14000", "tva-1": "20"}
    assert (await staff.post(items, changed, page=items)).status_code == 303
    assert (await staff.post(PAGE, FILLED, page=PAGE)).status_code == 403
