"""The demonstration territory, made through the same use cases as everything else, at dates before now.

Authorities and their populations are real; declarations, people, staff numbers and prices are fictional.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pooling.accounts.people import ensure_people
from pooling.kernel.database import Database
from pooling.kernel.text import slug
from pooling.members.adding import MemberIn, UnitIn, add_members
from pooling.members.granting import grant_roles
from pooling.members.groups import create_group
from pooling.members.models import Role

GROUP_NAME = "Bassin d’Arcachon – Val de l’Eyre"
UNIVERSITY = "999000003"
DOMAIN = "example"

COMPONENTS: Mapping[str, tuple[str, int]] = {
    "UFR-DROIT": ("UFR Droit et science politique", 140),
    "UFR-SANTE": ("UFR Santé", 410),
    "UFR-LETTRES": ("UFR Lettres et langues", 165),
    "UFR-SCIENCES": ("UFR Sciences et technologies", 380),
    "UFR-STAPS": ("UFR Sports", 75),
    "IUT": ("IUT", 210),
    "INSPE": ("Institut de formation des professeurs", 95),
    "BU": ("Bibliothèques", 130),
    "SERVICES": ("Services centraux", 520),
}

FACILITATOR = f"animation@bassin.{DOMAIN}"
ADMINISTRATOR = f"administration@plateforme.{DOMAIN}"
READER = f"observation@bassin.{DOMAIN}"
LEADING = "213300098"
"""The member whose purchasing staff prepares what it leads."""
BUYER = f"achats@cobas.{DOMAIN}"
FOUNDED = 750
"""Days ago."""


@dataclass(frozen=True)
class Demonstration:
    """What the parts of the demonstration know of each other."""

    group_id: int
    members: Mapping[str, int]
    people: Mapping[str, int]

    def referent(self, code: str) -> int:
        return self.people[referent_of(code)]


def authorities() -> list[dict[str, str]]:
    with (Path(__file__).parent / "members.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _short(name: str) -> str:
    return slug(name.split("–", maxsplit=1)[0].removeprefix("CC du ").strip())


def mail_domain(code: str) -> str:
    """`arcachon.example`; a component's is under its university's."""
    if code in COMPONENTS:
        return f"{code.lower()}.universite.{DOMAIN}"
    return next(f"{_short(row['name'])}.{DOMAIN}" for row in authorities() if row["siren"] == code)


def referent_of(code: str) -> str:
    return f"referent@{mail_domain(code)}"


def finance_of(code: str) -> str:
    return f"finances@{mail_domain(code)}"


def legal_entities() -> Sequence[MemberIn]:
    return [
        *(
            MemberIn(
                code=row["siren"],
                name=row["name"],
                category=row["kind"],
                insee=row["insee"] or None,
                population=int(row["population"]),
                agents=int(row["agents_fictional"]),
                budgets={"M57": "Budget principal"},
            )
            for row in authorities()
        ),
        MemberIn(code=UNIVERSITY, name="Université du Bassin (fictive)", category="université", agents=2125),
    ]


def components() -> Sequence[UnitIn]:
    return [
        UnitIn(
            code=code,
            parent=UNIVERSITY,
            name=name,
            agents=agents,
            population=0,
            budgets={f"9{place:02d}": f"Budget {name}"},
        )
        for place, (code, (name, agents)) in enumerate(COMPONENTS.items(), start=1)
    ]


async def make_group(database: Database, now: datetime) -> Demonstration:
    """The group, its members, and a person for every role."""
    long_ago = now - timedelta(days=FOUNDED)
    async with database.transaction() as session:
        group_id = await create_group(session, name=GROUP_NAME, now=long_ago, fictional=True)
        listed: list[MemberIn | UnitIn] = [*legal_entities(), *components()]
        added = await add_members(session, listed, long_ago)
    # In the order of the list, whatever the database's: who needs what goes by it.
    members = {one.code: added[one.code] for one in listed}
    codes = [code for code in members if code != UNIVERSITY]
    roles: list[tuple[str, str, str, Role, str | None]] = [
        (
            FACILITATOR,
            "Animation du groupe",
            "Animatrice ou animateur du plan de mobilité",
            Role.FACILITATOR,
            None,
        ),
        (f"achats@arcachon.{DOMAIN}", "Achats Arcachon", "Service des achats", Role.PURCHASING, LEADING),
        (READER, "Observation", "Élue ou élu à la mobilité", Role.READER, None),
    ]
    everyone: list[MemberIn | UnitIn] = [*legal_entities(), *components()]
    names = {member.code: member.name for member in everyone}
    for code in codes:
        roles.append(
            (
                referent_of(code),
                f"Référent {names[code]}",
                "Référente ou référent mobilité",
                Role.REFERENT,
                code,
            )
        )
        roles.append((finance_of(code), f"Finances {names[code]}", "Service des finances", Role.FINANCE, code))
    async with database.transaction(group_id) as session:
        everybody = [(email, name, function) for email, name, function, _, _ in roles]
        buyers = [
            (BUYER, "Achats COBAS", "Service des achats"),
            (f"achats@coban.{DOMAIN}", "Achats COBAN", "Service des achats"),
        ]
        people = await ensure_people(session, [*everybody, *buyers], long_ago)
        await grant_roles(
            session,
            [(people[email], role, members[code] if code else None, None) for email, _, _, role, code in roles],
            long_ago,
        )
    return Demonstration(group_id, members, people)
