from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field

from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, within_group
from pooling.web.searching import found_words


class Experience(TenantTable, table=True):
    """A short sheet. People are named by their role alone."""

    __tablename__ = "experiences"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions"),
        within_group("purchase_id", "purchases"),
        within_group("supplier_id", "suppliers"),
        ForeignKeyConstraint(["told_by"], ["people.id"]),
        CheckConstraint("title <> ''", name="has_title"),
        CheckConstraint("cost_cents >= 0", name="cost_not_negative"),
        Index(None, "group_id", "action_id"),
        Index(None, "group_id", "purchase_id"),
        Index(None, "group_id", "supplier_id"),
        Index(None, "group_id", "told_at"),
    )

    id: int = identity()
    title: str
    context: str = ""
    done: str = ""
    cost_cents: int | None = Field(default=None, nullable=True, sa_type=BigInteger)
    """All that it cost, with VAT; None: nobody said."""
    result: str = ""
    differently: str = ""
    """What one would do otherwise."""
    figures: str = ""
    """Numbers that came of it, one to a line."""
    contact: str = ""
    """Whom to ask, by role."""
    action_id: int | None = foreign_id(nullable=True)
    purchase_id: int | None = foreign_id(nullable=True)
    supplier_id: int | None = foreign_id(nullable=True)
    shared: bool = False
    """Whether the group consents that the host's other groups read it."""
    told_at: datetime = instant()
    told_by: int | None = foreign_id(nullable=True)
    search_text: str = ""
    """What a search finds, folded by `kernel.text.search_text`."""
    words: str = found_words()


class ExperienceQuestion(TenantTable, table=True):
    """Something that somebody asks under a sheet, and what is answered."""

    __tablename__ = "experience_questions"
    __table_args__ = (
        in_group(),
        within_group("experience_id", "experiences", ondelete="CASCADE"),
        ForeignKeyConstraint(["asked_by"], ["people.id"]),
        ForeignKeyConstraint(["answered_by"], ["people.id"]),
        CheckConstraint("content <> ''", name="says_something"),
        CheckConstraint("(answer = '') = (answered_at IS NULL)", name="answered_once"),
        Index(None, "group_id", "experience_id", "id"),
    )

    id: int = identity()
    experience_id: int = foreign_id()
    content: str
    asked_by: int | None = foreign_id(nullable=True)
    asked_at: datetime = instant()
    answer: str = ""
    answered_by: int | None = foreign_id(nullable=True)
    answered_at: datetime | None = instant(nullable=True)


class ExperienceFile(TenantTable, table=True):
    """A document that goes with a sheet."""

    __tablename__ = "experience_files"
    __table_args__ = (
        in_group(),
        within_group("experience_id", "experiences", ondelete="CASCADE"),
        within_group("file_id", "files"),
        Index(None, "group_id", "experience_id"),
    )

    file_id: int = Field(primary_key=True, sa_type=BigInteger)
    experience_id: int = foreign_id()
