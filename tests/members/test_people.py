"""The facilitator sees, corrects, changes and ends; nobody else does; access ends at once."""

from sqlalchemy import select, text
from sqlmodel import col

from factories import BUYER, LUGOS, NOW, Territory, make_territory, open_purchase
from member_reads import BASE, CAMILLE, FACILITATOR, REFERENT, events, mails, membership_of, roles
from pooling.accounts.models import Person, SignInSession
from pooling.accounts.people import ensure_people
from pooling.kernel.database import Database
from pooling.members.granting import grant_role
from pooling.members.models import Role
from web_client import SignIn, text_of


async def test_another_groups_member_is_no_member(database: Database, territory: Territory, sign_in: SignIn) -> None:
    """By its id, which no form takes, or by a code that only the other group has."""
    other = await make_territory(database, NOW, slug="autre")
    async with database.transaction(other.group_id) as session:
        await session.execute(text("UPDATE members SET code = 'AILLEURS' WHERE code = 'UFR-DROIT'"))
    browser = await sign_in(FACILITATOR)
    for typed in ("AILLEURS", str(other.members[LUGOS])):
        answer = await browser.post(f"{BASE}/invitation", {**CAMILLE, "member": typed})
        assert answer.status_code == 422, typed
    stranger = f"{BASE}/{other.people['referent@salles.example']}"
    async with database.transaction() as session:
        alone = (await ensure_people(session, [("seul@autre.example", "Seul", "")], NOW))["seul@autre.example"]
    async with database.transaction(other.group_id) as session:
        await grant_role(session, alone, Role.READER, NOW)
    for path in (f"{BASE}/{alone}", f"{BASE}/{alone}/fiche", f"{BASE}/99999999999999999999", f"{BASE}/0"):
        assert (await browser.get(path)).status_code == 404, path
    assert (await browser.post(f"{BASE}/{alone}/fiche", {"name": "Renommé"})).status_code == 404
    assert (await browser.get(stranger)).status_code == 200, "the same person is in this group too"


async def test_nobody_else_manages_people(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    held = await membership_of(database, territory, REFERENT)
    for email in ("observation@bassin.example", REFERENT, "finances@arcachon.example", BUYER):
        browser = await sign_in(email)
        for path in (BASE, f"{BASE}/invitation", f"{BASE}/liste", held, "/g/bassin/reglages", "/g/bassin/demandes"):
            assert (await browser.get(path)).status_code == 403, (email, path)
        for path, values in (
            (f"{BASE}/invitation", CAMILLE),
            (f"{BASE}/liste", {"liste": "a@lugos.example;A;;référent;Lugos"}),
            (held, {"role": "facilitator"}),
            (f"{held}/retrait", {}),
            (f"{BASE}/{territory.people[REFERENT]}/fiche", {"name": "Autre"}),
        ):
            assert (await browser.post(path, values)).status_code == 403, (email, path)
    assert await roles(database, territory, REFERENT) == [("referent", territory.members[LUGOS])]
    assert await mails(database, territory) == []


async def test_a_role_taken_away_is_gone_at_the_next_request(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    leaving, browser = await sign_in(REFERENT), await sign_in(FACILITATOR)
    assert (await leaving.get("/g/bassin")).status_code == 200
    path = await membership_of(database, territory, REFERENT)
    asked = text_of(await browser.get(f"{path}/retrait"))
    assert "C’est son seul rôle dans le groupe" in asked
    assert "La déclaration pour « Arceaux » reste à faire" in asked.replace("\u00a0", " ")
    assert (await browser.post(f"{path}/retrait")).status_code == 303
    gone = await leaving.get("/g/bassin")
    assert gone.status_code == 404
    assert "/demande-acces?groupe=bassin" in gone.text
    answer = await leaving.post(f"/g/bassin/achats/AG-2027-001/besoins/{LUGOS}/depot", {"no_need": "1"})
    assert answer.status_code == 404
    assert (await browser.post(f"{path}/retrait")).status_code == 404, "a second click finds nothing to end"
    ended = await events(database, territory, "role.ended")
    assert [event.subject_id for event in ended] == [territory.people[REFERENT]]
    assert purchase_id


async def test_a_change_of_rights_renews_the_sessions(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    other, browser = await sign_in(REFERENT), await sign_in(FACILITATOR)
    await other.get("/g/bassin")
    path = await membership_of(database, territory, REFERENT)
    answer = await browser.post(path, {"role": "finance", "member": LUGOS}, page=path)
    assert answer.status_code == 303
    assert await roles(database, territory, REFERENT) == [("finance", territory.members[LUGOS])]
    async with database.transaction() as session:
        marked = await session.execute(
            select(col(SignInSession.rotate)).where(col(SignInSession.person_id) == territory.people[REFERENT])
        )
        assert list(marked.scalars()) == [True]
    (changed,) = await events(database, territory, "role.changed")
    assert (changed.from_state, changed.to_state) == ("referent", "finance")


async def test_the_last_facilitator_stays(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in(FACILITATOR)
    path = await membership_of(database, territory, FACILITATOR)
    for answer in (
        await browser.post(f"{path}/retrait", {}, page=f"{path}/retrait"),
        await browser.post(path, {"role": "reader"}, page=path),
    ):
        assert answer.status_code == 422
        assert "dernière personne à animer le groupe" in text_of(answer)
    assert await roles(database, territory, FACILITATOR) == [("facilitator", None)]
    second = {"email": REFERENT, "name": "Référent", "role": "facilitator", "member": ""}
    assert (await browser.post(f"{BASE}/invitation", second)).status_code == 303
    assert (await browser.post(f"{path}/retrait")).status_code == 303
    assert await roles(database, territory, FACILITATOR) == []


async def test_a_person_in_two_groups_is_one_person_with_two_accesses(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Ending a role here changes nothing there; a correction never touches the address that signs in."""
    await make_territory(database, NOW, slug="autre")
    both, browser = await sign_in(REFERENT), await sign_in(FACILITATOR)
    person = territory.people[REFERENT]
    values = {"name": "Nouveau Nom", "function": "Maire", "phone": "05 56 00 00 00", "email": "voleur@ailleurs.example"}
    assert (await browser.post(f"{BASE}/{person}/fiche", values)).status_code == 303
    assert "Nouveau Nom" in text_of(await both.get("/g/autre"))
    async with database.transaction() as session:
        found = await session.get(Person, person)
        assert found is not None
        assert (found.email, found.phone) == (REFERENT, "05 56 00 00 00")
    (corrected,) = await events(database, territory, "person.corrected")
    assert corrected.details == {"fields": ["function", "name", "phone"]}, "nothing that a purge would have to blank"

    path = await membership_of(database, territory, REFERENT)
    await browser.post(f"{path}/retrait")
    assert (await both.get("/g/bassin")).status_code == 404
    assert (await both.get("/g/autre")).status_code == 200


async def test_people_are_found_by_name_address_or_member(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    browser = await sign_in(FACILITATOR)
    await browser.post(f"{BASE}/invitation", {**CAMILLE, "name": "Éloïse Œuvrard", "email": "e.o@mairie.example"})
    for search, found, absent in (
        ("eloise", "Éloïse Œuvrard", "referent@salles"),
        ("ŒUVRARD", "Éloïse Œuvrard", "referent@salles"),
        ("e.o@mairie", "Éloïse Œuvrard", "referent@salles"),
        ("LUGOS", "Éloïse Œuvrard", "referent@salles"),
        ("sallés", "referent@salles", "Éloïse Œuvrard"),
    ):
        shown = text_of(await browser.get(BASE, params={"cherche": search}))
        assert found in shown, search
        assert absent not in shown, search
    nobody = text_of(await browser.get(BASE, params={"cherche": "100%"}))
    assert "Personne ne correspond" in nobody


async def test_the_list_goes_on_page_after_page(database: Database, territory: Territory, sign_in: SignIn) -> None:
    many = "\n".join(f"p{place}@lugos.example;Personne {place:03d};;observation;" for place in range(110))
    browser = await sign_in(FACILITATOR)
    assert (await browser.post(f"{BASE}/liste", {"liste": many}, page=f"{BASE}/liste")).status_code == 303
    seen: list[str] = []
    path: str | None = f"{BASE}?cherche=personne"
    while path:
        page = (await browser.get(path)).text
        seen += [name for name in (f"Personne {place:03d}" for place in range(110)) if f">{name}</a>" in page]
        following = page.rpartition('rel="next" href="')[2].partition('"')[0] if 'rel="next"' in page else ""
        path = following.replace("&amp;", "&") or None
    assert seen == [f"Personne {place:03d}" for place in range(110)]


async def test_a_members_page_names_its_people(database: Database, territory: Territory, sign_in: SignIn) -> None:
    browser = await sign_in("observation@bassin.example")
    shown = text_of(await browser.get(f"/g/bassin/membres/{LUGOS}"))
    for words in ("SIREN 213302607", "1 208 habitants", "referent@lugos.example", "Référent"):
        assert words in shown.replace("\u202f", " ").replace("\u00a0", " "), words
    assert "Inviter une personne" not in shown
    unit = text_of(await browser.get("/g/bassin/membres/UFR-DROIT"))
    assert "Rattachement Université" in unit
    assert "Budget droit (900-D)" in unit
    assert (await browser.get("/g/bassin/membres/nulle-part")).status_code == 404
