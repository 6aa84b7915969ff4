# ruff: noqa: INP001 - a script beside the texts that it serves
"""Writes the worked tables of docs/allocation.md and docs/consolidation.md: `python docs/worked_tables.py`.

A table stands between `<!-- tableau: … -->` and `<!-- fin -->`; the words after the colon say which one. Its figures
are computed by the rules from docs/cases, so that the text cannot drift; a test writes the tables again and compares.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pooling.allocation.figures import euros_text, french
from pooling.sharing.allocation import allocate_raw
from pooling.sharing.allocation_result import Allocation
from pooling.sharing.comparison import compare_tolerance
from pooling.sharing.consolidation import consolidate, consolidate_raw
from pooling.sharing.consolidation_case import ConsolidationCase, Rationing
from pooling.sharing.explanation import Explanation, explain
from pooling.sharing.shared_lines import CENTS_KEYS, LineKind, Number

DOCS = Path(__file__).parent
PAGES = ("allocation.md", "consolidation.md")
NAMES = {"33009": "Arcachon", "33199": "Gujan-Mestras", "33260": "Lugos", "243300563": "Agglomération"}
RULES = {
    Rationing.PROPORTIONAL: "proportionnelle",
    Rationing.FIRST_COME: "premier arrivé",
    Rationing.MAX_MIN: "tour par tour",
}
DECIMALS = 4

_BLOCK = re.compile(r"(<!-- tableau: (.+?) -->\n).*?(<!-- fin -->)", re.DOTALL)


def rewritten(text: str) -> str:
    """The page with every table computed again."""
    return _BLOCK.sub(lambda match: f"{match[1]}\n{_table(match[2].split())}\n\n{match[3]}", text)


def _table(words: Sequence[str]) -> str:
    what, case, *more = words
    return _TABLES[what](json.loads((DOCS / "cases" / f"{case}.json").read_text(encoding="utf-8")), *more)


def _line(raw: object, kind: str, line: str) -> str:
    """One shared line, member by member: what an accountant would write down to do it by hand."""
    allocation = allocate_raw(raw)
    told = [explain(allocation, LineKind(kind), line, member.id) for member in allocation.members]
    rows = [
        [
            _member(figure.member),
            _base(figure.value, figure),
            euros_exactly(figure.exact),
            euros_text(figure.towards_zero),
            f"{figure.given:+d}" if figure.given else "",
            euros_text(figure.share),
        ]
        for figure in told
    ]
    given = sum(figure.given for figure in told)
    foot = [
        "**Total**",
        _base(told[0].whole, told[0]),
        euros_text(told[0].total),
        euros_text(sum(figure.towards_zero for figure in told)),
        f"{given:+d}" if given else "",
        f"**{euros_text(told[0].total)}**",
    ]
    titles = ["Membre", "Base", "Part exacte", "Sans la fraction", "Centime", "Part"]
    return _markdown(titles, [*rows, foot])


def _mix(raw: object, line: str) -> str:
    """The combined weights of a mixed key."""
    allocation = allocate_raw(raw)
    told = [explain(allocation, LineKind.CHARGE, line, member.id) for member in allocation.members]
    rows = []
    for figure in told:
        cells = [_member(figure.member)]
        for part, value, weight in figure.parts:
            share = f"{_number(value)}\u00a0/\u00a0{_number(part.base.whole)}"
            cells.append(f"{_number(part.percent)}\u00a0% × {share} = {_percent(weight)}")
        rows.append([*cells, _percent(Fraction(figure.value))])
    return _markdown(["Membre", "À parts égales", "Population", "Poids combiné"], rows)


def _summary(raw: object) -> str:
    allocation = allocate_raw(raw)
    rows = [
        [_member(m.id), *map(euros_text, (m.ht, m.vat, m.ttc, m.subsidised, m.fctva, m.net))]
        for m in allocation.members
    ]
    totals = allocation.totals
    feet = (totals.ht, totals.vat, totals.ttc, totals.subsidies, totals.fctva, totals.net)
    titles = ["Membre", "HT", "TVA", "TTC", "Subventions", "FCTVA estimé", "Coût net"]
    return _markdown(titles, [*rows, ["**Total**", *(f"**{euros_text(cents)}**" for cents in feet)]])


def _subsidy(raw: object, line: str) -> str:
    """Claims: rate × eligible cost against the ceiling per unit."""
    allocation: Allocation = allocate_raw(raw)
    shared = allocation.lines.subsidies[line]
    rows = []
    for place, member in enumerate(allocation.members):
        claim = Fraction(shared.claims[place], shared.denominator)
        row = (shared.eligible[place], claim, shared.shares.cents[place])
        eligible, asked, got = euros_text(row[0]), euros_exactly(row[1]), euros_text(row[2])
        rows.append([_member(member.id), str(shared.units[place]), eligible, asked, got])
    return _markdown(["Membre", "Unités", "Coût éligible", "Demande", "Subvention"], rows)


def _order(raw: object) -> str:
    """Declared and assigned quantities, with the foot that ties to the order."""
    result = consolidate_raw(raw)
    rows = [
        [_member(need.member), str(need.firm), str(need.up_to), str(result.assigned[need.member])]
        for need in result.case.needs
    ]
    foot = ["**Total**", str(result.case.firm), str(result.case.most), f"**{result.order}**"]
    return _markdown(["Membre", "Ferme", "Maximum accepté", "Attribué"], [*rows, foot])


def _rules(raw: object) -> str:
    """The same shortage shared by each rule."""
    case: ConsolidationCase = consolidate_raw(raw).case
    results = [consolidate(replace(case, rule=rule)) for rule in Rationing]
    rows = [
        [_member(need.member), str(need.firm), *(str(result.assigned[need.member]) for result in results)]
        for need in case.needs
    ]
    foot = ["**Total**", str(case.firm), *(f"**{result.order}**" for result in results)]
    return _markdown(["Membre", "Ferme", *(RULES[rule].capitalize() for rule in Rationing)], [*rows, foot])


def _compared(raw: object) -> str:
    """Each member's units and cost, without and with tolerance for a tier."""
    compared = compare_tolerance(consolidate_raw(raw).case)
    rows = [
        [
            _member(member.member),
            f"{member.without.units}",
            euros_text(member.without.cost),
            f"{member.with_tolerance.units}",
            euros_text(member.with_tolerance.cost),
            euros_text(member.more_cost),
        ]
        for member in compared.members
    ]
    without, after = compared.without, compared.with_tolerance
    foot = ["**Total**", str(without.order), euros_text(without.total), str(after.order), euros_text(after.total)]
    titles = ["Membre", "Sans", "Coût HT sans", "Avec", "Coût HT avec", "Écart"]
    return _markdown(titles, [*rows, [*foot, f"**{euros_text(-compared.saving)}**"]])


_TABLES: dict[str, Callable[..., str]] = {
    "ligne": _line,
    "mixte": _mix,
    "synthèse": _summary,
    "subvention": _subsidy,
    "commande": _order,
    "règles": _rules,
    "tolérance": _compared,
}


def _markdown(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(titles) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [titles, rule, *rows])


def _member(id_: str) -> str:
    return NAMES[id_]


def _base(value: Number, figure: Explanation) -> str:
    if figure.line.base.key in CENTS_KEYS:
        return euros_exactly(Fraction(value))
    return _number(value)


def euros_exactly(cents: Fraction) -> str:
    """An exact amount in euros; an ellipsis where decimals go on."""
    if cents.denominator == 1:
        return euros_text(cents.numerator)
    return f"{_decimals(cents / 100, at_least=2)}\u00a0€"


def _percent(value: Fraction) -> str:
    return f"{_decimals(value)}\u00a0%"


def _number(value: Number) -> str:
    if value.denominator == 1:
        return f"{value.numerator:,}".replace(",", "\u202f")
    return _decimals(Fraction(value))


def _decimals(value: Fraction, at_least: int = 0) -> str:
    scaled = abs(value) * 10**DECIMALS
    whole, rest = divmod(int(scaled), 10**DECIMALS)
    tail = f"{rest:0{DECIMALS}d}"
    if scaled.denominator == 1:
        tail = tail.rstrip("0").ljust(at_least, "0")
    more = "" if scaled.denominator == 1 else "…"
    number = f"{whole:,}".replace(",", "\u202f") + (f".{tail}" if tail else "")
    return f"{'−' if value < 0 else ''}{french(number)}{more}"


if __name__ == "__main__":
    for page in PAGES:
        path = DOCS / page
        path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
