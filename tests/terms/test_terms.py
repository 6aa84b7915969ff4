"""The terms of an action: written, shared by the allocation rule, answered by each member, through the pages."""

import re
from datetime import date, timedelta

import pytest
from httpx import Response
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api_client import API, Connect
from factories import ARCACHON, LUGOS, NOW, SALLES, UNIVERSITY, Territory
from pooling.actions.catalogue import Catalogue
from pooling.actions.keeping import find_action, move_action, propose_action
from pooling.actions.models import ActionState
from pooling.actions.schemas import ActionIn
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.doubts import Insistence
from pooling.members.changing import member_by_code
from pooling.members.entrance import caller_of
from pooling.members.models import Role
from pooling.members.rights import Caller, HeldRole
from pooling.needs.collection import open_collection
from pooling.outbox.models import Message
from pooling.reminders.sweep import sweep
from pooling.terms import pages, queries
from pooling.terms.beginning import begin_purchase
from pooling.terms.form import read_terms
from pooling.terms.keeping import answer_terms, write_terms
from pooling.terms.models import Position
from pooling.terms.queries import answers_shown
from pooling.terms.schemas import AnswerIn, TermsIn
from pooling.web.forms import form_of
from web_client import Browser, SignIn, features_in, text_of

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
NEW, ONE = "/g/bassin/actions/proposition", "/g/bassin/actions/FA-2027-001"
TERMS = f"{ONE}/modalites"
MINE = f"{TERMS}/reponses/{LUGOS}"
WRITTEN = {
    "mandate": "Consulter et signer",
    "coordination": "sign_and_notify",
    "kind": "goods",
    "order_by": "2027-07-01",
    "deliver_by": "2027-09-01",
    "answer_by": "2027-06-01",
    "nom-1": "Vélo",
    "unite-1": "vélo",
    "prix-1": "1 000,50",
    "tva-1": "20",
    "cpv-1": "34422000",
    "compte-1": "21828",
    "seul-1": "1 200",
    "source-1": "Devis d’un marchand",
    "au-1": "2027-01-15",
    "quantite-1-1": "30",
    "nom-2": "Casque",
    "prix-2": "35",
    "tva-2": "20",
    "quantite-1-2": "30",
    "repartition-1": "equal",
    "frais-nom-1": "Livraison",
    "frais-1": "300",
    "frais-tva-1": "20",
    "cle-1": "equal",
    "aide-1-1": "Fonds de concours",
    "taux-1-1": "25",
    "plafond-1-1": "5 000",
    "aide-1-2": "Prime",
    "somme-1-2": "400",
    "porte-1-2": "1",
    "libelle-2": "Moins de vélos",
    "quantite-2-1": "10",
    "cle-2": "agents",
}


async def sent(browser: Browser, path: str, values: dict[str, str]) -> Response:
    """As the form of the page sends them, with the version that it shows."""
    found = re.search(r'name="version" value="([0-9a-f]+)"', (await browser.get(path)).text)
    assert found
    return await browser.post(path, {"version": found[1], **values}, page=path)


async def test_terms_are_written_shared_and_answered(sign_in: SignIn) -> None:
    facilitator, referent = await sign_in(FACILITATOR), await sign_in(REFERENT)
    assert (await facilitator.post(NEW, {"title": "Des vélos"}, page=NEW)).status_code == 303
    assert "Personne n’a encore été interrogé" in text_of(await referent.get(ONE))
    assert "Aucune estimation" in text_of(await referent.get(TERMS))
    assert (await referent.get(f"{TERMS}/fiche")).status_code == 403
    wrong = await sent(facilitator, f"{TERMS}/fiche", {**WRITTEN, "prix-1": "cher"})
    assert wrong.status_code == 422
    assert "Consulter et signer" in wrong.text
    nameless = await sent(facilitator, f"{TERMS}/fiche", {"quantite-1-1": "3"})
    assert "Dites ce que l’on achèterait" in text_of(nameless)
    assert (await sent(facilitator, f"{TERMS}/fiche", WRITTEN)).status_code == 303
    form = await facilitator.get(f"{TERMS}/fiche")
    assert 'value="1000,5"' in form.text
    assert 'value="2027-06-01"' in form.text
    shown = await referent.get(TERMS)
    assert all(
        words in text_of(shown)
        for words in ("Consulter et signer", "Moins de vélos", "au plus 5 000,00 €", "Reste à charge")
    )
    assert 'id="parts"' in shown.text
    lacking = await sent(referent, MINE, {"position": "under_condition"})
    assert lacking.status_code == 422
    assert "à quelle condition" in text_of(lacking)
    assert not re.search(r"<input[^>]* checked", (await referent.get(MINE)).text), "nobody answers for the member"
    undated = await sent(referent, MINE, {"position": "in", "deliberation": "D12"})
    assert "référence et la date" in text_of(undated)
    answer = {
        "position": "under_condition",
        "condition": "Après le vote du budget",
        "unites-velo": "7",
        "deliberation": "D12",
        "deliberated_on": "2027-02-04",
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
    closed = await answered_and_agreed(facilitator, referent)
    assert "ne se discutent plus" in text_of(closed)
    await buys_what_was_agreed(facilitator, referent)


async def answered_and_agreed(facilitator: Browser, referent: Browser) -> Response:
    """With a file, corrected once; what it answered before stays to be read."""
    files = f"{MINE}/pieces"
    added = await referent.post(files, {}, page=MINE, files={"files": ("deliberation.txt", b"Vu", "text/plain")})
    assert added.status_code == 303
    shown = await facilitator.get(TERMS)
    (path,) = re.findall(rf'href="({files}/[0-9]+)"', shown.text)
    assert (await facilitator.get(path)).content == b"Vu"
    assert (await facilitator.get(path.replace(LUGOS, SALLES))).status_code == 404
    corrected = {"position": "in", "unites-velo": "8", "deliberation": "D12", "deliberated_on": "2027-02-04"}
    assert (await sent(referent, MINE, corrected)).status_code == 303
    told = text_of(await facilitator.get(f"{MINE}/historique"))
    assert told.index("Vélo : 8") < told.index("Après le vote du budget")
    assert "deliberation.txt" in told
    assert (await facilitator.post(f"{TERMS}/achat", {}, page=TERMS)).status_code == 422
    assert (await facilitator.post(f"{ONE}/etat", {"state": "agreed"}, page=TERMS)).status_code == 303
    mine = await referent.get(MINE)
    assert "les réponses ne changent plus" in text_of(mine)
    assert 'name="position"' not in mine.text
    assert "deliberation.txt" in text_of(mine)
    return await referent.post(MINE, {"position": "in", "version": "0" * 64}, page=MINE)


async def buys_what_was_agreed(facilitator: Browser, referent: Browser) -> None:
    """Nobody looks after it yet; then one click, and a second one that makes nothing more."""
    assert "quel membre la pilote" in text_of(await facilitator.get(TERMS))
    sheet = {"title": "Des vélos", "lead_member": LUGOS}
    assert (await sent(facilitator, f"{ONE}/fiche", sheet)).status_code == 303
    for _ in range(2):
        assert (await referent.post(f"{TERMS}/achat", {}, page=ONE)).status_code == 303
    assert "AG-2027-001 · Des vélos" in text_of(await referent.get(TERMS))
    assert (await facilitator.get("/g/bassin/achats")).text.count("/g/bassin/achats/AG-2027-0") == 1
    purchase = text_of(await facilitator.get("/g/bassin/achats/AG-2027-001"))
    for said in ("Vélo", "Casque", "Consulter et signer", "Des vélos"):
        assert said in purchase, said


async def test_the_purchase_has_all_that_was_said(database: Database, territory: Territory) -> None:
    """Items with their codes and reference price, members that are in, charges, aids, mandate, deliberations; what it
    costs is what the simulation said.
    """
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        sheet = ActionIn(title="Des vélos", lead_member=LUGOS)
        action = (await propose_action(session, caller, sheet, Catalogue(), NOW)).reference
        terms = read_terms(form_of(WRITTEN))
        await write_terms(session, caller, action, terms, NOW)
        answers = {
            LUGOS: AnswerIn(position=Position.IN, deliberation="D12", deliberated_on=NOW.date()),
            SALLES: AnswerIn(position=Position.UNDER_CONDITION, condition="Après le vote"),
            ARCACHON: AnswerIn(position=Position.OUT),
        }
        for code, answer in answers.items():
            await answer_terms(session, caller, action, await member_by_code(session, code), answer, NOW)
        await move_action(session, caller, action, ActionState.AGREED, NOW)
        purchase = await begin_purchase(session, caller, action, NOW)
        assert (await begin_purchase(session, caller, action, NOW)).id == purchase.id
        read = {
            "who": "SELECT string_agg(m.code, ' ' ORDER BY m.code) FROM participations p"
            " JOIN members m ON m.id = p.member_id",
            "items": "SELECT string_agg(concat_ws(' ', i.code, i.unit_price, d.cpv, d.account, d.price_alone), '; '"
            " ORDER BY i.position) FROM items i JOIN item_details d ON d.item_id = i.id",
            "charges": "SELECT string_agg(concat_ws(' ', code, amount_cents, vat_rate, key), '; ') FROM charges",
            "aids": "SELECT string_agg(concat_ws(' ', code, rate, amount_cents, cap_total_cents, items, charges), '; '"
            " ORDER BY id) FROM subsidies",
            "mandate": "SELECT mandate FROM procurement_plans",
            "delivered": "SELECT delivery_expected_on::text FROM purchases",
            "deliberated": "SELECT string_agg(deliberation, ' ') FROM procurement_shares",
        }
        found = {name: (await session.execute(text(sql))).scalar_one() for name, sql in read.items()}
    assert found == {
        "who": " ".join(sorted((LUGOS, SALLES))),
        "items": "velo 1000.5000 34422000-7 21828 1200.0000; casque 35.0000  ",
        "charges": 'livraison 30000 20.00 "equal"',
        "aids": 'fonds-de-concours 25.000000 500000 null ["livraison"]; prime 40000 ["velo"] []',
        "mandate": "sign_and_notify",
        "delivered": "2027-09-01",
        "deliberated": "D12",
    }


async def test_what_members_counted_waits_as_their_draft_once_the_purchase_collects(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        sheet = ActionIn(title="Des vélos", lead_member=LUGOS)
        action = (await propose_action(session, caller, sheet, Catalogue(), NOW)).reference
        await write_terms(session, caller, action, read_terms(form_of(WRITTEN)), NOW)
        answers = {
            LUGOS: AnswerIn(position=Position.IN, quantities={"velo": 7}),
            SALLES: AnswerIn(position=Position.IN),
            ARCACHON: AnswerIn(position=Position.OUT, quantities={"velo": 3}),
        }
        for code, answer in answers.items():
            await answer_terms(session, caller, action, await member_by_code(session, code), answer, NOW)
        await move_action(session, caller, action, ActionState.AGREED, NOW)
        purchase = await begin_purchase(session, caller, action, NOW)
        buyer = Caller(caller.person_id, territory.group_id, (HeldRole(Role.LEAD_BUYER, purchase_id=purchase.id),))
        assert await drafted(session) == []
        closes_at, why = NOW + timedelta(days=14), Insistence("Vérifié")
        await open_collection(session, buyer, purchase.id, closes_at, FixedClock(NOW), insistence=why)
        assert await drafted(session) == [(LUGOS, "draft", "velo", 7, 7)]
        reference = purchase.reference
    mine = await (await sign_in(REFERENT)).get(f"/g/bassin/achats/{reference}/besoins/{LUGOS}")
    assert "Brouillon enregistré" in text_of(mine)
    assert 'value="7"' in mine.text


async def drafted(session: AsyncSession) -> list[tuple[str, str, str, int, int]]:
    rows = await session.execute(
        text(
            "SELECT m.code, d.state, i.code, n.quantity, n.up_to FROM declarations d "
            "JOIN members m ON m.id = d.member_id "
            "JOIN needs n ON n.declaration_id = d.id JOIN items i ON i.id = n.item_id"
        )
    )
    return [tuple(row) for row in rows]


async def test_who_has_units_is_asked_and_shared_with_through_them_or_answers_as_a_whole(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    """Nobody is asked or pays twice."""
    facilitator = await sign_in(FACILITATOR)
    assert (await facilitator.post(NEW, {"title": "Des vélos"}, page=NEW)).status_code == 303
    spread = {**WRITTEN, "repartition-1": "agents", "answer_by": "2027-06-01"}
    assert (await sent(facilitator, f"{TERMS}/fiche", spread)).status_code == 303
    before = text_of(await facilitator.get(TERMS))
    assert "Par ses composantes" in before
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        shown = await answers_shown(session, (await find_action(session, "FA-2027-001")).id)
        assert {line.code for line in shown if line.through} == {UNIVERSITY}
        whole = await member_by_code(session, UNIVERSITY)
        await answer_terms(session, caller, "FA-2027-001", whole, AnswerIn(position=Position.IN), NOW)
        shown = await answers_shown(session, (await find_action(session, "FA-2027-001")).id)
        assert {line.code: line.through for line in shown if line.through} == {
            "UFR-DROIT": "whole",
            "UFR-SANTE": "whole",
        }
    assert "Avec son établissement" in text_of(await facilitator.get(TERMS))


async def test_of_too_many_members_the_first_are_shown(
    sign_in: SignIn, database: Database, territory: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who answered before those who did not, by name."""
    facilitator = await sign_in(FACILITATOR)
    assert (await facilitator.post(NEW, {"title": "Des vélos"}, page=NEW)).status_code == 303
    assert (await sent(facilitator, f"{TERMS}/fiche", {**WRITTEN, "answer_by": "2027-06-01"})).status_code == 303
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        salles = await member_by_code(session, SALLES)
        await answer_terms(session, caller, "FA-2027-001", salles, AnswerIn(position=Position.OUT), NOW)
        action_id = (await find_action(session, "FA-2027-001")).id
        names = [line.standing.name for line in await answers_shown(session, action_id)]
        assert names == ["Salles", "Arcachon", "Lugos", "UFR de droit", "UFR de santé", "Université"]
        monkeypatch.setattr(queries, "MOST_SHARED", 2)
        assert [line.standing.name for line in await answers_shown(session, action_id)] == names[:3]
    monkeypatch.setattr(pages, "MOST_SHARED", 2)
    monkeypatch.setattr(pages, "MOST_SHOWN", 1)
    shown = text_of(await facilitator.get(TERMS))
    assert "Les 1 premiers sont montrés, ceux qui ont répondu d’abord." in shown
    assert "Salles" in shown
    assert "UFR de droit" not in shown


async def test_silent_members_are_reminded_until_they_answer(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """Once for each step, those who have not answered; another day is reminded of anew, and no day is no reminder."""
    kinds = features_in((await sign_in(FACILITATOR)).app).kinds

    async def swept(day: date) -> list[str]:
        moment = NOW.replace(month=day.month, day=day.day)
        for _ in range(2):
            await sweep(database, kinds, FixedClock(moment), base_url="https://achats.example")
        async with database.transaction(territory.group_id) as session:
            mails = select(Message).where(col(Message.kind) == "terms_answer", col(Message.created_at) == moment)
            return sorted(mail.recipient for mail in (await session.execute(mails)).scalars())

    async def written(answer_by: date | None) -> None:
        async with database.transaction(territory.group_id) as session:
            terms = TermsIn(mandate="Signer", answer_by=answer_by)
            await write_terms(session, await caller(session), "FA-2027-001", terms, NOW)

    async def caller(session: AsyncSession) -> Caller:
        return await caller_of(session, territory.people[FACILITATOR], territory.group_id)

    async def answered(code: str) -> None:
        async with database.transaction(territory.group_id) as session:
            member, answer = await member_by_code(session, code), AnswerIn(position=Position.OUT)
            await answer_terms(session, await caller(session), "FA-2027-001", member, answer, NOW)

    async with database.transaction(territory.group_id) as session:
        await propose_action(session, await caller(session), ActionIn(title="Des vélos"), Catalogue(), NOW)
    await written(None)
    assert await swept(date(2027, 3, 17)) == []
    await written(date(2027, 4, 1))
    await answered(SALLES)
    first = await swept(date(2027, 3, 18))
    assert REFERENT in first
    assert "referent@salles.example" not in first
    await answered(LUGOS)
    second = await swept(date(2027, 3, 30))
    assert second == [address for address in first if address != REFERENT]
    assert await swept(date(2027, 4, 2)) == []
    await written(date(2027, 5, 3))
    assert await swept(date(2027, 4, 30)) == second
    referent = await sign_in("referent@arcachon.example")
    assert "Dire si Arcachon participe" in text_of(await referent.get("/g/bassin/"))


async def test_programs_read_and_write_them(sign_in: SignIn, connect: Connect) -> None:
    facilitator = await sign_in(FACILITATOR)
    assert (await facilitator.post(NEW, {"title": "Des vélos"}, page=NEW)).status_code == 303
    api = await connect(FACILITATOR)
    terms, answer = f"{API}/actions/FA-2027-001/terms", f"{API}/actions/FA-2027-001/answers/{LUGOS}"
    empty = await api.get(terms)
    assert empty.json()["estimates"] == []
    estimate = {"label": "Vélos", "quantities": {"velo": 10}, "aids": [{"label": "Région", "amount_cents": 100}]}
    item = {"code": "velo", "name": "Vélo", "unit_price_cents": 90_000}
    written = {"mandate": "Signer", "items": [item], "estimates": [estimate]}
    assert (await api.put(terms, written, if_match=empty.headers["etag"])).status_code == 200
    late = await api.put(terms, {**written, "mandate": "Payer"}, if_match=empty.headers["etag"])
    assert late.status_code in {409, 412}
    assert (await api.get(terms)).json()["estimates"][0]["spread"] == "population"
    assert (await api.get(answer)).json()["position"] is None
    assert (await api.put(answer, {"position": "in", "quantities": {"velo": 3}})).json()["quantities"] == {"velo": 3}
    refused = await api.put(answer, {"position": "in", "condition": "Si"})
    assert refused.status_code == 422
    unknown = await api.put(answer, {"position": "in", "quantities": {"moto": 3}})
    assert unknown.status_code == 422
    wrong = {**written, "estimates": [{"label": "x", "quantities": {"moto": 1}}]}
    assert (await api.put(terms, wrong)).status_code == 422
    assert (await api.post(f"{API}/actions/FA-2027-001/purchase", None)).json()["code"] == "not_ready"
    octets = {"Content-Type": "application/octet-stream"}
    kept = await api.client.post(f"{answer}/files?name=deliberation.txt", content=b"Vu", headers=octets)
    (file,) = kept.json()["files"]
    assert (await api.get(f"{answer}/files/{file['id']}")).content == b"Vu"
    assert (await api.post(f"{answer}/files/{file['id']}/removal", None)).json()["files"] == []
    assert [one["quantities"] for one in (await api.get(f"{answer}/given")).json()["answers"]] == [{"velo": 3}]
