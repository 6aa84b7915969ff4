"""Members become one: their people, their needs and what is shared of them follow; what is frozen keeps them apart."""

import asyncio
import re
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect, problem
from factories import BUYER, LUGOS, NOW, SALLES, UNIVERSITY, Territory, file_needs, make_purchase, open_purchase
from ground.shell import Shell
from ordering import ordered
from pooling.allocation.merging import renamed_key
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.records.freezing import freeze_allocation
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.errors import DomainError
from pooling.kernel.tables import metadata
from pooling.members.entrance import caller_of
from pooling.members.merging import MergeIn, merge
from pooling.members.models import Member, Membership
from pooling.needs.collection import close_collection
from pooling.needs.freezing import freeze_consolidation
from pooling.needs.models import Declaration, Need
from pooling.orders.models import OrderBuyer
from pooling.procurement.models import ProcurementShare
from pooling.purchases.models import Item, Participation
from web_client import Browser, SignIn, insisting, text_of

FACILITATOR, OF_LUGOS, OF_SALLES = "animation@bassin.example", "referent@lugos.example", "referent@salles.example"
TODAY = date(2027, 3, 1)
BELIN = "213300429"
"""In the directory, with 6 205 inhabitants, and no member."""
FORM = {
    "members": f"Lugos\nSalles ({SALLES})",
    "code": SALLES,
    "name": "",
    "population": "added",
    "on": "2027-01-01",
    "reason": "Commune nouvelle",
}
KNOWN = {
    "members.parent_id": "components follow",
    "members.merged_into_id": "the former ones of the former ones too",
    "access_requests.member_id": "those that wait follow",
    "budgets.member_id": "copied by their codes",
    "purchases.lead_member_id": "those that are not over follow",
    "memberships.member_id": "ended, and given for the new one",
    "participations.member_id": "one in place of all, where nothing is consolidated",
    "participations.budget_id": "one of the same code",
    "declarations.member_id": "added up",
    "need_details.budget_id": "one of the same code, or told in words",
    "procurement_shares.member_id": "added up",
    "uptakes.member_id": "told of what keeps them apart",
    "followup_costs.member_id": "typed of what keeps them apart",
    "difficulties.member_id": "those that are not settled follow",
    "assignments.member_id": "frozen",
    "sites.member_id": "follow",
    "site_splits.member_id": "added up, where nothing is consolidated",
    "actions.lead_member_id": "follow",
    "charter_signatures.member_id": "as they were: the new one signs for itself",
    "action_answers.member_id": "as they were: the new one answers for itself",
    "resources.member_id": "follow",
    "round_voters.member_id": "one vote together, of what they weigh, in what is open; else as they were",
    "agent_days.member_id": "follow",
    "grants.member_id": "follow",
    "fctva_delays.member_id": "said anew by what they became",
    "lendings.member_id": "follow; what they lend each other ends",
    "orders.member_id": "frozen once they have left; drafts keep them apart",
    "order_lines.member_id": "frozen",
    "order_buyers.member_id": "what one of them was called, where the new one is called nothing yet",
    "bills.member_id": "follow",
    "kept_documents.member_id": "frozen",
    "recovery_entries.debtor_id": "follow",
    "recovery_entries.creditor_id": "follow; what they owe each other counts no longer",
}
"""What points at members, and what becomes of it when they unite: a new table says so here, and does it."""


def test_whatever_points_at_members_is_thought_of() -> None:
    pointing = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for key in table.foreign_key_constraints
        if key.referred_table.name in {"members", "budgets", "participations"}
        for column in key.columns
        if column.name not in {"group_id", "purchase_id"}
    }
    assert pointing == KNOWN.keys()


def command(*codes: str, becomes: str = SALLES, **options: Any) -> MergeIn:  # noqa: ANN401 - fields of it
    return MergeIn(codes or (LUGOS, SALLES), becomes, date(2027, 1, 1), "Commune nouvelle", **options)


async def unite(database: Database, territory: Territory, wanted: MergeIn | None = None) -> Member:
    async with database.transaction(territory.group_id) as session:
        return await merge(session, wanted or command(), NOW, TODAY, by=None)


async def confirm(browser: Browser, shown: httpx.Response, **more: str) -> httpx.Response:
    """Posts the form of the preview, as it stands there."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
    kept = {name: hidden[name] for name in (*FORM, "seen")}
    return await browser.post("/g/bassin/fusion/confirmation", {**kept, **more}, page="/g/bassin/fusion")


async def needs_of(database: Database, territory: Territory, purchase_id: int) -> dict[int, dict[str, int]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Declaration.member_id), col(Item.code), col(Need.quantity))
            .join(Need, col(Need.declaration_id) == col(Declaration.id))
            .join(Item, col(Item.id) == col(Need.item_id))
            .where(col(Declaration.purchase_id) == purchase_id, col(Need.quantity) > 0)
        )
        found: dict[int, dict[str, int]] = {}
        for member, item, quantity in rows:
            found.setdefault(member, {})[item] = quantity
        return found


async def test_two_become_one_by_the_pages(sign_in: SignIn, database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW, lead_member=LUGOS)
    await file_needs(database, territory, purchase_id, OF_LUGOS, NOW, arceau=4)
    await file_needs(database, territory, purchase_id, OF_SALLES, NOW, arceau=3, abri=1)
    lugos, salles = territory.members[LUGOS], territory.members[SALLES]
    browser = await sign_in(FACILITATOR)
    asked = await browser.get(f"/g/bassin/fusion?membre={LUGOS}")
    assert f"Lugos ({LUGOS})" in asked.text
    shown = await browser.post("/g/bassin/fusion", FORM, page="/g/bassin/fusion")
    said = text_of(shown)
    for sentence in (
        "Lugos devient Salles le vendredi 1er janvier 2027",
        "Population 9 416",
        "« Arceaux » est piloté par l’ensemble.",
        "« Arceaux » (déclarations ouvertes) : une seule participation. Arceau posé : 7 (Lugos : 4, Salles : 3) ;",
        "2 personnes ont leurs rôles pour l’ensemble.",
        "Une fusion ne se défait pas.",
    ):
        assert sentence in said, said
    assert await needs_of(database, territory, purchase_id) == {lugos: {"arceau": 4}, salles: {"arceau": 3, "abri": 1}}
    done = await confirm(browser, shown)
    assert (done.status_code, done.headers["location"]) == (303, f"/g/bassin/membres/{SALLES}"), text_of(done)

    assert await needs_of(database, territory, purchase_id) == {salles: {"arceau": 7, "abri": 1}}
    former = text_of(await browser.get(f"/g/bassin/membres/{LUGOS}"))
    assert "Il est devenu Salles" in former
    assert "Reprendre" not in former
    assert "9 416 habitants" in text_of(await browser.get(f"/g/bassin/membres/{SALLES}"))
    of_lugos = await sign_in(OF_LUGOS)
    assert (await of_lugos.get(f"/g/bassin/achats/AG-2027-001/besoins/{SALLES}")).status_code == 200
    journal = text_of(await browser.get("/g/bassin/journal"))
    assert "a fait de Lugos le membre Salles" in journal
    assert "a réuni Lugos en Salles dans AG-2027-001" in journal
    async with database.transaction(territory.group_id) as session:
        part = (await session.execute(select(Participation).where(col(Participation.member_id) == salles))).scalar_one()
        assert (part.population, part.agents) == (9416, 248), "what opening froze is added up"
        assert await session.scalar(text("SELECT lead_member_id FROM purchases")) == salles
    again = await browser.post("/g/bassin/fusion", FORM, page="/g/bassin/fusion")
    assert (again.status_code, "n’est pas un membre du groupe" in text_of(again)) == (422, True)


async def test_what_is_odd_is_said_first_and_what_moved_is_shown_again(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, OF_LUGOS, NOW, arceau=4)
    browser = await sign_in(FACILITATOR)
    shown = await browser.post("/g/bassin/fusion", FORM, page="/g/bassin/fusion")
    assert "Salles n’a rien déposé" in text_of(shown)
    unconfirmed = await confirm(browser, shown, doubts=insisting(shown)["doubts"])
    assert (unconfirmed.status_code, "Cochez la case pour confirmer" in text_of(unconfirmed)) == (422, True)
    await file_needs(database, territory, purchase_id, OF_SALLES, NOW, arceau=2)
    moved = await confirm(browser, shown, **insisting(shown))
    assert (moved.status_code, "n’est plus ce qui était affiché" in text_of(moved)) == (422, True)
    assert "Arceau posé : 6 (Lugos : 4, Salles : 2)" in text_of(moved)
    assert (await confirm(browser, moved)).status_code == 303


async def test_what_cannot_become_one_is_told(sign_in: SignIn, database: Database, territory: Territory) -> None:
    browser = await sign_in(FACILITATOR)
    for changed, sentence in (
        ({"members": "Lugos"}, "Lugos devient Salles"),
        ({"members": "Salles"}, "Indiquez au moins deux membres différents."),
        ({"members": f"Lugos\n{UNIVERSITY}\nUFR-DROIT"}, "Seuls s’unissent des établissements"),
        ({"members": "Nulle part"}, "« Nulle part » n’est pas un membre du groupe."),
        ({"code": "999"}, "donnez le nom de ce que ces membres deviennent"),
        ({"code": "999", "name": "Val"}, "n’est pas un numéro SIREN"),
        ({"code": "213307000", "name": "Val", "population": "listed"}, "choisissez l’addition des populations"),
        ({"on": "2027-04-01"}, "aujourd’hui au plus tard"),
        ({"reason": ""}, "Dites pourquoi"),
    ):
        answer = await browser.post("/g/bassin/fusion", {**FORM, **changed}, page="/g/bassin/fusion")
        assert sentence in text_of(answer), (changed, text_of(answer))
    purchase_id = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        session.add(
            Declaration(
                group_id=territory.group_id,
                purchase_id=purchase_id,
                member_id=territory.members[LUGOS],
                state="draft",
                updated_at=NOW,
            )
        )
    shown = await browser.post("/g/bassin/fusion", FORM, page="/g/bassin/fusion")
    assert "Un brouillon attend pour « Arceaux »" in text_of(shown)
    assert "fusion/confirmation" not in shown.text


async def test_a_new_commune_comes_from_the_directory(
    connect: Connect, database: Database, territory: Territory
) -> None:
    await make_purchase(database, territory, NOW)
    program = await connect(FACILITATOR)
    body = {
        "members": [LUGOS, SALLES],
        "becomes": BELIN,
        "population": "listed",
        "reason": "Arrêté",
        "on": "2027-01-01",
    }
    doubtful = await program.post(f"{API}/members/merger", body)
    assert problem(doubtful) == (422, "doubtful")
    made = await program.post(f"{API}/members/merger", {**body, "confirmed": "Vérifié"}, idempotency_key="val-1")
    assert made.status_code == 200, made.text
    known = made.json()
    assert (known["code"], known["name"], known["population"], known["population_year"]) == (
        BELIN,
        "Belin-Béliet",
        6205,
        2026,
    )
    again = await program.post(f"{API}/members/merger", {**body, "confirmed": "Vérifié"}, idempotency_key="val-1")
    assert again.json() == known
    assert (await program.get(f"{API}/members/{LUGOS}")).json()["became"] == BELIN
    assert problem(await program.post(f"{API}/members/{LUGOS}/return", {})) == (409, "member_merged")
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Membership.person_id))
            .join(Member, col(Member.id) == col(Membership.member_id))
            .where(col(Member.code) == BELIN, col(Membership.ended_at).is_(None))
        )
        assert set(rows.scalars()) == {territory.people[OF_LUGOS], territory.people[OF_SALLES]}
    reader = await connect("observation@bassin.example")
    assert problem(await reader.post(f"{API}/members/merger", body)) == (403, "forbidden")


async def test_charges_subsidies_and_what_each_said_are_added_up(database: Database, territory: Territory) -> None:
    purchase_id = await make_purchase(database, territory, NOW)
    of_it: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id}
    lugos, salles, ares = territory.members[LUGOS], territory.members[SALLES], "213300098"
    async with database.transaction(territory.group_id) as session:
        key = {"percents": {LUGOS: "12.5", SALLES: "20", ares: "67.5"}}
        session.add(Charge(**of_it, code="a", label="Pose", amount_cents=1, key=key, scope=None))
        session.add(Charge(**of_it, code="b", label="Étude", amount_cents=1, key="equal", scope=[LUGOS, ares]))
        session.add(Subsidy(**of_it, code="c", label="Aide", amount_cents=1, members=[LUGOS, SALLES]))
        session.add(
            ProcurementShare(**of_it, member_id=lugos, spent_cents=100, deliberated_on=TODAY, deliberation="12")
        )
        session.add(ProcurementShare(**of_it, member_id=salles, spent_cents=250))
        await session.flush()
        await session.execute(
            text("UPDATE participations SET weight = 1.5 WHERE member_id = ANY (:both)"), {"both": [lugos, salles]}
        )
    await unite(database, territory)
    async with database.transaction(territory.group_id) as session:
        charges = {one.code: one for one in (await session.execute(select(Charge))).scalars()}
        assert charges["a"].key == {"percents": {SALLES: "32.5", ares: "67.5"}}
        assert charges["b"].scope == [ares, SALLES]
        assert (await session.execute(select(Subsidy))).scalar_one().members == [SALLES]
        share = (await session.execute(select(ProcurementShare))).scalar_one()
        assert (share.member_id, share.spent_cents, share.deliberated_on, share.deliberation) == (salles, 350, None, "")
        weight = await session.scalar(select(col(Participation.weight)).where(col(Participation.member_id) == salles))
        assert weight == Decimal(3)


def test_a_mixed_key_is_renamed_in_its_parts() -> None:
    key = {"mix": [{"percent": "40", "key": "equal"}, {"percent": "60", "key": {"weights": {"a": "1", "b": "2"}}}]}
    assert renamed_key(key, {"a"}, "b")["mix"][1]["key"] == {"weights": {"b": "3"}}
    assert renamed_key({"weights": {"c": "1.0"}}, {"a"}, "b") == {"weights": {"c": "1.0"}}


async def test_what_is_frozen_keeps_the_names_and_says_what_they_became(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, OF_LUGOS, NOW, arceau=5)
    await file_needs(database, territory, purchase_id, OF_SALLES, NOW, arceau=5)
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
        await freeze_consolidation(session, buyer, purchase_id, FixedClock(NOW), options={})
        await freeze_allocation(session, buyer, purchase_id, "AG-2027-001", FixedClock(NOW))
    before = await needs_of(database, territory, purchase_id)
    browser = await sign_in(FACILITATOR)
    shown = await browser.post("/g/bassin/fusion", FORM, page="/g/bassin/fusion")
    assert "« Arceaux » (collecte close) garde les anciens membres, leurs quantités et leurs parts" in text_of(shown)
    assert (await confirm(browser, shown)).status_code == 303
    assert await needs_of(database, territory, purchase_id) == before
    for page in ("couts/etats/1", "couts", "consolidation"):
        said = text_of(await browser.get(f"/g/bassin/achats/AG-2027-001/{page}"))
        assert "Lugos est devenu Salles le 01/01/2027." in said, page
    of_salles = await sign_in(OF_SALLES)
    share = await of_salles.get(f"/g/bassin/achats/AG-2027-001/couts/etats/1/{LUGOS}")
    assert share.status_code == 200, "what the former one pays is the new one's to know"
    assert (await of_salles.get("/g/bassin/achats/AG-2027-001/couts/etats/1/213300098")).status_code in {403, 404}


async def test_who_unites_and_who_files_or_freezes_at_once_come_one_after_the_other(
    fresh_database: Database, territory: Territory
) -> None:
    opened = await open_purchase(fresh_database, territory, NOW)
    closed = await open_purchase(fresh_database, territory, NOW, title="Kits")
    await file_needs(fresh_database, territory, opened, OF_SALLES, NOW, arceau=3)
    for email in (OF_LUGOS, OF_SALLES):
        await file_needs(fresh_database, territory, closed, email, NOW, arceau=5)

    async def freeze() -> None:
        async with fresh_database.transaction(territory.group_id) as session:
            buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
            await close_collection(session, buyer, closed, FixedClock(NOW), reason="Tous ont répondu")
            await freeze_consolidation(session, buyer, closed, FixedClock(NOW), options={})

    done = await asyncio.gather(
        unite(fresh_database, territory),
        file_needs(fresh_database, territory, opened, OF_LUGOS, NOW, arceau=4),
        freeze(),
        return_exceptions=True,
    )
    assert all(isinstance(one, DomainError) for one in done if isinstance(one, Exception)), done
    assert isinstance(done[0], Member), done
    lugos, salles = territory.members[LUGOS], territory.members[SALLES]
    filed = not isinstance(done[1], Exception)
    assert await needs_of(fresh_database, territory, opened) == {salles: {"arceau": 7 if filed else 3}}
    kept = await needs_of(fresh_database, territory, closed)
    assert kept in ({lugos: {"arceau": 5}, salles: {"arceau": 5}}, {salles: {"arceau": 10}})


async def test_a_draft_that_nobody_can_file_any_more_stands_against_nothing(
    database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    draft: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id, "state": "draft"}
    async with database.transaction(territory.group_id) as session:
        session.add(Declaration(**draft, member_id=territory.members[LUGOS], updated_at=NOW))
        await session.flush()
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await close_collection(session, buyer, purchase_id, FixedClock(NOW), reason="Tous ont répondu")
    assert (await unite(database, territory)).code == SALLES


async def test_what_is_said_of_lines_comes_along(database: Database, territory: Territory) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    lugos, salles = territory.members[LUGOS], territory.members[SALLES]
    await file_needs(database, territory, purchase_id, OF_LUGOS, NOW, arceau=4, abri=1)
    await file_needs(database, territory, purchase_id, OF_SALLES, NOW, arceau=3)
    other = await open_purchase(database, territory, NOW, title="Kits")
    await file_needs(database, territory, other, OF_LUGOS, NOW, abri=1)
    await file_needs(database, territory, other, OF_SALLES, NOW, abri=1)
    async with database.transaction(territory.group_id) as session:
        said = """
            WITH budget AS (
                INSERT INTO budgets (group_id, member_id, code, label)
                VALUES (:the_group, :member, :code, :label) RETURNING id)
            INSERT INTO need_details (group_id, declaration_id, item_id, note, budget_id, engagement)
            SELECT d.group_id, d.id, i.id, :note, budget.id, :engagement
            FROM declarations d JOIN items i ON i.purchase_id = d.purchase_id
            JOIN needs n ON n.declaration_id = d.id AND n.item_id = i.id AND n.up_to > 0, budget
            WHERE d.member_id = :member AND i.code = :item"""
        lines = (
            (lugos, "M57", "Principal", "arceau", "Devant l’école", "E1"),
            (salles, "M57", "Budget principal", "arceau", "", "E2"),
            (lugos, "M4", "Transports", "abri", "", ""),
        )
        for member, code, label, item, note, engagement in lines:
            values = {"member": member, "code": code, "label": label, "item": item, "note": note}
            await session.execute(text(said), {**values, "the_group": territory.group_id, "engagement": engagement})
    await unite(database, territory)
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("""
                SELECT i.code, s.note, b.code, b.member_id, s.engagement FROM need_details s
                JOIN items i ON i.id = s.item_id LEFT JOIN budgets b ON b.id = s.budget_id ORDER BY i.code, i.id""")
        )
        assert [tuple(row) for row in rows] == [
            ("abri", "", "M4", salles, ""),
            ("abri", "Lugos : Transports ; Salles : son budget", None, None, ""),
            ("arceau", "Lugos : Devant l’école", "M57", salles, "E1, E2"),
        ]


async def test_components_of_one_establishment_unite(database: Database, territory: Territory) -> None:
    became = await unite(database, territory, command("UFR-DROIT", "UFR-SANTE", becomes="UFR-SANTE"))
    assert (became.code, became.agents) == ("UFR-SANTE", 420)
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("SELECT code FROM budgets WHERE member_id = :member ORDER BY code"), {"member": became.id}
        )
        assert list(rows.scalars()) == ["900-D", "900-S"]


async def test_what_became_one_may_become_another(database: Database, territory: Territory) -> None:
    await unite(database, territory)
    became = await unite(database, territory, command(SALLES, becomes="213300098"))
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(select(col(Member.merged_into_id)).where(col(Member.code) == LUGOS))
        assert rows.scalar_one() == became.id


def test_the_command_unites(own: Shell) -> None:
    assert own("group", "create", "Bassin", "--facilitator", FACILITATOR).exit_code == 0
    own("directory", "add", "bassin", LUGOS, SALLES)
    asked = own("member", "merge", "bassin", LUGOS, SALLES, "--into", BELIN, "--reason", "Arrêté", "--dry-run")
    assert (asked.exit_code, "Lugos, Salles -> Belin-Béliet" in asked.stdout) == (0, True), asked.stderr
    done = own("member", "merge", "bassin", LUGOS, SALLES, "--into", BELIN, "--reason", "Arrêté")
    assert (done.exit_code, done.stdout) == (0, "Merged into: Belin-Béliet\n"), done.stderr
    again = own("member", "merge", "bassin", LUGOS, "--into", BELIN, "--reason", "Arrêté")
    assert (again.exit_code, "A quitté le groupe" in again.stderr) == (1, True)


async def test_purchases_are_said_in_the_words_of_their_kind(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    await open_purchase(database, territory, NOW, title="Covoiturage", kind="service", items=(), lead_member=LUGOS)
    browser = await sign_in(FACILITATOR)
    merging = text_of(await browser.post("/g/bassin/fusion", FORM, page="/g/bassin/fusion"))
    assert "« Covoiturage » (participation ouverte) : une seule participation." in merging
    leaving = text_of(await browser.get(f"/g/bassin/membres/{LUGOS}/retrait"))
    assert "Il pilote « Covoiturage » (participation ouverte) : terminez cet achat" in leaving


@pytest.mark.parametrize(
    ("codes", "becomes", "kept"),
    [
        ((LUGOS, SALLES), SALLES, ("", "", "Comptabilité")),
        (("UFR-DROIT", "UFR-SANTE"), "UFR-SANTE", ("21330260700014", "ACHATS", "Comptabilité")),
    ],
)
async def test_orders_call_the_new_one_what_one_was_called(
    database: Database, territory: Territory, codes: tuple[str, ...], becomes: str, kept: tuple[str, str, str]
) -> None:
    """Numbers of another legal person are not its own; what it says itself stays."""
    called = {"siret": "21330260700014", "service_code": "ACHATS", "service": "Comptabilité"}
    async with database.transaction(territory.group_id) as session:
        session.add(OrderBuyer(group_id=territory.group_id, member_id=territory.members[codes[0]], **called))
    became = await unite(database, territory, command(*codes, becomes=becomes))
    async with database.transaction(territory.group_id) as session:
        theirs = {buyer.member_id: buyer for buyer in (await session.execute(select(OrderBuyer))).scalars()}
    found = theirs[became.id]
    assert (found.siret or "", found.service_code, found.service) == kept
    assert theirs[territory.members[codes[0]]].siret == called["siret"], "orders in its name are sent again"


async def test_an_order_stays_with_whom_it_names_and_a_draft_is_sent_first(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    await ordered(database, territory, mandate="procedure_only")
    browser = await sign_in(FACILITATOR)
    said = "AG-2027-001 : 2 commandes à son nom ne sont pas parties. À envoyer ou à annuler d’abord."
    assert said in text_of(await browser.get(f"/g/bassin/membres/{LUGOS}/retrait"))
    shown = await browser.post("/g/bassin/fusion", FORM, page="/g/bassin/fusion")
    assert said in text_of(shown)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE orders SET state = 'sent', sent_at = created_at"))
    leaving = text_of(await browser.get(f"/g/bassin/membres/{LUGOS}/retrait"))
    assert "11 unités à recevoir encore, sous son nom : notez-les reçues" in leaving
    await unite(database, territory)
    async with database.transaction(territory.group_id) as session:
        named = await session.execute(text("SELECT DISTINCT member_id FROM orders"))
        assert set(named.scalars()) == {territory.members[LUGOS], territory.members[SALLES]}
