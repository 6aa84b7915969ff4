from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field

from pooling.kernel.tables import Table, big, identity, instant


class Person(Table, table=True):
    """Belongs to no group. In a group's transaction, row-level security shows only people who are or were in it."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("email = lower(email)", name="email_lower_case"),
    )

    id: int = identity()
    email: str
    name: str
    function: str = ""
    created_at: datetime = instant()


class SignInSession(Table, table=True):
    """A signed-in browser. Only the token's hash is kept: who reads the table cannot come in."""

    __tablename__ = "sessions"
    __table_args__ = (
        ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"),
        UniqueConstraint("token_hash"),
    )

    id: int = identity()
    token_hash: bytes = Field(sa_type=LargeBinary)
    person_id: int = big()
    created_at: datetime = instant()
    seen_at: datetime = instant()
    expires_at: datetime = instant()
    """The absolute limit; the idle one is counted from `seen_at`."""
