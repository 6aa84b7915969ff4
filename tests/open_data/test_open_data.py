"""Essential data of contracts: valid for the State's format, asked for once, reminded of; the lists of a year."""

import csv
import io
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from pydantic import ValidationError
from sqlalchemy import text

from api_client import API, Connect
from bills.scene import MAKER, buy
from factories import ARCACHON, BUYER, LUGOS, NOW, Territory
from pooling import PROJECT_ROOT
from pooling.allocation.configuration import FinanceConfiguration
from pooling.kernel.apart import apart
from pooling.kernel.database import Database
from pooling.kernel.errors import Conflict
from pooling.members.entrance import caller_of
from pooling.members.models import Member
from pooling.open_data.decp import FORMAT, Field, Procedure, due_on, faults_of
from pooling.open_data.files import Asked, write_data, write_members
from pooling.open_data.fleet import FIELDS
from pooling.open_data.keeping import describe_contract
from pooling.open_data.listing import place_of, postcode_in, small_contracts
from pooling.open_data.schemas import ContractIn
from pooling.orders.buyers import BuyerIn, describe_buyer
from pooling.outbox.mail import FICTIONAL
from pooling.procurement.configuration import OpenDataBounds, ProcurementConfiguration, read_procurement
from pooling.purchases.details import describe_item
from pooling.purchases.models import Emission
from pooling.purchases.schemas import DetailsIn
from pooling.suppliers.numbers import VAT_COUNTRIES
from receiving import make_ordered
from web_client import Browser, SignIn, text_of

PAGE = "/g/bassin/achats/AG-2027-001/procedure/donnees"
SAID: dict[str, str] = {
    "notified_on": "2027-02-01",
    "identifier": "AG-2027-001",
    "months": "12",
    "procedure": "Procédure adaptée",
    "offers": "3",
    "place": "33",
    "place_kind": "Code département",
    "ccag": "Fournitures courantes et services",
    "price_kind": "Définitif ferme",
    "price_form": "Unitaire",
    "grouping": "Pas de groupement",
    "environmental": "Clause environnementale",
    "social": "Pas de considération sociale",
    "origin_eu": "80",
    "origin_france": "40",
}


def schema_of(fields: Mapping[str, Field]) -> dict[str, Any]:
    """The same rules as JSON Schema, for a validator that is not ours."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, field in fields.items() if field.required],
        "properties": {name: _schema(field) for name, field in fields.items()},
    }


def _schema(field: Field) -> dict[str, Any]:
    if field.of is not None:
        return schema_of(field.of)
    if field.each is not None:
        return {"type": "array", "minItems": 1, "uniqueItems": True, "items": _schema(field.each)}
    if field.kind is bool:
        return {"type": "boolean"}
    if field.kind is str:
        found: dict[str, Any] = {"type": "string", "minLength": 1}
        if field.pattern:
            found["pattern"] = f"^(?:{field.pattern.pattern})$"
        return {**found, **({"enum": list(field.choices)} if field.choices else {})}
    limits = {name: value for name, value in (("minimum", field.least), ("maximum", field.most)) if value is not None}
    return {"type": "integer" if field.kind is int else "number", **limits}


VALID: dict[str, Any] = {
    "id": "AG-2027-001",
    "acheteur": {"id": "21330009800018"},
    "nature": "Marché",
    "objet": "Arceaux",
    "codeCPV": "34928400",
    "techniques": {"technique": ["Sans objet"]},
    "modalitesExecution": {"modaliteExecution": ["Sans objet"]},
    "marcheInnovant": False,
    "ccag": "Fournitures courantes et services",
    "offresRecues": 3,
    "attributionAvance": False,
    "typeGroupementOperateurs": "Pas de groupement",
    "procedure": "Procédure adaptée",
    "lieuExecution": {"code": "33", "typeCode": "Code département"},
    "dureeMois": 12,
    "dateNotification": "2027-02-01",
    "datePublicationDonnees": "2027-03-01",
    "montant": 56000,
    "typesPrix": {"typePrix": ["Définitif ferme"]},
    "formePrix": "Unitaire",
    "sousTraitanceDeclaree": False,
    "titulaires": [{"titulaire": {"typeIdentifiant": "SIRET", "id": "55204599900869"}}],
    "considerationsSociales": {"considerationSociale": ["Clause sociale"]},
    "considerationsEnvironnementales": {"considerationEnvironnementale": ["Clause environnementale"]},
}
REQUIRED = 24
WRONG: list[tuple[str, Any]] = [
    ("id", "A" * 17),
    ("id", ""),
    ("acheteur", {"id": "213300098"}),
    ("acheteur", {}),
    ("objet", ""),
    ("objet", "x" * 1001),
    ("codeCPV", "3492"),
    ("techniques", {"technique": []}),
    ("techniques", {"technique": ["Sans objet", "Sans objet"]}),
    ("modalitesExecution", ["Sans objet"]),
    ("marcheInnovant", "non"),
    ("offresRecues", 0),
    ("offresRecues", True),
    ("dureeMois", 1.5),
    ("dateNotification", "01/02/2027"),
    ("montant", 0),
    ("titulaires", []),
    ("titulaires", [{"titulaire": {"typeIdentifiant": "SIREN", "id": "552045999"}}]),
    ("considerationsEnvironnementales", {"considerationEnvironnementale": ["Aucune"]}),
    ("origineUE", 80),
    ("tauxAvance", -0.1),
    ("membres", []),
]


def test_the_format_asks_for_what_the_states_does() -> None:
    assert sum(field.required for field in FORMAT.values()) == REQUIRED == len(VALID)
    assert faults_of(VALID) == []
    assert not list(Draft7Validator(schema_of(FORMAT)).iter_errors(VALID))
    for name in VALID:
        assert faults_of({key: value for key, value in VALID.items() if key != name}) == [name]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_is_wrong_is_named(name: str, value: object) -> None:
    contract = deepcopy(VALID) | {name: value}
    assert [fault.partition(".")[0] for fault in faults_of(contract)] == [name]
    if name != "objet" or value == "":
        assert list(Draft7Validator(schema_of(FORMAT)).iter_errors(contract)), "the other validator agrees"


def schemas() -> dict[str, dict[str, Any]]:
    """What stands around a contract in each version of the State's schema: the same, in other words."""
    contracts = {"marche": "marcheList", "contrat-concession": "concessionList"}
    inner = {
        "type": "object",
        "properties": {
            name: {"type": "array", "items": {"$ref": f"#/definitions/{kind}"}} for name, kind in contracts.items()
        },
        "anyOf": [{"required": [name]} for name in contracts],
    }
    shared = {"marche": schema_of(FORMAT), "concession": {"type": "object"}}

    def whole(listed: Any, **more: object) -> dict[str, Any]:  # noqa: ANN401 - JSON
        return {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "properties": {"marches": {**inner, **more}},
            "required": ["marches"],
            "definitions": {**shared, "marcheList": listed("marche"), "concessionList": listed("concession")},
        }

    return {
        "2.0.3": whole(lambda name: {"type": "object", "$ref": f"#/definitions/{name}"}, uniqueItems=True),
        "2.0.4": {"type": "object", **whole(lambda name: {"allOf": [{"$ref": f"#/definitions/{name}"}]})},
    }


def require_valid(file: Mapping[str, Any]) -> None:
    """By a validator that is not ours, in both versions."""
    for version, schema in schemas().items():
        Draft7Validator.check_schema(schema)
        assert not list(Draft7Validator(schema).iter_errors(file)), version
        (first, *others), beside = file["marches"]["marche"], file["marches"]
        spoilt = {**file, "marches": {**beside, "marche": [{**first, "montant": 0}, *others]}}
        assert list(Draft7Validator(schema).iter_errors(spoilt)), version
        assert list(Draft7Validator(schema).iter_errors({"marches": {}})), version


@pytest.mark.parametrize(
    ("notified", "last"),
    [
        (date(2027, 2, 1), date(2027, 4, 1)),
        (date(2026, 12, 31), date(2027, 2, 28)),
        (date(2027, 12, 31), date(2028, 2, 29)),
        (date(2027, 11, 30), date(2028, 1, 30)),
    ],
)
def test_two_months_end_on_the_same_day_or_the_last(notified: date, last: date) -> None:
    assert due_on(notified) == last


def test_the_postcode_of_a_holder() -> None:
    assert place_of("Beispielstraße 3\n79098 Freiburg", "DE136695976") == "Allemagne", "of who is abroad the country"
    assert {country for country in VAT_COUNTRIES if place_of("33120 Arcachon", country) == "33120"} == {"FR"}
    assert postcode_in("12345 rue Longue\n33120 Arcachon") == "33120"
    assert postcode_in("Rue Courte, Arcachon") == ""


async def awarded(database: Database, territory: Territory, units: int = 560) -> int:
    """Shelters taken for cars, of which it is known how clean they are; the lead's SIRET is known."""
    purchase_id, _ = await make_ordered(database, territory, wanted={LUGOS: {"abri": units}}, supplier="Abris")
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text(
                "INSERT INTO awards (group_id, purchase_id, item_id, supplier_id, chosen_at, reason) "
                "SELECT i.group_id, i.purchase_id, i.id, o.supplier_id, o.created_at, '' FROM items i "
                "JOIN orders o USING (group_id, purchase_id) WHERE i.purchase_id = :purchase AND i.code = 'abri'"
            ),
            {"purchase": purchase_id},
        )
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        said = DetailsIn(cpv="34144900-7", emission=Emission.VERY_LOW)
        await describe_item(session, buyer, purchase_id, "abri", said, NOW)
        facilitator = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        lead = await session.get_one(Member, (territory.group_id, territory.members[ARCACHON]))
        await describe_buyer(session, facilitator, lead, BuyerIn(siret="21330009800018"), NOW)
    return purchase_id


async def test_from_the_award_to_the_file(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await awarded(database, territory)
    buyer = await sign_in(BUYER)
    shown = await buyer.get(PAGE)
    assert "à compléter" in text_of(shown)
    assert (await buyer.get(f"{PAGE}/decp")).status_code == 409
    one = PAGE + shown.text.partition(f'href="{PAGE}')[2].partition('"')[0]
    version = (await buyer.get(one)).text.partition('name="version" value="')[2].partition('"')[0]
    refused = await buyer.post(one, {**SAID, "origin_france": "90", "version": version}, page=one)
    assert refused.status_code == 422
    assert "ne peut pas dépasser celle de l’Union européenne" in text_of(refused)
    assert 'value="AG-2027-001"' in refused.text, "what was typed is kept"
    kept = await buyer.post(one, {**SAID, "version": version}, page=one)
    assert (kept.status_code, kept.headers["location"]) == (303, PAGE)
    stale = await buyer.post(one, {**SAID, "offers": "4", "version": version}, page=one)
    assert stale.status_code == 422, "somebody said something meanwhile"
    data = (await buyer.get(f"{PAGE}/decp")).json()
    (contract,) = data["marches"]["marche"]
    assert faults_of(contract) == []
    assert not list(Draft7Validator(schema_of(FORMAT)).iter_errors(contract))
    require_valid(data)
    expected = {
        "acheteur": {"id": "21330009800018"},
        "codeCPV": "34144900",
        "montant": 56_000,
        "origineUE": 0.8,
        "origineFrance": 0.4,
        "offresRecues": 3,
        "dateNotification": "2027-02-01",
        "considerationsEnvironnementales": {"considerationEnvironnementale": ["Clause environnementale"]},
    }
    assert {name: contract[name] for name in expected} == expected
    members = (await buyer.get(f"{PAGE}/membres")).json()
    assert members["marches"] == ["AG-2027-001"]
    assert [one["siren"] for one in members["membres"] if one["coordonnateur"]] == [ARCACHON]
    assert LUGOS in [one["siren"] for one in members["membres"]]
    assert not {"notice"} & {*data, *members}
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET fictional = true"))
    assert (await buyer.get(f"{PAGE}/decp")).json() == {"notice": FICTIONAL, **data}
    require_valid({"notice": FICTIONAL, **data})
    assert (await buyer.get(f"{PAGE}/membres")).json() == {"notice": FICTIONAL, **members}
    for name in ("marches", "vehicules"):
        assert "Remarque" in (await buyer.get(f"/g/bassin/donnees-ouvertes/2027/{name}")).text


async def test_each_member_publishes_the_contract_that_it_signs(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Where the mandate stops at the procedure, each is the buyer of what it orders."""
    bought = await buy(database, territory, mandate="procedure_only")
    async with database.transaction(territory.group_id) as session:
        lead_buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await describe_item(session, lead_buyer, bought.purchase_id, "arceau", DetailsIn(cpv="34928400-2"), NOW)
        facilitator = await caller_of(session, territory.people["animation@bassin.example"], territory.group_id)
        lugos = await session.get_one(Member, (territory.group_id, territory.members[LUGOS]))
        await describe_buyer(session, facilitator, lugos, BuyerIn(siret="21330260700014"), NOW)
    buyer, referent = await sign_in(BUYER), await sign_in("referent@lugos.example")
    arches = f"{PAGE}/{bought.suppliers[MAKER]}/0"
    await _post(buyer, arches, SAID)
    (contract,) = (await referent.get(f"{PAGE}/decp?membre={LUGOS}")).json()["marches"]["marche"]
    assert (contract["acheteur"], contract["montant"], faults_of(contract)) == ({"id": "21330260700014"}, 720, [])
    assert (await buyer.get(f"{PAGE}/decp")).json()["marches"]["marche"] == [contract], "of others the SIRET lacks"
    shown = text_of(await buyer.get(PAGE)).replace("\u202f", " ").replace("\u00a0", " ")
    assert "Salles Mobilier urbain exemple 1 080,00 € il manque : SIRET" in shown
    assert "Lugos Mobilier urbain exemple 720,00 € facultatif, JSON" in shown
    assert "Salles" not in text_of(await referent.get(PAGE)), "what others buy is theirs"
    assert (await referent.get(f"{PAGE}/decp?membre={ARCACHON}")).status_code == 404


async def test_what_is_due_is_told_until_it_is_published(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await awarded(database, territory)
    buyer = await sign_in(BUYER)
    one = PAGE + (await buyer.get(PAGE)).text.partition(f'href="{PAGE}')[2].partition('"')[0]
    told = {**SAID, "environmental": "Pas de considération environnementale"}
    await _post(buyer, one, told)
    assert "ne devrait plus s’y trouver" in text_of(await buyer.get(PAGE))
    sentence = "Publier les données essentielles du contrat d’Abris 1"
    assert sentence in text_of(await buyer.get("/g/bassin"))
    await _post(buyer, one, {**SAID, "published_on": "2027-02-20"})
    assert sentence not in text_of(await buyer.get("/g/bassin"))
    assert "publiées le 20/02/2027" in text_of(await buyer.get(PAGE))


async def _post(browser: Browser, path: str, values: Mapping[str, str]) -> None:
    version = (await browser.get(path)).text.partition('name="version" value="')[2].partition('"')[0]
    kept = await browser.post(path, {**values, "version": version}, page=path)
    assert kept.status_code == 303


async def test_the_lists_of_a_year(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await awarded(database, territory, units=280)
    buyer = await sign_in(BUYER)
    one = PAGE + (await buyer.get(PAGE)).text.partition(f'href="{PAGE}')[2].partition('"')[0]
    await _post(buyer, one, SAID)
    year = "/g/bassin/donnees-ouvertes/2027"
    rows = list(csv.reader(io.StringIO((await buyer.get(f"{year}/marches")).text.lstrip("\ufeff")), delimiter=";"))
    assert any(row[0] == "AG-2027-001" and row[3:5] == ["28000,00", "01/02/2027"] for row in rows if len(row) > 3), rows
    shown = text_of(await buyer.get(year)).replace("\u202f", " ").replace("\u00a0", " ")
    assert "28 000,00 € 01/02/2027 Abris 1" in shown, "as pages say amounts and days"
    assert "Données ouvertes de l’année 2027" in text_of(await buyer.get(PAGE)), "that of its contract"
    for cents, is_listed in ((24_999_99, False), (25_000_00, True), (39_999_99, True), (40_000_00, False)):
        async with database.transaction(territory.group_id) as session:
            await session.execute(text("UPDATE contract_data SET worth_cents = :cents"), {"cents": cents})
        assert ("AG-2027-001" in (await buyer.get(f"{year}/marches")).text) is is_listed, cents
        task = "Publier les données essentielles" in text_of(await buyer.get("/g/bassin"))
        assert task is (cents >= 40_000_00), "60 000 € is of another rule"
    fleet = list(csv.DictReader(io.StringIO((await buyer.get(f"{year}/vehicules")).text)))
    assert [(row["sirenDeclarant"], row["annee"], row["nbVP"], row["nbVPEL"]) for row in fleet] == [
        (LUGOS, "2027", "280", "280")
    ]
    assert fleet[0]["pcentLDVTFE"] == "100.0"
    assert (fleet[0]["nbVPclean"], fleet[0]["cj"]) == ("280", "7210"), "very clean ones are clean"
    assert "Il y manque le code NAF" not in text_of(await buyer.get(year))
    assert len(list(csv.reader(io.StringIO((await buyer.get("/g/bassin/donnees-ouvertes/2026/vehicules")).text)))) == 1


async def test_a_contract_is_public_by_the_amounts_of_its_day(database: Database, territory: Territory) -> None:
    """As the configuration dates them; what is known of no day is asked for no contract."""
    purchase_id = await awarded(database, territory, units=280)

    def bounds(listed: int, data: int, since: date, until: date | None = None) -> OpenDataBounds:
        return OpenDataBounds(
            list_from=Decimal(listed), data_from=Decimal(data), valid_from=since, valid_to=until, source="Loi"
        )

    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        (supplier_id,) = (await session.execute(text("SELECT supplier_id FROM awards"))).scalars()
        said = ContractIn(
            notified_on=date(2027, 2, 1), identifier="A-1", months=6, procedure=Procedure.ADAPTED, offers=2, place="33"
        )
        await describe_contract(session, buyer, purchase_id, supplier_id, 0, said, FinanceConfiguration(), NOW)
        now, later = (
            bounds(20_000, 28_001, date(2027, 1, 1), date(2027, 2, 1)),
            bounds(30_000, 50_000, date(2027, 2, 2)),
        )
        for held, count in (((now, later), 1), ((later,), 0), ((bounds(20_000, 28_000, date(2027, 1, 1)),), 0)):
            assert len(await small_contracts(session, 2027, held)) == count, held
    law = read_procurement(PROJECT_ROOT / "config")
    assert law.open_data == ProcurementConfiguration().open_data, "old files know it too"
    assert [law.data_from_on(date(2019, 12, 31)) > 10**13, law.data_from_on(date(2020, 1, 1))] == [True, 40_000_00]
    with pytest.raises(ValidationError, match="two thresholds of open_data hold on 2027-02-01"):
        ProcurementConfiguration(open_data=(now, bounds(1, 2, date(2027, 2, 1))))
    with pytest.raises(ValidationError, match="data_from is below list_from"):
        bounds(2, 1, date(2027, 1, 1))


def test_the_fleet_has_the_columns_of_the_states_schema() -> None:
    """Those of version 0.1.3, in its order, each once."""
    assert (len(FIELDS), len(set(FIELDS))) == (75, 75)
    assert FIELDS[:8] == ("sirenDeclarant", "sirenCouvert", "nom", "naf", "cj", "annee", "zone", "nbVP")
    ends = [FIELDS.index(name) for name in ("nbBusM2EuroVI", "nbBusM3", "nbBusM3EuroVI", "nbCar", "nbCarEuroVI")]
    assert ends == [42, 43, 52, 53, 66]
    assert FIELDS[FIELDS.index("nbCarEuroVI") - 1] == "nbCarXTL"
    assert FIELDS[67:] == (
        *("pcentLDVFE", "pcentLDVTFE", "pcentLDVclean", "pcent23RMTFE", "pcentPLclean"),
        *("pcentTCFE", "pcentBusclean", "pcentBusTFE"),
    )


async def test_files_of_many_are_the_same(fresh_database: Database, territory: Territory, tmp_path: Path) -> None:
    """Whether they are written here or in a process apart; and so is a refusal."""
    purchase_id, here, there = await awarded(fresh_database, territory), tmp_path / "here", tmp_path / "there"
    async with fresh_database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        asked = Asked(purchase_id, buyer, FinanceConfiguration(), NOW, NOW.date(), fictional=False)
        await write_members(session, str(here), asked)
    async with fresh_database.transaction(territory.group_id) as session:
        await apart(session, write_members, str(there), asked)
        assert LUGOS in there.read_text("utf-8")
        assert here.read_text("utf-8") == there.read_text("utf-8")
        with pytest.raises(Conflict) as refused:
            await apart(session, write_data, str(there), asked)
        assert refused.value.code == "data_incomplete"


async def test_programs_say_and_read_the_same(database: Database, territory: Territory, connect: Connect) -> None:
    await awarded(database, territory)
    program = await connect(BUYER)
    contracts = f"{API}/purchases/AG-2027-001/procedure/contracts"
    (known,) = (await program.get(contracts)).json()["contracts"]
    assert (known["amount"], known["notified_on"], known["lacking"]) == ("56000", None, ["dateNotification"])
    one = f"{contracts}/{known['supplier_id']}/{known['lot']}"
    sent = {
        "notified_on": "2027-02-01",
        "identifier": "A-1",
        "months": 6,
        "procedure": "Procédure adaptée",
        "offers": 2,
        "place": "33",
    }
    put = await program.put(one, sent)
    assert (put.status_code, put.json()["due_on"], put.json()["lacking"]) == (200, "2027-04-01", [])
    assert (await program.get(f"{contracts}/essential-data")).json()["marches"]["marche"][0]["id"] == "A-1"
    future = await program.put(one, {**sent, "notified_on": "2027-05-01"})
    assert future.status_code == 422
