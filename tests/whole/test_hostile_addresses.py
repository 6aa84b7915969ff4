"""Whatever an address holds, the answer is a page that says so, never a 500."""

import pytest

from factories import NOW, Territory, open_purchase
from ground.walk import Walk
from pooling.kernel.database import Database
from web_client import SignIn

HUGE = 10**30


@pytest.mark.parametrize(
    "path",
    [
        "/g/bassin/achats/%00",
        "/g/bassin/achats/AG-2027-001/besoins/%00",
        "/g/%00",
        "/g/bassin/membres/%00",
        f"/g/bassin/comites/{HUGE}",
        f"/g/bassin/personnes/{HUGE}",
        f"/g/bassin/demandes/{HUGE}",
        "/g/bassin/achats/AG-2027-001/consolidation/%00",
        f"/g/bassin/achats/AG-2027-001/couts/etats/{HUGE}",
        "/g/bassin/achats/../../etc/passwd",
        "/static/%00",
        "/static/..%2f..%2fapp.py",
        "/connexion/lien/%00",
    ],
)
async def test_an_address_that_names_nothing_is_a_404(walk: Walk, path: str) -> None:
    answer = (await walk.at("facilitator", path)).answer
    assert answer.status_code in {404, 403, 400, 200}, answer.text[:300]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        f"avant={HUGE}",
        "avant=%00",
        "avant=x",
        "avant=-1",
        "apres=%00",
        "apres=W10=",
        "apres=" + "A" * 5000,
        "regle-arceau=%00",
    ],
)
@pytest.mark.parametrize("page", ["achats", "membres", "comites", "personnes", "journal", "achats/AG-2027-001/besoins"])
async def test_a_query_that_is_not_ours_never_breaks_a_page(walk: Walk, page: str, query: str) -> None:
    answer = (await walk.at("facilitator", f"/g/bassin/{page}?{query}")).answer
    assert answer.status_code in {200, 400, 404}, answer.text[:300]


async def test_a_form_with_zero_bytes_is_refused(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    browser = await sign_in("referent@lugos.example")
    page = "/g/bassin/achats/AG-2027-001/besoins/213302607"
    for values in ({"comment": "a\x00b"}, {"seen": "\x00"}, {"\x00": "a"}):
        answer = await browser.post(f"{page}/brouillon", {"no_need": "1", **values}, page=page)
        assert answer.status_code == 400
