"""Who has no member is not told that nobody takes part, or that a share is missing."""

from factories import NOW, Territory, file_needs, open_purchase
from pooling.kernel.database import Database
from web_client import SignIn, text_of


async def test_an_observer_is_told_the_truth(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=4)
    reader = await sign_in("observation@bassin.example")
    needs = text_of(await reader.get("/g/bassin/achats/AG-2027-001/besoins"))
    assert "1 déclaration déposée sur 5 participants" in needs
    costs = text_of(await reader.get("/g/bassin/achats/AG-2027-001/couts"))
    for lie in ("Vos déclarations", "Personne ne participe", "Votre part", "Vous n’avez pas de part"):
        assert lie not in needs + costs, lie
