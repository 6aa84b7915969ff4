"""What else is said of an item, and files that go with one."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_details",
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("cpv", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("price_alone", sa.Numeric(14, 4), nullable=True),
        sa.Column("price_source", sa.String(), nullable=False),
        sa.Column("priced_on", sa.Date(), nullable=True),
        sa.CheckConstraint("nature IN ('', 'supply', 'service', 'works')", name=op.f("ck_item_details_nature_known")),
        sa.CheckConstraint("cpv = '' OR cpv ~ '^[0-9]{8}-[0-9]$'", name=op.f("ck_item_details_cpv_has_check_digit")),
        sa.CheckConstraint(
            "account = '' OR account ~ '^[1-8][0-9]{1,9}$'", name=op.f("ck_item_details_account_has_digits")
        ),
        sa.CheckConstraint("price_alone >= 0", name=op.f("ck_item_details_price_not_negative")),
        sa.CheckConstraint(
            "(price_alone IS NULL) = (price_source = '') AND (price_alone IS NULL) = (priced_on IS NULL)",
            name=op.f("ck_item_details_price_has_source"),
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_item_details_group_id_groups")),
        sa.ForeignKeyConstraint(
            ["group_id", "item_id"],
            ["items.group_id", "items.id"],
            name=op.f("fk_item_details_group_id_item_id_items"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "item_id", name=op.f("pk_item_details")),
    )
    op.execute("ALTER TABLE item_details ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY group_only ON item_details "
        "USING (group_id = current_group_id()) WITH CHECK (group_id = current_group_id())"
    )
    op.add_column("attached_files", sa.Column("item_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_attached_files_group_id_item_id_items"),
        "attached_files",
        "items",
        ["group_id", "item_id"],
        ["group_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_attached_files_item_of_purchase"),
        "attached_files",
        sa.text("item_id IS NULL OR purchase_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_attached_files_group_id_purchase_id"), "attached_files", ["group_id", "purchase_id"])
