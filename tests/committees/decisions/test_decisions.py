"""Decisions: taken down, carried out on purchases, followed up; who reads them, what is traced."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from factories import BUYER, NOW, Territory, make_purchase, open_purchase
from pooling.allocation.models import Charge
from pooling.committees.meetings.scheduling import schedule_committee
from pooling.committees.meetings.schemas import CommitteeIn
from pooling.committees.minutes.publishing import publish_minutes
from pooling.committees.minutes.writing import name_secretary, save_minutes
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.models import Role
from web_client import Browser, SignIn, insisting, text_of

FACILITATOR, OWNER, OTHER = "animation@bassin.example", "referent@lugos.example", "referent@salles.example"
HELD = NOW + timedelta(days=5, hours=1)
GROUP = "/g/bassin"
BOARD = f"{GROUP}/comites/decisions"


@pytest_asyncio.fixture
async def committee(database: Database, territory: Territory, clock: FixedClock) -> str:
    """A committee that has begun: its address."""
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        command = CommitteeIn(
            day=(NOW + timedelta(days=5)).date(), hour=NOW.time(), place="Mairie", roles=(Role.REFERENT,)
        )
        committee_id = await schedule_committee(session, facilitator, command, NOW)
    clock.instant = HELD
    return f"{GROUP}/comites/{committee_id}"


async def decide(browser: Browser, committee: str, values: Mapping[str, object] | None = None) -> None:
    page = f"{committee}/decisions/nouvelle"
    answer = await browser.post(page, {"content": "Envoyer le devis", **(values or {})}, page=page)
    assert answer.status_code == 303, text_of(answer)


async def publish(database: Database, territory: Territory, committee: str) -> None:
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        committee_id = int(committee.rsplit("/", 1)[1])
        await save_minutes(session, facilitator, committee_id, "Tout est dit des vélos.", HELD)
        await publish_minutes(session, facilitator, committee_id, HELD)


def plain(words: str) -> str:
    return words.replace("\u00a0", " ").replace("\u202f", " ")


async def read(browser: Browser, page: str) -> str:
    return plain(text_of(await browser.get(page)))


async def test_a_decision_is_taken_down_with_all_it_has(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(FACILITATOR)
    await decide(
        browser,
        committee,
        {"owner": "referent lugos", "due_on": "30/03/2027", "purchase": purchase_id, "votes_for": "3"}
        | {"owner": OWNER, "votes_against": "0", "votes_abstained": "1"},
    )
    shown = await read(browser, f"{committee}/decisions/1")
    assert "Décision n° 1 du comité du 6 mars 2027" in shown
    for words in ("Responsable referent", "mardi 30 mars 2027", "3 pour, 0 contre, 1 abstention", "Arceaux"):
        assert words in shown, words


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"content": ""}, "Écrivez ce qui a été décidé"),
        ({"content": "x" * 2001}, "2000 caractères au plus"),
        ({"due_on": "demain"}, "Indiquez une date"),
        ({"due_on": "01/01/1850"}, "Indiquez une date"),
        ({"votes_for": "beaucoup"}, "Indiquez un nombre entier"),
        ({"votes_for": "-1"}, "Indiquez 0 ou plus"),
        ({"owner": "personne de ce nom"}, "Personne ne porte ce nom dans le groupe"),
        ({"purchase": "999999"}, "Choisissez un achat du groupe"),
        ({"purchase": "'; --"}, "Choisissez un achat du groupe"),
    ],
)
async def test_bad_input_is_told_at_the_field_and_kept(
    sign_in: SignIn, committee: str, typed: dict[str, str], sentence: str
) -> None:
    browser = await sign_in(FACILITATOR)
    page = f"{committee}/decisions/nouvelle"
    answer = await browser.post(page, {"content": "Gardé <b>", "votes_against": "3", **typed}, page=page)
    assert (answer.status_code, sentence in plain(text_of(answer))) == (422, True), text_of(answer)
    assert 'value="3"' in answer.text


async def test_a_name_that_several_have_is_chosen_among_them(
    territory: Territory, sign_in: SignIn, committee: str
) -> None:
    browser = await sign_in(FACILITATOR)
    page = f"{committee}/decisions/nouvelle"
    asked = await browser.post(page, {"content": "Envoyer", "owner": "refer"}, page=page)
    offered = re.findall(r'name="owner_id" value="(\d+)"', asked.text)
    assert str(territory.people[OTHER]) in offered
    await decide(browser, committee, {"owner": "refer", "owner_id": territory.people[OTHER]})
    board = await (await sign_in(OTHER)).get(f"{BOARD}?vue=miennes")
    assert "Envoyer le devis" in text_of(board)


async def test_decisions_keep_their_numbers_and_are_corrected_until_publication(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    browser = await sign_in(FACILITATOR)
    for content in ("Première", "Deuxième", "Troisième"):
        await decide(browser, committee, {"content": content})
    removal, change = f"{committee}/decisions/2/suppression", f"{committee}/decisions/3/modification"
    assert "« Deuxième »" in await read(browser, removal)
    await browser.post(removal, page=removal)
    await browser.post(change, {"content": "Troisième, corrigée"}, page=change)
    listed = await read(browser, f"{committee}/compte-rendu")
    assert "Décision n° 3" in listed
    assert "Troisième, corrigée" in listed
    assert "Deuxième" not in listed
    await publish(database, territory, committee)
    assert (await browser.post(change, {"content": "Trop tard"})).status_code == 409
    assert (await browser.post(f"{committee}/decisions/1/suppression")).status_code == 409
    assert (await browser.post(f"{committee}/decisions/nouvelle", {"content": "Trop tard"})).status_code == 409
    assert "Trop tard" not in await read(browser, f"{committee}/compte-rendu")


async def test_before_publication_a_decision_is_for_who_writes_and_its_owner(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    await decide(await sign_in(FACILITATOR), committee, {"owner": OWNER})
    page = f"{committee}/decisions/1"
    owner, other = await sign_in(OWNER), await sign_in(OTHER)
    assert (await owner.get(page)).status_code == 200
    assert (await other.get(page)).status_code == 404
    assert "Envoyer le devis" not in await read(other, f"{BOARD}?vue=ouvertes")
    await publish(database, territory, committee)
    assert (await other.get(page)).status_code == 200
    assert "Envoyer le devis" in await read(other, f"{BOARD}?vue=ouvertes")
    assert "C’est fait" not in await read(other, page)
    assert (await other.post(f"{page}/realisation", {"outcome": "Moi"})).status_code == 403


async def test_the_owner_says_what_was_done_and_takes_it_up_again(sign_in: SignIn, committee: str) -> None:
    await decide(await sign_in(FACILITATOR), committee, {"owner": OWNER, "due_on": "2027-03-20"})
    owner, page = await sign_in(OWNER), f"{committee}/decisions/1"
    home = await read(owner, GROUP)
    assert "Donner suite : Envoyer le devis" in home
    assert "Pour le samedi 20 mars 2027 (dans 14 jours)" in home
    silent = await owner.post(f"{page}/realisation", {"outcome": " "}, page=page)
    assert (silent.status_code, "Dites en une phrase" in text_of(silent)) == (422, True)
    unsaid = await owner.post(f"{page}/abandon", {"why": ""}, page=page)
    assert (unsaid.status_code, "Dites pourquoi" in text_of(unsaid)) == (422, True)
    await owner.post(f"{page}/realisation", {"outcome": "Parti hier."}, page=page)
    assert "Parti hier." in await read(owner, page)
    assert "Donner suite" not in await read(owner, GROUP)
    assert (await owner.post(f"{page}/abandon", {"why": "Non"})).status_code == 409
    await owner.post(f"{page}/reouverture", page=page)
    assert "Donner suite" in await read(owner, GROUP)


async def test_the_due_date_moves_and_what_is_late_is_said_in_words(
    sign_in: SignIn, committee: str, clock: FixedClock
) -> None:
    await decide(await sign_in(FACILITATOR), committee, {"owner": OWNER, "due_on": "2027-03-20"})
    clock.instant = NOW + timedelta(days=22)
    owner, page = await sign_in(OWNER), f"{committee}/decisions/1"
    assert "en retard de 3 jours" in await read(owner, f"{BOARD}?vue=en-retard")
    assert "En retard" in await read(owner, GROUP)
    past = await owner.post(f"{page}/echeance", {"due_on": "2027-03-01"}, page=page)
    assert "Choisissez une date à venir" in text_of(past)
    beyond = await owner.post(f"{page}/echeance", {"due_on": "9999-12-31"}, page=page)
    assert (beyond.status_code, "vérifiez l’année" in text_of(beyond)) == (422, True)
    await owner.post(f"{page}/echeance", {"due_on": "2027-04-30", "reason": "Devis attendu"}, page=page)
    assert "Aucune décision ici" in await read(owner, f"{BOARD}?vue=en-retard")
    assert "vendredi 30 avril 2027" in await read(owner, page)
    assert (await owner.post(f"{page}/responsable", {"owner": OTHER})).status_code == 403
    facilitator = await sign_in(FACILITATOR)
    await facilitator.post(f"{page}/responsable", {"owner": OTHER}, page=page)
    assert "Donner suite" in await read(await sign_in(OTHER), GROUP)
    assert "Donner suite" not in await read(owner, GROUP)


async def test_a_decision_whose_owner_leaves_is_told_before_and_found_after(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    facilitator, page = await sign_in(FACILITATOR), f"{committee}/decisions/1"
    await decide(facilitator, committee, {"owner": OWNER, "due_on": "2027-03-20"})
    assert "Sans responsable" not in await read(facilitator, BOARD)
    async with database.transaction(territory.group_id) as session:
        held = await session.execute(
            text("SELECT id FROM memberships WHERE person_id = :person"), {"person": territory.people[OWNER]}
        )
        removal = f"{GROUP}/personnes/{territory.people[OWNER]}/roles/{held.scalar_one()}/retrait"
    asked = await facilitator.get(removal)
    assert "1 décision ouverte n’aura plus de responsable : « Envoyer le devis »" in plain(text_of(asked))
    assert f'<a href="{page}">Envoyer le devis</a>' in asked.text
    await facilitator.post(removal, page=removal)
    board = await read(facilitator, f"{BOARD}?vue=sans-responsable")
    assert "Sans responsable (1)" in board
    assert "n’est plus dans le groupe Confier la décision n° 1" in board
    assert "Confier à quelqu’un : Envoyer le devis" in await read(facilitator, GROUP)
    await facilitator.post(f"{page}/responsable", {"owner": OTHER}, page=page)
    assert "Sans responsable" not in await read(facilitator, BOARD)


async def give_effect(browser: Browser, committee: str, number: int, act: str, **terms: str) -> None:
    page = f"{committee}/decisions/{number}/effet"
    answer = await browser.post(page, {"act": act, **terms}, page=f"{page}?acte={act}")
    if 'name="confirmed"' in answer.text:
        answer = await browser.post(page, {"act": act, **terms, **insisting(answer)}, page=f"{page}?acte={act}")
    assert answer.status_code == 303, text_of(answer)


async def apply(browser: Browser, committee: str, number: int = 1) -> tuple[int, str]:
    page = f"{committee}/decisions/{number}/application"
    answer = await browser.post(page, page=page)
    return answer.status_code, plain(text_of(answer))


ACTS = [
    ("open", False, {"closes_on": "2027-04-15", "closes_at": "18:00"}, "Déclarations ouvertes"),
    ("extend", True, {"closes_on": "2027-04-15", "closes_at": "18 h"}, "jeudi 15 avril 2027 à 18 h"),
    ("close", True, {}, "Collecte close"),
    ("cancel", True, {}, "Annulé"),
    ("change_terms", True, {"lead_member": "Salles", "delivery_expected_on": "2027-09-01"}, "Pilote : Salles"),
]


@pytest.mark.parametrize(("act", "opened", "terms", "shown"), ACTS)
async def test_a_decision_is_carried_out_by_one_click_and_traced_both_ways(
    database: Database,
    territory: Territory,
    sign_in: SignIn,
    committee: str,
    act: str,
    opened: bool,
    terms: dict[str, str],
    shown: str,
) -> None:
    purchase_id = await (open_purchase if opened else make_purchase)(database, territory, NOW)
    browser = await sign_in(FACILITATOR)
    await decide(browser, committee, {"content": "La clôture change.", "purchase": purchase_id})
    await give_effect(browser, committee, 1, act, **terms)
    purchase = f"{GROUP}/achats/AG-2027-001"
    assert "Appliquer la décision n° 1" in await read(browser, GROUP)
    assert shown not in await read(browser, purchase)
    assert (await apply(browser, committee))[0] == 303
    page = await read(browser, purchase)
    assert shown in page
    assert "Décidé par le comité du 6 mars 2027 (décision n° 1)" in page
    journal = await read(browser, f"{purchase}/journal")
    assert "Décision n° 1 du comité du 6 mars 2027 : La clôture change." in journal
    assert "animation" in journal, "the person who clicked"
    decision = await read(browser, f"{committee}/decisions/1")
    assert "Ce qu’elle a changé" in decision
    assert "Faite" in decision
    assert "Appliquer cette décision" not in decision
    assert (await browser.post(f"{committee}/decisions/1/application")).status_code == 409


async def test_a_key_decided_by_the_committee_changes_the_charge(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        pose = Charge(
            group_id=territory.group_id, purchase_id=purchase_id, code="pose", label="Pose", amount_cents=10,
            key="quantity", items=["arceau"],
        )  # fmt: skip
        session.add(pose)
        await session.flush()
        field = f"key-{pose.id}"
    browser = await sign_in(FACILITATOR)
    await decide(browser, committee, {"purchase": purchase_id})
    page = f"{committee}/decisions/1/effet"
    nothing = await browser.post(page, {"act": "change_terms"}, page=f"{page}?acte=change_terms")
    assert "Indiquez au moins une condition" in text_of(nothing)
    typed = {"act": "change_terms", field: "au hasard"}
    assert (await browser.post(page, typed, page=f"{page}?acte=change_terms")).status_code == 422
    await give_effect(browser, committee, 1, "change_terms", **{field: "population"})
    assert "« Pose » réparti selon la population municipale" in await read(browser, f"{committee}/decisions/1")
    assert (await apply(browser, committee))[0] == 303
    async with database.transaction(territory.group_id) as session:
        charge = (await session.execute(text("SELECT key, items FROM charges"))).one()
        events = await session.execute(text("SELECT name, reason FROM events WHERE decision_id IS NOT NULL"))
        assert (charge.key, charge.items) == ("population", None)
        assert [(name, reason[:13]) for name, reason in events] == [("charge.changed", "Décision n°\u00a01")]


async def test_an_effect_at_an_odd_moment_is_told_when_chosen_and_before_it_is_carried_out(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    browser = await sign_in(FACILITATOR)
    purchase_id = await open_purchase(database, territory, NOW)
    await decide(browser, committee, {"purchase": purchase_id})
    page = f"{committee}/decisions/1/effet"
    for act, terms, said in (
        ("extend", {"closes_on": "2027-12-25", "closes_at": "18:00"}, "jour férié, samedi 25 décembre 2027 (Noël)"),
        ("change_terms", {"delivery_expected_on": "2020-03-12"}, "jeudi 12 mars 2020, est passée"),
    ):
        doubted = await browser.post(page, {"act": act, **terms}, page=f"{page}?acte={act}")
        assert doubted.status_code == 422
        assert said in text_of(doubted)
        await give_effect(browser, committee, 1, act, **terms)
        assert said in text_of(await browser.get(f"{committee}/decisions/1/application"))


async def test_a_purchase_that_refuses_is_told_and_nothing_is_half_done(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(FACILITATOR)
    await decide(browser, committee, {"purchase": purchase_id})
    await give_effect(browser, committee, 1, "open", closes_on="2027-04-15", closes_at="18:00")
    status, shown = await apply(browser, committee)
    assert (status, "ne peut pas passer à" in shown) == (422, True)
    await give_effect(browser, committee, 1, "extend", closes_on="2027-03-01", closes_at="18:00")
    status, shown = await apply(browser, committee)
    assert (status, "Choisissez une date de clôture à venir" in shown) == (422, True)
    await give_effect(browser, committee, 1, "change_terms", lead_member="Salles", delivery_expected_on="2027-09-01")
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET state = 'delivered'"))
    status, shown = await apply(browser, committee)
    assert (status, "ses conditions ne changent plus" in shown) == (422, True)
    async with database.transaction(territory.group_id) as session:
        row = (await session.execute(text("SELECT acted_at, state FROM decisions"))).one()
        assert tuple(row) == (None, "open")
        traced = await session.execute(text("SELECT count(*) FROM events WHERE decision_id IS NOT NULL"))
        assert traced.scalar_one() == 0


async def test_who_may_carry_a_decision_out(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await decide(await sign_in(FACILITATOR), committee, {"purchase": purchase_id})
    await give_effect(await sign_in(FACILITATOR), committee, 1, "close")
    await publish(database, territory, committee)
    page = f"{committee}/decisions/1/application"
    assert (await (await sign_in(OTHER)).post(page)).status_code == 403
    assert "Appliquer cette décision" not in await read(await sign_in(OTHER), f"{committee}/decisions/1")
    buyer = await sign_in(BUYER)
    assert "Appliquer la décision n° 1" in await read(buyer, GROUP)
    assert (await apply(buyer, committee))[0] == 303


async def test_the_secretary_writes_and_applies_without_running_the_group(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    committee_id = int(committee.rsplit("/", 1)[1])
    secretary = await sign_in(OTHER)
    assert (await secretary.post(f"{committee}/compte-rendu", {"minutes": "Moi"})).status_code == 403
    async with database.transaction(territory.group_id) as session:
        facilitator = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        await name_secretary(session, facilitator, committee_id, territory.people[OTHER], HELD)
    assert "Écrire le compte-rendu" in await read(secretary, GROUP)
    assert "Écrire le compte-rendu" not in await read(await sign_in(FACILITATOR), GROUP)
    await decide(secretary, committee, {"purchase": purchase_id})
    await give_effect(secretary, committee, 1, "cancel")
    assert (await apply(secretary, committee))[0] == 303
    assert (await secretary.post(f"{committee}/secretariat", {"secretary": OWNER})).status_code == 403


async def test_what_was_carried_out_is_neither_corrected_nor_removed(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(FACILITATOR)
    await decide(browser, committee, {"purchase": purchase_id})
    await give_effect(browser, committee, 1, "close")
    await apply(browser, committee)
    for step in ("modification", "suppression", "effet"):
        answer = await browser.post(f"{committee}/decisions/1/{step}", {"content": "Autre", "act": "cancel"})
        assert answer.status_code == 409, step


@pytest.mark.parametrize("number", ["0", "2", "99999999999", "9" * 30])
async def test_a_decision_that_is_not_there(sign_in: SignIn, committee: str, number: str) -> None:
    browser = await sign_in(FACILITATOR)
    await decide(browser, committee)
    for step in ("", "/modification", "/effet", "/application"):
        assert (await browser.get(f"{committee}/decisions/{number}{step}")).status_code == 404


async def test_the_board_turns_its_pages_and_filters(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    browser = await sign_in(FACILITATOR)
    await decide(browser, committee, {"content": "De l’achat", "purchase": purchase_id})
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("""
                INSERT INTO decisions (group_id, committee_id, number, content, terms, due_on, state, outcome,
                    revision, assigned_at, created_at)
                SELECT :group, :committee, n, 'Sujet ' || n, '{}',
                    CASE WHEN n % 3 > 0 THEN date '2027-05-01' + n % 5 END, 'open', '', 1, now(), now()
                FROM generate_series(2, 61) n"""),
            {"group": territory.group_id, "committee": int(committee.rsplit("/", 1)[1])},
        )
    found: list[str] = []
    page: str | None = f"{BOARD}?vue=ouvertes"
    while page:
        answer = await browser.get(page)
        found += re.findall(r"/decisions/(\d+)\"", answer.text)
        following = re.search(r'rel="next" href="([^"]+)"', answer.text)
        page = following[1].replace("&amp;", "&") if following else None
    assert sorted(map(int, found)) == list(range(1, 62))
    only = await read(browser, f"{BOARD}?vue=ouvertes&achat=AG-2027-001")
    assert "De l’achat" in only
    assert "Sujet" not in only
    for odd in ("?vue=x", "?apres=xyz", "?apres=WyJhIiwxXQ", "?comite=" + "9" * 19, "?comite=-1", "?achat=x"):
        assert (await browser.get(f"{BOARD}{odd}")).status_code == 200, odd


async def test_published_minutes_are_found_whatever_the_accents_and_the_plural(
    database: Database, territory: Territory, sign_in: SignIn, committee: str
) -> None:
    browser = await sign_in(FACILITATOR)
    await decide(
        browser, committee, {"content": "Acheter des remorques légères <b>vite</b> aux journaux locaux : 12 345,67 €"}
    )
    search = f"{GROUP}/comites/recherche"
    assert "Aucun compte-rendu" in await read(browser, f"{search}?q=remorque")
    await publish(database, territory, committee)
    reader = await sign_in(OTHER)
    for words in (
        "vélo",
        "Vélos",
        "velo",
        "remorque légère",
        '"remorques légères"',
        "vélo -cargo",
        "journal local",
        "12345,67",
    ):
        answer = await reader.get(search, params={"q": words})
        assert "<mark>" in answer.text, words
    assert "<b>vite" not in (await reader.get(search, params={"q": "remorque"})).text
    for words in ("hélicoptère", "vélo -remorque", '"légères remorques"'):
        assert "<mark>" not in (await reader.get(search, params={"q": words})).text, words


@pytest.mark.parametrize(
    "query", ["", "'", '"', '"""', "&|!():*<->", "-", "a" * 5000, "le la les", "%", "ou", "é" * 300, "\\", "or"]
)
async def test_no_query_is_too_odd(sign_in: SignIn, committee: str, query: str) -> None:
    browser = await sign_in(FACILITATOR)
    for page in ("", "0", "99", "x"):
        answer = await browser.get(f"{GROUP}/comites/recherche", params={"q": query, "page": page})
        assert answer.status_code == 200, query
