"""Who gets FCTVA: kinds of members, dated; the page of costs and « Pourquoi ? » say who does not and why."""

from decimal import Decimal

import pytest
from litestar import Litestar

from factories import ARCACHON, BUYER, NOW, Territory, file_needs, open_purchase
from pooling.allocation.allocating import allocate_purchase
from pooling.allocation.case import Payer, getting_fctva
from pooling.allocation.configuration import FctvaBeneficiaries, FctvaRate, FinanceConfiguration
from pooling.kernel.database import Database
from pooling.purchases.schemas import ItemIn
from web_client import SignIn, stand_on, text_of

COSTS = "/g/bassin/achats/AG-2027-001/couts"
DESK = ItemIn(code="bureau", name="Bureau", unit="bureau", unit_price=Decimal(1000), fctva=True)
RATE = FctvaRate.model_validate({"rate": "16.404", "valid_from": "2015-01-01", "source": "loi"})


async def prepare(database: Database, territory: Territory) -> int:
    """A commune and a component of a university take one desk each."""
    purchase_id = await open_purchase(database, territory, NOW, items=(DESK,), participants=(ARCACHON, "UFR-DROIT"))
    await file_needs(database, territory, purchase_id, "referent@droit.example", NOW, bureau=1)
    await file_needs(database, territory, purchase_id, "referent@arcachon.example", NOW, bureau=1)
    return purchase_id


async def test_a_component_of_a_university_is_shown_no_fctva(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await prepare(database, territory)
    async with database.transaction(territory.group_id) as session:
        result = (await allocate_purchase(session, purchase_id, "Bureaux")).result
    assert {member.id: member.fctva for member in result.results} == {ARCACHON: 19685, "UFR-DROIT": 0}
    browser = await sign_in(BUYER)
    costs = text_of(await browser.get(COSTS))
    assert "Sans FCTVA estimé, d’après leur catégorie : UFR de droit. Le reçoivent : commune, EPCI" in costs
    assert "(CGCT, art. L1615-2, depuis le 01/01/2015, à confirmer)" in costs
    why = text_of(await browser.get(f"{COSTS}/UFR-DROIT"))
    assert "Ce membre ne reçoit pas le FCTVA, d’après sa catégorie" in why
    assert "FCTVA estimé : " not in why
    assert "FCTVA estimé : 196,85 €" in text_of(await browser.get(f"{COSTS}/{ARCACHON}"))


async def test_who_gets_it_is_what_the_configuration_says_on_the_purchases_date(
    app: Litestar, database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await prepare(database, territory)
    universities = FctvaBeneficiaries.model_validate(
        {"kinds": ["UNIVERSITE"], "valid_from": "2027-01-01", "source": "loi fictive"}
    )
    stand_on(app, FinanceConfiguration(fctva=(RATE,), fctva_beneficiaries=(universities,)))
    costs = text_of(await (await sign_in(BUYER)).get(COSTS))
    assert "Sans FCTVA estimé, d’après leur catégorie : Arcachon. Le reçoivent : UNIVERSITE (loi fictive" in costs
    later = universities.model_copy(update={"valid_from": NOW.date().replace(year=2030)})
    stand_on(app, FinanceConfiguration(fctva=(RATE,), fctva_beneficiaries=(later,)))
    costs = text_of(await (await sign_in(BUYER)).get(COSTS))
    assert "Arcachon, UFR de droit. Le reçoivent : personne à la date de cet achat." in costs


def test_one_list_of_beneficiaries_a_day() -> None:
    found = FinanceConfiguration().fctva_beneficiaries[0]
    with pytest.raises(ValueError, match="two lists of FCTVA beneficiaries hold on 2015-01-01"):
        FinanceConfiguration(fctva_beneficiaries=(found, found))


def test_of_many_members_each_category_is_looked_up_once() -> None:
    class Asked(FctvaBeneficiaries):
        times: list[str] = []  # noqa: RUF012 - of a model: each has its own

        def __contains__(self, kind: str) -> bool:
            self.times.append(kind)
            return super().__contains__(kind)

    asked = Asked.model_validate(FinanceConfiguration().fctva_beneficiaries[0].model_dump())
    kinds = ["commune", "université"] * 500
    payers = [Payer(number, f"M{number}", "", None, None, None, kind, "") for number, kind in enumerate(kinds)]
    assert getting_fctva(payers, asked) == set(range(0, 1000, 2))
    assert sorted(asked.times) == ["commune", "université"]
