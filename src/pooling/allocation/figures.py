"""The tables that finance reads, the same in the workbook, the CSV file and the terminal. Titles are in French."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value
from pooling.sharing.money import format_cents, format_decimal
from pooling.sharing.shared_lines import CENTS_KEYS, KeyName, LineKind, Number
from pooling.sharing.statement import StatedLine, StatedShare, StatedWarning, Statement

KEYS = {
    KeyName.EQUAL: "à parts égales",
    KeyName.QUANTITY: "quantité",
    KeyName.AMOUNT: "montant HT",
    KeyName.POPULATION: "population",
    KeyName.AGENTS: "nombre d’agents",
    KeyName.WEIGHTS: "poids fixés",
    KeyName.PERCENTS: "pourcentages fixés",
    KeyName.MIX: "clé mixte (%\u00a0combiné)",
    KeyName.NONE: "sans objet",
    KeyName.TAXED_BASE: "base HT × taux",
    KeyName.SIZE_OF_BASE: "montant de la base HT",
    KeyName.CLAIM: "montant demandé",
    KeyName.ELIGIBLE_COST: "coût éligible",
}
KINDS = {
    LineKind.ITEM: "Article",
    LineKind.CHARGE: "Frais mutualisés",
    LineKind.ADJUSTMENT: "Ajustement HT à la facture",
    LineKind.VAT: "TVA",
    LineKind.VAT_ADJUSTMENT: "Ajustement TVA à la facture",
    LineKind.SUBSIDY: "Subvention",
}
_PLACES = 10**8
_NOTHING = StatedShare(0, 0, 0, 0)


class Filing(NamedTuple):
    """What an item is filed under; empty where nothing is said."""

    lot: str
    cpv: str
    family: str
    nature: str
    account: str


@dataclass(frozen=True, slots=True)
class Labels:
    """Names by id, for people; an id without a name is shown as it is."""

    members: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    charges: Mapping[str, str] = field(default_factory=dict)
    subsidies: Mapping[str, str] = field(default_factory=dict)
    filing: Mapping[str, Filing] = field(default_factory=dict)
    """Of items."""

    @classmethod
    def of(cls, names: "Labels | Mapping[str, str] | None") -> "Labels":
        """Labels as they are, or one mapping for all kinds of ids."""
        if isinstance(names, Labels):
            return names
        alike = names or {}
        return cls(alike, alike, alike, alike)

    def line(self, kind: LineKind, id_: str) -> str:
        """The name of a line; VAT lines are named by their rate."""
        match kind:
            case LineKind.ITEM:
                return self.items.get(id_, id_)
            case LineKind.CHARGE:
                return self.charges.get(id_, id_)
            case LineKind.SUBSIDY:
                return self.subsidies.get(id_, id_)
        return f"taux {french(id_)}\u00a0%"

    def member(self, id_: str) -> str:
        """The name of a member."""
        return self.members.get(id_, id_)


_MEMBER = (Column("Code", ColumnKind.CODE, 16), Column("Membre", width=34))


def french(number: str) -> str:
    """A number with the decimal comma."""
    return number.replace(".", ",")


def rate_text(rate: str) -> str:
    """A VAT rate as a text that no spreadsheet takes for a number, so that sums by rate find it."""
    return f"TVA {french(rate)}\u00a0%"


def summary(statement: Statement, labels: Labels) -> SheetTable:
    """One row per member: from HT to what remains to it."""
    titles = ("HT", "TVA", "TTC", "Subventions", "FCTVA estimé", "Coût net")
    columns = [*_MEMBER, *(Column(title, ColumnKind.AMOUNT, 16, summed=True) for title in titles)]
    return SheetTable("Synthèse", columns, _summary_rows(statement, labels))


def _summary_rows(statement: Statement, labels: Labels) -> Iterator[list[Value]]:
    for member in statement.results:
        name = labels.member(member.id)
        yield [member.id, name, member.ht, member.vat, member.ttc, member.subsidised, member.fctva, member.net]


def items(statement: Statement, labels: Labels) -> SheetTable:
    """One row per item and member that takes some."""
    columns = [
        Column("Code article", width=16),
        Column("Article", width=28),
        *_MEMBER,
        Column("Quantité", ColumnKind.INTEGER, 12, summed=True),
        Column("Prix unitaire HT", ColumnKind.NUMBER, 14),
        Column("HT", ColumnKind.AMOUNT, 16, summed=True),
        Column("Taux de TVA (%)", ColumnKind.NUMBER, 12),
    ]
    return SheetTable("Articles", columns, _item_rows(statement, labels))


def references(statement: Statement, labels: Labels) -> SheetTable:
    """One row per item: what it is filed under, and what it comes to."""
    columns = [
        *(Column("Code article", width=16), Column("Article", width=28), Column("Lot", width=34)),
        *(Column("CPV", ColumnKind.CODE, 14), Column("Famille homogène", width=28), Column("Nature", width=14)),
        *(Column("Compte", ColumnKind.CODE, 12), Column("HT", ColumnKind.AMOUNT, 16, summed=True)),
    ]
    return SheetTable("Références", columns, _reference_rows(statement, labels))


def _reference_rows(statement: Statement, labels: Labels) -> Iterator[list[Value]]:
    nothing = Filing("", "", "", "", "")
    for line in statement.lines:
        if line.kind is LineKind.ITEM:
            named = [line.id, labels.line(LineKind.ITEM, line.id)]
            yield [*named, *labels.filing.get(line.id, nothing), line.total]


def _item_rows(statement: Statement, labels: Labels) -> Iterator[list[Value]]:
    for line, shares in statement.of_kind(LineKind.ITEM):
        price, rate = decimal(line.unit_price or 0), decimal(line.vat_rate or 0)
        for member, share in shares:
            names = [line.id, labels.line(LineKind.ITEM, line.id), member, labels.member(member)]
            yield [*names, decimal(share.value), price, share.cents, rate]


def charges(statement: Statement, labels: Labels) -> SheetTable:
    """One row per charge and member that bears some."""
    columns = [
        Column("Code frais", width=16),
        Column("Frais", width=28),
        *_MEMBER,
        Column("Clé", width=24),
        Column("Valeur de base", ColumnKind.NUMBER, 16),
        Column("Part", ColumnKind.PERCENT, 10),
        Column("HT", ColumnKind.AMOUNT, 16, summed=True),
        Column("Taux de TVA (%)", ColumnKind.NUMBER, 12),
    ]
    rows = (
        [row[1], *row[2:8], row[10], decimal(line.vat_rate or 0)]
        for line, row in _line_rows(statement, labels, LineKind.CHARGE)
    )
    return SheetTable("Frais mutualisés", columns, rows)


def vat(statement: Statement, labels: Labels) -> SheetTable:
    """One row per VAT rate and member with a base at this rate."""
    columns = [
        Column("Taux", width=12),
        *_MEMBER,
        Column("Base HT", ColumnKind.AMOUNT, 16, summed=True),
        Column("Ajustement HT", ColumnKind.AMOUNT, 14, summed=True),
        Column("TVA", ColumnKind.AMOUNT, 16, summed=True),
    ]
    return SheetTable("TVA par taux", columns, _vat_rows(statement, labels))


def _vat_rows(statement: Statement, labels: Labels) -> Iterator[list[Value]]:
    kinds = (LineKind.VAT, LineKind.ADJUSTMENT, LineKind.VAT_ADJUSTMENT)
    rates = [line.id for line, _ in statement.of_kind(LineKind.VAT)]
    found = {(kind, line.id): shares for kind in kinds for line, shares in statement.of_kind(kind)}
    for rate in rates:
        base, ties, more = (dict(found.get((kind, rate), ())) for kind in kinds)
        for member in statement.results:
            if member.id in base or member.id in ties or member.id in more:
                taxed, tie, rest = (shares.get(member.id, _NOTHING) for shares in (base, ties, more))
                yield [
                    *(rate_text(rate), member.id, labels.member(member.id)),
                    *(int(taxed.value), tie.cents, taxed.cents + rest.cents),
                ]


def subsidies(statement: Statement, labels: Labels) -> SheetTable:
    """One row per subsidy and member that receives some."""
    columns = [
        Column("Code subvention", width=18),
        Column("Subvention", width=28),
        *_MEMBER,
        Column("Coût éligible", ColumnKind.AMOUNT, 16, summed=True),
        Column("Subvention accordée", ColumnKind.AMOUNT, 18, summed=True),
        Column("Argent public", width=12),
    ]
    return SheetTable("Subventions", columns, _subsidy_rows(statement, labels))


def _subsidy_rows(statement: Statement, labels: Labels) -> Iterator[list[Value]]:
    for line, shares in statement.of_kind(LineKind.SUBSIDY):
        public = "oui" if line.public else "non"
        for member, share in shares:
            if share.cents:
                names = [line.id, labels.line(LineKind.SUBSIDY, line.id), member, labels.member(member)]
                yield [*names, share.eligible, share.cents, public]


def lines(statement: Statement, labels: Labels) -> SheetTable:
    """Every figure on its own row, with its key, its base value, its percentage and the cent given."""
    columns = [
        Column("Nature", width=24),
        Column("Code", width=16),
        Column("Objet", width=28),
        Column("Code membre", width=16),
        Column("Membre", width=34),
        Column("Clé", width=24),
        Column("Valeur de base", ColumnKind.NUMBER, 16),
        Column("Part", ColumnKind.PERCENT, 10),
        Column("Part exacte (€)", ColumnKind.NUMBER, 18),
        Column("Centime donné", ColumnKind.INTEGER, 10),
        Column("Montant", ColumnKind.AMOUNT, 16),
    ]
    return SheetTable("Lignes", columns, (row for _, row in _line_rows(statement, labels)))


def _line_rows(
    statement: Statement, labels: Labels, kind: LineKind | None = None
) -> Iterator[tuple[StatedLine, list[Value]]]:
    """Of the lines of one kind, or of all."""
    for line, shares in zip(statement.lines, statement.shares, strict=True):
        if kind is not None and line.kind is not kind:
            continue
        named: list[Value] = [KINDS[line.kind], line.id, _title(line, labels)]
        key, whole = KEYS[line.key], line.total * line.denominator
        for member, share in shares:
            if share.numerator or share.cents:
                yield (
                    line,
                    [
                        *named,
                        *(member, labels.member(member)),
                        key,
                        decimal(Fraction(share.value) / 100 if line.key in CENTS_KEYS else share.value),
                        ratio(share.numerator, whole) if whole else None,
                        ratio(share.numerator, line.denominator * 100),
                        share.given(line),
                        share.cents,
                    ],
                )


def _title(line: StatedLine, labels: Labels) -> str:
    """Its name; `Remise (−2,5 % de 8 745,00 €)` for a charge in percent."""
    name = labels.line(line.kind, line.id)
    if line.rate is None or line.base is None:
        return name
    rate = french(format_decimal(line.rate)).replace("-", "−")
    return f"{name} ({rate}\u00a0% de {euros_text(line.base)})"


def decimal(value: Number) -> Decimal:
    """A number to 8 decimals, towards zero: for showing, never for computing."""
    return ratio(value.numerator, value.denominator)


def ratio(numerator: int, denominator: int) -> Decimal:
    """A ratio to 8 decimals, towards zero, whatever the sign of its terms."""
    size = abs(numerator) * _PLACES // abs(denominator)
    return Decimal(size if (numerator < 0) == (denominator < 0) else -size).scaleb(-8).normalize()


def warning_sentence(warning: StatedWarning, labels: Labels) -> str:
    """A warning as a finance officer reads it."""
    who, ht, subsidised = labels.member(warning.member), euros_text(warning.ht), euros_text(warning.subsidised)
    if warning.code == "over_subsidised":
        return f"{who}\u00a0: les subventions ({subsidised}) dépassent son coût HT ({ht})."
    if warning.ht < 0:
        return f"{who}\u00a0: son coût HT est négatif ({ht})\u00a0; sa part d’autofinancement n’a pas de sens."
    return (
        f"{who}\u00a0: moins de 20\u00a0% de son coût HT ({ht}) reste à sa charge une fois déduites les aides "
        f"publiques (subventions\u00a0: {subsidised}\u00a0; CGCT, art. L1111-10)."
    )


def euros_text(cents: int) -> str:
    """An amount as the French read it: `1 234,56 €`, with no-break spaces."""
    whole, cents_text = format_cents(abs(cents)).split(".")
    grouped = f"{int(whole):,}".replace(",", "\u202f")
    return f"{'−' if cents < 0 else ''}{grouped},{cents_text}\u00a0€"


def row_count(result: Statement) -> int:
    """About how many rows the workbook has: each line of a member stands in « Lignes » and in the sheet of its kind.
    What is free or taxed at 0 %, and adjustments to an invoice, stand in one of them only.
    """
    lines = sum(1 for member in result.members for share in member.shares if share.numerator or share.cents)
    return len(result.members) + 2 * lines + len(result.warnings)
