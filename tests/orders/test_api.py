"""By programs: from naming suppliers to the second version, each step once."""

from api_client import API, Connect, problem
from factories import BUYER, LUGOS, SALLES, Territory
from ordering import CYCLES, LATER, MOBILIER, consolidated
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from web_client import Browser, SignIn, text_of

ORDERS = f"{API}/purchases/AG-2027-001/orders"
ONE = f"{ORDERS}/1"


async def test_from_the_consolidation_to_an_amended_order(
    database: Database, territory: Territory, connect: Connect, clock: FixedClock, sign_in: SignIn
) -> None:
    clock.instant = LATER
    _, suppliers = await consolidated(database, territory)
    program = await connect(BUYER)
    assert problem(await program.post(ORDERS, {})) == (409, "not_awarded")
    wrong = await program.put(f"{ORDERS}/suppliers", {"items": [{"item": "arceau", "supplier": 10**9}]})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["items.0"])
    named = [
        {"item": "abri", "supplier": suppliers[MOBILIER.name]},
        {"item": "arceau", "supplier": suppliers[CYCLES.name]},
    ]
    answer = await program.put(f"{ORDERS}/suppliers", {"items": named, "reason": "Les moins chers"})
    assert answer.json() == {"items": named, "charges": []}
    for _ in range(2):
        assert (await program.post(ORDERS, {})).json() == {"drafts": 2}
    listed = (await program.get(ORDERS)).json()["items"]
    assert [(one["reference"], one["ht"], one["ttc"]) for one in listed] == [
        ("AG-2027-001-1", "2700", "3240"),
        ("AG-2027-001-2", "14000", "16800"),
    ]
    amendment = {
        "lines": [{"item": "arceau", "member": SALLES, "site": None, "quantity": 4}],
        "prices": [{"item": "arceau", "unit_price": "170"}],
        "reason": "Un de moins",
    }
    assert problem(await program.post(f"{ONE}/amendment", amendment)) == (409, "order_not_left")
    assert (await program.post(f"{ORDERS}/sending", {"way": "otherwise", "how": "Portail"})).json() == {
        "left": 2,
        "asked": 0,
    }
    assert (await program.post(f"{ONE}/sending", {})).json() == {"left": 0, "asked": 0}
    order = await program.get(ONE)
    assert order.json()["state"] == "sent"
    confirmation = {"confirmed_on": LATER.date().isoformat(), "promised_on": "2027-06-01", "supplier_reference": "C-1"}
    confirmed = await program.put(f"{ONE}/confirmation", confirmation, if_match=order.headers["etag"])
    assert (confirmed.json()["state"], confirmed.json()["promised_on"]) == ("confirmed", "2027-06-01")
    stale = await program.post(f"{ONE}/amendment", amendment, if_match=order.headers["etag"])
    assert problem(stale) == (412, "changed_meanwhile")
    wrong = await program.post(
        f"{ONE}/amendment", {**amendment, "lines": [{"item": "x", "member": "y", "quantity": 1}]}
    )
    assert sorted(wrong.json()["errors"]) == ["lines.0.item", "lines.0.member"]
    await program.post(f"{ONE}/amendment", amendment, idempotency_key="amend-1")
    amended = await program.post(f"{ONE}/amendment", amendment, idempotency_key="amend-1")
    assert (amended.json()["version"], amended.json()["version_sent_at"]) == (2, None)
    assert amended.json()["ht"] == "2380"
    lines = (await program.get(f"{ONE}/lines")).json()["items"]
    assert [(one["member"]["code"], one["quantity"]) for one in lines] == [(LUGOS, 10), (SALLES, 4)]
    mine = (await (await connect("referent@salles.example")).get(f"{ONE}/lines")).json()["items"]
    assert [one["member"]["code"] for one in mine] == [SALLES]
    tolerated = await program.put(f"{ONE}/tolerances", {"over_percent": "5", "under_percent": "2.5"})
    assert (tolerated.json()["over_percent"], tolerated.json()["under_percent"]) == ("5", "2.5")
    await _seen_elsewhere(await sign_in(BUYER), suppliers[CYCLES.name])
    for _ in range(2):
        cancelled = await program.post(f"{ONE}/cancellation", {"reason": "Rupture"})
        assert cancelled.json()["state"] == "cancelled"


async def _seen_elsewhere(browser: Browser, supplier: int) -> None:
    home = text_of(await browser.get("/g/bassin"))
    assert "1 commande qui n’est pas partie" in home
    assert "Demander la date de livraison de 1 commande" in home
    assert "14 arceaux" in text_of(await browser.get(f"/g/bassin/fournisseurs/{supplier}"))
    files = await browser.get("/g/bassin/achats/AG-2027-001/commandes/lignes.csv")
    assert files.text.count("AG-2027-001-1") == 2
