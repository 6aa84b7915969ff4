"""How fleets were renewed in a year, as far as the group bought for them: the yearly publication of code de
l’environnement L224-12, in the columns of `etalab/schema-vehicules-faibles-emissions-renouvellement-parc` 0.1.3.

Only what was ordered here is known, of items of which somebody said how clean they are: what a member bought elsewhere,
and what nobody says here (the weight of a van), is left for it to fill in.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from pooling.directory.models import AuthorityKind
from pooling.kernel.database import fetch, group_of
from pooling.kernel.sheet_writing import clean
from pooling.purchases.models import Emission

_BUS = ("EL", "H2", "EHRE", "GNV", "bioGNV", "GPL", "Bio", "XTL", "EuroVI")
FIELDS: Sequence[str] = (
    *("sirenDeclarant", "sirenCouvert", "nom", "naf", "cj", "annee", "zone"),
    *("nbVP", "nbVPEL", "nbVPH2", "nbVPclean"),
    "nbN1",
    *(f"nbN1{size}{kind}" for size in ("inf", "sup") for kind in ("", "EL", "H2", "clean")),
    *("nbL", "nbLEL", "nbLH2"),
    *(f"nbN23{kind}" for kind in ("", "EL", "H2", "EHRE", "GNV", "GPL", "Bio", "XTL")),
    *("nbBus", "nbBusM2", "nbBusM2EL", "nbBusM2H2", "nbBusM2clean", *(f"nbBusM2{kind}" for kind in _BUS[2:])),
    *("nbBusM3", *(f"nbBusM3{kind}" for kind in _BUS)),
    *("nbCar", "nbCarM2", "nbCarM2EL", "nbCarM2H2", "nbCarM2clean", *(f"nbCar{kind}" for kind in _BUS)),
    *("pcentLDVFE", "pcentLDVTFE", "pcentLDVclean", "pcent23RMTFE", "pcentPLclean"),
    *("pcentTCFE", "pcentBusclean", "pcentBusTFE"),
)
VANS = "34136"
"""How the CPV codes of vans begin; other light vehicles are cars."""
ADMINISTRATION = "84.11Z"
"""Administration publique générale."""
_LEGAL: Mapping[str, str] = {
    AuthorityKind.COMMUNE: "7210",
    AuthorityKind.CC: "7346",
    AuthorityKind.CA: "7348",
    AuthorityKind.CU: "7343",
    AuthorityKind.METROPOLIS: "7344",
}
"""INSEE’s legal categories, by the directory’s kinds."""
_ORDERED = """
SELECT COALESCE(u.code, m.code) AS siren, COALESCE(u.name, m.name) AS name, a.kind,
    COALESCE(NULLIF(d.cpv, ''), t.cpv, '') LIKE $4 AS van, d.emission, sum(l.quantity)::bigint AS units
FROM orders o
JOIN order_lines l ON l.group_id = o.group_id AND l.order_id = o.id
JOIN members m ON m.group_id = l.group_id AND m.id = l.member_id
LEFT JOIN members u ON u.group_id = m.group_id AND u.id = m.parent_id
LEFT JOIN authorities a ON a.siren = COALESCE(u.code, m.code)
JOIN items i ON i.group_id = l.group_id AND i.id = l.item_id
JOIN item_details d ON d.group_id = i.group_id AND d.item_id = i.id AND d.emission <> ''
LEFT JOIN lots t ON t.group_id = i.group_id AND t.id = i.lot_id
WHERE o.group_id = $1 AND o.sent_at >= $2 AND o.sent_at < $3 AND o.state <> 'cancelled' AND l.quantity > 0
GROUP BY COALESCE(u.code, m.code), COALESCE(u.name, m.name), a.kind, van, d.emission
ORDER BY siren"""


async def renewed(session: AsyncSession, year: int, zone: ZoneInfo) -> list[dict[str, Any]]:
    """A row for each legal person that vehicles were ordered for in this year."""
    days = [datetime.combine(date(at, 1, 1), datetime.min.time(), zone).astimezone(UTC) for at in (year, year + 1)]
    rows: dict[str, dict[str, Any]] = {}
    for row in await fetch(session, _ORDERED, group_of(session), *days, f"{VANS}%"):
        kept = rows.setdefault(row["siren"], _named(row["siren"], row["name"], _LEGAL.get(row["kind"], ""), year))
        for name in _columns(van=row["van"], emission=row["emission"]):
            kept[name] = kept.get(name, 0) + row["units"]
    return [_with_parts(row) for row in rows.values()]


def _columns(*, van: bool, emission: str) -> list[str]:
    """Where a vehicle counts: a very clean car is taken for an electric one. `_low` and `_very` are ours."""
    whole = ["nbN1"] if van else ["nbVP"]
    clean_ones = [] if emission == Emission.OTHER else ["_low"] if van else ["_low", "nbVPclean"]
    very = [] if emission != Emission.VERY_LOW else ["_very"] if van else ["_very", "nbVPEL"]
    return [*whole, *clean_ones, *very]


def _named(siren: str, name: str, legal: str, year: int) -> dict[str, Any]:
    naf = ADMINISTRATION if legal else ""
    return {"sirenDeclarant": siren, "sirenCouvert": siren, "nom": name, "naf": naf, "cj": legal, "annee": year}


def _with_parts(row: dict[str, Any]) -> dict[str, Any]:
    """The parts of light vehicles that are clean, and very clean, in percent."""
    whole, low, very = row.get("nbVP", 0) + row.get("nbN1", 0), row.pop("_low", 0), row.pop("_very", 0)
    clean_part, very_part = (round(100 * part / whole, 2) for part in (low, very))
    return {**row, "pcentLDVFE": clean_part, "pcentLDVTFE": very_part, "pcentLDVclean": clean_part}


def written(rows: Sequence[Mapping[str, Any]], notice: str | None) -> bytes:
    """CSV as the schema has it: commas, UTF-8, points in numbers. What is fictional says so in a column more."""
    target, said = io.StringIO(), {"Remarque": notice} if notice else {}
    writer = csv.DictWriter(target, [*FIELDS, *said], restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in {**row, **said}.items()} for row in rows)
    return target.getvalue().encode()


def _plain(value: object) -> object:
    """No name is a formula for whoever opens the file in a spreadsheet."""
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
