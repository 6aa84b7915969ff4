"""Groups made, members and needs brought in: every bad line named, nothing half written, one sentence for the rest."""

import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text

from factories import ARCACHON, LUGOS, Territory, open_purchase
from ground.shell import InDatabase, Shell
from pooling.kernel.clock import SystemClock
from pooling.kernel.database import Database

MEMBERS = (
    "siren;nom;type;insee;population;agents;rattachement;budget\n"
    "213 300 098;Arcachon;commune;33009;11 092;292;;\n"
    "130018351;Université;université;;;900;;\n"
    "UFR-DROIT;UFR de droit;composante;;;120;130018351;900-D\n"
)
BAD_MEMBERS = (
    "siren;nom;insee;population;rattachement\n"
    "213300098;Arcachon;33009;11092;\n"
    "213300097;Clé fausse;;;\n"
    "213302607;;33260;1208;\n"
    "213304983;Salles;XYZ;-3;\n"
    "213300098;Encore Arcachon;;;\n"
    "UFR;UFR;;;999999999\n"
)


def said(result: Result) -> str:
    return re.sub(r"\s+", " ", result.stderr)


def written(folder: Path, content: str) -> Path:
    path = folder / "liste.csv"
    path.write_text(content, "utf-8")
    return path


@pytest.fixture
def group(own: Shell) -> Shell:
    """An installation with the group `bassin`."""
    assert own("group", "create", "Bassin", "--facilitator", "animation@bassin.example").exit_code == 0
    return own


def members_of(in_database: InDatabase) -> list[tuple[str, str | None]]:
    async def read(database: Database) -> list[tuple[str, str | None]]:
        async with database.transaction() as session:
            found = (await session.execute(text("SELECT id FROM group_by_slug('bassin')"))).scalar_one()
        async with database.transaction(found) as session:
            rows = await session.execute(
                text("SELECT m.code, p.code FROM members m LEFT JOIN members p ON p.id = m.parent_id ORDER BY m.code")
            )
            return [(code, parent) for code, parent in rows]

    return in_database(read)


def test_a_group_gets_the_installations_time_zone_unless_told_otherwise(own: Shell, in_database: InDatabase) -> None:
    own.settings["timezone"] = "Indian/Reunion"
    created = own("group", "create", "Bassin d’Arcachon", "--facilitator", "A@bassin.example")
    own("group", "create", "Autre", "--facilitator", "a@bassin.example", "--timezone", "Europe/Paris")
    assert created.stdout == "Group created: http://127.0.0.1:8000/g/bassin-d-arcachon\n"

    async def zones(database: Database) -> dict[str, str]:
        async with database.transaction() as session:
            return {slug: zone for slug, zone in await session.execute(text("SELECT slug, timezone FROM all_groups()"))}

    assert in_database(zones) == {"bassin-d-arcachon": "Indian/Reunion", "autre": "Europe/Paris"}


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("Bassin", "--facilitator", "nobody"), 2, "“nobody” is not an e-mail address."),
        (("Autre", "--facilitator", "a@b.fr", "--timezone", "Mars/Base"), 2, "“Mars/Base” is not a time zone"),
        (("???", "--facilitator", "a@b.fr"), 1, "Donnez au groupe un nom avec des lettres."),
        (("BASSIN", "--facilitator", "a@b.fr"), 1, "Un groupe porte déjà l’adresse « bassin »."),
    ],
)
def test_a_group_that_cannot_be_made(group: Shell, words: tuple[str, ...], status: int, sentence: str) -> None:
    refused = group("group", "create", *words)
    assert (refused.exit_code, sentence in said(refused)) == (status, True)


def test_members_come_in_with_their_units(group: Shell, tmp_path: Path, in_database: InDatabase) -> None:
    done = group("import", "members", "bassin", written(tmp_path, MEMBERS))
    assert (done.exit_code, done.stdout) == (0, "3 member(s) imported.\n")
    assert members_of(in_database) == [("130018351", None), ("213300098", None), ("UFR-DROIT", "130018351")]


def test_every_bad_member_is_named_and_nothing_is_written(
    group: Shell, tmp_path: Path, in_database: InDatabase
) -> None:
    refused = group("import", "members", "bassin", written(tmp_path, BAD_MEMBERS))
    assert refused.exit_code == 1
    named = [line for line in refused.stderr.splitlines() if line.startswith("ligne ")]
    assert [re.match(r"ligne (\d+) : (.{10})", line).groups() for line in named] == [  # type: ignore[union-attr]
        ("3", "le SIREN d"),
        ("4", "le nom man"),
        ("5", "le code IN"),
        ("6", "213300098 "),
        ("7", "rattacheme"),
    ]
    assert "la population doit être" in named[2]
    assert "Nothing was written: 5 line(s) to mend" in said(refused)
    assert members_of(in_database) == []


def test_the_good_members_alone_come_in_when_asked(group: Shell, tmp_path: Path, in_database: InDatabase) -> None:
    done = group("import", "members", "bassin", written(tmp_path, BAD_MEMBERS), "--skip-bad")
    assert (done.exit_code, done.stdout) == (0, "1 member(s) imported, 5 line(s) left out.\n")
    assert members_of(in_database) == [("213300098", None)]
    again = group("import", "members", "bassin", written(tmp_path, BAD_MEMBERS), "--skip-bad")
    assert (again.exit_code, again.stdout) == (1, "0 member(s) imported, 5 line(s) left out.\n")
    told = group("import", "members", "bassin", written(tmp_path, BAD_MEMBERS), "--skip-bad", "--json")
    assert told.exit_code == 1
    found = json.loads(told.stdout)
    assert (found["written"], found["invited"], [line["number"] for line in found["bad"]]) == (0, 0, [3, 4, 5, 6, 7])
    (listed,) = json.loads(group("group", "list", "--json").stdout)
    assert (listed["group"], listed["members"], listed["archived_at"]) == ("bassin", 1, None)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "liste.csv : le fichier est vide."),
        ("siren;nom\n", "liste.csv : le fichier ne contient aucune ligne"),
        ("nom;ville\n", "liste.csv : il manque la colonne « siren »"),
    ],
)
def test_a_file_without_members_says_so(own: Shell, tmp_path: Path, content: str, sentence: str) -> None:
    refused = own("import", "members", "bassin", written(tmp_path, content))
    assert refused.exit_code == 2
    assert sentence in said(refused)


def test_an_unknown_group_is_one_sentence(group: Shell, tmp_path: Path) -> None:
    refused = group("import", "members", "basin", written(tmp_path, MEMBERS))
    assert refused.exit_code == 2
    assert "pooling: there is no group “basin”; `pooling group create` makes one." in said(refused)


@pytest.fixture
def collection(own: Shell, in_database: InDatabase, territory: Territory) -> Shell:
    """The factories' group, with a purchase whose collection is open."""

    async def make(database: Database) -> None:
        await open_purchase(database, territory, SystemClock().now())

    in_database(make)
    return own


def needs_file(folder: Path, *lines: str) -> Path:
    return written(folder, "\n".join(["membre;article;quantité;maximum", *lines, ""]))


def reference_of(in_database: InDatabase) -> str:
    async def read(database: Database) -> str:
        async with database.transaction(1) as session:
            return str((await session.execute(text("SELECT reference FROM purchases"))).scalar_one())

    return in_database(read)


def test_needs_come_in_and_the_progress_is_shown(collection: Shell, tmp_path: Path, in_database: InDatabase) -> None:
    reference = reference_of(in_database)
    path = needs_file(tmp_path, f"{ARCACHON};arceau;5;7", f"{LUGOS};Arceau;0;", f"{LUGOS};abri;1 000;")
    done = collection("import", "needs", "bassin", reference, path)
    assert (done.exit_code, done.stdout) == (0, "3 line(s) imported.\n")
    assert "3/3" in said(done)


def test_an_unknown_purchase_is_one_sentence(collection: Shell, tmp_path: Path) -> None:
    path = needs_file(tmp_path, f"{ARCACHON};arceau;5;")
    for words in (("import", "needs", "bassin", "AG-0000-9", path), ("export", "allocation", "bassin", "AG-0000-9")):
        refused = collection(*words, *(["--out", tmp_path / "o.xlsx"] if words[0] == "export" else []))
        assert refused.exit_code == 2
        assert "pooling: the group has no purchase “AG-0000-9”." in said(refused)


def test_the_costs_go_out_as_a_workbook_or_say_why_not(
    collection: Shell, tmp_path: Path, in_database: InDatabase
) -> None:
    reference = reference_of(in_database)
    done = collection("export", "allocation", "bassin", reference, "--out", tmp_path / "costs.xlsx")
    assert done.exit_code == 0
    assert (tmp_path / "costs.xlsx").read_bytes().startswith(b"PK")
    refused = collection("export", "allocation", "bassin", reference, "--out", tmp_path / "missing" / "costs.xlsx")
    assert refused.exit_code == 2
    assert "No such file or directory" in said(refused)
