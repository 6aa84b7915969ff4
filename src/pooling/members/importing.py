"""Members from a list: one line each, a unit's line naming the code of what it belongs to."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.list_reading import BadLine, Line, read_list, told_to_nobody, without_blanks
from pooling.kernel.text import one_line, slug
from pooling.members.adding import MemberIn, UnitIn, add_members
from pooling.members.models import Member, MemberKind

COLUMNS = {
    "code": ("siren", "code", "siren ou code", "n° siren", "numéro siren", "no siren"),
    "name": ("nom", "name", "membre", "nom de la commune", "nom de la collectivité", "commune", "collectivité"),
    "category": ("type", "kind", "catégorie"),
    "insee": ("insee", "code insee", "insee de la commune", "code commune"),
    "population": ("population", "population municipale", "population totale"),
    "agents": ("agents", "effectif", "agents_fictional"),
    "parent": ("rattachement", "parent"),
    "budget": ("budget", "code budget"),
    "budget_label": ("libellé budget", "budget_label"),
}
WRONG = {
    "code": "le SIREN doit avoir neuf chiffres dont une clé valide (ou, pour une composante, un code sans espace)",
    "name": "le nom manque ou dépasse 200 caractères",
    "insee": "le code INSEE doit ressembler à 33009 ou 2A004",
    "population": "la population doit être un nombre entier, positif ou nul",
    "agents": "l’effectif doit être un nombre entier, positif ou nul",
}


async def import_members(
    session: AsyncSession, lines: Sequence[Line], now: datetime, *, skip_bad: bool = False
) -> tuple[int, list[BadLine]]:
    """Adds the members of a list; returns how many, and the lines refused. With bad lines and without `skip_bad`,
    nothing is written. A unit may stand before what it belongs to.
    """
    taken, entities = await _present(session)
    good: list[tuple[int, MemberIn | UnitIn]] = []
    bad: list[BadLine] = []
    first: dict[str, int] = {}
    for line in lines:
        if not line["code"] and slug(line["name"]).startswith("total"):
            bad.append(BadLine(line.number, f"« {line['name']} » est une ligne de total, pas un membre : retirez-la"))
            continue
        try:
            member = _member(line)
        except ValidationError as invalid:
            bad.append(BadLine(line.number, _sentence(invalid)))
            continue
        if member.code in taken:
            bad.append(BadLine(line.number, f"{member.code} est déjà membre du groupe"))
        elif first.setdefault(member.code, line.number) != line.number:
            bad.append(BadLine(line.number, f"{member.code} est déjà à la ligne {first[member.code]}"))
        else:
            good.append((line.number, member))
    entities |= {member.code for _, member in good if member.parent is None}
    orphans = [
        (number, unit.parent) for number, unit in good if unit.parent is not None and unit.parent not in entities
    ]
    bad += [BadLine(number, f"rattachement inconnu : {parent}") for number, parent in orphans]
    bad.sort(key=lambda line: line.number)
    if bad and not skip_bad:
        return 0, bad
    left_out = {number for number, _ in orphans}
    accepted = [member for number, member in good if number not in left_out]
    await add_members(session, accepted, now)
    return len(accepted), bad


async def _present(session: AsyncSession) -> tuple[set[str], set[str]]:
    """The codes of the group's members, and those among them to which a unit may belong."""
    rows = (await session.execute(select(col(Member.code), col(Member.kind)))).all()
    return {code for code, _ in rows}, {code for code, kind in rows if kind == MemberKind.LEGAL_ENTITY}


def _member(line: Line) -> MemberIn | UnitIn:
    values: dict[str, Any] = {
        "name": one_line(line["name"]),
        "category": line["category"],
        "population": without_blanks(line["population"]) or None,
        "agents": without_blanks(line["agents"]) or None,
        "budgets": {line["budget"]: line["budget_label"] or line["budget"]} if line["budget"] else {},
    }
    if line["parent"]:
        return UnitIn(code=line["code"], parent=without_blanks(line["parent"]), **values)
    return MemberIn(code=without_blanks(line["code"]), insee=_insee(line["insee"]), **values)


def _insee(typed: str) -> str | None:
    """A spreadsheet that takes 01004 for a number keeps 1004."""
    code = without_blanks(typed)
    return code.zfill(5) if code.isdigit() else code or None


def _sentence(invalid: ValidationError) -> str:
    fields = {str(error["loc"][0]) for error in invalid.errors()}
    return " ; ".join(WRONG.get(name, name) for name in sorted(fields))


def read_members(path: Path, told: Callable[[str], None] = told_to_nobody) -> list[Line]:
    return read_list(path, COLUMNS, required=("code", "name"), told=told)
