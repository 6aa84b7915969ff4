"""Titres, payments and reminders, between debtors and creditors of a purchase."""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ids = ("purchase_id", "debtor_id", "creditor_id")
    op.create_table(
        "recovery_entries",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ids),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("withdrawn_because", sa.String(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('titre', 'reduction', 'payment', 'reimbursement', 'reminder')",
            name=op.f("ck_recovery_entries_kind_known"),
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'reminder' THEN cents = 0 ELSE cents > 0 END", name=op.f("ck_recovery_entries_has_amount")
        ),
        sa.CheckConstraint("(kind = 'titre') = (due_on IS NOT NULL)", name=op.f("ck_recovery_entries_titre_is_due")),
        sa.CheckConstraint(
            "kind NOT IN ('titre', 'reduction') OR number <> ''", name=op.f("ck_recovery_entries_titre_has_number")
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_because = '')", name=op.f("ck_recovery_entries_withdrawn_says_why")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_recovery_entries_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_recovery_entries_group_id_purchase_id_purchases"),
        ),
        *(
            sa.ForeignKeyConstraint(
                ["group_id", name],
                ["members.group_id", "members.id"],
                name=op.f(f"fk_recovery_entries_group_id_{name}_members"),
            )
            for name in ("debtor_id", "creditor_id")
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_recovery_entries")),
    )
    for columns in (["purchase_id", "debtor_id"], ["debtor_id"], ["creditor_id"]):
        name = f"ix_recovery_entries_group_id_{'_'.join(columns)}"
        op.create_index(op.f(name), "recovery_entries", ["group_id", *columns])
    op.execute("ALTER TABLE recovery_entries ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON recovery_entries "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
