"""The terms of an action: written, shared by the allocation rule, answered by each member, through the pages."""

import re

from httpx import Response

from api_client import API, Connect
from factories import LUGOS, SALLES
from web_client import Browser, SignIn, text_of

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
NEW, ONE = "/g/bassin/actions/proposition", "/g/bassin/actions/FA-2027-001"
TERMS = f"{ONE}/modalites"
MINE = f"{TERMS}/reponses/{LUGOS}"
WRITTEN = {
    "mandate": "Consulter et signer",
    "answer_by": "2027-06-01",
    "article-1": "Vélo",
    "quantite-1": "30",
    "repartition-1": "equal",
    "prix-1": "1 000,50",
    "tva-1": "20",
    "frais-1": "300",
    "cle-1": "equal",
    "aide-1": "25",
    "libelle-2": "Vélos d’occasion",
    "article-2": "Vélo d’occasion",
    "quantite-2": "30",
    "repartition-2": "equal",
    "prix-2": "400",
    "tva-2": "20",
    "cle-2": "equal",
}


async def sent(browser: Browser, path: str, values: dict[str, str]) -> Response:
    """As the form of the page sends them, with the version that it shows."""
    found = re.search(r'name="version" value="([0-9a-f]+)"', (await browser.get(path)).text)
    assert found
    return await browser.post(path, {"version": found[1], **values}, page=path)


async def test_terms_are_written_shared_and_answered(sign_in: SignIn) -> None:
    facilitator, referent = await sign_in(FACILITATOR), await sign_in(REFERENT)
    assert (await facilitator.post(NEW, {"title": "Des vélos"}, page=NEW)).status_code == 303
    assert "n’ont pas répondu" in text_of(await referent.get(ONE))
    assert "Aucune estimation" in text_of(await referent.get(TERMS))
    assert (await referent.get(f"{TERMS}/fiche")).status_code == 403
    wrong = await sent(facilitator, f"{TERMS}/fiche", {**WRITTEN, "prix-1": "cher"})
    assert wrong.status_code == 422
    assert "Consulter et signer" in wrong.text
    nameless = await sent(facilitator, f"{TERMS}/fiche", {"quantite-1": "3"})
    assert "Dites ce que l’on achèterait" in text_of(nameless)
    assert (await sent(facilitator, f"{TERMS}/fiche", WRITTEN)).status_code == 303
    form = await facilitator.get(f"{TERMS}/fiche")
    assert 'value="1000,5"' in form.text
    assert 'value="2027-06-01"' in form.text
    shown = await referent.get(TERMS)
    assert all(words in text_of(shown) for words in ("Consulter et signer", "Vélos d’occasion", "Reste à charge"))
    assert 'id="parts"' in shown.text
    lacking = await sent(referent, MINE, {"position": "under_condition"})
    assert lacking.status_code == 422
    assert "à quelle condition" in text_of(lacking)
    undated = await sent(referent, MINE, {"position": "in", "deliberation": "D12"})
    assert "référence et la date" in text_of(undated)
    answer = {
        "position": "under_condition",
        "condition": "Après le vote du budget",
        "quantity": "7",
        "deliberation": "D12",
        "deliberated_on": "2027-03-04",
    }
    stale = {**answer, "version": "0" * 64}
    assert "a modifié" in text_of(await sent(referent, MINE, stale))
    assert (await sent(referent, MINE, answer)).status_code == 303
    assert (await referent.get(f"{TERMS}/reponses/{SALLES}")).status_code == 403
    out = f"{TERMS}/reponses/{SALLES}"
    assert (await sent(facilitator, out, {"position": "out"})).status_code == 303
    told = text_of(await referent.get(TERMS))
    assert "Après le vote du budget" in told
    assert "délibération D12" in told
    assert "Ne participe pas" in told
    assert "a répondu pour" in text_of(await facilitator.get("/g/bassin/journal"))
    assert (await facilitator.post(f"{ONE}/etat", {"state": "agreed"}, page=ONE)).status_code == 303
    closed = await sent(referent, MINE, {"position": "in"})
    assert "ne se discutent plus" in text_of(closed)


async def test_programs_read_and_write_them(sign_in: SignIn, connect: Connect) -> None:
    facilitator = await sign_in(FACILITATOR)
    assert (await facilitator.post(NEW, {"title": "Des vélos"}, page=NEW)).status_code == 303
    api = await connect(FACILITATOR)
    terms, answer = f"{API}/actions/FA-2027-001/terms", f"{API}/actions/FA-2027-001/answers/{LUGOS}"
    empty = await api.get(terms)
    assert empty.json()["estimates"] == []
    estimate = {"label": "Vélos", "item": "Vélo", "quantity": 10, "unit_price_cents": 90_000}
    written = {"mandate": "Signer", "estimates": [estimate]}
    assert (await api.put(terms, written, if_match=empty.headers["etag"])).status_code == 200
    late = await api.put(terms, {**written, "mandate": "Payer"}, if_match=empty.headers["etag"])
    assert late.status_code in {409, 412}
    assert (await api.get(terms)).json()["estimates"][0]["spread"] == "population"
    assert (await api.get(answer)).json()["position"] is None
    assert (await api.put(answer, {"position": "in", "quantity": 3})).json()["quantity"] == 3
    refused = await api.put(answer, {"position": "in", "condition": "Si"})
    assert refused.status_code == 422
