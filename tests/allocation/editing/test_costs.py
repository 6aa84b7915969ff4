"""The lead buyer writes charges and subsidies; what is wrong is told at its field, and what was typed is kept."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, make_purchase, open_purchase
from pooling.allocation.models import Charge
from pooling.kernel.database import Database
from pooling.kernel.events import Event
from web_client import SignIn, insist, text_of

COSTS = "/g/bassin/achats/AG-2027-001/couts"
NEW = f"{COSTS}/frais/nouveau"
DELIVERY = {"label": "Livraison", "amount": "100,00", "vat_rate": "20", "key": "equal", "scope": "all", "step": "save"}


async def stored(database: Database, territory: Territory) -> list[Charge]:
    async with database.transaction(territory.group_id) as session:
        return list((await session.execute(select(Charge).order_by(col(Charge.id)))).scalars())


async def events(database: Database, territory: Territory, name: str) -> list[dict[str, object]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(select(col(Event.details)).where(col(Event.name) == name).order_by(col(Event.id)))
        return list(rows.scalars())


def version_in(page: str) -> str:
    return page.partition('name="version" value="')[2].partition('"')[0]


async def bought(database: Database, territory: Territory) -> int:
    """An open purchase in which two communes have filed: Lugos 7 racks, Salles 3."""
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=3)
    return purchase_id


async def test_a_charge_is_added_changed_and_removed(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    added = await browser.post(NEW, {**DELIVERY, "amount": "1 234,56 €", "fctva": "1"}, page=NEW)
    assert (added.status_code, added.headers["location"]) == (303, COSTS)
    (charge,) = await stored(database, territory)
    assert (charge.code, charge.amount_cents, charge.key, charge.fctva) == ("livraison", 123456, "equal", True)
    shown = text_of(await browser.get(COSTS))
    assert "Livraison 1 234,56 € 20 % à parts égales tous ceux qui participent à l’achat" in shown

    url = f"{COSTS}/frais/livraison"
    page = await browser.get(url)
    assert 'value="1234,56"' in page.text
    changed = {**DELIVERY, "key": "quantity", "items": "all", "version": version_in(page.text)}
    assert (await browser.post(url, changed, page=url)).status_code == 303
    (charge,) = await stored(database, territory)
    assert (charge.amount_cents, charge.key, charge.fctva) == (10000, "quantity", False)
    (event,) = await events(database, territory, "charge.changed")
    assert event["before"] == {
        "label": "Livraison",
        "amount_cents": 123456,
        "key": "equal",
        "scope": None,
        "items": None,
        "fctva": True,
        "percent": None,
        "vat_rate": "20",
        "paid_by": None,
    }
    assert event["after"] == {
        "label": "Livraison",
        "amount_cents": 10000,
        "key": "quantity",
        "scope": None,
        "items": None,
        "fctva": False,
        "percent": None,
        "vat_rate": "20",
        "paid_by": None,
    }

    confirm = await browser.get(f"{url}/suppression")
    assert "Supprimer « Livraison »" in text_of(confirm)
    assert len(await stored(database, territory)) == 1, "asking removes nothing"
    gone = await browser.post(f"{url}/suppression", {"version": version_in(confirm.text)}, page=f"{url}/suppression")
    assert gone.status_code == 303
    assert await stored(database, territory) == []
    assert len(await events(database, territory, "charge.removed")) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1e3", "Indiquez un montant en euros"),
        ("NaN", "Indiquez un montant en euros"),
        ("", "Indiquez un montant en euros"),
        ("1.234,56", "Indiquez un montant en euros"),
        ("٣", "Indiquez un montant en euros"),
        ("12,345", "Indiquez deux chiffres au plus après la virgule"),
        ("12345678901", "Indiquez un montant inférieur à un milliard"),
    ],
)
async def test_an_amount_that_is_none_is_told_and_kept(
    database: Database, territory: Territory, sign_in: SignIn, typed: str, said: str
) -> None:
    await make_purchase(database, territory, NOW)
    browser = await sign_in(BUYER)
    answer = await browser.post(NEW, {**DELIVERY, "amount": typed}, page=NEW)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f'name="amount" type="text" inputmode="decimal" value="{typed}"' in answer.text
    assert await stored(database, territory) == []


@pytest.mark.parametrize(("typed", "cents"), [("−12,50", -1250), ("1\u202f000", 100000), ("0,05 €", 5)])
async def test_amounts_as_people_write_them(
    database: Database, territory: Territory, sign_in: SignIn, typed: str, cents: int
) -> None:
    await make_purchase(database, territory, NOW)
    answer = await (await sign_in(BUYER)).post(NEW, {**DELIVERY, "amount": typed}, page=NEW)
    assert answer.status_code == 303
    assert [charge.amount_cents for charge in await stored(database, territory)] == [cents]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "-0"}, "« Livraison » : le montant est de 0 €."),
        ({"amount": "12 000 000"}, "« Livraison » : le montant est de 12 000 000,00 €."),
        ({"vat_rate": "5,55"}, "« Livraison » : 5,55 % n’est pas un taux de TVA en vigueur"),
    ],
)
async def test_a_charge_that_is_hardly_meant_is_asked(
    database: Database, territory: Territory, sign_in: SignIn, typed: dict[str, str], said: str
) -> None:
    await make_purchase(database, territory, NOW)
    browser = await sign_in(BUYER)
    assert (await insist(browser, NEW, {**DELIVERY, **typed}, said)).status_code == 303
    assert len(await stored(database, territory)) == 1


async def test_a_subsidy_of_everything_is_asked(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await make_purchase(database, territory, NOW)
    page = f"{COSTS}/subventions/nouvelle"
    whole = {"label": "Alvéole", "kind": "rate", "rate": "100", "items": "all", "scope": "all", "step": "save"}
    done = await insist(await sign_in(BUYER), page, whole, "« Alvéole » : le taux est de 100 %.")
    assert done.status_code == 303


async def test_the_same_form_sent_twice_makes_one_charge_and_another_of_its_name_is_refused(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    browser = await sign_in(BUYER)
    for _ in range(2):
        assert (await browser.post(NEW, DELIVERY, page=NEW)).status_code == 303
    assert len(await stored(database, territory)) == 1
    assert len(await events(database, territory, "charge.added")) == 1
    other = await browser.post(NEW, {**DELIVERY, "label": "livraison ", "amount": "7"}, page=NEW)
    assert other.status_code == 422
    assert "portent ce nom" in text_of(other)


async def test_percents_say_what_they_miss_and_are_kept(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW)
    browser = await sign_in(BUYER)
    first = await browser.post(NEW, {**DELIVERY, "key": "percents"}, page=NEW)
    assert first.status_code == 200, "the fields of the key come first"
    assert "Remplissez ci-dessous les champs de la clé choisie" in text_of(first)
    boxes = {code: f"percents-{territory.members[code]}" for code in (ARCACHON, LUGOS, SALLES)}
    typed = {**DELIVERY, "key": "percents", "shown": "percents"}
    for shares, said in (
        (("50", "40", "7,5"), "Il manque 2,5 points"),
        (("50", "40", "13"), "Il y a 3 points de trop"),
        (("33,333333", "33,333333", "33,333333"), "Il manque 0,000001 point :"),
    ):
        values = {**typed, **dict(zip(boxes.values(), shares, strict=True))}
        answer = await browser.post(NEW, values, page=NEW)
        assert answer.status_code == 422
        assert said in text_of(answer)
        for share in shares:
            assert f'value="{share}"' in answer.text
    assert await stored(database, territory) == []
    values = {**typed, **dict(zip(boxes.values(), ("50 %", "40", "10"), strict=True))}
    assert (await browser.post(NEW, values, page=NEW)).status_code == 303
    (charge,) = await stored(database, territory)
    assert charge.key == {"percents": {ARCACHON: "50", LUGOS: "40", SALLES: "10"}}
    again = await browser.get(f"{COSTS}/frais/livraison")
    assert f'name="{boxes[LUGOS]}" type="text" inputmode="decimal" value="40"' in again.text


async def test_a_mixed_key_a_scope_and_weights(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    lugos, salles = territory.members[LUGOS], territory.members[SALLES]
    mixed = {
        **DELIVERY,
        "key": "mix",
        "shown": "mix weights",
        "scope": "list",
        f"members-{lugos}": "1",
        f"members-{salles}": "1",
        "part-1": "50",
        "part-key-1": "population",
        "part-2": "25,5",
        "part-key-2": "weights",
        f"weights-{lugos}": "1",
        f"weights-{salles}": "3",
    }
    short = await browser.post(NEW, mixed, page=NEW)
    assert short.status_code == 422
    assert "Il manque 24,5 points" in text_of(short)
    assert "la moitié par l’agglomération : 50 % en pourcentages fixes (100 % pour elle)" in text_of(short)
    assert 'value="25,5"' in short.text
    kept = await browser.post(NEW, {**mixed, "part-3": "24,5", "part-key-3": "equal"}, page=NEW)
    assert kept.status_code == 303
    (charge,) = await stored(database, territory)
    assert charge.scope == sorted([LUGOS, SALLES])
    assert charge.key == {
        "mix": [
            {"percent": "50", "key": "population"},
            {"percent": "25.5", "key": {"weights": {LUGOS: "1", SALLES: "3"}}},
            {"percent": "24.5", "key": "equal"},
        ]
    }
    again = await browser.get(f"{COSTS}/frais/livraison")
    assert 'value="25,5"' in again.text
    # 100 € × (50 % × 1 208/9 416 + 25,5 % × 1/4 + 24,5 % × 1/2), by hand: 25,04 € for Lugos.
    why = text_of(await browser.get(f"{COSTS}/{LUGOS}"))
    assert "Frais mutualisés, Livraison : 25,04 €" in why


async def test_a_preview_stores_nothing_and_shows_before_and_after(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    asked = await browser.post(NEW, {"label": "Livraison", "key": "quantity", "step": "fields"}, page=NEW)
    assert asked.status_code == 200
    assert 'name="items" value="all" checked' in asked.text
    answer = await browser.post(NEW, {**DELIVERY, "key": "quantity", "items": "all", "step": "preview"}, page=NEW)
    assert answer.status_code == 200
    shown = text_of(answer)
    assert "Aperçu, rien n’est encore enregistré" in shown
    assert "Lugos 70,00 € 1 512,00 € 1 596,00 € +84,00 €" in shown
    assert "Salles 30,00 € 648,00 € 684,00 € +36,00 €" in shown
    assert 'value="Livraison"' in answer.text
    assert await stored(database, territory) == []
    assert await events(database, territory, "charge.added") == []


async def test_what_the_rule_refuses_is_told_at_the_key(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    browser = await sign_in(BUYER)
    nobody = await browser.post(NEW, {**DELIVERY, "key": "quantity", "step": "preview"}, page=NEW)
    assert nobody.status_code == 422
    assert '<a href="#champ-key">La clé ne donne de poids à personne' in nobody.text
    missing = await browser.post(NEW, {**DELIVERY, "key": "population", "step": "preview"}, page=NEW)
    assert missing.status_code == 422
    assert '<a href="#champ-key">Il manque la population de l’UFR de droit' in missing.text
    # Needs may still come: the charge can be kept, and the page of costs says what is missing.
    assert (await browser.post(NEW, {**DELIVERY, "key": "quantity"}, page=NEW)).status_code == 303
    costs = text_of(await browser.get(COSTS))
    assert "La répartition n’est pas prête « Livraison » : la clé ne donne de poids à personne" in costs


async def test_two_people_on_the_same_charge_see_both_versions(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    await browser.post(NEW, DELIVERY, page=NEW)
    url = f"{COSTS}/frais/livraison"
    version = version_in((await browser.get(url)).text)
    first = {**DELIVERY, "amount": "150", "version": version}
    assert (await browser.post(url, first, page=url)).status_code == 303
    assert (await browser.post(url, first, page=url)).status_code == 303, "the same form twice is no conflict"
    second = {**DELIVERY, "amount": "90", "version": version}
    refused = await browser.post(url, second, page=url)
    assert refused.status_code == 422
    assert "Une autre personne a modifié cette ligne" in text_of(refused)
    assert "Montant HT 150,00 € 90,00 €" in text_of(refused)
    assert 'value="90"' in refused.text
    assert [charge.amount_cents for charge in await stored(database, territory)] == [15000]
    again = {**second, "version": version_in(refused.text)}
    assert (await browser.post(url, again, page=url)).status_code == 303
    assert [charge.amount_cents for charge in await stored(database, territory)] == [9000]


async def test_a_discount_in_percent_is_kept_shared_and_explained(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    discount = {"label": "Remise", "kind": "percent", "percent": "−2,5 %", "vat_rate": "20", "key": "amount"}
    discount |= {"items": "all", "scope": "participants", "step": "save"}
    refused = await browser.post(NEW, {**discount, "percent": "150"}, page=NEW)
    assert refused.status_code == 422
    assert "Indiquez un pourcentage entre −100 et 100" in text_of(refused)
    assert 'value="150"' in refused.text
    assert (await browser.post(NEW, discount, page=NEW)).status_code == 303
    (charge,) = await stored(database, territory)
    assert (charge.amount_cents, str(charge.percent), charge.items) == (None, "-2.500000", None)
    shown = text_of(await browser.get(COSTS))
    assert "Remise −2,5 % du prix des articles 20 %" in shown

    # 7 and 3 racks at 180.00: 2.5 % of 1 800.00 is 45.00.
    why = text_of(await browser.get(f"{COSTS}/{LUGOS}"))
    assert "1 800,00 € × −2,5 % = −45,00 € exactement" in why
    lines = await browser.get("/g/bassin/achats/AG-2027-001/couts/repartition.csv")
    assert lines.status_code == 200
    (event,) = await events(database, territory, "charge.added")
    assert event["after"]["percent"] == "-2.5"  # type: ignore[index]

    url = f"{COSTS}/frais/remise"
    page = await browser.get(url)
    assert 'value="-2,5"' in page.text
    again = {**discount, "kind": "amount", "amount": "-10", "version": version_in(page.text)}
    assert (await browser.post(url, again, page=url)).status_code == 303
    (charge,) = await stored(database, territory)
    assert (charge.amount_cents, charge.percent) == (-1000, None)


async def test_a_percent_that_is_hardly_meant_is_asked(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    browser = await sign_in(BUYER)
    fee = {"label": "Gestion", "kind": "percent", "percent": "0", "vat_rate": "20", "key": "equal", "items": "all"}
    fee |= {"scope": "participants", "step": "save"}
    for percent in ("0", "60"):
        asked = await browser.post(NEW, {**fee, "percent": percent}, page=NEW)
        assert asked.status_code == 422
        assert f"le pourcentage est de {percent} %" in text_of(asked)
    assert await stored(database, territory) == []


async def test_where_nothing_is_bought_there_is_no_percent(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await make_purchase(database, territory, NOW, items=())
    browser = await sign_in(BUYER)
    assert 'name="percent"' not in (await browser.get(NEW)).text
    fee = {"label": "Gestion", "kind": "percent", "percent": "1", "vat_rate": "20", "key": "equal", "scope": "all"}
    refused = await browser.post(NEW, {**fee, "items": "all", "step": "save"}, page=NEW)
    assert refused.status_code == 422
    assert "Cet achat n’a pas d’article, dont on prendrait un pourcentage" in text_of(refused)
