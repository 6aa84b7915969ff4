"""What members tell the buyer beside their quantities reaches the buyer, and nobody else."""

import io

import openpyxl
import pytest

from factories import BUYER, NOW, Territory, open_purchase
from needs.test_declaring import PAGE, fields
from pooling.kernel.database import Database
from web_client import SignIn, text_of

BASE = "/g/bassin/achats/AG-2027-001"
SAID = "À poser devant l’école, avant la rentrée"


@pytest.fixture
async def said(database: Database, territory: Territory, sign_in: SignIn) -> None:
    """Lugos has filed with a remark; what it drafts since is not said yet."""
    names = await fields(database, territory, await open_purchase(database, territory, NOW))
    referent = await sign_in("referent@lugos.example")
    quantities = {names["arceau"]: "12", names["abri"]: "1"}
    await referent.post(f"{PAGE}/depot", {**quantities, "comment": SAID}, page=PAGE)
    await referent.post(f"{PAGE}/brouillon", {**quantities, "comment": "Pas encore dit"}, page=PAGE)


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("page", ["/besoins", "/consolidation", "/consolidation/arceau"])
async def test_remarks_are_shown_to_those_who_see_all_needs(sign_in: SignIn, page: str) -> None:
    for email in (BUYER, "animation@bassin.example"):
        shown = text_of(await (await sign_in(email)).get(BASE + page))
        assert f"Précisions pour l’acheteur Lugos {SAID}" in shown, email
        assert "Pas encore dit" not in shown


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("email", ["referent@salles.example", "observation@bassin.example"])
async def test_remarks_are_not_for_the_others(sign_in: SignIn, email: str) -> None:
    answer = await (await sign_in(email)).get(f"{BASE}/besoins")
    assert answer.status_code == 200
    assert SAID not in answer.text


@pytest.mark.usefixtures("said")
async def test_remarks_are_in_the_workbook(sign_in: SignIn) -> None:
    file = await (await sign_in(BUYER)).get(f"{BASE}/consolidation/arceau/consolidation.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(file.content))
    rows = [row for row in book["Précisions pour l’acheteur"].iter_rows(values_only=True) if row[2] == SAID]
    assert [row[:2] for row in rows] == [("213302607", "Lugos")]
