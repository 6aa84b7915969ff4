"""Purchases run elsewhere: their days, what they cost."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_purchases_kind_known"), "purchases", type_="check")
    op.create_check_constraint(
        op.f("ck_purchases_kind_known"), "purchases", sa.text("kind IN ('goods', 'service', 'staff_offer', 'outside')")
    )
    op.create_check_constraint(
        op.f("ck_purchases_outside_collects_nothing"),
        "purchases",
        sa.text("kind <> 'outside' OR state NOT IN ('open', 'closed')"),
    )
    op.create_table(
        "followups",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("organiser", sa.String(), nullable=False),
        sa.Column("joining", sa.String(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("total_cents >= 0", name=op.f("ck_followups_not_negative")),
        _in_group("followups"),
        _within("followups", "purchase_id", "purchases"),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", name=op.f("pk_followups")),
    )
    op.create_table(
        "followup_dates",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("set_at", sa.TIMESTAMP(timezone=True), nullable=False),
        _in_group("followup_dates"),
        _within("followup_dates", "purchase_id", "purchases"),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_followup_dates")),
        sa.UniqueConstraint(
            "group_id", "purchase_id", "day", "label", name=op.f("uq_followup_dates_group_id_purchase_id_day_label")
        ),
    )
    op.create_table(
        "followup_costs",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_followup_costs_not_negative")),
        _in_group("followup_costs"),
        _within("followup_costs", "purchase_id", "purchases"),
        _within("followup_costs", "member_id", "members"),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", "member_id", name=op.f("pk_followup_costs")),
    )
    op.create_index(op.f("ix_followup_costs_group_id_member_id"), "followup_costs", ["group_id", "member_id"])
    for table in ("followups", "followup_dates", "followup_costs"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )


def _in_group(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f(f"fk_{table}_group_id_groups"))


def _within(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["group_id", column],
        [f"{target}.group_id", f"{target}.id"],
        name=op.f(f"fk_{table}_group_id_{column}_{target}"),
    )
