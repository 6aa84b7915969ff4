import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.tables import Table, TenantTable, folded_column, foreign_id, identity, in_group, instant, one_of

PLAIN_ADDRESS = r"^[a-z0-9]+([._+-][a-z0-9]+)*@[a-z0-9]+([.-][a-z0-9]+)*\.(fr|eu|com|net|org|example)$"


class Person(Table, table=True):
    """Belongs to no group. In a group's transaction, row-level security shows only people who are or were in it."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("email"),
        UniqueConstraint("mail_key"),
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        Index(None, "folded_name", "id"),
        Index("ix_people_odd_address", "id", postgresql_where=text("odd_address")),
    )

    id: int = identity()
    email: str
    odd_address: bool = Field(
        default=None,
        nullable=False,
        sa_column_args=[Computed(column("email", String).regexp_match(PLAIN_ADDRESS).is_(False), persisted=True)],
    )
    """It does not look like one that can surely be mailed: these are looked at one by one."""
    name: str
    folded_name: str = Field(
        default=None,
        nullable=False,
        sa_type=String(collation="C"),
        sa_column_args=[Computed(folded_column(column("name", String)), persisted=True)],
    )
    """By what lists of people stand, and are searched."""
    function: str = ""
    phone: str = ""
    administrator: bool = False
    """Of the installation: made by the command line, creates and archives groups."""
    mail_key: str = Field(
        default_factory=lambda: secrets.token_hex(32),
        sa_column_kwargs={"server_default": text("replace(concat(gen_random_uuid(), gen_random_uuid()), '-', '')")},
    )
    """Stands in links of their mails that work without signing in, such as the one that stops a kind of mail."""
    signed_in_at: datetime | None = instant(nullable=True)
    """When they first did. Until then nobody is known to read the address, and it may be corrected for them."""
    purged_at: datetime | None = instant(nullable=True)
    """When name, address and phone were blanked. Events still name the id."""
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
    person_id: int = foreign_id()
    created_at: datetime = instant()
    seen_at: datetime = instant()
    expires_at: datetime = instant()
    """The absolute limit; the idle one is counted from `seen_at`."""
    browser: str = ""
    """What its browser says it is, for the page where one ends one's sessions."""
    second_factor_at: datetime | None = instant(nullable=True)
    """When the second factor was given in this session."""
    confirmed_at: datetime = instant()
    """When the person last proved who they are, by signing in or by a code asked for on the way."""
    rotate: bool = False
    """The person's rights changed: the next request gets a new token."""


class SignInCode(Table, table=True):
    """A mailed code and link, good once, for ten minutes, in the browser that asked. Only hashes are kept."""

    __tablename__ = "sign_in_codes"
    __table_args__ = (
        ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"),
        UniqueConstraint("link_hash"),
        Index(None, "browser_hash"),
    )

    id: int = identity()
    person_id: int | None = foreign_id(nullable=True)
    """None for an unknown address: the answer is the same, no mail leaves, no code is ever right."""
    email: str
    code_hash: bytes = Field(sa_type=LargeBinary)
    link_hash: bytes = Field(sa_type=LargeBinary)
    browser_hash: bytes = Field(sa_type=LargeBinary)
    next_path: str = "/"
    attempts: int = 0
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(nullable=True)


class AddressChange(Table, table=True):
    """Another address that a person wants, until a code mailed there proves that they read it. One at a time."""

    __tablename__ = "address_changes"
    __table_args__ = (ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"),)

    person_id: int = Field(primary_key=True, sa_type=BigInteger)
    email: str
    code: bytes = Field(sa_type=LargeBinary)
    """Sealed with the installation's key."""
    attempts: int = 0
    expires_at: datetime = instant()


class KeptForm(Table, table=True):
    """What a person had typed in a form that came after the session had ended, for a day."""

    __tablename__ = "kept_forms"
    __table_args__ = (
        ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"),
        Index(None, "person_id"),
        Index(None, "kept_at"),
    )

    id: int = identity()
    person_id: int = foreign_id()
    action: str
    """The address that it was sent to."""
    page: str
    """The page that it stands on."""
    content: bytes = Field(sa_type=LargeBinary)
    """Fields as typed and names of files, sealed with the installation's key."""
    kept_at: datetime = instant()


class SentForm(Table, table=True):
    """A form of no group that was sent a moment ago. It names nobody but in the words that were said then."""

    __tablename__ = "sent_forms"

    key: bytes = Field(primary_key=True, sa_type=LargeBinary)
    """A hash of all that it holds."""
    noted: dict[str, Any] = Field(sa_type=JSONB)
    """Where it led, and what was said there."""
    sent_at: datetime = instant()


class Throttle(Table, table=True):
    """How often something was tried since a moment: one row per key, counted by an atomic upsert."""

    __tablename__ = "throttles"

    key: str = Field(primary_key=True)
    since: datetime = instant()
    count: int


class SecondFactor(Table, table=True):
    """A person's TOTP secret (RFC 6238), encrypted with the installation's key."""

    __tablename__ = "second_factors"
    __table_args__ = (ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"),)

    person_id: int = Field(primary_key=True, sa_type=BigInteger)
    secret: bytes = Field(sa_type=LargeBinary)
    confirmed_at: datetime | None = instant(nullable=True)
    last_step: int = Field(default=0, sa_type=BigInteger)
    """The last 30-second step used: a code is never good twice."""


class RecoveryCode(Table, table=True):
    """Replaces the second factor once, when the telephone is lost."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"),
        UniqueConstraint("person_id", "code_hash"),
    )

    id: int = identity()
    person_id: int = foreign_id()
    code_hash: bytes = Field(sa_type=LargeBinary)
    """Slow to compute (scrypt)."""
    salt: bytes = Field(sa_type=LargeBinary)
    """One for all the codes of a set, so that a try is one computation."""
    used_at: datetime | None = instant(nullable=True)


class TokenScope(StrEnum):
    READ = "read"
    WRITE = "write"


class ApiToken(Table, table=True):
    """Lets a program act as a person in one group; never does more than that person. Only its hash is kept."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["group_id"], ["groups.id"]),
        UniqueConstraint("token_hash"),
        one_of("scope", TokenScope),
        Index(None, "person_id"),
    )

    id: int = identity()
    person_id: int = foreign_id()
    group_id: int = foreign_id()
    name: str
    prefix: str
    """The first characters, to tell tokens apart."""
    token_hash: bytes = Field(sa_type=LargeBinary)
    scope: str
    created_at: datetime = instant()
    expires_at: datetime | None = instant(nullable=True)
    last_used_at: datetime | None = instant(nullable=True)
    revoked_at: datetime | None = instant(nullable=True)


class IdempotencyKey(TenantTable, table=True):
    """What a program that gave an `Idempotency-Key` was answered, or where a form of a group led: to be said again."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (in_group(), ForeignKeyConstraint(["person_id"], ["people.id"], ondelete="CASCADE"))

    person_id: int = Field(primary_key=True, sa_type=BigInteger)
    key: str = Field(primary_key=True)
    request_hash: bytes = Field(sa_type=LargeBinary)
    status: int
    body: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = instant()
