"""A long workbook: asked for, followed, downloaded by whoever sees every share, and forgotten."""

import io
import re
import socket
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from litestar import Litestar
from openpyxl import load_workbook
from sqlalchemy import select, text, update
from sqlmodel import col

from api_client import API, Connect, problem
from factories import ARCACHON, BUYER, LUGOS, NOW, SALLES, Territory, file_needs, open_purchase
from pooling.accounting.configuration import AccountingLayouts
from pooling.accounting.layout_export import layout_export
from pooling.accounting.statement_export import STATEMENTS
from pooling.allocation.configuration import FinanceConfiguration
from pooling.allocation.figures import PLACES
from pooling.allocation.models import Charge
from pooling.allocation.records.freezing import freeze_allocation
from pooling.allocation.records.version_exports import VERSION_EXPORTS
from pooling.allocation.records.workbook_export import ask_workbook, workbook_kind
from pooling.exports.asking import KEPT, forget_exports
from pooling.exports.models import Export
from pooling.exports.writing import LEASE, MOST_TRIES, write_exports
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.members.entrance import caller_of
from pooling.members.granting import grant_role
from pooling.members.models import Membership, Role
from pooling.recovery.export import recovery_export
from pooling.settings import Settings
from web_client import SignIn, stand_on, text_of

PURCHASE = "/g/bassin/achats/AG-2027-001"
COSTS = f"{PURCHASE}/couts"
ASKED = f"{COSTS}/classeurs"
FINANCE = "finances@arcachon.example"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Every workbook is a long one."""
    return Settings(data_dir=tmp_path, direct_workbook_rows=0)


@pytest.fixture
async def purchase_id(database: Database, territory: Territory) -> int:
    purchase_id = await open_purchase(database, territory, NOW, participants=(ARCACHON, LUGOS, SALLES))
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=7)
    return purchase_id


async def ask(
    database: Database, territory: Territory, purchase_id: int, *, email: str = FINANCE, record: int | None = None
) -> str:
    """The address of the workbook asked for, as by the button but for the bell."""
    async with database.transaction(territory.group_id) as session:
        caller = await caller_of(session, territory.people[email], territory.group_id)
        return f"{ASKED}/{await ask_workbook(session, caller, purchase_id, NOW, record=record)}"


async def work(database: Database, clock: FixedClock) -> int:
    return await write_exports(database, clock, [workbook_kind(FinanceConfiguration())])


async def exports(database: Database, territory: Territory) -> list[tuple[str, int]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(select(col(Export.state), col(Export.tries)).order_by(col(Export.id)))
        return [(state, tries) for state, tries in rows]


async def freeze(database: Database, territory: Territory, purchase_id: int) -> None:
    async with database.transaction(territory.group_id) as session:
        buyer = await caller_of(session, territory.people[BUYER], territory.group_id)
        await freeze_allocation(session, buyer, purchase_id, "AG-2027-001", FixedClock(NOW))


def quantities(content: bytes) -> list[object]:
    """The units of every row of « Détail »."""
    rows = list(load_workbook(io.BytesIO(content))["Détail"].iter_rows(min_row=2, values_only=True))
    return [row[PLACES["quantity"]] for row in rows[:-1]]


async def test_a_long_workbook_is_asked_for_followed_and_downloaded(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser = await sign_in(FINANCE)
    costs = await browser.get(COSTS)
    assert f'action="{ASKED}"' in costs.text
    assert "repartition.xlsx" not in costs.text
    asked = await browser.post(ASKED)
    assert asked.status_code == 303
    page = asked.headers["location"]
    waiting = await browser.get(page)
    assert "data-progress" in waiting.text
    assert "Le travail commence dans la minute." in text_of(waiting)
    assert (await browser.get(f"{page}/fichier")).status_code == 404
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=9)
    clock.instant += timedelta(minutes=1)
    assert await work(database, clock) == 1
    ready = await browser.get(page)
    assert "data-progress" not in ready.text
    assert "Contenu Chiffres du lundi 1er mars 2027 à 10 h 01" in text_of(ready)
    assert "Gardé jusqu’au lundi 8 mars 2027" in text_of(ready)
    file = await browser.get(f"{page}/fichier")
    assert file.headers["content-disposition"] == 'attachment; filename="AG-2027-001-repartition-estimee.xlsx"'
    assert quantities(file.content) == [9], "the figures of the moment at which it was written"
    listed = text_of(await browser.get(ASKED))
    assert "Chiffres du lundi 1er mars 2027 à 10 h 01" in listed
    assert "Prêt" in listed


async def test_a_records_workbook_has_its_figures_and_is_written_once(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    await freeze(database, territory, purchase_id)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=9)
    browser = await sign_in(FINANCE)
    record = await browser.get(f"{COSTS}/etats/1")
    assert '<input type="hidden" name="etat" value="1">' in record.text
    page = (await browser.post(ASKED, {"etat": "1"})).headers["location"]
    clock.instant += timedelta(hours=1)
    assert await work(database, clock) == 1
    assert "État n° 1, figé lundi 1er mars 2027 à 10 h" in text_of(await browser.get(page))
    assert quantities((await browser.get(f"{page}/fichier")).content) == [7]
    assert await ask(database, territory, purchase_id, record=1) == page, "it would be the same"
    assert await ask(database, territory, purchase_id) != page
    for record_number in ("2", "0", "-1", "1.5", "9" * 30, "²"):
        assert (await browser.post(ASKED, {"etat": record_number})).status_code == 404, record_number
        assert (await browser.get(f"{ASKED}?etat={record_number}")).status_code in {200, 404}, record_number


async def test_a_long_file_leads_to_the_button_and_changes_nothing(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn
) -> None:
    await freeze(database, territory, purchase_id)
    browser = await sign_in(FINANCE)
    for file, page in (("repartition", ASKED), ("etats/1/repartition", f"{ASKED}?etat=1")):
        answer = await browser.get(f"{COSTS}/{file}.xlsx")
        assert (answer.status_code, answer.headers["location"]) == (303, page)
        assert f'action="{ASKED}"' in (await browser.get(page)).text
        for kind in ("csv", "json"):
            assert (await browser.get(f"{COSTS}/{file}.{kind}")).status_code == 200, "other files stay as they were"
    assert await exports(database, territory) == []


async def test_just_below_the_limit_the_workbook_is_a_download_as_ever(
    purchase_id: int, app: Litestar, sign_in: SignIn, tmp_path: Path
) -> None:
    """One member pays: a row of « Répartition » for each of the three, its item in two sheets, its VAT in one."""
    browser = await sign_in(FINANCE)
    for most, status in ((6, 200), (5, 303)):
        stand_on(app, settings=Settings(data_dir=tmp_path, direct_workbook_rows=most))
        assert (await browser.get(f"{COSTS}/repartition.xlsx")).status_code == status
        assert ("repartition.xlsx" in (await browser.get(COSTS)).text) is (status == 200)


FILES = {
    f"{COSTS}/etats/2/dettes.csv": (f"{COSTS}/etats/2/dettes", {"quoi": "debts", "etat": "2", "format": "csv"}),
    f"{COSTS}/etats/2/dettes.xlsx": (f"{COSTS}/etats/2/dettes", {"quoi": "debts", "etat": "2"}),
    f"{COSTS}/etats/2/ecarts.xlsx?avec=1": (
        f"{COSTS}/etats/2/ecarts?avec=1", {"quoi": "gaps", "etat": "2", "avec": "1"},
    ),
    f"{COSTS}/etats/2/comptabilite/titres?creancier={ARCACHON}": (
        f"{COSTS}/etats/2", {"quoi": "accounting", "etat": "2", "modele": "titres", "creancier": ARCACHON},
    ),
    f"{COSTS}/etats/2/comptabilite/mandats": (
        f"{COSTS}/etats/2", {"quoi": "accounting", "etat": "2", "modele": "mandats"},
    ),
    f"{PURCHASE}/recouvrement/liste.csv": (f"{PURCHASE}/recouvrement", {"quoi": "recovery", "format": "csv"}),
    f"{PURCHASE}/recouvrement/liste.xlsx": (f"{PURCHASE}/recouvrement", {"quoi": "recovery", "format": "xlsx"}),
}  # fmt: skip
"""Each with the page that offers it, and what its button says."""


async def test_every_long_file_of_costs_is_what_would_be_downloaded_at_once(
    purchase_id: int,
    app: Litestar,
    database: Database,
    territory: Territory,
    sign_in: SignIn,
    clock: FixedClock,
    tmp_path: Path,
) -> None:
    async with database.transaction(territory.group_id) as session:
        await session.execute(text("UPDATE members SET name = 'Ługos' WHERE code = :code"), {"code": LUGOS})
    await freeze(database, territory, purchase_id)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=9)
    await file_needs(database, territory, purchase_id, "referent@salles.example", NOW, arceau=2)
    await freeze(database, territory, purchase_id)
    browser = await sign_in(FINANCE)
    stand_on(app, settings=Settings(data_dir=tmp_path))
    at_once = {path: await browser.get(path) for path in FILES}
    stand_on(app, settings=Settings(data_dir=tmp_path, direct_workbook_rows=0))
    kinds = [*VERSION_EXPORTS, layout_export(AccountingLayouts()), recovery_export(FinanceConfiguration())]
    for path, (page, asks) in FILES.items():
        downloaded = await browser.get(path)
        assert (downloaded.status_code, downloaded.headers["location"]) == (303, page), path
        offered = (await browser.get(page)).text
        assert f'action="{ASKED}"' in offered, page
        assert f'name="quoi" value="{asks["quoi"]}"' in offered, page
        asked = (await browser.post(ASKED, asks)).headers["location"]
        assert await write_exports(database, clock, kinds) == 1, path
        ready = await browser.get(asked)
        assert "Le fichier est prêt" in text_of(ready), path
        file = await browser.get(f"{asked}/fichier")
        for header in ("content-disposition", "content-type", "x-transliterated"):
            assert file.headers.get(header) == at_once[path].headers.get(header), path
        changed = int(file.headers.get("x-transliterated", 0))
        assert (changed > 0) is (asks["quoi"] == "accounting"), path
        assert (f"{changed}\u00a0valeur" in ready.text) is (changed > 0), path
        assert shown(file.content) == shown(at_once[path].content), path
        assert len(shown(file.content)) > 1, path
    listed = text_of(await browser.get(ASKED))
    for title in ("Qui doit à qui (CSV)", "Écarts avec l’état n° 1 (XLSX)", "Projets de titres", "Recouvrement (XLSX)"):
        assert title in listed, title
    for wrong in ({"quoi": "autre"}, {"quoi": "debts", "etat": "9"}, {"quoi": "gaps", "etat": "2", "avec": "x"},
                  {"quoi": "accounting", "etat": "2", "modele": "autre"},
                  {"quoi": "accounting", "etat": "2", "modele": "titres", "creancier": LUGOS}):  # fmt: skip
        assert (await browser.post(ASKED, wrong)).status_code == 404, wrong


WORKBOOK = f"{API}/purchases/AG-2027-001/allocation"
ASKS: dict[str, dict[str, object]] = {
    f"{COSTS}/etats/2/repartition.xlsx": {"kind": "allocation", "record": 2},
    f"{COSTS}/etats/2/dettes.xlsx": {"kind": "debts", "record": 2},
    f"{COSTS}/etats/2/ecarts.xlsx?avec=1": {"kind": "gaps", "record": 2, "other": 1},
    f"{COSTS}/etats/2/comptabilite/titres?creancier={ARCACHON}": {
        "kind": "accounting", "record": 2, "layout": "titres", "creditor": ARCACHON,
    },
    f"{PURCHASE}/recouvrement/liste.csv": {"kind": "recovery", "format": "csv"},
    f"{COSTS}/etats/2/releves/{LUGOS}": {"kind": "statements", "record": 2},
}  # fmt: skip
"""Files that pages hand out at once, each as programs ask for it."""


async def test_programs_ask_for_long_files_follow_them_and_fetch_them(
    purchase_id: int,
    app: Litestar,
    database: Database,
    territory: Territory,
    sign_in: SignIn,
    connect: Connect,
    clock: FixedClock,
    tmp_path: Path,
) -> None:
    await freeze(database, territory, purchase_id)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=9)
    await freeze(database, territory, purchase_id)
    browser, program = await sign_in(FINANCE), await connect(FINANCE)
    stand_on(app, settings=Settings(data_dir=tmp_path))
    at_once = {path: await browser.get(path) for path in ASKS}
    stand_on(app, settings=Settings(data_dir=tmp_path, direct_workbook_rows=0))
    for kind, code in ((".xlsx", "long_workbook"), ("/accounting?record=2&layout=titres", "long_file")):
        assert problem(await program.get(WORKBOOK + kind)) == (409, code)
    finance, layouts = FinanceConfiguration(), AccountingLayouts()
    kinds = [workbook_kind(finance), *VERSION_EXPORTS, layout_export(layouts), recovery_export(finance), STATEMENTS]
    one = ""
    for path, asks in ASKS.items():
        asked = await program.post(f"{WORKBOOK}/files", asks)
        assert (asked.status_code, asked.json()["state"], asked.json()["content"]) == (202, "waiting", None), path
        one = asked.headers["location"]
        assert (await program.post(f"{WORKBOOK}/files", asks)).headers["location"] == one, "it is under way"
        assert (await program.get(f"{one}/content")).status_code == 404
        assert await write_exports(database, clock, kinds) == 1, path
        ready = (await program.get(one)).json()
        assert (ready["state"], ready["reason"], ready["rows_total"] > 0) == ("ready", None, True), path
        file = await program.get(ready["content"])
        assert len(file.content) == ready["size"], path
        if asks["kind"] == "statements":
            with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
                assert [archive.read(name) for name in archive.namelist()] == [at_once[path].content]
            continue
        kept = at_once[path].headers["content-disposition"]
        assert file.headers["content-disposition"].rpartition(".")[2] == kept.rpartition(".")[2], path
        assert shown(file.content) == shown(at_once[path].content), path
        told = file.headers.get("x-transliterated")
        assert told == at_once[path].headers.get("x-transliterated"), path
        assert ready["transliterated"] == (None if told is None else int(told)), path
    for wrong, field in (({"kind": "autre"}, "kind"), ({"kind": "debts", "record": 2, "format": "ods"}, "format")):
        refused = await program.post(f"{WORKBOOK}/files", wrong)
        assert (problem(refused), [*refused.json()["errors"]]) == ((422, "invalid"), [field])
    assert problem(await program.post(f"{WORKBOOK}/files", {"kind": "debts", "record": 9})) == (404, "not_found")
    assert problem(await program.post(f"{WORKBOOK}/files", {"kind": "statements", "record": 2, "part": 2}))[0] == 404
    other = await connect("referent@lugos.example")
    assert problem(await other.get(one)) == (403, "forbidden")


def shown(content: bytes) -> list[object]:
    """What a file says, sheet after sheet."""
    if not content.startswith(b"PK"):
        return [*content.splitlines()]
    return [row for sheet in load_workbook(io.BytesIO(content)) for row in sheet.iter_rows(values_only=True)]


async def test_who_asks_while_one_is_under_way_is_led_to_it(
    purchase_id: int, database: Database, territory: Territory, clock: FixedClock
) -> None:
    page = await ask(database, territory, purchase_id)
    assert await ask(database, territory, purchase_id, email=BUYER) == page
    assert await exports(database, territory) == [("waiting", 0)]
    await work(database, clock)
    assert await ask(database, territory, purchase_id, email=BUYER) != page, "the figures may have changed since"


async def test_a_purchase_that_the_rule_refuses_says_why_and_may_be_tried_again(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser = await sign_in(FINANCE)
    page = await ask(database, territory, purchase_id)
    async with database.transaction(territory.group_id) as session:
        charge = Charge(
            group_id=territory.group_id, purchase_id=purchase_id, code="port", label="Port", amount_cents=100,
            key={"weights": {ARCACHON: "0"}},
        )  # fmt: skip
        session.add(charge)
    assert await work(database, clock) == 0
    failed = await browser.get(page)
    assert "« Port » : la clé ne donne de poids à personne" in text_of(failed)
    assert "Essayer à nouveau" in text_of(failed)
    async with database.transaction(territory.group_id) as session:
        await session.delete(charge)
    again = await ask(database, territory, purchase_id)
    assert again != page
    assert await work(database, clock) == 1
    assert await exports(database, territory) == [("failed", 1), ("ready", 1)]


async def test_what_a_killed_worker_held_is_begun_again_once_its_lease_ran_out(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    page = await ask(database, territory, purchase_id)
    await claim(database, clock)
    assert await work(database, clock) == 0, "somebody else may still be at it"
    clock.instant += LEASE
    assert await work(database, clock) == 1
    assert "Le fichier est prêt" in text_of(await (await sign_in(FINANCE)).get(page))
    assert await exports(database, territory) == [("ready", 2)]


async def test_a_workbook_that_kills_every_worker_is_given_up(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    page = await ask(database, territory, purchase_id)
    for _ in range(MOST_TRIES):
        await claim(database, clock)
        clock.instant += LEASE
    assert await work(database, clock) == 0
    assert "Il n’a pas pu être écrit" in text_of(await (await sign_in(FINANCE)).get(page))


async def claim(database: Database, clock: FixedClock) -> None:
    """As a worker that is killed just afterwards."""
    async with database.transaction() as session:
        lost = {"now": clock.now(), "until": clock.now() + LEASE}
        claimed = await session.execute(text("SELECT * FROM claim_exports('lost', :now, :until, 1)"), lost)
        assert len(claimed.all()) == 1


async def test_progress_is_told_in_rows(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    browser = await sign_in(FINANCE)
    page = await ask(database, territory, purchase_id)
    await claim(database, clock)
    async with database.transaction(territory.group_id) as session:
        await session.execute(update(Export).values(rows_done=12_000, rows_total=1_225_000, figures_at=NOW))
    shown = await browser.get(page)
    assert re.search(r'<progress[^>]* value="12000" max="1225000">', shown.text)
    assert "12 000 lignes écrites sur 1 225 000" in text_of(shown)


async def test_a_file_is_for_those_who_see_every_share_when_they_ask_for_it(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    finance = await sign_in(FINANCE)
    page = await ask(database, territory, purchase_id)
    await work(database, clock)
    assert (await (await sign_in("animation@bassin.example")).get(f"{page}/fichier")).status_code == 200
    referent = await sign_in("referent@lugos.example")
    for path in (ASKED, page, f"{page}/fichier"):
        assert (await referent.get(path)).status_code == 403, path
    assert (await referent.post(ASKED)).status_code == 403
    person = territory.people[FINANCE]
    async with database.transaction(territory.group_id) as session:
        held = update(Membership).where(col(Membership.person_id) == person).values(ended_at=NOW)
        await session.execute(held)
        await grant_role(session, person, Role.REFERENT, NOW, member_id=territory.members[LUGOS])
    assert (await finance.get(page)).status_code == 403, "asked in time, downloaded too late"
    assert (await finance.get(f"{page}/fichier")).status_code == 403


async def test_a_workbook_of_another_purchase_is_not_found(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    await open_purchase(database, territory, NOW, title="Vélos")
    facilitator = await sign_in("animation@bassin.example")
    page = await ask(database, territory, purchase_id)
    await work(database, clock)
    other = page.replace("AG-2027-001", "AG-2027-002")
    for path in (other, f"{other}/fichier", f"{ASKED}/{10**30}", f"{ASKED}/0"):
        assert (await facilitator.get(path)).status_code == 404, path


async def test_a_workbook_is_forgotten_after_some_days(
    purchase_id: int, database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    page = await ask(database, territory, purchase_id)
    await work(database, clock)
    for waited, kept in ((KEPT - timedelta(seconds=1), 1), (timedelta(seconds=1), 0)):
        clock.instant += waited
        async with database.transaction(territory.group_id) as session:
            await forget_exports(session, clock)
            for table in ("exports", "files", "file_contents"):
                assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == kept
        assert (await (await sign_in(FINANCE)).get(page)).status_code == (200 if kept else 404)


async def test_a_replica_that_is_away_keeps_no_workbook_back(
    database: Database, territory: Territory, purchase_id: int, clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    await ask(database, territory, purchase_id)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = Database.connect(f"postgresql://a:b@127.0.0.1:{closed.getsockname()[1]}/none")
    kinds = [workbook_kind(FinanceConfiguration())]
    assert await write_exports(database, clock, kinds, replica=away) == 1
    assert [state for state, _ in await exports(database, territory)] == ["ready"]
    assert "the primary is asked" in caplog.text
