"""Looking authorities up: by name as people write it, by codes; on the page, by the interface, from any group."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from api_client import API, Connect, problem
from ground.directory import COBAN, COBAS, VAL_DE_L_EYRE
from pooling.directory.queries import search_directory
from web_client import SignIn, text_of

FACILITATOR = "animation@bassin.example"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("arcachon", ["Arcachon", "CA du Bassin d’Arcachon Nord (COBAN)", "CA Bassin d’Arcachon Sud (COBAS)"]),
        ("ARÈS", ["Arès"]),
        ("st magne", ["Saint-Magne", "Saint-Magne-de-Castillon"]),
        ("Saint-Magne", ["Saint-Magne", "Saint-Magne-de-Castillon"]),
        ("St-Médard", ["Saint-Médard-en-Jalles", "Saint-Médard-d’Eyrans", "Saint-Médard-de-Guizières"]),
        ("ste terre", ["Sainte-Terre"]),
        ("lege cap fer", ["Lège-Cap-Ferret"]),
        ("buch teste", ["La Teste-de-Buch"]),
        ("communauté de communes du Val de l'Eyre", ["CC du Val de l’Eyre"]),
        ("coban", ["CA du Bassin d’Arcachon Nord (COBAN)"]),
        ("213 300 098", ["Arcachon"]),
        ("243301405", ["CC du Val de l’Eyre"]),
        ("33009", ["Arcachon"]),
        ("2a004", ["Ajaccio"]),
        ("33380", ["Mios", "Biganos", "Marcheprime", "Val-de-Livenne"]),  # the last one’s INSEE code
        ("mios 33380", ["Mios"]),
        ("nulle part", []),
        ("a", []),
        (" '!&|:* ", []),
        ("é" * 5_000, []),
    ],
)
async def test_what_people_type_finds_whom_they_mean(session: AsyncSession, typed: str, first: list[str]) -> None:
    found = await search_directory(session, typed)
    assert [one.name for one in found][: max(len(first), 1)] == first


async def test_the_page_finds_without_scripts_and_leads_to_the_communes(sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    shown = text_of(await browser.get("/g/bassin/annuaire?cherche=arcach"))
    assert "Arcachon commune – 33" in shown
    assert "Annuaire 2026, d’après les données ouvertes" in shown
    assert "Aucune collectivité ne correspond" in text_of(await browser.get("/g/bassin/annuaire?cherche=zzz"))
    assert "D’autres collectivités correspondent" in text_of(await browser.get("/g/bassin/annuaire?cherche=saint"))
    body = text_of(await browser.get(f"/g/bassin/annuaire/{COBAN}"))
    assert "Communes 8" in body
    assert [name in body for name in ("Andernos-les-Bains", "Mios", "Arcachon commune")] == [True, True, False]
    assert (await browser.get("/g/bassin/annuaire/999999999")).status_code == 404


async def test_programs_search_and_read_a_body(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    found = (await program.get(f"{API}/directory?q=arcachon&limit=2")).json()
    assert (found["year"], [one["siren"] for one in found["items"]]) == (2026, ["213300098", COBAN])
    assert found["items"][0] == {
        "siren": "213300098",
        "name": "Arcachon",
        "kind": "commune",
        "insee": "33009",
        "department": "33",
        "population": 10895,
        "postcodes": ["33120"],
        "body": COBAS,
    }
    whole = (await program.get(f"{API}/directory/{VAL_DE_L_EYRE}")).json()
    assert [one["name"] for one in whole["communes"]] == ["Belin-Béliet", "Le Barp", "Lugos", "Saint-Magne", "Salles"]
    assert (whole["year"], whole["insee"]) == (2026, None)
    assert problem(await program.get(f"{API}/directory/999999999")) == (404, "not_found")
