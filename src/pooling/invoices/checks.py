"""What is doubtful in an invoice: its sums, its lines, its parties, its dates. Pure; every sentence is French."""

from collections import Counter
from collections.abc import Iterator
from decimal import Context, Decimal

from stdnum.eu import vat as eu_vat
from stdnum.fr import siren, siret

from pooling.invoices.invoice import CENT, Finding, FindingCode, Invoice, InvoiceLine, Party, plain
from pooling.web.typography import NARROW_NBSP, NBSP

_CENT = Decimal("0.01")
_HALF = Decimal("0.005")
_SHOWN = Decimal("1e-8")
_WIDE = Context(prec=100)
"""For the largest amounts that a file may write, sums and products of them included."""
_SIRET = 14
_MAY_BE_DUE_BEFORE = frozenset({"386", "500", "503"})
_PAID_ALREADY = frozenset({"B2", "S2", "M2"})
"""French processes of an invoice that is paid when it is issued (BR-FR-CO-07)."""


def check(invoice: Invoice) -> list[Finding]:
    """All that is found, in reading order."""
    return [
        *_missing(invoice),
        *_dates(invoice),
        *_currency(invoice),
        *_identity(invoice.seller, "seller"),
        *_identity(invoice.buyer, "buyer"),
        *_vat_number(invoice),
        *_lines(invoice),
        *_sums(invoice),
        *_rates(invoice),
    ]


def _error(code: FindingCode, field: str, message: str) -> Finding:
    return Finding(code, field, "error", message)


def _warning(code: FindingCode, field: str, message: str) -> Finding:
    return Finding(code, field, "warning", message)


def _missing(invoice: Invoice) -> Iterator[Finding]:
    wanted = {
        "number": (invoice.number, "son numéro"),
        "issued_on": (invoice.issued_on, "sa date"),
        "currency": (invoice.currency, "sa devise"),
        "seller.name": (invoice.seller.name, "le nom du vendeur"),
        "totals.ht": (plain(invoice.totals.ht), "son total HT"),
        "totals.ttc": (plain(invoice.totals.ttc), "son total TTC"),
        "totals.due": (plain(invoice.totals.due), "le montant à payer"),
    }
    for field, (value, what) in wanted.items():
        if not value:
            yield _error("missing", field, f"Cette facture ne dit pas {what}.")


def _dates(invoice: Invoice) -> Iterator[Finding]:
    issued, due = invoice.issued_on, invoice.due_on
    early = invoice.type_code in _MAY_BE_DUE_BEFORE or invoice.process in _PAID_ALREADY
    if issued and due and due < issued and not early:
        yield _error("date", "due_on", f"L’échéance ({_day(due)}) est avant la date de la facture ({_day(issued)}).")


def _currency(invoice: Invoice) -> Iterator[Finding]:
    if invoice.currency and invoice.currency != "EUR":
        yield _error(
            "currency",
            "currency",
            f"Cette facture est en {invoice.currency}{NBSP}: elle ne peut pas être rapprochée d’une commande en euros.",
        )


def _identity(party: Party, field: str) -> Iterator[Finding]:
    """A wrong checksum is often a slip, or a fictional number; a SIRET of another SIREN is another company's."""
    who = "du vendeur" if field == "seller" else "de l’acheteur"
    if party.siret and len(party.siret) != _SIRET:
        said = f"Le SIRET {who}, {party.siret[:60]}, n’a pas ses {_SIRET} chiffres."
        yield _warning("siret", f"{field}.siret", said)
    elif party.siret and party.siren and not party.siret.startswith(party.siren):
        said = f"Le SIRET {who}, {party.siret}, n’est pas un établissement du SIREN {party.siren}."
        yield _error("siret", f"{field}.siret", said)
    elif party.siret and not siret.is_valid(party.siret):
        yield _warning("siret", f"{field}.siret", f"Le SIRET {who}, {party.siret}, n’est pas valable.")
    elif party.siren and not siren.is_valid(party.siren):
        yield _warning("siret", f"{field}.siren", f"Le SIREN {who}, {party.siren}, n’est pas valable.")


def _vat_number(invoice: Invoice) -> Iterator[Finding]:
    seller, field = invoice.seller, "seller.vat"
    if not seller.vat:
        taxed = any(group.category == "S" and group.amount for group in invoice.vat)
        if taxed and not invoice.represented:
            yield _error("vat_number", field, "De la TVA est facturée, sans numéro de TVA du vendeur.")
    elif seller.vat.startswith("FR") and seller.siren and not seller.vat.endswith(seller.siren):
        said = f"Le numéro de TVA du vendeur, {seller.vat}, n’est pas celui du SIREN {seller.siren}."
        yield _error("vat_number", field, said)
    elif not eu_vat.is_valid(seller.vat):
        yield _warning("vat_number", field, f"Le numéro de TVA du vendeur, {seller.vat}, n’est pas valable.")


def _lines(invoice: Invoice) -> Iterator[Finding]:
    if not invoice.lines:
        said = f"Le profil {invoice.profile.upper()} de cette facture n’a pas de lignes{NBSP}: complétez-les à la main."
        if invoice.profile not in {"minimum", "basicwl"}:
            said = f"Cette facture n’a pas de lignes{NBSP}: complétez-les à la main."
        yield Finding("no_lines", "lines", "info", said)
    for id_, times in Counter(line.id for line in invoice.lines).items():
        if times > 1:
            said = f"portent le même numéro, «{NBSP}{id_}{NBSP}»" if id_ else "n’ont pas de numéro"
            yield _error("duplicate_line", "lines", f"{times} lignes {said}.")
    for place, line in enumerate(invoice.lines):
        yield from _line(line, place, invoice.currency)


def _line(line: InvoiceLine, place: int, currency: str) -> Iterator[Finding]:
    """The file's net is trusted; it is questioned beyond what rounding the price explains."""
    if line.quantity is None or line.unit_price is None or line.net is None or not line.price_base:
        return
    computed = line.quantity * line.unit_price / line.price_base + line.extras
    if abs(computed - line.net) <= max(_CENT, abs(line.quantity) * _HALF):
        return
    base = f" ÷ {_number(line.price_base)}" if line.price_base != 1 else ""
    extras = f" {'+' if line.extras > 0 else '−'} {_number(abs(line.extras), CENT)}" if line.extras else ""
    reached = (
        f"{_number(line.quantity)} × {_number(line.unit_price, CENT)}{base}{extras} = {_money(computed, currency)}"
    )
    said = f"Ligne {line.id}, {line.name[:60]}{NBSP}: {reached}, la facture dit {_money(line.net, currency)}."
    yield Finding("line_differs", f"lines[{place}].net", "warning", said)


def _sums(invoice: Invoice) -> Iterator[Finding]:
    totals, currency = invoice.totals, invoice.currency
    nets = [line.net for line in invoice.lines]
    lines = sum((net for net in nets if net is not None), Decimal(0)) if nets else None
    groups = sum((group.amount for group in invoice.vat), Decimal(0)) if invoice.vat else None
    ht = _added(totals.lines, -invoice.allowances, invoice.charges)
    minus_prepaid = None if totals.prepaid is None else -totals.prepaid
    checks = (
        ("lines", "La somme des lignes", lines, totals.lines, "le total des lignes"),
        ("ht", "Lignes − remises + frais", ht, totals.ht, "le total HT"),
        ("vat", "La somme des TVA par taux", groups, totals.vat, "le total de TVA"),
        ("ttc", "HT + TVA", _added(totals.ht, totals.vat or Decimal(0)), totals.ttc, "le total TTC"),
        (
            "due",
            "TTC − acomptes + arrondi",
            _added(totals.ttc, minus_prepaid, totals.rounding),
            totals.due,
            "le net à payer",
        ),
    )
    for field, sum_of, reached, told, what in checks:
        if reached is not None and told is not None and reached != told:
            said = f"{sum_of} fait {_money(reached, currency)}, {what} de la facture {_money(told, currency)}."
            yield _error("totals_differ", f"totals.{field}", said)


def _rates(invoice: Invoice) -> Iterator[Finding]:
    """VAT per rate, within one cent a line of that rate."""
    lines = Counter((line.vat_rate, line.category) for line in invoice.lines)
    for place, group in enumerate(invoice.vat):
        rate = group.rate or Decimal(0)
        computed = group.base * rate / 100
        if abs(computed - group.amount) > _CENT * max(1, lines[group.rate, group.category]):
            base, reached, told = (_money(each, invoice.currency) for each in (group.base, computed, group.amount))
            percent = f"{_number(rate)}{NARROW_NBSP}%"
            said = f"TVA à {percent}{NBSP}: {base} × {percent} = {reached}, la facture dit {told}."
            yield _error("totals_differ", f"vat[{place}].amount", said)


def _added(*amounts: Decimal | None) -> Decimal | None:
    """None where one of them is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _number(value: Decimal, at_least: int = 0) -> str:
    whole, _, decimals = plain(abs(value), at_least).partition(".")
    grouped = f"{int(whole):,}".replace(",", NARROW_NBSP)
    return f"{'−' if value < 0 else ''}{grouped}{',' + decimals if decimals else ''}"


def _money(value: Decimal, currency: str) -> str:
    """An amount with as many decimals as it has, eight at most: a price over thirds has no end."""
    shown = value.quantize(_SHOWN, context=_WIDE).normalize(_WIDE)
    return f"{_number(shown, CENT)}{NBSP}{'€' if currency == 'EUR' else currency}"


def _day(iso: str) -> str:
    year, month, day = iso.split("-")
    return f"{day}/{month}/{year}"
