from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from pooling.actions.models import Ease, FactorKind
from pooling.kernel.states import StateMachine
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class WorkshopState(StrEnum):
    COLLECTING = "collecting"
    RANKING = "ranking"
    CLOSED = "closed"


WORKSHOP = StateMachine(
    noun="workshop",
    this="Cet atelier",
    begins=frozenset({WorkshopState.COLLECTING}),
    transitions={
        WorkshopState.COLLECTING: frozenset({WorkshopState.RANKING, WorkshopState.CLOSED}),
        WorkshopState.RANKING: frozenset({WorkshopState.COLLECTING, WorkshopState.CLOSED}),
        WorkshopState.CLOSED: frozenset(),
    },
    words={
        WorkshopState.COLLECTING: "On écrit",
        WorkshopState.RANKING: "On classe",
        WorkshopState.CLOSED: "Fini",
    },
    tags={
        WorkshopState.COLLECTING: "primary",
        WorkshopState.RANKING: "due",
        WorkshopState.CLOSED: "done",
    },
)


class Workshop(TenantTable, table=True):
    """A session about one action."""

    __tablename__ = "workshops"
    __table_args__ = (
        in_group(),
        within_group("action_id", "actions"),
        UniqueConstraint("group_id", "code"),
        one_of("state", WorkshopState),
        CheckConstraint("(state = 'closed') = (code IS NULL)", name="closed_has_no_code"),
        CheckConstraint("opened_at < expires_at", name="expires_after_opening"),
        Index(None, "group_id", "action_id"),
    )

    id: int = identity()
    action_id: int = foreign_id()
    state: str = WorkshopState.COLLECTING
    code: str | None = None
    """What its link ends with, as long as it goes on."""
    opened_at: datetime = instant()
    opened_by: int | None = foreign_id(nullable=True)
    expires_at: datetime = instant()


class WorkshopTheme(TenantTable, table=True):
    """What notes say together."""

    __tablename__ = "workshop_themes"
    __table_args__ = (
        in_group(),
        within_group("workshop_id", "workshops", ondelete="CASCADE"),
        UniqueConstraint("group_id", "workshop_id", "id"),
        one_of("kind", FactorKind),
        one_of("ease", Ease),
        CheckConstraint("title <> ''", name="has_title"),
        CheckConstraint("dots >= 0", name="dots_not_negative"),
    )

    id: int = identity()
    workshop_id: int = foreign_id()
    kind: str
    ease: str
    title: str
    dots: int = 0
    """How many it had, once the workshop is closed: dots go then."""


class WorkshopNote(TenantTable, table=True):
    """What somebody wrote."""

    __tablename__ = "workshop_notes"
    __table_args__ = (
        in_group(),
        within_group("workshop_id", "workshops", ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["group_id", "workshop_id", "theme_id"],
            ["workshop_themes.group_id", "workshop_themes.workshop_id", "workshop_themes.id"],
        ),
        one_of("kind", FactorKind),
        CheckConstraint("text <> ''", name="says_something"),
        Index(None, "group_id", "workshop_id", "id"),
    )

    id: int = identity()
    workshop_id: int = foreign_id()
    theme_id: int | None = foreign_id(nullable=True)
    kind: str
    text: str
    browser_hash: bytes | None = None
    """Whose telephone it came from, so that it can be taken back; goes when the workshop is closed."""
    posted_at: datetime = instant()


class WorkshopDot(TenantTable, table=True):
    """That somebody finds a theme important. They go when the workshop is closed."""

    __tablename__ = "workshop_dots"
    __table_args__ = (
        in_group(),
        ForeignKeyConstraint(
            ["group_id", "workshop_id", "theme_id"],
            ["workshop_themes.group_id", "workshop_themes.workshop_id", "workshop_themes.id"],
            ondelete="CASCADE",
        ),
    )

    workshop_id: int = Field(primary_key=True, sa_type=BigInteger)
    theme_id: int = Field(primary_key=True, sa_type=BigInteger)
    browser_hash: bytes = Field(primary_key=True)
