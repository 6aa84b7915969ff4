"""Lines of a declaration that come as a block of cells or in a file: read, compared with what is declared, and laid
over it. Nothing is guessed: a line that could mean two things is refused with the reason.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from pooling.kernel.limits import Readers, limit
from pooling.kernel.list_reading import (
    BRIEF,
    BadLine,
    Line,
    read_list,
    read_pasted,
    without_blanks,
)
from pooling.kernel.text import one_line, slug, whole_number
from pooling.members.models import Budget
from pooling.needs.details import NOTHING_SAID, Detail
from pooling.needs.queries import DeclarationShown
from pooling.needs.schemas import LONGEST_ENGAGEMENT, LONGEST_NOTE, DeclarationIn, DetailIn, NeedIn
from pooling.needs.words import wanted_words
from pooling.purchases.queries import ItemShown
from pooling.web.typography import number

COLUMNS = {
    "item": ("article", "code article", "item"),
    "quantity": ("quantité", "quantity", "qté"),
    "up_to": ("jusqu’à", "maximum", "up_to"),
    "note": ("note", "remarque pour l’acheteur"),
    "budget": ("budget", "code budget"),
    "engagement": ("numéro d’engagement", "engagement"),
    "code": ("code",),
    "purchase": ("achat",),
    "member": ("membre",),
    "version": ("version",),
}
TYPED = ("item", "quantity", "up_to", "note", "budget", "engagement")
"""The order of a block's columns that has no headings."""
REQUIRED = ("item", "quantity")
MOST_LINES = limit(1_000, "Lines of a declaration that are pasted or sent in a file", __name__, Readers.OPERATORS)
LONGEST_PASTE = limit(100_000, "Letters of a pasted declaration", __name__, Readers.OPERATORS)
LARGEST_UNITS = 1_000_000
_WHOLE = re.compile(r"(\d{1,9})(?:[.,]0{1,2})?")
"""`12`, and `12,0` as spreadsheets may show it."""
_TWO_READINGS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
"""`1,200`: a thousand and two hundred for some, one and a fifth for others."""


class LineState(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Said:
    """All that a declaration says of one item."""

    quantity: int | None = None
    """None: not answered."""
    most: int = 0
    detail: Detail = NOTHING_SAID

    @property
    def is_answer(self) -> bool:
        return bool(self.quantity or self.most or self.detail.words)

    @property
    def words(self) -> str:
        if self.quantity is None and not self.detail.words:
            return ""
        wanted = "–" if self.quantity is None else wanted_words(self.quantity, self.most)
        return " · ".join([wanted, *self.detail.facts])


@dataclass(frozen=True)
class PlannedLine:
    """A good line: what the declaration said of the item, and what it will say."""

    number: int
    item: ItemShown
    before: Said
    after: Said

    @property
    def state(self) -> LineState:
        if self.before == self.after:
            return LineState.UNCHANGED
        return LineState.CHANGED if self.before.is_answer else LineState.NEW


@dataclass(frozen=True)
class LinesPlan:
    lines: list[PlannedLine] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)

    def count(self, state: LineState) -> int:
        return sum(line.state == state for line in self.lines)

    @property
    def writes(self) -> int:
        return len(self.lines) - self.count(LineState.UNCHANGED)


def read_block(text: str) -> list[Line]:
    """The lines of a block of cells as it was pasted, with headings or without: then item, quantity, up to, note,
    budget, engagement, in this order.

    Raises:
        UnreadableListError: it cannot be read.
    """
    delimiter = next((mark for mark in "\t;" if mark in text), "\t")
    first = next((line for line in text.splitlines() if line.strip()), "")
    if _has_headings(first, delimiter):
        return read_pasted(text, COLUMNS, REQUIRED, longest=MOST_LINES)
    headings = delimiter.join(COLUMNS[name][0] for name in TYPED)
    lines = read_pasted(f"{headings}\n{text}", COLUMNS, REQUIRED, longest=MOST_LINES)
    return [replace(line, number=line.number - 1) for line in lines]


def _has_headings(first: str, delimiter: str) -> bool:
    titles = {slug(cell) for cell in first.replace('"', "").split(delimiter)}
    return any(slug(heading) in titles for name in REQUIRED for heading in COLUMNS[name])


def read_file(content: bytes) -> list[Line]:
    """The lines of a file that was sent to a page.

    Raises:
        UnreadableListError: it cannot be read, or not soon enough.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lines"
        path.write_bytes(content)
        return read_list(path, COLUMNS, REQUIRED, longest=MOST_LINES, effort=BRIEF)


def carried(lines: Sequence[Line]) -> str:
    """The lines as a form carries them from what was looked at to what is confirmed: a block with our headings. Lines
    that were empty leave a blank one, so that numbers stay what they were.
    """
    written = {line.number: [line[name] for name in COLUMNS] for line in lines}
    target = io.StringIO()
    writer = csv.writer(target, delimiter="\t", lineterminator="\n")
    writer.writerow(headings[0] for headings in COLUMNS.values())
    for place in range(2, max(written, default=1) + 1):
        writer.writerow(written.get(place, [""] * len(COLUMNS)))
    return target.getvalue()


def plan_lines(
    lines: Sequence[Line], declared: DeclarationShown | None, items: Sequence[ItemShown], budgets: Sequence[Budget]
) -> LinesPlan:
    """What these lines would make of what is declared. A cell that is empty, or a column that is not there, leaves what
    is known; a line that says nothing of an item is left out.
    """
    reader = _Reader(items, {slug(budget.code): budget for budget in budgets})
    plan, seen = LinesPlan(), dict[int, int]()
    for line in lines:
        try:
            item = reader.item(line, seen)
            before = said_of(declared, item)
            after = reader.said(line, before)
        except _RefusedError as refused:
            plan.bad.append(BadLine(line.number, str(refused)))
            continue
        if line["quantity"] or after.is_answer or after != before:
            plan.lines.append(PlannedLine(line.number, item, before, after))
    return plan


def said_of(declared: DeclarationShown | None, item: ItemShown) -> Said:
    """What a declaration says of an item."""
    if declared is None:
        return Said()
    quantity, most = declared.quantities.get(item.id), declared.most.get(item.id, 0)
    return Said(quantity, most, declared.details.get(item.id, NOTHING_SAID))


def laid_over(
    plan: LinesPlan, declared: DeclarationShown | None, items: Sequence[ItemShown], member_id: int, seen: str | None
) -> DeclarationIn:
    """The declaration with these lines in it; what they do not name stays."""
    said = {item.id: said_of(declared, item) for item in items}
    if declared is not None and declared.filed_at is not None:  # a draft is silent of what was filed as not wanted
        said = {item_id: one for item_id, one in said.items() if one.is_answer}
    said |= {line.item.id: line.after for line in plan.lines}
    return DeclarationIn(
        member_id=member_id,
        needs=tuple(
            NeedIn(item_id=item_id, quantity=one.quantity, up_to=one.most)
            for item_id, one in said.items()
            if one.quantity is not None
        ),
        details=tuple(
            DetailIn(
                item_id=item_id,
                note=one.detail.note,
                budget_id=one.detail.budget_id,
                engagement=one.detail.engagement,
            )
            for item_id, one in said.items()
            if one.detail != NOTHING_SAID
        ),
        comment=declared.comment if declared else "",
        seen=seen,
    )


class _RefusedError(Exception):
    """A line that cannot be taken; the message, in French, says why."""


class _Reader:
    """Reads cells as what they mean in one purchase, for one member."""

    def __init__(self, items: Sequence[ItemShown], budgets: Mapping[str, Budget]) -> None:
        self._budgets = budgets
        self._by_code = {slug(item.code): item for item in items}
        self._by_name: dict[str, list[ItemShown]] = {}
        for item in items:
            self._by_name.setdefault(slug(item.name), []).append(item)

    def item(self, line: Line, seen: dict[int, int]) -> ItemShown:
        """What the line is of, unless an earlier one is (`seen`, line numbers by item)."""
        item = self._named(line)
        first = seen.setdefault(item.id, line.number)
        if first != line.number:
            raise _RefusedError(f"même article qu’à la ligne {first}")
        return item

    def _named(self, line: Line) -> ItemShown:
        """By its code, else by its whole name, whatever its accents and capitals."""
        typed, code = line["item"], line["code"]
        if code:
            found = self._by_code.get(slug(code))
            if found is None:
                raise _RefusedError(f"« {code} » n’est le code d’aucun article de cet achat")
            return found
        if not slug(typed):
            raise _RefusedError(f"« {typed} » n’est pas un article de cet achat" if typed else "l’article manque")
        named, coded = self._by_name.get(slug(typed), []), self._by_code.get(slug(typed))
        alike = {item.id: item for item in [*named, *([coded] if coded else [])]}
        if len(alike) > 1:
            codes = ", ".join(f"« {item.code} »" for item in alike.values())
            raise _RefusedError(
                f"« {typed} » peut être plusieurs articles : indiquez son code ({codes}) dans une colonne « Code »"
            )
        if not alike:
            raise _RefusedError(f"« {typed} » n’est pas un article de cet achat")
        return next(iter(alike.values()))

    def said(self, line: Line, before: Said) -> Said:
        detail = Detail(
            note=_text(line["note"], LONGEST_NOTE, "la note") or before.detail.note,
            engagement=_text(line["engagement"], LONGEST_ENGAGEMENT, "le numéro d’engagement")
            or before.detail.engagement,
            budget=before.detail.budget,
            budget_label=before.detail.budget_label,
            budget_id=before.detail.budget_id,
        )
        if line["budget"]:
            budget = self._budgets.get(slug(line["budget"]))
            if budget is None:
                raise _RefusedError(f"« {line['budget']} » n’est pas un budget de ce membre")
            detail = Detail(detail.note, budget.code, budget.label, detail.engagement, budget.id)
        if not line["quantity"]:
            if line["up_to"]:
                raise _RefusedError("la quantité manque (écrivez 0 si vous n’en avez pas besoin)")
            return Said(before.quantity, before.most, detail)
        quantity = _units(line["quantity"], "la quantité", 0)
        most = _units(line["up_to"], "le maximum", quantity) if line["up_to"] else quantity
        return Said(quantity, most, detail)


def _units(typed: str, what: str, least: int) -> int:
    plain = without_blanks(typed)
    if _TWO_READINGS.fullmatch(plain):
        raise _RefusedError(f"{what} « {typed} » peut se lire de deux façons : écrivez-la sans point ni virgule")
    match = _WHOLE.fullmatch(plain)
    units = None if match is None else whole_number(match[1], 9)
    if units is None or not least <= units <= LARGEST_UNITS:
        bounds = f"entre {number(least)} et {number(LARGEST_UNITS)}"
        raise _RefusedError(f"{what} « {typed} » n’est pas un nombre entier {bounds}")
    return units


def _text(typed: str, longest: int, what: str) -> str:
    text = one_line(typed)
    if len(text) > longest:
        raise _RefusedError(f"{what} dépasse {longest} caractères")
    return text
