"""The papers of a groupement: what each mandate says, what a deliberation counts, versions that stay."""

import hashlib
import io
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api_client import API, Connect
from documents.reading_back import Part, read_docx, read_odt, read_pdf
from factories import ARCACHON, BUYER, LUGOS, NOW, UNIVERSITY, Territory, file_needs, open_purchase
from ground.directory import COBAS
from pooling import BESIDE
from pooling.allocation.models import Charge
from pooling.conventions import pages
from pooling.conventions.export import DELIBERATIONS
from pooling.conventions.models import KeptDocument
from pooling.conventions.parties import assembly_of, read_parties
from pooling.conventions.parties import signing as signers
from pooling.conventions.texts import read_conventions, samples_of
from pooling.documents.document import Document, document_of
from pooling.exports import zips
from pooling.exports.writing import write_exports
from pooling.features import FEATURES
from pooling.kernel.clock import FixedClock
from pooling.kernel.database import Database
from pooling.kernel.files import File
from pooling.members.adding import MemberIn, add_members
from pooling.members.features import gather_features
from pooling.procurement.models import ProcurementPlan
from pooling.purchases.models import Purchase
from pooling.reminders.configuration import ReminderConfiguration
from pooling.web.markdown import Node, plain_text
from web_client import SignIn, text_of

PAGE = "/g/bassin/achats/AG-2027-001/procedure/convention"
DELIBERATION = f"{PAGE}/deliberations/{LUGOS}"
READ = {"odt": read_odt, "docx": read_docx, "pdf": read_pdf}
AT = datetime(2027, 3, 1, 9, tzinfo=UTC)
TEXTS = read_conventions(BESIDE / "config")


def documents(name: str, mandate: str) -> list[Document]:
    return [
        document_of(getattr(TEXTS, name), sample, author="Bassin", reference="AG-2027-001", notice=None, at=AT)
        for sample in samples_of(name)
        if sample["mandate"] == mandate
    ]


def words(document: Document) -> str:
    return plain_text(document.blocks)


OF_MANDATE = {
    "procedure_only": (
        ["signe et notifie son contrat", "chaque membre signe, notifie et exécute le contrat", "R2192-10"],
        ["titre de recettes", "au nom de tous les membres"],
    ),
    "sign_and_notify": (
        ["Le coordonnateur signe et notifie le contrat pour tous", "il commande, vérifie et paie", "R2192-10"],
        ["titre de recettes", "signe et notifie son contrat"],
    ),
    "full": (
        ["signe, notifie et exécute le contrat pour tous", "titre de recettes", "4581"],
        ["signe et notifie son contrat", "Chaque membre paie au fournisseur"],
    ),
}


@pytest.mark.parametrize("mandate", OF_MANDATE)
def test_clauses_follow_the_mandate(mandate: str) -> None:
    there, absent = OF_MANDATE[mandate]
    for document in documents("convention", mandate):
        said = words(document).replace("\u00a0", " ").replace("\u202f", " ")
        assert all(clause in said for clause in [*there, "solidairement responsables", "L2113-7"]), said
        assert not any(clause in said for clause in absent)
    rich, poor = documents("convention", mandate)[1], documents("convention", mandate)[3]
    assert "L1414-3" in words(rich)
    assert "commission d’appel d’offres n’a pas à être réunie" in words(poor)
    assert "À confirmer" in words(rich)
    free = documents("convention", mandate)[2]
    assert "à titre gratuit" in words(free)
    assert "L5211-4-4" not in words(poor)


@pytest.mark.parametrize("mandate", OF_MANDATE)
@pytest.mark.parametrize("name", ["convention", "deliberation"])
def test_every_sentence_is_typeset_as_french_is(name: str, mandate: str) -> None:
    for document in documents(name, mandate):
        for line in [document.title, *_texts(document.blocks)]:
            assert re.search(r" (?=[;:!?»€%])|« |[^\s]«(?=\w)|'|\.\.\.", line) is None, line


def _texts(blocks: list[Node] | tuple[Node, ...] | object) -> list[str]:
    if isinstance(blocks, dict):
        own = [blocks["text"]] if "text" in blocks else []
        return own + [text for part in blocks.values() for text in _texts(part)]
    return [text for part in blocks for text in _texts(part)] if isinstance(blocks, list | tuple) else []


@pytest.mark.parametrize(
    ("kind", "category", "council", "executive"),
    [
        ("commune", "", "le conseil municipal", "le maire"),
        ("CA", "commune", "le conseil communautaire", "le président"),
        ("METRO", "", "le conseil de la métropole", "le président"),
        (None, "Commune nouvelle", "le conseil municipal", "le maire"),
        (None, "université", "le conseil d’administration", "le président"),
        (None, "syndicat", "l’assemblée délibérante", "son représentant légal"),
    ],
)
def test_who_decides_and_who_signs(kind: str | None, category: str, council: str, executive: str) -> None:
    assert assembly_of(kind, category) == (council, executive)


async def test_who_signs_and_whether_the_coordinator_is_the_body_of_all(
    database: Database, territory: Territory
) -> None:
    purchase_id = await open_purchase(database, territory, NOW)
    async with database.transaction(territory.group_id) as session:
        purchase = await session.get_one(Purchase, (territory.group_id, purchase_id))
        signing = await read_parties(session, purchase, most=2)
        assert (signing.count, signing.free) == (4, False)
        assert [(one.name, one.coordinator) for one in signing.named] == [("Arcachon", True), ("Lugos", False)]
        cobas = (await add_members(session, [MemberIn(code=COBAS, name="COBAS")], NOW))[COBAS]
        purchase.lead_member_id = cobas
        await session.flush()
        taking = text("UPDATE participations SET takes_part = member_id = ANY(:members)")
        found = []
        droit, sante = "UFR-DROIT", "UFR-SANTE"
        for members in ((), (ARCACHON,), (ARCACHON, droit, sante), (ARCACHON, LUGOS), (UNIVERSITY, droit)):
            await session.execute(taking, {"members": [territory.members[code] for code in members]})
            signing = await read_parties(session, purchase)
            for place, party in enumerate(signing.named, 1):
                assert (await read_parties(session, purchase, most=place)).named == signing.named[:place]
                assert await signers(session, purchase, range(place - 1, place)) == [party.siren]
            found.append(([one.name for one in signing.named], signing.count, signing.free))
    assert found == [
        (["COBAS"], 1, False),
        (["COBAS", "Arcachon"], 2, True),
        (["COBAS", "Arcachon", "Université"], 3, False),
        (["COBAS", "Arcachon", "Lugos"], 3, False),
        (["COBAS", "Université"], 2, False),
    ]


async def planned(database: Database, territory: Territory) -> int:
    purchase_id = await open_purchase(database, territory, NOW)
    await file_needs(database, territory, purchase_id, "referent@lugos.example", NOW, arceau=10)
    await file_needs(database, territory, purchase_id, "referent@droit.example", NOW, abri=1)
    async with database.transaction(territory.group_id) as session:
        group_id = territory.group_id
        session.add(ProcurementPlan(group_id=group_id, purchase_id=purchase_id, mandate="full"))
        shared = {"code": "annonce", "label": "Annonce", "key": "equal"}
        session.add(Charge(group_id=group_id, purchase_id=purchase_id, amount_cents=40_000, **shared))  # type: ignore[arg-type]
    return purchase_id


async def test_the_papers_from_the_plan_to_the_file(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock
) -> None:
    await planned(database, territory)
    buyer = await sign_in(BUYER)
    shown = text_of(await buyer.get(PAGE))
    assert "Convention constitutive d’un groupement de commandes : Arceaux" in shown
    assert "Arcachon (coordonnateur)" in shown
    assert "Université participe aussi pour UFR de droit, UFR de santé" in shown
    assert "Annonce 400,00 € à parts égales tous ceux qui participent à l’achat" in shown
    files = {kind: read(await _get(buyer, f"{PAGE}.{kind}")) for kind, read in READ.items()}
    assert files["odt"] == files["docx"] == files["pdf"]
    assert ("h2", "Article3–Coordonnateur") in files["odt"]

    kept = await buyer.post(f"{PAGE}/versions", {"format": "pdf"}, page=PAGE)
    assert (kept.status_code, kept.headers["location"]) == (303, PAGE)
    await buyer.post(f"{PAGE}/versions", {"format": "odt"}, page=PAGE)
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(KeptDocument.id), col(KeptDocument.number), col(File.name), col(File.sha256))
            .join(File, col(File.id) == col(KeptDocument.file_id))
            .order_by(col(KeptDocument.number))
        )
        first, second = rows.all()
    assert (first[2], second[2]) == ("AG-2027-001-convention-v1.pdf", "AG-2027-001-convention-v2.odt")
    content = await _get(buyer, f"{PAGE}/versions/{first[0]}")
    assert hashlib.sha256(content).digest() == first[3]
    assert first[3].hex() in (await buyer.get(PAGE)).text
    refused = await buyer.post(f"{PAGE}/versions", {"format": "exe"}, page=PAGE)
    assert refused.status_code == 422

    asked = await buyer.post(f"{PAGE}/deliberations", {"folder": "docx"}, page=PAGE)
    configured = gather_features(FEATURES, BESIDE / "config", ReminderConfiguration())
    assert await write_exports(database.handing(configured), clock, [DELIBERATIONS]) == 1
    folder = asked.headers["location"]
    assert "Le dossier est prêt" in text_of(await buyer.get(folder))
    book = zipfile.ZipFile(io.BytesIO(await _get(buyer, f"{folder}/fichier")))
    assert sorted(book.namelist()) == [
        f"AG-2027-001-deliberation-{name}.docx"
        for name in ("arcachon-213300098", "lugos-213302607", "salles-213304983", f"universite-{UNIVERSITY}")
    ]
    lugos = read_docx(book.read("AG-2027-001-deliberation-lugos-213302607.docx"))
    assert _row(lugos, "Arceauposé") == ["10arceaux", "1800,00€"]
    university = read_docx(book.read(f"AG-2027-001-deliberation-universite-{UNIVERSITY}.docx"))
    assert _row(university, "Abride10places") == ["1abri", "14000,00€"]
    assert not any("Arceauposé" in said for _, said in university)


async def test_a_page_shows_the_first_members_and_says_that_files_name_more(
    database: Database, territory: Territory, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await planned(database, territory)
    buyer = await sign_in(BUYER)
    assert "sont montrés ici" not in text_of(await buyer.get(PAGE))
    monkeypatch.setattr(pages, "MOST_SHOWN", 2)
    shown = text_of(await buyer.get(PAGE))
    assert "Des membres, les 2 premiers sont montrés ici ; les fichiers en nomment 4." in shown.replace("\u00a0", " ")
    assert "S’y ajoutent" not in shown
    assert UNIVERSITY not in shown
    assert any("Université" in said for _, said in read_odt(await _get(buyer, f"{PAGE}.odt")))


async def test_many_deliberations_fill_several_folders(
    database: Database, territory: Territory, sign_in: SignIn, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is written from its own members alone, the coordinator first; together they hold each of them once."""
    monkeypatch.setattr(zips, "MOST_IN_ZIP", 3)
    await planned(database, territory)
    buyer = await sign_in(BUYER)
    shown = text_of(await buyer.get(PAGE))
    assert "Délibérations 1 à 3" in shown
    assert "Délibérations 4 à 4" in shown
    configured = gather_features(FEATURES, BESIDE / "config", ReminderConfiguration())
    found = []
    for part in ("1", "2", "9"):
        asked = await buyer.post(f"{PAGE}/deliberations", {"folder": "odt", "part": part})
        assert await write_exports(database.handing(configured), clock, [DELIBERATIONS]) == 1
        folder = asked.headers["location"]
        file = await buyer.get(f"{folder}/fichier")
        found.append((file.headers["content-disposition"], zipfile.ZipFile(io.BytesIO(file.content))))
        assert f"Délibérations {'4 à 4' if part == '2' else '1 à 3'}" in text_of(await buyer.get(folder))
    assert [said.partition("deliberations")[2] for said, _ in found] == ['-1.zip"', '-2.zip"', '-1.zip"']
    names = [book.namelist() for _, book in found]
    assert [len(of) for of in names] == [3, 1, 3]
    assert "arcachon" in names[0][0]
    assert len({*names[0], *names[1]}) == 4
    last = read_odt(found[1][1].read(names[1][0]))
    assert _row(last, "Abride10places") == ["1abri", "14000,00€"], "the university, with what it pays"
    assert any("coordonnateur" in said and "Arcachon" in said for _, said in last)
    assert "Délibérations 4 à 4 en ODT" in text_of(await buyer.get(PAGE))


async def _get(browser: object, path: str) -> bytes:
    answer = await browser.get(path)  # type: ignore[attr-defined]
    assert answer.status_code == 200, path
    content: bytes = answer.content
    return content


def _row(parts: list[Part], first: str) -> list[str]:
    place = parts.index(("td", first))
    return [said for _, said in parts[place + 1 : place + 3]]


async def test_a_member_reads_its_own_deliberation_with_what_it_pays(
    database: Database, territory: Territory, sign_in: SignIn
) -> None:
    purchase_id = await planned(database, territory)
    referent = await sign_in("referent@lugos.example")
    shown = text_of(await referent.get(DELIBERATION))
    async with database.transaction(territory.group_id) as session:
        share = (
            await session.execute(
                text("SELECT ht, vat, net FROM current_shares WHERE purchase_id = :purchase AND member = :lugos"),
                {"purchase": purchase_id, "lugos": LUGOS},
            )
        ).one()
    assert share.ht == 180_000 + 8_000, "ten racks, and a fifth of the notice"
    for label, cents in (("Montant HT", share.ht), ("TVA", share.vat), ("Coût net estimé", share.net)):
        assert f"{label} {cents // 100:,}".replace(",", " ") in shown, label
    assert "Après en avoir délibéré, le conseil municipal" in shown
    assert "autorise le maire à signer" in shown
    assert "Lugos" in text_of(await referent.get(PAGE)).partition("Votre modèle de délibération")[2]
    assert (await (await sign_in("referent@salles.example")).get(DELIBERATION)).status_code == 403


async def test_what_is_not_decided_is_told_and_nothing_is_written(
    database: Database, territory: Territory, connect: Connect, sign_in: SignIn
) -> None:
    await open_purchase(database, territory, NOW)
    program = await connect(BUYER)
    for path in ("convention", f"members/{LUGOS}/deliberation", "convention.odt"):
        refused = await program.get(f"{API}/purchases/AG-2027-001/procedure/{path}")
        assert (refused.status_code, refused.json()["code"]) == (409, "mandate_undecided"), path
    assert "Dites d’abord ce que la convention confie au pilote" in text_of(await (await sign_in(BUYER)).get(PAGE))


async def test_programs_read_and_keep_versions_once(database: Database, territory: Territory, connect: Connect) -> None:
    await planned(database, territory)
    program = await connect(BUYER)
    for path in ("convention", f"members/{LUGOS}/deliberation"):
        one = f"{API}/purchases/AG-2027-001/procedure/{path}"
        made = await program.post(f"{one}/versions", {"format": "odt"}, idempotency_key=f"une-{path}")
        again = await program.post(f"{one}/versions", {"format": "odt"}, idempotency_key=f"une-{path}")
        assert (made.status_code, made.json()) == (201, again.json())
        assert [version["number"] for version in (await program.get(one)).json()["versions"]] == [1]
        content = (await program.get(made.headers["location"])).content
        assert hashlib.sha256(content).hexdigest() == made.json()["sha256"]
        assert read_odt((await program.get(f"{one}.odt")).content) == read_odt(content)


def test_the_charter_says_who_takes_part(tmp_path: Path) -> None:
    from pooling.charters.text import charter_of, read_charter  # noqa: PLC0415

    said = words(charter_of(read_charter(tmp_path), "Bassin", ["Arcachon", "# Lugos"], notice=None, at=AT))
    assert "# Lugos" in said


async def test_the_charter_is_read_and_taken_along(sign_in: SignIn, territory: Territory) -> None:
    reader = await sign_in("observation@bassin.example")
    shown = text_of(await reader.get("/g/bassin/charte"))
    assert "Charte d’engagement : Bassin" in shown
    assert "Arcachon" in shown
    odt, docx = [(await reader.get(f"/g/bassin/charte.{kind}")).content for kind in ("odt", "docx")]
    assert read_odt(odt) == read_docx(docx)
