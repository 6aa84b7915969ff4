"""Lots: parts of a purchase, with their items."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lots",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("cpv", sa.String(), nullable=False),
        sa.CheckConstraint("number BETWEEN 1 AND 99", name=op.f("ck_lots_number_is_short")),
        sa.CheckConstraint("cpv = '' OR cpv ~ '^[0-9]{8}-[0-9]$'", name=op.f("ck_lots_cpv_has_check_digit")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_lots_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "purchase_id"],
            ["purchases.group_id", "purchases.id"],
            name=op.f("fk_lots_group_id_purchase_id_purchases"),
        ),
        sa.PrimaryKeyConstraint("group_id", "id", name=op.f("pk_lots")),
        sa.UniqueConstraint("group_id", "purchase_id", "number", name=op.f("uq_lots_group_id_purchase_id_number")),
        sa.UniqueConstraint("group_id", "purchase_id", "id", name=op.f("uq_lots_group_id_purchase_id_id")),
    )
    op.execute("ALTER TABLE lots ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON lots "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
    op.add_column("items", sa.Column("lot_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_items_group_id_purchase_id_lot_id_lots"),
        "items",
        "lots",
        ["group_id", "purchase_id", "lot_id"],
        ["group_id", "purchase_id", "id"],
    )
