"""A member's statement: what was bought, why this share, what to pay, to whom and by when."""

from collections.abc import Iterator
from fractions import Fraction

from pooling.accounting.dues import dues_of, owed_by, paid_to
from pooling.accounting.fields import Entry
from pooling.accounting.reading import BookedRecord
from pooling.allocation.booking import Booked
from pooling.allocation.figures import KEYS, decimal
from pooling.allocation.why import base_value
from pooling.outbox.mail import FICTIONAL
from pooling.sharing.shared_lines import LineKind
from pooling.web.pdf import Setter
from pooling.web.typography import date_long, euros, number, percent, plural, price, typo

TEMPLATE = "accounting/statement.typ"
PDF = "application/pdf"


def statement_pdf(booked: BookedRecord, entry: Entry, setter: Setter | None = None) -> bytes:
    """The accessible PDF; many are set by one `setter`.

    Raises:
        Unprintable: it cannot be set.
    """
    return (setter or Setter(TEMPLATE)).set(statement_data(booked, entry), booked.record.frozen_at)


def statement_data(booked: BookedRecord, entry: Entry) -> dict[str, object]:
    """What the template sets, all of it as it is read."""
    ttc, subsidies, fctva = (entry.total(name) for name in ("ttc", "subsidies", "fctva"))
    return {
        "title": f"Relevé n° {entry.number}",
        "group": booked.group,
        "notice": typo(FICTIONAL) if booked.fictional else None,
        "reference": typo(f"Relevé {entry.number} – {entry.name} – {entry.purchase}"),
        "facts": [(label, typo(value)) for label, value in _facts(booked, entry) if value],
        "dues": [typo(sentence) for sentence in _dues(entry)],
        "lines": [_row(entry, line) for line in entry.lines],
        "totals": [
            *((label, euros(entry.total(name))) for label, name in (("HT", "ht"), ("TVA", "vat"), ("TTC", "ttc"))),
        ],
        "why": [typo(sentence) for sentence in _why(booked, entry)],
        "net": [
            ("Total TTC", euros(ttc)),
            *([("Subventions attendues", euros(-subsidies))] if subsidies else []),
            *([("FCTVA estimé", euros(-fctva))] if fctva else []),
            ("Coût net", euros(entry.total("net"))),
        ],
        "dated": typo(
            f"Établi d’après l’état de répartition n° {entry.record}, figé le {date_long(entry.dated)}. "
            "Cet état ne change plus."
        ),
    }


def _facts(booked: BookedRecord, entry: Entry) -> Iterator[tuple[str, str]]:
    identity = entry.identity
    yield "Membre", "\n".join([entry.name, identity.service, *identity.address.splitlines()]).strip("\n")
    yield "SIRET" if identity.siret else "SIREN", identity.siret or identity.siren
    yield "Code de service (Chorus Pro)", identity.service_code
    yield "Achat", entry.purchase
    yield "État de répartition", f"n° {entry.record}, figé le {date_long(entry.dated)}"
    yield "Quantités retenues", booked.stated.basis
    yield "Budget", entry.budget
    yield "Engagement", entry.engaged
    yield "Commande", ", ".join(entry.orders)
    yield "Factures des fournisseurs", ", ".join(entry.bills)


def _dues(entry: Entry) -> Iterator[str]:
    dues = dues_of(entry.buying, entry.code, entry.lines, entry.owed)
    for due in dues:
        when = f"au plus tard le {date_long(due.due_on)}" if due.due_on else due.by
        if due.cents < 0:
            yield f"{euros(-due.cents)} TTC à recevoir de {due.creditor.named}."
        else:
            yield f"{euros(due.cents)} TTC à {due.creditor.named}, {when}."
    if not dues:
        yield "Rien à payer."


def _row(entry: Entry, booked: Booked) -> dict[str, str]:
    is_item = booked.line.kind is LineKind.ITEM
    return {
        "label": typo(entry.labels[id(booked.line)]),
        "units": number(int(booked.share.value)) if is_item else "–",
        "price": price(booked.line.unit_price or 0) if is_item else "–",
        "ht": euros(booked.ht),
        "rate": percent((booked.line.vat_rate or Fraction(0)) / 100, 2),
        "vat": euros(booked.vat),
        "ttc": euros(booked.ttc),
    }


def _why(booked: BookedRecord, entry: Entry) -> Iterator[str]:
    """In sentences, from what was kept; « Pourquoi ? » has every step."""
    for one in entry.lines:
        line, label = one.line, entry.labels[id(one.line)]
        mine, everybody = base_value(one.share.value, line.key), base_value(line.whole, line.key)
        if line.kind is LineKind.ITEM:
            units = plural(int(one.share.value), "unité")
            each = price(line.unit_price or 0)
            yield (
                f"{label} : {units} sur {number(line.quantity)} commandées ensemble, à {each} HT l’unité, soit "
                f"{euros(one.ht)} HT."
            )
        else:
            yield (
                f"{label} : {euros(line.total)} HT à partager, clé « {KEYS[line.key]} ». Valeur du membre : {mine} sur "
                f"{everybody}, soit {euros(one.ht)} HT."
            )
    for share in entry.member.shares:
        line = booked.stated.result.lines[share.line]
        if line.kind is LineKind.SUBSIDY and share.cents:
            named = booked.stated.labels.line(line.kind, line.id)
            yield f"{named} : {euros(share.cents)}, pour un coût éligible de {euros(share.eligible)} HT."
    if entry.member.result.fctva:
        rate = number(decimal(booked.stated.result.fctva_rate), 6)
        amount = euros(entry.member.result.fctva)
        yield (
            f"FCTVA estimé : {rate} % du TTC des lignes qui y ouvrent droit, soit {amount}. Le membre le demande "
            "lui-même."
        )
    yield from _rounded(entry)


def _rounded(entry: Entry) -> Iterator[str]:
    """Where what is paid to each is not, to the cent, what its lines come to."""
    gaps = dict(owed_by(entry.buying, entry.code, entry.lines, entry.owed))
    for one in entry.lines:
        if (to := paid_to(entry.buying, entry.code, one)) is not None:
            gaps[to] = gaps.get(to, 0) - one.ttc
    if any(gaps.values()) and max(map(abs, gaps.values())) <= len(entry.lines):
        yield (
            "La TVA de ce qui est payé à chacun est arrondie en une fois : ligne par ligne, elle peut en différer d’un "
            "centime."
        )
