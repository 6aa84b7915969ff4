"""People pasted as a list, one a line: e-mail; nom; fonction; rôle; membre."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import String, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from pooling.kernel.limits import limit
from pooling.kernel.list_reading import LONGEST_CELL, BadLine
from pooling.kernel.tables import any_of
from pooling.kernel.text import clean, sort_key
from pooling.mail_addresses import EXAMPLE, read_address, why_wrong
from pooling.members.inviting import InvitationIn
from pooling.members.models import Member
from pooling.members.words import OF_MEMBER, read_role

MOST_LINES = limit(500, "People of one pasted list", __name__)
LONGEST = 200
_CODE = re.compile(r"\(([^()]+)\)\s*$")
_FIELDS = 5


@dataclass(frozen=True)
class MembersTyped:
    """The members that people named, by what they typed."""

    found: Mapping[str, int]
    ambiguous: frozenset[str]

    def refusal(self, typed: str) -> str | None:
        """Why this names no member, in French; None when it does."""
        if not typed:
            return "indiquez le membre : ce rôle est celui d’un membre"
        if typed in self.ambiguous:
            return f"plusieurs membres s’appellent « {typed} » : indiquez le SIREN ou le code"
        return None if typed in self.found else f"« {typed} » n’est pas un membre du groupe"


async def find_members(session: AsyncSession, typed: Sequence[str]) -> MembersTyped:
    """Members by SIREN, code or name (`Arès`, `ares`, `Arès (213300114)`), in one statement."""
    codes = {one: _code(one) for one in typed if one}
    names = await asyncio.to_thread(lambda: {one: _letters(one) for one in codes})
    letters = func.split_part(col(Member.sort_key), "\x01", 1, type_=String)
    rows = await session.execute(
        select(col(Member.id), col(Member.code), letters).where(
            col(Member.retired_on).is_(None),
            or_(any_of(col(Member.code), set(codes.values())), any_of(letters, names.values())),
        )
    )
    by_code: dict[str, int] = {}
    by_name: dict[str, list[int]] = {}
    for member_id, code, name in rows:
        by_code[code] = member_id
        by_name.setdefault(name, []).append(member_id)
    found = {one: by_code[code] for one, code in codes.items() if code in by_code}
    several = {one for one, name in names.items() if one not in found and len(by_name.get(name, ())) > 1}
    found |= {
        one: by_name[name][0] for one, name in names.items() if one not in found and len(by_name.get(name, ())) == 1
    }
    return MembersTyped(found, frozenset(several))


def _code(typed: str) -> str:
    in_brackets = _CODE.search(typed)
    bare = in_brackets[1] if in_brackets else typed
    compact = bare.replace(" ", "")
    return compact if compact.isdigit() else bare.strip()


def _letters(name: str) -> str:
    return sort_key(name).split("\x01", maxsplit=1)[0]


async def read_people(session: AsyncSession, pasted: str) -> tuple[list[InvitationIn], list[BadLine]]:
    """The people of a pasted list, and every line that cannot be taken, with why."""
    typed = [(number, line) for number, line in enumerate(pasted.splitlines(), start=1) if line.strip(" \t;")]
    if len(typed) > MOST_LINES:
        return [], [BadLine(typed[MOST_LINES][0], f"la liste s’arrête à {MOST_LINES} lignes : collez-la en deux fois")]
    lines = await asyncio.to_thread(lambda: [(number, _cells(line)) for number, line in typed])
    members = await find_members(session, [cells[4] for _, cells in lines])
    return await asyncio.to_thread(_judged, lines, members)


def _judged(lines: Sequence[tuple[int, list[str]]], members: MembersTyped) -> tuple[list[InvitationIn], list[BadLine]]:
    good: list[InvitationIn] = []
    bad: list[BadLine] = []
    seen: set[tuple[object, ...]] = set()
    for number, cells in lines:
        reasons = reasons_against(cells, members)
        if not reasons:
            one = _invitation(cells, members)
            key = (one.email, one.role, one.member_id)
            if key not in seen:
                seen.add(key)
                good.append(one)
                continue
            reasons = ["cette personne est déjà plus haut dans la liste, avec le même rôle"]
        bad.append(BadLine(number, " ; ".join(reasons)))
    return good, bad


def _cells(line: str) -> list[str]:
    delimiter = "\t" if line.count("\t") > line.count(";") else ";"
    cells = [clean(cell) for cell in line.split(delimiter, _FIELDS)]
    return [*cells, *[""] * _FIELDS][: max(_FIELDS, len(cells))]


def reasons_against(cells: Sequence[str], members: MembersTyped) -> list[str]:
    """Why these cells (address, name, function, role, member, and no more) are nobody to invite; nothing where they
    are.
    """
    if max(map(len, cells)) > LONGEST_CELL:
        return [f"un texte dépasse {LONGEST_CELL} caractères"]
    email, name, function, role_typed, member, *others = cells
    wrong = _wrong(email) if email else None
    role = read_role(role_typed)
    refused = members.refusal(member) if role in OF_MEMBER else None
    checks = (
        (any(others), "il y a plus de cinq colonnes"),
        (not email, "l’adresse électronique manque"),
        (wrong is not None, wrong or ""),
        (not name, "le nom manque"),
        (max(len(name), len(function)) > LONGEST, f"un texte dépasse {LONGEST} caractères"),
        (not role_typed, "le rôle manque"),
        (
            bool(role_typed) and role is None,
            f"le rôle « {role_typed} » n’est pas référent, finances, achats, observation ou animation",
        ),
        (refused is not None, refused or ""),
        (
            role is not None and role not in OF_MEMBER and bool(member),
            "ce rôle est celui du groupe entier : laissez le membre vide",
        ),
    )
    return [sentence for refusal, sentence in checks if refusal]


def _wrong(email: str) -> str | None:
    """Why this is no address, as part of a line's sentence."""
    why = why_wrong(email)
    if why in (None, EXAMPLE):
        return why and f"« {email} » n’est pas une adresse électronique"
    return f"« {email} » : {why[0].lower()}{why[1:].removesuffix('.')}"


def _invitation(cells: Sequence[str], members: MembersTyped) -> InvitationIn:
    email, name, function, role_typed, member, *_ = cells
    role = read_role(role_typed)
    assert role is not None, "checked before"
    return InvitationIn(read_address(email), name, role, function, members.found[member] if role in OF_MEMBER else None)
