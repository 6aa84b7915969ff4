from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from pooling.kernel.states import StateMachine
from pooling.kernel.tables import TenantTable, foreign_id, identity, in_group, instant, one_of, within_group


class ExportState(StrEnum):
    WAITING = "waiting"
    WRITING = "writing"
    READY = "ready"
    FAILED = "failed"


EXPORT = StateMachine(
    noun="export",
    this="Ce fichier",
    begins=frozenset({ExportState.WAITING}),
    transitions={
        ExportState.WAITING: frozenset({ExportState.WRITING}),
        # A worker that falls silent is replaced by another; one that stops politely gives it back.
        ExportState.WRITING: frozenset(ExportState),
        ExportState.READY: frozenset(),
        ExportState.FAILED: frozenset(),
    },
    words={
        ExportState.WAITING: "En attente",
        ExportState.WRITING: "En préparation",
        ExportState.READY: "Prêt",
        ExportState.FAILED: "En échec",
    },
    tags={
        ExportState.WAITING: "waiting",
        ExportState.WRITING: "waiting",
        ExportState.READY: "done",
        ExportState.FAILED: "overdue",
    },
)
UNDER_WAY = frozenset({ExportState.WAITING, ExportState.WRITING})


class Export(TenantTable, table=True):
    """A file that somebody asked for. Forgotten after some days."""

    __tablename__ = "exports"
    __table_args__ = (
        in_group(),
        within_group("file_id", "files"),
        ForeignKeyConstraint(["asked_by"], ["people.id"]),
        # Asking twice for the same leads to what is under way.
        Index(
            "ix_exports_under_way",
            *("group_id", "kind", "terms"),
            unique=True,
            postgresql_where=text("state IN ('waiting', 'writing')"),
        ),
        one_of("state", ExportState),
        CheckConstraint("(state = 'writing') = (lease IS NOT NULL)", name="leased_while_writing"),
        CheckConstraint("state <> 'ready' OR file_id IS NOT NULL", name="ready_has_file"),
        CheckConstraint("(state = 'failed') = (reason IS NOT NULL)", name="failed_says_why"),
        CheckConstraint("transliterated >= 0", name="transliterated_not_negative"),
    )

    id: int = identity()
    kind: str
    """The name of the `ExportKind` that writes it."""
    terms: dict[str, Any] = Field(sa_type=JSONB)
    """What of, as its kind reads it."""
    asked_by: int = foreign_id()
    asked_at: datetime = instant()
    state: str = ExportState.WAITING
    lease: str | None = None
    lease_until: datetime | None = instant(nullable=True)
    """While it is written: when another worker may start over."""
    tries: int = 0
    """How often a worker began; some were killed at it."""
    rows_done: int = 0
    rows_total: int = 0
    """About how many there are; 0 until the figures are read."""
    figures_at: datetime | None = instant(nullable=True)
    """The moment whose figures it holds."""
    ended_at: datetime | None = instant(nullable=True)
    file_id: int | None = foreign_id(nullable=True)
    transliterated: int | None = None
    """How many of its values its encoding could not hold as they are; None: it holds all there are."""
    reason: str | None = None
    """Why it failed, in French."""
