"""How purchases are bought: the plan of each, and what its members say of themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "procurement_plans",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("options_cents", sa.BigInteger(), nullable=False),
        sa.Column("renewals", sa.Integer(), nullable=False),
        sa.Column("maximum_cents", sa.BigInteger(), nullable=True),
        sa.Column("procedure", sa.String(), nullable=False),
        sa.Column("launched_on", sa.Date(), nullable=True),
        sa.Column("mandate", sa.String(), nullable=False),
        sa.Column("convention_signed_on", sa.Date(), nullable=True),
        sa.Column("environment", sa.String(), nullable=False),
        sa.CheckConstraint(
            "mandate IN ('', 'procedure_only', 'sign_and_notify', 'full')",
            name=op.f("ck_procurement_plans_mandate_known"),
        ),
        sa.CheckConstraint(
            "environment IN ('', 'criterion', 'life_cycle')", name=op.f("ck_procurement_plans_environment_known")
        ),
        sa.CheckConstraint(
            "options_cents >= 0 AND maximum_cents >= 0 AND renewals BETWEEN 0 AND 10",
            name=op.f("ck_procurement_plans_not_negative"),
        ),
        sa.CheckConstraint(
            "(launched_on IS NULL) = (procedure = '')", name=op.f("ck_procurement_plans_launched_has_procedure")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_procurement_plans_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_procurement_plans_group_id_purchase_id_purchases"),
        ),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", name=op.f("pk_procurement_plans")),
    )
    op.create_table(
        "procurement_shares",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("spent_cents", sa.BigInteger(), nullable=True),
        sa.Column("deliberated_on", sa.Date(), nullable=True),
        sa.Column("deliberation", sa.String(), nullable=False),
        sa.CheckConstraint("spent_cents >= 0", name=op.f("ck_procurement_shares_not_negative")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_procurement_shares_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_procurement_shares_group_id_purchase_id_purchases"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "member_id"],
            ["members.group_id", "members.id"],
            name=op.f("fk_procurement_shares_group_id_member_id_members"),
        ),
        sa.PrimaryKeyConstraint("group_id", "purchase_id", "member_id", name=op.f("pk_procurement_shares")),
    )
    op.create_index(op.f("ix_procurement_shares_group_id_member_id"), "procurement_shares", ["group_id", "member_id"])
    for table in ("procurement_plans", "procurement_shares"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY group_only ON {table} "
            "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
        )
