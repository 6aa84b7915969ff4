"""Days that agents gave, and what one assumes of journeys."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "agent_days",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("what <> ''", name=op.f("ck_agent_days_says_what")),
        sa.CheckConstraint("days > 0", name=op.f("ck_agent_days_some_time")),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_agent_days_group_id_member_id_members"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_agent_days_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_agent_days_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_agent_days")),
    )
    op.create_index(op.f("ix_agent_days_group_id_member_id"), "agent_days", ["group_id", "member_id"], unique=False)
    op.create_index(op.f("ix_agent_days_group_id_purchase_id"), "agent_days", ["group_id", "purchase_id"], unique=False)
    op.create_index(
        op.f("ix_agent_days_group_id_spent_on_id"), "agent_days", ["group_id", "spent_on", "id"], unique=False
    )
    op.create_table(
        "carbon_assumptions",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("replaced", sa.String(), nullable=False),
        sa.Column("replaced_by", sa.String(), nullable=False),
        sa.Column("kilometres", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("source <> ''", name=op.f("ck_carbon_assumptions_has_source")),
        sa.CheckConstraint("kilometres > 0", name=op.f("ck_carbon_assumptions_some_way")),
        sa.CheckConstraint("replaced <> replaced_by", name=op.f("ck_carbon_assumptions_another_way")),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"],
            ["items.group_id", "items.id"],
            name=op.f("fk_carbon_assumptions_group_id_item_id_items"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_carbon_assumptions_group_id_groups")),
        sa.PrimaryKeyConstraint("group_id", "item_id", name=op.f("pk_carbon_assumptions")),
    )
    for table in ("agent_days", "carbon_assumptions"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
