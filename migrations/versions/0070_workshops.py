"""Workshops: what helps and hinders an action, from everybody present."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

OURS = ("workshops", "workshop_themes", "workshop_notes", "workshop_dots")


def upgrade() -> None:
    op.create_table(
        "workshops",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('collecting', 'ranking', 'closed')", name=op.f("ck_workshops_state_known")),
        sa.CheckConstraint("(state = 'closed') = (code IS NULL)", name=op.f("ck_workshops_closed_has_no_code")),
        sa.CheckConstraint("opened_at < expires_at", name=op.f("ck_workshops_expires_after_opening")),
        _in_group("workshops"),
        sa.ForeignKeyConstraint(
            ["group_id", "action_id"],
            ["actions.group_id", "actions.id"],
            name=op.f("fk_workshops_group_id_action_id_actions"),
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_workshops")),
        sa.UniqueConstraint("group_id", "code", name=op.f("uq_workshops_group_id_code")),
    )
    op.create_index(op.f("ix_workshops_group_id_action_id"), "workshops", ["group_id", "action_id"])
    op.create_table(
        "workshop_themes",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("workshop_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ease", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("dots", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('obstacle', 'opportunity')", name=op.f("ck_workshop_themes_kind_known")),
        sa.CheckConstraint("ease IN ('easy', 'medium', 'hard')", name=op.f("ck_workshop_themes_ease_known")),
        sa.CheckConstraint("title <> ''", name=op.f("ck_workshop_themes_has_title")),
        sa.CheckConstraint("dots >= 0", name=op.f("ck_workshop_themes_dots_not_negative")),
        _in_group("workshop_themes"),
        _of_workshop("workshop_themes"),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_workshop_themes")),
        sa.UniqueConstraint("group_id", "workshop_id", "id", name=op.f("uq_workshop_themes_group_id_workshop_id_id")),
    )
    op.create_table(
        "workshop_notes",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("workshop_id", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=True),
        sa.Column("posted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('obstacle', 'opportunity')", name=op.f("ck_workshop_notes_kind_known")),
        sa.CheckConstraint("text <> ''", name=op.f("ck_workshop_notes_says_something")),
        _in_group("workshop_notes"),
        _of_workshop("workshop_notes"),
        _on_theme("workshop_notes"),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_workshop_notes")),
    )
    op.create_index(
        op.f("ix_workshop_notes_group_id_workshop_id_id"), "workshop_notes", ["group_id", "workshop_id", "id"]
    )
    op.create_table(
        "workshop_dots",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("workshop_id", sa.BigInteger(), nullable=False),
        sa.Column("theme_id", sa.BigInteger(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        _in_group("workshop_dots"),
        _on_theme("workshop_dots", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("group_id", "workshop_id", "theme_id", "browser_hash", name=op.f("pk_workshop_dots")),
    )
    for table in OURS:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


def _in_group(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f(f"fk_{table}_group_id_groups"))


def _of_workshop(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["group_id", "workshop_id"],
        ["workshops.group_id", "workshops.id"],
        name=op.f(f"fk_{table}_group_id_workshop_id_workshops"),
        ondelete="CASCADE",
    )


def _on_theme(table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["group_id", "workshop_id", "theme_id"],
        ["workshop_themes.group_id", "workshop_themes.workshop_id", "workshop_themes.id"],
        name=op.f(f"fk_{table}_group_id_workshop_id_theme_id_workshop_themes"),
        ondelete=ondelete,
    )
