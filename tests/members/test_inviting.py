"""The facilitator invites one person or a list; a lead member names its buyers."""

from sqlalchemy import select
from sqlmodel import col

from factories import BUYER, LUGOS, NOW, Territory, open_purchase
from member_reads import BASE, CAMILLE, FACILITATOR, REFERENT, events, mails, membership_of, roles
from pooling.accounts.people import ensure_people
from pooling.kernel.database import Database
from pooling.members.models import Membership, Role
from web_client import SignIn, text_of


async def test_one_person_is_invited_and_told(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    answer = await browser.post(f"{BASE}/invitation", CAMILLE, page=f"{BASE}/invitation")
    assert (answer.status_code, answer.headers["location"]) == (303, BASE)
    email = "camille.martin@lugos.example"
    assert await roles(database, territory, email) == [("referent", territory.members[LUGOS])]
    (mail,) = await mails(database, territory)
    assert (mail.recipient, mail.kind) == (email, "members.invitation")
    assert "animation vous donne accès au groupe" in mail.body_text
    assert "http://127.0.0.1:8000/g/bassin" in mail.body_text
    assert "Lugos" in mail.body_text
    shown = text_of(await browser.get(BASE))
    assert "Camille Martin" in shown
    assert "Référent – Lugos" in shown
    granted = (await events(database, territory, "role.granted"))[-1]
    assert granted.person_id == territory.people[FACILITATOR]

    again = await browser.post(f"{BASE}/invitation", CAMILLE, page=f"{BASE}/invitation")
    assert again.status_code == 422
    assert "Ce rôle est déjà donné" in text_of(again)
    assert len(await mails(database, territory)) == 1


async def test_what_does_not_go_together_is_told_at_its_field(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(FACILITATOR)
    for changes, sentence in (
        ({"email": "pas une adresse"}, "Indiquez une adresse électronique"),
        ({"name": ""}, "Indiquez le prénom et le nom."),
        ({"role": "lead_buyer"}, "Choisissez une des réponses proposées."),
        ({"role": "administrator"}, "Choisissez une des réponses proposées."),
        ({"member": ""}, "Indiquez le membre"),
        ({"member": "Bordeaux"}, "« Bordeaux » n’est pas un membre du groupe."),
        ({"role": "reader"}, "ce rôle est celui du groupe entier"),
    ):
        answer = await browser.post(f"{BASE}/invitation", {**CAMILLE, **changes})
        assert answer.status_code == 422, changes
        assert sentence in text_of(answer), changes
        assert 'value="Secrétaire"' in answer.text
    assert await roles(database, territory, "camille.martin@lugos.example") == []
    assert await mails(database, territory) == []


async def test_a_pasted_list_is_taken_whole_or_not_at_all(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(FACILITATOR)
    good = "a@lugos.example ; Anne ; Maire ; référente ; Lugos\n\nb@bassin.example;Bob;;observation;\n"
    bad = (
        "pas-une-adresse ; Chloé ; ; référent ; Lugos\n"
        "d@salles.example ; ; ; chef ; Salles\n"
        "a@lugos.example ; Anne ; Maire ; référent ; 213302607\n"
        "e@lugos.example ; <b>Eve</b> ; ; référent ; Nulle-Part ; de trop\n"
        " ; Fanny\n"
        f"g@lugos.example ; Guy ; ; référent ; {'L' * 100_000}"
    )
    answer = await browser.post(f"{BASE}/liste", {"liste": good + bad}, page=f"{BASE}/liste")
    assert answer.status_code == 422
    shown = text_of(answer)
    for sentence in (
        "Ligne 4 : « pas-une-adresse » n’est pas une adresse électronique.",
        "Ligne 5 : le nom manque ; le rôle « chef » n’est pas référent, finances, achats, observation ou animation.",
        "Ligne 6 : cette personne est déjà plus haut dans la liste, avec le même rôle.",
        "Ligne 7 : il y a plus de cinq colonnes ; « Nulle-Part » n’est pas un membre du groupe.",
        "Ligne 8 : l’adresse électronique manque ; le rôle manque.",
        "Ligne 9 : un texte dépasse 1000 caractères.",
        "6 lignes sont à corriger : personne n’a été invité.",
    ):
        assert sentence in shown.replace("\u00a0", " ").replace("\u202f", " ")
    assert "&lt;b&gt;Eve&lt;/b&gt;" in answer.text
    assert await roles(database, territory, "a@lugos.example") == []
    assert await mails(database, territory) == []

    assert (await browser.post(f"{BASE}/liste", {"liste": good}, page=f"{BASE}/liste")).status_code == 303
    assert await roles(database, territory, "a@lugos.example") == [("referent", territory.members[LUGOS])]
    assert await roles(database, territory, "b@bassin.example") == [("reader", None)]
    assert [mail.recipient for mail in await mails(database, territory)] == ["a@lugos.example", "b@bassin.example"]


async def test_a_name_cannot_write_headers_nor_markup(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    hostile = "Eve\r\nBcc: toutes@ailleurs.example\r\n\r\n<script>alert(1)</script>"
    browser = await sign_in(FACILITATOR)
    person = territory.people[FACILITATOR]
    values = {"name": hostile, "function": "<i>chef</i>", "phone": '"><img src=x>'}
    assert (await browser.post(f"{BASE}/{person}/fiche", values)).status_code == 303
    await browser.post(f"{BASE}/invitation", {**CAMILLE, "name": hostile, "function": hostile})
    await browser.post("/g/bassin/reglages", {"name": hostile, "timezone": "Europe/Paris"})
    await browser.post(f"{BASE}/invitation", {**CAMILLE, "email": "f@lugos.example"})
    for mail in await mails(database, territory):
        assert "\n" not in mail.subject
        assert "\r" not in mail.subject
        assert mail.recipient.endswith("@lugos.example")
        assert "<script>" not in mail.body_html
    for path in (BASE, f"{BASE}/{person}", f"/g/bassin/membres/{LUGOS}", "/g/bassin/journal", "/g/bassin/reglages"):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page, path
        assert "<i>chef" not in page, path
        assert "<img src=x>" not in page, path


async def test_the_lead_member_names_its_buyers(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    path = "/g/bassin/achats/AG-2027-001/acheteurs"
    lead, other = await sign_in("referent@arcachon.example"), await sign_in(REFERENT)
    new = {"email": "marches@arcachon.example", "name": "Marchés", "function": ""}
    for browser in (other, await sign_in(BUYER), await sign_in("observation@bassin.example")):
        assert (await browser.get(path)).status_code == 403
        assert (await browser.post(path, new)).status_code == 403
    assert (await lead.post(path, new, page=path)).status_code == 303
    assert (await lead.post(path, new, page=path)).status_code == 422, "once is enough"
    assert "AG-2027-001 « Arceaux »" in (await mails(database, territory))[-1].body_text.replace("\u00a0", " ")
    async with database.transaction(territory.group_id) as session:
        held = (
            await session.execute(
                select(col(Membership.id), col(Membership.person_id)).where(col(Membership.role) == Role.LEAD_BUYER)
            )
        ).all()
        territory.people |= await ensure_people(session, [("marches@arcachon.example", "", "")], NOW)
    assert len(held) == 2
    buyer = await sign_in("marches@arcachon.example")
    assert (await buyer.get("/g/bassin/achats/AG-2027-001/cloture")).status_code == 200
    referents_role = (await membership_of(database, territory, REFERENT)).rpartition("/")[2]
    assert (await lead.post(f"{path}/{referents_role}/retrait")).status_code == 404, "only buyers of this purchase"
    (mine,) = [row.id for row in held if row.person_id == territory.people["marches@arcachon.example"]]
    assert "ne pilote plus" in text_of(await lead.get(f"{path}/{mine}/retrait"))
    assert (await lead.post(f"{path}/{mine}/retrait")).status_code == 303
    assert (await buyer.get("/g/bassin/achats/AG-2027-001/cloture")).status_code == 404


async def test_a_list_of_addresses_is_judged_before_anybody_is_invited(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """What can never be mailed is told; what nobody sees makes no other address; a domain may have accents."""
    browser = await sign_in(FACILITATOR)
    wrong = "référent@mairie.example;Référent;DGS;observation;\na..b@mairie.example;Double point;;observation;\n"
    good = (
        "contact@mairie-arès.example;Accueil;;observation;\n"
        "finances@mairie.example\u200b;Fi\u00adnances;;observation;\n"
    )
    answer = await browser.post(f"{BASE}/liste", {"liste": wrong + good}, page=f"{BASE}/liste")
    assert answer.status_code == 422
    shown = text_of(answer)
    assert "Ligne 1 : « référent@mairie.example » : une adresse électronique n’a ni accent" in shown
    assert "Ligne 2 : « a..b@mairie.example » : cette adresse a deux points de suite" in shown
    assert await mails(database, territory) == []

    twice = await browser.post(f"{BASE}/liste", {"liste": good + "finances@mairie.example;Finances;;observation;"})
    assert "Ligne 3 : cette personne est déjà plus haut" in text_of(twice)

    assert (await browser.post(f"{BASE}/liste", {"liste": good})).status_code == 303
    recipients = {mail.recipient for mail in await mails(database, territory)}
    assert recipients == {"contact@mairie-arès.example", "finances@mairie.example"}
    again = await browser.post(
        f"{BASE}/invitation",
        {**CAMILLE, "email": "contact@xn--mairie-ars-76a.example", "role": "reader", "member": ""},
    )
    assert "Ce rôle est déjà donné à contact@mairie-arès.example." in text_of(again)
