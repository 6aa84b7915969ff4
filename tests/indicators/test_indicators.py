"""Indicators from what a group did: each figure is right, says what it is made of, and changes with what it is of."""

import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import text

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.actions.catalogue import Catalogue
from pooling.actions.keeping import move_action, propose_action
from pooling.actions.models import ActionState
from pooling.actions.schemas import ActionIn, BringsIn
from pooling.allocation.models import Charge, Subsidy
from pooling.allocation.records.freezing import freeze_allocation
from pooling.experiences.keeping import tell_experience
from pooling.experiences.schemas import ExperienceIn
from pooling.indicators.figures import Figure, Piece, Theme, Unit
from pooling.indicators.report import headlines, improvements
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.purchases.details import describe_item
from pooling.purchases.models import Emission
from pooling.purchases.schemas import DetailsIn
from web_client import SignIn, text_of

YEAR = "/g/bassin/indicateurs"
FACILITATOR, REFERENT, OTHER = "animation@bassin.example", "referent@lugos.example", "referent@salles.example"
ALONE = DetailsIn(price_alone=Decimal("207.50"), price_source="Devis de 2026", priced_on=date(2026, 12, 15))


async def bought(database: Database, territory: Territory) -> int:
    """11 racks and 2 shelters, of which only racks have a price alone; a delivery and an aid; frozen."""
    purchase_id = await open_purchase(database, territory, NOW, participants=(ARCACHON, LUGOS, SALLES))
    await file_needs(database, territory, purchase_id, REFERENT, NOW, arceau=4, abri=1)
    await file_needs(database, territory, purchase_id, OTHER, NOW, arceau=7, abri=1)
    of_it: dict[str, Any] = {"group_id": territory.group_id, "purchase_id": purchase_id}
    async with database.transaction(territory.group_id) as session:
        session.add(Charge(**of_it, code="livraison", label="Livraison", amount_cents=10_000, key="equal"))
        session.add(Subsidy(**of_it, code="aide", label="Aide", amount_cents=50_000))
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await describe_item(session, buyer, purchase_id, "arceau", ALONE, NOW)
        await describe_item(session, buyer, purchase_id, "abri", DetailsIn(emission=Emission.VERY_LOW), NOW)
        await session.flush()
        await freeze_allocation(session, buyer, purchase_id, "AG-2027-001", FixedClock(NOW))
    return purchase_id


async def test_a_purchase_shows_in_its_year(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    purchase_id = await bought(database, territory)
    reader = await sign_in("observation@bassin.example")
    program = await connect(REFERENT)
    found = {one["code"]: one for one in (await program.get(f"{API}/indicators")).json()["figures"]}
    assert {code: found[code]["value"] for code in ("purchases", "members", "units", "costs", "subsidies")} == {
        "purchases": "1",
        "members": "3",  # who takes nothing pays a third of the delivery
        "units": "13",
        # 11 × 180 + 2 × 14 000 + 100, and a fifth of it
        "costs": str(3_008_000 * 6 // 5),
        "subsidies": "50000",
    }
    assert found["savings"]["value"] == str(11 * 2750)
    assert "1 article sans prix de référence ne compte pas" in found["savings"]["note"].replace("\u00a0", " ")
    assert found["clean_vehicles"]["value"] == "1"
    assert found["clean_vehicles"]["kept"] is True
    assert found["delay"]["value"] is None
    assert found["carbon"]["value"] is None
    page = text_of(await reader.get(f"{YEAR}?annee=2027"))
    for words in ("36 096,00 €", "302,50 €", "Véhicules à très faibles émissions", " 100 %", "rien à mesurer"):
        assert words in page, words
    made = text_of(await reader.get(f"{YEAR}/savings?annee=2027"))
    assert "2 282,50 € seul, 1 980,00 € ensemble" in made
    assert "Frais et remises partagés, à part : 100,00 €" in made
    assert "sans prix de référence" in made
    before = {one["code"]: one for one in (await program.get(f"{API}/indicators?year=2026")).json()["figures"]}
    assert before["purchases"]["value"] == "0"
    book = load_workbook(BytesIO((await reader.get(f"{YEAR}/indicateurs.xlsx?annee=2027")).content))
    rows = {row[1].value: (row[2].value, row[3].value) for row in book.worksheets[0].iter_rows(min_row=2)}
    assert rows["Économies"] == (302.5, "€")
    assert rows["Véhicules à faibles émissions"] == (100, "%")
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE purchases SET state = 'cancelled' WHERE id = :id"), {"id": purchase_id})
    after = {one["code"]: one for one in (await program.get(f"{API}/indicators")).json()["figures"]}
    assert (after["costs"]["value"], after["savings"]["value"]) == ("0", None)


async def test_meetings_stand_against_the_cadence(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    held = datetime(2027, 2, 10, 9, tzinfo=UTC)
    async with database.transaction(territory.group_id) as session:
        made = await session.execute(
            text("""
                WITH c AS (
                    INSERT INTO committees (group_id, kind, title, state, local_start, starts_at, ends_at, clear_days,
                        published_at, minutes, minutes_version, place, link, invited_roles, taken_off, search_text,
                        revision, scheduled_at, created_at)
                    VALUES (:group, 'steering', 'Comité', 'minuted', '2027-02-10 10:00', CAST(:at AS timestamptz),
                        CAST(:at AS timestamptz) + interval '1 hour', 5, CAST(:at AS timestamptz) + interval '20 days',
                        '', 0, '', '', '{}', '{}', '', 1, :at, :at) RETURNING id),
                i AS (INSERT INTO committee_invitations (group_id, committee_id, person_id, invited_at, present)
                    SELECT :group, c.id, p, :at, p = :came FROM c CROSS JOIN unnest(CAST(:people AS bigint[])) p)
                INSERT INTO decisions (group_id, committee_id, number, content, state, terms, outcome, revision,
                    assigned_at, created_at, due_on)
                SELECT :group, c.id, n, 'Commander', CASE n WHEN 1 THEN 'done' WHEN 2 THEN 'open' ELSE 'dropped' END,
                    '{}', '', 1, :at, :at, '2027-02-20' FROM c CROSS JOIN generate_series(1, 3) n RETURNING id"""),
            {
                "group": territory.group_id,
                "at": held,
                "people": [territory.people[REFERENT], territory.people[OTHER]],
                "came": territory.people[REFERENT],
            },
        )
        assert len(made.all()) == 3
    figures = (await (await connect(REFERENT)).get(f"{API}/indicators")).json()["figures"]
    found = {one["code"]: (one["value"], one["target"], one["kept"]) for one in figures}
    assert found["meetings"] == ("1", "0", True)  # the group is of March, and it is March
    assert found["attendance"] == ("0.5", None, None)
    assert found["minutes_on_time"] == ("0", "1", False)
    assert found["decisions_done"] == ("0.5", "1", False)
    shown = text_of(await (await sign_in(REFERENT)).get(f"{YEAR}/minutes_on_time"))
    assert "Comité 10 février 2027" in shown or "mercredi 10 février 2027" in shown
    assert "après 20 jours" in shown


async def test_days_are_noted_by_those_who_may(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    await bought(database, territory)
    referent, other = await sign_in(REFERENT), await sign_in(OTHER)
    days = f"{YEAR}/temps"
    form = {"member": LUGOS, "spent_on": "2027-03-01", "days": "0,5", "what": "Cahier des charges"}
    refused = await referent.post(days, {**form, "spent_on": "2027-04-01"}, page=days)
    assert refused.status_code == 422
    assert 'id="erreur-champ-spent_on"' in refused.text
    assert 'value="Cahier des charges"' in refused.text
    assert (await referent.post(days, {**form, "purchase": "AG-2027-001"}, page=days)).status_code == 303
    assert (await other.post(days, form, page=days)).status_code == 403
    program = await connect(REFERENT)
    (noted,) = (await program.get(f"{API}/agent-days")).json()["items"]
    assert (noted["member"], noted["days"], noted["purchase"]) == (LUGOS, "0.5", "AG-2027-001")
    assert problem(await program.post(f"{API}/agent-days", {**form, "days": "0", "spent_on": "2027-03-01"}))[0] == 422
    made = await referent.get(f"{YEAR}/agent_days")
    assert "Cahier des charges Lugos, lundi 1er mars 2027 0,5 jour" in text_of(made)
    assert 'href="/g/bassin/achats/AG-2027-001">Cahier des charges' in made.text
    assert "a noté 0,5 jours d’agents de Lugos : Cahier des charges" in text_of(
        await (await sign_in(BUYER)).get("/g/bassin/achats/AG-2027-001/journal")
    )
    assert (await other.post(f"{days}/{noted['id']}/retrait", {}, page=days)).status_code == 403
    assert (await referent.post(f"{days}/{noted['id']}/retrait", {}, page=days)).status_code == 303
    assert (await program.get(f"{API}/agent-days")).json()["items"] == []


async def test_carbon_rests_on_what_somebody_assumed(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    await bought(database, territory)
    animator = await sign_in(FACILITATOR)
    listed = await animator.get(f"{YEAR}/hypotheses")
    assert "Arceau posé" in text_of(listed)
    item = next(
        href.partition('"')[0] for href in listed.text.split('href="')[1:] if href.startswith(f"{YEAR}/hypotheses/")
    )
    typed = {"replaced": "petrol_car", "replaced_by": "e_bike", "kilometres": "1 200", "source": "Enquête de 2026"}
    typed["version"] = (await animator.get(item)).text.partition('name="version" value="')[2].partition('"')[0]
    wrong = await animator.post(item, {**typed, "replaced_by": "petrol_car"}, page=item)
    assert 'id="erreur-champ-replaced_by"' in wrong.text
    assert (await animator.post(item, typed, page=item)).status_code == 303
    figures = (await (await connect(REFERENT)).get(f"{API}/indicators")).json()["figures"]
    carbon = next(one for one in figures if one["code"] == "carbon")
    assert Decimal(carbon["value"]) == 2 * 1200 * (Decimal("0.1423") - Decimal("0.01095"))
    assert "ADEME, Impact CO₂, 01/06/2026" in carbon["note"]
    stale = await animator.post(item, {**typed, "kilometres": "5", "version": "0"})
    assert stale.status_code == 422
    assert "Deux versions de cette hypothèse" in text_of(stale)
    assert (await (await sign_in(REFERENT)).get(item)).status_code == 403


async def test_the_report_of_a_year_is_ready_for_a_council(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await bought(database, territory)
    reader = await sign_in("observation@bassin.example")
    shown = text_of(await reader.get(f"{YEAR}/bilan?annee=2027"))
    for words in (
        "Bilan 2027 du groupe « Bassin »",
        "L’année n’est pas finie",
        "Dépense TTC : 36 096,00 €",
        "Arceaux (AG-2027-001) 3 36 096,00 € 302,50 €",
        "Le groupe n’a pas d’action.",
    ):
        assert words in shown, words
    odt = zipfile.ZipFile(BytesIO((await reader.get(f"{YEAR}/bilan.odt?annee=2027")).content)).read("content.xml")
    docx = zipfile.ZipFile(BytesIO((await reader.get(f"{YEAR}/bilan.docx?annee=2027")).content)).read(
        "word/document.xml"
    )
    assert "302,50" in odt.decode()
    assert "302,50" in docx.decode()
    assert (await reader.get(f"{YEAR}/bilan.pdf?annee=2027")).content.startswith(b"%PDF-")
    assert "Rien n’est encore à dire" not in shown
    book = load_workbook(BytesIO((await reader.get(f"{YEAR}/bilan.xlsx?annee=2027")).content))
    assert book.sheetnames == ["Bilan", "À améliorer", "Achats", "Actions", "De quoi ils sont faits", "À propos"]
    rows = {row[1].value: [cell.value for cell in row[2:5]] for row in book["Bilan"].iter_rows(min_row=2)}
    assert rows["Dépense TTC"] == [36_096, 0, "€"]
    improved = [row[1].value for row in book["À améliorer"].iter_rows(min_row=2)]
    assert any("1 article acheté n’a pas de prix de référence" in str(line).replace("\xa0", " ") for line in improved)
    assert 'href="/g/bassin/indicateurs/bilan.xlsx?annee=2027"' in (await reader.get(f"{YEAR}/bilan?annee=2027")).text
    before = text_of(await reader.get(f"{YEAR}/bilan?annee=2026"))
    assert "Aucun état de répartition n’a été figé cette année." in before


async def test_an_action_is_looked_at_alone(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    """Its purchases, days, opinions and partners, beside those of the whole group; its sheet says what came of it."""
    purchase_id = await bought(database, territory)
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        brings = BringsIn(partner="Atelier vélo", amount_cents=120_050, half_days=5, premises="une salle")
        ours, theirs = [
            await propose_action(
                session, caller, ActionIn(title=title, partners=(brings,), starts_on=starts_on), Catalogue(), NOW
            )
            for title, starts_on in (("Des arceaux", date(2026, 11, 2)), ("Des bureaux", None))
        ]
        for action in (ours, theirs):
            await move_action(session, caller, action.reference, ActionState.UNDER_WAY, NOW)
        await session.execute(
            text("UPDATE purchases SET action_id = :action WHERE id = :id"), {"action": ours.id, "id": purchase_id}
        )
        await session.execute(
            text("""
                WITH d AS (INSERT INTO agent_days (group_id, member_id, spent_on, days, what, noted_at, action_id)
                    SELECT :group, :member, '2027-03-01', n, 'Suivi', :now, a
                    FROM unnest(CAST(:actions AS bigint[])) WITH ORDINALITY u(a, n))
                INSERT INTO opinions (group_id, purchase_id, person_id, first, second, comment, given_at)
                VALUES (:group, :purchase, :who, 5, 4, 'Solide', :now)"""),
            {
                "group": territory.group_id,
                "member": territory.members[LUGOS],
                "now": NOW,
                "actions": [ours.id, theirs.id],
                "purchase": purchase_id,
                "who": territory.people[REFERENT],
            },
        )
    program, reader = await connect(REFERENT), await sign_in("observation@bassin.example")
    codes = ("purchases", "costs", "savings", "agent_days", "satisfied", "partners", "partner_money", "partner_days")

    async def told(query: str) -> dict[str, str | None]:
        answer = await program.get(f"{API}/indicators{query}")
        found = {one["code"]: one["value"] for one in answer.json()["figures"]}
        return {code: found.get(code) for code in (*codes, "partner_premises", "meetings", "lent")}

    costs, saved = str(3_008_000 * 6 // 5), str(11 * 2750)
    one = ["1", costs, saved, "1", "1", "1", "120050", "2.5", "1", None, None]
    assert list((await told("?action=FA-2027-001")).values()) == one
    assert list((await told("?action=FA-2027-002")).values()) == [
        *("0", "0", None, "2", None, "1", "120050", "2.5", "1", None, None)
    ]
    assert list((await told("")).values()) == [*("1", costs, saved, "3", "1", "1", "240100", "5", "2", "0", "0")]
    before = await told("?action=FA-2027-001&year=2026")
    assert (before["partners"], before["costs"]) == ("1", "0"), "it began the year before"
    assert (await told("?action=FA-2027-002&year=2026"))["partners"] == "0", "it was proposed this year"
    assert problem(await program.get(f"{API}/indicators?action=FA-1")) == (404, "not_found")
    (piece,) = [
        piece
        for figure in (await program.get(f"{API}/indicators?action=FA-2027-001")).json()["figures"]
        for piece in figure["pieces"]
        if figure["code"] == "partner_money"
    ]
    assert (piece["label"], piece["words"].replace("\u202f", " "), piece["note"]) == (
        *("Atelier vélo", "1 200,50\u00a0€", "Des arceaux"),
    )
    assert (await reader.get(piece["path"])).status_code == 200
    page = await reader.get(f"{YEAR}?action=FA-2027-001")
    assert "De l’action « Des arceaux »" in text_of(page)
    assert "/g/bassin/indicateurs/savings?annee=2027&amp;action=FA-2027-001" in page.text
    made = text_of(await reader.get(f"{YEAR}/savings?annee=2027&action=FA-2027-001"))
    assert "Prix seul : Devis de 2026, 15/12/2026" in made
    assert (await reader.get(f"{YEAR}?action=FA-1")).status_code == 404
    book = load_workbook(BytesIO((await reader.get(f"{YEAR}/indicateurs.xlsx?action=FA-2027-001")).content))
    rows = {row[1].value: row[2].value for row in book.worksheets[0].iter_rows(min_row=2)}
    assert rows["Apports des partenaires, en argent"] == 1200.5
    sheet = text_of(await reader.get("/g/bassin/actions/FA-2027-001"))
    for words in ("Résultats Indicateur", "Temps des agents 1 jour", "Économies 302,50 €"):
        assert words in sheet, words
    assert "Apports des partenaires, en argent" in text_of(await reader.get(f"{YEAR}/bilan?annee=2027"))


async def test_figures_are_drawn_beside_their_tables(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await bought(database, territory)
    reader = await sign_in("observation@bassin.example")
    page = await reader.get(f"{YEAR}?annee=2027")
    assert page.text.count('class="bar-mark"') == 2, "what is expected of clean vehicles"
    assert "Part demandée du 01/01/2026 au 31/12/2029 à un parc de plus de 20 véhicules" in text_of(page)
    made = await reader.get(f"{YEAR}/units?annee=2027")
    assert made.text.count('<svg class="bar"') == 2, "racks and shelters"
    assert '<svg class="bar"' not in (await reader.get(f"{YEAR}/purchases?annee=2027")).text, "one purchase"


async def test_all_years_are_looked_at_together(
    database: Database, territory: Territory, sign_in: SignIn, connect: Connect
) -> None:
    """From the one in which the group began on."""
    await bought(database, territory)
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE groups SET created_at = '2025-06-01'"))
        await session.execute(
            text("""
                INSERT INTO agent_days (group_id, member_id, spent_on, days, what, noted_at)
                SELECT :group, :member, day, 1.5, 'Suivi', :now
                FROM unnest(CAST(ARRAY['2026-03-01', '2027-03-01'] AS date[])) day"""),
            {"group": territory.group_id, "member": territory.members[LUGOS], "now": NOW},
        )
    reader, program = await sign_in("observation@bassin.example"), await connect(REFERENT)
    shown = await reader.get(YEAR)
    assert [year for year in ("2025", "2026", "2027", "toutes") if f'href="{YEAR}?annee={year}"' in shown.text] == [
        *("2025", "2026", "2027", "toutes"),
    ]
    together = await reader.get(f"{YEAR}?annee=toutes")
    assert "Indicateurs, toutes les années" in text_of(together)
    assert f'href="{YEAR}/agent_days?annee=toutes"' in together.text
    assert "Suivi Lugos, dimanche 1er mars 2026 1,5 jour" in text_of(
        await reader.get(f"{YEAR}/agent_days?annee=toutes")
    )
    answer = (await program.get(f"{API}/indicators?all_years=true")).json()
    found = {one["code"]: one["value"] for one in answer["figures"]}
    assert (answer["year"], found["agent_days"], found["purchases"]) == (None, "3", "1")
    assert (await reader.get(f"{YEAR}/indicateurs.xlsx?annee=toutes")).status_code == 200


def test_bars_are_of_pieces_with_a_length() -> None:
    """The first twenty of them, against the longest or the whole; one alone says nothing."""

    def figure(*drawn: int | None, whole: int | None = None) -> Figure:
        pieces = [Piece("", "", drawn=one) for one in drawn]
        return Figure("units", "Quantités", Unit.COUNT, 1, pieces=pieces, whole=whole)

    assert [row["value"] for row in figure(3, None, 0, -2).bars] == [3, 0]
    assert figure(3, None).bars == []
    assert figure(0, 0).bars == []
    assert len(figure(*range(30)).bars) == 20
    assert figure(3, 7).longest_bar == 7
    assert figure(3, 7, whole=15).longest_bar == 15


async def test_a_report_says_what_was_learnt_and_proposed_by_the_end_of_its_year(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        await propose_action(session, caller, ActionIn(title="Des arceaux"), Catalogue(), NOW)
        sheet = ExperienceIn(title="La borne", differently="La demander\navant les voitures.")
        await tell_experience(session, caller, sheet, NOW)
    reader = await sign_in("observation@bassin.example")
    this, before = [text_of(await reader.get(f"{YEAR}/bilan?annee={year}")) for year in (2027, 2026)]
    for words in ("Des arceaux (FA-2027-001)", "La borne : La demander avant les voitures."):
        assert (words in this, words in before) == (True, False), words


def test_what_is_to_improve_is_what_is_missed() -> None:
    missed = Figure("attendance", "Présence", Unit.RATE, Fraction(1, 2), "1 présent.", Fraction(4, 5), kept=False)
    reached = Figure("meetings", "Réunions tenues", Unit.COUNT, 4, target=4, kept=True)
    silent = Figure("savings", "Économies", Unit.CENTS, None)
    units = Figure("units", "Quantités", Unit.COUNT, 3)
    said = [line.replace("\u00a0", " ").replace("\u202f", " ") for line in improvements([Theme("", [missed, reached])])]
    assert said == ["Présence : 50 %, 80 % attendu. 1 présent."]
    assert len(improvements([Theme("", [reached, silent, units])])) == 1
    assert improvements([Theme("", [reached, silent])]) == []
    (without,) = improvements([Theme("", [reached, units])], 2)
    assert "2 articles achetés n’ont pas" in without.replace("\u00a0", " ")
    assert headlines([Theme("", [reached, silent])]) == ["Réunions tenues : 4"]
