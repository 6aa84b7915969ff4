"""A list of members names their people too: looked at line by line, invited once confirmed, by pages and command."""

from pathlib import Path

import openpyxl
from sqlalchemy import func, select, text
from sqlmodel import col

from factories import LUGOS, SALLES, Territory
from ground.shell import Shell
from members.test_list_pages import PAGE, send, to_confirm
from pooling.accounts.models import Person
from pooling.kernel.database import Database
from pooling.members.models import Member, Membership
from web_client import SignIn, text_of

FACILITATOR = "animation@bassin.example"
HEADINGS = ("SIREN", "Nom", "Population", "Courriel", "Personne", "Fonction", "Rôle")
BARP = "213300296"
ROWS = (
    (BARP, "Le Barp", "5713", "referent@barp.example", "Camille Barp", "Directrice", "référente"),
    (BARP, "", "", "finances@barp.example", "Dominique Barp", "", "finances"),
    (SALLES, "", "", "Referent@Barp.example", "Camille Barp", "", "référent"),
    (LUGOS, "", "", "referent@lugos.example", "referent", "", "référent"),
    ("", "", "", "elu@bassin.example", "Claude Élu", "", "observation"),
    (BARP, "", "", "referent@barp.example", "Camille Barp", "", "référent"),
    (BARP, "", "", "referent@barp.example", "Camille Autre", "", "achats"),
    (BARP, "", "", "sans arobase", "Personne", "", "référent"),
    (BARP, "Le Barp-Neuf", "", "autre@barp.example", "Autre Barp", "", "référent"),
    ("213302029", "", "", "referent@hostens.example", "Hostens", "", "référent"),
    (LUGOS, "Lugos", "", "", "", "", ""),
    (LUGOS, "Lugos", "", "maire@lugos.example", "Maire", "", "maire"),
    ("", "", "", "qui@lugos.example", "Qui", "", "référent"),
)
LIST = "\n".join(";".join(row) for row in (HEADINGS, *ROWS))


async def roles(database: Database, territory: Territory, email: str) -> set[tuple[str, str | None]]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            select(col(Membership.role), col(Member.code))
            .join(Person, col(Person.id) == col(Membership.person_id))
            .outerjoin(Member, col(Member.id) == col(Membership.member_id))
            .where(col(Person.email) == email, col(Membership.ended_at).is_(None))
        )
        return {(role, code) for role, code in rows}


async def mailed(database: Database, territory: Territory) -> list[str]:
    async with database.transaction(territory.group_id) as session:
        rows = await session.execute(
            text("SELECT recipient FROM messages WHERE kind = 'members.invitation' ORDER BY recipient")
        )
        return list(rows.scalars())


async def test_people_are_invited_once_the_list_is_confirmed(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    browser = await sign_in(FACILITATOR)
    preview = await send(browser, LIST.encode())
    said = text_of(preview)
    for expected in (
        "Ligne 7 : referent@barp.example a déjà ce rôle à la ligne 2",
        "Ligne 8 : referent@barp.example est déjà à la ligne 2 sous un autre nom, « Camille Barp »",
        "Ligne 9 : « sans arobase » n’est pas une adresse électronique",
        "Ligne 10 : ce qui est dit du membre n’est pas ce que dit la ligne 2",
        "Ligne 11 : le nom manque",
        "Ligne 13 : le rôle « maire » n’est pas",
        "Ligne 14 : indiquez le membre : ce rôle est celui d’un membre",
        "Refusé 7 lignes",
        "Camille Barp Directrice 2 referent@barp.example Référent 213300296",
        "Claude Élu 6 elu@bassin.example Observation Le groupe entier",
        "1 personne a déjà son rôle",
    ):
        assert expected in said, (expected, said)
    assert await mailed(database, territory) == []
    confirmed = to_confirm(preview)
    done = await browser.post(f"{PAGE}/confirmation", confirmed, page=PAGE)
    assert done.status_code == 303, text_of(done)
    assert "1 membre enregistré, 4 personnes invitées" in text_of(await browser.get("/g/bassin/membres"))
    assert await roles(database, territory, "referent@barp.example") == {("referent", BARP), ("referent", SALLES)}
    assert await roles(database, territory, "finances@barp.example") == {("finance", BARP)}
    assert await roles(database, territory, "elu@bassin.example") == {("reader", None)}
    assert await mailed(database, territory) == [
        *("elu@bassin.example", "finances@barp.example", "referent@barp.example", "referent@barp.example")
    ]
    again = await browser.post(f"{PAGE}/confirmation", confirmed, page=PAGE)
    assert (again.status_code, "Il n’y a rien à enregistrer" in text_of(again)) == (409, True)
    assert len(await mailed(database, territory)) == 4


async def test_a_member_that_is_refused_brings_nobody(
    sign_in: SignIn, database: Database, territory: Territory
) -> None:
    rows = (
        (BARP[:-1] + "7", "Clé fausse", "", "a@barp.example", "A Barp", "", "référent"),
        (BARP[:-1] + "7", "", "", "b@barp.example", "B Barp", "", "référent"),
    )
    listed = "\n".join(";".join(row) for row in (HEADINGS, *rows))
    said = text_of(await send(await sign_in(FACILITATOR), listed.encode()))
    assert "Refusé 2 lignes" in said
    assert "Personnes invitées" not in said
    async with database.transaction(territory.group_id) as session:
        assert await session.scalar(select(func.count()).where(col(Member.name) == "Clé fausse")) == 0


def workbook(path: Path, *rows: tuple[str, ...]) -> Path:
    book = openpyxl.Workbook()
    for row in (HEADINGS, *rows):
        book.worksheets[0].append(list(row))
    book.save(path)
    return path


def test_the_command_invites_in_the_name_of_a_facilitator(own: Shell, tmp_path: Path) -> None:
    own("group", "create", "Bassin", "--facilitator", FACILITATOR)
    listed = str(workbook(tmp_path / "liste.xlsx", *ROWS[:2]))
    in_no_name = own("import", "members", "bassin", listed)
    assert (in_no_name.exit_code, "au nom de qui" in in_no_name.stderr) == (1, True)
    stranger = own("import", "members", "bassin", listed, "--invite-as", "autre@bassin.example")
    assert (stranger.exit_code, "does not facilitate" in stranger.stderr) == (2, True)
    done = own("import", "members", "bassin", listed, "--invite-as", FACILITATOR)
    assert (done.exit_code, done.stdout) == (0, "2 person(s) invited.\n1 member(s) imported.\n"), done.stderr
    again = own("import", "members", "bassin", listed, "--invite-as", FACILITATOR)
    assert (again.exit_code, again.stdout) == (1, "0 member(s) imported.\n")
