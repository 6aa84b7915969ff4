"""Before its collection opens, a purchase has asked nobody anything: no page says that somebody is silent or late."""

import pytest

from factories import LUGOS, NOW, Territory, make_purchase
from pooling.kernel.database import Database
from web_client import SignIn, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"


@pytest.mark.parametrize("email", ["animation@bassin.example", "observation@bassin.example", "referent@lugos.example"])
async def test_nobody_is_silent_who_was_not_asked(
    database: Database, territory: Territory, sign_in: SignIn, email: str
) -> None:
    await make_purchase(database, territory, NOW)
    browser = await sign_in(email)
    needs = text_of(await browser.get(f"{PURCHASE}/besoins"))
    assert "La collecte n’est pas encore ouverte" in needs
    assert "Déclarations déposées" not in text_of(await browser.get(PURCHASE))
    shown = [needs]
    if "observation" not in email:
        shown.append(text_of(await browser.get(f"{PURCHASE}/besoins/{LUGOS}")))
        assert "La collecte n’est pas encore ouverte" in shown[-1]
    for page in shown:
        for lie in ("sans réponse", "Sans réponse", "avant la clôture", "0 déposée"):
            assert lie not in page, lie
