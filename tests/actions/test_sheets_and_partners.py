"""The whole of a sheet: partners with what they bring, phases; as a list, a board, a calendar, a PDF and a workbook."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from api_client import API, Connect, problem
from factories import LUGOS, NOW, Territory
from pooling import PROJECT_ROOT
from pooling.actions.catalogue import read_catalogue
from pooling.actions.keeping import propose_action
from pooling.actions.models import ActionState
from pooling.actions.queries import PartnersCounted, partners_counted
from pooling.actions.rules import brought_words, days_words, next_states, place_in_year, quarters_words
from pooling.actions.schemas import ActionIn, BringsIn, PhaseIn
from pooling.kernel.database import Database
from pooling.kernel.errors import Invalid
from pooling.members.entrance import caller_of
from web_client import SignIn, text_of

FACILITATOR, REFERENT = "animation@bassin.example", "referent@lugos.example"
OURS = read_catalogue(PROJECT_ROOT / "config")
ACTIONS = "/g/bassin/actions"


@pytest.mark.parametrize(
    ("begins", "ends", "said", "place"),
    [
        (None, None, "", (0, 365)),
        (date(2027, 1, 1), date(2027, 3, 31), "T1 2027", (0, 90)),
        (date(2026, 12, 31), date(2027, 1, 1), "T4 2026 à T1 2027", (0, 1)),
        (date(2027, 12, 31), None, "T4 2027 à …", (364, 1)),
        (None, date(2028, 5, 1), "… à T2 2028", (0, 365)),
        (date(2028, 1, 1), None, "T1 2028 à …", (365, 0)),
        (None, date(2026, 12, 31), "… à T4 2026", (0, 0)),
    ],
)
def test_where_an_action_lies_in_a_year(
    begins: date | None, ends: date | None, said: str, place: tuple[int, int]
) -> None:
    assert quarters_words(begins, ends) == said
    assert place_in_year(2027, begins, ends) == place


def test_what_comes_next_is_offered_first() -> None:
    assert [next_states(state)[0] for state in ActionState] == [
        ActionState.PRIORITISED,
        ActionState.AGREED,
        ActionState.UNDER_WAY,
        ActionState.DONE,
        ActionState.UNDER_WAY,
        ActionState.PROPOSED,
    ]
    assert next_states(ActionState.AGREED) == [
        ActionState.UNDER_WAY,
        ActionState.SET_ASIDE,
        ActionState.PRIORITISED,
    ]


def test_what_a_partner_brings_in_words() -> None:
    assert [days_words(half) for half in (0, 1, 2, 3, 4, 5)] == [
        *("0 jour", "0,5 jour", "1 jour", "1,5 jour", "2 jours", "2,5 jours"),
    ]
    assert brought_words(BringsIn(partner="A")) == "sans contribution chiffrée"
    assert brought_words(BringsIn(partner="A", half_days=2, premises="une salle")) == "1 jour, une salle"


async def test_a_sheet_says_who_helps_and_when(sign_in: SignIn, database: Database, territory: Territory) -> None:
    browser = await sign_in(REFERENT)
    page = f"{ACTIONS}/proposition"
    sheet = {
        "title": "Des journaux sur le vélo",
        "content": "Des ateliers, 1 200 exemplaires",
        "lead_member": LUGOS,
        "starts_on": "2027-04-01",
        "ends_on": "2027-09-30",
        "etape-1": "Recensement",
        "du-1": "2027-04-01",
        "au-1": "2027-05-31",
        "partenaire-1": "Atelier vélo de Biganos",
        "somme-1": "1 200,50",
        "jours-1": "2,5",
        "apport-1": "une salle",
    }
    for wrong, said in (
        ({"au-1": ""}, "Indiquez quand cela finit."),
        ({"au-1": "2027-03-01"}, "« Recensement » ne peut pas finir avant d’avoir commencé."),
        ({"jours-1": "2,3"}, "Comptez par demi-journées"),
        ({"partenaire-1": ""}, "Nommez le partenaire qui apporte cela."),
        ({"partenaire-2": "atelier velo de biganos"}, "Un même partenaire figure deux fois"),
    ):
        refused = await browser.post(page, {**sheet, **wrong}, page=page)
        assert refused.status_code == 422, wrong
        assert said in text_of(refused), wrong
        assert "une salle" in refused.text
    made = await browser.post(page, sheet, page=page)
    assert made.status_code == 303, text_of(made)
    one = str(made.headers["location"])
    shown = text_of(await browser.get(one))
    assert "Atelier vélo de Biganos : 1 200,50 €, 2,5 jours, une salle" in shown
    assert "Recensement 01/04/2027 31/05/2027 T2 2027" in shown
    form = (await browser.get(f"{one}/fiche")).text
    assert all(f'value="{typed}"' in form for typed in ("1200,50", "2,5", "2027-05-31", "Atelier vélo de Biganos"))
    partners = text_of(await browser.get(f"{ACTIONS}/partenaires"))
    assert "Atelier vélo de Biganos Autre 1 1 200,50 € 2,5 jours une salle" in partners
    for typed, found in (("journal", 1), ("vélos", 1), ("1200", 1), ("fa-2027", 1), ("Biganos", 1), ("piscine", 0)):
        assert (await browser.get(f"{ACTIONS}?cherche={typed}")).text.count('<th scope="row"') == found, typed
    assert (await browser.get(f"{ACTIONS}?pilote={LUGOS}")).text.count('<th scope="row"') == 1
    assert (await browser.get(f"{ACTIONS}?systeme=velos")).text.count('<th scope="row"') == 0
    calendar = await browser.get(f"{ACTIONS}/calendrier?annee=2027")
    assert "Des journaux sur le vélo" in text_of(calendar)
    assert 'x="24.658%"' in calendar.text  # 90 days of 365
    assert "Aucune action n’a de date en 2029" in text_of(await browser.get(f"{ACTIONS}/calendrier?annee=2029"))


async def test_the_board_moves_actions_without_a_script(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        for number in range(22):
            await propose_action(session, caller, ActionIn(title=f"Action {number}"), OURS, NOW)
    facilitator, other = await sign_in(FACILITATOR), await sign_in(REFERENT)
    board = f"{ACTIONS}/tableau"
    shown = await facilitator.get(board)
    assert shown.text.count("board-card") == 20
    assert "Voir les 22" in text_of(shown)
    assert "Déplacer" not in text_of(await other.get(board))
    moved = await facilitator.post(f"{ACTIONS}/FA-2027-022/etat", {"state": "agreed", "depuis": "tableau"}, page=board)
    assert (moved.status_code, moved.headers["location"]) == (303, board)
    aside = {"state": "set_aside", "depuis": "tableau"}
    refused = await facilitator.post(f"{ACTIONS}/FA-2027-021/etat", aside, page=board)
    assert refused.status_code == 422
    assert "Dites pourquoi elle est écartée" in text_of(refused)


async def test_sheets_are_printed_and_listed(sign_in: SignIn, database: Database, territory: Territory) -> None:
    sheet = ActionIn(
        title="Des arceaux",
        system="stationnement",
        content="Devant les écoles",
        phases=(PhaseIn(label="Pose", begins_on=NOW.date(), ends_on=NOW.date() + timedelta(days=30)),),
        partners=(BringsIn(partner="=Maison du vélo", amount_cents=100_000, half_days=4),),
    )
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[FACILITATOR], territory.group_id)
        await propose_action(session, caller, sheet, OURS, NOW)
        await propose_action(
            session,
            caller,
            ActionIn(title="Un kit", partners=(BringsIn(partner="Maison du velo =", amount_cents=50),)),
            OURS,
            NOW,
        )
        assert await partners_counted(session) == PartnersCounted(1, 2, 100_050, 4)
        twice = sheet.model_copy(update={"partners": (BringsIn(partner="A"), BringsIn(partner="à"))})
        with pytest.raises(Invalid):
            await propose_action(session, caller, twice, OURS, NOW)
    browser = await sign_in(REFERENT)
    pdf = PdfReader(io.BytesIO((await browser.get(f"{ACTIONS}/FA-2027-001/fiche.pdf")).content))
    text = " ".join("".join(page.extract_text() for page in pdf.pages).split())
    assert all(words in text for words in ("Des arceaux", "Devant les écoles", "Maison du vélo", "Pose"))
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"] is not None  # type: ignore[index]
    book = load_workbook(io.BytesIO((await browser.get(f"{ACTIONS}/actions.xlsx")).content))
    assert [sheet.title for sheet in book][:4] == ["Actions", "Calendrier", "Partenaires", "Freins et opportunités"]
    cells = [cell.value for row in book["Partenaires"].iter_rows() for cell in row]
    assert 1000 in cells


async def test_programs_keep_partners(connect: Connect) -> None:
    program = await connect(FACILITATOR)
    sent = {"name": "Maison du vélo", "kind": "association", "website": "https://velo.example"}
    made = await program.post(f"{API}/partners", sent, idempotency_key="p-1")
    assert made.status_code == 201, made.text
    one = f"{API}/partners/{made.json()['id']}"
    assert (await program.post(f"{API}/partners", {"name": "MAISON DU VELO"})).status_code == 422
    assert (await program.post(f"{API}/partners", {"name": "x", "website": "javascript:x"})).status_code == 422
    tag = (await program.get(one)).headers["etag"]
    changed = await program.put(one, {**sent, "contact": "la présidence"}, if_match=tag)
    assert changed.json()["contact"] == "la présidence"
    assert problem(await program.put(one, sent, if_match=tag)) == (412, "changed_meanwhile")
    action = {"title": "Atelier", "partners": [{"partner": "maison du velo", "half_days": 3}]}
    proposed = await program.post(f"{API}/actions", action, idempotency_key="a-1")
    assert proposed.json()["partners"][0]["partner"] == "Maison du vélo"
    (line,) = (await program.get(f"{API}/partners")).json()["items"]
    assert (line["actions"], line["half_days"], line["premises"]) == (1, 3, "")
    assert problem(await program.post(f"{one}/removal", {})) == (409, "partner_in_use")
