"""Files of subsidies: asked, granted or refused, paid in instalments, with documents and deadlines."""

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

TEXTS = ("title", "funder", "program", "subsidy", "decision", "note")
DAYS = ("granted_on", "refused_on", "answer_by", "justify_by", "justified_on", "pay_by")
KEYS = (("member_id", "members"), ("purchase_id", "purchases"), ("action_id", "actions"))


def upgrade() -> None:
    op.create_table(
        "grants",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in TEXTS),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name, _ in KEYS),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("asked_cents", sa.BigInteger(), nullable=False),
        sa.Column("granted_cents", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Date(), nullable=True) for name in DAYS),
        sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("title <> '' AND funder <> ''", name=op.f("ck_grants_has_title_and_funder")),
        sa.CheckConstraint("asked_cents > 0 AND granted_cents > 0", name=op.f("ck_grants_amounts_positive")),
        sa.CheckConstraint("(granted_on IS NULL) = (granted_cents IS NULL)", name=op.f("ck_grants_granted_whole")),
        sa.CheckConstraint("granted_on IS NULL OR refused_on IS NULL", name=op.f("ck_grants_granted_or_refused")),
        sa.CheckConstraint("purchase_id IS NULL OR action_id IS NULL", name=op.f("ck_grants_about_one")),
        sa.CheckConstraint("subsidy = '' OR purchase_id IS NOT NULL", name=op.f("ck_grants_subsidy_of_purchase")),
        *(_key("grants", column, table) for column, table in KEYS),
        *_of_group("grants", "id"),
    )
    for columns in (["asked_on", "id"], ["member_id"], ["purchase_id"], ["action_id"]):
        op.create_index(op.f(f"ix_grants_group_id_{'_'.join(columns)}"), "grants", ["group_id", *columns])
    op.create_table(
        "grant_payments",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_grant_payments_positive")),
        _key("grant_payments", "grant_id", "grants", ondelete="CASCADE"),
        *_of_group("grant_payments", "grant_id", "position"),
    )
    op.create_table(
        "grant_files",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("grant_id", sa.BigInteger(), nullable=False),
        _key("grant_files", "grant_id", "grants", ondelete="CASCADE"),
        _key("grant_files", "file_id", "files"),
        *_of_group("grant_files", "file_id"),
    )
    op.create_index(op.f("ix_grant_files_group_id_grant_id"), "grant_files", ["group_id", "grant_id"])
    for table in ("grants", "grant_payments", "grant_files"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


def _key(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["group_id", column],
        [f"{target}.group_id", f"{target}.id"],
        name=op.f(f"fk_{table}_group_id_{column}_{target}"),
        ondelete=ondelete,
    )


def _of_group(table: str, *key: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f(f"fk_{table}_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", *key, name=op.f(f"pk_{table}")),
    )
