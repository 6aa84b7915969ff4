from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group


class CharterVersion(TenantTable, table=True):
    """A text of the charter as it read when somebody was asked to sign it, or signed it: kept for ever."""

    __tablename__ = "charter_versions"
    __table_args__ = (
        in_group(),
        UniqueConstraint("group_id", "fingerprint"),
        CheckConstraint("number >= 1", name="counts_from_one"),
        CheckConstraint("fingerprint ~ '^[0-9a-f]{64}$'", name="fingerprint_is_sha256"),
    )

    number: int = Field(primary_key=True)
    fingerprint: str
    """SHA-256 of the text, the names of members and the lines to sign apart."""
    title: str
    blocks: list[dict[str, Any]] = Field(sa_type=JSONB)
    kept_at: datetime = instant()


class CharterSignature(TenantTable, table=True):
    """A member signed a version of the charter. Withdrawn, it is kept with its reason."""

    __tablename__ = "charter_signatures"
    __table_args__ = (
        in_group(),
        within_group("member_id", "members"),
        ForeignKeyConstraint(["group_id", "version"], ["charter_versions.group_id", "charter_versions.number"]),
        ForeignKeyConstraint(["noted_by"], ["people.id"]),
        ForeignKeyConstraint(["withdrawn_by"], ["people.id"]),
        CheckConstraint("name <> '' AND function <> ''", name="names_who_signs"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_because = '')", name="withdrawn_says_why"),
        Index(
            "uq_charter_signatures_standing",
            "group_id",
            "member_id",
            "version",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: int = identity()
    member_id: int = foreign_id()
    version: int
    name: str
    """Of who signs for the member."""
    function: str
    signed_on: date
    noted_at: datetime = instant()
    noted_by: int | None = foreign_id(nullable=True)
    withdrawn_at: datetime | None = instant(nullable=True)
    withdrawn_because: str = ""
    withdrawn_by: int | None = foreign_id(nullable=True)


class CharterCall(TenantTable, table=True):
    """Until when the group's members are asked to sign. A group without one reminds nobody."""

    __tablename__ = "charter_calls"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(["group_id", "version"], ["charter_versions.group_id", "charter_versions.number"]),
        CheckConstraint("revision >= 1", name="counts_from_one"),
    )

    version: int
    """That is to be signed."""
    sign_by: date
    asked_at: datetime = instant()
    revision: int = 1
    """Of the day and the version: reminders of another one are not those of this one."""
