"""The contracts of a year that are published as a list: those too small for essential data."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.kernel.clock import LAST_DAY
from pooling.kernel.database import fetch, group_of
from pooling.kernel.sheet_writing import Column, ColumnKind, SheetTable, Value
from pooling.procurement.configuration import OpenDataBounds

_POSTCODE = re.compile(r"(?<!\d)\d{5}(?!\d)")
_COUNTRIES: Mapping[str, str] = {
    "AT": "Autriche",
    "BE": "Belgique",
    "BG": "Bulgarie",
    "CY": "Chypre",
    "CZ": "Tchéquie",
    "DE": "Allemagne",
    "DK": "Danemark",
    "EE": "Estonie",
    "EL": "Grèce",
    "ES": "Espagne",
    "FI": "Finlande",
    "HR": "Croatie",
    "HU": "Hongrie",
    "IE": "Irlande",
    "IT": "Italie",
    "LT": "Lituanie",
    "LU": "Luxembourg",
    "LV": "Lettonie",
    "MT": "Malte",
    "NL": "Pays-Bas",
    "PL": "Pologne",
    "PT": "Portugal",
    "RO": "Roumanie",
    "SE": "Suède",
    "SI": "Slovénie",
    "SK": "Slovaquie",
}
"""Abroad, by the letters of VAT numbers."""
COLUMNS = [
    Column("Achat", ColumnKind.CODE, 16),
    Column("Acheteur", width=30),
    Column("Objet", width=40),
    Column("Montant HT", ColumnKind.AMOUNT, 14),
    Column("Date", ColumnKind.DATE, 12),
    Column("Titulaire", width=30),
    Column("Code postal ou pays du titulaire", ColumnKind.CODE, 12),
]
_YEAR = """
SELECT p.reference, p.title, m.name AS buyer, c.notified_on, c.worth_cents, c.lot, l.title AS lot_title,
    s.name AS supplier, s.address, CASE WHEN COALESCE(s.siret, '') = '' THEN s.vat_number END AS vat_number
FROM contract_data c
-- By the amounts of the day of its notification.
JOIN unnest($4::date[], $5::date[], $6::bigint[], $7::bigint[]) AS bounds (since, until, least, below)
    ON c.notified_on BETWEEN bounds.since AND bounds.until AND c.worth_cents >= least AND c.worth_cents < below
JOIN purchases p ON p.group_id = c.group_id AND p.id = c.purchase_id
JOIN members m ON m.group_id = p.group_id AND m.id = p.lead_member_id
JOIN suppliers s ON s.group_id = c.group_id AND s.id = c.supplier_id
LEFT JOIN lots l ON l.group_id = c.group_id AND l.purchase_id = c.purchase_id AND l.number = c.lot
WHERE c.group_id = $1 AND c.notified_on BETWEEN $2 AND $3
ORDER BY c.notified_on, p.reference, c.lot, s.sort_key"""


async def small_contracts(session: AsyncSession, year: int, bounds: Sequence[OpenDataBounds]) -> Sequence[Any]:
    days = (date(year, 1, 1), date(year, 12, 31))
    since, until = [one.valid_from for one in bounds], [one.valid_to or LAST_DAY for one in bounds]
    least, below = [one.list_cents for one in bounds], [one.data_cents for one in bounds]
    return await fetch(session, _YEAR, group_of(session), *days, since, until, least, below)


def listed(rows: Sequence[Any]) -> SheetTable:
    return SheetTable("Marchés", COLUMNS, _rows(rows))


def _rows(rows: Sequence[Any]) -> Iterator[list[Value]]:
    for row in rows:
        yield [
            *(row["reference"], row["buyer"], subject_of(row), row["worth_cents"]),
            *(row["notified_on"], row["supplier"], place_of(row["address"], row["vat_number"])),
        ]


def subject_of(row: Mapping[str, Any]) -> str:
    return f"{row['title']} – {row['lot_title']}" if row["lot_title"] else row["title"]


def place_of(address: str, vat_number: str | None) -> str:
    """The postcode of a holder; of one that is known by another country's VAT number, the country."""
    return _COUNTRIES.get((vat_number or "")[:2]) or postcode_in(address)


def postcode_in(address: str) -> str:
    """The last one that an address names: what stands before it may be a number in a street."""
    found = _POSTCODE.findall(address)
    return found[-1] if found else ""
