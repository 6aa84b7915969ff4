"""The tables that finance reads, the same in the workbook, the CSV file and the terminal. Titles are in French."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from pooling.allocation.booking import BOOKED, UNKNOWN, Booked, Booking, Bookkeeping, commonly_filed
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value
from pooling.sharing.money import format_cents, format_decimal
from pooling.sharing.shared_lines import CENTS_KEYS, KeyName, LineKind, Number
from pooling.sharing.statement import StatedLine, StatedWarning, Statement

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
    KeyName.OWN_BILL: "sa propre facture",
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


class Filing(NamedTuple):
    """What an item is filed under; empty where nothing is said."""

    lot: str
    cpv: str
    family: str
    nature: str
    account: str
    section: str = ""
    """Of the budget; empty of what was frozen before it was kept."""


UNFILED = Filing("", "", "", "", "")


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


def summary(statement: Statement, labels: Labels) -> SheetTable:
    """One row per member: from HT to what remains to it."""
    titles = ("HT", "TVA", "TTC", "Subventions", "FCTVA estimé", "Coût net")
    columns = [*_MEMBER, *(Column(title, ColumnKind.AMOUNT, 16, summed=True) for title in titles)]
    return SheetTable("Synthèse", columns, _summary_rows(statement, labels))


def _summary_rows(statement: Statement, labels: Labels) -> Iterator[list[Value]]:
    for member in statement.results:
        name = labels.member(member.id)
        yield [member.id, name, member.ht, member.vat, member.ttc, member.subsidised, member.fctva, member.net]


def distribution(statement: Statement, labels: Labels, books: Bookkeeping) -> SheetTable:
    """The same with what it is made of, and whom to ask for it."""
    columns = [
        *summary(statement, labels).columns,
        *(
            Column(title, ColumnKind.AMOUNT, 16, summed=True)
            for title in ("Articles HT", "Frais mutualisés HT", "Ajustement HT")
        ),
        *(Column("SIREN", ColumnKind.CODE, 12), Column("SIRET", ColumnKind.CODE, 18)),
        *(Column("Code de service", ColumnKind.CODE, 18), Column("Budget", width=28)),
    ]
    return SheetTable("Répartition", columns, _distribution_rows(statement, labels, books), names=2)


def _distribution_rows(statement: Statement, labels: Labels, books: Bookkeeping) -> Iterator[list[Value]]:
    for member, row in zip(statement.results, _summary_rows(statement, labels), strict=True):
        identity = books.identities.get(member.id, UNKNOWN)
        articles, charges = sum(share.ht for share in member.items.values()), sum(member.charges.values())
        yield [*row, articles, charges, member.adjustment, *identity[:3], books.budgets.get(member.id, "")]


DETAIL: Sequence[tuple[str, Column]] = (
    ("member", Column("Code membre", ColumnKind.CODE, 16)),
    ("name", Column("Membre", width=34)),
    ("siren", Column("SIREN", ColumnKind.CODE, 12)),
    ("siret", Column("SIRET", ColumnKind.CODE, 18)),
    ("service_code", Column("Code de service", ColumnKind.CODE, 18)),
    ("budget", Column("Budget", width=24)),
    ("engagement", Column("Engagement", ColumnKind.CODE, 20)),
    ("kind", Column("Nature de la ligne", width=24)),
    ("lot", Column("Lot", width=28)),
    ("code", Column("Code", ColumnKind.CODE, 16)),
    ("label", Column("Objet", width=30)),
    ("cpv", Column("CPV", ColumnKind.CODE, 14)),
    ("family", Column("Famille homogène", width=22)),
    ("nature", Column("Nature", width=14)),
    ("quantity", Column("Quantité", ColumnKind.INTEGER, 12)),
    ("unit_price", Column("Prix unitaire HT", ColumnKind.NUMBER, 14)),
    ("ht", Column("HT", ColumnKind.AMOUNT, 16, summed=True)),
    ("shared_costs", Column("dont frais mutualisés", ColumnKind.AMOUNT, 16, summed=True)),
    ("vat_rate", Column("Taux de TVA (%)", ColumnKind.NUMBER, 10)),
    ("vat", Column("TVA", ColumnKind.AMOUNT, 16, summed=True)),
    ("ttc", Column("TTC", ColumnKind.AMOUNT, 16, summed=True)),
    ("subsidies", Column("Subventions", ColumnKind.AMOUNT, 16, summed=True)),
    ("fctva", Column("FCTVA estimé", ColumnKind.AMOUNT, 16, summed=True)),
    ("net", Column("Coût net", ColumnKind.AMOUNT, 16, summed=True)),
    ("key", Column("Clé", width=22)),
    ("key_value", Column("Valeur de base", ColumnKind.NUMBER, 16)),
    ("key_share", Column("Part", ColumnKind.PERCENT, 10)),
    ("section", Column("Section", width=16)),
    ("account", Column("Compte M57", ColumnKind.CODE, 14)),
)
"""The columns of « Détail », each under the name that programs know it by."""
PLACES = {name: place for place, (name, _) in enumerate(DETAIL)}


def detail(statement: Statement, labels: Labels, books: Bookkeeping) -> SheetTable:
    """One row per member and item, charge or adjustment that it has a share of: all that is booked of it."""
    rows = _detail_rows(statement, labels, books)
    return SheetTable("Détail", [column for _, column in DETAIL], rows, names=2, grouped=PLACES["vat_rate"])


def _detail_rows(statement: Statement, labels: Labels, books: Bookkeeping) -> Iterator[list[Value]]:
    booking = Booking(statement, books.counted)
    of_line = {id(line): _Described(line, labels, statement) for line in statement.lines if line.kind in BOOKED}
    for member in statement.members:
        code = member.result.id
        payer: list[Value] = [code, labels.member(code), *books.identities.get(code, UNKNOWN)[:3]]
        for booked in booking.of(member):
            yield [*payer, *books.engagement(code, booked.line), *of_line[id(booked.line)].row(booked)]


def described(line: StatedLine, labels: Labels, statement: Statement) -> tuple[str, str, str, str]:
    """Of a line that is booked: what it is called, its section, account and CPV."""
    filed = labels.filing.get(line.id, UNFILED) if line.kind is LineKind.ITEM else None
    section, account = (filed.section, filed.account) if filed else commonly_filed(_sections(labels, statement))
    title = _title(line, labels)
    if line.kind is LineKind.ADJUSTMENT:
        title = f"{KINDS[line.kind]}, {title}"
    return title, section, account, filed.cpv if filed else ""


class _Described:
    """What is the same of a line for every member."""

    def __init__(self, line: StatedLine, labels: Labels, statement: Statement) -> None:
        is_item = line.kind is LineKind.ITEM
        self._line, self._is_item, self._is_charge = line, is_item, line.kind is LineKind.CHARGE
        filed = labels.filing.get(line.id, UNFILED) if is_item else UNFILED
        title, section, account, cpv = described(line, labels, statement)
        code = line.id if line.kind is not LineKind.ADJUSTMENT else ""
        self._head: list[Value] = [KINDS[line.kind], filed.lot, code, title, cpv, filed.family, filed.nature]
        self._price = decimal(line.unit_price or 0) if is_item else None
        self._rate = decimal(line.vat_rate or 0)
        self._key, self._whole, self._in_cents = KEYS[line.key], line.total * line.denominator, line.key in CENTS_KEYS
        self._foot: list[Value] = [section, account]

    def row(self, booked: Booked) -> list[Value]:
        share, ht = booked.share, booked.share.cents
        return [
            *self._head,
            *((int(share.value), self._price) if self._is_item else (None, None)),
            *(ht, ht if self._is_charge else 0, self._rate),
            *(booked.vat, booked.ttc, booked.subsidies, booked.fctva, booked.net),
            self._key,
            decimal(Fraction(share.value) / 100 if self._in_cents else share.value),
            ratio(share.numerator, self._whole) if self._whole else None,
            *self._foot,
        ]


def _sections(labels: Labels, statement: Statement) -> Iterator[tuple[str, str]]:
    for line in statement.lines:
        if line.kind is LineKind.ITEM and line.total:
            filed = labels.filing.get(line.id, UNFILED)
            yield filed.section, filed.account


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
    return SheetTable("Clés", columns, _line_rows(statement, labels))


def _line_rows(statement: Statement, labels: Labels) -> Iterator[list[Value]]:
    for line, shares in zip(statement.lines, statement.shares, strict=True):
        named: list[Value] = [KINDS[line.kind], line.id, _title(line, labels)]
        key, whole = KEYS[line.key], line.total * line.denominator
        for member, share in shares:
            if share.numerator or share.cents:
                yield [
                    *named,
                    *(member, labels.member(member)),
                    key,
                    decimal(Fraction(share.value) / 100 if line.key in CENTS_KEYS else share.value),
                    ratio(share.numerator, whole) if whole and line.key is not KeyName.OWN_BILL else None,
                    ratio(share.numerator, line.denominator * 100),
                    share.given(line),
                    share.cents,
                ]


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
    """About how many rows the book has: each line of a member stands in « Clés », and but for VAT in « Détail » or
    « Subventions ». What is free stands in « Détail » only.
    """
    twice = [2 if line.kind not in {LineKind.VAT, LineKind.VAT_ADJUSTMENT} else 1 for line in result.lines]
    lines = sum(
        twice[share.line] for member in result.members for share in member.shares if share.numerator or share.cents
    )
    return len(result.members) + lines + len(result.warnings)
