"""A place as columns of a sheet: what a carrier needs to know."""

from collections.abc import Sequence

from pooling.kernel.sheet_writing import Column, ColumnKind, Value
from pooling.sites.queries import SiteShown

PLACE_COLUMNS: Sequence[Column] = (
    Column("Code membre", ColumnKind.CODE, 16),
    Column("Membre", width=34),
    Column("Site", width=26),
    Column("Adresse", width=40),
    Column("Code postal", ColumnKind.CODE, 12),
    Column("Commune", width=24),
    Column("Contact", width=30),
    Column("Horaires", width=30),
)
UNKNOWN = "à compléter"


def placed(code: str, member: str, site: SiteShown | None) -> Sequence[Value]:
    """The cells of these columns; what is needed to deliver and not known says so."""
    if site is None:
        return [code, member, "", UNKNOWN, "", "", "", ""]
    known = [part or UNKNOWN for part in (site.street, site.postcode, site.city)]
    return [code, member, site.name, *known, site.contact, site.opening_hours]
