"""What quotes are judged by, and the marks that they were given."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quote_criteria",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("weight", sa.Numeric(5, 2), nullable=False),
        sa.CheckConstraint(
            "kind IN ('price', 'life_cycle', 'environment', 'quality', 'delay', 'social', 'other')",
            name=op.f("ck_quote_criteria_kind_known"),
        ),
        sa.CheckConstraint("number BETWEEN 1 AND 12", name=op.f("ck_quote_criteria_number_is_short")),
        sa.CheckConstraint("weight > 0 AND weight <= 100", name=op.f("ck_quote_criteria_weight_is_percent")),
        _in_group("quote_criteria"),
        _within("quote_criteria", "purchase_id", "purchases"),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", "number", name=op.f("pk_quote_criteria")),
    )
    op.create_table(
        "quote_marks",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("quote_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.Numeric(4, 2), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("(mark IS NULL) <> (cents IS NULL)", name=op.f("ck_quote_marks_mark_or_cost")),
        sa.CheckConstraint("mark BETWEEN 0 AND 20 AND cents >= 0", name=op.f("ck_quote_marks_mark_out_of_twenty")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_quote_marks_says_why")),
        _in_group("quote_marks"),
        _within("quote_marks", "quote_id", "quotes", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id", "number"],
            ["quote_criteria.group_id", "quote_criteria.purchase_id", "quote_criteria.number"],
            name=op.f("fk_quote_marks_group_id_purchase_id_number_quote_criteria"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "quote_id", "number", name=op.f("pk_quote_marks")),
    )
    op.create_index(
        op.f("ix_quote_marks_group_id_purchase_id_number"), "quote_marks", ["group_id", "purchase_id", "number"]
    )
    for table in ("quote_criteria", "quote_marks"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


def _in_group(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f(f"fk_{table}_group_id_groups"))


def _within(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["group_id", column],
        [f"{target}.group_id", f"{target}.id"],
        name=op.f(f"fk_{table}_group_id_{column}_{target}"),
        ondelete=ondelete,
    )
