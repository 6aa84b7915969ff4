from datetime import datetime
from enum import StrEnum

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, String
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field

from pooling.kernel.tables import HostTable, identity, instant, one_of


class AuthorityKind(StrEnum):
    COMMUNE = "commune"
    CC = "CC"
    CA = "CA"
    CU = "CU"
    METROPOLIS = "METRO"
    LYON = "MET69"


class Authority(HostTable, table=True):
    """A commune or an intercommunal body, as the current edition has it."""

    __tablename__ = "authorities"
    __table_args__ = (
        CheckConstraint("siren ~ '^[0-9]{9}$'", name="siren_has_nine_digits"),
        CheckConstraint("(kind = 'commune') = (insee IS NOT NULL)", name="commune_has_insee"),
        CheckConstraint("population >= 0", name="population_not_negative"),
        one_of("kind", AuthorityKind),
        Index(None, "body_siren"),
        Index(None, "insee"),
        # Written once a year, read at every letter that somebody types: no list of what is still to be indexed.
        Index(None, "terms", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    siren: str = Field(primary_key=True)
    name: str
    kind: str
    insee: str | None = None
    department: str
    body_siren: str | None = None
    """The intercommunal body that a commune belongs to."""
    population: int
    postcodes: list[str] = Field(sa_column=Column(ARRAY(String), nullable=False))
    letters: str
    """The name folded for comparison: `saint jean de luz`."""
    terms: str = Field(sa_column=Column(TSVECTOR, nullable=False))
    """What it is found by: the words of its name and kind, its postcodes."""


class DirectoryEdition(HostTable, table=True):
    """A list that was read, and what it changed. The last one is the current edition."""

    __tablename__ = "directory_editions"
    __table_args__ = (CheckConstraint("added >= 0 AND changed >= 0 AND gone >= 0", name="counts_not_negative"),)

    id: int = identity()
    year: int
    loaded_at: datetime = instant()
    added: int
    changed: int
    gone: int
