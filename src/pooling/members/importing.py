"""Members from a list: one line each, a unit's line naming the code of what it belongs to."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.lists import BadLine, Line, read_list
from pooling.members.service import MemberIn, UnitIn, add_members, members_by_code

COLUMNS = {
    "code": ("siren", "code", "siren ou code"),
    "name": ("nom", "name", "membre"),
    "category": ("type", "kind", "catégorie"),
    "insee": ("insee", "code insee"),
    "population": ("population",),
    "agents": ("agents", "effectif", "agents_fictional"),
    "parent": ("rattachement", "parent"),
    "budget": ("budget", "code budget"),
    "budget_label": ("libellé budget", "budget_label"),
}
_SENTENCES = {
    "code": "le SIREN doit avoir neuf chiffres dont une clé valide (ou, pour une composante, un code sans espace)",
    "name": "le nom manque ou dépasse 200 caractères",
    "insee": "le code INSEE doit ressembler à 33009 ou 2A004",
    "population": "la population doit être un nombre entier",
    "agents": "l’effectif doit être un nombre entier",
}


async def import_members(
    session: AsyncSession, lines: Sequence[Line], now: datetime, *, skip_bad: bool = False
) -> tuple[int, list[BadLine]]:
    """Adds the members of a list; returns how many, and the lines refused. With bad lines and without `skip_bad`,
    nothing is written.
    """
    present = set(await members_by_code(session))
    good: list[MemberIn | UnitIn] = []
    bad: list[BadLine] = []
    named = present | {line["code"].replace(" ", "") for line in lines}
    for line in lines:
        try:
            member = _member(line)
        except ValidationError as invalid:
            bad.append(BadLine(line.number, _sentence(invalid)))
            continue
        if member.code in present:
            bad.append(BadLine(line.number, f"{member.code} est déjà membre, ou déjà dans le fichier"))
        elif member.parent is not None and member.parent not in named:
            bad.append(BadLine(line.number, f"rattachement inconnu : {member.parent}"))
        else:
            present.add(member.code)
            good.append(member)
    if bad and not skip_bad:
        return 0, bad
    refused = {unit.code for unit in good if unit.parent is not None and unit.parent not in present}
    await add_members(session, [member for member in good if member.code not in refused], now)
    return len(good) - len(refused), bad


def _member(line: Line) -> MemberIn | UnitIn:
    values: dict[str, Any] = {
        "code": line["code"],
        "name": line["name"],
        "category": line["category"],
        "population": line["population"].replace(" ", "") or None,
        "agents": line["agents"].replace(" ", "") or None,
        "budgets": {line["budget"]: line["budget_label"] or line["budget"]} if line["budget"] else {},
    }
    if line["parent"]:
        return UnitIn(parent=line["parent"].replace(" ", ""), **values)
    return MemberIn(insee=line["insee"] or None, **values)


def _sentence(invalid: ValidationError) -> str:
    fields = {str(error["loc"][0]) for error in invalid.errors()}
    return " ; ".join(_SENTENCES.get(name, name) for name in sorted(fields))


def read_members(path: Path) -> list[Line]:
    return read_list(path, COLUMNS, required=("code", "name"))
