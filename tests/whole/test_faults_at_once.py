"""A form sent with everything wrong says all of it in one answer, each fault at its field and with its limit."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from factories import BUYER, LUGOS, NOW, Territory, make_purchase, open_purchase
from pooling.kernel.database import Database
from pooling.purchases.finding import item_ids
from web_client import SignIn, text_of

FACILITATOR = "animation@bassin.example"
GROUP, PURCHASE = "/g/bassin", "/g/bassin/achats/AG-2027-001"
DAY = f"{NOW + timedelta(days=29):%Y-%m-%d}"
HUGE = "99999999999999"


@dataclass(frozen=True)
class Wrong:
    """A form, who sends it, what it is sent with, and the field and sentence of each fault."""

    path: str
    typed: dict[str, str]
    told: dict[str, str]
    email: str = FACILITATOR
    page: str = ""


FORMS = {
    "purchase": Wrong(
        f"{GROUP}/achats/nouveau",
        {
            "title": "", "lead_member": "personne", "participation": "some", "participants": "999",
            "delivery": "demain",
            "lead_buyers": "inconnu@ailleurs.example", "lignes": "3", "nom-1": "Vélo", "prix-1": HUGE, "tva-1": "200",
            "lot-1": "0", "minimum-1": "-4", "paliers-1": "0 : 5", "nom-2": "", "paliers-2": "10 : x", "tva-2": "a",
            "nom-3": "Abri", "prix-3": "12,34567", "tva-3": "20", "paliers-3": f"{HUGE} : 1",
        },
        {
            "title": "Donnez un titre", "lead_member": "Le pilote doit être membre", "participants": "Pas membre",
            "delivery": "Indiquez une date", "lead_buyers": "ne sont pas du groupe", "prix-1": "1 000 000 000 au plus",
            "tva-1": "100 au plus", "lot-1": "1 au moins", "minimum-1": "0 ou plus", "paliers-1": "1 au moins",
            "nom-2": "Donnez un nom", "paliers-2": "« 10 : x » : écrivez", "tva-2": "Indiquez un nombre",
            "prix-3": "4 chiffres au plus", "paliers-3": "99 999 999 au plus",
        },
    ),
    "charge": Wrong(
        f"{PURCHASE}/couts/frais/nouveau",
        {
            "label": "", "amount": HUGE, "vat_rate": HUGE, "key": "mix", "shown": "mix", "part-1": "150",
            "part-key-1": "equal", "part-2": HUGE, "part-key-2": "", "scope": "list", "items": "list", "step": "save",
        },
        {
            "label": "Donnez un nom", "amount": "inférieur à un milliard", "vat_rate": "entre 0 et 100",
            "part-2": "inférieur à 1 000 000 000", "part-key-2": "choisissez une clé", "scope": "au moins un membre",
        },
        BUYER,
    ),
    "subsidy": Wrong(
        f"{PURCHASE}/couts/subventions/nouvelle",
        {
            "label": "", "kind": "rate", "rate": "120", "cap_total": "x", "cap_per_unit": "-3", "items": "list",
            "scope": "list", "step": "save",
        },
        {
            "label": "Donnez un nom", "rate": "entre 0 et 100", "cap_total": "Indiquez un montant",
            "cap_per_unit": "positif", "items": "au moins un article", "scope": "au moins un membre",
        },
        BUYER,
    ),
    "weights": Wrong(
        f"{PURCHASE}/couts/frais/nouveau",
        {"label": "", "amount": "x", "key": "percents", "shown": "percents", "percents-1": HUGE, "step": "save"},
        {"label": "Donnez un nom", "amount": "Indiquez un montant", "percents-1": "inférieur à 1 000 000 000"},
        BUYER,
    ),
    "opening": Wrong(
        f"{PURCHASE}/ouverture",
        {"closes_on": "2020-01-01", "closes_at": "25 h"},
        {"closes_on": "à venir", "closes_at": "Indiquez une heure"},
        BUYER,
    ),
    "committee": Wrong(
        f"{GROUP}/comites/nouveau",
        {"title": "", "day": "2020-01-01", "hour": "x", "duration": "9", "place": "", "link": "ftp://a", "kind": "?",
         "clear_days": "2"},
        {"title": "Donnez un nom", "day": "à venir", "hour": "Indiquez une heure", "duration": "15 au moins",
         "link": "https://", "kind": "réponses proposées", "clear_days": "réponses proposées"},
    ),
    "agenda": Wrong(
        f"{GROUP}/comites/COMMITTEE/ordre-du-jour",
        {"title": "", "duration": HUGE, "presenter": "x" * 121, "purchase": "AG-1999-001"},
        {"title": "Donnez un titre", "duration": "600 au plus", "presenter": "120 caractères au plus",
         "purchase": "pas d’achat de cette référence"},
    ),
    "difficulty": Wrong(
        f"{GROUP}/comites/difficultes/nouvelle",
        {"content": "", "purchase": "AG-1999-001"},
        {"content": "Décrivez", "purchase": "pas d’achat de cette référence"},
    ),
    "invitation": Wrong(
        f"{GROUP}/personnes/invitation",
        {"email": "é@@", "name": "", "function": "x" * 201, "role": "roi", "member": "Nulle part"},
        {"email": "adresse", "name": "", "function": "200 caractères au plus", "role": "réponses proposées",
         "member": "Nulle part"},
    ),
    "settings": Wrong(
        f"{GROUP}/reglages",
        {"name": "", "timezone": "Mars", "committee_every_months": "5", "quorum_percent": "100", "school_zone": "Z"},
        {"name": "Donnez un nom", "timezone": "réponses", "committee_every_months": "réponses",
         "quorum_percent": "99 au plus", "school_zone": "réponses"},
    ),
    "reminders": Wrong(
        f"{GROUP}/relances/reglages/committee",
        {"active": "1", "before": "", "after": "x, y", "hour": "2:00", "wording": "x" * 501},
        {"hour": "entre 1 h et 4 h", "wording": "500 caractères au plus"},
    ),
    "colleague": Wrong(
        f"{GROUP}/demande",
        {"member": "999", "role": "roi", "email": "@", "name": "", "function": "x" * 201, "message": "x" * 5001},
        {"role": "réponses", "email": "adresse", "name": "", "function": "200 caractères",
         "message": "caractères au plus"},
        "referent@lugos.example",
    ),
    "declaration": Wrong(
        f"{PURCHASE}/besoins/{LUGOS}/depot",
        {"quantite-ITEM": "−3", "jusqu-ITEM": HUGE, "comment": "x" * 2001},
        {"quantite-ITEM": "0 ou plus", "jusqu-ITEM": "1 000 000 au plus", "comment": "2000 caractères au plus"},
        "referent@lugos.example",
        f"{PURCHASE}/besoins/{LUGOS}",
    ),
    "telephone": Wrong(
        f"{PURCHASE}/besoins/{LUGOS}/telephone",
        {"quantite-ITEM": "12,5", "jusqu-ITEM": HUGE, "by_whom": "", "reason": ""},
        {"quantite-ITEM": "sans virgule", "jusqu-ITEM": "1 000 000 au plus", "by_whom": "qui a appelé",
         "reason": "Dites pourquoi"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
async def test_all_that_is_wrong_is_told_at_once(
    database: Database, territory: Territory, sign_in: SignIn, name: str
) -> None:
    wrong = FORMS[name]
    collects = name in {"declaration", "telephone"}
    purchase_id = await (open_purchase if collects else make_purchase)(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        item = str((await item_ids(session, purchase_id))["arceau"])
    browser = await sign_in(wrong.email)
    path = wrong.path
    if "COMMITTEE" in path:
        new = f"{GROUP}/comites/nouveau"
        planned = {
            "title": "Comité",
            "day": DAY,
            "hour": "14:00",
            "place": "Mairie",
        }
        made = await browser.post(new, planned, page=new)
        path = f"{made.headers['location']}/ordre-du-jour"
    typed = {field.replace("ITEM", item): value for field, value in wrong.typed.items()}
    answer = await browser.post(path, typed, page=wrong.page or path)
    assert answer.status_code == 422
    shown = text_of(answer).replace("\u00a0", " ").replace("\u202f", " ")
    for field, sentence in wrong.told.items():
        assert f'id="erreur-champ-{field.replace("ITEM", item)}"' in answer.text, field
        assert sentence in shown, field
    async with database.transaction(territory.group_id) as session:
        kept = await session.scalar(text("SELECT count(*) FROM purchases"))
    assert kept == 1
