"""The journal: every event in a French sentence, for those who may read it, filtered, page after page, as files."""

import ast
import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import openpyxl
from sqlalchemy import text

import pooling
from factories import BUYER, LUGOS, NOW, Territory, file_needs, make_purchase, open_purchase
from pooling.accounts.people import ensure_people
from pooling.actions.rules import ACTION
from pooling.bills.rules import BILL
from pooling.committees.agendas.rules import DIFFICULTY
from pooling.committees.decisions.rules import DECISION
from pooling.committees.rules import COMMITTEE
from pooling.features import FEATURES
from pooling.kernel.database import Database
from pooling.kernel.events import record_event
from pooling.kernel.states import StateMachine
from pooling.members.granting import grant_role
from pooling.members.models import ACCESS_REQUEST, Role
from pooling.orders.rules import ORDER
from pooling.purchases.kinds import KINDS
from pooling.purchases.rules import PURCHASE
from pooling.resources.models import LENDING, RESOURCE
from pooling.rounds.rules import ROUND
from pooling.rounds.workshops.models import WORKSHOP
from web_client import Browser, SignIn, text_of

SENTENCES = {name for feature in FEATURES for name in feature.events.sentences}
SOURCE = Path(pooling.__file__).parent
MACHINES: dict[str, StateMachine[Any]] = {
    machine.noun.upper(): machine
    for machine in (
        PURCHASE,
        ACTION,
        ORDER,
        BILL,
        RESOURCE,
        LENDING,
        ROUND,
        WORKSHOP,
        COMMITTEE,
        DECISION,
        DIFFICULTY,
        ACCESS_REQUEST,
    )
}
"""By the names that the source gives them."""
JOURNAL = "/g/bassin/journal"
OF_PURCHASE = "/g/bassin/achats/AG-2027-001/journal"
FACILITATOR = "animation@bassin.example"
EXPANDED: dict[str, Sequence[str]] = {}
"""What stands in the gap of an event's name that is put together, where no caller names it."""
LINES = ("charge.", "subsidy.")
"""What an event's name begins with where the lines of a purchase's costs are kept alike."""


def _recording() -> Iterator[tuple[Path, ast.Module]]:
    """Modules that may say that something happened."""
    for path in sorted(SOURCE.rglob("*.py")):
        source = path.read_text("utf-8")
        if _RECORDING.search(source):
            yield path, ast.parse(source)


_RECORDING = re.compile(r"\b(?:record_event|move)\(")


@cache
def _calls_in(folder: Path) -> dict[str, list[ast.Call]]:
    """By the name of what is called."""
    found: dict[str, list[ast.Call]] = {}
    for path in folder.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call):
                found.setdefault(_called(call), []).append(call)
    return found


def recorded_names() -> Iterator[tuple[str, str]]:
    """Every event name that the source can record, with the file it is in: constants, both sides of a choice, names
    handed to a function that records them, and states in a gap.
    """
    for path, tree in _recording():
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function.name == "record_event":
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and _called(call) == "move":
                    yield from ((name, str(path.relative_to(SOURCE))) for name in _moved(call, tree))
                if isinstance(call, ast.Call) and _called(call) == "record_event":
                    (given,) = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
                    for name in _names(given, function, SOURCE / path.relative_to(SOURCE).parts[0]):
                        yield name, str(path.relative_to(SOURCE))


def _moved(call: ast.Call, module: ast.Module) -> Iterator[str]:
    """The event of a state machine's move: by its own name, by the state written there, or by every state that one
    can come to.
    """
    assert isinstance(call.func, ast.Attribute)
    machine = MACHINES[getattr(call.func.value, "id", "PURCHASE")]  # a kind's life has the purchase's words
    prefix = machine.event_prefix or machine.noun
    given = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    constants = [str(one.value) for one in given if isinstance(one, ast.Constant)]
    handed = [] if constants or not given else _said_elsewhere(machine, module)
    after = call.args[2]
    if isinstance(after, ast.Attribute):
        reached = {machine.states[after.attr]}
    else:
        reached = {state for states in machine.transitions.values() for state in states} - machine.begins
    states = [] if constants or (handed and machine is PURCHASE) else sorted(reached)
    yield from (f"{prefix}.{name}" for name in (*constants, *handed, *states))


def _said_elsewhere(machine: StateMachine[Any], module: ast.Module) -> list[str]:
    """The names that steps by hand say of a purchase; of anything else, those that its module hands on."""
    if machine is PURCHASE:
        return [step.event for kind in KINDS.values() for step in kind.by_hand]
    said = [keyword.value for call in ast.walk(module) if isinstance(call, ast.Call) for keyword in call.keywords
            if keyword.arg == "name"]  # fmt: skip
    return [str(one.value) for one in said if isinstance(one, ast.Constant)]


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _names(given: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef, folder: Path) -> Iterator[str]:
    if isinstance(given, ast.Constant):
        yield str(given.value)
    elif isinstance(given, ast.IfExp):
        yield from _names(given.body, function, folder)
        yield from _names(given.orelse, function, folder)
    elif isinstance(given, ast.JoinedStr):
        prefix, gap = given.values[0], given.values[-1]
        assert isinstance(gap, ast.FormattedValue)
        for feature in [str(prefix.value)] if isinstance(prefix, ast.Constant) else LINES:
            yield from (f"{feature}{state}" for state in EXPANDED.get(feature, ()))
            yield from (f"{feature}{name}" for name in _handed(gap.value, function, folder))
    else:
        yield from _handed(given, function, folder)


def _handed(given: ast.expr, function: ast.FunctionDef | ast.AsyncFunctionDef, folder: Path) -> Iterator[str]:
    """What the callers of this function, in its own feature, hand over for one of its parameters."""
    parameters = [parameter.arg for parameter in function.args.args]
    if not isinstance(given, ast.Name) or given.id not in parameters:
        return
    place = parameters.index(given.id)
    for call in _calls_in(folder).get(function.name, ()):
        handed = call.args[place] if len(call.args) > place else None
        if isinstance(handed, ast.Constant):
            yield str(handed.value)


def test_every_event_that_the_source_records_has_a_sentence() -> None:
    recorded = dict(recorded_names())
    assert {"role.granted", "committee.moved", "committee.held", "purchase.closed", "access.refused"} <= set(recorded)
    assert {f"{line}{done}" for line in LINES for done in ("added", "changed", "removed")} <= set(recorded)
    assert {name: where for name, where in recorded.items() if name not in SENTENCES} == {}


async def test_the_facilitator_reads_who_did_what(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=3)
    await file_needs(database, territory, purchase_id, "referent@arcachon.example", NOW, arceau=1)
    shown = plain(await (await sign_in(FACILITATOR)).get(JOURNAL))
    for sentence in (
        "a déposé la déclaration d’Arcachon pour AG-2027-001 « Arceaux »",
        "referent a déposé la déclaration de Lugos pour AG-2027-001 « Arceaux »",
        "Achats Arcachon a ouvert la collecte de AG-2027-001 « Arceaux » En préparation Déclarations",
        "L’application a donné à Achats Arcachon le rôle « Acheteur pilote » pour AG-2027-001 « Arceaux »",
        "L’application a donné à referent le rôle « Référent » pour Lugos",
        "01/03/2027 10 h",
    ):
        assert sentence in shown, sentence


def plain(answer: httpx.Response) -> str:
    return text_of(answer).replace("\u00a0", " ").replace("\u202f", " ")


async def test_who_may_read_what(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    await make_purchase(database, territory, NOW, title="Vélos")
    async with database.transaction(territory.group_id) as session:  # runs the first purchase only
        await session.execute(
            text(
                "UPDATE memberships SET ended_at = now() WHERE role = 'lead_buyer' "
                "AND purchase_id = (SELECT id FROM purchases WHERE title = 'Vélos')"
            )
        )
    buyer = await sign_in(BUYER)
    shown = plain(await buyer.get(JOURNAL))
    assert "« Arceaux »" in shown
    assert "« Vélos »" not in shown
    assert "le rôle « Référent »" not in shown
    assert (await buyer.get(OF_PURCHASE)).status_code == 200
    assert (await buyer.get(OF_PURCHASE.replace("001", "002"))).status_code == 403
    assert (await buyer.get(JOURNAL, params={"achat": "AG-2027-002"})).text.count("« Vélos »") == 0
    assert "Vélos" not in (await buyer.get(f"{JOURNAL}/export.csv")).text
    for email in ("observation@bassin.example", "referent@lugos.example", "finances@arcachon.example"):
        browser = await sign_in(email)
        assert "Journal" not in text_of(await browser.get("/g/bassin/achats/AG-2027-001"))
        for path in (JOURNAL, OF_PURCHASE, f"{JOURNAL}/export.csv", f"{OF_PURCHASE}/export.xlsx"):
            assert (await browser.get(path)).status_code == 403, (email, path)


async def test_filters(database: Database, territory: Territory, sign_in: SignIn) -> None:
    await open_purchase(database, territory, NOW)
    await open_purchase(database, territory, NOW + timedelta(days=3), title="Vélos")
    browser = await sign_in(FACILITATOR)

    async def found(**filters: str) -> str:
        return plain(await browser.get(JOURNAL, params=filters))

    assert "« Arceaux »" not in (await found(du="2027-03-04")).rpartition("Ce qui s’est passé")[2]
    assert "« Vélos »" not in (await found(au="2027-03-03")).rpartition("Ce qui s’est passé")[2]
    assert "a ouvert la collecte" in await found(du="2027-03-04", au="2027-03-04", type="purchase")
    assert "a donné à" not in await found(type="purchase")
    assert "a ouvert la collecte" not in await found(type="person")
    by_buyer = await found(personne="achats arcachon")
    assert "a donné à Achats Arcachon" in by_buyer, "also what is about the person"
    assert "a donné à referent" not in by_buyer
    assert "Référent" not in (await found(achat="AG-2027-002")).rpartition("Ce qui s’est passé")[2]
    for no_day in ({"du": "hier"}, {"du": "0001-01-01"}, {"au": "9999-12-31"}):
        assert (await browser.get(JOURNAL, params=no_day)).status_code == 422
    for odd in ({"type": "'; DROP"}, {"apres": "x"}, {"apres": "9" * 40}, {"personne": "%"}, {"achat": "rien"}):
        assert (await browser.get(JOURNAL, params=odd)).status_code in {200, 422}, odd


async def many_events(database: Database, territory: Territory, count: int) -> None:
    async with database.transaction(territory.group_id) as session:
        for place in range(count):
            record_event(
                session,
                at=NOW + timedelta(minutes=place),
                person_id=territory.people[FACILITATOR],
                subject=("group", territory.group_id),
                name="group.renamed",
                reason=f"motif {place:03d}",
            )


async def test_page_after_page_nothing_is_lost_or_doubled(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await many_events(database, territory, 120)
    browser = await sign_in(FACILITATOR)
    seen: list[str] = []
    path = f"{JOURNAL}?type=group"
    while path:
        page = await browser.get(path)
        seen += [word for word in plain(page).split() if word.isdigit() and len(word) == 3]
        path = _next(page.text)
    assert seen == [f"{place:03d}" for place in reversed(range(120))]


async def test_what_is_written_down_afterwards_stands_at_its_time(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    async with database.transaction(territory.group_id) as session:
        for reason, days in (("hier", 1), ("demain", -1), ("avant-hier", 2), ("à l’instant", 0)):
            record_event(
                session,
                at=NOW - timedelta(days=days),
                person_id=territory.people[FACILITATOR],
                subject=("group", territory.group_id),
                name="group.archived",
                reason=reason,
            )
    browser = await sign_in(FACILITATOR)
    path, shown = f"{JOURNAL}/export.csv?type=group", ("demain", "à l’instant", "hier", "avant-hier")
    reasons = [line.split(";")[5] for line in (await browser.get(path)).text.splitlines()[1:]]
    assert [reason for reason in reasons if reason in shown] == list(shown)


def _next(html: str) -> str:
    if 'rel="next"' not in html:
        return ""
    return html.rpartition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")


async def test_files_are_the_same_and_never_formulas(database: Database, territory: Territory, sign_in: SignIn) -> None:
    async with database.transaction() as session:
        people = await ensure_people(session, [("f@lugos.example", "=HYPERLINK(1)", "")], NOW)
    async with database.transaction(territory.group_id) as session:
        await grant_role(session, people["f@lugos.example"], Role.READER, NOW)
        for reason in ("=2+2", "@SUM(A1)"):
            record_event(
                session,
                at=NOW,
                person_id=people["f@lugos.example"],
                subject=("group", territory.group_id),
                name="group.archived",
                reason=reason,
            )
    browser = await sign_in(FACILITATOR)
    csv = await browser.get(f"{JOURNAL}/export.csv", params={"type": "group"})
    assert 'attachment; filename="bassin-journal.csv"' in csv.headers["content-disposition"]
    lines = csv.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Date et heure;Qui;Ce qui s’est passé;Avant;Après;Motif")
    assert "'=HYPERLINK(1)" in lines[1]
    assert "'@SUM(A1)" in lines[1]
    assert not [cell for line in lines for cell in line.split(";") if cell.startswith(("=", "+", "@"))]
    xlsx = await browser.get(f"{JOURNAL}/export.xlsx", params={"type": "group"})
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx.content))["Journal"]
    rows = [[cell for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [row[5].value for row in rows] == ["@SUM(A1)", "=2+2", None]
    assert {cell.data_type for row in rows for cell in row[1:-1] if cell.value} == {"s"}
    moments = [cell for row in rows for cell in (row[0], row[-1])]
    assert {(cell.data_type, cell.number_format) for cell in moments} == {("d", "dd/mm/yyyy hh:mm:ss")}, "real dates"
    assert len(rows) == len(lines) - 1


async def test_a_purged_person_is_a_person_who_left(database: Database, territory: Territory, sign_in: SignIn) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=3)
    async with database.transaction(territory.group_id) as session:
        await session.execute(
            text("UPDATE memberships SET ended_at = :now WHERE person_id = :person"),
            {"now": NOW, "person": territory.people["referent@lugos.example"]},
        )
    async with database.transaction() as session:
        await session.execute(text("SELECT purge_people(:at, :at)"), {"at": NOW + timedelta(days=1)})
    browser: Browser = await sign_in(FACILITATOR)
    shown = plain(await browser.get(JOURNAL))
    assert "Personne partie a déposé la déclaration de Lugos" in shown
    assert "a donné à Personne partie le rôle « Référent » pour Lugos" in shown
    assert "referent@lugos.example" not in shown
    page = plain(await browser.get(f"/g/bassin/achats/AG-2027-001/besoins/{LUGOS}"))
    assert "par Personne partie" in page


async def test_an_event_dated_otherwise_says_when_it_was_written(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    """The database dates every event too: the page and the file show it."""
    async with database.transaction(territory.group_id) as session:
        await grant_role(session, territory.people[FACILITATOR], Role.READER, datetime.now(UTC) - timedelta(days=40))
        await grant_role(session, territory.people["referent@lugos.example"], Role.READER, datetime.now(UTC))
    browser = await sign_in(FACILITATOR)
    until_today = {"au": f"{datetime.now(UTC):%Y-%m-%d}"}  # the territory's own events are years ahead
    page = await browser.get(JOURNAL, params=until_today)
    recent, backdated, *_ = re.findall(r"(?s)<tr>.*?</tr>", page.text.partition("<tbody>")[2])
    assert "Enregistré le" in backdated
    assert "Enregistré le" not in recent
    lines = (await browser.get(f"{JOURNAL}/export.csv", params=until_today)).text.splitlines()
    assert lines[0].endswith(";Enregistré le;Document;Groupe;Date")
    today = datetime.now(ZoneInfo("Europe/Paris")).strftime("%d/%m/%Y")
    assert today in lines[2].split(";")[-4]
    assert not lines[2].startswith(today)
